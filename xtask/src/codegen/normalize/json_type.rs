//! The JSON type of the values of a schema.

use std::collections::BTreeSet;

use super::schema::{Components, Kind, Schema, target};
use crate::codegen::model::JsonType;

/// The JSON type of all values; [`JsonType::Any`] if they have several.
pub(crate) fn json_type(components: &Components, schema: &Schema) -> JsonType {
    let mut types = BTreeSet::new();
    leaf_types(components, schema, &mut BTreeSet::new(), &mut types);
    match types.into_iter().collect::<Vec<_>>().as_slice() {
        [only] => *only,
        _ => JsonType::Any,
    }
}

/// The types of the values of a schema. Each union is visited once: unions may be members of each other in more
/// ways than can be counted.
fn leaf_types<'a>(
    components: &'a Components,
    schema: &'a Schema,
    seen: &mut BTreeSet<&'a str>,
    types: &mut BTreeSet<JsonType>,
) {
    let found = match &target(components, schema).kind {
        Kind::Union(union) => {
            if let Kind::Ref(name) = &schema.kind
                && !seen.insert(name)
            {
                return;
            }
            if union.members.is_empty() {
                types.insert(JsonType::Any);
            }
            for member in &union.members {
                leaf_types(components, &member.schema, seen, types);
            }
            return;
        }
        Kind::Object(_) | Kind::Map(_) => JsonType::Object,
        Kind::List(_) => JsonType::Array,
        Kind::Text(_) | Kind::Enum(_) => JsonType::Text,
        Kind::Integer | Kind::Unsigned => JsonType::Integer,
        Kind::Number => JsonType::Number,
        Kind::Boolean => JsonType::Boolean,
        _ => JsonType::Any,
    };
    types.insert(found);
}
