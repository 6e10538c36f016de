//! Effects that wait, in memory.

use super::{HeldShard, MemoryStore};
use crate::{
    EffectKey, EffectState, Input, Lane, NewEffect, Queue, QueueCount, Queued, Ready, Settled, Shard, StoreError,
    bot_conversation, erasure::forget_effect, kind_of,
};
use chatsparks_core::{DmStage, Effect, Instant, UserId, WorkspaceId};
use std::collections::{BTreeSet, btree_map::Entry};

/// An effect and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    key: EffectKey,
    /// The order decided, over all shards.
    number: u64,
    new: NewEffect,
    state: EffectState,
    attempts: u32,
    first_attempt: Option<Instant>,
    not_before: Option<Instant>,
    why: Option<String>,
}

impl Waiting {
    pub(super) fn new(shard: &Shard, contact: Option<&UserId>, number: u64, new: NewEffect) -> Self {
        Self {
            key: EffectKey::new(shard, contact, &new),
            number,
            state: if new.in_doubt { EffectState::InDoubt } else { EffectState::Waiting },
            new,
            attempts: 0,
            first_attempt: None,
            not_before: None,
            why: None,
        }
    }

    fn has_outcome(&self) -> bool {
        matches!(self.state, EffectState::Sent | EffectState::Failed)
    }

    fn may_go(&self) -> bool {
        matches!(self.state, EffectState::Waiting | EffectState::InDoubt)
    }

    fn user_id(&self) -> Option<&UserId> {
        match &self.new.lane {
            Lane::Contact(user_id) => Some(user_id),
            Lane::Free(user_id) => user_id.as_ref(),
        }
    }

    /// In the order in which they would go.
    fn turn(&self) -> (Instant, u64) {
        (self.new.context.not_after.unwrap_or(Instant::from_milliseconds(i64::MAX)), self.number)
    }

    fn close(&mut self, state: EffectState, why: Option<&str>) {
        self.state = state;
        self.not_before = None;
        self.why = why.map(str::to_owned);
        // What it says is in the record.
        forget_effect(&mut self.new.effect);
    }

    fn queued(&self) -> Queued {
        Queued {
            effect: self.key.id.clone(),
            user_id: self.key.user_id.clone(),
            kind: kind_of(&self.new.effect).to_owned(),
            state: self.state,
            attempts: self.attempts,
            not_after: self.new.context.not_after,
            not_before: self.not_before,
            why: self.why.clone(),
        }
    }
}

impl HeldShard {
    pub(super) fn enqueue(&mut self, waiting: Waiting) {
        if let Entry::Vacant(free) = self.effects_by_id.entry(waiting.key.id.clone()) {
            free.insert(waiting.new.decided);
            self.effects.insert(waiting.new.decided, waiting);
        }
    }

    fn effect(&mut self, id: &str) -> Option<&mut Waiting> {
        let decided = self.effects_by_id.get(id)?;
        self.effects.get_mut(decided)
    }

    /// Whether what waits was sent, nobody knows (S4).
    pub(super) fn doubt(&mut self) {
        for effect in self.effects.values_mut().filter(|effect| effect.state == EffectState::Waiting) {
            effect.state = EffectState::InDoubt;
        }
    }

    /// Withdraws what was decided before a `seq`: a conversation's bot DMs that have not begun (O7; one whose attempt failed
    /// may have arrived), or everything (R12), where what may be on its way is in doubt and stays so.
    pub(super) fn withdraw(&mut self, user_id: &UserId, seq: u64, conversation: Option<u32>) {
        let mut outcomes = Vec::new();
        for effect in self.effects.range_mut(..(seq, 0)).map(|(_, effect)| effect) {
            let meant = match conversation {
                Some(conversation) => {
                    effect.state == EffectState::Waiting
                        && effect.attempts == 0
                        && bot_conversation(&effect.new.effect) == Some(conversation)
                }
                None => !effect.has_outcome(),
            };
            if meant && effect.user_id() == Some(user_id) {
                let why = if effect.state == EffectState::InDoubt { "in_doubt" } else { "withdrawn" };
                effect.close(EffectState::Failed, Some(why));
                self.failed += 1;
                if matches!(effect.new.effect, Effect::SendDm(_)) {
                    outcomes.push(Input::outcome(&effect.key.id, DmStage::Failed, Some(why)));
                }
            }
        }
        outcomes.into_iter().for_each(|outcome| {
            self.append(outcome);
        });
    }

