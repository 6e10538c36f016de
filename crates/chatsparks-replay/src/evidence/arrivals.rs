//! Which event brought something first, so that what comes again can be told as a duplicate of it (T3).

use crate::record::Record;
use chatsparks_core::{CommentResult, Event, Instant, MessageResult, Outcome, RefusalReason, Source};
use hashbrown::HashMap;
use serde::Serialize;
use std::sync::Arc;

/// The event that brought something first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrival {
    /// The event.
    pub event: String,
    /// When.
    pub at: Instant,
    /// Why it was refused, where it was: its id is used up all the same (T3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<&'static str>,
}

/// The first arrivals of what a watcher notes: a contact's, or an order's.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Arrivals {
    first: HashMap<(Kind, Arc<str>), Arrival>,
}

/// What is processed once (T3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Event,
    Comment,
    Message,
    Order,
    Cancellation,
    Refund,
}

impl Arrivals {
    /// What this record is a duplicate of, where it is one and the first was noted; it is noted itself where not.
    pub(crate) fn note(&mut self, record: &Record<'_>) -> Option<Arrival> {
        let (Source::Event(id), Some(event)) = (record.source, record.event()) else { return None };
        let by_event = (Kind::Event, Arc::from(id.as_str()));
        let by_content = content(event);
        if is_duplicate(&record.decision.outcome) {
            // An event's own id is looked at before anything in it.
            let first = self.first.get(&by_event).or_else(|| self.first.get(by_content.as_ref()?));
            let first = first.cloned();
            let arrival = || Arrival { event: id.to_string(), at: record.at, refused: None };
            self.first.entry(by_event).or_insert_with(arrival);
            return first;
        }
        let refused = match &record.decision.outcome {
            Outcome::Refused(refusal) => Some(refusal.reason),
            _ => None,
        };
        // What is told of an order or a DM that nobody knows may come again under its own id.
        if matches!(refused, Some(RefusalReason::UnknownOrder | RefusalReason::UnknownDm)) {
            return None;
        }
        let arrival = Arrival { event: id.to_string(), at: record.at, refused: refused.map(RefusalReason::as_str) };
        // The id of a refused event is used up; what it would have brought may still come.
        if let Some(content) = by_content.filter(|_| refused.is_none()) {
            self.first.insert(content, arrival.clone());
        }
        self.first.insert(by_event, arrival);
        None
    }
}

/// Whether this was processed before, in whatever outcome says so.
pub(crate) fn is_duplicate(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Duplicate {} => true,
        Outcome::Comment(comment) => comment.result == CommentResult::Duplicate,
        Outcome::Message(message) => message.result == MessageResult::Duplicate,
        _ => false,
    }
}

fn content(event: &Event) -> Option<(Kind, Arc<str>)> {
    let (kind, id) = match event {
        Event::Comment(comment) => (Kind::Comment, comment.comment_id.as_str()),
        Event::Message(message) => (Kind::Message, message.message_id.as_str()),
        Event::MemberMessage(message) => (Kind::Message, message.message_id.as_str()),
        Event::Order(order) => (Kind::Order, order.order_id.as_str()),
        Event::OrderCancelled(order_id) => (Kind::Cancellation, order_id.as_str()),
        Event::Refund(refund) => (Kind::Refund, refund.refund_id.as_str()),
        _ => return None,
    };
    Some((kind, Arc::from(id)))
}
