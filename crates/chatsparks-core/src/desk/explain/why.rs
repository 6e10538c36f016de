//! Why, wholly: the condition as a tree, each part true or false with what was asked and what was there, and every
//! gate with its numbers (C10).

use super::{
    Evaluation, Explained, Explanation,
    matched::Finder,
    near::{Near, Nearby},
};
use crate::{
    CommentId, Email, Instant, PostId, ProductId, StateReason, Tag, Text, TriggerId, UserId,
    document::workspace::{Condition, Keywords, MatchMode, Pack, ReachMode, Scope},
    engine::compile::Compiled,
    machines::comment::{Beside, Buffers, matched_part},
    matching::condition::{Node, Subject},
    matching::matcher::Feature,
};
use serde::Serialize;

/// Words of one list that are told beside those that hold, and those that nearly do.
const TOLD_WORDS: usize = 20;

/// Why one trigger did or did not fire for one comment, wholly (C10).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// Every gate, in the order in which they refuse, with its numbers.
    pub gates: Vec<Gate>,
    /// The condition, part by part.
    pub condition: Part,
    /// The parts without parts that decide: those that make the condition hold where it holds, and those that keep it
    /// from holding where it does not. By their paths.
    pub because: Vec<String>,
}

/// What the evaluation of a comment does not keep, and whoever watched its history may know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WhyKnown {
    /// The contact's first comment, where it was an earlier one.
    pub earlier: Option<EarlierComment>,
    /// The comment for which the trigger last fired, which its throttle runs from.
    pub fired_for: Option<CommentId>,
    /// The conversation that a person had.
    pub conversation: Option<HeldConversation>,
    /// The count and the limit.
    pub usage: Option<CountKnown>,
}

/// An earlier comment of the same contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EarlierComment {
    /// Its id.
    pub comment_id: CommentId,
    /// Its post.
    pub post_id: PostId,
    /// Its instant.
    pub at: Instant,
}

/// A conversation that a person has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldConversation {
    /// Its number.
    pub conversation: u32,
    /// Whose it is; none: nobody's yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Email>,
    /// Why it came to a person, unless a member brought it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<StateReason>,
}

/// The count of monthly active contacts when a comment came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CountKnown {
    /// How many were counted.
    pub count: u64,
    /// The limit; none: there is none.
    pub limit: Option<u64>,
    /// Whether the contact was counted already.
    pub counted: bool,
}

/// A gate, and whether it refuses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gate {
    /// Which, with its numbers.
    #[serde(flatten)]
    pub kind: GateKind,
    /// Whether it refuses; of what comes after firing, whether it keeps the flow from starting at once.
    pub refuses: bool,
}

