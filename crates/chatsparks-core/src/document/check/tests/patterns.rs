use super::*;
use crate::document::check::{
    build_pattern,
    patterns::{fits_everything, unnormalised},
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
        (r"\x{FF21}+", "Ａ", "a"),
        (r"a\tb", "a\tb", "a b"),
        ("a  b", "a  b", "a b"),
        ("(cafe\u{301})?", "cafe\u{301}", "café"),
        ("a\u{200B}b", "a\u{200B}b", "ab"),
        ("İ", "İ", "i\u{307}"),
    ] {
        assert_eq!(unnormalised(pattern), Some((written.to_owned(), stands.to_owned())), "{pattern}");
    }
    for fine in ["PRICE", "É", " a b ", r"^\s*ราคา\s*$", "(?x) a  b # c", "[ก-๙]", r"[^\s]", "แพ้", "+1", "❤"]
    {
        assert_eq!(unnormalised(fine), None, "{fine}");
    }
}

#[test]
fn n7_patterns_that_fit_everything() {
    for pattern in [".*", "", "a?", "(x|)", r"\s*"] {
        assert!(fits_everything(pattern), "{pattern}");
    }
    for pattern in ["^$", "^.*$", "a", r"\b", "(", "[^\\s\\S]", "^"] {
        assert!(!fits_everything(pattern), "{pattern}");
    }
}
