//! Comments, and what TikTok tells of them.

use super::{Due, Refusal, World, people, words};
use crate::control::Removal;
use rand::RngExt;
use serde_json::json;

/// Who wrote a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Person(String),
    Account,
}

/// A comment under a video.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) account: usize,
    pub(crate) video: u64,
    pub(crate) author: Author,
    pub(crate) unique_identifier: String,
    pub(crate) at: i64,
    pub(crate) text: String,
    pub(crate) parent: Option<u64>,
    pub(crate) status: &'static str,
    pub(crate) high_intent: bool,
    /// Whether a message answered it.
    pub(crate) answered: bool,
    pub(crate) likes: u32,
    pub(crate) liked: bool,
}

/// Whether accounts there may answer comments by messages.
pub(crate) fn answers_comments(region: &str) -> bool {
    matches!(region.to_uppercase().as_str(), "VN" | "ID" | "TH")
}

/// What a comment is made of.
pub(super) struct Written {
    pub(crate) account: usize,
    pub(crate) video: u64,
    pub(crate) author: Author,
    pub(crate) text: String,
    pub(crate) parent: Option<u64>,
    pub(crate) high_intent: Option<bool>,
}

impl World {
    /// Somebody comments.
    pub(super) fn comment(&mut self, at: i64, written: Written) -> Result<u64, Refusal> {
        let Written { account, video, author, text, parent, high_intent } = written;
        let owner = self.accounts.get(account).ok_or_else(|| Refusal::new(40_007, "there is no such account"))?;
        if !owner.videos.contains(&video) {
            return Err(Refusal::new(40_002, "Param video_id is invalid."));
        }
        let longest = self.settings.comment_characters;
        if text.trim().is_empty() || text.chars().count() > longest {
            return Err(Refusal::new(40_002, format!("Param text is invalid: 1 to {longest} characters.")));
        }
        if let Some(parent) = parent {
            let there = self.comments.get(&parent).filter(|it| it.video == video && it.status != "DELETED");
            there.ok_or_else(|| Refusal::new(40_002, "Param comment_id is invalid: no such comment there."))?;
        }
        let (unique_identifier, id) = match &author {
            Author::Person(name) => {
                let number = self.makes(name)?;
                let id = self.ids.long(at, &["comment", name, &number]);
                (self.person(name)?.unique_identifier.clone(), id)
            }
            Author::Account => {
                let owner = self.accounts[account].business_id.clone();
                let of = parent.unwrap_or(video);
                let number = self.under(of).filter(|it| it.author == author).count().to_string();
                (owner.clone(), self.ids.long(at, &["comment", &owner, &of.to_string(), &number]))
            }
        };
        let hidden = author == Author::Account && self.looks_like_spam(at, account, &text);
        let classified = high_intent.unwrap_or_else(|| words::asks_to_buy(&text));
        let comment = Comment {
            id,
            account,
            video,
            high_intent: classified && parent.is_none() && author != Author::Account,
            author: author.clone(),
            unique_identifier,
            at,
            text,
            parent,
            status: if hidden { "HIDDEN" } else { "PUBLIC" },
            answered: false,
            likes: 0,
            liked: false,
        };
        let high_intent = comment.high_intent;
        self.comments.insert(id, comment);
        self.comment_order.push(id);
        self.threads.entry(parent.unwrap_or(video)).or_default().push(id);
        self.tell_comment(at, id, "insert");
        match author {
            // What is taken for spam is never set to public.
            Author::Account if !hidden => self.tell_comment(at, id, "set_to_public"),
            Author::Account => {}
            Author::Person(_) if high_intent => {
                let within = i64::from(self.settings.webhooks.high_intent_seconds).max(1) * 1000;
                let later = self.ids.dice(&["high intent", &id.to_string()]).random_range(0..within);
                self.due(at + later, Due::HighIntent(id));
            }
            Author::Person(_) => {}
        }
        if let (Author::Account, Some(parent), false) = (&self.comments[&id].author, parent, hidden) {
            self.replied(at, parent);
        }
        Ok(id)
    }

