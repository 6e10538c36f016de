//! A workspace of many partitions, all of them in one thread: what one driver gives is held against it.
//!
//! Which partition an event goes to is looked up at once here; a runtime lets events hop (R4). The pool gives room by
//! need (R7).

use chatsparks_core::{
    Engine, Envelope, Event, EventId, Grant, Instant, OrderId, Partition, Scratch, UserId, home_partition,
    workspace::Workspace,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// A workspace in so many partitions.
pub struct Partitioned {
    workspace: chatsparks_core::WorkspaceId,
    /// Each partition, and all that happened to it, grants included.
    pub partitions: Vec<(Partition, Vec<Envelope>)>,
    scratch: Scratch,
    shop_users: BTreeMap<String, UserId>,
    orders: BTreeMap<OrderId, usize>,
    dms: BTreeMap<String, usize>,
    /// What was granted of the limit, in which cycle.
    granted: BTreeMap<Instant, u64>,
    grants: usize,
    /// Every record, with its partition.
    pub records: Vec<(usize, Value)>,
    limited: bool,
}

impl Partitioned {
    /// A workspace to which nothing has happened.
    ///
    /// # Panics
    /// When the workspace does not compile: generated ones do.
    #[expect(clippy::panic, reason = "a test's own mistake is told where it is made")]
    pub fn new(workspace: &Workspace, partitions: usize) -> Self {
        let engine = Engine::compile(workspace.clone()).unwrap_or_else(|error| panic!("{error}"));
        Self {
            workspace: workspace.workspace.id.clone(),
            partitions: (0..partitions).map(|_| (Partition::whole(engine.clone()), Vec::new())).collect(),
            scratch: Scratch::default(),
            shop_users: BTreeMap::new(),
            orders: BTreeMap::new(),
            dms: BTreeMap::new(),
            granted: BTreeMap::new(),
            grants: 0,
            records: Vec::new(),
            limited: workspace.plan.is_some(),
        }
    }

    /// Lets an event happen where it belongs.
    pub fn happens(&mut self, envelope: &Envelope) {
        let all = 0..self.partitions.len();
        let home = |key: &str| home_partition(&self.workspace, key, self.partitions.len() as u32) as usize;
        let places: Vec<usize> = match &envelope.event {
            Event::Configure(_) | Event::Clock | Event::Grant(_) => all.collect(),
            Event::Receipt(receipt) => {
                let dm = receipt.dm_id.as_str();
                vec![self.dms.get(dm).copied().unwrap_or_else(|| home(dm))]
            }
            Event::Order(order) => {
                let borne = home(order.user_id.as_str());
                let is_known = self.partitions[borne].0.contact(order.user_id.as_str()).is_some();
                let linked = self.shop_users.get(order.user_id.as_str()).filter(|_| !is_known);
                let place = linked.map_or(borne, |user_id| home(user_id.as_str()));
                vec![*self.orders.entry(order.order_id.clone()).or_insert(place)]
            }
            Event::OrderCancelled(order_id) | Event::OrderReview { order_id, .. } => {
                vec![self.orders.get(order_id).copied().unwrap_or_else(|| home(order_id.as_str()))]
            }
            Event::Refund(refund) => {
                vec![self.orders.get(&refund.order_id).copied().unwrap_or_else(|| home(refund.order_id.as_str()))]
            }
            event => vec![home(event.user_id().map_or("", UserId::as_str))],
        };
        // V4: the workspace's own account is linked to nothing.
        let account = &self.partitions[0].0.engine().workspace().workspace.account_user_id;
        if let Event::Identity { user_id, shop_user_id } = &envelope.event
            && user_id != account
        {
            self.shop_users.insert(shop_user_id.to_string(), user_id.clone());
        }
        for place in places {
            if self.limited {
                self.give_room(place, envelope.at);
            }
            self.push(place, envelope);
        }
    }

    /// A partition without room is given some, where the pool has it: for the cycle that the instant lies in, which
    /// begins for the partition when its clock comes to it.
    fn give_room(&mut self, place: usize, at: Instant) {
        if self.partitions[place].0.head().room().granted().is_none() {
            self.grant(place, at, 0);
        }
        // Time passes first, so that the room is of the cycle in force.
        let at = self.partitions[place].0.head().clock().latest().map_or(at, |latest| latest.max(at));
        let id = self.id();
        self.push(place, &Envelope { id, at, event: Event::Clock });
        let head = self.partitions[place].0.head();
        let (Some(limit), Some(cycle)) = (head.terms().limit(), head.terms().cycle_start()) else { return };
        let granted = self.granted.get(&cycle).copied().unwrap_or(0);
        if !head.has_room() && granted < limit {
            *self.granted.entry(cycle).or_default() += 1;
            self.grant(place, at, 1);
        }
    }

    fn grant(&mut self, place: usize, at: Instant, contacts: i64) {
        let cycle = self.partitions[place].0.head().terms().cycle_start().unwrap_or(at);
        let id = self.id();
        self.push(place, &Envelope { id, at, event: Event::Grant(Grant { cycle, contacts, count: None }) });
    }

    fn id(&mut self) -> EventId {
        self.grants += 1;
        format!("partition-{}", self.grants).into()
    }

    fn push(&mut self, place: usize, envelope: &Envelope) {
        let Self { partitions, scratch, records, dms, .. } = self;
        let (partition, history) = &mut partitions[place];
        history.push(envelope.clone());
        partition.push(envelope, scratch, |record| {
            dms.extend(record.decision.effects_with_ids().map(|(id, _)| (id, place)));
            records.push((place, serde_json::to_value(record).unwrap_or_default()));
        });
    }
}
