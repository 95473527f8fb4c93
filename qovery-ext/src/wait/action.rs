//! Something to be done: configured, then started and waited for.
//!
//! Dropping a future of this module before the action was sent does nothing. Dropping it while the
//! action is being sent leaves it open whether the server has received it; dropping it later leaves
//! the server at work. None of them cancels.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use tokio::time::Instant;
use uuid::Uuid;

#[cfg(feature = "stream")]
use super::push::{LogFollower, OnLine};
use super::{
    BoxFuture, Condition, Deadline, Goal, Names, Operation, PollSchedule, Progress, ProgressStream,
    Reached, Snapshot, Subject, UnsupportedVersion, WaitError, WaitOptions,
    action_request::ActionRequest,
    closer::Closer,
    ledger::{Ledger, millis},
    name_lookup,
    outcome::Executed,
    poller::Poller,
    reporter::{OnProgress, Reporter},
    source::Source,
    start::Start,
    until::Until,
};

/// The start of the operation.
enum Plan {
    /// Ask the server to act, then wait.
    Start(ActionRequest),
    /// Wait for the action of an external actor.
    Watch(Goal),
    /// Wait for one request, to be canceled first where asked.
    Request {
        request: Uuid,
        environment: Option<Uuid>,
        goal: Goal,
        cancel: bool,
    },
    /// Continue a wait that another process has begun.
    Resume {
        ledger: Box<Ledger>,
        /// How long ago the token was made.
        age: Duration,
    },
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
    on_progress: Option<OnProgress>,
    /// The readings before the action, if many actions share one reading.
    baseline: Option<Snapshot>,
    #[cfg(feature = "stream")]
    with_stream: bool,
    #[cfg(feature = "stream")]
    follower: Option<OnLine>,
}

