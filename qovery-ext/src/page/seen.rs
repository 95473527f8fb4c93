//! The memory of a walk: the ids of delivered items, and the cursors of requested pages.
//!
//! Both are bounded.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
};

/// How many of the first ids, and as many of the last ones, a walk remembers; and how many cursors.
pub(super) const REMEMBERED: usize = 5_000;
/// How many of the first ids, and as many of the last ones, a resume cursor contains.
pub(super) const TAKEN_ALONG: usize = 500;

/// The ids of delivered items, in order: the first ones, which come again if a server starts over, and
/// the last ones, which come again if pages overlap.
#[derive(Default)]
pub(super) struct Delivered {
    first: Vec<Arc<str>>,
    last: VecDeque<Arc<str>>,
    /// How many ids between `first` and `last` are forgotten.
    forgotten: u64,
    positions: HashMap<Arc<str>, u64>,
    /// Whether ids came again in another order.
    pub(super) is_reordered: bool,
}

/// The part of the delivered ids that a resume cursor contains.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Known {
    /// In order.
    pub(super) ids: Vec<Arc<str>>,
    /// How many ids are left out in the middle.
    pub(super) forgotten: u64,
    /// Whether ids came again in another order.
    pub(super) is_reordered: bool,
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
            is_reordered: known.is_reordered,
            ..Self::default()
        };
        for (index, id) in known.ids.iter().enumerate() {
            if known.forgotten > 0 && index == known.ids.len().div_ceil(2) {
                delivered.forgotten = known.forgotten;
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
        self.positions.insert(Arc::clone(id), self.count());
        if self.forgotten == 0 && self.last.is_empty() && self.first.len() < REMEMBERED {
            self.first.push(Arc::clone(id));
            return true;
        }
        self.last.push_back(Arc::clone(id));
        if self.last.len() > REMEMBERED
            && let Some(oldest) = self.last.pop_front()
        {
            self.positions.remove(&oldest);
            self.forgotten += 1;
        }
        true
    }

    /// How many ids were delivered, forgotten ones included.
    pub(super) fn count(&self) -> u64 {
        (self.first.len() as u64) + self.forgotten + (self.last.len() as u64)
    }

    /// Returns the position of an id among all delivered ids.
    pub(super) fn position(&self, id: &str) -> Option<u64> {
        self.positions.get(id).copied()
    }

    /// Returns whether ids after this position are forgotten.
    pub(super) fn is_before_gap(&self, position: u64) -> bool {
        self.forgotten > 0 && position < self.first.len() as u64
    }

    /// Returns the id at a position, if it is remembered.
    pub(super) fn at(&self, position: u64) -> Option<&Arc<str>> {
        let index = usize::try_from(position).ok()?;
        if let Some(id) = self.first.get(index) {
            return Some(id);
        }
        let gap = usize::try_from(self.forgotten).ok()?;
        self.last
            .get(index.checked_sub(self.first.len())?.checked_sub(gap)?)
    }

    /// Returns the ids for a resume cursor, without the last `undelivered` ids.
    pub(super) fn known(&self, undelivered: usize) -> Known {
        let all = self.first.len() + self.last.len();
        let count = all.saturating_sub(undelivered);
        let ids = self.first.iter().chain(&self.last).take(count);
        if count <= 2 * TAKEN_ALONG && self.forgotten == 0 {
            return Known {
                ids: ids.cloned().collect(),
                forgotten: 0,
                is_reordered: self.is_reordered,
            };
        }
        let first = self.first.len().min(TAKEN_ALONG).min(count);
        let last = TAKEN_ALONG.min(count - first);
        // Both halves have the same length, so that reading can separate them.
        let half = first.min(last);
        let taken = ids
            .enumerate()
            .filter(|(index, _)| *index < half || *index >= count - half)
            .map(|(_, id)| Arc::clone(id))
            .collect();
        Known {
            ids: taken,
            forgotten: self.forgotten + (count - 2 * half) as u64,
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
        let kept = |position: &u64, every: u32| position.trailing_zeros() >= every;
        if kept(&self.count, self.every) {
            self.known.insert(cursor.to_owned(), self.count);
        }
        self.count += 1;
        if self.known.len() > REMEMBERED {
            self.every += 1;
            self.known.retain(|_, position| kept(position, self.every));
        }
        true
    }
}
