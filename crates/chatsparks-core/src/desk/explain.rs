//! Why a trigger did or did not fire (C10), and what it would do with any text (C11).
//!
//! Nothing is written per trigger: one [`Evaluation`] per comment is enough to explain any trigger
//! later, against the revision that decided it, because deciding is a pure function.

use crate::{
    Comment, CommentOutcome, CommentResult, Instant, TriggerId,
    document::workspace::OnThrottled,
    engine::compile::{Compiled, CompiledTrigger},
    machines::comment::{AtGates, Beside, Buffers, matched_part},
    matching::condition::Subject,
    matching::scope::Place,
    state::contact::Contact,
    state::throttle::Throttles,
};
use serde::{Deserialize, Serialize, Serializer};
use smallvec::SmallVec;

mod matched;
mod near;
mod suppose;
mod trial;
mod why;

pub use near::Near;
pub use suppose::{Counterfactual, Supposed};
pub use trial::Trial;
pub use why::{
    CountKnown, EarlierComment, FoundProduct, Gate, GateKind, HeldConversation, LookedWord, Part, PartKind, Why,
    WhyKnown,
};

/// One record per comment: what was looked at, what the gates saw, and what came of it (C10).
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The comment, its text whole.
    pub comment: Comment,
    /// Its instant.
    pub at: Instant,
    /// The revision of the workspace that decided it.
    pub revision: u32,
    /// What came of it.
    pub outcome: CommentOutcome,
    /// What the gates saw of its contact.
    pub seen: Seen,
}

/// What the gates saw of a contact (C4, C5).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Whether they had commented before.
    pub commented: bool,
    /// Whether they were blocked.
    pub blocked: bool,
    /// Whether a person had their conversation.
    pub with_human: bool,
    /// When each trigger had last fired for them.
    pub throttles: Throttles,
}

impl Seen {
    /// What the gates see of a contact; of nobody, when they are new.
    pub fn of(contact: Option<&Contact>) -> Self {
        contact.map_or_else(Self::default, |contact| Self {
            commented: contact.has_commented(),
            blocked: contact.is_blocked(),
            with_human: contact.is_with_human(),
            throttles: contact.throttles().clone(),
        })
    }
}

impl AtGates for &Seen {
    fn has_commented(&self) -> bool {
        self.commented
    }

    fn is_blocked(&self) -> bool {
        self.blocked
    }

    fn is_with_human(&self) -> bool {
        self.with_human
    }

    fn throttles(&self) -> Option<&Throttles> {
        Some(&self.throttles)
    }
}

/// What became of one trigger for one comment: the first refusal, and every other gate that would
/// have refused as well (C10).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The trigger.
    pub trigger: TriggerId,
    /// Its result: `fired`, or the first refusal.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Every other gate that would have refused as well, in the order of the gates.
    #[serde(skip_serializing_if = "SmallVec::is_empty", serialize_with = "as_list")]
    pub also: SmallVec<[Verdict; 1]>,
    /// The words that matched, and where they stand.
    pub matched: Vec<MatchedWord>,
    /// Whether the text was longer than 10,000 characters, and cut there for matching (N10).
    pub cut: bool,
}

fn as_list<S: Serializer>(verdicts: &SmallVec<[Verdict; 1]>, to: S) -> Result<S::Ok, S::Error> {
    verdicts.as_slice().serialize(to)
}

/// A result with its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The result.
    pub result: Explained,
    /// The trigger that outranked this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<TriggerId>,
    /// When the throttle ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// What can become of one trigger for one comment (C10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explained {
    /// The comment was processed before (T3).
    Duplicate,
    /// The comment is by the workspace's own account (C1).
    OwnComment,
    /// The creator account is disconnected, or lacks a scope (C1).
    NotConnected,
    /// The post is older than the plan's listening window (C1).
    OutsideWindow,
    /// The trigger is a draft.
    Draft,
    /// The post is not in its scope (C3).
    OutOfScope,
    /// Its condition does not hold (C4).
    NoMatch,
    /// A higher trigger won (C2).
    Outranked,
    /// The contact is blocked (C5).
    BlockedContact,
    /// It fired for this contact not long ago (C6).
    Throttled,
    /// A person has the conversation (C5).
    WithHuman,
    /// It fired, and its flow started.
    Fired,
    /// It fired; the flow waits for room (M5).
    Queued,
    /// It fired; the flow waits for the buyer (P2).
    AwaitingMessage,
    /// It fired; nothing can be sent (C8).
    Undeliverable,
    /// Only in a trial (C11): the trigger matches.
    Matches,
}

