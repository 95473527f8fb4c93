//! Deployment requests: accepted, queued, merged, canceled, superseded.

use std::time::Duration;

use uuid::Uuid;

use super::{
    World,
    agenda::{Act, Event, ExternalRequest},
    audit::Actor,
    environment::{Service, Stale},
    script::Script,
};
use crate::{CanceledInQueue, Merging, RequestStatus, Trigger};

/// A request to do something with an environment or some of its services.
#[derive(Debug, Clone)]
pub(crate) struct DeploymentRequest {
    pub(crate) id: Uuid,
    pub(crate) environment: Uuid,
    pub(crate) action: Trigger,
    /// The chosen services, with those of the requests that it absorbed.
    pub(crate) services: Vec<Uuid>,
    /// The requested services.
    pub(crate) requested: Vec<Uuid>,
    /// Whether the environment as a whole is meant.
    pub(crate) whole: bool,
    pub(crate) actor: Actor,
    pub(crate) accepted_at: Duration,
    pub(crate) not_before: Duration,
    /// Whether there was nothing to do, so that it ended when it was accepted.
    pub(crate) was_idle: bool,
    /// Whether another one ran or waited when it was accepted.
    pub(crate) had_to_wait: bool,
    /// The state that readers see: the state of its execution, or its own while it is queued.
    pub(crate) state: String,
    pub(crate) stage: RequestStage,
    /// When it ended, whether it ran or not.
    pub(crate) ended_at: Option<Duration>,
    /// The request that absorbed this one.
    pub(crate) merged_into: Option<Uuid>,
    /// The answer to reads of its status, also after its environment is deleted.
    pub(crate) shown_as: RequestStatus,
    pub(crate) script: Script,
}

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestStage {
    Queued,
    Running,
    Ended,
}

impl World {
    /// Accepts a request of the caller, which follows the environment's next script.
    pub(crate) fn accept_from_caller(
        &mut self,
        environment: Uuid,
        action: Trigger,
        chosen: Option<Vec<Uuid>>,
        actor: Actor,
    ) -> Option<Uuid> {
        let now = self.time.now();
        let subject = self.environments.get(&environment)?;
        let seen: Vec<Service> = self.services_of(subject).into_iter().cloned().collect();
        let subject = self.environments.get_mut(&environment)?;
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
        self.accept(environment, action, chosen, actor, script)
    }

