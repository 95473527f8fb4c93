//! Cursors to resume reading, in another run of the program too.
//!
//! A cursor holds no access token and no path: use it with the same call as before.

use serde::{Deserialize, Serialize};

use super::seen::{Known, STORED_IN_CURSOR};

/// The format version of the cursors that this version of the library writes.
const VERSION: u32 = 1;
/// The longest id or page token that is read, in bytes.
const LONGEST: usize = 64 * 1024;
/// The maximum number of items in a cursor: more than any list has, and small enough that counting cannot
/// overflow.
const MOST_ITEMS: u64 = 1 << 48;

/// The direction of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    #[default]
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
pub struct ResumeCursor(Stored);

/// The serialized form of a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    version: u32,
    // Optional, because an unknown format may lack it: the error then reports the version.
    #[serde(default)]
    operation: String,
    #[serde(default)]
    direction: Option<Direction>,
    /// The cursor of the page; `None` for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(flatten)]
    known: Known,
}

impl ResumeCursor {
    pub(super) fn new(
        operation: &str,
        direction: Direction,
        at: Option<String>,
        known: Known,
    ) -> Self {
        Self(Stored {
            version: VERSION,
            operation: operation.to_owned(),
            direction: Some(direction),
            at,
            known,
        })
    }

    /// Returns the `operationId` of the operation that the cursor belongs to.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// Returns whether the cursor continues backward.
    pub fn is_backward(&self) -> bool {
        self.direction() == Direction::Backward
    }

    pub(super) fn direction(&self) -> Direction {
        self.0.direction.unwrap_or_default()
    }

    /// Returns the cursor of the page; `None` for the first page.
    pub(super) fn at(&self) -> Option<&str> {
        self.0.at.as_deref()
    }

    /// Returns the ids of items that were delivered.
    pub(super) fn known(&self) -> &Known {
        &self.0.known
    }
}

impl From<ResumeCursor> for Stored {
    fn from(cursor: ResumeCursor) -> Self {
        cursor.0
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
        if stored.operation.is_empty() || stored.direction.is_none() {
            return Err("the resume cursor names no operation or no direction, so it is not complete: start again from the \
                 first page"
                    .to_owned());
        }
        let known = &stored.known;
        let ids = known.ids.iter().map(|id| &**id);
        let mut texts = ids.chain(stored.at.as_deref());
        if known.ids.len() > 2 * STORED_IN_CURSOR
            || known.forgotten > MOST_ITEMS
            || texts.any(|text| text.len() > LONGEST)
        {
            return Err("the resume cursor is larger than any that this library makes: start again from the first page"
                    .to_owned());
        }
        Ok(Self(stored))
    }
}
