//! Waits that another process continues: the same runs are excluded, although a token lacks some facts.

use super::*;
use crate::wait::OperationToken;

/// The ledger after its token was written and read.
fn resumed(subject: &Subject, ledger: Ledger) -> Ledger {
    let text = OperationToken::new(subject.clone(), Some(ledger)).to_string();
    let token: OperationToken = text.parse().expect("it is read");
    let mut ledger = *token.ledger.expect("it has acted");
    ledger.resume(subject);
    ledger
}

#[test]
fn a_run_that_was_created_after_ours_had_left_is_not_ours_for_a_resumed_wait_either() {
    let first = [
        queue(1_000, &[row(1, "DEPLOY")]),
        request_status(2_000, 1, "DEPLOYMENT_QUEUED"),
        status(22_000, "before", "DEPLOYING"),
        queue(22_000, &[]),
        queue(40_000, &[]),
    ];
    let judged = |created| {
        let ledger = acted_after(&environment(), Goal::Deployed, "DEPLOYING", &[], Some(1));
        let ledger = resumed(&environment(), seen(ledger, &first));
        let mut entry = past("z", "DEPLOY", "DEPLOYED");
        (entry.created, entry.updated) = (Some(created), Some(SENT + 90));
        let entries = [entry, past("before", "DEPLOY", "DEPLOYED")];
        let readings = [100_000, 116_000].map(|at| {
            [
                status(at, "z", "DEPLOYED"),
                queue(at, &[]),
                history(at, &entries),
                unknown(at),
            ]
        });
        judge(&seen(ledger, &readings.concat()), 120_000)
    };
    assert!(!is_reached(&judged(SENT + 60)));
    // The queue had shown 22 s after the action that ours has left it.
    assert!(is_reached(&judged(SENT + 10)));
}

/// A stop from before the action, which the history lists with its end. The status first shows it at work `work` ms
/// after the action, or at its end.
fn stopped_before(work: Option<Stamp>, finished: i64, resumes: bool) -> Claim {
    let subject = services(&[1]);
    let waits = [row(7, "STOP")];
    let ledger = acted_after(&subject, Goal::Stopped, "DEPLOYED", &waits, None);
    let mut entry = past("x", "STOP", "STOPPED");
    (entry.created, entry.updated) = (Some(SENT - 12), Some(SENT + finished));
    entry.services = vec![part(1, "STOPPED", Phase::Reached)];
    let at_work = work.map(|at| status_of_services(at, "x", "STOPPING", &["STOPPING"]));
    let mut readings = vec![queue(1_000, &waits)];
    readings.extend(at_work);
    readings.push(status_of_services(18_000, "x", "STOPPED", &["STOPPED"]));
    readings.push(history(18_000, std::slice::from_ref(&entry)));
    let mut ledger = seen(ledger, &readings);
    if resumes {
        let again = [
            status_of_services(45_000, "x", "STOPPED", &["STOPPED"]),
            history(45_000, &[entry]),
        ];
        ledger = seen(resumed(&subject, ledger), &again);
    }
    claim(&ledger, ledger.run(&run_of_execution("x")).expect("seen"))
}

#[test]
fn a_run_that_had_ended_before_the_action_stays_excluded_after_a_resume_and_if_the_status_is_late()
{
    for resumes in [false, true] {
        for work in [None, Some(3_000), Some(12_000)] {
            let claim = stopped_before(work, -3, resumes);
            assert!(claim.is_excluded(), "{work:?}, {resumes}");
        }
    }
    // A day before the action, by a clock that was adjusted.
    assert_eq!(stopped_before(None, -86_400, true), Claim::Possible);
    // At work a settle period after the action, or a settle period after the end by an adjusted clock.
    assert_eq!(stopped_before(Some(16_000), -3, false), Claim::Possible);
    assert_eq!(stopped_before(Some(3_000), -20, false), Claim::Possible);
}

#[test]
fn a_run_that_worked_while_ours_waited_stays_excluded_after_a_resume() {
    let subject = services(&[1]);
    let readings = [
        status_of_services(5_000, "x", "DEPLOYING", &["DEPLOYING"]),
        queue(25_000, &[row(1, "DEPLOY")]),
        request_status(25_000, 1, "DEPLOYMENT_QUEUED"),
    ];
    let ledger = seen(acted(&subject, Goal::Deployed, Some(1)), &readings);
    let is_excluded = |ledger: &Ledger| {
        claim(ledger, ledger.run(&run_of_execution("x")).expect("seen")).is_excluded()
    };
    assert!(is_excluded(&ledger));
    assert!(is_excluded(&resumed(&subject, ledger)));
}
