//! `chatsparks migrate`: workspaces from one store to another (S4).

use super::{
    address::{Address, open_file, open_nats, open_postgres},
    blocking, told,
};
use crate::{
    failure::{Answer, Failure},
    terminal::Terminal,
};
use chatsparks_jetstream::JetStreamStore;
use chatsparks_ports::{StoreError, moving::Moving};
use chatsparks_postgres::PostgresStore;
use chatsparks_runtime::moving::{MoveError, carry, carry_ahead, stay};
use chatsparks_sqlite::SqliteStore;
use clap::Args;
use std::{io::Write, path::Path, time::Instant};

/// Move all workspaces from one store to another
///
/// Everything goes: documents, histories, records, state, effects that wait. Stop the service first, and start it on the
/// other store afterwards. With much history, carry it ahead while the service goes on (`--ahead`, as often as you like):
/// then only what is left is carried while it stands still. What arrived is held against what was there, all of it. A
/// move that is interrupted goes on when it is called again; until it is done, neither store serves.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Migrate {
    /// The store to leave: `sqlite:PATH`, the path alone, `postgres://…`, or `nats://…`
    #[arg(long, value_name = "STORE", required_unless_present = "stay")]
    from: Option<String>,
    /// The store to go to; it is made where there is none
    #[arg(long, value_name = "STORE", required_unless_present = "stay")]
    to: Option<String>,
    /// Carry events and records alone, while the service goes on
    #[arg(long)]
    ahead: bool,
    /// Go on with a store although its workspaces were moved, or were about to be: without what came since
    #[arg(long, value_name = "STORE", conflicts_with_all = ["from", "to", "ahead"])]
    stay: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks migrate --from sqlite:chatsparks.db --to postgres://chatsparks@db/chatsparks --ahead
  chatsparks migrate --from sqlite:chatsparks.db --to postgres://chatsparks@db/chatsparks
  chatsparks verify postgres://chatsparks@db/chatsparks
  chatsparks migrate --stay sqlite:chatsparks.db

Both stores have as many partitions as each other; one that is made gets them.

Exit status: 0 when they are moved, 2 when they could not be.";

impl Migrate {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        blocking(async {
            match (&self.from, &self.to, &self.stay) {
                (_, _, Some(store)) => match Address::of(store)? {
                    Address::File(path) => {
                        // One that is not there is not made.
                        drop(open_file(&path)?);
                        stay_in(&writable(&path, None)?, terminal).await
                    }
                    Address::Postgres(url) => stay_in(&open_postgres(url).await?, terminal).await,
                    Address::Nats(url) => stay_in(&open_nats(url).await?, terminal).await,
                },
                (Some(from), Some(to), None) => match Address::of(from)? {
                    Address::File(path) if self.ahead => self.from(&open_file(&path)?, to, terminal).await,
                    Address::File(path) => {
                        // Whether it is there is told as it is when it is read.
                        drop(open_file(&path)?);
                        self.from(&writable(&path, None)?, to, terminal).await
                    }
                    Address::Postgres(url) => self.from(&open_postgres(url).await?, to, terminal).await,
                    Address::Nats(url) => self.from(&open_nats(url).await?, to, terminal).await,
                },
                _ => Err(Failure::new("name two stores: `--from` and `--to`")),
            }
        })
    }

    async fn from<S: Moving>(&self, from: &S, to: &str, terminal: &Terminal) -> Result<Answer, Failure> {
        let partitions = Some(from.partitions());
        match Address::of(to)? {
            Address::File(path) => self.between(from, &writable(&path, partitions)?, "a file", terminal).await,
            Address::Postgres(url) => {
                let mut options = chatsparks_postgres::Options::default();
                options.partitions = partitions;
                let store = PostgresStore::open(url, options).await;
                let store = store.map_err(|error| cannot("in PostgreSQL", &error))?;
                self.between(from, &store, "PostgreSQL", terminal).await
            }
            Address::Nats(url) => {
                let mut options = super::address::nats_options(url)?;
                options.partitions = partitions;
                let store = JetStreamStore::open(options).await.map_err(|error| cannot("on NATS", &error))?;
                self.between(from, &store, "NATS", terminal).await
            }
        }
    }

    async fn between<S: Moving, T: Moving>(
        &self,
        from: &S,
        to: &T,
        kind: &str,
        terminal: &Terminal,
    ) -> Result<Answer, Failure> {
        let mut out = terminal.out();
        for workspace in from.workspaces().await.map_err(told)? {
            let began = Instant::now();
            let carried = match self.ahead {
                true => carry_ahead(from, to, &workspace).await,
                false => carry(from, to, &workspace, kind).await,
            };
            let carried = match carried {
                // A move before was interrupted between two workspaces.
                Err(MoveError::Moved { .. }) if to.workspaces().await.map_err(told)?.contains(&workspace) => {
                    writeln!(out.to, "{workspace}: is there already")?;
                    continue;
                }
                carried => carried.map_err(|error| failed(&error))?,
            };
            let took = began.elapsed().as_secs_f64();
            match self.ahead {
                true => writeln!(
                    out.to,
                    "{workspace}: {} events and {} records are there, after {took:.1} s",
                    carried.events, carried.records
                )?,
                false => writeln!(
                    out.to,
                    "{workspace}: {} events, {} records, {} rows and {} other things are there and the same, after {took:.1} s",
                    carried.events, carried.records, carried.rows, carried.others
                )?,
            }
            out.to.flush()?;
        }
        Ok(Answer::Done)
    }
}

async fn stay_in<S: Moving>(store: &S, terminal: &Terminal) -> Result<Answer, Failure> {
    let workspaces = store.workspaces().await.map_err(told)?;
    if workspaces.is_empty() {
        writeln!(terminal.out().to, "there is no workspace in this store")?;
    }
    for workspace in workspaces {
        let says = if stay(store, &workspace).await.map_err(told)? { "goes on here" } else { "never left" };
        writeln!(terminal.out().to, "{workspace}: {says}")?;
    }
    Ok(Answer::Done)
}

fn writable(path: &Path, partitions: Option<u32>) -> Result<SqliteStore, Failure> {
    let mut options = chatsparks_sqlite::Options::default();
    options.partitions = partitions;
    SqliteStore::open(path, options).map_err(|error| {
        Failure::new(format!("cannot open the store `{}`: {error}", path.display()))
            .help("stop the service, where it is in use; or carry history ahead with `--ahead`")
    })
}

/// The address is not shown: a password may stand in it.
fn cannot(place: &str, error: &StoreError) -> Failure {
    Failure::new(format!("cannot open the store {place}: {error}"))
}

fn failed(error: &MoveError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        MoveError::ThereAlready(_) => {
            failure.help("move to a store that has no such workspace: another file, database or name")
        }
        MoveError::Moved { .. } => {
            failure.help("`chatsparks migrate --stay STORE` lets it go on here, without what came since")
        }
        MoveError::Partitions { .. } => failure.help("make the store to move to with as many"),
        MoveError::Store(StoreError::Unavailable(_)) => failure.help("call it again: it goes on where it was"),
        _ => failure,
    }
}
