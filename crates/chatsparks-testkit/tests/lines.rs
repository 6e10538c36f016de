//! A line that is written is the line that is read.

use chatsparks_replay::{HistoryLine, Reader};
use chatsparks_testkit::{
    generate::{Case, Focus, case},
    properties,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(properties::cases(100))]

    #[test]
    fn what_is_written_as_a_line_is_read_as_it_was(Case { history, .. } in case(Focus::Everything, 40)) {
        for envelope in history {
            let line = serde_json::to_string(&HistoryLine(&envelope)).unwrap();
            let read = Reader::new(line.as_bytes(), "h").next().unwrap();
            match &envelope.event {
                // A document that cannot be read is not kept.
                chatsparks_core::Event::Configure(configured) if configured.workspace().is_none() => continue,
                _ => prop_assert_eq!(read.unwrap().envelope, envelope),
            }
        }
    }
}
