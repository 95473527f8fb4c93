//! Over real sockets: the handshake, the token, and its renewal.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use qovery_api::{AccessToken, BoxFuture};
use qovery_ext::{
    connect::{Connect, TokenSource, TokenSourceError},
    stream::{LiveExt, Reconnect},
};
use qovery_fake::{FakeQovery, FakeServer, SocketFault};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{item, world};

fn connect(server: &FakeServer) -> Connect {
    Connect::new()
        .base_url(server.url())
        .stream_url(server.stream_url())
}

#[tokio::test]
async fn a_stream_over_a_socket_sends_the_token_as_a_header_only() {
    let (fake, _, service) = world();
    let service = service.prints("a");
    let server = fake.serve().await.unwrap();
    let client = connect(&server).token(fake.token()).build().unwrap();
    let mut lines = client.service_logs(service.id());
    assert_eq!(item(&mut lines).await.line.message, "a");
    let service = service.prints("b");
    assert_eq!(item(&mut lines).await.line.message, "b");
    let request = fake.socket_requests().remove(0);
    let token = fake.token();
    assert!(
        request
            .query
            .iter()
            .all(|(_, value)| !value.contains(&token))
    );
    drop(service);
}

#[tokio::test]
async fn the_addresses_of_the_environment_are_those_of_the_command_line_tool() {
    let (fake, _, service) = world();
    let service = service.prints("a");
    let server = fake.serve().await.unwrap();
    let (url, stream, token) = (server.url(), server.stream_url(), fake.token());
    let client = Connect::new()
        .environment(move |name| match name {
            "QOVERY_API_TOKEN" => Some(token.clone().into()),
            "QOVERY_API_URL" => Some(url.clone().into()),
            "QOVERY_WS_URL" => Some(stream.clone().into()),
            _ => None,
        })
        .build()
        .unwrap();
    assert_eq!(
        item(&mut client.service_logs(service.id()))
            .await
            .line
            .message,
        "a"
    );
}

#[test]
fn a_plain_address_of_another_machine_is_refused() {
    for url in [
        "ws://ws.example.test",
        "http://ws.example.test",
        "WS://ws.example.test",
    ] {
        let connect = Connect::new().token("qov_1").stream_url(url);
        let error = connect.build().unwrap_err();
        assert!(error.to_string().contains("stream_url"), "{error}");
    }
    for url in [
        "not a url",
        "wss://user:s3cret@h.test",
        "ftp://h.test",
        "wss://h.test/?token=s3cret",
    ] {
        let connect = Connect::new().token("qov_1").stream_url(url);
        let error = connect.build().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        assert!(error.to_string().contains("`stream_url`"), "{error}");
    }
}

#[tokio::test]
async fn settings_of_reqwest_that_can_be_built_once_open_no_websocket() {
    let (fake, _, service) = world();
    let service = service.prints("a");
    let server = fake.serve().await.unwrap();
    let once = connect(&server).token(fake.token());
    let once = once.reqwest(qovery_api::reqwest::Client::builder().no_proxy());
    let error = once
        .build()
        .unwrap()
        .service_logs(service.id())
        .next()
        .await;
    let error = error.unwrap().unwrap_err();
    assert!(error.to_string().contains("reqwest_with"), "{error}");
    let again = connect(&server).token(fake.token());
    let again = again.reqwest_with(|| qovery_api::reqwest::Client::builder().no_proxy());
    let client = again.build().unwrap();
    assert_eq!(
        item(&mut client.service_logs(service.id()))
            .await
            .line
            .message,
        "a"
    );
}

/// Provides the token of the fake after the first one was refused.
struct Renewing {
    fake: FakeQovery,
    current: Mutex<String>,
    refusals: AtomicU32,
}

