//! Whether a workspace holds together: every fault and every warning, each with its place (F10).
//!
//! Faults are looked for whenever a workspace is compiled, so that side borrows all it can, allocates for the document
//! and not for each of its words, and writes a path only when there is something to tell. Warnings are only looked for
//! when somebody asks; they are total, on documents with faults too.

mod conditions;
mod document;
mod flows;
mod graph;
mod limits;
mod outranked;
mod patterns;
mod place;
#[cfg(test)]
mod tests;
mod warnings;

use crate::{
    Problem, ProblemCode,
    document::workspace::{Flow, Product, Workspace},
};
pub(crate) use outranked::{impossible, never_first};
pub(crate) use patterns::{beginnings, build_pattern, parse_pattern};
use place::Place;
use std::{collections::BTreeMap, fmt};

/// Problems told at most. A document of 64 MiB could have millions, and nobody reads on that long.
const PROBLEMS: usize = 100_000;

/// Every fault of a document, in the order of the document (F10).
///
/// `previous` is the revision in force, where there is one: against it published versions must stand (F9), and the id
/// of the workspace must be the same.
pub(crate) fn faults(workspace: &Workspace, previous: Option<&Workspace>) -> Vec<Problem> {
    let mut checker = Checker { report: Report::default(), names: Names::of(workspace), patterns: 0, words: 0 };
    checker.document(workspace, previous);
    checker.triggers(&workspace.triggers);
    checker.flows(&workspace.flows, previous.map(|previous| previous.flows.as_slice()));
    checker.members(&workspace.members);
    checker.report.problems
}

/// The faults of a document that holds by itself, as the next revision of another (F9).
pub(crate) fn succession_faults(workspace: &Workspace, previous: &Workspace) -> Vec<Problem> {
    let published: BTreeMap<_, _> =
        previous.flows.iter().map(|flow| ((flow.id.as_str(), flow.version), flow)).collect();
    let stands = |flow: &Flow| {
        published.get(&(flow.id.as_str(), flow.version)).is_none_or(|before| before.blocks == flow.blocks)
    };
    let follows = previous.workspace.id == workspace.workspace.id && workspace.flows.iter().all(stands);
    // The places and sentences are those of the whole check; it is only made where it has something to tell.
    if follows { Vec::new() } else { faults(workspace, Some(previous)) }
}

/// Every warning of a document, in the order of the document; the document may have faults (F10).
pub(crate) fn warnings(workspace: &Workspace) -> Vec<Problem> {
    let mut report = Report::default();
    warnings::document(workspace, &mut report);
    warnings::triggers::triggers(workspace, &mut report);
    warnings::flows::flows(workspace, &mut report);
    report.problems
}

/// What the search for faults carries along.
struct Checker<'a> {
    report: Report,
    names: Names<'a>,
    /// Patterns met so far, of conditions and of questions.
    patterns: usize,
    /// Words met so far, of all conditions.
    words: usize,
}

/// What others may name, sorted.
struct Names<'a> {
    flows: Vec<&'a str>,
    products: Vec<(&'a str, &'a Product)>,
}

impl<'a> Names<'a> {
    fn of(workspace: &'a Workspace) -> Self {
        let mut flows: Vec<&str> = workspace.flows.iter().map(|flow| flow.id.as_str()).collect();
        flows.sort_unstable();
        let mut products: Vec<_> = workspace.products.iter().map(|product| (product.id.as_str(), product)).collect();
        products.sort_by_key(|(id, _)| *id);
        Self { flows, products }
    }

    fn has_flow(&self, id: &str) -> bool {
        self.flows.binary_search(&id).is_ok()
    }

    /// The products of this id: one, in a document without faults.
    fn products(&self, id: &str) -> &[(&'a str, &'a Product)] {
        let start = self.products.partition_point(|(other, _)| *other < id);
        let length = self.products[start..].partition_point(|(other, _)| *other == id);
        &self.products[start..start + length]
    }
}

/// What was found so far.
#[derive(Default)]
struct Report {
    problems: Vec<Problem>,
}

impl Report {
    fn add(&mut self, at: &Place<'_>, code: ProblemCode, message: fmt::Arguments<'_>) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(Problem::new(at.to_string(), code, message.to_string()));
        }
    }
}

/// The positions whose key stood there before: what is used twice is told at the later place only.
struct Again(Vec<usize>);

impl Again {
    fn of<K: Ord>(keys: impl Iterator<Item = K>) -> Self {
        let mut keys: Vec<(K, usize)> = keys.enumerate().map(|(at, key)| (key, at)).collect();
        keys.sort_unstable();
        let mut again: Vec<usize> =
            keys.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).collect();
        again.sort_unstable();
        Self(again)
    }

    fn at(&self, position: usize) -> bool {
        !self.0.is_empty() && self.0.binary_search(&position).is_ok()
    }
}
