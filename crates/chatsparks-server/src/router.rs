//! The router: every call, and what holds for all of them.

use crate::{
    Access, Kind, Limits, Problem,
    body::PIECE,
    calls::{
        acts, changes, clock, comments, connections, contacts, conversations, diagnosis, digest, document, events,
        health, insights, orders, people, queue, records, reset, session, state, support, thread, trial, triggers,
        usage,
    },
    openapi,
    platform::RuntimeHost,
};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::{MatchedPath, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chatsparks_ports::Store;
use chatsparks_runtime::Runtime;
use chatsparks_tiktok::{Account, DoorLimits};
use futures_util::{FutureExt, StreamExt, stream};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;

/// What a router may be told besides who gets in. All of it has defaults.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// What requests may take.
    pub limits: Limits,
    /// Where metrics are gathered; without, there is no `/metrics`.
    pub metrics: Option<PrometheusHandle>,
    /// Whether events bring their own `at` (R2): as the runtime was told.
    pub trust_at: bool,
    /// TikTok accounts, whose deliveries come in at `/webhooks` (H5). [`serve`](crate::serve) works for them; with the
    /// router alone, [`Account::run`] has to be spawned.
    pub tiktok: Vec<Account>,
    /// Whether the console is served at `/`.
    #[cfg(feature = "console")]
    pub console: bool,
}

/// What every call works with.
pub(crate) struct Service<S: Store> {
    pub(crate) runtime: Runtime<S>,
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) trust_at: bool,
    pub(crate) tiktok: Vec<Account>,
    /// Room for bodies, in pieces.
    pub(crate) memory: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    /// Whole states are made one at a time: each may be large.
    pub(crate) whole: Semaphore,
}

pub(crate) type Shared<S> = Arc<Service<S>>;

/// Every call of `chatsparks serve`, for an application of one's own: nested where it likes, or served alone.
///
/// Bodies, times and numbers of requests are limited as [`Limits`] has them by default; those of heads and connections
/// are for whoever listens.
pub fn router<S: Store>(runtime: Runtime<S>, access: Access) -> Router {
    router_with(runtime, access, Options::default())
}

/// The same, told more.
pub fn router_with<S: Store>(runtime: Runtime<S>, access: Access, options: Options) -> Router {
    let host = Arc::new(RuntimeHost::of(&runtime));
    options.tiktok.iter().for_each(|account| account.attach(host.clone()));
    let webhooks = (!options.tiktok.is_empty()).then(|| {
        let mut limits = DoorLimits::default();
        (limits.body_bytes, limits.body) = (limits.body_bytes.min(options.limits.body_bytes), options.limits.body);
        chatsparks_tiktok::router(&options.tiktok, runtime.clock(), limits)
    });
    #[cfg(feature = "console")]
    let has_console = options.console;
    let pieces = options.limits.memory_bytes.div_ceil(PIECE).min(Semaphore::MAX_PERMITS);
    let service = Arc::new(Service {
        runtime,
        access,
        memory: Arc::new(Semaphore::new(pieces)),
        requests: Arc::new(Semaphore::new(options.limits.requests.clamp(1, Semaphore::MAX_PERMITS))),
        whole: Semaphore::new(1),
        limits: options.limits,
        metrics: options.metrics,
        trust_at: options.trust_at,
        tiktok: options.tiktok,
    });
    let workspace = Router::new()
        .route("/events", post(events::post::<S>))
        .route("/records", get(records::get::<S>))
        .route("/state", get(state::get::<S>))
        .route("/contacts/{user_id}", get(contacts::get::<S>).delete(contacts::forget::<S>))
        .route("/contacts/{user_id}/thread", get(thread::get::<S>))
        .route("/contacts/{user_id}/acts", post(acts::act::<S>))
        .route("/contacts/{user_id}/messages", post(acts::write::<S>))
        .route("/orders/{order_id}/explain", get(orders::explain::<S>))
        .route("/orders/{order_id}/review", post(acts::review::<S>))
        .route("/changes", get(changes::watch::<S>))
        .route("/conversations", get(conversations::list::<S>))
        .route("/orders", get(orders::list::<S>))
        .route("/orders/{order_id}", get(orders::get::<S>))
        .route("/triggers", get(triggers::list::<S>))
        .route("/triggers/{trigger}", get(triggers::get::<S>))
        .route("/triggers/{trigger}/evaluations", get(triggers::evaluations::<S>))
        .route("/triggers/{trigger}/hits", get(triggers::hits::<S>))
        .route("/triggers/{trigger}/reset", post(reset::post::<S>))
        .route("/try", post(trial::post::<S>))
        .route("/usage", get(usage::get::<S>))
        .route("/held", get(usage::held::<S>))
        .route("/members", get(people::members::<S>))
        .route("/connections", get(connections::get::<S>))
        .route("/diagnosis", get(diagnosis::get::<S>))
        .route("/support", get(support::get::<S>))
        .route("/comments/{comment_id}/explain", get(comments::explain::<S>))
        .route("/digest", get(digest::get::<S>))
        .route("/insights", get(insights::get::<S>))
        .route("/queue", get(queue::get::<S>))
        .route("/queue/retry", post(queue::retry::<S>))
        .route("/queue/drop", post(queue::drop::<S>))
        .route("/document", get(document::get::<S>).put(document::put::<S>));
    let first = Router::new()
        .route("/workspaces", get(people::workspaces::<S>))
        .nest("/workspaces/{workspace}", workspace)
        .route("/clock/confirm", post(clock::confirm::<S>))
        .route("/session", get(session::get::<S>))
        .route("/openapi.json", get(openapi::get))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(service.clone(), known::<S>))
        // Whoever signs in brings no token but in what they say, and whoever signs out needs none.
        .route("/session", post(session::begin::<S>).delete(session::end));
    let app = Router::new();
    let app = match webhooks {
        Some(webhooks) => app.nest("/webhooks", webhooks.with_state(())),
        None => app,
    };
    #[cfg(feature = "console")]
    let app = if has_console { app.merge(crate::console::routes()) } else { app };
    app.nest("/v1", first)
        .route("/healthz", get(health::health::<S>))
        .route("/metrics", get(health::metrics::<S>))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(service.clone(), bounded::<S>))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(service)
}

