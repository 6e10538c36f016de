//! What was decided of batches, each written as a whole (R5), those of many partitions in one transaction.

mod columns;

use crate::{
    append::{Logging, Place},
    erase,
    fault::of_postgres,
    form::{json, key, row_form, signed, small, unsigned, written},
    gather,
    room::{Cycle, Pools, Sums, Wanted, cycle},
    statement::{LONG, Script, Values, begin_with, soon},
    store::Inner,
    withdraw::{Queues, Withdrawn, withdraw},
};
use chatsparks_core::UserId;
use chatsparks_ports::{Commit, Draw, Fence, Input, NewRecord, Shard, StoreError};
use columns::Columns;
use deadpool_postgres::Object;
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
    let Written { rows, evaluations, effects, .. } = &job.written;
    gather::weight(rows.len() + evaluations.len() + effects.len(), job.written.bytes())
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

    /// How long all that it says is, or so.
    fn bytes(&self) -> usize {
        let forms = [&self.rows, &self.documents, &self.granted].into_iter().flatten();
        let forms = forms.chain(self.evaluations.iter().flatten()).map(String::len).sum::<usize>();
        let effects = self.effects.iter().map(|(form, context)| form.len() + context.len()).sum::<usize>();
        let lines = self.commit.records.iter().map(|record| record.line.get().len()).sum::<usize>();
        forms + effects + lines
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
        let client = inner.client().await?;
        // Whoever is forgotten may have said much.
        let forgets = now.iter().any(|(_, job)| !job.written.commit.erased.is_empty());
        let patience = inner.patience * if forgets { LONG } else { 1 };
        let (told, again) = soon(patience, client, async |client| together(&inner, client, now).await).await?;
        for (at, answer) in told {
            answers[at] = Some(answer);
        }
        left = again;
        left.extend(later);
    }
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(crate::fault::cut_off()))).collect())
}

type Answers = Vec<(usize, Result<(), StoreError>)>;
type Accepted = Vec<(Place, (usize, Job))>;

/// Writes commits of different shards, each unless it is refused; and those that have to be written again, since one beside
/// them was refused at the last.
async fn together(
    inner: &Arc<Inner>,
    client: &Object,
    jobs: Vec<(usize, Job)>,
) -> Result<(Answers, Vec<(usize, Job)>), StoreError> {
    let mut places: Vec<Place> = Vec::with_capacity(jobs.len());
    let (mut asked, mut queues) = (BTreeSet::new(), BTreeSet::new());
    for (_, job) in &jobs {
        let place = (inner.number(client, &job.shard.workspace).await?, small(job.shard.partition));
        places.push(place);
        let draws = job.written.commit.drawn.iter().filter(|draw| !draw.asks_nothing());
        asked.extend(draws.map(|draw| cycle(place.0, draw)));
        queues.extend(job.written.touches_queue().then_some(place));
    }
    let (workspaces, partitions): (Vec<i32>, Vec<i32>) = places.iter().copied().unzip();
    let sql = "SELECT s.workspace, s.partition, s.fence FROM shard s
         JOIN unnest($1::int[], $2::int[]) AS k (workspace, partition)
             ON s.workspace = k.workspace AND s.partition = k.partition
         ORDER BY s.workspace, s.partition FOR UPDATE OF s";
    let (pools, queues) = (Wanted::of(&asked), Queues::of(&queues));
    let (pool_values, queue_values) = (pools.values(), queues.values());
    let shard_values: Values<'_> = &[&workspaces, &partitions];
    let mut statements = vec![(sql, shard_values)];
    statements.extend(pools.seen(&pool_values));
    statements.extend(queues.statement(&queue_values));
    let held = begin_with(client, &statements).await?;
    let fences: BTreeMap<Place, u64> =
        held.iter().take(1).flatten().map(|row| ((row.get(0), row.get(1)), unsigned(row.get(2)))).collect();
    // What does not fit now is not written first.
    let mut seen = Pools::of(held.get(1).filter(|_| !asked.is_empty()).map_or(&[], Vec::as_slice));
    // INVARIANT: nothing is written of a commit before its fence is known to hold.
    let mut answers = Vec::with_capacity(jobs.len());
    let mut accepted: Accepted = Vec::new();
    for ((at, job), place) in jobs.into_iter().zip(places) {
        if fences.get(&place) != Some(&job.fence.0) {
            answers.push((at, Err(StoreError::Superseded)));
        } else if let Err(refused) = seen.draw(place.0, &job.written.commit.drawn) {
            answers.push((at, Err(refused)));
        } else {
            accepted.push((place, (at, job)));
        }
    }
    if accepted.is_empty() {
        client.batch_execute("ROLLBACK").await.map_err(|error| of_postgres(&error))?;
        return Ok((answers, Vec::new()));
    }
    let refused = write(inner, client, &accepted, asked.is_empty()).await?;
    let mut again = Vec::new();
    for (_, (at, job)) in accepted {
        match (refused.is_empty(), refused.contains(&at)) {
            (true, _) => answers.push((at, Ok(()))),
            (false, true) => answers.push((at, Err(StoreError::NoRoom))),
            (false, false) => again.push((at, job)),
        }
    }
    Ok((answers, again))
}

