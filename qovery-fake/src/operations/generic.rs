//! Operations that the fake does not model individually.
//!
//! The path determines the kind: a collection that can be listed and added to, a single resource that
//! can be read, edited and deleted, or a single document. Every other operation returns a response that
//! matches its declared schema.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Handled, paging};
use crate::{
    call::{Call, DeclaredList},
    exchange::{Refusal, Response},
    world::{
        World, creation, edit, removal,
        resources::{Resource, parent_facts},
        response, version,
    },
};

pub(super) fn execute(world: &mut World, call: &Call<'_>) -> Handled {
    let template = call.operation.template.as_str();
    let item = call.path.last().and_then(|(_, id)| world.resources.get(id));
    let is_item = item.is_some_and(|resource| resource.template == template);
    let collection = call.contract.item_template(template).map(str::to_owned);
    let merge = |old: Option<&Value>| {
        let mut merged = old.cloned().unwrap_or_else(|| json!({}));
        if let (Some(merged), Some(body)) = (merged.as_object_mut(), call.body.as_object()) {
            merged.extend(body.clone());
        }
        merged
    };
    match (&call.operation.method, is_item, collection) {
        (&Method::GET, true, _) => {
            let facts = item.map_or(Value::Null, |item| response::shown(&world.resources, item));
            Ok(call.success(&facts))
        }
        (&Method::PUT | &Method::PATCH, true, _) => edit(world, call),
        (&Method::DELETE, true, _) => {
            removal::forget(world, call.last_id());
            Ok(call.success(&Value::Null))
        }
        (&Method::GET, false, Some(items)) => list(world, call, &items),
        (&Method::POST, false, Some(items)) if creates(call) => {
            create_from_call(world, call, &items)
        }
        (&Method::GET, false, None) => match world.resources.single(&call.incoming.path) {
            Some(Value::Array(all)) => page_of(world, call, all),
            Some(document) => Ok(call.success(document)),
            None => match only_commit(world, call) {
                Some(commit) => page_of(world, call, &[commit]),
                None => Ok(example(world, call)),
            },
        },
        (&Method::PUT | &Method::PATCH, false, _) => {
            let old = world.resources.single(&call.incoming.path);
            set_document(world, call, merge(old))
        }
        (&Method::POST, false, _) if call.contract.is_document(template) => {
            let old = world.resources.single(&call.incoming.path);
            let mut document = old.cloned().unwrap_or_else(|| {
                let date = world.time.date(world.time.now());
                let mut facts = parent_facts(&call.path.iter().cloned().collect());
                facts.insert("created_at".to_owned(), json!(date));
                Value::Object(facts)
            });
            if let (Some(document), Some(body)) = (document.as_object_mut(), call.body.as_object())
            {
                document.extend(body.clone());
            }
            set_document(world, call, document)
        }
        (&Method::DELETE, false, _) => {
            world.resources.set_single(&call.incoming.path, json!({}));
            Ok(call.success(&Value::Null))
        }
        _ => Ok(call.example(&merge(None))),
    }
}

/// Stores the document of a path.
fn set_document(world: &mut World, call: &Call<'_>, document: Value) -> Handled {
    let response = call.success(&document);
    world.resources.set_single(&call.incoming.path, document);
    Ok(response)
}

/// The commit of a service with a repository, if its commits are requested and no script has set them.
fn only_commit(world: &World, call: &Call<'_>) -> Option<Value> {
    let path = call.incoming.path.strip_suffix("/commit")?;
    let id = path.rsplit('/').next()?;
    version::only_commit(world.resources.get(id)?)
}

/// Returns the declared response, with the ids of the path if the schema has properties for them.
fn example(world: &World, call: &Call<'_>) -> Response {
    let mut facts = parent_facts(&call.path.iter().cloned().collect());
    let last = call.path.last();
    if let Some(resource) = last.and_then(|(_, id)| world.resources.get(id)) {
        facts.insert("id".to_owned(), json!(resource.id));
    }
    call.example(&Value::Object(facts))
}

/// Whether the operation creates a resource, unlike a check or an import.
fn creates(call: &Call<'_>) -> bool {
    let content = call.operation.success.content.as_ref();
    content.is_some_and(|(_, schema)| {
        let probe = call.contract.build(schema, &Value::Null, call.amount);
        probe.get("id").is_some()
    })
}

