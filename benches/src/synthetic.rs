//! Synthetic workspaces and comments, seeded: the sets that the targets are measured on.
//!
//! Mean 56 bytes a comment; five keywords a trigger; scopes 30 % every post, 55 % one to three of 5,000
//! posts, 15 % one of 64 tags; a fifth asks for two words at once; and whatever the number of triggers,
//! one comment in twenty has a winner, so that sets of different sizes can be compared.

use crate::{language::Language, random::Random};
use chatsparks_core::{
    Comment, CommentResult, Contact, Engine, Instant, Scratch, Text, UserId, internal::ContactChange,
    workspace::Workspace,
};
use icu_normalizer::{DecomposingNormalizer, DecomposingNormalizerBorrowed};
use serde_json::{Value, json};
use std::sync::Arc;

const SEED: u64 = 20_260_101;
const POSTS: usize = 5_000;
const TAGS: usize = 64;
/// Distinct keywords; the last third belongs to triggers that listen everywhere.
const POOL: usize = 24_000;
const EVERYWHERE: usize = POOL * 2 / 3;
/// Keywords of a trigger.
const WORDS: usize = 5;

/// The instant at which everything happens.
pub const NOW: Instant = Instant::from_milliseconds(1_772_445_600_000);

/// A workspace of so many triggers, its engine, and comments for it.
pub struct Set {
    /// How many triggers.
    pub triggers: usize,
    /// The document.
    pub workspace: Arc<Workspace>,
    /// The engine, as an embedder gets it.
    pub engine: Engine,
    /// The comments.
    pub comments: Vec<Comment>,
    /// What each comment is written in.
    pub languages: Vec<Language>,
    /// Whether a trigger wins the comment.
    pub wins: Vec<bool>,
    /// The contact of each comment, who commented before.
    pub contacts: Vec<Contact>,
}

impl Set {
    /// Makes a set.
    pub fn new(triggers: usize, comments: usize) -> Self {
        let maker = Maker::new(triggers);
        let workspace = Arc::new(maker.workspace());
        let engine = compiled(&workspace);
        let mut set = Self {
            triggers,
            workspace,
            engine,
            comments: Vec::with_capacity(comments),
            languages: Vec::with_capacity(comments),
            wins: Vec::with_capacity(comments),
            contacts: Vec::with_capacity(comments),
        };
        let mut writer = Writer {
            maker: &maker,
            engine: &set.engine,
            scratch: Scratch::default(),
            random: Random::new(SEED ^ 0xC0),
            decomposer: DecomposingNormalizer::new_nfd(),
        };
        for number in 0..comments {
            let wins = number % 20 == 7;
            let (comment, language) = writer.comment(number, wins);
            set.contacts.push(known_contact(&comment.user_id));
            set.comments.push(comment);
            set.languages.push(language);
            set.wins.push(wins);
        }
        set
    }

    /// Mean bytes of a comment.
    pub fn mean_bytes(&self) -> f64 {
        let bytes: usize = self.comments.iter().map(|comment| comment.text.as_str().len()).sum();
        bytes as f64 / self.comments.len() as f64
    }

    /// The texts of some languages.
    pub fn texts(&self, languages: &[Language]) -> Vec<&str> {
        let chosen = self.comments.iter().zip(&self.languages).filter(|(_, language)| languages.contains(language));
        chosen.map(|(comment, _)| comment.text.as_str()).collect()
    }
}

/// The engine of a document that has no faults.
pub fn compiled(workspace: &Arc<Workspace>) -> Engine {
    match Engine::compile(workspace.clone()) {
        Ok(engine) => engine,
        Err(error) => unreachable!("synthetic workspaces have no faults: {error}"),
    }
}

/// Somebody who commented before.
pub fn known_contact(user_id: &UserId) -> Contact {
    let mut contact = Contact::new(user_id.clone());
    contact.apply(&ContactChange::Commented);
    contact
}

/// One trigger to be.
struct Plan {
    /// Groups of words, of which each must be found; numbers within the pool.
    groups: Vec<Vec<usize>>,
    scope: Where,
}

enum Where {
    Everywhere,
    Posts(Vec<usize>),
    Tag(usize),
}

