//! An operation that was started, by this program or by an external actor.
//!
//! No future of this module holds state: all results of a poll are in the [`Operation`] before the next
//! `await`. Therefore dropping a future at any point loses at most the request in flight, and never cancels
//! anything on the server. To start an operation, see [`super::Action`].

use std::{fmt, future::IntoFuture};

use futures_util::stream;
use qovery_api::Printable;
use tokio::time::{self, Instant};

use super::{
    BoxFuture, Canceler, Goal, Names, OperationToken, Phase, PollSchedule, Progress,
    ProgressStream, Reached, Snapshot, Subject, WaitError, WaitOptions,
    closer::Closer,
    poller::{End, Polled, Poller},
    reporter::{OnProgress, Reporter},
    source::{Fault, Reading},
};

/// An operation that the server has accepted.
///
/// Await it (it is [`IntoFuture`]), watch it ([`Operation::progress`]), or poll it by hand
/// ([`Operation::poll_once`]). To continue later, store its [`token`](Operation::token).
///
/// Dropping this value, or a future made from it, cancels nothing on the server. To cancel, call
/// [`Operation::cancel_on_server`].
#[must_use = "the server continues even if this is not awaited; keep its token to continue the wait later"]
pub struct Operation {
    /// The polls.
    poller: Poller,
    /// The reports.
    reporter: Reporter,
    /// The end.
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

    /// Returns the subject of the operation.
    pub fn subject(&self) -> &Subject {
        &self.poller.context().subject
    }

    /// Returns the state that another process needs to continue the wait. Available at any time,
    /// also before the first poll.
    pub fn token(&self) -> OperationToken {
        self.poller.context().token()
    }

    /// Returns the last status that was read.
    pub fn last(&self) -> Option<&Snapshot> {
        self.poller.context().last.as_ref()
    }

    /// Returns the goal; `None` for a condition.
    pub fn goal(&self) -> Option<Goal> {
        self.poller.context().goal()
    }

    /// Returns the progress as a stream.
    ///
    /// The stream yields an item with the first status, after each change, and with each heartbeat.
    /// It ends after an item of phase [`Phase::Reached`] or after an error. If the subject was gone before a status
    /// could be read, it ends without an item.
    pub fn progress(self) -> ProgressStream {
        ProgressStream::new(stream::unfold(self, |mut operation| async move {
            let item = operation.next_progress().await?;
            Some((item, operation))
        }))
    }

    /// Polls once without waiting for the schedule, and returns the progress. Returns `None` if no status was
    /// read yet, or if the subject was gone before a status could be read: then [`Operation::wait`] returns the outcome
    /// at once.
    ///
    /// # Errors
    /// Returns an error if the operation ended without reaching its goal, the same one in each call. A single failed
    /// poll that is tolerated is not an error: see [`Progress::failed_polls`].
    ///
    /// # Cancel safety
    /// Dropping the future loses only the request in flight. The operation can be polled again.
    pub async fn poll_once(&mut self) -> Result<Option<Progress>, WaitError> {
        match self.closer.outcome() {
            Some(Ok(_)) => return Ok(self.reporter.latest().cloned()),
            Some(Err(error)) => return Err(error.clone()),
            None => {}
        }
        if !self.closer.is_closing() {
            self.poll().await;
        }
        if self.closer.is_closing() {
            self.close().await?;
        }
        Ok(self.reporter.emit_latest(&self.poller))
    }

