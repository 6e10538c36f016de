//! A workspace in memory for the tests of conversations: states to be in, and inputs to bring.
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, clippy::panic)]

use chatsparks_core::{
    Act, ActKind, Comment, CommentOf, Contact, Decision, DmId, DmStage, Engine, Envelope, Event, Head, Instant,
    MemberMessage, Message, Order, OrderEntry, OrderLine, Period, Receipt, Refund, ReviewVerdict, Row, Scratch,
    SentLink, Source, Storable, Stored, Timer, TimerKind, UserId,
    internal::{Agenda, Change, Found, IndexKey, IndexRow, Loaded},
    workspace::Workspace,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Whom the tests look at.
pub const MINT: &str = "mint";
/// The member who acts.
pub const OWNER: &str = "owner@glow.example";

/// What a decision answered to, and the decision.
pub struct Done {
    pub source: Source,
    pub at: Instant,
    pub user_id: Option<UserId>,
    pub decision: Decision,
}

/// A workspace in memory.
pub struct World {
    pub engine: Engine,
    pub head: Head,
    pub contacts: BTreeMap<UserId, Contact>,
    pub now: Instant,
    events: BTreeSet<String>,
    things: BTreeSet<String>,
    orders: BTreeMap<String, OrderEntry>,
    shop_users: BTreeMap<String, UserId>,
    pub dms: BTreeMap<DmId, (UserId, DmStage)>,
    pub last_dm: Option<DmId>,
    fired: BTreeMap<(UserId, TimerKind, Instant), u32>,
    pub links: BTreeMap<UserId, Vec<SentLink>>,
    agenda: Agenda,
    scratch: Scratch,
    count: usize,
    last: Option<Event>,
}

/// The document of every state, before what the state itself changes in it.
pub fn document() -> Value {
    json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "plan": { "mac_limit": 10, "subscribed_at": "2026-03-01T00:00:00Z", "listening_window_days": 30 },
        "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s", "name": "30ml" } ] } ],
        "sensitive": [ { "words": ["refund"], "handoff": true, "tag": "refund" } ],
        "triggers": [
            { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "size", "public_reply": "See your DMs" },
            { "id": "wait", "when": { "keywords": { "words": ["wait"] } }, "flow": "later" },
            { "id": "card", "when": { "keywords": { "words": ["card"] } }, "flow": "card" },
            { "id": "extra", "when": { "keywords": { "words": ["extra"] } }, "flow": "card" },
            { "id": "person", "when": { "keywords": { "words": ["person"] } }, "flow": "person" } ],
        "flows": [
            { "id": "size", "version": 1, "blocks": [
                { "id": "hello", "message": { "text": "hello" } },
                { "id": "ask", "quick_replies": { "text": "which?", "field": "size",
                    "options": [ { "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" } ] } },
                { "id": "card", "shop_link": { "product": "p", "sku": "s" } } ] },
            { "id": "later", "version": 1, "blocks": [
                { "id": "pause", "wait": { "seconds": 7200 } }, { "id": "more", "message": { "text": "more" } } ] },
            { "id": "card", "version": 1, "blocks": [ { "id": "only", "shop_link": { "product": "p" } } ] },
            { "id": "person", "version": 1, "blocks": [
                { "id": "off", "handoff": { "note": "asked" } }, { "id": "bye", "message": { "text": "bye" } } ] } ],
        "members": [
            { "email": OWNER, "role": "owner", "status": "active" },
            { "email": "mali@glow.example", "role": "member", "status": "active" },
            { "email": "nok@glow.example", "role": "member", "status": "pending" } ]
    })
}

pub fn workspace(document: &Value) -> Workspace {
    serde_json::from_value(document.clone()).unwrap()
}

/// Where a conversation may stand.
pub const STATES: [&str; 16] = [
    "none",
    "bot, waits for a reply",
    "bot, waits for a reply, one mismatch",
    "bot, in a wait",
    "waiting, after idle",
    "waiting, completed",
    "waiting, held for budget",
    "waiting, held for budget to ask again",
    "human, unowned",
    "human, owned",
    "closed",
    "blocked",
    "none, with a held start",
    "waiting, held for budget, with a held start",
    "none, with a queued start",
    "waiting, completed, with a queued start",
];

