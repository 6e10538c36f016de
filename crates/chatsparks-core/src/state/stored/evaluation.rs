//! An evaluation as it is stored: the one record of a comment that explains any trigger later (C10).

use super::{Sealed, Version, envelope::CommentV1, is_false, unknown_version};
use crate::{CommentOutcome, CommentResult, Evaluation, Instant, Seen, TriggerId, state::throttle::Throttles};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvaluationV1 {
    #[serde(skip_deserializing)]
    v: Version<1>,
    at: Instant,
    revision: u32,
    comment: CommentV1,
    result: CommentResult,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trigger: Option<TriggerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    #[serde(default, skip_serializing_if = "SeenV1::is_nothing")]
    seen: SeenV1,
}

/// What the gates saw of the contact.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SeenV1 {
    #[serde(skip_serializing_if = "is_false")]
    commented: bool,
    #[serde(skip_serializing_if = "is_false")]
    blocked: bool,
    #[serde(skip_serializing_if = "is_false")]
    with_human: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    throttles: BTreeMap<TriggerId, Instant>,
}

impl SeenV1 {
    fn is_nothing(&self) -> bool {
        let Self { commented, blocked, with_human, throttles } = self;
        !commented && !blocked && !with_human && throttles.is_empty()
    }
}

impl Sealed for Evaluation {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { comment, at, revision, outcome, seen } = self;
        let CommentOutcome { result, trigger, until } = outcome.clone();
        let Seen { commented, blocked, with_human, throttles } = seen;
        let form = EvaluationV1 {
            v: Version,
            at: *at,
            revision: *revision,
            comment: CommentV1::of(comment.clone()),
            result,
            trigger,
            until,
            seen: SeenV1 {
                commented: *commented,
                blocked: *blocked,
                with_human: *with_human,
                throttles: throttles.iter().map(|(trigger, at)| (trigger.clone(), at)).collect(),
            },
        };
        form.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        if version != 1 {
            return Err(unknown_version(version, 1));
        }
        let EvaluationV1 { v: Version, at, revision, comment, result, trigger, until, seen } =
            EvaluationV1::deserialize(rest)?;
        let SeenV1 { commented, blocked, with_human, throttles } = seen;
        let throttles = Throttles::from_sorted(throttles);
        Ok(Self {
            comment: comment.comment(),
            at,
            revision,
            outcome: CommentOutcome { result, trigger, until },
            seen: Seen { commented, blocked, with_human, throttles },
        })
    }
}
