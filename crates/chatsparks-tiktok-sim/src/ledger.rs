//! What truly happened, to hold a system under test against.

use serde::{Deserialize, Serialize};

/// What truly happened so far, each list in the order in which it did. Instants are milliseconds since 1970, in the
/// simulator's time; ids are text, as the numbers do not fit every reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ledger {
    /// When this was read.
    pub at: i64,
    /// Every comment, of people and of the accounts.
    pub comments: Vec<Comment>,
    /// Every message, of people and of the accounts.
    pub messages: Vec<Message>,
    /// Every order.
    pub orders: Vec<Order>,
}

impl Ledger {
    /// Replies of an account to this comment: more than one is one too many.
    pub fn replies_to<'a>(&'a self, comment_id: &'a str) -> impl Iterator<Item = &'a Comment> {
        self.comments.iter().filter(move |it| it.by_account && it.reply_to.as_deref() == Some(comment_id))
    }

    /// Messages that an account sent to this person.
    pub fn sent_to<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages.iter().filter(move |it| it.by_account && it.person == person)
    }

    /// Messages that this person wrote.
    pub fn written_by<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages.iter().filter(move |it| !it.by_account && it.person == person)
    }
}

/// A comment under a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comment {
    /// Its id.
    pub comment_id: String,
    /// The account whose video it stands under.
    pub account: String,
    /// The video.
    pub video_id: String,
    /// Who wrote it: a person's name, or the account's username.
    pub author: String,
    /// TikTok's name for whoever wrote it.
    pub unique_identifier: String,
    /// Whether the account itself wrote it.
    pub by_account: bool,
    /// When.
    pub at: i64,
    /// What it says.
    pub text: String,
    /// The comment that it answers.
    pub reply_to: Option<String>,
    /// What is to be seen of it: `PUBLIC`, `HIDDEN`, or `DELETED`.
    pub status: String,
    /// Whether the classifier called it one of high intent.
    pub high_intent: bool,
}

/// A direct message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Its id.
    pub message_id: String,
    /// The conversation it stands in.
    pub conversation_id: String,
    /// The account that writes or is written to.
    pub account: String,
    /// The person who writes or is written to.
    pub person: String,
    /// TikTok's name for that person.
    pub unique_identifier: String,
    /// Whether the account wrote it.
    pub by_account: bool,
    /// When.
    pub at: i64,
    /// What it says: a template's title.
    pub text: String,
    /// The labels of a template's buttons.
    pub buttons: Vec<String>,
    /// The id of the button that was tapped to write it.
    pub tapped: Option<String>,
    /// The comment that it answers, where it came by Comment-to-Message.
    pub answers_comment: Option<String>,
    /// Whether the person has read it.
    pub read: bool,
}

/// An order in an account's shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// Its id.
    pub order_id: String,
    /// The account whose shop it is.
    pub account: String,
    /// The person who bought: what TikTok never says.
    pub person: String,
    /// TikTok's name for that person in messages and comments: what TikTok never says either.
    pub unique_identifier: String,
    /// The shop's name for them.
    pub buyer_user_id: String,
    /// When it was placed.
    pub at: i64,
    /// How it stands.
    pub status: String,
    /// Its total, in the minor unit of its currency.
    pub total_minor: i64,
    /// Its currency.
    pub currency: String,
    /// A line a unit.
    pub lines: Vec<OrderLine>,
    /// What was given back.
    pub refunds: Vec<Refund>,
}

/// One unit of what was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderLine {
    /// The product.
    pub product_id: String,
    /// The variant.
    pub sku_id: String,
    /// What it cost, in the minor unit.
    pub amount_minor: i64,
}

/// Money given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refund {
    /// The id of the return.
    pub return_id: String,
    /// When.
    pub at: i64,
    /// How much, in the minor unit.
    pub amount_minor: i64,
}
