//! The schedule of future events.

use std::{collections::BTreeMap, time::Duration};

use uuid::Uuid;

use super::{audit::Actor, script::Script};
use crate::Trigger;

/// A future event.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// The next queued request of an environment may start.
    Begin(Uuid),
    /// A stage of an execution starts, by its position.
    Stage(String, usize),
    /// A step of a service starts, by its position; past the last one, the service is done.
    Step(String, Uuid, usize),
    /// A step of a service fails.
    Fail(String, Uuid, usize),
    /// A cancellation is carried out.
    Canceled(String),
    /// An external actor acts on an environment.
    ExternalActor(Uuid, Actor, ExternalAction),
    /// The request of an external actor supersedes a request.
    Supersede(Uuid, Trigger),
    /// A state is shown instead of the real one for a while.
    Mask(Uuid, Option<Uuid>, String, Duration),
    /// A deleted resource is no longer shown.
    Vanish(Uuid),
    /// A cluster starts or finishes its action.
    Cluster(Uuid, u64),
}

/// An action of an external actor.
#[derive(Debug, Clone)]
pub(crate) enum ExternalAction {
    Request(Box<ExternalRequest>),
    Cancel,
    /// Cancels one request if it is still queued.
    CancelRequest(Uuid),
}

/// A request for a deployment by an external actor.
#[derive(Debug, Clone)]
pub(crate) struct ExternalRequest {
    pub(crate) action: Trigger,
    /// The services; `None` for the whole environment.
    pub(crate) services: Option<Vec<Uuid>>,
    pub(crate) script: Script,
}

impl ExternalRequest {
    pub(crate) fn of(action: Trigger) -> Self {
        Self {
            action,
            services: None,
            script: Script::default(),
        }
    }
}

/// Events by due time; events with the same due time are in the order of their scheduling.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    events: BTreeMap<(Duration, u64), Event>,
    scheduled: u64,
}

impl EventQueue {
    pub(crate) fn at(&mut self, due: Duration, event: Event) {
        self.scheduled += 1;
        self.events.insert((due, self.scheduled), event);
    }

    /// The next event that is due by `now`.
    pub(crate) fn next_until(&mut self, now: Duration) -> Option<(Duration, Event)> {
        let entry = self
            .events
            .first_entry()
            .filter(|entry| entry.key().0 <= now)?;
        let due = entry.key().0;
        Some((due, entry.remove()))
    }

    /// The time of the next event.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.events.first_key_value().map(|((due, _), _)| *due)
    }
}
