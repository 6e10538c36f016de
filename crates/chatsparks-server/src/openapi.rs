//! The OpenAPI document, made from the types of the calls.

use crate::{Problem, calls};
use axum::Json;
use serde_json::{Value, json};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Written,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

pub(crate) use answers::{BundleShape, CommentExplainedShape, DocumentShape, InsightsShape, ThreadShape};
pub(crate) use event_line::{EventLine, Id, LinkShape, Verdict};
pub(crate) use shapes::{ContactShape, CountShape, FaultShape, HealthShape, OrderShape, QueueShape, StateShape};

mod answers;
mod event_line;
mod shapes;

#[derive(OpenApi)]
#[openapi(
    info(title = "ChatSparks", description = "Events in, effects out, records and state to read"),
    paths(
        calls::events::post,
        calls::records::get,
        calls::state::get,
        calls::contacts::get,
        calls::contacts::forget,
        calls::acts::act,
        calls::acts::write,
        calls::acts::review,
        calls::changes::watch,
        calls::session::begin,
        calls::session::get,
        calls::session::end,
        calls::conversations::list,
        calls::orders::list,
        calls::orders::get,
        calls::orders::explain,
        calls::triggers::list,
        calls::triggers::get,
        calls::triggers::evaluations,
        calls::triggers::hits,
        calls::reset::post,
        calls::trial::post,
        calls::usage::get,
        calls::usage::held,
        calls::people::members,
        calls::people::workspaces,
        calls::connections::get,
        calls::diagnosis::get,
        calls::support::get,
        calls::thread::get,
        calls::comments::explain,
        calls::digest::get,
        calls::insights::get,
        calls::queue::get,
        calls::queue::retry,
        calls::queue::drop,
        calls::document::get,
        calls::document::put,
        calls::clock::confirm,
        calls::health::health,
        calls::health::metrics,
        get,
    ),
    components(schemas(Problem)),
    modifiers(&Bearer),
)]
struct Calls;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Written) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let cookie = ApiKey::Cookie(ApiKeyValue::new("chatsparks_session"));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// The OpenAPI document of every call.
pub fn document() -> Value {
    // What utoipa made can be written.
    let mut document = serde_json::to_value(Calls::openapi()).unwrap_or_default();
    // Which a tagged type cannot say for itself: fields of other types do not belong to a line.
    for line in document["components"]["schemas"]["EventLine"]["oneOf"].as_array_mut().into_iter().flatten() {
        line["additionalProperties"] = false.into();
    }
    let problem = json!({
        "description": "Why it was refused",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    let calls = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for call in calls.filter_map(Value::as_object_mut).flat_map(|path| path.values_mut()) {
        if let Some(responses) = call["responses"].as_object_mut() {
            responses.insert("default".to_owned(), problem.clone());
        }
        // What is not given in a header is left out: there is no null there.
        for parameter in call.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(given) = parameter["schema"]["oneOf"].get(0).cloned() {
                parameter["schema"] = given;
            }
        }
        // What a token may do that reads or acts, a member may who signed in with it (H6).
        if let Some(ways) = call.get_mut("security").and_then(Value::as_array_mut) {
            let may = ways.iter().any(|way| way["bearer"] == json!(["read"]) || way["bearer"] == json!(["act"]));
            ways.extend(may.then(|| json!({ "session": [] })));
        }
    }
    document
}

/// This document.
#[utoipa::path(
    operation_id = "read_openapi",
    get, path = "/v1/openapi.json", tag = "service",
    responses((status = 200, description = "The OpenAPI document", body = Object)),
    security(("bearer" = [])),
)]
pub(crate) async fn get() -> Json<Value> {
    Json(document())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is not given in a path, a query or a header is left out: there is no null there.
    #[test]
    fn h_no_parameter_is_null() {
        let document = document();
        let paths = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
        let calls = paths.filter_map(Value::as_object).flat_map(|path| path.values());
        let parameters: Vec<&Value> = calls.filter_map(|call| call["parameters"].as_array()).flatten().collect();
        assert!(parameters.len() > 10);
        for parameter in parameters {
            assert!(parameter["schema"]["type"].is_string(), "{parameter}");
        }
    }

    /// What is answered is described by its fields, but for what describes itself.
    #[test]
    fn h_no_answer_is_a_bare_object() {
        let document = document();
        let paths = document["paths"].as_object().into_iter().flatten();
        let calls = paths.flat_map(|(path, calls)| {
            calls.as_object().into_iter().flatten().map(move |(method, call)| (path, method, call))
        });
        let mut looked_at = 0;
        for (path, method, call) in calls.filter(|(path, ..)| *path != "/v1/openapi.json") {
            let schema = &call["responses"]["200"]["content"]["application/json"]["schema"];
            looked_at += usize::from(!schema.is_null());
            assert_ne!(schema["type"], json!("object"), "{method} {path}: {schema}");
        }
        assert!(looked_at > 30, "{looked_at}");
    }

    /// H6: what a token may do that reads or acts, a session may; it brings no events and changes no document.
    #[test]
    fn h6_a_session_reads_and_acts_and_no_more() {
        let document = document();
        let by_session = |path: &str, method: &str| {
            let ways = document["paths"][format!("/v1/workspaces/{{workspace}}/{path}")][method]["security"].as_array();
            ways.is_some_and(|ways| ways.iter().any(|way| way["session"].is_array()))
        };
        for (path, method, wanted) in [
            ("state", "get", true),
            ("contacts/{user_id}/acts", "post", true),
            ("events", "post", false),
            ("document", "put", false),
            ("contacts/{user_id}", "delete", false),
        ] {
            assert_eq!(by_session(path, method), wanted, "{method} {path}");
        }
    }

    #[test]
    fn h_every_call_of_the_table_is_in_the_document() {
        let document = document();
        let mut ids = std::collections::BTreeSet::new();
        for (path, method) in [
            ("/v1/workspaces/{workspace}/events", "post"),
            ("/v1/workspaces/{workspace}/records", "get"),
            ("/v1/workspaces/{workspace}/state", "get"),
            ("/v1/workspaces/{workspace}/contacts/{user_id}", "get"),
            ("/v1/workspaces/{workspace}/contacts/{user_id}", "delete"),
            ("/v1/workspaces/{workspace}/orders/{order_id}", "get"),
            ("/v1/workspaces/{workspace}/queue", "get"),
            ("/v1/workspaces/{workspace}/queue/retry", "post"),
            ("/v1/workspaces/{workspace}/queue/drop", "post"),
            ("/v1/workspaces/{workspace}/document", "get"),
            ("/v1/workspaces/{workspace}/document", "put"),
            ("/v1/workspaces/{workspace}/comments/{comment_id}/explain", "get"),
            ("/v1/workspaces/{workspace}/triggers", "get"),
            ("/v1/workspaces/{workspace}/triggers/{trigger}", "get"),
            ("/v1/workspaces/{workspace}/triggers/{trigger}/evaluations", "get"),
            ("/v1/workspaces/{workspace}/triggers/{trigger}/hits", "get"),
            ("/v1/workspaces/{workspace}/triggers/{trigger}/reset", "post"),
            ("/v1/workspaces/{workspace}/try", "post"),
            ("/v1/workspaces/{workspace}/conversations", "get"),
            ("/v1/workspaces/{workspace}/contacts/{user_id}/thread", "get"),
            ("/v1/workspaces/{workspace}/contacts/{user_id}/acts", "post"),
            ("/v1/workspaces/{workspace}/contacts/{user_id}/messages", "post"),
            ("/v1/workspaces/{workspace}/orders", "get"),
            ("/v1/workspaces/{workspace}/orders/{order_id}/explain", "get"),
            ("/v1/workspaces/{workspace}/orders/{order_id}/review", "post"),
            ("/v1/workspaces/{workspace}/usage", "get"),
            ("/v1/workspaces/{workspace}/members", "get"),
            ("/v1/workspaces/{workspace}/connections", "get"),
            ("/v1/workspaces/{workspace}/diagnosis", "get"),
            ("/v1/workspaces/{workspace}/support", "get"),
            ("/v1/workspaces/{workspace}/changes", "get"),
            ("/v1/workspaces", "get"),
            ("/v1/session", "post"),
            ("/v1/session", "get"),
            ("/v1/session", "delete"),
            ("/v1/clock/confirm", "post"),
            ("/healthz", "get"),
            ("/metrics", "get"),
        ] {
            let call = &document["paths"][path][method];
            assert!(call["responses"]["default"].is_object(), "{method} {path}");
            assert!(ids.insert(call["operationId"].as_str().map(str::to_owned)), "{method} {path}");
        }
    }
}
