//! Our texts in the contract: collected by the item that they describe, and restored after an import.
//!
//! An item is identified by name: an operation by method and path, a parameter by its name,
//! a schema by its name, a property by the path to it, an enumerated value by itself. Default texts
//! (`defaults`) are never collected, because they are created again on each import.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::defaults;
use super::extensions::ALIASES;
use super::layer::last_step;
use super::operation::{Key, METHODS};
use crate::contract::pointer::escape;
use crate::contract::walk::{LISTED, NAMED, SINGLE};

/// The meanings of enumerated values, by value.
pub(super) const ENUM_TEXTS: &str = "x-enumDescriptions";

/// The texts at one location.
type Texts = Map<String, Value>;

/// All our texts, by the item that they describe.
#[derive(Debug, Default)]
pub(super) struct Prose {
    places: BTreeMap<String, Texts>,
    /// Our part of `info`.
    pub(super) info: Map<String, Value>,
}

/// Collects the texts of a contract.
pub(super) fn collect(contract: &Value) -> Prose {
    let mut prose = Prose {
        info: contract
            .get("info")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
        ..Prose::default()
    };
    prose.info.remove("version");
    let mut contract = contract.clone();
    each_place(&mut contract, &mut |place, map| {
        let texts: Texts = ["summary", "description", ENUM_TEXTS]
            .into_iter()
            .filter_map(|keyword| Some((keyword.to_owned(), map.get(keyword)?.clone())))
            .filter(|(keyword, text)| !defaults::is_made(keyword, text, map, place))
            .collect();
        if !texts.is_empty() {
            prose.places.insert(place.to_owned(), texts);
        }
    });
    prose
}

impl Prose {
    /// Moves the texts of the schema `old` to the name `new`, except for items that already have a text.
    pub(super) fn rename_schema(&mut self, old: &str, new: &str) {
        let (old, new) = (format!("schema {old}"), format!("schema {new}"));
        let moved: Vec<(String, Texts)> = self
            .places
            .iter()
            .filter_map(|(place, texts)| {
                let rest = place.strip_prefix(&old)?;
                let is_inside = rest.is_empty()
                    || rest.starts_with(['/', '&', '|', '['])
                    || SINGLE.iter().any(|keyword| rest.starts_with(keyword));
                is_inside.then(|| (format!("{new}{rest}"), texts.clone()))
            })
            .collect();
        for (place, texts) in moved {
            self.places.entry(place).or_insert(texts);
        }
    }

    /// Puts the texts at their places in a document that has the facts only.
    pub(super) fn apply(&self, document: &mut Value) {
        each_place(document, &mut |place, map| {
            let Some(texts) = self.places.get(place) else {
                return;
            };
            let before = map.len();
            for (keyword, text) in texts {
                match (keyword.as_str(), text) {
                    (ENUM_TEXTS, Value::Object(meanings)) => {
                        let values = map
                            .get("enum")
                            .and_then(Value::as_array)
                            .into_iter()
                            .flatten()
                            .filter_map(Value::as_str);
                        let aliases = map.get(ALIASES);
                        // A value that only changed its spelling keeps its meaning.
                        let meaning = |value: &str| {
                            let aliases =
                                aliases.and_then(|aliases| aliases.get(value)?.as_array());
                            let aliases = aliases.into_iter().flatten().filter_map(Value::as_str);
                            let mut spellings = [value].into_iter().chain(aliases);
                            spellings.find_map(|spelling| meanings.get(spelling).cloned())
                        };
                        let kept: Map<String, Value> = values
                            .filter_map(|value| Some((value.to_owned(), meaning(value)?)))
                            .collect();
                        if !kept.is_empty() {
                            map.insert(ENUM_TEXTS.to_owned(), Value::Object(kept));
                        }
                    }
                    _ => drop(map.insert(keyword.clone(), text.clone())),
                }
            }
            // A reference allows no keywords beside it, so a reference with our text is wrapped in `allOf`.
            if map.len() > before
                && let Some(reference) = map.remove("$ref")
            {
                map.insert("allOf".to_owned(), json!([{"$ref": reference}]));
            }
        });
    }
}

type Visit<'a> = &'a mut dyn FnMut(&str, &mut Map<String, Value>);

