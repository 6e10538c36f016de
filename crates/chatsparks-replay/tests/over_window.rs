//! Flows that outrun the messaging window: what is told happens.

use chatsparks_core::{Comment, Engine, Envelope, Event, Instant, Message, Period, Waits, workspace::Workspace};
use chatsparks_replay::{Exceeds, OverWindow, PathStep, Replay, over_window};
use serde_json::{Value, json};

fn workspace(reach: Value, blocks: Value) -> Workspace {
    serde_json::from_value(json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
        "policy": { "reach": reach },
        "triggers": [{ "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" }],
        "flows": [{ "id": "f", "version": 1, "blocks": blocks }]
    }))
    .unwrap()
}

fn message(id: &str) -> Value {
    json!({ "id": id, "message": { "text": "Hi" } })
}

fn found(reach: Value, blocks: Value) -> Vec<OverWindow> {
    over_window(&Engine::compile(workspace(reach, blocks)).unwrap())
}

/// What is told, in short.
fn told(reach: Value, blocks: Value) -> Vec<String> {
    let all = found(reach, blocks).into_iter().map(|over| {
        let steps = over.path.iter().map(|step| match step {
            PathStep::Comment => "comment".to_owned(),
            PathStep::Buyer(text) => format!("“{text}”"),
            PathStep::Option(option) => format!("[{option}]"),
            PathStep::Block(block) => block.to_string(),
        });
        format!("{} {}: {}", over.block, over.exceeds.as_str(), steps.collect::<Vec<_>>().join(" "))
    });
    all.collect()
}

fn sized() -> Value {
    json!([
        { "id": "size", "quick_replies": { "text": "Size?", "field": "size",
            "options": [{ "id": "s", "label": "Small" }, { "id": "l", "label": "Large" }] } },
        { "id": "which", "branch": { "field": "size", "cases": [{ "equals": "Large", "goto": "one" }], "otherwise": "end" } },
        message("one"), message("two"), message("three"), message("end")
    ])
}

#[test]
fn p1_where_a_comment_opens_a_dm_nothing_is_exceeded() {
    assert!(told(json!({ "mode": "open", "messages_per_window": 1 }), sized()).is_empty());
}

#[test]
fn p3_a_comment_opens_one_message_so_the_second_is_held() {
    let reach = json!({ "mode": "comment_to_message" });
    assert_eq!(told(reach.clone(), json!([message("a"), message("b")])), ["b one_message: comment a b"]);
    assert!(told(reach, sized()).is_empty());
}

#[test]
fn p4_messages_in_a_row_are_counted_along_the_way_that_leads_there() {
    let reach = json!({ "mode": "comment_to_message", "messages_per_window": 3 });
    assert_eq!(told(reach, sized()), ["end messages: comment size [l] which one two three end"]);
    let reach = json!({ "mode": "buyer_first", "messages_per_window": 3 });
    assert_eq!(told(reach, sized()), ["end messages: comment “hello” size [l] which one two three end"]);
    let reach = json!({ "mode": "buyer_first", "messages_per_window": 4 });
    assert!(told(reach, sized()).is_empty());
}

#[test]
fn p4_a_wait_outlasts_the_window_at_its_end_and_not_before() {
    let waits = |seconds: i64| {
        json!([{ "id": "q", "question": { "text": "?", "field": "x" } }, { "id": "w", "wait": { "seconds": seconds } },
               message("end")])
    };
    let reach = json!({ "mode": "comment_to_message", "window_hours": 2 });
    assert_eq!(told(reach.clone(), waits(7_200)), ["end time: comment q “yes” w end"]);
    assert!(told(reach, waits(7_199)).is_empty());
}

#[test]
fn f9_only_what_a_trigger_starts_is_looked_at_in_its_highest_version() {
    let mut workspace = workspace(json!({ "mode": "comment_to_message" }), json!([message("a"), message("b")]));
    let older = workspace.flows[0].clone();
    workspace.flows[0].version = 2;
    workspace.flows[0].blocks.pop();
    workspace.flows.push(older.clone());
    workspace.flows.push(chatsparks_core::workspace::Flow { id: "g".into(), ..older });
    assert!(over_window(&Engine::compile(workspace).unwrap()).is_empty());
}

/// The way that is told, lived through again in the workspace itself.
#[test]
fn p4_what_is_told_happens_to_a_buyer_of_the_workspace() {
    for (reach, blocks) in [
        (json!({ "mode": "comment_to_message" }), json!([message("a"), message("b")])),
        (json!({ "mode": "comment_to_message", "messages_per_window": 3 }), sized()),
        (json!({ "mode": "buyer_first", "messages_per_window": 2 }), sized()),
    ] {
        let engine = Engine::compile(workspace(reach, blocks)).unwrap();
        let all = over_window(&engine);
        assert!(!all.is_empty());
        for over in all {
            let mut replay = Replay::new(engine.clone());
            let mut at = Instant::from_milliseconds(0);
            for (number, step) in over.path.iter().enumerate() {
                at = at.after(Period::minutes(1));
                let (text, option) = match step {
                    PathStep::Comment => (Some("price".into()), None),
                    PathStep::Buyer(text) => (Some(text.as_str().into()), None),
                    PathStep::Option(option) => (None, Some(option.clone())),
                    PathStep::Block(_) => continue,
                };
                let event = if let PathStep::Comment = step {
                    let comment_id = "c".into();
                    let (post_id, user_id) = ("v".into(), "u".into());
                    let text = text.unwrap();
                    Event::Comment(Comment {
                        comment_id,
                        post_id,
                        user_id,
                        handle: None,
                        text,
                        posted_at: None,
                        reply_to: None,
                        direct_reply: true,
                    })
                } else {
                    let message_id = format!("m{number}").into();
                    Event::Message(Message { message_id, user_id: "u".into(), handle: None, text, option })
                };
                replay.push(&Envelope { id: format!("e{number}").into(), at, event }, |_| {});
            }
            let stands = replay.contact("u").unwrap().conversation().unwrap().stands.clone().unwrap();
            assert_eq!((&stands.block, stands.waits), (&over.block, Waits::BudgetToRun));
            assert_ne!(over.exceeds, Exceeds::Time);
        }
    }
}
