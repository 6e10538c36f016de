//! What webhooks lose: comments and orders are looked for now and then, within the quotas (T3 makes doubles harmless).

use crate::{
    account::{Inner, ShopSide, event_id},
    call::{Bearer, CallError, FullOrder, ListedComment, Page, Returned},
    host::{Host, HostError},
    posts,
    spool::WaitingComment,
};
use chatsparks_core::{Instant, Period, PostId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NAME: &str = "tiktok_marks";
/// Looked at again each time: what was made just before the last look may not have been listed yet.
const OVERLAP: Period = Period::minutes(10);
/// Pages of one video, or of orders, in one look.
const PAGES: usize = 10;
/// Comments that are looked at again where a look goes on: what is deleted above moves the rest up.
const AGAIN: i64 = 5;
/// Comments that webhooks told of in time are not told again, unless they are younger than this.
const YOUNG: Period = Period::minutes(1);

/// How far was looked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Marks {
    /// Since when: what is older was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Instant>,
    /// Of each post: until when everything was found.
    #[serde(default)]
    posts: BTreeMap<PostId, Instant>,
    /// Of posts that more was found under than fits into one look.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    deep: BTreeMap<PostId, Deep>,
    /// Of the orders: until when everything was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<Instant>,
    /// Of the orders: how far the look that did not end has come, by their last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    orders_read: Option<Instant>,
    /// The same of what was sent back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returns: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returns_read: Option<Instant>,
    /// Where the last look at posts ended, for want of calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<PostId>,
}

/// A look at a post that goes on the next time: from the newest comment down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Deep {
    /// When it began: what came since is found by the look after it.
    began: Instant,
    /// How far it came.
    cursor: i64,
}

impl Inner {
    /// Looks once for what no webhook told of; whether that was all, as far as the platform said.
    pub(crate) async fn poll(&self, host: &dyn Host) -> bool {
        let now = self.now();
        let looked = async {
            let note = host.note(self.workspace(), NAME).await?;
            let before: Marks = note.as_deref().and_then(|note| serde_json::from_str(note).ok()).unwrap_or_default();
            let mut marks = before.clone();
            // The first look begins where this process did, which may have had to wait until it led: what was there before is
            // no news.
            let since = *marks.since.get_or_insert(self.since.min(now));
            let posts = self.look_at_posts(host, &mut marks, since, now).await?;
            let orders = self.look_at::<FullOrder>(host, &mut marks, since, now).await?;
            // What was sent back is of an order, which comes first.
            let returns = orders && self.look_at::<Returned>(host, &mut marks, since, now).await?;
            if marks != before {
                let text = serde_json::to_string(&marks).unwrap_or_default();
                // Where another process has looked meanwhile, its marks stand: what is found again is known (T3).
                host.replace_note(self.workspace(), NAME, note.as_deref(), &text).await?;
            }
            Ok::<_, HostError>(posts && orders && returns)
        };
        looked.await.unwrap_or_else(|error| {
            tracing::debug!(workspace = %self.workspace(), %error, "what webhooks lost is looked for later");
            true
        })
    }

    /// Posts that are listened to (C1), in turn, also those that the document does not list; whether all of them were looked
    /// at, to the end.
    async fn look_at_posts(
        &self,
        host: &dyn Host,
        marks: &mut Marks,
        since: Instant,
        now: Instant,
    ) -> Result<bool, HostError> {
        let (Some(document), Some(side)) = (self.document(), &self.business) else { return Ok(true) };
        let window = posts::window(&document);
        let listened = |published: Instant| window.is_none_or(|window| now < published.after(window));
        let unlisted = self.unlisted_posts(host, &document, now).await?;
        let mut posts: Vec<&PostId> =
            document.posts.iter().filter(|post| listened(post.published_at)).map(|post| &post.id).collect();
        posts.extend(unlisted.keys());
        posts.sort_unstable();
        marks.posts.retain(|post, _| posts.binary_search(&post).is_ok());
        marks.deep.retain(|post, _| posts.binary_search(&post).is_ok());
        let first = marks.next.take().map_or(0, |next| posts.partition_point(|post| **post < next));
        let first = first.min(posts.len());
        posts.rotate_left(first);
        let mut all = true;
        'posts: for post in posts {
            let begins = unlisted.get(post).map_or(since, |begins| since.max(*begins));
            let from = marks.posts.get(post).copied().unwrap_or(begins).before(OVERLAP).max(since.before(OVERLAP));
            let deep = marks.deep.remove(post);
            let began = deep.map_or(now, |deep| deep.began);
            let mut cursor = deep.map_or(0, |deep| deep.cursor.saturating_sub(AGAIN).max(0));
            let (mut found, mut whole) = (Vec::new(), false);
            for page in 0..PAGES {
                if self.list_quotas.looks.check().is_err() {
                    if page == 0 {
                        marks.deep.extend(deep.map(|deep| (post.clone(), deep)));
                        marks.next = Some(post.clone());
                        return Ok(false);
                    }
                    break;
                }
                let page =
                    self.with_business(async |token| side.api.newest(&token.0, now, post.as_str(), cursor).await);
                let page = match page.await {
                    Ok(page) => page,
                    // It was deleted, or is no video of the account's: that is no reason not to look at others.
                    Err(CallError::Refused(_)) => {
                        marks.deep.extend(deep.map(|deep| (post.clone(), deep)));
                        continue 'posts;
                    }
                    Err(_) => {
                        marks.deep.extend(deep.map(|deep| (post.clone(), deep)));
                        return Ok(true);
                    }
                };
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
            if whole {
                marks.posts.insert(post.clone(), began);
            } else {
                // What did not fit is looked at the next time.
                marks.deep.insert(post.clone(), Deep { began, cursor });
                all = false;
            }
        }
        Ok(all)
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
            let id = event_id("comment", comment.comment_id.as_str());
            let waits = format!("c:{}", comment.comment_id);
            if !due || !comment.public || self.own.was_told(id.as_str()) || comment.user_id.is_none() {
                continue;
            }
            if self.spool.change(host, self.workspace(), &waits, |held| held.is_some()).await? {
                continue;
            }
            let waiting = WaitingComment {
                post_id: post.clone(),
                user_id: comment.user_id,
                handle: comment.handle,
                text: Some(comment.text.unwrap_or_else(|| "".into())),
                at: comment.at,
                is_reply: comment.parent.is_some(),
                reply_to: comment.parent,
                answerable: false,
            };
            let own = comment.owner
                || self.is_own(host, self.document().as_deref(), comment.comment_id.as_str(), &waiting).await;
            self.hand_on(host, comment.comment_id, waiting, own).await?;
            metrics::counter!("chatsparks_tiktok_backfilled_total", "what" => "comment").increment(1);
        }
        Ok(())
    }

    /// Reads on in a list of the shop's, a page at a time; whether that was all of it.
    async fn look_at<T: Listed>(
        &self,
        host: &dyn Host,
        marks: &mut Marks,
        since: Instant,
        now: Instant,
    ) -> Result<bool, HostError> {
        let Some(side) = &self.shop else { return Ok(true) };
        let Reading { until, read } = T::reading(marks);
        let from = read.unwrap_or_else(|| until.unwrap_or(since).before(OVERLAP));
        let mut page: Option<String> = None;
        for _ in 0..PAGES {
            // The shop may not let them be asked for at all.
            let Ok(found) = T::ask(self, side, now, from, page.as_deref()).await else { return Ok(true) };
            let last = found.things.iter().filter_map(T::changed_at).max();
            T::take(self, host, found.things).await?;
            page = found.next;
            if page.is_none() {
                (*until, *read) = (Some(now), None);
                return Ok(true);
            }
            // What was read is done with.
            *read = last.or(*read);
        }
        Ok(false)
    }
}

