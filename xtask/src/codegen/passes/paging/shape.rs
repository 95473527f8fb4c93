//! Recognizes how an operation pages, from its parameters.
//!
//! See `page` for the structure of a page.

use crate::codegen::model::{Location, OperationModel, ParameterModel};
use crate::problem::Problem;

/// How an operation pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    StartId,
    ContinueToken,
    Window { default_size: u32 },
}

/// The query parameters of the known shapes, as the contract writes them.
pub(super) const START_ID: &str = "startId";
pub(super) const FORWARD: &str = "continueToken";
pub(super) const BACKWARD: &str = "stepBackToken";
pub(super) const SIZE: &str = "pageSize";

/// Names of paging parameters in other APIs, in lower case without separators.
const SUSPECTS: &[&str] = &[
    "after",
    "batch",
    "before",
    "count",
    "endcursor",
    "endingbefore",
    "first",
    "from",
    "index",
    "last",
    "limit",
    "marker",
    "maxresults",
    "next",
    "nexttoken",
    "perpage",
    "position",
    "previous",
    "rows",
    "since",
    "size",
    "skip",
    "start",
    "startingafter",
    "to",
    "token",
    "top",
    "until",
];

/// Parts of names that mean paging wherever they occur.
const SUSPICIOUS_PARTS: &[&str] = &[
    "cursor", "offset", "page", "continue", "startid", "stepback",
];

/// Parameters that look like paging and are not: the operation, the parameter, and why.
const NOT_PAGING: &[(&str, &str, &str)] = &[
    ("get-cluster-logs", "start", "a point in time"),
    ("get-cluster-logs", "since", "a span of time"),
    (
        "get-cluster-logs",
        "limit",
        "how many lines to read; where to begin is a time",
    ),
    ("get-cluster-metrics", "start", "a point in time"),
];

/// The paging shape of an operation; `None` if it does not page.
///
/// # Errors
/// Returns an error if a parameter looks like paging but the operation has no known shape.
pub(super) fn shape_of(operation: &OperationModel) -> Result<Option<Shape>, Problem> {
    let parameters = operation.parameters.iter();
    let query = parameters.filter(|one| one.location == Location::Query);
    let query: Vec<&ParameterModel> = query.collect();
    let has = |name: &str| query.iter().any(|parameter| parameter.name == name);
    let is_get = operation.http_method == "GET";
    let known: &[&str] = match (has(START_ID), has(FORWARD), has(BACKWARD)) {
        (true, false, false) if is_get => &[START_ID, SIZE],
        (false, true, true) if is_get => &[FORWARD, BACKWARD, SIZE],
        (false, false, false) if is_get && has(SIZE) => &[SIZE],
        _ => &[],
    };
    for parameter in &query {
        let name = parameter.name.as_str();
        let is_no_page = NOT_PAGING
            .iter()
            .any(|(id, other, _)| *id == operation.id && *other == name);
        if !known.contains(&name) && !is_no_page && looks_like_paging(name) {
            return Err(unknown_shape(operation, &format!("the parameter `{name}`")));
        }
    }
    Ok(match known.first() {
        Some(&START_ID) => Some(Shape::StartId),
        Some(&FORWARD) => Some(Shape::ContinueToken),
        Some(_) => {
            let size = query.iter().find(|parameter| parameter.name == SIZE);
            let default_size = size.and_then(|size| default_size(size)).ok_or_else(|| {
                let what = format!(
                    "`{}` has the parameter `{SIZE}`, but the contract does not say how many items a response has without it",
                    operation.id
                );
                Problem::of(&operation.pointer, what).with_help(format!(
                    "give `{SIZE}` a `default`, in the overlay, or list it as one that does not page in \
                     xtask/src/codegen/passes/paging/shape.rs"
                ))
            })?;
            Some(Shape::Window { default_size })
        }
        None => None,
    })
}

/// The problem of an operation that looks like paging in a way that is not known.
pub(super) fn unknown_shape(operation: &OperationModel, what: &str) -> Problem {
    let what = format!(
        "{what} of `{}` looks like paging, but the way of paging is unknown",
        operation.id
    );
    Problem::of(&operation.pointer, what).with_help(
        "classify it in xtask/src/codegen/passes/paging/shape.rs: a new shape, or an exception with its reason",
    )
}

/// In lower case, without separators.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_ascii_lowercase()
}

fn looks_like_paging(name: &str) -> bool {
    let plain = plain(name);
    SUSPECTS.contains(&plain.as_str()) || SUSPICIOUS_PARTS.iter().any(|part| plain.contains(part))
}

/// The default that the description ends with, as the normalizer writes it.
fn default_size(parameter: &ParameterModel) -> Option<u32> {
    let text = parameter.description.text().to_ascii_lowercase();
    let after = text.split("default").nth(1)?;
    let digits: String = after
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_page_elsewhere_are_noticed() {
        for name in [
            "page",
            "offset",
            "next_page",
            "pageToken",
            "cursor",
            "startingAfter",
            "per_page",
        ] {
            assert!(looks_like_paging(name), "{name}");
        }
    }

    #[test]
    fn other_parameters_do_not_look_like_paging() {
        for name in ["skipReconcile", "targetType", "name", "version", "toUpdate"] {
            assert!(!looks_like_paging(name), "{name}");
        }
    }
}
