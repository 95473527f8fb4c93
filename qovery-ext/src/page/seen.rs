//! The memory of a walk: the ids of delivered items, and the cursors of requested pages.
//!
//! Both are bounded.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    ops::Range,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// How many of the first ids, and as many of the last ones, a walk remembers; and how many cursors.
pub(super) const REMEMBERED: usize = 5_000;
/// How many of the first ids, and as many of the last ones, a resume cursor contains.
pub(super) const STORED_IN_CURSOR: usize = 500;

/// The ids of delivered items by their positions: the first ones, which come again if a server starts
/// over, and the last ones, which come again if pages overlap.
pub(super) struct Delivered {
    ids: BTreeMap<u64, Arc<str>>,
    positions: HashMap<Arc<str>, u64>,
    /// The forgotten positions.
    gap: Range<u64>,
    /// How many ids were delivered, forgotten ones included.
    count: u64,
    /// Whether ids came again in another order.
    pub(super) is_reordered: bool,
}

/// The part of the delivered ids that a resume cursor contains.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    /// In order. If ids are left out, the gap is between the two halves.
    #[serde(rename = "delivered", skip_serializing_if = "Vec::is_empty")]
    pub(super) ids: Vec<Arc<str>>,
    /// How many ids are left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) forgotten: u64,
    /// Whether ids came again in another order.
    #[serde(rename = "reordered", skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_reordered: bool,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl fmt::Debug for Known {
    // Hundreds of ids would hide the rest of an error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ids, {} forgotten", self.ids.len(), self.forgotten)
    }
}

impl Delivered {
    pub(super) fn from_known(known: &Known) -> Self {
        let mut delivered = Self {
            ids: BTreeMap::new(),
            positions: HashMap::new(),
            gap: REMEMBERED as u64..REMEMBERED as u64,
            count: 0,
            is_reordered: known.is_reordered,
        };
        let half = known.ids.len().div_ceil(2);
        for (index, id) in known.ids.iter().enumerate() {
            if index == half && known.forgotten > 0 {
                delivered.gap = delivered.count..delivered.count + known.forgotten;
                delivered.count = delivered.gap.end;
            }
            delivered.insert(id);
        }
        delivered
    }

    /// Adds an id. Returns `false` if it was delivered before.
    pub(super) fn insert(&mut self, id: &Arc<str>) -> bool {
        if self.positions.contains_key(id) {
            return false;
        }
        self.positions.insert(Arc::clone(id), self.count);
        self.ids.insert(self.count, Arc::clone(id));
        self.count += 1;
        if self.count.saturating_sub(self.gap.end) > REMEMBERED as u64
            && let Some(oldest) = self.ids.remove(&self.gap.end)
        {
            self.positions.remove(&oldest);
            self.gap.end += 1;
        }
        true
    }

    /// How many ids were delivered, forgotten ones included.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the position of an id among all delivered ids.
    pub(super) fn position(&self, id: &str) -> Option<u64> {
        self.positions.get(id).copied()
    }

    /// Returns whether ids after this position are forgotten.
    pub(super) fn is_before_gap(&self, position: u64) -> bool {
        !self.gap.is_empty() && position < self.gap.start
    }

    /// Returns the id at a position, if it is remembered.
    pub(super) fn at(&self, position: u64) -> Option<&Arc<str>> {
        self.ids.get(&position)
    }

    /// Returns the first `count` ids for a resume cursor.
    pub(super) fn known(&self, count: u64) -> Known {
        let mut half = STORED_IN_CURSOR as u64;
        if !self.gap.is_empty() {
            // Both halves have the same length, so that reading can separate them.
            half = half
                .min(self.gap.start)
                .min(count.saturating_sub(self.gap.end));
        }
        let left_out = if count <= 2 * half {
            count..count
        } else {
            half..count - half
        };
        let ids = self.ids.range(..left_out.start);
        let ids = ids.chain(self.ids.range(left_out.end..count));
        Known {
            ids: ids.map(|(_, id)| Arc::clone(id)).collect(),
            forgotten: left_out.end - left_out.start,
            is_reordered: self.is_reordered,
        }
    }
}

/// The cursors that a walk has visited. If there are more than it remembers, it keeps every second one,
/// then every fourth one: a cycle of cursors is still detected soon after its first round.
#[derive(Default)]
pub(super) struct Cursors {
    known: HashMap<String, u64>,
    every: u32,
    count: u64,
}

impl Cursors {
    /// Visits a cursor. Returns `false` if the walk has visited it before.
    #[must_use]
    pub(super) fn go_to(&mut self, cursor: &str) -> bool {
        if self.known.contains_key(cursor) {
            return false;
        }
        if self.count.trailing_zeros() >= self.every {
            self.known.insert(cursor.to_owned(), self.count);
        }
        self.count += 1;
        if self.known.len() > REMEMBERED {
            self.every += 1;
            let every = self.every;
            self.known
                .retain(|_, position| position.trailing_zeros() >= every);
        }
        true
    }
}
