//! A search through every interleaving of a small world.
//!
//! The world: an environment with two services, our request and some others, each with its own origin,
//! user, action and services. Requests are queued, executed one at a time, canceled, absorbed. Each
//! endpoint is behind by some events, independently of the others; it never goes back. The server has
//! the rows of the capability matrix that matter to the ledger. A poll reads the status and then what
//! the ledger asks for. Between two events the wait may poll or not, and enough time may pass
//! for every endpoint to catch up.
//!
//! Checked in every state: a success is reported only if ours has succeeded, a failure or a cancellation
//! only if ours has failed or was canceled. At the end of the world, with all lags gone, the wait is
//! decided, unless [`explanation`] names the reason why the shown facts are not enough.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::*;
use crate::wait::decision::Proof;

/// Whether the response to the action names the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ResponseId {
    Always,
    Never,
}

/// The content of a request status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum RequestStatus {
    Exact,
    Missing,
    /// It repeats the state of the environment.
    Environment,
}

/// Which requests the queue lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Rows {
    AtOnce,
    /// A request that starts immediately is never listed.
    Never,
    WithRunning,
}

/// The request that a status names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Named {
    Nothing,
    /// That of the run that is shown.
    Shown,
    NextQueued,
    LastRequested,
}

/// The traces that a server leaves.
#[derive(Debug, Clone, Copy)]
struct Matrix {
    id: ResponseId,
    request_status: RequestStatus,
    rows: Rows,
    has_history: bool,
    /// Whether a request that was canceled in the queue has an entry in the history.
    canceled_has_entry: bool,
    /// Whether a request is absorbed by a queued one of the same user that asks for the same.
    merges: bool,
    named: Named,
}

/// The author and the action of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asker {
    origin: &'static str,
    user: &'static str,
    action: &'static str,
    services: &'static [u128],
}

#[derive(Debug, Clone)]
struct World {
    matrix: Matrix,
    goal: Goal,
    is_about_service: bool,
    /// Ours is the first one.
    askers: Vec<Asker>,
}

