//! One driver for a whole workspace, for a partition before a store, and for one partition of many.

use chatsparks_core::{
    Answer, Configured, Engine, Envelope, Event, EventId, Instant, Key, Partition, Period, Row, Scratch, Step, Stored,
    Wants, workspace::Workspace,
};
use chatsparks_testkit::{
    build, drive,
    generate::{Case, Focus, case},
    partitioned::Partitioned,
    properties,
};
use proptest::prelude::*;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// A store that keeps bytes, and answers as little as it may: one contact that is due, one that is queued.
#[derive(Default)]
struct Bytes {
    rows: BTreeMap<(String, String), Vec<u8>>,
    documents: BTreeMap<u32, Arc<Workspace>>,
}

impl Bytes {
    fn get(&self, key: &Key) -> Option<Row> {
        self.rows.get(&(key.kind().to_owned(), key.name())).map(|bytes| read(bytes))
    }

    fn contacts(&self) -> impl Iterator<Item = Row> {
        self.rows.iter().filter(|((kind, _), _)| kind == "contact").map(|(_, bytes)| read(bytes))
    }

    fn answer(&self, wants: &Wants) -> Answer {
        let mut answer = Answer::default();
        answer.rows.extend(wants.keys.iter().filter_map(|key| self.get(key)));
        for user_id in &wants.links {
            let begins = Key::links_of(user_id);
            let links = self.rows.iter().filter(|((kind, name), _)| kind == "link" && name.starts_with(&begins));
            answer.rows.extend(links.map(|(_, bytes)| read(bytes)));
        }
        if let Some(due) = wants.due {
            let of = |row: &Row| row.next_due().filter(|at| Some(*at) > due.after && *at <= due.until);
            let first = self.contacts().filter_map(|row| of(&row)).min();
            answer.due_until = first;
            answer.rows.extend(self.contacts().filter(|row| first.is_some() && of(row) == first));
        }
        if let Some(queued) = &wants.queued {
            let place = |row: &Row| match row {
                Row::Contact(contact) => Some((contact.queued_at()?, contact.user_id().clone())),
                _ => None,
            };
            let next = self.contacts().filter(|row| place(row).is_some_and(|at| Some(at) > queued.after));
            let next = next.min_by_key(place);
            answer.queued_until = next.as_ref().and_then(place);
            answer.rows.extend(next);
        }
        answer
    }

    fn commit(&mut self, partition: &mut Partition) {
        self.land(Flight::of(partition));
        partition.committed();
    }

    fn land(&mut self, flight: Flight) {
        self.rows.extend(flight.rows);
        self.documents.extend(flight.document);
    }

    /// A start after a stop: nothing is left but the bytes.
    fn start(&self, first: &Engine) -> Partition {
        let Some(Row::Terms(terms)) = self.get(&Key::Terms) else {
            return Partition::open(first.clone(), first.first_head()).unwrap();
        };
        let document = self.documents[&terms.revision()].clone();
        let engine = Engine::restore(document, terms.revision()).unwrap();
        let head: Vec<Row> = [Key::Clock, Key::Terms, Key::Room].iter().filter_map(|key| self.get(key)).collect();
        Partition::resume(engine, |key| head.iter().find(|row| row.key() == *key)).unwrap()
    }
}

/// A commit that the store has not got yet.
#[derive(Default)]
struct Flight {
    rows: Vec<((String, String), Vec<u8>)>,
    document: Option<(u32, Arc<Workspace>)>,
}

impl Flight {
    fn of(partition: &Partition) -> Self {
        let row = |row: &Row| {
            let key = row.key();
            ((key.kind().to_owned(), key.name()), serde_json::to_vec(&Stored::from(row)).unwrap())
        };
        let engine = partition.engine();
        Self {
            rows: partition.writes().iter().map(row).collect(),
            document: Some((engine.revision(), engine.workspace().clone())),
        }
    }
}

fn read(bytes: &[u8]) -> Row {
    serde_json::from_slice::<Stored<'static, Row>>(bytes).unwrap().into_inner()
}

/// What a partition before a store decides, committing after every so many steps and stopping after every so many commits.
fn through_a_store(workspace: &Workspace, history: &[Envelope], commit: usize, stop: usize, keep: usize) -> Vec<Value> {
    let engine = Engine::compile(workspace.clone()).unwrap();
    let mut bytes = Bytes::default();
    let mut partition = bytes.start(&engine);
    let (mut records, mut commits) = (Vec::new(), 0);
    for batch in history.chunks(commit) {
        let wants = partition.wants(batch);
        partition.load(&wants, bytes.answer(&wants));
        for envelope in batch {
            partition.push_from(
                envelope,
                &mut Scratch::default(),
                |wants| bytes.answer(wants),
                |record| records.push(serde_json::to_value(record).unwrap()),
            );
        }
        bytes.commit(&mut partition);
        partition.keep_at_hand(keep);
        commits += 1;
        if commits % stop == 0 {
            partition = bytes.start(&engine);
        }
    }
    records
}

