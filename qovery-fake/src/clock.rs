//! The time of a fake: Tokio's, accelerated, or advanced manually.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// How the time of a fake passes.
///
/// By default it is Tokio's time, so that a fake on a paused clock is exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    speed: f64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { speed: 1.0 }
    }
}

impl Clock {
    /// Creates a clock that follows Tokio's clock, paused or not.
    pub fn tokio() -> Self {
        Self::default()
    }

    /// Creates a clock that runs this many times as fast as Tokio's: deployments of minutes take seconds.
    ///
    /// A factor of zero or below means [`Clock::manual`]. A factor that is not finite counts as 1.
    pub fn fast(factor: f64) -> Self {
        Self {
            speed: if factor.is_finite() {
                factor.max(0.0)
            } else {
                1.0
            },
        }
    }

    /// Creates a clock that only [`FakeQovery::advance`](super::FakeQovery::advance) advances. Responses with
    /// a scripted delay wait for this clock too.
    pub fn manual() -> Self {
        Self { speed: 0.0 }
    }
}

/// A clock in use.
#[derive(Debug)]
pub(crate) struct Running {
    speed: f64,
    started: Instant,
    /// The total time skipped by `advance`.
    skipped: Mutex<Duration>,
    moved: Notify,
}

impl Running {
    pub(crate) fn start(clock: Clock) -> Self {
        Self {
            speed: clock.speed,
            started: Instant::now(),
            skipped: Mutex::new(Duration::ZERO),
            moved: Notify::new(),
        }
    }

    /// The fake's time since it was created.
    pub(crate) fn now(&self) -> Duration {
        let elapsed = self.started.elapsed();
        let passed = if self.is_as_fast_as_tokio() {
            elapsed
        } else {
            elapsed.mul_f64(self.speed)
        };
        let skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        passed.saturating_add(*skipped)
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        *skipped = skipped.saturating_add(by);
        drop(skipped);
        self.moved.notify_waiters();
    }

    /// Waits until the fake's time has passed. Dropping the future stops waiting.
    pub(crate) async fn wait(&self, time: Duration) {
        let due = self.now().saturating_add(time);
        loop {
            let moved = self.moved.notified();
            let left = due.saturating_sub(self.now());
            if left.is_zero() {
                return;
            }
            if self.speed == 0.0 {
                moved.await;
                continue;
            }
            let left = if self.is_as_fast_as_tokio() {
                left
            } else {
                // Rounded up, so that the clock has reached the time after the sleep.
                left.div_f64(self.speed) + Duration::from_nanos(1)
            };
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = moved => {}
            }
        }
    }

    fn is_as_fast_as_tokio(&self) -> bool {
        (self.speed - 1.0).abs() < f64::EPSILON
    }
}
