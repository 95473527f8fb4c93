//! An action that is configured, then started and waited for.
//!
//! Dropping a future of this module never cancels anything. If it is dropped before the action is sent,
//! nothing happens. If it is dropped while the action is being sent, the server may or may not have received
//! it. If it is dropped later, the server continues.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use tokio::time::Instant;
use uuid::Uuid;

#[cfg(feature = "stream")]
use super::push::{LogFollower, OnLine};
use super::{
    BoxFuture, Condition, Deadline, Goal, Names, Operation, PollSchedule, Progress, ProgressStream,
    Reached, Snapshot, Subject, WaitError, WaitOptions,
    action_request::ActionRequest,
    api::ApiSource,
    closer::Closer,
    context::{Context, Until},
    ledger::{Ledger, millis},
    poller::Poller,
    reporter::{OnProgress, Reporter},
    shared_reading::Key,
    source::{Fault, FaultKind},
    start::Start,
};
#[cfg(feature = "stream")]
use crate::stream::StreamError;

/// The first step of the operation. After it, the operation waits.
enum Plan {
    /// Send an action.
    Start(ActionRequest),
    /// Send nothing: wait for the action of an external actor, for a condition, or for an action of another
    /// process.
    Watch,
    /// Look up the environment of one request. Cancel the request, if requested.
    Request {
        request: Uuid,
        environment: Option<Uuid>,
        cancel: bool,
    },
}

/// An action to start and to wait for. Nothing is sent before it is awaited or started.
///
/// Awaiting it starts the action and waits for its outcome. [`Action::start`] returns the [`Operation`] as
/// soon as the server has accepted the action.
#[must_use = "nothing happens until the action is awaited or started"]
pub struct Action {
    context: Context,
    plan: Plan,
    on_progress: Option<OnProgress>,
    /// The reading before the action, if many actions share one.
    baseline: Option<Snapshot>,
    #[cfg(feature = "stream")]
    with_stream: bool,
    #[cfg(feature = "stream")]
    follower: Option<OnLine>,
}

