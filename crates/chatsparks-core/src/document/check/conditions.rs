//! Faults of triggers and their conditions.

use super::{Again, Checker, Place, build_pattern, limits, limits::Grouped};
use crate::{
    PostId, ProblemCode, ProductId,
    document::packs,
    document::workspace::{Condition, Keywords, Pack, Replies, Scope, Trigger},
};

impl Checker<'_> {
    pub(super) fn triggers(&mut self, triggers: &[Trigger]) {
        let list = Place::top("triggers");
        self.report.count(&list, "triggers", triggers.len(), limits::TRIGGERS);
        let again = Again::of(triggers.iter().map(|trigger| trigger.id.as_str()));
        for (position, trigger) in triggers.iter().enumerate() {
            self.trigger(&list.item(position), trigger, again.at(position));
        }
    }

    fn trigger(&mut self, at: &Place<'_>, trigger: &Trigger, again: bool) {
        self.own_id(&at.field("id"), trigger.id.as_str(), limits::CHOSEN_ID, again);
        match &trigger.scope {
            Scope::All => {}
            Scope::Posts(posts) => self.post_ids(&at.field("scope").field("posts"), posts),
            Scope::Tags(tags) => {
                for (position, tag) in tags.iter().enumerate() {
                    let at = at.field("scope");
                    self.report.text(&at.field("tags").item(position), tag.as_str(), limits::TAG);
                }
            }
        }
        self.condition(&at.field("when"), &trigger.when, 0);
        if !self.names.has_flow(trigger.flow.as_str()) {
            let message = format_args!("there is no flow `{}`", trigger.flow);
            self.report.add(&at.field("flow"), ProblemCode::Unknown, message);
        }
        self.replies(&at.field("public_reply"), &trigger.public_reply);
        if let Some(hours) = trigger.throttle_hours {
            self.report.number(&at.field("throttle_hours"), hours, limits::HOURS);
        }
    }

    fn replies(&mut self, at: &Place<'_>, replies: &Replies) {
        match replies {
            Replies::One(reply) => self.report.text(at, reply, limits::PUBLIC_REPLY),
            Replies::Many(replies) => {
                self.report.count(at, "variants of a public reply", replies.len(), limits::REPLIES);
                for (position, reply) in replies.iter().enumerate() {
                    self.report.text(&at.item(position), reply, limits::PUBLIC_REPLY);
                }
            }
        }
    }

    /// `around` combinators stand around the condition. It does not look below the first that is too deep, so the
    /// stack it needs is bounded, whatever the document.
    fn condition(&mut self, at: &Place<'_>, condition: &Condition, around: usize) {
        if around > limits::NESTING {
            let message = format_args!("`all`, `any` and `not` stand more than {} deep around this", limits::NESTING);
            return self.report.add(at, ProblemCode::TooDeep, message);
        }
        match condition {
            Condition::QuestionMark | Condition::FirstComment | Condition::Reply => {}
            Condition::Keywords(keywords) => self.keywords(&at.field("keywords").field("words"), keywords),
            Condition::Pattern(pattern) => self.pattern(&at.field("pattern"), pattern),
            Condition::Posts(posts) => self.post_ids(&at.field("posts"), posts),
            Condition::Mentions(mentions) => {
                self.product_ids(&at.field("mentions").field("products"), &mentions.products)
            }
            Condition::Pack(pack) => self.pack(at, pack),
            Condition::All(parts) => self.parts(&at.field("all"), parts, around + 1),
            Condition::Any(parts) => self.parts(&at.field("any"), parts, around + 1),
            Condition::Not(part) => self.condition(&at.field("not"), part, around + 1),
        }
    }

    fn parts(&mut self, at: &Place<'_>, parts: &[Condition], around: usize) {
        if parts.is_empty() {
            self.report.add(at, ProblemCode::Empty, format_args!("a condition needs at least one part"));
        }
        for (position, part) in parts.iter().enumerate() {
            self.condition(&at.item(position), part, around);
        }
    }

    fn keywords(&mut self, at: &Place<'_>, keywords: &Keywords) {
        let words = &keywords.words;
        if words.is_empty() {
            self.report.add(at, ProblemCode::Empty, format_args!("a condition needs at least one word"));
        }
        self.report.count(at, "words in one condition", words.len(), limits::WORDS);
        self.count_words(at, words.len());
        for (position, word) in words.iter().enumerate() {
            self.report.keyword(&at.item(position), word);
        }
    }

    fn count_words(&mut self, at: &Place<'_>, words: usize) {
        let before = self.words;
        self.words = before.saturating_add(words);
        // Told once, where the limit is passed.
        if before <= limits::ALL_WORDS && self.words > limits::ALL_WORDS {
            let message = format_args!("all conditions together have at most {} words", Grouped(limits::ALL_WORDS));
            self.report.add(at, ProblemCode::OverLimit, message);
        }
    }

    /// A pack must be one that is shipped, and so must its languages.
    fn pack(&mut self, at: &Place<'_>, pack: &Pack) {
        let packs = packs::known(|word| word.pack);
        if !packs.contains(&pack.pack.as_str()) {
            let message = format_args!("there is no pack `{}`{}", pack.pack, nearest(&pack.pack, &packs));
            self.report.add(&at.field("pack"), ProblemCode::Unknown, message);
        }
        let languages = packs::known(|word| word.language);
        for (position, language) in pack.languages.iter().enumerate() {
            if !languages.contains(&language.as_str()) {
                let message =
                    format_args!("packs have no words in the language `{language}`{}", nearest(language, &languages));
                self.report.add(&at.field("languages").item(position), ProblemCode::Unknown, message);
            }
        }
        self.count_words(at, pack.words().count());
    }

    /// A pattern of a condition or of a question: they are alike (N7), and counted together.
    pub(super) fn pattern(&mut self, at: &Place<'_>, pattern: &str) {
        self.patterns += 1;
        if self.patterns == limits::PATTERNS + 1 {
            let message = format_args!("a workspace has at most {} patterns", limits::PATTERNS);
            self.report.add(at, ProblemCode::OverLimit, message);
        }
        if pattern.is_empty() {
            self.report.add(at, ProblemCode::Empty, format_args!("this pattern is empty"));
        } else if self.report.length(at, pattern, limits::PATTERN)
            // Compiling is the one costly step here, so it is never done for more than the limit.
            && self.patterns <= limits::PATTERNS
            && let Err(message) = build_pattern(pattern)
        {
            self.report.add(at, ProblemCode::BadPattern, format_args!("{message}"));
        }
    }

    /// Posts named: they need not be in the workspace (C3), but must be ids.
    fn post_ids(&mut self, at: &Place<'_>, posts: &[PostId]) {
        for (position, post) in posts.iter().enumerate() {
            self.report.id(&at.item(position), post.as_str(), limits::PLATFORM_ID);
        }
    }

    /// Products mentioned: F10 asks only of links that they be in the workspace, but they must be ids.
    fn product_ids(&mut self, at: &Place<'_>, products: &[ProductId]) {
        for (position, product) in products.iter().enumerate() {
            self.report.id(&at.item(position), product.as_str(), limits::PLATFORM_ID);
        }
    }
}

/// What was perhaps meant, as the end of a sentence: the name that begins like it or is a letter or two away, else all.
fn nearest(wanted: &str, known: &[&str]) -> String {
    let letters: Vec<char> = wanted.chars().take(limits::CHOSEN_ID).collect();
    let near = known.iter().map(|name| (distance(&letters, name), *name)).min();
    match near {
        Some((distance, name)) if distance * 2 <= name.chars().count() => format!(": did you mean `{name}`?"),
        _ => format!(": there are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// How many letters have to be put in, taken out or changed.
fn distance(wanted: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (line, letter) in name.chars().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for place in 0..wanted.len() {
            let changed = before + usize::from(wanted[place] != letter);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row[wanted.len()]
}
