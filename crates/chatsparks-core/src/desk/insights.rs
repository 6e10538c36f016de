//! Insights: what comments led to, folded from the facts of decisions and from nothing else (I).
//!
//! ```
//! use chatsparks_core::{Fact, Insights, PostId, CommentResult};
//! let mut insights = Insights::new();
//! let seen = Fact::CommentSeen { post_id: PostId::from("v1"), result: CommentResult::NoMatch };
//! insights.add(None, [&seen]);
//! assert_eq!(insights.posts["v1"].comments, 1);
//! ```

use crate::{
    BlockId, Cause, CommentResult, Currency, Email, Fact, FlowId, LeaveReason, LedgerCause, LedgerEntry, OrderResult,
    PostId, TriggerId, UserId,
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// What comments led to: per post, trigger, keyword and flow (I1).
///
/// It holds the groups and the starts that still wait, never the facts: ten million facts take no
/// more room than ten thousand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Insights {
    /// By post.
    pub posts: BTreeMap<PostId, Group>,
    /// By trigger.
    pub triggers: BTreeMap<TriggerId, Group>,
    /// By the keyword that matched, as the workspace writes it.
    pub keywords: BTreeMap<Arc<str>, Group>,
    /// By flow.
    pub flows: BTreeMap<FlowId, FlowGroup>,
    /// By the member who sent the link that an order is credited to (A4). They have orders and revenue alone.
    pub members: BTreeMap<Email, Group>,
    /// What came of the comments, by result.
    pub results: BTreeMap<CommentResult, u64>,
    /// The whole shop, by currency: the three add up to its total after every event (A6).
    pub revenue: BTreeMap<Currency, ShopRevenue>,
    /// Starts that wait, by contact: who began a conversation later is known by what fired then.
    #[serde(skip)]
    waiting: BTreeMap<UserId, Origin>,
}

/// Numbers of one post, trigger, keyword or flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Comments: under the post; or that fired the trigger, by the keyword, for the flow.
    pub comments: u64,
    /// Flows started in DMs.
    pub dms_started: u64,
    /// Orders that count as attributed.
    pub orders_attributed: u64,
    /// Orders that count as soft.
    pub orders_soft: u64,
    /// Revenue by currency, net of refunds and cancellations.
    pub revenue: BTreeMap<Currency, Revenue>,
}

/// Revenue in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Revenue {
    /// Of attributed orders.
    pub attributed_minor: i128,
    /// The part of it that was linked (A5).
    pub overlap_minor: i128,
    /// Of soft orders.
    pub soft_minor: i128,
}

/// The shop's revenue in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShopRevenue {
    /// Of attributed orders.
    pub attributed_minor: i128,
    /// Of soft orders.
    pub soft_minor: i128,
    /// Of organic orders.
    pub organic_minor: i128,
}

/// Numbers of one flow, all its versions together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowGroup {
    /// What every group has.
    #[serde(flatten)]
    pub group: Group,
    /// How often it ran to its end.
    pub completed: u64,
    /// Each block, by its id.
    pub blocks: BTreeMap<BlockId, BlockGroup>,
}

/// How many came to a block, and how many left the flow there without its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BlockGroup {
    /// Entries, repeated ones too.
    pub reached: u64,
    /// Conversations that left the flow here: closed, replaced, or taken by a person.
    pub left: u64,
}

/// What fired, for a start that may begin later.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    trigger: TriggerId,
    post_id: PostId,
    keyword: Option<Arc<str>>,
}

