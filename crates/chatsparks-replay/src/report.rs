//! What comments led to, as one page for the people of the shop: a file of HTML that holds all it needs.
//!
//! [`Report`] is folded from records, as [`Insights`] are, with what happened on each day beside them; its [`page`] draws
//! that. Charts are drawn when the page is written, so that it runs nothing and loads nothing, and each has a table for
//! those who cannot see it.
//!
//! Of a store that keeps the insights and the records, nothing is decided again: the numbers are [those it has](Report::of),
//! and what happened on each day stands in its records, [a line each](Report::add_line).
//!
//! [`page`]: Report::page

use crate::{Considered, Observer, Record};
use chatsparks_core::{Currency, Fact, Insights, Instant, OrderResult, workspace::Workspace};
use serde::Deserialize;
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
    /// Contacts counted in the cycle that the history ended in, by partition.
    counted: BTreeMap<u32, u64>,
    /// When that cycle began.
    cycle: Option<Instant>,
    first: Option<Instant>,
    last: Option<Instant>,
    /// Whether the days begin later than the numbers do.
    is_cut: bool,
}

/// What happened on one day.
#[derive(Clone, Debug, Default)]
struct Day {
    comments: u64,
    started: u64,
    /// Contacts counted in the cycle so far, at the day's end, by partition; nothing: nobody was counted there that day.
    counted: BTreeMap<u32, u64>,
    /// By currency: attributed and soft, in minor units, on the day on which it was booked.
    revenue: BTreeMap<Currency, (i128, i128)>,
}

/// What is read of a record that is kept as a line. The rest may hold what people wrote, and is passed over.
#[derive(Deserialize)]
struct Kept {
    at: Instant,
    #[serde(default)]
    facts: Vec<Fact>,
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

    /// Numbers that are known already; days are [added](Self::add_line).
    pub fn of(insights: Insights) -> Self {
        Self { insights, ..Self::default() }
    }

    /// Takes in what was decided of one event or timer, in processing order.
    pub fn add(&mut self, record: &Record<'_>) {
        self.insights.add(record.user_id(), record.decision.facts.iter());
        self.pass(0, record.at, record.decision.facts.iter());
    }

    /// Takes in the day of a record that is kept as a line, in processing order within its partition. The numbers stay.
    ///
    /// # Errors
    /// When the line is no record.
    pub fn add_line(&mut self, partition: u32, line: &str) -> Result<(), serde_json::Error> {
        let kept: Kept = serde_json::from_str(line)?;
        self.pass(partition, kept.at, kept.facts.iter());
        Ok(())
    }

    /// Says that older records are not kept: the days begin later than the numbers do.
    pub fn begins_later(&mut self) {
        self.is_cut = true;
    }

    fn pass<'f>(&mut self, partition: u32, at: Instant, facts: impl ExactSizeIterator<Item = &'f Fact>) {
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        if facts.len() == 0 {
            return;
        }
        let day = self.days.entry(at.as_milliseconds().div_euclid(DAY)).or_default();
        let mut count = |day: &mut Day, cycle: Instant, count: u64| {
            day.counted.insert(partition, count);
            self.counted.insert(partition, count);
            self.cycle = self.cycle.max(Some(cycle));
        };
        for fact in facts {
            match fact {
                Fact::CommentSeen { .. } => day.comments += 1,
                Fact::FlowStarted { .. } => day.started += 1,
                Fact::ContactCounted { cycle, count: counted } => count(day, *cycle, *counted),
                Fact::CycleBegan { start } => count(day, *start, 0),
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
