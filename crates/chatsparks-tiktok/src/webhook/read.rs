//! Reading what came, leniently: what is not needed may be missing, new, or of another kind.

use super::json::Json;
use chatsparks_core::{Instant, Text};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The longest id of a thing that the platform names, in characters.
const LONGEST_ID: usize = 256;
/// Numbers below this are seconds, not milliseconds: the year 1973 of one, the year 5138 of the other.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Why a body cannot be read. It never says what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is not JSON, or nested too deeply.
    #[error("the body is not JSON that can be read")]
    NotJson,
    /// It is JSON and not an envelope of this platform.
    #[error("the body is not an envelope of this platform")]
    NotAnEnvelope,
    /// Something that this kind of event needs is missing, or cannot be what it says.
    #[error("the event lacks `{0}`, or it is not what the platform writes")]
    Lacks(&'static str),
}

/// What text, number or nothing a field holds, of whatever kind the JSON around it is.
pub(crate) trait Scalar {
    fn text(&self) -> Option<&str>;
    fn unsigned(&self) -> Option<u64>;
    fn signed(&self) -> Option<i64>;
}

impl Scalar for Value {
    fn text(&self) -> Option<&str> {
        self.as_str()
    }

    fn unsigned(&self) -> Option<u64> {
        self.as_u64()
    }

    fn signed(&self) -> Option<i64> {
        self.as_i64()
    }
}

impl Scalar for Json<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Unsigned(number) => Some(*number),
            _ => None,
        }
    }

    fn signed(&self) -> Option<i64> {
        match self {
            Self::Unsigned(number) => i64::try_from(*number).ok(),
            Self::Signed(number) => Some(*number),
            _ => None,
        }
    }
}

/// Reads JSON, which may borrow from the text.
pub(crate) fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|_| DecodeError::NotJson)
}

/// An id: a text, or a whole number, which may have nineteen digits and never goes through a fraction.
pub(crate) fn id<T: for<'t> From<&'t str>>(value: &impl Scalar) -> Option<T> {
    id_text(value).map(|id| T::from(&id))
}

/// An id, where zero, null and nothing all mean that there is none.
pub(crate) fn id_unless_zero<T: for<'t> From<&'t str>>(value: &impl Scalar) -> Option<T> {
    id_text(value).filter(|id| id != "0").map(|id| T::from(&id))
}

/// An id of whatever length: a long one is known by its digest.
pub(crate) fn any_id<T: for<'t> From<&'t str>>(value: &impl Scalar) -> Option<T> {
    id(value).or_else(|| {
        let text = value.text().filter(|text| !text.is_empty())?;
        Some(T::from(&format!("sha256:{}", super::signature::hex(&Sha256::digest(text.as_bytes())))))
    })
}

fn id_text(value: &impl Scalar) -> Option<Cow<'_, str>> {
    match value.text() {
        Some(text) => {
            let fits = !text.is_empty() && text.chars().count() <= LONGEST_ID && !text.chars().any(char::is_control);
            fits.then_some(Cow::Borrowed(text))
        }
        None => value.unsigned().map(|number| Cow::Owned(number.to_string())),
    }
}

/// An instant: seconds or milliseconds since 1970, as a number or in a text.
pub(crate) fn instant(value: &impl Scalar) -> Option<Instant> {
    let number: i64 = match value.text() {
        Some(text) => text.parse().ok()?,
        None => value.signed()?,
    };
    let milliseconds = if number < MILLISECONDS_FROM { number.checked_mul(1_000)? } else { number };
    // From 1970 to the end of 9999.
    (1..=253_402_300_799_999).contains(&milliseconds).then(|| Instant::from_milliseconds(milliseconds))
}

/// A text, where one is there.
pub(crate) fn text(value: &impl Scalar) -> Option<Text> {
    value.text().map(Text::from)
}

/// A handle, where one is there; one that is too long is none.
pub(crate) fn handle(value: &impl Scalar) -> Option<Text> {
    let handle = value.text()?;
    (!handle.is_empty() && handle.chars().count() <= LONGEST_ID).then(|| Text::from(handle))
}

