//! The conversation as people read it.

use super::{ConversationView, Entry, Happened};
use crate::{
    money::Money,
    transcript::{clean, code},
};
use chatsparks_core::{CommentOutcome, CommentResult, workspace::Link};
use std::fmt;

impl fmt::Display for ConversationView {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.handle.as_ref().map_or_else(|| self.user_id.to_string(), |handle| clean(handle.as_str()));
        writeln!(out, "{who} ({})", self.user_id)?;
        let mut last = None;
        for entry in &self.entries {
            if entry.what == Happened::Opened {
                writeln!(out, "\n--- conversation {} ---", entry.conversation.unwrap_or_default())?;
                continue;
            }
            // An instant stands beside the first of what happened then.
            let at = if last == Some(entry.at) { String::new() } else { entry.at.to_string() };
            last = Some(entry.at);
            writeln!(out, "{at:<24}  {}{}", told(&who, &entry.what), duplicate_of(entry))?;
            if let Happened::Dm(dm) = &entry.what {
                for stage in &dm.stages {
                    let detail =
                        stage.detail.as_ref().map(|detail| format!(": {}", clean(detail.as_str()))).unwrap_or_default();
                    let late = match (stage.counts, stage.duplicate) {
                        (true, _) => "",
                        (false, true) => " (came again)",
                        (false, false) => " (came late)",
                    };
                    writeln!(out, "{:24}    · {} {}{detail}{late}", "", code(&stage.stage), stage.at)?;
                }
            }
            if let Some(next) = &entry.next {
                writeln!(out, "{:24}    to do: {}", "", next.to_do)?;
            }
        }
        Ok(())
    }
}

/// ` of event e1, 2026-03-02T10:00:00Z`, behind the word `duplicate` that ends its line.
fn duplicate_of(entry: &Entry) -> String {
    match (&entry.duplicate_of, entry.is_duplicate()) {
        (Some(first), _) => {
            let refused = first.refused.map_or(String::new(), |reason| format!(", which was refused: {reason}"));
            format!(" of event {}, {}{refused}", clean(&first.event), first.at)
        }
        (None, true) => " of an event that had its id before".to_owned(),
        (None, false) => String::new(),
    }
}

fn told(who: &str, what: &Happened) -> String {
    match what {
        Happened::Comment { comment_id, post_id, text, outcome } => {
            format!("{who} commented on {post_id} ({comment_id}): {} → {}", clean(text.as_str()), came_of(outcome))
        }
        Happened::CommentTold { comment_id, removed: true } => format!("comment {comment_id} was removed"),
        Happened::CommentTold { comment_id, removed: false } => format!("comment {comment_id} may be answered by a DM"),
        Happened::PublicReply { text } => format!("shop, in public: {}", clean(text.as_str())),
        Happened::Message { text, option, result } => {
            let tapped = option.as_ref().map(|option| format!(" [tapped {}]", clean(option.as_str())));
            let text = text.as_ref().map(|text| format!(" {}", clean(text.as_str())));
            format!("{who}:{}{} → {}", tapped.unwrap_or_default(), text.unwrap_or_default(), code(result))
        }
        Happened::Dm(dm) => {
            let mut line = format!("{}:", dm.member.as_ref().map_or("bot", |member| member.as_str()));
            line.extend(dm.text.iter().map(|text| format!(" {}", clean(text.as_str()))));
            line.extend(dm.options.iter().map(|option| format!(" [{}]", clean(option.label.as_str()))));
            line.extend(dm.card.iter().map(|card| format!(" <{}>", card_text(card))));
            line
        }
        Happened::Inbox { reason, note, owner } => {
            let owner = owner.as_ref().map(|owner| format!(" for {owner}")).unwrap_or_default();
            let note = note.as_ref().map(|note| format!(" ({})", clean(note.as_str()))).unwrap_or_default();
            format!("inbox{owner}: {}{note}", code(reason))
        }
        Happened::Act { member, act, to, refused, duplicate } => {
            let to = to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
            let came = match (refused, duplicate) {
                (Some(reason), _) => format!(" → refused: {}", code(reason)),
                (None, true) => " → duplicate".to_owned(),
                (None, false) => String::new(),
            };
            format!("{member}: {act}{to}{came}")
        }
        Happened::Opened => String::new(),
        Happened::State { from, to, why } => format!("{} → {}: {why}", code(from), code(to)),
        Happened::Flow { flow, version, trigger } => format!("flow {flow}, version {version}, starts by {trigger}"),
        Happened::Waits { trigger, queued, until, count, limit } => {
            let what = if *queued { "queued for room under the limit" } else { "held for the buyer to write" };
            let used = match (queued, count, limit) {
                (true, Some(count), Some(limit)) => format!(": {count} of {limit} contacts counted in this cycle"),
                _ => String::new(),
            };
            format!("the start of {trigger} is {what}, until {until}{used}")
        }
        Happened::Released { trigger } => format!("the start of {trigger} has its turn"),
        Happened::Dropped { trigger, reason } => format!("the start of {trigger} is dropped: {}", code(reason)),
        Happened::Captured { field } => format!("captured {field}"),
        Happened::Tagged { tag } => format!("tagged {tag}"),
        Happened::Counted { cycle, count, by } => {
            format!("counted in the cycle of {cycle}, as number {count}, by {}", clean(by))
        }
        Happened::SetAside { kind, reason: "duplicate" } => format!("{} → duplicate", kind.replace('_', " ")),
        Happened::SetAside { kind, reason } => {
            format!("{} → refused: {}", kind.replace('_', " "), reason.replace('_', " "))
        }
        Happened::Order { order_id, result, total_minor, currency } => {
            format!("{who} ordered {order_id}: {} → {}", Money::new(*total_minor, currency), code(result))
        }
    }
}

fn came_of(outcome: &CommentOutcome) -> String {
    let trigger = outcome.trigger.as_ref().map(|trigger| format!(" {trigger}")).unwrap_or_default();
    let until = outcome.until.map(|until| format!(" until {until}")).unwrap_or_default();
    let not = if outcome.result.is_firing() || outcome.result == CommentResult::Duplicate { "" } else { "not fired: " };
    format!("{not}{}{trigger}{until}", code(&outcome.result))
}

fn card_text(card: &Link) -> String {
    match (&card.product, &card.sku) {
        (Some(product), Some(sku)) => format!("{product}/{sku}"),
        (Some(product), None) => product.to_string(),
        (None, _) => "shop".to_owned(),
    }
}
