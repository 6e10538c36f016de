//! The warnings of `check` against a naive reading of the rule, on random documents.

use chatsparks_core::{
    Engine, Problem,
    workspace::{Block, BlockKind, Test, Workspace},
};
use chatsparks_testkit::{
    generate::{Focus, document, read},
    properties, warned,
};
use proptest::prelude::*;
use std::{cell::RefCell, collections::BTreeSet};

/// Whether a naive reading says the same: the same warnings, but for cases that something expected may bring.
fn agree(workspace: &Workspace, found: &[Problem]) -> Result<(), TestCaseError> {
    let found: BTreeSet<(String, &str)> = found
        .iter()
        .filter(|warning| warned::KNOWN.contains(&warning.code.as_str()))
        .filter(|warning| warning.code.as_str() != "uncaptured_field" || warning.path.ends_with(".branch.field"))
        .map(|warning| (warning.path.clone(), warning.code.as_str()))
        .collect();
    let wanted = warned::warnings(workspace);
    let missing: Vec<_> = wanted.difference(&found).collect();
    prop_assert!(missing.is_empty(), "not told: {:?}", missing);
    for (path, code) in found.difference(&wanted) {
        prop_assert_eq!(*code, "dead_case", "told of {}", path);
        prop_assert!(!may_come(workspace, path), "{} may hold", path);
    }
    Ok(())
}

/// Whether what a question expects, or a label, could bring the case at a path.
fn may_come(workspace: &Workspace, path: &str) -> bool {
    let numbers: Vec<usize> = path.split(['[', ']']).filter_map(|part| part.parse().ok()).collect();
    let BlockKind::Branch(branch) = &workspace.flows[numbers[0]].blocks[numbers[1]].kind else { return true };
    let blocks = || workspace.flows.iter().flat_map(|flow| &flow.blocks);
    let admitted = |text: &str| blocks().any(|block| may_bring(block, branch.field.as_str(), text));
    match &branch.cases[numbers[2]].test {
        Test::Equals(text) => admitted(text),
        Test::OneOf(texts) => texts.iter().any(|text| admitted(text)),
        // With this in it, some text that is long enough to be any of them.
        Test::Contains(part) => ["", "1234567", "a@b.", "ml"].iter().any(|rest| admitted(&format!("{rest}{part}"))),
    }
}

fn may_bring(block: &Block, field: &str, text: &str) -> bool {
    match &block.kind {
        BlockKind::Question(question) if question.field == field => {
            question.expect.as_ref().is_none_or(|expect| warned::may_admit(expect, text))
        }
        BlockKind::QuickReplies(ask) => {
            let free = ask.free_text.as_ref().and_then(|free| free.field.as_ref().or(ask.field.as_ref()));
            let labels = ask.options.iter().any(|option| option.label == text);
            free.is_some_and(|into| into == field) || (labels && ask.field.as_ref().is_some_and(|into| into == field))
        }
        _ => false,
    }
}

#[test]
fn f10_warnings_are_those_of_a_naive_reading() {
    let met = RefCell::new(BTreeSet::new());
    proptest!(properties::cases(600), |(document in prop_oneof![document(Focus::Talk), document(Focus::Everything)])| {
        let workspace = read(&document);
        let checked = Engine::check(&workspace);
        prop_assume!(checked.faults.is_empty());
        met.borrow_mut().extend(checked.warnings.iter().map(|warning| warning.code.as_str()));
        agree(&workspace, &checked.warnings)?;
    });
    // Every kind was met, or this says nothing of it.
    let met = met.into_inner();
    for code in warned::KNOWN {
        assert!(met.contains(code), "{code} was never met");
    }
}
