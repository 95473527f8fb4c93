//! Servers that violate HTTP: statuses, headers, chunks and connections.

use std::time::{Duration, Instant};

use integration_tests::hostile::faults;
use qovery_api::{
    Call, Client, Error, Operation, OperationInfo, Text, bytes::Bytes, http::Method, uuid::Uuid,
};

use crate::bodies::Server;

/// An operation whose body is returned as it is: only its length shows that a part is missing.
struct GetText;

impl Operation for GetText {
    type Output = String;
    type Format = Text;
    const INFO: &'static OperationInfo = &OperationInfo::new("getText", Method::GET, "/text");
}

/// The same as bytes.
struct GetBytes;

impl Operation for GetBytes {
    type Output = Bytes;
    type Format = qovery_api::Binary;
    const INFO: &'static OperationInfo = &OperationInfo::new("getBytes", Method::GET, "/bytes");
}

const LIMIT: Duration = Duration::from_millis(400);

async fn text(client: &Client) -> Result<String, Error> {
    Call::<GetText>::new(client, &[]).timeout(LIMIT).await
}

async fn responding(reply: impl Into<Vec<u8>>) -> Server {
    let reply = reply.into();
    Server::start(move |_| reply.clone()).await
}

fn assert_printable(error: &Error) {
    assert_eq!(faults(&error.to_string()), [""; 0]);
    assert_eq!(faults(&format!("{error:?}")), [""; 0]);
}

#[tokio::test]
async fn a_body_that_broke_off_is_not_a_success_in_any_framing() {
    for reply in [
        // Shorter than the announced length.
        "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\nhalf",
        "HTTP/1.0 200 OK\r\ncontent-length: 1000\r\n\r\nhalf",
        "HTTP/1.1 203 X\r\nContent-Length: 5\r\nconnection: close\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\nconnection: close\r\n\r\nhalf",
        // Lengths that contradict each other.
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 1000\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ncontent-length: 4, 1000\r\nconnection: close\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ncontent-length: -4\r\nconnection: close\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\nhalf",
        // Chunks without an end, or with a wrong one.
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n10\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhalf\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-4\r\nhalf\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalfXX0\r\n\r\n",
        // A part of a body, and a delta.
        "HTTP/1.1 206 X\r\ncontent-length: 4\r\n\r\nhalf",
        "HTTP/1.1 206 X\r\ncontent-range: bytes 0-3/8\r\ncontent-length: 4\r\n\r\nhalf",
        "HTTP/1.1 206 X\r\ncontent-range: bytes 0-7/8\r\ncontent-length: 4\r\n\r\nhalf",
        "HTTP/1.1 206 X\r\ncontent-range: bytes 0-2/3\r\ncontent-length: 4\r\n\r\nhalf",
        "HTTP/1.1 206 X\r\ncontent-range: bytes 4-7/8\r\ncontent-length: 4\r\n\r\nhalf",
        "HTTP/1.1 206 X\r\ncontent-range: bytes 0-3/*\r\ncontent-length: 4\r\n\r\nhalf",
        "HTTP/1.1 226 X\r\ncontent-length: 4\r\n\r\nhalf",
    ] {
        let server = responding(reply).await;
        let client = server.client();
        let error = text(&client).await.expect_err(reply);
        assert!(
            error.is_transport() && error.may_have_been_executed(),
            "{reply}: {error}"
        );
        assert_printable(&error);
        let bytes = Call::<GetBytes>::new(&client, &[]).timeout(LIMIT).await;
        assert!(bytes.is_err(), "{reply}");
    }
    for reply in [
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhalfHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nhalf",
        "HTTP/1.1 206 X\r\ncontent-range: bytes 0-3/4\r\ncontent-length: 4\r\n\r\nhalf",
    ] {
        let reply = reply.replace("OK\r\n", "OK\r\nconnection: close\r\n");
        let server = responding(reply.clone()).await;
        let read = text(&server.client()).await;
        // Without a length, the end of the connection is the end of the body.
        if reply.contains("content-length") {
            assert_eq!(read.unwrap(), "half", "{reply}");
        }
    }
}

