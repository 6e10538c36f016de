//! A simulator: the real runtime in virtual time, where everything goes wrong that can go wrong.
//!
//! A [`Plan`] is made from a seed: what comes in, in which bodies, late, twice and out of order; when the process ends,
//! before or after which call of its store; when the store fails, the clock jumps, and what the channel does. [`simulate`]
//! lets it happen: the runtime is the real one, on a thread of its own whose time stands still while something is done, so
//! that a run is the same each time. Every call is watched, everything is looked at after each step and in the end, and
//! what does not hold is told with the code of its rule. [`shrink`] takes steps out of a plan as long as it still fails.

mod below;
mod channel;
mod check;
mod clock;
mod defect;
mod plan;
mod process;
mod run;
mod shrink;
mod store;
mod watch;

pub use below::{Below, InMemory, OnDisk, OnNats, OnPostgres};
pub use clock::VirtualClock;
pub use defect::{DEFECTS, Defect};
pub use plan::{Call, Plan, Setting, Step, Weather};
pub use run::{Report, simulate};
pub use shrink::shrink;
pub use watch::Failure;

use std::cell::RefCell;
use tokio::runtime::Handle;

thread_local! {
    /// Where the store lives that this thread simulates over.
    static HOME: RefCell<Option<Handle>> = const { RefCell::new(None) };
}

/// Waits for what needs no other task of this thread, however much it does: within a task, a library would ask it to yield
/// now and then, which nobody is there to do. Time of the simulation stands still meanwhile: what a store of a real server
/// waits for, it waits for at its home.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let home = HOME.with_borrow(Clone::clone);
    let _at_home = home.as_ref().map(Handle::enter);
    futures_executor::block_on(tokio::task::coop::unconstrained(work))
}
