//! Rows as they are stored, and what they hold: order entries and links.

use super::{Sealed, Stored, Version, contact::RunV1, unknown_version};
use crate::{
    BlockId, Clock, CommentId, Contact, Currency, DmId, DmStage, Email, EventId, Instant, MessageId, OrderEntry,
    OrderId, OrderResult, RefundId, Room, Row, SentBy, SentLink, ShopUserId, Terms, TimerKind, UserId,
    document::workspace::Link, fact::Cause,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

#[derive(Serialize)]
struct Written {
    v: Version<1>,
    #[serde(flatten)]
    row: RowV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RowV1 {
    Clock(Stored<'static, Clock>),
    Terms(Stored<'static, Terms>),
    Room(Stored<'static, Room>),
    Contact(Stored<'static, Contact>),
    Event(SeenV1<EventId>),
    Comment(SeenV1<CommentId>),
    Message(SeenV1<MessageId>),
    Refund(SeenV1<RefundId>),
    Order { id: OrderId, entry: Stored<'static, OrderEntry> },
    ShopUser { id: ShopUserId, user_id: UserId },
    Dm { id: DmId, user_id: UserId, stage: DmStage },
    Fired { user_id: UserId, timer: TimerKind, due: Instant, times: u32 },
    Link { user_id: UserId, seq: u64, position: u32, link: LinkV1 },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenV1<Id> {
    id: Id,
    at: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkV1 {
    at: Instant,
    conversation: u32,
    link: Link,
    by: SentByV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum SentByV1 {
    Flow { run: Box<RunV1>, block: BlockId },
    Member(Email),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderEntryV1 {
    #[serde(skip_deserializing)]
    v: Version<1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    placed_at: Instant,
    result: OrderResult,
    total_minor: i64,
    overlap_minor: i64,
    refunded_minor: i64,
    currency: Currency,
    cause: Cause,
    #[serde(default, skip_serializing_if = "super::is_false")]
    reviewed: bool,
    #[serde(default, skip_serializing_if = "super::is_false")]
    cancelled: bool,
}

impl Sealed for Row {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let row = match self.clone() {
            Self::Clock(clock) => RowV1::Clock(clock.into()),
            Self::Terms(terms) => RowV1::Terms(terms.into()),
            Self::Room(room) => RowV1::Room(room.into()),
            Self::Contact(contact) => RowV1::Contact((*contact).into()),
            Self::Event(id, at) => RowV1::Event(SeenV1 { id, at }),
            Self::Comment(id, at) => RowV1::Comment(SeenV1 { id, at }),
            Self::Message(id, at) => RowV1::Message(SeenV1 { id, at }),
            Self::Refund(id, at) => RowV1::Refund(SeenV1 { id, at }),
            Self::Order(id, entry) => RowV1::Order { id, entry: (*entry).into() },
            Self::ShopUser(id, user_id) => RowV1::ShopUser { id, user_id },
            Self::Dm(id, user_id, stage) => RowV1::Dm { id, user_id, stage },
            Self::Fired(user_id, timer, due, times) => RowV1::Fired { user_id, timer, due, times },
            Self::Link(user_id, seq, position, link) => RowV1::Link { user_id, seq, position, link: LinkV1::of(*link) },
        };
        Written { v: Version, row }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        if version != 1 {
            return Err(unknown_version(version, 1));
        }
        Ok(match RowV1::deserialize(rest)? {
            RowV1::Clock(clock) => Self::Clock(clock.into_inner()),
            RowV1::Terms(terms) => Self::Terms(terms.into_inner()),
            RowV1::Room(room) => Self::Room(room.into_inner()),
            RowV1::Contact(contact) => Self::Contact(Box::new(contact.into_inner())),
            RowV1::Event(SeenV1 { id, at }) => Self::Event(id, at),
            RowV1::Comment(SeenV1 { id, at }) => Self::Comment(id, at),
            RowV1::Message(SeenV1 { id, at }) => Self::Message(id, at),
            RowV1::Refund(SeenV1 { id, at }) => Self::Refund(id, at),
            RowV1::Order { id, entry } => Self::Order(id, Box::new(entry.into_inner())),
            RowV1::ShopUser { id, user_id } => Self::ShopUser(id, user_id),
            RowV1::Dm { id, user_id, stage } => Self::Dm(id, user_id, stage),
            RowV1::Fired { user_id, timer, due, times } => Self::Fired(user_id, timer, due, times),
            RowV1::Link { user_id, seq, position, link } => Self::Link(user_id, seq, position, Box::new(link.link())),
        })
    }
}

impl LinkV1 {
    fn of(sent: SentLink) -> Self {
        let SentLink { at, conversation, link, by } = sent;
        let by = match by {
            SentBy::Flow(run, block) => SentByV1::Flow { run: Box::new(RunV1::of(&run)), block },
            SentBy::Member(member) => SentByV1::Member(member),
        };
        Self { at, conversation, link, by }
    }

    fn link(self) -> SentLink {
        let Self { at, conversation, link, by } = self;
        let by = match by {
            SentByV1::Flow { run, block } => SentBy::Flow(Arc::new(run.run()), block),
            SentByV1::Member(member) => SentBy::Member(member),
        };
        SentLink { at, conversation, link, by }
    }
}

impl Sealed for OrderEntry {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self {
            user_id,
            placed_at,
            result,
            total_minor,
            overlap_minor,
            refunded_minor,
            currency,
            cause,
            reviewed,
            cancelled,
        } = self.clone();
        let form = OrderEntryV1 {
            v: Version,
            user_id,
            placed_at,
            result,
            total_minor,
            overlap_minor,
            refunded_minor,
            currency,
            cause,
            reviewed,
            cancelled,
        };
        form.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        if version != 1 {
            return Err(unknown_version(version, 1));
        }
        let OrderEntryV1 {
            v: Version,
            user_id,
            placed_at,
            result,
            total_minor,
            overlap_minor,
            refunded_minor,
            currency,
            cause,
            reviewed,
            cancelled,
        } = OrderEntryV1::deserialize(rest)?;
        Ok(Self {
            user_id,
            placed_at,
            result,
            total_minor,
            overlap_minor,
            refunded_minor,
            currency,
            cause,
            reviewed,
            cancelled,
        })
    }
}
