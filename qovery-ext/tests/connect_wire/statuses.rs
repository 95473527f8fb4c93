//! Each status with each method, `Retry-After`, redirects.

use qovery_api::http::Method;

use super::{
    METHODS, TOKEN, client, connect, impatient, is_safe, request, send,
    server::{Response, Server, response},
};
use std::time::Duration;

#[tokio::test]
async fn each_status_is_retried_only_for_methods_that_are_safe_to_retry() {
    let statuses = [
        200, 201, 202, 204, 300, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 412, 415, 422,
        423, 425, 429, 451, 500, 501, 502, 503, 504, 507, 511, 599,
    ];
    for status in statuses {
        for method in METHODS {
            let server = Server::start([Response::status(status, "", "{}")]).await;
            let outcome = send(&client(&server), &method).await.unwrap();
            let repeats = match status {
                429 => true,
                502..=504 => is_safe(&method),
                _ => false,
            };
            let expected = if repeats { 4 } else { 1 };
            assert_eq!(outcome.status.as_u16(), status, "{method} {status}");
            assert_eq!(outcome.attempts, expected, "{method} {status}");
            assert_eq!(server.executions(), expected as usize, "{method} {status}");
        }
    }
}

#[tokio::test]
async fn the_same_request_is_sent_each_time() {
    for method in [Method::PUT, Method::GET] {
        let server = Server::start([
            Response::status(503, "", "busy"),
            Response::ResetAfter(Vec::new()),
            Response::status(200, "", "{}"),
        ])
        .await;
        assert_eq!(send(&client(&server), &method).await.unwrap().attempts, 3);
        let requests = server.seen().requests;
        assert!(requests[0].contains(&format!("authorization: Token {TOKEN}\r\n")));
        assert!(requests[0].starts_with(&format!("{method} /thing/7?filter=qu3ry HTTP/1.1\r\n")));
        assert_eq!(requests[0].contains("b0dy"), method == Method::PUT);
        assert!(
            requests.iter().all(|text| *text == requests[0]),
            "{requests:?}"
        );
    }
}

#[tokio::test]
async fn retry_after_is_read_in_both_forms_and_respected() {
    let date = "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
    for (headers, expected) in [
        ("Retry-After: 50\r\n".to_owned(), 50),
        (
            format!("{date}Retry-After: Tue, 14 Nov 2023 22:14:10 GMT\r\n"),
            50,
        ),
        (
            format!("{date}Retry-After: Tuesday, 14-Nov-23 22:14:10 GMT\r\n"),
            50,
        ),
        ("X-RateLimit-Reset: 50\r\n".to_owned(), 50),
        (format!("Retry-After: {}\r\n", u64::MAX), u64::MAX),
        (format!("Retry-After: {}\r\n", "9".repeat(500)), u64::MAX),
    ] {
        for method in METHODS {
            let server = Server::start([Response::status(429, &headers, "{}")]).await;
            let settings = connect(&server.url());
            let client = settings
                .retry(impatient().budget(Duration::from_secs(50)))
                .build()
                .unwrap();
            let outcome = send(&client, &method).await.unwrap();
            assert_eq!(outcome.attempts, 1, "{headers}");
            assert_eq!(
                outcome.retry_after(),
                Some(Duration::from_secs(expected)),
                "{headers}"
            );
        }
    }
}

#[tokio::test]
async fn a_past_or_invalid_retry_after_does_not_prevent_retries() {
    for value in [
        "0",
        "-1",
        "soon",
        "",
        "1e3",
        "Tue, 14 Nov 2000 22:13:20 GMT",
        "\u{e9}",
    ] {
        let headers = format!("Retry-After: {value}\r\n");
        let server = Server::start([
            Response::status(503, &headers, ""),
            Response::status(200, "", "{}"),
        ])
        .await;
        let outcome = send(&client(&server), &Method::GET).await.unwrap();
        assert_eq!(
            (outcome.status.as_u16(), outcome.attempts),
            (200, 2),
            "{value:?}"
        );
    }
}

