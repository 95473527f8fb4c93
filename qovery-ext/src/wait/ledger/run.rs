//! One deployment under the name that the server uses, and its observed progress.
//!
//! The API names a deployment twice: by the id of its request (queue, request status) and by the id
//! of its execution (status, history). No endpoint links the two ids reliably, so a [`Run`] has one
//! name, and the rules of [`super::verdict`] hold for both.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::{Endpoint, Goal, Phase, RunId, State};

/// The name of the runs since the action of a server that names no executions.
pub(super) const UNNAMED_NEW: &str = "unnamed since";

/// The prefix of the name of a run that a server names only by its date.
pub(super) const BY_DATE: &str = "of ";

/// Milliseconds since the operation began.
pub(crate) type Stamp = u64;

/// The first and the last time at which something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) first: Stamp,
    pub(crate) last: Stamp,
}

impl Span {
    pub(crate) fn at(stamp: Stamp) -> Self {
        Self {
            first: stamp,
            last: stamp,
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// The observed progress of a run. Merging only moves forward, so that an older reading removes no
/// fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Fate {
    Unknown,
    Queued,
    Running,
    Ended(End),
}

/// The terminal states that were reported for a run, the endpoint that reported the first of them, and the
/// time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct End {
    /// More than one if two readings contradict each other. Sorted.
    pub(crate) states: Vec<State>,
    pub(crate) said_by: Endpoint,
    /// When it was first reported.
    pub(crate) at: Stamp,
}

impl Fate {
    fn rank(&self) -> u8 {
        match self {
            Fate::Unknown => 0,
            Fate::Queued => 1,
            Fate::Running => 2,
            Fate::Ended(_) => 3,
        }
    }

    /// The fate that a state means.
    pub(crate) fn of(state: &State, said_by: Endpoint, at: Stamp) -> Self {
        // The column of a cancel distinguishes waiting, running and ended for every state.
        match state.phase(Goal::Canceled) {
            // READY means "never deployed". A status shows it before the first run as well. For a request
            // it means that there was nothing to do.
            Phase::Reached if *state == State::Ready && said_by == Endpoint::Status => {
                Fate::Unknown
            }
            Phase::Reached => Fate::Ended(End {
                states: vec![state.clone()],
                said_by,
                at,
            }),
            Phase::Queued => Fate::Queued,
            _ if state.is_active() => Fate::Running,
            _ => Fate::Unknown,
        }
    }

    pub(crate) fn end(&self) -> Option<&End> {
        match self {
            Fate::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Whether it was seen at work or after its end.
    pub(crate) fn has_begun(&self) -> bool {
        matches!(self, Fate::Running | Fate::Ended(_))
    }

    pub(crate) fn merge(&mut self, other: Fate) {
        match (&mut *self, other) {
            (Fate::Ended(own), Fate::Ended(other)) => own.merge(other),
            (own, other) if other.rank() > own.rank() => *own = other,
            _ => {}
        }
    }
}

impl End {
    fn merge(&mut self, other: End) {
        for state in other.states {
            if let Err(place) = self
                .states
                .binary_search_by(|known| known.as_str().cmp(state.as_str()))
            {
                self.states.insert(place, state);
            }
        }
        if (other.at, other.said_by) < (self.at, self.said_by) {
            (self.at, self.said_by) = (other.at, other.said_by);
        }
    }

    /// The state, if all readings agree.
    pub(crate) fn state(&self) -> Option<&State> {
        match self.states.as_slice() {
            [state] => Some(state),
            _ => None,
        }
    }
}

/// One deployment under one of its names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    /// The action as queue and history spell it.
    pub(crate) action: Option<String>,
    /// The services that take part. Sorted.
    pub(crate) services: Option<Vec<Uuid>>,
    pub(crate) origin: Option<String>,
    pub(crate) triggered_by: Option<String>,
    /// The oldest request that a status named while the execution was at work. That of the execution is not newer.
    pub(crate) not_after: Option<Uuid>,
    /// When the history says that it was created, by the server's clock.
    #[serde(skip)]
    pub(crate) created: Option<i64>,
    /// When the history says that it ended, by the server's clock.
    pub(crate) finished: Option<i64>,
    pub(crate) seen: Span,
    /// When the queue listed it as waiting.
    pub(crate) queued: Option<Span>,
    /// When the queue listed it as begun.
    pub(crate) begun: Option<Span>,
    /// When the status of the request first said that it runs, or a service of the operation was first seen at work
    /// in the run.
    pub(crate) running: Option<Stamp>,
    /// When a service of the operation was last seen at work in the run.
    #[serde(skip)]
    pub(crate) worked: Option<Stamp>,
    /// When the status of the request last said that it waits.
    pub(crate) waited: Option<Stamp>,
    pub(crate) fate: Fate,
    /// When the status of the request was last read.
    pub(crate) answered: Option<Stamp>,
    /// When its own status was active.
    #[serde(skip)]
    pub(crate) active: Option<Span>,
    /// When it was first seen at work on another action than the operation's.
    pub(crate) strays: Option<Stamp>,
    /// When the status of the request first reported an end.
    pub(crate) said_over: Option<Stamp>,
    /// The progress of the operation's services in this run.
    pub(crate) parts: BTreeMap<Uuid, Fate>,
    /// Whether a service of the operation named another run although this run had succeeded, or although its
    /// status said that the last run does not include it.
    pub(crate) spares_ours: bool,
}

impl Run {
    pub(crate) fn new(id: RunId, at: Stamp) -> Self {
        Self {
            id,
            action: None,
            services: None,
            origin: None,
            triggered_by: None,
            not_after: None,
            created: None,
            finished: None,
            seen: Span::at(at),
            queued: None,
            begun: None,
            running: None,
            worked: None,
            waited: None,
            answered: None,
            fate: Fate::Unknown,
            active: None,
            strays: None,
            said_over: None,
            parts: BTreeMap::new(),
            spares_ours: false,
        }
    }

