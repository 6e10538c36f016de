//! S4: a workspace goes from a file to PostgreSQL, to NATS, and back to a file, with whatever waits; it is killed on the way.

use crate::command;
use chatsparks_cluster::{Nats, Postgres};
use chatsparks_crash::{
    WORKSPACE,
    endpoint::{self, Delivered},
    fleet::{Feeding, Fleet, is_outcome},
    service::{Service, Setup},
    shop,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

fn chatsparks(arguments: &[&str]) -> Output {
    Command::new(command()).args(arguments).output().unwrap()
}

fn done(arguments: &[&str]) -> String {
    let output = chatsparks(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn refused(arguments: &[&str]) -> String {
    let output = chatsparks(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Everything that a store has, as it is taken home: the text of each file by its name.
fn taken_home(store: &str, folder: &Path) -> BTreeMap<String, String> {
    done(&["export", store, &folder.display().to_string()]);
    let files = fs::read_dir(folder.join(WORKSPACE)).unwrap().map(|file| file.unwrap().path());
    files
        .map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(file).unwrap()))
        .collect()
}

/// Moves, killed three times on the way, and holds what is there against what was.
fn move_killed(from: &str, to: &str, home: &Path) {
    let before = taken_home(from, &home.join("before"));
    for after in [30, 60, 120] {
        let mut moving = Command::new(command());
        moving.args(["migrate", "--from", from, "--to", to]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut moving = moving.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(after));
        // It may have come to its end.
        let _ = moving.kill();
        moving.wait().unwrap();
    }
    let said = done(&["migrate", "--from", from, "--to", to]);
    assert!(said.contains("glow: "), "{said}");
    let after = taken_home(to, &home.join("after"));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, text) in &before {
        assert!(after[name] == *text, "S4: {name} is otherwise after the move");
    }
    done(&["verify", to]);
    for folder in ["before", "after"] {
        fs::remove_dir_all(home.join(folder)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_workspace_moves_with_all_that_waits_and_is_served_from_one_place() {
    // Another test of this program may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (postgres, nats) = tokio::task::block_in_place(|| (Postgres::start(&[]).unwrap(), Nats::start(3).unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_owned();
    let (contacts, limit) = (90, 50);
    let events = shop::events(contacts);
    let document = home.join("glow.json");
    fs::write(&document, shop::document(Some(limit)).to_string()).unwrap();
    let delivered = Arc::new(Mutex::new(Delivered::default()));
    let endpoint = endpoint::serve(delivered.clone(), shop::contact_of).await;
    let file = |name: &str| format!("sqlite:{}", home.join(name).display());
    let stores = [file("one.db"), postgres.database("moved").unwrap(), nats.url("moved"), file("two.db")];
    let serve = |store: &str| {
        let binary = command();
        let config = home.join("chatsparks.toml");
        let more = "partitions = 4\ntakeover_seconds = 1\n";
        Fleet(vec![Service::new(Setup { binary: &binary, config, store, more, document: &document, endpoint })])
    };
    let feeding = Feeding { seed: 7, body: 60, pause: Duration::ZERO };
    for (place, events) in events.chunks(events.len() / 4).enumerate() {
        let place = place.min(3);
        let fleet = serve(&stores[place]);
        fleet.start().await;
        fleet.feed(events, feeding).await;
        if place == 3 {
            fleet.drained().await;
            let records = fleet.records().await;
            let decided: BTreeSet<&str> = records.iter().filter_map(|record| record["event"].as_str()).collect();
            let outcomes: Vec<_> = records.iter().filter(|record| is_outcome(record)).collect();
            let dms: Vec<_> =
                records.iter().flat_map(|record| record["effects"].as_array().into_iter().flatten()).collect();
            let dms = dms.iter().filter(|effect| effect.get("send_dm").is_some()).count();
            assert_eq!(outcomes.len(), dms, "O1: each DM has one outcome");
            for line in ids(&shop::events(contacts)) {
                assert!(decided.contains(line.as_str()), "R1: {line} was acknowledged and never decided");
            }
            let state = fleet.ask(&format!("/v1/workspaces/{WORKSPACE}/state")).await;
            assert_eq!(state["mac"]["count"], limit, "R7: as many are counted as may be");
            assert!(delivered.lock().unwrap().by_effect(|_| true).len() >= dms);
            fleet.stop();
            done(&["verify", &stores[3]]);
            return;
        }
        let (from, to) = (&stores[place], &stores[place + 1]);
        // What was decided goes ahead; a service that runs keeps the rest.
        done(&["migrate", "--from", from, "--to", to, "--ahead"]);
        let why = refused(&["migrate", "--from", from, "--to", to]);
        assert!(why.contains("in use") || why.contains("still serves"), "{why}");
        let (left, may_be_frozen) = (&fleet.0[0], place > 0);
        if may_be_frozen {
            // Where there may be several, one that is silent for so long counts no more.
            left.signal("STOP");
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        } else {
            left.kill();
        }
        tokio::task::block_in_place(|| move_killed(from, to, &home));
        if may_be_frozen {
            // Thawed, it takes nothing for a store that nobody reads any more, and says why.
            left.signal("CONT");
            let client = reqwest::Client::new();
            let late = client.post(left.of_workspace("/events")).bearer_auth(chatsparks_crash::TOKEN);
            let told = late.body(events[0].clone()).send().await.unwrap();
            assert_eq!(told.status().as_u16(), 503, "{}", told.text().await.unwrap());
            let health = client.get(left.url("/healthz")).send().await.unwrap().text().await.unwrap();
            assert!(health.contains("was moved to another store"), "{health}");
            left.kill();
        }
        // The store that was left serves no more.
        let again = serve(from);
        let config = home.join("chatsparks.toml").display().to_string();
        drop(again);
        let refused = Command::new(command())
            .args(["serve", "--config", &config])
            .env("CHATSPARKS_TOKEN", chatsparks_crash::TOKEN)
            .env("EFFECTS_SECRET", chatsparks_crash::SECRET)
            .output()
            .unwrap();
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && why.contains("was moved to another store"), "{why}");
    }
}

/// A name that was mistyped is no new store.
#[test]
fn s4_a_store_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let [none, other] = [file("none.db"), file("other.db")];
    for arguments in
        [&["migrate", "--stay", &none][..], &["migrate", "--from", &none, "--to", &other], &["verify", &none]]
    {
        let why = refused(arguments);
        assert!(why.contains("none.db") && why.contains("help: check the path"), "{arguments:?}: {why}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The ids of lines.
fn ids(lines: &[String]) -> Vec<String> {
    let id =
        |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    lines.iter().map(id).collect()
}
