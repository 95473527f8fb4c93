//! One call of a connected client against the same call with plain reqwest and serde_json, over
//! loopback.
//!
//! Both take turns, so that what else the machine does falls on both alike. Fails where a call takes
//! more than a twentieth longer. Run as a test, it makes a few calls and judges nothing. With
//! `plain N` or `connected N` it makes N calls of one kind, for a tool that counts instructions.

use std::{
    error::Error,
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};

use qovery_api::{Client, http::header, reqwest, serde_json, types::EnvironmentStatus, uuid::Uuid};
use qovery_ext::connect::Connect;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const TOKEN: &str = "qov_0123456789";
const ENVIRONMENT: Uuid = Uuid::from_u128(0x5d0a_9a6e_6a53_4a4b_8e0b_0d4b_1b0e_6b1f);
const BODY: &str = r#"{"id":"5d0a9a6e-6a53-4a4b-8e0b-0d4b1b0e6b1f","state":"DEPLOYED",
"last_deployment_date":"2026-08-10T14:55:21.382762Z","last_deployment_state":"DEPLOYED",
"last_deployment_id":"5d0a9a6e-6a53-4a4b-8e0b-0d4b1b0e6b1f-17","total_deployment_duration_in_seconds":93,
"origin":"API","triggered_by":"someone@example.com","deployment_status":"UP_TO_DATE",
"deployment_request_id":null}"#;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Answers all requests on one thread, so that neither kind of call has a better one.
fn serve() -> Outcome<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = runtime()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(answer(stream));
            }
            #[expect(unreachable_code, reason = "gives the block its type")]
            std::io::Result::Ok(())
        })
    });
    Ok(address)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let length = BODY.len();
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{BODY}"
    );
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await? > 0 {
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            stream.write_all(response.as_bytes()).await?;
        }
    }
    Ok(())
}

struct Callers {
    base: String,
    plain: reqwest::Client,
    connected: Client,
}

impl Callers {
    fn new(address: SocketAddr) -> Outcome<Self> {
        let base = format!("http://{address}");
        let settings = || reqwest::Client::builder().no_proxy().tls_certs_only([]);
        Ok(Self {
            plain: settings()
                .connect_timeout(Duration::from_secs(10))
                .timeout(Duration::from_secs(60))
                .user_agent("plain/1.0")
                .build()?,
            connected: Connect::new()
                .token(TOKEN)
                .base_url(&base)
                .reqwest(settings())
                .build()?,
            base,
        })
    }

    async fn plain(&self) -> Outcome<EnvironmentStatus> {
        let request = self
            .plain
            .get(format!("{}/environment/{ENVIRONMENT}/status", self.base))
            .header(header::AUTHORIZATION, format!("Token {TOKEN}"))
            .header(header::ACCEPT, "application/json");
        let response = request.send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }

    async fn connected(&self) -> Outcome<EnvironmentStatus> {
        Ok(self.connected.get_environment_status(ENVIRONMENT).await?)
    }

    async fn time(&self, is_connected: bool, calls: u32) -> Outcome<f64> {
        let started = Instant::now();
        for _ in 0..calls {
            let status = if is_connected {
                self.connected().await?
            } else {
                self.plain().await?
            };
            std::hint::black_box(status);
        }
        Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(calls))
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Makes calls of both kinds in turn, which of them first in turn too, and gives the overhead of the
/// median in percent.
async fn compare(callers: &Callers, pairs: usize) -> Outcome<f64> {
    callers.time(false, 1).await?;
    callers.time(true, 1).await?;
    let (mut plain, mut connected) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        let is_connected_first = pair % 2 == 0;
        for is_connected in [is_connected_first, !is_connected_first] {
            let time = callers.time(is_connected, 1).await?;
            let times = if is_connected {
                &mut connected
            } else {
                &mut plain
            };
            times.push(time);
        }
    }
    let (plain, connected) = (median(&mut plain), median(&mut connected));
    let overhead = (connected / plain - 1.0) * 100.0;
    println!(
        "{pairs} pairs of calls, medians: {plain:.1} µs plain, {connected:.1} µs connected, \
         overhead {overhead:.1} %"
    );
    Ok(overhead)
}

fn main() -> Outcome<ExitCode> {
    let callers = Callers::new(serve()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    runtime.block_on(async {
        match arguments[..] {
            ["plain", calls] => {
                callers.time(false, calls.parse()?).await?;
            }
            ["connected", calls] => {
                callers.time(true, calls.parse()?).await?;
            }
            _ if arguments.contains(&"--bench") => {
                let overhead = compare(&callers, 30_000).await?;
                if overhead > 5.0 {
                    println!("that is more than 5 %");
                    return Ok(ExitCode::FAILURE);
                }
            }
            _ => {
                compare(&callers, 10).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
