//! The API as a source of readings: the operation of the client for each reading.
//!
//! Responses are not interpreted here. A dropped future abandons its request.

/// The value of an optional open enum, as the API spells it.
macro_rules! text {
    ($value:expr) => {
        $value.as_ref().map(|value| value.as_str().to_owned())
    };
}

mod bounds;
mod deployment_log;
mod deployments;
mod fault;
mod listed;
mod names;
mod parents;
mod start;
mod statuses;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use qovery_api::{
    Client,
    chrono::DateTime,
    http::{HeaderMap, header},
};

#[cfg(feature = "stream")]
pub(super) use statuses::states;

use self::parents::Parents;
use super::{
    in_flight::{InFlightLimit, Permit},
    names::KnownNames,
};

/// Reads statuses and sends actions through a client. Keeps no state that a dropped request could damage.
pub(super) struct ApiSource {
    pub(super) client: Client,
    pub(super) names: Arc<KnownNames>,
    pub(super) parents: Parents,
    in_flight: Arc<InFlightLimit>,
}

impl ApiSource {
    pub(super) fn new(client: Client) -> Self {
        Self {
            in_flight: InFlightLimit::of(&client),
            names: KnownNames::of(&client),
            parents: Parents::new(client.clone()),
            client,
        }
    }

    /// Waits in the queue until requests may be sent. The permission lasts for as long as the returned value is
    /// kept.
    pub(super) async fn permit(&self) -> Permit {
        self.in_flight.next().await
    }
}

/// The `Date` of a response, in seconds since 1970. The history uses the same clock.
fn server_time(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(date.timestamp())
}
