//! The last comments that a trigger looked at, and what became of each (C10).

use crate::{CommentShown, Runtime};
use chatsparks_core::{CommentId, Engine, Event, Explained, Explanation, Scratch, WorkspaceId};
use chatsparks_ports::{Cursor, Store, StoreError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Comments read at once, and events that are looked at for one page.
const AT_ONCE: usize = 64;
const LOOKED_AT: usize = 5_000;
/// Pages of the log that are read for one answer.
const TURNS: usize = 32;

/// Comments in a trigger's scope, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct LogPage {
    /// Each, and what became of the trigger for it.
    pub comments: Vec<LookedAt>,
    /// Where to go on, further back; none: that was the first that is kept.
    pub next: Option<Cursor>,
}

/// A comment that a trigger looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LookedAt {
    /// The comment.
    #[serde(flatten)]
    pub comment: CommentShown,
    /// The revision that decided it.
    pub revision: u32,
    /// What became of the trigger.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// Why a trigger's comments cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No revision that decided something on record has such a trigger.
    #[error("the workspace has no such trigger")]
    UnknownTrigger,
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: Store> Runtime<S> {
    /// The last comments in a trigger's scope, newest first, each explained against the revision that decided it (C10). A
    /// trigger that was taken out since is told of as long as its comments are on record (D7). There may be fewer than
    /// asked for, and still more further back.
    ///
    /// # Errors
    /// When there is no such trigger, and what the store says.
    pub async fn trigger_log(
        &self,
        workspace: &WorkspaceId,
        trigger: &str,
        before: Option<&Cursor>,
        limit: usize,
    ) -> Result<LogPage, LogError> {
        let mut engines: BTreeMap<u32, Engine> = BTreeMap::new();
        let in_force = self.engine(workspace).ok_or(LogError::UnknownTrigger)?;
        let mut is_known = in_force.workspace().triggers.iter().any(|one| one.id == trigger);
        engines.insert(in_force.revision(), in_force);
        let (mut comments, mut seen) = (Vec::new(), BTreeSet::<CommentId>::new());
        let mut next = before.cloned();
        for turn in 0..TURNS {
            if turn > 0 && next.is_none() {
                break;
            }
            let wanted = (limit - comments.len()).min(AT_ONCE);
            let is_comment = |envelope: &chatsparks_core::Envelope| matches!(envelope.event, Event::Comment(_));
            let page = self.last_events(workspace, next.as_ref(), wanted, LOOKED_AT, is_comment).await?;
            for envelope in &page.events {
                let Event::Comment(comment) = &envelope.event else { continue };
                let evaluation = self.store().evaluation(workspace, &comment.comment_id).await?;
                // One that came again is told of where it came first.
                let Some(evaluation) = evaluation.filter(|evaluation| evaluation.at == envelope.at) else { continue };
                if !seen.insert(comment.comment_id.clone()) {
                    continue;
                }
                let revision = evaluation.revision;
                if let std::collections::btree_map::Entry::Vacant(place) = engines.entry(revision) {
                    // What decided it may be gone: then nobody can say what it saw.
                    let Ok(engine) = self.engine_of(workspace, revision).await else { continue };
                    place.insert(engine);
                }
                let Some(engine) = engines.get(&revision) else { continue };
                let explanation = engine.explain(&evaluation, trigger, &mut Scratch::default());
                let Some(explanation) = explanation else { continue };
                is_known = true;
                if is_out_of_scope(&explanation) {
                    continue;
                }
                comments.push(LookedAt { comment: CommentShown::of(evaluation).cut(), revision, explanation });
            }
            next = page.next;
            if comments.len() >= limit || next.is_none() {
                break;
            }
        }
        if is_known { Ok(LogPage { comments, next }) } else { Err(LogError::UnknownTrigger) }
    }
}

fn is_out_of_scope(explanation: &Explanation) -> bool {
    let verdicts = std::iter::once(&explanation.verdict).chain(&explanation.also);
    verdicts.into_iter().any(|verdict| verdict.result == Explained::OutOfScope)
}