macro_rules! settings {
    ($type:ty) => {
        impl $type {
            /// Gives up after this time, counted from the start of the action. Default: one hour.
            ///
            /// The limit holds: it shortens pauses and ends a request in flight; one last poll, of
            /// at most 5 s, follows it.
            pub fn within(mut self, limit: Duration) -> Self {
                self.options_mut().deadline = Deadline::After(limit);
                self
            }

            /// Never gives up.
            pub fn without_deadline(mut self) -> Self {
                self.options_mut().deadline = Deadline::None;
                self
            }

            /// Tolerates this many failed polls in a row. Default: 5.
            pub fn tolerate(mut self, failed_polls: u32) -> Self {
                self.options_mut().tolerated_failures = failed_polls;
                self
            }

            /// Requires the goal to hold for this long before it counts.
            pub fn stable_for(mut self, window: Duration) -> Self {
                self.options_mut().stable_for = window;
                self
            }

            /// Cancels on the server when the deadline passes. Default: the server goes on.
            ///
            /// Cancels only a deployment that is known to be this operation's, as
            /// [`Operation::cancel_on_server`]; otherwise nothing is sent, and
            /// [`WaitError::not_canceled`] says why.
            pub fn cancel_at_deadline(mut self) -> Self {
                self.options_mut().cancel_at_deadline = true;
                self
            }

            /// Waits as these options say, in place of all settings so far.
            pub fn options(mut self, options: WaitOptions) -> Self {
                *self.options_mut() = options;
                self.reschedule();
                self
            }

            /// Polls by this schedule.
            pub fn schedule(mut self, schedule: PollSchedule) -> Self {
                self.options_mut().schedule = schedule;
                self.reschedule();
                self
            }

            /// How long a state that already held before the action has to hold after it, where
            /// nothing shows that the action did anything. Default: 15 s.
            pub fn settle(mut self, period: Duration) -> Self {
                self.options_mut().settle = period;
                self
            }

            /// How many lines of the log a failure shows for each service. Default: 20; 0 fetches
            /// none.
            pub fn log_lines(mut self, lines: usize) -> Self {
                self.options_mut().log_lines = lines;
                self
            }

            /// Calls `report` with the first status, with each change and with each heartbeat.
            pub fn on_progress(mut self, report: impl FnMut(&Progress) + Send + 'static) -> Self {
                self.set_on_progress(Box::new(report));
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
            on_progress: None,
            baseline: None,
            #[cfg(feature = "stream")]
            with_stream: false,
            #[cfg(feature = "stream")]
            follower: None,
        }
    }

    /// Lets the statuses that the API pushes bring polls forward. Default: no.
    ///
    /// Available on crate feature `stream` only.
    ///
    /// A frame is never evidence: polls determine the outcome, as without a stream. News bring a poll forward
    /// to within 2 s. A stream that shows the states of the last poll replaces the short intervals at the
    /// beginning of the schedule by its longest one (15 s by default). Once it has announced a change before a
    /// poll found it, polls are three of these intervals apart while the run is under way.
    ///
    /// A stream that is lost, silent for 12 s, late or wrong leaves the schedule as without it; one that
    /// contradicts the API is given up. A stream that was in time and then stays open without a frame delays
    /// an end by at most three of the longest intervals, once. A cluster and the members of a
    /// [group](super::Group) have no such stream.
    #[cfg(feature = "stream")]
    pub fn with_stream(mut self) -> Self {
        self.with_stream = true;
        self
    }

    /// Calls `follower` with each line of the deployment log of the environment while it is waited for,
    /// except for lines of the deployment before the action. Lines of a deployment of someone else that
    /// runs meanwhile are among them. A log that cannot be read does not affect the wait. A cluster has no
    /// such log.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn follow_logs(
        mut self,
        follower: impl FnMut(&crate::stream::DeploymentLine) + Send + 'static,
    ) -> Self {
        self.follower = Some(Box::new(follower));
        self
    }

    pub(super) fn requesting(
        source: Arc<dyn Source>,
        subject: Subject,
        request: ActionRequest,
    ) -> Self {
        Self::new(source, subject, Plan::Start(request))
    }

    pub(super) fn watch(source: Arc<dyn Source>, subject: Subject, goal: Goal) -> Self {
        Self::new(source, subject, Plan::Watch(goal))
    }

    pub(super) fn request(
        source: Arc<dyn Source>,
        request: Uuid,
        environment: Option<Uuid>,
        goal: Goal,
        cancel: bool,
    ) -> Self {
        // Where only the server knows the environment, it is looked up when the action starts.
        let subject = Subject::environment(environment.unwrap_or_default());
        Self::new(
            source,
            subject,
            Plan::Request {
                request,
                environment,
                goal,
                cancel,
            },
        )
    }

    pub(super) fn resume(
        source: Arc<dyn Source>,
        subject: Subject,
        ledger: Ledger,
        age: Duration,
    ) -> Self {
        let ledger = Box::new(ledger);
        Self::new(source, subject, Plan::Resume { ledger, age })
    }

    pub(super) fn until(
        source: Arc<dyn Source>,
        subject: Subject,
        condition: Box<dyn Condition>,
    ) -> Self {
        Self::new(source, subject, Plan::Until(condition))
    }

    /// The subject of the action.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    pub(super) fn source(&self) -> Arc<dyn Source> {
        Arc::clone(&self.source)
    }

    /// Starts from a reading that was made just now.
    pub(super) fn starting_at(mut self, project: Option<Uuid>, baseline: Option<Snapshot>) -> Self {
        if let (Subject::Environment { project: own, .. }, Some(project)) =
            (&mut self.subject, project)
        {
            *own = Some(project);
        }
        self.baseline = baseline;
        self
    }

    fn options_mut(&mut self) -> &mut WaitOptions {
        &mut self.options
    }

    /// The pace is made when the action starts.
    fn reschedule(&mut self) {}

    fn set_on_progress(&mut self, on_progress: OnProgress) {
        self.on_progress = Some(on_progress);
    }

    /// Whether the action can be sent.
    ///
    /// # Errors
    /// As [`Action::start`], of an action that is refused before anything is sent.
    pub(super) fn check(&self) -> Result<(), UnsupportedVersion> {
        match &self.plan {
            Plan::Start(action) => action.check_versions(&self.subject),
            _ => Ok(()),
        }
    }

    /// The goal of the action; `None` for a condition.
    pub fn goal(&self) -> Option<Goal> {
        match &self.plan {
            Plan::Start(action) => Some(action.goal()),
            Plan::Watch(goal) | Plan::Request { goal, .. } => Some(*goal),
            Plan::Resume { ledger, .. } => Some(ledger.goal()),
            Plan::Until(_) => None,
        }
    }

    /// Reads the names of the subject and its services, for progress and errors: at most three requests. A
    /// name that cannot be read within 5 s is left out.
    ///
    /// # Cancel safety
    /// Dropping the future abandons requests that only read.
    pub fn look_up_names(&self) -> impl Future<Output = Names> + Send + use<> {
        name_lookup::look_up(Arc::clone(&self.source), self.subject.clone())
    }

    /// Reads the status before the action, sends the action, and returns as soon as the server has accepted it.
    ///
    /// # Errors
    /// Returns an error if the server refuses or is not reached, or if the deadline passes before the
    /// action is accepted. The action is sent again only if it was certainly not executed: after 429,
    /// or if no connection was made. [`WaitError::may_have_been_executed`] tells which.
    ///
    /// If the response to the action is lost, this is no error: the operation looks for the deployment
    /// for two settle periods and continues with it. If there is no trace of one, the wait ends as
    /// [`super::WaitErrorKind::LostContact`].
    ///
    /// # Cancel safety
    /// Dropping the future before the action is sent does nothing; while it is being sent, the
    /// server may or may not have received it.
    pub async fn start(self) -> Result<Operation, WaitError> {
        let started = Instant::now();
        let unsupported = self.check();
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
            executed: Executed::No,
            lost: None,
            baseline: self.baseline,
            #[cfg(feature = "stream")]
            before: Vec::new(),
            goal: match &self.plan {
                Plan::Start(action) => Some(action.goal()),
                Plan::Watch(goal) | Plan::Request { goal, .. } => Some(*goal),
                Plan::Resume { .. } | Plan::Until(_) => None,
            },
        };
        start.check_subject()?;
        let mut resumed_at = 0;
        start.check_versions(unsupported)?;
        let until = match self.plan {
            Plan::Watch(goal) => {
                Until::Goal(Box::new(Ledger::watching(&start.subject, goal, None)))
            }
            Plan::Resume { mut ledger, age } => {
                ledger.resume(&start.subject);
                resumed_at = ledger.latest().saturating_add(millis(age));
                Until::Goal(ledger)
            }
            Plan::Until(condition) => Until::Condition(condition),
            Plan::Request {
                request,
                environment,
                goal,
                cancel,
            } => Until::Goal(Box::new(
                start.request(request, environment, goal, cancel).await?,
            )),
            Plan::Start(action) => Until::Goal(Box::new(start.start(action).await?)),
        };
        #[cfg_attr(
            not(feature = "stream"),
            allow(unused_mut, reason = "without streams, nothing is added")
        )]
        let mut reporter = Reporter::new(self.on_progress);
        #[cfg(feature = "stream")]
        if let (Some(follower), Some(client)) = (self.follower, start.source.client()) {
            reporter.follow(LogFollower::of(
                client,
                &start.subject,
                start.before,
                follower,
            ));
        }
        let closer = Closer::new(start.lost);
        let poller = Poller::new(
            start.source,
            start.subject,
            until,
            start.options,
            started,
            resumed_at,
        );
        let operation = Operation::new(poller, reporter, closer);
        #[cfg(feature = "stream")]
        if self.with_stream {
            return Ok(operation.with_stream());
        }
        Ok(operation)
    }

    /// Starts it and gives the progress as a stream.
    ///
    /// # Errors
    /// As [`Action::start`].
    ///
    /// # Cancel safety
    /// As [`Action::start`]; dropping the stream later leaves the server at work.
    pub async fn progress(self) -> Result<ProgressStream, WaitError> {
        Ok(self.start().await?.progress())
    }
}

impl IntoFuture for Action {
    type Output = Result<Reached, WaitError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Starts it and waits for its end.
    ///
    /// # Cancel safety
    /// Dropping the future before the action is sent does nothing; while it is being sent, the
    /// server may or may not have received it; later, the server goes on. To be able to come back,
    /// use [`Action::start`] and keep the [`token`](Operation::token).
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
