//! The lines of a history.

use super::{
    clock::instant,
    json::{Json, object, text},
    people::Person,
};

/// A line to be: when it happened, and its fields but `id`, `at` and `type`.
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) kind: &'static str,
    pub(crate) fields: Vec<(&'static str, Json)>,
    /// How much later than it happened it arrives: it stands among the lines of that instant (T5).
    pub(crate) late: i64,
}

impl Event {
    pub(crate) fn new(id: String, at: i64, kind: &'static str, fields: Vec<(&'static str, Json)>) -> Self {
        Self { id, at, kind, fields, late: 0 }
    }

    /// A comment.
    pub(crate) fn comment(id: String, at: i64, comment_id: &str, post_id: &str, person: &Person, said: &str) -> Self {
        let fields = vec![
            ("comment_id", text(comment_id)),
            ("post_id", text(post_id)),
            ("user_id", text(&person.id)),
            ("handle", text(&person.handle)),
            ("text", text(said)),
        ];
        Self::new(id, at, "comment", fields)
    }

    /// Something about a contact that somebody else did.
    pub(crate) fn about(
        id: String,
        at: i64,
        kind: &'static str,
        user_id: &str,
        more: Vec<(&'static str, Json)>,
    ) -> Self {
        let mut fields = vec![("user_id", text(user_id))];
        fields.extend(more);
        Self::new(id, at, kind, fields)
    }

    fn line(&self) -> String {
        let start = [("id", text(&self.id)), ("at", text(&instant(self.at))), ("type", text(self.kind))];
        let mut line = object(start.into_iter().chain(self.fields.iter().cloned())).as_str().to_owned();
        line.push('\n');
        line
    }
}

/// The history: in the order in which the lines arrive.
pub(crate) fn history(mut events: Vec<Event>) -> String {
    // The sort is stable: what happens at one instant stays in the order in which it was made.
    events.sort_by_key(|event| event.at + event.late);
    events.iter().map(Event::line).collect()
}
