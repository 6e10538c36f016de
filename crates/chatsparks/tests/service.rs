//! A service put together by the façade: it starts, says why it does not, and goes on where it was left.

#![allow(clippy::unwrap_used, clippy::panic)]

use chatsparks::{
    Event, NewEvent, Service, Workspace,
    channel::{Attempt, Channel, Delivery, Endpoint, HttpChannel},
    event::Comment,
    id::WorkspaceId,
    running::{ClockMode, ManualClock, Settings, WorkspaceSetup},
    service::{StartError, digest},
    store::{Cursor, MemoryStore, Store},
};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

struct Sends;

impl Channel for Sends {
    async fn perform(&self, _: &Delivery) -> Attempt {
        Attempt::Sent
    }

    fn takes_keys(&self) -> bool {
        true
    }
}

/// A shop whose flow is of this version, as is its price.
fn document(version: u32) -> Workspace {
    serde_json::from_value(serde_json::json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
        "triggers": [{ "id": "price", "flow": "answer", "when": { "keywords": { "words": ["price"] } } }],
        "flows": [{ "id": "answer", "version": version, "blocks": [
            { "id": "hello", "message": { "text": format!("It is {version}90 THB.") } } ] }],
    }))
    .unwrap()
}

fn glow() -> WorkspaceId {
    "glow".into()
}

fn comment(id: &str) -> Vec<NewEvent> {
    let comment = Comment {
        comment_id: id.into(),
        post_id: "v1".into(),
        user_id: format!("user-{id}").as_str().into(),
        handle: None,
        text: "price?".into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    vec![NewEvent { id: id.into(), at: None, event: Event::Comment(comment) }]
}

/// Waits until so many effects were sent.
async fn sent<S: Store>(service: &Service<S>, count: u64) {
    let mut commits = service.runtime().commits();
    while service.queue(&glow()).await.unwrap().counts.sent < count {
        let _ = tokio::time::timeout(Duration::from_millis(50), commits.changed()).await;
    }
}

#[tokio::test]
async fn r1_what_was_accepted_is_decided_and_sent_also_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    for round in 1..3u64 {
        let service = Service::builder().sqlite(&file).workspace(document(1), Sends).start().await.unwrap();
        assert_eq!(service.accept(&glow(), comment(&format!("c{round}"))).await.unwrap(), 1);
        // The first comes again each time, and changes nothing.
        service.accept(&glow(), comment("c1")).await.unwrap();
        sent(&service, round).await;
        assert!(service.health().await.is_well());
        let known = service.contact(&glow(), &format!("user-c{round}")).await.unwrap();
        assert_eq!(known.unwrap()["user_id"], format!("user-c{round}"));
        service.stop(Duration::from_secs(10)).await;
        assert!(service.accept(&glow(), comment("late")).await.is_err());
    }
}

#[tokio::test]
async fn r8_a_start_with_the_same_document_undoes_nothing_and_another_is_taken() {
    let store = MemoryStore::new(1);
    let start = |version| Service::builder().store(store.clone()).workspace(document(version), Sends).start();
    let service = start(1).await.unwrap();
    assert_eq!(service.configure(&glow(), document(2), None).await.unwrap().revision, 2);
    service.stop(Duration::from_secs(10)).await;
    let service = start(1).await.unwrap();
    service.accept(&glow(), comment("c1")).await.unwrap();
    sent(&service, 1).await;
    assert_eq!(service.engine(&glow()).unwrap().revision(), 2);
    service.stop(Duration::from_secs(10)).await;
    let service = start(3).await.unwrap();
    service.accept(&glow(), comment("c2")).await.unwrap();
    sent(&service, 2).await;
    assert_eq!(service.engine(&glow()).unwrap().revision(), 3);
    let (records, _) = service.records(&glow(), &Cursor::default(), 100).await.unwrap();
    let fired: Vec<bool> = records.iter().map(|record| record.line.contains("It is 390 THB.")).collect();
    assert_eq!(fired.iter().filter(|fired| **fired).count(), 1, "{records:?}");
    service.stop(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn h_what_cannot_start_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    let told = |started: Result<_, StartError>| match started {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    };
    let none = told(Service::builder().sqlite(&file).start().await);
    assert!(none.contains("call `workspace`"), "{none}");
    let service = Service::builder().sqlite(&file).workspace(document(1), Sends).start().await.unwrap();
    let second = told(Service::builder().sqlite(&file).workspace(document(1), Sends).start().await);
    assert!(second.contains("shop.db") && second.contains("one process at a time"), "{second}");
    service.stop(Duration::from_secs(10)).await;
    drop(service);

    let two = Service::builder().sqlite(&file).workspace(document(1), Sends).workspace(document(1), Sends);
    let two = told(two.start().await);
    assert!(two.contains("`glow` is there twice"), "{two}");
    let mut broken = document(1);
    broken.triggers[0].flow = "nowhere".into();
    let broken = told(Service::builder().sqlite(folder.path().join("new.db")).workspace(broken, Sends).start().await);
    assert!(broken.contains("`glow`") && broken.contains("triggers[0].flow"), "{broken}");
}

#[test]
fn h_without_tokio_it_says_so() {
    let starting = Service::builder().store(MemoryStore::new(1)).workspace(document(1), Sends).start();
    let polled = pin!(starting).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Err(StartError::NoTokio))));
}

#[tokio::test]
async fn o_settings_clock_and_channels_are_those_that_were_given() {
    let clock = ManualClock::new("2026-03-02T10:00:00Z".parse().unwrap());
    let mut settings = Settings::default();
    settings.clock = ClockMode::Events;
    let mut waits = document(1);
    waits.workspace.id = "waits".into();
    waits.workspace.account_user_id = "acct_waits".into();
    let waits = WorkspaceSetup::new(waits.clone(), digest(&waits));
    let endpoint = Endpoint::new("http://127.0.0.1:9/effects", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    let builder = Service::builder()
        .store(MemoryStore::new(1))
        .workspace(document(1), HttpChannel::new(endpoint).unwrap())
        .workspace_as(waits)
        .clock(clock)
        .settings(settings);
    let service = builder.start().await.unwrap();
    service.accept(&glow(), comment("c1")).await.unwrap();
    service.accept(&"waits".into(), comment("c1")).await.unwrap();
    let mut commits = service.runtime().commits();
    while service.queue(&"waits".into()).await.unwrap().counts.waiting == 0 {
        let _ = tokio::time::timeout(Duration::from_millis(50), commits.changed()).await;
    }
    let (records, _) = service.records(&"waits".into(), &Cursor::default(), 1).await.unwrap();
    assert!(records[0].line.contains("2026-03-02T10:00:00"), "{records:?}");
    let channels: Vec<_> = service.health().await.channels.iter().map(|channel| channel.state).collect();
    assert_eq!(channels, ["going", "none"]);
    service.stop(Duration::from_secs(10)).await;
}
