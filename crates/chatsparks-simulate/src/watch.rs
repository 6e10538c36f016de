//! What was seen of a run, and what must hold of each call as it is made.

use crate::Weather;
use chatsparks_core::{Effect, Envelope, EventId, Instant, UserId, WorkspaceId};
use chatsparks_ports::{Commit, EffectKey, Lane, NewEffect, Settled, Shard, bot_conversation};
use limit::Counted;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

mod limit;

/// So many clocks for one instant are no progress.
const SPINS: usize = 20;

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code of the rule.
    pub rule: &'static str,
    /// What was found.
    pub found: String,
    /// During which step, counted from 1; after the last one: at the end.
    pub step: usize,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} (step {})", self.rule, self.found, self.step)
    }
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) failure: Option<Failure>,
    pub(crate) step: usize,
    pub(crate) shards: BTreeMap<Shard, SeenShard>,
    pub(crate) effects: BTreeMap<EffectKey, SeenEffect>,
    pub(crate) events: BTreeMap<(WorkspaceId, EventId), Acknowledged>,
    /// How many events wait beside the logs of a workspace, as its store says (R4).
    pub(crate) waits: BTreeMap<WorkspaceId, usize>,
    pub(crate) weather: Option<Weather>,
    /// Events that the engine fails at now, or once did (R13).
    pub(crate) planted: BTreeSet<EventId>,
    /// Levels that the owners were told of, since the limit or the cycle is what it is.
    levels: BTreeMap<WorkspaceId, BTreeSet<u64>>,
    /// When each workspace's channel was called lately, by a clock that never jumps (O4).
    calls: BTreeMap<WorkspaceId, Vec<Duration>>,
    /// Whether the wall's clock was set on since the process began.
    set_on: bool,
    /// What was delivered of effects that a store forgot when it was restored (S4).
    pub(crate) forgotten: BTreeMap<EffectKey, u32>,
}

/// One partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct SeenShard {
    /// The log, as it was written.
    pub(crate) history: Vec<Envelope>,
    /// What was decided of it, as it replays: grants stand before the event that they came before (R7).
    pub(crate) replays: Vec<Envelope>,
    pub(crate) counted: Counted,
    /// The records, as they were committed.
    pub(crate) lines: Vec<String>,
    /// Of the records those of events.
    pub(crate) decided: Vec<EventId>,
    /// People who were forgotten, and by which record.
    pub(crate) erased: Vec<(UserId, u64)>,
    /// The contact of each record.
    pub(crate) users: Vec<Option<UserId>>,
    /// The latest instant decided, and when that was.
    pub(crate) latest: Option<(Instant, Instant)>,
}

/// How often an event was acknowledged, and how often nobody knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acknowledged {
    pub(crate) taken: usize,
    pub(crate) unknown: usize,
}

/// One effect.
#[derive(Clone, Debug)]
pub(crate) struct SeenEffect {
    pub(crate) decided: (u64, u32),
    pub(crate) lane: Lane,
    not_after: Option<Instant>,
    conversation: Option<u32>,
    pub(crate) is_dm: bool,
    /// Whether an attempt began whose answer nobody has: only who has looked may try again (O5).
    pub(crate) unsure: bool,
    /// Whether it was written down that an attempt begins, and nothing since.
    pub(crate) begun: bool,
    /// Whether an attempt is under way.
    pub(crate) flying: bool,
    /// Whether it was withdrawn where it stood, under way or not.
    over: bool,
    /// Whether the last attempt was answered.
    answered: bool,
    pub(crate) delivered: u32,
    pub(crate) settled: u32,
    dead: bool,
    withdrawn: bool,
    not_before: Option<Instant>,
    /// When it was last said that it may go, by the wall, and by the workspace's time where that is sure.
    may_go: Option<(Instant, Option<Instant>)>,
}

impl SeenEffect {
    pub(crate) fn is_over(&self) -> bool {
        self.settled > 0 || self.dead || self.over
    }
}

/// Whoever watches.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Seen>);

impl Watch {
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something does not hold; what is found first is told.
    pub(crate) fn fail(&self, rule: &'static str, found: String) {
        self.seen().fail(rule, found);
    }
}

impl Seen {
    pub(crate) fn fail(&mut self, rule: &'static str, found: String) {
        let step = self.step;
        self.failure.get_or_insert(Failure { rule, found, step });
    }