/// The gates, named by the result that each gives, with what they look at.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "gate", rename_all = "snake_case")]
pub enum GateKind {
    /// The comment was processed before (T3); told only where it was.
    Duplicate,
    /// The workspace's own account is not answered (C1).
    OwnComment {
        /// That account.
        account: UserId,
    },
    /// The creator account must be connected, with the scope `comments` (C1).
    NotConnected {
        /// Whether it is connected.
        connected: bool,
        /// The scope that is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        missing_scope: Option<&'static str>,
    },
    /// Posts are listened to for some days (C1).
    OutsideWindow {
        /// When the post was published; none: the workspace lacks it, and it counts as new.
        #[serde(skip_serializing_if = "Option::is_none")]
        published_at: Option<Instant>,
        /// The window; none: there is no plan, and so no window.
        #[serde(skip_serializing_if = "Option::is_none")]
        window_days: Option<i64>,
        /// When the window ends, or ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        ends: Option<Instant>,
    },
    /// Drafts do not fire (C2).
    Draft,
    /// The post must be in the trigger's scope (C3).
    OutOfScope {
        /// The scope.
        scope: Scope,
        /// The post that it was.
        post_id: PostId,
        /// Whether the workspace has it.
        known: bool,
        /// Its tags.
        tags: Vec<Tag>,
    },
    /// The condition must hold (C4).
    NoMatch,
    /// A higher trigger that matches wins (C2).
    Outranked {
        /// The one that won.
        #[serde(skip_serializing_if = "Option::is_none")]
        winner: Option<TriggerId>,
    },
    /// Blocked contacts are not answered (C5).
    BlockedContact,
    /// A trigger fires for a contact once in so many hours (C6).
    Throttled {
        /// The throttle's length.
        hours: i64,
        /// When it last fired for the contact; none: never, as far as is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Instant>,
        /// For which comment, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment_id: Option<CommentId>,
        /// When the throttle ends, or ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Instant>,
    },
    /// A conversation with a person is left to them (C5).
    WithHuman {
        /// Which, and whose it is, where that is known.
        #[serde(flatten)]
        held: Option<HeldConversation>,
    },
    /// Without the scope `messages` nothing can be sent (C8); told where the trigger fired.
    Undeliverable {
        /// The scope that is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        missing_scope: Option<&'static str>,
    },
    /// At the limit a new contact waits (M5); told where the trigger fired.
    Queued {
        /// The count and the limit, where they are known.
        #[serde(flatten)]
        usage: Option<CountKnown>,
    },
    /// Where a comment opens no DM, the buyer writes first (P2); told where the trigger fired.
    AwaitingMessage {
        /// What opens a DM.
        reach: ReachMode,
    },
}

impl GateKind {
    /// The result that it gives when it refuses.
    pub fn result(&self) -> Explained {
        match self {
            Self::Duplicate => Explained::Duplicate,
            Self::OwnComment { .. } => Explained::OwnComment,
            Self::NotConnected { .. } => Explained::NotConnected,
            Self::OutsideWindow { .. } => Explained::OutsideWindow,
            Self::Draft => Explained::Draft,
            Self::OutOfScope { .. } => Explained::OutOfScope,
            Self::NoMatch => Explained::NoMatch,
            Self::Outranked { .. } => Explained::Outranked,
            Self::BlockedContact => Explained::BlockedContact,
            Self::Throttled { .. } => Explained::Throttled,
            Self::WithHuman { .. } => Explained::WithHuman,
            Self::Undeliverable { .. } => Explained::Undeliverable,
            Self::Queued { .. } => Explained::Queued,
            Self::AwaitingMessage { .. } => Explained::AwaitingMessage,
        }
    }
}

/// A part of a condition, whether it holds, and what it looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Where it stands in its trigger: `when.any[1].not`.
    pub path: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was asked, and what was there.
    #[serde(flatten)]
    pub kind: PartKind,
}

/// What a part of a condition asks, and what it found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum PartKind {
    /// Every part holds.
    All {
        /// The parts.
        parts: Vec<Part>,
    },
    /// One part holds.
    Any {
        /// The parts.
        parts: Vec<Part>,
    },
    /// The part does not hold.
    Not {
        /// The part.
        of: Box<Part>,
    },
    /// One of some words (N2).
    Keywords {
        /// The mode.
        #[serde(rename = "match")]
        mode: MatchMode,
        /// Whether accents are dropped (N5).
        ignore_accents: bool,
        /// Whether runs of a letter may be longer (N6).
        squeeze: bool,
        /// The words that hold, those that nearly do, and some of the others; in the order of the document.
        words: Vec<LookedWord>,
        /// How many others there are.
        others: usize,
    },
    /// One of the words of a pack (C4), each with a mode of its own.
    Pack {
        /// The pack.
        pack: String,
        /// The languages asked for; empty: all.
        languages: Vec<String>,
        /// The words that hold, in the order of the pack.
        words: Vec<LookedWord>,
        /// How many others there are.
        others: usize,
    },
    /// A pattern (N7).
    Pattern {
        /// The pattern.
        pattern: String,
        /// Where it stands.
        places: Vec<(usize, usize)>,
    },
    /// The comment ends with a question mark (N8).
    QuestionMark {
        /// What it ends in, trailing ornaments set aside.
        ends_in: Text,
    },
    /// The contact's first comment (C4).
    FirstComment {
        /// The one that was earlier, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        earlier: Option<EarlierComment>,
    },
    /// The comment answers another (C4).
    Reply {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<CommentId>,
    },
    /// The comment stands under one of these posts (C3).
    Posts {
        /// Those asked for.
        posts: Vec<PostId>,
        /// The one that it was.
        post_id: PostId,
    },
    /// A product is named (N9).
    Mentions {
        /// Those asked for; empty: any.
        products: Vec<ProductId>,
        /// The products found in the text, of those that any trigger asks for.
        found: Vec<FoundProduct>,
    },
}

