//! What will happen, in the order of its instants.

use chatsparks_core::Instant;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An event as it is brought.
pub(crate) struct Line {
    /// When, in milliseconds since 1970.
    pub(crate) at: i64,
    /// Its id.
    pub(crate) id: String,
    /// The line of a history.
    pub(crate) text: String,
    /// Of a comment or a message: who says what.
    pub(crate) said: Option<Said>,
}

/// Who says what.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) handle: String,
    pub(crate) text: String,
}

impl Line {
    /// An event of this type, with its fields.
    pub(crate) fn new(at: i64, id: String, kind: &str, mut fields: Value) -> Self {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("id".to_owned(), json!(id));
            fields.insert("at".to_owned(), json!(instant(at)));
            fields.insert("type".to_owned(), json!(kind));
        }
        Self { at, id, text: fields.to_string(), said: None }
    }

    /// The same, and who says what.
    pub(crate) fn said(self, handle: &str, text: &str) -> Self {
        Self { said: Some(Said { handle: handle.to_owned(), text: text.to_owned() }), ..self }
    }
}

/// An instant as histories write it.
pub(crate) fn instant(at: i64) -> String {
    Instant::from_milliseconds(at).to_string()
}

/// What will happen.
#[derive(Default)]
pub(crate) struct Agenda {
    lines: BTreeMap<(i64, u64), Line>,
    order: u64,
}

impl Agenda {
    /// This too.
    pub(crate) fn add(&mut self, line: Line) {
        self.order += 1;
        self.lines.insert((line.at, self.order), line);
    }

    /// What happens up to an instant, and is no longer to come.
    pub(crate) fn until(&mut self, at: i64) -> Vec<Line> {
        let later = self.lines.split_off(&(at.saturating_add(1), 0));
        std::mem::replace(&mut self.lines, later).into_values().collect()
    }
}
