//! Comments and explanations as people and programs are shown them.

use crate::terminal::{BAD, FAINT, GOOD, MATCHED, STRONG, Stream, shown};
use chatsparks_core::{
    Comment, CommentId, CommentOutcome, Explained, Explanation, Instant, MatchedKind, MatchedWord, PostId, Text,
    UserId, Verdict,
};
use serde::Serialize;
use std::{
    io::{self, Write},
    ops::Range,
};
use unicode_width::UnicodeWidthStr;

/// How much of a text is shown on either side of a match, in characters.
const AROUND: usize = 40;

/// A comment, in the fields of its history line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownComment {
    pub(crate) comment_id: CommentId,
    pub(crate) post_id: PostId,
    pub(crate) user_id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<Text>,
    pub(crate) at: Instant,
    pub(crate) text: Text,
}

impl ShownComment {
    pub(crate) fn new(comment: &Comment, at: Instant) -> Self {
        Self {
            comment_id: comment.comment_id.clone(),
            post_id: comment.post_id.clone(),
            user_id: comment.user_id.clone(),
            handle: comment.handle.clone(),
            at,
            text: comment.text.clone(),
        }
    }

    /// `c17 by u1 under v1, 2026-03-02T10:00:00Z`
    pub(crate) fn headline(&self) -> String {
        let Self { comment_id, post_id, user_id, at, .. } = self;
        let [comment, user, post] = [comment_id.as_str(), user_id.as_str(), post_id.as_str()].map(shown);
        format!("{STRONG}{comment}{STRONG:#} by {user} under {post}, {at}")
    }
}

/// What became of a comment, in a line: `fired by price`.
pub(crate) fn outcome(outcome: &CommentOutcome) -> String {
    let style = if outcome.result.is_firing() { GOOD } else { BAD };
    let mut line = format!("{style}{}{style:#}", outcome.result.as_str());
    if let Some(trigger) = &outcome.trigger {
        line.push_str(&format!(", trigger {}", shown(trigger.as_str())));
    }
    if let Some(until) = outcome.until {
        line.push_str(&format!(", until {until}"));
    }
    line
}

/// A verdict with its numbers: `outranked by price`, `throttled until 2026-03-03T10:00:00Z`.
pub(crate) fn verdict(verdict: &Verdict) -> String {
    let mut text = verdict.result.as_str().to_owned();
    if let Some(winner) = &verdict.winner {
        text.push_str(&format!(" by {}", shown(winner.as_str())));
    }
    if let Some(until) = verdict.until {
        text.push_str(&format!(" until {until}"));
    }
    text
}

/// Writes a list of explanations, one trigger a line, with what else refused and what matched below it. Beside
/// each stands whether it is a hit of a trial (C11).
pub(crate) fn write_explanations<'e>(
    to: &mut Stream,
    explanations: impl Iterator<Item = (&'e Explanation, bool)> + Clone,
    text: &str,
) -> io::Result<()> {
    let widest = explanations.clone().map(|(one, _)| shown(one.trigger.as_str()).width()).max();
    let widest = widest.unwrap_or(0).min(40);
    for (explanation, is_hit) in explanations {
        let trigger = shown(explanation.trigger.as_str());
        // Counted in columns, not in characters: Thai vowels and tones take none.
        let blanks = widest.saturating_sub(trigger.width());
        write!(to.to, "  {STRONG}{trigger}{STRONG:#}{:blanks$}  ", "")?;
        write_explanation(to, explanation, is_hit, text)?;
    }
    Ok(())
}

/// Writes what became of one trigger, to the end of the line and on the lines below.
pub(crate) fn write_explanation(
    to: &mut Stream,
    explanation: &Explanation,
    is_hit: bool,
    text: &str,
) -> io::Result<()> {
    let style = match explanation.verdict.result {
        Explained::Fired | Explained::Queued | Explained::AwaitingMessage | Explained::Matches => GOOD,
        Explained::Undeliverable | Explained::BlockedContact | Explained::Throttled | Explained::WithHuman => BAD,
        _ => FAINT,
    };
    if is_hit && explanation.verdict.result == Explained::Draft {
        writeln!(to.to, "{GOOD}matches{GOOD:#}, once it is active: it is a draft")?;
    } else {
        writeln!(to.to, "{style}{}{style:#}", verdict(&explanation.verdict))?;
    }
    if !explanation.also.is_empty() {
        let also: Vec<_> = explanation.also.iter().map(verdict).collect();
        writeln!(to.to, "      and also {}", also.join(", "))?;
    }
    if !explanation.matched.is_empty() {
        writeln!(to.to, "      matched {}", words(&explanation.matched))?;
        writeln!(to.to, "      {}", excerpt(text, &explanation.matched, to.colored))?;
    }
    if explanation.cut {
        writeln!(to.to, "      only the first 10,000 characters were looked at")?;
    }
    Ok(())
}

