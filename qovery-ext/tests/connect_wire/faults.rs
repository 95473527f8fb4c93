//! Connections that fail at each point, and the part of the request that the server has seen by then.

use std::{sync::Arc, time::Duration};

use qovery_api::{AccessToken, BoxFuture, RetryMode, http::Method};
use qovery_ext::connect::{TokenSource, TokenSourceError};
use tokio::sync::Semaphore;

use super::{
    METHODS, client, connect, is_safe, request, send,
    server::{Response, Server, response},
};

/// The bytes of a success.
fn success() -> Vec<u8> {
    response(
        200,
        "content-type: application/json\r\n",
        r#"{"name": "b0dy"}"#,
    )
}

#[tokio::test]
async fn a_refused_connection_is_retried_for_each_method_and_nothing_is_executed() {
    // The port of a server that has stopped.
    let url = Server::start([Response::Silence]).await.url();
    tokio::task::yield_now().await;
    for method in METHODS {
        let client = connect(&url).build().unwrap();
        let error = send(&client, &method).await.unwrap_err();
        assert!(
            error.is_connect() && !error.may_have_been_executed(),
            "{method} {error:?}"
        );
        assert_eq!(error.attempts(), 4, "{method}");
    }
}

/// Linux does not answer connections that do not fit into the queue of a listener.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_takes_too_long_is_retried_and_nothing_is_executed() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let limit = Duration::from_millis(100);
    let mut queue = Vec::new();
    while let Ok(stream) =
        tokio::time::timeout(limit, tokio::net::TcpStream::connect(address)).await
    {
        queue.push(stream.unwrap());
    }
    let settings = connect(&format!("http://{address}")).connect_timeout(limit);
    let error = send(&settings.build().unwrap(), &Method::POST)
        .await
        .unwrap_err();
    assert!(error.is_connect() && error.is_timeout(), "{error:?}");
    assert!(!error.may_have_been_executed(), "{error:?}");
    assert_eq!(error.attempts(), 4);
    assert!(
        error.elapsed() >= limit * 4 && error.elapsed() < limit * 20,
        "{error:?}"
    );
}

/// Reports each attempt, because each attempt requests the token.
#[derive(Clone)]
struct Attempts(Arc<Semaphore>);

impl TokenSource for Attempts {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
        self.0.add_permits(1);
        Box::pin(async { Ok(AccessToken::new("a-token")?) })
    }
}

#[tokio::test]
async fn a_server_that_comes_up_late_is_reached_by_a_post() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let policy = qovery_ext::connect::RetryPolicy::new()
        .attempts(200)
        .first_delay(Duration::from_millis(5))
        .longest_delay(Duration::from_millis(5));
    let attempts = Attempts(Arc::new(Semaphore::new(0)));
    let client = connect(&format!("http://{address}"))
        .token_source(attempts.clone())
        .retry(policy)
        .build()
        .unwrap();
    let call = tokio::spawn(async move { send(&client, &Method::POST).await });
    // The second attempt begins when the first has failed.
    let second = attempts.0.acquire_many(2).await.unwrap();
    second.forget();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, &success())
        .await
        .unwrap();
    let response = call.await.unwrap().unwrap();
    assert!(response.attempts > 1 && !response.executed_before);
}

#[tokio::test]
async fn a_reset_before_the_request_was_read_is_retried_if_a_second_execution_has_no_effect() {
    for read in [0, 1, 20, 60] {
        for method in METHODS {
            let server = Server::start([
                Response::ResetAfterReading(read),
                Response::Bytes(success()),
            ])
            .await;
            let outcome = send(&client(&server), &method).await;
            if is_safe(&method) {
                assert_eq!(outcome.unwrap().status.as_u16(), 200, "{method} {read}");
                assert_eq!(server.executions(), 1, "{method} {read}");
            } else {
                // The client cannot know how much the server read.
                let error = outcome.unwrap_err();
                assert!(error.may_have_been_executed(), "{method} {read} {error:?}");
                assert_eq!(server.executions(), 0, "{method} {read}");
            }
        }
    }
}

#[tokio::test]
async fn a_reset_after_the_request_was_read_is_retried_if_a_second_execution_has_no_effect() {
    for method in METHODS {
        let server =
            Server::start([Response::ResetAfter(Vec::new()), Response::Bytes(success())]).await;
        let outcome = send(&client(&server), &method).await;
        if is_safe(&method) {
            let response = outcome.unwrap();
            assert_eq!(response.attempts, 2, "{method}");
            assert!(response.executed_before, "{method}");
        } else {
            let error = outcome.unwrap_err();
            assert!(
                error.is_interrupted() && error.may_have_been_executed(),
                "{error:?}"
            );
            assert_eq!((error.attempts(), server.executions()), (1, 1), "{method}");
        }
    }
}

