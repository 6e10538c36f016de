//! Which conversations an order could have come from, and why each lost (A2, A3).

use super::{Linked, judge};
use crate::{
    BlockId, CommentId, Email, Engine, Instant, Order, OrderResult, Period, SentBy, SentLink, TriggerId,
    document::workspace::Link,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A conversation in which a link went out, as one order looks at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The conversation.
    pub conversation: u32,
    /// When its last link at or before the order went out; none: all of its links came after the order.
    pub last_link_at: Option<Instant>,
    /// Why it was credited, or was not.
    pub verdict: CandidateVerdict,
    /// Its links, in the order in which they went out.
    pub links: Vec<CandidateLink>,
}

/// A link of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CandidateLink {
    /// When it went out.
    pub at: Instant,
    /// To what.
    #[serde(flatten)]
    pub link: Link,
    /// Whether it is to an ordered SKU, or to its product without a SKU (A3).
    pub matches: bool,
    /// Whether it is the one that is credited.
    pub credited: bool,
    /// The trigger of the flow that sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerId>,
    /// The comment which that flow answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<CommentId>,
    /// The block that sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<BlockId>,
    /// The member who sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Email>,
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateVerdict {
    /// The order is credited to it.
    Credited,
    /// Its last link went out longer before the order than the policy's days (A2).
    TooOld,
    /// Another holds a link to what was ordered, and this one does not (A3).
    NoMatchingLink,
    /// Another's link went out later (A3).
    NotLatest,
    /// Its links went out after the order only (A2).
    AfterTheOrder,
}

impl CandidateVerdict {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::TooOld => "too_old",
            Self::NoMatchingLink => "no_matching_link",
            Self::NotLatest => "not_latest",
            Self::AfterTheOrder => "after_the_order",
        }
    }
}

impl Engine {
    /// Every conversation of a contact in which a link went out, and why an order placed then is credited to
    /// it or is not (A2, A3). In the order of the conversations; at most one is credited.
    ///
    /// `links`: those sent to the contact by the time the order came, in the order sent (A7).
    pub fn order_candidates(&self, links: &[SentLink], order: &Order, placed_at: Instant) -> Vec<Candidate> {
        let compiled = self.compiled();
        let window = Period::days(compiled.workspace.policy.attribution_days);
        let judged = judge(links, order, placed_at, window, &compiled.product_of);
        let mut conversations: BTreeMap<u32, Vec<&SentLink>> = BTreeMap::new();
        let mut linked = Linked::default();
        links.iter().for_each(|link| linked.add(&link.link));
        linked.overlap(order, &compiled.product_of);
        for link in links {
            conversations.entry(link.conversation).or_default().push(link);
        }
        let matches = |link: &SentLink| linked.is_ordered(&link.link);
        let candidate = |(conversation, mut links): (u32, Vec<&SentLink>)| {
            let sent = || links.iter().filter(|link| link.at <= placed_at);
            let last_link_at = sent().map(|link| link.at).max();
            let verdict = match (last_link_at, &judged) {
                (None, _) => CandidateVerdict::AfterTheOrder,
                (Some(last), _) if placed_at > last.after(window) => CandidateVerdict::TooOld,
                (_, Some(judged)) if judged.credited.conversation == conversation => CandidateVerdict::Credited,
                (_, Some(judged)) if judged.result == OrderResult::Attributed && !sent().any(|link| matches(link)) => {
                    CandidateVerdict::NoMatchingLink
                }
                _ => CandidateVerdict::NotLatest,
            };
            links.sort_by_key(|link| link.at);
            let is_credited =
                |link: &SentLink| judged.as_ref().is_some_and(|judged| std::ptr::eq(judged.credited, link));
            let links = links.into_iter().map(|link| CandidateLink::new(link, matches(link), is_credited(link)));
            Candidate { conversation, last_link_at, verdict, links: links.collect() }
        };
        conversations.into_iter().map(candidate).collect()
    }
}

impl CandidateLink {
    fn new(sent: &SentLink, matches: bool, credited: bool) -> Self {
        let (run, block, member) = match &sent.by {
            SentBy::Flow(run, block) => (Some(run), Some(block.clone()), None),
            SentBy::Member(member) => (None, None, Some(member.clone())),
        };
        Self {
            at: sent.at,
            link: sent.link.clone(),
            matches,
            credited,
            trigger: run.map(|run| run.trigger.clone()),
            comment_id: run.map(|run| run.comment_id.clone()),
            block,
            member,
        }
    }
}
