//! Where a shard's rows stand, and what the writer remembers of shards between two jobs.

use crate::{
    fault::Failure,
    form::{milliseconds, signed, unsigned},
};
use chatsparks_core::{Envelope, Instant, WorkspaceId};
use chatsparks_ports::{Appended, Input, Position, Shard};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use std::collections::HashMap;

/// The beginning of every key of a shard: the workspace's number, and the partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) workspace: i64,
    pub(crate) partition: u32,
}

/// The number of a workspace; none: nothing was ever written of it.
pub(crate) fn workspace(connection: &Connection, id: &WorkspaceId) -> Result<Option<i64>, Failure> {
    let mut statement = connection.prepare_cached("SELECT number FROM workspace WHERE id = ?1")?;
    Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional()?)
}

/// Where a shard's rows stand; none: nothing was ever written of its workspace.
pub(crate) fn place(connection: &Connection, shard: &Shard) -> Result<Option<Place>, Failure> {
    let number = workspace(connection, &shard.workspace)?;
    Ok(number.map(|workspace| Place { workspace, partition: shard.partition }))
}

/// The end of a shard's log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End {
    pub(crate) position: Position,
    pub(crate) latest: Option<Instant>,
}

/// The end of a shard's log, as it is stored.
pub(crate) fn end(connection: &Connection, place: Place) -> Result<End, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT log_end, log_latest FROM shard WHERE workspace = ?1 AND partition = ?2")?;
    let end = statement.query_row(params![place.workspace, place.partition], |row| {
        Ok(End { position: unsigned(row.get(0)?), latest: crate::form::instant(row.get(1)?) })
    });
    Ok(end.optional()?.unwrap_or_default())
}

/// What the writer remembers between jobs: it is the only one to change it. Forgotten when a transaction is rolled back.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    workspaces: HashMap<WorkspaceId, i64>,
    /// Each with whether it has to be written.
    ends: HashMap<Place, (End, bool)>,
}

/// How many workspaces and shards are remembered.
const REMEMBERED: usize = 10_000;

/// A transaction that jobs write in.
pub(crate) struct Writing<'a> {
    pub(crate) connection: &'a Connection,
    memory: &'a mut Memory,
    /// Inserts into the log: looked up once a transaction, not once an event.
    insert_logged: Option<CachedStatement<'a>>,
    /// Somebody was forgotten: no trace may stay in the write-ahead log.
    pub(crate) forgot: bool,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(connection: &'a Connection, memory: &'a mut Memory) -> Self {
        if memory.workspaces.len() > REMEMBERED || memory.ends.len() > REMEMBERED {
            *memory = Memory::default();
        }
        Self { connection, memory, insert_logged: None, forgot: false }
    }

    /// The number of a workspace, which gets one where it has none.
    pub(crate) fn workspace(&mut self, id: &WorkspaceId) -> Result<i64, Failure> {
        if let Some(number) = self.memory.workspaces.get(id) {
            return Ok(*number);
        }
        let number = match workspace(self.connection, id)? {
            Some(number) => number,
            None => self.connection.prepare_cached("INSERT INTO workspace (id) VALUES (?1)")?.insert([id.as_str()])?,
        };
        self.memory.workspaces.insert(id.clone(), number);
        Ok(number)
    }

    /// Where a shard's rows stand.
    pub(crate) fn place(&mut self, shard: &Shard) -> Result<Place, Failure> {
        Ok(Place { workspace: self.workspace(&shard.workspace)?, partition: shard.partition })
    }

    /// The end of a shard's log, with what was logged in this transaction.
    pub(crate) fn end(&self, place: Place) -> Result<End, Failure> {
        match self.memory.ends.get(&place) {
            Some((known, _)) => Ok(*known),
            None => end(self.connection, place),
        }
    }

    /// Logs an event. `form`: of its envelope, with the `at` that its stamp brings along.
    pub(crate) fn append(&mut self, place: Place, input: &Input, form: Option<&str>) -> Result<Appended, Failure> {
        let before = self.end(place)?;
        let at = input.stamp.at(before.latest);
        let position = before.position + 1;
        let own;
        let form = match form.filter(|_| proposed_at(input) == at) {
            Some(form) => form,
            None => {
                own = envelope_form(input, at)?;
                &own
            }
        };
        let user_id = input.event.user_id().map(|user_id| user_id.as_str());
        let insert = match &mut self.insert_logged {
            Some(insert) => insert,
            none => none.insert(self.connection.prepare_cached(
                "INSERT INTO log (workspace, partition, position, at, user_id, form) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?),
        };
        let Place { workspace, partition } = place;
        insert.execute(params![workspace, partition, signed(position), at.as_milliseconds(), user_id, form])?;
        let latest = before.latest.map_or(at, |latest| latest.max(at));
        self.memory.ends.insert(place, (End { position, latest: Some(latest) }, true));
        Ok(Appended { position, at })
    }

    /// Forgets where the logs of a workspace end, as far as that is written.
    pub(crate) fn forget_ends(&mut self, workspace: i64) {
        self.memory.ends.retain(|place, (_, changed)| *changed || place.workspace != workspace);
    }

    /// Writes what was only remembered so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        for (place, (end, changed)) in self.memory.ends.iter_mut().filter(|(_, (_, changed))| *changed) {
            self.connection
                .prepare_cached(
                    "INSERT INTO shard (workspace, partition, log_end, log_latest) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET log_end = excluded.log_end, log_latest = excluded.log_latest",
                )?
                .execute(params![place.workspace, place.partition, signed(end.position), milliseconds(end.latest)])?;
            *changed = false;
        }
        Ok(())
    }
}

/// The `at` that an event has, if nothing later is in its log.
pub(crate) fn proposed_at(input: &Input) -> Instant {
    input.stamp.at(None)
}

/// The form of an event's envelope.
pub(crate) fn envelope_form(input: &Input, at: Instant) -> Result<String, Failure> {
    crate::form::written(&Envelope { id: input.id.clone(), at, event: input.event.clone() })
}
