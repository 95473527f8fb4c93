//! The bytes that the real transport writes to a connection, for calls whose values could change the request, by
//! mistake or by an attack.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails if its setup fails"
)]

use std::{
    collections::BTreeMap,
    future::IntoFuture as _,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use wire_client::{Call, Client, Error, HttpTransport, Operation, Patch, decode, types};

/// Reads one request up to its end as the headers announce it, and everything that follows shortly after.
fn read_request(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 65536];
    let limit = Duration::from_millis(100);
    connection.set_read_timeout(Some(limit)).unwrap();
    while let Ok(length @ 1..) = connection.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8(bytes).unwrap()
}

/// The bytes of the one request of a call.
async fn sent<O: Operation>(call: impl FnOnce(&Client) -> Call<O>) -> Result<String, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let transport = HttpTransport::builder().build().unwrap();
    let client = Client::with_transport(url, transport).unwrap();
    let call = call(&client).into_future();
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let request = read_request(&mut connection);
        let response = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
        connection.write_all(response).unwrap();
        request
    });
    match call.await {
        // Not sent: the server still waits.
        Err(error) if error.is_invalid_request() => Err(error),
        _ => Ok(server.join().unwrap()),
    }
}

/// The head with lines in lower case, and the body.
fn split(request: &str) -> (Vec<String>, &str) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let lines = head.split("\r\n").map(str::to_ascii_lowercase);
    (lines.collect(), body)
}

