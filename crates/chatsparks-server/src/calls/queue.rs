//! What waits to be sent, and what people do with what was given up (O4, O6).

use super::{At, to_its_end};
use crate::{
    Kind, Problem, Scope,
    body::{Media, receive},
    router::Shared,
};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_ports::Store;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Bytes of a body that names an effect.
const NAMED: usize = 16 << 10;

/// An effect by its id.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    /// The effect's id.
    effect: String,
}

/// What waits, what was given up, what is in doubt, and when it will have gone.
#[utoipa::path(
    operation_id = "read_queue",
    get, path = "/v1/workspaces/{workspace}/queue", tag = "queue",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The queue", body = crate::openapi::QueueShape)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, at: At) -> Result<Json<Value>, Problem> {
    at.check(Scope::Read, &service).await?;
    let mut queue = json!(service.runtime.queue(&at.workspace).await?);
    // How the channel stands belongs beside what waits for it.
    if let Some(channel) = service.runtime.channel_health(&at.workspace) {
        let mut channel = json!(channel);
        if let Some(channel) = channel.as_object_mut() {
            channel.remove("workspace");
        }
        queue["channel"] = channel;
    }
    Ok(Json(queue))
}

/// Bring a dead letter back into the queue.
#[utoipa::path(
    operation_id = "retry_effect",
    post, path = "/v1/workspaces/{workspace}/queue/retry", tag = "queue",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    request_body = Named,
    responses((status = 200, description = "It waits again", body = Named)),
    security(("bearer" = ["act"])),
)]
pub(crate) async fn retry<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    request: Request,
) -> Result<Json<Named>, Problem> {
    let named = named(&service, &at, request).await?;
    let (runtime, workspace, effect) = (service.runtime.clone(), at.workspace, named.effect.clone());
    let found = to_its_end(async move { runtime.retry(&workspace, &effect).await }).await??;
    if found { Ok(Json(named)) } else { Err(Problem::new(Kind::NotFound, "there is no dead letter of this id")) }
}

/// Drop an effect that has no outcome yet: it is then `failed`, `dropped`.
#[utoipa::path(
    operation_id = "drop_effect",
    post, path = "/v1/workspaces/{workspace}/queue/drop", tag = "queue",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    request_body = Named,
    responses((status = 200, description = "It is dropped", body = Named)),
    security(("bearer" = ["act"])),
)]
pub(crate) async fn drop<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    request: Request,
) -> Result<Json<Named>, Problem> {
    let named = named(&service, &at, request).await?;
    let (runtime, workspace, effect) = (service.runtime.clone(), at.workspace, named.effect.clone());
    let found = to_its_end(async move { runtime.drop_effect(&workspace, &effect).await }).await??;
    if found { Ok(Json(named)) } else { Err(Problem::new(Kind::NotFound, "no effect of this id waits")) }
}

async fn named<S: Store>(service: &Shared<S>, at: &At, request: Request) -> Result<Named, Problem> {
    at.check(Scope::Act, service).await?;
    let received = receive(service, request, NAMED, &[Media::Json, Media::Unsaid]).await?;
    super::read_body(&received.bytes, "{\"effect\": ID}")
}
