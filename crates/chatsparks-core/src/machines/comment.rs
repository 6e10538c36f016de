//! A comment is looked at: who it is by, which trigger wins, and which gates it passes (C1–C7).

use crate::{
    Comment, CommentOutcome, CommentResult, Contact, Instant,
    document::workspace::OnThrottled,
    engine::compile::Compiled,
    engine::names::Asked,
    matching::condition::{PatternMemo, Subject, keyword_at},
    matching::matcher::{Hits, Varied, special},
    matching::scope::Place,
    matching::text::Normaliser,
    state::throttle::Throttles,
};
use std::sync::Arc;

/// Texts are cut here for matching, in Unicode scalar values (N10).
const MATCHED_CHARACTERS: usize = 10_000;

/// Buffers of the matcher, used again from comment to comment.
#[derive(Default)]
pub(crate) struct Buffers {
    pub(crate) normaliser: Normaliser,
    pub(crate) normalised: String,
    pub(crate) varied: Varied,
    pub(crate) hits: Hits,
    pub(crate) patterns: PatternMemo,
}

/// What conditions ask of a comment beside its text and its post (C4).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside {
    /// Whether it is its contact's first.
    pub(crate) is_first: bool,
    /// Whether it answers another.
    pub(crate) is_reply: bool,
}

impl Beside {
    pub(crate) fn of(comment: &Comment, is_first: bool) -> Self {
        Self { is_first, is_reply: comment.reply_to.is_some() }
    }
}

/// What came of a comment before its flow is looked at: [`CommentResult::Fired`] passed every gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) result: CommentResult,
    /// The winner's priority.
    pub(crate) trigger: Option<u32>,
    pub(crate) until: Option<Instant>,
}

impl Judged {
    fn without_trigger(result: CommentResult) -> Self {
        Self { result, trigger: None, until: None }
    }
}

/// A contact as the gates look at them.
pub(crate) trait AtGates: Copy {
    /// Whether they commented before.
    fn has_commented(&self) -> bool;
    /// Whether they are blocked.
    fn is_blocked(&self) -> bool;
    /// Whether a person has their conversation.
    fn is_with_human(&self) -> bool;
    /// When triggers last fired for them.
    fn throttles(&self) -> Option<&Throttles>;
}

impl AtGates for Option<&Contact> {
    fn has_commented(&self) -> bool {
        self.is_some_and(Contact::has_commented)
    }

    fn is_blocked(&self) -> bool {
        self.is_some_and(Contact::is_blocked)
    }

    fn is_with_human(&self) -> bool {
        self.is_some_and(Contact::is_with_human)
    }

    fn throttles(&self) -> Option<&Throttles> {
        self.map(Contact::throttles)
    }
}

/// The text that is matched: its first 10,000 characters (N10), and whether it was longer.
pub(crate) fn matched_part(text: &str) -> (&str, bool) {
    if text.len() <= MATCHED_CHARACTERS {
        return (text, false);
    }
    match text.char_indices().nth(MATCHED_CHARACTERS) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}

impl Compiled {
    /// What sets the comment aside before any trigger looks at it (C1), the first of which is its outcome;
    /// duplicates are found before.
    pub(crate) fn sets_aside(&self, comment: &Comment, at: Instant) -> impl Iterator<Item = CommentResult> {
        let is_own = comment.user_id == self.workspace.workspace.account_user_id;
        let own = is_own.then_some(CommentResult::OwnComment);
        let unheard = (!self.hears_comments).then_some(CommentResult::NotConnected);
        let old = self.is_past_listening(comment, at).then_some(CommentResult::OutsideWindow);
        own.into_iter().chain(unheard).chain(old)
    }

    /// Whether the post is older than the plan's listening window. A post of the future, and one that the
    /// workspace lacks, is new.
    fn is_past_listening(&self, comment: &Comment, at: Instant) -> bool {
        let post = || self.posts.get(self.post_names.find(comment.post_id.as_str())? as usize);
        let ends = |window| Some(post()?.published_at?.after(window));
        self.listening_window.and_then(ends).is_some_and(|end| at >= end)
    }

