//! Shrinking: steps are taken out of a plan as long as it still fails in the same way.

use crate::{Failure, Plan, Step};

/// How many runs it may take.
const RUNS: usize = 1_500;

/// A plan that fails by the same rule and has as few steps as could be found, and how it fails.
pub fn shrink(plan: &Plan, failure: &Failure, run: impl Fn(&Plan) -> Option<Failure>) -> (Plan, Failure) {
    let mut shrinking = Shrinking { best: plan.clone(), failure: failure.clone(), left: RUNS, run };
    // What comes after the failure has no part in it.
    let mut cut = plan.clone();
    cut.steps.truncate(failure.step);
    shrinking.tries(cut);
    loop {
        let before = shrinking.size();
        shrinking.without_steps();
        shrinking.without_events();
        shrinking.with_less();
        if shrinking.size() == before || shrinking.left == 0 {
            return (shrinking.best, shrinking.failure);
        }
    }
}

struct Shrinking<F> {
    best: Plan,
    failure: Failure,
    left: usize,
    run: F,
}

impl<F: Fn(&Plan) -> Option<Failure>> Shrinking<F> {
    fn size(&self) -> usize {
        let events = |step: &Step| if let Step::Deliver(body) = step { 1 + body.len() } else { 1 };
        self.best.steps.iter().map(events).sum()
    }

    /// Whether a plan fails in the same way; then it is the best.
    fn tries(&mut self, plan: Plan) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        match (self.run)(&plan) {
            Some(failure) if failure.rule == self.failure.rule => {
                (self.best, self.failure) = (plan, failure);
                true
            }
            _ => false,
        }
    }

    /// Large pieces first, single steps last, from the end on.
    fn without_steps(&mut self) {
        let mut piece = self.best.steps.len().div_ceil(2).max(1);
        loop {
            let mut end = self.best.steps.len();
            while end > 0 {
                let begin = end.saturating_sub(piece);
                let mut plan = self.best.clone();
                plan.steps.drain(begin..end);
                self.tries(plan);
                end = begin;
            }
            if piece == 1 {
                return;
            }
            piece = piece.div_ceil(2);
        }
    }

    fn without_events(&mut self) {
        for place in 0..self.best.steps.len() {
            let Some(Step::Deliver(body)) = self.best.steps.get(place) else { continue };
            let mut piece = body.len().div_ceil(2);
            while piece > 0 {
                let Some(Step::Deliver(body)) = self.best.steps.get(place) else { return };
                let mut end = body.len();
                while end > 0 {
                    let begin = end.saturating_sub(piece);
                    let mut plan = self.best.clone();
                    if let Step::Deliver(body) = &mut plan.steps[place]
                        && body.len() > end - begin
                    {
                        body.drain(begin..end);
                        self.tries(plan);
                    }
                    end = begin;
                }
                piece /= 2;
            }
        }
    }

    /// Shorter times, fewer faults.
    fn with_less(&mut self) {
        for place in 0..self.best.steps.len() {
            let less = match &self.best.steps[place] {
                Step::Pass(period) if *period > 60_000 => Step::Pass(60_000),
                Step::Crash { at, number, after, down } if *down > 0 => {
                    Step::Crash { at: *at, number: *number, after: *after, down: 0 }
                }
                Step::StoreFails { at, times, after } if *times > 1 => {
                    Step::StoreFails { at: *at, times: 1, after: *after }
                }
                _ => continue,
            };
            let mut plan = self.best.clone();
            plan.steps[place] = less;
            self.tries(plan);
        }
    }
}
