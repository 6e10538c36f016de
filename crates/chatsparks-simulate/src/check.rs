//! What must hold after each step, and in the end.

use crate::{run::World, watch::Seen};
use chatsparks_core::{Engine, Envelope, Event, Fact, Instant, Outcome, Stored, workspace::Workspace};
use chatsparks_ports::{Cursor, EffectState, Shard, Store, erasure::forget_line};
use chatsparks_replay::Replay;
use chatsparks_testkit::properties;
use futures_executor::block_on;
use serde_json::Value;
use std::collections::BTreeMap;

const ALL: usize = usize::MAX >> 1;

/// R1: what was acknowledged is in the log, and what was refused is not.
pub(crate) fn after_a_step<S: Store>(world: &World<S>) {
    for shard in world.shards() {
        world.store.follow(&shard);
    }
    let mut seen = world.watch.seen();
    let mut logged: BTreeMap<&str, usize> = BTreeMap::new();
    for shard in seen.shards.values() {
        shard.history.iter().for_each(|envelope| *logged.entry(envelope.id.as_str()).or_default() += 1);
    }
    let wrong = seen.events.iter().find_map(|(id, event)| {
        let times = logged.get(id.as_str()).copied().unwrap_or(0);
        // A document is logged in every partition.
        let least = event.taken;
        let most = (event.taken + event.unknown) * seen.shards.len().max(1);
        let known = format!("acknowledged {} times, {} times unknown", event.taken, event.unknown);
        (times < least || times > most).then(|| format!("`{id}` is in the log {times} times: {known}"))
    });
    if let Some(found) = wrong {
        seen.fail("R1", found);
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
    effects(world);
    for shard in world.shards() {
        records(world, &shard, state.as_ref());
    }
}

/// O1: each effect has one outcome, or is among the dead; the other side has what is `sent`.
fn effects<S: Store>(world: &World<S>) {
    let store = &world.store.inner;
    let mut stands: BTreeMap<String, Vec<EffectState>> = BTreeMap::new();
    let states =
        [EffectState::Waiting, EffectState::InDoubt, EffectState::Dead, EffectState::Sent, EffectState::Failed];
    let mut counts = BTreeMap::new();
    for state in states {
        let listed = block_on(store.list(&world.id, state, ALL)).unwrap_or_default();
        counts.insert(format!("{state:?}"), listed.len() as u64);
        for effect in listed {
            stands.entry(effect.effect).or_default().push(state);
        }
    }
    let count = block_on(store.count(&world.id)).unwrap_or_default();
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
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for id in seen.shards.values().flat_map(|shard| &shard.decided) {
        if let Some(effect) = id.as_str().strip_prefix("outcome:") {
            *outcomes.entry(effect.to_owned()).or_default() += 1;
        }
    }
    let wrong = seen.effects.iter().find_map(|(key, effect)| {
        let id = &key.id;
        let outcomes = outcomes.get(id).copied().unwrap_or(0);
        match stands.get(id).map(Vec::as_slice) {
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

/// R3: the records are those of a replay, byte for byte, and so is the state; the books balance; no start passes the limit.
fn records<S: Store>(world: &World<S>, shard: &Shard, state: Option<&Value>) {
    let mut seen = world.watch.seen();
    let Some(of) = seen.shards.get(shard) else { return };
    let history: Vec<Envelope> = of.history.iter().filter_map(again).collect();
    let mut wanted = Vec::new();
    let mut wrong = None;
    let Some(mut replay) = first_engine(&world.plan.workspace).map(Replay::new) else { return };
    for envelope in &history {
        replay.push(envelope, |record| {
            wanted.push(serde_json::to_string(record).unwrap_or_default());
            let event = record.event();
            if matches!(event, Some(Event::Erase(_))) && !matches!(record.decision.outcome, Outcome::Applied {}) {
                wrong =
                    Some(("R12", format!("an erasure that was taken has the outcome {:?}", record.decision.outcome)));
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
                wrong = Some(("M7", format!("a start counted contact {count} of {limit}")));
            }
        });
    }
    if let Some(place) = (0..wanted.len().max(of.lines.len())).find(|place| wanted.get(*place) != of.lines.get(*place))
    {
        let none = "none".to_owned();
        let (stands, wants) = (of.lines.get(place).unwrap_or(&none), wanted.get(place).unwrap_or(&none));
        wrong = Some(("R3", format!("record {place} is\n{stands}\nand a replay writes\n{wants}")));
    }
    if wrong.is_none() {
        wrong = kept(world, shard, &seen);
    }
    let replayed = serde_json::to_value(replay.state()).unwrap_or_default();
    if wrong.is_none() && world.plan.setting.partitions == 1 {
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
    let (kept, _) = block_on(world.store.inner.records(&world.id, &Cursor::default(), ALL)).ok()?;
    let kept: Vec<_> = kept.into_iter().filter(|record| record.partition == shard.partition).collect();
    if kept.len() != of.lines.len() {
        return Some(("R5", format!("{} records are kept of {}", kept.len(), of.lines.len())));
    }
    for (record, (line, user)) in kept.iter().zip(of.lines.iter().zip(&of.users)) {
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

/// An event as it is stored: a document that was compiled when it came is a document again.
fn again(envelope: &Envelope) -> Option<Envelope> {
    let bytes = serde_json::to_vec(&Stored::from(envelope)).ok()?;
    Some(serde_json::from_slice::<Stored<'static, Envelope>>(&bytes).ok()?.into_inner())
}

fn first_engine(workspace: &Workspace) -> Option<Engine> {
    Engine::compile(workspace.clone()).ok()
}
