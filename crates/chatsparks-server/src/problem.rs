//! Problems: why a call was refused, as RFC 9457 writes it.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chatsparks_ports::StoreError;
use chatsparks_runtime::AcceptError;
use serde::Serialize;
use serde_json::{Map, Value};
use std::{fmt, time::Duration};
use utoipa::ToSchema;

/// Where each kind is told of.
const BASE: &str = "https://github.com/chatsparks/chatsparks/blob/main/docs/server.md#";

/// Why a call was refused. None of it says what somebody wrote.
#[derive(Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem, as the address of what is said of it.
    #[serde(rename = "type")]
    #[schema(value_type = String, format = "uri", example = json!(format!("{BASE}unreadable-line")))]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The status of the answer.
    #[schema(value_type = u16, minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
    /// Everything that is wrong, where that may be several things.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>, required = false)]
    errors: Vec<Value>,
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
    #[serde(skip)]
    #[schema(ignore)]
    headers: HeaderMap,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $slug:literal $status:literal $title:literal;)*) => {
        /// The kinds of problem. Their names are stable; new ones may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $name),* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its stable name.
            pub fn as_str(self) -> &'static str { match self { $(Self::$name => $slug),* } }
            /// The status of its answer.
            pub fn status(self) -> u16 { match self { $(Self::$name => $status),* } }
            /// The kind in a few words.
            pub fn title(self) -> &'static str { match self { $(Self::$name => $title),* } }
        }
    };
}

kinds! {
    /// A line of events cannot be read.
    UnreadableLine "unreadable-line" 400 "a line cannot be read";
    /// A path, a query, a header or a body is not as it should be.
    BadRequest "bad-request" 400 "the request is not as it should be";
    /// An event is too far ahead of the clock.
    AheadOfTime "ahead-of-time" 400 "an event is ahead of the clock";
    /// There is no token, or none that is known.
    Unauthorized "unauthorized" 401 "a token is needed";
    /// The token does not open this.
    Forbidden "forbidden" 403 "the token does not allow this";
    /// There is nothing here.
    NotFound "not-found" 404 "there is nothing here";
    /// There is no such workspace.
    UnknownWorkspace "unknown-workspace" 404 "there is no such workspace";
    /// What is here cannot be done so.
    MethodNotAllowed "method-not-allowed" 405 "this cannot be done here";
    /// The body did not come in time.
    TooSlow "too-slow" 408 "the request took too long to arrive";
    /// What stands does not admit it.
    Refused "refused" 409 "it does not stand so that this can be done";
    /// Records after the cursor are not kept any more.
    RecordsGone "records-gone" 410 "the records are not kept any more";
    /// Another revision is in force.
    OtherRevision "other-revision" 412 "another revision is in force";
    /// The body is over its limit.
    TooLarge "too-large" 413 "the request is too large";
    /// The body is of a type that is not read.
    UnsupportedMediaType "unsupported-media-type" 415 "the type of the body is not read";
    /// The document has faults.
    InvalidDocument "invalid-document" 422 "the document has faults";
    /// More events came than the quota admits.
    TooManyEvents "too-many-events" 429 "too many events";
    /// A fault of ours.
    Internal "internal" 500 "something went wrong on our side";
    /// The store cannot take or give more for now.
    StoreUnavailable "store-unavailable" 503 "the store cannot answer for now";
    /// The machine's clock jumped, and has to be confirmed.
    ClockStepped "clock-stepped" 503 "the machine's clock jumped";
    /// The service stops.
    Stopping "stopping" 503 "the service is stopping";
    /// As much is being done as may be done at once.
    Busy "busy" 503 "too much at once";
}

impl Problem {
    /// A problem of this kind, and what is wrong in particular.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{BASE}{}", kind.as_str()),
            title: kind.title(),
            status: kind.status(),
            detail: detail.into(),
            errors: Vec::new(),
            more: Map::new(),
            headers: HeaderMap::new(),
        }
    }

    /// Everything that is wrong.
    pub fn with_errors(mut self, errors: Vec<Value>) -> Self {
        self.errors = errors;
        self
    }

    /// A further member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// A header of the answer.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// When to try again.
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        self.with_header(header::RETRY_AFTER, &wait.as_millis().div_ceil(1_000).max(1).to_string())
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Problem({} {}: {})", self.status, self.title, self.detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem is made of texts and numbers, which can always be written.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        (status, kind, self.headers, body).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::new(Kind::StoreUnavailable, format!("{error}; what was acknowledged is kept"))
            .retry_after(Duration::from_secs(5))
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        let detail = error.to_string();
        match error {
            AcceptError::UnknownWorkspace => Self::new(Kind::UnknownWorkspace, detail),
            AcceptError::AheadOfTime { .. } => Self::new(Kind::AheadOfTime, detail),
            AcceptError::ClockStepped => Self::new(Kind::ClockStepped, detail).retry_after(Duration::from_secs(30)),
            AcceptError::TooManyAtOnce { .. } => Self::new(Kind::TooLarge, detail),
            AcceptError::TooMany { retry_after } => Self::new(Kind::TooManyEvents, detail).retry_after(retry_after),
            AcceptError::Stopping => Self::new(Kind::Stopping, detail).retry_after(Duration::from_secs(5)),
            AcceptError::Store(error) => error.into(),
            _ => Self::new(Kind::Internal, "the events were not accepted"),
        }
    }
}

impl From<chatsparks_tiktok::HostError> for Problem {
    fn from(error: chatsparks_tiktok::HostError) -> Self {
        let detail = format!("the adapter cannot do it for now: {}", error.why);
        Self::new(Kind::StoreUnavailable, detail).retry_after(error.retry_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a problem's type points at is there.
    #[test]
    fn every_kind_is_told_of_where_its_address_says() {
        let page = include_str!("../../../docs/server.md");
        for kind in Kind::ALL {
            let told = format!("\n### {}\n\n`{}`. ", kind.as_str(), kind.status());
            assert!(page.contains(&told), "{kind:?} is not told of in docs/server.md");
        }
    }

    #[test]
    fn problems_are_written_as_rfc_9457_says() {
        let problem = Problem::new(Kind::NotFound, "no such thing").with("line", 3);
        let written = serde_json::to_value(&problem).expect("JSON");
        let wanted = serde_json::json!({
            "type": "https://github.com/chatsparks/chatsparks/blob/main/docs/server.md#not-found",
            "title": "there is nothing here", "status": 404, "detail": "no such thing", "line": 3,
        });
        assert_eq!(written, wanted);
    }
}
