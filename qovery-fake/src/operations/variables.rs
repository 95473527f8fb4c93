//! Variables of any scope. A secret's value is never read back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Handled, uuid};
use crate::{
    call::Call,
    exchange::Refusal,
    json::set,
    world::{World, creation, resources::Resource},
};

const TEMPLATE: &str = "/variable/{variableId}";

pub(super) fn list(world: &World, call: &Call<'_>) -> Handled {
    let wanted = |name: &str| call.incoming.parameter(name);
    let parent = wanted("parent_id").unwrap_or_default();
    require_parent(world, parent)?;
    let variables = world.resources.of(TEMPLATE);
    let results: Vec<Value> = variables
        .map(shown)
        .filter(|variable| {
            let text = |name: &str| variable.get(name).map(text_of).unwrap_or_default();
            text("variable_parent_id") == parent
                && wanted("scope").is_none_or(|scope| text("scope") == scope)
                && wanted("is_secret").is_none_or(|secret| text("is_secret") == secret)
        })
        .collect();
    Ok(call.success(&json!({ "results": results })))
}

pub(super) fn create(world: &mut World, call: &Call<'_>) -> Handled {
    let body = call.body.as_object().cloned().unwrap_or_default();
    let kind = if body.get("mount_path").is_some_and(Value::is_string) {
        "FILE"
    } else {
        "VALUE"
    };
    add(world, call, body, kind, Map::new())
}

/// An alias of a variable, or a variable that overrides it in a narrower scope.
pub(super) fn derive(world: &mut World, call: &Call<'_>, relation: &str) -> Handled {
    let original = world
        .resources
        .get(call.last_id())
        .map(shown)
        .unwrap_or_default();
    let mut body = call.body.as_object().cloned().unwrap_or_default();
    let (kind, scope, parent, link) = match relation {
        "alias" => (
            "ALIAS",
            "alias_scope",
            "alias_parent_id",
            "aliased_variable",
        ),
        "override" => (
            "OVERRIDE",
            "override_scope",
            "override_parent_id",
            "overridden_variable",
        ),
        _ => return Err(Refusal::new(404, format!("no operation {relation}"))),
    };
    let mut moved = |from: &str, to: &str| {
        if let Some(value) = body.remove(from) {
            body.insert(to.to_owned(), value);
        }
    };
    moved(scope, "variable_scope");
    moved(parent, "variable_parent_id");
    for name in ["key", "value", "is_secret"] {
        if let Some(value) = original.get(name) {
            body.entry(name).or_insert_with(|| value.clone());
        }
    }
    let server = Map::from_iter([(link.to_owned(), original)]);
    add(world, call, body, kind, server)
}

/// Edits a variable. A null value keeps the value of a secret.
pub(super) fn edit(world: &mut World, call: &Call<'_>) -> Handled {
    let date = world.time.date(world.time.now());
    let Some(resource) = world.resources.get_mut(call.last_id()) else {
        return Err(Refusal::not_found("variable", call.last_id()));
    };
    for (name, value) in call.body.as_object().into_iter().flatten() {
        if !(name == "value" && value.is_null()) {
            resource.body.insert(name.clone(), value.clone());
        }
    }
    resource.server.insert("updated_at".to_owned(), json!(date));
    let shown = shown(resource);
    Ok(call.success(&shown))
}

fn add(
    world: &mut World,
    call: &Call<'_>,
    mut body: Map<String, Value>,
    kind: &str,
    server: Map<String, Value>,
) -> Handled {
    let text = |name: &str| body.get(name).map(text_of).unwrap_or_default();
    let (key, parent) = (text("key"), text("variable_parent_id"));
    require_parent(world, &parent)?;
    let taken = world.resources.of(TEMPLATE).any(|variable| {
        let is = |name: &str, value: &str| {
            variable
                .body
                .get(name)
                .is_some_and(|found| text_of(found) == value)
        };
        is("key", &key) && is("variable_parent_id", &parent)
    });
    if taken {
        let detail = format!("409 Conflict - Variable already exists: {key}");
        return Err(Refusal::new(409, detail));
    }
    let scope = body.get("variable_scope").cloned().unwrap_or_default();
    body.insert("scope".to_owned(), scope);
    body.insert("variable_type".to_owned(), json!(kind));
    // Deleting the parent of the variable deletes the variable.
    let owner = world.resources.get(&parent);
    let owner = owner.map(|owner| (owner.parameter().to_owned(), parent.clone()));
    let parents: BTreeMap<String, String> = owner.into_iter().collect();
    let id = creation::create(world, call.contract, TEMPLATE, parents, body, None);
    let resource = world.resources.get_mut(&id.to_string());
    let facts = resource.map(|resource| {
        resource.server.extend(server);
        shown(resource)
    });
    Ok(call.success(&facts.unwrap_or_default()))
}

fn require_parent(world: &World, parent: &str) -> Result<(), Refusal> {
    let id = uuid(parent, "parent")?;
    match world.resources.get(&id.to_string()) {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found("parent", parent)),
    }
}

fn shown(variable: &Resource) -> Value {
    let mut facts = variable.facts();
    if facts.get("is_secret") == Some(&Value::Bool(true)) {
        set(&mut facts, "value", Value::Null);
    }
    facts
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
