//! The stories of Glow pass, and what none of them reaches is explained beside them.

#![allow(clippy::unwrap_used, clippy::panic)]

use chatsparks_core::Engine;
use chatsparks_replay::{
    Format, Story, read_workspace,
    story::{Coverage, run_with},
};
use std::{fs, path::Path};

#[test]
fn glows_stories_pass_and_reach_all_that_is_not_explained() {
    let glow = Path::new(env!("CARGO_MANIFEST_DIR")).join("glow");
    let directory = glow.join("stories");
    let workspace = read_workspace(&fs::read(glow.join("workspace.json")).unwrap(), Format::Json).unwrap();
    let engine = Engine::compile(workspace).unwrap();
    let mut coverage = Coverage::new(&engine).unwrap();
    let mut files: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut run, mut failed) = (0, Vec::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "story")) {
        let name = file.file_name().unwrap().to_string_lossy();
        let story = Story::parse(&fs::read_to_string(file).unwrap(), &name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(story.workspace(), Some("../workspace.json"), "{name}");
        let mut beside = |path: &str| fs::read(directory.join(path));
        let report =
            run_with(&engine, &story, &mut beside, Some(&mut coverage)).unwrap_or_else(|error| panic!("{error}"));
        if !report.passed() {
            failed.push(report.to_string());
        }
        // What came of a passing story, written down, is what it expects: nothing is left to chance.
        let recorded = Story::parse(&story.recorded(&report), &name).unwrap();
        assert!(run_with(&engine, &recorded, &mut beside, None).unwrap().passed(), "{name} as it came");
        run += 1;
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(run >= 25, "{run} stories");
    let explained = fs::read_to_string(directory.join("README.md")).unwrap();
    let report = coverage.report();
    let unreached: Vec<_> = report.sections().into_iter().flat_map(|(_, section)| &section.unreached).collect();
    let unexplained: Vec<_> =
        unreached.into_iter().filter(|place| !explained.contains(&format!("`{place}`"))).collect();
    assert!(unexplained.is_empty(), "no story reaches {unexplained:#?}");
}
