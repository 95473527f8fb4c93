//! Merges readings into the ledger.

use uuid::Uuid;

use super::{
    super::{
        Endpoint, Goal, Phase, RunId, State,
        part_status::PartStatus,
        snapshot::LastRun,
        source::{HistoryEntry, QueueRow},
    },
    Ledger, Scope,
    claim::is_time_ordered,
    poll::Fact,
    run::{BY_DATE, End, Fate, Run, Span, Stamp, UNNAMED_NEW},
};

/// One reading, with the time at which it arrived.
#[derive(Debug, Clone)]
pub(crate) enum Observation {
    Status(StatusReading),
    /// The status of a request.
    Request {
        id: Uuid,
        state: State,
        at: Stamp,
    },
    /// A status has named a request, which can be the running, the queued or the newest one.
    Named {
        id: Uuid,
        at: Stamp,
    },
    Queue {
        rows: Vec<QueueRow>,
        at: Stamp,
    },
    /// Newest first.
    History {
        entries: Vec<HistoryEntry>,
        at: Stamp,
    },
    /// A fact that is unavailable: the endpoint fails, is forbidden, or does not exist for the subject.
    Unavailable {
        fact: Fact,
        at: Stamp,
    },
    /// The API says that it does not know a request.
    Unknown {
        id: Uuid,
        at: Stamp,
    },
    /// The API has accepted to cancel the request of the operation, which was queued.
    CancelAccepted {
        at: Stamp,
    },
    /// The API says that the subject does not exist.
    Missing {
        at: Stamp,
    },
    /// The parent lists the subject.
    Listed {
        at: Stamp,
    },
}

/// The content of a status.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StatusReading {
    pub(crate) at: Stamp,
    /// The last run of the environment or the cluster.
    pub(crate) whole: Option<LastRun>,
    /// Each service of the operation; `None` for a service that is not listed.
    pub(crate) own: Vec<Option<PartStatus>>,
    /// The services of an environment that failed in a run other than the last one: each with the name of
    /// that run and its state.
    pub(crate) failed: Vec<(Uuid, String, State)>,
    /// The number of queued requests.
    pub(crate) waiting: u32,
}

/// The number of remembered queue readings.
const READS: usize = 16;
/// The number of remembered runs besides those that can be this operation's.
const RUNS: usize = 48;
/// The number of remembered executions that are older than those known before the action.
const OLDER: usize = 256;
/// The number of rows of one reading that are used.
const ROWS: usize = 200;

impl LastRun {
    /// The name of the run. If the server names no execution, the date is used.
    pub(crate) fn execution(&self) -> Option<String> {
        named(self.id.as_deref(), self.date.as_deref())
    }
}

impl PartStatus {
    pub(crate) fn execution(&self) -> String {
        named(self.deployment.as_deref(), self.date.as_deref()).unwrap_or_else(|| UNNAMED.into())
    }
}

const UNNAMED: &str = "unnamed";

fn named(id: Option<&str>, date: Option<&str>) -> Option<String> {
    id.map(str::to_owned)
        .or_else(|| date.map(|date| format!("{BY_DATE}{date}")))
}

impl StatusReading {
    /// The state that says whether something runs: that of the environment if it was read, otherwise
    /// that of the service.
    pub(crate) fn state(&self) -> Option<&State> {
        match &self.whole {
            Some(whole) => Some(&whole.state),
            None => self.own.iter().flatten().map(|part| &part.state).next(),
        }
    }

    /// The request that the status names beside its execution.
    fn request(&self) -> Option<Uuid> {
        match &self.whole {
            Some(whole) => whole.request,
            None => self.own.iter().flatten().next()?.request,
        }
    }

    /// The execution that the state belongs to.
    pub(crate) fn execution(&self) -> String {
        let id = match &self.whole {
            Some(whole) => whole.execution(),
            None => self.own.iter().flatten().map(PartStatus::execution).next(),
        };
        id.unwrap_or_else(|| UNNAMED.into())
    }
}

