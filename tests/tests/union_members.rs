//! For every union of the contract: each member is recognized. An unknown member and one that does not fit are kept
//! unchanged. A strict client returns the error of the member, with its path.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::collections::BTreeSet;

use integration_tests::OPERATIONS;
use integration_tests::document;
use integration_tests::samples::{Builder, Node, Object, Variation};
use serde_json::json;

/// A field of a tagged member that must be a number, a flag or a time, and its path.
struct Place {
    pointer: String,
    path: String,
    tag: String,
}

/// Such a field in each member with a discriminator of an instance.
fn places(node: &Node, pointer: &str, path: &str, found: &mut Vec<Place>) {
    match node {
        Node::Object(object) => {
            if let Some(tag) = object.tags.last() {
                let of_union = checked_field(object);
                found.extend(of_union.map(|name| Place {
                    pointer: format!("{pointer}/{name}"),
                    path: join(path, name),
                    tag: tag.clone(),
                }));
            }
            for field in &object.fields {
                let pointer = format!("{pointer}/{}", field.name);
                let path = join(path, &field.name);
                places(&field.node, &pointer, &path, found);
            }
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                places(item, &pointer, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

fn checked_field(object: &Object) -> Option<&str> {
    let wanted = |node: &Node| {
        matches!(
            node,
            Node::Integer(_) | Node::Number(_) | Node::Boolean(_) | Node::DateTime | Node::Text(_)
        )
    };
    let field = object
        .fields
        .iter()
        .find(|field| field.required && wanted(&field.node) && !object.tags.contains(&field.name));
    field.map(|field| field.name.as_str())
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

#[test]
fn a_member_that_does_not_fit_is_kept_and_its_error_names_the_member_and_the_field() {
    let contract = document::contract();
    let (mut problems, mut members) = (Vec::new(), BTreeSet::new());
    for operation in document::operations(&contract) {
        let entry = OPERATIONS.iter().find(|entry| entry.id == operation.id);
        let Some(model) = entry.unwrap().output else {
            continue;
        };
        let body = operation
            .successes
            .iter()
            .find_map(|(_, body)| body.clone());
        let Some((_, schema)) = body.filter(|(media, _)| media.contains("json")) else {
            continue;
        };
        for node in Builder::instances(&contract, &schema) {
            let whole = node.render(Variation::Full);
            let mut found = Vec::new();
            places(&node, "", "", &mut found);
            for place in found {
                let mut broken = whole.clone();
                *broken.pointer_mut(&place.pointer).unwrap() = json!({"wrong": 1});
                let Err(error) = (model.read_strictly)(broken.to_string().as_bytes()) else {
                    problems.push(format!("{}: {} is accepted", operation.id, place.path));
                    continue;
                };
                // Without strict decoding, the rest is decoded, and the broken part is sent back unchanged.
                match (model.read)(broken.to_string().as_bytes()) {
                    Ok(reading)
                        if reading.json.pointer(&place.pointer) == Some(&json!({"wrong": 1})) => {}
                    Ok(_) => problems.push(format!("{}: {} is lost", operation.id, place.path)),
                    Err(error) => problems.push(format!("{}: {error}", operation.id)),
                }
                let text = error.to_string();
                let named = text.split_once('(').map_or("", |(_, rest)| rest);
                members.extend(named.split(',').next().map(str::to_owned));
                let expected = format!("{} = ", place.tag);
                if error.path() != place.path || !text.contains("::") || !text.contains(&expected) {
                    problems.push(format!("{}: {}: {text}", operation.id, place.path));
                }
            }
        }
    }
    let shown: Vec<&String> = problems.iter().take(20).collect();
    assert!(
        problems.is_empty(),
        "{} problems: {shown:#?}",
        problems.len()
    );
    assert!(members.len() > 30, "{members:#?}");
}

#[test]
fn every_union_with_a_discriminator_decodes_by_it() {
    // A union that is tried in order may take a broken member for an unknown one. It is only used for members that
    // differ in their JSON type.
    let root = document::workspace().join("qovery-api/src/generated");
    let mut in_order = BTreeSet::new();
    let mut told = 0;
    for area in std::fs::read_dir(root).unwrap() {
        let text = std::fs::read_to_string(area.unwrap().path().join("models.rs"));
        for line in text.unwrap_or_default().lines().map(str::trim) {
            let Some(rest) = line.strip_prefix("pub enum ") else {
                continue;
            };
            if let Some(name) = rest.strip_suffix(" in order {") {
                in_order.insert(name.to_owned());
            } else if rest.contains(" by ") {
                told += 1;
            }
        }
    }
    let known = BTreeSet::from(["ClusterFeatureResponseAcceptedValue".to_owned()]);
    assert_eq!(in_order, known);
    assert!(told > 30, "{told}");
}
