//! Diagnosis: what to check when something did not happen, answered from what is known (D).
//!
//! Each diagnosis is a pure function of a plain struct that holds what is known. It answers its checks in
//! the order of the rules, names the first that failed, and says what to do next. Answers are codes and
//! numbers; the sentences for people stand in [`Advice::sentence`] and [`CheckCode::sentence`] alone.
//!
//! No finding holds what a buyer wrote: a diagnosis may go into a support bundle as it is (D8).

use crate::{Instant, Text, UserId};
use serde::{Serialize, Serializer, ser::SerializeMap};

pub use advice::{Advice, Case, CheckCode};
pub use automation::{AutomationKnown, StartFate, UsageKnown};
pub use bundle::{BUNDLED_EVENTS, BundledEvent, SupportBundle};
pub use delivery::{DeliveryCause, DeliveryKnown, StageSeen};
pub use order::OrderKnown;
pub use question::QuestionKnown;
pub use standing::{ChannelStands, EffectStanding, Stands};
pub use teammate::TeammateKnown;
pub use webhook::WebhookKnown;

mod advice;
mod automation;
mod bundle;
mod delivery;
mod next;
mod order;
mod question;
mod standing;
mod teammate;
#[cfg(test)]
mod tests;
mod webhook;

/// The answer to "why did it not happen?": checks in the order of the rule, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// What was asked.
    pub kind: DiagnosisKind,
    /// What is the case, which may be something else than was asked.
    pub case: Case,
    /// The first check that failed.
    pub first_failed: Option<CheckCode>,
    /// What to do next: about the first check that failed, else about the first that nobody knows.
    pub next: Advice,
    /// Every check, in the order of the rule.
    pub checks: Vec<Check>,
}

/// What a diagnosis asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiagnosisKind {
    /// The webhook does not receive (D1).
    WebhookNotReceiving,
    /// An automation did not fire (D2).
    AutomationDidNotFire,
    /// The buyer never saw the DM (D3).
    DmNotSeen,
    /// A public reply was not said (D3).
    ReplyNotSaid,
    /// An order was not attributed (D4).
    OrderNotAttributed,
    /// A flow repeats its question (D5).
    QuestionRepeats,
    /// A teammate cannot see the workspace (D6).
    TeammateCannotSee,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub code: CheckCode,
    /// How it came out.
    pub answer: Answer,
    /// What it looked at.
    #[serde(serialize_with = "as_map")]
    pub looked_at: Vec<Finding>,
    /// What to do about it.
    pub advice: Advice,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is as it should be.
    Pass,
    /// It is not.
    Fail,
    /// What is known does not say.
    Unknown,
}

/// Something that a check looked at, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name, in snake case.
    pub what: &'static str,
    /// What was found.
    pub value: Found,
}

/// What was found. Nothing and unknown are both written as null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Found {
    /// There is none.
    Nothing,
    /// Nobody knows.
    Unknown,
    /// Yes or no.
    Yes(bool),
    /// A number.
    Number(i64),
    /// An instant.
    At(Instant),
    /// A code or an id.
    Word(String),
    /// Several.
    Words(Vec<String>),
    /// Words of somebody outside, such as the platform's reason: they do not show in `Debug`, and do not go into
    /// a bundle (D8).
    Said(Text),
}

impl Answer {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }

    fn passes(passes: bool) -> Self {
        if passes { Self::Pass } else { Self::Fail }
    }
}

impl Diagnosis {
    /// Whether a check failed, and so something is to be done.
    pub fn is_open(&self) -> bool {
        self.first_failed.is_some()
    }

    /// A check, by its code.
    pub fn check(&self, code: CheckCode) -> Option<&Check> {
        self.checks.iter().find(|check| check.code == code)
    }

    fn new(kind: DiagnosisKind, case: Case, checks: Vec<Check>, all_pass: Advice) -> Self {
        let first = |answer| checks.iter().find(|check| check.answer == answer);
        let first_failed = first(Answer::Fail).map(|check| check.code);
        let next = first(Answer::Fail).or_else(|| first(Answer::Unknown)).map_or(all_pass, |check| check.advice);
        Self { kind, case, first_failed, next, checks }
    }
}

impl Check {
    /// A check that passes needs no advice but to look further.
    fn new(code: CheckCode, answer: Answer, advice: Advice) -> Self {
        let advice = if answer == Answer::Pass { Advice::Nothing } else { advice };
        Self { code, answer, looked_at: Vec::new(), advice }
    }

    fn with(mut self, what: &'static str, value: impl Into<Found>) -> Self {
        self.looked_at.push(Finding { what, value: value.into() });
        self
    }

    /// With something that nobody knows where it is not told.
    fn with_known(self, what: &'static str, value: Option<impl Into<Found>>) -> Self {
        self.with(what, value.map_or(Found::Unknown, Into::into))
    }

    /// What it found under a name.
    pub fn found(&self, what: &str) -> Option<&Found> {
        self.looked_at.iter().find(|finding| finding.what == what).map(|finding| &finding.value)
    }
}

fn as_map<S: Serializer>(findings: &[Finding], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(findings.len()))?;
    for finding in findings {
        map.serialize_entry(finding.what, &finding.value)?;
    }
    map.end()
}

impl From<bool> for Found {
    fn from(yes: bool) -> Self {
        Self::Yes(yes)
    }
}

impl From<i64> for Found {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Found {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Found {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<usize> for Found {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Instant> for Found {
    fn from(at: Instant) -> Self {
        Self::At(at)
    }
}

impl From<&str> for Found {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl From<String> for Found {
    fn from(word: String) -> Self {
        Self::Word(word)
    }
}

impl From<&Text> for Found {
    fn from(text: &Text) -> Self {
        Self::Said(text.clone())
    }
}

impl From<&UserId> for Found {
    fn from(user_id: &UserId) -> Self {
        Self::Word(user_id.as_str().to_owned())
    }
}

impl From<Vec<String>> for Found {
    fn from(words: Vec<String>) -> Self {
        Self::Words(words)
    }
}

impl<T: Into<Found>> From<Option<T>> for Found {
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::Nothing, Into::into)
    }
}
