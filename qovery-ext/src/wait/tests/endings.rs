//! Deadlines, lost contact, reports, stability, conditions.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use uuid::Uuid;

use super::server::{Refusal, Server, StatusReading, deploying, fault, named, seconds, status};
use crate::wait::{
    Action, Condition, Goal, NotCanceled, OperationToken, Phase, PollSchedule, Snapshot, State,
    Subject, WaitErrorKind, WaitOptions, conditions, source::FaultKind, tests::server::ENVIRONMENT,
};

#[tokio::test(start_paused = true)]
async fn a_timeout_is_never_a_success_and_carries_what_was_last_seen() {
    let error = deploying()
        .deploy()
        .within(seconds(90))
        .await
        .expect_err("it takes longer");
    assert_eq!(
        (error.kind(), error.exit_code()),
        (WaitErrorKind::DeadlinePassed, 2)
    );
    assert_eq!(
        error.last().map(|s| s.state.clone()),
        Some(State::Deploying)
    );
    assert_eq!(error.elapsed(), seconds(90));
    assert_eq!(error.limit(), Some(seconds(90)));
    assert!(error.polls() > 5);
    assert!(error.to_string().contains("DEPLOYING"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn one_last_poll_at_the_deadline_can_still_see_the_goal() {
    let server = deploying()
        .at(59.0, status("DEPLOYED", "e-2"))
        .request_at(59.0, Some("DEPLOYED"));
    let schedule = PollSchedule::every(seconds(50));
    let reached = server
        .deploy()
        .schedule(schedule)
        .within(seconds(60))
        .await
        .expect("the last poll");
    assert_eq!(reached.elapsed, seconds(60));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_request_in_flight() {
    let mut operation = deploying()
        .deploy()
        .within(seconds(60))
        .start()
        .await
        .expect("accepted");
    operation.poll_once().await.expect("deploying");
    let server = deploying().latency(seconds(40));
    let error = server
        .deploy()
        .within(seconds(150))
        .await
        .expect_err("too slow");
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
    // The last poll takes 5 s at most.
    assert!(error.elapsed() <= seconds(155), "{:?}", error.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_before_the_server_has_accepted_the_action_is_reported() {
    let server = deploying().latency(seconds(40));
    let error = server
        .deploy()
        .within(seconds(60))
        .await
        .expect_err("too slow");
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
    assert_eq!(error.elapsed(), seconds(60));
    assert!(error.may_have_been_executed());
    let message = error.to_string();
    assert!(message.starts_with("deploying environment "), "{message}");
    assert!(
        message.ends_with(
            ": the deadline of 1m passed before the server had accepted the action: check whether it was executed \
             before you start it again"
        ),
        "{message}"
    );

    let server = deploying().latency(seconds(40));
    let error = server
        .deploy()
        .within(seconds(30))
        .await
        .expect_err("too slow");
    assert!(!error.may_have_been_executed());
    let message = error.to_string();
    assert!(
        message.ends_with(
            ": the deadline of 30s passed before the server had accepted the action, and it was not executed: \
             start it again with a longer `within`"
        ),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancel_is_sent_at_the_deadline_only_if_it_was_requested() {
    let server = deploying();
    let error = server
        .deploy()
        .within(seconds(30))
        .await
        .expect_err("too long");
    assert!(!error.was_canceled_on_server());
    assert_eq!(server.acts().len(), 1);

    let server = deploying().request_at(0.0, Some("DEPLOYING"));
    let error = server
        .deploy()
        .within(seconds(30))
        .cancel_at_deadline()
        .await
        .expect_err("too long");
    assert!(error.was_canceled_on_server());
    assert_eq!(error.not_canceled(), None);
    assert_eq!(server.acts().len(), 2);

    // The running deployment is not known to be ours.
    let server = deploying();
    let error = server
        .deploy()
        .within(seconds(30))
        .cancel_at_deadline()
        .await
        .expect_err("too long");
    assert!(!error.was_canceled_on_server());
    assert_eq!(error.not_canceled(), Some(NotCanceled::Unnamed));
    assert!(error.to_string().contains("not sent"), "{error}");
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
    assert_eq!(server.acts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn five_failed_polls_in_a_row_are_tolerated_and_a_sixth_is_not() {
    let broken = || fault(FaultKind::Transient);
    let every = PollSchedule::every(seconds(10));
    // Polls at 0, 10, …: five of them fail, the one at 60 does not.
    let server = deploying()
        .at(5.0, broken())
        .at(55.0, status("DEPLOYED", "e-2"));
    server
        .deploy()
        .schedule(every.clone())
        .await
        .expect("five are tolerated");

    let server = deploying().at(5.0, broken());
    let error = server
        .deploy()
        .schedule(every)
        .await
        .expect_err("the sixth ends it");
    assert_eq!(
        (error.kind(), error.exit_code()),
        (WaitErrorKind::LostContact, 2)
    );
    assert_eq!(error.elapsed(), seconds(60));
    assert_eq!(
        error.last().map(|s| s.state.clone()),
        Some(State::Deploying)
    );
}

#[tokio::test(start_paused = true)]
async fn a_successful_poll_resets_the_count_of_failed_polls() {
    let mut server = deploying();
    for minute in 0..10 {
        let at = f64::from(minute) * 60.0;
        server = server
            .at(at + 5.0, fault(FaultKind::Transient))
            .at(at + 45.0, status("DEPLOYING", "e-2"));
    }
    let server = server.at(700.0, status("DEPLOYED", "e-2"));
    let every = PollSchedule::every(seconds(10));
    server
        .deploy()
        .schedule(every)
        .await
        .expect("never six in a row");
}

#[tokio::test(start_paused = true)]
async fn unauthorized_and_forbidden_end_at_once() {
    for kind in [FaultKind::Unauthorized, FaultKind::Forbidden] {
        let server = deploying().at(10.0, fault(kind));
        let error = server.deploy().await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.exit_code()),
            (WaitErrorKind::Refused, 3)
        );
        assert!(error.elapsed() < seconds(30));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_poll_says_whether_the_server_may_continue() {
    let server = deploying().at(10.0, fault(FaultKind::Unauthorized));
    let error = server.deploy().await.expect_err("refused");
    assert!(error.may_have_been_executed());
    let step = "; the server may continue: check the API token and its role, then resume the wait with its token";
    assert!(error.to_string().ends_with(step), "{error}");

    let server = Server::default().at(0.0, fault(FaultKind::Unauthorized));
    let subject = Subject::environment(ENVIRONMENT);
    let error = Action::watch(server.source(), subject, Goal::Deployed).await;
    let error = error.expect_err("refused");
    let step = "; check the id, the API token and its role";
    assert!(error.to_string().ends_with(step), "{error}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_respected_up_to_the_limit_even_beyond_the_interval() {
    for (asked, longest, expected) in [
        (seconds(50), None, 50.0),
        // As long as the deadline, for ever, and beyond the range of the clock.
        (seconds(31_536_000), None, 60.0),
        (Duration::MAX, None, 60.0),
        (seconds(31_536_000), Some(seconds(90)), 90.0),
        (seconds(50), Some(seconds(20)), 20.0),
    ] {
        let busy = Refusal::of(FaultKind::TooManyRequests).retry_after(asked);
        let server = deploying()
            .at(4.0, StatusReading::Refused(busy))
            .at(12.0, status("DEPLOYED", "e-2"));
        let mut options = WaitOptions::default();
        options.longest_retry_after = longest.unwrap_or(options.longest_retry_after);
        server.deploy().options(options).await.expect("deployed");
        let reads = server.reads();
        let gap = reads.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        assert!(
            (expected - 0.01..expected + 5.0).contains(&gap),
            "{asked:?} {reads:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_is_answered_with_429_is_sent_again_after_a_limited_delay() {
    let busy = Refusal::of(FaultKind::TooManyRequests).retry_after(seconds(31_536_000));
    let server = deploying()
        .at(20.0, status("DEPLOYED", "e-2"))
        .act_fails(busy);
    let begun = tokio::time::Instant::now();
    server.deploy().await.expect("the second time");
    assert_eq!(server.acts().len(), 2);
    assert!(begun.elapsed() < seconds(100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_operation_has_every_setting_of_an_action() {
    let server = deploying().at(200.0, status("BUILD_ERROR", "e-2"));
    let operation = server.deploy().start().await.expect("accepted");
    let reported = Arc::new(Mutex::new(0));
    let sink = Arc::clone(&reported);
    let error = operation
        .options(WaitOptions::default())
        .within(seconds(3600))
        .without_deadline()
        .tolerate(1)
        .stable_for(Duration::ZERO)
        .settle(seconds(5))
        .cancel_at_deadline()
        .schedule(PollSchedule::every(seconds(50)))
        .log_lines(0)
        .on_progress(move |_| *sink.lock().unwrap() += 1)
        .await
        .expect_err("the build fails");
    assert_eq!(error.kind(), WaitErrorKind::Failed);
    assert_eq!(server.0.lock().unwrap().logs, 0, "no log was asked for");
    assert!(*reported.lock().unwrap() > 1);
    // One before the action, then every 50 s.
    let reads = server.reads();
    assert_eq!(reads.len(), 6, "{reads:?}");
}

#[tokio::test(start_paused = true)]
async fn an_action_is_retried_only_if_it_was_certainly_not_executed() {
    let server = deploying()
        .at(20.0, status("DEPLOYED", "e-2"))
        .act_fails(Refusal::of(FaultKind::TooManyRequests));
    server.deploy().await.expect("the second time");
    assert_eq!(server.acts().len(), 2);

    let server = deploying().act_fails(Refusal::of(FaultKind::Transient));
    let error = server.deploy().await.expect_err("nobody knows");
    assert_eq!(server.acts().len(), 1);
    assert_eq!(error.kind(), WaitErrorKind::LostContact);
    assert!(error.may_have_been_executed());

    let server = deploying().act_fails(Refusal::of(FaultKind::Rejected));
    let error = server.deploy().await.expect_err("refused");
    assert_eq!(
        (error.kind(), error.exit_code()),
        (WaitErrorKind::Refused, 3)
    );
    assert!(!error.may_have_been_executed());
}

#[tokio::test(start_paused = true)]
async fn the_report_is_fetched_once_and_its_failure_does_not_hide_the_failure() {
    let failing = || deploying().at(20.0, status("BUILD_ERROR", "e-2"));
    let server = failing().log((0..100).map(|i| format!("line {i} {}", "x".repeat(5000))));
    let error = server.deploy().log_lines(3).await.expect_err("it failed");
    let report = error.report().expect("a report");
    assert_eq!(report.lines.len(), 3);
    assert!(report.lines[2].text.starts_with("line 99"));
    assert!(error.to_string().len() < 5000, "bounded");
    assert!(error.to_string().contains("console.qovery.com"));
    assert_eq!(server.0.lock().unwrap().logs, 1);

    let server = failing().log_fails(Refusal::of(FaultKind::Transient));
    let error = server.deploy().await.expect_err("it failed");
    assert_eq!(error.kind(), WaitErrorKind::Failed);
    let report = error.report().expect("a report all the same");
    let why = report.incomplete.as_deref().expect("the reason");
    assert!(
        why.contains("listEnvironmentLogs") && why.contains("503"),
        "{why}"
    );
    assert_eq!(report.deployment_id.as_deref(), Some("e-2"));
}

#[tokio::test(start_paused = true)]
async fn a_goal_with_stable_for_is_not_reached_while_its_state_changes() {
    let server = deploying()
        .at(20.0, status("DEPLOYED", "e-2"))
        .at(30.0, status("DEPLOYING", "e-2"))
        .at(40.0, status("DEPLOYED", "e-2"));
    let action = Action::watch(
        server.source(),
        Subject::environment(ENVIRONMENT),
        Goal::Deployed,
    );
    let server_now = server
        .act(crate::wait::action_request::ActionRequest::Redeploy)
        .start()
        .await
        .expect("accepted");
    drop(server_now);
    let reached = action
        .stable_for(seconds(30))
        .await
        .expect("it holds in the end");
    assert!(
        reached.elapsed >= seconds(70) && reached.elapsed <= seconds(86),
        "{:?}",
        reached.elapsed
    );
}

#[tokio::test(start_paused = true)]
async fn any_condition_can_be_waited_for_and_an_impossible_one_fails() {
    let until = |server: &Server, condition: Box<dyn Condition>| {
        Action::until(
            server.source(),
            Subject::environment(ENVIRONMENT),
            condition,
        )
    };
    let server = Server::default()
        .at(0.0, status("DEPLOYED", "e-1"))
        .at(30.0, status("STOPPED", "e-2"));
    let stopped = conditions::state(State::Stopped).and(|s: &Snapshot| s.deployment_id.is_some());
    let reached = until(&server, Box::new(stopped))
        .await
        .expect("it is stopped");
    assert_eq!(reached.goal, None);
    assert!(reached.elapsed >= seconds(30));

    let server = Server::default().at(0.0, status("BUILD_ERROR", "e-1"));
    let hopeless = conditions::reached_or_failed(Goal::Deployed);
    let error = until(&server, Box::new(hopeless)).await.expect_err("never");
    assert_eq!(error.kind(), WaitErrorKind::Failed);
    assert!(error.to_string().contains("BUILD_ERROR"));

    let server = Server::default()
        .at(0.0, status("DELETING", "e-1"))
        .at(10.0, fault(FaultKind::NotFound));
    until(&server, Box::new(conditions::gone()))
        .await
        .expect("gone");
}

#[tokio::test(start_paused = true)]
async fn progress_is_emitted_at_once_after_a_change_and_as_a_heartbeat() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let server = deploying().at(100.0, status("DEPLOYED", "e-2"));
    let sink = Arc::clone(&reported);
    server
        .deploy()
        .on_progress(move |p| {
            sink.lock()
                .unwrap()
                .push((p.elapsed.as_secs(), p.heartbeat, p.phase))
        })
        .await
        .expect("deployed");
    let reported = reported.lock().unwrap().clone();
    assert_eq!(reported[0], (0, false, Phase::Running));
    assert_eq!(reported.iter().filter(|t| t.1).count(), 3, "{reported:?}");
    let last = reported.last().unwrap();
    assert!(
        !last.1 && last.2 == Phase::Reached && last.0 >= 100,
        "{reported:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_goes_through_text_and_carries_the_wait_to_another_process() {
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYED", "e-1"))
        .at(30.0, status("DEPLOYING", "e-2"))
        .at(60.0, status("DEPLOYED", "e-2"))
        .request_at(0.0, None);
    let operation = server.deploy().start().await.expect("accepted");
    let text = operation.token().to_string();
    drop(operation);
    let token: OperationToken = text.parse().expect("the same token");
    let json = serde_json::to_string(&token).expect("a document");
    let token: OperationToken = serde_json::from_str(&json).expect("the same token");
    let ledger = *token.ledger.clone().expect("a goal");
    let resumed = Action::resume(
        server.source(),
        token.subject().clone(),
        ledger,
        Duration::ZERO,
    );
    let reached = resumed.await.expect("deployed");
    assert!(
        reached.elapsed >= seconds(60),
        "the stale DEPLOYED did not count"
    );

    let version = |number: u32| format!("\"version\":{number}");
    let (own, next) = (OperationToken::VERSION, OperationToken::VERSION + 1);
    let newer = json.replace(&version(own), &version(next));
    assert_ne!(newer, json);
    assert!(serde_json::from_str::<OperationToken>(&newer).is_err());
    assert!("qovery-op-???".parse::<OperationToken>().is_err());
}

#[tokio::test(start_paused = true)]
async fn poll_once_after_the_deadline_reports_that_it_has_passed() {
    let server = deploying();
    let start = server.deploy().within(seconds(30)).start();
    let mut operation = start.await.expect("accepted");
    operation.poll_once().await.expect("deploying");
    tokio::time::advance(seconds(31)).await;
    let error = operation.poll_once().await.expect_err("too late");
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_applies_even_if_the_wait_is_dropped_repeatedly() {
    let server = deploying();
    let start = server.deploy().within(seconds(30)).start();
    let mut operation = start.await.expect("accepted");
    server.0.lock().unwrap().latency = seconds(60);
    let begun = tokio::time::Instant::now();
    let error = loop {
        if let Ok(result) = tokio::time::timeout(seconds(1), operation.wait()).await {
            break result.expect_err("no status arrives");
        }
    };
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
    assert!(begun.elapsed() <= seconds(36), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_report_that_does_not_arrive_does_not_delay_the_end_even_if_the_wait_is_dropped() {
    let server = deploying().at(5.0, status("BUILD_ERROR", "e-2"));
    let mut operation = server.deploy().start().await.expect("accepted");
    let begun = tokio::time::Instant::now();
    let mut slow = false;
    let error = loop {
        if let Ok(result) = tokio::time::timeout(seconds(1), operation.wait()).await {
            break result.expect_err("the build failed");
        }
        if operation
            .last()
            .is_some_and(|s| s.state == State::BuildError)
            && !slow
        {
            break operation.wait().await.expect_err("the build failed");
        }
        if begun.elapsed() > seconds(3) {
            // Statuses are quick, the log is not.
            server.0.lock().unwrap().log_latency = seconds(3600);
            slow = true;
        }
    };
    assert_eq!(error.kind(), WaitErrorKind::Failed);
    assert!(begun.elapsed() <= seconds(40), "{:?}", begun.elapsed());
    let report = error.report().expect("the facts of the status");
    assert!(report.incomplete.is_some());
}

#[tokio::test(start_paused = true)]
async fn settings_that_mean_never_do_not_overflow() {
    let server = deploying()
        .at(100.0, status("DEPLOYED", "e-2"))
        .request_at(0.0, Some("DEPLOYING"))
        .request_at(100.0, Some("DEPLOYED"));
    let options = WaitOptions {
        heartbeat: Duration::MAX,
        poll_timeout: Duration::MAX,
        settle: Duration::MAX,
        deadline: crate::wait::Deadline::After(Duration::MAX),
        ..WaitOptions::default()
    };
    let schedule = PollSchedule::every(seconds(10))
        .growth(3.0)
        .jitter_share(0.3);
    server
        .deploy()
        .options(options)
        .schedule(schedule)
        .await
        .expect("deployed");
    let error = deploying()
        .deploy()
        .stable_for(Duration::MAX)
        .schedule(PollSchedule::every(Duration::MAX))
        .within(seconds(60))
        .await
        .expect_err("it never ends");
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
}

#[tokio::test(start_paused = true)]
async fn a_first_reading_that_fails_is_tolerated_like_any_other() {
    let server = Server::default()
        .before(fault(FaultKind::Transient))
        .at(0.0, status("DEPLOYED", "e-1"));
    let before_acting = server.deploy().await.expect_err("it never gets better");
    assert_eq!(before_acting.kind(), WaitErrorKind::LostContact);
    assert_eq!(before_acting.polls(), 6, "five are tolerated");
    assert!(!before_acting.may_have_been_executed());

    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, fault(FaultKind::Transient))
        .at(3.0, status("DEPLOYING", "e-2"))
        .at(20.0, status("DEPLOYED", "e-2"));
    server
        .deploy()
        .await
        .expect("the first poll fails, the wait goes on");
}

#[test]
fn a_token_of_the_first_version_is_refused_by_its_version() {
    let written = concat!(
        r#"{"version":1,"subject":{"environment":{"id":"0000000e-0000-0000-0000-000000000000","#,
        r#""project":null}},"operation":{"goal":"deployed","acted":true,"#,
        r#""request":"00000042-0000-0000-0000-000000000000","answered_idle":false,"#,
        r#""waited_before":[],"calm":true,"tracks":[{"track":{"service":null,"baseline":"#,
        r#"{"state":"DEPLOYED","deployment":"e-1","request":null,"date":null,"waiting":0,"#,
        r#""part":null,"action":null},"seen":true,"moved":false,"active":false,"ran":false,"#,
        r#""calmed":false,"deployment":null,"waited":false,"missing":0},"decided":null}],"#,
        r#""of_a_later_version":true}}"#
    );
    let error = serde_json::from_str::<OperationToken>(written).expect_err("an old token");
    assert!(error.to_string().contains("version 1"), "{error}");
}

#[test]
fn the_error_of_a_damaged_token_says_what_to_do() {
    let cut_version = format!("qovery-op-{}", OperationToken::VERSION);
    let long = format!("{cut_version}-{}", "A".repeat(OperationToken::MAX_LENGTH));
    for (text, why) in [
        (cut_version.as_str(), "it is cut off or changed"),
        (&format!("{cut_version}-"), "it is cut off or changed"),
        ("qovery-op-", "it is cut off or changed"),
        ("qovery-op-x-AAAA", "it is cut off or changed"),
        ("op-9-AAAA", "it does not begin with \"qovery-op-\""),
        (&long, "it is 16397 bytes long, and the limit is 16384"),
    ] {
        let error = text.parse::<OperationToken>().expect_err(text).to_string();
        let expected = format!(
            "not a usable operation token: {why}: pass the whole text as it was printed, or start the wait again"
        );
        assert_eq!(error, expected);
    }
    let error = "qovery-op-8-AAAA"
        .parse::<OperationToken>()
        .expect_err("an old token");
    assert!(error.to_string().contains("version 8"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_settle_period_that_ends_during_a_poll_is_followed_by_a_poll_at_once() {
    for tenths in 1..=30 {
        let latency = Duration::from_millis(tenths * 100);
        let server = Server::default()
            .before(status("DEPLOYED", "e-1"))
            .latency(latency)
            .act_fails(Refusal::of(FaultKind::Transient));
        let schedule = PollSchedule::every(seconds(10));
        let error = server.deploy().schedule(schedule).await;
        let error = error.expect_err("it was not executed");
        assert_eq!(error.kind(), WaitErrorKind::LostContact, "{error}");
        let reads = server.reads();
        // The response to the action follows the first reading, and the settle period begins.
        let settled = reads[0] + latency.as_secs_f64() + 15.0;
        let due = settled..=settled + 4.0 * latency.as_secs_f64();
        assert!(
            reads.iter().any(|at| due.contains(at)),
            "{latency:?}: {reads:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_has_failed_returns_the_same_error_in_each_call() {
    let mut operation = deploying()
        .at(20.0, status("BUILD_ERROR", "e-2"))
        .deploy()
        .start()
        .await
        .expect("accepted");
    let first = operation.wait().await.expect_err("it failed");
    assert!(first.is_failed(), "{first}");
    let again = operation.wait().await.expect_err("it has failed");
    assert_eq!(format!("{again:#}"), format!("{first:#}"));
    let polled = operation.poll_once().await.expect_err("it has failed");
    assert_eq!(polled.kind(), first.kind());
}

#[tokio::test(start_paused = true)]
async fn polls_that_take_too_long_are_followed_by_the_delays_of_the_schedule() {
    let lasting = async |settle: Duration| {
        let server = Server::default()
            .before(status("DEPLOYED", "e-1"))
            .latency(seconds(3))
            .act_fails(Refusal::of(FaultKind::Transient));
        let options = WaitOptions {
            poll_timeout: seconds(4),
            schedule: PollSchedule::every(seconds(10)),
            settle,
            ..WaitOptions::default()
        };
        let error = server
            .deploy()
            .options(options)
            .within(seconds(600))
            .await
            .expect_err("it has no trace");
        let reads = server.reads();
        let between = reads.windows(2).map(|pair| pair[1] - pair[0]);
        // One poll at the end of the settle period can follow at once.
        let short = between.filter(|pause| *pause < 10.0).count();
        assert!(short <= 3, "{settle:?}, {error}: {reads:?}");
    };
    for settle in [seconds(0), seconds(1), seconds(15)] {
        lasting(settle).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_made_long_before_the_response_to_the_action_is_ours() {
    // 2026-01-01T00:00:01Z.
    let request = Uuid::from_u128(1_767_225_601_000 << 80 | 0x7000_8000_0000_0000_0001);
    let waited = async |latency: Duration| {
        let server = Server::default()
            .before(status("STOPPED", "e-1"))
            .at(0.0, named("DEPLOYING", "e-2", request))
            .at(40.0, status("DEPLOYED", "e-2"))
            .history_of(&[("e-2", "DEPLOY", "DEPLOYED"), ("e-1", "STOP", "STOPPED")])
            .date("Thu, 01 Jan 2026 00:00:05 GMT")
            .latency(latency);
        server.deploy().within(seconds(600)).await
    };
    assert!(waited(seconds(5)).await.is_ok());
    // The server answered at once, so that the request was made before the action.
    assert!(waited(seconds(0)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_settle_period_of_zero_does_not_poll_without_a_pause_while_the_history_is_late() {
    let server = Server::default()
        .before(status("STOPPED", "e-1"))
        .at(0.0, status("DEPLOYED", "e-2"))
        .history_of(&[("e-2", "DEPLOY", "DEPLOYING"), ("e-1", "STOP", "STOPPED")])
        .latency(Duration::from_millis(100));
    let options = WaitOptions {
        schedule: PollSchedule::every(seconds(10)),
        settle: Duration::ZERO,
        ..WaitOptions::default()
    };
    let _ = server.deploy().options(options).within(seconds(60)).await;
    assert!(server.reads().len() <= 12, "{:?}", server.reads());
}
