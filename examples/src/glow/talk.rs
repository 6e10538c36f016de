//! One conversation as it comes in: what the buyer writes and taps, what members do, what the platform reports.

use super::{
    clock::{instant, pause},
    dice::Dice,
    event::Event,
    json::{Json, object, text},
    people::Person,
    walk::{Stop, Walk},
    words::Words,
    workspace::{MEMBERS, OWNER},
};
use chatsparks_core::workspace::{Expect, Flow, Link, Question, QuickReplies};

/// A conversation in the making.
pub(crate) struct Talk<'a> {
    key: String,
    person: &'a Person,
    words: &'static Words,
    /// The instant of the last thing that happened.
    at: i64,
    made: usize,
    pub(crate) events: Vec<Event>,
    /// The shop links that went out, and when.
    pub(crate) links: Vec<(i64, Link)>,
}

/// How it ended.
pub(crate) struct End {
    pub(crate) at: i64,
    pub(crate) blocked: bool,
}

/// What the buyer's answer did to the flow.
enum Answer {
    /// The flow goes on, from the effects of this event.
    Taken(String),
    /// It was not understood; the bot asks again, or gives up at the second.
    Mismatch(String),
    /// A person takes over.
    Person,
    /// There was none.
    Silence,
}

impl<'a> Talk<'a> {
    pub(crate) fn new(key: &str, person: &'a Person, at: i64) -> Self {
        let (key, words) = (key.to_owned(), person.language.words());
        Self { key, person, words, at, made: 0, events: Vec::new(), links: Vec::new() }
    }

