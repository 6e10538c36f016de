//! What the simulator has found, as short plans.

use chatsparks_core::{Envelope, Event};
use chatsparks_runtime::ClockMode;
use chatsparks_simulate::{InMemory, Plan, Report, Setting, Step, Weather, simulate};
use chatsparks_testkit::build::{history, workspace};
use serde_json::json;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

fn plan(takes_keys: bool, can_look: bool, steps: Vec<Step>) -> Plan {
    let setting = Setting {
        clock: ClockMode::Wall,
        trust_at: false,
        batch: 7,
        contacts_at_hand: 2,
        concurrency: 16,
        retry_hours: 24,
        takes_keys,
        can_look,
        partitions: 1,
        neighbours: 0,
        rates: Vec::new(),
        records_hours: None,
    };
    let workspace = workspace().says("hello", "It is 590 THB").trigger("price", &["price"], "hello").build();
    Plan { seed: 1, workspace, setting, steps }
}

fn comments(users: std::ops::Range<usize>) -> Vec<Envelope> {
    let all = (0..users.end)
        .fold(history("2026-02-27T09:00:00Z"), |history, user| history.comment(&format!("u{user}"), "price?"));
    all.build().split_off(users.start)
}

fn holds(plan: &Plan) -> Report {
    let report = simulate(plan, InMemory::new(plan.setting.partitions), None);
    if let Some(failure) = &report.failure {
        panic!("{failure}\n{}", report.history);
    }
    report
}

/// A month began, so that a release stood, and somebody talked, so that a timer stood: the worker logged clocks for ever.
#[test]
fn r6_a_release_that_nobody_waits_for_logs_no_clocks() {
    holds(&plan(
        true,
        true,
        vec![Step::Deliver(comments(0..1)), Step::Pass(50 * HOUR), Step::Deliver(comments(1..2)), Step::Pass(MINUTE)],
    ));
}

/// An answer that does not come in time says nothing of what was sent.
#[test]
fn o5_whoever_has_no_answer_looks_before_sending_again() {
    for can_look in [false, true] {
        let steps = vec![
            Step::Channel(Weather::LosesAnswers),
            Step::Deliver(comments(0..3)),
            Step::Pass(HOUR),
            Step::Channel(Weather::Hangs),
            Step::Deliver(comments(3..5)),
            Step::Pass(HOUR),
        ];
        let report = holds(&plan(false, can_look, steps));
        let wanted = if can_look { 5 } else { 3 };
        assert_eq!((report.effects, report.delivered), (5, wanted), "{}", report.history);
    }
}

/// One attempt that panicked let all the others under way begin again.
#[test]
fn o5_a_channel_that_panics_has_nothing_else_sent_again() {
    for takes_keys in [false, true] {
        let steps = vec![
            Step::Channel(Weather::Slow),
            Step::Deliver(comments(0..6)),
            Step::Pass(1_000),
            Step::Channel(Weather::Panics),
            Step::Deliver(comments(6..8)),
            Step::Pass(5 * MINUTE),
        ];
        assert_eq!(holds(&plan(takes_keys, true, steps)).delivered, 8);
    }
}

/// A document that came again under its id was counted as a revision, and one that was put after it never took effect.
#[test]
fn r8_a_document_that_comes_twice_is_one_revision() {
    let with = |flow: &str| workspace().says(flow, "It is 590 THB").trigger("price", &["price"], flow);
    let documents = history("2026-02-27T09:00:00Z").configure(&with("one")).configure(&with("two")).build();
    for pass in [0, 1_000] {
        let steps = vec![
            Step::Deliver(documents.clone()),
            Step::Pass(pass),
            Step::Deliver(documents[..1].to_vec()),
            Step::Put(Box::new(with("one").build())),
            Step::Pass(1_000),
        ];
        let report = holds(&plan(true, true, steps));
        assert_eq!(report.history.matches("\"type\":\"configure\"").count(), 4, "{}", report.history);
    }
}

/// One that changes nothing, told of again before it was decided and after another, was counted as a revision.
#[test]
fn r8_a_document_that_changes_nothing_is_no_revision_when_it_comes_again() {
    let mut plan = plan(true, true, Vec::new());
    let same = history("2026-02-27T09:00:00Z").event(Event::Configure(Box::new(plan.workspace.clone().into()))).build();
    let with = |flow: &str| workspace().says(flow, "It is 590 THB").trigger("price", &["price"], flow);
    let other = history("2026-02-27T10:00:00Z").configure(&with("two")).build();
    let other = Envelope { id: "other".into(), ..other[0].clone() };
    plan.steps = vec![
        Step::Deliver(vec![same[0].clone(), other]),
        Step::Deliver(same),
        Step::Put(Box::new(with("three").build())),
        Step::Pass(1_000),
    ];
    let report = holds(&plan);
    let revision = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["revision"].clone();
    assert_eq!(report.records[0].last().map(revision), Some(3.into()), "{}", report.history);
}

