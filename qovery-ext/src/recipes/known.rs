//! Objects as messages name them: with their names, if the client knows them, and their ids.

use qovery_api::{Client, Printable};
use uuid::Uuid;

/// An object of a kind, such as `environment staging (0f2c…)`.
pub(super) fn named(client: &Client, kind: &str, id: Uuid) -> String {
    match name_of(client, id) {
        Some(name) => format!("{kind} {} ({id})", Printable::new(&name)),
        None => format!("{kind} {id}"),
    }
}

#[cfg(any(feature = "find", feature = "versions"))]
fn name_of(client: &Client, id: Uuid) -> Option<String> {
    use crate::wait::{KnownNames, Subject};

    // Names are kept by id, whatever the kind.
    let names = KnownNames::of(client).about(&Subject::environment(id), None);
    names.get(id).map(str::to_owned)
}

/// Without these features, the names of a client are not kept for recipes.
#[cfg(not(any(feature = "find", feature = "versions")))]
fn name_of(_: &Client, _: Uuid) -> Option<String> {
    None
}
