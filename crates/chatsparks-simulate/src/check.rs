//! What must hold after each step, and in the end.

use crate::block_on;
use crate::{
    run::World,
    watch::{Seen, SeenShard},
};
use chatsparks_core::{
    Engine, Envelope, Event, Fact, Instant, Outcome, Partition, Record, Scratch, Stored, UserId, WorkspaceId,
    workspace::Workspace,
};
use chatsparks_ports::{Cursor, EffectState, KeptRecord, Shard, Store, erasure::forget_line};
use chatsparks_replay::Replay;
use chatsparks_testkit::properties;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

mod limit;
pub(crate) mod retention;

const ALL: usize = usize::MAX >> 1;

/// R1: what was acknowledged is in the log, and what was refused is not.
pub(crate) fn after_a_step<S: Store>(world: &World<S>) {
    for shard in world.shards() {
        world.store.follow(&shard);
    }
    let mut seen = world.watch.seen();
    let mut logged: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (shard, seen) in &seen.shards {
        for envelope in &seen.history {
            *logged.entry((shard.workspace.as_str(), envelope.id.as_str())).or_default() += 1;
        }
    }
    let (mut wrong, mut missing) = (None, BTreeMap::new());
    let partitions = world.plan.setting.partitions as usize;
    for ((workspace, id), event) in &seen.events {
        let times = logged.get(&(workspace.as_str(), id.as_str())).copied().unwrap_or(0);
        // A document is logged in every partition.
        let most = (event.taken + event.unknown) * partitions;
        if times < event.taken {
            let (of, ids) = missing.entry(workspace).or_insert((0, Vec::new()));
            *of += event.taken - times;
            ids.push(id);
        }
        if times > most {
            let known = format!("acknowledged {} times, {} times unknown", event.taken, event.unknown);
            wrong = Some(format!("`{id}` is in the log {times} times: {known}"));
        }
    }
    for (workspace, (missing, ids)) in missing {
        // Some may wait beside the logs (R4).
        if missing > seen.waits.get(workspace).copied().unwrap_or(0) {
            wrong = Some(format!("{missing} events were acknowledged, and are neither logged nor wait: {ids:?}"));
        }
    }
    if let Some(found) = wrong {
        seen.fail("R1", found);
    }
    if partitions > 1 {
        everywhere(world, &mut seen);
    }
}

/// R8: a document is in every log of its workspace, in the same order and with one `at`, or in none.
fn everywhere<S: Store>(world: &World<S>, seen: &mut Seen) {
    for tenant in &world.workspaces {
        let of = |shard: &Shard| -> Vec<(String, Instant)> {
            let history = seen.shards.get(shard).map(|seen| seen.history.as_slice()).unwrap_or_default();
            let documents = history.iter().filter(|envelope| matches!(envelope.event, Event::Configure(_)));
            documents.map(|envelope| (envelope.id.to_string(), envelope.at)).collect()
        };
        let mut logs = world.shards_of(&tenant.id).map(|shard| (shard.partition, of(&shard)));
        let Some((_, first)) = logs.next() else { continue };
        if let Some((partition, other)) = logs.find(|(_, other)| *other != first) {
            let found = format!("partition 0 has the documents {first:?}, and partition {partition} {other:?}");
            return seen.fail("R8", found);
        }
    }
}

/// R4: nothing waits for others any longer, since all of them are decided.
pub(crate) fn nothing_waits<S: Store>(world: &World<S>) {
    let mut seen = world.watch.seen();
    if let Some((workspace, waits)) = seen.waits.iter().find(|(_, waits)| **waits > 0) {
        let found = format!("{waits} events of `{workspace}` wait for others, though nothing is wrong");
        seen.fail("R4", found);
    }
}

