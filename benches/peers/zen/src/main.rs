//! The same triggers as one decision table of zen-engine, compiled, first hit; reads what the benches export.
//!
//! `peer-zen SET.json COUNT` decides the first COUNT comments once to warm up and once by the clock, and prints
//! nanoseconds for each and every answer.

use serde::Deserialize;
use serde_json::{Value, json};
use std::{error::Error, time::Instant};
use zen_engine::{DecisionEngine, model::DecisionContent};

#[derive(Deserialize)]
struct Set {
    triggers: Vec<Trigger>,
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
struct Trigger {
    id: String,
    groups: Vec<Vec<String>>,
    posts: Vec<String>,
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Comment {
    text: String,
    post: String,
    tags: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("which set?")?;
    let count: usize = arguments.next().ok_or("how many comments?")?.parse()?;
    let set: Set = serde_json::from_slice(&std::fs::read(file)?)?;
    let content: DecisionContent = serde_json::from_value(graph(&set.triggers))?;
    let engine = DecisionEngine::default();
    let mut decision = engine.create_decision(content.into())?;
    decision.compile();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let comments = &set.comments[..count.min(set.comments.len())];
    let pass = || -> Result<Vec<Value>, Box<dyn Error>> {
        let mut answers = Vec::with_capacity(comments.len());
        for comment in comments {
            let fact = json!({ "text": comment.text.to_lowercase(), "post": comment.post, "tags": comment.tags });
            let answer = runtime.block_on(decision.evaluate(fact.into())).map_err(|error| format!("{error:?}"))?;
            let answer = answer.result.to_value();
            answers.push(answer.get("trigger").cloned().unwrap_or(Value::Null));
        }
        Ok(answers)
    };
    pass()?;
    let start = Instant::now();
    let answers = pass()?;
    let each = start.elapsed().as_nanos() as f64 / comments.len() as f64;
    println!("{}", json!({ "each": each, "answers": answers }));
    Ok(())
}

/// Posts in a column of their own, which the table can look up; tags and words as expressions.
fn graph(triggers: &[Trigger]) -> Value {
    let quoted = |text: &String| Value::from(text.as_str()).to_string();
    let rules: Vec<Value> = triggers
        .iter()
        .map(|trigger| {
            let posts = trigger.posts.iter().map(quoted).collect::<Vec<_>>().join(", ");
            let tags = trigger.tags.iter().map(|tag| format!("contains(tags, {})", quoted(tag)));
            let any = |group: &Vec<String>| {
                let words = group.iter().map(|word| format!("contains(text, {})", quoted(word)));
                format!("({})", words.collect::<Vec<_>>().join(" or "))
            };
            let words = trigger.groups.iter().map(any).collect::<Vec<_>>().join(" and ");
            json!({ "_id": trigger.id, "post": posts, "tags": tags.collect::<Vec<_>>().join(" or "), "words": words,
                    "answer": quoted(&trigger.id) })
        })
        .collect();
    json!({
        "nodes": [
            { "id": "in", "type": "inputNode", "name": "in" },
            { "id": "table", "type": "decisionTableNode", "name": "table", "content": {
                "hitPolicy": "first",
                "inputs": [ { "id": "post", "name": "post", "field": "post" }, { "id": "tags", "name": "tags" },
                            { "id": "words", "name": "words" } ],
                "outputs": [ { "id": "answer", "name": "answer", "field": "trigger" } ],
                "rules": rules } },
            { "id": "out", "type": "outputNode", "name": "out" } ],
        "edges": [ { "id": "a", "sourceId": "in", "targetId": "table" },
                   { "id": "b", "sourceId": "table", "targetId": "out" } ] })
}
