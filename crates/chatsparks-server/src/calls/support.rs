//! What goes to support: ids, instants and results, but no texts and no tokens (D8).

use super::{
    Nothing, asked,
    connections::{self, now},
};
use crate::{Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::{
    Instant,
    diagnosis::{BUNDLED_EVENTS, SupportBundle},
};
use chatsparks_ports::{Cursor, Store};
use chatsparks_replay::HistoryLine;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The bundle for support: the workspace's id, its last two hundred events and what came of each, and what is wrong with
/// its webhook. No text, handle, captured value, amount or token is in it.
#[utoipa::path(
    operation_id = "read_support_bundle",
    get, path = "/v1/workspaces/{workspace}/support", tag = "diagnosis",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The bundle", body = Object)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Json<Value>, Problem> {
    let (at, Nothing {}) = asked(&service, request, Scope::Read).await?;
    let engine = at.engine(&service)?;
    let now = now();
    let mut bundle = SupportBundle::new(at.workspace.clone(), engine.revision(), now);
    bundle.add(connections::diagnose_webhook(&service, &at, engine.workspace(), None, now).await?);
    let mut bundle = json!(bundle);
    bundle["events"] = json!(events(&service, &at).await?);
    Ok(Json(bundle))
}

async fn events<S: Store>(service: &Shared<S>, at: &super::At) -> Result<Vec<Value>, Problem> {
    let store = service.runtime.store();
    let logged = service.runtime.last_events(&at.workspace, None, BUNDLED_EVENTS, BUNDLED_EVENTS, |_| true).await?;
    let kind = |envelope: &chatsparks_core::Envelope| {
        let line = json!(HistoryLine(envelope));
        (envelope.id.as_str().to_owned(), line["type"].as_str().unwrap_or_default().to_owned())
    };
    let kinds: BTreeMap<String, String> = logged.events.iter().map(kind).collect();
    let ends = service.runtime.records_end(&at.workspace).await?;
    let mut events = Vec::new();
    for (partition, end) in (0..).zip(&ends.0) {
        let from = end.saturating_sub(BUNDLED_EVENTS as u64);
        let cursor = Cursor::in_one(store.partitions(), partition, from);
        let (records, _) = store.records(&at.workspace, &cursor, BUNDLED_EVENTS).await?;
        events.extend(records.iter().filter_map(|record| bundled(&record.line, &kinds)));
    }
    // As instants: with fewer digits the same text sorts otherwise.
    events.sort_by_key(|event: &Value| event["at"].as_str().and_then(|at| at.parse::<Instant>().ok()));
    Ok(events.split_off(events.len().saturating_sub(BUNDLED_EVENTS)))
}

/// A record as a bundle tells it: what came of it as codes, and nothing that anybody wrote.
fn bundled(line: &str, kinds: &BTreeMap<String, String>) -> Option<Value> {
    let record: Value = serde_json::from_str(line).ok()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let timer = record["timer"].as_str();
    let source = timer.map_or_else(|| text(&record["event"]), |timer| format!("timer:{timer}"));
    let (what, outcome) = record["outcome"].as_object()?.iter().next()?;
    let result = match what.as_str() {
        "refused" => text(&outcome["reason"]),
        "comment" | "message" | "order" => text(&outcome["result"]),
        what => what.to_owned(),
    };
    let fact = |fact: &Value| {
        let (name, told) = fact.as_object()?.iter().next()?;
        Some(if told["stage"] == "failed" { "dm_failed".to_owned() } else { name.clone() })
    };
    let facts: Vec<String> = record["facts"].as_array().into_iter().flatten().filter_map(fact).collect();
    let waits = record["facts"].as_array().into_iter().flatten().flat_map(|fact| [&fact["queued"], &fact["held"]]);
    let until = waits.filter_map(|fact| fact["until"].as_str()).next().map(str::to_owned);
    let kind = timer.map(str::to_owned).or_else(|| kinds.get(&source).cloned()).unwrap_or_else(|| what.clone());
    let mut told = Map::new();
    told.insert("source".to_owned(), source.into());
    told.insert("kind".to_owned(), kind.into());
    told.insert("at".to_owned(), record["at"].clone());
    for (name, value) in [("user_id", &record["user_id"]), ("trigger", &outcome["trigger"])] {
        if value.is_string() {
            told.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(until) = until.or_else(|| outcome["until"].as_str().map(str::to_owned)) {
        told.insert("until".to_owned(), until.into());
    }
    told.insert("result".to_owned(), result.into());
    told.insert("effects".to_owned(), record["effects"].as_array().map_or(0, Vec::len).into());
    told.insert("facts".to_owned(), json!(facts));
    Some(told.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d8_a_bundle_tells_codes_and_no_texts() {
        let line = json!({
            "seq": 3, "event": "e1", "at": "2026-03-02T10:00:00Z", "user_id": "u1", "revision": 1,
            "outcome": { "comment": { "result": "queued", "trigger": "price" } },
            "effects": [{ "id": "e1/0", "public_reply": { "comment_id": "c1", "text": "secret reply" } }],
            "facts": [{ "queued": { "trigger": "price", "until": "2026-03-04T10:00:00Z" } },
                { "dm_stage": { "dm_id": "e0/1", "stage": "failed" } }],
        });
        let kinds = BTreeMap::from([("e1".to_owned(), "comment".to_owned())]);
        let told = bundled(&line.to_string(), &kinds).expect("a record");
        let wanted = json!({
            "source": "e1", "kind": "comment", "at": "2026-03-02T10:00:00Z", "user_id": "u1", "trigger": "price",
            "until": "2026-03-04T10:00:00Z", "result": "queued", "effects": 1, "facts": ["queued", "dm_failed"],
        });
        assert_eq!(told, wanted);
    }
}
