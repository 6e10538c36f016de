//! An id that is not known, and the known ones that look most like it.

use crate::failure::Failure;

/// How many are suggested.
const SUGGESTED: usize = 3;
/// How much alike two ids have to be, of 1.
const ALIKE: f64 = 0.7;
/// What is told of ids when none is alike.
const LISTED: usize = 8;

/// Looks through known ids, one at a time, for those nearest to the one that was asked for.
#[derive(Debug)]
pub(crate) struct Nearest {
    wanted: String,
    /// The best so far, best first.
    best: Vec<(f64, String)>,
    /// The first few, whatever they are.
    first: Vec<String>,
    seen: u64,
}

impl Nearest {
    pub(crate) fn new(wanted: &str) -> Self {
        Self { wanted: wanted.to_owned(), best: Vec::new(), first: Vec::new(), seen: 0 }
    }

    /// Takes a known id into account.
    pub(crate) fn consider(&mut self, known: &str) {
        self.seen += 1;
        if self.first.len() < LISTED && !self.first.iter().any(|first| first == known) {
            self.first.push(known.to_owned());
        }
        let likeness = strsim::jaro_winkler(&self.wanted.to_lowercase(), &known.to_lowercase());
        let enough = self.best.get(SUGGESTED - 1).map_or(ALIKE, |(least, _)| *least);
        if likeness > enough && !self.best.iter().any(|(_, id)| id == known) {
            let place = self.best.partition_point(|(better, _)| *better >= likeness);
            self.best.insert(place, (likeness, known.to_owned()));
            self.best.truncate(SUGGESTED);
        }
    }

    /// The failure that says so: `no trigger .. in the workspace`, and what was perhaps meant.
    pub(crate) fn unknown(&self, what: &str, place: &str) -> Failure {
        let failure = Failure::new(format!("no {what} `{}` in {place}", self.wanted));
        let quoted = |ids: Vec<&str>| {
            ids.iter().map(|id| format!("`{}`", crate::terminal::shown(id))).collect::<Vec<_>>().join(", ")
        };
        if !self.best.is_empty() {
            let ids = quoted(self.best.iter().map(|(_, id)| id.as_str()).collect());
            return failure.help(format!("did you mean {ids}?"));
        }
        if self.first.is_empty() {
            return failure.help(format!("it has no {what} at all"));
        }
        let more = if self.seen > self.first.len() as u64 { ", …" } else { "" };
        failure.help(format!("it has {}{more}", quoted(self.first.iter().map(String::as_str).collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(wanted: &str, known: &[&str]) -> String {
        let mut nearest = Nearest::new(wanted);
        known.iter().for_each(|known| nearest.consider(known));
        match nearest.unknown("trigger", "the workspace") {
            Failure::CannotRun { help: Some(help), .. } => help,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_nearest_ids_come_first() {
        assert_eq!(help("prcie", &["shades", "price", "prices", "price"]), "did you mean `price`, `prices`?");
        assert_eq!(help("PRICE", &["price"]), "did you mean `price`?");
        assert_eq!(help("zzz", &["a", "b"]), "it has `a`, `b`");
        assert_eq!(help("zzz", &[]), "it has no trigger at all");
    }
}
