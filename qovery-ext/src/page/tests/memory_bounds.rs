//! The memory of a walk, within its bounds.

use std::sync::Arc;

use super::super::seen::{Cursors, Delivered, Known, REMEMBERED, STORED_IN_CURSOR};

fn id(number: usize) -> Arc<str> {
    Arc::from(number.to_string())
}

fn delivered(count: usize) -> Delivered {
    let mut delivered = Delivered::from_known(&Known::default());
    for number in 0..count {
        assert!(delivered.insert(&id(number)));
    }
    delivered
}

#[test]
fn the_first_and_the_last_ids_are_remembered_and_the_gap_is_known() {
    let few = delivered(2 * REMEMBERED);
    assert!((0..2 * REMEMBERED).all(|number| few.position(&id(number)) == Some(number as u64)));
    assert!(!few.is_before_gap(0));
    let many = delivered(3 * REMEMBERED);
    assert_eq!(many.count(), 3 * REMEMBERED as u64);
    for (number, is_known) in [
        (0, true),
        (REMEMBERED - 1, true),
        (REMEMBERED, false),
        (2 * REMEMBERED - 1, false),
        (2 * REMEMBERED, true),
        (3 * REMEMBERED - 1, true),
        (3 * REMEMBERED, false),
    ] {
        let place = many.position(&id(number));
        assert_eq!(place.is_some(), is_known, "{number}");
        assert_eq!(
            many.at(number as u64),
            is_known.then(|| id(number)).as_ref()
        );
        if let Some(place) = place {
            assert_eq!(place, number as u64);
            assert_eq!(many.is_before_gap(place), number < REMEMBERED);
        }
    }
}

#[test]
fn a_cursor_contains_the_ids_that_fit_and_none_that_was_not_delivered() {
    for (count, undelivered) in [
        (0, 0),
        (1, 1),
        (20, 7),
        (2 * STORED_IN_CURSOR, 0),
        (2 * STORED_IN_CURSOR + 1, 0),
        (5_000, 13),
        (30_000, 20),
    ] {
        let rest = count - undelivered;
        let known = delivered(count).known(rest as u64);
        assert!(known.ids.len() <= 2 * STORED_IN_CURSOR);
        let read = Delivered::from_known(&known);
        assert_eq!(read.count(), rest as u64, "{count}, {undelivered}");
        for number in
            (0..rest.min(STORED_IN_CURSOR)).chain(rest.saturating_sub(STORED_IN_CURSOR)..rest)
        {
            assert_eq!(read.position(&id(number)), Some(number as u64), "{number}");
            assert_eq!(read.at(number as u64), Some(&id(number)));
        }
        assert_eq!(read.position(&id(rest)), None);
        assert_eq!(read.is_before_gap(0), rest > 2 * STORED_IN_CURSOR);
        let again = Delivered::from_known(&read.known(rest as u64));
        assert_eq!(again.count(), rest as u64, "and from cursor to cursor");
    }
}

#[test]
fn a_cursor_that_repeats_is_found_at_any_distance() {
    for next_link in [0, 1, 40, REMEMBERED, 4 * REMEMBERED + 17] {
        for length in [1, 2, 64, REMEMBERED, 3 * REMEMBERED + 5] {
            let mut cursors = Cursors::default();
            let place = |step: usize| {
                if step < next_link {
                    step
                } else {
                    next_link + (step - next_link) % length
                }
            };
            let mut steps = 0;
            while cursors.go_to(&place(steps).to_string()) {
                steps += 1;
                assert!(
                    steps <= next_link + length + 64,
                    "next_link {next_link}, length {length}"
                );
            }
            assert!(steps >= next_link + length, "nothing repeats before that");
        }
    }
}

#[test]
fn distinct_cursors_are_never_taken_for_repeated() {
    let mut cursors = Cursors::default();
    assert!((0..10 * REMEMBERED).all(|cursor| cursors.go_to(&cursor.to_string())));
}
