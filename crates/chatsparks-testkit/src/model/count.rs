//! M: cycles, the count, the limit, the queue.

use super::*;
use chatsparks_core::workspace::Plan;

impl Model {
    fn limit(&self) -> Option<i64> {
        self.workspace.plan.as_ref().map(|plan| plan.mac_limit)
    }

    /// Contacts counted in the present cycle (M1), counted.
    fn count(&self) -> i64 {
        self.people.values().filter(|person| self.counts(person)).count() as i64
    }

    pub(super) fn counts(&self, person: &Person) -> bool {
        self.cycle_start.is_some_and(|start| person.counted.contains(&start))
    }

    pub(super) fn at_limit(&self) -> bool {
        self.limit().is_some_and(|limit| self.count() >= self.granted.unwrap_or(limit))
    }

    pub(super) fn mac(&self) -> Value {
        let (count, limit) = (self.count(), self.limit());
        let reached = |level: i64| limit.is_some_and(|limit| count * 100 >= limit * level);
        let banner = if reached(95) {
            "red"
        } else if reached(80) {
            "yellow"
        } else {
            "none"
        };
        json!({
            "cycle_start": self.cycle_start.map(|start| start.to_string()), "count": count, "limit": limit,
            "banner": banner, "paused": reached(100),
        })
    }

    /// A DM goes to a contact: they count, and the owners may hear of it (M1, M3).
    pub(super) fn count_contact(&mut self, user: &UserId) {
        let Some(cycle) = self.cycle_start else { return };
        if self.person(user).counted.insert(cycle) {
            let count = self.count();
            self.tell("contact_counted", json!({ "cycle": cycle.to_string(), "count": count }));
            self.tell_owners();
        }
    }

    /// Tells of every level that is reached and was not told (M3).
    pub(super) fn tell_owners(&mut self) {
        // Of a partition with a share, whoever owns the whole count tells.
        if self.granted.is_some() {
            return;
        }
        let Some(limit) = self.limit() else { return };
        let count = self.count();
        for level in [80u8, 95, 100] {
            if count * 100 >= limit * i64::from(level) && self.told.insert(level) {
                self.effect("notify_owners", json!({ "level": level, "count": count, "limit": limit }));
            }
        }
    }

    /// A new plan: levels above the count are armed again, those reached are told, queued starts may go (M3, M6).
    pub(super) fn plan_changed(&mut self, old: Option<Plan>, at: Instant) {
        let old_limit = old.as_ref().map(|plan| plan.mac_limit);
        let (limit, count) = (self.limit(), self.count());
        self.told.retain(|level| limit.is_some_and(|limit| count * 100 >= limit * i64::from(*level)));
        self.tell_owners();
        let rises = match (old_limit, limit) {
            (Some(_), None) => true,
            (Some(old), Some(new)) => new > old,
            (None, _) => false,
        };
        if rises && self.release.is_none() {
            self.release = Some(at);
        }
        let subscribed = |plan: &Option<Plan>| plan.as_ref().map(|plan| plan.subscribed_at);
        if subscribed(&old) != subscribed(&self.workspace.plan) {
            // A new plan's cycles begin at its next boundary after the latest instant seen (fine print on M2).
            self.next_cycle = Some(self.boundary_after(self.latest.unwrap_or(at)));
        }
    }

    /// A partition is given room, or gives it back (R7); for another cycle than the present, nothing but a share.
    pub(super) fn grant(&mut self, cycle: Instant, contacts: i64, at: Instant) -> Value {
        let contacts = if self.cycle_start == Some(cycle) { contacts } else { 0 };
        self.granted = Some((self.granted.unwrap_or(0) + contacts).max(0));
        if contacts > 0 && self.release.is_none() {
            self.release = Some(at);
        }
        applied()
    }

    /// The first event finds the cycle it is in (T4).
    pub(super) fn first_cycle(&mut self, at: Instant) {
        if self.cycle_start.is_none() {
            self.cycle_start = Some(self.boundary_at_or_before(at));
            self.next_cycle = Some(self.boundary_after(at));
        }
    }

    pub(super) fn begin_cycle(&mut self, due: Instant) {
        self.cycle_start = Some(due);
        self.next_cycle = Some(self.boundary_after(due));
        self.told.clear();
        self.granted = self.granted.map(|_| 0);
        self.release = Some(due);
        self.tell("cycle_began", json!({ "start": due.to_string() }));
    }

    /// The starts of all cycles around an instant, of the plan or of the calendar (M2).
    fn boundaries(&self, around: Instant) -> Vec<Instant> {
        let calendar = Instant::from_milliseconds(0);
        let anchor = self.workspace.plan.as_ref().map_or(calendar, |plan| plan.subscribed_at);
        let (anchor_date, time) = date(anchor);
        let months = month_number(date(around).0) - month_number(anchor_date);
        (months - 2..=months + 2)
            .map(|k| {
                let month = month_number(anchor_date) + k;
                let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
                let day = anchor_date.2.min(days_in(year, month));
                Instant::from_milliseconds(days_before(year, month, day) * DAY + time)
            })
            .collect()
    }

    fn boundary_at_or_before(&self, at: Instant) -> Instant {
        self.boundaries(at).into_iter().filter(|start| *start <= at).max().unwrap_or(at)
    }

    fn boundary_after(&self, at: Instant) -> Instant {
        self.boundaries(at).into_iter().filter(|start| *start > at).min().unwrap_or(at)
    }

    /// The queued start that is oldest, by its comment, then by contact id (M6).
    pub(super) fn oldest_queued(&self) -> Option<UserId> {
        let queued = self.people.iter().filter_map(|(user, person)| {
            let pending = person.pending.as_ref().filter(|pending| pending.queued)?;
            Some((pending.start.comment_at, user.clone()))
        });
        queued.min().map(|(_, user)| user)
    }

    /// A release stays pending only while there is room, and somebody waits for it.
    pub(super) fn settle_release(&mut self) {
        if self.at_limit() || self.oldest_queued().is_none() {
            self.release = None;
        }
    }

    /// The oldest queued start goes out, is held, or is dropped (M6).
    pub(super) fn release_one(&mut self, user: &UserId, due: Instant) {
        let Some(Pending { start, until, .. }) = self.person(user).pending.clone() else { return };
        if due >= until {
            return self.drop_pending(user, "expired");
        }
        if !self.flow_exists(&start.flow) {
            return self.drop_pending(user, "flow_missing");
        }
        self.person(user).pending = None;
        self.tell("released", json!({ "trigger": start.trigger }));
        self.start_with_room(user, start, due);
    }
}

/// Year, month and day, and the milliseconds of the day.
fn date(at: Instant) -> ((i64, i64, i64), i64) {
    let text = at.to_string();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    ((number(0, 4), number(5, 7), number(8, 10)), at.as_milliseconds().rem_euclid(DAY))
}

fn month_number((year, month, _): (i64, i64, i64)) -> i64 {
    year * 12 + month - 1
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to a date; earlier ones are not counted, nothing happens then.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let earlier: i64 = (year..1970).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    years - earlier + months + day - 1
}
