//! How the platforms are connected, and whether the webhook receives (W3, D1).

use super::{At, Nothing, asked};
use crate::{Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::{
    ConnectionLight, Envelope, Event, Instant, PostId, SHOP_SCOPES, TIKTOK_SCOPES, WebhookTimes,
    diagnosis::{Advice, Diagnosis, WebhookKnown},
    workspace::{Connection, Connections, Workspace},
};
use chatsparks_ports::Store;
use chatsparks_tiktok::{AccountHealth, SideHealth};
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
    /// The creator account: `light` (`green`, `amber` with what is `missing`, `red`), and its `scopes`; as the account that
    /// this service works for knows it, else as the document says. `advice` and `to_do`: what to do where it is not green;
    /// `refused`: why the platform takes its permission no more.
    #[schema(value_type = Object)]
    tiktok: Value,
    /// The shop, likewise.
    #[schema(value_type = Object)]
    shop: Value,
    /// The webhook: `state` (`waiting`, `receiving`, `silent`), and `last_event`.
    #[schema(value_type = Object)]
    webhook: Value,
    /// The accounts that this service works for: their permission, the scopes of the platform that are missing, what to do,
    /// and when a delivery last came; null where there are none.
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
    let account = account(&service, &at).await;
    let connections = over(&engine.workspace().connections, account.as_ref());
    let times = webhook_times(&service, &at, account.as_ref()).await?;
    let channel = service.runtime.channel_health(&at.workspace);
    let business = account.as_ref().and_then(|account| account.business.as_ref());
    let shop = account.as_ref().and_then(|account| account.shop.as_ref());
    Ok(Json(Connected {
        tiktok: shown(&connections.tiktok, &TIKTOK_SCOPES, business, &ACCOUNT_ADVICE),
        shop: shown(&connections.shop, &SHOP_SCOPES, shop, &SHOP_ADVICE),
        webhook: json!({ "state": times.state(service.runtime.now(&at.workspace)), "last_event": times.last_since_connected() }),
        account: account.map(|account| json!(account)),
        channel: channel.map(|channel| json!(channel)),
    }))
}

/// D1 of this workspace, with what its accounts know.
pub(super) async fn diagnose_webhook<S: Store>(
    service: &Shared<S>,
    at: &At,
    workspace: &Workspace,
    post: Option<&PostId>,
    now: Instant,
) -> Result<Diagnosis, Problem> {
    let account = account(service, at).await;
    let times = webhook_times(service, at, account.as_ref()).await?;
    let connections = over(&workspace.connections, account.as_ref());
    let permission = account.as_ref().and_then(|account| account.business.as_ref()).map(|side| &side.permission);
    let refused = permission.filter(|permission| !permission.unanswered).and_then(|it| it.why.as_deref());
    let known;
    let workspace = if connections == workspace.connections {
        workspace
    } else {
        known = Workspace { connections, ..workspace.clone() };
        &known
    };
    Ok(WebhookKnown { workspace, incident: None, post, refused, times, now }.diagnose())
}

/// How the accounts of a workspace stand that this service works for; none: it has none.
async fn account<S: Store>(service: &Shared<S>, at: &At) -> Option<AccountHealth> {
    let account = service.tiktok.iter().find(|account| *account.workspace() == at.workspace)?;
    Some(account.health().await)
}

/// The connections as the document says them, and over that what the accounts know: who makes the calls knows best.
fn over(written: &Connections, account: Option<&AccountHealth>) -> Connections {
    let side = |written: &Connection, side: Option<&SideHealth>| match side {
        // The platform has not answered yet.
        Some(side) if !side.permission.authorised && !side.permission.is_refused() => written.clone(),
        Some(side) => Connection {
            connected: side.permission.authorised,
            scopes: side.scopes().unwrap_or_else(|| written.scopes.clone()),
        },
        None => written.clone(),
    };
    Connections {
        tiktok: side(&written.tiktok, account.and_then(|account| account.business.as_ref())),
        shop: side(&written.shop, account.and_then(|account| account.shop.as_ref())),
    }
}

/// What to do about a connection that is not as it should be.
struct ConnectionAdvice {
    scopes_missing: Advice,
    disconnected: Advice,
    /// Where whoever makes the calls was told why.
    refused: Advice,
}

const ACCOUNT_ADVICE: ConnectionAdvice = ConnectionAdvice {
    scopes_missing: Advice::GrantScopes,
    disconnected: Advice::Reconnect,
    refused: Advice::AuthoriseAgain,
};
const SHOP_ADVICE: ConnectionAdvice = ConnectionAdvice {
    scopes_missing: Advice::GrantShopScopes,
    disconnected: Advice::ConnectShop,
    refused: Advice::AuthoriseShopAgain,
};

fn shown(connection: &Connection, needed: &[&str], side: Option<&SideHealth>, advice: &ConnectionAdvice) -> Value {
    let light = connection.light(needed);
    let refused = side.filter(|side| side.permission.is_refused()).and_then(|side| side.permission.why.as_deref());
    let advice = match (&light, refused) {
        (ConnectionLight::Green, _) => None,
        (ConnectionLight::Amber { .. }, _) => Some(advice.scopes_missing),
        (ConnectionLight::Red, Some(_)) => Some(advice.refused),
        (ConnectionLight::Red, None) => Some(advice.disconnected),
    };
    let mut shown = json!(light);
    shown["connected"] = json!(connection.connected);
    shown["scopes"] = json!(connection.scopes);
    shown["refused"] = json!(refused.filter(|_| !connection.connected));
    shown["advice"] = json!(advice);
    shown["to_do"] = json!(advice.map(Advice::sentence));
    shown
}

/// What is known of the webhook's times: from the events on record, which the platform, or whoever brings its events,
/// sent.
async fn webhook_times<S: Store>(
    service: &Shared<S>,
    at: &At,
    account: Option<&AccountHealth>,
) -> Result<WebhookTimes, Problem> {
    let mut others_active = None::<Instant>;
    let others = service.runtime.workspaces().into_iter().filter(|other| *other != at.workspace);
    for other in others.take(OTHERS) {
        others_active = others_active.max(last_event(service, &other).await?);
    }
    let business = account.and_then(|account| account.business.as_ref());
    // Where no account says when it was connected, events that came say that it was.
    let connected_at = business.and_then(|side| side.permission.connected);
    let heard = business.and_then(|side| side.last_event);
    let last_event = last_event(service, &at.workspace).await?.max(heard);
    Ok(WebhookTimes { connected_at, last_event, others_active })
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
