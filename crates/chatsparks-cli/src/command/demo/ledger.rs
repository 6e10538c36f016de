//! The books of the demo: what was brought, what was decided, what was to be done. Held against the platform's own, they say
//! whether anything was lost or done twice.

use super::platform::Book;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What was brought and decided.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Events that the service said it has.
    brought: BTreeSet<String>,
    /// Of those, the ones on their way to a decision.
    on_their_way: BTreeSet<String>,
    /// Times that each of them was decided, repetitions apart.
    decided: BTreeMap<String, u32>,
    /// Events that came again, and changed nothing.
    pub(crate) repetitions: u64,
    /// What was to be done, by its id.
    effects: BTreeSet<String>,
    /// What was withdrawn or failed, as the service says.
    failed: BTreeSet<String>,
    /// Events of the service's own: outcomes of what it sent.
    outcomes: u64,
    /// Records.
    pub(crate) records: u64,
}

/// What the books say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Balance {
    /// Events that the service said it has.
    pub(crate) brought: usize,
    /// Of those, without a decision.
    pub(crate) undecided: usize,
    /// Of those, with more than one.
    pub(crate) decided_twice: usize,
    /// Events that came again, and changed nothing.
    pub(crate) repetitions: u64,
    /// What was to be done.
    pub(crate) effects: usize,
    /// Of those, done.
    pub(crate) done: usize,
    /// Of those, withdrawn since a person took over, or failed.
    pub(crate) failed: usize,
    /// Of those, neither done nor failed.
    pub(crate) not_done: usize,
    /// Done, and nobody decided it.
    pub(crate) undue: usize,
    /// Done more than once.
    pub(crate) done_twice: usize,
    /// Brought to the platform again, and known by its key.
    pub(crate) brought_again: u64,
    /// Brought without the service's signature.
    pub(crate) forged: u64,
}

impl Balance {
    /// Nothing was lost, and nothing done twice.
    pub(crate) fn holds(&self) -> bool {
        let faults = [self.undecided, self.decided_twice, self.not_done, self.undue, self.done_twice];
        faults.iter().all(|fault| *fault == 0) && self.forged == 0
    }
}

impl Ledger {
    /// The service said that it has this event.
    pub(crate) fn brought(&mut self, id: &str) {
        self.brought.insert(id.to_owned());
        if !self.decided.contains_key(id) {
            self.on_their_way.insert(id.to_owned());
        }
    }

    /// A record.
    pub(crate) fn record(&mut self, record: &Value) {
        self.records += 1;
        if let Some(event) = record["event"].as_str() {
            if event.starts_with("outcome:") {
                self.outcomes += 1;
                self.note_failure(record);
            } else if is_repetition(&record["outcome"]) {
                self.repetitions += 1;
            } else {
                *self.decided.entry(event.to_owned()).or_default() += 1;
                self.on_their_way.remove(event);
            }
        }
        let effects = record["effects"].as_array().into_iter().flatten();
        self.effects.extend(effects.filter_map(|effect| effect["id"].as_str().map(str::to_owned)));
    }

    fn note_failure(&mut self, record: &Value) {
        for fact in record["facts"].as_array().into_iter().flatten() {
            let stage = &fact["dm_stage"];
            if let Some(dm) = stage["dm_id"].as_str().filter(|_| stage["stage"] == "failed") {
                self.failed.insert(dm.to_owned());
            }
        }
    }

    /// How many events are on their way to a decision.
    pub(crate) fn undecided(&self) -> usize {
        self.on_their_way.len()
    }

    /// How many effects are on their way to the platform, of which so many were done.
    pub(crate) fn outstanding(&self, done: usize) -> usize {
        self.effects.len().saturating_sub(done + self.failed.len())
    }

    /// Holds the books against the platform's.
    pub(crate) fn balance(&self, book: &Book) -> Balance {
        let mut times: BTreeMap<&str, u32> = BTreeMap::new();
        book.done.iter().for_each(|done| *times.entry(&done.effect).or_default() += 1);
        let decided = |id: &String| self.decided.get(id).copied().unwrap_or(0);
        Balance {
            brought: self.brought.len(),
            undecided: self.brought.iter().filter(|id| decided(id) == 0).count(),
            decided_twice: self.brought.iter().filter(|id| decided(id) > 1).count(),
            repetitions: self.repetitions,
            effects: self.effects.len(),
            done: times.len(),
            failed: self.failed.len(),
            not_done: self
                .effects
                .iter()
                .filter(|id| !times.contains_key(id.as_str()) && !self.failed.contains(*id))
                .count(),
            undue: times.keys().filter(|id| !self.effects.contains(**id)).count(),
            done_twice: times.values().filter(|times| **times > 1).count(),
            brought_again: book.repeated,
            forged: book.forged,
        }
    }
}

/// Whether something was recognised as having come before (T3).
fn is_repetition(outcome: &Value) -> bool {
    let result = |kind: &str| outcome[kind]["result"] == "duplicate";
    outcome.get("duplicate").is_some() || result("comment") || result("message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::demo::platform::Done;
    use serde_json::json;

    fn books() -> (Ledger, Book) {
        let (mut ledger, mut book) = (Ledger::default(), Book::default());
        for id in ["e1", "e2"] {
            ledger.brought(id);
            ledger.record(&json!({ "event": id, "outcome": { "comment": { "result": "fired" } },
                "effects": [{ "id": format!("{id}/0"), "send_dm": {} }] }));
            book.done.push(Done { effect: format!("{id}/0"), when: std::time::Instant::now() });
        }
        (ledger, book)
    }

    #[test]
    fn r1_what_is_lost_or_done_twice_shows() {
        let (ledger, book) = books();
        assert!(ledger.balance(&book).holds());
        let (mut ledger, book) = books();
        ledger.brought("e3");
        assert_eq!((ledger.undecided(), ledger.balance(&book).undecided), (1, 1));
        let (mut ledger, book) = books();
        ledger.record(&json!({ "event": "e1", "outcome": { "comment": { "result": "fired" } }, "effects": [] }));
        assert_eq!(ledger.balance(&book).decided_twice, 1);
        let (mut ledger, book) = books();
        ledger.record(&json!({ "event": "e1", "outcome": { "duplicate": {} }, "effects": [] }));
        assert!(ledger.balance(&book).holds(), "what came again changes nothing");
        let (ledger, mut book) = books();
        book.done.pop();
        assert_eq!((ledger.balance(&book).not_done, ledger.outstanding(1)), (1, 1));
        let (ledger, mut book) = books();
        book.done.push(book.done[0].clone());
        assert_eq!(ledger.balance(&book).done_twice, 1);
        let (ledger, mut book) = books();
        book.done.push(Done { effect: "e9/0".to_owned(), when: std::time::Instant::now() });
        assert_eq!(ledger.balance(&book).undue, 1);
    }

    #[test]
    fn o7_what_was_withdrawn_is_not_missed() {
        let (mut ledger, mut book) = books();
        book.done.pop();
        ledger.record(&json!({ "event": "outcome:e2/0", "outcome": { "applied": {} }, "effects": [],
            "facts": [{ "dm_stage": { "dm_id": "e2/0", "stage": "failed" } }] }));
        assert!(ledger.balance(&book).holds());
    }
}
