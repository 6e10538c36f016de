//! What went wrong, as a store says it (S1): never with anything that somebody wrote.

use chatsparks_ports::StoreError;
use rusqlite::ErrorCode;

/// Why a job came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was refused before it wrote anything: what is committed with it stands.
    Refused(StoreError),
    /// It broke off, and may have written a part: its transaction is rolled back.
    Broken(StoreError),
}

impl Failure {
    /// What whoever asked is told.
    pub(crate) fn told(self) -> StoreError {
        match self {
            Self::Refused(error) | Self::Broken(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(of_sqlite(&error))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(of_form(&error))
    }
}

/// A stored form that cannot be read: by a newer version, or broken. The reader's own words may repeat what is stored,
/// and are told only where they are about the version.
pub(crate) fn of_form(error: &serde_json::Error) -> StoreError {
    let told = error.to_string();
    let why = if told.starts_with("stored as version") { told } else { "a stored form cannot be read".to_owned() };
    StoreError::Unusable(why)
}

/// The file, or the directory in which files beside it are made.
pub(crate) fn may_only_be_read() -> StoreError {
    StoreError::Unavailable("the file or its directory may only be read: give this user the right to write".to_owned())
}

/// Whether it is the file that is damaged, and not one form in it.
pub(crate) fn is_damage(why: &str) -> bool {
    why.starts_with(DAMAGED) || why.starts_with(NO_DATABASE)
}

const DAMAGED: &str = "the file is damaged";
const NO_DATABASE: &str = "the file is no SQLite database";

/// What SQLite says.
pub(crate) fn of_sqlite(error: &rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, message) = error else {
        return StoreError::Unusable("the file does not hold what its schema says".to_owned());
    };
    let what = message.clone().unwrap_or_else(|| failure.to_string());
    match failure.code {
        ErrorCode::DiskFull => {
            StoreError::Unavailable("the disk, or the room that the file may take, is full".to_owned())
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => may_only_be_read(),
        ErrorCode::SystemIoFailure => StoreError::Unavailable(format!(
            "the file cannot be read or written ({what}): look at the disk's room, at its health, and at what this process \
             may take of it"
        )),
        ErrorCode::CannotOpen => StoreError::Unavailable(format!("the file cannot be opened: {what}")),
        ErrorCode::DatabaseCorrupt => StoreError::Unusable(format!(
            "{DAMAGED} ({what}): stop, keep a copy of it and of its `-wal`, and restore a backup"
        )),
        ErrorCode::NotADatabase => StoreError::Unusable(format!(
            "{NO_DATABASE}: it is something else, or its beginning is damaged; then restore a backup"
        )),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            StoreError::Unavailable("another program holds the file".to_owned())
        }
        ErrorCode::ConstraintViolation => {
            StoreError::Unusable(format!("what was to be written contradicts itself: {what}"))
        }
        _ => StoreError::Unavailable(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    /// S1: a clear state for each fault: what may pass, and what cannot be used.
    #[test]
    fn s1_each_fault_of_sqlite_has_a_clear_state() {
        let told =
            |code| of_sqlite(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("what it says".to_owned())));
        for (code, says) in [
            (ffi::SQLITE_FULL, "full"),
            (ffi::SQLITE_IOERR, "what it says"),
            (ffi::SQLITE_IOERR_FSYNC, "what it says"),
            (ffi::SQLITE_READONLY, "only be read"),
            (ffi::SQLITE_PERM, "only be read"),
            (ffi::SQLITE_CANTOPEN, "cannot be opened"),
            (ffi::SQLITE_BUSY, "another program"),
            (ffi::SQLITE_NOMEM, "what it says"),
        ] {
            let error = told(code);
            assert!(matches!(&error, StoreError::Unavailable(why) if why.contains(says)), "{code}: {error}");
        }
        for (code, says) in [
            (ffi::SQLITE_CORRUPT, "restore a backup"),
            (ffi::SQLITE_NOTADB, "no SQLite database"),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "contradicts"),
        ] {
            let error = told(code);
            assert!(matches!(&error, StoreError::Unusable(why) if why.contains(says)), "{code}: {error}");
        }
        let other = of_sqlite(&rusqlite::Error::InvalidColumnIndex(1));
        assert!(matches!(other, StoreError::Unusable(_)), "{other}");
    }

    /// S3, H3: a form of a newer version is told by its number; of a broken one nothing is repeated.
    #[test]
    fn h3_a_broken_form_is_not_repeated() {
        let of = |form: &str| match crate::form::read::<chatsparks_core::Contact>(form) {
            Err(Failure::Broken(StoreError::Unusable(why))) => why,
            other => panic!("{other:?}"),
        };
        assert!(of(r#"{"v":9,"user_id":"u1"}"#).contains("version 9"));
        assert_eq!(of(r#"{"v":2,"user_id":"u1","secret":"what a buyer wrote"}"#), "a stored form cannot be read");
        assert_eq!(of("what a buyer wrote"), "a stored form cannot be read");
    }
}
