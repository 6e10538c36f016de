//! The blocks of a flow, as people write them (F1).

use crate::{BlockId, Field, OptionId, ProductId, SkuId, Tag, document::workspace::Link};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use std::fmt;

/// One block: `{ "id", KIND: {..}, "goto"? }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its id within the flow.
    pub id: BlockId,
    /// What it does.
    pub kind: BlockKind,
    /// Where it goes on, else the next in the list.
    pub goto: Option<BlockId>,
}

/// What a block does (F1).
#[derive(Clone, Debug, PartialEq)]
pub enum BlockKind {
    /// Says something.
    Message(MessageBlock),
    /// Asks, and captures the answer (F3).
    Question(Question),
    /// Asks with one to four options (F4).
    QuickReplies(QuickReplies),
    /// Goes on by what was captured (F6).
    Branch(Branch),
    /// Sends a product card.
    ShopLink(ShopLink),
    /// Hands the conversation to a person.
    Handoff(Handoff),
    /// Waits for time to pass (F7).
    Wait(Wait),
    /// Tags the contact.
    Tag(TagBlock),
}

/// Says something, with or without a shop link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MessageBlock {
    /// The text, with placeholders (F8).
    pub text: String,
    /// A shop link beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// Asks, and captures the answer (F3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The text, with placeholders (F8).
    pub text: String,
    /// The field that the answer goes into.
    pub field: Field,
    /// What is admitted; left out, any text that is not blank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

/// What a question admits (F3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// A number such as `-12.5`.
    Number,
    /// An email address.
    Email,
    /// A phone number of 7 to 15 digits.
    Phone,
    /// A regular expression found in the normalised text (N7).
    Pattern(String),
}

/// Asks with one to four options (F4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuickReplies {
    /// The text, with placeholders (F8).
    pub text: String,
    /// The field that the label of the option taken goes into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// The options.
    pub options: Vec<Choice>,
    /// What takes any other text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_text: Option<FreeText>,
}

/// One option of a `quick_replies`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its id, which comes back when it is tapped.
    pub id: OptionId,
    /// What the button says.
    pub label: String,
    /// Where it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goto: Option<BlockId>,
}

/// What takes any other text (F4).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FreeText {
    /// The field it goes into, else the block's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// Where it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goto: Option<BlockId>,
}

/// Goes on by what was captured (F6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The field looked at; a missing one is empty.
    pub field: Field,
    /// The cases, in order.
    pub cases: Vec<Case>,
    /// Where it goes on when no case holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<BlockId>,
}

/// One case of a branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What must hold.
    pub test: Test,
    /// Where it goes on.
    pub goto: BlockId,
}

/// How a case compares; both sides are normalised (F6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The field is this.
    Equals(String),
    /// The field contains this.
    Contains(String),
    /// The field is one of these.
    OneOf(Vec<String>),
}

/// Sends a product card; neither product nor SKU: the shop's own page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShopLink {
    /// The product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// The SKU, never without its product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SkuId>,
    /// A text with it, with placeholders (F8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl ShopLink {
    /// The link without its text.
    pub fn link(&self) -> Link {
        Link { product: self.product.clone(), sku: self.sku.clone() }
    }
}

/// Hands the conversation to a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Handoff {
    /// A note for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Waits for time to pass (F7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// How long: 1 second to 30 days.
    pub seconds: i64,
}

/// Tags the contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TagBlock {
    /// The tag.
    pub tag: Tag,
}

impl Block {
    /// The name of its kind, as the document writes it.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            BlockKind::Message(_) => "message",
            BlockKind::Question(_) => "question",
            BlockKind::QuickReplies(_) => "quick_replies",
            BlockKind::Branch(_) => "branch",
            BlockKind::ShopLink(_) => "shop_link",
            BlockKind::Handoff(_) => "handoff",
            BlockKind::Wait(_) => "wait",
            BlockKind::Tag(_) => "tag",
        }
    }
}