#[tokio::test]
async fn a_post_is_executed_at_most_once_whatever_byte_a_fault_strikes() {
    let whole = success();
    // The position of the fault: before each part of the request, and after each byte of the response.
    let mut faults: Vec<_> = (0..200)
        .step_by(13)
        .map(Response::ResetAfterReading)
        .collect();
    faults.extend((0..whole.len()).map(|end| Response::ResetAfter(whole[..end].to_vec())));
    faults.extend(
        (0..whole.len())
            .step_by(7)
            .map(|end| Response::Bytes(whole[..end].to_vec())),
    );
    for fault in faults {
        for method in [Method::POST, Method::PATCH] {
            let server = Server::start([fault.clone(), Response::Bytes(success())]).await;
            let outcome = send(&client(&server), &method).await;
            let executions = server.executions();
            assert!(executions <= 1, "{method} {fault:?}");
            // The error never denies an execution that may have happened.
            let error = outcome.unwrap_err();
            assert!(
                error.may_have_been_executed() || executions == 0,
                "{method} {fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_post_is_executed_at_most_once_after_any_two_faults() {
    let faults = [
        Response::ResetAfterReading(0),
        Response::ResetAfterReading(40),
        Response::ResetAfter(Vec::new()),
        Response::ResetAfter(success()[..30].to_vec()),
        Response::Bytes(Vec::new()),
        Response::Bytes(b"not HTTP at all\r\n\r\n".to_vec()),
        Response::EndlessHeaders,
        Response::status(429, "", "{}"),
        Response::status(502, "", "{}"),
        Response::status(503, "Retry-After: 0\r\n", "{}"),
        Response::status(504, "", "<html>"),
        Response::status(500, "", "{}"),
        Response::status(401, "", "{}"),
    ];
    for first in &faults {
        for second in &faults {
            let server =
                Server::start([first.clone(), second.clone(), Response::Bytes(success())]).await;
            let _ = send(&client(&server), &Method::POST).await;
            // Refused requests were read and not executed.
            let refusals = [first, second]
                .into_iter()
                .take_while(|fault| **fault == Response::status(429, "", "{}"))
                .count();
            let executed = server.executions().saturating_sub(refusals);
            assert!(executed <= 1, "{first:?} {second:?}");
        }
    }
}

#[tokio::test]
async fn a_delete_that_must_not_run_twice_is_executed_at_most_once_for_every_fault() {
    let whole = success();
    let mut faults: Vec<_> = (0..200)
        .step_by(40)
        .map(Response::ResetAfterReading)
        .collect();
    let ends = (0..whole.len()).step_by(5);
    faults.extend(ends.map(|end| Response::ResetAfter(whole[..end].to_vec())));
    faults.extend([502, 503, 504].map(|status| Response::status(status, "", "{}")));
    for fault in faults {
        let server = Server::start([fault.clone(), Response::Bytes(success())]).await;
        let client = client(&server);
        let mut request = request(&client, &Method::DELETE);
        request.retry = RetryMode::UnlessExecuted;
        let outcome = client.transport().send(request).await;
        let executions = server.executions();
        assert!(executions <= 1, "{fault:?}");
        if let Err(error) = outcome {
            let may = error.may_have_been_executed();
            assert!(may || executions == 0, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_truncated_body_is_no_success() {
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::POST] {
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\": ".to_vec();
        let chunked =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n".to_vec();
        for bytes in [half, chunked] {
            let server = Server::start([Response::Bytes(bytes)]).await;
            let error = send(&client(&server), &method).await.unwrap_err();
            assert!(
                error.is_body() && error.may_have_been_executed(),
                "{error:?}"
            );
            let expected = if is_safe(&method) { 4 } else { 1 };
            assert_eq!(error.attempts(), expected, "{method}");
            assert_eq!(server.executions(), expected as usize, "{method}");
        }
    }
}

#[tokio::test]
async fn the_status_of_a_failure_survives_a_body_that_stops_half_way() {
    let half = b"HTTP/1.1 409 X\r\ncontent-length: 100\r\n\r\n{\"detail\": ".to_vec();
    let server = Server::start([Response::Bytes(half)]).await;
    let response = send(&client(&server), &Method::POST).await.unwrap();
    assert_eq!(response.status.as_u16(), 409);
}

#[tokio::test]
async fn endless_headers_end_the_request() {
    for method in [Method::GET, Method::POST] {
        let server = Server::start([Response::EndlessHeaders]).await;
        let error = send(&client(&server), &method).await.unwrap_err();
        assert!(error.may_have_been_executed(), "{error:?}");
        let expected = if is_safe(&method) { 4 } else { 1 };
        assert_eq!(error.attempts(), expected, "{method}");
    }
}

#[tokio::test]
async fn a_response_that_stalls_or_never_ends_is_ended_by_the_time_limit() {
    for response in [
        Response::Silence,
        Response::StalledHeaders,
        Response::EndlessBody,
    ] {
        let server = Server::start([response]).await;
        let limit = Duration::from_millis(200);
        let client = connect(&server.url())
            .request_timeout(limit)
            .build()
            .unwrap();
        let error = send(&client, &Method::GET).await.unwrap_err();
        assert!(
            error.is_timeout() && error.may_have_been_executed(),
            "{error:?}"
        );
        assert_eq!(error.attempts(), 1);
        assert!(
            error.elapsed() >= limit && error.elapsed() < limit * 5,
            "{error:?}"
        );
        let client = connect(&server.url()).build().unwrap();
        let mut request = request(&client, &Method::POST);
        request.timeout = Some(limit);
        let error = client.transport().send(request).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        assert!(
            error.elapsed() >= limit && error.elapsed() < limit * 5,
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_without_a_retry() {
    let long = "x".repeat(2000);
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n{long}\r\n0\r\n\r\n");
    for bytes in [response(200, "", &long), chunked.into_bytes()] {
        let server = Server::start([Response::Bytes(bytes)]).await;
        let client = connect(&server.url()).body_limit(1999).build().unwrap();
        let error = send(&client, &Method::GET).await.unwrap_err();
        assert!(
            error.is_too_large() && error.may_have_been_executed(),
            "{error:?}"
        );
        assert_eq!((error.attempts(), server.executions()), (1, 1));
        let client = connect(&server.url()).body_limit(2000).build().unwrap();
        assert_eq!(send(&client, &Method::GET).await.unwrap().body.len(), 2000);
    }
}

#[tokio::test]
async fn a_wrong_length_neither_reserves_memory_nor_exceeds_the_limit() {
    for length in ["2001", "99999999999999", "9223372036854775807"] {
        let bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{{}}").into_bytes();
        let server = Server::start([Response::Kept(bytes)]).await;
        let client = connect(&server.url()).body_limit(2000).build().unwrap();
        let error = send(&client, &Method::GET).await.unwrap_err();
        assert!(error.is_too_large(), "{length} {error:?}");
        assert_eq!(server.executions(), 1, "{length}");
        // If a request fails, the status is more useful than the body.
        let bytes = format!("HTTP/1.1 403 X\r\ncontent-length: {length}\r\n\r\n{{}}").into_bytes();
        let server = Server::start([Response::Bytes(bytes)]).await;
        let client = connect(&server.url()).body_limit(2000).build().unwrap();
        assert_eq!(
            send(&client, &Method::GET).await.unwrap().status.as_u16(),
            403
        );
    }
    // Shorter than the body: the rest does not belong to it.
    let bytes = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{{}}{}",
        "x".repeat(9000)
    );
    let server = Server::start([Response::Bytes(bytes.into_bytes())]).await;
    let client = connect(&server.url()).body_limit(2000).build().unwrap();
    assert_eq!(send(&client, &Method::GET).await.unwrap().body, "{}");
    // Endless chunks, of a success and of a failure.
    for (status, is_too_large) in [(200, true), (500, false)] {
        let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
        let head = format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\n");
        let bytes = head + &chunk.repeat(100);
        let server = Server::start([Response::Kept(bytes.into_bytes())]).await;
        let client = connect(&server.url()).body_limit(2000).build().unwrap();
        match send(&client, &Method::GET).await {
            Ok(response) => assert!(!is_too_large && response.body.len() <= 2000),
            Err(error) => assert!(is_too_large && error.is_too_large(), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_post_over_a_reused_connection_that_breaks_is_executed_at_most_once() {
    for death in [
        Response::ResetAfterReading(0),
        Response::ResetAfter(Vec::new()),
        Response::Bytes(Vec::new()),
    ] {
        let server = Server::start([
            Response::Kept(success()),
            death.clone(),
            Response::Bytes(success()),
        ])
        .await;
        let client = client(&server);
        send(&client, &Method::GET).await.unwrap();
        let outcome = send(&client, &Method::POST).await;
        let posts = server.seen().requests;
        let posts = posts.iter().filter(|text| text.starts_with("POST")).count();
        assert!(posts <= 1, "{death:?}");
        assert!(outcome.is_err() || posts == 1, "{death:?}");
    }
}

#[tokio::test]
async fn connections_are_reused() {
    let server = Server::start([Response::Kept(success())]).await;
    let client = client(&server);
    for method in METHODS.iter().filter(|method| **method != Method::HEAD) {
        send(&client, method).await.unwrap();
    }
    assert_eq!(server.seen().connections, 1);
    assert_eq!(server.executions(), 5);
}