/// A word of a condition that matched, and where it stands in the text as received.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MatchedWord {
    /// The word as the workspace has it; for a question mark, the mark.
    pub word: String,
    /// What it is: `keyword`, `pattern`, `question_mark` or `mention`.
    pub kind: MatchedKind,
    /// Where it starts, in Unicode scalar values of the text as received.
    pub start: usize,
    /// Where it ends, itself not part of it.
    pub end: usize,
}

/// What kind of condition a matched word belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedKind {
    /// A keyword (N2).
    Keyword,
    /// A pattern (N7).
    Pattern,
    /// A question mark (N8).
    QuestionMark,
    /// A product's name (N9).
    Mention,
}

impl Explained {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::OwnComment => "own_comment",
            Self::NotConnected => "not_connected",
            Self::OutsideWindow => "outside_window",
            Self::Draft => "draft",
            Self::OutOfScope => "out_of_scope",
            Self::NoMatch => "no_match",
            Self::Outranked => "outranked",
            Self::BlockedContact => "blocked_contact",
            Self::Throttled => "throttled",
            Self::WithHuman => "with_human",
            Self::Fired => "fired",
            Self::Queued => "queued",
            Self::AwaitingMessage => "awaiting_message",
            Self::Undeliverable => "undeliverable",
            Self::Matches => "matches",
        }
    }
}

impl From<CommentResult> for Explained {
    fn from(result: CommentResult) -> Self {
        match result {
            CommentResult::Duplicate => Self::Duplicate,
            CommentResult::OwnComment => Self::OwnComment,
            CommentResult::NotConnected => Self::NotConnected,
            CommentResult::OutsideWindow => Self::OutsideWindow,
            CommentResult::NoMatch => Self::NoMatch,
            CommentResult::BlockedContact => Self::BlockedContact,
            CommentResult::Throttled => Self::Throttled,
            CommentResult::WithHuman => Self::WithHuman,
            CommentResult::Fired => Self::Fired,
            CommentResult::Queued => Self::Queued,
            CommentResult::AwaitingMessage => Self::AwaitingMessage,
            CommentResult::Undeliverable => Self::Undeliverable,
        }
    }
}

impl Verdict {
    fn of(result: Explained) -> Self {
        Self { result, winner: None, until: None }
    }
}

/// What refuses one trigger, gathered. Few have more than two, and ten thousand may be explained at once.
type Verdicts = SmallVec<[Verdict; 4]>;

/// The post of a comment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Under<'a> {
    post: Option<u32>,
    /// The same, where the workspace has it and not only names it (C3).
    known: Option<u32>,
    tags: &'a [u32],
}

impl Compiled {
    /// Explains a comment for some triggers (C10).
    pub(crate) fn explain(&self, evaluation: &Evaluation, triggers: &[u32], buffers: &mut Buffers) -> Vec<Explanation> {
        let Evaluation { comment, at, outcome, seen, .. } = evaluation;
        let text = comment.text.as_str();
        self.find_features(text, Beside::of(comment, !seen.commented), buffers);
        let under = self.under(self.post_names.find(comment.post_id.as_str()));
        let mut matched = matched::Finder::new(self, text);
        let (_, cut) = matched_part(text);
        let own = matches!(
            outcome.result,
            CommentResult::Duplicate
                | CommentResult::OwnComment
                | CommentResult::NotConnected
                | CommentResult::OutsideWindow
        );
        let explain = |&number: &u32| {
            let id = &self.triggers[number as usize].id;
            let mut verdicts = Verdicts::new();
            if own {
                verdicts.push(Verdict::of(outcome.result.into()));
                let others = self.sets_aside(comment, *at).filter(|other| *other != outcome.result);
                verdicts.extend(others.map(|other| Verdict::of(other.into())));
            }
            let refusals = self.match_refusals(number, Some(under), buffers);
            let matches = refusals == [None; 3];
            verdicts.extend(refusals.into_iter().flatten().map(Verdict::of));
            self.gate_verdicts(number, matches, evaluation, &mut verdicts);
            let mut verdicts = verdicts.into_iter();
            let verdict = verdicts.next().unwrap_or_else(|| Verdict {
                result: outcome.result.into(),
                winner: None,
                until: outcome.until,
            });
            Explanation {
                trigger: id.clone(),
                verdict,
                also: verdicts.collect(),
                matched: matched.of(number as usize),
                cut,
            }
        };
        triggers.iter().map(explain).collect()
    }

