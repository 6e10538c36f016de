//! Stores that cannot do what they should (S1, R9): it says so plainly and tells what to do, nothing that was acknowledged
//! is lost, and it goes on when the cause is gone.

use crate::{
    http::Answer,
    service::{GLOW, Service, TOKEN, comment, directory, wait_for},
};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    os::unix::{
        fs::{FileExt, MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

/// Comments of a kilobyte each, which go into the log and into nothing else.
fn long_comments(round: u32) -> String {
    let text = "x".repeat(1_000);
    let line = |n| {
        json!({ "id": format!("l{round}-{n}"), "type": "comment", "comment_id": format!("l{round}-{n}"), "post_id": "v1",
            "user_id": "long", "text": text })
        .to_string()
    };
    (0..200).map(line).collect::<Vec<_>>().join("\n")
}

/// Posts until the store takes no more; how many events it took.
#[track_caller]
fn fill(service: &Service) -> (usize, Answer) {
    let mut accepted = 0;
    for round in 0..1_000 {
        let answer = service.post(long_comments(round));
        if answer.status != 200 {
            return (accepted, answer);
        }
        accepted += 200;
    }
    panic!("the store took {accepted} long comments");
}

/// R9: there is no room left, is, and there is again.
#[track_caller]
fn there_is_no_room_and_then_there_is(service: &mut Service, make_room: impl FnOnce(&mut Service)) {
    let (mut accepted, refused) = fill(service);
    let problem = refused.problem(503, "store-unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("what was acknowledged is kept"), "{problem}");
    assert!(refused.header("retry-after").is_some());
    // What was taken before may find room still, and health is of the last thing that was tried.
    let mut rounds = 1_000..;
    wait_for("trouble in health", || {
        let health = service.get("/healthz");
        if health.status == 503 {
            assert!(health.json()["store"].is_string(), "{}", health.text());
            return true;
        }
        let answer = service.post(long_comments(rounds.next().unwrap()));
        accepted += if answer.status == 200 { 200 } else { 0 };
        false
    });
    // What can be read is read meanwhile.
    assert_eq!(service.get("/v1/workspaces/glow/records?limit=1").status, 200);

    make_room(service);
    wait_for("health", || service.get("/healthz").status == 200);
    assert_eq!(service.post(comment("after", "u-after")).status, 200);
    wait_for("every decision", || {
        let health = service.get("/healthz").json();
        health["shards"][0]["lag"] == 0 && health["status"] == "ok"
    });
    every_one_was_decided(service, accepted);
}

/// Each event that was acknowledged has its record, and no event was put aside.
#[track_caller]
fn every_one_was_decided(service: &Service, accepted: usize) {
    let (mut cursor, mut long, mut after) = (String::new(), 0, 0);
    loop {
        let answer = service.get(&format!("/v1/workspaces/glow/records?limit=5000{cursor}"));
        let records: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        if records.is_empty() {
            break;
        }
        assert!(!answer.text().contains("engine_fault"), "an event was put aside");
        let event = |record: &Value| record["event"].as_str().unwrap_or_default().to_owned();
        long += records.iter().filter(|record| event(record).starts_with('l')).count();
        after += records.iter().filter(|record| event(record) == "after").count();
        cursor = format!("&after={}", answer.header("x-next-cursor").unwrap());
    }
    // Of a body that was refused nothing is there.
    assert_eq!((long, after), (accepted, 1));
}

/// As on a full disk, for a file that may not grow: needs no rights, and no disk.
#[test]
fn r9_a_file_that_may_not_grow_loses_nothing() {
    let place = directory(&format!(
        "listen = \"127.0.0.1:0\"\nstore = \"sqlite:store.db\"\napi_token = {{ env = \"TOKEN\" }}\n{GLOW}"
    ));
    let mut command = Command::new("sh");
    // By default the system ends whoever writes further, with SIGXFSZ.
    let limited = "ulimit -S -f 2048; exec \"$0\" \"$@\"";
    command.args(["-c", limited]).arg(assert_cmd::cargo::cargo_bin("chatsparks")).args([
        "serve",
        "--config",
        "serve.toml",
    ]);
    command.current_dir(place.path()).env("TOKEN", TOKEN).env_remove("RUST_LOG");
    let mut service = Service::run(place, command);
    if Command::new("prlimit").arg("--version").output().is_err() {
        eprintln!("prlimit is not on this machine: room is made by starting again");
    }
    there_is_no_room_and_then_there_is(&mut service, |service| {
        let id = service.process.id().to_string();
        let raised = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
        if !raised.is_ok_and(|raised| raised.success()) {
            service.again();
        }
    });
    // It is the same after a start.
    service.again();
    wait_for("health", || service.get("/healthz").status == 200);
}

/// A disk that is full, where this user may mount one.
#[test]
fn r9_a_full_disk_loses_nothing() {
    let place = directory(&format!(
        "listen = \"127.0.0.1:0\"\nstore = \"sqlite:disk/store.db\"\napi_token = {{ env = \"TOKEN\" }}\n{GLOW}"
    ));
    fs::create_dir(place.path().join("disk")).unwrap();
    let mounted = "mount -t tmpfs -o size=4m tmpfs disk && head -c 2000000 /dev/zero > disk/filler";
    let may = Command::new("unshare").args(["-rm", "sh", "-c", mounted]).current_dir(place.path()).output();
    if !may.is_ok_and(|may| may.status.success()) {
        eprintln!("no file system can be mounted on this machine: the full disk is passed over");
        return;
    }
    let mut command = Command::new("unshare");
    let serve = format!("{mounted} && exec \"$0\" \"$@\"");
    command.args(["-rm", "sh", "-c", &serve]).arg(assert_cmd::cargo::cargo_bin("chatsparks"));
    command
        .args(["serve", "--config", "serve.toml"])
        .current_dir(place.path())
        .env("TOKEN", TOKEN)
        .env_remove("RUST_LOG");
    let mut service = Service::run(place, command);
    there_is_no_room_and_then_there_is(&mut service, |service| {
        // Somebody deletes what took the room; the disk is seen through the process that has it.
        let filler = format!("/proc/{}/root{}", service.process.id(), service.path("disk/filler").display());
        fs::remove_file(filler).unwrap();
    });
}

#[test]
fn s1_what_may_only_be_read_is_said_with_what_to_do() {
    let mut service = Service::usual();
    service.post(comment("e1", "u1"));
    service.records(1);
    service.kill();
    let place = service.directory.path().to_owned();
    let allow = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let is_root = fs::metadata(&place).unwrap().uid() == 0;
    if is_root {
        let is_there = |path: &Path| fs::metadata(path).is_ok_and(|about| about.mode() & 0o005 == 0o005);
        let program = assert_cmd::cargo::cargo_bin("chatsparks");
        if !program.ancestors().all(is_there) {
            eprintln!("nobody but root can run it here: what may only be read is passed over");
            return;
        }
        // Whoever runs it owns all of it, as on any machine.
        for entry in fs::read_dir(&place).unwrap().flatten() {
            chown(entry.path(), Some(65_534), Some(65_534)).unwrap();
        }
        chown(&place, Some(65_534), Some(65_534)).unwrap();
    }
    let store = place.join("store.db");
    allow(&place, 0o755);
    // A file, a directory, and the file beside it.
    allow(&store, 0o444);
    let told = refused_as(&place, is_root);
    assert!(told.contains("store.db") && told.contains("may only be read"), "{told}");
    allow(&store, 0o644);
    fs::remove_file(place.join("store.db-lock")).unwrap();
    allow(&place, 0o555);
    let told = refused_as(&place, is_root);
    assert!(told.contains("store.db") && told.contains("give this user the right to write"), "{told}");
    // With the right to write, everything is there.
    allow(&place, 0o755);
    service.again();
    assert_eq!(service.records(1)[0]["event"], "e1");
}

/// What a start that comes to nothing says to whoever may not write.
fn refused_as(place: &Path, is_root: bool) -> String {
    let mut command = crate::service::command(place);
    if is_root {
        // Nothing is read-only to root.
        command.uid(65_534).gid(65_534);
    }
    let output = command.args(["--config", "serve.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn s1_a_second_process_on_the_file_is_refused_and_disturbs_nothing() {
    let mut service = Service::usual();
    service.post(comment("e1", "u1"));
    let second = crate::service::command(service.directory.path()).args(["--config", "serve.toml"]).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let told = String::from_utf8(second.stderr).unwrap();
    let first = format!("in use by process {}", service.process.id());
    assert!(told.contains("store.db") && told.contains(&first) && told.contains("one process at a time"), "{told}");
    service.post(comment("e2", "u2"));
    assert_eq!(service.records(2).len(), 2);
    assert_eq!(service.get("/healthz").status, 200);
    // However the first one ends, the file is free.
    service.again();
    assert_eq!(service.records(2).len(), 2);
}

/// A store of a newer version, by its schema and by its forms: neither the service nor a command touches it.
#[test]
fn s1_a_store_of_a_newer_version_is_left_as_it_is() {
    let mut service = Service::usual();
    service.post(comment("e1", "u1"));
    service.records(1);
    service.kill();
    let (store, place) = (service.path("store.db"), service.directory.path().to_owned());
    for newer in ["PRAGMA user_version = 99", "UPDATE meta SET value = 99 WHERE name = 'forms'"] {
        let before = place.join("before.db");
        let raw = rusqlite::Connection::open(&store).unwrap();
        // Everything in one file, which can be held against what it was.
        raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        fs::copy(&store, &before).unwrap();
        raw.execute_batch(newer).unwrap();
        raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(raw);
        let as_it_is = fs::read(&store).unwrap();
        let run = |arguments: &[&str]| {
            let mut command = Command::new(assert_cmd::cargo::cargo_bin("chatsparks"));
            let output = command.args(arguments).current_dir(&place).env("TOKEN", TOKEN).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(told.contains("99") && told.contains("use a newer one"), "{arguments:?}: {told}");
        };
        run(&["serve", "--config", "serve.toml"]);
        run(&["insights", "sqlite:store.db"]);
        // The demo finds it where it is to keep its day.
        fs::create_dir_all(place.join("kept")).unwrap();
        fs::copy(&store, place.join("kept/chatsparks.db")).unwrap();
        run(&["demo", "--once", "--keep", "kept"]);
        assert!(fs::read(place.join("kept/chatsparks.db")).unwrap() == as_it_is, "{newer}: it is as it was");
        assert!(fs::read(&store).unwrap() == as_it_is, "{newer}: it is as it was");
        fs::rename(&before, &store).unwrap();
    }
    // By the version that made it everything is there.
    service.again();
    assert_eq!(service.records(1)[0]["event"], "e1");
}

/// A page in the middle that was written over while it stood still: the start says so, or health does; and a backup puts
/// it right.
#[test]
fn s1_a_damaged_page_is_said_with_what_to_do_and_a_backup_puts_it_right() {
    let mut service = Service::usual();
    for round in 0..10 {
        assert_eq!(service.post(long_comments(round)).status, 200);
    }
    wait_for("every decision", || service.get("/healthz").json()["shards"][0]["lag"] == 0);
    let run = |service: &Service, arguments: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("chatsparks"));
        command.args(arguments).current_dir(service.directory.path()).stdin(Stdio::null()).output().unwrap()
    };
    let backup = run(&service, &["backup", "store.db", "copy.db"]);
    assert!(backup.status.success(), "{backup:?}");
    // Killed, so that nothing is tidied up: it is the file that is damaged.
    service.again();
    service.kill();
    let file = File::options().write(true).open(service.path("store.db")).unwrap();
    let pages = file.metadata().unwrap().len() / 4_096;
    for page in 2..pages {
        file.write_all_at(&[0xA5; 4_096], page * 4_096).unwrap();
    }
    drop(file);
    let told = match service.again_or_said() {
        Err(said) => said,
        Ok(()) => {
            wait_for("health to say it", || service.get("/healthz").status == 503);
            service.get("/healthz").text().to_owned()
        }
    };
    assert!(told.contains("damaged") && told.contains("restore a backup"), "{told}");
    service.kill();
    let whole = run(&service, &["verify", "store.db"]);
    assert_ne!(whole.status.code(), Some(0), "{whole:?}");
    for end in ["", "-wal", "-shm"] {
        let _ = fs::rename(service.path(&format!("store.db{end}")), service.path(&format!("broken.db{end}")));
    }
    let restored = run(&service, &["restore", "copy.db", "store.db"]);
    assert!(restored.status.success(), "{restored:?}");
    service.again();
    assert_eq!(service.post(comment("after", "u-after")).status, 200);
    wait_for("every decision", || service.get("/healthz").json()["shards"][0]["lag"] == 0);
    every_one_was_decided(&service, 2_000);
}