/// The text of what came, in which half characters are those of U+FFFD: mostly it is whole, and stays as it is.
pub(crate) fn mended(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("\\u") || half(text.as_bytes(), 0).is_none() {
        return text;
    }
    let mut json = text.into_owned().into_bytes();
    let mut at = 0;
    while let Some(found) = half(&json, at) {
        if let Some(escape) = json.get_mut(found..found + 6) {
            escape.copy_from_slice(br"\ufffd");
        }
        at = found + 6;
    }
    // An escape is replaced by another as long: it is as whole as before.
    String::from_utf8_lossy(&json).into_owned().into()
}

/// Where the next escape stands that is half a character, such as `\ud83d` alone; none that it begins within.
fn half(json: &[u8], mut at: usize) -> Option<usize> {
    while let Some(next) = json.get(at..)?.iter().position(|byte| *byte == b'\\') {
        at += next;
        at += match unit(json, at) {
            Some(0xD800..=0xDBFF) if matches!(unit(json, at + 6), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => return Some(at),
            Some(_) => 6,
            // Another escape, of which the second character may itself be a backslash.
            None => 2,
        };
    }
    None
}

/// The code unit of the escape that stands here, if one does.
fn unit(json: &[u8], at: usize) -> Option<u32> {
    let (begin, digits) = json.get(at..at + 6)?.split_at(2);
    if begin != br"\u" || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_taken_as_numbers_and_texts_to_the_last_digit() {
        for (given, wanted) in [
            ("7247303576418566913", Some("7247303576418566913")),
            ("\"7247303576418566913\"", Some("7247303576418566913")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("18446744073709551616", None),
            ("7.247303576418567e18", None),
            ("-1", None),
            ("\"\"", None),
            ("\"a\\u0000b\"", None),
            ("null", None),
            ("[1]", None),
        ] {
            let value: Value = serde_json::from_str(given).expect("JSON");
            assert_eq!(id::<String>(&value).as_deref(), wanted, "{given}");
            let lean: Json<'_> = json(given).expect("JSON");
            assert_eq!(id::<String>(&lean).as_deref(), wanted, "{given}");
        }
        assert_eq!(id::<String>(&json!("x".repeat(257))), None);
        let long: Option<String> = any_id(&json!("x".repeat(257)));
        assert!(long.is_some_and(|id| id.starts_with("sha256:") && id.len() == 71));
        assert_eq!(id_unless_zero::<String>(&json!(0)), None);
        assert_eq!(id_unless_zero::<String>(&json!("0")), None);
    }

    #[test]
    fn instants_are_seconds_or_milliseconds() {
        let at = |value: Value| instant(&value).map(Instant::as_milliseconds);
        assert_eq!(at(json!(1_700_000_000)), Some(1_700_000_000_000));
        assert_eq!(at(json!("1700000000")), Some(1_700_000_000_000));
        assert_eq!(at(json!(1_700_000_000_123_u64)), Some(1_700_000_000_123));
        for none in [json!(0), json!(-5), json!(null), json!("soon"), json!(u64::MAX), json!(i64::MAX), json!(1.5)] {
            assert_eq!(at(none.clone()), None, "{none}");
            let written = none.to_string();
            assert_eq!(instant(&json::<Json<'_>>(&written).expect("JSON")), None, "{none}");
        }
    }

    #[test]
    fn half_characters_are_taken() {
        let read = |bytes: &[u8]| json::<Value>(&mended(bytes));
        for (given, wanted) in [
            (r#""price \ud83d""#, "price \u{fffd}"),
            (r#""\ud83d\ude0d""#, "\u{1f60d}"),
            (r#""\ude0d\\ud83d""#, "\u{fffd}\\ud83d"),
            (r#""\ud83d\ud83d\ude0d\ud83d""#, "\u{fffd}\u{1f60d}\u{fffd}"),
        ] {
            assert_eq!(read(given.as_bytes()), Ok(json!(wanted)), "{given}");
        }
        assert_eq!(read(b"\"\xff\""), Ok(json!("\u{fffd}")));
        assert_eq!(read("[".repeat(100_000).as_bytes()), Err(DecodeError::NotJson));
        // What is whole is not copied.
        assert!(matches!(mended(br#""\n\u00e9""#), Cow::Borrowed(_)));
    }
}
