//! Two weeks of conversations: comments that open them, and all that follows.

use super::{
    catalogue::Product,
    clock::{DAY, HOUR, day, moment, pause},
    comments::{Said, stand},
    dice::Dice,
    event::Event,
    flows::flows,
    json::text,
    orders::Shop,
    people::{Person, people},
    posts::Post,
    talk::{End, Talk},
    words::{Intent, Language},
    workspace::MEMBERS,
};
use chatsparks_core::workspace::Flow;

/// How many people begin a conversation with a comment.
const COMMENTERS: usize = 5_000;
/// How many people write without one.
const WRITERS: usize = 260;
/// How many comments want nothing.
const IDLE: usize = 1_600;
/// Two weeks from 30 March 2026.
const DAYS: i64 = 14;

/// The events of the history.
pub(crate) fn events(posts: &[Post], products: &[Product], real: &[&str]) -> Vec<Event> {
    let mut dice = Dice::new("conversations");
    let first = day(2026, 3, 30);
    let flows = flows();
    let shop = Shop { products };
    let said = Said::new(&mut dice, real);
    let mut events = Vec::new();

    for (number, person) in people(&mut dice, 20_001, COMMENTERS).iter().enumerate() {
        let day = first + dice.between(0, DAYS - 1) * DAY;
        let mut at = moment(&mut dice, day);
        for visit in 1..=3 {
            let key = if visit == 1 { format!("k{number}") } else { format!("k{number}v{visit}") };
            let mut opening = Opening { dice: &mut dice, posts, products, flows: &flows, said: &said };
            let (talk, end) = opening.held(&key, person, at, visit);
            let links = talk.links;
            events.extend(talk.events);
            events.extend(shop.after(&mut dice, &key, person, &links));
            // Some come back, days later, when the last conversation is closed; or to a person who still has it.
            at = end.at + pause(&mut dice, 60 * 3_600, 120 * 3_600);
            if !dice.percent(10) || at > first + DAYS * DAY {
                if end.blocked && at < first + DAYS * DAY {
                    events.push(again(&mut dice, &said, products, posts, person, &format!("k{number}z"), at));
                }
                break;
            }
        }
    }
    events.extend(writers(&mut dice, first));
    events.extend(idle(&mut dice, &said, posts, first));
    events.extend(strangers(&mut dice, &shop, first));
    events.extend((1..=DAYS + 8).map(|day| Event::new(format!("day{day}"), first + day * DAY, "clock", vec![])));
    events
}

/// What a conversation is opened with.
struct Opening<'a, 'd> {
    dice: &'d mut Dice,
    posts: &'a [Post],
    products: &'a [Product],
    flows: &'a [Flow],
    said: &'a Said<'a>,
}

impl<'a> Opening<'a, '_> {
    /// A comment, and the conversation that it opens.
    fn held(&mut self, key: &str, person: &'a Person, at: i64, visit: usize) -> (Talk<'a>, End) {
        let language = person.language;
        let intent = self.intent(language, visit);
        let comment = self.said.seed(self.dice, self.products, language, intent);
        let post = self.post(at, language);
        let mut talk = Talk::new(key, person, at);
        let source = talk.comment(&post, &comment);
        if self.dice.percent(6) {
            // The same again, while its throttle runs.
            talk.repeat(self.dice, &post, &comment);
        }
        let wanted = format!("{}-{}", flow_name(intent), language.code());
        let end = match self.flows.iter().filter(|flow| flow.id == wanted.as_str()).max_by_key(|flow| flow.version) {
            Some(flow) => talk.hold(self.dice, flow, source),
            None => End { at, blocked: false },
        };
        (talk, end)
    }

    /// What somebody wants on their first, second or third visit; a greeting is for the first alone.
    fn intent(&mut self, language: Language, visit: usize) -> Intent {
        loop {
            let intent = Intent::ALL[self.dice.weighed(Intent::ALL.map(Intent::weight))];
            match intent {
                Intent::Mention => {}
                Intent::Hello if visit > 1 || !matches!(language, Language::Thai | Language::English) => {}
                _ => return intent,
            }
        }
    }

    /// A video of the last weeks that has no campaign of its own.
    fn post(&mut self, at: i64, language: Language) -> String {
        let weight = |post: &Post| {
            let old = at - post.published > 29 * DAY;
            if old || post.is_special() { 0 } else { post.weight(at, language) }
        };
        self.posts[self.dice.weighed(self.posts.iter().map(weight))].id.clone()
    }
}

fn flow_name(intent: Intent) -> &'static str {
    match intent {
        Intent::Price => "price",
        Intent::Link => "link",
        Intent::Shade => "shade",
        Intent::Stock => "stock",
        Intent::Shipping => "shipping",
        Intent::Skin => "skin",
        Intent::Order => "order",
        Intent::Reaction => "human",
        Intent::Mention | Intent::Hello => "hello",
    }
}

/// A comment of somebody who is blocked by now.
fn again(
    dice: &mut Dice,
    said: &Said<'_>,
    products: &[Product],
    posts: &[Post],
    person: &Person,
    key: &str,
    at: i64,
) -> Event {
    let comment = said.seed(dice, products, person.language, Intent::Price);
    let post = stand(dice, posts, at, person.language);
    Event::comment(key.to_owned(), at, &format!("c-{key}"), &post, person, &comment)
}

/// People who write a DM first: nothing waits for it, so a person answers.
fn writers(dice: &mut Dice, first: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for (number, person) in people(dice, 40_001, WRITERS).iter().enumerate() {
        let day = first + dice.between(0, DAYS - 1) * DAY;
        let at = moment(dice, day);
        let mut talk = Talk::new(&format!("w{number}"), person, at);
        talk.write_first(dice);
        events.extend(talk.events);
    }
    events
}

/// Comments that open nothing.
fn idle(dice: &mut Dice, said: &Said<'_>, posts: &[Post], first: i64) -> Vec<Event> {
    let people = people(dice, 60_001, 900);
    (0..IDLE)
        .map(|number| {
            let day = first + dice.between(0, DAYS - 1) * DAY;
            let at = moment(dice, day);
            let person = people.somebody(dice);
            let comment = said.idle(dice, person.language);
            let post = stand(dice, posts, at, person.language);
            let mut event = Event::comment(format!("n{number}"), at, &format!("c-n{number}"), &post, person, &comment);
            if dice.permille(8) {
                event.late = pause(dice, 30, 7_200);
            }
            event
        })
        .collect()
}

/// Orders of people who never commented; acts and receipts that fit nothing.
fn strangers(dice: &mut Dice, shop: &Shop<'_>, first: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..220 {
        let day = first + dice.between(0, DAYS - 1) * DAY;
        let at = moment(dice, day);
        let language = Language::ALL[dice.weighed([46, 21, 20, 13])];
        let key = format!("x{number}");
        events.extend(shop.order(dice, &key, &format!("s-{key}"), language, at, None));
    }
    for number in 0..12 {
        let at = first + dice.between(1, DAYS - 1) * DAY + dice.between(0, 23) * HOUR;
        let receipt = vec![("dm_id", text(&format!("nothing-{number}/0"))), ("status", text("read"))];
        events.push(Event::new(format!("r{number}"), at, "receipt", receipt));
        let member = if number % 3 == 0 { "ploy@glow.example" } else { MEMBERS[0] };
        let fields = vec![("member", text(member))];
        events.push(Event::about(format!("t{number}"), at + HOUR, "take", &format!("u{}", 90_000 + number), fields));
    }
    events
}
