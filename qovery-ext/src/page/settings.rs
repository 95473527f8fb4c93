//! The settings of paging: limits, direction, first page.

use super::{ResumeCursor, cursor::Direction};

/// The paging settings.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) direction: Direction,
    pub(super) resume: Option<ResumeCursor>,
    pub(super) item_limit: Option<u64>,
    pub(super) page_limit: Option<u64>,
    pub(super) read_ahead: bool,
}
