//! A trigger and its flow made anew under new ids (D7).

use super::{asked, document, to_its_end};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use chatsparks_core::{OldFlow, Problem as Fault, ResetError, TriggerId};
use chatsparks_ports::Store;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A trigger that stands in the place of another.
#[derive(Serialize, ToSchema)]
#[schema(as = TriggerReset)]
pub(crate) struct Reset {
    /// The revision that has it.
    revision: u32,
    /// The new trigger's id: the old one with a number.
    trigger: String,
    /// The new flow's id, likewise.
    flow: String,
    /// What is only suspicious in the document.
    #[schema(value_type = Vec<crate::openapi::FaultShape>)]
    warnings: Vec<Fault>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Keep the old flow, so that conversations which run on it end as they began. Without, it goes unless another
    /// trigger starts it, and they go to a person when they would next go on.
    #[serde(default)]
    keep_flow: bool,
}

/// Make a trigger and its flow anew under new ids, and put that document in force: no throttle holds the new one back, and
/// nobody is held to an old version of its flow.
///
/// What was decided of the old one is still explained by the revision that decided it. Where somebody puts another document
/// in force meanwhile, nothing is changed: `409`.
#[utoipa::path(
    operation_id = "reset_trigger",
    post, path = "/v1/workspaces/{workspace}/triggers/{trigger}/reset", tag = "triggers",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("trigger" = String, Path, description = "The trigger, percent-encoded"),
        Asked,
    ),
    responses((status = 200, description = "It is in force", body = Reset, headers(("etag" = String, description = "Its revision")))),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn post<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Response, Problem> {
    let (at, Asked { keep_flow }): (_, Asked) = asked(&service, request, Scope::Admin).await?;
    let Some(engine) = service.runtime.latest(&at.workspace).await else {
        return Err(Problem::new(Kind::UnknownWorkspace, "the configuration names none of this id"));
    };
    let (trigger, old_flow) =
        (TriggerId::from(at.name.as_str()), if keep_flow { OldFlow::Keep } else { OldFlow::Remove });
    let new = engine.workspace().free_ids(&trigger).map_err(|error| refused(&error))?;
    let changed = engine.workspace().reset_trigger(&trigger, &new, old_flow).map_err(|error| refused(&error))?;
    let (runtime, workspace, given, revision) =
        (service.runtime.clone(), at.workspace, changed.clone(), engine.revision());
    let configured = to_its_end(async move { runtime.configure(&workspace, given, Some(revision)).await }).await?;
    let configured = match configured {
        Ok(configured) => configured,
        Err(error) => return Err(document::refused(error, changed).await),
    };
    let etag = [(header::ETAG, document::etag(configured.revision))];
    let (trigger, flow) = (new.trigger.to_string(), new.flow.to_string());
    let reset = Reset { revision: configured.revision, trigger, flow, warnings: configured.warnings };
    Ok((etag, Json(reset)).into_response())
}

fn refused(error: &ResetError) -> Problem {
    match error {
        ResetError::UnknownTrigger(_) => Problem::new(Kind::NotFound, "the workspace has no such trigger"),
        error => Problem::new(Kind::NotFound, error.to_string()),
    }
}
