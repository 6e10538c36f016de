//! Room under the limit, where many partitions share it (R7): drawn as it is needed, in the commit that uses it.
//!
//! While a batch is decided, room is only foreseen: by what the pool had when it was looked at. The commit takes it, and
//! is refused where others took it meanwhile; then the batch is decided again. So whatever was ever granted is used when
//! anybody else can look, and "there is no room" is true of the whole workspace.

use super::{Stepped, Worker};
use chatsparks_core::{Answer, Envelope, Event, Grant, Head, Instant, Queued, Row, Wants};
use chatsparks_ports::{Draw, Placed, Store, StoreError};
use std::time::Duration;

/// How long a partition that does not answer is waited for (`room_seconds`).
const ROOM: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What a worker knows of the pool, and owes it, since its last commit.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The partition's claim in a cycle, as it was committed.
    committed: Option<(Instant, u64)>,
    /// What the pool had given of a cycle when it was looked at.
    pool: Option<(Instant, u64)>,
    /// What was drawn of cycles that have ended since.
    ended: Vec<Draw>,
    limit: Option<u64>,
    /// The limit that what is drawn was drawn under: the higher one, where it changed.
    drawn_under: Option<u64>,
    limit_changed: bool,
    /// Whether room may have come that queued starts wait for (M6).
    may_release: bool,
    /// Whether room was drawn for some: more may wait than the store lists at once.
    has_released: bool,
    /// The revision that may have lowered the limit, until every partition is known to go by it.
    lowered: Option<u32>,
    /// When one of them did not answer in time: it is not waited for again at once.
    unanswered: Option<tokio::time::Instant>,
}

impl Book {
    /// As it is where nobody knows what happened before: room may have come since anybody looked.
    pub(super) fn of(head: &Head) -> Self {
        let committed = head.terms().cycle_start().map(|cycle| (cycle, claim(head)));
        let (limit, lowered) = (head.terms().limit(), Some(head.terms().revision()));
        Self { committed, limit, drawn_under: limit, lowered, may_release: true, ..Self::default() }
    }

    fn committed_in(&self, cycle: Instant) -> u64 {
        self.committed.filter(|(of, _)| *of == cycle).map_or(0, |(_, claim)| claim)
    }

    /// What was decided may have changed the limit.
    pub(super) fn look_at(&mut self, head: &Head) {
        if self.limit != head.terms().limit() {
            if self.limit.is_none_or(|before| head.terms().limit().is_some_and(|now| now < before)) {
                self.lowered = Some(head.terms().revision());
            }
            self.limit = head.terms().limit();
            // No limit is above every limit.
            self.drawn_under = self.drawn_under.zip(self.limit).map(|(before, now)| before.max(now));
            self.limit_changed = true;
            self.may_release = true;
        }
    }

    /// Whether the limit has changed since the last commit.
    pub(super) fn has_another_limit(&self) -> bool {
        self.limit_changed
    }

    /// A cycle began: this is the head before. What was granted and not used lapses with the cycle.
    pub(super) fn cycle_ended(&mut self, id: String, head: &Head) {
        let Some(cycle) = head.terms().cycle_start() else { return };
        let (granted, used) = (head.room().granted().unwrap_or(0), head.room().used());
        let before = self.committed_in(cycle);
        if used != before {
            let within = granted.min(used).saturating_sub(before);
            let claim = change(before, used);
            self.ended.push(Draw { limit: self.drawn_under, ..draw(id, cycle, claim, within, head) });
        }
        self.committed = None;
        self.pool = None;
        self.may_release = true;
    }

    /// What was drawn is committed.
    pub(super) fn commit(&mut self, head: &Head) {
        // Room that came, and was not looked for yet, is looked for after the event.
        let Self { may_release, has_released, lowered, unanswered, .. } = *self;
        *self = Self { may_release, has_released, lowered, unanswered, ..Self::of(head) };
    }

    /// All that the next commit draws.
    pub(super) fn draws(&mut self, id: String, head: &Head) -> Vec<Draw> {
        let mut draws = std::mem::take(&mut self.ended);
        if let Some(cycle) = head.terms().cycle_start() {
            let (before, after) = (self.committed_in(cycle), claim(head));
            if before != after || self.limit_changed {
                let within = head.room().granted().unwrap_or(0).saturating_sub(before);
                let (tell, limit) = (self.limit_changed, self.drawn_under);
                draws.push(Draw { tell, limit, ..draw(id, cycle, change(before, after), within, head) });
            }
        }
        draws
    }
}

