//! Writes the files of the Glow example anew: `cargo run -p chatsparks-examples --bin make-glow -- examples/glow`.

use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "examples/glow".to_owned()));
    let glow = chatsparks_examples::glow::make(&fs::read_to_string(folder.join("real-messages.txt"))?);
    fs::write(folder.join("workspace.json"), glow.workspace)?;
    fs::write(folder.join("history.jsonl"), glow.history)?;
    fs::write(folder.join("conversations.jsonl"), glow.conversations)
}
