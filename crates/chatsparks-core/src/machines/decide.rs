//! The one place that says which machine decides what: events and timers in, decisions out.

use crate::{
    Change, Comment, CommentOutcome, CommentResult, Contact, ContactChange, Decision, Envelope, Event, Fact, Found,
    Head, HeadChange, IndexKey, IndexRow, MessageResult, Outcome, Refusal, RefusalReason, Source, Timer, TimerKind,
    engine::{Engine, Loaded, Reads, compile::Compiled},
    machines::comment::Buffers,
    machines::turn::Turn,
};
use smallvec::{SmallVec, smallvec};

/// What a decision on an event reads: see [`Engine::reads`].
pub(crate) fn reads(envelope: &Envelope) -> Reads {
    let mut keys: SmallVec<[IndexKey; 2]> = smallvec![IndexKey::Event(envelope.id.clone())];
    match &envelope.event {
        Event::Comment(comment) => keys.push(IndexKey::Comment(comment.comment_id.clone())),
        Event::Message(message) => keys.push(IndexKey::Message(message.message_id.clone())),
        Event::MemberMessage(message) => keys.push(IndexKey::Message(message.message_id.clone())),
        Event::Receipt(receipt) => keys.push(IndexKey::Dm(receipt.dm_id.clone())),
        Event::Order(order) => {
            keys.push(IndexKey::Order(order.order_id.clone()));
            keys.push(IndexKey::ShopUser(order.user_id.as_str().into()));
        }
        Event::OrderCancelled(order_id) | Event::OrderReview { order_id, .. } => {
            keys.push(IndexKey::Order(order_id.clone()));
        }
        Event::Refund(refund) => {
            keys.push(IndexKey::Refund(refund.refund_id.clone()));
            keys.push(IndexKey::Order(refund.order_id.clone()));
        }
        Event::CommentRemoved(_)
        | Event::CommentAnswerable(_)
        | Event::Identity { .. }
        | Event::Act(_)
        | Event::Configure(_)
        | Event::Grant(_)
        | Event::Erase(_)
        | Event::Clock => {}
    }
    Reads { contact: envelope.event.user_id().cloned(), keys }
}

/// Decides an event: see [`Engine::decide`].
pub(crate) fn decide(engine: &Engine, loaded: &Loaded<'_>, envelope: &Envelope, buffers: &mut Buffers) -> Decision {
    let compiled = engine.compiled();
    let source = || Source::Event(envelope.id.clone());
    let subject = || loaded.contact.map(Contact::user_id).or(envelope.event.user_id()).cloned();
    let nothing = |outcome, changes| Decision::plain(source(), subject(), outcome, changes);
    // R8: a state that knows a newer revision is not decided by an older engine, nor the other way round.
    if engine.revision() != loaded.head.terms.revision {
        return nothing(RefusalReason::EngineFault.into(), SmallVec::new());
    }
    // T3: ids are looked at before anything else, and an event that came before does not even move time.
    if loaded.found.event {
        return nothing(duplicate(&envelope.event), SmallVec::new());
    }
    let mut changes = prelude(compiled, loaded.head, envelope);
    if is_repeated(loaded.found, &envelope.event) {
        return nothing(duplicate(&envelope.event), changes);
    }
    if loaded.head.is_too_old(envelope.at) {
        return nothing(RefusalReason::TooOld.into(), changes);
    }
    if let Event::Comment(comment) = &envelope.event {
        let judged = compiled.judge(loaded.contact, comment, envelope.at, buffers);
        if !judged.result.is_firing() {
            // The path of most comments: nothing is copied, nothing allocated for somebody known.
            changes.push(IndexRow::Comment(comment.comment_id.clone()).into());
            if judged.result != CommentResult::OwnComment {
                seen(loaded.contact, comment, &mut changes);
            }
            let outcome = compiled.outcome(judged);
            let fact = Fact::CommentSeen { post_id: comment.post_id.clone(), result: outcome.result };
            let decision = nothing(Outcome::Comment(outcome), changes);
            return Decision { facts: smallvec![fact], ..decision };
        }
        let mut turn = turn(compiled, loaded, envelope, changes, buffers);
        turn.index(IndexRow::Comment(comment.comment_id.clone()));
        let mut news: SmallVec<[Change; 4]> = SmallVec::new();
        seen(loaded.contact, comment, &mut news);
        turn.take(news);
        let outcome = turn.fire_trigger(comment, judged.trigger.unwrap_or_default());
        return turn.decided(Outcome::Comment(outcome));
    }
    let mut turn = turn(compiled, loaded, envelope, changes, buffers);
    let outcome = match &envelope.event {
        Event::Comment(_) | Event::Clock => Outcome::Applied {},
        Event::CommentRemoved(of) => turn.comment_removed(of),
        Event::CommentAnswerable(of) => turn.comment_answerable(of),
        Event::Message(message) => turn.buyer_message(message),
        Event::Receipt(receipt) => turn.receipt(receipt, loaded.found.dm.as_ref()),
        Event::Order(order) => turn.order(order, loaded.contact, loaded.links),
        Event::OrderCancelled(order_id) => turn.cancel_order(order_id, loaded.found.order.as_deref()),
        Event::Refund(refund) => turn.refund(refund, loaded.found.order.as_deref()),
        Event::OrderReview { order_id, verdict, member } => {
            turn.review_order(order_id, *verdict, member, loaded.found.order.as_deref())
        }
        Event::Identity { .. } if turn.is_own_account() => RefusalReason::OwnAccount.into(),
        Event::Identity { user_id, shop_user_id } => {
            turn.change(ContactChange::Known);
            turn.index(IndexRow::ShopUser(shop_user_id.clone(), user_id.clone()));
            Outcome::Applied {}
        }
        Event::Act(act) => turn.member_acts(act),
        Event::MemberMessage(message) => turn.member_message(message),
        Event::Configure(_) => {
            let (outcome, next) = turn.configure(loaded.prepared);
            return Decision { engine: next, ..turn.decided(outcome) };
        }
        Event::Grant(grant) => turn.grant(grant),
        Event::Erase(_) => turn.erase(),
    };
    let mut decision = turn.decided(outcome);
    if may_come_again(&decision.outcome) {
        decision.changes.retain(|change| !matches!(change, Change::Index(IndexRow::Event(_))));
    }
    decision
}

