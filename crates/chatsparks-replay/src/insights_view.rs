//! Insights as a person reads them: whole, and in the few lines that end a summary (I1).

use crate::{
    columns::{Column, Rows, width, wrapped},
    money::Money,
    summary::{
        Class,
        tables::{counted, grouped, number, share, why},
    },
};
use chatsparks_core::{
    BlockId, CommentResult, Currency, FlowGroup, FlowId, Group, Insights, Revenue, workspace::Workspace,
};
use std::{cmp::Reverse, collections::BTreeMap, fmt};

/// Rows of a table; the insights themselves have all of them.
const ROWS: usize = 40;
/// Reasons for not firing that a summary ends with.
const REASONS: usize = 5;
/// Triggers that a summary ends with.
const BEST: usize = 5;

/// Insights as tables: by post, trigger, keyword and flow, and each flow block by block.
///
/// `Display` shows them within the formatter's width, as in `{:80}`, else within a hundred columns; amounts as their
/// currency is written.
#[derive(Clone, Copy, Debug)]
pub struct InsightsTables<'a> {
    /// What is shown.
    pub insights: &'a Insights,
    /// The workspace in force: it has the order of a flow's blocks.
    pub workspace: &'a Workspace,
}

/// The end of a summary: what the comments led to, and why most of the others led to nothing.
#[derive(Clone, Copy, Debug)]
pub struct InsightsSection<'a>(pub &'a Insights);

impl fmt::Display for InsightsTables<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let insights = self.insights;
        shop(insights, out)?;
        groups("post", &insights.posts, out)?;
        groups("trigger", &insights.triggers, out)?;
        groups("keyword", &insights.keywords, out)?;
        let flows: BTreeMap<_, _> = insights.flows.iter().map(|(id, flow)| (id, flow.group.clone())).collect();
        groups("flow", &flows, out)?;
        members(insights, out)?;
        for (id, flow) in &insights.flows {
            let blocks = self.blocks(id, flow);
            if !blocks.is_empty() {
                let started = flow.group.dms_started;
                let (begun, done) = (grouped(started), grouped(flow.completed));
                let heading = format!("Flow {id}, block by block: {begun} started, {done} completed");
                writeln!(out, "\n{}", wrapped(&heading, width(out), "  "))?;
                writeln!(out, "{}", drop_off(&blocks, flow).within(width(out)))?;
            }
        }
        reasons(insights, out)
    }
}

impl InsightsTables<'_> {
    /// A flow's blocks, in the order of its highest version; those that it has no more come after.
    fn blocks<'b>(&self, id: &FlowId, flow: &'b FlowGroup) -> Vec<&'b BlockId> {
        let versions = self.workspace.flows.iter().filter(|flow| flow.id == *id);
        let order = versions.max_by_key(|flow| flow.version).map_or(&[][..], |flow| &flow.blocks[..]);
        let place: BTreeMap<_, _> = order.iter().enumerate().map(|(place, block)| (&block.id, place)).collect();
        let mut blocks: Vec<_> = flow.blocks.keys().collect();
        blocks.sort_by_key(|block| place.get(block).copied().unwrap_or(usize::MAX));
        blocks
    }
}

impl fmt::Display for InsightsSection<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let insights = self.0;
        shop(insights, out)?;
        let mut best: Vec<_> = insights.triggers.iter().collect();
        best.retain(|(_, group)| group.dms_started > 0 || group.orders_attributed + group.orders_soft > 0);
        best.sort_by_key(|(_, group)| Reverse((group.orders_attributed, group.orders_soft, group.dms_started)));
        best.truncate(BEST);
        if !best.is_empty() {
            writeln!(out, "\nThe triggers that led to most\n{}", group_table("trigger", &best).within(width(out)))?;
        }
        reasons(insights, out)
    }
}

/// What the whole shop took in, and how much of it began with a comment.
fn shop(insights: &Insights, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let comments: u64 = insights.posts.values().map(|group| group.comments).sum();
    let started: u64 = insights.flows.values().map(|flow| flow.group.dms_started).sum();
    let led = format!("{} led to {} started in DMs", counted(comments, "comment"), counted(started, "flow"));
    writeln!(out, "{}", wrapped(&led, width(out), "  "))?;
    if insights.revenue.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new([
        Column::text("currency"),
        Column::number("attributed"),
        Column::number("soft").gives_way(2),
        Column::number("organic").gives_way(3),
        Column::number("total"),
        Column::number("attributed share").gives_way(1),
    ]);
    for (currency, revenue) in &insights.revenue {
        let (attributed, soft, organic) = (revenue.attributed_minor, revenue.soft_minor, revenue.organic_minor);
        let total = attributed + soft + organic;
        rows.add_row([
            currency.to_string(),
            amount(attributed, currency),
            amount(soft, currency),
            amount(organic, currency),
            amount(total, currency),
            share_of(attributed, total),
        ]);
    }
    let heading = wrapped("The shop's revenue, net of refunds and cancellations", width(out), "  ");
    writeln!(out, "\n{heading}\n{}", rows.within(width(out)))
}

