//! Why a trigger did or did not fire, as a person reads it: the gates, the condition as a tree, and what would have let
//! it fire.

use crate::{
    aside::{code, used},
    terminal::{BAD, FAINT, GOOD, STRONG, Stream, shown},
};
use chatsparks_core::{
    Counterfactual, Explained, Explanation, Gate, GateKind, HeldConversation, LookedWord, Near, Part, PartKind,
    Supposed, Why,
};
use std::io::{self, Write};

/// Words of one list that are shown.
const WORDS: usize = 12;

/// Writes all that is known of why; the gates only where the trigger was asked for, and has something to tell of them.
pub(crate) fn write_why(
    to: &mut Stream,
    explanation: &Explanation,
    why: &Why,
    counterfactual: Option<&Counterfactual>,
) -> io::Result<()> {
    let trigger = shown(explanation.trigger.as_str());
    let holds = if why.condition.holds { "holds" } else { "does not hold" };
    let because: Vec<_> = why.because.iter().take(3).map(String::as_str).collect();
    let more = why.because.len().checked_sub(3).filter(|more| *more > 0);
    let more = more.map_or(String::new(), |more| format!(" and {more} more"));
    writeln!(to.to, "  {STRONG}{trigger}{STRONG:#}: its condition {holds}, by {}{more}", because.join(", "))?;
    write_part(to, &why.condition, 2)?;
    writeln!(to.to, "    {STRONG}gates{STRONG:#}")?;
    for gate in &why.gates {
        writeln!(to.to, "      {} {}{}", mark(!gate.refuses), gate.kind.result().as_str(), numbers(gate))?;
    }
    if let Some(counterfactual) = counterfactual {
        // One that fired had to wait, or could not go.
        let did_fire = matches!(
            explanation.verdict.result,
            Explained::Queued | Explained::AwaitingMessage | Explained::Undeliverable
        );
        let would = if did_fire { "would have started at once with" } else { "would have fired with" };
        let would =
            if matches!(explanation.verdict.result, Explained::AwaitingMessage) { "starts with" } else { would };
        writeln!(to.to, "    {STRONG}{would}{STRONG:#}")?;
        for change in &counterfactual.changes {
            writeln!(to.to, "      {}", supposed(change))?;
        }
    }
    Ok(())
}

fn mark(good: bool) -> String {
    if good { format!("{GOOD}✓{GOOD:#}") } else { format!("{BAD}✗{BAD:#}") }
}

fn write_part(to: &mut Stream, part: &Part, depth: usize) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    writeln!(to.to, "{indent}{} {}", mark(part.holds), asked(part))?;
    if let PartKind::Keywords { words, .. } = &part.kind {
        for (word, near) in words.iter().filter_map(|word| Some((word, word.nearest.as_ref()?))).take(WORDS) {
            writeln!(to.to, "{indent}    {FAINT}nearly:{FAINT:#} {}", nearly(word, near))?;
        }
    }
    part.parts().iter().try_for_each(|part| write_part(to, part, depth + 1))
}

