//! Cursors to resume reading, in another run of the program too.
//!
//! A cursor holds no access token and no path: use it with the same call as before.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::seen::Known;

/// The format version of the cursors that this version of the library writes.
const VERSION: u32 = 1;

/// The direction of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    Forward,
    Backward,
}

/// A position among the pages of an operation, to resume from: see
/// [`Pager::resume`](super::Pager::resume).
///
/// It can be stored: it is serializable, and its format has a version, so that a later library either
/// reads it correctly or refuses it. It names the operation, not its parameters: resume with
/// the same call. It holds a page token or an id, the ids of up to 1,000 items that were delivered (40
/// KB), and no access token.
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
    /// The cursor of the page; `None` for the first page.
    pub(super) at: Option<String>,
    /// The ids of items that were delivered.
    pub(super) known: Known,
}

impl ResumeCursor {
    /// Returns the `operationId` of the operation that the cursor belongs to.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Returns whether the cursor continues backward.
    pub fn is_backward(&self) -> bool {
        self.direction == Direction::Backward
    }
}

/// The serialized form of a cursor.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    // Optional, because an unknown format may lack it: the error then reports the version.
    #[serde(default)]
    operation: String,
    #[serde(default)]
    direction: Option<Direction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// The ids of delivered items, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    delivered: Vec<String>,
    /// How many ids are left out in the middle of `delivered`.
    #[serde(default, skip_serializing_if = "is_zero")]
    forgotten: u64,
    /// Whether delivered items came again in another order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reordered: bool,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<ResumeCursor> for Stored {
    fn from(cursor: ResumeCursor) -> Self {
        Self {
            version: VERSION,
            operation: cursor.operation,
            direction: Some(cursor.direction),
            at: cursor.at,
            delivered: cursor.known.ids.iter().map(ToString::to_string).collect(),
            forgotten: cursor.known.forgotten,
            reordered: cursor.known.is_reordered,
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
                known: Known {
                    ids: stored.delivered.into_iter().map(Arc::from).collect(),
                    forgotten: stored.forgotten,
                    is_reordered: stored.reordered,
                },
            }),
            _ => Err("the resume cursor names no operation or no direction".to_owned()),
        }
    }
}
