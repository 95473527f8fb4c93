//! One item of a list, by its name or id.

use uuid::Uuid;

use super::{
    FindError,
    naming::{Nameable, alike, without_blanks},
};

/// The item with this id or this name.
pub(super) fn one<'a, T: Nameable>(
    kind: &str,
    within: &str,
    items: &'a [T],
    name: &str,
) -> Result<&'a T, FindError> {
    let id = Uuid::try_parse(without_blanks(name)).ok();
    match items.iter().find(|item| Some(item.id()) == id) {
        Some(found) => Ok(found),
        None => by_name(kind, within, items, name),
    }
}

/// The item with this name.
pub(super) fn by_name<'a, T: Nameable>(
    kind: &str,
    within: &str,
    items: &'a [T],
    name: &str,
) -> Result<&'a T, FindError> {
    let alike = alike(items, name);
    match alike.as_slice() {
        [] => Err(FindError::not_found(kind, name, within, items)),
        [found] => Ok(found),
        several => Err(FindError::ambiguous(kind, name, within, several)),
    }
}
