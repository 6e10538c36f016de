//! Direct messages: who may write to whom, when and how often.

use super::{Author, Person, Refusal, World, people};
use serde_json::{Value, json};

/// What was said between an account and a person.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) account: usize,
    pub(crate) person: String,
    pub(crate) messages: Vec<Message>,
    /// When the person last wrote: opens a window.
    wrote_at: Option<i64>,
    /// How many messages of the account still fit into it; nothing: any number.
    left: Option<u32>,
    /// When either last wrote.
    pub(crate) last_at: i64,
    /// Whether the account has answered: before, it is a stranger's request.
    pub(crate) answered: bool,
    /// Until where the account, and the person, have read.
    pub(crate) account_read: i64,
    pub(crate) person_read: i64,
    pub(crate) references: Vec<String>,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) by_account: bool,
    pub(crate) at: i64,
    pub(crate) kind: Kind,
    pub(crate) quotes: Option<String>,
    /// The message whose button wrote it, and the button.
    pub(crate) tapped: Option<(String, String)>,
    pub(crate) answers_comment: Option<u64>,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text(String),
    SharePost(u64),
    /// Whether it is a card of links, its title, and each button's label and id.
    Template {
        links: bool,
        title: String,
        buttons: Vec<(String, String)>,
    },
}

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::SharePost(_) => "share_post",
            Self::Template { .. } => "template",
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Template { title: text, .. } => text,
            Self::SharePost(_) => "",
        }
    }
}

/// Where a message of an account goes.
#[derive(Clone, Debug)]
pub(crate) enum Sending {
    Conversation(String),
    /// Comment-to-Message.
    Comment(u64),
}

/// What a person writes.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Text(String),
    Button(String),
}

const HOUR: i64 = 3_600_000;

impl World {
    /// An account writes. The message's id, and the number of its echo.
    pub(crate) fn send(
        &mut self,
        at: i64,
        account: usize,
        to: &Sending,
        kind: Kind,
        quotes: Option<String>,
    ) -> Result<(String, Option<usize>), Refusal> {
        if !people::has_messages(&self.accounts[account].region) {
            return Err(Refusal::new(40_001, "Business Messaging is not available for this account's region."));
        }
        let (id, answers_comment) = match to {
            Sending::Conversation(id) => (self.may_send(at, account, id, quotes.as_deref())?, None),
            Sending::Comment(comment) => (self.may_answer(at, account, *comment)?, Some(*comment)),
        };
        let Some(talk) = self.conversations.get_mut(&id) else { return Err(Refusal::new(51_065, "System error.")) };
        talk.left = if answers_comment.is_some() { Some(0) } else { talk.left.map(|left| left.saturating_sub(1)) };
        talk.answered = true;
        if let Some(comment) = answers_comment.and_then(|comment| self.comments.get_mut(&comment)) {
            comment.answered = true;
        }
        let message = Message { id: String::new(), by_account: true, at, kind, quotes, tapped: None, answers_comment };
        Ok(self.say(&id, message))
    }

    /// The window of the person's last message, and its budget.
    fn may_send(&mut self, at: i64, account: usize, id: &str, quotes: Option<&str>) -> Result<String, Refusal> {
        let hours = i64::from(self.settings.windows.hours);
        let talk = self.conversations.get(id).filter(|talk| talk.account == account);
        let talk = talk.ok_or_else(|| Refusal::new(40_002, "Param recipient is invalid."))?;
        if let Some(quoted) = quotes
            && !talk.messages.iter().any(|it| it.id == quoted && !matches!(it.kind, Kind::Template { .. }))
        {
            return Err(Refusal::new(40_002, "Param referenced_message_id is invalid."));
        }
        let blocked = |why: &str| Err(Refusal::new(40_064, format!("Blocked by direct message rules: {why}.")));
        if !self.people.get(&talk.person).is_some_and(|person| person.takes_messages) {
            return blocked("the user does not accept messages");
        }
        match talk.wrote_at {
            _ if talk.left == Some(0) => blocked("the limit until the user's next message is reached"),
            Some(wrote) if at >= wrote + hours * HOUR => blocked("the messaging window is over"),
            Some(_) => Ok(id.to_owned()),
            None => blocked("the user has not sent a message"),
        }
    }

