//! Stories: plain text that says what happens to a workspace and what is expected of it.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use chatsparks_replay::{Format, read_workspace, story};
//! let workspace = read_workspace(
//!     br#"{ "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
//!           "triggers": [ { "id": "price", "when": { "keywords": { "words": ["PRICE"] } },
//!                           "flow": "size", "public_reply": "Sent you a DM" } ],
//!           "flows": [ { "id": "size", "version": 1, "blocks": [
//!             { "id": "ask", "quick_replies": { "text": "Which size?", "field": "size",
//!               "options": [ { "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" } ] } },
//!             { "id": "card", "shop_link": { "text": "Here you go" } } ] } ] }"#,
//!     Format::Json,
//! )?;
//! story::check(&workspace, "
//!     2026-03-02 10:00  mint comments on v1: PRICE?
//!                       fired price
//!                       public: Sent you a DM
//!                       bot: Which size? [30ml] [50ml]
//!           +5m         mint: 50ML
//!                       card: shop
//!                       state: waiting
//!                       field size = 50ml
//!           +25h        state: closed (expired)
//! ")?;
//! # Ok(()) }
//! ```
//!
//! Times are UTC, absolute or counted from the step before. Names are handles; ids follow from them. At a step
//! that expects anything, everything that is seen from outside must be expected, in the order it happens: what
//! came of a comment, public replies, DMs, what the inbox and the owners are told, starts that are dropped, and
//! states other than `bot`. `...` allows more; a step without a line of expectations is not looked at. The whole
//! format, with its grammar, is in `docs/stories.md`.

use action::{Action, Configuring};
use cast::{Cast, Person};
use chatsparks_core::{CompileError, Engine, Instant, workspace::Workspace};
use expectation::Expectation;
use std::{fmt, io, sync::Arc};
use words::{Flaw, Words, written_instant};

pub use coverage::{Coverage, CoverageReport, Unreached};
pub use report::{StepReport, StoryNote, StoryReport};

mod action;
mod assertion;
mod cast;
mod coverage;
mod edit;
mod expectation;
mod happening;
mod names;
mod report;
mod run;
mod words;

/// The longest story that is read, in bytes.
pub const MAX_STORY: usize = 16 << 20;

/// A story: steps in the order in which they happen, and what is expected of each.
#[derive(Clone)]
pub struct Story {
    name: String,
    title: Option<String>,
    workspace: Option<String>,
    source: Vec<String>,
    /// What the header changes in the workspace, with the lines that say so.
    changes: Vec<(usize, Configuring)>,
    steps: Vec<Step>,
}

/// Something that happens, and what is expected of it.
#[derive(Clone, Debug)]
struct Step {
    /// Its line, counted from 0.
    line: usize,
    at: Instant,
    action: Action,
    /// Whom expectations are about that name nobody.
    subject: Option<Person>,
    expectations: Vec<(usize, Expectation)>,
    /// Whether the line of the step is itself an expectation, after a bare time.
    is_bare: bool,
}

impl fmt::Debug for Story {
    /// Without its texts: in a story stands what people write.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps.len();
        out.debug_struct("Story").field("name", &self.name).field("steps", &steps).finish_non_exhaustive()
    }
}

