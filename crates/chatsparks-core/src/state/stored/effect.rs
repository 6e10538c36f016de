//! Effects as they are stored, until they are performed.

use super::{Sealed, Version, unknown_version};
use crate::{
    CommentId, Effect, Email, InboxReason, OptionId, SendDm, SentOption, Text, UserId, document::workspace::Link,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize)]
struct Written {
    v: Version<1>,
    #[serde(flatten)]
    effect: EffectV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum EffectV1 {
    PublicReply {
        comment_id: CommentId,
        text: Text,
    },
    SendDm(Box<SendDmV1>),
    NotifyInbox {
        user_id: UserId,
        conversation: u32,
        reason: InboxReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Text>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<Email>,
    },
    NotifyOwners {
        level: u8,
        count: u64,
        limit: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SendDmV1 {
    user_id: UserId,
    conversation: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    options: Vec<OptionV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    card: Option<Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<Email>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionV1 {
    id: OptionId,
    label: Text,
}

impl Sealed for Effect {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let effect = match self.clone() {
            Self::PublicReply { comment_id, text } => EffectV1::PublicReply { comment_id, text },
            Self::SendDm(dm) => {
                let SendDm { user_id, conversation, text, options, card, member } = *dm;
                let options = options.into_iter().map(|SentOption { id, label }| OptionV1 { id, label }).collect();
                EffectV1::SendDm(Box::new(SendDmV1 { user_id, conversation, text, options, card, member }))
            }
            Self::NotifyInbox { user_id, conversation, reason, note, owner } => {
                EffectV1::NotifyInbox { user_id, conversation, reason, note, owner }
            }
            Self::NotifyOwners { level, count, limit } => EffectV1::NotifyOwners { level, count, limit },
        };
        Written { v: Version, effect }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        if version != 1 {
            return Err(unknown_version(version, 1));
        }
        Ok(match EffectV1::deserialize(rest)? {
            EffectV1::PublicReply { comment_id, text } => Self::PublicReply { comment_id, text },
            EffectV1::SendDm(dm) => {
                let SendDmV1 { user_id, conversation, text, options, card, member } = *dm;
                let options = options.into_iter().map(|OptionV1 { id, label }| SentOption { id, label }).collect();
                Self::SendDm(Box::new(SendDm { user_id, conversation, text, options, card, member }))
            }
            EffectV1::NotifyInbox { user_id, conversation, reason, note, owner } => {
                Self::NotifyInbox { user_id, conversation, reason, note, owner }
            }
            EffectV1::NotifyOwners { level, count, limit } => Self::NotifyOwners { level, count, limit },
        })
    }
}
