//! Every file of the fuzz corpora, given to its target: what was found once stays mended.

use chatsparks_testkit::fuzz;
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds nothing", folder.display());
    for file in files {
        let data = fs::read(&file).unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| run(&data))).is_ok(), "{} fails `{target}`", file.display());
    }
}

#[test]
fn the_corpus_of_normalise_holds() {
    replay("normalise", fuzz::normalise);
}

#[test]
fn the_corpus_of_compile_workspace_holds() {
    replay("compile_workspace", fuzz::compile_workspace);
}

#[test]
fn the_corpus_of_decide_ops_holds() {
    replay("decide_ops", fuzz::decide_ops);
}

#[test]
fn the_corpus_of_read_history_holds() {
    replay("read_history", fuzz::read_history);
}
