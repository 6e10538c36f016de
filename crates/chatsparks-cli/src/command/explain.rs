//! `chatsparks explain`: why each trigger did, or did not, answer a comment (C10).

use super::{Diagnose, compile, unknown_trigger};
use crate::{
    aside::{code, counted, used, write_next, write_set_aside},
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, beside},
    nearest::Nearest,
    shown::{ShownComment, outcome, write_explanations},
    terminal::{Stream, Terminal, shown},
    why::write_why,
};
use chatsparks_core::{
    CommentOutcome, CommentResult, Counterfactual, DropReason, Explanation, Instant, PendingFor, Scratch, Why,
    diagnosis::{Advice, StartFate},
};
use chatsparks_replay::{
    Asked, Considered, Evidence, Observer, Record,
    evidence::{CommentEvidence, Next, SetAside},
};
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::io::{self, Write};

/// Explain a comment, an order, a contact or the connection: why it came as it did
///
/// Of a comment every trigger has a result, in priority order, drafts included: it fired, or the first thing that refused it.
/// What else would have refused it is named as well, and the words that matched are marked in the text. Of the trigger
/// that won, and of the one asked for, the condition is told part by part, with what was asked and what was there; of
/// the one asked for also every gate with its numbers, and the smallest change that would have let it fire. Judged is
/// by the workspace as it was at that moment. The history is replayed to its end, for what became of a start that
/// had to wait, and for what came again; what to do next stands with every answer.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, group = ArgGroup::new("asked").required(true))]
pub(crate) struct Explain {
    /// The workspace: JSON or TOML; `-` is standard input. Before a store of one workspace it may be left out
    workspace: Input,
    /// The history: one event a line; `-` is standard input; or a store: `sqlite:PATH`, `postgres://…`, `nats://…`
    history: Option<Input>,
    /// The comment's id
    #[arg(long, value_name = "ID", group = "asked")]
    comment: Option<String>,
    /// Only this trigger
    #[arg(long, value_name = "ID", requires = "comment")]
    trigger: Option<String>,
    /// Explain an order: its candidates, why each lost, and what cancellations and refunds left of it
    #[arg(long, value_name = "ID", group = "asked")]
    order: Option<String>,
    /// Explain a contact: what made them count, what waits for them, where they stand
    #[arg(long, value_name = "ID", group = "asked")]
    contact: Option<String>,
    /// Explain the connection and its webhook: its scopes, its window, since when it is silent, and what to do
    #[arg(long, group = "asked")]
    webhook: bool,
    /// Pass over lines that cannot be read
    #[arg(long)]
    keep_going: bool,
    /// Print one JSON object; positions count characters (Unicode scalar values) of the text
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks explain shop.json march.jsonl --comment c17
  chatsparks explain shop.json march.jsonl --comment c17 --trigger price
  chatsparks explain sqlite:shop.db --comment c17
  chatsparks explain sqlite:shop.db --order o4
  zcat march.jsonl.gz | chatsparks explain shop.json - --comment c17 --json

A comment that came more than once is explained as it came first, and every time it came again is
listed.

Exit status: 0 when it is explained, 1 when the workspace is invalid, 2 when the comment or the
trigger is not known, or a line or file cannot be read.";

/// The shape of `explain --json`.
#[derive(Serialize)]
struct Explained<'e> {
    comment: ShownComment,
    revision: u32,
    outcome: &'e CommentOutcome,
    /// None: so long nobody was counted before it that a store does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage<'e>>,
    /// What became of its start, where a trigger fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Start>,
    /// When the same comment came again, or was refused.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    set_aside: &'e [SetAside],
    /// What to do: about the trigger that was asked for, else about the comment.
    next: Next,
    triggers: Vec<Told>,
}

/// What is told of a trigger: wholly of the one that was asked for, and of the one that won.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    explanation: Explanation,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    /// Only of the one that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    counterfactual: Option<Counterfactual>,
}

/// The count when the comment came (M).
#[derive(Serialize)]
struct Usage<'e> {
    count: u64,
    limit: Option<u64>,
    counted: bool,
    counted_by: Option<&'e str>,
}

