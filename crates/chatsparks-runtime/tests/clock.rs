//! A machine's clock that jumps (R2): nothing is stamped by it until somebody has looked, nothing is lost, and time never
//! goes back in the log.

use chatsparks_core::{Comment, Event, Instant, Period, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Archive, Clock, Cursor, ManualClock, MemoryStore};
use chatsparks_runtime::{AcceptError, ConfigureError, NewEvent, Runtime, Settings, WorkspaceSetup};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

fn noon() -> Instant {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn document(waits_minutes: u32) -> Workspace {
    serde_json::from_value(json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
        "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "answer" }],
        "flows": [{ "id": "answer", "version": waits_minutes, "blocks": [
            { "id": "hello", "message": { "text": "Hi!" } },
            { "id": "wait", "wait": { "seconds": waits_minutes * 60 } },
            { "id": "price", "message": { "text": "590" } } ] }],
    }))
    .unwrap()
}

fn comment(id: &str) -> Vec<NewEvent> {
    let comment = Comment {
        comment_id: id.into(),
        post_id: "v1".into(),
        user_id: format!("u-{id}").into(),
        handle: None,
        text: "price?".into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    vec![NewEvent { id: id.into(), at: None, event: Event::Comment(comment) }]
}

struct Shop {
    runtime: Runtime<MemoryStore>,
    clock: ManualClock,
}

impl Shop {
    async fn start() -> Self {
        let clock = ManualClock::new(noon());
        let setup = WorkspaceSetup::new(document(30), "digest");
        let store = Arc::new(MemoryStore::new(1));
        let runtime = Runtime::start(store, Arc::new(clock.clone()), Settings::default(), vec![setup]).await.unwrap();
        Self { runtime, clock }
    }

    async fn accept(&self, id: &str) -> Result<usize, AcceptError> {
        self.runtime.accept(&WorkspaceId::from("glow"), comment(id)).await
    }

    /// Sets the wall's clock off by so many minutes.
    fn jump(&self, minutes: i64) {
        self.clock.set(Instant::from_milliseconds(self.clock.wall().as_milliseconds() + minutes * 60_000));
    }

    /// The records, once there are so many.
    async fn records(&self, count: usize) -> Vec<Value> {
        let mut commits = self.runtime.commits();
        loop {
            let (records, _) = self.runtime.store().records(&"glow".into(), &Cursor::default(), 1_000).await.unwrap();
            if records.len() >= count {
                return records.iter().map(|record| serde_json::from_str(&record.line).unwrap()).collect();
            }
            let _ = tokio::time::timeout(Duration::from_millis(200), commits.changed()).await;
        }
    }

    async fn is_stopped_by_its_clock(&self, id: &str) {
        assert!(matches!(self.accept(id).await, Err(AcceptError::ClockStepped)));
        let changed = self.runtime.configure(&"glow".into(), document(31), None).await;
        assert!(matches!(changed, Err(ConfigureError::Accept(AcceptError::ClockStepped))), "{changed:?}");
        let health = self.runtime.health().await;
        assert!(health.clock_stepped && !health.is_well());
        assert_eq!(health.status, "clock");
    }
}

fn ats(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["at"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn r2_a_clock_that_jumps_back_an_hour_stops_stamping_and_time_never_goes_back() {
    let shop = Shop::start().await;
    shop.accept("e1").await.unwrap();
    shop.records(1).await;
    shop.jump(-60);
    shop.is_stopped_by_its_clock("e2").await;
    // Somebody has looked, and the clock is right as it is: what is stamped is as late as what came before.
    shop.runtime.confirm_clock();
    assert!(shop.runtime.health().await.is_well());
    shop.accept("e2").await.unwrap();
    shop.clock.pass(Period::minutes(61));
    shop.accept("e3").await.unwrap();
    let records = shop.records(3).await;
    assert_eq!(ats(&records), ["2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z", "2026-03-02T12:01:00Z"]);
    let results = records.iter().map(|record| record["outcome"]["comment"]["result"].as_str().unwrap());
    assert_eq!(results.collect::<Vec<_>>(), ["fired"; 3]);
    shop.runtime.stop(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn r2_a_clock_that_jumps_ahead_fires_no_timer_until_it_is_confirmed() {
    let shop = Shop::start().await;
    shop.accept("e1").await.unwrap();
    shop.records(1).await;
    shop.jump(60);
    shop.is_stopped_by_its_clock("e2").await;
    // It was wrong, and was set right: by the machine, and then by whoever confirms it.
    shop.jump(-60);
    shop.runtime.confirm_clock();
    shop.accept("e2").await.unwrap();
    let records = shop.records(2).await;
    assert_eq!(ats(&records), ["2026-03-02T12:00:00Z"; 2]);
    // Half an hour later, by both clocks, the wait is over: then, and not before.
    shop.clock.pass(Period::minutes(30));
    shop.accept("e3").await.unwrap();
    let records = shop.records(5).await;
    assert!(records[2..4].iter().all(|record| record["timer"] == "flow_wait"), "{records:?}");
    assert_eq!(records[4]["event"], "e3");
    shop.runtime.stop(Duration::from_secs(10)).await;
}
