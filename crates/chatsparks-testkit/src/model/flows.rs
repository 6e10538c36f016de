//! F: blocks run; and what a start does to a conversation (V1, V2, V9, P4).

use super::answers::{Reply, reply_to};
use super::*;
use chatsparks_core::{
    Message,
    text::{is_blank, normalise, trim},
    workspace::{Block, BlockKind, Branch, Flow, ReachMode, Test},
};

/// What a block says: text, options, card.
struct Says {
    text: Option<String>,
    options: Vec<Value>,
    link: Option<Link>,
}

impl Model {
    pub(super) fn flow_exists(&self, flow: &FlowId) -> bool {
        self.workspace.flows.iter().any(|known| known.id == *flow)
    }

    /// A start begins: in the open conversation, or in a new one (V1, V9); on the highest version (F9).
    pub(super) fn begin(&mut self, user: &UserId, start: Start, at: Instant) {
        let Some(version) =
            self.workspace.flows.iter().filter(|flow| flow.id == start.flow).map(|flow| flow.version).max()
        else {
            return;
        };
        if self.person(user).pending.as_ref().is_some_and(|pending| pending.start.comment_at <= start.comment_at) {
            self.drop_pending(user, "replaced");
        }
        self.leave(user, "replaced");
        self.open_if_none(user);
        self.change(user, "bot", None);
        let conversation = self.number(user);
        self.tell(
            "flow_started",
            json!({
                "trigger": start.trigger, "flow": start.flow, "version": version, "conversation": conversation,
            }),
        );
        let Some(last) = self.last(user) else { return };
        last.run = Some(Run { start, version });
        last.stands = None;
        let first = self.running_flow(user).and_then(|flow| flow.blocks.first().map(|block| block.id.clone()));
        self.run(user, first, at);
    }

    /// The version of the flow that a conversation runs on, where the workspace still has it (F9).
    pub(super) fn running_flow(&self, user: &UserId) -> Option<Flow> {
        let run = self.people.get(user)?.conversations.last()?.run.as_ref()?;
        self.workspace.flows.iter().find(|flow| flow.id == run.start.flow && flow.version == run.version).cloned()
    }

    /// Comes to a block and runs from there, until one waits or the flow is completed (F2).
    pub(super) fn run(&mut self, user: &UserId, from: Option<BlockId>, at: Instant) {
        if let Some(last) = self.last(user) {
            last.clear_timers();
        }
        let Some(flow) = self.running_flow(user) else { return self.flow_missing(user, at) };
        let mut next = from;
        while let Some(block) = next.and_then(|id| flow.blocks.iter().find(|block| block.id == id)) {
            self.stand(user, &block.id, Waits::Person);
            let conversation = self.number(user);
            self.tell(
                "block_entered",
                json!({
                    "conversation": conversation, "flow": flow.id, "version": flow.version, "block": block.id,
                }),
            );
            match self.do_block(user, &flow, block, at) {
                Some(goes_on) => next = goes_on,
                None => return,
            }
        }
        self.complete(user, at);
    }

    /// Does what a block does; `None`: the flow waits there. Else where it goes on, which may be past the end.
    fn do_block(&mut self, user: &UserId, flow: &Flow, block: &Block, at: Instant) -> Option<Option<BlockId>> {
        match &block.kind {
            BlockKind::Message(_) | BlockKind::ShopLink(_) => {
                if !self.say(user, block, at) {
                    self.held(user, Waits::Budget { ask_again: false }, at);
                    return None;
                }
            }
            BlockKind::Question(_) | BlockKind::QuickReplies(_) => {
                self.ask(user, block, Waits::Budget { ask_again: false }, at);
                return None;
            }
            BlockKind::Branch(branch) => {
                if let Some(goto) = self.branch(user, branch) {
                    return Some(Some(goto));
                }
            }
            BlockKind::Handoff(handoff) => {
                self.hand_over(user, Some("handoff"), at);
                self.tell_inbox(user, "handoff", handoff.note.as_deref());
                return None;
            }
            BlockKind::Wait(wait) => {
                if let Some(last) = self.last(user) {
                    last.stands.iter_mut().for_each(|stands| stands.waits = Waits::Time);
                    last.flow_wait = Some(later(at, wait.seconds * SECOND));
                }
                return None;
            }
            BlockKind::Tag(tag) => self.tag(user, tag.tag.as_str()),
        }
        Some(after(flow, block))
    }

    /// Past the last block (F1, V2).
    fn complete(&mut self, user: &UserId, at: Instant) {
        self.leave(user, "completed");
        self.change(user, "waiting", None);
        let close = self.after_bot_spoke(user, self.workspace.policy.close_after_hours * HOUR, at);
        if let Some(last) = self.last(user) {
            last.stands = None;
            last.close = Some(close);
        }
    }

