//! Follows references inside one document.
//!
//! A published revision is one file, so a reference to another file is an
//! error.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Document;
use super::operation_id::METHODS;
use super::pointer::{escape, steps, unescape};
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

/// A thing that a reference can stand for, apart from schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    PathItem,
    Parameter,
    Body,
    Response,
    Header,
}

impl Part {
    /// Its name in messages, and the mapping of `components` that has such things.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::PathItem => ("path item", "pathItems"),
            Self::Parameter => ("parameter", "parameters"),
            Self::Body => ("request body", "requestBodies"),
            Self::Response => ("response", "responses"),
            Self::Header => ("header", "headers"),
        }
    }

    /// Whether the location is that of another thing. An unusual location may have anything.
    fn is_other(self, pointer: &str) -> bool {
        let steps: Vec<String> = steps(pointer).collect();
        let step = |from_end: usize| {
            let index = steps.len().checked_sub(from_end);
            index.and_then(|index| steps.get(index)).map(String::as_str)
        };
        let found = match (step(1), step(2), step(3)) {
            _ if pointer.starts_with("/components/schemas/") => None,
            (Some("requestBody"), ..) => Some(Self::Body),
            (_, Some("paths" | "webhooks" | "pathItems"), _) | (.., Some("callbacks")) => {
                Some(Self::PathItem)
            }
            (_, Some("parameters"), _) => Some(Self::Parameter),
            (_, Some("requestBodies"), _) => Some(Self::Body),
            (_, Some("responses"), _) => Some(Self::Response),
            (_, Some("headers"), _) => Some(Self::Header),
            (Some("schema" | "responses" | "parameters" | "content" | "components"), ..)
            | (_, Some("content" | "examples" | "links" | "callbacks" | "securitySchemes"), _) => {
                None
            }
            (Some(method), ..) if METHODS.contains(&method) => None,
            _ => return false,
        };
        found != Some(self)
    }
}

/// Returns `value` itself, or the target of its `$ref` over any number of steps, with the
/// pointer of that location.
///
/// # Errors
/// Returns an error if a reference leaves the file, has no target, is circular, or names another thing.
pub(crate) fn resolve<'a>(
    document: &'a Document,
    value: &'a Value,
    pointer: &str,
    part: Part,
) -> Result<(&'a Value, String), Problem> {
    let mut all = steps_of(document, value, pointer, part)?;
    Ok(all.pop().unwrap_or((value, pointer.to_owned())))
}

/// The definitions of a path item: itself, and the targets of its `$ref` over any number of steps. The first one
/// that declares an operation or a parameter holds.
///
/// # Errors
/// Returns an error if a reference leaves the file, has no target, is circular, or names no path item.
pub(crate) fn path_item<'a>(
    document: &'a Document,
    item: &'a Value,
    pointer: &str,
) -> Result<Vec<(&'a Value, String)>, Problem> {
    steps_of(document, item, pointer, Part::PathItem)
}

fn steps_of<'a>(
    document: &'a Document,
    value: &'a Value,
    pointer: &str,
    part: Part,
) -> Result<Vec<(&'a Value, String)>, Problem> {
    let mut place = (value, pointer.to_owned());
    let mut passed = BTreeSet::new();
    let mut all = Vec::new();
    while let Some(reference) = place.0.get("$ref").and_then(Value::as_str) {
        let next = target(document, reference, &place.1)?;
        if !passed.insert(next.clone()) {
            let what = format!("the reference `{reference}` refers to itself");
            return Err(Problem::at(document, pointer, what)
                .with_help("let one of the references name a definition"));
        }
        let Some(value) = document.value.pointer(&next) else {
            return Err(dangling(document, reference, &place.1));
        };
        if part.is_other(&next) {
            let (name, components) = part.names();
            let what = format!("the reference `{reference}` refers to no {name}");
            return Err(Problem::at(document, &place.1, what).with_help(format!(
                "let it name one, such as `#/components/{components}/NAME`"
            )));
        }
        all.push(std::mem::replace(&mut place, (value, next)));
    }
    all.push(place);
    Ok(all)
}

/// Refuses a `$ref` that stands for a thing that no reference can stand for.
///
/// # Errors
/// Returns an error if there is one.
pub(crate) fn none(document: &Document, value: &Value, pointer: &str) -> Result<(), Problem> {
    if value.get("$ref").is_none() {
        return Ok(());
    }
    let what = "a reference cannot stand here";
    Err(
        Problem::at(document, &format!("{pointer}/$ref"), what).with_help(
            "write the definition itself, or refer to the whole path item, parameter, request body \
         or response",
        ),
    )
}

/// The media types of a parameter, a body or a response, each with its description.
///
/// # Errors
/// Returns an error if a reference stands for one of them, or for all.
pub(crate) fn content<'a>(
    document: &Document,
    owner: &'a Value,
    pointer: &str,
) -> Result<Vec<(&'a String, &'a Value)>, Problem> {
    let Some(content) = owner.get("content") else {
        return Ok(Vec::new());
    };
    let pointer = format!("{pointer}/content");
    none(document, content, &pointer)?;
    let declared: Vec<(&String, &Value)> = content.as_object().into_iter().flatten().collect();
    for (media, description) in &declared {
        let pointer = format!("{pointer}/{}", escape(media));
        none(document, description, &pointer)?;
        let encodings = description.get("encoding").and_then(Value::as_object);
        for (name, encoding) in encodings.into_iter().flatten() {
            none(
                document,
                encoding,
                &format!("{pointer}/encoding/{}", escape(name)),
            )?;
        }
    }
    Ok(declared)
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
        .with_help("let it name one, such as `#/components/schemas/NAME`")
}

fn dangling(document: &Document, reference: &str, pointer: &str) -> Problem {
    if reference.starts_with('#') && !reference.starts_with("#/") {
        let what = format!("the reference `{reference}` names an anchor, which is not followed");
        return Problem::at(document, pointer, what)
            .with_help("write the location, such as `#/components/schemas/NAME`");
    }
    let what = format!("the reference `{reference}` refers to nothing");
    Problem::at(document, pointer, what).with_help("define what it names, or correct the name")
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
        - $ref: '#/paths/~1a~1{id}/get/parameters/5'
";
        source::parse(Path::new("a.yaml"), text.to_owned()).unwrap()
    }

    fn resolved(index: usize) -> Result<String, String> {
        let document = document();
        let pointer = format!("/paths/~1a~1{{id}}/get/parameters/{index}");
        let value = document.value.pointer(&pointer).unwrap();
        let (found, _) = resolve(&document, value, &pointer, Part::Parameter)
            .map_err(|problem| problem.to_string())?;
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

    #[test]
    fn a_reference_to_itself_is_reported() {
        assert!(resolved(5).unwrap_err().contains("refers to itself"));
    }
}
