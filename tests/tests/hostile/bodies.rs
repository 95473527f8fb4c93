//! Bodies that take more memory than their size suggests, over HTTP and with the client as programs build it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::{Duration, Instant};

use qovery_api::uuid::Uuid;
use qovery_api::{Client, Error};
use qovery_ext::connect::{Connect, RetryPolicy};
use qovery_ext::wait::{Goal, OperationToken, WaitErrorKind, WaitExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers every request with the same response, over one connection or several.
pub(crate) struct Server {
    url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(response: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, response.clone()));
            }
        });
        Self { url, task }
    }

    pub(crate) async fn of(status: &str, headers: &str, body: impl Into<Vec<u8>>) -> Self {
        let response = response(status, headers, &body.into());
        Self::start(move |_| response.clone()).await
    }

    fn connect(&self) -> Connect {
        Connect::new()
            .token("qov_0123456789")
            .base_url(&self.url)
            .retry(RetryPolicy::never())
    }

    pub(crate) fn client(&self) -> Client {
        self.connect().build().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, response: impl Fn(&str) -> Vec<u8>) {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
        head.extend_from_slice(&chunk[..length]);
        if head.windows(4).any(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&head).into_owned();
            if stream.write_all(&response(&text)).await.is_err() {
                return;
            }
            head.clear();
        }
    }
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

const JSON: &str = "content-type: application/json\r\n";

fn list(field: &str, item: &str, bytes: usize) -> String {
    let items = vec![item; bytes / (item.len() + 1)].join(",");
    format!("{{\"{field}\":[{items}]}}")
}

async fn statuses(client: &Client) -> Result<(), Error> {
    let call = client.get_environment_statuses_with_stages(Uuid::nil());
    call.await.map(drop)
}

#[tokio::test]
async fn a_list_of_empty_objects_is_refused_before_it_takes_gigabytes() {
    const SIXTY_FOUR_MEBIBYTES: usize = 64 * 1024 * 1024 - 100;
    let body = list("stages", "{}", SIXTY_FOUR_MEBIBYTES);
    let server = Server::of("200 OK", JSON, body).await;
    let error = statuses(&server.client()).await.unwrap_err();
    assert!(error.is_too_large() && error.is_decode(), "{error}");
    assert!(error.decode_error().unwrap().is_too_large());
    let text = error.to_string();
    assert!(
        text.contains("469762048 bytes") && text.contains("decoded_limit"),
        "{text}"
    );
    assert_eq!(error.body().unwrap().len(), 8 * 1024);
}

#[tokio::test]
async fn every_shape_that_grows_is_refused_within_the_limit_that_was_set() {
    const SIZE: usize = 1_000_000;
    let keys: Vec<_> = (0..SIZE / 12).map(|n| format!("\"{n:x}\":0")).collect();
    for body in [
        list("stages", "{}", SIZE),
        list("stages", "[]", SIZE),
        list("results", "{\"a\":0}", SIZE),
        list("unknown", "[[[]]]", SIZE),
        format!("{{{}}}", keys.join(",")),
        format!("[{}0]", "0,".repeat(SIZE / 2)),
        "[".repeat(SIZE),
        "{\"a\":[".repeat(SIZE / 6),
    ] {
        let server = Server::of("200 OK", JSON, body.clone()).await;
        let client = server.connect().body_limit(SIZE + 100).build().unwrap();
        let shape = &body[..20];
        let error = statuses(&client).await.unwrap_err();
        assert!(error.is_too_large(), "{shape}: {error}");
        let open = server.connect().decoded_limit(usize::MAX).build().unwrap();
        match statuses(&open).await {
            Ok(()) => {}
            Err(error) => assert!(!error.is_too_large(), "{shape}: {error}"),
        }
    }
}