/// What a part asks, and what was there.
fn asked(part: &Part) -> String {
    let quoted = |text: &str| format!("`{}`", shown(text));
    let place = |(start, end): &(usize, usize)| format!("{start}..{end}");
    match &part.kind {
        PartKind::All { .. } => "all of".to_owned(),
        PartKind::Any { .. } => "any of".to_owned(),
        PartKind::Not { .. } => "not".to_owned(),
        PartKind::Keywords { mode, ignore_accents, squeeze, words, others } => {
            let loose = [(*ignore_accents, ", ignore_accents"), (*squeeze, ", squeeze")];
            let loose: String = loose.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect();
            let found: Vec<_> = words.iter().filter(|word| word.holds).collect();
            let told = if found.is_empty() { words.iter().collect() } else { found };
            let named = told.iter().take(WORDS).map(|word| {
                let at: Vec<_> = word.places.iter().take(3).map(place).collect();
                let at = if at.is_empty() { String::new() } else { format!(" at {}", at.join(", ")) };
                quoted(&word.word) + &at
            });
            let named = named.collect::<Vec<_>>().join(", ");
            let left = if told.iter().any(|word| word.holds) { 0 } else { others + told.len().saturating_sub(WORDS) };
            let left = if left == 0 { String::new() } else { format!(" and {left} more") };
            format!("keywords, {}{loose}: {named}{left}", code(mode))
        }
        PartKind::Pack { pack, words, .. } => {
            let found: Vec<_> = words.iter().take(WORDS).map(|word| quoted(&word.word)).collect();
            let found = if found.is_empty() { "none of its words".to_owned() } else { found.join(", ") };
            format!("pack {}: {found}", shown(pack))
        }
        PartKind::Pattern { pattern, places } => {
            let at: Vec<_> = places.iter().take(3).map(place).collect();
            let at = if at.is_empty() { "not found".to_owned() } else { format!("at {}", at.join(", ")) };
            format!("pattern {}: {at}", quoted(pattern))
        }
        PartKind::QuestionMark { ends_in } => format!("question_mark: the text ends in {}", quoted(ends_in.as_str())),
        PartKind::FirstComment { earlier: Some(earlier) } => {
            let (comment, post) = (shown(earlier.comment_id.as_str()), shown(earlier.post_id.as_str()));
            format!("first_comment: {comment} came before, under {post} at {}", earlier.at)
        }
        PartKind::FirstComment { earlier: None } => "first_comment".to_owned(),
        PartKind::Reply { reply_to: Some(other) } => format!("reply: to {}", shown(other.as_str())),
        PartKind::Reply { reply_to: None } => "reply: it answers no comment".to_owned(),
        PartKind::Posts { posts, post_id } => {
            let asked: Vec<_> = posts.iter().take(WORDS).map(|post| shown(post.as_str()).to_string()).collect();
            format!("posts {}: it was {}", asked.join(", "), shown(post_id.as_str()))
        }
        PartKind::Mentions { products, found } => {
            let asked: Vec<_> =
                products.iter().take(WORDS).map(|product| shown(product.as_str()).to_string()).collect();
            let asked = if asked.is_empty() { "any product".to_owned() } else { asked.join(", ") };
            let named = found.iter().take(WORDS);
            let named = named.map(|one| format!("{} at {}..{}", shown(one.product.as_str()), one.start, one.end));
            let found = named.collect::<Vec<_>>().join(", ");
            let found = if found.is_empty() { "none".to_owned() } else { found };
            format!("mentions {asked}: found {found}")
        }
    }
}

/// `` `price` stands as `prices` at 0..6: it would hold with match: contains``
fn nearly(word: &LookedWord, near: &Near) -> String {
    let mut with = Vec::new();
    with.extend(near.mode.map(|mode| format!("match: {}", code(&mode))));
    with.extend(near.ignore_accents.then(|| "ignore_accents".to_owned()));
    with.extend(near.squeeze.then(|| "squeeze".to_owned()));
    let why = if near.mark {
        "a mark behind it makes it another word".to_owned()
    } else if near.letter {
        "one letter away".to_owned()
    } else {
        format!("it would hold with {}", with.join(", "))
    };
    format!("`{}` stands as `{}` at {}..{}: {why}", shown(&word.word), shown(near.text.as_str()), near.start, near.end)
}

