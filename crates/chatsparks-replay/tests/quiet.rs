//! What people write does not show in `Debug`, whatever is printed: logs are full of it.

use chatsparks_core::{
    Comment, DmStage, Engine, Envelope, Event, Insights, Instant, Scratch, Seen, Stored,
    diagnosis::{DeliveryKnown, StageSeen},
    text::{Variant, normalise_mapped},
};
use chatsparks_replay::{
    Asked, Considered, ConsideredOrder, ConversationView, DecisionsWriter, Evidence, Format, InsightsSection,
    InsightsTables, Observer, Reader, Record, Replay, Story, Summary, TranscriptWriter,
    conformance::CaseReport,
    read_workspace, replay_str,
    story::{self, Coverage, StoryFailure},
};
use std::{fmt::Debug, sync::Arc};

/// A word that only people in the history and in stories use.
const CANARY: &str = "kanaria";
/// The same as `Debug` shows bytes.
const BYTES: &str = "107, 97, 110, 97, 114, 105, 97";

const WORKSPACE: &str = r#"{
  "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
  "sensitive": [ { "words": ["refund"], "tag": "money" } ],
  "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s", "name": "30ml" } ] } ],
  "triggers": [ { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "ask", "public_reply": "Hi" } ],
  "flows": [ { "id": "ask", "version": 1, "blocks": [
    { "id": "name", "question": { "text": "{{handle}}, who is it for?", "field": "name" } },
    { "id": "card", "shop_link": { "product": "p", "text": "For {{name}}" } },
    { "id": "size", "quick_replies": { "text": "{{name}}?", "field": "size", "options": [ { "id": "o", "label": "30" } ] } },
    { "id": "off", "handoff": { "note": "asks" } } ] } ],
  "members": [ { "email": "owner@x", "role": "owner", "status": "active" } ] }"#;

