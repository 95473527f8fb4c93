//! One situation for each rule of the verdict: a ledger whose verdict changes without the rule.

use super::*;
use crate::wait::{Endpoint, decision::Verdict};

/// A ledger, a poll, and the verdict without its evidence.
pub(super) struct Situation {
    ledger: Ledger,
    poll: Poll,
    pub(super) expected: String,
}

impl Situation {
    fn new(ledger: Ledger, poll: Poll) -> Self {
        let expected = kind(&ledger.verdict(&poll));
        Self {
            ledger,
            poll,
            expected,
        }
    }

    pub(super) fn verdict(&self) -> String {
        kind(&self.ledger.verdict(&self.poll))
    }
}

/// The verdict, with the endpoints of its evidence.
fn kind(verdict: &Result<Verdict, Fact>) -> String {
    match verdict {
        Ok(Verdict::Decided(decision, evidence)) => {
            let endpoints: Vec<Endpoint> = evidence.iter().map(|fact| fact.endpoint).collect();
            format!("{decision:?} by {endpoints:?}")
        }
        other => format!("{other:?}"),
    }
}

fn at(ledger: Ledger, observations: &[Observation], now: Stamp) -> Situation {
    Situation::new(seen(ledger, observations), poll(now))
}

/// The same, if many operations share the polls and nothing was read since this one began.
fn shared(ledger: Ledger, observations: &[Observation], now: Stamp) -> Situation {
    let poll = Poll {
        since: now,
        shares: true,
        ..poll(now)
    };
    Situation::new(seen(ledger, observations), poll)
}

fn deploys(named: Option<u128>) -> Ledger {
    acted(&environment(), Goal::Deployed, named)
}

fn stops(named: Option<u128>) -> Ledger {
    acted_after(&environment(), Goal::Stopped, "STOPPED", &[], named)
}

fn missing(times: &[Stamp]) -> Vec<Observation> {
    times
        .iter()
        .map(|at| Observation::Missing { at: *at })
        .collect()
}

/// An entry of a run that continues, while our service has already ended.
fn ahead_of_its_run() -> HistoryEntry {
    let mut entry = past("x", "DEPLOY", "DEPLOYING");
    entry.services = vec![
        part(1, "DEPLOYED", Phase::Reached),
        part(2, "DEPLOYING", Phase::Running),
    ];
    entry
}

pub(super) fn situations() -> Vec<Situation> {
    [named(), by_signature(), absent(), watched(), canceled()]
        .into_iter()
        .flatten()
        .collect()
}

fn named() -> Vec<Situation> {
    let at_work = |id: &str| status(1_000, id, "DEPLOYING");
    let said = |state: &str| request_status(1_000, 1, state);
    let nothing = [queue(1_000, &[]), history(1_000, &[])];
    let mut foreign = past("y", "DEPLOY", "DEPLOYED");
    foreign.origin = Some("GIT".to_owned());
    vec![
        // The run continues, and nothing is read.
        Situation::new(
            seen(
                deploys(Some(1)),
                &[at_work("x"), request_status(1_100, 1, "DEPLOYING")],
            ),
            Poll {
                since: 2_000,
                ..poll(2_000)
            },
        ),
        shared(deploys(Some(1)), &[at_work("x")], 2_000),
        // The request is queued, even if its status repeats another state.
        at(
            deploys(Some(1)),
            &[
                status(1_000, "before", "DEPLOYED"),
                said("DEPLOYED"),
                queue(1_000, &[row(1, "DEPLOY")]),
            ],
            periods(9),
        ),
        at(
            acted(&services(&[1]), Goal::Deployed, Some(1)),
            &[
                status_of_services(1_000, "x", "DEPLOYING", &["DEPLOYED"]),
                said("DEPLOYING"),
                history(1_000, &[ahead_of_its_run()]),
            ],
            2_000,
        ),
        at(
            deploys(Some(1)),
            &[
                at_work("before"),
                said("DEPLOYING"),
                nothing[0].clone(),
                nothing[1].clone(),
            ],
            2_000,
        ),
        at(
            deploys(Some(1)),
            &[status(1_000, "x", "DEPLOYED"), said("DEPLOYED")],
            1_000,
        ),
        at(
            deploys(Some(1)),
            &[
                status(1_000, "before", "CANCELED"),
                said("CANCELED"),
                queue(1_000, &[]),
                history(1_000, &[]),
            ],
            1_000,
        ),
        at(
            stops(Some(1)),
            &[
                status(1_000, "before", "STOPPED"),
                said("STOPPED"),
                nothing[0].clone(),
                nothing[1].clone(),
            ],
            periods(2),
        ),
        // Another deployment is shown, and no run of ours.
        at(
            deploys(Some(1)),
            &[
                Observation::Status(StatusReading {
                    at: 1_000,
                    whole: Some(LastRun {
                        origin: Some("GIT".to_owned()),
                        ..whole("y", "DEPLOYED")
                    }),
                    own: vec![None],
                    failed: Vec::new(),
                    waiting: 0,
                }),
                said("DEPLOYED"),
                queue(1_000, &[]),
                history(1_000, &[foreign]),
            ],
            periods(9),
        ),
    ]
}

