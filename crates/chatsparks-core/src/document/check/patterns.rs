//! Users' patterns (N7): how one is compiled, and what can be said of it beforehand.

use crate::matching::text;
use regex::{Regex, RegexBuilder};
use regex_syntax::{
    ast::{self, Ast, ClassSetItem, Literal},
    hir::{ClassUnicode, ClassUnicodeRange, Hir, Look, LookSet, literal::Extractor},
};

mod holds;

/// Bytes of a compiled pattern at most.
const COMPILED: usize = 1 << 20;
/// Groups and repetitions within one another at most.
const NESTING: u32 = 250;
/// Characters of a range that are looked at: more never all change.
const RANGE: usize = 2_000;
/// Beginnings of a pattern that it is looked up from at most.
const BEGINNINGS: usize = 64;

/// Compiles a user's pattern: without regard to case, over Unicode, linear in the text, of bounded size (N7).
///
/// The one place where this is done, so that patterns are alike everywhere. The error is a message for people.
pub(crate) fn build_pattern(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern)
        .case_insensitive(true)
        .unicode(true)
        .size_limit(COMPILED)
        .nest_limit(NESTING)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "this pattern is too large once compiled: at most 1 MiB".to_owned(),
        _ => syntax_error(pattern),
    })
}

/// What is wrong with a pattern in one line; the regex crate's own message has several, and draws.
fn syntax_error(pattern: &str) -> String {
    let (kind, column) = match parser().build().parse(pattern) {
        Err(regex_syntax::Error::Parse(error)) => (error.kind().to_string(), error.span().start.column),
        Err(regex_syntax::Error::Translate(error)) => (error.kind().to_string(), error.span().start.column),
        _ => return "this pattern does not compile".to_owned(),
    };
    format!("this pattern does not compile: {kind} (at character {column})")
}

fn parser() -> regex_syntax::ParserBuilder {
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.case_insensitive(true).unicode(true).nest_limit(NESTING);
    parser
}

/// The parts of a pattern as it is matched; none: it does not compile.
pub(crate) fn parse_pattern(pattern: &str) -> Option<Hir> {
    parser().build().parse(pattern).ok()
}

/// Texts of which one stands in every normalised text that the pattern fits: what its matches begin with.
///
/// The matcher finds them on its one way through a comment, so that the pattern itself is only tried where it may
/// fit. None: it begins with too much, such as any letter, and must always be tried.
pub(crate) fn beginnings(pattern: &str) -> Option<Vec<String>> {
    let found = Extractor::new().extract(&parser().build().parse(pattern).ok()?);
    let mut beginnings = Vec::new();
    for literal in found.literals()? {
        // Cut within a character: a longer way to say that nothing is known.
        let literal = std::str::from_utf8(literal.as_bytes()).ok().filter(|literal| !literal.is_empty())?;
        // Half of the cases that disregarding case brings never stand in normalised text (N1).
        if !literal.bytes().any(|byte| byte.is_ascii_uppercase()) {
            beginnings.push(literal.to_owned());
        }
    }
    (beginnings.len() <= BEGINNINGS).then_some(beginnings)
}

/// The texts that a pattern is found in, where these are all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundIn {
    /// Every text.
    Every,
    /// Every text that is not blank.
    EveryWritten,
}

/// Whether a pattern is found in every normalised text. None: not known to be.
pub(super) fn found_always(pattern: &str) -> Option<FoundIn> {
    let hir = parser().build().parse(pattern).ok()?;
    if !holds::holds(&hir) {
        return None;
    }
    let blank_too = build_pattern(pattern).is_ok_and(|pattern| pattern.is_match(""));
    Some(if blank_too { FoundIn::Every } else { FoundIn::EveryWritten })
}

/// Whether a pattern asks for `\b`, however it is written; `\B` asks for the contrary.
pub(super) fn asks_for_word_boundary(pattern: &str) -> bool {
    parser().build().parse(pattern).is_ok_and(|hir| {
        let mut looks = hir.properties().look_set().iter();
        looks.any(|look| {
            LookSet::singleton(look).contains_word() && !matches!(look, Look::WordAsciiNegate | Look::WordUnicodeNegate)
        })
    })
}

