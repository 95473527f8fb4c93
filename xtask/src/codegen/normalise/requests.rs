//! Rule: what is sent says exactly what the user said.
//!
//! A property of a request that is optional and may be null is a `Patch`: absent, null and a value
//! are three things to a server that replaces the whole resource. That holds for a schema that comes
//! back in responses too, so that what was read can be sent again without loss. An optional list or
//! map of a request is an `Option`, so that an empty one can be sent. Defaults are never sent. A
//! property that only the server writes is not required of the sender. One that is known to be absent
//! at times is not required of an answer; whoever sends it has to say it all the same.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::schema::{Kind, Property};
use crate::codegen::model::Usage;

/// Applies what changes the schemas themselves.
pub(crate) fn apply(draft: &mut Draft, usage: &BTreeMap<String, Usage>) {
    for (name, schema) in &mut draft.components {
        let sent = usage.get(name).is_some_and(|usage| usage.request);
        let Kind::Object(object) = &mut schema.kind else {
            continue;
        };
        for property in object.properties.values_mut() {
            let notes = &property.schema.notes;
            property.required &= !if sent {
                notes.read_only
            } else {
                notes.may_be_absent
            };
        }
    }
}

/// Whether absent and null differ for this property.
pub(crate) fn is_patch(property: &Property, usage: Usage) -> bool {
    usage.request
        && !property.required
        && property.schema.nullable
        && !property.schema.notes.read_only
}

/// Whether this property is an `Option` although the contract does not let it be null.
pub(crate) fn is_optional_collection(property: &Property, usage: Usage) -> bool {
    usage.request
        && !property.required
        && matches!(property.schema.kind, Kind::List(_) | Kind::Map(_))
}
