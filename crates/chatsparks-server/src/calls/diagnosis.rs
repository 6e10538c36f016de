//! Why something did not happen, and what to do (D).

pub(crate) mod past;

use super::{At, asked, connections};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::{
    DmId, Email, Instant, PostId,
    diagnosis::{Check, DeliveryCause, DeliveryKnown, Diagnosis, TeammateKnown},
};
use chatsparks_ports::Store;
use chatsparks_replay::evidence::Next;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A diagnosis: its checks in the order of the rule, the first that failed, and what to do next.
#[derive(Serialize, ToSchema)]
#[schema(as = Diagnosis)]
pub(crate) struct Diagnosed {
    /// What was asked, as a code.
    #[schema(value_type = String)]
    kind: chatsparks_core::diagnosis::DiagnosisKind,
    /// What is the case, as a code.
    #[schema(value_type = String)]
    case: chatsparks_core::diagnosis::Case,
    /// When it was made.
    #[schema(value_type = String)]
    at: Instant,
    /// The revision in force.
    revision: u32,
    /// The first check that failed; null: none did.
    first_failed: Option<&'static str>,
    /// What to do next: `advice`, a code, and `to_do`, a sentence.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    next: Next,
    /// Every check: `code`, `asks`, `answer` (`pass`, `fail` or `unknown`), `looked_at`, `advice`, `to_do`.
    #[schema(value_type = Vec<Object>)]
    checks: Vec<ShownCheck>,
}

#[derive(Serialize)]
struct ShownCheck {
    #[serde(flatten)]
    check: Check,
    asks: &'static str,
    to_do: &'static str,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// What is asked: `webhook` (it does not receive), `member` (a teammate cannot see the workspace), `dm` (the
    /// buyer never saw it; a public reply likewise), `comment` (a trigger did not fire for it), `order` (it was not
    /// attributed), `contact` (a flow repeats its question).
    #[param(value_type = String, pattern = "^(webhook|member|dm|comment|order|contact)$")]
    about: About,
    /// Of a webhook: the post that comments are missing from.
    #[param(nullable = false)]
    post: Option<String>,
    /// Of a comment: its id, and with it the trigger's.
    #[param(nullable = false)]
    comment: Option<String>,
    /// The trigger that did not fire.
    #[param(nullable = false)]
    trigger: Option<String>,
    /// Of an order: its id.
    #[param(nullable = false)]
    order: Option<String>,
    /// Of a contact: their id.
    #[param(nullable = false)]
    contact: Option<String>,
    /// Of a DM, or of a public reply: its effect's id.
    #[param(nullable = false)]
    dm: Option<String>,
    /// Of a member: the email that they sign in with.
    #[param(nullable = false)]
    email: Option<String>,
    /// Of a member: the email that their invite went to.
    #[param(nullable = false)]
    invite: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum About {
    Webhook,
    Member,
    Dm,
    Comment,
    Order,
    Contact,
}

/// Why something did not happen: each check, what it looked at, and what to do next, as `chatsparks diagnose --json`.
#[utoipa::path(
    operation_id = "diagnose",
    get, path = "/v1/workspaces/{workspace}/diagnosis", tag = "diagnosis",
    params(("workspace" = String, Path, description = "The id of the workspace"), Asked),
    responses((status = 200, description = "The diagnosis", body = Diagnosed)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(
    State(service): State<Shared<S>>,
    request: Request,
) -> Result<Json<Diagnosed>, Problem> {
    let (at, asked): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let engine = at.engine(&service)?;
    let workspace = engine.workspace();
    let now = service.runtime.now(&at.workspace);
    let diagnosis = match asked.about {
        About::Webhook => {
            let post = asked.post.map(PostId::from);
            connections::diagnose_webhook(&service, &at, workspace, post.as_ref(), now).await?
        }
        About::Member => {
            let email = needed(asked.email, "expected `email`")?;
            let (email, invite) = (Email::from(email), asked.invite.map(Email::from));
            TeammateKnown { workspace, email: &email, invite: invite.as_ref() }.diagnose()
        }
        About::Comment => {
            let comment = needed(asked.comment, "expected `comment`")?;
            past::of_comment(&service, &at, comment, needed(asked.trigger, "expected `trigger`")?).await?
        }
        About::Order => past::of_order(&service, &at, needed(asked.order, "expected `order`")?).await?.0,
        About::Contact => past::of_contact(&service, &at, needed(asked.contact, "expected `contact`")?).await?,
        About::Dm => of_dm(&service, &at, needed(asked.dm, "expected `dm`: its effect's id")?).await?,
    };
    Ok(Json(Diagnosed::new(diagnosis, now, engine.revision())))
}

/// D3: why the buyer never saw a DM, or a public reply.
async fn of_dm<S: Store>(service: &Shared<S>, at: &At, effect: String) -> Result<Diagnosis, Problem> {
    let dm_id = DmId::from(effect.as_str());
    let found = service.runtime.dm_stages(&at.workspace, &dm_id).await?;
    let seen = service.runtime.effects(&at.workspace, std::slice::from_ref(&effect)).await?.remove(&effect);
    match (found, seen) {
        (Some(stages), seen) => {
            let details = stages.iter().filter_map(|seen| seen.detail.as_ref());
            let cause = details.filter_map(|detail| DeliveryCause::named_by(detail.as_str())).next_back();
            let standing = seen.as_ref().map(|seen| &seen.standing);
            Ok(DeliveryKnown { dm_id: &dm_id, stages: &stages, cause, standing }.diagnose())
        }
        (None, Some(seen)) if seen.kind == "public_reply" => Ok(seen.standing.diagnose_reply(&effect)),
        (None, _) => Err(Problem::new(Kind::NotFound, "no such DM was decided, and no such public reply is kept")),
    }
}

fn needed(given: Option<String>, expected: &str) -> Result<String, Problem> {
    given.ok_or_else(|| Problem::new(Kind::BadRequest, expected))
}

impl Diagnosed {
    pub(crate) fn new(diagnosis: Diagnosis, at: Instant, revision: u32) -> Self {
        let Diagnosis { kind, case, first_failed, next, checks } = diagnosis;
        let shown = |check: Check| ShownCheck { asks: check.code.sentence(), to_do: check.advice.sentence(), check };
        Self {
            kind,
            case,
            at,
            revision,
            first_failed: first_failed.map(|code| code.as_str()),
            next: next.into(),
            checks: checks.into_iter().map(shown).collect(),
        }
    }
}
