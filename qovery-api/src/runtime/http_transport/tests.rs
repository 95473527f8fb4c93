use http::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::runtime::{AccessToken, Client, Error, test_support::GetThing};

const TOKEN: &str = "qov_s3cret";

/// Serves one scripted response for each connection, and returns the requests of the connections.
async fn serve(responses: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut asked = Vec::new();
        for response in responses {
            let (mut stream, _) = listener.accept().await.unwrap();
            asked.push(read_request(&mut stream).await);
            stream.write_all(response.as_bytes()).await.unwrap();
        }
        asked
    });
    (url, server)
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap() > 0 {
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn client(url: &str) -> Client {
    let token = AccessToken::new(TOKEN).unwrap();
    let builder = Client::builder().base_url(url).token(token).body_limit(100);
    builder.build().unwrap()
}

fn assert_silent(error: &Error) {
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        shown += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    for secret in [TOKEN, "in-query"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_request_carries_token_and_user_agent() {
    let (url, server) = serve(vec![response("200 OK", "", "{\"a\":1}")]).await;
    let client = Client::builder()
        .base_url(&url)
        .token(AccessToken::new(TOKEN).unwrap())
        .user_agent("mine/1")
        .build()
        .unwrap();
    assert_eq!(client.get_thing("x").await.unwrap(), json!({"a": 1}));
    let asked = server.await.unwrap().remove(0).to_lowercase();
    assert!(asked.starts_with("get /thing/x/status http/1.1"), "{asked}");
    assert!(
        asked.contains("authorization: token qov_s3cret\r\n"),
        "{asked}"
    );
    let agent = concat!(
        "user-agent: qovery-api-rust/",
        env!("CARGO_PKG_VERSION"),
        " mine/1\r\n"
    );
    assert!(asked.contains(agent), "{asked}");
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url)
        .get_thing("x")
        .query("t", "in-query")
        .await
        .unwrap_err();
    assert!(error.is_connect() && !error.is_timeout(), "{error}");
    assert!(!error.may_have_been_executed());
    assert_eq!(error.attempts(), 1);
    assert_silent(&error);
}

#[tokio::test]
async fn a_connection_that_closes_without_a_response_may_have_been_executed() {
    for reply in ["", "HTTP/1.1 200 O"] {
        let (url, _server) = serve(vec![reply.to_owned()]).await;
        let error = client(&url)
            .get_thing("x")
            .query("t", "in-query")
            .await
            .unwrap_err();
        assert!(
            error.transport_error().unwrap().is_interrupted(),
            "{error:?}"
        );
        assert!(error.may_have_been_executed());
        assert_silent(&error);
    }
}

#[tokio::test]
async fn a_truncated_body_is_not_a_success() {
    let reply = "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"a\":1}".to_owned();
    let (url, _server) = serve(vec![reply]).await;
    let error = client(&url).get_thing("x").await.unwrap_err();
    assert!(error.transport_error().unwrap().is_body(), "{error:?}");
    assert!(error.may_have_been_executed());
}

#[tokio::test]
async fn a_failure_with_a_truncated_body_keeps_its_status() {
    let reply = "HTTP/1.1 404 Not Found\r\ncontent-length: 50\r\n\r\nno such".to_owned();
    let (url, _server) = serve(vec![reply]).await;
    let error = client(&url).get_thing("x").await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(error.body().unwrap(), "no such");
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_with_and_without_an_announced_length() {
    let long = "x".repeat(101);
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n65\r\n{long}\r\n0\r\n\r\n");
    for reply in [response("200 OK", "", &long), chunked] {
        let (url, _server) = serve(vec![reply]).await;
        let error = client(&url).get_thing("x").await.unwrap_err();
        assert!(error.transport_error().unwrap().is_too_large(), "{error:?}");
        assert!(error.to_string().contains("100 bytes"), "{error}");
    }
    let (url, _server) = serve(vec![response(
        "200 OK",
        "",
        &format!("\"{}\"", "x".repeat(98)),
    )])
    .await;
    client(&url).get_thing("x").await.unwrap();
}

#[tokio::test]
async fn of_a_failure_only_the_beginning_is_read() {
    let text = format!(
        "{{\"message\":\"no such thing\",\"trace\":\"{}\"}}",
        "at a.b.C(D.java:1) ".repeat(100_000)
    );
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    let endless = format!("HTTP/1.1 404 X\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}");
    for reply in [response("404 X", "", &text), endless] {
        let (url, server) = serve(vec![reply]).await;
        let client = Client::builder().base_url(&url).build().unwrap();
        let error = client.get_thing("x").await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert!(error.is_body_truncated());
        assert_eq!(error.body().unwrap().len(), 8 * 1024);
        assert!(error.to_string().contains("no such thing"), "{error}");
        // The server notices that nothing more is read.
        server.abort();
    }
}

#[tokio::test]
async fn a_token_that_begins_in_the_kept_part_of_a_failure_is_removed_whole() {
    for before in 8 * 1024 - TOKEN.len()..8 * 1024 {
        let text = format!("{}{TOKEN}{}", "x".repeat(before), "y".repeat(20_000));
        let (url, _server) = serve(vec![response("502 X", "", &text)]).await;
        let token = AccessToken::new(TOKEN).unwrap();
        let client = Client::builder().base_url(&url).token(token);
        let error = client.build().unwrap().get_thing("x").await.unwrap_err();
        let kept = String::from_utf8_lossy(error.body().unwrap()).into_owned();
        assert!(!kept.contains("qov"), "{before}");
        assert!(error.is_body_truncated());
    }
}

#[tokio::test]
async fn a_request_without_a_body_says_so_if_its_method_has_one() {
    for (method, says_so) in [
        (Method::POST, true),
        (Method::PUT, true),
        (Method::PATCH, true),
        (Method::GET, false),
        (Method::HEAD, false),
        (Method::DELETE, false),
    ] {
        let (url, server) = serve(vec![response("204 X", "", "")]).await;
        let transport = HttpTransport::builder().build().unwrap();
        let info = Box::leak(Box::new(crate::OperationInfo::new(
            "x",
            method.clone(),
            "/x",
        )));
        let request = Request::new(info, url.parse().unwrap());
        transport.send(request).await.unwrap();
        let asked = server.await.unwrap().remove(0).to_lowercase();
        let said = asked.matches("content-length: 0\r\n").count();
        assert_eq!(said, usize::from(says_so), "{asked}");
        assert_eq!(asked.matches("content-length").count(), said, "{asked}");
    }
}

#[tokio::test]
async fn endless_headers_end_at_the_time_limit_of_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let limit = Duration::from_millis(50);
    let error = client(&url)
        .get_thing("x")
        .timeout(limit)
        .await
        .unwrap_err();
    assert!(error.is_timeout() && !error.is_connect(), "{error:?}");
    assert!(error.may_have_been_executed());
    assert!(error.elapsed() >= limit);
    assert!(error.to_string().contains("50ms"), "{error}");
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let (other, other_server) = serve(vec![response("200 OK", "", "null")]).await;
    let location = format!("location: {other}/thing\r\n");
    for status in ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"] {
        let (url, _server) = serve(vec![response(status, &location, "")]).await;
        let error = client(&url).get_thing("x").await.unwrap_err();
        assert!(error.status().unwrap().is_redirection(), "{error}");
        assert_silent(&error);
    }
    assert!(!other_server.is_finished());
    other_server.abort();
}

#[tokio::test]
async fn a_redirect_within_the_host_is_followed_for_reading_only() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut asked = Vec::new();
        for reply in [
            response("302 Found", "location: /other?b=1\r\n", ""),
            response("200 OK", "", "7"),
            response("302 Found", "location: /other\r\n", ""),
        ] {
            let (mut stream, _) = listener.accept().await.unwrap();
            asked.push(read_request(&mut stream).await);
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
        asked
    });
    let client = client(&url);
    assert_eq!(client.get_thing("x").await.unwrap(), json!(7));
    let error = client.create_thing(&json!(1)).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 302);
    let asked = server.await.unwrap();
    assert!(asked[1].starts_with("GET /other?b=1 "), "{}", asked[1]);
    assert!(asked[1].contains(TOKEN));
}

