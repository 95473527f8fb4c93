//! The view of an endpoint: the log up to the latest event in its data.

use std::collections::{BTreeMap, BTreeSet};

use qovery_api::uuid::Uuid;

use crate::undocumented_behavior::Unreached;
use crate::world::{Event, Ms, World};

/// One execution.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) request: Uuid,
    pub(crate) execution: String,
    pub(crate) started: Ms,
    pub(crate) changed: Ms,
    pub(crate) ended: Option<&'static str>,
    pub(crate) canceling: bool,
    pub(crate) services: BTreeMap<Uuid, &'static str>,
}

/// The status of a service.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) state: &'static str,
    pub(crate) execution: Option<String>,
    pub(crate) request: Option<Uuid>,
    pub(crate) is_part: bool,
    pub(crate) status: &'static str,
    before: Option<(&'static str, Option<String>)>,
}

/// An environment at one time.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) waiting: Vec<Uuid>,
    pub(crate) dropped: Vec<(Uuid, Ms)>,
    pub(crate) runs: Vec<Run>,
    pub(crate) services: BTreeMap<Uuid, Shown>,
    pub(crate) last_asked: Option<Uuid>,
    pub(crate) is_gone: bool,
    pub(crate) gone_services: BTreeSet<Uuid>,
    pub(crate) at: Ms,
}

impl Run {
    /// The state of the execution.
    pub(crate) fn state(&self, world: &World) -> &'static str {
        if let Some(state) = self.ended {
            return state;
        }
        if self.canceling {
            return "CANCELING";
        }
        let verb = world.demands.get(&self.request).map(|demand| demand.verb);
        verb.map_or("QUEUED", crate::world::Verb::running)
    }
}

impl View {
    /// The environment as of `lag` ago.
    pub(crate) fn of(world: &World, environment: Uuid, lag: Ms) -> Self {
        let until = world.now.saturating_sub(lag);
        let mut view = Self {
            at: until,
            ..Self::default()
        };
        for service in world.services_of(environment) {
            let never = Shown {
                state: "READY",
                execution: None,
                request: None,
                is_part: false,
                status: "NEVER",
                before: None,
            };
            view.services.insert(service, never);
        }
        for (at, _, event) in world
            .log
            .iter()
            .filter(|(at, whose, _)| *whose == environment && *at <= until)
        {
            view.apply(world, *at, event);
        }
        view.show_queued(world);
        view
    }

    pub(crate) fn running(&self) -> Option<&Run> {
        self.runs.last().filter(|run| run.ended.is_none())
    }

    pub(crate) fn last(&self) -> Option<&Run> {
        self.runs.last()
    }

    fn apply(&mut self, world: &World, at: Ms, event: &Event) {
        match event {
            Event::Accepted(id) => {
                self.waiting.push(*id);
                self.last_asked = Some(*id);
            }
            Event::Dropped(id) => {
                self.waiting.retain(|other| other != id);
                self.dropped.push((*id, at));
            }
            Event::Started(id, execution) => self.start(world, at, *id, execution),
            Event::Moved(service, state) => {
                if let Some(run) = self.runs.last_mut() {
                    run.services.insert(*service, state);
                    run.changed = at;
                    if let Some(shown) = self.services.get_mut(service) {
                        shown.state = state;
                        shown.execution = Some(run.execution.clone());
                        shown.request = Some(run.request);
                        shown.before = None;
                        // The end of an uninstall; a service that never ran has no event.
                        shown.status = if *state == "READY" {
                            "SUCCESS"
                        } else {
                            status_of(state)
                        };
                    }
                }
            }
            Event::Canceling => {
                if let Some(run) = self.runs.last_mut() {
                    run.canceling = true;
                    run.changed = at;
                }
            }
            Event::Ended(id, state) => {
                if let Some(run) = self.runs.last_mut() {
                    run.ended = Some(state);
                    run.changed = at;
                }
                self.leave_unreached(world, *id);
            }
            Event::EnvironmentGone => self.is_gone = true,
            Event::ServiceGone(service) => {
                self.gone_services.insert(*service);
                self.services.remove(service);
            }
        }
    }

    fn start(&mut self, world: &World, at: Ms, id: Uuid, execution: &str) {
        self.waiting.retain(|other| *other != id);
        let Some(demand) = world.demands.get(&id) else {
            return;
        };
        for (service, shown) in &mut self.services {
            shown.is_part = demand.services.contains(service);
            if shown.is_part {
                shown.before = Some((shown.state, shown.execution.clone()));
                shown.state = demand.verb.queued();
                shown.status = "QUEUED";
                shown.execution = Some(execution.to_owned());
                shown.request = Some(id);
            }
        }
        self.runs.push(Run {
            request: id,
            execution: execution.to_owned(),
            started: at,
            changed: at,
            ended: None,
            canceling: false,
            services: BTreeMap::new(),
        });
    }

    fn leave_unreached(&mut self, world: &World, id: Uuid) {
        for shown in self.services.values_mut() {
            if shown.request != Some(id) {
                continue;
            }
            let Some((state, execution)) = shown.before.take() else {
                continue;
            };
            shown.state = state;
            shown.status = status_of(state);
            match world.behavior.unreached {
                Unreached::OldStateOldId => {
                    shown.execution = execution;
                    shown.is_part = false;
                }
                Unreached::OldStateNewId => {}
                Unreached::Never => {
                    shown.status = "NEVER";
                }
            }
        }
    }

    /// A request that is queued in an idle environment is shown by the states of its services.
    fn show_queued(&mut self, world: &World) {
        if self.running().is_some() {
            return;
        }
        let Some(next) = self.waiting.first().and_then(|id| world.demands.get(id)) else {
            return;
        };
        if self.at < next.asked + world.behavior.queued_shown_after {
            return;
        }
        for service in &next.services {
            if let Some(shown) = self.services.get_mut(service) {
                shown.state = next.verb.queued();
                shown.status = "QUEUED";
            }
        }
    }

    /// The state of the environment's last deployment.
    pub(crate) fn deployment_state(&self, world: &World) -> &'static str {
        if let Some(run) = self.running() {
            return run.state(world);
        }
        let next = self.waiting.first().and_then(|id| world.demands.get(id));
        if let Some(next) = next
            && self.at >= next.asked + world.behavior.queued_shown_after
        {
            return next.verb.queued();
        }
        self.last().and_then(|run| run.ended).unwrap_or("READY")
    }

    /// The state of the environment as a whole: an older failure of a service remains visible.
    pub(crate) fn environment_state(&self, world: &World) -> &'static str {
        let state = self.deployment_state(world);
        if self.running().is_some() || !self.waiting.is_empty() {
            return state;
        }
        let mut states = self.services.values().map(|shown| shown.state);
        states
            .find(|state| state.ends_with("ERROR"))
            .unwrap_or(state)
    }
}

pub(crate) fn status_of(state: &str) -> &'static str {
    match state {
        "READY" => "NEVER",
        "CANCELED" => "CANCELED",
        "CANCELING" => "CANCELING",
        _ if state.ends_with("ERROR") => "ERROR",
        _ if state.ends_with("QUEUED") => "QUEUED",
        _ if state.ends_with("ING") => "ONGOING",
        _ => "SUCCESS",
    }
}
