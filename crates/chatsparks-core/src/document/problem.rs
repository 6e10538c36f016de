//! What is wrong with a workspace document, and where (F10).

use serde::{Deserialize, Serialize};
use std::fmt;

/// One fault or warning of a document: its place, a stable code, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Where, as a path such as `flows[0].blocks[2].goto`; empty for the document itself.
    pub path: String,
    /// What kind of problem, for programs.
    pub code: ProblemCode,
    /// What is wrong and what to do, for people.
    pub message: String,
}

/// The kinds of problem a document can have. Codes are stable; new ones may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemCode {
    /// The document cannot be read as its type: one fault, where reading stopped.
    Unreadable,
    /// A schema this version does not know.
    UnknownSchema,
    /// An id is empty, or has a control character.
    BadId,
    /// A text, list or number is over or under its limit.
    OverLimit,
    /// A text is empty.
    Empty,
    /// An id is used twice.
    Duplicate,
    /// Something is named that is not there.
    Unknown,
    /// A keyword is empty once normalised.
    EmptyKeyword,
    /// A pattern does not compile, or is too large compiled.
    BadPattern,
    /// A condition is nested too deep.
    TooDeep,
    /// A flow could run for ever without waiting for the buyer.
    EndlessFlow,
    /// A published version of a flow changed in place (F9).
    ChangedInPlace,
    /// A `configure` for another workspace.
    OtherWorkspace,
    /// Warning: more messages in a row than the window admits (P4).
    TooManyMessages,
    /// Warning: a wait longer than the window.
    LongWait,
    /// Warning: nothing reaches the block.
    Unreachable,
    /// Warning: no block captures the field.
    UncapturedField,
    /// Warning: no trigger starts the flow.
    UnusedFlow,
    /// Warning: two options of one block have one label, as typed texts are read (F4).
    SameOption,
    /// Warning: nothing that is captured can bring the case of a branch (F6).
    DeadCase,
    /// Warning: the pattern is found in every text.
    HoldsAlways,
    /// Warning: the pattern asks for `\b`, which does not stand between Thai letters.
    WordBoundary,
    /// Warning: a one- or two-letter `contains` keyword.
    ShortKeyword,
    /// Warning: normalising changes a literal character of the pattern.
    UnnormalisedPattern,
    /// Warning: a placeholder where none is expanded.
    Placeholder,
    /// Warning: a higher trigger always outranks this one.
    AlwaysOutranked,
    /// Warning: a scope or condition names a post that the workspace lacks (C3).
    UnknownPost,
    /// Warning: a scope names a tag that no post has (C3).
    UnknownTag,
    /// Warning: a condition asks for a product that the workspace lacks, which is never mentioned (N9).
    UnknownProduct,
    /// Warning: a connection names a scope that there is not.
    UnknownScope,
    /// Warning: something that can never have an effect, such as a scope of no posts.
    NoEffect,
}

impl ProblemCode {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownSchema => "unknown_schema",
            Self::BadId => "bad_id",
            Self::OverLimit => "over_limit",
            Self::Empty => "empty",
            Self::Duplicate => "duplicate",
            Self::Unknown => "unknown",
            Self::EmptyKeyword => "empty_keyword",
            Self::BadPattern => "bad_pattern",
            Self::TooDeep => "too_deep",
            Self::EndlessFlow => "endless_flow",
            Self::ChangedInPlace => "changed_in_place",
            Self::OtherWorkspace => "other_workspace",
            Self::TooManyMessages => "too_many_messages",
            Self::LongWait => "long_wait",
            Self::Unreachable => "unreachable",
            Self::UncapturedField => "uncaptured_field",
            Self::UnusedFlow => "unused_flow",
            Self::SameOption => "same_option",
            Self::DeadCase => "dead_case",
            Self::HoldsAlways => "holds_always",
            Self::WordBoundary => "word_boundary",
            Self::ShortKeyword => "short_keyword",
            Self::UnnormalisedPattern => "unnormalised_pattern",
            Self::Placeholder => "placeholder",
            Self::AlwaysOutranked => "always_outranked",
            Self::UnknownPost => "unknown_post",
            Self::UnknownTag => "unknown_tag",
            Self::UnknownProduct => "unknown_product",
            Self::UnknownScope => "unknown_scope",
            Self::NoEffect => "no_effect",
        }
    }
}

impl Problem {
    /// A problem at a path.
    pub fn new(path: impl Into<String>, code: ProblemCode, message: impl Into<String>) -> Self {
        Self { path: path.into(), code, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(out, "{} ({})", self.message, self.code.as_str()),
            path => write!(out, "{path}: {} ({})", self.message, self.code.as_str()),
        }
    }
}

/// Why a workspace was refused: every fault, each with its place (F10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    faults: Vec<Problem>,
}

impl CompileError {
    pub(crate) fn new(faults: Vec<Problem>) -> Self {
        Self { faults }
    }

    pub(crate) fn into_faults(self) -> Vec<Problem> {
        self.faults
    }

    /// The faults, in the order of the document.
    pub fn faults(&self) -> &[Problem] {
        &self.faults
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.as_slice() {
            [one] => write!(out, "invalid workspace: {one}"),
            many => {
                write!(out, "invalid workspace: {} faults", many.len())?;
                many.iter().take(10).try_for_each(|fault| write!(out, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for CompileError {}
