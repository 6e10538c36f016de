//! What holds of conversations whatever happens (T4, F, V, P).

use chatsparks_core::{
    ActKind, Envelope, Event,
    workspace::{Reach, ReachMode},
};
use chatsparks_testkit::{
    drive,
    generate::{Case, Focus, case},
    properties,
};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn user(record: &Value) -> String {
    record["user_id"].as_str().unwrap_or_default().to_owned()
}

/// Records of one contact, without what counts over all of them.
fn of_contact(records: &[Value], wanted: &str) -> Vec<Value> {
    let mut of = records.iter().filter(|record| user(record) == wanted).cloned().collect::<Vec<_>>();
    for record in &mut of {
        let fields = record.as_object_mut().unwrap();
        fields.remove("seq");
        fields.remove("revision");
        for fact in fields.get_mut("facts").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(counted) = fact.get_mut("contact_counted").and_then(Value::as_object_mut) {
                counted.remove("count");
            }
        }
    }
    of
}

/// Ids that the platform gave to something of one contact.
fn inner_id(event: &Event) -> Option<String> {
    match event {
        Event::Comment(comment) => Some(format!("c {}", comment.comment_id)),
        Event::Message(message) => Some(format!("m {}", message.message_id)),
        Event::MemberMessage(message) => Some(format!("m {}", message.message_id)),
        _ => None,
    }
}

/// Whether news were refused that may come again under the same id, once what they are about is known (T3).
fn is_refused_for_now(outcome: &Value) -> bool {
    ["unknown_dm", "unknown_order"].iter().any(|reason| outcome["refused"]["reason"] == *reason)
}

/// What may be sent to one contact, told from what happened alone (P3, P4).
#[derive(Default)]
struct Purse {
    /// When the window opened and is over, and the messages left in it.
    window: Option<(i64, i64, i64)>,
    one_message: bool,
    blocked: bool,
}

impl Purse {
    fn opens(&mut self, at: i64, reach: &Reach) {
        let opened_later = self.window.is_some_and(|(opened, ..)| opened > at);
        if !self.blocked && !opened_later {
            self.window = Some((at, at + reach.window_hours * 3_600_000, reach.messages_per_window));
            self.one_message = false;
        }
    }

    fn serves(&self, at: i64) -> bool {
        self.window.is_some_and(|(opened, until, left)| left > 0 && opened <= at && at < until)
    }

    fn pays(&mut self, at: i64) -> bool {
        if self.serves(at) {
            self.window = self.window.map(|(opened, until, left)| (opened, until, left - 1));
            return true;
        }
        std::mem::take(&mut self.one_message)
    }
}