/// A day in which everybody says the same word.
fn history() -> String {
    let line =
        |number: usize, rest: &str| format!(r#"{{"id":"e{number}","at":"2026-03-02T10:{number:02}:00Z",{rest}}}"#);
    let said = r#""user_id":"u1","handle":"kanaria""#;
    let lines = [
        format!(r#""type":"comment","comment_id":"c1","post_id":"v1",{said},"text":"price, kanaria""#),
        format!(r#""type":"message","message_id":"m1",{said},"text":"KANARIA""#),
        format!(r#""type":"message","message_id":"m2",{said},"text":"kanaria?""#),
        r#""type":"receipt","dm_id":"e1/1","status":"failed","detail":"kanaria""#.to_owned(),
        format!(r#""type":"message","message_id":"m3",{said},"text":"refund, kanaria""#),
        format!(r#""type":"message","message_id":"m4",{said},"text":"kanaria kanaria""#),
        r#""type":"member_message","message_id":"m5","user_id":"u1","member":"owner@x","text":"kanaria","link":{"product":"p"}"#.to_owned(),
        r#""type":"order","order_id":"o1","user_id":"u1","currency":"THB","total_minor":5,"lines":[{"sku_id":"s","amount_minor":5}]"#.to_owned(),
        format!(r#""type":"comment","comment_id":"c2","post_id":"v1",{said},"text":"price kanaria""#),
        r#""type":"comment","comment_id":"c3","post_id":"v1","user_id":"u2","handle":"kanaria","text":"kanaria""#.to_owned(),
    ];
    lines.iter().enumerate().map(|(place, rest)| line(place + 1, rest) + "\n").collect()
}

/// Lines that cannot be read, with a person's word in them.
const UNREADABLE: &[&str] = &[
    r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"comment","text":"kanaria"}"#,
    r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"message","message_id":"m","user_id":"u","text":["kanaria"]}"#,
    r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"message","message_id":"m","user_id":"u","text":"kanaria"#,
    r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"take","member":"o","user_id":"u","text":"kanaria"}"#,
    r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"comment","direct_reply":"kanaria","text":"kanaria"}"#,
    r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"clock"} kanaria"#,
    r#"kanaria"#,
];

/// Everything that was printed, with what printed it.
#[derive(Default)]
struct Printed(Vec<(&'static str, String)>);

impl Printed {
    fn print<T: Debug + ?Sized>(&mut self, value: &T) {
        self.0.push((std::any::type_name::<T>(), format!("{value:?} {value:#?}")));
    }

    /// Holds everything against the word, and tells which types were printed.
    fn check(&self) -> Vec<&'static str> {
        for (name, text) in &self.0 {
            // Pretty printing puts a byte a line.
            let flat: Vec<&str> = text.split_whitespace().collect();
            let shows = text.to_lowercase().contains(CANARY) || flat.join(" ").contains(BYTES);
            assert!(!shows, "{name} shows what was written: {text}");
        }
        self.0.iter().map(|(name, _)| *name).collect()
    }
}

/// Prints whatever it sees.
struct Watching {
    printed: Printed,
    views: Vec<ConversationView>,
    evidence: Vec<Evidence>,
    summary: Summary,
    insights: Insights,
    decisions: DecisionsWriter<Vec<u8>>,
    transcript: TranscriptWriter<Vec<u8>>,
}

impl Observer for Watching {
    fn record(&mut self, record: &Record<'_>) {
        self.printed.print(record);
        self.printed.print(record.decision);
        self.printed.print(record.decision.changes.as_slice());
        self.printed.print(record.decision.facts.as_slice());
        self.printed.print(record.decision.effects.as_slice());
        self.views.iter_mut().for_each(|view| view.record(record));
        self.evidence.iter_mut().for_each(|evidence| evidence.record(record));
        self.summary.record(record);
        self.insights.add(record.user_id(), &record.decision.facts);
        self.decisions.write(record).unwrap();
        self.transcript.write(record).unwrap();
        self.printed.print(&self.decisions);
        self.printed.print(&self.transcript);
    }

    fn comment(&mut self, considered: &Considered<'_>) {
        self.printed.print(considered);
        self.printed.print(&considered.evaluation());
        self.printed.print(&Seen::of(considered.contact));
        let explained = considered.engine.explain_all(&considered.evaluation(), &mut Scratch::default());
        self.printed.print(&explained);
        self.views.iter_mut().for_each(|view| view.comment(considered));
        self.evidence.iter_mut().for_each(|evidence| evidence.comment(considered));
    }

    fn order(&mut self, considered: &ConsideredOrder<'_>) {
        self.printed.print(considered);
        self.evidence.iter_mut().for_each(|evidence| evidence.order(considered));
    }
}

#[test]
fn what_people_write_does_not_show_in_debug() {
    let engine = Engine::compile(read_workspace(WORKSPACE.as_bytes(), Format::Json).unwrap()).unwrap();
    let asked = [
        Asked::Comment("c1".into()),
        Asked::Dm("e1/1".into()),
        Asked::Order("o1".into()),
        Asked::Contact("u1".into()),
        Asked::Workspace,
    ];
    let mut watching = Watching {
        printed: Printed::default(),
        views: ["u1", "u2"].map(ConversationView::new).into(),
        evidence: asked.into_iter().map(|asked| Evidence::new(asked, true)).collect(),
        summary: Summary::new(engine.workspace()),
        insights: Insights::new(),
        decisions: DecisionsWriter::new(Vec::new()),
        transcript: TranscriptWriter::new(Vec::new()),
    };
    let mut replay = Replay::new(engine.clone());
    let history = history();
    let mut reader = Reader::new(history.as_bytes(), "h");
    while let Some(line) = reader.next() {
        let line = line.unwrap();
        watching.printed.print(&reader);
        watching.printed.print(&line);
        watching.printed.print(&line.envelope.event);
        replay.push_observed(&line.envelope, &mut watching);
        watching.printed.print(&replay);
    }
    let Watching { mut printed, views, evidence, summary, insights, .. } = watching;
    let contact = replay.contact("u1").unwrap();
    assert_eq!(contact.field("name").unwrap().as_str(), "KANARIA", "the history should be full of it");
    printed.print(contact);
    printed.print(&Stored::from(contact));
    printed.print(&replay.state());
    printed.print(&summary);
    printed.print(&insights);
    printed.print(&InsightsTables { insights: &insights, workspace: engine.workspace() });
    printed.print(&InsightsSection(&insights));
    printed.print(&views);
    printed.print(&evidence);
    let at: Instant = "2026-03-03T00:00:00Z".parse().unwrap();
    let mut diagnoses = vec![
        evidence[0].diagnose_comment("price", &mut Scratch::default()).unwrap(),
        evidence[1].diagnose_dm().unwrap(),
        evidence[2].diagnose_order().unwrap(),
        evidence[3].diagnose_contact(&replay).unwrap(),
    ];
    let stages = [StageSeen { stage: DmStage::Failed, at, detail: Some(CANARY.into()) }];
    diagnoses.push(DeliveryKnown { dm_id: &"e1/1".into(), stages: &stages, cause: None, standing: None }.diagnose());
    printed.print(&stages);
    printed.print(&diagnoses);
    printed.print(&evidence[2].order_notes().unwrap());
    printed.print(&evidence[3].contact_notes(&replay));
    for diagnosis in diagnoses {
        let bundle = evidence[1].bundle(&replay, diagnosis, at);
        printed.print(&bundle);
        // D8: neither does it stand in what is sent to support.
        let sent = serde_json::to_string(&bundle).unwrap();
        assert!(!sent.to_lowercase().contains(CANARY), "{sent}");
    }
    let ahead = Reader::new(std::io::Cursor::new(history.clone().into_bytes()), "h").ahead();
    printed.print(&ahead);
    let mut mapped = normalise_mapped(CANARY, Variant::default());
    printed.print(&mapped);
    mapped.text.clear();
    let mut scratch = Scratch::default();
    let mut trial = engine.try_text(CANARY, None, &mut scratch);
    trial.explain_all().for_each(|explanation| printed.print(&explanation));
    printed.print(&trial);
    let names = printed.check();
    assert!(names.len() > 100, "{names:?}");
}

#[test]
fn lines_that_cannot_be_read_are_told_without_their_words() {
    let mut printed = Printed::default();
    for line in UNREADABLE {
        let mut reader = Reader::new(line.as_bytes(), "h");
        let error = reader.next().unwrap().unwrap_err();
        printed.print(&reader);
        assert!(!error.to_string().contains(CANARY), "{error}");
        printed.print(&error);
        printed.print(&replay_str(WORKSPACE, line).unwrap_err());
    }
    printed.check();
}

#[test]
fn stories_show_their_words_to_people_and_not_in_debug() {
    let workspace = read_workspace(WORKSPACE.as_bytes(), Format::Json).unwrap();
    let engine = Engine::compile(workspace.clone()).unwrap();
    let text = "2026-03-02 10:00 mint comments on v1: price kanaria\n fired price\n bot: kanaria, who?\n ...\n\
                +1m mint: kanaria\n bot: For kanaria\n+1m owner@x writes to mint: kanaria\n ...\n";
    let told = Story::parse(text, "a.story").unwrap();
    let mut coverage = Coverage::new(&engine).unwrap();
    let mut files = |_: &str| Err(std::io::Error::other("none"));
    let report = story::run_with(&engine, &told, &mut files, Some(&mut coverage)).unwrap();
    assert!(report.to_string().contains(CANARY));
    let mut printed = Printed::default();
    printed.print(&told);
    printed.print(&report);
    printed.print(&coverage);
    printed.print(&coverage.report());
    let failed = story::check(&workspace, text).unwrap_err();
    assert!(matches!(failed, StoryFailure::Failed(_)));
    printed.print(&failed);
    for text in ["2026-03-02 10:00 mint: \"kanaria", "2026-03-02 10:00 mint: kanaria\n bot kanaria", "kanaria"] {
        let unreadable = story::check(&workspace, text).unwrap_err();
        assert!(unreadable.to_string().contains(CANARY), "{unreadable}");
        printed.print(&unreadable);
    }
    printed.print(&CaseReport { name: "a".into(), misfits: vec![CANARY.into()] });
    printed.check();
}

#[test]
fn an_event_that_is_handed_in_does_not_show_either() {
    let comment = Comment {
        comment_id: "c1".into(),
        post_id: "v1".into(),
        user_id: "u1".into(),
        handle: Some(CANARY.into()),
        text: CANARY.into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    let at: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
    let envelope = Envelope { id: "e1".into(), at, event: Event::Comment(comment) };
    let mut printed = Printed::default();
    printed.print(&envelope);
    printed.print(&Arc::new(envelope));
    printed.check();
}
