//! How an execution ends: reached, failed or canceled.

use uuid::Uuid;

use super::{
    super::{World, agenda::Event, request::RequestStage},
    close_step,
};
use crate::{Step, Trigger, Unreached, Workload, settings::Gone, vocabulary::is_terminal};

impl World {
    /// Ends an execution; `failure` is the state that it failed in.
    pub(super) fn finish(&mut self, id: &str, failure: Option<String>) {
        let now = self.time.now();
        let Some(execution) = self.executions.get_mut(id) else {
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
        self.end_request(request.id, &ended);
        self.rest_unreached(id);
        let events = request.action.events();
        let event = if reached { events.done } else { events.failed };
        let subject = self.environments.get(&request.environment);
        self.audit
            .record_in_environment(&mut self.time, subject, event, &request.actor);
        self.show_end(request.environment, &ended);
        if reached && request.action == Trigger::Delete {
            if request.whole {
                self.delete(request.environment);
            } else {
                for service in &request.services {
                    self.delete(*service);
                }
            }
        }
        self.agenda.at(now, Event::Begin(request.environment));
    }

    /// A request and those that it took in show how it ended.
    pub(crate) fn end_request(&mut self, id: Uuid, state: &str) {
        let now = self.time.now();
        self.requests.change_where(
            |request| request.id == id || request.merged_into == Some(id),
            |request| {
                request.stage = RequestStage::Ended;
                request.ended_at.get_or_insert(now);
                state.clone_into(&mut request.state);
            },
        );
    }

    /// Resets the services that the execution did not reach to their previous state.
    fn rest_unreached(&mut self, id: &str) {
        let Some(execution) = self.executions.get(id) else {
            return;
        };
        let runs = execution.stages.iter().flat_map(|stage| &stage.services);
        let unreached: Vec<Uuid> = runs
            .filter(|run| run.started_at.is_none())
            .map(|run| run.service)
            .collect();
        let shown = self.traits.unreached;
        for service in unreached {
            let Some(service) = self.services.get_mut(&service) else {
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
        for stage in self
            .environments
            .get_mut(&environment)
            .into_iter()
            .flat_map(|environment| &mut environment.stages)
        {
            let status = statuses.iter().find(|(id, _)| *id == stage.id);
            stage.status = status.map(|(_, status)| *status).or(stage.status);
        }
    }

    fn show_end(&mut self, environment: Uuid, ended: &str) {
        let Some(subject) = self.environments.get(&environment) else {
            return;
        };
        let services = self.services_of(subject);
        let in_error = services
            .iter()
            .find(|service| service.state.ends_with("_ERROR"));
        let state = in_error.map_or_else(|| ended.to_owned(), |service| service.state.clone());
        if let Some(subject) = self.environments.get_mut(&environment) {
            subject.running = None;
            subject.state = state;
            ended.clone_into(&mut subject.last_deployment_state);
        }
    }

    /// Starts to cancel an execution. Lifecycle jobs run to their end, unless forced.
    pub(crate) fn start_cancellation(&mut self, id: &str, force: bool) {
        let now = self.time.now();
        let Some(execution) = self.live(id) else {
            return;
        };
        execution.canceling = true;
        execution.state = "CANCELING".to_owned();
        let request = execution.request.clone();
        if let Some(request) = self.requests.get_mut(&request.id) {
            request.state = "CANCELING".to_owned();
        }
        let Some(environment) = self.environments.get_mut(&request.environment) else {
            return;
        };
        environment.state = "CANCELING".to_owned();
        environment.last_deployment_state = "CANCELING".to_owned();
        let mut due = now.saturating_add(environment.settings.cancel_takes);
        for id in &request.services {
            let Some(service) = self.services.get_mut(id) else {
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
        self.agenda.at(due, Event::Canceled(id.to_owned()));
    }

    /// Ends an execution as canceled.
    pub(crate) fn end_cancellation(&mut self, id: &str) {
        let now = self.time.now();
        let Some(execution) = self.executions.get_mut(id) else {
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
                    if let Some(service) = self.services.get_mut(&run.service) {
                        close_step(&mut service.steps, "CANCEL", now);
                        service.state = "CANCELED".to_owned();
                        service.resting_state = "CANCELED".to_owned();
                        service.details.1 = "CANCELED";
                    }
                }
            }
        }
        let request = execution.request.clone();
        self.end_request(request.id, "CANCELED");
        self.rest_unreached(id);
        self.show_end(request.environment, "CANCELED");
        self.agenda.at(now, Event::Begin(request.environment));
    }

    /// Deletes an environment or a service, as its environment's settings say.
    fn delete(&mut self, id: Uuid) {
        let environment = self
            .services
            .get(&id)
            .map_or(id, |service| service.environment);
        let settings = self.environments.get(&environment).map(|e| e.settings.gone);
        let gone = settings.unwrap_or_default();
        self.gone.insert(id.to_string(), gone);
        match gone {
            Gone::ShownFor(time) => self.after(time, Event::Vanish(id)),
            _ => self.vanish(id),
        }
    }

    /// Forgets an environment or a service with everything that belongs to it.
    pub(crate) fn vanish(&mut self, id: Uuid) {
        self.forget(&id.to_string());
    }

    /// Forgets a resource with everything that belongs to it.
    pub(crate) fn forget(&mut self, id: &str) {
        for removed in self.resources.remove(id) {
            let Ok(removed) = Uuid::parse_str(&removed.id) else {
                continue;
            };
            let gone = self.gone.get(id).copied().unwrap_or_default();
            self.gone.insert(removed.to_string(), gone);
            // Requests that wait for an environment that is gone never run.
            if let Some(environment) = self.environments.remove(&removed) {
                for queued in environment.queue {
                    self.end_request(queued, "CANCELED");
                }
            }
            self.clusters.remove(&removed);
            if let Some(service) = self.services.remove(&removed)
                && let Some(environment) = self.environments.get_mut(&service.environment)
            {
                environment.services.retain(|service| *service != removed);
            }
        }
    }
}
