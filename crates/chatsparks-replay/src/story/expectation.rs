//! The expectation side of a story: lines that say what must come of a step.

use super::{
    action::{link, stage},
    assertion::{Assertion, OrderNow, Place},
    cast::Person,
    happening::{Happening, OrderLineOf, code},
    words::{Flaw, Words},
};
use chatsparks_core::{CommentResult, Explained, MessageResult};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// One line of what is expected.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expectation {
    /// About whom, where it is not whoever the step is about.
    pub(super) about: Option<Person>,
    pub(super) what: Expected,
}

/// What a line expects.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expected {
    /// This happens.
    Happens(Happening),
    /// So it is after the step.
    Is(Assertion),
    /// Nothing that would have to be expected happens.
    Nothing,
    /// More may happen than is expected.
    More,
}

/// What may stand in a line of expectations, told to whoever wrote something else.
pub(super) const EXPECTED: &str = "expected an expectation, such as `fired TRIGGER`, `not fired: throttled`, \
     `public: TEXT`, `bot: TEXT [button]`, `card: PRODUCT/SKU`, `inbox: handoff`, `state: waiting`, `field NAME = TEXT`, \
     `nothing` or `...`; what happens stands after a time, such as `+0s`";

/// The words that expectations begin with.
const WORDS: &[&str] = &[
    "...",
    "…",
    "applied",
    "at",
    "awaiting",
    "begins",
    "blocked",
    "bot",
    "card",
    "count",
    "counted",
    "cycle",
    "dm",
    "dropped",
    "duplicate",
    "field",
    "fired",
    "inbox",
    "kept",
    "mismatch",
    "no",
    "not",
    "nothing",
    "order",
    "out",
    "owner",
    "owners",
    "public",
    "queued",
    "refused",
    "sensitive",
    "sent",
    "state",
    "tag",
    "taken",
    "trigger",
    "undeliverable",
];

/// Whether an expectation stands next, and not what somebody of such a name does.
pub(super) fn is_next(words: &Words<'_>) -> bool {
    let mut ahead = words.clone();
    let first = ahead.peek();
    if first == "order" {
        // `order o1 is cancelled` happens.
        ahead.eat(first);
        return ahead.mark(':') || (ahead.word("").is_ok() && ahead.mark(':'));
    }
    if ahead.named().is_some() {
        return WORDS.contains(&ahead.peek());
    }
    WORDS.contains(&first)
}

/// Reads a line of expectations.
pub(super) fn read(words: &mut Words<'_>) -> Result<Expectation, Flaw> {
    let about = words.named().map(|name| Person::new(&name));
    let what = what(words)?;
    words.end()?;
    Ok(Expectation { about, what })
}

fn what(words: &mut Words<'_>) -> Result<Expected, Flaw> {
    let start = words.clone();
    let first = words.peek();
    words.eat(first);
    Ok(Expected::Happens(match first {
        "..." | "…" => return Ok(Expected::More),
        "nothing" => return Ok(Expected::Nothing),
        "fired" => comment(words, CommentResult::Fired)?,
        "queued" => comment(words, CommentResult::Queued)?,
        "undeliverable" => comment(words, CommentResult::Undeliverable)?,
        "awaiting" => {
            words.needs_word("message")?;
            words.eat("for");
            comment(words, CommentResult::AwaitingMessage)?
        }
        "not" if words.eat("fired") => {
            words.needs(':', "the reason, such as `throttled`")?;
            let result = coded(words, "a reason such as `throttled`, `no_match`, `with_human`")?;
            match comment(words, result)? {
                Happening::Comment { result: CommentResult::Duplicate, .. } => Happening::Duplicate,
                other => other,
            }
        }
        "taken" => Happening::Message(MessageResult::Taken),
        "mismatch" => Happening::Message(MessageResult::Mismatch),
        "kept" => Happening::Message(MessageResult::Kept),
        "sensitive" => Happening::Message(MessageResult::Sensitive),
        "out" => {
            words.needs_word("of")?;
            words.needs_word("flow")?;
            Happening::Message(MessageResult::OutOfFlow)
        }
        "duplicate" => Happening::Duplicate,
        "applied" => Happening::Applied,
        "sent" => {
            let by = if words.eat("by") { Some(words.word("a member's email")?) } else { None };
            words.mark(',');
            let card = if words.eat_all(&["with", "card"]) { Some(link(words)?) } else { None };
            Happening::Sent { by, card, text: if words.mark(':') { Some(words.text()?) } else { None } }
        }
        "refused" => {
            let reason = if words.mark(':') { Some(coded(words, "a reason such as `not_human`")?) } else { None };
            Happening::Refused(reason)
        }
        "public" => {
            words.needs(':', "the text")?;
            Happening::Public(words.text()?)
        }
        "bot" => {
            words.needs(':', "the text, and buttons as `[label]`")?;
            let (text, options) = words.text_with_labels()?;
            Happening::Bot { text, options }
        }
        "card" => {
            words.needs(':', "a product, `product/sku`, or `shop`")?;
            let link = link(words)?;
            Happening::Card { link, text: if words.mark(':') { Some(words.text()?) } else { None } }
        }
        "inbox" => {
            words.needs(':', "the reason, such as `handoff`")?;
            let reason = coded(words, "a reason such as `handoff` or `out_of_flow`")?;
            let owner = if words.eat("for") { Some(words.word("a member's email")?) } else { None };
            Happening::Inbox { reason, owner, note: words.in_parentheses()? }
        }
        "owners" => owners(words)?,
        "state" => {
            words.needs(':', "the state: `bot`, `waiting`, `human` or `closed`")?;
            let state = coded(words, "a state: `bot`, `waiting`, `human` or `closed`")?;
            Happening::State { state, reason: reason(words, "a reason such as `expired`")? }
        }
        "begins" => Happening::Begins(optional_word(words)?),
        "dropped" => {
            let trigger = if words.rest().starts_with('(') { None } else { optional_word(words)? };
            Happening::Dropped { trigger, reason: reason(words, "a reason such as `expired`")? }
        }
        "cycle" => {
            words.needs_word("begins")?;
            Happening::Cycle
        }
        "order" if words.mark(':') => order(words)?,
        "at" | "blocked" | "count" | "counted" | "dm" | "field" | "no" | "not" | "order" | "owner" | "tag"
        | "trigger" => return assertion(words, first).map(Expected::Is),
        _ => return Err(start.flaw(EXPECTED)),
    }))
}

