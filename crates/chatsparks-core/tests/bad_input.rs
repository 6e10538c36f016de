//! Odd input: a row for each, with its outcome; what is refused changes nothing but that its id is used up.

use crate::talk::{self, MINT, OWNER, World, world};
use chatsparks_core::{
    Act, ActKind, ConversationState, DmStage, Event, Insights, MemberMessage, MessageResult, Order, OrderLine,
    OrderResult, Outcome, Receipt, Refund, RefusalReason, ReviewVerdict, StateReason,
    internal::{Change, HeadChange, IndexRow},
};
use serde_json::json;

/// A row: what it is, the state it comes to, the input, and what is wanted of the message.
type Row = (&'static str, &'static str, fn(&World) -> Event, MessageResult, (ConversationState, Option<StateReason>));

fn long() -> String {
    "30ml ".repeat((1 << 20) / 5)
}

const BOT: (ConversationState, Option<StateReason>) = (ConversationState::Bot, None);
const COMPLETED: (ConversationState, Option<StateReason>) = (ConversationState::Waiting, None);
const fn human(reason: StateReason) -> (ConversationState, Option<StateReason>) {
    (ConversationState::Human, Some(reason))
}

const WAITS: &str = "bot, waits for a reply";
const MISSED: &str = "bot, waits for a reply, one mismatch";

const ROWS: &[Row] = &[
    ("a stale button", WAITS, |world| world.message(None, Some("old")), MessageResult::Mismatch, BOT),
    (
        "a stale button beside a label",
        WAITS,
        |world| world.message(Some("30ml"), Some("old")),
        MessageResult::Mismatch,
        BOT,
    ),
    (
        "a stale button, again",
        MISSED,
        |world| world.message(None, Some("old")),
        MessageResult::Mismatch,
        human(StateReason::UnrecognizedReplies),
    ),
    ("an option of another case", WAITS, |world| world.message(None, Some("30ML")), MessageResult::Mismatch, BOT),
    ("an unknown number", WAITS, |world| world.message(Some("3"), None), MessageResult::Mismatch, BOT),
    ("number nought", WAITS, |world| world.message(Some("0"), None), MessageResult::Mismatch, BOT),
    ("a label with more", WAITS, |world| world.message(Some("30ml please"), None), MessageResult::Mismatch, BOT),
    ("an empty message", WAITS, |world| world.message(None, None), MessageResult::Mismatch, BOT),
    ("an empty text", WAITS, |world| world.message(Some(""), None), MessageResult::Mismatch, BOT),
    (
        "only marks and blanks",
        WAITS,
        |world| world.message(Some(" \u{200B}\u{FE0F}\t"), None),
        MessageResult::Mismatch,
        BOT,
    ),
    ("a message of a megabyte", WAITS, |world| world.message(Some(&long()), None), MessageResult::Mismatch, BOT),
    (
        "a button when none was sent",
        "none",
        |world| world.message(None, Some("30")),
        MessageResult::OutOfFlow,
        human(StateReason::OutOfFlow),
    ),
    (
        "a button after the flow",
        "waiting, completed",
        |world| world.message(None, Some("30")),
        MessageResult::OutOfFlow,
        human(StateReason::OutOfFlow),
    ),
    ("a button in a wait", "bot, in a wait", |world| world.message(None, Some("30")), MessageResult::Kept, BOT),
    ("a tapped option, as a control", WAITS, |world| world.message(None, Some("30")), MessageResult::Taken, COMPLETED),
];

#[test]
fn f4_odd_messages_have_their_outcome() {
    for (name, state, input, wanted, stands) in ROWS {
        let mut world = world(state);
        world.now = world.now.after(chatsparks_core::Period::minutes(1));
        let done = world.event(input(&world));
        let decision = &done[0].decision;
        assert_eq!(decision.outcome, (*wanted).into(), "{name}");
        let conversation = world.mint().and_then(|mint| mint.conversation()).unwrap();
        assert_eq!((conversation.state, conversation.reason), *stands, "{name}");
    }
}

/// A megabyte is taken where any text is, and a thousand characters of it are kept (`formats.md`).
#[test]
fn f3_a_megabyte_is_captured_in_part() {
    let mut document = talk::document();
    document["flows"][0]["blocks"][1] = json!({ "id": "ask", "question": { "text": "which?", "field": "size" } });
    let mut world = World::new(&document, "2026-03-02T10:00:00Z");
    world.comments("price");
    let text = "ก".repeat((1 << 20) / 3);
    let done = world.event(world.message(Some(&text), None));
    assert_eq!(done[0].decision.outcome, MessageResult::Taken.into());
    let kept = world.mint().unwrap().field("size").unwrap();
    assert_eq!(kept.as_str().chars().count(), 1_000);
}