/// How far a list was read that has the oldest change first.
struct Reading<'m> {
    /// Until when everything was found.
    until: &'m mut Option<Instant>,
    /// How far the look that did not end has come, by the last change.
    read: &'m mut Option<Instant>,
}

/// What the shop lists, the oldest change first.
trait Listed: Sized + Send {
    fn reading(marks: &mut Marks) -> Reading<'_>;

    fn changed_at(&self) -> Option<Instant>;

    /// A page of what changed since an instant.
    fn ask(
        inner: &Inner,
        side: &ShopSide,
        now: Instant,
        from: Instant,
        page: Option<&str>,
    ) -> impl Future<Output = Result<Page<Self>, CallError>> + Send;

    fn take(inner: &Inner, host: &dyn Host, found: Vec<Self>) -> impl Future<Output = Result<(), HostError>> + Send;
}

/// Orders that changed.
impl Listed for FullOrder {
    fn reading(marks: &mut Marks) -> Reading<'_> {
        Reading { until: &mut marks.orders, read: &mut marks.orders_read }
    }

    fn changed_at(&self) -> Option<Instant> {
        self.updated
    }

    async fn ask(
        inner: &Inner,
        side: &ShopSide,
        now: Instant,
        from: Instant,
        page: Option<&str>,
    ) -> Result<Page<Self>, CallError> {
        let asked = async |token: Bearer, cipher: String| side.api.changed((&token.0, &cipher), now, from, page).await;
        inner.with_shop(asked).await
    }

    async fn take(inner: &Inner, host: &dyn Host, found: Vec<Self>) -> Result<(), HostError> {
        let events = found.into_iter().flat_map(FullOrder::events);
        let news: Vec<_> = events.filter(|(id, _)| !inner.own.was_told(id.as_str())).collect();
        if news.is_empty() {
            return Ok(());
        }
        metrics::counter!("chatsparks_tiktok_backfilled_total", "what" => "order").increment(news.len() as u64);
        inner.accept(host, news).await
    }
}

/// What was sent back: its order is asked for in full, as if a webhook had told of it.
impl Listed for Returned {
    fn reading(marks: &mut Marks) -> Reading<'_> {
        Reading { until: &mut marks.returns, read: &mut marks.returns_read }
    }

    fn changed_at(&self) -> Option<Instant> {
        self.updated
    }

    async fn ask(
        inner: &Inner,
        side: &ShopSide,
        now: Instant,
        from: Instant,
        page: Option<&str>,
    ) -> Result<Page<Self>, CallError> {
        let asked = async |token: Bearer, cipher: String| side.api.returns((&token.0, &cipher), now, from, page).await;
        inner.with_shop(asked).await
    }

    async fn take(inner: &Inner, host: &dyn Host, found: Vec<Self>) -> Result<(), HostError> {
        for back in found {
            let Some(order_id) = back.order_id.clone() else { continue };
            let Some((id, _)) = back.refund_of(&order_id) else { continue };
            if !inner.own.was_told(id.as_str()) {
                metrics::counter!("chatsparks_tiktok_backfilled_total", "what" => "refund").increment(1);
                inner.order_waits(host, order_id.as_str()).await?;
            }
        }
        Ok(())
    }
}
