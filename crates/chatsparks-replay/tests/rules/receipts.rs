//! V11: the life of a DM.

use crate::rows::*;
use serde_json::{Value, json};

/// `go` says, `later` waits and says.
fn shop() -> Value {
    world(json!({
        "triggers": [ trigger("go", "hi", json!({})), trigger("later", "wait", json!({})) ],
        "flows": [
            flow("hi", json!([{ "id": "m", "message": { "text": "Hi" } }])),
            flow("wait", json!([{ "id": "w", "wait": { "seconds": 3600 } }, { "id": "m", "message": { "text": "Now" } }])) ] }))
}

fn go(at: i64) -> Event {
    comment(at, "u1", "go")
}

#[test]
fn v11_only_later_stages_replace_earlier_ones_and_failed_ends_what_is_not_delivered() {
    let receipt = |status: &str| event(1, "receipt", json!({ "dm_id": "e0/0", "status": status }));
    let stages = ["sent", "delivered", "read", "failed"];
    for (one, then) in
        [("sent", &["delivered", "read", "failed"][..]), ("delivered", &["read"]), ("read", &[]), ("failed", &[])]
    {
        for other in stages {
            let events = [go(0), receipt(one), receipt(other)];
            let mut wanted = vec![format!("1 dm_stage e0/0 {one}")];
            wanted.extend(then.contains(&other).then(|| format!("2 dm_stage e0/0 {other}")));
            assert_eq!(facts(&shop(), &events, &["dm_stage"]), wanted, "{one} {other}");
            // What is not later is applied and changes nothing.
            check_last(&shop(), &events, "applied");
        }
    }
    // What failed stays failed, whatever comes after.
    let events = [go(0), receipt("failed"), receipt("delivered"), receipt("read")];
    assert_eq!(facts(&shop(), &events, &["dm_stage"]), ["1 dm_stage e0/0 failed"]);
    check_last(
        &shop(),
        &[go(0), event(1, "receipt", json!({ "dm_id": "e0/1", "status": "sent" }))],
        "refused unknown_dm",
    );
    // A public reply is no DM; a member's message and a timer's are.
    let mut world = shop();
    world["triggers"][0]["public_reply"] = "Sent".into();
    check_last(&world, &[go(0), receipt("sent")], "refused unknown_dm");
    check_last(&shop(), &[member_message(0, "u1", "x"), receipt("sent")], "applied");
    let timed = format!("timer:flow_wait:u1:{}/0", at(HOUR));
    check_last(
        &shop(),
        &[comment(0, "u1", "later"), clock(HOUR), event(HOUR, "receipt", json!({ "dm_id": timed, "status": "sent" }))],
        "applied",
    );
}
