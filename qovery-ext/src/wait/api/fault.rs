//! What an error of the client means for a wait.

use std::sync::Arc;

use qovery_api::Error;

use crate::wait::source::{Fault, FaultKind};

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let kind = kind_of(&error);
        Self {
            kind,
            retry_after: error.retry_after(),
            message: error.to_string(),
            may_have_been_executed: error.may_have_been_executed(),
            source: Some(Arc::new(error)),
        }
    }
}

impl Fault {
    /// The same, of a request that only prepared an action: nothing was asked for yet.
    pub(super) fn before_acting(self) -> Self {
        Self {
            may_have_been_executed: false,
            ..self
        }
    }
}

fn kind_of(error: &Error) -> FaultKind {
    if error.is_invalid_request() || error.transport_error().is_some_and(|e| e.is_refused()) {
        return FaultKind::Rejected;
    }
    // Some proxy's page more often than a new form of the API: worth another try.
    if error.is_decode() {
        return FaultKind::Unreadable;
    }
    let status = match error.status() {
        Some(status) if error.is_api() => status.as_u16(),
        _ => return FaultKind::Passing,
    };
    match status {
        401 => FaultKind::Unauthorized,
        403 => FaultKind::Forbidden,
        404 | 410 => FaultKind::NotFound,
        400 if says_missing(error) => FaultKind::SaysMissing,
        400 => FaultKind::BadRequest,
        429 => FaultKind::TooManyRequests,
        408 | 425 => FaultKind::Passing,
        402..=499 => FaultKind::Rejected,
        _ => FaultKind::Passing,
    }
}

/// The API is known to answer 400 with a text such as "… does not exist" for what is gone.
fn says_missing(error: &Error) -> bool {
    let body = error
        .body()
        .map(|body| String::from_utf8_lossy(body).to_lowercase());
    body.is_some_and(|text| {
        text.contains("not exist") || text.contains("n't exist") || text.contains("not found")
    })
}