/// The numbers of a gate.
fn numbers(gate: &Gate) -> String {
    let told = match &gate.kind {
        GateKind::NotConnected { connected: false, .. } => "the account is disconnected".to_owned(),
        GateKind::NotConnected { missing_scope: Some(scope), .. }
        | GateKind::Undeliverable { missing_scope: Some(scope) } => format!("the scope `{scope}` is missing"),
        GateKind::OutsideWindow { ends: Some(ends), window_days: Some(days), .. } => {
            let ends_or_ended = if gate.refuses { "ended" } else { "ends" };
            format!("the window of {days} days {ends_or_ended} {ends}")
        }
        GateKind::OutsideWindow { published_at: None, window_days: Some(_), .. } => {
            "the workspace lacks the post: it counts as new".to_owned()
        }
        GateKind::OutOfScope { scope, post_id, known, tags } => {
            let scope = serde_json::to_string(scope).unwrap_or_default();
            let tags: Vec<_> = tags.iter().map(|tag| shown(tag.as_str()).to_string()).collect();
            let tags = if tags.is_empty() { String::new() } else { format!(" tagged {}", tags.join(", ")) };
            let known = if *known { "" } else { ", which the workspace lacks" };
            format!("the scope is {}; it was {}{tags}{known}", shown(&scope), shown(post_id.as_str()))
        }
        GateKind::Outranked { winner: Some(winner) } => format!("{} stands higher, and won", shown(winner.as_str())),
        GateKind::Throttled { hours, since: Some(since), comment_id, until: Some(until) } => {
            let comment = comment_id.as_ref().map(|id| format!(" for {}", shown(id.as_str()))).unwrap_or_default();
            let ends = if gate.refuses { "ends" } else { "ended" };
            format!("it last fired at {since}{comment}; its throttle of {hours} hours {ends} {until}")
        }
        GateKind::WithHuman { held: Some(HeldConversation { conversation, owner, reason }) } => {
            let owner = owner.as_ref().map_or("nobody yet".to_owned(), |owner| shown(owner.as_str()).to_string());
            let reason = reason.as_ref().map(|reason| format!(", {}", code(reason))).unwrap_or_default();
            format!("conversation {conversation} is with {owner}{reason}")
        }
        GateKind::Queued { usage: Some(usage) } => match usage.limit {
            Some(limit) => used(usage.count, limit),
            None => "there is no limit".to_owned(),
        },
        GateKind::AwaitingMessage { reach } => format!("reach is {}", code(reach)),
        _ => String::new(),
    };
    if told.is_empty() { told } else { format!(": {told}") }
}

/// A change, in a sentence.
fn supposed(change: &Supposed) -> String {
    let name = |text: &str| shown(text).to_string();
    match change {
        Supposed::AnotherAuthor => "another author than the workspace's own account".to_owned(),
        Supposed::Connect => "the account connected, with the scope `comments`".to_owned(),
        Supposed::Listen { days } => format!("listening_window_days: {days}"),
        Supposed::Activate => "status: active".to_owned(),
        Supposed::Scope { scope } => format!("scope: {}", name(&serde_json::to_string(scope).unwrap_or_default())),
        Supposed::Match { path, to, instead_of } => {
            format!("match: {} instead of {}, in {path}", code(to), code(instead_of))
        }
        Supposed::IgnoreAccents { path } => format!("ignore_accents, in {path}"),
        Supposed::Squeeze { path } => format!("squeeze, in {path}"),
        Supposed::AddWord { path, word } => format!("the word `{}` too, in {path}", name(word.as_str())),
        Supposed::RemoveWords { path, words } => {
            let words: Vec<_> = words.iter().map(|word| format!("`{}`", name(word))).collect();
            format!("without the words {}, in {path}", words.join(", "))
        }
        Supposed::AddPost { path, post } => format!("the post {} too, in {path}", name(post.as_str())),
        Supposed::AddProduct { path, product } => format!("the product {} too, in {path}", name(product.as_str())),
        Supposed::QuestionMark => "a question mark at the end of the comment".to_owned(),
        Supposed::FirstComment => "no earlier comment of this contact".to_owned(),
        Supposed::Reply => "an answer to another comment".to_owned(),
        Supposed::LeaveOut { path } => format!("without the part {path}"),
        Supposed::RankAbove { trigger } => format!("rank above {}", name(trigger.as_str())),
        Supposed::Unblock => "the contact unblocked".to_owned(),
        Supposed::Later { at } => format!("a comment at {at}, when the throttle ends"),
        Supposed::RaiseLimit { to } => format!("mac_limit: {to}"),
        Supposed::BuyerWrites { until } => format!("a message of the buyer, before {until}"),
        Supposed::GrantMessages => "the scope `messages` granted".to_owned(),
        Supposed::HandBack => "the conversation handed back to the bot".to_owned(),
    }
}
