//! Times decoding and calling: the client against the peer, and against plain reqwest and serde_json.
//!
//! Measures both sides alternately. Prints one line for each figure: its name, the maximum ratio, and the milliseconds
//! of both.

use std::{
    error::Error,
    hint::black_box,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use qovery_api::{AccessToken, Client, reqwest, types, uuid::Uuid};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One environment; the id and the number in its name differ.
fn environment(number: u32) -> String {
    format!(
        r#"{{"id":"5d0a9a6e-6a53-4a4b-8e0b-{number:012x}","created_at":"2026-01-31T12:00:00.123Z",
"updated_at":"2026-02-28T23:59:59Z","name":"preview-{number}",
"organization":{{"id":"00000000-0000-4000-8000-000000000001"}},
"project":{{"id":"00000000-0000-4000-8000-000000000002"}},
"last_updated_by":"00000000-0000-4000-8000-000000000003",
"cloud_provider":{{"provider":"AWS","cluster":"eu-west-3"}},"mode":"PREVIEW",
"cluster_id":"00000000-0000-4000-8000-000000000004","cluster_name":"main",
"expires_at":null}}"#
    )
}

fn list(size: usize) -> String {
    let mut text = String::from("{\"results\":[");
    let mut number = 0;
    while text.len() < size {
        if number > 0 {
            text.push(',');
        }
        text.push_str(&environment(number));
        number += 1;
    }
    text.push_str("]}");
    text
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures both alternately, and prints the median of each in milliseconds.
fn compare(
    name: &str,
    target: f64,
    turns: usize,
    mut ours: impl FnMut() -> Outcome<()>,
    mut other: impl FnMut() -> Outcome<()>,
) -> Outcome<()> {
    let time = |what: &mut dyn FnMut() -> Outcome<()>| -> Outcome<f64> {
        let begin = Instant::now();
        what()?;
        Ok(begin.elapsed().as_secs_f64() * 1e3)
    };
    let (mut mine, mut others) = (Vec::new(), Vec::new());
    for turn in 0..turns {
        if turn % 2 == 0 {
            mine.push(time(&mut ours)?);
            others.push(time(&mut other)?);
        } else {
            others.push(time(&mut other)?);
            mine.push(time(&mut ours)?);
        }
    }
    println!("{name}\t{target}\t{}\t{}", median(mine), median(others));
    Ok(())
}

/// Accepts one connection after the other, and answers every request with the same body.
fn serve(body: String) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let length = body.len();
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let response = response.clone();
            std::thread::spawn(move || respond(stream, response.as_bytes()));
        }
    });
    Ok(address)
}

fn respond(mut stream: std::net::TcpStream, response: &[u8]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..count]);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            stream.write_all(response)?;
        }
    }
}

fn main() -> Outcome<()> {
    let text = list(10_000_000);
    compare(
        "decoding a list of 10 MB, against the peer's types",
        1.0,
        21,
        || {
            let list: types::EnvironmentResponseList = qovery_api::decode(text.as_bytes())?;
            black_box(list);
            Ok(())
        },
        || {
            // Like the peer's response handling: converts the body to text, then parses the text.
            let text = String::from_utf8_lossy(text.as_bytes()).into_owned();
            let list: openapi::models::EnvironmentResponseList = serde_json::from_str(&text)?;
            black_box(list);
            Ok(())
        },
    )?;

    let address = serve(environment(1))?;
    let base = format!("http://{address}");
    // With the same limits as in the client.
    let plain = reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(60))
        .user_agent("plain/1.0")
        .build()?;
    let client = Client::builder()
        .token(AccessToken::new("qov_0123456789")?)
        .base_url(&base)
        .reqwest(reqwest::Client::builder().no_proxy())
        .build()?;
    let id = Uuid::from_u128(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    compare(
        "one call over loopback, against reqwest and serde_json",
        1.05,
        4001,
        || {
            black_box(runtime.block_on(async { client.get_environment(id).await })?);
            Ok(())
        },
        || {
            let environment: types::Environment = runtime.block_on(async {
                let request = plain
                    .get(format!("{base}/environment/{id}"))
                    .header("authorization", "Token qov_0123456789")
                    .header("accept", "application/json");
                let response = request.send().await?.error_for_status()?;
                Outcome::Ok(serde_json::from_slice(&response.bytes().await?)?)
            })?;
            black_box(environment);
            Ok(())
        },
    )
}
