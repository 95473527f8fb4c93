//! One page of a list that is paged by the id of an item.

use crate::settings::StartId;

/// Returns the page that starts at (or after) `start`; the first page if `start` is `None`.
///
/// Returns `None` if no item has that id.
pub(super) fn page<'a, T>(
    items: &'a [T],
    start: Option<&str>,
    meaning: StartId,
    size: usize,
    id_of: impl Fn(&T) -> String,
) -> Option<&'a [T]> {
    let from = match start.filter(|_| meaning != StartId::Ignored) {
        None => 0,
        Some(start) => {
            let position = items.iter().position(|item| id_of(item) == start)?;
            position + usize::from(meaning == StartId::Exclusive)
        }
    };
    let to = from.saturating_add(size).min(items.len());
    items.get(from..to)
}
