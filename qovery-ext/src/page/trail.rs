//! What a pager remembers of the way it came: ids of items and cursors.
//!
//! The memory is bounded. Ids and cursors are kept as fingerprints of 128 bits under random keys,
//! at most [`REMEMBERED`] of each, in two tables of about 1 MiB. Up to that many items each one is
//! recognised. Beyond, a page is known to go back when it holds an item that is still remembered,
//! and a cursor that comes again is found by Brent's method, which remembers one cursor: at the
//! latest after about three times as many pages as there are up to and around the circle.
//!
//! Not for deciding where the next page is.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasher,
};

/// How many ids of items, and as many cursors, are remembered: what fills a table of 65,536 places.
pub(super) const REMEMBERED: usize = 57_344;

/// A page goes back to where the pager has been, and too much was read to leave out what it repeats.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WentBack;

/// The items of a page that were not delivered yet, and the ids of those that were.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SortedOut<I> {
    pub(super) new: Vec<(Option<String>, I)>,
    pub(super) known: Vec<String>,
}

pub(super) struct Trail {
    keys: [RandomState; 2],
    limit: usize,
    /// Whether items page by their ids, so that a cursor is the id of an item.
    cursors_are_ids: bool,
    ids: HashSet<u128>,
    /// Whether `ids` holds every item that was passed.
    ids_complete: bool,
    /// The ids of the last page, always complete: pages may overlap.
    last_page: HashSet<u128>,
    cursors: HashSet<u128>,
    circle: Circle,
}

impl Trail {
    pub(super) fn new(cursors_are_ids: bool) -> Self {
        Self::with_limit(cursors_are_ids, REMEMBERED)
    }

    fn with_limit(cursors_are_ids: bool, limit: usize) -> Self {
        Self {
            keys: [RandomState::new(), RandomState::new()],
            limit,
            cursors_are_ids,
            ids: HashSet::new(),
            ids_complete: true,
            last_page: HashSet::new(),
            cursors: HashSet::new(),
            circle: Circle::default(),
        }
    }

    /// Remembers an item that was delivered before this pager began.
    pub(super) fn delivered_before(&mut self, id: &str) {
        let mark = self.mark(id);
        self.last_page.insert(mark);
        self.remember_id(mark);
    }

    /// Leaves out what was delivered already. Items without an id are new; so are several with the
    /// same id on one page, which paging cannot have caused.
    pub(super) fn sort_out<I>(
        &mut self,
        items: Vec<(Option<String>, I)>,
    ) -> Result<SortedOut<I>, WentBack> {
        let marks: Vec<_> = items
            .iter()
            .map(|(id, _)| id.as_deref().map(|id| self.mark(id)))
            .collect();
        if self.goes_back(&marks) {
            return Err(WentBack);
        }
        let mut sorted = SortedOut {
            new: Vec::with_capacity(items.len()),
            known: Vec::new(),
        };
        for ((id, item), mark) in items.into_iter().zip(&marks) {
            match id {
                Some(id) if mark.is_some_and(|mark| self.was_delivered(&mark)) => {
                    sorted.known.push(id);
                }
                id => sorted.new.push((id, item)),
            }
        }
        self.last_page.clear();
        for mark in marks.into_iter().flatten() {
            self.last_page.insert(mark);
            self.remember_id(mark);
        }
        Ok(sorted)
    }

    /// Goes on to a cursor. `false`: the pager has been there.
    #[must_use]
    pub(super) fn go_to(&mut self, cursor: &str) -> bool {
        let mark = self.mark(cursor);
        if self.cursors.contains(&mark) {
            return false;
        }
        if self.cursors.len() < self.limit {
            return self.cursors.insert(mark);
        }
        self.circle.go_to(mark)
    }

    fn was_delivered(&self, mark: &u128) -> bool {
        self.last_page.contains(mark) || self.ids.contains(mark)
    }

    /// Whether a page holds more of what is behind than an overlap with the last page, when not
    /// all of it is remembered.
    fn goes_back(&self, marks: &[Option<u128>]) -> bool {
        if self.ids_complete {
            return false;
        }
        let overlap = marks
            .iter()
            .take_while(|mark| mark.is_none_or(|mark| self.last_page.contains(&mark)))
            .count();
        marks.iter().skip(overlap).flatten().any(|mark| {
            self.was_delivered(mark) || (self.cursors_are_ids && self.cursors.contains(mark))
        })
    }

    fn remember_id(&mut self, mark: u128) {
        if self.ids.len() < self.limit {
            self.ids.insert(mark);
        } else if !self.ids.contains(&mark) {
            self.ids_complete = false;
        }
    }

