//! Compressed bodies, which are requested only with the feature `gzip`.

use qovery_api::{http::Method, uuid::Uuid};

use super::{
    METHODS, client, connect, send,
    server::{Response, Server},
};

/// `{}`, compressed with gzip.
const COMPRESSED: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\xae\x05\x00\x43\xbf\xa6\xa3\
\x02\x00\x00\x00";

fn compressed(status: u16, encoding: &str, body: &[u8]) -> Response {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-encoding: {encoding}\r\n\
         content-length: {length}\r\n\r\n"
    );
    Response::Bytes([head.as_bytes(), body].concat())
}

#[tokio::test]
async fn requests_ask_for_compression_with_the_feature_only() {
    for method in METHODS {
        let server = Server::start([Response::status(200, "", "{}")]).await;
        send(&client(&server), &method).await.unwrap();
        let request = server.seen().requests.remove(0).to_lowercase();
        let asks = request.contains("accept-encoding: gzip\r\n");
        assert_eq!(asks, cfg!(feature = "gzip"), "{request}");
        assert_eq!(request.contains("accept-encoding"), asks, "{request}");
    }
}

#[tokio::test]
async fn a_compression_that_was_not_requested_is_reported() {
    let encodings = ["gzip", "br", "gzip, br"];
    for encoding in &encodings[usize::from(cfg!(feature = "gzip"))..] {
        let wanted = format!("the body is compressed ({encoding})");
        for status in [200, 404] {
            let server = Server::start([compressed(status, encoding, COMPRESSED)]).await;
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
async fn a_body_with_the_encoding_identity_decodes() {
    let body = r#"{"id":"00000000-0000-0000-0000-000000000000","state":"DEPLOYED",
"last_deployment_state":"DEPLOYED","deployment_status":"UP_TO_DATE"}"#;
    let server = Server::start([Response::status(
        200,
        "content-encoding: identity\r\n",
        body,
    )])
    .await;
    let call = client(&server).get_environment_status(Uuid::nil());
    call.await.unwrap();
}

/// Endless spaces, compressed with gzip: 13 bits for 258 of them.
fn bomb(bytes: usize) -> Vec<u8> {
    // One block with the codes of the format itself: a space, then repeated references to it.
    let mut bits = vec![1, 1, 0];
    bits.extend([0, 1, 0, 1, 0, 0, 0, 0]);
    let again = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    bits.extend(again.iter().cycle().take(bytes * 8));
    let mut body = COMPRESSED[..10].to_vec();
    body.extend(bits.chunks_exact(8).map(|byte| {
        let bits = byte.iter().enumerate();
        bits.fold(0, |byte, (place, bit)| byte | bit << place)
    }));
    body
}

#[tokio::test]
async fn the_limit_on_a_body_applies_to_the_unpacked_size() {
    let body = bomb(10_000);
    let limit = 20_000;
    assert!(body.len() < limit);
    let server = Server::start([compressed(200, "gzip", &body)]).await;
    let client = connect(&server.url()).body_limit(limit).build().unwrap();
    let outcome = send(&client, &Method::GET).await;
    if cfg!(feature = "gzip") {
        let error = outcome.unwrap_err();
        assert!(error.is_too_large(), "{error:?}");
        assert_eq!((error.attempts(), server.executions()), (1, 1));
    } else {
        // As received.
        assert_eq!(outcome.unwrap().body, body);
    }
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn a_compressed_body_is_unpacked_up_to_the_limit() {
    let server = Server::start([compressed(200, "gzip", COMPRESSED)]).await;
    for (limit, is_within) in [(1, false), (2, true)] {
        let client = connect(&server.url()).body_limit(limit).build().unwrap();
        match send(&client, &Method::GET).await {
            Ok(response) => assert!(is_within && response.body == "{}", "{response:?}"),
            Err(error) => assert!(!is_within && error.is_too_large(), "{error:?}"),
        }
    }
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn a_compressed_body_that_breaks_off_is_no_success() {
    for end in [11, COMPRESSED.len() - 9, COMPRESSED.len() - 1] {
        let server = Server::start([compressed(200, "gzip", &COMPRESSED[..end])]).await;
        let error = send(&client(&server), &Method::POST).await.unwrap_err();
        assert!(error.is_body(), "{end} {error:?}");
        assert!(error.may_have_been_executed());
        assert_eq!((error.attempts(), server.executions()), (1, 1));
    }
}

/// An empty body, compressed with gzip.
#[cfg(feature = "gzip")]
const EMPTY: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x03\x00\0\0\0\0\0\0\0\0";

#[cfg(feature = "gzip")]
#[tokio::test]
async fn all_members_of_a_compressed_body_are_read_within_one_limit() {
    let one = COMPRESSED;
    for (members, wanted) in [
        (vec![one, one], "{}{}"),
        (vec![one, EMPTY], "{}"),
        (vec![EMPTY, one], "{}"),
        (vec![EMPTY, EMPTY], ""),
        (vec![one, EMPTY, EMPTY, one, one], "{}{}{}"),
        // More members than fit in one step of the decoder, so that they begin everywhere in a step.
        (vec![one; 200], &"{}".repeat(200)),
    ] {
        let server = Server::start([compressed(200, "gzip", &members.concat())]).await;
        for limit in [wanted.len().saturating_sub(1), wanted.len()] {
            let client = connect(&server.url()).body_limit(limit).build().unwrap();
            let outcome = send(&client, &Method::GET).await;
            match outcome {
                Ok(response) => assert!(limit == wanted.len() && response.body == wanted),
                Err(error) => assert!(limit < wanted.len() && error.is_too_large(), "{error:?}"),
            }
        }
    }
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn bytes_that_belong_to_no_member_are_not_dropped_silently() {
    let damaged = |place: usize| {
        let mut member = COMPRESSED.to_vec();
        member[place] ^= 1;
        member
    };
    let whole = COMPRESSED.len();
    let tails = [
        b"\0".to_vec(),
        b"\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        b"{}".to_vec(),
        b"\x1f".to_vec(),
        b"\x1f\x8b\x08".to_vec(),
        COMPRESSED[..whole - 1].to_vec(),
        // The checksum and the length of the last member.
        damaged(whole - 8),
        damaged(whole - 1),
    ];
    for tail in tails {
        for body in [
            [COMPRESSED, &tail].concat(),
            [EMPTY, &tail].concat(),
            [&COMPRESSED.repeat(100), &tail[..]].concat(),
        ] {
            let server = Server::start([compressed(200, "gzip", &body)]).await;
            let error = send(&client(&server), &Method::POST).await.unwrap_err();
            assert!(
                error.is_body() && !error.is_too_large(),
                "{tail:?} {error:?}"
            );
        }
    }
    // The first of two members.
    for place in [whole - 8, whole - 1] {
        let body = [&damaged(place)[..], COMPRESSED].concat();
        let server = Server::start([compressed(200, "gzip", &body)]).await;
        assert!(
            send(&client(&server), &Method::POST)
                .await
                .unwrap_err()
                .is_body()
        );
    }
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn members_without_content_are_not_read_without_an_end() {
    for (bytes, is_read) in [(60 * 1024, true), (100 * 1024, false)] {
        let body = EMPTY.repeat(bytes / EMPTY.len());
        let server = Server::start([compressed(200, "gzip", &body)]).await;
        let client = connect(&server.url()).body_limit(1000).build().unwrap();
        match send(&client, &Method::GET).await {
            Ok(response) => assert!(is_read && response.body.is_empty()),
            Err(error) => assert!(!is_read && error.is_too_large(), "{error:?}"),
        }
    }
}
