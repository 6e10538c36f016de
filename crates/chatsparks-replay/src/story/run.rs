//! Running a story: each step happens, and what came is held against what was expected.

use super::{
    Step, Story, StoryError,
    action::{Action, CommentAction, Configuring, OrderAction, When},
    assertion::{After, Assertion},
    cast::Person,
    coverage::Coverage,
    expectation::Expected,
    happening::Happening,
    names::{Known, nearest, suggestion},
    report::{StepReport, StoryReport, Wanted, compare},
};
use crate::{
    document::{Format, read_workspace},
    driver::{Considered, Observer, Replay},
    record::Record,
};
use chatsparks_core::{
    Act, Comment, CommentOf, Configured, DmId, Effect, Engine, Envelope, Evaluation, Event, Fact, Instant, LeaveReason,
    MemberMessage, Message, Order, Receipt, Refund, Text, UserId, workspace::Workspace,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::Arc,
};

type Read<'a> = &'a mut dyn FnMut(&str) -> io::Result<Vec<u8>>;

pub(super) fn run(
    engine: &Engine,
    story: &Story,
    read: Read<'_>,
    mut coverage: Option<&mut Coverage>,
) -> Result<StoryReport, StoryError> {
    if let Some(coverage) = &mut coverage {
        coverage.begin();
    }
    let mut engine = engine.clone();
    for (line, change) in &story.changes {
        let workspace = changed(engine.workspace(), change, read).map_err(|told| story.error(*line, 0, told))?;
        engine = Engine::compile(workspace).map_err(|error| story.error(*line, 0, error.to_string()))?;
    }
    let mut known = Known::default();
    known.add(engine.workspace());
    let mut stage = Stage { replay: Replay::new(engine), seen: Seen { coverage, ..Seen::default() }, last: None };
    let mut steps = Vec::with_capacity(story.steps.len());
    for (number, step) in story.steps.iter().enumerate() {
        steps.push(stage.play(story, number, step, read)?);
        if matches!(step.action, Action::Configure(_)) {
            known.add(stage.replay.engine().workspace());
        }
    }
    let notes = known.notes(story);
    Ok(StoryReport { name: story.name.clone(), title: story.title.clone(), steps, notes })
}

/// Where a story is played.
struct Stage<'c> {
    replay: Replay,
    seen: Seen<'c>,
    last: Option<Envelope>,
}

/// What was seen while it was played.
#[derive(Default)]
struct Seen<'c> {
    coverage: Option<&'c mut Coverage>,
    /// What happened at this step, and to whom where it was not the step's own contact.
    happened: Vec<(Option<UserId>, Happening)>,
    evaluation: Option<(Evaluation, Engine)>,
    last_dms: BTreeMap<UserId, DmId>,
    /// Whose last flow ran to its end.
    completed: BTreeSet<UserId>,
    /// The options sent to each contact, ids and labels, the last ones last.
    options: BTreeMap<UserId, Vec<(String, String)>>,
}

impl Observer for Seen<'_> {
    fn record(&mut self, record: &Record<'_>) {
        let timer_of = if record.envelope.is_none() { record.user_id().cloned() } else { None };
        self.happened.extend(Happening::all_of(record).into_iter().map(|came| (timer_of.clone(), came)));
        for (position, effect) in record.decision.effects.iter().enumerate() {
            if let Effect::SendDm(dm) = effect {
                self.last_dms.insert(dm.user_id.clone(), record.source.effect_id(position).into());
                let sent = self.options.entry(dm.user_id.clone()).or_default();
                sent.extend(dm.options.iter().map(|option| (option.id.to_string(), option.label.as_str().to_owned())));
            }
        }
        if let Some(user_id) = record.user_id() {
            for fact in &record.decision.facts {
                match fact {
                    Fact::FlowLeft { why: LeaveReason::Completed, .. } => {
                        self.completed.insert(user_id.clone());
                    }
                    Fact::FlowStarted { .. } | Fact::FlowLeft { .. } | Fact::ConversationOpened { .. } => {
                        self.completed.remove(user_id);
                    }
                    _ => {}
                }
            }
        }
        if let Some(coverage) = &mut self.coverage {
            coverage.record(record);
        }
    }

    fn comment(&mut self, considered: &Considered<'_>) {
        self.evaluation = Some((considered.evaluation(), considered.engine.clone()));
        if let Some(coverage) = &mut self.coverage {
            coverage.comment(considered);
        }
    }
}

