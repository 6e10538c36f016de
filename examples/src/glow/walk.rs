//! Where a flow goes: just enough to know which DMs the bot sends, so that buyers answer what they were asked
//! and receipts name what was sent. The engine decides; this only foresees.

use chatsparks_core::{
    BlockId,
    workspace::{Block, BlockKind, Flow, Link, Question, QuickReplies, Test},
};
use std::collections::BTreeMap;

/// A run through a flow.
pub(crate) struct Walk<'a> {
    blocks: &'a [Block],
    at: usize,
    fields: BTreeMap<String, String>,
}

/// Where a run stops.
#[derive(Clone, Copy)]
pub(crate) enum Stop<'a> {
    Asks(&'a Question),
    Offers(&'a QuickReplies),
    /// So many seconds.
    Waits(i64),
    Person,
    Done,
}

impl<'a> Walk<'a> {
    /// A run from the first block.
    pub(crate) fn new(flow: &'a Flow) -> Self {
        Self { blocks: &flow.blocks, at: 0, fields: BTreeMap::new() }
    }

    /// Runs to where it stops. Each DM sent on the way is told by its link, where it has one.
    pub(crate) fn run(&mut self) -> (Vec<Option<Link>>, Stop<'a>) {
        let mut sent = Vec::new();
        while let Some(block) = self.blocks.get(self.at) {
            match &block.kind {
                BlockKind::Message(message) => sent.push(message.link.clone()),
                BlockKind::ShopLink(link) => sent.push(Some(link.link())),
                BlockKind::Tag(_) => {}
                BlockKind::Branch(branch) => {
                    let value = self.fields.get(branch.field.as_str()).map_or("", String::as_str);
                    let case = branch.cases.iter().find(|case| holds(&case.test, value));
                    let goto = case.map(|case| &case.goto).or(branch.otherwise.as_ref()).cloned();
                    self.go_on(goto.as_ref());
                    continue;
                }
                BlockKind::Question(question) => {
                    sent.push(None);
                    return (sent, Stop::Asks(question));
                }
                BlockKind::QuickReplies(replies) => {
                    sent.push(None);
                    return (sent, Stop::Offers(replies));
                }
                BlockKind::Wait(wait) => return (sent, Stop::Waits(wait.seconds)),
                BlockKind::Handoff(_) => return (sent, Stop::Person),
            }
            self.go_on(None);
        }
        (sent, Stop::Done)
    }

    /// Leaves the block it stands on: where it is told to go, else where the block goes, else to the next.
    pub(crate) fn go_on(&mut self, goto: Option<&BlockId>) {
        let own = self.blocks.get(self.at).and_then(|block| block.goto.as_ref());
        let named = goto.or(own).and_then(|id| self.blocks.iter().position(|block| block.id == *id));
        self.at = named.unwrap_or(self.at + 1);
    }

    /// Keeps an answer.
    pub(crate) fn capture(&mut self, field: &str, value: &str) {
        self.fields.insert(field.to_owned(), value.to_owned());
    }
}

/// Texts of flows are compared without case; the rest of normalising makes no difference to ours.
fn holds(test: &Test, value: &str) -> bool {
    let value = value.to_lowercase();
    match test {
        Test::Equals(text) => value == text.to_lowercase(),
        Test::Contains(part) => value.contains(&part.to_lowercase()),
        Test::OneOf(texts) => texts.iter().any(|text| value == text.to_lowercase()),
    }
}
