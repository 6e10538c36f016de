//! Measuring by turns: everybody runs once a round, and the least of all rounds counts.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Somebody who is measured: one run of the work.
pub type Contestant<'a> = Box<dyn FnMut() + 'a>;

/// A contestant, whose answers the compiler may not leave out.
pub fn run<'a, T>(mut work: impl FnMut() -> T + 'a) -> Contestant<'a> {
    Box::new(move || {
        black_box(work());
    })
}

/// Rounds at least.
pub const ROUNDS: usize = 7;

/// Lets every contestant run once a round; tells the least time of each, in nanoseconds.
///
/// What disturbs the machine disturbs everybody alike when they take turns, and least where it is least:
/// so the least of many rounds is compared, and only within one call.
pub fn by_turns<const N: usize>(rounds: usize, mut contestants: [Contestant<'_>; N]) -> [f64; N] {
    contestants.iter_mut().for_each(|run| run());
    let mut least = [Duration::MAX; N];
    for _ in 0..rounds {
        for (run, least) in contestants.iter_mut().zip(&mut least) {
            let start = Instant::now();
            run();
            *least = start.elapsed().min(*least);
        }
    }
    least.map(|time| time.as_nanos() as f64)
}

/// Like [`by_turns`], for work that needs something made afresh each time, which is not measured.
pub fn with_setup<T>(rounds: usize, mut setup: impl FnMut() -> T, mut work: impl FnMut(T)) -> f64 {
    let mut least = Duration::MAX;
    for _ in 0..rounds {
        let made = setup();
        let start = Instant::now();
        work(made);
        least = start.elapsed().min(least);
    }
    least.as_nanos() as f64
}
