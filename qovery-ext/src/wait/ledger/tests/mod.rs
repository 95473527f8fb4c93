//! Tests of the ledger alone: no server, no clock. See `tests/README.md` for the tests of waiting as a
//! whole.

mod ahead;
mod begun;
mod deletions;
mod differing_endpoints;
mod exhaustive;
mod lost_responses;
pub(super) mod mutation;
mod properties;
mod resumed;
mod rules;
mod shown_requests;
mod situations;
mod unnamed;
mod verdicts;

use std::time::Duration;

use uuid::Uuid;

use super::{Fact, Ledger, Observation, Poll, Run, Stamp, StatusReading, millis, view::Claim};
use crate::wait::{
    Decision, Goal, Phase, RunId, ServiceKind, ServiceRef, ServiceSnapshot, Snapshot, State,
    Subject,
    decision::Verdict,
    part_status::PartStatus,
    snapshot::LastRun,
    source::{ActionResponse, HistoryEntry, HistoryService, QueueRow},
};

/// The settle period of the tests.
const SETTLE: Duration = Duration::from_secs(15);

/// The server's clock when the action is sent, in seconds since 1970.
const SENT: i64 = 1_000_000;

/// Whether a run of a ledger can be this operation's.
fn claim(ledger: &Ledger, run: &Run) -> Claim {
    ledger.view().claim(run)
}

fn environment() -> Subject {
    Subject::environment(Uuid::from_u128(0xE0))
}

fn service(number: u128) -> Uuid {
    Uuid::from_u128(0x5E00 + number)
}

fn container(number: u128) -> ServiceRef {
    ServiceRef {
        kind: ServiceKind::Container,
        id: service(number),
    }
}

/// One service, without its environment.
fn single_service() -> Subject {
    Subject::service(container(1))
}

fn services(numbers: &[u128]) -> Subject {
    let services = numbers.iter().map(|number| container(*number));
    Subject::services(Uuid::from_u128(0xE0), services.collect())
}

fn request(number: u128) -> Uuid {
    Uuid::from_u128(0xA000 + number)
}

fn run_of_request(number: u128) -> RunId {
    RunId::Request(request(number))
}

fn run_of_execution(id: &str) -> RunId {
    RunId::Execution(id.to_owned())
}

/// The last run of an environment, started by the API.
fn whole(id: &str, state: &str) -> LastRun {
    LastRun {
        id: Some(id.to_owned()),
        request: None,
        date: None,
        state: State::from(state),
        origin: Some("API".to_owned()),
        triggered_by: None,
    }
}

/// A status of the environment.
fn status(at: Stamp, id: &str, state: &str) -> Observation {
    let whole = whole(id, state);
    Observation::Status(StatusReading {
        at,
        own: vec![Some(PartStatus {
            state: whole.state.clone(),
            deployment: whole.id.clone(),
            request: None,
            date: None,
            action: None,
            in_last: None,
        })],
        whole: Some(whole),
        failed: Vec::new(),
        waiting: 0,
    })
}

/// A status of services that all show the same.
fn status_of_services(at: Stamp, id: &str, environment: &str, own: &[&str]) -> Observation {
    let part = |state: &&str| {
        Some(PartStatus {
            state: State::from(*state),
            deployment: Some(id.to_owned()),
            request: None,
            date: None,
            action: None,
            in_last: None,
        })
    };
    Observation::Status(StatusReading {
        at,
        whole: Some(whole(id, environment)),
        own: own.iter().map(part).collect(),
        failed: Vec::new(),
        waiting: 0,
    })
}

fn request_status(at: Stamp, number: u128, state: &str) -> Observation {
    Observation::Request {
        id: request(number),
        state: State::from(state),
        at,
    }
}

fn queue(at: Stamp, rows: &[QueueRow]) -> Observation {
    Observation::Queue {
        rows: rows.to_vec(),
        at,
    }
}

fn history(at: Stamp, entries: &[HistoryEntry]) -> Observation {
    Observation::History {
        entries: entries.to_vec(),
        at,
    }
}

/// A queued request of the API.
fn row(number: u128, action: &str) -> QueueRow {
    QueueRow {
        request: request(number),
        action: action.to_owned(),
        services: None,
        origin: Some("API".to_owned()),
        triggered_by: Some("me".to_owned()),
        has_begun: false,
    }
}

fn described_row(id: Uuid, action: &str) -> QueueRow {
    QueueRow {
        request: id,
        services: Some(vec![service(1), service(2)]),
        ..row(0, action)
    }
}

/// A deployment of the API in the history, made after the action.
fn past(id: &str, action: &str, state: &str) -> HistoryEntry {
    HistoryEntry {
        deployment: id.to_owned(),
        action: action.to_owned(),
        state: State::from(state),
        services: Vec::new(),
        origin: Some("API".to_owned()),
        triggered_by: Some("me".to_owned()),
        created: None,
        updated: Some(SENT + 60),
    }
}

fn part(number: u128, state: &str, action: Phase) -> HistoryService {
    HistoryService {
        id: service(number),
        state: State::from(state),
        action,
    }
}

