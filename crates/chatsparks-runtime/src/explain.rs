//! Why a trigger did or did not answer a comment, from the evaluation that the store keeps of it (C10).

use crate::Runtime;
use chatsparks_core::{
    Comment, CommentId, CommentOutcome, Engine, Evaluation, Explanation, Instant, Scratch, Text, TriggerId, Why,
    WhyKnown, WorkspaceId,
};
use chatsparks_ports::{Store, StoreError};
use serde::Serialize;

/// A comment explained, as `chatsparks explain --json` has it, but for what only a replay of its history knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommentExplained {
    /// The comment.
    pub comment: CommentShown,
    /// The revision that decided it.
    pub revision: u32,
    /// What came of it.
    pub outcome: CommentOutcome,
    /// Every trigger, or the one asked for.
    pub triggers: Vec<TriggerExplained>,
}

/// A comment, in the fields of its history line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommentShown {
    comment_id: CommentId,
    post_id: chatsparks_core::PostId,
    user_id: chatsparks_core::UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<Text>,
    at: Instant,
    text: Text,
}

/// One trigger explained; wholly where it was asked for, and where it won.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TriggerExplained {
    /// Its result, and what else refused it.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// Every gate with its numbers, and the condition part by part.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
}

/// What is not there to be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The store keeps no evaluation of it: it never came, was refused, or is older than records are kept.
    #[error("nothing is kept of such a comment: it never came, was refused, or came before records are kept")]
    UnknownComment,
    /// The revision that decided it had no such trigger.
    #[error("revision {revision} of the workspace, which decided the comment, has no such trigger")]
    UnknownTrigger {
        /// That revision.
        revision: u32,
    },
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: Store> Runtime<S> {
    /// Explains a comment from its evaluation, without replaying anything.
    ///
    /// # Errors
    /// When there is no such comment or trigger, and what the store says.
    pub async fn explain(
        &self,
        workspace: &WorkspaceId,
        comment_id: &CommentId,
        trigger: Option<&str>,
    ) -> Result<CommentExplained, ExplainError> {
        let evaluation = self.store().evaluation(workspace, comment_id).await?;
        let evaluation = evaluation.ok_or(ExplainError::UnknownComment)?;
        let engine = self.engine_of(workspace, evaluation.revision).await?;
        explained(&engine, evaluation, trigger)
    }

    /// The engine of a revision: the one in force, or an earlier one compiled again.
    pub(crate) async fn engine_of(&self, workspace: &WorkspaceId, revision: u32) -> Result<Engine, StoreError> {
        if let Some(engine) = self.engine(workspace).filter(|engine| engine.revision() == revision) {
            return Ok(engine);
        }
        let gone = || StoreError::Unavailable(format!("the document of revision {revision} is not kept any more"));
        let document = self.store().document(workspace, revision).await?.ok_or_else(gone)?;
        Engine::restore(document, revision).map_err(|_| gone())
    }
}

fn explained(engine: &Engine, evaluation: Evaluation, trigger: Option<&str>) -> Result<CommentExplained, ExplainError> {
    let mut scratch = Scratch::default();
    let wholly = |id: &str, scratch: &mut Scratch| engine.why(&evaluation, id, &WhyKnown::default(), scratch);
    let triggers = match trigger {
        Some(id) => {
            let unknown = ExplainError::UnknownTrigger { revision: evaluation.revision };
            let (explanation, why) = wholly(id, &mut scratch).ok_or(unknown)?;
            vec![TriggerExplained { explanation, why: Some(why) }]
        }
        None => {
            let won: Option<&TriggerId> = evaluation.outcome.trigger.as_ref();
            let all = engine.explain_all(&evaluation, &mut scratch).into_iter();
            all.map(|explanation| {
                let is_winner = won == Some(&explanation.trigger);
                let why = is_winner.then(|| wholly(explanation.trigger.as_str(), &mut scratch)).flatten();
                TriggerExplained { explanation, why: why.map(|(_, why)| why) }
            })
            .collect()
        }
    };
    let (revision, outcome) = (evaluation.revision, evaluation.outcome.clone());
    Ok(CommentExplained { comment: CommentShown::of(evaluation), revision, outcome, triggers })
}

impl CommentShown {
    /// The same in a list, where a text of a megabyte is more than anybody reads.
    pub(crate) fn cut(self) -> Self {
        Self { text: crate::desk::shown(&self.text).0, ..self }
    }

    pub(crate) fn of(evaluation: Evaluation) -> Self {
        let Evaluation { comment, at, .. } = evaluation;
        let Comment { comment_id, post_id, user_id, handle, text, .. } = comment;
        Self { comment_id, post_id, user_id, handle, at, text }
    }
}