    // Random keys: a server cannot choose ids whose fingerprints meet.
    fn mark(&self, text: &str) -> u128 {
        let [high, low] = &self.keys;
        (u128::from(high.hash_one(text)) << 64) | u128::from(low.hash_one(text))
    }
}

/// Brent's method: compare with one cursor, and take another to compare with after 1, 2, 4, …
/// steps. Once the distance is that of the circle, the cursor comes again before it is replaced.
#[derive(Default)]
struct Circle {
    compare_with: Option<u128>,
    steps: u64,
    distance: u64,
}

impl Circle {
    fn go_to(&mut self, mark: u128) -> bool {
        if self.compare_with == Some(mark) {
            return false;
        }
        if self.steps == self.distance {
            self.compare_with = Some(mark);
            self.distance = self.distance.saturating_mul(2).max(1);
            self.steps = 0;
        }
        self.steps += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: std::ops::Range<u32>) -> Vec<(Option<String>, u32)> {
        ids.map(|id| (Some(id.to_string()), id)).collect()
    }

    fn new_items(trail: &mut Trail, ids: std::ops::Range<u32>) -> Result<Vec<u32>, WentBack> {
        let sorted = trail.sort_out(page(ids))?;
        Ok(sorted.new.into_iter().map(|(_, item)| item).collect())
    }

    #[test]
    fn an_item_that_was_delivered_is_left_out_and_named() {
        let mut trail = Trail::new(true);
        assert_eq!(new_items(&mut trail, 0..5), Ok(vec![0, 1, 2, 3, 4]));
        let sorted = trail.sort_out(page(3..7)).unwrap();
        assert_eq!(sorted.known, ["3", "4"]);
        assert_eq!(new_items(&mut trail, 0..9), Ok(vec![7, 8]));
    }

    #[test]
    fn items_without_an_id_and_twins_on_one_page_are_kept() {
        let mut trail = Trail::new(true);
        let twins = vec![
            (None, 1),
            (Some("a".to_owned()), 2),
            (Some("a".to_owned()), 3),
            (None, 1),
        ];
        assert_eq!(trail.sort_out(twins.clone()).unwrap().new, twins);
        let again = trail.sort_out(twins).unwrap();
        assert_eq!(again.new, [(None, 1), (None, 1)]);
    }

    #[test]
    fn beyond_its_limit_overlaps_are_left_out_and_going_back_is_noticed() {
        let mut trail = Trail::with_limit(true, 10);
        assert!(new_items(&mut trail, 0..8).is_ok());
        assert!(new_items(&mut trail, 8..16).is_ok());
        assert!(trail.go_to("15"));
        assert_eq!(new_items(&mut trail, 14..20), Ok(vec![16, 17, 18, 19]));
        assert_eq!(new_items(&mut trail, 5..12), Err(WentBack));
        assert_eq!(
            new_items(&mut trail, 12..18),
            Err(WentBack),
            "holds items of the last page, after others"
        );
        assert_eq!(new_items(&mut trail, 20..22), Ok(vec![20, 21]));
    }

    #[test]
    fn a_token_is_not_mistaken_for_the_id_of_an_item() {
        let mut trail = Trail::with_limit(false, 1);
        assert!(new_items(&mut trail, 0..3).is_ok());
        assert!(trail.go_to("7"));
        assert_eq!(new_items(&mut trail, 7..8), Ok(vec![7]));
    }

    #[test]
    fn a_cursor_that_repeats_is_found_at_any_distance() {
        for limit in [0, 1, 5, 64] {
            for lead in [0_usize, 1, 2, 7, 40, 333] {
                for length in [1_usize, 2, 3, 10, 64, 500] {
                    let mut trail = Trail::with_limit(false, limit);
                    let mut steps = 0_usize;
                    let place = |step: usize| {
                        if step < lead {
                            step
                        } else {
                            lead + (step - lead) % length
                        }
                    };
                    while trail.go_to(&place(steps).to_string()) {
                        steps += 1;
                        assert!(
                            steps <= limit + 3 * (lead + length) + 2,
                            "limit {limit}, lead {lead}, length {length}"
                        );
                    }
                    assert!(steps >= lead + length, "nothing repeats before that");
                    if lead + length <= limit {
                        assert_eq!(
                            steps,
                            lead + length,
                            "found at once while all are remembered"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn distinct_cursors_are_never_taken_for_repeated() {
        let mut trail = Trail::with_limit(true, 100);
        assert!((0..20_000).all(|cursor| trail.go_to(&cursor.to_string())));
        assert!(trail.cursors.len() <= 100 && trail.ids.len() <= 100);
    }
}
