//! Posts that the document does not list: each counts as new (C1), so that comments are looked for under it too. They are
//! known by the webhooks that told of comments under them, and by the platform's list of the account's videos.

use crate::{
    account::Inner,
    host::{Host, HostError},
    note::{self, Known},
};
use chatsparks_core::{Instant, Period, PostId, workspace::Workspace};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

const NAME: &str = "tiktok_posts";
/// Remembered at most: the newest. A look at so many takes ten minutes of its quota.
const MOST: usize = 100;
/// A post that is heard of again and again is noted so often.
const NOTED_AGAIN: Period = Period::hours(1);
/// How long before the first comment that was told of others are looked for: deliveries come again for as long.
const LOST_BEFORE: Period = Period::hours(72);
/// How often the platform's list is read, at most.
const LISTED_AGAIN: Period = Period::minutes(1);
/// Pages of that list in one look; some may hold less than twenty.
const PAGES: usize = 10;

/// What is remembered of such posts.
#[derive(Default)]
pub(crate) struct Posts {
    /// Until when it need not be noted again that a post was heard of.
    heard: Mutex<BTreeMap<PostId, Instant>>,
    note: tokio::sync::Mutex<Known>,
}

/// The note.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Noted {
    #[serde(default)]
    posts: BTreeMap<PostId, Seen>,
    /// When the platform's list was read last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listed: Option<Instant>,
}

/// A post as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    /// Since when comments under it are looked for.
    since: Instant,
    /// When it was published, or last heard of.
    last: Instant,
}

impl Noted {
    fn see(&mut self, post: &PostId, seen: Seen) {
        let known = self.posts.entry(post.clone()).or_insert(seen);
        *known = Seen { since: known.since.min(seen.since), last: known.last.max(seen.last) };
    }

    fn hear(&mut self, post: &PostId, now: Instant) {
        if self.posts.get(post).is_none_or(|known| known.last.after(NOTED_AGAIN) <= now) {
            self.see(post, Seen { since: now.before(LOST_BEFORE), last: now });
        }
        self.keep_the_newest();
    }

    /// Forgets what the document lists, and what is not listened to any more (C1).
    fn forget(&mut self, document: &Workspace, now: Instant) {
        let window = window(document);
        let listed = |post: &PostId| document.posts.iter().any(|listed| listed.id == *post);
        self.posts.retain(|post, seen| window.is_none_or(|window| now < seen.last.after(window)) && !listed(post));
        self.keep_the_newest();
    }

    fn keep_the_newest(&mut self) {
        while self.posts.len() > MOST {
            let oldest = self.posts.iter().min_by_key(|(_, seen)| seen.last).map(|(post, _)| post.clone());
            oldest.map(|post| self.posts.remove(&post));
        }
    }
}

/// For how long posts are listened to (C1); none: for ever.
pub(crate) fn window(document: &Workspace) -> Option<Period> {
    document.plan.as_ref().map(|plan| Period::days(plan.listening_window_days))
}

impl Inner {
    /// A webhook told of a comment under a post. Where that cannot be noted now, the next one is.
    pub(crate) async fn heard_of(&self, host: &dyn Host, post: &PostId) {
        let now = self.now();
        let known = self.posts.heard.lock().unwrap_or_else(PoisonError::into_inner).get(post).copied();
        if known.is_some_and(|until| now < until) {
            return;
        }
        let listed = self.document().is_some_and(|document| document.posts.iter().any(|listed| listed.id == *post));
        if !listed {
            let mut known = self.posts.note.lock().await;
            let noted = note::change::<Noted, _>(host, (self.workspace(), NAME), &mut known, |noted| {
                noted.hear(post, now);
            });
            if let Err(error) = noted.await {
                tracing::debug!(workspace = %self.workspace(), %error, "a post is noted later");
                return;
            }
        }
        let mut heard = self.posts.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() >= 10 * MOST {
            heard.retain(|_, until| now < *until);
        }
        heard.insert(post.clone(), now.after(NOTED_AGAIN));
    }

