//! The triggers, in priority order: campaigns, complaints, then what people ask, then the rest.

mod general;
mod special;

use super::{
    json::{Json, flag, list, number, object, text, texts},
    words::Language,
};

/// Every trigger, highest first.
pub(crate) fn triggers() -> Vec<Json> {
    let mut triggers = special::campaigns();
    triggers.extend(special::complaints());
    triggers.extend(general::questions());
    triggers.extend(general::rest());
    triggers.extend(special::drafts());
    triggers.into_iter().map(Trigger::json).collect()
}

/// A trigger as the document has it; what is left out takes its default.
struct Trigger {
    id: String,
    name: &'static str,
    draft: bool,
    scope: Option<Json>,
    when: Json,
    flow: String,
    replies: Vec<&'static str>,
    throttle_hours: Option<i64>,
}

impl Trigger {
    fn new(id: impl Into<String>, name: &'static str, when: Json, flow: impl Into<String>) -> Self {
        let (id, flow) = (id.into(), flow.into());
        Self { id, name, draft: false, scope: None, when, flow, replies: Vec::new(), throttle_hours: None }
    }

    /// A trigger of one language, named after it, with that language's flow of the same name.
    fn of(language: Language, id: &str, name: &'static str, when: Json) -> Self {
        let id = format!("{id}-{}", language.code());
        Self::new(id.clone(), name, when, id)
    }

    fn flow(self, flow: &str) -> Self {
        Self { flow: flow.to_owned(), ..self }
    }

    fn on_posts(self, posts: &[&str]) -> Self {
        Self { scope: Some(object([("posts", texts(posts.iter().copied()))])), ..self }
    }

    fn on_tags(self, tags: &[&str]) -> Self {
        Self { scope: Some(object([("tags", texts(tags.iter().copied()))])), ..self }
    }

    fn replies(self, replies: &[&'static str]) -> Self {
        Self { replies: replies.to_vec(), ..self }
    }

    fn every_hours(self, hours: i64) -> Self {
        Self { throttle_hours: Some(hours), ..self }
    }

    fn draft(self) -> Self {
        Self { draft: true, ..self }
    }

    fn json(self) -> Json {
        let mut fields = vec![("id", text(&self.id)), ("name", text(self.name))];
        if self.draft {
            fields.push(("status", text("draft")));
        }
        fields.extend(self.scope.map(|scope| ("scope", scope)));
        fields.extend([("when", self.when), ("flow", text(&self.flow))]);
        match self.replies.as_slice() {
            [] => {}
            [one] => fields.push(("public_reply", text(one))),
            many => fields.push(("public_reply", texts(many.iter().copied()))),
        }
        fields.extend(self.throttle_hours.map(|hours| ("throttle_hours", number(hours))));
        object(fields)
    }
}

/// How keywords are compared, beside their mode.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Also {
    Nothing,
    /// Accents may be left out (N5).
    Accents,
    /// Letters may be held down (N6).
    Squeeze,
    /// Both.
    Both,
}

fn keywords(mode: &str, also: Also, words: &[&str]) -> Json {
    let mut fields = vec![("words", texts(words.iter().copied()))];
    if mode != "contains" {
        fields.push(("match", text(mode)));
    }
    if matches!(also, Also::Accents | Also::Both) {
        fields.push(("ignore_accents", flag(true)));
    }
    if matches!(also, Also::Squeeze | Also::Both) {
        fields.push(("squeeze", flag(true)));
    }
    object([("keywords", object(fields))])
}

fn contains(words: &[&str]) -> Json {
    keywords("contains", Also::Nothing, words)
}

fn word(also: Also, words: &[&str]) -> Json {
    keywords("word", also, words)
}

fn pattern(pattern: &str) -> Json {
    object([("pattern", text(pattern))])
}

fn mentions(products: &[&str]) -> Json {
    let fields = if products.is_empty() { vec![] } else { vec![("products", texts(products.iter().copied()))] };
    object([("mentions", object(fields))])
}

fn all<const N: usize>(parts: [Json; N]) -> Json {
    object([("all", list(parts))])
}

fn any<const N: usize>(parts: [Json; N]) -> Json {
    object([("any", list(parts))])
}

fn not(part: Json) -> Json {
    object([("not", part)])
}