/// How much of the world is searched.
#[derive(Debug, Clone, Copy)]
struct Bound {
    /// By how many events an endpoint is behind at most.
    lag: usize,
    polls: u8,
    waits: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Event {
    Arrive(usize),
    Start,
    End(Outcome),
    /// A queued request is canceled.
    Cancel(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Outcome {
    Good,
    FirstFails,
    SecondFails,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Absent,
    /// Whether the request arrived when nothing was queued or running.
    Queued {
        at_once: bool,
    },
    Running,
    Ended(Outcome),
    Canceled,
    AbsorbedBy(usize),
}

/// The server after some events.
struct Server {
    stages: Vec<Stage>,
    /// The ids of the requests that have arrived.
    ids: Vec<Option<Uuid>>,
    queue: Vec<usize>,
    running: Option<usize>,
    /// The requests that were executed or canceled, in their order, with the times at which that began
    /// and ended.
    past: Vec<(usize, Stamp, Option<Stamp>)>,
}

/// The real outcome of our request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Open,
    Succeeded,
    Failed,
    Canceled,
}

type Events = Vec<(Event, Stamp)>;

/// The states of an action: queued, running, succeeded, failed.
fn words(action: &str) -> [&'static str; 4] {
    match action {
        "STOP" => ["STOP_QUEUED", "STOPPING", "STOPPED", "STOP_ERROR"],
        "RESTART" => ["RESTART_QUEUED", "RESTARTING", "RESTARTED", "RESTART_ERROR"],
        "DELETE" => ["DELETE_QUEUED", "DELETING", "DELETED", "DELETE_ERROR"],
        _ => [
            "DEPLOYMENT_QUEUED",
            "DEPLOYING",
            "DEPLOYED",
            "DEPLOYMENT_ERROR",
        ],
    }
}

impl Server {
    fn after(world: &World, events: &[(Event, Stamp)]) -> Self {
        let mut server = Self {
            stages: vec![Stage::Absent; world.askers.len()],
            ids: vec![None; world.askers.len()],
            queue: Vec::new(),
            running: None,
            past: Vec::new(),
        };
        for (event, at) in events {
            server.take(world, *event, *at);
        }
        server
    }

    fn take(&mut self, world: &World, event: Event, at: Stamp) {
        match event {
            Event::Arrive(new) => {
                self.ids[new] = Some(made_millis(at.cast_signed()));
                let alike = |queued: &&usize| world.askers[**queued] == world.askers[new];
                let absorber = self
                    .queue
                    .iter()
                    .find(alike)
                    .filter(|_| world.matrix.merges);
                if let Some(absorber) = absorber {
                    self.stages[new] = Stage::AbsorbedBy(*absorber);
                } else {
                    let at_once = self.running.is_none() && self.queue.is_empty();
                    self.stages[new] = Stage::Queued { at_once };
                    self.queue.push(new);
                }
            }
            Event::Start => {
                let next = self.queue.remove(0);
                self.stages[next] = Stage::Running;
                self.running = Some(next);
                self.past.push((next, at, None));
            }
            Event::End(outcome) => {
                let ended = self.running.take().expect("something runs");
                self.stages[ended] = Stage::Ended(outcome);
                let entry = self.past.iter_mut().find(|entry| entry.0 == ended);
                entry.expect("it has started").2 = Some(at);
                if self.is_gone(world) {
                    // Requests that wait for a deleted subject never run.
                    for queued in std::mem::take(&mut self.queue) {
                        self.stages[queued] = Stage::Canceled;
                    }
                }
            }
            Event::Cancel(canceled) => {
                self.queue.retain(|queued| *queued != canceled);
                self.stages[canceled] = Stage::Canceled;
                if world.matrix.canceled_has_entry {
                    self.past.push((canceled, at, Some(at)));
                }
            }
        }
    }

    /// The request that a request has become.
    fn resolved(&self, request: usize) -> usize {
        match self.stages[request] {
            Stage::AbsorbedBy(other) => other,
            _ => request,
        }
    }

    /// Whether a deletion has removed the subject of the operation.
    fn is_gone(&self, world: &World) -> bool {
        self.deletions(world).next().is_some()
    }

    fn deletions<'a>(&'a self, world: &'a World) -> impl Iterator<Item = usize> + 'a {
        let askers = world.askers.iter().enumerate();
        let deletes = move |asker: &Asker, number: usize| {
            asker.action == "DELETE"
                && self.stages[number] == Stage::Ended(Outcome::Good)
                && asker.services.contains(&1)
                && (world.is_about_service || asker.services.contains(&2))
        };
        askers
            .filter(move |(number, asker)| deletes(asker, *number))
            .map(|(number, _)| number)
    }

    /// Whether the goal holds because of a deletion like ours: no fact shows whose it was.
    fn is_deleted_alike(&self, world: &World) -> bool {
        let mut deletions = self.deletions(world);
        world.goal == Goal::Deleted && deletions.any(|other| world.is_alike(&world.askers[other]))
    }

    /// The outcome of our own request so far.
    fn truth(&self, world: &World) -> Truth {
        let ours = self.stages[self.resolved(0)];
        if world.goal == Goal::Canceled {
            return match ours {
                Stage::Ended(_) | Stage::Canceled => Truth::Succeeded,
                _ => Truth::Open,
            };
        }
        match ours {
            Stage::Ended(Outcome::Good) => Truth::Succeeded,
            Stage::Ended(Outcome::SecondFails) if world.is_about_service => Truth::Succeeded,
            Stage::Ended(_) => Truth::Failed,
            Stage::Canceled => Truth::Canceled,
            _ => Truth::Open,
        }
    }

    fn events(&self, world: &World) -> Vec<Event> {
        let mut events = Vec::new();
        let is_gone = self.is_gone(world);
        for (asker, stage) in self.stages.iter().enumerate() {
            if *stage == Stage::Absent && !is_gone {
                events.push(Event::Arrive(asker));
            }
        }
        match self.running {
            Some(running) => {
                events.push(Event::End(Outcome::Good));
                let services = world.askers[running].services;
                if services.contains(&1) {
                    events.push(Event::End(Outcome::FirstFails));
                }
                if services.contains(&2) && (world.is_about_service || !services.contains(&1)) {
                    events.push(Event::End(Outcome::SecondFails));
                }
            }
            None if !self.queue.is_empty() => events.push(Event::Start),
            None => {}
        }
        // One cancellation is enough for an ambiguous case.
        if !self.stages.contains(&Stage::Canceled) {
            events.extend(self.queue.iter().map(|queued| Event::Cancel(*queued)));
        }
        events
    }

    /// The id of a request that has arrived.
    fn id_of(&self, request: usize) -> Uuid {
        self.ids[request].expect("it has arrived")
    }

    /// The request that a status names.
    fn named(&self, world: &World) -> Option<Uuid> {
        let request = match world.matrix.named {
            Named::Nothing => None,
            Named::Shown => self.executed().next_back(),
            Named::NextQueued => self.queue.first().copied(),
            Named::LastRequested => {
                let is_own = |n: &usize| !matches!(self.stages[*n], Stage::AbsorbedBy(_));
                let arrived = (0..self.ids.len()).filter(|n| self.ids[*n].is_some());
                arrived.filter(is_own).max_by_key(|n| self.ids[*n])
            }
        };
        request.map(|request| self.id_of(request))
    }

    fn name_of(&self, request: usize) -> String {
        format!("x{request}")
    }

    /// The runs that were executed, without the requests that were canceled in the queue.
    fn executed(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        let requests = self.past.iter().map(|(request, ..)| *request);
        requests.filter(|request| self.stages[*request] != Stage::Canceled)
    }

    fn state_of(&self, world: &World, request: usize) -> State {
        let [queued, running, good, bad] = words(world.askers[request].action);
        State::from(match self.stages[request] {
            Stage::Absent | Stage::AbsorbedBy(_) | Stage::Queued { .. } => queued,
            Stage::Running => running,
            Stage::Ended(Outcome::Good) => good,
            Stage::Ended(_) => bad,
            Stage::Canceled => "CANCELED",
        })
    }

    fn state_of_service(&self, world: &World, request: usize, number: u128) -> State {
        let [.., good, _] = words(world.askers[request].action);
        match (self.stages[request], number) {
            (Stage::Ended(Outcome::FirstFails), 2) | (Stage::Ended(Outcome::SecondFails), 1) => {
                State::from(good)
            }
            _ => self.state_of(world, request),
        }
    }

    fn whole(&self, world: &World) -> LastRun {
        match self.executed().next_back() {
            Some(last) => LastRun {
                id: Some(self.name_of(last)),
                request: self.named(world),
                date: None,
                state: self.state_of(world, last),
                origin: Some(world.askers[last].origin.to_owned()),
                triggered_by: Some(world.askers[last].user.to_owned()),
            },
            None => LastRun {
                request: self.named(world),
                ..whole("before", "DEPLOYED")
            },
        }
    }

    fn status(&self, world: &World, at: Stamp) -> Observation {
        match self.shown(world, at) {
            Some(shown) => Observation::Status(shown),
            None => Observation::Missing { at },
        }
    }

    /// `None` if the environment is gone.
    fn shown(&self, world: &World, at: Stamp) -> Option<StatusReading> {
        if self.is_gone(world) && !world.is_about_service {
            return None;
        }
        let whole = self.whole(world);
        if self.is_gone(world) {
            return Some(StatusReading {
                at,
                whole: Some(whole),
                own: vec![None],
                failed: Vec::new(),
                waiting: 0,
            });
        }
        let part = if world.is_about_service {
            let about = |request: &usize| world.askers[*request].services.contains(&1);
            match self.executed().rev().find(about) {
                Some(last) => (self.name_of(last), self.state_of_service(world, last, 1)),
                None => ("before".to_owned(), State::Deployed),
            }
        } else {
            (whole.id.clone().expect("it is named"), whole.state.clone())
        };
        Some(StatusReading {
            at,
            whole: Some(whole),
            own: vec![Some(PartStatus {
                state: part.1,
                deployment: Some(part.0),
                request: self.named(world),
                date: None,
                action: None,
                in_last: None,
            })],
            failed: Vec::new(),
            waiting: 0,
        })
    }

    /// Whether the environment still answers for its queue and its history.
    fn has_environment(&self, world: &World) -> bool {
        world.is_about_service || !self.is_gone(world)
    }

    fn rows(&self, world: &World) -> Vec<QueueRow> {
        let running = self
            .running
            .filter(|_| world.matrix.rows == Rows::WithRunning);
        let is_listed = |request: &usize| {
            world.matrix.rows != Rows::Never
                || !matches!(self.stages[*request], Stage::Queued { at_once: true })
        };
        let queued = self.queue.iter().copied().filter(is_listed);
        let row = |request: usize| {
            let asker = world.askers[request];
            QueueRow {
                request: self.id_of(request),
                action: asker.action.to_owned(),
                services: Some(asker.services.iter().map(|n| service(*n)).collect()),
                origin: Some(asker.origin.to_owned()),
                triggered_by: Some(asker.user.to_owned()),
                // The queue of a service shows no progress of the request.
                has_begun: self.running == Some(request) && !world.is_about_service,
            }
        };
        running.into_iter().chain(queued).map(row).collect()
    }

    /// Newest first.
    fn history(&self, world: &World) -> Vec<HistoryEntry> {
        let entries = self.past.iter().rev().map(|(request, began, ended)| {
            let asker = world.askers[*request];
            let parts = asker.services.iter().map(|number| {
                let state = self.state_of_service(world, *request, *number);
                let phase = match self.stages[*request] {
                    Stage::Canceled => Phase::Canceled,
                    Stage::Ended(_) if state.is_error() => Phase::Failed,
                    Stage::Ended(_) => Phase::Reached,
                    _ => Phase::Running,
                };
                part(*number, state.as_str(), phase)
            });
            HistoryEntry {
                deployment: self.name_of(*request),
                action: asker.action.to_owned(),
                state: self.state_of(world, *request),
                services: parts.collect(),
                origin: Some(asker.origin.to_owned()),
                triggered_by: Some(asker.user.to_owned()),
                created: None,
                updated: Some(clock(ended.unwrap_or(*began))),
            }
        });
        let mut before = past("before", "DEPLOY", "DEPLOYED");
        before.updated = Some(SENT - 800);
        entries.chain([before]).collect()
    }
}

/// The server's clock, in seconds since 1970.
fn clock(at: Stamp) -> i64 {
    SENT + (at / 1_000).cast_signed()
}

/// A time after which every endpoint has caught up and a settle period is over.
const LONG: Stamp = 16_000;
const SHORT: Stamp = 2_000;

/// The endpoints, as indexes into [`Node::seen`].
const STATUS: usize = 0;
const REQUEST: usize = 1;
const QUEUE: usize = 2;
const HISTORY: usize = 3;

/// A state of the world, of the endpoints and of the wait.
#[derive(Clone)]
struct Node {
    events: Events,
    now: Stamp,
    /// How many events each endpoint shows at least.
    seen: [usize; 4],
    /// Before the action: none.
    ledger: Option<Ledger>,
    /// Since when the status of the request is missing.
    missed: Option<Stamp>,
    polls: u8,
    waits: u8,
}

impl Node {
    fn begin() -> Self {
        Self {
            events: Vec::new(),
            now: 100,
            seen: [0; 4],
            ledger: None,
            missed: None,
            polls: 0,
            waits: 0,
        }
    }

    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.events, self.now, self.seen, self.missed).hash(&mut hasher);
        (self.polls, self.waits).hash(&mut hasher);
        if let Some(ledger) = &self.ledger {
            let saved = postcard::to_allocvec(ledger).expect("it is written");
            saved.hash(&mut hasher);
            // The parts that are not saved.
            ledger.missing.hash(&mut hasher);
            ledger.attempts.hash(&mut hasher);
            if let Some(shown) = &ledger.shown {
                shown.at.hash(&mut hasher);
                shown.execution().hash(&mut hasher);
                shown.state().hash(&mut hasher);
                let own = shown.own.iter().flatten();
                own.map(|part| &part.state)
                    .for_each(|state| state.hash(&mut hasher));
            }
        }
        hasher.finish()
    }

