//! The transport without sockets and the server over HTTP, which must not differ.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use qovery_api::{
    AccessToken, HttpTransport, OperationInfo, RawResponse, Request, Transport, TransportError,
    reqwest::Url,
};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{Clock, FakeQovery, Fault, RetryAfter, Workload};

static READ: OperationInfo = OperationInfo::new("any", Method::GET, "/any");
static WRITE: OperationInfo = OperationInfo::new("any", Method::POST, "/any");

fn request(base: &str, method: &Method, path: &str, body: &Value) -> Request {
    let operation = if *method == Method::GET {
        &READ
    } else {
        &WRITE
    };
    let url = Url::parse(base).unwrap().join(path).unwrap();
    let mut request = Request::new(operation, url);
    if !body.is_null() {
        let json = HeaderValue::from_static("application/json");
        request.headers.insert(http::header::CONTENT_TYPE, json);
        request.body = Some(body.to_string().into());
    }
    request
}

/// A fake with the same initial resources for each story.
fn fake() -> (FakeQovery, Uuid) {
    let fake = FakeQovery::with_clock(Clock::manual());
    let environment = fake.environment("preview");
    environment
        .service(Workload::Container, "web")
        .url("https://web.example.com");
    (fake, environment.id())
}

fn requests(environment: Uuid) -> Vec<(Method, String, Value)> {
    let path = |rest: &str| format!("/environment/{environment}{rest}");
    vec![
        (Method::GET, "/organization".to_owned(), Value::Null),
        (Method::GET, path("/status"), Value::Null),
        (Method::POST, path("/deploy"), Value::Null),
        (Method::GET, path("/statusesWithStages"), Value::Null),
        (
            Method::GET,
            path("/deploymentHistoryV2?pageSize=3"),
            Value::Null,
        ),
        (Method::GET, path("/logs?version=a%20b%2Fc"), Value::Null),
        (
            Method::POST,
            path("/cancelDeployment"),
            json!({"force_cancel": true}),
        ),
        (
            Method::POST,
            path("/cancelDeployment"),
            json!({"force_cancel": "perhaps"}),
        ),
        (Method::POST, path("/party"), Value::Null),
        (Method::GET, "/aws/region".to_owned(), Value::Null),
        (Method::GET, "/ips".to_owned(), Value::Null),
        (
            Method::GET,
            "/environment/unknown/status".to_owned(),
            Value::Null,
        ),
    ]
}

fn shown(result: &Result<RawResponse, TransportError>) -> Value {
    match result {
        Ok(response) => {
            let mut headers: Vec<String> = response
                .headers
                .iter()
                .filter(|(name, _)| *name != "content-length")
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                .collect();
            headers.sort();
            json!({
                "status": response.status.as_u16(),
                "headers": headers,
                "body": String::from_utf8_lossy(&response.body),
            })
        }
        Err(error) => json!({
            "body": error.is_body(),
            "timeout": error.is_timeout(),
            "may_have_been_executed": error.may_have_been_executed(),
        }),
    }
}

