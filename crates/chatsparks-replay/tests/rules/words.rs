//! N: keyword matching, as a comment meets it. N1, N5, N6 and N8 have their tables beside the code.

use crate::rows::*;
use chatsparks_core::Explained;
use serde_json::{Value, json};

/// Whether a trigger with this condition fires on a text; its trial must say the same (C11).
#[track_caller]
fn fires(when: &Value, text: &str) -> bool {
    let world = world(json!({
        "triggers": [ trigger("t", "hi", json!({ "when": when })) ],
        "products": [ { "id": "p", "name": "Glow Serum", "aliases": ["เซรั่มโกลว์"], "url": "https://shop.example/p",
                        "skus": [ { "id": "s1", "name": "30ml" }, { "id": "s2", "name": "XL" }, { "id": "s3", "name": "3 0" } ] },
                      { "id": "q", "name": "Rose Oil", "url": "https://shop.example/q", "skus": [] } ] }));
    let fired = told(&world, &[comment(0, "u1", text)])[0].starts_with("fired");
    let verdict = tried(&world, text)[0].verdict.result;
    assert_eq!(verdict, if fired { Explained::Matches } else { Explained::NoMatch }, "{when}");
    fired
}

/// Rows of a text and whether it matches.
#[track_caller]
fn rows(when: Value, rows: &[(&str, bool)]) {
    for (text, wanted) in rows {
        let end: String = text.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
        assert_eq!(fires(&when, text), *wanted, "{when} in {end:?}");
    }
}

fn mode(word: &str, mode: &str) -> Value {
    json!({ "keywords": { "words": [word], "match": mode } })
}

#[test]
fn n2_each_mode_at_its_edges() {
    let texts = ["price", " PRICE ", "price list", "the price", "theprice", "pricey", "pric", "", "price?"];
    for (name, wanted) in [
        ("contains", [true, true, true, true, true, true, false, false, true]),
        ("word", [true, true, true, true, false, false, false, false, true]),
        ("starts_with", [true, true, true, false, false, true, false, false, true]),
        ("exact", [true, true, false, false, false, false, false, false, false]),
    ] {
        let pairs: Vec<(&str, bool)> = texts.into_iter().zip(wanted).collect();
        rows(mode("price", name), &pairs);
    }
    // `contains` is the default, and a keyword is normalised as a text is.
    rows(word("  ＰＲＩＣＥ\u{200b} "), &[("the price!", true), ("pri ce", false)]);
    rows(mode("price list", "contains"), &[("price   list", true), ("pricelist", false), ("price\u{a0}list", true)]);
    // Any word of the list; one behind another is not hidden.
    let list = json!({ "keywords": { "words": ["price", "price list"], "match": "exact" } });
    rows(list, &[("price", true), ("price list", true), ("list", false)]);
}

/// N1 has its table beside the code; these are the rows that people type.
#[test]
fn n1_a_word_is_found_however_it_is_typed() {
    rows(
        mode("น้ำหอม", "exact"),
        &[
            ("น\u{e49}\u{e33}หอม", true),
            ("น\u{e49}\u{e4d}\u{e32}หอม", true),
            ("น\u{e4d}\u{e49}\u{e32}หอม", true),
            ("น\u{e33}\u{e49}หอม", true),
            ("น\u{e33}หอม", false),
            ("น\u{e49}\u{e49}\u{e33}\u{200b}หอม", true),
        ],
    );
    rows(mode("แพง", "exact"), &[("เเพง", true), ("เ\u{200b}เพง", true), ("เเเพง", false), ("เ เพง", false)]);
    // The keyword may be the one that was typed out of order.
    rows(mode("เเพง", "word"), &[("แพงไหม", true)]);
    rows(mode("น\u{e33}\u{e49}", "contains"), &[("ขอน\u{e49}\u{e33}", true)]);
    rows(mode("ขนาด 50", "word"), &[("ขนาด ๕๐", true), ("ขนาด ๕๐๐", false), ("ขนาด 5๐", true)]);
    rows(mode("what's", "exact"), &[("What’s", true), ("what‘s", true), ("whatʼs", true), ("whats", false)]);
    rows(mode("price", "exact"), &[("pri\u{34f}ce", true), ("\u{3164}price\u{115f}", true), ("pri\u{2800}ce", false)]);
    rows(json!({ "pattern": r"^\d{2}\s?ml$" }), &[("๕๐ ml", true), ("٣٠ML", true), ("五十 ml", false)]);
}