    /// The next event, at the present instant; gives its id.
    fn push(&mut self, kind: &'static str, more: Vec<(&'static str, Json)>) -> String {
        self.made += 1;
        let id = format!("{}-{}", self.key, self.made);
        self.events.push(Event::about(id.clone(), self.at, kind, &self.person.id, more));
        id
    }

    /// The comment that opens it.
    pub(crate) fn comment(&mut self, post: &str, said: &str) -> String {
        self.made += 1;
        let id = format!("{}-{}", self.key, self.made);
        self.events.push(Event::comment(id.clone(), self.at, &format!("c-{id}"), post, self.person, said));
        id
    }

    /// The same comment once more, minutes later.
    pub(crate) fn repeat(&mut self, dice: &mut Dice, post: &str, said: &str) {
        let at = self.at + pause(dice, 20, 2_000);
        let id = format!("{}-again", self.key);
        self.events.push(Event::comment(id.clone(), at, &format!("c-{id}"), post, self.person, said));
    }

    /// Holds the conversation that a comment opened: its public reply is the first effect, DMs follow.
    pub(crate) fn hold(&mut self, dice: &mut Dice, flow: &'a Flow, comment: String) -> End {
        let mut walk = Walk::new(flow);
        let (mut source, mut place, mut mismatches) = (comment, 1, 0);
        loop {
            let (sent, stop) = walk.run();
            self.report(dice, &source, place, &sent);
            place = 0;
            let answer = match stop {
                Stop::Waits(seconds) => {
                    self.wait(dice, seconds);
                    source = format!("timer:flow_wait:{}:{}", self.person.id, instant(self.at));
                    walk.go_on(None);
                    continue;
                }
                Stop::Done => return self.afterwards(dice),
                Stop::Person => Answer::Person,
                Stop::Offers(replies) => self.choose(dice, &mut walk, replies),
                Stop::Asks(question) => self.tell(dice, &mut walk, question),
            };
            match answer {
                Answer::Taken(id) => (source, mismatches) = (id, 0),
                // The first makes the bot ask again, the second hands over.
                Answer::Mismatch(id) if mismatches == 0 => (source, mismatches) = (id, 1),
                Answer::Silence => return self.end(false),
                Answer::Mismatch(_) | Answer::Person => match self.person_answers(dice) {
                    Ok(handed_back) => {
                        (source, mismatches) = (handed_back, 0);
                        if matches!(stop, Stop::Person) {
                            walk.go_on(None);
                        }
                    }
                    Err(end) => return end,
                },
            }
        }
    }

    /// Somebody writes before they commented.
    pub(crate) fn write_first(&mut self, dice: &mut Dice) {
        let choice = if dice.percent(70) { self.words.price } else { self.words.remarks };
        let said = dice.pick(choice);
        self.write(said.replace("{p}", "Glow Serum").as_str());
        let _ = self.person_answers(dice);
    }

    /// A message of the buyer.
    fn write(&mut self, said: &str) -> String {
        let message = ("message_id", text(&format!("m-{}-{}", self.key, self.made + 1)));
        let handle = ("handle", text(&self.person.handle));
        self.push("message", vec![message, handle, ("text", text(said))])
    }

    /// The buyer takes their time: mostly minutes, sometimes hours, never so long that the conversation closes.
    fn think(&mut self, dice: &mut Dice) {
        self.at += if dice.percent(88) { pause(dice, 6, 900) } else { pause(dice, 900, 9 * 3_600) };
    }

    fn choose(&mut self, dice: &mut Dice, walk: &mut Walk<'a>, replies: &'a QuickReplies) -> Answer {
        let roll = dice.below(100);
        if roll >= 92 {
            return Answer::Silence;
        }
        self.think(dice);
        let place = dice.weighed((0..replies.options.len()).map(|place| if place == 3 { 1 } else { 4 }));
        let option = &replies.options[place];
        let id = match roll {
            0..60 => {
                let message = ("message_id", text(&format!("m-{}-{}", self.key, self.made + 1)));
                let mut fields = vec![message, ("option", text(option.id.as_str()))];
                if dice.percent(50) {
                    fields.insert(1, ("text", text(&option.label)));
                }
                self.push("message", fields)
            }
            60..73 => {
                let label = if dice.percent(30) { option.label.to_uppercase() } else { option.label.clone() };
                self.write(&label)
            }
            73..78 => self.write(&number_of(replies, place)),
            78..80 => {
                // A button of an older message.
                let message = ("message_id", text(&format!("m-{}-{}", self.key, self.made + 1)));
                return Answer::Mismatch(self.push("message", vec![message, ("option", text("old-button"))]));
            }
            80..90 => {
                let said = dice.pick(self.words.remarks);
                let id = self.write(said);
                let Some(free) = &replies.free_text else { return Answer::Mismatch(id) };
                if let Some(field) = free.field.as_ref().or(replies.field.as_ref()) {
                    walk.capture(field.as_str(), said);
                }
                walk.go_on(free.goto.as_ref());
                return Answer::Taken(id);
            }
            _ => {
                let said = dice.pick(self.words.sensitive);
                self.write(said);
                return Answer::Person;
            }
        };
        if let Some(field) = &replies.field {
            walk.capture(field.as_str(), &option.label);
        }
        walk.go_on(option.goto.as_ref());
        Answer::Taken(id)
    }

    fn tell(&mut self, dice: &mut Dice, walk: &mut Walk<'a>, question: &'a Question) -> Answer {
        let roll = dice.below(100);
        if roll >= 90 {
            return Answer::Silence;
        }
        self.think(dice);
        let good = match &question.expect {
            None => dice.pick(self.words.remarks).to_owned(),
            Some(Expect::Number) => dice.between(1, 6).to_string(),
            Some(Expect::Email) => format!("{}@mail.example", self.person.id),
            Some(Expect::Phone) => format!("08{}-555-{:04}", dice.between(0, 9), dice.between(0, 9_999)),
            Some(Expect::Pattern(_)) => {
                dice.pick(&["10110", "10500", "11000", "50200", "83000", "20150", "30000", "12190", "40115"]).to_owned()
            }
        };
        match roll {
            0..72 => {
                let id = self.write(&good);
                walk.capture(question.field.as_str(), &good);
                walk.go_on(None);
                Answer::Taken(id)
            }
            72..87 if question.expect.is_some() => {
                let said = dice.pick(self.words.remarks);
                Answer::Mismatch(self.write(said))
            }
            _ => {
                let said = dice.pick(self.words.sensitive);
                self.write(said);
                Answer::Person
            }
        }
    }

    /// A `wait` runs its time; what the buyer writes meanwhile is kept.
    fn wait(&mut self, dice: &mut Dice, seconds: i64) {
        let due = self.at + seconds * 1_000;
        if dice.percent(6) {
            self.at += pause(dice, 30, seconds - 1);
            let said = dice.pick(self.words.thanks);
            self.write(said);
        }
        self.at = due;
    }

    /// The flow is completed: most are content, some write on.
    fn afterwards(&mut self, dice: &mut Dice) -> End {
        if !dice.percent(12) {
            return self.end(false);
        }
        self.think(dice);
        let said = dice.pick(self.words.thanks);
        self.write(said);
        match self.person_answers(dice) {
            // Nothing is in progress: it waits, and closes by itself.
            Ok(_) => self.end(false),
            Err(end) => end,
        }
    }

    /// A person answers; the id of the event that handed the conversation back, or how it ended.
    fn person_answers(&mut self, dice: &mut Dice) -> Result<String, End> {
        self.at += pause(dice, 60, 2_400);
        let member = MEMBERS[self.person.language.place() % MEMBERS.len()];
        let by = || ("member", text(member));
        match dice.below(10) {
            0..5 => drop(self.push("take", vec![by()])),
            5 | 6 => drop(self.push("assign", vec![("member", text(OWNER)), ("to", text(member))])),
            7 => return Err(self.end(false)), // Nobody comes.
            _ => {}
        }
        for _ in 0..dice.between(1, 2) {
            self.at += pause(dice, 20, 600);
            self.member_writes(dice, member);
            if dice.percent(50) {
                self.think(dice);
                let said = dice.pick(self.words.thanks);
                self.write(said);
            }
        }
        self.at += pause(dice, 30, 3_600);
        match dice.below(100) {
            0..40 => Ok(self.push("hand_back", vec![by()])),
            40..80 => {
                self.push("close", vec![by()]);
                Err(self.end(false))
            }
            80..83 => {
                self.push("block", vec![by()]);
                if dice.percent(40) {
                    self.at += pause(dice, 3_600, 86_400);
                    self.push("unblock", vec![by()]);
                }
                Err(self.end(true))
            }
            _ => Err(self.end(false)),
        }
    }

    fn member_writes(&mut self, dice: &mut Dice, member: &str) {
        let mut fields = vec![
            ("message_id", text(&format!("m-{}-{}", self.key, self.made + 1))),
            ("member", text(member)),
            ("text", text(dice.pick(self.words.member))),
        ];
        let mut link = None;
        if dice.percent(35) {
            let (product, sku) = dice.pick(&[
                &("p_glow_cushion", Some("glow-cushion-23")),
                &("p_glow_serum", Some("glow-serum-50")),
                &("p_rose_lip_tint", None),
            ]);
            let mut shown = vec![("product", text(product))];
            shown.extend(sku.map(|sku| ("sku", text(sku))));
            fields.push(("link", object(shown)));
            link = Some(Link { product: Some((*product).into()), sku: sku.map(Into::into) });
        }
        let id = self.push("member_message", fields);
        self.report(dice, &id, 0, &[link]);
    }

    /// The DMs that an event or timer sent: their links, and what the platform reports of them.
    fn report(&mut self, dice: &mut Dice, source: &str, first: usize, sent: &[Option<Link>]) {
        for (place, link) in sent.iter().enumerate() {
            self.links.extend(link.iter().map(|link| (self.at, link.clone())));
            let dm_id = format!("{source}/{}", first + place);
            let stages: &[&str] = match dice.below(100) {
                0..55 => &[],
                55..75 => &["delivered"],
                75..88 => &["delivered", "read"],
                88..97 => &["sent", "delivered", "read"],
                _ => &["failed"],
            };
            let mut at = self.at;
            for stage in stages {
                at += if *stage == "read" { pause(dice, 2, 5_400) } else { pause(dice, 1, 5) };
                self.made += 1;
                let mut fields = vec![("dm_id", text(&dm_id)), ("status", text(stage))];
                if *stage == "failed" {
                    let why = ["recipient signed out", "messages from friends only", "blocked as spam"];
                    fields.push(("detail", text(dice.pick(&why))));
                }
                let mut event = Event::new(format!("{}-{}", self.key, self.made), at, "receipt", fields);
                if dice.percent(2) {
                    event.late = pause(dice, 1, 120);
                }
                self.events.push(event);
            }
        }
    }

    fn end(&self, blocked: bool) -> End {
        End { at: self.at, blocked }
    }
}

/// The number somebody types for an option: its place in the list, or what its label begins with where labels bear
/// numbers of their own. An option without such a number is called by its label.
fn number_of(replies: &QuickReplies, place: usize) -> String {
    if !replies.options.iter().any(|option| option.label.contains(|letter: char| letter.is_ascii_digit())) {
        return (place + 1).to_string();
    }
    let label = &replies.options[place].label;
    let digits: String = label.chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() { label.clone() } else { digits }
}