fn lengths(head: &[String]) -> Vec<&str> {
    let lengths = head.iter();
    lengths
        .filter_map(|line| line.strip_prefix("content-length: "))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_is_announced_once_with_its_length_also_an_empty_one() {
    let thing = types::Thing::new().a(Patch::Null).n(7);
    let none = types::Thing::new();
    for (request, wanted) in [
        (sent(|client| client.send_bytes("")).await, ""),
        (sent(|client| client.send_yaml("")).await, ""),
        (
            sent(|client| client.send_several(&none).body_form(&none)).await,
            "",
        ),
        (
            sent(|client| client.send_several(&none).body_plain("")).await,
            "",
        ),
        (sent(|client| client.send_several_or_none()).await, ""),
        (sent(|client| client.space_in_path("7")).await, ""),
        (sent(|client| client.send_several(&none)).await, "{}"),
        (sent(|client| client.send_bytes("é")).await, "é"),
        (
            sent(|client| client.delete_with_body(1, &thing)).await,
            r#"{"a":null,"n":7}"#,
        ),
        (
            sent(|client| client.search_with_body(&thing)).await,
            r#"{"a":null,"n":7}"#,
        ),
    ] {
        let request = request.unwrap();
        let (head, body) = split(&request);
        assert_eq!(body, wanted, "{request}");
        assert_eq!(lengths(&head), [wanted.len().to_string()], "{request}");
        assert!(!request.to_ascii_lowercase().contains("transfer-encoding"));
    }
    for request in [
        sent(|client| client.list_pets()).await,
        sent(|client| client.head_thing(1)).await,
    ] {
        let request = request.unwrap();
        let (head, body) = split(&request);
        assert_eq!((lengths(&head).len(), body), (0, ""), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_cannot_change_the_length_or_the_connection() {
    let thing = types::Thing::new().n(7);
    for (name, value) in [
        ("Content-Length", "3"),
        ("content-length", "0"),
        ("CONTENT-LENGTH", "100"),
        ("content-length", "x"),
        ("Transfer-Encoding", "chunked"),
        ("transfer-encoding", "gzip"),
        ("Connection", "authorization"),
        ("Keep-Alive", "timeout=1"),
        ("Proxy-Connection", "close"),
        ("TE", "trailers"),
        ("Trailer", "authorization"),
        ("Upgrade", "h2c"),
        ("Expect", "100-continue"),
    ] {
        let error = sent(|client| client.vendor_thing(1, &thing).header(name, value)).await;
        let error = error.unwrap_err().to_string();
        let wanted = format!("`{}`", name.to_ascii_lowercase());
        assert!(error.contains(&wanted), "{error}");
        let without = sent(|client| client.list_pets().header(name, value)).await;
        assert!(without.is_err(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn extra_fields_keep_their_numbers_and_repetitions_in_a_form_and_in_a_query() {
    let text = br#"{"name": "a", "ratio": 2.0, "large": 12345678901234567890123, "far": 1e400,
        "exact": 1.50, "whole": 3.0, "zero": -0, "twice": 1, "twice": 2,
        "object": {"b": 1.10, "a": 0.30}, "list": ["x", "y"],
        "numbers": [12345678901234567890123, 1.10]}"#;
    let form: types::Form = decode(text).unwrap();
    let request = sent(|client| client.send_form(&form)).await.unwrap();
    let mut pairs: Vec<&str> = split(&request).1.split('&').collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        [
            "exact=1.50",
            "far=1e400",
            "large=12345678901234567890123",
            "list=x",
            "list=y",
            "name=a",
            "numbers=1.10",
            "numbers=12345678901234567890123",
            "object=%7B%22b%22%3A%201.10%2C%20%22a%22%3A%200.30%7D",
            "ratio=2",
            "twice=1",
            "twice=2",
            "whole=3",
            "zero=-0",
        ]
    );
    let text = br#"{"from": 1, "large": 12345678901234567890123, "far": 1e400, "exact": 1.50}"#;
    let range: types::Range = decode(text).unwrap();
    let request = sent(|client| client.query_styles().range(&range)).await;
    let wanted =
        "GET /v1/styles?from=1&large=12345678901234567890123&far=1e400&exact=1.50 HTTP/1.1";
    assert_eq!(request.unwrap().lines().next(), Some(wanted));
    // Half of a surrogate pair has no form outside of JSON.
    let form: types::Form = decode(br#"{"name": "a", "half": "\ud800"}"#).unwrap();
    let error = sent(|client| client.send_form(&form)).await.unwrap_err();
    assert!(error.to_string().contains("`half`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_of_an_object_becomes_another_key() {
    for key in ["", "a][b", "[", "]", "a]=1&c["] {
        let labels = BTreeMap::from([(key.to_owned(), "x".to_owned())]);
        let error = sent(|client| client.query_styles().labels(&labels)).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("`labels`"), "{error}");
    }
    for (key, wanted) in [
        ("a=1&b", "labels%5Ba%3D1%26b%5D=x"),
        ("é\r\n", "labels%5B%C3%A9%0D%0A%5D=x"),
        (" #?", "labels%5B%20%23%3F%5D=x"),
    ] {
        let labels = BTreeMap::from([(key.to_owned(), "x".to_owned())]);
        let request = sent(|client| client.query_styles().labels(&labels)).await;
        let line = format!("GET /v1/styles?{wanted} HTTP/1.1");
        assert_eq!(request.unwrap().lines().next(), Some(line.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_of_an_object_is_sent_as_a_declared_parameter() {
    // The fields of a range are sent as parameters. No other parameter is set.
    for declared in ["at", "commas", "labels", "document"] {
        let text = format!(r#"{{"from": 1, "{declared}": "x"}}"#);
        let range: types::Range = decode(text.as_bytes()).unwrap();
        let error = sent(|client| client.query_styles().range(&range)).await;
        let error = error.unwrap_err().to_string();
        let wanted = format!("the key `{declared}` of an object is also the name of another value");
        assert!(error.contains(&wanted), "{error}");
    }
    let range: types::Range = decode(br#"{"from": 1, "range": "x"}"#).unwrap();
    let request = sent(|client| client.query_styles().range(&range)).await;
    let wanted = "GET /v1/styles?from=1&range=x HTTP/1.1";
    assert_eq!(request.unwrap().lines().next(), Some(wanted));
}
