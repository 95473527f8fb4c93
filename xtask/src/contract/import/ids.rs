//! Gives each operation of a revision an id of its own.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;
use serde_json::Value;

use super::operation::{Key, Operation};
use crate::contract::inner::free;
use crate::contract::operation_id::{METHODS, operation_id};

/// Of several operations with one id, the one that had it in the layer before keeps it, or else the first
/// by path and method. The others are named by method and path, as `generate` names them.
///
/// Returns a note for each operation that got another id.
pub(super) fn distinct(
    operations: &mut [Operation],
    before: Option<&BTreeMap<Key, Operation>>,
) -> Vec<String> {
    let had = |operation: &Operation| {
        let before = before.and_then(|before| before.get(&operation.key()));
        before.and_then(Operation::id) == operation.id()
    };
    let place = |operation: &Operation| {
        let method = METHODS.iter().position(|one| *one == operation.method());
        (operation.path.clone(), method)
    };
    operations.sort_by_key(place);
    let mut owners: BTreeMap<String, (Key, bool)> = BTreeMap::new();
    for operation in operations.iter() {
        let Some(id) = operation.id() else { continue };
        let had = had(operation);
        let owner = owners
            .entry(id.to_owned())
            .or_insert_with(|| (operation.key(), had));
        if had && !owner.1 {
            *owner = (operation.key(), true);
        }
    }
    // An operation without an id has the one that `generate` makes. Ids that differ in their case are one name.
    let ids = operations.iter().map(|operation| match operation.id() {
        Some(id) => id.to_snake_case(),
        None => operation_id(operation.method(), &operation.path).to_snake_case(),
    });
    let mut taken: BTreeSet<String> = ids.collect();
    let mut notes = Vec::new();
    for operation in operations {
        let key = operation.key();
        let Some(id) = operation.id().map(str::to_owned) else {
            continue;
        };
        let Some((owner, _)) = owners.get(&id).filter(|(owner, _)| *owner != key) else {
            continue;
        };
        let made = operation_id(operation.method(), &operation.path);
        let made = free(&made, |id| taken.contains(&id.to_snake_case()));
        notes.push(format!(
            "{} is called `{made}`, because {} has the id `{id}` too",
            operation.name(),
            owner.name(),
        ));
        taken.insert(made.to_snake_case());
        operation
            .facts
            .insert("operationId".to_owned(), Value::from(made));
    }
    notes
}
