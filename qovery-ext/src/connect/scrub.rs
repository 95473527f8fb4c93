//! Keeps the token out of what a failure says.
//!
//! Some proxies and debugging servers repeat the request in their error page, and an error shows the
//! beginning of that page. Not for successes: their bodies are data, and are left as they are.

use qovery_api::{RawResponse, http::HeaderValue};

/// Shorter tokens are none, and would be found in any text.
const SHORTEST: usize = 6;

const INSTEAD: &[u8] = b"[redacted]";

/// Takes the token of this `Authorization` header out of the body of a failure.
pub(super) fn scrub(response: &mut RawResponse, authorization: &HeaderValue) {
    if response.status.is_success() {
        return;
    }
    let bytes = authorization.as_bytes();
    let start = bytes
        .iter()
        .position(|byte| *byte == b' ')
        .map_or(0, |blank| blank + 1);
    let Some(token) = bytes.get(start..).filter(|token| token.len() >= SHORTEST) else {
        return;
    };
    if let Some(clean) = replaced(&response.body, token) {
        response.body = clean.into();
    }
}

/// The text with each occurrence of `token` replaced, if there is one.
fn replaced(text: &[u8], token: &[u8]) -> Option<Vec<u8>> {
    let mut clean = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(token.len()).position(|window| window == token) {
        let (before, after) = rest.split_at(at);
        clean.extend_from_slice(before);
        clean.extend_from_slice(INSTEAD);
        rest = after.get(token.len()..).unwrap_or_default();
    }
    if rest.len() == text.len() {
        return None;
    }
    clean.extend_from_slice(rest);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use qovery_api::http::{HeaderMap, StatusCode};

    use super::*;

    fn body(status: u16, body: &'static str, authorization: &'static str) -> String {
        let status = StatusCode::from_u16(status).unwrap();
        let mut response = RawResponse::new(status, HeaderMap::new(), body);
        scrub(&mut response, &HeaderValue::from_static(authorization));
        String::from_utf8(response.body.to_vec()).unwrap()
    }

    #[test]
    fn a_failure_does_not_repeat_the_token() {
        let authorization = "Token qov_s3cret";
        for (text, clean) in [
            ("qov_s3cret", "[redacted]"),
            ("no token qov_s3cret.", "no token [redacted]."),
            (
                "qov_s3cretqov_s3cret!qov_s3cre",
                "[redacted][redacted]!qov_s3cre",
            ),
            ("nothing of the kind", "nothing of the kind"),
            ("", ""),
        ] {
            assert_eq!(body(401, text, authorization), clean);
            assert_eq!(body(502, text, authorization), clean);
        }
    }

    #[test]
    fn a_success_and_a_word_that_is_no_token_are_left_alone() {
        assert_eq!(body(200, "qov_s3cret", "Token qov_s3cret"), "qov_s3cret");
        assert_eq!(body(400, "a bad request", "Token a"), "a bad request");
        assert_eq!(body(400, "qov_s3cret", "qov_s3cret"), "[redacted]");
    }
}
