//! The document in force, and the next (R8).

use super::{At, to_its_end};
use crate::{
    Kind, Problem, Scope,
    body::{Media, receive},
    router::Shared,
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chatsparks_core::{Engine, Problem as Fault, ProblemCode, workspace::Workspace};
use chatsparks_ports::Store;
use chatsparks_replay::{Format, document::every_error, read_workspace};
use chatsparks_runtime::ConfigureError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

/// What a document led to.
#[derive(Serialize, ToSchema)]
pub(crate) struct Taken {
    /// Its revision.
    revision: u32,
    /// What is only suspicious in it.
    #[schema(value_type = Vec<crate::openapi::FaultShape>)]
    warnings: Vec<Fault>,
}

/// The document that what is acknowledged now is decided by; its `ETag` is its revision.
#[utoipa::path(
    operation_id = "read_document",
    get, path = "/v1/workspaces/{workspace}/document", tag = "document",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses(
        (status = 200, description = "The document", body = crate::openapi::DocumentShape, headers(("etag" = String, description = "Its revision"))),
        (status = 304, description = "It is the one of `If-None-Match`"),
    ),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    at.check(Scope::Read, &service).await?;
    let Some(engine) = service.runtime.latest(&at.workspace).await else {
        return Err(Problem::new(Kind::UnknownWorkspace, "the configuration names none of this id"));
    };
    let revision = engine.revision();
    let same = headers.get_all(header::IF_NONE_MATCH).iter().any(|given| {
        given.to_str().is_ok_and(|given| {
            given.split(',').any(|one| {
                let one = one.trim();
                one == "*" || revision_of(one.strip_prefix("W/").unwrap_or(one)) == Some(revision)
            })
        })
    });
    if same {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag(revision))]).into_response());
    }
    Ok(([(header::ETAG, etag(revision))], Json(&**engine.workspace())).into_response())
}

/// On what a document is put in force.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described by it: headers are read as HTTP writes them")]
struct Conditions {
    /// The `ETag` of the document that this one was made from.
    #[serde(rename = "If-Match")]
    #[param(pattern = r#"^(\*|"[0-9]{1,9}")$"#, nullable = false)]
    if_match: Option<String>,
}

/// Put a document in force: JSON, or TOML as `application/toml`.
///
/// It is checked and compiled first. What is acknowledged after this answers is decided by it. With `If-Match`, only
/// where that revision is in force.
#[utoipa::path(
    operation_id = "put_document",
    put, path = "/v1/workspaces/{workspace}/document", tag = "document",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        Conditions,
    ),
    request_body(content((Object = "application/json"), (String = "application/toml"))),
    responses((status = 200, description = "It is in force", body = Taken, headers(("etag" = String, description = "Its revision")))),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn put<S: Store>(
    State(service): State<Shared<S>>,
    at: At,
    request: Request,
) -> Result<Response, Problem> {
    at.check(Scope::Admin, &service).await?;
    let wanted = if_match(request.headers())?;
    let reads = [Media::Json, Media::Toml, Media::Unsaid];
    let received = receive(&service, request, service.limits.document_bytes, &reads).await?;
    let (bytes, media) = (received.bytes, received.media);
    let read = tokio::task::spawn_blocking(move || read(&bytes, media)).await;
    let document = read.map_err(|_| Problem::new(Kind::Internal, "this is a bug of ours"))??;
    let if_match = match wanted {
        Wanted::Any => None,
        Wanted::One(revision) => Some(revision),
        // One of several: the one in force, if it is among them.
        Wanted::Several(revisions) => {
            let in_force = service.runtime.latest(&at.workspace).await.map(|engine| engine.revision());
            Some(revisions.iter().find(|one| Some(**one) == in_force).copied().unwrap_or(0))
        }
    };
    let (runtime, workspace, given) = (service.runtime.clone(), at.workspace, document.clone());
    let configured = to_its_end(async move { runtime.configure(&workspace, given, if_match).await }).await?;
    match configured {
        Ok(configured) => {
            let etag = [(header::ETAG, etag(configured.revision))];
            let taken = Taken { revision: configured.revision, warnings: configured.warnings };
            Ok((etag, Json(taken)).into_response())
        }
        Err(error) => Err(refused(error, document).await),
    }
}

