//! An operation that was started, by this program or by an external actor: watch it, wait for it, leave it.
//!
//! Not for starting one (see [`super::Action`]). Nothing here keeps state in a future: everything
//! that a poll has learned is in the [`Operation`] before the next `await`, so that dropping any
//! future of this module at any point loses at most the request in flight, and never asks the
//! server to stop.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use futures_util::stream;
use qovery_api::Printable;
use tokio::time::{self, Instant};

use super::{
    BoxFuture, Canceler, Goal, Names, OperationToken, Phase, PollSchedule, Progress,
    ProgressStream, Reached, Snapshot, Subject, WaitError, WaitOptions,
    closer::{Closer, already_ended},
    name_lookup,
    poller::{End, Polled, Poller},
    reporter::{OnProgress, Reporter},
    source::{Fault, Reading, Source},
};

/// An operation that is under way on the server.
///
/// Await it (it is [`IntoFuture`]), watch it ([`Operation::progress`]), poll it by hand
/// ([`Operation::poll_once`]) or leave it and come back with its [`token`](Operation::token).
///
/// The server carries on whatever becomes of this value: dropping it, or a future made from it,
/// never cancels anything. [`Operation::cancel_on_server`] does.
#[must_use = "the server carries on whether or not this is awaited; keep its token to come back later"]
pub struct Operation {
    /// What to read, and when.
    poller: Poller,
    /// What to emit.
    reporter: Reporter,
    /// How it ends.
    closer: Closer,
}

impl Operation {
    pub(super) fn new(poller: Poller, reporter: Reporter, closer: Closer) -> Self {
        Self {
            poller,
            reporter,
            closer,
        }
    }

    /// The subject of the operation.
    pub fn subject(&self) -> &Subject {
        self.poller.subject()
    }

    /// The state that another process needs to continue the wait. Available at any time, also before the first poll.
    pub fn token(&self) -> OperationToken {
        self.poller.token()
    }

    /// The last status that was read.
    pub fn last(&self) -> Option<&Snapshot> {
        self.poller.last()
    }

    /// The goal; `None` for a condition.
    pub fn goal(&self) -> Option<Goal> {
        self.poller.goal()
    }

    /// The progress as a stream.
    ///
    /// The first item comes with the first status, the following ones with changes and heartbeats.
    /// The stream ends after an item of phase [`Phase::Reached`] or after an error.
    pub fn progress(self) -> ProgressStream {
        ProgressStream::new(stream::unfold(self, |mut operation| async move {
            let item = operation.next_progress().await?;
            Some((item, operation))
        }))
    }

    /// Polls once, now, whatever the schedule says, and tells where the operation stands.
    ///
    /// # Errors
    /// The end of the operation without its goal. A single failed poll that is tolerated is no
    /// error: it shows in [`Progress::failed_polls`].
    ///
    /// # Cancel safety
    /// Dropping the future loses the request in flight and nothing else; the operation can be
    /// polled again.
    pub async fn poll_once(&mut self) -> Result<Option<Progress>, WaitError> {
        if self.closer.has_ended() {
            return Ok(self.reporter.latest().cloned());
        }
        if !self.closer.is_closing() {
            self.poll().await;
        }
        if self.closer.is_closing() {
            self.close().await?;
        }
        Ok(self.reporter.emit_latest(&self.poller))
    }

    /// Waits for the next progress to report; `None` after the goal was reached and reported.
    ///
    /// # Errors
    /// The end of the operation without its goal.
    ///
    /// # Cancel safety
    /// Dropping the future loses the request in flight and nothing else. The schedule goes on where
    /// it was: calling again does not poll earlier than it would have.
    pub async fn next_progress(&mut self) -> Option<Result<Progress, WaitError>> {
        if self.closer.has_ended() {
            return None;
        }
        loop {
            if self.closer.is_closing() {
                #[cfg(feature = "stream")]
                self.reporter.finish_log().await;
                return match self.close().await {
                    Ok(()) => self.reporter.emit_latest(&self.poller).map(Ok),
                    Err(error) => Some(Err(error)),
                };
            }
            let next_poll = self.next_poll();
            let heartbeat = self.reporter.next_heartbeat(&self.poller);
            let wake = [heartbeat, self.poller.deadline()]
                .into_iter()
                .flatten()
                .fold(next_poll, Instant::min);
            self.sleep_until(wake).await;
            if self.poller.is_late() || self.next_poll() <= Instant::now() {
                self.poll().await;
            }
            if !self.closer.is_closing()
                && let Some(progress) = self.reporter.emit(&self.poller)
            {
                return Some(Ok(progress));
            }
        }
    }

    #[cfg(not(feature = "stream"))]
    async fn sleep_until(&mut self, wake: Instant) {
        time::sleep_until(wake).await;
    }

    /// Sleeps, unless a stream moves the next poll; hands on log lines meanwhile.
    #[cfg(feature = "stream")]
    async fn sleep_until(&mut self, wake: Instant) {
        tokio::select! {
            () = time::sleep_until(wake) => {}
            () = self.poller.listen() => {}
            () = self.reporter.follow_log() => {}
        }
    }

