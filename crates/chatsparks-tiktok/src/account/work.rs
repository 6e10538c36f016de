//! What is done after deliveries were answered: texts and orders are asked for, tokens renewed, what was lost looked for.

use super::{Account, Inner, orders::Asked, period};
use crate::{
    call::{CallError, ListedComment},
    host::{Host, HostError},
    limits,
    spool::{Entry, Waiting, WaitingComment},
};
use chatsparks_core::{Instant, Period, PostId};
use governor::clock::{Clock as _, QuantaClock};
use std::{collections::BTreeMap, time::Duration};

/// Looked at in one go.
const AT_ONCE: usize = 200;
/// How often it is looked what other processes put there.
const LOOK_ELSEWHERE: Duration = Duration::from_secs(1);
/// Quotas are by the minute.
const NEXT_LOOK: Duration = Duration::from_secs(60);
/// How long it is waited for what is due next, before the clock is looked at again.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(1);
/// How long nothing is looked at, at most.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Where the platform had nothing of it so often, what is asked for is gone: within nine minutes.
const MISSES: u32 = 9;
/// The longest wait between two tries.
const LONGEST: Period = Period::minutes(5);

impl Account {
    /// Does what is to be done beside deliveries, until it is dropped: it loses nothing then.
    pub async fn run(self) {
        let inner = &*self.inner;
        let host = inner.attached().await;
        let waiting = async {
            loop {
                inner.until_leading(host).await;
                let pause = inner.work(host).await;
                // What other processes put there is looked for.
                let pause = if host.is_shared() { pause.min(LOOK_ELSEWHERE) } else { pause };
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = inner.spool.changed.notified() => {}
                }
            }
        };
        let tokens = async {
            loop {
                inner.keep_tokens(host).await;
                // Whoever does not lead waits for whoever does.
                let good = inner.health().business.is_none_or(|side| side.permission.authorised);
                let pause = if host.is_shared() && !good { LOOK_ELSEWHERE } else { Duration::from_secs(60) };
                tokio::time::sleep(pause).await;
                // Who does nothing for the workspace needs no token: it looks again when somebody asks how the account is.
                while host.part(inner.workspace()) <= 0.0 {
                    tokio::select! {
                        () = inner.asked.notified() => break,
                        () = tokio::time::sleep(LOOK_ELSEWHERE) => {}
                    }
                }
            }
        };
        let polling = async {
            let Some(every) = inner.settings.poll else { return std::future::pending().await };
            loop {
                inner.until_leading(host).await;
                let whole = inner.poll(host).await;
                // What did not fit into one look goes on as soon as the quotas have room again.
                tokio::time::sleep(if whole { every } else { every.min(NEXT_LOOK) }).await;
            }
        };
        let ((), (), ()) = tokio::join!(waiting, tokens, polling);
    }
}

impl Inner {
    /// Waits until this process is the one that does what one is to do.
    async fn until_leading(&self, host: &dyn Host) {
        while !host.leads(self.workspace()) {
            tokio::time::sleep(LOOK_ELSEWHERE).await;
        }
    }

    /// Does what is due; how long to wait until something next may be.
    async fn work(&self, host: &dyn Host) -> Duration {
        let now = self.now();
        let due = match self.spool.due(host, self.workspace(), now, AT_ONCE).await {
            Ok((due, next)) if due.is_empty() => {
                let Some(next) = next else { return LOOK_AGAIN };
                // The wall's clock may be set meanwhile.
                let wait = next.as_milliseconds() - now.as_milliseconds();
                return Duration::from_millis(wait.max(1).unsigned_abs()).min(LOOK_AT_THE_CLOCK);
            }
            Ok((due, _)) => due,
            Err(_) => return LOOK_AGAIN,
        };
        match self.work_off(host, due, now).await {
            Ok(()) => Duration::ZERO,
            // It stays where it is.
            Err(error) => error.retry_after.clamp(Duration::from_millis(100), LOOK_AGAIN),
        }
    }

    async fn work_off(&self, host: &dyn Host, due: Vec<(String, Entry)>, now: Instant) -> Result<(), HostError> {
        let (mut comments, mut orders) = (Vec::new(), Vec::new());
        for (key, entry) in due {
            match entry.what {
                Waiting::Answerable {} => self.drop_entry(host, &key).await?,
                Waiting::Order { refunds } => orders.push(Asked { key, due: entry.due, tries: entry.tries, refunds }),
                Waiting::Comment(comment) => comments.push((key, entry.tries, comment)),
            }
        }
        let mut asked: BTreeMap<PostId, Vec<(String, u32, WaitingComment)>> = BTreeMap::new();
        for (key, tries, comment) in comments {
            let id = key.strip_prefix("c:").unwrap_or(&key);
            if comment.text.is_some() && comment.user_id.is_some()
                || self.is_own(host, self.document().as_deref(), id, &comment).await
            {
                self.comment_is_due(host, &key, comment, false).await?;
            } else {
                asked.entry(comment.post_id.clone()).or_default().push((key, tries, comment));
            }
        }
        for (post, asked) in &asked {
            for some in asked.chunks(limits::COMMENTS_BY_ID.value) {
                self.ask_for_comments(host, post, some, now).await?;
            }
        }
        self.ask_for_orders(host, orders, now).await
    }

