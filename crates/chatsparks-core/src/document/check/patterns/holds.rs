//! Whether a pattern is found in every text that is not blank, as far as its parts tell.
//!
//! What is claimed is always so; what is so is not always claimed. Nothing is tried out: each part is known by a few
//! ways of fitting that hold whatever the text, and parts in a row fit where their ways go together.

use crate::matching::text;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Characters that a class may lack at most and still be looked at as one of everything.
const LACKING: u32 = 64;

/// What a part fits, whatever the text.
#[derive(Clone, Copy, Default)]
struct Ways {
    /// Nothing, anywhere; so at both ends too.
    nothing: bool,
    /// Nothing, at the start of the text.
    at_start: bool,
    /// Nothing, at the end of the text.
    at_end: bool,
    /// Something from anywhere on, wherever a character follows.
    something: bool,
    /// Everything between any two places that are not the same.
    stretch: bool,
    /// A part of every text, wherever it stands.
    holds: bool,
}

/// Whether every normalised text that is not blank has something that the pattern fits.
pub(super) fn holds(pattern: &Hir) -> bool {
    ways(pattern).holds
}

impl Ways {
    const NOTHING: Self =
        Self { nothing: true, at_start: true, at_end: true, something: false, stretch: false, holds: true };

    fn or(self, other: Self) -> Self {
        Self {
            nothing: self.nothing || other.nothing,
            at_start: self.at_start || other.at_start,
            at_end: self.at_end || other.at_end,
            something: self.something || other.something,
            stretch: self.stretch || other.stretch,
            holds: self.holds || other.holds,
        }
    }
}

/// The parser limits how deep a pattern goes, and so how deep this does.
fn ways(part: &Hir) -> Ways {
    match part.kind() {
        HirKind::Empty => Ways::NOTHING,
        HirKind::Look(Look::Start | Look::StartLF | Look::StartCRLF) => {
            Ways { at_start: true, holds: true, ..Ways::default() }
        }
        HirKind::Look(Look::End | Look::EndLF | Look::EndCRLF) => Ways { at_end: true, holds: true, ..Ways::default() },
        HirKind::Look(_) | HirKind::Literal(_) => Ways::default(),
        HirKind::Class(class) => {
            let any = is_any(class);
            Ways { something: any, holds: any, ..Ways::default() }
        }
        HirKind::Repetition(repeated) => {
            let one = ways(&repeated.sub);
            let endless = repeated.max.is_none();
            match repeated.min {
                // None of it is one way, and as in one of it any number of the same.
                0 => Ways { stretch: one.stretch || (endless && one.something), ..one.or(Ways::NOTHING) },
                1 => Ways { stretch: one.stretch || (endless && one.something), ..one },
                _ if one.nothing => one,
                _ => Ways {
                    at_start: one.at_start,
                    at_end: one.at_end,
                    holds: one.at_start || one.at_end,
                    ..Ways::default()
                },
            }
        }
        HirKind::Capture(capture) => ways(&capture.sub),
        HirKind::Alternation(parts) => parts.iter().map(ways).fold(Ways::default(), Ways::or),
        HirKind::Concat(parts) => row(&parts.iter().map(ways).collect::<Vec<_>>()),
    }
}

/// Parts in a row.
fn row(parts: &[Ways]) -> Ways {
    let middle = |parts: &[Ways]| {
        // All that is not nothing is one part, and the others stand aside.
        let mut needed = parts.iter().filter(|part| !part.nothing);
        match (needed.next(), needed.next()) {
            (None, _) => Ways {
                nothing: true,
                something: parts.iter().any(|part| part.something),
                stretch: parts.iter().any(|part| part.stretch),
                ..Ways::default()
            },
            (Some(one), None) => {
                // `.` and then `.*`: together they stretch.
                let stretch = one.stretch || (one.something && parts.iter().any(|part| part.stretch));
                Ways { something: one.something, stretch, ..Ways::default() }
            }
            _ => Ways::default(),
        }
    };
    let all = middle(parts);
    let (at_start, at_end) = (parts.iter().all(|part| part.at_start), parts.iter().all(|part| part.at_end));
    let one_holds = {
        let mut needed = parts.iter().filter(|part| !part.nothing);
        matches!((needed.next(), needed.next()), (Some(one), None) if one.holds)
    };
    let leading = parts.iter().take_while(|part| part.at_start).count();
    let trailing = parts.iter().rev().take_while(|part| part.at_end).count();
    let anchored = (0..=leading).any(|from| {
        (parts.len() - trailing..=parts.len()).filter(|to| from <= *to).any(|to| {
            let within = middle(&parts[from..to]);
            let free = |parts: &[Ways]| parts.iter().all(|part| part.nothing);
            match (free(&parts[..from]), free(&parts[to..])) {
                (false, false) => within.stretch,
                // Where it only has to begin or end somewhere, a character there is enough.
                _ => within.nothing || within.something,
            }
        })
    });
    Ways { at_start, at_end, holds: at_start || at_end || one_holds || anchored, ..all }
}

/// Whether a class has every character that stands in normalised texts (N1).
fn is_any(class: &Class) -> bool {
    let Class::Unicode(class) = class else { return false };
    let mut lacking = class.clone();
    lacking.negate();
    let count: u32 = lacking.iter().map(|range| u32::from(range.end()) - u32::from(range.start()) + 1).sum();
    count <= LACKING
        && lacking.iter().flat_map(|range| range.start()..=range.end()).all(|c| text::is_white_space(c) && c != ' ')
}