    /// Accepts a request.
    fn accept(
        &mut self,
        environment: Uuid,
        action: Trigger,
        chosen: Option<Vec<Uuid>>,
        actor: Actor,
        script: Script,
    ) -> Option<Uuid> {
        let id = self.time.new_id();
        let now = self.time.now();
        let subject = self.environments.get(&environment)?;
        let whole = chosen.is_none();
        let services = chosen.unwrap_or_else(|| subject.services.clone());
        let had_to_wait = subject.running.is_some() || !subject.queue.is_empty();
        let idle = action == Trigger::Stop
            && !had_to_wait
            && self
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
            whole,
            actor: actor.clone(),
            accepted_at: now,
            not_before: now
                .saturating_add(subject.settings.start_delay)
                .saturating_add(script.queued_for),
            had_to_wait,
            was_idle: nothing_to_do,
            state: action.queued().to_owned(),
            stage: RequestStage::Queued,
            ended_at: None,
            merged_into: None,
            shown_as: subject.settings.request_status,
            script,
        };
        let subject = self.environments.get(&environment);
        self.audit
            .record_in_environment(&mut self.time, subject, action.events().asked, &actor);
        if nothing_to_do {
            self.end_at_once(request);
        } else {
            self.enqueue(request);
        }
        Some(id)
    }

    fn end_at_once(&mut self, mut request: DeploymentRequest) {
        let shown = self.environments.get(&request.environment);
        request.state = shown.map_or_else(String::new, |e| e.last_deployment_state.clone());
        request.stage = RequestStage::Ended;
        request.ended_at = Some(self.time.now());
        self.requests.insert(request.id, request);
    }

    fn enqueue(&mut self, mut request: DeploymentRequest) {
        let id = request.id;
        self.schedule_script(&request);
        let Some(environment) = self.environments.get_mut(&request.environment) else {
            return;
        };
        let whoever_asks = environment.settings.merges;
        let by_user = self.traits.merging == Merging::ByUserAndAction;
        let mergeable = environment.queue.back().copied().filter(|last| {
            self.requests.get(last).is_some_and(|last| {
                let same_user = last.actor.name == request.actor.name;
                last.action == request.action && (whoever_asks || by_user && same_user)
            })
        });
        if let Some(into) = mergeable {
            request.merged_into = Some(into);
            if let Some(earlier) = self.requests.get_mut(&into) {
                earlier.whole |= request.whole;
                for service in &request.services {
                    if !earlier.services.contains(service) {
                        earlier.services.push(*service);
                    }
                }
            }
            self.requests.insert(id, request);
            return;
        }
        environment.queue.push_back(id);
        if environment.running.is_none() && environment.queue.len() == 1 {
            self.show_queued(&request);
        }
        let (environment, due) = (request.environment, request.not_before);
        self.requests.insert(id, request);
        self.agenda.at(due, Event::Begin(environment));
    }

    fn schedule_script(&mut self, request: &DeploymentRequest) {
        if let Some(delay) = request.script.canceled_after {
            let event =
                Event::ExternalActor(request.environment, Actor::someone_else(), Act::Cancel);
            self.after(delay, event);
        }
        if let Some(delay) = request.script.canceled_in_queue_after {
            let act = Act::CancelRequest(request.id);
            let event = Event::ExternalActor(request.environment, Actor::someone_else(), act);
            self.after(delay, event);
        }
        if let Some((delay, action)) = request.script.superseded_after {
            self.after(delay, Event::Supersede(request.id, action));
        }
        for mask in request.script.masks.clone() {
            let event = Event::Mask(request.environment, mask.service, mask.state, mask.lasting);
            self.after(mask.after, event);
        }
    }

    /// Shows a waiting request in the states of the environment and of its services.
    fn show_queued(&mut self, request: &DeploymentRequest) {
        let queued = request.action.queued().to_owned();
        if let Some(environment) = self.environments.get_mut(&request.environment) {
            environment.keep_last_end();
            environment.state.clone_from(&queued);
            environment.last_deployment_state.clone_from(&queued);
            environment.origin = Some(request.actor.origin.clone());
            environment.triggered_by = Some(request.actor.name.clone());
        }
        for id in &request.services {
            if let Some(service) = self.services.get_mut(id) {
                service.keep_last_end();
                service.request = Some(request.id);
                service.state.clone_from(&queued);
                service.details = (request.action.of_service(), "QUEUED");
            }
        }
    }

    /// Returns the request that carries out `id`: the request itself, or the one that absorbed it.
    pub(crate) fn carried_by(&self, id: Uuid) -> Option<&DeploymentRequest> {
        let request = self.requests.get(&id)?;
        match request.merged_into {
            Some(into) => self.requests.get(&into),
            None => Some(request),
        }
    }

    /// Starts the next request of an environment, if none is running and its start time has come.
    pub(super) fn begin(&mut self, environment: Uuid) {
        let Some(subject) = self.environments.get(&environment) else {
            return;
        };
        if subject.running.is_some() {
            return;
        }
        let next = subject
            .queue
            .front()
            .and_then(|id| self.requests.get(id))
            .cloned();
        let Some(request) = next else { return };
        if request.not_before > self.time.now() {
            self.agenda
                .at(request.not_before, Event::Begin(environment));
            return;
        }
        if let Some(subject) = self.environments.get_mut(&environment) {
            subject.queue.pop_front();
        }
        self.show_queued(&request);
        self.start_execution(request);
    }

    /// Cancels a queued request. Returns `false` if it is no longer queued.
    pub(crate) fn cancel_queued(&mut self, id: Uuid) -> bool {
        let request = self.carried_by(id).cloned();
        let Some(request) = request.filter(|r| r.stage == RequestStage::Queued) else {
            return false;
        };
        let id = request.id;
        self.end_request(id, "CANCELED");
        let left = self.traits.canceled_in_queue;
        if left == CanceledInQueue::HistoryEntry {
            self.record_canceled(&request);
        }
        let Some(environment) = self.environments.get_mut(&request.environment) else {
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
            if let Some(service) = self.services.get_mut(service) {
                service.show_last_end();
                if left != CanceledInQueue::NoTrace {
                    service.details.1 = "CANCELED";
                }
            }
        }
        if let Some(next) = next.and_then(|id| self.requests.get(&id)).cloned() {
            self.show_queued(&next);
        }
        true
    }

    /// Cancels the running execution of an environment, else its first queued request.
    pub(crate) fn cancel(&mut self, environment: Uuid, force: bool, actor: &Actor) {
        let subject = self.environments.get(&environment);
        self.audit
            .record_in_environment(&mut self.time, subject, "TRIGGER_CANCEL", actor);
        let Some(subject) = self.environments.get(&environment) else {
            return;
        };
        match (subject.running.clone(), subject.queue.front().copied()) {
            (Some(execution), _) => self.start_cancellation(&execution, force),
            (None, Some(request)) => {
                self.cancel_queued(request);
            }
            (None, None) => {}
        }
    }

    pub(super) fn act_externally(&mut self, environment: Uuid, actor: Actor, act: Act) {
        match act {
            Act::Cancel => self.cancel(environment, true, &actor),
            Act::CancelRequest(request) => {
                let subject = self.environments.get(&environment);
                self.audit
                    .record_in_environment(&mut self.time, subject, "TRIGGER_CANCEL", &actor);
                self.cancel_queued(request);
            }
            Act::Request(request) => {
                let ExternalRequest {
                    action,
                    services,
                    script,
                } = *request;
                self.accept(environment, action, services, actor, script);
            }
        }
    }

    pub(super) fn supersede(&mut self, id: Uuid, action: Trigger) {
        let Some(request) = self.carried_by(id).cloned() else {
            return;
        };
        match request.stage {
            RequestStage::Queued => {
                self.cancel_queued(id);
            }
            RequestStage::Running => {
                let running = self.environments.get(&request.environment);
                if let Some(execution) = running.and_then(|e| e.running.clone()) {
                    self.end_cancellation(&execution);
                }
            }
            RequestStage::Ended => {}
        }
        let act = Act::Request(Box::new(ExternalRequest::of(action)));
        self.act_externally(request.environment, Actor::someone_else(), act);
    }
}
