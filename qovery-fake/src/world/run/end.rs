//! The end of an execution: success, failure or cancellation.

use uuid::Uuid;

use super::{
    super::{World, event_queue::Event, removal, request},
    close_step, live,
};
use crate::{Step, Trigger, Unreached, Workload, vocabulary::is_terminal};

/// Ends an execution; `failure` is the state that it failed in.
pub(super) fn finish(world: &mut World, id: &str, failure: Option<String>) {
    let now = world.time.now();
    let Some(execution) = world.executions.get_mut(id) else {
        return;
    };
    let request = execution.request.clone();
    let reached = failure.is_none();
    let ended = failure.unwrap_or_else(|| request.action.done().to_owned());
    let ended = request.script.ends_as.clone().unwrap_or(ended);
    execution.ended_at = Some(now);
    execution.state.clone_from(&ended);
    for stage in &mut execution.stages {
        if stage.status == "QUEUED" {
            stage.status = "SKIPPED";
        }
    }
    request::end(&mut world.requests, world.time.now(), request.id, &ended);
    rest_unreached(world, id);
    let events = request.action.events();
    let event = if reached { events.done } else { events.failed };
    let subject = world.environments.get(&request.environment);
    world
        .audit
        .record_in_environment(&mut world.time, subject, event, &request.actor);
    show_end(world, request.environment, &ended);
    if reached && request.action == Trigger::Delete {
        if request.whole {
            removal::delete(world, request.environment);
        } else {
            for service in &request.services {
                removal::delete(world, *service);
            }
        }
    }
    world.events.at(now, Event::Begin(request.environment));
}

/// Resets the services that the execution did not reach to their previous state.
fn rest_unreached(world: &mut World, id: &str) {
    let Some(execution) = world.executions.get(id) else {
        return;
    };
    let runs = execution.stages.iter().flat_map(|stage| &stage.services);
    let unreached: Vec<Uuid> = runs
        .filter(|run| run.started_at.is_none())
        .map(|run| run.service)
        .collect();
    let shown = world.traits.unreached;
    for service in unreached {
        let Some(service) = world.services.get_mut(&service) else {
            continue;
        };
        service.state.clone_from(&service.resting_state);
        match shown {
            Unreached::Marked => service.details.1 = "NEVER",
            Unreached::OldStateAndNewId => service.details = service.before.details,
            Unreached::OldStateAndOldId => service.show_last_end(),
        }
    }
    let statuses: Vec<_> = execution
        .stages
        .iter()
        .map(|s| (s.stage, s.status))
        .collect();
    let environment = execution.request.environment;
    for stage in world
        .environments
        .get_mut(&environment)
        .into_iter()
        .flat_map(|environment| &mut environment.stages)
    {
        let status = statuses.iter().find(|(id, _)| *id == stage.id);
        stage.status = status.map(|(_, status)| *status).or(stage.status);
    }
}

fn show_end(world: &mut World, environment: Uuid, ended: &str) {
    let Some(subject) = world.environments.get(&environment) else {
        return;
    };
    let services = world.services_of(subject);
    let in_error = services
        .iter()
        .find(|service| service.state.ends_with("_ERROR"));
    let state = in_error.map_or_else(|| ended.to_owned(), |service| service.state.clone());
    if let Some(subject) = world.environments.get_mut(&environment) {
        subject.running = None;
        subject.state = state;
        ended.clone_into(&mut subject.last_deployment_state);
    }
}

/// Starts to cancel an execution. Lifecycle jobs run to their end, unless forced.
pub(crate) fn start_cancellation(world: &mut World, id: &str, force: bool) {
    let now = world.time.now();
    let Some(execution) = live(world, id) else {
        return;
    };
    execution.begin_cancellation();
    let request = execution.request.clone();
    if let Some(request) = world.requests.get_mut(&request.id) {
        request.state = "CANCELING".to_owned();
    }
    let Some(environment) = world.environments.get_mut(&request.environment) else {
        return;
    };
    environment.state = "CANCELING".to_owned();
    environment.last_deployment_state = "CANCELING".to_owned();
    let mut due = now.saturating_add(environment.settings.cancel_takes);
    for id in &request.services {
        let Some(service) = world.services.get_mut(id) else {
            continue;
        };
        if is_terminal(&service.state) {
            continue;
        }
        if service.kind == Workload::LifecycleJob && service.state == "EXECUTING" && !force {
            let started = service.steps.last().map_or(now, |step| step.started);
            let left = service
                .durations
                .iter()
                .rev()
                .find(|(step, _)| *step == Step::Execution)
                .map_or_else(|| Step::Execution.usual_duration(), |(_, d)| *d);
            due = due.max(started.saturating_add(left));
        }
        service.state = "CANCELING".to_owned();
        service.details.1 = "CANCELING";
    }
    world.events.at(due, Event::Canceled(id.to_owned()));
}

/// Ends an execution as canceled.
pub(crate) fn end_cancellation(world: &mut World, id: &str) {
    let now = world.time.now();
    let Some(execution) = world.executions.get_mut(id) else {
        return;
    };
    if execution.ended_at.is_some() {
        return;
    }
    execution.ended_at = Some(now);
    execution.state = "CANCELED".to_owned();
    for stage in &mut execution.stages {
        if stage.status == "QUEUED" || stage.status == "ONGOING" {
            stage.status = "CANCELED";
        }
        for run in &mut stage.services {
            if run.ended_at.is_none() {
                run.ended_at = Some(now);
                run.state = "CANCELED".to_owned();
                run.status = "CANCELED";
                if let Some(service) = world.services.get_mut(&run.service) {
                    close_step(&mut service.steps, "CANCEL", now);
                    service.state = "CANCELED".to_owned();
                    service.resting_state = "CANCELED".to_owned();
                    service.details.1 = "CANCELED";
                }
            }
        }
    }
    let request = execution.request.clone();
    request::end(
        &mut world.requests,
        world.time.now(),
        request.id,
        "CANCELED",
    );
    rest_unreached(world, id);
    show_end(world, request.environment, "CANCELED");
    world.events.at(now, Event::Begin(request.environment));
}
