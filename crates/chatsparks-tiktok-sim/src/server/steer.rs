//! The control API.

use crate::{
    control::{
        Act, Advance, Call, Credentials, Crowd, Done, Fault, Identity, Planned, Time, TokenFault, Traits, Webhook,
        WebhookFault,
    },
    courier::Shared,
    ledger::Ledger,
    world::Refusal,
};
use axum::{
    Json, Router,
    extract::{FromRequest, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

type Steered = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/control", get(what_there_is))
        .route("/control/credentials", get(credentials))
        .route("/control/acts", post(act))
        .route("/control/people", get(people).post(person))
        .route("/control/crowd", post(crowd))
        .route("/control/clock", get(clock).post(advance))
        .route("/control/faults", get(faults).post(fault).delete(no_faults))
        .route("/control/webhooks", get(webhooks).post(webhook_fault))
        .route("/control/webhooks/pause", post(pause))
        .route("/control/webhooks/resume", post(resume))
        .route("/control/tokens", post(tokens))
        .route("/control/ledger", get(ledger))
        .route("/control/calls", get(calls))
}

/// Why it is not done.
struct No(String);

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.message)
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": self.0 }))).into_response()
    }
}

/// A body, or a sentence that says what is wrong with it.
struct Asked<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Asked<T> {
    type Rejection = No;

    async fn from_request(request: Request, state: &S) -> Result<Self, No> {
        let body = axum::body::Bytes::from_request(request, state).await.map_err(|error| No(error.to_string()))?;
        serde_json::from_slice(&body).map(Self).map_err(|error| No(format!("the body cannot be read: {error}")))
    }
}

async fn what_there_is() -> Json<Value> {
    Json(json!({
        "GET /control/credentials": "keys, tokens and ids",
        "POST /control/acts": "a person comments, writes, taps, reads, buys, cancels, sends back",
        "GET, POST /control/people": "who there is; who somebody is",
        "POST /control/crowd": "many people live through a time",
        "GET, POST /control/clock": "what time it is; {\"by_ms\": 1000} goes on",
        "GET, POST, DELETE /control/faults": "what goes wrong in calls",
        "GET, POST /control/webhooks": "every webhook; what goes wrong with them",
        "POST /control/webhooks/pause, /resume": "keeps deliveries, lets them go",
        "POST /control/tokens": "tokens expire or are revoked",
        "GET /control/ledger": "what truly happened",
        "GET /control/calls": "every call and its answer",
    }))
}

async fn credentials(State(shared): Steered) -> Json<Credentials> {
    Json(shared.world().credentials(&shared.base))
}

async fn act(State(shared): Steered, Asked(act): Asked<Act>) -> Result<Json<Done>, No> {
    let done = {
        let mut world = shared.world();
        let at = world.clock.now();
        Done { id: world.act(at, &act)?, at }
    };
    shared.stir();
    Ok(Json(done))
}

async fn person(State(shared): Steered, Asked(traits): Asked<Traits>) -> Result<Json<Identity>, No> {
    Ok(Json(shared.world().describe(&traits)?))
}

async fn people(State(shared): Steered) -> Json<Vec<Identity>> {
    Json(shared.world().identities())
}

async fn crowd(State(shared): Steered, Asked(crowd): Asked<Crowd>) -> Result<Json<Planned>, No> {
    let planned = shared.world().crowd(&crowd)?;
    shared.stir();
    Ok(Json(planned))
}

async fn clock(State(shared): Steered) -> Json<Time> {
    Json(shared.time())
}

async fn advance(State(shared): Steered, Asked(advance): Asked<Advance>) -> Result<Json<Time>, No> {
    if advance.by_ms > 400 * 86_400_000 {
        return Err(No("time goes on by at most 400 days at once".to_owned()));
    }
    Ok(Json(shared.advance(&advance).await))
}

async fn faults(State(shared): Steered) -> Json<Vec<Fault>> {
    Json(shared.world().faults.all())
}

async fn fault(State(shared): Steered, Asked(fault): Asked<Fault>) -> Result<Json<Value>, No> {
    shared.world().faults.add(fault)?;
    Ok(Json(json!({})))
}

async fn no_faults(State(shared): Steered) -> Json<Value> {
    shared.world().faults.clear();
    Json(json!({}))
}

async fn webhooks(State(shared): Steered) -> Json<Vec<Webhook>> {
    Json(shared.world().hooks.seen())
}

async fn webhook_fault(State(shared): Steered, Asked(fault): Asked<WebhookFault>) -> Result<Json<Value>, No> {
    shared.world().webhook_fault(fault)?;
    Ok(Json(json!({})))
}

async fn pause(State(shared): Steered) -> Json<Value> {
    shared.world().pause(true);
    Json(json!({}))
}

async fn resume(State(shared): Steered) -> Json<Value> {
    shared.world().pause(false);
    shared.stir();
    Json(json!({}))
}

async fn tokens(State(shared): Steered, Asked(fault): Asked<TokenFault>) -> Result<Json<Value>, No> {
    shared.world().token_fault(&fault)?;
    Ok(Json(json!({})))
}

async fn ledger(State(shared): Steered) -> Json<Ledger> {
    Json(shared.world().ledger())
}

async fn calls(State(shared): Steered) -> Json<Vec<Call>> {
    Json(shared.world().calls.clone())
}
