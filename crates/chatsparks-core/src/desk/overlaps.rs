//! Triggers that take what was written for others, or that nothing can bring.
//!
//! Where `check` reasons about conditions, this makes comments: for each way in which a trigger's condition can hold, one
//! comment that it is meant for, which is then decided by the engine itself. The engine's own index finds who takes it,
//! so the search costs about as much as deciding a few comments a trigger, however many triggers there are. What is
//! told bears the comment it was seen in, and whoever doubts it can decide that comment again.

use crate::{
    PostId, TriggerId,
    desk::explain::Explained,
    document::check,
    document::workspace::{OnThrottled, Scope},
    engine::{Engine, compile::Compiled},
    machines::comment::{Beside, Buffers},
};
pub use sample::texts_for_pattern;
use serde::Serialize;
use std::collections::BTreeMap;
use ways::Way;

mod sample;
mod ways;

/// Posts of a trigger's scope that a comment is tried under at most. What stands under more is not claimed.
const POSTS: usize = 256;
/// Comments decided at most, for all triggers together.
const DECIDED: usize = 2_000_000;

/// What [`Engine::overlaps`] found, each thing with its witness.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overlaps {
    /// Whether comments are heard at all (C1): where they are not, no trigger fires, whatever else stands here.
    pub hears_comments: bool,
    /// Triggers that cannot fire, and words that another trigger takes; in priority order.
    pub triggers: Vec<Overlap>,
    /// Active triggers for which no comment was found, and of which nothing else is claimed either: a condition that is
    /// out of reach of the search, such as patterns within `not`.
    pub unknown: Vec<TriggerId>,
}

/// One trigger that does not get what it was written for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overlap {
    /// The trigger.
    pub trigger: TriggerId,
    /// What becomes of it.
    pub kind: OverlapKind,
    /// The triggers above it that take its comments, highest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<TriggerId>,
    /// Those of its words of which none brings it, as the workspace has them. None: no word of it is at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// A comment in which it shows.
    pub witness: Witness,
}

/// What becomes of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OverlapKind {
    /// Its scope holds no post of the workspace (C3): it never fires.
    NoPost,
    /// Its condition asks for what cannot be at once: it never fires.
    Impossible,
    /// Triggers above it match whenever it does: it never fires (C2).
    NeverFirst,
    /// A comment that is written for it goes to a trigger above that starts another flow: the two contradict each other.
    Contradicts,
    /// A comment that is written for it goes to a trigger above that starts the same flow: nothing is lost but its own
    /// reply and its numbers.
    Shadowed,
}

impl OverlapKind {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoPost => "no_post",
            Self::Impossible => "impossible",
            Self::NeverFirst => "never_first",
            Self::Contradicts => "contradicts",
            Self::Shadowed => "shadowed",
        }
    }

    /// Whether the trigger never fires at all.
    pub fn is_never(self) -> bool {
        matches!(self, Self::NoPost | Self::Impossible | Self::NeverFirst)
    }
}

/// A comment made of the workspace's own words, and what the engine decides of it for somebody who is not blocked, not
/// throttled, and not with a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// The post it stands under: one of the scope, or one that the workspace lacks.
    pub post_id: PostId,
    /// Its text.
    pub text: String,
    /// Whether it answers another comment (C4).
    pub is_reply: bool,
    /// Whether it is its contact's first (C4).
    pub is_first: bool,
    /// What becomes of the trigger for it (C10): `outranked`, `out_of_scope` or `no_match`.
    pub result: Explained,
    /// The trigger that wins (C2); none: no trigger matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winner: Option<TriggerId>,
}

impl Overlaps {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.hears_comments && self.triggers.is_empty()
    }
}

impl Engine {
    /// Looks for triggers that take each other's comments or never fire, each with a witness (C2, C3, C4).
    ///
    /// What is told is always so; what is so is not always told. Drafts are passed over. Under
    /// `on_throttled = "next"` no trigger always takes another's comments (C7), so that only those are told that cannot
    /// fire by themselves.
    pub fn overlaps(&self) -> Overlaps {
        let engine = self.compiled();
        let mut search = Search::new(engine);
        let never_first = match engine.workspace.policy.on_throttled {
            OnThrottled::Stop => check::never_first(&engine.workspace),
            OnThrottled::Next => vec![Vec::new(); engine.triggers.len()],
        };
        let impossible = check::impossible(&engine.workspace);
        let (mut triggers, mut unknown) = (Vec::new(), Vec::new());
        for number in (0..engine.triggers.len()).filter(|number| engine.triggers[*number].is_active) {
            let found = triggers.len();
            let is_known = search.trigger(number, &never_first[number], impossible[number], &mut triggers);
            if !is_known && triggers.len() == found {
                unknown.push(engine.triggers[number].id.clone());
            }
        }
        Overlaps { hears_comments: engine.hears_comments, triggers, unknown }
    }
}