/// A world in which the contact stands so.
pub fn world(state: &str) -> World {
    let mut document = document();
    match state {
        "none, with a held start" | "waiting, held for budget" | "waiting, held for budget, with a held start" => {
            document["policy"] = json!({ "reach": { "mode": "buyer_first", "messages_per_window": 1 } });
        }
        "waiting, held for budget to ask again" => {
            document["policy"] = json!({ "reach": { "mode": "buyer_first", "messages_per_window": 2 } });
        }
        "none, with a queued start" | "waiting, completed, with a queued start" => {
            document["plan"]["mac_limit"] = 1.into();
        }
        _ => {}
    }
    let begin = if state == "waiting, completed, with a queued start" {
        // A cycle begins within the day for which the conversation stays open.
        "2026-03-31T12:00:00Z"
    } else {
        "2026-03-02T10:00:00Z"
    };
    let mut world = World::new(&document, begin);
    match state {
        "none" => {}
        "bot, waits for a reply" => world.comments("price"),
        "bot, waits for a reply, one mismatch" => {
            world.comments("price");
            world.says("huh");
        }
        "bot, in a wait" => world.comments("wait"),
        "waiting, after idle" => {
            world.comments("price");
            world.passes(Period::minutes(60));
        }
        "waiting, completed" => world.comments("card"),
        "waiting, held for budget" => {
            world.comments("price");
            world.says("hi");
        }
        "waiting, held for budget to ask again" => {
            world.comments("price");
            world.says("hi");
            // Only a late message finds the window of a later one, and no budget in it.
            world.now = world.now.before(Period::seconds(90));
            world.says("huh");
            world.passes(Period::minutes(2));
        }
        "human, unowned" => world.comments("person"),
        "human, owned" => {
            world.comments("price");
            world.acts(ActKind::Take);
        }
        "closed" => {
            world.comments("price");
            world.acts(ActKind::Close);
        }
        "blocked" => {
            world.comments("price");
            world.acts(ActKind::Block);
        }
        "none, with a held start" => world.comments("price"),
        "waiting, held for budget, with a held start" => {
            world.comments("price");
            world.says("hi");
            world.comments("card");
        }
        "none, with a queued start" => {
            world.comment_of("noi", "card");
            world.comments("price");
        }
        "waiting, completed, with a queued start" => {
            world.comments("card");
            world.passes(Period::hours(13));
            world.comment_of("noi", "card");
            world.comments("price");
        }
        other => panic!("no state {other}"),
    }
    world
}

/// What may come, each brought a minute after the state was reached.
pub const INPUTS: [&str; 40] = [
    "comment: the same trigger",
    "comment: another trigger",
    "comment: answerable, another trigger",
    "comment: no match",
    "comment_removed: the last",
    "comment_answerable: the last",
    "message: an option's label",
    "message: an option's number",
    "message: neither",
    "message: a tapped option",
    "message: a stale option",
    "message: no text",
    "message: blank",
    "message: a sensitive word",
    "receipt: delivered",
    "receipt: of nothing",
    "order",
    "order_cancelled: unknown",
    "refund: unknown",
    "identity",
    "order_review: unknown",
    "take",
    "take: not a member",
    "assign",
    "assign: to no member",
    "hand_back",
    "close",
    "block",
    "unblock",
    "member_message",
    "configure: the limit rises",
    "configure: flow versions replaced",
    "clock",
    "the last event again",
    "timer: cycle",
    "timer: flow_wait",
    "timer: idle",
    "timer: close",
    "timer: queue_expiry",
    "timer: hold_expiry",
];

impl World {
    pub fn new(document: &Value, begin: &str) -> Self {
        let engine = Engine::compile(workspace(document)).unwrap();
        let mut world = Self {
            head: engine.first_head(),
            engine,
            contacts: BTreeMap::new(),
            now: begin.parse().unwrap(),
            events: BTreeSet::new(),
            things: BTreeSet::new(),
            orders: BTreeMap::new(),
            shop_users: BTreeMap::new(),
            dms: BTreeMap::new(),
            last_dm: None,
            fired: BTreeMap::new(),
            links: BTreeMap::new(),
            agenda: Agenda::new(),
            scratch: Scratch::default(),
            count: 0,
            last: None,
        };
        world.event(Event::Clock);
        world
    }

    pub fn mint(&self) -> Option<&Contact> {
        self.contacts.get(MINT)
    }

    /// Brings an input; none where there is no such timer.
    pub fn input(&mut self, input: &str) -> Option<Vec<Done>> {
        let event = match input {
            "the last event again" => {
                let (at, id) = (self.now.after(Period::minutes(1)), self.id());
                let event = self.last.clone().unwrap();
                return Some(self.push(&Envelope { id: id.into(), at, event }));
            }
            other => match self.event_of(other) {
                Some(event) => event,
                None => return self.timer(other),
            },
        };
        self.now = self.now.after(Period::minutes(1));
        Some(self.event(event))
    }