/// F9: the version that runs is gone when the conversation would go on.
#[test]
fn f9_a_flow_version_that_is_gone_brings_a_person() {
    let gone = |world: &mut World| {
        let event = world.configure(|document| {
            for flow in document["flows"].as_array_mut().unwrap() {
                flow["version"] = 2.into();
            }
        });
        world.event(event);
    };
    for (name, state, input) in [
        ("a reply", WAITS, "message: an option's label"),
        ("what would be a mismatch", WAITS, "message: neither"),
        ("the end of a wait", "bot, in a wait", "timer: flow_wait"),
        ("a held flow going on", "waiting, held for budget", "message: neither"),
        ("handing back", "human, owned", "hand_back"),
    ] {
        let mut world = world(state);
        gone(&mut world);
        let done = world.input(input).unwrap();
        let outcome = &done[0].decision.outcome;
        let wanted: Outcome =
            if input.starts_with("message") { MessageResult::Kept.into() } else { Outcome::Applied {} };
        assert_eq!(*outcome, wanted, "{name}");
        let conversation = world.mint().and_then(|mint| mint.conversation()).unwrap();
        assert_eq!((conversation.state, conversation.reason), human(StateReason::FlowMissing), "{name}");
        let told = done[0].decision.effects.iter().map(|effect| serde_json::to_value(effect).unwrap());
        let reasons: Vec<_> = told.map(|told| told["notify_inbox"]["reason"].clone()).collect();
        assert_eq!(reasons, ["flow_missing"], "{name}");
    }
}

/// Whatever is refused changes nothing of the contact, and asks for nothing.
#[test]
fn v7_what_is_refused_changes_nothing() {
    let act = |member: &str, kind| Event::Act(Act { user_id: MINT.into(), member: member.into(), kind });
    let writes = |member: &str| {
        Event::MemberMessage(MemberMessage {
            message_id: "mm".into(),
            user_id: MINT.into(),
            member: member.into(),
            text: "hello".into(),
            link: None,
        })
    };
    let receipt = |status| Event::Receipt(Receipt { dm_id: "nobody/0".into(), status, detail: None });
    let (nok, stranger) = ("nok@glow.example", "who@else.example");
    use RefusalReason::{NoOpenConversation, NotAMember, NotHuman, OutsideWindow, UnknownDm, UnknownOrder};
    let rows = [
        ("none", act(OWNER, ActKind::Take), NoOpenConversation),
        ("none", act(OWNER, ActKind::Assign(OWNER.into())), NoOpenConversation),
        ("none", act(OWNER, ActKind::HandBack), NoOpenConversation),
        ("none", act(OWNER, ActKind::Close), NoOpenConversation),
        ("closed", act(OWNER, ActKind::Take), NoOpenConversation),
        ("closed", act(OWNER, ActKind::Close), NoOpenConversation),
        ("closed", act(OWNER, ActKind::HandBack), NoOpenConversation),
        ("blocked", act(OWNER, ActKind::Take), NoOpenConversation),
        (WAITS, act(OWNER, ActKind::HandBack), NotHuman),
        ("bot, in a wait", act(OWNER, ActKind::HandBack), NotHuman),
        ("waiting, completed", act(OWNER, ActKind::HandBack), NotHuman),
        (WAITS, act(nok, ActKind::Take), NotAMember),
        (WAITS, act(stranger, ActKind::Take), NotAMember),
        (WAITS, act(OWNER, ActKind::Assign(nok.into())), NotAMember),
        (WAITS, act(nok, ActKind::Close), NotAMember),
        (WAITS, act(nok, ActKind::Block), NotAMember),
        ("blocked", act(nok, ActKind::Unblock), NotAMember),
        ("human, owned", act(nok, ActKind::HandBack), NotAMember),
        // Who acts is looked at first.
        ("none", act(nok, ActKind::Take), NotAMember),
        (WAITS, writes(nok), NotAMember),
        ("none, with a held start", writes(OWNER), OutsideWindow),
        ("waiting, held for budget", writes(OWNER), OutsideWindow),
        (WAITS, receipt(DmStage::Read), UnknownDm),
        (WAITS, receipt(DmStage::Failed), UnknownDm),
        (WAITS, Event::OrderCancelled("o9".into()), UnknownOrder),
        (WAITS, refund("o9", 1), UnknownOrder),
        (WAITS, review("o9", OWNER), UnknownOrder),
        // Who acts is looked at before the order.
        (WAITS, review("o9", nok), NotAMember),
    ];
    for (state, event, reason) in rows {
        let mut world = world(state);
        world.now = world.now.after(chatsparks_core::Period::seconds(1));
        let (contacts, count) = (world.contacts.clone(), world.head.count());
        let done = world.event(event);
        let decision = &done[0].decision;
        assert_eq!(decision.outcome, reason.into(), "{state}");
        assert!(decision.effects.is_empty() && decision.facts.is_empty(), "{state}: {reason:?}");
        assert_eq!(world.contacts, contacts, "{state}: {reason:?}");
        assert_eq!(world.head.count(), count);
        for change in &decision.changes {
            // Its id is used up, and time moves (T3).
            assert!(
                matches!(change, Change::Index(IndexRow::Event(_)) | Change::Head(HeadChange::Latest(_))),
                "{state}: {reason:?}: {change:?}"
            );
        }
    }
}

