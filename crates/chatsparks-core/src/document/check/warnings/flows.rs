//! Warnings of flows and their blocks.

use super::{literal_braces, triggers};
use crate::{
    Problem, ProblemCode,
    document::check::{Place, Report, flows::way, graph::Graph},
    document::workspace::{Block, BlockKind, Expect, Flow, ReachMode, Test, Workspace},
    machines::placeholder,
};
use std::collections::BTreeSet;

pub(crate) fn flows(workspace: &Workspace, report: &mut Report) {
    let captured = captured(&workspace.flows);
    let list = Place::top("flows");
    for (position, flow) in workspace.flows.iter().enumerate() {
        let list = list.item(position);
        let list = list.field("blocks");
        let mut of_graph = graph(&list, workspace, flow).into_iter().peekable();
        for (position, block) in flow.blocks.iter().enumerate() {
            let at = list.item(position);
            while let Some((_, problem)) = of_graph.next_if(|(of, _)| *of == position) {
                report.add(&at, problem.code, format_args!("{}", problem.message));
            }
            self::block(&at, workspace, block, &captured, report);
        }
    }
}

/// What the way of the blocks through the flow tells, in the order of the blocks.
fn graph(list: &Place<'_>, workspace: &Workspace, flow: &Flow) -> Vec<(usize, Problem)> {
    let graph = Graph::of(&flow.blocks);
    let mut found = Vec::new();
    let Some(reached) = graph.reached() else { return found };
    let mut add = |position: usize, code, message: String| {
        found.push((position, Problem::new(list.item(position).to_string(), code, message)));
    };
    for position in (0..flow.blocks.len()).filter(|position| !reached[*position]) {
        add(position, ProblemCode::Unreachable, format!("nothing leads to the block `{}`", flow.blocks[position].id));
    }
    let reach = &workspace.policy.reach;
    if reach.mode != ReachMode::Open && graph.rings().is_empty() {
        for along in graph.too_many_messages(reach.messages_per_window, &reached) {
            let message = format!(
                "the window admits {} messages in a row, and this would be one more, so the flow is held here until the \
                 buyer writes: {}",
                reach.messages_per_window,
                way(&flow.blocks, along.iter())
            );
            add(along.last().copied().unwrap_or_default(), ProblemCode::TooManyMessages, message);
        }
    }
    found.sort_by_key(|(position, _)| *position);
    found
}

fn block(at: &Place<'_>, workspace: &Workspace, block: &Block, captured: &BTreeSet<&str>, report: &mut Report) {
    let inner = at.field(block.kind_name());
    match &block.kind {
        BlockKind::Message(message) => fields(&inner.field("text"), &message.text, captured, report),
        BlockKind::Question(question) => {
            fields(&inner.field("text"), &question.text, captured, report);
            if let Some(Expect::Pattern(pattern)) = &question.expect {
                triggers::pattern(&inner.field("expect").field("pattern"), pattern, report);
            }
        }
        BlockKind::QuickReplies(replies) => {
            fields(&inner.field("text"), &replies.text, captured, report);
            for (position, option) in replies.options.iter().enumerate() {
                literal_braces(&inner.field("options").item(position).field("label"), &option.label, report);
            }
        }
        BlockKind::Branch(branch) => {
            if !captured.contains(branch.field.as_str()) {
                uncaptured(&inner.field("field"), branch.field.as_str(), report);
            }
            for (position, case) in branch.cases.iter().enumerate() {
                if matches!(&case.test, Test::OneOf(texts) if texts.is_empty()) {
                    let message = format_args!("a case that is one of nothing never holds");
                    report.add(&inner.field("cases").item(position).field("one_of"), ProblemCode::NoEffect, message);
                }
            }
        }
        BlockKind::ShopLink(link) => {
            fields(&inner.field("text"), link.text.as_deref().unwrap_or_default(), captured, report);
        }
        BlockKind::Handoff(handoff) => {
            literal_braces(&inner.field("note"), handoff.note.as_deref().unwrap_or_default(), report);
        }
        BlockKind::Wait(wait) => {
            let reach = &workspace.policy.reach;
            if reach.mode != ReachMode::Open && wait.seconds > reach.window_hours.saturating_mul(3_600) {
                let message = format_args!(
                    "this waits longer than the {} hours of the buyer's window, so nothing can be sent after it until \
                     the buyer writes",
                    reach.window_hours
                );
                report.add(&inner.field("seconds"), ProblemCode::LongWait, message);
            }
        }
        BlockKind::Tag(_) => {}
    }
}

/// The fields that some block captures. Fields stay with the contact (V9), so a block of any flow will do.
fn captured(flows: &[Flow]) -> BTreeSet<&str> {
    let mut captured = BTreeSet::new();
    for block in flows.iter().flat_map(|flow| &flow.blocks) {
        match &block.kind {
            BlockKind::Question(question) => {
                captured.insert(question.field.as_str());
            }
            BlockKind::QuickReplies(replies) => {
                captured.extend(replies.field.as_ref().map(|field| field.as_str()));
                let free_text = replies.free_text.as_ref();
                captured.extend(free_text.and_then(|free_text| free_text.field.as_ref()).map(|field| field.as_str()));
            }
            _ => {}
        }
    }
    captured
}

/// Placeholders of a text that nothing will ever fill (F8).
fn fields(at: &Place<'_>, written: &str, captured: &BTreeSet<&str>, report: &mut Report) {
    let mut told: Vec<&str> = Vec::new();
    for name in placeholder::names(written) {
        if name != "handle" && !captured.contains(name) && !told.contains(&name) {
            uncaptured(at, name, report);
            told.push(name);
        }
    }
}

fn uncaptured(at: &Place<'_>, field: &str, report: &mut Report) {
    let message = format_args!("no block captures the field `{field}`, so it is always empty");
    report.add(at, ProblemCode::UncapturedField, message);
}
