//! Many partitions, where something ends or changes at the worst moment (R4, R7, R8).

use chatsparks_core::{Envelope, Event, workspace::Workspace};
use chatsparks_runtime::ClockMode;
use chatsparks_simulate::{Call, InMemory, OnDisk, Plan, Report, Setting, Step, simulate};
use chatsparks_testkit::build::{history, workspace};

const MINUTE: u64 = 60_000;

fn document(limit: i64) -> Workspace {
    workspace().says("hello", "It is 590 THB").trigger("price", &["price"], "hello").limit(limit).build()
}

fn plan(partitions: u32, limit: i64, steps: Vec<Step>) -> Plan {
    let setting = Setting {
        clock: ClockMode::Wall,
        trust_at: false,
        batch: 7,
        contacts_at_hand: 2,
        concurrency: 16,
        retry_hours: 24,
        takes_keys: true,
        can_look: true,
        partitions,
        neighbours: 0,
        rates: Vec::new(),
        records_hours: None,
    };
    Plan { seed: 1, workspace: document(limit), setting, steps }
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

fn results(report: &Report, result: &str) -> usize {
    let wanted = format!("\"comment\":{{\"result\":\"{result}\"");
    report.records.iter().flatten().filter(|line| line.contains(&wanted)).count()
}

/// R7: whatever ends wherever, as many start as there is room for, and no more.
#[test]
fn r7_as_many_start_as_there_is_room_for_through_crashes() {
    for partitions in [2, 8, 64] {
        for (at, after) in [(Some(Call::Commit), false), (Some(Call::Commit), true), (None, true)] {
            let crash = |number| Step::Crash { at, number, after, down: 0 };
            let steps = vec![
                Step::Deliver(comments(0..5)),
                crash(2),
                Step::Deliver(comments(5..20)),
                Step::Pass(1_000),
                crash(5),
                Step::Deliver(comments(20..40)),
                Step::Pass(MINUTE),
            ];
            let report = holds(&plan(partitions, 11, steps));
            assert_eq!((results(&report, "fired"), results(&report, "queued")), (11, 29), "{partitions}");
        }
    }
}

/// A limit is lowered while starts come in: nobody starts past it once a partition goes by it, for a moment or longer.
#[test]
fn r7_a_limit_that_is_lowered_is_never_passed() {
    for partitions in [2, 8] {
        for yields in 0..4 {
            let mut steps = vec![Step::Deliver(comments(0..4))];
            (0..yields).for_each(|_| steps.push(Step::Pass(0)));
            steps.push(Step::Deliver(comments(4..10)));
            steps.push(Step::Put(Box::new(document(6))));
            steps.push(Step::Deliver(comments(10..30)));
            steps.push(Step::Pass(MINUTE));
            let report = holds(&plan(partitions, 20, steps));
            assert_eq!(results(&report, "fired") + results(&report, "queued"), 30);
            let fired = results(&report, "fired");
            assert!(fired <= 10, "{fired} of {partitions}, {yields}: {}", report.history);
        }
    }
}

/// The process ends while a document is logged: it is in every log or in none, with one `at`; put again, it is in force
/// everywhere.
#[test]
fn r8_a_document_is_in_every_log_or_in_none() {
    for (partitions, after) in [(8, false), (8, true), (64, true)] {
        let steps = vec![
            Step::Deliver(comments(0..10)),
            Step::Crash { at: Some(Call::Append), number: 1, after, down: 1_000 },
            Step::Put(Box::new(document(3))),
            Step::Put(Box::new(document(3))),
            Step::Deliver(comments(10..20)),
            Step::Pass(MINUTE),
        ];
        let mut plan = plan(partitions, 50, steps);
        let report = holds(&plan);
        let documents = report.history.matches("\"type\":\"configure\"").count();
        assert_eq!(documents, partitions as usize, "{}", report.history);
        // In the log for good, though the process ended before it said so: over a file too.
        if partitions == 8 {
            plan.steps.truncate(3);
            let report = simulate(&plan, OnDisk::new(partitions), None);
            assert_eq!(report.failure, None);
        }
    }
}

/// Orders, cancellations, refunds and receipts find what they refer to, though all of it comes at once and the process
/// ends again and again.
#[test]
fn r4_what_refers_to_something_finds_it_through_crashes() {
    let mut all = Vec::new();
    for n in 0..12 {
        let user = format!("u{n}");
        let comment = history("2026-02-27T09:00:00Z").comment(&user, "price?").build().remove(0);
        let line = |k: usize, rest: &str| {
            let line = format!(r#"{{"id":"x{n}-{k}","at":"2026-02-27T09:00:00Z",{rest}}}"#);
            chatsparks_replay::Reader::new(line.as_bytes(), "h").next().unwrap().unwrap().envelope
        };
        let order = format!(
            r#""type":"order","order_id":"o{n}","user_id":"shop{n}","currency":"THB","total_minor":900,"lines":[{{"sku_id":"s","product_id":"p","amount_minor":900}}]"#
        );
        let id = format!("e{n}");
        let mut event = comment.event.clone();
        if let Event::Comment(comment) = &mut event {
            comment.comment_id = format!("c{n}").into();
        }
        all.push(Envelope { id: id.clone().into(), event, ..comment });
        all.push(line(1, &format!(r#""type":"receipt","dm_id":"{id}/0","status":"delivered""#)));
        all.push(line(2, &format!(r#""type":"identity","user_id":"{user}","shop_user_id":"shop{n}""#)));
        all.push(line(3, &order));
        all.push(line(4, &format!(r#""type":"refund","refund_id":"r{n}","order_id":"o{n}","amount_minor":100"#)));
        all.push(line(5, &format!(r#""type":"order_cancelled","order_id":"o{n}""#)));
    }
    for (number, body) in [(3, 7), (5, 72), (1, 30)] {
        let mut steps = Vec::new();
        for body in all.chunks(body) {
            steps.push(Step::Crash { at: None, number, after: true, down: 0 });
            steps.push(Step::Deliver(body.to_vec()));
            steps.push(Step::Pass(10));
        }
        steps.push(Step::Pass(2 * MINUTE));
        let report = holds(&plan(8, 100, steps));
        let records: Vec<&String> = report.records.iter().flatten().collect();
        for n in 0..12 {
            for (k, reason) in [(1, "unknown_dm"), (3, "unknown_contact"), (4, "unknown_order"), (5, "unknown_order")] {
                let id = format!("\"event\":\"x{n}-{k}\"");
                let mut of = records.iter().filter(|line| line.contains(&id)).peekable();
                assert!(of.peek().is_some(), "{id} was decided");
                of.for_each(|line| assert!(!line.contains(reason), "{line}"));
            }
        }
    }
}
