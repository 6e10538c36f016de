//! Triggers: how each stands, and what became of the last comments that it looked at (C10, C11).

use super::{
    asked,
    page::{Cursored, limit},
    records::{read_cursor, write_cursor},
};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::{Event, Explained, Explanation, Scratch, diagnosis::Advice};
use chatsparks_ports::{Cursor, Store};
use chatsparks_replay::evidence::Next;
use chatsparks_runtime::{LogError, LookedAt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

/// Evaluations of a page, without being told and at most.
const USUAL: usize = 50;
const MOST: usize = 200;
/// Past comments that are tried for one answer.
const TRIED: usize = 5_000;

/// Every trigger, in priority order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Triggers {
    /// The revision in force.
    revision: u32,
    /// Each trigger: `id`, `name`, `status` (`active` or `draft`), `scope`, `flow`, and `numbers`: what came of it.
    #[schema(value_type = Vec<Object>)]
    triggers: Vec<Value>,
}

/// One trigger.
#[derive(Serialize, ToSchema)]
#[schema(as = TriggerDetail)]
pub(crate) struct Detail {
    /// The revision in force.
    revision: u32,
    /// The trigger, as the document has it.
    #[schema(value_type = Object)]
    trigger: Value,
    /// What came of it.
    #[schema(value_type = Object)]
    numbers: Value,
    /// The flow that it starts, in its highest version, as the document has it.
    #[schema(value_type = Option<Object>)]
    flow: Option<Value>,
}

/// What became of a trigger for past comments, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Evaluations {
    /// Each comment, and what became of it: `result`, `also`, `matched`, and what is to be done: `advice`, `to_do`.
    #[schema(value_type = Vec<Object>)]
    comments: Vec<Evaluated>,
    /// Where to go on, further back: `before` of the next call; null: that was the first that is kept.
    next: Option<String>,
}

#[derive(Serialize)]
struct Evaluated {
    #[serde(flatten)]
    looked_at: LookedAt,
    #[serde(flatten)]
    next: Next,
}

/// Past comments that a trigger matches as it is now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hits {
    /// The revision in force, which was tried.
    revision: u32,
    /// Each comment, and which of its words matched.
    #[schema(value_type = Vec<Object>)]
    comments: Vec<Value>,
    /// Where to go on, further back; null: every comment that is kept was tried.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Where to go on: `next` of the answer before. Without, from the newest.
    #[param(pattern = r"^\d{1,18}(\.\d{1,18})*$", nullable = false)]
    before: Option<String>,
    /// Comments at most, and never more than 200.
    #[param(minimum = 1, nullable = false)]
    #[serde(default, deserialize_with = "super::page::count")]
    limit: Option<usize>,
}

/// Every trigger in priority order, whether it is live, and what came of it.
#[utoipa::path(
    operation_id = "list_triggers",
    get, path = "/v1/workspaces/{workspace}/triggers", tag = "triggers",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The triggers", body = Triggers)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn list<S: Store>(
    State(service): State<Shared<S>>,
    request: Request,
) -> Result<Json<Triggers>, Problem> {
    let (at, _): (_, super::Nothing) = asked(&service, request, Scope::Read).await?;
    let insights = service.runtime.insights(&at.workspace).await?;
    let engine = at.engine(&service)?;
    let shown = engine.workspace().triggers.iter().map(|trigger| {
        json!({
            "id": trigger.id, "name": trigger.name, "status": trigger.status, "scope": trigger.scope, "flow": trigger.flow,
            "numbers": insights.triggers.get(&trigger.id).cloned().unwrap_or_default(),
        })
    });
    Ok(Json(Triggers { revision: engine.revision(), triggers: shown.collect() }))
}

