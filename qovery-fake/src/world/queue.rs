//! The queue of an environment: requests are accepted, merged, started, canceled and superseded.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    World,
    audit::Actor,
    environment::{Service, Stale},
    event_queue::{Event, ExternalAction, ExternalRequest},
    request::{self, DeploymentRequest, RequestStage},
    run,
    script::Script,
    version::{self, AskedVersion},
};
use crate::{CanceledInQueue, Merging, Trigger};

/// Accepts a request of the caller, which follows the environment's next script.
pub(crate) fn accept_from_caller(
    world: &mut World,
    environment: Uuid,
    action: Trigger,
    chosen: Option<Vec<Uuid>>,
    versions: BTreeMap<Uuid, AskedVersion>,
    actor: Actor,
) -> Option<Uuid> {
    let now = world.time.now();
    let subject = world.environments.get(&environment)?;
    let seen: Vec<Service> = world.services_of(subject).into_iter().cloned().collect();
    let subject = world.environments.get_mut(&environment)?;
    let script = subject.scripts.pop_front().unwrap_or_default();
    if !subject.settings.stale.is_zero() {
        let mut before = subject.clone();
        before.stale = None;
        subject.stale = Some(Stale {
            until: now.saturating_add(subject.settings.stale),
            environment: Box::new(before),
            services: seen,
        });
    }
    let id = accept(
        world,
        environment,
        action,
        chosen,
        versions.clone(),
        actor,
        script,
    )?;
    let configured = world.configured_version;
    for (service, asked) in &versions {
        if let Some(resource) = world.resources.get_mut(&service.to_string()) {
            version::store(resource, asked, configured);
        }
    }
    Some(id)
}

/// Accepts a request.
fn accept(
    world: &mut World,
    environment: Uuid,
    action: Trigger,
    chosen: Option<Vec<Uuid>>,
    versions: BTreeMap<Uuid, AskedVersion>,
    actor: Actor,
    script: Script,
) -> Option<Uuid> {
    let id = world.time.new_id();
    let now = world.time.now();
    let subject = world.environments.get(&environment)?;
    let whole = chosen.is_none();
    let services = chosen.unwrap_or_else(|| subject.services.clone());
    let had_to_wait = subject.running.is_some() || !subject.queue.is_empty();
    let idle = action == Trigger::Stop
        && !had_to_wait
        && world
            .services_of(subject)
            .iter()
            .filter(|service| services.contains(&service.id))
            .all(|service| ["READY", "STOPPED"].contains(&service.state.as_str()));
    let nothing_to_do = script.nothing_to_do || idle;
    let request = DeploymentRequest {
        id,
        environment,
        action,
        requested: services.clone(),
        services,
        versions,
        whole,
        actor: actor.clone(),
        accepted_at: now,
        not_before: now
            .saturating_add(subject.settings.start_delay)
            .saturating_add(script.queued_for),
        had_to_wait,
        had_nothing_to_do: nothing_to_do,
        state: action.queued().to_owned(),
        stage: RequestStage::Queued,
        ended_at: None,
        merged_into: None,
        shown_as: subject.settings.request_status,
        script,
    };
    let subject = world.environments.get(&environment);
    world
        .audit
        .record_in_environment(&mut world.time, subject, action.events().asked, &actor);
    if nothing_to_do {
        end_at_once(world, request);
    } else {
        enqueue(world, request);
    }
    Some(id)
}

fn end_at_once(world: &mut World, mut request: DeploymentRequest) {
    let shown = world.environments.get(&request.environment);
    request.state = shown.map_or_else(String::new, |e| e.last_deployment_state.clone());
    request.stage = RequestStage::Ended;
    request.ended_at = Some(world.time.now());
    world.requests.insert(request.id, request);
}

fn enqueue(world: &mut World, mut request: DeploymentRequest) {
    let id = request.id;
    schedule_script(world, &request);
    let Some(environment) = world.environments.get_mut(&request.environment) else {
        return;
    };
    let whoever_asks = environment.settings.merges;
    let by_user = world.traits.merging == Merging::ByUserAndAction;
    let mergeable = environment.queue.back().copied().filter(|last| {
        world.requests.get(last).is_some_and(|last| {
            let same_user = last.actor.name == request.actor.name;
            last.action == request.action && (whoever_asks || by_user && same_user)
        })
    });
    if let Some(into) = mergeable {
        request.merged_into = Some(into);
        if let Some(earlier) = world.requests.get_mut(&into) {
            earlier.whole |= request.whole;
            for service in &request.services {
                if !earlier.services.contains(service) {
                    earlier.services.push(*service);
                }
            }
            earlier.versions.extend(request.versions.clone());
        }
        world.requests.insert(id, request);
        return;
    }
    environment.queue.push_back(id);
    if environment.running.is_none() && environment.queue.len() == 1 {
        show_queued(world, &request);
    }
    let (environment, due) = (request.environment, request.not_before);
    world.requests.insert(id, request);
    world.events.at(due, Event::Begin(environment));
}

