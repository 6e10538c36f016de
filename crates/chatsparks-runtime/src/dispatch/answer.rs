//! What a platform's answer comes to: sent, failed, tried again, given up, or in doubt (O1, O4, O5, O8).

use super::Dispatcher;
use crate::pace;
use backon::{BackoffBuilder, ExponentialBuilder};
use chatsparks_core::{DmStage, Effect, Event, EventId, Instant, Period, Receipt};
use chatsparks_ports::{Attempt, Fault, Input, Looked, Ready, Settled, Stamp, Store};
use std::{sync::PoisonError, time::Duration};

/// The first wait after an attempt that may be tried again, and the longest.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(300);
/// Why an attempt that was not answered is made again.
const NO_ANSWER: &str = "no answer";
/// Sent within this span: what a forecast is made from.
const MEASURED: usize = 1_024;

/// What came of an attempt; none: no answer in time, so that nobody knows.
pub(super) type Answered = Option<Attempt>;

impl<S: Store> Dispatcher<S> {
    /// What is to be written down of an attempt that was looked for (O5); none: it stays in doubt.
    pub(super) fn found(&self, ready: &Ready, looked: Looked) -> Option<Settled> {
        let in_doubt = || Settled::Failed("in_doubt".to_owned());
        match looked {
            Looked::Sent => Some(Settled::Sent),
            // It is as if it had been refused: it waits a little, and is given up in the end.
            Looked::NotSent => Some(self.again(ready, None, Fault(NO_ANSWER.to_owned()), self.inner.guard.wall())),
            // It is not repeated: the buyer may have it already.
            Looked::CannotLook => Some(in_doubt()),
            Looked::NotNow => {
                let wall = self.inner.guard.wall();
                let given_up = self.tried_for(ready, wall) >= self.inner.settings.retry;
                given_up.then(in_doubt)
            }
        }
    }

    /// For how long an effect was tried, stops of the channel apart (O4).
    fn tried_for(&self, ready: &Ready, wall: Instant) -> Duration {
        let state = self.workspace.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
        state.stops.going(ready.first_attempt.unwrap_or(wall), wall)
    }

    /// What is to be written down of an attempt; none: it stays in doubt.
    pub(super) async fn settlement(&mut self, ready: &Ready, answered: Answered) -> Option<Settled> {
        let wall = self.inner.guard.wall();
        let attempt = match answered {
            None | Some(Attempt::InDoubt(_)) if self.channel.takes_keys() => {
                Attempt::Again(None, Fault(NO_ANSWER.to_owned()))
            }
            // O5: it may have been sent. It stays in doubt, and is looked for when its turn comes again.
            None | Some(Attempt::InDoubt(_)) => {
                tracing::warn!(workspace = %self.workspace.id, "an attempt is in doubt");
                return None;
            }
            Some(attempt) => attempt,
        };
        Some(match attempt {
            Attempt::Sent => {
                self.goes(wall).await;
                self.note(|state, _| {
                    state.sent.push_back(wall);
                    if state.sent.len() > MEASURED {
                        state.sent.pop_front();
                    }
                });
                Settled::Sent
            }
            Attempt::Failed(fault) => {
                self.goes(wall).await;
                Settled::Failed(fault.0)
            }
            Attempt::Again(hint, fault) => {
                self.goes(wall).await;
                metrics::counter!("chatsparks_retries_total").increment(1);
                self.again(ready, hint, fault, wall)
            }
            Attempt::InDoubt(_) => return None,
            Attempt::Stopped(fault) => {
                self.stands(wall, &fault.0).await;
                Settled::Again { not_before: wall, counts: false, why: fault.0 }
            }
        })
    }

    /// When it is tried again, or that it is given up (O4).
    fn again(&self, ready: &Ready, hint: Option<Duration>, fault: Fault, wall: Instant) -> Settled {
        if self.tried_for(ready, wall) >= self.inner.settings.retry {
            return Settled::Dead(fault.0);
        }
        let mut backoff = ExponentialBuilder::default();
        if let Some(seed) = self.inner.settings.seed {
            backoff = backoff.with_jitter_seed(seed.wrapping_add(wall.as_milliseconds().unsigned_abs()));
        }
        let backoff = backoff
            .with_min_delay(FIRST_RETRY)
            .with_max_delay(LONGEST_RETRY)
            .with_factor(2.0)
            .with_jitter()
            .without_max_times()
            .build()
            .nth(ready.attempts.min(12) as usize)
            .unwrap_or(LONGEST_RETRY);
        let wait = hint.map_or(backoff, |hint| pace::hinted(hint, ready.attempts));
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Settled::Again { not_before: wall.after(Period::milliseconds(wait)), counts: true, why: fault.0 }
    }
}

/// What the engine is told of a DM: an event that bears the log's latest `at` (O1).
pub(crate) fn receipt(effect: &Effect, id: &str, settled: &Settled) -> Option<Input> {
    let Effect::SendDm(_) = effect else { return None };
    let (status, detail) = match settled {
        Settled::Sent => (DmStage::Sent, None),
        Settled::Failed(why) => (DmStage::Failed, Some(why.as_str().into())),
        Settled::Again { .. } | Settled::Dead(_) => return None,
    };
    let event = Event::Receipt(Receipt { dm_id: id.into(), status, detail });
    Some(Input { id: EventId::from(format!("outcome:{id}")), stamp: Stamp::Latest, event })
}