    /// Outcomes of effects go with the records that decided them; how many went.
    pub(super) fn drop_outcomes(&mut self, limit: usize) -> usize {
        let old = self.effects.range(..(self.record_first, 0)).filter(|(_, effect)| effect.has_outcome());
        let old: Vec<_> = old.map(|(decided, _)| *decided).take(limit).collect();
        for effect in old.iter().filter_map(|decided| self.effects.remove(decided)).collect::<Vec<_>>() {
            self.effects_by_id.remove(&effect.key.id);
        }
        old.len()
    }

    /// Those that may go next: free ones, and the first of each lane.
    fn fronts(&self) -> Vec<&Waiting> {
        let mut lanes = BTreeSet::new();
        let is_front = |effect: &&Waiting| match &effect.new.lane {
            _ if !effect.may_go() => false,
            Lane::Free(_) => true,
            Lane::Contact(user_id) => lanes.insert(user_id.clone()),
        };
        self.effects.values().filter(is_front).collect()
    }
}

impl MemoryStore {
    /// Changes an effect that has no outcome; false: there is none.
    fn change(&self, key: &EffectKey, change: impl FnOnce(&mut HeldShard)) -> bool {
        let mut held = self.held();
        let Some(shard) = held.shards.get_mut(&key.shard) else { return false };
        let open = shard.effect(&key.id).is_some_and(|effect| !effect.has_outcome());
        if open {
            change(shard);
        }
        open
    }

    fn all<T>(&self, workspace: &WorkspaceId, read: impl FnOnce(&mut dyn Iterator<Item = &HeldShard>) -> T) -> T {
        let held = self.held();
        let of_it = held.shards.iter().filter(|(shard, _)| shard.workspace == *workspace);
        read(&mut of_it.map(|(_, held)| held))
    }
}

impl Queue for MemoryStore {
    async fn ready(
        &self,
        workspace: &WorkspaceId,
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        Ok(self.all(workspace, |shards| {
            let mut ready: Vec<&Waiting> = Vec::new();
            for shard in shards {
                let is_of =
                    |key: &&EffectKey, effect: &Waiting| key.shard == effect.key.shard && key.id == effect.key.id;
                let taken: Vec<&UserId> = busy
                    .iter()
                    .filter_map(|key| {
                        shard.effects.get(shard.effects_by_id.get(&key.id)?).filter(|effect| is_of(&key, effect))
                    })
                    .filter(|effect| matches!(effect.new.lane, Lane::Contact(_)))
                    .filter_map(Waiting::user_id)
                    .collect();
                ready.extend(shard.fronts().into_iter().filter(|effect| {
                    let waits = matches!(effect.new.lane, Lane::Contact(_));
                    effect.not_before.is_none_or(|not_before| not_before <= wall)
                        && !busy.iter().any(|key| is_of(&key, effect))
                        && !(waits && effect.user_id().is_some_and(|user_id| taken.contains(&user_id)))
                }));
            }
            ready.sort_by_key(|effect| effect.turn());
            let told = |effect: &Waiting| Ready {
                key: effect.key.clone(),
                in_doubt: effect.state == EffectState::InDoubt,
                effect: effect.new.effect.clone(),
                context: effect.new.context.clone(),
                attempts: effect.attempts,
                first_attempt: effect.first_attempt,
            };
            ready.into_iter().take(limit).map(told).collect()
        }))
    }

    async fn begin(&self, key: &EffectKey, wall: Instant) -> Result<bool, StoreError> {
        let mut held = self.held();
        let effect = held.shards.get_mut(&key.shard).and_then(|shard| shard.effect(&key.id));
        let Some(effect) = effect.filter(|effect| effect.may_go()) else { return Ok(false) };
        effect.state = EffectState::InDoubt;
        effect.not_before = None;
        effect.first_attempt.get_or_insert(wall);
        Ok(true)
    }