impl Stage<'_> {
    fn play(&mut self, story: &Story, number: usize, step: &Step, read: Read<'_>) -> Result<StepReport, StoryError> {
        let envelope = match (&step.action, &self.last) {
            (Action::Again, Some(last)) => Envelope { at: step.at, ..last.clone() },
            (Action::Again, None) => return Err(story.error(step.line, 0, "expected an event before it")),
            (action, _) => {
                let event = self.event(action, step.at, read).map_err(|told| story.error(step.line, 0, told))?;
                Envelope { id: format!("e{}", number + 1).into(), at: step.at, event }
            }
        };
        self.seen.happened.clear();
        self.seen.evaluation = None;
        self.replay.push_observed(&envelope, &mut self.seen);
        self.last = Some(envelope);
        Ok(self.compared(story, step))
    }

    /// Holds what came at a step against what was expected.
    fn compared(&mut self, story: &Story, step: &Step) -> StepReport {
        let own = step.subject.as_ref().map(|person| &person.user_id);
        // About the step's own contact a line names nobody.
        let whom = |user_id: Option<&UserId>| user_id.filter(|user_id| Some(*user_id) != own).cloned();
        let came: Vec<_> = self.seen.happened.drain(..).map(|(user_id, came)| (whom(user_id.as_ref()), came)).collect();
        let mut wanted = Wanted::default();
        for (_, expectation) in &step.expectations {
            let about = expectation.about.as_ref().or(step.subject.as_ref());
            let user_id = whom(about.map(|person| &person.user_id));
            match &expectation.what {
                Expected::More => wanted.more = true,
                Expected::Nothing => {}
                Expected::Happens(state @ Happening::State { .. }) if !has_state(&came, user_id.as_ref()) => {
                    // A state that did not change is looked at as it is.
                    wanted.assertions.push((user_id, self.state_as_it_is(state, about)));
                }
                Expected::Happens(happening) => wanted.happenings.push((user_id, happening.clone())),
                Expected::Is(assertion) => {
                    let after = After {
                        replay: &self.replay,
                        completed: about.is_some_and(|person| self.seen.completed.contains(&person.user_id)),
                        last_dm: about.and_then(|person| self.seen.last_dms.get(&person.user_id)).map(DmId::as_str),
                        evaluation: self.seen.evaluation.as_ref(),
                    };
                    let truth = assertion.truth(about, &after);
                    wanted.assertions.push((user_id, (assertion.to_string(), truth.to_string())));
                }
            }
        }
        let what = story.source.get(step.line).map_or("", |line| line.trim()).to_owned();
        compare(step.line + 1, step.at, what, !step.expectations.is_empty(), &wanted, &came)
    }

    /// A state that is expected, and the state there is; the same text where it is the one expected.
    fn state_as_it_is(&self, wanted: &Happening, about: Option<&Person>) -> (String, String) {
        let contact = about.and_then(|person| self.replay.contact(person.user_id.as_str()));
        let now = contact
            .and_then(|contact| contact.conversation())
            .map(|now| Happening::State { state: now.state, reason: now.reason });
        let text = match &now {
            Some(now) if wanted.admits(now) => wanted.to_string(),
            Some(now) => now.to_string(),
            None => Assertion::State(None).to_string(),
        };
        (wanted.to_string(), text)
    }

    fn event(&self, action: &Action, at: Instant, read: Read<'_>) -> Result<Event, String> {
        let handle = |who: &Person| who.handle.as_deref().map(Text::from);
        Ok(match action {
            Action::Clock | Action::Again => Event::Clock,
            Action::Comment(action) => Event::Comment(comment(action, at)),
            Action::Removed { who, comment } => Event::CommentRemoved(comment_of(who, comment)),
            Action::Answerable { who, comment } => Event::CommentAnswerable(comment_of(who, comment)),
            Action::Message { who, id, text } => Event::Message(Message {
                message_id: id.as_str().into(),
                user_id: who.user_id.clone(),
                handle: handle(who),
                text: text.as_deref().map(Into::into),
                option: None,
            }),
            Action::Taps { who, id, option, text } => Event::Message(Message {
                message_id: id.as_str().into(),
                user_id: who.user_id.clone(),
                handle: handle(who),
                text: text.as_deref().map(Into::into),
                option: Some(self.option(who, option).into()),
            }),
            Action::Act { member, who, kind } => {
                Event::Act(Act { user_id: who.user_id.clone(), member: member.clone(), kind: kind.clone() })
            }
            Action::MemberMessage { member, who, id, text, link } => Event::MemberMessage(MemberMessage {
                message_id: id.as_str().into(),
                user_id: who.user_id.clone(),
                member: member.clone(),
                text: text.as_str().into(),
                link: link.clone(),
            }),
            Action::Receipt { who, status, detail } => {
                // Of somebody who was never written to there is no DM: an id that nobody knows.
                let dm_id = self.seen.last_dms.get(&who.user_id).cloned().unwrap_or_else(|| "none/0".into());
                Event::Receipt(Receipt { dm_id, status: *status, detail: detail.as_deref().map(Text::from) })
            }
            Action::ReceiptOf { dm, status, detail } => Event::Receipt(Receipt {
                dm_id: dm.as_str().into(),
                status: *status,
                detail: detail.as_deref().map(Text::from),
            }),
            Action::Order(action) => Event::Order(order(action, at)),
            Action::Cancelled(order) => Event::OrderCancelled(order.clone()),
            Action::Refund { id, order, amount } => {
                Event::Refund(Refund { refund_id: id.clone(), order_id: order.clone(), amount_minor: *amount })
            }
            Action::Review { member, order, verdict } => {
                Event::OrderReview { order_id: order.clone(), verdict: *verdict, member: member.clone() }
            }
            Action::Identity { who, shop } => {
                Event::Identity { user_id: who.user_id.clone(), shop_user_id: shop.as_str().into() }
            }
            Action::Configure(change) => {
                let workspace = changed(self.replay.engine().workspace(), change, read)?;
                Event::Configure(Box::new(Configured::Workspace(Arc::new(workspace))))
            }
        })
    }

    /// The id of an option by its label or id, of the last DM that has it; else the id as it stands.
    fn option(&self, who: &Person, named: &str) -> String {
        let sent = self.seen.options.get(&who.user_id).into_iter().flatten().rev();
        let found = sent.clone().find(|(_, label)| label == named).or_else(|| sent.clone().find(|(id, _)| id == named));
        found.map_or_else(|| named.to_owned(), |(id, _)| id.clone())
    }
}