/// The status before the action: the execution "before" in a state.
fn baseline(subject: &Subject, state: &str) -> Snapshot {
    let mut snapshot = Snapshot::new(subject.clone(), State::from(state));
    snapshot.deployment_id = Some("before".to_owned());
    snapshot.whole = Some(whole("before", state));
    snapshot
}

/// An action whose response names a request, or none.
fn acted(subject: &Subject, goal: Goal, named: Option<u128>) -> Ledger {
    acted_after(subject, goal, "DEPLOYED", &[], named)
}

/// An action after a state, with requests that were queued before it.
fn acted_after(
    subject: &Subject,
    goal: Goal,
    state: &str,
    waiting: &[QueueRow],
    named: Option<u128>,
) -> Ledger {
    let before = baseline(subject, state);
    let history = [past("before", "DEPLOY", state)];
    let mut ledger = Ledger::acting(subject, goal, &before, Some(waiting), Some(&history));
    ledger.asked(
        100,
        Some(&ActionResponse {
            request: named.map(request),
            execution: None,
            idle: false,
            server_time: Some(SENT),
        }),
    );
    ledger
}

fn unavailable(at: Stamp, fact: Fact) -> Observation {
    Observation::Unavailable { fact, at }
}

/// The API says that it does not know the first request.
fn unknown(at: Stamp) -> Observation {
    let id = request(1);
    Observation::Unknown { id, at }
}

fn seen(mut ledger: Ledger, observations: &[Observation]) -> Ledger {
    for observation in observations {
        ledger.observe(observation.clone());
    }
    ledger
}

/// A poll with every fact that was ever read fresh.
fn poll(now: Stamp) -> Poll {
    Poll {
        since: 0,
        now,
        settle: SETTLE,
        shares: false,
    }
}

/// The verdict of a poll with every fact that was ever read fresh, or the fact that it needs.
fn judge(ledger: &Ledger, now: Stamp) -> Result<Verdict, Fact> {
    ledger.verdict(&poll(now))
}

/// A time after some settle periods.
fn periods(number: u64) -> Stamp {
    millis(SETTLE) * number + 1_000
}

fn decision(verdict: &Result<Verdict, Fact>) -> Option<&Decision> {
    match verdict {
        Ok(Verdict::Decided(decision, _)) => Some(decision),
        _ => None,
    }
}

fn is_reached(verdict: &Result<Verdict, Fact>) -> bool {
    matches!(decision(verdict), Some(Decision::Reached(_)))
}

fn is_failed(verdict: &Result<Verdict, Fact>) -> bool {
    matches!(decision(verdict), Some(Decision::Failed(_)))
}

fn is_superseded(verdict: &Result<Verdict, Fact>) -> bool {
    matches!(decision(verdict), Some(Decision::Superseded { .. }))
}

fn is_pending(verdict: &Result<Verdict, Fact>) -> bool {
    matches!(verdict, Ok(Verdict::Pending { .. }))
}

/// A status with a change.
fn changed(observation: Observation, change: impl FnOnce(&mut StatusReading)) -> Observation {
    let Observation::Status(mut shown) = observation else {
        unreachable!("it is a status");
    };
    change(&mut shown);
    Observation::Status(shown)
}

/// A status that describes the last run of the environment in another way.
fn described(observation: Observation, change: impl FnOnce(&mut LastRun)) -> Observation {
    changed(observation, |shown| {
        change(shown.whole.as_mut().expect("it has an environment"));
    })
}

/// The id of a request that was made some seconds after the action.
fn made(second: i64) -> Uuid {
    made_millis(second * 1_000)
}

fn made_millis(millis: i64) -> Uuid {
    let millis = u128::try_from(SENT * 1_000 + millis).expect("it is positive");
    Uuid::from_u128(millis << 80 | 0x7000_8000_0000_0000_0001)
}

/// An environment with two services before the action.
fn with_two_services(state: &str) -> Snapshot {
    let mut before = baseline(&environment(), state);
    before.server_time = Some(SENT);
    before.services = [1, 2]
        .map(|n| ServiceSnapshot::new(container(n), State::from(state)))
        .to_vec();
    before
}

/// An action without a response, an empty queue and an empty history before it.
fn unanswered(before: &Snapshot, goal: Goal) -> Ledger {
    let mut ledger = Ledger::acting(&before.subject, goal, before, Some(&[]), Some(&[]));
    ledger.asked(100, None);
    ledger
}

/// A status that names a request.
fn naming(id: Uuid, observation: Observation) -> Observation {
    changed(observation, |shown| {
        if let Some(whole) = &mut shown.whole {
            whole.request = Some(id);
        }
        for part in shown.own.iter_mut().flatten() {
            part.request = Some(id);
        }
    })
}

/// A status that names its runs only by a date.
fn by_date(observation: Observation, date: &str) -> Observation {
    changed(observation, |shown| {
        if let Some(whole) = &mut shown.whole {
            (whole.id, whole.date) = (None, Some(date.to_owned()));
        }
        for part in shown.own.iter_mut().flatten() {
            (part.deployment, part.date) = (None, Some(date.to_owned()));
        }
    })
}

/// The status of one service, without that of its environment.
fn status_of_service(at: Stamp, id: &str, state: &str) -> Observation {
    let whole = status_of_services(at, id, state, &[state]);
    changed(whole, |shown| shown.whole = None)
}
