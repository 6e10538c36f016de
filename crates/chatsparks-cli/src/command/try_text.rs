//! `chatsparks try`: what triggers would do with a text, and where in it (C11).

use super::{compile, unknown_trigger};
use crate::{
    diagnostics::count,
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, only_one_standard},
    nearest::Nearest,
    shown::{ShownComment, excerpt, write_explanation, write_explanations},
    terminal::{STRONG, Stream, Terminal, shown},
};
use chatsparks_core::{
    Comment, CommentResult, Engine, Evaluation, Event, Explained, Explanation, Instant, Outcome, Scratch,
};
use chatsparks_replay::{Considered, Observer, Record};
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, Read, Seek, SeekFrom, Write},
};

/// How many hits are listed.
const LISTED: usize = 50;

/// Try a text, or past comments, against the triggers; nothing is changed
///
/// Drafts are tried too, so a trigger can be tested before it goes live. The answer names the words that
/// matched and marks them in the text. Gates such as the throttle play no part: the text is tried as if its
/// author had never commented before.
///
/// With a history, the workspace is used as it stands at the history's end. A past comment can be tried in
/// place of a text; with neither, every past comment is tried against one trigger, and the newest 50 hits are
/// listed.
#[derive(Args, Debug)]
#[command(
    after_long_help = EXAMPLES,
    group = ArgGroup::new("what").args(["text", "comment"]),
)]
pub(crate) struct Try {
    /// The workspace: JSON or TOML; `-` is standard input; or a store of one workspace, which has its history
    workspace: Input,
    /// The text; after `--` when it begins with a dash
    text: Option<String>,
    /// As if it stood under this post; else a text is tried whatever the scopes, a past comment under its own
    #[arg(long, value_name = "ID")]
    post: Option<String>,
    /// Only this trigger
    #[arg(long, value_name = "ID", required_unless_present = "what")]
    trigger: Option<String>,
    /// The workspace as it stands at the end of this history, or in a store; `-` is standard input
    #[arg(long, value_name = "HISTORY")]
    history: Option<Input>,
    /// The text of this comment of the history
    #[arg(long, value_name = "ID")]
    comment: Option<String>,
    /// Pass over lines that cannot be read
    #[arg(long, requires = "history")]
    keep_going: bool,
    /// Print one JSON object; positions count characters (Unicode scalar values) of the text
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks try shop.json 'how much is it?'
  chatsparks try shop.json 'ราคาเท่าไหร่คะ' --post v1 --trigger price
  chatsparks try shop.json --history march.jsonl --comment c17
  chatsparks try sqlite:shop.db --comment c17
  chatsparks try shop.json --history march.jsonl --trigger new-draft
                                 which past comments would this trigger have matched?";

/// The shape of `try --json` for one text.
#[derive(Serialize)]
struct Tried<'t> {
    text: &'t str,
    post: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<ShownComment>,
    revision: u32,
    triggers: Vec<Trial>,
}

/// One trigger, and whether it would answer the text if it were live.
#[derive(Serialize)]
struct Trial {
    hit: bool,
    #[serde(flatten)]
    explanation: Explanation,
}

/// The shape of `try --json` for every past comment.
#[derive(Serialize)]
struct TriedAll<'t> {
    trigger: &'t str,
    revision: u32,
    tried: u64,
    hits: u64,
    newest: Vec<Hit>,
}

#[derive(Serialize)]
struct Hit {
    #[serde(flatten)]
    comment: ShownComment,
    #[serde(flatten)]
    explanation: Explanation,
}

