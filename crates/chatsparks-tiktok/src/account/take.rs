//! What a delivery becomes: events at once where all is known, and something that waits where it is not. Either is
//! durable before the delivery is answered (R1).

use super::{Account, Inner};
use crate::{
    call::CallError,
    host::{Host, HostError},
    spool::{Entry, Waiting, WaitingComment},
    thread::{Echo, digest},
    webhook::{
        AnswerableNews, BusinessNews, BusinessNotice, CommentAction, CommentNews, EchoNews, EchoSource, MessageNews,
        ShopNews, ShopNotice, signature::hex,
    },
};
use chatsparks_core::{
    Comment, CommentId, CommentOf, DmStage, Email, Event, EventId, Instant, MemberMessage, Message, Period, Receipt,
    Text, UserId,
    workspace::{MemberStatus, ReachMode, Role, Workspace},
};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The longest id of an event, in characters.
const LONGEST_ID: usize = 256;
/// How the ids of messages begin that a person wrote in TikTok's own app: they are sent already.
pub(crate) const WRITTEN_OUTSIDE: &str = "tiktok:echo:";
/// How long it is remembered that a comment may be answered which has not come yet.
const ANSWERABLE_KEPT: Period = Period::minutes(10);

/// How long after one another it is tried to mark a thread as read, where it did not succeed.
const MARKED_AGAIN: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];

/// The id of an event: of what kind it is, and the platform's own id.
pub(crate) fn event_id(kind: &str, id: &str) -> EventId {
    let whole = format!("tiktok:{kind}:{id}");
    if whole.chars().count() <= LONGEST_ID {
        return whole.into();
    }
    format!("tiktok:{kind}:sha256:{}", hex(&Sha256::digest(id.as_bytes()))).into()
}

impl Account {
    /// Takes a delivery of the Business API. What it says is durable when this answers (R1); a word for metrics.
    ///
    /// # Errors
    /// It was not taken, and may be sent again.
    pub async fn take(&self, notice: BusinessNotice) -> Result<&'static str, HostError> {
        let inner = &*self.inner;
        let host = inner.host()?;
        inner.heard_business();
        match notice.news {
            BusinessNews::Comment(news) => inner.take_comment(host, news).await,
            BusinessNews::Answerable(news) => inner.take_answerable(host, news).await,
            BusinessNews::Message(news) => self.take_message(host, news).await,
            BusinessNews::Echo(news) => inner.take_echo(host, news).await,
            BusinessNews::Read { user_id, until } => inner.take_read(host, &user_id, until).await,
            BusinessNews::Referral { user_id, conversation, .. } => {
                // No event tells of it; where the thread is, is worth knowing.
                inner.note_conversation(host, &user_id, conversation).await.map(|()| "referral")
            }
            BusinessNews::Unseen => Ok("unseen"),
            BusinessNews::Deauthorised { .. } => inner.revoke_business(host).await.map(|()| "deauthorised"),
            BusinessNews::Passed(what) => Ok(what),
        }
    }

    /// Takes a delivery of TikTok Shop. What it says is durable when this answers (R1); a word for metrics.
    ///
    /// # Errors
    /// It was not taken, and may be sent again.
    pub async fn take_shop(&self, notice: ShopNotice) -> Result<&'static str, HostError> {
        let inner = &*self.inner;
        let host = inner.host()?;
        inner.heard_shop();
        match notice.news {
            ShopNews::Order(order_id) => {
                let notification = notice.notification.map(|id| format!("notification:{id}"));
                if notification.as_ref().is_some_and(|id| inner.own.was_told(id)) {
                    return Ok("repeated");
                }
                inner.order_waits(host, order_id.as_str()).await?;
                notification.iter().for_each(|id| inner.own.tell(id));
                Ok("order")
            }
            ShopNews::Deauthorised => inner.revoke_shop(host).await.map(|()| "deauthorised"),
            ShopNews::Expiring => Ok("expiring"),
            ShopNews::Passed(what) => Ok(what),
        }
    }

    async fn take_message(&self, host: &dyn Host, news: MessageNews) -> Result<&'static str, HostError> {
        let inner = &*self.inner;
        let (conversation, at) = (news.conversation.clone(), news.at.unwrap_or_else(|| inner.now()));
        let noted = inner.threads.change(host, inner.workspace(), &news.user_id, |thread| {
            thread.conversation = conversation.clone().or_else(|| thread.conversation.take());
            thread.wrote = Some(thread.wrote.map_or(at, |wrote| wrote.max(at)));
            thread.conversation.clone()
        });
        let conversation = noted.await?;
        let message = Message {
            message_id: news.message_id.clone(),
            user_id: news.user_id,
            handle: news.handle,
            text: news.text,
            option: news.option,
        };
        let id = event_id("message", news.message_id.as_str());
        inner.accept(host, vec![(id, Event::Message(message))]).await?;
        if let Some(conversation) = conversation.filter(|_| inner.settings.mark_read) {
            let account = self.clone();
            tokio::spawn(async move { account.mark_read(&conversation).await });
        }
        Ok("message")
    }

    /// Marks a thread as read. Whether that succeeds changes nothing else; what may do so later is tried again.
    async fn mark_read(&self, conversation: &str) {
        let inner = &*self.inner;
        let Some(side) = &inner.business else { return };
        let mut waits = MARKED_AGAIN.iter();
        loop {
            let marked =
                inner.with_business(async |token| side.api.mark_read(&token.0, inner.now(), conversation).await);
            let Err(error) = marked.await else { return };
            tracing::debug!(workspace = %inner.workspace(), %error, "a thread could not be marked as read");
            let is_over = matches!(error, CallError::Refused(_) | CallError::Stopped(_));
            let Some(wait) = waits.next().filter(|_| !is_over) else { return };
            tokio::time::sleep(*wait).await;
        }
    }
}

