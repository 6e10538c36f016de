//! Orders, asked for in full.

use super::Inner;
use crate::{
    call::{CallError, order::refunds},
    host::{Host, HostError},
};
use chatsparks_core::{Instant, OrderId};

/// By their ids in one call.
const AT_ONCE: usize = 50;

impl Inner {
    /// Asks for orders, and hands on what they are.
    pub(super) async fn ask_for_orders(
        &self,
        host: &dyn Host,
        orders: Vec<(String, u32, bool)>,
        now: Instant,
    ) -> Result<(), HostError> {
        let Some(side) = &self.shop else {
            // The shop was taken out of the configuration: it may come back.
            for (key, tries, _) in &orders {
                self.later(host, key, *tries, now, &CallError::NotSent("there is no shop")).await?;
            }
            return Ok(());
        };
        for some in orders.chunks(AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|(key, ..)| id_of(key)).collect();
            let asked = async |token: crate::call::Bearer, cipher: String| {
                side.api.orders((&token.0, &cipher), now, &ids).await
            };
            let found = match self.with_shop(asked).await {
                Ok(found) => found,
                Err(error) => {
                    for (key, tries, _) in some {
                        self.later(host, key, *tries, now, &error).await?;
                    }
                    continue;
                }
            };
            for (key, tries, with_refunds) in some {
                let Some(order) = found.iter().find(|order| order.order.order_id == *id_of(key)).cloned() else {
                    self.missed(host, key, *tries, now).await?;
                    continue;
                };
                let (order_id, placed) = (order.order.order_id.clone(), order.placed);
                let mut events = order.events();
                if *with_refunds && placed {
                    events.extend(self.refunds(&order_id, now).await);
                }
                // What this process has told already is no news; what an earlier one did is a duplicate (T3).
                events.retain(|(id, _)| !self.own.was_told(id.as_str()));
                if !events.is_empty() {
                    self.accept(host, events).await?;
                }
                self.drop_entry(host, key).await?;
            }
        }
        Ok(())
    }

    /// Refunds of an order that are complete. Where they cannot be asked for now, the next word of it asks again.
    async fn refunds(
        &self,
        order_id: &OrderId,
        now: Instant,
    ) -> Vec<(chatsparks_core::EventId, chatsparks_core::Event)> {
        let Some(side) = &self.shop else { return Vec::new() };
        let asked = async |token: crate::call::Bearer, cipher: String| {
            side.api.refunds((&token.0, &cipher), now, order_id.as_str()).await
        };
        match self.with_shop(asked).await {
            Ok(returns) => refunds(order_id, &returns),
            Err(error) => {
                tracing::debug!(workspace = %self.workspace(), %error, "refunds could not be asked for");
                Vec::new()
            }
        }
    }
}

fn id_of(key: &str) -> &str {
    key.strip_prefix("o:").unwrap_or(key)
}
