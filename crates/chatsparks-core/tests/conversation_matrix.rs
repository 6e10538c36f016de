//! Every state of a conversation met with every input: outcome, effects, what is told, and the state after.

use crate::talk::{Done, INPUTS, MINT, STATES, World, world};
use chatsparks_core::{
    Contact, ConversationState, Effect, Fact, Instant, Outcome, Source, Waits,
    internal::{Change, ContactChange},
};
use std::fmt::Write;

#[test]
fn v1_every_state_meets_every_input() {
    let mut table = String::new();
    for state in STATES {
        let begin = world(state).now;
        let before = stands(&world(state), begin);
        writeln!(table, "## {state}\n   {before}").unwrap();
        for input in INPUTS {
            let mut world = world(state);
            let came = match world.input(input) {
                Some(done) => done.iter().map(told).collect::<Vec<_>>().join(" | "),
                None => "-".to_owned(),
            };
            let after = stands(&world, begin);
            let after = if came == "-" {
                String::new()
            } else if after == before {
                "  => same".to_owned()
            } else {
                format!("  => {after}")
            };
            writeln!(table, "{input:<37} {came}{after}").unwrap();
        }
        table.push('\n');
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("conversation_matrix", table) });
}

/// V6: in Human the bot sends nothing, whatever happens; only a member's handing back ends that.
#[test]
fn v6_in_human_the_bot_sends_nothing() {
    for state in STATES.into_iter().filter(|state| state.starts_with("human")) {
        for input in INPUTS.into_iter().filter(|input| *input != "hand_back") {
            let mut world = world(state);
            let done = world.input(input).unwrap_or_default();
            let bot = done.iter().flat_map(|done| &done.decision.effects);
            let bot =
                bot.filter(|effect| matches!(effect, Effect::SendDm(dm) if dm.member.is_none() && dm.user_id == MINT));
            assert_eq!(bot.count(), 0, "{state}: {input}");
        }
    }
}

/// T4: waking at `next_due` always changes something.
#[test]
fn t4_waking_when_due_changes_something() {
    for state in STATES {
        let Some((_, kind)) = world(state).mint().and_then(Contact::next_due) else { continue };
        let mut world = world(state);
        let before = world.mint().cloned();
        let done = world.input(&format!("timer: {}", kind.as_str())).unwrap();
        assert_ne!(before.as_ref(), world.mint(), "{state}: {kind:?}");
        assert!(
            done[0]
                .decision
                .changes
                .iter()
                .any(|change| matches!(change, Change::Contact(change) if !matches!(change, ContactChange::Known)))
        );
    }
}

fn told(done: &Done) -> String {
    let mut told = match &done.source {
        Source::Event(_) => String::new(),
        Source::Timer { timer, .. } => format!("{} ", timer.kind.as_str()),
    };
    if done.user_id.as_ref().is_some_and(|user_id| *user_id != MINT) {
        told.push_str("(another contact) ");
    }
    told.push_str(&outcome(&done.decision.outcome));
    for effect in &done.decision.effects {
        told.push_str(&match effect {
            Effect::PublicReply { .. } => "; reply".to_owned(),
            Effect::SendDm(dm) => {
                let who = if dm.member.is_some() { "member" } else { "bot" };
                let what = dm.text.as_ref().map_or_else(|| "card".to_owned(), |text| format!("`{}`", text.as_str()));
                format!("; {who} {what} in {}", dm.conversation)
            }
            Effect::NotifyInbox { reason, owner, .. } => {
                format!("; inbox {}{}", code(reason), if owner.is_some() { " (owner)" } else { "" })
            }
            Effect::NotifyOwners { level, .. } => format!("; owners {level}"),
        });
    }
    for fact in &done.decision.facts {
        match fact {
            Fact::Held { trigger, .. } => write!(told, "; held {trigger}"),
            Fact::Queued { trigger, .. } => write!(told, "; queued {trigger}"),
            Fact::Released { trigger } => write!(told, "; released {trigger}"),
            Fact::Dropped { trigger, reason } => write!(told, "; dropped {trigger} ({})", code(reason)),
            Fact::ConversationOpened { conversation } => write!(told, "; opened {conversation}"),
            Fact::FlowLeft { flow, block, why, .. } => write!(told, "; left {flow}/{block} ({})", code(why)),
            Fact::FieldCaptured { field } => write!(told, "; captured {field}"),
            Fact::Tagged { tag } => write!(told, "; tagged {tag}"),
            Fact::ContactCounted { count, .. } => write!(told, "; counted {count}"),
            Fact::CycleBegan { .. } => write!(told, "; cycle began"),
            _ => Ok(()),
        }
        .unwrap();
    }
    told
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Comment(comment) => comment.result.as_str().to_owned(),
        Outcome::Message(message) => code(&message.result),
        Outcome::Order(order) => code(&order.result),
        Outcome::Applied {} => "applied".to_owned(),
        Outcome::Duplicate {} => "duplicate".to_owned(),
        Outcome::Refused(refusal) => format!("refused {}", refusal.reason.as_str()),
    }
}

