//! Effects of a partition that wait, and what came of them.

use crate::{
    op::{EffectForm, How},
    table::{Heavy, Table, Value, of as all_of},
};
use chatsparks_core::UserId;
use chatsparks_ports::EffectState;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The record that decided it, and its place there.
type Decided = (u64, u32);

const FIRST: Decided = (0, 0);
const LAST: Decided = (u64::MAX, u32::MAX);

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Effects {
    all: Table<Decided, Waiting>,
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    #[serde(skip)]
    by_id: Table<Box<str>, Decided>,
    #[serde(skip)]
    numbered: Table<u64, Decided>,
    /// Those of each lane that may go, in order.
    #[serde(skip)]
    lanes: Table<(UserId, Decided), ()>,
    /// Those that may go next, whose chance ends soonest first: free ones, and the first of each lane.
    #[serde(skip)]
    fronts: Table<(i64, u64, Decided), ()>,
    /// Those of each state that have no outcome, whose chance ends soonest first.
    #[serde(skip)]
    open: Table<(u8, i64, u64, Decided), ()>,
    #[serde(skip)]
    pub(crate) counts: [u64; 3],
}

/// The place of a state among those without an outcome.
fn open_place(state: EffectState) -> Option<u8> {
    match state {
        EffectState::Waiting => Some(0),
        EffectState::InDoubt => Some(1),
        EffectState::Dead => Some(2),
        EffectState::Sent | EffectState::Failed => None,
    }
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

impl Value for Waiting {
    fn held(&self) -> usize {
        self.id.len() + self.kind.len() + self.context.len() + self.form.as_ref().map_or(0, |form| form.len())
    }
}

impl Waiting {
    pub(crate) fn new(number: u64, contact: Option<UserId>, effect: &EffectForm) -> Self {
        Self {
            id: effect.id.as_str().into(),
            number,
            user_id: contact.or_else(|| effect.lane.clone()),
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
        let all = std::mem::take(&mut self.all);
        for (decided, effect) in all.iter() {
            self.by_id.insert(effect.id.clone(), decided);
            self.numbered.insert(effect.number, decided);
        }
        // Only of what is open there is more to be found.
        let open: Vec<Decided> =
            all.iter().filter(|(_, effect)| !effect.has_outcome()).map(|(decided, _)| decided).collect();
        self.all = all;
        open.into_iter().for_each(|decided| self.list(decided));
    }

    pub(super) fn tables(&self) -> [&dyn Heavy; 6] {
        [&self.all, &self.by_id, &self.numbered, &self.lanes, &self.fronts, &self.open]
    }

    pub(super) fn tables_mut(&mut self) -> [&mut dyn Heavy; 6] {
        [&mut self.all, &mut self.by_id, &mut self.numbered, &mut self.lanes, &mut self.fronts, &mut self.open]
    }

    fn place(&self, id: &str) -> Option<Decided> {
        self.by_id.get(&id.into()).map(|decided| *decided)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Cow<'_, Waiting>> {
        self.all.get(&self.place(id)?)
    }

    fn found(&self, decided: Decided) -> Option<(Decided, Cow<'_, Waiting>)> {
        Some((decided, self.all.get(&decided)?))
    }

    /// Those of a state, in the order in which they would go.
    pub(crate) fn of(&self, state: EffectState, limit: usize) -> Vec<Cow<'_, Waiting>> {
        let Some(place) = open_place(state) else {
            let of = self.all.iter().filter(|(_, effect)| effect.state == state);
            let mut of: Vec<_> = of.map(|(decided, effect)| (effect.turn(), decided)).collect();
            of.sort_unstable();
            return of.into_iter().take(limit).filter_map(|(_, decided)| self.all.get(&decided)).collect();
        };
        let of = self.open.range((place, i64::MIN, 0, FIRST)..=(place, i64::MAX, u64::MAX, LAST)).take(limit);
        of.filter_map(|((.., decided), _)| self.all.get(&decided)).collect()
    }

    /// Those that may go next, in their order.
    pub(crate) fn fronts(&self) -> impl Iterator<Item = Cow<'_, Waiting>> {
        self.fronts.iter().filter_map(|((.., decided), _)| self.all.get(&decided))
    }

    /// Puts one at the end of its lane, unless it is there.
    pub(crate) fn enqueue(&mut self, decided: Decided, effect: Waiting) {
        if self.by_id.contains(&effect.id) {
            return;
        }
        self.by_id.insert(effect.id.clone(), decided);
        self.numbered.insert(effect.number, decided);
        self.all.insert(decided, effect);
        self.list(decided);
    }

    /// Puts one that another store had, over one of the same id.
    pub(crate) fn bring(&mut self, (seq, mut place): Decided, effect: Waiting) {
        if let Some(before) = self.place(&effect.id) {
            self.unlist(before);
            self.forget(before);
        }
        // Of what has its outcome the place may not be known.
        while self.all.contains(&(seq, place)) {
            place += 1;
        }
        self.enqueue((seq, place), effect);
    }

    /// Each with its place, after a number, in the order decided.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = (Decided, Cow<'_, Waiting>)> {
        let after = self.numbered.range(number.saturating_add(1)..);
        after.filter_map(|(_, decided)| self.found(*decided))
    }

    fn forget(&mut self, decided: Decided) {
        if let Some(effect) = self.all.take(&decided) {
            self.by_id.remove(&effect.id);
            self.numbered.remove(&effect.number);
        }
    }

    fn count(&mut self, state: EffectState, by: i64) {
        let count = open_place(state).and_then(|place| self.counts.get_mut(usize::from(place)));
        if let Some(count) = count {
            *count = count.saturating_add_signed(by);
        }
    }

    fn front(&self, decided: Decided) -> Option<(i64, u64, Decided)> {
        let (not_after, number) = self.all.get(&decided)?.turn();
        Some((not_after, number, decided))
    }

    fn first_of(&self, lane: &UserId) -> Option<Decided> {
        self.lanes.range(all_of(lane.clone(), (FIRST, LAST))).next().map(|((_, decided), _)| decided)
    }

    fn list(&mut self, decided: Decided) {
        let Some(effect) = self.all.get(&decided) else { return };
        let (state, may_go, lane) = (effect.state, effect.may_go(), effect.lane.clone().filter(|_| !effect.free));
        let (not_after, number) = effect.turn();
        self.count(state, 1);
        if let Some(place) = open_place(state) {
            self.open.insert((place, not_after, number, decided), ());
        }
        if !may_go {
            return;
        }
        if let Some(lane) = lane {
            let before = self.first_of(&lane);
            self.lanes.insert((lane, decided), ());
            if before.is_some_and(|before| before < decided) {
                return;
            }
            if let Some(before) = before.and_then(|before| self.front(before)) {
                self.fronts.remove(&before);
            }
        }
        self.fronts.insert((not_after, number, decided), ());
    }

    fn unlist(&mut self, decided: Decided) {
        let Some(effect) = self.all.get(&decided) else { return };
        let (state, lane) = (effect.state, effect.lane.clone().filter(|_| !effect.free));
        let (not_after, number) = effect.turn();
        self.count(state, -1);
        if let Some(place) = open_place(state) {
            self.open.remove(&(place, not_after, number, decided));
        }
        let front = (not_after, number, decided);
        let was_first = self.fronts.contains(&front);
        if was_first {
            self.fronts.remove(&front);
        }
        let Some(lane) = lane else { return };
        self.lanes.remove(&(lane.clone(), decided));
        let next = self.first_of(&lane).filter(|_| was_first).and_then(|next| self.front(next));
        if let Some(next) = next {
            self.fronts.insert(next, ());
        }
    }

    /// Changes one where it is to be changed; false: it is not there, or it is not to be.
    fn change(&mut self, id: &str, is_meant: impl FnOnce(&Waiting) -> bool, change: impl FnOnce(&mut Waiting)) -> bool {
        let Some(decided) = self.place(id) else { return false };
        if !self.all.get(&decided).is_some_and(|effect| is_meant(&effect)) {
            return false;
        }
        self.unlist(decided);
        self.all.change(&decided, change);
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
                let lane = self.lanes.range((user_id.clone(), FIRST)..(user_id.clone(), (seq, 0)));
                let is_meant = |decided: &Decided| {
                    let effect = self.all.get(decided);
                    effect.is_some_and(|effect| {
                        effect.state == EffectState::Waiting
                            && effect.conversation == Some(conversation)
                            && !(keeps_tried && effect.attempts > 0)
                    })
                };
                lane.map(|((_, decided), _)| decided).filter(is_meant).collect()
            }
            Which::All => {
                let open = self.open.iter().map(|((.., decided), _)| decided).filter(|(of, _)| *of < seq);
                let is_theirs = |decided: &Decided| {
                    self.all.get(decided).is_some_and(|effect| effect.lane.as_ref() == Some(user_id))
                };
                let mut theirs: Vec<Decided> = open.filter(is_theirs).collect();
                theirs.sort_unstable();
                theirs
            }
        };
        let mut outcomes = Vec::new();
        for decided in meant {
            self.unlist(decided);
            let closed = self.all.change(&decided, |effect| {
                let why = if effect.state == EffectState::InDoubt { "in_doubt" } else { "withdrawn" };
                effect.close(EffectState::Failed, Some(why));
                if *effect.kind == *"send_dm" {
                    outcomes.push((effect.id.clone(), why));
                }
            });
            self.failed += u64::from(closed);
            self.list(decided);
        }
        outcomes
    }

    /// Outcomes of effects go with the records that decided them; how many went.
    pub(crate) fn drop_outcomes(&mut self, before: u64, limit: usize) -> usize {
        let old = self.all.range(..(before, 0)).filter(|(_, effect)| effect.has_outcome());
        let old: Vec<Decided> = old.map(|(decided, _)| decided).take(limit).collect();
        old.iter().for_each(|decided| self.forget(*decided));
        old.len()
    }
}
