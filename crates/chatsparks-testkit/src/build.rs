//! Workspaces and histories for tests, written in a few words.
//!
//! ```
//! use chatsparks_testkit::build::{history, workspace};
//! use chatsparks_testkit::replay;
//!
//! let workspace = workspace().says("hello", "It is 590 THB").trigger("price", &["price"], "hello").build();
//! let history = history("2026-03-02T10:00:00Z").comment("u1", "PRICE?").after(60).message("u1", "thanks").build();
//! let replayed = replay(&workspace, &history);
//! assert_eq!(replayed.records[0]["outcome"]["comment"]["result"], "fired");
//! ```

use crate::generate::read;
use chatsparks_core::{
    Act, ActKind, Comment, Email, Envelope, Event, Instant, MemberMessage, Message, Text, UserId, workspace::Workspace,
};
use serde_json::{Value, json};

/// A workspace called `glow` with the account `acct` and no sensitive words, to be filled.
pub fn workspace() -> WorkspaceBuilder {
    WorkspaceBuilder {
        document: json!({
            "schema": 1, "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
            "posts": [{ "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z" }],
            "sensitive": [], "triggers": [], "flows": [],
        }),
    }
}

/// A history that begins at an instant, one second between its events.
///
/// # Panics
/// When the instant is none: a mistake of the test.
#[expect(clippy::panic, reason = "a test's own mistake is told where it is made")]
pub fn history(begin: &str) -> HistoryBuilder {
    match begin.parse::<Instant>() {
        Ok(begin) => HistoryBuilder { now: begin.as_milliseconds(), events: Vec::new() },
        Err(error) => panic!("{error}"),
    }
}

/// A workspace in the making.
#[derive(Clone, Debug)]
pub struct WorkspaceBuilder {
    document: Value,
}

impl WorkspaceBuilder {
    /// A flow of one message.
    pub fn says(self, flow: &str, text: &str) -> Self {
        self.flow(flow, json!([{ "id": "b1", "message": { "text": text } }]))
    }

    /// A flow, version 1, of blocks as the document writes them.
    pub fn flow(self, flow: &str, blocks: Value) -> Self {
        self.with("flows", json!({ "id": flow, "version": 1, "blocks": blocks }))
    }

    /// A trigger for some words, below those that stand already.
    pub fn trigger(self, id: &str, words: &[&str], flow: &str) -> Self {
        self.trigger_when(id, json!({ "keywords": { "words": words } }), flow)
    }

    /// A trigger for a condition as the document writes it.
    pub fn trigger_when(self, id: &str, when: Value, flow: &str) -> Self {
        self.with("triggers", json!({ "id": id, "when": when, "flow": flow }))
    }

    /// A plan with this limit, its cycles from 31 January 2026 on.
    pub fn limit(self, limit: i64) -> Self {
        let plan = json!({
            "mac_limit": limit, "subscribed_at": "2026-01-31T09:00:00Z", "listening_window_days": 30,
        });
        self.set("plan", plan)
    }

    /// A field of the document, such as `policy`.
    pub fn set(mut self, field: &str, value: Value) -> Self {
        self.document[field] = value;
        self
    }

    fn with(mut self, list: &str, item: Value) -> Self {
        if let Some(list) = self.document[list].as_array_mut() {
            list.push(item);
        }
        self
    }

    /// The document as JSON.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The workspace.
    pub fn build(&self) -> Workspace {
        read(&self.document)
    }
}

/// A history in the making. Ids count: the first event is `e1`, a comment in it `c1`, a message `m1`.
#[derive(Clone, Debug)]
pub struct HistoryBuilder {
    now: i64,
    events: Vec<Envelope>,
}

impl HistoryBuilder {
    /// So many seconds pass before the next event, instead of one.
    pub fn after(mut self, seconds: i64) -> Self {
        self.now += (seconds - 1) * 1000;
        self
    }

    /// Any event.
    pub fn event(mut self, event: impl Into<Event>) -> Self {
        let id = format!("e{}", self.events.len() + 1).into();
        self.events.push(Envelope { id, at: Instant::from_milliseconds(self.now), event: event.into() });
        self.now += 1000;
        self
    }

    fn number(&self) -> usize {
        self.events.len() + 1
    }

    /// A comment on `v1`.
    pub fn comment(self, user: &str, text: &str) -> Self {
        let event = Event::Comment(Comment {
            comment_id: format!("c{}", self.number()).into(),
            post_id: "v1".into(),
            user_id: user.into(),
            handle: None,
            text: Text::from(text),
            posted_at: None,
            reply_to: None,
            direct_reply: false,
        });
        self.event(event)
    }

    /// A buyer's message.
    pub fn message(self, user: &str, text: &str) -> Self {
        let event = Event::Message(Message {
            message_id: format!("m{}", self.number()).into(),
            user_id: user.into(),
            handle: None,
            text: Some(Text::from(text)),
            option: None,
        });
        self.event(event)
    }

    /// A buyer taps an option.
    pub fn tap(self, user: &str, option: &str) -> Self {
        let event = Event::Message(Message {
            message_id: format!("m{}", self.number()).into(),
            user_id: user.into(),
            handle: None,
            text: None,
            option: Some(option.into()),
        });
        self.event(event)
    }

    /// A member writes.
    pub fn member_message(self, user: &str, member: &str, text: &str) -> Self {
        let event = Event::MemberMessage(MemberMessage {
            message_id: format!("mm{}", self.number()).into(),
            user_id: user.into(),
            member: member.into(),
            text: Text::from(text),
            link: None,
        });
        self.event(event)
    }

    /// A member does something with a contact.
    pub fn act(self, user: &str, member: &str, kind: ActKind) -> Self {
        self.event(Event::Act(Act { user_id: UserId::from(user), member: Email::from(member), kind }))
    }

    /// The workspace changes.
    pub fn configure(self, workspace: &WorkspaceBuilder) -> Self {
        self.event(Event::Configure(Box::new(workspace.build().into())))
    }

    /// Time passes.
    pub fn clock(self) -> Self {
        self.event(Event::Clock)
    }

    /// The history.
    pub fn build(self) -> Vec<Envelope> {
        self.events
    }
}
