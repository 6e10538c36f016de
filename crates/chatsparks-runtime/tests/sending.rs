//! What becomes of effects when a channel misbehaves (O4, O5, O8).

use chatsparks_core::{Event, Instant, Period, WorkspaceId};
use chatsparks_ports::{
    Archive, Attempt, Channel, Delivery, EffectState, Fault, Limit, Log, Looked, ManualClock, MemoryStore, Queue, Shard,
};
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What a channel does when it is called.
#[derive(Clone, Copy, Debug)]
enum Does {
    Send,
    /// It sends, and never says so.
    SendAndHang,
    /// It sends, and fails as a program does.
    SendAndPanic,
    Refuse,
    Stop,
    /// Not yet: in so many milliseconds.
    Again(u64),
}

/// A channel that does what it is told, one call after another, and then sends.
struct Scripted {
    script: Mutex<VecDeque<Does>>,
    takes_keys: bool,
    finds: Looked,
    calls: Mutex<u32>,
    sent: Mutex<Vec<String>>,
}

impl Scripted {
    fn new(takes_keys: bool, finds: Looked, script: &[Does]) -> Arc<Self> {
        let script = Mutex::new(script.iter().copied().collect());
        Arc::new(Self { script, takes_keys, finds, calls: Mutex::new(0), sent: Mutex::default() })
    }

    fn calls(&self) -> u32 {
        *self.calls.lock().unwrap()
    }

    fn sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

impl Channel for Scripted {
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        *self.calls.lock().unwrap() += 1;
        let does = self.script.lock().unwrap().pop_front().unwrap_or(Does::Send);
        if matches!(does, Does::Send | Does::SendAndHang | Does::SendAndPanic) {
            self.sent.lock().unwrap().push(delivery.key.id.clone());
        }
        match does {
            Does::Send => Attempt::Sent,
            Does::SendAndHang => std::future::pending().await,
            Does::SendAndPanic => panic!("as a channel's own mistake would"),
            Does::Refuse => Attempt::Failed(Fault("blocked".to_owned())),
            Does::Stop => Attempt::Stopped(Fault("credentials".to_owned())),
            Does::Again(milliseconds) => {
                Attempt::Again(Some(Duration::from_millis(milliseconds)), Fault("busy".to_owned()))
            }
        }
    }

    fn takes_keys(&self) -> bool {
        self.takes_keys
    }

    async fn look(&self, _: &Delivery) -> Looked {
        self.finds
    }
}

/// A workspace that answers one comment with one DM.
struct Shop {
    id: WorkspaceId,
    store: Arc<MemoryStore>,
    clock: ManualClock,
    settings: Settings,
    runtime: Runtime<MemoryStore>,
}

fn document() -> serde_json::Value {
    serde_json::json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
        "triggers": [ { "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [ { "id": "a", "message": { "text": "One" } } ] } ] })
}

fn setup(channel: &Arc<Scripted>) -> WorkspaceSetup {
    let workspace: chatsparks_core::workspace::Workspace = serde_json::from_value(document()).unwrap();
    WorkspaceSetup::new(workspace, "d").with_channel(channel.clone())
}

impl Shop {
    async fn open(channel: &Arc<Scripted>) -> Self {
        let mut settings = Settings::default();
        (settings.clock, settings.trust_at) = (ClockMode::Events, true);
        settings.attempt = Duration::from_millis(200);
        let store = Arc::new(MemoryStore::new(1));
        let clock = ManualClock::new("2026-03-02T10:00:00Z".parse().unwrap());
        let runtime = Runtime::start(store.clone(), Arc::new(clock.clone()), settings.clone(), vec![setup(channel)])
            .await
            .unwrap();
        Self { id: "w".into(), store, clock, settings, runtime }
    }

    async fn reopen(&mut self, channel: &Arc<Scripted>) {
        self.runtime.stop(Duration::from_secs(10)).await;
        let clock = Arc::new(self.clock.clone());
        let started = Runtime::start(self.store.clone(), clock, self.settings.clone(), vec![setup(channel)]);
        self.runtime = started.await.unwrap();
    }

    async fn comment(&self, number: u32) {
        let at: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
        let event = Event::Comment(chatsparks_core::Comment {
            comment_id: format!("c{number}").into(),
            post_id: "v".into(),
            user_id: format!("u{number}").into(),
            handle: None,
            text: "price".into(),
            posted_at: None,
            reply_to: None,
            direct_reply: false,
        });
        self.runtime
            .accept(&self.id, vec![NewEvent { id: format!("e{number}").into(), at: Some(at), event }])
            .await
            .unwrap();
    }

    /// Waits until this holds; the wall's clock goes on by so much at each look.
    #[track_caller]
    fn comes<'a>(&'a self, step: Period, holds: impl AsyncFn() -> bool + 'a) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            for _ in 0..3_000 {
                if holds().await {
                    return;
                }
                self.clock.pass(step);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("it did not come: {caller}");
        }
    }

    /// The outcomes of DMs that are logged, as status and detail.
    async fn outcomes(&self) -> Vec<(String, String)> {
        let shard = Shard { workspace: self.id.clone(), partition: 0 };
        let logged = self.store.read(&shard, 0, Limit { events: 1_000, bytes: usize::MAX }).await.unwrap();
        let outcomes = logged.into_iter().filter(|logged| logged.envelope.id.as_str().starts_with("outcome:"));
        let told = outcomes.map(|logged| match logged.envelope.event {
            Event::Receipt(receipt) => {
                let detail = receipt.detail.map(|detail| detail.as_str().to_owned());
                (format!("{:?}", receipt.status).to_lowercase(), detail.unwrap_or_default())
            }
            other => panic!("an outcome is a receipt: {other:?}"),
        });
        told.collect()
    }
}

