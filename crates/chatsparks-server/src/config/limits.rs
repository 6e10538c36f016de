//! `[limits]`.

use super::table::{Reading, Table};
use crate::Limits;
use std::time::Duration;

/// Reads `[limits]`, where it is there.
pub(super) fn read(reading: &mut Reading<'_>, root: &mut Table<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(mut table) = root.table(reading, "limits", "[limits]") else { return limits };
    let most = 1 << 40;
    let bytes = [
        ("head_bytes", 8_192, &mut limits.head_bytes),
        ("body_bytes", 1, &mut limits.body_bytes),
        ("document_bytes", 1, &mut limits.document_bytes),
        ("memory_bytes", 4_096, &mut limits.memory_bytes),
        ("requests", 1, &mut limits.requests),
        ("connections", 1, &mut limits.connections),
    ];
    for (key, least, limit) in bytes {
        if let Some(number) = table.whole(reading, key, least..=most) {
            *limit = usize::try_from(number).unwrap_or(usize::MAX);
        }
    }
    let times = [
        ("head_seconds", &mut limits.head),
        ("body_seconds", &mut limits.body),
        ("request_seconds", &mut limits.request),
        ("write_seconds", &mut limits.write),
    ];
    for (key, limit) in times {
        if let Some(seconds) = table.whole(reading, key, 1..=86_400) {
            *limit = Duration::from_secs(seconds);
        }
    }
    table.end(reading);
    limits
}