    /// The numbers of events that an endpoint can show.
    fn choices(&self, endpoint: usize, lag: usize) -> std::ops::RangeInclusive<usize> {
        let latest = self.events.len();
        latest.saturating_sub(lag).max(self.seen[endpoint])..=latest
    }

    fn server(&self, world: &World, endpoint: usize) -> Server {
        Server::after(world, &self.events[..self.seen[endpoint]])
    }

    /// This state, with every number of events that an endpoint can show.
    fn with_choices(self, endpoint: usize, lag: usize) -> impl Iterator<Item = Self> {
        let choices = self.choices(endpoint, lag);
        // `repeat_n` moves the last one.
        let nodes = std::iter::repeat_n(self, choices.clone().count());
        nodes.zip(choices).map(move |(mut node, seen)| {
            node.seen[endpoint] = seen;
            node
        })
    }

    fn observe(&mut self, observation: Observation) {
        self.ledger
            .as_mut()
            .expect("it has begun")
            .observe(observation);
    }

    /// The server does something.
    fn after_event(&self, world: &World, event: Event, lag: usize) -> Vec<Self> {
        let mut next = self.clone();
        next.now += SHORT;
        if event != Event::Arrive(0) {
            next.events.push((event, next.now));
            return vec![next];
        }
        // The action: first everything is read, by endpoints that may be behind.
        let first = self.events.len().saturating_sub(lag);
        let baselines = first..=self.events.len();
        let acting = baselines.map(|seen| {
            let mut next = next.clone();
            next.seen = [seen; 4];
            let server = Server::after(world, &self.events[..seen]);
            let subject = world.subject();
            let shown = server.shown(world, 0).expect("it is there");
            let mut before = Snapshot::new(subject.clone(), State::Ready);
            let part = shown.own[0].as_ref().expect("it is listed");
            before.state = part.state.clone();
            before.deployment_id = part.deployment.clone();
            before.deployment_request_id = part.request;
            before.whole = shown.whole.clone();
            if world.is_about_service {
                let own = ServiceRef {
                    kind: ServiceKind::Container,
                    id: service(1),
                };
                let mut own = crate::wait::ServiceSnapshot::new(own, part.state.clone());
                own.deployment_id = part.deployment.clone();
                own.deployment_request_id = part.request;
                before.services.push(own);
            }
            let rows = server.rows(world);
            let history = server.history(world);
            let history = world.matrix.has_history.then_some(history.as_slice());
            let mut ledger = Ledger::acting(&subject, world.goal, &before, Some(&rows), history);
            next.events.push((Event::Arrive(0), next.now));
            let server = Server::after(world, &next.events);
            let named = server.id_of(server.resolved(0));
            ledger.asked(
                next.now,
                Some(&ActionResponse {
                    request: (world.matrix.id == ResponseId::Always).then_some(named),
                    execution: None,
                    idle: false,
                    server_time: Some(clock(next.now)),
                }),
            );
            if world.goal == Goal::Canceled {
                ledger.follow(named);
            }
            next.ledger = Some(ledger);
            next
        });
        acting.collect()
    }