impl Story {
    /// Reads a story. `name` is what errors and reports call it, such as the name of its file.
    ///
    /// # Errors
    /// A [`StoryError`] at the first line that cannot be read: the line, and what was expected there. Also when
    /// there is no step, since such a story could never fail, and when it is longer than [`MAX_STORY`].
    pub fn parse(text: &str, name: &str) -> Result<Self, StoryError> {
        if text.len() > MAX_STORY {
            let expected = format!("expected at most {} MiB of text", MAX_STORY >> 20);
            return Err(StoryError::new(name, 0, "", 0, expected));
        }
        Parser::new(text, name).parse()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its title, where the header has one.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The workspace that the header names, as a path from where the story lies.
    pub fn workspace(&self) -> Option<&str> {
        self.workspace.as_deref()
    }

    /// How many steps it has.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The story with what came in place of what was expected, at every step: a draft for a person to read, and
    /// to keep where it is right.
    pub fn recorded(&self, report: &StoryReport) -> String {
        edit::recorded(self, report)
    }

    fn error(&self, line: usize, byte: usize, expected: impl Into<String>) -> StoryError {
        let source = self.source.get(line).map_or("", String::as_str);
        StoryError::new(&self.name, line, source, byte, expected.into())
    }
}

/// Runs a story from the beginning of a workspace.
///
/// # Errors
/// A [`StoryError`] where the story changes the workspace into one that does not hold, or reads a file:
/// [`run_with`] can.
pub fn run(engine: &Engine, story: &Story) -> Result<StoryReport, StoryError> {
    let mut no_files = |_: &str| Err(io::Error::new(io::ErrorKind::Unsupported, "no files can be read here"));
    run_with(engine, story, &mut no_files, None)
}

/// Runs a story; `read` reads the files that it names, and `coverage` takes note of what it reaches.
///
/// # Errors
/// A [`StoryError`] where the story changes the workspace into one that does not hold, or names a file that
/// cannot be read.
pub fn run_with(
    engine: &Engine,
    story: &Story,
    read: &mut dyn FnMut(&str) -> io::Result<Vec<u8>>,
    coverage: Option<&mut Coverage>,
) -> Result<StoryReport, StoryError> {
    run::run(engine, story, read, coverage)
}

/// Checks a story against a workspace, for a test: parses, runs, compares.
///
/// # Errors
/// A [`StoryFailure`] that shows what cannot be read, or how what came differs from what was expected.
pub fn check(workspace: &Workspace, text: &str) -> Result<(), StoryFailure> {
    let story = Story::parse(text, "story")?;
    let engine = Engine::compile(Arc::new(workspace.clone()))?;
    let report = run(&engine, &story)?;
    if report.passed() { Ok(()) } else { Err(StoryFailure::Failed(Box::new(report))) }
}

/// Why a story did not pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoryFailure {
    /// It cannot be read or run.
    #[error(transparent)]
    Story(#[from] StoryError),
    /// The workspace does not hold.
    #[error(transparent)]
    Workspace(#[from] CompileError),
    /// Something else came than was expected.
    #[error("{0}")]
    Failed(Box<StoryReport>),
}

/// What in a story cannot be read: the line, and what was expected there.
#[derive(Clone, PartialEq, Eq)]
pub struct StoryError {
    name: String,
    line: usize,
    column: usize,
    source: String,
    expected: String,
}

/// Characters of a line that an error shows.
const SHOWN: usize = 160;

impl StoryError {
    fn new(name: &str, line: usize, source: &str, byte: usize, expected: String) -> Self {
        let column = source.get(..byte).map_or(0, |before| before.chars().count()) + 1;
        Self { name: name.to_owned(), line: line + 1, column, source: source.to_owned(), expected }
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, counted from 1 in characters.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What was expected there.
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

impl fmt::Debug for StoryError {
    /// Without the line itself, which `Display` shows.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, line, column, expected, source: _ } = self;
        let told = format_args!("{name}, line {line}, column {column}: {expected}");
        out.debug_tuple("StoryError").field(&told).finish()
    }
}

impl fmt::Display for StoryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}, line {}, column {}: {}", self.name, self.line, self.column, self.expected)?;
        let hide = |letter: char| if letter.is_control() { ' ' } else { letter };
        let shown: String = self.source.chars().take(SHOWN).map(hide).collect();
        let number = self.line.to_string();
        write!(out, "  {number} | {shown}")?;
        if self.column <= SHOWN {
            write!(out, "\n  {} | {}^", " ".repeat(number.len()), " ".repeat(self.column - 1))?;
        }
        Ok(())
    }
}

impl std::error::Error for StoryError {}

/// Reads a story line by line.
struct Parser {
    story: Story,
    cast: Cast,
    last: Option<Instant>,
    subject: Option<Person>,
}

impl Parser {
    fn new(text: &str, name: &str) -> Self {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let story = Story {
            name: name.to_owned(),
            title: None,
            workspace: None,
            source: text.lines().map(str::to_owned).collect(),
            changes: Vec::new(),
            steps: Vec::new(),
        };
        Self { story, cast: Cast::default(), last: None, subject: None }
    }

