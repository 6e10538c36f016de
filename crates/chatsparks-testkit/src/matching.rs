//! N and C4, naively: every word against every place of the text.

use chatsparks_core::{
    text::normalise,
    workspace::{Condition, Keywords, MatchMode, Pack, Workspace},
};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use regex::{Regex, RegexBuilder};

/// Texts are cut here for matching (N10).
const CUT: usize = 10_000;

/// What a condition looks at.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// The text of the comment.
    pub text: &'a str,
    /// The id of its post.
    pub post: &'a str,
    /// Whether it is its contact's first.
    pub first: bool,
    /// Whether it answers another.
    pub reply: bool,
}

/// Whether a condition holds of a comment (C4).
pub fn holds(condition: &Condition, workspace: &Workspace, comment: &Looked<'_>) -> bool {
    let text = || normalise(&cut(comment.text));
    match condition {
        Condition::QuestionMark => question_mark_ends(comment.text),
        Condition::FirstComment => comment.first,
        Condition::Reply => comment.reply,
        Condition::Keywords(keywords) => any_keyword(keywords, &text()),
        Condition::Pattern(pattern) => found(pattern, &text()),
        Condition::Posts(posts) => posts.iter().any(|post| post.as_str() == comment.post),
        Condition::Mentions(mentions) => {
            let products = workspace
                .products
                .iter()
                .filter(|product| mentions.products.is_empty() || mentions.products.contains(&product.id));
            let text = text();
            products.into_iter().any(|product| {
                let names = std::iter::once(&product.name).chain(&product.aliases).map(|name| normalise(name));
                let skus = product.skus.iter().map(|sku| normalise(&sku.name)).filter(|name| name.chars().count() >= 3);
                names.chain(skus).any(|name| matches(MatchMode::Word, false, &name, &text))
            })
        }
        Condition::Pack(pack) => packed(pack).any(|word| any_keyword(&word, &text())),
        Condition::All(parts) => parts.iter().all(|part| holds(part, workspace, comment)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, workspace, comment)),
        Condition::Not(part) => !holds(part, workspace, comment),
    }
}

/// The words of a pack, each as a list of its own, read from the data as it is shipped.
fn packed(pack: &Pack) -> impl Iterator<Item = Keywords> {
    let lines = include_str!("../../chatsparks-core/data/packs.tsv").lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| line.split('\t').collect::<Vec<_>>()).filter(|row| row.len() == 6);
    let asked = rows.filter(|row| row[0] == pack.pack);
    let asked = asked.filter(|row| pack.languages.is_empty() || pack.languages.contains(&row[1].to_owned()));
    asked.map(|row| Keywords {
        words: vec![row[2].to_owned()],
        mode: match row[3] {
            "word" => MatchMode::Word,
            "starts_with" => MatchMode::StartsWith,
            "exact" => MatchMode::Exact,
            _ => MatchMode::Contains,
        },
        ignore_accents: row[4].contains("accents"),
        squeeze: row[4].contains("squeeze"),
    })
}

/// Whether one of some sensitive words stands in a text as received (V5).
pub(crate) fn any_sensitive(words: &[String], text: &str) -> bool {
    let text = normalise(&cut(text));
    words.iter().any(|word| matches(MatchMode::Contains, false, &normalise(word), &text))
}

/// Whether a pattern is found in a normalised text, without regard to case (N7, F3).
pub(crate) fn found(pattern: &str, text: &str) -> bool {
    RegexBuilder::new(pattern).case_insensitive(true).build().is_ok_and(|pattern| pattern.is_match(text))
}

/// What the first group of a pattern holds where it is first found.
pub(crate) fn first_group(pattern: &'static str, text: &str) -> Option<String> {
    thread_local! {
        static PATTERNS: std::cell::RefCell<std::collections::BTreeMap<&'static str, Option<Regex>>> = const { std::cell::RefCell::new(std::collections::BTreeMap::new()) };
    }
    PATTERNS.with_borrow_mut(|patterns| {
        let pattern = patterns.entry(pattern).or_insert_with(|| Regex::new(pattern).ok()).as_ref()?;
        pattern.captures(text)?.get(1).map(|group| group.as_str().to_owned())
    })
}

/// The keyword that is named when a condition fired: the first, as it is written, that stands in the text.
pub(crate) fn first_keyword(condition: &Condition, text: &str) -> Option<String> {
    match condition {
        Condition::Keywords(keywords) => {
            let text = normalise(&cut(text));
            keywords
                .words
                .iter()
                .find(|word| {
                    let alone = Keywords { words: vec![(*word).clone()], ..keywords.clone() };
                    any_keyword(&alone, &text)
                })
                .cloned()
        }
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(|part| first_keyword(part, text)),
        Condition::Not(part) => first_keyword(part, text),
        Condition::Pack(pack) => {
            let text = normalise(&cut(text));
            packed(pack).find(|word| any_keyword(word, &text)).map(|word| word.words.concat())
        }
        _ => None,
    }
}

/// The text as far as matching looks (N10).
fn cut(text: &str) -> String {
    text.chars().take(CUT).collect()
}

