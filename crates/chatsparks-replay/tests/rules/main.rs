//! Tables: each rule at its boundaries, a row a line, through the driver and the engine behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod comments;
mod conversations;
mod flows;
mod human;
mod late;
mod metamorphic;
mod reach;
mod receipts;
mod robust;
mod rows;
mod scenarios;
mod time;
mod trials;
mod words;