    /// The event of an input; none: it is a timer.
    pub fn event_of(&self, input: &str) -> Option<Event> {
        Some(match input {
            "comment: the same trigger" => self.comment(MINT, "price", false),
            "comment: another trigger" => self.comment(MINT, "extra", false),
            "comment: answerable, another trigger" => self.comment(MINT, "extra", true),
            "comment: no match" => self.comment(MINT, "nice", false),
            "comment_removed: the last" => Event::CommentRemoved(self.last_comment()),
            "comment_answerable: the last" => Event::CommentAnswerable(self.last_comment()),
            "message: an option's label" => self.message(Some("30ML"), None),
            "message: an option's number" => self.message(Some("50!"), None),
            "message: neither" => self.message(Some("hm"), None),
            "message: a tapped option" => self.message(None, Some("50")),
            "message: a stale option" => self.message(Some("30ml"), Some("gone")),
            "message: no text" => self.message(None, None),
            "message: blank" => self.message(Some(" \u{200B} "), None),
            "message: a sensitive word" => self.message(Some("REFUND please"), None),
            "receipt: delivered" => self.receipt(self.last_dm.clone().unwrap_or_else(|| "none/0".into())),
            "receipt: of nothing" => self.receipt("nobody/7".into()),
            "order" => Event::Order(Order {
                order_id: "o1".into(),
                user_id: MINT.into(),
                placed_at: None,
                currency: "THB".into(),
                total_minor: 590,
                lines: vec![OrderLine { sku_id: "s".into(), product_id: None, quantity: 1, amount_minor: 590 }],
            }),
            "order_cancelled: unknown" => Event::OrderCancelled("o9".into()),
            "refund: unknown" => {
                Event::Refund(Refund { refund_id: "r9".into(), order_id: "o9".into(), amount_minor: 1 })
            }
            "identity" => Event::Identity { user_id: MINT.into(), shop_user_id: "shop".into() },
            "order_review: unknown" => {
                Event::OrderReview { order_id: "o9".into(), verdict: ReviewVerdict::Confirm, member: OWNER.into() }
            }
            "take" => act(OWNER, ActKind::Take),
            "take: not a member" => act("nok@glow.example", ActKind::Take),
            "assign" => act(OWNER, ActKind::Assign("mali@glow.example".into())),
            "assign: to no member" => act(OWNER, ActKind::Assign("nok@glow.example".into())),
            "hand_back" => act(OWNER, ActKind::HandBack),
            "close" => act(OWNER, ActKind::Close),
            "block" => act(OWNER, ActKind::Block),
            "unblock" => act(OWNER, ActKind::Unblock),
            "member_message" => Event::MemberMessage(MemberMessage {
                message_id: "mm".into(),
                user_id: MINT.into(),
                member: "mali@glow.example".into(),
                text: "hello from us".into(),
                link: None,
            }),
            "configure: the limit rises" => self.configure(|document| document["plan"]["mac_limit"] = 50.into()),
            "configure: flow versions replaced" => self.configure(|document| {
                for flow in document["flows"].as_array_mut().unwrap() {
                    flow["version"] = 2.into();
                }
            }),
            "clock" => Event::Clock,
            _ => return None,
        })
    }

    /// Fires one timer, at the instant at which it is due, though others may be due before.
    fn timer(&mut self, name: &str) -> Option<Vec<Done>> {
        let kind = [TimerKind::Cycle].into_iter().chain(Contact::TIMERS);
        let kind = kind.clone().find(|kind| name.strip_prefix("timer: ") == Some(kind.as_str())).unwrap();
        let (due, user_id) = match kind {
            TimerKind::Cycle => (self.head.terms().next_cycle()?, None),
            kind => (self.mint()?.due(kind)?, Some(UserId::from(MINT))),
        };
        let mut done = vec![self.fire(Timer { due, kind, user_id })?];
        // What it makes due by then fires with it.
        done.extend(self.fire_release(due));
        self.now = due;
        Some(done)
    }

    fn fire_release(&mut self, until: Instant) -> Vec<Done> {
        let mut done = Vec::new();
        // The workspace's own timers alone: no contact is looked up.
        while let Some(timer) = self.agenda.next(until, &self.head, |_| None) {
            if timer.kind != TimerKind::QueueRelease {
                break;
            }
            done.extend(self.fire(timer));
        }
        done
    }

