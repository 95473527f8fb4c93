//! The record of all facts that the server has shown, and the conclusions from it.
//!
//! The conclusions take three steps. No step sends a request or reads a clock:
//!
//! 1. [`Ledger::observe`] merges a reading into the ledger. It is the only mutation, and readings
//!    commute: their order has no effect.
//! 2. [`Ledger::claim`] decides whether one run can be this operation's.
//! 3. [`Ledger::verdict`] folds the runs that can be ours: success requires every one of them to have
//!    succeeded.

mod baseline;
mod candidates;
mod claim;
mod observe;
mod poll;
mod queue;
mod rule;
mod run;
mod status;
#[cfg(test)]
mod tests;
mod verdict;
mod view;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use observe::{Observation, StatusReading};
pub(crate) use poll::{Fact, Poll};
pub(crate) use run::{Fate, Run, Stamp};

use baseline::Baseline;
use view::View;

use super::{
    Decision, Endpoint, Goal, RunId, Snapshot, State, Subject,
    source::{ActionResponse, HistoryEntry, QueueRow},
};

/// The subject of the operation.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Scope {
    #[default]
    Environment,
    Services(Vec<Uuid>),
    Cluster,
}

impl Scope {
    fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Environment { .. } => Scope::Environment,
            Subject::Cluster { .. } => Scope::Cluster,
            Subject::Service { service, .. } => Scope::Services(vec![service.id]),
            Subject::Services { services, .. } => {
                Scope::Services(services.iter().map(|s| s.id).collect())
            }
        }
    }

    fn is_services(&self) -> bool {
        matches!(self, Scope::Services(_))
    }

    fn includes(&self, service: &Uuid) -> bool {
        matches!(self, Scope::Services(ids) if ids.contains(service))
    }
}

/// How the operation began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Beginning {
    /// An external actor started it, or nothing has started yet.
    Watching,
    /// The server was asked to act.
    Asked {
        at: Stamp,
        /// The server's clock at that time, in seconds since 1970. If the response lacks it, the clock at the time of
        /// the status before the action.
        server: Option<i64>,
        response: Response,
    },
}

/// The response to the request to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Response {
    /// The action was accepted.
    Accepted,
    /// The action was accepted, and the response shows that nothing is queued and nothing runs.
    Idle,
    /// No usable response: the action may or may not have been executed.
    Lost,
}

/// All facts that the server has shown about the runs of one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    goal: Goal,
    #[serde(skip)]
    scope: Scope,
    beginning: Beginning,
    /// The request that the server has named as this operation's, or that the user gave.
    request: Option<Uuid>,
    /// The execution that the response to a cancel has named as the one that is canceled.
    target: Option<String>,
    before: Baseline,
    /// The executions that the history has listed as older than those from before the action. They are not among
    /// the runs. Sorted, bounded.
    #[serde(skip)]
    older: Vec<String>,
    runs: Vec<Run>,
    /// When the queue was read. Sorted, bounded.
    queue_reads: Vec<Stamp>,
    /// When the subject, or by the history its environment, was last seen to be busy.
    busy: Option<Stamp>,
    /// When the subject was last found.
    found: Option<Stamp>,
    /// When the subject was not found, since it was last found. Sorted, bounded.
    #[serde(skip)]
    missing: Vec<Stamp>,
    /// The newest request that a status has named since the action.
    named_since: Option<Uuid>,
    /// When the API accepted to cancel the request of the operation, which was queued.
    canceled: Option<Stamp>,
    /// When the API did not know a request. Sorted, bounded.
    #[serde(skip)]
    unknown: BTreeMap<Uuid, Vec<Stamp>>,
    /// The latest status.
    #[serde(skip)]
    shown: Option<StatusReading>,
    /// The time of the last attempt to read each fact, and whether it failed.
    #[serde(skip)]
    attempts: Vec<(Fact, (Stamp, bool))>,
}

/// The maximum delay of a row in the queue, and of a status.
const LATE: Duration = Duration::from_secs(15);

/// The origin that the API derives from this crate's user agent.
pub(crate) const OWN_ORIGIN: &str = "API";

