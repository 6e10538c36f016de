//! Moving a workspace from one store to another (S4).
//!
//! What is written once and read for ever (events, records) is most of it, and may be carried ahead while the store is
//! served. The rest is carried while it is not; then all of it is held against what was carried, and only then the
//! workspace has arrived. Whatever is interrupted goes on where it was: until it has arrived, a workspace is served from
//! neither store.

use chatsparks_core::{Event, Row, Stored, WorkspaceId};
use chatsparks_ports::{
    Beat, CheckpointPlace, Commit, Limit, Position, Shard, StoreError,
    moving::{ARRIVING, MOVED, Moving, Part, Piece},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState},
    time::Duration,
};

/// Pieces and rows carried at once.
const PAGE: usize = 1_000;
/// Whoever was silent for so long serves nothing any more, where they did not say themselves for how long they count.
const SILENT: Duration = Duration::from_secs(10);

/// Why a workspace was not moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// Both have to have as many partitions.
    #[error(
        "the store has {from} partitions, and the one to move to has {to}: what was decided stays in its partition"
    )]
    Partitions {
        /// Of the store that it leaves.
        from: u32,
        /// Of the store that it goes to.
        to: u32,
    },
    /// The store has a workspace of this name, which was not moved there.
    #[error("the store to move to has a workspace `{0}` already")]
    ThereAlready(WorkspaceId),
    /// It was moved before.
    #[error("workspace `{workspace}` was moved from this store before ({to})")]
    Moved {
        /// Which workspace.
        workspace: WorkspaceId,
        /// What kind of store it went to.
        to: String,
    },
    /// Others serve the store.
    #[error("{0} still serves the store: stop every service first; one that was killed counts for a moment longer")]
    Served(String),
    /// What was carried is not what is there.
    #[error("{what} is otherwise in the store that it was moved to: it stays where it is")]
    Differs {
        /// What differs.
        what: String,
    },
    /// A note of moving cannot be read.
    #[error("the note that says how far a move has come cannot be read: it is of a newer version")]
    Note,
    /// A store could not do something.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Events that the store to move to has now.
    pub events: u64,
    /// Records that it has now.
    pub records: u64,
    /// Rows of the state, those of checkpoints included.
    pub rows: u64,
    /// Everything else: effects, places, documents, notes.
    pub others: u64,
}

/// How far a workspace has come.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arriving {
    /// The last event of each partition that is there.
    events: Vec<Position>,
    /// How many records of each partition are there.
    records: Vec<u64>,
    /// How far each partition was decided when carrying began: what was forgotten since has to be carried anew (R12).
    decided: Vec<Position>,
}

impl Arriving {
    fn note(&self) -> Piece {
        // INVARIANT: lists of numbers can be written.
        Piece::Note { name: ARRIVING.to_owned(), text: serde_json::to_string(self).unwrap_or_default() }
    }
}

/// Carries events and records of a workspace ahead, while the store that it is to leave is served.
///
/// # Errors
/// Why they cannot be carried.
pub async fn carry_ahead<S: Moving, T: Moving>(
    from: &S,
    to: &T,
    workspace: &WorkspaceId,
) -> Result<Carried, MoveError> {
    let mover = Mover { from, to, workspace };
    if let Some(to) = said(from, workspace, MOVED).await? {
        return Err(MoveError::Moved { workspace: workspace.clone(), to });
    }
    let mut arriving = mover.begin().await?;
    mover.history(&mut arriving).await?;
    Ok(arriving.carried())
}

/// Moves a workspace: once this answers, it is in the other store alone. `kind`: what that is, for people; no address.
///
/// # Errors
/// Why it was not moved: it can be moved again then, and goes on where this ended; or it [stays](stay).
pub async fn carry<S: Moving, T: Moving>(
    from: &S,
    to: &T,
    workspace: &WorkspaceId,
    kind: &str,
) -> Result<Carried, MoveError> {
    let mover = Mover { from, to, workspace };
    let moved = said(from, workspace, MOVED).await?;
    if let Some(to_before) = &moved
        && said(to, workspace, ARRIVING).await?.is_none()
    {
        return Err(MoveError::Moved { workspace: workspace.clone(), to: to_before.clone() });
    }
    let mut arriving = mover.begin().await?;
    // Nothing is said of a store that is served anyway.
    nobody_serves(from).await?;
    // Whoever starts from here on is refused; who was there before is seen.
    from.write_note(workspace, MOVED, kind).await?;
    if let Err(error) = nobody_serves(from).await {
        if moved.is_none() {
            from.write_note(workspace, MOVED, "").await?;
        }
        return Err(error);
    }
    if from.is_shared() {
        // A process that was frozen all the while, and goes on, decides and sends nothing any more (R5).
        for shard in mover.shards() {
            from.open(&shard).await?;
        }
    }
    mover.history(&mut arriving).await?;
    to.wipe(workspace).await?;
    let mut carried = arriving.carried();
    mover.state(&mut carried).await?;
    mover.compare().await?;
    to.write_note(workspace, ARRIVING, "").await?;
    Ok(carried)
}

