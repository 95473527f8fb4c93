//! One scenario for each rule of `claim`: a ledger with exactly that rule deciding, and the same
//! ledger without the fact that the rule tests.

use super::{
    super::{Ledger, RunId, claim::RULES},
    mutation::without_rule,
    *,
};

/// A run that one rule decides about.
pub(super) struct Scenario {
    /// The function of the rule.
    pub(super) rule: &'static str,
    pub(super) run: RunId,
    pub(super) ledger: Ledger,
    /// The same without the fact.
    pub(super) without: Ledger,
}

impl Scenario {
    pub(super) fn claim_in(&self, ledger: &Ledger) -> Claim {
        claim(ledger, ledger.run(&self.run).expect("the run was seen"))
    }

    /// The claim that the rule makes.
    pub(super) fn claim(&self) -> Claim {
        let rule = RULES.iter().find(|rule| rule.is(self.rule));
        Claim::Excluded(rule.expect("it is a rule").name)
    }

    /// Exactly this rule decides, and only because of the fact.
    pub(super) fn check(&self) {
        assert_eq!(self.claim_in(&self.ledger), self.claim());
        assert_ne!(self.claim_in(&self.without), self.claim());
        for other in RULES.iter().filter(|other| !other.is(self.rule)) {
            let claim = without_rule(other.name, || self.claim_in(&self.ledger));
            assert_eq!(claim, self.claim(), "rule {} takes part", other.name);
        }
    }
}

/// A scenario for each rule, in the order of `RULES`.
pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        names_another_request(),
        is_of_an_older_request(),
        came_before(),
        ended_before(),
        was_created_before(),
        does_something_else(),
        lacks_our_services(),
        has_skipped_services(),
        left_our_service_alone(),
        came_after_the_run_that_followed(),
        began_after_ours_had_left(),
        is_of_another_request(),
        another_is_ours(),
        worked_while_ours_waited(),
        began_after_ours_was_canceled(),
        worked_after_ours_was_over(),
        went_on_without_ours(),
        has_another_origin(),
        has_another_user(),
        came_after(),
    ]
}

fn from(origin: &str, mut row: QueueRow) -> QueueRow {
    row.origin = Some(origin.to_owned());
    row
}

fn names_another_request() -> Scenario {
    let row = [row(2, "DEPLOY")];
    let seen_in = |named| {
        seen(
            acted(&environment(), Goal::Deployed, named),
            &[queue(200, &row)],
        )
    };
    Scenario {
        rule: "names_another_request",
        run: run_of_request(2),
        ledger: seen_in(Some(1)),
        without: seen_in(None),
    }
}

/// The response was lost, and the run has deployed one of two services.
fn has_skipped_services() -> Scenario {
    let deployed = |numbers: &[u128]| {
        let ledger = unanswered(&with_two_services("STOPPED"), Goal::Deployed);
        let mut entry = past("x", "DEPLOY", "DEPLOYED");
        let parts = numbers.iter().map(|n| part(*n, "DEPLOYED", Phase::Reached));
        entry.services = parts.collect();
        seen(ledger, &[history(300, &[entry])])
    };
    Scenario {
        rule: "has_skipped_services",
        run: run_of_execution("x"),
        ledger: deployed(&[1]),
        without: deployed(&[1, 2]),
    }
}

/// A status names an older request than ours, which was queued itself.
fn is_of_an_older_request() -> Scenario {
    let shown = |named| {
        let mut ledger = acted(&environment(), Goal::Deployed, None);
        ledger.follow(made(2));
        let ours = QueueRow {
            request: made(2),
            ..row(0, "DEPLOY")
        };
        let readings = [
            queue(200, &[ours]),
            naming(made(named), status(300, "x", "DEPLOYING")),
        ];
        seen(ledger, &readings)
    };
    Scenario {
        rule: "is_of_an_older_request",
        run: run_of_execution("x"),
        ledger: shown(1),
        without: shown(2),
    }
}

