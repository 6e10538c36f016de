//! What buyers write, in four languages: the seeds that `spelling` makes real.

mod english;
mod indonesian;
mod thai;
mod vietnamese;

/// A language that the shop sells in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    Thai,
    Vietnamese,
    Indonesian,
    English,
}

/// What a buyer wants with a comment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Intent {
    Price,
    Link,
    Shade,
    Stock,
    Shipping,
    Skin,
    Order,
    Reaction,
    Mention,
    Hello,
}

/// The vocabulary of one language. `{p}` stands for a product.
pub(crate) struct Words {
    pub(crate) price: &'static [&'static str],
    pub(crate) link: &'static [&'static str],
    pub(crate) shade: &'static [&'static str],
    pub(crate) stock: &'static [&'static str],
    pub(crate) shipping: &'static [&'static str],
    pub(crate) skin: &'static [&'static str],
    pub(crate) order: &'static [&'static str],
    pub(crate) reaction: &'static [&'static str],
    pub(crate) mention: &'static [&'static str],
    pub(crate) hello: &'static [&'static str],
    /// Comments that ask for nothing.
    pub(crate) chatter: &'static [&'static str],
    /// Questions that no list of words foresees.
    pub(crate) questions: &'static [&'static str],
    /// What stands behind a comment: particles, pleas, laughter.
    pub(crate) tails: &'static [&'static str],
    /// Emoji and stickers that this audience likes.
    pub(crate) emoji: &'static [&'static str],
    /// What a buyer answers in a DM beside the options.
    pub(crate) remarks: &'static [&'static str],
    /// What a buyer writes when no flow asks.
    pub(crate) thanks: &'static [&'static str],
    /// What needs a person at once.
    pub(crate) sensitive: &'static [&'static str],
    /// What a member of the shop writes.
    pub(crate) member: &'static [&'static str],
}

impl Language {
    pub(crate) const ALL: [Self; 4] = [Self::Thai, Self::Vietnamese, Self::Indonesian, Self::English];

    /// Its code, also the ending of triggers and flows and the tag of its posts.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Thai => "th",
            Self::Vietnamese => "vi",
            Self::Indonesian => "id",
            Self::English => "en",
        }
    }

    /// Its place in [`Language::ALL`].
    pub(crate) fn place(self) -> usize {
        self as usize
    }

    /// Its vocabulary.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::Thai => &thai::WORDS,
            Self::Vietnamese => &vietnamese::WORDS,
            Self::Indonesian => &indonesian::WORDS,
            Self::English => &english::WORDS,
        }
    }
}

impl Intent {
    pub(crate) const ALL: [Self; 10] = [
        Self::Price,
        Self::Link,
        Self::Shade,
        Self::Stock,
        Self::Shipping,
        Self::Skin,
        Self::Order,
        Self::Reaction,
        Self::Mention,
        Self::Hello,
    ];

    /// How people say it.
    pub(crate) fn of(self, words: &Words) -> &'static [&'static str] {
        match self {
            Self::Price => words.price,
            Self::Link => words.link,
            Self::Shade => words.shade,
            Self::Stock => words.stock,
            Self::Shipping => words.shipping,
            Self::Skin => words.skin,
            Self::Order => words.order,
            Self::Reaction => words.reaction,
            Self::Mention => words.mention,
            Self::Hello => words.hello,
        }
    }

    /// How common it is among comments that want something.
    pub(crate) fn weight(self) -> u64 {
        match self {
            Self::Price => 26,
            Self::Link => 16,
            Self::Shade => 12,
            Self::Stock => 8,
            Self::Shipping => 8,
            Self::Skin => 9,
            Self::Order => 9,
            Self::Reaction => 2,
            Self::Mention => 7,
            Self::Hello => 3,
        }
    }
}
