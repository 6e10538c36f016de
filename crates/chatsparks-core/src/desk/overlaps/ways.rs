//! The ways in which a condition can hold, and a comment for each.

use super::sample;
use crate::{
    PostId,
    document::workspace::{Condition, MatchMode, Workspace},
};

/// Ways looked at for one condition at most.
const WAYS: usize = 1_200;
/// Ways that parts of an `all` are put together in: more, and each part is varied for itself.
const TOGETHER: usize = 64;
/// Names of products that a mention of any is tried by.
const NAMES: usize = 64;

/// What a comment must have for a condition to hold in one way.
#[derive(Clone, Debug, Default)]
pub(super) struct Way<'a> {
    /// The keywords and names that it is made of, as the workspace has them.
    pub(super) words: Vec<&'a str>,
    /// What its text is made of, in order; what it starts with, first.
    pub(super) parts: Vec<String>,
    /// It is the whole text.
    exact: Option<&'a str>,
    /// How many of the parts stand at the start.
    starting: usize,
    asks: bool,
    pub(super) is_first: bool,
    pub(super) is_reply: bool,
    /// The posts that are asked for; none: any.
    pub(super) posts: Option<Vec<&'a PostId>>,
}

/// The ways in which a condition can hold, as far as they can be made; what is asked not to be is left to be seen.
pub(super) fn of<'a>(condition: &'a Condition, workspace: &'a Workspace) -> Vec<Way<'a>> {
    let mut ways = holding(condition, workspace);
    ways.truncate(WAYS);
    ways
}

fn holding<'a>(condition: &'a Condition, workspace: &'a Workspace) -> Vec<Way<'a>> {
    match condition {
        Condition::QuestionMark => vec![Way { asks: true, ..Way::default() }],
        Condition::FirstComment => vec![Way { is_first: true, ..Way::default() }],
        Condition::Reply => vec![Way { is_reply: true, ..Way::default() }],
        Condition::Keywords(keywords) => {
            keywords.words.iter().take(WAYS).map(|word| Way::word(word, keywords.mode)).collect()
        }
        Condition::Pattern(pattern) => {
            let with = |text: String| Way { parts: vec![text], ..Way::default() };
            sample::texts_for_pattern(pattern).into_iter().map(with).collect()
        }
        Condition::Posts(posts) => vec![Way { posts: Some(posts.iter().collect()), ..Way::default() }],
        Condition::Mentions(mentions) => {
            let is_asked = |id| mentions.products.is_empty() || mentions.products.contains(id);
            let products = workspace.products.iter().filter(|product| is_asked(&product.id));
            let names = products.flat_map(|product| {
                // N9: a SKU's name counts when it is three characters or longer.
                let skus = product.skus.iter().map(|sku| &sku.name).filter(|name| name.chars().nth(2).is_some());
                std::iter::once(&product.name).chain(&product.aliases).chain(skus)
            });
            // Where any product will do, its name is nobody's choice of a word.
            let words =
                |way: Way<'a>| if mentions.products.is_empty() { Way { words: Vec::new(), ..way } } else { way };
            names.take(NAMES).map(|name| words(Way::word(name, MatchMode::Word))).collect()
        }
        Condition::Pack(pack) => pack.words().map(|word| Way::word(word.word, word.mode)).collect(),
        Condition::All(parts) => together(parts.iter().map(|part| holding(part, workspace)).collect()),
        Condition::Any(parts) => parts.iter().flat_map(|part| holding(part, workspace)).take(WAYS).collect(),
        Condition::Not(part) => not_holding(part, workspace),
    }
}

fn not_holding<'a>(condition: &'a Condition, workspace: &'a Workspace) -> Vec<Way<'a>> {
    match condition {
        Condition::Not(part) => holding(part, workspace),
        Condition::All(parts) => parts.iter().flat_map(|part| not_holding(part, workspace)).take(WAYS).collect(),
        Condition::Any(parts) => together(parts.iter().map(|part| not_holding(part, workspace)).collect()),
        // A comment of which nothing else is asked has none of it, most of the time; whether it has, deciding tells.
        _ => vec![Way::default()],
    }
}

/// The ways of all parts at once.
fn together(parts: Vec<Vec<Way<'_>>>) -> Vec<Way<'_>> {
    let count = parts.iter().try_fold(1_usize, |count, ways| count.checked_mul(ways.len()));
    if count.is_some_and(|count| count <= TOGETHER) {
        let mut all = vec![Way::default()];
        for ways in parts {
            all = all.iter().flat_map(|one| ways.iter().map(|other| one.clone().and(other))).collect();
        }
        return all;
    }
    if parts.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (varied, ways) in parts.iter().enumerate() {
        for way in ways.iter().take(WAYS.saturating_sub(all.len())) {
            let mut one = Way::default();
            for (place, others) in parts.iter().enumerate() {
                one = one.and(if place == varied { way } else { &others[0] });
            }
            all.push(one);
        }
    }
    all
}

impl<'a> Way<'a> {
    fn word(word: &'a str, mode: MatchMode) -> Self {
        let way = Self { words: vec![word], ..Self::default() };
        match mode {
            MatchMode::Exact => Self { exact: Some(word), ..way },
            MatchMode::StartsWith => Self { parts: vec![word.to_owned()], starting: 1, ..way },
            MatchMode::Contains | MatchMode::Word => Self { parts: vec![word.to_owned()], ..way },
        }
    }

    fn and(mut self, other: &Self) -> Self {
        self.words.extend(&other.words);
        let (starting, rest) = other.parts.split_at(other.starting);
        self.parts.splice(self.starting..self.starting, starting.iter().cloned());
        self.starting += starting.len();
        self.parts.extend_from_slice(rest);
        self.exact = self.exact.or(other.exact);
        self.asks |= other.asks;
        self.is_first |= other.is_first;
        self.is_reply |= other.is_reply;
        self.posts = match (self.posts, &other.posts) {
            (Some(own), Some(others)) => Some(own.into_iter().filter(|post| others.contains(post)).collect()),
            (own, others) => own.or_else(|| others.clone()),
        };
        self
    }

    /// A comment's text for it; `backwards`: the parts the other way round.
    pub(super) fn text(&self, backwards: bool) -> String {
        let mut text = match self.exact {
            Some(whole) => whole.to_owned(),
            None if backwards => self.parts.iter().rev().map(String::as_str).collect::<Vec<_>>().join(" "),
            None => self.parts.join(" "),
        };
        if text.is_empty() && !self.asks {
            text.push('🙂');
        }
        if self.asks && !text.ends_with('?') {
            text.push('?');
        }
        text
    }
}