/// Calls `visit` with every place that may have a text, and its name.
fn each_place(document: &mut Value, visit: Visit<'_>) {
    let Some(document) = document.as_object_mut() else {
        return;
    };
    for tag in document
        .get_mut("tags")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        let name = format!(
            "tag {}",
            tag.get("name").and_then(Value::as_str).unwrap_or_default()
        );
        visit(&name, tag);
    }
    for (path, item) in members(document.get_mut("paths")) {
        paths_item(path, item, visit);
    }
    let components = document
        .get_mut("components")
        .and_then(Value::as_object_mut);
    for (kind, members) in components.into_iter().flatten() {
        for (name, value) in members.as_object_mut().into_iter().flatten() {
            match kind.as_str() {
                "schemas" => schema(&format!("schema {name}"), value, visit),
                "parameters" => parameter("shared", value, visit),
                "responses" => response(&format!("shared response {name}"), value, visit),
                _ => value
                    .as_object_mut()
                    .into_iter()
                    .for_each(|map| visit(&format!("{kind} {name}"), map)),
            }
        }
    }
}

fn members(value: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    value.and_then(Value::as_object_mut).into_iter().flatten()
}

fn paths_item(path: &str, item: &mut Value, visit: Visit<'_>) {
    let Some(item) = item.as_object_mut() else {
        return;
    };
    for value in item
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        parameter(&Key::new(0, path).path, value, visit);
    }
    for (method, name) in METHODS.iter().enumerate() {
        let Some(operation) = item.get_mut(*name).and_then(Value::as_object_mut) else {
            continue;
        };
        let place = format!("{} {}", name.to_uppercase(), Key::new(method, path).path);
        visit(&place, operation);
        for value in operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            parameter(&place, value, visit);
        }
        if let Some(body) = operation.get_mut("requestBody") {
            response(&format!("{place} body"), body, visit);
        }
        for (code, value) in members(operation.get_mut("responses")) {
            response(&format!("{place} response {code}"), value, visit);
        }
    }
}

fn parameter(owner: &str, parameter: &mut Value, visit: Visit<'_>) {
    let text = |keyword: &str| {
        parameter
            .get(keyword)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let place = format!("{owner} parameter {} {}", text("in"), text("name"));
    let Some(map) = parameter
        .as_object_mut()
        .filter(|map| !map.contains_key("$ref"))
    else {
        return;
    };
    visit(&place, map);
    if let Some(inner) = map.get_mut("schema") {
        schema(&format!("{place} schema"), inner, visit);
    }
}

/// A response or a request body: both have a description and content.
fn response(place: &str, response: &mut Value, visit: Visit<'_>) {
    let Some(map) = response
        .as_object_mut()
        .filter(|map| !map.contains_key("$ref"))
    else {
        return;
    };
    visit(place, map);
    for (kind, media) in members(map.get_mut("content")) {
        if let Some(inner) = media.get_mut("schema") {
            schema(&format!("{place} {kind}"), inner, visit);
        }
    }
}

fn schema(place: &str, value: &mut Value, visit: Visit<'_>) {
    nested(place, place, value, visit);
}

/// `own` names the schema itself, `around` begins the names of the nested items. They differ below
/// `allOf`, which structures the schema but is not part of the data.
fn nested(own: &str, around: &str, value: &mut Value, visit: Visit<'_>) {
    let Some(map) = value.as_object_mut() else {
        return;
    };
    visit(own, map);
    for (keyword, inner) in map.iter_mut() {
        let keyword = keyword.as_str();
        if NAMED.contains(&keyword) {
            for (name, inner) in inner.as_object_mut().into_iter().flatten() {
                schema(&format!("{around}/{}", escape(name)), inner, visit);
            }
        } else if LISTED.contains(&keyword) {
            for (index, inner) in inner.as_array_mut().into_iter().flatten().enumerate() {
                let reference = inner
                    .get("$ref")
                    .and_then(Value::as_str)
                    .and_then(last_step);
                match (keyword, reference) {
                    ("allOf", Some(_)) => {}
                    ("allOf", None) => nested(&format!("{around}&{index}"), around, inner, visit),
                    // A text about one of several schemas belongs to that schema.
                    (_, Some(_)) => {}
                    (_, None) => schema(&format!("{around}|{index}"), inner, visit),
                }
            }
        } else if SINGLE.contains(&keyword) {
            let step = if keyword == "items" { "[]" } else { keyword };
            schema(&format!("{around}{step}"), inner, visit);
        }
    }
}