impl Insights {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the facts of one decision, in their order; `user_id`: of its record.
    pub fn add<'a>(&mut self, user_id: Option<&UserId>, facts: impl IntoIterator<Item = &'a Fact>) {
        let mut fired: Option<Origin> = None;
        let mut replaced: Option<Origin> = None;
        for fact in facts {
            match fact {
                Fact::CommentSeen { post_id, result } => {
                    self.posts.entry(post_id.clone()).or_default().comments += 1;
                    *self.results.entry(*result).or_default() += 1;
                }
                Fact::TriggerFired { trigger, post_id, keyword, .. } => {
                    self.triggers.entry(trigger.clone()).or_default().comments += 1;
                    if let Some(keyword) = keyword {
                        self.keywords.entry(keyword.clone()).or_default().comments += 1;
                    }
                    let (trigger, post_id, keyword) = (trigger.clone(), post_id.clone(), keyword.clone());
                    fired = Some(Origin { trigger, post_id, keyword });
                }
                Fact::Held { .. } | Fact::Queued { .. } => {
                    if let (Some(user_id), Some(origin)) = (user_id, fired.clone()) {
                        replaced = self.waiting.insert(user_id.clone(), origin);
                    }
                }
                Fact::Dropped { .. } => {
                    // After a `held` of the same decision it is that start which was dropped, and the one
                    // that waited before waits on (V9).
                    match (user_id, replaced.take()) {
                        (Some(user_id), Some(before)) => self.waiting.insert(user_id.clone(), before),
                        (Some(user_id), None) => self.waiting.remove(user_id),
                        (None, _) => None,
                    };
                }
                Fact::FlowStarted { flow, .. } => {
                    let origin = fired.clone().or_else(|| self.waiting.remove(user_id?));
                    self.flow_started(flow, origin.as_ref());
                }
                Fact::BlockEntered { flow, block, .. } => self.block(flow, block).reached += 1,
                Fact::FlowLeft { flow, why: LeaveReason::Completed, .. } => {
                    self.flows.entry(flow.clone()).or_default().completed += 1;
                }
                Fact::FlowLeft { flow, block, .. } => self.block(flow, block).left += 1,
                Fact::OrderCredited(entry) => self.book(entry, 1),
                Fact::OrderReversed(entry) => self.book(entry, -1),
                _ => {}
            }
        }
    }

    fn block(&mut self, flow: &FlowId, block: &BlockId) -> &mut BlockGroup {
        self.flows.entry(flow.clone()).or_default().blocks.entry(block.clone()).or_default()
    }

    fn flow_started(&mut self, flow: &FlowId, origin: Option<&Origin>) {
        let group = &mut self.flows.entry(flow.clone()).or_default().group;
        group.dms_started += 1;
        group.comments += 1;
        let Some(origin) = origin else { return };
        self.triggers.entry(origin.trigger.clone()).or_default().dms_started += 1;
        self.posts.entry(origin.post_id.clone()).or_default().dms_started += 1;
        if let Some(keyword) = &origin.keyword {
            self.keywords.entry(keyword.clone()).or_default().dms_started += 1;
        }
    }

    /// An entry of the ledger, in each group that its cause names; `sign`: credited or reversed.
    fn book(&mut self, entry: &LedgerEntry, sign: i128) {
        let amount = i128::from(entry.revenue_minor) * sign;
        let shop = self.revenue.entry(entry.currency.clone()).or_default();
        match entry.result {
            OrderResult::Attributed => shop.attributed_minor += amount,
            OrderResult::Soft => shop.soft_minor += amount,
            OrderResult::Organic => shop.organic_minor += amount,
        }
        let Cause { trigger, keyword, post_id, flow, member, kind: _ } = &entry.cause;
        if let Some(member) = member {
            self.members.entry(member.clone()).or_default().book(entry, sign);
        }
        if let Some(trigger) = trigger {
            self.triggers.entry(trigger.clone()).or_default().book(entry, sign);
        }
        if let Some(keyword) = keyword {
            self.keywords.entry(keyword.clone()).or_default().book(entry, sign);
        }
        if let Some(post_id) = post_id {
            self.posts.entry(post_id.clone()).or_default().book(entry, sign);
        }
        if let Some(flow) = flow {
            self.flows.entry(flow.clone()).or_default().group.book(entry, sign);
        }
    }
}

impl Group {
    fn book(&mut self, entry: &LedgerEntry, sign: i128) {
        // Refunds and cancellations change amounts; only a review changes what an order counts as.
        let counts = !matches!(entry.cause.kind, LedgerCause::Refund | LedgerCause::Cancellation);
        let revenue = self.revenue.entry(entry.currency.clone()).or_default();
        let amount = i128::from(entry.revenue_minor) * sign;
        let orders = match entry.result {
            OrderResult::Attributed => {
                revenue.attributed_minor += amount;
                revenue.overlap_minor += i128::from(entry.overlap_minor) * sign;
                &mut self.orders_attributed
            }
            OrderResult::Soft => {
                revenue.soft_minor += amount;
                &mut self.orders_soft
            }
            OrderResult::Organic => return,
        };
        if counts {
            *orders = if sign > 0 { *orders + 1 } else { orders.saturating_sub(1) };
        }
    }
}