/// Whether a refused event may come again under the same id: its thing was not known yet (T3).
fn may_come_again(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(Refusal { reason: RefusalReason::UnknownOrder | RefusalReason::UnknownDm, .. }))
}

/// Decides a timer that is due: see [`Engine::fire`].
///
/// A timer that was cancelled, that fired before, or that is not the one set, is nothing (R6): only the state says
/// which timers there are.
pub(crate) fn fire(engine: &Engine, loaded: &Loaded<'_>, timer: &Timer, buffers: &mut Buffers) -> Option<Decision> {
    if !stands(loaded, timer) || engine.revision() != loaded.head.terms.revision {
        return None;
    }
    let has_effects = matches!(timer.kind, TimerKind::FlowWait | TimerKind::QueueRelease);
    let firing = if has_effects { loaded.found.fired + 1 } else { 1 };
    let source = Source::Timer { timer: timer.clone(), firing };
    let user_id = timer.user_id.as_ref();
    let mut turn = Turn::new(engine.compiled(), timer.due, source, loaded.head, user_id, loaded.contact, buffers);
    if let Some(user_id) = user_id.filter(|_| has_effects) {
        turn.index(IndexRow::Fired(user_id.clone(), timer.kind, timer.due, firing));
    }
    match timer.kind {
        TimerKind::Cycle => turn.begin_cycle(),
        TimerKind::QueueRelease => turn.release_queued(),
        TimerKind::FlowWait => turn.wait_is_over(),
        TimerKind::Idle => turn.buyer_is_idle(),
        TimerKind::Close => turn.conversation_expires(),
        TimerKind::QueueExpiry | TimerKind::HoldExpiry => turn.start_expires(),
    }
    Some(turn.decided(Outcome::Applied {}))
}

/// The key of how often a timer fired before; only timers with effects are counted (T6).
pub(crate) fn reads_of_timer(timer: &Timer) -> Option<IndexKey> {
    let has_effects = matches!(timer.kind, TimerKind::FlowWait | TimerKind::QueueRelease);
    let user_id = timer.user_id.as_ref().filter(|_| has_effects)?;
    Some(IndexKey::Fired(user_id.clone(), timer.kind, timer.due))
}

