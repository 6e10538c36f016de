//! Who waits for room under the limit, and until when (M5, M6).

use crate::Runtime;
use chatsparks_core::{CommentId, Instant, PostId, Queued, Row, TriggerId, UserId, Wants, WorkspaceId};
use chatsparks_ports::{Shard, Store, StoreError};
use serde::Serialize;

/// Starts that wait for room, in the order in which they go.
#[derive(Clone, Debug, PartialEq)]
pub struct StartsPage {
    /// The starts.
    pub starts: Vec<WaitingStart>,
    /// Where to go on; none: that was the last.
    pub next: Option<(Instant, UserId)>,
}

/// A start that waits for room.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaitingStart {
    /// Whose.
    pub user_id: UserId,
    /// What they are called on the platform, as last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The trigger that fired.
    pub trigger: TriggerId,
    /// The comment.
    pub comment_id: CommentId,
    /// The post.
    pub post_id: PostId,
    /// Since when: its place in the queue.
    pub since: Instant,
    /// When it is dropped.
    pub until: Instant,
}

impl<S: Store> Runtime<S> {
    /// The starts that wait for room under the limit, oldest first, after a place in the queue.
    ///
    /// # Errors
    /// What the store says.
    pub async fn waiting_starts(
        &self,
        workspace: &WorkspaceId,
        after: Option<&(Instant, UserId)>,
        limit: usize,
    ) -> Result<StartsPage, StoreError> {
        let mut wants = Wants::default();
        wants.queued = Some(Queued { after: after.cloned() });
        let (mut starts, mut listed_until) = (Vec::new(), None::<(Instant, UserId)>);
        for partition in 0..self.store().partitions() {
            let shard = Shard { workspace: workspace.clone(), partition };
            let answer = self.store().load(&shard, &wants).await?;
            starts.extend(answer.rows.iter().filter_map(start));
            // What a partition did not list comes after what it did: beyond the first such place nothing is known.
            listed_until = match (listed_until, answer.queued_until) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        let place = |start: &WaitingStart| (start.since, start.user_id.clone());
        starts.retain(|start| after.is_none_or(|after| place(start) > *after));
        starts.sort_by_key(place);
        if let Some(until) = &listed_until {
            starts.retain(|start| place(start) <= *until);
        }
        let is_more = starts.len() > limit || listed_until.is_some();
        starts.truncate(limit);
        let next = starts.last().filter(|_| is_more).map(place);
        Ok(StartsPage { starts, next })
    }
}

fn start(row: &Row) -> Option<WaitingStart> {
    let Row::Contact(contact) = row else { return None };
    contact.queued_at()?;
    let pending = contact.pending()?;
    Some(WaitingStart {
        user_id: contact.user_id().clone(),
        handle: contact.handle().map(str::to_owned),
        trigger: pending.trigger.clone(),
        comment_id: pending.comment_id.clone(),
        post_id: pending.post_id.clone(),
        since: pending.comment_at,
        until: pending.until,
    })
}