/// Lets a workspace be served from this store although it was moved, or was about to be.
///
/// # Errors
/// What the store says.
pub async fn stay<S: Moving>(store: &S, workspace: &WorkspaceId) -> Result<bool, StoreError> {
    let was = store.note(workspace, MOVED).await?.is_some_and(|to| !to.is_empty());
    if was {
        store.write_note(workspace, MOVED, "").await?;
    }
    Ok(was)
}

async fn said<S: Moving>(store: &S, workspace: &WorkspaceId, name: &str) -> Result<Option<String>, StoreError> {
    Ok(store.note(workspace, name).await?.filter(|text| !text.is_empty()))
}

/// Where several processes may serve a store, its leases say whether any does.
async fn nobody_serves<S: Moving>(store: &S) -> Result<(), MoveError> {
    if !store.is_shared() {
        return Ok(());
    }
    // It never says that it lives: killed in between, it would be waited for itself.
    let leaves = Beat {
        worker: format!("moving-{:016x}", RandomState::new().build_hasher().finish()),
        address: "a move".to_owned(),
        serving: Vec::new(),
        takeover: SILENT,
        leaves: true,
        revisions: BTreeMap::new(),
    };
    match store.share(&leaves).await?.workers.into_iter().next() {
        Some(other) => Err(MoveError::Served(other.address)),
        None => Ok(()),
    }
}

impl Arriving {
    fn carried(&self) -> Carried {
        Carried { events: self.events.iter().sum(), records: self.records.iter().sum(), ..Carried::default() }
    }
}

struct Mover<'a, S, T> {
    from: &'a S,
    to: &'a T,
    workspace: &'a WorkspaceId,
}