/// What became of a start.
#[derive(Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
enum Start {
    Began { at: Instant },
    Waits { waits: &'static str, until: Instant },
    Dropped { at: Instant, reason: DropReason, waited: &'static str, until: Instant },
}

impl Explain {
    /// What is not a comment is explained as it is diagnosed: what stands behind it, check by check.
    fn page(&self, asked: Asked, terminal: &Terminal) -> Result<Answer, Failure> {
        let (workspace, history) = (self.workspace.clone(), self.history.clone());
        Diagnose::about(workspace, history, asked, (self.keep_going, self.json)).run(terminal)
    }

    fn history(&self) -> Result<&Input, Failure> {
        beside(&self.workspace, self.history.as_ref())
    }

    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let comment = match (&self.comment, &self.order, &self.contact) {
            (Some(comment), ..) => comment,
            (_, Some(order), _) => return self.page(Asked::Order(order.clone()), terminal),
            (.., Some(contact)) => return self.page(Asked::Contact(contact.clone()), terminal),
            _ => return self.page(Asked::Workspace, terminal),
        };
        let mut watching = Watching {
            wanted: comment,
            evidence: Evidence::new(Asked::Comment(comment.clone()), false),
            nearest: Nearest::new(comment),
        };
        #[cfg(feature = "serve")]
        if let Some(kept) = crate::kept::Kept::asked(&self.workspace, self.history.as_ref())? {
            let (_, is_count_known) = kept.comment(comment, &mut watching)?;
            let Watching { evidence, .. } = watching;
            let found = evidence.comment.as_ref().ok_or_else(|| kept.unknown("comment", comment))?;
            let mut explained = self.explain(found, &evidence.comment_set_aside)?;
            explained.usage = explained.usage.filter(|_| is_count_known);
            return explained.write(self.json, terminal);
        }
        self.history()?;
        let engine = compile(&self.workspace)?;
        let reading = Reading { input: self.history()?, keep_going: self.keep_going, terminal };
        let mut replayed = reading.replay(engine, &mut watching)?;
        let Watching { evidence, nearest, .. } = watching;
        // What came before a line that cannot be read is enough to explain a comment in it.
        let stopped = if evidence.comment.is_some() { replayed.stopped.take() } else { None };
        replayed.whole(terminal)?;
        let Some(found) = &evidence.comment else { return Err(self.not_explained(comment, &evidence, &nearest)) };
        let explained = self.explain(found, &evidence.comment_set_aside)?;
        if let Some(Failure::CannotRun { message, .. }) = stopped.filter(|_| !terminal.quiet) {
            // Nothing can be done when standard error cannot be written.
            let _ = writeln!(terminal.err().to, "{}; explained from what came before it", shown(&message));
        }
        explained.write(self.json, terminal)
    }
}

impl Explain {
    fn explain<'e>(&self, comment: &'e CommentEvidence, set_aside: &'e [SetAside]) -> Result<Explained<'e>, Failure> {
        let CommentEvidence { evaluation, engine, start, .. } = comment;
        let mut scratch = Scratch::default();
        let triggers = match &self.trigger {
            None => engine.explain_all(evaluation, &mut scratch),
            Some(trigger) => match engine.explain(evaluation, trigger, &mut scratch) {
                Some(explanation) => vec![explanation],
                None => return Err(unknown_trigger(trigger, engine)),
            },
        };
        let asked = self.trigger.as_ref().and(triggers.first());
        let is_winner = |one: &Explanation| evaluation.outcome.trigger.as_ref() == Some(&one.trigger);
        let start = start.filter(|_| asked.is_none_or(is_winner));
        let next = match (asked, evaluation.outcome.result) {
            (Some(one), _) => Advice::about_explanation(one, start),
            // Where one would have matched but for something else, that is what helps.
            (None, CommentResult::NoMatch) => Advice::about_no_match(&triggers),
            (None, result) => Advice::about_comment(result.into(), start),
        };
        let usage = comment.usage();
        Ok(Explained {
            comment: ShownComment::new(&evaluation.comment, evaluation.at),
            revision: evaluation.revision,
            outcome: &evaluation.outcome,
            usage: Some(Usage {
                count: usage.count,
                limit: usage.limit,
                counted: usage.counted,
                counted_by: usage.counted_by,
            }),
            start: start.map(Start::from),
            set_aside,
            next: next.into(),
            triggers: triggers.into_iter().map(|one| self.told(comment, one, &mut scratch)).collect(),
        })
    }

