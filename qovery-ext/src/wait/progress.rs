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

/// The progress of an operation.
///
/// Delivered as soon as the first status is read, then whenever something changes, and every 30 s
/// (by default) if nothing does.
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
    /// The place in the queue, counted from 1, while the operation waits in it.
    pub queue_position: Option<usize>,
    /// The services, by how far they are.
    pub services: Counts,
    /// The stages, by how far they are.
    pub stages: Counts,
    /// The polls so far.
    pub polls: u32,
    /// The polls that have failed since the last one that did not.
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
        if let Some(goal) = self.goal
            && self.services.total > 1
        {
            let Counts { reached, total, .. } = self.services;
            write!(f, ", {reached} of {total} services {goal}")?;
        }
        if self.services.failed > 0 {
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
        write!(
            f,
            " ({}) after {} s",
            self.snapshot.state,
            self.elapsed.as_secs()
        )?;
        if self.failed_polls > 0 {
            write!(f, ", {} polls failed", self.failed_polls)?;
        }
        Ok(())
    }
}

/// The progress of an operation as a stream: it ends after the goal was reached, or with the error.
///
/// The last item of a wait that succeeds has the phase [`Phase::Reached`]. Dropping the stream
/// leaves the server alone.
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
    /// Returns an error if the wait ends without its goal: see [`WaitError`].
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
