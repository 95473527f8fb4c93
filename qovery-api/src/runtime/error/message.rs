//! The text of an error, for a status and for a body without an explanation.

use http::{HeaderMap, StatusCode};

use crate::runtime::{headers, origin::Origin, text};

/// How many characters of the server's text a message contains.
pub(super) const TEXT_LIMIT: usize = 300;

/// The number of a status, with its name if it has one.
pub(super) fn status_line(status: StatusCode) -> String {
    match (status.canonical_reason(), status.as_u16()) {
        (Some(reason), number) => format!("{number} {reason}"),
        // Not registered; nginx and others send them.
        (None, 499) => "499 Client Closed Request".to_owned(),
        (None, number) => number.to_string(),
    }
}

/// The kind of the received page, with its title.
pub(super) fn web_page(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let title = body
        .split_once("<title>")
        .and_then(|(_, after)| after.split_once("</title>"))
        .map(|(title, _)| text::one_line(title, 80));
    match title {
        Some(title) if !title.is_empty() => {
            format!("a web page was received instead of the API's response, titled {title:?}")
        }
        _ => "a web page was received instead of the API's response".to_owned(),
    }
}

/// The explanation of a failure whose body has none in JSON.
pub(super) fn without_text(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    origin: Origin,
) -> String {
    if !body.is_empty()
        && let Some(message) = headers::compression(headers)
    {
        return message;
    }
    if origin == Origin::WebPage {
        return format!("{}: {}", web_page(body), text::WEB_PAGE_ADVICE);
    }
    let body = String::from_utf8_lossy(body);
    let body = body.trim();
    if !body.is_empty() {
        return text::one_line(body, TEXT_LIMIT);
    }
    explanation(status.as_u16()).to_owned()
}

/// The usual meaning of a status.
fn explanation(status: u16) -> &'static str {
    match status {
        304 => {
            "the server answered \"not modified\" to a request that is not conditional: a cache in \
             front of the API may have answered"
        }
        300..=399 => "the redirect was not followed: check the base URL",
        400 => "the API refused the request without a reason",
        401 => "the token is missing, expired or revoked, or was sent with the wrong scheme",
        403 => "the token does not allow this, or the resource does not exist",
        404 => "the resource does not exist",
        405 => "the server does not allow the method here: check the base URL",
        407 => {
            "a proxy in front of the API requires credentials: set them in the address of the proxy"
        }
        408 => "the server timed out while it waited for the request",
        409 => "the resource exists already or is locked, or another operation is in progress",
        410 => "the resource no longer exists",
        413 => "the body of the request is too large for the server",
        421 => "the server is not responsible for the host of the request: check the base URL",
        423 => "the resource is locked",
        425 => "the server refuses this request before the connection is encrypted",
        429 => "too many requests",
        431 => {
            "the headers of the request are too large for the server: the token or a header that was \
             added may be too long"
        }
        451 => "the server refuses access for legal reasons",
        460 | 499 => "a proxy in front of the API closed the request before the API answered",
        502 => "a proxy in front of the API received no valid response from the API",
        503 => "the API or a proxy in front of it is overloaded or being maintained",
        504 | 522 | 524 | 598 | 599 => {
            "a proxy in front of the API timed out while it waited for the API"
        }
        511 => "the network requires a login before it lets requests through",
        520 | 521 | 523 | 525 | 526 | 530 => {
            "a proxy in front of the API could not reach the API, or did not understand its response"
        }
        500..=599 => "the server failed without a reason",
        _ => "the server gave no reason",
    }
}
