//! A channel performs effects: TikTok, an HTTP endpoint, the embedder's own (O).

use crate::{Context, EffectKey};
use chatsparks_core::{Effect, Instant};
use std::{pin::Pin, time::Duration};

/// An effect on its way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The idempotency key.
    pub key: EffectKey,
    /// What is to be done.
    pub effect: Effect,
    /// What was fixed when it was decided.
    pub context: Context,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
    /// When the first attempt began, on the wall clock; none: this is the first.
    pub first_attempt: Option<Instant>,
}

impl Delivery {
    /// An effect on its way.
    pub fn new(key: EffectKey, effect: Effect, context: Context, attempt: u32) -> Self {
        Self { key, effect, context, attempt, first_attempt: None }
    }
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was sent.
    Sent,
    /// It may be tried again: not before so long, where the platform says it (O4).
    Again(Option<Duration>, Fault),
    /// It is refused for good.
    Failed(Fault),
    /// The channel itself cannot go on: its own queue stops, until it is tried again (O8).
    Stopped(Fault),
    /// Nobody knows whether it was sent, and it could not be looked for now (O5).
    InDoubt(Fault),
}

/// Why, in a few words of the channel's own: never what somebody wrote, never a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

/// What a channel finds of an attempt in doubt (O5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// It had been sent.
    Sent,
    /// It had not been sent.
    NotSent,
    /// The channel cannot look.
    CannotLook,
    /// It cannot look now, and may later.
    NotNow,
}

/// Performs effects.
///
/// ```
/// use chatsparks_ports::{Attempt, Channel, Delivery};
/// struct Printer;
/// impl Channel for Printer {
///     async fn perform(&self, delivery: &Delivery) -> Attempt {
///         println!("{}", delivery.key.id);
///         Attempt::Sent
///     }
///     fn takes_keys(&self) -> bool {
///         true
///     }
/// }
/// ```
pub trait Channel: Send + Sync + 'static {
    /// Performs an effect once. It is bounded in time by whoever calls.
    fn perform(&self, delivery: &Delivery) -> impl Future<Output = Attempt> + Send;

    /// Whether the other side takes the key, and does nothing the second time. If not, an attempt that was cut off is in
    /// doubt (O5).
    fn takes_keys(&self) -> bool;

    /// Looks whether an attempt in doubt had been sent.
    fn look(&self, _delivery: &Delivery) -> impl Future<Output = Looked> + Send {
        async { Looked::CannotLook }
    }
}

/// A channel behind a pointer: each workspace may have another kind.
pub trait DynChannel: Send + Sync + 'static {
    /// [`Channel::perform`].
    fn perform<'a>(&'a self, delivery: &'a Delivery) -> Pin<Box<dyn Future<Output = Attempt> + Send + 'a>>;
    /// [`Channel::takes_keys`].
    fn takes_keys(&self) -> bool;
    /// [`Channel::look`].
    fn look<'a>(&'a self, delivery: &'a Delivery) -> Pin<Box<dyn Future<Output = Looked> + Send + 'a>>;
}

impl<C: Channel> DynChannel for C {
    fn perform<'a>(&'a self, delivery: &'a Delivery) -> Pin<Box<dyn Future<Output = Attempt> + Send + 'a>> {
        Box::pin(Channel::perform(self, delivery))
    }

    fn takes_keys(&self) -> bool {
        Channel::takes_keys(self)
    }

    fn look<'a>(&'a self, delivery: &'a Delivery) -> Pin<Box<dyn Future<Output = Looked> + Send + 'a>> {
        Box::pin(Channel::look(self, delivery))
    }
}
