//! The naive model of the engine.
//!
//! One struct holds everything; each rule is a method that goes through it. Nothing is cached: a count is
//! counted, a throttle is looked up in the list of all firings, the next timer is the least of all timers
//! of everybody.

use chatsparks_core::{
    BlockId, CommentId, Currency, DmStage, Email, Envelope, Event, EventId, FlowId, Instant, MessageId, OrderId,
    PostId, Receipt, RefundId, TimerKind, TriggerId, UserId,
    workspace::{Link, Workspace},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

mod answers;
mod comments;
mod configure;
mod count;
mod flows;
mod orders;
mod people;
mod talk;
mod timers;
mod valid;

/// How far back the engine remembers (T5), in milliseconds.
const MEMORY: i64 = 400 * 24 * 3_600_000;
const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A workspace and everything that happened in it.
#[derive(Clone)]
pub struct Model {
    workspace: Workspace,
    latest: Option<Instant>,
    events: BTreeSet<EventId>,
    comments: BTreeSet<CommentId>,
    messages: BTreeSet<MessageId>,
    refunds: BTreeSet<RefundId>,
    people: BTreeMap<UserId, Person>,
    /// To whom a shop id was linked last (A1).
    shop_ids: BTreeMap<String, UserId>,
    orders: BTreeMap<OrderId, Order>,
    /// Each DM by its effect's id, and its stage (V11).
    dms: BTreeMap<String, &'static str>,
    cycle_start: Option<Instant>,
    next_cycle: Option<Instant>,
    told: BTreeSet<u8>,
    release: Option<Instant>,
    /// Room given to a partition (R7); none: a sole one, which has all of the limit.
    granted: Option<i64>,
    timers_fired: Vec<(Instant, TimerKind, Option<UserId>)>,
    /// What the effects of the present decision are named after (T6).
    source: String,
    effects: Vec<Value>,
    /// What is now so, by the present decision.
    facts: Vec<Value>,
    revision: u32,
    seq: u64,
}

/// What a replay of the model gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// The decision records; a refused document's faults are left out.
    pub records: Vec<Value>,
    /// The final state.
    pub state: Value,
}

/// Replays a history against a workspace.
pub fn replay(workspace: &Workspace, history: &[Envelope]) -> Replayed {
    let mut model = Model::new(workspace.clone());
    let records = history.iter().flat_map(|envelope| model.step(envelope)).collect();
    Replayed { records, state: model.state() }
}

#[derive(Clone, Default)]
struct Person {
    handle: Option<String>,
    blocked: bool,
    comments: Vec<CommentId>,
    /// What fired for them, by which comment, and when.
    firings: Vec<(TriggerId, CommentId, Instant)>,
    conversations: Vec<Conversation>,
    pending: Option<Pending>,
    window: Option<Window>,
    one_message: bool,
    /// Every DM to them and from them (P3).
    dms: Vec<Instant>,
    /// The cycles in which they count (M1).
    counted: BTreeSet<Instant>,
    tags: BTreeSet<String>,
    fields: BTreeMap<String, String>,
    links: Vec<SentLink>,
}

#[derive(Clone)]
struct Conversation {
    state: &'static str,
    reason: Option<&'static str>,
    owner: Option<Email>,
    run: Option<Run>,
    stands: Option<Stands>,
    bot_messages: Vec<Instant>,
    /// When it came to Human, and when somebody said something in it there (V6).
    in_human: Vec<Instant>,
    flow_wait: Option<Instant>,
    idle: Option<Instant>,
    close: Option<Instant>,
}

/// What a fired trigger leads to.
#[derive(Clone)]
struct Start {
    trigger: TriggerId,
    keyword: Option<String>,
    comment_id: CommentId,
    comment_at: Instant,
    posted_at: Instant,
    post_id: PostId,
    flow: FlowId,
    reply: bool,
    answerable: bool,
}

#[derive(Clone)]
struct Run {
    start: Start,
    version: i64,
}

#[derive(Clone)]
struct Stands {
    block: BlockId,
    waits: Waits,
    mismatches: i64,
}

#[derive(Clone, Copy, PartialEq)]
enum Waits {
    Reply,
    Time,
    Budget { ask_again: bool },
    Person,
}

#[derive(Clone)]
struct Pending {
    start: Start,
    /// Whether it waits for room; else for the buyer to write.
    queued: bool,
    until: Instant,
}

#[derive(Clone, Copy)]
struct Window {
    opened: Instant,
    until: Instant,
    left: i64,
}

