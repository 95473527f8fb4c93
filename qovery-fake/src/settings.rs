//! The fake's settings for behavior of the API that is uncertain or changes over time.

use std::time::Duration;

/// The response to a read of a deleted resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gone {
    /// 404.
    #[default]
    NotFound,
    /// 403: the API also returns it for deleted resources.
    Forbidden,
    /// 400 with a message that the resource does not exist.
    BadRequest,
    /// The status shows `DELETED` for this long, then 404.
    ShownFor(Duration),
}

/// The response to an action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ActionResponse {
    /// The body that the contract declares, with the request's id.
    #[default]
    Declared,
    /// The body that the contract declares, without the request's id.
    WithoutRequestId,
    /// The state from before the action, without the request's id.
    Stale,
    /// No body at all.
    Empty,
}

/// The response of `GET /environment/deploymentStatus` for a known request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestStatus {
    /// The state of the request.
    #[default]
    Known,
    /// 404.
    NotFound,
    /// `{}`: every property is optional.
    Empty,
    /// An empty body.
    NoBody,
}

/// The meaning of `startId`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StartId {
    /// The page starts after this item.
    #[default]
    Exclusive,
    /// The page starts with this item.
    Inclusive,
    /// The parameter is ignored: each page is the first one.
    Ignored,
}

/// The effect of a deployment of a chosen version on the configuration of the service.
///
/// The API does not document it. The web console shows the configured image tag as the current version, and no other
/// field of a service has the tag that runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfiguredVersion {
    /// The image tag or chart version becomes the configured one: later deployments use it too.
    #[default]
    Follows,
    /// The configuration does not change: the next deployment without a version uses the configured one.
    Stays,
}

/// The behavior of one environment.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) stale: Duration,
    pub(crate) response: ActionResponse,
    pub(crate) request_status: RequestStatus,
    pub(crate) merges: bool,
    /// From accepting a request to its first stage.
    pub(crate) start_delay: Duration,
    pub(crate) cancel_takes: Duration,
    pub(crate) gone: Gone,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stale: Duration::ZERO,
            response: ActionResponse::default(),
            request_status: RequestStatus::default(),
            merges: false,
            start_delay: Duration::from_secs(1),
            cancel_takes: Duration::from_secs(2),
            gone: Gone::default(),
        }
    }
}
