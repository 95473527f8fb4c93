//! Past deployments, in both versions of the history. Newest first.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Handled, environment_id, paging, uuid};
use crate::{
    History, Workload,
    call::Call,
    exchange::Refusal,
    json::set,
    world::{
        World,
        execution::{Execution, ServiceRun, StageRun},
    },
};

pub(super) fn of_environment(world: &World, call: &Call<'_>) -> Handled {
    let executions = executions(world, environment_id(call)?, None);
    page(world, call, &executions, |execution| {
        let mut entry = base(world, execution, execution.history_id);
        set(&mut entry, "status", json!(execution.state));
        set(&mut entry, "origin", json!(execution.request.actor.origin));
        set(
            &mut entry,
            "triggered_by",
            json!(execution.request.actor.name),
        );
        for run in execution.stages.iter().flat_map(|stage| &stage.services) {
            let mut service = base(world, execution, run.service);
            set(&mut service, "name", json!(run.name));
            set(&mut service, "status", json!(run.state));
            let list = run.kind.list();
            match entry.get_mut(list).and_then(Value::as_array_mut) {
                Some(list) => list.push(service),
                None => set(&mut entry, list, json!([service])),
            }
        }
        entry
    })
}

pub(super) fn of_service(world: &World, call: &Call<'_>, kind: Workload) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    let executions = service_executions(world, id);
    page(world, call, &executions, |execution| {
        let mut entry = base(world, execution, execution.history_id);
        let Some(run) = run_of(execution, id) else {
            return entry;
        };
        set(&mut entry, "name", json!(run.name));
        set(
            &mut entry,
            "status",
            match (kind, run.status) {
                (Workload::Application, "SUCCESS") => json!("SUCCESS"),
                (Workload::Application, _) => json!("FAILED"),
                _ => json!(run.state),
            },
        );
        entry
    })
}

pub(super) fn of_environment_v2(world: &World, call: &Call<'_>) -> Handled {
    let executions = executions(world, environment_id(call)?, None);
    window(world, call, &executions, |execution| {
        let request = &execution.request;
        let stages: Vec<Value> = execution
            .stages
            .iter()
            .map(|stage| stage_v2(world, execution, stage))
            .collect();
        json!({
            "identifier": {
                "execution_id": execution.id,
                "environment_id": request.environment,
            },
            "auditing_data": auditing(world, execution),
            "status": execution.state,
            "trigger_action": request.action.trigger(),
            "total_duration": duration(execution.started_at, execution.ended_at, world.time.now()),
            "stages": stages,
            "action_status": action_status(&execution.state, execution.ended_at.is_some()),
        })
    })
}

pub(super) fn of_service_v2(world: &World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    let executions = service_executions(world, id);
    window(world, call, &executions, |execution| {
        let run = run_of(execution, id);
        run.map_or(Value::Null, |run| service_v2(world, execution, run))
    })
}

/// Returns the executions of an environment, newest first; if a service is given, only its executions.
fn executions(world: &World, environment: Uuid, service: Option<Uuid>) -> Vec<&Execution> {
    let environment = world.environments.get(&environment);
    let ids = environment
        .map(|e| e.executions.as_slice())
        .unwrap_or_default();
    ids.iter()
        .rev()
        .filter_map(|id| world.executions.get(id))
        .filter(|execution| service.is_none_or(|id| run_of(execution, id).is_some()))
        .collect()
}

fn service_executions(world: &World, service: Uuid) -> Vec<&Execution> {
    let environment = world
        .services
        .get(&service)
        .map(|service| service.environment);
    environment.map_or_else(Vec::new, |id| executions(world, id, Some(service)))
}

fn run_of(execution: &Execution, service: Uuid) -> Option<&ServiceRun> {
    let mut runs = execution.stages.iter().flat_map(|stage| &stage.services);
    runs.find(|run| run.service == service)
}

/// Refuses the request if the API has no such history.
fn check_version(world: &World, is_second: bool) -> Result<(), Refusal> {
    let exists = match world.traits.history {
        History::V2AndV1 | History::Last20 => true,
        History::V2Only => is_second,
        History::Missing => false,
    };
    if exists {
        return Ok(());
    }
    Err(Refusal::new(404, "there is no such history"))
}

/// The entries that the history keeps.
fn kept<'a, 'b>(world: &World, executions: &'b [&'a Execution]) -> &'b [&'a Execution] {
    match world.traits.history {
        History::Last20 => executions.get(..20).unwrap_or(executions),
        _ => executions,
    }
}

