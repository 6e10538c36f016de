//! What comments led to, as one page for the people of the shop: a file of HTML that holds all it needs.
//!
//! [`Report`] is folded from records, as [`Insights`] are, with what happened on each day beside them; its [`page`] draws
//! that. Charts are drawn when the page is written, so that it runs nothing and loads nothing, and each has a table for
//! those who cannot see it.
//!
//! [`page`]: Report::page

use crate::{Considered, Observer, Record};
use chatsparks_core::{Currency, Fact, Insights, Instant, OrderResult, workspace::Workspace};
use std::collections::BTreeMap;

mod chart;
mod escape;
mod page;
mod tables;
#[cfg(test)]
mod tests;

/// A day, in milliseconds.
const DAY: i64 = 86_400_000;

/// What a report is written from.
#[derive(Clone, Debug, Default)]
pub struct Report {
    insights: Insights,
    /// By the number of the day since 1970, in UTC.
    days: BTreeMap<i64, Day>,
    /// Contacts counted in the cycle that the history ended in.
    counted: Counted,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// What happened on one day.
#[derive(Clone, Debug, Default)]
struct Day {
    comments: u64,
    started: u64,
    /// Contacts counted in the cycle so far, at the day's end; none: nobody was counted that day.
    counted: Option<u64>,
    /// By currency: attributed and soft, in minor units, on the day on which it was booked.
    revenue: BTreeMap<Currency, (i128, i128)>,
}

/// The count against the limit, as it is at the end.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    count: u64,
    limit: Option<u64>,
    cycle: Option<Instant>,
}

impl Observer for Report {
    fn record(&mut self, record: &Record<'_>) {
        self.add(record);
    }

    fn comment(&mut self, _considered: &Considered<'_>) {}
}

impl Report {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what was decided of one event or timer, in processing order.
    pub fn add(&mut self, record: &Record<'_>) {
        let facts = &record.decision.facts;
        self.insights.add(record.user_id(), facts.iter());
        self.first = Some(self.first.map_or(record.at, |first| first.min(record.at)));
        self.last = Some(self.last.map_or(record.at, |last| last.max(record.at)));
        self.counted.limit =
            record.engine.workspace().plan.as_ref().and_then(|plan| u64::try_from(plan.mac_limit).ok());
        if facts.is_empty() {
            return;
        }
        let day = self.days.entry(record.at.as_milliseconds().div_euclid(DAY)).or_default();
        for fact in facts.iter() {
            match fact {
                Fact::CommentSeen { .. } => day.comments += 1,
                Fact::FlowStarted { .. } => day.started += 1,
                Fact::ContactCounted { cycle, count } => {
                    day.counted = Some(*count);
                    (self.counted.count, self.counted.cycle) = (*count, Some(*cycle));
                }
                Fact::CycleBegan { start } => {
                    day.counted = Some(0);
                    (self.counted.count, self.counted.cycle) = (0, Some(*start));
                }
                Fact::OrderCredited(entry) | Fact::OrderReversed(entry) => {
                    let sign = if matches!(fact, Fact::OrderCredited(_)) { 1 } else { -1 };
                    let amount = sign * i128::from(entry.revenue_minor);
                    let revenue = day.revenue.entry(entry.currency.clone()).or_default();
                    match entry.result {
                        OrderResult::Attributed => revenue.0 += amount,
                        OrderResult::Soft => revenue.1 += amount,
                        OrderResult::Organic => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// The page, whole: UTF-8, without anything outside of it. `workspace`: the one in force, which has the order of
    /// the blocks and the shop's name.
    pub fn page(&self, workspace: &Workspace) -> String {
        page::write(self, workspace)
    }
}
