//! The behavior of each operation. Operations that are not modeled individually use [`generic`].

mod action;
mod audit;
mod clone;
mod clusters;
mod generic;
mod history;
mod lists;
mod logs;
mod paging;
mod queue;
mod stages;
pub(crate) mod status;
mod variables;

use http::Method;
use uuid::Uuid;

use super::{
    AfterDeletion, Trigger, Workload,
    call::Call,
    contract::{Contract, Operation},
    exchange::{Refusal, Response},
    settings::Gone,
    world::{World, earlier_states::Endpoint, environment::Service},
};

pub(crate) type Handled = Result<Response, Refusal>;

/// Refuses ids of resources that do not exist, the outermost first.
pub(crate) fn check_ids(world: &World, call: &Call<'_>) -> Result<(), Refusal> {
    for (index, (parameter, id)) in call.path.iter().enumerate() {
        let Some(known) = exists(world, call.contract, parameter, id) else {
            continue;
        };
        let outer = call.path.get(..index).unwrap_or_default();
        if known && is_below(world, id, outer) {
            continue;
        }
        let what = parameter.strip_suffix("Id").unwrap_or(parameter);
        return Err(match world.gone.get(id) {
            Some(gone) => refusal_of_deleted(world, *gone, what, id),
            None => Refusal::not_found(what, id),
        });
    }
    Ok(())
}

/// Returns whether a resource belongs to the parents in its path.
fn is_below(world: &World, id: &str, outer: &[(String, String)]) -> bool {
    let parents = world.resources.get(id).map(|resource| &resource.parents);
    outer.iter().all(|(parameter, outer)| {
        let parent = parents.and_then(|parents| parents.get(parameter));
        parent.is_none_or(|parent| parent == outer)
    })
}

/// Returns the refusal of a request for a deleted resource.
fn refusal_of_deleted(world: &World, gone: Gone, what: &str, id: &str) -> Refusal {
    let gone = match world.traits.after_deletion {
        AfterDeletion::RequestStatusKnown => gone,
        AfterDeletion::NotFound => Gone::NotFound,
        AfterDeletion::Forbidden => Gone::Forbidden,
        AfterDeletion::BadRequest => Gone::BadRequest,
    };
    match gone {
        Gone::Forbidden => Refusal::new(403, "access to this resource is denied"),
        Gone::BadRequest => Refusal::bad_request(format!("{what} {id} does not exist")),
        Gone::NotFound | Gone::ShownFor(_) => Refusal::not_found(what, id),
    }
}

/// Returns whether the resource of a path parameter exists; `None` if the parameter names no resource.
fn exists(world: &World, contract: &Contract, parameter: &str, id: &str) -> Option<bool> {
    let resource = world.resources.get(id);
    match parameter {
        "deploymentRequestId" => {
            let id = Uuid::parse_str(id).ok();
            return Some(id.is_some_and(|id| world.requests.contains_key(&id)));
        }
        "serviceId" => {
            let id = Uuid::parse_str(id).ok();
            return Some(id.is_some_and(|id| world.services.contains_key(&id)));
        }
        "stageId" => return Some(resource.is_some_and(|r| r.parameter() == "deploymentStageId")),
        _ => {}
    }
    let mut name = parameter.to_owned();
    if let Some(target) = parameter.strip_prefix("target") {
        let mut letters = target.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        name = first.into_iter().chain(letters).collect();
    }
    if !contract.names_an_item(&name) {
        return None;
    }
    Some(resource.is_some_and(|resource| resource.parameter() == name))
}

/// The environment that a path names.
fn environment_id(call: &Call<'_>) -> Result<Uuid, Refusal> {
    uuid(call.id("environmentId"), "environment")
}

/// An id, which [`check_ids`] has found to exist.
fn uuid(id: &str, what: &str) -> Result<Uuid, Refusal> {
    Uuid::parse_str(id).map_err(|_| Refusal::not_found(what, id))
}

/// The service that the last path parameter names.
fn called_service<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Service, Refusal> {
    let id = uuid(call.last_id(), "service")?;
    let service = world.services.get(&id);
    service.ok_or_else(|| Refusal::not_found("service", call.last_id()))
}

/// The segments of a template without its parameters' names.
fn shape(operation: &Operation) -> Vec<&str> {
    let segments = operation.template.split('/').filter(|s| !s.is_empty());
    segments
        .map(|s| if s.starts_with('{') { "*" } else { s })
        .collect()
}

/// The endpoint that an operation reads, if it can lag behind.
pub(crate) fn endpoint(operation: &Operation) -> Option<Endpoint> {
    if operation.method != Method::GET {
        return None;
    }
    let shape = shape(operation);
    Some(match shape.as_slice() {
        ["environment", "deploymentStatus"] => Endpoint::RequestStatus,
        ["project", "*", "environment", "status"]
        | [
            "environment",
            "*",
            "status" | "statuses" | "statusesWithStages",
        ]
        | ["environment", "*", _, "status"] => Endpoint::EnvironmentStatus,
        [.., "deploymentQueue"] => Endpoint::Queue,
        [.., "deploymentHistory" | "deploymentHistoryV2"] => Endpoint::History,
        [.., "cluster", "status"] | ["organization", "*", "cluster", "*", "status"] => {
            Endpoint::ServiceStatus
        }
        [kind, "*", "status"] if Workload::from_segment(kind).is_some() => Endpoint::ServiceStatus,
        ["environment", "*"]
        | ["project", "*", "environment"]
        | ["environment", "*", "services"] => Endpoint::Resources,
        ["environment", "*", kind] | [kind, "*"] if Workload::from_segment(kind).is_some() => {
            Endpoint::Resources
        }
        _ => return None,
    })
}

