//! Appending to logs: what several callers bring goes into one transaction (R1, R2).

use crate::{
    directory::{Needs, Nothing, is_everywhere},
    fault::of_postgres,
    form::{envelope_form, instant, key, milliseconds, proposed_at, signed, small, unsigned},
    gather,
    route::{self, Owned, Puts},
    statement::{LONG, Script, Values, begin_with, found, soon},
    store::Inner,
};
use chatsparks_core::{Event, Instant, WorkspaceId};
use chatsparks_ports::{Appended, Input, Routed, Shard, StoreError};
use deadpool_postgres::Object;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use tokio_postgres::{Row, types::ToSql};

/// A workspace's number and a partition: where a shard's rows stand.
pub(crate) type Place = (i32, i32);

/// What is to be appended. `forms`: of the envelopes, with the `at` that their stamps bring along.
pub(crate) enum Job {
    /// To logs that are named.
    Append { inputs: Vec<(Shard, Input)>, forms: Vec<String> },
    /// To where it belongs.
    Route { owned: Owned, inputs: Vec<Input>, forms: Vec<String> },
}

/// What became of it.
pub(crate) enum Done {
    Appended(Vec<Appended>),
    Routed(Routed),
}

impl Job {
    fn has_documents(&self) -> bool {
        let is_document = |input: &Input| matches!(input.event, Event::Configure(_));
        match self {
            Self::Append { inputs, .. } => inputs.iter().any(|(_, input)| is_document(input)),
            Self::Route { inputs, .. } => inputs.iter().any(is_document),
        }
    }
}

pub(crate) fn weight(job: &Job) -> usize {
    let (Job::Append { forms, .. } | Job::Route { forms, .. }) = job;
    gather::weight(forms.len(), forms.iter().map(String::len).sum())
}

/// Forms of the events' envelopes: made by whoever asks, beside those that are written.
pub(crate) fn forms<'a>(inputs: impl IntoIterator<Item = &'a Input>) -> Result<Vec<String>, StoreError> {
    inputs.into_iter().map(|input| envelope_form(input, proposed_at(input))).collect()
}

/// Appends all of it in one transaction.
pub(crate) async fn run(inner: Arc<Inner>, jobs: Vec<Job>) -> Result<Vec<Result<Done, StoreError>>, StoreError> {
    let client = inner.client().await?;
    // A document is written once a partition, and may be large.
    let patience = inner.patience * if jobs.iter().any(Job::has_documents) { LONG } else { 1 };
    let mut told = BTreeSet::new();
    let done = soon(patience, client, async |client| append(&inner, client, jobs, &mut told).await).await?;
    inner.news.tell(&inner, told);
    Ok(done)
}