fn over_http(fake: &FakeQovery) -> HttpTransport {
    HttpTransport::builder()
        .token(AccessToken::new(fake.token()).unwrap())
        .request_timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

#[tokio::test]
async fn both_front_ends_give_the_same_responses() {
    let (without_socket, environment) = fake();
    let (with_socket, same) = fake();
    assert_eq!(environment, same);
    let server = with_socket.serve().await.unwrap();
    let http = over_http(&with_socket);
    let direct = without_socket.transport();
    for (method, path, body) in requests(environment) {
        let base = "https://fake.qovery.test";
        let one = direct.send(request(base, &method, &path, &body)).await;
        let two = http
            .send(request(&server.url(), &method, &path, &body))
            .await;
        assert_eq!(shown(&one), shown(&two), "{method} {path}");
        for fake in [&without_socket, &with_socket] {
            fake.advance(Duration::from_secs(3));
        }
    }
    let record = |fake: &FakeQovery| fake.requests();
    assert_eq!(record(&without_socket), record(&with_socket));
    assert_eq!(without_socket.executions(), with_socket.executions());
}

#[tokio::test]
async fn both_front_ends_break_in_the_same_way() {
    for fault in [
        Fault::status(503),
        Fault::too_many_requests(RetryAfter::Seconds(3)),
        Fault::connection_lost_before_execution(),
        Fault::connection_lost_after_execution(),
        Fault::half_body(),
        Fault::garbage(),
        Fault::empty_body(),
        Fault::unknown_fields(),
    ] {
        let (without_socket, environment) = fake();
        let (with_socket, _) = fake();
        let server = with_socket.serve().await.unwrap();
        let http = over_http(&with_socket);
        for fake in [&without_socket, &with_socket] {
            fake.inject(fault.clone().always());
        }
        let path = format!("/environment/{environment}/deploy");
        let base = "https://fake.qovery.test";
        let body = Value::Null;
        let direct = without_socket.transport();
        let one = direct
            .send(request(base, &Method::POST, &path, &body))
            .await;
        let two = http
            .send(request(&server.url(), &Method::POST, &path, &body))
            .await;
        assert_eq!(shown(&one), shown(&two), "{fault:?}");
        assert_eq!(
            without_socket.executions().is_empty(),
            with_socket.executions().is_empty(),
            "{fault:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_measures_delays_exactly() {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    environment.service(Workload::Container, "web");
    let transport = fake.transport();
    let base = "https://fake.qovery.test";
    let started = Instant::now();
    let path = format!("/environment/{}/deploy", environment.id());
    let sent = request(base, &Method::POST, &path, &Value::Null);
    transport.send(sent).await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);

    fake.inject(Fault::slow_response(Duration::from_millis(1_250)));
    fake.inject(Fault::slow_body(Duration::from_millis(750)));
    let sent = request(base, &Method::GET, "/organization", &Value::Null);
    let response = transport.send(sent).await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(2));
    assert_eq!(response.elapsed, Duration::from_secs(2));

    // 1 s to start, 1 s to mirror the image, 5 s to roll out.
    tokio::time::sleep(Duration::from_millis(4_999)).await;
    assert_eq!(environment.state().unwrap(), "DEPLOYING");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(environment.state().unwrap(), "DEPLOYED");
}

#[tokio::test(start_paused = true)]
async fn a_request_ends_at_its_limit_although_it_was_executed() {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    environment.service(Workload::Container, "web");
    fake.inject(Fault::slow_response(Duration::from_secs(30)));
    let path = format!("/environment/{}/deploy", environment.id());
    let mut sent = request(
        "https://fake.qovery.test",
        &Method::POST,
        &path,
        &Value::Null,
    );
    sent.timeout = Some(Duration::from_secs(5));
    let started = Instant::now();
    let error = fake.transport().send(sent).await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_executed());
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    assert_eq!(fake.executions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_known_not_to_be_executed() {
    let fake = FakeQovery::new();
    fake.inject(Fault::connection_refused());
    let sent = request(
        "https://fake.qovery.test",
        &Method::GET,
        "/organization",
        &Value::Null,
    );
    let error = fake.transport().send(sent).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_executed());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_request_stays_executed() {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    environment.service(Workload::Container, "web");
    fake.latency(Duration::from_secs(10));
    let path = format!("/environment/{}/deploy", environment.id());
    let sent = request(
        "https://fake.qovery.test",
        &Method::POST,
        &path,
        &Value::Null,
    );
    let transport = fake.transport();
    let abandoned = tokio::time::timeout(Duration::from_secs(1), transport.send(sent)).await;
    assert!(abandoned.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(environment.state().unwrap(), "DEPLOYED");
}

#[tokio::test(start_paused = true)]
async fn the_token_of_a_layer_replaces_the_token_of_the_transport() {
    let fake = FakeQovery::new();
    let sent = || {
        request(
            "https://fake.qovery.test",
            &Method::GET,
            "/organization",
            &Value::Null,
        )
    };
    let status = async |transport: crate::FakeTransport, request: Request| {
        transport.send(request).await.unwrap().status.as_u16()
    };
    assert_eq!(status(fake.transport(), sent()).await, 200);
    assert_eq!(status(fake.transport().without_token(), sent()).await, 401);
    assert_eq!(
        status(fake.transport().with_token("other"), sent()).await,
        401
    );
    let mut with_header = sent();
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer other"));
    with_header.headers = headers;
    assert_eq!(status(fake.transport(), with_header).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_fast_clock_runs_deployments_in_less_time() {
    let fake = FakeQovery::with_clock(Clock::fast(10.0));
    let environment = fake.environment("preview");
    environment.service(Workload::Application, "api");
    let path = format!("/environment/{}/deploy", environment.id());
    let sent = request(
        "https://fake.qovery.test",
        &Method::POST,
        &path,
        &Value::Null,
    );
    fake.transport().send(sent).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_690)).await;
    assert_eq!(environment.state().unwrap(), "DEPLOYING");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(environment.state().unwrap(), "DEPLOYED");
}

#[tokio::test(start_paused = true)]
async fn delayed_responses_wait_for_a_manual_clock() {
    let fake = FakeQovery::with_clock(Clock::manual());
    fake.inject(Fault::slow_response(Duration::from_secs(5)));
    let transport = fake.transport();
    let sent = request(
        "https://fake.qovery.test",
        &Method::GET,
        "/organization",
        &Value::Null,
    );
    let waiting = tokio::spawn(async move { transport.send(sent).await });
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(!waiting.is_finished());
    fake.advance(Duration::from_secs(5));
    assert_eq!(waiting.await.unwrap().unwrap().status, 200);
}

#[tokio::test]
async fn a_dropped_server_stops_listening() {
    let fake = FakeQovery::new();
    let server = fake.serve().await.unwrap();
    let address = server.address();
    assert!(tokio::net::TcpStream::connect(address).await.is_ok());
    drop(server);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[test]
fn the_client_of_a_fake_can_be_built_and_shows_no_token() {
    let fake = FakeQovery::new();
    let client = fake.client();
    assert_eq!(client.base_url().as_str(), "https://fake.qovery.test/");
    assert!(!format!("{client:?}").contains(&fake.token()));
}
