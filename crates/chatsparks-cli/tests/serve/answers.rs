//! Commands that are asked of a store answer what they answer of the history that it exports.

use crate::service::{BASE, GLOW, Service, directory, wait_for};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

const KEYS: &str = "api_token = { env = \"TOKEN\" }\nclock = \"events\"\ntrust_at = true\n";

/// A shop with a limit that is reached, links that orders follow, and a question that can be missed.
fn document(limit: u32) -> Value {
    json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
        "plan": { "mac_limit": limit, "subscribed_at": "2026-01-31T09:00:00Z", "listening_window_days": 30 },
        "members": [{ "email": "owner@glow.example", "role": "owner", "status": "active" }],
        "posts": [{ "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z" },
            { "id": "old", "kind": "video", "published_at": "2026-01-01T00:00:00Z" }],
        "products": [{ "id": "serum", "name": "Serum", "skus": [{ "id": "s30", "name": "30ml" }] }],
        "triggers": [
            { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "price", "public_reply": "Check your inbox" },
            { "id": "draft", "status": "draft", "when": "question_mark", "flow": "price" }],
        "flows": [{ "id": "price", "version": 1, "blocks": [
            { "id": "card", "shop_link": { "product": "serum", "sku": "s30", "text": "Here you go, {{handle}}" } },
            { "id": "size", "quick_replies": { "text": "Which size?", "field": "size",
                "options": [{ "id": "s", "label": "Small" }, { "id": "l", "label": "Large" }] } },
            { "id": "bye", "message": { "text": "Thanks" } }] }],
    })
}

/// Four contacts: one who buys, is handed over and comments again; one who misses the question twice; one who waits for room;
/// and one who buys by a shop's id and is blocked.
fn history() -> String {
    let at = |day: u32, minute: u32| format!("2026-03-{day:02}T10:{minute:02}:00Z");
    let comment = |id: &str, at: String, user: &str, text: &str, post: &str| {
        json!({ "id": id, "at": at, "type": "comment", "comment_id": format!("c-{id}"), "post_id": post, "user_id": user,
            "handle": format!("handle-{user}"), "text": text })
    };
    let message = |id: &str, at: String, user: &str, text: &str| json!({ "id": id, "at": at, "type": "message", "message_id": format!("m-{id}"), "user_id": user, "text": text });
    let lines = [
        comment("e1", at(2, 0), "mint", "price?", "v1"),
        json!({ "id": "e2", "at": at(2, 1), "type": "receipt", "dm_id": "e1/1", "status": "delivered" }),
        json!({ "id": "e3", "at": at(2, 2), "type": "receipt", "dm_id": "e1/2", "status": "failed", "detail": "blocked by the user" }),
        comment("e4", at(2, 3), "noi", "PRICE please", "v1"),
        message("e5", at(2, 4), "noi", "what?"),
        comment("e6", at(2, 5), "mint", "the price again", "v1"),
        message("e7", at(2, 6), "noi", "what do you mean"),
        comment("e8", at(2, 7), "fah", "price", "v1"),
        comment("e8b", at(2, 7), "fah", "price", "v1"),
        json!({ "id": "e9", "at": at(2, 8), "type": "take", "user_id": "mint", "member": "owner@glow.example" }),
        message("e10", at(2, 9), "mint", "is it gentle?"),
        json!({ "id": "e11", "at": at(2, 10), "type": "member_message", "message_id": "mm1", "user_id": "mint",
            "member": "owner@glow.example", "text": "very" }),
        json!({ "id": "e12", "at": at(3, 0), "type": "identity", "user_id": "bo", "shop_user_id": "shop-bo" }),
        json!({ "id": "e13", "at": at(3, 1), "type": "order", "order_id": "o1", "user_id": "mint", "currency": "THB",
            "total_minor": 900, "lines": [{ "sku_id": "s30", "amount_minor": 900 }] }),
        json!({ "id": "e14", "at": at(3, 2), "type": "refund", "refund_id": "r1", "order_id": "o1", "amount_minor": 100 }),
        json!({ "id": "e15", "at": at(3, 3), "type": "configure", "workspace": document(9) }),
        comment("e16", at(3, 4), "bo", "price", "v1"),
        comment("e17", at(3, 5), "bo", "price", "old"),
        json!({ "id": "e18", "at": at(4, 0), "type": "order", "order_id": "o2", "user_id": "shop-bo", "currency": "THB",
            "total_minor": 500, "lines": [{ "sku_id": "other", "amount_minor": 500 }] }),
        json!({ "id": "e19", "at": at(4, 1), "type": "order_review", "order_id": "o2", "verdict": "confirm",
            "member": "owner@glow.example" }),
        json!({ "id": "e20", "at": at(4, 2), "type": "order_cancelled", "order_id": "o2" }),
        json!({ "id": "e21", "at": at(4, 3), "type": "order_cancelled", "order_id": "o2" }),
        json!({ "id": "e22", "at": at(4, 4), "type": "order", "order_id": "o3", "user_id": "shop-late", "currency": "THB",
            "total_minor": 100, "lines": [] }),
        json!({ "id": "e23", "at": at(4, 5), "type": "identity", "user_id": "fah", "shop_user_id": "shop-late" }),
        json!({ "id": "e24", "at": at(4, 6), "type": "block", "user_id": "bo", "member": "owner@glow.example" }),
        json!({ "id": "e25", "at": at(4, 7), "type": "comment", "comment_id": "c-own", "post_id": "v1",
            "user_id": "acct_glow", "text": "the price is in the bio" }),
        comment("e26", at(4, 8), "bo", "price", "v1"),
        message("e27", at(4, 9), "bo", "hello?"),
        json!({ "id": "e28", "at": at(5, 0), "type": "clock" }),
    ];
    lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("chatsparks"));
    command.args(arguments).current_dir(directory).stdin(Stdio::null()).output().unwrap()
}

