//! Placeholder until the replay crate's summary lands.
use crate::terminal::Stream;
use chatsparks_replay::Record;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    records: u64,
}

impl Summary {
    pub(crate) fn record(&mut self, _: &Record<'_>) {
        self.records += 1;
    }
    pub(crate) fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        writeln!(to.to, "{} records", self.records)
    }
}
