//! Flows: blocks run until one waits for the buyer, waits for time, hands off, or none is left (F).

use crate::{
    BlockId, ContactChange, ConversationState, Effect, Fact, InboxReason, IndexRow, LeaveReason, Message,
    MessageResult, Pending, Period, Run, SendDm, SentBy, SentLink, SentOption, Standing, StateReason, Text, TimerKind,
    Waits,
    document::workspace::{Block, BlockKind, Flow, Link, Test},
    machines::answer::{Answer, answer},
    machines::placeholder::expand,
    machines::turn::Turn,
};
use std::sync::Arc;

/// A block of a flow, found in the workspace.
#[derive(Clone, Copy)]
pub(crate) struct Position<'a> {
    pub(crate) flow: &'a Flow,
    /// The flow's place in the document.
    pub(crate) place: usize,
    /// The block's place in the flow; past the last: completed.
    pub(crate) block: usize,
}

impl<'a> Position<'a> {
    fn block(self) -> Option<&'a Block> {
        self.flow.blocks.get(self.block)
    }

    /// Where a block goes on: the first `goto` that is named, else the next in the list (F1).
    fn next(self, gotos: [Option<&BlockId>; 2]) -> Self {
        let named = gotos.into_iter().flatten().next();
        let next = named.and_then(|goto| self.flow.blocks.iter().position(|block| block.id == *goto));
        Self { block: next.unwrap_or(self.block + 1), ..self }
    }
}

/// A DM that the bot or a member sends.
#[derive(Default)]
pub(crate) struct Dm {
    pub(crate) text: Option<Text>,
    pub(crate) options: Vec<SentOption>,
    pub(crate) card: Option<Link>,
    pub(crate) member: Option<crate::Email>,
}

impl<'a> Turn<'a> {
    /// A flow starts, in its highest version, in the open conversation or a new one (F9, V9).
    pub(crate) fn begin_flow(&mut self, start: Pending) {
        let Some((&version, &place)) = self.engine.flows.get(start.flow.as_str()).and_then(|all| all.last_key_value())
        else {
            return;
        };
        self.drop_start_before(start.comment_at);
        self.leave_flow(LeaveReason::Replaced);
        self.open_if_none();
        self.clear_timers();
        self.change_state(ConversationState::Bot, None);
        let run = Run {
            trigger: start.trigger.clone(),
            keyword: start.keyword,
            comment_id: start.comment_id,
            comment_at: start.comment_at,
            post_id: start.post_id,
            flow: start.flow.clone(),
            version,
        };
        self.change(ContactChange::Run(Arc::new(run)));
        let conversation = self.conversation_id();
        self.fact(Fact::FlowStarted { trigger: start.trigger, flow: start.flow, version, conversation });
        self.run_from(Position { flow: &self.engine.workspace.flows[place], place, block: 0 });
    }

    /// Runs blocks from a position on (F2).
    fn run_from(&mut self, mut position: Position<'a>) {
        // INVARIANT: a checked flow has no ring that does not wait (F10); the bound only guards against
        // a state that another workspace left behind.
        for _ in 0..=position.flow.blocks.len() {
            let Some(block) = position.block() else { return self.complete_flow() };
            self.enter(position, block);
            match self.run_block(position, block) {
                Some(next) => position = next,
                None => return,
            }
        }
    }

    /// The flow comes to a block: its count of mismatches begins anew (F5).
    fn enter(&mut self, position: Position<'a>, block: &Block) {
        let stands = Standing::at(block.id.clone(), Waits::Reply);
        self.change(ContactChange::Stands(Some(stands)));
        let conversation = self.conversation_id();
        self.fact(Fact::BlockEntered {
            conversation,
            flow: position.flow.id.clone(),
            version: position.flow.version,
            block: block.id.clone(),
        });
    }

