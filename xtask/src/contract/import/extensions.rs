//! The extensions for facts that the newest published revision no longer has.

use serde_json::Value;

/// Earlier names of a schema.
pub(super) const FORMER_NAMES: &str = "x-formerNames";
/// Earlier ids of an operation.
pub(super) const FORMER_IDS: &str = "x-formerIds";

/// Values of an enum that the newest revision no longer has.
pub(super) const OLD_VALUES: &str = "x-deprecatedValues";
/// Members of a union that the newest revision no longer has, as references.
pub(super) const OLD_MEMBERS: &str = "x-deprecatedMembers";
/// Other spellings of a value, by the value.
pub(super) const ALIASES: &str = "x-enumAliases";

/// The texts that an extension lists.
pub(super) fn texts<'a>(value: &'a Value, extension: &str) -> impl Iterator<Item = &'a str> {
    let listed = value.get(extension).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str)
}
