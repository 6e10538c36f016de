//! Everything there is: accounts, people, comments, messages, shops, tokens, and what is due. No sockets, no waiting;
//! an instant is passed to whatever happens.

mod acts;
mod comments;
mod crowd;
mod faults;
mod hooks;
mod limits;
mod messages;
mod people;
mod read;
mod shop;
mod tokens;
mod words;

pub(crate) use comments::{Author, Comment};
pub(crate) use faults::Met;
pub(crate) use hooks::{EVENT_TYPES, Request};
pub(crate) use limits::Rate;
pub(crate) use messages::{Conversation, Kind, Message, Reply, Sending};
pub(crate) use people::Person;
pub(crate) use shop::{Order, money};
pub(crate) use tokens::Token;

use crate::{
    Settings,
    clock::Clock,
    control::{Act, Call, Planned},
    ids::Ids,
};
use std::collections::BTreeMap;

/// Why something does not happen: TikTok's code, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A Business Account with its shop.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) region: String,
    pub(crate) business_id: String,
    pub(crate) comment_to_message: bool,
    pub(crate) videos: Vec<u64>,
    pub(crate) shop: shop::Shop,
}

/// An app's public name and its secret.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) key: String,
    pub(crate) secret: String,
}

/// Something that will happen by itself.
#[derive(Clone, Debug)]
enum Due {
    Act(Act),
    /// Somebody of a crowd does something only if nothing came between.
    React(crowd::Reaction),
    HighIntent(u64),
    OrderStatus(u64, &'static str),
    Deliver(usize),
}

/// What there is to do now.
#[derive(Debug)]
pub(crate) enum Step {
    /// These go out.
    Send(Vec<Request>),
    /// Nothing.
    Rest,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    ids: Ids,
    agenda: BTreeMap<(i64, u64), Due>,
    order: u64,
    pub(crate) app: Keys,
    pub(crate) shop_app: Keys,
    pub(crate) service_id: String,
    pub(crate) accounts: Vec<Account>,
    people: BTreeMap<String, Person>,
    /// Names by unique identifier.
    identifiers: BTreeMap<String, String>,
    pub(crate) comments: BTreeMap<u64, Comment>,
    /// Comments in the order they were written.
    comment_order: Vec<u64>,
    /// What stands right under a video or a comment.
    threads: BTreeMap<u64, Vec<u64>>,
    pub(crate) conversations: BTreeMap<String, Conversation>,
    /// Every message in the order written: its conversation and place in it.
    message_order: Vec<(String, usize)>,
    pub(crate) orders: BTreeMap<u64, Order>,
    tokens: tokens::Tokens,
    pub(crate) hooks: hooks::Hooks,
    pub(crate) faults: faults::Faults,
    pub(crate) limits: limits::Limits,
    pub(crate) calls: Vec<Call>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        let mut ids = Ids::new(settings.seed);
        let mut clock = Clock::new(settings.clock, settings.outside, settings.start);
        let now = clock.now();
        let accounts: Vec<_> = settings.accounts.iter().map(|account| Account::new(account, now, &mut ids)).collect();
        let mut world = Self {
            app: Keys {
                key: ids.secret("aw", &["client"])[..18].to_owned(),
                secret: ids.secret("", &["client secret"]),
            },
            shop_app: Keys { key: ids.secret("", &["app"])[..12].to_owned(), secret: ids.secret("", &["app secret"]) },
            service_id: ids.long(now, &["service"]).to_string(),
            clock,
            ids,
            agenda: BTreeMap::new(),
            order: 0,
            accounts,
            people: BTreeMap::new(),
            identifiers: BTreeMap::new(),
            comments: BTreeMap::new(),
            comment_order: Vec::new(),
            threads: BTreeMap::new(),
            conversations: BTreeMap::new(),
            message_order: Vec::new(),
            orders: BTreeMap::new(),
            tokens: tokens::Tokens::default(),
            hooks: hooks::Hooks::default(),
            faults: faults::Faults::default(),
            limits: limits::Limits::default(),
            calls: Vec::new(),
            settings,
        };
        world.first_tokens(now);
        world
    }

    /// Lets everything happen that is due by now, and says what goes out of it; what goes out is on its way then.
    pub(crate) fn step(&mut self) -> Step {
        let now = self.clock.now();
        let at_once = self.settings.webhooks.at_once.max(1) as usize;
        let mut out = Vec::new();
        while let Some((&(at, order), _)) = self.agenda.first_key_value() {
            if at > now || out.len() == at_once {
                break;
            }
            match self.agenda.remove(&(at, order)) {
                Some(Due::Deliver(number)) => out.extend(self.request(number)),
                // What waits for an answer comes first, so that what follows of it has its place in time.
                Some(due) if !out.is_empty() => {
                    self.agenda.insert((at, order), due);
                    break;
                }
                Some(Due::Act(act)) => {
                    // People of a crowd may come too late: a comment is gone, an order cancelled.
                    let _ = self.act(at, &act);
                }
                Some(Due::React(reaction)) => self.react(at, &reaction),
                Some(Due::HighIntent(comment)) => self.tell_high_intent(at, comment),
                Some(Due::OrderStatus(order, status)) => self.order_status(at, order, status),
                None => break,
            }
        }
        if out.is_empty() { Step::Rest } else { Step::Send(out) }
    }

    /// When the next thing is due.
    pub(crate) fn next(&self) -> Option<i64> {
        self.agenda.keys().next().map(|(at, _)| *at)
    }

    fn due(&mut self, at: i64, due: Due) {
        self.order += 1;
        self.agenda.insert((at, self.order), due);
    }

    /// An account by its username, or the first.
    pub(crate) fn account(&self, username: Option<&str>) -> Result<usize, Refusal> {
        let Some(username) = username else { return Ok(0) };
        let found = self.accounts.iter().position(|account| account.username == username);
        found.ok_or_else(|| Refusal::new(40_007, format!("there is no account `{username}`")))
    }

    /// Plans what a crowd does.
    pub(crate) fn crowd(&mut self, crowd: &crate::control::Crowd) -> Result<Planned, Refusal> {
        let now = self.clock.now();
        self.plan(now, crowd)
    }
}

impl Account {
    fn new(settings: &crate::settings::Account, now: i64, ids: &mut Ids) -> Self {
        let name = settings.username.as_str();
        let hour = 3_600_000;
        let videos = (0..settings.videos.max(1))
            .map(|video| ids.long(now - i64::from(video + 1) * 24 * hour, &["video", name, &video.to_string()]))
            .collect();
        Self {
            username: name.to_owned(),
            display_name: settings.display_name.clone(),
            region: settings.region.to_uppercase(),
            business_id: ids.open(&["account", name]),
            comment_to_message: settings.comment_to_message && comments::answers_comments(&settings.region),
            videos,
            shop: shop::Shop::new(settings, now, ids),
        }
    }
}
