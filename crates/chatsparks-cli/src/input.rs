//! What a command reads: a file, or standard input as `-`.

use crate::failure::Failure;
use std::{
    convert::Infallible,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    str::FromStr,
};

/// A file to read, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Standard,
    File(PathBuf),
}

impl FromStr for Input {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "-" => Self::Standard,
            path => Self::File(path.into()),
        })
    }
}

impl Input {
    /// What it is called in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Standard => "<standard input>".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// The file's path, where it is a file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Standard => None,
            Self::File(path) => Some(path),
        }
    }

    /// Opens it for reading, not buffered.
    ///
    /// # Errors
    /// A [`Failure`] that names the file and says what to do.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, Failure> {
        match self {
            Self::Standard => Ok(Box::new(io::stdin())),
            Self::File(path) => {
                let file = File::open(path).map_err(|error| Failure::cannot_read(&self.name(), &error))?;
                if file.metadata().is_ok_and(|about| about.is_dir()) {
                    return Err(Failure::cannot_read(&self.name(), &io::ErrorKind::IsADirectory.into()));
                }
                Ok(Box::new(file))
            }
        }
    }

    /// The length of a regular file in bytes.
    pub(crate) fn length(&self) -> Option<u64> {
        let about = std::fs::metadata(self.path()?).ok()?;
        about.is_file().then_some(about.len())
    }
}

/// The history that a command reads beside a workspace, where it is not asked of a store.
///
/// # Errors
/// A [`Failure`] when there is none, or both are standard input.
pub(crate) fn beside<'i>(workspace: &Input, history: Option<&'i Input>) -> Result<&'i Input, Failure> {
    let missing = || {
        Failure::new(format!("there is no history beside `{}`", workspace.name()))
            .help("name the file of events behind the workspace, or a store: `sqlite:PATH`")
    };
    let history = history.ok_or_else(missing)?;
    only_one_standard(workspace, history)?;
    Ok(history)
}

/// Only one of a command's inputs may be standard input.
///
/// # Errors
/// A [`Failure`] when both are.
pub(crate) fn only_one_standard(one: &Input, other: &Input) -> Result<(), Failure> {
    if *one == Input::Standard && *other == Input::Standard {
        return Err(Failure::new("standard input was given twice")
            .help("`-` can stand for one input only: put the other into a file"));
    }
    Ok(())
}
