//! A simulator that runs.

use crate::{
    ClockMode, Control, ControlError, Settings,
    control::Credentials,
    courier::{ClientError, Shared},
    ledger::Ledger,
    server,
    world::World,
};
use std::{collections::BTreeSet, fmt, io, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};

/// A TikTok that runs in this process, until it is dropped.
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Simulator({})", self.address)
    }
}

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Others could reach it.
    #[error("`{0}` is no loopback address: the simulator serves this machine alone, use `127.0.0.1:0`")]
    NotLoopback(SocketAddr),
    /// It cannot listen there.
    #[error("`{0}` cannot be listened on: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// A setting is out of bounds.
    #[error("{0}")]
    Settings(String),
    /// No client for webhooks can be made.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Simulator {
    /// Starts one. It runs on the runtime it is called in.
    ///
    /// # Errors
    /// When it would listen to others than this machine, cannot listen, or a setting is out of bounds.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        check(&settings)?;
        let listener =
            TcpListener::bind(settings.listen).await.map_err(|error| StartError::Listen(settings.listen, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(settings.listen, error))?;
        let shared = Arc::new(Shared::new(World::new(settings), format!("http://{address}"))?);
        let mut tasks = JoinSet::new();
        tasks.spawn(server::serve(listener, server::router(Arc::clone(&shared))));
        tasks.spawn(Arc::clone(&shared).run());
        Ok(Self { address, shared, tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL without a path.
    pub fn url(&self) -> String {
        self.shared.base.clone()
    }

    /// The keys, tokens and ids that a system under test needs.
    pub fn credentials(&self) -> Credentials {
        self.shared.world().credentials(&self.shared.base)
    }

    /// What truly happened so far.
    pub fn ledger(&self) -> Ledger {
        self.shared.world().ledger()
    }

    /// A client of its control API.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn control(&self) -> Result<Control, ControlError> {
        Control::new(&self.shared.base)
    }

    /// Stops it: connections are closed, what waits for delivery is gone.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

fn check(settings: &Settings) -> Result<(), StartError> {
    let fault = |what: &str| Err(StartError::Settings(what.to_owned()));
    if !settings.listen.ip().is_loopback() {
        return Err(StartError::NotLoopback(settings.listen));
    }
    if let ClockMode::Wall { speed } = settings.clock
        && !(0.001..=1_000_000.0).contains(&speed)
    {
        return fault("a clock's speed is from 0.001 to 1,000,000");
    }
    let usernames: BTreeSet<_> = settings.accounts.iter().map(|account| account.username.as_str()).collect();
    if usernames.is_empty() || usernames.len() < settings.accounts.len() || usernames.contains("") {
        return fault("there is at least one account, and each has a username of its own");
    }
    if settings.accounts.iter().any(|account| account.region.len() != 2 || account.videos > 10_000) {
        return fault("a region is two letters, and an account has up to 10,000 videos");
    }
    let products = settings.accounts.iter().flat_map(|account| &account.products);
    if products.into_iter().any(|product| product.skus.is_empty()) {
        return fault("a product has at least one variant");
    }
    Ok(())
}
