//! A workspace document as a file: read, told apart as JSON or TOML, parsed, and kept with its text
//! so that faults can be shown where they stand.

use crate::{failure::Failure, input::Input, source_map::SourceMap};
use chatsparks_core::{Problem, ProblemCode, workspace::Workspace};
use chatsparks_replay::{DocumentError, Format, document::MAX_DOCUMENT, every_error, read_workspace};
use std::{io::Read, ops::Range, path::Path};

/// The text of a document, and what it is called in messages.
pub(crate) struct Document {
    /// The file's name as it was given.
    pub(crate) name: String,
    /// How it is written.
    pub(crate) format: Format,
    /// Its text, without a byte order mark.
    pub(crate) text: String,
}

/// One thing that keeps a document from being read as a workspace, and where it stands (F10).
pub(crate) struct Unreadable {
    pub(crate) problem: Problem,
    /// The place in bytes, where there is one.
    pub(crate) span: Option<Range<usize>>,
}

impl Document {
    /// Reads a document from a file or from standard input. Where it cannot be read as a workspace, the first thing
    /// told is where reading stopped.
    ///
    /// # Errors
    /// A [`Failure`] when the file cannot be opened or read.
    pub(crate) fn open(input: &Input) -> Result<(Self, Result<Workspace, Vec<Unreadable>>), Failure> {
        let mut bytes = Vec::new();
        // One byte more than is read shows that there is too much.
        let mut file = input.open()?.take(MAX_DOCUMENT as u64 + 1);
        file.read_to_end(&mut bytes).map_err(|error| Failure::cannot_read(&input.name(), &error))?;
        Ok(Self::read(input, bytes))
    }

    fn read(input: &Input, bytes: Vec<u8>) -> (Self, Result<Workspace, Vec<Unreadable>>) {
        let format = format(input.path(), &bytes);
        let read = read_workspace(&bytes, format).map_err(|_| every_error(&bytes, format));
        // Only the text up to what is broken in it has to be right.
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let document = Self { name: input.name(), format, text };
        let workspace = read.map_err(|errors| document.unreadable(errors));
        (document, workspace)
    }

    fn unreadable(&self, errors: Vec<DocumentError>) -> Vec<Unreadable> {
        if self.text.trim_ascii().is_empty() {
            let problem = Problem::new("", ProblemCode::Unreadable, "the document is empty: expected a workspace");
            return vec![Unreadable { problem, span: None }];
        }
        let map = SourceMap::new(&self.text, self.format);
        let mut placed: Vec<_> = errors.into_iter().map(|error| self.placed(error, &map)).collect();
        // Behind the place where reading stopped, in the order of the document.
        if let [_, more @ ..] = &mut placed[..] {
            more.sort_by_key(|one| one.span.as_ref().map(|span| span.start));
        }
        placed
    }

    /// The fault, the line and column in its message.
    fn placed(&self, error: DocumentError, map: &SourceMap<'_>) -> Unreadable {
        let stopped = error.line().zip(error.column()).map(|(line, column)| self.offset(line, column));
        // A wrong value is shown whole; where the text itself breaks off, or a name is wrong, the place counts.
        let unknown = error.message().starts_with("unknown field");
        let known = if unknown { map.name_span(error.path()) } else { map.value_span(error.path()) };
        let span = known.or_else(|| stopped.map(|at| at..at)).or_else(|| map.span(error.path()));
        let mut problem = Problem::from(error);
        // Where a text breaks off, the last step of the path is not known.
        if let Some(unknown) = problem.path.find('?') {
            problem.path.truncate(unknown);
            problem.path.truncate(problem.path.trim_end_matches(['.', '[']).len());
        }
        if let Some(span) = &span {
            let (line, column) = self.place(span.start);
            problem.message.push_str(&format!(" (line {line}, column {column})"));
        }
        Unreadable { problem, span }
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

    /// The byte at a line and column, both from 1; columns count characters.
    fn offset(&self, line: usize, column: usize) -> usize {
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = self.text.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
    }
}

/// By the file's extension, else by how the text begins: JSON begins with a brace.
fn format(path: Option<&Path>, bytes: &[u8]) -> Format {
    let extension = path.and_then(Path::extension).unwrap_or_default();
    if extension.eq_ignore_ascii_case("json") {
        return Format::Json;
    }
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start();
    if extension.eq_ignore_ascii_case("toml") || !text.starts_with(b"{") { Format::Toml } else { Format::Json }
}
