//! A partition's owner in a few lines: reads the log, decides, commits. What a runtime does, without its care.

use chatsparks_core::{Answer, Engine, Envelope, Partition, Scratch, Step, workspace::Workspace};
use chatsparks_ports::{
    Commit, Cursor, Fence, Lane, Limit, NewEffect, NewRecord, Position, Shard, Stamp, Store, StoreError,
};
use serde_json::Value;

use super::make;

/// The owner of a partition.
pub struct Owner<'a, S> {
    store: &'a S,
    shard: Shard,
    partition: Partition,
    fence: Fence,
    decided: Position,
}

impl<'a, S: Store> Owner<'a, S> {
    /// Opens the partition; `first` is the engine of its first document.
    ///
    /// # Errors
    /// What the store says.
    pub async fn open(store: &'a S, shard: &Shard, first: &Engine) -> Result<Self, StoreError> {
        let opened = store.open(shard).await?;
        let revision = opened.head.iter().find_map(|row| match row {
            chatsparks_core::Row::Terms(terms) => Some(terms.revision()),
            _ => None,
        });
        let engine = match (opened.document, revision) {
            (Some(document), Some(revision)) => Engine::restore(document, revision).unwrap(),
            _ => first.clone(),
        };
        let head = opened.head;
        let partition = Partition::resume(engine, |key| head.iter().find(|row| row.key() == *key)).unwrap();
        Ok(Self { store, shard: shard.clone(), partition, fence: opened.fence, decided: opened.decided })
    }

    /// Decides so many events at most, and commits them; how many there were.
    ///
    /// # Errors
    /// What the store says.
    pub async fn decide(&mut self, events: usize) -> Result<usize, StoreError> {
        let limit = Limit { events, bytes: usize::MAX };
        let batch = self.store.read(&self.shard, self.decided, limit).await?;
        let Some(last) = batch.last().map(|logged| logged.position) else { return Ok(0) };
        let envelopes: Vec<Envelope> = batch.into_iter().map(|logged| logged.envelope).collect();
        let mut commit = Commit::default();
        let wants = self.partition.wants(&envelopes);
        let answer = self.store.load(&self.shard, &wants).await?;
        self.partition.load(&wants, answer);
        for envelope in &envelopes {
            self.happen(envelope, &mut commit).await?;
        }
        commit.decided = last;
        commit.rows = self.partition.writes();
        let engine = self.partition.engine();
        commit.documents = vec![(engine.revision(), engine.workspace().clone())];
        self.store.commit(&self.shard, self.fence, commit).await?;
        self.decided = last;
        self.partition.committed();
        Ok(envelopes.len())
    }

    async fn happen(&mut self, envelope: &Envelope, commit: &mut Commit) -> Result<(), StoreError> {
        loop {
            let step = self.partition.step(envelope, &mut Scratch::default(), &mut |record| {
                let user_id = record.user_id().cloned();
                for (place, (id, effect)) in (0..).zip(record.decision.effects_with_ids()) {
                    let lane = user_id.clone().map_or(Lane::Free(None), Lane::Contact);
                    let (decided, effect) = ((record.seq, place), effect.clone());
                    commit.effects.push(NewEffect {
                        id,
                        decided,
                        lane,
                        effect,
                        context: Default::default(),
                        in_doubt: false,
                    });
                }
                commit.records.push(NewRecord {
                    seq: record.seq,
                    at: record.at,
                    event: record.envelope.map(|envelope| envelope.id.clone()),
                    user_id,
                    line: serde_json::value::to_raw_value(record).unwrap(),
                    evaluation: record
                        .evaluation()
                        .map(|evaluation| (evaluation.comment.comment_id.clone(), Box::new(evaluation))),
                });
            });
            let wants = match step {
                Step::Decided => continue,
                Step::Wants(wants) => wants,
                Step::Done => return Ok(()),
            };
            let answer: Answer = self.store.load(&self.shard, &wants).await?;
            self.partition.load(&wants, answer);
        }
    }

    /// Forgets contacts that the store has.
    pub fn keep_at_hand(&mut self, contacts: usize) {
        self.partition.keep_at_hand(contacts);
    }
}

/// What a history gives through a store: logged whole, decided so many events at a time, opened anew after so many
/// commits.
///
/// # Errors
/// What the store says.
pub async fn through<S: Store>(
    store: &S,
    shard: &Shard,
    workspace: &Workspace,
    history: &[Envelope],
    (batch, stop, keep): (usize, usize, usize),
) -> Result<Vec<Value>, StoreError> {
    let engine = Engine::compile(workspace.clone()).unwrap();
    for envelopes in history.chunks(7) {
        let inputs = envelopes.iter().map(|envelope| {
            let input = make::input(envelope.id.as_str(), Stamp::Brought(envelope.at), envelope.event.clone());
            (shard.clone(), input)
        });
        store.append(inputs.collect()).await?;
    }
    let mut commits = 0;
    let mut owner = Owner::open(store, shard, &engine).await?;
    while owner.decide(batch).await? > 0 {
        commits += 1;
        owner.keep_at_hand(keep);
        if commits % stop == 0 {
            owner = Owner::open(store, shard, &engine).await?;
        }
    }
    let (records, _) = store.records(&shard.workspace, &Cursor::default(), 1_000_000).await?;
    let records = records.into_iter().filter(|record| record.partition == shard.partition);
    Ok(records.map(|record| serde_json::from_str(&record.line).unwrap()).collect())
}
