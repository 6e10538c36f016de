//! Twenty thousand comments over six weeks.

use super::{
    catalogue::Product,
    clock::{DAY, HOUR, MINUTE, day, moment, pause},
    dice::{Dice, Ranks},
    event::Event,
    json::text,
    people::{People, Person, people},
    posts::{self, Post},
    spelling::scribble,
    words::{Intent, Language},
    workspace::{ACCOUNT, MEMBERS},
};

/// How many comments, repetitions and the shop's own apart.
const COMMENTS: usize = 19_300;
/// Six weeks from 2 March 2026.
const DAYS: i64 = 42;
/// Of a hundred comments, so many are real messages.
const REAL: usize = 32;
/// Of a hundred made comments, so many want something.
const WANTING: usize = 31;
/// Of a hundred comments that want something, so many are made again before long.
const IMPATIENT: usize = 12;

/// The events of the history.
pub(crate) fn events(posts: &[Post], products: &[Product], real: &[&str]) -> Vec<Event> {
    let mut dice = Dice::new("comments");
    let people = people(&mut dice, 1, 6_500);
    let mut said = Said::new(&mut dice, real);
    let first = day(2026, 3, 2);
    let mut events = Vec::new();
    let mut instants: Vec<i64> = (0..COMMENTS)
        .map(|_| {
            // Weekends are busier; so is the week of the launch.
            let weights =
                (0..DAYS as u64).map(|day| 10 + if day % 7 >= 5 { 4 } else { 0 } + if day / 7 == 1 { 5 } else { 0 });
            let chosen = first + dice.weighed(weights) as i64 * DAY;
            moment(&mut dice, chosen)
        })
        .collect();
    instants.sort_unstable();
    for (place, at) in instants.into_iter().enumerate() {
        let (id, comment_id) = (format!("e{}", place + 1), format!("c{}", place + 1));
        let person = people.somebody(&mut dice);
        let language = said.language(&mut dice, person);
        let post = stand(&mut dice, posts, at, language);
        let (comment, wants) = said.comment(&mut dice, products, language, posts.iter().find(|known| known.id == post));
        let mut event = Event::comment(id.clone(), at, &comment_id, &post, person, &comment);
        if dice.permille(4) {
            event.late = pause(&mut dice, 60, 6 * 3_600);
        }
        if wants && dice.percent(IMPATIENT) {
            let at = at + pause(&mut dice, 40, 10 * 3_600);
            let once_more = if dice.percent(60) { comment.clone() } else { format!("{comment}??") };
            let (id, comment_id) = (format!("{id}-again"), format!("{comment_id}-again"));
            events.push(Event::comment(id, at, &comment_id, &post, person, &once_more));
        }
        echo(&mut dice, &mut events, &event, person, &post, &comment_id, &comment);
        events.push(event);
    }
    events.extend(own(&mut dice, posts, first));
    events.extend(blocks(&mut dice, &people, first));
    events.extend((1..=DAYS).map(|day| Event::new(format!("day{day}"), first + day * DAY, "clock", vec![])));
    events
}

/// What platforms send besides: the same again, the same under another id, and that it was removed.
fn echo(
    dice: &mut Dice,
    events: &mut Vec<Event>,
    event: &Event,
    person: &Person,
    post: &str,
    comment_id: &str,
    comment: &str,
) {
    if dice.permille(4) {
        let mut again = Event::comment(event.id.clone(), event.at, comment_id, post, person, comment);
        again.late = event.late + pause(dice, 1, 900);
        events.push(again);
    }
    if dice.permille(4) {
        let at = event.at + pause(dice, 2, 7_200);
        events.push(Event::comment(format!("{}b", event.id), at, comment_id, post, person, comment));
    }
    if dice.permille(9) {
        let at = event.at + pause(dice, 30, 86_400);
        let fields = vec![("comment_id", text(comment_id)), ("user_id", text(&person.id))];
        events.push(Event::new(format!("{}r", event.id), at, "comment_removed", fields));
    }
}

/// The post that a comment stands under.
pub(crate) fn stand(dice: &mut Dice, posts: &[Post], at: i64, language: Language) -> String {
    if dice.permille(25) {
        // A video that the workspace does not list.
        return format!("x{}", dice.between(1, 12));
    }
    posts[dice.weighed(posts.iter().map(|post| post.weight(at, language)))].id.clone()
}

/// What there is to say: real messages, each about once, and made ones.
pub(crate) struct Said<'a> {
    real: Vec<&'a str>,
    next: usize,
    products: Ranks,
}

