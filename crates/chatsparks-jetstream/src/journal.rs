//! A workspace's journal: operations are published to it, and read from it by every process, in one order.
//!
//! Whoever publishes waits until the operation comes back, and hears from the state what it came to. Where nobody knows
//! whether it was taken, it is sent again under the same id; a state takes each id once.

use crate::{
    failure::{form, gone},
    op::{Does, Op},
    server::{Failed, LOOK_AGAIN, Server, UNTIL_THEY_AGREE, nobody_leads},
    state::{Outcome, State, route::Named},
    table::{Ground, Joined},
};
use async_nats::jetstream::stream::Stream;
use bytes::Bytes;
use chatsparks_core::WorkspaceId;
use chatsparks_ports::StoreError;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

mod bodies;
mod coming;
mod erase;
mod merged;
mod rest;
mod snapshot;
mod tail;
mod things;

pub(crate) use bodies::AtHand;
use bodies::Bodies;
#[cfg(test)]
pub(crate) use erase::left_without;
pub(crate) use erase::{forgotten_evaluation, forgotten_line};
use rest::Rest;

/// How long one answer of the server is waited for before it is asked anew.
const TRY: Duration = Duration::from_secs(4);

/// How long one that could not be read on says so before it is opened anew: what it takes to find out is not little.
const ENDED: Duration = Duration::from_secs(10);

/// A workspace's journal, and the state that it comes to.
pub(crate) struct Journal {
    pub(crate) workspace: WorkspaceId,
    pub(crate) server: Server,
    pub(crate) stream: Stream,
    snapshots: Stream,
    /// The name of the stream, with which its subjects begin, and the one of them that anybody writes to.
    name: String,
    everybodys: String,
    state: Mutex<State>,
    /// Where its tables lie that memory has no room for.
    pub(crate) ground: Arc<Ground>,
    /// As long as it shares the memory of these.
    _joined: Joined,
    /// How many places were given to another store, and the last of them.
    pub(crate) given: Mutex<Option<(u64, Named)>>,
    bodies: Bodies,
    /// What the log of each partition says of things, as far as somebody asked.
    things: tokio::sync::Mutex<BTreeMap<u32, things::Things>>,
    /// Operations of this process that are on their way.
    awaited: Mutex<BTreeMap<(u64, u64), Awaited>>,
    /// How far the journal is folded; an error once it cannot be.
    folded: watch::Sender<Result<u64, String>>,
    /// When it was found that it cannot be.
    ended: OnceLock<std::time::Instant>,
    /// That a message is known which did not come.
    poked: Notify,
    /// Where news is told: that something was logged by whomever.
    news: Arc<dyn Fn(&WorkspaceId) + Send + Sync>,
    nonce: u64,
    next: AtomicU64,
    /// Bytes of the journal since the last snapshot, and bytes of that.
    since_snapshot: AtomicU64,
    snapshot_bytes: AtomicU64,
    /// The last message of the newest snapshot that is known.
    snapshoted: AtomicU64,
    /// Since when it is known that another writes one, by the message that says so.
    claimed: Mutex<Option<(u64, std::time::Instant)>>,
    patience: Duration,
    rest: Rest,
}

/// An operation on its way, and who waits for what it comes to.
struct Awaited {
    op: Arc<Op>,
    told: oneshot::Sender<Outcome>,
}

/// Keeps a journal's task, and ends it.
pub(crate) struct Following(Vec<JoinHandle<()>>);

