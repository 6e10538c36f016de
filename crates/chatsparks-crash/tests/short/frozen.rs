//! R5, O5: a service that was frozen while the store wrote down that it begins an effect.

use crate::command;
use axum::{Router, http::StatusCode, routing::post};
use chatsparks_cluster::Postgres;
use chatsparks_crash::{
    fleet::{Feeding, Fleet},
    service::{Service, Setup},
    shop,
};
use std::{
    fs,
    io::Write,
    process::{Child, ChildStdin, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

const DATABASE: &str = "frozen";

/// Somebody else's transaction, which holds what it has locked until this is dropped.
struct Held(Child, Option<ChildStdin>);

impl Held {
    fn by(postgres: &Postgres, statement: &str) -> Self {
        let mut psql = postgres.program("psql");
        psql.args(["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-d", &postgres.url(DATABASE)]);
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut says = child.stdin.take().unwrap();
        writeln!(says, "BEGIN; {statement};").unwrap();
        Self(child, Some(says))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Its input ends, and so does its session.
        drop(self.1.take());
        self.0.wait().unwrap();
    }
}

/// Waits until a question has this answer.
async fn until(postgres: &Postgres, question: &str, answer: &str) {
    let mut told = String::new();
    for _ in 0..1_200 {
        told = tokio::task::block_in_place(|| postgres.query(DATABASE, question)).unwrap();
        if told == answer {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(told, answer, "{question}");
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_who_was_silent_while_an_effect_began_performs_it_only_once_it_counts_again() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let postgres = tokio::task::block_in_place(|| Postgres::start(&[]).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("glow.json");
    fs::write(&document, shop::document(None).to_string()).unwrap();
    // An endpoint that refuses everything for now.
    let (takes, came) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().port();
    let (does, many) = (takes.clone(), came.clone());
    let take = move || {
        many.fetch_add(1, Ordering::SeqCst);
        let answer = if does.load(Ordering::SeqCst) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        async move { answer }
    };
    let app = Router::new().route("/effects", post(take));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let store = postgres.database(DATABASE).unwrap();
    let more = "partitions = 2\ntakeover_seconds = 1\n";
    let config = folder.path().join("chatsparks.toml");
    let binary = command();
    let setup = Setup { binary: &binary, config, store: &store, more, document: &document, endpoint };
    let fleet = Fleet(vec![Service::new(setup)]);
    fleet.start().await;
    fleet.feed(&shop::events(1)[..1], Feeding { seed: 1, body: 2, pause: Duration::ZERO }).await;
    // Its effects were refused often enough that some seconds pass before they are tried again.
    let of = "FROM chatsparks.effect";
    until(&postgres, &format!("SELECT bool_or(attempts >= 2) AND bool_and(state = 0) {of}"), "t").await;
    let effects = Held::by(&postgres, "SELECT FROM chatsparks.effect FOR UPDATE");
    let before = came.load(Ordering::SeqCst);
    takes.store(true, Ordering::SeqCst);
    let waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE";
    until(&postgres, &format!("{waits} 'UPDATE effect e SET state = 1%'"), "t").await;
    // From here on nobody says that he lives, nor hears it, for longer than others wait.
    let leases = Held::by(&postgres, "SELECT pg_advisory_xact_lock(x'43685370'::int, 0)");
    until(&postgres, &format!("{waits} 'SELECT pg_advisory_xact_lock%'"), "t").await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    drop(effects);
    until(&postgres, &format!("SELECT bool_or(state = 1) {of}"), "t").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(came.load(Ordering::SeqCst), before, "R5: another could have taken it over and sent it meanwhile");
    drop(leases);
    until(&postgres, &format!("SELECT count(*) {of}"), "0").await;
    assert!(came.load(Ordering::SeqCst) > before);
    fleet.stop();
}
