//! What can be read while it runs: state, contacts, orders, the queue.

use crate::{Forecast, Runtime, dispatch::receipt, settings::ClockMode, workspace::WorkspaceState};
use chatsparks_core::{
    Head, Insights, Key, Row, WorkspaceId,
    final_state::{ContactState, MacState, OrderState},
};
use chatsparks_ports::{EffectState, QueueCount, Queued, Settled, Store, StoreError};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::PoisonError;

/// Rows read at once.
const PAGE: usize = 1_000;
/// Effects that are listed, and looked at for the forecast.
const LISTED: usize = 1_000;
const FORESEEN: usize = 100_000;

/// What waits, what was given up, what is in doubt, and when it will have gone (O6).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueView {
    /// How many stand where.
    pub counts: QueueCount,
    /// What waits, in the order in which it goes; the first thousand.
    pub waiting: Vec<Queued>,
    /// What was given up, and can be retried or dropped.
    pub dead_letters: Vec<Queued>,
    /// Attempts that were cut off.
    pub in_doubt: Vec<Queued>,
    /// When it will have gone.
    pub forecast: Forecast,
}

impl<S: Store> Runtime<S> {
    /// The state of a workspace, as `replay --state` writes it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn state(&self, workspace: &WorkspaceId) -> Result<Value, StoreError> {
        let head = self.head(workspace).await?;
        let (mut contacts, mut orders) = (Vec::new(), Vec::new());
        let store = self.store();
        let mut after: Option<String> = None;
        loop {
            let rows = store.rows(workspace, "contact", after.as_deref(), PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key().name());
            contacts.extend(rows.iter().filter_map(|row| match row {
                Row::Contact(contact) => Some(json!(ContactState::new(contact, &head))),
                _ => None,
            }));
        }
        let mut after: Option<String> = None;
        loop {
            let rows = store.rows(workspace, "order", after.as_deref(), PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key().name());
            orders.extend(rows.iter().filter_map(order_state));
        }
        Ok(json!({ "mac": MacState::new(&head), "contacts": contacts, "orders": orders }))
    }

    /// One contact, as in the state; none: they are not known.
    ///
    /// # Errors
    /// What the store says.
    pub async fn contact(&self, workspace: &WorkspaceId, user_id: &str) -> Result<Option<Value>, StoreError> {
        let head = self.head(workspace).await?;
        let row = self.store().row(workspace, &Key::Contact(user_id.into())).await?;
        Ok(row.and_then(|row| match row {
            Row::Contact(contact) => Some(json!(ContactState::new(&contact, &head))),
            _ => None,
        }))
    }

    /// One order, as in the state; none: it is not known.
    ///
    /// # Errors
    /// What the store says.
    pub async fn order(&self, workspace: &WorkspaceId, order_id: &str) -> Result<Option<Value>, StoreError> {
        let row = self.store().row(workspace, &Key::Order(order_id.into())).await?;
        Ok(row.as_ref().and_then(order_state))
    }

    /// How many contacts count in this cycle, of how many (M1 to M3).
    ///
    /// # Errors
    /// What the store says.
    pub async fn usage(&self, workspace: &WorkspaceId) -> Result<Head, StoreError> {
        self.head(workspace).await
    }

    /// What comments led to, since the workspace began (I1).
    ///
    /// # Errors
    /// What the store says.
    pub async fn insights(&self, workspace: &WorkspaceId) -> Result<Insights, StoreError> {
        let mut insights = Insights::new();
        for (number, by) in self.store().insights(workspace).await? {
            insights.apply(&number, by);
        }
        Ok(insights)
    }

    /// The head of the whole workspace: the terms are the same everywhere, and the counts add up.
    pub(crate) async fn head(&self, workspace: &WorkspaceId) -> Result<Head, StoreError> {
        let heads = self.store().heads(workspace).await?;
        let (mut clock, mut terms) = (chatsparks_core::Clock::default(), None::<chatsparks_core::Terms>);
        let (mut room, mut used) = (chatsparks_core::Room::default(), 0);
        for head in &heads {
            let mut cycle = None;
            for row in head {
                match row {
                    Row::Clock(of) if of.latest() >= clock.latest() => clock = *of,
                    Row::Terms(of) => {
                        cycle = of.cycle_start();
                        // A partition in which a cycle has begun already goes before one that it has not.
                        if cycle > terms.and_then(|terms| terms.cycle_start()) {
                            used = 0;
                        }
                        let key = |terms: &chatsparks_core::Terms| (terms.cycle_start(), terms.revision());
                        terms = terms.into_iter().chain([*of]).max_by_key(key);
                    }
                    Row::Room(of) if cycle >= terms.and_then(|terms| terms.cycle_start()) => {
                        used += of.used();
                        room = *of;
                    }
                    _ => {}
                }
            }
        }
        let fresh = || self.engine(workspace).map(|engine| engine.first_head());
        let terms = terms.or_else(|| fresh().map(|head| *head.terms()));
        let Some(terms) = terms else { return Err(StoreError::Unavailable("there is no such workspace".to_owned())) };
        Ok(Head::from_parts(clock, terms, room.with_used(used)))
    }

    /// How much waits to be sent. What began here and whose answer is waited for is in nobody's doubt: it counts among what
    /// waits.
    ///
    /// # Errors
    /// What the store says.
    pub async fn queue_count(&self, workspace: &WorkspaceId) -> Result<QueueCount, StoreError> {
        let begun = |state: &WorkspaceState| {
            state.channel_state.lock().unwrap_or_else(PoisonError::into_inner).begun.len() as u64
        };
        // Those that began by the time they are counted: one that is settled meanwhile is not counted.
        let begun = self.workspace(workspace).map_or(0, |state| begun(state));
        let mut count = self.store().count(workspace).await?;
        let begun = begun.min(count.in_doubt);
        (count.waiting, count.in_doubt) = (count.waiting + begun, count.in_doubt - begun);
        Ok(count)
    }

    /// What waits to be sent.
    ///
    /// # Errors
    /// What the store says.
    pub async fn queue(&self, workspace: &WorkspaceId) -> Result<QueueView, StoreError> {
        let store = self.store();
        // Before anything is counted: listing takes its time, in which effects go out.
        let now = self.inner.guard.wall();
        let counts = self.queue_count(workspace).await?;
        let mut waiting = store.list(workspace, EffectState::Waiting, FORESEEN).await?;
        let dead_letters = store.list(workspace, EffectState::Dead, LISTED).await?;
        let mut in_doubt = store.list(workspace, EffectState::InDoubt, LISTED).await?;
        let Some(state) = self.workspace(workspace) else {
            return Err(StoreError::Unavailable("there is no such workspace".to_owned()));
        };
        let forecast = {
            let channel = state.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
            in_doubt.retain(|queued| !channel.begun.contains(&queued.effect));
            let all = counts.waiting + counts.in_doubt;
            if state.channel.is_none() {
                Forecast { waiting: all, per_second: None, drained_at: None, too_late: 0, too_late_effects: Vec::new() }
            } else {
                let stands = (self.inner.settings.clock == ClockMode::Events).then(|| state.latest()).flatten();
                Forecast::new(all, &waiting, &channel, &state.rates, now, stands)
            }
        };
        waiting.truncate(LISTED);
        Ok(QueueView { counts, waiting, dead_letters, in_doubt, forecast })
    }

    /// Brings a dead letter back into the queue; false: there is none of this id.
    ///
    /// # Errors
    /// What the store says.
    pub async fn retry(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        let revived = self.store().revive(workspace, effect).await?;
        if let Some(state) = self.workspace(workspace) {
            state.queued.notify_one();
        }
        Ok(revived)
    }

    /// Drops an effect that has no outcome yet; false: there is none of this id.
    ///
    /// # Errors
    /// What the store says.
    pub async fn drop_effect(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        let Some((key, found)) = self.store().find(workspace, effect).await? else { return Ok(false) };
        let settled = Settled::Failed("dropped".to_owned());
        let receipt = receipt(&found, &key.id, &settled);
        let dropped = self.store().settle(&key, settled, receipt).await?;
        if let Some(state) = self.workspace(workspace) {
            state.tell_of_events();
            state.queued.notify_one();
        }
        Ok(dropped)
    }
}

fn order_state(row: &Row) -> Option<Value> {
    match row {
        Row::Order(id, entry) => Some(json!(OrderState::new(id, entry))),
        _ => None,
    }
}
