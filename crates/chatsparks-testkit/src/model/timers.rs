//! T4: what is due, and what happens then.

use super::*;

impl Model {
    /// Fires every timer due at or before an instant, the least first, until none is.
    pub(super) fn fire_timers(&mut self, until: Instant, records: &mut Vec<Value>) {
        while let Some((due, kind, user)) = self.timers().into_iter().filter(|(due, ..)| *due <= until).min() {
            let name = user.as_ref().map_or("", |user| user.as_str());
            self.source = format!("timer:{}:{name}:{due}", kind.as_str());
            let timer = (due, kind, user.clone());
            let before = self.timers_fired.iter().filter(|fired| **fired == timer).count();
            if before > 0 {
                self.source += &format!("#{}", before + 1);
            }
            self.timers_fired.push(timer);
            self.fire(due, kind, user.as_ref());
            let mut record = json!({ "timer": kind.as_str(), "at": due.to_string(), "outcome": applied() });
            if let Some(user) = user {
                record["user_id"] = json!(user.as_str());
            }
            self.record(record, records);
        }
    }

    /// Every timer that is set, of the workspace and of everybody.
    fn timers(&self) -> Vec<(Instant, TimerKind, Option<UserId>)> {
        let mut timers = Vec::new();
        timers.extend(self.next_cycle.map(|due| (due, TimerKind::Cycle, None)));
        if let (Some(due), Some(user)) = (self.release, self.oldest_queued()) {
            timers.push((due, TimerKind::QueueRelease, Some(user)));
        }
        for (user, person) in &self.people {
            let last = person.conversations.last();
            let pending = |queued| person.pending.as_ref().filter(|pending| pending.queued == queued);
            let own = [
                (TimerKind::FlowWait, last.and_then(|last| last.flow_wait)),
                (TimerKind::Idle, last.and_then(|last| last.idle)),
                (TimerKind::Close, last.and_then(|last| last.close)),
                (TimerKind::QueueExpiry, pending(true).map(|pending| pending.until)),
                (TimerKind::HoldExpiry, pending(false).map(|pending| pending.until)),
            ];
            for (kind, due) in own {
                timers.extend(due.map(|due| (due, kind, Some(user.clone()))));
            }
        }
        timers
    }

    fn fire(&mut self, due: Instant, kind: TimerKind, user: Option<&UserId>) {
        match (kind, user) {
            (TimerKind::Cycle, _) => self.begin_cycle(due),
            (_, None) => {}
            (TimerKind::QueueRelease, Some(user)) => self.release_one(user, due),
            (TimerKind::FlowWait, Some(user)) => self.wait_is_over(user, due),
            (TimerKind::Idle, Some(user)) => {
                if let Some(last) = self.last(user) {
                    last.idle = None;
                }
                self.change(user, "waiting", None);
            }
            (TimerKind::Close, Some(user)) => self.close(user, Some("expired")),
            (TimerKind::QueueExpiry | TimerKind::HoldExpiry, Some(user)) => self.drop_pending(user, "expired"),
        }
    }
}