/// A word of a condition, and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LookedWord {
    /// The word, as the workspace has it.
    pub word: String,
    /// Whether it holds.
    pub holds: bool,
    /// Where it stands, in Unicode scalar values of the text as received.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<(usize, usize)>,
    /// The nearest thing that did stand there, where it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Near>,
}

/// A product that the text names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundProduct {
    /// The product.
    pub product: ProductId,
    /// By which of its names.
    pub name: String,
    /// Whether the condition asks for it.
    pub asked: bool,
    /// Where it starts, in Unicode scalar values of the text as received.
    pub start: usize,
    /// Where it ends, itself not part of it.
    pub end: usize,
}

impl Part {
    /// Its parts.
    pub fn parts(&self) -> &[Part] {
        match &self.kind {
            PartKind::All { parts } | PartKind::Any { parts } => parts,
            PartKind::Not { of } => core::slice::from_ref(of),
            _ => &[],
        }
    }

    /// The parts without parts that make it hold, or keep it from holding.
    fn decide<'p>(&'p self, deciding: &mut Vec<&'p str>) {
        match &self.kind {
            PartKind::All { parts } | PartKind::Any { parts } => {
                parts.iter().filter(|part| part.holds == self.holds).for_each(|part| part.decide(deciding));
            }
            PartKind::Not { of } => of.decide(deciding),
            _ => deciding.push(&self.path),
        }
    }
}

impl Compiled {
    /// Why a trigger did or did not fire, wholly; with its explanation.
    pub(crate) fn why(
        &self,
        evaluation: &Evaluation,
        number: u32,
        known: &WhyKnown,
        buffers: &mut Buffers,
    ) -> Option<(Explanation, Why)> {
        let explanation = self.explain(evaluation, &[number], buffers).pop()?;
        let condition = self.part(evaluation, number, known, buffers);
        let mut because = Vec::new();
        condition.decide(&mut because);
        let because = because.into_iter().map(str::to_owned).collect();
        let gates = self.gates(evaluation, number, known, &explanation);
        Some((explanation, Why { gates, condition, because }))
    }

