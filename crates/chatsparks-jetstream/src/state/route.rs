//! Where events go (R4): the rules are the ports', and everything they ask for is in one state.

use super::{Body, State};
use crate::{op::In, table::of as all_of};
use chatsparks_core::{Event, Instant, UserId, WorkspaceId};
use chatsparks_ports::{
    Input, Position, Routed, Stamp, StoreError,
    places::{Addressed, Directory, Place, PlaceKey, Waits, names, pass_time_first},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A key's kind, and its name.
pub(crate) type Named = (Box<str>, Box<str>);

/// An event that waits. Forms go by places, so each has all of them, the empty ones too.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "AwaitingForm")]
pub(crate) struct Awaiting {
    pub(super) op: u64,
    pub(super) place: u32,
    pub(super) input: InForm,
    pub(super) key: Named,
    /// Of an order: the id that it bears.
    pub(super) also: Option<Named>,
    pub(super) until: Vec<(u32, u64)>,
    pub(super) linked: Option<u32>,
}

/// What waits, as it is written, and as it was before: without the sixth where that was empty.
#[derive(Deserialize)]
#[serde(untagged)]
enum AwaitingForm {
    Whole(u64, u32, InForm, Named, Option<Named>, Vec<(u32, u64)>, Option<u32>),
    Short(u64, u32, InForm, Named, Vec<(u32, u64)>, Option<u32>),
}

impl From<AwaitingForm> for Awaiting {
    fn from(form: AwaitingForm) -> Self {
        let (op, place, input, key, also, until, linked) = match form {
            AwaitingForm::Whole(op, place, input, key, also, until, linked) => {
                (op, place, input, key, also, until, linked)
            }
            AwaitingForm::Short(op, place, input, key, until, linked) => (op, place, input, key, None, until, linked),
        };
        Self { op, place, input, key, also, until, linked }
    }
}

/// An event to be logged, as text.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct InForm(pub(super) String);

impl InForm {
    pub(super) fn read(&self) -> Result<In, StoreError> {
        serde_json::from_str(&self.0).map_err(crate::failure::form)
    }
}

impl Awaiting {
    pub(super) fn names(&self) -> impl Iterator<Item = &Named> {
        std::iter::once(&self.key).chain(&self.also)
    }

    pub(super) fn op(&self) -> u64 {
        self.op
    }

    /// What it stands in was written anew: whether it did.
    pub(super) fn moved(&mut self, of: u64, to: u64) -> bool {
        let stood = self.op == of;
        if stood {
            self.op = to;
        }
        stood
    }
}

/// Whether a place is remembered for a while only.
pub(super) fn is_of_an_event(kind: &str) -> bool {
    let of = [PlaceKey::Link("".into()), PlaceKey::Refund("".into())];
    of.iter().any(|key| key.kind() == kind)
}

/// What an event names beside its first key.
pub(super) fn also(event: &Event) -> Option<Named> {
    names(event).get(1).map(named)
}

fn named(key: &PlaceKey) -> Named {
    (key.kind().into(), key.name().into())
}

/// A workspace, as a directory.
struct Within<'a> {
    state: &'a mut State,
    at: i64,
}

impl Directory for Within<'_> {
    type Error = StoreError;

    fn place(&mut self, key: &PlaceKey) -> Result<Option<u32>, StoreError> {
        if let PlaceKey::Dm(dm_id) = key {
            let mut parts = (0..).zip(&self.state.parts);
            return Ok(parts.find(|(_, part)| part.rows.has_dm(dm_id.as_str())).map(|(partition, _)| partition));
        }
        Ok(self.state.places.get(&named(key)).map(|place| place.0))
    }

    fn put(&mut self, key: &PlaceKey, partition: u32) -> Result<(), StoreError> {
        self.state.put_place(named(key), (partition, self.at));
        Ok(())
    }

    fn is_contact(&mut self, partition: u32, user_id: &UserId) -> Result<bool, StoreError> {
        Ok(self.state.parts.get(partition as usize).is_some_and(|part| part.rows.is_contact(user_id)))
    }

    fn undecided(&mut self, partition: u32, user_id: Option<&UserId>) -> Result<Option<Position>, StoreError> {
        let Some(part) = self.state.parts.get(partition as usize) else { return Ok(None) };
        let undecided = (part.decided + 1, u64::MAX);
        Ok(match user_id {
            Some(user_id) => part.log_of.range_back(all_of(user_id.clone(), undecided)).next().map(|((_, at), _)| at),
            None => part.log.range_back(undecided.0..).next().map(|(position, _)| position),
        })
    }

    fn is_awaited(&mut self, key: &PlaceKey) -> Result<bool, StoreError> {
        let key = named(key);
        Ok(self.state.waiting.values().any(|awaiting| awaiting.key == key || awaiting.also.as_ref() == Some(&key)))
    }
}

