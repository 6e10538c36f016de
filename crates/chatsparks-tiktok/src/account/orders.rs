//! Orders, asked for in full.

use super::Inner;
use crate::{
    call::CallError,
    host::{Host, HostError},
};
use chatsparks_core::{Event, EventId, Instant, OrderId};

/// By their ids in one call.
const AT_ONCE: usize = 50;

/// An order that is asked for.
pub(super) struct Asked {
    pub(super) key: String,
    /// Since when it waits: news that come meanwhile make it wait from then on, and it is asked for once more.
    pub(super) due: Instant,
    pub(super) tries: u32,
    pub(super) refunds: bool,
}

impl Inner {
    /// Asks for orders, and hands on what they are.
    pub(super) async fn ask_for_orders(
        &self,
        host: &dyn Host,
        orders: Vec<Asked>,
        now: Instant,
    ) -> Result<(), HostError> {
        let Some(side) = &self.shop else {
            // The shop was taken out of the configuration: it may come back.
            for Asked { key, tries, .. } in &orders {
                self.later(host, key, *tries, now, &CallError::NotSent("there is no shop")).await?;
            }
            return Ok(());
        };
        for some in orders.chunks(AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|asked| id_of(&asked.key)).collect();
            let asked = async |token: crate::call::Bearer, cipher: String| {
                side.api.orders((&token.0, &cipher), now, &ids).await
            };
            let found = match self.with_shop(asked).await {
                Ok(found) => found,
                Err(error) => {
                    for Asked { key, tries, .. } in some {
                        self.later(host, key, *tries, now, &error).await?;
                    }
                    continue;
                }
            };
            for Asked { key, due, tries, refunds } in some {
                let Some(order) = found.iter().find(|order| order.order.order_id == *id_of(key)).cloned() else {
                    self.missed(host, key, *tries, now).await?;
                    continue;
                };
                let (order_id, placed) = (order.order.order_id.clone(), order.placed);
                let mut events = order.events();
                let refunds = if *refunds && placed { self.refunds(&order_id, now).await } else { Ok(Vec::new()) };
                events.extend(refunds.as_ref().cloned().unwrap_or_default());
                // What this process has told already is no news; what an earlier one did is a duplicate (T3).
                events.retain(|(id, _)| !self.own.was_told(id.as_str()));
                if !events.is_empty() {
                    self.accept(host, events).await?;
                }
                if let Err(error) = refunds {
                    self.later(host, key, *tries, now, &error).await?;
                    continue;
                }
                // It may be told of again while it is asked for: that stays.
                let done = |held: &mut Option<crate::spool::Entry>| {
                    if held.as_ref().is_some_and(|held| held.due == *due) {
                        *held = None;
                    }
                };
                self.spool.change(host, self.workspace(), key, done).await?;
            }
        }
        Ok(())
    }

    /// Refunds of an order that are complete. Where the shop does not let them be asked for, there are none to be told.
    async fn refunds(&self, order_id: &OrderId, now: Instant) -> Result<Vec<(EventId, Event)>, CallError> {
        let Some(side) = &self.shop else { return Ok(Vec::new()) };
        let asked = async |token: crate::call::Bearer, cipher: String| {
            side.api.returns_of((&token.0, &cipher), now, order_id.as_str()).await
        };
        match self.with_shop(asked).await {
            Ok(returns) => Ok(returns.iter().filter_map(|back| back.refund_of(order_id)).collect()),
            Err(error @ (CallError::Stopped(_) | CallError::Refused(_))) => {
                tracing::warn!(workspace = %self.workspace(), %error, "refunds cannot be asked for");
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}

fn id_of(key: &str) -> &str {
    key.strip_prefix("o:").unwrap_or(key)
}
