//! R1, R5, O1: a process that is killed while it logs, commits and settles. What it had been answered is there, nothing is
//! there in part, and the next one opens the file at once.
//!
//! This program is both: called with a path it is the one that is killed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use chatsparks_core::{DmStage, Key, Row};
use chatsparks_ports::{Archive, Cursor, EffectKey, EffectState, Input, Log, Queue, Settled, Shards};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::store_suite::{
    block_on,
    make::{ALL, at, brought, clock, comment, decided, dm, due, shard},
};
use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

const KILLS: u32 = 25;

fn main() {
    match env::var_os("CHATSPARKS_KILLED") {
        Some(path) => block_on(go_on_for_ever(Path::new(&path))),
        // Whoever lists tests, or wants others, gets none.
        None if env::args()
            .skip(1)
            .any(|argument| !argument.starts_with("--test-threads") && argument != "--nocapture") => {}
        None => r1_what_was_answered_is_there_after_each_kill(),
    }
}

/// Says something that was answered: what stands on standard output is read even when the process is gone.
fn answered(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}").and_then(|()| out.flush()).unwrap();
}

/// Logs, decides, begins and settles, telling each answer. Every event has one record, and every record one effect.
async fn go_on_for_ever(path: &Path) {
    let store = SqliteStore::open(path, Options::default()).unwrap();
    let opened = store.open(&shard(0)).await.unwrap();
    let mut decided_so_far = opened.decided;
    for turn in 0u64.. {
        let many = [1, 40, 3, 200][turn as usize % 4];
        let inputs = (0..many).map(|n| (shard(0), brought("e", at(n), comment("c", "u", "hi"))));
        let appended = store.append(inputs.collect()).await.unwrap();
        answered(&format!("logged {}", appended.last().unwrap().position));
        let logged = store.read(&shard(0), decided_so_far, ALL).await.unwrap();
        let upto = logged.last().unwrap().position;
        let mut commit =
            decided(upto, (decided_so_far..upto).map(|seq| dm(&format!("u{}", seq % 50), seq, None, "hello")));
        commit.rows = (decided_so_far..upto).map(|seq| due(&format!("u{}", seq % 50), at(seq as i64))).collect();
        commit.rows.push(clock(upto, at(0)));
        store.commit(&shard(0), opened.fence, commit).await.unwrap();
        decided_so_far = upto;
        answered(&format!("decided {upto}"));
        for ready in store.ready(&"glow".into(), at(0), &[], 3).await.unwrap() {
            let id = &ready.key.id;
            assert!(store.begin(&ready.key, at(0)).await.unwrap());
            answered(&format!("begun {id}"));
            let receipt = Input::outcome(id, DmStage::Sent, None);
            assert!(store.settle(&ready.key, Settled::Sent, Some(receipt)).await.unwrap());
            answered(&format!("settled {id}"));
        }
    }
}

fn r1_what_was_answered_is_there_after_each_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut random = since.as_nanos() as u64 | 1;
    println!("crash: begins with {random}");
    let mut answers = 0;
    for kill in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let told = killed_after(&path, Duration::from_micros((random >> 33) % 150_000));
        answers += told.len();
        let store = SqliteStore::open(&path, Options::default()).unwrap_or_else(|error| panic!("kill {kill}: {error}"));
        block_on(holds(&store, &told));
    }
    println!("crash: {KILLS} kills, {answers} answers, all of them kept");
    assert!(answers > KILLS as usize * 2, "it hardly came to anything: {answers} answers");
}

/// What a process was answered before it was killed, so long after its first answer.
fn killed_after(path: &PathBuf, time: Duration) -> Vec<String> {
    let mut process = Command::new(env::current_exe().unwrap())
        .env("CHATSPARKS_KILLED", path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let mut told: Vec<String> = lines.next().into_iter().collect();
    assert!(!told.is_empty(), "it ended by itself");
    std::thread::sleep(time);
    process.kill().unwrap();
    process.wait().unwrap();
    told.extend(lines);
    told
}

async fn holds(store: &SqliteStore, told: &[String]) {
    let glow = "glow".into();
    assert_eq!(store.integrity_check().await.unwrap(), [] as [String; 0]);
    let logged = store.read(&shard(0), 0, ALL).await.unwrap();
    let end = logged.len() as u64;
    assert!(logged.iter().zip(1..).all(|(logged, position)| logged.position == position), "there is a gap");
    assert_eq!(store.end(&shard(0)).await.unwrap().0, end);
    let decided = store.decided(&shard(0)).await.unwrap();
    let (records, _) = store.records(&glow, &Cursor::default(), usize::MAX / 2).await.unwrap();
    assert_eq!(records.len() as u64, decided);
    let seq = match store.row(&glow, &Key::Clock).await.unwrap() {
        Some(Row::Clock(clock)) => clock.seq(),
        _ => 0,
    };
    assert_eq!(seq, decided);
    let count = store.count(&glow).await.unwrap();
    assert_eq!(count.waiting + count.in_doubt + count.sent, decided);
    let outcomes = logged.iter().filter(|logged| logged.envelope.id.as_str().starts_with("outcome:")).count();
    assert_eq!(count.sent, outcomes as u64);
    let sent = store.list(&glow, EffectState::Sent, usize::MAX / 2).await.unwrap();
    let in_doubt = store.list(&glow, EffectState::InDoubt, usize::MAX / 2).await.unwrap();
    for line in told {
        let (what, which) = line.split_once(' ').unwrap();
        let is_there = match what {
            "logged" => which.parse::<u64>().unwrap() <= end,
            "decided" => which.parse::<u64>().unwrap() <= decided,
            "begun" => sent.iter().chain(&in_doubt).any(|queued| queued.effect == which),
            "settled" => sent.iter().any(|queued| queued.effect == which),
            _ => panic!("{line}"),
        };
        assert!(is_there, "{line}");
    }
    // What was on its way is in doubt, and settled by the next: nothing waits behind it for ever.
    for queued in in_doubt {
        let key = EffectKey { shard: shard(0), user_id: queued.user_id, id: queued.effect.clone() };
        let receipt = Input::outcome(&queued.effect, DmStage::Sent, None);
        assert!(store.settle(&key, Settled::Sent, Some(receipt)).await.unwrap());
    }
}