#[tokio::test]
async fn a_loop_of_redirects_ends() {
    let replies = vec![response("302 Found", "location: /thing\r\n", ""); MAX_REDIRECTS + 1];
    let (url, server) = serve(replies).await;
    let error = client(&url).get_thing("x").await.unwrap_err();
    assert_eq!(error.status().unwrap(), 302);
    assert_eq!(server.await.unwrap().len(), MAX_REDIRECTS + 1);
}

#[tokio::test]
async fn a_token_set_for_one_call_replaces_the_client_s() {
    let (url, server) = serve(vec![response("200 OK", "", "null")]).await;
    let call = client(&url)
        .get_thing("x")
        .header("authorization", "Bearer other");
    call.await.unwrap();
    let asked = server.await.unwrap().remove(0);
    assert!(
        asked.contains("Bearer other") && !asked.contains(TOKEN),
        "{asked}"
    );
}

#[tokio::test]
async fn a_borrowed_request_is_sent_as_often_as_wanted_with_the_token_of_the_layer() {
    let echo = response("500 X", "", "Token from-a-layer, Bearer of-the-caller");
    let (url, server) = serve(vec![echo.clone(), echo.clone(), echo]).await;
    let transport = HttpTransport::builder()
        .token(AccessToken::new(TOKEN).unwrap())
        .build()
        .unwrap();
    let mut request = Request::new(<GetThing as crate::Operation>::INFO, url.parse().unwrap());
    let layer = HeaderValue::from_static("Token from-a-layer");
    let limit = Duration::from_secs(20);
    for (token, shown) in [
        (Some(&layer), "Token [redacted], Bearer of-the-caller"),
        (None, "Token from-a-layer, Bearer of-the-caller"),
    ] {
        let response = transport.send_borrowed(&request, token, limit).await;
        assert_eq!(response.unwrap().body, shown);
        assert!(request.headers.is_empty());
    }
    let own = HeaderValue::from_static("Bearer of-the-caller");
    request.headers.insert(header::AUTHORIZATION, own);
    let response = transport.send_borrowed(&request, Some(&layer), limit).await;
    let shown = response.unwrap().body;
    assert_eq!(shown, "Token from-a-layer, Bearer [redacted]");
    let asked = server.await.unwrap();
    for (asked, token) in asked.iter().zip(["from-a-layer", TOKEN, "of-the-caller"]) {
        assert_eq!(asked.matches("authorization: ").count(), 1, "{asked}");
        assert!(asked.contains(token), "{asked}");
    }
}

#[test]
fn a_transport_shows_no_token_and_refuses_an_impossible_user_agent() {
    let token = || AccessToken::new(TOKEN).unwrap();
    let builder = HttpTransport::builder().token(token());
    let shown = format!("{builder:?}");
    let shown = format!("{shown} {:?}", builder.build().unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
    let error = HttpTransport::builder()
        .user_agent("a\nb")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("user agent"), "{error}");
    assert_eq!(<GetThing as crate::Operation>::INFO.method, Method::GET);
}