fn page(
    world: &World,
    call: &Call<'_>,
    executions: &[&Execution],
    render: impl Fn(&Execution) -> Value,
) -> Handled {
    check_version(world, false)?;
    let executions = kept(world, executions);
    let start = call
        .incoming
        .parameter("startId")
        .filter(|_| call.takes_start_id());
    let page = paging::page(
        executions,
        start,
        world.start_id,
        world.page_size,
        |execution| execution.history_id.to_string(),
    );
    let Some(page) = page else {
        let start = start.unwrap_or_default();
        return Err(Refusal::bad_request(format!(
            "startId {start} does not exist"
        )));
    };
    let results: Vec<Value> = page.iter().map(|execution| render(execution)).collect();
    Ok(call.exact(&json!({
        "page": 1,
        "page_size": world.page_size,
        "results": results,
    })))
}

fn window(
    world: &World,
    call: &Call<'_>,
    executions: &[&Execution],
    render: impl Fn(&Execution) -> Value,
) -> Handled {
    check_version(world, true)?;
    let executions = kept(world, executions);
    let asked = call
        .incoming
        .parameter("pageSize")
        .and_then(|size| size.parse().ok());
    let size = asked.unwrap_or(world.page_size);
    let newest = executions.iter().take(size);
    let results: Vec<Value> = newest.map(|execution| render(execution)).collect();
    Ok(call.exact(&json!({"page": 1, "page_size": size, "results": results})))
}

fn base(world: &World, execution: &Execution, id: Uuid) -> Value {
    let ended = execution.ended_at.unwrap_or(execution.started_at);
    json!({
        "id": id,
        "created_at": world.time.date(execution.started_at),
        "updated_at": world.time.date(ended),
    })
}

fn auditing(world: &World, execution: &Execution) -> Value {
    let ended = execution.ended_at.unwrap_or(execution.started_at);
    json!({
        "created_at": world.time.date(execution.started_at),
        "updated_at": world.time.date(ended),
        "triggered_by": execution.request.actor.name,
        "origin": execution.request.actor.origin,
    })
}

fn stage_v2(world: &World, execution: &Execution, stage: &StageRun) -> Value {
    let started = stage.started_at.unwrap_or(execution.started_at);
    let ended = stage.started_at.map_or(Some(started), |_| stage.ended_at);
    let services: Vec<Value> = stage
        .services
        .iter()
        .map(|run| service_v2(world, execution, run))
        .collect();
    json!({
        "name": stage.name,
        "status": stage.status,
        "duration": duration(started, ended, world.time.now()),
        "services": services,
    })
}

fn service_v2(world: &World, execution: &Execution, run: &ServiceRun) -> Value {
    let action = execution.request.action.of_service();
    let sub_action = match (run.kind, action, run.is_plan) {
        (Workload::Terraform, "DEPLOY", true) => "TERRAFORM_PLAN_ONLY",
        (Workload::Terraform, "DEPLOY", false) => "TERRAFORM_PLAN_AND_APPLY",
        _ => "NONE",
    };
    let started = run.started_at.unwrap_or(execution.started_at);
    let ended = run.started_at.map_or(Some(started), |_| run.ended_at);
    json!({
        "identifier": {
            "name": run.name,
            "service_id": run.service,
            "service_type": run.kind.service_type(),
            "execution_id": execution.id,
        },
        "status": run.state,
        "auditing_data": auditing(world, execution),
        "details": run.details,
        "icon_uri": "https://example.com/icon.svg",
        "status_details": {"action": action, "status": run.status, "sub_action": sub_action},
        "total_duration": duration(started, ended, world.time.now()),
    })
}

fn action_status(state: &str, ended: bool) -> &'static str {
    match state {
        "CANCELED" => "CANCELED",
        "CANCELING" => "CANCELING",
        _ if state.ends_with("_ERROR") => "ERROR",
        _ if ended => "SUCCESS",
        _ => "ONGOING",
    }
}

/// An ISO 8601 duration in seconds, as the API writes it.
fn duration(started: Duration, ended: Option<Duration>, now: Duration) -> String {
    let elapsed = ended.unwrap_or(now).saturating_sub(started);
    let milliseconds = elapsed.subsec_millis();
    if milliseconds == 0 {
        format!("PT{}S", elapsed.as_secs())
    } else {
        format!("PT{}.{milliseconds:03}S", elapsed.as_secs())
    }
}
