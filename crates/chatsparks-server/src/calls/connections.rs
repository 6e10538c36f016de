//! How the platforms are connected, and whether the webhook receives (W3, D1).

use super::{At, Nothing, asked};
use crate::{Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::{Envelope, Event, Instant, SHOP_SCOPES, TIKTOK_SCOPES, WebhookTimes, workspace::Connection};
use chatsparks_ports::{Clock, Store, SystemClock};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Events that are looked at for the last one of the platform, of this workspace and of each other.
const LOOKED_AT: usize = 2_000;
/// Other workspaces that are looked at: one that receives is enough.
const OTHERS: usize = 16;

/// How the platforms are connected.
#[derive(Serialize, ToSchema)]
#[schema(as = Connections)]
pub(crate) struct Connected {
    /// The creator account: `light` (`green`, `amber` with what is `missing`, `red`), and its `scopes`.
    #[schema(value_type = Object)]
    tiktok: Value,
    /// The shop, likewise.
    #[schema(value_type = Object)]
    shop: Value,
    /// The webhook: `state` (`waiting`, `receiving`, `silent`), and `last_event`.
    #[schema(value_type = Object)]
    webhook: Value,
    /// The accounts that this service works for: their permission, and when a delivery last came; null where there are none.
    #[schema(value_type = Option<Object>)]
    account: Option<Value>,
    /// How the channel stands: `none`, `going` or `stopped`, `since` and `why`.
    #[schema(value_type = Option<Object>)]
    channel: Option<Value>,
}

/// How the platforms are connected, which scopes are missing, and whether the webhook receives.
#[utoipa::path(
    operation_id = "read_connections",
    get, path = "/v1/workspaces/{workspace}/connections", tag = "connections",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The connections", body = Connected)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(
    State(service): State<Shared<S>>,
    request: Request,
) -> Result<Json<Connected>, Problem> {
    let (at, Nothing {}) = asked(&service, request, Scope::Read).await?;
    let engine = at.engine(&service)?;
    let connections = &engine.workspace().connections;
    let times = webhook_times(&service, &at).await?;
    let account = service.tiktok.iter().find(|account| *account.workspace() == at.workspace);
    let account = match account {
        Some(account) => Some(json!(account.health().await)),
        None => None,
    };
    let health = service.runtime.health().await;
    let channel = health.channels.iter().find(|channel| channel.workspace == at.workspace);
    Ok(Json(Connected {
        tiktok: shown(&connections.tiktok, &TIKTOK_SCOPES),
        shop: shown(&connections.shop, &SHOP_SCOPES),
        webhook: json!({ "state": times.state(now()), "last_event": times.last_since_connected() }),
        account,
        channel: channel.map(|channel| json!(channel)),
    }))
}

fn shown(connection: &Connection, needed: &[&str]) -> Value {
    let mut shown = json!(connection.light(needed));
    shown["connected"] = json!(connection.connected);
    shown["scopes"] = json!(connection.scopes);
    shown
}

/// What is known of the webhook's times: from the events on record, which the platform, or whoever brings its events,
/// sent.
pub(super) async fn webhook_times<S: Store>(service: &Shared<S>, at: &At) -> Result<WebhookTimes, Problem> {
    let mut others_active = None::<Instant>;
    let others = service.runtime.workspaces().into_iter().filter(|other| *other != at.workspace);
    for other in others.take(OTHERS) {
        others_active = others_active.max(last_event(service, &other).await?);
    }
    // No more is known of when it was connected than this: events that came say that it was.
    Ok(WebhookTimes { connected_at: None, last_event: last_event(service, &at.workspace).await?, others_active })
}

async fn last_event<S: Store>(
    service: &Shared<S>,
    workspace: &chatsparks_core::WorkspaceId,
) -> Result<Option<Instant>, Problem> {
    let from_platform = |envelope: &Envelope| {
        let event = &envelope.event;
        // What became of an effect here is told as a receipt too.
        let is_ours = envelope.id.as_str().starts_with("outcome:");
        !is_ours
            && matches!(
                event,
                Event::Comment(_)
                    | Event::CommentRemoved(_)
                    | Event::CommentAnswerable(_)
                    | Event::Message(_)
                    | Event::Receipt(_)
            )
    };
    let found = service.runtime.last_events(workspace, None, 1, LOOKED_AT, from_platform).await?;
    Ok(found.events.first().map(|envelope| envelope.at))
}

/// The wall's clock, by which silence is measured.
pub(super) fn now() -> Instant {
    SystemClock::default().wall()
}