/// Our request leaves the queue with the similar one ahead of it, which says how it ended, and one run follows.
pub(super) fn one_run_of_two_requests(ahead: &str) -> Vec<Observation> {
    vec![
        queue(200, &[row(7, "DEPLOY"), row(1, "DEPLOY")]),
        status(1_000, "x", "DEPLOYING"),
        queue(periods(1) + 1_000, &[]),
        queue(periods(3), &[]),
        status(periods(3), "x", "DEPLOYED"),
        history(periods(3), &[past("x", "DEPLOY", "DEPLOYED")]),
        request_status(periods(3), 7, ahead),
        unavailable(periods(3), Fact::Request(request(1))),
    ]
}

fn by_signature() -> Vec<Situation> {
    let ended = |id: &str, end: &str| past(id, "DEPLOY", end);
    let rests = status(1_000, "before", "DEPLOYED");
    let mut foreign = ended("y", "DEPLOYED");
    foreign.origin = Some("GIT".to_owned());
    let lost = unanswered(&baseline(&environment(), "STOPPED"), Goal::Deployed);
    let waiting = acted_after(
        &environment(),
        Goal::Deployed,
        "DEPLOYED",
        &[QueueRow {
            origin: Some("GIT".to_owned()),
            ..row(7, "DEPLOY")
        }],
        None,
    );
    let bare = |at: Stamp, id: &str, state: &str| {
        Observation::Status(StatusReading {
            at,
            whole: Some(LastRun {
                origin: None,
                ..whole(id, state)
            }),
            own: vec![None],
            failed: Vec::new(),
            waiting: 0,
        })
    };
    vec![
        // The queue was not read at the end of the settle period.
        shared(
            deploys(None),
            &[status(1_000, "x", "DEPLOYING"), queue(1_000, &[])],
            periods(1),
        ),
        shared(deploys(None), &[status(1_000, "x", "DEPLOYING")], 2_000),
        at(
            deploys(None),
            &[rests.clone(), queue(1_000, &[row(1, "DEPLOY")])],
            1_000,
        ),
        Situation::new(
            seen(
                deploys(None),
                &[status(1_000, "x", "DEPLOYING"), queue(1_000, &[])],
            ),
            Poll {
                since: 1_000,
                ..poll(1_000)
            },
        ),
        at(
            acted(&services(&[1]), Goal::Deployed, None),
            &[
                status_of_services(1_000, "x", "DEPLOYING", &["DEPLOYED"]),
                queue(1_000, &[]),
                history(1_000, &[ahead_of_its_run()]),
            ],
            1_000,
        ),
        // Of our request and the one ahead, only one has a run.
        at(
            acted_after(
                &environment(),
                Goal::Deployed,
                "STOPPED",
                &[row(7, "DEPLOY")],
                None,
            ),
            &one_run_of_two_requests("DEPLOYED"),
            periods(9),
        ),
        // No endpoint describes the two runs, and the second one continues.
        at(
            waiting.clone(),
            &[
                bare(1_000, "x", "DEPLOYING"),
                bare(2_000, "z", "DEPLOYING"),
                queue(2_000, &[]),
                unavailable(2_000, Fact::History),
            ],
            periods(9),
        ),
        at(
            deploys(None),
            &[
                rests.clone(),
                queue(1_000, &[row(1, "DEPLOY")]),
                queue(2_000, &[]),
                queue(2_000 + periods(2), &[]),
                history(2_000, &[]),
                unavailable(2_000, Fact::Request(request(1))),
            ],
            periods(4),
        ),
        at(
            stops(None),
            &[
                status(1_000, "before", "STOPPED"),
                queue(1_000, &[]),
                history(1_000, &[]),
            ],
            periods(2),
        ),
        // The environment rests, and the request was never listed nor seen to run.
        at(
            deploys(Some(1)),
            &[
                status(1_000, "before", "DEPLOYED"),
                request_status(1_000, 1, "DEPLOYMENT_QUEUED"),
                unavailable(2_000, Fact::Request(request(1))),
                unavailable(2_000, Fact::Queue),
                history(1_000, &[]),
            ],
            periods(5),
        ),
        at(
            lost,
            &[
                status(1_000, "before", "STOPPED"),
                queue(1_000, &[]),
                history(1_000, &[]),
            ],
            periods(3),
        ),
        at(
            deploys(None),
            &[rests.clone(), queue(1_000, &[]), history(1_000, &[foreign])],
            periods(9),
        ),
        at(
            deploys(None),
            &[rests, queue(1_000, &[]), history(1_000, &[])],
            periods(1),
        ),
        at(
            deploys(None),
            &[
                status(1_000, "x", "DEPLOYED"),
                queue(1_000, &[]),
                history(1_000, &[ended("x", "DEPLOYED")]),
            ],
            1_000,
        ),
        // The status counts a request, and the queue cannot be read.
        at(
            deploys(None),
            &[
                changed(status(1_000, "x", "DEPLOYED"), |shown| shown.waiting = 1),
                unavailable(1_000, Fact::Queue),
                history(1_000, &[ended("x", "DEPLOYED")]),
            ],
            periods(9),
        ),
        at(
            waiting,
            &[
                bare(1_000, "x", "DEPLOYED"),
                queue(1_000, &[]),
                unavailable(1_000, Fact::History),
            ],
            periods(9),
        ),
        at(
            deploys(None),
            &[
                queue(500, &[row(1, "DEPLOY")]),
                status(1_000, "x", "DEPLOYED"),
                queue(1_000, &[]),
                history(1_000, &[of_another_user(ended("x", "DEPLOYED"))]),
                unavailable(1_000, Fact::Request(request(1))),
                queue(periods(3), &[]),
            ],
            periods(9),
        ),
        at(
            deploys(None),
            &[
                status(1_000, "x", "DEPLOYED"),
                queue(1_000, &[row(1, "DEPLOY"), row(2, "DEPLOY")]),
                queue(2_000, &[]),
                queue(2_000 + periods(2), &[]),
                history(2_000, &[ended("x", "DEPLOYED")]),
                unavailable(2_000, Fact::Request(request(1))),
                unavailable(2_000, Fact::Request(request(2))),
            ],
            periods(9),
        ),
        at(
            deploys(None),
            &[
                status(1_000, "x", "DEPLOYED"),
                queue(1_000, &[]),
                history(1_000, &[ended("x", "DEPLOYED")]),
            ],
            periods(9),
        ),
    ]
}

