//! What webhooks lose: comments and orders are looked for now and then, within the quotas (T3 makes doubles harmless).

use crate::{
    account::{Inner, event_id},
    call::ListedComment,
    host::{Host, HostError},
    spool::WaitingComment,
};
use chatsparks_core::{Instant, Period, PostId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NAME: &str = "tiktok_marks";
/// Looked at again each time: what was made just before the last look may not have been listed yet.
const OVERLAP: Period = Period::minutes(10);
/// Calls for comments in one look: half of what an account may make in a minute.
const CALLS: usize = 20;
/// Pages of one video, or of orders, in one look.
const PAGES: usize = 10;
/// Comments that webhooks told of in time are not told again, unless they are younger than this.
const YOUNG: Period = Period::minutes(1);

/// How far was looked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Marks {
    /// Since when: what is older was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Instant>,
    /// Of each post.
    #[serde(default)]
    posts: BTreeMap<PostId, Instant>,
    /// Of the orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<Instant>,
    /// Where the last look at posts ended, for want of calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<PostId>,
}

impl Inner {
    /// Looks once for what no webhook told of.
    pub(crate) async fn poll(&self, host: &dyn Host) {
        let now = self.now();
        let looked = async {
            let note = host.note(self.workspace(), NAME).await?;
            let before: Marks = note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default();
            let mut marks = before.clone();
            // The first look begins now: what was there before is no news.
            let since = *marks.since.get_or_insert(now);
            self.look_at_posts(host, &mut marks, since, now).await?;
            self.look_at_orders(host, &mut marks, since, now).await?;
            if marks != before {
                host.write_note(self.workspace(), NAME, &serde_json::to_string(&marks).unwrap_or_default()).await?;
            }
            Ok::<(), HostError>(())
        };
        if let Err(error) = looked.await {
            tracing::debug!(workspace = %self.workspace(), %error, "what webhooks lost is looked for later");
        }
    }

    /// Posts that are listened to (C1), in turn.
    async fn look_at_posts(
        &self,
        host: &dyn Host,
        marks: &mut Marks,
        since: Instant,
        now: Instant,
    ) -> Result<(), HostError> {
        let (Some(document), Some(side)) = (self.document(), &self.business) else { return Ok(()) };
        let days = document.plan.as_ref().map(|plan| Period::days(plan.listening_window_days));
        let listened = |published: Instant| days.is_none_or(|days| now < published.after(days));
        let mut posts: Vec<&PostId> =
            document.posts.iter().filter(|post| listened(post.published_at)).map(|post| &post.id).collect();
        posts.sort_unstable();
        marks.posts.retain(|post, _| posts.binary_search(&post).is_ok());
        let first = marks.next.take().map_or(0, |next| posts.partition_point(|post| **post < next));
        let first = first.min(posts.len());
        posts.rotate_left(first);
        let mut calls = 0;
        for post in posts {
            if calls >= CALLS {
                marks.next = Some(post.clone());
                return Ok(());
            }
            let from = marks.posts.get(post).copied().unwrap_or(since).before(OVERLAP).max(since.before(OVERLAP));
            let (mut cursor, mut found, mut whole) = (0, Vec::new(), false);
            for _ in 0..PAGES {
                let page =
                    self.with_business(async |token| side.api.newest(&token.0, now, post.as_str(), cursor).await);
                calls += 1;
                let Ok(page) = page.await else { return Ok(()) };
                let past = page.comments.iter().any(|one| one.parent.is_none() && one.at.is_some_and(|at| at < from));
                found.extend(page.comments);
                match page.next {
                    Some(next) if !past => cursor = next,
                    _ => {
                        whole = true;
                        break;
                    }
                }
            }
            self.found_comments(host, post, found, from, now).await?;
            // What did not fit is looked at the next time.
            if whole {
                marks.posts.insert(post.clone(), now);
            }
        }
        Ok(())
    }

    async fn found_comments(
        &self,
        host: &dyn Host,
        post: &PostId,
        found: Vec<ListedComment>,
        from: Instant,
        now: Instant,
    ) -> Result<(), HostError> {
        // Oldest first, as webhooks would have told of them.
        for comment in found.into_iter().rev() {
            let due = comment.at.is_some_and(|at| at >= from && at.after(YOUNG) <= now);
            let id = event_id("comment", &comment.comment_id);
            let waits = format!("c:{}", comment.comment_id);
            if !due || !comment.public || self.own.was_told(id.as_str()) || comment.user_id.is_none() {
                continue;
            }
            if self.spool.change(host, self.workspace(), &waits, |held| held.is_some()).await? {
                continue;
            }
            let waiting = WaitingComment {
                post_id: post.to_string(),
                user_id: comment.user_id,
                handle: comment.handle,
                text: Some(comment.text.unwrap_or_else(|| "".into())),
                at: comment.at,
                is_reply: comment.parent.is_some(),
                reply_to: comment.parent,
                answerable: false,
            };
            let own = comment.owner || self.is_own(host, &comment.comment_id, &waiting).await;
            self.hand_on(host, &comment.comment_id, waiting, own).await?;
            metrics::counter!("chatsparks_tiktok_backfilled_total", "what" => "comment").increment(1);
        }
        Ok(())
    }

    async fn look_at_orders(
        &self,
        host: &dyn Host,
        marks: &mut Marks,
        since: Instant,
        now: Instant,
    ) -> Result<(), HostError> {
        let Some(side) = &self.shop else { return Ok(()) };
        let from = marks.orders.unwrap_or(since).before(OVERLAP);
        let mut page: Option<String> = None;
        for _ in 0..PAGES {
            let asked = async |token: crate::call::Bearer, cipher: String| {
                side.api.changed((&token.0, &cipher), now, from, page.as_deref()).await
            };
            let Ok(found) = self.with_shop(asked).await else { return Ok(()) };
            let last = found.orders.iter().filter_map(|order| order.updated).max();
            let events = found.orders.into_iter().flat_map(|order| order.events());
            let news: Vec<_> = events.filter(|(id, _)| !self.own.was_told(id.as_str())).collect();
            if !news.is_empty() {
                metrics::counter!("chatsparks_tiktok_backfilled_total", "what" => "order").increment(news.len() as u64);
                self.accept(host, news).await?;
            }
            page = found.next;
            if page.is_none() {
                marks.orders = Some(now);
                return Ok(());
            }
            // Oldest change first: what was read is done with.
            marks.orders = last.or(marks.orders);
        }
        Ok(())
    }
}