    /// Something was logged.
    pub(crate) fn logged(&mut self, shard: &Shard, envelopes: impl Iterator<Item = Envelope>) {
        let history = &mut self.shards.entry(shard.clone()).or_default().history;
        history.extend(envelopes);
        // What a timer that fires makes due at once may need a few.
        let last = history.last().map(|last| last.at);
        let own = |envelope: &&Envelope| envelope.id.as_str().starts_with("clock:") && Some(envelope.at) == last;
        let spins = history.iter().rev().take_while(own).count();
        if spins > SPINS {
            self.fail(
                "R6",
                format!("{spins} clocks in a row were logged for one instant: a timer that is due never fires"),
            );
        }
    }

    /// Something was committed, at this time on the wall.
    pub(crate) fn committed(&mut self, shard: &Shard, commit: &Commit, wall: Instant) {
        self.counts(shard, commit);
        let Self { shards, planted, .. } = self;
        let of = shards.entry(shard.clone()).or_default();
        let mut wrong = None;
        let mut granted = commit.granted.iter().peekable();
        for record in &commit.records {
            if record.seq != of.lines.len() as u64 {
                wrong = Some(("R5", format!("record {} was committed after {} records", record.seq, of.lines.len())));
            }
            if let Some(event) = &record.event
                && let Some(placed) = granted.next_if(|placed| placed.envelope.id == *event)
            {
                if placed.before != of.decided.len() as u64 + 1 {
                    let found = format!("grant `{event}` stands before position {}", placed.before);
                    wrong = Some(("R7", format!("{found}, and was decided after {}", of.decided.len())));
                }
                of.replays.push(placed.envelope.clone());
            } else if let Some(event) = &record.event {
                let is_fault = record.line.get().contains("\"engine_fault\"");
                if is_fault && !planted.contains(event) {
                    wrong = Some(("R13", format!("the engine failed at `{event}` by itself: {}", record.line)));
                }
                match of.history.get(of.decided.len()) {
                    Some(logged) if logged.id == *event => of.replays.push(logged.clone()),
                    Some(logged) => {
                        wrong = Some(("R6", format!("`{event}` was decided where `{}` stands in the log", logged.id)));
                    }
                    None => wrong = Some(("R1", format!("`{event}` was decided, and is not in the log"))),
                }
                of.decided.push(event.clone());
            }
            of.lines.push(record.line.get().to_owned());
            of.users.push(record.user_id.clone());
            let latest = of.latest.map_or(record.at, |(latest, _)| latest.max(record.at));
            of.latest = Some((latest, wall));
        }
        if of.decided.len() as u64 != commit.decided {
            wrong = Some(("R1", format!("{} events are decided up to position {}", of.decided.len(), commit.decided)));
        }
        of.erased.extend(commit.erased.iter().cloned());
        let contacts: Vec<Option<UserId>> = commit
            .effects
            .iter()
            .map(|effect| usize::try_from(effect.decided.0).ok().and_then(|seq| of.users.get(seq).cloned()).flatten())
            .collect();
        for (effect, contact) in commit.effects.iter().zip(contacts) {
            self.decided(EffectKey::new(shard, contact.as_ref(), effect), effect);
        }
        for (user_id, conversation, seq) in &commit.withdrawn {
            self.withdraw(shard, user_id, *seq, Some(*conversation));
        }
        for (user_id, seq) in &commit.erased {
            self.withdraw(shard, user_id, *seq, None);
        }
        if let Some((rule, found)) = wrong {
            self.fail(rule, found);
        }
    }

    /// The wall's clock was set.
    pub(crate) fn clock_is_set(&mut self, by: i64) {
        self.set_on |= by > 0;
    }

    /// A process begins. How much time passed before it only the wall can tell it: where that was set on, spans are over.
    pub(crate) fn begins(&mut self) {
        if std::mem::take(&mut self.set_on) {
            self.calls.clear();
        }
    }

