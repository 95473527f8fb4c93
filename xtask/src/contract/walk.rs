//! Finds the schemas in a part of a document, and the references in any value.
//!
//! The search covers only the keywords that hold schemas: a property whose name is `items` or
//! `default` is a property.

use serde_json::{Map, Value};

/// Keywords whose value is a mapping from name to schema.
pub(crate) const NAMED: [&str; 1] = ["properties"];
/// Keywords whose value is a list of schemas.
pub(crate) const LISTED: [&str; 3] = ["allOf", "oneOf", "anyOf"];
/// Keywords whose value is a schema, or for `additionalProperties` perhaps a boolean.
pub(crate) const SINGLE: [&str; 3] = ["items", "additionalProperties", "not"];

/// Calls `visit` with each schema directly inside a schema, and the steps that lead to it.
///
/// # Errors
/// Returns the first error of `visit`.
pub(crate) fn each_inner<E>(
    schema: &mut Map<String, Value>,
    mut visit: impl FnMut(&[&str], &mut Value) -> Result<(), E>,
) -> Result<(), E> {
    for (keyword, value) in schema.iter_mut() {
        let keyword = keyword.as_str();
        if let Some(named) = value.as_object_mut().filter(|_| NAMED.contains(&keyword)) {
            for (name, inner) in named.iter_mut() {
                visit(&[keyword, name], inner)?;
            }
        } else if let Some(list) = value.as_array_mut().filter(|_| LISTED.contains(&keyword)) {
            for (index, inner) in list.iter_mut().enumerate() {
                visit(&[keyword, &index.to_string()], inner)?;
            }
        } else if SINGLE.contains(&keyword) && value.is_object() {
            visit(&[keyword], value)?;
        }
    }
    Ok(())
}

/// Calls `visit` with each schema of an operation, a parameter, a body or a response: the outermost
/// ones only, with the JSON pointer from `value` to it.
pub(crate) fn each_root(
    value: &mut Value,
    pointer: &str,
    visit: &mut impl FnMut(&str, &mut Value),
) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                let pointer = format!("{pointer}/{}", super::pointer::escape(key));
                if key == "schema" {
                    visit(&pointer, inner);
                } else {
                    each_root(inner, &pointer, visit);
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter_mut().enumerate() {
                each_root(inner, &format!("{pointer}/{index}"), visit);
            }
        }
        _ => {}
    }
}

/// Calls `visit` with each reference to a schema in the value: those of `$ref`, and those in the
/// mapping of a discriminator. A value under `default`, `enum` or an extension is data and holds none.
pub(crate) fn each_reference(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match (key.as_str(), inner) {
                    ("$ref", Value::String(reference)) => visit(reference),
                    ("discriminator", inner)
                        if inner.get("propertyName").is_some_and(Value::is_string) =>
                    {
                        for target in inner
                            .get_mut("mapping")
                            .and_then(Value::as_object_mut)
                            .into_iter()
                            .flat_map(Map::values_mut)
                        {
                            if let Value::String(reference) = target {
                                visit(reference);
                            }
                        }
                    }
                    ("properties" | "responses", Value::Object(named)) => {
                        for inner in named.values_mut() {
                            each_reference(inner, visit);
                        }
                    }
                    // Names of properties were skipped above. Here these are keywords.
                    ("default" | "enum", _) => {}
                    (key, _) if key.starts_with("x-") => {}
                    (_, inner) => each_reference(inner, visit),
                }
            }
        }
        Value::Array(list) => {
            for inner in list {
                each_reference(inner, visit);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_named_like_keywords_are_properties() {
        let mut value = json!({
            "properties": {
                "default": {"$ref": "#/1"},
                "items": {"$ref": "#/2"},
                "discriminator": {"$ref": "#/3"},
                "enum": {"enum": [{"$ref": "data"}], "default": {"$ref": "data"}, "x-a": {"$ref": "data"}},
            },
            "discriminator": {"propertyName": "t", "mapping": {"A": "#/4"}},
        });
        let mut seen = Vec::new();
        each_reference(&mut value, &mut |reference| seen.push(reference.clone()));
        assert_eq!(seen, ["#/1", "#/2", "#/3", "#/4"]);
    }

    #[test]
    fn the_outermost_schemas_of_an_operation_are_found_with_their_place() {
        let mut value = json!({
            "parameters": [{"name": "schema", "schema": {"type": "string"}}],
            "responses": {"200": {"content": {"a/b": {"schema": {"properties": {"schema": {"type": "integer"}}}}}}},
        });
        let mut seen = Vec::new();
        each_root(&mut value, "", &mut |pointer, _| {
            seen.push(pointer.to_owned())
        });
        assert_eq!(
            seen,
            ["/parameters/0/schema", "/responses/200/content/a~1b/schema"]
        );
    }
}