    fn told(&self, comment: &CommentEvidence, explanation: Explanation, scratch: &mut Scratch) -> Told {
        let CommentEvidence { evaluation, engine, .. } = comment;
        let trigger = explanation.trigger.as_str();
        let is_winner = evaluation.outcome.trigger.as_ref() == Some(&explanation.trigger);
        let why = (self.trigger.is_some() || is_winner)
            .then(|| engine.why(evaluation, trigger, &comment.known(trigger), scratch))
            .flatten()
            .map(|(_, why)| why);
        let asked = self.trigger.as_deref();
        let counterfactual = asked.and_then(|trigger| match comment.known(trigger).usage.filter(|_| is_winner) {
            Some(usage) if evaluation.outcome.result != CommentResult::Fired => engine
                .counterfactual_of_start(evaluation, usage, scratch)
                .or_else(|| engine.counterfactual(evaluation, trigger, scratch)),
            _ => engine.counterfactual(evaluation, trigger, scratch),
        });
        Told { explanation, why, counterfactual }
    }

    /// Why a comment has no explanation: it never came, or it was refused before anything looked at it (T5).
    fn not_explained(&self, comment: &str, evidence: &Evidence, nearest: &Nearest) -> Failure {
        let place = format!("`{}`", self.history.as_ref().unwrap_or(&self.workspace).name());
        match evidence.comment_set_aside.first() {
            Some(first) => Failure::new(format!(
                "comment `{}` in {place} was not looked at: event `{}` of {} was refused, {}",
                comment, first.event, first.at, first.reason
            ))
            .help(first.next.to_do),
            None => nearest.unknown("comment", &place),
        }
    }
}

impl Explained<'_> {
    fn write(&self, json: bool, terminal: &Terminal) -> Result<Answer, Failure> {
        terminal.out().answer(json, self, |to| self.write_text(to))?;
        Ok(Answer::Done)
    }

    fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        let text = self.comment.text.as_str();
        writeln!(to.to, "{}", self.comment.headline())?;
        writeln!(to.to, "  {}", crate::shown::excerpt(text, &[], to.colored))?;
        writeln!(to.to, "  {}, revision {} of the workspace", outcome(self.outcome), self.revision)?;
        // A start that began at once is told by `fired`.
        let waited = matches!(self.outcome.result, CommentResult::Queued | CommentResult::AwaitingMessage);
        if let Some(start) = self.start.as_ref().filter(|_| waited) {
            writeln!(to.to, "  its start {}", start.told())?;
        }
        if let Some(Usage { count, limit: Some(limit), counted: is_counted, counted_by }) = &self.usage {
            let limit_matters = self.outcome.result == CommentResult::Queued || *is_counted;
            if self.outcome.result.is_firing() && limit_matters {
                let (used, counted) = (used(*count, *limit), counted(*is_counted, *counted_by));
                writeln!(to.to, "  when it came, {used}; the contact {counted}")?;
            }
        }
        write_next(to, self.next)?;
        writeln!(to.to)?;
        write_explanations(to, self.triggers.iter().map(|one| (&one.explanation, false)), text)?;
        for Told { explanation, why, counterfactual } in &self.triggers {
            if let Some(why) = why {
                writeln!(to.to)?;
                write_why(to, explanation, why, counterfactual.as_ref())?;
            }
        }
        write_set_aside(to, self.set_aside)
    }
}

impl From<StartFate> for Start {
    fn from(fate: StartFate) -> Self {
        match fate {
            StartFate::Began(at) => Self::Began { at },
            StartFate::Waits { waits, until } => Self::Waits { waits: waits_for(waits), until },
            StartFate::Dropped { at, reason, waited, until } => {
                Self::Dropped { at, reason, waited: waits_for(waited), until }
            }
        }
    }
}

impl Start {
    fn told(&self) -> String {
        match self {
            Self::Began { at } => format!("began at {at}"),
            Self::Waits { waits: "queued", until } => format!("is queued for room under the limit, until {until}"),
            Self::Waits { until, .. } => format!("is held for the buyer to write, until {until}"),
            Self::Dropped { at, reason, waited, until } => {
                format!("was {waited} until {until}, and dropped at {at}: {}", code(reason))
            }
        }
    }
}

fn waits_for(waits: PendingFor) -> &'static str {
    match waits {
        PendingFor::Room => "queued",
        PendingFor::Message => "held",
    }
}

/// Waits for one comment, and for what becomes of it.
struct Watching<'w> {
    wanted: &'w str,
    evidence: Evidence,
    nearest: Nearest,
}

impl Observer for Watching<'_> {
    fn record(&mut self, record: &Record<'_>) {
        self.evidence.record(record);
    }

    fn comment(&mut self, considered: &Considered<'_>) {
        let id = considered.comment.comment_id.as_str();
        if id != self.wanted {
            self.nearest.consider(id);
        }
        self.evidence.comment(considered);
    }
}

impl Watch for Watching<'_> {}
