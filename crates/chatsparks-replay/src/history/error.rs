//! Why a line of a history could not be read, and where.

use std::{error, fmt, io, sync::Arc};

/// A line that cannot be read: its file, line and column, and what was expected there.
///
/// It never shows what a person wrote: only names of fields and types, cut to 64 characters.
#[derive(Debug)]
pub struct HistoryError {
    name: Arc<str>,
    line: u64,
    column: u64,
    kind: HistoryErrorKind,
    expected: String,
    source: Option<io::Error>,
}

/// What kept a line from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HistoryErrorKind {
    /// The file itself could not be read on; no line follows.
    Io,
    /// The line is longer than 80 MiB.
    LineTooLong,
    /// The line is not UTF-8.
    NotUtf8,
    /// The line is not one JSON object.
    Syntax,
    /// Its `type` is none of those there are.
    UnknownType,
    /// A field that no type has.
    UnknownField,
    /// A field that belongs to another type.
    MisplacedField,
    /// A field that is given twice.
    RepeatedField,
    /// A field that is missing.
    MissingField,
    /// A field that holds another kind of value.
    WrongKind,
    /// A field that holds what it may not, or passes its limit.
    BadValue,
}

impl HistoryError {
    /// The name that the reader was given for the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The column, counted from 1 in Unicode scalar values; in bytes where the line is not UTF-8.
    pub fn column(&self) -> u64 {
        self.column
    }

    /// What kept the line from being read.
    pub fn kind(&self) -> HistoryErrorKind {
        self.kind
    }

    /// What was expected there, as a sentence without position.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    pub(super) fn new(name: &Arc<str>, line: u64, column: u64, flaw: Flaw) -> Self {
        Self { name: name.clone(), line, column, kind: flaw.kind, expected: flaw.expected, source: None }
    }

    pub(super) fn io(name: &Arc<str>, line: u64, source: io::Error) -> Self {
        let expected = format!("the file cannot be read on: {source}");
        Self { name: name.clone(), line, column: 1, kind: HistoryErrorKind::Io, expected, source: Some(source) }
    }
}

impl HistoryErrorKind {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::LineTooLong => "line_too_long",
            Self::NotUtf8 => "not_utf8",
            Self::Syntax => "syntax",
            Self::UnknownType => "unknown_type",
            Self::UnknownField => "unknown_field",
            Self::MisplacedField => "misplaced_field",
            Self::RepeatedField => "repeated_field",
            Self::MissingField => "missing_field",
            Self::WrongKind => "wrong_kind",
            Self::BadValue => "bad_value",
        }
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}: {}", self.name, self.line, self.column, self.expected)
    }
}

impl error::Error for HistoryError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// What is wrong with a line, and at which field; the column is found afterwards.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) kind: HistoryErrorKind,
    pub(super) place: Place,
    pub(super) expected: String,
}

/// Where in a line: a field, perhaps of an order's line or of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) field: Option<&'static str>,
    pub(super) index: Option<usize>,
    pub(super) inner: Option<&'static str>,
}

impl Place {
    pub(super) fn field(field: &'static str) -> Self {
        Self { field: Some(field), ..Self::default() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.field.unwrap_or("the line"))?;
        self.index.map_or(Ok(()), |index| write!(out, "[{index}]"))?;
        self.inner.map_or(Ok(()), |inner| write!(out, ".{inner}"))
    }
}

/// A name that came from outside, as it may stand in an error.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String =
        name.chars().take(64).map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect();
    if name.chars().nth(64).is_some() {
        shown.push('…');
    }
    shown
}