impl<'a> Said<'a> {
    pub(crate) fn new(dice: &mut Dice, real: &[&'a str]) -> Self {
        let mut real = real.to_vec();
        dice.shuffle(&mut real);
        Self { real, next: 0, products: Ranks::new(200, 4) }
    }

    /// The language of the person's next comment: mostly their own.
    fn language(&self, dice: &mut Dice, person: &Person) -> Language {
        if dice.percent(90) { person.language } else { Language::ALL[dice.below(4)] }
    }

    /// A comment, and whether it was made to want something.
    fn comment(
        &mut self,
        dice: &mut Dice,
        products: &[Product],
        language: Language,
        post: Option<&Post>,
    ) -> (String, bool) {
        let campaign = campaign_words(post);
        if !campaign.is_empty() && dice.percent(24) {
            return (dice.pick(campaign).to_owned(), true);
        }
        // Two of three Thai comments are real ones: about a third of all.
        if language == Language::Thai && dice.percent(REAL * 100 / 44) && !self.real.is_empty() {
            self.next += 1;
            return (self.real[self.next % self.real.len()].to_owned(), false);
        }
        if dice.percent(WANTING) {
            let intent = Intent::ALL[dice.weighed(Intent::ALL.map(Intent::weight))];
            let seed = self.seed(dice, products, language, intent);
            return (scribble(dice, language, &seed), true);
        }
        (self.idle(dice, language), false)
    }

    /// A comment with this intent, spelt well.
    pub(crate) fn seed(&self, dice: &mut Dice, products: &[Product], language: Language, intent: Intent) -> String {
        let words = intent.of(language.words());
        dice.pick(words).replace("{p}", products[dice.rank(&self.products)].called(language))
    }

    /// A comment that wants nothing that the shop foresees.
    pub(crate) fn idle(&self, dice: &mut Dice, language: Language) -> String {
        let words = language.words();
        match dice.below(20) {
            0 | 1 => dice.pick(words.questions).to_owned(),
            2 | 3 => {
                let emoji = dice.pick(words.emoji);
                emoji.repeat(dice.between(1, 4) as usize)
            }
            4 => dice
                .pick(&["🛒", "🔥🔥🔥", "🛍️🛍️", "1", "...", "❤️❤️❤️❤️", "up", "join", "cf", "glow", "GLOW"])
                .to_owned(),
            5 => {
                let (one, other) = (dice.pick(words.chatter), Language::ALL[dice.below(4)].words());
                format!("{one} {}", dice.pick(other.chatter))
            }
            _ => {
                let seed = dice.pick(words.chatter);
                scribble(dice, language, seed)
            }
        }
    }
}

/// What the videos with a campaign, and Lives, ask people to write.
fn campaign_words(post: Option<&Post>) -> &'static [&'static str] {
    let Some(post) = post else { return &[] };
    match post.id.as_str() {
        posts::CODE_VIDEO => {
            &["glow", "GLOW15", "Glow", "code", "ขอโค้ด", "xin mã", "minta kode", "glowwww", "code pls"]
        }
        posts::CUSHION_VIDEO => {
            &["คุชชั่นเบอร์ไหน", "สี 21 หรือ 23 คะ", "เบอร์ 23 ค่ะ", "Cushion 21", "Glow Cushion สวยมาก", "shade 25?"]
        }
        posts::LIP_VIDEO => {
            &["swatch với shop", "Glow Lip Tint đẹp quá", "son tint rose có mấy màu", "ลิปสวยมาก", "Rose Lip Matte 02"]
        }
        posts::SERUM_VIDEO => {
            &["เซรั่มตัวใหม่ใช่ไหม", "เซรั่มเท่าไหร่คะ", "Glow Serum!", "รอรีวิวเซรั่มค่ะ", "สนใจตัวใหม่ค่ะ", "new serum???"]
        }
        posts::GIVEAWAY_VIDEO => {
            &["join", "JOIN", "ร่วมสนุก", "tham gia", "Tham  gia", "ikutan", "joinnn", "glow", "จองค่ะ", "mau dong"]
        }
        _ if post.live => &["cf 12", "CF3", "เอฟ 5", "cf", "chốt 2", "fix 3", "CF 7 ค่ะ", "เอฟ12", "cff"],
        _ => &[],
    }
}

/// Comments of the shop itself.
fn own(dice: &mut Dice, posts: &[Post], first: i64) -> Vec<Event> {
    let shop = Person { id: ACCOUNT.to_owned(), handle: "glow.cosmetics".to_owned(), language: Language::Thai };
    let said = [
        "ทักแชทมาได้เลยค่ะ ราคาอยู่ในลิงก์",
        "Thank you 💕",
        "ของเข้าแล้วนะคะ",
        "Link in bio!",
        "Cảm ơn mọi người ạ",
        "Makasih kak!",
    ];
    (1..=180)
        .map(|number| {
            let at =
                first + dice.between(0, DAYS - 1) * DAY + dice.between(2, 14) * HOUR + dice.between(0, 59) * MINUTE;
            let language = Language::ALL[dice.below(4)];
            let post = stand(dice, posts, at, language);
            Event::comment(format!("o{number}"), at, &format!("oc{number}"), &post, &shop, dice.pick(&said))
        })
        .collect()
}

/// People whom the shop blocks, some of them for a while.
fn blocks(dice: &mut Dice, people: &People, first: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for (place, person) in people.iter().step_by(7).take(40).enumerate() {
        let at = first + dice.between(2, 34) * DAY + dice.between(0, 1_439) * MINUTE;
        let member = || vec![("member", text(MEMBERS[place % MEMBERS.len()]))];
        events.push(Event::about(format!("b{place}"), at, "block", &person.id, member()));
        if place % 4 == 0 {
            let until = at + dice.between(6, 200) * HOUR;
            events.push(Event::about(format!("b{place}u"), until, "unblock", &person.id, member()));
        }
    }
    events
}