fn runs<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what)
}

const STILL: Period = Period::milliseconds(0);

/// O5: what no answer came of, in time or at all, is looked for where no key is taken, and is not sent twice.
#[test]
fn o5_an_attempt_that_nobody_answered_is_in_doubt() {
    for does in [Does::SendAndHang, Does::SendAndPanic] {
        for (finds, status, calls) in
            [(Looked::Sent, "sent", 1), (Looked::CannotLook, "failed", 1), (Looked::NotSent, "sent", 2)]
        {
            let channel = Scripted::new(false, finds, &[does]);
            let outcomes = runs(async {
                let shop = Shop::open(&channel).await;
                shop.comment(1).await;
                shop.comes(Period::milliseconds(100), async || !shop.outcomes().await.is_empty()).await;
                shop.outcomes().await
            });
            let detail = if status == "failed" { "in_doubt" } else { "" };
            assert_eq!(outcomes, [(status.to_owned(), detail.to_owned())], "{does:?} {finds:?}");
            assert_eq!(channel.calls(), calls, "{does:?} {finds:?}");
        }
    }
}

/// O5: where the key is taken, it is tried again under the same.
#[test]
fn o5_with_a_key_it_is_tried_again() {
    for does in [Does::SendAndHang, Does::SendAndPanic] {
        let channel = Scripted::new(true, Looked::CannotLook, &[does]);
        let outcomes = runs(async {
            let shop = Shop::open(&channel).await;
            shop.comment(1).await;
            shop.comes(Period::seconds(1), async || !shop.outcomes().await.is_empty()).await;
            shop.outcomes().await
        });
        assert_eq!(outcomes, [("sent".to_owned(), String::new())], "{does:?}");
        assert_eq!(*channel.sent.lock().unwrap(), ["e1/0", "e1/0"], "{does:?}");
    }
}

/// O8: a channel that stops says since when and why, also after a restart, and nothing is lost by it.
#[test]
fn o8_a_channel_that_stands_says_since_when_also_after_a_restart() {
    let channel = Scripted::new(true, Looked::CannotLook, &[Does::Stop, Does::Stop]);
    runs(async {
        let mut shop = Shop::open(&channel).await;
        let since: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
        shop.comment(1).await;
        shop.comes(STILL, async || channel.calls() == 1).await;
        let stands = async |runtime: &Runtime<MemoryStore>| {
            let health = runtime.health().await;
            let channel = &health.channels[0];
            (channel.state, channel.since, channel.why.clone())
                == ("stopped", Some(since), Some("credentials".to_owned()))
        };
        shop.comes(STILL, async || stands(&shop.runtime).await).await;
        shop.clock.pass(Period::seconds(5));
        shop.reopen(&channel).await;
        shop.comes(STILL, async || stands(&shop.runtime).await).await;
        shop.comes(Period::seconds(1), async || channel.sent() == 1).await;
        shop.comes(STILL, async || shop.runtime.health().await.channels[0].state == "going").await;
        shop.comes(STILL, async || shop.outcomes().await.len() == 1).await;
    });
}

/// O4: retries end after `retry_hours`, in which the time that the channel stood is not counted.
#[test]
fn o4_retries_end_and_stops_are_not_counted() {
    for (stands, dead) in [(false, 1), (true, 0)] {
        let script: Vec<Does> = match stands {
            true => [Does::Again(1), Does::Stop].into_iter().chain([Does::Again(1)]).collect(),
            false => vec![Does::Again(1), Does::Again(1)],
        };
        let channel = Scripted::new(true, Looked::CannotLook, &script);
        runs(async {
            let shop = Shop::open(&channel).await;
            shop.comment(1).await;
            shop.comes(STILL, async || channel.calls() == 1).await;
            if stands {
                shop.comes(Period::milliseconds(10), async || channel.calls() == 2).await;
                shop.comes(STILL, async || shop.runtime.health().await.channels[0].state == "stopped").await;
            }
            shop.clock.pass(Period::hours(25));
            shop.comes(Period::seconds(1), async || {
                let count = shop.store.count(&shop.id).await.unwrap();
                count.dead + count.sent == 1
            })
            .await;
            let count = shop.store.count(&shop.id).await.unwrap();
            assert_eq!((count.dead, count.sent), (dead, 1 - dead), "stands: {stands}");
            if dead == 1 {
                // What was given up has no outcome, until it is brought back.
                assert!(shop.outcomes().await.is_empty());
                let effect = shop.runtime.queue(&shop.id).await.unwrap().dead_letters[0].effect.clone();
                assert!(shop.runtime.retry(&shop.id, &effect).await.unwrap());
                shop.comes(STILL, async || shop.outcomes().await == [("sent".to_owned(), String::new())]).await;
            }
        });
    }
}