    /// Much time passes.
    fn after_wait(&self) -> Self {
        let mut next = self.clone();
        next.now += LONG;
        next.seen = [self.events.len(); 4];
        next.waits += 1;
        next
    }

    /// Every possible result of a poll.
    fn polled(self, world: &World, lag: usize) -> Vec<(Self, Verdict)> {
        let mut turned_out = Vec::new();
        for mut node in self.with_choices(STATUS, lag) {
            node.polls += 1;
            let status = node.server(world, STATUS).status(world, node.now);
            node.observe(status);
            node.judge(world, lag, 0, &mut turned_out);
        }
        turned_out
    }

    /// The verdict, with every way to read the facts that it asks for.
    fn judge(self, world: &World, lag: usize, read: usize, found: &mut Vec<(Self, Verdict)>) {
        assert!(read < 8, "the verdict asks for the same again");
        let at = self.now;
        let ledger = self.ledger.as_ref().expect("it has begun");
        let fact = match ledger.verdict(&Poll {
            since: at,
            ..poll(at)
        }) {
            Ok(verdict) => {
                found.push((self, verdict));
                return;
            }
            Err(fact) => fact,
        };
        let endpoint = match fact {
            Fact::Request(_) => REQUEST,
            Fact::Queue => QUEUE,
            Fact::History => HISTORY,
        };
        for mut node in self.with_choices(endpoint, lag) {
            let server = node.server(world, endpoint);
            let observation = match fact {
                Fact::Queue | Fact::History if !server.has_environment(world) => {
                    Observation::Unavailable { fact, at }
                }
                Fact::Queue => Observation::Queue {
                    rows: server.rows(world),
                    at,
                },
                Fact::History if !world.matrix.has_history => Observation::Unavailable { fact, at },
                Fact::History => Observation::History {
                    entries: server.history(world),
                    at,
                },
                Fact::Request(id) => match server.request_status(world, id) {
                    Some(state) => {
                        node.missed = None;
                        Observation::Request { id, state, at }
                    }
                    // As in the engine, the status of the request has to be known.
                    None if node
                        .ledger
                        .as_ref()
                        .is_some_and(|known| known.expects(fact)) =>
                    {
                        let since = *node.missed.get_or_insert(at);
                        if at < since + millis(SETTLE) {
                            found.push((node, Verdict::pending(Phase::Queued)));
                            continue;
                        }
                        Observation::Unavailable { fact, at }
                    }
                    None => Observation::Unavailable { fact, at },
                },
            };
            node.observe(observation);
            node.judge(world, lag, read + 1, found);
        }
    }
}

