//! Decision records, one a line (`formats.md`, Decisions).

pub use chatsparks_core::Record;
use std::{
    fmt,
    io::{self, Write},
};

/// Writes records as JSON Lines.
pub struct DecisionsWriter<W: Write> {
    output: W,
    line: Vec<u8>,
}

impl<W: Write> fmt::Debug for DecisionsWriter<W> {
    /// Without the output and the line in hand, in which people's words stand.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DecisionsWriter").finish_non_exhaustive()
    }
}

impl<W: Write> DecisionsWriter<W> {
    /// A writer to this output, which it hands whole lines; a file is best given in a `BufWriter`.
    pub fn new(output: W) -> Self {
        Self { output, line: Vec::new() }
    }

    /// Writes one record as one line.
    ///
    /// # Errors
    /// What the output says.
    pub fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record)?;
        self.line.push(b'\n');
        self.output.write_all(&self.line)
    }

    /// Flushes the output and gives it back.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}
