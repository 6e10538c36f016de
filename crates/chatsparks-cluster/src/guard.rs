//! Processes that end with the one that began them.

use crate::ClusterError;
use std::{
    fs,
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Runs the program that it is handed until its standard input ends, then ends it and removes its directory.
const GUARD: &str = r#"
directory=$1; signal=$2; shift 2
"$@" >>"$directory/log" 2>&1 </dev/null &
server=$!
read -r keep
kill "-$signal" "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ "$keep" = keep ] || rm -rf "$directory"
"#;

/// A server, and the small process beside it that ends it with its owner.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    directory: PathBuf,
}

impl Guard {
    /// Begins a server over a directory, which is removed with it. `signal`: by which it ends. `user`: whose it is, where
    /// it may not be root's.
    ///
    /// # Errors
    /// When the process cannot be had.
    pub fn start(
        directory: &Path,
        signal: &str,
        user: Option<(u32, u32)>,
        program: &[&str],
    ) -> Result<Self, ClusterError> {
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(directory).arg(signal).args(program);
        // An interrupt at the terminal is for the tests: the guard hears of it by the end of the pipe.
        command.process_group(0).current_dir(directory);
        if let Some((user, group)) = user {
            command.uid(user).gid(group);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| ClusterError::new("no shell can be had", error))?;
        Ok(Self { child, directory: directory.to_owned() })
    }

    /// What the server said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// Where the server keeps what it has.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether the server was not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends the server, and keeps its directory.
    pub fn end_and_keep(&mut self) {
        if let Some(mut input) = self.child.stdin.take() {
            let _ = input.write_all(b"keep\n");
        }
        let _ = self.child.wait();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
