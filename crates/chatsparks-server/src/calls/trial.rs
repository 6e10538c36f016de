//! A text, or a past comment, tried against triggers (C11).

use super::{At, triggers::is_hit};
use crate::{
    Kind, Problem, Scope,
    body::{Media, receive},
    router::Shared,
};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::{CommentId, Explanation, Scratch, Text, diagnosis::Advice};
use chatsparks_ports::Store;
use chatsparks_replay::evidence::Next;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Bytes of a body: a text may be a megabyte, and be written in escapes.
const BODY: usize = 8 << 20;

/// What is tried: a text, or a past comment.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Try)]
pub(crate) struct Asked {
    /// The text.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>)]
    text: Option<Text>,
    /// A comment on record, in place of a text; it is tried under its own post.
    #[serde(default)]
    #[schema(required = false)]
    comment: Option<String>,
    /// As if it stood under this post; without, a text is tried whatever the scopes.
    #[serde(default)]
    #[schema(required = false)]
    post: Option<String>,
    /// Only this trigger.
    #[serde(default)]
    #[schema(required = false)]
    trigger: Option<String>,
}

/// What the triggers would make of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tried {
    /// The revision in force, which was tried.
    revision: u32,
    /// The text that was tried.
    #[schema(value_type = String)]
    text: Text,
    /// Every trigger in priority order, or the one asked for: `hit`, `trigger`, `result`, `also`, `matched`, `cut`,
    /// `advice`, `to_do`.
    #[schema(value_type = Vec<Object>)]
    triggers: Vec<Trial>,
}

#[derive(Serialize)]
struct Trial {
    hit: bool,
    #[serde(flatten)]
    explanation: Explanation,
    #[serde(flatten)]
    next: Next,
}

impl Trial {
    fn new(explanation: Explanation) -> Self {
        let hit = is_hit(&explanation);
        let advice = if hit { Advice::Nothing } else { Advice::about_explanation(&explanation, None) };
        Self { hit, explanation, next: advice.into() }
    }
}

/// Try a text, or a past comment, against one trigger or all of them, drafts too: which would answer, and which words
/// matched. Nothing is changed, and gates such as the throttle play no part.
#[utoipa::path(
    operation_id = "try_text",
    post, path = "/v1/workspaces/{workspace}/try", tag = "triggers",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    request_body = Asked,
    responses((status = 200, description = "What the triggers would make of it", body = Tried)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn post<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    request: Request,
) -> Result<Json<Tried>, Problem> {
    at.check(Scope::Read, &service).await?;
    let received = receive(&service, request, BODY, &[Media::Json, Media::Unsaid]).await?;
    let asked: Asked = super::read_body(&received.bytes, "{\"text\": TEXT} or {\"comment\": ID}")?;
    let engine = at.engine(&service)?;
    let (text, post) = match (asked.text, asked.comment) {
        (Some(text), None) => (text, asked.post),
        (None, Some(comment)) => {
            let found = service.runtime.store().evaluation(&at.workspace, &CommentId::from(comment)).await?;
            let comment =
                found.ok_or_else(|| Problem::new(Kind::NotFound, "nothing is kept of such a comment"))?.comment;
            let post = asked.post.unwrap_or_else(|| comment.post_id.as_str().to_owned());
            (comment.text, Some(post))
        }
        _ => return Err(Problem::new(Kind::BadRequest, "expected either `text` or `comment`")),
    };
    let trigger = asked.trigger;
    let work = move || {
        let mut scratch = Scratch::default();
        let mut trial = engine.try_text(text.as_str(), post.as_deref(), &mut scratch);
        let explained: Vec<Explanation> = match &trigger {
            Some(trigger) => trial.explain(trigger).into_iter().collect(),
            None => trial.explain_all().collect(),
        };
        let triggers = explained.into_iter().map(Trial::new).collect();
        (Tried { revision: engine.revision(), text, triggers }, trigger)
    };
    // Ten thousand triggers take their time, which others need not wait for.
    let tried = tokio::task::spawn_blocking(work).await;
    let (tried, trigger) = tried.map_err(|_| Problem::new(Kind::Internal, "this is a bug of ours"))?;
    if trigger.is_some() && tried.triggers.is_empty() {
        return Err(Problem::new(Kind::NotFound, "the workspace has no such trigger"));
    }
    Ok(Json(tried))
}
