//! Properties of the ledger for random observations.

use std::str::FromStr;

use proptest::prelude::*;

use super::{
    super::{
        run::{End, Fate, Run},
        view::Claim,
    },
    *,
};
use crate::wait::{Endpoint, OperationToken};

/// Deployments that a server can have run, each with all facts that the endpoints show of it. The
/// description of a deployment never changes; its progress does.
fn entry(number: u8, state: &str) -> HistoryEntry {
    let foreign = number % 3 == 1;
    let action = if number % 4 == 3 { "STOP" } else { "DEPLOY" };
    let mut entry = past(&format!("x{number}"), action, state);
    if foreign {
        entry.origin = Some("GIT".to_owned());
        entry.triggered_by = Some("you".to_owned());
    }
    let ends = State::from(state).is_terminal();
    entry.updated = ends.then_some(SENT + 60);
    let phase = if ends { Phase::Reached } else { Phase::Running };
    entry.services = vec![part(1, state, phase)];
    entry
}

fn a_state() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "DEPLOYMENT_QUEUED",
        "DEPLOYING",
        "DEPLOYED",
        "DEPLOYMENT_ERROR",
        "CANCELING",
        "CANCELED",
        "STOPPED",
        "A_STATE_OF_NEXT_YEAR",
    ])
}

/// Any observation but its time. Readings can contradict each other, as those of replicas do.
fn an_observation() -> impl Strategy<Value = Observation> {
    let number = 0..5_u8;
    let of_number = |number: u8| u128::from(number);
    prop_oneof![
        (number.clone(), a_state()).prop_map(|(n, state)| status(0, &format!("x{n}"), state)),
        (number.clone(), -90..90_i64, a_state())
            .prop_map(|(n, second, s)| naming(made(second), status(0, &format!("x{n}"), s))),
        (number.clone(), a_state()).prop_map(move |(n, s)| request_status(0, of_number(n), s)),
        number.clone().prop_map(move |n| Observation::Unavailable {
            fact: Fact::Request(request(of_number(n))),
            at: 0,
        }),
        prop::collection::vec(number.clone(), 0..4).prop_map(move |numbers| {
            let row = |n: &u8| {
                let entry = entry(*n, "DEPLOYING");
                QueueRow {
                    origin: entry.origin,
                    triggered_by: entry.triggered_by,
                    ..row(of_number(*n), &entry.action)
                }
            };
            queue(0, &numbers.iter().map(row).collect::<Vec<_>>())
        }),
        prop::collection::vec((number.clone(), a_state()), 0..4).prop_map(|entries| {
            let entries = entries.iter().map(|(n, state)| entry(*n, state));
            history(0, &entries.collect::<Vec<_>>())
        }),
        prop::sample::select(vec![Fact::Queue, Fact::History, Fact::Request(request(1))])
            .prop_map(|fact| Observation::Unavailable { fact, at: 0 }),
        Just(Observation::Unknown {
            id: request(1),
            at: 0
        }),
        Just(Observation::CancelAccepted { at: 0 }),
        Just(Observation::Named {
            id: request(1),
            at: 0
        }),
        Just(Observation::Missing { at: 0 }),
        Just(Observation::Listed { at: 0 }),
    ]
}

fn at(stamp: Stamp, mut observation: Observation) -> Observation {
    match &mut observation {
        Observation::Status(shown) => shown.at = stamp,
        Observation::Request { at, .. }
        | Observation::Queue { at, .. }
        | Observation::History { at, .. }
        | Observation::Unavailable { at, .. }
        | Observation::CancelAccepted { at }
        | Observation::Named { at, .. }
        | Observation::Unknown { at, .. }
        | Observation::Missing { at }
        | Observation::Listed { at } => *at = stamp,
    }
    observation
}

/// Observations, each at a time of its own.
fn observations() -> impl Strategy<Value = Vec<Observation>> {
    prop::collection::vec((1..20_000_u64, an_observation()), 0..14).prop_map(|list| {
        let mut now = 100;
        let stamped = list.into_iter().map(|(pause, observation)| {
            now += pause;
            at(now, observation)
        });
        stamped.collect()
    })
}

