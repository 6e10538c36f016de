//! What is left of a text without what stands around it (F4).

use super::class::{Class, is_letter_number_or_mark};

/// `text` without everything at both ends but letters, numbers and the marks of letters: `Yes!` and `✅ Yes` are both
/// `Yes`. A mark that no letter carries, such as the frame of a keycap, is set aside.
pub(crate) fn bare(text: &str) -> &str {
    let (mut start, mut end, mut on_letter) = (None, 0, false);
    for (place, c) in text.char_indices() {
        let class = Class::of(c);
        let carried = class.is_mark() && on_letter;
        on_letter = class.is_letter() || carried;
        if on_letter || (is_letter_number_or_mark(c) && !class.is_mark()) {
            start.get_or_insert(place);
            end = place + c.len_utf8();
        }
    }
    start.and_then(|start| text.get(start..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f4_only_letters_numbers_and_the_marks_of_letters_stay_at_the_ends() {
        for (text, wanted) in [
            ("✅ yes", "yes"),
            ("yes!!", "yes"),
            ("yes, no", "yes, no"),
            ("!!", ""),
            ("", ""),
            ("(3)", "3"),
            ("2\u{20E3}", "2"),
            ("2\u{301}", "2"),
            ("\u{301}a", "a"),
            ("é!", "é"),
            ("q\u{301}\u{323}!", "q\u{301}\u{323}"),
            ("สีฟ้า!!", "สีฟ้า"),
            ("ที่", "ที่"),
            ("½ l", "½ l"),
            ("🇹🇭", ""),
        ] {
            assert_eq!(bare(text), wanted, "{text}");
        }
    }
}
