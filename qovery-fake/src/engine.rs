//! The state of a fake that its handles and its front ends share.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

#[cfg(feature = "stream")]
use super::sockets::Sockets;
use super::{
    Clock,
    clock::Running,
    contract::Contract,
    core::Core,
    exchange::{Delivery, Incoming},
};

/// One fake. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Engine(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Mutex<Core>,
    clock: Running,
    #[cfg(feature = "stream")]
    sockets: Mutex<Sockets>,
    /// Wakes the sockets when a script has changed something.
    #[cfg(feature = "stream")]
    changed: tokio::sync::Notify,
}

impl Engine {
    /// Starts a fake without resources, which accepts this token.
    pub(crate) fn new(clock: Clock, token: &str) -> Self {
        Self(Arc::new(Inner {
            core: Mutex::new(Core::new(Contract::shared(), token)),
            clock: Running::start(clock),
            #[cfg(feature = "stream")]
            sockets: Mutex::default(),
            #[cfg(feature = "stream")]
            changed: tokio::sync::Notify::new(),
        }))
    }

    /// The token that the fake accepts.
    pub(crate) fn token(&self) -> String {
        self.with(|core| core.tokens.first().cloned().unwrap_or_default())
    }

    /// Answers a request that arrives now.
    pub(crate) fn handle(&self, incoming: &Incoming) -> Delivery {
        let now = self.0.clock.now();
        let delivery = self.lock(|core| core.handle(incoming, now));
        #[cfg(feature = "stream")]
        self.0.changed.notify_waiters();
        delivery
    }

    /// The time since the fake was created.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.clock.now()
    }

    pub(crate) fn clock(&self) -> &Running {
        &self.0.clock
    }

    /// Calls the closure with the core, advanced to the current time.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Core) -> T) -> T {
        let now = self.0.clock.now();
        let outcome = self.lock(|core| {
            core.world.advance(now);
            core.world.note_change();
            work(core)
        });
        #[cfg(feature = "stream")]
        self.0.changed.notify_waiters();
        outcome
    }

    /// Reads the core, advanced to the current time.
    #[cfg(feature = "stream")]
    pub(crate) fn read<T>(&self, read: impl FnOnce(&mut Core) -> T) -> T {
        let now = self.0.clock.now();
        self.lock(|core| {
            core.world.advance(now);
            read(core)
        })
    }

    /// Waits until a script or a request changes something, from this call on.
    #[cfg(feature = "stream")]
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.0.changed.notified()
    }

    #[cfg(feature = "stream")]
    pub(crate) fn sockets<T>(&self, work: impl FnOnce(&mut Sockets) -> T) -> T {
        let sockets = self.0.sockets.lock();
        work(&mut sockets.unwrap_or_else(PoisonError::into_inner))
    }

    fn lock<T>(&self, work: impl FnOnce(&mut Core) -> T) -> T {
        let core = self.0.core.lock();
        work(&mut core.unwrap_or_else(PoisonError::into_inner))
    }
}
