//! The progress of a wait: the same data for streams, callbacks and errors.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::{Stream, stream::BoxStream};
use futures_util::stream::{Fuse, StreamExt as _};
use qovery_api::Printable;
use serde::Serialize;

use super::{Counts, Goal, Names, Phase, Snapshot, WaitError};
use crate::span::span;

/// The progress of an operation.
///
/// Emitted with the first status, after each change, and every 30 s (by default) if nothing changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// The goal; `None` for a condition.
    pub goal: Option<Goal>,
    /// The phase of the operation itself. The snapshot may still show an earlier deployment.
    pub phase: Phase,
    /// The last status that was read.
    pub snapshot: Snapshot,
    /// The names that are known of the subject and its services.
    pub names: Names,
    /// The position in the queue, counted from 1, while the operation is queued.
    pub queue_position: Option<usize>,
    /// The services, counted by phase; all counts are 0 for a condition.
    pub services: Counts,
    /// The stages, counted by phase.
    pub stages: Counts,
    /// The number of polls.
    pub polls: u32,
    /// The number of failed polls since the last successful one.
    pub failed_polls: u32,
    /// The time since the operation was started.
    pub elapsed: Duration,
    /// Whether nothing has changed since the last report.
    pub heartbeat: bool,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.snapshot.subject.named(&self.names);
        write!(f, "{subject}: {}", self.phase)?;
        if let Some(position) = self.queue_position {
            write!(f, ", number {position} in the queue")?;
        }
        // Before the operation has begun, the counts are those of an earlier deployment.
        let is_own = !matches!(self.phase, Phase::NotStarted | Phase::Queued);
        if let Some(goal) = self.goal
            && self.services.total > 1
            && is_own
        {
            let Counts { reached, total, .. } = self.services;
            write!(f, ", {reached} of {total} services {goal}")?;
        }
        if self.services.failed > 0 && is_own {
            write!(f, ", {} failed", self.services.failed)?;
        }
        let current = self
            .snapshot
            .stages
            .iter()
            .find(|s| s.phase() == Phase::Running);
        if let Some(stage) = current {
            write!(f, ", stage {}", Printable::new(&stage.name))?;
        }
        write!(f, " ({}) after {}", self.snapshot.state, span(self.elapsed))?;
        if self.failed_polls > 0 {
            write!(f, ", {} polls failed", self.failed_polls)?;
        }
        Ok(())
    }
}

/// The progress of an operation as a stream.
///
/// The stream ends after an item of phase [`Phase::Reached`], or with an error. If the subject was gone before a
/// status could be read, the stream ends without an item. Dropping the stream cancels nothing on the server.
#[must_use = "a stream does nothing unless it is polled"]
pub struct ProgressStream(Fuse<BoxStream<'static, Result<Progress, WaitError>>>);

impl ProgressStream {
    pub(super) fn new(
        stream: impl Stream<Item = Result<Progress, WaitError>> + Send + 'static,
    ) -> Self {
        Self(stream.boxed().fuse())
    }

    /// Returns the next progress; `None` after the goal was reached, and after an error.
    ///
    /// Dropping the future loses nothing: the next call continues the same request.
    ///
    /// # Errors
    /// Returns an error if the wait ends without reaching its goal: see [`WaitError`].
    pub async fn next(&mut self) -> Option<Result<Progress, WaitError>> {
        self.0.next().await
    }
}

impl Stream for ProgressStream {
    type Item = Result<Progress, WaitError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl fmt::Debug for ProgressStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressStream")
            .field("ended", &self.0.is_done())
            .finish()
    }
}