/// A request that was queued before the action and is still queued when ours is seen behind it.
fn came_before() -> Scenario {
    let rows = [row(2, "DEPLOY"), row(1, "DEPLOY")];
    let after = |waiting| acted_after(&environment(), Goal::Deployed, "DEPLOYED", waiting, None);
    Scenario {
        rule: "came_before",
        run: run_of_request(2),
        ledger: seen(after(&rows[..1]), &[queue(200, &rows)]),
        // Ours was not seen: the earlier request may have absorbed it.
        without: seen(after(&rows[..1]), &[queue(200, &rows[..1])]),
    }
}

fn ended_before() -> Scenario {
    let ending_at = |updated| {
        let mut entry = past("x", "DEPLOY", "DEPLOYED");
        entry.updated = Some(updated);
        let ledger = acted(&environment(), Goal::Deployed, None);
        seen(ledger, &[history(200, &[entry])])
    };
    Scenario {
        rule: "ended_before",
        run: run_of_execution("x"),
        ledger: ending_at(SENT - 2),
        without: ending_at(SENT + 2),
    }
}

/// A run that the history shows after the action, and that was created before it.
fn was_created_before() -> Scenario {
    let created_at = |created| {
        let mut entry = past("x", "DEPLOY", "DEPLOYED");
        entry.created = Some(created);
        let ledger = acted(&environment(), Goal::Deployed, None);
        seen(ledger, &[history(200, &[entry])])
    };
    Scenario {
        rule: "was_created_before",
        run: run_of_execution("x"),
        ledger: created_at(SENT - 2),
        without: created_at(SENT),
    }
}

/// The API accepted to cancel our queued request, and the run begins later.
fn began_after_ours_was_canceled() -> Scenario {
    let began_at = |began| {
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let readings = [
            queue(1_000, &[row(1, "DEPLOY")]),
            Observation::CancelAccepted { at: 5_000 },
            status(began, "x", "DEPLOYING"),
        ];
        seen(ledger, &readings)
    };
    Scenario {
        rule: "began_after_ours_was_canceled",
        run: run_of_execution("x"),
        ledger: began_at(20_000),
        without: began_at(19_000),
    }
}

/// The API knew our request, and does not know it any more when the run begins.
fn worked_after_ours_was_over() -> Scenario {
    let began_at = |began| {
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let readings = [
            request_status(1_000, 1, "DEPLOYMENT_QUEUED"),
            unknown(16_000),
            unknown(32_000),
            status(began, "x", "DEPLOYING"),
        ];
        seen(ledger, &readings)
    };
    Scenario {
        rule: "worked_after_ours_was_over",
        run: run_of_execution("x"),
        ledger: began_at(31_000),
        without: began_at(30_000),
    }
}

/// A run was at work while ours was listed, and goes on a settle period after ours has left.
fn went_on_without_ours() -> Scenario {
    let works_at = |last| {
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let readings = [
            queue(1_000, &[row(1, "DEPLOY")]),
            status(5_000, "x", "DEPLOYING"),
            queue(45_000, &[row(1, "DEPLOY")]),
            queue(50_000, &[]),
            status(last, "x", "DEPLOYING"),
        ];
        seen(ledger, &readings)
    };
    Scenario {
        rule: "went_on_without_ours",
        run: run_of_execution("x"),
        ledger: works_at(65_000),
        without: works_at(64_000),
    }
}

fn does_something_else() -> Scenario {
    let doing = |action| {
        let ledger = acted(&environment(), Goal::Deployed, None);
        seen(ledger, &[queue(200, &[row(2, action)])])
    };
    Scenario {
        rule: "does_something_else",
        run: run_of_request(2),
        ledger: doing("STOP"),
        without: doing("DEPLOY"),
    }
}

fn lacks_our_services() -> Scenario {
    let about = |numbers: &[u128]| {
        let mut row = row(2, "DEPLOY");
        row.services = Some(numbers.iter().map(|number| service(*number)).collect());
        let ledger = acted(&services(&[1]), Goal::Deployed, None);
        seen(ledger, &[queue(200, &[row])])
    };
    Scenario {
        rule: "lacks_our_services",
        run: run_of_request(2),
        ledger: about(&[2]),
        without: about(&[1, 2]),
    }
}