    /// Waits for the next change or heartbeat. Returns `None` after the goal was reached and reported, after an
    /// error, or if the subject was gone before a status could be read.
    ///
    /// # Errors
    /// Returns an error if the operation ended without reaching its goal.
    ///
    /// # Cancel safety
    /// Dropping the future loses only the request in flight. The schedule continues: another call
    /// does not poll earlier.
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
            let next_poll = self.poller.timetable().next_poll;
            let heartbeat = self.reporter.next_heartbeat(&self.poller);
            let wake = [heartbeat, self.poller.context().deadline()]
                .into_iter()
                .flatten()
                .fold(next_poll, Instant::min);
            self.sleep_until(wake).await;
            let is_due = self.poller.timetable().next_poll <= Instant::now();
            if is_due || self.poller.context().is_late() {
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

    /// Sleeps, unless a stream changes the time of the next poll. Passes on log lines in the meantime.
    #[cfg(feature = "stream")]
    async fn sleep_until(&mut self, wake: Instant) {
        // Streams that always have data would use up the task's budget. The clock must continue.
        let woken = tokio::task::unconstrained(time::sleep_until(wake));
        tokio::select! {
            () = woken => {}
            () = self.poller.listen() => {}
            () = self.reporter.follow_log() => {}
        }
    }

    /// Polls earlier if a pushed status of the API differs from the last poll: see
    /// [`Action::with_stream`](super::Action::with_stream).
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn with_stream(mut self) -> Self {
        self.poller.listen_to_stream();
        self
    }

    /// Waits for the end of the operation.
    ///
    /// # Errors
    /// Returns an error if the operation ended without reaching its goal, the same one in each call.
    ///
    /// # Cancel safety
    /// The same as [`Operation::next_progress`]. This method can be called again.
    pub async fn wait(&mut self) -> Result<Reached, WaitError> {
        loop {
            if let Some(outcome) = self.closer.outcome() {
                return outcome.cloned().map_err(WaitError::clone);
            }
            if let Some(progress) = self.next_progress().await {
                progress?;
            }
        }
    }

    /// Cancels the operation on the server: its request while it is queued, or its deployment while it runs.
    ///
    /// Does not wait until the operation is canceled: to wait, await the operation, which then ends as
    /// canceled. A queued request is canceled by its id. After that, the API can only cancel the running
    /// deployment of the environment, with all its services: the cancel is sent only if that deployment is known to be
    /// that of this operation.
    ///
    /// # Errors
    /// Returns an error with [`WaitError::not_canceled`] if no cancel was sent, because the operation
    /// is not known to be queued or running. Otherwise returns an error if the server refuses the cancel or cannot be
    /// reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have received it.
    pub fn cancel_on_server(&self) -> impl Future<Output = Result<(), WaitError>> + Send + use<> {
        self.canceler().cancel()
    }

    /// Returns a value that cancels the operation while another value, such as its progress stream,
    /// owns it.
    ///
    /// The [`Canceler`] has the request and the deployment that the operation knows at the time of this call. If no
    /// poll has shown the deployment yet, the `Canceler` can cancel the queued request, but may not be able to show
    /// that the running deployment is that of the operation. If possible, call this method after
    /// [`Operation::poll_once`] has shown the deployment. If the response to the action named no request, as for a
    /// deletion or an uninstall, no cancel is sent: [`NotCanceled::Unnamed`](super::NotCanceled::Unnamed). Later
    /// polls do not change this.
    pub fn canceler(&self) -> Canceler {
        Canceler::of(self.poller.context())
    }

    /// Reads the names of the subject and its services, for progress and errors: at most three requests. A name that
    /// cannot be read within 5 s is left out.
    ///
    /// # Cancel safety
    /// Dropping the future abandons requests that only read.
    pub fn look_up_names(&self) -> impl Future<Output = Names> + Send + use<> {
        self.poller.context().look_up_names()
    }

    /// Polls once; emits nothing.
    pub(super) async fn poll(&mut self) {
        let polled = self.poller.poll().await;
        self.take(polled);
    }

    /// Polls once, with a reading that was shared by many operations.
    pub(super) async fn poll_shared(&mut self, seen: Result<Reading, Fault>) {
        let polled = self.poller.poll_shared(seen).await;
        self.take(polled);
    }

    fn take(&mut self, polled: Polled) {
        if let Some((phase, position)) = polled.progress {
            self.reporter.note(&self.poller, phase, position);
        }
        if let Some(end) = polled.end {
            self.closer.begin(end, &self.poller.context().options);
        }
    }

    /// Ends the operation because of its deadline, without a last poll.
    pub(super) fn pass_deadline(&mut self) {
        self.closer
            .begin(End::Deadline, &self.poller.context().options);
    }

    async fn close(&mut self) -> Result<(), WaitError> {
        self.closer.close(&mut self.poller).await?;
        self.reporter.note(&self.poller, Phase::Reached, None);
        if let Some(Ok(reached)) = self.closer.outcome() {
            self.reporter.end(reached.elapsed);
        }
        Ok(())
    }

    /// Closes the operation if it is about to end, and emits the pending progress. Returns the end, if there is
    /// one.
    pub(super) async fn conclude(&mut self) -> Option<Result<Reached, WaitError>> {
        if self.closer.is_closing()
            && let Err(error) = self.close().await
        {
            return Some(Err(error));
        }
        self.reporter.emit(&self.poller);
        let outcome = self.closer.outcome()?;
        Some(outcome.cloned().map_err(WaitError::clone))
    }

    pub(super) fn poller(&self) -> &Poller {
        &self.poller
    }

    /// Polls by this schedule after the next poll.
    pub(super) fn follow_schedule(&mut self, schedule: &PollSchedule) {
        self.poller.follow(Some(schedule));
    }

    /// Skips facts that would need one request for each of many operations.
    pub(super) fn share_polls(&mut self) {
        self.poller.share_polls();
    }

    pub(super) fn options_mut(&mut self) -> &mut WaitOptions {
        self.poller.options_mut()
    }

    /// Follows the schedule of the options after the next poll.
    pub(super) fn reschedule(&mut self) {
        self.poller.follow(None);
    }

    pub(super) fn set_on_progress(&mut self, on_progress: OnProgress) {
        self.reporter.set_on_progress(on_progress);
    }
}

impl IntoFuture for Operation {
    type Output = Result<Reached, WaitError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Waits for the end of the operation. Dropping the future cancels nothing on the server. To be able to
    /// continue the wait, take the [`token`](Operation::token) before.
    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.wait().await })
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("subject", self.subject())
            .field("goal", &self.goal())
            .field("polls", &self.poller.context().polls)
            .field(
                "state",
                &self.last().map(|s| Printable::new(s.state.as_str())),
            )
            .field("ended", &self.closer.has_ended())
            .finish_non_exhaustive()
    }
}
