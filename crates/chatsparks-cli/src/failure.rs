//! Why a command could not run, or what it answered: the exit status, and what is said about it.

use crate::diagnostics::Report;
use std::{fmt, io};

/// What a command that ran has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It did what was asked: exit status 0.
    Done,
    /// The answer is no: exit status 1.
    No,
}

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The workspace is invalid; exit status 1.
    InvalidWorkspace(Box<Report>),
    /// Whoever read our output went away; nothing is wrong.
    NobodyReads,
    /// Somebody ended it; exit status 130, as shells have it.
    #[cfg(feature = "demo")]
    Interrupted,
    /// It could not run; exit status 2.
    CannotRun {
        /// What is wrong.
        message: String,
        /// Lines of a text that show where.
        excerpt: Vec<String>,
        /// What to do about it.
        help: Option<String>,
    },
}

impl Failure {
    /// Something that stops the command, in a sentence.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::CannotRun { message: message.into(), excerpt: Vec::new(), help: None }
    }

    /// The same with what to do about it.
    pub(crate) fn help(self, text: impl Into<String>) -> Self {
        match self {
            Self::CannotRun { message, excerpt, .. } => Self::CannotRun { message, excerpt, help: Some(text.into()) },
            other => other,
        }
    }

    /// What is wrong in the first line of a text, and where in the others.
    pub(crate) fn with_excerpt(text: &str) -> Self {
        let mut lines = text.lines().map(str::to_owned);
        Self::CannotRun { message: lines.next().unwrap_or_default(), excerpt: lines.collect(), help: None }
    }

    /// A file that cannot be read.
    pub(crate) fn cannot_read(name: &str, error: &io::Error) -> Self {
        let failure = Self::new(format!("cannot read `{name}`: {}", reason(error)));
        match error.kind() {
            io::ErrorKind::NotFound => failure.help("check the path; it is taken from the current directory"),
            io::ErrorKind::PermissionDenied => failure.help("check that you may read the file"),
            io::ErrorKind::IsADirectory => failure.help("name a file in it"),
            _ => failure,
        }
    }

    /// A file that cannot be written.
    pub(crate) fn cannot_write(name: &str, error: &io::Error) -> Self {
        let failure = Self::new(format!("cannot write `{name}`: {}", reason(error)));
        match error.kind() {
            io::ErrorKind::NotFound => failure.help("the directory must exist: create it first"),
            io::ErrorKind::PermissionDenied => failure.help("check that you may write to the directory"),
            io::ErrorKind::StorageFull => failure.help("the disk is full; the file is as it was before"),
            _ => failure,
        }
    }

    /// Something that was written straight, and that cannot be written on: a device, a pipe, standard output.
    pub(crate) fn cannot_write_to(name: &str, error: &io::Error) -> Self {
        let failure = Self::new(format!("cannot write to `{name}`: {}", reason(error)));
        match error.kind() {
            io::ErrorKind::StorageFull => {
                failure.help("there is no room left where it goes; what came there before may be cut off anywhere")
            }
            _ => failure,
        }
    }
}

/// What the system says, without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(reason, _)| reason).to_lowercase()
}

/// Writing an answer to standard output failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::cannot_write_to("<standard output>", &error),
        }
    }
}

impl From<fmt::Error> for Failure {
    fn from(_: fmt::Error) -> Self {
        Self::new("cannot lay out the answer")
    }
}
