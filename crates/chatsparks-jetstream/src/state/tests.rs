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