/// A request that is not older than that of the execution: the one that a status names while the execution is at work, if
/// its id tells when it was made.
fn named_at_work(request: Option<Uuid>, fate: &Fate) -> Option<Uuid> {
    request.filter(|id| *fate == Fate::Running && is_time_ordered(*id))
}

/// Whether a run is one of these executions.
fn is_among(executions: &[String], run: &Run) -> bool {
    let id = run.execution();
    id.is_some_and(|id| {
        executions
            .binary_search_by(|known| known.as_str().cmp(id))
            .is_ok()
    })
}

/// Adds a time to a sorted list. If the list is full, removes one from its middle, because the first and the
/// last ones are needed.
fn remember(times: &mut Vec<Stamp>, at: Stamp) {
    if let Err(place) = times.binary_search(&at) {
        times.insert(place, at);
    }
    if times.len() > READS {
        times.remove(READS / 2);
    }
}

/// The run that a row of the queue is about.
pub(super) fn of_queue(row: &QueueRow, at: Stamp) -> Run {
    let mut run = Run::new(RunId::Request(row.request), at);
    run.action = Some(row.action.clone());
    run.services.clone_from(&row.services);
    run.origin.clone_from(&row.origin);
    run.triggered_by.clone_from(&row.triggered_by);
    if row.has_begun {
        run.begun = Some(Span::at(at));
        run.fate = Fate::Running;
    } else {
        run.queued = Some(Span::at(at));
        run.fate = Fate::Queued;
    }
    run
}

pub(super) fn of_history(entry: &HistoryEntry, at: Stamp) -> Run {
    let mut run = Run::new(RunId::Execution(entry.deployment.clone()), at);
    run.action = Some(entry.action.clone());
    let mut services: Vec<Uuid> = entry.services.iter().map(|s| s.id).collect();
    services.sort_unstable();
    services.dedup();
    run.services = (!services.is_empty()).then_some(services);
    run.origin.clone_from(&entry.origin);
    run.triggered_by.clone_from(&entry.triggered_by);
    // An entry may show READY before its run begins: it counts once every service has ended.
    let is_open =
        entry.services.is_empty() || entry.services.iter().any(|s| !s.action.is_terminal());
    if entry.state != State::Ready || !is_open {
        run.fate = Fate::of(&entry.state, Endpoint::History, at);
    }
    run.created = entry.created;
    if let Fate::Ended(_) = run.fate {
        run.finished = entry.updated;
    }
    let ended = entry.services.iter().filter(|s| s.action.is_terminal());
    let end = |state: &State| End {
        states: vec![state.clone()],
        said_by: Endpoint::History,
        at,
    };
    run.parts = ended.map(|s| (s.id, Fate::Ended(end(&s.state)))).collect();
    run
}