/// What it decides while each commit is on its way for as long as the next batch takes, all being let go of after every so
/// many, and a stop after every so many losing what is on its way.
fn in_flight(workspace: &Workspace, history: &[Envelope], commit: usize, rest: usize, stop: usize) -> Vec<Value> {
    let engine = Engine::compile(workspace.clone()).unwrap();
    let mut bytes = Bytes::default();
    let mut partition = bytes.start(&engine);
    let batches: Vec<&[Envelope]> = history.chunks(commit).collect();
    // What is on its way, and where the store will be with it; where it is; and what was decided up to there.
    let mut flying: Option<(Flight, usize, usize)> = None;
    let (mut landed, mut records, mut commits, mut at) = ((0, 0), Vec::new(), 0, 0);
    while at < batches.len() {
        let land = |bytes: &mut Bytes, flying: &mut Option<(Flight, usize, usize)>, landed: &mut (usize, usize)| {
            if let Some((flight, batches, records)) = flying.take() {
                bytes.land(flight);
                *landed = (batches, records);
            }
        };
        let mut answer = |wants: &Wants| {
            // Links have to be there.
            if !wants.links.is_empty() {
                land(&mut bytes, &mut flying, &mut landed);
            }
            bytes.answer(wants)
        };
        let wants = partition.wants(batches[at]);
        let answered = answer(&wants);
        partition.load(&wants, answered);
        for envelope in batches[at] {
            let record = |record: &chatsparks_core::Record<'_>| records.push(serde_json::to_value(record).unwrap());
            partition.push_from(envelope, &mut Scratch::default(), &mut answer, record);
        }
        at += 1;
        land(&mut bytes, &mut flying, &mut landed);
        flying = Some((Flight::of(&partition), at, records.len()));
        commits += 1;
        partition.handed_over();
        if commits % rest == 0 {
            land(&mut bytes, &mut flying, &mut landed);
            partition.committed();
            partition.keep_at_hand(0);
        }
        if commits % stop == 0 {
            flying = None;
            at = landed.0;
            records.truncate(landed.1);
            partition = bytes.start(&engine);
        }
    }
    records
}

/// What each contact saw of it: outcomes and effects, in order.
fn by_contact<'a>(records: impl Iterator<Item = &'a Value>) -> BTreeMap<String, Vec<Value>> {
    let mut seen: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for record in records {
        // An event that came before fires no timers, and moves no time: where it stands among others' says nothing.
        let outcome = &record["outcome"];
        let is_duplicate = outcome.get("duplicate").is_some()
            || outcome.pointer("/comment/result") == Some(&"duplicate".into())
            || outcome.pointer("/message/result") == Some(&"duplicate".into());
        if let Some(user) = record["user_id"].as_str().filter(|_| !is_duplicate) {
            let effects: Vec<&Value> = record["effects"].as_array().unwrap().iter().collect();
            let source = record.get("event").or(record.get("timer"));
            let told = serde_json::json!([source, record["at"], record["outcome"], effects]);
            seen.entry(user.to_owned()).or_default().push(told);
        }
    }
    seen
}

/// In the order of their instants: what is late for one driver need not be for a partition (T4).
fn in_order(mut history: Vec<Envelope>) -> Vec<Envelope> {
    history.sort_by_key(|envelope| envelope.at);
    let end = history.last().map(|last| last.at.after(Period::days(90)));
    history.extend(end.map(|at| Envelope { id: EventId::from("the-end"), at, event: Event::Clock }));
    history
}

fn without_a_plan(workspace: &mut Workspace, history: &mut [Envelope]) {
    workspace.plan = None;
    for envelope in history {
        if let Event::Configure(configured) = &mut envelope.event
            && let Some(document) = configured.workspace()
        {
            **configured = Configured::from(Workspace { plan: None, ..Workspace::clone(document) });
        }
    }
}

