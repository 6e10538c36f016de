//! Workspace documents, read from JSON or TOML.

use crate::plain::sentence;
use chatsparks_core::{Problem, ProblemCode, workspace::Workspace};
use serde_path_to_error::Segment;
use std::{fmt, path::Path};

pub use every_fault::every_error;

mod every_fault;
mod toml_document;

/// The longest document that is read, in bytes.
pub const MAX_DOCUMENT: usize = 64 << 20;

/// What is said of bytes that are no text: which encoding they are in nobody knows.
const NOT_UTF8: &str =
    "the document is not UTF-8 from here on, but in another encoding, such as Windows-874 or Latin-1: save it as UTF-8";

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// TOML, with the same names. Instants may be texts or TOML's own.
    Toml,
}

impl Format {
    /// The format of a file by the ending of its name: TOML for `.toml`, else JSON.
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("toml") => Self::Toml,
            _ => Self::Json,
        }
    }
}

/// Reads a workspace document; whether it holds together is for `Engine::compile` to say.
///
/// A byte order mark at the start is passed over.
///
/// # Errors
/// A [`DocumentError`] where reading stopped: longer than 64 MiB, not UTF-8, not JSON or TOML, an
/// unknown or missing field, a wrong type.
pub fn read_workspace(bytes: &[u8], format: Format) -> Result<Workspace, DocumentError> {
    if bytes.len() > MAX_DOCUMENT {
        return Err(DocumentError::new("", None, "the document is longer than 64 MiB"));
    }
    if is_utf_16(bytes) {
        return Err(DocumentError::new("", Some((1, 1)), "the document is UTF-16, it seems: save it as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = byte_position(bytes, error.valid_up_to());
        DocumentError::new("", Some((line, column)), NOT_UTF8)
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    match format {
        Format::Json => read_json(text),
        Format::Toml => toml_document::read(text),
    }
}

fn read_json(text: &str) -> Result<Workspace, DocumentError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut json);
    let at = |error: &serde_json::Error| {
        let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
        let mut end = error.column().min(line.len());
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        Some((error.line().max(1), line[..end].chars().count().max(1)))
    };
    let workspace =
        read.map_err(|error| DocumentError::new(path_text(&error), at(error.inner()), &said(&error, text)))?;
    json.end().map_err(|error| DocumentError::new("", at(&error), &sentence(&error)))?;
    Ok(workspace)
}

/// What stopped the reader. Of a value where it wants a text or an object it says only that it is none, so that the
/// value is looked at once more.
fn said(error: &serde_path_to_error::Error<serde_json::Error>, text: &str) -> String {
    let said = sentence(error.inner());
    let again = |value: serde_json::Value| serde_path_to_error::deserialize::<_, Workspace>(&value).err();
    let better = match said.as_str() {
        "expected a value" => serde_json::from_str(text).ok().and_then(again),
        _ => None,
    };
    match better {
        Some(better) if path_text(&better) == path_text(error) => sentence(better.inner()),
        _ => said,
    }
}

/// Why a document could not be read as a workspace: one fault, where reading stopped (F10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    path: String,
    position: Option<(usize, usize)>,
    message: String,
}

impl DocumentError {
    /// Where in the document, as a path such as `flows[0].blocks[2].goto`; empty for the document itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line, counted from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        self.position.map(|(line, _)| line)
    }

    /// The column in that line, counted from 1 in characters.
    pub fn column(&self) -> Option<usize> {
        self.position.map(|(_, column)| column)
    }

    /// What was expected there, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A document may be long and name anything, so that what is shown of it is cut.
    fn new(path: impl Into<String>, position: Option<(usize, usize)>, message: &str) -> Self {
        let mut shown: String = message.chars().take(300).collect();
        if shown.len() < message.len() {
            shown.push('…');
        }
        Self { path: path.into(), position, message: shown }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.position {
            write!(out, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(out, "{}: ", self.path)?;
        }
        out.write_str(&self.message)
    }
}

impl std::error::Error for DocumentError {}

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Self {
        Self::new(error.path, ProblemCode::Unreadable, error.message)
    }
}

/// The path as problems write it: empty for the whole document. A field that is not known stands at its own place.
fn path_text(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let mut path = match error.path().to_string() {
        whole if whole == "." => String::new(),
        text => text,
    };
    let said = error.inner().to_string();
    let unknown = said.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')).map(|(name, _)| name);
    if let Some(name) = unknown
        && !matches!(error.path().iter().next_back(), Some(Segment::Map { key }) if key == name)
    {
        path.push_str(if path.is_empty() { "" } else { "." });
        path.push_str(name);
    }
    path
}

/// Whether a text begins as UTF-16 does: with its mark, or with a plain character of two bytes.
pub(crate) fn is_utf_16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..])
        || matches!(bytes, [first, second, ..] if (*first == 0) != (*second == 0))
}

/// Line and column of a byte, both counted from 1; the column in characters.
fn byte_position(bytes: &[u8], byte: usize) -> (usize, usize) {
    let before = &bytes[..byte.min(bytes.len())];
    let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}