/// What a partition claims of the limit: what it was granted, or what it counted, whichever is more.
fn claim(head: &Head) -> u64 {
    head.room().granted().unwrap_or(0).max(head.room().used())
}

fn change(before: u64, after: u64) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX).saturating_sub_unsigned(before)
}

fn draw(id: String, cycle: Instant, contacts: i64, within: u64, head: &Head) -> Draw {
    let tell_at = head.terms().told_at().map_or(Vec::new(), Vec::from);
    let at = head.clock().latest().unwrap_or(cycle);
    Draw { cycle, contacts, within, limit: head.terms().limit(), tell_at, tell: false, id, at }
}

impl<S: Store> Worker<S> {
    /// Whether the limit is shared with other partitions.
    pub(super) fn shares_the_limit(&self) -> bool {
        self.workspace.shards.len() > 1
    }

    /// An id that no other event has: of the partition, and of how many records it has.
    pub(super) fn own_id(&self, what: &str, head: &Head) -> String {
        format!("{what}:{}:{}", self.shard.shard.partition, head.clock().seq())
    }

    /// A partition of many holds no room of its own: the first grant, of nothing, says so before anything else happens.
    pub(super) async fn share_the_limit(&mut self, first: &Envelope) -> Result<(), StoreError> {
        if self.shares_the_limit() && self.partition.head().room().granted().is_none() {
            self.grant(first.at, 0).await?;
        }
        Ok(())
    }

    /// Draws room before an event that wants it, for as many events as are left in the batch; false: there is none.
    pub(super) async fn draw_before(&mut self, envelope: &Envelope, left: u64) -> Result<bool, StoreError> {
        let free = self.free().await?;
        if free == 0 {
            return Ok(false);
        }
        // M6: whoever waits in the queue comes first.
        let queued = if self.book.may_release { self.queued().await? } else { 0 };
        self.book.may_release = false;
        self.book.has_released |= queued > 0;
        let at = self.partition.head().clock().latest().map_or(envelope.at, |latest| latest.max(envelope.at));
        self.partition.begin_again();
        let granted = self.partition.head().room().granted();
        self.grant(at, self.covering(free.min(left.max(1) + queued))).await?;
        Ok(self.partition.head().room().granted() > granted)
    }