    fn parse(mut self) -> Result<Story, StoryError> {
        for number in 0..self.story.source.len() {
            let line = self.story.source[number].clone();
            let start = line.trim_start();
            if start.is_empty() || start.starts_with('#') {
                continue;
            }
            self.line(number, &mut Words::new(&line))
                .map_err(|flaw| self.story.error(number, flaw.byte, flaw.expected))?;
        }
        if self.story.steps.is_empty() {
            let last = self.story.source.len().saturating_sub(1);
            return Err(self.story.error(last, 0, "expected a step: nothing happens in this story"));
        }
        Ok(self.story)
    }

    fn line(&mut self, number: usize, words: &mut Words<'_>) -> Result<(), Flaw> {
        if let Some(at) = self.time(words)? {
            return self.step(number, at, words);
        }
        if let Some(step) = self.story.steps.last_mut() {
            step.expectations.push((number, expectation::read(words)?));
            return Ok(());
        }
        match words.peek() {
            "story" => {
                words.eat("story");
                words.needs(':', "the title")?;
                self.story.title = Some(words.text()?);
            }
            "workspace" => {
                words.eat("workspace");
                words.needs(':', "a path from where the story lies")?;
                self.story.workspace = Some(words.text()?);
            }
            "with" => {
                words.eat("with");
                self.story.changes.push((number, action::configuring(words)?));
            }
            _ => {
                return Err(words.flaw(
                    "expected the first step, which begins with a time such as `2026-03-02 10:00`, or before it \
                     `story: TITLE`, `workspace: PATH` or `with PLACE = JSON`",
                ));
            }
        }
        Ok(())
    }

    /// The time that a line begins with, if it begins with one.
    fn time(&mut self, words: &mut Words<'_>) -> Result<Option<Instant>, Flaw> {
        let start = words.clone();
        if let Some(at) = words.instant()? {
            if let Some(last) = self.last.filter(|last| at < *last) {
                let last = written_instant(last);
                return Err(start.flaw(format!(
                    "expected a time not before {last}; an event that arrives late is written with `-`, such as `-5m`"
                )));
            }
            self.last = Some(at);
            return Ok(Some(at));
        }
        let Some((offset, is_late)) = words.offset()? else { return Ok(None) };
        let Some(last) = self.last else {
            return Err(
                start.flaw("expected a whole time such as `2026-03-02 10:00`: there is none before to count from")
            );
        };
        if is_late {
            return Ok(Some(last.before(offset)));
        }
        let at = last.after(offset);
        self.last = Some(at);
        Ok(Some(at))
    }

    fn step(&mut self, number: usize, at: Instant, words: &mut Words<'_>) -> Result<(), Flaw> {
        let is_bare = words.is_at_end() || expectation::is_next(words);
        let mut expectations = Vec::new();
        let action = if words.is_at_end() {
            Action::Clock
        } else if is_bare {
            expectations.push((number, expectation::read(words)?));
            Action::Clock
        } else {
            let action = action::read(words, &mut self.cast)?;
            words.end()?;
            action
        };
        if let Some(who) = subject(&action) {
            self.subject = Some(who.clone());
        }
        let subject = self.subject.clone();
        self.story.steps.push(Step { line: number, at, action, subject, expectations, is_bare });
        Ok(())
    }
}

/// Whom an action is about.
fn subject(action: &Action) -> Option<&Person> {
    match action {
        Action::Comment(comment) => Some(&comment.who),
        Action::Order(order) => Some(&order.who),
        Action::Removed { who, .. }
        | Action::Answerable { who, .. }
        | Action::Message { who, .. }
        | Action::Taps { who, .. }
        | Action::Act { who, .. }
        | Action::MemberMessage { who, .. }
        | Action::Receipt { who, .. }
        | Action::Identity { who, .. } => Some(who),
        Action::Clock
        | Action::Again
        | Action::ReceiptOf { .. }
        | Action::Cancelled(_)
        | Action::Refund { .. }
        | Action::Review { .. }
        | Action::Configure(_) => None,
    }
}
