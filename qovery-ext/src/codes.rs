//! The exit codes: the table of [`exit_code`](crate::exit_code).

/// The goal was reached.
pub(crate) const REACHED: u8 = 0;
/// The operation failed, was canceled or was superseded.
pub(crate) const FAILED: u8 = 1;
/// The outcome is unknown. A later call may show it.
pub(crate) const UNKNOWN: u8 = 2;
/// The API, or a check before a request, refused.
pub(crate) const REFUSED: u8 = 3;
/// A signal stopped the program.
#[cfg(any(feature = "display", feature = "preview"))]
pub(crate) const INTERRUPTED: u8 = 130;

/// The code for the error of a call: unknown if a later call may succeed (no response of the API, a 5xx, a 429, a
/// response that cannot be read), refused otherwise.
pub(crate) fn of_call(error: &qovery_api::Error) -> u8 {
    if let Some(error) = error.transport_error() {
        return of_transport(error);
    }
    let is_refused_by_api = error.is_from_api()
        && error.is_api()
        && !error.is_server_error()
        && !error.is_rate_limited();
    if error.is_invalid_request() || is_refused_by_api {
        REFUSED
    } else {
        UNKNOWN
    }
}

/// The code for a request without a response: unknown, unless the request was refused before it was sent.
pub(crate) fn of_transport(error: &qovery_api::TransportError) -> u8 {
    if error.is_refused() { REFUSED } else { UNKNOWN }
}

/// The code for several errors: a known failure is more useful than a refusal, and a refusal than an unknown outcome.
/// `None` if there is no error.
pub(crate) fn of_several(codes: impl Iterator<Item = u8>) -> Option<u8> {
    codes.min_by_key(|code| match *code {
        FAILED => 0,
        REFUSED => 1,
        _ => 2,
    })
}
