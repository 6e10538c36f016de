//! The queue of a store on JetStream.

use crate::{
    JetStreamStore,
    log::unexpected,
    op::{Does, In, read},
    state::{Outcome, queue::Waiting},
};
use chatsparks_core::{Effect, Instant, WorkspaceId};
use chatsparks_ports::{EffectKey, EffectState, Input, Queue, QueueCount, Queued, Ready, Settled, Shard, StoreError};
use std::{borrow::Cow, collections::BTreeSet};

fn key(workspace: &WorkspaceId, partition: u32, effect: &Waiting) -> EffectKey {
    let shard = Shard { workspace: workspace.clone(), partition };
    EffectKey { shard, user_id: effect.user_id.clone(), id: (*effect.id).to_owned() }
}

fn effect_of(effect: &Waiting) -> Result<Effect, StoreError> {
    read(effect.form.as_deref().unwrap_or("null"))
}

fn ready(workspace: &WorkspaceId, partition: u32, effect: &Waiting) -> Result<Ready, StoreError> {
    Ok(Ready {
        key: key(workspace, partition, effect),
        in_doubt: effect.state == EffectState::InDoubt,
        effect: effect_of(effect)?,
        context: serde_json::from_str(&effect.context).map_err(crate::failure::form)?,
        attempts: effect.attempts,
        first_attempt: effect.first_attempt.map(Instant::from_milliseconds),
    })
}

fn queued(effect: &Waiting) -> Queued {
    Queued {
        effect: (*effect.id).to_owned(),
        user_id: effect.user_id.clone(),
        kind: (*effect.kind).to_owned(),
        state: effect.state,
        attempts: effect.attempts,
        not_after: effect.not_after.map(Instant::from_milliseconds),
        not_before: effect.not_before.map(Instant::from_milliseconds),
        why: effect.why.as_deref().map(str::to_owned),
    }
}

impl JetStreamStore {
    async fn whether(&self, workspace: &WorkspaceId, does: Does) -> Result<bool, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(false) };
        match journal.submit(does).await? {
            Outcome::Whether(whether) => Ok(whether),
            _ => Err(unexpected()),
        }
    }

    async fn ready_of(
        &self,
        workspace: &WorkspaceId,
        partitions: Option<&[u32]>,
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(Vec::new()) };
        let state = journal.state();
        let wall = wall.as_milliseconds();
        let mut found: Vec<(u32, Cow<'_, Waiting>)> = Vec::new();
        for (partition, part) in (0..).zip(&state.parts) {
            if partitions.is_some_and(|partitions| !partitions.contains(&partition)) {
                continue;
            }
            let of = |key: &&EffectKey| key.shard.workspace == *workspace && key.shard.partition == partition;
            let busy: BTreeSet<&str> = busy.iter().filter(of).map(|key| key.id.as_str()).collect();
            let lanes = busy.iter().filter_map(|id| part.effects.get(id)).filter(|effect| !effect.free);
            let taken: BTreeSet<_> = lanes.filter_map(|effect| effect.lane.clone()).collect();
            let may_go = part.effects.fronts().filter(|effect| {
                effect.not_before.is_none_or(|not_before| not_before <= wall)
                    && !busy.contains(&*effect.id)
                    && (effect.free || effect.lane.as_ref().is_none_or(|lane| !taken.contains(lane)))
            });
            found.extend(may_go.take(limit).map(|effect| (partition, effect)));
        }
        found.sort_by_key(|(_, effect)| effect.turn());
        let found = found.into_iter().take(limit).map(|(partition, effect)| ready(workspace, partition, &effect));
        let found = found.collect::<Result<_, _>>()?;
        journal.ground.sound()?;
        Ok(found)
    }
}

impl Queue for JetStreamStore {
    async fn ready(
        &self,
        workspace: &WorkspaceId,
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        self.ready_of(workspace, None, wall, busy, limit).await
    }

    async fn ready_in(
        &self,
        workspace: &WorkspaceId,
        partitions: &[u32],
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        self.ready_of(workspace, Some(partitions), wall, busy, limit).await
    }

    async fn begin(&self, key: &EffectKey, wall: Instant) -> Result<bool, StoreError> {
        let (partition, effect) = (key.shard.partition, key.id.clone());
        let Some(fence) = self.owns(&key.shard) else { return Ok(false) };
        let does = Does::Begin { partition, effect, wall: wall.as_milliseconds(), fence };
        self.whether(&key.shard.workspace, does).await
    }

    async fn settle(&self, key: &EffectKey, settled: Settled, receipt: Option<Input>) -> Result<bool, StoreError> {
        let (partition, effect) = (key.shard.partition, key.id.clone());
        let receipt = receipt.map(|receipt| In::of(partition, receipt)).transpose()?;
        let does = Does::Settle { partition, effect, settled: settled.into(), receipt };
        self.whether(&key.shard.workspace, does).await
    }

    async fn revive(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        self.whether(workspace, Does::Revive(effect.to_owned())).await
    }

    async fn find(&self, workspace: &WorkspaceId, effect: &str) -> Result<Option<(EffectKey, Effect)>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(None) };
        let state = journal.state();
        let mut found =
            (0..).zip(&state.parts).filter_map(|(partition, part)| Some((partition, part.effects.get(effect)?)));
        let found = found.find(|(_, effect)| !effect.has_outcome());
        journal.ground.sound()?;
        found.map(|(partition, effect)| Ok((key(workspace, partition, &effect), effect_of(&effect)?))).transpose()
    }

    async fn count(&self, workspace: &WorkspaceId) -> Result<QueueCount, StoreError> {
        let mut count = QueueCount::default();
        let Some(journal) = self.existing(workspace).await? else { return Ok(count) };
        for part in &journal.state().parts {
            let [waiting, in_doubt, dead] = part.effects.counts;
            count.waiting += waiting;
            count.in_doubt += in_doubt;
            count.dead += dead;
            count.sent += part.effects.sent;
            count.failed += part.effects.failed;
        }
        Ok(count)
    }

    async fn list(&self, workspace: &WorkspaceId, state: EffectState, limit: usize) -> Result<Vec<Queued>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(Vec::new()) };
        let held = journal.state();
        let mut found: Vec<_> = held.parts.iter().flat_map(|part| part.effects.of(state, limit)).collect();
        found.sort_by_key(|effect| effect.turn());
        journal.ground.sound()?;
        Ok(found.iter().take(limit).map(|effect| queued(effect)).collect())
    }

    async fn standing(&self, workspace: &WorkspaceId, effects: &[String]) -> Result<Vec<Queued>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(Vec::new()) };
        let held = journal.state();
        let found = held.parts.iter().flat_map(|part| effects.iter().filter_map(|id| part.effects.get(id)));
        let found = found.map(|effect| queued(&effect)).collect();
        journal.ground.sound()?;
        Ok(found)
    }

    async fn next_retry(&self, workspace: &WorkspaceId, now: Instant) -> Result<Option<Instant>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(None) };
        let state = journal.state();
        let fronts = state.parts.iter().flat_map(|part| part.effects.fronts());
        let next = fronts.filter_map(|effect| effect.not_before).filter(|at| *at > now.as_milliseconds()).min();
        journal.ground.sound()?;
        Ok(next.map(Instant::from_milliseconds))
    }
}
