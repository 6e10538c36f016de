//! What is done to services and servers meanwhile, in an order that the seed says.

use crate::{Arguments, TAKEOVER_SECONDS, servers::Servers};
use chatsparks_crash::fleet::Fleet;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub(crate) enum Deed {
    /// A service is killed, and started again.
    Kill,
    /// A service is frozen for longer than others wait, and thawed.
    Freeze,
    /// A server is killed.
    FailOver,
}

/// All that is to be done.
pub(crate) fn deeds(arguments: &Arguments) -> Vec<Deed> {
    let mut deeds = vec![Deed::Kill; arguments.kills];
    deeds.extend(vec![Deed::Freeze; arguments.freezes]);
    if arguments.failover {
        deeds.extend(vec![Deed::FailOver; Servers::failovers(arguments.store)]);
    }
    deeds
}

/// Does it.
pub(crate) async fn disturb(mut deeds: Vec<Deed>, seed: u64, fleet: &Fleet, servers: &Servers) {
    let mut random = StdRng::seed_from_u64(seed.wrapping_add(1));
    let (began, many) = (Instant::now(), deeds.len());
    while !deeds.is_empty() {
        tokio::time::sleep(Duration::from_millis(random.random_range(100..900))).await;
        let service = &fleet.0[random.random_range(0..fleet.0.len())];
        match deeds.swap_remove(random.random_range(0..deeds.len())) {
            Deed::Kill => {
                service.kill();
                tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
                service.start();
            }
            Deed::Freeze => {
                service.signal("STOP");
                tokio::time::sleep(Duration::from_secs(TAKEOVER_SECONDS) + Duration::from_millis(1_500)).await;
                service.signal("CONT");
            }
            Deed::FailOver => tokio::task::block_in_place(|| servers.fail_over()),
        }
    }
    println!("{many} kills, freezes and failovers in {:.0} s", began.elapsed().as_secs_f64());
}
