//! Sensitive words: what a buyer's message is held against before the flow sees it (V5).

use crate::{
    Tag,
    document::problem::{Problem, ProblemCode},
    document::workspace::{MatchMode, Sensitive, Workspace},
    matching::matcher::{DFA_LIMIT, Hits, Matcher, MatcherBuilder, Place, Varied},
    matching::text::Variant,
};
use std::collections::BTreeMap;

/// The entries of a workspace, or the shipped ones, made ready.
#[derive(Debug)]
pub(crate) struct SensitiveWords {
    matcher: Matcher,
    /// From a feature to the entries that have the word.
    entries: BTreeMap<u32, Vec<usize>>,
    acts: Vec<(bool, Option<Tag>)>,
}

/// What the entries that matched ask for, together.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct SensitiveVerdict {
    pub(crate) handoff: bool,
    /// In the order of the document.
    pub(crate) tags: Vec<Tag>,
}

impl SensitiveWords {
    pub(crate) fn compile(workspace: &Workspace) -> Result<Self, Problem> {
        let shipped;
        let list = match &workspace.sensitive {
            Some(list) => list,
            None => {
                shipped = defaults();
                &shipped
            }
        };
        let mut words = MatcherBuilder::default();
        let mut owners = Vec::new();
        for (entry, sensitive) in list.iter().enumerate() {
            for word in &sensitive.words {
                words.word(word, MatchMode::Contains, Variant::default(), Place(owners.len() as u32));
                owners.push(entry);
            }
        }
        let (matcher, features) = words.build(owners.len(), DFA_LIMIT).map_err(|error| {
            Problem::new("sensitive", ProblemCode::OverLimit, format!("the words are too many or too long: {error}"))
        })?;
        let mut entries: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (feature, entry) in features.into_iter().zip(owners) {
            entries.entry(feature).or_default().push(entry);
        }
        let acts = list.iter().map(|sensitive| (sensitive.handoff, sensitive.tag.clone())).collect();
        Ok(Self { matcher, entries, acts })
    }

    /// Every entry that matches acts (V5).
    pub(crate) fn judge(&self, normalised: &str, hits: &mut Hits) -> SensitiveVerdict {
        hits.begin(self.matcher.feature_count());
        self.matcher.scan(normalised, &mut Varied::default(), hits);
        let mut matched: Vec<usize> =
            hits.list().iter().filter_map(|hit| self.entries.get(hit)).flatten().copied().collect();
        matched.sort_unstable();
        matched.dedup();
        let mut verdict = SensitiveVerdict::default();
        for (handoff, tag) in matched.into_iter().map(|entry| &self.acts[entry]) {
            verdict.handoff |= handoff;
            verdict.tags.extend(tag.clone());
        }
        verdict
    }
}

/// The shipped entries for English, Thai, Indonesian and Vietnamese; each word's meaning stands beside it.
const SHIPPED: &str = include_str!("../../data/sensitive.tsv");

/// The sensitive words shipped, for a workspace that leaves `sensitive` out (V5).
///
/// ```
/// let shipped = chatsparks_core::sensitive_defaults();
/// assert!(shipped.iter().any(|entry| entry.words.iter().any(|word| word == "refund")));
/// ```
pub fn defaults() -> Vec<Sensitive> {
    let mut entries: Vec<Sensitive> = Vec::new();
    for line in SHIPPED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let (Some(tag), Some(handoff), Some(_language), Some(word)) =
            (columns.next(), columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        let (tag, handoff) = (Tag::from(tag), handoff == "handoff");
        match entries.iter_mut().find(|entry| entry.tag.as_ref() == Some(&tag)) {
            Some(entry) => entry.words.push(word.to_owned()),
            None => entries.push(Sensitive { words: vec![word.to_owned()], handoff, tag: Some(tag) }),
        }
    }
    entries
}
