//! Records, transcript and summary of decisions made by hand.
use chatsparks_core::{
    CommentOutcome, CommentResult, ConversationState, Decision, Effect, Engine, Envelope, Fact, InboxReason, Instant,
    Outcome, Problem, ProblemCode, Refusal, RefusalReason, SendDm, SentOption, Source, StateReason, Timer, TimerKind,
    internal, workspace::Link,
};
use chatsparks_replay::{DecisionsWriter, Format, Reader, Record, Summary, TranscriptWriter, read_workspace};

const WORKSPACE: &str =
    r#"{ "workspace": { "id": "w", "name": "W", "account_user_id": "a" }, "triggers": [], "flows": [] }"#;

fn envelopes(lines: &[&str]) -> Vec<Envelope> {
    Reader::new(lines.join("\n").as_bytes(), "h").map(|line| line.unwrap().envelope).collect()
}

fn decision(outcome: Outcome, effects: Vec<Effect>, facts: Vec<Fact>) -> Decision {
    internal::decision(Source::Event("by hand".into()), outcome, effects, facts)
}

fn comment(result: CommentResult, trigger: Option<&str>, until: Option<&str>) -> Outcome {
    Outcome::Comment(CommentOutcome {
        result,
        trigger: trigger.map(Into::into),
        until: until.map(|until| until.parse().unwrap()),
    })
}

fn dm(text: &str) -> SendDm {
    SendDm { user_id: "u1".into(), conversation: 1, text: Some(text.into()), options: vec![], card: None, member: None }
}

/// A short history with the decisions that an engine might make of it.
fn told() -> Vec<(Source, Option<Envelope>, Instant, Decision)> {
    let envelopes = envelopes(&[
        r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"comment","comment_id":"c1","post_id":"v1","user_id":"u1","handle":"mint","text":"PRICE?\nplease"}"#,
        r#"{"id":"e2","at":"2026-03-02T10:00:01.5Z","type":"comment","comment_id":"c2","post_id":"v2","user_id":"u1","text":"price","reply_to":"c1"}"#,
        r#"{"id":"e3","at":"2026-03-02T10:00:02Z","type":"comment","comment_id":"c3","post_id":"v1","user_id":"u2","text":"hello"}"#,
        r#"{"id":"e4","at":"2026-03-02T10:00:03Z","type":"comment","comment_id":"c3","post_id":"v1","user_id":"u2","text":"hello"}"#,
        r#"{"id":"e5","at":"2026-03-02T10:00:04Z","type":"configure","workspace":7}"#,
    ]);
    let mut decisions = vec![
        decision(
            comment(CommentResult::Fired, Some("price"), None),
            vec![
                Effect::PublicReply { comment_id: "c1".into(), text: "Sent you a DM".into() },
                Effect::SendDm(Box::new(dm("Hi mint!"))),
                Effect::SendDm(Box::new(SendDm {
                    options: vec![SentOption { id: "30".into(), label: "30ml".into() }],
                    card: Some(Link { product: Some("p".into()), sku: None }),
                    ..dm("Which size?")
                })),
                Effect::NotifyInbox {
                    user_id: "u1".into(),
                    conversation: 1,
                    reason: InboxReason::Handoff,
                    note: Some("asked for a person".into()),
                    owner: None,
                },
                Effect::NotifyOwners { level: 80, count: 8, limit: 10 },
            ],
            vec![
                Fact::CommentSeen { post_id: "v1".into(), result: CommentResult::Fired },
                Fact::FlowStarted { trigger: "price".into(), flow: "f".into(), version: 2, conversation: 1 },
            ],
        ),
        decision(comment(CommentResult::Throttled, Some("price"), Some("2026-03-03T10:00:00Z")), vec![], vec![]),
        decision(comment(CommentResult::NoMatch, None, None), vec![], vec![]),
        decision(comment(CommentResult::Duplicate, None, None), vec![], vec![]),
        decision(
            Outcome::Refused(Refusal {
                reason: RefusalReason::InvalidWorkspace,
                faults: vec![Problem::new("", ProblemCode::Unreadable, "expected an object")],
            }),
            vec![],
            vec![],
        ),
    ]
    .into_iter();
    let mut told: Vec<_> = envelopes
        .into_iter()
        .map(|envelope| {
            (Source::Event(envelope.id.clone()), Some(envelope.clone()), envelope.at, decisions.next().unwrap())
        })
        .collect();
    let due: Instant = "2026-03-03T10:00:00Z".parse().unwrap();
    let timer = Timer { due, kind: TimerKind::Close, user_id: Some("u1".into()) };
    let closed = Fact::StateChanged {
        conversation: 1,
        from: ConversationState::Waiting,
        to: ConversationState::Closed,
        reason: Some(StateReason::Expired),
    };
    let effects = vec![Effect::SendDm(Box::new(dm("Bye")))];
    told.push((Source::Timer { timer, firing: 2 }, None, due, decision(Outcome::Applied {}, effects, vec![closed])));
    told
}

