//! Several processes that work for one account: the balancer gives deliveries to any of them (R5).

use crate::{
    fake::{Answer, Fake, SEED},
    world::{Program, comment, decode_delivery, echo, effect, message, settings},
};
use chatsparks_core::{Event, EventId, Period, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Attempt, Channel, Clock, ManualClock, SystemClock};
use chatsparks_tiktok::{Account, AccountSettings, Host, HostError, Later};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const SEND: &str = "/business/message/send/";
const REFRESH: &str = "/tt_user/oauth2/refresh_token/";

/// One process of several, over one store.
struct Process {
    store: Arc<Program>,
    number: usize,
    /// Whoever leads just now.
    leads: Arc<AtomicUsize>,
}

impl Host for Process {
    fn accept<'a>(&'a self, of: &'a WorkspaceId, events: Vec<(EventId, Event)>) -> Later<'a, Result<(), HostError>> {
        self.store.accept(of, events)
    }

    fn note<'a>(&'a self, of: &'a WorkspaceId, name: &'a str) -> Later<'a, Result<Option<String>, HostError>> {
        Box::pin(async move {
            let note = self.store.note(of, name).await;
            // Others come in between.
            tokio::task::yield_now().await;
            note
        })
    }

    fn replace_note<'a>(
        &'a self,
        of: &'a WorkspaceId,
        name: &'a str,
        before: Option<&'a str>,
        text: &'a str,
    ) -> Later<'a, Result<bool, HostError>> {
        self.store.replace_note(of, name, before, text)
    }

    fn document(&self, of: &WorkspaceId) -> Option<Arc<Workspace>> {
        self.store.document(of)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn leads(&self, _: &WorkspaceId) -> bool {
        self.leads.load(Ordering::SeqCst) == self.number
    }
}

struct Processes {
    fake: Fake,
    store: Arc<Program>,
    leads: Arc<AtomicUsize>,
    all: Vec<Account>,
    work: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.work.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Processes {
    async fn new(mode: &str, clock: Arc<dyn Clock>, change: impl Fn(&mut AccountSettings)) -> Self {
        let (fake, store, leads) = (Fake::start().await, Program::new(mode), Arc::new(AtomicUsize::new(0)));
        let mut all = Vec::new();
        for number in 0..3 {
            let mut settings = settings(&fake);
            change(&mut settings);
            let account = Account::new(settings, clock.clone()).unwrap();
            account.attach(Arc::new(Process { store: store.clone(), number, leads: leads.clone() }));
            all.push(account);
        }
        let work = all.iter().map(|account| tokio::spawn(account.clone().run())).collect();
        Self { fake, store, leads, all, work }
    }

    async fn events(&self, count: usize) -> Vec<(String, Event)> {
        let there = async {
            while self.store.events.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), there).await.expect("events");
        self.store.told()
    }