fn list(world: &World, call: &Call<'_>, items: &str) -> Handled {
    let belongs = |resource: &Resource| {
        let mut path = call.path.iter();
        path.all(|(name, id)| resource.parents.get(name) == Some(id))
    };
    let mut all: Vec<Value> = world
        .resources
        .of(items)
        .filter(|r| belongs(r))
        .map(|resource| response::shown(&world.resources, resource))
        .collect();
    let declared = call.declared_list();
    if declared == DeclaredList::None {
        // The path has a single document, such as the deployment rule of an environment.
        let facts = all.into_iter().next().unwrap_or_default();
        return Ok(call.success(&facts));
    }
    if call.takes_start_id() {
        // Paged lists are sorted newest first.
        all.reverse();
    }
    page_of(world, call, &all)
}

/// Answers with a list, or with the requested page of it.
fn page_of(world: &World, call: &Call<'_>, all: &[Value]) -> Handled {
    if call.declared_list() == DeclaredList::Bare {
        return Ok(call.success(&json!(all)));
    }
    if !call.takes_start_id() {
        return Ok(call.success(&json!({ "results": all })));
    }
    let start = call.incoming.parameter("startId");
    let page = paging::page(all, start, world.start_id, world.page_size, |item| {
        let id = item.get("git_commit_id").or_else(|| item.get("id"));
        id.and_then(Value::as_str).unwrap_or_default().to_owned()
    });
    let Some(page) = page else {
        let detail = format!("startId {} does not exist", start.unwrap_or_default());
        return Err(Refusal::bad_request(detail));
    };
    Ok(call.success(&json!({
        "page": 1,
        "page_size": world.page_size,
        "results": page,
    })))
}

fn create_from_call(world: &mut World, call: &Call<'_>, items: &str) -> Handled {
    let body = call.body.as_object().cloned().unwrap_or_default();
    let parents: BTreeMap<String, String> = call.path.iter().cloned().collect();
    if let Some(key) = body.get("key").and_then(Value::as_str) {
        let mut same = world.resources.of(items);
        if same.any(|r| {
            r.parents.get(&first(&parents)) == parents.values().next()
                && r.facts().get("key").and_then(Value::as_str) == Some(key)
        }) {
            let detail = format!("409 Conflict - Variable already exists: {key}");
            return Err(Refusal::new(409, detail));
        }
    }
    if let Some(cluster) = body.get("cluster").and_then(Value::as_str)
        && world.resources.get(cluster).is_none()
    {
        return Err(Refusal::not_found("cluster", cluster));
    }
    let id = creation::create(world, call.contract, items, parents, body, None);
    Ok(call.success(&shown(world, &id.to_string())))
}

/// The facts about a resource, as responses show them.
fn shown(world: &World, id: &str) -> Value {
    let resource = world.resources.get(id);
    resource.map_or(Value::Null, |resource| {
        response::shown(&world.resources, resource)
    })
}

fn first(parents: &BTreeMap<String, String>) -> String {
    parents.keys().next().cloned().unwrap_or_default()
}

fn edit(world: &mut World, call: &Call<'_>) -> Handled {
    let date = world.time.date(world.time.now());
    let id = call.last_id().to_owned();
    if let Some(resource) = world.resources.get_mut(&id) {
        let mut body = call.body.as_object().cloned().unwrap_or_default();
        version::as_read(&mut body);
        if call.operation.method == Method::PATCH {
            for (name, value) in body {
                match value {
                    Value::Null => resource.body.remove(&name),
                    value => resource.body.insert(name, value),
                };
            }
        } else {
            let edited = call.operation.body.as_ref();
            let edited = edited.and_then(|body| body.schema.as_ref());
            let answered = call
                .operation
                .success
                .content
                .as_ref()
                .map(|(_, schema)| schema);
            let is_kept = |name: &str| {
                // An edit replaces the properties of its schema, but keeps those that responses require.
                edited.is_none_or(|edited| !call.contract.declares(edited, name))
                    || answered.is_some_and(|answered| call.contract.requires(answered, name))
            };
            resource.body.retain(|name, _| is_kept(name));
            resource.body.extend(body);
        }
        resource.server.insert("updated_at".to_owned(), json!(date));
    }
    edit::derive_job_type(world, &id);
    if let Ok(id) = Uuid::parse_str(&id) {
        edit::note_edit(world, id);
    }
    Ok(call.success(&shown(world, &id)))
}
