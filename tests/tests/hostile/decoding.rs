//! Documents that a library interprets differently than the API.

use qovery_api::{decode, decode_strictly, types, uuid::Uuid};
use serde_json::{Map, Value, json};

use crate::bodies::Server;

const JSON: &str = "content-type: application/json\r\n";

/// A document in a document, and so on: each level is nested almost as deeply as a document may be.
fn nested(levels: usize, key: &str) -> String {
    let mut text = "0".to_owned();
    for _ in 0..levels {
        let inner = format!("{}{text}{}", "[".repeat(120), "]".repeat(120));
        text = format!(r#"{{"{key}": {}}}"#, Value::from(inner));
    }
    format!(r#"{{"a": {text}}}"#)
}

#[test]
fn a_key_that_serde_json_reserves_exhausts_no_stack_and_replaces_no_value() {
    let raw = "$serde_json::private::RawValue";
    let mut documents: Vec<String> = [
        raw,
        r"\u0024serde_json::private::RawValue",
        r"$serde\u005fjson\u003a:private::\u0052awValue",
    ]
    .into_iter()
    .flat_map(|key| [1, 8, 14].map(|levels| nested(levels, key)))
    .collect();
    documents.extend([
        json!({"a": {raw: "[1,"}}).to_string(),
        json!({"a": {raw: 7}}).to_string(),
        json!({"a": {"b": 1, raw: "7"}}).to_string(),
        json!({"a": [{"$serde_json::private::Number": "1"}]}).to_string(),
    ]);
    for document in documents {
        let body = document.as_bytes();
        for error in [
            decode::<Map<String, Value>>(body).unwrap_err(),
            decode_strictly::<Value>(body).unwrap_err(),
            decode::<types::Status>(body).unwrap_err(),
        ] {
            assert!(error.to_string().contains("reserved"), "{error}");
        }
    }
    // As a text it is a text.
    let text = json!({"a": raw, "b": nested(3, raw)});
    assert_eq!(decode::<Value>(text.to_string().as_bytes()).unwrap(), text);
}

#[tokio::test]
async fn neither_a_response_nor_a_refusal_with_a_reserved_key_ends_the_process() {
    let body = nested(9, "$serde_json::private::RawValue");
    for status in ["200 OK", "202 Accepted", "400 Bad Request", "409 Conflict"] {
        let server = Server::of(status, JSON, body.clone()).await;
        let client = server.client();
        let error = client.deploy_environment(Uuid::nil()).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.len() < 100_000, "{}", text.len());
        let environment = qovery_ext::wait::WaitExt::environment(&client, Uuid::nil());
        let within = std::time::Duration::from_secs(1);
        environment.deploy().within(within).await.unwrap_err();
    }
}
