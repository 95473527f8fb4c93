//! Bodies that end early without an error of the protocol, over each version of HTTP.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use qovery_api::{
    Binary, Call, Client, NoContent, Operation, OperationInfo, RetryMode, Text,
    bytes::Bytes,
    http::{self, Method, request::Parts},
    reqwest,
};
use tokio::{net::TcpListener, sync::mpsc};

use super::{
    METHODS, client, connect, is_safe, request, send,
    server::{Response, Server, response},
};

/// The end of a stream after its data.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// With the flag that marks the end.
    Properly,
    /// With `RST_STREAM`.
    Reset(h2::Reason),
    /// With `GOAWAY`, and then the connection.
    GoAway,
}

/// One response over HTTP/2.
#[derive(Debug, Clone)]
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    data: Bytes,
    end: End,
}

impl Reply {
    /// Announces a length, and sends this many bytes.
    fn announcing(status: u16, announced: usize, sent: usize, end: End) -> Self {
        Self {
            status,
            headers: vec![("content-length", announced.to_string())],
            data: Bytes::from("x".repeat(sent)),
            end,
        }
    }
}

/// A server of HTTP/2 that answers in order, with a new connection each time.
struct Http2 {
    client: Client,
    executions: Arc<AtomicUsize>,
    requests: mpsc::UnboundedReceiver<Parts>,
}

impl Http2 {
    async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let executions = Arc::<AtomicUsize>::default();
        let (seen, requests) = mpsc::unbounded_channel();
        let count = Arc::clone(&executions);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (replies, count, seen) = (replies.clone(), Arc::clone(&count), seen.clone());
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        let number = count.fetch_add(1, Ordering::SeqCst);
                        let reply = replies[number.min(replies.len() - 1)].clone();
                        let _ = seen.send(request.into_parts().0);
                        let ends = reply.end == End::GoAway;
                        send_reply(respond, reply);
                        if ends {
                            // The bytes written so far are sent first.
                            let pause = std::time::Duration::from_millis(10);
                            let _ = tokio::time::timeout(pause, connection.accept()).await;
                            connection.abrupt_shutdown(h2::Reason::NO_ERROR);
                        }
                    }
                });
            }
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .http2_prior_knowledge();
        let settings = connect(&format!("http://{address}")).reqwest(http);
        Self {
            client: settings.build().unwrap(),
            executions,
            requests,
        }
    }

    fn executions(&self) -> usize {
        self.executions.load(Ordering::SeqCst)
    }
}

fn send_reply(mut respond: h2::server::SendResponse<Bytes>, reply: Reply) {
    let mut head = http::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        head = head.header(*name, value);
    }
    let is_over = reply.data.is_empty() && reply.end == End::Properly;
    let mut stream = respond
        .send_response(head.body(()).unwrap(), is_over)
        .unwrap();
    if is_over {
        return;
    }
    let proper = reply.end == End::Properly;
    stream.send_data(reply.data, proper).unwrap();
    if let End::Reset(reason) = reply.end {
        // The bytes written so far are sent first.
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            stream.send_reset(reason);
        });
    } else if reply.end == End::GoAway {
        // Held until the connection ends.
        std::mem::forget(stream);
    }
}

/// The ends that hyper treats as the end of the body.
const QUIET: [End; 2] = [End::Reset(h2::Reason::NO_ERROR), End::GoAway];

