//! The summary as a person reads it.

use super::{Class, Summary};
use chatsparks_core::CommentResult as Result;
use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};
use std::{cmp::Reverse, fmt};

/// Posts that are shown; the summary itself has all of them.
const POSTS: usize = 15;
/// Triggers that are shown: those that won most; the summary itself has all of them.
const TRIGGERS: usize = 40;
/// A line under the names of the columns, and none between rows.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// Characters of the longest bar: as many as leave the table within a hundred columns.
const BAR: u64 = 8;

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heading(out)?;
        if !self.comments.is_empty() {
            write!(out, "\nWhat came of the comments\n{}\n", self.results())?;
            write!(out, "\nBy trigger, highest first\n{}\n", self.by_trigger())?;
            self.other_triggers(out)?;
            write!(out, "\nBy post\n{}\n", self.by_post())?;
            if let Some(more) = self.posts.len().checked_sub(POSTS).filter(|more| *more > 0) {
                writeln!(out, "and {} more posts with fewer comments", grouped(more as u64))?;
            }
        }
        Ok(())
    }
}

impl Summary {
    fn heading(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: u64 = self.events.values().sum();
        let comments: u64 = self.comments.values().sum();
        write!(out, "{}, {} of them comments", counted(events, "event"), grouped(comments))?;
        if let Some((first, last)) = self.span {
            write!(out, ", {first} to {last}")?;
        }
        writeln!(out)?;
        let effects = self.effects;
        let (replies, dms) =
            (plural(effects.public_replies, "public reply", "public replies"), counted(effects.dms, "DM"));
        writeln!(out, "{replies}, {dms}, {} to the inbox", counted(effects.inbox_notes, "note"))?;
        if !self.timers.is_empty() {
            let parts = self.timers.iter().map(|(kind, count)| (kind.as_str(), *count));
            writeln!(out, "{} fired: {}", counted(self.timers.values().sum(), "timer"), listed(parts))?;
        }
        if !self.refused.is_empty() {
            let parts = self.refused.iter().map(|(reason, count)| (reason.as_str(), *count));
            writeln!(out, "{} refused: {}", counted(self.refused.values().sum(), "event"), listed(parts))?;
        }
        if self.unreadable > 0 {
            writeln!(out, "{} passed over that could not be read", counted(self.unreadable, "line"))?;
        }
        Ok(())
    }

    fn results(&self) -> Table {
        let total: u64 = self.comments.values().sum();
        let most = self.comments.values().copied().max().unwrap_or(1).max(1);
        let mut table = table(&["result", "comments", "share", "", "why"], &[1, 2]);
        let mut rows: Vec<_> = self.comments.iter().collect();
        rows.sort_by_key(|(result, count)| (Class::of(**result), Reverse(**count)));
        for (result, count) in rows {
            table.add_row([result.as_str(), &grouped(*count), &share(*count, total), &bar(*count, most), why(*result)]);
        }
        table
    }

    fn by_trigger(&self) -> Table {
        let columns = [
            (Result::Fired, "fired"),
            (Result::Queued, "queued"),
            (Result::AwaitingMessage, "awaiting"),
            (Result::Undeliverable, "undeliverable"),
            (Result::Throttled, "throttled"),
            (Result::WithHuman, "with human"),
            (Result::BlockedContact, "blocked"),
        ];
        // A column that says 0 in every row says nothing, but for these two.
        let shown: Vec<_> = columns
            .into_iter()
            .filter(|(result, _)| {
                matches!(result, Result::Fired | Result::Throttled)
                    || self.triggers.iter().any(|row| row.results.contains_key(result))
            })
            .collect();
        let names: Vec<&str> = ["trigger", "won"].into_iter().chain(shown.iter().map(|(_, name)| *name)).collect();
        let numbers: Vec<usize> = (1..names.len()).collect();
        let mut table = table(&names, &numbers);
        for row in self.winners() {
            let won: u64 = row.results.values().sum();
            let cells = shown.iter().map(|(result, _)| number(row.results.get(result).copied().unwrap_or(0)));
            table.add_row([row.trigger.to_string(), number(won)].into_iter().chain(cells));
        }
        table
    }