const BLOCK_FIELDS: &[&str] =
    &["id", "goto", "message", "question", "quick_replies", "branch", "shop_link", "handoff", "wait", "tag"];

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct BlockVisitor;
        impl<'de> de::Visitor<'de> for BlockVisitor {
            type Value = Block;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a block: an `id`, one kind such as `message`, and perhaps a `goto`")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Block, A::Error> {
                let (mut id, mut goto, mut kind) = (None, None, None);
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    match &*key {
                        "id" => once(&mut id, "id", map.next_value()?)?,
                        "goto" => once(&mut goto, "goto", map.next_value::<Option<BlockId>>()?)?,
                        "message" => one_kind(&mut kind, BlockKind::Message(map.next_value()?))?,
                        "question" => one_kind(&mut kind, BlockKind::Question(map.next_value()?))?,
                        "quick_replies" => one_kind(&mut kind, BlockKind::QuickReplies(map.next_value()?))?,
                        "branch" => one_kind(&mut kind, BlockKind::Branch(map.next_value()?))?,
                        "shop_link" => one_kind(&mut kind, BlockKind::ShopLink(map.next_value()?))?,
                        "handoff" => one_kind(&mut kind, BlockKind::Handoff(map.next_value()?))?,
                        "wait" => one_kind(&mut kind, BlockKind::Wait(map.next_value()?))?,
                        "tag" => one_kind(&mut kind, BlockKind::Tag(map.next_value()?))?,
                        other => return Err(de::Error::unknown_field(other, BLOCK_FIELDS)),
                    }
                }
                Ok(Block {
                    id: id.ok_or_else(|| de::Error::missing_field("id"))?,
                    kind: kind.ok_or_else(|| de::Error::custom("a block needs one kind, such as `message`"))?,
                    goto: goto.flatten(),
                })
            }
        }
        from.deserialize_map(BlockVisitor)
    }
}

fn once<T, E: de::Error>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

fn one_kind<E: de::Error>(place: &mut Option<BlockKind>, kind: BlockKind) -> Result<(), E> {
    match place.replace(kind) {
        None => Ok(()),
        Some(_) => Err(E::custom("a block has one kind, not two")),
    }
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        let name = self.kind_name();
        match &self.kind {
            BlockKind::Message(body) => map.serialize_entry(name, body)?,
            BlockKind::Question(body) => map.serialize_entry(name, body)?,
            BlockKind::QuickReplies(body) => map.serialize_entry(name, body)?,
            BlockKind::Branch(body) => map.serialize_entry(name, body)?,
            BlockKind::ShopLink(body) => map.serialize_entry(name, body)?,
            BlockKind::Handoff(body) => map.serialize_entry(name, body)?,
            BlockKind::Wait(body) => map.serialize_entry(name, body)?,
            BlockKind::Tag(body) => map.serialize_entry(name, body)?,
        }
        if let Some(goto) = &self.goto {
            map.serialize_entry("goto", goto)?;
        }
        map.end()
    }
}

/// A case as it is written: one of three tests and a `goto`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCase {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    equals: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contains: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    one_of: Option<Vec<String>>,
    goto: BlockId,
}

impl<'de> Deserialize<'de> for Case {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let WrittenCase { equals, contains, one_of, goto } = Deserialize::deserialize(from)?;
        let test = match (equals, contains, one_of) {
            (Some(text), None, None) => Test::Equals(text),
            (None, Some(text), None) => Test::Contains(text),
            (None, None, Some(texts)) => Test::OneOf(texts),
            _ => return Err(de::Error::custom("a case needs one of `equals`, `contains`, `one_of`")),
        };
        Ok(Self { test, goto })
    }
}

impl Serialize for Case {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut written = WrittenCase { equals: None, contains: None, one_of: None, goto: self.goto.clone() };
        match self.test.clone() {
            Test::Equals(text) => written.equals = Some(text),
            Test::Contains(text) => written.contains = Some(text),
            Test::OneOf(texts) => written.one_of = Some(texts),
        }
        written.serialize(to)
    }
}
