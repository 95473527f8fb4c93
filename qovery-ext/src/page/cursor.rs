//! Where to go on reading, in another run of the program too.
//!
//! A cursor holds no access token and no path: it goes with the same call as before.

use qovery_api::OperationInfo;
use serde::{Deserialize, Serialize};

/// The form in which cursors are written by this version of the library.
const VERSION: u32 = 1;

/// Which way the pages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    Forward,
    Backward,
}

/// A place among the pages of an operation, to go on from: see
/// [`Pager::resume`](super::Pager::resume).
///
/// It can be stored: it is serializable, and its form has a version, so that a later library either
/// reads it as it was meant or refuses it. It names the operation, not its parameters: resume with
/// the same call. It holds ids and page tokens, and no access token.
///
/// ```
/// use qovery_ext::page::ResumeCursor;
///
/// let stored = r#"{"version":1,"operation":"listDatabaseBackup","direction":"forward","at":"b7"}"#;
/// let cursor: ResumeCursor = serde_json::from_str(stored)?;
/// assert_eq!(cursor.operation(), "listDatabaseBackup");
/// assert_eq!(serde_json::to_string(&cursor)?, stored);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct ResumeCursor {
    pub(super) operation: String,
    pub(super) direction: Direction,
    /// What the page is fetched with; the first page where `None`.
    pub(super) at: Option<String>,
    /// The ids of the items of that page that were delivered already.
    pub(super) delivered: Vec<String>,
}

impl ResumeCursor {
    pub(super) fn new(
        operation: &OperationInfo,
        direction: Direction,
        at: Option<String>,
        delivered: Vec<String>,
    ) -> Self {
        Self {
            operation: operation.id.to_owned(),
            direction,
            at,
            delivered,
        }
    }

    /// The `operationId` of the operation that this is a place in.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Whether it goes on backward.
    pub fn is_backward(&self) -> bool {
        self.direction == Direction::Backward
    }
}

/// A cursor as it is written.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    // Absent in a form that this version does not know: the version is to be the reason then.
    #[serde(default)]
    operation: String,
    #[serde(default)]
    direction: Option<Direction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    delivered: Vec<String>,
}

impl From<ResumeCursor> for Stored {
    fn from(cursor: ResumeCursor) -> Self {
        Self {
            version: VERSION,
            operation: cursor.operation,
            direction: Some(cursor.direction),
            at: cursor.at,
            delivered: cursor.delivered,
        }
    }
}

impl TryFrom<Stored> for ResumeCursor {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        if stored.version != VERSION {
            return Err(format!(
                "the resume cursor has version {}, and this library reads version {VERSION}: \
                 start again from the first page",
                stored.version
            ));
        }
        match stored.direction {
            Some(direction) if !stored.operation.is_empty() => Ok(Self {
                operation: stored.operation,
                direction,
                at: stored.at,
                delivered: stored.delivered,
            }),
            _ => Err("the resume cursor names no operation or no direction".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_stored() {
        let cursor = ResumeCursor {
            operation: "listX".to_owned(),
            direction: Direction::Backward,
            at: None,
            delivered: vec!["a".to_owned(), "b".to_owned()],
        };
        let text = serde_json::to_string(&cursor).unwrap();
        assert_eq!(serde_json::from_str::<ResumeCursor>(&text).unwrap(), cursor);
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let error = serde_json::from_str::<ResumeCursor>(r#"{"version":2,"place":7}"#).unwrap_err();
        assert!(error.to_string().contains("version 2"), "{error}");
    }

    #[test]
    fn an_incomplete_cursor_is_refused() {
        for text in [
            r#"{"version":1}"#,
            r#"{"version":1,"operation":"x"}"#,
            r#"{}"#,
            "7",
        ] {
            assert!(
                serde_json::from_str::<ResumeCursor>(text).is_err(),
                "{text}"
            );
        }
    }
}
