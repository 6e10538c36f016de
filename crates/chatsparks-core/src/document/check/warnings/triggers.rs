//! Warnings of triggers and their conditions.

use super::literal_braces;
use crate::{
    PostId, ProblemCode, ProductId, Tag,
    document::check::{Place, Report, limits, outranked, patterns, patterns::FoundIn},
    document::workspace::{Condition, Keywords, MatchMode, Replies, Scope, Workspace},
    matching::text::{self, Variant},
};

pub(crate) fn triggers(workspace: &Workspace, report: &mut Report) {
    let mut search = Search::of(workspace, report);
    let outranked = outranked::outranked(workspace);
    let list = Place::top("triggers");
    for (position, trigger) in workspace.triggers.iter().enumerate() {
        let at = list.item(position);
        if let Some(higher) = outranked.get(position).copied().flatten() {
            let message = format_args!(
                "this trigger never wins: whenever it matches, `{}` above it (`triggers[{higher}]`) matches too",
                workspace.triggers[higher].id
            );
            search.report.add(&at, ProblemCode::AlwaysOutranked, message);
        }
        match &trigger.scope {
            Scope::All => {}
            Scope::Posts(posts) => search.posts(&at.field("scope").field("posts"), posts),
            Scope::Tags(tags) => search.tags(&at.field("scope").field("tags"), tags),
        }
        search.condition(&at.field("when"), &trigger.when, 0);
        let at = at.field("public_reply");
        match &trigger.public_reply {
            Replies::One(reply) => literal_braces(&at, reply, search.report),
            Replies::Many(replies) => {
                for (position, reply) in replies.iter().enumerate() {
                    literal_braces(&at.item(position), reply, search.report);
                }
            }
        }
    }
}

struct Search<'a, 'r> {
    /// The posts of the workspace, sorted.
    posts: Vec<&'a str>,
    /// The tags of its posts, sorted.
    tags: Vec<&'a str>,
    /// Its products, sorted.
    products: Vec<&'a str>,
    /// Patterns met so far; past the limit, which is a fault, they are not looked at.
    patterns: usize,
    report: &'r mut Report,
}

impl<'a, 'r> Search<'a, 'r> {
    fn of(workspace: &'a Workspace, report: &'r mut Report) -> Self {
        let mut posts: Vec<&str> = workspace.posts.iter().map(|post| post.id.as_str()).collect();
        posts.sort_unstable();
        let mut tags: Vec<&str> = workspace.posts.iter().flat_map(|post| &post.tags).map(Tag::as_str).collect();
        tags.sort_unstable();
        tags.dedup();
        let mut products: Vec<&str> = workspace.products.iter().map(|product| product.id.as_str()).collect();
        products.sort_unstable();
        Self { posts, tags, products, patterns: 0, report }
    }

    fn condition(&mut self, at: &Place<'_>, condition: &Condition, around: usize) {
        if around > limits::NESTING {
            return;
        }
        match condition {
            Condition::QuestionMark | Condition::FirstComment | Condition::Reply | Condition::Pack(_) => {}
            Condition::Keywords(keywords) => self.keywords(&at.field("keywords").field("words"), keywords),
            Condition::Pattern(pattern) => {
                self.patterns += 1;
                if self.patterns <= limits::PATTERNS {
                    self::pattern(&at.field("pattern"), pattern, self.report);
                }
            }
            Condition::Posts(posts) => self.posts(&at.field("posts"), posts),
            Condition::Mentions(mentions) => self.products(&at.field("mentions").field("products"), &mentions.products),
            Condition::All(parts) => self.parts(&at.field("all"), parts, around + 1),
            Condition::Any(parts) => self.parts(&at.field("any"), parts, around + 1),
            Condition::Not(part) => self.condition(&at.field("not"), part, around + 1),
        }
    }

    fn parts(&mut self, at: &Place<'_>, parts: &[Condition], around: usize) {
        for (position, part) in parts.iter().enumerate() {
            self.condition(&at.item(position), part, around);
        }
    }

    fn keywords(&mut self, at: &Place<'_>, keywords: &Keywords) {
        for (position, word) in keywords.words.iter().enumerate() {
            short(&at.item(position), word, keywords.mode, keywords.ignore_accents, self.report);
        }
    }

