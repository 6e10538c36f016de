//! The sentences of the reading library in the words of those who write documents and histories.

/// The sentence of an error in plain words, without the position that serde_json appends.
pub(crate) fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    plain(text.rsplit_once(" at line ").map_or(&*text, |(sentence, _)| sentence))
}

/// A sentence without the terms of the language that the reader is written in. Names and values in it stay.
fn plain(sentence: &str) -> String {
    for kind in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) = sentence.strip_prefix(kind).and_then(|rest| rest.rsplit_once(", expected ")) {
            return format!("expected {}, found {}", wanted(expected), met(found));
        }
    }
    for (kind, plain) in [("unknown field ", "unknown field "), ("unknown variant ", "unknown value ")] {
        if let Some(rest) = sentence.strip_prefix(kind) {
            let names = quoted(rest);
            let meant =
                names.split_first().and_then(|(name, known)| Some((name, nearest(name, known.iter().copied())?)));
            return match meant {
                Some((name, meant)) => format!("{plain}`{name}`: did you mean `{meant}`?"),
                None => format!("{plain}{rest}"),
            };
        }
    }
    if let Some(rest) = sentence.strip_prefix("duplicate field ") {
        return format!("field {rest} is given twice");
    }
    let plain = match sentence {
        "expected ident" => "expected `true`, `false` or `null`",
        "expected value" => "expected a value",
        "EOF while parsing a list" => "it ends within a list",
        "EOF while parsing an object" => "it ends within an object",
        "EOF while parsing a string" => "it ends within a text",
        "EOF while parsing a value" => "it ends where a value was expected",
        "key must be a string" => "expected the name of a field, in quotes",
        "trailing characters" => "nothing was expected after its end",
        "trailing comma" => "nothing was expected after the comma",
        "invalid escape" => "expected an escape such as `\\n` or `\\u0e01` after the backslash",
        "unexpected end of hex escape" => "expected a second escape, for the other half of the character",
        "lone leading surrogate in hex escape" => "half of a character, without its other half",
        "invalid unicode code point" => "an escape that is no character",
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            "a control character in a text: write it as an escape, such as `\\n`"
        }
        "invalid number" => "expected a number",
        "number out of range" => "the number is out of range",
        "recursion limit exceeded" => "it is nested too deep",
        other => other,
    };
    plain.to_owned()
}

/// The names that stand in backticks in a sentence.
pub(crate) fn quoted(sentence: &str) -> Vec<&str> {
    sentence.split('`').skip(1).step_by(2).collect()
}

/// The one of the known names that was probably meant. Capitals, dashes and what joins words count for nothing.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let bare = |name: &str| name.to_lowercase().replace(['_', '-', ' '], "");
    let wanted = bare(name);
    // A third of a short name is another name.
    let apart = (wanted.chars().count() / 3).clamp(1, 3);
    let known = known.map(|known| (strsim::damerau_levenshtein(&wanted, &bare(known)), known));
    known.filter(|(distance, _)| *distance <= apart).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// What was expected.
fn wanted(expected: &str) -> String {
    let plain = match expected {
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number, not negative",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" | "a borrowed string" | "a character" | "str" => "a text",
        "a sequence" => "a list",
        "a map" | "map with a single key" => "an object",
        "string or map" => "a text, or an object with one field",
        "variant identifier" | "field identifier" => "a name",
        "unit" | "unit variant" => "a text",
        other if other.starts_with("struct ") || other.starts_with("internally tagged enum ") => "an object",
        other if other.starts_with("enum ") => "a text, or an object with one field",
        other => other,
    };
    plain.to_owned()
}

/// What was found in its place.
fn met(found: &str) -> String {
    for (term, plain) in [
        ("string ", "the text "),
        ("integer ", "the number "),
        ("floating point ", "the number "),
        ("boolean ", ""),
        ("character ", "the text "),
    ] {
        if let Some(value) = found.strip_prefix(term) {
            return format!("{plain}{value}");
        }
    }
    let plain = match found {
        "sequence" => "a list",
        "map" | "newtype struct" | "struct variant" => "an object",
        "string" => "a text",
        "unit value" | "Option value" | "unit variant" => "nothing",
        other => other,
    };
    plain.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_plain() {
        for (sentence, wanted) in [
            ("invalid type: string \"x\", expected i64", "expected a whole number, found the text \"x\""),
            (
                "invalid value: integer `-1`, expected u32",
                "expected a whole number, not negative, found the number `-1`",
            ),
            ("invalid type: floating point `1.5`, expected i64", "expected a whole number, found the number `1.5`"),
            ("invalid type: integer `7`, expected struct MessageBlock", "expected an object, found the number `7`"),
            ("invalid type: boolean `true`, expected a string", "expected a text, found `true`"),
            ("invalid type: null, expected a boolean", "expected `true` or `false`, found null"),
            ("invalid type: map, expected a sequence", "expected a list, found an object"),
            (
                "invalid type: string \"a, expected i64\", expected a map",
                "expected an object, found the text \"a, expected i64\"",
            ),
            ("unknown variant `video2`, expected `video` or `live`", "unknown value `video2`: did you mean `video`?"),
            ("unknown variant `reel`, expected `video` or `live`", "unknown value `reel`, expected `video` or `live`"),
            ("unknown field `wrods`, expected `words`", "unknown field `wrods`: did you mean `words`?"),
            (
                "unknown field `x`, expected one of `id`, `when`, `flow`",
                "unknown field `x`, expected one of `id`, `when`, `flow`",
            ),
            (
                "unknown field `public-Reply`, expected one of `id`, `public_reply`",
                "unknown field `public-Reply`: did you mean `public_reply`?",
            ),
            ("missing field `flow`", "missing field `flow`"),
            ("duplicate field `id`", "field `id` is given twice"),
            ("expected ident", "expected `true`, `false` or `null`"),
            ("EOF while parsing an object", "it ends within an object"),
            (
                "a case needs one of `equals`, `contains`, `one_of`",
                "a case needs one of `equals`, `contains`, `one_of`",
            ),
        ] {
            assert_eq!(plain(sentence), wanted);
        }
    }
}
