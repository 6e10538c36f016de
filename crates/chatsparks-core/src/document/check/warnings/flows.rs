//! Warnings of flows and their blocks.

use super::{cases::Captures, literal_braces, options, triggers};
use crate::{
    Problem, ProblemCode,
    document::check::{Place, Report, flows::way, graph::Graph},
    document::workspace::{Block, BlockKind, Expect, Flow, ReachMode, Test, Workspace},
    machines::placeholder,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn flows(workspace: &Workspace, report: &mut Report) {
    let mut captures = Captures::of(&workspace.flows);
    let unused = unused(workspace);
    let list = Place::top("flows");
    for (position, flow) in workspace.flows.iter().enumerate() {
        let list = list.item(position);
        if unused.contains(&position) {
            let message = format_args!("no trigger starts the flow `{}`", flow.id);
            report.add(&list, ProblemCode::UnusedFlow, message);
        }
        let list = list.field("blocks");
        let mut of_graph = graph(&list, workspace, flow).into_iter().peekable();
        for (position, block) in flow.blocks.iter().enumerate() {
            let at = list.item(position);
            while let Some((_, problem)) = of_graph.next_if(|(of, _)| *of == position) {
                report.add(&at, problem.code, format_args!("{}", problem.message));
            }
            self::block(&at, workspace, block, &mut captures, report);
        }
    }
}

/// The flows that no trigger names, drafts included, each at the version that would be started (F9).
fn unused(workspace: &Workspace) -> BTreeSet<usize> {
    let named: BTreeSet<&str> = workspace.triggers.iter().map(|trigger| trigger.flow.as_str()).collect();
    let mut highest: BTreeMap<&str, usize> = BTreeMap::new();
    for (position, flow) in workspace.flows.iter().enumerate() {
        let place = highest.entry(flow.id.as_str()).or_insert(position);
        if workspace.flows[*place].version < flow.version {
            *place = position;
        }
    }
    highest.into_iter().filter(|(id, _)| !named.contains(id)).map(|(_, position)| position).collect()
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

fn block(at: &Place<'_>, workspace: &Workspace, block: &Block, captures: &mut Captures<'_>, report: &mut Report) {
    let inner = at.field(block.kind_name());
    match &block.kind {
        BlockKind::Message(message) => fields(&inner.field("text"), &message.text, captures, report),
        BlockKind::Question(question) => {
            fields(&inner.field("text"), &question.text, captures, report);
            if let Some(Expect::Pattern(pattern)) = &question.expect {
                triggers::pattern(&inner.field("expect").field("pattern"), pattern, report);
            }
        }
        BlockKind::QuickReplies(replies) => {
            fields(&inner.field("text"), &replies.text, captures, report);
            let list = inner.field("options");
            for (position, option) in replies.options.iter().enumerate() {
                literal_braces(&list.item(position).field("label"), &option.label, report);
            }
            options::same(&list, &replies.options, report);
        }
        BlockKind::Branch(branch) => {
            if !captures.has(branch.field.as_str()) {
                uncaptured(&inner.field("field"), branch.field.as_str(), report);
            }
            for (position, case) in branch.cases.iter().enumerate() {
                if matches!(&case.test, Test::OneOf(texts) if texts.is_empty()) {
                    let message = format_args!("a case that is one of nothing never holds");
                    report.add(&inner.field("cases").item(position).field("one_of"), ProblemCode::NoEffect, message);
                }
            }
            captures.dead_cases(&inner, branch, report);
        }
        BlockKind::ShopLink(link) => {
            fields(&inner.field("text"), link.text.as_deref().unwrap_or_default(), captures, report);
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

/// Placeholders of a text that nothing will ever fill (F8).
fn fields(at: &Place<'_>, written: &str, captures: &Captures<'_>, report: &mut Report) {
    let mut told: Vec<&str> = Vec::new();
    for name in placeholder::names(written) {
        if name != "handle" && !captures.has(name) && !told.contains(&name) {
            uncaptured(at, name, report);
            told.push(name);
        }
    }
}

fn uncaptured(at: &Place<'_>, field: &str, report: &mut Report) {
    let message = format_args!("no block captures the field `{field}`, so it is always empty");
    report.add(at, ProblemCode::UncapturedField, message);
}