    /// The triggers that won most, in priority order.
    fn winners(&self) -> Vec<&super::TriggerRow> {
        let mut rows: Vec<_> = self.triggers.iter().enumerate().filter(|(_, row)| !row.results.is_empty()).collect();
        rows.sort_by_key(|(place, row)| (Reverse(row.results.values().sum::<u64>()), *place));
        rows.truncate(TRIGGERS);
        rows.sort_by_key(|(place, _)| *place);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn other_triggers(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let won = self.triggers.iter().filter(|row| !row.results.is_empty()).count();
        if won > TRIGGERS {
            writeln!(out, "and {} more triggers that won fewer", grouped((won - TRIGGERS) as u64))?;
        }
        for (draft, what) in [(false, "won nothing"), (true, "drafts")] {
            let ids: Vec<&str> = self
                .triggers
                .iter()
                .filter(|row| row.results.is_empty() && row.draft == draft)
                .map(|row| row.trigger.as_str())
                .collect();
            match ids.len() {
                0 => {}
                1..=12 => writeln!(out, "{what}: {}", ids.join(", "))?,
                many => writeln!(out, "{what}: {} and {} more", ids[..10].join(", "), grouped(many as u64 - 10))?,
            }
        }
        Ok(())
    }

    fn by_post(&self) -> Table {
        let mut posts: Vec<_> = self.posts.iter().collect();
        posts.sort_by_key(|(_, row)| Reverse(row.total()));
        let names = ["post", "comments", "fired", "share", "refused", "no match", "set aside"];
        let mut table = table(&names, &[1, 2, 3, 4, 5, 6]);
        for (post, row) in posts.into_iter().take(POSTS) {
            let fired = row.count(Class::Fired);
            let counts = [Class::Refused, Class::NoMatch, Class::SetAside].map(|class| number(row.count(class)));
            let first = [post.to_string(), grouped(row.total()), number(fired), share(fired, row.total())];
            table.add_row(first.into_iter().chain(counts));
        }
        table
    }
}

pub(crate) fn table(names: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(names.iter().map(Cell::new));
    for &column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// What a result means, for somebody who sees it for the first time.
pub(crate) fn why(result: Result) -> &'static str {
    match result {
        Result::Fired => "a trigger matched, and its flow started",
        Result::Queued => "fired; the flow waits for room under the limit",
        Result::AwaitingMessage => "fired; the flow waits for the buyer to write",
        Result::Undeliverable => "fired; the messages scope is missing",
        Result::Throttled => "the trigger fired for this contact not long ago",
        Result::WithHuman => "a person has the conversation",
        Result::BlockedContact => "the contact is blocked",
        Result::NoMatch => "no trigger matches",
        Result::Duplicate => "processed before",
        Result::OwnComment => "by the workspace's own account",
        Result::NotConnected => "not connected, or the comments scope is missing",
        Result::OutsideWindow => "the post is older than the listening window",
    }
}

/// A bar as long as its share of the longest, to an eighth of a character.
fn bar(count: u64, most: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (u128::from(count) * u128::from(BAR) * 8).div_ceil(u128::from(most.max(1)));
    let (whole, rest) = (usize::try_from(eighths / 8).unwrap_or(0), usize::try_from(eighths % 8).unwrap_or(0));
    "█".repeat(whole) + EIGHTHS[rest]
}

fn listed<'a>(parts: impl Iterator<Item = (&'a str, u64)>) -> String {
    parts.map(|(name, count)| format!("{name} {}", grouped(count))).collect::<Vec<_>>().join(", ")
}

pub(crate) fn counted(count: u64, thing: &str) -> String {
    plural(count, thing, &format!("{thing}s"))
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

pub(crate) fn number(count: u64) -> String {
    if count == 0 { "·".to_owned() } else { grouped(count) }
}

pub(crate) fn share(part: u64, whole: u64) -> String {
    let tenths = (part * 1000 + whole / 2).checked_div(whole).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_results_stays_within_a_hundred_columns() {
        let all = [
            Result::Duplicate,
            Result::OwnComment,
            Result::NotConnected,
            Result::OutsideWindow,
            Result::NoMatch,
            Result::BlockedContact,
            Result::Throttled,
            Result::WithHuman,
            Result::Fired,
            Result::Queued,
            Result::AwaitingMessage,
            Result::Undeliverable,
        ];
        let summary = Summary { comments: all.map(|result| (result, 1_000_000)).into(), ..Summary::default() };
        for line in summary.results().to_string().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        for (count, most, wanted) in
            [(0, 10, ""), (1, 1_000_000, "▏"), (5, 10, "████"), (9, 16, "████▌"), (10, 10, "████████"), (0, 0, "")]
        {
            assert_eq!(bar(count, most), wanted, "{count} of {most}");
        }
        assert_eq!(bar(u64::MAX, u64::MAX), "████████");
    }
}