impl Following {
    pub(crate) fn tasks(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// An operation's id, as messages bear it.
fn written(id: (u64, u64)) -> String {
    format!("{:016x}{:x}", id.0, id.1)
}

/// The id that a message bears.
fn read_id(written: &str) -> Option<(u64, u64)> {
    let (nonce, number) = written.split_at_checked(16)?;
    Some((u64::from_str_radix(nonce, 16).ok()?, u64::from_str_radix(number, 16).ok()?))
}

impl Journal {
    /// Opens a journal, and folds what is in it.
    pub(crate) async fn open(
        server: &Server,
        workspace: &WorkspaceId,
        (partitions, ground): (u32, &Arc<Ground>),
        (patience, is_worker): (Duration, &Arc<AtomicBool>),
        news: Arc<dyn Fn(&WorkspaceId) + Send + Sync>,
        runtime: &Handle,
    ) -> Result<(Arc<Self>, Following), StoreError> {
        let name = server.prefix(Some(workspace));
        let stream = server.stream(server.config(&name, "journal", Some(workspace))).await?;
        let beside = format!("{name}_S");
        let mut config = server.config(&beside, "snapshot", Some(workspace));
        config.max_messages_per_subject = 1;
        config.discard = async_nats::jetstream::stream::DiscardPolicy::New;
        let snapshots = server.stream(config).await?;
        let mut journal = Self {
            workspace: workspace.clone(),
            server: server.clone(),
            stream,
            snapshots,
            everybodys: format!("{name}.j"),
            name,
            state: Mutex::new(State::new(partitions)),
            ground: Arc::clone(ground),
            _joined: ground.join(partitions),
            given: Mutex::default(),
            bodies: Bodies::new(&server.at_hand),
            things: tokio::sync::Mutex::default(),
            awaited: Mutex::default(),
            folded: watch::Sender::new(Ok(0)),
            ended: OnceLock::new(),
            poked: Notify::new(),
            news,
            nonce: rand::random(),
            next: AtomicU64::new(1),
            since_snapshot: AtomicU64::new(0),
            snapshot_bytes: AtomicU64::new(0),
            snapshoted: AtomicU64::new(0),
            claimed: Mutex::default(),
            patience,
            rest: Rest::new(is_worker),
        };
        let began = Instant::now();
        let snapshot = loop {
            match journal.read_snapshot().await {
                Err(StoreError::Unavailable(why)) if nobody_leads(&why) && began.elapsed() < UNTIL_THEY_AGREE => {
                    sleep(LOOK_AGAIN).await;
                }
                found => break found?,
            }
        };
        if let Some((state, bytes)) = snapshot {
            journal.snapshoted = AtomicU64::new(state.applied);
            let _: Result<u64, String> = journal.folded.send_replace(Ok(state.applied));
            journal.state = Mutex::new(state);
            journal.snapshot_bytes = AtomicU64::new(bytes);
        }
        let journal = Arc::new(journal);
        let following = Following(vec![
            runtime.spawn(tail::follow(Arc::clone(&journal))),
            runtime.spawn(snapshot::keep(Arc::clone(&journal))),
        ]);
        journal.catch_up().await?;
        Ok((journal, following))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state; an error where something of it could not be read, which is not the same as that it is not there.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> Result<T, StoreError> {
        let found = look(&self.state());
        self.ground.sound()?;
        Ok(found)
    }

    fn awaited(&self) -> MutexGuard<'_, BTreeMap<(u64, u64), Awaited>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was found a while ago that it cannot be read on.
    pub(crate) fn may_be_opened_anew(&self) -> bool {
        self.ended.get().is_some_and(|ended| ended.elapsed() >= ENDED)
    }

    /// Whether it is read on: else its state is of the past.
    pub(crate) fn can_be_read(&self) -> Result<(), StoreError> {
        match &*self.folded.borrow() {
            Ok(_) => Ok(()),
            Err(why) => Err(StoreError::Unusable(why.clone())),
        }
    }

    /// Waits until everything is folded that the journal has now.
    pub(crate) async fn catch_up(&self) -> Result<(), StoreError> {
        let info = timeout(self.patience, async {
            loop {
                match self.stream.get_info().await {
                    Ok(info) => return info,
                    Err(_) => sleep(Duration::from_millis(200)).await,
                }
            }
        });
        let info = info.await.map_err(|_| gone("the NATS server does not answer"))?;
        self.folded_to(info.state.last_sequence).await
    }

    async fn folded_to(&self, sequence: u64) -> Result<(), StoreError> {
        let mut folded = self.folded.subscribe();
        self.wake();
        let patience = self.patience.max(Duration::from_secs(60));
        let (mut before, mut since) = (0, Instant::now());
        let mut moved = since;
        // However much there is: as long as it goes on.
        while moved.elapsed() < patience {
            let wait = folded.wait_for(|folded| folded.as_ref().map_or(true, |folded| *folded >= sequence));
            if let Ok(folded) = timeout(TRY / 4, wait).await {
                return match &*folded.map_err(gone)? {
                    Ok(_) => Ok(()),
                    Err(why) => Err(StoreError::Unusable(why.clone())),
                };
            }
            // What is known to be there does not come: whoever brings it may have gone with its server.
            let now = folded.borrow().as_ref().map_or(0, |folded| *folded);
            if now > before {
                (before, since) = (now, Instant::now());
                moved = since;
            } else if since.elapsed() >= TRY / 4 {
                self.poked.notify_one();
                self.wake();
                since = Instant::now();
            }
        }
        Err(gone("the journal is not read any further"))
    }

    /// Publishes an operation, and says what it came to.
    pub(crate) async fn submit(&self, does: Does) -> Result<Outcome, StoreError> {
        // What was decided on what could not be read is not written.
        self.ground.sound()?;
        self.can_be_read()?;
        let id = (self.nonce, self.next.fetch_add(1, Ordering::Relaxed));
        // Who owns a partition is said by its own subject, so that the server itself refuses whoever was superseded.
        let owner = match &does {
            Does::Open(partition) => Some((*partition, None)),
            Does::Commit(commit) => Some((commit.partition, Some(commit.fence))),
            _ => None,
        };
        let subject = match owner {
            Some((partition, _)) => format!("{}.own.{partition}", self.name),
            None => self.everybodys.clone(),
        };
        let op = Arc::new(Op { v: does.version(), id, does });
        let mut written = self.server.spare.take();
        serde_json::to_writer(&mut written, &*op).map_err(form)?;
        let message = Bytes::from(written);
        let parts = self.server.parts(&message)?;
        let (told, mut outcome) = oneshot::channel();
        self.awaited().insert(id, Awaited { op, told });
        let outcome = self.publish_until_known(id, &subject, &parts, owner, &mut outcome).await;
        self.awaited().remove(&id);
        drop(parts);
        self.server.spare.give(message);
        match outcome? {
            Outcome::Refused(error) => Err(error),
            outcome => Ok(outcome),
        }
    }

    async fn publish_until_known(
        &self,
        id: (u64, u64),
        subject: &str,
        parts: &[Bytes],
        owner: Option<(u32, Option<u64>)>,
        outcome: &mut oneshot::Receiver<Outcome>,
    ) -> Result<Outcome, StoreError> {
        let message_id = written(id);
        let until = Instant::now() + self.patience;
        let mut expected = None;
        loop {
            if let Some((partition, fence)) = owner {
                let (owned, now) = {
                    let state = self.state();
                    state.part(partition).map_or((0, 0), |part| (part.owned, part.fence))
                };
                if fence.is_some_and(|fence| fence != now) {
                    // One that was sent before may have come first, and be told in a moment.
                    return self.told_or(outcome, StoreError::Superseded).await;
                }
                expected = Some(expected.unwrap_or(owned));
            }
            let why = match timeout(TRY, self.server.publish(subject, parts, Some(&message_id), expected)).await {
                Ok(Ok(acknowledged)) => {
                    // It is in the journal: only reading it is left, and whoever folds it tells those who wait for it.
                    self.wake();
                    if let Ok(Ok(outcome)) = timeout(TRY / 4, &mut *outcome).await {
                        return Ok(outcome);
                    }
                    self.folded_to(acknowledged.seq).await?;
                    return self.told_or(outcome, gone("what was written was not read again")).await;
                }
                Ok(Err(Failed::Overtaken)) => {
                    // Whoever came first is read before it is tried anew; what was sent before may be among it.
                    self.catch_up().await?;
                    if let Ok(outcome) = outcome.try_recv() {
                        return Ok(outcome);
                    }
                    expected = self.last_of(subject).await?;
                    "another process writes the same".to_owned()
                }
                Ok(Err(Failed::Refused(why))) => return Err(StoreError::Unavailable(why)),
                Ok(Err(Failed::Unknown(why))) => why,
                Err(_) => "the NATS server does not answer".to_owned(),
            };
            if let Ok(Ok(outcome)) = timeout(Duration::from_millis(100), &mut *outcome).await {
                return Ok(outcome);
            }
            if Instant::now() >= until {
                return Err(StoreError::Unavailable(why));
            }
        }
    }

    /// What an operation came to, if it comes now; else this.
    async fn told_or(
        &self,
        outcome: &mut oneshot::Receiver<Outcome>,
        error: StoreError,
    ) -> Result<Outcome, StoreError> {
        if let Ok(outcome) = outcome.try_recv() {
            return Ok(outcome);
        }
        self.catch_up().await?;
        outcome.try_recv().map_err(|_| error)
    }

    /// The last message of a subject as the server has it: what was deleted of it is not expected.
    async fn last_of(&self, subject: &str) -> Result<Option<u64>, StoreError> {
        use async_nats::jetstream::stream::LastRawMessageErrorKind::{InvalidSubject, NoMessageFound};
        match self.stream.get_last_raw_message_by_subject(subject).await {
            Ok(message) => Ok(Some(message.sequence)),
            Err(error) if matches!(error.kind(), NoMessageFound | InvalidSubject) => Ok(Some(0)),
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{read_id, written};

    #[test]
    fn s2_an_operation_is_known_again_by_the_id_that_its_message_bears() {
        for id in [(0, 1), (u64::MAX, u64::MAX), (0x0123_4567_89ab_cdef, 10)] {
            assert_eq!(read_id(&written(id)), Some(id));
        }
        for other in ["", "0123456789abcdef", "0123456789abcdeg1", "chatsparks-is-no-id", "กกกกกก"] {
            assert_eq!(read_id(other), None, "{other}");
        }
    }
}
