//! Reads operation tokens: the input as text, as bytes behind a valid beginning, and as JSON.
//!
//! A token that can be read is written as the same token. An error controls no terminal. With a server that
//! only fails, no token leads to a success.

use std::time::Duration;

use super::{assert_harmless, assert_no_control, client, run};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use qovery_api::{
    RawResponse,
    http::{HeaderMap, StatusCode},
};
use qovery_ext::wait::{OperationToken, TokenError, WaitExt};

/// Runs the target with one input; panics if a property does not hold.
pub fn check_input(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        check(text.parse());
    }
    let encoded = URL_SAFE_NO_PAD.encode(input);
    let version = OperationToken::VERSION;
    check(format!("qovery-op-{version}-{encoded}").parse());
    // The message of the error comes from serde_json.
    if let Ok(token) = serde_json::from_slice::<OperationToken>(input) {
        check(Ok(token));
    }
}

fn check(read: Result<OperationToken, TokenError>) {
    let token = match read {
        Ok(token) => token,
        Err(error) => {
            assert_harmless(&error.to_string());
            return assert_no_control(&format!("{error:?}"));
        }
    };
    assert_no_control(&format!("{token:?}"));
    let text = token.to_string();
    assert_harmless(&text);
    if text.len() <= OperationToken::MAX_LENGTH {
        let again: OperationToken = text.parse().expect("what was written can be read");
        assert_eq!(again.to_string(), text);
    }
    let form = serde_json::to_string(&token).expect("a token can be written");
    let again: OperationToken = serde_json::from_str(&form).expect("what was written can be read");
    assert_eq!(again.to_string(), text);

    let client = client(|_| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Ok(RawResponse::new(status, HeaderMap::new(), ""))
    });
    if let Ok(action) = client.resume(token) {
        let outcome = run(async { action.within(Duration::from_secs(60)).await });
        let error = outcome.expect_err("nothing was observed");
        assert_harmless(&error.to_string());
        assert_no_control(&format!("{error:?}"));
    }
}