/// `[TRIGGER] [until TIME]`
fn comment(words: &mut Words<'_>, result: CommentResult) -> Result<Happening, Flaw> {
    let is_next = !words.is_at_end() && words.peek() != "until";
    let trigger = if is_next { Some(words.word("a trigger")?) } else { None };
    let until = if words.eat("until") { Some(needs_instant(words)?) } else { None };
    Ok(Happening::Comment { result, trigger, until })
}

fn needs_instant(words: &mut Words<'_>) -> Result<chatsparks_core::Instant, Flaw> {
    words.instant()?.ok_or_else(|| words.flaw("expected a time such as `2026-03-03 10:00`"))
}

/// `LEVEL% [[,] COUNT of LIMIT]`
fn owners(words: &mut Words<'_>) -> Result<Happening, Flaw> {
    words.needs(':', "the level: `80%`, `95%` or `100%`")?;
    let flaw = words.flaw("expected a level: `80%`, `95%` or `100%`");
    let word = words.word("a level")?;
    let level = word.trim_end_matches('%').parse().map_err(|_| flaw)?;
    words.mark(',');
    if words.is_at_end() {
        return Ok(Happening::Owners { level, counts: None });
    }
    let count = count(words)?;
    words.needs_word("of")?;
    let limit = self::count(words)?;
    Ok(Happening::Owners { level, counts: Some((count, limit)) })
}

fn count(words: &mut Words<'_>) -> Result<u64, Flaw> {
    let flaw = words.flaw("expected a count, not negative");
    u64::try_from(words.number("a count")?).map_err(|_| flaw)
}

/// `RESULT [to TRIGGER] [, block BLOCK] [, overlap AMOUNT] [(REASON)]`
fn order(words: &mut Words<'_>) -> Result<Happening, Flaw> {
    let result = coded(words, "`attributed`, `soft` or `organic`")?;
    let to = if words.eat("to") { Some(words.word("a trigger or member")?) } else { None };
    let (mut block, mut overlap) = (None, None);
    while words.mark(',') {
        if words.eat("block") {
            block = Some(words.word("a block")?);
        } else {
            words.needs_word("overlap")?;
            overlap = Some(words.number("the overlap in minor units")?);
        }
    }
    let reason = reason(words, "a reason such as `unknown_contact`")?;
    Ok(Happening::Order(OrderLineOf { result, to, block, overlap, reason }))
}

