//! Puts the input as an unknown field into every level of a response, decodes it, and makes requests from it.
//!
//! The text of the field is sent back byte for byte, and as often as it was received.

use qovery_api::{ModelExt, decode, types};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// `@` is replaced by the input.
const APPLICATION: &str = r#"{"id":"00000000-0000-4000-8000-000000000001","created_at":"2026-01-01T00:00:00Z",
"environment":{"id":"00000000-0000-4000-8000-000000000002"},"name":"n","healthchecks":{"next_years_field":@,
"liveness_probe":{"next_years_field":@,"type":{"http":{"next_years_field":@,"path":"/","scheme":"HTTP"}}}},
"storage":[{"id":"00000000-0000-4000-8000-000000000003","type":"FAST_SSD","size":10,"mount_point":"/m","next_years_field":@}],
"icon_uri":"i","service_type":"APPLICATION","git_repository":{"url":"u","branch":"b","provider":"GITHUB","owner":"o","name":"n","next_years_field":@},
"next_years_field":@}"#;
const ENVIRONMENT: &str = r#"{"id":"00000000-0000-4000-8000-000000000001","created_at":"2026-01-01T00:00:00Z",
"name":"n","project":{"id":"00000000-0000-4000-8000-000000000002","next_years_field":@},"cloud_provider":
{"provider":"AWS","next_years_field":@},"mode":"PREVIEW","cluster_id":"00000000-0000-4000-8000-000000000004",
"next_years_field":@}"#;

/// The beginning of the keys that serde_json reserves.
const RESERVED: &str = "$serde_json::private::";

/// Runs the target with one input; panics if a property does not hold.
pub fn check_input(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return;
    }
    // The field is sent back without the surrounding white space.
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let Some(application) = check::<types::Application>(APPLICATION, text) else {
        return;
    };
    // The levels that the request also has.
    let request = types::ApplicationEditRequest::from(application);
    assert!(count(&request, text) >= 4, "{request:?}");
    let Some(environment) = check::<types::Environment>(ENVIRONMENT, text) else {
        panic!("one document was decoded and the other one was not: {text}");
    };
    let request = types::EnvironmentEditRequest::from(environment);
    assert!(count(&request, text) >= 1, "{request:?}");
    assert_eq!(count(&request.without_extra(), text), 0);
}

/// Decodes the document and encodes it again; `None` for a key that is refused because serde_json reserves it.
fn check<T: Serialize + DeserializeOwned + PartialEq>(document: &str, text: &str) -> Option<T> {
    let document = document.replace('@', text);
    let value: T = match decode(document.as_bytes()) {
        Ok(value) => value,
        Err(error) if error.to_string().contains(RESERVED) => return None,
        Err(error) => panic!("{error}: {document}"),
    };
    let came = document.matches(&field(text)).count();
    assert_eq!(count(&value, text), came, "{document}");
    let encoded = serde_json::to_vec(&value).expect("a model can be encoded");
    assert!(decode::<T>(&encoded).is_ok_and(|again| again == value));
    Some(value)
}

fn field(text: &str) -> String {
    format!("\"next_years_field\":{text}")
}

fn count<T: Serialize>(value: &T, text: &str) -> usize {
    let encoded = serde_json::to_string(value).expect("a model can be encoded");
    encoded.matches(&field(text)).count()
}
