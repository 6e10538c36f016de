//! A channel of your own: here each effect becomes a letter, a file in a folder.
//!
//! `cargo run -p chatsparks-examples --bin own_channel -- letters [--stumble]`
//!
//! A folder knows nothing of idempotency keys, so that a process that ends while it writes leaves a doubt: was it sent?
//! With `--stumble` this one ends so on purpose, right after its first letter. Run again without, it *looks* before it
//! does anything twice, finds the letter, and goes on with the next.

// An example speaks to whoever reads it.
#![allow(clippy::print_stdout)]

use chatsparks::{
    Effect, Event, NewEvent, Service, Workspace,
    channel::{Attempt, Channel, Delivery, Fault, Looked},
    event::Comment,
};
use std::{
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Puts letters into a folder.
struct Letters {
    folder: PathBuf,
    stumble: bool,
}

impl Channel for Letters {
    /// One attempt. Its outcome says what follows: `Sent`; `Again`, later; `Failed`, for good; `Stopped`, the whole
    /// channel rests until it works. A `Fault` is told to people and written down: never put anybody's text into it.
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        let letter = match &delivery.effect {
            Effect::PublicReply { comment_id, text } => format!("reply to {comment_id}: {}\n", text.as_str()),
            Effect::SendDm(dm) => {
                format!("DM to {}: {}\n", dm.user_id, dm.text.as_ref().map_or("", |text| text.as_str()))
            }
            Effect::NotifyInbox { .. } | Effect::NotifyOwners { .. } => "look at your inbox\n".to_owned(),
        };
        let attempt = match write_whole(&self.letter(delivery), &letter) {
            Ok(()) => Attempt::Sent,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Attempt::Stopped(Fault("the folder of letters is not there: make it".to_owned()))
            }
            Err(error) => Attempt::Again(None, Fault(format!("the letter could not be written: {}", error.kind()))),
        };
        if self.stumble {
            println!("stumbling after {}", delivery.key.id);
            std::process::exit(3);
        }
        attempt
    }

    /// A folder does not know what it was given before. With an API that takes an idempotency key, this is `true`: an
    /// attempt that was cut off is then simply made again, under the same key.
    fn takes_keys(&self) -> bool {
        false
    }

    /// Asked of an attempt that was cut off, before anything is done twice. What cannot look says `CannotLook`, and the
    /// effect fails as `in_doubt`: somebody has to see to it.
    async fn look(&self, delivery: &Delivery) -> Looked {
        match fs::exists(self.letter(delivery)) {
            Ok(true) => {
                println!("{} had been sent", delivery.key.id);
                Looked::Sent
            }
            Ok(false) => Looked::NotSent,
            Err(_) => Looked::CannotLook,
        }
    }
}

impl Letters {
    /// Where an effect's letter lies: the same whenever it is tried, and no other effect's.
    fn letter(&self, delivery: &Delivery) -> PathBuf {
        self.folder.join(delivery.key.id.replace('%', "%25").replace('/', "%2F"))
    }
}

/// A letter is there as a whole, or not at all: else there would be nothing to look at.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, text)?;
    fs::rename(partial, path)
}

const WORKSPACE: &str = r#"{
  "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "acct_glow" },
  "triggers": [ { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "answer",
                  "public_reply": "Sent you a DM" } ],
  "flows": [ { "id": "answer", "version": 1, "blocks": [
      { "id": "hello", "message": { "text": "Hi {{handle}}! It is 590 THB." } } ] } ]
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "letters".to_owned()));
    let letters = Letters { folder: folder.clone(), stumble: arguments.any(|argument| argument == "--stumble") };
    fs::create_dir_all(&folder)?;

    let document: Workspace = serde_json::from_str(WORKSPACE)?;
    let workspace = document.workspace.id.clone();
    let store = folder.with_extension("db");
    let service = Service::builder().sqlite(store).workspace(document, letters).start().await?;
    // It comes again with each run, and happens once.
    let event = NewEvent { id: "e1".into(), at: None, event: Event::Comment(comment()) };
    service.accept(&workspace, vec![event]).await?;

    let mut commits = service.runtime().commits();
    while service.queue(&workspace).await?.counts.sent < 2 {
        let _ = tokio::time::timeout(Duration::from_millis(50), commits.changed()).await;
    }
    service.stop(Duration::from_secs(10)).await;
    let mut letters: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    letters.sort_by_key(fs::DirEntry::file_name);
    for letter in letters {
        print!("{}: {}", letter.file_name().display(), fs::read_to_string(letter.path())?);
    }
    Ok(())
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
