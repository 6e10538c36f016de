//! That a state comes back from its form as it was is seen by the store's tests; here is what needs no server.

use super::*;
use crate::{
    journal::left_without,
    op::Committed,
    table::{Ground, View},
};
use chatsparks_core::{DmStage, Event, Order, Receipt, home_partition};
use chatsparks_testkit::store_suite::make::{at, brought, comment};
use serde_json::json;
use std::sync::Arc;

#[test]
fn an_operation_that_comes_twice_is_taken_once() {
    let workspace = WorkspaceId::from("glow");
    let mut state = State::new(2);
    let op = Op { v: 1, id: (1, 2), does: Does::Open(1) };
    assert!(matches!(state.fold(&workspace, (1, 1), &op), Some(Outcome::Opened(opened)) if opened.fence.0 == 1));
    assert!(state.fold(&workspace, (2, 2), &op).is_none());
    for sum in [i128::MIN, -1, i128::MAX] {
        state.parts[1].insights.insert(sum.to_string().into(), sum);
    }
    let form = rmp_serde::to_vec(&state).unwrap();
    let mut read = rmp_serde::from_slice::<State>(&form).unwrap().restored();
    assert_eq!(read.parts[1].fence, 1);
    assert!(read.parts[1].insights.iter().all(|(name, sum)| **name == *sum.to_string()));
    assert!(read.fold(&workspace, (3, 3), &op).is_none(), "a state that was read remembers as well");
    assert_eq!(read.applied, 3);
}

/// O5: a process that was frozen with an effect in its hand begins it no more once another has opened its partition.
#[test]
fn o5_whoever_lost_a_partition_begins_nothing() {
    let workspace = WorkspaceId::from("glow");
    let mut state = State::new(1);
    let mut happens = |does| {
        let next = state.applied + 1;
        state.fold(&workspace, (next, next), &Op { v: 2, id: (1, next), does }).unwrap()
    };
    happens(Does::Open(0));
    let effect = r#"{"id":"e/0","seq":0,"place":0,"lane":"u","free":false,"kind":"send_dm","form":{},"context":{}}"#;
    let effects = vec![serde_json::from_str(effect).unwrap()];
    let commit = crate::op::Committed { fence: 1, effects, ..Default::default() };
    happens(Does::Commit(Box::new(commit)));
    happens(Does::Open(0));
    let begin = |fence| Does::Begin { partition: 0, effect: "e/0".to_owned(), wall: 0, fence };
    assert!(matches!(happens(begin(Some(1))), Outcome::Whether(false)));
    assert!(matches!(happens(begin(Some(2))), Outcome::Whether(true)));
    // As it was written before.
    assert!(matches!(happens(begin(None)), Outcome::Whether(true)));
}

/// An operation of each kind that a state is changed by, by a number.
fn step(number: u64) -> Does {
    let (user, partition) = (format!("u{}", number % 7), (number % 2) as u32);
    let of = |json: serde_json::Value| serde_json::from_value::<Does>(json).unwrap();
    let seq = number / 2;
    let form = json!({"id": format!("e{number}"), "at": "2026-01-01T00:00:00Z", "type": "message", "message_id": format!("m{number}"), "user_id": user});
    match number % 13 {
        0..=2 => of(json!({"append": [
            {"partition": partition, "stamp": "brought", "at": number, "user_id": user, "texts": number.is_multiple_of(3), "form": form},
            {"partition": partition, "stamp": "latest", "at": 0, "form": form},
        ]})),
        3..=6 => of(json!({"commit": {
            "partition": partition, "fence": 1, "decided": number / 3, "granted": [[number / 4, {}]], "drawn": [], "engine": "",
            "rows": [
                {"kind": "contact", "name": user, "form": {"n": number}, "due": number % 5, "queued": number % 3},
                {"kind": "comment", "name": format!("c{}", number % 11), "from": number % 9},
                {"kind": "dm", "name": format!("d{number}"), "form": {}, "from": number},
            ],
            "records": [{"seq": seq, "at": number, "user_id": user, "line": {}, "evaluation": [format!("c{}", number % 5), {}]}],
            "effects": [{"id": format!("e{seq}/0"), "seq": seq, "place": 0, "lane": user, "free": number.is_multiple_of(5), "kind": "send_dm",
                "conversation": 1, "form": {}, "context": {}, "not_after": number % 17}],
            "documents": [], "insights": [["n", 1]], "withdrawn": if number.is_multiple_of(4) { json!([[user, 1, seq]]) } else { json!([]) },
            "erased": if number.is_multiple_of(31) { json!([[user, seq, number]]) } else { json!([]) },
        }})),
        7 => of(
            json!({"begin": {"partition": partition, "effect": format!("e{}/0", seq.saturating_sub(2)), "wall": number}}),
        ),
        8 => of(json!({"settle": {"partition": partition, "effect": format!("e{}/0", seq.saturating_sub(2)),
            "settled": if number.is_multiple_of(2) { json!("sent") } else { json!({"again": {"not_before": number, "counts": true, "why": "later"}}) },
            "receipt": null}})),
        9 => of(
            json!({"settle": {"partition": partition, "effect": format!("e{}/0", seq.saturating_sub(2)), "settled": {"dead": "gone"},
            "receipt": null}}),
        ),
        10 if number.is_multiple_of(4) => of(json!({"prune": {"ids_before": number / 3, "limit": 3}})),
        10 => of(json!({"revive": format!("e{}/0", (number / 2).saturating_sub(3 - number % 2))})),
        11 if number.is_multiple_of(4) => {
            of(json!({"cut": {"partition": partition, "until": number / 8, "first_record": number / 8, "limit": 5}}))
        }
        11 => of(json!({"forward": {"account": "shop"}})),
        _ => Does::Open(partition + 2),
    }
}

