//! The spans and events that a subscriber receives for a call.

use qovery_api::http::Method;

use super::{
    client, connect,
    secrets::{Printed, listen},
    send,
    server::{Response, Server},
};

/// The line that the subscriber prints when the span of a call ends, and those of its retries.
fn lines(printed: &Printed) -> (Vec<String>, Vec<String>) {
    let text = printed.text();
    let of_call = |line: &&str| line.contains("qovery_ext::connect");
    let all = |word: &str| {
        let lines = text
            .lines()
            .filter(of_call)
            .filter(|line| line.contains(word));
        lines.map(str::to_owned).collect()
    };
    (all(": close"), all(": retrying"))
}

#[tokio::test]
async fn a_call_is_one_span_with_an_event_for_each_retry() {
    let server = Server::start([
        Response::status(503, "x-request-id: first\r\n", ""),
        Response::ResetAfter(Vec::new()),
        Response::status(200, "x-qovery-request-id: last\r\n", "{}"),
    ])
    .await;
    let client = client(&server);
    let printed = listen();
    send(&client, &Method::GET).await.unwrap();
    let (spans, repeats) = lines(&printed);
    assert_eq!(spans.len(), 1, "{spans:?}");
    for field in [
        "INFO",
        "qovery_call{",
        "operation=\"getThing\"",
        "method=\"GET\"",
        "path=\"/thing/{id}\"",
        "attempt=3",
        "status=200",
        "request_id=\"last\"",
        "duration_ms=",
    ] {
        assert!(spans[0].contains(field), "{field}: {}", spans[0]);
    }
    assert_eq!(repeats.len(), 2, "{repeats:?}");
    for (line, fields) in repeats.iter().zip([
        ["attempt=2", "status=503", "request_id=\"first\""],
        ["attempt=3", "wait_ms=", "error=the connection was lost"],
    ]) {
        for field in fields {
            assert!(line.contains(field), "{field}: {line}");
        }
        // The event is in the span. The fields of the span are printed before it.
        assert!(line.contains("operation=\"getThing\""), "{line}");
    }
}

#[tokio::test]
async fn the_span_of_a_call_without_a_response_has_the_reason() {
    let server = Server::start([Response::ResetAfter(Vec::new())]).await;
    let client = client(&server);
    let printed = listen();
    send(&client, &Method::POST).await.unwrap_err();
    let (spans, repeats) = lines(&printed);
    assert!(
        spans[0].contains("error=the connection was lost"),
        "{spans:?}"
    );
    assert!(
        spans[0].contains("attempt=1") && !spans[0].contains("status="),
        "{spans:?}"
    );
    assert!(repeats.is_empty());
}

#[tokio::test]
async fn a_renewal_of_the_token_is_an_event() {
    use qovery_api::{AccessToken, BoxFuture};
    use qovery_ext::connect::{TokenSource, TokenSourceError};
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Counting(AtomicU32);

    impl TokenSource for Counting {
        fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move { Ok(AccessToken::new(format!("token-{number}"))?) })
        }
    }

    let server = Server::start([
        Response::status(401, "", ""),
        Response::status(200, "", "{}"),
    ])
    .await;
    let source = Counting(AtomicU32::new(0));
    let client = connect(&server.url()).token_source(source).build().unwrap();
    let printed = listen();
    send(&client, &Method::GET).await.unwrap();
    let (spans, _) = lines(&printed);
    assert!(spans[0].contains("attempt=2"), "{spans:?}");
    let text = printed.text();
    assert!(
        text.contains("sending a request again with a new token attempt=2"),
        "{text}"
    );
}