/// A store to which that history happened, taken home into `home`, in a directory with `glow.json`.
fn kept() -> Service {
    kept_in("sqlite:store.db", 1)
}

/// The same in a store at an address, in so many partitions.
fn kept_in(store: &str, partitions: u32) -> Service {
    let base = BASE.replace("sqlite:store.db", store);
    let directory = directory(&format!("{base}{KEYS}partitions = {partitions}\n{GLOW}"));
    fs::write(directory.path().join("glow.json"), document(2).to_string()).unwrap();
    let mut service = Service::start(directory, &[]);
    assert_eq!(service.post(history()).status, 200);
    let is_decided = || {
        let health = service.get("/healthz").json();
        health["shards"].as_array().unwrap().iter().all(|shard| shard["lag"] == 0)
    };
    wait_for("every decision", is_decided);
    service.kill();
    let exported = run(service.directory.path(), &["export", store, "home"]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    service
}

/// What is asked: an empty argument is where a history stands.
fn asked() -> Vec<Vec<&'static str>> {
    let mut asked = vec![
        vec!["log", "", "--trigger", "price"],
        vec!["log", "", "--trigger", "draft"],
        vec!["insights", ""],
        vec!["diagnose", "", "--webhook"],
        vec!["diagnose", "", "--member", "who@glow.example"],
        vec!["diagnose", "", "--comment", "c-e6", "--trigger", "price"],
        vec!["diagnose", "", "--comment", "c-e8", "--trigger", "price"],
        vec!["diagnose", "", "--comment", "c-e26", "--trigger", "price"],
        vec!["diagnose", "", "--contact", "noi"],
        vec!["diagnose", "", "--contact", "handle-fah"],
        vec!["try", "--history", "", "--comment", "c-e17"],
        vec!["try", "--history", "", "--trigger", "draft"],
        vec!["try", "is that the price?", "--history", ""],
    ];
    let comments = ["c-e1", "c-e4", "c-e6", "c-e8", "c-e16", "c-e17", "c-e26", "c-own"];
    asked.extend(comments.map(|id| vec!["explain", "", "--comment", id]));
    asked.extend(comments.map(|id| vec!["explain", "", "--comment", id, "--trigger", "price"]));
    asked.extend(["mint", "noi", "fah", "bo", "@handle-mint"].map(|id| vec!["conversation", "", "--contact", id]));
    asked.extend(["e1/1", "e1/2", "e11/0", "e8/1"].map(|id| vec!["diagnose", "", "--dm", id]));
    asked.extend(["o1", "o2", "o3"].map(|id| vec!["diagnose", "", "--order", id]));
    asked.extend(["o1", "o2", "o3"].map(|id| vec!["explain", "", "--order", id]));
    asked.extend([vec!["explain", "", "--contact", "fah"], vec!["explain", "", "--webhook"]]);
    // As of earlier and later instants: before a contact was known, between two events, at one, and once timers have fired.
    let instants = ["2026-03-02T09:00:00Z", "2026-03-02T10:05:30Z", "2026-03-02T10:08:00Z", "2026-03-03T10:03:00Z"];
    for at in instants.into_iter().chain(["2026-03-04T10:00:30Z", "2026-03-05T10:00:00Z", "2026-03-09T00:00:00Z"]) {
        asked.extend(["mint", "noi", "fah", "bo"].map(|id| vec!["diagnose", "", "--contact", id, "--at", at]));
        asked.extend(["o1", "o2"].map(|id| vec!["diagnose", "", "--order", id, "--at", at]));
        asked.push(vec!["diagnose", "", "--comment", "c-e6", "--trigger", "price", "--at", at]);
        asked.push(vec!["diagnose", "", "--dm", "e1/2", "--at", at]);
        asked.push(vec!["diagnose", "", "--webhook", "--at", at]);
        asked.push(vec!["diagnose", "", "--member", "owner@glow.example", "--at", at]);
    }
    asked
}

