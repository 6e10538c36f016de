//! Words and texts: the same few words, whole, glued, marked, widened and hidden.

use proptest::{prelude::*, sample::select};

/// Words that keywords, names and texts are made of.
const WORDS: &[&str] = &[
    "price",
    "ราคา",
    "แพ",
    "แพ้",
    "น้ำ",
    "ＳＩＺＥ",
    "é",
    "đẹp",
    "dep",
    "giá bao nhiêu",
    "ship",
    "o",
    "buy!",
    "#promo",
    "100",
    "straße",
    "中文",
    "가격",
    "ﬁt",
    "สนใจ",
    "how much",
    "link",
    "priice",
    "Σας",
    "İ",
    "😍",
    "Glow Serum",
    "30ml",
    "XL",
    "free",
    "มากก",
    // Thai as it is typed, digits of other scripts, apostrophes, and what nobody sees.
    "เเพง",
    "น้ํา",
    "นำ้",
    "นํ้า",
    "ดีี",
    "๓๐ml",
    "what's",
    "what’s",
    "sh\u{34F}ip",
    "\u{3164}XL",
];

/// What stands between words and around them.
const PIECES: &[&str] = &[
    " ",
    "  ",
    "\u{200B}",
    "\u{AD}",
    "\u{FE0F}",
    "้",
    "\u{301}",
    "ำ",
    "\u{20DD}",
    "?",
    "？",
    "❓",
    "!",
    "😍",
    "👍🏽",
    "🇹🇭",
    "1️\u{20E3}",
    "e",
    "eeee",
    "ิ",
    "5",
    "_",
    "-",
    "บาท",
    "ค่ะ",
    "b",
    "ย",
    "i",
    "D",
    "\u{3000}",
    "\t",
    "ー",
    "ｰ",
    "ಠ",
    "é",
    "e\u{301}",
    "เ",
    "า",
    "่",
    "ี",
    "๕",
    "٥",
    "ʼ",
    "\u{34F}",
    "\u{115F}",
    "ा",
    "ก็",
];

/// A word of a condition, of a catalogue, of a sensitive entry: often one of the first, so that words meet.
pub fn word() -> impl Strategy<Value = String> {
    prop_oneof![1 => select(&WORDS[..4]), 1 => select(WORDS)].prop_map(str::to_owned)
}

/// What somebody writes: words and pieces side by side.
pub fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![2 => select(&WORDS[..4]), 2 => select(WORDS), 4 => select(PIECES)];
    prop_oneof![
        12 => word(),
        16 => proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat()),
        // Cut at 10,000 characters for matching (N10): a word just before, on or after the cut.
        1 => (select(WORDS), 9_990usize..10_002).prop_map(|(word, before)| format!("{}{word}", ".".repeat(before))),
    ]
}

/// What a buyer answers: what blocks wait for, or anything.
pub(super) fn reply() -> impl Strategy<Value = String> {
    let answers = [
        "Mint",
        "a@b.co",
        "+66 81-234-5678",
        "12,5",
        "-7",
        "1",
        "2",
        "3",
        "２",
        "2.",
        "(1)",
        "2\u{FE0F}\u{20E3}",
        "12",
        "1.5",
        "02",
        "1,000",
        "1.500.000,5",
        "12.34.56",
        "Mint@shop.example.",
        "a@b.co，\u{200B}",
        "a@b.",
        "30ml",
        "30ML",
        "30",
        "ml",
        "yes!",
        "(YES)",
        "!!",
        "👍",
        "Talk to us",
        "ＴＡＬＫ to us",
        "Đẹp",
        "ขนาดเล็ก",
        "yes",
        "no",
        "refund",
        "hi",
        "  ",
        "\u{200B}",
        " a big one ",
        "{{handle}}",
    ];
    prop_oneof![6 => select(answers.to_vec()).prop_map(str::to_owned), 1 => text()]
}
