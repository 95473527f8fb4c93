//! Rule: every property of an object is a field of its own.
//!
//! Of several properties that become one name in Rust, the first in the contract keeps it and the next
//! ones get a number. The field for properties without a name is called `extra`.

use super::draft::Draft;
use super::names::{self, Taken};
use super::schema::{Kind, Object};
use crate::codegen::model::Remark;

/// The field for properties that the contract does not name.
pub(crate) const EXTRA: &str = "extra";

/// The names of the fields in Rust, in the order of the properties.
pub(crate) fn rust_names(object: &Object) -> Vec<String> {
    let extra = object.extra.iter().map(|_| EXTRA.to_owned());
    let mut taken = Taken::of(extra);
    let names = object.properties.keys();
    names
        .map(|name| taken.distinct(&names::value_name(name)))
        .collect()
}

/// Notes the properties whose fields have another name.
pub(crate) fn note(draft: &mut Draft) {
    let mut remarks = Vec::new();
    for schema in draft.components.values() {
        let Kind::Object(object) = &schema.kind else {
            continue;
        };
        for ((name, property), rust) in object.properties.iter().zip(rust_names(object)) {
            let plain = names::value_name(name);
            if rust != plain {
                remarks.push(Remark {
                    pointer: property.schema.pointer.clone(),
                    text: format!(
                        "another field is called `{plain}` in Rust; the field of the property `{name}` is called `{rust}`"
                    ),
                });
            }
        }
    }
    draft.remarks.append(&mut remarks);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{normalised, schemas};
    use crate::codegen::model::SchemaKind;

    fn fields(properties: serde_json::Value, extra: bool) -> (Vec<String>, Vec<String>) {
        let mut root = json!({"properties": properties});
        if extra {
            root["additionalProperties"] = json!({"type": "string"});
        }
        let normalised = normalised(schemas(json!({"Root": root})));
        let SchemaKind::Struct(found) = &normalised.schemas["Root"].kind else {
            panic!("a struct")
        };
        let names = found.fields.iter().map(|field| field.rust_name.clone());
        let notes = normalised.remarks.iter().map(ToString::to_string);
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
