//! How a row is written: a workspace, some short events, and what is told of each record.
//!
//! Instants are milliseconds from [`ZERO`]. An event that is given no id has `e0`, `e1` and so on by its
//! place; the comment or message it brings has `c0` or `m0`.

use chatsparks_core::{Engine, Explanation, Instant, Scratch};
use chatsparks_replay::{FinalState, Format, read_workspace, replay_to_state};
use serde_json::{Value, json};

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// 2026-03-02T10:00:00Z, from which every row counts.
const ZERO: i64 = 1_772_445_600_000;

/// An instant so many milliseconds after [`ZERO`], as it is written.
pub(crate) fn at(offset: i64) -> String {
    Instant::from_milliseconds(ZERO + offset).to_string()
}

/// An event on its way into a history.
#[derive(Clone, Debug)]
pub(crate) struct Event(Value);

impl Event {
    /// With another field, or another value for one.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0[field] = value.into();
        self
    }
    /// With an event id of its own.
    pub(crate) fn id(self, id: &str) -> Self {
        self.with("id", id)
    }
    /// Under a post.
    pub(crate) fn on(self, post: &str) -> Self {
        self.with("post_id", post)
    }
}

/// Any event, with the fields of its type.
pub(crate) fn event(offset: i64, kind: &str, fields: Value) -> Event {
    let mut value = json!({ "at": at(offset), "type": kind });
    for (field, of) in fields.as_object().unwrap() {
        value[field] = of.clone();
    }
    Event(value)
}

pub(crate) fn comment(offset: i64, user: &str, text: &str) -> Event {
    event(offset, "comment", json!({ "post_id": "v1", "user_id": user, "text": text }))
}

pub(crate) fn message(offset: i64, user: &str, text: &str) -> Event {
    event(offset, "message", json!({ "user_id": user, "text": text }))
}

pub(crate) fn tap(offset: i64, user: &str, option: &str) -> Event {
    event(offset, "message", json!({ "user_id": user, "option": option }))
}

/// A member's word: `take`, `hand_back`, `close`, `block`, `unblock`.
pub(crate) fn act(offset: i64, kind: &str, user: &str) -> Event {
    event(offset, kind, json!({ "user_id": user, "member": "mai@glow.example" }))
}

pub(crate) fn member_message(offset: i64, user: &str, text: &str) -> Event {
    event(offset, "member_message", json!({ "user_id": user, "member": "mai@glow.example", "text": text }))
}

pub(crate) fn removed(offset: i64, user: &str, comment: &str) -> Event {
    event(offset, "comment_removed", json!({ "comment_id": comment, "user_id": user }))
}

pub(crate) fn answerable(offset: i64, user: &str, comment: &str) -> Event {
    event(offset, "comment_answerable", json!({ "comment_id": comment, "user_id": user }))
}

pub(crate) fn configure(offset: i64, workspace: &Value) -> Event {
    event(offset, "configure", json!({ "workspace": workspace }))
}

pub(crate) fn clock(offset: i64) -> Event {
    event(offset, "clock", json!({}))
}

/// A workspace with these parts, without sensitive words unless given.
pub(crate) fn world(parts: Value) -> Value {
    let mut world = json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "sensitive": [], "triggers": [],
        "flows": [ flow("hi", json!([{ "id": "m", "message": { "text": "Hi" } }])) ],
    });
    for (part, of) in parts.as_object().unwrap() {
        world[part] = of.clone();
    }
    world
}

/// The same workspace with one more part, or another.
pub(crate) fn but(world: &Value, part: &str, of: Value) -> Value {
    let mut world = world.clone();
    world[part] = of;
    world
}

/// A trigger on the word that is its id, with what else is given.
pub(crate) fn trigger(id: &str, flow: &str, more: Value) -> Value {
    let mut trigger = json!({ "id": id, "when": word(id), "flow": flow });
    for (field, of) in more.as_object().unwrap() {
        trigger[field] = of.clone();
    }
    trigger
}

pub(crate) fn word(word: &str) -> Value {
    json!({ "keywords": { "words": [word] } })
}

pub(crate) fn flow(id: &str, blocks: Value) -> Value {
    json!({ "id": id, "version": 1, "blocks": blocks })
}

/// The records of a history, and the state it ended in.
#[track_caller]
pub(crate) fn replay(world: &Value, events: &[Event]) -> (Vec<Value>, FinalState) {
    replay_to_state(&world.to_string(), &lines(events)).unwrap()
}

/// The lines of a history.
pub(crate) fn lines(events: &[Event]) -> String {
    let mut lines = String::new();
    for (place, Event(event)) in events.iter().enumerate() {
        let mut event = event.clone();
        let mut or = |field: &str, letter: char| {
            if event.get(field).is_none() {
                event[field] = format!("{letter}{place}").into();
            }
        };
        or("id", 'e');
        match event["type"].as_str().unwrap() {
            "comment" => or_of(&mut event, "comment_id", 'c', place),
            "message" | "member_message" => or_of(&mut event, "message_id", 'm', place),
            _ => {}
        }
        lines.push_str(&event.to_string());
        lines.push('\n');
    }
    lines
}

fn or_of(event: &mut Value, field: &str, letter: char, place: usize) {
    if event.get(field).is_none() {
        event[field] = format!("{letter}{place}").into();
    }
}