/// Carries out an operation.
pub(crate) fn execute(world: &mut World, call: &Call<'_>) -> Handled {
    let shape = shape(call.operation);
    let handled = match call.operation.method {
        Method::GET => read(world, call, &shape),
        Method::POST => act(world, call, &shape),
        Method::PUT => edit(world, call, &shape),
        Method::DELETE => delete(world, call, &shape),
        _ => None,
    };
    handled.unwrap_or_else(|| generic::execute(world, call))
}

fn read(world: &mut World, call: &Call<'_>, shape: &[&str]) -> Option<Handled> {
    Some(match shape {
        ["environment", "deploymentStatus"] => status::of_request(world, call),
        ["environment", "*", "status"] => status::of_environment(world, call),
        ["environment", "*", "statuses"] => status::of_all_services(world, call),
        ["environment", "*", "statusesWithStages"] => status::with_stages(world, call),
        ["environment", "*", kind, "status"] => {
            status::of_kind(world, call, Workload::from_segment(kind)?)
        }
        ["environment", "*", "deploymentHistory"] => history::of_environment(world, call),
        ["environment", "*", "deploymentHistoryV2"] => history::of_environment_v2(world, call),
        ["environment", "*", "deploymentQueue"] => queue::of_environment(world, call),
        ["environment", "*", "logs"] => logs::of_execution(world, call),
        ["environment", "*", "log"] => logs::of_environment(world, call),
        ["environment", "*", "link"] => lists::links_of_environment(world, call),
        ["environment", "*", "services"] => lists::services_of_environment(world, call),
        ["environment", "*", "deploymentStage"] => stages::list(world, call),
        ["deploymentStage", "*"] => stages::get(world, call),
        ["service", "*", "deploymentStage"] => stages::of_service(world, call),
        ["service", "*", "deploymentQueue"] => queue::of_service(world, call),
        ["project", "*", "environment", "status"] => status::of_project(world, call),
        ["project", "*", "environment", "overview"] => lists::overview(world, call),
        ["organization", "*", "environments"] => lists::environments(world, call),
        ["organization", "*", "services"] => lists::services(world, call),
        ["organization", "*", "events"] => audit::list(world, call),
        ["organization", "*", "cluster", "status"] => clusters::statuses(world, call),
        ["organization", "*", "cluster", "*", "status"] => clusters::status(world, call),
        ["cluster", "*", "environments"] => lists::environments_of_cluster(world, call),
        ["variable"] => variables::list(world, call),
        [kind, "*", rest] => {
            let kind = Workload::from_segment(kind)?;
            match *rest {
                "status" => status::of_service(world, call),
                "deploymentHistory" => history::of_service(world, call, kind),
                "deploymentHistoryV2" => history::of_service_v2(world, call),
                "link" => lists::links_of_service(world, call),
                "log" => logs::of_service(world, call),
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn act(world: &mut World, call: &Call<'_>, shape: &[&str]) -> Option<Handled> {
    Some(match shape {
        ["environment", "*", "cancelDeployment"] => action::cancel(world, call),
        ["environment", "*", "clone"] => clone::environment(world, call),
        ["environment", "*", "deploymentStage"] => stages::create(world, call),
        ["environment", "*", "service", "deploy"]
        | ["environment", "*", "application" | "container", "deploy"] => {
            action::on_selected(world, call, Trigger::Deploy)
        }
        ["environment", "*", "service", verb] => {
            let action = action::from_verb(verb).or((*verb == "delete").then_some(Trigger::Delete));
            action::on_selected(world, call, action?)
        }
        ["environment", "*", verb] => action::on_environment(world, call, action::from_verb(verb)?),
        ["agenticWorkflow", "*", "cancelDeployment"] => action::cancel_of_service(world, call),
        ["deploymentQueue", "*", "cancelDeployment"] => queue::cancel(world, call),
        ["organization", "*", "cluster", "*", verb] => clusters::act(world, call, verb)?,
        ["cluster", "*", "upgrade"] => clusters::act(world, call, "upgrade")?,
        ["variable"] => variables::create(world, call),
        ["variable", "import"] => return None,
        ["variable", "*", relation] => variables::derive(world, call, relation),
        [kind, "*", "clone"] => {
            Workload::from_segment(kind)?;
            clone::service(world, call)
        }
        [kind, "*", verb] => {
            Workload::from_segment(kind)?;
            action::on_service(world, call, action::from_verb(verb)?)
        }
        _ => return None,
    })
}

fn edit(world: &mut World, call: &Call<'_>, shape: &[&str]) -> Option<Handled> {
    Some(match shape {
        ["deploymentStage", "*", "service", "*"] => stages::attach(world, call),
        ["deploymentStage", "*", "moveAfter", "*"] => stages::relocate(world, call, true),
        ["deploymentStage", "*", "moveBefore", "*"] => stages::relocate(world, call, false),
        ["variable", "*"] => variables::edit(world, call),
        _ => return None,
    })
}

fn delete(world: &mut World, call: &Call<'_>, shape: &[&str]) -> Option<Handled> {
    Some(match shape {
        ["environment", "*"] => action::on_environment(world, call, Trigger::Delete),
        ["organization", "*", "cluster", "*"] => clusters::act(world, call, "delete")?,
        ["deploymentStage", "*"] => stages::delete(world, call),
        [kind, "*"] => {
            Workload::from_segment(kind)?;
            action::on_service(world, call, Trigger::Delete)
        }
        _ => return None,
    })
}