#[tokio::test]
async fn no_redirect_leads_to_another_host() {
    for status in [301, 302, 303, 307, 308] {
        for method in METHODS {
            let other = Server::start([Response::status(200, "", "{}")]).await;
            let port = other.address.port();
            for location in [
                other.url(),
                format!("http://localhost:{port}/thing/7"),
                format!("//127.0.0.1:{port}/thing/7"),
                format!("http://u:p@127.0.0.1:{port}/"),
            ] {
                let headers = format!("Location: {location}\r\n");
                let server = Server::start([Response::status(status, &headers, "")]).await;
                let outcome = send(&client(&server), &method).await.unwrap();
                assert_eq!(outcome.status.as_u16(), status, "{method} {location}");
                assert_eq!(server.executions(), 1, "{method} {location}");
            }
            assert_eq!(other.seen().connections, 0, "{method} {status}");
        }
    }
}

#[tokio::test]
async fn a_redirect_within_the_host_is_followed_only_for_methods_that_read() {
    for method in METHODS {
        let server = Server::start([
            Response::Kept(response(307, "Location: /elsewhere\r\n", "")),
            Response::status(200, "", "{}"),
        ])
        .await;
        let outcome = send(&client(&server), &method).await.unwrap();
        let followed = matches!(method, Method::GET | Method::HEAD);
        assert_eq!(
            outcome.status.as_u16(),
            if followed { 200 } else { 307 },
            "{method}"
        );
        let requests = server.seen().requests;
        assert_eq!(requests.len(), if followed { 2 } else { 1 }, "{method}");
        for text in requests {
            assert!(
                text.contains(&format!("authorization: Token {TOKEN}\r\n")),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn the_user_agent_is_ours_and_can_be_extended() {
    let server = Server::start([Response::status(200, "", "{}")]).await;
    for name in ["nightly/1.2", "CLI 1.0", "Terraform provider 2"] {
        let client = connect(&server.url()).user_agent(name).build().unwrap();
        send(&client, &Method::GET).await.unwrap();
    }
    for (text, name) in
        server
            .seen()
            .requests
            .iter()
            .zip(["nightly/1.2", "CLI 1.0", "Terraform provider 2"])
    {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("user-agent: "))
            .unwrap();
        assert!(
            line.starts_with("qovery-api-rust/") && line.ends_with(name),
            "{line}"
        );
    }
}

#[tokio::test]
async fn no_call_can_identify_as_the_command_line_tool_or_the_terraform_provider() {
    let server = Server::start([Response::status(200, "", "{}")]).await;
    let headers: qovery_api::http::HeaderMap =
        [("user-agent".parse().unwrap(), "CLI 1.0".parse().unwrap())]
            .into_iter()
            .collect();
    let http = qovery_api::reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .user_agent("CLI 1.0")
        .default_headers(headers);
    let client = connect(&server.url()).reqwest(http).build().unwrap();
    send(&client, &Method::GET).await.unwrap();
    let request = server.seen().requests.remove(0);
    assert!(
        request.contains("user-agent: qovery-api-rust/"),
        "{request}"
    );

    let id = qovery_api::uuid::Uuid::nil();
    for name in [
        "CLI 1.0",
        " cli",
        "Terraform provider 2",
        "terraform Provider",
    ] {
        let call = client.get_environment_status(id).header("User-Agent", name);
        let error = call.await.unwrap_err();
        assert!(error.is_invalid_request(), "{name}: {error}");
    }
    assert_eq!(server.executions(), 1);
    let call = client.get_environment_status(id);
    let _ = call.header("user-agent", "nightly/1.2 CLI").await;
    let request = server.seen().requests.remove(1);
    assert!(
        request.contains("user-agent: nightly/1.2 CLI\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_limit_of_a_call_bounds_a_server_that_keeps_failing() {
    let server = Server::start([Response::status(503, "", "")]).await;
    let settings = connect(&server.url());
    let client = settings
        .retry(
            impatient()
                .attempts(u32::MAX)
                .longest_delay(Duration::from_millis(5)),
        )
        .build()
        .unwrap();
    let mut request = request(&client, &Method::GET);
    request.timeout = Some(Duration::from_millis(300));
    // The last attempt may have been cut off.
    let (attempts, elapsed) = match client.transport().send(request).await {
        Ok(response) => (response.attempts, response.elapsed),
        Err(error) => (error.attempts(), error.elapsed()),
    };
    assert!(attempts > 4, "{attempts}");
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
}