    /// Waits until a process has a token.
    async fn sends(&self, process: usize, id: &str) -> Attempt {
        let channel = self.all[process].channel(None);
        for _ in 0..600 {
            let delivery = effect(id, crate::outbound::dm("hi", &[], None), None);
            match channel.perform(&delivery).await {
                Attempt::Again(..) => tokio::time::sleep(Duration::from_millis(50)).await,
                other => return other,
            }
        }
        panic!("{id} is never sent")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_what_waits_is_overwritten_by_no_other_process_and_told_once() {
    let processes = Processes::new("open", Arc::new(SystemClock::default()), |_| ()).await;
    let list = "/business/comment/list/";
    processes.fake.always(list, Answer::Code(51_065, "not yet"));
    let takers = (0..3).map(|process| {
        let account = processes.all[process].clone();
        tokio::spawn(async move {
            for n in 0..60_u64 {
                let body = decode_delivery("comment.update", &comment(1 + n * 3 + process as u64, None));
                assert_eq!(account.take(body).await.unwrap(), "comment_waits");
            }
        })
    });
    for taker in takers.collect::<Vec<_>>() {
        taker.await.unwrap();
    }
    // Whoever leads goes, and another takes over.
    processes.leads.store(1, Ordering::SeqCst);
    let listed = |n: u64| {
        json!({ "comment_id": n.to_string(), "video_id": "v", "unique_identifier": "buyer+1=", "text": format!("text {n}"),
            "create_time": "1700000000", "owner": false, "username": "mint", "status": "PUBLIC" })
    };
    processes.fake.always(list, Answer::Data(json!({ "comments": (1..=180).map(listed).collect::<Vec<_>>() })));
    let told = processes.events(180).await;
    let ids: BTreeSet<_> = told.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!((told.len(), ids.len()), (180, 180), "all that was acknowledged, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_a_thread_is_known_to_every_process() {
    let processes = Processes::new("buyer_first", Arc::new(SystemClock::default()), |_| ()).await;
    let take = async |process: usize, event: &str, content: &serde_json::Value| {
        processes.all[process].take(decode_delivery(event, content)).await.unwrap()
    };
    // The buyer writes to one process, another sends, the echo comes to the third.
    take(1, "im_receive_msg", &message("m1", "hello")).await;
    assert_eq!(processes.sends(2, "e1/0").await, Attempt::Sent);
    assert_eq!(take(0, "im_send_msg", &echo("mid+1==", "hi", "API")).await, "echo");
    // Who wrote it is not said: it was on its way elsewhere, and is nobody's who has to take the conversation.
    assert_eq!(take(1, "im_send_msg", &echo("mid+1==", "hi", "UNKNOWN_SOURCE")).await, "echo");
    assert_eq!(take(1, "im_send_msg", &echo("mid+9==", "I am Ann", "UNKNOWN_SOURCE")).await, "member_message");
    // Its effect is sent once, whoever is asked.
    for process in 0..3 {
        assert_eq!(processes.sends(process, "e1/0").await, Attempt::Sent);
    }
    assert_eq!(processes.fake.asked(SEND).len(), 1);
    let mut read = message("x", "");
    read["read"] = json!({ "last_read_timestamp": crate::world::now().as_milliseconds() + 60_000 });
    for process in 0..3 {
        take(process, "im_mark_read_msg", &read).await;
    }
    let receipts = processes.store.told().into_iter().filter(|(id, _)| id.starts_with("tiktok:read:"));
    assert_eq!(receipts.count(), 1, "told by whoever hears it first");
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_a_token_is_renewed_by_one_process_and_used_by_all() {
    let clock = ManualClock::new(crate::world::now());
    let processes = Processes::new("buyer_first", Arc::new(clock.clone()), |_| ()).await;
    processes.all[0].take(decode_delivery("im_receive_msg", &message("m1", "hello"))).await.unwrap();
    for process in 0..3 {
        assert_eq!(processes.sends(process, &format!("a{process}/0")).await, Attempt::Sent);
    }
    let asked = |processes: &Processes| -> Vec<String> {
        let asked = processes.fake.asked(REFRESH).into_iter();
        asked.map(|asked| asked.body["refresh_token"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(asked(&processes), [SEED], "one process had it for all");
    // A quarter of its time is left: whoever does not lead goes on with what there is.
    clock.pass(Period::hours(19));
    assert_eq!(processes.sends(2, "b2/0").await, Attempt::Sent);
    assert_eq!(asked(&processes).len(), 1);
    assert_eq!(processes.sends(0, "b0/0").await, Attempt::Sent);
    assert_eq!(processes.sends(1, "b1/0").await, Attempt::Sent);
    assert_eq!(asked(&processes), [SEED, "rft.planted-1"]);
    // All of them are refused at once: one renews it, and the others take what it wrote down.
    processes.fake.with(|inside| {
        let codes = (0..3).map(|_| Answer::Code(40_105, "planted"));
        inside.next.entry(SEND.to_owned()).or_default().extend(codes);
    });
    let all = tokio::join!(processes.sends(0, "c0/0"), processes.sends(1, "c1/0"), processes.sends(2, "c2/0"));
    assert_eq!(all, (Attempt::Sent, Attempt::Sent, Attempt::Sent));
    let good = processes.fake.with(|inside| inside.good.clone());
    // A crash of all: what is written down is what is good.
    let account = Account::new(settings(&processes.fake), Arc::new(clock.clone())).unwrap();
    account.attach(processes.store.clone());
    clock.pass(Period::hours(19));
    let delivery = effect("d/0", crate::outbound::dm("hi", &[], None), None);
    assert_eq!(account.channel(None).perform(&delivery).await, Attempt::Sent);
    assert_eq!(asked(&processes).last(), Some(&good), "{:?}", asked(&processes));
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_who_is_forgotten_by_one_process_is_forgotten_by_all() {
    let processes = Processes::new("comment_to_message", Arc::new(SystemClock::default()), |settings| {
        settings.comment_wait = Duration::from_secs(3_600);
    })
    .await;
    for process in 0..3_u64 {
        let body = decode_delivery("comment.update", &comment(1 + process, Some("secret words")));
        processes.all[process as usize].take(body).await.unwrap();
    }
    processes.all[2].forget(&"buyer+1=".into()).await.unwrap();
    assert!(!processes.store.noted().contains("secret"));
    let told = processes.events(3).await;
    assert!(told.iter().all(|(_, event)| matches!(event, Event::Comment(comment) if comment.text.as_str().is_empty())));
}

/// C1: what one of them hears of, whoever leads looks under.
#[tokio::test(flavor = "multi_thread")]
async fn c1_comments_are_looked_for_under_posts_that_a_webhook_of_another_process_told_of() {
    let clock = ManualClock::new(SystemClock::default().wall());
    let processes = Processes::new("open", Arc::new(clock.clone()), |settings| {
        settings.poll = Some(Duration::from_millis(50));
    })
    .await;
    let mut heard = comment(1, Some("price?"));
    heard["video_id"] = 77.into();
    // The one that hears of it ends, and the list of videos cannot be had.
    assert_eq!(processes.all[2].take(decode_delivery("comment.update", &heard)).await.unwrap(), "comment");
    processes.work[2].abort();
    let second = clock.wall().as_milliseconds() / 1_000;
    processes.fake.page("/business/comment/list/", move |asked| match asked.query["video_id"].as_str() {
        "77" => {
            let lost = json!({ "comment_id": "2", "unique_identifier": "buyer+2=", "text": "link?", "owner": false,
                "create_time": (second - 5).to_string(), "status": "PUBLIC" });
            json!({ "comments": [lost], "has_more": false })
        }
        _ => json!({ "comments": [] }),
    });
    clock.pass(Period::minutes(2));
    let told = processes.events(2).await;
    assert_eq!(told[1].0, "tiktok:comment:2");
    assert!(matches!(&told[1].1, Event::Comment(comment) if comment.post_id.as_str() == "77"));
}
