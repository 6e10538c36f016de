//! Making a workspace ready.

use crate::{
    measure::{ROUNDS, by_turns, run},
    report::{Row, Target},
    synthetic::Set,
};
use aho_corasick::nfa::contiguous;
use chatsparks_core::{
    Engine,
    text::normalise,
    workspace::{Condition, Workspace},
};
use std::collections::BTreeSet;

/// The distinct normalised keywords of a workspace, in the order of the document.
pub fn words(workspace: &Workspace) -> Vec<String> {
    fn walk(condition: &Condition, seen: &mut BTreeSet<String>, words: &mut Vec<String>) {
        match condition {
            Condition::Keywords(keywords) => {
                for word in &keywords.words {
                    let word = normalise(word);
                    if seen.insert(word.clone()) {
                        words.push(word);
                    }
                }
            }
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| walk(part, seen, words)),
            _ => {}
        }
    }
    let (mut seen, mut words) = (BTreeSet::new(), Vec::new());
    workspace.triggers.iter().for_each(|trigger| walk(&trigger.when, &mut seen, &mut words));
    words
}

/// The rows on compiling and checking.
pub fn rows(set: &Set) -> Vec<Row> {
    let words = words(&set.workspace);
    let [compile, check, bare] = by_turns(
        ROUNDS * 2,
        [
            run(|| Engine::compile(set.workspace.clone())),
            run(|| Engine::check(&set.workspace)),
            run(|| contiguous::Builder::new().prefilter(false).build(&words)),
        ],
    );
    let (distinct, triggers) = (words.len(), set.triggers);
    vec![
        Row::ratio(
            format!("compile {triggers} triggers ÷ a bare contiguous NFA of their {distinct} distinct words"),
            (compile, bare),
            1,
            Target::AtMost(3.0, 2.0),
        ),
        Row::ratio(
            format!("check {triggers} triggers, warnings too ÷ that build"),
            (check, bare),
            1,
            Target::AtMost(50.0, 20.0),
        ),
    ]
}
