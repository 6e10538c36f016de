//! What the desk answers, as the OpenAPI document tells it: what happened, and why.

use super::shapes::{ContactShape, shapes};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

shapes! {
    /// What was said with a contact, and what was decided of them.
    ThreadShape as Thread {
        /// The contact, as in the state.
        contact: ContactShape,
        /// What they are called on the platform, as last seen.
        handle: Option<String>,
        /// A start of theirs that waits: `waits` (`queued` or `held`), `trigger`, `comment_id`, `until`, `advice`, `to_do`.
        #[schema(value_type = Option<Object>)]
        pending: Option<Value>,
        /// What happened, oldest first.
        entries: Vec<EntryShape>,
        /// Whether more happened before.
        older: bool,
    }

    /// Something that happened. What belongs to each kind stands beside these fields.
    EntryShape as ThreadEntry {
        /// When.
        at: String,
        /// What: `comment`, `message`, `dm`, `public_reply`, `inbox`, `act`, `order`, `opened`, `state`, `flow`, `queued`,
        /// `held`, `dropped`, `tagged`, `captured`, `counted`, `refused`; more may come.
        kind: String,
        /// What was said; what a buyer wrote is cut after 10,000 characters.
        #[schema(required = false)]
        text: Option<String>,
        /// What came of it, as a code.
        #[schema(required = false)]
        result: Option<String>,
        /// The id of a DM.
        #[schema(required = false)]
        dm_id: Option<String>,
        /// The id of a public reply's effect: `diagnosis?about=dm` takes it as it takes a DM's.
        #[schema(required = false)]
        effect: Option<String>,
        /// How far a DM came: `queued`, `sent`, `delivered`, `read`, `failed`. What became of a public reply: `waiting`,
        /// `in_doubt` (an attempt is under way, or was cut off), `dead` (given up), `sent`, `failed`; left out where it is no
        /// longer known, and for all but the last two hundred of each.
        #[schema(required = false)]
        stage: Option<String>,
        /// Why a public reply was not sent: the platform's reason, or `too_late`, `dropped`, `withdrawn`, `in_doubt`.
        #[schema(required = false)]
        why: Option<String>,
        /// Attempts at a public reply that came to an end.
        #[schema(required = false)]
        attempts: Option<u32>,
        /// When a public reply is tried again.
        #[schema(required = false)]
        not_before: Option<String>,
        /// What to do about it, as a code; null or left out where there is nothing to say.
        #[schema(required = false)]
        advice: Option<String>,
        /// The same, as a sentence.
        #[schema(required = false)]
        to_do: Option<String>,
    }
}
