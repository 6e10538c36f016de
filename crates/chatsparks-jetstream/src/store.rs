//! The store: a connection, and the journals that were opened over it.

use crate::{
    Options,
    failure::{form, gone},
    journal::{Following, Journal},
    server::{Failed, LOOK_AGAIN, Server, UNTIL_THEY_AGREE, nobody_leads},
    table::Ground,
};
use async_nats::jetstream::stream::Stream;
use bytes::Bytes;
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{Shard, StoreError};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{runtime::Handle, sync::Notify};

/// The newest version of a store's form.
const VERSION: u32 = 1;

/// Partitions of a store that is made without saying how many (R3).
const PARTITIONS: u32 = 64;

/// A store on NATS JetStream. Cloning it gives the same one.
#[derive(Clone)]
pub struct JetStreamStore(pub(crate) Arc<Inner>);

impl fmt::Debug for JetStreamStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("JetStreamStore").field("name", &self.0.server.name).finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    pub(crate) server: Server,
    pub(crate) partitions: u32,
    ground: Arc<Ground>,
    /// What concerns the store itself: how it was made, its workers.
    pub(crate) own: Stream,
    pub(crate) options: Options,
    /// Where it was opened: what goes on beside its callers goes on there.
    pub(crate) runtime: Handle,
    /// The journals that were opened, or are being: opening one holds up no other.
    journals: Mutex<BTreeMap<WorkspaceId, Arc<Opening>>>,
    pub(crate) news: Arc<News>,
    /// Workspaces whose journals were let go of, since another process serves them.
    closed: Mutex<BTreeSet<WorkspaceId>>,
    /// Whether this process is one of several that share workspaces out.
    pub(crate) is_worker: Arc<AtomicBool>,
    /// The fence by which this process has opened each shard last.
    fences: Mutex<BTreeMap<Shard, u64>>,
}

/// A journal that is open, or is being opened by the first who asked.
type Opening = tokio::sync::OnceCell<(Arc<Journal>, Following)>;

/// What was logged by others, until somebody asks.
#[derive(Default)]
pub(crate) struct News {
    workspaces: Mutex<BTreeSet<WorkspaceId>>,
    told: Notify,
}

impl News {
    fn tell(&self, workspace: &WorkspaceId) {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace.clone());
        self.told.notify_one();
    }

    pub(crate) async fn wait(&self) -> Vec<WorkspaceId> {
        loop {
            let told = std::mem::take(&mut *self.workspaces.lock().unwrap_or_else(PoisonError::into_inner));
            if !told.is_empty() {
                return told.into_iter().collect();
            }
            self.told.notified().await;
        }
    }
}

/// How a store was made.
#[derive(Serialize, Deserialize)]
struct Made {
    v: u32,
    partitions: u32,
}

/// How a journal stands with this process.
pub(crate) enum Stands {
    /// It is followed, or nobody has tried yet.
    Followed(Arc<Journal>),
    /// Another process serves its workspace, and nobody has asked for it here lately.
    Idle,
}

impl JetStreamStore {
    /// Opens a store, or makes it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no server answers; [`StoreError::Unusable`] when the servers do not do what is
    /// needed (2.12 or newer, with as many replicas as are asked for), the store was made with other partitions or by a newer
    /// version, or the directory for what memory has no room for takes no file.
    pub async fn open(options: Options) -> Result<Self, StoreError> {
        if options.partitions.is_some_and(|partitions| !(1..=1_024).contains(&partitions)) {
            return Err(StoreError::Unusable("a store on NATS has from 1 to 1,024 partitions".to_owned()));
        }
        // Servers that start together answer nothing until they have chosen who leads.
        let began = tokio::time::Instant::now();
        loop {
            match Self::open_once(options.clone()).await {
                Err(StoreError::Unavailable(why)) if nobody_leads(&why) && began.elapsed() < UNTIL_THEY_AGREE => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                opened => return opened,
            }
        }
    }

    async fn open_once(options: Options) -> Result<Self, StoreError> {
        let server = Server::connect(&options).await?;
        let name = server.prefix(None);
        let mut config = server.config(&name, "store", None);
        config.max_messages_per_subject = 1;
        let own = server.stream(config).await?;
        server.probe(&name).await?;
        let partitions = made(&server, &own, &name, options.partitions).await?;
        let directory = options.directory.clone().unwrap_or_else(std::env::temp_dir);
        let ground = Arc::new(Ground::new(options.memory, directory));
        ground.can_be_used()?;
        let runtime = Handle::current();
        Ok(Self(Arc::new(Inner {
            server,
            partitions,
            ground,
            own,
            options,
            runtime,
            journals: Mutex::default(),
            news: Arc::default(),
            closed: Mutex::default(),
            is_worker: Arc::default(),
            fences: Mutex::default(),
        })))
    }

    /// Remembers by which fence this process has opened a shard.
    pub(crate) fn has_opened(&self, shard: &Shard, fence: u64) {
        if !shard.is_checkpoint() {
            self.0.fences.lock().unwrap_or_else(PoisonError::into_inner).insert(shard.clone(), fence);
        }
    }

    /// The fence by which this process owns a shard, as far as it knows, or none where it may be nobody's: where nothing is
    /// shared out. None at all: it has not opened it, and others may have.
    pub(crate) fn owns(&self, shard: &Shard) -> Option<Option<u64>> {
        let fence = self.0.fences.lock().unwrap_or_else(PoisonError::into_inner).get(shard).copied();
        let may_be_nobodys = !self.0.is_worker.load(Ordering::Relaxed);
        (fence.is_some() || may_be_nobodys).then_some(fence)
    }

