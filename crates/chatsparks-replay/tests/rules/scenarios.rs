//! Whole decisions of a history for each group of rules, as snapshots: `tests/scenarios`.

use chatsparks_replay::{DecisionsWriter, Format, replay_all};

#[test]
fn scenarios_are_decided_as_they_were() {
    insta::glob!("../scenarios", "*.jsonl", |path| {
        let workspace = std::fs::read(path.with_extension("workspace.json")).unwrap();
        let history = std::fs::read(path).unwrap();
        let mut decisions = DecisionsWriter::new(Vec::new());
        let replay =
            replay_all(&workspace, Format::Json, &*history, "history", |record| decisions.write(record)).unwrap();
        let decisions = String::from_utf8(decisions.finish().unwrap()).unwrap();
        let state = serde_json::to_string_pretty(&replay.state()).unwrap();
        insta::assert_snapshot!(format!("{decisions}{state}"));
    });
}
