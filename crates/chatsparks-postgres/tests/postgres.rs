//! The store passes what every store has to pass, against a real server; and what only this one can be made to do.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "postgres/at_once.rs"]
mod at_once;
#[path = "postgres/server.rs"]
mod server;
#[path = "postgres/sharing.rs"]
mod sharing;
#[path = "postgres/starts.rs"]
mod starts;

chatsparks_testkit::store_suite!(server::make);
