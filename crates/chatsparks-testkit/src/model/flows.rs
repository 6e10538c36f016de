//! F: blocks run; and what a start does to a conversation (V1, V2, V9, P4).

use super::*;
use crate::matching;
use chatsparks_core::{
    Message,
    text::{is_blank, is_dash, normalise, trim},
    workspace::{Block, BlockKind, Branch, Expect, Flow, Question, QuickReplies, ReachMode, Test},
};

/// What a reply is to the block that waits for it.
enum Reply {
    /// Taken: what is captured, and where it goes on unless the block says so.
    Taken(Option<(String, String)>, Option<BlockId>),
    Mismatch,
}

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
        let person = self.person(user);
        person.pending = person.pending.take().filter(|pending| pending.start.comment_at > start.comment_at);
        let last = self.open_or_new(user);
        last.run = Some(Run { start, version });
        last.stands = None;
        last.clear_timers();
        let first = self.running_flow(user).and_then(|flow| flow.blocks.first().map(|block| block.id.clone()));
        self.run(user, first, at);
    }

    /// The version of the flow that a conversation runs on, where the workspace still has it (F9).
    fn running_flow(&self, user: &UserId) -> Option<Flow> {
        let run = self.people.get(user)?.conversations.last()?.run.as_ref()?;
        self.workspace.flows.iter().find(|flow| flow.id == run.start.flow && flow.version == run.version).cloned()
    }

    /// Blocks run from one on, until one waits or the flow is completed (F2).
    pub(super) fn run(&mut self, user: &UserId, from: Option<BlockId>, at: Instant) {
        let Some(flow) = self.running_flow(user) else { return self.flow_missing(user) };
        let policy = self.workspace.policy.clone();
        let mut next = from;
        {
            let Some(last) = self.last(user) else { return };
            last.clear_timers();
            last.to("bot", None);
        }
        while let Some(id) = next {
            let Some(block) = flow.blocks.iter().find(|block| block.id == id).cloned() else { return };
            self.stand(user, &block.id, Waits::Person);
            let mut goto = None;
            match &block.kind {
                BlockKind::Message(_) | BlockKind::ShopLink(_) => {
                    if !self.say(user, &block, at) {
                        return self.held(user, &block.id, false, at);
                    }
                }
                BlockKind::Question(_) | BlockKind::QuickReplies(_) => {
                    if !self.say(user, &block, at) {
                        return self.held(user, &block.id, false, at);
                    }
                    self.stand(user, &block.id, Waits::Reply);
                    return self.asked(user, at);
                }
                BlockKind::Branch(branch) => goto = self.branch(user, branch),
                BlockKind::Handoff(handoff) => {
                    self.hand_over(user, Some("handoff"));
                    return self.tell_inbox(user, "handoff", handoff.note.as_deref());
                }
                BlockKind::Wait(wait) => {
                    self.stand(user, &block.id, Waits::Time);
                    if let Some(last) = self.last(user) {
                        last.flow_wait = Some(later(at, wait.seconds * SECOND));
                    }
                    return;
                }
                BlockKind::Tag(tag) => {
                    self.person(user).tags.insert(tag.tag.to_string());
                }
            }
            next = goto.or_else(|| after(&flow, &block));
        }
        let Some(last) = self.last(user) else { return };
        last.stands = None;
        last.to("waiting", None);
        // The last that was sent, also where a late event made it say it.
        let spoke = last.bot_messages.last().copied();
        last.close = Some(later(spoke.unwrap_or(at), policy.close_after_hours * HOUR).max(at));
    }

    fn stand(&mut self, user: &UserId, block: &BlockId, waits: Waits) {
        if let Some(last) = self.last(user) {
            last.stands = Some(Stands { block: block.clone(), waits, mismatches: 0 });
        }
    }

    /// The bot asked: it waits for the buyer (V2).
    fn asked(&mut self, user: &UserId, at: Instant) {
        let policy = self.workspace.policy.clone();
        let Some(last) = self.last(user) else { return };
        last.to("bot", None);
        last.idle = Some(later(at, policy.waiting_after_minutes * MINUTE));
        let spoke = last.bot_messages.last().copied();
        last.close = Some(later(spoke.unwrap_or(at), policy.close_after_hours * HOUR).max(at));
    }

    /// No budget: the flow is held at the block (P4).
    fn held(&mut self, user: &UserId, block: &BlockId, ask_again: bool, at: Instant) {
        let close_after = self.workspace.policy.close_after_hours * HOUR;
        let Some(last) = self.last(user) else { return };
        let mismatches = last.stands.as_ref().filter(|_| ask_again).map_or(0, |stands| stands.mismatches);
        last.clear_timers();
        last.stands = Some(Stands { block: block.clone(), waits: Waits::Budget { ask_again }, mismatches });
        last.to("waiting", None);
        last.close = Some(later(at, close_after));
    }

    /// The bot says what a block says, if there is a message left to say it with (P4).
    fn say(&mut self, user: &UserId, block: &Block, at: Instant) -> bool {
        if !self.spend(user, at) {
            return false;
        }
        let says = self.says(user, block);
        let person = self.person(user);
        let conversation = person.conversations.len();
        if let (Some(link), Some(last)) = (&says.link, person.conversations.last_mut())
            && let Some(run) = last.run.clone()
        {
            let by = SentBy::Bot(run, block.id.clone());
            person.links.push(SentLink { at, conversation, link: link.clone(), by });
        }
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
        true
    }

    /// A DM goes out, of the bot or of a member.
    pub(super) fn send(&mut self, user: &UserId, dm: Value, at: Instant) {
        let id = self.effect("send_dm", dm);
        self.dms.insert(id);
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
    fn flow_missing(&mut self, user: &UserId) {
        self.hand_over(user, Some("flow_missing"));
        self.tell_inbox(user, "flow_missing", None);
    }

    pub(super) fn wait_is_over(&mut self, user: &UserId, due: Instant) {
        self.go_on_after(user, due);
    }

    /// The flow goes on after the block it stands on.
    pub(super) fn go_on_after(&mut self, user: &UserId, at: Instant) {
        let stands = self.last(user).and_then(|last| last.stands.clone());
        let (Some(flow), Some(stands)) = (self.running_flow(user), stands) else { return self.flow_missing(user) };
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
            self.flow_missing(user);
            return "kept";
        };
        let Some(block) = flow.blocks.iter().find(|block| block.id == stands.block) else { return "kept" };
        if let Waits::Budget { ask_again } = stands.waits {
            if ask_again {
                self.ask_again(user, block, at);
            } else {
                self.run(user, Some(block.id.clone()), at);
            }
            return "kept";
        }
        let reply = match &block.kind {
            BlockKind::Question(question) => answer(question, message),
            BlockKind::QuickReplies(ask) => choose(ask, message),
            _ => Reply::Mismatch,
        };
        match reply {
            Reply::Taken(captured, goto) => {
                if let Some((field, value)) = captured {
                    let value = value.chars().take(1000).collect();
                    self.person(user).fields.insert(field, value);
                }
                self.run(user, goto.or_else(|| after(&flow, block)), at);
                "taken"
            }
            Reply::Mismatch => {
                let limit = self.workspace.policy.max_mismatches;
                let mismatches = stands.mismatches + 1;
                if let Some(stands) = self.last(user).and_then(|last| last.stands.as_mut()) {
                    stands.mismatches = mismatches;
                }
                if mismatches >= limit {
                    self.hand_over(user, Some("unrecognized_replies"));
                    self.tell_inbox(user, "unrecognized_replies", None);
                } else {
                    self.ask_again(user, block, at);
                }
                "mismatch"
            }
        }
    }

    fn ask_again(&mut self, user: &UserId, block: &Block, at: Instant) {
        if !self.say(user, block, at) {
            return self.held(user, &block.id, true, at);
        }
        if let Some(stands) = self.last(user).and_then(|last| last.stands.as_mut()) {
            stands.waits = Waits::Reply;
        }
        self.asked(user, at);
    }
}

