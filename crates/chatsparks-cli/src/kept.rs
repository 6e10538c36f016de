//! A store that is asked in place of a history: what a command wants to see is lived through again from what the store
//! keeps of it alone, and the rest of the store is not read.

use crate::{
    command::store::address::{Address, open_file, open_nats, open_postgres},
    diagnostics::Report,
    document::Document,
    failure::Failure,
    input::Input,
    output::{Output, Target},
    terminal::shown,
};
use chatsparks_core::{
    Contact, Engine, Envelope, Evaluation, Event, Instant, Key, OrderId, Record, Row, UserId, WorkspaceId,
};
use chatsparks_jetstream::JetStreamStore;
use chatsparks_ports::{Archive, Shard, Shards, StoreError};
use chatsparks_postgres::PostgresStore;
use chatsparks_replay::{Observer, Replay, driver::observe};
use chatsparks_runtime::{Past, PastError, Standing, Wanted};
use chatsparks_sqlite::SqliteStore;
use std::{cell::RefCell, collections::BTreeMap};

/// Read at once.
const PAGE: usize = 500;

/// A workspace in a store.
pub(crate) struct Kept {
    name: String,
    /// What it is asked of: the document of the workspace, where one stands before it, and the store's own files.
    files: Vec<Input>,
    threads: tokio::runtime::Runtime,
    store: Any,
    workspace: WorkspaceId,
    /// As of when it is asked; none: as it is.
    by: Option<Instant>,
    /// Engines of revisions that were asked for: compiling one takes longer than answering from it.
    engines: RefCell<BTreeMap<u32, Engine>>,
}

enum Any {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
    Nats(JetStreamStore),
}

/// Does the same with whichever store it is, and waits for it.
macro_rules! asked {
    ($kept:expr, $store:ident => $work:expr) => {
        match &$kept.store {
            Any::Sqlite($store) => $kept.threads.block_on($work),
            Any::Postgres($store) => $kept.threads.block_on($work),
            Any::Nats($store) => $kept.threads.block_on($work),
        }
    };
}

// Below the macro, which it uses.
mod records;

impl Kept {
    /// The store that a command is asked of: alone, or where a history may stand, with the workspace that a document names;
    /// none: it is asked of a file of events.
    ///
    /// # Errors
    /// A [`Failure`] when the store cannot be opened, or has no such workspace.
    pub(crate) fn asked(workspace: &Input, history: Option<&Input>) -> Result<Option<Self>, Failure> {
        match history {
            None if is_store(workspace) => Self::open(workspace, None).map(Some),
            Some(_) if is_store(workspace) => {
                let failure = Failure::new("a store stands where the workspace's document is expected");
                Err(failure.help("it has its document and its history: leave the other out, or name a document there"))
            }
            Some(history) if is_store(history) => {
                let (document, read) = Document::open(workspace)?;
                match read {
                    Ok(read) => {
                        let mut kept = Self::open(history, Some(read.workspace.id))?;
                        kept.files.push(workspace.clone());
                        Ok(Some(kept))
                    }
                    Err(faults) => Err(Failure::InvalidWorkspace(Box::new(Report::unreadable(document, faults)))),
                }
            }
            _ => Ok(None),
        }
    }

    /// Opens a store; of one that has a sole workspace, that one where none is named.
    fn open(address: &Input, wanted: Option<WorkspaceId>) -> Result<Self, Failure> {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let threads = threads.map_err(|error| Failure::new(format!("no thread can be had: {error}")))?;
        let address = address.name();
        // What an address may hold is not shown.
        let mut files = Vec::new();
        let (store, name) = match Address::of(&address)? {
            Address::File(path) => {
                let beside = |ending| Input::File(format!("{}{ending}", path.display()).into());
                files.extend(["", "-wal", "-shm"].map(beside));
                (Any::Sqlite(open_file(&path)?), format!("`{}`", path.display()))
            }
            Address::Postgres(url) => (Any::Postgres(threads.block_on(open_postgres(url))?), "the store".to_owned()),
            Address::Nats(url) => (Any::Nats(threads.block_on(open_nats(url))?), "the store".to_owned()),
        };
        let mut kept = Self {
            name,
            files,
            threads,
            store,
            workspace: wanted.clone().unwrap_or_else(|| "".into()),
            by: None,
            engines: RefCell::default(),
        };
        let there = asked!(kept, store => store.workspaces()).map_err(told)?;
        let found = match (&wanted, &there[..]) {
            (Some(wanted), _) => there.iter().find(|id| *id == wanted),
            (None, [sole]) => Some(sole),
            (None, _) => None,
        };
        if let Some(found) = found {
            kept.workspace = found.clone();
            return Ok(kept);
        }
        let ids: Vec<String> = there.iter().map(|id| format!("`{}`", shown(id.as_str()))).collect();
        let failure = match wanted {
            Some(wanted) => Failure::new(format!("no workspace `{}` in {}", shown(wanted.as_str()), kept.name)),
            None => Failure::new(format!("{} has {} workspaces", kept.name, there.len())),
        };
        Err(match ids.is_empty() {
            true => failure.help("it has no workspace at all: was it ever served from?"),
            false => failure.help(format!("it has {}: name the document of one of them before it", ids.join(", "))),
        })
    }