fn of_another_user(entry: HistoryEntry) -> HistoryEntry {
    HistoryEntry {
        triggered_by: Some("you".to_owned()),
        ..entry
    }
}

fn absent() -> Vec<Situation> {
    let deletes = |named| acted(&environment(), Goal::Deleted, named);
    let never = Ledger::watching(&environment(), Goal::Deleted, None);
    let twice = [1_000, 1_000 + periods(1)];
    let with = |mut observations: Vec<Observation>, more: &[Observation]| {
        observations.extend(more.iter().cloned());
        observations
    };
    let mut foreign = row(2, "DELETE");
    foreign.origin = Some("CONSOLE".to_owned());
    let mut deleted = past("x", "DELETE", "DELETED");
    deleted.services = vec![part(1, "DELETED", Phase::Reached)];
    let mut more_is_deleted = past("x", "DELETE", "DELETING");
    more_is_deleted.services = [1, 2].map(|n| part(n, "DELETING", Phase::Running)).to_vec();
    let shown = baseline(&services(&[1]), "DEPLOYED");
    let mut deletes_unseen =
        Ledger::acting(&services(&[1]), Goal::Deleted, &shown, None, Some(&[]));
    deletes_unseen.asked(100, Some(&ActionResponse::default()));
    vec![
        at(never, &missing(&twice), periods(2)),
        at(
            deletes(Some(1)),
            &with(missing(&[1_000]), &[request_status(1_000, 1, "DELETED")]),
            1_000,
        ),
        at(
            deploys(None),
            &with(
                vec![history(500, &[past("x", "DEPLOY", "DEPLOYED")])],
                &missing(&[1_000]),
            ),
            1_000,
        ),
        at(
            deletes(None),
            &with(
                vec![history(500, &[past("x", "DELETE", "DELETE_ERROR")])],
                &missing(&twice),
            ),
            periods(2),
        ),
        at(deletes(None), &missing(&[1_000]), periods(9)),
        at(
            deletes(None),
            &with(
                vec![
                    queue(200, &[row(1, "DELETE")]),
                    history(300, &[of_another_user(past("x", "DELETE", "DELETING"))]),
                    unavailable(500, Fact::Request(request(1))),
                    queue(900, &[]),
                ],
                &missing(&twice),
            ),
            periods(2),
        ),
        at(
            acted(&services(&[1]), Goal::Deleted, None),
            &with(missing(&twice), &[history(1_000, &[deleted])]),
            periods(2),
        ),
        // The queue was never read, and the run deletes more than ours.
        at(
            deletes_unseen,
            &with(
                vec![
                    unavailable(200, Fact::Queue),
                    history(500, &[more_is_deleted]),
                ],
                &missing(&twice),
            ),
            periods(2),
        ),
        at(
            acted_after(&environment(), Goal::Deleted, "DEPLOYED", &[foreign], None),
            &missing(&twice),
            periods(2),
        ),
        // The only run is that of the request ahead.
        at(
            acted_after(
                &environment(),
                Goal::Deleted,
                "DEPLOYED",
                &[row(7, "DELETE")],
                None,
            ),
            &with(
                vec![
                    queue(200, &[row(7, "DELETE"), row(1, "DELETE")]),
                    status(20_000, "x", "DELETING"),
                    queue(25_000, &[row(1, "DELETE")]),
                    unavailable(26_000, Fact::Request(request(1))),
                    unavailable(26_000, Fact::Request(request(7))),
                ],
                &missing(&[40_000, 40_000 + periods(1)]),
            ),
            periods(5),
        ),
        at(
            deletes(None),
            &with(
                vec![
                    queue(200, &[row(1, "DELETE"), row(2, "DELETE")]),
                    unavailable(300, Fact::Request(request(1))),
                    unavailable(300, Fact::Request(request(2))),
                ],
                &missing(&twice),
            ),
            periods(2),
        ),
        at(
            deletes(None),
            &with(
                vec![status(500, "x", "DELETING"), status(900, "y", "DELETING")],
                &missing(&twice),
            ),
            periods(2),
        ),
        at(
            deploys(None),
            &with(vec![status(500, "x", "DEPLOYING")], &missing(&twice)),
            periods(2),
        ),
        at(deletes(None), &missing(&twice), periods(2)),
    ]
}

