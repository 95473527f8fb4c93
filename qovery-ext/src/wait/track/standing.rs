//! What goes into the judgement of a track, and what comes out of it.
//!
//! Pure data, like its parent.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::super::{
    Goal, Phase,
    source::{Past, RequestSeen, Waiting},
};

/// What a whole operation knows, the same for all its tracks.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) goal: Goal,
    /// Whether this operation has asked the server to act, or only watches.
    pub(crate) acted: bool,
    pub(crate) request: Option<Uuid>,
    /// Whether the server's answer to the action itself showed that nothing waits.
    pub(crate) answered_idle: bool,
    /// Whether nothing waited before the action.
    pub(crate) calm: bool,
    pub(crate) settle: Duration,
    pub(crate) now: Instant,
    /// The deployment that was found to be this operation's, by whichever of its tracks.
    pub(crate) deployment: Option<String>,
    /// The last deployment of the whole before the action, where it was read.
    pub(crate) whole_before: Option<String>,
    /// Whether one of the requests waits that can be this operation's, where it is not known
    /// which one is; `None` where the queue was not asked or has no answer.
    pub(crate) may_wait: Option<bool>,
    /// Whether the action is so long ago that its request would have come into the queue.
    pub(crate) looked: bool,
    /// Whether to ask about the request only where its end is in question: one of many operations
    /// that share their polls does.
    pub(crate) frugal: bool,
}

/// What was fetched for one poll beyond the status; `None` is "not asked yet".
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) request: Option<Option<RequestSeen>>,
    pub(crate) queue: Option<Option<Vec<Waiting>>>,
    pub(crate) history: Option<Option<Vec<Past>>>,
}

/// A fact that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    Request(Uuid),
    Queue,
    History,
}

/// Where the thing stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Standing {
    Pending(Phase),
    Ask(Ask),
    Decided(Decision),
}

/// How the operation ended for the thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Decision {
    Reached(Proof),
    Failed(Cause),
    Canceled,
    /// Another deployment took the place of this one, and nothing tells how this one ended.
    Superseded {
        deployment: Option<String>,
        request: Option<Uuid>,
    },
}

/// What shows that the goal was reached by this operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Proof {
    /// The server's word on the request, on ids or on what was seen to happen.
    Seen,
    /// The state held before the action and stayed for the settle period.
    Settled,
    /// The subject is no longer found.
    Gone,
}

/// Why it counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Cause {
    /// A state that names an error.
    ErrorState,
    /// It ended in a state that is no error and not the goal.
    OtherState,
    /// The deployment ended before it came to this service.
    NotRun,
    /// The subject is no longer found.
    Gone,
}
