//! Ctrl-C, and the signal by which a CI runner ends a job.
//!
//! Listening replaces the default, which would end the program without a word about how to go on.

use std::{io, pin::Pin};

/// A request to stop, once it has come.
pub(crate) struct Interrupt {
    signal: Pin<Box<dyn Future<Output = ()> + Send>>,
    came: bool,
}

impl Interrupt {
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(Self::of(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }))
    }

    #[cfg(not(unix))]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self::of(async move {
            // Where it cannot be listened to, the default holds.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }))
    }

    fn of(signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            signal: Box::pin(signal),
            came: false,
        }
    }

    /// Waits for it; at once where it has come before. Dropping the future loses nothing.
    pub(crate) async fn comes(&mut self) {
        if !self.came {
            self.signal.as_mut().await;
            self.came = true;
        }
    }
}
