//! Deploy, stop, restart, delete, uninstall and cancel.

use std::collections::BTreeMap;

use http::header;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Handled, called_service, environment_id,
    status::{environment_status, service_status},
    uuid,
};
use crate::{
    ResponseBody, ResponseId, Trigger,
    call::Call,
    exchange::{Refusal, Response},
    json::set,
    settings::ActionResponse,
    world::{World, audit::Actor, environment::Environment, queue, version::AskedVersion},
};

/// The action of the last segment of a path.
pub(super) fn from_verb(verb: &str) -> Option<Trigger> {
    Some(match verb {
        "deploy" | "redeploy" => Trigger::Deploy,
        "restart" | "restart-service" => Trigger::Restart,
        "stop" => Trigger::Stop,
        "uninstall" => Trigger::Uninstall,
        _ => return None,
    })
}

pub(super) fn on_environment(world: &mut World, call: &Call<'_>, action: Trigger) -> Handled {
    request(world, call, environment_id(call)?, action, None)
}

pub(super) fn on_service(world: &mut World, call: &Call<'_>, action: Trigger) -> Handled {
    let service = called_service(world, call)?;
    let (id, environment) = (service.id, service.environment);
    let versions = BTreeMap::from([(id, AskedVersion::of(call.body))]);
    request(world, call, environment, action, Some((vec![id], versions)))
}

/// Acts on the services in the body.
pub(super) fn on_selected(world: &mut World, call: &Call<'_>, action: Trigger) -> Handled {
    let environment = environment_id(call)?;
    let (mut chosen, mut versions) = (Vec::new(), BTreeMap::new());
    for (list, entries) in call.body.as_object().into_iter().flatten() {
        for entry in entries.as_array().into_iter().flatten() {
            let id = entry
                .as_str()
                .or_else(|| entry.get("id")?.as_str())
                .or_else(|| entry.get("application_id")?.as_str());
            let Some(id) = id else {
                let message = format!("an entry of {list} has no id");
                return Err(Refusal::bad_request(message));
            };
            let known = Uuid::parse_str(id).ok().filter(|id| {
                let service = world.services.get(id);
                service.is_some_and(|service| service.environment == environment)
            });
            let Some(known) = known else {
                return Err(Refusal::not_found("service of this environment", id));
            };
            versions.insert(known, AskedVersion::of(entry));
            chosen.push(known);
        }
    }
    if chosen.is_empty() {
        return Err(Refusal::bad_request("no service was chosen"));
    }
    request(world, call, environment, action, Some((chosen, versions)))
}

pub(super) fn cancel(world: &mut World, call: &Call<'_>) -> Handled {
    let id = environment_id(call)?;
    let force = call.body.get("force_cancel") == Some(&Value::Bool(true));
    queue::cancel(world, id, force, &Actor::caller());
    respond(
        world,
        call,
        id,
        None,
        None,
        ActionResponse::Declared,
        &Value::Null,
    )
}

pub(super) fn cancel_of_service(world: &mut World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    if let Some(environment) = world.services.get(&id).map(|service| service.environment) {
        let force = call.body.get("force_cancel") == Some(&Value::Bool(true));
        queue::cancel(world, environment, force, &Actor::caller());
    }
    Ok(call.success(&Value::Null))
}

fn request(
    world: &mut World,
    call: &Call<'_>,
    environment: Uuid,
    action: Trigger,
    chosen: Option<(Vec<Uuid>, BTreeMap<Uuid, AskedVersion>)>,
) -> Handled {
    let (chosen, versions) = chosen.unzip();
    let versions = versions.unwrap_or_default();
    let service = chosen.as_ref().and_then(|chosen| chosen.first().copied());
    let before = facts(world, environment, service);
    let user_agent = call.incoming.headers.get(header::USER_AGENT);
    let actor = Actor::calling_with(user_agent.and_then(|value| value.to_str().ok()));
    let accepted = queue::accept_from_caller(world, environment, action, chosen, versions, actor);
    let settings = world
        .environments
        .get(&environment)
        .map(|e| e.settings.response);
    let style = settings.unwrap_or_default();
    let named = accepted.filter(|id| names_request(world, *id));
    respond(world, call, environment, service, named, style, &before)
}

/// Whether the response to an action has the id of the request.
fn names_request(world: &World, request: Uuid) -> bool {
    match world.traits.response_id {
        ResponseId::Always => true,
        ResponseId::Never => false,
        ResponseId::IfQueued => {
            let request = world.requests.get(&request);
            request.is_some_and(|request| request.had_to_wait)
        }
    }
}

/// The known facts of an environment and of one of its services, in the shape of both statuses.
fn facts(world: &World, environment: Uuid, service: Option<Uuid>) -> Value {
    let Some(environment) = world.environments.get(&environment) else {
        return json!({});
    };
    let service = service.and_then(|id| world.services.get(&id));
    let any = environment
        .services
        .first()
        .and_then(|id| world.services.get(id));
    let mut facts = service.or(any).map_or_else(
        || json!({}),
        |service| service_status(world, environment, service),
    );
    if let (Some(facts), Value::Object(status)) = (
        facts.as_object_mut(),
        environment_status(world, environment),
    ) {
        for (name, value) in status {
            let of_service = service.is_some() && ["id", "state"].contains(&name.as_str());
            if !of_service {
                facts.insert(name, value);
            }
        }
    }
    facts
}

fn respond(
    world: &World,
    call: &Call<'_>,
    environment: Uuid,
    service: Option<Uuid>,
    request: Option<Uuid>,
    style: ActionResponse,
    before: &Value,
) -> Handled {
    let chosen = service;
    // Only operations on a single service respond with its status.
    let service = service.filter(|_| call.path.iter().all(|(name, _)| name != "environmentId"));
    let mut facts = match style {
        ActionResponse::Empty => return Ok(Response::empty(call.operation.success.status)),
        ActionResponse::Stale => before.clone(),
        ActionResponse::Declared | ActionResponse::WithoutRequestId => {
            facts(world, environment, service)
        }
    };
    if let Some(facts) = facts.as_object_mut() {
        let id = match style {
            ActionResponse::Declared => json!(request),
            _ => Value::Null,
        };
        facts.insert("deployment_request_id".to_owned(), id.clone());
        let subject = world.environments.get(&environment);
        let declares_body = call.operation.success.content.is_some();
        if let Some(subject) =
            subject.filter(|_| declares_body && style == ActionResponse::Declared)
            && let Some(response) = response_of_traits(world, call, subject, chosen, before, &id)
        {
            return Ok(response);
        }
    }
    Ok(call.success(&facts))
}

/// The response to an action, if its body differs from the declared one.
fn response_of_traits(
    world: &World,
    call: &Call<'_>,
    environment: &Environment,
    service: Option<Uuid>,
    before: &Value,
    request: &Value,
) -> Option<Response> {
    let mut body = match world.traits.response_body {
        ResponseBody::Declared => return None,
        ResponseBody::Empty => return Some(Response::empty(call.operation.success.status)),
        ResponseBody::NoContent => return Some(Response::empty(204)),
        ResponseBody::EnvironmentStatus => {
            let mut status = environment_status(world, environment);
            for name in ["origin", "triggered_by"] {
                let earlier = before.get(name).cloned().unwrap_or_default();
                set(&mut status, name, earlier);
            }
            status
        }
        ResponseBody::ServiceStatus => {
            let service = service.or(environment.services.first().copied())?;
            service_status(world, environment, world.services.get(&service)?)
        }
    };
    set(&mut body, "deployment_request_id", request.clone());
    Some(call.exact(&body))
}
