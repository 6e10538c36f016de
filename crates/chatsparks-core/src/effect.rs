//! Effects: what the outside has to do.
//!
//! What an effect says is a [`Text`], which does not show in `Debug`: a DM may repeat what the buyer wrote (F8).

use crate::{CommentId, Email, OptionId, Text, UserId};
use serde::{Deserialize, Serialize};

/// Something the outside has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Answer a comment in public (C9).
    PublicReply {
        /// The comment.
        comment_id: CommentId,
        /// The answer.
        text: Text,
    },
    /// Send a DM.
    SendDm(Box<SendDm>),
    /// Tell the inbox.
    NotifyInbox {
        /// The contact.
        user_id: UserId,
        /// Their conversation.
        conversation: u32,
        /// Why.
        reason: InboxReason,
        /// The note of a handoff block.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<Text>,
        /// Whose conversation it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<Email>,
    },
    /// Tell the owners how near the limit is (M3).
    NotifyOwners {
        /// 80, 95 or 100 per cent.
        level: u8,
        /// Contacts counted in this cycle.
        count: u64,
        /// The plan's limit.
        limit: u64,
    },
}

/// A DM to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SendDm {
    /// To whom.
    pub user_id: UserId,
    /// In which conversation.
    pub conversation: u32,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The options of a `quick_replies`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<SentOption>,
    /// The product card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<crate::document::workspace::Link>,
    /// The member who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Email>,
}

/// An option as the buyer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentOption {
    /// Its id.
    pub id: OptionId,
    /// Its label.
    pub label: Text,
}

/// Why the inbox is told of a conversation, and why one changed its state (V).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxReason {
    /// A handoff block.
    Handoff,
    /// A message that no flow waits for (V4).
    OutOfFlow,
    /// A sensitive word (V5).
    SensitiveWord,
    /// Too many replies in a row that were not taken (F5).
    UnrecognizedReplies,
    /// The running version of the flow is gone (F9).
    FlowMissing,
    /// The buyer wrote while a person has the conversation (V7).
    BuyerMessage,
}