#[test]
fn n3_a_match_is_not_followed_by_a_mark_in_any_mode() {
    for name in ["contains", "word", "starts_with"] {
        rows(mode("แพ", name), &[("แพ", true), ("แพ้", false), ("แพ มาก", true), ("แพ้ แพ", name != "starts_with")]);
        // No mark composes with `q`, so that it stays one.
        rows(mode("faq", name), &[("faq", true), ("faq\u{301}", false), ("faq\u{20dd}", false)]);
    }
    rows(mode("แพ", "exact"), &[("แพ", true), ("แพ้", false)]);
    // Every mark counts, the spacing ones too (Mc); in Thai `า` is a letter.
    rows(mode("क", "contains"), &[("क", true), ("का", false), ("कु", false), ("का क", true)]);
    rows(mode("ဈေ", "contains"), &[("ဈေ", true), ("ဈေး", false)]);
    rows(mode("ท", "contains"), &[("ทา", true), ("ทำ", false)]);
    // Before the match a mark may stand.
    rows(mode("faq", "contains"), &[("q\u{301}faq", true)]);
}

#[test]
fn n4_a_word_is_not_glued_to_a_neighbour() {
    rows(
        mode("link", "word"),
        &[
            ("link", true),
            ("blinking", false),
            ("blink", false),
            ("links", false),
            ("link2", false),
            ("2link", false),
            ("my-link!", true),
            ("my_link", true),
            ("(link)", true),
            ("link😍", true),
            ("ลิ้งlinkครับ", true),
            ("的link的", true),
            ("かlinkカ", true),
            ("링크link", true),
            ("ссылкаlink", false),
            ("blink link", true),
        ],
    );
    rows(mode("ราคา", "word"), &[("ขอราคาหน่อย", true), ("aราคาb", true)]);
    // Both edges are looked at, and a mark before the match glues it as a letter does.
    rows(mode("faq", "word"), &[("q\u{301}faq", false), ("-\u{301}faq", false), ("- faq", true)]);
    // The edge is the keyword's own: one that begins with a sign is not glued there.
    rows(mode("#link", "word"), &[("a#link", true), ("a#linkb", false)]);
}

