//! Where events go in a workspace of many partitions (R4).
//!
//! Most events name a contact, and go to the contact's home. Others name an order, a refund, a DM, or a shop's id: where
//! these live a store remembers by key, and looks up in the very transaction that appends. So what refers to a thing is
//! logged behind it, in the same log, and is decided after it, whoever decides and when.
//!
//! Two answers are not known when an event comes: whether somebody whom the log names will be a contact once it is
//! decided, and which partition will send a DM that is not decided yet. Such an event waits beside the logs, durably,
//! until what was logged before it is decided; whatever names the same thing waits behind it.

use crate::{Input, Position, Stamp};
use chatsparks_core::{
    DmId, Event, EventId, Instant, Order, OrderId, RefundId, ShopUserId, UserId, WorkspaceId, home_partition,
};

/// A key by which a store remembers where something lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceKey {
    /// An order: where it was logged first.
    Order(OrderId),
    /// A refund that was counted, or will be: with its order.
    Refund(RefundId),
    /// A shop's id: with the contact that it was linked to last.
    ShopUser(ShopUserId),
    /// An event that linked a shop's id: should it come again, it moves nothing.
    Link(EventId),
    /// A DM: where it was decided. Its row says so; it is not remembered beside.
    Dm(DmId),
}

impl PlaceKey {
    /// The kind of key, as stores write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Refund(_) => "refund",
            Self::ShopUser(_) => "shop_user",
            Self::Link(_) => "link",
            Self::Dm(_) => "dm",
        }
    }

    /// The name within its kind.
    pub fn name(&self) -> &str {
        match self {
            Self::Order(id) => id.as_str(),
            Self::Refund(id) => id.as_str(),
            Self::ShopUser(id) => id.as_str(),
            Self::Link(id) => id.as_str(),
            Self::Dm(id) => id.as_str(),
        }
    }

    /// Whether it may be forgotten when ids are (T5).
    pub fn is_of_an_event(&self) -> bool {
        matches!(self, Self::Link(_) | Self::Refund(_))
    }
}

/// What a store knows of a workspace, within the transaction that appends.
pub trait Directory {
    /// Why it cannot be asked.
    type Error;

    /// The partition that a key was put in; of a DM, the one whose rows have it.
    ///
    /// # Errors
    /// What the store says.
    fn place(&mut self, key: &PlaceKey) -> Result<Option<u32>, Self::Error>;

    /// Remembers where a key's thing lives, over what was remembered.
    ///
    /// # Errors
    /// What the store says.
    fn put(&mut self, key: &PlaceKey, partition: u32) -> Result<(), Self::Error>;

    /// Whether a partition has this contact.
    ///
    /// # Errors
    /// What the store says.
    fn is_contact(&mut self, partition: u32, user_id: &UserId) -> Result<bool, Self::Error>;

    /// The last event in a partition's log that names this user, or the last of all, unless it is decided.
    ///
    /// # Errors
    /// What the store says.
    fn undecided(&mut self, partition: u32, user_id: Option<&UserId>) -> Result<Option<Position>, Self::Error>;

    /// Whether an event waits that [`names`] this key.
    ///
    /// # Errors
    /// What the store says.
    fn is_awaited(&mut self, key: &PlaceKey) -> Result<bool, Self::Error>;
}

/// Where an event goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To the end of this partition's log.
    In(u32),
    /// To the end of every partition's log, with one `at` (R8).
    Everywhere,
    /// Nowhere yet.
    Waits(Waits),
}

/// What an event waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// What it [`names`]: events that name the same go in the order in which they came.
    pub keys: Vec<PlaceKey>,
    /// Until these partitions have decided so far.
    pub until: Vec<(u32, Position)>,
    /// Of an order: the partition of the contact that its shop id was linked to when it came.
    pub linked: Option<u32>,
}