/// Why a document was not taken.
pub(super) async fn refused(error: ConfigureError, document: Workspace) -> Problem {
    match error {
        ConfigureError::UnknownWorkspace => Problem::new(Kind::UnknownWorkspace, "there is no such workspace"),
        ConfigureError::Invalid(faults) => {
            let warnings = tokio::task::spawn_blocking(move || Engine::check(&document).warnings).await;
            invalid(&faults, &warnings.unwrap_or_default())
        }
        ConfigureError::OtherRevision { in_force } => {
            let detail = format!("revision {in_force} is in force: read it, and make the change from it");
            Problem::new(Kind::OtherRevision, detail)
                .with("revision", in_force)
                .with_header(header::ETAG, &format!("\"{in_force}\""))
        }
        ConfigureError::Accept(error) => error.into(),
        _ => Problem::new(Kind::Internal, "the document was not taken"),
    }
}

fn read(bytes: &[u8], media: Media) -> Result<Workspace, Problem> {
    let begins = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start().first();
    let format = match (media, begins) {
        (Media::Toml, _) => Format::Toml,
        (Media::Json, _) | (_, None | Some(b'{')) => Format::Json,
        _ => Format::Toml,
    };
    if begins.is_none() {
        let fault = Fault::new("", ProblemCode::Unreadable, "the document is empty: expected a workspace");
        return Err(invalid(&[fault], &[]));
    }
    read_workspace(bytes, format).map_err(|_| {
        let faults = every_error(bytes, format).into_iter().map(|error| {
            let place = error.line().zip(error.column());
            let mut fault = Fault::from(error);
            if let Some((line, column)) = place {
                fault.message.push_str(&format!(" (line {line}, column {column})"));
            }
            fault
        });
        invalid(&faults.collect::<Vec<_>>(), &[])
    })
}

/// The faults, as `check --json` has them.
fn invalid(faults: &[Fault], warnings: &[Fault]) -> Problem {
    let first = faults.first().map_or(String::new(), |fault| match fault.path.as_str() {
        "" => format!(": {}", fault.message),
        path => format!(": {path}: {}", fault.message),
    });
    let detail = match faults.len() {
        1 => format!("the document has a fault{first}"),
        count => format!("the document has {count} faults, the first{first}"),
    };
    Problem::new(Kind::InvalidDocument, detail)
        .with_errors(faults.iter().map(|fault| json!(fault)).collect())
        .with("faults", json!(faults))
        .with("warnings", json!(warnings))
}

pub(super) fn etag(revision: u32) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn revision_of(tag: &str) -> Option<u32> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// Which revision a request wants to be in force.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    One(u32),
    Several(Vec<u32>),
}

fn if_match(headers: &HeaderMap) -> Result<Wanted, Problem> {
    let mut revisions = Vec::new();
    for given in headers.get_all(header::IF_MATCH) {
        let bad = || Problem::new(Kind::BadRequest, "`If-Match` is the `ETag` of a document, such as `\"3\"`");
        for one in given.to_str().map_err(|_| bad())?.split(',').map(str::trim) {
            match one {
                "*" => return Ok(Wanted::Any),
                // A weak tag never matches; and a number without its quotes is plainly meant.
                weak if weak.starts_with("W/") => revisions.push(0),
                one => revisions
                    .push(revision_of(one).or_else(|| one.parse().ok()).or_else(|| other_tag(one)).ok_or_else(bad)?),
            }
        }
    }
    Ok(match revisions.as_slice() {
        [] => Wanted::Any,
        [one] => Wanted::One(*one),
        _ => Wanted::Several(revisions),
    })
}

/// A tag that is none of ours matches nothing: no document has revision 0.
fn other_tag(tag: &str) -> Option<u32> {
    (tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"')).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_if_match_is_read_as_http_writes_it() {
        for (given, wanted) in [
            (&[] as &[&str], Some(Wanted::Any)),
            (&["*"], Some(Wanted::Any)),
            (&["\"3\""], Some(Wanted::One(3))),
            (&["3"], Some(Wanted::One(3))),
            (&["W/\"3\""], Some(Wanted::One(0))),
            (&["\"other\""], Some(Wanted::One(0))),
            (&["\"3\", \"4\""], Some(Wanted::Several(vec![3, 4]))),
            (&["\"3\"", "\"4\""], Some(Wanted::Several(vec![3, 4]))),
            (&["three"], None),
            (&[""], None),
        ] {
            let mut headers = HeaderMap::new();
            for one in given {
                headers.append(header::IF_MATCH, HeaderValue::from_str(one).expect("a header"));
            }
            assert_eq!(if_match(&headers).ok(), wanted, "{given:?}");
        }
    }
}