    /// The posts that the document does not list and that are listened to, each with since when comments are looked for
    /// under it.
    pub(crate) async fn unlisted_posts(
        &self,
        host: &dyn Host,
        document: &Workspace,
        now: Instant,
    ) -> Result<BTreeMap<PostId, Instant>, HostError> {
        let mut known = self.posts.note.lock().await;
        let listed = note::change::<Noted, _>(host, (self.workspace(), NAME), &mut known, |noted| noted.listed).await?;
        let found = match listed.is_none_or(|listed| listed.after(LISTED_AGAIN) <= now) {
            true => self.videos(document, now).await,
            false => None,
        };
        let posts = note::change::<Noted, _>(host, (self.workspace(), NAME), &mut known, |noted| {
            for (post, published) in found.iter().flatten() {
                noted.see(post, Seen { since: *published, last: *published });
            }
            if found.is_some() {
                noted.listed = Some(now);
            }
            noted.forget(document, now);
            noted.posts.iter().map(|(post, seen)| (post.clone(), seen.since)).collect()
        });
        posts.await
    }

    /// The newest videos of the account that are listened to, as the platform lists them; none: it does not say.
    async fn videos(&self, document: &Workspace, now: Instant) -> Option<Vec<(PostId, Instant)>> {
        let side = self.business.as_ref()?;
        let window = window(document);
        let (mut found, mut before) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.with_business(async |token| side.api.videos(&token.0, now, before).await).await;
            let page = match page {
                Ok(page) => page,
                // Its scope may be missing: posts are known by webhooks all the same.
                Err(error) => {
                    tracing::debug!(workspace = %self.workspace(), %error, "videos are not listed");
                    return None;
                }
            };
            let young = |(_, published): &(PostId, Instant)| window.is_none_or(|window| now < published.after(window));
            // Newest first: where all are old, those after them are older still.
            let is_past = !page.videos.is_empty() && !page.videos.iter().any(young);
            found.extend(page.videos.into_iter().filter(young).take(MOST - found.len()));
            before = page.next;
            if before.is_none() || is_past || found.len() >= MOST {
                break;
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(days: i64) -> Workspace {
        serde_json::from_value(json!({
            "schema": 1,
            "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
            "plan": { "mac_limit": 10, "subscribed_at": "2026-01-31T09:00:00Z", "listening_window_days": days },
            "posts": [{ "id": "listed", "kind": "video", "published_at": "2020-01-01T00:00:00Z" }],
            "triggers": [], "flows": [],
        }))
        .expect("a document")
    }

    #[test]
    fn c1_posts_are_remembered_while_they_are_listened_to_and_no_more_than_a_hundred() {
        let now = Instant::from_milliseconds(1_800_000_000_000);
        let mut noted = Noted::default();
        noted.hear(&"listed".into(), now);
        noted.hear(&"heard".into(), now);
        noted.see(&"video".into(), Seen { since: now.before(Period::days(29)), last: now.before(Period::days(29)) });
        let posts = |noted: &Noted, now: Instant| {
            let mut noted = noted.clone();
            noted.forget(&document(30), now);
            noted.posts.into_keys().map(|post| post.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(posts(&noted, now), ["heard", "video"], "those that the document lists are looked at anyway");
        assert_eq!(posts(&noted, now.after(Period::days(1)).before(Period::milliseconds(1))), ["heard", "video"]);
        assert_eq!(posts(&noted, now.after(Period::days(1))), ["heard"]);
        assert!(posts(&noted, now.after(Period::days(30))).is_empty());
        // Heard of again within the hour, the note stays as it is; the first comment says since when it is looked.
        let before = noted.clone();
        noted.hear(&"heard".into(), now.after(Period::minutes(59)));
        assert_eq!(noted, before);
        noted.hear(&"heard".into(), now.after(Period::hours(1)));
        assert_eq!(noted.posts[&PostId::from("heard")].since, now.before(LOST_BEFORE));
        for number in 0..200 {
            noted.hear(&format!("p{number}").as_str().into(), now.after(Period::days(2)));
        }
        assert_eq!(noted.posts.len(), MOST);
        assert!(!noted.posts.contains_key(&PostId::from("video")), "the oldest goes first");
    }
}
