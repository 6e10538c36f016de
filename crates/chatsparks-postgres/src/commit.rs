//! What was decided of batches, each written as a whole (R5), those of many partitions in one transaction.

mod columns;

use crate::{
    append::{Logging, Place},
    erase,
    fault::of_postgres,
    form::{json, key, row_form, signed, small, unsigned, written},
    room::Pools,
    statement::{Script, begin, found, whole},
    store::Inner,
    withdraw::{Withdrawn, hold_queues, withdraw},
};
use chatsparks_core::UserId;
use chatsparks_ports::{Commit, Fence, Input, NewRecord, Shard, StoreError};
use columns::Columns;
use deadpool_postgres::Object;
use futures_util::future::join;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A commit and the forms of what is in it.
pub(crate) struct Written {
    commit: Commit,
    rows: Vec<String>,
    documents: Vec<String>,
    evaluations: Vec<Option<String>>,
    effects: Vec<(String, String)>,
    granted: Vec<String>,
    /// Names and what is added to each.
    insights: Vec<(String, String)>,
}

/// A commit that is asked for.
pub(crate) struct Job {
    pub(crate) shard: Shard,
    pub(crate) fence: Fence,
    pub(crate) written: Written,
}

pub(crate) fn weight(job: &Job) -> usize {
    job.written.rows.len() + job.written.evaluations.len() + job.written.effects.len()
}

impl Written {
    /// Made by whoever commits, while the commit before may be on its way.
    pub(crate) fn new(commit: Commit) -> Result<Self, StoreError> {
        let evaluation = |record: &NewRecord| match &record.evaluation {
            Some((_, evaluation)) => written(&**evaluation).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            rows: commit.rows.iter().map(row_form).collect::<Result<_, _>>()?,
            documents: commit.documents.iter().map(|(_, document)| json(&**document)).collect::<Result<_, _>>()?,
            evaluations: commit.records.iter().map(evaluation).collect::<Result<_, _>>()?,
            effects: commit
                .effects
                .iter()
                .map(|effect| Ok((written(&effect.effect)?, json(&effect.context)?)))
                .collect::<Result<_, StoreError>>()?,
            insights: commit
                .insights
                .numbers()
                .map(|(number, by)| Ok((key(&json(number)?).into_owned(), by.to_string())))
                .collect::<Result<_, StoreError>>()?,
            granted: commit.granted.iter().map(|placed| written(&placed.envelope)).collect::<Result<_, _>>()?,
            commit,
        })
    }

    /// The record of a `seq`: they come in order.
    fn record(&self, seq: u64) -> Option<&NewRecord> {
        let records = &self.commit.records;
        records.binary_search_by_key(&seq, |record| record.seq).ok().and_then(|at| records.get(at))
    }

    fn contact_of(&self, seq: u64) -> Option<&UserId> {
        self.record(seq).and_then(|record| record.user_id.as_ref())
    }

    fn touches_queue(&self) -> bool {
        !self.commit.effects.is_empty() || !self.commit.withdrawn.is_empty() || !self.commit.erased.is_empty()
    }
}

pub(crate) async fn run(inner: Arc<Inner>, jobs: Vec<Job>) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let mut answers: Vec<Option<Result<(), StoreError>>> = jobs.iter().map(|_| None).collect();
    let mut left: Vec<(usize, Job)> = jobs.into_iter().enumerate().collect();
    while !left.is_empty() {
        // Two commits of one shard, of which one is refused, do not go together.
        let mut shards = BTreeSet::new();
        let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, job)| shards.insert(job.shard.clone()));
        left = later;
        let client = inner.client().await?;
        for (at, answer) in whole(client, async |client| together(&inner, client, now).await).await? {
            answers[at] = Some(answer);
        }
    }
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(crate::fault::cut_off()))).collect())
}

type Answers = Vec<(usize, Result<(), StoreError>)>;