/// Whether the state still has this timer, at this due instant.
fn stands(loaded: &Loaded<'_>, timer: &Timer) -> bool {
    let Head { terms, room, .. } = loaded.head;
    match timer.kind {
        TimerKind::Cycle => terms.next_cycle == Some(timer.due),
        TimerKind::QueueRelease => {
            let is_queued = loaded.contact.is_some_and(|contact| contact.queued_at().is_some());
            room.release_due == Some(timer.due) && loaded.head.has_room() && is_queued
        }
        kind => loaded.contact.is_some_and(|contact| contact.due(kind) == Some(timer.due)),
    }
}

/// What becomes of an event at which the engine failed: its id is not used up, and nothing changes (R13).
pub(crate) fn put_aside(envelope: &Envelope) -> Decision {
    let (source, subject) = (Source::Event(envelope.id.clone()), envelope.event.user_id().cloned());
    Decision::plain(source, subject, RefusalReason::EngineFault.into(), SmallVec::new())
}

/// What becomes of a timer at which the engine failed: it stands no longer, and nothing else changes (R13).
pub(crate) fn put_timer_aside(engine: &Engine, timer: &Timer) -> Decision {
    let change: Change = match timer.kind {
        TimerKind::Cycle => {
            let next = engine.compiled().cycles.next_after(timer.due);
            HeadChange::Cycle { start: timer.due, next }.into()
        }
        // A start whose release fails would be the oldest for ever.
        TimerKind::QueueRelease => ContactChange::Pending(None).into(),
        kind => ContactChange::Faulted(kind, timer.due).into(),
    };
    let source = Source::Timer { timer: timer.clone(), firing: 1 };
    Decision::plain(source, timer.user_id.clone(), RefusalReason::EngineFault.into(), smallvec![change])
}

/// What every event that is not known changes: its id is used up, and time moves (T3, T5).
fn prelude(compiled: &Compiled, head: &Head, envelope: &Envelope) -> SmallVec<[Change; 4]> {
    let mut changes = smallvec![Change::Index(IndexRow::Event(envelope.id.clone()))];
    if head.clock.latest.is_none_or(|latest| latest < envelope.at) {
        changes.push(HeadChange::Latest(envelope.at).into());
    }
    // M2: cycles that began before or at the first event fire nothing.
    if head.terms.cycle_start.is_none() {
        let start = compiled.cycles.containing(envelope.at);
        changes.push(HeadChange::Cycle { start, next: compiled.cycles.next_after(envelope.at) }.into());
    }
    changes
}

/// What any comment leaves behind: its author is known, has commented, and has this handle (C4, F8).
fn seen(contact: Option<&Contact>, comment: &Comment, changes: &mut SmallVec<[Change; 4]>) {
    if contact.is_none_or(|contact| !contact.has_commented()) {
        changes.push(ContactChange::Commented.into());
    }
    if let Some(handle) = &comment.handle
        && contact.and_then(Contact::handle) != Some(handle.as_str())
    {
        changes.push(ContactChange::Handle(handle.clone()).into());
    }
}

/// A turn in which the changes so far are already made.
fn turn<'a>(
    compiled: &'a Compiled,
    loaded: &Loaded<'_>,
    envelope: &Envelope,
    changes: SmallVec<[Change; 4]>,
    buffers: &'a mut Buffers,
) -> Turn<'a> {
    let source = Source::Event(envelope.id.clone());
    // An order's contact is read only: what it changes lies in the ledger.
    let contact = if matches!(envelope.event, Event::Order(_)) { None } else { loaded.contact };
    let user_id = envelope.event.user_id();
    let mut turn = Turn::new(compiled, envelope.at, source, loaded.head, user_id, contact, buffers);
    turn.take(changes);
    turn
}

/// Whether the thing that an event brings came before, under another event id (T3).
fn is_repeated(found: &Found, event: &Event) -> bool {
    match event {
        Event::Comment(_) | Event::Message(_) | Event::MemberMessage(_) | Event::Refund(_) => found.thing,
        Event::Order(_) => found.order.is_some(),
        Event::OrderCancelled(_) => found.order.as_ref().is_some_and(|order| order.cancelled),
        _ => false,
    }
}

/// A duplicate comment or message says so in its own outcome (T3).
fn duplicate(event: &Event) -> Outcome {
    match event {
        Event::Comment(_) => {
            Outcome::Comment(CommentOutcome { result: CommentResult::Duplicate, trigger: None, until: None })
        }
        Event::Message(_) => MessageResult::Duplicate.into(),
        _ => Outcome::Duplicate {},
    }
}
