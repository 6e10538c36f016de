//! Conditions: words, patterns, question marks, replies, posts, and `all`, `any`, `not` over them (C4).

use crate::{
    document::workspace::Condition,
    matching::matcher::{Feature, Hits, special},
};
use regex::Regex;

/// A condition made ready: words are features, posts are numbers.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// One of these features holds; sorted.
    Features(Box<[Feature]>),
    /// A pattern of the workspace is found (N7), and the features of which one holds where it may be; none:
    /// it may be anywhere.
    Pattern(u32, Option<Box<[Feature]>>),
    /// The comment stands under one of these posts; sorted.
    Posts(Box<[u32]>),
    /// Every part holds.
    All(Box<[Node]>),
    /// One part holds.
    Any(Box<[Node]>),
    /// The part does not hold.
    Not(Box<Node>),
}

/// What a condition is held against: one comment.
pub(crate) struct Subject<'a> {
    pub(crate) hits: &'a Hits,
    pub(crate) post: Option<u32>,
    pub(crate) normalised: &'a str,
    pub(crate) patterns: &'a [Regex],
    pub(crate) memo: &'a mut PatternMemo,
}

/// What patterns were found in one comment, each looked for once and only when a condition asks.
#[derive(Debug, Default)]
pub(crate) struct PatternMemo(Vec<Option<bool>>);

impl PatternMemo {
    pub(crate) fn begin(&mut self, patterns: usize) {
        self.0.clear();
        self.0.resize(patterns, None);
    }
}

impl Node {
    /// Whether the condition holds.
    pub(crate) fn holds(&self, subject: &mut Subject<'_>) -> bool {
        match self {
            Self::Features(features) => has_any(features, subject.hits),
            Self::Pattern(index, _) => {
                let index = *index as usize;
                match subject.memo.0[index] {
                    Some(found) => found,
                    None => {
                        let found = subject.patterns[index].is_match(subject.normalised);
                        subject.memo.0[index] = Some(found);
                        found
                    }
                }
            }
            Self::Posts(posts) => subject.post.is_some_and(|post| posts.binary_search(&post).is_ok()),
            Self::All(parts) => parts.iter().all(|part| part.holds(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(subject)),
            Self::Not(part) => !part.holds(subject),
        }
    }

    /// Features of which one must hold for the condition to hold: where a trigger is looked up from.
    /// `None`: it can hold without any. `cost` says how common a feature is among triggers.
    pub(crate) fn anchors(&self, cost: &impl Fn(Feature) -> u64) -> Option<Vec<Feature>> {
        match self {
            Self::Features(features) => Some(features.to_vec()),
            Self::Pattern(_, beginnings) => beginnings.as_deref().map(<[Feature]>::to_vec),
            Self::Posts(_) | Self::Not(_) => None,
            Self::All(parts) => parts
                .iter()
                .filter_map(|part| part.anchors(cost))
                .min_by_key(|anchors| anchors.iter().map(|anchor| cost(*anchor)).sum::<u64>()),
            Self::Any(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(part.anchors(cost)?);
                }
                all.sort_unstable();
                all.dedup();
                Some(all)
            }
        }
    }

    /// Posts of which one must be the comment's for the condition to hold; `None`: any may be.
    pub(crate) fn required_posts(&self) -> Option<Vec<u32>> {
        match self {
            Self::Posts(posts) => Some(posts.to_vec()),
            Self::All(parts) => parts.iter().find_map(Self::required_posts),
            Self::Any(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(part.required_posts()?);
                }
                all.sort_unstable();
                all.dedup();
                Some(all)
            }
            Self::Features(_) | Self::Pattern(..) | Self::Not(_) => None,
        }
    }

    /// Whether one anchor that holds is enough for the whole condition.
    pub(crate) fn is_union(&self) -> bool {
        match self {
            Self::Features(_) => true,
            Self::Any(parts) => parts.iter().all(Self::is_union),
            Self::All(parts) => matches!(&**parts, [one] if one.is_union()),
            Self::Pattern(..) | Self::Posts(_) | Self::Not(_) => false,
        }
    }
}

/// A long list is looked through by what was found, a short one by what is asked for.
fn has_any(features: &[Feature], hits: &Hits) -> bool {
    if features.len() > 16 && features.len() > hits.list().len() {
        return hits.list().iter().any(|hit| features.binary_search(hit).is_ok());
    }
    features.iter().any(|feature| hits.has(*feature))
}

/// Walks the parts of a condition as written, in the order of the document.
pub(crate) fn each_leaf<'a>(condition: &'a Condition, visit: &mut impl FnMut(&'a Condition)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| each_leaf(part, visit)),
        Condition::Not(part) => each_leaf(part, visit),
        leaf => visit(leaf),
    }
}

/// The feature of a leaf that is no word.
pub(crate) fn special_feature(condition: &Condition) -> Option<Feature> {
    match condition {
        Condition::QuestionMark => Some(special::QUESTION_MARK),
        Condition::FirstComment => Some(special::FIRST_COMMENT),
        Condition::Reply => Some(special::REPLY),
        _ => None,
    }
}

/// The keyword at a place of a condition, counted in the order of the document.
pub(crate) fn keyword_at(condition: &Condition, place: usize) -> Option<&str> {
    let (mut passed, mut found) = (0, None);
    each_leaf(condition, &mut |leaf| {
        if let Condition::Keywords(keywords) = leaf {
            if found.is_none() {
                found = place.checked_sub(passed).and_then(|at| keywords.words.get(at)).map(String::as_str);
            }
            passed += keywords.words.len();
        }
        if let Condition::Pack(pack) = leaf {
            if found.is_none() {
                found = place.checked_sub(passed).and_then(|at| pack.words().nth(at)).map(|word| word.word);
            }
            passed += pack.words().count();
        }
    });
    found
}
