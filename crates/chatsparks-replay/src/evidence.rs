//! Evidence: what a history shows of one question, for the diagnoses of the core (D).
//!
//! An [`Evidence`] watches a replay for one thing that was [`Asked`] about. It keeps what a diagnosis needs
//! to know and nothing else, and judges nothing: the answer is the core's.

use crate::{
    driver::{Considered, ConsideredOrder, Observer, Replay},
    event_type::event_type,
    record::Record,
};
use chatsparks_core::{
    CommentResult, Event, Fact, Instant, Outcome, RefusalReason, Scratch, UserId,
    diagnosis::{Advice, BUNDLED_EVENTS, BundledEvent, Diagnosis, SupportBundle},
};
use hashbrown::HashMap;
use serde::Serialize;
use std::collections::VecDeque;

pub use arrivals::Arrival;
pub(crate) use arrivals::{Arrivals, is_duplicate};
pub use bundled::BundledLine;
pub use comment::CommentEvidence;
use comment::Told;
pub use contact::{ContactEvidence, ContactNotes, ConversationNote, PendingNote, ThrottleNote};
pub use dm::DmEvidence;
pub use order::{LedgerLine, OrderEvidence, OrderNotes};

mod arrivals;
mod bundled;
mod comment;
mod contact;
mod dm;
mod order;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A comment, and why a trigger did not fire (D2).
    Comment(String),
    /// A DM that the buyer never saw (D3).
    Dm(String),
    /// An order that was not attributed (D4).
    Order(String),
    /// A contact whose flow repeats its question (D5).
    Contact(String),
    /// Nothing in the history: the workspace as it is at its end (D1, D6).
    Workspace,
}

/// What a history shows of one question.
#[derive(Debug)]
pub struct Evidence {
    asked: Asked,
    /// The comment, once it came.
    pub comment: Option<CommentEvidence>,
    /// What was refused of the comment that was asked about, or came again; the last of it.
    pub comment_set_aside: Vec<SetAside>,
    /// The DM, once it was decided.
    pub dm: Option<DmEvidence>,
    /// What was refused of the DM that was asked about, or came again, also before it was decided; the last of it.
    pub dm_set_aside: Vec<SetAside>,
    /// The order, once it came.
    pub order: Option<OrderEvidence>,
    /// What was refused of the order that was asked about, or came again, also before it came; the last of it.
    pub order_set_aside: Vec<SetAside>,
    /// The contact.
    pub contact: ContactEvidence,
    /// When the platform last sent an event.
    pub last_event: Option<Instant>,
    arrivals: Arrivals,
    counted_by: HashMap<UserId, String>,
    /// The first comment of each contact, and for which comment each trigger last fired for them.
    told: HashMap<UserId, Told>,
    events: VecDeque<BundledEvent>,
    bundles: bool,
}

/// Something that was refused, or came a second time: it changed nothing, and is easily missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetAside {
    /// The event.
    pub event: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When.
    pub at: Instant,
    /// Why: `duplicate`, or the reason of the refusal.
    pub reason: &'static str,
    /// The event that it is a duplicate of, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<Arrival>,
    /// What to do about it.
    #[serde(flatten)]
    pub next: Next,
}

/// What to do next: a code, and a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Next {
    /// The code.
    pub advice: Advice,
    /// The sentence.
    pub to_do: &'static str,
}

impl From<Advice> for Next {
    fn from(advice: Advice) -> Self {
        Self { advice, to_do: advice.sentence() }
    }
}

impl Evidence {
    /// Looks for what a question needs. `bundles`: whether the last events are kept for a support bundle (D8).
    pub fn new(asked: Asked, bundles: bool) -> Self {
        Self {
            asked,
            comment: None,
            comment_set_aside: Vec::new(),
            dm: None,
            dm_set_aside: Vec::new(),
            order: None,
            order_set_aside: Vec::new(),
            contact: ContactEvidence::default(),
            last_event: None,
            arrivals: Arrivals::default(),
            counted_by: HashMap::new(),
            told: HashMap::new(),
            events: VecDeque::new(),
            bundles,
        }
    }

