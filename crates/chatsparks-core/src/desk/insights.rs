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
    BlockId, Cause, CommentResult, Contact, Currency, Email, Fact, FlowId, LeaveReason, LedgerCause, LedgerEntry,
    OrderResult, PostId, TriggerId, UserId,
};
use serde::{Deserialize, Serialize};
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
        let mut waiting = std::mem::take(&mut self.waiting);
        let (mut fired, mut replaced) = (None::<Origin>, None::<Origin>);
        for fact in facts {
            match fact {
                Fact::TriggerFired { trigger, post_id, keyword, .. } => {
                    let (trigger, post_id, keyword) = (trigger.clone(), post_id.clone(), keyword.clone());
                    fired = Some(Origin { trigger, post_id, keyword });
                }
                Fact::Held { .. } | Fact::Queued { .. } => {
                    if let (Some(user_id), Some(origin)) = (user_id, fired.clone()) {
                        replaced = waiting.insert(user_id.clone(), origin);
                    }
                }
                Fact::Dropped { .. } => {
                    // After a `held` of the same decision it is that start which was dropped, and the one
                    // that waited before waits on (V9).
                    match (user_id, replaced.take()) {
                        (Some(user_id), Some(before)) => waiting.insert(user_id.clone(), before),
                        (Some(user_id), None) => waiting.remove(user_id),
                        (None, _) => None,
                    };
                }
                _ => {}
            }
            let begun = match fact {
                Fact::FlowStarted { .. } => fired.clone().or_else(|| waiting.remove(user_id?)),
                _ => None,
            };
            let origin = begun.as_ref().map(|origin| (&origin.trigger, &origin.post_id, origin.keyword.as_ref()));
            count(fact, origin, &mut |number, by| self.apply(&number, by));
        }
        self.waiting = waiting;
    }

    /// Adds to one number, as [`InsightDeltas`] have it.
    pub fn apply(&mut self, number: &InsightNumber, by: i128) {
        let InsightNumber { of, what } = number;
        let group = match of {
            InsightGroup::Result(result) => return add(self.results.entry(*result).or_default(), by),
            InsightGroup::Shop => return self.revenue.entry(what.currency()).or_default().add(what, by),
            InsightGroup::Block(flow, block) => {
                let block = self.flows.entry(flow.clone()).or_default().blocks.entry(block.clone()).or_default();
                return match what {
                    InsightMeasure::Reached => add(&mut block.reached, by),
                    _ => add(&mut block.left, by),
                };
            }
            InsightGroup::Flow(flow) => {
                let flow = self.flows.entry(flow.clone()).or_default();
                if *what == InsightMeasure::Completed {
                    return add(&mut flow.completed, by);
                }
                &mut flow.group
            }
            InsightGroup::Post(post_id) => self.posts.entry(post_id.clone()).or_default(),
            InsightGroup::Trigger(trigger) => self.triggers.entry(trigger.clone()).or_default(),
            InsightGroup::Keyword(keyword) => self.keywords.entry(keyword.clone()).or_default(),
            InsightGroup::Member(member) => self.members.entry(member.clone()).or_default(),
        };
        group.add(what, by);
    }
}

impl Group {
    fn add(&mut self, what: &InsightMeasure, by: i128) {
        match what {
            InsightMeasure::Comments => add(&mut self.comments, by),
            InsightMeasure::DmsStarted => add(&mut self.dms_started, by),
            InsightMeasure::OrdersAttributed => add(&mut self.orders_attributed, by),
            InsightMeasure::OrdersSoft => add(&mut self.orders_soft, by),
            InsightMeasure::Attributed(currency) => self.revenue(currency).attributed_minor += by,
            InsightMeasure::Overlap(currency) => self.revenue(currency).overlap_minor += by,
            InsightMeasure::Soft(currency) => self.revenue(currency).soft_minor += by,
            // What is organic counts for the shop alone: a group only knows that there was such a currency.
            InsightMeasure::Organic(currency) => _ = self.revenue(currency),
            InsightMeasure::Completed | InsightMeasure::Reached | InsightMeasure::Left => {}
        }
    }

    fn revenue(&mut self, currency: &Currency) -> &mut Revenue {
        self.revenue.entry(currency.clone()).or_default()
    }
}

impl ShopRevenue {
    fn add(&mut self, what: &InsightMeasure, by: i128) {
        match what {
            InsightMeasure::Attributed(_) => self.attributed_minor += by,
            InsightMeasure::Soft(_) => self.soft_minor += by,
            _ => self.organic_minor += by,
        }
    }
}

