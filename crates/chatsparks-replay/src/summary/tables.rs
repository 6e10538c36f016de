//! The summary as a person reads it.

use super::{Class, Summary};
use crate::columns::{Column, Rows, width, wrapped};
use chatsparks_core::CommentResult as Result;
use std::{cmp::Reverse, fmt};

/// Posts that are shown; the summary itself has all of them.
const POSTS: usize = 15;
/// Triggers that are shown: those that won most; the summary itself has all of them.
const TRIGGERS: usize = 40;
/// Characters of the longest bar: as many as leave the table within a hundred columns.
const BAR: u64 = 8;

/// Within the width that the formatter is given, as in `{:80}`, else within a hundred columns.
impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = width(out);
        self.heading(out)?;
        if !self.comments.is_empty() {
            write!(out, "\nWhat came of the comments\n{}\n", self.results().within(columns))?;
            write!(out, "\nBy trigger, highest first\n{}\n", self.by_trigger().within(columns))?;
            self.other_triggers(out)?;
            write!(out, "\nBy post\n{}\n", self.by_post().within(columns))?;
            if let Some(more) = self.posts.len().checked_sub(POSTS).filter(|more| *more > 0) {
                writeln!(out, "and {} more posts with fewer comments", grouped(more as u64))?;
            }
        }
        Ok(())
    }
}

impl Summary {
    fn heading(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = width(out);
        let mut line = |text: String| writeln!(out, "{}", wrapped(&text, columns, "  "));
        let events: u64 = self.events.values().sum();
        let comments: u64 = self.comments.values().sum();
        let span = self.span.map_or_else(String::new, |(first, last)| format!(", {first} to {last}"));
        line(format!("{}, {} of them comments{span}", counted(events, "event"), grouped(comments)))?;
        let effects = self.effects;
        let (replies, dms) =
            (plural(effects.public_replies, "public reply", "public replies"), counted(effects.dms, "DM"));
        line(format!("{replies}, {dms}, {} to the inbox", counted(effects.inbox_notes, "note")))?;
        if !self.timers.is_empty() {
            let parts = self.timers.iter().map(|(kind, count)| (kind.as_str(), *count));
            line(format!("{} fired: {}", counted(self.timers.values().sum(), "timer"), listed(parts)))?;
        }
        if !self.refused.is_empty() {
            let parts = self.refused.iter().map(|(reason, count)| (reason.as_str(), *count));
            line(format!("{} refused: {}", counted(self.refused.values().sum(), "event"), listed(parts)))?;
        }
        if self.unreadable > 0 {
            line(format!("{} passed over that could not be read", counted(self.unreadable, "line")))?;
        }
        Ok(())
    }

    fn results(&self) -> Rows {
        let total: u64 = self.comments.values().sum();
        let most = self.comments.values().copied().max().unwrap_or(1).max(1);
        let mut table = Rows::new([
            Column::text("result"),
            Column::number("comments"),
            Column::number("share").gives_way(1),
            Column::text("").gives_way(3),
            Column::text("why").wrapping().gives_way(2),
        ]);
        let mut rows: Vec<_> = self.comments.iter().collect();
        rows.sort_by_key(|(result, count)| (Class::of(**result), Reverse(**count)));
        for (result, count) in rows {
            table.add_row([result.as_str(), &grouped(*count), &share(*count, total), &bar(*count, most), why(*result)]);
        }
        table
    }

    fn by_trigger(&self) -> Rows {
        let columns = [
            (Result::Fired, "fired", 0),
            (Result::Queued, "queued", 2),
            (Result::AwaitingMessage, "awaiting", 2),
            (Result::Undeliverable, "undeliverable", 5),
            (Result::Throttled, "throttled", 1),
            (Result::WithHuman, "with human", 4),
            (Result::BlockedContact, "blocked", 3),
        ];
        // A column that says 0 in every row says nothing, but for these two.
        let shown: Vec<_> = columns
            .into_iter()
            .filter(|(result, _, _)| {
                matches!(result, Result::Fired | Result::Throttled)
                    || self.triggers.iter().any(|row| row.results.contains_key(result))
            })
            .collect();
        let results = shown.iter().map(|(_, name, gives_way)| Column::number(*name).gives_way(*gives_way));
        let mut table = Rows::new([Column::text("trigger"), Column::number("won")].into_iter().chain(results));
        for row in self.winners() {
            let won: u64 = row.results.values().sum();
            let cells = shown.iter().map(|(result, _, _)| number(row.results.get(result).copied().unwrap_or(0)));
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
        let columns = width(out);
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
                1..=12 => writeln!(out, "{}", wrapped(&format!("{what}: {}", ids.join(", ")), columns, "  "))?,
                many => {
                    let text = format!("{what}: {} and {} more", ids[..10].join(", "), grouped(many as u64 - 10));
                    writeln!(out, "{}", wrapped(&text, columns, "  "))?;
                }
            }
        }
        Ok(())
    }

    fn by_post(&self) -> Rows {
        let mut posts: Vec<_> = self.posts.iter().collect();
        posts.sort_by_key(|(_, row)| Reverse(row.total()));
        let mut table = Rows::new([
            Column::text("post"),
            Column::number("comments"),
            Column::number("fired"),
            Column::number("share").gives_way(3),
            Column::number("refused").gives_way(1),
            Column::number("no match").gives_way(2),
            Column::number("set aside").gives_way(2),
        ]);
        for (post, row) in posts.into_iter().take(POSTS) {
            let fired = row.count(Class::Fired);
            let counts = [Class::Refused, Class::NoMatch, Class::SetAside].map(|class| number(row.count(class)));
            let first = [post.to_string(), grouped(row.total()), number(fired), share(fired, row.total())];
            table.add_row(first.into_iter().chain(counts));
        }
        table
    }
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
        for line in summary.results().within(100).lines() {
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
