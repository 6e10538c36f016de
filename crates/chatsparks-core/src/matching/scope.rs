//! Scope: which triggers listen to a post (C3), and the index that finds them from a word and a post.
//!
//! A word such as `link` may stand in thousands of triggers, most of them for one video each. So the
//! index is keyed by word *and* place, and a comment only ever touches lists of its own post and tags.

use crate::matching::matcher::Feature;

/// A post, as a number within one compiled workspace.
pub(crate) type PostNumber = u32;

/// Which posts a compiled trigger listens to.
#[derive(Clone, Debug)]
pub(crate) enum CompiledScope {
    /// Every post.
    All,
    /// These; sorted.
    Posts(Box<[PostNumber]>),
    /// Those with one of these tags; sorted.
    Tags(Box<[u32]>),
}

impl CompiledScope {
    /// Whether a post is in scope; `post`: its number and its tags, where the workspace has it (C3).
    pub(crate) fn holds(&self, post: Option<PostNumber>, tags: &[u32]) -> bool {
        match self {
            Self::All => true,
            Self::Posts(posts) => post.is_some_and(|post| posts.binary_search(&post).is_ok()),
            Self::Tags(wanted) => tags.iter().any(|tag| wanted.binary_search(tag).is_ok()),
        }
    }
}

/// A place that a list of triggers stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Everywhere,
    Post(PostNumber),
    Tag(u32),
}

impl Place {
    fn code(self) -> u32 {
        match self {
            Self::Everywhere => 0,
            Self::Post(post) => post * 2 + 1,
            Self::Tag(tag) => tag * 2 + 2,
        }
    }

    fn kind(self) -> u8 {
        match self {
            Self::Everywhere => 1,
            Self::Post(_) => 2,
            Self::Tag(_) => 4,
        }
    }
}

/// From a feature and a place to the triggers there, highest first.
///
/// The rows of one feature lie together, sorted by place: those of most words fit into a cache line or two,
/// so that one look answers for the comment's post and all of its tags.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// Which kinds of place a feature has rows for: most features have none for most comments.
    kinds: Box<[u8]>,
    /// Where the rows of each feature start; one more than there are features.
    starts: Box<[u32]>,
    /// The place of each row.
    places: Box<[u32]>,
    /// The trigger of each row.
    triggers: Box<[u32]>,
}

impl Postings {
    /// Builds the index from (feature, place, trigger) rows.
    pub(crate) fn build(rows: &[(Feature, Place, u32)], feature_count: u32) -> Self {
        let mut kinds = vec![0; feature_count as usize].into_boxed_slice();
        let mut keyed: Vec<(u64, u32)> = rows
            .iter()
            .map(|&(feature, place, trigger)| {
                kinds[feature as usize] |= place.kind();
                (u64::from(feature) << 32 | u64::from(place.code()), trigger)
            })
            .collect();
        keyed.sort_unstable();
        keyed.dedup();
        let mut starts = vec![0; feature_count as usize + 1].into_boxed_slice();
        keyed.iter().for_each(|(key, _)| starts[(key >> 32) as usize + 1] += 1);
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let places = keyed.iter().map(|(key, _)| *key as u32).collect();
        Self { kinds, starts, places, triggers: keyed.into_iter().map(|(_, trigger)| trigger).collect() }
    }

    /// Whether one of these features has any row at all.
    pub(crate) fn has_any(&self, features: &[Feature]) -> bool {
        features.iter().any(|feature| self.kinds.get(*feature as usize).is_some_and(|kinds| *kinds != 0))
    }

    /// The triggers of a feature at every place, some of them several times.
    pub(crate) fn all(&self, feature: Feature) -> &[u32] {
        match self.starts.get(feature as usize..=feature as usize + 1) {
            Some(&[start, end]) => &self.triggers[start as usize..end as usize],
            _ => &[],
        }
    }

    /// The triggers of a feature at a place, highest first.
    pub(crate) fn list(&self, feature: Feature, place: Place) -> &[u32] {
        let feature = feature as usize;
        if self.kinds.get(feature).is_none_or(|kinds| kinds & place.kind() == 0) {
            return &[];
        }
        let (start, end) = (self.starts[feature] as usize, self.starts[feature + 1] as usize);
        let code = place.code();
        let places = &self.places[start..end];
        let from = places.partition_point(|place| *place < code);
        let count = places[from..].partition_point(|place| *place == code);
        &self.triggers[start + from..start + from + count]
    }

    /// The heap it takes, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        let numbers = self.starts.len() + self.places.len() + self.triggers.len();
        size_of_val(&*self.kinds) + numbers * size_of::<u32>()
    }
}