    /// M6: room may have come that queued starts wait for.
    pub(super) async fn draw_for_the_queue(&mut self) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.book.may_release) || !self.shares_the_limit() {
            return Ok(());
        }
        let head = self.partition.head();
        let (Some(_), Some(latest)) = (head.terms().limit(), head.clock().latest()) else { return Ok(()) };
        if !head.has_room() {
            let contacts = self.queued().await?.min(self.free().await?);
            if contacts > 0 {
                self.book.has_released = true;
                self.grant(latest, self.covering(contacts)).await?;
            }
        }
        Ok(())
    }

    /// The same where nothing comes: whoever was refused what was foreseen, or has just begun to look, may have no event
    /// left that would have it look again. Whether something was decided.
    pub(super) async fn draw_at_rest(&mut self) -> Result<bool, StoreError> {
        self.book.may_release |= std::mem::take(&mut self.book.has_released);
        self.draw_for_the_queue().await?;
        if self.commit.granted.is_empty() {
            return Ok(false);
        }
        self.write().await?;
        Ok(true)
    }

    /// Before a commit what was granted is made equal to what was used: nobody else finds the room gone that nobody uses.
    /// What was counted without asking, since nothing may hold it up, is covered where there is room.
    pub(super) async fn settle_room(&mut self) -> Result<(), StoreError> {
        // A grant passes time, though none of its own: timers that something late made due fire, and may count.
        for _ in 0..3 {
            let head = self.partition.head();
            let (Some(granted), Some(latest)) = (head.room().granted(), head.clock().latest()) else { return Ok(()) };
            let (used, is_limited) = (head.room().used(), head.terms().limit().is_some());
            let is_uneven = granted > used || (granted < used && is_limited && self.is_within_limit().await?);
            if !is_uneven {
                break;
            }
            self.grant(latest, change(granted, used)).await?;
        }
        Ok(())
    }

    /// What has to be granted so that so many more may be counted: what was counted past the limit comes first.
    fn covering(&self, contacts: u64) -> i64 {
        let head = self.partition.head();
        change(head.room().granted().unwrap_or(0), claim(head).saturating_add(contacts))
    }

    /// How much room is left for all partitions, this one's undecided claim taken off.
    async fn free(&mut self) -> Result<u64, StoreError> {
        let Some(limit) = self.partition.head().terms().limit() else { return Ok(0) };
        if !self.all_go_by_the_limit().await? {
            // Whoever waits is looked at again.
            self.book.may_release = true;
            return Ok(0);
        }
        Ok(self.claimed().await?.map_or(0, |claimed| limit.saturating_sub(claimed)))
    }

    /// Waits until no partition counts by a higher limit any more, after this one was lowered: what the others have still
    /// to count of what came before goes first (M7). False: one of them did not answer in time (R7).
    async fn all_go_by_the_limit(&mut self) -> Result<bool, StoreError> {
        let Some(lowered) = self.book.lowered else { return Ok(true) };
        let began = tokio::time::Instant::now();
        loop {
            let heads = self.inner.store.heads(&self.shard.shard.workspace).await?;
            let goes_by_it = |head: &&Vec<Row>| {
                head.iter().any(|row| matches!(row, Row::Terms(terms) if terms.revision() >= lowered))
            };
            // This one does, though it may not be committed yet.
            let others = self.workspace.shards.len().saturating_sub(1);
            let own = usize::try_from(self.shard.shard.partition).unwrap_or(usize::MAX);
            let all = heads.iter().enumerate().filter(|(place, head)| *place != own && goes_by_it(head)).count();
            if all >= others {
                (self.book.lowered, self.book.unanswered) = (None, None);
                // The pool is what it is now.
                self.book.pool = None;
                return Ok(true);
            }
            if self.inner.is_stopping() {
                return Err(StoreError::Unavailable("the runtime stops".to_owned()));
            }
            let waits = self.book.unanswered.is_none_or(|unanswered| unanswered.elapsed() >= 6 * ROOM);
            if !waits || began.elapsed() >= ROOM {
                self.book.unanswered = self.book.unanswered.filter(|_| !waits).or(Some(tokio::time::Instant::now()));
                return Ok(false);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn is_within_limit(&mut self) -> Result<bool, StoreError> {
        let limit = self.partition.head().terms().limit();
        let claimed = self.claimed().await?;
        Ok(claimed.zip(limit).is_some_and(|(claimed, limit)| claimed <= limit))
    }

    /// What all partitions claim of the cycle in force.
    async fn claimed(&mut self) -> Result<Option<u64>, StoreError> {
        let head = self.partition.head();
        let Some(cycle) = head.terms().cycle_start() else { return Ok(None) };
        let own = claim(head);
        let pool = match self.book.pool.filter(|(of, _)| *of == cycle) {
            Some((_, pool)) => pool,
            None => self.inner.store.drawn(&self.shard.shard.workspace, cycle).await?,
        };
        self.book.pool = Some((cycle, pool));
        Ok(Some(pool.saturating_sub(self.book.committed_in(cycle)).saturating_add(own)))
    }

    /// How many starts are queued, at least as far as the store lists them at once.
    async fn queued(&self) -> Result<u64, StoreError> {
        let wants = {
            let mut wants = Wants::default();
            wants.queued = Some(Queued { after: None });
            wants
        };
        let answer: Answer = self.inner.store.load(&self.shard.shard, &wants).await?;
        Ok((answer.rows.len() + self.partition.queued_at_hand()) as u64)
    }

    /// Lets a grant happen before the next event of the log.
    async fn grant(&mut self, at: Instant, contacts: i64) -> Result<(), StoreError> {
        let cycle = self.partition.head().terms().cycle_start().unwrap_or(at);
        let event = Event::Grant(Grant { cycle, contacts, count: None });
        let envelope = Envelope { id: self.own_id("grant", self.partition.head()).into(), at, event };
        // A grant starts nothing that could want room itself: what it releases has it.
        while let Stepped::WantsRoom(wants) = self.steps(&envelope).await? {
            self.partition.load(&wants, Answer::default());
        }
        self.commit.granted.push(Placed { before: self.decided + 1, envelope });
        Ok(())
    }

    /// Goes back to the last commit: others took the room that was foreseen.
    pub(super) fn rewind(&mut self) -> Result<(), StoreError> {
        let (engine, head, decided) = self.committed.clone();
        self.book = Book::of(&head);
        self.partition =
            chatsparks_core::Partition::open(engine, head).map_err(|error| StoreError::Unusable(error.to_string()))?;
        self.decided = decided;
        self.commit = Default::default();
        self.configured.clear();
        self.unconfigured.clear();
        self.outcomes.clear();
        Ok(())
    }
}