#[derive(Clone)]
struct SentLink {
    at: Instant,
    conversation: usize,
    link: Link,
    by: SentBy,
}

#[derive(Clone)]
enum SentBy {
    Bot(Run, BlockId),
    Member(Email),
}

#[derive(Clone)]
struct Order {
    result: &'static str,
    reviewed: bool,
    cancelled: bool,
    total: i64,
    overlap: i64,
    refunded: i64,
    currency: Currency,
    /// Who or what sent the link it is credited to.
    by: Option<SentBy>,
}

fn later(at: Instant, milliseconds: i64) -> Instant {
    Instant::from_milliseconds(at.as_milliseconds().saturating_add(milliseconds))
}

fn refused(reason: &str) -> Value {
    json!({ "refused": { "reason": reason } })
}

fn applied() -> Value {
    json!({ "applied": {} })
}

impl Model {
    /// A workspace to which nothing has happened.
    pub fn new(workspace: Workspace) -> Self {
        Self {
            workspace,
            latest: None,
            events: BTreeSet::new(),
            comments: BTreeSet::new(),
            messages: BTreeSet::new(),
            refunds: BTreeSet::new(),
            people: BTreeMap::new(),
            shop_ids: BTreeMap::new(),
            orders: BTreeMap::new(),
            dms: BTreeMap::new(),
            cycle_start: None,
            next_cycle: None,
            told: BTreeSet::new(),
            release: None,
            granted: None,
            timers_fired: Vec::new(),
            source: String::new(),
            effects: Vec::new(),
            facts: Vec::new(),
            revision: 1,
            seq: 0,
        }
    }

    /// Takes one event in: the records of the timers due before it, its own, those of the timers due after it (T4).
    pub fn step(&mut self, envelope: &Envelope) -> Vec<Value> {
        let at = envelope.at;
        let mut records = Vec::new();
        let late = self.latest.is_some_and(|latest| at < latest);
        let seen = self.events.contains(&envelope.id);
        if !late && !seen {
            self.fire_timers(at, &mut records);
        }
        self.source = envelope.id.to_string();
        let outcome = if seen { duplicate(&envelope.event) } else { self.take_event(envelope) };
        // What was not known may come again (T3).
        if !seen && [refused("unknown_order"), refused("unknown_dm")].contains(&outcome) {
            self.events.remove(&envelope.id);
        }
        let mut record = json!({ "event": envelope.id.as_str(), "at": at.to_string(), "outcome": outcome });
        if let Some(user) = envelope.event.user_id() {
            record["user_id"] = json!(user.as_str());
        }
        self.record(record, &mut records);
        if !late && !seen {
            self.fire_timers(at, &mut records);
        }
        records
    }

    fn record(&mut self, mut record: Value, records: &mut Vec<Value>) {
        record["seq"] = json!(self.seq);
        record["revision"] = json!(self.revision);
        record["effects"] = Value::Array(std::mem::take(&mut self.effects));
        record["facts"] = Value::Array(std::mem::take(&mut self.facts));
        self.seq += 1;
        self.settle_release();
        records.push(record);
    }

    fn take_event(&mut self, envelope: &Envelope) -> Value {
        let Envelope { id, at, event } = envelope;
        self.events.insert(id.clone());
        let memory_ends = self.latest.map(|latest| later(latest, -MEMORY));
        self.latest = Some(self.latest.map_or(*at, |latest| latest.max(*at)));
        self.first_cycle(*at);
        if self.seen_inside(event) {
            return duplicate(event);
        }
        if memory_ends.is_some_and(|oldest| *at < oldest) {
            return refused("too_old");
        }
        match event {
            Event::Comment(comment) => self.comment(comment, *at),
            Event::CommentRemoved(of) => self.comment_removed(of),
            Event::CommentAnswerable(of) => self.comment_answerable(of, *at),
            Event::Message(message) => self.message(message, *at),
            Event::Receipt(receipt) => self.receipt(receipt),
            Event::Order(order) => self.order(order, *at),
            Event::OrderCancelled(order_id) => self.cancel(order_id),
            Event::Refund(refund) => self.refund(refund),
            Event::Identity { user_id, .. } if self.is_own(user_id) => refused("own_account"),
            Event::Identity { user_id, shop_user_id } => {
                self.person(user_id);
                self.shop_ids.insert(shop_user_id.to_string(), user_id.clone());
                applied()
            }
            Event::OrderReview { order_id, verdict, member } => self.review(order_id, *verdict, member),
            Event::Act(act) => self.act(act, *at),
            Event::MemberMessage(message) => self.member_message(message, *at),
            Event::Configure(configured) => self.configure(configured, *at),
            Event::Grant(grant) => self.grant(grant.cycle, grant.contacts, *at),
            Event::Erase(user) => {
                if let Some(person) = self.people.get_mut(user) {
                    person.handle = None;
                    person.tags.clear();
                    person.fields.clear();
                }
                applied()
            }
            Event::Clock => applied(),
        }
    }

