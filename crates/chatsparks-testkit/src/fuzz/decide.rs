//! Operations against one workspace: a line an operation, so that a corpus can be read and written by hand.
//!
//! A line is `KIND USER POST GAP` and a text, a character each and nothing between: `ca1hPRICE?` is a comment of user
//! `a` under post `1`, an hour after the operation before. Kinds are `c` a comment, `d` the comment before under a new
//! event id, `r` its removal, `b` block, `u` unblock, `l` a comment that comes late, and anything else a clock. Gaps
//! are `n` none, `s` a second, `m` a minute, `h` an hour, `d` a day less a millisecond, `D` a day, `y` 401 days.

use chatsparks_core::{
    Act, ActKind, Agenda, Change, Comment, CommentOf, Contact, Decision, Engine, Envelope, Event, EventId, Fact, Found,
    Head, IndexKey, IndexRow, Instant, Loaded, Period, Scratch, Text, TriggerId, UserId, workspace::Workspace,
};
use std::collections::{BTreeMap, BTreeSet};

const WORKSPACE: &str = include_str!("workspace.json");

/// Decides a list of operations, and each timer when it is due (T4): the same decided twice comes out the same, the
/// same seen twice is done once (T3), and no trigger fires for a contact within its throttle (C6).
pub fn decide_ops(data: &[u8]) {
    let workspace: Workspace = serde_json::from_str(WORKSPACE).unwrap_or_else(|error| panic!("{error}"));
    let engine = Engine::compile(workspace).unwrap_or_else(|error| panic!("{error}"));
    let mut store = Store { head: engine.first_head(), contacts: BTreeMap::new(), seen: BTreeSet::new() };
    let mut agenda = Agenda::new();
    let mut scratch = Scratch::default();
    let mut fired: BTreeMap<(UserId, TriggerId), Instant> = BTreeMap::new();
    for envelope in envelopes(&String::from_utf8_lossy(data)) {
        let late = store.head.is_late(envelope.at);
        if !late {
            store.fire_due(&engine, envelope.at, &mut agenda, &mut scratch);
        }
        let decision = store.decide(&engine, &envelope, &mut scratch);
        assert_eq!(decision, store.decide(&engine, &envelope, &mut Scratch::default()), "decided twice");
        let user = envelope.event.user_id();
        store.apply(user, &decision, &mut agenda);

        for fact in &decision.facts {
            let (Fact::TriggerFired { trigger, .. }, Some(user)) = (fact, user) else { continue };
            let last = fired.insert((user.clone(), trigger.clone()), envelope.at);
            let until = last.map(|last| last.after(throttle(&engine, trigger)));
            assert!(until.is_none_or(|until| envelope.at >= until), "`{trigger}` fired within its throttle");
        }

        let again = store.decide(&engine, &envelope, &mut scratch);
        assert!(again.effects.is_empty() && again.facts.is_empty(), "an event seen twice does something twice");
        let before = store.clone();
        store.apply(user, &again, &mut agenda);
        assert_eq!(store, before, "an event seen twice changes something twice");
        if !late {
            store.fire_due(&engine, envelope.at, &mut agenda, &mut scratch);
        }
    }
}

fn throttle(engine: &Engine, trigger: &TriggerId) -> Period {
    let workspace = engine.workspace();
    let own = workspace.triggers.iter().find(|other| other.id == *trigger).and_then(|trigger| trigger.throttle_hours);
    Period::hours(own.unwrap_or(workspace.policy.throttle_hours))
}

/// The state of one workspace, held the plainest way.
#[derive(Clone, Debug, PartialEq)]
struct Store {
    head: Head,
    contacts: BTreeMap<UserId, Contact>,
    seen: BTreeSet<IndexKey>,
}

impl Store {
    fn decide(&self, engine: &Engine, envelope: &Envelope, scratch: &mut Scratch) -> Decision {
        let reads = engine.reads(envelope);
        let contact = reads.contact.as_ref().and_then(|user| self.contacts.get(user));
        let mut found = Found::default();
        for key in reads.keys.iter().filter(|key| self.seen.contains(key)) {
            match key {
                IndexKey::Event(_) => found.event = true,
                _ => found.thing = true,
            }
        }
        engine.decide(&Loaded { head: &self.head, contact, found: &found }, envelope, scratch)
    }