impl Inner {
    /// An order is asked for in full, with what was sent back of it.
    pub(crate) async fn order_waits(&self, host: &dyn Host, order_id: &str) -> Result<(), HostError> {
        let (now, key) = (self.now(), format!("o:{order_id}"));
        let waits = self.spool.change(host, self.workspace(), &key, |held| {
            // Another instant than that of what may be asked for just now, which is then known not to be all.
            let same = held.as_ref().is_some_and(|held| held.due == now);
            let due = if same { now.after(Period::milliseconds(1)) } else { now };
            *held = Some(Entry { due, tries: 0, missed: 0, what: Waiting::Order { refunds: true } });
        });
        waits.await
    }

    /// Hands events on. They are durable when this answers.
    pub(crate) async fn accept(&self, host: &dyn Host, events: Vec<(EventId, Event)>) -> Result<(), HostError> {
        let ids: Vec<EventId> = events.iter().map(|(id, _)| id.clone()).collect();
        host.accept(self.workspace(), events).await?;
        ids.iter().for_each(|id| self.own.tell(id.as_str()));
        Ok(())
    }

    async fn take_comment(&self, host: &dyn Host, news: CommentNews) -> Result<&'static str, HostError> {
        if news.action == CommentAction::Went {
            let key = format!("c:{}", news.comment_id);
            let waited = self.spool.change(host, self.workspace(), &key, Option::take).await?;
            let user_id = news.user_id.or_else(|| match waited?.what {
                Waiting::Comment(comment) => comment.user_id,
                _ => None,
            });
            // Nobody can be asked any more whose it was.
            let Some(user_id) = user_id else { return Ok("comment_of_nobody") };
            let at = news.at.map_or(0, Instant::as_milliseconds);
            let id = event_id("gone", &format!("{}:{at}", news.comment_id));
            let event = Event::CommentRemoved(CommentOf { comment_id: news.comment_id, user_id });
            self.accept(host, vec![(id, event)]).await?;
            return Ok("comment_removed");
        }
        self.heard_of(host, &news.post_id).await;
        let (comment_id, is_reply) = (news.comment_id, news.is_reply);
        let comment = WaitingComment {
            post_id: news.post_id,
            user_id: news.user_id,
            handle: None,
            text: news.text,
            at: news.at,
            reply_to: news.reply_to,
            is_reply,
            answerable: false,
        };
        let whole = comment.text.is_some() && comment.user_id.is_some();
        let document = self.document();
        // What the account itself wrote is decided by whose it is.
        let own = self.is_own(host, document.as_deref(), comment_id.as_str(), &comment).await;
        if own || (whole && (is_reply || !self.waits_for_word(document.as_deref()))) {
            self.hand_on(host, comment_id, comment, own).await?;
            return Ok("comment");
        }
        // Word of it may have come first: then there is nothing to wait for.
        let (key, word) = (format!("c:{comment_id}"), format!("a:{comment_id}"));
        let known = self.spool.change(host, self.workspace(), &word, |held| held.is_some()).await?;
        let wait = if known || !whole { Period::ZERO } else { self.comment_wait() };
        let entry = Entry { due: self.now().after(wait), tries: 0, missed: 0, what: Waiting::Comment(comment) };
        let kept = self.spool.change(host, self.workspace(), &key, |held| {
            // One that waits already goes on waiting.
            held.get_or_insert_with(|| entry.clone());
        });
        kept.await?;
        Ok("comment_waits")
    }

    /// Whether comments wait for word that they may be answered.
    pub(crate) fn waits_for_word(&self, document: Option<&Workspace>) -> bool {
        let mode = document.map(|document| document.policy.reach.mode);
        mode == Some(ReachMode::CommentToMessage) && !self.settings.comment_wait.is_zero()
    }

    /// Whether the account itself wrote a comment.
    pub(crate) async fn is_own(
        &self,
        host: &dyn Host,
        document: Option<&Workspace>,
        comment_id: &str,
        comment: &WaitingComment,
    ) -> bool {
        let text = comment.text.as_ref().map(Text::as_str);
        if self.own.is_reply(comment_id, comment.reply_to.as_ref().map(CommentId::as_str), text) {
            return true;
        }
        let Some(user_id) = &comment.user_id else { return false };
        self.business.as_ref().is_some_and(|side| *user_id == *side.business_id)
            || document.is_some_and(|document| document.workspace.account_user_id == *user_id)
            || self.own.is(host, self.workspace(), user_id).await
    }

    /// Makes an event of a comment whose text and author are known.
    pub(crate) async fn hand_on(
        &self,
        host: &dyn Host,
        comment_id: CommentId,
        comment: WaitingComment,
        own: bool,
    ) -> Result<(), HostError> {
        let user_id = if own { self.account_user().or(comment.user_id) } else { comment.user_id };
        let Some(user_id) = user_id else { return Ok(()) };
        let id = event_id("comment", comment_id.as_str());
        let event = Event::Comment(Comment {
            comment_id,
            post_id: comment.post_id,
            user_id,
            handle: comment.handle,
            text: comment.text.unwrap_or_else(|| "".into()),
            posted_at: comment.at,
            reply_to: comment.reply_to,
            direct_reply: comment.answerable,
        });
        self.accept(host, vec![(id, event)]).await
    }

    async fn take_answerable(&self, host: &dyn Host, news: AnswerableNews) -> Result<&'static str, HostError> {
        let (key, now) = (format!("c:{}", news.comment_id), self.now());
        let waits = self.spool.change(host, self.workspace(), &key, |held| {
            let Some(Entry { due, what: Waiting::Comment(comment), .. }) = held else { return false };
            comment.answerable = true;
            comment.user_id.get_or_insert_with(|| news.user_id.clone());
            comment.handle = comment.handle.take().or_else(|| news.handle.clone());
            comment.text = comment.text.take().or_else(|| news.text.clone());
            *due = now;
            true
        });
        if waits.await? {
            return Ok("answerable");
        }
        // Should the comment come after its word, it is remembered for it.
        let entry = Entry { due: now.after(ANSWERABLE_KEPT), tries: 0, missed: 0, what: Waiting::Answerable {} };
        let key = format!("a:{}", news.comment_id);
        self.spool.change(host, self.workspace(), &key, |held| *held = Some(entry.clone())).await?;
        let id = event_id("answerable", news.comment_id.as_str());
        let event = Event::CommentAnswerable(CommentOf { comment_id: news.comment_id, user_id: news.user_id });
        self.accept(host, vec![(id, event)]).await?;
        Ok("answerable")
    }

    async fn take_echo(&self, host: &dyn Host, news: EchoNews) -> Result<&'static str, HostError> {
        let said = news.text.as_ref().map(Text::as_str).unwrap_or_default();
        let echo = Echo {
            message_id: news.message_id.to_string(),
            digest: digest(said),
            at: news.at.unwrap_or_else(|| self.now()),
        };
        let by_person = match news.source {
            EchoSource::Api | EchoSource::Automatic => false,
            EchoSource::Person => true,
            // What is on its way just now is this app's own.
            EchoSource::Unsaid => {
                !self.is_on_its_way(&news.user_id, &echo.digest)
                    && !self.is_on_its_way_elsewhere(host, &news.user_id, &echo.digest).await?
            }
        };
        let (conversation, automatic) = (news.conversation, news.source == EchoSource::Automatic);
        let noted = self.threads.change(host, self.workspace(), &news.user_id, |thread| {
            thread.conversation = conversation.clone().or_else(|| thread.conversation.take());
            let ours = thread.is_ours(&echo.message_id);
            if !by_person && !automatic {
                thread.note_echo(echo.clone());
            }
            ours
        });
        let ours = noted.await?;
        if automatic {
            return Ok("automatic_message");
        }
        if ours || !by_person {
            return Ok("echo");
        }
        let message = MemberMessage {
            message_id: news.message_id.clone(),
            user_id: news.user_id,
            member: self.app_member(),
            // A picture says nothing, and takes the conversation all the same.
            text: news.text.filter(|text| !text.as_str().trim().is_empty()).unwrap_or_else(|| "[…]".into()),
            link: None,
        };
        let id = event_id("echo", news.message_id.as_str());
        self.accept(host, vec![(id, Event::MemberMessage(message))]).await?;
        Ok("member_message")
    }

    /// Who writes in TikTok's own app: nobody says it.
    fn app_member(&self) -> Email {
        let first_owner = || {
            let document = self.document()?;
            let owner = |role: Role, status: MemberStatus| role == Role::Owner && status == MemberStatus::Active;
            let member = document.members.iter().find(|member| owner(member.role, member.status))?;
            Some(member.email.clone())
        };
        self.settings.app_member.clone().or_else(first_owner).unwrap_or_else(|| "tiktok-app".into())
    }

    async fn take_read(&self, host: &dyn Host, user_id: &UserId, until: Instant) -> Result<&'static str, HostError> {
        // Told before it is noted: what is told twice changes nothing.
        let mut thread = self.threads.get(host, self.workspace(), user_id).await?;
        let receipt = |effect: String| {
            let event = Receipt { dm_id: effect.as_str().into(), status: DmStage::Read, detail: None };
            (event_id("read", &effect), Event::Receipt(event))
        };
        let events: Vec<_> = thread.note_read(until).into_iter().map(receipt).collect();
        if !events.is_empty() {
            self.accept(host, events).await?;
            self.threads.change(host, self.workspace(), user_id, |thread| thread.note_read(until)).await?;
        }
        Ok("read")
    }

    async fn note_conversation(
        &self,
        host: &dyn Host,
        user_id: &UserId,
        conversation: Option<String>,
    ) -> Result<(), HostError> {
        let note = self.threads.change(host, self.workspace(), user_id, |thread| {
            thread.conversation = conversation.clone().or_else(|| thread.conversation.take());
        });
        note.await
    }
}