fn schedule_script(world: &mut World, request: &DeploymentRequest) {
    if let Some(delay) = request.script.canceled_after {
        let event = Event::ExternalActor(
            request.environment,
            Actor::someone_else(),
            ExternalAction::Cancel,
        );
        world.after(delay, event);
    }
    if let Some(delay) = request.script.canceled_in_queue_after {
        let act = ExternalAction::CancelRequest(request.id);
        let event = Event::ExternalActor(request.environment, Actor::someone_else(), act);
        world.after(delay, event);
    }
    if let Some((delay, action)) = request.script.superseded_after {
        world.after(delay, Event::Supersede(request.id, action));
    }
    for mask in request.script.masks.clone() {
        let event = Event::Mask(request.environment, mask.service, mask.state, mask.lasting);
        world.after(mask.after, event);
    }
}

/// Shows a queued request in the states of the environment and of its services.
fn show_queued(world: &mut World, request: &DeploymentRequest) {
    let queued = request.action.queued().to_owned();
    if let Some(environment) = world.environments.get_mut(&request.environment) {
        environment.keep_last_end();
        environment.state.clone_from(&queued);
        environment.last_deployment_state.clone_from(&queued);
        environment.origin = Some(request.actor.origin.clone());
        environment.triggered_by = Some(request.actor.name.clone());
    }
    for id in &request.services {
        if let Some(service) = world.services.get_mut(id) {
            service.keep_last_end();
            service.request = Some(request.id);
            service.state.clone_from(&queued);
            service.details = (request.action.of_service(), "QUEUED");
        }
    }
}

/// Starts the next request of an environment, if none is running and its start time has come.
pub(super) fn begin(world: &mut World, environment: Uuid) {
    let Some(subject) = world.environments.get(&environment) else {
        return;
    };
    if subject.running.is_some() {
        return;
    }
    let next = subject
        .queue
        .front()
        .and_then(|id| world.requests.get(id))
        .cloned();
    let Some(request) = next else { return };
    if request.not_before > world.time.now() {
        world
            .events
            .at(request.not_before, Event::Begin(environment));
        return;
    }
    if let Some(subject) = world.environments.get_mut(&environment) {
        subject.queue.pop_front();
    }
    show_queued(world, &request);
    run::start(world, request);
}

/// Cancels a queued request. Returns `false` if it is no longer queued.
pub(crate) fn cancel_queued(world: &mut World, id: Uuid) -> bool {
    let request = DeploymentRequest::carrying(&world.requests, id).cloned();
    let Some(request) = request.filter(|r| r.stage == RequestStage::Queued) else {
        return false;
    };
    let id = request.id;
    request::end(&mut world.requests, world.time.now(), id, "CANCELED");
    let left = world.traits.canceled_in_queue;
    if left == CanceledInQueue::HistoryEntry {
        run::record_canceled(world, &request);
    }
    let Some(environment) = world.environments.get_mut(&request.environment) else {
        return true;
    };
    let was_next = environment.queue.front() == Some(&id);
    environment.queue.retain(|queued| *queued != id);
    if environment.running.is_some() || !was_next {
        return true;
    }
    let next = environment.queue.front().copied();
    match left {
        CanceledInQueue::NoTrace => environment.show_last_end(),
        _ if next.is_some() => {}
        _ => {
            environment.state = "CANCELED".to_owned();
            environment.last_deployment_state = "CANCELED".to_owned();
        }
    }
    for service in &request.services {
        if let Some(service) = world.services.get_mut(service) {
            service.show_last_end();
            if left != CanceledInQueue::NoTrace {
                service.details.1 = "CANCELED";
            }
        }
    }
    if let Some(next) = next.and_then(|id| world.requests.get(&id)).cloned() {
        show_queued(world, &next);
    }
    true
}

/// Cancels the running execution of an environment, else its first queued request.
pub(crate) fn cancel(world: &mut World, environment: Uuid, force: bool, actor: &Actor) {
    let subject = world.environments.get(&environment);
    world
        .audit
        .record_in_environment(&mut world.time, subject, "TRIGGER_CANCEL", actor);
    let Some(subject) = world.environments.get(&environment) else {
        return;
    };
    match (subject.running.clone(), subject.queue.front().copied()) {
        (Some(execution), _) => run::start_cancellation(world, &execution, force),
        (None, Some(request)) => {
            cancel_queued(world, request);
        }
        (None, None) => {}
    }
}

pub(super) fn act_externally(
    world: &mut World,
    environment: Uuid,
    actor: Actor,
    act: ExternalAction,
) {
    match act {
        ExternalAction::Cancel => cancel(world, environment, true, &actor),
        ExternalAction::CancelRequest(request) => {
            let subject = world.environments.get(&environment);
            world
                .audit
                .record_in_environment(&mut world.time, subject, "TRIGGER_CANCEL", &actor);
            cancel_queued(world, request);
        }
        ExternalAction::Request(request) => {
            let ExternalRequest {
                action,
                services,
                script,
            } = *request;
            accept(
                world,
                environment,
                action,
                services,
                BTreeMap::new(),
                actor,
                script,
            );
        }
    }
}

pub(super) fn supersede(world: &mut World, id: Uuid, action: Trigger) {
    let Some(request) = DeploymentRequest::carrying(&world.requests, id).cloned() else {
        return;
    };
    match request.stage {
        RequestStage::Queued => {
            cancel_queued(world, id);
        }
        RequestStage::Running => {
            let running = world.environments.get(&request.environment);
            if let Some(execution) = running.and_then(|e| e.running.clone()) {
                run::end_cancellation(world, &execution);
            }
        }
        RequestStage::Ended => {}
    }
    let act = ExternalAction::Request(Box::new(ExternalRequest::of(action)));
    act_externally(world, request.environment, Actor::someone_else(), act);
}
