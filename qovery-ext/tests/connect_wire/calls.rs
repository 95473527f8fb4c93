//! Operations of the client as a program calls them, and the contents of their errors.

use std::time::Duration;

use qovery_api::{Client, RetryMode, types::StateEnum, uuid::Uuid};
use qovery_ext::connect::RetryPolicy;

use super::{
    TOKEN, client,
    secrets::{Printed, assert_silent, listen},
    server::{Response, Server},
};

const ENVIRONMENT: Uuid = Uuid::from_u128(0x5d0a_9a6e_6a53_4a4b_8e0b_0d4b_1b0e_6b1f);

fn with_status(state: &str) -> String {
    let id = Uuid::nil();
    format!(r#"{{"id": "{id}", "state": "{state}", "last_deployment_state": "{state}"}}"#)
}

fn status(state: &str) -> Response {
    let headers = "content-type: application/json\r\n";
    Response::status(200, headers, &with_status(state))
}

async fn deploy(client: &Client) -> qovery_api::Error {
    client.deploy_environment(ENVIRONMENT).await.unwrap_err()
}

#[tokio::test]
async fn an_operation_is_retried_and_decoded() {
    let server = Server::start([
        Response::status(503, "", "busy"),
        Response::ResetAfter(Vec::new()),
        status("DEPLOYED"),
    ])
    .await;
    let call = client(&server).get_environment_status(ENVIRONMENT);
    let response = call.response().await.unwrap();
    assert_eq!(response.body.state, StateEnum::Deployed);
    assert_eq!(response.attempts, 3);
    let expected = format!("GET /environment/{ENVIRONMENT}/status HTTP/1.1\r\n");
    assert!(
        server
            .seen()
            .requests
            .iter()
            .all(|text| text.starts_with(&expected))
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_is_an_error_without_a_retry() {
    for garbage in [
        "garbage",
        "",
        "{\"id\": ",
        "[1, 2",
        "\u{0}\u{1}",
        "<html><title>Sign in</title></html>",
        "{\"id\": 7}",
        "null",
    ] {
        for headers in [
            "content-type: application/json\r\n",
            "content-type: text/html\r\n",
            "",
        ] {
            let server = Server::start([Response::status(200, headers, garbage)]).await;
            let call = client(&server).get_environment_status(ENVIRONMENT);
            let error = call.await.unwrap_err();
            assert!(error.is_decode(), "{garbage:?} {error:?}");
            assert!(error.may_have_been_executed(), "{garbage:?}");
            assert_eq!(
                (error.attempts(), server.executions()),
                (1, 1),
                "{garbage:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_last_error_has_the_number_of_attempts_and_whether_one_may_have_been_executed() {
    let server = Server::start([Response::ResetAfter(Vec::new())]).await;
    let client = client(&server);
    let error = deploy(&client).await;
    assert!(error.is_transport() && error.may_have_been_executed());
    assert_eq!(error.attempts(), 1);
    let error = client
        .get_environment_status(ENVIRONMENT)
        .await
        .unwrap_err();
    assert_eq!(error.attempts(), 4);
    assert!(error.to_string().contains("4 attempts"), "{error}");
    drop(server);

    let server = Server::start([Response::status(429, "", r#"{"detail": "slow down"}"#)]).await;
    let error = deploy(&super::client(&server)).await;
    assert!(error.is_rate_limited() && !error.may_have_been_executed());
    assert_eq!((error.attempts(), server.executions()), (4, 4));
    assert!(error.to_string().contains("slow down"), "{error}");

    // The first attempt may have been executed, although the last one was refused.
    let server = Server::start([
        Response::ResetAfter(Vec::new()),
        Response::status(404, "", r#"{"detail": "gone"}"#),
    ])
    .await;
    let call = super::client(&server).delete_environment(ENVIRONMENT);
    let error = call.await.unwrap_err();
    assert!(error.is_not_found() && error.may_have_been_executed());
    assert_eq!(error.attempts(), 2);
}

#[tokio::test]
async fn a_call_can_set_its_own_retries_and_time_limit() {
    let server = Server::start([Response::status(503, "", "")]).await;
    let client = client(&server);
    let call = client.get_environment_status(ENVIRONMENT);
    let never = call.clone().retry(RetryMode::Never).await.unwrap_err();
    assert_eq!(never.attempts(), 1);
    let twice = call
        .extension(RetryPolicy::new().attempts(2))
        .await
        .unwrap_err();
    assert_eq!(twice.attempts(), 2);
    let call = client.deploy_environment(ENVIRONMENT);
    let again = call.retry(RetryMode::EvenIfExecuted).await.unwrap_err();
    assert_eq!(again.attempts(), 4);

    let server = Server::start([Response::Silence]).await;
    let limit = Duration::from_millis(150);
    let call = super::client(&server).get_environment_status(ENVIRONMENT);
    let error = call.timeout(limit).await.unwrap_err();
    assert!(
        error.is_timeout() && error.elapsed() < limit * 5,
        "{error:?}"
    );
}

#[tokio::test]
async fn no_error_of_an_operation_shows_the_token() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec();
    let in_headers =
        format!("x-request-id: {TOKEN}\r\nx-echo: Token {TOKEN}\r\nx-token: a{TOKEN}b\r\n");
    let success = with_status("DEPLOYED");
    let echo = format!(r#"{{"detail": "bad token {TOKEN}", "path": "{TOKEN}"}}"#);
    for response in [
        Response::status(200, "", "garbage"),
        // Decoded, and not decoded: the text of the body, a value in it, the name of a field.
        Response::status(200, &in_headers, &success),
        Response::status(200, &in_headers, TOKEN),
        Response::status(200, "", &format!("{TOKEN:?}")),
        Response::status(200, "", &format!("<title>{TOKEN}</title>")),
        Response::status(200, "", &format!(r#"{{"id": "{TOKEN}"}}"#)),
        Response::status(200, "", &with_status(TOKEN).replace('}', ", \"id\": 7}")),
        Response::status(
            200,
            "",
            &format!(r#"{{"{TOKEN}": 1, "id": {{"{TOKEN}": 7}}}}"#),
        ),
        Response::status(400, &in_headers, &echo),
        Response::status(503, &in_headers, &echo),
        Response::Bytes(format!("HTTP/1.1 500 {TOKEN}\r\ncontent-length: 0\r\n\r\n").into_bytes()),
        Response::Bytes(format!("HTTP/1.1 200 OK\r\n{TOKEN}\u{0}: {TOKEN}\r\n\r\n").into_bytes()),
        Response::status(400, "", &echo),
        Response::status(401, "content-type: application/json\r\n", &echo),
        Response::status(403, "", &format!("<title>{TOKEN}</title>")),
        Response::status(404, "", ""),
        Response::status(429, "", &echo),
        Response::status(500, "", TOKEN),
        Response::status(503, "", ""),
        Response::status(307, "Location: http://localhost:1/\r\n", ""),
        Response::status(
            307,
            &format!("Location: http://localhost:1/{TOKEN}\r\n"),
            "",
        ),
        Response::ResetAfterReading(10),
        Response::ResetAfter(half),
        Response::EndlessHeaders,
        Response::Silence,
    ] {
        let server = Server::start([response.clone()]).await;
        let client = client(&server);
        let printed: Printed = listen();
        let call = client.get_environment_status(ENVIRONMENT);
        let call = call
            .query("filter", "qu3ry")
            .timeout(Duration::from_millis(200));
        printed.debug(&call);
        let future = call.clone().response();
        printed.debug(&future);
        match future.await {
            Ok(response) => {
                printed.debug(&response);
                printed.debug(&response.headers);
            }
            Err(error) => {
                printed.error(&error);
                printed.debug(&error.body());
                printed.debug(&error.headers());
                printed.debug(&error.api_error());
                printed.debug(&error.decode_error());
                printed.panic(Err::<(), _>(error));
            }
        }
        let call = client.deploy_environment(ENVIRONMENT);
        let call = call.timeout(Duration::from_millis(200));
        printed.panic(call.await);
        assert_silent(&printed, &response);
        assert!(
            !printed.text().contains(&ENVIRONMENT.to_string()),
            "{response:?}"
        );
    }
}
