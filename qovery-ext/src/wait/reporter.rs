//! The reports of a wait: the progress, and the time to emit it.

use std::time::Duration;

use tokio::time::Instant;

#[cfg(feature = "stream")]
use super::push::LogFollower;
use super::{Phase, Progress, poller::Poller};
use crate::clock::after;

/// A callback for progress.
pub(super) type OnProgress = Box<dyn FnMut(&Progress) + Send>;

/// Emits the progress of a wait.
pub(super) struct Reporter {
    on_progress: Option<OnProgress>,
    /// The latest progress. It is marked as a heartbeat if it was emitted and nothing has changed since.
    latest: Option<Progress>,
    /// The duration of the operation, once it has ended.
    ended: Option<Duration>,
    emitted_at: Instant,
    #[cfg(feature = "stream")]
    log: Option<LogFollower>,
}

impl Reporter {
    /// Passes on the lines of a log too.
    pub(super) fn new(
        on_progress: Option<OnProgress>,
        #[cfg(feature = "stream")] log: Option<LogFollower>,
    ) -> Self {
        Self {
            on_progress,
            latest: None,
            ended: None,
            emitted_at: Instant::now(),
            #[cfg(feature = "stream")]
            log,
        }
    }

    pub(super) fn set_on_progress(&mut self, on_progress: OnProgress) {
        self.on_progress = Some(on_progress);
    }

    /// The latest progress, whether it was emitted or not.
    pub(super) fn latest(&self) -> Option<&Progress> {
        self.latest.as_ref()
    }

    /// The time at which the latest progress is emitted again, if nothing changes.
    pub(super) fn next_heartbeat(&self, poller: &Poller) -> Option<Instant> {
        let heartbeat = poller.context().options.heartbeat;
        self.latest
            .as_ref()
            .map(|_| after(self.emitted_at, heartbeat))
    }

    /// Stores the result of a poll. It is emitted if it differs from the latest progress.
    pub(super) fn note(&mut self, poller: &Poller, phase: Phase, position: Option<usize>) {
        let context = poller.context();
        let Some(snapshot) = context.last.clone() else {
            return;
        };
        let goal = context.goal();
        let is_unchanged = self.latest.as_ref().is_some_and(|latest| {
            latest.phase == phase
                && latest.queue_position == position
                && latest.snapshot.looks_like(&snapshot)
        });
        // A change that was not emitted yet stays pending.
        let is_pending = self.latest.as_ref().is_some_and(|latest| !latest.heartbeat);
        self.latest = Some(Progress {
            goal,
            phase,
            queue_position: position,
            services: goal.map(|g| snapshot.service_counts(g)).unwrap_or_default(),
            stages: snapshot.stage_counts(),
            names: context.names(),
            snapshot,
            polls: context.polls,
            failed_polls: 0,
            elapsed: context.started.elapsed(),
            heartbeat: is_unchanged && !is_pending,
        });
    }

    /// Records the duration of the operation. Later reports have this duration.
    pub(super) fn end(&mut self, elapsed: Duration) {
        self.ended = Some(elapsed);
    }

    /// Emits the latest progress if it has changed or a heartbeat is due.
    pub(super) fn emit(&mut self, poller: &Poller) -> Option<Progress> {
        let is_due = self
            .next_heartbeat(poller)
            .is_some_and(|beat| beat <= Instant::now());
        if self.latest.as_ref()?.heartbeat && !is_due {
            return None;
        }
        let progress = self.updated(poller)?;
        self.latest = Some(Progress {
            heartbeat: true,
            ..progress.clone()
        });
        self.emitted_at = Instant::now();
        if let Some(on_progress) = &mut self.on_progress {
            on_progress(&progress);
        }
        Some(progress)
    }

    /// Emits the latest progress if it has changed or a heartbeat is due, and returns it in any case.
    pub(super) fn emit_latest(&mut self, poller: &Poller) -> Option<Progress> {
        self.emit(poller).or_else(|| self.updated(poller))
    }

    /// The latest progress with the current counts.
    fn updated(&self, poller: &Poller) -> Option<Progress> {
        let mut progress = self.latest.clone()?;
        let context = poller.context();
        progress.polls = context.polls;
        progress.failed_polls = poller.failures();
        progress.elapsed = self.ended.unwrap_or_else(|| context.started.elapsed());
        Some(progress)
    }

    /// Passes on lines of the log for as long as it is polled. Dropping the future loses nothing.
    #[cfg(feature = "stream")]
    pub(super) async fn follow_log(&mut self) {
        match &mut self.log {
            Some(log) => log.run().await,
            None => std::future::pending().await,
        }
    }

    /// Passes on the last lines of the log.
    #[cfg(feature = "stream")]
    pub(super) async fn finish_log(&mut self) {
        if let Some(log) = &mut self.log {
            log.finish().await;
        }
    }
}
