//! Half characters: phones and platforms cut texts between the two escapes of one character (`formats.md`).

/// Length of an escape such as `\ud83d`.
const ESCAPE: usize = 6;

/// Makes each escape that is half a character, such as `\ud83d` alone, the escape of U+FFFD, in place: places in the
/// line stay what they are.
pub fn mend_half_characters(line: &mut [u8]) {
    let mut from = 0;
    while let Some(found) = line.get(from..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let at = from + found;
        from = match unit(line, at) {
            Some(0xD800..=0xDBFF) if matches!(unit(line, at + ESCAPE), Some(0xDC00..=0xDFFF)) => at + 2 * ESCAPE,
            Some(0xD800..=0xDFFF) => {
                if let Some(escape) = line.get_mut(at..at + ESCAPE) {
                    escape.copy_from_slice(br"\ufffd");
                }
                at + ESCAPE
            }
            Some(_) => at + ESCAPE,
            // Another escape, of which the second character may itself be a backslash.
            None => at + 2,
        };
    }
}

/// The code unit of the escape that stands here, if one does.
fn unit(line: &[u8], at: usize) -> Option<u32> {
    let (begin, digits) = line.get(at..at + ESCAPE)?.split_at(2);
    if begin != br"\u" || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_escapes_that_are_half_a_character_are_mended() {
        for (line, wanted) in [
            (r#""price \ud83d""#, r#""price \ufffd""#),
            (r#""\uDE0D price""#, r#""\ufffd price""#),
            (r#""\ud83d\ude0d""#, r#""\ud83d\ude0d""#),
            (r#""\uD83D\uDE0D\uD83D""#, r#""\uD83D\uDE0D\ufffd""#),
            (r#""\ud83d\ud83d\ude0d""#, r#""\ufffd\ud83d\ude0d""#),
            (r#""\ude0d\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\u0041""#, r#""\ufffd\u0041""#),
            (r#""\ud83d\\ude0d""#, r#""\ufffd\\ude0d""#),
            (r#""\ud83dx\ude0d""#, r#""\ufffdx\ufffd""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\"\ud7ff\ue000\ud83""#, r#""\"\ud7ff\ue000\ud83""#),
            (r#""\ud8zz""#, r#""\ud8zz""#),
            (r#""\u+d83""#, r#""\u+d83""#),
            (r"\ud83d", r"\ufffd"),
            (r"\", r"\"),
            (r"\u", r"\u"),
            ("", ""),
        ] {
            let mut mended = line.as_bytes().to_vec();
            mend_half_characters(&mut mended);
            assert_eq!(String::from_utf8_lossy(&mended), wanted, "{line}");
        }
    }
}