    fn stand(&mut self, user: &UserId, block: &BlockId, waits: Waits) {
        if let Some(last) = self.last(user) {
            last.stands = Some(Stands { block: block.clone(), waits, mismatches: 0 });
        }
    }

    /// So long after the bot's latest message in the conversation, but not in the past (V2).
    fn after_bot_spoke(&self, user: &UserId, long: i64, at: Instant) -> Instant {
        let last = self.people.get(user).and_then(|person| person.conversations.last());
        let spoke = last.and_then(|last| last.bot_messages.iter().max().copied()).unwrap_or(at);
        later(spoke, long).max(at)
    }

    /// The bot asks, and waits for the buyer (V2); or has no message left to ask with, and waits for one.
    fn ask(&mut self, user: &UserId, block: &Block, or_waits: Waits, at: Instant) {
        if !self.say(user, block, at) {
            return self.held(user, or_waits, at);
        }
        let idle = self.after_bot_spoke(user, self.workspace.policy.waiting_after_minutes * MINUTE, at);
        let close = self.after_bot_spoke(user, self.workspace.policy.close_after_hours * HOUR, at);
        if let Some(last) = self.last(user) {
            last.stands.iter_mut().for_each(|stands| stands.waits = Waits::Reply);
            (last.idle, last.close) = (Some(idle), Some(close));
        }
    }

    /// No budget: the flow is held at the block it stands on (P4).
    fn held(&mut self, user: &UserId, waits: Waits, at: Instant) {
        let close = later(at, self.workspace.policy.close_after_hours * HOUR);
        self.change(user, "waiting", None);
        if let Some(last) = self.last(user) {
            last.clear_timers();
            last.stands.iter_mut().for_each(|stands| stands.waits = waits);
            last.close = Some(close);
        }
    }

    /// The bot says what a block says, if there is a message left to say it with (P4).
    fn say(&mut self, user: &UserId, block: &Block, at: Instant) -> bool {
        if !self.spend(user, at) {
            return false;
        }
        let says = self.says(user, block);
        let conversation = self.number(user);
        if let Some(last) = self.last(user) {
            last.bot_messages.push(at);
        }
        let mut dm = json!({ "user_id": user.as_str(), "conversation": conversation });
        if let Some(text) = says.text {
            dm["text"] = json!(text);
        }
        if !says.options.is_empty() {
            dm["options"] = json!(says.options);
        }
        if let Some(link) = &says.link {
            dm["card"] = json!(link);
        }
        self.send(user, dm, at);
        let run = self.last(user).and_then(|last| last.run.clone());
        if let (Some(link), Some(run)) = (&says.link, run) {
            self.link_sent(user, link, SentBy::Bot(run, block.id.clone()), at);
        }
        true
    }

    /// A link went out, of the bot or of a member (A2).
    pub(super) fn link_sent(&mut self, user: &UserId, link: &Link, by: SentBy, at: Instant) {
        let conversation = self.number(user);
        let member = match &by {
            SentBy::Member(member) => Some(member.to_string()),
            SentBy::Bot(..) => None,
        };
        self.tell(
            "link_sent",
            json!({ "conversation": conversation, "product": link.product, "sku": link.sku, "member": member }),
        );
        self.person(user).links.push(SentLink { at, conversation, link: link.clone(), by });
    }

    /// A DM goes out, of the bot or of a member.
    pub(super) fn send(&mut self, user: &UserId, dm: Value, at: Instant) {
        let id = self.effect("send_dm", dm);
        self.dms.insert(id, "queued");
        self.person(user).dms.push(at);
        self.count_contact(user);
    }

    /// Takes one message of the budget; `false`: there is none (P3, P4).
    pub(super) fn spend(&mut self, user: &UserId, at: Instant) -> bool {
        if self.workspace.policy.reach.mode == ReachMode::Open {
            return true;
        }
        let person = self.person(user);
        if let Some(window) = person.window.as_mut().filter(|window| window.admits(at)) {
            window.left -= 1;
            return true;
        }
        std::mem::take(&mut person.one_message)
    }

    fn says(&mut self, user: &UserId, block: &Block) -> Says {
        let person = self.person(user);
        let expand = |text: &str| Some(expand(text, person));
        match &block.kind {
            BlockKind::Message(message) => {
                Says { text: expand(&message.text), options: Vec::new(), link: message.link.clone() }
            }
            BlockKind::Question(question) => Says { text: expand(&question.text), options: Vec::new(), link: None },
            BlockKind::QuickReplies(ask) => {
                let options = ask.options.iter().map(|option| json!({ "id": option.id, "label": option.label }));
                Says { text: expand(&ask.text), options: options.collect(), link: None }
            }
            BlockKind::ShopLink(card) => Says {
                text: card.text.as_deref().and_then(expand),
                options: Vec::new(),
                link: Some(Link { product: card.product.clone(), sku: card.sku.clone() }),
            },
            _ => Says { text: None, options: Vec::new(), link: None },
        }
    }

