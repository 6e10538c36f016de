//! Stored forms as text, and back.

use crate::fault::{Failure, of_form};
use chatsparks_core::{Instant, Row, Storable, Stored, StoredAt};
use rusqlite::{Row as Found, types::ValueRef};

/// The form of a value.
pub(crate) fn written<T: Storable>(value: &T) -> Result<String, Failure> {
    Ok(serde_json::to_string(&Stored::from(value))?)
}

/// The form of a value, no newer than the level that the store is at (S3).
pub(crate) fn written_at<T: Storable>(value: &T, forms: u32) -> Result<String, Failure> {
    Ok(serde_json::to_string(&StoredAt::new(value, forms))?)
}

/// The value of a form.
pub(crate) fn read<T: Storable>(form: &str) -> Result<T, Failure> {
    serde_json::from_str::<Stored<'static, T>>(form)
        .map(Stored::into_inner)
        .map_err(|error| Failure::Broken(of_form(&error)))
}

/// The value of the form in a column.
pub(crate) fn column<T: Storable>(found: &Found<'_>, index: usize) -> Result<T, Failure> {
    text(found, index).and_then(read)
}

/// The text in a column.
pub(crate) fn text<'a>(found: &'a Found<'_>, index: usize) -> Result<&'a str, Failure> {
    match found.get_ref(index)? {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_err(|_| Failure::Broken(damaged())),
        _ => Err(Failure::Broken(damaged())),
    }
}

fn damaged() -> chatsparks_ports::StoreError {
    chatsparks_ports::StoreError::Unusable("a stored form is no text".to_owned())
}

/// A number as SQLite has it. What counts here stays far below where this would cut.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that counts something.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(crate) fn instant(milliseconds: Option<i64>) -> Option<Instant> {
    milliseconds.map(Instant::from_milliseconds)
}

pub(crate) fn milliseconds(instant: Option<Instant>) -> Option<i64> {
    instant.map(Instant::as_milliseconds)
}

/// The form of a row where it has one: of seen ids the instant is all there is.
pub(crate) fn row_form(row: &Row, forms: u32) -> Result<Option<String>, Failure> {
    Ok(match row {
        Row::Event(..) | Row::Comment(..) | Row::Message(..) | Row::Refund(..) => None,
        Row::Contact(contact) => Some(written_at(&**contact, forms)?),
        row => Some(written_at(row, forms)?),
    })
}
