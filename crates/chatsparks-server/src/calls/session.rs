//! Signing in and out: a session names the member who acts (H6).

use super::read_body;
use crate::{
    Kind, Problem, Scope,
    access::Caller,
    body::{Media, receive},
    router::Shared,
    session::{LASTS, Session},
};
use axum::{
    Extension, Json,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use chatsparks_core::{Email, SignIn, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Clock, Store, SystemClock};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Bytes of a body that signs in.
const BODY: usize = 16 << 10;
/// Characters of an email.
const EMAIL: usize = 256;

/// Who signs in, and where.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignIn)]
pub(crate) struct Asked {
    /// The workspace.
    workspace: String,
    /// The member's email.
    #[schema(value_type = crate::openapi::Id)]
    member: String,
    /// A token that opens the workspace for reading; left out where none is needed.
    #[serde(default)]
    #[schema(required = false)]
    token: Option<String>,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SignedIn {
    /// Where.
    workspace: String,
    /// What it is called.
    name: String,
    /// Who; null: a token, and no member.
    member: Option<String>,
    /// What they are: `owner` or `member`; null where nobody is listed.
    #[schema(value_type = Option<String>)]
    role: Option<chatsparks_core::workspace::Role>,
    /// Whether they may act, and not only read.
    may_act: bool,
    /// Until when.
    #[schema(value_type = Option<String>)]
    until: Option<chatsparks_core::Instant>,
}

/// Sign a member in: the answer sets a cookie, which scripts cannot read and no other site can send.
///
/// It names the member in whatever they do, lasts twelve hours, and ends when the token is changed for another.
#[utoipa::path(
    operation_id = "sign_in",
    post, path = "/v1/session", tag = "people",
    request_body = Asked,
    responses((status = 200, description = "Who is signed in", body = SignedIn)),
)]
pub(crate) async fn begin<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let received = receive(&service, request, BODY, &[Media::Json, Media::Unsaid]).await?;
    let asked: Asked = read_body(&received.bytes, "{\"workspace\": ID, \"member\": EMAIL, \"token\": TOKEN}")?;
    let member = asked.member.trim();
    if member.is_empty() || member.chars().count() > EMAIL || member.chars().any(char::is_control) {
        return Err(Problem::new(Kind::BadRequest, format!("`member` is an email of 1 to {EMAIL} characters")));
    }
    let workspace = WorkspaceId::from(asked.workspace);
    // First the token: nobody else hears who is a member.
    let (caller, digest) = service.access.begin_session(asked.token.as_deref(), &headers, &workspace)?;
    service.runtime.learn(&workspace).await?;
    let engine = service.runtime.engine(&workspace).ok_or_else(super::unknown_workspace)?;
    let member = seen(engine.workspace(), &Email::from(member))?;
    let session = Session { workspace, member, until: SystemClock::default().wall().after(LASTS) };
    let is_secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let set = Session::set_cookie(&session.signed(&digest), is_secure);
    let signed_in = SignedIn::new(&session, engine.workspace(), caller.may(Scope::Act, Some(&session.workspace)));
    Ok(([(header::SET_COOKIE, set), (header::CACHE_CONTROL, "no-store".to_owned())], Json(signed_in)).into_response())
}

/// Who is signed in.
#[utoipa::path(
    operation_id = "read_session",
    get, path = "/v1/session", tag = "people",
    responses((status = 200, description = "Who is signed in", body = SignedIn)),
    security(("session" = [])),
)]
pub(crate) async fn get<S: Store>(
    State(service): State<Shared<S>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let session =
        caller.session().ok_or_else(|| Problem::new(Kind::NotFound, "nobody is signed in: no cookie says so"))?;
    service.runtime.learn(&session.workspace).await?;
    let engine = service.runtime.engine(&session.workspace).ok_or_else(super::unknown_workspace)?;
    seen(engine.workspace(), &session.member)?;
    let may_act = caller.may(Scope::Act, Some(&session.workspace));
    let signed_in = SignedIn::new(session, engine.workspace(), may_act);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(signed_in)).into_response())
}

/// Sign out: the cookie is taken back from this browser.
#[utoipa::path(
    operation_id = "sign_out",
    delete, path = "/v1/session", tag = "people",
    responses((status = 204, description = "Nobody is signed in here any more")),
)]
pub(crate) async fn end() -> Response {
    (axum::http::StatusCode::NO_CONTENT, [(header::SET_COOKIE, Session::forget_cookie())]).into_response()
}

/// The member as the workspace lists them, where they see it (W1); where nobody is listed, anyone does.
///
/// # Errors
/// `403` with `sign_in`, why they do not.
pub(crate) fn seen(workspace: &Workspace, member: &Email) -> Result<Email, Problem> {
    if workspace.members.is_empty() {
        return Ok(member.clone());
    }
    match workspace.sign_in(member, None) {
        SignIn::Sees { .. } => Ok(workspace.member(member).map_or_else(|| member.clone(), |one| one.email.clone())),
        refused => {
            let detail = match refused {
                SignIn::InvitePending => "the invite to this email was not accepted yet",
                SignIn::Suspended => "this member was suspended: an owner can let them in again",
                _ => "nobody invited this email to the workspace: an owner can add it to the document",
            };
            Err(Problem::new(Kind::Forbidden, detail).with("sign_in", refused.as_str()))
        }
    }
}

impl SignedIn {
    fn new(session: &Session, workspace: &Workspace, may_act: bool) -> Self {
        Self {
            workspace: session.workspace.to_string(),
            name: workspace.workspace.name.clone(),
            member: Some(session.member.to_string()),
            role: workspace.member(&session.member).map(|member| member.role),
            may_act,
            until: Some(session.until),
        }
    }
}
