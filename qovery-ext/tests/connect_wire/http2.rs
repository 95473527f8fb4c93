//! HTTP/2 can report that a request was not processed.

use std::sync::{Arc, Mutex};

use qovery_api::{Client, http::Method, reqwest};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{TOKEN, connect, secrets::Printed, send};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn reset(code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &code.to_be_bytes())
}

/// Sends GOAWAY without an error, with the number of the last processed stream.
fn go_away(last: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    frame(GOAWAY, 0, 0, &payload)
}

/// Sends GOAWAY with an error, and repeats the token in its debug text.
fn go_away_with_token(code: u32) -> Vec<u8> {
    let text = format!("authorization: Token {TOKEN}");
    let numbers = [0_u32.to_be_bytes(), code.to_be_bytes()].concat();
    frame(GOAWAY, 0, 0, &[&numbers, text.as_bytes()].concat())
}

fn success() -> Vec<u8> {
    // `:status: 200` is number 8 of the static table.
    frame(HEADERS, END_STREAM | 4, 1, &[0x88])
}

/// Answers the first request of each connection with the next of these bytes and closes. Counts
/// the requests that it read.
async fn serve(responses: Vec<Vec<u8>>) -> (Client, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let read = Arc::<Mutex<usize>>::default();
    tokio::spawn({
        let read = Arc::clone(&read);
        async move {
            for response in responses {
                let (mut stream, _) = listener.accept().await.unwrap();
                read_request(&mut stream).await;
                *read.lock().unwrap() += 1;
                stream.write_all(&response).await.unwrap();
                let mut rest = Vec::new();
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut rest).await;
            }
        }
    });
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .http2_prior_knowledge();
    let settings = connect(&format!("http://{address}")).reqwest(http);
    (settings.build().unwrap(), read)
}

async fn read_request(stream: &mut TcpStream) {
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        if matches!(head[3], DATA | HEADERS) && head[4] & END_STREAM != 0 {
            return;
        }
    }
}

#[tokio::test]
async fn a_post_that_the_server_says_it_did_not_process_is_sent_again() {
    const REFUSED_STREAM: u32 = 7;
    for nack in [reset(REFUSED_STREAM), go_away(0)] {
        let (client, read) = serve(vec![nack.clone(), nack, success()]).await;
        let response = send(&client, &Method::POST).await.unwrap();
        assert_eq!((response.status.as_u16(), response.attempts), (200, 3));
        assert!(!response.executed_before);
        assert_eq!(*read.lock().unwrap(), 3);
    }
}

#[tokio::test]
async fn a_post_that_the_server_may_have_processed_is_not_sent_again() {
    const INTERNAL_ERROR: u32 = 2;
    const CANCEL: u32 = 8;
    for fault in [reset(INTERNAL_ERROR), reset(CANCEL), go_away(1), Vec::new()] {
        let (client, read) = serve(vec![fault.clone(), success()]).await;
        let error = send(&client, &Method::POST).await.unwrap_err();
        assert!(error.may_have_been_executed(), "{fault:?} {error:?}");
        assert_eq!(error.attempts(), 1, "{fault:?}");
        assert_eq!(*read.lock().unwrap(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_with_the_token_in_its_debug_text_does_not_show_it() {
    const NO_ERROR: u32 = 0;
    const PROTOCOL_ERROR: u32 = 1;
    const ENHANCE_YOUR_CALM: u32 = 11;
    for code in [PROTOCOL_ERROR, ENHANCE_YOUR_CALM, NO_ERROR] {
        let last_words = go_away_with_token(code);
        let (client, _) = serve(vec![last_words; 4]).await;
        let error = send(&client, &Method::POST).await.unwrap_err();
        let printed = Printed::default();
        printed.error(&error);
        printed.panic(Err::<(), _>(error));
        let text = printed.text();
        assert!(
            text.contains("[redacted]") && !text.contains("qov_s3cret"),
            "{code}: {text}"
        );
    }
}
