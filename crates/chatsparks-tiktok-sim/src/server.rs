//! The server: connections, and what every call goes through.

mod answer;
mod business;
mod login;
mod messaging;
mod shop;
mod steer;
mod subscriptions;

use crate::{
    control::{self, Mishap, Platform},
    courier::Shared,
    world::{Met, Rate, Token, World},
};
use answer::Answer;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use http_body_util::{BodyExt, Limited};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use std::{convert::Infallible, fmt, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};
use tower::ServiceExt;

/// The longest body that is read.
const BODY: usize = 10 << 20;

/// An endpoint of TikTok's.
pub(crate) struct Endpoint {
    pub(crate) verb: Method,
    pub(crate) path: &'static str,
    pub(crate) gate: Gate,
    pub(crate) run: fn(&mut World, &Call) -> Answer,
}

/// Who gets in.
#[derive(Clone, Copy)]
pub(crate) enum Gate {
    /// Whoever knows what the call asks for itself.
    Open,
    /// Whoever has an access token of the Business API with this scope.
    Business(&'static str, Rate),
    /// Whoever signs for the shop and has its access token; and whether the call names the shop by its cipher.
    Shop { cipher: bool },
}

/// A call as an endpoint sees it.
pub(crate) struct Call {
    pub(crate) at: i64,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) json: Value,
    pub(crate) headers: HeaderMap,
    /// Whose token it bears; where none is asked for, the first account.
    pub(crate) account: usize,
}

impl Call {
    /// A parameter of the query.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// A text of the body.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name)?.as_str()
    }
}

/// Every call, and the control API.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let all = [login::ENDPOINTS, business::ENDPOINTS, subscriptions::ENDPOINTS, messaging::ENDPOINTS, shop::ENDPOINTS];
    let mut router = Router::new();
    for endpoint in all.into_iter().flatten() {
        let verb = match endpoint.verb {
            Method::POST => MethodFilter::POST,
            Method::PUT => MethodFilter::PUT,
            Method::DELETE => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let handle = move |State(shared): State<Arc<Shared>>, request: Request| handle(shared, endpoint, request);
        router = router.route(endpoint.path, on(verb, handle));
    }
    router.merge(steer::routes()).fallback(nothing_there).with_state(shared)
}

/// A path that is missing its last slash is one of those.
async fn nothing_there() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found").into_response()
}

async fn handle(shared: Arc<Shared>, endpoint: &'static Endpoint, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default();
    let body = body.to_bytes();
    let (at, met) = {
        let mut world = shared.world();
        (world.clock.now(), world.faults.meets(&path))
    };
    let mut call = Call {
        at,
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        json: serde_json::from_slice(&body).unwrap_or_default(),
        headers: parts.headers,
        body,
        path,
        account: 0,
    };
    let before = met.clone().filter(|met| !met.work_is_done);
    let mut answer = match before {
        Some(Met { what: Mishap::Delay { ms }, .. }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            work(&shared, endpoint, &mut call).await
        }
        Some(Met { what, .. }) => mishap(&shared, endpoint, &what),
        None => work(&shared, endpoint, &mut call).await,
    };
    match met.clone().filter(|met| met.work_is_done) {
        Some(Met { what: Mishap::Delay { ms }, .. }) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(Met { what, .. }) => answer = mishap(&shared, endpoint, &what),
        None => {}
    }
    let seen = control::Call {
        at,
        method: parts.method.to_string(),
        path: call.path,
        status: answer.status,
        code: answer.code,
        fault: met.is_some(),
    };
    shared.world().calls.push(seen);
    shared.stir();
    answer.into_response()
}

