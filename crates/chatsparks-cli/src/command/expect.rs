//! `chatsparks expect`: whether stories come out as they say.

use super::compile;
use crate::{
    failure::{Answer, Failure},
    input::Input,
    output::{Output, Target},
    terminal::{BAD, GOOD, Terminal, shown},
};
use chatsparks_core::Engine;
use chatsparks_replay::{
    Story, StoryReport,
    document::MAX_DOCUMENT,
    story::{Coverage, CoverageReport, MAX_STORY, run_with},
};
use clap::Args;
use serde::Serialize;
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// Run stories, and compare what comes with what they expect
///
/// A story is plain text: what happens, line by line, and what is expected of it. Where something else comes,
/// the difference is shown. Each story begins with the workspace as if nothing had happened.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Expect {
    /// The workspace: JSON or TOML
    workspace: Input,
    /// The stories; `-` is standard input
    #[arg(required = true)]
    stories: Vec<Input>,
    /// List what no story reached: triggers, conditions both ways, flow edges, handoff reasons
    #[arg(long)]
    coverage: bool,
    /// Write what came into the stories, in place of what they expect, for you to read and keep
    #[arg(long, conflicts_with = "json")]
    record: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks expect shop.json stories/*.story
  chatsparks expect shop.json stories/*.story --coverage
  chatsparks expect shop.json price.story --json | jq '.stories[].steps[] | select(.passed | not)'

Exit status: 0 when every story passes, 1 when an expectation fails or the workspace is invalid,
2 when a story cannot be read.";

/// The shape of `expect --json`.
#[derive(Serialize)]
struct Told {
    passed: bool,
    stories: Vec<StoryReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageReport>,
}

impl Expect {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let engine = compile(&self.workspace)?;
        // All are read first: a story that cannot be read is told before any is run.
        let stories = self.stories.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut coverage = match self.coverage {
            true => Some(Coverage::new(&engine).map_err(|error| Failure::new(error.to_string()))?),
            false => None,
        };
        if self.record && self.stories.contains(&Input::Standard) {
            return Err(Failure::new("standard input cannot be written to").help("name the story's file"));
        }
        let mut told = Told { passed: true, stories: Vec::new(), coverage: None };
        for (input, story) in self.stories.iter().zip(&stories) {
            let report = run(&engine, input, story, coverage.as_mut())?;
            told.passed &= report.passed();
            told.stories.push(report);
        }
        if self.record {
            // Only when all could be run and written: one that cannot must not leave the others half recorded.
            let recorded = self.stories.iter().zip(&stories).zip(&told.stories);
            let files = recorded.map(|((input, story), report)| {
                let text = story.recorded(report);
                holds(&engine, input, &text)?;
                written(input, &text)
            });
            files.collect::<Result<Vec<_>, _>>()?.into_iter().try_for_each(Output::finish)?;
        }
        told.coverage = coverage.map(|coverage| coverage.report());
        terminal.out().answer(self.json, &told, |to| told.write_text(&mut to.to, terminal.quiet))?;
        Ok(if told.passed || self.record { Answer::Done } else { Answer::No })
    }
}

impl Told {
    fn write_text(&self, to: &mut impl Write, quiet: bool) -> io::Result<()> {
        for story in &self.stories {
            let (style, word) = if story.passed() { (GOOD, "pass") } else { (BAD, "FAIL") };
            if !(quiet && story.passed()) {
                write!(to, "{style}{word}{style:#} ")?;
                for line in story.to_string().lines() {
                    writeln!(to, "{}", shown(line))?;
                }
            }
        }
        let failed = self.stories.iter().filter(|story| !story.passed()).count();
        writeln!(to, "{} of {} stories passed", self.stories.len() - failed, self.stories.len())?;
        if let Some(coverage) = &self.coverage {
            writeln!(to)?;
            for line in coverage.to_string().lines() {
                writeln!(to, "{}", shown(line))?;
            }
        }
        Ok(())
    }
}

fn read(input: &Input) -> Result<Story, Failure> {
    let bytes = bounded(input.open()?, MAX_STORY).map_err(|error| Failure::cannot_read(&input.name(), &error))?;
    if bytes.len() > MAX_STORY {
        // Where it was cut off, a character may be broken: its length is what is wrong with it.
        let message = format!("`{}` is longer than {} MiB", input.name(), MAX_STORY >> 20);
        return Err(Failure::new(message).help("cut it into several stories"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
        Failure::new(format!("`{}` is not UTF-8 in line {line}", input.name())).help("a story is plain text in UTF-8")
    })?;
    Story::parse(&text, &input.name()).map_err(unreadable)
}

/// What can be read, and of more only as much as shows that it is too much.
fn bounded(from: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Runs a story; the files that it names are found from where it lies.
fn run(engine: &Engine, input: &Input, story: &Story, coverage: Option<&mut Coverage>) -> Result<StoryReport, Failure> {
    let place: PathBuf = input.path().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
    let mut file = |name: &str| bounded(File::open(place.join(name))?, MAX_DOCUMENT);
    run_with(engine, story, &mut file, coverage).map_err(unreadable)
}

fn unreadable(error: chatsparks_replay::story::StoryError) -> Failure {
    Failure::with_excerpt(&error.to_string()).help("`docs/stories.md` says how stories are written")
}

/// Whether what was recorded reads as a story and passes. Where it does not, nothing is written over the author's.
fn holds(engine: &Engine, input: &Input, text: &str) -> Result<(), Failure> {
    let fault = |told: String| {
        Failure::new(format!("what came of `{}` could not be written down: {told}", input.name()))
            .help("this is a fault of ours: report it with the story")
    };
    let story = Story::parse(text, &input.name()).map_err(|error| fault(error.to_string()))?;
    let report = run(engine, input, &story, None)?;
    if report.passed() { Ok(()) } else { Err(fault(report.to_string())) }
}

/// A story as it was recorded, whole, to be put into the place of what it was.
fn written(input: &Input, text: &str) -> Result<Output, Failure> {
    let target = input.path().map(|path| Target::File(path.to_owned()));
    let mut file = Output::open(target.as_ref())?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|error| file.failure(error))?;
    Ok(file)
}
