//! What must hold after every decision, told from the facts and effects alone and held against the state.

use super::store::{Step, Store};
use chatsparks_core::{
    ActKind, CommentId, Contact, ConversationState, Currency, DropReason, Effect, Event, Fact, Insights, Instant,
    Order, OrderResult, Outcome, Period, SendDm, TimerKind, TriggerId, UserId,
    workspace::{ReachMode, Workspace},
};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the facts and effects told so far.
#[derive(Default)]
pub(super) struct Oracle {
    effect_ids: BTreeSet<String>,
    /// When each trigger fired for a contact, and by which comment.
    fired: BTreeMap<(UserId, TriggerId), Vec<(CommentId, Instant)>>,
    /// Whether conversations in Human ever closed by themselves: a new policy moves no timer that is set.
    closes_in_human: bool,
    /// The trigger of the start that waits.
    waiting: BTreeMap<UserId, TriggerId>,
    conversations: BTreeMap<UserId, (u32, ConversationState)>,
    counted: u64,
    told: BTreeSet<u8>,
    insights: Insights,
}

const LEVELS: [u8; 3] = [80, 95, 100];

impl Oracle {
    /// Looks at a decision, and at the state that it made.
    pub(super) fn look(&mut self, step: &Step<'_>, after: &Store) {
        let subject = subject(step);
        let contact = subject.and_then(|user| after.contacts.get(user));
        self.effects(step);
        self.people(step, contact);
        self.throttles(step);
        self.reach(step);
        if let Some(user) = subject {
            self.starts(step, user, contact);
            self.conversation(step, user, contact);
        }
        self.usage(step, after);
        self.ledger(step, after);
        assert!(step.head.clock().latest() <= after.head.clock().latest(), "T5: time moves back");
        assert!(step.head.terms().cycle_start() <= after.head.terms().cycle_start(), "T5: the cycle moves back");
    }

    /// At the end of all time nothing waits any more.
    pub(super) fn end(&self) {
        assert!(self.waiting.is_empty(), "starts wait for ever: {:?}", self.waiting);
    }

    fn effects(&mut self, step: &Step<'_>) {
        for position in 0..step.decision.effects.len() {
            let id = step.source.effect_id(position);
            assert!(self.effect_ids.insert(id.clone()), "T6: `{id}` is the id of two effects");
        }
        for effect in &step.decision.effects {
            if let Effect::SendDm(dm) = effect {
                assert!(dm.text.is_some() || dm.card.is_some(), "a DM that says nothing");
                assert!(dm.text.as_ref().is_none_or(|text| !text.as_str().is_empty()), "F8: an empty DM");
            }
        }
    }

    /// V6, V10: in Human the bot sends nothing, and a blocked contact is not written to either.
    fn people(&mut self, step: &Step<'_>, after: Option<&Contact>) {
        let handed_back = matches!(event(step), Some(Event::Act(act)) if act.kind == ActKind::HandBack);
        let silent = |contact: &Contact| contact.is_with_human() || contact.is_blocked();
        if step.contact.is_some_and(silent) && !handed_back {
            assert!(dms(step).all(|dm| dm.member.is_some()), "V6, V10: the bot sends to {:?}", step.contact);
            let public = step.decision.effects.iter().any(|effect| matches!(effect, Effect::PublicReply { .. }));
            assert!(!public, "C5: a public reply in Human");
        }
        let Some(after) = after else { return };
        if after.is_with_human() {
            for kind in [TimerKind::FlowWait, TimerKind::Idle] {
                assert_eq!(after.due(kind), None, "V6: {kind:?} in Human");
            }
            self.closes_in_human |= step.engine.workspace().policy.human_close_hours > 0;
            assert!(self.closes_in_human || after.due(TimerKind::Close).is_none(), "V6: `close` in Human");
        }
        if silent(after) {
            assert_eq!(after.pending(), None, "V6, V10: a start waits");
        }
        if after.is_blocked() && step.contact.is_some_and(|contact| !contact.is_blocked()) {
            assert_eq!(after.open_conversation(), None, "V10");
        }
        let due = |kind| after.due(kind).is_some();
        if due(TimerKind::FlowWait) {
            assert!(!due(TimerKind::Idle) && !due(TimerKind::Close), "V2: `idle` or `close` during a wait");
        }
        if after.conversation().is_some() && after.open_conversation().is_none() {
            assert!(!due(TimerKind::FlowWait) && !due(TimerKind::Idle) && !due(TimerKind::Close), "V1: closed");
        }
        // V2: whatever is open and not with a person closes some day.
        if after.open_conversation().is_some() && !after.is_with_human() {
            assert!(due(TimerKind::FlowWait) || due(TimerKind::Close), "V2: open for ever: {after:?}");
        }
    }