proptest! {
    #![proptest_config(properties::cases(60))]

    #[test]
    fn r3_a_partition_before_a_store_decides_as_a_whole_one(
        Case { workspace, history } in case(Focus::Everything, 60),
        commit in 1usize..12, stop in 1usize..6, keep in 0usize..4,
    ) {
        let whole = drive(&workspace, &history).records;
        prop_assert_eq!(through_a_store(&workspace, &history, commit, stop, keep), whole);
    }

    #[test]
    fn r3_starts_that_wait_are_released_from_a_store_as_from_memory(
        Case { workspace, history } in case(Focus::Queue, 60),
        commit in 1usize..12, stop in 1usize..6, keep in 0usize..4,
    ) {
        let whole = drive(&workspace, &history).records;
        prop_assert_eq!(through_a_store(&workspace, &history, commit, stop, keep), whole);
    }

    #[test]
    fn r5_a_batch_is_decided_alike_while_the_one_before_is_on_its_way(
        Case { workspace, history } in prop_oneof![case(Focus::Everything, 60), case(Focus::Queue, 60)],
        commit in 1usize..12, rest in 1usize..6, stop in 2usize..9,
    ) {
        let whole = drive(&workspace, &history).records;
        prop_assert_eq!(in_flight(&workspace, &history, commit, rest, stop), whole);
    }

    #[test]
    fn r4_eight_partitions_give_each_contact_what_one_driver_gives(
        Case { mut workspace, mut history } in case(Focus::Everything, 60),
    ) {
        without_a_plan(&mut workspace, &mut history);
        let history = in_order(history);
        let one = drive(&workspace, &history).records;
        let mut eight = Partitioned::new(&workspace, 8);
        history.iter().for_each(|envelope| eight.happens(envelope));
        prop_assert_eq!(by_contact(eight.records.iter().map(|(_, record)| record)), by_contact(one.iter()));
    }

    #[test]
    fn r7_grants_never_take_starts_past_the_limit_and_replay_to_the_same_records(
        Case { workspace, history } in case(Focus::Queue, 60),
    ) {
        prop_assume!(workspace.plan.is_some());
        let mut many = Partitioned::new(&workspace, 8);
        for envelope in in_order(history) {
            many.happens(&envelope);
            for (partition, _) in &many.partitions {
                let (head, room) = (partition.head(), partition.head().room());
                prop_assert!(room.granted().is_none_or(|granted| head.terms().limit().is_none_or(|limit| granted <= limit.max(granted))));
            }
        }
        for (place, (_, history)) in many.partitions.iter().enumerate() {
            let records: Vec<&Value> = many.records.iter().filter(|(of, _)| *of == place).map(|(_, record)| record).collect();
            let again = drive(&workspace, history).records;
            prop_assert_eq!(records, again.iter().collect::<Vec<_>>());
        }
        // A start begins for somebody who did not count only where there was room: the count of those never passes what
        // was granted, and what was granted never passes the limit.
        let limits: Vec<u64> = many.partitions.iter().filter_map(|(partition, _)| partition.head().terms().limit()).collect();
        prop_assert!(limits.windows(2).all(|pair| pair[0] == pair[1]), "R8: the terms are the same everywhere");
    }
}

/// M7 on a history that is nothing but starts: no more contacts count than the limit, and no room is left unused.
#[test]
fn r7_as_many_start_as_there_is_room_for_and_no_more() {
    let document = serde_json::json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
        "plan": { "mac_limit": 20, "subscribed_at": "2026-03-01T00:00:00Z", "listening_window_days": 30 },
        "triggers": [ { "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [ { "id": "b", "message": { "text": "Hi" } } ] } ] });
    let workspace: Workspace = serde_json::from_value(document).unwrap();
    let mut many = Partitioned::new(&workspace, 8);
    let at: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
    for n in 0..60 {
        let line = format!(
            r#"{{"id":"e{n}","at":"{}","type":"comment","comment_id":"c{n}","post_id":"v","user_id":"u{n}","text":"price"}}"#,
            at.after(Period::seconds(n))
        );
        let envelope = chatsparks_replay::Reader::new(line.as_bytes(), "h").next().unwrap().unwrap().envelope;
        many.happens(&envelope);
    }
    let used: u64 = many.partitions.iter().map(|(partition, _)| partition.head().room().used()).sum();
    let results = |result: &str| {
        many.records.iter().filter(|(_, record)| record["outcome"]["comment"]["result"] == result).count()
    };
    assert_eq!((used, results("fired"), results("queued")), (20, 20, 40));
}

/// T3, T5: the id of an event that came late is known for as long as those that came with it, not for as long as its own
/// `at` would have it.
#[test]
fn t3_ids_are_remembered_from_the_latest_instant_seen_when_they_came() {
    let begin: Instant = "2026-02-27T09:00:00Z".parse().unwrap();
    let clock = |id: &str, days: i64| Envelope {
        id: id.into(),
        at: Instant::from_milliseconds(begin.as_milliseconds() + days * 86_400_000),
        event: Event::Clock,
    };
    let engine = Engine::compile(build::workspace().build()).unwrap();
    let head = engine.first_head();
    let mut partition = Partition::open(engine, head).unwrap();
    // Late by as much as is taken, late by too much, and then one in time.
    let events = [clock("first", 0), clock("late", -400), clock("too_late", -401), clock("next", 1)];
    let mut scratch = Scratch::default();
    for event in &events {
        loop {
            match partition.step(event, &mut scratch, &mut |_| {}) {
                Step::Wants(wants) => partition.load(&wants, Answer::default()),
                Step::Decided => {}
                Step::Done => break,
            }
        }
    }
    let remembered = partition.writes().into_iter().filter_map(|row| match row {
        Row::Event(id, from) => Some((id.to_string(), (from.as_milliseconds() - begin.as_milliseconds()) / 86_400_000)),
        _ => None,
    });
    let remembered: BTreeMap<String, i64> = remembered.collect();
    for (id, days) in [("first", 0), ("late", 0), ("too_late", 0), ("next", 1)] {
        assert_eq!(remembered.get(id), Some(&days), "{id}");
    }
}
