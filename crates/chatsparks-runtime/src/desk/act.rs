//! What a member does: an event like any other, and what was decided of it (V7, A6).

use crate::{AcceptError, ClockMode, NewEvent, Runtime};
use chatsparks_core::{Event, EventId, WorkspaceId};
use chatsparks_ports::{Input, Stamp, Store, StoreError};
use serde::Deserialize;
use serde_json::Value;
use std::{borrow::Cow, time::Duration};
use tokio::time::Instant as Moment;

/// Records read at once.
const PAGE: usize = 1_000;
/// How long it is waited at a time: where another process decides, no commit is seen here.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What came of what a member did.
#[derive(Clone, Debug, PartialEq)]
pub enum Acted {
    /// It was decided: the outcome, as records have it.
    Decided(Value),
    /// It is durable, and is decided in its turn.
    Waits,
}

/// Why a member could not do something.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// It was not accepted.
    #[error(transparent)]
    Accept(#[from] AcceptError),
    /// Whether it was decided cannot be read: it is durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
struct Decided<'a> {
    #[serde(borrow, default)]
    event: Option<Cow<'a, str>>,
    outcome: Value,
}

impl<S: Store> Runtime<S> {
    /// The id of something that a member does, which nothing else has.
    pub fn fresh_id(&self) -> EventId {
        format!("act:{}", self.inner.unique()).into()
    }

    /// Accepts what a member did, and waits until it is decided, at most so long. `id`: the event's own, the same each time
    /// it is tried.
    ///
    /// # Errors
    /// Why it was not accepted, and what the store says.
    pub async fn act(
        &self,
        workspace: &WorkspaceId,
        id: EventId,
        event: Event,
        within: Duration,
    ) -> Result<Acted, ActError> {
        let mut commits = self.commits();
        let mut read = self.records_end(workspace).await?;
        match self.inner.settings.clock {
            ClockMode::Wall => {
                self.accept(workspace, vec![NewEvent { id: id.clone(), at: None, event }]).await?;
            }
            ClockMode::Events => {
                let state = self.workspace(workspace).ok_or(AcceptError::UnknownWorkspace)?;
                let input = Input { id: id.clone(), stamp: Stamp::Latest, event };
                self.log_inputs(state, vec![input]).await?;
            }
        }
        let deadline = Moment::now() + within;
        loop {
            let (records, next) = self.store().records(workspace, &read, PAGE).await?;
            read = next;
            for record in &records {
                let decided = serde_json::from_str::<Decided<'_>>(&record.line);
                if let Ok(Decided { event: Some(event), outcome }) = decided
                    && event == id.as_str()
                {
                    return Ok(Acted::Decided(outcome));
                }
            }
            if records.is_empty() {
                let left = deadline.saturating_duration_since(Moment::now());
                if left.is_zero() {
                    return Ok(Acted::Waits);
                }
                // Whether a commit was seen or not: it is looked again.
                let _ = tokio::time::timeout(left.min(LOOK_AGAIN), commits.changed()).await;
            }
        }
    }
}
