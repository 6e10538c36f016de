//! `chatsparks import`: what a shop can get today becomes a history.

use crate::{
    diagnostics::count,
    failure::{Answer, Failure},
    input::Input,
    output::{Output, Target},
    terminal::{Terminal, shown},
};
use chatsparks_core::{Envelope, Event, EventId, Instant};
use chatsparks_replay::{HistoryLine, Reader, history::mend_half_characters};
use clap::{Args, ValueEnum};
use field::{Dates, Zone};
use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
};
use table::Column;

mod field;
mod orders;
mod pages;
mod table;

/// Rows that are told of, where several are wrong.
const TOLD: usize = 20;
/// The largest file that is read.
const LARGEST: u64 = 1 << 30;

/// Make a history of what a shop has: pages of comments, exports of orders, any table
///
/// Pages are the answers of TikTok's `/business/comment/list/`, one or many in a file, as JSON. Tables are CSV with a line of
/// headings: the Shop's export of orders is known by its headings; of any other table `--column` says which column is what.
/// What is found becomes one history, sorted by instant, which `replay`, `try` and `compare` take. Rows that cannot be read
/// are told with where they stand, and then nothing is written.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Import {
    /// Files of pages or tables; `-` is standard input
    #[arg(required = true)]
    files: Vec<Input>,
    /// The history to write; `-` is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Target,
    /// What the rows of tables are [default: what their headings say]
    #[arg(long = "as", value_name = "KIND")]
    kind: Option<Kind>,
    /// Where a field stands: `text=What they wrote`
    #[arg(long = "column", value_name = "FIELD=HEADING")]
    columns: Vec<Column>,
    /// The time zone of instants that name none, as `+07:00`
    #[arg(long, value_name = "OFFSET", default_value = "Z")]
    zone: Zone,
    /// How dates such as 03/04/2026 are written: which comes first, day or month
    #[arg(long, value_name = "ORDER")]
    dates: Option<Dates>,
    /// The currency of amounts that name none, as `THB`
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// The shop's own account: who wrote comments that a page marks as the owner's
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Pass over rows that cannot be read
    #[arg(long)]
    keep_going: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks import comments.json --output march.jsonl
  chatsparks import page-*.json orders.csv --dates day --zone +07:00 --currency THB --output march.jsonl
  chatsparks import chats.csv --as messages --column user_id=From --column text=Message --column at=Time
  chatsparks try shop.json --history march.jsonl --trigger new-draft
  chatsparks compare shop.json new.json march.jsonl

Fields of tables: comments have comment_id, post_id, user_id, text, at, and may have handle, reply_to;
messages have message_id, user_id, text, at, and may have handle; orders, a row for each thing that was
ordered, have order_id, user_id, at, sku_id, amount, and may have product_id, quantity, total, currency,
cancelled_at, refunded. A field without `--column` is looked for under its own name.

Exit status: 0 when it is written, 2 when a row cannot be read, or a file cannot be opened.";

/// What the rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Comments,
    Messages,
    Orders,
}

/// What a row came to: events that it makes, where they came from.
struct Found {
    envelope: Envelope,
    /// `orders.csv, line 3`.
    place: String,
}

/// What is read, and what is wrong with it.
struct Reading<'i> {
    import: &'i Import,
    found: Vec<Found>,
    faults: Vec<String>,
    many_faults: usize,
    /// The same again: pages overlap.
    repeated: usize,
    ids: BTreeSet<EventId>,
}

