//! Lets time pass, and carries webhooks out.

use crate::{
    control::{Advance, Time},
    world::{Request, Step, World},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task::JoinSet};

/// What every connection and the courier share.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Whoever holds it carries out; one at a time, so that time has one order.
    carrying: tokio::sync::Mutex<()>,
    wake: Notify,
    client: reqwest::Client,
    timeout: Duration,
    /// When the latest call came in, or the latest delivery was answered.
    stirred: Mutex<Instant>,
    pub(crate) base: String,
}

/// No client can be made: TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("no client for HTTP can be made: {0}")]
pub struct ClientError(String);

/// A client for addresses on this machine: no TLS is spoken, so no certificates are asked for.
pub(crate) fn client() -> Result<reqwest::Client, ClientError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError(error.to_string()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build();
    client.map_err(|error| ClientError(error.to_string()))
}

impl Shared {
    pub(crate) fn new(world: World, base: String) -> Result<Self, ClientError> {
        let timeout = Duration::from_millis(u64::from(world.settings.webhooks.timeout_ms.max(1)));
        Ok(Self {
            world: Mutex::new(world),
            carrying: tokio::sync::Mutex::new(()),
            wake: Notify::new(),
            client: client()?,
            timeout,
            stirred: Mutex::new(Instant::now()),
            base,
        })
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened: the courier looks again.
    pub(crate) fn stir(&self) {
        *self.stirred.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.wake.notify_one();
    }

    /// Lets time pass, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            self.carry().await;
            let wait = {
                let mut world = self.world();
                let next = world.next();
                next.and_then(|next| world.clock.wait(next))
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait.unwrap_or(Duration::from_secs(60))) => {}
            }
        }
    }

    /// Lets everything happen that is due by now, deliveries included.
    pub(crate) async fn carry(self: &Arc<Self>) {
        let _one_at_a_time = self.carrying.lock().await;
        loop {
            // In a statement of its own: the world is not held while something is on its way.
            let step = self.world().step();
            let Step::Send(requests) = step else { return };
            let mut sending = JoinSet::new();
            for request in requests {
                let shared = Arc::clone(self);
                sending.spawn(async move { (request.number, shared.send(&request).await) });
            }
            while let Some(sent) = sending.join_next().await {
                if let Ok((number, status)) = sent {
                    self.world().delivered(number, status);
                }
            }
            self.stir();
        }
    }

    async fn send(&self, request: &Request) -> Option<u16> {
        let sending = self
            .client
            .post(&request.url)
            .header("content-type", "application/json")
            .header(request.header.0, &request.header.1)
            .header("user-agent", "TikTok-Webhook/simulated")
            .body(request.body.clone())
            .timeout(self.timeout)
            .send();
        Some(sending.await.ok()?.status().as_u16())
    }

    /// Goes on to another time, from one thing that is due to the next.
    pub(crate) async fn advance(self: &Arc<Self>, advance: &Advance) -> Time {
        let by = i64::try_from(advance.by_ms).unwrap_or(i64::MAX);
        let target = self.world().clock.now().saturating_add(by);
        let settle = Duration::from_millis(advance.settle_ms.min(10_000));
        loop {
            self.settle(settle).await;
            let mut world = self.world();
            let next = world.next().filter(|next| *next <= target);
            world.clock.jump(next.unwrap_or(target));
            if next.is_none() {
                break;
            }
        }
        self.settle(settle).await;
        self.time()
    }

    /// Lets everything happen that is due, and waits until nobody stirs.
    async fn settle(self: &Arc<Self>, settle: Duration) {
        loop {
            self.carry().await;
            let quiet = self.stirred.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
            let Some(left) = settle.checked_sub(quiet).filter(|left| !left.is_zero()) else { return };
            tokio::time::sleep(left).await;
        }
    }

    pub(crate) fn time(&self) -> Time {
        let mut world = self.world();
        Time { now: world.clock.now(), next: world.next(), waiting: world.hooks.waiting() }
    }
}
