//! A setting that cannot be honored is refused, and nothing is sent.

use std::{io::ErrorKind, time::Duration};

use futures_util::{FutureExt, StreamExt};
use qovery_api::{
    Client,
    chrono::{DateTime, TimeDelta, Utc},
    stream::requests::{InfraLogs, ServiceLogs},
};
use qovery_ext::{
    connect::Connect,
    stream::{LiveExt, StreamError, StreamErrorKind},
    wait::WaitExt,
};
use qovery_fake::FakeQovery;
use uuid::Uuid;

use crate::world;

fn assert_nothing_was_sent(fake: &FakeQovery, what: &str) {
    assert_eq!(fake.requests().len(), 0, "{what}");
    assert!(fake.socket_requests().is_empty(), "{what}");
}

async fn first<T>(
    mut stream: impl futures_util::Stream<Item = Result<T, StreamError>> + Unpin,
) -> StreamError {
    let event = tokio::time::timeout(Duration::from_secs(10), stream.next()).await;
    let event = event.expect("it waits").expect("an event");
    let error = event.err().expect("an error");
    assert!(stream.next().now_or_never().unwrap().is_none());
    error
}

#[tokio::test(start_paused = true)]
async fn an_option_of_a_stream_that_cannot_be_sent_is_refused() {
    let (fake, environment, service) = world();
    let (client, environment, service) = (fake.client(), environment.id(), service.id());
    let logs = || client.service_logs(service);
    let log_of = |id: &str| client.deployment_logs(environment).execution(id);
    let latest = DateTime::<Utc>::MAX_UTC;
    let earliest = DateTime::<Utc>::UNIX_EPOCH - TimeDelta::days(365 * 2000);
    let id = Uuid::nil();
    let infra = InfraLogs::new(id, id, "");
    let query = ServiceLogs::new(id, id, id, id, id).query("a\0b");
    for (what, error) in [
        ("an empty query", first(logs().query("")).await),
        ("a NUL in a query", first(logs().query("{}\0")).await),
        ("an empty pod", first(logs().pod("")).await),
        (
            "a time after the year 9999",
            first(logs().since(latest)).await,
        ),
        (
            "a time before the year 0",
            first(logs().since(earliest)).await,
        ),
        ("an empty execution", first(log_of("")).await),
        ("no execution", first(log_of("latest")).await),
        ("a component", first(client.frames(infra)).await),
        ("a query", first(client.frames(query)).await),
    ] {
        assert_eq!(error.kind(), StreamErrorKind::Permanent, "{what}: {error}");
        assert!(!error.to_string().contains('\0'), "{what}");
        assert_nothing_was_sent(&fake, what);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_cannot_run_is_refused() {
    let (fake, _, service) = world();
    let client = fake.client();
    let exec = |command: &[&str]| {
        let command: Vec<String> = command.iter().map(|text| (*text).to_owned()).collect();
        client.exec(service.id(), command)
    };
    for (what, request) in [
        ("no command", exec(&[])),
        ("no program", exec(&["", "-c"])),
        ("a NUL", exec(&["echo", "a\0b"])),
        ("an empty pod", exec(&["sh"]).pod("")),
        ("an empty container", exec(&["sh"]).container("")),
        ("a terminal without rows", exec(&["sh"]).terminal(80, 0)),
        ("a terminal without columns", exec(&["sh"]).terminal(0, 24)),
    ] {
        let error = request.start().await.unwrap_err();
        assert_eq!(error.kind(), StreamErrorKind::Permanent, "{what}: {error}");
        assert_nothing_was_sent(&fake, what);
    }
    let started = exec(&["echo", ""]).terminal(0, 0).start().await;
    assert!(started.is_ok(), "{started:?}");
}

#[tokio::test]
async fn a_port_that_cannot_be_forwarded_is_refused_before_the_local_port_is_opened() {
    let (fake, _, service) = world();
    let client = fake.client();
    let elsewhere = without_address(&fake);
    for (what, request) in [
        ("port 0", client.port_forward(service.id(), 0, 0)),
        (
            "an empty pod",
            client.port_forward(service.id(), 0, 80).pod(""),
        ),
        ("no address", elsewhere.port_forward(service.id(), 0, 80)),
    ] {
        let error = request.start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{what}: {error}");
        assert_nothing_was_sent(&fake, what);
    }
}

/// A client that knows no address of the websocket API.
fn without_address(fake: &FakeQovery) -> Client {
    let client = Connect::new().token(fake.token());
    let client = client.base_url("https://api.example.test");
    client.transport(fake.transport()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn without_an_address_streams_commands_and_logs_are_refused() {
    let (fake, environment, service) = world();
    let client = without_address(&fake);
    let (environment, service) = (environment.id(), service.id());
    let error = first(client.service_logs(service)).await;
    assert!(error.to_string().contains("QOVERY_WS_URL"), "{error}");
    let error = client.exec(service, ["sh"]).start().await.unwrap_err();
    assert!(error.to_string().contains("QOVERY_WS_URL"), "{error}");
    let deploying = client.environment(environment).deploy().follow_logs(|_| {});
    let error = deploying.await.unwrap_err();
    assert!(error.is_refused(), "{error}");
    assert!(error.to_string().contains("QOVERY_WS_URL"), "{error}");
    assert!(!error.may_have_been_executed());
    assert_nothing_was_sent(&fake, "no address");
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_cluster_cannot_be_followed() {
    let (fake, environment, _) = world();
    let (organization, cluster) = (environment.organization_id(), environment.cluster_id());
    let deploying = fake.client().cluster(organization, cluster).deploy();
    let error = deploying.follow_logs(|_| {}).await.unwrap_err();
    assert!(error.is_refused(), "{error}");
    assert_nothing_was_sent(&fake, "a cluster");
}
