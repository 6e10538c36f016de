//! The rules as tables: what goes in, what comes out.

use super::super::*;

const LOOSE: Variant = Variant { ignore_accents: true, squeeze: false };
const SQUEEZED: Variant = Variant { ignore_accents: false, squeeze: true };
const BOTH: Variant = Variant { ignore_accents: true, squeeze: true };

#[test]
fn n1_normalise() {
    for (text, expected) in [
        // Case, in full and not the Turkic way.
        ("PRICE", "price"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("ẞ", "ss"),
        ("İ", "i\u{307}"),
        ("ıI", "ıi"),
        ("ΌΔΟΣ ὀδός ΟΔΟΣ", "όδοσ ὀδόσ οδοσ"),
        ("ᾼ ᾳ\u{301}", "αι άι"),
        ("ŉ", "'n"),
        ("Ꭰ ꭰ", "Ꭰ Ꭰ"),
        // Width and other compatibility.
        ("ｐｒｉｃｅ？", "price?"),
        ("ﾊﾟ ｶﾞ", "パ ガ"),
        ("① ½ ™ ﬁ", "1 1⁄2 tm fi"),
        ("ﷺ", "صلى الله عليه وسلم"),
        ("ㅎㅏㄴ", "하ᄂ"),
        // Decimal digits of every script; other numbers are no digits.
        ("๑๒๓ ๕๐", "123 50"),
        ("٠١٢ ۳۴۵ ५६७ ８９", "012 345 567 89"),
        ("๐៰\u{1D7D8}\u{1E950}", "0៰00"),
        ("五 Ⅷ ௰ ²", "五 viii ௰ 2"),
        // Apostrophes; not what only looks like one.
        ("what’s ‘it’", "what's 'it'"),
        ("jumʼat", "jum'at"),
        ("don＇t d´or 5′ ‛a `b", "don't d \u{301}or 5′ ‛a `b"),
        // Composition, in whatever order the marks come.
        ("e\u{302}\u{323}", "ệ"),
        ("ê\u{323}", "ệ"),
        ("E\u{323}\u{302}", "ệ"),
        ("\u{1100}\u{1161}\u{11A8}", "각"),
        ("가\u{11A8}", "각"),
        // Thai: U+0E33 opens, and is the same as its parts; marks are put in order.
        ("น\u{E33}", "น\u{E4D}\u{E32}"),
        ("น\u{E4D}\u{E32}", "น\u{E4D}\u{E32}"),
        ("น\u{E49}\u{E33}", "น\u{E4D}\u{E49}\u{E32}"),
        ("น\u{E49}\u{E4D}\u{E32}", "น\u{E4D}\u{E49}\u{E32}"),
        ("น\u{E4D}\u{E49}\u{E32}", "น\u{E4D}\u{E49}\u{E32}"),
        ("น\u{E33}\u{E49}", "น\u{E4D}\u{E49}\u{E32}"),
        ("น\u{E4D}\u{E32}\u{E49}", "น\u{E4D}\u{E49}\u{E32}"),
        ("N\u{E49}\u{E33}", "n\u{E4D}\u{E49}\u{E32}"),
        // Two U+0E40 are one U+0E41, from the left.
        ("เเพง", "แพง"),
        ("เเเพง", "แเพง"),
        ("เเเเพง", "แแพง"),
        ("เ\u{200B}เ\u{FE0F}เเก", "แแก"),
        ("เ เ", "เ เ"),
        ("แเ", "แเ"),
        // A tone mark behind U+0E32 stands before it, however many there are of either.
        ("วา\u{E48}", "ว\u{E48}า"),
        ("วา\u{E48}\u{E49}", "ว\u{E48}\u{E49}า"),
        ("จ\u{E49}าา\u{E49}า\u{E49}", "จ\u{E49}าาา"),
        ("า\u{E48}", "\u{E48}า"),
        ("วา\u{E38}\u{E48}", "วา\u{E38}\u{E48}"),
        ("วา \u{E48}", "วา \u{E48}"),
        // Tone marks stand behind the other marks, each group in its order; doubles are dropped.
        ("ท\u{E48}\u{E35}", "ท\u{E35}\u{E48}"),
        ("ท\u{E35}\u{E48}", "ท\u{E35}\u{E48}"),
        ("ด\u{E35}\u{E35}", "ด\u{E35}"),
        ("ด\u{E35}\u{200B}\u{E35}\u{E35}", "ด\u{E35}"),
        ("ด\u{E49}\u{E35}\u{E49}\u{E35}", "ด\u{E35}\u{E49}"),
        ("ก\u{E49}\u{E4C}\u{E48}\u{E34}", "ก\u{E4C}\u{E34}\u{E49}\u{E48}"),
        ("ก\u{E34}\u{E4C} ก\u{E4C}\u{E34}", "ก\u{E34}\u{E4C} ก\u{E4C}\u{E34}"),
        ("ก\u{E47}ก\u{E47}", "ก\u{E47}ก\u{E47}"),
        ("\u{E48}\u{E31}", "\u{E31}\u{E48}"),
        // Lao and Khmer are not looked at, nor are other marks twice.
        ("ກ\u{EC8}\u{EB5} ເເ", "ກ\u{EC8}\u{EB5} ເເ"),
        ("x\u{323}\u{323}", "x\u{323}\u{323}"),
        // A mark of another script does not hold the Thai ones apart, and canonical order comes last.
        ("ก\u{E48}\u{334}\u{E34}", "ก\u{334}\u{E34}\u{E48}"),
        ("ก\u{E48}\u{E34}\u{334}", "ก\u{E34}\u{334}\u{E48}"),
        ("ก\u{E48}\u{E38}", "ก\u{E38}\u{E48}"),
        ("ก\u{E38}\u{E48}", "ก\u{E38}\u{E48}"),
        // What is dropped, also between a letter and its mark.
        ("p\u{200B}rice", "price"),
        ("pri\u{AD}ce", "price"),
        ("price\u{FE0F}!", "price!"),
        ("e\u{200D}\u{301}", "é"),
        ("ก\u{200C}\u{E48}", "ก\u{E48}"),
        ("👩\u{200D}👧", "👩👧"),
        ("葛\u{E0100}", "葛"),
        ("pri\u{34F}ce \u{115F}x\u{1160} \u{3164}y\u{FFA0}", "price x y"),
        ("a\u{180B}b\u{17B4}c\u{2065}d\u{E0FFF}e", "abcde"),
        // What they held apart touches.
        ("e\u{34F}\u{301} a\u{301}\u{34F}\u{323}", "é ạ\u{301}"),
        ("\u{1100}\u{115F}\u{1161}", "가"),
        // White space.
        ("how   much", "how much"),
        ("how\u{A0}much", "how much"),
        ("How\nMuch", "how much"),
        ("how\u{3000}much", "how much"),
        (" HOW\t much ", "how much"),
        ("how \u{200B} much", "how much"),
        ("a\u{85}b\u{1680}c\u{2028}d\u{1F}e", "a b c d\u{1F}e"),
        ("a \u{301}", "a \u{301}"),
        (" ¨ ", "\u{308}"),
        ("12345678 \t 12345678  9", "12345678 12345678 9"),
        // Nothing at all.
        ("", ""),
        (" \t\u{200B}\u{FE0F}\u{3000}\u{3164}", ""),
    ] {
        assert_eq!(normalise(text), expected, "{text:?}");
        assert_eq!(is_blank(text), expected.is_empty(), "{text:?}");
        assert_eq!(normalise(expected), expected, "{text:?} once more");
    }
}

#[test]
fn n1_long_runs_of_marks_and_spaces() {
    let marks = "\u{301}\u{323}".repeat(5_000);
    // One of the dots below joins the letter; the accents stand behind the other 4,999.
    let expected = format!("ạ{}{}", "\u{323}".repeat(4_999), "\u{301}".repeat(5_000));
    assert_eq!(normalise(&format!("A{marks}")), expected);
    assert_eq!(normalise(&" \u{A0}\t".repeat(5_000)), "");
    assert_eq!(normalise(&"\u{E01EF}".repeat(5_000)), "");
    assert_eq!(normalise(&"SPARKS".repeat(5_000)), "sparks".repeat(5_000));
}

#[test]
fn n1_allocates_nothing_when_there_is_room() {
    let texts = [
        "How much is this one? ".repeat(20),
        "ราคาเท่าไหร่คะ น้ำ ".repeat(20),
        "ĐẸP quá e\u{302}\u{323} ".repeat(20),
        "❤️👩‍👧 ｐｒｉｃｅ？ ".repeat(20),
    ];
    let mut out = String::with_capacity(4_096);
    let mut varied = String::with_capacity(4_096);
    let marks = format!("a{}", "\u{301}\u{323}".repeat(300));
    let mut normaliser = Normaliser::new();
    normaliser.normalise_into(&marks, &mut out);
    let counted = allocation_counter::measure(|| {
        for text in &texts {
            normalise_into(text, &mut out);
            for variant in [LOOSE, SQUEEZED, BOTH] {
                vary_into(&out, variant, &mut varied);
            }
        }
    });
    assert_eq!(counted.count_total, 0);
    // Sorting may borrow room for a run this long; the buffers are those of before.
    let counted = allocation_counter::measure(|| normaliser.normalise_into("a\u{301}\u{323}", &mut out));
    assert_eq!(counted.count_total, 0);
}

#[test]
fn n5_ignore_accents() {
    for (text, expected) in [
        ("GIÁ bao nhiêu", "gia bao nhieu"),
        ("đẹp ĐẸP d\u{323}", "dep dep d"),
        ("Ở Ự ữ ặ", "o u u a"),
        ("Ёж Й", "еж и"),
        ("ΆΈ ᾳ\u{301}", "αε αι"),
        ("i\u{307} İ", "i i"),
        ("n\u{303}\u{34F}\u{301}", "n"),
        // What is left is composed again.
        ("\u{1100}\u{1161} a\u{9C7}\u{34F}\u{9BE}", "가 a\u{9CB}"),
        // Marks that are not Mn stay, and what is behind them goes all the same.
        ("a\u{20DD}\u{301}", "a\u{20DD}"),
        ("a\u{9C7}\u{301}\u{9BE}", "a\u{9CB}"),
        // Thai and every other script keeps its marks; so do digits and signs.
        ("แพ้", "แพ้"),
        ("ก\u{E38}\u{E48}", "ก\u{E38}\u{E48}"),
        ("ガ क\u{93C} 한", "ガ क\u{93C} 한"),
        ("1\u{301} ≠", "1\u{301} ≠"),
        ("aก\u{301}", "aก\u{301}"),
        // It is the letter that counts, not the script of the mark.
        ("ship\u{E49}", "ship"),
        // Strokes other than that of đ are no marks.
        ("ø ł ħ", "ø ł ħ"),
    ] {
        assert_eq!(vary(&normalise(text), LOOSE), expected, "{text:?}");
    }
    assert_eq!(vary("giá", Variant::PLAIN), "giá");
}

#[test]
fn n6_squeeze() {
    for (text, expected) in [
        ("priiiice", "price"),
        ("PRICEEE??", "price??"),
        ("coffee", "cofe"),
        ("1000", "1000"),
        ("ok...  ok", "ok... ok"),
        ("มากกกก", "มาก"),
        ("สวยยย ๆๆ", "สวย ๆ"),
        ("q\u{323}\u{323}", "q\u{323}\u{323}"),
        ("ééé é", "é é"),
        ("กaaกaกก", "กaกaก"),
        ("bookkeeper", "bokeper"),
        ("aaaaaaaaaaaaaaaab", "ab"),
        ("😍😍", "😍😍"),
        ("", ""),
    ] {
        assert_eq!(vary(&normalise(text), SQUEEZED), expected, "{text:?}");
    }
    // N5 comes first, so that what it makes alike is squeezed.
    assert_eq!(vary(&normalise("Giáaà đd"), BOTH), "gia d");
    assert_eq!(vary(&normalise("Giáaà đd"), SQUEEZED), "giáaà đd");
}

#[test]
fn n8_question_mark() {
    for text in [
        "PRICE?",
        "ราคาเท่าไหร่คะ？ 🙏🏻",
        "giá? 🇻🇳🇻🇳",
        "size?❤️",
        "link❓",
        "restock❔️ 😭😭",
        "¿cuánto؟\u{200F}",
        "price?👩‍👧 ",
        "what ⁉?",
        "really⁇",
        "ok? ©™",
        "ok?\u{20E3}\u{E0020}\n\u{3000}",
    ] {
        assert!(ends_with_question_mark(text), "{text:?}");
    }
    for text in ["price", "what?!", "? yes", "😍", "", "ok?.", "no way ⁉", "ok?1", "ok?1️⃣", "ok?\u{301}", "ok⁈", "ok;"]
    {
        assert!(!ends_with_question_mark(text), "{text:?}");
    }
}

#[test]
fn f3_trim_and_blank() {
    assert_eq!(trim("\u{3000}\t Ann B \u{85}\n"), "Ann B");
    assert_eq!(trim("\u{200B} a"), "\u{200B} a");
    assert_eq!(trim(" \u{2029} "), "");
    assert!(is_blank(" \u{200B}\u{FE0F}"));
    // The Hangul fillers are letters, and ignored by default.
    assert!(is_blank("\u{3164}\u{115F}"));
    assert!(!is_blank("\u{E48}"));
    assert!(!is_blank("."));
}

#[test]
fn c11_ranges_in_the_text_as_received() {
    let range = |text: &str, variant: Variant, part: &str| {
        let mapped = normalise_mapped(text, variant);
        let start = mapped.text.find(part).unwrap();
        mapped.original_range(start, start + part.len())
    };
    for (text, variant, part, expected) in [
        ("The PRICE?", Variant::PLAIN, "price", 4..9),
        ("ขอ ราคา ค่ะ", Variant::PLAIN, "ราคา", 3..7),
        ("a  p\u{200B}rice", Variant::PLAIN, "price", 3..9),
        ("a \t b", Variant::PLAIN, " ", 1..4),
        ("xße", Variant::PLAIN, "s", 1..2),
        ("xßße", Variant::PLAIN, "ss", 1..2),
        ("gia\u{301} ok", Variant::PLAIN, "giá", 0..4),
        ("gia\u{301} ok", LOOSE, "gia", 0..4),
        ("so priiice!", SQUEEZED, "price", 3..10),
        ("❤\u{FE0F}!", Variant::PLAIN, "❤", 0..2),
        ("น\u{E49}\u{E33}ใจ", Variant::PLAIN, "\u{E4D}", 2..3),
        ("น\u{E49}\u{E33}ใจ", Variant::PLAIN, "\u{E49}", 1..2),
        ("x น\u{E33}\u{E49}ใจ", Variant::PLAIN, "น\u{E4D}\u{E49}\u{E32}", 2..5),
        ("x น\u{E33}\u{E49}ใจ", Variant::PLAIN, "ใจ", 5..7),
        ("ของเเพงมาก", Variant::PLAIN, "แพง", 3..7),
        ("ของเเพงมาก", Variant::PLAIN, "มาก", 7..10),
        ("ด\u{E35}\u{E35}มาก", Variant::PLAIN, "ด\u{E35}", 0..3),
        ("ด\u{E35}\u{E35}มาก", Variant::PLAIN, "มาก", 3..6),
        ("วา\u{E48}มา", Variant::PLAIN, "ว\u{E48}า", 0..3),
        ("๕๐ ml", Variant::PLAIN, "50", 0..2),
        ("what’s up", Variant::PLAIN, "what's", 0..6),
        ("a\u{3164}b c", Variant::PLAIN, "b", 2..3),
        ("ก\u{E48}\u{E38}x", Variant::PLAIN, "\u{E38}", 2..3),
        ("ก\u{E48}\u{E38}x", Variant::PLAIN, "\u{E38}\u{E48}", 1..3),
    ] {
        assert_eq!(range(text, variant, part), expected, "{text:?} {part:?}");
    }
    let mapped = normalise_mapped("  aé ", Variant::PLAIN);
    assert_eq!(mapped.text, "aé");
    assert_eq!(mapped.original_range(0, 0), 2..2);
    assert_eq!(mapped.original_range(3, 3), 4..4);
    assert_eq!(mapped.original_range(1, 2), 3..4);
    assert_eq!(mapped.original_range(2, 3), 3..4);
    assert_eq!(mapped.original_range(0, 99), 2..4);
    assert_eq!(normalise_mapped(" ", BOTH).original_range(0, 0), 0..0);
}
