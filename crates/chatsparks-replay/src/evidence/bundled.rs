//! Events of a bundle for support (D8), from records that are kept as lines: what came of each as codes, and nothing that
//! anybody wrote.

use crate::event_type::event_type;
use chatsparks_core::{Envelope, Instant};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A record as a bundle tells it: the shape of [`BundledEvent`](chatsparks_core::diagnosis::BundledEvent).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BundledLine {
    source: String,
    kind: String,
    at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    result: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    effects: usize,
    facts: Vec<String>,
}

impl BundledLine {
    /// Records as a bundle tells them. `events`: those that they are of, which say what kind of event it was.
    pub fn all(lines: &[String], events: &[Envelope]) -> Vec<Self> {
        let kinds: BTreeMap<&str, &str> =
            events.iter().map(|envelope| (envelope.id.as_str(), event_type(&envelope.event))).collect();
        // Ours, and so they can be read; what could not would have nothing to tell.
        lines.iter().filter_map(|line| Self::of(&serde_json::from_str(line).ok()?, &kinds)).collect()
    }

    fn of(record: &Value, kinds: &BTreeMap<&str, &str>) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let at = record["at"].as_str()?;
        let user_id = text(&record["user_id"]);
        let timer = record["timer"].as_str();
        let source = match timer {
            Some(timer) => format!("timer:{timer}:{}:{at}", user_id.as_deref().unwrap_or_default()),
            None => text(&record["event"])?,
        };
        let (what, outcome) = record["outcome"].as_object()?.iter().next()?;
        let result = match what.as_str() {
            "refused" => text(&outcome["reason"])?,
            "comment" | "message" | "order" => text(&outcome["result"])?,
            what => what.to_owned(),
        };
        let facts = || record["facts"].as_array().into_iter().flatten();
        let name = |fact: &Value| {
            let (name, told) = fact.as_object()?.iter().next()?;
            Some(if told["stage"] == "failed" { "dm_failed".to_owned() } else { name.clone() })
        };
        let waits =
            facts().flat_map(|fact| [&fact["queued"]["until"], &fact["held"]["until"]]).filter_map(text).next_back();
        let kind = timer.or_else(|| kinds.get(source.as_str()).copied()).unwrap_or(what);
        Some(Self {
            kind: kind.to_owned(),
            at: at.parse().ok()?,
            user_id,
            result,
            trigger: text(&outcome["trigger"]).filter(|_| what == "comment"),
            until: waits.or_else(|| text(&outcome["until"])),
            effects: record["effects"].as_array().map_or(0, Vec::len),
            facts: facts().filter_map(name).collect(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn d8_a_bundle_tells_codes_and_no_texts() {
        let line = json!({
            "seq": 3, "event": "e1", "at": "2026-03-02T10:00:00Z", "user_id": "u1", "revision": 1,
            "outcome": { "comment": { "result": "queued", "trigger": "price" } },
            "effects": [{ "id": "e1/0", "public_reply": { "comment_id": "c1", "text": "secret reply" } }],
            "facts": [{ "queued": { "trigger": "price", "until": "2026-03-04T10:00:00Z" } },
                { "dm_stage": { "dm_id": "e0/1", "stage": "failed" } }],
        });
        let events =
            [Envelope { id: "e1".into(), at: Instant::from_milliseconds(0), event: chatsparks_core::Event::Clock }];
        let told = BundledLine::all(&[line.to_string(), "no record".to_owned()], &events);
        let wanted = json!([{
            "source": "e1", "kind": "clock", "at": "2026-03-02T10:00:00Z", "user_id": "u1", "trigger": "price",
            "until": "2026-03-04T10:00:00Z", "result": "queued", "effects": 1, "facts": ["queued", "dm_failed"],
        }]);
        assert_eq!(json!(told), wanted);
    }
}