impl Try {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        if let Some(history) = &self.history {
            only_one_standard(&self.workspace, history)?;
        }
        #[cfg(feature = "serve")]
        if let Some(kept) = crate::kept::Kept::asked(&self.workspace, self.history.as_ref())? {
            return self.try_kept(&kept, terminal);
        }
        let engine = compile(&self.workspace)?;
        let reading = |input| Reading { input, keep_going: self.keep_going, terminal };
        match (&self.history, &self.text, &self.comment) {
            (None, Some(text), _) => self.try_one(&engine, text, None, terminal),
            (Some(history), Some(text), _) => {
                let replay = reading(history).replay(engine, &mut Nothing)?.whole(terminal)?;
                self.try_one(replay.engine(), text, None, terminal)
            }
            (Some(history), None, Some(comment)) => {
                let mut past = Past { wanted: comment, found: None, nearest: Nearest::new(comment) };
                let replay = reading(history).replay(engine, &mut past)?.whole(terminal)?;
                let Some(evaluation) = past.found else {
                    return Err(past.nearest.unknown("comment", &format!("`{}`", history.name())));
                };
                let comment = ShownComment::new(&evaluation.comment, evaluation.at);
                self.try_one(replay.engine(), evaluation.comment.text.as_str(), Some(comment), terminal)
            }
            (Some(history), None, None) => self.try_all(engine, reading(history), terminal),
            (None, None, Some(_)) => {
                let failure = Failure::new("there is no history to find the comment in");
                Err(failure.help("give it: `--history FILE`, or a store"))
            }
            (None, None, None) => Err(Failure::new("there is nothing to try").help("give a text, or `--history`")),
        }
    }

    /// The same with the workspace that a store has in force, and the comments that it keeps.
    #[cfg(feature = "serve")]
    fn try_kept(&self, kept: &crate::kept::Kept, terminal: &Terminal) -> Result<Answer, Failure> {
        let engine = kept.engine()?;
        if let Some(text) = &self.text {
            return self.try_one(&engine, text, None, terminal);
        }
        if let Some(id) = &self.comment {
            let evaluation = kept.evaluation(id)?.ok_or_else(|| kept.unknown("comment", id))?;
            let comment = ShownComment::new(&evaluation.comment, evaluation.at);
            return self.try_one(&engine, evaluation.comment.text.as_str(), Some(comment), terminal);
        }
        self.know_trigger(&engine)?;
        let trigger = self.trigger.as_deref().unwrap_or_default();
        let mut all = TriedAll { trigger, revision: engine.revision(), tried: 0, hits: 0, newest: Vec::new() };
        let mut scratch = Scratch::default();
        kept.evaluations(u64::MAX, |evaluation| {
            // What came before was tried where it came first (T3).
            if evaluation.outcome.result != CommentResult::Duplicate {
                all.tried += 1;
                let hit = self.hit(&engine, &evaluation.comment, evaluation.at, &mut scratch);
                all.hits += u64::from(hit.is_some());
                all.newest.extend(hit.filter(|_| all.newest.len() < LISTED));
            }
            Ok(true)
        })?;
        all.write(self.json, terminal)
    }

    fn try_one(
        &self,
        engine: &Engine,
        text: &str,
        comment: Option<ShownComment>,
        terminal: &Terminal,
    ) -> Result<Answer, Failure> {
        self.know_trigger(engine)?;
        let own_post = comment.as_ref().map(|comment| comment.post_id.clone());
        let post = self.post.as_deref().or(own_post.as_ref().map(|post| post.as_str()));
        let mut scratch = Scratch::default();
        let mut trial = engine.try_text(text, post, &mut scratch);
        let asked: Vec<Explanation> = match &self.trigger {
            Some(trigger) => trial.explain(trigger).into_iter().collect(),
            None => trial.explain_all().collect(),
        };
        let triggers = asked.into_iter().map(|explanation| Trial { hit: is_hit(&explanation), explanation }).collect();
        let tried = Tried { text, post, comment, revision: engine.revision(), triggers };
        terminal.out().answer(self.json, &tried, |to| tried.write_text(to))?;
        Ok(Answer::Done)
    }

    /// Tries every past comment against the workspace at the history's end: a first reading finds that, a
    /// second one tries.
    fn try_all(&self, engine: Engine, reading: Reading<'_>, terminal: &Terminal) -> Result<Answer, Failure> {
        let trigger = self.trigger.as_deref().unwrap_or_default();
        let cannot_read = |error: &io::Error| Failure::cannot_read(&reading.input.name(), error);
        // Standard input and pipes are read once only, so they are put aside.
        let mut aside = None;
        if reading.input.length().is_none() {
            let mut file = tempfile::tempfile().map_err(|error| cannot_read(&error))?;
            io::copy(&mut reading.input.open()?, &mut file).map_err(|error| cannot_read(&error))?;
            aside = Some(file);
        }
        let open = || -> Result<Box<dyn Read + Send>, Failure> {
            match &aside {
                None => reading.input.open(),
                Some(file) => {
                    let mut file = file.try_clone().map_err(|error| cannot_read(&error))?;
                    file.seek(SeekFrom::Start(0)).map_err(|error| cannot_read(&error))?;
                    Ok(Box::new(file))
                }
            }
        };
        let mut duplicates = Duplicates::default();
        let replay = reading.replay_from(open()?, engine, &mut duplicates).whole(terminal)?;
        let engine = replay.engine();
        self.know_trigger(engine)?;
        let mut all = TriedAll { trigger, revision: engine.revision(), tried: 0, hits: 0, newest: Vec::new() };
        let (mut hits, mut scratch, mut position) = (VecDeque::new(), Scratch::default(), 0);
        // What could not be read was told in the first reading.
        let quiet = terminal.quietly();
        let again = Reading { keep_going: true, terminal: &quiet, ..reading };
        let lines = again.lines(open()?, |envelope| {
            let Event::Comment(comment) = &envelope.event else { return true };
            position += 1;
            if duplicates.positions.contains(&position) {
                return true;
            }
            all.tried += 1;
            if let Some(hit) = self.hit(engine, comment, envelope.at, &mut scratch) {
                all.hits += 1;
                if hits.len() == LISTED {
                    hits.pop_front();
                }
                hits.push_back(hit);
            }
            true
        });
        if let Some(failure) = lines.stopped {
            return Err(failure);
        }
        all.newest = hits.into_iter().rev().collect();
        all.write(self.json, terminal)
    }

    /// Whether the trigger matches a past comment, under its own post where no other was named.
    fn hit(&self, engine: &Engine, comment: &Comment, at: Instant, scratch: &mut Scratch) -> Option<Hit> {
        let post = self.post.as_deref().unwrap_or(comment.post_id.as_str());
        let trigger = self.trigger.as_deref().unwrap_or_default();
        let explanation = engine.try_text(comment.text.as_str(), Some(post), scratch).explain(trigger);
        let explanation = explanation.filter(is_hit)?;
        Some(Hit { comment: ShownComment::new(comment, at), explanation })
    }

    fn know_trigger(&self, engine: &Engine) -> Result<(), Failure> {
        match &self.trigger {
            Some(wanted) if !engine.workspace().triggers.iter().any(|trigger| trigger.id == *wanted.as_str()) => {
                Err(unknown_trigger(wanted, engine))
            }
            _ => Ok(()),
        }
    }
}