impl Ledger {
    /// Adds a reading.
    pub(crate) fn observe(&mut self, observation: Observation) {
        match observation {
            Observation::Status(shown) => self.observe_status(shown),
            Observation::Request { id, state, at } => {
                self.note(Fact::Request(id), at, false);
                let mut run = Run::new(RunId::Request(id), at);
                run.fate = Fate::of(&state, Endpoint::RequestStatus, at);
                run.running = (run.fate == Fate::Running).then_some(at);
                run.waited = (run.fate == Fate::Queued).then_some(at);
                run.answered = Some(at);
                run.active = (!state.is_terminal()).then(|| Span::at(at));
                run.strays = state.works_on_another(self.goal).then_some(at);
                run.said_over = run.end().map(|end| end.at);
                self.merge(run);
            }
            Observation::Named { id, at } => self.merge(Run::new(RunId::Request(id), at)),
            Observation::Queue { rows, at } => {
                self.note(Fact::Queue, at, false);
                if let Err(place) = self.queue_reads.binary_search(&at) {
                    self.queue_reads.insert(place, at);
                }
                if self.queue_reads.len() > READS {
                    self.queue_reads.remove(self.superfluous_read());
                }
                for row in rows.iter().take(ROWS) {
                    self.merge(of_queue(row, at));
                }
            }
            Observation::History { entries, at } => {
                self.note(Fact::History, at, false);
                if entries.iter().any(|entry| !entry.state.is_terminal()) {
                    self.busy = self.busy.max(Some(at));
                }
                let is_new = |entry: &&HistoryEntry| !self.before.shows(&entry.deployment);
                // A deletion that was under way before the action.
                let is_followed = |entry: &&HistoryEntry| {
                    let id = RunId::Execution(entry.deployment.clone());
                    !is_new(entry) && self.run(&id).is_some()
                };
                let newer = entries.iter().take_while(is_new).take(ROWS);
                let counted = newer.chain(entries.iter().filter(is_followed));
                let counted: Vec<Run> = counted.map(|entry| of_history(entry, at)).collect();
                let older = entries.iter().skip_while(is_new).filter(is_new).take(ROWS);
                for entry in older {
                    if let Err(place) = self.older.binary_search(&entry.deployment) {
                        self.older.insert(place, entry.deployment.clone());
                    }
                }
                self.older.truncate(OLDER);
                let older = &self.older;
                self.runs.retain(|run| !is_among(older, run));
                for mut run in counted {
                    run.parts.retain(|id, _| self.scope.includes(id));
                    self.merge(run);
                }
            }
            Observation::Unavailable { fact, at } => self.note(fact, at, true),
            Observation::Unknown { id, at } => {
                self.note(Fact::Request(id), at, true);
                if self.unknown.len() < RUNS || self.unknown.contains_key(&id) {
                    remember(self.unknown.entry(id).or_default(), at);
                }
            }
            Observation::CancelAccepted { at } => {
                let first = self.canceled.map_or(at, |known| known.min(at));
                self.canceled = Some(first);
            }
            Observation::Missing { at } => self.observe_missing(at),
            Observation::Listed { at } => self.observe_found(at),
        }
    }

    /// The index of the queue reading to remove: one from before ours had to be listed, otherwise the middle one of the
    /// three readings that are closest together. The last readings show which requests have left the queue.
    fn superfluous_read(&self) -> usize {
        let late = self.view().queue().late_at();
        if self.queue_reads.first().is_some_and(|at| *at < late) {
            return 0;
        }
        let needed: Vec<Stamp> = self.view().queue().needed_reads().collect();
        let threes = self.queue_reads.windows(3).enumerate();
        let removable = threes.filter_map(|(place, three)| match three {
            [first, middle, last] if !needed.contains(middle) => Some((last - first, place + 1)),
            _ => None,
        });
        removable.min().map_or(0, |(_, place)| place)
    }

