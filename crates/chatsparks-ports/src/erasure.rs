//! What is left of things when a person is forgotten: ids and amounts, and nothing that anybody wrote (R12).
//!
//! Every store takes the same out, so that an export of one is an export of another.

use chatsparks_core::{Effect, Envelope, Evaluation, Event, Text};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

fn nothing() -> Text {
    Text::from("")
}

/// Whether an event holds anything that its contact wrote, was written to or is called.
pub fn holds_words(event: &Event) -> bool {
    match event {
        Event::Comment(comment) => comment.handle.is_some() || comment.text != nothing(),
        Event::Message(message) => {
            message.handle.is_some() || message.text.as_ref().is_some_and(|text| *text != nothing())
        }
        Event::MemberMessage(message) => message.text != nothing(),
        Event::CommentRemoved(_)
        | Event::CommentAnswerable(_)
        | Event::Receipt(_)
        | Event::Order(_)
        | Event::OrderCancelled(_)
        | Event::Refund(_)
        | Event::Identity { .. }
        | Event::OrderReview { .. }
        | Event::Act(_)
        | Event::Configure(_)
        | Event::Grant(_)
        | Event::Erase(_)
        | Event::Clock => false,
    }
}

/// Takes what [is there](holds_words) out of an event; false: there was nothing to take.
pub fn forget_event(envelope: &mut Envelope) -> bool {
    let held = holds_words(&envelope.event);
    match &mut envelope.event {
        Event::Comment(comment) => (comment.handle, comment.text) = (None, nothing()),
        Event::Message(message) => {
            message.handle = None;
            message.text = message.text.as_ref().map(|_| nothing());
        }
        Event::MemberMessage(message) => message.text = nothing(),
        Event::CommentRemoved(_)
        | Event::CommentAnswerable(_)
        | Event::Receipt(_)
        | Event::Order(_)
        | Event::OrderCancelled(_)
        | Event::Refund(_)
        | Event::Identity { .. }
        | Event::OrderReview { .. }
        | Event::Act(_)
        | Event::Configure(_)
        | Event::Grant(_)
        | Event::Erase(_)
        | Event::Clock => {}
    }
    held
}

/// Takes texts out of the evaluation of a comment.
pub fn forget_evaluation(evaluation: &mut Evaluation) {
    (evaluation.comment.handle, evaluation.comment.text) = (None, nothing());
}

/// Takes texts out of an effect that is not going to be performed.
pub fn forget_effect(effect: &mut Effect) {
    match effect {
        Effect::PublicReply { text, .. } => *text = nothing(),
        Effect::SendDm(dm) => dm.text = dm.text.as_ref().map(|_| nothing()),
        Effect::NotifyInbox { note, .. } => *note = note.as_ref().map(|_| nothing()),
        Effect::NotifyOwners { .. } => {}
    }
}

/// A record's line without what its effects say. Everything else in it stays as it is, byte for byte.
///
/// # Errors
/// When the line is none of a record.
pub fn forget_line(line: &str) -> Result<String, serde_json::Error> {
    let mut record: Fields<'_> = serde_json::from_str(line)?;
    for (name, value) in &mut record.0 {
        if name == "effects" {
            let mut effects: Vec<Fields<'_>> = serde_json::from_str(value.get())?;
            effects.iter_mut().try_for_each(forget_effect_line)?;
            *value = Cow::Owned(serde_json::value::to_raw_value(&effects)?);
        }
    }
    serde_json::to_string(&record)
}

fn forget_effect_line(effect: &mut Fields<'_>) -> Result<(), serde_json::Error> {
    for (_, value) in effect.0.iter_mut().filter(|(_, value)| value.get().starts_with('{')) {
        let mut said: Fields<'_> = serde_json::from_str(value.get())?;
        for (_, text) in said.0.iter_mut().filter(|(name, _)| name == "text" || name == "note") {
            *text = Cow::Owned(serde_json::value::to_raw_value("")?);
        }
        *value = Cow::Owned(serde_json::value::to_raw_value(&said)?);
    }
    Ok(())
}

/// The fields of a JSON object in their order, each value as it stands.
struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    fields.push((Cow::Owned(name), Cow::Borrowed(map.next_value::<&'de RawValue>()?)));
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(InOrder)
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, &**value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r12_a_line_keeps_everything_but_what_was_said() {
        let line = r#"{"seq":3,"event":"e","at":"2026-03-02T10:00:00Z","effects":[{"id":"e/0","public_reply":{"comment_id":"c","text":"Hi \"Mint\""}},{"id":"e/1","send_dm":{"user_id":"u","conversation":1,"text":"Hi Mint","options":[{"id":"o","label":"Yes"}]}},{"id":"e/2","notify_owners":{"level":80,"count":8,"limit":10}}],"facts":[{"text":1.50}]}"#;
        let left = r#"{"seq":3,"event":"e","at":"2026-03-02T10:00:00Z","effects":[{"id":"e/0","public_reply":{"comment_id":"c","text":""}},{"id":"e/1","send_dm":{"user_id":"u","conversation":1,"text":"","options":[{"id":"o","label":"Yes"}]}},{"id":"e/2","notify_owners":{"level":80,"count":8,"limit":10}}],"facts":[{"text":1.50}]}"#;
        assert_eq!(forget_line(line).unwrap(), left);
        assert_eq!(forget_line(left).unwrap(), left);
        assert!(forget_line("no record").is_err());
    }
}
