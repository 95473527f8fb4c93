//! Default texts: created by rule if OpenAPI requires a text and no better one exists.
//!
//! An import does not keep them, because they are derived from the facts.

use serde_json::{Map, Value};

/// The name and the text of the shared response for a failure.
pub(super) fn failure(code: &str) -> (String, String) {
    let known = match code {
        "400" => (
            "BadRequest",
            "The request is malformed or its content is not acceptable.",
        ),
        "401" => (
            "Unauthorized",
            "The token is missing, malformed, expired or unknown.",
        ),
        "403" => (
            "Forbidden",
            "The token does not allow this, or the resource does not exist.",
        ),
        "404" => ("NotFound", "The resource does not exist."),
        "409" => (
            "Conflict",
            "The request contradicts the current state of the resource.",
        ),
        "412" => (
            "PreconditionFailed",
            "A condition that the operation depends on is not met.",
        ),
        "422" => (
            "UnprocessableContent",
            "The request is well-formed but cannot be carried out.",
        ),
        "429" => (
            "TooManyRequests",
            "Too many requests in a short time: wait before the next one.",
        ),
        "500" => ("InternalServerError", "The server failed unexpectedly."),
        "502" => (
            "BadGateway",
            "A service behind the API answered with an error or not at all.",
        ),
        "503" => (
            "ServiceUnavailable",
            "The API cannot answer for the moment.",
        ),
        "504" => (
            "GatewayTimeout",
            "A service behind the API did not answer in time.",
        ),
        "default" => ("Failure", "The request failed."),
        _ => {
            return (
                format!("Status{code}"),
                format!("The request failed with status {code}."),
            );
        }
    };
    (known.0.to_owned(), known.1.to_owned())
}

/// Whether a status code of the contract means a failure.
pub(super) fn is_failure(code: &str) -> bool {
    code == "default" || code.starts_with(['4', '5'])
}

/// The description of a response that has none of ours.
pub(super) fn response(code: &str, response: &Map<String, Value>) -> String {
    if is_failure(code) {
        failure(code).1
    } else if code.starts_with('3') {
        "The resource is at another address.".to_owned()
    } else if response.contains_key("content") {
        "Success".to_owned()
    } else {
        "Success, without a body".to_owned()
    }
}

/// The summary of an operation that has none of ours, made from its id or, without one, from
/// method and path. At most 80 characters.
pub(super) fn summary(id: Option<&str>, method: &str, path: &str) -> String {
    let words = match id {
        Some(id) => words(id),
        None => words(&format!("{method} {}", path.replace(['/', '{', '}'], " "))),
    };
    let mut summary = String::new();
    for word in words {
        if summary.len() + 1 + word.len() > 80 {
            break;
        }
        match summary.is_empty() {
            true => summary.extend(
                word.chars()
                    .next()
                    .into_iter()
                    .flat_map(char::to_uppercase)
                    .chain(word.chars().skip(1)),
            ),
            false => {
                summary.push(' ');
                summary.push_str(&word);
            }
        }
    }
    summary
}

/// The words of an identifier; runs of capitals are kept as they are.
fn words(id: &str) -> Vec<String> {
    let letters: Vec<char> = id.chars().collect();
    let mut words = vec![String::new()];
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        let begins = letter.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || after.is_some_and(|after| after.is_lowercase()));
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.push(*letter);
        }
    }
    let acronym = |word: &str| word.len() > 1 && word.chars().all(|c| !c.is_lowercase());
    let kept = words.into_iter().filter(|word| !word.is_empty());
    kept.map(|word| {
        if acronym(&word) {
            word
        } else {
            word.to_lowercase()
        }
    })
    .collect()
}

/// Whether the text under `keyword` at `place` is a default text.
pub(super) fn is_made(keyword: &str, text: &Value, map: &Map<String, Value>, place: &str) -> bool {
    let Some(text) = text.as_str() else {
        return false;
    };
    if keyword == "summary" {
        let id = map.get("operationId").and_then(Value::as_str);
        let (method, path) = place.split_once(' ').unwrap_or_default();
        return text == summary(id, method, path);
    }
    if let Some(name) = place.strip_prefix("shared response ") {
        return failure_codes().any(|code| failure(&code) == (name.to_owned(), text.to_owned()));
    }
    place
        .rsplit_once(" response ")
        .is_some_and(|(_, code)| text == response(code, map))
}

fn failure_codes() -> impl Iterator<Item = String> {
    (400..600)
        .map(|code| code.to_string())
        .chain(["default", "4XX", "5XX"].map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_made_from_the_words_of_the_id() {
        for (id, expected) in [
            ("getAccountInformation", "Get account information"),
            ("listDOFeatures", "List DO features"),
            ("UpdateCluster", "Update cluster"),
            ("get-cluster-logs", "Get cluster logs"),
            ("getOrganizationInvoicePDF", "Get organization invoice PDF"),
            ("listEnvironmentV2", "List environment V2"),
        ] {
            assert_eq!(summary(Some(id), "get", "/x"), expected);
        }
        assert_eq!(summary(None, "GET", "/a/{id}/b"), "GET a id b");
        let long = format!("do{}", "AnotherThing".repeat(20));
        assert!(summary(Some(&long), "get", "/x").len() <= 80);
    }

    #[test]
    fn every_failure_has_a_name_and_a_text() {
        for code in failure_codes() {
            let (name, text) = failure(&code);
            assert!(!name.is_empty() && text.ends_with('.'), "{code}");
        }
    }
}
