//! What is shown: a fold over the service's records, and how the day stands.

use super::agenda::Said;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// Lines kept of what is shown one below another.
const LINES: usize = 60;
/// Values kept of what is drawn as a curve.
const CURVE: usize = 200;

/// What is shown.
#[derive(Default)]
pub(crate) struct Board {
    /// The instant of the day.
    pub(crate) now: i64,
    /// From where to where the day goes.
    pub(crate) span: (i64, i64),
    /// For how long it has run.
    pub(crate) elapsed: Duration,
    /// What happens just now, in a sentence.
    pub(crate) phase: String,
    /// Where the service answers, and to whom.
    pub(crate) address: String,
    pub(crate) token: String,
    /// What happens over TikTok's wire.
    pub(crate) wire: String,
    /// Comments, the latest last.
    pub(crate) comments: VecDeque<Commented>,
    /// Messages of both sides, the latest last.
    pub(crate) messages: VecDeque<Told>,
    /// Of comments that got no answer: what was said, and why not, by turns.
    pub(crate) why: Vec<String>,
    /// How comments came out.
    pub(crate) results: BTreeMap<String, u64>,
    /// Contacts by the state of their conversation.
    pub(crate) states: BTreeMap<String, u64>,
    pub(crate) conversations: BTreeMap<String, String>,
    /// What people call themselves.
    pub(crate) handles: BTreeMap<String, String>,
    /// Contacts counted in this cycle, and how many there is room for.
    pub(crate) counted: u64,
    pub(crate) limit: u64,
    /// Who waits for room.
    pub(crate) waiting_for_room: BTreeSet<String>,
    /// How many ever waited for room.
    pub(crate) waited_for_room: u64,
    /// Orders by what they were credited as, and what they brought, in the minor unit of the shop's currency.
    pub(crate) orders: BTreeMap<String, (u64, i64)>,
    /// Messages that were decided, public replies, notes to people.
    pub(crate) dms: u64,
    pub(crate) replies: u64,
    pub(crate) notes: u64,
    /// Messages of buyers.
    pub(crate) from_buyers: u64,
    /// Effects that wait, over time; how many go a second; in how many seconds all will have gone.
    pub(crate) queue: VecDeque<u64>,
    pub(crate) per_second: Option<f64>,
    pub(crate) drains_in: Option<f64>,
    /// The latest comments by result: the comment, its trigger.
    pub(crate) refused: BTreeMap<String, Refused>,
    /// What came of it, once it is over and waits to be left.
    pub(crate) closing: Vec<String>,
}

/// A comment, and what came of it.
#[derive(Clone)]
pub(crate) struct Commented {
    pub(crate) said: Said,
    pub(crate) result: String,
    pub(crate) trigger: String,
}

/// A message.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) by_shop: bool,
    pub(crate) who: String,
    pub(crate) text: String,
    /// The options that may be tapped.
    pub(crate) options: Vec<String>,
}

/// A comment that a gate refused.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) comment: String,
    pub(crate) trigger: Option<String>,
}

impl Board {
    /// A record, and who said what in its event.
    pub(crate) fn record(&mut self, record: &Value, said: Option<Said>) {
        let user = record["user_id"].as_str().unwrap_or_default();
        let outcome = &record["outcome"];
        if let Some(result) = outcome["comment"]["result"].as_str() {
            self.comment(record, result, said);
        } else if outcome.get("message").is_some()
            && let Some(said) = said
        {
            self.from_buyers += 1;
            self.message(Told { by_shop: false, who: self.who(user), text: said.text, options: Vec::new() });
        }
        for effect in record["effects"].as_array().into_iter().flatten() {
            self.effect(effect);
        }
        for fact in record["facts"].as_array().into_iter().flatten() {
            self.fact(user, fact);
        }
    }

    fn comment(&mut self, record: &Value, result: &str, said: Option<Said>) {
        if result == "duplicate" {
            return;
        }
        *self.results.entry(result.to_owned()).or_default() += 1;
        let trigger = record["outcome"]["comment"]["trigger"].as_str();
        let comment = record["event"].as_str().unwrap_or_default().to_owned();
        self.refused.insert(result.to_owned(), Refused { comment, trigger: trigger.map(str::to_owned) });
        if let Some(said) = said {
            let user = record["user_id"].as_str().unwrap_or_default();
            self.handles.entry(user.to_owned()).or_insert_with(|| said.handle.clone());
            let trigger = trigger.unwrap_or_default().to_owned();
            self.comments.push_back(Commented { said, result: result.to_owned(), trigger });
            self.comments.drain(..self.comments.len().saturating_sub(LINES));
        }
    }