    /// C3: a post that the workspace lacks.
    fn posts(&mut self, at: &Place<'_>, posts: &[PostId]) {
        if posts.is_empty() {
            self.never(at, "posts");
        }
        for (position, post) in posts.iter().enumerate() {
            if self.posts.binary_search(&post.as_str()).is_err() {
                let message = format_args!("the post `{post}` is not in this workspace");
                self.report.add(&at.item(position), ProblemCode::UnknownPost, message);
            }
        }
    }

    /// C3: a tag that no post has; what tags would be of other posts nobody knows.
    fn tags(&mut self, at: &Place<'_>, tags: &[Tag]) {
        if tags.is_empty() {
            self.never(at, "tags");
        }
        for (position, tag) in tags.iter().enumerate() {
            if self.tags.binary_search(&tag.as_str()).is_err() {
                let message = format_args!("no post of this workspace has the tag `{tag}`");
                self.report.add(&at.item(position), ProblemCode::UnknownTag, message);
            }
        }
    }

    /// N9: a product that the workspace lacks has no names.
    fn products(&mut self, at: &Place<'_>, products: &[ProductId]) {
        for (position, product) in products.iter().enumerate() {
            if self.products.binary_search(&product.as_str()).is_err() {
                let message = format_args!("the product `{product}` is not in this workspace");
                self.report.add(&at.item(position), ProblemCode::UnknownProduct, message);
            }
        }
    }

    fn never(&mut self, at: &Place<'_>, items: &str) {
        self.report.add(at, ProblemCode::NoEffect, format_args!("with no {items} chosen this never holds"));
    }
}

/// A one- or two-letter `contains` keyword. Digits and signs alone are no letters. A mark is part of its letter; but
/// where words are written without spaces, vowels and tones are marks: there `ผิว` is longer than two letters, and
/// only a single letter with its marks, as `กี่`, is short whatever stands on it.
pub(super) fn short(at: &Place<'_>, word: &str, mode: MatchMode, ignore_accents: bool, report: &mut Report) {
    // Nothing of this many plain characters becomes so short; to squeeze (N6) makes texts shorter, never keywords.
    if mode != MatchMode::Contains || (word.len() > 2 && word.is_ascii() && !word.contains(' ')) {
        return;
    }
    let read = text::vary(&text::normalise(word), Variant { ignore_accents, squeeze: false });
    let characters = read.chars().filter(|c| !text::is_mark(*c)).take(3).count();
    let is_unspaced = read.chars().any(text::is_unspaced_script);
    let is_longer = characters == 2 && is_unspaced && read.chars().any(text::is_mark);
    if characters <= 2 && !is_longer && read.chars().any(text::is_letter) {
        // N4: in these scripts a word may be glued to others, so that `word` would not help.
        let instead = if is_unspaced { "take a longer one" } else { "consider `\"match\": \"word\"`, or a longer one" };
        let message = format_args!("`{word}` is so short that many other words contain it: {instead}");
        report.add(at, ProblemCode::ShortKeyword, message);
    }
}

/// A pattern that is suspicious in itself: found always, asking for `\b`, or with a literal that no text has.
pub(super) fn pattern(at: &Place<'_>, pattern: &str, report: &mut Report) {
    // A longer one is a fault already, and is not worth the time.
    if pattern.is_empty() || pattern.chars().nth(limits::PATTERN).is_some() {
        return;
    }
    if let Some(texts) = patterns::found_always(pattern) {
        let texts = match texts {
            FoundIn::Every => "every text",
            FoundIn::EveryWritten => "every text that is not blank",
        };
        report.add(at, ProblemCode::HoldsAlways, format_args!("this pattern is found in {texts}"));
    }
    if patterns::asks_for_word_boundary(pattern) {
        let message = format_args!(
            "`\\b` never stands between two letters, and Thai words are written without spaces between them: keywords \
             with `\"match\": \"word\"` know where such words end"
        );
        report.add(at, ProblemCode::WordBoundary, message);
    }
    if let Some((written, stands)) = patterns::unnormalised(pattern) {
        let message = format_args!(
            "the literal {written:?} never stands in a normalised text, which has {stands:?} in its place: write that"
        );
        report.add(at, ProblemCode::UnnormalisedPattern, message);
    }
}