/// With `clock = "events"` the workspace's time was not known after a start until its worker had begun.
#[test]
fn o3_what_is_too_late_does_not_go_after_a_restart() {
    let mut events = history("2026-02-27T09:00:00Z").comment("u1", "price?").after(3 * 86_400).clock().build();
    if let Event::Comment(comment) = &mut events[0].event {
        comment.direct_reply = true;
    }
    let clock = events.split_off(1);
    let mut plan = plan(
        true,
        true,
        vec![
            Step::Channel(Weather::Stopped),
            Step::Deliver(events),
            Step::Pass(500),
            Step::Deliver(clock),
            Step::Pass(1),
            Step::Stop { down: 10_000 },
            Step::Channel(Weather::Fine),
            Step::Pass(MINUTE),
        ],
    );
    (plan.setting.clock, plan.setting.trust_at) = (ClockMode::Events, true);
    let document = workspace().says("hello", "It is 590 THB").trigger("price", &["price"], "hello");
    plan.workspace = document.set("policy", json!({ "reach": { "mode": "comment_to_message" } })).build();
    let report = holds(&plan);
    assert_eq!((report.effects, report.delivered), (1, 0), "{}", report.history);
}

/// A rate began anew with each process, and a strict one drew from the looser one whatever it refused itself.
#[test]
fn o4_rates_hold_over_restarts() {
    for rates in [vec!["30/m"], vec!["400/h", "2/s"], vec!["7/s"]] {
        let mut steps = vec![Step::Deliver(comments(0..30))];
        for down in [0, 300, 0, 1_500] {
            steps.push(Step::Pass(4_000));
            steps.push(Step::Crash { at: None, number: 0, after: true, down });
        }
        steps.push(Step::Pass(3 * MINUTE));
        let mut plan = plan(true, true, steps);
        plan.setting.rates = rates.into_iter().map(str::to_owned).collect();
        assert_eq!(holds(&plan).delivered, 30);
    }
}

/// The runtime's own events had the same ids where two processes began within a millisecond: the second was a duplicate,
/// and somebody was not forgotten.
#[test]
fn r12_whoever_is_forgotten_twice_at_one_instant_is() {
    let steps = vec![
        Step::Deliver(comments(0..1)),
        Step::Erase("u0".into()),
        Step::Crash { at: None, number: 0, after: true, down: 0 },
        Step::Deliver(comments(0..2)),
        Step::Erase("u0".into()),
        Step::Pass(1_000),
    ];
    let report = holds(&plan(true, true, steps));
    assert_eq!(report.history.matches("\"type\":\"erase\"").count(), 2, "{}", report.history);
}

/// What the engine fails at stops nothing else, and is decided once it does not any more.
#[test]
fn r13_what_the_engine_failed_at_is_tried_again() {
    for partitions in [1, 8] {
        let all = comments(0..6);
        let steps = vec![
            Step::Fault(vec![all[2].id.clone(), all[4].id.clone()]),
            Step::Deliver(all.clone()),
            Step::Pass(1_000),
            Step::Deliver(all[2..3].to_vec()),
            Step::Pass(1_000),
            Step::Upgrade,
            Step::Deliver(all[2..5].to_vec()),
            Step::Pass(MINUTE),
        ];
        let mut plan = plan(true, true, steps);
        plan.setting.partitions = partitions;
        let report = holds(&plan);
        let told = |what: &str| report.records.iter().flatten().filter(|line| line.contains(what)).count();
        assert_eq!((told("engine_fault"), told("\"result\":\"fired\""), report.delivered), (3, 6, 6));
    }
}

/// A disk that is full for a while loses nothing, and nothing of what it refused is decided before it is taken.
#[test]
fn r9_a_disk_that_is_full_for_a_while_loses_nothing() {
    for partitions in [1, 8] {
        let steps = vec![
            Step::Deliver(comments(0..3)),
            Step::Full(10 * MINUTE),
            Step::Deliver(comments(3..9)),
            Step::Pass(9 * MINUTE),
            Step::Stop { down: 1_000 },
            Step::Pass(5 * MINUTE),
        ];
        let mut plan = plan(true, true, steps);
        plan.setting.partitions = partitions;
        assert_eq!(holds(&plan).delivered, 9);
    }
}

/// One channel stands; the other workspaces' go on.
#[test]
fn o8_a_channel_that_stands_stops_its_own_queue_only() {
    for weather in [Weather::Stopped, Weather::Hangs, Weather::Panics] {
        let steps = vec![Step::Channel(weather), Step::Deliver(comments(0..9)), Step::Pass(2 * MINUTE)];
        let mut plan = plan(true, true, steps);
        plan.setting.neighbours = 2;
        assert_eq!(holds(&plan).effects, 27);
    }
}

/// What waited at a backup, and what came between it and the restore, is in doubt where the channel takes no key.
#[test]
fn s4_a_restore_sends_nothing_twice() {
    for partitions in [1, 8] {
        for (takes_keys, can_look) in [(true, true), (false, true), (false, false)] {
            let steps = vec![
                Step::Deliver(comments(0..2)),
                Step::Pass(1_000),
                Step::Channel(Weather::Stopped),
                Step::Deliver(comments(2..4)),
                Step::Pass(100),
                Step::Backup,
                Step::Channel(Weather::Fine),
                Step::Deliver(comments(4..6)),
                Step::Pass(5 * MINUTE),
                Step::Restore { down: MINUTE },
                Step::Pass(5 * MINUTE),
            ];
            let mut plan = plan(takes_keys, can_look, steps);
            (plan.setting.trust_at, plan.setting.partitions) = (true, partitions);
            let report = holds(&plan);
            assert_eq!((report.effects, report.delivered), (6, 6), "{}", report.history);
        }
    }
}