/// Where a flow goes on after a block: its `goto`, else the next in the list (F1).
fn after(flow: &Flow, block: &Block) -> Option<BlockId> {
    let place = flow.blocks.iter().position(|other| other.id == block.id)?;
    block.goto.clone().or_else(|| flow.blocks.get(place + 1).map(|next| next.id.clone()))
}

/// F3.
fn answer(question: &Question, message: &Message) -> Reply {
    let Some(text) = &message.text else { return Reply::Mismatch };
    let text = text.as_str();
    let plain = normalise(text);
    let admitted = match &question.expect {
        None => !is_blank(text),
        Some(Expect::Number) => matching::found(r"^[+-]?[0-9]+([.,][0-9]+)?$", &plain),
        Some(Expect::Email) => matching::found(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", &plain),
        Some(Expect::Phone) => {
            let kept: String = plain.chars().filter(|c| !is_dash(*c) && !" .()".contains(*c)).collect();
            matching::found(r"^\+?[0-9]{7,15}$", &kept)
        }
        Some(Expect::Pattern(pattern)) => matching::found(pattern, &plain),
    };
    if admitted {
        Reply::Taken(Some((question.field.to_string(), trim(text).to_owned())), None)
    } else {
        Reply::Mismatch
    }
}

/// F4.
fn choose(ask: &QuickReplies, message: &Message) -> Reply {
    let chosen = match (&message.option, &message.text) {
        (Some(tapped), _) => ask.options.iter().find(|option| option.id == *tapped),
        (None, None) => None,
        (None, Some(text)) => {
            let text = normalise(text.as_str());
            let labelled = ask.options.iter().find(|option| normalise(&option.label) == text);
            let numbered = ask.options.iter().zip(1..).find(|(_, number)| text == format!("{number}"));
            labelled.or(numbered.map(|(option, _)| option))
        }
    };
    if let Some(option) = chosen {
        let captured = ask.field.as_ref().map(|field| (field.to_string(), option.label.clone()));
        return Reply::Taken(captured, option.goto.clone());
    }
    match (&ask.free_text, &message.text, &message.option) {
        (Some(free), Some(text), None) => {
            let field = free.field.as_ref().or(ask.field.as_ref());
            let captured = field.map(|field| (field.to_string(), text.as_str().to_owned()));
            Reply::Taken(captured, free.goto.clone())
        }
        _ => Reply::Mismatch,
    }
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
