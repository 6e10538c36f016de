//! What is old is deleted behind a checkpoint, and what is left is taken home and replays to the same bytes (R10).

use crate::service::{BASE, GLOW, Service, directory, wait_for};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

fn service(partitions: u32) -> Service {
    let keys = format!(
        "api_token = {{ env = \"TOKEN\" }}\npartitions = {partitions}\nclock = \"events\"\ntrust_at = true\nrecords_days = 1\n"
    );
    Service::start(directory(&format!("{BASE}{keys}{GLOW}")), &[])
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("chatsparks"));
    command.args(arguments).current_dir(directory).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Four days of forty contacts: comments that start a flow, their answers, links of shop ids, orders and refunds.
fn history() -> String {
    let mut lines = Vec::new();
    for day in 1..=4 {
        for contact in 0..40 {
            let at = |minute: u32| format!("2026-03-{day:02}T10:{minute:02}:00Z");
            let (id, user) = (format!("{day}-{contact}"), format!("u{contact}"));
            lines.push(json!({ "id": format!("c{id}"), "at": at(0), "type": "comment", "comment_id": format!("c{id}"),
                "post_id": "v1", "user_id": user, "handle": format!("h{contact}"), "text": "price please" }));
            lines.push(json!({ "id": format!("m{id}"), "at": at(1), "type": "message", "message_id": format!("m{id}"),
                "user_id": user, "text": "the small one" }));
            if contact % 5 == 0 {
                lines.push(json!({ "id": format!("i{id}"), "at": at(2), "type": "identity", "user_id": user,
                    "shop_user_id": format!("s{contact}") }));
                lines.push(json!({ "id": format!("o{id}"), "at": at(3), "type": "order", "order_id": format!("o{id}"),
                    "user_id": format!("s{contact}"), "currency": "THB", "total_minor": 900,
                    "lines": [{ "sku_id": "s", "amount_minor": 900 }] }));
                lines.push(
                    json!({ "id": format!("r{id}"), "at": at(4), "type": "refund", "refund_id": format!("r{id}"),
                    "order_id": format!("o{}-{contact}", day.max(2) - 1), "amount_minor": 100 }),
                );
            }
        }
    }
    // What would be late stays so: bodies come in order of their instants.
    lines.sort_by_key(|line| line["at"].as_str().unwrap().to_owned());
    lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

/// Takes everything home, and replays each partition from where its export begins; how many begin with a checkpoint.
fn take_home(directory: &Path, folder: &str, partitions: u32) -> usize {
    let exported = run(directory, &["export", "store.db", folder]);
    assert!(exported.status.success(), "{}", said(&exported));
    let glow = directory.join(folder).join("glow");
    let mut checkpoints = 0;
    for partition in 0..partitions {
        let name = |kind: &str| glow.join(format!("{kind}-{partition}.jsonl")).display().to_string();
        let (checkpoint, history, again) = (name("checkpoint"), name("history"), name("again"));
        let document = glow.join("workspace.json").display().to_string();
        let has_checkpoint = Path::new(&checkpoint).exists();
        checkpoints += usize::from(has_checkpoint);
        let from = if has_checkpoint { ["--from", &checkpoint] } else { ["--quiet", &document] };
        let replayed = run(directory, &["replay", from[0], from[1], &history, "--decisions", &again]);
        assert!(replayed.status.success(), "{}", said(&replayed));
        let (kept, again) = (fs::read_to_string(name("records")).unwrap(), fs::read_to_string(again).unwrap());
        assert_eq!(kept.lines().next(), again.lines().next(), "partition {partition}");
        assert!(kept == again, "partition {partition}: the records differ");
    }
    checkpoints
}

fn old_is_cut_and_the_rest_replays(partitions: u32) {
    let mut service = service(partitions);
    let history = history();
    assert_eq!(service.post(&history).status, 200);
    let lag = |service: &Service| {
        let health = service.get("/healthz").json();
        let lags: Vec<u64> =
            health["shards"].as_array().unwrap().iter().map(|one| one["lag"].as_u64().unwrap()).collect();
        lags.iter().sum::<u64>()
    };
    wait_for("every decision", || lag(&service) == 0);
    // Killed while it cuts, or before, or after: whatever stands then replays.
    service.again();
    wait_for("what is old to go", || service.get("/v1/workspaces/glow/records?after=0").status == 410);
    service.kill();
    let begun = take_home(service.directory.path(), "first", partitions);
    assert!(begun > 0);
    service.again();
    service.get("/v1/workspaces/glow/records?after=0").problem(410, "records-gone");
    let last = json!({ "id": "k", "at": "2026-03-09T10:00:00Z", "type": "clock" }).to_string();
    assert_eq!(service.post(last).status, 200);
    wait_for("every decision", || lag(&service) == 0);
    service.kill();
    assert!(take_home(service.directory.path(), "second", partitions) >= begun);
    let verified = run(service.directory.path(), &["verify", "store.db"]);
    let told = said(&verified);
    assert_eq!(verified.status.code(), Some(0), "{told}");
    assert!(told.contains("from the checkpoint at event") && told.contains("all as this engine decides"), "{told}");
    // A state is what it was: what is deleted is history.
    service.again();
    let state = service.get("/v1/workspaces/glow/state").json();
    assert_eq!(state["contacts"].as_array().unwrap().len(), 40);
    assert_eq!(state["orders"].as_array().unwrap().len(), 32);
}

#[test]
fn r10_one_partition_is_cut_and_the_rest_replays() {
    old_is_cut_and_the_rest_replays(1);
}

#[test]
fn r10_eight_partitions_are_cut_and_the_rest_replays() {
    old_is_cut_and_the_rest_replays(8);
}

/// A file that is no checkpoint, or not all of one, is refused with a sentence that shows nothing of it.
#[test]
fn r10_what_is_no_checkpoint_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let glow = crate::service::document();
    let head = json!({ "checkpoint": 1, "workspace": "glow", "partition": 0, "partitions": 1, "position": 0, "seq": 0,
        "revision": 1, "engine": "0" });
    let with = |name: &str, value: Value| {
        let mut head = head.clone();
        head[name] = value;
        head.to_string()
    };
    let (head, document) = (head.to_string(), json!({ "document": glow }).to_string());
    // Stored forms say their version first.
    let clock = r#"{"v":1,"clock":{"v":1,"seq":0}}"#;
    let terms = r#"{"v":1,"terms":{"v":1,"revision":1}}"#;
    let end = json!({ "rows": 2 }).to_string();
    let file = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let whole = file(&[&head, &document, clock, terms, &end]);
    fs::write(directory.path().join("history.jsonl"), "").unwrap();
    let replay = |text: &str| {
        fs::write(directory.path().join("c.jsonl"), text).unwrap();
        run(directory.path(), &["replay", "--from", "c.jsonl", "history.jsonl"])
    };
    let good = replay(&whole);
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    let secret = r#"{"v":1,"contact":{"v":2,"user_id":"u","handle":"s3cr3t","oops":1}}"#;
    let newer = r#"{"v":9,"contact":{"v":2,"user_id":"u","handle":"s3cr3t"}}"#;
    for (text, told) in [
        (String::new(), "line 1: expected the first line of a checkpoint"),
        ("s3cr3t\n".to_owned(), "line 1: expected the first line of a checkpoint"),
        (file(&[&with("checkpoint", json!(2)), &document, &end]), "a checkpoint of version 2"),
        (file(&[&with("oops", json!(2)), &document, &end]), "line 1: expected the first line of a checkpoint"),
        (file(&[&head]), "cut off after 0 rows"),
        (file(&[&head, clock]), "line 2: expected the document in force"),
        (file(&[&with("workspace", json!("moon")), &document, clock, terms, &end]), "`workspace` differs"),
        (file(&[&with("seq", json!(7)), &document, clock, terms, &end]), "`seq` differs"),
        (file(&[&with("revision", json!(7)), &document, clock, terms, &end]), "`revision` differs"),
        (file(&[&with("at", json!("2026-03-01T00:00:00Z")), &document, clock, terms, &end]), "`at` differs"),
        (file(&[&head, &document, clock, terms]), "cut off after 2 rows"),
        (whole[..whole.len() - 1].to_owned(), "cut off after 2 rows"),
        (file(&[&head, &document, clock, &end]), "it has 1 rows, and its last line says 2"),
        (file(&[&head, &document, clock, terms, &end, clock]), "line 6: expected nothing after the last line"),
        (file(&[&head, &document, clock, secret, &end]), "line 4: expected a row of the state"),
        (file(&[&head, &document, clock, newer, &end]), "line 4: stored as version 9"),
    ] {
        let refused = replay(&text);
        let said = said(&refused);
        assert_eq!(refused.status.code(), Some(2), "{told}: {said}");
        assert!(said.contains(told) && said.contains("c.jsonl") && !said.contains("s3cr3t"), "{told}: {said}");
    }
    let missing = run(directory.path(), &["replay", "--from", "nothing.jsonl", "history.jsonl"]);
    assert!(missing.status.code() == Some(2) && said(&missing).contains("nothing.jsonl"), "{}", said(&missing));
    fs::write(directory.path().join("c.jsonl"), whole).unwrap();
    let both = run(directory.path(), &["replay", "--from", "c.jsonl", "glow.json", "history.jsonl"]);
    assert!(both.status.code() == Some(2) && said(&both).contains("has its own document"), "{}", said(&both));
}

