//! A text that a pattern is meant for. Whether it fits is seen when it is decided.

use crate::document::check::parse_pattern;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Samples of one pattern at most.
const SAMPLES: usize = 32;
/// Bytes of one sample at most.
const LENGTH: usize = 1_000;

/// Some texts that a pattern is meant for (N7), one for each of its outermost alternatives. Most are found by it; where it
/// looks at what stands around, one may not be. None: it does not compile, or nothing short fits it.
///
/// ```
/// assert_eq!(chatsparks_core::texts_for_pattern("^(cf|เอฟ)[0-9]"), ["cf0"]);
/// ```
pub fn texts_for_pattern(pattern: &str) -> Vec<String> {
    let Some(hir) = parse_pattern(pattern) else { return Vec::new() };
    let mut samples = Vec::new();
    for part in alternatives(&hir).iter().take(SAMPLES) {
        let mut sample = String::new();
        if write(part, &mut sample) && !samples.contains(&sample) {
            samples.push(sample);
        }
    }
    samples
}

fn alternatives(hir: &Hir) -> &[Hir] {
    match hir.kind() {
        HirKind::Alternation(parts) => parts,
        HirKind::Capture(capture) => alternatives(&capture.sub),
        _ => std::slice::from_ref(hir),
    }
}

/// Writes a text that the part fits; false: there is none, or it is too long. The parser limits how deep this goes.
fn write(part: &Hir, out: &mut String) -> bool {
    if out.len() > LENGTH {
        return false;
    }
    match part.kind() {
        // What stands around is seen when it is decided.
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).map(|text| out.push_str(text)).is_ok(),
        HirKind::Class(Class::Unicode(class)) => {
            let all = || class.iter().flat_map(|range| [range.start(), range.end()]);
            // Lower-case letters and digits stand in normalised texts; much else does not.
            let plain = ('a'..='z').chain('0'..='9');
            let has = |c: &char| class.iter().any(|range| (range.start()..=range.end()).contains(c));
            let c = plain.into_iter().find(has).or_else(|| all().find(|c| *c > ' ')).or_else(|| all().next());
            c.map(|c| out.push(c)).is_some()
        }
        HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Repetition(repeated) => (0..repeated.min).all(|_| write(&repeated.sub, out)),
        HirKind::Capture(capture) => write(&capture.sub, out),
        HirKind::Concat(parts) => parts.iter().all(|part| write(part, out)),
        HirKind::Alternation(parts) => parts.iter().any(|part| {
            let before = out.len();
            let is_written = write(part, out);
            if !is_written {
                out.truncate(before);
            }
            is_written
        }),
    }
}
