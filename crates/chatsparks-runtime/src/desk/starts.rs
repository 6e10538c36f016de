//! Who waits, and until when: for room under the limit (M5, M6), or until the buyer writes (P2).

use crate::Runtime;
use chatsparks_core::{
    CommentId, Instant, Key, PendingFor, PostId, Queued, Row, TriggerId, UserId, Wants, WorkspaceId, diagnosis::Advice,
};
use chatsparks_ports::{Shard, Store, StoreError};
use serde::Serialize;

/// Starts that wait, in the order in which they came.
#[derive(Clone, Debug, PartialEq)]
pub struct StartsPage {
    /// The starts.
    pub starts: Vec<WaitingStart>,
    /// Where to go on; none: that was the last.
    pub next: Option<(Instant, UserId)>,
}

/// A start that waits.
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
    /// Since when: the comment's instant, and so its place in the queue.
    pub since: Instant,
    /// When it is dropped.
    pub until: Instant,
    /// What to do about it.
    pub advice: Advice,
    /// The sentence.
    pub to_do: &'static str,
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
            starts.extend(answer.rows.iter().filter_map(|row| start(row, PendingFor::Room)));
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

    /// The starts that are held until their buyer writes (P2), oldest first, after a place; and how many there are.
    ///
    /// # Errors
    /// What the store says.
    pub async fn held_starts(
        &self,
        workspace: &WorkspaceId,
        after: Option<&(Instant, UserId)>,
        limit: usize,
    ) -> Result<(StartsPage, usize), StoreError> {
        let look = |inbox: &super::Inbox| (inbox.held(after, limit + 1), inbox.held_count());
        let (mut places, count) = self.in_inbox(workspace, look).await?;
        let is_more = places.len() > limit;
        places.truncate(limit);
        let next = places.last().filter(|_| is_more).cloned();
        let mut starts = Vec::new();
        for (_, user_id) in places {
            let row = self.store().row(workspace, &Key::Contact(user_id)).await?;
            // One that has begun meanwhile waits no more.
            starts.extend(row.and_then(|row| start(&row, PendingFor::Message)));
        }
        Ok((StartsPage { starts, next }, count))
    }
}

fn start(row: &Row, waits: PendingFor) -> Option<WaitingStart> {
    let Row::Contact(contact) = row else { return None };
    let pending = contact.pending().filter(|pending| pending.waits == waits)?;
    Some(WaitingStart {
        user_id: contact.user_id().clone(),
        handle: contact.handle().map(str::to_owned),
        trigger: pending.trigger.clone(),
        comment_id: pending.comment_id.clone(),
        post_id: pending.post_id.clone(),
        since: pending.comment_at,
        until: pending.until,
        advice: Advice::about_wait(waits),
        to_do: Advice::about_wait(waits).sentence(),
    })
}
