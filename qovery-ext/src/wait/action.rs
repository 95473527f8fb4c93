//! Something to be done: configured, then started and waited for.
//!
//! Dropping a future of this module before the action was sent does nothing. Dropping it while the
//! action is being sent leaves it open whether the server has received it; dropping it later leaves
//! the server at work. None of them cancels.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use tokio::time::{self, Instant};
use uuid::Uuid;

use super::{
    BoxFuture, Condition, Deadline, Operation, PollSchedule, Progress, ProgressStream, Reached,
    Snapshot, Subject, WaitError, WaitErrorKind, WaitOptions,
    act::Act,
    operation::{Report, Until},
    outcome::Acted,
    schedule::Pace,
    source::{Fault, FaultKind, Seen, Source},
    token::OperationToken,
    tracker::Tracker,
};

/// What the operation starts from.
enum Plan {
    /// Ask the server to act, then wait.
    Act(Act),
    /// Wait for what somebody else does.
    Watch(super::Goal),
    /// Wait for one request, to be canceled first where asked.
    Request {
        request: Uuid,
        goal: super::Goal,
        cancel: bool,
    },
    /// Go on with what another process has begun.
    Resume(Tracker),
    /// Wait for a condition.
    Until(Box<dyn Condition>),
}

/// Something to be done and waited for. Nothing happens before it is awaited or started.
///
/// Await it to start it and wait for its end, or call [`Action::start`] to get the
/// [`Operation`] as soon as the server has accepted it.
#[must_use = "nothing happens until the action is awaited or started"]
pub struct Action {
    source: Arc<dyn Source>,
    subject: Subject,
    plan: Plan,
    options: WaitOptions,
    report: Option<Report>,
    /// What was read before, where many actions share one reading.
    baseline: Option<Snapshot>,
}

macro_rules! settings {
    ($type:ty) => {
        impl $type {
            /// Gives up after this time, counted from the start of the action. Default: one hour.
            ///
            /// The limit holds: it shortens pauses and ends a request in flight; one last poll, of
            /// at most 5 s, follows it.
            pub fn within(mut self, limit: Duration) -> Self {
                self.options.deadline = Deadline::After(limit);
                self
            }

            /// Never gives up.
            pub fn without_deadline(mut self) -> Self {
                self.options.deadline = Deadline::None;
                self
            }

            /// Tolerates this many failed polls in a row. Default: 5.
            pub fn tolerate(mut self, failed_polls: u32) -> Self {
                self.options.tolerated_failures = failed_polls;
                self
            }

            /// Requires the goal to hold for this long before it counts.
            pub fn stable_for(mut self, window: Duration) -> Self {
                self.options.stable_for = window;
                self
            }

            /// Cancels on the server when the deadline passes. Default: the server goes on.
            pub fn cancel_at_deadline(mut self) -> Self {
                self.options.cancel_at_deadline = true;
                self
            }

            /// Calls `report` with the first status, with each change and with each heartbeat.
            pub fn on_progress(mut self, report: impl FnMut(&Progress) + Send + 'static) -> Self {
                self.report = Some(Box::new(report));
                self
            }
        }
    };
}
settings!(Action);
settings!(Operation);

impl Action {
    fn new(source: Arc<dyn Source>, subject: Subject, plan: Plan) -> Self {
        Self {
            source,
            subject,
            plan,
            options: WaitOptions::default(),
            report: None,
            baseline: None,
        }
    }

    pub(super) fn act(source: Arc<dyn Source>, subject: Subject, act: Act) -> Self {
        Self::new(source, subject, Plan::Act(act))
    }

    pub(super) fn watch(source: Arc<dyn Source>, subject: Subject, goal: super::Goal) -> Self {
        Self::new(source, subject, Plan::Watch(goal))
    }

    pub(super) fn request(
        source: Arc<dyn Source>,
        request: Uuid,
        goal: super::Goal,
        cancel: bool,
    ) -> Self {
        // The environment is known only to the server; it is looked up when the action starts.
        let subject = Subject::environment(Uuid::nil());
        Self::new(
            source,
            subject,
            Plan::Request {
                request,
                goal,
                cancel,
            },
        )
    }

    pub(super) fn resume(source: Arc<dyn Source>, subject: Subject, tracker: Tracker) -> Self {
        Self::new(source, subject, Plan::Resume(tracker))
    }