impl Server {
    fn request_status(&self, world: &World, id: Uuid) -> Option<State> {
        let request = self.ids.iter().position(|known| *known == Some(id))?;
        match world.matrix.request_status {
            RequestStatus::Exact => Some(self.state_of(world, request)),
            RequestStatus::Missing => None,
            RequestStatus::Environment => Some(self.whole(world).state),
        }
    }
}

impl World {
    fn subject(&self) -> Subject {
        if self.is_about_service {
            services(&[1])
        } else {
            environment()
        }
    }

    /// Whether a run of an asker looks like one of ours.
    fn is_alike(&self, asker: &Asker) -> bool {
        let ours = &self.askers[0];
        asker.origin == ours.origin
            && asker.action == ours.action
            && ours
                .services
                .iter()
                .all(|n| asker.services.contains(n) || !self.is_about_service)
    }
}

/// The reason why the facts that the server shows are not enough at the end of the world; `None` if they are.
fn explanation(world: &World, server: &Server, verdict: &Verdict) -> Option<&'static str> {
    let matrix = &world.matrix;
    let alike = world.askers[1..].iter().any(|asker| world.is_alike(asker));
    let is_told_apart =
        matrix.id == ResponseId::Always && matrix.request_status == RequestStatus::Exact;
    let truth = server.truth(world);
    if world.goal == Goal::Deleted && server.is_gone(world) {
        return Some("the subject is gone, and another deletion was seen");
    }
    let is_superseded = matches!(decided(verdict), Some(Decision::Superseded { .. }));
    if alike && !is_told_apart {
        return Some("another request asks for the same, and no endpoint tells the two apart");
    }
    if is_superseded && world.is_about_service && alike {
        return Some("ours ended as a whole, and a later run shows the service instead");
    }
    if truth == Truth::Canceled && !is_told_apart && !matrix.canceled_has_entry {
        return Some("ours was canceled without a trace");
    }
    if truth == Truth::Canceled && !is_told_apart && !matrix.has_history {
        return Some("ours was canceled, and there is no history");
    }
    if is_superseded && matrix.request_status == RequestStatus::Environment {
        return Some("the request status repeats the environment, and contradicts the history");
    }
    let repeats = server.request_status(world, server.id_of(0)) == Some(server.whole(world).state);
    if !matrix.has_history && repeats && is_superseded {
        return Some("the request status may repeat the environment, and there is no history");
    }
    if !matrix.has_history && !is_told_apart && is_superseded {
        return Some("ours was replaced, and there is no history");
    }
    None
}

