//! The inbox: conversations by state, the one that was spoken in last first.
//!
//! No store sorts contacts by their last word, and none has to: an index in memory does, a few dozen bytes a conversation.
//! It is made when somebody first looks, by reading every contact once; from then on it follows the records, when somebody
//! looks again. Where nobody looks it costs nothing.

use super::Changes;
use crate::Runtime;
use chatsparks_core::{
    Contact, ConversationState, Instant, Key, PendingFor, Row, UserId, WorkspaceId, final_state::ContactState,
};
use chatsparks_ports::{Cursor, Store, StoreError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Contacts read at once.
const PAGE: usize = 1_000;
/// Conversations that are listed: of more, those that closed longest ago are left out, or else were spoken in longest ago.
const LISTED: usize = 1_000_000;

/// A place in the inbox: when it was last spoken in, and whose conversation it is.
pub type InboxPlace = (Instant, UserId);

/// Conversations, the one that was spoken in last first.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxPage {
    /// How many there are in each state.
    pub counts: InboxCounts,
    /// The conversations.
    pub conversations: Vec<Listed>,
    /// Where to go on; none: that was the last.
    pub next: Option<InboxPlace>,
}

/// How many conversations are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InboxCounts {
    /// The bot speaks.
    pub bot: usize,
    /// Nobody answered for a while, or the flow is at its end.
    pub waiting: usize,
    /// A person has it.
    pub human: usize,
    /// It is over.
    pub closed: usize,
}

/// A conversation as the inbox lists it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// What they are called on the platform, as last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// When either side last spoke.
    pub last_at: Instant,
    /// Until when a start waits, for room or for the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<Instant>,
    /// The contact, as in the state.
    #[serde(flatten)]
    pub contact: ContactState,
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// How far it has followed the records.
    read: Cursor,
    places: BTreeMap<UserId, (ConversationState, Instant)>,
    /// By state, as they are listed.
    listed: BTreeMap<ConversationState, BTreeSet<InboxPlace>>,
}

impl Inbox {
    fn put(&mut self, contact: &Contact) {
        self.take_out(contact.user_id());
        let Some(conversation) = contact.conversation() else { return };
        let at = contact.last_spoken().unwrap_or(Instant::from_milliseconds(0));
        self.places.insert(contact.user_id().clone(), (conversation.state, at));
        self.listed.entry(conversation.state).or_default().insert((at, contact.user_id().clone()));
        if self.places.len() > LISTED
            && let Some(longest) = self.longest_ago()
        {
            self.take_out(&longest);
        }
    }

    /// Whose conversation is the first to be left out: what closed longest ago, or else was spoken in longest ago.
    fn longest_ago(&self) -> Option<UserId> {
        let first = |state| self.listed.get(state).and_then(BTreeSet::first);
        let open = || self.listed.keys().filter_map(first).min();
        first(&ConversationState::Closed).or_else(open).map(|(_, user_id)| user_id.clone())
    }

    fn take_out(&mut self, user_id: &UserId) {
        if let Some((state, at)) = self.places.remove(user_id)
            && let Some(listed) = self.listed.get_mut(&state)
        {
            listed.remove(&(at, user_id.clone()));
        }
    }

    fn counts(&self) -> InboxCounts {
        let of = |state| self.listed.get(&state).map_or(0, BTreeSet::len);
        InboxCounts {
            bot: of(ConversationState::Bot),
            waiting: of(ConversationState::Waiting),
            human: of(ConversationState::Human),
            closed: of(ConversationState::Closed),
        }
    }

    /// The places after one, in any of these states, newest first.
    fn places(&self, states: &[ConversationState], before: Option<&InboxPlace>, limit: usize) -> Vec<InboxPlace> {
        let of = |state| {
            let listed = self.listed.get(state).into_iter();
            listed.flat_map(move |listed| match before {
                Some(before) => listed.range(..before).rev().take(limit),
                None => listed.range(..).rev().take(limit),
            })
        };
        let mut places: Vec<InboxPlace> = states.iter().flat_map(of).cloned().collect();
        places.sort_unstable_by(|one, other| other.cmp(one));
        places.truncate(limit);
        places
    }
}

impl<S: Store> Runtime<S> {
    /// The conversations in these states, the one that was spoken in last first: at most so many after a place.
    ///
    /// # Errors
    /// What the store says.
    pub async fn inbox(
        &self,
        workspace: &WorkspaceId,
        states: &[ConversationState],
        before: Option<&InboxPlace>,
        limit: usize,
    ) -> Result<InboxPage, StoreError> {
        let Some(of) = self.workspace(workspace) else {
            return Err(StoreError::Unavailable("there is no such workspace".to_owned()));
        };
        let (counts, mut places) = {
            let mut inbox = of.inbox.lock().await;
            let followed = match inbox.take() {
                Some(held) => self.follow(workspace, held).await?,
                None => None,
            };
            let inbox = match followed {
                Some(followed) => inbox.insert(followed),
                None => inbox.insert(self.make_inbox(workspace).await?),
            };
            (inbox.counts(), inbox.places(states, before, limit + 1))
        };
        let next = (places.len() > limit).then(|| places.get(limit.saturating_sub(1)).cloned()).flatten();
        places.truncate(limit);
        let head = self.head(workspace).await?;
        let mut conversations = Vec::with_capacity(places.len());
        for (last_at, user_id) in places {
            let row = self.store().row(workspace, &Key::Contact(user_id)).await?;
            if let Some(Row::Contact(contact)) = row {
                conversations.push(Listed::new(&contact, last_at, ContactState::new(&contact, &head)));
            }
        }
        Ok(InboxPage { counts, conversations, next })
    }

    /// Follows the records; none: they are not kept from there on, and it has to be made anew.
    async fn follow(&self, workspace: &WorkspaceId, mut inbox: Inbox) -> Result<Option<Inbox>, StoreError> {
        loop {
            let changes: Changes = match self.changes(workspace, &inbox.read, 1).await {
                Ok(changes) => changes,
                Err(StoreError::NotKept(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
            if changes.records == 0 {
                return Ok(Some(inbox));
            }
            for user_id in changes.contacts {
                // An order by a shop id names no contact.
                if let Some(Row::Contact(contact)) = self.store().row(workspace, &Key::Contact(user_id)).await? {
                    inbox.put(&contact);
                }
            }
            inbox.read = changes.read;
        }
    }

    async fn make_inbox(&self, workspace: &WorkspaceId) -> Result<Inbox, StoreError> {
        // Before the contacts are read: what changes meanwhile is looked at once more.
        let mut inbox = Inbox { read: self.records_end(workspace).await?, ..Inbox::default() };
        let mut after: Option<String> = None;
        loop {
            let rows = self.store().rows(workspace, "contact", after.as_deref(), PAGE).await?;
            let Some(last) = rows.last() else { return Ok(inbox) };
            after = Some(last.key().name());
            for row in &rows {
                if let Row::Contact(contact) = row {
                    inbox.put(contact);
                }
            }
        }
    }
}

impl Listed {
    fn new(contact: &Contact, last_at: Instant, state: ContactState) -> Self {
        let waits = |wanted| contact.pending().filter(|pending| pending.waits == wanted).map(|pending| pending.until);
        Self {
            handle: contact.handle().map(str::to_owned),
            last_at,
            waits_until: waits(PendingFor::Room).or_else(|| waits(PendingFor::Message)),
            contact: state,
        }
    }
}