/// How many places of one word are told.
const PLACES: usize = 3;

/// Each word once, with its first places: ``keyword `PRICE` at 0..5, 9..14 and 2 more``.
fn words(matched: &[MatchedWord]) -> String {
    let mut told: Vec<(&MatchedWord, String, usize)> = Vec::new();
    for word in matched {
        let place = format!("{}..{}", word.start, word.end);
        match told.iter_mut().find(|(one, ..)| (one.kind, &one.word) == (word.kind, &word.word)) {
            Some((_, places, count)) => {
                *count += 1;
                if *count <= PLACES {
                    places.push_str(&format!(", {place}"));
                }
            }
            None => told.push((word, place, 1)),
        }
    }
    let shown = told.into_iter().map(|(word, places, count)| {
        let more = count.checked_sub(PLACES).filter(|more| *more > 0);
        let more = more.map_or(String::new(), |more| format!(" and {more} more"));
        format!("{} `{}` at {places}{more}", kind(word.kind), shown(&word.word))
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn kind(kind: MatchedKind) -> &'static str {
    match kind {
        MatchedKind::Keyword => "keyword",
        MatchedKind::Pattern => "pattern",
        MatchedKind::QuestionMark => "question mark",
        MatchedKind::Mention => "mention",
    }
}

/// A text on one line, its matched words marked: by a style, or in brackets where there are no styles. Of a
/// long text only what is around the matches.
pub(crate) fn excerpt(text: &str, matched: &[MatchedWord], colored: bool) -> String {
    let marked = merged(matched.iter().map(|word| word.start..word.end).collect(), 0);
    let kept = match marked.as_slice() {
        [] => std::iter::once(0..2 * AROUND).collect(),
        marked => merged(
            marked.iter().map(|range| range.start.saturating_sub(AROUND)..range.end.saturating_add(AROUND)).collect(),
            AROUND,
        ),
    };
    let (open, close) = if colored {
        (MATCHED.render().to_string(), MATCHED.render_reset().to_string())
    } else {
        ("[".into(), "]".into())
    };
    let mut line = String::new();
    let (mut kept, mut marked) = (kept.into_iter().peekable(), marked.into_iter().peekable());
    let mut left_out = false;
    for (position, character) in text.chars().enumerate() {
        while kept.peek().is_some_and(|range| range.end <= position) {
            kept.next();
        }
        let Some(range) = kept.peek() else {
            left_out = true;
            break;
        };
        if !range.contains(&position) {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) {
            line.push('…');
        }
        if marked.peek().is_some_and(|range| range.start == position) {
            line.push_str(&open);
        }
        line.push_str(&shown(character.encode_utf8(&mut [0; 4])));
        if marked.next_if(|range| range.end == position + 1).is_some() {
            line.push_str(&close);
        }
    }
    if left_out {
        line.push('…');
    }
    line
}

/// Ranges in order, those that overlap or are no further apart than a gap made one; empty ones left out.
fn merged(mut ranges: Vec<Range<usize>>, gap: usize) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap) => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_with(text: &str, ranges: &[(usize, usize)]) -> String {
        let matched: Vec<_> = ranges
            .iter()
            .map(|&(start, end)| MatchedWord { word: String::new(), kind: MatchedKind::Keyword, start, end })
            .collect();
        excerpt(text, &matched, false)
    }

    #[test]
    fn c11_matched_words_are_marked() {
        for (text, ranges, wanted) in [
            ("PRICE?", vec![(0, 5), (5, 6)], "[PRICE?]"),
            ("PRICE ?", vec![(0, 5), (6, 7)], "[PRICE] [?]"),
            ("ขอราคาหน่อย", vec![(2, 6)], "ขอ[ราคา]หน่อย"),
            ("abc", vec![(0, 2), (1, 3)], "[abc]"),
            ("abc", vec![], "abc"),
            ("a\u{1b}[31mb\n", vec![(0, 1)], "[a]\\u{1b}[31mb\\n"),
            ("", vec![], ""),
        ] {
            assert_eq!(shown_with(text, &ranges), wanted, "{text:?}");
        }
    }

    #[test]
    fn c11_of_a_long_text_only_the_matches_are_shown() {
        let text = format!("{}price{}price{}", "a".repeat(100), "b".repeat(500), "c".repeat(100));
        let shown = shown_with(&text, &[(100, 105), (605, 610)]);
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        assert_eq!(shown, format!("…{a}[price]{b}…{b}[price]{c}…"));
        assert_eq!(shown_with(&"x".repeat(200), &[]), format!("{}…", "x".repeat(80)));
    }
}
