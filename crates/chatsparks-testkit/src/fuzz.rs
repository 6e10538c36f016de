//! What the fuzz targets call, each with the bytes that the fuzzer made.
//!
//! They stand here and not beside the fuzzer, so that an ordinary test can give them the corpora: what a fuzzer found
//! once is tried with every run of the tests. Each panics when what it looks at does not hold.

#![allow(clippy::panic, reason = "a fuzz target tells the fuzzer by panicking")]

use chatsparks_core::{
    Engine,
    text::{Variant, ends_with_question_mark, normalise as normal_form, normalise_mapped, vary},
    workspace::Workspace,
};
use chatsparks_replay::Reader;

pub use decide::decide_ops;

mod decide;

/// A text: its normal form is normal, whichever way it is reached (N1, N5, N6).
pub fn normalise(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let normal = normal_form(&text);
    assert_eq!(normal_form(&normal), normal, "normalised twice is normalised once");
    let _ = ends_with_question_mark(&text);
    for (ignore_accents, squeeze) in [(false, false), (false, true), (true, false), (true, true)] {
        let variant = Variant { ignore_accents, squeeze };
        let varied = vary(&normal, variant);
        let mapped = normalise_mapped(&text, variant);
        assert_eq!(mapped.text, varied, "with a map or without one: {variant:?}");
        let whole = mapped.original_range(0, mapped.text.len());
        assert!(whole.start <= whole.end && whole.end <= text.chars().count(), "the map stays within the original");
    }
}

/// A document: it compiles, or every fault is told (F10).
pub fn compile_workspace(data: &[u8]) {
    let Ok(workspace) = serde_json::from_slice::<Workspace>(data) else { return };
    let checked = Engine::check(&workspace);
    match Engine::compile(workspace) {
        Ok(_) => assert_eq!(checked.faults, [], "what compiles has no fault"),
        Err(error) => {
            assert!(!error.faults().is_empty(), "what does not compile has a fault");
            assert_eq!(error.faults(), checked.faults, "`check` and `compile` tell the same");
        }
    }
}

/// A history: every line is an event or a problem with its place, and reading comes to an end.
pub fn read_history(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    let mut last = 0;
    for line in Reader::new(data, "history.jsonl") {
        let number = match &line {
            Ok(line) => line.number,
            Err(error) => {
                let bytes = usize::try_from(error.line() - 1).ok().and_then(|index| lines.get(index));
                let length = bytes.map_or(0, |bytes| bytes.len() as u64);
                assert!((1..=length + 1).contains(&error.column()), "{error}: past the end of the line");
                error.line()
            }
        };
        assert!(number > last && number <= lines.len() as u64, "line {number} after line {last}");
        last = number;
    }
}
