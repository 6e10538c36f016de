//! Shrinking: steps are taken out of a plan as long as it still fails in the same way.

use crate::{Failure, Plan, Step};

/// How many runs it may take.
const RUNS: usize = 1_500;

/// A plan that fails by the same rule and has as few steps as could be found, and how it fails.
pub fn shrink(plan: &Plan, failure: &Failure, run: impl Fn(&Plan) -> Option<Failure>) -> (Plan, Failure) {
    let mut shrinking = Shrinking { best: plan.clone(), failure: failure.clone(), left: RUNS, is_less: false, run };
    // What comes after the failure has no part in it.
    let mut cut = plan.clone();
    cut.steps.truncate(failure.step);
    shrinking.tries(cut);
    loop {
        shrinking.is_less = false;
        shrinking.without_steps();
        shrinking.without_events();
        shrinking.with_less();
        shrinking.with_crashes_that_say_when();
        if !shrinking.is_less || shrinking.left == 0 {
            return (shrinking.best, shrinking.failure);
        }
    }
}

struct Shrinking<F> {
    best: Plan,
    failure: Failure,
    left: usize,
    /// Whether anything came to be less in this round.
    is_less: bool,
    run: F,
}

impl<F: Fn(&Plan) -> Option<Failure>> Shrinking<F> {
    /// Whether a plan fails in the same way; then it is the best.
    fn tries(&mut self, plan: Plan) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        match (self.run)(&plan) {
            Some(failure) if failure.rule == self.failure.rule => {
                (self.best, self.failure, self.is_less) = (plan, failure, true);
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

    /// A crash says at the how many-th call: many steps stand there for no more than the calls that they make. One that says
    /// by itself when it comes needs none of them.
    fn with_crashes_that_say_when(&mut self) {
        for place in 0..self.best.steps.len() {
            let Step::Crash { at, number: before, after, down } = self.best.steps[place] else { continue };
            let earlier = (1..before).map(|number| Step::Crash { at, number, after, down });
            for crash in std::iter::once(Step::CrashInChannel { down }).chain(earlier) {
                let mut plan = self.best.clone();
                plan.steps[place] = crash;
                if self.tries(plan) {
                    break;
                }
            }
        }
    }
}
