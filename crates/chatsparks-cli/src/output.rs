//! What a command writes besides its answer: a file that is whole or not there, or standard output as `-`.

use crate::{failure::Failure, input::Input, unnamed::Unnamed};
use same_file::Handle;
use std::{
    convert::Infallible,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

/// A file to write, or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Standard,
    File(PathBuf),
}

/// An output that is being written. Dropped before [`finish`](Self::finish), a file stays as it was.
pub(crate) enum Output {
    /// Nobody asked for it.
    Nowhere,
    Standard(BufWriter<io::Stdout>),
    /// Written without a name, and put into its place when it is whole.
    Whole(BufWriter<Unnamed>, PathBuf),
    /// A device or a pipe, which nothing can take the place of.
    Straight(BufWriter<File>, PathBuf),
}

impl FromStr for Target {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "-" => Self::Standard,
            path => Self::File(path.into()),
        })
    }
}

impl Target {
    /// What it is called in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Standard => "<standard output>".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Whether writing it would overwrite this input: whatever they are called, if they are one file.
    pub(crate) fn overwrites(&self, input: &Input) -> bool {
        let target = match self {
            Self::Standard => Handle::stdout(),
            Self::File(path) if path.is_file() => Handle::from_path(path),
            // What is not there yet, a device or a pipe: nothing in it is lost.
            Self::File(_) => return false,
        };
        let input = match input {
            Input::Standard => Handle::stdin(),
            Input::File(path) => Handle::from_path(path),
        };
        let is_file = |handle: &Handle| handle.as_file().metadata().is_ok_and(|about| about.is_file());
        target.ok().zip(input.ok()).is_some_and(|(target, input)| target == input && is_file(&input))
    }

    /// What went wrong in writing it.
    pub(crate) fn failure(&self, error: io::Error) -> Failure {
        match self {
            Self::Standard => error.into(),
            Self::File(path) if path.exists() && !path.is_file() => Failure::cannot_write_to(&self.name(), &error),
            Self::File(_) => Failure::cannot_write(&self.name(), &error),
        }
    }

    /// Whether both are one place.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        // A file that is not there yet is known by its directory and its name.
        let place = |path: &Path| match fs::canonicalize(path) {
            Ok(path) => Some(path),
            Err(_) => {
                let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                Some(fs::canonicalize(directory.unwrap_or(Path::new("."))).ok()?.join(path.file_name()?))
            }
        };
        match (self, other) {
            (Self::File(one), Self::File(other)) => {
                one == other
                    || place(one).zip(place(other)).is_some_and(|(one, other)| one == other)
                    || (one.is_file() && same_file::is_same_file(one, other).unwrap_or(false))
            }
            _ => self == other,
        }
    }
}

impl Output {
    /// Opens an output, so that what cannot be written is known before any work is done.
    ///
    /// # Errors
    /// A [`Failure`] that names the file and says what to do.
    pub(crate) fn open(target: Option<&Target>) -> Result<Self, Failure> {
        match target {
            None => Ok(Self::Nowhere),
            Some(Target::Standard) => Ok(Self::Standard(BufWriter::new(io::stdout()))),
            Some(Target::File(path)) => Self::file(path).map_err(|error| Failure::cannot_write(&named(path), &error)),
        }
    }

    fn file(path: &Path) -> io::Result<Self> {
        // A link stays a link: its target is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let about = fs::metadata(&path).ok();
        if about.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if about.as_ref().is_some_and(|about| !about.is_file()) {
            let file = OpenOptions::new().write(true).open(&path)?;
            return Ok(Self::Straight(BufWriter::new(file), path));
        }
        Ok(Self::Whole(BufWriter::new(Unnamed::beside(&path)?), path))
    }

    /// Whether it was asked for.
    pub(crate) fn is_wanted(&self) -> bool {
        !matches!(self, Self::Nowhere)
    }

    /// Writes what is buffered, and puts a file into its place.
    ///
    /// # Errors
    /// A [`Failure`]; a file is then as it was.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Standard(mut to) => Ok(to.flush()?),
            Self::Straight(mut to, path) => to.flush().map_err(|error| Failure::cannot_write_to(&named(&path), &error)),
            Self::Whole(to, path) => {
                let file = to.into_inner().map_err(|error| Failure::cannot_write(&named(&path), error.error()))?;
                file.persist(&path).map_err(|error| Failure::cannot_write(&named(&path), &error))
            }
        }
    }

    /// What went wrong in writing it.
    pub(crate) fn failure(&self, error: io::Error) -> Failure {
        match self {
            Self::Nowhere | Self::Standard(_) => error.into(),
            Self::Straight(_, path) => Failure::cannot_write_to(&named(path), &error),
            Self::Whole(_, path) => Failure::cannot_write(&named(path), &error),
        }
    }
}

fn named(path: &Path) -> String {
    path.display().to_string()
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Nowhere => Ok(bytes.len()),
            Self::Standard(to) => to.write(bytes),
            Self::Whole(to, _) => to.write(bytes),
            Self::Straight(to, _) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Standard(to) => to.flush(),
            Self::Whole(to, _) => to.flush(),
            Self::Straight(to, _) => to.flush(),
        }
    }
}