    /// An account comments under its own video, or replies there.
    pub(crate) fn account_comment(
        &mut self,
        at: i64,
        account: usize,
        video: u64,
        text: &str,
        parent: Option<u64>,
    ) -> Result<u64, Refusal> {
        let (author, text) = (Author::Account, text.to_owned());
        self.comment(at, Written { account, video, author, text, parent, high_intent: Some(false) })
    }

    /// Many like comments in a short time are hidden.
    fn looks_like_spam(&self, at: i64, account: usize, text: &str) -> bool {
        let most = self.settings.like_comments_in_a_minute as usize;
        let recent = self.comment_order.iter().rev().map(|id| &self.comments[id]).take_while(|it| it.at > at - 60_000);
        let like = recent.filter(|it| it.account == account && it.author == Author::Account && it.text == text);
        most > 0 && like.count() >= most
    }

    /// Takes a comment away, or shows it again.
    pub(crate) fn remove(&mut self, at: i64, id: u64, how: Removal) -> Result<(), Refusal> {
        let comment = self.comments.get_mut(&id).filter(|it| it.status != "DELETED");
        let comment = comment.ok_or_else(|| Refusal::new(40_002, "Param comment_id is invalid: no such comment."))?;
        let (status, action) = match how {
            Removal::Delete => ("DELETED", "delete"),
            Removal::Hide => ("HIDDEN", "set_to_hidden"),
            Removal::Show => ("PUBLIC", "set_to_public"),
        };
        if comment.status != status {
            comment.status = status;
            self.tell_comment(at, id, action);
        }
        Ok(())
    }

    /// `comment.update`: ids are numbers of 19 digits, and a parent of 0 is none.
    fn tell_comment(&mut self, at: i64, id: u64, action: &'static str) {
        let Some(comment) = self.comments.get(&id).cloned() else { return };
        let mut content = json!({
            "comment_id": comment.id,
            "video_id": comment.video,
            "parent_comment_id": comment.parent.unwrap_or(0),
            "comment_type": if comment.parent.is_some() { "reply" } else { "comment" },
            "comment_action": action,
            "timestamp": at,
            "unique_identifier": comment.unique_identifier,
        });
        let mut dice = self.ids.dice(&["comment.update", &id.to_string(), action]);
        let within = i64::from(self.settings.webhooks.comment_seconds.min(300)).max(1) * 1000;
        // What is set to public is so once it was looked at.
        let later = dice.random_range(0..within) + if action == "set_to_public" { within } else { 0 };
        let without = dice.random_range(0..1000) < self.settings.webhooks.without_text_of_1000;
        if !without && !self.hooks.takes_text("comment.update") {
            content["text"] = comment.text.into();
        }
        self.tell(at, later, comment.account, "COMMENT", "comment.update", &content);
    }

    /// `im_receive_high_intent_comment`: the id is text here, and the video is not named.
    pub(super) fn tell_high_intent(&mut self, at: i64, id: u64) {
        let Some(comment) = self.comments.get(&id).filter(|it| it.status == "PUBLIC").cloned() else { return };
        let account = &self.accounts[comment.account];
        let Author::Person(name) = &comment.author else { return };
        let Some(person) = self.people.get(name) else { return };
        if !account.comment_to_message || !people::can_be_answered(&person.region) {
            return;
        }
        let content = json!({
            "from": person.name,
            "to": account.username,
            "unique_identifier": person.unique_identifier,
            "from_user": { "id": person.unique_identifier, "role": "personal_account" },
            "to_user": { "id": account.business_id, "role": "business_account" },
            "comment_id": comment.id.to_string(),
            "comment_text": comment.text,
            "is_follower": person.follower,
            "timestamp": at,
        });
        self.tell(at, 0, comment.account, "DIRECT_MESSAGE", "im_receive_high_intent_comment", &content);
    }

    /// What stands right under a comment, or right under a video.
    pub(crate) fn under(&self, of: u64) -> impl Iterator<Item = &Comment> {
        self.threads.get(&of).into_iter().flatten().filter_map(|id| self.comments.get(id))
    }

    /// Comments in the order they were written.
    pub(crate) fn comments_in_order(&self) -> impl DoubleEndedIterator<Item = &Comment> {
        self.comment_order.iter().filter_map(|id| self.comments.get(id))
    }
}