impl Ledger {
    /// The ledger of an operation that was not started here.
    pub(crate) fn watching(subject: &Subject, goal: Goal, request: Option<Uuid>) -> Self {
        Self {
            goal,
            scope: Scope::of(subject),
            beginning: Beginning::Watching,
            request,
            target: None,
            before: Baseline::default(),
            older: Vec::new(),
            runs: Vec::new(),
            queue_reads: Vec::new(),
            busy: None,
            found: None,
            missing: Vec::new(),
            named_since: None,
            canceled: None,
            unknown: BTreeMap::new(),
            shown: None,
            attempts: Vec::new(),
        }
    }

    /// The ledger of an action, with the readings from before it.
    pub(crate) fn acting(
        subject: &Subject,
        goal: Goal,
        baseline: &Snapshot,
        queue: Option<&[QueueRow]>,
        history: Option<&[HistoryEntry]>,
    ) -> Self {
        let mut ledger = Self::watching(subject, goal, None);
        ledger.before = Baseline::of(goal, baseline, queue, history);
        ledger.found = Some(0);
        for waiting in queue.into_iter().flatten() {
            ledger.merge(observe::of_queue(waiting, 0));
        }
        // A deletion that is under way continues, and may delete the subject before ours does.
        let deletes = |entry: &&HistoryEntry| {
            Goal::Deleted.is_of(&entry.action) && !entry.state.is_terminal()
        };
        let entries = history.into_iter().flatten();
        for entry in entries.filter(deletes).take(1) {
            ledger.merge(observe::of_history(entry, 0));
        }
        ledger
    }

    /// Notes the time of the request to act, and the response.
    pub(crate) fn asked(&mut self, at: Stamp, received: Option<&ActionResponse>) {
        let response = match received {
            None => Response::Lost,
            Some(received) if received.idle => Response::Idle,
            Some(_) => Response::Accepted,
        };
        self.beginning = Beginning::Asked {
            at,
            server: received
                .and_then(|received| received.server_time)
                .or(self.before.server_time),
            response,
        };
        let Some(received) = received else { return };
        if self.goal == Goal::Canceled {
            // The response may name the request that is canceled or any other.
            self.target.clone_from(&received.execution);
        } else if received.request.is_some() {
            self.request = received.request;
        }
    }

    /// Follows this request, even if the response to the action names another one.
    pub(crate) fn follow(&mut self, request: Uuid) {
        self.request = Some(request);
    }

    /// Continues in another process. Ends in a token are not trusted: they are read again.
    pub(crate) fn resume(&mut self, subject: &Subject) {
        self.scope = Scope::of(subject);
        for run in &mut self.runs {
            run.active = None;
            if run.request().is_some() {
                run.running = None;
            }
            for fate in run.parts.values_mut().chain([&mut run.fate]) {
                if let Fate::Ended(_) = fate {
                    *fate = Fate::Running;
                }
            }
        }
        self.missing.clear();
    }

