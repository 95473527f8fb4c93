//! Limits on the number of entries in a response that a wait processes.
//!
//! A wait searches its readings at every poll, and the members of a group are searched one after the other. A
//! response with more entries than any real environment has is refused as a whole: a part of it would look like
//! the complete list. The client limits the size of a response.

use crate::wait::source::{Fault, FaultKind};

/// The maximum number of stages, services, queued requests or past deployments.
pub(super) const ENTRIES: usize = 10_000;
/// The maximum number of steps of all services of an environment.
pub(super) const STEPS: usize = 100_000;
/// The maximum number of environments of a project.
pub(super) const ENVIRONMENTS: usize = 100_000;
/// The maximum number of lines of a log that are read, from its end.
pub(super) const LINES: usize = 10_000;

/// Refuses a response with too many entries.
pub(super) fn at_most(limit: usize, count: usize, what: &str) -> Result<(), Fault> {
    if count <= limit {
        return Ok(());
    }
    // A list that fits now may be too long in the next response.
    Err(Fault::new(
        FaultKind::Transient,
        format!("the API lists {count} {what}, and a wait reads at most {limit}"),
    ))
}

/// The last items of a list.
pub(super) fn last<T>(limit: usize, items: &[T]) -> &[T] {
    items
        .get(items.len().saturating_sub(limit)..)
        .unwrap_or(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_within_the_limit_is_read_and_a_longer_one_is_refused_by_name() {
        assert!(at_most(3, 3, "stages").is_ok());
        let fault = at_most(3, 4, "stages").unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the API lists 4 stages, and a wait reads at most 3"
        );
        assert!(fault.is_transient());
    }

    #[test]
    fn the_last_items_are_those_at_the_end() {
        assert_eq!(last(2, &[1, 2, 3]), [2, 3]);
        assert_eq!(last(5, &[1, 2, 3]), [1, 2, 3]);
        assert!(last::<u8>(0, &[1]).is_empty());
    }
}
