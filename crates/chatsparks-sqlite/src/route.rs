//! Where events go in a workspace of many partitions (R4).

use crate::{
    fault::Failure,
    form::{milliseconds, signed, text, unsigned},
    shard::{Place, Writing, envelope_form, proposed_at},
};
use chatsparks_core::{Envelope, Instant, UserId, WorkspaceId};
use chatsparks_ports::{
    Input, Position, Routed, Stamp, StoreError,
    places::{self, Addressed, Directory, PlaceKey, Waits, pass_time_first},
};
use rusqlite::{OptionalExtension, params};

/// A workspace, as a directory.
struct Within<'a, 'b> {
    writing: &'a mut Writing<'b>,
    workspace: i64,
    partitions: u32,
    at: Instant,
}

impl Within<'_, '_> {
    fn shard(&self, partition: u32) -> Place {
        Place { workspace: self.workspace, partition }
    }

    fn has_dm(&self, partition: u32, name: &str) -> Result<bool, Failure> {
        let mut statement = self.writing.connection.prepare_cached(
            "SELECT 1 FROM item WHERE workspace = ?1 AND partition = ?2 AND kind = 'dm' AND name = ?3",
        )?;
        Ok(statement.exists(params![self.workspace, partition, name])?)
    }

    /// Mostly its effect is there still, and says where it was decided.
    fn place_of_dm(&self, name: &str) -> Result<Option<u32>, Failure> {
        let mut statement = self
            .writing
            .connection
            .prepare_cached("SELECT partition FROM effect WHERE workspace = ?1 AND id = ?2 ORDER BY partition")?;
        let sent = statement.query_map(params![self.workspace, name], |row| row.get::<_, u32>(0))?;
        for partition in sent.collect::<Result<Vec<u32>, _>>()?.into_iter().chain(0..self.partitions) {
            if self.has_dm(partition, name)? {
                return Ok(Some(partition));
            }
        }
        Ok(None)
    }
}

impl Directory for Within<'_, '_> {
    type Error = Failure;

    fn place(&mut self, key: &PlaceKey) -> Result<Option<u32>, Failure> {
        if let PlaceKey::Dm(dm_id) = key {
            return self.place_of_dm(dm_id.as_str());
        }
        let mut statement = self
            .writing
            .connection
            .prepare_cached("SELECT partition FROM place WHERE workspace = ?1 AND kind = ?2 AND name = ?3")?;
        Ok(statement.query_row(params![self.workspace, key.kind(), key.name()], |row| row.get(0)).optional()?)
    }

    fn put(&mut self, key: &PlaceKey, partition: u32) -> Result<(), Failure> {
        let at = milliseconds(Some(self.at).filter(|_| key.is_of_an_event()));
        self.writing
            .connection
            .prepare_cached(
                "INSERT INTO place (workspace, kind, name, partition, at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET partition = excluded.partition, at = excluded.at",
            )?
            .execute(params![self.workspace, key.kind(), key.name(), partition, at])?;
        Ok(())
    }

    fn is_contact(&mut self, partition: u32, user_id: &UserId) -> Result<bool, Failure> {
        let mut statement = self
            .writing
            .connection
            .prepare_cached("SELECT 1 FROM contact WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3")?;
        Ok(statement.exists(params![self.workspace, partition, user_id.as_str()])?)
    }

    fn undecided(&mut self, partition: u32, user_id: Option<&UserId>) -> Result<Option<Position>, Failure> {
        let place = self.shard(partition);
        let decided = decided(self.writing, place)?;
        let Some(user_id) = user_id else {
            let end = self.writing.end(place)?.position;
            return Ok(Some(end).filter(|end| *end > decided));
        };
        let last: Option<i64> = self
            .writing
            .connection
            .prepare_cached(
                "SELECT max(position) FROM log
                 WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3 AND position > ?4",
            )?
            .query_row(params![place.workspace, place.partition, user_id.as_str(), signed(decided)], |row| {
                row.get(0)
            })?;
        Ok(last.map(unsigned))
    }

