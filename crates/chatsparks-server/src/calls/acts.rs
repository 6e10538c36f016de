//! What members do: take a conversation, give it back, write, judge an order (V7, V8, V10, A6). Each is an event like any
//! other; who acts is named by the session, or by whoever brings a token that may (H6).

use super::{At, read_body, to_its_end};
use crate::{
    Kind, Problem, Scope,
    body::{Media, receive},
    router::Shared,
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chatsparks_core::{EventId, RefusalReason, diagnosis::Advice};
use chatsparks_ports::Store;
use chatsparks_replay::{Reader, evidence::Next};
use chatsparks_runtime::{ActError, Acted};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;
use utoipa::ToSchema;

/// Bytes of a body: a message of six thousand characters, written in escapes.
const BODY: usize = 256 << 10;
/// How long it is waited for what was decided.
const WITHIN: Duration = Duration::from_secs(10);
/// Characters of a key.
const KEY: usize = 128;

/// What a member does with a contact or their conversation.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Act {
    /// What.
    act: Kinds,
    /// To whom it is assigned.
    #[serde(default)]
    #[schema(required = false, value_type = Option<crate::openapi::Id>)]
    to: Option<String>,
    /// Who acts; left out in a session, which says it.
    #[serde(default)]
    #[schema(required = false, value_type = Option<crate::openapi::Id>)]
    member: Option<String>,
    /// How the conversation stood when they decided to: where it stands otherwise by now, nothing is done.
    #[serde(default)]
    #[schema(required = false)]
    seen: Option<Seen>,
}

/// What members do.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActKind)]
pub(crate) enum Kinds {
    Take,
    Assign,
    HandBack,
    Close,
    Block,
    Unblock,
}

/// How a conversation stood when somebody looked at it.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// Its state: `bot`, `waiting`, `human` or `closed`; null: there was none.
    state: Option<String>,
    /// Whose it was; null: nobody's.
    owner: Option<String>,
}

/// What a member writes.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    /// What it says.
    #[schema(min_length = 1, max_length = 6000)]
    text: String,
    /// A product card.
    #[serde(default)]
    #[schema(required = false, value_type = Option<crate::openapi::LinkShape>)]
    link: Option<Value>,
    /// Who writes; left out in a session, which says it.
    #[serde(default)]
    #[schema(required = false, value_type = Option<crate::openapi::Id>)]
    member: Option<String>,
    /// How the conversation stood when they wrote: where it stands otherwise by now, nothing is sent.
    #[serde(default)]
    #[schema(required = false)]
    seen: Option<Seen>,
}

/// What a member says of a soft order.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Review {
    /// `confirm`: it counts as attributed; `reject`: as organic.
    #[schema(value_type = crate::openapi::Verdict)]
    verdict: Value,
    /// Who says so; left out in a session, which says it.
    #[serde(default)]
    #[schema(required = false, value_type = Option<crate::openapi::Id>)]
    member: Option<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Acted)]
pub(crate) struct Done {
    /// The outcome, as records have it; null: it is durable, and is decided in its turn.
    #[schema(value_type = Option<Object>)]
    outcome: Option<Value>,
    /// The contact, or the order, as they stand now.
    #[schema(value_type = Option<Object>)]
    now: Option<Value>,
}

/// Take, assign, hand back or close a conversation, block or unblock a contact, and wait for what is decided of it.
///
/// With the header `idempotency-key` it is done once, however often it is sent.
#[utoipa::path(
    operation_id = "act_on_contact",
    post, path = "/v1/workspaces/{workspace}/contacts/{user_id}/acts", tag = "conversations",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("user_id" = String, Path, description = "The contact, percent-encoded"),
        ("idempotency-key" = inline(Option<Key>), Header, description = "The same each time the same is sent"),
    ),
    request_body = Act,
    responses((status = 200, description = "It is done", body = Done), (status = 202, description = "It is durable", body = Done)),
    security(("bearer" = ["act"])),
)]
pub(crate) async fn act<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    request: Request,
) -> Result<Response, Problem> {
    done::<S, Act>(&service, &at, request).await
}

