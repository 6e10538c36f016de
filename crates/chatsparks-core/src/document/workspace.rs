//! The workspace document: what people write (`formats.md`).
//!
//! These types mirror the document and nothing else; whether it holds together is found by
//! [`Engine::compile`](crate::Engine::compile), which reports every fault at once (F10).

use crate::{Email, FlowId, Instant, PostId, ProductId, SkuId, Tag, TriggerId, UserId, WorkspaceId};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

pub use block::{
    Block, BlockKind, Branch, Case, Choice, Expect, FreeText, Handoff, MessageBlock, Question, QuickReplies, ShopLink,
    TagBlock, Test, Wait,
};

mod block;
mod condition;

/// A whole workspace: plan, connections, policy, catalogue, triggers, flows and people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// The schema of the document; 1, also where it is left out.
    #[serde(default = "one")]
    pub schema: i64,
    /// What it is called, and its own account.
    pub workspace: Identity,
    /// The plan; without one there is no limit (M3) and no listening window (C1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// What is connected; left out, everything is.
    #[serde(default)]
    pub connections: Connections,
    /// The numbers that rules leave open.
    #[serde(default)]
    pub policy: Policy,
    /// The videos and Lives known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<Post>,
    /// The catalogue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Product>,
    /// Sensitive words (V5); left out, the shipped defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitive: Option<Vec<Sensitive>>,
    /// Triggers, first is highest (C2).
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    /// Flows, each in one or more versions (F9).
    #[serde(default)]
    pub flows: Vec<Flow>,
    /// People; none listed: anyone may act (V7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
}

fn one() -> i64 {
    1
}

/// What the workspace is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// The TikTok account it speaks as: its comments are its own (C1).
    pub account_user_id: UserId,
}

/// What the shop pays for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Monthly active contacts at most (M5).
    pub mac_limit: i64,
    /// The anchor of the billing cycles (M2).
    #[serde(deserialize_with = "crate::time::as_given")]
    pub subscribed_at: Instant,
    /// Posts older than this are not listened to (C1).
    pub listening_window_days: i64,
}

/// The platforms connected; what is left out is connected, with every scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// The creator account: scopes `comments`, `messages`, `posts`.
    #[serde(default = "Connection::tiktok")]
    pub tiktok: Connection,
    /// The shop: scopes `orders`, `catalog`.
    #[serde(default = "Connection::shop")]
    pub shop: Connection,
}

/// One platform's connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// Whether it is connected.
    pub connected: bool,
    /// What it may do.
    pub scopes: Vec<String>,
}

impl Connection {
    fn with(scopes: &[&str]) -> Self {
        Self { connected: true, scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect() }
    }

    fn tiktok() -> Self {
        Self::with(&crate::TIKTOK_SCOPES)
    }

    fn shop() -> Self {
        Self::with(&crate::SHOP_SCOPES)
    }

    /// Whether it is connected and has the scope.
    pub fn allows(&self, scope: &str) -> bool {
        self.connected && self.scopes.iter().any(|given| given == scope)
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self { tiktok: Connection::tiktok(), shop: Connection::shop() }
    }
}

/// The numbers that rules leave open, with their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Between two firings of one trigger for one contact (C6).
    pub throttle_hours: i64,
    /// What a throttled winner means (C7).
    pub on_throttled: OnThrottled,
    /// Replies in a row that are not taken before a person takes over (F5).
    pub max_mismatches: i64,
    /// Without a reply, a conversation is `waiting` after this (V2).
    pub waiting_after_minutes: i64,
    /// After the bot's last message a conversation is closed (V2).
    pub close_after_hours: i64,
    /// A conversation in Human is closed so long after it came there or the last word in it; 0: never (V6).
    pub human_close_hours: i64,
    /// From a link to an order that it may be credited with (A2).
    pub attribution_days: i64,
    /// A queued start waits at most this long from its comment (M6).
    pub queue_hours: i64,
    /// Who may be written to (P).
    pub reach: Reach,
}

/// What a throttled winner means (C7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnThrottled {
    /// It ends the matter.
    #[default]
    Stop,
    /// It is passed over.
    Next,
}

/// Who may be written to now (P).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Reach {
    /// What opens a DM.
    pub mode: ReachMode,
    /// How long a buyer's message opens the window (P4).
    pub window_hours: i64,
    /// How many messages that window holds (P4).
    pub messages_per_window: i64,
    /// How long a start is held for the buyer's message (P2).
    pub hold_hours: i64,
}

/// What opens a DM (P1–P3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReachMode {
    /// A comment does, always (P1).
    #[default]
    Open,
    /// Only the buyer's own message does (P2).
    BuyerFirst,
    /// A comment does that the platform marks as answerable (P3).
    CommentToMessage,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            throttle_hours: 24,
            on_throttled: OnThrottled::Stop,
            max_mismatches: 2,
            waiting_after_minutes: 60,
            close_after_hours: 24,
            human_close_hours: 0,
            attribution_days: 14,
            queue_hours: 48,
            reach: Reach::default(),
        }
    }
}

impl Default for Reach {
    fn default() -> Self {
        Self { mode: ReachMode::Open, window_hours: 48, messages_per_window: 10, hold_hours: 48 }
    }
}