    /// A comment whose time has come, or whose text is known now.
    async fn comment_is_due(
        &self,
        host: &dyn Host,
        key: &str,
        mut comment: WaitingComment,
        own: bool,
    ) -> Result<(), HostError> {
        // Who is forgotten meanwhile has their comments handed on without what they wrote (R12).
        let _turn = self.handing_on.lock().await;
        if !self.spool.change(host, self.workspace(), key, |held| held.is_some()).await? {
            return Ok(());
        }
        let comment_id = key.strip_prefix("c:").unwrap_or(key).to_owned();
        let own = own || self.is_own(host, self.document().as_deref(), &comment_id, &comment).await;
        let word = format!("a:{comment_id}");
        let answerable = self.spool.change(host, self.workspace(), &word, |held| held.clone()).await?.is_some();
        comment.answerable |= answerable;
        self.hand_on(host, comment_id.into(), comment, own).await?;
        self.drop_entry(host, key).await?;
        if answerable {
            self.drop_entry(host, &word).await?;
        }
        Ok(())
    }

    async fn ask_for_comments(
        &self,
        host: &dyn Host,
        post: &PostId,
        asked: &[(String, u32, WaitingComment)],
        now: Instant,
    ) -> Result<(), HostError> {
        let ids: Vec<&str> = asked.iter().map(|(key, ..)| key.strip_prefix("c:").unwrap_or(key)).collect();
        let Some(side) = &self.business else {
            // The account was taken out of the configuration: it may come back.
            for (key, tries, _) in asked {
                self.later(host, key, *tries, now, &CallError::NotSent("there is no account")).await?;
            }
            return Ok(());
        };
        if let Err(not_until) = self.list_quotas.texts.check() {
            let wait = not_until.wait_time_from(QuantaClock::default().now());
            let error = CallError::Again { after: Some(wait), why: "the account asks as often as it may".to_owned() };
            for (key, tries, _) in asked {
                self.later(host, key, *tries, now, &error).await?;
            }
            return Ok(());
        }
        let listed =
            self.with_business(async |token| side.api.comments(&token.0, now, post.as_str(), &ids).await).await;
        metrics::counter!("chatsparks_tiktok_comments_asked_total").increment(ids.len() as u64);
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => {
                for (key, tries, _) in asked {
                    self.later(host, key, *tries, now, &error).await?;
                }
                return Ok(());
            }
        };
        for (key, tries, comment) in asked {
            let id = key.strip_prefix("c:").unwrap_or(key);
            match listed.iter().find(|listed| listed.comment_id == id) {
                Some(found) => self.comment_was_told(host, key, comment.clone(), found, now).await?,
                // Deleted meanwhile, or not listed yet.
                None => self.missed(host, key, *tries, now).await?,
            }
        }
        Ok(())
    }

    async fn comment_was_told(
        &self,
        host: &dyn Host,
        key: &str,
        mut comment: WaitingComment,
        found: &ListedComment,
        now: Instant,
    ) -> Result<(), HostError> {
        comment.text = comment.text.or_else(|| found.text.clone()).or_else(|| Some("".into()));
        comment.user_id = comment.user_id.or_else(|| found.user_id.clone());
        comment.handle = comment.handle.or_else(|| found.handle.clone());
        comment.at = comment.at.or(found.at);
        if comment.is_reply {
            comment.reply_to = comment.reply_to.or_else(|| found.parent.clone());
        }
        if found.owner
            && let Some(identifier) = &found.user_id
        {
            self.own.learn(host, self.workspace(), identifier.as_str()).await;
        }
        if comment.user_id.is_none() && !found.owner {
            // Nobody's: no decision can be about it.
            metrics::counter!("chatsparks_tiktok_given_up_total",).increment(1);
            return self.drop_entry(host, key).await;
        }
        if found.owner || comment.is_reply || comment.answerable || !self.waits_for_word(self.document().as_deref()) {
            return self.comment_is_due(host, key, comment, found.owner).await;
        }
        let due = now.after(self.comment_wait());
        let filled = self.spool.change(host, self.workspace(), key, |held| {
            if let Some(Entry { due: held_due, what: Waiting::Comment(held), .. }) = held {
                // Word may have come while it was asked for.
                let answerable = comment.answerable || held.answerable;
                *held_due = if answerable { now } else { due };
                *held = WaitingComment { answerable, ..comment.clone() };
            }
        });
        filled.await
    }

    /// It is tried again later.
    pub(super) async fn later(
        &self,
        host: &dyn Host,
        key: &str,
        tries: u32,
        now: Instant,
        error: &CallError,
    ) -> Result<(), HostError> {
        tracing::debug!(workspace = %self.workspace(), %error, "it is asked for again later");
        let wait = match error {
            CallError::Again { after: Some(after), .. } => period(*after).max(backoff(0)),
            _ => backoff(tries),
        };
        let due = now.after(wait.min(LONGEST));
        let put_off = self.spool.change(host, self.workspace(), key, |held| {
            if let Some(held) = held {
                (held.due, held.tries) = (due, tries.saturating_add(1));
            }
        });
        put_off.await
    }

    /// The platform has nothing of it: it is tried again, and given up in the end.
    pub(super) async fn missed(&self, host: &dyn Host, key: &str, tries: u32, now: Instant) -> Result<(), HostError> {
        let due = now.after(backoff(tries));
        let missed = self.spool.change(host, self.workspace(), key, |held| {
            let Some(entry) = held else { return false };
            (entry.due, entry.tries, entry.missed) = (due, tries.saturating_add(1), entry.missed.saturating_add(1));
            let gone = entry.missed >= MISSES;
            if gone {
                *held = None;
            }
            gone
        });
        if missed.await? {
            metrics::counter!("chatsparks_tiktok_given_up_total").increment(1);
        }
        Ok(())
    }

    pub(super) async fn drop_entry(&self, host: &dyn Host, key: &str) -> Result<(), HostError> {
        self.spool.change(host, self.workspace(), key, |held| *held = None).await
    }
}

/// A second, and twice as long each time.
fn backoff(tries: u32) -> Period {
    Period::milliseconds(1_000 << tries.min(9)).min(LONGEST)
}
