//! Follows references inside one document.
//!
//! A published revision is one file, so a reference to another file is an
//! error.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Document;
use super::pointer::{escape, unescape};
use crate::problem::Problem;

/// The pointer of the named schemas.
pub(crate) const SCHEMAS: &str = "#/components/schemas/";

/// The JSON pointer of a reference within the document, percent-decoded. `None` for a reference into another
/// file.
pub(crate) fn pointer_of(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    Some(
        percent_decode_str(fragment)
            .decode_utf8_lossy()
            .into_owned(),
    )
}

/// The reference to a named schema.
pub(crate) fn to_schema(name: &str) -> String {
    format!("{SCHEMAS}{}", escape(name).replace('%', "%25"))
}

/// The reference to a location of the document.
pub(crate) fn to_pointer(pointer: &str) -> String {
    format!("#{}", pointer.replace('%', "%25"))
}

/// The name of a schema directly under `components/schemas`.
pub(crate) fn schema_name(reference: &str) -> Option<String> {
    let pointer = pointer_of(reference)?;
    let name = pointer.strip_prefix("/components/schemas/")?;
    (!name.contains('/')).then(|| unescape(name))
}

/// Returns `value` itself, or the target of its `$ref` over any number of steps, with the
/// pointer of that location.
///
/// # Errors
/// Returns an error if a reference has no target.
pub(crate) fn resolve<'a>(
    document: &'a Document,
    value: &'a Value,
    pointer: &str,
) -> Result<(&'a Value, String), Problem> {
    let mut all = steps_of(document, value, pointer)?;
    Ok(all.pop().unwrap_or((value, pointer.to_owned())))
}

/// `value` itself, and the targets of its `$ref` over any number of steps. Of a path item, the first definition that
/// declares an operation or a parameter holds.
///
/// # Errors
/// Returns an error if a reference has no target.
pub(crate) fn steps_of<'a>(
    document: &'a Document,
    value: &'a Value,
    pointer: &str,
) -> Result<Vec<(&'a Value, String)>, Problem> {
    let mut all = vec![(value, pointer.to_owned())];
    while let Some((value, place)) = all.last()
        && let Some(reference) = value.get("$ref").and_then(Value::as_str)
    {
        let next = target(document, reference, place)?;
        let value = document.value.pointer(&next).unwrap_or(&Value::Null);
        // The check of all references refuses cycles.
        if all.iter().any(|(_, passed)| *passed == next) {
            break;
        }
        all.push((value, next));
    }
    Ok(all)
}

/// The media types of a parameter, a body or a response, each with its description.
pub(crate) fn content(owner: &Value) -> Vec<(&String, &Value)> {
    let content = owner.get("content").and_then(Value::as_object);
    content.into_iter().flatten().collect()
}

/// The pointer to the target of a reference.
///
/// # Errors
/// Returns an error if it leaves the file or has no target.
pub(crate) fn target(
    document: &Document,
    reference: &str,
    pointer: &str,
) -> Result<String, Problem> {
    let Some(next) = pointer_of(reference) else {
        let what = format!("the reference `{reference}` refers to another file");
        return Err(Problem::at(document, pointer, what)
            .with_help("bundle the files into one, with `redocly bundle` for instance"));
    };
    match document.value.pointer(&next) {
        Some(_) => Ok(next),
        None => Err(dangling(document, reference, pointer)),
    }
}

/// The problem of a reference to an element that is no schema.
pub(crate) fn no_schema(document: &Document, reference: &str, pointer: &str) -> Problem {
    let what = format!("the reference `{reference}` refers to no schema");
    Problem::at(document, pointer, what)
        .with_help("write the location of a schema, such as `#/components/schemas/NAME`")
}

/// The problem of a reference without a target.
pub(super) fn dangling(document: &Document, reference: &str, pointer: &str) -> Problem {
    if reference.starts_with('#') && !reference.starts_with("#/") {
        let what = format!("the reference `{reference}` names an anchor, which is not followed");
        return Problem::at(document, pointer, what)
            .with_help("write the location, such as `#/components/schemas/NAME`");
    }
    let what = format!("the reference `{reference}` refers to nothing");
    Problem::at(document, pointer, what)
        .with_help("add the missing definition, or correct the reference")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::contract::source;

    fn document() -> Document {
        let text = "\
paths:
  /a/{id}:
    get:
      parameters:
        - {name: x}
        - $ref: '#/paths/~1a~1%7Bid%7D/get/parameters/0'
        - $ref: '#/paths/~1a~1{id}/get/parameters/1'
        - $ref: '#/nowhere'
        - $ref: other.yaml#/x
";
        source::parse(Path::new("a.yaml"), text.to_owned()).unwrap()
    }

    fn resolved(index: usize) -> Result<String, String> {
        let document = document();
        let pointer = format!("/paths/~1a~1{{id}}/get/parameters/{index}");
        let value = document.value.pointer(&pointer).unwrap();
        let (found, _) =
            resolve(&document, value, &pointer).map_err(|problem| problem.to_string())?;
        Ok(found.to_string())
    }

    #[test]
    fn references_into_other_paths_are_percent_decoded_and_followed_to_the_end() {
        assert_eq!(resolved(1).unwrap(), r#"{"name":"x"}"#);
        assert_eq!(resolved(2).unwrap(), r#"{"name":"x"}"#);
    }

    #[test]
    fn each_name_is_read_back_from_its_reference() {
        for name in [
            "A", "a/b", "a~b", "~1", "~01", "a%b", "a%2Fb", "%7E1", "ä b", "#", "",
        ] {
            let reference = to_schema(name);
            assert_eq!(
                schema_name(&reference).as_deref(),
                Some(name),
                "{reference}"
            );
            let pointer = pointer_of(&reference).unwrap();
            assert_eq!(to_pointer(&pointer), reference);
            let document = serde_json::json!({"components": {"schemas": {name: 1}}});
            assert_eq!(
                document.pointer(&pointer),
                Some(&Value::from(1)),
                "{reference}"
            );
        }
        for other in [
            "#/components/schemas",
            "#/components/schemasX/A",
            "#/components/schemas/A/x",
            "x",
        ] {
            assert_eq!(schema_name(other), None, "{other}");
        }
    }

    #[test]
    fn a_reference_to_nothing_is_reported_with_its_line() {
        let message = resolved(3).unwrap_err();
        assert!(message.starts_with("a.yaml:8: /paths/~1a~1{id}/get/parameters/3: the reference `#/nowhere` refers to nothing"), "{message}");
    }

    #[test]
    fn a_reference_out_of_the_file_is_reported() {
        assert!(resolved(4).unwrap_err().contains("refers to another file"));
    }
}
