//! The exit code for the error of a call.

/// Returns 3 if the API refused the call or nothing was sent, and 2 if a later call may succeed: no response of
/// the API, a 5xx, a 429, a response that cannot be read.
pub(crate) fn of_call(error: &qovery_api::Error) -> u8 {
    let is_refused_here = error.is_invalid_request()
        || error
            .transport_error()
            .is_some_and(|error| error.is_refused());
    let is_refused_by_api = error.is_from_api()
        && error.is_api()
        && !error.is_server_error()
        && !error.is_rate_limited();
    if is_refused_here || is_refused_by_api {
        3
    } else {
        2
    }
}
