//! Conversations, orders and timers.

use crate::{
    measure::{ROUNDS, by_turns, run, with_setup},
    random::Random,
    report::{Row, Target},
    shop::{self, NOW, Shop},
};
use chatsparks_core::{
    Contact, Envelope, Event, Instant, Outcome, Period, Timer, TimerKind,
    internal::{Agenda, ContactChange, Wakes},
};
use chatsparks_replay::Replay;
use std::{cmp::Reverse, collections::BinaryHeap};

const USER: &str = "68000000000000000001";
const TIMES: usize = 500;

/// The rows on conversations.
pub fn rows() -> Vec<Row> {
    let (comment, answer, order) = (shop::comment(USER, 1, NOW), shop::answer(USER), shop::order(USER));
    let mut fresh = Shop::new(USER);
    assert_eq!(fresh.decide(&comment).effects.len(), 3, "one public reply and two DMs");
    let mut asked = Shop::new(USER);
    asked.happens(&comment);
    assert_eq!(asked.decide(&answer).effects.len(), 1, "the answer brings the card");
    let mut linked = Shop::new(USER);
    linked.happens(&comment);
    linked.happens(&answer);
    assert!(matches!(linked.decide(&order).outcome, Outcome::Order(order) if order.credit.is_some()));
    let [fires, message, ordered] = by_turns(
        ROUNDS * 9,
        [
            run(|| (0..TIMES).map(|_| fresh.decide(&comment).effects.len()).sum::<usize>()),
            run(|| (0..TIMES).map(|_| asked.decide(&answer).effects.len()).sum::<usize>()),
            run(|| (0..TIMES).map(|_| linked.decide(&order).facts.len()).sum::<usize>()),
        ],
    );
    let mut rows = vec![
        Row::ratio(
            "a buyer's message that a flow takes ÷ a comment that fires",
            (message, fires),
            TIMES,
            Target::AtMost(2.0, 1.0),
        ),
        Row::ratio(
            "an order that is credited ÷ a comment that fires",
            (ordered, fires),
            TIMES,
            Target::AtMost(3.0, 1.0),
        ),
    ];
    rows.push(agenda());
    rows.push(timers());
    rows
}

/// The agenda against a bare heap of the same timers: every timer put on, then every one taken off in order.
fn agenda() -> Row {
    const TIMERS: usize = 20_000;
    let mut random = Random::new(7);
    let contacts: Vec<Contact> = (0..TIMERS)
        .map(|number| {
            let mut contact = Contact::new(format!("68000000000000{number:06}").into());
            contact.apply(&ContactChange::Opened(1));
            let due = NOW.after(Period::milliseconds(random.below(86_400_000) as i64));
            contact.apply(&ContactChange::Timer(TimerKind::Close, Some(due)));
            contact
        })
        .collect();
    let head = Shop::new(USER).engine.first_head();
    let until = NOW.after(Period::days(2));
    let number = |user: &str| user.get(14..).and_then(|digits| digits.parse::<usize>().ok()).unwrap_or_default();
    let (mut ours, mut bare) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS * 6 {
        let work = |mut contacts: Vec<Contact>| {
            let mut agenda = Agenda::new();
            contacts.iter().for_each(|contact| agenda.update(Wakes::default(), contact));
            let mut fired = 0;
            while let Some(timer) = agenda.next(until, &head, |user_id| contacts.get(number(user_id.as_str()))) {
                let at = timer.user_id.as_ref().map_or(0, |user_id| number(user_id.as_str()));
                let before = contacts[at].wakes();
                contacts[at].apply(&ContactChange::Timer(timer.kind, None));
                agenda.update(before, &contacts[at]);
                fired += 1;
            }
            assert_eq!(fired, TIMERS);
        };
        ours = ours.min(with_setup(1, || contacts.clone(), work));
        let work = |contacts: Vec<Contact>| {
            let mut heap = BinaryHeap::new();
            heap.extend(contacts.iter().map(|contact| Reverse(timer(contact))));
            let mut fired = 0;
            while heap.pop().is_some() {
                fired += 1;
            }
            assert_eq!(fired, TIMERS);
        };
        bare = bare.min(with_setup(1, || contacts.clone(), work));
    }
    Row::ratio(
        "the agenda alone ÷ a bare binary heap of the same timers",
        (ours, bare),
        TIMERS,
        Target::AtMost(3.0, 2.0),
    )
}

fn timer(contact: &Contact) -> Timer {
    let due = contact.due(TimerKind::Close).unwrap_or(NOW);
    Timer { due, kind: TimerKind::Close, user_id: Some(contact.user_id().clone()) }
}

/// Firing with deciding, from ten thousand timers to a million.
fn timers() -> Row {
    let few = fire(5_000);
    let many = fire(500_000);
    Row::ratio(
        "firing and deciding one of 1,000,000 timers ÷ one of 10,000",
        (many / 1_000_000.0, few / 10_000.0),
        1,
        Target::AtMost(2.5, 1.5),
    )
}

/// Lets so many conversations become idle and close; the time of both timers of each.
fn fire(contacts: usize) -> f64 {
    let engine = crate::synthetic::compiled(&shop::workspace());
    let clock = |at: Instant| Envelope { id: "clock".into(), at, event: Event::Clock };
    let setup = || {
        let mut replay = Replay::new(engine.clone());
        for number in 0..contacts {
            let user = format!("68000000000000{:06}", number * 7919 % contacts);
            let at = NOW.after(Period::milliseconds(number as i64));
            replay.push(&shop::comment(&user, number, at), |_| {});
        }
        replay
    };
    let rounds = if contacts > 100_000 { 5 } else { ROUNDS * 3 };
    with_setup(rounds, setup, |mut replay| {
        let before = replay.records();
        replay.push(&clock(NOW.after(Period::days(3))), |_| {});
        assert_eq!(replay.records() - before, 2 * contacts as u64 + 1, "each conversation is idle, then closed");
        // Dropping a million of anything is not what is measured.
        std::mem::forget(replay);
    })
}
