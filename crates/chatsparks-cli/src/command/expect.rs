//! `chatsparks expect`: whether stories come out as they say.

use super::compile;
use crate::{
    failure::{Answer, Failure},
    input::Input,
    terminal::{BAD, GOOD, Terminal, shown},
};
use chatsparks_core::Engine;
use chatsparks_replay::{
    Story, StoryReport,
    story::{Coverage, CoverageReport, run_with},
};
use clap::Args;
use serde::Serialize;
use std::{
    fs,
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
  chatsparks expect shop.json stories/price.story --json | jq '.stories[].steps[] | select(.passed | not)'

Exit status: 0 when every story passes, 1 when an expectation fails or the workspace is invalid, 2 when a
story cannot be read.";

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
        let mut told = Told { passed: true, stories: Vec::new(), coverage: None };
        for (input, story) in self.stories.iter().zip(&stories) {
            let report = run(&engine, input, story, coverage.as_mut())?;
            if self.record {
                write(input, &story.recorded(&report))?;
            }
            told.passed &= report.passed();
            told.stories.push(report);
        }
        told.coverage = coverage.map(|coverage| coverage.report());
        let mut to = terminal.out();
        if self.json {
            serde_json::to_writer_pretty(&mut to.to, &told).map_err(io::Error::from)?;
            writeln!(to.to)?;
        } else {
            told.write_text(&mut to.to, terminal.quiet)?;
        }
        to.to.flush()?;
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
    let mut bytes = Vec::new();
    input.open()?.read_to_end(&mut bytes).map_err(|error| Failure::cannot_read(&input.name(), &error))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::new(format!("`{}` is not UTF-8", input.name())))?;
    Story::parse(&text, &input.name()).map_err(unreadable)
}

/// Runs a story; the files that it names are found from where it lies.
fn run(engine: &Engine, input: &Input, story: &Story, coverage: Option<&mut Coverage>) -> Result<StoryReport, Failure> {
    let place: PathBuf = input.path().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
    let mut file = |name: &str| fs::read(place.join(name));
    run_with(engine, story, &mut file, coverage).map_err(unreadable)
}

fn unreadable(error: chatsparks_replay::story::StoryError) -> Failure {
    Failure::with_excerpt(&error.to_string()).help("`docs/stories.md` says how stories are written")
}

fn write(input: &Input, text: &str) -> Result<(), Failure> {
    let Some(path) = input.path() else {
        return Err(Failure::new("standard input cannot be written to").help("name the story's file"));
    };
    fs::write(path, text).map_err(|error| Failure::cannot_write(&input.name(), &error))
}