    /// Something that is not on record here.
    pub(crate) fn unknown(&self, what: &str, id: &str) -> Failure {
        let by = self.by.map(|by| format!(" by {by}")).unwrap_or_default();
        Failure::new(format!("{} keeps nothing of {what} `{}`{by}", self.name, shown(id)))
            .help("check the id; it never came, was refused, or came before what is kept")
    }

    /// What a command writes besides its answer, which may not be what it reads.
    ///
    /// # Errors
    /// A [`Failure`] when it is, or cannot be opened.
    pub(crate) fn output(&self, target: Option<&Target>) -> Result<Output, Failure> {
        if let Some(target) = target.filter(|target| self.files.iter().any(|input| target.overwrites(input))) {
            let message = format!("`{}` is read, and would be overwritten", target.name());
            return Err(Failure::new(message).help("write to another file"));
        }
        Output::open(target)
    }

    /// Asks as of an instant: what is later is not looked at.
    pub(crate) fn as_of(&mut self, by: Option<Instant>) {
        self.by = by;
    }

    fn partitions(&self) -> u32 {
        match &self.store {
            Any::Sqlite(store) => store.partitions(),
            Any::Postgres(store) => store.partitions(),
            Any::Nats(store) => store.partitions(),
        }
    }

    fn shard(&self, partition: u32) -> Shard {
        Shard { workspace: self.workspace.clone(), partition }
    }

    fn row(&self, key: &Key) -> Result<Option<Row>, Failure> {
        asked!(self, store => store.row(&self.workspace, key)).map_err(told)
    }

    /// The engine of a revision.
    pub(crate) fn engine_of(&self, revision: u32) -> Result<Engine, Failure> {
        if let Some(known) = self.engines.borrow().get(&revision) {
            return Ok(known.clone());
        }
        let document = asked!(self, store => store.document(&self.workspace, revision)).map_err(told)?;
        let gone = || Failure::new(format!("the document of revision {revision} is not kept any more"));
        let engine = Engine::restore(document.ok_or_else(gone)?, revision).map_err(|_| gone())?;
        self.engines.borrow_mut().insert(revision, engine.clone());
        Ok(engine)
    }

    fn heads(&self) -> Result<Vec<Vec<Row>>, Failure> {
        asked!(self, store => store.heads(&self.workspace)).map_err(told)
    }

    /// The engine in force.
    pub(crate) fn engine(&self) -> Result<Engine, Failure> {
        let revisions = self.heads()?.into_iter().flatten().filter_map(|row| match row {
            Row::Terms(terms) => Some(terms.revision()),
            _ => None,
        });
        self.engine_of(revisions.max().unwrap_or(1))
    }

    /// The evaluation of a comment as it came first.
    pub(crate) fn evaluation(&self, comment_id: &str) -> Result<Option<Evaluation>, Failure> {
        asked!(self, store => store.evaluation(&self.workspace, &comment_id.into())).map_err(told)
    }

    /// Shows what happened with the author of a comment, and gives back the workspace as it stands, with them in it; whether
    /// the count at the comment is known.
    pub(crate) fn comment(&self, id: &str, watch: &mut impl Observer) -> Result<(Replay, bool), Failure> {
        let evaluation = self.evaluation(id)?.ok_or_else(|| self.unknown("comment", id))?;
        if self.by.is_some_and(|by| evaluation.at > by) {
            return Err(self.unknown("comment", id));
        }
        let wanted = Wanted { comment: Some(id.into()), ..self.wanted()? };
        let user_id = &evaluation.comment.user_id;
        let past = self.past(user_id, &wanted)?.ok_or_else(|| self.unknown("comment", id))?;
        Ok((self.lived(&past, user_id, watch)?, past.is_count_known(&id.into())))
    }

    /// The contact that is meant: by a user id, or by a handle that one contact has.
    pub(crate) fn meant_contact(&self, wanted: &str) -> Result<UserId, Failure> {
        match self.row(&Key::Contact(wanted.into()))? {
            Some(_) => Ok(wanted.into()),
            None => self.meant(wanted),
        }
    }

