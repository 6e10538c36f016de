//! Where a store is, and how it is opened.

use crate::failure::Failure;
use chatsparks_jetstream::JetStreamStore;
use chatsparks_ports::StoreError;
use chatsparks_postgres::PostgresStore;
use chatsparks_sqlite::SqliteStore;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Where a store is.
pub(crate) enum Address<'a> {
    /// In a file.
    File(PathBuf),
    /// In a database of PostgreSQL.
    Postgres(&'a str),
    /// On servers of NATS.
    Nats(&'a str),
}

impl<'a> Address<'a> {
    pub(crate) fn of(name: &'a str) -> Result<Self, Failure> {
        Ok(match name.split_once(':') {
            Some(("postgres" | "postgresql", _)) => Self::Postgres(name),
            Some(("nats" | "tls", _)) => Self::Nats(name),
            _ => Self::File(path(name)?),
        })
    }
}

pub(crate) async fn open_postgres(url: &str) -> Result<PostgresStore, Failure> {
    let opened = PostgresStore::open(url, chatsparks_postgres::Options::default()).await;
    // The address is not shown: a password may stand in it.
    opened.map_err(|error| Failure::new(format!("cannot open the store in PostgreSQL: {error}")))
}

/// Who one is there is said as NATS's own command has it: by `NATS_USER` and `NATS_PASSWORD`, `NATS_TOKEN`, or the file that
/// `NATS_CREDS` names.
pub(super) fn nats_options(url: &str) -> Result<chatsparks_jetstream::Options, Failure> {
    let mut options = chatsparks_jetstream::Options::from_url(url).map_err(cannot_open)?;
    options.user = env::var("NATS_USER").ok().zip(env::var("NATS_PASSWORD").ok());
    options.token = env::var("NATS_TOKEN").ok();
    if let Ok(path) = env::var("NATS_CREDS") {
        let read = fs::read_to_string(&path);
        options.credentials = Some(read.map_err(|error| Failure::cannot_read(&path, &error))?);
    }
    Ok(options)
}

pub(crate) async fn open_nats(url: &str) -> Result<JetStreamStore, Failure> {
    JetStreamStore::open(nats_options(url)?).await.map_err(cannot_open)
}

fn cannot_open(error: StoreError) -> Failure {
    Failure::new(format!("cannot open the store on NATS: {error}"))
}

/// A store that is only read: whoever serves from it goes on.
pub(crate) fn open_file(path: &Path) -> Result<SqliteStore, Failure> {
    SqliteStore::open_to_read(path).map_err(|error| {
        let failure = Failure::new(format!("cannot read the store `{}`: {error}", path.display()));
        if path.exists() { failure } else { failure.help("check the path; it is taken from the current directory") }
    })
}

/// The path of a file.
pub(super) fn path(name: &str) -> Result<PathBuf, Failure> {
    match name.split_once(':') {
        Some(("sqlite", path)) => Ok(PathBuf::from(path)),
        Some((kind @ ("postgres" | "postgresql" | "nats" | "tls"), _)) => {
            Err(Failure::new(format!("this is for a file, and not for a store of the kind `{kind}`"))
                .help("name the file: `sqlite:PATH`"))
        }
        _ => Ok(PathBuf::from(name)),
    }
}
