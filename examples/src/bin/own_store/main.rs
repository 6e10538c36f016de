//! A store of your own: everything in one file, a line for each change.
//!
//! `cargo run -p chatsparks-examples --bin own_store -- shop.journal`
//!
//! Run it again: the same comment comes again, the journal knows it, and nothing happens twice.
//!
//! | file | what it is |
//! | --- | --- |
//! | `store.rs` | the journal: a line on the disk before anything changes; the log and the state over it |
//! | `queue.rs`, `archive.rs` | the same for effects that wait, and for what was decided |
//! | `entry.rs` | what stands in a line, written and read back |
//!
//! A store is right when it passes the suite of `chatsparks-testkit`: `examples/tests/own_store.rs` is all that takes.
//!
//! **What it leaves out.** The journal only grows, and everything in it is read at each start: retention and forgetting
//! hold for what the store answers, and not for what stands in the file. Whoever keeps people's texts needs a store that
//! writes over them, such as the one for SQLite.

// An example speaks to whoever reads it.
#![allow(clippy::print_stdout)]

mod archive;
mod entry;
mod queue;
mod store;

use chatsparks::{
    Event, NewEvent, Service, Workspace,
    channel::{Attempt, Channel, Delivery},
    event::Comment,
    store::Cursor,
};
use std::{env, error::Error, time::Duration};
use store::JournalStore;

const WORKSPACE: &str = r#"{
  "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "acct_glow" },
  "triggers": [ { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "answer" } ],
  "flows": [ { "id": "answer", "version": 1, "blocks": [
      { "id": "hello", "message": { "text": "Hi {{handle}}! It is 590 THB." } } ] } ]
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).unwrap_or_else(|| "shop.journal".to_owned());
    let store = JournalStore::open(&path, 1).await?;
    let document: Workspace = serde_json::from_str(WORKSPACE)?;
    let workspace = document.workspace.id.clone();
    let service = Service::builder().store(store).workspace(document, Teller).start().await?;

    let known = service.contact(&workspace, "user-mint").await?.is_some();
    println!("mint is {}", if known { "known from before" } else { "new" });
    let event = NewEvent { id: "e1".into(), at: None, event: Event::Comment(comment()) };
    service.accept(&workspace, vec![event]).await?;

    let mut commits = service.runtime().commits();
    while service.health().await.shards.iter().any(|shard| shard.lag > 0)
        || service.queue(&workspace).await?.counts.sent < 1
    {
        let _ = tokio::time::timeout(Duration::from_millis(50), commits.changed()).await;
    }
    let (records, _) = service.records(&workspace, &Cursor::default(), 100).await?;
    for record in records {
        println!("{}", record.line);
    }
    service.stop(Duration::from_secs(10)).await;
    Ok(())
}

/// Tells what would be sent.
struct Teller;

impl Channel for Teller {
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        println!("to be sent: {}", delivery.key.id);
        Attempt::Sent
    }

    fn takes_keys(&self) -> bool {
        true
    }
}

fn comment() -> Comment {
    Comment {
        comment_id: "c1".into(),
        post_id: "v1".into(),
        user_id: "user-mint".into(),
        handle: Some("mint".into()),
        text: "price?".into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    }
}
