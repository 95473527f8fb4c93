//! The behavior of the API that clients of deployments depend on, one dimension at a time.

use std::time::Duration;

/// The behavior of the API that is not documented or varies, with one dimension for each such behavior.
///
/// [`FakeQovery::api`](super::FakeQovery::api) sets it for the whole fake. The default of each
/// dimension is the behavior of a fake without traits. The settings of an
/// environment ([`action_response`](super::FakeEnvironment::action_response),
/// [`request_status`](super::FakeEnvironment::request_status),
/// [`merges_requests`](super::FakeEnvironment::merges_requests),
/// [`gone_as`](super::FakeEnvironment::gone_as) and
/// [`stale_for`](super::FakeEnvironment::stale_for)) apply in addition.
///
/// ```
/// use std::time::Duration;
/// use qovery_fake::{ApiTraits, FakeQovery, History, Lags, ResponseId};
///
/// let fake = FakeQovery::new();
/// fake.api(
///     ApiTraits::new()
///         .response_id(ResponseId::Never)
///         .history(History::V2Only)
///         .lags(Lags::of_all(Duration::from_secs(4))),
/// );
///
/// // Every dimension at random, and the same for the same seed.
/// fake.api(ApiTraits::random(7));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ApiTraits {
    /// When the response to an action has the id of the request.
    pub response_id: ResponseId,
    /// The body of the response to an action.
    pub response_body: ResponseBody,
    /// The meaning of `deployment_request_id` in a status.
    pub status_request: StatusRequest,
    /// The content of `GET /environment/deploymentStatus`.
    pub request_state: RequestState,
    /// When a request has a row in the queue.
    pub queue_rows: QueueRows,
    /// The traces of a request that was canceled while it was queued.
    pub canceled_in_queue: CanceledInQueue,
    /// Which queued requests are merged.
    pub merging: Merging,
    /// Which histories exist.
    pub history: History,
    /// How far the reads of each endpoint lag behind.
    pub lags: Lags,
    /// How many replicas answer reads.
    pub replicas: Replicas,
    /// The status of a service that its deployment did not reach.
    pub unreached: Unreached,
    /// The response for deleted resources.
    pub after_deletion: AfterDeletion,
    /// The time from the start of an execution to the start of its first service. Default: 0 s.
    pub preparation: Duration,
}

