//! A websocket server that breaks the protocol, byte by byte, on real sockets.

use std::{
    future::IntoFuture,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use qovery_api::{
    BoxFuture, Client, RawResponse, Request, Transport, TransportError, Upgrade, Upgraded,
    chrono::{DateTime, Utc},
    http::{HeaderMap, HeaderValue, header},
};
use qovery_ext::{
    connect::Connect,
    stream::{Event, LiveExt, Reconnect},
    wait::WaitExt,
};
use qovery_fake::{FakeServer, FakeService, FakeTransport};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{MissedTickBehavior, timeout},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{word, world};

const TOKEN: &str = "qov_s3cret_0123456789";
/// Longer than any of the cases takes, unless a limit of the client is missing.
const LONG: Duration = Duration::from_secs(60);

/// The behavior of the server on a connection.
#[derive(Clone, Default)]
struct Script {
    /// Headers of the handshake in place of the correct ones; `{key}` stands for the accepted key.
    handshake: Option<String>,
    /// Sent after the handshake.
    bytes: Vec<u8>,
    /// Sent repeatedly after that, until the client disconnects.
    endless: Vec<u8>,
    /// Keeps the connection open at the end.
    stays: bool,
}

struct Hostile {
    _rest: FakeServer,
    service: FakeService,
    client: Client,
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hostile {
    async fn start(script: Script) -> Self {
        let (fake, _, service) = world();
        fake.accept_only(TOKEN);
        let rest = fake.serve().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (counted, kept) = (Arc::clone(&connections), Arc::clone(&heads));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(play(stream, script.clone(), Arc::clone(&kept)));
            }
        });
        let client = Connect::new()
            .base_url(rest.url())
            .stream_url(format!("ws://{address}"))
            .token(TOKEN)
            .build()
            .unwrap();
        Self {
            _rest: rest,
            service,
            client,
            connections,
            heads,
            task,
        }
    }

    /// The events of a service log that does not reconnect, as words.
    async fn words(&self) -> Vec<String> {
        let lines = self.client.service_logs(self.service.id());
        let lines = lines.reconnect(Reconnect::never());
        let events = timeout(LONG, lines.collect::<Vec<_>>()).await;
        let events = events.expect("the stream ends");
        for event in &events {
            let shown = match event {
                Err(error) => format!("{error} {error:?}"),
                Ok(event) => format!("{event:?}"),
            };
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
        events.iter().map(word).collect()
    }
}

async fn play(mut stream: TcpStream, script: Script, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then_some(value)
    });
    let accepted = derive_accept_key(key.unwrap().as_bytes());
    heads.lock().unwrap().push(head.clone());
    let right = "101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                 sec-websocket-accept: {key}";
    let response = script.handshake.as_deref().unwrap_or(right);
    let response = format!("HTTP/1.1 {}\r\n\r\n", response.replace("{key}", &accepted));
    if stream.write_all(response.as_bytes()).await.is_err()
        || stream.write_all(&script.bytes).await.is_err()
    {
        return;
    }
    if !script.endless.is_empty() {
        let (mut reader, mut writer) = stream.into_split();
        // Answers to pings are read, so that neither side blocks.
        let drain = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while reader.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        });
        while writer.write_all(&script.endless).await.is_ok() {}
        drain.abort();
        return;
    }
    if script.stays {
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    }
}

/// A frame with this first byte, and a length in the shortest form.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

fn line(text: &str) -> Vec<u8> {
    line_at(1_767_225_600_000, text)
}

fn line_at(milliseconds: i64, text: &str) -> Vec<u8> {
    let line = serde_json::json!({
        "created_at": milliseconds, "message": text, "pod_name": "p", "container_name": "c",
        "version": "v", "severity_text": "INFO", "from_kube": false, "labels": {},
    });
    line.to_string().into_bytes()
}

fn bytes(bytes: Vec<u8>) -> Script {
    Script {
        bytes,
        ..Script::default()
    }
}

