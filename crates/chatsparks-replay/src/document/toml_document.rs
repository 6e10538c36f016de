//! TOML: the same names as JSON, read through one tree that still knows its places.

use super::{DocumentError, byte_position, path_text};
use crate::plain::sentence;
use chatsparks_core::workspace::Workspace;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Reads a workspace from TOML.
pub(super) fn read(text: &str) -> Result<Workspace, DocumentError> {
    let at = |byte| Some(byte_position(text.as_bytes(), byte));
    let table = DeTable::parse(text)
        .map_err(|error| DocumentError::new("", error.span().and_then(|span| at(span.start)), error.message()))?;
    let start = table.span().start;
    let table = table.into_inner();
    let value = object(&table).map_err(|(byte, message)| DocumentError::new("", at(byte), message))?;
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let byte = place(&table, error.path()).unwrap_or(start);
        DocumentError::new(path_text(&error), at(byte), &sentence(error.inner()))
    })
}

/// The same as JSON, whether it is a workspace or not.
///
/// # Errors
/// What is not TOML, line by line: the parser reads on behind what it does not take.
pub(super) fn tree(text: &str) -> Result<Value, Vec<DocumentError>> {
    let at = |byte| Some(byte_position(text.as_bytes(), byte));
    let (table, errors) = DeTable::parse_recoverable(text);
    let error =
        |error: toml::de::Error| DocumentError::new("", error.span().and_then(|span| at(span.start)), error.message());
    if !errors.is_empty() {
        return Err(errors.into_iter().map(error).collect());
    }
    object(&table.into_inner()).map_err(|(byte, message)| vec![DocumentError::new("", at(byte), message)])
}

fn object(table: &DeTable<'_>) -> Result<Value, (usize, &'static str)> {
    let mut map = Map::new();
    for (key, value) in table {
        map.insert(key.get_ref().to_string(), json(value)?);
    }
    Ok(Value::Object(map))
}

/// The JSON of a value; an instant becomes its text.
fn json(value: &Spanned<DeValue<'_>>) -> Result<Value, (usize, &'static str)> {
    let fault = |message| (value.span().start, message);
    Ok(match value.get_ref() {
        DeValue::String(text) => Value::from(&**text),
        DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix())
            .map(Value::from)
            .map_err(|_| fault("a whole number beyond 64 bits"))?,
        DeValue::Float(number) => number.as_str().parse::<f64>().map(Value::from).map_err(|_| fault("not a number"))?,
        DeValue::Boolean(truth) => Value::from(*truth),
        DeValue::Datetime(instant) => Value::from(instant.to_string()),
        DeValue::Array(list) => Value::Array(list.iter().map(json).collect::<Result<_, _>>()?),
        DeValue::Table(table) => object(table)?,
    })
}

/// The byte at which the value of a path begins, or the nearest value around it.
fn place(table: &DeTable<'_>, path: &serde_path_to_error::Path) -> Option<usize> {
    let mut here: Option<&Spanned<DeValue<'_>>> = None;
    for segment in path {
        let next = match (segment, here.map(Spanned::get_ref)) {
            (Segment::Map { key }, None) => table.get(key.as_str()),
            (Segment::Map { key } | Segment::Enum { variant: key }, Some(DeValue::Table(inner))) => {
                inner.get(key.as_str())
            }
            (Segment::Seq { index }, Some(DeValue::Array(list))) => list.get(*index),
            _ => None,
        };
        match next {
            Some(next) => here = Some(next),
            None => break,
        }
    }
    here.map(|value| value.span().start)
}
