//! The channel: what was decided goes out as replies and messages (O).
//!
//! TikTok takes no idempotency key. Whether an attempt that was not answered has sent something is found by the echo of
//! every message, and by what the platform lists (O5).

use crate::{
    account::{Account, Inner, WRITTEN_OUTSIDE},
    call::{CallError, Outgoing, To},
    host::HostError,
    limits, message,
    pace::Turns,
    thread::{Thread, digest},
};
use chatsparks_core::{CommentId, Effect, Instant, Period, SendDm};
use chatsparks_ports::{Attempt, Channel, Delivery, DynChannel, Fault, Looked};
use std::{fmt, sync::Arc, time::Duration};

/// How long an echo is waited for where an answer was lost.
const ECHO: Duration = Duration::from_secs(3);
/// By how much the platform's clock may be behind ours.
pub(crate) const SKEW: Period = Period::seconds(30);

/// Sends what was decided for one workspace.
pub struct TikTokChannel {
    account: Account,
    notices: Option<Arc<dyn DynChannel>>,
    turns: Turns,
}

impl fmt::Debug for TikTokChannel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TikTokChannel").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Account {
    /// Its channel. TikTok has no place for what is told to the inbox and the owners: it goes to another channel.
    pub fn channel(&self, notices: Option<Arc<dyn DynChannel>>) -> TikTokChannel {
        TikTokChannel { account: self.clone(), notices, turns: Turns::default() }
    }
}

impl Channel for TikTokChannel {
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        match &delivery.effect {
            Effect::PublicReply { comment_id, text } => self.reply(delivery, comment_id, text.as_str()).await,
            Effect::SendDm(dm) => self.send(delivery, dm).await,
            Effect::NotifyInbox { .. } | Effect::NotifyOwners { .. } => match &self.notices {
                Some(notices) => notices.perform(delivery).await,
                None => failed("nobody is told: TikTok has no place for it, and no `[workspace.http]` is there"),
            },
        }
    }

    fn takes_keys(&self) -> bool {
        false
    }

    async fn look(&self, delivery: &Delivery) -> Looked {
        // INVARIANT: an attempt begins before it is in doubt.
        let since = delivery.first_attempt.unwrap_or(Instant::from_milliseconds(0)).before(SKEW);
        match &delivery.effect {
            Effect::PublicReply { comment_id, text } => {
                let Some(post_id) = &delivery.context.post_id else { return Looked::NotSent };
                self.inner().look_for_reply((post_id.as_str(), comment_id.as_str()), text.as_str(), since).await
            }
            Effect::SendDm(dm) => {
                // With buttons or without: an attempt that is over does not say.
                let mut said: Vec<_> = [true, false].into_iter().filter_map(|buttons| self.said(dm, buttons)).collect();
                said.dedup_by(|one, other| one.text == other.text);
                let mut looked = Looked::NotSent;
                for said in &said {
                    let known = digest(&said.text);
                    looked = self.inner().look_for_message(&delivery.key.id, &dm.user_id, &known, since).await;
                    if looked != Looked::NotSent {
                        break;
                    }
                }
                looked
            }
            // It takes a key, or was never sent.
            Effect::NotifyInbox { .. } | Effect::NotifyOwners { .. } => Looked::NotSent,
        }
    }
}

impl TikTokChannel {
    fn inner(&self) -> &Inner {
        &self.account.inner
    }

