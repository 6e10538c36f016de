//! The report: rows of what was measured against what it was to be, as a table.

use std::fmt::Write as _;

/// A row of the report.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Ours, with its unit.
    pub ours: String,
    /// What it is held against, with its unit.
    pub against: String,
    /// Ours by theirs, or theirs by ours: as the target counts.
    pub value: f64,
    /// What the value has to be.
    pub target: Option<Target>,
}

/// What a value has to be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// At most, and what is aimed at.
    AtMost(f64, f64),
    /// At least, and what is aimed at.
    AtLeast(f64, f64),
}

impl Row {
    /// A ratio of two times for so many things.
    pub fn ratio(what: impl Into<String>, (ours, against): (f64, f64), count: usize, target: Target) -> Self {
        let value = match target {
            Target::AtMost(..) => ours / against,
            Target::AtLeast(..) => against / ours,
        };
        let count = count.max(1) as f64;
        Self {
            what: what.into(),
            ours: time(ours / count),
            against: time(against / count),
            value,
            target: Some(target),
        }
    }

    /// A size in bytes against its bounds.
    pub fn size(what: impl Into<String>, bytes: f64, target: Target) -> Self {
        Self { what: what.into(), ours: size(bytes), against: String::new(), value: bytes, target: Some(target) }
    }

    /// A ratio that is only told.
    pub fn told(what: impl Into<String>, (ours, against): (f64, f64), count: usize) -> Self {
        Self { target: None, ..Self::ratio(what, (ours, against), count, Target::AtMost(0.0, 0.0)) }
    }

    /// Whether the target is met; none: nothing was asked.
    pub fn is_met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::AtMost(most, _) => self.value <= most,
            Target::AtLeast(least, _) => self.value >= least,
        })
    }

    fn verdict(&self) -> String {
        let Some(target) = self.target else { return "told only".to_owned() };
        let (missed, aim_met) = match target {
            Target::AtMost(most, aim) => (self.value / most - 1.0, self.value <= aim),
            Target::AtLeast(least, aim) => (1.0 - self.value / least, self.value >= aim),
        };
        match (self.is_met(), aim_met) {
            (Some(true), true) => "met, aim too".to_owned(),
            (Some(true), false) => "met".to_owned(),
            _ => format!("**missed by {:.0} %**", missed * 100.0),
        }
    }

    fn bounds(&self) -> [String; 2] {
        let show = |bound: f64| if self.is_size() { size(bound) } else { number(bound) };
        match self.target {
            None => [String::new(), String::new()],
            Some(Target::AtMost(most, aim)) => [format!("≤ {}", show(most)), format!("≤ {}", show(aim))],
            Some(Target::AtLeast(least, aim)) => [format!("≥ {}", show(least)), format!("≥ {}", show(aim))],
        }
    }

    fn is_size(&self) -> bool {
        self.against.is_empty()
    }
}

/// The rows as a table in Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut out = String::from(
        "| what | ours | against | ratio | target | aim | |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let [target, aim] = row.bounds();
        let value = if row.is_size() { String::new() } else { number(row.value) };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {value} | {target} | {aim} | {} |",
            row.what,
            row.ours,
            row.against,
            row.verdict()
        );
    }
    out
}

/// A time in its fitting unit.
pub fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e4 => format!("{nanoseconds:.0} ns"),
        ..1e7 => format!("{:.1} µs", nanoseconds / 1e3),
        _ => format!("{:.1} ms", nanoseconds / 1e6),
    }
}

/// A size in its fitting unit.
pub fn size(bytes: f64) -> String {
    match bytes {
        ..4096.0 => format!("{bytes:.0} B"),
        ..65_536.0 => format!("{:.1} KiB", bytes / 1024.0),
        _ => format!("{:.2} MiB", bytes / f64::from(1 << 20)),
    }
}

fn number(value: f64) -> String {
    match value {
        ..0.9995 => format!("{value:.3} (1/{:.1})", 1.0 / value),
        ..20.0 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

/// Puts text between the markers of a document.
///
/// # Errors
/// When the document has no markers.
pub fn between_markers(document: &str, text: &str) -> Result<String, String> {
    const BEGIN: &str = "<!-- measured: begin -->";
    const END: &str = "<!-- measured: end -->";
    let (before, rest) = document.split_once(BEGIN).ok_or("there is no begin marker")?;
    let (_, after) = rest.split_once(END).ok_or("there is no end marker")?;
    Ok(format!("{before}{BEGIN}\n{text}\n{END}{after}"))
}