fn a_beginning() -> impl Strategy<Value = Ledger> {
    let goals = vec![Goal::Deployed, Goal::Stopped, Goal::Deleted, Goal::Canceled];
    let named = prop::option::of(0..5_u128);
    let subjects = vec![environment(), services(&[1])];
    let waiting = prop::collection::vec(0..5_u128, 0..2);
    (
        prop::sample::select(goals),
        named,
        prop::sample::select(subjects),
        waiting,
    )
        .prop_map(|(goal, named, subject, waiting)| {
            let waiting: Vec<QueueRow> = waiting.iter().map(|n| row(*n, "DEPLOY")).collect();
            acted_after(&subject, goal, "DEPLOYED", &waiting, named)
        })
}

/// Everything that follows from a ledger.
fn consequences(ledger: &Ledger) -> (Vec<Run>, Vec<Claim>, Vec<Result<Verdict, Fact>>) {
    let claims = ledger.runs.iter().map(|run| claim(ledger, run)).collect();
    let times = [0, 1, 2, 5, 20].map(periods);
    let last = ledger.latest();
    let verdicts = times.map(|time| judge(ledger, last + time)).to_vec();
    (ledger.runs.clone(), claims, verdicts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Two readings of one endpoint at the same millisecond would be ordered by their arrival: the
    /// engine makes one at a time.
    #[test]
    fn observations_commute_and_repeat_without_effect(
        beginning in a_beginning(),
        (ordered, shuffled) in observations().prop_flat_map(|list| {
            let twice: Vec<Observation> = list.iter().chain(&list).cloned().collect();
            (Just(list), Just(twice).prop_shuffle())
        }),
    ) {
        let expected = consequences(&seen(beginning.clone(), &ordered));
        let found = consequences(&seen(beginning, &shuffled));
        prop_assert_eq!(expected, found);
    }

    #[test]
    fn a_token_taken_at_any_point_and_resumed_decides_the_same_or_leaves_it_open(
        beginning in a_beginning(),
        before in observations(),
        later in observations(),
    ) {
        let subject = if beginning.scope == super::super::Scope::Environment {
            environment()
        } else {
            services(&[1])
        };
        let whole = seen(beginning, &before);
        let token = OperationToken::new(subject.clone(), Some(whole.clone()));
        let text = OperationToken::from_str(&token.to_string()).expect("it is read");
        let json = serde_json::to_string(&token).expect("it is written");
        let json: OperationToken = serde_json::from_str(&json).expect("it is read");
        // The clock continues from the same time. Every fact that was read before is read again.
        let start = whole.latest();
        let again = before.iter().chain(&later).enumerate().map(|(place, observation)| {
            at(start + 1_000 * (place as u64 + 1), observation.clone())
        });
        let again: Vec<Observation> = again.collect();
        let mut shortened = whole.clone();
        shortened.resume(&subject);
        shortened.unknown.clear();
        for run in &mut shortened.runs {
            (run.worked, run.created) = (None, None);
        }
        let shortened = seen(shortened, &again);
        let uninterrupted = seen(whole, &again);
        let end = uninterrupted.latest() + periods(6);
        for form in [text, json] {
            let mut resumed = *form.ledger.expect("it has a ledger");
            resumed.resume(&subject);
            let resumed = seen(resumed, &again);
            let found = judge(&resumed, end);
            prop_assert_eq!(verdict_kind(&judge(&shortened, end)), verdict_kind(&found));
            // A process that was not there from the beginning knows less: it leaves a case open, but decides no other one.
            if let (Some(expected), Some(found)) = (decision(&judge(&uninterrupted, end)), decision(&found)) {
                let is_open = matches!(found, Decision::Superseded { .. } | Decision::NoTrace);
                prop_assert!(is_open || expected == found, "{expected:?}, {found:?}");
            }
        }
    }

    #[test]
    fn forged_ends_in_a_token_never_decide_without_reading_again(
        beginning in a_beginning(),
        observed in observations(),
        forged in a_state(),
    ) {
        let mut ledger = seen(beginning, &observed);
        for run in &mut ledger.runs {
            run.fate = Fate::Ended(End {
                states: vec![State::from(forged)],
                said_by: Endpoint::RequestStatus,
                at: 0,
            });
        }
        let subject = environment();
        let text = OperationToken::new(subject.clone(), Some(ledger)).to_string();
        let token: OperationToken = text.parse().expect("it is read");
        let mut resumed = *token.ledger.expect("it has a ledger");
        resumed.resume(&subject);
        prop_assert!(resumed.runs.iter().all(|run| run.end().is_none()));
        for time in [0, 1, 5, 50] {
            let verdict = judge(&resumed, resumed.latest() + periods(time));
            prop_assert!(decision(&verdict).is_none(), "{verdict:?}");
        }
    }

    #[test]
    fn a_token_that_is_cut_off_or_continued_is_refused(
        beginning in a_beginning(),
        observed in observations(),
        cut in 1..200_usize,
        more in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

        let ledger = seen(beginning, &observed);
        let text = OperationToken::new(environment(), Some(ledger)).to_string();
        let kept = text.len().saturating_sub(cut);
        prop_assert!(OperationToken::from_str(&text[..kept]).is_err());
        let (prefix, encoded) = text.rsplit_once("op-11-").expect("it has a version");
        let mut bytes = URL_SAFE_NO_PAD.decode(encoded).expect("it is base64");
        bytes.extend(more);
        let longer = format!("{prefix}op-11-{}", URL_SAFE_NO_PAD.encode(bytes));
        prop_assert!(OperationToken::from_str(&longer).is_err());
    }

    #[test]
    fn any_text_is_refused_or_read_without_a_panic(text in "(qovery-op-11-)?[A-Za-z0-9_-]{0,400}") {
        if let Ok(token) = OperationToken::from_str(&text) {
            let mut ledger = token.ledger.clone();
            if let Some(ledger) = &mut ledger {
                ledger.resume(token.subject());
                let verdict = judge(ledger, Stamp::MAX);
                prop_assert!(decision(&verdict).is_none(), "{verdict:?}");
            }
        }
    }
}

/// The verdict without its evidence, whose times differ.
fn verdict_kind(verdict: &Result<Verdict, Fact>) -> String {
    match verdict {
        Ok(Verdict::Decided(Decision::Superseded { .. }, _)) => "superseded".to_owned(),
        Ok(Verdict::Decided(decision, _)) => format!("{decision:?}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_token_over_the_limit_is_refused() {
    let ledger = acted(&environment(), Goal::Deployed, Some(1));
    let text = OperationToken::new(environment(), Some(ledger)).to_string();
    let longer = format!("{text}{}", "A".repeat(OperationToken::MAX_LENGTH));
    let error = OperationToken::from_str(&longer).expect_err("it is too long");
    assert!(error.to_string().contains("bytes long"), "{error}");
}

#[test]
fn the_token_of_an_environment_with_ten_services_stays_below_1000_characters() {
    let subject = Subject::environment(Uuid::from_u128(u128::MAX / 3));
    let mut before = baseline(&subject, "DEPLOYED");
    let long = |number: u128| Uuid::from_u128(u128::MAX / 7 + number);
    for number in 0..10 {
        let service = ServiceRef {
            kind: ServiceKind::Container,
            id: long(number),
        };
        let mut service = crate::wait::ServiceSnapshot::new(service, State::Deployed);
        service.deployment_id = Some(format!("{}-{number}", long(100 + number)));
        service.last_deployment_date = Some("2026-11-27T10:00:00.000000Z".to_owned());
        before.services.push(service);
    }
    let execution = |number: u128| format!("{}-{number}", long(200 + number));
    let past_of = |number| {
        let mut entry = past(&execution(number), "DEPLOY", "DEPLOYED");
        entry.services = (0..10)
            .map(|n| HistoryService {
                id: long(n),
                state: State::Deployed,
                action: Phase::Reached,
            })
            .collect();
        entry
    };
    let history_before = [past_of(1), past_of(2), past_of(3), past_of(4)];
    let mut ledger = Ledger::acting(
        &subject,
        Goal::Deployed,
        &before,
        Some(&[]),
        Some(&history_before),
    );
    ledger.asked(
        100,
        Some(&ActionResponse {
            request: Some(long(300)),
            execution: None,
            idle: false,
            server_time: Some(SENT),
        }),
    );
    let row = QueueRow {
        request: long(300),
        services: Some((0..10).map(long).collect()),
        ..row(0, "DEPLOY")
    };
    let mut newest = vec![past_of(5)];
    newest.extend(history_before);
    let readings = [
        queue(1_000, &[row]),
        status(1_000, &execution(5), "DEPLOYING"),
        history(2_000, &newest),
    ];
    let ledger = seen(ledger, &readings);
    let text = OperationToken::new(subject, Some(ledger)).to_string();
    assert!(text.len() < 1_000, "{} characters", text.len());
}