/// O1, O4: what was given up has its outcome once its chance is over, though nobody brings it back.
#[test]
fn o4_a_dead_letter_is_too_late_once_its_chance_is_over() {
    let channel = Scripted::new(true, Looked::CannotLook, &[Does::Again(1), Does::Again(1)]);
    runs(async {
        let shop = Shop::open(&channel).await;
        let mut workspace = document();
        workspace["triggers"][0]["public_reply"] = "See your inbox".into();
        workspace["posts"] =
            serde_json::json!([{ "id": "v", "kind": "video", "published_at": "2026-03-02T00:00:00Z" }]);
        workspace["plan"] = serde_json::json!({ "mac_limit": 9, "subscribed_at": "2026-03-01T00:00:00Z",
            "listening_window_days": 7 });
        let workspace: chatsparks_core::workspace::Workspace = serde_json::from_value(workspace).unwrap();
        let at: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
        let tell = async |id: &str, at: Instant, event: Event| {
            shop.runtime.accept(&shop.id, vec![NewEvent { id: id.into(), at: Some(at), event }]).await.unwrap();
        };
        tell("configure", at, Event::Configure(Box::new(workspace.into()))).await;
        shop.comment(1).await;
        shop.comes(STILL, async || channel.calls() == 1).await;
        shop.clock.pass(Period::hours(25));
        shop.comes(Period::seconds(1), async || shop.store.count(&shop.id).await.unwrap().dead == 1).await;
        tell("clock", at.after(Period::days(8)), Event::Clock).await;
        shop.comes(STILL, async || shop.store.count(&shop.id).await.unwrap().dead == 0).await;
        let failed = shop.store.list(&shop.id, EffectState::Failed, 9).await.unwrap();
        assert_eq!(failed.iter().map(|failed| failed.why.as_deref()).collect::<Vec<_>>(), [Some("too_late")]);
        assert_eq!(failed[0].kind, "public_reply");
    });
}

/// O5, O6: an attempt whose answer is waited for is in nobody's doubt yet.
#[test]
fn o5_what_is_on_its_way_is_not_in_doubt() {
    let channel = Scripted::new(true, Looked::CannotLook, &[Does::SendAndHang]);
    runs(async {
        let mut shop = Shop::open(&channel).await;
        shop.settings.attempt = Duration::from_secs(600);
        shop.reopen(&channel).await;
        shop.comment(1).await;
        shop.comes(STILL, async || channel.calls() == 1).await;
        let queue = shop.runtime.queue(&shop.id).await.unwrap();
        assert_eq!((queue.counts.waiting, queue.counts.in_doubt, queue.in_doubt.len()), (1, 0, 0));
        // A crash in between would find it so.
        assert_eq!(shop.store.count(&shop.id).await.unwrap().in_doubt, 1);
    });
}

/// O4: a refusal for good is the outcome at once.
#[test]
fn o4_a_refusal_for_good_is_failed() {
    let channel = Scripted::new(true, Looked::CannotLook, &[Does::Refuse]);
    let outcomes = runs(async {
        let shop = Shop::open(&channel).await;
        shop.comment(1).await;
        shop.comes(STILL, async || !shop.outcomes().await.is_empty()).await;
        shop.outcomes().await
    });
    assert_eq!(outcomes, [("failed".to_owned(), "blocked".to_owned())]);
    assert_eq!(channel.calls(), 1);
}

/// S4: after a restore, what answers an event of before may have been sent already, and begins in doubt.
#[test]
fn s4_what_came_before_the_restore_begins_in_doubt() {
    for (restored, outcome, calls) in
        [("2026-03-02T10:00:01Z", ("failed", "in_doubt"), 0), ("2026-03-02T10:00:00Z", ("sent", ""), 1)]
    {
        let channel = Scripted::new(false, Looked::CannotLook, &[]);
        let outcomes = runs(async {
            let mut shop = Shop::open(&channel).await;
            shop.runtime.stop(Duration::from_secs(10)).await;
            shop.store.write_note(&shop.id, "restored_at", restored).await.unwrap();
            shop.reopen(&channel).await;
            shop.comment(1).await;
            shop.comes(STILL, async || !shop.outcomes().await.is_empty()).await;
            shop.outcomes().await
        });
        assert_eq!(outcomes, [(outcome.0.to_owned(), outcome.1.to_owned())], "restored at {restored}");
        assert_eq!(channel.calls(), calls, "restored at {restored}");
    }
}