    /// The event or timer that made a contact count in the cycle in force (M1).
    pub fn counted_by(&self, user_id: &str) -> Option<&str> {
        self.counted_by.get(user_id).map(String::as_str)
    }

    /// D2 for one trigger; none: the comment never came, or the workspace that decided it had no such trigger.
    pub fn diagnose_comment(&self, trigger: &str, scratch: &mut Scratch) -> Option<Diagnosis> {
        self.comment.as_ref()?.diagnose(trigger, scratch)
    }

    /// D3; none: the DM was never decided.
    pub fn diagnose_dm(&self) -> Option<Diagnosis> {
        self.dm.as_ref().map(DmEvidence::diagnose)
    }

    /// What is shown of the order beside its diagnosis.
    pub fn order_notes(&self) -> Option<OrderNotes<'_>> {
        self.order.as_ref().map(|order| order.notes(&self.order_set_aside))
    }

    /// D4; none: the order never came.
    pub fn diagnose_order(&self) -> Option<Diagnosis> {
        self.order.as_ref().map(OrderEvidence::diagnose)
    }

    /// D5, as the contact stands at the end of a replay; none: nobody knows the contact.
    pub fn diagnose_contact(&self, replay: &Replay) -> Option<Diagnosis> {
        let Asked::Contact(user_id) = &self.asked else { return None };
        Some(self.contact.diagnose(replay.contact(user_id)?, replay.engine().workspace()))
    }

    /// What else is known of the contact that was asked about.
    pub fn contact_notes(&self, replay: &Replay) -> Option<ContactNotes> {
        let Asked::Contact(user_id) = &self.asked else { return None };
        let contact = replay.contact(user_id)?;
        Some(ContactNotes::new(contact, replay, self.counted_by(user_id), &self.contact.set_aside))
    }

    /// The bundle for support, with this diagnosis where it is open (D8).
    pub fn bundle(&self, replay: &Replay, diagnosis: Diagnosis, at: Instant) -> SupportBundle {
        let workspace_id = replay.engine().workspace().workspace.id.clone();
        let mut bundle = SupportBundle::new(workspace_id, replay.engine().revision(), at);
        bundle.events.clone_from(&self.events);
        bundle.add(diagnosis);
        bundle
    }

    fn remember(&mut self, record: &Record<'_>) {
        let kind = record.event().map_or("", event_type);
        let event = BundledEvent::new(record.source, kind, record.at, record.user_id(), record.decision);
        self.events.push_back(event);
        if self.events.len() > BUNDLED_EVENTS {
            self.events.pop_front();
        }
    }

    /// What the gates saw of a contact but keep no name of: looked up when the comment that was asked about comes.
    fn tell(&mut self, record: &Record<'_>) {
        let Some((comment, outcome)) = record.comment() else { return };
        if matches!(outcome.result, CommentResult::Duplicate | CommentResult::OwnComment) {
            return;
        }
        let told = self.told.entry(comment.user_id.clone()).or_insert_with(|| Told::of(comment, record.at));
        if let (true, Some(trigger)) = (outcome.result.is_firing(), &outcome.trigger) {
            told.fired(trigger, record.at, &comment.comment_id);
        }
    }

    /// Who made whom count: looked up when somebody asks why a contact is counted already.
    fn count(&mut self, record: &Record<'_>) {
        for fact in &record.decision.facts {
            match fact {
                Fact::CycleBegan { .. } => self.counted_by.clear(),
                Fact::ContactCounted { .. } => {
                    if let Some(user_id) = record.user_id() {
                        self.counted_by.insert(user_id.clone(), record.source.to_string());
                    }
                }
                _ => {}
            }
        }
    }
}