#[tokio::test]
async fn a_part_that_was_asked_for_is_a_success() {
    let server =
        responding("HTTP/1.1 206 X\r\ncontent-range: bytes 0-3/8\r\ncontent-length: 4\r\n\r\nhalf")
            .await;
    let call = Call::<GetText>::new(&server.client(), &[]).header("range", "bytes=0-3");
    assert_eq!(call.await.unwrap(), "half");
}

#[tokio::test]
async fn endless_headers_and_interim_responses_are_cut_at_the_limit() {
    let line = |name: &str, count: usize| format!("{name}: x\r\n").repeat(count);
    let long = |length: usize| format!("x-long: {}\r\n", "y".repeat(length));
    for reply in [
        "HTTP/1.1 100 Continue\r\n\r\n".repeat(100_000),
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(50_000),
        format!("HTTP/1.1 200 OK\r\n{}", line("x-many", 100_000)),
        format!("HTTP/1.1 200 OK\r\n{}", long(8_000_000)),
        format!("HTTP/1.1 200 {}", "reason ".repeat(1_000_000)),
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;{}",
            "e=x;".repeat(1_000_000)
        ),
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n{}",
            line("x-trailer", 1_000_000)
        ),
        "0".repeat(4_000_000),
    ] {
        let begin = reply.chars().take(60).collect::<String>();
        let server = responding(reply).await;
        let started = Instant::now();
        let error = text(&server.client()).await.expect_err(&begin);
        let took = started.elapsed();
        assert!(took < LIMIT + Duration::from_secs(10), "{begin}: {took:?}");
        assert!(error.is_transport(), "{begin}: {error}");
        assert_printable(&error);
    }
}

#[tokio::test]
async fn an_invalid_first_line_is_not_a_success_and_controls_no_terminal() {
    for reply in [
        &b"HTTP/1.1 000 OK\r\n\r\n"[..],
        b"HTTP/1.1 99 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\x1b]0;owned\x07\r\n\r\n",
        b"::error::injected\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx\x1b[2J: y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: \0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n::error::injected\r\n\r\n",
        // The request asked for no other protocol.
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhalf",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        let shown = String::from_utf8_lossy(reply);
        let server = responding(reply).await;
        let error = text(&server.client()).await.expect_err(&shown);
        assert_printable(&error);
    }
    for reply in [
        &b"HTTP/1.1 404 \x1b]0;owned\x07\r\ncontent-length: 0\r\n\r\n"[..],
        b"HTTP/1.1 404 ::error::x\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 404 \xff\xfe\r\nx-request-id: \xff\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 404 X\r\nx-request-id: ##[error]x ##vso[a]\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 404 X\r\nx-request-id: ::error::x\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 404 X\r\ncontent-encoding: ::error::\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.1 404 X\r\ncontent-type: ::error::x\r\ncontent-length: 9\r\n\r\n::error::",
        b"HTTP/1.1 429 X\r\nretry-after: ::error::x\r\ncontent-length: 0\r\n\r\n",
    ] {
        let server = responding(reply).await;
        assert_printable(&text(&server.client()).await.unwrap_err());
    }
}

