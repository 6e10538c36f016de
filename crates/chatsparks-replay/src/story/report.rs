//! What came of a story: step by step, with the difference where something else came than was expected.

use super::{
    cast::Person,
    happening::Happening,
    names::suggestion,
    words::{written_instant, written_word},
};
use chatsparks_core::{Instant, UserId};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use std::fmt;

/// What came of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoryReport {
    /// What the story is called.
    pub name: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Each step, in order.
    pub steps: Vec<StepReport>,
    /// Names in it that the workspace does not have, perhaps misspelt. They fail nothing by themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<StoryNote>,
}

/// A name in a story that the workspace does not have, or of somebody who takes no part in the story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoryNote {
    /// The line it stands in, counted from 1.
    pub line: usize,
    /// What it names: `person`, `trigger`, `block`, `post`, `field`, `tag`, `member` or `option`.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// Those of the workspace that look most like it.
    pub near: Vec<String>,
}

impl fmt::Display for StoryNote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, what, name, near } = self;
        let whose = if *what == "person" { "story" } else { "workspace" };
        write!(out, "line {line}: the {whose} has no {what} `{name}`")?;
        out.write_str(&suggestion(near))
    }
}

/// What came of a step.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// The line it stands in, counted from 1.
    pub line: usize,
    /// Its instant.
    pub at: Instant,
    /// The line itself.
    pub what: String,
    /// Whether anything was expected. What came of a step without expectations is not looked at.
    pub looked_at: bool,
    /// Whether what was expected came, and nothing else; also when nothing was expected.
    pub passed: bool,
    /// What came and would have to be expected, and how it is where the story looks.
    pub came: Vec<String>,
    /// What was expected and what came, line by line, each with `-`, `+` or a blank; empty where it passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub difference: Vec<String>,
}

impl fmt::Debug for StepReport {
    /// Without what was expected and what came, in which people's words stand: `Display` of the report shows both.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StepReport").field("line", &self.line).field("passed", &self.passed).finish_non_exhaustive()
    }
}

impl StoryReport {
    /// Whether every step passed.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.passed)
    }
}

impl fmt::Display for StoryReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.steps.iter().filter(|step| !step.passed).count();
        let title = self.title.as_ref().map(|title| format!(" ({title})")).unwrap_or_default();
        let looked_at = self.steps.iter().any(|step| step.looked_at);
        match failed {
            0 if !looked_at => write!(out, "{}{title}: nothing is expected in {} steps", self.name, self.steps.len())?,
            0 => write!(out, "{}{title}: passed, {} steps", self.name, self.steps.len())?,
            _ => write!(out, "{}{title}: {failed} of {} steps failed", self.name, self.steps.len())?,
        }
        for step in self.steps.iter().filter(|step| !step.passed) {
            write!(out, "\n  line {}, at {}: {}", step.line, written_instant(step.at), step.what)?;
            for line in &step.difference {
                write!(out, "\n    {line}")?;
            }
        }
        if failed > 0 {
            out.write_str("\n  (- expected, + came)")?;
        }
        self.notes.iter().try_for_each(|note| write!(out, "\n  note: {note}"))
    }
}

/// What a step expects, about whom where it is not the step's own contact.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) happenings: Vec<(Option<UserId>, Happening)>,
    /// What should be so, and what is so.
    pub(super) assertions: Vec<(Option<UserId>, (String, String))>,
    pub(super) more: bool,
}

type Whose = (Option<UserId>, Happening);

/// Holds what came against what was expected.
pub(super) fn compare(
    line: usize,
    at: Instant,
    what: String,
    looked_at: bool,
    wanted: &Wanted,
    came: &[Whose],
) -> StepReport {
    let pairs = align(&wanted.happenings, came);
    let missing = (0..wanted.happenings.len()).any(|place| !pairs.iter().any(|(wanted, _)| *wanted == place));
    let is_paired = |place: usize| pairs.iter().any(|(_, came)| *came == place);
    let surplus =
        !wanted.more && came.iter().enumerate().any(|(place, (_, came))| came.must_be_expected() && !is_paired(place));
    let untrue = wanted.assertions.iter().any(|(_, (wanted, is))| wanted != is);
    let passed = !looked_at || !(missing || surplus || untrue);
    // What need not be expected is told where the story looks for its like.
    let is_looked_for = |came: &Happening| {
        let mut optional = wanted.happenings.iter().filter(|(_, wanted)| !wanted.must_be_expected());
        optional.any(|(_, wanted)| std::mem::discriminant(wanted) == std::mem::discriminant(came))
    };
    let told = came.iter().filter(|(_, came)| came.must_be_expected() || is_looked_for(came));
    let mut lines: Vec<String> = told.map(|(whom, came)| shown(whom, came)).collect();
    for (whom, (_, is)) in &wanted.assertions {
        let line = shown(whom, is);
        // A state that it came to is told once: said again, it would have to come again.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    StepReport {
        line,
        at,
        what,
        looked_at,
        passed,
        came: lines,
        difference: if passed { Vec::new() } else { difference(wanted, came, &pairs) },
    }
}

