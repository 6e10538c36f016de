//! The `chatsparks` command: comment-to-DM rules from the command line.

mod arguments;
mod aside;
mod command;
mod diagnostics;
mod document;
mod failure;
mod history;
mod input;
#[cfg(feature = "serve")]
mod kept;
mod nearest;
mod output;
mod people;
mod rewrite;
mod shown;
mod source_map;
mod terminal;
mod unnamed;
mod why;

use arguments::Arguments;
use clap::Parser;
use failure::{Answer, Failure};
use std::{io::Write, process::ExitCode};
use terminal::Terminal;

/// A service asks for memory on every thread at once, hundreds of times an event.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new(arguments.color, arguments.quiet);
    match command::run(arguments, &terminal) {
        Ok(Answer::Done) | Err(Failure::NobodyReads) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(failure) => tell(failure, &terminal),
    }
}

/// Says on standard error why a command stopped.
fn tell(failure: Failure, terminal: &Terminal) -> ExitCode {
    let mut to = terminal.err();
    // Nothing can be done when standard error cannot be written either.
    match failure {
        Failure::NobodyReads => ExitCode::SUCCESS,
        #[cfg(feature = "demo")]
        Failure::Interrupted => ExitCode::from(130),
        Failure::InvalidWorkspace(report) => {
            let _ = report.write_text(&mut to);
            ExitCode::from(1)
        }
        Failure::CannotRun { message, excerpt, help } => {
            let bad = terminal::BAD;
            let _ = writeln!(to.to, "{bad}error:{bad:#} {}", terminal::shown(&message));
            for line in excerpt {
                let _ = writeln!(to.to, "{}", terminal::shown(&line));
            }
            if let Some(help) = help {
                let _ = writeln!(to.to, " help: {help}");
            }
            ExitCode::from(2)
        }
    }
}
