//! Measuring by turns: everybody runs once a round, and the least of all rounds counts.

use std::{
    hint::black_box,
    ops::Range,
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

/// Pieces that long work is measured in.
pub const PIECES: usize = 20;

/// One of the pieces of so many things.
pub fn piece(count: usize, piece: usize) -> Range<usize> {
    count * piece / PIECES..count * (piece + 1) / PIECES
}

/// Like [`by_turns`], with the work cut into pieces: the turns change after each, and the least time of each piece
/// counts. Many other pieces come between two runs of one, so that nobody finds their data in the caches.
///
/// A turn of some milliseconds is nearly always interrupted on a machine that others use; one of a few hundred
/// microseconds often is not.
pub fn in_pieces<const N: usize>(rounds: usize, mut contestants: [Box<dyn FnMut(usize) + '_>; N]) -> [f64; N] {
    let mut least = [[Duration::MAX; PIECES]; N];
    for _ in 0..=rounds {
        for piece in 0..PIECES {
            for (number, (run, least)) in contestants.iter_mut().zip(&mut least).enumerate() {
                // Nobody comes right after another on the same piece, who would have left it in the caches.
                let piece = (piece + number * PIECES / N) % PIECES;
                let start = Instant::now();
                run(piece);
                least[piece] = start.elapsed().min(least[piece]);
            }
        }
    }
    least.map(|pieces| pieces.iter().sum::<Duration>().as_nanos() as f64)
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
