//! The attribution of a deployment to an operation.

use uuid::Uuid;

use super::server::{REQUEST, Server, bare, fault, from_console, named, seconds, status};
use crate::wait::{Phase, WaitErrorKind, action_request::ActionRequest, source::FaultKind};

#[tokio::test(start_paused = true)]
async fn a_stale_success_after_the_action_is_not_taken_for_this_deployment() {
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYED", "e-1"))
        .at(8.0, status("DEPLOYING", "e-2"))
        .at(60.0, status("DEPLOYMENT_ERROR", "e-2"));
    let error = server.deploy().await.expect_err("it fails");
    assert_eq!(error.kind(), WaitErrorKind::Failed);
    assert!(error.elapsed() >= seconds(60), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stale_failure_after_the_action_is_not_taken_for_this_deployment() {
    let server = Server::default()
        .before(status("BUILD_ERROR", "e-1"))
        .at(0.0, status("BUILD_ERROR", "e-1"))
        .at(8.0, status("BUILDING", "e-2"))
        .at(60.0, status("DEPLOYED", "e-2"));
    let reached = server.deploy().await.expect("it is deployed");
    assert!(reached.elapsed >= seconds(60));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_deployment_that_ran_before_is_not_ours() {
    let server = |deployment| {
        Server::default()
            .before(status("DEPLOYING", "e-1"))
            .at(0.0, status("DEPLOYING", "e-1"))
            .at(20.0, status("DEPLOYED", "e-1"))
            .at(25.0, status("DEPLOYING", deployment))
            .at(50.0, status("DEPLOYED", deployment))
            .request_at(0.0, Some("DEPLOYMENT_QUEUED"))
            .request_at(25.0, Some("DEPLOYING"))
            .request_at(50.0, Some("DEPLOYED"))
    };
    let reached = server("e-2").deploy().await.expect("it is deployed");
    assert!(reached.elapsed >= seconds(50), "{:?}", reached.elapsed);

    // If a server shows no other execution than the earlier one, it may only repeat its state.
    let error = server("e-1").deploy().await.expect_err("nothing proves it");
    assert_eq!(error.kind(), WaitErrorKind::Superseded, "{error:?}");
    assert!(error.elapsed() >= seconds(50) && error.elapsed() < seconds(600));
}

#[tokio::test(start_paused = true)]
async fn the_request_status_takes_precedence_over_the_state_of_the_environment() {
    // Our deployment failed, and a later deployment of an external actor succeeded.
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYING", "e-2"))
        .at(10.0, status("DEPLOYING", "e-3"))
        .at(20.0, status("DEPLOYED", "e-3"))
        .request_at(0.0, Some("DEPLOYING"))
        .request_at(10.0, Some("BUILD_ERROR"));
    let error = server.deploy().await.expect_err("ours failed");
    assert_eq!(error.kind(), WaitErrorKind::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_was_replaced_without_a_known_end_is_superseded_and_names_the_other() {
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYING", "e-2"))
        .at(10.0, from_console("DEPLOYING", "e-3"))
        .at(20.0, from_console("DEPLOYED", "e-3"));
    let error = server.deploy().await.expect_err("superseded");
    assert_eq!(error.kind(), WaitErrorKind::Superseded);
    let successor = error.superseded_by().expect("it is named");
    assert_eq!(successor.deployment_id.as_deref(), Some("e-3"));
    assert_eq!(successor.origin.as_deref(), Some("CONSOLE"));
    assert_eq!(error.exit_code(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_history_shows_how_a_replaced_deployment_ended() {
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYING", "e-2"))
        .at(10.0, from_console("DEPLOYING", "e-3"))
        .at(30.0, from_console("DEPLOYED", "e-3"))
        .history(&[
            ("e-3", "DEPLOYING"),
            ("e-2", "DEPLOYED"),
            ("e-1", "DEPLOYED"),
        ]);
    server
        .deploy()
        .await
        .expect("ours was deployed before it was replaced");
}

#[tokio::test(start_paused = true)]
async fn an_action_with_nothing_to_do_is_reached_after_the_settle_period_and_not_before() {
    let server = Server::default()
        .before(status("STOPPED", "e-1"))
        .at(0.0, status("STOPPED", "e-1"));
    let reached = server
        .act(ActionRequest::Stop)
        .await
        .expect("it is stopped");
    assert!(reached.had_nothing_to_do());
    assert!(
        reached.elapsed >= seconds(15) && reached.elapsed <= seconds(16),
        "{:?}",
        reached.elapsed
    );
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_no_endpoint_shows_is_no_success_for_any_response() {
    let silent = || {
        let shown = || status("DEPLOYED", "e-1");
        Server::default().before(shown()).at(0.0, shown())
    };
    for server in [silent(), silent().with_idle_response()] {
        let error = server
            .deploy()
            .within(seconds(600))
            .await
            .expect_err("nothing was seen");
        assert_eq!(error.kind(), WaitErrorKind::LostContact);
        assert!(error.to_string().contains("accepted the action"), "{error}");
        assert!(error.elapsed() < seconds(80), "{:?}", error.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn the_settle_period_does_not_end_an_action_in_the_queue() {
    let server = Server::default()
        .before(status("STOPPED", "e-1"))
        .at(0.0, status("STOPPED", "e-1"))
        .queued(Uuid::from_u128(7), "STOP");
    let error = server
        .act(ActionRequest::Stop)
        .within(seconds(300))
        .await
        .expect_err("it waits");
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_id_is_found_in_the_queue_and_followed() {
    let server = Server::default()
        .before(status("STOPPED", "e-1"))
        .at(0.0, status("STOPPED", "e-1"))
        .queued(Uuid::from_u128(7), "STOP");
    let operation = server
        .act(ActionRequest::Stop)
        .start()
        .await
        .expect("accepted");
    let mut operation = operation;
    let progress = operation
        .poll_once()
        .await
        .expect("it waits")
        .expect("a status");
    assert_eq!(
        (progress.phase, progress.queue_position),
        (Phase::Queued, Some(1))
    );
    assert_eq!(
        operation.token().deployment_request_id(),
        Some(Uuid::from_u128(7))
    );
}

#[tokio::test(start_paused = true)]
async fn without_any_ids_activity_since_the_action_decides() {
    let server = Server::default()
        .before(bare("DEPLOYED"))
        .at(0.0, bare("DEPLOYED"))
        .at(5.0, bare("DEPLOYMENT_QUEUED"))
        .at(9.0, bare("DEPLOYING"))
        .at(40.0, bare("DEPLOYED"));
    let reached = server.deploy().await.expect("deployed");
    assert!(reached.elapsed >= seconds(40));
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_state_is_no_activity() {
    // Unavailable for a short time, then the same as before: nothing has happened yet.
    let server = Server::default()
        .before(bare("DEPLOYED"))
        .at(0.0, bare("UNAVAILABLE"))
        .at(3.0, bare("DEPLOYED"))
        .at(30.0, bare("BUILDING"))
        .at(60.0, bare("BUILD_ERROR"));
    let error = server.deploy().await.expect_err("the build failed");
    assert_eq!(error.kind(), WaitErrorKind::Failed);
}

#[tokio::test(start_paused = true)]
async fn never_deployed_is_not_deployed() {
    let server = Server::default()
        .before(bare("READY"))
        .at(0.0, bare("READY"));
    let error = server
        .deploy()
        .within(seconds(120))
        .await
        .expect_err("READY is not up");
    assert_eq!(error.kind(), WaitErrorKind::LostContact);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_reached_by_each_response_that_means_not_found() {
    for kind in [
        FaultKind::NotFound,
        FaultKind::Forbidden,
        FaultKind::SaysMissing,
    ] {
        let server = Server::default()
            .before(status("DEPLOYED", "e-1"))
            .at(0.0, status("DELETING", "e-2"))
            .at(20.0, fault(kind));
        let reached = server.act(ActionRequest::Delete).await.expect("it is gone");
        assert!(reached.is_gone(), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_response_that_a_subject_is_not_found_is_not_enough_without_a_list() {
    for kind in [
        FaultKind::NotFound,
        FaultKind::Forbidden,
        FaultKind::SaysMissing,
    ] {
        let server = Server::default()
            .before(status("DEPLOYED", "e-1"))
            .at(0.0, status("DELETING", "e-2"))
            .at(20.0, fault(kind))
            .at(30.0, status("DELETING", "e-2"))
            .at(60.0, fault(kind));
        let reached = server
            .act(ActionRequest::Delete)
            .tolerate(0)
            .await
            .expect("it is gone");
        assert!(reached.is_gone(), "{kind:?}");
        assert!(reached.elapsed >= seconds(60 + 15), "{:?}", reached.elapsed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_subject_that_was_never_found_is_refused_and_not_deleted() {
    for kind in [
        FaultKind::NotFound,
        FaultKind::Forbidden,
        FaultKind::SaysMissing,
    ] {
        let server = Server::default().at(0.0, fault(kind));
        let error = server
            .act(ActionRequest::Delete)
            .await
            .expect_err("there is nothing to delete");
        assert_eq!(
            (error.kind(), error.exit_code()),
            (WaitErrorKind::Refused, 3),
            "{kind:?}"
        );
        assert!(server.acts().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_whose_subject_is_gone_before_its_end_was_seen_is_superseded() {
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYING", "e-2"))
        .at(20.0, fault(FaultKind::NotFound));
    let error = server.deploy().await.expect_err("it is gone");
    assert_eq!(error.kind(), WaitErrorKind::Superseded);
}

/// A token that loses its rights gets the same response. The observed deletion distinguishes the two.
#[tokio::test(start_paused = true)]
async fn a_403_after_a_deletion_by_another_user_is_no_refusal() {
    for (state, kind) in [
        ("DELETING", WaitErrorKind::Failed),
        ("DELETE_QUEUED", WaitErrorKind::Failed),
        ("DEPLOYING", WaitErrorKind::Refused),
    ] {
        let server = Server::default()
            .before(status("DEPLOYED", "e-1"))
            .at(0.0, from_console(state, "e-2"))
            .at(20.0, fault(FaultKind::Forbidden));
        let error = server.deploy().await.expect_err("it is gone");
        assert_eq!(error.kind(), kind, "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_is_reached_by_every_end_of_the_deployment() {
    for end in ["CANCELED", "DEPLOYED", "BUILD_ERROR"] {
        let server = Server::default()
            .before(status("DEPLOYING", "e-1"))
            .at(0.0, status("CANCELING", "e-1"))
            .at(10.0, status(end, "e-1"));
        let reached = server
            .act(ActionRequest::Cancel { force: false })
            .await
            .expect(end);
        assert!(reached.elapsed >= seconds(10));
        assert_eq!(reached.snapshot.expect("a status").state.as_str(), end);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_deployment_since_the_action_is_ours_although_a_later_one_is_shown() {
    // Our deployment started and ended between two polls, and no endpoint names its request.
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYED", "e-1"))
        .at(2.0, from_console("DEPLOYING", "e-3"))
        .at(60.0, from_console("DEPLOYED", "e-3"))
        .history(&[
            ("e-3", "DEPLOYING"),
            ("e-2", "CANCELED"),
            ("e-1", "DEPLOYED"),
        ]);
    let error = server.deploy().await.expect_err("ours was canceled");
    assert_eq!(error.kind(), WaitErrorKind::Canceled);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_queued_long_after_ours_does_not_delay_the_outcome() {
    let server = Server::default()
        .before(status("STOPPED", "e-1"))
        .at(0.0, status("STOPPED", "e-1"))
        .at(8.0, status("DEPLOYING", "e-2"))
        .at(100.0, status("DEPLOYED", "e-2"))
        .queued_at(50.0, Uuid::from_u128(9), "DEPLOY");
    let reached = server.deploy().await.expect("deployed");
    // The end of the deployment, a settle period, and the polls in between.
    assert!(reached.elapsed < seconds(135), "{:?}", reached.elapsed);
}

#[tokio::test(start_paused = true)]
async fn a_request_status_that_is_missing_once_is_read_again() {
    // For a short time the server does not report the request, while it shows another deployment.
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYING", "e-2"))
        .at(20.0, status("DEPLOYED", "e-3"))
        .request_at(0.0, Some("DEPLOYING"))
        .request_at(20.0, None)
        .request_at(30.0, Some("BUILD_ERROR"));
    let schedule = crate::wait::PollSchedule::every(seconds(10));
    let action = server.deploy().schedule(schedule);
    let error = action.await.expect_err("ours failed");
    assert_eq!(error.kind(), WaitErrorKind::Failed);
}

const OTHER: Uuid = Uuid::from_u128(0x43);

#[tokio::test(start_paused = true)]
async fn of_requests_that_cannot_be_distinguished_all_have_to_succeed() {
    for (first, right) in [("DEPLOYED", None), ("DEPLOYMENT_ERROR", Some(()))] {
        let server = Server::default()
            .before(status("DEPLOYED", "e-1"))
            .at(0.0, status("DEPLOYMENT_QUEUED", "e-1"))
            .at(5.0, status("DEPLOYING", "e-2"))
            .at(20.0, status("DEPLOYING", "e-3"))
            .at(40.0, status("DEPLOYED", "e-3"))
            .queued_between(0.0, 5.0, OTHER, "DEPLOY")
            .queued_between(0.0, 20.0, Uuid::from_u128(0x44), "DEPLOY")
            .history(&[("e-3", "DEPLOYED"), ("e-2", first), ("e-1", "DEPLOYED")]);
        match (server.deploy().await, right) {
            (Ok(reached), None) => assert!(reached.elapsed >= seconds(40)),
            (Err(error), Some(())) => assert_eq!(error.kind(), WaitErrorKind::Superseded),
            (other, _) => panic!("{first}: {other:?}"),
        }
    }
}

/// The request of another user is queued before the action and ends in `first`. A request that is found in the
/// queue from `found` on succeeds.
fn one_waited_first(first: &'static str, found: f64) -> Server {
    Server::default()
        .before(status("DEPLOYMENT_QUEUED", "e-1"))
        .at(0.0, status("DEPLOYMENT_QUEUED", "e-1"))
        .at(4.0, status("DEPLOYING", "e-2"))
        .at(9.0, status("DEPLOYING", "e-3"))
        .at(40.0, status("DEPLOYED", "e-3"))
        .queued_between(-1.0, 4.0, OTHER, "DEPLOY")
        .queued_between(found, 9.0, Uuid::from_u128(0x44), "DEPLOY")
        .history(&[("e-3", "DEPLOYED"), ("e-2", first), ("e-1", "DEPLOYED")])
}

#[tokio::test(start_paused = true)]
async fn a_late_request_is_no_success_if_a_queued_one_may_have_absorbed_ours() {
    let error = one_waited_first("CANCELED", 5.0).deploy().await;
    let error = error.expect_err("nothing tells which of them is ours");
    assert_eq!(error.kind(), WaitErrorKind::Superseded);
    let reached = one_waited_first("DEPLOYED", 5.0).deploy().await;
    reached.expect("both went well");
}

#[tokio::test(start_paused = true)]
async fn a_request_found_beside_a_queued_one_is_ours_for_any_end_of_the_other() {
    let reached = one_waited_first("CANCELED", 0.0).deploy().await;
    let reached = reached.expect("it waited by itself");
    assert!(reached.elapsed >= seconds(40), "{:?}", reached.elapsed);
}

#[tokio::test(start_paused = true)]
async fn a_later_request_that_runs_instead_of_ours_is_no_success() {
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, named("DEPLOYMENT_QUEUED", "e-1", OTHER))
        .at(5.0, named("DEPLOYING", "e-2", OTHER))
        .at(30.0, status("DEPLOYED", "e-2"))
        .request_at(0.0, None)
        .queued_between(0.0, 5.0, OTHER, "DEPLOY")
        .history(&[("e-2", "DEPLOYED"), ("e-1", "DEPLOYED")]);
    let error = server.deploy().await.expect_err("ours never ran");
    assert_eq!(error.kind(), WaitErrorKind::Superseded);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_deployment_with_another_action_is_no_success() {
    for last in ["e-2", "e-3"] {
        let server = Server::default()
            .before(status("DEPLOYED", "e-1"))
            .at(0.0, status("RESTARTING", "e-2"))
            .at(30.0, status("RESTARTED", last))
            .history_of(&[
                ("e-3", "STOP", "STOPPED"),
                ("e-2", "RESTART", "RESTARTED"),
                ("e-1", "DEPLOY", "DEPLOYED"),
            ]);
        let error = server.deploy().await.expect_err("nothing was deployed");
        assert_eq!(error.kind(), WaitErrorKind::Superseded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_request_is_not_the_deployment_that_ran_before_it() {
    let server = Server::default()
        .before(named("DEPLOYING", "e-2", OTHER))
        .at(0.0, named("DEPLOYING", "e-2", OTHER))
        .at(20.0, status("DEPLOYED", "e-2"))
        .at(25.0, named("DEPLOYING", "e-3", REQUEST))
        .at(50.0, status("DEPLOYMENT_ERROR", "e-3"))
        .request_at(0.0, None)
        .queued_between(0.0, 25.0, REQUEST, "DEPLOY")
        .history(&[("e-3", "DEPLOYMENT_ERROR"), ("e-2", "DEPLOYED")]);
    let error = server.deploy().await.expect_err("ours fails");
    assert_eq!(error.kind(), WaitErrorKind::Failed);
    assert!(error.elapsed() >= seconds(50), "{error:?}");
}

/// Accepted just before and just after [`REQUEST`].
const EARLIER: Uuid = Uuid::from_u128(REQUEST.as_u128() - 1);
const LATER: Uuid = Uuid::from_u128(REQUEST.as_u128() + 1);

/// An earlier request is queued and then runs, and the server has no request status for ours.
fn earlier_one_runs() -> Server {
    Server::default()
        .before(named("DEPLOYMENT_QUEUED", "e-1", EARLIER))
        .at(0.0, named("DEPLOYMENT_QUEUED", "e-1", EARLIER))
        .at(5.0, named("DEPLOYING", "e-2", EARLIER))
        .at(60.0, status("DEPLOYED", "e-2"))
        .request_at(0.0, None)
        .queued_between(0.0, 5.0, EARLIER, "DEPLOY")
        .history(&[("e-2", "DEPLOYED"), ("e-1", "DEPLOYED")])
}

#[tokio::test(start_paused = true)]
async fn a_request_that_an_earlier_one_absorbed_ends_with_it() {
    let reached = earlier_one_runs()
        .deploy()
        .await
        .expect("it is part of the other");
    assert!(reached.elapsed >= seconds(60), "{:?}", reached.elapsed);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_never_seen_while_a_later_one_was_is_no_success() {
    let server = earlier_one_runs()
        .queued_between(1.0, 60.0, LATER, "DEPLOY")
        .history(&[("e-2", "DEPLOYED"), ("e-1", "DEPLOYED")]);
    let error = server.deploy().await.expect_err("ours may never have run");
    assert_eq!(error.kind(), WaitErrorKind::Superseded);
}