/// A workspace, as far as finding places needs it.
#[derive(Clone, Copy, Debug)]
pub struct Addressed<'a> {
    /// The workspace.
    pub workspace: &'a WorkspaceId,
    /// Its own account: nothing is linked to it (V4).
    pub account: &'a UserId,
    /// How many partitions it has.
    pub partitions: u32,
}

impl Addressed<'_> {
    fn home(&self, key: &str) -> u32 {
        home_partition(self.workspace, key, self.partitions)
    }

    /// Where an event goes that just came, and what is remembered of it.
    ///
    /// # Errors
    /// What the store says.
    pub fn place<D: Directory>(&self, directory: &mut D, id: &EventId, event: &Event) -> Result<Place, D::Error> {
        let keys = names(event);
        for key in &keys {
            if directory.is_awaited(key)? {
                let linked = match event {
                    Event::Order(order) => directory.place(&shop_user_of(order))?,
                    _ => None,
                };
                return Ok(Place::Waits(Waits { keys, until: Vec::new(), linked }));
            }
        }
        match event {
            Event::Configure(_) | Event::Clock => Ok(Place::Everywhere),
            Event::Order(order) => self.order(directory, order),
            Event::Receipt(receipt) => self.receipt(directory, &receipt.dm_id),
            Event::Identity { user_id, shop_user_id } => {
                let home = self.home(user_id.as_str());
                let link = PlaceKey::Link(id.clone());
                // T3: an event that comes again moves nothing.
                if user_id != self.account && directory.place(&link)?.is_none() {
                    directory.put(&link, home)?;
                    directory.put(&PlaceKey::ShopUser(shop_user_id.clone()), home)?;
                }
                Ok(Place::In(home))
            }
            _ => self.settled(directory, event, None).map(Place::In),
        }
    }

    /// Where an event goes that has waited, or need not.
    ///
    /// # Errors
    /// What the store says.
    pub fn settled<D: Directory>(
        &self,
        directory: &mut D,
        event: &Event,
        linked: Option<u32>,
    ) -> Result<u32, D::Error> {
        match event {
            Event::Order(order) => {
                let key = PlaceKey::Order(order.order_id.clone());
                if let Some(known) = directory.place(&key)? {
                    return Ok(known);
                }
                // A1: a contact's own id comes first. Without a contact it lives with the user id that it bears.
                let home = self.home(order.user_id.as_str());
                let place = match linked {
                    Some(linked) if linked != home && !directory.is_contact(home, &order.user_id)? => linked,
                    _ => home,
                };
                directory.put(&key, place)?;
                Ok(place)
            }
            Event::OrderCancelled(order_id) | Event::OrderReview { order_id, .. } => {
                let known = directory.place(&PlaceKey::Order(order_id.clone()))?;
                Ok(known.unwrap_or_else(|| self.home(order_id.as_str())))
            }
            Event::Refund(refund) => {
                // T3: a refund counts once in the workspace, so that it is looked at where it came first.
                let key = PlaceKey::Refund(refund.refund_id.clone());
                if let Some(known) = directory.place(&key)? {
                    return Ok(known);
                }
                let known = directory.place(&PlaceKey::Order(refund.order_id.clone()))?;
                if let Some(known) = known {
                    directory.put(&key, known)?;
                }
                Ok(known.unwrap_or_else(|| self.home(refund.order_id.as_str())))
            }
            Event::Receipt(receipt) => {
                let known = directory.place(&PlaceKey::Dm(receipt.dm_id.clone()))?;
                Ok(known.unwrap_or_else(|| self.home(receipt.dm_id.as_str())))
            }
            event => Ok(event.user_id().map_or(0, |user_id| self.home(user_id.as_str()))),
        }
    }

    fn order<D: Directory>(&self, directory: &mut D, order: &Order) -> Result<Place, D::Error> {
        let key = PlaceKey::Order(order.order_id.clone());
        let linked = directory.place(&shop_user_of(order))?;
        let home = self.home(order.user_id.as_str());
        let may_be_linked = linked.is_some_and(|linked| linked != home);
        if may_be_linked && directory.place(&key)?.is_none() && !directory.is_contact(home, &order.user_id)? {
            // Whether they are a contact by then is for the log to say.
            if let Some(position) = directory.undecided(home, Some(&order.user_id))? {
                let keys = vec![key, shop_user_of(order)];
                return Ok(Place::Waits(Waits { keys, until: vec![(home, position)], linked }));
            }
        }
        self.settled(directory, &Event::Order(order.clone()), linked).map(Place::In)
    }

    fn receipt<D: Directory>(&self, directory: &mut D, dm_id: &DmId) -> Result<Place, D::Error> {
        if let Some(user_id) = contact_of_timer(dm_id.as_str()) {
            return Ok(Place::In(self.home(user_id)));
        }
        let key = PlaceKey::Dm(dm_id.clone());
        if let Some(known) = directory.place(&key)? {
            return Ok(Place::In(known));
        }
        let mut until = Vec::new();
        for partition in 0..self.partitions {
            until.extend(directory.undecided(partition, None)?.map(|position| (partition, position)));
        }
        if until.is_empty() {
            return Ok(Place::In(self.home(dm_id.as_str())));
        }
        Ok(Place::Waits(Waits { keys: vec![key], until, linked: None }))
    }
}