/// The run succeeded, and the service still names the run from before the action.
fn left_our_service_alone() -> Scenario {
    let showing = |own: &str| {
        let part = PartStatus {
            state: State::Deployed,
            deployment: Some(own.to_owned()),
            request: None,
            date: None,
            action: None,
            in_last: None,
        };
        let status = Observation::Status(StatusReading {
            at: 200,
            whole: Some(whole("x", "DEPLOYED")),
            own: vec![Some(part)],
            failed: Vec::new(),
            waiting: 0,
        });
        seen(acted(&services(&[1]), Goal::Deployed, None), &[status])
    };
    Scenario {
        rule: "left_our_service_alone",
        run: run_of_execution("x"),
        ledger: showing("before"),
        without: showing("x"),
    }
}

/// The service took part in the run that began when its request left the queue.
fn came_after_the_run_that_followed() -> Scenario {
    let reading_the_queue_at = |at| {
        let readings = [
            queue(200, &[row(1, "DEPLOY")]),
            history(5_000, &[past("x", "DEPLOY", "DEPLOYED")]),
            queue(at, &[]),
            status(50_000, "y", "DEPLOYING"),
        ];
        seen(acted(&environment(), Goal::Deployed, Some(1)), &readings)
    };
    Scenario {
        rule: "came_after_the_run_that_followed",
        run: run_of_execution("y"),
        ledger: reading_the_queue_at(30_000),
        // A similar request could still wait.
        without: reading_the_queue_at(10_000),
    }
}

fn began_after_ours_had_left() -> Scenario {
    let reading_the_queue_at = |second: Stamp| {
        let readings = [
            status(1_000, "before", "DEPLOYED"),
            queue(16_000, &[]),
            status(second, "before", "DEPLOYED"),
            queue(second, &[]),
            status(90_000, "y", "DEPLOYING"),
        ];
        seen(acted(&environment(), Goal::Deployed, None), &readings)
    };
    Scenario {
        rule: "began_after_ours_had_left",
        run: run_of_execution("y"),
        ledger: reading_the_queue_at(32_000),
        // The run of ours could have begun after the last reading.
        without: reading_the_queue_at(20_000),
    }
}

/// A run at work beside a row of the queue that shows progress from one time to another.
fn beside(number: u128, first: Stamp, last: Stamp) -> Ledger {
    let begun = QueueRow {
        has_begun: true,
        ..row(number, "STOP")
    };
    let readings = [
        queue(first, std::slice::from_ref(&begun)),
        status(6_000, "x", "STOPPING"),
        status(30_000, "x", "STOPPING"),
        queue(last, &[begun]),
        status(60_000, "y", "STOPPING"),
    ];
    seen(acted(&environment(), Goal::Stopped, Some(1)), &readings)
}

fn is_of_another_request() -> Scenario {
    Scenario {
        rule: "is_of_another_request",
        run: run_of_execution("x"),
        ledger: beside(2, 5_000, 30_000),
        // The queue can be late.
        without: beside(2, 5_000, 20_000),
    }
}

fn another_is_ours() -> Scenario {
    Scenario {
        rule: "another_is_ours",
        run: run_of_execution("y"),
        ledger: beside(1, 5_000, 30_000),
        // The status can be late.
        without: beside(1, 20_000, 30_000),
    }
}

fn worked_while_ours_waited() -> Scenario {
    let waiting_until = |second: Stamp| {
        let readings = [
            status_of_services(5_000, "y", "STOPPING", &["STOPPING"]),
            request_status(second, 1, "STOP_QUEUED"),
            queue(second, &[row(1, "STOP")]),
        ];
        seen(acted(&services(&[1]), Goal::Stopped, Some(1)), &readings)
    };
    Scenario {
        rule: "worked_while_ours_waited",
        run: run_of_execution("y"),
        ledger: waiting_until(21_000),
        // The status of the request can be late.
        without: waiting_until(10_000),
    }
}