/// Pairs what was expected with what came, both in order: as many as can be, and first what must be expected.
fn align(wanted: &[Whose], came: &[Whose]) -> Vec<(usize, usize)> {
    let fits = |w: usize, c: usize| wanted[w].0 == came[c].0 && wanted[w].1.admits(&came[c].1);
    let weight = |c: usize| 1 + usize::from(came[c].1.must_be_expected());
    // best[w][c]: the most that the expectations from w on and what came from c on are worth together.
    let mut best = vec![vec![0usize; came.len() + 1]; wanted.len() + 1];
    for w in (0..wanted.len()).rev() {
        for c in (0..came.len()).rev() {
            let paired = if fits(w, c) { best[w + 1][c + 1] + weight(c) } else { 0 };
            best[w][c] = paired.max(best[w + 1][c]).max(best[w][c + 1]);
        }
    }
    let (mut w, mut c, mut pairs) = (0, 0, Vec::new());
    while w < wanted.len() && c < came.len() {
        if fits(w, c) && best[w][c] == best[w + 1][c + 1] + weight(c) {
            pairs.push((w, c));
            (w, c) = (w + 1, c + 1);
        } else if best[w][c] == best[w][c + 1] {
            c += 1;
        } else {
            w += 1;
        }
    }
    pairs
}

fn difference(wanted: &Wanted, came: &[Whose], pairs: &[(usize, usize)]) -> Vec<String> {
    let expected: Vec<_> = wanted.happenings.iter().map(|(whom, wanted)| shown(whom, wanted)).collect();
    let missing: Vec<_> =
        (0..expected.len()).filter(|place| !pairs.iter().any(|(wanted, _)| wanted == place)).collect();
    let mut found = Vec::new();
    for (place, (whom, came)) in came.iter().enumerate() {
        match pairs.iter().find(|(_, came)| *came == place) {
            // What fits is shown as it was expected, so that only what differs stands out.
            Some((wanted, _)) => found.push(expected[*wanted].clone()),
            None => {
                let instead = missing.iter().any(|place| wanted.happenings[*place].1.kind() == came.kind());
                if instead || (came.must_be_expected() && !wanted.more) {
                    found.push(shown(whom, came));
                }
            }
        }
    }
    let mut expected = expected;
    for (whom, (wanted, is)) in &wanted.assertions {
        expected.push(shown(whom, wanted));
        found.push(shown(whom, is));
    }
    let (expected, found): (Vec<&str>, Vec<&str>) =
        (expected.iter().map(String::as_str).collect(), found.iter().map(String::as_str).collect());
    let diff = TextDiff::from_slices(&expected, &found);
    diff.iter_all_changes()
        .map(|change| match change.tag() {
            ChangeTag::Delete => format!("- {}", change.value()),
            ChangeTag::Insert => format!("+ {}", change.value()),
            ChangeTag::Equal => format!("  {}", change.value()),
        })
        .collect()
}

/// A line of expectations, with the name of whom it is about where it is not the step's own contact.
fn shown(whom: &Option<UserId>, line: &impl fmt::Display) -> String {
    whom.as_ref().map_or_else(|| line.to_string(), |user_id| format!("@{} {line}", name(user_id)))
}

/// The name by which a story calls a contact.
fn name(user_id: &UserId) -> String {
    let name = user_id.as_str();
    let handle = name.strip_prefix("u_").filter(|handle| Person::new(handle).user_id == *user_id);
    handle.map_or_else(|| written_word(&format!("id:{name}")), written_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsparks_core::ConversationState;

    fn public(text: &str) -> Whose {
        (None, Happening::Public(text.to_owned()))
    }

    fn state(state: ConversationState) -> Whose {
        (None, Happening::State { state, reason: None })
    }

    #[test]
    fn what_must_be_expected_is_paired_before_what_need_not_be() {
        let sent = || (None, Happening::Sent { by: None, card: None, text: None });
        let duplicate = || (None, Happening::Duplicate);
        // Crossed: only one of the two pairs can stand, and the one that must be expected does.
        for (wanted, came, pairs) in [
            ([sent(), public("a")], [public("a"), sent()], vec![(1, 0)]),
            ([public("a"), sent()], [sent(), public("a")], vec![(0, 1)]),
            (
                [duplicate(), state(ConversationState::Human)],
                [state(ConversationState::Human), duplicate()],
                vec![(1, 0)],
            ),
            ([state(ConversationState::Bot), public("a")], [public("a"), state(ConversationState::Bot)], vec![(1, 0)]),
            ([sent(), public("a")], [sent(), public("a")], vec![(0, 0), (1, 1)]),
        ] {
            assert_eq!(align(&wanted, &came), pairs, "{wanted:?} {came:?}");
        }
        // Two that need not be weigh as much as one that must, and a third outweighs it.
        let wanted = [sent(), duplicate(), sent(), public("a")];
        let came = [public("a"), sent(), duplicate(), sent()];
        assert_eq!(align(&wanted, &came), [(0, 1), (1, 2), (2, 3)]);
    }

    #[test]
    fn the_difference_shows_what_must_be_expected_in_its_place() {
        let sent = |by: Option<&str>| (None, Happening::Sent { by: by.map(str::to_owned), card: None, text: None });
        let happenings = vec![sent(None), public("a")];
        let wanted = Wanted { happenings, assertions: Vec::new(), more: false };
        let came = [public("a"), sent(Some("owner@x"))];
        let report = compare(1, Instant::from_milliseconds(0), String::new(), true, &wanted, &came);
        // What fits is shown as it was expected, and what does not as it came: the reply is what fits.
        assert_eq!(report.difference, ["- sent", "  public: a", "+ sent by owner@x"]);
    }
}