struct Maker {
    pool: Vec<(Language, String)>,
    /// The tags of each post.
    posts: Vec<Vec<usize>>,
    plans: Vec<Plan>,
}

impl Maker {
    fn new(triggers: usize) -> Self {
        let mut random = Random::new(SEED);
        let phrases: Vec<String> =
            [Language::Thai, Language::English, Language::Vietnamese, Language::Indonesian, Language::Mixed]
                .iter()
                .flat_map(|language| language.phrases())
                .map(|phrase| phrase.to_lowercase())
                .collect();
        let mut seen = std::collections::BTreeSet::new();
        let mut pool = Vec::with_capacity(POOL);
        while pool.len() < POOL {
            let language = Language::of(&mut random);
            let word = language.keyword(&mut random);
            if !phrases.iter().any(|phrase| phrase.contains(&word)) && seen.insert(word.clone()) {
                pool.push((language, word));
            }
        }
        let posts = (0..POSTS).map(|_| (0..random.below(4)).map(|_| random.below(TAGS)).collect()).collect();
        let mut maker = Self { pool, posts, plans: Vec::new() };
        maker.plans = (0..triggers).map(|_| maker.plan(&mut random)).collect();
        maker
    }

    fn plan(&self, random: &mut Random) -> Plan {
        let scope = match random.below(100) {
            0..30 => Where::Everywhere,
            30..85 => Where::Posts((0..1 + random.below(3)).map(|_| post(random)).collect()),
            _ => Where::Tag(random.below(TAGS)),
        };
        let words: Vec<usize> = (0..WORDS)
            .map(|_| match scope {
                Where::Everywhere => EVERYWHERE + random.below(POOL - EVERYWHERE),
                _ => random.skewed(EVERYWHERE, 3),
            })
            .collect();
        let groups = if random.chance(0.2) { vec![words[..3].to_vec(), words[3..].to_vec()] } else { vec![words] };
        Plan { groups, scope }
    }

    fn workspace(&self) -> Workspace {
        let post = |number: usize| format!("7380000000000{number:06}");
        let posts: Vec<Value> = self
            .posts
            .iter()
            .enumerate()
            .map(|(number, tags)| {
                let tags: Vec<String> = tags.iter().map(|tag| format!("tag-{tag}")).collect();
                json!({ "id": post(number), "kind": "video", "published_at": "2026-02-01T00:00:00Z", "tags": tags })
            })
            .collect();
        let triggers: Vec<Value> = self
            .plans
            .iter()
            .enumerate()
            .map(|(number, plan)| {
                let scope = match &plan.scope {
                    Where::Everywhere => json!("all"),
                    Where::Posts(posts) => {
                        json!({ "posts": posts.iter().map(|number| post(*number)).collect::<Vec<_>>() })
                    }
                    Where::Tag(tag) => json!({ "tags": [format!("tag-{tag}")] }),
                };
                let mut groups: Vec<Value> = plan.groups.iter().map(|group| self.keywords(group)).collect();
                let when = if groups.len() == 1 { groups.remove(0) } else { json!({ "all": groups }) };
                json!({ "id": format!("trigger-{number}"), "scope": scope, "when": when, "flow": "answer",
                        "public_reply": "Sent you a DM" })
            })
            .collect();
        let document = json!({
            "schema": 1,
            "workspace": { "id": "synthetic", "name": "Synthetic", "account_user_id": "account" },
            "posts": posts, "triggers": triggers,
            "products": [ { "id": "p", "name": "Synthetic product", "skus": [ { "id": "s", "name": "one" } ] } ],
            "flows": [ { "id": "answer", "version": 1, "blocks": [
                { "id": "hello", "message": { "text": "Hi {{handle}}! It is 590 THB." } } ] } ] });
        match serde_json::from_value(document) {
            Ok(workspace) => workspace,
            Err(error) => unreachable!("a synthetic document can be read: {error}"),
        }
    }

    fn keywords(&self, group: &[usize]) -> Value {
        json!({ "keywords": { "words": group.iter().map(|word| &self.pool[*word].1).collect::<Vec<_>>() } })
    }
}

/// A post, the popular ones oftener: zipf by the inverse of its harmonic sum.
fn post(random: &mut Random) -> usize {
    ((POSTS as f64).powf(random.unit()) as usize - 1).min(POSTS - 1)
}