/// O8: a workspace whose channel is well waits for no other's.
pub(crate) fn neighbours_are_well<S: Store>(world: &World<S>) {
    for tenant in world.workspaces.iter().skip(1) {
        let count = block_on(world.store.inner.count(&tenant.id)).unwrap_or_default();
        if count.waiting + count.in_doubt > 0 {
            let found = format!("{} effects of `{}` wait, whose channel is well", count.waiting, tenant.id);
            world.watch.fail("O8", found);
        }
    }
}

/// R1, R9: everything that was logged is decided.
pub(crate) fn is_decided<S: Store>(world: &World<S>, shard: &Shard) {
    let decided = block_on(world.store.inner.decided(shard)).unwrap_or_default();
    let (end, _) = block_on(world.store.inner.end(shard)).unwrap_or_default();
    if decided != end {
        world
            .watch
            .fail("R1", format!("the log ends at {end}, and is decided up to {decided}, though nothing is wrong"));
    }
}

pub(crate) fn all_is_decided<S: Store>(world: &World<S>) -> bool {
    world.shards().all(|shard| {
        let decided = block_on(world.store.inner.decided(&shard)).unwrap_or_default();
        block_on(world.store.inner.end(&shard)).is_ok_and(|(end, _)| end == decided)
    })
}

/// R6: no timer is due that has not fired.
pub(crate) fn is_in_time<S: Store>(world: &World<S>, shard: &Shard, wall: Instant) {
    // A worker may sleep for half a minute, and a small correction of the clock does not wake it.
    let slack = 31_000;
    let due = block_on(world.store.inner.next_due(shard)).unwrap_or_default();
    if let Some(due) = due.filter(|due| due.as_milliseconds() + slack < wall.as_milliseconds()) {
        world.watch.fail("R6", format!("a timer was due at {due}, and at {wall} it has not fired"));
    }
}

/// Everything came to its end.
pub(crate) fn in_the_end<S: Store>(world: &World<S>, state: Option<Value>) {
    for tenant in &world.workspaces {
        effects(world, &tenant.id);
        if world.plan.setting.partitions > 1 {
            limit::in_the_end(world, &tenant.id);
        }
    }
    for shard in world.shards() {
        let tenant = world.workspaces.iter().find(|tenant| tenant.id == shard.workspace);
        let state = state.as_ref().filter(|_| shard.workspace == *world.id());
        if let Some(tenant) = tenant {
            records(world, &tenant.document, &shard, state);
        }
    }
}

/// O1: each effect has one outcome, or is among the dead; the other side has what is `sent`.
fn effects<S: Store>(world: &World<S>, workspace: &WorkspaceId) {
    let store = &world.store.inner;
    let mut stands: BTreeMap<(Option<UserId>, String), Vec<EffectState>> = BTreeMap::new();
    let states =
        [EffectState::Waiting, EffectState::InDoubt, EffectState::Dead, EffectState::Sent, EffectState::Failed];
    let mut counts = BTreeMap::new();
    for state in states {
        let listed = block_on(store.list(workspace, state, ALL)).unwrap_or_default();
        counts.insert(format!("{state:?}"), listed.len() as u64);
        for effect in listed {
            stands.entry((effect.user_id, effect.effect)).or_default().push(state);
        }
    }
    let count = block_on(store.count(workspace)).unwrap_or_default();
    let counted = [
        ("Waiting", count.waiting),
        ("InDoubt", count.in_doubt),
        ("Dead", count.dead),
        ("Sent", count.sent),
        ("Failed", count.failed),
    ];
    let mut seen = world.watch.seen();
    for (state, counted) in counted {
        let listed = counts.get(state).copied().unwrap_or(0);
        if counted != listed {
            seen.fail("O6", format!("{counted} effects are counted as {state}, and {listed} are"));
        }
    }
    let mut outcomes: BTreeMap<(&Shard, &str), usize> = BTreeMap::new();
    for (shard, of) in &seen.shards {
        let told = of.decided.iter().filter_map(|id| id.as_str().strip_prefix("outcome:"));
        told.for_each(|effect| *outcomes.entry((shard, effect)).or_default() += 1);
    }
    let mut effects = seen.effects.iter().filter(|(key, _)| key.shard.workspace == *workspace);
    let wrong = effects.find_map(|(key, effect)| {
        let id = &key.id;
        let outcomes = outcomes.get(&(&key.shard, id.as_str())).copied().unwrap_or(0);
        match stands.get(&(key.user_id.clone(), id.clone())).map(Vec::as_slice) {
            None | Some([]) => Some(format!("{id} was decided, and is nowhere")),
            Some([EffectState::Sent]) if effect.delivered == 0 => Some(format!("{id} is `sent`, and never was")),
            Some([EffectState::Sent | EffectState::Failed]) => (outcomes != usize::from(effect.is_dm))
                .then(|| format!("{id} has its outcome, which was decided {outcomes} times")),
            Some([EffectState::Dead]) => {
                (outcomes != 0).then(|| format!("{id} is among the dead, and its outcome was decided"))
            }
            Some([state]) => Some(format!("{id} has no outcome in the end: {state:?}")),
            Some(several) => Some(format!("{id} stands at several places: {several:?}")),
        }
    });
    if let Some(found) = wrong {
        seen.fail("O1", found);
    }
}

