//! Every field whose name suggests a secret is secret, and so are other fields that hold one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::collections::BTreeSet;

use integration_tests::document;
use qovery_api::bytes::Bytes;
use qovery_api::{Operation, ResponseFormat, operations, types};
use serde_json::{Map, Value, json};

/// Words in the name of a field that suggest a secret.
const SUSPICIOUS_WORDS: &[&str] = &[
    "auth",
    "cert",
    "certificate",
    "certificates",
    "certs",
    "code",
    "credential",
    "credentials",
    "cvv",
    "header",
    "headers",
    "jwt",
    "key",
    "keys",
    "kubeconfig",
    "link",
    "passphrase",
    "password",
    "private",
    "secret",
    "secrets",
    "signature",
    "token",
    "tokens",
    "webhook",
];

/// Fields whose names suggest a secret, and their real meaning.
const HARMLESS: &[(&str, &str)] = &[
    (
        "access_key",
        "names a key, whose secret part is another field",
    ),
    (
        "access_key_id",
        "names a key, whose secret part is another field",
    ),
    ("auth_username", "a user name"),
    (
        "aws_access_key_id",
        "names a key, whose secret part is another field",
    ),
    ("certs_secret_name", "the name of a secret"),
    ("cluster_self_link", "the name of a cluster at its provider"),
    ("code", "the kind of a violation"),
    ("componentKey", "the name of a component"),
    ("componentKeys", "the names of components"),
    ("country_code", "a country"),
    ("currency_code", "a currency"),
    ("default_ssl_certificate", "the name of a secret"),
    ("external_secret_name", "the name of a secret"),
    ("git_token_id", "an identifier"),
    ("git_token_name", "the name of a token"),
    ("header_names", "names without values"),
    (
        "invitation_link",
        "of a referral, which is made to be published",
    ),
    ("key", "the name of a variable, a label or a field"),
    ("key_prefix", "the beginning of the names of objects"),
    ("link", "an address in the documentation"),
    (
        "network.ingress.basic_auth_env_var",
        "the name of a variable",
    ),
    ("network.ingress.cors_allow_headers", "names without values"),
    (
        "scaleway_access_key",
        "names a key, whose secret part is another field",
    ),
    ("spec_config_secret", "the name of a secret"),
    ("ssh_keys", "public keys"),
    ("templateKey", "the name of a template"),
    ("webhook_ip_allowlist", "addresses of networks"),
];

/// Fields that are secret in some schemas only, and their meaning in the others.
const HARMLESS_ELSEWHERE: &[(&str, &str)] = &[
    ("code", "the kind of a violation"),
    ("content", "the text of a readme or of a Dockerfile"),
    (
        "invitation_link",
        "of a referral, which is made to be published",
    ),
    ("url", "of a repository, a registry, a server or a page"),
    (
        "value",
        "of a label, an annotation, a setting, or of a variable that is not a secret",
    ),
    ("values", "what a node may have"),
    (
        "variables",
        "of a blueprint, each with a value that is a secret",
    ),
];

fn names(explained: &[(&'static str, &str)]) -> BTreeSet<&'static str> {
    explained.iter().map(|(name, _)| *name).collect()
}

/// Calls `visit` with each property that is declared anywhere in the contract.
fn each_property<'a>(value: &'a Value, visit: &mut impl FnMut(&'a str, &'a Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            let properties = map.get("properties").and_then(Value::as_object);
            for (name, schema) in properties.into_iter().flatten() {
                if let Some(schema) = schema.as_object() {
                    visit(name, schema);
                }
            }
            map.values().for_each(|inner| each_property(inner, visit));
        }
        Value::Array(list) => list.iter().for_each(|inner| each_property(inner, visit)),
        _ => {}
    }
}

/// The items of a list or a map.
fn parts(schema: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    ["items", "additionalProperties"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword)?.as_object())
}

/// Whether the schema is free text, or a list or a map of free text.
fn is_free_text(schema: &Map<String, Value>) -> bool {
    let format = schema.get("format").and_then(Value::as_str);
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => {
            !schema.contains_key("enum") && !matches!(format, Some("uuid" | "date" | "date-time"))
        }
        Some("array") => parts(schema).any(is_free_text),
        Some("object") => {
            !schema.contains_key("properties") && parts(schema).next().is_none_or(is_free_text)
        }
        _ => false,
    }
}