/// The reason why a wrong decision about our request agrees with all facts that the server shows: another
/// request has ended this way, and no endpoint distinguishes the two.
fn excuse(world: &World, node: &Node, decision: &Decision) -> Option<&'static str> {
    let matrix = &world.matrix;
    let server = &Server::after(world, &node.events);
    let is_reached = matches!(decision, Decision::Reached(_));
    let is_shown = |number: usize| {
        let ids = [
            Some(RunId::Execution(server.name_of(number))),
            server.ids[number].map(RunId::Request),
        ];
        let mut runs = node.ledger.iter().flat_map(|ledger| &ledger.runs);
        runs.any(|run| run.action.is_some() && ids.contains(&Some(run.id.clone())))
    };
    let mut deletions = server.deletions(world);
    if world.goal == Goal::Deleted && is_reached && deletions.any(|other| !is_shown(other)) {
        return Some("the subject is gone, and no endpoint has shown another deletion");
    }
    let is_told_apart =
        matrix.id == ResponseId::Always && matrix.request_status == RequestStatus::Exact;
    let is_settled = matches!(decision, Decision::Reached(Proof::Settled));
    let is_over = server.truth(world) == Truth::Canceled;
    if is_settled && !is_told_apart && (is_over || !is_shown(server.resolved(0))) {
        return Some("the goal held before the action and holds still, and ours is not shown");
    }
    let ledger = node.ledger.as_ref();
    let said = ledger.and_then(|ledger| ledger.own_request()?.end()?.state());
    if world.goal == Goal::Canceled
        && matrix.request_status == RequestStatus::Environment
        && said.is_some_and(|said| {
            Some(said) != ledger.and_then(|ledger| ledger.shown.as_ref()?.state())
        })
    {
        return Some("the request status repeats the environment, whose own status is behind");
    }
    let has_ended_so = |number: usize| match server.stages[number] {
        Stage::Ended(Outcome::Good) => is_reached,
        Stage::Ended(Outcome::SecondFails) if world.is_about_service => is_reached,
        Stage::Ended(_) | Stage::Canceled => !is_reached,
        _ => false,
    };
    let mut others = 1..world.askers.len();
    if !is_told_apart && others.any(|n| world.is_alike(&world.askers[n]) && has_ended_so(n)) {
        return Some("it asks for the same, and no endpoint tells the two apart");
    }
    None
}

/// The result of a search.
#[derive(Default)]
struct Found {
    states: usize,
    worlds: usize,
    decided: usize,
    explained: BTreeMap<&'static str, usize>,
    excused: BTreeMap<&'static str, usize>,
    /// A limited number of each kind.
    wrong: BTreeMap<String, Vec<String>>,
}

impl Found {
    fn add(&mut self, other: Found) {
        self.states += other.states;
        self.worlds += other.worlds;
        self.decided += other.decided;
        for (name, count) in other.explained {
            *self.explained.entry(name).or_default() += count;
        }
        for (name, count) in other.excused {
            *self.excused.entry(name).or_default() += count;
        }
        for (kind, examples) in other.wrong {
            self.wrong.entry(kind).or_default().extend(examples);
        }
    }

    fn note_wrong(&mut self, kind: String, world: &World, node: &Node, verdict: &Verdict) {
        let examples = self.wrong.entry(kind).or_default();
        let events = &node.events;
        let (seen, now) = (node.seen, node.now);
        examples.push(format!(
            "{world:?}\n  {events:?}, seen {seen:?} at {now}\n  {verdict:?}\n  {:#?}",
            node.ledger
        ));
        examples.sort_by_key(String::len);
        examples.truncate(1);
    }

    /// Whether the wait is over; notes it if it ended wrongly.
    fn check(&mut self, world: &World, node: &Node, verdict: &Verdict) -> bool {
        let server = Server::after(world, &node.events);
        let truth = server.truth(world);
        let Some(decision) = decided(verdict) else {
            return false;
        };
        let is_right = match decision {
            Decision::Reached(_) => truth == Truth::Succeeded || server.is_deleted_alike(world),
            Decision::Failed(_) | Decision::Canceled(_) => {
                matches!(truth, Truth::Failed | Truth::Canceled)
            }
            Decision::Superseded { .. } | Decision::NoTrace => true,
        };
        if !is_right && let Some(name) = excuse(world, node, decision) {
            *self.excused.entry(name).or_default() += 1;
        } else if !is_right {
            let kind = format!("{} but it is {truth:?}", name_of(decision));
            self.note_wrong(kind, world, node, verdict);
        } else if matches!(decision, Decision::Superseded { .. } | Decision::NoTrace) {
            match explanation(world, &server, verdict) {
                Some(name) => *self.explained.entry(name).or_default() += 1,
                None => self.note_wrong(name_of(decision).to_owned(), world, node, verdict),
            }
        } else {
            self.decided += 1;
        }
        true
    }

