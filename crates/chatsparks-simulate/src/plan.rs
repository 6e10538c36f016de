//! A plan: all that is going to happen in a run, made from its seed before it begins, so that it can be cut short.

use chatsparks_core::{Envelope, EventId, UserId, workspace::Workspace};
use chatsparks_runtime::ClockMode;
use std::fmt;

mod make;

pub(crate) use make::BEGIN;

/// All that is going to happen.
#[derive(Clone)]
pub struct Plan {
    /// What it was made from.
    pub seed: u64,
    /// The document that everything begins with.
    pub workspace: Workspace,
    /// How it runs.
    pub setting: Setting,
    /// What happens.
    pub steps: Vec<Step>,
}

/// How it runs, whatever happens.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How time passes.
    pub clock: ClockMode,
    /// Whether events bring their own `at`.
    pub trust_at: bool,
    /// Events decided between two commits at most.
    pub batch: usize,
    /// Contacts kept in memory.
    pub contacts_at_hand: usize,
    /// Effects on their way at once.
    pub concurrency: usize,
    /// How long an effect is tried again, in hours.
    pub retry_hours: u64,
    /// Whether the channel takes idempotency keys, and whether it can look what became of an attempt.
    pub takes_keys: bool,
    /// Whether it can look what became of an attempt.
    pub can_look: bool,
    /// Partitions of the store.
    pub partitions: u32,
    /// Further workspaces of the same document to which the same happens, whose channels are well (O8).
    pub neighbours: u32,
    /// How fast effects may go (O4).
    pub rates: Vec<String>,
    /// For how many hours records are kept (R10); none: for ever.
    pub records_hours: Option<u64>,
}

/// One thing that happens. Periods are in milliseconds.
#[derive(Clone)]
pub enum Step {
    /// One body of events comes in. What is not acknowledged comes again later.
    Deliver(Vec<Envelope>),
    /// Time passes.
    Pass(u64),
    /// Somebody sets the wall's clock by so much.
    SetClock(i64),
    /// Somebody says that the clock is right.
    ConfirmClock,
    /// The process ends at one of its next calls of the store, and comes back after a while.
    Crash {
        /// Which calls count; none: all do.
        at: Option<Call>,
        /// At the how many-th of them, counted from 1.
        number: u32,
        /// Whether the call had done its work.
        after: bool,
        /// For how long nothing runs.
        down: u64,
    },
    /// The process ends once the channel has sent something, before it has told so.
    CrashInChannel {
        /// For how long nothing runs.
        down: u64,
    },
    /// The process is told to stop, and comes back after a while.
    Stop {
        /// For how long nothing runs.
        down: u64,
    },
    /// So many calls of the store fail.
    StoreFails {
        /// Which calls; none: all of them.
        at: Option<Call>,
        /// How many.
        times: u32,
        /// Whether they had done their work, where the contract leaves that open.
        after: bool,
    },
    /// How the channel does from now on.
    Channel(Weather),
    /// A document is put.
    Put(Box<Workspace>),
    /// A person is forgotten.
    Erase(UserId),
    /// Every dead letter is tried again.
    Revive,
    /// The first effect that waits is dropped.
    Drop,
    /// The engine fails at these events from now on: bugs of ours (R13).
    Fault(Vec<EventId>),
    /// It fails at nothing any more.
    Upgrade,
    /// Nothing can be written for so long (R9).
    Full(u64),
    /// The store is copied (S4).
    Backup,
    /// The store is lost, and made again of the last copy; nothing where there is none. What was acknowledged since comes
    /// again.
    Restore {
        /// For how long nothing runs.
        down: u64,
    },
}

/// How a channel does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// It sends.
    Fine,
    /// It sends, but takes seconds for it.
    Slow,
    /// It says to come again, after so many milliseconds.
    Busy(Option<u64>),
    /// It refuses for good.
    Refuses,
    /// It cannot go on at all (O8).
    Stopped,
    /// It sends, and the answer never comes.
    LosesAnswers,
    /// Nothing is sent, and no answer comes.
    Hangs,
    /// It panics, before or after it has sent.
    Panics,
    /// Each time another of these.
    Mixed,
}

/// A call of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the calls of the ports")]
pub enum Call {
    Append,
    Read,
    Open,
    Load,
    Commit,
    Ready,
    Begin,
    Settle,
    Write,
    Other,
}

fn span(milliseconds: u64) -> String {
    let (value, unit) = match milliseconds {
        0..10_000 => return format!("{milliseconds} ms"),
        10_000..600_000 => (milliseconds as f64 / 1e3, "s"),
        600_000..36_000_000 => (milliseconds as f64 / 6e4, "min"),
        _ => (milliseconds as f64 / 3.6e6, "h"),
    };
    format!("{value:.1} {unit}")
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = |at: &Option<Call>| at.map_or("call".to_owned(), |call| format!("{call:?}").to_lowercase());
        match self {
            Self::Deliver(body) => {
                write!(out, "deliver")?;
                body.iter().try_for_each(|envelope| write!(out, "\n    {}", chatsparks_testkit::lines::line(envelope)))
            }
            Self::Pass(period) => write!(out, "pass {}", span(*period)),
            Self::SetClock(by) => {
                write!(out, "set the clock {}{}", if *by < 0 { "back " } else { "on " }, span(by.unsigned_abs()))
            }
            Self::ConfirmClock => write!(out, "confirm the clock"),
            Self::Crash { at, number, after, down } => {
                let when = if *after { "after" } else { "before" };
                write!(out, "crash {when} the next {} no. {number}, down for {}", calls(at), span(*down))
            }
            Self::CrashInChannel { down } => {
                write!(out, "crash once the channel has sent something, down for {}", span(*down))
            }
            Self::Stop { down } => write!(out, "stop, down for {}", span(*down)),
            Self::StoreFails { at, times, after } => {
                write!(out, "the store fails {times} × {}{}", calls(at), if *after { ", having done it" } else { "" })
            }
            Self::Channel(weather) => write!(out, "the channel: {weather:?}"),
            Self::Put(document) => {
                write!(out, "put the document {}", serde_json::to_string(document).unwrap_or_default())
            }
            Self::Erase(user_id) => write!(out, "erase {user_id}"),
            Self::Revive => write!(out, "retry every dead letter"),
            Self::Drop => write!(out, "drop the first effect that waits"),
            Self::Fault(events) => {
                let events: Vec<&str> = events.iter().map(EventId::as_str).collect();
                write!(out, "the engine fails at {}", events.join(", "))
            }
            Self::Upgrade => write!(out, "the engine fails at nothing"),
            Self::Full(period) => write!(out, "the disk is full for {}", span(*period)),
            Self::Backup => write!(out, "back up"),
            Self::Restore { down } => write!(out, "restore the last backup, down for {}", span(*down)),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "seed {}: {:?}", self.seed, self.setting)?;
        writeln!(out, "document {}", serde_json::to_string(&self.workspace).unwrap_or_default())?;
        self.steps.iter().enumerate().try_for_each(|(number, step)| writeln!(out, "{:>3} {step}", number + 1))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
