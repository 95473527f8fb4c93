//! The times of requests, on paused time: backoff, budgets, `Retry-After`, deadlines, limits.

use std::time::Duration;

use qovery_api::{RetryMode, TransportError};
use tokio::time::Instant;

use super::{
    Connect, RetryPolicy,
    test_support::{
        DELETE, GET, HEAD, PATCH, POST, PUT, Script, Step, TOKEN, request, seconds, send,
    },
};

fn connect() -> Connect {
    Connect::new().token(TOKEN)
}

fn steady() -> RetryPolicy {
    RetryPolicy::new().jitter(false)
}

#[tokio::test(start_paused = true)]
async fn retries_back_off_and_the_last_response_has_their_number_and_time() {
    let script = Script::new([Step::status(503, &[])]);
    let client = script.client(connect().retry(steady()));
    let response = send(&client, GET).await.unwrap();
    assert_eq!(response.status.as_u16(), 503);
    assert_eq!(script.waits(), [500, 1000, 2000].map(Duration::from_millis));
    assert_eq!(response.attempts, 4);
    assert_eq!(response.elapsed, Duration::from_millis(3500));
    assert!(response.executed_before);
}

#[tokio::test(start_paused = true)]
async fn a_transient_fault_is_hidden_by_a_retry() {
    for operation in [GET, HEAD, PUT, DELETE] {
        let script = Script::new([
            Step::error(|| TransportError::interrupted("reset")),
            Step::status(502, &[]),
            Step::status(200, &[]),
        ]);
        let response = script.call(operation).await.unwrap();
        assert_eq!(response.status.as_u16(), 200, "{}", operation.id);
        assert_eq!(response.attempts, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_may_have_been_executed_is_sent_once() {
    for operation in [POST, PATCH] {
        for step in [
            Step::error(|| TransportError::interrupted("reset")),
            Step::error(|| TransportError::body("half")),
            Step::status(502, &[]),
            Step::status(503, &[("retry-after", "1")]),
            Step::status(504, &[]),
            Step::status(500, &[]),
            Step::status(408, &[]),
            Step::status(200, &[]).after(seconds(600)),
        ] {
            let script = Script::new([step, Step::status(200, &[])]);
            let _ = script.call(operation).await;
            assert_eq!(script.count(), 1, "{}", operation.id);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_certainly_not_executed_is_retried_with_any_method() {
    for operation in [GET, HEAD, PUT, DELETE, POST, PATCH] {
        let script = Script::new([
            Step::error(|| TransportError::connect("refused")),
            Step::status(429, &[]),
            Step::error(|| TransportError::connect_timeout("slow")),
            Step::status(200, &[]),
        ]);
        let response = script.call(operation).await.unwrap();
        assert_eq!(response.attempts, 4, "{}", operation.id);
        assert!(!response.executed_before, "{}", operation.id);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_error_reports_that_an_earlier_attempt_may_have_been_executed() {
    let refused = || TransportError::connect("refused");
    let script = Script::new([
        Step::error(|| TransportError::interrupted("reset")),
        Step::error(refused),
    ]);
    let error = script.call(DELETE).await.unwrap_err();
    assert!(error.is_connect() && error.may_have_been_executed());
    assert_eq!(error.attempts(), 4);
    let script = Script::new([Step::error(refused)]);
    let error = script.call(DELETE).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_executed());
}

#[tokio::test(start_paused = true)]
async fn a_call_can_forbid_or_allow_its_retries() {
    let script = Script::new([Step::status(503, &[])]);
    let client = script.client(connect());
    let mut never = request(&client, GET);
    never.retry = RetryMode::Never;
    assert_eq!(client.transport().send(never).await.unwrap().attempts, 1);
    let mut again = request(&client, POST);
    again.retry = RetryMode::EvenIfExecuted;
    assert_eq!(client.transport().send(again).await.unwrap().attempts, 4);
    let mut own = request(&client, GET);
    own.extensions.insert(RetryPolicy::new().attempts(2));
    assert_eq!(client.transport().send(own).await.unwrap().attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn one_setting_turns_off_retries() {
    let script = Script::new([Step::error(|| TransportError::connect("refused"))]);
    let client = script.client(connect().retry(RetryPolicy::never()));
    assert_eq!(send(&client, GET).await.unwrap_err().attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_demanded_delay_is_read_as_seconds_a_date_and_the_reset_of_the_limit() {
    for headers in [
        &[("retry-after", "17")][..],
        &[
            ("retry-after", "Tue, 14 Nov 2023 22:13:37 GMT"),
            ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ],
        &[("x-ratelimit-reset", "17"), ("x-ratelimit-remaining", "0")],
        &[
            ("x-ratelimit-reset", "1700000017"),
            ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ],
        &[
            ("x-ratelimit-reset", "1700000016001"),
            ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ],
    ] {
        for operation in [GET, POST] {
            let script = Script::new([Step::status(429, headers), Step::status(200, &[])]);
            let client = script.client(connect().retry(steady()));
            assert_eq!(send(&client, operation).await.unwrap().status.as_u16(), 200);
            assert_eq!(script.waits(), [seconds(17)], "{headers:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_demanded_delay_beyond_the_budget_ends_the_call_at_once() {
    for value in [
        "109",
        "3600",
        "99999999999999999999999999999999",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let value: &'static str = value;
        let headers: &'static [(&'static str, &'static str)] =
            Box::leak(Box::new([("retry-after", value)]));
        let script = Script::new([Step::status(503, headers)]);
        let response = script.call(GET).await.unwrap();
        assert_eq!(
            (response.attempts, response.elapsed),
            (1, Duration::ZERO),
            "{value}"
        );
        assert!(response.retry_after().unwrap() > seconds(108), "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_or_past_delay_is_ignored() {
    for value in [
        "soon",
        "-5",
        "",
        "Tue, 14 Nov 2000 22:13:37 GMT",
        "0",
        "1e9",
    ] {
        let value: &'static str = value;
        let headers: &'static [(&'static str, &'static str)] =
            Box::leak(Box::new([("retry-after", value)]));
        let script = Script::new([Step::status(503, headers), Step::status(200, &[])]);
        let client = script.client(connect().retry(steady()));
        assert_eq!(send(&client, GET).await.unwrap().attempts, 2, "{value}");
        assert_eq!(script.waits(), [Duration::from_millis(500)], "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_the_call_and_bounds_each_request() {
    let policy = RetryPolicy::new()
        .attempts(1000)
        .budget(seconds(30))
        .after_timeout(true);
    for slow in [0, 1, 7, 29, 31, 500] {
        let script = Script::new([Step::status(503, &[]).after(seconds(slow))]);
        let client = script.client(connect().retry(policy.clone()).request_timeout(seconds(20)));
        let started = Instant::now();
        let outcome = send(&client, GET).await;
        assert!(started.elapsed() <= seconds(30), "{slow}");
        for seen in script.seen() {
            let (at, limit) = (seen.at, seen.limit.unwrap());
            assert!(
                limit <= seconds(20) && at + limit <= seconds(30),
                "{slow} {seen:?}"
            );
            // No attempt begins with very little time left.
            assert!(limit >= seconds(3), "{slow} {seen:?}");
        }
        let (attempts, elapsed) = match &outcome {
            Ok(response) => (response.attempts, response.elapsed),
            Err(error) => (error.attempts(), error.elapsed()),
        };
        assert_eq!(attempts as usize, script.count(), "{slow}");
        assert_eq!(elapsed, started.elapsed(), "{slow}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_ignores_its_limit_is_stopped() {
    let script = Script::new([Step::status(200, &[]).after(seconds(1000))]);
    let client = script.client(connect().request_timeout(seconds(7)));
    let error = send(&client, GET).await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_executed());
    assert_eq!((error.attempts(), error.elapsed()), (1, seconds(7)));
    assert!(error.to_string().contains("7s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_call_includes_all_attempts_and_delays() {
    // The second attempt of the second row is cut off. A call may also take longer than the default allows, as
    // in the last row.
    for (limit, slow, answered) in [
        (10, 0, true),
        (10, 4, false),
        (10, 600, false),
        (300, 299, true),
    ] {
        let script = Script::new([Step::status(503, &[("retry-after", "2")]).after(seconds(slow))]);
        let client = script.client(connect().retry(RetryPolicy::new().attempts(99)));
        let mut request = request(&client, GET);
        request.timeout = Some(seconds(limit));
        let started = Instant::now();
        let outcome = client.transport().send(request).await;
        assert!(started.elapsed() <= seconds(limit));
        assert_eq!(outcome.is_ok(), answered, "{limit} {slow}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_extreme_limit_does_not_panic() {
    let script = Script::new([Step::status(200, &[])]);
    let client = script.client(connect().request_timeout(Duration::MAX));
    assert!(send(&client, GET).await.is_ok());
    let mut request = request(&client, GET);
    request.timeout = Some(Duration::ZERO);
    let error = client.transport().send(request).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_executed());
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn clones_share_the_limits_and_time_in_the_queue_is_no_attempt() {
    let script = Script::new([Step::status(200, &[]).after(seconds(10))]);
    let client = script.client(connect().concurrency_limit(1));
    let clone = client.clone();
    let first = tokio::spawn(async move { send(&clone, POST).await });
    tokio::task::yield_now().await;
    let mut second = request(&client, POST);
    second.timeout = Some(seconds(4));
    let error = client.transport().send(second).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_executed());
    assert_eq!((error.attempts(), error.elapsed()), (0, seconds(4)));
    assert!(first.await.unwrap().is_ok());
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn retries_count_against_the_rate_and_a_delay_does_not_count_as_in_flight() {
    let script = Script::new([
        Step::status(503, &[("retry-after", "20")]),
        Step::status(200, &[]),
    ]);
    let settings = connect()
        .retry(steady())
        .concurrency_limit(1)
        .rate_limit(2, seconds(60));
    let client = script.client(settings);
    let clone = client.clone();
    let repeated = tokio::spawn(async move { send(&clone, GET).await });
    tokio::task::yield_now().await;
    // It is sent while the first call waits for its retry.
    send(&client, GET).await.unwrap();
    assert_eq!(repeated.await.unwrap().unwrap().attempts, 2);
    let at: Vec<_> = script.seen().iter().map(|seen| seen.at).collect();
    assert_eq!(at, [seconds(0), seconds(0), seconds(60)]);
}

#[tokio::test(start_paused = true)]
async fn if_the_servers_limit_is_used_up_all_clones_wait_for_its_reset() {
    let spent = &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "40")];
    let script = Script::new([Step::status(200, spent), Step::status(200, &[])]);
    let client = script.client(connect());
    send(&client, GET).await.unwrap();
    send(&client.clone(), POST).await.unwrap();
    assert_eq!(script.waits(), [seconds(40)]);
}

#[tokio::test(start_paused = true)]
async fn a_queued_call_respects_a_delay_that_the_server_demands_in_the_meantime() {
    let slow_down = Step::status(429, &[("retry-after", "40")]).after(seconds(1));
    for limits in [
        connect().concurrency_limit(1),
        connect().concurrency_limit(1).rate_limit(100, seconds(1)),
        connect().rate_limit(1, seconds(2)),
    ] {
        let script = Script::new([slow_down.clone(), Step::status(200, &[])]);
        let client = script.client(limits.retry(steady()));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let client = client.clone();
            tasks.spawn(async move { send(&client, POST).await.unwrap() });
        }
        for response in tasks.join_all().await {
            assert_eq!(response.status.as_u16(), 200);
        }
        let at: Vec<_> = script.seen().iter().map(|seen| seen.at).collect();
        assert_eq!(at.len(), 5, "{at:?}");
        assert!(at[1..].iter().all(|at| *at >= seconds(41)), "{at:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ignores_a_hold_does_not_wait_for_one_that_respects_it() {
    let slow_down = Step::status(429, &[("retry-after", "40")]);
    let script = Script::new([slow_down, Step::status(200, &[])]);
    let client = script.client(connect().concurrency_limit(1).retry(steady()));
    let clone = client.clone();
    let waiting = tokio::spawn(async move { send(&clone, GET).await });
    tokio::task::yield_now().await;
    let mut never = request(&client, GET);
    never.retry = RetryMode::Never;
    assert!(client.transport().send(never).await.is_ok());
    assert_eq!(script.seen()[1].at, Duration::ZERO);
    assert_eq!(waiting.await.unwrap().unwrap().attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn a_reset_that_is_too_late_is_ignored() {
    let spent = &[
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "3000"),
    ];
    let script = Script::new([Step::status(200, spent), Step::status(200, &[])]);
    let client = script.client(connect());
    send(&client, GET).await.unwrap();
    send(&client, GET).await.unwrap();
    assert_eq!(script.waits(), [Duration::ZERO]);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_at_any_time_frees_its_permit() {
    let script = Script::new([Step::status(503, &[]).after(seconds(1))]);
    let client = script.client(connect().concurrency_limit(1));
    for tenths in 0..60 {
        let limit = Duration::from_millis(tenths * 100);
        let _ = tokio::time::timeout(limit, send(&client, GET)).await;
    }
    let before = Instant::now();
    let mut last = request(&client, GET);
    last.retry = RetryMode::Never;
    client.transport().send(last).await.unwrap();
    assert_eq!(before.elapsed(), seconds(1));
}

#[test]
fn a_call_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let script_free = connect().build().unwrap();
    is_send(&send(&script_free, GET));
}

#[cfg(feature = "stream")]
#[tokio::test(start_paused = true)]
async fn a_429_to_a_handshake_holds_all_calls_of_the_client() {
    let slow_down = Step::status(429, &[("retry-after", "40")]);
    let script = Script::new([slow_down, Step::status(200, &[])]);
    let client = script.client(connect().retry(steady()));
    let handshake = client.transport().upgrade(request(&client, GET));
    assert!(matches!(
        handshake.await,
        Ok(qovery_api::Upgrade::Refused(response)) if response.status.as_u16() == 429
    ));
    send(&client, POST).await.unwrap();
    assert_eq!(script.waits(), [seconds(40)]);
}

#[cfg(feature = "stream")]
#[tokio::test(start_paused = true)]
async fn a_handshake_without_time_left_is_not_sent() {
    let script = Script::new([Step::status(200, &[])]);
    let client = script.client(connect());
    let mut late = request(&client, GET);
    late.timeout = Some(Duration::ZERO);
    let error = client.transport().upgrade(late).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_executed());
    assert_eq!(script.count(), 0);
}
