//! Documents: checked and compiled outside the path of events, then logged in every partition (R8).

use crate::{
    AcceptError, NewEvent, Runtime,
    runtime::Inner,
    settings::ClockMode,
    stops::{self, Stops},
    workspace::WorkspaceState,
};
use chatsparks_core::{
    Checked, Engine, Event, EventId, Key, Prepared, Problem, Row, Wants, WorkspaceId, workspace::Workspace,
};
use chatsparks_ports::{Alone, Input, Limit, Shard, Stamp, Store, StoreError};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

/// A document that took effect, or was in force already.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    /// Its revision.
    pub revision: u32,
    /// What is only suspicious in it.
    pub warnings: Vec<Problem>,
}

/// Why a document was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigureError {
    /// There is no such workspace.
    #[error("there is no such workspace")]
    UnknownWorkspace,
    /// It does not hold.
    #[error("the document has {} faults", .0.len())]
    Invalid(Vec<Problem>),
    /// It was made from another revision than the one in force.
    #[error("revision {in_force} is in force")]
    OtherRevision {
        /// The revision in force.
        in_force: u32,
    },
    /// It could not be logged.
    #[error(transparent)]
    Accept(#[from] AcceptError),
}

/// The revision that the log ends with: in force once all of it is decided.
#[derive(Clone)]
pub(crate) struct Revisions {
    engine: Engine,
    /// Engines of documents that are logged and not decided yet, by the event that brings them, and in how many
    /// partitions they were decided.
    compiled: BTreeMap<EventId, (Engine, usize)>,
    /// Documents that are logged, not decided yet, and change nothing: a second one under the same id does neither (T3).
    idle: BTreeSet<EventId>,
}

impl Revisions {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, compiled: BTreeMap::new(), idle: BTreeSet::new() }
    }

    /// What they are once these events are logged; `decided`: which of them were before, and change nothing (T3).
    pub(crate) fn follow(&self, events: &[NewEvent], decided: &BTreeSet<EventId>) -> Self {
        let mut ahead = self.clone();
        for event in events {
            let Event::Configure(configured) = &event.event else { continue };
            let is_logged = ahead.compiled.contains_key(&event.id) || ahead.idle.contains(&event.id);
            if is_logged || decided.contains(&event.id) {
                continue;
            }
            if let Prepared::Next(engine) = ahead.engine.prepare(configured) {
                ahead.compiled.insert(event.id.clone(), (engine.clone(), 0));
                ahead.engine = engine;
            } else {
                ahead.idle.insert(event.id.clone());
            }
        }
        ahead
    }

    /// The engine that an event brings, where it was compiled when it was logged.
    pub(crate) fn compiled(&self, id: &EventId) -> Option<&Engine> {
        self.compiled.get(id).map(|(engine, _)| engine)
    }

    /// A document that was logged changed nothing, or did not come into force after all, since its event came too late
    /// (T5): those after it follow the one that is in force.
    pub(crate) fn refused(&mut self, id: &EventId, in_force: &Engine) {
        self.idle.remove(id);
        if self.compiled.remove(id).is_none() {
            return;
        }
        let ahead = self.compiled.iter().filter(|(_, (engine, _))| engine.revision() > in_force.revision());
        let mut ahead: Vec<(EventId, Engine)> = ahead.map(|(id, (engine, _))| (id.clone(), engine.clone())).collect();
        ahead.sort_by_key(|(_, engine)| engine.revision());
        self.engine = in_force.clone();
        for (id, engine) in ahead {
            if let Prepared::Next(next) = self.engine.prepare(&chatsparks_core::Configured::Compiled(engine)) {
                self.compiled.insert(id, (next.clone(), 0));
                self.engine = next;
            } else {
                self.compiled.remove(&id);
            }
        }
    }

    /// One more partition has decided it: what all of them have needs not be kept.
    pub(crate) fn decided(&mut self, id: &EventId, partitions: usize) {
        if let Some((_, decided)) = self.compiled.get_mut(id) {
            *decided += 1;
            if *decided >= partitions {
                self.compiled.remove(id);
            }
        }
    }
}

/// Which of these documents were decided before.
pub(crate) async fn decided<S: Store>(
    store: &S,
    workspace: &WorkspaceId,
    events: &[NewEvent],
) -> Result<BTreeSet<EventId>, StoreError> {
    let mut decided = BTreeSet::new();
    for event in events.iter().filter(|event| matches!(event.event, Event::Configure(_))) {
        if store.row(workspace, &Key::Event(event.id.clone())).await?.is_some() {
            decided.insert(event.id.clone());
        }
    }
    Ok(decided)
}