fn refund(order_id: &str, amount_minor: i64) -> Event {
    Event::Refund(Refund {
        refund_id: format!("r-{order_id}-{amount_minor}").into(),
        order_id: order_id.into(),
        amount_minor,
    })
}

fn review(order_id: &str, member: &str) -> Event {
    Event::OrderReview { order_id: order_id.into(), verdict: ReviewVerdict::Confirm, member: member.into() }
}

/// An order of a contact to whom product `p` was linked, its lines all of the same SKU and amount.
fn order(currency: &str, total_minor: i64, lines: usize, sku: &str, amount_minor: i64) -> Event {
    let line = OrderLine { sku_id: sku.into(), product_id: None, quantity: 1, amount_minor };
    Event::Order(Order {
        order_id: "o1".into(),
        user_id: MINT.into(),
        placed_at: None,
        currency: currency.into(),
        total_minor,
        lines: vec![line; lines],
    })
}

/// What a reader would have refused may come from elsewhere: it has an answer, and the books balance.
#[test]
fn a6_odd_orders_have_an_answer_and_the_books_balance() {
    use OrderResult::{Attributed, Soft};
    for (name, event, wanted) in [
        ("an unknown currency", order("XYZ", 700, 1, "s", 700), (Attributed, 700, 700)),
        ("a currency of no letters", order("\u{1F4B0}", 700, 1, "s", 700), (Attributed, 700, 700)),
        ("a currency without a name", order("", 700, 1, "s", 700), (Attributed, 700, 700)),
        ("a negative total", order("THB", -1, 1, "s", 700), (Attributed, 0, 700)),
        ("the most negative total", order("THB", i64::MIN, 1, "s", i64::MIN), (Attributed, 0, 0)),
        ("a negative line", order("THB", 700, 1, "s", -700), (Attributed, 700, 0)),
        ("lines that overflow", order("THB", i64::MAX, 3, "s", i64::MAX), (Attributed, i64::MAX, i64::MAX)),
        ("no lines", order("THB", 700, 0, "s", 0), (Soft, 700, 0)),
        ("a line of nothing known", order("THB", 700, 1, "nobody's", 700), (Soft, 700, 0)),
        ("a million lines", order("THB", 1_000_000, 1_000_000, "s", 1), (Attributed, 1_000_000, 1_000_000)),
    ] {
        let mut world = world("none");
        world.comments("card");
        let mut insights = Insights::new();
        let mut push = |event: Event| {
            let done = world.event(event);
            insights.add(done[0].user_id.as_ref(), &done[0].decision.facts);
            let sum: i128 = insights
                .revenue
                .values()
                .map(|books| {
                    let parts = [books.attributed_minor, books.soft_minor, books.organic_minor];
                    assert!(parts.iter().all(|part| *part >= 0), "{name}: {books:?}");
                    parts.iter().sum::<i128>()
                })
                .sum();
            (done[0].decision.outcome.clone(), sum)
        };
        let (outcome, sum) = push(event);
        let Outcome::Order(judged) = outcome else { panic!("{name}: {outcome:?}") };
        assert_eq!((judged.result, judged.total_minor, judged.overlap_minor), wanted, "{name}");
        assert_eq!(sum, i128::from(wanted.1), "{name}");
        // A refund of less than nothing takes nothing out; one of more than there is, all of it.
        for (amount, left) in [(i64::MIN, wanted.1), (-1, wanted.1), (i64::MAX, 0), (i64::MAX - 1, 0)] {
            assert_eq!(push(refund("o1", amount)), (Outcome::Applied {}, i128::from(left)), "{name}: {amount}");
        }
        let cancelled = push(Event::OrderCancelled("o1".into()));
        assert_eq!(cancelled, (Outcome::Applied {}, 0), "{name}");
    }
}