    /// A channel is called: never oftener within a span than its rates say (O4).
    pub(crate) fn called(&mut self, workspace: &WorkspaceId, now: Duration, rates: &[(u32, Duration)]) {
        let calls = self.calls.entry(workspace.clone()).or_default();
        calls.push(now);
        let mut wrong = None;
        for (count, span) in rates {
            let within = calls.iter().rev().take_while(|at| **at + *span > now).count();
            if within > *count as usize {
                wrong = Some(format!("{within} calls within {span:?}, of {count} at most"));
            }
        }
        if let Some(found) = wrong {
            self.fail("O4", found);
        }
    }

    fn decided(&mut self, key: EffectKey, effect: &NewEffect) {
        let before = self.forgotten.get(&key).copied().unwrap_or(0);
        let new = SeenEffect {
            decided: effect.decided,
            lane: effect.lane.clone(),
            not_after: effect.context.not_after,
            conversation: bot_conversation(&effect.effect),
            is_dm: matches!(effect.effect, Effect::SendDm(_)),
            unsure: before > 0,
            begun: effect.in_doubt,
            flying: false,
            over: false,
            answered: false,
            delivered: before,
            settled: 0,
            dead: false,
            withdrawn: false,
            not_before: None,
            may_go: None,
        };
        let id = key.id.clone();
        if self.effects.insert(key, new).is_some() {
            self.fail("T6", format!("effect {id} was decided twice"));
        }
    }

    /// What has not begun is withdrawn: of a conversation (O7), or of a person (R12).
    fn withdraw(&mut self, shard: &Shard, user_id: &UserId, seq: u64, conversation: Option<u32>) {
        for (key, effect) in &mut self.effects {
            // What the owners are told is nobody's, whoever it was decided for.
            let of = match &effect.lane {
                Lane::Contact(user_id) => Some(user_id),
                Lane::Free(user_id) => user_id.as_ref(),
            };
            let is_of = key.shard == *shard && of == Some(user_id) && effect.decided.0 < seq;
            // One that is on its way is not called back. Of a person who is forgotten it is over all the same.
            let waits = !effect.begun && !effect.flying;
            let meant = conversation.is_none() || effect.conversation == conversation && waits;
            if is_of && meant && effect.settled == 0 {
                effect.over = true;
                effect.withdrawn = waits;
            }
        }
    }

    /// The store is as it was when a copy of it was made, and nobody knows what came of its effects since (S4).
    pub(crate) fn restored(&mut self, copied: &Seen) {
        let mut restored = copied.clone();
        (restored.step, restored.failure) = (self.step, self.failure.take());
        (restored.weather, restored.planted) = (self.weather, std::mem::take(&mut self.planted));
        (restored.calls, restored.set_on) = (std::mem::take(&mut self.calls), self.set_on);
        restored.forgotten = std::mem::take(&mut self.forgotten);
        for (key, since) in std::mem::take(&mut self.effects) {
            match restored.effects.get_mut(&key) {
                None => {
                    restored.forgotten.insert(key, since.delivered);
                }
                Some(effect) if !effect.is_over() => {
                    effect.unsure |= since.unsure || since.delivered > 0;
                    (effect.begun, effect.flying, effect.delivered) = (true, false, since.delivered);
                    effect.not_before = None;
                }
                Some(effect) => effect.flying = false,
            }
        }
        *self = restored;
    }

    /// The store was asked what may go.
    pub(crate) fn ready(&mut self, keys: impl Iterator<Item = EffectKey>, wall: Instant) {
        let latest = self.shards.values().filter_map(|shard| shard.latest).max();
        // What was committed just now may not be known everywhere yet.
        let sure = latest.filter(|(_, when)| wall.as_milliseconds() - when.as_milliseconds() > 2_000);
        for key in keys {
            if let Some(effect) = self.effects.get_mut(&key) {
                effect.may_go = Some((wall, sure.map(|(latest, _)| latest)));
            }
        }
    }

    /// That an attempt begins was written down.
    pub(crate) fn begun(&mut self, key: &EffectKey) {
        let Some(effect) = self.effects.get_mut(key) else { return };
        effect.begun = true;
        // It has waited once it begins: where the process ends then, and the clock is set back, it need not wait again.
        let not_before = effect.not_before.take();
        let wall = effect.may_go.map(|(wall, _)| wall);
        if let Some((not_before, wall)) = not_before.zip(wall).filter(|(not_before, wall)| wall < not_before) {
            self.fail("O4", format!("{} begins at {wall}, and not before {not_before}", key.id));
        }
    }