    /// Shows what happened with a contact by their id, and gives back the workspace as it stands, with them in it.
    pub(crate) fn watch(&self, user_id: &UserId, watch: &mut impl Observer) -> Result<Replay, Failure> {
        let past = self.past(user_id, &self.wanted()?)?.ok_or_else(|| self.unknown("contact", user_id.as_str()))?;
        self.lived(&past, user_id, watch)
    }

    /// Shows what happened with the contact of a DM.
    pub(crate) fn dm(&self, id: &str, watch: &mut impl Observer) -> Result<Replay, Failure> {
        match self.row(&Key::Dm(id.into()))? {
            Some(Row::Dm(_, user_id, _)) => self.watch(&user_id, watch),
            _ => Err(self.unknown("DM", id)),
        }
    }

    /// Shows what happened with the contact of an order, and with the order.
    pub(crate) fn order(&self, id: &str, watch: &mut impl Observer) -> Result<Replay, Failure> {
        let order_id = OrderId::from(id);
        let credited = match self.row(&Key::Order(order_id.clone()))? {
            Some(Row::Order(_, entry)) => entry.user_id,
            _ => return Err(self.unknown("order", id)),
        };
        let mut found = None;
        for partition in 0..self.partitions() {
            let naming = self.naming(partition, Key::Order(order_id.clone()))?;
            let is_order = |envelope: &Envelope| matches!(envelope.event, Event::Order(_));
            if let Some(ordered) = naming.into_iter().find(is_order) {
                found = Some((partition, ordered));
                break;
            }
        }
        let (partition, ordered) = found.ok_or_else(|| self.unknown("order", id))?;
        let bears = ordered.event.user_id().cloned().unwrap_or_else(|| "".into());
        let shop_id = Key::ShopUser(bears.as_str().into());
        // A1: an order is its buyer's by the id it bears, else by the shop's id, as it was linked when it came.
        let user_id = match credited {
            Some(credited) => credited,
            None if self.row(&Key::Contact(bears.clone()))?.is_some() => bears.clone(),
            None => self.linked(partition, shop_id.clone(), ordered.at)?.unwrap_or_else(|| bears.clone()),
        };
        let things = vec![Key::Order(order_id), shop_id];
        let wanted = Wanted { things, ..self.wanted()? };
        let shard = self.shard(partition);
        let past = asked!(self, store => Past::in_partition(store, &shard, &user_id, &wanted));
        let past = past.map_err(|error| self.not_lived(&error))?.ok_or_else(|| self.unknown("order", id))?;
        self.lived(&past, &user_id, watch)
    }

    /// Who had a shop's id when an order came, else who was given it first since.
    fn linked(&self, partition: u32, shop_id: Key, at: Instant) -> Result<Option<UserId>, Failure> {
        let identities = self.naming(partition, shop_id)?;
        let before = identities.iter().rfind(|one| one.at <= at);
        Ok(before.or(identities.first()).and_then(|one| one.event.user_id()).cloned())
    }

    fn naming(&self, partition: u32, key: Key) -> Result<Vec<Envelope>, Failure> {
        let (shard, keys) = (self.shard(partition), [key]);
        let found = asked!(self, store => store.events_naming(&shard, &keys, usize::MAX >> 1)).map_err(told)?;
        Ok(found.into_iter().map(|logged| logged.envelope).collect())
    }

    fn past(&self, user_id: &UserId, wanted: &Wanted) -> Result<Option<Past>, Failure> {
        let past = asked!(self, store => Past::of(store, &self.workspace, user_id, wanted));
        past.map_err(|error| self.not_lived(&error))
    }

    fn wanted(&self) -> Result<Wanted, Failure> {
        Ok(Wanted { in_force: Some(self.engine()?), by: self.by, ..Wanted::default() })
    }

