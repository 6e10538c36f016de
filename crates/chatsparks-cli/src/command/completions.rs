//! `chatsparks completions`: what a shell needs to complete our arguments.

use crate::{
    arguments::Arguments,
    failure::{Answer, Failure},
};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::io::{self, Write};

/// Print the completions of a shell
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks completions bash > ~/.local/share/bash-completion/completions/chatsparks
  chatsparks completions fish > ~/.config/fish/completions/chatsparks.fish
  chatsparks completions zsh > \"${fpath[1]}/_chatsparks\"";

impl Completions {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        // Laid out first: the generator takes a failed write for a bug.
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "chatsparks", &mut text);
        io::stdout().write_all(&text)?;
        Ok(Answer::Done)
    }
}