fn watched() -> Vec<Situation> {
    let watching = || Ledger::watching(&environment(), Goal::Deployed, None);
    vec![
        at(
            watching(),
            &[status(1_000, "x", "DEPLOYMENT_QUEUED")],
            1_000,
        ),
        at(
            watching(),
            &[status(1_000, "x", "STOPPED"), queue(1_000, &[])],
            1_000,
        ),
        at(
            watching(),
            &[
                status(1_000, "x", "DEPLOYED"),
                queue(1_000, &[row(1, "STOP")]),
            ],
            1_000,
        ),
        at(
            watching(),
            &[status(1_000, "x", "DEPLOYED"), queue(1_000, &[])],
            1_000,
        ),
    ]
}

fn canceled() -> Vec<Situation> {
    let cancels = |named: Option<u128>| {
        let mut ledger = acted(&environment(), Goal::Canceled, None);
        if let Some(named) = named {
            ledger.follow(request(named));
        }
        ledger
    };
    vec![
        at(
            cancels(Some(1)),
            &[
                status(1_000, "before", "DEPLOYING"),
                request_status(1_000, 1, "CANCELED"),
            ],
            1_000,
        ),
        at(
            {
                let waits = [row(1, "DEPLOY")];
                let mut ledger =
                    acted_after(&environment(), Goal::Canceled, "DEPLOYING", &waits, None);
                ledger.follow(request(1));
                ledger
            },
            &[
                status(1_000, "before", "DEPLOYING"),
                request_status(1_000, 1, "DEPLOYING"),
                queue(periods(1), &[]),
                queue(periods(3), &[]),
            ],
            periods(3),
        ),
        at(
            cancels(Some(1)),
            &[
                status(1_000, "y", "CANCELED"),
                request_status(1_000, 1, "CANCELING"),
                queue(1_000, &[]),
            ],
            periods(9),
        ),
        at(
            cancels(Some(1)),
            &[
                status(1_000, "before", "DEPLOYED"),
                unavailable(1_000, Fact::Request(request(1))),
                queue(1_000, &[row(1, "DEPLOY")]),
            ],
            periods(9),
        ),
        at(
            acted_after(&environment(), Goal::Canceled, "DEPLOYING", &[], None),
            &[status(periods(1), "after", "DEPLOYING")],
            periods(1),
        ),
        at(
            Ledger::watching(&environment(), Goal::Deployed, Some(request(1))),
            &[
                status(1_000, "x", "DEPLOYED"),
                unknown(1_000),
                unknown(20_000),
                queue(20_000, &[]),
                history(20_000, &[past("x", "DEPLOY", "DEPLOYED")]),
            ],
            periods(9),
        ),
    ]
}
