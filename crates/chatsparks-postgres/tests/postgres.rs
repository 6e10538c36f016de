//! The store passes what every store has to pass, against a real server; and what only this one can be made to do.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "postgres/amounts.rs"]
mod amounts;
#[path = "postgres/at_once.rs"]
mod at_once;
#[path = "postgres/frozen.rs"]
mod frozen;
#[path = "postgres/keys.rs"]
mod keys;
#[path = "postgres/order.rs"]
mod order;
#[path = "postgres/server.rs"]
mod server;
#[path = "postgres/sharing.rs"]
mod sharing;
#[path = "postgres/starts.rs"]
mod starts;
#[path = "postgres/way.rs"]
mod way;

chatsparks_testkit::store_suite!(server::make);
