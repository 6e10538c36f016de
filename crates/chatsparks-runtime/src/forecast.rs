//! The forecast: how much waits, when it will have drained, how many will be too late (O6).

use crate::{Rate, dispatch::ChannelState};
use chatsparks_core::{Instant, Period};
use chatsparks_ports::Queued;
use serde::Serialize;

/// When what waits will have gone, at the present limits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Effects that wait.
    pub waiting: u64,
    /// Effects a second, as measured lately, or else as the limits have it; none: nothing is known.
    pub per_second: Option<f64>,
    /// When the last of them goes; none: not foreseeable, since nothing goes.
    pub drained_at: Option<Instant>,
    /// How many of those looked at will be too late.
    pub too_late: u64,
    /// Which, the first hundred of them.
    pub too_late_effects: Vec<String>,
}

/// What is measured over.
const LATELY: i64 = 30_000;

impl Forecast {
    /// `queued`: what waits, in the order in which it goes. `stands`: the workspace's time, where it passes by events
    /// alone: deadlines compare with that, however long it takes on the wall (O3).
    pub(crate) fn new(
        waiting: u64,
        queued: &[Queued],
        state: &ChannelState,
        rates: &[Rate],
        now: Instant,
        stands: Option<Instant>,
    ) -> Self {
        let limit = rates
            .iter()
            .map(Rate::per_second)
            .fold(None, |least: Option<f64>, rate| Some(least.map_or(rate, |least| least.min(rate))));
        let stopped = state.stops.present().is_some();
        let per_second = if stopped { None } else { measured(state, now).or(limit) };
        let per_second = match (per_second, limit) {
            (Some(measured), Some(limit)) => Some(measured.min(limit)),
            (measured, _) => measured,
        };
        let at = |place: usize| {
            let seconds = (place as f64 + 1.0) / per_second?;
            Some(now.after(Period::milliseconds((seconds * 1_000.0).min(1e15) as i64)))
        };
        let late = queued.iter().enumerate().filter(|(place, effect)| {
            let goes = at(*place).map(|at| stands.unwrap_or(at));
            effect.not_after.is_some_and(|not_after| goes.is_none_or(|goes| goes >= not_after))
        });
        let late: Vec<&Queued> = late.map(|(_, effect)| effect).collect();
        Self {
            waiting,
            per_second,
            drained_at: if waiting == 0 { Some(now) } else { at(usize::try_from(waiting).unwrap_or(usize::MAX) - 1) },
            too_late: late.len() as u64,
            too_late_effects: late.iter().take(100).map(|effect| effect.effect.clone()).collect(),
        }
    }
}

/// How fast it went lately; none: too little went to say.
fn measured(state: &ChannelState, now: Instant) -> Option<f64> {
    let since = now.before(Period::milliseconds(LATELY));
    let lately: Vec<&Instant> = state.sent.iter().filter(|sent| **sent >= since).collect();
    let (first, count) = (lately.first()?, lately.len());
    if count < 8 {
        return None;
    }
    let span = now.as_milliseconds().saturating_sub(first.as_milliseconds()).max(1);
    // Between so many there is one step less, and the present one has begun.
    Some((count as f64 - 0.5) * 1_000.0 / span as f64)
}
