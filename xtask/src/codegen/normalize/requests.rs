//! Rule: a request contains exactly the values that the user set.
//!
//! A property of a request that is optional and may be null is a `Patch`: absent, null and a value
//! differ for a server that replaces the whole resource. This also applies to a schema that responses
//! contain, so that a response can be sent again without loss. An optional list or
//! map of a request is an `Option`, so that an empty one can be sent. Defaults are never sent. A
//! property that only the server writes is not required in a request, and one that it never returns is not
//! required in a schema that responses contain. A property that is known to be
//! absent at times is not required in a response, but remains required in a request.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::schema::{Kind, Property};
use crate::codegen::model::Usage;

/// Applies the parts of the rule that change the schemas themselves.
pub(crate) fn apply(draft: &mut Draft, usage: &BTreeMap<String, Usage>) {
    for (name, schema) in &mut draft.components {
        let Usage { request, response } = usage.get(name).copied().unwrap_or_default();
        let Kind::Object(object) = &mut schema.kind else {
            continue;
        };
        for property in object.properties.values_mut() {
            let notes = &property.schema.notes;
            property.required &= !if request {
                notes.read_only || notes.write_only && response
            } else {
                notes.may_be_absent || notes.write_only
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