    /// Whether what an event brings was seen under another event id (T3).
    fn seen_inside(&self, event: &Event) -> bool {
        match event {
            Event::Comment(comment) => self.comments.contains(&comment.comment_id),
            Event::Message(message) => self.messages.contains(&message.message_id),
            Event::MemberMessage(message) => self.messages.contains(&message.message_id),
            Event::Order(order) => self.orders.contains_key(&order.order_id),
            Event::Refund(refund) => self.refunds.contains(&refund.refund_id),
            Event::OrderCancelled(order_id) => self.orders.get(order_id).is_some_and(|order| order.cancelled),
            _ => false,
        }
    }

    /// V11: what may come after a stage; nothing else changes anything.
    fn receipt(&mut self, receipt: &Receipt) -> Value {
        let Some(stage) = self.dms.get_mut(receipt.dm_id.as_str()) else { return refused("unknown_dm") };
        let (next, comes_after): (&str, &[&str]) = match receipt.status {
            DmStage::Queued => ("queued", &[]),
            DmStage::Sent => ("sent", &["queued"]),
            DmStage::Delivered => ("delivered", &["queued", "sent"]),
            DmStage::Read => ("read", &["queued", "sent", "delivered"]),
            DmStage::Failed => ("failed", &["queued", "sent"]),
        };
        if comes_after.contains(stage) {
            *stage = next;
            self.tell("dm_stage", json!({ "dm_id": receipt.dm_id, "stage": next }));
        }
        applied()
    }

    /// A contact, made where it was not known.
    fn person(&mut self, user: &UserId) -> &mut Person {
        self.people.entry(user.clone()).or_default()
    }

    /// Adds an effect; gives its id (T6).
    fn effect(&mut self, kind: &str, body: Value) -> String {
        let id = format!("{}/{}", self.source, self.effects.len());
        self.effects.push(json!({ "id": id, kind: body }));
        id
    }

    /// Tells a fact.
    fn tell(&mut self, fact: &str, body: Value) {
        self.facts.push(json!({ fact: body }));
    }

    /// The final state of `formats.md`.
    pub fn state(&self) -> Value {
        let contacts: Vec<Value> = self
            .people
            .iter()
            .map(|(user, person)| {
                let waits = |queued| person.pending.as_ref().is_some_and(|pending| pending.queued == queued);
                json!({
                    "user_id": user.as_str(), "blocked": person.blocked, "tags": person.tags, "fields": person.fields,
                    "counted": self.counts(person), "queued": waits(true), "awaiting": waits(false),
                    "conversation": person.conversations.last().map(|last| last.state(person.conversations.len())),
                })
            })
            .collect();
        let orders: Vec<Value> = self
            .orders
            .iter()
            .map(|(id, order)| {
                json!({
                    "order_id": id.as_str(), "result": order.result, "net_minor": order.net(),
                    "overlap_minor": order.net_overlap(), "currency": order.currency.as_str(),
                    "cancelled": order.cancelled,
                })
            })
            .collect();
        json!({ "mac": self.mac(), "contacts": contacts, "orders": orders })
    }
}

impl Conversation {
    fn state(&self, id: usize) -> Value {
        let mut state = json!({ "id": id, "state": self.state });
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                state[name] = value;
            }
        };
        put("reason", self.reason.map(Value::from));
        put("owner", self.owner.as_ref().map(|owner| json!(owner.as_str())));
        put("trigger", self.run.as_ref().map(|run| json!(run.start.trigger.as_str())));
        put("flow", self.run.as_ref().map(|run| json!(run.start.flow.as_str())));
        put("version", self.run.as_ref().map(|run| json!(run.version)));
        put("block", self.stands.as_ref().map(|stands| json!(stands.block.as_str())));
        state
    }
}

/// What a duplicate comes out as (T3).
fn duplicate(event: &Event) -> Value {
    match event {
        Event::Comment(_) => json!({ "comment": { "result": "duplicate" } }),
        Event::Message(_) => json!({ "message": { "result": "duplicate" } }),
        _ => json!({ "duplicate": {} }),
    }
}