impl<S: Moving, T: Moving> Mover<'_, S, T> {
    fn shards(&self) -> impl Iterator<Item = Shard> {
        let workspace = self.workspace.clone();
        (0..self.from.partitions()).map(move |partition| Shard { workspace: workspace.clone(), partition })
    }

    /// How far it has come before; of one that is not there, nowhere.
    async fn begin(&self) -> Result<Arriving, MoveError> {
        let (from, to) = (self.from.partitions(), self.to.partitions());
        if from != to {
            return Err(MoveError::Partitions { from, to });
        }
        if let Some(note) = said(self.to, self.workspace, ARRIVING).await? {
            return serde_json::from_str(&note).map_err(|_| MoveError::Note);
        }
        let ends = self.to.ends(self.workspace, to).await?;
        let heads = self.to.heads(self.workspace).await?;
        if ends.iter().any(|end| *end > 0) || heads.iter().any(|head| !head.is_empty()) {
            return Err(MoveError::ThereAlready(self.workspace.clone()));
        }
        let mut arriving = Arriving::default();
        for shard in self.shards() {
            arriving.events.push(0);
            arriving.records.push(0);
            arriving.decided.push(self.from.decided(&shard).await?);
        }
        self.to.put(self.workspace, vec![arriving.note()]).await?;
        Ok(arriving)
    }

    /// Carries events and records that are not there yet.
    async fn history(&self, arriving: &mut Arriving) -> Result<(), MoveError> {
        for (place, shard) in self.shards().enumerate() {
            let decided = self.from.decided(&shard).await?;
            if self.was_anybody_forgotten(&shard, arriving.decided[place], decided).await? {
                (arriving.events[place], arriving.records[place]) = (0, 0);
            }
            arriving.decided[place] = decided;
            for part in [Part::Events, Part::Records] {
                loop {
                    let after = if part == Part::Events { arriving.events[place] } else { arriving.records[place] };
                    let page = self.from.pieces(&shard, part, after, PAGE).await?;
                    let Some((last, _)) = page.last() else { break };
                    match part {
                        Part::Events => arriving.events[place] = *last,
                        _ => arriving.records[place] = *last,
                    }
                    let mut pieces: Vec<Piece> = page.into_iter().map(|(_, piece)| piece).collect();
                    pieces.push(arriving.note());
                    self.to.put(self.workspace, pieces).await?;
                }
            }
        }
        Ok(())
    }

    async fn was_anybody_forgotten(&self, shard: &Shard, after: Position, until: Position) -> Result<bool, MoveError> {
        let mut after = after.max(self.from.stretch(shard).await?.from.saturating_sub(1));
        while after < until {
            let page = self.from.history(shard, after, until, Limit { events: PAGE, bytes: 16 << 20 }).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            if page.iter().any(|logged| matches!(logged.envelope.event, Event::Erase(_))) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Carries everything else.
    async fn state(&self, carried: &mut Carried) -> Result<(), MoveError> {
        for shard in self.shards() {
            for of in with_checkpoints(&shard) {
                carried.rows += self.rows(&of).await?;
            }
        }
        for part in Part::STATE {
            for shard in self.shards().filter(|shard| shard.partition == 0 || !part.is_of_workspace()) {
                let mut after = 0;
                loop {
                    let page = self.from.pieces(&shard, part, after, PAGE).await?;
                    let Some((last, _)) = page.last() else { break };
                    after = *last;
                    carried.others += page.len() as u64;
                    self.to.put(self.workspace, page.into_iter().map(|(_, piece)| piece).collect()).await?;
                }
            }
        }
        Ok(())
    }

    async fn rows(&self, shard: &Shard) -> Result<u64, MoveError> {
        let (mut after, mut count, mut fence) = (None, 0, None);
        let decided = self.from.decided(shard).await?;
        loop {
            let rows = self.from.shard_rows(shard, after.as_ref(), PAGE).await?;
            let Some(last) = rows.last() else { return Ok(count) };
            after = Some(last.key());
            count += rows.len() as u64;
            let owned = match fence {
                Some(fence) => fence,
                None => *fence.insert(self.to.open(shard).await?.fence),
            };
            let mut commit = Commit::default();
            (commit.rows, commit.decided) = (rows, decided);
            self.to.commit(shard, owned, commit).await?;
        }
    }

    /// Holds what arrived against what was carried, all of it.
    async fn compare(&self) -> Result<(), MoveError> {
        for part in [Part::Events, Part::Records].into_iter().chain(Part::STATE) {
            for shard in self.shards().filter(|shard| shard.partition == 0 || !part.is_of_workspace()) {
                self.compare_part(&shard, part).await?;
            }
        }
        for shard in self.shards() {
            for of in with_checkpoints(&shard) {
                if digest(self.from, &of).await? != digest(self.to, &of).await? {
                    return Err(MoveError::Differs { what: format!("the state of partition {}", shard.partition) });
                }
            }
        }
        Ok(())
    }

    async fn compare_part(&self, shard: &Shard, part: Part) -> Result<(), MoveError> {
        let (mut one, mut other) = (Pages::new(self.from, shard, part), Pages::new(self.to, shard, part));
        loop {
            match (one.next().await?, other.next().await?) {
                (None, None) => return Ok(()),
                (Some(piece), Some(there)) if is_same(&piece, &there) => {}
                (Some(piece), _) | (None, Some(piece)) => {
                    return Err(MoveError::Differs { what: format!("{piece:?}") });
                }
            }
        }
    }
}

fn with_checkpoints(shard: &Shard) -> [Shard; 3] {
    let [first, second] = CheckpointPlace::ALL;
    [shard.clone(), shard.checkpoint(first), shard.checkpoint(second)]
}

/// An event may be written in another form of the same.
fn is_same(one: &Piece, other: &Piece) -> bool {
    let of = |piece: &Piece| match piece {
        Piece::Event { form, .. } => serde_json::from_str::<Stored<'static, chatsparks_core::Envelope>>(form).ok(),
        _ => None,
    };
    one == other
        || match (one, other) {
            (Piece::Event { position, erased, .. }, Piece::Event { position: place, erased: was, .. }) => {
                (position, erased) == (place, was)
                    && of(one).map(Stored::into_inner) == of(other).map(Stored::into_inner)
            }
            _ => false,
        }
}

/// How many rows a shard has, and what they come to, in whatever order.
async fn digest<S: Moving>(store: &S, shard: &Shard) -> Result<(u64, u64), StoreError> {
    let (mut after, mut count, mut sum) = (None, 0, 0_u64);
    loop {
        let rows = store.shard_rows(shard, after.as_ref(), PAGE).await?;
        let Some(last) = rows.last() else { return Ok((count, sum)) };
        after = Some(last.key());
        for row in &rows {
            count += 1;
            sum = sum.wrapping_add(digest_of(row));
        }
    }
}

fn digest_of(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    let key = row.key();
    (key.kind(), key.name()).hash(&mut hasher);
    // INVARIANT: a row can be written.
    serde_json::to_string(&Stored::from(row)).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// Pieces, one after the other.
struct Pages<'a, S> {
    store: &'a S,
    shard: &'a Shard,
    part: Part,
    after: u64,
    page: std::vec::IntoIter<(u64, Piece)>,
}

impl<'a, S: Moving> Pages<'a, S> {
    fn new(store: &'a S, shard: &'a Shard, part: Part) -> Self {
        Self { store, shard, part, after: 0, page: Vec::new().into_iter() }
    }

    async fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        if self.page.len() == 0 {
            self.page = self.store.pieces(self.shard, self.part, self.after, PAGE).await?.into_iter();
        }
        let Some((number, piece)) = self.page.next() else { return Ok(None) };
        self.after = number;
        Ok(Some(piece))
    }
}
