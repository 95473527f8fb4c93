//! Checks of parts of a contract that `import` and `generate` share.

use serde_json::{Map, Value};

use super::Document;
use crate::problem::Problem;

/// Keywords that restrict the values in a way that neither OpenAPI 3.0 nor a type can express.
pub(crate) const CONDITIONS: [&str; 7] = [
    "$dynamicRef",
    "$recursiveRef",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
];

/// The tags of an operation.
///
/// # Errors
/// Returns an error if they are no list of texts.
pub(crate) fn tags<'v>(
    document: &Document,
    operation: &'v Value,
    pointer: &str,
) -> Result<Vec<&'v str>, Problem> {
    let tags = match operation.get("tags") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(tags)) => tags.iter().map(Value::as_str).collect(),
        Some(_) => None,
    };
    tags.ok_or_else(|| {
        let place = format!("{pointer}/tags");
        Problem::at(document, &place, "`tags` has to be a list of texts")
            .with_help("write it as a list, such as `tags: [Clusters]`")
    })
}

/// The parameters that an operation or a path declares, each with its location.
///
/// # Errors
/// Returns an error if they are no list.
pub(crate) fn parameters<'v>(
    document: &Document,
    owner: &'v Value,
    pointer: &str,
) -> Result<Vec<(&'v Value, String)>, Problem> {
    let place = format!("{pointer}/parameters");
    match owner.get("parameters") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            let placed = list.iter().enumerate();
            let placed = placed.map(|(index, value)| (value, format!("{place}/{index}")));
            Ok(placed.collect())
        }
        Some(_) => {
            let problem = Problem::at(document, &place, "the parameters have to be a list");
            Err(problem.with_help("begin each with `-`"))
        }
    }
}

/// Checks that the `enum` of a schema has values.
///
/// # Errors
/// Returns an error if it is empty.
pub(crate) fn values(
    document: &Document,
    schema: &Map<String, Value>,
    pointer: &str,
) -> Result<(), Problem> {
    let values = schema.get("enum").and_then(Value::as_array);
    if values.is_some_and(Vec::is_empty) {
        let what = "an enum without values allows no value";
        return Err(Problem::at(document, &format!("{pointer}/enum"), what)
            .with_help("list the values, or drop `enum`"));
    }
    Ok(())
}

/// The discriminator of a schema, and its property.
///
/// # Errors
/// Returns an error if it names no property.
pub(crate) fn discriminator<'v>(
    document: &Document,
    schema: &'v Map<String, Value>,
    pointer: &str,
) -> Result<Option<(&'v Value, &'v str)>, Problem> {
    let Some(value) = schema.get("discriminator") else {
        return Ok(None);
    };
    let property = value.get("propertyName").and_then(Value::as_str);
    let property = property.ok_or_else(|| {
        let place = format!("{pointer}/discriminator");
        Problem::at(document, &place, "a discriminator needs a `propertyName`")
            .with_help("name the property that distinguishes the members")
    })?;
    Ok(Some((value, property)))
}
