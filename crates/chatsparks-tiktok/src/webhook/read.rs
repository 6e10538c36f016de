//! Reading what came, leniently: what is not needed may be missing, new, or of another kind.

use chatsparks_core::{Instant, Text};
use serde_json::Value;
use sha2::{Digest, Sha256};

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

/// JSON, in which half characters read as U+FFFD.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut mended = String::from_utf8_lossy(bytes).into_owned().into_bytes();
    mend(&mut mended);
    serde_json::from_slice(&mended).map_err(|_| DecodeError::NotJson)
}

/// An id: a text, or a whole number, which may have nineteen digits and never goes through a fraction.
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let fits = !text.is_empty() && text.chars().count() <= LONGEST_ID && !text.chars().any(char::is_control);
            fits.then(|| text.clone())
        }
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        _ => None,
    }
}

/// An id, where zero, null and nothing all mean that there is none.
pub(crate) fn id_unless_zero(value: &Value) -> Option<String> {
    id(value).filter(|id| id != "0")
}

/// An id of whatever length: a long one is known by its digest.
pub(crate) fn any_id(value: &Value) -> Option<String> {
    id(value).or_else(|| {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(format!("sha256:{}", super::signature::hex(&Sha256::digest(text.as_bytes()))))
    })
}

/// An instant: seconds or milliseconds since 1970, as a number or in a text.
pub(crate) fn instant(value: &Value) -> Option<Instant> {
    let number = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let milliseconds = if number < MILLISECONDS_FROM { number.checked_mul(1_000)? } else { number };
    // From 1970 to the end of 9999.
    (1..=253_402_300_799_999).contains(&milliseconds).then(|| Instant::from_milliseconds(milliseconds))
}

/// A text, where one is there.
pub(crate) fn text(value: &Value) -> Option<Text> {
    value.as_str().map(Text::from)
}

/// A handle, where one is there; one that is too long is none.
pub(crate) fn handle(value: &Value) -> Option<Text> {
    let handle = value.as_str()?;
    (!handle.is_empty() && handle.chars().count() <= LONGEST_ID).then(|| Text::from(handle))
}

/// Makes each escape that is half a character, such as `\ud83d` alone, the escape of U+FFFD, in place.
fn mend(json: &mut [u8]) {
    let mut at = 0;
    while at < json.len() {
        if json.get(at) != Some(&b'\\') {
            at += 1;
            continue;
        }
        at += match unit(json, at) {
            Some(0xD800..=0xDBFF) if matches!(unit(json, at + 6), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => {
                if let Some(escape) = json.get_mut(at..at + 6) {
                    escape.copy_from_slice(br"\ufffd");
                }
                6
            }
            Some(_) => 6,
            // Another escape, of which the second character may itself be a backslash.
            None => 2,
        };
    }
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
            assert_eq!(id(&value).as_deref(), wanted, "{given}");
        }
        assert_eq!(id(&json!("x".repeat(257))), None);
        assert!(any_id(&json!("x".repeat(257))).is_some_and(|id| id.starts_with("sha256:") && id.len() == 71));
        assert_eq!(id_unless_zero(&json!(0)), None);
        assert_eq!(id_unless_zero(&json!("0")), None);
    }

    #[test]
    fn instants_are_seconds_or_milliseconds() {
        let at = |value: Value| instant(&value).map(Instant::as_milliseconds);
        assert_eq!(at(json!(1_700_000_000)), Some(1_700_000_000_000));
        assert_eq!(at(json!("1700000000")), Some(1_700_000_000_000));
        assert_eq!(at(json!(1_700_000_000_123_u64)), Some(1_700_000_000_123));
        for none in [json!(0), json!(-5), json!(null), json!("soon"), json!(u64::MAX), json!(i64::MAX), json!(1.5)] {
            assert_eq!(at(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn half_characters_are_taken() {
        for (given, wanted) in [
            (r#""price \ud83d""#, "price \u{fffd}"),
            (r#""\ud83d\ude0d""#, "\u{1f60d}"),
            (r#""\ude0d\\ud83d""#, "\u{fffd}\\ud83d"),
        ] {
            assert_eq!(json(given.as_bytes()), Ok(json!(wanted)), "{given}");
        }
        assert_eq!(json(b"\"\xff\""), Ok(json!("\u{fffd}")));
        assert_eq!(json("[".repeat(100_000).as_bytes()), Err(DecodeError::NotJson));
    }
}