impl<S: Store> Runtime<S> {
    /// The engine that whatever is accepted now is decided by: of the document that was put in force last (R8).
    pub async fn latest(&self, workspace: &WorkspaceId) -> Option<Engine> {
        let state = self.workspace(workspace)?;
        let mut revisions = state.revisions.lock().await;
        if self.inner.sharing.is_shared
            && let Err(error) = self.refresh(state, &mut revisions).await
        {
            self.inner.note_store(Some(&error));
        }
        Some(revisions.engine.clone())
    }

    /// Puts a document in force: what is acknowledged after this answers is decided by it (R8).
    ///
    /// # Errors
    /// Why it was not taken; then nothing changed.
    pub async fn configure(
        &self,
        workspace: &WorkspaceId,
        document: Workspace,
        if_match: Option<u32>,
    ) -> Result<Configured, ConfigureError> {
        let state = self.workspace(workspace).ok_or(ConfigureError::UnknownWorkspace)?;
        let document = Arc::new(document);
        let mut revisions = state.revisions.lock().await;
        let _alone = self.alone_with(state, &mut revisions).await.map_err(AcceptError::from)?;
        let in_force = revisions.engine.revision();
        if if_match.is_some_and(|wanted| wanted != in_force) {
            return Err(ConfigureError::OtherRevision { in_force });
        }
        // Compiling takes long, and must not hold up what runs on this thread.
        let (engine, given) = (revisions.engine.clone(), document.clone());
        let prepared = self.inner.apart(move || {
            let prepared = engine.prepare(&chatsparks_core::Configured::Workspace(given.clone()));
            let Checked { warnings, .. } = Engine::check(&given);
            (prepared, warnings)
        });
        let (prepared, warnings) = prepared.await.ok_or(AcceptError::Stopping)?;
        let next = match prepared {
            Prepared::InForce => return Ok(Configured { revision: in_force, warnings }),
            Prepared::Invalid(faults) => return Err(ConfigureError::Invalid(faults)),
            Prepared::Next(engine) => engine,
        };
        let id = EventId::from(format!("configure:{}:{}", next.revision(), self.inner.unique()));
        self.log_document(workspace, &id, next.clone()).await?;
        let revision = next.revision();
        revisions.compiled.insert(id, (next.clone(), 0));
        revisions.engine = next;
        Ok(Configured { revision, warnings })
    }

    /// Learns of the document in force, of the latest instant decided and of how the channel stands, where another process
    /// serves the workspace. Who serves something of it knows all of that.
    ///
    /// # Errors
    /// What the store says.
    pub async fn learn(&self, workspace: &WorkspaceId) -> Result<(), StoreError> {
        match self.workspace(workspace) {
            Some(state) if self.inner.sharing.is_shared && !state.is_open() => self.inner.learn(state).await,
            _ => Ok(()),
        }
    }

    /// Keeps other processes from following documents meanwhile, and learns of those that they have logged.
    pub(crate) async fn alone_with(
        &self,
        state: &WorkspaceState,
        revisions: &mut Revisions,
    ) -> Result<Alone, StoreError> {
        if !self.inner.sharing.is_shared {
            return Ok(Alone::default());
        }
        let alone = self.inner.store.alone(&state.id).await?;
        self.refresh(state, revisions).await?;
        Ok(alone)
    }

    /// Learns of documents that other processes have logged.
    async fn refresh(&self, state: &WorkspaceState, revisions: &mut Revisions) -> Result<(), StoreError> {
        let fresh = loop {
            let mut fresh = Revisions::new(self.inner.in_force(state).await?);
            let in_force = fresh.engine.revision();
            for shard in state.shards.iter().take(1) {
                follow_logged(&self.inner.store, &shard.shard, &mut fresh).await?;
            }
            // One that was decided in between is neither in force, as it was read, nor logged and not decided.
            if self.inner.revision_in_force(state).await?.is_none_or(|now| now == in_force) {
                break fresh;
            }
        };
        // What was compiled here is kept as long as nobody else has gone further.
        if fresh.engine.revision() != revisions.engine.revision() {
            *revisions = fresh;
        }
        Ok(())
    }

    /// Logs a document in every partition, with one `at`.
    async fn log_document(&self, workspace: &WorkspaceId, id: &EventId, engine: Engine) -> Result<(), ConfigureError> {
        let Some(state) = self.workspace(workspace) else { return Err(ConfigureError::UnknownWorkspace) };
        let event = Event::Configure(Box::new(chatsparks_core::Configured::Compiled(engine)));
        let stamp = match self.inner.settings.clock {
            // Time passes by events alone: a document is no reason for it to pass.
            ClockMode::Events => Stamp::Latest,
            ClockMode::Wall => Stamp::Received(self.inner.guard.stamp().ok_or(AcceptError::ClockStepped)?),
        };
        self.log_inputs(state, vec![Input { id: id.clone(), stamp, event }]).await?;
        Ok(())
    }
}