    fn gates(&self, evaluation: &Evaluation, number: u32, known: &WhyKnown, explanation: &Explanation) -> Vec<Gate> {
        let Evaluation { comment, outcome, seen, .. } = evaluation;
        let compiled = &self.triggers[number as usize];
        let trigger = &self.workspace.triggers[number as usize];
        let tiktok = &self.workspace.connections.tiktok;
        let missing = |scope: &'static str| (!tiktok.scopes.iter().any(|given| given == scope)).then_some(scope);
        let post = self.workspace.posts.iter().find(|post| post.id == comment.post_id);
        let window_days = self.workspace.plan.as_ref().map(|plan| plan.listening_window_days);
        let published_at = post.map(|post| post.published_at);
        let ends = published_at.zip(self.listening_window).map(|(published, window)| published.after(window));
        let since = seen.throttles.last(compiled.id.as_str());
        let verdicts = || std::iter::once(&explanation.verdict).chain(&explanation.also);
        let winner = verdicts().find_map(|verdict| verdict.winner.clone());
        let mut kinds = Vec::new();
        if verdicts().any(|verdict| verdict.result == Explained::Duplicate) {
            kinds.push(GateKind::Duplicate);
        }
        kinds.extend([
            GateKind::OwnComment { account: self.workspace.workspace.account_user_id.clone() },
            GateKind::NotConnected { connected: tiktok.connected, missing_scope: missing("comments") },
            GateKind::OutsideWindow { published_at, window_days, ends },
            GateKind::Draft,
            GateKind::OutOfScope {
                scope: trigger.scope.clone(),
                post_id: comment.post_id.clone(),
                known: post.is_some(),
                tags: post.map(|post| post.tags.clone()).unwrap_or_default(),
            },
            GateKind::NoMatch,
            GateKind::Outranked { winner },
            GateKind::BlockedContact,
            GateKind::Throttled {
                hours: trigger.throttle_hours.unwrap_or(self.workspace.policy.throttle_hours),
                since,
                comment_id: known.fired_for.clone().filter(|_| since.is_some()),
                until: since.map(|since| since.after(compiled.throttle)),
            },
            GateKind::WithHuman { held: known.conversation.clone().filter(|_| seen.with_human) },
        ]);
        // What keeps a flow from starting is looked at only of a trigger that fired (C8).
        if outcome.result.is_firing() && outcome.trigger.as_ref() == Some(&compiled.id) {
            kinds.extend([
                GateKind::Undeliverable { missing_scope: missing("messages") },
                GateKind::Queued { usage: known.usage },
                GateKind::AwaitingMessage { reach: self.workspace.policy.reach.mode },
            ]);
        }
        let refuses = |kind: &GateKind| verdicts().any(|verdict| verdict.result == kind.result());
        kinds.into_iter().map(|kind| Gate { refuses: refuses(&kind), kind }).collect()
    }

    /// The condition of a trigger, part by part.
    fn part(&self, evaluation: &Evaluation, number: u32, known: &WhyKnown, buffers: &mut Buffers) -> Part {
        let Evaluation { comment, seen, .. } = evaluation;
        let text = comment.text.as_str();
        self.find_features(text, Beside::of(comment, !seen.commented), buffers);
        let Buffers { normalised, hits, patterns, .. } = buffers;
        let post = self.post_names.find(comment.post_id.as_str());
        let subject = Subject { hits, post, normalised, patterns: &self.patterns, memo: patterns };
        let (text, _) = matched_part(text);
        let mut looking = Looking {
            evaluation,
            known,
            subject,
            finder: Finder::new(self, text),
            nearby: Nearby::new(text),
            features: self.triggers[number as usize].words.iter().copied(),
            text,
        };
        let trigger = &self.workspace.triggers[number as usize];
        looking.part("when".to_owned(), &trigger.when, &self.triggers[number as usize].condition)
    }
}

/// What is looked at while a condition is walked.
struct Looking<'a, F> {
    evaluation: &'a Evaluation,
    known: &'a WhyKnown,
    subject: Subject<'a>,
    finder: Finder<'a>,
    nearby: Nearby<'a>,
    /// Those of the keywords that are still to come.
    features: F,
    text: &'a str,
}

