//! How it is, and how much of what happened.

use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chatsparks_ports::{QueueCount, Store};
use chatsparks_runtime::Health;
use chatsparks_tiktok::AccountHealth;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    health: Health,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tiktok: Vec<AccountHealth>,
}

/// Of how much health is told.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Whether only those workspaces are told of which this process serves something: for balancers, which ask often.
    /// Where several processes share whole workspaces out, nothing is read then of what others serve.
    #[serde(default)]
    here: bool,
}

/// How it is: the store, each log, each channel, the clock, the lag.
///
/// A channel that is stopped stops its own queue only, and is no reason for a `503`.
#[utoipa::path(
    operation_id = "read_health",
    get, path = "/healthz", tag = "service",
    params(Asked),
    responses(
        (status = 200, description = "Events are taken and decided", body = crate::openapi::HealthShape),
        (status = 503, description = "They are not, and why", body = crate::openapi::HealthShape),
    ),
)]
pub(crate) async fn health<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let asked: Asked = super::query(&parts)?;
    let health = if asked.here { service.runtime.health_here().await } else { service.runtime.health().await };
    let status = if health.is_well() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut tiktok = Vec::with_capacity(service.tiktok.len());
    for account in &service.tiktok {
        if !asked.here || service.runtime.part(account.workspace()) > 0.0 {
            tiktok.push(account.health().await);
        }
    }
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(Told { health, tiktok })).into_response())
}

/// Metrics as Prometheus reads them. None bears a user's id or text.
#[utoipa::path(
    operation_id = "read_metrics",
    get, path = "/metrics", tag = "service",
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn metrics<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Response, Problem> {
    service.access.caller(request.headers())?.check(Scope::Read, None)?;
    let Some(metrics) = &service.metrics else {
        return Err(Problem::new(Kind::NotFound, "no metrics are gathered here"));
    };
    for account in &service.tiktok {
        let health = account.health().await;
        let workspace = health.workspace.to_string();
        metrics::gauge!("chatsparks_tiktok_waiting", "workspace" => workspace.clone()).set(health.waiting as f64);
        for (platform, side) in [("business", health.business), ("shop", health.shop)] {
            let Some(side) = side else { continue };
            let labels = [("workspace", workspace.clone()), ("platform", platform.to_owned())];
            metrics::gauge!("chatsparks_tiktok_authorised", &labels)
                .set(f64::from(u8::from(!side.permission.is_refused())));
            if let Some(last) = side.last_event {
                let seconds = last.as_milliseconds() as f64 / 1_000.0;
                metrics::gauge!("chatsparks_tiktok_last_event_timestamp_seconds", &labels).set(seconds);
            }
        }
    }
    // Each process tells of what it serves; together they tell of everything.
    for workspace in service.runtime.workspaces() {
        let served = service.runtime.served_partitions(&workspace).len();
        metrics::gauge!("chatsparks_partitions_served", "workspace" => workspace.to_string()).set(served as f64);
        // What another serves is for that one to tell.
        let count = if served == 0 { QueueCount::default() } else { service.runtime.queue_count(&workspace).await? };
        for (state, count) in [("waiting", count.waiting), ("in_doubt", count.in_doubt), ("dead", count.dead)] {
            let labels = [("workspace", workspace.to_string()), ("state", state.to_owned())];
            metrics::gauge!("chatsparks_queue", &labels).set(count as f64);
        }
    }
    // The lag is measured when somebody looks.
    service.runtime.health_here().await;
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, metrics.render()).into_response())
}