    /// Comment-to-Message: every condition of TikTok's.
    fn may_answer(&mut self, at: i64, account: usize, id: u64) -> Result<String, Refusal> {
        let of_account = &self.accounts[account];
        if !of_account.comment_to_message {
            return Err(Refusal::new(40_001, "Comment-to-Message is not enabled for the Business Account."));
        }
        let comment = self.comments.get(&id).filter(|it| it.account == account && it.status != "DELETED");
        let comment = comment.ok_or_else(|| Refusal::new(40_002, "Param comment_id is invalid."))?;
        let blocked = |why: &str| Err(Refusal::new(40_064, format!("Blocked by direct message rules: {why}.")));
        let Author::Person(name) = comment.author.clone() else { return blocked("the comment is the account's own") };
        if comment.parent.is_some() || !comment.high_intent {
            return blocked("the comment is not a first-level comment of high intent");
        }
        if at >= comment.at + 48 * HOUR {
            return blocked("the comment is older than 48 hours");
        }
        if comment.answered {
            return blocked("the comment was answered already");
        }
        let person = self.person(&name)?;
        if !person.adult || !people::can_be_answered(&person.region) || !person.takes_messages {
            return blocked("the user cannot be answered");
        }
        let talk = self.open_conversation(account, &name);
        if self.conversations.get(&talk).is_some_and(|it| !it.messages.is_empty() && at < it.last_at + 24 * HOUR) {
            return blocked("there were direct messages in the past 24 hours");
        }
        Ok(talk)
    }

    /// A person writes. The message's id.
    pub(crate) fn write(&mut self, at: i64, account: usize, name: &str, reply: Reply) -> Result<String, Refusal> {
        self.person(name)?;
        let id = self.open_conversation(account, name);
        let windows = self.settings.windows;
        let Some(talk) = self.conversations.get_mut(&id) else { return Err(Refusal::new(51_065, "System error.")) };
        let (text, tapped) = match reply {
            Reply::Text(text) if text.chars().count() <= 6000 && !text.is_empty() => (text, None),
            Reply::Text(_) => return Err(Refusal::new(40_002, "a message has 1 to 6,000 characters")),
            Reply::Button(button) => {
                let found = talk.messages.iter().rev().find_map(|it| match &it.kind {
                    Kind::Template { buttons, .. } => {
                        buttons.iter().find(|(_, id)| *id == button).map(|(label, _)| (label.clone(), it.id.clone()))
                    }
                    _ => None,
                });
                let none = || Refusal::new(40_002, format!("nobody was sent a button `{button}` there"));
                let (label, of) = found.ok_or_else(none)?;
                (label, Some((of, button)))
            }
        };
        let unlimited = windows.unlimited_after_reply && talk.answered;
        talk.wrote_at = Some(at);
        talk.left = (!unlimited).then_some(windows.messages);
        talk.person_read = at;
        let kind = Kind::Text(text);
        let message =
            Message { id: String::new(), by_account: false, at, kind, quotes: None, tapped, answers_comment: None };
        Ok(self.say(&id, message).0)
    }

    /// Puts a message into its conversation, and tells of it.
    fn say(&mut self, id: &str, mut message: Message) -> (String, Option<usize>) {
        let Some(talk) = self.conversations.get_mut(id) else { return (String::new(), None) };
        let place = talk.messages.len();
        message.id = self.ids.opaque(&["message", id, &place.to_string()]);
        talk.last_at = talk.last_at.max(message.at);
        talk.messages.push(message.clone());
        self.message_order.push((id.to_owned(), place));
        let (account, name) = (talk.account, talk.person.clone());
        let number = self.tell_message(account, &name, id, &message);
        if message.by_account {
            self.was_sent(account, &name, &message);
        }
        (message.id, number)
    }

    /// `im_receive_msg`, `im_receive_msg_eu` or `im_send_msg`.
    fn tell_message(&mut self, account: usize, name: &str, id: &str, message: &Message) -> Option<usize> {
        let (business, person) = (&self.accounts[account], self.people.get(name)?);
        let of_person = json!({ "id": person.unique_identifier, "role": "personal_account" });
        let of_account = json!({ "id": business.business_id, "role": "business_account" });
        if !message.by_account && !people::has_messages(&person.region) {
            let content = json!({ "to": business.username, "to_user": of_account, "timestamp": message.at });
            return self.tell(message.at, 0, account, "DIRECT_MESSAGE", "im_receive_msg_eu", &content);
        }
        let (event, from, to) = if message.by_account {
            ("im_send_msg", (&business.username, of_account), (&person.name, of_person))
        } else {
            ("im_receive_msg", (&person.name, of_person), (&business.username, of_account))
        };
        let mut content = json!({
            "from": from.0, "to": to.0,
            "unique_identifier": from.1["id"],
            "from_user": from.1, "to_user": to.1,
            "conversation_id": id,
            "message_id": message.id,
            "timestamp": message.at,
            "type": message.kind.name(),
            "scene_type": 0,
            "is_follower": person.follower,
            "message_tag": { "source": if message.by_account { "API" } else { "APP" } },
        });
        content[message.kind.name()] = block(&message.kind);
        if let Some(quoted) = &message.quotes {
            content["referenced_message_info"] = json!({ "referenced_message_id": quoted });
        }
        if let Some((of, button)) = &message.tapped {
            content["reply_source_payload"] = json!({ "reply_source_msg_id": of, "reply_source_unique_id": button });
        }
        self.tell(message.at, 0, account, "DIRECT_MESSAGE", event, &content)
    }

