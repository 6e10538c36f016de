//! What went wrong, as a store says it (S1): never with anything that somebody wrote.

use chatsparks_ports::StoreError;
use deadpool_postgres::PoolError;
use tokio_postgres::{Error, error::SqlState};

/// What the server, or the way to it, says.
pub(crate) fn of_postgres(error: &Error) -> StoreError {
    let Some(told) = error.as_db_error() else {
        if error.is_closed() {
            return StoreError::Unavailable("the connection to PostgreSQL was closed".to_owned());
        }
        // Of values that are not as the schema says; everything else is about the connection.
        let text = error.to_string();
        return match text.starts_with("error deserializing") || text.starts_with("error retrieving") {
            true => StoreError::Unusable("the database does not hold what its schema says".to_owned()),
            false => StoreError::Unavailable(format!("PostgreSQL cannot be reached: {}", chain(error))),
        };
    };
    let code = told.code();
    let class = code.code().get(..2).unwrap_or_default();
    match class {
        "53" => StoreError::Unavailable(format!("PostgreSQL has no room for it: {}", told.message())),
        "25" if *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
            StoreError::Unavailable("this PostgreSQL may only be read: it is a standby, or became one".to_owned())
        }
        // What contradicts itself, or cannot be a value: the message may repeat it.
        "22" | "23" => {
            StoreError::Unusable(format!("what was to be written contradicts itself (SQLSTATE {})", code.code()))
        }
        "42" | "3D" | "3F" | "28" => StoreError::Unusable(told.message().to_owned()),
        "XX" => StoreError::Unusable(format!(
            "PostgreSQL says that it is damaged ({}): look at its log, and restore a backup",
            told.message()
        )),
        _ => StoreError::Unavailable(format!("PostgreSQL: {}", told.message())),
    }
}

/// Why an error came, without the address of the database.
fn chain(error: &Error) -> String {
    use std::error::Error as _;
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        told = format!("{told}: {inner}");
        source = inner.source();
    }
    told
}

/// Why no connection could be had.
pub(crate) fn of_pool(error: &PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => of_postgres(error),
        PoolError::Timeout(_) => StoreError::Unavailable("no connection to PostgreSQL became free in time".to_owned()),
        other => StoreError::Unavailable(format!("no connection to PostgreSQL can be had: {other}")),
    }
}

/// A stored form that cannot be read: by a newer version, or broken. The reader's own words may repeat what is stored,
/// and are told only where they are about the version.
pub(crate) fn of_form(error: &serde_json::Error) -> StoreError {
    let told = error.to_string();
    let why = if told.starts_with("stored as version") { told } else { "a stored form cannot be read".to_owned() };
    StoreError::Unusable(why)
}

/// Nothing comes, and the connection does not end either: the server is frozen, or the way to it.
pub(crate) fn silent() -> StoreError {
    StoreError::Unavailable("PostgreSQL did not answer in time".to_owned())
}

pub(crate) fn cut_off() -> StoreError {
    StoreError::Unavailable("it was cut off".to_owned())
}

/// The same, for another who waited for the same transaction.
pub(crate) fn shared(error: &StoreError) -> StoreError {
    match error {
        StoreError::Superseded => StoreError::Superseded,
        StoreError::NoRoom => StoreError::NoRoom,
        StoreError::NotKept(first) => StoreError::NotKept(*first),
        StoreError::Unusable(why) => StoreError::Unusable(why.clone()),
        StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
        other => StoreError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used)]
    use super::*;

    /// S3, H3: a form of a newer version is told by its number; of a broken one nothing is repeated.
    #[test]
    fn h3_a_broken_form_is_not_repeated() {
        let of = |form: &str| match crate::form::read::<chatsparks_core::Contact>(form) {
            Err(StoreError::Unusable(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(of(r#"{"v":9,"user_id":"u1"}"#).contains("version 9"));
        assert_eq!(of(r#"{"v":2,"user_id":"u1","secret":"what a buyer wrote"}"#), "a stored form cannot be read");
    }
}