/// S3: the newest forms are written once that is asked for; a store of a newer level is refused with a sentence.
#[test]
fn s3_a_store_is_upgraded_by_a_command() {
    let mut service = service(1);
    let busy = run(service.directory.path(), &["store", "upgrade", "store.db"]);
    assert!(busy.status.code() == Some(2) && said(&busy).contains("in use by process"), "{}", said(&busy));
    service.kill();
    let level = |level: u32| {
        let file = rusqlite::Connection::open(service.path("store.db")).unwrap();
        file.execute("UPDATE meta SET value = ?1 WHERE name = 'forms'", [level]).unwrap();
    };
    level(0);
    let upgraded = run(service.directory.path(), &["store", "upgrade", "sqlite:store.db"]);
    assert!(
        upgraded.status.success() && said(&upgraded).contains("from forms of level 0 to level 1"),
        "{}",
        said(&upgraded)
    );
    let again = run(service.directory.path(), &["store", "upgrade", "sqlite:store.db"]);
    assert!(again.status.success() && said(&again).contains("level 1 already"), "{}", said(&again));
    level(2);
    let newer = "the store's forms are of level 2, and this build knows levels up to 1: use a newer one";
    let refused = service.again_or_said().unwrap_err();
    assert!(refused.contains(newer), "{refused}");
    let refused = run(service.directory.path(), &["export", "store.db", "home"]);
    assert!(refused.status.code() == Some(2) && said(&refused).contains(newer), "{}", said(&refused));
    let none = run(service.directory.path(), &["store", "upgrade", "nothing.db"]);
    assert!(none.status.code() == Some(2) && said(&none).contains("there is no store"), "{}", said(&none));
    assert!(!service.path("nothing.db").exists());
}