macro_rules! dimension {
    (
        $(#[$about:meta])*
        $name:ident { $($(#[$variant_about:meta])* $variant:ident),+ $(,)? }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_about])* $variant),+ }

        impl $name {
            /// Every value of this dimension.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

dimension! {
    /// When the response to an action has the id of the request.
    ///
    /// If the contract declares a response without a request id, such as that of a deletion, the response
    /// never has one.
    ResponseId {
        /// Always.
        #[default]
        Always,
        /// Only if the request has to wait because another one is running or waiting.
        IfQueued,
        /// Never: `deployment_request_id` is null.
        Never,
    }
}

dimension! {
    /// The body of the response to an action.
    ///
    /// Applies to operations that the contract declares a body for.
    ResponseBody {
        /// The declared body.
        #[default]
        Declared,
        /// The status of the environment. Its `origin` and `triggered_by` are still those of the previous deployment.
        EnvironmentStatus,
        /// The status of the service, or of the first selected service.
        ServiceStatus,
        /// No bytes, with the declared status code.
        Empty,
        /// A 204 without a body.
        NoContent,
    }
}

dimension! {
    /// The meaning of `deployment_request_id` in the status of an environment or of a service.
    StatusRequest {
        /// The running request, else the next queued one; null if there is neither.
        #[default]
        RunningOrNext,
        /// The request of the execution whose state is shown, also after its end.
        RunShown,
        /// The next queued request; null if none is queued.
        NextQueued,
        /// The request that was accepted last, regardless of its outcome.
        LastRequested,
        /// Always null.
        Null,
    }
}

dimension! {
    /// The content of `GET /environment/deploymentStatus`.
    ///
    /// [`Lags::request_status`] makes it lag behind.
    RequestState {
        /// The state of the request.
        #[default]
        Exact,
        /// The state of the request, but `*_QUEUED` until the first service of its execution starts. See
        /// [`ApiTraits::preparation`].
        QueuedUntilFirstService,
        /// The `last_deployment_state` of its environment, even if that is of another deployment.
        OfEnvironment,
        /// The state of the request until its end, then 404.
        NotFoundAfterEnd,
        /// Always 500.
        ServerError,
        /// Always 403.
        Forbidden,
    }
}

/// When a request has a row in the queue of its environment and of its services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueRows {
    /// From its acceptance to the start of its execution.
    #[default]
    AtOnce,
    /// From this long after its acceptance to the start of its execution.
    After(Duration),
    /// As [`QueueRows::AtOnce`], but never if nothing ran and nothing waited when the request was
    /// accepted.
    IfItHasToWait,
    /// As [`QueueRows::AtOnce`], but the running request also has a row, which is the first one.
    WithRunning,
}

dimension! {
    /// The traces of a request that was canceled while it was queued.
    ///
    /// Its request status is another dimension: [`RequestState`].
    CanceledInQueue {
        /// If nothing else runs or waits, the state of the environment is `CANCELED`. The history
        /// has no entry.
        #[default]
        StateOnly,
        /// As [`CanceledInQueue::StateOnly`], and the history has an entry whose services are `CANCELED`.
        HistoryEntry,
        /// None: environment and services show their former status.
        NoTrace,
    }
}

dimension! {
    /// Which queued requests are merged.
    ///
    /// A merged request keeps its id. Its request status is that of the absorbing request.
    /// Only the absorbing request has a row in the queue and an entry in the history.
    Merging {
        /// None.
        #[default]
        None,
        /// A request for the same action, by the same user, as the last one in the queue.
        ByUserAndAction,
    }
}

dimension! {
    /// Which histories exist. [`Lags::history`] makes them lag behind.
    History {
        /// Both versions, with the requested number of entries.
        #[default]
        V2AndV1,
        /// The second version. The first one answers 404.
        V2Only,
        /// Both versions, with at most 20 entries even if `pageSize` is larger.
        Last20,
        /// None: both versions answer 404.
        Missing,
    }
}

/// How far the reads of each endpoint lag behind the present. Default: 0 s each.
///
/// Each read shows one point in time. Actions always use the present state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lags {
    /// Statuses read by environment or by project, including those of services.
    pub environment_status: Duration,
    /// Statuses read by service, and those of clusters.
    pub service_status: Duration,
    /// The status of a request.
    pub request_status: Duration,
    /// The queues of environments and of services.
    pub queue: Duration,
    /// The histories of environments and of services.
    pub history: Duration,
    /// Single environments and services, and the lists of their parents.
    pub resources: Duration,
}

impl Lags {
    /// Creates the same lag for each endpoint.
    pub fn of_all(lag: Duration) -> Self {
        Self {
            environment_status: lag,
            service_status: lag,
            request_status: lag,
            queue: lag,
            history: lag,
            resources: lag,
        }
    }

    /// Draws a lag of 0 to 10 s for each endpoint. The same seed gives the same lags.
    pub fn random(seed: u64) -> Self {
        Self::drawn(&mut fastrand::Rng::with_seed(seed))
    }

    /// Returns the longest lag.
    pub fn longest(&self) -> Duration {
        let all = [
            self.environment_status,
            self.service_status,
            self.request_status,
            self.queue,
            self.history,
            self.resources,
        ];
        all.into_iter().max().unwrap_or_default()
    }

    fn drawn(dice: &mut fastrand::Rng) -> Self {
        let mut lag = || Duration::from_millis(dice.u64(0..=10_000));
        Self {
            environment_status: lag(),
            service_status: lag(),
            request_status: lag(),
            queue: lag(),
            history: lag(),
            resources: lag(),
        }
    }
}

/// How many replicas answer reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replicas {
    /// One.
    #[default]
    One,
    /// Two. The second one is this far behind the first. The replica that answers a read seems random, but is the same
    /// in each run of a test.
    SecondIsBehind(Duration),
}

dimension! {
    /// The status of a service whose deployment ended before its stage.
    Unreached {
        /// The state from before, the `execution_id` of the deployment, and `NEVER` as the status
        /// of the action in `status_details`.
        #[default]
        Marked,
        /// The complete status from before the deployment.
        OldStateAndOldId,
        /// The status from before the deployment, with the `execution_id` of the deployment.
        OldStateAndNewId,
    }
}

dimension! {
    /// The response for deleted resources, and for the requests about them.
    AfterDeletion {
        /// 404, or the response set by [`gone_as`](super::FakeEnvironment::gone_as). The status of a request
        /// is still known.
        #[default]
        RequestStatusKnown,
        /// 404, for the status of a request too.
        NotFound,
        /// 403, for the status of a request too.
        Forbidden,
        /// 400 with a message that the resource does not exist, for the status of a request too.
        BadRequest,
    }
}

macro_rules! setters {
    ($($(#[$about:meta])* $name:ident: $type:ty),+ $(,)?) => {
        $(
            $(#[$about])*
            #[must_use]
            pub fn $name(mut self, $name: $type) -> Self {
                self.$name = $name;
                self
            }
        )+
    };
}

impl ApiTraits {
    /// Returns the default of each dimension.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets when the response to an action has the id of the request.
        response_id: ResponseId,
        /// Sets the body of the response to an action.
        response_body: ResponseBody,
        /// Sets the meaning of `deployment_request_id` in a status.
        status_request: StatusRequest,
        /// Sets the content of `GET /environment/deploymentStatus`.
        request_state: RequestState,
        /// Sets when a request has a row in the queue.
        queue_rows: QueueRows,
        /// Sets the traces of a request that was canceled while it was queued.
        canceled_in_queue: CanceledInQueue,
        /// Sets which queued requests are merged.
        merging: Merging,
        /// Sets which histories exist.
        history: History,
        /// Sets how far the reads of each endpoint lag behind.
        lags: Lags,
        /// Sets how many replicas answer reads.
        replicas: Replicas,
        /// Sets the status of a service that its deployment did not reach.
        unreached: Unreached,
        /// Sets the response for deleted resources.
        after_deletion: AfterDeletion,
        /// Sets the time from the start of an execution to the start of its first service.
        preparation: Duration,
    }

    /// Chooses each dimension at random, independently. The same seed gives the same traits.
    pub fn random(seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let seconds = |dice: &mut fastrand::Rng| Duration::from_millis(dice.u64(1..=10_000));
        Self {
            response_id: one_of(&mut dice, ResponseId::ALL),
            response_body: one_of(&mut dice, ResponseBody::ALL),
            status_request: one_of(&mut dice, StatusRequest::ALL),
            request_state: one_of(&mut dice, RequestState::ALL),
            queue_rows: match dice.u32(0..4) {
                0 => QueueRows::AtOnce,
                1 => QueueRows::After(seconds(&mut dice)),
                2 => QueueRows::IfItHasToWait,
                _ => QueueRows::WithRunning,
            },
            canceled_in_queue: one_of(&mut dice, CanceledInQueue::ALL),
            merging: one_of(&mut dice, Merging::ALL),
            history: one_of(&mut dice, History::ALL),
            lags: if dice.bool() {
                Lags::drawn(&mut dice)
            } else {
                Lags::default()
            },
            replicas: if dice.u32(0..4) == 0 {
                Replicas::SecondIsBehind(seconds(&mut dice))
            } else {
                Replicas::One
            },
            unreached: one_of(&mut dice, Unreached::ALL),
            after_deletion: one_of(&mut dice, AfterDeletion::ALL),
            preparation: if dice.bool() {
                seconds(&mut dice)
            } else {
                Duration::ZERO
            },
        }
    }

    /// Returns how far a read can lag behind. The fake must keep old states for this time.
    pub(crate) fn longest_lag(&self) -> Duration {
        let behind = match self.replicas {
            Replicas::One => Duration::ZERO,
            Replicas::SecondIsBehind(behind) => behind,
        };
        self.lags.longest().saturating_add(behind)
    }
}

fn one_of<T: Copy + Default>(dice: &mut fastrand::Rng, all: &[T]) -> T {
    dice.choice(all).copied().unwrap_or_default()
}
