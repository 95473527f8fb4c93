//! The facts of the contract that an import makes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::operation::{Key, Operation};

/// The facts of the contract.
pub(super) struct Merged {
    pub(super) operations: BTreeMap<Key, Operation>,
    pub(super) schemas: Map<String, Value>,
    /// The facts that only older layers have, by display name.
    pub(super) kept: BTreeSet<String>,
    /// Schemas and operations with another name: the old and the new one.
    pub(super) renamed: BTreeSet<(String, String)>,
    /// The schemas among them.
    pub(super) renamed_schemas: BTreeMap<String, String>,
}
