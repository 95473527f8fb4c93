use qovery_api::http::HeaderMap;

use super::*;

const LIMIT: Duration = Duration::from_secs(1);

fn status(status: u16) -> Result<RawResponse, TransportError> {
    let status = StatusCode::from_u16(status).unwrap();
    Ok(RawResponse::new(status, HeaderMap::new(), ""))
}

fn is_retried(
    method: &Method,
    mode: RetryMode,
    outcome: &Result<RawResponse, TransportError>,
) -> bool {
    RetryPolicy::new().is_worth_retrying(method, mode, outcome)
}

#[test]
fn method_and_outcome_determine_whether_a_request_is_retried() {
    let safe = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE];
    let unsafe_ = [Method::POST, Method::PATCH];
    // Outcome, whether it is retried for a safe method, and for another method.
    let table = [
        (status(429), true, true),
        (status(502), true, false),
        (status(503), true, false),
        (status(504), true, false),
        (Err(TransportError::connect("refused")), true, true),
        (Err(TransportError::connect_timeout("slow")), true, true),
        (Err(TransportError::interrupted("reset")), true, false),
        (
            Err(TransportError::interrupted("refused stream").with_may_have_been_executed(false)),
            true,
            true,
        ),
        (Err(TransportError::body("half")), true, false),
        (Err(TransportError::timeout(LIMIT)), false, false),
        (Err(TransportError::too_large(1)), false, false),
        (Err(TransportError::refused("no")), false, false),
    ];
    for (outcome, for_safe, for_unsafe) in table {
        for (methods, expected) in [(&safe[..], for_safe), (&unsafe_[..], for_unsafe)] {
            for method in methods {
                let found = is_retried(method, RetryMode::Policy, &outcome);
                assert_eq!(found, expected, "{method} {outcome:?}");
                assert!(
                    !is_retried(method, RetryMode::Never, &outcome),
                    "{method} {outcome:?}"
                );
                let found = is_retried(method, RetryMode::EvenIfExecuted, &outcome);
                assert_eq!(found, for_safe, "{method} {outcome:?}");
                let found = is_retried(method, RetryMode::UnlessExecuted, &outcome);
                assert_eq!(found, for_unsafe, "{method} {outcome:?}");
            }
        }
    }
}

#[test]
fn no_other_status_is_retried() {
    for code in (100..600).filter(|code| ![429, 502, 503, 504].contains(code)) {
        for mode in [RetryMode::Policy, RetryMode::EvenIfExecuted] {
            assert!(!is_retried(&Method::GET, mode, &status(code)), "{code}");
        }
    }
}

#[test]
fn a_timeout_is_retried_only_if_enabled_and_safe() {
    let policy = RetryPolicy::new().after_timeout(true);
    let timeout = Err(TransportError::timeout(LIMIT));
    assert!(policy.is_worth_retrying(&Method::GET, RetryMode::Policy, &timeout));
    assert!(!policy.is_worth_retrying(&Method::POST, RetryMode::Policy, &timeout));
    assert!(policy.is_worth_retrying(&Method::POST, RetryMode::EvenIfExecuted, &timeout));
    assert!(!policy.is_worth_retrying(&Method::DELETE, RetryMode::UnlessExecuted, &timeout));
}

#[test]
fn without_jitter_the_delays_double_up_to_the_longest() {
    let mut delays = RetryPolicy::new()
        .jitter(false)
        .longest_delay(LIMIT * 3)
        .delays();
    let budget = Duration::from_secs(1000);
    let waits: Vec<_> = (0..5)
        .map(|_| delays.next(None, budget, budget).unwrap())
        .collect();
    let expected = [500, 1000, 2000, 3000, 3000].map(Duration::from_millis);
    assert_eq!(waits, expected);
}

#[test]
fn delays_are_spread_between_zero_and_the_growing_limit() {
    let budget = Duration::from_secs(1000);
    let mut first = Vec::new();
    let mut third = Vec::new();
    for _ in 0..500 {
        let mut delays = RetryPolicy::new().delays();
        first.push(delays.next(None, budget, budget).unwrap());
        delays.next(None, budget, budget).unwrap();
        third.push(delays.next(None, budget, budget).unwrap());
    }
    for (waits, end) in [(first, 500), (third, 2000)] {
        let end = Duration::from_millis(end);
        assert!(waits.iter().all(|wait| *wait <= end));
        // At least one of 500 is in each fifth, except with a probability of 1 in 10^48.
        assert!(waits.iter().any(|wait| *wait < end / 5));
        assert!(waits.iter().any(|wait| *wait > end / 5 * 4));
    }
}

#[test]
fn the_random_delay_follows_the_delay_that_the_server_demands() {
    let budget = Duration::from_secs(100);
    for _ in 0..100 {
        let mut delays = RetryPolicy::new().delays();
        let wait = delays.next(Some(LIMIT * 7), budget, budget).unwrap();
        assert!(
            wait >= LIMIT * 7 && wait <= LIMIT * 7 + Duration::from_millis(500),
            "{wait:?}"
        );
    }
    let mut steady = RetryPolicy::new().jitter(false).delays();
    assert_eq!(
        steady.next(Some(LIMIT * 7), budget, budget),
        Some(LIMIT * 7)
    );
}

#[test]
fn no_delay_uses_the_last_tenth_of_the_budget() {
    let budget = Duration::from_secs(100);
    let policy = RetryPolicy::new().first_delay(budget).longest_delay(budget);
    for _ in 0..100 {
        let wait = policy.delays().next(None, LIMIT * 30, budget).unwrap();
        assert!(wait <= LIMIT * 20, "{wait:?}");
        let wait = policy
            .delays()
            .next(Some(LIMIT * 15), LIMIT * 30, budget)
            .unwrap();
        assert!(wait >= LIMIT * 15 && wait <= LIMIT * 20, "{wait:?}");
    }
    assert_eq!(policy.delays().next(None, LIMIT * 10, budget), None);
    assert_eq!(policy.delays().next(Some(LIMIT * 90), budget, budget), None);
    let steady = policy.jitter(false);
    assert_eq!(steady.delays().next(None, LIMIT * 30, budget), None);
}

#[test]
fn extreme_delays_and_policies_do_not_overflow() {
    let absurd = Duration::MAX;
    let mut delays = RetryPolicy::new().delays();
    assert_eq!(delays.next(Some(absurd), LIMIT, LIMIT), None);
    let policy = RetryPolicy::new().first_delay(absurd).longest_delay(absurd);
    for jitter in [true, false] {
        let mut delays = policy.clone().jitter(jitter).delays();
        for _ in 0..200 {
            if let Some(wait) = delays.next(None, LIMIT, LIMIT) {
                assert!(wait < LIMIT);
            }
            delays.next(Some(absurd), absurd, absurd);
        }
    }
    assert_eq!(RetryPolicy::new().budget_for(absurd), absurd);
}

#[test]
fn zero_attempts_count_as_one() {
    assert_eq!(RetryPolicy::new().attempts(0), RetryPolicy::never());
    let url = "https://h.test/thing".parse().unwrap();
    let request = qovery_api::Request::new(super::super::test_support::GET, url);
    let lost = || Err(TransportError::interrupted("reset"));
    assert!(RetryPolicy::never().is_final(1, &request, &lost()));
    assert!(!RetryPolicy::new().is_final(3, &request, &lost()));
    assert!(RetryPolicy::new().is_final(4, &request, &lost()));
    assert!(!RetryPolicy::never().may_retry(RetryMode::Policy));
    assert!(!RetryPolicy::new().may_retry(RetryMode::Never));
}