    fn fire_due(&mut self, engine: &Engine, until: Instant, agenda: &mut Agenda, scratch: &mut Scratch) {
        let mut last = None;
        while let Some(timer) = agenda.next(until, &self.head, |user| self.contacts.get(user)) {
            let contact = timer.user_id.as_ref().and_then(|user| self.contacts.get(user));
            let loaded = Loaded { head: &self.head, contact, found: &Found::default() };
            let decision = engine.fire(&loaded, &timer, scratch);
            assert_eq!(decision, engine.fire(&loaded, &timer, &mut Scratch::default()), "fired twice");
            self.apply(timer.user_id.as_ref(), &decision, agenda);
            assert!(last.as_ref() != Some(&timer), "{timer:?} fires for ever");
            last = Some(timer);
        }
    }

    fn apply(&mut self, user: Option<&UserId>, decision: &Decision, agenda: &mut Agenda) {
        for change in &decision.changes {
            match change {
                Change::Head(change) => self.head.apply(change),
                Change::Contact(change) => {
                    let Some(user) = user else { panic!("a contact's change without a contact") };
                    let contact = self.contacts.entry(user.clone()).or_insert_with(|| Contact::new(user.clone()));
                    let before = contact.wakes();
                    contact.apply(change);
                    agenda.update(before, contact);
                }
                Change::Index(IndexRow::Event(id)) => _ = self.seen.insert(IndexKey::Event(id.clone())),
                Change::Index(IndexRow::Comment(id)) => _ = self.seen.insert(IndexKey::Comment(id.clone())),
                // Nothing that reads it is among the operations.
                Change::Index(IndexRow::Dm(..)) => {}
                Change::Index(row) => panic!("none of the operations writes {row:?}"),
            }
        }
    }
}

fn envelopes(lines: &str) -> impl Iterator<Item = Envelope> {
    let mut at = Instant::from_milliseconds(1_772_445_600_000);
    let mut last = None;
    lines.lines().enumerate().map(move |(number, line)| {
        let mut characters = line.chars();
        let [kind, user, post, gap] = [(); 4].map(|()| characters.next().unwrap_or('n'));
        let text = characters.as_str();
        let gap = match gap {
            's' => Period::seconds(1),
            'm' => Period::minutes(1),
            'h' => Period::hours(1),
            'd' => Period::milliseconds(Period::hours(24).as_milliseconds() - 1),
            'D' => Period::hours(24),
            'y' => Period::days(401),
            _ => Period::ZERO,
        };
        let late = kind == 'l';
        if !late {
            at = at.after(gap);
        }
        let user_id = UserId::from(format!("u{user}"));
        let event = match (kind, last.clone()) {
            ('c' | 'l', _) => {
                let comment = comment(number, &user_id, post, text);
                last = Some(comment.clone());
                Event::Comment(comment)
            }
            ('d', Some(comment)) => Event::Comment(comment),
            ('r', Some(Comment { comment_id, user_id, .. })) => {
                Event::CommentRemoved(CommentOf { comment_id, user_id })
            }
            ('b', _) => act(user_id, ActKind::Block),
            ('u', _) => act(user_id, ActKind::Unblock),
            _ => Event::Clock,
        };
        let at = if late { at.before(gap) } else { at };
        Envelope { id: EventId::from(format!("e{number}")), at, event }
    })
}

fn comment(number: usize, user_id: &UserId, post: char, text: &str) -> Comment {
    Comment {
        comment_id: format!("c{number}").into(),
        post_id: format!("v{post}").into(),
        user_id: user_id.clone(),
        handle: Some(user_id.as_str().into()),
        text: Text::from(text),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    }
}

fn act(user_id: UserId, kind: ActKind) -> Event {
    Event::Act(Act { user_id, member: "owner@glow.example".into(), kind })
}
