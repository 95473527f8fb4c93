//! Cursors to resume reading, in another run of the program too.
//!
//! A cursor holds no access token and no path: use it with the same call as before.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::seen::{Known, TAKEN_ALONG};

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

impl Stored {
    /// The longest id or page token that is read, in bytes.
    const LONGEST: usize = 64 * 1024;
    /// More items than any list has, and few enough to count on.
    const MOST_ITEMS: u64 = 1 << 48;

    fn is_oversized(&self) -> bool {
        let texts = self.delivered.iter().chain(&self.at);
        self.delivered.len() > 2 * TAKEN_ALONG
            || self.forgotten > Self::MOST_ITEMS
            || texts.map(String::len).any(|length| length > Self::LONGEST)
    }
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
            Some(_) if stored.is_oversized() => {
                Err("the resume cursor is larger than any that this library makes".to_owned())
            }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::page::seen::Delivered;

    #[test]
    fn a_forged_cursor_is_refused_or_can_be_gone_on_from() {
        let ids = |count: usize| -> Vec<String> { (0..count).map(|id| id.to_string()).collect() };
        for (delivered, forgotten, at, is_read) in [
            (ids(0), 0, "x".to_owned(), true),
            (ids(1000), 7, "x".to_owned(), true),
            (ids(1001), 0, "x".to_owned(), false),
            (ids(1_000_000), 0, "x".to_owned(), false),
            (ids(3), u64::MAX, "x".to_owned(), false),
            (ids(3), 1 << 48, "x".to_owned(), true),
            (vec!["x".repeat(100_000)], 0, "x".to_owned(), false),
            (ids(3), 0, "x".repeat(1_000_000), false),
            (vec!["x".to_owned(); 900], 3, String::new(), true),
        ] {
            let form = json!({
                "version": 1, "operation": "x", "direction": "forward", "at": at,
                "delivered": delivered, "forgotten": forgotten,
            });
            let read = serde_json::from_value::<ResumeCursor>(form);
            assert_eq!(read.is_ok(), is_read, "{} {forgotten}", delivered.len());
            if let Ok(cursor) = read {
                let mut known = Delivered::from_known(&cursor.known);
                for number in 0..20_000 {
                    known.insert(&Arc::from(format!("new {number}").as_str()));
                }
                assert!(known.count() > forgotten);
            }
        }
    }
}
