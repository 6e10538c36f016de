//! The machine's clock, confirmed after it was stepped (R2).

use crate::{Problem, Scope, access::Caller, router::Shared};
use axum::{Extension, Json, extract::State};
use chatsparks_ports::Store;
use chatsparks_runtime::Health;

/// Say that the machine's clock is right as it is, after it was stepped.
///
/// Events are stamped by it again, and timers fire. Where it was not stepped, nothing happens.
#[utoipa::path(
    operation_id = "confirm_clock",
    post, path = "/v1/clock/confirm", tag = "service",
    responses((status = 200, description = "How it is now", body = crate::openapi::HealthShape)),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn confirm<S: Store>(
    State(service): State<Shared<S>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Health>, Problem> {
    caller.check(Scope::Admin, None)?;
    service.runtime.confirm_clock();
    Ok(Json(service.runtime.health().await))
}
