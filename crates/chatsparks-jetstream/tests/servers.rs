//! What the store refuses, and what it finds again.

use chatsparks_cluster::Nats;
use chatsparks_core::{Effect, WorkspaceId};
use chatsparks_jetstream::{JetStreamStore, Options};
use chatsparks_ports::{Archive, Beat, EffectState, Log, Queue, Shard, Shards, StoreError};
use chatsparks_testkit::store_suite::make::{ALL, at, brought, comment, decided, dm, due, picture, put, shard};
use futures_util::TryStreamExt;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

fn options(name: &str, partitions: Option<u32>) -> Options {
    let mut options = Options::from_url(&Nats::shared().unwrap().url(name)).unwrap();
    options.partitions = partitions;
    options
}

/// The streams of the servers that tests share.
async fn journals() -> async_nats::jetstream::Context {
    let url = Nats::shared().unwrap().url("x");
    let hosts = url.trim_start_matches("nats://").trim_end_matches("/x");
    let client = async_nats::connect(hosts.split(',').map(str::to_owned).collect::<Vec<_>>()).await.unwrap();
    async_nats::jetstream::new(client)
}

/// Speaks as a server of this version does, as far as being asked goes.
fn old_server(version: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let speak = move |mut stream: TcpStream| -> std::io::Result<()> {
        let about = format!(
            r#"{{"server_id":"N","server_name":"n","version":"{version}","go":"go","host":"127.0.0.1","port":{port},"headers":true,"max_payload":1048576,"proto":1,"jetstream":true,"client_id":1}}"#
        );
        write!(stream, "INFO {about}\r\n")?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        while let Some(line) = lines.next().transpose()? {
            if line.starts_with("PING") {
                stream.write_all(b"PONG\r\n")?;
            }
        }
        Ok(())
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = speak(stream);
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_server_that_is_too_old_is_refused_by_name() {
    for version in ["2.9.10", "2.11.7"] {
        let options = Options::from_url(&format!("nats://127.0.0.1:{}", old_server(version))).unwrap();
        let Err(StoreError::Unusable(why)) = JetStreamStore::open(options).await else { panic!("it was taken") };
        assert!(why.contains(version) && why.contains("2.12"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_three_replicas_are_not_had_of_one_server() {
    let one = tokio::task::spawn_blocking(|| Nats::start(1).unwrap()).await.unwrap();
    let url = one.url("single").replace("replicas=1", "replicas=3");
    let refused = JetStreamStore::open(Options::from_url(&url).unwrap()).await;
    let why = refused.unwrap_err().to_string();
    assert!(why.contains("3 replicas"), "{why}");
    JetStreamStore::open(Options::from_url(&one.url("single")).unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_partitions_stay_as_the_store_was_made() {
    let store = JetStreamStore::open(options("made", Some(8))).await.unwrap();
    assert_eq!(store.partitions(), 8);
    assert_eq!(JetStreamStore::open(options("made", None)).await.unwrap().partitions(), 8);
    let why = JetStreamStore::open(options("made", Some(4))).await.unwrap_err().to_string();
    assert!(why.contains('8') && why.contains('4'), "{why}");
    assert_eq!(JetStreamStore::open(options("made-otherwise", None)).await.unwrap().partitions(), 64);
}

/// S3: what a newer version made is refused, and left as it is.
#[tokio::test(flavor = "multi_thread")]
async fn s3_a_store_of_a_newer_version_is_refused() {
    drop(JetStreamStore::open(options("newer", Some(2))).await.unwrap());
    let context = journals().await;
    let made = r#"{"v":99,"partitions":2}"#;
    // Servers that have much to do choose anew who leads a stream, and until then nobody takes anything.
    let mut tries = 0;
    while let Err(error) = async { context.publish("CS_newer_M.made", made.into()).await?.await }.await {
        tries += 1;
        assert!(tries < 100, "{error}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let Err(StoreError::Unusable(why)) = JetStreamStore::open(options("newer", None)).await else {
        panic!("it was taken")
    };
    assert!(why.contains("version 99") && why.contains("use a newer one"), "{why}");
    let stream = context.get_stream("CS_newer_M").await.unwrap();
    let kept = stream.get_last_raw_message_by_subject("CS_newer_M.made").await.unwrap();
    assert_eq!(kept.payload, made.as_bytes());
}

/// R1: another process finds all of it, and what one writes the other reads; who was superseded by it writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn r1_another_process_finds_what_was_written() {
    let one = JetStreamStore::open(options("two", Some(4))).await.unwrap();
    one.append(vec![(shard(2), brought("e", at(1), comment("c", "u", "hi")))]).await.unwrap();
    let mut all = decided(1, [dm("u", 0, None, "hello")]);
    all.rows = vec![due("u", at(60))];
    let opened = put(&one, &shard(2), all).await.unwrap();
    let two = JetStreamStore::open(options("two", None)).await.unwrap();
    assert_eq!(two.workspaces().await.unwrap(), ["glow"]);
    assert_eq!(two.read(&shard(2), 0, ALL).await.unwrap(), one.read(&shard(2), 0, ALL).await.unwrap());
    assert_eq!(two.next_due(&shard(2)).await.unwrap(), Some(at(60)));
    assert_eq!(two.count(&"glow".into()).await.unwrap().waiting, 1);
    let taken = two.open(&shard(2)).await.unwrap();
    assert_eq!((taken.decided, taken.fence.0), (1, opened.fence.0 + 1));
    let late = one.commit(&shard(2), opened.fence, decided(2, [dm("u", 1, None, "hello")])).await;
    assert!(matches!(late, Err(StoreError::Superseded)), "{late:?}");
    two.commit(&shard(2), taken.fence, decided(2, [dm("u", 1, None, "hello")])).await.unwrap();
    // Each hears of it without asking.
    while one.decided(&shard(2)).await.unwrap() != 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A word of what others logged.
    two.append(vec![(shard(1), brought("f", at(2), comment("d", "v", "hi")))]).await.unwrap();
    assert_eq!(one.news().await, ["glow"]);
}

/// Who writes alone reads back where their own stands, and no more; once another writes too, they read all of it.
#[tokio::test(flavor = "multi_thread")]
async fn s2_what_one_wrote_alone_and_what_another_wrote_is_read_by_both() {
    let make = || async { JetStreamStore::open(options("alone", Some(2))).await.unwrap() };
    let (one, other) = (make().await, make().await);
    let mut many = 0;
    // The large ones are larger than a message, and come in parts; to one who is alone, and to one who was.
    let table = [
        (&one, 0, 50, 10),
        (&one, 0, 2, 900_000),
        (&other, 0, 1, 10),
        (&one, 0, 40, 10),
        (&other, 2_100, 40, 10),
        (&other, 0, 2, 900_000),
        (&one, 0, 2, 900_000),
    ];
    for (by, milliseconds, times, letters) in table {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        for _ in 0..times {
            many += 1;
            let written = comment(&format!("c{many}"), "u1", &"x".repeat(letters));
            by.append(vec![(shard(0), brought(&format!("e{many}"), at(many), written))]).await.unwrap();
        }
    }
    let third = make().await;
    for store in [&one, &other, &third] {
        while store.end(&shard(0)).await.unwrap().0 < many.unsigned_abs() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let seen = store.read(&shard(0), 0, ALL).await.unwrap();
        let ids: Vec<String> = seen.iter().map(|logged| logged.envelope.id.to_string()).collect();
        assert_eq!(ids, (1..=many).map(|number| format!("e{number}")).collect::<Vec<_>>());
    }
}

/// S2, R5: who decides reads no more than places of that, while others bring events; until another decides.
#[tokio::test(flavor = "multi_thread")]
async fn s2_who_decides_what_others_bring_reads_only_places_of_it() {
    let make = || async { JetStreamStore::open(options("decides", Some(2))).await.unwrap() };
    let (one, other) = (make().await, make().await);
    let journals = journals().await;
    // Whether somebody asks for places only of what owners write.
    let is_asked_for_places = || async {
        let stream = journals.get_stream("CS_decides_W_glow").await.unwrap();
        let consumers: Vec<_> = stream.consumers().try_collect().await.unwrap();
        consumers
            .iter()
            .any(|consumer| consumer.config.headers_only && consumer.config.filter_subject == "CS_decides_W_glow.own.*")
    };
    let opened = one.open(&shard(0)).await.unwrap();
    let mut many = 0;
    let bring_and_decide = async |by: &JetStreamStore, fence, many: u64, letters: usize| {
        let written = comment(&format!("c{many}"), "u1", &"x".repeat(letters));
        let event = brought(&format!("e{many}"), at(many.cast_signed()), written);
        other.append(vec![(shard(0), event)]).await.unwrap();
        by.commit(&shard(0), fence, decided(many, [dm("u1", many - 1, None, &"y".repeat(letters))])).await
    };
    while !is_asked_for_places().await {
        many += 1;
        bring_and_decide(&one, opened.fence, many, 10).await.unwrap();
        assert!(many < 400, "it reads everything");
    }
    // What is larger than a message comes in parts, whoever wrote it, and events come between what is decided.
    for letters in [900_000, 10, 900_000, 10] {
        many += 1;
        bring_and_decide(&one, opened.fence, many, letters).await.unwrap();
    }
    assert_eq!(one.decided(&shard(0)).await.unwrap(), many);
    let taken = other.open(&shard(0)).await.unwrap();
    for letters in [10, 900_000, 10] {
        many += 1;
        bring_and_decide(&other, taken.fence, many, letters).await.unwrap();
    }
    let late = bring_and_decide(&one, opened.fence, many + 1, 10).await;
    assert!(matches!(late, Err(StoreError::Superseded)), "{late:?}");
    let third = make().await;
    let forms = |store: JetStreamStore| async move {
        while store.decided(&shard(0)).await.unwrap() != many {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut letters = 0;
        for effect in store.list(&"glow".into(), EffectState::Waiting, 1_000).await.unwrap() {
            let Some((_, Effect::SendDm(dm))) = store.find(&"glow".into(), &effect.effect).await.unwrap() else {
                panic!("it is not found")
            };
            letters += dm.text.unwrap().as_str().len();
        }
        (letters, picture(&store).await)
    };
    let all = forms(third).await;
    assert_eq!(all.0, 3 * 900_000 + 10 * (usize::try_from(many).unwrap() - 3));
    assert_eq!(forms(one.clone()).await, all);
    assert_eq!(forms(other.clone()).await, all);
    // Whoever reads otherwise than before leaves nobody behind who asks as it did: all read everything now. That of the
    // third, which is gone, the servers forget in a minute.
    let asking = || async {
        let stream = journals.get_stream("CS_decides_W_glow").await.unwrap();
        let consumers: Vec<_> = stream.consumers().try_collect().await.unwrap();
        let is_of_some = consumers.iter().any(|consumer| !consumer.config.filter_subject.is_empty());
        (consumers.len(), is_of_some)
    };
    for _ in 0..300 {
        if let (..=3, false) = asking().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("some are left: {:?}", asking().await);
}

/// S2: where messages are gone that no snapshot has, whoever has not read them says which, also where nothing comes after
/// them.
#[tokio::test(flavor = "multi_thread")]
async fn s2_whoever_misses_what_is_gone_says_so() {
    let missing = async |comes_after: u64| {
        let name = format!("gone{comes_after}");
        let make = || async { JetStreamStore::open(options(&name, Some(2))).await.unwrap() };
        let bring = async |many: i64, store: &JetStreamStore| {
            let event = brought(&format!("e{many}"), at(many), comment(&format!("c{many}"), "u1", "hi"));
            store.append(vec![(shard(0), event)]).await.unwrap();
        };
        let one = make().await;
        bring(1, &one).await;
        let mut journal = journals().await.get_stream(format!("CS_{name}_W_glow")).await.unwrap();
        let last = journal.info().await.unwrap().state.last_sequence;
        journal.purge().sequence(last + 1).await.unwrap();
        if comes_after > 0 {
            bring(2, &one).await;
        }
        let other = make().await;
        let ended = other.end(&shard(0)).await;
        let Err(StoreError::Unusable(why)) = ended else { panic!("{ended:?}") };
        assert!(why.contains("message 1 is missing, and no snapshot has it"), "{why}");
        // Whoever has read them goes on.
        bring(3, &one).await;
        assert_eq!(one.end(&shard(0)).await.unwrap().0, 2 + comes_after);
    };
    tokio::join!(missing(0), missing(1));
}

/// S2: what cannot be read on is not answered as if it were the end, and nothing is added to it.
#[tokio::test(flavor = "multi_thread")]
async fn s2_whoever_cannot_read_on_says_so_and_writes_nothing() {
    let store = JetStreamStore::open(options("damaged", Some(2))).await.unwrap();
    let event = |many: i64| vec![(shard(0), brought(&format!("e{many}"), at(many), comment("c", "u1", "hi")))];
    store.append(event(1)).await.unwrap();
    let journals = journals().await;
    journals.publish("CS_damaged_W_glow.j", "no operation".into()).await.unwrap().await.unwrap();
    let messages = || async { journals.get_stream("CS_damaged_W_glow").await.unwrap().cached_info().state.messages };
    let before = messages().await;
    let mut ended = store.end(&shard(0)).await;
    for _ in 0..1_000 {
        if ended.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        ended = store.end(&shard(0)).await;
    }
    let Err(StoreError::Unusable(why)) = ended else { panic!("{ended:?}") };
    assert!(why.ends_with("it is damaged: Syntax"), "{why}");
    for many in 2..5 {
        let appended = store.append(event(many)).await;
        assert!(matches!(&appended, Err(StoreError::Unusable(of)) if *of == why), "{appended:?}");
    }
    assert_eq!(messages().await, before);
}

/// R4, S1: whoever serves nothing of a workspace and is not asked for it does not follow its journal, takes events all the
/// same, and reads to the end once it is asked again.
#[tokio::test(flavor = "multi_thread")]
async fn r4_who_is_not_asked_follows_no_journal_and_takes_events() {
    let beat = |worker: &str| Beat {
        worker: worker.to_owned(),
        address: String::new(),
        serving: Vec::new(),
        takeover: Duration::from_secs(60),
        leaves: false,
        revisions: BTreeMap::new(),
    };
    let make = || async { JetStreamStore::open(options("asleep", Some(4))).await.unwrap() };
    let (one, other) = (make().await, make().await);
    one.share(&beat("one")).await.unwrap();
    other.share(&beat("other")).await.unwrap();
    let journals = journals().await;
    let workspace = |n: usize| WorkspaceId::from(format!("w{n}"));
    let events = |n: usize, m: usize| {
        let written = comment(&format!("c{m}"), &format!("u{n}"), "hi");
        vec![brought(&format!("e{m}"), at(i64::try_from(m).unwrap()), written)]
    };
    let account = "acct".into();
    let followers = |n: usize| {
        let journals = journals.clone();
        async move {
            let stream = journals.get_stream(format!("CS_asleep_W_w{n}")).await.unwrap();
            stream.cached_info().state.consumer_count
        }
    };
    let end = |store: &JetStreamStore, n: usize| {
        let store = store.clone();
        async move { store.ends(&workspace(n), 4).await.unwrap().iter().sum::<u64>() }
    };
    one.route(&workspace(0), &account, events(0, 0)).await.unwrap();
    other.route(&workspace(0), &account, events(0, 1)).await.unwrap();
    // Who serves asks each second; the other is not asked, and events alone do not have it go on.
    let mut many = 2;
    while followers(0).await != 1 {
        assert_eq!(other.route(&workspace(0), &account, events(0, many)).await.unwrap().waiting, 0);
        many += 1;
        end(&one, 0).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for _ in 0..5 {
        other.route(&workspace(0), &account, events(0, many)).await.unwrap();
        many += 1;
    }
    assert_eq!(followers(0).await, 1);
    // It is asked, and has all of it at once.
    assert_eq!(end(&other, 0).await, many as u64);
    assert_eq!(other.decided(&Shard { workspace: workspace(0), partition: 0 }).await.unwrap(), 0);
    // Whoever waits about as long as it takes to fall asleep, and asks, misses nothing either.
    let waits = (1..=8).map(|n| {
        let (other, account, events) = (other.clone(), account.clone(), &events);
        async move {
            for m in 0..4 {
                other.route(&workspace(n), &account, events(n, m)).await.unwrap();
                assert_eq!(end(&other, n).await, m as u64 + 1, "w{n} after {m}");
                let jitter = u64::try_from(n * 97 + m * 31).unwrap() % 400;
                tokio::time::sleep(Duration::from_millis(2_800 + jitter)).await;
            }
        }
    });
    futures_util::future::join_all(waits).await;
}

/// R5, S4: who is silent is waited for as long as they said themselves, and is told once others have seen it.
#[tokio::test(flavor = "multi_thread")]
async fn r5_who_is_silent_counts_for_as_long_as_they_said() {
    let store = JetStreamStore::open(options("silent", Some(2))).await.unwrap();
    let share = async |worker: &str, seconds| {
        let beat = Beat {
            worker: worker.to_owned(),
            address: String::new(),
            serving: Vec::new(),
            takeover: Duration::from_secs(seconds),
            leaves: false,
            revisions: BTreeMap::new(),
        };
        store.share(&beat).await.unwrap()
    };
    assert!(share("patient", 600).await.is_new && share("brief", 1).await.is_new);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(!share("brief", 1).await.is_new, "nobody has seen that it was silent");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let told = share("mover", 1).await;
    let live: Vec<_> = told.workers.iter().map(|of| of.worker.as_str()).collect();
    assert_eq!(live, ["mover", "patient"]);
    assert!(share("brief", 1).await.is_new);
    assert!(!share("patient", 600).await.is_new);
}

#[tokio::test]
async fn s2_a_directory_that_takes_no_file_is_named_at_the_start() {
    let mut options = options("nowhere", Some(1));
    options.directory = Some("/nowhere/at/all".into());
    let why = JetStreamStore::open(options).await.unwrap_err().to_string();
    assert!(why.contains("`/nowhere/at/all`") && why.contains("`directory`"), "{why}");
}
