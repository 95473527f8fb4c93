//! The meaning of an error of the client for a wait.

use std::sync::Arc;

use qovery_api::{Error, OperationInfo, http::StatusCode};

use crate::wait::{
    bad_request::Topic,
    source::{Fault, FaultKind},
};

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let topic = topic_of(&error);
        let kind = kind_of(&error, topic.as_ref());
        Self {
            kind,
            retry_after: error.retry_after(),
            message: message_of(&error, kind),
            may_have_been_executed: error.may_have_been_executed(),
            topic,
            source: Some(Arc::new(error)),
        }
    }
}

/// Converts the fault of a request that only prepared an action: the action was not sent yet.
pub(super) fn before_acting(fault: Fault) -> Fault {
    Fault {
        may_have_been_executed: false,
        ..fault
    }
}

/// Converts the fault of an action: a response that is not the API's does not show whether the API has
/// executed it.
pub(super) fn of_an_action(mut fault: Fault) -> Fault {
    if fault.kind == FaultKind::NotTheApi {
        fault.may_have_been_executed = true;
        if !fault.message.contains("may have executed") {
            fault.message.push_str(" (the server may have executed it)");
        }
    }
    fault
}

/// The fault of a successful response that a proxy or another server has sent.
pub(super) fn not_the_api(operation: &OperationInfo, status: StatusCode) -> Fault {
    let message = format!("{}: {status}, but {}", operation.id, TEXT);
    Fault::new(FaultKind::NotTheApi, message)
}

const PAGE: &str = "a web page was received instead of the API's response: check the base URL, the proxy and the \
                    login";
const TEXT: &str = "another response was received instead of the API's: check the base URL, the proxy and the firewall";

fn message_of(error: &Error, kind: FaultKind) -> String {
    let said = error.to_string();
    if kind != FaultKind::NotTheApi || said.contains("instead of the API's response") {
        return said;
    }
    let what = if error.is_web_page() { PAGE } else { TEXT };
    format!("{said} ({what})")
}

fn kind_of(error: &Error, topic: Option<&Topic>) -> FaultKind {
    if error.is_invalid_request() || error.transport_error().is_some_and(|e| e.is_refused()) {
        return FaultKind::Rejected;
    }
    if error.is_decode() {
        return if error.is_from_api() {
            // A new format of the API, or a body that was cut off. A retry may help.
            FaultKind::Unreadable
        } else {
            FaultKind::NotTheApi
        };
    }
    let status = match error.status() {
        Some(status) => status.as_u16(),
        None => return FaultKind::Transient,
    };
    match status {
        429 => FaultKind::TooManyRequests,
        408 | 425 | 500.. => FaultKind::Transient,
        _ if !error.is_from_api() => FaultKind::NotTheApi,
        401 => FaultKind::Unauthorized,
        403 => FaultKind::Forbidden,
        404 | 410 => FaultKind::NotFound,
        400 if matches!(topic, Some(Topic::Missing { .. })) => FaultKind::SaysMissing,
        400 => FaultKind::BadRequest,
        _ => FaultKind::Rejected,
    }
}

fn topic_of(error: &Error) -> Option<Topic> {
    let is_400 = error.status() == Some(StatusCode::BAD_REQUEST);
    let said = error.api_error().filter(|_| is_400)?;
    said.text().map(Topic::of)
}
