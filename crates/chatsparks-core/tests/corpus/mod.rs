//! Reads the corpus of hard comments; its columns and escapes are told in the README beside this file.
//!
//! Shared by the table test and, through `#[path]`, by the report in `benches/`.
#![allow(dead_code, missing_docs, unreachable_pub)] // Each of the two reads a part of it.

use chatsparks_core::{
    Engine, Explained, Scratch,
    workspace::{Condition, Keywords, MatchMode, Workspace},
};

/// A file of the corpus and the language it is in.
pub struct Part {
    /// For the tables of the report.
    pub language: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The whole corpus.
pub const PARTS: [Part; 7] = [
    Part { language: "Thai", text: include_str!("thai.tsv") },
    Part { language: "Vietnamese", text: include_str!("vietnamese.tsv") },
    Part { language: "Indonesian", text: include_str!("indonesian.tsv") },
    Part { language: "English", text: include_str!("english.tsv") },
    Part { language: "Mixed", text: include_str!("mixed.tsv") },
    Part { language: "Emoji", text: include_str!("emoji.tsv") },
    Part { language: "Thai, real", text: include_str!("real.tsv") },
];

/// One labelled comment.
#[derive(Clone, Debug)]
pub struct Row {
    pub language: &'static str,
    /// The remark that it stands under.
    pub topic: &'static str,
    pub id: &'static str,
    /// Column `comment` as the file has it.
    pub written: &'static str,
    /// Column `words` as the file has it.
    pub written_words: &'static str,
    pub comment: String,
    pub words: Vec<String>,
    pub mode: Mode,
    pub ignore_accents: bool,
    pub squeeze: bool,
    pub wanted: bool,
    pub engine: bool,
    /// The rule that limits the engine, where it does not give what is wanted.
    pub rule: Option<&'static str>,
    pub why: &'static str,
}

/// How a row's trigger looks at the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Keywords(MatchMode),
    Pattern,
    QuestionMark,
}

impl Row {
    /// The condition of the row's trigger.
    pub fn condition(&self) -> Condition {
        match self.mode {
            Mode::Keywords(mode) => Condition::Keywords(Keywords {
                words: self.words.clone(),
                mode,
                ignore_accents: self.ignore_accents,
                squeeze: self.squeeze,
            }),
            Mode::Pattern => Condition::Pattern(self.words.concat()),
            Mode::QuestionMark => Condition::QuestionMark,
        }
    }

    /// What the engine answers: whether a trigger with this condition and no other matches the comment.
    pub fn decide(&self) -> Result<bool, String> {
        let engine = Engine::compile(self.workspace()?).map_err(|error| format!("{}: {error}", self.id))?;
        let mut scratch = Scratch::default();
        let mut trial = engine.try_text(&self.comment, None, &mut scratch);
        let matches = trial.matching().next().is_some();
        let tried: Vec<_> = trial.explain_all().map(|told| told.verdict.result == Explained::Matches).collect();
        match tried.as_slice() {
            [told] if *told == matches => Ok(matches),
            _ => Err(format!("{}: {} explanations for one trigger", self.id, tried.len())),
        }
    }

    fn workspace(&self) -> Result<Workspace, String> {
        serde_json::from_value(serde_json::json!({
            "workspace": { "id": "corpus", "name": "Corpus", "account_user_id": "shop" },
            "sensitive": [],
            "triggers": [{ "id": "row", "when": self.condition(), "flow": "hello" }],
            "flows": [{ "id": "hello", "version": 1, "blocks": [{ "id": "hi", "message": { "text": "Hi" } }] }]
        }))
        .map_err(|error| format!("{}: {error}", self.id))
    }
}

/// Every row, in the order of the files; a line that cannot be read is told.
pub fn rows() -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for part in &PARTS {
        let (language, mut topic) = (part.language, "");
        for (line, number) in part.text.lines().zip(1..) {
            match line.strip_prefix("# ") {
                Some(remark) => topic = remark,
                None if line.starts_with('#') => {}
                None => {
                    rows.push(row(language, topic, line).ok_or_else(|| format!("{language}, line {number}: {line}"))?)
                }
            }
        }
    }
    Ok(rows)
}

fn row(language: &'static str, topic: &'static str, line: &'static str) -> Option<Row> {
    let columns: [&str; 8] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
    let [id, written, written_words, mode, options, wanted, engine, why] = columns;
    let mode = match mode {
        "contains" => Mode::Keywords(MatchMode::Contains),
        "word" => Mode::Keywords(MatchMode::Word),
        "starts_with" => Mode::Keywords(MatchMode::StartsWith),
        "exact" => Mode::Keywords(MatchMode::Exact),
        "pattern" => Mode::Pattern,
        "question_mark" => Mode::QuestionMark,
        _ => return None,
    };
    let words = match mode {
        Mode::Keywords(_) => written_words.split('|').map(unescape).collect::<Option<_>>()?,
        Mode::Pattern => vec![written_words.to_owned()],
        Mode::QuestionMark => (written_words == "-").then(Vec::new)?,
    };
    let (ignore_accents, squeeze) = match options {
        "-" => (false, false),
        "accents" => (true, false),
        "squeeze" => (false, true),
        "accents,squeeze" => (true, true),
        _ => return None,
    };
    let wanted = answer(wanted)?;
    let (engine, rule) = match engine.split_once(':') {
        None => ((engine == "same").then_some(wanted)?, None),
        Some((engine, rule)) => (answer(engine)?, Some(rule)),
    };
    let comment = unescape(written)?;
    Some(Row {
        language,
        topic,
        id,
        written,
        written_words,
        comment,
        words,
        mode,
        ignore_accents,
        squeeze,
        wanted,
        engine,
        rule,
        why,
    })
}

fn answer(column: &str) -> Option<bool> {
    match column {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn unescape(written: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (c, after) = if let Some(hex) = after.strip_prefix("u{") {
            let (hex, after) = hex.split_once('}')?;
            (char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, after)
        } else {
            let mut chars = after.chars();
            let c = match chars.next()? {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            };
            (c, chars.as_str())
        };
        out.push(c);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
