//! Records out: JSON Lines behind a cursor (R10).

use super::{At, query};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{Cursor, KeptRecord, Shard, Store, StoreError};
use serde::Deserialize;
use utoipa::IntoParams;

const NEXT: HeaderName = HeaderName::from_static("x-next-cursor");
/// Records an answer has at most, and without being told.
const MOST: usize = 10_000;
const USUAL: usize = 1_000;
/// Records read at once, and bytes after which no more are read: the cursor says where to go on.
const PAGE: usize = 256;
const BYTES: usize = 8 << 20;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Where to go on: the `x-next-cursor` of the answer before. Without, from the first record that is kept.
    #[param(pattern = r"^\d{1,18}(\.\d{1,18})*$", nullable = false)]
    after: Option<String>,
    /// Records at most, and never more than 10,000. An answer may have fewer, and still not be the last: that one is empty.
    #[param(minimum = 1, nullable = false)]
    #[serde(default, deserialize_with = "super::page::count")]
    limit: Option<usize>,
}

/// Records as JSON Lines, in order within a partition.
///
/// Where there are many partitions, each record says its `partition`. The header `x-next-cursor` says where to go on;
/// it is a position in each partition, survives restarts, and is the same again where nothing was decided since.
#[utoipa::path(
    operation_id = "read_records",
    get, path = "/v1/workspaces/{workspace}/records", tag = "records",
    params(("workspace" = String, Path, description = "The id of the workspace"), Asked),
    responses(
        (status = 200, description = "Records, one a line", body = String, content_type = "application/jsonl",
            headers(("x-next-cursor" = String, description = "Where to go on"))),
    ),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let at = At::from_request_parts(&mut parts, &service).await?;
    at.check(Scope::Read, &service).await?;
    let asked: Asked = query(&parts)?;
    let limit = asked.limit.unwrap_or(USUAL);
    if limit == 0 {
        return Err(Problem::new(Kind::BadRequest, "`limit` is a number from 1".to_owned()));
    }
    // A page may have fewer than were asked for: the cursor goes on after the last of them.
    let limit = limit.min(MOST);
    let store = service.runtime.store();
    let partitions = store.partitions();
    let mut cursor = match &asked.after {
        Some(after) => read_cursor(after, partitions, "after")?,
        None => first_kept(&**store, &at.workspace, partitions).await?,
    };
    let (mut lines, mut left) = (String::new(), limit);
    while left > 0 && lines.len() < BYTES {
        let (records, next) = match store.records(&at.workspace, &cursor, left.min(PAGE)).await {
            Ok(page) => page,
            // What was read before still stands; the next call is told.
            Err(StoreError::NotKept(_)) if !lines.is_empty() => break,
            Err(StoreError::NotKept(first)) => {
                return Err(gone(&**store, &at.workspace, cursor, first).await);
            }
            Err(error) => return Err(error.into()),
        };
        if records.is_empty() {
            break;
        }
        left -= records.len().min(left);
        cursor = next;
        records.iter().for_each(|record| write(&mut lines, record, partitions > 1));
    }
    let next = write_cursor(&cursor, partitions);
    Ok(([(header::CONTENT_TYPE, "application/jsonl".to_owned()), (NEXT, next)], lines).into_response())
}

fn write(lines: &mut String, record: &KeptRecord, many: bool) {
    match record.line.strip_prefix('{') {
        Some(rest) if many => lines.push_str(&format!("{{\"partition\":{},{rest}", record.partition)),
        _ => lines.push_str(&record.line),
    }
    lines.push('\n');
}

/// A cursor is a position in each partition, separated by dots.
pub(super) fn read_cursor(text: &str, partitions: u32, name: &str) -> Result<Cursor, Problem> {
    let positions: Result<Vec<u64>, _> = text.split('.').map(str::parse).collect();
    let bad = || {
        let detail = format!("`{name}` is the cursor of an earlier answer of this workspace");
        Problem::new(Kind::BadRequest, detail)
    };
    let mut positions = positions.map_err(|_| bad())?;
    // `0` is the beginning, however many partitions there are.
    if positions == [0] {
        positions = vec![0; partitions as usize];
    }
    if positions.len() == partitions as usize { Ok(Cursor(positions)) } else { Err(bad()) }
}

pub(super) fn write_cursor(cursor: &Cursor, partitions: u32) -> String {
    let position = |partition: u32| cursor.0.get(partition as usize).copied().unwrap_or_default().to_string();
    (0..partitions).map(position).collect::<Vec<_>>().join(".")
}

pub(super) async fn first_kept<S: Store>(
    store: &S,
    workspace: &WorkspaceId,
    partitions: u32,
) -> Result<Cursor, StoreError> {
    let mut positions = Vec::new();
    for partition in 0..partitions {
        let shard = Shard { workspace: workspace.clone(), partition };
        positions.push(store.stretch(&shard).await?.first_record);
    }
    Ok(Cursor(positions))
}

/// Says from where on there are records.
async fn gone<S: Store>(store: &S, workspace: &WorkspaceId, after: Cursor, first: u64) -> Problem {
    let partitions = store.partitions();
    let detail = format!("records before {first} are not kept any more: go on after `x-next-cursor` to leave them out");
    let problem = Problem::new(Kind::RecordsGone, detail);
    let Ok(mut from) = first_kept(store, workspace, partitions).await else { return problem };
    for (position, asked) in from.0.iter_mut().zip(after.0) {
        *position = asked.max(*position);
    }
    problem.with_header(NEXT, &write_cursor(&from, partitions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_a_cursor_is_a_position_in_each_partition() {
        for (text, partitions, wanted) in [
            ("0", 1, Some(vec![0])),
            ("17", 1, Some(vec![17])),
            ("0", 3, Some(vec![0, 0, 0])),
            ("1.2.3", 3, Some(vec![1, 2, 3])),
            ("1.2", 3, None),
            ("1.2", 1, None),
            ("", 1, None),
            ("-1", 1, None),
            ("99999999999999999999", 1, None),
        ] {
            let read = read_cursor(text, partitions, "after").ok();
            assert_eq!(read.as_ref().map(|cursor| cursor.0.clone()), wanted, "{text}");
            if let Some(cursor) = read.filter(|_| text != "0") {
                assert_eq!(write_cursor(&cursor, partitions), text);
            }
        }
        assert_eq!(write_cursor(&Cursor::default(), 2), "0.0");
    }

    #[test]
    fn h_a_record_says_its_partition_where_there_are_many() {
        let record = KeptRecord { partition: 5, seq: 0, line: "{\"seq\":0}".to_owned() };
        let mut lines = String::new();
        write(&mut lines, &record, true);
        write(&mut lines, &record, false);
        assert_eq!(lines, "{\"partition\":5,\"seq\":0}\n{\"seq\":0}\n");
    }
}
