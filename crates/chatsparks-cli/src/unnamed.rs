//! A file that has no name until it is whole: a run that is ended on the way, however, leaves nothing behind.

use std::{
    fs::{self, File},
    io::{self, Seek, Write},
    path::Path,
};

/// A file in the directory of the place that it is for.
pub(crate) struct Unnamed {
    file: File,
    /// Whether a name can be given to the file itself; else what it holds is copied.
    linkable: bool,
}

impl Unnamed {
    /// A file that is to stand at this path.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let directory = directory(path);
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags, open};
            let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
            // As any new file: the user's mask takes away what it takes away.
            if let Ok(file) = open(directory, flags, Mode::from_raw_mode(0o666)) {
                return Ok(Self { file: file.into(), linkable: true });
            }
        }
        // Where the file system knows no such files, one whose name is taken away at once.
        Ok(Self { file: tempfile::tempfile_in(directory)?, linkable: false })
    }

    /// Puts it into its place, over what stands there, with its permissions.
    pub(crate) fn persist(mut self, path: &Path) -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".chatsparks-").suffix(".part");
        // Nothing can take a file's place but a file with a name. It has one for as long as a renaming takes.
        let named = match self.linkable {
            true => builder.make_in(directory(path), |name| self.link(name)),
            false => Err(io::ErrorKind::Unsupported.into()),
        };
        let named = named.or_else(|_| builder.make_in(directory(path), |name| self.copy(name)))?;
        if let Ok(about) = fs::metadata(path) {
            fs::set_permissions(named.path(), about.permissions())?;
        }
        named.persist(path).map_err(|error| error.error)
    }

    #[cfg(target_os = "linux")]
    fn link(&self, name: &Path) -> io::Result<()> {
        use rustix::fs::{AtFlags, CWD, linkat};
        use std::os::fd::AsRawFd;
        let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        Ok(linkat(CWD, own, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn link(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn copy(&mut self, name: &Path) -> io::Result<()> {
        self.file.rewind()?;
        io::copy(&mut self.file, &mut File::create_new(name)?)?;
        Ok(())
    }
}

impl Write for Unnamed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole_and_not_before() {
        for linkable in [true, false] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("whole");
            let names =
                || fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
            let unnamed = || {
                let mut file = Unnamed::beside(&path).unwrap();
                file.linkable &= linkable;
                write!(file, "all of it").unwrap();
                file
            };
            drop(unnamed());
            assert_eq!(names(), [""; 0]);
            let file = unnamed();
            assert_eq!(names(), [""; 0]);
            file.persist(&path).unwrap();
            assert_eq!(names(), ["whole"]);
            assert_eq!(fs::read_to_string(&path).unwrap(), "all of it");
            // Over an earlier file, too.
            unnamed().persist(&path).unwrap();
            assert_eq!(names(), ["whole"]);
        }
    }
}