    /// Lives through a past, and gives back the workspace with the contact in it: as it stands, or as of when it is asked.
    fn lived(&self, past: &Past, user_id: &UserId, watch: &mut impl Observer) -> Result<Replay, Failure> {
        let lived = past.live(|record: &Record<'_>| observe(record, watch)).map_err(|error| self.not_lived(&error))?;
        let mut stands = self.as_it_stands(past.shard().partition, Some(user_id))?;
        let Some(by) = self.by else { return Ok(stands) };
        if stands.head().is_late(by) {
            return Ok(lived.into());
        }
        // Later than all that was decided: what is due by then fires, as it will.
        let is_queued = stands.contact(user_id.as_str()).is_some_and(|contact| contact.queued_at().is_some());
        if is_queued && stands.head().terms().next_cycle().is_some_and(|next| next <= by) {
            let message = format!("whose turn it will be by {by} hangs on everybody who waits for room");
            return Err(Failure::new(message).help("ask as of now, without `--at`; `GET W/usage` says who waits"));
        }
        let passes = Envelope { id: "timer:diagnose".into(), at: by, event: Event::Clock };
        stands.push_observed(&passes, watch);
        Ok(stands)
    }

    fn not_lived(&self, error: &PastError) -> Failure {
        let failure = Failure::new(format!("cannot answer from {}: {error}", self.name));
        match error {
            PastError::Store(_) => failure,
            PastError::Gone => failure.help("ask again: what is deleted is deleted every few minutes at most"),
            _ => failure.help("its records say what was decided: `chatsparks export`"),
        }
    }

    /// The workspace as it stands, as far as one partition and one contact of it go.
    pub(crate) fn as_it_stands(&self, partition: u32, user_id: Option<&UserId>) -> Result<Replay, Failure> {
        let mut rows: Vec<Row> = self.heads()?.into_iter().nth(partition as usize).unwrap_or_default();
        if let Some(user_id) = user_id {
            rows.extend(self.row(&Key::Contact(user_id.clone()))?);
        }
        let revision = rows.iter().find_map(|row| match row {
            Row::Terms(terms) => Some(terms.revision()),
            _ => None,
        });
        let engine = self.engine_of(revision.unwrap_or(1))?;
        Replay::restore(engine, rows).map_err(|error| Failure::new(error.to_string()))
    }

    /// The whole workspace as it stands, or as of when it is asked, without its contacts: in the partition that has come
    /// furthest.
    pub(crate) fn workspace(&self) -> Result<Replay, Failure> {
        let latest = |head: &Vec<Row>| {
            head.iter().find_map(|row| match row {
                Row::Clock(clock) => clock.latest(),
                _ => None,
            })
        };
        let heads = self.heads()?;
        let furthest = (0..).zip(&heads).max_by_key(|(_, head)| latest(head)).map_or(0, |(partition, _)| partition);
        let stands = self.as_it_stands(furthest, None)?;
        match self.by {
            Some(by) if stands.head().is_late(by) => Ok(Replay::new(self.engine_of(self.revision(by)?)?)),
            _ => Ok(stands),
        }
    }

    /// The revision that was in force at an instant.
    fn revision(&self, by: Instant) -> Result<u32, Failure> {
        let (mut last, mut is_gone) = (None, false);
        for partition in 0..self.partitions() {
            let shard = self.shard(partition);
            match asked!(self, store => Standing::find(store, &shard, by)).map_err(told)? {
                Standing::At(stood) => last = last.max(Some(stood.revision)),
                Standing::Gone => is_gone = true,
                Standing::Nothing => {}
            }
        }
        match last {
            None if is_gone => Err(self.not_lived(&PastError::Gone)),
            last => Ok(last.unwrap_or(1)),
        }
    }

    /// The contact that a handle means, with or without its `@`. Contacts are looked through one by one.
    fn meant(&self, wanted: &str) -> Result<UserId, Failure> {
        let bare = |handle: &str| handle.strip_prefix('@').unwrap_or(handle).to_lowercase();
        let (mut found, mut after): (Vec<UserId>, Option<String>) = (Vec::new(), None);
        loop {
            let rows = asked!(self, store => store.rows(&self.workspace, "contact", after.as_deref(), PAGE));
            let rows = rows.map_err(told)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key().name());
            let is_meant = |contact: &Contact| contact.handle().is_some_and(|handle| bare(handle) == bare(wanted));
            found.extend(rows.iter().filter_map(|row| match row {
                Row::Contact(contact) if is_meant(contact) => Some(contact.user_id().clone()),
                _ => None,
            }));
        }
        match &found[..] {
            [one] => Ok(one.clone()),
            [] => Err(self.unknown("contact", wanted)),
            several => {
                let ids: Vec<String> = several.iter().map(|id| format!("`{}`", shown(id.as_str()))).collect();
                let message = format!("{} contacts have the handle `{}`", several.len(), shown(wanted));
                Err(Failure::new(message).help(format!("ask for one by id: {}", ids.join(", "))))
            }
        }
    }

    /// The numbers of the insights.
    pub(crate) fn insights(&self) -> Result<chatsparks_core::Insights, Failure> {
        let mut insights = chatsparks_core::Insights::new();
        for (number, by) in asked!(self, store => store.insights(&self.workspace)).map_err(told)? {
            insights.apply(&number, by);
        }
        Ok(insights)
    }
}

/// Whether it is the address of a store, as `export` takes them; a path alone is a file of events.
fn is_store(input: &Input) -> bool {
    let name = input.name();
    let scheme = name.split_once(':').map(|(scheme, _)| scheme);
    matches!(scheme, Some("sqlite" | "postgres" | "postgresql" | "nats" | "tls"))
}

fn told(error: StoreError) -> Failure {
    Failure::new(error.to_string())
}