    fn is_awaited(&mut self, key: &PlaceKey) -> Result<bool, Failure> {
        let connection = &self.writing.connection;
        if let PlaceKey::ShopUser(_) = key {
            // Few orders wait, and never long: whose they are their forms say.
            let mut statement =
                connection.prepare_cached("SELECT form FROM waiting WHERE workspace = ?1 AND kind = 'order'")?;
            let mut rows = statement.query([self.workspace])?;
            while let Some(row) = rows.next()? {
                let envelope: Envelope = crate::form::read(text(row, 0)?)?;
                if places::names(&envelope.event).contains(key) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let mut statement =
            connection.prepare_cached("SELECT 1 FROM waiting WHERE workspace = ?1 AND kind = ?2 AND name = ?3")?;
        Ok(statement.exists(params![self.workspace, key.kind(), key.name()])?)
    }
}

/// Appends events where they belong. `forms`: of their envelopes, with the `at` that their stamps bring along.
pub(crate) fn route(
    writing: &mut Writing<'_>,
    addressed: &Addressed<'_>,
    inputs: &[Input],
    forms: &[String],
) -> Result<Routed, Failure> {
    let workspace = writing.workspace(addressed.workspace)?;
    let partitions = addressed.partitions;
    let mut appended = 0;
    for (input, form) in inputs.iter().zip(forms) {
        let mut within = Within { at: proposed_at(input), writing: &mut *writing, workspace, partitions };
        match addressed.place(&mut within, &input.id, &input.event)? {
            places::Place::In(partition) => {
                writing.append(Place { workspace, partition }, input, Some(form))?;
            }
            places::Place::Everywhere => everywhere(writing, workspace, partitions, input)?,
            places::Place::Waits(waits) => {
                wait(writing, workspace, input, form, &waits)?;
                continue;
            }
        }
        appended += 1;
    }
    Ok(Routed { appended, waiting: count(writing, workspace)? })
}

/// Appends what need not wait any longer.
pub(crate) fn forward(writing: &mut Writing<'_>, addressed: &Addressed<'_>) -> Result<Routed, Failure> {
    let workspace = writing.workspace(addressed.workspace)?;
    let partitions = addressed.partitions;
    let (mut appended, mut behind) = (0, std::collections::HashSet::new());
    for waiting in all(writing, workspace)? {
        let Envelope { id, at, event } = crate::form::read(&waiting.form)?;
        let keys = places::names(&event);
        let mut is_decided = !keys.iter().any(|key| behind.contains(key));
        for (partition, position) in waiting.until {
            is_decided = is_decided && decided(writing, Place { workspace, partition })? >= position;
        }
        if !is_decided {
            behind.extend(keys);
            continue;
        }
        writing.connection.prepare_cached("DELETE FROM waiting WHERE number = ?1")?.execute([waiting.number])?;
        let stamp = if waiting.brought { Stamp::Brought(at) } else { Stamp::Received(at) };
        let mut within = Within { at, writing: &mut *writing, workspace, partitions };
        let partition = addressed.settled(&mut within, &event, waiting.linked)?;
        writing.append(Place { workspace, partition }, &Input { id, stamp, event }, Some(&waiting.form))?;
        appended += 1;
    }
    Ok(Routed { appended, waiting: count(writing, workspace)? })
}

/// R8: with one `at` in every partition.
fn everywhere(writing: &mut Writing<'_>, workspace: i64, partitions: u32, input: &Input) -> Result<(), Failure> {
    let of = |partition| Place { workspace, partition };
    let ends = (0..partitions).map(|partition| Ok(writing.end(of(partition))?.latest));
    let ends = ends.collect::<Result<Vec<Option<Instant>>, Failure>>()?;
    let latest = ends.iter().flatten().max().copied();
    let clock = pass_time_first(input, latest);
    let at = input.stamp.at(latest);
    let input = Input { stamp: Stamp::Brought(at), ..input.clone() };
    // A document is large: it is written as a form once.
    let form = envelope_form(&input, at)?;
    for (partition, end) in (0..).zip(ends) {
        if let Some(clock) = clock.as_ref().filter(|_| end < latest) {
            writing.append(of(partition), clock, None)?;
        }
        writing.append(of(partition), &input, Some(&form))?;
    }
    Ok(())
}

fn decided(writing: &Writing<'_>, place: Place) -> Result<Position, Failure> {
    let decided = writing
        .connection
        .prepare_cached("SELECT decided FROM shard WHERE workspace = ?1 AND partition = ?2")?
        .query_row(params![place.workspace, place.partition], |row| row.get(0))
        .optional()?;
    Ok(unsigned(decided.unwrap_or(0)))
}

/// An event that waits.
struct Waiting {
    number: i64,
    until: Vec<(u32, Position)>,
    linked: Option<u32>,
    brought: bool,
    form: String,
}

fn wait(writing: &Writing<'_>, workspace: i64, input: &Input, form: &str, waits: &Waits) -> Result<(), Failure> {
    let Some(key) = waits.keys.first() else { return Ok(()) };
    writing
        .connection
        .prepare_cached(
            "INSERT INTO waiting (workspace, kind, name, until, linked, brought, form)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            workspace,
            key.kind(),
            key.name(),
            serde_json::to_string(&waits.until)?,
            waits.linked,
            matches!(input.stamp, Stamp::Brought(_)),
            form,
        ])?;
    Ok(())
}

fn all(writing: &Writing<'_>, workspace: i64) -> Result<Vec<Waiting>, Failure> {
    let mut statement = writing.connection.prepare_cached(
        "SELECT number, until, linked, brought, form FROM waiting WHERE workspace = ?1 ORDER BY number",
    )?;
    let mut rows = statement.query([workspace])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        waiting.push(Waiting {
            number: row.get(0)?,
            until: serde_json::from_str(text(row, 1)?)?,
            linked: row.get(2)?,
            brought: row.get(3)?,
            form: row.get(4)?,
        });
    }
    Ok(waiting)
}

fn count(writing: &Writing<'_>, workspace: i64) -> Result<usize, Failure> {
    let mut statement = writing.connection.prepare_cached("SELECT count(*) FROM waiting WHERE workspace = ?1")?;
    let count: i64 = statement.query_row([workspace], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// A workspace and its account, as a job takes them along.
pub(crate) struct Owned {
    pub(crate) workspace: WorkspaceId,
    pub(crate) account: UserId,
    pub(crate) partitions: u32,
}

impl Owned {
    pub(crate) fn addressed(&self) -> Addressed<'_> {
        Addressed { workspace: &self.workspace, account: &self.account, partitions: self.partitions }
    }
}

/// Forms of the events' envelopes.
pub(crate) fn forms(inputs: &[Input]) -> Result<Vec<String>, StoreError> {
    let forms = inputs.iter().map(|input| envelope_form(input, proposed_at(input)));
    forms.collect::<Result<Vec<_>, _>>().map_err(Failure::told)
}
