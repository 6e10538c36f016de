//! The inbox: conversations by state, the one that was spoken in last first.
//!
//! No store sorts contacts by their last word, by their handle, or by a start that is held, and none has to: an index in
//! memory does, some two hundred bytes a conversation. It is made when somebody first looks, by reading every contact once;
//! from then on it follows the records, when somebody looks again. Where nobody looks it costs nothing.

use super::Changes;
use crate::Runtime;
use chatsparks_core::{
    Contact, ConversationState, Instant, Key, PendingFor, Row, UserId, WorkspaceId, final_state::ContactState,
    text::normalise,
};
use chatsparks_ports::{Cursor, Store, StoreError};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Contacts read at once.
const PAGE: usize = 1_000;
/// Conversations that are listed: of more, those that closed longest ago are left out, or else were spoken in longest ago.
const LISTED: usize = 1_000_000;
/// Conversations that are looked at for one search: of more, those that come first by their names.
const FOUND: usize = 10_000;

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
    /// Whether more were found than are looked at: more letters find fewer.
    pub cut: bool,
}

/// Whose conversations are looked for: of those whose user id, or whose handle, begins with this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find {
    id: UserId,
    handle: String,
}

impl Find {
    /// What somebody typed, with or without an `@`; none: nothing. A handle is compared as texts are (N1), an id as it is.
    pub fn new(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        let handle = handle(typed);
        (!handle.is_empty()).then(|| Self { id: typed.into(), handle })
    }
}

/// A handle as it is compared.
fn handle(text: &str) -> String {
    let mut handle = normalise(text);
    if handle.starts_with('@') {
        handle.remove(0);
    }
    handle
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
    places: BTreeMap<UserId, Place>,
    /// By state, as they are listed.
    listed: BTreeMap<ConversationState, BTreeSet<InboxPlace>>,
    /// By handle.
    named: BTreeSet<(Arc<str>, UserId)>,
    /// Starts that wait until their buyer writes, by the comment's instant, and whose are among them (P2).
    held: BTreeSet<InboxPlace>,
    held_of: BTreeMap<UserId, Instant>,
}

#[derive(Debug)]
struct Place {
    state: ConversationState,
    at: Instant,
    handle: Option<Arc<str>>,
}

impl Inbox {
    fn put(&mut self, contact: &Contact) {
        self.take_out(contact.user_id());
        let user_id = contact.user_id().clone();
        if let Some(at) = self.held_of.remove(&user_id) {
            self.held.remove(&(at, user_id.clone()));
        }
        let held = contact.pending().filter(|pending| pending.waits == PendingFor::Message);
        if let Some(held) = held.filter(|_| self.held.len() < LISTED) {
            self.held_of.insert(user_id.clone(), held.comment_at);
            self.held.insert((held.comment_at, user_id.clone()));
        }
        let Some(conversation) = contact.conversation() else { return };
        let at = contact.last_spoken().unwrap_or(Instant::from_milliseconds(0));
        let handle = contact.handle().map(handle).filter(|handle| !handle.is_empty()).map(Arc::from);
        self.named.extend(handle.clone().map(|handle| (handle, user_id.clone())));
        self.listed.entry(conversation.state).or_default().insert((at, user_id.clone()));
        self.places.insert(user_id, Place { state: conversation.state, at, handle });
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
        let Some(Place { state, at, handle }) = self.places.remove(user_id) else { return };
        if let Some(listed) = self.listed.get_mut(&state) {
            listed.remove(&(at, user_id.clone()));
        }
        handle.map(|handle| self.named.remove(&(handle, user_id.clone())));
    }

