//! Crowds: people who act by themselves. What each does hangs on the seed, on who they are and on what they were told,
//! and on nobody else, so that a crowd does the same whatever the order of calls.

use super::{Author, Due, Kind, Message, Refusal, World, words};
use crate::control::{Act, Crowd, Planned};
use rand::{RngExt, rngs::StdRng};
use std::ops::Range;

/// Who somebody of a crowd is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Character {
    /// Their language, by its place.
    language: usize,
    buy_percent: u32,
    refund_percent: u32,
    silent_percent: u32,
}

/// What somebody does if nothing came between.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// Writes first, where nobody has yet.
    Open { person: String, account: usize, text: String },
    /// Buys, and may send back.
    Buy { person: String, account: usize, items: Vec<(usize, usize)>, sends_back: Option<i64> },
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// How many come in each hour of a day, from midnight in UTC: evenings in South-East Asia are busiest.
const HOURS: [u32; 24] = [3, 4, 5, 6, 7, 6, 5, 5, 5, 6, 7, 8, 10, 12, 12, 9, 6, 3, 2, 1, 1, 1, 2, 2];

impl World {
    /// Plans what a crowd does of itself.
    pub(super) fn plan(&mut self, now: i64, crowd: &Crowd) -> Result<Planned, Refusal> {
        let account = self.account(crowd.account.as_deref())?;
        if crowd.people == 0 || crowd.people > 1_000_000 || crowd.hours == 0 || crowd.hours > 24 * 366 {
            return Err(Refusal::new(40_002, "a crowd has 1 to 1,000,000 people and 1 to 8,784 hours"));
        }
        let percents = [crowd.buy_percent, crowd.refund_percent, crowd.silent_percent];
        if percents.iter().any(|it| *it > 100) || crowd.bursts > 1_000 {
            return Err(Refusal::new(40_002, "percents go up to 100, bursts up to 1,000"));
        }
        let (first, span) = (self.people_so_far(), i64::from(crowd.hours) * HOUR);
        let mut planned = Planned { people: 0, comments: 0, last_at: now };
        for number in first..first + crowd.people as usize {
            let mut dice = self.ids.dice(&["crowd", &number.to_string()]);
            let language = self.language(account, &mut dice);
            let words = words::ALL[language];
            let name = format!("{}_{number:04}", pick(words.names, &mut dice));
            let adult = dice.random_range(0..100) >= 4;
            let follower = dice.random_range(0..100) < 40;
            let abroad = language == 3 && dice.random_range(0..100) < 10;
            let person = self.person(&name)?;
            person.region = if abroad { "GB" } else { words.region }.to_owned();
            (person.adult, person.follower) = (adult, follower);
            person.character = Some(Character {
                language,
                buy_percent: crowd.buy_percent,
                refund_percent: crowd.refund_percent,
                silent_percent: crowd.silent_percent,
            });
            let at = now + self.arrival(crowd, span, &mut dice);
            planned.people += 1;
            for (later, text) in comments(words, &mut dice) {
                let video = dice.random_range(0..self.accounts[account].videos.len());
                let username = Some(self.accounts[account].username.clone());
                let (person, reply_to, high_intent) = (name.clone(), None, None);
                planned.comments += 1;
                planned.last_at = planned.last_at.max(at + later);
                let act =
                    Act::Comment { person, account: username, video, text: text.to_owned(), reply_to, high_intent };
                self.due(at + later, Due::Act(act));
            }
        }
        Ok(planned)
    }

    fn people_so_far(&self) -> usize {
        self.people.len()
    }

    /// Seven in ten speak the language of where the account is.
    fn language(&self, account: usize, dice: &mut StdRng) -> usize {
        let home = words::ALL.iter().position(|it| it.region == self.accounts[account].region).unwrap_or(3);
        if dice.random_range(0..10) < 7 { home } else { dice.random_range(0..words::ALL.len()) }
    }

    fn arrival(&self, crowd: &Crowd, span: i64, dice: &mut StdRng) -> i64 {
        if crowd.bursts > 0 && dice.random_range(0..10) < 6 {
            let burst = dice.random_range(0..crowd.bursts).to_string();
            let begins = self.ids.dice(&["burst", &burst]).random_range(0..span);
            // It fades: half of who come do so in the first eight minutes.
            let share: f64 = dice.random_range(f64::EPSILON..1.0);
            return (begins + (-share.ln() * 12.0 * MINUTE as f64) as i64).min(span - 1);
        }
        let mut draw = dice.random_range(0..HOURS.iter().sum());
        let hour = HOURS
            .iter()
            .position(|weight| {
                draw < *weight || {
                    draw -= weight;
                    false
                }
            })
            .unwrap_or(0) as i64;
        let days = (span / (24 * HOUR)).max(1);
        (dice.random_range(0..days) * 24 * HOUR + hour * HOUR + dice.random_range(0..HOUR)) % span
    }

    /// An account replied to a comment in public: many write then.
    pub(super) fn replied(&mut self, at: i64, comment: u64) {
        let Some(comment) = self.comments.get(&comment).cloned() else { return };
        let Author::Person(name) = comment.author else { return };
        let Some(character) = self.people.get(&name).and_then(|it| it.character) else { return };
        let mut dice = self.ids.dice(&["replied", &name, &comment.id.to_string()]);
        if dice.random_range(0..100) < character.silent_percent {
            return;
        }
        let text = pick(words::ALL[character.language].openings, &mut dice).to_owned();
        let later = dice.random_range(20 * SECOND..8 * MINUTE);
        self.due(at + later, Due::React(Reaction::Open { person: name, account: comment.account, text }));
    }

