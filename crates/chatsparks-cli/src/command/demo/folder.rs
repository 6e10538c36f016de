//! Where the demo writes: a directory that is gone afterwards, or one that is kept.

use crate::failure::Failure;
use chatsparks_sqlite::SqliteStore;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where everything lies.
pub(crate) enum Folder {
    /// Gone when this is dropped.
    Temporary(tempfile::TempDir),
    /// It stays.
    Kept(PathBuf),
}

impl Folder {
    /// A new directory, or this one.
    ///
    /// # Errors
    /// When nothing can be written there, or a database stands there already.
    pub(crate) fn new(keep: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = keep else {
            let made = tempfile::Builder::new().prefix("chatsparks-demo-").tempdir();
            return made.map(Self::Temporary).map_err(|error| {
                let place = std::env::temp_dir();
                Failure::cannot_write(&place.display().to_string(), &error)
                    .help("name a directory that may be written: `--keep DIR`, or set TMPDIR")
            });
        };
        let name = path.display().to_string();
        fs::create_dir_all(path).map_err(|error| Failure::cannot_write(&name, &error))?;
        let folder = Self::Kept(path.to_owned());
        let database = folder.database();
        if database.exists() {
            let shown = database.display();
            let failure = match opened(&database) {
                Ok(()) => Failure::new(format!("`{shown}` is there already")),
                Err(error) => Failure::new(format!("`{shown}` is there already, and cannot be opened: {error}")),
            };
            return Err(failure.help("name a directory that is new or empty: the day begins with an empty database"));
        }
        // Told before anything begins, and not by the service that could not begin.
        let trial = tempfile::Builder::new().prefix(".chatsparks-").tempfile_in(path);
        trial.map_err(|error| Failure::cannot_write(&name, &error))?;
        Ok(folder)
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }

    /// The directory, where it is there afterwards.
    pub(crate) fn kept(&self) -> Option<&Path> {
        match self {
            Self::Temporary(_) => None,
            Self::Kept(path) => Some(path),
        }
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("chatsparks.db")
    }

    /// Writes a file, for its owner alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.path().join(name);
        let written = private(&path).and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|error| Failure::cannot_write(&path.display().to_string(), &error))?;
        Ok(path)
    }
}

/// Whether a database can be opened. It is a copy that is: what stands there stays as it is, for whoever may need it.
fn opened(database: &Path) -> Result<(), String> {
    let aside = tempfile::tempdir().map_err(|error| error.to_string())?;
    let copy = aside.path().join("chatsparks.db");
    fs::copy(database, &copy).map_err(|error| error.to_string())?;
    SqliteStore::open(copy, chatsparks_sqlite::Options::default()).map(|_| ()).map_err(|error| error.to_string())
}

fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
