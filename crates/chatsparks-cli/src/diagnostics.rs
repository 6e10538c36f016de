//! The faults and warnings of a document, each with the lines it stands in.

use crate::{
    document::{Document, Unreadable},
    source_map::SourceMap,
    terminal::{Stream, is_tricky},
};
use chatsparks_core::{Checked, Problem};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, Severity};
use miette::{MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use serde::Serialize;
use std::{
    borrow::Cow,
    fmt,
    io::{self, Write},
    ops::Range,
};
use textwrap::WordSplitter;

/// How much of a long line is shown on either side of a place, in bytes.
const AROUND: usize = 60;

/// What `check` found, and the text it found it in.
pub(crate) struct Report {
    document: Document,
    checked: Checked,
    /// The place of each fault, when the document cannot be read: then programs are told where reading stopped, which
    /// is the first, and people what else there is.
    unreadable: Vec<Option<Range<usize>>>,
}

/// The shape of `check --json`.
#[derive(Serialize)]
struct Found<'r> {
    faults: &'r [Problem],
    warnings: &'r [Problem],
}

impl Report {
    pub(crate) fn new(document: Document, checked: Checked) -> Self {
        Self { document, checked, unreadable: Vec::new() }
    }

    pub(crate) fn unreadable(document: Document, unreadable: Vec<Unreadable>) -> Self {
        let (faults, places) = unreadable.into_iter().map(|one| (one.problem, one.span)).unzip();
        Self { document, checked: Checked { faults, warnings: Vec::new() }, unreadable: places }
    }

    /// The document, when nothing more is to be said of it.
    pub(crate) fn into_document(self) -> Document {
        self.document
    }

    /// Writes it as JSON, in one object.
    pub(crate) fn write_json(&self, to: &mut impl Write) -> io::Result<()> {
        let faults = if self.unreadable.is_empty() { usize::MAX } else { 1 };
        let faults = self.checked.faults.get(..faults).unwrap_or(&self.checked.faults);
        let found = Found { faults, warnings: &self.checked.warnings };
        serde_json::to_writer_pretty(&mut *to, &found)?;
        writeln!(to)
    }

    /// Writes every fault, then every warning, each with its lines; then a line that counts them.
    pub(crate) fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        let Checked { faults, warnings } = &self.checked;
        if !faults.is_empty() || !warnings.is_empty() {
            self.write_problems(to)?;
        }
        let name = crate::terminal::shown(&self.document.name);
        let verdict = if faults.is_empty() { "valid" } else { "invalid" };
        writeln!(to.to, "{name}: {verdict}, {}, {}", count(faults.len(), "fault"), count(warnings.len(), "warning"))
    }

    fn write_problems(&self, to: &mut Stream) -> io::Result<()> {
        let theme = match (to.watched, to.colored) {
            (true, true) => GraphicalTheme::unicode(),
            (true, false) => GraphicalTheme::unicode_nocolor(),
            (false, true) => GraphicalTheme::ascii(),
            (false, false) => GraphicalTheme::none(),
        };
        // A line ends where a word does: a name with a dash in it stays whole, to be found and copied.
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(to.width)
            .with_context_lines(1)
            .with_break_words(false)
            .with_word_splitter(WordSplitter::NoHyphenation);
        let source = Source::new(&self.document);
        let map = SourceMap::new(&self.document.text, self.document.format);
        let faults = self.checked.faults.iter().map(|problem| (problem, Severity::Error));
        let warnings = self.checked.warnings.iter().map(|problem| (problem, Severity::Warning));
        for (at, (problem, severity)) in faults.chain(warnings).enumerate() {
            let span = self.unreadable.get(at).cloned().flatten().or_else(|| map.span(&problem.path));
            let span = span.map(|span| source.clip(span));
            let shown = Shown { problem, severity, span, source: &source };
            let mut text = String::new();
            handler.render_report(&mut text, &shown).map_err(io::Error::other)?;
            writeln!(to.to, "{}", text.trim_end())?;
            writeln!(to.to)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Report({}, {} faults)", self.document.name, self.checked.faults.len())
    }
}