#[tokio::test]
async fn a_response_that_arrives_byte_by_byte_ends_at_the_time_limit_of_the_call() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for head in [
        "HTTP/1.1 200 ",
        "HTTP/1.1 200 OK\r\nx-drip: ",
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n100000\r\n",
        "HTTP/1.1 404 X\r\ncontent-length: 1000000\r\n\r\n",
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _request = stream.read(&mut request).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let client = Client::builder().base_url(&url).build().unwrap();
        let started = Instant::now();
        let outcome = text(&client).await;
        let took = started.elapsed();
        assert!(took < LIMIT + Duration::from_secs(5), "{head}: {took:?}");
        let error = outcome.expect_err(head);
        // The status of a failure is known.
        assert!(
            error.is_timeout() || error.is_not_found(),
            "{head}: {error}"
        );
        server.abort();
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_within_the_body_is_not_a_success() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhalf",
        "HTTP/1.0 200 OK\r\n\r\nhalf",
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // If data is left unread, the kernel resets the connection when it is closed.
            let mut byte = [0];
            let _read = stream.read(&mut byte).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
        });
        let client = Client::builder().base_url(&url).build().unwrap();
        let outcome = text(&client).await;
        server.await.unwrap();
        let error = outcome.expect_err(head);
        assert!(
            error.is_transport() && error.may_have_been_executed(),
            "{head}: {error}"
        );
    }
}

#[tokio::test]
async fn no_redirect_sends_the_token_to_another_server() {
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    for location in [
        format!("http://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http:\\\\127.0.0.1:{port}\\"),
        format!("\\\\127.0.0.1:{port}\\"),
        format!("/\\127.0.0.1:{port}/"),
        format!("http://user@127.0.0.1:{port}/"),
        format!("HTTP://127.0.0.1:{port}/x?qov_0123456789"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        "file:///etc/passwd".to_owned(),
        "javascript:alert(1)".to_owned(),
        "http://".to_owned(),
        String::new(),
    ] {
        for status in [300, 301, 302, 303, 305, 306, 307, 308] {
            let head = format!("location: {location}\r\n");
            let server = Server::of(&format!("{status} X"), &head, "").await;
            let error = text(&server.client()).await.expect_err(&location);
            assert_eq!(error.status().unwrap(), status, "{location}: {error}");
            assert!(!format!("{error} {error:?}").contains("0123456789"));
        }
    }
    let asked = tokio::time::timeout(Duration::from_millis(50), other.accept()).await;
    assert!(asked.is_err(), "the redirect was followed");
}

#[tokio::test]
async fn every_status_has_a_meaning_and_only_a_2xx_is_a_success() {
    for status in (200..=999).filter(|status| ![204, 304].contains(status)) {
        let server = Server::of(&format!("{status} X"), "", "").await;
        let client = server.client();
        let deleted = client.delete_environment(Uuid::nil()).await;
        let is_part = [206, 226].contains(&status);
        assert_eq!(deleted.is_ok(), status < 300 && !is_part, "{status}");
        let Err(error) = deleted else { continue };
        let message = error.to_string();
        assert_printable(&error);
        if is_part {
            assert!(message.contains("only a part"), "{message}");
            continue;
        }
        assert!(message.contains(&status.to_string()), "{message}");
        let is_redirect = (300..400).contains(&status);
        assert_eq!(message.contains("redirect"), is_redirect, "{message}");
        assert_eq!(
            error.is_server_error(),
            (500..600).contains(&status),
            "{message}"
        );
        // Only two kinds of responses prove that the request was not executed: those of the API, and those that ask for
        // another location or a later time.
        if !error.may_have_been_executed() && ![307, 308, 429].contains(&status) {
            assert!(
                error.is_from_api() && (400..500).contains(&status),
                "{message}"
            );
        }
    }
    for (status, said) in [
        (407, "credentials"),
        (421, "base URL"),
        (423, "locked"),
        (425, "encrypted"),
        (431, "too large"),
        (451, "legal"),
        (460, "closed the request"),
        (511, "login"),
        (520, "did not understand"),
        (521, "could not reach"),
        (522, "timed out"),
        (523, "could not reach"),
        (524, "timed out"),
        (526, "could not reach"),
        (530, "could not reach"),
        (598, "timed out"),
        (599, "timed out"),
        (999, "no reason"),
    ] {
        let server = Server::of(&format!("{status} X"), "", "").await;
        let error = server
            .client()
            .delete_environment(Uuid::nil())
            .await
            .unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}
