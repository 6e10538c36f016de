//! Where a contact's past begins: with nothing, or with a checkpoint where what came before was deleted (R10); and what of
//! others has to be known on the way: which ids they had used up.

use super::{PastError, Step, What};
use chatsparks_core::{Event, Key, Row, UserId, Wants};
use chatsparks_ports::{Checkpoints, Logged, Position, Shard, Store, Stretch};

/// What stands at the beginning.
#[derive(Default)]
pub(super) struct Begin {
    /// The position and the `seq` that come after are wanted.
    pub(super) position: Position,
    pub(super) seq: u64,
    /// The revision in force there; none: whichever decided first.
    pub(super) revision: Option<u32>,
    pub(super) rows: Vec<Row>,
}

pub(super) async fn begin<S: Store>(
    store: &S,
    shard: &Shard,
    user_id: &UserId,
    stretch: &Stretch,
    events: &[Logged],
) -> Result<Begin, PastError> {
    if stretch.from <= 1 && stretch.first_record == 0 {
        return Ok(Begin::default());
    }
    let place = Checkpoints::of(store, shard).await?.in_use.ok_or(PastError::Gone)?;
    let checkpoint = shard.checkpoint(place);
    let position = store.decided(&checkpoint).await?;
    let mut wants = Wants::default();
    wants.keys = vec![Key::Clock, Key::Terms, Key::Contact(user_id.clone())];
    wants.keys.extend(events.iter().flat_map(keys));
    wants.keys.sort_unstable();
    wants.keys.dedup();
    wants.links = vec![user_id.clone()];
    let rows = store.load(&checkpoint, &wants).await?.rows;
    let (mut seq, mut revision) = (None, None);
    for row in &rows {
        match row {
            Row::Clock(clock) => seq = Some(clock.seq()),
            Row::Terms(terms) => revision = Some(terms.revision()),
            _ => {}
        }
    }
    // It may have gone further meanwhile: then it is looked for again by whoever asks again.
    let seq = seq.filter(|_| position + 1 >= stretch.from).ok_or(PastError::Gone)?;
    Ok(Begin { position, seq, revision, rows })
}

/// T3: finds what others had used up of what is on record as having come again. A record does not say which of an event's
/// ids that was, its own or that of what it tells of; the store knows since when its own is used up.
pub(super) async fn used_up_by_others<S: Store>(store: &S, shard: &Shard, steps: &mut [Step]) -> Result<(), PastError> {
    let is_repeated = |step: &&mut Step| step.line.as_ref().is_some_and(|line| line.is_repeated);
    for step in steps.iter_mut().filter(is_repeated) {
        let What::Event(envelope) = &step.what else { continue };
        let own = || Row::Event(envelope.id.clone(), envelope.at);
        let mut wants = Wants::default();
        wants.keys = vec![own().key()];
        if let Event::Order(order) = &envelope.event {
            wants.keys.push(Key::Order(order.order_id.clone()));
        }
        let known = store.load(shard, &wants).await?.rows;
        let was_used = known.iter().any(|row| matches!(row, Row::Event(_, since) if *since < envelope.at));
        step.used_up = match &envelope.event {
            _ if was_used => Some(own()),
            Event::Comment(comment) => Some(Row::Comment(comment.comment_id.clone(), envelope.at)),
            Event::Message(message) => Some(Row::Message(message.message_id.clone(), envelope.at)),
            Event::MemberMessage(message) => Some(Row::Message(message.message_id.clone(), envelope.at)),
            Event::Refund(refund) => Some(Row::Refund(refund.refund_id.clone(), envelope.at)),
            // A1: it may have come before it was this contact's: before the shop's id was linked to them.
            Event::Order(_) => known.into_iter().find(|row| matches!(row, Row::Order(..))),
            Event::OrderCancelled(_) | Event::OrderReview { .. } => None,
            _ => Some(own()),
        };
    }
    Ok(())
}

/// What an event looks at beside its contact.
fn keys(logged: &Logged) -> Vec<Key> {
    let event = &logged.envelope.event;
    let mut keys = vec![Key::Event(logged.envelope.id.clone())];
    keys.extend(event.names());
    match event {
        Event::Comment(comment) => keys.push(Key::Comment(comment.comment_id.clone())),
        Event::Message(message) => keys.push(Key::Message(message.message_id.clone())),
        Event::MemberMessage(message) => keys.push(Key::Message(message.message_id.clone())),
        Event::Refund(refund) => keys.push(Key::Refund(refund.refund_id.clone())),
        Event::Order(order) => keys.push(Key::ShopUser(order.user_id.as_str().into())),
        _ => {}
    }
    keys
}