/// `1 fault`, `2 faults`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// One fault or warning as miette shows it.
struct Shown<'r> {
    problem: &'r Problem,
    severity: Severity,
    span: Option<Range<usize>>,
    source: &'r Source<'r>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.problem, out)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A pattern's message has lines that point at a place in it.
        let lines: Vec<_> = self.problem.message.lines().map(crate::terminal::shown).collect();
        out.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let kind = if self.severity == Severity::Error { "fault" } else { "warning" };
        Some(Box::new(format!("{kind}: {}", self.problem.code.as_str())))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span.is_some().then_some(self.source as &dyn SourceCode)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        // Without a place in the text the path still has to be said.
        let lost = self.span.is_none() && !self.problem.path.is_empty();
        lost.then(|| Box::new(format!("at {}", self.problem.path)) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span.clone()?;
        let path = Some(self.problem.path.clone()).filter(|path| !path.is_empty());
        let label = path.unwrap_or_else(|| "here".to_owned());
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(label), span))))
    }
}

/// A document's text, cut into lines once: a thousand faults in a large document are shown without
/// reading it a thousand times, and of a line of a megabyte only the part that matters.
struct Source<'d> {
    name: String,
    text: Cow<'d, str>,
    line_starts: Vec<usize>,
}

impl<'d> Source<'d> {
    fn new(document: &'d Document) -> Self {
        let text = safe(&document.text);
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: crate::terminal::shown(&document.name), text, line_starts }
    }

    /// A span within one line, and not longer than what is shown of a line.
    fn clip(&self, span: Range<usize>) -> Range<usize> {
        let mut start = self.boundary(span.start);
        // Behind the last character there is nothing to point at.
        if start == self.text.len() && !self.text.ends_with('\n') {
            start = self.boundary(start.saturating_sub(1));
        }
        let end = span.end.min(self.line_end(self.line_of(start))).min(start + AROUND);
        start..self.boundary(end.max(start))
    }

    fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Where a line ends, its line break not counted.
    fn line_end(&self, line: usize) -> usize {
        match self.line_starts.get(line + 1) {
            Some(next) => {
                let end = next - 1;
                if self.text[..end].ends_with('\r') { end - 1 } else { end }
            }
            None => self.text.len(),
        }
    }

    /// The nearest character boundary at or before an offset.
    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The part of the text from one offset to another.
    fn part(&self, span: Range<usize>, line: usize, column: usize) -> Box<MietteSpanContents<'_>> {
        let data = &self.text[span.clone()];
        let lines = data.matches('\n').count() + 1;
        Box::new(MietteSpanContents::new_named(self.name.clone(), data.as_bytes(), span.into(), line, column, lines))
    }
}

/// The text with its tricks taken out, every character as long as before so that offsets keep their meaning.
fn safe(text: &str) -> Cow<'_, str> {
    let tricky = |character| is_tricky(character) && !matches!(character, '\n' | '\r' | '\t');
    if !text.contains(tricky) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if tricky(character) {
            safe.extend(std::iter::repeat_n('?', character.len_utf8()));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

impl SourceCode for Source<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let (first, last) = (self.line_of(start), self.line_of(end));
        let column = self.text[self.line_starts[first]..start].chars().count();
        if before == 0 && after == 0 {
            return Ok(self.part(start..end, first, column));
        }
        let long = |line: usize| self.line_end(line) - self.line_starts[line] > 4 * AROUND;
        if first == last && long(first) {
            let from = self.boundary(start.saturating_sub(AROUND).max(self.line_starts[first]));
            let to = self.boundary((end + AROUND).min(self.line_end(first)));
            return Ok(self.part(from..to, first, 0));
        }
        // Context only as far as the lines around are short themselves.
        let above = (first.saturating_sub(before)..first).rev().take_while(|line| !long(*line)).last().unwrap_or(first);
        let below = (last + 1..self.line_starts.len()).take(after).take_while(|line| !long(*line)).last();
        let to = self.line_end(below.unwrap_or(last));
        Ok(self.part(self.line_starts[above]..to, above, 0))
    }
}