    /// The end of the world: time passes, all lags are gone.
    fn check_end(&mut self, world: &World, node: &Node) {
        let mut node = node.clone();
        let mut last = None;
        for _ in 0..8 {
            node = node.after_wait();
            let mut polled = node.polled(world, 0);
            let (next, verdict) = polled.pop().expect("without lags there is one way");
            node = next;
            if self.check(world, &node, &verdict) {
                return;
            }
            last = Some(verdict);
        }
        let server = Server::after(world, &node.events);
        let verdict = last.expect("it was polled");
        match explanation(world, &server, &verdict) {
            Some(name) => *self.explained.entry(name).or_default() += 1,
            None => {
                let kind = format!("undecided but it is {:?}", server.truth(world));
                self.note_wrong(kind, world, &node, &verdict);
            }
        }
    }
}

fn decided(verdict: &Verdict) -> Option<&Decision> {
    match verdict {
        Verdict::Decided(decision, _) => Some(decision),
        Verdict::Pending { .. } => None,
    }
}

fn name_of(decision: &Decision) -> &'static str {
    match decision {
        Decision::Reached(_) => "reached",
        Decision::Failed(_) => "failed",
        Decision::Canceled(_) => "canceled",
        Decision::Superseded { .. } => "superseded",
        Decision::NoTrace => "no trace",
    }
}

/// Breadth first, so that the first example of a wrong decision is a short one.
fn search(world: &World, bound: Bound) -> Found {
    let mut found = Found {
        worlds: 1,
        ..Found::default()
    };
    let mut known = HashSet::new();
    let mut layer = vec![Node::begin()];
    while !layer.is_empty() {
        let mut next = Vec::new();
        for node in &layer {
            let server = Server::after(world, &node.events);
            let events = server.events(world);
            let is_over = events.is_empty();
            for event in events {
                next.extend(node.after_event(world, event, bound.lag));
            }
            if node.ledger.is_none() {
                continue;
            }
            if is_over {
                found.check_end(world, node);
            }
            if node.waits < bound.waits && !is_over {
                next.push(node.after_wait());
            }
            if node.polls < bound.polls {
                for (polled, verdict) in node.clone().polled(world, bound.lag) {
                    if !found.check(world, &polled, &verdict) {
                        next.push(polled);
                    }
                }
            }
        }
        next.retain(|node| known.insert(node.key()));
        layer = next;
    }
    found.states = known.len();
    found
}

const BOTH: &[u128] = &[1, 2];

/// The other requests, besides one for an action.
fn others(action: &'static str) -> [Asker; 5] {
    let same = Asker {
        origin: "API",
        user: "me",
        action,
        services: BOTH,
    };
    [
        // The same user, by the same client.
        same,
        Asker {
            user: "you",
            ..same
        },
        Asker {
            origin: "GIT",
            user: "you",
            ..same
        },
        Asker {
            action: if action == "STOP" { "DEPLOY" } else { "STOP" },
            ..same
        },
        Asker {
            services: &[2],
            ..same
        },
    ]
}

fn matrices() -> Vec<Matrix> {
    let mut matrices = Vec::new();
    for id in [ResponseId::Always, ResponseId::Never] {
        for request_status in [
            RequestStatus::Exact,
            RequestStatus::Missing,
            RequestStatus::Environment,
        ] {
            for rows in [Rows::AtOnce, Rows::Never, Rows::WithRunning] {
                for has_history in [true, false] {
                    for canceled_has_entry in [true, false] {
                        for merges in [true, false] {
                            matrices.push(Matrix {
                                id,
                                request_status,
                                rows,
                                has_history,
                                canceled_has_entry,
                                merges,
                                named: Named::Nothing,
                            });
                        }
                    }
                }
            }
        }
    }
    matrices
}

const NAMED: [Named; 4] = [
    Named::Nothing,
    Named::Shown,
    Named::NextQueued,
    Named::LastRequested,
];

const GOALS: [(Goal, &str); 5] = [
    (Goal::Deployed, "DEPLOY"),
    (Goal::Stopped, "STOP"),
    (Goal::Restarted, "RESTART"),
    (Goal::Deleted, "DELETE"),
    // The cancel of a deployment.
    (Goal::Canceled, "DEPLOY"),
];

/// Every combination of the matrix, of the subject and of the other requests, for every goal.
fn worlds(count: usize) -> Vec<World> {
    let all = GOALS
        .iter()
        .flat_map(|(goal, action)| worlds_of(*goal, action, count));
    all.collect()
}