/// Holds a history against what is to be told of each of its records.
#[track_caller]
pub(crate) fn check(world: &Value, events: &[Event], wanted: &[&str]) {
    assert_eq!(told(world, events), wanted, "{}", lines(events));
}

/// Holds only the last record against what is to be told of it.
#[track_caller]
pub(crate) fn check_last(world: &Value, events: &[Event], wanted: &str) {
    assert_eq!(told(world, events).last().unwrap(), wanted, "{}", lines(events));
}

/// What is told of each record.
#[track_caller]
pub(crate) fn told(world: &Value, events: &[Event]) -> Vec<String> {
    replay(world, events).0.iter().map(short).collect()
}

/// The facts of these kinds, each with its record's place: `0 dropped replaced price`.
#[track_caller]
pub(crate) fn facts(world: &Value, events: &[Event], kinds: &[&str]) -> Vec<String> {
    let mut told = Vec::new();
    for record in replay(world, events).0 {
        for (kind, fields) in record["facts"].as_array().unwrap().iter().flat_map(|fact| fact.as_object().unwrap()) {
            if kinds.contains(&kind.as_str()) {
                let fields = fields.as_object().unwrap().values().map(plain).collect::<Vec<_>>().join(" ");
                told.push(format!("{} {kind} {fields}", record["seq"]));
            }
        }
    }
    told
}

/// One contact of the final state.
#[track_caller]
pub(crate) fn contact(world: &Value, events: &[Event], user: &str) -> Value {
    let state = serde_json::to_value(replay(world, events).1).unwrap();
    let found = state["contacts"].as_array().unwrap().iter().find(|contact| contact["user_id"] == user);
    found.cloned().unwrap_or(Value::Null)
}

/// The state of a contact's conversation, its reason and its owner, in short.
#[track_caller]
pub(crate) fn stands(world: &Value, events: &[Event], user: &str) -> String {
    let conversation = &contact(world, events, user)["conversation"];
    ["id", "state", "reason", "owner", "block"]
        .iter()
        .filter(|field| !conversation[**field].is_null())
        .map(|field| plain(&conversation[*field]))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A record in short: `fired price | reply Sent | dm Hi`, `idle +1h`.
fn short(record: &Value) -> String {
    let mut told = Vec::new();
    if let Some(timer) = record.get("timer") {
        told.push(plain(timer));
        told.push(offset(&record["at"]));
        let user = record.get("user_id").map_or("", |user| user.as_str().unwrap());
        told.extend(Some(user).filter(|user| !["", "u1"].contains(user)).map(str::to_owned));
    } else {
        let (kind, outcome) = record["outcome"].as_object().unwrap().iter().next().unwrap();
        let result = outcome.get("result").or(outcome.get("reason"));
        if kind == "refused" {
            told.push("refused".to_owned());
        }
        told.push(result.map_or(kind.clone(), plain));
        told.extend(outcome.get("trigger").map(plain));
        told.extend(outcome.get("until").map(|until| format!("until {}", offset(until))));
    }
    let mut told = told.join(" ");
    for effect in record["effects"].as_array().unwrap() {
        told.push_str(" | ");
        told.push_str(&short_effect(effect));
    }
    told
}

fn short_effect(effect: &Value) -> String {
    let (kind, of) = effect.as_object().unwrap().iter().find(|(kind, _)| *kind != "id").unwrap();
    match kind.as_str() {
        "public_reply" => format!("reply {}", plain(&of["text"])),
        "notify_owners" => format!("owners {}", of["level"]),
        "notify_inbox" => {
            let more = ["note", "owner"].iter().filter_map(|field| of.get(*field)).map(plain);
            [format!("inbox {}", plain(&of["reason"]))].into_iter().chain(more).collect::<Vec<_>>().join(" ")
        }
        _ => {
            let mut told = format!("dm {}", of.get("text").map_or(String::new(), plain));
            if let Some(card) = of.get("card") {
                let link: Vec<String> = ["product", "sku"].iter().filter_map(|id| card.get(*id)).map(plain).collect();
                told.push_str(&format!(" [{}]", link.join(" ")));
            }
            if let Some(member) = of.get("member") {
                told.push_str(&format!(" by {}", plain(member)));
            }
            told
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An instant from [`ZERO`] on: `+24h`, `+59m59.999s`, `-1h`.
fn offset(instant: &Value) -> String {
    let instant: Instant = instant.as_str().unwrap().parse().unwrap();
    let offset = instant.as_milliseconds() - ZERO;
    let mut told = String::from(if offset < 0 { "-" } else { "+" });
    let mut left = offset.abs();
    for (unit, name) in [(HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms")] {
        if left >= unit || (unit == 1 && told.len() == 1) {
            told.push_str(&format!("{}{name}", left / unit));
            left %= unit;
        }
    }
    told
}

/// An engine, for what no record tells.
#[track_caller]
pub(crate) fn engine(world: &Value) -> Engine {
    Engine::compile(read_workspace(world.to_string().as_bytes(), Format::Json).unwrap()).unwrap()
}

/// What a trial of a text tells of every trigger (C11).
#[track_caller]
pub(crate) fn tried(world: &Value, text: &str) -> Vec<Explanation> {
    engine(world).try_text(text, None, &mut Scratch::default()).explain_all().collect()
}
