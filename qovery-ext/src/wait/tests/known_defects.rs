//! The defects of well-known clients, each with a test of this crate.
//!
//! Some of these tests are in the module of their subject:
//!
//! | a client that… | our test |
//! |---|---|
//! | loses the operation when a poll is dropped | `a_dropped_poll_does_not_lose_the_operation` |
//! | leaks tasks or resources when a wait is dropped | `a_dropped_stream_cancels_nothing_and_leaves_no_task_behind` |
//! | panics on short intervals | `every_interval_is_accepted_and_respected` |
//! | forgets the last status at its timeout | `a_timeout_is_never_a_success_and_carries_what_was_last_seen` |
//! | ends with the first error | `a_first_reading_that_fails_is_tolerated_like_any_other` |
//! | takes the state from before the action for its result | `a_stale_success_after_the_action_is_not_taken_for_this_deployment` |
//! | derives the outcome of one service from its neighbors | `an_old_failure_of_a_neighbor_does_not_affect_the_outcome` |
//! | follows a repeated cursor for ever, or stops there as if all was read | `a_cycle_of_cursors_is_an_error_and_repeats_no_item` |
//! | ends a list at an empty page | `an_empty_page_in_the_middle_of_links_does_not_end_them` |
//! | retries any method at once | `retries_back_off_and_the_last_response_has_their_number_and_time` |
//! | shows the token | `nothing_shows_the_token` |

use std::time::Duration;

use futures_util::StreamExt;

use super::server::{Server, bare, deploying, fault, seconds, status};
use crate::wait::{
    Action, Goal, PollSchedule, Subject, WaitErrorKind, source::FaultKind,
    tests::server::ENVIRONMENT,
};

// A stream that polls without a delay sends 999 requests at once.
#[tokio::test(start_paused = true)]
async fn the_stream_keeps_to_the_schedule() {
    let server = deploying().at(300.0, status("DEPLOYED", "e-2"));
    let action = server.deploy().schedule(PollSchedule::every(seconds(30)));
    let reported: Vec<_> = action.progress().await.expect("accepted").collect().await;
    assert!(reported.iter().all(Result::is_ok));
    // Before the action, at once, then every 30 s.
    assert_eq!(server.reads().len(), 12, "{:?}", server.reads());
}

// A time limit that uses another clock than the delays is exceeded by a whole delay.
#[tokio::test(start_paused = true)]
async fn a_limit_shorter_than_the_interval_applies_on_paused_time() {
    let error = deploying()
        .deploy()
        .schedule(PollSchedule::every(seconds(60)))
        .within(seconds(10))
        .await
        .expect_err("it takes longer");
    assert_eq!(error.elapsed(), seconds(10));
}

// The first status is delivered only after the first interval.
#[tokio::test(start_paused = true)]
async fn the_first_status_is_delivered_when_it_is_read() {
    let server = deploying();
    let action = server.deploy().schedule(PollSchedule::every(seconds(30)));
    let mut stream = action.progress().await.expect("accepted");
    let first = stream.next().await.expect("an item").expect("a status");
    assert_eq!(first.elapsed, Duration::ZERO);
}

// "The poller completed without defining a target" for an operation that failed.
#[tokio::test(start_paused = true)]
async fn awaiting_a_failed_operation_returns_the_failure_and_its_reason() {
    let server = deploying().at(5.0, status("BUILD_ERROR", "e-2"));
    let error = server.deploy().await.expect_err("it failed");
    assert!(
        error.is_failed() && error.to_string().contains("BUILD_ERROR"),
        "{error}"
    );
    assert!(error.report().is_some());
}

// A wait ends with the first error, or has no outcome for a failure.
#[tokio::test(start_paused = true)]
async fn one_failed_poll_does_not_end_the_wait() {
    let server = deploying()
        .at(2.0, fault(FaultKind::Transient))
        .at(6.0, status("DEPLOYING", "e-2"))
        .at(60.0, status("DEPLOYED", "e-2"));
    server.deploy().await.expect("deployed");
}