fn worlds_of(goal: Goal, action: &'static str, count: usize) -> Vec<World> {
    let mut groups: Vec<Vec<Asker>> = vec![Vec::new()];
    let mut all = groups.clone();
    for _ in 0..count {
        groups = groups
            .iter()
            .flat_map(|group| others(action).map(|other| [group.as_slice(), &[other]].concat()))
            .collect();
        all.extend(groups.clone());
    }
    let mut worlds = Vec::new();
    for group in all {
        for is_about_service in [false, true] {
            let services: &[u128] = if is_about_service { &[1] } else { BOTH };
            let ours = Asker {
                origin: "API",
                user: "me",
                action,
                services,
            };
            for matrix in matrices() {
                let askers: Vec<Asker> = [ours].iter().chain(&group).copied().collect();
                // Rows that make no difference for this group are searched once.
                let can_merge = (1..askers.len()).any(|n| askers[..n].contains(&askers[n]));
                if (matrix.merges && !can_merge)
                    || (matrix.canceled_has_entry && !matrix.has_history)
                {
                    continue;
                }
                // The block size is coprime to the sizes of the matrix.
                let named = NAMED[worlds.len() / 5 % NAMED.len()];
                worlds.push(World {
                    matrix: Matrix { named, ..matrix },
                    goal,
                    is_about_service,
                    askers,
                });
            }
        }
    }
    worlds
}

fn check(worlds: &[World], bound: Bound) {
    let halves: Vec<&[World]> = worlds.chunks(worlds.len().div_ceil(2)).collect();
    let found: Vec<Found> = std::thread::scope(|scope| {
        let search_all = |worlds: &[World]| {
            let mut found = Found::default();
            worlds
                .iter()
                .for_each(|world| found.add(search(world, bound)));
            found
        };
        let threads: Vec<_> = halves
            .iter()
            .map(|half| scope.spawn(move || search_all(half)))
            .collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().expect("it ends"));
        joined.collect()
    });
    let mut all = Found::default();
    found.into_iter().for_each(|found| all.add(found));
    println!(
        "{} worlds, {} states, {} ends decided; not decided, and why:",
        all.worlds, all.states, all.decided
    );
    for (name, count) in &all.explained {
        println!("{count:>9} {name}");
    }
    for (name, count) in &all.excused {
        println!("{count:>9} right for another request: {name}");
    }
    for (kind, examples) in &all.wrong {
        println!("WRONG {kind}: {} at least", examples.len());
        let shortest = examples.iter().min_by_key(|example| example.len());
        println!("{}", shortest.map_or("", |example| example));
    }
    assert!(all.decided > 0, "the search has decided nothing");
    assert!(all.wrong.is_empty(), "wrong: {:?}", all.wrong.keys());
}

/// Every world with one other request, polled when all is over.
#[test]
fn no_end_of_a_small_world_is_decided_wrongly() {
    let bound = Bound {
        lag: 1,
        polls: 0,
        waits: 0,
    };
    check(&worlds(1), bound);
}

/// Some of the worlds, polled at any time before: the step is coprime to the sizes of the matrix.
#[test]
fn no_interleaving_of_a_small_world_is_decided_wrongly() {
    let some: Vec<World> = worlds(1).into_iter().step_by(29).collect();
    let bound = Bound {
        lag: 1,
        polls: 1,
        waits: 0,
    };
    check(&some, bound);
}

/// Takes minutes.
#[test]
#[ignore = "takes minutes: run it after a change of the rules"]
fn no_interleaving_of_a_larger_world_is_decided_wrongly() {
    let bound = Bound {
        lag: 2,
        polls: 3,
        waits: 2,
    };
    check(&worlds(1), bound);
    check(
        &worlds(2),
        Bound {
            lag: 2,
            polls: 1,
            waits: 0,
        },
    );
}

/// Prints the decisions of a search without each of the rules. A rule whose removal changes nothing is needed by
/// the engine (it saves readings), by situations outside of the small world, or not at all.
#[test]
#[ignore = "takes minutes: shows which rules the search needs"]
fn the_search_without_each_rule() {
    use super::{
        super::{claim::RULES, verdict::TABLES},
        mutation::without_rule,
    };
    let search_some = || {
        let mut found = Found::default();
        for (step, polls) in [(29, 0), (401, 1)] {
            let bound = Bound {
                lag: 1,
                polls,
                waits: 0,
            };
            for world in worlds(1).iter().step_by(step) {
                found.add(search(world, bound));
            }
        }
        let wrong: Vec<String> = found.wrong.keys().cloned().collect();
        let open: usize = found.explained.values().sum();
        let excused: usize = found.excused.values().sum();
        format!(
            "{} states, {} decided, {open} not, {excused} excused, wrong {wrong:?}",
            found.states, found.decided
        )
    };
    println!("all: {}", search_some());
    let claims = RULES.iter().map(|rule| rule.name);
    let verdicts = TABLES.iter().copied().flatten().map(|rule| rule.name);
    for name in claims.chain(verdicts) {
        println!("without {name}: {}", without_rule(name, search_some));
    }
}
