//! Where events go in a workspace of many partitions (R4).

use crate::{
    append::{Logging, Place},
    directory::{Known, Named, Needs, Within, named},
    form::{envelope_form, milliseconds, proposed_at, read, small},
    statement::{Script, begin, changed, found, roll_back, soon},
    store::Inner,
};
use chatsparks_core::{Envelope, Instant, UserId, WorkspaceId};
use chatsparks_ports::{
    Input, Position, Routed, Stamp, StoreError,
    places::{self, Addressed, Waits, pass_time_first},
};
use deadpool_postgres::Object;
use futures_util::future::join;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};
use tokio_postgres::Row;

/// Events that wait, looked at in one transaction at most.
const LOOKED_AT: i64 = 10_000;

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

/// Places and waiting events that a transaction writes.
#[derive(Default)]
pub(crate) struct Puts {
    /// By workspace, the row's partition and the key: where it lives.
    places: BTreeMap<(i32, i32, Named), (u32, Option<Instant>)>,
    waits: Vec<(i32, Named, Waits, bool, String)>,
    awaited: HashSet<(i32, Named)>,
}

/// Places, as they are written.
#[derive(Default)]
pub(crate) struct Places {
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
    kinds: Vec<&'static str>,
    names: Vec<String>,
    lives: Vec<i32>,
    ats: Vec<Option<i64>>,
}

/// Waiting events, as they are written.
#[derive(Default)]
pub(crate) struct Waiters {
    workspaces: Vec<i32>,
    kinds: Vec<&'static str>,
    names: Vec<String>,
    untils: Vec<String>,
    linked: Vec<Option<i32>>,
    brought: Vec<bool>,
    forms: Vec<String>,
}

impl Puts {
    pub(crate) fn put(&mut self, workspace: i32, row: i32, named: Named, lives: u32, at: Option<Instant>) {
        self.places.insert((workspace, row, named), (lives, at));
    }

    pub(crate) fn awaits(&self, workspace: i32, named: &Named) -> bool {
        self.awaited.contains(&(workspace, named.clone()))
    }

    pub(crate) fn waiting_of(&self, workspace: i32) -> usize {
        self.waits.iter().filter(|(of, ..)| *of == workspace).count()
    }

    fn wait(&mut self, workspace: i32, waits: Waits, brought: bool, form: String) {
        // By its first key it is found again; by the others it is found by what it is.
        let Some(first) = waits.keys.first().map(named) else { return };
        self.awaited.extend(waits.keys.iter().map(|key| (workspace, named(key))));
        self.waits.push((workspace, first, waits, brought, form));
    }

    pub(crate) fn places(&self) -> Places {
        let mut places = Places::default();
        for ((workspace, row, (kind, name)), (lives, at)) in &self.places {
            places.workspaces.push(*workspace);
            places.partitions.push(*row);
            places.kinds.push(kind);
            places.names.push(name.clone());
            places.lives.push(small(*lives));
            places.ats.push(milliseconds(*at));
        }
        places
    }

    pub(crate) fn waits(self) -> Waiters {
        let mut waiters = Waiters::default();
        for (workspace, (kind, name), waits, brought, form) in self.waits {
            waiters.workspaces.push(workspace);
            waiters.kinds.push(kind);
            waiters.names.push(name);
            // INVARIANT: pairs of numbers can be written.
            waiters.untils.push(serde_json::to_string(&waits.until).unwrap_or_default());
            waiters.linked.push(waits.linked.map(small));
            waiters.brought.push(brought);
            waiters.forms.push(form);
        }
        waiters
    }
}

impl Places {
    pub(crate) async fn write<'a>(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        if self.names.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO place (workspace, partition, kind, name, lives, at)
             SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::int[], $6::bigint[])
             ON CONFLICT (workspace, partition, kind, name) DO UPDATE SET lives = excluded.lives, at = excluded.at";
        let Self { workspaces, partitions, kinds, names, lives, ats } = self;
        script.add(sql, vec![workspaces, partitions, kinds, names, lives, ats]).await
    }
}

impl Waiters {
    pub(crate) async fn write<'a>(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        if self.names.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO waiting (workspace, kind, name, until, linked, brought, form)
             SELECT workspace, kind, name, until, linked, brought, form
             FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bool[], $7::text[])
                 WITH ORDINALITY AS k (workspace, kind, name, until, linked, brought, form, n) ORDER BY n";
        let Self { workspaces, kinds, names, untils, linked, brought, forms } = self;
        script.add(sql, vec![workspaces, kinds, names, untils, linked, brought, forms]).await
    }
}

/// Appends events where they belong; how many.
pub(crate) fn route(
    logging: &mut Logging,
    known: &mut Known,
    puts: &mut Puts,
    owned: &Owned,
    workspace: i32,
    inputs: Vec<Input>,
    forms: Vec<String>,
) -> Result<usize, StoreError> {
    let mut appended = 0;
    for (input, form) in inputs.into_iter().zip(forms) {
        let mut within = Within { known, logging, puts, owned, at: proposed_at(&input) };
        let Ok(place) = owned.addressed().place(&mut within, &input.id, &input.event);
        match place {
            places::Place::In(partition) => {
                logging.append((workspace, small(partition)), &input, Some(form))?;
            }
            places::Place::Everywhere => everywhere(logging, workspace, owned.partitions, &input)?,
            places::Place::Waits(waits) => {
                puts.wait(workspace, waits, matches!(input.stamp, Stamp::Brought(_)), form);
                continue;
            }
        }
        appended += 1;
    }
    Ok(appended)
}

