//! That a state comes back from its form as it was is seen by the store's tests; here is what needs no server.

use super::*;

#[test]
fn an_operation_that_comes_twice_is_taken_once() {
    let workspace = WorkspaceId::from("glow");
    let mut state = State::new(2);
    let op = Op { v: 1, id: (1, 2), does: Does::Open(1) };
    assert!(matches!(state.fold(&workspace, (1, 1), &op), Some(Outcome::Opened(opened)) if opened.fence.0 == 1));
    assert!(state.fold(&workspace, (2, 2), &op).is_none());
    for sum in [i128::MIN, -1, i128::MAX] {
        state.parts[1].insights.insert(sum.to_string().into(), sum);
    }
    let form = rmp_serde::to_vec(&state).unwrap();
    let mut read = rmp_serde::from_slice::<State>(&form).unwrap().restored();
    assert_eq!(read.parts[1].fence, 1);
    assert!(read.parts[1].insights.iter().all(|(name, sum)| **name == *sum.to_string()));
    assert!(read.fold(&workspace, (3, 3), &op).is_none(), "a state that was read remembers as well");
    assert_eq!(read.applied, 3);
}

/// O5: a process that was frozen with an effect in its hand begins it no more once another has opened its partition.
#[test]
fn o5_whoever_lost_a_partition_begins_nothing() {
    let workspace = WorkspaceId::from("glow");
    let mut state = State::new(1);
    let mut happens = |does| {
        let next = state.applied + 1;
        state.fold(&workspace, (next, next), &Op { v: 2, id: (1, next), does }).unwrap()
    };
    happens(Does::Open(0));
    let effect = r#"{"id":"e/0","seq":0,"place":0,"lane":"u","free":false,"kind":"send_dm","form":{},"context":{}}"#;
    let effects = vec![serde_json::from_str(effect).unwrap()];
    let commit = crate::op::Committed { fence: 1, effects, ..Default::default() };
    happens(Does::Commit(Box::new(commit)));
    happens(Does::Open(0));
    let begin = |fence| Does::Begin { partition: 0, effect: "e/0".to_owned(), wall: 0, fence };
    assert!(matches!(happens(begin(Some(1))), Outcome::Whether(false)));
    assert!(matches!(happens(begin(Some(2))), Outcome::Whether(true)));
    // As it was written before.
    assert!(matches!(happens(begin(None)), Outcome::Whether(true)));
}
