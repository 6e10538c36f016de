//! One limit over many partitions, once everything has come to its end (R7, R8, M3).

use super::ALL;
use crate::block_on;
use crate::run::World;
use chatsparks_core::{Event, Row, Terms, WorkspaceId};
use chatsparks_ports::Store;

/// Partitions agree on what is the whole workspace's; the pool has given what was counted, and nothing lies about unused;
/// nobody is queued while there is room.
pub(crate) fn in_the_end<S: Store>(world: &World<S>, workspace: &WorkspaceId) {
    let store = &world.store.inner;
    let heads = block_on(store.heads(workspace)).unwrap_or_default();
    let terms =
        |head: &Vec<Row>| head.iter().find_map(|row| if let Row::Terms(terms) = row { Some(*terms) } else { None });
    let all: Vec<Terms> = heads.iter().filter_map(terms).collect();
    let mut seen = world.watch.seen();
    let Some(first) = all.first() else { return };
    // A partition to which nothing happened after a document that brought a later `at` has not begun that cycle yet.
    if let Some(other) = all.iter().find(|other| other.revision() != first.revision() || other.limit() != first.limit())
    {
        return seen.fail("R8", format!("one partition goes by {first:?}, and another by {other:?}"));
    }
    for row in heads.iter().flatten() {
        if let Row::Room(room) = row
            && first.limit().is_some()
            && room.granted().unwrap_or(0) > room.used()
        {
            return seen.fail("R7", format!("room lies about unused: {room:?}"));
        }
    }
    let Some(cycle) =
        first.cycle_start().filter(|_| all.iter().all(|terms| terms.cycle_start() == first.cycle_start()))
    else {
        return;
    };
    let shards = seen.shards.iter().filter(|(shard, _)| shard.workspace == *workspace);
    let used: u64 = shards.map(|(_, of)| of.counted.used.get(&cycle).copied().unwrap_or(0)).sum();
    let drawn = block_on(store.drawn(workspace, cycle)).unwrap_or_default();
    if drawn != used {
        return seen.fail("R7", format!("{drawn} were drawn in the cycle of {cycle}, and {used} counted"));
    }
    let contacts = block_on(store.rows(workspace, "contact", None, ALL)).unwrap_or_default();
    let queued = contacts.iter().filter(|row| row.queued_at().is_some()).count();
    if let Some(limit) = first.limit().filter(|limit| queued > 0 && used < *limit) {
        return seen.fail("R7", format!("{queued} are queued, and {used} of {limit} is used"));
    }
    let history = seen.shards.iter().filter(|(shard, _)| shard.workspace == *workspace).flat_map(|(_, of)| &of.history);
    let has_other_documents = history.clone().any(|envelope| matches!(envelope.event, Event::Configure(_)));
    let Some(limit) = first.limit().filter(|limit| *limit > 0 && !has_other_documents) else { return };
    for level in [80, 95, 100] {
        let is_reached = used * 100 >= limit * level;
        if is_reached && !seen.is_told(workspace, level) {
            return seen.fail("M3", format!("{used} of {limit} is used, and nobody was told of {level} %"));
        }
    }
}