    /// Adds another reading of the same run.
    pub(crate) fn merge(&mut self, other: Run) {
        self.seen.merge(other.seen);
        widen(&mut self.queued, other.queued);
        widen(&mut self.begun, other.begun);
        widen(&mut self.active, other.active);
        // Queue and history describe a run in its own entry. A status can still show the origin and the
        // user of the previous run, so it is used only for facts that have no other source.
        match (self.action.is_some(), other.action.is_some()) {
            (true, false) => {
                self.origin = self.origin.take().or(other.origin);
                self.triggered_by = self.triggered_by.take().or(other.triggered_by);
            }
            (false, true) => {
                self.origin = other.origin.or(self.origin.take());
                self.triggered_by = other.triggered_by.or(self.triggered_by.take());
            }
            _ => {
                fill(&mut self.origin, other.origin);
                fill(&mut self.triggered_by, other.triggered_by);
            }
        }
        fill(&mut self.action, other.action);
        fill(&mut self.services, other.services);
        fill(&mut self.not_after, other.not_after);
        fill(&mut self.created, other.created);
        self.finished = self.finished.max(other.finished);
        fill(&mut self.running, other.running);
        self.worked = self.worked.max(other.worked);
        self.waited = self.waited.max(other.waited);
        self.answered = self.answered.max(other.answered);
        fill(&mut self.strays, other.strays);
        fill(&mut self.said_over, other.said_over);
        self.fate.merge(other.fate);
        self.spares_ours |= other.spares_ours;
        for (id, fate) in other.parts {
            self.parts.entry(id).or_insert(Fate::Unknown).merge(fate);
        }
    }

    pub(crate) fn request(&self) -> Option<Uuid> {
        match &self.id {
            RunId::Request(id) => Some(*id),
            RunId::Execution(_) => None,
        }
    }

    pub(crate) fn execution(&self) -> Option<&str> {
        match &self.id {
            RunId::Execution(id) => Some(id),
            RunId::Request(_) => None,
        }
    }

    /// Whether the server names the run only by its date.
    pub(crate) fn is_named_by_date(&self) -> bool {
        self.execution().is_some_and(|id| id.starts_with(BY_DATE))
    }

    /// Whether the user, the origin or the action of the run is known.
    pub(crate) fn is_described(&self) -> bool {
        self.action.is_some() || self.origin.is_some() || self.triggered_by.is_some()
    }

    /// Whether its action leads to a goal, as far as the action is known.
    pub(crate) fn is_of(&self, goal: Goal) -> bool {
        self.action
            .as_deref()
            .is_some_and(|action| goal.is_of(action))
    }

    pub(crate) fn end(&self) -> Option<&End> {
        self.fate.end()
    }

    /// The user, the origin and the action of the run, if all of them are known.
    pub(crate) fn description(&self) -> Option<(&str, &str, &str)> {
        let (user, origin) = (self.triggered_by.as_deref()?, self.origin.as_deref()?);
        Some((user, origin, self.action.as_deref()?))
    }

    /// When the queue listed it as waiting, or as begun if it was not seen to wait.
    pub(crate) fn listed(&self) -> Option<Span> {
        self.queued.or(self.begun)
    }

    /// When the queue last listed it.
    pub(crate) fn last_listed(&self) -> Option<Stamp> {
        self.begun.or(self.queued).map(|listed| listed.last)
    }

    /// When a request was last known to wait, by the queue or by its own status.
    pub(crate) fn last_waited(&self) -> Option<Stamp> {
        self.queued.map(|queued| queued.last).max(self.waited)
    }

    /// When an execution was shown at work. A run without a name may be several ones.
    pub(crate) fn work(&self) -> Option<Span> {
        let is_named = self.execution().is_some_and(|id| id != UNNAMED_NEW);
        self.active.filter(|_| is_named)
    }
}

fn widen(own: &mut Option<Span>, other: Option<Span>) {
    match (&mut *own, other) {
        (Some(own), Some(other)) => own.merge(other),
        (None, other) => *own = other,
        (Some(_), None) => {}
    }
}

/// Fills in an unknown value. Of two values the smaller one is kept, so that the order of the
/// readings makes no difference.
fn fill<T: Ord>(own: &mut Option<T>, other: Option<T>) {
    match (&mut *own, other) {
        (None, other) => *own = other,
        (Some(known), Some(other)) if other < *known => *known = other,
        _ => {}
    }
}
