//! What people do, as the control API and crowds say it.

use super::{Author, Refusal, Reply, World, comments::Written};
use crate::control::Act;

impl World {
    /// Lets a person do something; the id of what came to be.
    pub(crate) fn act(&mut self, at: i64, act: &Act) -> Result<String, Refusal> {
        match act {
            Act::Comment { person, account, video, text, reply_to, high_intent } => {
                let account = self.account(account.as_deref())?;
                let videos = &self.accounts[account].videos;
                let none = || Refusal::new(40_007, format!("there is no video {video}: {} there are", videos.len()));
                let video = *videos.get(*video).ok_or_else(none)?;
                let parent = reply_to.as_deref().map(number).transpose()?;
                let author = Author::Person(person.clone());
                let (text, high_intent) = (text.clone(), *high_intent);
                let id = self.comment(at, Written { account, video, author, text, parent, high_intent })?;
                Ok(id.to_string())
            }
            Act::Remove { comment_id, how } => {
                self.remove(at, number(comment_id)?, *how)?;
                Ok(comment_id.clone())
            }
            Act::Message { person, account, text } => {
                let account = self.account(account.as_deref())?;
                self.write(at, account, person, Reply::Text(text.clone()))
            }
            Act::Tap { person, account, button } => {
                let account = self.account(account.as_deref())?;
                self.write(at, account, person, Reply::Button(button.clone()))
            }
            Act::Read { person, account } => {
                let account = self.account(account.as_deref())?;
                self.read(at, account, person)?;
                Ok(String::new())
            }
            Act::Refer { person, account, reference } => {
                let account = self.account(account.as_deref())?;
                self.refer(at, account, person, reference)
            }
            Act::Buy { person, account, items } => {
                let account = self.account(account.as_deref())?;
                Ok(self.buy(at, account, person, items)?.to_string())
            }
            Act::Cancel { order_id } => Ok(self.cancel(at, number(order_id)?)?.to_string()),
            Act::Refund { order_id, amount_minor } => {
                Ok(self.give_back(at, number(order_id)?, *amount_minor)?.to_string())
            }
        }
    }
}

/// An id of 19 digits from text.
pub(crate) fn number(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| Refusal::new(40_002, format!("`{id}` is no id of digits")))
}