    /// C6: one firing within the throttle's length, and none without the fact. A firing whose start was dropped because
    /// its comment was removed has never been (P5).
    fn throttles(&mut self, step: &Step<'_>) {
        let mut firings = 0;
        for fact in &step.decision.facts {
            let Some(user) = subject(step) else { continue };
            match (fact, event(step)) {
                (Fact::TriggerFired { trigger, comment_id, .. }, _) => {
                    firings += 1;
                    let fired = self.fired.entry((user.clone(), trigger.clone())).or_default();
                    let last = fired.iter().map(|(_, at)| *at).max();
                    let until = last.map(|last| last.after(throttle(step.engine.workspace(), trigger)));
                    assert!(until.is_none_or(|until| step.at >= until), "C6: `{trigger}` fired within its throttle");
                    fired.push((comment_id.clone(), step.at));
                }
                (Fact::Dropped { trigger, reason }, Some(Event::CommentRemoved(of))) => {
                    assert_eq!(*reason, DropReason::CommentRemoved, "P5");
                    let fired = self.fired.entry((user.clone(), trigger.clone())).or_default();
                    fired.retain(|(comment, _)| *comment != of.comment_id);
                }
                _ => {}
            }
        }
        let fires = match &step.decision.outcome {
            Outcome::Comment(outcome) => usize::from(outcome.result.is_firing()),
            _ => 0,
        };
        assert_eq!(firings, fires, "C8: what fires is told once");
    }

    /// P4: no more DMs than the window or the one message of P3 admits.
    fn reach(&self, step: &Step<'_>) {
        let reach = &step.engine.workspace().policy.reach;
        if reach.mode == ReachMode::Open {
            return;
        }
        let left = step.contact.and_then(Contact::window).filter(|window| window.admits(step.at));
        let mut budget = left.map_or(0, |window| i64::from(window.left));
        if matches!(event(step), Some(Event::Message(_))) {
            budget = budget.max(reach.messages_per_window);
        }
        // The one message of P3, kept from before or opened now.
        let sent = i64::try_from(dms(step).count()).unwrap_or(i64::MAX);
        assert!(sent <= budget.max(1), "P4: {sent} DMs with room for {budget}");
    }

    /// V9: one start waits at most, and each that waits ends once.
    fn starts(&mut self, step: &Step<'_>, user: &UserId, contact: Option<&Contact>) {
        let facts = &step.decision.facts;
        let (mut fired, mut released) = (None, None);
        let mut waiting: Vec<TriggerId> = self.waiting.remove(user).into_iter().collect();
        for (place, fact) in facts.iter().enumerate() {
            match fact {
                Fact::TriggerFired { trigger, .. } => fired = Some(trigger.clone()),
                Fact::Held { trigger, until } | Fact::Queued { trigger, until } => {
                    let new = fired.take_if(|fired| fired == trigger).is_some();
                    let again = released.take_if(|released| released == trigger).is_some();
                    let moved = waiting.iter().position(|known| known == trigger);
                    match moved {
                        _ if new || again => {}
                        Some(moved) => drop(waiting.remove(moved)),
                        None => panic!("V9: `{trigger}` waits until {until}, and never fired"),
                    }
                    waiting.push(trigger.clone());
                }
                Fact::Dropped { trigger, .. } => {
                    // After a `held` or `queued` of the same decision it is the new one that is dropped.
                    let ended = waiting.iter().rposition(|known| known == trigger);
                    let Some(ended) = ended else { panic!("V9: `{trigger}` is dropped and did not wait") };
                    waiting.remove(ended);
                }
                Fact::Released { trigger } => {
                    let ended = waiting.iter().position(|known| known == trigger);
                    let Some(ended) = ended else { panic!("V9: `{trigger}` is released and did not wait") };
                    waiting.remove(ended);
                    released = Some(trigger.clone());
                    let goes_on = facts[place..].iter().any(|fact| match fact {
                        Fact::FlowStarted { trigger: started, .. } => started == trigger,
                        Fact::Held { trigger: held, .. } => held == trigger,
                        _ => false,
                    });
                    assert!(goes_on, "M6: `{trigger}` is released and neither starts nor is held");
                }
                Fact::FlowStarted { trigger, .. } => {
                    let known = fired.take_if(|fired| fired == trigger).or(released.take());
                    assert_eq!(known.as_ref(), Some(trigger), "a flow starts that nothing fired");
                    self.may_start(step);
                }
                _ => {}
            }
        }
        assert!(waiting.len() <= 1, "V9: {waiting:?} wait");
        let pending = contact.and_then(Contact::pending).map(|pending| &pending.trigger);
        assert_eq!(waiting.first(), pending, "V9: what waits is what is told to wait");
        if let Some(trigger) = waiting.pop() {
            self.waiting.insert(user.clone(), trigger);
        }
    }