fn is_secret(schema: &Map<String, Value>) -> bool {
    schema.get("x-secret") == Some(&json!(true))
        || schema.get("format") == Some(&json!("password"))
        || parts(schema).any(is_secret)
}

fn words(name: &str) -> impl Iterator<Item = String> {
    let spaced: String = name
        .chars()
        .flat_map(|letter| {
            let space = (letter.is_uppercase() || !letter.is_alphanumeric()).then_some(' ');
            let letter = letter
                .is_alphanumeric()
                .then_some(letter.to_ascii_lowercase());
            space.into_iter().chain(letter)
        })
        .collect();
    let words: Vec<String> = spaced.split_whitespace().map(str::to_owned).collect();
    words.into_iter()
}

#[test]
fn a_field_whose_name_suggests_a_secret_is_secret_or_listed_as_harmless() {
    let contract = document::contract();
    let mut unmarked = BTreeSet::new();
    each_property(&contract, &mut |name, schema| {
        let sounds = words(name).any(|word| SUSPICIOUS_WORDS.contains(&word.as_str()));
        if sounds && is_free_text(schema) && !is_secret(schema) {
            unmarked.insert(name);
        }
    });
    assert_eq!(
        unmarked,
        names(HARMLESS),
        "mark a new one with `x-secret` in the overlay, or list it here with its meaning"
    );
}

#[test]
fn a_field_that_is_secret_in_a_request_is_secret_in_the_response() {
    let contract = document::contract();
    let (mut secret, mut free) = (BTreeSet::new(), BTreeSet::new());
    each_property(&contract, &mut |name, schema| {
        if is_secret(schema) {
            secret.insert(name);
        } else if is_free_text(schema) {
            free.insert(name);
        }
    });
    let both: BTreeSet<&str> = secret.intersection(&free).copied().collect();
    assert_eq!(
        both,
        names(HARMLESS_ELSEWHERE),
        "mark it with `x-secret` everywhere in the overlay, or list it here with its other meaning"
    );
}

#[test]
fn debug_redacts_the_values_of_a_chart() {
    let values = json!({
        "set": [["db.password", "s3cret-1"]],
        "set_string": [["db.password", "s3cret-2"]],
        "set_json": [["db", "{\"password\": \"s3cret-3\"}"]],
        "file": {"raw": {"values": [{"name": "values.yaml", "content": "password: s3cret-4"}]}},
    });
    let request: types::HelmRequestValuesOverride = serde_json::from_value(values.clone()).unwrap();
    let response: types::HelmResponseValuesOverride =
        serde_json::from_value(values.clone()).unwrap();
    let shown = format!("{request:?} {response:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(shown.matches("[redacted]").count(), 8, "{shown}");
    assert!(shown.contains("values.yaml"), "{shown}");
    assert_eq!(serde_json::to_value(&request).unwrap(), values);
    assert_eq!(serde_json::to_value(&response).unwrap(), values);
}

#[test]
fn debug_redacts_headers_that_a_proxy_adds() {
    let settings = json!({"network.ingress.extra_headers": "{\"Authorization\": \"s3cret\"}"});
    let of_application: types::ApplicationAdvancedSettings =
        serde_json::from_value(settings.clone()).unwrap();
    let of_container: types::ContainerAdvancedSettings =
        serde_json::from_value(settings.clone()).unwrap();
    let of_helm: types::HelmAdvancedSettings = serde_json::from_value(settings).unwrap();
    let shown = format!("{of_application:?} {of_container:?} {of_helm:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(shown.matches("[redacted]").count(), 3, "{shown}");
}

/// The `Debug` output of the decoded body of a response.
fn shown<O>(body: &'static str) -> String
where
    O: Operation<Output: std::fmt::Debug>,
    O::Format: ResponseFormat<O::Output>,
{
    let body = Bytes::from_static(body.as_bytes());
    format!("{:?}", O::Format::decode(&body).expect("it is text"))
}

#[test]
fn debug_redacts_a_text_that_gives_access() {
    for shown in [
        shown::<operations::GetClusterKubeconfig>("users: [{user: {token: s3cret}}]"),
        shown::<operations::GetInstallationHelmValues>("qovery: {jwt: s3cret}"),
    ] {
        assert_eq!(shown, "[redacted]");
    }
    let harmless = shown::<operations::CreateHelmDefaultValues>("replicas: 2");
    assert!(harmless.contains("replicas"), "{harmless}");
}
