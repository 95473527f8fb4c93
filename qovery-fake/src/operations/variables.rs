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

pub(super) const TEMPLATE: &str = "/variable/{variableId}";

/// The properties with the variable that an alias or an override derives from.
pub(super) const LINKS: [&str; 2] = ["aliased_variable", "overridden_variable"];

pub(super) fn list(world: &World, call: &Call<'_>) -> Handled {
    let wanted = |name: &str| call.incoming.parameter(name);
    let parent = wanted("parent_id").unwrap_or_default();
    require_parent(world, parent)?;
    let seen_from = within(world, parent);
    let variables = world.resources.of(TEMPLATE);
    let results: Vec<Value> = variables
        .map(|variable| shown(world, variable))
        .filter(|variable| {
            let text = |name: &str| variable.get(name).map(text_of).unwrap_or_default();
            let owner = text("variable_parent_id");
            let is_own =
                owner == parent && wanted("scope").is_none_or(|scope| text("scope") == scope);
            (is_own || (owner != parent && seen_from.contains(&owner)))
                && wanted("is_secret").is_none_or(|secret| text("is_secret") == secret)
        })
        .collect();
    Ok(call.success(&json!({ "results": results })))
}

/// The ids of the environment and the project of a resource. Their variables apply to the resource too.
fn within(world: &World, id: &str) -> Vec<String> {
    let Some(resource) = world.resources.get(id) else {
        return Vec::new();
    };
    let parents = resource.parents.iter();
    let scopes = parents.filter(|(name, _)| matches!(name.as_str(), "environmentId" | "projectId"));
    let mut ids: Vec<String> = Vec::new();
    for (_, parent) in scopes {
        ids.push(parent.clone());
        ids.extend(within(world, parent));
    }
    ids
}

pub(super) fn create(world: &mut World, call: &Call<'_>) -> Handled {
    let body = call.body.as_object().cloned().unwrap_or_default();
    let kind = if body.get("mount_path").is_some_and(Value::is_string) {
        "FILE"
    } else {
        "VALUE"
    };
    add(world, call, body, kind, None)
}

/// Creates an alias of a variable, or a variable that overrides it in a narrower scope.
pub(super) fn derive(world: &mut World, call: &Call<'_>, relation: &str) -> Handled {
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
    add(world, call, body, kind, Some(link))
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
    Ok(call.success(&shown_by_id(world, call.last_id())))
}

/// Adds a variable. A derived one has a link to the variable of the path.
fn add(
    world: &mut World,
    call: &Call<'_>,
    mut body: Map<String, Value>,
    kind: &str,
    link: Option<&str>,
) -> Handled {
    let original = link.map(|_| shown_by_id(world, call.last_id()));
    let text = |name: &str| body.get(name).map(text_of).unwrap_or_default();
    let parent = text("variable_parent_id");
    let key = body.get("key");
    let key = key.or_else(|| original.as_ref()?.get("key"));
    let key = key.map(text_of).unwrap_or_default();
    require_parent(world, &parent)?;
    let taken = world.resources.of(TEMPLATE).any(|variable| {
        let variable = shown(world, variable);
        let is = |name: &str, value: &str| {
            let found = variable.get(name);
            found.is_some_and(|found| text_of(found) == value)
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
    // Deleting the parent of the variable deletes the variable, and so does deleting its original.
    let owner = world.resources.get(&parent);
    let owner = owner.map(|owner| (owner.parameter().to_owned(), parent.clone()));
    let mut parents: BTreeMap<String, String> = owner.into_iter().collect();
    if link.is_some() {
        parents.insert("variableId".to_owned(), call.last_id().to_owned());
    }
    let id = creation::create(world, call.contract, TEMPLATE, parents, body, None);
    let id = id.to_string();
    if let (Some(link), Some(resource)) = (link, world.resources.get_mut(&id)) {
        let original = json!({ "id": call.last_id() });
        resource.server.insert(link.to_owned(), original);
    }
    Ok(call.success(&shown_by_id(world, &id)))
}

fn require_parent(world: &World, parent: &str) -> Result<(), Refusal> {
    let id = uuid(parent, "parent")?;
    match world.resources.get(&id.to_string()) {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found("parent", parent)),
    }
}

fn shown_by_id(world: &World, id: &str) -> Value {
    let variable = world.resources.get(id);
    variable
        .map(|variable| shown(world, variable))
        .unwrap_or_default()
}

/// The facts about a variable. A derived variable has those of its original, except for the properties that were set on
/// it.
fn shown(world: &World, variable: &Resource) -> Value {
    let mut facts = variable.facts();
    for link in LINKS {
        let original = facts.pointer(&format!("/{link}/id"));
        let original = original.and_then(Value::as_str);
        let Some(original) = original.map(|id| shown_by_id(world, id)) else {
            continue;
        };
        for name in ["key", "value", "is_secret"] {
            if let (None, Some(value)) = (facts.get(name), original.get(name)) {
                set(&mut facts, name, value.clone());
            }
        }
        set(&mut facts, link, original);
    }
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