fn add(number: &mut u64, by: i128) {
    let sum = i128::from(*number).saturating_add(by);
    *number = u64::try_from(sum.max(0)).unwrap_or(u64::MAX);
}

/// One number of the insights: what it is of, and what it counts. As JSON it is a key that a store can write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InsightNumber {
    /// Whose it is.
    pub of: InsightGroup,
    /// What it counts.
    pub what: InsightMeasure,
}

/// Whose a number is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InsightGroup {
    /// A post's.
    Post(PostId),
    /// A trigger's.
    Trigger(TriggerId),
    /// A keyword's, as the workspace writes it.
    Keyword(Arc<str>),
    /// A flow's.
    Flow(FlowId),
    /// A block's, in all versions of its flow.
    Block(FlowId, BlockId),
    /// A member's, who sent the link (A4).
    Member(Email),
    /// Of the comments that came to this.
    Result(CommentResult),
    /// The whole shop's.
    Shop,
}

/// What a number counts; amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InsightMeasure {
    /// Comments.
    Comments,
    /// Flows started in DMs.
    DmsStarted,
    /// Orders that count as attributed.
    OrdersAttributed,
    /// Orders that count as soft.
    OrdersSoft,
    /// How often a flow ran to its end.
    Completed,
    /// Entries into a block.
    Reached,
    /// Conversations that left the flow at a block.
    Left,
    /// Revenue of attributed orders.
    Attributed(Currency),
    /// The part of it that was linked (A5).
    Overlap(Currency),
    /// Revenue of soft orders.
    Soft(Currency),
    /// Revenue of organic orders.
    Organic(Currency),
}

impl InsightMeasure {
    fn currency(&self) -> Currency {
        match self {
            Self::Attributed(of) | Self::Overlap(of) | Self::Soft(of) | Self::Organic(of) => of.clone(),
            _ => Currency::from(""),
        }
    }
}

/// What decisions add to the insights: for a store, which keeps the sums (I2, R5).
///
/// A start that was held or queued begins without saying what fired: the contact knows, so that nothing has to be
/// remembered from one decision to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InsightDeltas(BTreeMap<InsightNumber, i128>);