    pub(super) fn until(
        source: Arc<dyn Source>,
        subject: Subject,
        condition: Box<dyn Condition>,
    ) -> Self {
        Self::new(source, subject, Plan::Until(condition))
    }

    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }

    pub(super) fn source(&self) -> Arc<dyn Source> {
        Arc::clone(&self.source)
    }

    /// Starts from a reading that was made just now.
    pub(super) fn from_baseline(
        mut self,
        project: Option<Uuid>,
        baseline: Option<Snapshot>,
    ) -> Self {
        if let (Subject::Environment { project: own, .. }, Some(project)) =
            (&mut self.subject, project)
        {
            *own = Some(project);
        }
        self.baseline = baseline;
        self
    }

    /// Waits as these options say, in place of all settings so far.
    pub fn options(mut self, options: WaitOptions) -> Self {
        self.options = options;
        self
    }

    /// Polls by this schedule.
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.options.schedule = schedule;
        self
    }

    /// How long a state that already held before the action has to hold after it, where nothing
    /// shows that the action did anything. Default: 15 s.
    pub fn settle(mut self, period: Duration) -> Self {
        self.options.settle = period;
        self
    }

    /// How many lines of the log a failure shows for each service. Default: 20; 0 fetches none.
    pub fn log_lines(mut self, lines: usize) -> Self {
        self.options.log_lines = lines;
        self
    }

    /// Reads what is there, asks the server to act, and returns as soon as it has accepted.
    ///
    /// # Errors
    /// Where the server refuses, is not reached, or the deadline passes before it has accepted. The
    /// action is sent again only where it certainly was not executed: after 429, or where no
    /// connection was made. [`WaitError::may_have_been_executed`] says how it was.
    ///
    /// # Cancel safety
    /// Dropping the future before the action is sent does nothing; while it is being sent, the
    /// server may or may not have received it.
    pub async fn start(self) -> Result<Operation, WaitError> {
        let started = Instant::now();
        let mut start = Start {
            source: self.source,
            subject: self.subject,
            deadline: match self.options.deadline {
                Deadline::After(limit) => started.checked_add(limit),
                Deadline::None => None,
            },
            pace: self.options.schedule.pace(),
            options: self.options,
            started,
            polls: 0,
            acted: Acted::No,
            baseline: self.baseline,
            goal: match &self.plan {
                Plan::Act(act) => Some(act.goal()),
                Plan::Watch(goal) | Plan::Request { goal, .. } => Some(*goal),
                Plan::Resume(_) | Plan::Until(_) => None,
            },
        };
        let until = match self.plan {
            Plan::Watch(goal) => Until::Goal(Tracker::watching(&start.subject, goal, None)),
            Plan::Resume(tracker) => Until::Goal(tracker),
            Plan::Until(condition) => Until::Condition(condition),
            Plan::Request {
                request,
                goal,
                cancel,
            } => Until::Goal(start.request(request, goal, cancel).await?),
            Plan::Act(act) => Until::Goal(start.act(act).await?),
        };
        Ok(Operation::new(
            start.source,
            start.subject,
            until,
            start.options,
            self.report,
            started,
        ))
    }

    /// Starts it and gives the progress as a stream.
    ///
    /// # Errors
    /// As [`Action::start`].
    pub async fn progress(self) -> Result<ProgressStream, WaitError> {
        Ok(self.start().await?.progress())
    }
}

impl IntoFuture for Action {
    type Output = Result<Reached, WaitError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Starts it and waits for its end.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.start().await?.await })
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action")
            .field("subject", &self.subject)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Everything up to the moment when the server has accepted.
struct Start {
    source: Arc<dyn Source>,
    subject: Subject,
    options: WaitOptions,
    started: Instant,
    deadline: Option<Instant>,
    pace: Pace,
    polls: u32,
    acted: Acted,
    goal: Option<super::Goal>,
    baseline: Option<Snapshot>,
}

impl Start {
    async fn act(&mut self, act: Act) -> Result<Tracker, WaitError> {
        let goal = act.goal();
        let baseline = match self.baseline.take() {
            Some(baseline) => baseline,
            None => self.baseline().await?.snapshot,
        };
        let waited_before = if act.answers_without_request() {
            self.queue().await?
        } else {
            None
        };
        let mut tracker = Tracker::acting(&self.subject, goal, &baseline, waited_before);
        let receipt = self.send(&act, &tracker).await?;
        tracker.accepted(&receipt);
        Ok(tracker)
    }

    async fn request(
        &mut self,
        request: Uuid,
        goal: super::Goal,
        cancel: bool,
    ) -> Result<Tracker, WaitError> {
        let source = Arc::clone(&self.source);
        let seen = self.tolerant(|| source.request(request)).await?;
        let Some(environment) = seen.and_then(|s| s.environment) else {
            let message = format!("the API does not know the deployment request {request}");
            return Err(self.error(Fault::new(FaultKind::NotFound, message), None));
        };
        self.subject = Subject::environment(environment);
        if !cancel {
            return Ok(Tracker::watching(&self.subject, goal, Some(request)));
        }
        let baseline = self.baseline().await?;
        let mut tracker = Tracker::acting(&self.subject, goal, &baseline.snapshot, None);
        tracker.follow(request);
        self.send(&Act::CancelRequest(request), &tracker).await?;
        Ok(tracker)
    }

