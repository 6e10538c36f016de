//! Answers as TikTok writes them: what went wrong stands in a body with status 200.

use super::Dropped;
use crate::world::Refusal;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Option<i64>,
    /// The webhook that tells of what was done.
    pub(crate) echo: Option<usize>,
    body: Body,
    retry_after: Option<u32>,
}

#[derive(Debug)]
enum Body {
    Json(Value),
    Text(&'static str),
    Elsewhere(String),
    None,
}

impl Answer {
    fn json(status: u16, code: Option<i64>, body: Value) -> Self {
        Self { status, code, echo: None, body: Body::Json(body), retry_after: None }
    }

    /// What the Business API gives.
    pub(crate) fn ok(data: Value) -> Self {
        Self::json(200, Some(0), json!({ "code": 0, "message": "OK", "data": data }))
    }

    /// What the Business API gives, and the webhook that tells of it.
    pub(crate) fn with_echo(data: Value, echo: Option<usize>) -> Self {
        Self { echo, ..Self::ok(data) }
    }

    /// What the Business API does not do.
    pub(crate) fn refused(code: i64, message: impl Into<String>) -> Self {
        Self::json(200, Some(code), json!({ "code": code, "message": message.into(), "data": {} }))
    }

    /// One over a rate: no header says when it is over.
    pub(crate) fn busy() -> Self {
        Self::refused(40_100, "Too many requests. Please retry in some time.")
    }

    /// What the shop gives.
    pub(crate) fn shop(data: Value) -> Self {
        Self::json(200, Some(0), json!({ "code": 0, "message": "Success", "data": data }))
    }

    /// What the shop does not do.
    pub(crate) fn shop_refused(code: i64, message: impl Into<String>) -> Self {
        Self::json(200, Some(code), json!({ "code": code, "message": message.into(), "data": null }))
    }

    /// One over the shop's rate.
    pub(crate) fn shop_busy() -> Self {
        let body = json!({ "code": 36_009_002, "message": "Too many requests.", "data": null });
        Self { retry_after: Some(1), ..Self::json(429, Some(36_009_002), body) }
    }

    /// A body without an envelope, as Login Kit's.
    pub(crate) fn plain(status: u16, body: Value) -> Self {
        Self::json(status, None, body)
    }

    /// A status, and nothing else.
    pub(crate) fn status(status: u16, retry_after: Option<u32>) -> Self {
        Self { status, code: None, echo: None, body: Body::None, retry_after }
    }

    /// Go there.
    pub(crate) fn elsewhere(url: String) -> Self {
        Self { body: Body::Elsewhere(url), ..Self::status(302, None) }
    }

    /// No answer.
    pub(crate) fn dropped() -> Self {
        Self::status(0, None)
    }

    /// No JSON.
    pub(crate) fn garbage() -> Self {
        Self { body: Body::Text("<html><body>502 Bad Gateway</body>"), ..Self::status(200, None) }
    }

    /// Bears the id of the request, where it has an envelope.
    pub(crate) fn asked(mut self, request_id: &str) -> Self {
        if let (Body::Json(body), Some(_)) = (&mut self.body, self.code) {
            body["request_id"] = request_id.into();
        }
        self
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::refused(refusal.code, refusal.message)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        if self.status == 0 {
            let mut answer = StatusCode::OK.into_response();
            answer.extensions_mut().insert(Dropped);
            return answer;
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = match self.body {
            Body::Json(body) => (status, axum::Json(body)).into_response(),
            Body::Text(text) => (status, [(header::CONTENT_TYPE, "text/html")], text).into_response(),
            Body::Elsewhere(url) => (status, [(header::LOCATION, url)]).into_response(),
            Body::None => status.into_response(),
        };
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}