/// How it is after the step.
fn assertion(words: &mut Words<'_>, first: &str) -> Result<Assertion, Flaw> {
    Ok(match first {
        "field" => {
            let field = words.word("a field")?;
            words.needs_word("=")?;
            Assertion::Field(field, Some(words.text()?))
        }
        "tag" => {
            words.needs(':', "a tag")?;
            Assertion::Tag(words.text()?, true)
        }
        "owner" => {
            words.needs(':', "a member's email")?;
            Assertion::Owner(Some(words.word("a member's email")?))
        }
        "no" => match words.peek() {
            "field" => {
                words.eat("field");
                Assertion::Field(words.word("a field")?, None)
            }
            "tag" => {
                words.eat("tag");
                words.needs(':', "a tag")?;
                Assertion::Tag(words.text()?, false)
            }
            "owner" => {
                words.eat("owner");
                Assertion::Owner(None)
            }
            "order" => {
                words.eat("order");
                Assertion::NoOrder(words.word("the id of the order")?)
            }
            "dm" => {
                words.eat("dm");
                Assertion::NoDm
            }
            "state" => {
                words.eat("state");
                Assertion::State(None)
            }
            "flow" => {
                words.eat("flow");
                Assertion::At(Place::NoFlow)
            }
            _ => {
                return Err(
                    words.flaw("expected `field NAME`, `tag: TAG`, `owner`, `flow`, `state`, `dm` or `order ID`")
                );
            }
        },
        "counted" => Assertion::Counted(true),
        "blocked" => Assertion::Blocked(true),
        "not" if words.eat("counted") => Assertion::Counted(false),
        "not" if words.eat("blocked") => Assertion::Blocked(false),
        "not" => return Err(words.flaw("expected `fired:`, `counted` or `blocked`")),
        "at" => {
            if words.eat_all(&["the", "end"]) {
                return Ok(Assertion::At(Place::End));
            }
            Assertion::At(Place::Block(words.word("a block, or `the end`")?))
        }
        "count" => {
            words.needs(':', "the contacts counted in this cycle")?;
            Assertion::Count(count(words)?)
        }
        "dm" => {
            words.needs(':', "a stage")?;
            Assertion::Dm(stage(words)?)
        }
        "order" => {
            let order = words.word("the id of the order")?;
            words.needs(':', "what it counts as now, such as `attributed 59000`")?;
            let result = coded(words, "`attributed`, `soft` or `organic`")?;
            let net = words.number("the net amount in minor units")?;
            words.mark(',');
            let overlap = if words.eat("overlap") { Some(words.number("the overlap in minor units")?) } else { None };
            words.mark(',');
            let cancelled = words.eat("cancelled");
            Assertion::Order(order, OrderNow { result, net, overlap, cancelled })
        }
        _ => {
            let trigger = words.word("a trigger")?;
            words.needs(':', "what became of it for this comment, such as `outranked by price`")?;
            if words.eat_all(&["not", "considered"]) {
                return Ok(Assertion::NotConsidered(trigger));
            }
            let result: Explained = coded(words, "a reason such as `outranked`, `draft`, `out_of_scope`")?;
            let winner = if words.eat("by") { Some(words.word("a trigger")?) } else { None };
            let until = if words.eat("until") { Some(needs_instant(words)?) } else { None };
            Assertion::Trigger { trigger, result, winner, until }
        }
    })
}

fn optional_word(words: &mut Words<'_>) -> Result<Option<String>, Flaw> {
    if words.is_at_end() { Ok(None) } else { words.word("a trigger").map(Some) }
}

fn reason<T: DeserializeOwned + Serialize>(words: &mut Words<'_>, what: &str) -> Result<Option<T>, Flaw> {
    let flaw = words.flaw(format!("expected {what}"));
    words.in_parentheses()?.map(|reason| from_code(&reason).ok_or(flaw)).transpose()
}

/// A word that is the code of an enum, such as `no_match`; `out of flow` does for `out_of_flow`.
fn coded<T: DeserializeOwned + Serialize>(words: &mut Words<'_>, what: &str) -> Result<T, Flaw> {
    let flaw = words.flaw(format!("expected {what}"));
    let first = words.word(what)?;
    if let Some(value) = from_code(&first) {
        return Ok(value);
    }
    // A code of several words may be written with blanks: as many of them as make one.
    let (mut joined, mut ahead) = (first, words.clone());
    for _ in 0..3 {
        let word = ahead.peek();
        ahead.eat(word);
        joined = format!("{joined}_{word}");
        if let Some(value) = from_code(&joined) {
            *words = ahead;
            return Ok(value);
        }
    }
    Err(flaw)
}

fn from_code<T: DeserializeOwned + Serialize>(word: &str) -> Option<T> {
    let value: T = serde_json::from_value(Value::String(word.replace(' ', "_"))).ok()?;
    (!code(&value).is_empty()).then_some(value)
}
