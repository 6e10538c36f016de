use super::*;
use crate::document::check::{
    build_pattern,
    patterns::{FoundIn, asks_for_word_boundary, found_always, unnormalised},
};

#[test]
fn n7_patterns_ignore_case_and_know_unicode() {
    for (pattern, text) in [("PRICE", "the price"), ("É", "café"), (r"^\w+$", "ราคา"), (r"\d", "๓"), ("(?i)a|B", "b")]
    {
        assert!(build_pattern(pattern).unwrap().is_match(text), "{pattern}");
    }
}

#[test]
fn n7_what_does_not_compile_is_told_in_a_line() {
    for (pattern, part) in [
        ("(unclosed", "unclosed group (at character 1)"),
        ("a(?=b)", "look-around"),
        (r"(a)\1", "backreferences"),
        ("[z-a]", "invalid character class range"),
        (r"\p{Klingon}", "Unicode property"),
        (r"(?-u)\xff", "UTF-8"),
        (&"(".repeat(251), "unclosed"),
        (r"(\w{100}){100}", "too large"),
        (r"((a{100}){100}){100}", "too large"),
        ("a{4000000000}", "too large"),
        ("a{5,1}", "does not compile"),
    ] {
        let message = build_pattern(pattern).unwrap_err();
        assert!(message.contains(part) && !message.contains('\n'), "{pattern}: {message}");
        let document = with("/triggers/0/when", json!({ "not": { "pattern": pattern } }));
        expect_faults(document, &[("triggers[0].when.not.pattern", ProblemCode::BadPattern)]);
    }
    assert!(build_pattern(&format!("{}a{}", "(".repeat(249), ")".repeat(249))).is_ok());
}

#[test]
fn n7_literals_that_no_normalised_text_has() {
    for (pattern, written, stands) in [
        ("Ａ", "Ａ", "a"),
        ("ราคาำ", "ราคาำ", "ราคา\u{e4d}า"),
        ("เเพง", "เเพง", "แพง"),
        ("น\u{e49}\u{e4d}า", "น\u{e49}\u{e4d}า", "น\u{e4d}\u{e49}า"),
        ("๕๐ ?ml", "๕๐", "50"),
        ("[๐-๙]", "๐", "0"),
        ("what’s", "what’s", "what's"),
        ("a\u{3164}?", "\u{3164}", ""),
        ("straße", "straße", "strasse"),
        ("[x①]", "①", "1"),
        ("[Ａ-Ｚ]", "Ａ", "a"),
        ("[①-⑨]", "①", "1"),
        (r"\x{FF21}+", "Ａ", "a"),
        (r"a\tb", "a\tb", "a b"),
        ("a  b", "a  b", "a b"),
        ("(cafe\u{301})?", "cafe\u{301}", "café"),
        ("a\u{200B}b", "a\u{200B}b", "ab"),
        ("İ", "İ", "i\u{307}"),
    ] {
        assert_eq!(unnormalised(pattern), Some((written.to_owned(), stands.to_owned())), "{pattern}");
    }
    for fine in ["PRICE", "É", " a b ", r"^\s*ราคา\s*$", "(?x) a  b # c", "[ก-๙]", "[ぁ-ゟ]", r"[^\s]", "แพ้", "+1", "❤"]
    {
        assert_eq!(unnormalised(fine), None, "{fine}");
    }
}

#[test]
fn n7_patterns_that_are_found_always() {
    for pattern in [
        "", ".*", "a?", "(x|)", r"\s*", "^", "$", "^.*", ".*$", "^.*$", "^a*", "a*$", "^a?b*", "(^|x)", "(a|^.*$)",
        "(?:^){2}", "(?m)^", "a*^.*$b*", "(.*)*", "(a?){3}", r"(\b)?", "(?s)^.*$", "x{0,3}", "^(.|x)*$", "((.+)?)",
    ] {
        assert_eq!(found_always(pattern), Some(FoundIn::Every), "{pattern:?}");
    }
    for pattern in [
        ".",
        ".+",
        "^.",
        ".$",
        "^.+",
        "^.+$",
        ".+$",
        "a*.b?",
        "(.)+",
        r"[\s\S]",
        "[^\n]+",
        "(.|ab)",
        "^.+.*$",
        "^..*$",
        "^(a|.+)$",
        ".{1,3}",
        "(?:..|.)",
        r"^[^\r\n]",
        "a?.+b?",
        "^.*.$",
    ] {
        assert_eq!(found_always(pattern), Some(FoundIn::EveryWritten), "{pattern:?}");
    }
    for pattern in [
        "a",
        "^$",
        "$^",
        "^a?$",
        "^.$",
        "..",
        ".{2}",
        ".{2,}",
        r"\b",
        r"\B",
        "[^\\s\\S]",
        "[^a]",
        r"\S+",
        r"\w*x",
        "(",
        "a.*",
        "^a.*$",
        "^.*a$",
        ".a?$x",
        "a?b",
        "^..?$",
        "(a|b)+",
        "$.",
        ".^",
        "^[a-z ]*$",
        "(?:^.*){2}a",
    ] {
        assert_eq!(found_always(pattern), None, "{pattern:?}");
    }
}

#[test]
fn n7_what_is_called_found_always_is() {
    // Every pattern of few parts, against texts that would tell a false claim.
    let parts = ["^", "$", "a", "a*", ".", ".*", ".+", "(a|)", "(^|b)", "(.|aa)", "[^a]", "a{2}", ".{2}", "(.$)?"];
    let texts = ["", "a", "b", "aa", "ab", "ba", "bb", "aab", "bab", "ก", "a b"];
    let mut found = 0;
    for first in parts {
        for second in parts {
            for third in parts {
                let pattern = format!("{first}{second}{third}");
                let regex = build_pattern(&pattern).unwrap();
                let Some(claim) = found_always(&pattern) else { continue };
                found += 1;
                for text in texts {
                    let blank = text.is_empty() && claim == FoundIn::EveryWritten;
                    assert!(blank || regex.is_match(text), "{pattern} is called found in {text:?}");
                }
            }
        }
    }
    assert!(found > 500, "{found}");
}

#[test]
fn n7_patterns_that_ask_for_word_boundaries() {
    for pattern in [r"\bราคา\b", r"cf\b", r"(?-u:\b)a", r"\b{start}a", r"a\b{end-half}", r"(x|(\b|y)z)"] {
        assert!(asks_for_word_boundary(pattern), "{pattern}");
    }
    for pattern in [r"\Bx", "b", r"\\b", r"[\\b]", "^x$", "(", r"\w"] {
        assert!(!asks_for_word_boundary(pattern), "{pattern}");
    }
}