fn has_another_origin() -> Scenario {
    let of = |origin| {
        let ledger = acted(&environment(), Goal::Deployed, None);
        seen(ledger, &[queue(200, &[from(origin, row(2, "DEPLOY"))])])
    };
    Scenario {
        rule: "has_another_origin",
        run: run_of_request(2),
        ledger: of("GIT"),
        without: of("API"),
    }
}

fn has_another_user() -> Scenario {
    let by = |user: &str| {
        let mut entry = past("x", "DEPLOY", "DEPLOYED");
        entry.triggered_by = Some(user.to_owned());
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let ours = queue(200, &[row(1, "DEPLOY")]);
        seen(ledger, &[ours, history(300, &[entry])])
    };
    Scenario {
        rule: "has_another_user",
        run: run_of_execution("x"),
        ledger: by("you"),
        without: by("me"),
    }
}

/// The queue did not list the request when it would have listed ours.
fn came_after() -> Scenario {
    let read_at = |at| {
        let ledger = acted(&environment(), Goal::Deployed, None);
        let late = [row(2, "DEPLOY")];
        seen(ledger, &[queue(at, &[]), queue(20_000, &late)])
    };
    Scenario {
        rule: "came_after",
        run: run_of_request(2),
        ledger: read_at(16_000),
        without: read_at(5_000),
    }
}

#[test]
fn the_request_that_the_server_names_is_ours() {
    for (named, expected) in [(Some(1), Claim::Ours), (None, Claim::Possible)] {
        let ledger = acted(&environment(), Goal::Deployed, named);
        let ledger = seen(ledger, &[queue(200, &[row(1, "DEPLOY")])]);
        let run = ledger.run(&run_of_request(1)).expect("seen");
        assert_eq!(claim(&ledger, run), expected);
    }
}

#[test]
fn the_named_request_stays_ours_whatever_else_it_shows() {
    let ledger = acted(&services(&[1]), Goal::Deployed, Some(1));
    let mut other = from("GIT", row(1, "STOP"));
    other.services = Some(vec![service(2)]);
    let ledger = seen(ledger, &[queue(30_000, &[other])]);
    let run = ledger.run(&run_of_request(1)).expect("seen");
    assert_eq!(claim(&ledger, run), Claim::Ours);
}

#[test]
fn an_execution_from_before_the_action_never_enters_the_ledger() {
    let ledger = acted(&environment(), Goal::Deployed, None);
    let entries = [
        past("before", "DEPLOY", "DEPLOYED"),
        past("older", "DEPLOY", "DEPLOYED"),
    ];
    let ledger = seen(
        ledger,
        &[status(200, "before", "DEPLOYED"), history(300, &entries)],
    );
    assert!(ledger.runs.is_empty(), "{:?}", ledger.runs);
}

#[test]
fn only_a_run_that_was_seen_at_work_before_its_end_can_be_ours_although_it_ended_before_the_action_by_the_clock()
 {
    let excluded = |shown| {
        let mut entry = past("x", "DEPLOY", "DEPLOYED");
        entry.updated = Some(SENT - 90);
        let ledger = acted(&environment(), Goal::Deployed, None);
        let readings = [status(200, "x", shown), history(300, &[entry])];
        let ledger = seen(ledger, &readings);
        let run = ledger.run(&run_of_execution("x")).expect("seen");
        claim(&ledger, run).is_excluded()
    };
    assert!(!excluded("DEPLOYING"));
    // A status can show the last run beside the state of a request that waits.
    assert!(excluded("DEPLOYMENT_QUEUED"));
    assert!(excluded("DELETE_QUEUED"));
}