// Poll intervals of 180 s and more are ignored.
#[tokio::test(start_paused = true)]
async fn a_long_interval_is_kept() {
    let server = deploying().at(1000.0, status("DEPLOYED", "e-2"));
    server
        .deploy()
        .schedule(PollSchedule::every(seconds(200)))
        .await
        .expect("deployed");
    assert_eq!(
        server.reads(),
        [0.0, 0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]
    );
}

// The CLI: an error of the API ends the watch with exit code 0.
#[tokio::test(start_paused = true)]
async fn an_api_that_cannot_be_reached_is_not_a_success() {
    let server = deploying().at(5.0, fault(FaultKind::Transient));
    let error = server.deploy().await.expect_err("lost");
    assert_eq!(
        (error.kind(), error.exit_code()),
        (WaitErrorKind::LostContact, 2)
    );
}

// The CLI and the provider treat CANCELED and STOPPED as success for every action.
#[tokio::test(start_paused = true)]
async fn a_final_state_of_another_goal_is_not_a_success() {
    for (end, kind) in [
        ("CANCELED", WaitErrorKind::Canceled),
        ("STOPPED", WaitErrorKind::Superseded),
        ("DELETED", WaitErrorKind::Superseded),
    ] {
        let server = deploying().at(20.0, status(end, "e-2"));
        let error = server.deploy().await.expect_err("not deployed");
        assert_eq!((error.kind(), error.exit_code()), (kind, 1), "{end}");
    }
}

// The provider: a timeout returns no error.
#[tokio::test(start_paused = true)]
async fn a_timeout_is_an_error() {
    let error = deploying().deploy().await.expect_err("an hour is over");
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
    assert_eq!(error.elapsed(), seconds(3600));
}

// The provider: EXECUTING, RECAP, UNAVAILABLE and WAITING_* are errors.
#[tokio::test(start_paused = true)]
async fn the_wait_continues_in_states_that_end_other_clients() {
    let mut server = deploying();
    let states = [
        "EXECUTING",
        "RECAP",
        "UNAVAILABLE",
        "WAITING_RUNNING",
        "WAITING_DELETING",
        "QUEUED",
        "A_STATE_OF_NEXT_YEAR",
    ];
    for (i, state) in (1_u32..).zip(states) {
        server = server.at(f64::from(i) * 20.0, status(state, "e-2"));
    }
    let server = server.at(200.0, status("DEPLOYED", "e-2"));
    server.deploy().await.expect("deployed");
}

// The CLI: RESTARTED was not final, and the watch went on for ever.
#[tokio::test(start_paused = true)]
async fn restarted_is_final() {
    let server = deploying().at(20.0, status("RESTARTED", "e-2"));
    let reached = server.deploy().await.expect("restarted is deployed");
    assert!(reached.elapsed < seconds(40));
}

// The provider continues to poll for four hours if a deployment was canceled before its first poll.
#[tokio::test(start_paused = true)]
async fn waiting_for_a_deployment_that_has_ended_ends_at_once() {
    for (state, kind) in [
        ("CANCELED", WaitErrorKind::Canceled),
        ("DEPLOYMENT_ERROR", WaitErrorKind::Failed),
    ] {
        let server = Server::default().at(0.0, bare(state));
        let watch = Action::watch(
            server.source(),
            Subject::environment(ENVIRONMENT),
            Goal::Deployed,
        );
        let error = watch.await.expect_err("it has ended");
        assert_eq!((error.kind(), error.elapsed()), (kind, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_state_is_reported_unchanged_at_the_deadline() {
    let server = deploying().at(10.0, status("A_STATE_OF_NEXT_YEAR", "e-2"));
    let error = server
        .deploy()
        .within(seconds(60))
        .await
        .expect_err("never final");
    assert!(
        error.to_string().contains("A_STATE_OF_NEXT_YEAR"),
        "{error}"
    );
}