    async fn settle(&self, key: &EffectKey, settled: Settled, receipt: Option<Input>) -> Result<bool, StoreError> {
        let mut done = false;
        self.change(key, |shard| {
            let Some(effect) = shard.effect(&key.id) else { return };
            let counted = match &settled {
                Settled::Sent => (1, 0),
                Settled::Failed(_) => (0, 1),
                Settled::Again { .. } | Settled::Dead(_) if !effect.may_go() => return,
                Settled::Again { .. } | Settled::Dead(_) => (0, 0),
            };
            match settled {
                Settled::Sent => effect.close(EffectState::Sent, None),
                Settled::Failed(why) => effect.close(EffectState::Failed, Some(&why)),
                Settled::Again { not_before, counts, why } => {
                    effect.state = EffectState::Waiting;
                    effect.not_before = Some(not_before);
                    effect.attempts += u32::from(counts);
                    effect.first_attempt = effect.first_attempt.filter(|_| effect.attempts > 0);
                    effect.why = Some(why);
                }
                Settled::Dead(why) => {
                    effect.state = EffectState::Dead;
                    effect.not_before = None;
                    effect.attempts += 1;
                    effect.why = Some(why);
                }
            }
            (shard.sent, shard.failed) = (shard.sent + counted.0, shard.failed + counted.1);
            if let Some(receipt) = receipt {
                shard.append(receipt);
            }
            done = true;
        });
        Ok(done)
    }

    async fn revive(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        let mut held = self.held();
        let shards = held.shards.iter_mut().filter(|(shard, _)| shard.workspace == *workspace);
        let mut effects = shards.filter_map(|(_, shard)| shard.effect(effect));
        let Some(effect) = effects.find(|effect| effect.state == EffectState::Dead) else { return Ok(false) };
        effect.state = EffectState::Waiting;
        (effect.attempts, effect.first_attempt, effect.not_before) = (0, None, None);
        Ok(true)
    }

    async fn find(&self, workspace: &WorkspaceId, effect: &str) -> Result<Option<(EffectKey, Effect)>, StoreError> {
        Ok(self.all(workspace, |shards| {
            let mut effects = shards.flat_map(|shard| shard.effects.values());
            let found = effects.find(|known| known.key.id == effect && !known.has_outcome());
            found.map(|found| (found.key.clone(), found.new.effect.clone()))
        }))
    }

    async fn count(&self, workspace: &WorkspaceId) -> Result<QueueCount, StoreError> {
        Ok(self.all(workspace, |shards| {
            let mut count = QueueCount::default();
            for shard in shards {
                count.sent += shard.sent;
                count.failed += shard.failed;
                for effect in shard.effects.values() {
                    match effect.state {
                        EffectState::Waiting => count.waiting += 1,
                        EffectState::InDoubt => count.in_doubt += 1,
                        EffectState::Dead => count.dead += 1,
                        EffectState::Sent | EffectState::Failed => {}
                    }
                }
            }
            count
        }))
    }

    async fn list(&self, workspace: &WorkspaceId, state: EffectState, limit: usize) -> Result<Vec<Queued>, StoreError> {
        Ok(self.all(workspace, |shards| {
            let effects = shards.flat_map(|shard| shard.effects.values());
            let mut effects: Vec<&Waiting> = effects.filter(|effect| effect.state == state).collect();
            effects.sort_by_key(|effect| effect.turn());
            effects.into_iter().take(limit).map(Waiting::queued).collect()
        }))
    }

    async fn standing(&self, workspace: &WorkspaceId, effects: &[String]) -> Result<Vec<Queued>, StoreError> {
        Ok(self.all(workspace, |shards| {
            let of = |shard: &HeldShard, id: &String| Some(shard.effects.get(shard.effects_by_id.get(id)?)?.queued());
            shards.flat_map(|shard| effects.iter().filter_map(|id| of(shard, id))).collect()
        }))
    }

    async fn next_retry(&self, workspace: &WorkspaceId, now: Instant) -> Result<Option<Instant>, StoreError> {
        Ok(self.all(workspace, |shards| {
            let later = shards.flat_map(HeldShard::fronts).filter_map(|effect| effect.not_before);
            later.filter(|at| *at > now).min()
        }))
    }
}
