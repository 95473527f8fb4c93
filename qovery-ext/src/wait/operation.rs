//! An operation that was started, by this program or by an external actor: watch it, wait for it, leave it.
//!
//! Not for starting one (see [`super::Action`]). Nothing here keeps state in a future: everything
//! that a poll has learned is in the [`Operation`] before the next `await`, so that dropping any
//! future of this module at any point loses at most the request in flight, and never asks the
//! server to stop.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use qovery_api::Printable;
use tokio::time::{self, Instant};

#[cfg(feature = "stream")]
use super::push::Woken;
use super::{
    BoxFuture, Canceler, Condition, Deadline, Names, OperationToken, Phase, PollSchedule, Progress,
    ProgressStream, Reached, Snapshot, Subject, WaitError, WaitOptions,
    clock::after,
    closing::Closing,
    ledger::{Fact, Ledger, Stamp, millis},
    names,
    schedule::Pace,
    source::{Fault, Source},
};

/// What ends the wait.
pub(super) enum Until {
    Goal(Box<Ledger>),
    Condition(Box<dyn Condition>),
}

/// A callback for progress.
pub(super) type Report = Box<dyn FnMut(&Progress) + Send>;

/// An operation that is under way on the server.
///
/// Await it (it is [`IntoFuture`]), watch it ([`Operation::progress`]), poll it by hand
/// ([`Operation::poll_once`]) or leave it and come back with its [`token`](Operation::token).
///
/// The server carries on whatever becomes of this value: dropping it, or a future made from it,
/// never cancels anything. [`Operation::cancel_on_server`] does.
#[must_use = "the server carries on whether or not this is awaited; keep its token to come back later"]
pub struct Operation {
    pub(super) source: Arc<dyn Source>,
    pub(super) subject: Subject,
    pub(super) until: Until,
    pub(super) options: WaitOptions,
    pub(super) report: Option<Report>,
    pub(super) started: Instant,
    pub(super) polls: u32,
    pub(super) failures: u32,
    pub(super) last: Option<Snapshot>,
    pub(super) closing: Option<Closing>,
    pub(super) next_poll: Instant,
    /// The server asked for no request before this.
    pub(super) forbidden_until: Option<Instant>,
    pub(super) pace: Pace,
    /// Where the clock of the ledger stood when the operation was resumed.
    pub(super) resumed_at: Stamp,
    /// The fault that has hidden the response to the action.
    pub(super) lost: Option<Fault>,
    /// Since when each secondary fact could not be read.
    pub(super) misses: Vec<(Fact, Stamp)>,
    /// Whether many operations share the polls.
    pub(super) shares: bool,
    /// Since when a subject with a condition is not found.
    pub(super) missing_since: Option<Instant>,
    pub(super) held_since: Option<Instant>,
    pub(super) told: Option<Progress>,
    pub(super) told_at: Instant,
    pub(super) reached: Option<Reached>,
    /// When the last poll, after the deadline, is given up.
    pub(super) last_poll_until: Option<Instant>,
    /// When gathering the report is given up.
    pub(super) report_until: Option<Instant>,
    /// The stream whose news bring polls forward.
    #[cfg(feature = "stream")]
    pub(super) push: Option<super::push::Push>,
    /// The log that is followed.
    #[cfg(feature = "stream")]
    pub(super) follow: Option<super::push::Follow>,
    ended: bool,
}

impl Operation {
    pub(super) fn new(
        source: Arc<dyn Source>,
        subject: Subject,
        until: Until,
        options: WaitOptions,
        report: Option<Report>,
        started: Instant,
    ) -> Self {
        let now = Instant::now();
        Self {
            pace: options.schedule.pace(),
            source,
            subject,
            until,
            options,
            report,
            started,
            polls: 0,
            failures: 0,
            last: None,
            closing: None,
            next_poll: now,
            forbidden_until: None,
            resumed_at: 0,
            lost: None,
            misses: Vec::new(),
            shares: false,
            missing_since: None,
            held_since: None,
            told: None,
            told_at: now,
            reached: None,
            last_poll_until: None,
            report_until: None,
            #[cfg(feature = "stream")]
            push: None,
            #[cfg(feature = "stream")]
            follow: None,
            ended: false,
        }
    }

    /// The subject of the operation.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The state that another process needs to continue the wait. Available at any time, also before the first poll.
    pub fn token(&self) -> OperationToken {
        let ledger = match &self.until {
            Until::Goal(ledger) => Some(Ledger::clone(ledger)),
            Until::Condition(_) => None,
        };
        OperationToken::new(self.subject.clone(), ledger)
    }

    /// The last status that was read.
    pub fn last(&self) -> Option<&Snapshot> {
        self.last.as_ref()
    }

    /// The time on the ledger's clock.
    pub(super) fn stamp(&self) -> Stamp {
        self.resumed_at
            .saturating_add(millis(self.started.elapsed()))
    }

