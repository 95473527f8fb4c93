//! One item of a list, by its name or id.

use uuid::Uuid;

use super::{
    FindError,
    naming::{Nameable, alike, without_blanks},
};

/// The item with this id or this name.
pub(super) fn one<'a, T: Nameable>(
    kind: &'static str,
    within: &str,
    items: &'a [T],
    name: &str,
) -> Result<&'a T, FindError> {
    let id = Uuid::try_parse(without_blanks(name)).ok();
    if let Some(found) = items.iter().find(|item| Some(item.id()) == id) {
        return Ok(found);
    }
    match (by_name(kind, within, items, name), id) {
        (Err(error), Some(id)) if error.is_not_found() => {
            Err(FindError::unknown_id(kind, within, id))
        }
        (found, _) => found,
    }
}

/// The item with this name.
pub(super) fn by_name<'a, T: Nameable>(
    kind: &'static str,
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