    /// Lets the statuses that the API pushes bring polls forward: see
    /// [`Action::with_stream`](super::Action::with_stream).
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn with_stream(mut self) -> Self {
        self.poller.listen_to_stream();
        self
    }

    /// Waits to the end.
    ///
    /// # Errors
    /// The end of the operation without its goal.
    ///
    /// # Cancel safety
    /// As [`Operation::next_progress`]; the operation can be waited for again.
    pub async fn wait(&mut self) -> Result<Reached, WaitError> {
        while let Some(progress) = self.next_progress().await {
            progress?;
        }
        match self.closer.reached() {
            Some(reached) => Ok(reached.clone()),
            None => Err(already_ended(&self.poller)),
        }
    }

    /// Asks the server to cancel the operation: its request while that waits in the queue, its
    /// deployment once that runs.
    ///
    /// Does not wait for it to be canceled: await the operation for that, it then ends as canceled.
    /// Never cancels the deployment of someone else: the API cancels whatever the environment is
    /// running, and is asked to do so only if that is known to be this operation.
    ///
    /// # Errors
    /// Returns an error with [`WaitError::not_canceled`] if nothing was sent, because the operation is
    /// not known to wait or to run; otherwise if the server refuses (one service of several cannot be
    /// canceled) or was not reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have received it.
    pub fn cancel_on_server(&self) -> impl Future<Output = Result<(), WaitError>> + Send + use<> {
        self.canceler().cancel()
    }

    /// What cancels the operation while something else, such as its progress stream, owns it.
    pub fn canceler(&self) -> Canceler {
        Canceler::of(&self.poller)
    }

    /// Reads the names of the subject and its services, for progress and errors: at most three requests. A name that
    /// cannot be read within 5 s is left out.
    ///
    /// # Cancel safety
    /// Dropping the future abandons requests that only read.
    pub fn look_up_names(&self) -> impl Future<Output = Names> + Send + use<> {
        name_lookup::look_up(Arc::clone(self.poller.source()), self.subject().clone())
    }

    /// Polls once; emits nothing.
    pub(super) async fn poll(&mut self) {
        let polled = self.poller.poll().await;
        self.take(polled);
    }

    /// Polls once, with a reading that was made for many operations.
    pub(super) async fn poll_shared(&mut self, seen: Result<Reading, Fault>) {
        let polled = self.poller.poll_shared(seen).await;
        self.take(polled);
    }

    fn take(&mut self, polled: Polled) {
        if let Some((phase, position)) = polled.progress {
            self.reporter.note(&self.poller, phase, position);
        }
        if let Some(end) = polled.end {
            self.closer.begin(end, self.poller.options());
        }
    }

    /// Ends the operation because of its deadline, without a last poll.
    pub(super) fn pass_deadline(&mut self) {
        self.closer.begin(End::Deadline, self.poller.options());
    }

    async fn close(&mut self) -> Result<(), WaitError> {
        self.closer.close(&mut self.poller).await?;
        self.reporter.note(&self.poller, Phase::Reached, None);
        Ok(())
    }

    /// Closes the operation if it is about to end, and emits the pending progress. Returns the end,
    /// if it has come.
    pub(super) async fn conclude(&mut self) -> Option<Result<Reached, WaitError>> {
        if self.closer.is_closing()
            && let Err(error) = self.close().await
        {
            return Some(Err(error));
        }
        self.reporter.emit(&self.poller);
        self.closer.reached().cloned().map(Ok)
    }

    pub(super) fn source(&self) -> &Arc<dyn Source> {
        self.poller.source()
    }

    pub(super) fn next_poll(&self) -> Instant {
        self.poller.timetable().next_poll()
    }

    /// When the wait ends, at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.poller.deadline()
    }

    /// The time when a poll would decide, or when the window ends during which the goal has to hold.
    pub(super) fn settles_or_holds_at(&self) -> Option<Instant> {
        self.poller.settles_or_holds_at()
    }

    /// The longest pause that the server can ask for.
    pub(super) fn longest_retry_after(&self) -> Duration {
        self.poller.options().longest_retry_after
    }

    /// Polls by this schedule after the next poll.
    pub(super) fn follow_schedule(&mut self, schedule: &PollSchedule) {
        self.poller.follow_schedule(schedule);
    }

    /// Leaves out facts that would cost each of many operations a request.
    pub(super) fn share_polls(&mut self) {
        self.poller.share_polls();
    }

    pub(super) fn options_mut(&mut self) -> &mut WaitOptions {
        self.poller.options_mut()
    }

    /// Follows the schedule of the options after the next poll.
    pub(super) fn reschedule(&mut self) {
        self.poller.follow_own_schedule();
    }

    pub(super) fn set_on_progress(&mut self, on_progress: OnProgress) {
        self.reporter.set_on_progress(on_progress);
    }
}

impl IntoFuture for Operation {
    type Output = Result<Reached, WaitError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Waits to the end. Dropping the future leaves the server alone; take the
    /// [`token`](Operation::token) before, to come back later.
    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.wait().await })
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("subject", self.subject())
            .field("goal", &self.goal())
            .field("polls", &self.poller.polls())
            .field(
                "state",
                &self.last().map(|s| Printable::new(s.state.as_str())),
            )
            .field("ended", &self.closer.has_ended())
            .finish_non_exhaustive()
    }
}
