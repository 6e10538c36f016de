//! What a history shows of one contact (D5), and what was seen of them and set aside.

use crate::{
    driver::Replay,
    evidence::{Arrivals, Next, SetAside},
    record::Record,
};
use chatsparks_core::{
    BlockId, CommentId, Contact, ConversationState, Email, Fact, FlowId, Instant, MessageResult, Outcome, PendingFor,
    Period, StateReason, TriggerId, UserId,
    diagnosis::{Advice, Diagnosis, QuestionKnown},
    workspace::{Block, BlockKind, Workspace},
};
use serde::Serialize;

/// The blocks that a contact came to, and what was not taken there.
#[derive(Clone, Debug, Default)]
pub struct ContactEvidence {
    visits: Vec<Visit>,
    pub(super) set_aside: Vec<SetAside>,
    arrivals: Arrivals,
}

/// A visit of a flow to one block.
#[derive(Clone, Debug)]
struct Visit {
    flow: FlowId,
    version: i64,
    block: BlockId,
    at: Instant,
    mismatches: Vec<Instant>,
}

/// What is shown of a contact beside the diagnosis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContactNotes {
    /// Who.
    pub user_id: UserId,
    /// Whether they are blocked.
    pub blocked: bool,
    /// Whether they count in the cycle in force, and since which event or timer.
    pub counted: bool,
    /// That event or timer.
    pub counted_by: Option<String>,
    /// How many contacts count in the cycle in force.
    pub count: u64,
    /// The plan's limit; none: no plan.
    pub limit: Option<u64>,
    /// Their last conversation.
    pub conversation: Option<ConversationNote>,
    /// Their held or queued start.
    pub pending: Option<PendingNote>,
    /// Triggers that are throttled for them now.
    pub throttled: Vec<ThrottleNote>,
    /// What was refused, or came again; the last of it.
    pub set_aside: Vec<SetAside>,
}

/// Where a conversation stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationNote {
    /// Counts up per contact.
    pub id: u32,
    /// Its state.
    pub state: ConversationState,
    /// Why, unless a member did it.
    pub reason: Option<StateReason>,
    /// Whose it is.
    pub owner: Option<Email>,
    /// The block where its flow stands.
    pub block: Option<BlockId>,
}

/// A start that waits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PendingNote {
    /// `queued` for room under the limit, or `held` until the buyer writes.
    pub waits: &'static str,
    /// The trigger that fired.
    pub trigger: TriggerId,
    /// The comment.
    pub comment_id: CommentId,
    /// When it is dropped.
    pub until: Instant,
    /// What to do about it.
    #[serde(flatten)]
    pub next: Next,
}

/// A throttle that is on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ThrottleNote {
    /// The trigger.
    pub trigger: TriggerId,
    /// When it ends.
    pub until: Instant,
    /// What to do about it.
    #[serde(flatten)]
    pub next: Next,
}

impl ContactEvidence {
    pub(super) fn record(&mut self, record: &Record<'_>) {
        let set_aside = super::set_aside(record, &mut self.arrivals);
        super::keep_last(&mut self.set_aside, set_aside);
        if matches!(&record.decision.outcome, Outcome::Message(message) if message.result == MessageResult::Mismatch)
            && let Some(visit) = self.visits.last_mut()
        {
            visit.mismatches.push(record.at);
        }
        for fact in &record.decision.facts {
            match fact {
                // A flow that starts anew has not asked before.
                Fact::FlowStarted { .. } => self.visits.clear(),
                Fact::BlockEntered { flow, version, block, .. } => self.visits.push(Visit {
                    flow: flow.clone(),
                    version: *version,
                    block: block.clone(),
                    at: record.at,
                    mismatches: Vec::new(),
                }),
                _ => {}
            }
        }
    }

    /// D5 for the block that repeats: the last with a mismatch, else the last that asks.
    pub(super) fn diagnose(&self, contact: &Contact, workspace: &Workspace) -> Diagnosis {
        let block_of = |visit: &Visit| {
            let mut flows =
                workspace.flows.iter().filter(|flow| flow.id == visit.flow && flow.version == visit.version);
            flows.find_map(|flow| flow.blocks.iter().find(|block| block.id == visit.block))
        };
        let asks = |block: &&Block| matches!(block.kind, BlockKind::Question(_) | BlockKind::QuickReplies(_));
        let last = |wanted: &dyn Fn(&Visit) -> bool| {
            self.visits
                .iter()
                .rev()
                .filter(|visit| wanted(visit))
                .find(|visit| block_of(visit).as_ref().is_some_and(asks))
        };
        let visit = last(&|visit| !visit.mismatches.is_empty()).or_else(|| last(&|_| true));
        let same: Vec<&Visit> =
            self.visits.iter().filter(|one| visit.is_some_and(|visit| one.block == visit.block)).collect();
        let mismatches: Vec<Instant> = same.iter().flat_map(|visit| &visit.mismatches).copied().collect();
        let in_a_row = same.last().map_or(0, |visit| u32::try_from(visit.mismatches.len()).unwrap_or(u32::MAX));
        let entered: Vec<Instant> = same.iter().map(|visit| visit.at).collect();
        let known = QuestionKnown {
            block: visit.and_then(block_of),
            mismatches: &mismatches,
            in_a_row,
            max_mismatches: workspace.policy.max_mismatches,
            entered: &entered,
            with_human: contact.is_with_human(),
            pending: contact.pending().map(|pending| pending.waits),
        };
        known.diagnose()
    }
}

impl ContactNotes {
    pub(super) fn new(contact: &Contact, replay: &Replay, counted_by: Option<&str>, set_aside: &[SetAside]) -> Self {
        let head = replay.head();
        let workspace = replay.engine().workspace();
        let counted = contact.is_counted_in(head.terms().cycle_start());
        let now = head.clock().latest();
        let throttle = |(trigger, _): (&TriggerId, Instant)| {
            let own = workspace.triggers.iter().find(|one| one.id == *trigger)?;
            let hours = own.throttle_hours.unwrap_or(workspace.policy.throttle_hours);
            let until = contact.throttles().until(trigger.as_str(), Period::hours(hours), now?)?;
            Some(ThrottleNote { trigger: trigger.clone(), until, next: Advice::WaitForThrottle.into() })
        };
        Self {
            user_id: contact.user_id().clone(),
            blocked: contact.is_blocked(),
            counted,
            counted_by: counted_by.filter(|_| counted).map(str::to_owned),
            count: head.count(),
            limit: head.terms().limit(),
            conversation: contact.conversation().map(|conversation| ConversationNote {
                id: conversation.id,
                state: conversation.state,
                reason: conversation.reason,
                owner: conversation.owner.clone(),
                block: conversation.stands.as_ref().map(|stands| stands.block.clone()),
            }),
            pending: contact.pending().map(|pending| PendingNote {
                waits: match pending.waits {
                    PendingFor::Room => "queued",
                    PendingFor::Message => "held",
                },
                trigger: pending.trigger.clone(),
                comment_id: pending.comment_id.clone(),
                until: pending.until,
                next: Advice::about_wait(pending.waits).into(),
            }),
            throttled: contact.throttles().iter().filter_map(throttle).collect(),
            set_aside: set_aside.to_vec(),
        }
    }
}
