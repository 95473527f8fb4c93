//! The JSON type of the values of a schema.

use std::collections::BTreeSet;

use super::schema::{Components, Kind, Schema, Union};
use crate::codegen::model::JsonType;

/// The JSON type of all values; [`JsonType::Any`] if they have several.
pub(crate) fn json_type(components: &Components, schema: &Schema) -> JsonType {
    match &schema.kind {
        Kind::Ref(name) => match components.get(name).map(|schema| &schema.kind) {
            Some(Kind::Enum(_)) => JsonType::Text,
            Some(Kind::Object(_)) => JsonType::Object,
            Some(Kind::Union(union)) => {
                let mut types = BTreeSet::new();
                let mut seen = BTreeSet::from([name.as_str()]);
                leaf_types(components, union, &mut seen, &mut types);
                types
                    .first()
                    .copied()
                    .filter(|_| types.len() == 1)
                    .unwrap_or(JsonType::Any)
            }
            _ => JsonType::Any,
        },
        Kind::Object(_) | Kind::Map(_) => JsonType::Object,
        Kind::List(_) => JsonType::Array,
        Kind::Text(_) | Kind::Enum(_) => JsonType::Text,
        Kind::Integer | Kind::Unsigned => JsonType::Integer,
        Kind::Number => JsonType::Number,
        Kind::Boolean => JsonType::Boolean,
        _ => JsonType::Any,
    }
}

/// The types of the members of a union, and of those of unions among them, each union once: they may be
/// members of each other in more ways than can be counted.
fn leaf_types<'a>(
    components: &'a Components,
    union: &'a Union,
    seen: &mut BTreeSet<&'a str>,
    types: &mut BTreeSet<JsonType>,
) {
    if union.members.is_empty() {
        types.insert(JsonType::Any);
    }
    for member in &union.members {
        let inner = match &member.schema.kind {
            Kind::Ref(name) => match components.get(name).map(|schema| &schema.kind) {
                Some(Kind::Union(inner)) => Some((name.as_str(), inner)),
                _ => None,
            },
            _ => None,
        };
        match inner {
            Some((name, inner)) => {
                if seen.insert(name) {
                    leaf_types(components, inner, seen, types);
                }
            }
            None => {
                types.insert(json_type(components, &member.schema));
            }
        }
    }
}