/// Write a DM to a contact, and wait for what is decided of it. It takes the conversation, and opens one where none is open.
///
/// With the header `idempotency-key` it is written once, however often it is sent.
#[utoipa::path(
    operation_id = "write_to_contact",
    post, path = "/v1/workspaces/{workspace}/contacts/{user_id}/messages", tag = "conversations",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("user_id" = String, Path, description = "The contact, percent-encoded"),
        ("idempotency-key" = inline(Option<Key>), Header, description = "The same each time the same is sent"),
    ),
    request_body = Write,
    responses((status = 200, description = "It is done", body = Done), (status = 202, description = "It is durable", body = Done)),
    security(("bearer" = ["act"])),
)]
pub(crate) async fn write<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    request: Request,
) -> Result<Response, Problem> {
    done::<S, Write>(&service, &at, request).await
}

/// Confirm or reject a soft order, once, and wait for what is decided of it.
#[utoipa::path(
    operation_id = "review_order",
    post, path = "/v1/workspaces/{workspace}/orders/{order_id}/review", tag = "state",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("order_id" = String, Path, description = "The order, percent-encoded"),
        ("idempotency-key" = inline(Option<Key>), Header, description = "The same each time the same is sent"),
    ),
    request_body = Review,
    responses((status = 200, description = "It is done", body = Done), (status = 202, description = "It is durable", body = Done)),
    security(("bearer" = ["act"])),
)]
pub(crate) async fn review<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    request: Request,
) -> Result<Response, Problem> {
    done::<S, Review>(&service, &at, request).await
}

/// What a member asks for, and the line of a history that it becomes.
trait Asks: DeserializeOwned {
    /// What is expected in the body.
    const EXPECTED: &str;

    /// Who acts, where the body says so.
    fn member(&mut self) -> Option<String>;

    /// How the conversation stood when they decided to.
    fn seen(&self) -> Option<&Seen> {
        None
    }

    /// The line, but for the event's id and who acts. `name`: the contact or the order.
    ///
    /// # Errors
    /// Where it asks for nothing.
    fn line(self, name: &str, key: &EventId) -> Result<Value, Problem>;
}

impl Asks for Act {
    const EXPECTED: &str = "{\"act\": \"take\"}";

    fn member(&mut self) -> Option<String> {
        self.member.take()
    }

    fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    fn line(self, user_id: &str, _key: &EventId) -> Result<Value, Problem> {
        let mut line = json!({ "type": self.act, "user_id": user_id });
        if let Some(to) = self.to {
            line["to"] = to.into();
        }
        Ok(line)
    }
}

impl Asks for Write {
    const EXPECTED: &str = "{\"text\": TEXT}";

    fn member(&mut self) -> Option<String> {
        self.member.take()
    }

    fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    fn line(self, user_id: &str, key: &EventId) -> Result<Value, Problem> {
        if self.text.trim().is_empty() {
            return Err(Problem::new(Kind::BadRequest, "`text` says nothing"));
        }
        let mut line =
            json!({ "type": "member_message", "message_id": key.as_str(), "user_id": user_id, "text": self.text });
        if let Some(link) = self.link {
            line["link"] = link;
        }
        Ok(line)
    }
}

impl Asks for Review {
    const EXPECTED: &str = "{\"verdict\": \"confirm\"}";

    fn member(&mut self) -> Option<String> {
        self.member.take()
    }

    fn line(self, order_id: &str, _key: &EventId) -> Result<Value, Problem> {
        Ok(json!({ "type": "order_review", "order_id": order_id, "verdict": self.verdict }))
    }
}

/// Reads what is asked for, lets it happen, and waits for what is decided of it.
async fn done<S: Store, A: Asks>(service: &Shared<S>, at: &At, request: Request) -> Result<Response, Problem> {
    let (mut asked, key): (A, _) = read(service, at, request, A::EXPECTED).await?;
    has_not_changed(service, at, asked.seen()).await?;
    let member = who(at, asked.member())?;
    let mut line = asked.line(&at.name, &key)?;
    line["member"] = member.into();
    let is_of_an_order = line.get("order_id").is_some();
    let outcome = happen(service, at, key, line).await?;
    let now = match is_of_an_order {
        true => service.runtime.order(&at.workspace, &at.name).await?,
        false => service.runtime.contact(&at.workspace, &at.name).await?,
    };
    answer(outcome, now)
}