    /// A person reads what they were sent: `im_mark_read_msg`.
    pub(crate) fn read(&mut self, at: i64, account: usize, name: &str) -> Result<(), Refusal> {
        let id = self.conversation_of(account, name);
        let talk = id.and_then(|id| self.conversations.get_mut(&id)).filter(|talk| !talk.messages.is_empty());
        let talk = talk.ok_or_else(|| Refusal::new(40_002, format!("`{name}` has no messages there")))?;
        talk.person_read = at;
        let (id, business) = (talk.id.clone(), &self.accounts[account]);
        let Some(person) = self.people.get(name) else { return Ok(()) };
        let content = json!({
            "from": person.name, "to": business.username,
            "unique_identifier": person.unique_identifier,
            "from_user": { "id": person.unique_identifier, "role": "personal_account" },
            "to_user": { "id": business.business_id, "role": "business_account" },
            "conversation_id": id,
            "timestamp": at,
            "read": { "last_read_timestamp": at },
        });
        self.tell(at, 0, account, "DIRECT_MESSAGE", "im_mark_read_msg", &content);
        Ok(())
    }

    /// A person comes by a link, and writes nothing yet: `im_referral_msg`.
    pub(crate) fn refer(&mut self, at: i64, account: usize, name: &str, reference: &str) -> Result<String, Refusal> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '=' | '-');
        if reference.is_empty() || reference.len() > 2083 || !reference.chars().all(fits) {
            return Err(Refusal::new(40_002, "a link's parameter has letters, digits, `_`, `=` and `-`, up to 2,083"));
        }
        let person: Person = self.person(name)?.clone();
        let id = self.open_conversation(account, name);
        if let Some(talk) = self.conversations.get_mut(&id) {
            talk.references.push(reference.to_owned());
        }
        let business = &self.accounts[account];
        let content = json!({
            "from": person.name, "to": business.username,
            "unique_identifier": person.unique_identifier,
            "from_user": { "id": person.unique_identifier, "role": "personal_account" },
            "to_user": { "id": business.business_id, "role": "business_account" },
            "conversation_id": id,
            "timestamp": at,
            "referral": { "source": "short_link", "short_link": { "ref": reference } },
        });
        self.tell(at, 0, account, "DIRECT_MESSAGE", "im_referral_msg", &content);
        Ok(id)
    }

    pub(crate) fn conversation_of(&self, account: usize, name: &str) -> Option<String> {
        let id = self.ids.opaque(&["conversation", &self.accounts[account].username, name]);
        self.conversations.contains_key(&id).then_some(id)
    }

    fn open_conversation(&mut self, account: usize, name: &str) -> String {
        let id = self.ids.opaque(&["conversation", &self.accounts[account].username, name]);
        self.conversations.entry(id.clone()).or_insert_with(|| Conversation {
            id: id.clone(),
            account,
            person: name.to_owned(),
            messages: Vec::new(),
            wrote_at: None,
            left: None,
            last_at: i64::MIN / 2,
            answered: false,
            account_read: 0,
            person_read: 0,
            references: Vec::new(),
        });
        id
    }

    /// Messages in the order they were written, each with its conversation.
    pub(crate) fn messages_in_order(&self) -> impl Iterator<Item = (&Conversation, &Message)> {
        self.message_order.iter().filter_map(|(id, place)| {
            let talk = self.conversations.get(id)?;
            Some((talk, talk.messages.get(*place)?))
        })
    }
}

/// A message's block as webhooks have it.
pub(crate) fn block(kind: &Kind) -> Value {
    match kind {
        Kind::Text(text) => json!({ "body": text }),
        Kind::SharePost(video) => {
            json!({ "video_id": video.to_string(), "embed_url": format!("https://www.tiktok.com/player/v1/{video}") })
        }
        Kind::Template { links, title, buttons } => {
            let buttons: Vec<_> =
                buttons.iter().map(|(text, id)| json!({ "text": text, "type": "reply", "id": id })).collect();
            let name = if *links { "qa_link_card" } else { "qa_button_card" };
            json!({ "type": name, "elements": [{ "title": title, "buttons": buttons }] })
        }
    }
}