/// Does what a call asks for.
async fn work(shared: &Arc<Shared>, endpoint: &Endpoint, call: &mut Call) -> Answer {
    let (answer, echo_first) = {
        let mut world = shared.world();
        call.at = world.clock.now();
        let answer = match admit(&mut world, endpoint, call) {
            Ok(()) => (endpoint.run)(&mut world, call),
            Err(refused) => refused,
        };
        let number = world.calls.len().to_string();
        (answer.asked(&format!("{}{number:0>12}", call.at)), world.settings.echo_first)
    };
    shared.stir();
    if let Some(echo) = answer.echo.filter(|_| echo_first) {
        // Whoever answers webhooks only after its own call is answered waits no longer than this.
        let tried = async {
            while !shared.world().hooks.is_tried(echo) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), tried).await;
    }
    answer
}

/// Counts the call, and lets it in or not.
fn admit(world: &mut World, endpoint: &Endpoint, call: &mut Call) -> Result<(), Answer> {
    let outside = world.clock.outside();
    let rates = world.settings.rates;
    match endpoint.gate {
        Gate::Open => Ok(()),
        Gate::Shop { cipher } => {
            let token = shop::admit(world, outside, call, cipher)?;
            call.account = token.account;
            let of = world.accounts[token.account].shop.id.clone();
            let admitted = world.limits.admits(outside, &rates, Rate::Shop, &of, &call.path);
            if admitted { Ok(()) } else { Err(Answer::shop_busy()) }
        }
        Gate::Business(scope, rate) => {
            let token = business_token(world, call, scope)?;
            call.account = token.account;
            let business = world.accounts[token.account].business_id.clone();
            if !world.limits.admits(outside, &rates, rate, &business, &call.path) {
                return Err(Answer::busy());
            }
            match call.asked("business_id").or(call.text("business_id")) {
                Some(named) if named == business => Ok(()),
                Some(_) => Err(Answer::refused(40_001, "No permission to operate business_id.")),
                None => Err(Answer::refused(40_002, "business_id: Missing data for required field.")),
            }
        }
    }
}

fn business_token(world: &mut World, call: &Call, scope: &str) -> Result<Token, Answer> {
    let bears = call.headers.get("access-token").and_then(|it| it.to_str().ok()).unwrap_or_default();
    if bears.is_empty() {
        return Err(Answer::refused(40_104, "Access token is empty."));
    }
    let token = world.token(Platform::Business, bears);
    let token = token.ok_or_else(|| Answer::refused(40_105, "Access token is incorrect or has been revoked."))?;
    if !token.scopes.split(',').any(|it| it == scope) {
        return Err(Answer::refused(40_001, format!("No permission: the scope {scope} is missing.")));
    }
    Ok(token)
}

fn mishap(shared: &Shared, endpoint: &Endpoint, what: &Mishap) -> Answer {
    let of_shop = matches!(endpoint.gate, Gate::Shop { .. });
    let number = shared.world().calls.len().to_string();
    let answer = match what {
        Mishap::Code { code, message } if of_shop => Answer::shop_refused(*code, message.clone()),
        Mishap::Code { code, message } => Answer::refused(*code, message.clone()),
        Mishap::RateLimit if of_shop => Answer::shop_busy(),
        Mishap::RateLimit => Answer::busy(),
        Mishap::Status { status, retry_after } => Answer::status(*status, *retry_after),
        Mishap::Drop => Answer::dropped(),
        Mishap::Garbage => Answer::garbage(),
        Mishap::Delay { .. } => Answer::status(504, None),
    };
    answer.asked(&format!("{number:0>20}"))
}

/// A connection is closed here without an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("closed without an answer, as was asked for")
    }
}

impl std::error::Error for Dropped {}

/// Takes connections, for ever.
pub(crate) async fn serve(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let answering = router.clone().oneshot(request.map(Body::new));
            async move {
                let answer: Result<Response, Infallible> = answering.await;
                match answer {
                    Ok(answer) if answer.extensions().get::<Dropped>().is_some() => Err(Dropped),
                    Ok(answer) => Ok(answer),
                    Err(never) => match never {},
                }
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(30));
        connections.spawn(async move {
            // What a client does wrong is its own matter.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