impl<F: Iterator<Item = Feature>> Looking<'_, F> {
    /// A condition as it is written, and as it was made ready: they have the same parts.
    fn part(&mut self, path: String, condition: &Condition, node: &Node) -> Part {
        let kind = match (condition, node) {
            (Condition::All(parts), Node::All(nodes)) => {
                PartKind::All { parts: self.parts(&format!("{path}.all"), parts, nodes) }
            }
            (Condition::Any(parts), Node::Any(nodes)) => {
                PartKind::Any { parts: self.parts(&format!("{path}.any"), parts, nodes) }
            }
            (Condition::Not(part), Node::Not(node)) => {
                PartKind::Not { of: Box::new(self.part(format!("{path}.not"), part, node)) }
            }
            (leaf, _) => self.leaf(leaf, node),
        };
        // A combinator follows from its parts; nothing is judged twice.
        let holds = match &kind {
            PartKind::All { parts } => parts.iter().all(|part| part.holds),
            PartKind::Any { parts } => parts.iter().any(|part| part.holds),
            PartKind::Not { of } => !of.holds,
            _ => node.holds(&mut self.subject),
        };
        Part { path, holds, kind }
    }

    fn parts(&mut self, path: &str, parts: &[Condition], nodes: &[Node]) -> Vec<Part> {
        let parts = parts.iter().zip(nodes).enumerate();
        parts.map(|(place, (part, node))| self.part(format!("{path}[{place}]"), part, node)).collect()
    }

    fn leaf(&mut self, condition: &Condition, node: &Node) -> PartKind {
        let comment = &self.evaluation.comment;
        match condition {
            Condition::Keywords(keywords) => self.keywords(keywords),
            Condition::Pack(pack) => self.pack(pack),
            Condition::Pattern(pattern) => {
                let places = match node {
                    Node::Pattern(index, _) => self.finder.pattern(*index).to_vec(),
                    _ => Vec::new(),
                };
                PartKind::Pattern { pattern: pattern.clone(), places }
            }
            Condition::QuestionMark => PartKind::QuestionMark { ends_in: ends_in(self.text) },
            Condition::FirstComment => {
                let earlier = self.known.earlier.clone().filter(|_| self.evaluation.seen.commented);
                PartKind::FirstComment { earlier }
            }
            Condition::Reply => PartKind::Reply { reply_to: comment.reply_to.clone() },
            Condition::Posts(posts) => PartKind::Posts { posts: posts.clone(), post_id: comment.post_id.clone() },
            Condition::Mentions(mentions) => {
                let products = &mentions.products;
                let found = self.finder.mentioned().map(|(product, name, (start, end))| FoundProduct {
                    product: product.id.clone(),
                    name: name.to_owned(),
                    asked: products.is_empty() || products.contains(&product.id),
                    start,
                    end,
                });
                PartKind::Mentions { products: products.clone(), found: found.collect() }
            }
            // They have parts, and were looked at there.
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => PartKind::All { parts: Vec::new() },
        }
    }

    fn keywords(&mut self, keywords: &Keywords) -> PartKind {
        let mut nearest = self.nearby.of(keywords).into_iter();
        let (mut words, mut others, mut told) = (Vec::new(), 0, 0);
        for word in &keywords.words {
            let Some(feature) = self.features.next() else { break };
            let holds = self.subject.hits.has(feature);
            let nearest = nearest.next().flatten().filter(|_| !holds);
            if !holds && nearest.is_none() {
                told += 1;
                if told > TOLD_WORDS {
                    others += 1;
                    continue;
                }
            }
            let places = if holds { self.finder.places(feature).to_vec() } else { Vec::new() };
            words.push(LookedWord { word: word.clone(), holds, places, nearest });
        }
        let Keywords { mode, ignore_accents, squeeze, .. } = *keywords;
        PartKind::Keywords { mode, ignore_accents, squeeze, words, others }
    }

    fn pack(&mut self, pack: &Pack) -> PartKind {
        let (mut words, mut others) = (Vec::new(), 0);
        for word in pack.words() {
            let Some(feature) = self.features.next() else { break };
            if self.subject.hits.has(feature) {
                let places = self.finder.places(feature).to_vec();
                words.push(LookedWord { word: word.word.to_owned(), holds: true, places, nearest: None });
            } else {
                others += 1;
            }
        }
        PartKind::Pack {
            pack: pack.pack.to_string(),
            languages: pack.languages.iter().map(ToString::to_string).collect(),
            words,
            others,
        }
    }
}

/// The last characters of a text that count for a question mark (N8), a few of them.
fn ends_in(text: &str) -> Text {
    let trimmed = crate::matching::text::before_ornaments(text);
    let from = trimmed.char_indices().rev().take(8).last().map_or(0, |(at, _)| at);
    Text::from(&trimmed[from..])
}