/// R8: with one `at` in every partition.
fn everywhere(logging: &mut Logging, workspace: i32, partitions: u32, input: &Input) -> Result<(), StoreError> {
    let of = |partition| -> Place { (workspace, small(partition)) };
    let ends: Vec<Option<Instant>> = (0..partitions).map(|partition| logging.end(of(partition)).1).collect();
    let latest = ends.iter().flatten().max().copied();
    let clock = pass_time_first(input, latest);
    let at = input.stamp.at(latest);
    let input = Input { stamp: Stamp::Brought(at), ..input.clone() };
    // A document is large: it is written as a form once, and sent once.
    let number = logging.share(envelope_form(&input, at)?);
    for (partition, end) in (0..).zip(ends) {
        if let Some(clock) = clock.as_ref().filter(|_| end < latest) {
            logging.append(of(partition), clock, None)?;
        }
        logging.append_shared(of(partition), &input, number)?;
    }
    Ok(())
}

/// Finds how many events of workspaces wait.
pub(crate) const WAITING: &str =
    "SELECT workspace, count(*) FROM waiting WHERE workspace = ANY ($1) GROUP BY workspace";

/// How many events wait, by workspace.
pub(crate) fn waits(rows: &[Row]) -> HashMap<i32, usize> {
    rows.iter().map(|row| (row.get(0), usize::try_from(row.get::<_, i64>(1)).unwrap_or(0))).collect()
}

async fn waiting(client: &Object, workspace: i32) -> Result<usize, StoreError> {
    let rows = found(client, WAITING, &[&[workspace].as_slice()]).await?;
    Ok(waits(&rows).get(&workspace).copied().unwrap_or(0))
}

/// Appends what need not wait any longer.
pub(crate) async fn forward(inner: &Arc<Inner>, client: Object, owned: &Owned) -> Result<Routed, StoreError> {
    let routed = soon(inner.patience, client, async |client| {
        let Some(workspace) = inner.known(client, &owned.workspace).await? else { return Ok(Routed::default()) };
        match waiting(client, workspace).await? {
            0 => Ok(Routed::default()),
            _ => forward_within(inner, client, owned, workspace).await,
        }
    })
    .await?;
    if routed.appended > 0 {
        inner.news.tell(inner, [owned.workspace.clone()].into());
    }
    Ok(routed)
}

async fn forward_within(inner: &Inner, client: &Object, owned: &Owned, workspace: i32) -> Result<Routed, StoreError> {
    let all = inner.all_partitions().into_iter().map(|partition| (workspace, partition)).collect();
    let (began, locked) = join(begin(client), Logging::lock(client, &all)).await;
    began?;
    let mut logging = locked?;
    logging.tracks = true;
    let sql = "SELECT number, until, linked, brought, form FROM waiting WHERE workspace = $1
         ORDER BY number LIMIT $2";
    let rows = found(client, sql, &[&workspace, &LOOKED_AT]).await?;
    let mut waiters = Vec::with_capacity(rows.len());
    let mut needs = Needs::of(owned.partitions);
    for row in &rows {
        let envelope: Envelope = read(row.get(4))?;
        needs.take(owned, &envelope.id, &envelope.event);
        let until: Vec<(u32, Position)> =
            serde_json::from_str(row.get(1)).map_err(|error| crate::fault::of_form(&error))?;
        let (number, linked, brought): (i64, Option<i32>, bool) = (row.get(0), row.get(2), row.get(3));
        waiters.push((number, until, linked, brought, envelope));
    }
    let mut known = needs.know(client, workspace).await?;
    let mut puts = Puts::default();
    let (mut gone, mut behind) = (Vec::new(), HashSet::new());
    for (number, until, linked, brought, envelope) in waiters {
        let is_decided = |(partition, position): &(u32, Position)| {
            known.decided.get(*partition as usize).is_some_and(|decided| decided >= position)
        };
        let keys = places::names(&envelope.event);
        if keys.iter().any(|key| behind.contains(key)) || !until.iter().all(is_decided) {
            behind.extend(keys);
            continue;
        }
        gone.push(number);
        let Envelope { id, at, event } = envelope;
        let stamp = if brought { Stamp::Brought(at) } else { Stamp::Received(at) };
        let mut within = Within { known: &mut known, logging: &logging, puts: &mut puts, owned, at };
        let linked = linked.map(crate::form::large);
        let Ok(partition) = owned.addressed().settled(&mut within, &event, linked);
        logging.append((workspace, small(partition)), &Input { id, stamp, event }, None)?;
    }
    if gone.is_empty() {
        // Others wait for the logs, and not for a disk that has nothing to write.
        roll_back(client).await?;
        return Ok(Routed { appended: 0, waiting: waiting(client, workspace).await? });
    }
    changed(client, "DELETE FROM waiting WHERE workspace = $1 AND number = ANY ($2)", &[&workspace, &gone]).await?;
    let (ends, places) = (logging.ends(), puts.places());
    let mut script = Script::on(client);
    logging.write(&mut script, &ends).await?;
    places.write(&mut script).await?;
    script.run(true).await?;
    let waiting = waiting(client, workspace).await?;
    Ok(Routed { appended: gone.len(), waiting })
}
