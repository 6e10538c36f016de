//! Ingress: events are stamped and logged, and then acknowledged (R1, R2, R9).

use crate::{Runtime, configure::decided, settings::ClockMode, workspace::WorkspaceState};
use chatsparks_core::{Event, EventId, Instant, Period, WorkspaceId};
use chatsparks_ports::{Input, Stamp, Store, StoreError};
use governor::{
    InsufficientCapacity,
    clock::{Clock as _, DefaultClock},
};
use std::{sync::atomic::Ordering, time::Duration};

/// Events that bring an `at` further ahead of the wall than this are refused (R2).
const AHEAD: Period = Period::minutes(5);

/// An event that came in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// Its own `at`, where its source is trusted to bring it; else it is stamped.
    pub at: Option<Instant>,
    /// What happened.
    pub event: Event,
}

/// Why events were not accepted: none of them was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// There is no such workspace.
    #[error("there is no such workspace")]
    UnknownWorkspace,
    /// An event is more than five minutes ahead of the clock.
    #[error("event {index} is at {at}, more than 5 minutes ahead of the clock")]
    AheadOfTime {
        /// Which, counted from 0.
        index: usize,
        /// Its `at`.
        at: Instant,
    },
    /// The machine's clock was stepped by over ten minutes, and nobody has confirmed it.
    #[error("the machine's clock jumped: it has to be confirmed before events are stamped by it")]
    ClockStepped,
    /// More events came than the workspace's quota admits.
    #[error("more events came than the quota of this workspace admits")]
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// One body brought more events than the workspace's quota ever admits at once.
    #[error("the quota of this workspace admits {most} events at once: send them in parts")]
    TooManyAtOnce {
        /// How many may come at once.
        most: u32,
    },
    /// The service stops.
    #[error("the service is stopping")]
    Stopping,
    /// The log could not take them.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: Store> Runtime<S> {
    /// Accepts events, all or none. They are durable when this answers, and are decided exactly once (R1).
    ///
    /// # Errors
    /// Why none of them was accepted.
    pub async fn accept(&self, workspace: &WorkspaceId, events: Vec<NewEvent>) -> Result<usize, AcceptError> {
        let state = self.workspace(workspace).ok_or(AcceptError::UnknownWorkspace)?;
        if self.inner.is_stopping() {
            return Err(AcceptError::Stopping);
        }
        if let Some(quota) = &state.quota
            && let Some(count) = std::num::NonZeroU32::new(u32::try_from(events.len()).unwrap_or(u32::MAX))
        {
            match quota.check_n(count) {
                Ok(Ok(())) => {}
                Ok(Err(not_until)) => {
                    let retry_after = not_until.wait_time_from(DefaultClock::default().now());
                    return Err(AcceptError::TooMany { retry_after: retry_after.max(Duration::from_secs(1)) });
                }
                Err(InsufficientCapacity(most)) => return Err(AcceptError::TooManyAtOnce { most }),
            }
        }
        let count = events.len();
        if events.iter().any(|event| matches!(event.event, Event::Configure(_))) {
            // Documents are followed one after another, so that each knows which revision it follows.
            let mut revisions = state.revisions.lock().await;
            let _alone = self.alone_with(state, &mut revisions).await?;
            let decided = decided(&*self.inner.store, workspace, &events).await?;
            let ahead = revisions.follow(&events, &decided);
            self.log(state, events).await?;
            *revisions = ahead;
        } else {
            self.log(state, events).await?;
        }
        Ok(count)
    }

    pub(crate) async fn log(&self, state: &WorkspaceState, events: Vec<NewEvent>) -> Result<(), AcceptError> {
        let inputs = self.stamped(events)?;
        let count = inputs.len() as u64;
        self.log_inputs(state, inputs).await?;
        metrics::counter!("chatsparks_accepted_total").increment(count);
        Ok(())
    }

    /// Logs events where they belong: a sole partition takes all of them (R3, R4).
    pub(crate) async fn log_inputs(&self, state: &WorkspaceState, inputs: Vec<Input>) -> Result<(), AcceptError> {
        self.inner.sharing.until_heard(self.inner.settings.takeover).await?;
        let store = &self.inner.store;
        let waiting = match state.shards.as_slice() {
            [sole] => {
                let inputs = inputs.into_iter().map(|input| (sole.shard.clone(), input));
                store.append(inputs.collect()).await.map(|_| 0)
            }
            _ => {
                let count = inputs.len();
                let routed = store.route(&state.id, &state.account(), inputs).await;
                routed.map(|routed| count - routed.appended)
            }
        };
        self.inner.note_store(waiting.as_ref().err());
        let waiting = waiting?;
        // What took long may have come where nobody reads any more: then it is not acknowledged.
        self.inner.sharing.until_heard(self.inner.settings.takeover).await?;
        if waiting > 0 {
            state.waiting.fetch_add(waiting as i64, Ordering::Relaxed);
            state.has_to_wait.notify_one();
        }
        self.inner.pulse.logged();
        state.tell_of_events();
        Ok(())
    }

    fn stamped(&self, events: Vec<NewEvent>) -> Result<Vec<Input>, AcceptError> {
        let wall = self.inner.guard.wall();
        let mut inputs = Vec::with_capacity(events.len());
        for (index, NewEvent { id, at, event }) in events.into_iter().enumerate() {
            let stamp = match at.filter(|_| self.inner.settings.trust_at) {
                Some(at) if self.inner.settings.clock == ClockMode::Wall && at > wall.after(AHEAD) => {
                    return Err(AcceptError::AheadOfTime { index, at });
                }
                Some(at) => Stamp::Brought(at),
                None => Stamp::Received(self.inner.guard.stamp().ok_or(AcceptError::ClockStepped)?),
            };
            inputs.push(Input { id, stamp, event });
        }
        Ok(inputs)
    }
}
