//! Scope: which triggers listen to a post (C3), and the index that finds them from a word and a post.
//!
//! A word such as `link` may stand in thousands of triggers, most of them for one video each. So the
//! index is keyed by word *and* place, and a comment only ever touches lists of its own post and tags.

use crate::matcher::Feature;

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
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// Which kinds of place a feature has lists for: most features have no list for most comments.
    kinds: Box<[u8]>,
    /// Open addressing: a key, and where its list stands. The keys come from the workspace alone.
    slots: Box<[Slot]>,
    triggers: Box<[u32]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: u64,
    start: u32,
    length: u32,
}

impl Postings {
    /// Builds the index from (feature, place, trigger) rows.
    pub(crate) fn build(rows: &[(Feature, Place, u32)], feature_count: u32) -> Self {
        let mut kinds = vec![0; feature_count as usize].into_boxed_slice();
        let mut keyed: Vec<(u64, u32)> = rows
            .iter()
            .map(|&(feature, place, trigger)| {
                kinds[feature as usize] |= place.kind();
                (key(feature, place), trigger)
            })
            .collect();
        keyed.sort_unstable();
        keyed.dedup();
        let count = keyed.chunk_by(|one, other| one.0 == other.0).count();
        let mut slots = vec![Slot::default(); (count * 3 / 2 + 1).next_power_of_two()].into_boxed_slice();
        let mask = slots.len() - 1;
        let mut start = 0;
        for list in keyed.chunk_by(|one, other| one.0 == other.0) {
            let key = list[0].0;
            let length = list.len() as u32;
            let mut at = spread(key) & mask;
            while slots[at].length != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = Slot { key, start, length };
            start += length;
        }
        Self { kinds, slots, triggers: keyed.into_iter().map(|(_, trigger)| trigger).collect() }
    }

    /// Whether a feature has any list for a kind of place.
    pub(crate) fn has(&self, feature: Feature, place: Place) -> bool {
        self.kinds.get(feature as usize).is_some_and(|kinds| kinds & place.kind() != 0)
    }

    /// Whether one of these features has any list at all.
    pub(crate) fn has_any(&self, features: &[Feature]) -> bool {
        features.iter().any(|feature| self.kinds.get(*feature as usize).is_some_and(|kinds| *kinds != 0))
    }

    /// The triggers of a feature at a place, highest first.
    pub(crate) fn list(&self, feature: Feature, place: Place) -> &[u32] {
        if !self.has(feature, place) {
            return &[];
        }
        let key = key(feature, place);
        let mask = self.slots.len() - 1;
        let mut at = spread(key) & mask;
        loop {
            let slot = &self.slots[at];
            if slot.length == 0 {
                return &[];
            }
            if slot.key == key {
                return &self.triggers[slot.start as usize..(slot.start + slot.length) as usize];
            }
            at = (at + 1) & mask;
        }
    }

    /// The heap it takes, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        size_of_val(&*self.kinds) + size_of_val(&*self.slots) + size_of_val(&*self.triggers)
    }
}

fn key(feature: Feature, place: Place) -> u64 {
    u64::from(feature) << 32 | u64::from(place.code())
}

fn spread(key: u64) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}