    fn observe_status(&mut self, shown: StatusReading) {
        let at = shown.at;
        if shown.own.iter().all(Option::is_none) && matches!(self.scope, Scope::Services(_)) {
            self.observe_missing(at);
        } else {
            self.observe_found(at);
        }
        if shown.state().is_some_and(|state| !state.is_terminal()) {
            self.busy = self.busy.max(Some(at));
        }
        if self.has_acted() {
            let named = shown.request().filter(|id| is_time_ordered(*id));
            self.named_since = self.named_since.max(named);
        }
        let id = self.execution_of(&shown);
        if !self.before.shows(&id) {
            let mut run = Run::new(RunId::Execution(id), at);
            if let Some(whole) = &shown.whole {
                run.fate = Fate::of(&whole.state, Endpoint::Status, at);
                run.origin.clone_from(&whole.origin);
                run.triggered_by.clone_from(&whole.triggered_by);
            } else if let Some(Some(part)) = shown.own.first() {
                // A service that its run has not reached keeps its state under the new id: only
                // activity and a changed result belong to the run.
                let changed = self.has_changed(part);
                let is_over = part.state == State::Ready && self.goal.is_reached_when_gone();
                run.fate = match Fate::of(&part.state, Endpoint::Status, at) {
                    Fate::Ended(_) if !changed => Fate::Unknown,
                    // An uninstalled service counts as one that was never deployed.
                    Fate::Unknown if changed && is_over => Fate::Ended(End {
                        states: vec![State::Ready],
                        said_by: Endpoint::Status,
                        at,
                    }),
                    fate => fate,
                };
            }
            // Several runs can have this name.
            let is_named = run.execution() != Some(UNNAMED_NEW);
            let named = shown.request().filter(|_| is_named);
            run.not_after = named_at_work(named, &run.fate);
            // Only the status of the environment is active during the whole run.
            let works = run.fate == Fate::Running && shown.whole.is_some();
            run.active = works.then(|| Span::at(at));
            let state = shown.state();
            let strays = state.is_some_and(|state| state.works_on_another(self.goal));
            run.strays = strays.then_some(at);
            run.spares_ours = self.spares_ours(&shown, &run);
            self.merge(run);
        }
        for run in self.runs_of_services(&shown) {
            self.merge(run);
        }
        for (service, id, state) in &shown.failed {
            if !self.before.shows(id) {
                let mut run = Run::new(RunId::Execution(id.clone()), at);
                let fate = Fate::of(state, Endpoint::Status, at);
                run.parts.insert(*service, fate);
                self.merge(run);
            }
        }
        if self.shown.as_ref().is_none_or(|known| known.at <= at) {
            self.shown = Some(shown);
        }
    }

    /// The runs that the services of the operation name, with their parts in them.
    fn runs_of_services(&self, shown: &StatusReading) -> Vec<Run> {
        let Scope::Services(ids) = &self.scope else {
            return Vec::new();
        };
        let whole = self.execution_of(shown);
        let mut runs = Vec::new();
        for (id, part) in ids.iter().zip(&shown.own) {
            let Some((part, name)) = part.as_ref().map(|part| (part, part.execution())) else {
                continue;
            };
            let is_another = name != whole;
            let is_known = self.before.shows(&name) || name == UNNAMED;
            if is_known || (is_another && shown.whole.is_none()) {
                continue;
            }
            let mut run = Run::new(RunId::Execution(name), shown.at);
            if is_another && part.state.is_active() {
                run.fate = Fate::Running;
            }
            // A service that its run has not reached may show an earlier end: an end counts if it is new,
            // or if the service was seen at work in the run.
            let is_new = is_another && ids.len() == 1 && self.has_changed(part);
            let fate = Fate::of(&part.state, Endpoint::Status, shown.at);
            let counts = fate == Fate::Running || (is_new && matches!(fate, Fate::Ended(_)));
            run.running = (fate == Fate::Running).then_some(shown.at);
            run.worked = run.running;
            run.not_after = named_at_work(part.request, &fate);
            // A run that a service names includes the service, whatever its progress.
            run.parts
                .insert(*id, if counts { fate } else { Fate::Unknown });
            runs.push(run);
        }
        runs
    }

    /// Whether a status shows a run beside a service that names another one, and says that the run does not
    /// include the service or has succeeded.
    fn spares_ours(&self, shown: &StatusReading, run: &Run) -> bool {
        let succeeded = run.end().and_then(|end| end.state());
        let succeeded = succeeded.is_some_and(|state| state.phase(self.goal) == Phase::Reached);
        let is_left_out = |part: &PartStatus| {
            let own = part.deployment.as_deref();
            let is_of_another = own != run.execution();
            is_of_another && ((succeeded && own.is_some()) || part.in_last == Some(false))
        };
        let is_about_services = matches!(self.scope, Scope::Services(_));
        let mut own = shown.own.iter().flatten();
        is_about_services && shown.whole.is_some() && own.any(is_left_out)
    }