#[test]
fn a_run_whose_end_is_that_of_another_action_is_not_ours() {
    for (goal, state, is_other) in [
        (Goal::Deployed, "STOPPED", true),
        (Goal::Deployed, "STOP_ERROR", true),
        (Goal::Deployed, "BUILD_ERROR", false),
        (Goal::Deployed, "CANCELED", false),
        (Goal::Stopped, "DEPLOYED", true),
        (Goal::Stopped, "DEPLOYMENT_ERROR", true),
        (Goal::Stopped, "STOP_ERROR", false),
        (Goal::Deleted, "STOPPED", true),
        (Goal::Deleted, "DELETE_ERROR", false),
    ] {
        let ledger = seen(
            acted(&environment(), goal, None),
            &[status(200, "x", state)],
        );
        let run = ledger.run(&run_of_execution("x")).expect("seen");
        let is_excluded = matches!(claim(&ledger, run), Claim::Excluded(rule) if rule.ends_with("does_something_else"));
        assert_eq!(is_excluded, is_other, "{goal} {state}");
    }
}

#[test]
fn a_run_without_a_service_of_our_request_is_not_ours_if_another_one_has_them_all() {
    let of = |numbers: &[u128]| numbers.iter().map(|n| service(*n)).collect::<Vec<_>>();
    let seen_with = |first: &[u128]| {
        let mut own = row(1, "STOP");
        own.services = Some(of(&[1, 2]));
        let entry = |id: &str, state: &str, numbers: &[u128]| HistoryEntry {
            services: numbers
                .iter()
                .map(|n| part(*n, state, Phase::Reached))
                .collect(),
            ..past(id, "STOP", state)
        };
        let entries = [entry("y", "STOPPED", &[2]), entry("x", "STOP_ERROR", first)];
        let readings = [
            queue(1_000, &[own]),
            status(3_000, "x", "STOPPING"),
            status(9_000, "y", "STOPPED"),
            history(9_000, &entries),
            request_status(9_000, 1, "STOPPED"),
        ];
        let ledger = acted(&environment(), Goal::Stopped, Some(1));
        seen(ledger, &readings)
    };
    let is_excluded = |ledger: &Ledger| {
        let run = ledger.run(&run_of_execution("y")).expect("it was seen");
        claim(ledger, run).is_excluded()
    };
    let ledger = seen_with(&[1, 2]);
    assert!(is_excluded(&ledger));
    let verdict = judge(&ledger, 9_000 + periods(4));
    assert!(!is_reached(&verdict), "{verdict:?}");
    // Both entries lack a service, so the history does not list all of them.
    assert!(!is_excluded(&seen_with(&[1])));
}

#[test]
fn a_run_with_a_date_from_long_before_the_action_is_that_of_an_adjusted_clock() {
    for created in [SENT - 3_600, SENT - 62] {
        let mut entry = past("x", "DEPLOY", "DEPLOYED");
        entry.created = Some(created);
        let ledger = acted(&environment(), Goal::Deployed, None);
        let ledger = seen(ledger, &[history(200, &[entry])]);
        let run = ledger.run(&run_of_execution("x")).expect("seen");
        assert_eq!(claim(&ledger, run), Claim::Possible, "{created}");
    }
}

#[test]
fn a_run_that_was_created_before_the_action_can_be_that_of_a_request_that_has_absorbed_ours() {
    let mut entry = past("x", "DEPLOY", "DEPLOYED");
    entry.created = Some(SENT - 2);
    let waits = [row(2, "DEPLOY")];
    let ledger = acted_after(&environment(), Goal::Deployed, "DEPLOYED", &waits, None);
    let ledger = seen(ledger, &[history(200, &[entry])]);
    let run = ledger.run(&run_of_execution("x")).expect("seen");
    assert_eq!(claim(&ledger, run), Claim::Possible);
}