    pub fn comments(&mut self, text: &str) {
        self.comment_of(MINT, text);
    }

    pub fn comment_of(&mut self, who: &str, text: &str) {
        self.now = self.now.after(Period::minutes(1));
        let event = self.comment(who, text, false);
        self.event(event);
    }

    pub fn says(&mut self, text: &str) {
        self.now = self.now.after(Period::minutes(1));
        let event = self.message(Some(text), None);
        self.event(event);
    }

    pub fn acts(&mut self, kind: ActKind) {
        self.now = self.now.after(Period::minutes(1));
        self.event(act(OWNER, kind));
    }

    pub fn passes(&mut self, period: Period) {
        self.now = self.now.after(period);
        self.event(Event::Clock);
    }

    fn id(&self) -> String {
        format!("e{}", self.count)
    }

    fn comment(&self, who: &str, text: &str, direct_reply: bool) -> Event {
        Event::Comment(Comment {
            comment_id: format!("c{}", self.count).into(),
            post_id: "v1".into(),
            user_id: who.into(),
            handle: Some(who.into()),
            text: text.into(),
            posted_at: None,
            reply_to: None,
            direct_reply,
        })
    }

    /// The comment that waits, else one that nobody waits for.
    fn last_comment(&self) -> CommentOf {
        let pending = self.mint().and_then(Contact::pending);
        let comment_id = pending.map_or_else(|| "c1".into(), |pending| pending.comment_id.clone());
        CommentOf { comment_id, user_id: MINT.into() }
    }

    pub fn message(&self, text: Option<&str>, option: Option<&str>) -> Event {
        Event::Message(Message {
            message_id: format!("m{}", self.count).into(),
            user_id: MINT.into(),
            handle: Some(MINT.into()),
            text: text.map(Into::into),
            option: option.map(Into::into),
        })
    }

    fn receipt(&self, dm_id: DmId) -> Event {
        Event::Receipt(Receipt { dm_id, status: DmStage::Delivered, detail: None })
    }

    pub fn configure(&self, change: impl FnOnce(&mut Value)) -> Event {
        let mut document = serde_json::to_value(&**self.engine.workspace()).unwrap();
        change(&mut document);
        Event::Configure(Box::new(workspace(&document).into()))
    }

    /// An event now, and every timer due by now.
    pub fn event(&mut self, event: Event) -> Vec<Done> {
        self.count += 1;
        self.last = Some(event.clone());
        let envelope = Envelope { id: self.id().into(), at: self.now, event };
        self.push(&envelope)
    }

    pub fn push(&mut self, envelope: &Envelope) -> Vec<Done> {
        let moves_time = !self.head.is_late(envelope.at) && !self.events.contains(envelope.id.as_str());
        let mut done = Vec::new();
        if moves_time {
            self.fire_due(envelope.at, &mut done);
        }
        let reads = self.engine.reads(envelope);
        let found = self.found(&reads.keys);
        let by_shop = found.shop_user.as_ref().and_then(|user_id| self.contacts.get(user_id));
        let contact = reads.contact.as_ref().and_then(|user_id| self.contacts.get(user_id)).or(by_shop);
        let subject = contact.map(|contact| contact.user_id().clone()).or(reads.contact);
        let links = contact.and_then(|contact| self.links.get(contact.user_id())).map_or(&[][..], Vec::as_slice);
        let prepared = match &envelope.event {
            Event::Configure(configured) => Some(self.engine.prepare(configured)),
            _ => None,
        };
        let loaded = Loaded { links, prepared: prepared.as_ref(), ..Loaded::new(&self.head, contact, &found) };
        let mut decision = self.engine.decide(&loaded, envelope, &mut self.scratch);
        if let Some(engine) = decision.engine.take() {
            self.engine = engine;
        }
        done.push(self.settle(Source::Event(envelope.id.clone()), envelope.at, subject, decision));
        if moves_time {
            self.fire_due(envelope.at, &mut done);
        }
        done
    }

    fn fire_due(&mut self, until: Instant, done: &mut Vec<Done>) {
        while let Some(timer) = self.agenda.next(until, &self.head, |user_id| self.contacts.get(user_id)) {
            done.extend(self.fire(timer));
        }
    }

