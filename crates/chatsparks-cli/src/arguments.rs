//! What can be said on the command line.

#[cfg(feature = "demo")]
use crate::command::Demo;
#[cfg(feature = "serve")]
use crate::command::{Backup, Export, Migrate, Restore, Restored, Serve, StoreCommand, Verify};
use crate::command::{
    Check, Compare, Completions, Conversation, Diagnose, Expect, Explain, Import, Init, Insights, Log, NearMisses,
    Overlaps, Replay, Reset, Schema, Try,
};
use clap::{ColorChoice, Parser, Subcommand};
use std::sync::LazyLock;

/// Check, replay and explain comment-to-DM rules.
///
/// A workspace is a document of triggers and flows, in JSON or TOML. A history is what happened, one event
/// a line. The same workspace and the same history give the same decisions, on every machine.
#[derive(Debug, Parser)]
#[command(
    name = "chatsparks",
    version = VERSION.as_str(),
    max_term_width = 100,
    after_help = "Run `chatsparks help COMMAND` for what a command does, with examples.",
    after_long_help = EXAMPLES,
    arg_required_else_help = true,
    propagate_version = false,
)]
pub(crate) struct Arguments {
    /// When to color output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Leave out progress and remarks
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(Init),
    Import(Import),
    Check(Check),
    Replay(Replay),
    Compare(Compare),
    Explain(Explain),
    Try(Try),
    Log(Log),
    Conversation(Conversation),
    Expect(Expect),
    Overlaps(Overlaps),
    NearMisses(NearMisses),
    Insights(Insights),
    Diagnose(Box<Diagnose>),
    Reset(Reset),
    Schema(Schema),
    #[cfg(feature = "serve")]
    Export(Export),
    #[cfg(feature = "serve")]
    Verify(Verify),
    #[cfg(feature = "serve")]
    Backup(Backup),
    #[cfg(feature = "serve")]
    Restore(Restore),
    #[cfg(feature = "serve")]
    Restored(Restored),
    #[cfg(feature = "serve")]
    Migrate(Migrate),
    #[cfg(feature = "serve")]
    Store(StoreCommand),
    #[cfg(feature = "serve")]
    Serve(Serve),
    #[cfg(feature = "demo")]
    Demo(Demo),
    Completions(Completions),
}

const EXAMPLES: &str = "\
Examples:
  chatsparks demo                                 a shop's launch day, before your eyes
  chatsparks init moon                            a small shop to begin with
  chatsparks import page-*.json -o march.jsonl    a history of comments that were exported
  chatsparks check shop.json                      is the workspace sound?
  chatsparks replay shop.json march.jsonl         what would it have done?
  chatsparks compare shop.json new.json march.jsonl
                                                  what would a change have changed?
  chatsparks explain shop.json march.jsonl --comment c17
                                                  why did, or didn't, it answer this comment?
  chatsparks try shop.json 'ราคาเท่าไหร่'           what would it do with this text?
  chatsparks log shop.json march.jsonl --trigger price
                                                  what happened to this trigger lately?
  chatsparks conversation shop.json march.jsonl --contact u17
                                                  what was said with this contact?
  chatsparks expect shop.json stories/*.story     does the shop behave as told?
  chatsparks overlaps shop.json                   which triggers are in each other's way?
  chatsparks near-misses shop.json march.jsonl    which comments did it almost answer?
  chatsparks insights shop.json march.jsonl       what did the comments lead to?
  chatsparks diagnose shop.json march.jsonl --order o4
                                                  why did something not happen, and what to do?
  chatsparks serve --config serve.toml            take events by HTTP, decide, send

Wherever a file is read, `-` is standard input.

Exit status:
  0  done
  1  the answer is no: the workspace is invalid, an expectation fails
  2  it could not run: a file cannot be opened, a line cannot be read, an id is unknown";

/// Our version, and that of the Unicode tables that decide how texts are read: our own, and those of patterns.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let ours = chatsparks_core::text::UNICODE_VERSION;
    let patterns = pattern_tables().unwrap_or_else(|| "unknown".to_owned());
    format!("{} (Unicode {ours}; patterns: Unicode {patterns})", env!("CARGO_PKG_VERSION"))
});

/// The Unicode version of the regex crate's tables: the newest age of a character that it knows. The crate
/// does not say it otherwise, and the version it was built with may differ from the one we were tested with.
fn pattern_tables() -> Option<String> {
    let known = |(major, minor): &(u32, u32)| regex::Regex::new(&format!(r"\p{{Age=V{major}_{minor}}}")).is_ok();
    let versions = (10..=40).rev().flat_map(|major| [(major, 1), (major, 0)]);
    versions.into_iter().find(known).map(|(major, minor)| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn n1_the_version_names_the_tables() {
        assert!(VERSION.contains(chatsparks_core::text::UNICODE_VERSION), "{}", *VERSION);
        assert!(!VERSION.contains("unknown"), "{}", *VERSION);
    }
}