impl TokenSource for Renewing {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
        let token = self.current.lock().unwrap().clone();
        Box::pin(async move { Ok(AccessToken::new(token)?) })
    }

    fn refused<'a>(&'a self, _: &'a AccessToken) -> BoxFuture<'a, Result<(), TokenSourceError>> {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        *self.current.lock().unwrap() = self.fake.token();
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn the_token_source_is_asked_again_on_401_and_on_reconnect() {
    let (fake, _, service) = world();
    let service = service.prints("a");
    let server = fake.serve().await.unwrap();
    let source = Arc::new(Renewing {
        fake: fake.clone(),
        current: Mutex::new(fake.token()),
        refusals: AtomicU32::new(0),
    });
    let client = connect(&server)
        .token_source(source.clone())
        .build()
        .unwrap();
    let fault = SocketFault::lost().after_frames(1);
    fake.inject_socket(fault);
    let reconnect = Reconnect::default().first_delay(Duration::from_millis(50));
    let mut lines = client.service_logs(service.id()).reconnect(reconnect);
    assert_eq!(item(&mut lines).await.line.message, "a");
    fake.accept_only("qov_renewed_token");
    let _service = service.prints("b");
    assert_eq!(item(&mut lines).await.line.message, "b");
    assert_eq!(source.refusals.load(Ordering::Relaxed), 1);
    let statuses: Vec<u16> = fake
        .socket_requests()
        .iter()
        .map(|one| one.status)
        .collect();
    assert_eq!(statuses, [101, 401, 101]);
}

#[tokio::test]
async fn neither_errors_nor_events_show_a_token_that_the_server_repeats() {
    let (fake, _, service) = world();
    let server = fake.serve().await.unwrap();
    let token = "qov_s3cret_0123456789";
    fake.accept_only(token);
    let client = connect(&server).token(token).build().unwrap();
    let once = |fault| fake.inject_socket(fault);
    once(SocketFault::close(1012, format!("bye {token}\u{1b}[31m")));
    once(SocketFault::close(1008, format!("denied for {token}")));
    let reconnect = Reconnect::default().first_delay(Duration::from_millis(10));
    let lines = client.service_logs(service.id()).reconnect(reconnect);
    let shown = format!("{lines:?}");
    let events: Vec<_> = lines.collect().await;
    let error = events.last().unwrap().as_ref().unwrap_err();
    let shown = format!("{shown} {events:?} {error} {error:?} {client:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(shown.contains("denied for [redacted]"), "{shown}");
}

#[tokio::test]
async fn sockets_end_with_the_server() {
    let (fake, _, service) = world();
    let service = service.prints("a");
    let server = fake.serve().await.unwrap();
    let client = connect(&server).token(fake.token()).build().unwrap();
    let mut lines = client
        .service_logs(service.id())
        .reconnect(Reconnect::never());
    item(&mut lines).await;
    drop(server);
    let end = tokio::time::timeout(Duration::from_secs(10), lines.next()).await;
    assert!(end.unwrap().unwrap().is_err());
}

/// A proxy that forwards requests. Returns its address, and the first lines of the requests.
async fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(near.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let (first, rest) = head.split_once("\r\n").unwrap();
                kept.lock().unwrap().push(first.to_owned());
                // GET http://host/path HTTP/1.1
                let target = first
                    .split(' ')
                    .nth(1)
                    .unwrap()
                    .strip_prefix("http://")
                    .unwrap();
                let (host, path) = target.split_once('/').unwrap();
                let mut far = TcpStream::connect(host).await.unwrap();
                let forwarded = format!("GET /{path} HTTP/1.1\r\n{rest}");
                far.write_all(forwarded.as_bytes()).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (address, seen)
}

#[tokio::test]
async fn a_websocket_goes_through_the_proxy_of_the_client() {
    let (fake, _, service) = world();
    let service = service.prints("a");
    let server = fake.serve().await.unwrap();
    let (proxy, seen) = proxy().await;
    let client = connect(&server).token(fake.token()).reqwest_with(move || {
        let proxy = qovery_api::reqwest::Proxy::all(&proxy).unwrap();
        qovery_api::reqwest::Client::builder().proxy(proxy)
    });
    let client = client.build().unwrap();
    let mut lines = client.service_logs(service.id());
    assert_eq!(item(&mut lines).await.line.message, "a");
    let _service = service.prints("b");
    assert_eq!(item(&mut lines).await.line.message, "b");
    let seen = seen.lock().unwrap().clone();
    let is_socket = |line: &&String| line.contains("/service/logs?");
    assert_eq!(seen.iter().filter(is_socket).count(), 1, "{seen:?}");
    assert!(!seen.concat().contains(&fake.token()), "{seen:?}");
}