fn each(mut show: impl FnMut(&Record<'_>)) {
    let engine = Engine::compile(read_workspace(WORKSPACE.as_bytes(), Format::Json).unwrap()).unwrap();
    let head = engine.first_head();
    for (seq, (source, envelope, at, mut decision)) in told().into_iter().enumerate() {
        decision.source = source;
        show(&internal::record(seq as u64, envelope.as_ref(), at, &decision, (&head, &engine)));
    }
}

#[test]
fn t6_records_are_lines_with_the_ids_of_their_effects() {
    let mut writer = DecisionsWriter::new(Vec::new());
    each(|record| writer.write(record).unwrap());
    insta::assert_snapshot!(String::from_utf8(writer.finish().unwrap()).unwrap());
}

#[test]
fn a_transcript_tells_who_wrote_what_and_what_came_of_it() {
    let mut writer = TranscriptWriter::new(Vec::new());
    each(|record| writer.write(record).unwrap());
    insta::assert_snapshot!(String::from_utf8(writer.finish().unwrap()).unwrap());
}

#[test]
fn a_summary_counts_by_result_by_trigger_and_by_post() {
    let document = r#"{"workspace":{"id":"g","name":"g","account_user_id":"a"},"triggers":[
        {"id":"link","when":"question_mark","flow":"f"},{"id":"price","name":"Price","when":"question_mark","flow":"f"},
        {"id":"later","status":"draft","when":"question_mark","flow":"f"}]}"#;
    let mut summary = Summary::new(&read_workspace(document.as_bytes(), Format::Json).unwrap());
    each(|record| summary.record(record));
    summary.passed_over();
    insta::assert_snapshot!(summary.to_string());
    insta::assert_json_snapshot!(summary);
}

/// The whole answer of a replay of many comments, within a width.
fn tables(width: usize) -> String {
    let words = |kind: &str, at: usize| format!("{kind}-with-a-rather-long-name-{at}");
    let triggers: Vec<String> = (0..30)
        .map(|at| {
            let (id, status) = (words("trigger", at), if at % 3 == 0 { "draft" } else { "active" });
            format!(r#"{{ "id": "{id}", "status": "{status}", "when": {{ "keywords": {{ "words": ["w{at}w", "คำ{at}ที่"] }} }}, "flow": "f" }}"#)
        })
        .collect();
    let workspace = format!(
        r#"{{ "workspace": {{ "id": "w", "name": "W", "account_user_id": "a" }}, "triggers": [{}],
           "flows": [ {{ "id": "f", "version": 1, "blocks": [ {{ "id": "ask", "question": {{ "text": "?", "field": "x" }} }} ] }} ] }}"#,
        triggers.join(",")
    );
    let engine = Engine::compile(read_workspace(workspace.as_bytes(), Format::Json).unwrap()).unwrap();
    let lines: Vec<String> = (0..200)
        .map(|at| {
            let (second, word) = (at % 60, if at % 2 == 0 { format!("w{}w", at % 9) } else { format!("คำ{}ที่", at % 7) });
            format!(
                r#"{{"id":"e{at}","at":"2026-03-02T{:02}:{:02}:{second:02}Z","type":"comment","comment_id":"c{at}","post_id":"post-{}","user_id":"u{}","text":"{word}"}}"#,
                10 + at / 60, at % 60, at % 4, at % 50
            )
        })
        .chain((0..5).map(|at| {
            format!(
                r#"{{"id":"o{at}","at":"2026-03-02T23:00:00Z","type":"order","order_id":"o{at}","user_id":"u{at}","currency":"THB","total_minor":123456789,"lines":[]}}"#
            )
        }))
        .collect();
    let mut summary = Summary::new(engine.workspace());
    let mut insights = chatsparks_core::Insights::new();
    let mut replay = chatsparks_replay::Replay::new(engine);
    struct Both<'a>(&'a mut Summary, &'a mut chatsparks_core::Insights);
    impl chatsparks_replay::Observer for Both<'_> {
        fn record(&mut self, record: &Record<'_>) {
            self.0.record(record);
            self.1.add(record.user_id(), &record.decision.facts);
        }
    }
    for envelope in envelopes(&lines.iter().map(String::as_str).collect::<Vec<_>>()) {
        replay.push_observed(&envelope, &mut Both(&mut summary, &mut insights));
    }
    let workspace = replay.engine().workspace();
    let whole = chatsparks_replay::InsightsTables { insights: &insights, workspace };
    format!("{summary:width$}\n{:width$}\n{whole:width$}", chatsparks_replay::InsightsSection(&insights))
}

#[test]
fn tables_keep_within_the_width_and_split_no_word() {
    let wide = tables(400);
    let words: std::collections::BTreeSet<&str> = wide.split_whitespace().collect();
    assert!(wide.lines().any(|line| unicode_width::UnicodeWidthStr::width(line) > 100), "some have to give way");
    for width in [100, 80, 60] {
        let table = tables(width);
        for line in table.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line} in\n{table}");
        }
        // Every word is one of the whole answer, but for a name that is cut and a line that says what had no room.
        let bare = |word: &str| word.trim_matches(['(', ')', ',']).to_owned();
        let whole: std::collections::BTreeSet<String> = words.iter().map(|word| bare(word)).collect();
        for word in table.split_whitespace() {
            let is_rule = word.chars().all(|c| c == '─');
            let is_cut = word
                .split_once('…')
                .is_some_and(|(start, end)| words.iter().any(|word| word.starts_with(start) && word.ends_with(end)));
            let is_note = ["no", "room", "for"].contains(&bare(word).as_str());
            assert!(is_rule || is_cut || is_note || whole.contains(&bare(word)), "{width}: {word}");
        }
        // What matters most is there at any width.
        for name in ["trigger", "won", "fired", "comments", "DMs", "revenue", "reason"] {
            assert!(table.split_whitespace().any(|word| word == name), "{width}: {name}");
        }
    }
    insta::assert_snapshot!("tables_in_eighty_columns", tables(80));
}