impl State {
    /// Remembers where something lives.
    pub(super) fn put_place(&mut self, name: Named, place: (u32, i64)) {
        if is_of_an_event(&name.0) {
            self.places_since.insert((place.1, name.clone()), ());
        }
        self.places.insert(name, place);
    }

    fn partitions(&self) -> u32 {
        u32::try_from(self.parts.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn route(
        &mut self,
        workspace: &WorkspaceId,
        account: &UserId,
        op: u64,
        inputs: &[In],
    ) -> Result<Routed, StoreError> {
        let addressed = Addressed { workspace, account, partitions: self.partitions() };
        // Read first: all of them happen, or none.
        let read = inputs.iter().map(|input| input.form.words()).collect::<Result<Vec<_>, _>>()?;
        let mut appended = 0;
        for ((place, form), words) in (0..).zip(inputs).zip(read) {
            let mut within = Within { state: self, at: form.at };
            match addressed.place(&mut within, &words.id, &words.event)? {
                Place::In(partition) => drop(self.part_mut(partition)?.log_in(op, place, form)),
                Place::Everywhere => self.log_everywhere(op, place, form, &form.input()?)?,
                Place::Waits(Waits { keys, until, linked }) => {
                    let Some(key) = keys.first().map(named) else { continue };
                    self.waited += 1;
                    let input = InForm(serde_json::to_string(form).map_err(crate::failure::form)?);
                    let awaiting = Awaiting { op, place, input, key, also: keys.get(1).map(named), until, linked };
                    self.waiting.insert(self.waited, awaiting);
                    continue;
                }
            }
            appended += 1;
        }
        Ok(Routed { appended, waiting: self.waiting.len() })
    }

    pub(super) fn forward(&mut self, workspace: &WorkspaceId, account: &UserId) -> Result<Routed, StoreError> {
        let addressed = Addressed { workspace, account, partitions: self.partitions() };
        let mut appended = 0;
        let mut behind: BTreeSet<Named> = BTreeSet::new();
        let all: Vec<(u64, Awaiting)> = self.waiting.iter().map(|(number, waits)| (*number, waits.clone())).collect();
        for (number, awaiting) in all {
            if awaiting.names().any(|key| behind.contains(key)) || !self.is_decided(&awaiting.until) {
                behind.extend(awaiting.names().cloned());
                continue;
            }
            let form = awaiting.input.read()?;
            let input = form.input()?;
            self.waiting.remove(&number);
            let mut within = Within { state: self, at: form.at };
            let partition = addressed.settled(&mut within, &input.event, awaiting.linked)?;
            self.part_mut(partition)?.log_in(awaiting.op, awaiting.place, &form);
            appended += 1;
        }
        Ok(Routed { appended, waiting: self.waiting.len() })
    }

    fn is_decided(&self, until: &[(u32, u64)]) -> bool {
        let part = |partition: u32| self.parts.get(partition as usize);
        until.iter().all(|(partition, position)| part(*partition).is_some_and(|part| part.decided >= *position))
    }

    /// Whether something waits that need not wait any longer: what a [`forward`](State::forward) would do.
    pub(crate) fn may_forward(&self) -> bool {
        let mut behind: BTreeSet<&Named> = BTreeSet::new();
        self.waiting.values().any(|awaiting| {
            let stays = awaiting.names().any(|key| behind.contains(key)) || !self.is_decided(&awaiting.until);
            behind.extend(awaiting.names());
            !stays
        })
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// R8: with one `at` in every partition.
    fn log_everywhere(&mut self, op: u64, place: u32, form: &In, input: &Input) -> Result<(), StoreError> {
        let ends: Vec<Option<i64>> = self.parts.iter().map(|part| part.log_latest).collect();
        let latest = ends.iter().flatten().max().copied();
        let clock = pass_time_first(input, latest.map(Instant::from_milliseconds));
        let at = input.stamp.at(latest.map(Instant::from_milliseconds));
        for (part, end) in self.parts.iter_mut().zip(ends) {
            if let Some(clock) = clock.as_ref().filter(|_| end < latest) {
                part.log_own(clock)?;
            }
            part.log_at(at, Body::In(op, place), form);
        }
        Ok(())
    }

    /// Tells partition 0 something.
    pub(super) fn tell(&mut self, input: &Input) -> Result<(), StoreError> {
        debug_assert!(matches!((&input.event, input.stamp), (Event::Grant(_), Stamp::Received(_))));
        self.part_mut(0)?.log_own(input).map(drop)
    }
}
