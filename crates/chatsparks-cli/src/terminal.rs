//! What is known of the place where output goes: colours, width, whether anybody watches.

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::ColorChoice;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// The width of text that nobody watches.
const WIDTH: usize = 100;

/// How output is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    color: ColorChoice,
    /// Whether progress and remarks are left out.
    pub(crate) quiet: bool,
}

/// One of the two streams, and what is known of it.
pub(crate) struct Stream {
    /// Strips styles where they are not wanted.
    pub(crate) to: AutoStream<Box<dyn Write>>,
    /// Whether styles are shown.
    pub(crate) colored: bool,
    /// Columns, as far as they are known.
    pub(crate) width: usize,
    /// Whether it is a terminal.
    pub(crate) watched: bool,
}

/// What stands out: matched words.
pub(crate) const MATCHED: Style = AnsiColor::Yellow.on_default().bold();
/// Headings and names.
pub(crate) const STRONG: Style = Style::new().bold();
/// What may be passed over.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// A yes.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// A no.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

impl Stream {
    /// Writes what a command answers: one JSON object for a program, or a text for a person.
    ///
    /// # Errors
    /// What the stream says.
    pub(crate) fn answer(
        mut self,
        json: bool,
        told: &impl Serialize,
        text: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        if json {
            serde_json::to_writer_pretty(&mut self.to, told)?;
            writeln!(self.to)?;
        } else {
            text(&mut self)?;
        }
        self.to.flush()
    }
}

impl Terminal {
    pub(crate) fn new(color: ColorChoice, quiet: bool) -> Self {
        Self { color, quiet }
    }

    /// The same without progress and remarks.
    pub(crate) fn quietly(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// Standard output, buffered: it must be flushed at the end.
    pub(crate) fn out(&self) -> Stream {
        let stream = io::stdout();
        let colored = self.colored(AutoStream::choice(&stream));
        let watched = stream.is_terminal();
        let width = if watched { width(terminal_size::terminal_size_of(&stream)) } else { WIDTH };
        Stream { to: stripping(Box::new(io::BufWriter::new(stream)), colored), colored, width, watched }
    }

    /// Standard error.
    pub(crate) fn err(&self) -> Stream {
        let stream = io::stderr();
        let colored = self.colored(AutoStream::choice(&stream));
        let watched = stream.is_terminal();
        let width = if watched { width(terminal_size::terminal_size_of(&stream)) } else { WIDTH };
        Stream { to: stripping(Box::new(stream), colored), colored, width, watched }
    }

    /// Whether a progress bar is drawn: on a terminal, to somebody who did not ask for silence.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    fn colored(&self, found: anstream::ColorChoice) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => found != anstream::ColorChoice::Never,
        }
    }
}

fn stripping(to: Box<dyn Write>, colored: bool) -> AutoStream<Box<dyn Write>> {
    if colored { AutoStream::always_ansi(to) } else { AutoStream::never(to) }
}

fn width(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    size.map_or(WIDTH, |(terminal_size::Width(columns), _)| usize::from(columns).clamp(40, 160))
}

/// A text of somebody else's, safe to show: control characters and marks that turn the direction of
/// writing would let it play tricks on a terminal, so they are written out.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_tricky(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a character of somebody else's text could play tricks on a terminal.
pub(crate) fn is_tricky(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