    /// The name of the run that a status shows. If the server names no execution, the name follows from the
    /// activity: activity after an idle state is a new run.
    pub(super) fn execution_of(&self, shown: &StatusReading) -> String {
        let id = shown.execution();
        if id != UNNAMED {
            return id;
        }
        let new = RunId::Execution(UNNAMED_NEW.to_owned());
        let before = self.before.result.as_ref().map(|result| &result.state);
        let since_idle = before.is_none_or(State::is_terminal);
        let is_new = match shown.state() {
            Some(state) if state.is_active() => {
                since_idle && state.phase(Goal::Canceled) == Phase::Running
            }
            Some(state) if state.is_terminal() => before.is_some_and(|before| before != state),
            _ => false,
        };
        // A reading from before the new run does not belong to it.
        let has_begun = self.run(&new).is_some_and(|run| run.seen.first <= shown.at);
        if has_begun || (is_new && self.has_acted()) {
            UNNAMED_NEW.to_owned()
        } else {
            UNNAMED.to_owned()
        }
    }

    /// Whether a service shows another result than before the action.
    fn has_changed(&self, part: &PartStatus) -> bool {
        let before = self.before.result.as_ref();
        before.is_some_and(|before| {
            before.state != part.state || (part.date.is_some() && before.date != part.date)
        }) && !part.was_passed_over()
    }

    fn observe_found(&mut self, at: Stamp) {
        self.found = self.found.max(Some(at));
        self.missing.retain(|missing| *missing > at);
    }

    fn observe_missing(&mut self, at: Stamp) {
        if self.found.is_some_and(|found| found >= at) && self.found != Some(0) {
            return;
        }
        remember(&mut self.missing, at);
    }

    /// The first and the last time at which the subject was not found, since it was last found.
    pub(super) fn missing(&self) -> Option<Span> {
        let (first, last) = (*self.missing.first()?, *self.missing.last()?);
        Some(Span { first, last })
    }

    pub(super) fn merge(&mut self, run: Run) {
        if is_among(&self.older, &run) {
            return;
        }
        if let Some(known) = self.runs.iter_mut().find(|known| known.id == run.id) {
            known.merge(run);
            // An older reading that arrives late can move a run forward in the order.
            self.runs
                .sort_by(|a, b| (a.seen.first, &a.id).cmp(&(b.seen.first, &b.id)));
            return;
        }
        tracing::debug!(run = %run.id, action = run.action.as_deref(), "run seen");
        let place = self
            .runs
            .partition_point(|known| (known.seen.first, &known.id) < (run.seen.first, &run.id));
        self.runs.insert(place, run);
        if self.runs.len() > RUNS {
            // A run that cannot be this operation's is judged the same when it is seen again.
            let view = self.view();
            let is_foreign = |run| view.claim(run).is_excluded();
            let foreign = self.runs.iter().position(is_foreign);
            self.runs.remove(foreign.unwrap_or(RUNS));
        }
    }

    /// Notes the last attempt to read a fact, and whether it failed.
    fn note(&mut self, fact: Fact, at: Stamp, failed: bool) {
        match self.attempts.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, known)) => *known = (at, failed).max(*known),
            None => {
                // Requests that are no longer needed are removed.
                if self.attempts.len() >= READS {
                    self.attempts.remove(0);
                }
                self.attempts.push((fact, (at, failed)));
            }
        }
    }

    fn attempt(&self, fact: Fact) -> Option<(Stamp, bool)> {
        let found = self.attempts.iter().find(|(known, _)| *known == fact);
        found.map(|(_, attempt)| *attempt)
    }

    /// When a fact was last read, or found not to be there.
    pub(super) fn read_at(&self, fact: Fact) -> Option<Stamp> {
        self.attempt(fact).map(|(at, _)| at)
    }

    /// Whether the last attempt to read a fact failed.
    pub(super) fn is_unavailable(&self, fact: Fact) -> bool {
        self.attempt(fact).is_some_and(|(_, failed)| failed)
    }
}
