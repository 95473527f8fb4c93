use http::HeaderValue;
use serde_json::json;

use super::*;
use crate::runtime::test_support::{GetThing, Recorder, response};
use crate::runtime::{Operation, decode};

async fn failure(response: Result<RawResponse, TransportError>) -> Error {
    let (client, recorder) = Recorder::client("https://h.test");
    recorder.respond_with(response);
    client
        .get_thing("x")
        .query("token", "s3cret")
        .await
        .unwrap_err()
}

async fn message(status: u16, body: &'static str) -> String {
    failure(Ok(response(status, body))).await.to_string()
}

#[test]
fn an_error_is_as_small_as_a_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<TransportError>(), size_of::<usize>());
    assert_eq!(size_of::<DecodeError>(), size_of::<usize>());
}

#[tokio::test]
async fn each_status_has_its_predicate_and_no_other() {
    type Predicate = fn(&Error) -> bool;
    let predicates: [(u16, Predicate); 8] = [
        (400, Error::is_bad_request),
        (401, Error::is_unauthorized),
        (403, Error::is_forbidden),
        (404, Error::is_not_found),
        (409, Error::is_conflict),
        (429, Error::is_rate_limited),
        (503, Error::is_server_error),
        (418, |error| error.status() == Some(StatusCode::IM_A_TEAPOT)),
    ];
    for (status, _) in predicates {
        let error = failure(Ok(response(status, "{}"))).await;
        assert!(error.is_api() && !error.is_transport() && !error.is_decode());
        for (other, predicate) in predicates {
            assert_eq!(predicate(&error), status == other, "{status} {other}");
        }
    }
}