fn has_state(came: &[(Option<UserId>, Happening)], about: Option<&UserId>) -> bool {
    came.iter().any(|(whom, came)| whom.as_ref() == about && matches!(came, Happening::State { .. }))
}

fn comment(action: &CommentAction, at: Instant) -> Comment {
    Comment {
        comment_id: action.id.as_str().into(),
        post_id: action.post.as_str().into(),
        user_id: action.who.user_id.clone(),
        handle: action.who.handle.as_deref().map(Text::from),
        text: action.text.as_str().into(),
        posted_at: action.posted.map(|posted| instant(posted, at)),
        reply_to: action.reply_to.as_deref().map(Into::into),
        direct_reply: action.answerable,
    }
}

fn comment_of(who: &Person, comment: &str) -> CommentOf {
    CommentOf { comment_id: comment.into(), user_id: who.user_id.clone() }
}

fn order(action: &OrderAction, at: Instant) -> Order {
    Order {
        order_id: action.id.clone(),
        user_id: action.who.user_id.clone(),
        placed_at: action.placed.map(|placed| instant(placed, at)),
        currency: action.currency.clone(),
        total_minor: action.total,
        lines: action.lines.clone(),
    }
}

fn instant(when: When, at: Instant) -> Instant {
    match when {
        When::At(instant) => instant,
        When::Ago(period) => at.before(period),
    }
}

/// Another document: one that is read, or this one changed at one place.
fn changed(workspace: &Workspace, change: &Configuring, read: Read<'_>) -> Result<Workspace, String> {
    match change {
        Configuring::File(file) => {
            let bytes = read(file).map_err(|error| format!("`{file}` cannot be read: {error}"))?;
            read_workspace(&bytes, Format::of(Path::new(file))).map_err(|error| format!("`{file}`: {error}"))
        }
        Configuring::With { path, value } => {
            let mut document = serde_json::to_value(workspace).map_err(|error| error.to_string())?;
            set(&mut document, path, value.clone())?;
            let bytes = serde_json::to_vec(&document).map_err(|error| error.to_string())?;
            read_workspace(&bytes, Format::Json).map_err(|error| format!("with `{path}` so: {error}"))
        }
    }
}

/// Sets a place such as `plan.mac_limit` or `triggers[price].status`; a list's entry is named by its id or place.
fn set(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let missing = |part: &str, known: &[&str]| {
        let near = suggestion(&nearest(part, known.iter().copied()));
        format!("expected a place of the document: there is no `{part}` in `{path}`{near}")
    };
    let mut here = document;
    let mut parts = path.split(['.', '[']).peekable();
    while let Some(part) = parts.next() {
        let name = part.strip_suffix(']').unwrap_or(part);
        let is_last = parts.peek().is_none();
        here = match here {
            Value::Object(map) if is_last => {
                map.insert(name.to_owned(), value);
                return Ok(());
            }
            Value::Object(map) => {
                if !map.contains_key(name) {
                    return Err(missing(name, &map.keys().map(String::as_str).collect::<Vec<_>>()));
                }
                map.get_mut(name).ok_or_else(|| missing(name, &[]))?
            }
            Value::Array(list) => {
                let named = |entry: &Value| ["id", "email"].iter().any(|key| entry.get(key) == Some(&name.into()));
                let at = list.iter().position(named).or_else(|| name.parse().ok()).filter(|at| *at < list.len());
                let Some(at) = at else {
                    let names = list.iter().flat_map(|entry| ["id", "email"].map(|key| entry.get(key)));
                    return Err(missing(name, &names.flatten().filter_map(Value::as_str).collect::<Vec<_>>()));
                };
                list.get_mut(at).ok_or_else(|| missing(name, &[]))?
            }
            _ => return Err(missing(name, &[])),
        };
        if is_last {
            *here = value;
            return Ok(());
        }
    }
    Ok(())
}