/// What was taken home: the document and the history.
const HOME: (&str, &str) = ("home/glow/workspace.json", "home/glow/history-0.jsonl");

/// What a command answers of a document and of what stands in place of a history: its status, and what it says.
fn answer(
    service: &Service,
    arguments: &[&str],
    shape: Option<&str>,
    (document, history): (&str, &str),
) -> (Option<i32>, String, String) {
    let mut said: Vec<&str> = Vec::new();
    for argument in arguments {
        let is_command = said.is_empty();
        said.push(if argument.is_empty() { history } else { argument });
        if is_command {
            said.push(document);
        }
    }
    said.extend(shape);
    let output = run(service.directory.path(), &said);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), error)
}

/// S1: what a store on a server answers is what its history answers, to the letter; and what it writes besides.
fn answers_as_its_history(store: &str) {
    let service = kept_in(store, 1);
    let mut different = Vec::new();
    for arguments in &asked() {
        let of_store = answer(&service, arguments, Some("--json"), ("glow.json", store));
        let of_history = answer(&service, arguments, Some("--json"), HOME);
        if of_store.0 != of_history.0 || (of_history.0 == Some(0) && of_store.1 != of_history.1) {
            different.push(format!("{arguments:?}\n{of_store:?}\n{of_history:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
    let written = |document: &str, history: &str| {
        let page = run(service.directory.path(), &["insights", document, history, "--html", "-"]);
        assert!(page.status.success(), "{}", String::from_utf8_lossy(&page.stderr));
        let asked = ["diagnose", document, history, "--order", "o1", "--at", "2026-03-04T10:01:00Z", "--bundle", "-"];
        let bundle = run(service.directory.path(), &asked);
        assert!(bundle.status.success(), "{}", String::from_utf8_lossy(&bundle.stderr));
        [page.stdout, bundle.stdout].map(|written| String::from_utf8(written).unwrap())
    };
    assert_eq!(written("glow.json", store), written(HOME.0, HOME.1));
    // It says so too where it cannot answer, and never shows what its address may hold.
    let nothing = answer(&service, &["explain", "", "--comment", "nope"], None, ("glow.json", store));
    assert!(nothing.2.contains("the store keeps nothing of comment `nope`"), "{nothing:?}");
}

#[test]
fn s1_c10_a_store_in_postgresql_answers_what_its_history_answers() {
    let server = chatsparks_cluster::Postgres::shared().unwrap();
    answers_as_its_history(&server.database("answers").unwrap());
}

#[test]
fn s1_c10_a_store_on_nats_answers_what_its_history_answers() {
    let servers = chatsparks_cluster::Nats::shared().unwrap();
    answers_as_its_history(&servers.url("answers"));
}

/// C10, D, R10: the same answers, to the letter, in both shapes.
#[test]
fn c10_a_store_answers_what_its_history_answers() {
    let (service, store) = (kept(), "sqlite:store.db");
    let mut different = Vec::new();
    for arguments in &asked() {
        for shape in [None, Some("--json")] {
            let of_store = answer(&service, arguments, shape, ("glow.json", store));
            let of_history = answer(&service, arguments, shape, HOME);
            // A store of one workspace needs no document beside it.
            let mut alone = vec![arguments[0], store];
            alone.extend(arguments[1..].iter().filter(|one| !["", "--history"].contains(one)));
            alone.extend(shape);
            let output = run(service.directory.path(), &alone);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!((output.status.code(), &said), (of_store.0, &of_store.1), "{alone:?}");
            // A DM that was never sent is unknown to both, each in its own words.
            let is_known = of_history.0 == Some(0);
            if of_store.0 != of_history.0 || (is_known && of_store.1 != of_history.1) {
                different.push(format!("{arguments:?} {shape:?}\n{of_store:?}\n{of_history:?}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

/// What a store cannot answer is said, and what to do instead.
#[test]
fn c10_what_a_store_cannot_answer_is_said() {
    let service = kept();
    fs::write(service.path("other.json"), document(2).to_string().replace("\"glow\"", "\"other\"")).unwrap();
    let store = "sqlite:store.db";
    let told = [
        (vec!["explain", "glow.json", store, "--comment", "nope"], "keeps nothing of comment `nope`"),
        (vec!["conversation", "glow.json", store, "--contact", "nope"], "keeps nothing of contact `nope`"),
        (vec!["try", store, "price?", "--history", "glow.json"], "a store stands where the workspace's document is"),
        (vec!["diagnose", "glow.json", store, "--dm", "nope"], "keeps nothing of DM `nope`"),
        (vec!["diagnose", "glow.json", store, "--order", "nope"], "keeps nothing of order `nope`"),
        (
            vec!["diagnose", "glow.json", store, "--webhook", "--bundle", "store.db"],
            "is read, and would be overwritten",
        ),
        (vec!["insights", "glow.json", store, "--html", "glow.json"], "is read, and would be overwritten"),
        (vec!["insights", store, "--html", "./store.db"], "is read, and would be overwritten"),
        (
            vec!["diagnose", store, "--comment", "c-e6", "--trigger", "price", "--at", "2026-03-02T10:00:00Z"],
            "keeps nothing of comment `c-e6` by 2026-03-02T10:00:00Z",
        ),
        (
            vec!["diagnose", store, "--contact", "bo", "--at", "2026-03-02T10:00:00Z"],
            "keeps nothing of contact `bo` by 2026-03-02T10:00:00Z",
        ),
        (
            vec!["diagnose", store, "--order", "o2", "--at", "2026-03-02T10:00:00Z"],
            "keeps nothing of order `o2` by 2026-03-02T10:00:00Z",
        ),
        (vec!["log", "glow.json", store, "--trigger", "prcie"], "did you mean `price`"),
        (vec!["log", "other.json", store, "--trigger", "price"], "it has `glow`: name the document"),
        (vec!["log", "glow.json", "--trigger", "price"], "there is no history beside `glow.json`"),
        (vec!["log", "glow.json", "sqlite:nowhere.db", "--trigger", "price"], "check the path"),
        (
            vec!["explain", "glow.json", "postgres://x@127.0.0.1:1/x", "--comment", "c"],
            "cannot open the store in PostgreSQL",
        ),
    ];
    for (arguments, says) in told {
        let output = run(service.directory.path(), &arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    let still = run(service.directory.path(), &["insights", store]);
    assert!(still.status.success(), "{}", String::from_utf8_lossy(&still.stderr));
}

/// I1, I2, D8: the page and the bundle of a store are those of its history, to the letter; of many partitions the page adds
/// up, and a record that was deleted is said to be.
#[test]
fn i1_d8_a_page_and_a_bundle_of_a_store_are_those_of_its_history() {
    let service = kept();
    let written = |arguments: &[&str], name: &str| {
        let output = run(service.directory.path(), arguments);
        assert!(output.status.success(), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(service.path(name)).unwrap()
    };
    let (document, history, store) = ("home/glow/workspace.json", "home/glow/history-0.jsonl", "sqlite:store.db");
    let page = written(&["insights", document, history, "--html", "of-history.html"], "of-history.html");
    assert!(page.contains("Contacts of this month") && page.contains("Revenue in THB"), "{page}");
    assert_eq!(written(&["insights", store, "--html", "of-store.html"], "of-store.html"), page);
    let mut seen_events = Vec::new();
    for at in [None, Some("2026-03-02T10:08:00Z"), Some("2026-03-04T10:01:00Z")] {
        for asked in [&["--webhook"][..], &["--order", "o1"], &["--comment", "c-e6", "--trigger", "price"]] {
            let ask = |of: &[&'static str], name: &'static str| {
                let at = at.map(|at| ["--at", at]);
                let mut said = [&["diagnose"], of, asked, &["--bundle", name][..]].concat();
                said.extend(at.into_iter().flatten());
                run(service.directory.path(), &said).status.success().then(|| written(&said, name))
            };
            let of_history = ask(&[document, history], "of-history.json");
            assert_eq!(ask(&[store], "of-store.json"), of_history, "{asked:?} {at:?}");
            let bundle: Option<Value> = of_history.map(|bundle| serde_json::from_str(&bundle).unwrap());
            seen_events.extend(bundle.map(|bundle| bundle["events"].as_array().unwrap().len()));
        }
    }
    assert!(
        seen_events.iter().any(|count| *count > 25) && seen_events.iter().any(|count| *count < 15),
        "{seen_events:?}"
    );
    let many = kept_in("sqlite:store.db", 8);
    let output = run(many.directory.path(), &["insights", "sqlite:store.db", "--html", "-"]);
    let of_many = String::from_utf8_lossy(&output.stdout).into_owned();
    let contacts =
        |page: &str| page.split("Contacts of this month").nth(1).unwrap().split("</p>").next().unwrap().to_owned();
    // Four were counted, whichever partition counted them.
    assert_eq!(contacts(&of_many), contacts(&page));
}

/// R4, C10: in several partitions each thing is found where it lives, and is told as in one; but for what a partition alone
/// says of the count.
#[test]
fn c10_a_store_of_many_partitions_answers_as_one() {
    let (one, many) = (kept(), kept_in("sqlite:store.db", 8));
    // Who comes first under the limit is for the partitions to settle: what hangs on that is not asked.
    let mut asked = vec![vec!["log", "--trigger", "draft"], vec!["diagnose", "--webhook"]];
    asked.extend(["e1/1", "e1/2", "e11/0"].map(|id| vec!["diagnose", "--dm", id]));
    asked.extend(["o1", "o2", "o3"].map(|id| vec!["explain", "--order", id]));
    asked.extend(["c-e1", "c-e6", "c-e17", "c-e26", "c-own"].map(|id| vec!["explain", "--comment", id]));
    asked.extend(["mint", "noi", "bo", "@handle-mint"].map(|id| vec!["conversation", "--contact", id]));
    for arguments in asked {
        let answer = |service: &Service| {
            let mut said = arguments.clone();
            said.insert(1, "sqlite:store.db");
            let output = run(service.directory.path(), &said);
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let is_count = |line: &&str| line.contains("counted in the cycle") || line.contains("when it came,");
            let told: Vec<String> = text.lines().filter(|line| !is_count(line)).map(str::to_owned).collect();
            (output.status.code(), told, String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (of_one, of_many) = (answer(&one), answer(&many));
        assert_eq!(of_one.0, Some(0), "{arguments:?} {of_one:?}");
        assert_eq!(of_many, of_one, "{arguments:?}");
    }
}
