//! The token of a request, sent back by servers and proxies in any encoding.

use std::error::Error as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qovery_api::{
    AccessToken, Call, Error, RawResponse, TransportError,
    http::{HeaderMap, HeaderValue, StatusCode},
};
use serde_json::{Value, json};

use crate::stub::{GetNote, Stub, response, with_header};

/// An API token, a JSON web token, a token with all characters that encoders escape, and short tokens.
const TOKENS: [&str; 7] = [
    "qov_0123456789abcdef",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl",
    "a/b=c&d'e<f>g+h\"i\\j%k",
    "//==&&''<<>>",
    "abc12",
    "Zq9",
    "~",
];

/// Every encoding of the token that may be sent back.
pub(crate) fn spellings(token: &str) -> Vec<String> {
    let each = |write: &dyn Fn(u8) -> String| token.bytes().map(write).collect::<String>();
    let percent = utf8_percent_encode(token, NON_ALPHANUMERIC).to_string();
    let quoted = serde_json::to_string(token).unwrap();
    let json = quoted[1..quoted.len() - 1].to_owned();
    let twice = serde_json::to_string(&json).unwrap();
    let html = token
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    let mut all = vec![
        token.to_owned(),
        json.clone(),
        json.replace('/', "\\/"),
        json.replace('&', "\\u0026")
            .replace('<', "\\u003c")
            .replace('\'', "\\u0027"),
        twice[1..twice.len() - 1].to_owned(),
        utf8_percent_encode(&percent, NON_ALPHANUMERIC).to_string(),
        html.clone(),
        html.replace('/', "&#x2F;").replace('=', "&#61;"),
        html.replace('/', "&sol;").replace('=', "&equals;"),
        utf8_percent_encode(&html, NON_ALPHANUMERIC).to_string(),
        each(&|byte| format!("%{byte:02x}")),
        each(&|byte| format!("%{byte:02X}")),
        each(&|byte| format!("\\u{byte:04x}")),
        each(&|byte| format!("\\u{byte:04X}")),
        each(&|byte| format!("&#{byte};")),
        each(&|byte| format!("&#x{byte:x};")),
        each(&|byte| format!("={byte:02X}")),
        format!("\\u{:04x}{}", token.as_bytes()[0], &json[1..]),
        percent,
    ];
    if token.len() >= 6 {
        use base64::{
            Engine as _,
            engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
        };
        for before in ["", "x", "Token ", "user:"] {
            all.push(STANDARD.encode(format!("{before}{token}")));
            all.push(URL_SAFE_NO_PAD.encode(format!("{before}{token}")));
        }
    }
    all
}

/// Everything that a program can print about an error, also decoded once more, as a terminal or a log viewer may do.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    if let Some(said) = error.api_error() {
        text.push_str(&format!(
            " {said:?} {}",
            serde_json::to_string(said).unwrap()
        ));
        for field in [
            &said.error,
            &said.detail,
            &said.message,
            &said.title,
            &said.path,
        ] {
            text.push_str(field.as_deref().unwrap_or_default());
        }
    }
    if let Some(body) = error.body() {
        text.push_str(&String::from_utf8_lossy(body));
    }
    for value in error.headers().into_iter().flat_map(HeaderMap::values) {
        text.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

fn authorization(token: &str) -> HeaderValue {
    AccessToken::new(token).unwrap().header_value().unwrap()
}

/// The error of a call with this response. The token is removed as in the transport.
async fn failure(token: &'static str, response: RawResponse) -> Error {
    let stub = Stub::new(move |_| {
        let mut response = response.clone();
        response.redact(&authorization(token));
        Ok(response)
    });
    let call = Call::<GetNote>::new(&stub.client(), &[&"x"]);
    call.await.unwrap_err()
}

fn assert_hidden(token: &str, spelling: &str, error: &Error) {
    let shown = shown(error);
    // One or two characters also occur in other text. For such tokens, only the text of the server is checked.
    let marked = [format!("<<{token}>>"), format!("<<{spelling}>>")];
    for secret in &marked {
        assert!(
            !shown.contains(secret.as_str()),
            "{token} as {spelling}: {shown}"
        );
    }
    if token.len() > 5 {
        assert!(!shown.contains(token), "{token} as {spelling}: {shown}");
        assert!(!shown.contains(spelling), "{token} as {spelling}: {shown}");
    }
}

#[tokio::test]
async fn a_failure_does_not_show_the_token_in_any_encoding() {
    for token in TOKENS {
        for spelling in spellings(token) {
            let marked = format!("<<{spelling}>>");
            // The field as it stands in the body. If the body is not JSON, the whole body is the text.
            let bodies = [
                format!("{{\"detail\":\"{marked}\"}}"),
                format!("{{\"message\":\"{marked}\",\"trace\":[{{\"{marked}\":\"{marked}\"}}]}}"),
                json!({"error": marked}).to_string(),
                json!({"title": marked, "path": marked, "more": {"a": [marked]}}).to_string(),
                format!("<html><title>{marked}</title>{marked}"),
                marked.clone(),
                format!("{}{marked}", "x".repeat(8180)),
            ];
            for body in bodies {
                for status in [401, 200] {
                    let response = match status {
                        // A body that is not JSON is also a failure.
                        200 => response(200, &format!("!{body}")),
                        status => response(status, &body),
                    };
                    let response = with_header(response, "x-request-id", &marked);
                    let error = failure(token, response).await;
                    assert_hidden(token, &spelling, &error);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_name_of_a_field_that_cannot_be_decoded_does_not_show_the_token() {
    use std::collections::BTreeMap;

    use qovery_api::{Json, Operation, OperationInfo, http::Method};

    struct GetNumbers;
    impl Operation for GetNumbers {
        type Output = BTreeMap<String, u8>;
        type Format = Json;
        const INFO: &'static OperationInfo =
            &OperationInfo::new("getNumbers", Method::GET, "/numbers");
    }
    for token in TOKENS {
        for spelling in spellings(token) {
            let body = json!({format!("<<{spelling}>>"): "x"}).to_string();
            let stub = Stub::new(move |_| {
                let mut response = response(200, &body);
                response.redact(&authorization(token));
                Ok(response)
            });
            let call = Call::<GetNumbers>::new(&stub.client(), &[]);
            assert_hidden(token, &spelling, &call.await.unwrap_err());
        }
    }
}

#[tokio::test]
async fn a_lost_connection_does_not_show_the_token() {
    for token in TOKENS {
        for spelling in spellings(token) {
            let marked = format!("gone: <<{spelling}>>");
            let stub = Stub::new(move |_| {
                Err(TransportError::interrupted(marked.clone()).redact(&authorization(token)))
            });
            let call = Call::<GetNote>::new(&stub.client(), &[&"x"]);
            assert_hidden(token, &spelling, &call.await.unwrap_err());
        }
    }
}

#[test]
fn the_body_of_a_success_and_texts_without_a_token_are_not_changed() {
    let body = json!({"value": TOKENS[0]}).to_string();
    let mut success = RawResponse::new(StatusCode::OK, HeaderMap::new(), body.clone());
    success.redact(&authorization(TOKENS[0]));
    assert_eq!(success.body, body);
    let text = r#"{"detail":"100% of \u0071 & =3D &amp; %2F \\ none"}"#;
    let mut failure = RawResponse::new(StatusCode::BAD_REQUEST, HeaderMap::new(), text);
    failure.redact(&authorization(TOKENS[0]));
    assert_eq!(failure.body, text);
    let parsed: Value = serde_json::from_slice(&failure.body).unwrap();
    assert!(parsed["detail"].is_string());
}
