//! Pages: how many are asked for, and where the next one begins.

use crate::{Kind, Problem, router::Shared};
use chatsparks_core::{Instant, UserId};
use chatsparks_ports::Store;
use serde::{Deserialize, Deserializer, de::Error};

/// How many are asked for.
///
/// # Errors
/// `400` where that is none.
pub(super) fn limit(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Problem> {
    match asked {
        Some(0) => Err(Problem::new(Kind::BadRequest, "`limit` is a number from 1")),
        asked => Ok(asked.unwrap_or(usual).min(most)),
    }
}

/// Reads a number of a query, however large: whoever asks for more than there can be gets all that they may have.
///
/// # Errors
/// What is no whole number.
pub(super) fn count<'de, D: Deserializer<'de>>(read: D) -> Result<Option<usize>, D::Error> {
    let text = String::deserialize(read)?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::custom(format!("a whole number was expected, and not `{}`", text.escape_debug())));
    }
    Ok(Some(text.parse().unwrap_or(usize::MAX)))
}

/// Where the next page begins, as it is written.
pub(super) trait Cursored {
    /// It, as text; none: there is no next page.
    fn written<S: Store>(&self, service: &Shared<S>) -> Option<String>;
}

/// A place in time, and whose: the milliseconds, a tilde, the contact.
pub(super) fn read_place(text: &str, name: &str) -> Result<(Instant, UserId), Problem> {
    let bad =
        || Problem::new(Kind::BadRequest, format!("`{name}` is the `next` of an earlier answer of this workspace"));
    let (at, user_id) = text.split_once('~').ok_or_else(bad)?;
    let at = at.parse().map_err(|_| bad())?;
    Ok((Instant::from_milliseconds(at), UserId::from(user_id)))
}

/// The same, written.
pub(super) fn write_place((at, user_id): &(Instant, UserId)) -> String {
    format!("{}~{user_id}", at.as_milliseconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_a_place_is_read_as_it_was_written() {
        for user_id in ["u1", "u~1", "ผู้ใช้", ""] {
            let place = (Instant::from_milliseconds(1_772_000_000_000), UserId::from(user_id));
            assert_eq!(read_place(&write_place(&place), "before").ok(), Some(place));
        }
        for text in ["", "~u1", "x~u1", "99999999999999999999~u1", "17"] {
            assert!(read_place(text, "before").is_err(), "{text}");
        }
    }

    #[test]
    fn h_a_page_has_one_at_least() {
        assert_eq!(limit(None, 50, 200).ok(), Some(50));
        assert_eq!(limit(Some(1_000), 50, 200).ok(), Some(200));
        assert!(limit(Some(0), 50, 200).is_err());
    }

    #[test]
    fn h_a_number_is_taken_however_large() {
        let read = |text: &str| count(serde_json::Value::from(text)).ok().flatten();
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("50"), Some(50));
        assert_eq!(read("211190608721910190571520"), Some(usize::MAX));
        for text in ["", " 5", "+5", "-5", "5.0", "5e1", "\u{661}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