    async fn reply(&self, delivery: &Delivery, comment_id: &CommentId, text: &str) -> Attempt {
        let inner = self.inner();
        let Some(post_id) = &delivery.context.post_id else {
            return failed("it is not known under which post the comment stands");
        };
        let most = limits::ACCOUNT_CALLS_PER_MINUTE.value;
        if let Err(wait) = self.turns.take(&delivery.key.id, most, inner.part()) {
            return Attempt::Again(Some(wait), Fault("the account replies as often as it may".to_owned()));
        }
        let Some(side) = &inner.business else { return stopped() };
        let text: String = text.chars().take(inner.settings.public_reply).collect();
        let began = inner.now();
        inner.own.replies(comment_id.as_str(), &text);
        let place = (post_id.as_str(), comment_id.as_str());
        let replied =
            inner.with_business(async |token| side.api.reply(&token.0, inner.now(), place, &text).await).await;
        match replied {
            Ok((reply, identifier)) => {
                reply.iter().for_each(|reply| inner.own.replied(reply));
                if let (Some(identifier), Ok(host)) = (identifier, inner.host()) {
                    inner.own.learn(host, inner.workspace(), &identifier).await;
                }
                Attempt::Sent
            }
            Err(CallError::Unknown(why)) => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let looked = inner.look_for_reply(place, &text, began.before(SKEW)).await;
                after(looked, why)
            }
            Err(error) => error.attempt(),
        }
    }

    async fn send(&self, delivery: &Delivery, dm: &SendDm) -> Attempt {
        let (inner, effect) = (self.inner(), &delivery.key.id);
        if dm.member.is_some() && effect.starts_with(WRITTEN_OUTSIDE) {
            // A person wrote it in TikTok's own app: the buyer has it.
            return Attempt::Sent;
        }
        let (host, side) = match (inner.host(), &inner.business) {
            (Ok(host), Some(side)) => (host, side),
            (Err(error), _) => return not_now(error),
            (_, None) => return stopped(),
        };
        let thread = match inner.threads.get(host, inner.workspace(), &dm.user_id).await {
            Ok(thread) => thread,
            Err(error) => return not_now(error),
        };
        if thread.has_sent(effect) {
            return Attempt::Sent;
        }
        let Some(to) = self.way(&thread, delivery) else {
            return failed("no thread with this buyer is known: they have to write first");
        };
        let Some(said) = self.said(dm, matches!(to, To::Thread(_))) else { return failed("there is nothing to say") };
        let (began, known) = (inner.now(), digest(&said.text));
        let _on_its_way = inner.on_its_way(&dm.user_id, &known);
        if host.is_shared() {
            // Its echo may come to another process.
            let noted = inner.threads.change(host, inner.workspace(), &dm.user_id, |thread| thread.goes(&known, began));
            if let Err(error) = noted.await {
                return not_now(error);
            }
        }
        let sent = inner.with_business(async |token| side.api.send(&token.0, inner.now(), &to, &said).await).await;
        match sent {
            Ok(message_id) => {
                let noted = inner.threads.change(host, inner.workspace(), &dm.user_id, |thread| {
                    thread.note_sent(effect, message_id.clone(), began);
                });
                if let Err(error) = noted.await {
                    // It is sent all the same; only that it was read may not be known.
                    tracing::warn!(workspace = %inner.workspace(), %error, "a sent message could not be noted");
                }
                Attempt::Sent
            }
            Err(CallError::Unknown(why)) => {
                let since = began.before(Period::seconds(2));
                let echoed = async {
                    while !matches!(inner.echoed(effect, &dm.user_id, &known, since).await, Ok(true)) {
                        tokio::time::sleep(Duration::from_millis(250)).await;
                    }
                };
                if tokio::time::timeout(ECHO, echoed).await.is_ok() {
                    return Attempt::Sent;
                }
                after(inner.look_for_message(effect, &dm.user_id, &known, began.before(SKEW)).await, why)
            }
            Err(error) => error.attempt(),
        }
    }

    /// Where a message goes: into the thread while the buyer's window may be open, else as the answer to their comment.
    fn way<'a>(&self, thread: &'a Thread, delivery: &'a Delivery) -> Option<To<'a>> {
        let inner = self.inner();
        let hours = inner.document().map_or(48, |document| document.policy.reach.window_hours);
        let open = thread.wrote.is_some_and(|wrote| inner.now() < wrote.after(Period::hours(hours)));
        let known = thread.conversation.as_deref().map(To::Thread);
        let answer = delivery.context.answers_comment.as_ref().map(|comment| To::Comment(comment.as_str()));
        if open { known.or(answer) } else { answer.or(known) }
    }

    fn said(&self, dm: &SendDm, buttons: bool) -> Option<Outgoing> {
        let (inner, document) = (self.inner(), self.inner().document());
        message::write(dm, document.as_deref(), inner.settings.shop_url.as_deref(), buttons)
    }
}

/// What an attempt that was not answered came to, as far as looking says.
fn after(looked: Looked, why: &str) -> Attempt {
    match looked {
        Looked::Sent => Attempt::Sent,
        Looked::NotSent => Attempt::Again(None, Fault(why.to_owned())),
        Looked::CannotLook | Looked::NotNow => Attempt::InDoubt(Fault(why.to_owned())),
    }
}

fn failed(why: &str) -> Attempt {
    Attempt::Failed(Fault(why.to_owned()))
}

fn stopped() -> Attempt {
    Attempt::Stopped(Fault("no TikTok account is configured: add `[workspace.tiktok]`".to_owned()))
}

fn not_now(error: HostError) -> Attempt {
    Attempt::Again(Some(error.retry_after), Fault(error.why))
}
