//! The effect of dropping: none on the server, and none on the operation.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use tokio::time;

use super::server::{Server, status};
use crate::wait::{Canceler, Group, GroupOutcome, Operation, ProgressStream};

fn deploying() -> Server {
    Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYING", "e-2"))
        .at(30.0, status("BUILD_ERROR", "e-2"))
        .request_at(0.0, Some("DEPLOYING"))
        .request_at(30.0, Some("BUILD_ERROR"))
        .latency(Duration::from_millis(300))
}

/// Polls a future `times` times, every tenth of a second, then drops it.
async fn poll_and_drop<T>(future: impl Future<Output = T>, times: u32) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..times {
        let waker = Waker::noop();
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(waker))
        {
            return Some(value);
        }
        time::advance(Duration::from_millis(100)).await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn an_operation_survives_being_dropped_at_every_await_point() {
    for times in 1..40 {
        let server = deploying();
        let mut operation = server.deploy().start().await.expect("accepted");
        let mut ended = None;
        // If it is dropped repeatedly, each time a little later, it still ends.
        for turn in 0..2000 {
            if let Some(result) = poll_and_drop(operation.wait(), times + turn % 7).await {
                ended = Some(result);
                break;
            }
            time::advance(Duration::from_millis(350)).await;
        }
        let reached_an_end = ended.is_some();
        if times > 6 {
            let error = ended
                .expect("long enough for a request")
                .expect_err("the build failed");
            assert!(error.is_failed(), "{error:?}");
        }
        assert_eq!(
            server.acts().len(),
            1,
            "nothing was canceled, nothing repeated ({reached_an_end})"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_poll_does_not_lose_the_operation() {
    let server = deploying();
    let mut operation = server.deploy().start().await.expect("accepted");
    assert!(poll_and_drop(operation.poll_once(), 1).await.is_none());
    let progress = operation
        .poll_once()
        .await
        .expect("deploying")
        .expect("a status");
    assert_eq!(progress.snapshot.state.as_str(), "DEPLOYING");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_action_was_sent_once_or_not_at_all() {
    for times in 1..20 {
        let server = deploying();
        let _ = poll_and_drop(server.deploy().into_future(), times).await;
        time::advance(Duration::from_secs(3600)).await;
        assert!(server.acts().len() <= 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_cancels_nothing_and_leaves_no_task_behind() {
    let server = deploying();
    let stream: ProgressStream = server.deploy().progress().await.expect("accepted");
    drop(stream);
    let reads = server.reads().len();
    time::advance(Duration::from_secs(600)).await;
    tokio::task::yield_now().await;
    assert_eq!(server.reads().len(), reads);
    assert_eq!(server.acts().len(), 1);
}

#[test]
fn futures_and_values_can_be_sent_between_threads() {
    fn send<T: Send>() {}
    fn send_value<T: Send>(_: &T) {}
    send::<Operation>();
    send::<ProgressStream>();
    send::<crate::wait::Action>();
    send::<crate::wait::WaitError>();
    send::<crate::wait::Reached>();
    send::<crate::wait::OperationToken>();
    let action = deploying().deploy();
    send_value(&action.start());
    let action = deploying().deploy();
    send_value(&action.into_future());
    send_value(&deploying().deploy().progress());
    send_value(&Group::start([deploying().deploy()]));
    send_value(&Group::of([]).wait());
    send::<Group>();
    send::<GroupOutcome>();
    send::<Canceler>();
}

#[tokio::test(start_paused = true)]
async fn the_futures_of_an_operation_can_be_sent_between_threads() {
    fn send_value<T: Send>(_: &T) {}
    let mut operation = deploying().deploy().start().await.expect("accepted");
    send_value(&operation.cancel_on_server());
    send_value(&operation.canceler().cancel());
    send_value(&operation.poll_once());
    send_value(&operation.next_progress());
    send_value(&operation.wait());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_cancel_was_sent_once_or_not_at_all() {
    for times in 1..10 {
        let server = deploying();
        let operation = server.deploy().start().await.expect("accepted");
        let _ = poll_and_drop(operation.cancel_on_server(), times).await;
        time::advance(Duration::from_secs(600)).await;
        assert!(server.acts().len() <= 2);
    }
}
