//! What is deleted is old, and what is left replays from its checkpoint to the records that are kept (R10).

use super::{again, engine_faults, lines};
use crate::{Step, block_on, run::World, watch::SeenShard};
use chatsparks_core::{Engine, Event, Partition, Period, Row, Scratch};
use chatsparks_ports::{Checkpoints, Clock, Limit, Logged, Shard, Store};
use chatsparks_runtime::ClockMode;
use std::collections::BTreeSet;

type Wrong = Option<(&'static str, String)>;

/// How many events of a shard were deleted.
pub(crate) fn cut<S: Store>(world: &World<S>, shard: &Shard) -> u64 {
    block_on(world.store.inner.stretch(shard)).map_or(0, |stretch| stretch.from.saturating_sub(1))
}

/// What was deleted is older than it had to be kept.
pub(super) fn is_old<S: Store>(world: &World<S>, shard: &Shard, of: &SeenShard) -> Wrong {
    let setting = &world.plan.setting;
    // What was old by a clock that is set back then may look young.
    let jumps = world.plan.steps.iter().any(|step| matches!(step, Step::SetClock(_)));
    let now = match setting.clock {
        ClockMode::Wall if jumps => return None,
        ClockMode::Wall => world.clock.wall(),
        ClockMode::Events => of.latest?.0,
    };
    let hours = i64::try_from(setting.records_hours.unwrap_or(200 * 365 * 24)).ok()?;
    let before = now.before(Period::hours(hours));
    let cut = usize::try_from(cut(world, shard)).unwrap_or(usize::MAX);
    let young = of.history.iter().take(cut).find(|envelope| envelope.at >= before)?;
    Some(("R10", format!("`{}` of {} was deleted, and what is not before {before} is kept", young.id, young.at)))
}

/// What the store gives to be replayed is what was decided, in that order, grants included; and it replays to what is kept.
pub(super) fn taken_home<S: Store>(world: &World<S>, shard: &Shard, of: &SeenShard) -> Wrong {
    let store = &world.store.inner;
    let place = block_on(Checkpoints::of(store, shard)).ok()?.in_use;
    let checkpoint = place.map(|place| shard.checkpoint(place));
    let from = checkpoint.as_ref().map_or(Some(0), |checkpoint| block_on(store.decided(checkpoint)).ok())?;
    let home = history(world, shard, from)?;
    let ids: Vec<_> = home.iter().map(|logged| (&logged.envelope.id, logged.envelope.at)).collect();
    let decided: Vec<_> = of.replays.iter().map(|envelope| (&envelope.id, envelope.at)).collect();
    if !decided.ends_with(&ids) || (from == 0 && decided.len() != ids.len()) {
        let of = format!("{} events after position {from}, of {}", ids.len(), decided.len());
        return Some(("R10", format!("the history has {of}, and not those that were decided: {ids:?}")));
    }
    // A grant stands at the position of the event that it came before, which may not be there yet.
    let until = of.decided.len() as u64;
    let positions: BTreeSet<u64> = home.iter().map(|logged| logged.position).filter(|at| *at <= until).collect();
    if !positions.iter().copied().eq(from + 1..=until) {
        return Some(("R10", format!("the history after position {from} has {positions:?} of {until}")));
    }
    // R13: whoever replays has an engine that fails where that one did, which this one does not.
    let checkpoint = checkpoint.filter(|_| engine_faults(of).is_empty())?;
    let replayed = replay(world, &checkpoint, &home)?;
    let kept: Vec<String> = lines(world, shard)?.into_iter().map(|record| record.line).collect();
    let place = (0..replayed.len().max(kept.len())).find(|place| replayed.get(*place) != kept.get(*place))?;
    let (replayed, kept) = (replayed.get(place), kept.get(place));
    Some(("R10", format!("from the checkpoint at {from}, record {place} is\n{replayed:?}\nand kept is\n{kept:?}")))
}

fn history<S: Store>(world: &World<S>, shard: &Shard, from: u64) -> Option<Vec<Logged>> {
    let store = &world.store.inner;
    let (until, mut after, mut home) = (block_on(store.decided(shard)).ok()?, from, Vec::new());
    loop {
        let page = block_on(store.history(shard, after, until, Limit { events: 50, bytes: 1 << 20 })).ok()?;
        let Some(last) = page.last() else { return Some(home) };
        after = last.position;
        home.extend(page);
    }
}

fn replay<S: Store>(world: &World<S>, checkpoint: &Shard, home: &[Logged]) -> Option<Vec<String>> {
    let store = &world.store.inner;
    let rows = block_on(store.shard_rows(checkpoint, None, usize::MAX >> 1)).ok()?;
    let revision = rows.iter().find_map(|row| if let Row::Terms(terms) = row { Some(terms.revision()) } else { None });
    let revision = revision.unwrap_or(1);
    let document = block_on(store.document(&checkpoint.workspace, revision)).ok()??;
    let id = |row: &Row| if let Row::Event(id, _) = row { Some(id.clone()) } else { None };
    let known: BTreeSet<_> = rows.iter().filter_map(id).collect();
    let first = home.first().map(|logged| logged.position);
    let mut partition = Partition::restore(Engine::restore(document, revision).ok()?, rows).ok()?;
    let (mut scratch, mut replayed) = (Scratch::default(), Vec::new());
    for logged in home {
        // A grant that stands right after the checkpoint may be part of it.
        let may_be_known = Some(logged.position) == first && matches!(logged.envelope.event, Event::Grant(_));
        if may_be_known && known.contains(&logged.envelope.id) {
            continue;
        }
        let envelope = again(&logged.envelope)?;
        partition.push(&envelope, &mut scratch, |record| {
            replayed.push(serde_json::to_string(record).unwrap_or_default());
        });
    }
    Some(replayed)
}