macro_rules! settings {
    ($type:ty) => {
        impl $type {
            /// Sets the deadline, counted from the start of the action. Default: one hour.
            ///
            /// At the deadline, a delay between polls or a request in flight ends. One last poll of
            /// at most 5 s follows. After it, a [cancel](Self::cancel_at_deadline) takes up to 10 s, and the report on
            /// a failure that this poll shows up to 15 s.
            pub fn within(mut self, limit: Duration) -> Self {
                self.options_mut().deadline = Deadline::After(limit);
                self
            }

            /// Waits without a deadline.
            pub fn without_deadline(mut self) -> Self {
                self.options_mut().deadline = Deadline::None;
                self
            }

            /// Sets how many failed polls in a row are tolerated. Default: 5. An error of the token source is not
            /// tolerated: it ends the wait at once, as [`WaitErrorKind::Refused`](super::WaitErrorKind::Refused).
            pub fn tolerate(mut self, failed_polls: u32) -> Self {
                self.options_mut().tolerated_failures = failed_polls;
                self
            }

            /// Sets for how long the goal must hold without interruption before it counts. Default:
            /// 0 s.
            pub fn stable_for(mut self, window: Duration) -> Self {
                self.options_mut().stable_for = window;
                self
            }

            /// Cancels the deployment on the server when the deadline passes. Default: the server
            /// continues.
            ///
            /// A cancel is sent only if this operation is known to be queued or running, as
            /// with [`Operation::cancel_on_server`]. Otherwise no cancel is sent, and
            /// [`WaitError::not_canceled`] returns the reason. If the deadline passes before the response to the
            /// action, no cancel is sent, and `not_canceled` returns `None`.
            pub fn cancel_at_deadline(mut self) -> Self {
                self.options_mut().cancel_at_deadline = true;
                self
            }

            /// Sets all options, in place of those set so far. A callback of `on_progress`, and the use of a
            /// stream, are not options and stay.
            pub fn options(mut self, options: WaitOptions) -> Self {
                *self.options_mut() = options;
                self.reschedule();
                self
            }

            /// Sets the schedule of the polls. Has no effect on the shared polls of a [`Group`](super::Group).
            pub fn schedule(mut self, schedule: PollSchedule) -> Self {
                self.options_mut().schedule = schedule;
                self.reschedule();
                self
            }

            /// Sets the settle period: how long the endpoints of the API may lag behind an action. If no
            /// fact shows an effect of the action, a state that met the goal before the action counts only
            /// after it has lasted for this period. Default: 15 s.
            pub fn settle(mut self, period: Duration) -> Self {
                self.options_mut().settle = period;
                self
            }

            /// Sets how many lines of the log a failure report has for each service. Default: 20; 0
            /// fetches no log.
            pub fn log_lines(mut self, lines: usize) -> Self {
                self.options_mut().log_lines = lines;
                self
            }

            /// Calls `report` with the first status, after each change, and with each heartbeat.
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
    fn new(source: Arc<ApiSource>, subject: Subject, until: Until, plan: Plan) -> Self {
        Self {
            context: Context::new(source, subject, until),
            plan,
            on_progress: None,
            baseline: None,
            #[cfg(feature = "stream")]
            with_stream: false,
            #[cfg(feature = "stream")]
            follower: None,
        }
    }

    /// Polls earlier if a pushed status of the API differs from the last poll. Default: no.
    ///
    /// Available on crate feature `stream` only.
    ///
    /// A frame is never evidence: polls determine the outcome, as without a stream. A frame that differs from
    /// the last poll triggers a poll within 2 s. While the stream shows the states of the last poll, the next
    /// poll is later than without a stream. Before the deployment begins, the interval is up to twice as long.
    /// During the deployment, it is the longest interval of the schedule, 15 s by default.
    ///
    /// No poll is later than the longest interval, because a stream may stop or be wrong without a sign.
    /// [`PollSchedule::longest_with_stream`] sets a longer one, which saves more requests. If the stream is lost,
    /// silent for 12 s, late or wrong, the normal schedule applies. A stream that contradicts the API is closed.
    /// Clusters and the members of a [group](super::Group) have no such stream.
    #[cfg(feature = "stream")]
    pub fn with_stream(mut self) -> Self {
        self.with_stream = true;
        self
    }

    /// Calls `follower` with each line of the deployment log of the environment during the wait.
    /// Lines of the deployment before the action are left out. Lines of a deployment of another
    /// user that runs in the meantime are included. A log that cannot be read does not affect the
    /// wait. The action is refused, and nothing is sent, if the subject is a cluster, which has no
    /// such log, or if the address of the websocket API is not known.
    ///
    /// Has no effect in a [`Group`](super::Group) and with [`Operation::poll_once`].
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
        source: Arc<ApiSource>,
        subject: Subject,
        request: ActionRequest,
    ) -> Self {
        let until = Until::goal(&subject, request.goal());
        Self::new(source, subject, until, Plan::Start(request))
    }

    pub(super) fn watch(source: Arc<ApiSource>, subject: Subject, goal: Goal) -> Self {
        let until = Until::goal(&subject, goal);
        Self::new(source, subject, until, Plan::Watch)
    }

    pub(super) fn request(
        source: Arc<ApiSource>,
        request: Uuid,
        environment: Option<Uuid>,
        goal: Goal,
        cancel: bool,
    ) -> Self {
        // If only the server knows the environment, it is looked up when the action starts.
        let subject = Subject::environment(environment.unwrap_or_default());
        let until = Until::Goal(Box::new(Ledger::watching(&subject, goal, Some(request))));
        let plan = Plan::Request {
            request,
            environment,
            cancel,
        };
        Self::new(source, subject, until, plan)
    }

    /// Continues the wait of another process, with the ledger of a token of this age.
    pub(super) fn resume(
        source: Arc<ApiSource>,
        subject: Subject,
        mut ledger: Ledger,
        age: Duration,
    ) -> Self {
        ledger.resume(&subject);
        let resumed_at = ledger.latest().saturating_add(millis(age));
        let until = Until::Goal(Box::new(ledger));
        let mut action = Self::new(source, subject, until, Plan::Watch);
        action.context.resumed_at = resumed_at;
        action
    }

    pub(super) fn until(
        source: Arc<ApiSource>,
        subject: Subject,
        condition: Box<dyn Condition>,
    ) -> Self {
        Self::new(source, subject, Until::condition(condition), Plan::Watch)
    }

    /// Returns the subject of the action. For a [deployment request](super::WaitExt::deployment_request) whose
    /// environment is not set, the subject is an environment with the nil id: the id is looked up when the action
    /// starts. [`Operation::subject`] returns the environment.
    pub fn subject(&self) -> &Subject {
        &self.context.subject
    }

    /// The deployment request whose environment is looked up when the action starts. Until then, the subject is not
    /// known.
    pub(crate) fn looked_up_request(&self) -> Option<Uuid> {
        match self.plan {
            Plan::Request {
                request,
                environment: None,
                ..
            } => Some(request),
            Plan::Request { .. } | Plan::Start(_) | Plan::Watch => None,
        }
    }

    pub(super) fn source(&self) -> &Arc<ApiSource> {
        &self.context.source
    }

    /// Starts with a reading that was just made for a group, if it shows the subject.
    pub(super) fn start_at(&mut self, key: Key, baseline: Option<Snapshot>) {
        if let (Subject::Environment { project, .. }, Key::Project(known)) =
            (&mut self.context.subject, key)
        {
            *project = Some(known);
        }
        self.baseline = baseline;
    }

    fn options_mut(&mut self) -> &mut WaitOptions {
        &mut self.context.options
    }

    /// The schedule starts with the action.
    fn reschedule(&mut self) {}

    fn set_on_progress(&mut self, on_progress: OnProgress) {
        self.on_progress = Some(on_progress);
    }

    /// The reason why [`Action::start`] refuses the action before anything is sent.
    pub(super) fn refusal(&self) -> Option<Fault> {
        let subject = &self.context.subject;
        let rejected = |why: &str| Some(Fault::new(FaultKind::Rejected, why));
        if matches!(subject, Subject::Services { services, .. } if services.is_empty()) {
            // The API may read an empty selection as all services.
            return rejected("no services were selected: select at least one");
        }
        #[cfg(feature = "stream")]
        if self.follower.is_some() {
            if matches!(subject, Subject::Cluster { .. }) {
                return rejected(
                    "a cluster has no deployment log to follow: leave out `follow_logs`, or \
                     `logs` of the display",
                );
            } else if self.context.source.client.stream_url().is_none() {
                return rejected(&StreamError::no_address().to_string());
            }
        }
        let Plan::Start(action) = &self.plan else {
            return None;
        };
        let unsupported = action.check_versions(subject).err()?;
        let names = self.context.names();
        let text = unsupported.shown_for(names.service(unsupported.service()));
        Some(Fault {
            source: Some(Arc::new(unsupported)),
            ..Fault::new(FaultKind::Rejected, text)
        })
    }

    /// Whether starting it sends an action or a cancel to the API. Otherwise it only reads.
    #[cfg(feature = "display")]
    pub(crate) fn sends(&self) -> bool {
        match &self.plan {
            Plan::Start(_) => true,
            Plan::Watch => false,
            Plan::Request { cancel, .. } => *cancel,
        }
    }

    /// Returns the goal of the action; `None` for a condition.
    pub fn goal(&self) -> Option<Goal> {
        self.context.goal()
    }

    /// Reads the names of the subject and its services, for progress and errors: at most three requests. A
    /// name that cannot be read within 5 s is left out. Reads nothing for a deployment request whose environment is
    /// not set.
    ///
    /// # Cancel safety
    /// Dropping the future abandons requests that only read.
    pub fn look_up_names(&self) -> impl Future<Output = Names> + Send + use<> {
        let is_known = self.looked_up_request().is_none();
        let names = self.context.look_up_names();
        async move {
            match is_known {
                true => names.await,
                false => Names::default(),
            }
        }
    }

    /// Reads the status before the action, sends the action, and returns as soon as the server has accepted it.
    ///
    /// # Errors
    /// Returns an error if the server refuses the action or cannot be reached, or if the deadline
    /// passes before the action is accepted. The action is sent again only if it was certainly not
    /// executed, for example after a 429 or if no connection was made. [`WaitError::may_have_been_executed`]
    /// returns whether it may have been executed.
    ///
    /// A lost response to the action is not an error: the operation searches for the deployment
    /// during two settle periods (four if another deployment is in progress), and continues with it.
    /// If no endpoint shows such a deployment, the wait ends as [`super::WaitErrorKind::LostContact`]. There is one
    /// exception: a lost response to [`super::DeploymentRequestHandle::cancel`] is an error of this kind at once.
    ///
    /// # Cancel safety
    /// If the future is dropped before the action is sent, nothing happens. If it is dropped while
    /// the action is being sent, the server may or may not have received it.
    pub async fn start(self) -> Result<Operation, WaitError> {
        let refusal = self.refusal();
        let mut start = Start::new(self.context, self.baseline);
        start.context.started = Instant::now();
        if let Some(fault) = refusal {
            return Err(start.error(fault));
        }
        match self.plan {
            Plan::Watch => {}
            Plan::Request {
                request,
                environment,
                cancel,
            } => start.request(request, environment, cancel).await?,
            Plan::Start(action) => start.start(action).await?,
        }
        #[cfg(feature = "stream")]
        let log = self.follower.and_then(|follower| {
            let context = &start.context;
            LogFollower::of(
                &context.source.client,
                &context.subject,
                start.before,
                follower,
            )
        });
        let reporter = Reporter::new(
            self.on_progress,
            #[cfg(feature = "stream")]
            log,
        );
        let poller = Poller::new(start.context);
        let operation = Operation::new(poller, reporter, Closer::default());
        #[cfg(feature = "stream")]
        if self.with_stream {
            return Ok(operation.with_stream());
        }
        Ok(operation)
    }

    /// Starts the action and returns its progress as a stream.
    ///
    /// # Errors
    /// The same as [`Action::start`].
    ///
    /// # Cancel safety
    /// The same as [`Action::start`]. If the stream is dropped later, the server continues.
    pub async fn progress(self) -> Result<ProgressStream, WaitError> {
        Ok(self.start().await?.progress())
    }
}

impl IntoFuture for Action {
    type Output = Result<Reached, WaitError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Starts the action and waits for its outcome.
    ///
    /// # Cancel safety
    /// If the future is dropped before the action is sent, nothing happens. If it is dropped while the action
    /// is being sent, the server may or may not have received it. If it is dropped later, the server
    /// continues. To be able to continue the wait, use [`Action::start`] and keep the
    /// [`token`](Operation::token).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.start().await?.await })
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action")
            .field("subject", &self.context.subject)
            .field("options", &self.context.options)
            .finish_non_exhaustive()
    }
}