#[tokio::test]
async fn only_whole_unmasked_frames_without_reserved_bits_are_messages() {
    let text = line("a");
    for first in 0..=u8::MAX {
        let server = Hostile::start(bytes(frame(first, &text))).await;
        let words = server.words().await;
        let wanted: &[&str] = match first {
            0x81 | 0x82 => &["a", "(Exhausted)"],
            _ => &["(Exhausted)"],
        };
        // A close frame has a code in its first two bytes: here one that no server may send.
        assert_eq!(words, wanted, "{first:#x}");
    }
}

#[tokio::test]
async fn a_frame_with_a_wrong_length_or_sequence_ends_the_connection() {
    let text = line("a");
    let (head, tail) = text.split_at(10);
    let masked = {
        let mut frame = frame(0x81, &text);
        frame[1] |= 0x80;
        frame.splice(2..2, [0; 4]);
        frame
    };
    let long = |length: u64, first: u8| {
        let mut frame = vec![first, 127];
        frame.extend(length.to_be_bytes());
        frame.extend(&text);
        frame
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a masked frame", masked),
        ("2^63 bytes", long(1 << 63, 0x81)),
        ("2^64 - 1 bytes", long(u64::MAX, 0x82)),
        ("2^63 - 1 bytes", long(i64::MAX as u64, 0x81)),
        ("4 GiB", long(1 << 32, 0x81)),
        ("a continuation of nothing", frame(0x80, &text)),
        (
            "a message within a message",
            [frame(0x01, head), frame(0x81, &text)].concat(),
        ),
        (
            "a part of a ping",
            [frame(0x09, b"x"), frame(0x80, b"y")].concat(),
        ),
        ("a ping of 126 bytes", frame(0x89, &[b'x'; 126])),
        ("a pong of 70,000 bytes", frame(0x8a, &[b'x'; 70_000])),
        ("a close of 200 bytes", frame(0x88, &[3; 200])),
        ("a close of one byte", frame(0x88, &[3])),
        (
            "a close whose reason is not UTF-8",
            frame(0x88, &[3, 0xe8, 0xff, 0xfe]),
        ),
        ("text that is not UTF-8", frame(0x81, b"{\"a\":\"\xff\"}")),
        (
            "half a character",
            [frame(0x01, b"\"\xe2\x82"), frame(0x80, b"\"")].concat(),
        ),
        ("a frame that breaks off", frame(0x81, &text)[..9].to_vec()),
        ("a length that breaks off", vec![0x81, 127, 0, 0]),
        (
            "HTTP",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec(),
        ),
    ];
    for (name, sent) in cases {
        let server = Hostile::start(bytes(sent)).await;
        assert_eq!(server.words().await, ["(Exhausted)"], "{name}");
    }
    // Parts, also empty ones, and control frames between them are in order.
    let parts = [
        frame(0x01, b""),
        frame(0x00, head),
        frame(0x89, b"ping"),
        frame(0x00, b""),
        frame(0x8a, b"pong"),
        frame(0x80, tail),
        frame(0x88, &1000_u16.to_be_bytes()),
    ];
    let server = Hostile::start(bytes(parts.concat())).await;
    assert_eq!(server.words().await, ["a"]);
}

