//! The responses that an operation declares, by status.

use serde_json::{Map, Value};

use super::Document;
use super::pointer::escape;
use crate::problem::Problem;

/// A response, or a reference to one.
pub(crate) struct Response<'v> {
    /// The status, a range in capitals, or `default`.
    pub(crate) status: String,
    pub(crate) value: &'v Value,
    pub(crate) pointer: String,
}

/// The responses of an operation.
///
/// # Errors
/// Returns an error if a status is invalid, or is declared twice.
pub(crate) fn by_status<'v>(
    document: &Document,
    operation: &'v Map<String, Value>,
    pointer: &str,
) -> Result<Vec<Response<'v>>, Problem> {
    let all = operation.get("responses").unwrap_or(&Value::Null);
    let declared = all.as_object().into_iter().flatten();
    let mut found: Vec<Response<'_>> = Vec::new();
    for (key, value) in declared.filter(|(status, _)| !status.starts_with("x-")) {
        let status = key.to_ascii_uppercase().replace("DEFAULT", "default");
        let pointer = format!("{pointer}/responses/{}", escape(key));
        let refused = |what: String| {
            Problem::at(document, &pointer, what).with_help(
                "write a status such as `200`, a range such as `2XX`, or `default`, once",
            )
        };
        if !is_status(&status) {
            return Err(refused(format!("`{key}` is not a status")));
        }
        if found.iter().any(|known| known.status == status) {
            return Err(refused(format!("the status `{status}` is declared twice")));
        }
        found.push(Response {
            status,
            value,
            pointer,
        });
    }
    Ok(found)
}

/// Whether this is a status from 100 to 599, a range of them, or `default`.
fn is_status(status: &str) -> bool {
    match status.as_bytes() {
        b"default" => true,
        [b'1'..=b'5', rest @ ..] => {
            rest == b"XX" || rest.len() == 2 && rest.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::contract::source;

    fn read(responses: &str) -> Result<Vec<String>, String> {
        let text = format!("get:\n  responses: {responses}\n");
        let document = source::parse(Path::new("a.yaml"), text).expect("readable");
        let operation = document.value["get"].as_object().expect("a mapping");
        let found = by_status(&document, operation, "/get");
        let found = found.map_err(|problem| problem.to_string())?;
        Ok(found.into_iter().map(|response| response.status).collect())
    }

    #[test]
    fn a_status_is_a_number_a_range_or_the_default() {
        let found = read("{200: {}, '201': {}, 4xx: {}, 5XX: {}, Default: {}, x-note: 1}");
        assert_eq!(found.unwrap(), ["200", "201", "4XX", "5XX", "default"]);
    }

    #[test]
    fn another_key_is_refused_with_its_location() {
        for key in [
            "0o310", "0xC8", "2_00", "+200", "200.0", "2e2", "020", "~", "3:20", "600", "20", "ok",
        ] {
            let message = read(&format!("{{200: {{}}, {key}: {{}}}}")).unwrap_err();
            assert!(
                message.starts_with("a.yaml:2: /get/responses/"),
                "{message}"
            );
            assert!(
                message.contains(&format!("`{key}` is not a status")),
                "{message}"
            );
        }
        let message = read("{4xx: {}, 4XX: {}}").unwrap_err();
        assert!(message.contains("`4XX` is declared twice"), "{message}");
    }
}
