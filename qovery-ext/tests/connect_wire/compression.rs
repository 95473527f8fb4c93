//! Bodies that come compressed, which no request asks for.

use qovery_api::{http::Method, uuid::Uuid};

use super::{
    client, send,
    server::{Answer, Server},
};

/// `{}`, compressed.
const COMPRESSED: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\xae\x05\x00\x43\xbf\xa6\xa3\
\x02\x00\x00\x00";

fn compressed(status: u16, encoding: &str) -> Answer {
    let length = COMPRESSED.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-encoding: {encoding}\r\n\
         content-length: {length}\r\n\r\n"
    );
    Answer::Bytes([head.as_bytes(), COMPRESSED].concat())
}

#[tokio::test]
async fn no_request_asks_for_compression() {
    for method in super::METHODS {
        let server = Server::start([Answer::status(200, "", "{}")]).await;
        send(&client(&server), &method).await.unwrap();
        let request = server.seen().requests.remove(0).to_lowercase();
        assert!(!request.contains("accept-encoding"), "{request}");
    }
}

#[tokio::test]
async fn a_body_that_comes_compressed_all_the_same_is_named_as_that() {
    for encoding in ["gzip", "br", "gzip, br"] {
        let wanted = format!("the body is compressed ({encoding})");
        for status in [200, 404] {
            let server = Server::start([compressed(status, encoding)]).await;
            let call = client(&server).get_environment_status(Uuid::nil());
            let error = call.await.unwrap_err();
            assert_eq!(error.is_decode(), status == 200, "{error}");
            assert_eq!(error.is_not_found(), status == 404, "{error}");
            assert!(error.to_string().contains(&wanted), "{error}");
            assert_eq!((error.attempts(), server.executions()), (1, 1), "{error}");
        }
    }
}

#[tokio::test]
async fn the_size_of_a_compressed_body_is_limited_as_it_comes() {
    let server = Server::start([compressed(200, "gzip")]).await;
    let settings = super::connect(&server.url()).body_limit(COMPRESSED.len() - 1);
    let error = send(&settings.build().unwrap(), &Method::GET)
        .await
        .unwrap_err();
    assert!(error.is_too_large(), "{error:?}");
}

#[tokio::test]
async fn a_body_that_is_said_to_be_as_it_is_decodes() {
    let body = r#"{"id":"00000000-0000-0000-0000-000000000000","state":"DEPLOYED",
"last_deployment_state":"DEPLOYED","deployment_status":"UP_TO_DATE"}"#;
    let server = Server::start([Answer::status(200, "content-encoding: identity\r\n", body)]).await;
    let call = client(&server).get_environment_status(Uuid::nil());
    call.await.unwrap();
}
