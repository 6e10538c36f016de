//! Conversations by state: the inbox (V1).

use super::{
    asked,
    page::{limit, read_place, write_place},
    to_its_end,
};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::ConversationState;
use chatsparks_ports::Store;
use chatsparks_runtime::{Find, Listed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

/// Conversations of a page, without being told and at most.
const USUAL: usize = 50;
const MOST: usize = 200;
/// Characters of a search: a user id has no more.
const FIND: usize = 256;

/// Conversations, the one that was spoken in last first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Conversations {
    /// How many there are in each state: `bot`, `waiting`, `human`, `closed`; of a search, how many it found.
    #[schema(value_type = Object)]
    counts: Value,
    /// Each: the contact as in the state, their `handle`, `last_at`, and `waits_until` where a start of theirs waits.
    #[schema(value_type = Vec<Object>)]
    conversations: Vec<Listed>,
    /// Where to go on: `before` of the next call; null: that was the last.
    next: Option<String>,
    /// Whether a search found more than ten thousand, which is as many as are looked at: more letters find fewer.
    cut: bool,
}

/// Which conversations.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Which {
    Bot,
    Waiting,
    Human,
    Closed,
    /// All that are not closed.
    #[default]
    Open,
    All,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Those in this state: `bot`, `waiting`, `human`, `closed`, all that are `open`, or `all`. Without, those that are open.
    #[param(nullable = false, value_type = Option<String>, pattern = "^(bot|waiting|human|closed|open|all)$")]
    state: Option<Which>,
    /// Those whose user id or handle begins with this. Handles are compared as keywords are, with or without an `@`, and
    /// user ids as they are.
    #[param(nullable = false, max_length = 256)]
    find: Option<String>,
    /// Where to go on: `next` of the answer before.
    #[param(nullable = false, pattern = r"^\d{1,15}~")]
    before: Option<String>,
    /// Conversations at most, and never more than 200.
    #[param(minimum = 1, nullable = false)]
    #[serde(default, deserialize_with = "super::page::count")]
    limit: Option<usize>,
}

/// The last conversation of each contact, by state, the one that was spoken in last first.
#[utoipa::path(
    operation_id = "list_conversations",
    get, path = "/v1/workspaces/{workspace}/conversations", tag = "conversations",
    params(("workspace" = String, Path, description = "The id of the workspace"), Asked),
    responses((status = 200, description = "The conversations", body = Conversations)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn list<S: Store>(
    State(service): State<Shared<S>>,
    request: Request,
) -> Result<Json<Conversations>, Problem> {
    let (at, paged): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let before = paged.before.as_deref().map(|before| read_place(before, "before")).transpose()?;
    let limit = limit(paged.limit, USUAL, MOST)?;
    let states = paged.state.unwrap_or_default().states();
    if paged.find.as_ref().is_some_and(|find| find.chars().count() > FIND) {
        return Err(Problem::new(Kind::BadRequest, format!("`find` has {FIND} characters at most")));
    }
    let find = paged.find.as_deref().and_then(Find::new);
    let (runtime, workspace) = (service.runtime.clone(), at.workspace);
    // Whoever looks first may have gone before every contact was read: who comes next finds what was made.
    let looked = async move { runtime.inbox(&workspace, states, find.as_ref(), before.as_ref(), limit).await };
    let page = to_its_end(looked).await??;
    let next = page.next.as_ref().map(write_place);
    let (counts, cut) = (json!(page.counts), page.cut);
    Ok(Json(Conversations { counts, conversations: page.conversations, next, cut }))
}

impl Which {
    fn states(self) -> &'static [ConversationState] {
        use ConversationState::{Bot, Closed, Human, Waiting};
        match self {
            Self::Bot => &[Bot],
            Self::Waiting => &[Waiting],
            Self::Human => &[Human],
            Self::Closed => &[Closed],
            Self::Open => &[Bot, Waiting, Human],
            Self::All => &[Bot, Waiting, Human, Closed],
        }
    }
}
