//! The behavior of this server in cases that the documentation of the API leaves open.

/// Milliseconds on the server's clock.
pub(crate) type Ms = u64;

/// When the response to an action names the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseId {
    Always,
    IfItWaits,
    Never,
}

/// The body of the response to an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseBody {
    Declared,
    OfTheEnvironment,
    OfAService,
    Empty,
    NoContent,
}

/// The meaning of `deployment_request_id` in a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusId {
    Shown,
    NextWaiting,
    LastAsked,
    Null,
}

/// The response of `GET /environment/deploymentStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestStatus {
    Exact,
    QueuedUntilFirstService,
    OfTheEnvironment,
    NotFoundAfterEnd,
    NotFound,
    ServerError,
    Forbidden,
}

/// Which requests have a row in the queue, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    AtOnce,
    After(Ms),
    OnlyBehindOthers,
    WithTheRunningOne,
    Never,
}

/// The trace of a request that left the queue without being executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    RequestStatus,
    History,
    Nothing,
}

/// The histories that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Histories {
    Both,
    OnlyNew,
    OnlyOld,
    Empty,
    Missing,
    Last(usize),
}

/// Status of a service that its deployment ended before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreached {
    OldStateOldId,
    OldStateNewId,
    Never,
}

/// The response for an object that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    NotFound,
    Forbidden,
    DoesNotExist,
}

/// The lag of the data of each endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lags {
    pub(crate) status: Ms,
    pub(crate) services: Ms,
    pub(crate) request: Ms,
    pub(crate) queue: Ms,
    pub(crate) history: Ms,
    pub(crate) lists: Ms,
}

/// One combination.
#[derive(Clone, Debug)]
pub(crate) struct Behavior {
    pub(crate) response_id: ResponseId,
    pub(crate) response_body: ResponseBody,
    pub(crate) status_id: StatusId,
    pub(crate) request_status: RequestStatus,
    pub(crate) rows: Rows,
    pub(crate) trace: Trace,
    pub(crate) histories: Histories,
    pub(crate) unreached: Unreached,
    pub(crate) gone: Gone,
    pub(crate) lags: Lags,
    /// A second replica, behind by this time, answers every other request.
    pub(crate) replica: Ms,
    /// Requests of one user with the same action and services are merged while they are queued.
    pub(crate) merges: bool,
    /// A deployment removes queued stops.
    pub(crate) overtakes: bool,
    /// Every execution of an environment has the same id.
    pub(crate) reuses_ids: bool,
    /// `*_QUEUED` is shown only after a request has waited this long.
    pub(crate) queued_shown_after: Ms,
    /// A history entry is dated by the request instead of by the start of its execution.
    pub(crate) dated_by_request: bool,
    /// From the acceptance of a request in an idle environment to its start.
    pub(crate) start_delay: Ms,
    /// From the start of an execution to its first service.
    pub(crate) preparation: Ms,
    /// From the end of an execution to the start of the next.
    pub(crate) turn: Ms,
    /// From the cancel to the end of the execution.
    pub(crate) cancel_takes: Ms,
    /// From the client to the server.
    pub(crate) latency: Ms,
    /// How far the server's clock is ahead of the true time, in ms.
    pub(crate) clock_ahead: i64,
    pub(crate) date_header: bool,
    /// State at the end of an uninstall.
    pub(crate) uninstalled_as: &'static str,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            response_id: ResponseId::Always,
            response_body: ResponseBody::Declared,
            status_id: StatusId::NextWaiting,
            request_status: RequestStatus::Exact,
            rows: Rows::AtOnce,
            trace: Trace::RequestStatus,
            histories: Histories::Both,
            unreached: Unreached::Never,
            gone: Gone::NotFound,
            lags: Lags::default(),
            replica: 0,
            merges: false,
            overtakes: false,
            reuses_ids: false,
            queued_shown_after: 0,
            dated_by_request: false,
            start_delay: 700,
            preparation: 900,
            turn: 60,
            cancel_takes: 3000,
            latency: 12,
            clock_ahead: 0,
            date_header: true,
            uninstalled_as: "STOPPED",
        }
    }
}

/// No response and no status names a request.
pub(crate) fn nameless() -> Behavior {
    Behavior {
        response_id: ResponseId::Never,
        status_id: StatusId::Null,
        ..Behavior::default()
    }
}
