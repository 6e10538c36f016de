//! How a shard's history is put together of its log and the grants beside it: the same in every store (R7, R10).

use crate::{Logged, Position};

/// Cuts events that were read after a position to those until another, and says up to which position grants belong to
/// them: at the end, those too that stand before the event that comes next.
pub fn cut_at(logged: &mut Vec<Logged>, after: Position, until: Position) -> Position {
    logged.retain(|logged| logged.position <= until);
    let last = logged.last().map_or(after, |last| last.position);
    if last == until { until.saturating_add(1) } else { last }
}

/// Events with the grants that belong to them: grants come before the event of their position, in their order.
pub fn with_grants(granted: Vec<Logged>, logged: Vec<Logged>) -> Vec<Logged> {
    let mut history = granted;
    history.extend(logged);
    // What is equal stays in order.
    history.sort_by_key(|logged| logged.position);
    history
}
