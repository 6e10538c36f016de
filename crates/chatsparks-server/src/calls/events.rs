//! Events in (R1, R2).

use super::{Accepted, At, forget_beside, lines::Lines, to_its_end};
use crate::{
    Kind, Problem, Scope,
    body::{Media, receive},
    openapi::EventLine,
    router::Shared,
};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::{Event, UserId};
use chatsparks_ports::Store;
use chatsparks_replay::Arrival;
use chatsparks_runtime::{AcceptError, NewEvent};
use serde_json::json;

/// Bodies longer than this are read on a thread of their own, so that other requests are not held up.
const LONG: usize = 64 << 10;

/// Take events: one JSON object, or JSON Lines.
///
/// They are durable when this answers, and each is decided exactly once; an id that comes again changes nothing, so that
/// whatever was not acknowledged may be sent again. None of the body is taken when one line of it cannot be.
#[utoipa::path(
    operation_id = "take_events",
    post, path = "/v1/workspaces/{workspace}/events", tag = "events",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    request_body(content(
        (EventLine = "application/json"),
        (String = "application/jsonl"),
    )),
    responses((status = 200, description = "They are durable", body = Accepted)),
    security(("bearer" = ["ingest"])),
)]
pub(crate) async fn post<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    request: Request,
) -> Result<Json<Accepted>, Problem> {
    at.check(Scope::Ingest, &service).await?;
    let reads = [Media::Json, Media::Lines, Media::Unsaid];
    let received = receive(&service, request, service.limits.body_bytes, &reads).await?;
    let (bytes, trust_at) = (received.bytes, service.trust_at);
    let read = if bytes.len() > LONG {
        let read = tokio::task::spawn_blocking(move || Lines::new(bytes).read(trust_at)).await;
        read.map_err(|_| Problem::new(Kind::Internal, "this is a bug of ours"))?
    } else {
        Lines::new(bytes).read(trust_at)
    };
    let arrivals = read?;
    allowed(&at, &arrivals)?;
    let erased = |arrival: &Arrival| match &arrival.event {
        Event::Erase(person) => Some(person.clone()),
        _ => None,
    };
    let forgotten: Vec<UserId> = arrivals.iter().filter_map(erased).collect();
    let numbers: Vec<u64> = arrivals.iter().map(|arrival| arrival.number).collect();
    let events = arrivals.into_iter().map(|one| NewEvent { id: one.id, at: one.at, event: one.event }).collect();
    let (workspace, room) = (at.workspace.clone(), received.room);
    let accepted = to_its_end(async move {
        forget_beside(&service, &workspace, &forgotten).await?;
        let accepted = service.runtime.accept(&workspace, events).await;
        drop(room);
        // What came in between.
        forget_beside(&service, &workspace, &forgotten).await?;
        Ok::<_, Problem>(accepted)
    });
    match accepted.await?? {
        Ok(accepted) => Ok(Json(Accepted { accepted })),
        Err(AcceptError::AheadOfTime { index, at }) => {
            let line = numbers.get(index).copied().unwrap_or_default();
            let detail = format!("line {line}: its `at`, {at}, is more than 5 minutes ahead of the clock");
            Err(Problem::new(Kind::AheadOfTime, detail).with("line", line))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the caller may bring what only people with a say may do: a member's acts (H6), documents, forgetting.
fn allowed(at: &At, arrivals: &[Arrival]) -> Result<(), Problem> {
    let asks = |event: &Event| match event {
        Event::Act(_) | Event::MemberMessage(_) | Event::OrderReview { .. } => Some((Scope::Act, "a `member`")),
        Event::Configure(_) => Some((Scope::Admin, "a document")),
        Event::Erase(_) => Some((Scope::Admin, "that a person is forgotten")),
        _ => None,
    };
    for arrival in arrivals {
        if let Some((scope, what)) = asks(&arrival.event)
            && !at.caller.may(scope, Some(&at.workspace))
        {
            let line = arrival.number;
            let detail = format!("line {line}: {what} is believed from a token with the scope `{}`", scope.as_str());
            let errors = vec![json!({ "line": line, "code": "forbidden", "detail": detail })];
            return Err(Problem::new(Kind::Forbidden, detail).with("line", line).with_errors(errors));
        }
    }
    Ok(())
}
