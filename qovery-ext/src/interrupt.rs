//! Ctrl-C, and SIGTERM, which CI runners send to end a job.
//!
//! Listening replaces the default action of these signals, which ends the program at once. The replacement
//! lasts for the rest of the process, because Tokio keeps its signal handler.

use std::{fmt, pin::Pin};

/// Receives Ctrl-C and SIGTERM.
///
/// Available on crate features `display` or `preview` only.
///
/// ```no_run
/// # async fn example(work: impl Future<Output = ()>) {
/// let mut interrupt = qovery_ext::Interrupt::listen();
/// tokio::select! {
///     () = work => {}
///     () = interrupt.received() => eprintln!("stopped"),
/// }
/// # }
/// ```
pub struct Interrupt {
    signal: Pin<Box<dyn Future<Output = ()> + Send>>,
    came: bool,
}

impl Interrupt {
    /// The exit code of a program that was stopped by Ctrl-C or SIGTERM.
    pub const EXIT_CODE: u8 = crate::codes::INTERRUPTED;

    /// Starts to listen to Ctrl-C and, on Unix, to SIGTERM. If the handler of a signal cannot be
    /// installed, the signal keeps its default.
    ///
    /// Listening replaces the default action of these signals, which ends the program, for the rest of the process. It
    /// stays replaced after this value is dropped.
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime, and in a runtime whose I/O driver is not enabled (`enable_io` or
    /// `enable_all`).
    #[cfg(unix)]
    pub fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        let interrupt = signal(SignalKind::interrupt());
        let terminate = signal(SignalKind::terminate());
        Self::of(async move {
            let comes = async |signal: std::io::Result<tokio::signal::unix::Signal>| match signal {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending().await,
            };
            tokio::select! {
                () = comes(interrupt) => {}
                () = comes(terminate) => {}
            }
        })
    }

    /// Starts to listen to Ctrl-C and, on Unix, to SIGTERM. If the handler of a signal cannot be
    /// installed, the signal keeps its default.
    ///
    /// Listening replaces the default action of these signals, which ends the program, for the rest of the process. It
    /// stays replaced after this value is dropped.
    #[cfg(windows)]
    pub fn listen() -> Self {
        let interrupt = tokio::signal::windows::ctrl_c();
        Self::of(async move {
            match interrupt {
                Ok(mut interrupt) => {
                    interrupt.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        })
    }

    /// Never completes.
    #[cfg(feature = "display")]
    pub(crate) fn never() -> Self {
        Self::of(std::future::pending())
    }

    fn of(signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            signal: Box::pin(signal),
            came: false,
        }
    }

    /// Waits for one of the signals. Returns at once if one was received before. Dropping the future loses
    /// nothing.
    pub async fn received(&mut self) {
        if !self.came {
            self.signal.as_mut().await;
            self.came = true;
        }
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt")
            .field("came", &self.came)
            .finish()
    }
}