/// Writes comments for one workspace.
struct Writer<'a> {
    maker: &'a Maker,
    engine: &'a Engine,
    scratch: Scratch,
    random: Random,
    decomposer: DecomposingNormalizerBorrowed<'static>,
}

impl Writer<'_> {
    /// A comment that has a winner, or has none: tried until it is so.
    fn comment(&mut self, number: usize, wins: bool) -> (Comment, Language) {
        let mut tries = 0;
        loop {
            tries += 1;
            let random = &mut self.random;
            let (mut language, mut at, mut words) = (Language::of(random), post(random), Vec::new());
            if wins {
                let plan = &self.maker.plans[random.below(self.maker.plans.len())];
                words.extend(plan.groups.iter().map(|group| group[random.below(group.len())]));
                language = self.maker.pool[words[0]].0;
                match &plan.scope {
                    Where::Everywhere => {}
                    Where::Posts(posts) => at = posts[random.below(posts.len())],
                    Where::Tag(tag) => {
                        let tagged: Vec<usize> =
                            (0..POSTS).filter(|post| self.maker.posts[*post].contains(tag)).collect();
                        at = tagged[random.below(tagged.len())];
                    }
                }
            } else if tries < 20 {
                // Most words stand in triggers for other posts.
                if random.chance(0.35) {
                    words.push(self.asked_for());
                }
                if self.random.chance(0.15) {
                    words.push(EVERYWHERE / 2 + self.random.below(EVERYWHERE / 2));
                }
            }
            let text = self.text(language, &words);
            let comment = Comment {
                comment_id: format!("7390000000000{number:06}").into(),
                post_id: format!("7380000000000{at:06}").into(),
                user_id: format!("68000000000000{number:06}").into(),
                handle: None,
                text: Text::from(text),
                posted_at: None,
                reply_to: None,
                direct_reply: false,
            };
            let contact = known_contact(&comment.user_id);
            let outcome = self.engine.judge(Some(&contact), &comment, NOW, &mut self.scratch);
            if (outcome.result == CommentResult::Fired) == wins {
                return (comment, language);
            }
        }
    }

    /// A word of a trigger for some post or tag, as often as triggers have it.
    fn asked_for(&mut self) -> usize {
        for _ in 0..50 {
            let plan = &self.maker.plans[self.random.below(self.maker.plans.len())];
            if !matches!(plan.scope, Where::Everywhere) {
                let group = &plan.groups[self.random.below(plan.groups.len())];
                return group[self.random.below(group.len())];
            }
        }
        0
    }

    fn text(&mut self, language: Language, words: &[usize]) -> String {
        let length = 18 + self.random.skewed(70, 2);
        let mut text = String::new();
        let glue = if language == Language::Thai { "" } else { " " };
        let mut left = words.to_vec();
        loop {
            if !text.is_empty() {
                text.push_str(glue);
            }
            match left.pop() {
                Some(word) => {
                    let word = self.written(word);
                    text.push_str(&word);
                }
                None => text.push_str(self.random.pick(language.phrases())),
            }
            if left.is_empty() && text.len() >= length {
                break;
            }
        }
        let random = &mut self.random;
        match random.below(100) {
            0..20 => text.push('?'),
            20..25 => text.push('？'),
            25..37 => text.push_str(random.pick(&[" 😍", "😂😂", " 🙏🏻", "❤️", "🔥"])),
            37..40 => text.push_str("!!!"),
            _ => {}
        }
        text
    }

    /// A keyword as somebody might write it: in capitals, elongated, full-width, decomposed.
    fn written(&mut self, word: usize) -> String {
        let (language, word) = &self.maker.pool[word];
        match self.random.below(20) {
            0..4 => word.to_uppercase(),
            4 => {
                let last = word.chars().last().unwrap_or(' ');
                if last.is_alphabetic() { format!("{word}{last}{last}") } else { word.clone() }
            }
            5 if word.is_ascii() => {
                let wide = |c: char| char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c.is_ascii_graphic());
                word.chars().map(|c| wide(c).unwrap_or(c)).collect()
            }
            6..8 if *language == Language::Vietnamese => self.decomposer.normalize(word).into_owned(),
            _ => word.clone(),
        }
    }
}
