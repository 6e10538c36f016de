//! Every command but the service, as a person starts it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod check;
mod columns;
mod common;
mod diagnose;
mod explain;
mod find;
mod help;
mod import;
mod init;
mod replay;
mod reset;
mod schema;
mod stories;
mod why;