    async fn baseline(&mut self) -> Result<Seen, WaitError> {
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        self.tolerant(|| source.read(&subject)).await
    }

    async fn queue(&mut self) -> Result<Option<Vec<Uuid>>, WaitError> {
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        let queue = self
            .tolerant(|| {
                let read = source.queue(&subject);
                Box::pin(async move {
                    match read.await {
                        // A queue that cannot be read is no reason not to act.
                        Err(fault) if !fault.is_passing() => Ok(None),
                        other => other,
                    }
                })
            })
            .await?;
        Ok(queue.map(|waiting| waiting.iter().map(|w| w.request).collect()))
    }

    /// Reads until it works, as often as failures are tolerated.
    async fn tolerant<'a, T>(
        &mut self,
        mut read: impl FnMut() -> BoxFuture<'a, Result<T, Fault>>,
    ) -> Result<T, WaitError> {
        let mut failures = 0;
        loop {
            self.polls += 1;
            let fault = match self.bounded(read()).await? {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            failures += 1;
            if !fault.is_passing() || failures > self.options.tolerated_failures {
                return Err(self.error(fault, None));
            }
            self.pause(fault).await?;
        }
    }

    /// Sends the action, again only where it certainly was not executed.
    async fn send(
        &mut self,
        act: &Act,
        tracker: &Tracker,
    ) -> Result<super::source::Receipt, WaitError> {
        let mut failures = 0;
        loop {
            let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
            self.acted = Acted::Perhaps;
            let result = self
                .bounded_for(source.act(&subject, act), Some(tracker))
                .await?;
            let fault = match result {
                Ok(receipt) => return Ok(receipt),
                Err(fault) => fault,
            };
            failures += 1;
            self.acted = if fault.may_have_been_executed {
                Acted::Perhaps
            } else {
                Acted::No
            };
            let again = fault.is_passing() && !fault.may_have_been_executed;
            if !again || failures > self.options.tolerated_failures {
                return Err(self.error(fault, Some(tracker)));
            }
            self.pause(fault).await?;
        }
    }

    async fn pause(&mut self, fault: Fault) -> Result<(), WaitError> {
        let pause = self
            .pace
            .advance()
            .max(fault.retry_after.unwrap_or_default());
        let wake = Instant::now().checked_add(pause);
        match (self.deadline, wake) {
            (Some(deadline), None) => {
                time::sleep_until(deadline).await;
                Err(self.deadline_error(None))
            }
            (Some(deadline), Some(wake)) if deadline <= wake => {
                time::sleep_until(deadline).await;
                Err(self.deadline_error(None))
            }
            _ => {
                time::sleep(pause).await;
                Ok(())
            }
        }
    }

    async fn bounded<T>(
        &self,
        request: impl Future<Output = Result<T, Fault>>,
    ) -> Result<Result<T, Fault>, WaitError> {
        self.bounded_for(request, None).await
    }

    async fn bounded_for<T>(
        &self,
        request: impl Future<Output = Result<T, Fault>>,
        tracker: Option<&Tracker>,
    ) -> Result<Result<T, Fault>, WaitError> {
        match self.deadline {
            None => Ok(request.await),
            Some(deadline) => time::timeout_at(deadline, request)
                .await
                .map_err(|_| self.deadline_error(tracker)),
        }
    }

    fn token(&self, tracker: Option<&Tracker>) -> OperationToken {
        OperationToken {
            subject: self.subject.clone(),
            tracker: tracker.cloned().or_else(|| {
                let goal = self.goal?;
                Some(Tracker::watching(&self.subject, goal, None))
            }),
        }
    }

    fn deadline_error(&self, tracker: Option<&Tracker>) -> WaitError {
        let limit = match self.options.deadline {
            Deadline::After(limit) => Some(limit),
            Deadline::None => None,
        };
        let mut error = self.ended(
            WaitErrorKind::DeadlinePassed,
            "the deadline passed before the server had accepted",
            tracker,
        );
        error.0.limit = limit;
        error
    }

    fn error(&self, fault: Fault, tracker: Option<&Tracker>) -> WaitError {
        let kind = if fault.is_passing() {
            WaitErrorKind::LostContact
        } else {
            WaitErrorKind::Refused
        };
        let mut error = self.ended(kind, &fault.message, tracker);
        error.0.source = Some(fault);
        error
    }

    fn ended(&self, kind: WaitErrorKind, what: &str, tracker: Option<&Tracker>) -> WaitError {
        let mut error = WaitError::new(
            kind,
            format!("{}: {what}", self.subject),
            self.token(tracker),
        );
        error.0.polls = self.polls;
        error.0.elapsed = self.started.elapsed();
        error.0.acted = self.acted;
        error
    }
}