    /// A workspace's journal, folded as far as it went when this was asked at least; it is made where there is none.
    pub(crate) async fn journal(&self, workspace: &WorkspaceId) -> Result<Arc<Journal>, StoreError> {
        let journal = self.opened(workspace).await?;
        journal.awake().await?;
        Ok(journal)
    }

    async fn opened(&self, workspace: &WorkspaceId) -> Result<Arc<Journal>, StoreError> {
        // One that could not be read on is opened anew in a while.
        self.at_hand(workspace);
        let opening = Arc::clone(self.journals().entry(workspace.clone()).or_default());
        let open = async || {
            let news = Arc::clone(&self.0.news);
            let opened = Journal::open(
                &self.0.server,
                workspace,
                (self.0.partitions, &self.0.ground),
                (self.0.options.patience, &self.0.is_worker),
                Arc::new(move |workspace| news.tell(workspace)),
                &self.0.runtime,
            );
            let opened = opened.await?;
            self.closed().remove(workspace);
            Ok(opened)
        };
        let (journal, _) = opening.get_or_try_init(open).await?;
        Ok(Arc::clone(journal))
    }

    /// A workspace's journal, if it is open; one that could not be read on is let go of in a while, as what was in its way
    /// may be gone.
    fn at_hand(&self, workspace: &WorkspaceId) -> Option<Arc<Journal>> {
        let mut journals = self.journals();
        let (journal, _) = journals.get(workspace)?.get()?;
        if journal.may_be_opened_anew() {
            journals.remove(workspace);
            return None;
        }
        Some(Arc::clone(journal))
    }

    /// A workspace's journal, where somebody has to follow it here.
    pub(crate) async fn place(&self, workspace: &WorkspaceId) -> Result<Stands, StoreError> {
        Ok(match self.at_hand(workspace) {
            Some(journal) if journal.is_idle() => Stands::Idle,
            Some(journal) => Stands::Followed(journal),
            None if self.closed().contains(workspace) => Stands::Idle,
            None => Stands::Followed(self.opened(workspace).await?),
        })
    }

    /// Something stands in a workspace's journal that nobody here waited for: whoever reads it next reads to its end.
    pub(crate) fn was_left(&self, workspace: &WorkspaceId) {
        if let Some(journal) = self.at_hand(workspace) {
            journal.was_left();
        }
    }

    /// Lets go of what nobody has asked for in a long time: of a workspace that another serves nothing is kept.
    pub(crate) fn let_go(&self) {
        let mut gone = Vec::new();
        self.journals().retain(|workspace, opening| {
            // Nobody but its own tasks has it, and whoever wants it has to wait for the map.
            let is_kept = Arc::strong_count(opening) > 1
                || opening.get().is_none_or(|(journal, following)| {
                    !journal.is_forgotten() || Arc::strong_count(journal) > 1 + following.tasks()
                });
            if !is_kept {
                gone.push(workspace.clone());
            }
            is_kept
        });
        self.closed().extend(gone);
    }

    fn journals(&self) -> MutexGuard<'_, BTreeMap<WorkspaceId, Arc<Opening>>> {
        self.0.journals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn closed(&self) -> MutexGuard<'_, BTreeSet<WorkspaceId>> {
        self.0.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A workspace's journal, where there is one.
    pub(crate) async fn existing(&self, workspace: &WorkspaceId) -> Result<Option<Arc<Journal>>, StoreError> {
        if let Some(journal) = self.at_hand(workspace) {
            journal.awake().await?;
            return Ok(Some(journal));
        }
        if self.has(workspace).await? { self.journal(workspace).await.map(Some) } else { Ok(None) }
    }

    async fn has(&self, workspace: &WorkspaceId) -> Result<bool, StoreError> {
        use async_nats::jetstream::context::GetStreamErrorKind::JetStream;
        let began = tokio::time::Instant::now();
        loop {
            let found = self.0.server.context.get_stream(self.0.server.prefix(Some(workspace))).await;
            let Err(error) = found else { return Ok(true) };
            match error.kind() {
                JetStream(error) if error.code() == 404 => return Ok(false),
                // Each stream chooses who leads it for itself, and whoever starts meanwhile waits.
                _ if nobody_leads(&error.to_string()) && began.elapsed() < UNTIL_THEY_AGREE => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                _ => return Err(gone(error)),
            }
        }
    }
}

/// How many partitions the store has: as it was made, or is made now.
async fn made(server: &Server, own: &Stream, name: &str, wanted: Option<u32>) -> Result<u32, StoreError> {
    use async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound;
    let subject = format!("{name}.made");
    for _ in 0..10 {
        match own.get_last_raw_message_by_subject(&subject).await {
            Ok(message) => {
                let made: Made = serde_json::from_slice(&message.payload).map_err(form)?;
                if made.v > VERSION {
                    return Err(StoreError::Unusable(format!(
                        "the store `{}` is of version {}, and this build knows versions up to {VERSION}: use a newer one",
                        server.name, made.v
                    )));
                }
                return match wanted.filter(|wanted| *wanted != made.partitions) {
                    Some(wanted) => Err(StoreError::Unusable(format!(
                        "the store `{}` was made with {} partitions, and {wanted} are asked for: they stay as they were made",
                        server.name, made.partitions
                    ))),
                    None => Ok(made.partitions),
                };
            }
            Err(error) if error.kind() == NoMessageFound => {}
            Err(error) => return Err(gone(error)),
        }
        let made = Made { v: VERSION, partitions: wanted.unwrap_or(PARTITIONS) };
        let message = Bytes::from(serde_json::to_vec(&made).map_err(form)?);
        match server.publish(&subject, &[message], None, Some(0)).await {
            Ok(_) | Err(Failed::Overtaken | Failed::Unknown(_)) => {}
            Err(failed) => return Err(failed.into_error()),
        }
    }
    Err(gone("the NATS servers do not keep how the store was made"))
}