/// A key, by which the same is known that is sent again.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 128, pattern = "^[!-~]+$")]
#[allow(dead_code, reason = "only its shape is told")]
pub(crate) struct Key(String);

/// Who acts.
fn who(at: &At, named: Option<String>) -> Result<String, Problem> {
    match (at.caller.session(), named) {
        (Some(session), None) => Ok(session.member.to_string()),
        (Some(session), Some(named)) if session.member == named.as_str() => Ok(named),
        (Some(_), Some(_)) => {
            Err(Problem::new(Kind::Forbidden, "the session names the member who acts, and no other is believed"))
        }
        (None, Some(named)) => Ok(named),
        (None, None) => Err(Problem::new(Kind::BadRequest, "expected `member`: who acts")),
    }
}

async fn read<S: Store, T: DeserializeOwned>(
    service: &Shared<S>,
    at: &At,
    request: Request,
    expected: &str,
) -> Result<(T, EventId), Problem> {
    at.check(Scope::Act, service).await?;
    let key = key(request.headers())?;
    let received = receive(service, request, BODY, &[Media::Json, Media::Unsaid]).await?;
    let key = key.unwrap_or_else(|| service.runtime.fresh_id());
    Ok((read_body(&received.bytes, expected)?, key))
}

/// The id of the event: of the key that the caller gives it.
fn key(headers: &HeaderMap) -> Result<Option<EventId>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= KEY && key.bytes().all(|byte| byte.is_ascii_graphic()));
    let detail = || format!("`idempotency-key` has 1 to {KEY} characters of ASCII, and no spaces");
    key.map(|key| Some(format!("act:{key}").into())).ok_or_else(|| Problem::new(Kind::BadRequest, detail()))
}

/// Two members may act on one conversation: who looked at it before the other acted is told so.
async fn has_not_changed<S: Store>(service: &Shared<S>, at: &At, seen: Option<&Seen>) -> Result<(), Problem> {
    let Some(seen) = seen else { return Ok(()) };
    let now = service.runtime.contact(&at.workspace, &at.name).await?;
    let conversation = now.as_ref().map_or(&Value::Null, |now| &now["conversation"]);
    if conversation["state"].as_str() == seen.state.as_deref()
        && conversation["owner"].as_str() == seen.owner.as_deref()
    {
        return Ok(());
    }
    let detail = "the conversation stands otherwise by now: look at it again";
    let owner = conversation["owner"].as_str();
    Err(Problem::new(Kind::Refused, detail)
        .with("reason", "changed_meanwhile")
        .with("owner", owner)
        .with("state", conversation["state"].as_str()))
}

/// Lets it happen. What a line of a history may say holds for it too, with every limit.
async fn happen<S: Store>(service: &Shared<S>, at: &At, id: EventId, mut line: Value) -> Result<Acted, Problem> {
    line["id"] = id.as_str().into();
    let line = line.to_string();
    let read = Reader::new(line.as_bytes(), "act").arrivals(false).next();
    let event = match read {
        Some(Ok(arrival)) => arrival.event,
        Some(Err(error)) => return Err(Problem::new(Kind::BadRequest, error.expected())),
        None => return Err(Problem::new(Kind::Internal, "this is a bug of ours")),
    };
    let (runtime, workspace) = (service.runtime.clone(), at.workspace.clone());
    let acted = to_its_end(async move { runtime.act(&workspace, id, event, WITHIN).await }).await?;
    acted.map_err(|error| match error {
        ActError::Accept(error) => error.into(),
        ActError::Store(error) => error.into(),
    })
}

fn answer(acted: Acted, now: Option<Value>) -> Result<Response, Problem> {
    let outcome = match acted {
        Acted::Waits => {
            return Ok((StatusCode::ACCEPTED, Json(Done { outcome: None, now })).into_response());
        }
        Acted::Decided(outcome) => outcome,
    };
    if let Ok(reason) = serde_json::from_value::<RefusalReason>(outcome["refused"]["reason"].clone()) {
        let next = Next::from(Advice::about_refusal(reason));
        return Err(Problem::new(Kind::Refused, next.to_do)
            .with("reason", reason.as_str())
            .with("advice", json!(next.advice))
            .with("to_do", next.to_do));
    }
    Ok(Json(Done { outcome: Some(outcome), now }).into_response())
}