#[test]
fn a_run_that_works_after_the_api_has_forgotten_our_request_is_not_ours() {
    // It began before, and one of our services is still at work in it.
    let work = |at| status_of_service(at, "x", "DEPLOYING");
    let seen_at = |last| {
        let ledger = acted(&services(&[1]), Goal::Deployed, Some(1));
        let readings = [
            request_status(1_000, 1, "DEPLOYMENT_QUEUED"),
            work(2_000),
            unknown(16_000),
            unknown(32_000),
            work(last),
        ];
        seen(ledger, &readings)
    };
    let is_excluded = |ledger: &Ledger| {
        let run = ledger.run(&run_of_execution("x")).expect("it was seen");
        claim(ledger, run).is_excluded()
    };
    assert!(is_excluded(&seen_at(31_000)));
    assert!(!is_excluded(&seen_at(30_000)));
}

#[test]
fn a_run_that_works_after_the_api_has_forgotten_the_only_request_that_can_be_ours_is_not_ours() {
    let claimed = |others: &[QueueRow]| {
        let ledger = acted(&environment(), Goal::Deployed, None);
        let rows: Vec<QueueRow> = others.iter().cloned().chain([row(1, "DEPLOY")]).collect();
        let readings = [
            queue(1_000, &rows),
            request_status(1_000, 1, "DEPLOYMENT_QUEUED"),
            unknown(16_000),
            unknown(32_000),
            status(31_000, "x", "DEPLOYING"),
        ];
        let ledger = seen(ledger, &readings);
        claim(&ledger, ledger.run(&run_of_execution("x")).expect("seen"))
    };
    assert!(claimed(&[]).is_excluded());
    // Another request can be ours too.
    assert_eq!(claimed(&[row(2, "DEPLOY")]), Claim::Possible);
}

#[test]
fn a_request_that_a_late_replica_does_not_know_yet_is_not_over() {
    for readings in [
        // Never known, known again since, and unknown for less than a settle period.
        vec![unknown(1_000), unknown(21_000)],
        vec![
            request_status(1_000, 1, "DEPLOYMENT_QUEUED"),
            unknown(2_000),
            unknown(21_000),
            request_status(22_000, 1, "DEPLOYMENT_QUEUED"),
        ],
        vec![
            request_status(1_000, 1, "DEPLOYMENT_QUEUED"),
            unknown(2_000),
            unknown(16_000),
        ],
        // The replica was behind when the request was new, and the request was over much later.
        vec![
            request_status(1_000, 1, "DEPLOYMENT_QUEUED"),
            unknown(2_000),
            unknown(200_000),
        ],
    ] {
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let ledger = seen(ledger, &readings);
        let ledger = seen(ledger, &[status(40_000, "x", "DEPLOYING")]);
        let run = ledger.run(&run_of_execution("x")).expect("seen");
        assert_eq!(claim(&ledger, run), Claim::Possible, "{readings:?}");
    }
}

#[test]
fn a_deletion_is_told_from_an_uninstallation_once_the_server_has_shown_both() {
    for (goal, ours, theirs) in [
        (Goal::Uninstalled, "UNINSTALL", "DELETE"),
        (Goal::Uninstalled, "DELETE_RESOURCES_ONLY", "DELETE"),
        (Goal::Deleted, "DELETE", "DELETE_RESOURCES_ONLY"),
    ] {
        let entry = past("x", theirs, "DELETED");
        let ledger = seen(
            acted(&environment(), goal, None),
            &[history(2_000, &[entry])],
        );
        let claim_of = |ledger: &Ledger| {
            let run = ledger.run(&run_of_execution("x")).expect("seen");
            claim(ledger, run)
        };
        assert_eq!(claim_of(&ledger), Claim::Possible, "{goal}");
        let ledger = seen(ledger, &[queue(3_000, &[row(1, ours)])]);
        assert!(claim_of(&ledger).is_excluded(), "{goal}");
    }
}

#[test]
fn an_origin_that_is_newer_than_this_crate_excludes_nothing() {
    let ledger = acted(&environment(), Goal::Deployed, None);
    let ledger = seen(ledger, &[queue(200, &[from("ROBOT", row(2, "DEPLOY"))])]);
    let run = ledger.run(&run_of_request(2)).expect("seen");
    assert_eq!(claim(&ledger, run), Claim::Possible);
}
