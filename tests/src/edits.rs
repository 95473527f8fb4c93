//! Checks of a request that is made from a response: it has each value of the response that it can carry, and each
//! field that the model does not know.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::samples::{Builder, Node, Variation};

/// The paths of all values that the schema allows; lists are `[]`, maps are open.
pub fn paths(contract: &Value, schema: &Value) -> BTreeSet<String> {
    fn walk(node: &Node, path: &str, paths: &mut BTreeSet<String>) {
        match node {
            Node::Object(object) => {
                for field in &object.fields {
                    let path = format!("{path}.{}", field.name);
                    walk(&field.node, &path, paths);
                    paths.insert(path);
                }
                for (_, node) in &object.extra {
                    let path = format!("{path}.*");
                    walk(node, &path, paths);
                    paths.insert(path);
                }
            }
            Node::List(items) => {
                let path = format!("{path}[]");
                items.iter().for_each(|item| walk(item, &path, paths));
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for node in Builder::instances(contract, schema) {
        walk(&node, "", &mut found);
    }
    found
}

/// The values of the response that the request could carry but lacks.
pub fn lost(
    response: &Value,
    request: &Value,
    path: &str,
    known: &BTreeSet<String>,
) -> Vec<String> {
    match (response, request) {
        (Value::Object(before), Value::Object(after)) => {
            let mut found = Vec::new();
            for (name, value) in before {
                let path = format!("{path}.{name}");
                let any = format!(
                    "{}.*",
                    path.rsplit_once('.').map_or("", |(before, _)| before)
                );
                if !known.contains(&path) && !known.contains(&any) || value.is_null() {
                    continue;
                }
                let path = if known.contains(&path) { path } else { any };
                match after.get(name) {
                    Some(after) => found.extend(lost(value, after, &path, known)),
                    None => found.push(format!("{path}: {value} is not sent")),
                }
            }
            found
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .flat_map(|(before, after)| lost(before, after, &format!("{path}[]"), known))
            .collect(),
        (Value::Number(before), Value::Number(after)) if before.as_f64() == after.as_f64() => {
            Vec::new()
        }
        _ if response == request => Vec::new(),
        _ => vec![format!("{path}: {response} becomes {request}")],
    }
}

/// An instance with an unknown field in every object, and the path of each by the number in its value. The values are
/// those of [`exact`]. A map has no unknown field, because it may have any name.
pub fn with_unknown_fields(node: &Node, variation: Variation) -> (String, Vec<String>) {
    let mut document = node.render(variation);
    let mut paths = Vec::new();
    add(&mut document, Some(node), "", &mut paths);
    let mut text = document.to_string();
    for number in 0..paths.len() {
        text = text.replace(&format!("\"@{number}@\""), &exact(number));
    }
    (text, paths)
}

fn add(value: &mut Value, node: Option<&Node>, path: &str, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let part = node.and_then(|node| node.property(name));
                add(value, part, &format!("{path}.{name}"), paths);
            }
            let is_map = matches!(node, Some(Node::Object(object)) if !object.extra.is_empty());
            if node.is_some() && !is_map {
                let marker = format!("@{}@", paths.len());
                fields.insert("next_years_field".to_owned(), Value::from(marker));
                paths.push(path.to_owned());
            }
        }
        Value::Array(items) => {
            let path = format!("{path}[]");
            for (index, item) in items.iter_mut().enumerate() {
                let part = match node {
                    Some(Node::List(items)) => items.get(index),
                    _ => None,
                };
                add(item, part, &path, paths);
            }
        }
        _ => {}
    }
}

/// A number that a float cannot represent. Its last digits are the number of the field.
pub fn exact(number: usize) -> String {
    format!("1.000000000000000000{:04}7", number)
}