#[tokio::test]
async fn the_message_contains_the_text_of_the_api() {
    let body = r#"{"status":404,"error":"Not Found","detail":"no such\nenvironment"}"#;
    let error = failure(Ok(response(404, body))).await;
    assert_eq!(
        error.to_string(),
        "getThing: 404 Not Found: no such environment"
    );
    assert_eq!(error.api_error().unwrap().status, Some(404));
    assert_eq!(error.operation(), GetThing::INFO);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_kept_and_shown_in_short() {
    let page = "<html><head><title>502 Bad\nGateway</title></head></html>";
    assert_eq!(
        message(502, page).await,
        "getThing: 502 Bad Gateway: a web page was received instead of the API's response, titled \"502 Bad \
         Gateway\": check the base URL, the proxies and the login"
    );
    assert_eq!(
        message(500, " oh\r\nno ").await,
        "getThing: 500 Internal Server Error: oh no"
    );
    let error = failure(Ok(response(502, page))).await;
    assert_eq!(error.body().unwrap(), page);
    assert!(error.api_error().is_none());
}

#[tokio::test]
async fn an_empty_body_still_gives_a_message_to_act_on() {
    assert!(message(401, "").await.contains("token"));
    assert!(message(302, "").await.contains("base URL"));
    assert_eq!(
        message(799, "").await,
        "getThing: 799: the server gave no reason"
    );
}

#[tokio::test]
async fn a_long_body_is_cut_and_says_so() {
    let body: &'static str = Box::leak("x".repeat(100_000).into_boxed_str());
    let error = failure(Ok(response(500, body))).await;
    assert_eq!(error.body().unwrap().len(), ERROR_BODY_LIMIT);
    assert!(error.is_body_truncated());
    assert!(error.to_string().chars().count() < 400);
    assert!(
        !failure(Ok(response(500, "short")))
            .await
            .is_body_truncated()
    );
}

#[tokio::test]
async fn the_retry_delay_and_the_request_id_are_read_from_the_headers() {
    let mut raw = response(429, "");
    raw.headers
        .insert("retry-after", HeaderValue::from_static("7"));
    raw.headers
        .insert("x-qovery-request-id", HeaderValue::from_static("r1"));
    raw.attempts = 3;
    raw.elapsed = Duration::from_millis(4210);
    let error = failure(Ok(raw)).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(error.request_id(), Some("r1"));
    assert_eq!(
        error.to_string(),
        "getThing: 429 Too Many Requests: too many requests (retry after 7 s) (after 3 attempts \
         in 4.2s) (request id r1)"
    );
}

#[tokio::test]
async fn only_a_refusal_was_certainly_not_executed() {
    for (status, may) in [
        (303, true),
        (307, false),
        (400, false),
        (408, true),
        (409, false),
        (429, false),
        (503, true),
    ] {
        let error = failure(Ok(response(status, ""))).await;
        assert_eq!(error.may_have_been_executed(), may, "{status}");
    }
    let mut refused_at_last = response(429, "");
    refused_at_last.executed_before = true;
    assert!(failure(Ok(refused_at_last)).await.may_have_been_executed());
    let lost = failure(Err(TransportError::connect("refused"))).await;
    assert!(lost.is_connect() && lost.is_transport() && !lost.may_have_been_executed());
    let slow = TransportError::timeout(Duration::from_secs(1));
    let slow = failure(Err(slow)).await;
    assert!(slow.is_timeout() && slow.may_have_been_executed());
}

#[tokio::test]
async fn the_path_of_a_value_that_does_not_fit_is_kept() {
    let (client, recorder) = Recorder::client("https://h.test");
    recorder.respond_with(Ok(response(
        200,
        r#"{"results":[{"count":1},{"count":"s3cret"}]}"#,
    )));
    let error = client.count_things().await.unwrap_err();
    assert_eq!(error.decode_path(), Some("results[1].count"));
    assert_eq!(
        error.to_string(),
        "countThings: 200 OK, but the body cannot be decoded: results[1].count: expected u8, found \
         a text"
    );
    recorder.respond_with(Ok(response(200, r#"{"results":[{"count":1.0}]}"#)));
    assert_eq!(client.count_things().await.unwrap().results[0].count, 1);
}

#[tokio::test]
async fn an_undecodable_success_was_executed() {
    for body in ["", "<html>", "{", "\u{1}"] {
        let error = failure(Ok(response(200, body))).await;
        assert!(
            error.is_decode() && error.may_have_been_executed(),
            "{error}"
        );
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert!(error.decode_error().unwrap().is_syntax());
        assert_eq!(error.body().unwrap(), body);
    }
}

#[tokio::test]
async fn the_cause_of_a_lost_connection_is_in_message_and_chain() {
    let cause = std::io::Error::other("reset by peer");
    let error = failure(Err(TransportError::interrupted(cause))).await;
    assert!(error.to_string().ends_with("(reset by peer)"), "{error}");
    let source = error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "reset by peer");
}

#[tokio::test]
async fn neither_headers_nor_query_nor_body_show_in_debug() {
    let mut raw = response(500, r#"{"detail":"d","password":"s3cret"}"#);
    raw.headers
        .insert("set-cookie", HeaderValue::from_static("s3cret"));
    let shown = format!("{raw:?}");
    let error = failure(Ok(raw)).await;
    let shown = format!("{shown} {error:?} {:?}", error.decode_error());
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(decode::<serde_json::Value>(b"{}").unwrap(), json!({}));
}

#[tokio::test]
async fn the_message_says_if_a_change_may_have_been_executed() {
    use crate::runtime::test_support::CreateThing;

    const REMARK: &str = "(the server may have executed it)";
    let create = async |response| {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.respond_with(response);
        client
            .create_thing(&json!(1))
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(CreateThing::INFO.method, Method::POST);
    assert!(
        create(Err(TransportError::interrupted("reset")))
            .await
            .ends_with(REMARK)
    );
    assert!(create(Ok(response(500, ""))).await.ends_with(REMARK));
    assert!(
        !create(Err(TransportError::connect("refused")))
            .await
            .contains(REMARK)
    );
    assert!(!create(Ok(response(400, ""))).await.contains(REMARK));
    let read = failure(Err(TransportError::interrupted("reset"))).await;
    assert!(read.may_have_been_executed() && !read.to_string().contains(REMARK));
}

#[tokio::test]
async fn a_response_that_is_not_the_apis_keeps_its_status_and_is_no_evidence() {
    for status in [400, 401, 403, 404, 409, 410] {
        for body in [
            "<html>Access denied</html>",
            "default backend",
            "{}",
            "null",
        ] {
            let error = failure(Ok(response(status, body))).await;
            assert!(!error.is_from_api(), "{status} {body}");
            assert!(error.may_have_been_executed(), "{status} {body}");
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert_eq!(error.is_web_page(), body.starts_with('<'), "{body}");
        }
        for body in ["", r#"{"detail":"no"}"#] {
            let error = failure(Ok(response(status, body))).await;
            assert!(
                error.is_from_api() && !error.is_web_page(),
                "{status} {body}"
            );
            assert!(!error.may_have_been_executed(), "{status} {body}");
        }
    }
    // A rate limit refuses requests before they are forwarded.
    let limited = failure(Ok(response(429, "<html>"))).await;
    assert!(!limited.is_from_api() && !limited.may_have_been_executed());
    let lost = failure(Err(TransportError::interrupted("reset"))).await;
    assert!(!lost.is_from_api() && !lost.is_web_page());
    let login = failure(Ok(response(200, "<html>Sign in</html>"))).await;
    assert!(login.is_decode() && !login.is_from_api() && login.is_web_page());
    let newer = failure(Ok(response(200, r#"{"results":"#))).await;
    assert!(newer.is_decode() && newer.is_from_api());
}

#[tokio::test]
async fn a_repeated_delete_that_is_refused_says_that_an_earlier_attempt_may_have_deleted_it() {
    enum DeleteThing {}

    impl Operation for DeleteThing {
        type Output = ();
        type Format = crate::runtime::NoContent;
        const INFO: &'static OperationInfo =
            &OperationInfo::new("deleteThing", Method::DELETE, "/thing");
    }

    for (status, expected) in [
        (404, true),
        (403, true),
        (410, true),
        (400, true),
        (409, false),
        (401, false),
        (503, false),
    ] {
        for executed_before in [true, false] {
            let (client, recorder) = Recorder::client("https://h.test");
            let mut raw = response(status, r#"{"detail":"no"}"#);
            raw.executed_before = executed_before;
            raw.attempts = 2;
            recorder.respond_with(Ok(raw));
            let call = crate::runtime::Call::<DeleteThing>::new(&client, &[]);
            let error = call.await.unwrap_err();
            let expected = expected && executed_before;
            assert_eq!(error.may_already_be_deleted(), expected, "{error}");
            let said = error.to_string();
            assert_eq!(
                said.contains("an earlier attempt may have deleted it"),
                expected,
                "{said}"
            );
        }
    }
    let mut raw = response(404, "");
    raw.executed_before = true;
    assert!(!failure(Ok(raw)).await.may_already_be_deleted());
}
