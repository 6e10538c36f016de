//! The digest of a workspace's records.

use super::{At, records::first_kept};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{Json, extract::State};
use chatsparks_ports::Store;
use chatsparks_replay::RecordsDigest;
use serde::Serialize;
use utoipa::ToSchema;

/// Records read at once.
const PAGE: usize = 1_000;

/// The digest of the records that are kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct Digest {
    /// SHA-256, in hexadecimal; with one partition and all records kept, what `chatsparks replay --digest` says.
    digest: String,
    /// How many records it is over.
    records: u64,
    /// The first record that is kept, in each partition: 0 where all are.
    first: Vec<u64>,
}

/// The digest of the records: the same for whoever decided alike, in whatever order between contacts.
///
/// The records are read and hashed, one digest at a time, and memory is that of the contacts.
#[utoipa::path(
    operation_id = "read_digest",
    get, path = "/v1/workspaces/{workspace}/digest", tag = "records",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The digest", body = Digest)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, at: At) -> Result<Json<Digest>, Problem> {
    at.check(Scope::Read, &service).await?;
    let _turn = service.whole.acquire().await.map_err(|_| Problem::new(Kind::Busy, "the service is stopping"))?;
    let store = service.runtime.store();
    let mut cursor = first_kept(&**store, &at.workspace, store.partitions()).await?;
    let first = cursor.0.clone();
    let mut digest = RecordsDigest::new();
    loop {
        let (records, next) = store.records(&at.workspace, &cursor, PAGE).await?;
        if records.is_empty() {
            break;
        }
        cursor = next;
        for record in &records {
            let unreadable = |_| Problem::new(Kind::Internal, "a record that is kept cannot be read");
            digest.line(record.partition, record.line.as_bytes()).map_err(unreadable)?;
        }
    }
    Ok(Json(Digest { digest: digest.finish(), records: digest.records(), first }))
}