impl Observer for Evidence {
    fn record(&mut self, record: &Record<'_>) {
        if record.event().is_some_and(is_from_platform) {
            self.last_event = self.last_event.max(Some(record.at));
        }
        self.count(record);
        if self.bundles {
            self.remember(record);
        }
        match &self.asked {
            Asked::Comment(_) => {
                if self.comment.is_none() {
                    self.tell(record);
                }
                let Asked::Comment(wanted) = &self.asked else { return };
                if comment_of(record).is_some_and(|comment| comment == wanted) {
                    let set_aside = set_aside(record, &mut self.arrivals);
                    keep_last(&mut self.comment_set_aside, set_aside);
                }
                if let Some(comment) = &mut self.comment {
                    comment.record(record);
                }
            }
            Asked::Dm(dm_id) => {
                if matches!(record.event(), Some(Event::Receipt(receipt)) if receipt.dm_id == dm_id.as_str()) {
                    let set_aside = set_aside(record, &mut self.arrivals);
                    keep_last(&mut self.dm_set_aside, set_aside);
                }
                match &mut self.dm {
                    Some(dm) => dm.record(record),
                    None => self.dm = DmEvidence::find(dm_id, record),
                }
            }
            Asked::Order(wanted) => {
                if order::order_of(record).is_some_and(|order| order == wanted.as_str()) {
                    let set_aside = set_aside(record, &mut self.arrivals);
                    keep_last(&mut self.order_set_aside, set_aside);
                }
                if let Some(order) = &mut self.order {
                    order.record(record);
                }
            }
            Asked::Contact(user_id) => {
                if record.user_id().is_some_and(|one| one == user_id.as_str()) {
                    self.contact.record(record);
                }
            }
            Asked::Workspace => {}
        }
    }

    fn comment(&mut self, considered: &Considered<'_>) {
        if let Asked::Comment(wanted) = &self.asked
            && considered.comment.comment_id == wanted.as_str()
        {
            match &mut self.comment {
                Some(comment) => comment.duplicates += 1,
                None => {
                    let counted_by = self.counted_by(considered.comment.user_id.as_str()).map(str::to_owned);
                    let told = self.told.get(&considered.comment.user_id).cloned();
                    self.comment = Some(CommentEvidence::new(considered, counted_by, told.unwrap_or_default()));
                }
            }
        }
    }

    fn order(&mut self, considered: &ConsideredOrder<'_>) {
        if let Asked::Order(wanted) = &self.asked
            && considered.order.order_id == wanted.as_str()
            && self.order.is_none()
        {
            self.order = Some(OrderEvidence::new(considered));
        }
    }
}

/// Whether an event shows that the platform's webhook receives.
pub fn is_from_platform(event: &Event) -> bool {
    matches!(
        event,
        Event::Comment(_)
            | Event::CommentRemoved(_)
            | Event::CommentAnswerable(_)
            | Event::Message(_)
            | Event::Receipt(_)
    )
}

/// The comment that an event brings, or says something of.
fn comment_of<'r>(record: &Record<'r>) -> Option<&'r str> {
    match record.event()? {
        Event::Comment(comment) => Some(comment.comment_id.as_str()),
        Event::CommentRemoved(of) | Event::CommentAnswerable(of) => Some(of.comment_id.as_str()),
        _ => None,
    }
}

/// Refused and repeated events that are kept: the last ones.
const SET_ASIDE: usize = 20;

fn keep_last(kept: &mut Vec<SetAside>, one: Option<SetAside>) {
    kept.extend(one);
    if kept.len() > SET_ASIDE {
        kept.remove(0);
    }
}

/// Why a record changed nothing, where it did not; notes what came, for what comes again.
pub(crate) fn set_aside(record: &Record<'_>, arrivals: &mut Arrivals) -> Option<SetAside> {
    let duplicate_of = arrivals.note(record);
    let (reason, advice) = match &record.decision.outcome {
        Outcome::Refused(refusal) => (RefusalReason::as_str(refusal.reason), Advice::about_refusal(refusal.reason)),
        outcome if is_duplicate(outcome) => {
            let was_refused = duplicate_of.as_ref().is_some_and(|first| first.refused.is_some());
            ("duplicate", if was_refused { Advice::SendUnderNewId } else { Advice::CameBefore })
        }
        _ => return None,
    };
    Some(SetAside {
        event: record.source.to_string(),
        kind: record.event().map_or("timer", event_type),
        at: record.at,
        reason,
        duplicate_of,
        next: advice.into(),
    })
}
