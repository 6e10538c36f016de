//! Histories that are read, decided, printed, explained and held to expectations.

#![allow(clippy::unwrap_used, clippy::panic)]

mod ahead;
mod candidates;
mod document;
mod driver;
mod history;
mod history_rules;
mod insights;
mod ledger;
mod over_window;
mod quiet;
mod recorded;
mod scene;
mod stories;
mod told;
mod usage;
