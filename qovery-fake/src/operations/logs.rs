//! Logs of deployments and of services.

use serde_json::{Value, json};

use super::{Handled, environment_id, uuid};
use crate::{
    call::Call,
    exchange::Response,
    json::set,
    world::{
        World,
        execution::{Execution, LogEntry},
    },
};

/// Returns the log of one execution; by default, of the last one. An unknown execution has no lines.
pub(super) fn of_execution(world: &World, call: &Call<'_>) -> Handled {
    let environment = world.environments.get(&environment_id(call)?);
    let named = call.incoming.parameter("version");
    let id = named.map(str::to_owned);
    let id = id.or_else(|| environment.and_then(|environment| environment.last_execution.clone()));
    let execution = id.and_then(|id| world.executions.get(&id));
    let execution =
        execution.filter(|e| environment.is_some_and(|s| s.id == e.request.environment));
    let lines: Vec<Value> = execution.map_or_else(Vec::new, |execution| {
        let lines = execution
            .logs
            .iter()
            .filter(|entry| entry.at <= world.time.now());
        lines.map(|entry| line(world, execution, entry)).collect()
    });
    Ok(Response::json(
        call.operation.success.status,
        &Value::Array(lines),
    ))
}

/// The log of the last execution in the older form.
pub(super) fn of_environment(world: &World, call: &Call<'_>) -> Handled {
    let environment = world.environments.get(&environment_id(call)?);
    let last = environment.and_then(|environment| environment.last_execution.as_ref());
    let execution = last.and_then(|id| world.executions.get(id));
    let entries = execution
        .into_iter()
        .flat_map(|e| e.logs.iter().map(move |entry| (e, entry)));
    let results: Vec<Value> = entries
        .enumerate()
        .map(|(index, (execution, entry))| {
            let number = u128::try_from(index).unwrap_or_default();
            json!({
                "id": uuid::Uuid::from_u128(execution.history_id.as_u128().wrapping_add(number)),
                "created_at": world.time.date(entry.at),
                "scope": {"type": "ENVIRONMENT", "id": execution.request.environment},
                "state": if entry.is_error { "ERROR" } else { "DEPLOYMENT_IN_PROGRESS" },
                "message": entry.message,
                "execution_id": execution.id,
            })
        })
        .collect();
    Ok(call.exact(&json!({ "results": results })))
}

/// Returns the log of a service.
pub(super) fn of_service(world: &World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    let lines = world
        .services
        .get(&id)
        .map(|service| service.logs.as_slice());
    let results: Vec<Value> = lines
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(index, (at, message))| {
            let number = u128::try_from(index).unwrap_or_default();
            json!({
                "id": uuid::Uuid::from_u128(id.as_u128().wrapping_add(number)),
                "created_at": world.time.date(*at),
                "message": message,
            })
        })
        .collect();
    Ok(call.exact(&json!({ "results": results })))
}

fn line(world: &World, execution: &Execution, entry: &LogEntry) -> Value {
    let environment = world.environments.get(&execution.request.environment);
    let service = entry.service.and_then(|id| world.services.get(&id));
    let stage = service
        .zip(environment)
        .and_then(|(service, environment)| environment.stage(service.stage));
    let transmitter = match service {
        Some(service) => json!({
            "id": service.id,
            "name": service.name,
            "type": service.kind.service_type().to_lowercase(),
        }),
        None => json!({
            "id": execution.request.environment,
            "name": environment.map(|environment| environment.name.as_str()).unwrap_or_default(),
            "type": "environment",
        }),
    };
    let details = json!({
        "organization_id": environment.map(|environment| environment.organization),
        "cluster_id": environment.map(|environment| environment.cluster),
        "execution_id": execution.id,
        "transmitter": transmitter,
        "stage": {
            "step": entry.step,
            "id": stage.map(|stage| stage.id),
            "name": stage.map(|stage| stage.name.as_str()),
        },
    });
    let mut line = json!({
        "type": if entry.is_error { "error" } else { "info" },
        "timestamp": world.time.date(entry.at),
        "details": details,
        "error": null,
        "message": null,
    });
    if entry.is_error {
        set(
            &mut line,
            "error",
            json!({
                "tag": "DEPLOYMENT_FAILED",
                "user_log_message": entry.message,
                "underlying_error": {"message": entry.message},
            }),
        );
    } else {
        set(&mut line, "message", json!({"safe_message": entry.message}));
    }
    line
}
