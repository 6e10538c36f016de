//! What the day brings of itself: who comments what, when, under which video. It is drawn from the seed, and from nothing
//! else.

use super::{
    agenda::{Agenda, Line, instant},
    shop::{OLD_VIDEO, Times},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The comments of the launch weekend in `examples/glow`: the video and the text.
const COMMENTS: &str = include_str!("comments.tsv");
/// How many come in each hour from 08:00 on.
const HOURS: [u32; 16] = [5, 6, 7, 8, 10, 12, 11, 9, 9, 10, 12, 15, 18, 22, 18, 10];
const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

const NAMES: [&str; 24] = [
    "mint", "ploy", "fah", "bow", "nan", "gift", "aom", "praew", "ning", "linh", "trang", "vy", "thao", "ngoc",
    "putri", "dewi", "ayu", "sari", "rizky", "jess", "sam", "kelly", "zoe", "amir",
];
/// What those ask who have minutes left.
const LATE: [&str; 6] =
    ["ราคาเท่าไหร่คะ", "ขอราคาหน่อยค่ะ", "กี่บาทคะ", "giá bao nhiêu ạ", "harga berapa kak?", "how much is it?"];

/// What the day brings.
pub(crate) struct Plan {
    pub(crate) agenda: Agenda,
    /// Comments of the burst that can be answered for minutes only.
    pub(crate) urgent: BTreeSet<String>,
    /// Comments that TikTok does not let be answered by a message, and whose they are.
    pub(crate) in_public_only: BTreeMap<String, String>,
}

/// Dice for one thing: what it does hangs on the seed and on its name alone.
pub(crate) fn dice(seed: u64, name: &str) -> StdRng {
    // FNV-1a, so that the same name gives the same dice for ever.
    let mixed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ seed.rotate_left(17), |mixed, byte| {
        (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    StdRng::seed_from_u64(mixed)
}

impl Plan {
    /// A day of so many comments, some of which come in a burst.
    pub(crate) fn new(seed: u64, comments: u32, burst: u32, times: &Times) -> Self {
        let mut plan = Self { agenda: Agenda::default(), urgent: BTreeSet::new(), in_public_only: BTreeMap::new() };
        let mut dice = dice(seed, "the day");
        let texts: Vec<(&str, &str)> = COMMENTS.lines().filter_map(|line| line.split_once('\t')).collect();
        let people = (comments * 3 / 5).max(20);
        let urgent = (burst / 20).min(300);
        for number in 1..=comments {
            let id = format!("c{number}");
            let is_urgent = number > comments - urgent;
            let at = match comments - number {
                later if later < urgent => times.burst_ends,
                later if later < burst => {
                    // It fades: half of who come do so in the first forty seconds.
                    let share: f64 = dice.random_range(f64::EPSILON..1.0);
                    times.burst + ((-share.ln() * 55_000.0) as i64).min(179_000)
                }
                _ => moment(&mut dice, times),
            };
            let (post, text) = match is_urgent {
                true => (OLD_VIDEO, LATE[dice.random_range(0..LATE.len())]),
                false => texts[dice.random_range(0..texts.len())],
            };
            // Few comment often, most once; those who come late come for the first time.
            let share: f64 = dice.random_range(0.0..1.0);
            let person = if is_urgent { people + number } else { (share.powf(1.6) * f64::from(people)) as u32 };
            plan.comment(&mut dice, at, id, (post, text), person, is_urgent.then_some(at));
        }
        for number in 0..comments / 300 {
            plan.stranger(&mut dice, number, times);
        }
        plan
    }

    /// A comment, and what becomes of it.
    fn comment(
        &mut self,
        dice: &mut StdRng,
        at: i64,
        id: String,
        (post, text): (&str, &str),
        person: u32,
        late: Option<i64>,
    ) {
        let (user, handle) = (user(person), handle(person));
        let may_be_answered = late.is_some() || dice.random_range(0..100) < 85;
        let mut fields = json!({ "comment_id": id, "post_id": post, "user_id": user, "handle": handle, "text": text,
            "direct_reply": may_be_answered });
        if let Some(at) = late {
            // Written two days ago, and told only now: the 48 hours in which it may be answered end in minutes.
            fields["posted_at"] = json!(instant(at - 48 * HOUR + dice.random_range(14 * MINUTE..20 * MINUTE)));
            self.urgent.insert(id.clone());
        }
        if !may_be_answered {
            self.in_public_only.insert(id.clone(), user.clone());
        }
        // Platforms tell of some things twice.
        if dice.random_range(0..1_000) < 15 {
            let again = at + dice.random_range(1_000..30_000);
            let line = Line::new(at, id.clone(), "comment", fields.clone());
            self.agenda.add(Line { at: again, ..line });
        }
        if late.is_none() && dice.random_range(0..1_000) < 8 {
            let gone = at + dice.random_range(MINUTE..20 * MINUTE);
            let fields = json!({ "comment_id": id, "user_id": user });
            self.agenda.add(Line::new(gone, format!("gone:{id}"), "comment_removed", fields));
        }
        self.agenda.add(Line::new(at, id, "comment", fields).said(&handle, text));
    }

    /// An order of somebody whom nobody wrote to.
    fn stranger(&mut self, dice: &mut StdRng, number: u32, times: &Times) {
        let (at, amount) = (moment(dice, times), dice.random_range(2..20) * 5_000);
        let id = format!("stranger-{number}");
        let fields = json!({ "order_id": format!("o-{id}"), "user_id": format!("shop-{id}"), "currency": "THB",
            "total_minor": amount, "lines": [{ "sku_id": "glow-serum-30", "amount_minor": amount }] });
        self.agenda.add(Line::new(at, id, "order", fields));
    }
}

fn moment(dice: &mut StdRng, times: &Times) -> i64 {
    let mut draw = dice.random_range(0..HOURS.iter().sum());
    let hour = HOURS.iter().position(|weight| {
        let here = draw < *weight;
        draw = draw.saturating_sub(*weight);
        here
    });
    times.begins + hour.unwrap_or(0) as i64 * HOUR + dice.random_range(0..HOUR)
}

/// Somebody, as TikTok names them.
pub(crate) fn user(person: u32) -> String {
    format!("u{person}")
}

/// Somebody's handle.
fn handle(person: u32) -> String {
    format!("{}_{person}", NAMES[person as usize % NAMES.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t1_the_same_seed_brings_the_same_day() {
        let times = Times::new().expect("a day");
        let texts = |seed| {
            let lines = Plan::new(seed, 500, 100, &times).agenda.until(i64::MAX);
            lines.into_iter().map(|line| line.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(7), texts(7));
        assert_ne!(texts(7), texts(8));
    }

    #[test]
    fn o3_those_with_minutes_left_come_last() {
        let times = Times::new().expect("a day");
        let mut plan = Plan::new(7, 1_000, 400, &times);
        assert_eq!(plan.urgent.len(), 20);
        let burst: Vec<_> =
            plan.agenda.until(times.burst_ends).into_iter().filter(|line| line.said.is_some()).collect();
        assert!(burst.iter().rev().take(20).all(|line| plan.urgent.contains(&line.id)));
    }

    #[test]
    fn every_comment_is_of_the_example() {
        let history =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/glow/history.jsonl"));
        let history = history.expect("the example");
        let known: BTreeSet<(String, String)> = history
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|line| Some((line["post_id"].as_str()?.to_owned(), line["text"].as_str()?.to_owned())))
            .collect();
        for line in COMMENTS.lines() {
            let (post, text) = line.split_once('\t').expect("a video and a text");
            assert!(known.contains(&(post.to_owned(), text.to_owned())), "{line}");
        }
    }
}