    pub fn fire(&mut self, timer: Timer) -> Option<Done> {
        let contact = timer.user_id.as_ref().and_then(|user_id| self.contacts.get(user_id));
        let key = timer.user_id.clone().map(|user_id| (user_id, timer.kind, timer.due));
        let fired = key.and_then(|key| self.fired.get(&key).copied()).unwrap_or(0);
        let found = Found { fired, ..Found::default() };
        let decision = self.engine.fire(&Loaded::new(&self.head, contact, &found), &timer, &mut self.scratch)?;
        Some(self.settle(decision.source.clone(), timer.due, timer.user_id, decision))
    }

    fn settle(&mut self, source: Source, at: Instant, subject: Option<UserId>, decision: Decision) -> Done {
        for (position, effect) in decision.effects.iter().enumerate() {
            if let chatsparks_core::Effect::SendDm(dm) = effect
                && dm.user_id == MINT
            {
                self.last_dm = Some(source.effect_id(position).into());
            }
        }
        for change in &decision.changes {
            match change {
                Change::Head(change) => self.head.apply(change),
                Change::Index(row) => self.put(row, subject.as_ref()),
                Change::Contact(change) => {
                    let Some(user_id) = &subject else { continue };
                    let contact = self.contacts.entry(user_id.clone()).or_insert_with(|| Contact::new(user_id.clone()));
                    let before = contact.wakes();
                    contact.apply(change);
                    self.agenda.update(before, contact);
                }
            }
        }
        Done { source, at, user_id: subject, decision }
    }

    fn found(&self, keys: &[IndexKey]) -> Found {
        let mut found = Found::default();
        for key in keys {
            match key {
                IndexKey::Event(id) => found.event = self.events.contains(id.as_str()),
                IndexKey::Comment(id) => found.thing |= self.things.contains(id.as_str()),
                IndexKey::Message(id) => found.thing |= self.things.contains(id.as_str()),
                IndexKey::Refund(id) => found.thing |= self.things.contains(id.as_str()),
                IndexKey::Order(id) => found.order = self.orders.get(id.as_str()).cloned().map(Box::new),
                IndexKey::ShopUser(id) => found.shop_user = self.shop_users.get(id.as_str()).cloned(),
                IndexKey::Dm(id) => found.dm = self.dms.get(id).cloned(),
                IndexKey::Fired(..) => {}
            }
        }
        found
    }

    fn put(&mut self, row: &IndexRow, subject: Option<&UserId>) {
        match row {
            IndexRow::Event(id) => drop(self.events.insert(id.to_string())),
            IndexRow::Comment(id) => drop(self.things.insert(id.to_string())),
            IndexRow::Message(id) => drop(self.things.insert(id.to_string())),
            IndexRow::Refund(id) => drop(self.things.insert(id.to_string())),
            IndexRow::Order(id, entry) => drop(self.orders.insert(id.to_string(), (**entry).clone())),
            IndexRow::ShopUser(id, user_id) => drop(self.shop_users.insert(id.to_string(), user_id.clone())),
            IndexRow::Dm(id, user_id, stage) => drop(self.dms.insert(id.clone(), (user_id.clone(), *stage))),
            IndexRow::Fired(user_id, kind, due, times) => {
                let _ = self.fired.insert((user_id.clone(), *kind, *due), *times);
            }
            IndexRow::Link(link) => self.links.entry(subject.unwrap().clone()).or_default().push((**link).clone()),
        }
    }

    /// Every contact and the head, taken out as they are stored and read back.
    pub fn stored_and_read_back(&mut self) {
        for contact in self.contacts.values_mut() {
            let read = written_and_read(contact);
            assert_eq!(read, *contact);
            *contact = read;
        }
        self.head = written_and_read(&self.head);
        for (user_id, links) in &mut self.links {
            for link in links {
                let row = Row::Link(user_id.clone(), 3, 1, Box::new(link.clone()));
                let Row::Link(.., read) = written_and_read(&row) else { panic!("a link is read as something else") };
                assert_eq!(*read, *link);
                *link = *read;
            }
        }
        for entry in self.orders.values_mut() {
            *entry = written_and_read(entry);
        }
    }
}

/// What is written of a value, read back.
pub fn written_and_read<T: Storable>(value: &T) -> T {
    let bytes = serde_json::to_vec(&Stored::from(value)).unwrap();
    serde_json::from_slice::<Stored<'static, T>>(&bytes).unwrap().into_inner()
}

fn act(member: &str, kind: ActKind) -> Event {
    Event::Act(Act { user_id: MINT.into(), member: member.into(), kind })
}
