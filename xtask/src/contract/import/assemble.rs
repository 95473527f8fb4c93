//! Builds the document from the merged facts: selects the shared parts, their order and
//! their texts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::defaults;
use super::extensions::FORMER_IDS;
use super::keywords::ORDER;
use super::layer::Layer;
use super::merged::Merged;
use super::operation::{METHODS, Operation};
use super::prose::Prose;

use crate::contract::walk::{each_inner, each_root};

const OPERATION: [&str; 10] = [
    "tags",
    "summary",
    "description",
    "operationId",
    FORMER_IDS,
    "deprecated",
    "security",
    "parameters",
    "requestBody",
    "responses",
];
const PARAMETER: [&str; 5] = ["name", "in", "description", "required", "deprecated"];

/// The whole contract.
pub(super) fn document(merged: &Merged, newest: &Layer, prose: &Prose) -> Value {
    let mut contract = Map::new();
    contract.insert("openapi".to_owned(), Value::from("3.0.3"));
    contract.insert("info".to_owned(), info(newest, prose));
    contract.insert("servers".to_owned(), newest.servers.clone());
    if let Some(security) = &newest.security {
        contract.insert("security".to_owned(), security.clone());
    }
    contract.insert("tags".to_owned(), tags(merged));
    contract.insert("paths".to_owned(), paths(merged));
    contract.insert(
        "components".to_owned(),
        json!({"schemas": merged.schemas, "securitySchemes": newest.security_schemes}),
    );
    let mut contract = Value::Object(contract);
    // The first pass sets texts that prevent sharing of a parameter, the second the texts of shared parts.
    prose.apply(&mut contract);
    share(&mut contract);
    prose.apply(&mut contract);
    complete(&mut contract);
    in_order(&mut contract);
    contract
}

fn info(newest: &Layer, prose: &Prose) -> Value {
    let mut info = prose.info.clone();
    info.entry("title").or_insert(Value::from("Qovery API"));
    info.entry("license")
        .or_insert(json!({"name": "MIT OR Apache-2.0"}));
    if let Some(version) = &newest.version {
        info.insert("version".to_owned(), version.clone());
    }
    sort(
        &mut info,
        &["title", "version", "description", "contact", "license"],
    );
    Value::Object(info)
}

fn tags(merged: &Merged) -> Value {
    let mut names: Vec<&str> = merged
        .operations
        .values()
        .filter_map(|operation| operation.facts.get("tags")?.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| json!({"name": name}))
        .collect()
}

/// Paths by name, methods in the usual order. Parameters stay with the path if all its
/// operations inherit them from it.
fn paths(merged: &Merged) -> Value {
    let mut by_path: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in merged.operations.values() {
        by_path.entry(&operation.path).or_default().push(operation);
    }
    let mut paths = Map::new();
    for (path, operations) in by_path {
        let mut item = Map::new();
        let common = operations
            .first()
            .map(|first| first.path_parameters.clone())
            .unwrap_or_default();
        let together = operations
            .iter()
            .all(|operation| operation.path_parameters == common);
        if together && !common.is_empty() {
            item.insert("parameters".to_owned(), Value::Array(common));
        }
        for operation in operations {
            let mut facts = operation.facts.clone();
            if !together {
                take_down(&operation.path_parameters, &mut facts);
            }
            item.insert(operation.method().to_owned(), Value::Object(facts));
        }
        paths.insert(path.to_owned(), Value::Object(item));
    }
    Value::Object(paths)
}

/// Moves the parameters of a path into an operation that does not declare them itself.
pub(super) fn take_down(parameters: &[Value], facts: &mut Map<String, Value>) {
    let own = facts
        .remove("parameters")
        .and_then(|own| own.as_array().cloned())
        .unwrap_or_default();
    let identity =
        |parameter: &Value| (parameter.get("in").cloned(), parameter.get("name").cloned());
    let missing = parameters.iter().filter(|parameter| {
        !own.iter()
            .any(|known| identity(known) == identity(parameter))
    });
    let all: Vec<Value> = missing.chain(&own).cloned().collect();
    if !all.is_empty() {
        facts.insert("parameters".to_owned(), Value::Array(all));
    }
}

/// Moves definitions that several operations share, and that have no text of their own, to `components`.
fn share(contract: &mut Value) {
    let (parameters, names) = shared_parameters(contract);
    let mut responses = BTreeMap::new();
    each_owner(contract, &mut |operation| {
        for parameter in operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Some(name) = names.get(&parameter.to_string()) {
                *parameter = json!({"$ref": format!("#/components/parameters/{name}")});
            }
        }
        for (code, response) in operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            if defaults::is_failure(code) && response.as_object().is_some_and(Map::is_empty) {
                let (name, text) = defaults::failure(code);
                *response = json!({"$ref": format!("#/components/responses/{name}")});
                responses.insert(name, json!({"description": text}));
            }
        }
    });
    if let Some(components) = contract
        .get_mut("components")
        .and_then(Value::as_object_mut)
    {
        components.insert("parameters".to_owned(), Value::Object(parameters));
        components.insert(
            "responses".to_owned(),
            Value::Object(responses.into_iter().collect()),
        );
        sort(
            components,
            &["parameters", "responses", "schemas", "securitySchemes"],
        );
    }
}

