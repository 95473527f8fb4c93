//! Prints a changed response: with hostile texts in it, and with the token of the request in several encodings.
//!
//! No printed text controls a terminal or a CI runner, and none shows the token.

use std::fmt::Debug;

use super::{assert_harmless, assert_no_control, client, hostile_texts, run};
use qovery_api::{
    Call, Json, Operation, OperationInfo, RawResponse, TransportError,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    types,
};
use serde_json::Value;

const TOKEN: &str = "qov_a/b=c&d'e<f";

const ENVIRONMENT: &str = r#"{"id":"00000000-0000-4000-8000-000000000001","created_at":"2026-01-01T00:00:00Z",
"name":"n","project":{"id":"00000000-0000-4000-8000-000000000002"},"cloud_provider":{"provider":"AWS","cluster":"c"},
"mode":"PREVIEW","cluster_id":"00000000-0000-4000-8000-000000000004","cluster_name":"m"}"#;
const REFUSAL: &str = r#"{"timestamp":"2026-01-01T00:00:00Z","status":400,"error":"Bad Request","message":"m",
"detail":"d","title":"t","path":"/p","trace":[{"a":"b"}]}"#;

const STATUSES: [u16; 12] = [200, 200, 201, 302, 400, 401, 403, 404, 409, 429, 500, 503];
const MEDIA: [&str; 4] = ["application/json", "text/html", "text/plain", ""];

struct GetEnvironment;

impl Operation for GetEnvironment {
    type Output = types::Environment;
    type Format = Json;
    const INFO: &'static OperationInfo = &OperationInfo::new(
        "getEnvironment",
        Method::GET,
        "/environment/{environmentId}",
    );
}

/// Runs the target with one input; panics if a property does not hold.
pub fn check_input(input: &[u8]) {
    let [status, media, lost, rest @ ..] = input else {
        return;
    };
    let status = StatusCode::from_u16(one_of(&STATUSES, *status)).expect("a status");
    let base = if status.is_success() {
        ENVIRONMENT
    } else {
        REFUSAL
    };
    let body = changed(base, rest);
    let media = one_of(&MEDIA, *media);
    let is_lost = lost % 16 == 0;
    let client = client(move |_| {
        let token = HeaderValue::from_static("Token qov_a/b=c&d'e<f");
        if is_lost {
            return Err(TransportError::interrupted(body.clone()).redact(&token));
        }
        let mut headers = HeaderMap::new();
        if !media.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        }
        // The part of the body that a header can contain.
        if let Ok(value) = HeaderValue::from_str(&body) {
            headers.insert("x-request-id", value);
        }
        let mut response = RawResponse::new(status, headers, body.clone());
        response.redact(&token);
        Ok(response)
    });
    let call = Call::<GetEnvironment>::new(&client, &[&"x"]);
    match run(async { call.await }) {
        // The body of a success is data. It may contain the token, but must not control a terminal.
        Ok(environment) => assert_no_control(&debug(&environment)),
        Err(error) => {
            assert_harmless(&error.to_string());
            let mut shown = vec![error.to_string(), debug(&error)];
            if let Some(said) = error.api_error() {
                shown.push(debug(said));
            }
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                assert_harmless(&error.to_string());
                shown.extend([error.to_string(), debug(error)]);
                cause = error.source();
            }
            for text in shown {
                assert_no_control(&text);
                assert!(!text.contains(TOKEN), "{text}");
                // The first twelve characters: if less of a token is left, it is not recognized.
                assert!(!text.contains("qov_a%2Fb%3Dc%26d%27"), "{text}");
                assert!(!text.contains("qov_a/b=c&amp;d&#39;"), "{text}");
            }
        }
    }
}

fn debug<T: Debug + ?Sized>(value: &T) -> String {
    format!("{value:?}{value:#?}")
}

/// Changes texts, names and bytes of the document. Three bytes of the input select a change, a field and a
/// text.
fn changed(base: &str, steps: &[u8]) -> String {
    let mut document: Value = serde_json::from_str(base).expect("JSON");
    let mut texts = hostile_texts();
    texts.extend([
        TOKEN.to_owned(),
        "qov_a%2Fb%3Dc%26d%27e%3Cf".to_owned(),
        "qov_a/b=c&amp;d&#39;e&lt;f".to_owned(),
        serde_json::to_string(TOKEN).unwrap_or_default(),
    ]);
    for step in steps.chunks_exact(3).take(24) {
        let &[kind, place, text] = step else {
            continue;
        };
        let Some(fields) = document.as_object_mut() else {
            break;
        };
        let name = fields.keys().nth(usize::from(place) % fields.len().max(1));
        let Some(name) = name.cloned() else {
            break;
        };
        let text = texts.get(usize::from(text) % texts.len()).cloned();
        let text = text.unwrap_or_default();
        match kind % 8 {
            0 | 1 => drop(fields.insert(name, text.into())),
            2 => drop(fields.insert(text, Value::Null)),
            3 => drop(fields.insert(name, serde_json::json!({text: [1.5, null]}))),
            4 => drop(fields.shift_remove(&name)),
            5 => {
                let before = fields.get(&name).and_then(Value::as_str);
                let joined = format!("{}{text}", before.unwrap_or_default());
                fields.insert(name, joined.into());
            }
            6 => {
                // The document is not JSON, or a part of JSON.
                let mut cut = document.to_string();
                let at = usize::from(place) % cut.len().max(1);
                let at = (0..=at).rev().find(|at| cut.is_char_boundary(*at));
                cut.truncate(at.unwrap_or_default());
                cut.push_str(&text);
                return cut;
            }
            _ => {
                let value = fields.remove(&name).unwrap_or_default();
                fields.insert(text, value);
            }
        }
    }
    document.to_string()
}

fn one_of<T: Copy + Default>(all: &[T], number: u8) -> T {
    let chosen = all.get(usize::from(number) % all.len().max(1));
    chosen.copied().unwrap_or_default()
}
