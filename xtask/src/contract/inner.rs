//! Names for the schemas that a reference finds inside another part of the document, such as `$defs`.
//!
//! `import` and `generate` use the same names, and these do not depend on the order of the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Document;
use super::pointer::steps;
use super::references::{pointer_of, schema_name};

/// Steps of a pointer that are left out of names.
const OMITTED: [&str; 10] = [
    "components",
    "schemas",
    "paths",
    "properties",
    "items",
    "content",
    "schema",
    "$defs",
    "definitions",
    "responses",
];

/// The names of the schemas that references find outside of the components, by pointer.
pub(crate) fn names(document: &Document) -> BTreeMap<String, String> {
    let mut targets = BTreeSet::new();
    collect(&document.value, &mut targets);
    let schemas = document.value.pointer("/components/schemas");
    let schemas = schemas.and_then(Value::as_object);
    let mut taken: BTreeSet<String> = schemas.into_iter().flat_map(Map::keys).cloned().collect();
    let mut names = BTreeMap::new();
    for target in targets {
        let name = free(&name_of(&target), |name| taken.contains(name));
        taken.insert(name.clone());
        names.insert(target, name);
    }
    names
}

/// `name`, or with a number if it is taken.
pub(crate) fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}{number}"));
    let mut all = std::iter::once(name.to_owned()).chain(numbered);
    all.find(|name| !is_taken(name)).unwrap_or_default()
}

/// The targets of references that are not components.
fn collect(value: &Value, targets: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    Value::String(text) if key == "$ref" => add(text, targets),
                    Value::Object(mapping) if key == "mapping" => {
                        let texts = mapping.values().filter_map(Value::as_str);
                        texts.for_each(|text| add(text, targets));
                    }
                    _ => {}
                }
                collect(inner, targets);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, targets)),
        _ => {}
    }
}

fn add(reference: &str, targets: &mut BTreeSet<String>) {
    let Some(pointer) = pointer_of(reference).filter(|_| schema_name(reference).is_none()) else {
        return;
    };
    let is_component = pointer.starts_with("/components/") && steps(&pointer).count() == 3;
    if !is_component {
        targets.insert(pointer);
    }
}

/// The name of the outer schema, and the named steps.
fn name_of(target: &str) -> String {
    let steps = steps(target).filter(|step| !OMITTED.contains(&step.as_str()));
    let name: String = steps
        .flat_map(|step| {
            let words = step.split(|c: char| !c.is_ascii_alphanumeric());
            words.map(capitalized).collect::<Vec<_>>()
        })
        .collect();
    match name.is_empty() {
        true => "Schema".to_owned(),
        false => name,
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::contract::source;

    #[test]
    fn a_name_depends_on_the_location_and_not_on_the_order() {
        let of = |schemas: &str| {
            let text = format!("openapi: 3.1.0\npaths: {{}}\ncomponents:\n  schemas:\n{schemas}");
            names(&source::parse(Path::new("a.yaml"), text).expect("a document"))
        };
        let one = "    A: {$defs: {b: {type: string}, B: {type: integer}}, properties: {x: {$ref: '#/components/schemas/A/$defs/b'}, y: {$ref: '#/components/schemas/A/$defs/B'}}}\n";
        let other = "    AB2: {type: object, properties: {x: {$ref: '#/components/schemas/A'}}}\n";
        let expected = [
            ("/components/schemas/A/$defs/B", "AB"),
            ("/components/schemas/A/$defs/b", "AB3"),
        ]
        .map(|(pointer, name)| (pointer.to_owned(), name.to_owned()));
        assert_eq!(
            of(&format!("{one}{other}")),
            BTreeMap::from(expected.clone())
        );
        assert_eq!(of(&format!("{other}{one}")), BTreeMap::from(expected));
    }
}