impl Import {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        if self.files.iter().filter(|file| **file == Input::Standard).count() > 1 {
            return Err(Failure::new("standard input was given twice").help("`-` can stand for one file only"));
        }
        if let Some(read) = self.files.iter().find(|file| self.output.overwrites(file)) {
            return Err(Failure::new(format!("`{}` is read, and would be overwritten", read.name()))
                .help("write to another file"));
        }
        let mut to = Output::open(Some(&self.output))?;
        let mut reading = Reading {
            import: self,
            found: Vec::new(),
            faults: Vec::new(),
            many_faults: 0,
            repeated: 0,
            ids: BTreeSet::new(),
        };
        for file in &self.files {
            reading.file(file)?;
        }
        reading.hold_to_limits();
        let Reading { mut found, faults, many_faults, repeated, .. } = reading;
        if many_faults > 0 && !self.keep_going {
            let more = many_faults - faults.len();
            let mut told = format!("{} cannot be read, and nothing was written\n", count(many_faults, "row"));
            told.extend(faults.iter().map(|fault| format!("  {fault}\n")));
            if more > 0 {
                told += &format!("  and {more} more\n");
            }
            return Err(Failure::with_excerpt(&told).help("mend them, or pass over such rows with `--keep-going`"));
        }
        // What happened at one instant stays in the order in which it was read.
        found.sort_by_key(|found| found.envelope.at);
        for Found { envelope, .. } in &found {
            let line = serde_json::to_string(&HistoryLine(envelope)).map_err(io::Error::from);
            line.and_then(|line| writeln!(to, "{line}")).map_err(|error| to.failure(error))?;
        }
        to.finish()?;
        let mut said = terminal.err();
        if !terminal.quiet {
            for fault in &faults {
                writeln!(said.to, "{}; passed over", shown(fault))?;
            }
            let name = self.output.name();
            write!(said.to, "{}: {}", shown(&name), count(found.len(), "event"))?;
            if let Some((first, last)) = found.first().zip(found.last()) {
                write!(said.to, ", {} to {}", first.envelope.at, last.envelope.at)?;
            }
            if repeated > 0 {
                write!(said.to, "; {repeated} came more than once")?;
            }
            if many_faults > 0 {
                write!(said.to, "; {} passed over", count(many_faults, "row"))?;
            }
            writeln!(said.to)?;
        }
        Ok(Answer::Done)
    }
}

impl Reading<'_> {
    fn file(&mut self, file: &Input) -> Result<(), Failure> {
        let name = file.name();
        let mut bytes = Vec::new();
        let mut open = file.open()?.take(LARGEST + 1);
        open.read_to_end(&mut bytes).map_err(|error| Failure::cannot_read(&name, &error))?;
        if bytes.len() as u64 > LARGEST {
            return Err(Failure::new(format!("`{name}` is too large")).help("import it in parts, a file each"));
        }
        let begins = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes).trim_ascii_start();
        if matches!(begins.first(), Some(b'{' | b'[')) {
            // Phones cut a text within a character, and TikTok passes that on.
            mend_half_characters(&mut bytes);
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let line =
                error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            Failure::new(format!("`{name}`, line {}: the text is not UTF-8", line + 1))
                .help("save it as UTF-8 (in a spreadsheet: `CSV UTF-8`)")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        match text.trim_start().chars().next() {
            Some('{' | '[') => self.pages(&name, text),
            Some(_) => self.table(&name, text),
            None => {
                Err(Failure::new(format!("`{name}` is empty")).help("name a file of pages (JSON) or a table (CSV)"))
            }
        }
    }

    /// Takes an event, unless the same came before.
    fn take(&mut self, id: String, at: Instant, event: Event, place: String) {
        let id = EventId::from(id);
        if self.ids.insert(id.clone()) {
            self.found.push(Found { envelope: Envelope { id, at, event }, place });
        } else {
            self.repeated += 1;
        }
    }

    /// Something that cannot be read: where, what it is, and what to do.
    fn fault(&mut self, fault: String) {
        self.many_faults += 1;
        if self.faults.len() < TOLD {
            self.faults.push(fault);
        }
    }

    /// Takes out what no history may hold: an id or a text that is too long, an amount below zero.
    fn hold_to_limits(&mut self) {
        let mut kept = Vec::with_capacity(self.found.len());
        for found in std::mem::take(&mut self.found) {
            let line = serde_json::to_string(&HistoryLine(&found.envelope)).unwrap_or_default();
            match Reader::new(line.as_bytes(), "").next() {
                Some(Err(error)) => self.fault(format!("{}: {}", found.place, error.expected())),
                _ => kept.push(found),
            }
        }
        self.found = kept;
    }
}
