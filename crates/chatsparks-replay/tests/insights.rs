//! I1: what insights count when one start or flow takes another's place.

use crate::scene::{Scene, comment, shop};
use serde_json::{Value, json};

/// `ask` asks and thanks, `tell` says twice; each on a post of its own.
fn talking(reach: &str) -> Value {
    let mut shop = shop();
    let trigger =
        |id: &str| json!({ "id": id, "when": { "keywords": { "words": [id] } }, "flow": id, "throttle_hours": 0 });
    shop["triggers"] = json!([trigger("ask"), trigger("tell")]);
    shop["flows"] = json!([
        { "id": "ask", "version": 1, "blocks": [
            { "id": "q", "question": { "text": "?", "field": "f" } }, { "id": "m", "message": { "text": "Thanks" } }] },
        { "id": "tell", "version": 1, "blocks": [
            { "id": "a", "message": { "text": "a" } }, { "id": "b", "message": { "text": "b" } }] }]);
    shop["policy"] = json!({ "reach": { "mode": reach } });
    shop
}

fn on(post: &str, mut comment: Value) -> Value {
    comment["post_id"] = post.into();
    comment
}

fn wrote(id: &str, text: &str) -> Value {
    json!({ "type": "message", "message_id": id, "user_id": "u1", "text": text })
}

/// Comments and started DMs of a post, a trigger, a keyword and a flow.
fn numbers(scene: &Scene, post: &str, trigger: &str) -> [(u64, u64); 4] {
    let insights = &scene.insights;
    let groups = [
        insights.posts.get(post),
        insights.triggers.get(trigger),
        insights.keywords.get(trigger),
        insights.flows.get(trigger).map(|flow| &flow.group),
    ];
    groups.map(|group| group.map_or((0, 0), |group| (group.comments, group.dms_started)))
}

/// Of a flow: how often it was completed, and each block's entries and leavings.
fn blocks(scene: &Scene, flow: &str) -> (u64, Vec<(String, u64, u64)>) {
    let Some(flow) = scene.insights.flows.get(flow) else { return (0, Vec::new()) };
    (flow.completed, flow.blocks.iter().map(|(id, block)| (id.to_string(), block.reached, block.left)).collect())
}

fn block(id: &str, reached: u64, left: u64) -> (String, u64, u64) {
    (id.to_owned(), reached, left)
}

#[test]
fn i1_a_flow_whose_place_is_taken_is_left_at_its_block_and_not_completed() {
    let mut scene = Scene::new(&talking("open"));
    scene.push("2026-03-02T10:00:00Z", on("v1", comment("c1", "u1", "ask")));
    assert_eq!(blocks(&scene, "ask"), (0, vec![block("q", 1, 0)]));
    scene.push("2026-03-02T10:01:00Z", on("v2", comment("c2", "u1", "tell")));
    assert_eq!(blocks(&scene, "ask"), (0, vec![block("q", 1, 1)]));
    assert_eq!(blocks(&scene, "tell"), (1, vec![block("a", 1, 0), block("b", 1, 0)]));
    // The same trigger again takes the place of its own run.
    scene.push("2026-03-02T10:02:00Z", on("v1", comment("c3", "u1", "ask")));
    scene.push("2026-03-02T10:03:00Z", on("v1", comment("c4", "u1", "ask")));
    assert_eq!(blocks(&scene, "ask"), (0, vec![block("q", 3, 2)]));
    // What was completed is left no more when the next begins.
    assert_eq!(blocks(&scene, "tell"), (1, vec![block("a", 1, 0), block("b", 1, 0)]));
    scene.push("2026-03-02T10:04:00Z", wrote("m1", "x"));
    assert_eq!(blocks(&scene, "ask"), (1, vec![block("m", 1, 0), block("q", 3, 2)]));
    assert_eq!(numbers(&scene, "v1", "ask"), [(3, 3); 4]);
    assert_eq!(numbers(&scene, "v2", "tell"), [(1, 1); 4]);
}

#[test]
fn i1_a_start_whose_place_is_taken_starts_nothing_and_the_other_counts_where_it_fired() {
    let mut scene = Scene::new(&talking("buyer_first"));
    scene.push("2026-03-02T10:00:00Z", on("v1", comment("c1", "u1", "ask")));
    scene.push("2026-03-02T10:01:00Z", on("v2", comment("c2", "u1", "tell")));
    scene.push("2026-03-02T10:02:00Z", wrote("m1", "x"));
    assert_eq!(numbers(&scene, "v1", "ask"), [(1, 0), (1, 0), (1, 0), (0, 0)]);
    assert_eq!(numbers(&scene, "v2", "tell"), [(1, 1); 4]);
    // A late one takes no place: the one that waited begins, and counts where that one fired.
    let mut scene = Scene::new(&talking("buyer_first"));
    scene.push("2026-03-02T10:01:00Z", on("v2", comment("c2", "u1", "tell")));
    scene.push("2026-03-02T10:00:00Z", on("v1", comment("c1", "u1", "ask")));
    scene.push("2026-03-02T10:02:00Z", wrote("m1", "x"));
    assert_eq!(numbers(&scene, "v1", "ask"), [(1, 0), (1, 0), (1, 0), (0, 0)]);
    assert_eq!(numbers(&scene, "v2", "tell"), [(1, 1); 4]);
}

#[test]
fn i1_a_removed_comments_start_starts_nothing() {
    let mut scene = Scene::new(&talking("buyer_first"));
    scene.push("2026-03-02T10:00:00Z", on("v1", comment("c1", "u1", "ask")));
    let removed = json!({ "type": "comment_removed", "comment_id": "c1", "user_id": "u1" });
    scene.push("2026-03-02T10:01:00Z", removed);
    scene.push("2026-03-02T10:02:00Z", on("v2", comment("c2", "u1", "ask")));
    scene.push("2026-03-02T10:03:00Z", wrote("m1", "x"));
    assert_eq!(numbers(&scene, "v1", "ask"), [(1, 0), (2, 1), (2, 1), (1, 1)]);
    assert_eq!(numbers(&scene, "v2", "ask"), [(1, 1), (2, 1), (2, 1), (1, 1)]);
}