/// A video or a Live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// What it is.
    pub kind: PostKind,
    /// When it was published (C1).
    #[serde(deserialize_with = "crate::time::as_given")]
    pub published_at: Instant,
    /// Its tags (C3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// What a post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PostKind {
    /// A video.
    Video,
    /// A Live.
    Live,
}

/// A product of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name, which a comment may mention (N9).
    pub name: String,
    /// Other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Its page in the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its stock-keeping units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<Sku>,
}

/// A stock-keeping unit of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sku {
    /// Its id, one space over all products (F10).
    pub id: SkuId,
    /// Its name; counts as a mention when three characters or longer (N9).
    pub name: String,
}

/// Words that a buyer's message is held against before anything else (V5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sensitive {
    /// The words, matched as `contains`.
    pub words: Vec<String>,
    /// Whether a person takes over.
    #[serde(default)]
    pub handoff: bool,
    /// A tag for the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
}

/// A trigger: where and when a comment is answered, and with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Its id: the key of its throttle (C6).
    pub id: TriggerId,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is live.
    #[serde(default)]
    pub status: TriggerStatus,
    /// Which posts (C3).
    #[serde(default)]
    pub scope: Scope,
    /// Which comments (C4).
    pub when: Condition,
    /// The flow it starts.
    pub flow: FlowId,
    /// What it answers in public (C9).
    #[serde(default, skip_serializing_if = "Replies::is_empty")]
    pub public_reply: Replies,
    /// Its own throttle, else the policy's (C6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_hours: Option<i64>,
}

/// Whether a trigger is live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TriggerStatus {
    /// It is live.
    #[default]
    Active,
    /// It is not, but can be tried (C11).
    Draft,
}

/// Which posts a trigger listens to (C3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every post, also one not in the workspace.
    #[default]
    All,
    /// Chosen posts.
    Posts(Vec<PostId>),
    /// Posts with one of some tags.
    Tags(Vec<Tag>),
}

/// Which comments a trigger answers (C4).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The comment ends with a question mark (N8).
    QuestionMark,
    /// The contact's first comment on any post.
    FirstComment,
    /// The comment answers another.
    Reply,
    /// One of some words (N2).
    Keywords(Keywords),
    /// A regular expression over the normalised text (N7).
    Pattern(String),
    /// The comment stands under one of these posts; compares ids (C3).
    Posts(Vec<PostId>),
    /// A product is named (N9).
    Mentions(Mentions),
    /// Every part holds.
    All(Vec<Condition>),
    /// One part holds.
    Any(Vec<Condition>),
    /// The part does not hold.
    Not(Box<Condition>),
    /// One of the words of a pack that is shipped: `{ "pack": "price", "languages": ["th", "vi"] }`.
    #[serde(untagged)]
    Pack(Pack),
}

/// Words and how they are compared (N2, N5, N6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Keywords {
    /// The words.
    pub words: Vec<String>,
    /// The mode.
    #[serde(default, rename = "match")]
    pub mode: MatchMode,
    /// Whether accents are dropped on both sides (N5).
    #[serde(default)]
    pub ignore_accents: bool,
    /// Whether a run of a letter may be longer in the text than in the word (N6).
    #[serde(default)]
    pub squeeze: bool,
}

/// How a keyword is compared with a text (N2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MatchMode {
    /// The text contains it.
    #[default]
    Contains,
    /// It stands as a word (N4).
    Word,
    /// The text starts with it.
    StartsWith,
    /// It is the whole text.
    Exact,
}

/// The words of a pack that is shipped, each in the mode and with the options that the pack gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Pack {
    /// Its name. What it means never changes: better words come under another name.
    pub pack: String,
    /// The languages whose words are asked for, by their codes; empty: all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub languages: Vec<String>,
}

/// Which products a comment must name (N9).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mentions {
    /// These; empty: any.
    #[serde(default)]
    pub products: Vec<ProductId>,
}

/// The variants of a public reply (C9): a single text or a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Replies {
    /// A single text.
    One(String),
    /// A list; empty: no reply.
    Many(Vec<String>),
}

impl Default for Replies {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Replies {
    /// The variants.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => core::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

impl<'de> Deserialize<'de> for Replies {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> de::Visitor<'de> for OneOrMany {
            type Value = Replies;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text or a list of texts")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Replies, E> {
                Ok(Replies::One(text.to_owned()))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut texts: A) -> Result<Replies, A::Error> {
                let mut many = Vec::new();
                while let Some(text) = texts.next_element()? {
                    many.push(text);
                }
                Ok(Replies::Many(many))
            }
        }
        from.deserialize_any(OneOrMany)
    }
}

/// A shop link or product card; neither product nor SKU: the shop's own page.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// The SKU, never without its product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SkuId>,
}

/// A flow in one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Its id; may stand in several versions (F9).
    pub id: FlowId,
    /// Its version; triggers start the highest.
    pub version: i64,
    /// Its blocks, in order (F1).
    pub blocks: Vec<Block>,
}

/// Somebody who works for the shop (W1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Their email.
    pub email: Email,
    /// What they may do (W2).
    pub role: Role,
    /// Whether they may act.
    pub status: MemberStatus,
}

/// What a member may do (W2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, connections and plan too.
    Owner,
    /// The daily work.
    Member,
}

/// Whether a member may act (W1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Invited, not accepted.
    Pending,
    /// Acting.
    Active,
    /// Shut out.
    Suspended,
}