/// A replay, record by record.
#[derive(Default)]
struct Again {
    lines: Vec<String>,
    wrong: Option<(&'static str, String)>,
}

impl Again {
    fn record(&mut self, record: &Record<'_>) {
        self.lines.push(serde_json::to_string(record).unwrap_or_default());
        let event = record.event();
        if matches!(event, Some(Event::Erase(_))) && !matches!(record.decision.outcome, Outcome::Applied {}) {
            let found = format!("an erasure that was taken has the outcome {:?}", record.decision.outcome);
            self.wrong = Some(("R12", found));
        }
        let facts = &record.decision.facts;
        let starts = facts.iter().any(|fact| matches!(fact, Fact::FlowStarted { .. }));
        let count = facts.iter().find_map(|fact| match fact {
            Fact::ContactCounted { count, .. } => Some(*count),
            _ => None,
        });
        // Where the limit itself moves, the start goes by the new one.
        if let (true, Some(count), Some(limit)) = (starts, count, record.head.terms().limit())
            && !matches!(event, Some(Event::Configure(_)))
            && count > limit
        {
            self.wrong = Some(("M7", format!("a start counted contact {count} of {limit}")));
        }
    }
}

/// R3: the records are those of a replay, byte for byte, and so is the state; the books balance; no start passes the limit.
fn records<S: Store>(world: &World<S>, document: &Workspace, shard: &Shard, state: Option<&Value>) {
    let mut seen = world.watch.seen();
    let Some(of) = seen.shards.get(shard) else { return };
    let history: Vec<Envelope> = of.replays.iter().filter_map(again).collect();
    let Some(engine) = first_engine(document) else { return };
    let mut replayed = Again::default();
    let fails: BTreeSet<usize> = engine_faults(of);
    let is_sole = world.plan.setting.partitions == 1;
    let replayed_state = if is_sole && fails.is_empty() {
        let mut replay = Replay::new(engine);
        history.iter().for_each(|envelope| replay.push(envelope, |record| replayed.record(record)));
        serde_json::to_value(replay.state()).ok()
    } else {
        let (mut partition, mut scratch) = (Partition::whole(engine), Scratch::default());
        for (place, envelope) in history.iter().enumerate() {
            // R13: whoever replays has an engine that fails where that one did.
            let fails = fails.contains(&place).then(|| envelope.id.to_string());
            partition.fail_only_at(fails.into_iter().collect());
            partition.push(envelope, &mut scratch, |record| replayed.record(record));
        }
        None
    };
    let Again { lines: wanted, mut wrong } = replayed;
    if let Some(place) = (0..wanted.len().max(of.lines.len())).find(|place| wanted.get(*place) != of.lines.get(*place))
    {
        let none = "none".to_owned();
        let (stands, wants) = (of.lines.get(place).unwrap_or(&none), wanted.get(place).unwrap_or(&none));
        wrong = Some(("R3", format!("record {place} is\n{stands}\nand a replay writes\n{wants}")));
    }
    if wrong.is_none() {
        wrong = kept(world, shard, &seen);
    }
    // Of whoever was forgotten, what they wrote is missing.
    if wrong.is_none() && of.erased.is_empty() {
        wrong = retention::taken_home(world, shard, of);
    }
    if wrong.is_none() {
        wrong = retention::is_old(world, shard, of);
    }
    if let Some(replayed) = replayed_state.filter(|_| wrong.is_none()) {
        if let Some(state) = state.filter(|state| **state != replayed) {
            wrong = Some(("R5", format!("the state is\n{state}\nand of a replay\n{replayed}")));
        }
        let records: Vec<Value> = wanted.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let (said, books) = properties::books(&history, &records, &replayed);
        if said != books {
            wrong = Some(("A6", format!("the books say {said:?}, and the orders {books:?}")));
        }
    }
    if let Some((rule, found)) = wrong {
        seen.fail(rule, found);
    }
}

/// What the store keeps is what was committed, but for what somebody who was forgotten had written (R12).
fn kept<S: Store>(world: &World<S>, shard: &Shard, seen: &Seen) -> Option<(&'static str, String)> {
    let of = seen.shards.get(shard)?;
    let kept = lines(world, shard)?;
    let first = block_on(world.store.inner.stretch(shard)).ok()?.first_record;
    let cut = usize::try_from(first).unwrap_or(usize::MAX);
    if kept.len() + cut != of.lines.len() {
        return Some(("R5", format!("{} records are kept of {} from {first} on", kept.len(), of.lines.len())));
    }
    for (record, (line, user)) in kept.iter().zip(of.lines.iter().zip(&of.users).skip(cut)) {
        let forgotten = of.erased.iter().any(|(erased, seq)| user.as_ref() == Some(erased) && record.seq < *seq);
        if forgotten && forget_line(line).is_ok_and(|line| line != record.line) {
            return Some(("R12", format!("record {} is kept of somebody who was forgotten", record.seq)));
        }
        if !forgotten && *line != record.line {
            return Some((
                "R5",
                format!("record {} was committed as\n{line}\nand is kept as\n{}", record.seq, record.line),
            ));
        }
    }
    None
}

/// The records that a store keeps of a shard.
fn lines<S: Store>(world: &World<S>, shard: &Shard) -> Option<Vec<KeptRecord>> {
    let store = &world.store.inner;
    let first = block_on(store.stretch(shard)).ok()?.first_record;
    let cursor = Cursor::in_one(store.partitions(), shard.partition, first);
    let (kept, _) = block_on(store.records(&shard.workspace, &cursor, ALL)).ok()?;
    Some(kept.into_iter().filter(|record| record.partition == shard.partition).collect())
}

/// Which of the events, in the order of their replay, the engine failed at.
fn engine_faults(of: &SeenShard) -> BTreeSet<usize> {
    let events = of.lines.iter().filter(|line| line.contains("\"event\":"));
    let fails = events.enumerate().filter(|(_, line)| line.contains("\"engine_fault\""));
    fails.map(|(place, _)| place).collect()
}

/// An event as it is stored: a document that was compiled when it came is a document again.
fn again(envelope: &Envelope) -> Option<Envelope> {
    let bytes = serde_json::to_vec(&Stored::from(envelope)).ok()?;
    Some(serde_json::from_slice::<Stored<'static, Envelope>>(&bytes).ok()?.into_inner())
}

fn first_engine(workspace: &Workspace) -> Option<Engine> {
    Engine::compile(workspace.clone()).ok()
}