    /// An account wrote to somebody: they read, tap, type, buy, or none of it.
    pub(super) fn was_sent(&mut self, account: usize, name: &str, message: &Message) {
        let Some(character) = self.people.get(name).and_then(|it| it.character) else { return };
        let said = self.conversation_of(account, name).map_or(0, |id| {
            self.conversations.get(&id).map_or(0, |talk| talk.messages.iter().filter(|it| it.by_account).count())
        });
        let mut dice = self.ids.dice(&["was sent", name, &said.to_string()]);
        let words = words::ALL[character.language];
        let (person, of) = (name.to_owned(), Some(self.accounts[account].username.clone()));
        if dice.random_range(0..10) < 6 {
            let later = dice.random_range(2 * SECOND..MINUTE);
            self.due(message.at + later, Due::Act(Act::Read { person: person.clone(), account: of.clone() }));
        }
        if said > 12 || dice.random_range(0..100) < character.silent_percent {
            return;
        }
        let at = message.at + dice.random_range(8 * SECOND..5 * MINUTE);
        let writes = |text: &str| Act::Message { person: person.clone(), account: of.clone(), text: text.to_owned() };
        match &message.kind {
            Kind::Template { buttons, .. } => {
                let (label, id) = &buttons[dice.random_range(0..buttons.len())];
                let act = match dice.random_range(0..100) {
                    0..75 => Act::Tap { person: person.clone(), account: of.clone(), button: id.clone() },
                    75..90 => writes(label),
                    _ => writes(pick(words.chats, &mut dice)),
                };
                self.due(at, Due::Act(act));
            }
            Kind::Text(text) if text.contains("http") => {
                if dice.random_range(0..100) >= character.buy_percent {
                    return;
                }
                let sends_back = (dice.random_range(0..100) < character.refund_percent)
                    .then(|| dice.random_range(HOUR / 2..6 * HOUR));
                let items = self.basket(account, &mut dice);
                let later = at + dice.random_range(MINUTE..90 * MINUTE);
                self.due(later, Due::React(Reaction::Buy { person, account, items, sends_back }));
            }
            Kind::Text(text) if text.trim_end().ends_with(['?', '？']) => {
                let text = pick(words.answers, &mut dice);
                self.due(at, Due::Act(writes(text)));
            }
            Kind::Text(_) | Kind::SharePost(_) if dice.random_range(0..100) < 8 => {
                let text = pick(words.chats, &mut dice);
                self.due(at, Due::Act(writes(text)));
            }
            Kind::Text(_) | Kind::SharePost(_) => {}
        }
    }

    fn basket(&self, account: usize, dice: &mut StdRng) -> Vec<(usize, usize)> {
        let products = &self.accounts[account].shop.products;
        if products.is_empty() {
            return Vec::new();
        }
        let product = dice.random_range(0..products.len());
        let sku = dice.random_range(0..products[product].skus.len().max(1));
        vec![(product, sku); dice.random_range(1..3)]
    }

    pub(super) fn react(&mut self, at: i64, reaction: &Reaction) {
        match reaction {
            Reaction::Open { person, account, text } => {
                let wrote = self.conversation_of(*account, person).and_then(|id| self.conversations.get(&id));
                if wrote.is_none_or(|talk| talk.messages.is_empty()) {
                    let account = Some(self.accounts[*account].username.clone());
                    let act = Act::Message { person: person.clone(), account, text: text.clone() };
                    let _ = self.act(at, &act);
                }
            }
            Reaction::Buy { person, account, items, sends_back } => {
                let Ok(order) = self.buy(at, *account, person, items) else { return };
                if let Some(later) = sends_back {
                    let order_id = order.to_string();
                    // Before it is on its way it is cancelled, later it is sent back: some of it, or all.
                    let act = match later % 3 {
                        0 => Act::Cancel { order_id },
                        1 => Act::Refund { order_id, amount_minor: None },
                        _ => {
                            Act::Refund { order_id, amount_minor: self.orders.get(&order).map(|it| it.total_minor / 2) }
                        }
                    };
                    self.due(at + later, Due::Act(act));
                }
            }
        }
    }
}

fn pick(from: &[&'static str], dice: &mut StdRng) -> &'static str {
    from[dice.random_range(0..from.len())]
}

/// What somebody comments of themselves, and how long after they came.
fn comments(words: &words::Words, dice: &mut StdRng) -> Vec<(i64, &'static str)> {
    let soon: Range<i64> = 10 * SECOND..10 * MINUTE;
    match dice.random_range(0..100) {
        0..50 => vec![(0, pick(words.asks, dice))],
        // They ask again, often in other words.
        50..58 => vec![(0, pick(words.asks, dice)), (dice.random_range(soon), pick(words.asks, dice))],
        58..72 => vec![(0, pick(words.wonders, dice))],
        72..94 => vec![(0, pick(words.praises, dice))],
        94..97 => vec![(0, pick(words.praises, dice)), (dice.random_range(soon), pick(words.asks, dice))],
        // The same again and again.
        _ => {
            let text = pick(words.asks, dice);
            (0..dice.random_range(3..7)).map(|again| (again * 7 * SECOND, text)).collect()
        }
    }
}