fn any_keyword(keywords: &Keywords, text: &str) -> bool {
    let vary = |text: &str| if keywords.ignore_accents { without_accents(text) } else { text.to_owned() };
    let text = vary(text);
    keywords.words.iter().any(|word| matches(keywords.mode, keywords.squeeze, &vary(&normalise(word)), &text))
}

/// N2, N3, N4, N6 of texts that are made ready: every place where the word may begin, and every one where it may end.
fn matches(mode: MatchMode, squeeze: bool, word: &str, text: &str) -> bool {
    let word: Vec<char> = word.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let stands = |start: usize, end: usize| {
        let before = start.checked_sub(1).map(|place| text[place]);
        let after = text.get(end).copied();
        let marked = after.is_some_and(|after| is(r"\p{M}", after));
        let in_mode = match mode {
            MatchMode::Contains => true,
            MatchMode::StartsWith => start == 0,
            MatchMode::Exact => start == 0 && end == text.len(),
            MatchMode::Word => {
                !before.is_some_and(|before| glued(before, word[0]))
                    && !after.is_some_and(|after| glued(word[word.len() - 1], after))
            }
        };
        !marked && in_mode
    };
    !word.is_empty()
        && (0..text.len()).any(|start| ends(&word, &text, start, squeeze).into_iter().any(|end| stands(start, end)))
}

/// Where a word may end that begins at a place: as many of each letter as the word has, or with N6 more of them.
fn ends(word: &[char], text: &[char], start: usize, squeeze: bool) -> Vec<usize> {
    let mut ends = vec![start];
    for run in word.chunk_by(|one, other| one == other) {
        let more = squeeze && is(r"\p{L}", run[0]);
        let after = |from: usize| {
            let there = text[from..].iter().take_while(|c| **c == run[0]).count();
            let most = if more { there } else { run.len().min(there) };
            (run.len()..=most).map(move |letters| from + letters)
        };
        ends = ends.into_iter().flat_map(after).collect();
    }
    ends
}

/// Whether two neighbours stand in one word (N4).
fn glued(left: char, right: char) -> bool {
    let unspaced =
        r"[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]";
    [left, right].into_iter().all(|c| is(r"[\p{L}\p{N}\p{M}]", c) && !is(unspaced, c))
}

/// Whether a character is in a class of the regex crate, whose Unicode tables are not ours.
fn is(class: &str, c: char) -> bool {
    thread_local! {
        static CLASSES: std::cell::RefCell<std::collections::BTreeMap<String, Option<Regex>>> = const { std::cell::RefCell::new(std::collections::BTreeMap::new()) };
    }
    CLASSES.with_borrow_mut(|classes| {
        let class = classes.entry(class.to_owned()).or_insert_with(|| Regex::new(&format!("^{class}$")).ok());
        class.as_ref().is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
    })
}

/// N5: marks that follow a Latin, Greek or Cyrillic letter go, and `đ` reads as `d`.
fn without_accents(text: &str) -> String {
    let mut kept = String::new();
    let mut accented = false;
    for c in DecomposingNormalizerBorrowed::new_nfd().normalize(text).chars() {
        if is(r"\p{M}", c) {
            if !(accented && is(r"\p{Mn}", c)) {
                kept.push(c);
            }
        } else {
            accented = is(r"\p{L}", c) && is(r"[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}]", c);
            kept.push(if c == 'đ' { 'd' } else { c });
        }
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(&kept).into_owned()
}

/// Whether a text as received ends with a question mark, trailing ornaments set aside (N8).
pub fn question_mark_ends(text: &str) -> bool {
    let aside = r"[\p{White_Space}\p{Cf}\p{Variation_Selector}\p{So}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\x{20E3}]";
    let text: Vec<char> = text.chars().take(CUT).collect();
    for &c in text.iter().rev() {
        if "?？؟⁇❓❔".contains(c) {
            return true;
        }
        if !is(aside, c) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n4_n5_n6_n8_the_model_reads_the_rules_examples_as_they_are() {
        for (mode, word, text, wanted) in [
            (MatchMode::Word, "link", "blinking", false),
            (MatchMode::Word, "link", "a link!", true),
            (MatchMode::Word, "ราคา", "ขอราคาหน่อย", true),
            (MatchMode::Contains, "แพ", "แพ้", false),
            (MatchMode::Contains, "e", "e\u{301}x", false),
            (MatchMode::Exact, "price", "price", true),
            (MatchMode::StartsWith, "price", "the price", false),
        ] {
            assert_eq!(matches(mode, false, word, text), wanted, "{mode:?} {word} {text}");
        }
        for (word, text, wanted) in [
            ("price", "priiice", true),
            ("free", "freeee", true),
            ("free", "fresh", false),
            ("100", "1000", true),
            ("100", "10", false),
            ("มาก", "มากก็", true),
            ("มากก", "มากก็", false),
        ] {
            assert_eq!(matches(MatchMode::Contains, true, word, text), wanted, "{word} {text}");
        }
        assert_eq!(without_accents("giá đẹp แพ้"), "gia dep แพ้");
        assert!(question_mark_ends("how much? 😍🇹🇭\u{200B}"));
        assert!(question_mark_ends("❓"));
        assert!(!question_mark_ends("ok?!"));
    }
}