#[tokio::test]
async fn a_body_that_is_shorter_than_announced_broke_off_over_http_2() {
    for end in QUIET {
        for sent in [0, 64, 999] {
            for method in [
                Method::GET,
                Method::PUT,
                Method::DELETE,
                Method::POST,
                Method::PATCH,
            ] {
                let server = Http2::start(vec![Reply::announcing(200, 1000, sent, end)]).await;
                let error = send(&server.client, &method).await.unwrap_err();
                assert!(error.may_have_been_executed(), "{end:?} {error:?}");
                let expected = if is_safe(&method) { 4 } else { 1 };
                assert_eq!(
                    error.attempts(),
                    expected,
                    "{method} {end:?} {sent} {error:?}"
                );
                assert_eq!(server.executions(), expected as usize, "{method} {end:?}");
                assert!(error.is_body(), "{end:?} {error:?}");
                if matches!(end, End::Reset(_)) {
                    let text = error.to_string();
                    assert!(
                        text.contains(&format!("received {sent} of 1000 announced bytes")),
                        "{text}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_ended_within_its_body_broke_off_without_a_length_too() {
    for end in QUIET {
        for sent in [0, 64] {
            let mut reply = Reply::announcing(200, 0, sent, end);
            reply.headers.clear();
            let server = Http2::start(vec![reply]).await;
            for (method, attempts) in [(Method::GET, 4), (Method::POST, 1)] {
                let error = send(&server.client, &method).await.unwrap_err();
                assert!(error.is_body(), "{end:?} {sent} {error:?}");
                assert_eq!(error.attempts(), attempts, "{end:?} {sent} {error:?}");
            }
        }
    }
    for data in ["", "a", "a longer body than that"] {
        let mut reply = Reply::announcing(200, 0, 0, End::Properly);
        reply.headers.clear();
        reply.data = Bytes::from_static(data.as_bytes());
        let server = Http2::start(vec![reply]).await;
        let response = send(&server.client, &Method::POST).await.unwrap();
        assert_eq!(response.body, data);
    }
}

#[tokio::test]
async fn a_post_whose_response_broke_off_is_sent_again_if_the_caller_allows_it() {
    for end in QUIET {
        let server = Http2::start(vec![
            Reply::announcing(200, 1000, 64, end),
            Reply::announcing(200, 1000, 1000, End::Properly),
        ])
        .await;
        let mut request = request(&server.client, &Method::POST);
        request.retry = RetryMode::EvenIfExecuted;
        let response = server.client.transport().send(request).await.unwrap();
        assert_eq!((response.attempts, response.body.len()), (2, 1000));
        assert!(response.executed_before);
    }
}

#[tokio::test]
async fn a_complete_response_to_a_retry_is_the_response() {
    let server = Http2::start(vec![
        Reply::announcing(200, 1000, 64, QUIET[0]),
        Reply::announcing(200, 1000, 0, QUIET[1]),
        Reply::announcing(200, 1000, 1000, End::Properly),
    ])
    .await;
    let response = send(&server.client, &Method::GET).await.unwrap();
    assert_eq!((response.attempts, response.body.len()), (3, 1000));
}

#[tokio::test]
async fn the_status_of_a_failure_survives_a_body_that_broke_off_over_http_2() {
    for end in QUIET {
        let server = Http2::start(vec![Reply::announcing(409, 1000, 64, end)]).await;
        let response = send(&server.client, &Method::POST).await.unwrap();
        assert_eq!(response.status.as_u16(), 409);
        assert_eq!(server.executions(), 1);
    }
}

#[tokio::test]
async fn a_length_without_a_following_body_is_no_error() {
    for (method, status) in [(Method::HEAD, 200), (Method::GET, 204), (Method::PUT, 204)] {
        let server = Http2::start(vec![Reply::announcing(status, 1000, 0, QUIET[0])]).await;
        let response = send(&server.client, &method).await.unwrap();
        assert_eq!(response.status.as_u16(), status);
        assert_eq!((response.body.len(), response.attempts), (0, 1));
    }
    let head = b"HTTP/1.1 200 X\r\ncontent-length: 1000\r\n\r\n".to_vec();
    let server = Server::start([Response::Bytes(head)]).await;
    let response = send(&client(&server), &Method::HEAD).await.unwrap();
    assert_eq!((response.body.len(), response.attempts), (0, 1));
    let not_modified = b"HTTP/1.1 304 X\r\ncontent-length: 1000\r\n\r\n".to_vec();
    let server = Server::start([Response::Bytes(not_modified)]).await;
    let response = send(&client(&server), &Method::GET).await.unwrap();
    assert_eq!(response.status.as_u16(), 304);
}

macro_rules! reading {
    ($name:ident, $format:ty, $output:ty, $method:ident) => {
        struct $name;
        impl Operation for $name {
            type Output = $output;
            type Format = $format;
            const INFO: &'static OperationInfo =
                &OperationInfo::new(stringify!($name), Method::$method, "/thing");
        }
    };
}

reading!(GetText, Text, String, GET);
reading!(GetBytes, Binary, Bytes, GET);
reading!(PostBytes, Binary, Bytes, POST);
reading!(PutNothing, NoContent, (), PUT);

#[tokio::test]
async fn a_response_of_text_bytes_or_no_body_that_broke_off_is_no_success() {
    async fn check<O: Operation>(server: &Http2, attempts: u32) {
        let error = Call::<O>::new(&server.client, &[]).response().await.err();
        let error = error.unwrap();
        assert!(
            error.is_transport() && error.may_have_been_executed(),
            "{error}"
        );
        assert_eq!(error.attempts(), attempts, "{error}");
    }
    for end in QUIET {
        for sent in [0, 64] {
            let server = Http2::start(vec![Reply::announcing(200, 1000, sent, end)]).await;
            check::<GetText>(&server, 4).await;
            check::<GetBytes>(&server, 4).await;
            check::<PostBytes>(&server, 1).await;
            check::<PutNothing>(&server, 4).await;
        }
    }
    let server = Http2::start(vec![Reply::announcing(200, 64, 64, End::Properly)]).await;
    let text = Call::<GetText>::new(&server.client, &[]).await.unwrap();
    assert_eq!(text.len(), 64);
}

#[tokio::test]
async fn a_body_that_is_shorter_than_announced_broke_off_over_http_1() {
    let short = b"HTTP/1.1 200 X\r\ncontent-length: 1000\r\n\r\nxxxx".to_vec();
    let chunk = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n4\r\nxxxx\r\n".to_vec();
    for bytes in [short, chunk] {
        for method in METHODS.iter().filter(|method| **method != Method::HEAD) {
            let server = Server::start([Response::Bytes(bytes.clone())]).await;
            let error = send(&client(&server), method).await.unwrap_err();
            assert!(error.is_body(), "{method} {error:?}");
            let expected = if is_safe(method) { 4 } else { 1 };
            assert_eq!(error.attempts(), expected, "{method}");
        }
    }
    // Chunks announce their own end. The announced length is ignored.
    let both = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\ncontent-length: 1000\r\n\r\n\
4\r\nxxxx\r\n0\r\n\r\n"
        .to_vec();
    let server = Server::start([Response::Bytes(both)]).await;
    let response = send(&client(&server), &Method::GET).await;
    if let Ok(response) = response {
        assert_eq!(response.body, "xxxx");
    }
}

/// `{}`, compressed with gzip.
#[cfg(feature = "gzip")]
const COMPRESSED: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\xae\x05\x00\x43\xbf\xa6\xa3\
\x02\x00\x00\x00";

#[cfg(feature = "gzip")]
#[tokio::test]
async fn the_length_of_a_compressed_body_is_that_of_its_compressed_bytes() {
    let reply = |announced: usize, sent: usize, end: End| Reply {
        status: 200,
        headers: vec![
            ("content-length", announced.to_string()),
            ("content-encoding", "gzip".to_owned()),
        ],
        data: Bytes::from_static(&COMPRESSED[..sent]),
        end,
    };
    let whole = COMPRESSED.len();
    let server = Http2::start(vec![reply(whole, whole, End::Properly)]).await;
    let response = send(&server.client, &Method::GET).await.unwrap();
    assert_eq!((response.body.as_ref(), response.attempts), (&b"{}"[..], 1));
    // The compression has ended, but the body has not.
    for (announced, sent) in [
        (whole + 1, whole),
        (1000, whole),
        (whole, 0),
        (whole, whole - 1),
    ] {
        for end in QUIET {
            let server = Http2::start(vec![reply(announced, sent, end)]).await;
            for (method, attempts) in [(Method::GET, 4), (Method::POST, 1)] {
                let error = send(&server.client, &method).await.unwrap_err();
                assert!(
                    error.may_have_been_executed(),
                    "{sent} of {announced} {error:?}"
                );
                assert_eq!(
                    error.attempts(),
                    attempts,
                    "{sent} of {announced} {error:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_request_without_a_body_has_a_length_of_0_over_http_2_if_its_method_allows_a_body() {
    let mut server = Http2::start(vec![Reply::announcing(200, 2, 2, End::Properly)]).await;
    // A response to HEAD has no body.
    for method in METHODS.into_iter().filter(|method| *method != Method::HEAD) {
        let mut request = request(&server.client, &method);
        request.body = None;
        server.client.transport().send(request).await.unwrap();
        let seen = server.requests.recv().await.unwrap();
        let lengths: Vec<_> = seen.headers.get_all("content-length").iter().collect();
        let says_so = matches!(method, Method::POST | Method::PUT | Method::PATCH);
        assert_eq!(lengths, vec!["0"; usize::from(says_so)], "{method}");
    }
}

#[tokio::test]
async fn only_the_beginning_of_the_body_of_a_failure_is_read() {
    for text in [
        "x".repeat(5_000_000),
        format!("{{\"detail\":\"no\",\"x\":\"{}\"}}", "y".repeat(50_000)),
    ] {
        for status in [400, 404, 409, 500] {
            let server = Server::start([Response::Bytes(response(status, "", &text))]).await;
            let reply = send(&client(&server), &Method::POST).await.unwrap();
            assert_eq!(reply.body.len(), 16 * 1024);
            let error = Call::<PostBytes>::new(&client(&server), &[])
                .await
                .unwrap_err();
            assert_eq!(error.body().unwrap().len(), 8 * 1024);
            assert!(error.is_body_truncated());
            assert_eq!(
                error.to_string().contains(": no"),
                text.starts_with('{'),
                "{error}"
            );
        }
    }
}
