//! What changes, as it does: server-sent events, fed from the records.

use super::{
    asked,
    records::{read_cursor, write_cursor},
};
use crate::{Problem, Scope, connections::Stopping, router::Shared};
use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{Cursor, Store, StoreError};
use chatsparks_runtime::Changes;
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use std::{convert::Infallible, time::Duration};
use utoipa::IntoParams;

/// What a browser sends when it comes again.
const LAST: HeaderName = HeaderName::from_static("last-event-id");
/// Changes are told so often at most: a burst is one change.
const BETWEEN: Duration = Duration::from_millis(250);
/// Where another process decides, no commit is seen here: then it is looked this often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Nothing for so long, and a comment says that the service is still there.
const STILL_HERE: Duration = Duration::from_secs(15);
/// Pages of records that are told as one change.
const PAGES: usize = 50;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// From where on: the id of the last event that was seen, as `last-event-id` has it. Without, from now on.
    #[param(pattern = r"^\d{1,18}(\.\d{1,18})*$", nullable = false)]
    after: Option<String>,
}

/// What changes from now on, as server-sent events: `changes` names the contacts, DMs and orders that may be read again, and
/// none of what anybody wrote; `reset` says that everything may be.
#[utoipa::path(
    operation_id = "watch_changes",
    get, path = "/v1/workspaces/{workspace}/changes", tag = "records",
    params(("workspace" = String, Path, description = "The id of the workspace"), Asked),
    responses((status = 200, description = "Changes, until either side ends it", body = String, content_type = "text/event-stream")),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn watch<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Response, Problem> {
    let stopping = request.extensions().get::<Stopping>().cloned();
    let last = request.headers().get(LAST).and_then(|last| last.to_str().ok()).map(str::to_owned);
    let (at, asked): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let partitions = service.runtime.store().partitions();
    let read = match last.or(asked.after) {
        Some(after) => read_cursor(&after, partitions, "after")?,
        None => service.runtime.records_end(&at.workspace).await?,
    };
    let watching = Watching { service, workspace: at.workspace, read, stopping, begun: false };
    let told = stream::unfold(watching, |mut watching| async move {
        let next = watching.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(next)), watching))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that gather answers would keep it until it is over.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, axum::body::Body::from_stream(told)).into_response())
}

struct Watching<S: Store> {
    service: Shared<S>,
    workspace: WorkspaceId,
    read: Cursor,
    stopping: Option<Stopping>,
    begun: bool,
}

impl<S: Store> Watching<S> {
    /// What is told next; none: it is over, since the service stops.
    async fn next(&mut self) -> Option<String> {
        if !self.begun {
            self.begun = true;
            return Some(format!("retry: 1000\n: {}\n\n", self.workspace));
        }
        let (stopping, service) = (self.stopping.clone(), self.service.clone());
        let stops = async {
            match stopping {
                Some(stopping) => stopping.wait().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stops => None,
            () = service.runtime.stops() => None,
            told = tokio::time::timeout(STILL_HERE, self.change()) => Some(told.unwrap_or_else(|_| ": still here\n\n".to_owned())),
        }
    }

    /// Waits for a change. Nothing is lost where this is given up before it is done.
    async fn change(&mut self) -> String {
        let runtime = &self.service.runtime;
        let partitions = runtime.store().partitions();
        let mut commits = runtime.commits();
        loop {
            tokio::time::sleep(BETWEEN).await;
            match runtime.changes(&self.workspace, &self.read, PAGES).await {
                Ok(changes) if changes.records > 0 => {
                    self.read = changes.read.clone();
                    return event("changes", &self.read, partitions, &changes);
                }
                Ok(_) => {
                    let _ = tokio::time::timeout(LOOK_AGAIN, commits.changed()).await;
                }
                Err(StoreError::NotKept(_)) => {
                    if let Ok(end) = runtime.records_end(&self.workspace).await {
                        self.read = end;
                        return event("reset", &self.read, partitions, &Changes::default());
                    }
                }
                // The store will be there again, or the connection ends.
                Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }
}

fn event(name: &str, read: &Cursor, partitions: u32, changes: &Changes) -> String {
    format!("event: {name}\nid: {}\ndata: {}\n\n", write_cursor(read, partitions), json!(changes))
}
