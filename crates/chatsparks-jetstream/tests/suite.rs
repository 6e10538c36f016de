//! The store passes what every store has to pass, on three servers: with everything in memory, and with nothing.

use chatsparks_cluster::Nats;
use chatsparks_jetstream::{JetStreamStore, Options};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::runtime::{Builder, Runtime};

/// A store of its own that may take so much memory, and the runtime that its connection lives in.
fn make(partitions: u32, memory: Option<usize>) -> (JetStreamStore, Runtime) {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("suite-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut options = Options::from_url(&Nats::shared().unwrap().url(&name)).unwrap();
    options.partitions = Some(partitions);
    options.memory = memory.unwrap_or(options.memory);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let store = runtime.block_on(JetStreamStore::open(options)).unwrap();
    (store, runtime)
}

mod at_hand {
    chatsparks_testkit::store_suite!(|partitions| super::make(partitions, None));
}

/// After each operation all of the state is put aside, and is read from there.
mod aside {
    chatsparks_testkit::store_suite!(|partitions| super::make(partitions, Some(0)));
}
