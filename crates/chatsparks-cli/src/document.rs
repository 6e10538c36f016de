//! A workspace document as a file: read, told apart as JSON or TOML, parsed, and kept with its text
//! so that faults can be shown where they stand.

use crate::{failure::Failure, input::Input};
use chatsparks_core::{Problem, ProblemCode, workspace::Workspace};
use std::{io::Read, ops::Range, path::Path};
use toml::de::{DeTable, DeValue};

/// The largest document that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The text of a document, and what it is called in messages.
pub(crate) struct Document {
    /// The file's name as it was given.
    pub(crate) name: String,
    /// How it is written.
    pub(crate) format: Format,
    /// Its text, without a byte order mark.
    pub(crate) text: String,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Toml,
}

/// Why a document cannot be read as a workspace: one fault, and where reading stopped (F10).
pub(crate) struct Unreadable {
    pub(crate) problem: Problem,
    /// The place in bytes, where there is one.
    pub(crate) span: Option<Range<usize>>,
}

impl Document {
    /// Reads a document from a file or from standard input.
    ///
    /// # Errors
    /// A [`Failure`] when the file cannot be opened or read.
    pub(crate) fn open(input: &Input) -> Result<(Self, Result<Workspace, Unreadable>), Failure> {
        let mut bytes = Vec::new();
        let mut file = input.open()?.take(LARGEST + 1);
        file.read_to_end(&mut bytes).map_err(|error| Failure::cannot_read(&input.name(), &error))?;
        Ok(Self::read(input, bytes))
    }

    fn read(input: &Input, bytes: Vec<u8>) -> (Self, Result<Workspace, Unreadable>) {
        let name = input.name();
        if bytes.len() as u64 > LARGEST {
            let document = Self { name, format: Format::Json, text: String::new() };
            let problem = Problem::new("", ProblemCode::OverLimit, "the document is larger than 64 MiB");
            return (document, Err(Unreadable { problem, span: None }));
        }
        let (text, broken_at) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
            }
        };
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let text = text[mark..].to_owned();
        let document = Self { name, format: Format::of(input.path(), &text), text };
        let workspace = match broken_at {
            Some(at) => {
                let at = at.saturating_sub(mark);
                Err(document.unreadable(String::new(), "is not UTF-8: save the file as UTF-8", Some(at..at)))
            }
            None => document.parse(),
        };
        (document, workspace)
    }

    fn parse(&self) -> Result<Workspace, Unreadable> {
        if self.text.trim_ascii().is_empty() {
            return Err(self.unreadable(String::new(), "the document is empty: expected a workspace", None));
        }
        match self.format {
            Format::Json => self.parse_json(),
            Format::Toml => self.parse_toml(),
        }
    }

    fn parse_json(&self) -> Result<Workspace, Unreadable> {
        let mut from = serde_json::Deserializer::from_str(&self.text);
        let read = serde_path_to_error::deserialize(&mut from);
        let (path, error) = match read {
            Ok(workspace) => match from.end() {
                Ok(()) => return Ok(workspace),
                Err(error) => (String::new(), error),
            },
            Err(error) => (path_of(error.path()), error.into_inner()),
        };
        let at = self.offset(error.line(), error.column());
        let whole = error.to_string();
        let message = whole.split_once(" at line ").map_or(whole.as_str(), |(message, _)| message);
        // A wrong value is shown whole; where the text itself breaks off, the place counts.
        let span = match error.classify() {
            serde_json::error::Category::Data => None,
            _ => Some(at..at),
        };
        let unreadable = self.unreadable(path, message, span);
        Err(match unreadable.span {
            Some(_) => unreadable,
            None => self.unreadable(unreadable.problem.path, message, Some(at..at)),
        })
    }

    fn parse_toml(&self) -> Result<Workspace, Unreadable> {
        let broken = |error: &toml::de::Error, path: String| self.unreadable(path, error.message(), error.span());
        let mut table = DeTable::parse(&self.text).map_err(|error| broken(&error, String::new()))?;
        let instants = std::mem::take(table.get_mut());
        *table.get_mut() = instants.into_iter().map(|(key, value)| (key, written(value))).collect();
        let read = serde_path_to_error::deserialize(toml::de::Deserializer::from(table));
        read.map_err(|error| broken(error.inner(), path_of(error.path())))
    }

    /// One fault where reading stopped, the line and column in its message.
    fn unreadable(&self, path: String, message: &str, span: Option<Range<usize>>) -> Unreadable {
        let span = span.or_else(|| crate::source_map::SourceMap::new(&self.text, self.format).span(&path));
        let place = span.as_ref().map(|span| self.place(span.start));
        let message = match place {
            Some((line, column)) => format!("{message} (line {line}, column {column})"),
            None => message.to_owned(),
        };
        Unreadable { problem: Problem::new(path, ProblemCode::Unreadable, message), span }
    }

    /// The line and column of a byte, both from 1; columns count characters.
    fn place(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The byte at a line and column as serde_json counts them: from 1, in bytes; 0 is a line's start.
    fn offset(&self, line: usize, column: usize) -> usize {
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        (start + column.saturating_sub(1)).min(self.text.len())
    }
}

impl Format {
    /// By the file's extension, else by how the text begins: JSON begins with a brace.
    fn of(path: Option<&Path>, text: &str) -> Self {
        let extension = path.and_then(Path::extension).and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("json") => Self::Json,
            Some("toml") => Self::Toml,
            _ if text.trim_ascii_start().starts_with('{') => Self::Json,
            _ => Self::Toml,
        }
    }
}

/// The path where reading stopped, as the core writes paths.
fn path_of(path: &serde_path_to_error::Path) -> String {
    match path.to_string().as_str() {
        "." => String::new(),
        path => path.trim_end_matches(".?").to_owned(),
    }
}

/// TOML has instants of its own; the documents of both formats are alike, so they are read as texts.
fn written(value: toml::Spanned<DeValue<'_>>) -> toml::Spanned<DeValue<'_>> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::Datetime(instant) => DeValue::String(instant.to_string().into()),
        DeValue::Array(list) => DeValue::Array(list.into_iter().map(written).collect()),
        DeValue::Table(table) => DeValue::Table(table.into_iter().map(|(key, value)| (key, written(value))).collect()),
        other => other,
    };
    toml::Spanned::new(span, value)
}