    /// M5, M7: no flow that starts takes the count past the limit.
    fn may_start(&self, step: &Step<'_>) {
        let counted = step.contact.is_some_and(|contact| contact.is_counted_in(step.head.terms().cycle_start()));
        // The first event of a workspace is in a cycle that its own decision begins.
        assert!(counted || step.head.has_room(), "M5: a flow starts at the limit");
        for fact in &step.decision.facts {
            if let Fact::ContactCounted { count, .. } = fact {
                assert!(step.head.terms().limit().is_none_or(|limit| *count <= limit), "M7: the count goes to {count}");
            }
        }
    }

    /// V1: states follow one another, and the conversations count up.
    fn conversation(&mut self, step: &Step<'_>, user: &UserId, contact: Option<&Contact>) {
        let mut now = self.conversations.get(user).copied();
        for fact in &step.decision.facts {
            match fact {
                Fact::ConversationOpened { conversation } => {
                    assert!(now.is_none_or(|(_, state)| state == ConversationState::Closed), "V1: two are open");
                    assert_eq!(*conversation, now.map_or(0, |(id, _)| id) + 1, "V1");
                    now = Some((*conversation, ConversationState::Bot));
                }
                Fact::StateChanged { conversation, from, to, .. } => {
                    assert_eq!(now, Some((*conversation, *from)), "V1: it was not so before");
                    assert_ne!(from, to, "V1: no change");
                    assert_ne!(*from, ConversationState::Closed, "V1: what is closed stays closed");
                    now = Some((*conversation, *to));
                }
                Fact::FlowStarted { conversation, .. }
                | Fact::BlockEntered { conversation, .. }
                | Fact::FlowLeft { conversation, .. }
                | Fact::LinkSent { conversation, .. } => {
                    assert_eq!(now.map(|(id, _)| id), Some(*conversation), "V1: of another conversation");
                }
                _ => {}
            }
        }
        for dm in dms(step) {
            assert_eq!(Some(dm.conversation), now.map(|(id, _)| id), "V1: a DM of another conversation");
        }
        let known = contact.and_then(Contact::conversation).map(|conversation| (conversation.id, conversation.state));
        assert_eq!(now, known, "V1: what is told is what is so");
        if let Some(now) = now {
            self.conversations.insert(user.clone(), now);
        }
    }

    /// M1, M3: the count is that of the contacts counted, and the owners are told of each level once.
    fn usage(&mut self, step: &Step<'_>, after: &Store) {
        let (head, decision) = (&after.head, step.decision);
        if let Some(engine) = &decision.engine {
            let limit = engine.workspace().plan.as_ref().map(|plan| plan.mac_limit);
            assert_eq!(head.terms().limit().map(i64::try_from), limit.map(Ok), "M3: the limit is the plan's");
            assert_eq!(head.terms().revision(), engine.revision());
            self.told.retain(|level| has_reached(head.count(), head.terms().limit(), *level));
        }
        for fact in &decision.facts {
            match fact {
                Fact::CycleBegan { .. } => {
                    self.counted = 0;
                    self.told.clear();
                }
                Fact::ContactCounted { cycle, count } => {
                    self.counted += 1;
                    assert_eq!((*count, Some(*cycle)), (self.counted, head.terms().cycle_start()), "M1");
                }
                _ => {}
            }
        }
        assert_eq!(head.count(), self.counted, "M1: the count is what was told");
        let counted =
            after.contacts.values().filter(|contact| contact.is_counted_in(head.terms().cycle_start())).count();
        assert_eq!(head.count(), counted as u64, "M1: the count is the contacts counted");
        for effect in &decision.effects {
            if let Effect::NotifyOwners { level, count, limit } = effect {
                assert!(self.told.insert(*level), "M3: told twice of {level} %");
                assert!(has_reached(*count, Some(*limit), *level), "M3: {level} % of {limit} is not {count}");
            }
        }
        let reached = LEVELS.into_iter().filter(|level| has_reached(head.count(), head.terms().limit(), *level));
        assert_eq!(self.told, reached.collect(), "M3: what was told");
        for dm in dms(step) {
            let contact = after.contacts.get(&dm.user_id);
            assert!(
                contact.is_some_and(|contact| contact.is_counted_in(head.terms().cycle_start())),
                "M1: a DM does not count"
            );
        }
    }