    /// The conversations whose user id or handle begins so: how many are in each state, the places of those in these
    /// states, newest first, and whether there are more than were looked at.
    fn find(
        &self,
        find: &Find,
        states: &[ConversationState],
        before: Option<&InboxPlace>,
    ) -> (InboxCounts, Vec<InboxPlace>, bool) {
        let by_id = self.places.range(find.id.clone()..).map(|(user_id, _)| user_id);
        let by_id = by_id.take_while(|user_id| user_id.as_str().starts_with(find.id.as_str()));
        let from = (Arc::from(find.handle.as_str()), UserId::from(""));
        let by_handle = self.named.range(from..).take_while(|(handle, _)| handle.starts_with(&find.handle));
        let by_handle = by_handle.map(|(_, user_id)| user_id);
        let mut found: BTreeSet<&UserId> = by_id.take(FOUND + 1).chain(by_handle.take(FOUND + 1)).collect();
        let cut = found.len() > FOUND;
        while found.len() > FOUND {
            found.pop_last();
        }
        let (mut counts, mut places) = (InboxCounts::default(), Vec::new());
        for (user_id, place) in found.into_iter().filter_map(|user_id| Some((user_id, self.places.get(user_id)?))) {
            *counts.of(place.state) += 1;
            let is_before = before.is_none_or(|(at, whose)| (place.at, user_id) < (*at, whose));
            if is_before && states.contains(&place.state) {
                places.push((place.at, user_id.clone()));
            }
        }
        places.sort_unstable_by(|one, other| other.cmp(one));
        (counts, places, cut)
    }

    /// The starts that are held, after a place: the comment's instant, and whose; at most so many.
    pub(super) fn held(&self, after: Option<&InboxPlace>, limit: usize) -> Vec<InboxPlace> {
        use std::ops::Bound::{Excluded, Unbounded};
        let after = after.map_or(Unbounded, Excluded);
        self.held.range((after, Unbounded)).take(limit).cloned().collect()
    }

    /// How many starts are held.
    pub(super) fn held_count(&self) -> usize {
        self.held.len()
    }

    fn counts(&self) -> InboxCounts {
        let mut counts = InboxCounts::default();
        for (state, listed) in &self.listed {
            *counts.of(*state) = listed.len();
        }
        counts
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

impl InboxCounts {
    fn of(&mut self, state: ConversationState) -> &mut usize {
        match state {
            ConversationState::Bot => &mut self.bot,
            ConversationState::Waiting => &mut self.waiting,
            ConversationState::Human => &mut self.human,
            ConversationState::Closed => &mut self.closed,
        }
    }
}

impl<S: Store> Runtime<S> {
    /// The conversations in these states, the one that was spoken in last first: at most so many after a place. `find`: only
    /// those that it finds, which are counted then.
    ///
    /// # Errors
    /// What the store says.
    pub async fn inbox(
        &self,
        workspace: &WorkspaceId,
        states: &[ConversationState],
        find: Option<&Find>,
        before: Option<&InboxPlace>,
        limit: usize,
    ) -> Result<InboxPage, StoreError> {
        let look = |inbox: &Inbox| match find {
            Some(find) => inbox.find(find, states, before),
            None => (inbox.counts(), inbox.places(states, before, limit + 1), false),
        };
        let (counts, mut places, cut) = self.in_inbox(workspace, look).await?;
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
        Ok(InboxPage { counts, conversations, next, cut })
    }

    /// Looks into the index as it is by now.
    pub(super) async fn in_inbox<T>(
        &self,
        workspace: &WorkspaceId,
        look: impl FnOnce(&Inbox) -> T,
    ) -> Result<T, StoreError> {
        let Some(of) = self.workspace(workspace) else {
            return Err(StoreError::Unavailable("there is no such workspace".to_owned()));
        };
        let mut inbox = of.inbox.lock().await;
        let followed = match inbox.take() {
            Some(held) => self.follow(workspace, held).await?,
            None => None,
        };
        let inbox = match followed {
            Some(followed) => inbox.insert(followed),
            None => inbox.insert(self.make_inbox(workspace).await?),
        };
        Ok(look(inbox))
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
            // A handle may come with a comment that came to nothing: it matters of those who are listed.
            let commented = changes.commented.into_iter().filter(|user_id| inbox.places.contains_key(user_id));
            let changed: BTreeSet<UserId> = commented.chain(changes.contacts).collect();
            for user_id in changed {
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