/// S2: where a state lies changes nothing of what it comes to, nor of how it is written; and a copy stays as it was.
#[test]
fn s2_a_state_that_lies_in_a_file_is_the_one_that_it_would_be_in_memory() {
    let workspace = WorkspaceId::from("glow");
    let ground = Arc::new(Ground::new(0, std::env::temp_dir()));
    let (mut here, mut there) = (State::new(4), State::new(4));
    let written = |state: &State, view| ground.within(view, || rmp_serde::to_vec(state).unwrap());
    let mut copy = None;
    let opened = [Does::Open(0), Does::Open(1)];
    for (number, does) in (1_u64..).zip(opened.into_iter().chain((1..300).map(step))) {
        let op = Op { v: 3, id: (1, number), does };
        let came_to = [here.fold(&workspace, (number, number), &op), there.fold(&workspace, (number, number), &op)];
        let [one, other] = came_to.map(|outcome| format!("{outcome:?}"));
        assert_eq!(one, other, "{number}");
        if !number.is_multiple_of(3) {
            there.put_aside_all(&ground);
            assert_eq!(there.parts.iter().map(|part| part.at_hand()).sum::<usize>(), 0);
        }
        assert_eq!(here.first_needed(), there.first_needed(), "{number}");
        let form = written(&here, View::of_now());
        assert!(form == written(&there, View::of_now()), "{number}");
        if number.is_multiple_of(50) {
            if let Some((view, copy, form)) = copy.take() {
                assert!(written(&copy, view) == form, "a copy of before {number} has changed");
            }
            copy = Some((ground.view(), there.clone(), form.clone()));
            // As a process does that starts.
            let read = |form: &[u8]| {
                ground.within(View::of_now(), || rmp_serde::from_slice::<State>(form).unwrap().restored())
            };
            (here, there) = (read(&form), read(&form));
        }
        for (part, same) in here.parts.iter().zip(&there.parts) {
            let order = |part: &Part| part.effects.fronts().map(|effect| effect.id.clone()).collect::<Vec<_>>();
            assert_eq!(order(part), order(same), "{number}");
            assert_eq!(part.effects.counts, same.effects.counts);
            assert_eq!(part.rows.next_due(), same.rows.next_due(), "{number}");
        }
    }
    ground.sound().unwrap();
    // Nothing of it was in vain.
    let sum = |of: fn(&Part) -> u64| here.parts.iter().map(|part| of(part)).sum::<u64>();
    let dead = sum(|part| part.effects.counts[2]);
    let came_to = [sum(|part| part.effects.sent), sum(|part| part.effects.failed), dead, sum(|part| part.record_first)];
    let forgotten =
        [sum(|part| part.forgotten.len() as u64), sum(|part| part.erased.len() as u64), here.dirty.len() as u64];
    assert!(came_to.iter().chain(&forgotten).all(|many| *many > 0), "{came_to:?} {forgotten:?}");
}

/// S3: a snapshot is read and written as it was before a state could outgrow memory: these bytes are of that build.
#[test]
fn s3_the_form_of_a_snapshot_is_what_it_was() {
    let workspace = WorkspaceId::from("glow");
    let form = include_bytes!("forms/1.bin");
    let mut state = State::new(4);
    let opened = [Does::Open(0), Does::Open(1)];
    let steps = (1..300).filter(|number| number % 13 != 11).map(step);
    for (number, does) in (1_u64..).zip(opened.into_iter().chain(steps)) {
        state.fold(&workspace, (number, number), &Op { v: 3, id: (1, number), does });
    }
    assert!(rmp_serde::to_vec(&state).unwrap() == form, "what is written");
    let read = rmp_serde::from_slice::<State>(form).unwrap().restored();
    assert!(rmp_serde::to_vec(&read).unwrap() == form, "what is read");
}

/// A state of `glow`, into which operations are folded one after the other; each has the next number.
struct Folded(State);

impl Folded {
    fn new(partitions: u32) -> Self {
        Self(State::new(partitions))
    }

    fn fold(&mut self, does: Does) -> u64 {
        let next = self.0.applied + 1;
        let came_to = self.0.fold(&"glow".into(), (next, next), &Op { v: does.version(), id: (1, next), does });
        assert!(!matches!(came_to, None | Some(Outcome::Refused(_))), "{came_to:?}");
        next
    }

