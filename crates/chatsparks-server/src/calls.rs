//! The calls, a file a noun.

pub(crate) mod acts;
pub(crate) mod changes;
pub(crate) mod clock;
pub(crate) mod comments;
pub(crate) mod connections;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod diagnosis;
pub(crate) mod digest;
pub(crate) mod document;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod insights;
mod lines;
pub(crate) mod orders;
mod page;
pub(crate) mod people;
pub(crate) mod queue;
pub(crate) mod records;
pub(crate) mod reset;
pub(crate) mod session;
pub(crate) mod state;
pub(crate) mod support;
pub(crate) mod thread;
pub(crate) mod trial;
pub(crate) mod triggers;
pub(crate) mod usage;

use crate::{
    Kind, Problem, Scope,
    access::Caller,
    router::{Service, Shared},
};
use axum::{
    extract::{FromRequestParts, Path, Query, Request},
    http::request::Parts,
};
use chatsparks_core::{Engine, UserId, WorkspaceId};
use chatsparks_ports::Store;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

/// Who calls, and what the path names.
pub(crate) struct At {
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
    /// What stands behind it, such as a contact's id.
    pub(crate) name: String,
}

impl At {
    /// Whether the caller may do this here.
    ///
    /// # Errors
    /// `403`, and `404` where there is no such workspace; the second only to who may know.
    pub(crate) async fn check<S: Store>(&self, scope: Scope, service: &Service<S>) -> Result<(), Problem> {
        self.caller.check(scope, Some(&self.workspace))?;
        // Another process may serve it, and have put another document in force. Whoever brings events asks nothing of it.
        if scope != Scope::Ingest || self.caller.session().is_some() {
            service.runtime.learn(&self.workspace).await?;
        }
        let engine = self.engine(service)?;
        match self.caller.session() {
            // Whoever was a member when they signed in may be none by now (W1).
            Some(session) => session::seen(engine.workspace(), &session.member).map(drop),
            None => Ok(()),
        }
    }

    /// The engine in force here.
    ///
    /// # Errors
    /// `404` where there is no such workspace.
    pub(crate) fn engine<S: Store>(&self, service: &Service<S>) -> Result<Engine, Problem> {
        service.runtime.engine(&self.workspace).ok_or_else(unknown_workspace)
    }
}

fn unknown_workspace() -> Problem {
    Problem::new(Kind::UnknownWorkspace, "the configuration names none of this id")
}

/// Who calls, what the path names, and what stands in the query, where the caller may do this here.
///
/// # Errors
/// As [`At::check`] and [`query`].
pub(crate) async fn asked<S: Store, Q: DeserializeOwned>(
    service: &Shared<S>,
    request: Request,
    scope: Scope,
) -> Result<(At, Q), Problem> {
    let (mut parts, _) = request.into_parts();
    let at = At::from_request_parts(&mut parts, service).await?;
    at.check(scope, service).await?;
    Ok((at, query(&parts)?))
}

/// A query in which nothing may stand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// What stands in a small body of JSON.
///
/// # Errors
/// `400` with its place, and what was expected there; nothing of what was sent.
pub(crate) fn read_body<T: DeserializeOwned>(bytes: &[u8], expected: &str) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!("line {line}, column {column}: expected `{expected}`");
        Problem::new(Kind::BadRequest, detail).with("line", line).with("column", column)
    })
}

impl<S: Store> FromRequestParts<Shared<S>> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Shared<S>) -> Result<Self, Problem> {
        let Some(caller) = parts.extensions.get::<Caller>().cloned() else {
            return Err(Problem::new(Kind::Internal, "nobody asked who calls"));
        };
        let path = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Path(named) =
            path.map_err(|_| Problem::new(Kind::BadRequest, "ids in the path are percent-encoded UTF-8"))?;
        let mut named = named.into_iter().map(|(_, value)| value);
        let workspace = WorkspaceId::from(named.next().unwrap_or_default());
        Ok(Self { caller, workspace, name: named.next().unwrap_or_default() })
    }
}

/// What stands in the query.
///
/// # Errors
/// `400`, also for names that are not known.
pub(crate) fn query<T: DeserializeOwned>(parts: &Parts) -> Result<T, Problem> {
    let read = Query::<T>::try_from_uri(&parts.uri);
    read.map(|Query(query)| query)
        .map_err(|error| Problem::new(Kind::BadRequest, format!("the query: {}", short(&error))))
}

/// An error of a reading library, without what it was read from: that stands in backticks, and is only a name.
fn short(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().chars().take(200).collect()
}

/// Finishes what changes something even when whoever asked goes away meanwhile.
///
/// # Errors
/// `500` when it panicked.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|_| Problem::new(Kind::Internal, "this is a bug of ours"))
}

/// Lets the adapters forget people, as far as they keep something of them beside the state (R12).
pub(crate) async fn forget_beside<S: Store>(
    service: &Service<S>,
    workspace: &WorkspaceId,
    people: &[UserId],
) -> Result<(), Problem> {
    for account in service.tiktok.iter().filter(|account| account.workspace() == workspace) {
        for person in people {
            account.forget(person).await?;
        }
    }
    Ok(())
}

/// How many events were accepted: they are durable.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    accepted: usize,
}
