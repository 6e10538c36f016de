//! `chatsparks init`: a small shop to begin with.

use crate::{
    failure::{Answer, Failure},
    output::{Output, Target},
    terminal::{FAINT, STRONG, Terminal, shown},
};
use clap::Args;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// Write a small shop to begin with: a workspace with comments, a history, and a story
///
/// The workspace says in comments what its parts are for. The history and the story are there to play with:
/// change the workspace, and see what comes of them. What is there already is never overwritten.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Init {
    /// The directory, made when it is not there
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks init moon
  cd moon
  chatsparks check workspace.toml
  chatsparks replay workspace.toml history.jsonl

Exit status: 0 when all is written, 2 when a file is there already or cannot be written.";

/// What is written: the name, and what stands in it.
const FILES: [(&str, &str); 3] = [
    ("workspace.toml", include_str!("../starter/workspace.toml")),
    ("history.jsonl", include_str!("../starter/history.jsonl")),
    ("price.story", include_str!("../starter/price.story")),
];

/// What to do next, and what for.
const NEXT: [(&str, &str); 6] = [
    ("check workspace.toml", "is it sound?"),
    ("replay workspace.toml history.jsonl", "what would it have done?"),
    ("explain workspace.toml history.jsonl --comment c2", "why was this comment not answered?"),
    ("conversation workspace.toml history.jsonl --contact u_fah", "what was said with this buyer?"),
    ("expect workspace.toml price.story", "does it behave as told?"),
    ("try workspace.toml 'ship to Chiang Mai?'", "what would it do with this text?"),
];

impl Init {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let cannot_write = |path: &Path, error| Failure::cannot_write(&path.display().to_string(), &error);
        // All are looked at before any is written. What stands there may be a link to nothing, too.
        for (name, _) in FILES {
            let path = self.directory.join(name);
            if fs::symlink_metadata(&path).is_ok() {
                let message = format!("`{}` is there already", path.display());
                return Err(Failure::new(message).help("choose another directory; nothing was written"));
            }
        }
        fs::create_dir_all(&self.directory).map_err(|error| cannot_write(&self.directory, error))?;
        let mut whole = Vec::new();
        for (name, text) in FILES {
            let mut file = Output::open(Some(&Target::File(self.directory.join(name))))?;
            file.write_all(text.as_bytes()).map_err(|error| file.failure(error))?;
            whole.push(file);
        }
        whole.into_iter().try_for_each(Output::finish)?;
        let mut to = terminal.out();
        let directory = shown(&self.directory.display().to_string());
        let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        writeln!(to.to, "{STRONG}{directory}{STRONG:#}: {} written", names.join(", "))?;
        writeln!(to.to, "\nNext:")?;
        if self.directory != Path::new(".") {
            writeln!(to.to, "  cd {}", quoted(&directory))?;
        }
        for (command, what) in NEXT {
            writeln!(to.to, "  {FAINT}# {what}{FAINT:#}\n  chatsparks {command}")?;
        }
        to.to.flush()?;
        Ok(Answer::Done)
    }
}

/// A name as a shell takes it for one word.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if name.chars().all(plain) && !name.starts_with('-') {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}
