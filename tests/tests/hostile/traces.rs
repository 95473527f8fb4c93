//! The token in logs of the finest level, of every crate, while servers send it back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use qovery_api::uuid::Uuid;
use qovery_ext::connect::Connect;
use qovery_ext::stream::{LiveExt as _, Reconnect};
use qovery_fake::{FakeQovery, Workload};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::redaction::spellings;

/// All events and spans of this thread.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Traced {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Traced {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        // Crates that write to `log` are traced too.
        let _of_another_test = tracing_log::LogTracer::init();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(move || writer.clone())
            .finish()
            .set_default()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut frame = vec![first];
    if length < 126 {
        frame.push(u8::try_from(length).unwrap());
    } else {
        frame.push(126);
        frame.extend(u16::try_from(length).unwrap().to_be_bytes());
    }
    frame.extend(payload);
    frame
}

/// The response of the server to the head of a request, with this text in every place.
fn responses(said: &str) -> Vec<Vec<u8>> {
    let switched = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                    sec-websocket-accept: {key}\r\n";
    let head = |status: &str, headers: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\n{headers}content-type: application/json\r\nx-request-id: {said}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let quoted = serde_json::json!({ "detail": said, said: said }).to_string();
    let socket = |headers: &str, frames: Vec<u8>| {
        [format!("{switched}{headers}\r\n").into_bytes(), frames].concat()
    };
    let reason = [
        &1008_u16.to_be_bytes()[..],
        &said.as_bytes()[..said.len().min(123)],
    ]
    .concat();
    let ping = &said.as_bytes()[..said.len().min(125)];
    vec![
        head("401 Unauthorized", "", &quoted),
        head("200 OK", "", &quoted),
        head(
            "500 X",
            &format!("x-{}: 1\r\nretry-after: 0\r\n", "a"),
            said,
        ),
        head(&format!("503 {said}"), "", said),
        head("302 Found", &format!("location: /v1?t={said}\r\n"), ""),
        head(
            "302 Found",
            &format!("location: http://u:{said}@127.0.0.1:1/\r\n"),
            "",
        ),
        head(
            "200 OK",
            "content-encoding: x\r\ntransfer-encoding: chunked\r\n",
            said,
        ),
        format!("HTTP/1.1 {said}\r\n\r\n").into_bytes(),
        format!("{said}\r\n\r\n").into_bytes(),
        socket(
            &format!("x-said: {said}\r\nsec-websocket-protocol: {said}\r\n"),
            Vec::new(),
        ),
        socket("", frame(0x81, quoted.as_bytes())),
        socket("", frame(0x81, said.as_bytes())),
        socket("", frame(0x82, said.as_bytes())),
        socket("", [frame(0x89, ping), frame(0x8a, ping)].concat()),
        socket("", frame(0x88, &reason)),
        socket(
            "",
            [frame(0x01, said.as_bytes()), frame(0x81, b"x")].concat(),
        ),
        socket("", frame(0xf1, said.as_bytes())),
        socket("", said.as_bytes().to_vec()),
        Vec::new(),
    ]
}

async fn serve(listener: TcpListener, response: Vec<u8>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let response = response.clone();
        tokio::spawn(async move {
            let head = read_head(&mut stream).await;
            let key = head
                .lines()
                .find_map(|line| line.strip_prefix("sec-websocket-key: "));
            let accepted = key.map(|key| {
                tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes())
            });
            let bytes = match accepted.filter(|_| response.starts_with(b"HTTP/1.1 101")) {
                Some(accepted) => {
                    let at = response
                        .windows(5)
                        .position(|five| five == b"{key}")
                        .unwrap();
                    [&response[..at], accepted.as_bytes(), &response[at + 5..]].concat()
                }
                None => response,
            };
            let _closed_early = stream.write_all(&bytes).await;
            let _closed_early = stream.shutdown().await;
        });
    }
}

#[tokio::test]
async fn no_log_of_any_crate_contains_the_token_that_a_server_sends_back() {
    for token in ["qov_0123456789abcdef", "a/b=c&d'e<f>g+h\"i\\j%k"] {
        let fake = FakeQovery::new();
        let service = fake.environment("one").service(Workload::Container, "web");
        let rest = fake.serve().await.unwrap();
        for (round, said) in spellings(token).into_iter().enumerate() {
            // Each response with every third spelling, because each client logs a lot.
            for response in responses(&said).into_iter().skip(round % 3).step_by(3) {
                let traced = Traced::default();
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let server = tokio::spawn(serve(listener, response.clone()));
                let guard = traced.listen();
                let connect = |url: String| {
                    Connect::new()
                        .token(token)
                        .base_url(url)
                        .stream_url(format!("ws://{address}"))
                };
                let mut shown = Vec::new();
                let client = connect(rest.url()).build().unwrap();
                let lines = client
                    .service_logs(service.id())
                    .reconnect(Reconnect::never());
                let events =
                    tokio::time::timeout(Duration::from_secs(20), lines.collect::<Vec<_>>());
                shown.push(format!("{:?}", events.await.unwrap()));
                let client = connect(format!("http://{address}")).build().unwrap();
                let call = client
                    .get_environment(Uuid::nil())
                    .retry(qovery_api::RetryMode::Never);
                if let Err(error) = call.await {
                    shown.push(format!("{error} {error:?}"));
                }
                drop(guard);
                server.abort();
                let text = traced.text();
                assert!(
                    text.contains("qovery_call") && text.contains("hyper"),
                    "{text}"
                );
                for line in text.lines().chain(shown.iter().map(String::as_str)) {
                    assert!(
                        !line.contains(&said) && !line.contains(token),
                        "{}\n{line}",
                        String::from_utf8_lossy(&response)
                    );
                }
            }
        }
    }
}
