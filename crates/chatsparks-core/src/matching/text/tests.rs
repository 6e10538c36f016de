//! The rules as tables, and the oracle: ICU4X, which the committed tables were made from.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod oracle;
mod rules;
mod samples;