/// R8: what is decided of a whole workspace is decided by the same time everywhere. A document that brings an `at` which
/// some partition has passed already comes late there: the others first come to the same latest instant, by this event.
pub fn pass_time_first(input: &Input, latest: Option<Instant>) -> Option<Input> {
    let at = latest.filter(|latest| input.stamp.at(None) < *latest)?;
    let is_late = matches!((&input.event, input.stamp), (Event::Configure(_), Stamp::Brought(_)));
    let id = format!("clock:{}", input.id).into();
    is_late.then_some(Input { id, stamp: Stamp::Brought(at), event: Event::Clock })
}

/// What an event names that another may wait for: of an order its id, and then the id that it bears, so that the orders of
/// one buyer stay in order.
pub fn names(event: &Event) -> Vec<PlaceKey> {
    match event {
        Event::Order(order) => vec![PlaceKey::Order(order.order_id.clone()), shop_user_of(order)],
        Event::OrderCancelled(order_id) | Event::OrderReview { order_id, .. } => {
            vec![PlaceKey::Order(order_id.clone())]
        }
        Event::Refund(refund) => vec![PlaceKey::Order(refund.order_id.clone())],
        Event::Receipt(receipt) => vec![PlaceKey::Dm(receipt.dm_id.clone())],
        _ => Vec::new(),
    }
}

fn shop_user_of(order: &Order) -> PlaceKey {
    PlaceKey::ShopUser(order.user_id.as_str().into())
}

/// The contact whose timer sent a DM, which its id names (T6): `timer:<kind>:<user_id>:<due>/<place>`.
fn contact_of_timer(dm_id: &str) -> Option<&str> {
    let after_kind = dm_id.strip_prefix("timer:")?.split_once(':')?.1;
    // An instant has two colons, and a contact's id may have any number.
    let mut parts = after_kind.rsplitn(4, ':').skip(2);
    let (_date_and_hour, user_id) = (parts.next()?, parts.next()?);
    Some(user_id).filter(|user_id| !user_id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_the_dm_of_a_timer_names_its_contact() {
        for (dm_id, contact) in [
            ("timer:flow_wait:u1:2026-03-02T10:00:00Z/0", Some("u1")),
            ("timer:queue_release:a:b:2026-03-02T10:00:00.5Z#2/11", Some("a:b")),
            ("timer:flow_wait::2026-03-02T10:00:00Z/0", None),
            ("timer:flow_wait", None),
            ("e1/0", None),
        ] {
            assert_eq!(contact_of_timer(dm_id), contact, "{dm_id}");
        }
    }
}