    /// Somebody is forgotten, before this position of the log.
    fn forget(&mut self, user: &str, before: u64) {
        let committed = Committed { fence: 1, erased: vec![(user.into(), 0, before)], ..Committed::default() };
        self.fold(Does::Commit(Box::new(committed)));
    }

    fn read_again(&self) -> State {
        rmp_serde::from_slice::<State>(&rmp_serde::to_vec(&self.0).unwrap()).unwrap().restored()
    }
}

fn comments(users: &[&str]) -> Does {
    let input = |user: &&str| In::of(0, brought(user, at(1), comment(user, user, &format!("said by {user}")))).unwrap();
    Does::Append(users.iter().map(input).collect())
}

/// R4, S2: an event that names one thing waits, and one that names two; a snapshot that is taken meanwhile is read again.
#[test]
fn s2_a_snapshot_of_what_waits_can_be_read() {
    let mut folded = Folded::new(4);
    // Of two homes.
    let (one, both) = ("u1", "both2");
    assert_ne!(home_partition(&"glow".into(), one, 4), home_partition(&"glow".into(), both, 4));
    let order = Order {
        order_id: "o1".into(),
        user_id: both.into(),
        placed_at: None,
        currency: "THB".into(),
        total_minor: 1,
        lines: Vec::new(),
    };
    let receipt = |dm: &str| Event::Receipt(Receipt { dm_id: dm.into(), status: DmStage::Read, detail: None });
    // A shop's id that may be a contact's own.
    let link = Event::Identity { user_id: one.into(), shop_user_id: both.into() };
    let events = [
        ("link", link),
        ("e1", comment("c1", one, "hi")),
        ("e2", comment("c2", both, "hi")),
        ("read", receipt("e1/0")),
        ("order", Event::Order(order)),
        ("again", receipt("e1/0")),
    ];
    let inputs = events.map(|(id, event)| In::of(0, brought(id, at(2), event)).unwrap());
    folded.fold(Does::Route { account: "shop".into(), inputs: inputs.to_vec() });
    let named: Vec<(u64, usize)> =
        folded.0.waiting.iter().map(|(number, waits)| (*number, waits.names().count())).collect();
    assert_eq!(named, [(1, 1), (2, 2), (3, 1)]);
    let mut read = folded.read_again();
    assert!(rmp_serde::to_vec(&read).unwrap() == rmp_serde::to_vec(&folded.0).unwrap());
    // As it was written before, where what names one thing had one field less.
    let short = (7_u64, 0_u32, "{}", ("dm", "u1/0"), [(0_u32, 3_u64)], Some(5_u32));
    let short: Awaiting = rmp_serde::from_slice(&rmp_serde::to_vec(&short).unwrap()).unwrap();
    assert_eq!((short.op, short.names().count(), &short.until[..], short.linked), (7, 1, &[(0, 3)][..], Some(5)));
    // And all of it goes on.
    read.parts.iter_mut().for_each(|part| part.decided = 2);
    assert_eq!(read.forward(&"glow".into(), &"shop".into()).unwrap().appended, 3);
}

/// R12: somebody is forgotten while a message is written anew for another's sake. Nothing of either stays.
#[test]
fn r12_who_is_forgotten_meanwhile_leaves_what_is_written_anew_too() {
    let mut folded = Folded::new(1);
    folded.fold(Does::Open(0));
    let first = folded.fold(comments(&["u1", "u2", "u3"]));
    // What each process makes of it, by what it knows is forgotten.
    let without = |forgotten: &[u32]| Box::new(left_without(&comments(&["u1", "u2", "u3"]), forgotten).unwrap());
    folded.forget("u1", 2);
    assert!(folded.0.dirty.iter().eq(&[first]));
    let for_one = without(&[0]);
    folded.forget("u2", 3);
    let second = folded.fold(Does::Rewritten { of: first, left: for_one });
    folded.fold(Does::Deleted(first));
    assert!(folded.0.dirty.iter().eq(&[second]), "u2 stands in it still: {:?}", folded.0.dirty);
    assert!(folded.0.stands_in(second, &comments(&["u1", "u2", "u3"])));
    let third = folded.fold(Does::Rewritten { of: second, left: without(&[0, 1]) });
    assert!(folded.0.dirty.iter().eq(&[second]));
    // Another process did the same: nothing stands in what it wrote, and that goes too.
    let fourth = folded.fold(Does::Rewritten { of: second, left: without(&[0]) });
    folded.fold(Does::Deleted(second));
    assert!(folded.0.dirty.iter().eq(&[fourth]));
    let stands = |op| folded.0.stands_in(op, &comments(&["u1", "u2", "u3"]));
    assert_eq!([first, second, third, fourth].map(stands), [false, false, true, false]);
    let late = folded.fold(Does::Rewritten { of: first, left: without(&[]) });
    folded.fold(Does::Deleted(fourth));
    assert!(folded.0.dirty.iter().eq(&[late]), "nor in what comes once it is gone");
    assert_eq!(folded.read_again().dirty, folded.0.dirty);
}
