//! The store in memory passes what every store has to pass.

use chatsparks_ports::MemoryStore;

chatsparks_testkit::store_suite!(|partitions: u32| (MemoryStore::new(partitions), ()));