/// The first literal, or run of literals, that never stands in normalised text, and what stands there instead.
/// Case is set aside, as it is in matching. None also where the pattern does not compile.
pub(super) fn unnormalised(pattern: &str) -> Option<(String, String)> {
    let ast = ast::parse::ParserBuilder::new().nest_limit(NESTING).build().parse(pattern).ok()?;
    ast::visit(&ast, Literals).err()
}

/// Stops at the first literal that normalising changes.
struct Literals;

impl ast::Visitor for Literals {
    type Output = ();
    type Err = (String, String);

    fn finish(self) -> Result<(), Self::Err> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::Literal(literal) => unchanged(&literal.c.to_string()),
            // Letters and marks that stand apart may be one character once composed, and two spaces are one.
            Ast::Concat(concat) => concat
                .asts
                .chunk_by(|left, right| literal(left).is_some() && literal(right).is_some())
                .try_for_each(|run| unchanged(&run.iter().filter_map(literal).collect::<String>())),
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        match item {
            ClassSetItem::Literal(literal) => unchanged(&literal.c.to_string()),
            // A range may reach over what never stands there, as `[ก-๙]` does: something of it has to remain.
            ClassSetItem::Range(range) => {
                let whole = (range.start.c..=range.end.c).take(RANGE);
                match whole.map(|c| unchanged(c.encode_utf8(&mut [0; 4]))).find(Result::is_ok) {
                    Some(_) => Ok(()),
                    None => unchanged(&range.start.c.to_string()),
                }
            }
            _ => Ok(()),
        }
    }
}

fn literal(ast: &Ast) -> Option<char> {
    match ast {
        Ast::Literal(literal) => {
            let Literal { c, .. } = **literal;
            Some(c)
        }
        _ => None,
    }
}

fn unchanged(run: &str) -> Result<(), (String, String)> {
    // Between two bars, which nothing composes with, the spaces at the ends are not trimmed away.
    let normalised = text::normalise(&format!("|{run}|"));
    let normalised = normalised.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')).unwrap_or_default();
    let same = run.chars().count() == normalised.chars().count()
        && run.chars().zip(normalised.chars()).all(|(written, stands)| same_but_for_case(written, stands));
    if same { Ok(()) } else { Err((run.to_owned(), normalised.to_owned())) }
}

/// Whether a pattern that says `written` takes `stands`: the regex crate folds by single characters.
fn same_but_for_case(written: char, stands: char) -> bool {
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(written, written)]);
    written == stands
        || (class.try_case_fold_simple().is_ok()
            && class.iter().any(|range| (range.start()..=range.end()).contains(&stands)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn n7_a_pattern_is_looked_up_from_what_it_begins_with() {
        for (pattern, wanted) in [
            ("(ราคา|giá)", Some(vec!["ราคา", "giá", "giÁ"])),
            ("^(cf|เอฟ)\\s*[0-9]", Some(vec!["cf", "เอฟ"])),
            ("\\bmau\\b.*[0-9]", Some(vec!["mau"])),
            ("PRICE", Some(vec!["price"])),
            // Nothing can fit it: it asks for what no text holds, and for too much else.
            ("[^\\x00-\\x{10FFFF}]", Some(vec![])),
            ("\\p{Thai}", None),
            (".+", None),
            ("a?", None),
            ("", None),
            ("(", None),
        ] {
            let found = beginnings(pattern).map(BTreeSet::from_iter);
            let wanted = wanted.map(|wanted| wanted.into_iter().map(str::to_owned).collect::<BTreeSet<_>>());
            assert_eq!(found, wanted, "{pattern}");
        }
    }

    #[test]
    fn n1_no_normalised_text_holds_an_ascii_capital() {
        for c in '\0'..=char::MAX {
            let normalised = text::normalise(c.encode_utf8(&mut [0; 4]));
            assert!(!normalised.bytes().any(|byte| byte.is_ascii_uppercase()), "{c:?}");
        }
    }
}