    /// When the wait ends, at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.options.deadline {
            // A limit beyond the range of the clock is no limit.
            Deadline::After(limit) => self.started.checked_add(limit),
            Deadline::None => None,
        }
    }

    /// The longest pause that the server can ask for.
    pub(super) fn longest_retry_after(&self) -> Duration {
        self.options.longest_retry_after
    }

    /// Polls by this schedule from here on.
    pub(super) fn follow_schedule(&mut self, schedule: &PollSchedule) {
        self.pace = schedule.pace();
    }

    /// Follows the schedule of the options from the next poll on.
    pub(super) fn reschedule(&mut self) {
        self.pace = self.options.schedule.pace();
    }

    /// Shares its polls with others.
    pub(super) fn be_frugal(&mut self) {
        self.shares = true;
    }

    /// The progress as a stream.
    ///
    /// The first item comes with the first status, the following ones with changes and heartbeats.
    /// The stream ends after an item of phase [`Phase::Reached`] or after an error.
    pub fn progress(self) -> ProgressStream {
        ProgressStream::new(self)
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
        if self.ended {
            return Ok(self.told.clone());
        }
        if self.closing.is_none() {
            self.poll().await;
        }
        if self.closing.is_some() {
            self.close().await?;
        }
        Ok(self.told_now())
    }

    /// Waits for the next thing worth telling; `None` once the goal was reached and told.
    ///
    /// # Errors
    /// The end of the operation without its goal.
    ///
    /// # Cancel safety
    /// Dropping the future loses the request in flight and nothing else. The schedule goes on where
    /// it was: calling again does not poll earlier than it would have.
    pub async fn next_progress(&mut self) -> Option<Result<Progress, WaitError>> {
        if self.ended {
            return None;
        }
        loop {
            if self.closing.is_some() {
                #[cfg(feature = "stream")]
                if let Some(follow) = &mut self.follow {
                    follow.finish().await;
                }
                return Some(match self.close().await {
                    Ok(()) => Ok(self.told_now()?),
                    Err(error) => Err(error),
                });
            }
            let beat = self
                .told
                .as_ref()
                .map(|_| after(self.told_at, self.options.heartbeat));
            let deadline = self.deadline();
            let wake = [Some(self.next_poll), beat, deadline]
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(self.next_poll);
            self.sleep_until(wake).await;
            if self.is_late() || self.next_poll <= Instant::now() {
                self.poll().await;
            }
            if self.closing.is_none()
                && let Some(progress) = self.tell()
            {
                return Some(Ok(progress));
            }
        }
    }

    #[cfg(not(feature = "stream"))]
    async fn sleep_until(&mut self, wake: Instant) {
        time::sleep_until(wake).await;
    }

    /// Sleeps, unless a stream moves the next poll.
    #[cfg(feature = "stream")]
    async fn sleep_until(&mut self, wake: Instant) {
        if self.push.is_none() && self.follow.is_none() {
            return time::sleep_until(wake).await;
        }
        let (push, follow) = (self.push.as_mut(), self.follow.as_mut());
        let woken = super::push::sleep(wake, self.pace.longest(), push, follow).await;
        // While polls fail, the schedule alone says how often they may.
        let Some(woken) = woken.filter(|_| self.failures == 0) else {
            return;
        };
        match woken {
            Woken::Due => {
                let now = Instant::now();
                let due = self.forbidden_until.map_or(now, |until| until.max(now));
                self.next_poll = self.next_poll.min(due);
            }
            Woken::Agrees(until) => {
                let decides = self.settles_or_holds_at().unwrap_or(until);
                self.next_poll = self.next_poll.max(until.min(decides));
            }
        }
    }

    /// Lets the statuses that the API pushes bring polls forward: see
    /// [`Action::with_stream`](super::Action::with_stream).
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn with_stream(mut self) -> Self {
        if let Some(client) = self.source.client() {
            self.push = super::push::Push::of(client, &self.subject);
        }
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
        match self.reached.clone() {
            Some(reached) => Ok(reached),
            None => Err(self.already_ended()),
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
        Canceler::of(self)
    }

    /// Reads the names of the subject and its services, for progress and errors: at most three requests. A name that
    /// cannot be read within 5 s is left out.
    ///
    /// # Cancel safety
    /// Dropping the future abandons requests that only read.
    pub fn look_up_names(&self) -> impl Future<Output = Names> + Send + use<> {
        names::look_up(Arc::clone(&self.source), self.subject.clone())
    }

    /// The known names of the subject and its services.
    pub(super) fn names(&self) -> Names {
        self.source.names(&self.subject, self.last.as_ref())
    }

    /// The goal; `None` for a condition.
    pub fn goal(&self) -> Option<super::Goal> {
        match &self.until {
            Until::Goal(ledger) => Some(ledger.goal()),
            Until::Condition(_) => None,
        }
    }

    /// The goal was reached: the last thing to tell.
    pub(super) fn finish(&mut self, reached: Reached) {
        self.note(Phase::Reached, None);
        self.reached = Some(reached);
        self.end();
    }

    pub(super) fn end(&mut self) {
        self.closing = None;
        self.ended = true;
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
            .field("subject", &self.subject)
            .field("goal", &self.goal())
            .field("polls", &self.polls)
            .field(
                "state",
                &self.last.as_ref().map(|s| Printable::new(s.state.as_str())),
            )
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