    fn effect(&mut self, effect: &Value) {
        if let Some(dm) = effect.get("send_dm") {
            self.dms += 1;
            let options = dm["options"].as_array().into_iter().flatten();
            self.message(Told {
                by_shop: true,
                who: self.who(dm["user_id"].as_str().unwrap_or_default()),
                text: dm["text"].as_str().unwrap_or("🛒").to_owned(),
                options: options.filter_map(|option| option["label"].as_str().map(str::to_owned)).collect(),
            });
        } else if effect.get("public_reply").is_some() {
            self.replies += 1;
        } else {
            self.notes += 1;
        }
    }

    fn who(&self, user: &str) -> String {
        self.handles.get(user).cloned().unwrap_or_else(|| user.to_owned())
    }

    fn message(&mut self, told: Told) {
        self.messages.push_back(told);
        self.messages.drain(..self.messages.len().saturating_sub(LINES));
    }

    fn fact(&mut self, user: &str, fact: &Value) {
        if fact.get("conversation_opened").is_some() {
            self.state(user, "bot");
        } else if let Some(to) = fact["state_changed"]["to"].as_str() {
            self.state(user, to);
        } else if let Some(count) = fact["contact_counted"]["count"].as_u64() {
            self.counted = count;
        } else if fact.get("queued").is_some() {
            self.waited_for_room += u64::from(self.waiting_for_room.insert(user.to_owned()));
        } else if fact.get("released").is_some() || fact.get("dropped").is_some() {
            self.waiting_for_room.remove(user);
        } else if let Some(credited) = fact.get("order_credited") {
            self.order(credited, 1, 1);
        } else if let Some(reversed) = fact.get("order_reversed") {
            // A cancellation or a refund takes revenue back; the order stays in the list.
            self.order(reversed, 0, -1);
        }
    }

    fn state(&mut self, user: &str, to: &str) {
        let before = self.conversations.insert(user.to_owned(), to.to_owned());
        if let Some(count) = before.and_then(|before| self.states.get_mut(&before)) {
            *count = count.saturating_sub(1);
        }
        *self.states.entry(to.to_owned()).or_default() += 1;
    }

    fn order(&mut self, fact: &Value, count: u64, sign: i64) {
        let result = fact["result"].as_str().unwrap_or_default().to_owned();
        let (orders, revenue) = self.orders.entry(result).or_default();
        *orders += count;
        *revenue += sign * fact["revenue_minor"].as_i64().unwrap_or(0);
    }

    /// How many effects wait now.
    pub(crate) fn waits(&mut self, count: u64) {
        self.queue.push_back(count);
        self.queue.drain(..self.queue.len().saturating_sub(CURVE));
    }

    /// The banner of M3.
    pub(crate) fn banner(&self) -> &'static str {
        match self.counted * 100 / self.limit.max(1) {
            100.. => "paused",
            95.. => "red",
            80.. => "yellow",
            _ => "none",
        }
    }

    /// Comments that came out.
    pub(crate) fn commented(&self) -> u64 {
        self.results.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn m3_the_banner_follows_the_count() {
        let mut board = Board { limit: 100, ..Board::default() };
        for (count, banner) in [(79, "none"), (80, "yellow"), (94, "yellow"), (95, "red"), (99, "red"), (100, "paused")]
        {
            board.record(
                &json!({ "user_id": "u1", "outcome": {}, "facts": [{ "contact_counted": { "count": count } }] }),
                None,
            );
            assert_eq!(board.banner(), banner, "{count}");
        }
    }

    #[test]
    fn v1_a_contact_stands_in_one_state() {
        let mut board = Board::default();
        let mut fact = |fact: Value| board.record(&json!({ "user_id": "u1", "outcome": {}, "facts": [fact] }), None);
        fact(json!({ "conversation_opened": { "conversation": 1 } }));
        fact(json!({ "state_changed": { "conversation": 1, "from": "bot", "to": "human" } }));
        fact(json!({ "state_changed": { "conversation": 1, "from": "human", "to": "closed" } }));
        fact(json!({ "conversation_opened": { "conversation": 2 } }));
        let states: Vec<_> = board.states.iter().filter(|(_, count)| **count > 0).collect();
        assert_eq!(states, [(&"bot".to_owned(), &1)]);
    }
}
