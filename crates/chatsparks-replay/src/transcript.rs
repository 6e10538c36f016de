//! A transcript for people: who wrote what where, what came of it and why, and what was sent.

use crate::{event_type::event_type, money::Money, record::Record};
use chatsparks_core::{
    CommentOutcome, CommentResult, DropReason, Effect, Event, Fact, Instant, Outcome, SendDm, Source, Text,
    workspace::Link,
};
use serde::Serialize;
use std::{
    fmt::{self, Write as _},
    io::{self, Write},
};

/// Characters of a text that are shown; a longer one is cut.
const SHOWN: usize = 200;

/// Writes a transcript, record by record: plain text, the same for the same records.
///
/// ```text
/// 2026-03-02T10:00:00Z  comment of @mint (u1) on v1: “PRICE?”
///   fired: trigger price
///   public reply: “Sent you a DM”
///   DM (conversation 1): “Hi mint! It is 590 THB.”
/// ```
pub struct TranscriptWriter<W: Write> {
    output: W,
    entry: String,
}

impl<W: Write> fmt::Debug for TranscriptWriter<W> {
    /// Without the output and the entry in hand, in which people's words stand.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TranscriptWriter").finish_non_exhaustive()
    }
}

impl<W: Write> TranscriptWriter<W> {
    /// A writer to this output.
    pub fn new(output: W) -> Self {
        Self { output, entry: String::new() }
    }

    /// Writes what one record tells.
    ///
    /// # Errors
    /// What the output says.
    pub fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.entry.clear();
        // Writing to a `String` does not fail.
        let _ = entry(&mut self.entry, record);
        self.output.write_all(self.entry.as_bytes())
    }

    /// Flushes the output and gives it back.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}

fn entry(out: &mut String, record: &Record<'_>) -> std::fmt::Result {
    writeln!(out, "{}  {}", record.at, heading(record))?;
    writeln!(out, "  {}", outcome(&record.decision.outcome))?;
    for effect in &record.decision.effects {
        writeln!(out, "  {}", told_effect(effect))?;
    }
    for fact in &record.decision.facts {
        if let Some(told) = told_fact(fact) {
            writeln!(out, "  {told}")?;
        }
    }
    writeln!(out)
}

fn heading(record: &Record<'_>) -> String {
    let Some(event) = record.event() else {
        let Source::Timer { timer, .. } = record.source else { return String::new() };
        let of = timer.user_id.as_ref().map(|user_id| format!(" of {user_id}")).unwrap_or_default();
        return format!("timer {}{of}", timer.kind.as_str());
    };
    let name = event_type(event);
    match event {
        Event::Comment(comment) => {
            let reply = comment.reply_to.as_ref().map(|of| format!(", in reply to {of}")).unwrap_or_default();
            let who = who(comment.handle.as_ref(), comment.user_id.as_str());
            format!("comment of {who} on {}{reply}: {}", comment.post_id, quoted(comment.text.as_str()))
        }
        Event::Message(message) => {
            let who = who(message.handle.as_ref(), message.user_id.as_str());
            let text = message.text.as_ref().map(|text| format!(": {}", quoted(text.as_str()))).unwrap_or_default();
            let tapped = message.option.as_ref().map(|option| format!(", tapped {option}")).unwrap_or_default();
            format!("message of {who}{tapped}{text}")
        }
        Event::MemberMessage(message) => {
            format!("{} writes to {}: {}", message.member, message.user_id, quoted(message.text.as_str()))
        }
        Event::CommentRemoved(of) | Event::CommentAnswerable(of) => {
            format!("{name} {} of {}", of.comment_id, of.user_id)
        }
        Event::Act(act) => format!("{name} {}, by {}", act.user_id, act.member),
        Event::Order(order) => {
            let total = Money::new(order.total_minor, order.currency.as_str());
            format!("order {} of {}: {total}", order.order_id, order.user_id)
        }
        Event::OrderCancelled(order_id) => format!("{name} {order_id}"),
        Event::Refund(refund) => {
            let currency = record.decision.facts.iter().find_map(|fact| match fact {
                Fact::OrderReversed(entry) => Some(entry.currency.as_str()),
                _ => None,
            });
            // A refund names no currency: where it takes nothing back, nobody says which it was.
            let amount = currency.map_or_else(
                || format!("{} minor units", refund.amount_minor),
                |currency| Money::new(refund.amount_minor, currency).to_string(),
            );
            format!("refund {} of order {}: {amount}", refund.refund_id, refund.order_id)
        }
        Event::OrderReview { order_id, verdict, member } => {
            format!("order {order_id} reviewed by {member}: {}", code(verdict))
        }
        Event::Identity { user_id, shop_user_id } => format!("{user_id} is {shop_user_id} in the shop"),
        Event::Receipt(receipt) => format!("receipt of {}: {}", receipt.dm_id, code(&receipt.status)),
        Event::Grant(grant) => format!("room for {} contacts in the cycle of {}", grant.contacts, grant.cycle),
        Event::Erase(user_id) => format!("{user_id} is forgotten"),
        Event::Configure(_) | Event::Clock => name.to_owned(),
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Comment(comment) => comment_outcome(comment),
        Outcome::Message(message) => code(&message.result),
        Outcome::Order(order) => {
            let reason = order.reason.map(|reason| format!(" ({})", code(&reason))).unwrap_or_default();
            let credit = order.credit.as_ref();
            let credit = credit
                .map(|credit| format!(", credited to conversation {} of {}", credit.conversation, credit.user_id));
            format!("{}{reason}{}", code(&order.result), credit.unwrap_or_default())
        }
        Outcome::Applied {} => "applied".to_owned(),
        Outcome::Duplicate {} => "duplicate: processed before".to_owned(),
        Outcome::Refused(refusal) => {
            let mut told = format!("refused: {}", code(&refusal.reason));
            for fault in &refusal.faults {
                let _ = write!(told, "\n    {fault}");
            }
            told
        }
    }
}