/// What the search for one trigger after another shares.
struct Search<'a> {
    engine: &'a Compiled,
    buffers: Buffers,
    /// A post that the workspace neither has nor names.
    elsewhere: PostId,
    /// The posts that bear a tag.
    tagged: BTreeMap<&'a str, Vec<&'a PostId>>,
    decided: usize,
}

/// What a comment comes to for one trigger.
struct Tried {
    /// Whether the trigger matches.
    matches: bool,
    winner: Option<usize>,
    witness: Witness,
}

impl<'a> Search<'a> {
    fn new(engine: &'a Compiled) -> Self {
        let mut tagged: BTreeMap<&str, Vec<&PostId>> = BTreeMap::new();
        for post in &engine.workspace.posts {
            post.tags.iter().for_each(|tag| tagged.entry(tag.as_str()).or_default().push(&post.id));
        }
        let mut name = "any-other-post".to_owned();
        while engine.post_names.find(name.as_str()).is_some() {
            name.push('-');
        }
        Self { engine, buffers: Buffers::default(), elsewhere: name.into(), tagged, decided: 0 }
    }

    /// Tells what is wrong with a trigger. Says whether it is known that something brings it, or why nothing does.
    fn trigger(&mut self, number: usize, never_first: &[usize], impossible: bool, found: &mut Vec<Overlap>) -> bool {
        let document = &self.engine.workspace.triggers[number];
        let ways = ways::of(&document.when, &self.engine.workspace);
        let posts = self.posts(&document.scope);
        if posts.is_empty() {
            let post = match &document.scope {
                Scope::Posts(posts) => posts.first().cloned(),
                _ => None,
            };
            let post = post.unwrap_or_else(|| self.elsewhere.clone());
            let way = ways.first().cloned().unwrap_or_default();
            let tried = self.decide(number, &way, &post);
            if tried.witness.result == Explained::OutOfScope {
                found.push(self.overlap(number, OverlapKind::NoPost, Vec::new(), Vec::new(), tried.witness));
            }
            return true;
        }
        if impossible {
            let way = ways.first().cloned().unwrap_or_default();
            let post = way.posts.as_ref().and_then(|posts| posts.first().copied()).unwrap_or(&posts[0]).clone();
            let tried = self.decide(number, &way, &post);
            if !tried.matches {
                found.push(self.overlap(number, OverlapKind::Impossible, Vec::new(), Vec::new(), tried.witness));
            }
            return true;
        }
        let tried: Vec<(Way<'a>, Option<Tried>)> =
            ways.into_iter().map(|way| (way.clone(), self.best(number, &way, &posts))).collect();
        let mut known = tried.iter().filter_map(|(way, tried)| Some((way, tried.as_ref()?)));
        if self.engine.workspace.policy.on_throttled == OnThrottled::Next {
            return known.next().is_some();
        }
        if !never_first.is_empty() {
            let Some((_, tried)) = known.find(|(_, tried)| tried.winner != Some(number)) else { return true };
            let by = never_first.iter().map(|higher| self.engine.triggers[*higher].id.clone()).collect();
            found.push(self.overlap(number, OverlapKind::NeverFirst, by, Vec::new(), tried.witness.clone()));
            return true;
        }
        self.taken(number, &tried, found);
        tried.iter().any(|(_, tried)| tried.is_some())
    }

    /// Tells of the words of a trigger that never bring it, by who takes them.
    fn taken(&self, number: usize, tried: &[(Way<'a>, Option<Tried>)], found: &mut Vec<Overlap>) {
        let mut brings: Vec<&str> = Vec::new();
        let mut takers: BTreeMap<usize, (Vec<&str>, &Witness)> = BTreeMap::new();
        for (way, tried) in tried.iter().filter_map(|(way, tried)| Some((way, tried.as_ref()?))) {
            match tried.winner {
                Some(winner) if winner != number => {
                    let (words, _) = takers.entry(winner).or_insert((Vec::new(), &tried.witness));
                    words.extend(&way.words);
                }
                _ => brings.extend(if way.words.is_empty() { &[""][..] } else { &way.words }),
            }
        }
        brings.sort_unstable();
        let brings_nothing = brings.is_empty();
        for (winner, (mut words, witness)) in takers {
            words.retain(|word| brings.binary_search(word).is_err());
            let mut seen = Vec::new();
            words.retain(|word| {
                !seen.contains(word) && {
                    seen.push(*word);
                    seen.len() <= 1_000
                }
            });
            // Its words bring it in other company: what is taken is no more than what comes together by chance.
            if words.is_empty() && !brings_nothing {
                continue;
            }
            let flow = |number: usize| &self.engine.workspace.triggers[number].flow;
            let same = flow(winner) == flow(number);
            let kind = if same { OverlapKind::Shadowed } else { OverlapKind::Contradicts };
            let by = vec![self.engine.triggers[winner].id.clone()];
            let words = words.into_iter().map(str::to_owned).collect();
            found.push(self.overlap(number, kind, by, words, witness.clone()));
        }
    }

    /// A comment that the trigger gets, or else one that it matches and does not get under any post of its scope. None: no comment
    /// was found that it matches, or not every post could be looked at.
    fn best(&mut self, number: usize, way: &Way<'a>, posts: &[PostId]) -> Option<Tried> {
        let own: Vec<&PostId> = match &way.posts {
            Some(asked) if matches!(self.engine.workspace.triggers[number].scope, Scope::All) => asked.clone(),
            Some(asked) => asked.iter().copied().filter(|post| posts.contains(post)).collect(),
            None => posts.iter().collect(),
        };
        let mut taken = None;
        for post in own.iter().take(POSTS) {
            let tried = self.decide(number, way, post);
            if tried.matches && tried.winner == Some(number) {
                return Some(tried);
            }
            if tried.matches {
                taken.get_or_insert(tried);
            }
        }
        taken.filter(|_| own.len() <= POSTS)
    }

    /// Lets the engine decide a comment, and says what becomes of the trigger.
    fn decide(&mut self, number: usize, way: &Way<'a>, post: &PostId) -> Tried {
        let mut tried = self.decide_text(number, way, post, way.text(false));
        // What a pattern asks for may stand better in front.
        if !tried.matches && way.parts.len() > 1 {
            let other = self.decide_text(number, way, post, way.text(true));
            if other.matches {
                tried = other;
            }
        }
        tried
    }

    fn decide_text(&mut self, number: usize, way: &Way<'a>, post: &PostId, text: String) -> Tried {
        self.decided += 1;
        let (engine, buffers) = (self.engine, &mut self.buffers);
        let beside = Beside { is_first: way.is_first, is_reply: way.is_reply };
        let is_within = self.decided <= DECIDED;
        engine.find_features(if is_within { &text } else { "" }, beside, buffers);
        let place = engine.post_names.find(post.as_str());
        let refusals = engine.match_refusals(number as u32, Some(engine.under(place)), buffers);
        let winner = engine.highest(place, buffers, |_| true).map(|winner| winner as usize);
        let matches = is_within && refusals.iter().all(Option::is_none);
        let first = refusals.into_iter().flatten().next();
        let result = first.unwrap_or(if winner == Some(number) { Explained::Fired } else { Explained::Outranked });
        let winner_id = winner.map(|winner| engine.triggers[winner].id.clone());
        let (is_reply, is_first) = (way.is_reply, way.is_first);
        let witness = Witness { post_id: post.clone(), text, is_reply, is_first, result, winner: winner_id };
        Tried { matches, winner, witness }
    }

    /// The posts at which a trigger listens: where it listens everywhere, one that nothing else is said of.
    fn posts(&self, scope: &'a Scope) -> Vec<PostId> {
        let mut posts: Vec<PostId> = match scope {
            Scope::All => return vec![self.elsewhere.clone()],
            Scope::Posts(posts) => {
                let known = |post: &&PostId| self.engine.known_post(self.engine.post_names.find(post.as_str()));
                posts.iter().filter(|post| known(post).is_some()).cloned().collect()
            }
            Scope::Tags(tags) => tags
                .iter()
                .filter_map(|tag| self.tagged.get(tag.as_str()))
                .flatten()
                .map(|post| (*post).clone())
                .collect(),
        };
        posts.sort_unstable();
        posts.dedup();
        posts
    }

    fn overlap(
        &self,
        number: usize,
        kind: OverlapKind,
        by: Vec<TriggerId>,
        words: Vec<String>,
        witness: Witness,
    ) -> Overlap {
        Overlap { trigger: self.engine.triggers[number].id.clone(), kind, by, words, witness }
    }
}