    /// The time of the last observation, at which the clock of a resumed operation starts.
    pub(crate) fn latest(&self) -> Stamp {
        let asked = match self.beginning {
            Beginning::Asked { at, .. } => Some(at),
            Beginning::Watching => None,
        };
        let seen = self.runs.iter().map(|run| run.seen.last);
        let reads = self.queue_reads.iter().copied();
        let attempts = self.attempts.iter().map(|(_, (at, _))| *at);
        seen.chain(reads)
            .chain(attempts)
            .chain(asked)
            .chain(self.busy)
            .chain(self.found)
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn goal(&self) -> Goal {
        self.goal
    }

    /// The request that is this operation's: named by the server, or the only one in the queue that
    /// can be.
    pub(crate) fn request(&self) -> Option<Uuid> {
        self.view().request()
    }

    /// The execution that is this operation's, if only one can be.
    pub(crate) fn execution(&self) -> Option<String> {
        match self.view().candidates().executions().as_slice() {
            [run] => run.execution().map(str::to_owned),
            _ => None,
        }
    }

    /// The request that the server or the user has named as this operation's.
    pub(crate) fn named_request(&self) -> Option<Uuid> {
        self.request
    }

    /// The time from which on the queue lists the request of the operation, if it waits. At once if the queue has
    /// listed it.
    pub(crate) fn listed_by(&self) -> Stamp {
        let was_listed = self.own_request().is_some_and(|run| run.listed().is_some());
        match was_listed {
            true => 0,
            false => self.asked_at().saturating_add(millis(LATE)),
        }
    }

    pub(crate) fn has_acted(&self) -> bool {
        matches!(self.beginning, Beginning::Asked { .. })
    }

    /// Whether the server was asked to act, and has not named the request.
    fn is_unnamed(&self) -> bool {
        self.has_acted() && self.request.is_none()
    }

    /// Whether the subject was found at some time.
    pub(crate) fn was_found(&self) -> bool {
        self.found.is_some()
    }

    /// Whether an endpoint must know a fact, so that a missing response is a fault.
    pub(crate) fn expects(&self, fact: Fact) -> bool {
        matches!(fact, Fact::Request(id) if self.request == Some(id))
    }

    /// Whether the contents agree with each other, so that a token can be followed.
    pub(crate) fn is_plausible(&self) -> bool {
        let bounded = self.runs.len() <= 64
            && self.queue_reads.len() <= 64
            && self.before.executions.len() <= 256
            && self
                .before
                .requests
                .as_ref()
                .is_none_or(|ids| ids.len() <= 256);
        let sorted = self.queue_reads.is_sorted();
        let mut ids: Vec<&RunId> = self.runs.iter().map(|run| &run.id).collect();
        ids.sort_unstable();
        let unique = ids.windows(2).all(|pair| pair.first() != pair.last());
        let ordered = self.runs.iter().all(|run| {
            run.seen.first <= run.seen.last
                && [run.queued, run.begun]
                    .into_iter()
                    .flatten()
                    .all(|listed| listed.first <= listed.last)
        });
        bounded && sorted && unique && ordered
    }

    /// Whether the status of the environment is read, and not only that of a service.
    fn shows_environment(&self) -> bool {
        self.shown
            .as_ref()
            .is_some_and(|shown| shown.whole.is_some())
    }

    /// Whether the operation follows one request, and does not only wait for a state.
    fn follows_a_request(&self) -> bool {
        self.has_acted() || self.request.is_some()
    }

    /// When the server was asked to act; the beginning of the wait if it was not.
    fn asked_at(&self) -> Stamp {
        match self.beginning {
            Beginning::Asked { at, .. } => at,
            Beginning::Watching => 0,
        }
    }

    fn response(&self) -> Option<Response> {
        match self.beginning {
            Beginning::Asked { response, .. } => Some(response),
            Beginning::Watching => None,
        }
    }

    /// Whether the action may not have been executed, because no usable response came.
    pub(crate) fn is_lost(&self) -> bool {
        self.response() == Some(Response::Lost)
    }

    /// The time since which nothing is seen at work.
    fn quiet_since(&self) -> Stamp {
        self.busy.unwrap_or(0).max(self.asked_at())
    }

    /// The time since which an idle subject is seen. Polls can be far apart, so that an end is seen long after the
    /// last activity.
    fn idle_since(&self) -> Stamp {
        let ends = self.runs.iter().filter_map(Run::end);
        let shown = ends.filter(|end| end.said_by == Endpoint::Status);
        let last = shown.map(|end| end.at).max();
        last.unwrap_or(0).max(self.quiet_since())
    }

    /// The time since which nothing is at work, if only the status tells. The runs of a cluster have no ids, so the end of
    /// another one is known only by the work that follows. Polls can be far apart, so the end itself has to be seen for
    /// some time.
    fn rests_since(&self) -> Stamp {
        match self.scope {
            Scope::Cluster => self.idle_since(),
            Scope::Environment | Scope::Services(_) => self.quiet_since(),
        }
    }

    /// Whether the API has shown the status of the request that the user gave.
    pub(crate) fn knows_request(&self) -> bool {
        self.own_request().is_some_and(|run| run.answered.is_some())
    }

    fn own_request(&self) -> Option<&Run> {
        self.run(&RunId::Request(self.request?))
    }

    /// The ledger for one verdict.
    fn view(&self) -> View<'_> {
        View::of(self)
    }

    fn run(&self, id: &RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == *id)
    }
}

pub(crate) fn millis(duration: Duration) -> Stamp {
    Stamp::try_from(duration.as_millis()).unwrap_or(Stamp::MAX)
}

/// Converts the decisions of this module into the types of the rest of `wait`.
fn decide(state: &State, goal: Goal) -> Option<Decision> {
    Decision::of(state, goal)
}