fn environments(count: u32) -> Value {
    let environment = |number: u32| {
        json!({
            "id": format!("5d0a9a6e-6a53-4a4b-8e0b-{number:012x}"),
            "created_at": "2026-01-31T12:00:00.123Z",
            "updated_at": "2026-02-28T23:59:59Z",
            "name": format!("preview-{number}"),
            "organization": {"id": "00000000-0000-4000-8000-000000000001"},
            "project": {"id": "00000000-0000-4000-8000-000000000002"},
            "last_updated_by": "00000000-0000-4000-8000-000000000003",
            "cloud_provider": {"provider": "AWS", "cluster": "eu-west-3"},
            "mode": "PREVIEW",
            "cluster_id": "00000000-0000-4000-8000-000000000004",
            "cluster_name": "main",
            "expires_at": null,
            "tags": [1.0, {"of": "next year"}],
        })
    };
    json!({"results": (0..count).map(environment).collect::<Vec<_>>()})
}

#[tokio::test]
async fn ten_thousand_environments_take_a_fraction_of_the_default_limit() {
    let body = environments(10_000).to_string();
    let server = Server::of("200 OK", JSON, body).await;
    let a_third = 448 * 1024 * 1024 / 3;
    let client = server.connect().decoded_limit(a_third).build().unwrap();
    let list = client.list_environment(Uuid::nil()).await.unwrap();
    assert_eq!(list.results.len(), 10_000);
}

#[tokio::test]
async fn brackets_and_commas_inside_of_a_text_are_not_counted() {
    let line = format!("\"{}\"", "[{,\\\"".repeat(2000));
    let body = list("lines", &line, 2_000_000);
    let server = Server::of("200 OK", JSON, body).await;
    let client = server.connect().body_limit(2_100_000).build().unwrap();
    statuses(&client).await.unwrap();
}

#[tokio::test]
async fn a_deadline_around_a_call_holds_while_a_large_response_is_decoded() {
    let body = environments(20_000).to_string();
    let server = Server::of("200 OK", JSON, body).await;
    let client = server.client();
    client.list_environment(Uuid::nil()).await.unwrap();
    // The call ends at its deadline, at any point of its progress.
    for limit in [10, 40, 80, 160, 320].map(Duration::from_millis) {
        let started = Instant::now();
        let call = client.list_environment(Uuid::nil()).response();
        let outcome = tokio::time::timeout(limit, call).await;
        let ended = started.elapsed();
        if outcome.is_err() {
            assert!(
                ended < limit + Duration::from_millis(250),
                "{limit:?} {ended:?}"
            );
        }
    }
}

/// A queue with requests that no earlier response named.
fn fresh_queue(count: usize, round: u64) -> String {
    let entry = |number: usize| {
        json!({
            "identifier": {
                "deployment_request_id": format!("{round:08x}-6a53-4a4b-8e0b-{number:012x}"),
                "environment_id": Uuid::nil(),
            },
            "status": "QUEUED",
            "trigger_action": "DEPLOY",
            "created_at": "2026-01-31T12:00:00Z",
            "auditing_data": {"triggered_by": "x", "created_at": "2026-01-31T12:00:00Z"},
            "stages": [],
        })
    };
    json!({"results": (0..count).map(entry).collect::<Vec<_>>()}).to_string()
}

