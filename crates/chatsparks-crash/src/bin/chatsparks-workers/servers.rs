//! The servers below: one of PostgreSQL, with a standby where it is to fail over; or three of NATS.

use crate::Kind;
use chatsparks_cluster::{Nats, Postgres};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

pub(crate) enum Servers {
    Postgres { primary: Box<Postgres>, standby: Option<Box<Postgres>> },
    Nats { nodes: Nats, next: AtomicUsize, memory: Option<u32> },
}

/// How long a server that was killed is gone.
const GONE: Duration = Duration::from_millis(1_500);

impl Servers {
    pub(crate) fn start(kind: Kind, failover: bool, memory: Option<u32>) -> Self {
        match kind {
            Kind::Postgres => {
                let primary = Box::new(Postgres::start(&[]).unwrap());
                let standby = failover.then(|| Box::new(primary.synchronous_standby().unwrap()));
                Self::Postgres { primary, standby }
            }
            Kind::Nats => Self::Nats { nodes: Nats::start(3).unwrap(), next: AtomicUsize::new(0), memory },
        }
    }

    /// The address of a store of this name, which nothing was written to.
    pub(crate) fn url(&self, name: &str) -> String {
        match self {
            Self::Postgres { primary, standby: None } => primary.database(name).unwrap(),
            Self::Postgres { primary, standby: Some(standby) } => {
                primary.database(name).unwrap();
                primary.url_with(standby, name)
            }
            Self::Nats { nodes, memory: None, .. } => nodes.url(name),
            Self::Nats { nodes, memory: Some(memory), .. } => format!("{}&memory={memory}", nodes.url(name)),
        }
    }

    /// How often a server can be killed.
    pub(crate) fn failovers(kind: Kind) -> usize {
        match kind {
            Kind::Postgres => 1,
            Kind::Nats => 3,
        }
    }

    /// Kills a server; what it did goes on elsewhere.
    pub(crate) fn fail_over(&self) {
        match self {
            Self::Postgres { primary, standby } => {
                primary.kill().unwrap();
                std::thread::sleep(Duration::from_millis(300));
                standby.as_ref().unwrap().promote().unwrap();
            }
            Self::Nats { nodes, next, .. } => {
                let node = next.fetch_add(1, Ordering::Relaxed) % nodes.len();
                nodes.kill(node).unwrap();
                std::thread::sleep(GONE);
                nodes.bring_back(node).unwrap();
                nodes.settled().unwrap();
            }
        }
    }
}
