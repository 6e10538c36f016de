//! A runtime that is known, and not kept alive by whoever knows it.

use crate::{Runtime, runtime::Inner};
use chatsparks_ports::Store;
use std::{
    fmt,
    sync::{Arc, Weak},
};

/// A runtime, for what the runtime itself holds: a channel, say, whose adapter brings events in. With the runtime in it,
/// neither would ever be dropped, nor the store that they have.
pub struct WeakRuntime<S> {
    inner: Weak<Inner<S>>,
}

impl<S: Store> Runtime<S> {
    /// The same, without keeping it alive.
    pub fn downgrade(&self) -> WeakRuntime<S> {
        WeakRuntime { inner: Arc::downgrade(&self.inner) }
    }
}

impl<S: Store> WeakRuntime<S> {
    /// The runtime; none: it is gone.
    pub fn upgrade(&self) -> Option<Runtime<S>> {
        self.inner.upgrade().map(|inner| Runtime { inner })
    }
}

impl<S> Clone for WeakRuntime<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<S> fmt::Debug for WeakRuntime<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WeakRuntime").finish_non_exhaustive()
    }
}