impl Tried<'_> {
    fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        if let Some(comment) = &self.comment {
            writeln!(to.to, "{}", comment.headline())?;
        }
        let hits = self.triggers.iter().filter(|trial| trial.hit).count();
        writeln!(to.to, "  {}", excerpt(self.text, &[], to.colored))?;
        let place = self.post.map_or_else(|| "whatever the scope".to_owned(), |post| format!("under {}", shown(post)));
        writeln!(to.to, "  matching: {hits} of {}, {place}", count(self.triggers.len(), "trigger"))?;
        writeln!(to.to)?;
        write_explanations(to, self.triggers.iter().map(|trial| (&trial.explanation, trial.hit)), self.text)
    }
}

impl TriedAll<'_> {
    fn write(&self, json: bool, terminal: &Terminal) -> Result<Answer, Failure> {
        terminal.out().answer(json, self, |to| self.write_text(to))?;
        Ok(Answer::Done)
    }

    fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        let Self { trigger, tried, hits, newest, .. } = self;
        write!(to.to, "{STRONG}{}{STRONG:#}: {hits} of {tried} past comments match", shown(trigger))?;
        if newest.len() as u64 == *hits {
            writeln!(to.to)?;
        } else {
            writeln!(to.to, ", the newest {} of them", newest.len())?;
        }
        for Hit { comment, explanation } in newest {
            writeln!(to.to)?;
            writeln!(to.to, "{}", comment.headline())?;
            write!(to.to, "  ")?;
            write_explanation(to, explanation, true, comment.text.as_str())?;
        }
        Ok(())
    }
}

/// Whether a trigger matches; of a draft, whether nothing but that keeps it from it.
fn is_hit(explanation: &Explanation) -> bool {
    match explanation.verdict.result {
        Explained::Matches => true,
        Explained::Draft => explanation.also.is_empty(),
        _ => false,
    }
}

/// Watches for nothing but the end.
struct Nothing;

impl Observer for Nothing {
    fn record(&mut self, _: &Record<'_>) {}
}

impl Watch for Nothing {}

/// Waits for one comment, as it comes first, and the end.
struct Past<'p> {
    wanted: &'p str,
    found: Option<Evaluation>,
    nearest: Nearest,
}

impl Observer for Past<'_> {
    fn record(&mut self, _: &Record<'_>) {}

    fn comment(&mut self, considered: &Considered<'_>) {
        let id = considered.comment.comment_id.as_str();
        if id != self.wanted {
            self.nearest.consider(id);
        } else if self.found.is_none() {
            self.found = Some(considered.evaluation());
        }
    }
}

impl Watch for Past<'_> {}

/// Notes which comments of the history are not tried, counted from 1: those that came before (T3).
#[derive(Default)]
struct Duplicates {
    position: u64,
    positions: BTreeSet<u64>,
}

impl Observer for Duplicates {
    fn record(&mut self, record: &Record<'_>) {
        if !matches!(record.event(), Some(Event::Comment(_))) {
            return;
        }
        self.position += 1;
        // What was refused as too old was not looked at either (T5).
        let looked_at = match &record.decision.outcome {
            Outcome::Comment(outcome) => outcome.result != CommentResult::Duplicate,
            _ => false,
        };
        if !looked_at {
            self.positions.insert(self.position);
        }
    }
}

impl Watch for Duplicates {}
