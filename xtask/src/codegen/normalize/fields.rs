//! Rule: every property of an object is a field of its own.
//!
//! Of several properties that become one name in Rust, the first in the contract keeps it and the next
//! ones get a number. The field for properties without a name is called `extra`.

use super::draft::Draft;
use super::names::{self, Taken};
use super::schema::Kind;
use crate::codegen::model::Remark;

/// The field for properties that the contract does not name.
pub(crate) const EXTRA: &str = "extra";

/// Names the fields of all objects, and notes those that do not have the name of their property.
pub(crate) fn apply(draft: &mut Draft) {
    for schema in draft.components.values_mut() {
        let Kind::Object(object) = &mut schema.kind else {
            continue;
        };
        let mut taken = Taken::of(object.extra.iter().map(|_| EXTRA.to_owned()));
        for (name, property) in &mut object.properties {
            let plain = names::value_name(name);
            let rust = taken.distinct(&plain);
            if rust != plain {
                draft.remarks.push(Remark::new(&property.schema.pointer, format!(
                        "another field is called `{plain}` in Rust; the field of the property `{name}` is called `{rust}`"
                    )));
            }
            property.rust_name = rust;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{normalized, schemas};
    use crate::codegen::model::SchemaKind;

    fn fields(properties: serde_json::Value, extra: bool) -> (Vec<String>, Vec<String>) {
        let mut root = json!({"properties": properties});
        if extra {
            root["additionalProperties"] = json!({"type": "string"});
        }
        let normalized = normalized(schemas(json!({"Root": root})));
        let SchemaKind::Struct(found) = &normalized.schemas["Root"].kind else {
            panic!("a struct")
        };
        let names = found.fields.iter().map(|field| field.rust_name.clone());
        let notes = normalized.remarks.iter().map(ToString::to_string);
        (names.collect(), notes.collect())
    }

    #[test]
    fn properties_that_become_one_name_are_fields_of_their_own_and_noted() {
        let text = json!({"type": "string"});
        let (names, notes) = fields(
            json!({"a_b": text, "aB": text, "A-B": text, "a_b2": text, "type": text, "Type": text}),
            false,
        );
        assert_eq!(names, ["a_b", "a_b2", "a_b3", "a_b22", "type_", "type2"]);
        assert_eq!(notes.len(), 4, "{notes:?}");
        assert!(
            notes[0].contains(
                "/components/schemas/Root/properties/aB: another field is called `a_b` in Rust"
            ),
            "{notes:?}"
        );
    }

    #[test]
    fn a_property_called_like_the_field_for_the_rest_gets_a_number() {
        let text = json!({"type": "string"});
        let (names, notes) = fields(json!({"extra": text, "Extra": text}), true);
        assert_eq!(names, ["extra2", "extra3"]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        let (names, notes) = fields(json!({"extra": text}), false);
        assert_eq!((names, notes.len()), (vec!["extra".to_owned()], 0));
    }
}
