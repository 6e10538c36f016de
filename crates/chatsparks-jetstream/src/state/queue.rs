//! Effects of a partition that wait, and what came of them.

use crate::op::{EffectForm, How};
use chatsparks_core::UserId;
use chatsparks_ports::EffectState;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The record that decided it, and its place there.
type Decided = (u64, u32);

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Effects {
    all: BTreeMap<Decided, Waiting>,
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    #[serde(skip)]
    by_id: BTreeMap<Box<str>, Decided>,
    /// Those of each lane that may go, in order.
    #[serde(skip)]
    lanes: BTreeMap<UserId, BTreeSet<Decided>>,
    /// Those that may go next, whose chance ends soonest first: free ones, and the first of each lane.
    #[serde(skip)]
    fronts: BTreeSet<(i64, u64, Decided)>,
    #[serde(skip)]
    pub(crate) counts: [u64; 3],
}

/// Which effects of a contact are withdrawn.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    /// A conversation's bot DMs that have not begun (O7). One whose attempt failed may have arrived, and is kept; before
    /// version 3 it went.
    NotBegun { conversation: u32, keeps_tried: bool },
    /// Everything that has no outcome (R12).
    All,
}

/// An effect and where it stands.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) id: Box<str>,
    /// The order decided, over all partitions.
    pub(crate) number: u64,
    pub(crate) user_id: Option<UserId>,
    pub(crate) lane: Option<UserId>,
    pub(crate) free: bool,
    pub(crate) kind: Box<str>,
    pub(super) conversation: Option<u32>,
    /// None once it has its outcome: what it said is in the record.
    pub(crate) form: Option<Box<str>>,
    pub(crate) context: Box<str>,
    pub(crate) not_after: Option<i64>,
    pub(crate) state: EffectState,
    pub(crate) attempts: u32,
    pub(crate) first_attempt: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) why: Option<Box<str>>,
}

impl Waiting {
    pub(crate) fn new(number: u64, contact: Option<&UserId>, effect: &EffectForm) -> Self {
        Self {
            id: effect.id.as_str().into(),
            number,
            user_id: contact.or(effect.lane.as_ref()).cloned(),
            lane: effect.lane.clone(),
            free: effect.free,
            kind: effect.kind.as_str().into(),
            conversation: effect.conversation,
            form: Some(effect.form.get().into()),
            context: effect.context.get().into(),
            not_after: effect.not_after,
            state: if effect.in_doubt { EffectState::InDoubt } else { EffectState::Waiting },
            attempts: 0,
            first_attempt: None,
            not_before: None,
            why: None,
        }
    }

    pub(crate) fn has_outcome(&self) -> bool {
        matches!(self.state, EffectState::Sent | EffectState::Failed)
    }

    fn may_go(&self) -> bool {
        matches!(self.state, EffectState::Waiting | EffectState::InDoubt)
    }

    /// In the order in which they would go.
    pub(crate) fn turn(&self) -> (i64, u64) {
        (self.not_after.unwrap_or(i64::MAX), self.number)
    }

    fn close(&mut self, state: EffectState, why: Option<&str>) {
        (self.state, self.not_before, self.why, self.form) = (state, None, why.map(Into::into), None);
    }
}