    /// What came of an attempt was written down, or would have been, had there not been an outcome.
    pub(crate) fn settled(&mut self, key: &EffectKey, settled: &Settled, written: bool) {
        let id = key.id.clone();
        let Some(effect) = self.effects.get_mut(key) else {
            return self.fail("O1", format!("{id} has an outcome, and was never decided"));
        };
        if !written {
            return;
        }
        match settled {
            Settled::Sent | Settled::Failed(_) => {
                effect.settled += 1;
                effect.dead = false;
                if effect.settled > 1 {
                    return self.fail("O1", format!("{id} has two outcomes"));
                }
                if *settled == Settled::Sent && effect.delivered == 0 {
                    self.fail("O1", format!("{id} is `sent`, and never was"));
                }
            }
            Settled::Again { not_before, .. } => {
                effect.not_before = Some(*not_before);
                effect.begun = false;
                effect.unsure &= !effect.answered;
            }
            Settled::Dead(_) => {
                effect.dead = true;
                effect.begun = false;
                effect.unsure &= !effect.answered;
            }
        }
    }

    pub(crate) fn revived(&mut self, id: &str) {
        self.effects.iter_mut().filter(|(key, _)| key.id == id).for_each(|(_, effect)| {
            effect.dead = false;
            effect.not_before = None;
        });
    }

    /// An attempt begins.
    pub(crate) fn attempted(&mut self, key: &EffectKey, takes_keys: bool, by_events: bool) {
        let id = &key.id;
        let Some(effect) = self.effects.get(key).cloned() else {
            return self.fail("O1", format!("{id} is performed, and was never decided"));
        };
        let mut wrong = None;
        if effect.flying {
            wrong = Some(("O2", format!("{id} is performed twice at once")));
        } else if effect.settled > 0 && !effect.begun {
            wrong = Some(("O1", format!("{id} is performed, and has its outcome")));
        } else if effect.withdrawn {
            wrong = Some(("O7", format!("{id} is performed, and was withdrawn")));
        } else if effect.unsure && !takes_keys {
            wrong =
                Some(("O5", format!("{id} is performed again, and nobody knows what became of the attempt before")));
        }
        if let Lane::Contact(_) = &effect.lane {
            let before = self.effects.iter().find(|(other, of)| {
                other.shard == key.shard && of.lane == effect.lane && of.decided < effect.decided && !of.is_over()
            });
            if let Some((before, _)) = before {
                wrong = wrong.or(Some(("O2", format!("{id} goes before {}, which was decided before it", before.id))));
            }
        }
        let Some((wall, latest)) = effect.may_go else {
            return self.fail("O2", format!("{id} is performed, and nobody said that it may go"));
        };
        let now = if by_events { latest } else { Some(wall) };
        if let Some((not_after, now)) = effect.not_after.zip(now).filter(|(not_after, now)| now >= not_after) {
            wrong =
                wrong.or(Some(("O3", format!("{id} is performed at {now}, and its chance was over at {not_after}"))));
        }
        if let Some(effect) = self.effects.get_mut(key) {
            (effect.unsure, effect.flying, effect.answered) = (true, true, false);
        }
        if let Some((rule, found)) = wrong {
            self.fail(rule, found);
        }
    }

    /// The other side has it.
    pub(crate) fn delivered(&mut self, key: &EffectKey, takes_keys: bool) {
        let Some(effect) = self.effects.get_mut(key) else { return };
        effect.delivered += 1;
        if effect.delivered > 1 && !takes_keys {
            self.fail("O5", format!("{} went out twice", key.id));
        }
    }

    /// An attempt is over, whether it was answered or not.
    pub(crate) fn landed(&mut self, key: &EffectKey) {
        if let Some(effect) = self.effects.get_mut(key) {
            effect.flying = false;
        }
    }

    /// The channel answers.
    pub(crate) fn answered(&mut self, key: &EffectKey) {
        if let Some(effect) = self.effects.get_mut(key) {
            effect.answered = true;
        }
    }

    /// Somebody looks what became of an attempt: whether it had been sent.
    pub(crate) fn looked(&mut self, key: &EffectKey) -> bool {
        let Some(effect) = self.effects.get_mut(key) else { return false };
        effect.unsure &= effect.delivered > 0;
        effect.delivered > 0
    }
}