/// Writes commits, and ends the transaction; those for which there was no room, if any: nothing was written then.
async fn write(
    inner: &Arc<Inner>,
    client: &Object,
    accepted: &Accepted,
    asks_nothing: bool,
) -> Result<BTreeSet<usize>, StoreError> {
    let mut columns = Columns::default();
    let mut withdrawn = Vec::new();
    for (place, (_, job)) in accepted {
        columns.take(*place, &job.written);
        let of = |(user_id, conversation, seq)| Withdrawn { place: *place, user_id, conversation, seq };
        let commit = &job.written.commit;
        withdrawn.extend(
            commit.withdrawn.iter().map(|(user_id, conversation, seq)| of((user_id, Some(*conversation), *seq))),
        );
        withdrawn.extend(commit.erased.iter().map(|(user_id, seq)| of((user_id, None, *seq))));
    }
    let draws = |(place, (_, job)): &(Place, (usize, Job))| -> Vec<(i32, Draw)> {
        job.written.commit.drawn.iter().map(|draw| (place.0, draw.clone())).collect()
    };
    let all: Vec<(i32, Draw)> = accepted.iter().flat_map(draws).collect();
    let added = Sums::added(all.iter().map(|(workspace, draw)| (*workspace, draw)));
    let is_all = withdrawn.is_empty() && asks_nothing;
    let mut script = Script::on(client);
    columns.write(&mut script).await?;
    if is_all {
        // The last thing before the end: whoever else draws waits no longer than that takes.
        added.add(&mut script).await?;
    }
    script.run(is_all).await?;
    if is_all {
        return Ok(BTreeSet::new());
    }
    let mut forgot = false;
    for (place, (_, job)) in accepted {
        for (user_id, seq) in &job.written.commit.erased {
            let said_by = job.written.record(*seq).and_then(|record| record.event.as_ref());
            erase::forget(client, *place, user_id, *seq, said_by, job.written.commit.decided).await?;
            forgot = true;
        }
    }
    let mut told: Vec<(Place, Input)> = Vec::new();
    if !withdrawn.is_empty() {
        told.extend(withdraw(client, &withdrawn).await?);
    }
    let sums;
    let mut script = Script::on(client);
    if asks_nothing {
        added.add(&mut script).await?;
    } else {
        let wanted: BTreeSet<Cycle> = all.iter().map(|(workspace, draw)| cycle(*workspace, draw)).collect();
        let mut held = Wanted::of(&wanted).hold(client).await?;
        let mut refused = BTreeSet::new();
        for (place, (at, job)) in accepted {
            match held.draw(place.0, &job.written.commit.drawn) {
                Ok(inputs) => told.extend(inputs.into_iter().map(|input| ((place.0, 0), input))),
                Err(_) => refused.extend([*at]),
            }
        }
        if !refused.is_empty() {
            client.batch_execute("ROLLBACK").await.map_err(|error| of_postgres(&error))?;
            return Ok(refused);
        }
        sums = held.sums();
        sums.set(&mut script).await?;
    }
    let is_all = told.is_empty();
    script.run(is_all).await?;
    if !is_all {
        Logging::finish(client, &told).await?;
    }
    if forgot {
        erase::clean(inner);
    }
    Ok(BTreeSet::new())
}

/// A text column's value that may be none.
fn optional(id: Option<&str>) -> Option<std::borrow::Cow<'_, str>> {
    id.map(key)
}

/// Where the log is decided up to.
fn decided(written: &Written) -> i64 {
    signed(written.commit.decided)
}
