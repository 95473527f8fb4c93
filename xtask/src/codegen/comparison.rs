//! Compares two contracts by their clients, without texts and locations.

use serde_json::Value;

use super::doc::Doc;
use super::model::{Normalized, SchemaKind, SchemaModel};

/// The first difference between two clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The location in the first contract.
    pub(crate) pointer: String,
    /// The parts of the first and of the second client at this place.
    pub(crate) one: String,
    pub(crate) other: String,
}

/// The first difference between the clients of two contracts; `None` if they differ in texts only.
pub(crate) fn difference(one: &Normalized, other: &Normalized) -> Option<Difference> {
    let (ones, others) = (parts(one), parts(other));
    let count = ones.len().max(others.len());
    let nothing = (String::new(), String::new());
    (0..count).find_map(|index| {
        let (pointer, one) = ones.get(index).unwrap_or(&nothing);
        let (_, other) = others.get(index).unwrap_or(&nothing);
        (one != other).then(|| {
            let mut lines = one.lines().zip(other.lines());
            let (one, other) = lines
                .find(|(one, other)| one != other)
                .unwrap_or((one, other));
            let short = |text: &str| text.trim().trim_end_matches(',').chars().take(60).collect();
            Difference {
                pointer: pointer.clone(),
                one: short(one),
                other: short(other),
            }
        })
    })
}

/// The parts of a client, each with its location.
fn parts(client: &Normalized) -> Vec<(String, String)> {
    let mut document = client.document.clone();
    if let Some(document) = document.as_object_mut() {
        document.insert("info".to_owned(), Value::Null);
    }
    // The types are in the document.
    let operations = client.operations.iter().map(|operation| {
        let types = document.pointer(&format!("/paths/~1{}", operation.method_name));
        let plain = operation.without_texts();
        (operation.pointer.clone(), format!("{plain:#?}\n{types:#?}"))
    });
    let schemas = client.schemas.iter().map(|(name, schema)| {
        let types = document.pointer(&format!("/components/schemas/{name}"));
        let plain = schema_without_texts(schema.clone());
        (
            schema.pointer.clone(),
            format!("{name} {plain:#?}\n{types:#?}"),
        )
    });
    let parts: Vec<(String, String)> = schemas.chain(operations).collect();
    let whole = (String::new(), format!("{document:#}"));
    parts.into_iter().chain([whole]).collect()
}

fn schema_without_texts(mut schema: SchemaModel) -> SchemaModel {
    schema.pointer.clear();
    (schema.description, schema.contract_name) = (None, None);
    match &mut schema.kind {
        SchemaKind::Struct(structure) => {
            let fields = structure.fields.iter_mut();
            fields.for_each(|one| one.description = Doc::default());
        }
        SchemaKind::OpenEnum(values) => values.iter_mut().for_each(|one| one.description = None),
        SchemaKind::Union(union) => {
            let variants = union.variants.iter_mut();
            variants.for_each(|one| one.description = Doc::default());
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::codegen::normalize::tests::{normalized, schemas};

    #[test]
    fn a_difference_between_the_types_of_an_operation_has_the_location_of_the_operation() {
        let of = |format: &str| {
            let root = json!({"type": "integer", "format": format});
            normalized(schemas(json!({"Root": root})))
        };
        let found = difference(&of("int64"), &of("uint64")).expect("a difference");
        assert_eq!(found.pointer, "/paths/~1root/get");
        assert_eq!(difference(&of("int64"), &of("int32")), None);
    }
}