fn groups<K: fmt::Display>(what: &str, groups: &BTreeMap<K, Group>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if groups.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<_> = groups.iter().collect();
    rows.sort_by_key(|(_, group)| Reverse((group.comments, group.dms_started)));
    rows.truncate(ROWS);
    writeln!(out, "\nBy {what}\n{}", group_table(what, &rows).within(width(out)))?;
    match groups.len().saturating_sub(ROWS) {
        0 => Ok(()),
        more => writeln!(out, "and {} more with fewer comments", grouped(more as u64)),
    }
}

/// Orders credited to links that members sent: no comment led to them, so they are in no other table.
fn members(insights: &Insights, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if insights.members.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new([
        Column::text("member"),
        Column::number("attributed").gives_way(2),
        Column::number("soft").gives_way(3),
        // One says nothing without the other.
        Column::text("currency"),
        Column::number("revenue"),
        Column::number("linked").gives_way(5),
        Column::number("soft revenue").gives_way(4),
    ]);
    for (member, group) in &insights.members {
        let mut first = vec![member.to_string(), number(group.orders_attributed), number(group.orders_soft)];
        for (code, revenue) in &group.revenue {
            rows.add_row(std::mem::replace(&mut first, vec![String::new(); 3]).into_iter().chain(money(code, revenue)));
        }
    }
    writeln!(out, "\nBy member who sent the link\n{}", rows.within(width(out)))
}

fn group_table<K: fmt::Display>(what: &str, rows: &[(&K, &Group)]) -> Rows {
    let mut table = Rows::new([
        Column::text(what),
        Column::number("comments").gives_way(1),
        Column::number("DMs"),
        Column::number("attributed").gives_way(2),
        Column::number("soft").gives_way(3),
        // One says nothing without the other.
        Column::text("currency"),
        Column::number("revenue"),
        Column::number("linked").gives_way(5),
        Column::number("soft revenue").gives_way(4),
    ]);
    for (id, group) in rows {
        let counts = [group.comments, group.dms_started, group.orders_attributed, group.orders_soft].map(number);
        let mut first: Vec<String> = std::iter::once(id.to_string()).chain(counts).collect();
        // A row for each currency: amounts of different ones are never added up.
        let mut revenues = group.revenue.iter();
        first.extend(revenues.next().map_or_else(|| vec![String::new(); 4], |(code, revenue)| money(code, revenue)));
        table.add_row(first);
        for (code, revenue) in revenues {
            table.add_row(vec![String::new(); 5].into_iter().chain(money(code, revenue)));
        }
    }
    table
}

fn money(currency: &Currency, revenue: &Revenue) -> Vec<String> {
    let Revenue { attributed_minor, overlap_minor, soft_minor } = *revenue;
    let amounts = [attributed_minor, overlap_minor, soft_minor].map(|minor| amount(minor, currency));
    std::iter::once(currency.to_string()).chain(amounts).collect()
}

fn drop_off(blocks: &[&BlockId], flow: &FlowGroup) -> Rows {
    let mut rows = Rows::new([
        Column::text("block"),
        Column::number("reached"),
        Column::number("left here"),
        Column::number("of those who reached it").gives_way(1),
    ]);
    for id in blocks {
        let Some(block) = flow.blocks.get(*id) else { continue };
        rows.add_row([
            id.to_string(),
            number(block.reached),
            number(block.left),
            if block.left == 0 { String::new() } else { share(block.left, block.reached) },
        ]);
    }
    rows
}

/// The most frequent reasons for not firing.
fn reasons(insights: &Insights, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut refused: Vec<_> =
        insights.results.iter().filter(|(result, _)| Class::of(**result) != Class::Fired).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let all: u64 = insights.results.values().sum();
    refused.sort_by_key(|(result, count)| (Reverse(**count), **result));
    let mut rows = Rows::new([
        Column::text("reason"),
        Column::number("comments"),
        Column::number("of all").gives_way(1),
        Column::text("why").wrapping().gives_way(2),
    ]);
    for (result, count) in refused.into_iter().take(REASONS) {
        rows.add_row([CommentResult::as_str(*result), &grouped(*count), &share(*count, all), why(*result)]);
    }
    let rows = rows.within(width(out));
    writeln!(out, "\nThe most frequent reasons for not firing\n{rows}")
}

/// An amount as its currency is written; a dot for none.
fn amount(minor: i128, currency: &Currency) -> String {
    if minor == 0 { number(0) } else { Money::new(minor, currency.as_str()).amount() }
}

fn share_of(part: i128, whole: i128) -> String {
    match (u64::try_from(part), u64::try_from(whole)) {
        (Ok(part), Ok(whole)) if whole > 0 && whole < u64::MAX / 1000 => share(part, whole),
        _ => String::new(),
    }
}