    /// Which trigger wins, and which gate refuses it (C2, C5–C7).
    pub(crate) fn judge(&self, contact: impl AtGates, comment: &Comment, at: Instant, buffers: &mut Buffers) -> Judged {
        if let Some(result) = self.sets_aside(comment, at).next() {
            return Judged::without_trigger(result);
        }
        // A contact that no trigger asks for is not looked at until a trigger won.
        let is_first = self.asks.holds(special::FIRST_COMMENT) && !contact.has_commented();
        // Begun before the text is walked: memory is waited for once where the two are asked for together.
        let post = Asked::from(comment.post_id.as_str());
        self.find_features(comment.text.as_str(), Beside::of(comment, is_first), buffers);
        // Most comments hold nothing that any trigger is looked up from: not even their post is looked up.
        if !self.postings.has_any(buffers.hits.list()) {
            return Judged::without_trigger(CommentResult::NoMatch);
        }
        let post = self.post_names.find(post);
        let is_blocked = || contact.is_blocked();
        let throttled = |trigger: u32| {
            let compiled = &self.triggers[trigger as usize];
            contact.throttles()?.until(compiled.id.as_str(), compiled.throttle, at)
        };
        let mut highest_throttled: Option<u32> = None;
        let passes_over = self.workspace.policy.on_throttled == OnThrottled::Next;
        let winner = self.highest(post, buffers, |trigger| {
            if passes_over && !is_blocked() && throttled(trigger).is_some() {
                highest_throttled = Some(highest_throttled.map_or(trigger, |highest| highest.min(trigger)));
                return false;
            }
            true
        });
        let Some(winner) = winner.or(highest_throttled) else {
            return Judged::without_trigger(CommentResult::NoMatch);
        };
        if is_blocked() {
            return Judged { result: CommentResult::BlockedContact, trigger: Some(winner), until: None };
        }
        let until = throttled(winner);
        let result = if until.is_some() {
            CommentResult::Throttled
        } else if contact.is_with_human() {
            CommentResult::WithHuman
        } else {
            CommentResult::Fired
        };
        Judged { result, trigger: Some(winner), until }
    }

    /// Marks every feature that holds for a text, of those that a trigger asks for.
    pub(crate) fn find_features(&self, text: &str, beside: Beside, buffers: &mut Buffers) {
        let (text, _) = matched_part(text);
        buffers.normaliser.normalise_into(text, &mut buffers.normalised);
        buffers.hits.begin(self.matcher.feature_count());
        buffers.patterns.begin(self.patterns.len());
        buffers.hits.mark(special::ALWAYS);
        self.matcher.scan(&buffers.normalised, &mut buffers.varied, &mut buffers.hits);
        if self.asks.holds(special::QUESTION_MARK) && crate::matching::text::ends_with_question_mark(text) {
            buffers.hits.mark(special::QUESTION_MARK);
        }
        if beside.is_first {
            buffers.hits.mark(special::FIRST_COMMENT);
        }
        if beside.is_reply {
            buffers.hits.mark(special::REPLY);
        }
    }

    /// The highest active trigger in scope whose condition holds and that `admits` lets through (C2).
    ///
    /// Lists are read from the highest on, and only as far as they can still win: the cost does not
    /// grow with triggers that the comment does not touch.
    pub(crate) fn highest(
        &self,
        post: Option<u32>,
        buffers: &mut Buffers,
        mut admits: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let tags = self.tags(post);
        let Buffers { normalised, hits, patterns, .. } = buffers;
        let mut subject = Subject { hits, post, normalised, patterns: &self.patterns, memo: patterns };
        let mut best = u32::MAX;
        for &feature in hits.list() {
            let places = post.map(Place::Post).into_iter().chain(tags.iter().map(|tag| Place::Tag(*tag)));
            for place in std::iter::once(Place::Everywhere).chain(places) {
                for &number in self.postings.list(feature, place) {
                    if number >= best {
                        break;
                    }
                    let trigger = &self.triggers[number as usize];
                    if (trigger.anchor_suffices || trigger.condition.holds(&mut subject)) && admits(number) {
                        best = number;
                        break;
                    }
                }
            }
        }
        (best != u32::MAX).then_some(best)
    }

    /// The tags of a post that the workspace has.
    pub(crate) fn tags(&self, post: Option<u32>) -> &[u32] {
        post.and_then(|post| self.posts.get(post as usize)).map_or(&[], |post| &post.tags)
    }

    /// The post's number, where the workspace has it and not only names it (C3).
    pub(crate) fn known_post(&self, post: Option<u32>) -> Option<u32> {
        post.filter(|post| self.posts.get(*post as usize).is_some_and(|post| post.is_known))
    }

    pub(crate) fn outcome(&self, judged: Judged) -> CommentOutcome {
        let trigger = judged.trigger.map(|trigger| self.triggers[trigger as usize].id.clone());
        CommentOutcome { result: judged.result, trigger, until: judged.until }
    }
}

/// The first keyword of a trigger's condition that holds, as the workspace writes it; after a comment was judged.
pub(crate) fn first_keyword(engine: &Compiled, trigger: usize, buffers: &Buffers) -> Option<Arc<str>> {
    let place = engine.triggers[trigger].words.iter().position(|feature| buffers.hits.has(*feature))?;
    keyword_at(&engine.workspace.triggers[trigger].when, place).map(Arc::from)
}