/// The parameters that are used more than once, by name, and their names by definition. If parameters
/// of one name have different definitions, the most used definition is shared.
fn shared_parameters(contract: &mut Value) -> (Map<String, Value>, BTreeMap<String, String>) {
    let mut uses: BTreeMap<String, (Value, usize)> = BTreeMap::new();
    each_owner(contract, &mut |owner| {
        for parameter in list(owner, "parameters") {
            if !parameter.get("description").is_some_and(Value::is_string) {
                let look = parameter.to_string();
                uses.entry(look).or_insert_with(|| (parameter.clone(), 0)).1 += 1;
            }
        }
    });
    let mut most: BTreeMap<String, (String, Value, usize)> = BTreeMap::new();
    for (look, (parameter, count)) in uses {
        let name = parameter
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name: String = name.chars().filter(allowed).collect();
        let best = most.get(&name).map_or(1, |(_, _, best)| *best);
        if count > best {
            most.insert(name, (look, parameter, count));
        }
    }
    let names = most
        .iter()
        .map(|(name, (look, ..))| (look.clone(), name.clone()))
        .collect();
    (
        most.into_iter()
            .map(|(name, (_, parameter, _))| (name, parameter))
            .collect(),
        names,
    )
}

fn list<'a>(
    owner: &'a mut Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = &'a mut Value> {
    owner
        .get_mut(keyword)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// Calls `visit` with each path item and each operation: both may declare parameters.
fn each_owner(contract: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    let items = contract
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::values_mut);
    for item in items.filter_map(Value::as_object_mut) {
        visit(item);
        for method in METHODS {
            item.get_mut(method)
                .and_then(Value::as_object_mut)
                .into_iter()
                .for_each(&mut *visit);
        }
    }
}

/// Adds the default texts to items without a text of ours.
fn complete(contract: &mut Value) {
    for (path, item) in contract
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        for method in METHODS {
            let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else {
                continue;
            };
            let id = operation.get("operationId").and_then(Value::as_str);
            let summary = defaults::summary(id, &method.to_uppercase(), path);
            operation.entry("summary").or_insert(Value::from(summary));
            for (code, response) in operation
                .get_mut("responses")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flatten()
            {
                if let Some(response) = response
                    .as_object_mut()
                    .filter(|response| !response.contains_key("$ref"))
                {
                    let text = defaults::response(code, response);
                    response.entry("description").or_insert(Value::from(text));
                    sort(response, &["description", "headers", "content"]);
                }
            }
            if let Some(body) = operation
                .get_mut("requestBody")
                .and_then(Value::as_object_mut)
            {
                sort(body, &["description", "required", "content"]);
            }
            sort(operation, &OPERATION);
        }
    }
}

/// Sorts the keywords of parameters and schemas.
fn in_order(contract: &mut Value) {
    for schema in contract
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::values_mut)
    {
        schema_in_order(schema);
    }
    let mut parameters = |value: &mut Value| {
        for parameter in value
            .as_array_mut()
            .into_iter()
            .flatten()
            .filter_map(Value::as_object_mut)
        {
            sort(parameter, &PARAMETER);
        }
    };
    for item in contract
        .pointer_mut("/paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::values_mut)
    {
        item.get_mut("parameters")
            .into_iter()
            .for_each(&mut parameters);
        for method in METHODS {
            item.pointer_mut(&format!("/{method}/parameters"))
                .into_iter()
                .for_each(&mut parameters);
        }
    }
    for parameter in contract
        .pointer_mut("/components/parameters")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::values_mut)
    {
        parameter
            .as_object_mut()
            .into_iter()
            .for_each(|parameter| sort(parameter, &PARAMETER));
    }
    for part in ["/paths", "/components/parameters", "/components/responses"] {
        if let Some(part) = contract.pointer_mut(part) {
            each_root(part, "", &mut |_, schema| schema_in_order(schema));
        }
    }
}

fn schema_in_order(schema: &mut Value) {
    if let Some(map) = schema.as_object_mut() {
        sort(map, &ORDER);
        let Ok(()) = each_inner(map, |_, inner| {
            schema_in_order(inner);
            Ok::<(), std::convert::Infallible>(())
        });
    }
}

/// First the keys in the given order, then the others in their existing order.
fn sort(map: &mut Map<String, Value>, order: &[&str]) {
    let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
    entries.sort_by_key(|(key, _)| {
        order
            .iter()
            .position(|known| known == key)
            .unwrap_or(order.len())
    });
    map.extend(entries);
}
