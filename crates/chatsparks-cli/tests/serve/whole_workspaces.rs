//! Several services on one NATS share whole workspaces out (R5): each is served by one of them, and answered by all.

use crate::{
    endpoint::{Endpoint, SECRET},
    service::{Service, command, comment, directory, document, wait_for},
    tiktok_sim::{nats, postgres},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, thread::sleep, time::Duration};

/// Their slots lie in both halves of 64.
const WORKSPACES: [&str; 4] = ["bloom", "lumi", "nara", "w1"];
/// Longer than a journal is followed without being asked for.
const IDLE: Duration = Duration::from_secs(6);

fn account(workspace: &str) -> String {
    format!("acct_{workspace}")
}

/// A service on this store; with an endpoint, the effects of each workspace go there.
fn service(store: &str, endpoint: Option<&Endpoint>) -> Service {
    let mut configuration = format!(
        "listen = \"127.0.0.1:0\"\nstore = \"{store}\"\ntakeover_seconds = 2\napi_token = {{ env = \"TOKEN\" }}\n"
    );
    for id in WORKSPACES {
        configuration.push_str(&format!("[[workspace]]\ndocument = \"{id}.json\"\n"));
        if let Some(endpoint) = endpoint {
            configuration.push_str(&format!(
                "outbound = \"http\"\n[workspace.http]\nurl = \"http://{}/effects\"\nsecret = {{ env = \"EFFECTS_SECRET\" }}\n",
                endpoint.address
            ));
        }
    }
    let directory = directory(&configuration);
    for id in WORKSPACES {
        let mut document = document();
        (document["workspace"]["id"], document["workspace"]["account_user_id"]) = (json!(id), json!(account(id)));
        fs::write(directory.path().join(format!("{id}.json")), document.to_string()).unwrap();
    }
    let mut command = command(directory.path());
    command.args(["--config", "serve.toml"]).env("EFFECTS_SECRET", SECRET);
    Service::run(directory, command)
}

/// The workspaces that a service says it serves.
fn served(service: &Service) -> BTreeSet<String> {
    let health = service.get("/healthz?here=true").json();
    let shards = health["shards"].as_array().unwrap().iter();
    shards
        .filter(|shard| shard["served"] != false)
        .map(|shard| shard["workspace"].as_str().unwrap().to_owned())
        .collect()
}

fn all() -> BTreeSet<String> {
    WORKSPACES.map(str::to_owned).into()
}

/// Waits until each of two has its share, which has something in it.
fn shared(one: &Service, other: &Service) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut shares = Default::default();
    wait_for("a fair share", || {
        shares = (served(one), served(other));
        let (ones, others) = &shares;
        !ones.is_empty() && !others.is_empty() && ones.is_disjoint(others) && ones | others == all()
    });
    shares
}

fn path(workspace: &str, rest: &str) -> String {
    format!("/v1/workspaces/{workspace}/{rest}")
}

/// The ids of the events of all records, sorted: they come by partition.
fn decided(service: &Service, workspace: &str) -> Vec<String> {
    let answer = service.get(&path(workspace, "records"));
    let records = answer.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ids = records.filter_map(|record| Some(record["event"].as_str()?.to_owned()));
    let mut ids: Vec<String> = ids.filter(|id| id.starts_with('e')).collect();
    ids.sort();
    ids
}

