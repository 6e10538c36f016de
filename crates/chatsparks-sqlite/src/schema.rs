//! The schema, and how a file comes to it: numbered migrations, each applied once, whole (S3).

use crate::fault::of_sqlite;
use chatsparks_core::FORMS;
use chatsparks_ports::StoreError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

/// What marks a file as ours: "ChSp".
const APPLICATION: i64 = 0x4368_5370;

/// Each brings a file of the version before to its own, the first an empty one. Released ones never change.
pub(crate) const MIGRATIONS: [&str; 3] =
    [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// The version that this build reads and writes.
pub(crate) const VERSION: usize = MIGRATIONS.len();

/// What a file was made with, and the level of forms that it is at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) partitions: u32,
    pub(crate) forms: u32,
}

/// Brings a file to the present version. `partitions`: how many it has to have.
pub(crate) fn prepare(connection: &mut Connection, partitions: Option<u32>) -> Result<Made, StoreError> {
    let is_new = connection.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0)) == Ok(0);
    let partitions = prepare_schema(connection, partitions)?;
    if is_new {
        write_forms(connection, FORMS).map_err(|error| of_sqlite(&error))?;
    }
    Ok(Made { partitions, forms: read_forms(connection)? })
}

/// The level of forms of a file; one that says nothing was made before there were levels, with those of the first.
fn read_forms(connection: &Connection) -> Result<u32, StoreError> {
    let forms = connection
        .query_row("SELECT value FROM meta WHERE name = 'forms'", [], |row| row.get::<_, i64>(0))
        .optional()
        .map_err(|error| of_sqlite(&error))?;
    let forms = u32::try_from(forms.unwrap_or(1)).unwrap_or(u32::MAX);
    if forms > FORMS {
        return Err(StoreError::Unusable(format!(
            "the store's forms are of level {forms}, and this build knows levels up to {FORMS}: use a newer one"
        )));
    }
    Ok(forms)
}

/// Writes forms of a level from now on.
pub(crate) fn write_forms(connection: &Connection, forms: u32) -> rusqlite::Result<usize> {
    connection.execute(
        "INSERT INTO meta (name, value) VALUES ('forms', ?1) ON CONFLICT DO UPDATE SET value = excluded.value",
        [i64::from(forms)],
    )
}

/// Brings a file to the present schema; how many partitions it has.
fn prepare_schema(connection: &mut Connection, partitions: Option<u32>) -> Result<u32, StoreError> {
    let told = |error: rusqlite::Error| of_sqlite(&error);
    let number = |connection: &Connection, pragma: &str| {
        connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(told)
    };
    let version = usize::try_from(number(connection, "user_version")?).unwrap_or(usize::MAX);
    let application = number(connection, "application_id")?;
    let is_empty = number(connection, "schema_version")? == 0;
    if application != APPLICATION && !is_empty {
        return Err(StoreError::Unusable("the file holds something other than a ChatSparks store".to_owned()));
    }
    if version > VERSION {
        return Err(newer(version));
    }
    for (number, migration) in (1..).zip(MIGRATIONS).skip(version) {
        let within = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
        within.execute_batch(migration).map_err(told)?;
        within.pragma_update(None, "user_version", number).map_err(told)?;
        within.pragma_update(None, "application_id", APPLICATION).map_err(told)?;
        within.commit().map_err(told)?;
    }
    let stored = connection
        .query_row("SELECT value FROM meta WHERE name = 'partitions'", [], |row| row.get::<_, i64>(0))
        .optional()
        .map_err(told)?;
    match stored.map(|stored| u32::try_from(stored).unwrap_or(1)) {
        Some(stored) if partitions.is_some_and(|asked| asked != stored) => Err(StoreError::Unusable(format!(
            "the store was made with {stored} partitions, which are fixed then: export, and import into one with {}",
            partitions.unwrap_or(1)
        ))),
        Some(stored) => Ok(stored),
        None => {
            let made = partitions.unwrap_or(1).max(1);
            connection
                .execute("INSERT INTO meta (name, value) VALUES ('partitions', ?1)", [i64::from(made)])
                .map_err(told)?;
            Ok(made)
        }
    }
}

/// A file that a newer build has written is left as it is.
fn newer(version: usize) -> StoreError {
    StoreError::Unusable(format!(
        "the file's schema is of version {version}, and this build knows versions up to {VERSION}: use a newer one"
    ))
}

/// What a file of the present version was made with.
pub(crate) fn read(connection: &Connection) -> Result<Made, StoreError> {
    let told = |error: rusqlite::Error| of_sqlite(&error);
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(told);
    if number("application_id")? != APPLICATION {
        return Err(StoreError::Unusable("the file holds something other than a ChatSparks store".to_owned()));
    }
    let version = usize::try_from(number("user_version")?).unwrap_or(usize::MAX);
    if version > VERSION {
        return Err(newer(version));
    }
    if version != VERSION {
        return Err(StoreError::Unusable(format!(
            "the file's schema is of version {version}, and this build reads version {VERSION}: start the service once"
        )));
    }
    let stored =
        connection.query_row("SELECT value FROM meta WHERE name = 'partitions'", [], |row| row.get::<_, i64>(0));
    let partitions = u32::try_from(stored.map_err(told)?).unwrap_or(1);
    Ok(Made { partitions, forms: read_forms(connection)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each version was released with.
    const RELEASED: [u64; VERSION] = [6_081_059_764_969_699_320, 12_085_419_968_788_120_043, 749_912_990_365_540_262];

    #[test]
    fn s3_released_migrations_never_change() {
        let digest = |sql: &str| {
            sql.bytes()
                .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
        };
        assert_eq!(MIGRATIONS.map(digest), RELEASED);
    }
}