proptest! {
    #![proptest_config(properties::cases(120))]

    #[test]
    fn v6_in_human_the_bot_sends_nothing_and_only_people_or_time_bring_it_out(
        Case { workspace, history } in case(Focus::Talk, 60),
    ) {
        let mut states = BTreeMap::<String, String>::new();
        for record in drive(&workspace, &history).records {
            let was_human = states.get(&user(&record)).is_some_and(|state| state == "human");
            let mut comes_out = false;
            for (fact, body) in properties::facts(&record) {
                if fact == "state_changed" {
                    comes_out |= body["from"] == "human";
                    states.insert(user(&record), body["to"].as_str().unwrap().to_owned());
                }
            }
            if !was_human {
                continue;
            }
            let kind = match properties::event_of(&history, &record) {
                Some(Event::Act(act)) => Some(&act.kind),
                _ => None,
            };
            // Handed back, the flow goes on, and may hand off again at once.
            let handed_back = comes_out && kind == Some(&ActKind::HandBack);
            let bot = properties::effects(&record).any(|(kind, dm)| kind == "send_dm" && dm.get("member").is_none());
            prop_assert!(!bot || handed_back, "{}", record);
            let ends = matches!(kind, Some(ActKind::Close | ActKind::Block)) || record["timer"] == "close";
            prop_assert!(!comes_out || handed_back || ends, "{}", record);
        }
    }

    #[test]
    fn f5_the_mismatch_limit_is_never_passed(Case { workspace, history } in case(Focus::Talk, 60)) {
        let history: Vec<_> =
            history.into_iter().filter(|envelope| !matches!(envelope.event, Event::Configure(_))).collect();
        let mut in_a_row = BTreeMap::<String, i64>::new();
        for record in drive(&workspace, &history).records {
            let count = in_a_row.entry(user(&record)).or_default();
            match record.pointer("/outcome/message/result").and_then(Value::as_str) {
                Some("mismatch") => *count += 1,
                Some("duplicate") => {}
                _ if record.get("timer").is_some_and(|timer| timer == "idle") => {}
                _ => *count = 0,
            }
            prop_assert!(*count <= workspace.policy.max_mismatches, "{}", record);
        }
    }

    #[test]
    fn v9_a_start_that_waits_begins_or_is_dropped_once(Case { workspace, history } in case(Focus::Queue, 60)) {
        let driven = drive(&workspace, &history);
        let mut waits = BTreeMap::<String, i64>::new();
        for record in &driven.records {
            let waiting = waits.entry(user(record)).or_default();
            // The buyer wrote, and a held start waits on, for room (P2): it is the same start.
            let goes_on = record.pointer("/outcome/comment").is_none() && properties::facts(record).any(|(fact, _)| fact == "queued");
            if goes_on && *waiting > 0 {
                *waiting -= 1;
            }
            for (fact, _) in properties::facts(record) {
                match fact {
                    "queued" | "held" => *waiting += 1,
                    "released" | "dropped" => *waiting -= 1,
                    _ => {}
                }
            }
            prop_assert!((0..=1).contains(waiting), "{} start(s) wait after {}", waiting, record);
        }
        for contact in driven.state["contacts"].as_array().unwrap() {
            let waiting = contact["queued"] == true || contact["awaiting"] == true;
            let counted = waits.get(contact["user_id"].as_str().unwrap()).copied().unwrap_or_default();
            prop_assert_eq!(i64::from(waiting), counted, "{}", contact);
        }
    }

    #[test]
    fn t4_a_timer_that_fires_changes_something(Case { workspace, history } in case(Focus::Everything, 60)) {
        let driven = drive(&workspace, &history);
        for record in driven.records.iter().filter(|record| record.get("timer").is_some_and(|timer| !timer.is_null())) {
            prop_assert!(!driven.idle.contains(&record["seq"].as_u64().unwrap()), "{}", record);
        }
    }

    #[test]
    fn p4_every_message_is_paid_for(Case { mut workspace, history } in case(Focus::Talk, 60), first in any::<bool>()) {
        let history: Vec<_> =
            history.into_iter().filter(|envelope| !matches!(envelope.event, Event::Configure(_))).collect();
        workspace.policy.reach.mode = if first { ReachMode::BuyerFirst } else { ReachMode::CommentToMessage };
        let mut purses = BTreeMap::<String, Purse>::new();
        for record in drive(&workspace, &history).records {
            let purse = purses.entry(user(&record)).or_default();
            let at = properties::instant(&record);
            let said = |kind: &str| record["outcome"].get(kind).is_some();
            let mut wrote = false;
            match properties::event_of(&history, &record) {
                Some(Event::Message(_)) if said("message") && record["outcome"]["message"]["result"] != "duplicate" => {
                    wrote = true;
                    purse.opens(at, &workspace.policy.reach);
                }
                Some(Event::Act(act)) if said("applied") => match act.kind {
                    ActKind::Block => purse.blocked = true,
                    ActKind::Unblock => purse.blocked = false,
                    _ => {}
                },
                _ => {}
            }
            // A start that the platform admits brings one message, where no window serves (P3).
            let starts = properties::facts(&record).any(|(fact, _)| fact == "flow_started");
            if !first && starts && !wrote && !purse.serves(at) {
                purse.one_message = true;
            }
            for _ in properties::effects(&record).filter(|(kind, _)| *kind == "send_dm") {
                prop_assert!(purse.pays(at), "nothing pays for {}", record);
            }
        }
    }

    #[test]
    fn t4_one_contact_alone_lives_as_among_others(Case { workspace, history } in case(Focus::Talk, 50), number in 0usize..3) {
        let wanted = format!("u{number}");
        let among = drive(&workspace, &history);
        let mut outcomes = among.records.iter().filter(|record| record["event"].is_string()).map(|record| &record["outcome"]);
        let mut alone = Vec::<Envelope>::new();
        for envelope in &history {
            let outcome = outcomes.next().unwrap();
            alone.push(match &envelope.event {
                Event::Configure(_) => envelope.clone(),
                event if event.user_id().is_some_and(|user| *user == wanted.as_str()) => envelope.clone(),
                // The id of a refusal is free again, as that of the time that passes instead is not (T3).
                _ if is_refused_for_now(outcome) => {
                    let id = format!("{} {}", envelope.id, alone.len()).as_str().into();
                    Envelope { id, at: envelope.at, event: Event::Clock }
                }
                _ => Envelope { event: Event::Clock, ..envelope.clone() },
            });
        }
        let alone = drive(&workspace, &alone);
        prop_assert_eq!(of_contact(&among.records, &wanted), of_contact(&alone.records, &wanted));
        let state = |state: &Value| -> Option<Value> {
            state["contacts"].as_array()?.iter().find(|contact| contact["user_id"] == wanted.as_str()).cloned()
        };
        prop_assert_eq!(state(&among.state), state(&alone.state));
    }

    #[test]
    fn t4_events_of_different_contacts_at_one_instant_can_be_swapped(
        Case { workspace, history } in case(Focus::Talk, 50), place in 0usize..50,
    ) {
        let mut seen = BTreeSet::new();
        let mut history = history;
        history.retain(|envelope| {
            let inner = inner_id(&envelope.event).is_none_or(|id| seen.insert(id));
            inner && seen.insert(format!("e {}", envelope.id))
        });
        let differ = |pair: &[Envelope]| match (pair[0].event.user_id(), pair[1].event.user_id()) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        };
        let places: Vec<usize> = (0..history.len().saturating_sub(1)).filter(|at| differ(&history[*at..*at + 2])).collect();
        let Some(place) = places.get(place % places.len().max(1)).copied() else { return Ok(()) };
        history[place + 1].at = history[place].at;
        let mut swapped = history.clone();
        swapped.swap(place, place + 1);
        let (before, after) = (drive(&workspace, &history), drive(&workspace, &swapped));
        prop_assert_eq!(&before.state, &after.state);
        for contact in before.state["contacts"].as_array().unwrap() {
            let contact = contact["user_id"].as_str().unwrap();
            prop_assert_eq!(of_contact(&before.records, contact), of_contact(&after.records, contact));
        }
    }

    #[test]
    fn every_contact_survives_being_stored(Case { workspace, history } in case(Focus::Everything, 60)) {
        let mut replay = chatsparks_replay::Replay::new(chatsparks_core::Engine::compile(workspace).unwrap());
        for envelope in &history {
            replay.push(envelope, |_| ());
            for contact in replay.contacts() {
                let stored = serde_json::to_string(&chatsparks_core::Stored::from(contact)).unwrap();
                let read: chatsparks_core::Stored<'static, chatsparks_core::Contact> = serde_json::from_str(&stored).unwrap();
                let read = read.into_inner();
                prop_assert_eq!(contact, &read);
            }
        }
    }
}