/// How many effects wait, as metrics tell it.
fn waiting(service: &Service, workspace: &str) -> f64 {
    let metrics = service.get("/metrics");
    let labels = [format!("workspace=\"{workspace}\""), "state=\"waiting\"".to_owned()];
    let is_it = |line: &&str| line.starts_with("chatsparks_queue{") && labels.iter().all(|label| line.contains(label));
    metrics.text().lines().find(is_it).unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn r5_r8_a_workspace_on_nats_is_served_by_one_and_answered_by_all() {
    let store = nats("whole_workspaces");
    let (one, mut other) = (service(&store, None), service(&store, None));
    let (ones, others) = shared(&one, &other);
    let (here, there) = (ones.first().unwrap().as_str(), others.first().unwrap().as_str());
    // Health tells who serves what, as it was heard last, and metrics what this one serves.
    wait_for("word of both", || {
        let workers = one.get("/healthz").json()["workers"].clone();
        workers.as_array().unwrap().iter().all(|worker| {
            let told: BTreeSet<String> = serde_json::from_value(worker["workspaces"].clone()).unwrap();
            told == if worker["is_this"] == true { ones.clone() } else { others.clone() }
        })
    });
    let metrics = one.get("/metrics");
    for (workspace, partitions) in [(here, 64), (there, 0)] {
        let told = format!("chatsparks_partitions_served{{workspace=\"{workspace}\"}} {partitions}\n");
        assert!(metrics.text().contains(&told), "{}", metrics.text());
    }

    // R1: what comes to the wrong one, which has not been asked for that workspace in a while, is decided by the other.
    sleep(IDLE);
    for n in 0..3 {
        let accepted = one.call("POST", &path(there, "events"), comment(&format!("e{n}"), &format!("u{n}")));
        assert_eq!(accepted.status, 200, "{}", accepted.text());
    }
    wait_for("the decisions", || decided(&other, there).len() == 3);
    assert_eq!((waiting(&one, there), waiting(&other, there)), (0.0, 9.0));
    // S1: it reads them as the other does, and the queue, though it follows none of it.
    assert_eq!(decided(&one, there), ["e0", "e1", "e2"]);
    assert_eq!(one.get(&path(there, "queue")).json()["counts"], other.get(&path(there, "queue")).json()["counts"]);
    let contact = path(there, "contacts/u1");
    assert_eq!(one.get(&contact).json(), other.get(&contact).json());

    // R8: a document may be put in force by either, and is read by both.
    for (service, reader, name) in [(&one, &other, "Put where it is not served"), (&other, &one, "Put where it is")] {
        let mut next = document();
        next["workspace"] = json!({ "id": there, "name": name, "account_user_id": account(there) });
        let put = service.call("PUT", &path(there, "document"), next.to_string());
        assert_eq!(put.status, 200, "{}", put.text());
        for reads in [service, reader] {
            assert_eq!(reads.get(&path(there, "document")).json()["workspace"]["name"], name);
            // What answers by the document in force has it too, once it is decided.
            wait_for("the revision", || {
                let told = reads.get(&path(there, "diagnosis?about=webhook")).json();
                Some(&told["revision"]) == put.json().get("revision")
            });
        }
    }

    // R5: whoever dies is replaced, with all that waits.
    sleep(IDLE);
    other.kill();
    assert_eq!(one.call("POST", &path(there, "events"), comment("e3", "u3")).status, 200);
    assert_eq!(one.call("POST", &path(here, "events"), comment("e4", "u3")).status, 200);
    wait_for("the takeover", || served(&one) == all());
    wait_for("the decision", || decided(&one, there).len() == 4);
    assert_eq!(decided(&one, here), ["e4"]);
}

/// R8: whoever starts with another document puts it in force, on a store that several may serve too.
#[test]
fn r8_a_start_with_another_document_puts_it_in_force() {
    for store in [nats("another_document"), postgres("another_document")] {
        let mut one = service(&store, None);
        wait_for("all of it", || served(&one) == all());
        one.kill();
        let mut next = document();
        next["workspace"] = json!({ "id": "nara", "name": "Another", "account_user_id": account("nara") });
        fs::write(one.path("nara.json"), next.to_string()).unwrap();
        one.again_with(&[("EFFECTS_SECRET", SECRET)]);
        assert_eq!(one.get(&path("nara", "document")).json()["workspace"]["name"], "Another");
    }
}

/// O8: a channel that stands is known to stand by whoever is asked, and by whoever takes its workspace over, since when it
/// does: what is tried meanwhile is not given up for it.
#[test]
fn o8_a_stop_moves_with_its_workspace() {
    let (endpoint, store) = (Endpoint::new("401 Unauthorized"), nats("stops_move"));
    let (one, mut other) = (service(&store, Some(&endpoint)), service(&store, Some(&endpoint)));
    let (_, others) = shared(&one, &other);
    let there = others.first().unwrap().as_str();
    let channel = |service: &Service| service.get(&path(there, "queue")).json()["channel"].clone();
    assert_eq!(channel(&one)["state"], "going");
    assert_eq!(other.call("POST", &path(there, "events"), comment("e0", "u0")).status, 200);
    wait_for("a stop", || channel(&other)["state"] == "stopped");
    let stopped = channel(&other);
    wait_for("word of it", || channel(&one)["since"] == stopped["since"]);
    other.kill();
    wait_for("the takeover", || served(&one) == all());
    // It is tried again, and refused again.
    let tried = endpoint.received().len();
    wait_for("another try", || endpoint.received().len() > tried);
    assert_eq!(channel(&one), stopped);
    endpoint.answers("200 OK");
    wait_for("the outcomes", || one.get(&path(there, "queue")).json()["counts"]["sent"] == 3);
    assert_eq!(channel(&one)["state"], "going");
}
