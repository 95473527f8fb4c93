//! Detects an incomplete revision, such as a file that was cut off, and a revision of another API.

use serde_json::Value;

use super::layer::Layer;
use super::operation::Operation;
use crate::contract::Document;
use crate::problem::Problem;

/// Whether a revision may lack many operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Refused,
    Allowed,
}

impl Loss {
    /// Converts the option `--allow-loss`.
    pub(crate) fn of(is_allowed: bool) -> Self {
        if is_allowed {
            Self::Allowed
        } else {
            Self::Refused
        }
    }
}

/// At most one in this many current operations may be missing without `--allow-loss`.
const PART: usize = 10;

/// How many missing operations the message names.
const NAMED: usize = 5;

/// Checks that the newest revision is complete.
///
/// # Errors
/// Returns an error if the newest revision has no operation, or lacks more than a tenth of the current ones.
pub(super) fn check(
    known: Option<&Layer>,
    newest: &Layer,
    document: &Document,
) -> Result<(), Problem> {
    const HELP: &str = "import a complete revision, or pass `--allow-loss` if this one is complete";
    if newest.operations.is_empty() {
        let what = "the revision has no operation";
        return Err(Problem::at(document, "/paths", what).with_help(HELP));
    }
    let current =
        |operation: &&Operation| operation.facts.get("deprecated") != Some(&Value::Bool(true));
    let known = known
        .into_iter()
        .flat_map(|layer| layer.operations.values());
    let current: Vec<&Operation> = known.filter(current).collect();
    let missing = current.iter();
    let missing = missing.filter(|operation| !newest.operations.contains_key(&operation.key()));
    let missing: Vec<String> = missing
        .map(|operation| format!("`{}`", operation.name()))
        .collect();
    if missing.len() * PART <= current.len() {
        return Ok(());
    }
    let named = missing.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = format!(
        "the revision lacks {} of {} current operations, which the contract would mark deprecated: {}{more}",
        missing.len(),
        current.len(),
        named.join(", "),
    );
    Err(Problem::at(document, "/paths", what).with_help(HELP))
}
