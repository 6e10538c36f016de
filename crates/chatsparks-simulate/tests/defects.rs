//! The simulator itself: what is broken on purpose is found, by the rule that it breaks, and told in a few steps.

use chatsparks_simulate::{Defect, Failure, InMemory, Plan, shrink, simulate};

fn run(plan: &Plan, defect: Defect) -> Option<Failure> {
    simulate(plan, InMemory::new(plan.setting.partitions), Some(defect)).failure
}

/// The defect is found within a few seeds, and shrinks to a few steps.
fn is_found(defect: Defect, rules: &[&str]) {
    // With many partitions a run takes many seconds.
    let mut plans = (0..120).map(Plan::of).filter(|plan| plan.setting.partitions <= 2);
    let found = plans.find_map(|plan| run(&plan, defect).map(|failure| (plan, failure)));
    let (plan, failure) = found.unwrap_or_else(|| panic!("{defect:?} is not found"));
    assert!(rules.contains(&failure.rule), "{defect:?} is found as {failure}");
    let (small, again) = shrink(&plan, &failure, |plan| run(plan, defect));
    assert_eq!(again.rule, failure.rule);
    assert!(small.steps.len() <= 8, "{defect:?} still has {} steps:\n{small}", small.steps.len());
    assert_eq!(run(&small, defect), Some(again), "it fails the same way each time");
}

#[test]
fn r1_a_store_that_loses_an_event_it_acknowledged_is_found() {
    // A clock that is lost is logged again, for ever.
    is_found(Defect::LosesAnAppend, &["R1", "R6"]);
}

#[test]
fn r5_a_commit_that_leaves_out_an_effect_is_found() {
    is_found(Defect::HalfACommit, &["O1", "O2"]);
}

#[test]
fn r5_a_commit_that_leaves_out_the_contacts_is_found() {
    is_found(Defect::LosesRows, &["R3", "R5", "R6", "M7"]);
}

#[test]
fn o1_an_outcome_that_is_not_written_down_is_found() {
    is_found(Defect::LosesAnOutcome, &["O1"]);
}

#[test]
fn o5_an_attempt_that_is_not_written_down_is_found() {
    is_found(Defect::BeginsNothing, &["O5"]);
}

#[test]
fn o2_effects_that_overtake_one_another_are_found() {
    is_found(Defect::ForgetsWhoIsBusy, &["O2"]);
}