impl Effects {
    /// Finds anew what is not written with it.
    pub(crate) fn restore(&mut self) {
        self.by_id = self.all.iter().map(|(decided, effect)| (effect.id.clone(), *decided)).collect();
        for decided in self.all.keys().copied().collect::<Vec<_>>() {
            self.list(decided);
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Waiting> {
        self.all.get(self.by_id.get(id)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.all.values()
    }

    /// Those that may go next, in their order.
    pub(crate) fn fronts(&self) -> impl Iterator<Item = &Waiting> {
        self.fronts.iter().filter_map(|(_, _, decided)| self.all.get(decided))
    }

    /// Puts one at the end of its lane, unless it is there.
    pub(crate) fn enqueue(&mut self, decided: Decided, effect: Waiting) {
        if self.by_id.contains_key(&effect.id) {
            return;
        }
        self.by_id.insert(effect.id.clone(), decided);
        self.all.insert(decided, effect);
        self.list(decided);
    }

    /// Puts one that another store had, over one of the same id.
    pub(crate) fn bring(&mut self, (seq, mut place): Decided, effect: Waiting) {
        if let Some(before) = self.by_id.remove(&effect.id) {
            self.unlist(before);
            self.all.remove(&before);
        }
        // Of what has its outcome the place may not be known.
        while self.all.contains_key(&(seq, place)) {
            place += 1;
        }
        self.enqueue((seq, place), effect);
    }

    /// Each with its place.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&Decided, &Waiting)> {
        self.all.iter()
    }

    fn count(&mut self, state: EffectState, by: i64) {
        let place = match state {
            EffectState::Waiting => 0,
            EffectState::InDoubt => 1,
            EffectState::Dead => 2,
            EffectState::Sent | EffectState::Failed => return,
        };
        if let Some(count) = self.counts.get_mut(place) {
            *count = count.saturating_add_signed(by);
        }
    }

    fn front(&self, decided: Decided) -> Option<(i64, u64, Decided)> {
        let effect = self.all.get(&decided)?;
        let (not_after, number) = effect.turn();
        Some((not_after, number, decided))
    }

    fn list(&mut self, decided: Decided) {
        let Some(effect) = self.all.get(&decided) else { return };
        let (state, may_go, lane) = (effect.state, effect.may_go(), effect.lane.clone().filter(|_| !effect.free));
        self.count(state, 1);
        if !may_go {
            return;
        }
        if let Some(lane) = lane {
            let places = self.lanes.entry(lane).or_default();
            let before = places.first().copied();
            places.insert(decided);
            if places.first() != Some(&decided) {
                return;
            }
            let before = before.and_then(|before| self.front(before));
            before.map(|before| self.fronts.remove(&before));
        }
        self.fronts.extend(self.front(decided));
    }

    fn unlist(&mut self, decided: Decided) {
        let Some(effect) = self.all.get(&decided) else { return };
        let (state, lane) = (effect.state, effect.lane.clone().filter(|_| !effect.free));
        self.count(state, -1);
        let front = self.front(decided);
        let was_first = front.is_some_and(|front| self.fronts.remove(&front));
        let Some(lane) = lane else { return };
        let Some(places) = self.lanes.get_mut(&lane) else { return };
        places.remove(&decided);
        let next = places.first().copied().filter(|_| was_first);
        if places.is_empty() {
            self.lanes.remove(&lane);
        }
        self.fronts.extend(next.and_then(|next| self.front(next)));
    }

    /// Changes one where it is to be changed; false: it is not there, or it is not to be.
    fn change(&mut self, id: &str, is_meant: impl FnOnce(&Waiting) -> bool, change: impl FnOnce(&mut Waiting)) -> bool {
        let Some(decided) = self.by_id.get(id).copied() else { return false };
        if !self.all.get(&decided).is_some_and(is_meant) {
            return false;
        }
        self.unlist(decided);
        if let Some(effect) = self.all.get_mut(&decided) {
            change(effect);
        }
        self.list(decided);
        true
    }

    pub(crate) fn begin(&mut self, id: &str, wall: i64) -> bool {
        self.change(id, Waiting::may_go, |effect| {
            (effect.state, effect.not_before) = (EffectState::InDoubt, None);
            effect.first_attempt.get_or_insert(wall);
        })
    }

    pub(crate) fn settle(&mut self, id: &str, how: &How) -> bool {
        let open = |effect: &Waiting| !effect.has_outcome();
        match how {
            How::Sent => {
                let done = self.change(id, open, |effect| effect.close(EffectState::Sent, None));
                self.sent += u64::from(done);
                done
            }
            How::Failed(why) => {
                let done = self.change(id, open, |effect| effect.close(EffectState::Failed, Some(why)));
                self.failed += u64::from(done);
                done
            }
            How::Again { not_before, counts, why } => self.change(id, Waiting::may_go, |effect| {
                effect.state = EffectState::Waiting;
                effect.not_before = Some(*not_before);
                effect.attempts += u32::from(*counts);
                effect.first_attempt = effect.first_attempt.filter(|_| effect.attempts > 0);
                effect.why = Some(why.as_str().into());
            }),
            How::Dead(why) => self.change(id, Waiting::may_go, |effect| {
                (effect.state, effect.not_before) = (EffectState::Dead, None);
                effect.attempts += 1;
                effect.why = Some(why.as_str().into());
            }),
        }
    }

    pub(crate) fn revive(&mut self, id: &str) -> bool {
        let is_dead = |effect: &Waiting| effect.state == EffectState::Dead;
        self.change(id, is_dead, |effect| {
            effect.state = EffectState::Waiting;
            (effect.attempts, effect.first_attempt, effect.not_before) = (0, None, None);
        })
    }

    /// Withdraws what was decided before a `seq`. The DMs among them, each with why: what may be on its way is in doubt,
    /// and stays so.
    pub(crate) fn withdraw(&mut self, user_id: &UserId, seq: u64, which: Which) -> Vec<(Box<str>, &'static str)> {
        let meant: Vec<Decided> = match which {
            // What has not begun and is a DM stands in its lane.
            Which::NotBegun { conversation, keeps_tried } => {
                let lane = self.lanes.get(user_id).into_iter().flat_map(|places| places.range(..(seq, 0)));
                let is_meant = |decided: &&Decided| {
                    let effect = self.all.get(*decided);
                    effect.is_some_and(|effect| {
                        effect.state == EffectState::Waiting
                            && effect.conversation == Some(conversation)
                            && !(keeps_tried && effect.attempts > 0)
                    })
                };
                lane.filter(is_meant).copied().collect()
            }
            Which::All => {
                let before = self.all.range(..(seq, 0));
                let is_meant = |effect: &Waiting| !effect.has_outcome() && effect.lane.as_ref() == Some(user_id);
                before.filter(|(_, effect)| is_meant(effect)).map(|(decided, _)| *decided).collect()
            }
        };
        let mut outcomes = Vec::new();
        for decided in meant {
            self.unlist(decided);
            if let Some(effect) = self.all.get_mut(&decided) {
                let why = if effect.state == EffectState::InDoubt { "in_doubt" } else { "withdrawn" };
                effect.close(EffectState::Failed, Some(why));
                self.failed += 1;
                if *effect.kind == *"send_dm" {
                    outcomes.push((effect.id.clone(), why));
                }
            }
            self.list(decided);
        }
        outcomes
    }

    /// Outcomes of effects go with the records that decided them; how many went.
    pub(crate) fn drop_outcomes(&mut self, before: u64, limit: usize) -> usize {
        let old = self.all.range(..(before, 0)).filter(|(_, effect)| effect.has_outcome());
        let old: Vec<Decided> = old.map(|(decided, _)| *decided).take(limit).collect();
        for decided in &old {
            if let Some(effect) = self.all.remove(decided) {
                self.by_id.remove(&effect.id);
            }
        }
        old.len()
    }
}