impl InsightDeltas {
    /// Takes in the facts of one decision; `contact`: whom its record names, as they are after it.
    pub fn add<'a>(&mut self, contact: Option<&Contact>, facts: impl IntoIterator<Item = &'a Fact>) {
        let run = contact.and_then(Contact::conversation).and_then(|conversation| conversation.run.as_deref());
        let origin = run.map(|run| (&run.trigger, &run.post_id, run.keyword.as_ref()));
        for fact in facts {
            count(fact, origin, &mut |number, by| *self.0.entry(number).or_default() += by);
        }
    }

    /// The numbers that change, in order, and by how much.
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = (&InsightNumber, i128)> {
        self.0.iter().map(|(number, by)| (number, *by))
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What one fact adds to which numbers. `origin`: what fired, of a flow that starts.
fn count(
    fact: &Fact,
    origin: Option<(&TriggerId, &PostId, Option<&Arc<str>>)>,
    by: &mut impl FnMut(InsightNumber, i128),
) {
    use InsightGroup as Of;
    use InsightMeasure as What;
    let mut one = |of: InsightGroup, what: InsightMeasure| by(InsightNumber { of, what }, 1);
    match fact {
        Fact::CommentSeen { post_id, result } => {
            one(Of::Post(post_id.clone()), What::Comments);
            one(Of::Result(*result), What::Comments);
        }
        Fact::TriggerFired { trigger, keyword, .. } => {
            one(Of::Trigger(trigger.clone()), What::Comments);
            if let Some(keyword) = keyword {
                one(Of::Keyword(keyword.clone()), What::Comments);
            }
        }
        Fact::FlowStarted { flow, .. } => {
            one(Of::Flow(flow.clone()), What::DmsStarted);
            one(Of::Flow(flow.clone()), What::Comments);
            let Some((trigger, post_id, keyword)) = origin else { return };
            one(Of::Trigger(trigger.clone()), What::DmsStarted);
            one(Of::Post(post_id.clone()), What::DmsStarted);
            if let Some(keyword) = keyword {
                one(Of::Keyword(keyword.clone()), What::DmsStarted);
            }
        }
        Fact::BlockEntered { flow, block, .. } => one(Of::Block(flow.clone(), block.clone()), What::Reached),
        Fact::FlowLeft { flow, why: LeaveReason::Completed, .. } => one(Of::Flow(flow.clone()), What::Completed),
        Fact::FlowLeft { flow, block, .. } => one(Of::Block(flow.clone(), block.clone()), What::Left),
        Fact::OrderCredited(entry) => book(entry, 1, by),
        Fact::OrderReversed(entry) => book(entry, -1, by),
        _ => {}
    }
}

/// An entry of the ledger, in each group that its cause names; `sign`: credited or reversed.
fn book(entry: &LedgerEntry, sign: i128, by: &mut impl FnMut(InsightNumber, i128)) {
    let currency = || entry.currency.clone();
    let (revenue, overlap) = (i128::from(entry.revenue_minor) * sign, i128::from(entry.overlap_minor) * sign);
    let (amount, orders) = match entry.result {
        OrderResult::Attributed => (InsightMeasure::Attributed(currency()), Some(InsightMeasure::OrdersAttributed)),
        OrderResult::Soft => (InsightMeasure::Soft(currency()), Some(InsightMeasure::OrdersSoft)),
        OrderResult::Organic => (InsightMeasure::Organic(currency()), None),
    };
    by(InsightNumber { of: InsightGroup::Shop, what: amount.clone() }, revenue);
    // Refunds and cancellations change amounts; only a review changes what an order counts as.
    let counts = !matches!(entry.cause.kind, LedgerCause::Refund | LedgerCause::Cancellation);
    let Cause { trigger, keyword, post_id, flow, member, kind: _ } = &entry.cause;
    let groups = [
        member.clone().map(InsightGroup::Member),
        trigger.clone().map(InsightGroup::Trigger),
        keyword.clone().map(InsightGroup::Keyword),
        post_id.clone().map(InsightGroup::Post),
        flow.clone().map(InsightGroup::Flow),
    ];
    for of in groups.into_iter().flatten() {
        let mut add = |what: InsightMeasure, amount: i128| by(InsightNumber { of: of.clone(), what }, amount);
        add(amount.clone(), revenue);
        if entry.result == OrderResult::Attributed {
            add(InsightMeasure::Overlap(currency()), overlap);
        }
        if let Some(orders) = orders.clone().filter(|_| counts) {
            add(orders, sign);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores keep sums under these names: they are read back for ever.
    #[test]
    fn s3_names_of_numbers_stay() {
        use InsightGroup as Of;
        use InsightMeasure as What;
        let thb = || Currency::from("THB");
        for (of, what, name) in [
            (Of::Post("v1".into()), What::Comments, r#"{"of":{"post":"v1"},"what":"comments"}"#),
            (Of::Trigger("t".into()), What::DmsStarted, r#"{"of":{"trigger":"t"},"what":"dms_started"}"#),
            (Of::Keyword("price".into()), What::OrdersSoft, r#"{"of":{"keyword":"price"},"what":"orders_soft"}"#),
            (Of::Flow("f".into()), What::Completed, r#"{"of":{"flow":"f"},"what":"completed"}"#),
            (Of::Block("f".into(), "b".into()), What::Reached, r#"{"of":{"block":["f","b"]},"what":"reached"}"#),
            (Of::Block("f".into(), "b".into()), What::Left, r#"{"of":{"block":["f","b"]},"what":"left"}"#),
            (
                Of::Member("a@b.c".into()),
                What::OrdersAttributed,
                r#"{"of":{"member":"a@b.c"},"what":"orders_attributed"}"#,
            ),
            (Of::Result(CommentResult::NoMatch), What::Comments, r#"{"of":{"result":"no_match"},"what":"comments"}"#),
            (Of::Shop, What::Attributed(thb()), r#"{"of":"shop","what":{"attributed":"THB"}}"#),
            (Of::Shop, What::Overlap(thb()), r#"{"of":"shop","what":{"overlap":"THB"}}"#),
            (Of::Shop, What::Soft(thb()), r#"{"of":"shop","what":{"soft":"THB"}}"#),
            (Of::Shop, What::Organic(thb()), r#"{"of":"shop","what":{"organic":"THB"}}"#),
        ] {
            let number = InsightNumber { of, what };
            assert_eq!(serde_json::to_string(&number).unwrap(), name);
            assert_eq!(serde_json::from_str::<InsightNumber>(name).unwrap(), number);
        }
    }
}