#[tokio::test]
async fn a_wait_ends_at_its_deadline_with_responses_of_any_size() {
    let deploying = json!({
        "environment": {"id": Uuid::nil(), "state": "DEPLOYING", "last_deployment_state": "DEPLOYING",
            "deployment_status": "OUT_OF_DATE"},
        "stages": [],
    })
    .to_string();
    let services = |count: usize| {
        let status = json!({"id": Uuid::nil(), "state": "DEPLOYING", "service_deployment_status": "UP_TO_DATE"});
        deploying.replace(
            "\"stages\":[]",
            &format!(
                "\"stages\":[{{\"applications\":[{}]}}]",
                vec![status.to_string(); count].join(",")
            ),
        )
    };
    for (statuses, queued) in [
        (deploying.clone(), 50_000),
        (list("stages", "{}", 8 * 1024 * 1024), 0),
        (services(30_000), 0),
    ] {
        let queues: Vec<String> = (0..4).map(|round| fresh_queue(queued, round)).collect();
        let round = Arc::<AtomicUsize>::default();
        let server = Server::start(move |head| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let body = if path.contains("deploymentQueue") {
                &queues[round.fetch_add(1, Ordering::Relaxed) % queues.len()]
            } else {
                &statuses
            };
            response("200 OK", JSON, body.as_bytes())
        })
        .await;
        let limit = Duration::from_secs(2);
        let started = Instant::now();
        let client = server.client();
        let environment = client.environment(Uuid::nil());
        let outcome = environment.wait_for(Goal::Deployed).within(limit).await;
        let took = started.elapsed();
        let error = outcome.unwrap_err();
        // One last poll follows the deadline.
        assert!(took < limit + Duration::from_secs(8), "{took:?} {error}");
        let kind = error.kind();
        assert!(
            matches!(
                kind,
                WaitErrorKind::DeadlinePassed | WaitErrorKind::LostContact
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_web_page_is_never_a_response_of_an_operation() {
    let page = "<!-- proxy -->\n<!DOCTYPE html><html><title>Please sign in</title></html>";
    for (status, headers, body) in [
        ("200 OK", "content-type: text/html\r\n", page),
        (
            "200 OK",
            "content-type: text/html; charset=utf-8\r\n",
            "Please sign in",
        ),
        ("200 OK", JSON, page),
        ("202 Accepted", "", page),
        ("404 Not Found", "content-type: text/html\r\n", page),
        ("502 Bad Gateway", "", page),
    ] {
        let server = Server::of(status, headers, body).await;
        let client = server.client();
        let errors = [
            statuses(&client).await.unwrap_err(),
            client.delete_environment(Uuid::nil()).await.unwrap_err(),
            client.deploy_environment(Uuid::nil()).await.unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_web_page(), "{status}: {error}");
            let text = error.to_string();
            assert!(text.contains("a web page was received"), "{text}");
            assert_eq!(text.contains("Please sign in"), body == page, "{text}");
            assert_eq!(error.is_decode(), status.starts_with('2'), "{text}");
        }
    }
    // JSON of the wrong type is JSON, and a body that is not a page is none.
    let server = Server::of("200 OK", "content-type: text/html\r\n", "{}").await;
    statuses(&server.client()).await.unwrap();
    let server = Server::of("404 Not Found", JSON, "{\"detail\":\"<html>\"}").await;
    assert!(!statuses(&server.client()).await.unwrap_err().is_web_page());
}

#[tokio::test]
async fn statuses_of_timeouts_and_304_are_explained() {
    for (status, said) in [
        ("408 X", "timed out"),
        ("499 X", "closed the request"),
        ("504 X", "timed out"),
        ("304 X", "not modified"),
        ("302 X", "redirect"),
    ] {
        let server = Server::of(status, "", "").await;
        let error = server
            .client()
            .delete_environment(Uuid::nil())
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains(said), "{text}");
        assert_eq!(
            text.contains("redirect"),
            status.starts_with("302"),
            "{text}"
        );
        assert!(error.may_have_been_executed(), "{text}");
    }
}

#[test]
fn a_token_of_any_size_is_refused_at_once() {
    let hundred_megabytes = 100_000_000;
    for text in [
        format!("qovery-op-{}", "A".repeat(hundred_megabytes)),
        format!("qovery-op-1-{}", "A".repeat(OperationToken::MAX_LENGTH)),
        "x".repeat(hundred_megabytes),
        format!(" {}\n", "qovery-op-".repeat(OperationToken::MAX_LENGTH)),
    ] {
        let started = Instant::now();
        let error = text.parse::<OperationToken>().unwrap_err().to_string();
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "{:?}",
            started.elapsed()
        );
        assert!(error.contains("16384") && error.len() < 200, "{error}");
    }
}
