//! Stored forms and keys as text, and back.

use crate::fault::of_form;
use chatsparks_core::{Envelope, Instant, Row, Storable, Stored};
use chatsparks_ports::{Input, StoreError};
use std::borrow::Cow;

/// The form of a value.
pub(crate) fn written<T: Storable>(value: &T) -> Result<String, StoreError> {
    json(&Stored::from(value))
}

/// Anything else as JSON.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| of_form(&error))
}

/// The value of a form.
pub(crate) fn read<T: Storable>(form: &str) -> Result<T, StoreError> {
    serde_json::from_str::<Stored<'static, T>>(form).map(Stored::into_inner).map_err(|error| of_form(&error))
}

/// A number as PostgreSQL has it. What counts here stays far below where this would cut.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that counts something.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A partition as PostgreSQL has it.
pub(crate) fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A partition.
pub(crate) fn large(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

pub(crate) fn instant(milliseconds: Option<i64>) -> Option<Instant> {
    milliseconds.map(Instant::from_milliseconds)
}

pub(crate) fn milliseconds(instant: Option<Instant>) -> Option<i64> {
    instant.map(Instant::as_milliseconds)
}

/// An id as text that PostgreSQL takes: a zero byte, which it does not, and the byte that stands for it are written as
/// two. Texts stay in order.
pub(crate) fn key(id: &str) -> Cow<'_, str> {
    if id.bytes().all(|byte| byte > 1) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(id.replace('\u{1}', "\u{1}\u{2}").replace('\0', "\u{1}\u{1}"))
}

/// The id of such a text.
pub(crate) fn unkey(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1}') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\u{1}\u{1}", "\0").replace("\u{1}\u{2}", "\u{1}"))
}

/// The form of a row where it has one: of seen ids the instant is all there is.
pub(crate) fn row_form(row: &Row) -> Result<String, StoreError> {
    Ok(match row {
        Row::Event(..) | Row::Comment(..) | Row::Message(..) | Row::Refund(..) => String::new(),
        Row::Contact(contact) => written(&**contact)?,
        row => written(row)?,
    })
}

/// The `at` that an event has, if nothing later is in its log.
pub(crate) fn proposed_at(input: &Input) -> Instant {
    input.stamp.at(None)
}

/// The form of an event's envelope.
pub(crate) fn envelope_form(input: &Input, at: Instant) -> Result<String, StoreError> {
    written(&Envelope { id: input.id.clone(), at, event: input.event.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_with_any_bytes_come_back_and_stay_in_order() {
        let ids = ["", "\0", "\0\0", "\0\u{1}", "\u{1}", "\u{1}\0", "\u{1}\u{2}", "\u{2}", "a", "a\0b", "a\u{1}", "ä"];
        for id in ids {
            assert!(!key(id).contains('\0'));
            assert_eq!(unkey(&key(id)), id);
        }
        for (one, other) in ids.iter().zip(ids.iter().skip(1)) {
            assert!(key(one) < key(other), "{one:?} before {other:?}");
        }
    }
}