    /// Looks at a text as if a newcomer had written it (C11).
    pub(crate) fn try_text<'a>(&'a self, text: &'a str, post: Option<&str>, buffers: &'a mut Buffers) -> Trial<'a> {
        self.find_features(text, Beside { is_first: true, is_reply: false }, buffers);
        let under = post.map(|post| self.under(self.post_names.find(post)));
        Trial { engine: self, text, under, buffers, matched: None }
    }

    /// A post as scopes and conditions look at it.
    pub(crate) fn under(&self, post: Option<u32>) -> Under<'_> {
        Under { post, known: self.known_post(post), tags: self.tags(post) }
    }

    /// Every trigger that matches, in priority order; under no post, whatever the scopes (C11).
    pub(crate) fn all_that_match(&self, under: Option<Under<'_>>, buffers: &mut Buffers) -> Vec<u32> {
        let Buffers { normalised, hits, patterns, .. } = buffers;
        let mut found = Vec::new();
        for &feature in hits.list() {
            match under {
                None => found.extend_from_slice(self.postings.all(feature)),
                Some(Under { post, tags, .. }) => {
                    let places = post.map(Place::Post).into_iter().chain(tags.iter().map(|tag| Place::Tag(*tag)));
                    let places = std::iter::once(Place::Everywhere).chain(places);
                    places.for_each(|place| found.extend_from_slice(self.postings.list(feature, place)));
                }
            }
        }
        let post = under.and_then(|under| under.post);
        let mut subject = Subject { hits, post, normalised, patterns: &self.patterns, memo: patterns };
        let in_scope =
            |trigger: &CompiledTrigger| under.is_none_or(|under| trigger.scope.holds(under.known, under.tags));
        found.extend(self.unlisted.iter().copied().filter(|number| in_scope(&self.triggers[*number as usize])));
        found.sort_unstable();
        found.dedup();
        found.retain(|number| {
            let trigger = &self.triggers[*number as usize];
            trigger.anchor_suffices || trigger.condition.holds(&mut subject)
        });
        found
    }

    /// What keeps a trigger from matching (C2): being a draft, its scope, its condition.
    pub(crate) fn match_refusals(
        &self,
        number: u32,
        under: Option<Under<'_>>,
        buffers: &mut Buffers,
    ) -> [Option<Explained>; 3] {
        let trigger = &self.triggers[number as usize];
        let is_out = under.is_some_and(|under| !trigger.scope.holds(under.known, under.tags));
        let Buffers { normalised, hits, patterns, .. } = buffers;
        let post = under.and_then(|under| under.post);
        let mut subject = Subject { hits, post, normalised, patterns: &self.patterns, memo: patterns };
        [
            (!trigger.is_active).then_some(Explained::Draft),
            is_out.then_some(Explained::OutOfScope),
            (!trigger.condition.holds(&mut subject)).then_some(Explained::NoMatch),
        ]
    }

    /// What a trigger that may match is refused by: a higher winner, and the gates (C2, C5-C7).
    fn gate_verdicts(&self, number: u32, matches: bool, evaluation: &Evaluation, verdicts: &mut Verdicts) {
        let Evaluation { outcome, seen, at, .. } = evaluation;
        let id = &self.triggers[number as usize].id;
        let is_winner = outcome.trigger.as_ref() == Some(id);
        // With `on_throttled = "next"` a throttled outcome names the highest of those passed over: nobody won.
        let nobody_won =
            outcome.result == CommentResult::Throttled && self.workspace.policy.on_throttled == OnThrottled::Next;
        let winner = outcome.trigger.as_ref().filter(|_| matches && !is_winner && !nobody_won);
        let until = seen.throttles.until(id.as_str(), self.triggers[number as usize].throttle, *at);
        // With `on_throttled = "next"` a throttled trigger above the winner was passed over, not outranked.
        let is_above =
            winner.and_then(|winner| self.trigger_names.find(winner.as_str())).is_some_and(|winner| number < winner);
        if let Some(winner) = winner.filter(|_| !is_above) {
            verdicts.push(Verdict { result: Explained::Outranked, winner: Some(winner.clone()), until: None });
        }
        if seen.blocked {
            verdicts.push(Verdict::of(Explained::BlockedContact));
        }
        if until.is_some() {
            verdicts.push(Verdict { result: Explained::Throttled, winner: None, until });
        }
        if seen.with_human {
            verdicts.push(Verdict::of(Explained::WithHuman));
        }
    }
}