/// Lets nobody further who is not known.
async fn known<S: Store>(State(service): State<Shared<S>>, mut request: Request, next: Next) -> Response {
    match service.access.caller(request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// A request's turn among those that are worked on at once.
#[derive(Default)]
struct Turn(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Turn {
    /// Has the turn taken where the body ends: whoever sends slowly holds up nobody else (H4).
    async fn once_it_is_here(&self, turns: Arc<Semaphore>, request: Request) -> Request {
        let place = self.0.clone();
        let take = async move {
            let turn = turns.acquire_owned().await.ok();
            *place.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        };
        let (parts, body) = request.into_parts();
        if body.is_end_stream() {
            take.await;
            return Request::from_parts(parts, body);
        }
        let end = stream::once(take.map(|()| Ok(Bytes::new())));
        Request::from_parts(parts, Body::from_stream(body.into_data_stream().chain(end)))
    }
}

/// Holds requests to their number and their time, and tells of them, without what they are about.
async fn bounded<S: Store>(State(service): State<Shared<S>>, request: Request, next: Next) -> Response {
    let began = std::time::Instant::now();
    let path = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    // Bodies have a time of their own.
    let within = service.limits.request + service.limits.body;
    let turn = Turn::default();
    let answer = async {
        let request = turn.once_it_is_here(service.requests.clone(), request).await;
        next.run(request).await
    };
    let response = tokio::time::timeout(within, answer).await.unwrap_or_else(|_| busy(within).into_response());
    let status = response.status().as_u16();
    metrics::counter!("chatsparks_http_requests_total", "path" => path.clone(), "status" => status.to_string())
        .increment(1);
    tracing::debug!(%method, path, status, milliseconds = began.elapsed().as_millis() as u64, "answered");
    response
}

fn busy(within: Duration) -> Problem {
    let detail = format!(
        "there was no answer within {} seconds; what was sent may have been done, and may be sent again",
        within.as_secs()
    );
    Problem::new(Kind::Busy, detail).retry_after(Duration::from_secs(1))
}

async fn nothing_here() -> Problem {
    Problem::new(Kind::NotFound, "`/v1/openapi.json` lists what there is")
}

async fn not_so(request: Request) -> Problem {
    let detail = format!("`{}` is nothing that can be done here: see the header `allow`", request.method());
    Problem::new(Kind::MethodNotAllowed, detail)
}

/// What a panic said may hold anything, and is nowhere repeated.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a call panicked: this is a bug of ours");
    let mut response =
        Problem::new(Kind::Internal, "this is a bug of ours; nothing else is stopped by it").into_response();
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
