//! Operations against one workspace, each decided, applied and held against what must be so.

use chatsparks_core::{
    Comment, CommentOutcome, CommentResult, Decision, Engine, Envelope, Evaluation, Event, EventId, Explained, Instant,
    OrderResult, Outcome, Period, RefusalReason, Scratch, Seen, Source, TimerKind,
    internal::{Agenda, Change, HeadChange, IndexRow},
};
use chatsparks_replay::Replay;
use operations::{Operations, workspace};
use oracle::Oracle;
use std::{cell::RefCell, collections::BTreeMap};
use store::{Step, Store};

mod operations;
mod oracle;
mod store;

/// Operations of one run; what a longer input has more of is passed over.
const OPERATIONS: usize = 256;
/// Where there is no room left for another event.
const LAST_YEAR: Instant = Instant::from_milliseconds(253_370_764_800_000);
/// Timers that one event may make fire: the cycles of the years up to the last, and then some.
const TIMERS: usize = 200_000;

/// Decides a list of operations (`decide/operations.rs` says how they are written), and each timer when it is due (T4).
///
/// Holds them to: the same decided twice comes out the same; what came before changes nothing (T3); effects have ids of
/// their own (T6); in Human, and to a blocked contact, the bot sends nothing (V6, V10); no trigger fires within its
/// throttle (C6); no flow that starts takes the count past the limit (M5, M7), and the count is that of the contacts
/// counted (M1); the owners are told of each level once (M3); one start waits at most, and each that waits ends once
/// (V9); conversations count up and their states follow one another (V1), and each closes some day (V2); no more DMs
/// than the window admits (P4); attributed, soft and organic add up (A6); contacts, heads, orders and facts are read
/// back as they were written (I2); what a comment's evaluation explains is what came of it (C10); and the replay driver,
/// which goes its own way, decides the same.
pub fn decide_ops(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (settings, lines) = text.split_once('\n').unwrap_or((&text, ""));
    let engine = compiled(settings);
    let mut run = Run {
        store: Store::new(&engine),
        replay: Replay::new(engine.clone()),
        engine,
        agenda: Agenda::new(),
        scratch: Scratch::default(),
        oracle: Oracle::default(),
        decided: Vec::new(),
    };
    let mut operations = Operations::new();
    for line in lines.lines().take(OPERATIONS) {
        let envelope = operations.next(line);
        run.happen(&envelope);
        if operations.dms.len() < run.store.dms.len() {
            let sent = run.store.dms.keys().filter(|dm| !operations.dms.contains(dm)).cloned().collect::<Vec<_>>();
            operations.dms.extend(sent);
        }
    }
    run.agree_in_state();
    // Whatever waits has ended a hundred days after the last word; no setting makes anything wait for longer.
    if let Some(latest) = run.store.head.clock().latest().filter(|latest| *latest < LAST_YEAR) {
        let id = EventId::from("the-end");
        run.happen(&Envelope { id, at: latest.after(Period::days(100)), event: Event::Clock });
        run.oracle.end();
    }
}

/// The engine of a line of settings. Compiling takes longer than most runs, so engines are kept.
pub(super) fn compiled(settings: &str) -> Engine {
    thread_local! {
        static ENGINES: RefCell<BTreeMap<String, Engine>> = const { RefCell::new(BTreeMap::new()) };
    }
    ENGINES.with_borrow_mut(|engines| {
        if engines.len() > 100 {
            engines.clear();
        }
        let compile = || Engine::compile(workspace(settings)).unwrap_or_else(|error| panic!("{error}"));
        engines.entry(settings.to_owned()).or_insert_with(compile).clone()
    })
}

struct Run {
    engine: Engine,
    store: Store,
    agenda: Agenda,
    scratch: Scratch,
    oracle: Oracle,
    /// The same workspace, driven by the replay crate.
    replay: Replay,
    /// What was decided of the event that happens, and of the timers before and after it.
    decided: Vec<(Source, Decision)>,
}

