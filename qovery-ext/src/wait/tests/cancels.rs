//! The facts that allow a cancel, and the target of the cancel.

use uuid::Uuid;

use super::server::{REQUEST, Server, StatusReading, status};
use crate::wait::{NotCanceled, WaitErrorKind};

const OTHER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0099);

/// The outcome of a cancel.
#[derive(Debug, PartialEq)]
enum Sent {
    Request,
    Deployment,
    Nothing(NotCanceled),
}

async fn cancel(
    word: Option<&'static str>,
    state: &'static str,
    named: Option<Uuid>,
    queue: &[Uuid],
) -> Sent {
    let mut server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(
            0.0,
            StatusReading::Status {
                state,
                deployment: Some("e-2"),
                request: named,
                origin: None,
            },
        )
        .request_at(0.0, word);
    for request in queue {
        server = server.queued(*request, "DEPLOY");
    }
    let operation = server.deploy().start().await.expect("accepted");
    let canceled = operation.cancel_on_server().await;
    let mut acts = server.acts();
    assert_eq!(acts.remove(0).0, "redeployEnvironment");
    match (canceled, acts.as_slice()) {
        (Ok(()), [("cancelDeploymentRequest", target)]) => {
            assert!(target.contains(&REQUEST.to_string()), "{target}");
            Sent::Request
        }
        (Ok(()), [("cancelEnvironmentDeployment", target)]) => {
            assert!(target.contains(r#"{"force_cancel":false}"#), "{target}");
            Sent::Deployment
        }
        (Err(error), []) => {
            assert_eq!(error.kind(), WaitErrorKind::Refused);
            assert!(error.to_string().contains("not sent"), "{error}");
            Sent::Nothing(error.not_canceled().expect("a typed error"))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_is_sent_only_to_a_deployment_that_is_shown_to_be_ours() {
    use NotCanceled::{AnotherIsRunning, NotRunning, Undecidable};
    let (running, waiting) = (Some("DEPLOYING"), Some("DEPLOYMENT_QUEUED"));
    for (word, state, named, queue, expected) in [
        // It is queued, according to its own status or the queue.
        (
            waiting,
            "DEPLOYING",
            Some(OTHER),
            &[REQUEST][..],
            Sent::Request,
        ),
        (waiting, "DEPLOYING", None, &[], Sent::Request),
        (None, "DEPLOYING", Some(OTHER), &[REQUEST], Sent::Request),
        (
            None,
            "DEPLOYING",
            Some(REQUEST),
            &[OTHER, REQUEST],
            Sent::Request,
        ),
        // Its status may repeat that of the environment: a cancel by id can hit no other request.
        (
            running,
            "DEPLOYING",
            Some(REQUEST),
            &[REQUEST],
            Sent::Request,
        ),
        // It runs, according to two of: its own status, the environment's status, its absence from the queue.
        (running, "DEPLOYING", Some(REQUEST), &[], Sent::Deployment),
        (running, "DEPLOYING", None, &[], Sent::Deployment),
        // The environment's status names the next request.
        (
            running,
            "DEPLOYING",
            Some(OTHER),
            &[OTHER],
            Sent::Deployment,
        ),
        // Another request runs.
        (
            running,
            "DEPLOYING",
            Some(OTHER),
            &[],
            Sent::Nothing(AnotherIsRunning(Some(OTHER))),
        ),
        (
            None,
            "DEPLOYING",
            Some(OTHER),
            &[],
            Sent::Nothing(AnotherIsRunning(Some(OTHER))),
        ),
        (
            None,
            "DEPLOYING",
            Some(OTHER),
            &[OTHER],
            Sent::Nothing(AnotherIsRunning(None)),
        ),
        // The running request is unknown. A status may name the last request.
        (
            None,
            "DEPLOYING",
            Some(REQUEST),
            &[],
            Sent::Nothing(Undecidable),
        ),
        (None, "DEPLOYING", None, &[], Sent::Nothing(Undecidable)),
        (None, "STOPPING", None, &[OTHER], Sent::Nothing(Undecidable)),
        // It has ended.
        (
            Some("DEPLOYED"),
            "DEPLOYING",
            Some(OTHER),
            &[],
            Sent::Nothing(NotRunning),
        ),
        (
            Some("CANCELED"),
            "STOPPING",
            None,
            &[OTHER],
            Sent::Nothing(NotRunning),
        ),
        (
            Some("DEPLOYMENT_ERROR"),
            "DEPLOYMENT_ERROR",
            Some(REQUEST),
            &[],
            Sent::Nothing(NotRunning),
        ),
        (None, "DEPLOYED", None, &[], Sent::Nothing(NotRunning)),
    ] {
        let sent = cancel(word, state, named, queue).await;
        assert_eq!(sent, expected, "{word:?} {state} {named:?} {queue:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_without_a_named_request_cancels_nothing() {
    let server = Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYING", "e-2"));
    let operation = server.deploy().start().await.expect("accepted");
    let error = operation.cancel_on_server().await.expect_err("not sent");
    assert_eq!(error.not_canceled(), Some(NotCanceled::Unnamed));
    assert_eq!(server.acts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_wait_after_an_accepted_cancel_counts_no_run_that_begins_later() {
    let server = Server::default()
        .before(status("DEPLOYING", "e-1"))
        .at(0.0, status("DEPLOYING", "e-1"))
        .at(40.0, status("DEPLOYING", "e-3"))
        .at(60.0, status("DEPLOYED", "e-3"))
        .request_at(0.0, None)
        .history(&[("e-3", "DEPLOYED"), ("e-1", "DEPLOYED")])
        .queued_between(0.0, 10.0, REQUEST, "DEPLOY");
    let operation = server.deploy().start().await.expect("accepted");
    operation.cancel_on_server().await.expect("it was queued");
    let error = operation.await.expect_err("it was canceled");
    assert_eq!(error.kind(), WaitErrorKind::Canceled, "{error}");
}

/// The queue lists the request 10 s late, so that the deployment of another user looks like ours until then.
#[tokio::test(start_paused = true)]
async fn a_request_that_a_late_queue_does_not_list_yet_has_not_left_it() {
    let late = |listed: f64| {
        Server::default()
            .before(status("DEPLOYED", "e-1"))
            .at(0.0, status("DEPLOYING", "e-2"))
            .request_at(0.0, None)
            .queued_between(listed, 60.0, REQUEST, "DEPLOY")
    };
    let server = late(10.0);
    let mut operation = server.deploy().start().await.expect("accepted");
    operation.poll_once().await.expect("pending");
    let error = operation.cancel_on_server().await;
    let error = error.expect_err("it is not known to run");
    assert_eq!(error.not_canceled(), Some(NotCanceled::Undecidable));
    assert_eq!(server.acts().len(), 1);

    // A settle period after the action, the queue lists every request that waits.
    let server = late(50.0);
    let mut operation = server.deploy().start().await.expect("accepted");
    operation.poll_once().await.expect("pending");
    tokio::time::sleep(std::time::Duration::from_secs(16)).await;
    operation.cancel_on_server().await.expect("it is sent");
    assert_eq!(server.acts().len(), 2);
}