    /// Runs one block; none: the flow waits.
    fn run_block(&mut self, position: Position<'a>, block: &'a Block) -> Option<Position<'a>> {
        let goto = [None, block.goto.as_ref()];
        match &block.kind {
            BlockKind::Message(message) => {
                self.say(&block.id, Some(&message.text), message.link.clone()).then(|| position.next(goto))
            }
            BlockKind::ShopLink(link) => {
                self.say(&block.id, link.text.as_deref(), Some(link.link())).then(|| position.next(goto))
            }
            BlockKind::Question(_) | BlockKind::QuickReplies(_) => {
                self.ask(block, Waits::BudgetToRun);
                None
            }
            BlockKind::Branch(branch) => {
                let value = self.contact.as_ref().and_then(|contact| contact.field(branch.field.as_str()));
                let value = crate::matching::text::normalise(value.map_or("", |value| value.as_str()));
                let case = branch.cases.iter().find(|case| holds(&case.test, &value)).map(|case| &case.goto);
                Some(position.next([case.or(branch.otherwise.as_ref()), block.goto.as_ref()]))
            }
            BlockKind::Handoff(handoff) => {
                self.stand(Waits::Person);
                let note = handoff.note.as_deref().map(Into::into);
                self.hand_to_human(StateReason::Handoff, InboxReason::Handoff, note);
                None
            }
            BlockKind::Wait(wait) => {
                self.stand(Waits::Time);
                self.clear_timers();
                self.set_timer(TimerKind::FlowWait, Some(self.at.after(Period::seconds(wait.seconds))));
                self.change_state(ConversationState::Bot, None);
                None
            }
            BlockKind::Tag(tag) => {
                self.tag(tag.tag.clone());
                Some(position.next(goto))
            }
        }
    }

    /// Past the last block the flow is completed, and the state is `waiting` (F1, V2).
    fn complete_flow(&mut self) {
        self.leave_flow(LeaveReason::Completed);
        self.change(ContactChange::Stands(None));
        self.clear_timers();
        self.change_state(ConversationState::Waiting, None);
        self.close_after_last_message();
    }

    /// Sends what a block says; false: there is no budget, and the flow is held at it (P4).
    fn say(&mut self, block: &BlockId, text: Option<&str>, link: Option<Link>) -> bool {
        if !self.spend_message() {
            self.hold(Waits::BudgetToRun);
            return false;
        }
        let text = text.map(|text| self.expanded(text));
        self.send(Dm { text, card: link.clone(), ..Dm::default() });
        if let Some(link) = link
            && let Some(run) = self.conversation().and_then(|conversation| conversation.run.clone())
        {
            self.link_sent(link, SentBy::Flow(run, block.clone()));
        }
        true
    }

    /// Asks what a block asks, and waits for the reply; without budget the flow is held at it (P4).
    fn ask(&mut self, block: &Block, otherwise: Waits) {
        let (text, options) = match &block.kind {
            BlockKind::Question(question) => (&question.text, Vec::new()),
            BlockKind::QuickReplies(quick) => {
                let sent = |choice: &crate::document::workspace::Choice| SentOption {
                    id: choice.id.clone(),
                    label: choice.label.as_str().into(),
                };
                (&quick.text, quick.options.iter().map(sent).collect())
            }
            _ => return,
        };
        if !self.spend_message() {
            return self.hold(otherwise);
        }
        let text = Some(self.expanded(text));
        self.send(Dm { text, options, ..Dm::default() });
        self.stand(Waits::Reply);
        self.change_state(ConversationState::Bot, None);
        self.wait_for_reply();
    }

    /// P4: the flow is held at its block until the buyer writes.
    fn hold(&mut self, waits: Waits) {
        self.stand(waits);
        self.clear_timers();
        self.change_state(ConversationState::Waiting, None);
        self.close_from_now();
    }

    /// Writes down what the flow waits for where it stands.
    fn stand(&mut self, waits: Waits) {
        if let Some(stands) = self.conversation().and_then(|conversation| conversation.stands.clone())
            && stands.waits != waits
        {
            self.change(ContactChange::Stands(Some(Standing { waits, ..stands })));
        }
    }

    fn expanded(&self, text: &str) -> Text {
        expand(text, self.contact.as_ref()).into()
    }

    /// Sends a DM: it counts, and its stages are followed from now on (M1, V11).
    pub(crate) fn send(&mut self, dm: Dm) {
        let Some(user_id) = self.user_id().cloned() else { return };
        self.index(IndexRow::Dm(self.next_effect_id().into(), user_id.clone(), crate::DmStage::Queued));
        if dm.member.is_none() {
            self.change(ContactChange::BotSpoke(self.at));
        }
        self.change(ContactChange::DmAt(self.at));
        let conversation = self.conversation_id();
        let Dm { text, options, card, member } = dm;
        self.effect(Effect::SendDm(Box::new(SendDm { user_id, conversation, text, options, card, member })));
        self.count_contact();
    }

    /// A link went out, by a block or a member (A2).
    pub(crate) fn link_sent(&mut self, link: Link, by: SentBy) {
        let conversation = self.conversation_id();
        let member = match &by {
            SentBy::Member(member) => Some(member.clone()),
            SentBy::Flow(..) => None,
        };
        self.fact(Fact::LinkSent { conversation, product: link.product.clone(), sku: link.sku.clone(), member });
        self.index(IndexRow::Link(Box::new(SentLink { at: self.at, conversation, link, by })));
    }

    /// A buyer's reply while the flow waits for one (V3, F3–F5).
    pub(crate) fn reply(&mut self, message: &Message) -> MessageResult {
        let Some((position, block)) = self.position() else { return self.flow_is_missing() };
        self.set_timer(TimerKind::Idle, None);
        self.change_state(ConversationState::Bot, None);
        let expected = self.engine.expected.get(&(position.place, position.block));
        match answer(&block.kind, expected, message) {
            Answer::Taken { field, value, goto } => {
                if let Some(field) = field {
                    self.change(ContactChange::Captured(field.clone(), value));
                    self.fact(Fact::FieldCaptured { field: field.clone() });
                }
                self.run_from(position.next([goto, block.goto.as_ref()]));
                MessageResult::Taken
            }
            Answer::NotTaken => {
                self.mismatch(block);
                MessageResult::Mismatch
            }
        }
    }

    /// F5: the bot asks again; at so many in a row a person takes over.
    fn mismatch(&mut self, block: &Block) {
        let Some(stands) = self.conversation().and_then(|conversation| conversation.stands.clone()) else { return };
        let mismatches = stands.mismatches.saturating_add(1);
        self.change(ContactChange::Stands(Some(Standing { mismatches, ..stands })));
        if i64::from(mismatches) >= self.policy().max_mismatches {
            self.hand_to_human(StateReason::UnrecognizedReplies, InboxReason::UnrecognizedReplies, None);
        } else {
            self.ask(block, Waits::BudgetToAskAgain);
        }
    }

    /// The buyer wrote, so a flow held for want of budget goes on where it stands (P4).
    pub(crate) fn go_on_with_budget(&mut self) {
        let Some((position, block)) = self.position() else {
            self.flow_is_missing();
            return;
        };
        let waits = self.conversation().and_then(|conversation| Some(conversation.stands.as_ref()?.waits));
        self.change_state(ConversationState::Bot, None);
        self.clear_timers();
        if waits == Some(Waits::BudgetToAskAgain) {
            self.ask(block, Waits::BudgetToAskAgain);
        } else if let Some(next) = self.run_block(position, block) {
            self.run_from(next);
        }
    }

    /// F7: a wait is over, and the flow goes on.
    pub(crate) fn wait_is_over(&mut self) {
        self.set_timer(TimerKind::FlowWait, None);
        match self.position() {
            Some((position, block)) => self.run_from(position.next([None, block.goto.as_ref()])),
            None => {
                self.flow_is_missing();
            }
        }
    }

    /// V8: a member hands the conversation back: the block runs again, after a handoff the next one;
    /// with no flow in progress the conversation waits.
    pub(crate) fn handed_back(&mut self) {
        let stands = self.conversation().and_then(|conversation| conversation.stands.clone());
        self.clear_timers();
        if stands.is_none() {
            self.change_state(ConversationState::Waiting, None);
            self.close_from_now();
            return;
        }
        self.change_state(ConversationState::Bot, None);
        match self.position() {
            Some((position, block)) if matches!(block.kind, BlockKind::Handoff(_)) => {
                self.run_from(position.next([None, block.goto.as_ref()]));
            }
            Some((position, _)) => self.run_from(position),
            // F9. It was left when a person took over, and did not run again.
            None => {
                self.be_human(Some(StateReason::FlowMissing));
                self.tell_inbox(InboxReason::FlowMissing, None);
            }
        }
    }

    /// F9: the running version is gone when the conversation would go on.
    fn flow_is_missing(&mut self) -> MessageResult {
        self.hand_to_human(StateReason::FlowMissing, InboxReason::FlowMissing, None);
        MessageResult::Kept
    }

    /// Where the flow in progress stands, if its version and block are still there (F9).
    fn position(&self) -> Option<(Position<'a>, &'a Block)> {
        let conversation = self.conversation()?;
        let (run, stands) = (conversation.run.as_ref()?, conversation.stands.as_ref()?);
        let place = *self.engine.flows.get(run.flow.as_str())?.get(&run.version)?;
        let flow = &self.engine.workspace.flows[place];
        let block = flow.blocks.iter().position(|block| block.id == stands.block)?;
        Some((Position { flow, place, block }, &flow.blocks[block]))
    }
}

/// F6: whether a case holds; both sides are normalised.
fn holds(test: &Test, value: &str) -> bool {
    match test {
        Test::Equals(wanted) => crate::matching::text::normalise(wanted) == value,
        Test::Contains(part) => value.contains(&crate::matching::text::normalise(part)),
        Test::OneOf(any) => any.iter().any(|wanted| crate::matching::text::normalise(wanted) == value),
    }
}