impl Run {
    fn happen(&mut self, envelope: &Envelope) {
        self.decided.clear();
        let is_used_up = self.store.is_used_up(envelope);
        let moves_time = !self.store.head.is_late(envelope.at) && !is_used_up;
        if moves_time {
            self.fire_due(envelope.at);
        }
        self.decide(envelope);
        self.decide_again(envelope, is_used_up);
        if moves_time {
            self.fire_due(envelope.at);
        }
        self.agree(envelope);
    }

    fn decide(&mut self, envelope: &Envelope) {
        let decision = self.store.decide(&self.engine, envelope, &mut self.scratch);
        if let (Event::Comment(comment), Outcome::Comment(outcome)) = (&envelope.event, &decision.outcome) {
            self.explain(comment, envelope.at, outcome);
        }
        self.settle(Source::Event(envelope.id.clone()), Some(envelope), envelope.at, decision);
    }

    fn fire_due(&mut self, until: Instant) {
        for _ in 0..TIMERS {
            let contacts = &self.store.contacts;
            let Some(timer) = self.agenda.next(until, &self.store.head, |user| contacts.get(user)) else { return };
            let Some(decision) = self.store.fire(&self.engine, &timer, &mut self.scratch) else {
                panic!("R6: the agenda hands over {timer:?}, which does not stand");
            };
            self.settle(decision.source.clone(), None, timer.due, decision);
            if timer.kind != TimerKind::QueueRelease {
                let again = self.store.fire(&self.engine, &timer, &mut self.scratch);
                assert_eq!(again, None, "R6: a timer delivered twice does something twice");
            }
        }
        panic!("T4: timers fire for ever");
    }

    fn settle(&mut self, source: Source, envelope: Option<&Envelope>, at: Instant, decision: Decision) {
        let engine = decision.engine.clone().unwrap_or_else(|| self.engine.clone());
        let user = match (&source, envelope) {
            (Source::Timer { timer, .. }, _) => timer.user_id.clone(),
            (Source::Event(_), envelope) => envelope.and_then(|envelope| envelope.event.user_id().cloned()),
        };
        let contact = user.as_ref().and_then(|user| self.store.contacts.get(user)).cloned();
        let head = self.store.head.clone();
        self.store.apply(user.as_ref(), &decision, &mut self.agenda);
        let step = Step {
            engine: &self.engine,
            source: &source,
            envelope,
            at,
            contact: contact.as_ref(),
            head: &head,
            decision: &decision,
        };
        self.oracle.look(&step, &self.store);
        self.engine = engine;
        self.decided.push((source, decision));
    }

    /// T3: what came before does nothing more, under its own event id or another. Where the event's id was used up when it
    /// first came, nothing else of it was looked at, and under another id it may well do something.
    fn decide_again(&mut self, envelope: &Envelope, was_used_up: bool) {
        let refused = self.decided.last().and_then(|(_, decision)| match &decision.outcome {
            Outcome::Refused(refusal) => Some(refusal.reason),
            _ => None,
        });
        let again = self.store.decide(&self.engine, envelope, &mut self.scratch);
        // What was not known comes again like new, as often as it likes.
        let unknown = refused.filter(|reason| matches!(reason, RefusalReason::UnknownOrder | RefusalReason::UnknownDm));
        match unknown {
            Some(reason) => assert_eq!((&again.outcome, again.effects.len()), (&reason.into(), 0), "T3"),
            None => assert!(is_nothing(&again), "T3: an event seen twice does something twice"),
        }
        assert!(again.changes.is_empty(), "T3: an event seen twice changes something: {:?}", again.changes);
        let repeats = matches!(
            envelope.event,
            Event::Comment(_)
                | Event::Message(_)
                | Event::MemberMessage(_)
                | Event::Order(_)
                | Event::Refund(_)
                | Event::OrderCancelled(_)
        );
        if was_used_up || !repeats || refused.is_some() {
            return;
        }
        let other = Envelope { id: EventId::from("another-id"), ..envelope.clone() };
        let again = self.store.decide(&self.engine, &other, &mut self.scratch);
        assert!(is_nothing(&again), "T3: a thing seen twice does something twice: {:?}", again.facts);
        for change in &again.changes {
            let moves_time = matches!(change, Change::Head(HeadChange::Latest(_)));
            assert!(moves_time || matches!(change, Change::Index(IndexRow::Event(_))), "T3: {change:?}");
        }
    }