impl<S: Store> Inner<S> {
    /// The revision in force in the first partition, as the store has it.
    async fn revision_in_force(&self, state: &WorkspaceState) -> Result<Option<u32>, StoreError> {
        self.store.up_to_date(&state.id).await?;
        let heads = self.store.heads(&state.id).await?;
        state.note_latest(&heads);
        Ok(heads.first().into_iter().flatten().find_map(|row| match row {
            Row::Terms(terms) => Some(terms.revision()),
            _ => None,
        }))
    }

    /// The engine of that revision.
    async fn in_force(&self, state: &WorkspaceState) -> Result<Engine, StoreError> {
        let known = state.engine.read().unwrap_or_else(PoisonError::into_inner).clone();
        match self.revision_in_force(state).await? {
            Some(revision) if revision != known.revision() => {
                let missing = || StoreError::Unusable(format!("the document of revision {revision} is missing"));
                let document = self.store.document(&state.id, revision).await?.ok_or_else(missing)?;
                let restored = self.apart(move || Engine::restore(document, revision)).await;
                let cut_off = || StoreError::Unavailable("a document could not be compiled".to_owned());
                restored.ok_or_else(cut_off)?.map_err(|error| StoreError::Unusable(error.to_string()))
            }
            _ => Ok(known),
        }
    }

    /// Takes the engine in force, and how the channel stands, from the store, where another process serves the workspace.
    pub(crate) async fn learn(&self, state: &WorkspaceState) -> Result<(), StoreError> {
        let engine = self.in_force(state).await?;
        state.take_engine(&engine);
        if state.channel.is_some() && !self.serves_some_of(state) {
            let note = self.store.note(&state.id, stops::NOTE).await?;
            let mut channel = state.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
            channel.stops = Stops::of_note(note.as_deref());
        }
        Ok(())
    }
}

/// Follows the documents that are logged and not decided.
pub(crate) async fn follow_logged<S: Store>(
    store: &Arc<S>,
    shard: &Shard,
    revisions: &mut Revisions,
) -> Result<(), StoreError> {
    let mut after = store.stretch(shard).await?.from.saturating_sub(1);
    after = after.max(store.decided(shard).await?);
    loop {
        let logged = store.read(shard, after, Limit { events: 1_000, bytes: crate::worker::BATCH_BYTES }).await?;
        let Some(last) = logged.last() else { return Ok(()) };
        after = last.position;
        let events = logged.into_iter().filter(|logged| matches!(logged.envelope.event, Event::Configure(_)));
        let events: Vec<NewEvent> =
            events.map(|logged| NewEvent { id: logged.envelope.id, at: None, event: logged.envelope.event }).collect();
        let mut decided = BTreeSet::new();
        for event in &events {
            // Before, by this partition: others may have decided the very same one already.
            let mut wants = Wants::default();
            wants.keys = [Key::Event(event.id.clone())].into_iter().collect();
            if !store.load(shard, &wants).await?.rows.is_empty() {
                decided.insert(event.id.clone());
            }
        }
        *revisions = revisions.follow(&events, &decided);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsparks_ports::{Log as _, MemoryStore};
    use chatsparks_testkit::{
        build::workspace,
        store_suite::make::{at, brought, commit, put, shard},
    };

    /// A document is logged in every partition, and each decides it in its own time.
    #[tokio::test]
    async fn r8_a_document_is_followed_until_the_first_partition_has_decided_it() {
        let (first, mut next) = (workspace().build(), workspace().build());
        next.workspace.name = "Next".to_owned();
        let document = || brought("e1", at(1), Event::Configure(Box::new(next.clone().into())));
        // By whom it was decided, and what is followed from there on: what is decided stands in the head.
        for (decided_by, revision) in [(None, 2), (Some(1), 2), (Some(0), 1)] {
            let store = Arc::new(MemoryStore::new(2));
            store.append(vec![(shard(0), document()), (shard(1), document())]).await.unwrap();
            if let Some(partition) = decided_by {
                let mut decided = commit(1);
                decided.rows = vec![Row::Event("e1".into(), at(1))];
                put(&*store, &shard(partition), decided).await.unwrap();
            }
            let mut revisions = Revisions::new(Engine::restore(Arc::new(first.clone()), 1).unwrap());
            follow_logged(&store, &shard(0), &mut revisions).await.unwrap();
            assert_eq!(revisions.engine.revision(), revision, "decided by {decided_by:?}");
        }
    }
}