/// One trigger with its condition and its flow, as the document has them, and what came of it.
#[utoipa::path(
    operation_id = "read_trigger",
    get, path = "/v1/workspaces/{workspace}/triggers/{trigger}", tag = "triggers",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("trigger" = String, Path, description = "The trigger, percent-encoded"),
    ),
    responses((status = 200, description = "The trigger", body = Detail)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Json<Detail>, Problem> {
    let (at, _): (_, super::Nothing) = asked(&service, request, Scope::Read).await?;
    let engine = at.engine(&service)?;
    let workspace = engine.workspace();
    let trigger = workspace.triggers.iter().find(|trigger| trigger.id == at.name.as_str()).ok_or_else(unknown)?;
    let flows = workspace.flows.iter().filter(|flow| flow.id == trigger.flow);
    let insights = service.runtime.insights(&at.workspace).await?;
    Ok(Json(Detail {
        revision: engine.revision(),
        trigger: json!(trigger),
        numbers: json!(insights.triggers.get(&trigger.id).cloned().unwrap_or_default()),
        flow: flows.max_by_key(|flow| flow.version).map(|flow| json!(flow)),
    }))
}

/// The last comments in a trigger's scope, newest first, and what became of each: that it fired, or the first thing that
/// refused it and what to do about it, and what else would have refused it.
///
/// A trigger that was taken out since is told of as long as its comments are on record. An answer may have fewer comments
/// than asked for, and still not be the last: that one has no `next`.
#[utoipa::path(
    operation_id = "list_evaluations",
    get, path = "/v1/workspaces/{workspace}/triggers/{trigger}/evaluations", tag = "triggers",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("trigger" = String, Path, description = "The trigger, percent-encoded"),
        Asked,
    ),
    responses((status = 200, description = "The evaluations", body = Evaluations)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn evaluations<S: Store>(
    State(service): State<Shared<S>>,
    request: Request,
) -> Result<Json<Evaluations>, Problem> {
    let (at, paged): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let (before, limit) = paged.read(&service)?;
    let log = service.runtime.trigger_log(&at.workspace, &at.name, before.as_ref(), limit).await;
    let log = log.map_err(|error| match error {
        LogError::UnknownTrigger => unknown(),
        LogError::Store(error) => error.into(),
    })?;
    let evaluated = |looked_at: LookedAt| Evaluated {
        next: Advice::about_explanation(&looked_at.explanation, None).into(),
        looked_at,
    };
    let next = log.next.written(&service);
    Ok(Json(Evaluations { comments: log.comments.into_iter().map(evaluated).collect(), next }))
}

/// Past comments that a trigger matches as it is now, drafts too: its test against history. Nothing is changed, and gates
/// such as the throttle play no part.
///
/// An answer looks at some thousands of comments; where `next` is, there are more further back.
#[utoipa::path(
    operation_id = "try_history",
    get, path = "/v1/workspaces/{workspace}/triggers/{trigger}/hits", tag = "triggers",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("trigger" = String, Path, description = "The trigger, percent-encoded"),
        Asked,
    ),
    responses((status = 200, description = "The comments that it matches", body = Hits)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn hits<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Json<Hits>, Problem> {
    let (at, paged): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let (before, limit) = paged.read(&service)?;
    let engine = at.engine(&service)?;
    if !engine.workspace().triggers.iter().any(|trigger| trigger.id == at.name.as_str()) {
        return Err(unknown());
    }
    let explained = |event: &Event| -> Option<Explanation> {
        let Event::Comment(comment) = event else { return None };
        let mut scratch = Scratch::default();
        let mut trial = engine.try_text(comment.text.as_str(), Some(comment.post_id.as_str()), &mut scratch);
        trial.explain(&at.name).filter(is_hit)
    };
    let wanted = |envelope: &chatsparks_core::Envelope| explained(&envelope.event).is_some();
    let found = service.runtime.last_events(&at.workspace, before.as_ref(), limit, TRIED, wanted).await?;
    let hit = |envelope: &chatsparks_core::Envelope| {
        let Event::Comment(comment) = &envelope.event else { return None };
        let explanation = explained(&envelope.event)?;
        Some(json!({
            "comment_id": comment.comment_id, "post_id": comment.post_id, "user_id": comment.user_id,
            "handle": comment.handle, "at": envelope.at, "text": beginning(comment.text.as_str()),
            "result": explanation.verdict.result, "matched": explanation.matched, "cut": explanation.cut,
        }))
    };
    let comments = found.events.iter().filter_map(hit).collect();
    Ok(Json(Hits { revision: engine.revision(), comments, next: found.next.written(&service) }))
}

/// As much of a text as is looked at for keywords (N10): in a list nobody reads more.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(10_000).map_or(text, |(end, _)| &text[..end])
}

/// Whether a trigger would answer if it were live.
pub(super) fn is_hit(explanation: &Explanation) -> bool {
    let refusals = std::iter::once(&explanation.verdict).chain(&explanation.also);
    let stands = |result| matches!(result, Explained::Matches | Explained::Draft);
    refusals.into_iter().all(|verdict| stands(verdict.result))
}

fn unknown() -> Problem {
    Problem::new(Kind::NotFound, "the workspace has no such trigger")
}

impl Asked {
    fn read<S: Store>(&self, service: &Shared<S>) -> Result<(Option<Cursor>, usize), Problem> {
        let partitions = service.runtime.store().partitions();
        let before = self.before.as_deref().map(|before| read_cursor(before, partitions, "before")).transpose()?;
        Ok((before, limit(self.limit, USUAL, MOST)?))
    }
}

impl Cursored for Option<Cursor> {
    fn written<S: Store>(&self, service: &Shared<S>) -> Option<String> {
        self.as_ref().map(|cursor| write_cursor(cursor, service.runtime.store().partitions()))
    }
}