#[tokio::test]
async fn each_close_code_ends_the_stream_and_its_reason_controls_nothing() {
    let reason = format!("\u{1b}]0;{TOKEN}\u{7}\u{9b}2J\u{2028}::error::x");
    let codes = (0..=20)
        .chain(990..=1030)
        .chain([1999, 2999, 3000, 3999, 4000, 4999, 5000, 65535]);
    for code in codes {
        let payload = [&u16::to_be_bytes(code), reason.as_bytes()].concat();
        let server = Hostile::start(bytes(frame(0x88, &payload))).await;
        let wanted: &[&str] = match code {
            1000 => &[],
            1007 | 1008 => &["(Permanent)"],
            _ => &["(Exhausted)"],
        };
        assert_eq!(server.words().await, wanted, "{code}");
    }
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_shows_no_token_however_it_contains_it() {
    let whole = String::from_utf8(line("a")).unwrap();
    let frames = [
        TOKEN.to_owned(),
        format!("\"{TOKEN}\""),
        format!("[\"{TOKEN}\"]"),
        format!("{{\"{TOKEN}\": 1}}"),
        whole.replace("1767225600000", &format!("\"{TOKEN}\"")),
        whole.replace("false", &format!("\"Token {TOKEN}\\u001b[2J\"")),
        whole.replace("{}", &format!("[\"{TOKEN}\"]")),
        whole.replace("\"message\":\"a\"", &format!("\"{TOKEN}\":\"a\"")),
    ];
    for text in frames {
        assert!(text.contains(TOKEN), "{text}");
        let server = Hostile::start(bytes(frame(0x81, text.as_bytes()))).await;
        // Checks that no event shows the token.
        assert_eq!(
            server.words().await,
            ["(unreadable)", "(Exhausted)"],
            "{text}"
        );
    }
    // The texts of a refused handshake.
    for status in [
        "200 OK",
        "401 Unauthorized",
        "403 Forbidden",
        "503 Unavailable",
    ] {
        let script = Script {
            handshake: Some(format!(
                "{status}\r\nx-qovery-request-id: {TOKEN}\r\ncontent-length: 21\r\n\r\n{TOKEN}"
            )),
            ..Script::default()
        };
        let server = Hostile::start(script).await;
        let words = server.words().await;
        assert_eq!(words.len(), 1, "{status}: {words:?}");
    }
}

#[tokio::test]
async fn a_handshake_with_another_protocol_or_extension_is_refused() {
    let right = "101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {key}";
    let accepted = [
        right.to_owned(),
        right.replace("upgrade: websocket", "Upgrade: WebSocket"),
        right.replace("connection: upgrade", "connection: keep-alive, Upgrade"),
        format!("{right}\r\nsec-websocket-extensions:"),
        format!("{right}\r\nx-other: {TOKEN}"),
    ];
    for handshake in accepted {
        let script = Script {
            handshake: Some(handshake.clone()),
            ..bytes(frame(0x81, &line("a")))
        };
        let server = Hostile::start(script).await;
        assert_eq!(server.words().await, ["a", "(Exhausted)"], "{handshake}");
    }
    let refused = [
        "101 Switching Protocols".to_owned(),
        right.replace("upgrade: websocket\r\n", ""),
        right.replace("upgrade: websocket", "upgrade: h2c"),
        right.replace("connection: upgrade\r\n", ""),
        right.replace("connection: upgrade", "connection: close"),
        right.replace("{key}", ""),
        right.replace("{key}", "{key}x"),
        right.replace("{key}", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        format!("{right}\r\nsec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        format!("{right}\r\nsec-websocket-extensions: permessage-deflate"),
        format!("{right}\r\nsec-websocket-extensions:\r\nsec-websocket-extensions: x-{TOKEN}"),
        format!("{right}\r\nsec-websocket-protocol: chat"),
        right.replace("101", "200"),
        right.replace("101", "204"),
        right.replace("101", "301") + "\r\nlocation: ws://evil.example/",
        right.replace("101", "407"),
        right.replace("101", "426"),
        right.replace("101", "999"),
    ];
    for handshake in refused {
        let script = Script {
            handshake: Some(handshake.clone()),
            ..bytes(frame(0x81, &line("a")))
        };
        let server = Hostile::start(script).await;
        assert_eq!(server.words().await, ["(Permanent)"], "{handshake}");
        let connections = server.connections.load(Ordering::SeqCst);
        assert_eq!(connections, 1, "{handshake}");
    }
}

#[tokio::test]
async fn endless_frames_without_content_neither_stop_other_tasks_nor_a_deadline() {
    let endless = [
        ("pings", frame(0x89, b"x").repeat(1000)),
        ("pongs", frame(0x8a, b"").repeat(1000)),
        ("parts", frame(0x00, b"").repeat(1000)),
        (
            "invalidations",
            frame(0x81, br#"{"entity":["a"]}"#).repeat(1000),
        ),
    ];
    for (name, frames) in endless {
        let script = Script {
            bytes: if name == "parts" {
                frame(0x01, b"")
            } else {
                Vec::new()
            },
            endless: frames,
            ..Script::default()
        };
        let server = Hostile::start(script).await;
        let mut lines = server.client.service_logs(server.service.id());
        let ticks = tokio::spawn(async {
            let mut longest = Duration::ZERO;
            for _ in 0..40 {
                let before = Instant::now();
                tokio::time::sleep(Duration::from_millis(5)).await;
                longest = longest.max(before.elapsed());
            }
            longest
        });
        let event = timeout(Duration::from_millis(500), lines.next()).await;
        assert!(event.is_err(), "{name}");
        let longest = ticks.await.unwrap();
        assert!(longest < Duration::from_secs(1), "{name}: {longest:?}");
    }
}

/// The longest time that a concurrent task could not run.
async fn longest_pause(beside: impl Future<Output = ()>) -> Duration {
    let mut longest = Duration::ZERO;
    let mut beside = std::pin::pin!(beside);
    let mut before = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let has_ended = tokio::select! {
            biased;
            _ = ticks.tick() => false,
            () = &mut beside => true,
        };
        longest = longest.max(before.elapsed());
        before = Instant::now();
        if has_ended {
            return longest;
        }
    }
}

#[tokio::test]
async fn a_message_as_large_as_allowed_does_not_stop_other_tasks() {
    let text = "x".repeat(2000);
    let entry = format!(
        r#"{{"type":"I","timestamp":"2026-01-01T00:00:00Z","details":{{}},"message":{{"safe_message":"{text}"}},"a":[1,2,{{}}]}}"#
    );
    let entries = vec![entry.as_str(); 15 * 1024 * 1024 / entry.len()].join(",");
    for (name, message, is_item) in [
        ("entries", format!("[{entries}]"), true),
        (
            "too many values",
            format!("[{}0]", "0,".repeat(7 << 20)),
            false,
        ),
        ("no JSON", "[".repeat(15 << 20), false),
    ] {
        let script = Script {
            stays: true,
            ..bytes(frame(0x81, message.as_bytes()))
        };
        let server = Hostile::start(script).await;
        let environment = server.service.environment().id();
        let alone = Instant::now();
        let _ = qovery_api::decode::<Vec<qovery_api::types::EnvironmentLogs>>(message.as_bytes());
        let alone = alone.elapsed();
        let pause = longest_pause(async {
            let mut lines = server.client.deployment_logs(environment);
            let event = timeout(LONG, lines.next()).await.unwrap().unwrap();
            assert_eq!(
                matches!(event, Ok(Event::Item(_))),
                is_item,
                "{name}: {event:.200?}"
            );
        })
        .await;
        assert!(
            pause < alone.max(Duration::from_millis(400)) / 2,
            "{name}: {pause:?} of {alone:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_window_does_not_panic() {
    let (fake, environment, _) = world();
    let client = fake.client();
    let deployed = client
        .environment(environment.id())
        .deploy()
        .within(Duration::MAX);
    let running = deployed.until_running(Duration::MAX).into_future();
    let ended = timeout(Duration::from_secs(3600), running).await;
    assert!(!matches!(ended, Ok(Ok(_))));
}

#[tokio::test]
async fn settings_that_mean_never_do_not_panic() {
    let script = Script {
        stays: true,
        ..bytes(frame(0x81, &line("a")))
    };
    let server = Hostile::start(script).await;
    let lines = server.client.service_logs(server.service.id());
    let mut lines = lines
        .ping_every(Duration::MAX)
        .silence_limit(Duration::MAX)
        .message_limit(usize::MAX)
        .reconnect(
            Reconnect::default()
                .first_delay(Duration::MAX)
                .longest_delay(Duration::MAX),
        );
    let event = timeout(LONG, lines.next()).await.unwrap().unwrap();
    assert!(matches!(event, Ok(Event::Item(_))));
    let quiet = timeout(Duration::from_millis(200), lines.next()).await;
    assert!(quiet.is_err());
}

/// Opens sockets to a server that sends empty messages for a second before it reads anything.
struct Flood {
    rest: FakeTransport,
    written: Arc<AtomicUsize>,
}

impl Transport for Flood {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        self.rest.send(request)
    }

    fn upgrade(&self, request: Request) -> BoxFuture<'_, Result<Upgrade, TransportError>> {
        let key = derive_accept_key(request.headers[header::SEC_WEBSOCKET_KEY].as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(
            header::SEC_WEBSOCKET_ACCEPT,
            HeaderValue::from_str(&key).unwrap(),
        );
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (mut reader, mut writer) = tokio::io::split(far);
        let written = Arc::clone(&self.written);
        tokio::spawn(async move {
            while written.fetch_add(1, Ordering::SeqCst) < 1_000_000
                && writer.write_all(&frame(0x82, b"")).await.is_ok()
            {}
        });
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut buffer = [0; 4096];
            while reader.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        });
        let upgraded = Upgraded::new(headers, near);
        Box::pin(async { Ok(Upgrade::Switched(upgraded)) })
    }
}

#[tokio::test(start_paused = true)]
async fn empty_output_is_held_back_while_input_is_sent() {
    let (fake, _, service) = world();
    let written = Arc::new(AtomicUsize::new(0));
    let rest = fake.transport();
    let counted = Arc::clone(&written);
    let client = Connect::new().token(fake.token()).transport(Flood {
        rest,
        written: counted,
    });
    let client = client.stream_url("ws://127.0.0.1").build().unwrap();
    let exec = client.exec(service.id(), ["cat"]).message_limit(1 << 20);
    let mut exec = exec.start().await.unwrap();
    for _ in 0..4 {
        let sent = timeout(LONG, exec.write(vec![7; 64 * 1024])).await;
        sent.expect("it is sent").unwrap();
    }
    let written = written.load(Ordering::SeqCst);
    // The number of messages in 1 MiB of memory, and those in transit.
    assert!(written < 100_000, "{written}");
    assert_eq!(exec.read().await.unwrap().unwrap(), "");
}

#[tokio::test]
async fn reconnects_to_a_server_that_closes_after_each_message_have_a_delay() {
    let script = bytes(frame(0x81, &line("a")));
    let server = Hostile::start(script).await;
    let reconnect = Reconnect::default().first_delay(Duration::from_millis(100));
    let mut lines = server
        .client
        .service_logs(server.service.id())
        .reconnect(reconnect);
    let _ = timeout(Duration::from_millis(1050), async {
        while lines.next().await.is_some() {}
    })
    .await;
    let connections = server.connections.load(Ordering::SeqCst);
    assert!((2..=11).contains(&connections), "{connections}");
    let heads = server.heads.lock().unwrap().clone();
    let first = |head: &String| head.lines().next().unwrap().to_owned();
    assert!(heads.iter().map(first).all(|line| !line.contains("s3cret")));
}

#[tokio::test]
async fn a_line_of_the_future_is_not_the_time_from_which_lines_are_asked_for() {
    let now = Utc::now().timestamp_millis();
    for milliseconds in [
        now + 3_600_000,
        253_402_300_800_000,
        8_210_000_000_000_000,
        i64::MAX,
        i64::MIN,
    ] {
        let server = Hostile::start(bytes(frame(0x81, &line_at(milliseconds, "a")))).await;
        let mut lines = server.client.service_logs(server.service.id());
        let heads = || server.heads.lock().unwrap().clone();
        let reading = async { while heads().len() < 2 && lines.next().await.is_some() {} };
        timeout(LONG, reading).await.unwrap();
        let heads = heads();
        let url = format!("ws://h.test{}", heads[1].split(' ').nth(1).unwrap());
        let url = qovery_api::reqwest::Url::parse(&url).unwrap();
        let start = url.query_pairs().find(|(name, _)| name == "start");
        let start: DateTime<Utc> = start.unwrap().1.parse().unwrap();
        assert!(start <= Utc::now(), "{milliseconds}: {start}");
    }
}