fn comment_outcome(outcome: &CommentOutcome) -> String {
    let trigger = outcome.trigger.as_ref().map(|trigger| format!("trigger {trigger}")).unwrap_or_default();
    let until = outcome.until.map(|until| format!(" until {until}")).unwrap_or_default();
    match outcome.result {
        CommentResult::Duplicate => "duplicate: processed before".to_owned(),
        CommentResult::OwnComment => "set aside: the workspace's own comment".to_owned(),
        CommentResult::NotConnected => "set aside: the account is not connected, or may not read comments".to_owned(),
        CommentResult::OutsideWindow => "set aside: the post is older than the listening window".to_owned(),
        CommentResult::NoMatch => "no trigger matches".to_owned(),
        CommentResult::BlockedContact => format!("refused: {trigger}, the contact is blocked"),
        CommentResult::Throttled => format!("refused: {trigger} is throttled{until}"),
        CommentResult::WithHuman => format!("refused: {trigger}, a person has the conversation"),
        CommentResult::Fired => format!("fired: {trigger}"),
        CommentResult::Queued => format!("fired: {trigger}; its flow waits for room under the limit"),
        CommentResult::AwaitingMessage => format!("fired: {trigger}; its flow waits for the buyer to write"),
        CommentResult::Undeliverable => format!("fired: {trigger}; no DM can be sent, the messages scope is missing"),
    }
}

fn told_effect(effect: &Effect) -> String {
    match effect {
        Effect::PublicReply { text, .. } => format!("public reply: {}", quoted(text.as_str())),
        Effect::SendDm(dm) => told_dm(dm),
        Effect::NotifyInbox { reason, note, owner, .. } => {
            let owner = owner.as_ref().map(|owner| format!(" for {owner}")).unwrap_or_default();
            let note = note.as_ref().map(|note| format!(": {}", quoted(note.as_str()))).unwrap_or_default();
            format!("inbox{owner}: {}{note}", code(reason))
        }
        Effect::NotifyOwners { level, count, limit } => {
            format!("owners: {level} % of the limit, {count} of {limit} contacts")
        }
    }
}

fn told_dm(dm: &SendDm) -> String {
    let member = dm.member.as_ref().map(|member| format!(", by {member}")).unwrap_or_default();
    let mut told = format!("DM (conversation {}{member}):", dm.conversation);
    if let Some(text) = &dm.text {
        let _ = write!(told, " {}", quoted(text.as_str()));
    }
    for option in &dm.options {
        let _ = write!(told, " [{}]", clean(option.label.as_str()));
    }
    if let Some(Link { product, sku }) = &dm.card {
        let product = product.as_ref().map_or("shop", |product| product.as_str());
        let sku = sku.as_ref().map(|sku| format!(" {sku}")).unwrap_or_default();
        let _ = write!(told, " <{product}{sku}>");
    }
    told
}

/// What of the facts an outcome and its effects do not tell already.
fn told_fact(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::FlowStarted { flow, version, conversation, .. } => {
            format!("flow {flow}, version {version}, starts in conversation {conversation}")
        }
        Fact::Queued { trigger, until } | Fact::Held { trigger, until } => waits(trigger.as_str(), *until),
        Fact::Released { trigger } => format!("the start of {trigger} had its turn"),
        Fact::Dropped { trigger, reason } => format!("the start of {trigger} is dropped: {}", dropped(*reason)),
        Fact::StateChanged { conversation, from, to, reason } => {
            let reason = reason.map(|reason| format!(" ({})", code(&reason))).unwrap_or_default();
            format!("conversation {conversation}: {} to {}{reason}", code(from), code(to))
        }
        Fact::FieldCaptured { field } => format!("captured {field}"),
        Fact::Tagged { tag } => format!("tagged {tag}"),
        Fact::CycleBegan { start } => format!("billing cycle of {start} began"),
        _ => return None,
    })
}

fn waits(trigger: &str, until: Instant) -> String {
    format!("the start of {trigger} waits until {until}")
}

fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Replaced => "another took its place",
        DropReason::WithHuman => "a person has the conversation",
        DropReason::Blocked => "the contact was blocked",
        DropReason::CommentRemoved => "its comment was removed",
        DropReason::Expired => "it waited too long",
        DropReason::FlowMissing => "its flow is gone",
    }
}

fn who(handle: Option<&Text>, user_id: &str) -> String {
    handle.map_or_else(|| user_id.to_owned(), |handle| format!("@{} ({user_id})", clean(handle.as_str())))
}

fn quoted(text: &str) -> String {
    format!("“{}”", clean(text))
}

/// A text on one line: line ends shown, other control characters replaced, cut where it is long.
pub(crate) fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN * 4));
    for letter in text.chars().take(SHOWN) {
        match letter {
            '\n' => shown.push('⏎'),
            letter if letter.is_control() => shown.push('\u{FFFD}'),
            letter => shown.push(letter),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The stable code of a plain enum, with spaces between its words.
pub(crate) fn code(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code.replace('_', " "),
        _ => String::new(),
    }
}
