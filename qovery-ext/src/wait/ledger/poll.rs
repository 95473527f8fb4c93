//! The facts of a poll.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Stamp, millis};

/// A fact that can be read in addition to the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Fact {
    /// The status of one request.
    Request(Uuid),
    Queue,
    History,
}

/// One poll: facts are fresh if they were read since it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Poll {
    pub(crate) since: Stamp,
    pub(crate) now: Stamp,
    pub(crate) settle: Duration,
    /// Whether many operations share the polls, so that this poll reads only deciding facts.
    pub(crate) shares: bool,
}

impl Poll {
    /// Whether some settle periods have passed since a time.
    pub(super) fn is_settled(&self, since: Stamp, periods: u64) -> bool {
        self.now >= since.saturating_add(millis(self.settle).saturating_mul(periods))
    }
}
