//! What a command writes besides its answer: a file that is whole or not there, or standard output as `-`.

use crate::{failure::Failure, input::Input};
use std::{
    convert::Infallible,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
};
use tempfile::NamedTempFile;

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
    /// Written beside its place, and put there when it is whole.
    Beside(BufWriter<NamedTempFile>, PathBuf),
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

    /// Whether writing it would overwrite this input.
    pub(crate) fn overwrites(&self, input: &Input) -> bool {
        let (Self::File(path), Some(input)) = (self, input.path()) else { return false };
        let same = fs::canonicalize(path).ok().zip(fs::canonicalize(input).ok());
        same.is_some_and(|(one, other)| one == other && one.is_file())
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
            Some(Target::File(path)) => {
                Self::file(path).map_err(|error| Failure::cannot_write(&path.display().to_string(), &error))
            }
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
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".chatsparks-").suffix(".part");
        #[cfg(unix)]
        let builder = {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: the user's mask takes away what it takes away.
            builder.permissions(fs::Permissions::from_mode(0o666))
        };
        let file = builder.tempfile_in(directory)?;
        if let Some(about) = about {
            file.as_file().set_permissions(about.permissions())?;
        }
        Ok(Self::Beside(BufWriter::new(file), path))
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
            Self::Straight(mut to, path) => to.flush().map_err(|error| failure(&path, &error)),
            Self::Beside(to, path) => {
                let file = to.into_inner().map_err(|error| failure(&path, error.error()))?;
                file.persist(&path).map_err(|error| failure(&path, &error.error))?;
                Ok(())
            }
        }
    }

    /// What went wrong in writing it.
    pub(crate) fn failure(&self, error: io::Error) -> Failure {
        match self {
            Self::Nowhere | Self::Standard(_) => error.into(),
            Self::Beside(_, path) | Self::Straight(_, path) => failure(path, &error),
        }
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::cannot_write(&path.display().to_string(), error)
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Nowhere => Ok(bytes.len()),
            Self::Standard(to) => to.write(bytes),
            Self::Beside(to, _) => to.write(bytes),
            Self::Straight(to, _) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Standard(to) => to.flush(),
            Self::Beside(to, _) => to.flush(),
            Self::Straight(to, _) => to.flush(),
        }
    }
}