    /// F6.
    fn branch(&mut self, user: &UserId, branch: &Branch) -> Option<BlockId> {
        let field = self.person(user).fields.get(branch.field.as_str()).cloned().unwrap_or_default();
        let field = normalise(&field);
        let case = branch.cases.iter().find(|case| match &case.test {
            Test::Equals(text) => field == normalise(text),
            Test::Contains(text) => field.contains(&normalise(text)),
            Test::OneOf(texts) => texts.iter().any(|text| field == normalise(text)),
        });
        case.map(|case| case.goto.clone()).or_else(|| branch.otherwise.clone())
    }

    /// F9: the version that runs is gone when the conversation would go on.
    fn flow_missing(&mut self, user: &UserId, at: Instant) {
        self.hand_over(user, Some("flow_missing"), at);
        self.tell_inbox(user, "flow_missing", None);
    }

    pub(super) fn wait_is_over(&mut self, user: &UserId, due: Instant) {
        self.go_on_after(user, due);
    }

    /// The flow goes on after the block it stands on.
    pub(super) fn go_on_after(&mut self, user: &UserId, at: Instant) {
        let stands = self.last(user).and_then(|last| last.stands.clone());
        let (Some(flow), Some(stands)) = (self.running_flow(user), stands) else { return self.flow_missing(user, at) };
        let next = flow.blocks.iter().find(|block| block.id == stands.block).and_then(|block| after(&flow, block));
        self.run(user, next, at);
    }

    /// A buyer's message comes to a flow that is in progress (F3, F4, F5, P4).
    pub(super) fn reply(&mut self, user: &UserId, message: &Message, at: Instant) -> &'static str {
        let Some(stands) = self.last(user).and_then(|last| last.stands.clone()) else { return "kept" };
        if stands.waits == Waits::Time || stands.waits == Waits::Person {
            return "kept";
        }
        let Some(flow) = self.running_flow(user) else {
            self.flow_missing(user, at);
            return "kept";
        };
        let Some(block) = flow.blocks.iter().find(|block| block.id == stands.block) else { return "kept" };
        self.change(user, "bot", None);
        if let Waits::Budget { ask_again } = stands.waits {
            self.go_on_with_budget(user, &flow, block, ask_again, at);
            return "kept";
        }
        match reply_to(block, message) {
            Reply::Taken(captured, goto) => {
                if let Some((field, value)) = captured {
                    self.tell("field_captured", json!({ "field": field }));
                    self.person(user).fields.insert(field, value.chars().take(1000).collect());
                }
                self.run(user, goto.or_else(|| after(&flow, block)), at);
                "taken"
            }
            Reply::Mismatch => {
                let mismatches = stands.mismatches + 1;
                if let Some(stands) = self.last(user).and_then(|last| last.stands.as_mut()) {
                    stands.mismatches = mismatches;
                }
                if mismatches >= self.workspace.policy.max_mismatches {
                    self.hand_over(user, Some("unrecognized_replies"), at);
                    self.tell_inbox(user, "unrecognized_replies", None);
                } else {
                    self.ask(user, block, Waits::Budget { ask_again: true }, at);
                }
                "mismatch"
            }
        }
    }

    /// The buyer wrote, so that a flow held at a block goes on there, which it came to before (P4).
    fn go_on_with_budget(&mut self, user: &UserId, flow: &Flow, block: &Block, ask_again: bool, at: Instant) {
        if let Some(last) = self.last(user) {
            last.clear_timers();
        }
        if ask_again {
            return self.ask(user, block, Waits::Budget { ask_again }, at);
        }
        if let Some(next) = self.do_block(user, flow, block, at) {
            self.run(user, next, at);
        }
    }
}

/// Where a flow goes on after a block: its `goto`, else the next in the list (F1).
fn after(flow: &Flow, block: &Block) -> Option<BlockId> {
    let place = flow.blocks.iter().position(|other| other.id == block.id)?;
    block.goto.clone().or_else(|| flow.blocks.get(place + 1).map(|next| next.id.clone()))
}

/// F8.
fn expand(text: &str, person: &Person) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("{{") {
        let Some((name, behind)) = inside.split_once("}}") else { break };
        expanded.push_str(before);
        match trim(name) {
            "handle" => expanded.push_str(person.handle.as_deref().unwrap_or("")),
            field => expanded.push_str(person.fields.get(field).map_or("", |value| value)),
        }
        rest = behind;
    }
    expanded.push_str(rest);
    let cut: String = expanded.chars().take(6000).collect();
    if is_blank(&cut) { "…".to_owned() } else { cut }
}
