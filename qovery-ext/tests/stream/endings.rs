//! Every end of a stream is typed, and no event follows it.

use std::time::Duration;

use futures_core::FusedStream;
use futures_util::StreamExt;
use qovery_ext::stream::{Event, LiveExt, Reconnect, StreamErrorKind};
use qovery_fake::SocketFault;
use uuid::Uuid;

use crate::{until_quiet, word, world};

async fn end_of(fault: SocketFault) -> (Vec<String>, Option<u16>) {
    let (fake, _, service) = world();
    let service = service.prints("a");
    fake.inject_socket(fault.times(1000));
    let mut lines = fake.client().service_logs(service.id());
    let events = until_quiet(&mut lines, Duration::from_secs(1000)).await;
    assert!(lines.is_terminated(), "{events:?}");
    assert!(lines.next().await.is_none());
    assert!(lines.next().await.is_none());
    let code = match events.last() {
        Some(Err(error)) => error.close_code(),
        _ => None,
    };
    (events.iter().map(word).collect(), code)
}

#[tokio::test(start_paused = true)]
async fn a_normal_close_is_the_end() {
    let end = end_of(SocketFault::close(1000, "").after_frames(1)).await;
    assert_eq!(end, (vec!["a".to_owned()], None));
}

#[tokio::test(start_paused = true)]
async fn permanent_close_codes_are_not_retried() {
    for code in [1007, 1008] {
        let (words, last) = end_of(SocketFault::close(code, "permission denied")).await;
        assert_eq!(words, ["(Permanent)"], "{code}");
        assert_eq!(last, Some(code));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_an_agent_has_its_own_error() {
    let fault = SocketFault::close(1011, "status: NotFound, message: no agent connected");
    let (words, last) = end_of(fault).await;
    assert_eq!(words, ["(NoAgent)"]);
    assert_eq!(last, Some(1011));
}

#[tokio::test(start_paused = true)]
async fn a_transient_close_is_retried_ten_times_with_the_backoff_of_the_console() {
    for reason in [
        "Timeout exceeded for receiving agent response",
        "timeout while connecting to pod",
        "timeout while setting up port forward",
        "Retry budget exhausted",
        "of next year",
    ] {
        let (words, last) = end_of(SocketFault::close(1011, reason)).await;
        let mut expected = vec!["(reconnecting)"; 10];
        expected.push("(Exhausted)");
        assert_eq!(words, expected, "{reason}");
        assert_eq!(last, Some(1011));
    }
    let (fake, _, service) = world();
    fake.inject_socket(SocketFault::lost().times(1000));
    let mut lines = fake.client().service_logs(service.id());
    let events = until_quiet(&mut lines, Duration::from_secs(1000)).await;
    let delays = events.iter().filter_map(|event| match event {
        Ok(Event::Reconnecting(lost)) => Some(lost.after.as_secs()),
        _ => None,
    });
    let delays: Vec<u64> = delays.collect();
    assert_eq!(delays, [5, 10, 20, 40, 80, 100, 100, 100, 100, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_reconnects_ends_with_the_first_lost_connection() {
    let (fake, _, service) = world();
    fake.inject_socket(SocketFault::lost());
    let lines = fake.client().service_logs(service.id());
    let events: Vec<_> = lines.reconnect(Reconnect::never()).collect().await;
    assert_eq!(events.len(), 1);
    let error = events[0].as_ref().unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (StreamErrorKind::Exhausted, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_status_of_the_handshake_decides_as_a_close_code_does() {
    for (status, expected) in [
        (400, "(Permanent)"),
        (401, "(Unauthorized)"),
        (403, "(Unauthorized)"),
        (404, "(Permanent)"),
    ] {
        let (words, _) = end_of(SocketFault::refused(status)).await;
        assert_eq!(words, [expected], "{status}");
    }
    for status in [429, 502, 503] {
        let (words, _) = end_of(SocketFault::refused(status)).await;
        assert_eq!(words.last().unwrap(), "(Exhausted)", "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_permanent_and_a_wrong_token_unauthorized() {
    let (fake, environment, _) = world();
    let unknown = Uuid::from_u128(42);
    let error = fake.client().service_logs(unknown).next().await.unwrap();
    assert_eq!(error.unwrap_err().kind(), StreamErrorKind::Permanent);
    let error = fake.client().cluster_status(unknown).next().await.unwrap();
    let error = error.unwrap_err();
    assert_eq!(error.kind(), StreamErrorKind::Permanent);
    assert!(error.to_string().contains(&unknown.to_string()), "{error}");
    let client = fake.client();
    client.get_environment(environment.id()).await.unwrap();
    fake.accept_only("qov_other_token");
    let error = client.deployment_status(environment.id()).next().await;
    let error = error.unwrap().unwrap_err();
    assert_eq!(error.kind(), StreamErrorKind::Unauthorized);
    assert!(error.api_error().unwrap().is_unauthorized());
}

#[tokio::test]
async fn a_client_of_another_api_does_not_send_its_token_to_the_default_address() {
    use qovery_ext::connect::Connect;

    let client = Connect::new()
        .token("qov_1")
        .base_url("https://api.example.test");
    let client = client.build().unwrap();
    assert_eq!(client.stream_url(), None);
    let default = Connect::new().token("qov_1").build().unwrap();
    assert_eq!(
        default.stream_url().unwrap().as_str(),
        "https://ws.qovery.com/"
    );
}