/// Writes commits of different shards, each unless it is refused.
async fn together(inner: &Arc<Inner>, client: &Object, jobs: Vec<(usize, Job)>) -> Result<Answers, StoreError> {
    let mut places: Vec<Place> = Vec::with_capacity(jobs.len());
    let mut pools = BTreeSet::new();
    for (_, job) in &jobs {
        let workspace = inner.number(client, &job.shard.workspace).await?;
        places.push((workspace, small(job.shard.partition)));
        pools.extend(job.written.commit.drawn.iter().map(|draw| (workspace, draw.cycle.as_milliseconds())));
    }
    let (workspaces, partitions): (Vec<i32>, Vec<i32>) = places.iter().copied().unzip();
    let sql = "SELECT s.workspace, s.partition, s.fence FROM shard s
         JOIN unnest($1::int[], $2::int[]) AS k (workspace, partition)
             ON s.workspace = k.workspace AND s.partition = k.partition
         ORDER BY s.workspace, s.partition FOR UPDATE OF s";
    let (began, held) = join(begin(client), found(client, sql, &[&workspaces, &partitions])).await;
    began?;
    let held = held?;
    let fences: BTreeMap<Place, u64> =
        held.iter().map(|row| ((row.get(0), row.get(1)), unsigned(row.get(2)))).collect();
    let mut pools = Pools::hold(client, &pools).await?;
    // INVARIANT: nothing is written of a commit before its fence is known to hold, and its room to be there.
    let mut answers = Vec::with_capacity(jobs.len());
    let mut accepted: Vec<(Place, Job)> = Vec::new();
    let mut told: Vec<(Place, Input)> = Vec::new();
    for ((at, job), place) in jobs.into_iter().zip(places) {
        let answer = if fences.get(&place) != Some(&job.fence.0) {
            Err(StoreError::Superseded)
        } else {
            draw(&mut pools, place, &job, &mut told)
        };
        if answer.is_ok() {
            accepted.push((place, job));
        }
        answers.push((at, answer));
    }
    if accepted.is_empty() {
        client.batch_execute("ROLLBACK").await.map_err(|error| of_postgres(&error))?;
        return Ok(answers);
    }
    write(inner, client, &accepted, &pools, told).await?;
    Ok(answers)
}

/// Draws all that a commit wants, or nothing; partition 0 is told of counts.
fn draw(pools: &mut Pools, place: Place, job: &Job, told: &mut Vec<(Place, Input)>) -> Result<(), StoreError> {
    let mut sums = Vec::new();
    for draw in &job.written.commit.drawn {
        let before = pools.drawn((place.0, draw.cycle.as_milliseconds()));
        sums.push((before, draw.applied(before).ok_or(StoreError::NoRoom)?));
    }
    for (draw, (before, after)) in job.written.commit.drawn.iter().zip(sums) {
        pools.set((place.0, draw.cycle.as_milliseconds()), after);
        told.extend(draw.told(before, after).into_iter().map(|input| ((place.0, 0), input)));
    }
    Ok(())
}

async fn write(
    inner: &Arc<Inner>,
    client: &Object,
    accepted: &[(Place, Job)],
    pools: &Pools,
    mut told: Vec<(Place, Input)>,
) -> Result<(), StoreError> {
    let queues: BTreeSet<Place> =
        accepted.iter().filter(|(_, job)| job.written.touches_queue()).map(|(place, _)| *place).collect();
    let mut columns = Columns::default();
    for (place, job) in accepted {
        columns.take(*place, &job.written);
    }
    if !queues.is_empty() {
        hold_queues(client, &queues).await?;
    }
    let sums = pools.sums();
    let mut withdrawn = Vec::new();
    for (place, job) in accepted {
        let of = |(user_id, conversation, seq)| Withdrawn { place: *place, user_id, conversation, seq };
        let commit = &job.written.commit;
        withdrawn.extend(
            commit.withdrawn.iter().map(|(user_id, conversation, seq)| of((user_id, Some(*conversation), *seq))),
        );
        withdrawn.extend(commit.erased.iter().map(|(user_id, seq)| of((user_id, None, *seq))));
    }
    let is_all = withdrawn.is_empty() && told.is_empty();
    let mut script = Script::on(client);
    columns.write(&mut script, &sums).await?;
    script.run(is_all).await?;
    if is_all {
        return Ok(());
    }
    let mut forgot = false;
    for (place, job) in accepted {
        for (user_id, seq) in &job.written.commit.erased {
            let said_by = job.written.record(*seq).and_then(|record| record.event.as_ref());
            erase::forget(client, *place, user_id, *seq, said_by, job.written.commit.decided).await?;
            forgot = true;
        }
    }
    if !withdrawn.is_empty() {
        told.extend(withdraw(client, &withdrawn).await?);
    }
    Logging::finish(client, &told).await?;
    if forgot {
        erase::clean(inner);
    }
    Ok(())
}

/// A text column's value that may be none.
fn optional(id: Option<&str>) -> Option<std::borrow::Cow<'_, str>> {
    id.map(key)
}

/// Where the log is decided up to.
fn decided(written: &Written) -> i64 {
    signed(written.commit.decided)
}