#[test]
fn n5_and_n6_are_off_unless_set() {
    let keywords = |accents: bool, squeeze: bool| json!({ "keywords": { "words": ["giá đẹp"], "ignore_accents": accents, "squeeze": squeeze } });
    for (text, wanted) in [
        ("giá đẹp", [true, true, true, true]),
        ("gia dep", [false, true, false, true]),
        ("giááá đẹp", [false, false, true, true]),
        ("giaaa dep", [false, false, false, true]),
        ("giáa đẹp", [false, false, false, true]),
        ("iá đẹp", [false, false, false, false]),
    ] {
        let found =
            [(false, false), (true, false), (false, true), (true, true)].map(|(a, s)| fires(&keywords(a, s), text));
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn n6_a_run_may_be_longer_and_never_shorter() {
    let squeezed =
        |words: &[&str], mode: &str| json!({ "keywords": { "words": words, "match": mode, "squeeze": true } });
    let words = ["free", "coffee", "app"];
    for (text, contains, word, starts, exact) in [
        ("free", true, true, true, true),
        ("freeee", true, true, true, true),
        ("ffrreee", true, true, true, true),
        ("fre", false, false, false, false),
        ("fresh", false, false, false, false),
        ("freesh", true, false, true, false),
        ("so free", true, true, false, false),
        ("cofee", false, false, false, false),
        ("coffe", false, false, false, false),
        ("cofe", false, false, false, false),
        ("coooffffeeee!", true, true, true, false),
        ("map", false, false, false, false),
        ("appp", true, true, true, true),
        ("aapp happy", true, true, true, false),
        ("happy", true, false, false, false),
        ("ap p", false, false, false, false),
    ] {
        for (mode, wanted) in [("contains", contains), ("word", word), ("starts_with", starts), ("exact", exact)] {
            rows(squeezed(&words, mode), &[(text, wanted)]);
        }
    }
    // Words that differ in their runs alone are different words.
    let two = json!({ "all": [squeezed(&["cofe"], "word"), { "not": squeezed(&["coffee"], "word") }] });
    rows(two, &[("cofe", true), ("cooffe", true), ("cofee", true), ("coffee", false), ("cofffeee", false)]);
    // Only letters: digits, signs and marks are as many as they are.
    rows(squeezed(&["100"], "exact"), &[("100", true), ("1000", false), ("10", false)]);
    rows(squeezed(&["ok!!"], "exact"), &[("okkk!!", true), ("ok!", false), ("ok!!!", false)]);
    rows(squeezed(&["q\u{323}\u{323}"], "exact"), &[("qq\u{323}\u{323}", true), ("q\u{323}", false)]);
    // After N5: what it makes alike counts together.
    let both = json!({ "keywords": { "words": ["xoo"], "match": "exact", "ignore_accents": true, "squeeze": true } });
    rows(both, &[("xoó", true), ("xòo", true), ("xó", false), ("xoóo", true)]);
    // N3: of a longer run the last letter may belong to a mark. What matches without it matches with it.
    for squeeze in [false, true] {
        let when = json!({ "keywords": { "words": ["มาก"], "squeeze": squeeze } });
        rows(when, &[("มากก็ดี", true), ("มาก็", false), ("มากกก็", true)]);
    }
    rows(squeezed(&["มากก"], "contains"), &[("มากก็ดี", false), ("มากกก็", true)]);
    rows(squeezed(&["faq"], "word"), &[("faqq\u{323}", false), ("faqq", true)]);
    rows(squeezed(&["มาก"], "exact"), &[("มากก", true), ("มากก็", false)]);
}

#[test]
fn n7_a_pattern_is_found_in_the_normalised_text() {
    let pattern = |pattern: &str| json!({ "pattern": pattern });
    rows(pattern("p.?rice"), &[("the PRICE", true), ("ＰＲＩＣＥ", true), ("p\u{200b}rice", true), ("pxxrice", false)]);
    rows(pattern("^how much$"), &[("  How \n MUCH ", true), ("how much?", false)]);
    // Written in capitals, it is the same pattern.
    rows(pattern("PRICE"), &[("price", true)]);
    // N3 does not apply.
    rows(pattern("แพ"), &[("แพ้", true)]);
}

#[test]
fn n8_a_question_mark_at_the_end_of_the_text_as_received() {
    rows(
        json!("question_mark"),
        &[
            ("how much?", true),
            ("how much", false),
            ("？ 😍", true),
            ("why? no", false),
            ("?", true),
            ("", false),
            ("?!", false),
        ],
    );
}

#[test]
fn n9_a_product_is_named_as_a_word() {
    let any = json!({ "mentions": { "products": [] } });
    let pairs = [
        ("GLOW  serum please", true),
        ("glow serums", false),
        ("ขอเซรั่มโกลว์หน่อย", true),
        ("the 30ML one", true),
        ("130ml", false),
        // A SKU's name counts from three characters on, after normalising.
        ("xl please", false),
        ("3 0 please", true),
        ("rose oil", true),
        ("rose", false),
    ];
    rows(any, &pairs);
    rows(json!({ "mentions": { "products": ["p"] } }), &[("rose oil", false), ("glow serum", true), ("30ml", true)]);
    rows(json!({ "mentions": { "products": ["q"] } }), &[("rose oil", true), ("glow serum", false), ("30ml", false)]);
    // A product that the workspace lacks is never mentioned, and does not stand for any.
    let lacks = |id: &str| json!({ "mentions": { "products": [id] } });
    rows(lacks("gone"), &[("glow serum", false), ("gone", false)]);
    rows(json!({ "not": lacks("gone") }), &[("glow serum", true)]);
    rows(json!({ "mentions": { "products": ["gone", "q"] } }), &[("rose oil", true), ("glow serum", false)]);
    // N9: lengths are counted after normalising, whatever was written. `เเก` is `แก`, and `ﬁt` is `fit`.
    let sku = |name: &str| {
        let product =
            json!([{ "id": "p", "name": "Glow", "url": "https://x.example", "skus": [{ "id": "s", "name": name }] }]);
        let when = json!({ "when": { "mentions": { "products": [] } } });
        let world = world(json!({ "products": product, "triggers": [ trigger("t", "hi", when) ] }));
        told(&world, &[comment(0, "u1", name)])[0].starts_with("fired")
    };
    for (name, counts) in [
        ("s30", true),
        ("s3", false),
        ("เเก", false),
        ("เแก", true),
        ("ﬁt", true),
        ("ﬁ", false),
        ("s\u{200b}3", false),
        (" s 3 ", true),
        ("ดีี", false),
        ("e\u{301}x", false),
        ("㎖s", true),
    ] {
        assert_eq!(sku(name), counts, "{name:?}");
    }
    // Lengths of other names do not matter.
    let short = world(json!({ "products": [ { "id": "x", "name": "X", "url": "https://x.example" , "skus": [] } ],
        "triggers": [ trigger("t", "hi", json!({ "when": { "mentions": { "products": ["x"] } } })) ] }));
    check(&short, &[comment(0, "u1", "an X?"), comment(1, "u2", "xx")], &["fired t | dm Hi", "no_match"]);
}

#[test]
fn n10_texts_are_cut_for_matching_at_ten_thousand_characters() {
    // As received: characters that normalising drops count, and bytes do not.
    for filler in ["x", "ก", "😍", "\u{200b}", " "] {
        for (before, found) in [(9_994, true), (9_995, true), (9_996, false), (10_000, false)] {
            let text = format!("{}price", filler.repeat(before));
            assert_eq!(fires(&word("price"), &text), found, "{filler:?} {before}");
            assert_eq!(fires(&json!({ "pattern": "price" }), &text), found, "{filler:?} {before}");
        }
    }
    // The end of what is matched is an end like any other: N8, and N3 at the cut.
    let marked = |before: usize, mark: &str| format!("{}{mark} and more", "x".repeat(before));
    rows(
        json!("question_mark"),
        &[
            (&marked(9_999, "?"), true),
            (&marked(9_998, "?"), true),
            (&marked(9_997, "?"), false),
            (&marked(10_000, "?"), false),
        ],
    );
    rows(word("xแพ"), &[(&marked(9_998, "แพ้"), true), (&marked(9_997, "แพ้"), false)]);
    rows(
        json!({ "mentions": { "products": [] } }),
        &[(&marked(9_989, " 30ml"), true), (&marked(9_996, " 30ml"), false)],
    );
}

#[test]
fn n10_the_evaluation_says_that_a_text_was_cut() {
    let world = world(json!({ "triggers": [ trigger("price", "hi", json!({})) ] }));
    for (length, cut) in [(9_999, false), (10_000, false), (10_001, true)] {
        assert_eq!(tried(&world, &"ก".repeat(length))[0].cut, cut, "{length}");
    }
}

#[test]
fn n10_sensitive_words_are_cut_and_labels_and_captures_see_the_whole() {
    let blocks = json!([{ "id": "q", "quick_replies": { "text": "Size?", "field": "size",
            "options": [{ "id": "s", "label": "S" }], "free_text": {} } },
        { "id": "b", "branch": { "field": "size", "cases": [{ "contains": "yes", "goto": "yes" }], "otherwise": "no" } },
        { "id": "yes", "message": { "text": "Yes" }, "goto": "end" }, { "id": "no", "message": { "text": "No" } },
        { "id": "end", "tag": { "tag": "t" } }]);
    let world = world(json!({ "triggers": [ trigger("price", "ask", json!({})) ], "flows": [ flow("ask", blocks) ],
        "sensitive": [{ "words": ["refund"], "handoff": true }] }));
    let reply = |text: &str| told(&world, &[comment(0, "u1", "price"), message(1, "u1", text)]).pop().unwrap();
    assert_eq!(reply(&format!("{}refund", "x".repeat(9_994))), "sensitive | inbox sensitive_word");
    assert_eq!(reply(&format!("{}refund", "x".repeat(9_995))), "taken | dm No");
    // A label at the end of a text of white space that is longer than what is matched.
    assert_eq!(reply(&format!("{}s", " ".repeat(20_000))), "taken | dm No");
    let size = |text: &str| {
        contact(&world, &[comment(0, "u1", "price"), message(1, "u1", text)], "u1")["fields"]["size"].clone()
    };
    assert_eq!(size(&format!("{}s", " ".repeat(20_000))), "S");
    // A captured value is cut at 1,000 characters, and the branch sees what was captured.
    assert_eq!(reply(&format!("{}yes", "ก".repeat(997))), "taken | dm Yes");
    assert_eq!(reply(&format!("{}yes", "ก".repeat(998))), "taken | dm No");
    assert_eq!(size(&"ก".repeat(1_001)).as_str().unwrap().chars().count(), 1_000);
}