/// Where the contact stands: state and reason, owner, block and what it waits for, timers counted from the instant
/// at which the state was reached, start, window.
fn stands(world: &World, begin: Instant) -> String {
    let Some(contact) = world.mint() else { return "unknown".to_owned() };
    let mut stands = String::new();
    match contact.conversation() {
        None => stands.push_str("no conversation"),
        Some(conversation) => {
            write!(stands, "{} {}", conversation.id, code(&conversation.state)).unwrap();
            if let Some(reason) = &conversation.reason {
                write!(stands, " ({})", code(reason)).unwrap();
            }
            if let Some(owner) = &conversation.owner {
                write!(stands, " of {owner}").unwrap();
            }
            let run = conversation.run.as_ref().map_or("", |run| run.flow.as_str());
            match &conversation.stands {
                Some(at) => {
                    let missed = if at.mismatches > 0 { format!(", missed {}", at.mismatches) } else { String::new() };
                    let waits = match at.waits {
                        Waits::Reply => "reply",
                        Waits::Time => "time",
                        Waits::BudgetToRun => "budget to run",
                        Waits::BudgetToAskAgain => "budget to ask again",
                        Waits::Person => "person",
                    };
                    write!(stands, ", at {run}/{} for {waits}{missed}", at.block).unwrap();
                }
                None if run.is_empty() => {}
                None => write!(stands, ", {run} completed").unwrap(),
            }
            let open = conversation.state != ConversationState::Closed;
            assert!(
                open || Contact::TIMERS[..3].iter().all(|kind| contact.due(*kind).is_none()),
                "a closed one has no timers"
            );
        }
    }
    for kind in Contact::TIMERS {
        if let Some(due) = contact.due(kind) {
            write!(stands, ", {} {}", kind.as_str(), after(begin, due)).unwrap();
        }
    }
    if contact.is_blocked() {
        stands.push_str(", blocked");
    }
    if let Some(window) = contact.window() {
        write!(stands, ", window {}", window.left).unwrap();
    }
    stands
}

/// How long after the state was reached: `+24h`, `+59m`.
fn after(begin: Instant, due: Instant) -> String {
    let seconds = due.seconds_since(begin);
    let (sign, left) = if seconds < 0 { ("-", -seconds) } else { ("+", seconds) };
    let mut text = sign.to_owned();
    for (unit, length) in [("h", 3600), ("m", 60), ("s", 1)] {
        let count = match length {
            3600 => left / 3600,
            60 => left % 3600 / 60,
            _ => left % 60,
        };
        if count > 0 {
            write!(text, "{count}{unit}").unwrap();
        }
    }
    if seconds == 0 { "now".to_owned() } else { text }
}

fn code(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}
