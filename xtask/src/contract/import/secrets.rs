//! Detects fields whose name sounds like that of a secret.
//!
//! Debug output shows a secret field until the overlay sets `x-secret`; new fields are
//! listed for review. Texts are not searched for secrets.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::layer::Layer;
use super::merged::Merged;

/// Words of a name that holds a secret.
const WORDS: [&str; 15] = [
    "apikey",
    "auth",
    "authorization",
    "cert",
    "certificate",
    "credential",
    "credentials",
    "kubeconfig",
    "passphrase",
    "password",
    "passwd",
    "privatekey",
    "pwd",
    "secret",
    "token",
];
/// Words that mean a secret only before `key`.
const KEYS: [&str; 8] = [
    "access",
    "account",
    "api",
    "encryption",
    "private",
    "secret",
    "signing",
    "ssh",
];
/// Last words of names that describe a secret and hold none.
const ABOUT: [&str; 18] = [
    "at",
    "by",
    "count",
    "date",
    "enabled",
    "expiration",
    "expiry",
    "id",
    "ids",
    "kind",
    "length",
    "mode",
    "name",
    "path",
    "status",
    "ttl",
    "type",
    "url",
];

/// Whether a field of this name may hold a secret.
pub(crate) fn sounds_secret(name: &str) -> bool {
    let words = words(name);
    if words
        .last()
        .is_some_and(|last| ABOUT.contains(&last.as_str()))
    {
        return false;
    }
    let is_plural_key = |word: &str| matches!(word, "key" | "keys");
    let pairs = words.windows(2).any(|pair| match pair {
        [first, second] => KEYS.contains(&first.as_str()) && is_plural_key(second),
        _ => false,
    });
    let singular = |word: &str| word.strip_suffix('s').unwrap_or(word).to_owned();
    pairs
        || words
            .iter()
            .any(|word| WORDS.contains(&word.as_str()) || WORDS.contains(&singular(word).as_str()))
}

/// The words of a name in lower case, whatever separates them.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let begins = letter.is_uppercase() && before.is_some_and(|before| before.is_lowercase());
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Fields of texts whose names suggest secrets and that the contract did not have before.
pub(super) fn new(before: Option<&Layer>, after: &Merged) -> Vec<String> {
    let mut known = BTreeSet::new();
    if let Some(before) = before {
        fields_of(&before.schemas, &mut known);
    }
    let mut found = BTreeSet::new();
    fields_of(&after.schemas, &mut found);
    found.difference(&known).cloned().collect()
}

fn fields_of(schemas: &Map<String, Value>, into: &mut BTreeSet<String>) {
    for (name, schema) in schemas {
        fields(schema, name, into);
    }
}

fn fields(schema: &Value, place: &str, into: &mut BTreeSet<String>) {
    for (name, value) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let inner = format!("{place}.{name}");
        if sounds_secret(name) && may_be_text(value) {
            into.insert(inner.clone());
        }
        fields(value, &inner, into);
    }
    for keyword in ["allOf", "oneOf", "anyOf"] {
        for part in schema
            .get(keyword)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            fields(part, place, into);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(keyword) {
            fields(inner, place, into);
        }
    }
}

/// Whether the value may be a text, or a list or map of texts.
fn may_be_text(schema: &Value) -> bool {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => schema.get("enum").is_none(),
        Some("array") => schema.get("items").is_some_and(may_be_text),
        Some("object") => schema.get("additionalProperties").is_some_and(may_be_text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_name_suggest_a_secret_in_any_spelling() {
        for name in [
            "password",
            "apiKey",
            "api_key",
            "AWS_SECRET_ACCESS_KEY",
            "secretAccessKey",
            "token",
            "tokens",
            "kubeconfig",
            "json_credentials",
            "client-secret",
            "private_key",
        ] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in [
            "token_id",
            "secret_name",
            "key",
            "tokenizer",
            "author",
            "password_enabled",
            "secretary",
            "credentials_id",
            "sort_key",
            "access",
        ] {
            assert!(!sounds_secret(name), "{name}");
        }
    }
}