async fn append(
    inner: &Arc<Inner>,
    client: &Object,
    jobs: Vec<Job>,
    told: &mut BTreeSet<WorkspaceId>,
) -> Result<Vec<Result<Done, StoreError>>, StoreError> {
    let mut wanted = BTreeSet::new();
    let mut needs: BTreeMap<i32, Needs> = BTreeMap::new();
    let mut routed = BTreeSet::new();
    for job in &jobs {
        match job {
            Job::Append { inputs, .. } => {
                for (shard, _) in inputs {
                    wanted.insert((inner.number(client, &shard.workspace).await?, small(shard.partition)));
                    told.insert(shard.workspace.clone());
                }
            }
            Job::Route { owned, inputs, .. } => {
                let workspace = inner.number(client, &owned.workspace).await?;
                let addressed = owned.addressed();
                routed.insert(workspace);
                told.insert(owned.workspace.clone());
                for input in inputs {
                    let needs = needs.entry(workspace).or_insert_with(|| Needs::of(owned.partitions));
                    if needs.take(owned, &input.id, &input.event) || is_everywhere(&input.event) {
                        wanted.extend(inner.all_partitions().into_iter().map(|partition| (workspace, partition)));
                    } else {
                        let Ok(partition) = addressed.settled(&mut Nothing, &input.event, None);
                        wanted.insert((workspace, small(partition)));
                    }
                }
            }
        }
    }
    let routed: Vec<i32> = routed.into_iter().collect();
    let (ends, waiting_values): (Wanted, Values<'_>) = (Wanted::of(&wanted), &[&routed]);
    let end_values = ends.values();
    let mut statements: Vec<(&str, Values<'_>)> = vec![(HELD, &end_values)];
    if !routed.is_empty() {
        statements.push((route::WAITING, waiting_values));
    }
    let told_of = begin_with(client, &statements).await?;
    let [ends, waiting] = [0, 1].map(|n| told_of.get(n).map_or(&[][..], Vec::as_slice));
    let (mut logging, waiting) = (Logging::of(ends), route::waits(waiting));
    let mut known = HashMap::new();
    for (workspace, needs) in needs {
        logging.tracks |= !needs.is_nothing();
        known.insert(workspace, needs.know(client, workspace).await?);
    }
    let mut puts = Puts::default();
    let mut done = Vec::with_capacity(jobs.len());
    for job in jobs {
        match job {
            Job::Append { inputs, forms } => {
                let mut appended = Vec::with_capacity(inputs.len());
                for ((shard, input), form) in inputs.into_iter().zip(forms) {
                    let place = (inner.number(client, &shard.workspace).await?, small(shard.partition));
                    appended.push(logging.append(place, &input, Some(form))?);
                }
                done.push(Ok(Done::Appended(appended)));
            }
            Job::Route { owned, inputs, forms } => {
                let workspace = inner.number(client, &owned.workspace).await?;
                let Some(known) = known.get_mut(&workspace) else { continue };
                let appended = route::route(&mut logging, known, &mut puts, &owned, workspace, inputs, forms)?;
                let waiting = waiting.get(&workspace).copied().unwrap_or(0) + puts.waiting_of(workspace);
                done.push(Ok(Done::Routed(Routed { appended, waiting })));
            }
        }
    }
    let ends = logging.ends();
    let places = puts.places();
    let waits = puts.waits();
    let mut script = Script::on(client);
    logging.write(&mut script, &ends).await?;
    places.write(&mut script).await?;
    waits.write(&mut script).await?;
    script.run(true).await?;
    Ok(done)
}

/// Holds the ends of logs.
const HELD: &str = "SELECT e.workspace, e.partition, e.position, e.latest FROM log_end e
     JOIN unnest($1::int[], $2::int[]) AS k (workspace, partition)
         ON e.workspace = k.workspace AND e.partition = k.partition
     ORDER BY e.workspace, e.partition FOR UPDATE OF e";

/// Logs that are to be held.
struct Wanted(Vec<i32>, Vec<i32>);

impl Wanted {
    fn of(places: &BTreeSet<Place>) -> Self {
        let (workspaces, partitions) = places.iter().copied().unzip();
        Self(workspaces, partitions)
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 2] {
        [&self.0, &self.1]
    }
}

/// The end of a log that is held.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    position: i64,
    latest: Option<Instant>,
    changed: bool,
}

/// Logs that are held, and what is appended to them.
#[derive(Default)]
pub(crate) struct Logging {
    held: BTreeMap<Place, End>,
    /// Whether it is remembered whom events name.
    pub(crate) tracks: bool,
    named: HashMap<(Place, String), i64>,
    rows: LogRows,
    users: Vec<Option<String>>,
    forms: Vec<String>,
    /// What stands in several logs with one form, each with its number.
    shared: LogRows,
    numbers: Vec<i64>,
    shared_forms: Vec<String>,
}

/// Where events are written.
#[derive(Default)]
struct LogRows {
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
    positions: Vec<i64>,
    ats: Vec<i64>,
}

impl LogRows {
    fn push(&mut self, place: Place, (position, at): (i64, Instant)) {
        self.workspaces.push(place.0);
        self.partitions.push(place.1);
        self.positions.push(position);
        self.ats.push(at.as_milliseconds());
    }
}

/// The ends of logs, as they are written.
pub(crate) struct Ends {
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
    positions: Vec<i64>,
    latest: Vec<Option<i64>>,
}

impl Logging {
    /// Holds logs, in order, until the transaction ends: nobody else appends to them meanwhile.
    ///
    /// INVARIANT: whoever holds several things holds logs last, and those in order; so nobody waits for one another.
    pub(crate) async fn lock(client: &Object, wanted: &BTreeSet<Place>) -> Result<Self, StoreError> {
        Ok(Self::of(&found(client, HELD, &Wanted::of(wanted).values()).await?))
    }

    /// Logs that are held, as they were found.
    fn of(ends: &[Row]) -> Self {
        let end = |row: &Row| {
            let end = End { position: row.get(2), latest: instant(row.get(3)), changed: false };
            ((row.get(0), row.get(1)), end)
        };
        Self { held: ends.iter().map(end).collect(), ..Self::default() }
    }

    /// Appends an event to a log that is held. `form`: of its envelope, with the `at` that its stamp brings along.
    pub(crate) fn append(&mut self, place: Place, input: &Input, form: Option<String>) -> Result<Appended, StoreError> {
        let (position, at) = self.next(place, input)?;
        let form = match form.filter(|_| proposed_at(input) == at) {
            Some(form) => form,
            None => envelope_form(input, at)?,
        };
        let user = input.event.user_id().map(|user_id| key(user_id.as_str()).into_owned());
        if let Some(user) = user.as_ref().filter(|_| self.tracks) {
            self.named.insert((place, user.clone()), position);
        }
        self.rows.push(place, (position, at));
        self.users.push(user);
        self.forms.push(form);
        Ok(Appended { position: unsigned(position), at })
    }

    /// Takes a form in that stands in several logs, and is sent once however many they are: a document is large (R8). Its
    /// number.
    pub(crate) fn share(&mut self, form: String) -> i64 {
        self.shared_forms.push(form);
        signed(self.shared_forms.len() as u64)
    }

    /// Appends an event, which names nobody and brings its `at` along, to a log that is held, with a shared form.
    pub(crate) fn append_shared(&mut self, place: Place, input: &Input, number: i64) -> Result<(), StoreError> {
        let next = self.next(place, input)?;
        self.shared.push(place, next);
        self.numbers.push(number);
        Ok(())
    }

    /// The position and the instant of an event that is appended.
    fn next(&mut self, place: Place, input: &Input) -> Result<(i64, Instant), StoreError> {
        let missing = || StoreError::Unusable(format!("there is no partition {}", place.1));
        let end = self.held.get_mut(&place).ok_or_else(missing)?;
        let at = input.stamp.at(end.latest);
        end.position += 1;
        end.latest = Some(end.latest.map_or(at, |latest| latest.max(at)));
        end.changed = true;
        Ok((end.position, at))
    }

    /// The end of a log that is held, with what was appended.
    pub(crate) fn end(&self, place: Place) -> (u64, Option<Instant>) {
        self.held.get(&place).map_or((0, None), |end| (unsigned(end.position), end.latest))
    }

    /// The last event appended here that names somebody.
    pub(crate) fn naming(&self, place: Place, user: &str) -> Option<u64> {
        self.named.get(&(place, user.to_owned())).map(|position| unsigned(*position))
    }

    pub(crate) fn ends(&self) -> Ends {
        let changed: Vec<(&Place, &End)> = self.held.iter().filter(|(_, end)| end.changed).collect();
        Ends {
            workspaces: changed.iter().map(|(place, _)| place.0).collect(),
            partitions: changed.iter().map(|(place, _)| place.1).collect(),
            positions: changed.iter().map(|(_, end)| end.position).collect(),
            latest: changed.iter().map(|(_, end)| milliseconds(end.latest)).collect(),
        }
    }

    /// Writes what was appended, and where the logs end now.
    pub(crate) async fn write<'a>(&'a self, script: &mut Script<'a>, ends: &'a Ends) -> Result<(), StoreError> {
        let Self { rows, users, forms, shared, numbers, shared_forms, .. } = self;
        if !forms.is_empty() {
            let sql = "INSERT INTO log (workspace, partition, position, at, user_id, form)
                 SELECT * FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])";
            let LogRows { workspaces, partitions, positions, ats } = rows;
            script.add(sql, vec![workspaces, partitions, positions, ats, users, forms]).await?;
        }
        if !shared_forms.is_empty() {
            let sql = "INSERT INTO log (workspace, partition, position, at, form)
                 SELECT k.workspace, k.partition, k.position, k.at, f.form
                 FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[])
                     AS k (workspace, partition, position, at, n)
                 JOIN unnest($6::text[]) WITH ORDINALITY AS f (form, n) ON f.n = k.n";
            let LogRows { workspaces, partitions, positions, ats } = shared;
            script.add(sql, vec![workspaces, partitions, positions, ats, numbers, shared_forms]).await?;
        }
        if ends.positions.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE log_end e SET position = k.position, latest = k.latest
             FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[]) AS k (workspace, partition, position, latest)
             WHERE e.workspace = k.workspace AND e.partition = k.partition";
        let Ends { workspaces, partitions, positions, latest } = ends;
        script.add(sql, vec![workspaces, partitions, positions, latest]).await
    }

    /// Appends to logs at the end of a transaction that holds none yet, and ends it.
    pub(crate) async fn finish(client: &Object, inputs: &[(Place, Input)]) -> Result<(), StoreError> {
        if inputs.is_empty() {
            return client.batch_execute("COMMIT").await.map_err(|error| of_postgres(&error));
        }
        let mut logging = Self::lock(client, &inputs.iter().map(|(place, _)| *place).collect()).await?;
        for (place, input) in inputs {
            logging.append(*place, input, None)?;
        }
        let ends = logging.ends();
        let mut script = Script::on(client);
        logging.write(&mut script, &ends).await?;
        script.run(true).await
    }
}