    /// A6: attributed, soft and organic add up to the shop's total, and facts written and read say the same (I2).
    fn ledger(&mut self, step: &Step<'_>, after: &Store) {
        let written = serde_json::to_vec(&*step.decision.facts).unwrap_or_else(|error| panic!("facts: {error}"));
        let facts: Vec<Fact> = serde_json::from_slice(&written).unwrap_or_else(|error| panic!("facts: {error}"));
        assert_eq!(facts, step.decision.facts.to_vec(), "facts, written and read");
        self.insights.add(subject(step), &facts);
        if !facts.iter().any(|fact| matches!(fact, Fact::OrderCredited(_) | Fact::OrderReversed(_))) {
            return;
        }
        if let (Outcome::Order(outcome), Some(Event::Order(order))) = (&step.decision.outcome, event(step)) {
            assert!((0..=lines(order)).contains(&outcome.overlap_minor), "A5: the overlap is of the lines");
            assert_eq!(outcome.credit.is_none(), outcome.result == OrderResult::Organic, "A3, A4");
        }
        let mut shop: BTreeMap<&Currency, [i128; 4]> = BTreeMap::new();
        for entry in after.orders.values() {
            let (net, overlap) = (entry.net_minor(), entry.net_overlap_minor());
            assert!(net >= 0 && overlap >= 0, "A6: below zero");
            assert!(entry.overlap_minor > entry.total_minor || overlap <= net, "A6: the overlap is the larger");
            let sums = shop.entry(&entry.currency).or_default();
            let place = match entry.result {
                OrderResult::Attributed => 0,
                OrderResult::Soft => 1,
                OrderResult::Organic => 2,
            };
            sums[place] += i128::from(net);
            if entry.result == OrderResult::Attributed {
                sums[3] += i128::from(overlap);
            }
        }
        for (currency, [attributed, soft, organic, overlap]) in shop {
            let told = self.insights.revenue.get(currency).copied().unwrap_or_default();
            let told = [told.attributed_minor, told.soft_minor, told.organic_minor];
            assert_eq!(told, [attributed, soft, organic], "A6: the ledger and the orders, in {currency}");
            let of_flows = self.insights.flows.values().filter_map(|flow| flow.group.revenue.get(currency));
            let (credited, linked) =
                of_flows.fold((0, 0), |sum, flow| (sum.0 + flow.attributed_minor, sum.1 + flow.overlap_minor));
            assert!(credited <= attributed && linked <= overlap, "I1: the flows have more than the shop");
        }
    }
}

fn event<'a>(step: &Step<'a>) -> Option<&'a Event> {
    step.envelope.map(|envelope| &envelope.event)
}

/// Whom a step is about: for an order linked to a contact by the shop's id, that contact.
pub(super) fn subject<'a>(step: &Step<'a>) -> Option<&'a UserId> {
    match step.source {
        chatsparks_core::Source::Timer { timer, .. } => timer.user_id.as_ref(),
        chatsparks_core::Source::Event(_) => event(step).and_then(Event::user_id),
    }
}

fn dms<'a>(step: &Step<'a>) -> impl Iterator<Item = &'a SendDm> {
    step.decision.effects.iter().filter_map(|effect| match effect {
        Effect::SendDm(dm) => Some(&**dm),
        _ => None,
    })
}

fn throttle(workspace: &Workspace, trigger: &TriggerId) -> Period {
    let own = workspace.triggers.iter().find(|other| other.id == *trigger).and_then(|trigger| trigger.throttle_hours);
    Period::hours(own.unwrap_or(workspace.policy.throttle_hours))
}

fn has_reached(count: u64, limit: Option<u64>, level: u8) -> bool {
    limit.is_some_and(|limit| u128::from(count) * 100 >= u128::from(limit) * u128::from(level))
}

fn lines(order: &Order) -> i64 {
    order.lines.iter().fold(0i64, |sum, line| sum.saturating_add(line.amount_minor))
}