    /// C10: the evaluation of a comment explains what came of it.
    fn explain(&mut self, comment: &Comment, at: Instant, outcome: &CommentOutcome) {
        let seen = Seen::of(self.store.contacts.get(&comment.user_id));
        let revision = self.engine.revision();
        let evaluation = Evaluation { comment: comment.clone(), at, revision, outcome: outcome.clone(), seen };
        let explanations = self.engine.explain_all(&evaluation, &mut self.scratch);
        assert_eq!(explanations.len(), self.engine.workspace().triggers.len(), "C10: one a trigger");
        let length = comment.text.as_str().chars().count();
        for explanation in explanations {
            let result = explanation.verdict.result;
            if outcome.trigger.as_ref() == Some(&explanation.trigger) {
                assert_eq!(result.as_str(), outcome.result.as_str(), "C10: the winner `{}`", explanation.trigger);
                assert_eq!(explanation.verdict.until, outcome.until, "C6");
            } else {
                let fires = matches!(
                    result,
                    Explained::Fired | Explained::Queued | Explained::AwaitingMessage | Explained::Undeliverable
                );
                assert!(!fires, "C2: `{}` fires beside the winner", explanation.trigger);
            }
            if outcome.result == CommentResult::NoMatch {
                let passed = matches!(result, Explained::Draft | Explained::OutOfScope | Explained::NoMatch);
                assert!(passed, "C2: `{}` is {} where none matches", explanation.trigger, result.as_str());
            }
            for word in &explanation.matched {
                assert!(word.start <= word.end && word.end <= length, "C11: {}..{}", word.start, word.end);
            }
        }
    }

    /// The replay driver decides the same, in the same order, and ends in the same state.
    fn agree(&mut self, envelope: &Envelope) {
        let mut place = 0;
        let decided = &self.decided;
        self.replay.push(envelope, |record| {
            let Some((source, decision)) = decided.get(place) else { panic!("{:?} is too much", record.source) };
            assert_eq!(record.source, source, "T4: the order of what happens");
            let same = (&decision.outcome, &decision.effects, &decision.facts, &decision.changes);
            let other = &record.decision;
            assert_eq!(same, (&other.outcome, &other.effects, &other.facts, &other.changes), "{source}");
            let written = serde_json::to_string(record).unwrap_or_else(|error| panic!("a record: {error}"));
            assert!(!written.contains('\n'), "a record is one line");
            place += 1;
        });
        assert_eq!(place, decided.len(), "T4: as many records");
        // The records that there were are the driver's to count.
        let parts = |head: &chatsparks_core::Head| (head.clock().latest(), *head.terms(), *head.room());
        assert_eq!(parts(self.replay.head()), parts(&self.store.head));
    }

    /// And both end in the same state.
    fn agree_in_state(&self) {
        assert!(self.replay.contacts().into_iter().eq(self.store.contacts.values()), "the same contacts");
        let state = self.replay.state();
        assert_eq!(state.orders.len(), self.store.orders.len());
        for (shown, (id, entry)) in state.orders.iter().zip(&self.store.orders) {
            assert_eq!((&shown.order_id, shown.net_minor), (id, entry.net_minor()));
            let organic = entry.result == OrderResult::Organic;
            assert!(!organic || shown.overlap_minor == 0, "A6: an organic order has no overlap");
        }
    }
}

fn is_nothing(decision: &Decision) -> bool {
    let duplicate = match &decision.outcome {
        Outcome::Duplicate {} => true,
        Outcome::Comment(outcome) => outcome.result == CommentResult::Duplicate,
        Outcome::Message(outcome) => outcome.result == chatsparks_core::MessageResult::Duplicate,
        _ => false,
    };
    duplicate && decision.effects.is_empty() && decision.facts.is_empty() && decision.engine.is_none()
}
