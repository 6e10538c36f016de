//! Counts how well the engine answers the corpus of hard comments, beside three matchers that people write by hand,
//! and puts the tables into `docs/matching.md`.
//!
//! `cargo run -p chatsparks-benches --bin matching-report` writes, with `--check` it only says whether the file is as
//! it would be written.

#[path = "../../../crates/chatsparks-core/tests/corpus/mod.rs"]
mod corpus;

use chatsparks_core::workspace::MatchMode;
use corpus::{Mode, PARTS, Row};
use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use regex::Regex;
use std::{collections::BTreeMap, error::Error, fmt::Write as _, fs, path::Path, process::ExitCode};

const BEGIN: &str = "<!-- begin: written by matching-report -->\n";
const END: &str = "<!-- end: written by matching-report -->\n";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/matching.md");
    let page = fs::read_to_string(&path)?;
    let (before, rest) = page.split_once(BEGIN).ok_or("docs/matching.md has no begin marker")?;
    let (_, after) = rest.split_once(END).ok_or("docs/matching.md has no end marker")?;
    let fresh = format!("{before}{BEGIN}\n{}\n{END}{after}", report()?);
    if std::env::args().any(|argument| argument == "--check") {
        return Ok(if fresh == page { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    fs::write(path, fresh)?;
    Ok(ExitCode::SUCCESS)
}

fn report() -> Result<String, Box<dyn Error>> {
    let answered = corpus::rows()?.into_iter().map(Answered::new).collect::<Result<Vec<_>, _>>()?;
    let mut out = String::new();

    writeln!(out, "## By language\n")?;
    let languages = PARTS.iter().map(|part| (part.language, part.language));
    table(&mut out, "language", languages, &answered, |row| row.language)?;

    writeln!(out, "\n## By mode\n")?;
    let modes = MODES.iter().map(|(mode, name)| (*name, *mode));
    table(&mut out, "mode", modes, &answered, |row| row.mode)?;

    writeln!(out, "\n## Real messages, by topic\n")?;
    let mut topics: Vec<&str> = answered.iter().map(|answered| answered.row.topic).collect();
    topics.dedup();
    let real: Vec<Answered> = answered.iter().filter(|answered| answered.row.language == REAL).cloned().collect();
    topics.retain(|topic| real.iter().any(|answered| answered.row.topic == *topic));
    table(&mut out, "topic", topics.into_iter().map(|topic| (topic, topic)), &real, |row| row.topic)?;

    versus(&mut out, &answered)?;
    limits(&mut out, &answered)?;
    Ok(out)
}

/// The part of the corpus that people wrote.
const REAL: &str = "Thai, real";

const MODES: [(Mode, &str); 6] = [
    (Mode::Keywords(MatchMode::Contains), "contains"),
    (Mode::Keywords(MatchMode::Word), "word"),
    (Mode::Keywords(MatchMode::StartsWith), "starts_with"),
    (Mode::Keywords(MatchMode::Exact), "exact"),
    (Mode::Pattern, "pattern"),
    (Mode::QuestionMark, "question_mark"),
];

/// A row and what each matcher answered, the engine first.
#[derive(Clone)]
struct Answered {
    row: Row,
    answers: [bool; MATCHERS.len()],
}

const MATCHERS: [&str; 5] =
    ["engine", "lower-case `contains`", "NFKC, folded, `contains`", "ASCII `\\b`", "`\\p{L}` edges"];

impl Answered {
    fn new(row: Row) -> Result<Self, Box<dyn Error>> {
        let answers = [
            row.decide()?,
            loops(&row, str::to_lowercase)?,
            loops(&row, folded)?,
            edges(&row, r"(?-u:\b)", r"(?-u:\b)")?,
            edges(&row, r"(?:^|\P{L})", r"(?:\P{L}|$)")?,
        ];
        Ok(Self { row, answers })
    }
}

/// Compatibility composition and full case folding, with what ICU4X has: what a careful loop compares.
fn folded(text: &str) -> String {
    let nfkc = ComposingNormalizer::new_nfkc();
    nfkc.normalize(&CaseMapper::new().fold_string(&nfkc.normalize(text))).into_owned()
}

/// The loop that everybody writes first: both sides in lower case, or some other one case, and `contains`.
fn loops(row: &Row, one_case: fn(&str) -> String) -> Result<bool, regex::Error> {
    let text = one_case(&row.comment);
    let any = |test: fn(&str, &str) -> bool| row.words.iter().any(|word| test(&text, &one_case(word)));
    Ok(match row.mode {
        Mode::Keywords(MatchMode::Contains | MatchMode::Word) => any(|text, word| text.contains(word)),
        Mode::Keywords(MatchMode::StartsWith) => any(|text, word| text.starts_with(word)),
        Mode::Keywords(MatchMode::Exact) => any(|text, word| text == word),
        Mode::Pattern | Mode::QuestionMark => raw(row)?,
    })
}

/// A regular expression a word, without regard to case, between the two edges.
fn edges(row: &Row, before: &str, after: &str) -> Result<bool, regex::Error> {
    let words = row.words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join("|");
    let expression = match row.mode {
        Mode::Keywords(MatchMode::Contains | MatchMode::Word) => format!("(?i){before}(?:{words}){after}"),
        Mode::Keywords(MatchMode::StartsWith) => format!("(?i)^(?:{words}){after}"),
        Mode::Keywords(MatchMode::Exact) => format!("(?i)^(?:{words})$"),
        Mode::Pattern | Mode::QuestionMark => return raw(row),
    };
    Ok(Regex::new(&expression)?.is_match(&row.comment))
}

/// What needs no word: the pattern over the text as it came, and a question mark at its end.
fn raw(row: &Row) -> Result<bool, regex::Error> {
    if row.mode == Mode::QuestionMark {
        return Ok(row.comment.trim_end().ends_with('?'));
    }
    Ok(Regex::new(&format!("(?i){}", row.words.concat()))?.is_match(&row.comment))
}

/// What a matcher found, missed and made up.
#[derive(Clone, Copy, Default)]
struct Count {
    found: usize,
    missed: usize,
    made_up: usize,
}

impl Count {
    fn of<'a>(answered: impl Iterator<Item = &'a Answered>, matcher: usize) -> Self {
        let mut count = Self::default();
        for Answered { row, answers } in answered {
            match (row.wanted, answers[matcher]) {
                (true, true) => count.found += 1,
                (true, false) => count.missed += 1,
                (false, true) => count.made_up += 1,
                (false, false) => {}
            }
        }
        count
    }

    /// Of what it answered, how much was wanted; of what was wanted, how much it answered.
    fn cells(self) -> String {
        format!("{} | {}", percent(self.found, self.made_up), percent(self.found, self.missed))
    }
}

/// In tenths of a percent, rounded to nearest.
fn percent(part: usize, others: usize) -> String {
    match part + others {
        0 => "–".to_owned(),
        whole => {
            let tenths = (part * 2000 + whole) / (whole * 2);
            format!("{}.{}", tenths / 10, tenths % 10)
        }
    }
}

fn table<K: PartialEq>(
    out: &mut String,
    title: &str,
    groups: impl Iterator<Item = (&'static str, K)>,
    answered: &[Answered],
    key: impl Fn(&Row) -> K,
) -> std::fmt::Result {
    write!(out, "| {title} | rows | wanted |")?;
    for name in MATCHERS {
        write!(out, " {name}: precision | recall |")?;
    }
    write!(out, "\n| --- | ---: | ---: |{}\n", " ---: | ---: |".repeat(MATCHERS.len()))?;
    for (name, group) in groups {
        let members = answered.iter().filter(|answered| key(&answered.row) == group).collect::<Vec<_>>();
        line(out, name, &members)?;
    }
    line(out, "**all**", &answered.iter().collect::<Vec<_>>())
}

fn line(out: &mut String, name: &str, members: &[&Answered]) -> std::fmt::Result {
    let wanted = members.iter().filter(|answered| answered.row.wanted).count();
    write!(out, "| {name} | {} | {wanted} |", members.len())?;
    for matcher in 0..MATCHERS.len() {
        write!(out, " {} |", Count::of(members.iter().copied(), matcher).cells())?;
    }
    writeln!(out)
}

/// How often the engine is right where another is wrong, and the other way round.
fn versus(out: &mut String, answered: &[Answered]) -> std::fmt::Result {
    writeln!(out, "\n## One against the other\n")?;
    writeln!(out, "| beside | only the engine is right | only the other is right |\n| --- | ---: | ---: |")?;
    for (matcher, name) in MATCHERS.iter().enumerate().skip(1) {
        let apart = |right: usize, wrong: usize| {
            let told =
                |Answered { row, answers }: &&Answered| answers[right] == row.wanted && answers[wrong] != row.wanted;
            answered.iter().filter(told).count()
        };
        writeln!(out, "| {name} | {} | {} |", apart(0, matcher), apart(matcher, 0))?;
    }
    Ok(())
}

/// Every row where the engine does not answer what is wanted, by the rule that limits it.
fn limits(out: &mut String, answered: &[Answered]) -> Result<(), Box<dyn Error>> {
    let mut by_rule: BTreeMap<&str, Vec<&Answered>> = BTreeMap::new();
    for answer in answered.iter().filter(|answered| answered.answers[0] != answered.row.wanted) {
        let rule = answer.row.rule.ok_or_else(|| format!("{} is wrong and names no rule", answer.row.id))?;
        by_rule.entry(rule).or_default().push(answer);
    }
    let wrong: usize = by_rule.values().map(Vec::len).sum();
    writeln!(out, "\n## Where the engine is wrong by rule\n\n{wrong} of {} rows.", answered.len())?;
    for (rule, answers) in by_rule {
        let made_up = answers.iter().filter(|answered| answered.answers[0]).count();
        let missed = answers.len() - made_up;
        writeln!(out, "\n### {rule}: {made_up} answered that should not be, {missed} missed\n")?;
        writeln!(out, "| row | comment | words | mode | answer | why |\n| --- | --- | --- | --- | --- | --- |")?;
        for Answered { row, answers } in answers {
            let mode = MODES.iter().find(|(mode, _)| *mode == row.mode).map_or("", |(_, name)| *name);
            let accents = if row.ignore_accents { ", accents" } else { "" };
            let squeeze = if row.squeeze { ", squeeze" } else { "" };
            let answer = if answers[0] { "yes" } else { "**no**" };
            writeln!(
                out,
                "| {} | {} | {} | {mode}{accents}{squeeze} | {answer} | {} |",
                row.id,
                code(row.written),
                code(row.written_words),
                cell(row.why),
            )?;
        }
    }
    Ok(())
}

/// Text as code in a table's cell.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{}{fence}", cell(text))
}

fn cell(text: &str) -> String {
    text.replace('|', r"\|")
}
