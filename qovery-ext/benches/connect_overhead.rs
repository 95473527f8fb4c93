//! One call of a bare and of a connected client against the same call with plain reqwest and
//! serde_json, over loopback.
//!
//! They take turns, so that other load of the machine affects all of them. Fails if a call takes
//! more than a twentieth longer. Run as a test, it makes a few calls and checks nothing. With
//! `plain N`, `bare N` or `connected N` it makes N calls of one kind, for a tool that counts
//! instructions.

use std::{
    error::Error,
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};

use qovery_api::{
    AccessToken, Client, http::header, reqwest, serde_json, types::EnvironmentStatus, uuid::Uuid,
};
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

/// Answers all requests on one thread, so that all kinds of calls share one server.
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
                tokio::spawn(respond(stream));
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

async fn respond(mut stream: TcpStream) -> std::io::Result<()> {
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

#[derive(Clone, Copy)]
enum Caller {
    Plain,
    Bare,
    Connected,
}

const CALLERS: [(&str, Caller); 3] = [
    ("plain", Caller::Plain),
    ("bare", Caller::Bare),
    ("connected", Caller::Connected),
];

struct Callers {
    base: String,
    plain: reqwest::Client,
    bare: Client,
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
            bare: Client::builder()
                .token(AccessToken::new(TOKEN)?)
                .base_url(&base)
                .reqwest(settings())
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

    async fn call(&self, caller: Caller) -> Outcome<EnvironmentStatus> {
        Ok(match caller {
            Caller::Plain => self.plain().await?,
            Caller::Bare => self.bare.get_environment_status(ENVIRONMENT).await?,
            Caller::Connected => self.connected.get_environment_status(ENVIRONMENT).await?,
        })
    }

    /// The time of one call in microseconds.
    async fn time(&self, caller: Caller, calls: u32) -> Outcome<f64> {
        let started = Instant::now();
        for _ in 0..calls {
            std::hint::black_box(self.call(caller).await?);
        }
        Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(calls))
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Makes calls of all kinds alternately, and changes the order in each round. Returns the larger overhead of
/// the medians in percent.
async fn compare(callers: &Callers, rounds: usize) -> Outcome<f64> {
    let mut times = CALLERS.map(|_| Vec::with_capacity(rounds));
    for (_, caller) in CALLERS {
        callers.time(caller, 1).await?;
    }
    for round in 0..rounds {
        let mut turns: Vec<_> = times.iter_mut().zip(CALLERS).collect();
        let first = round % turns.len();
        turns.rotate_left(first);
        for (times, (_, caller)) in turns {
            times.push(callers.time(caller, 1).await?);
        }
    }
    let [plain, bare, connected] = times.map(|mut times| median(&mut times));
    let overhead = |time: f64| (time / plain - 1.0) * 100.0;
    println!(
        "{rounds} rounds of calls, medians: {plain:.1} µs plain, {bare:.1} µs bare ({:+.1} %), \
         {connected:.1} µs connected ({:+.1} %)",
        overhead(bare),
        overhead(connected)
    );
    Ok(overhead(bare).max(overhead(connected)))
}

fn main() -> Outcome<ExitCode> {
    let callers = Callers::new(serve()?)?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let one_kind = match arguments.as_slice() {
        [name, calls, ..] => CALLERS
            .into_iter()
            .find(|(known, _)| known == name)
            .map(|(_, caller)| (caller, calls)),
        _ => None,
    };
    runtime()?.block_on(async {
        if let Some((caller, calls)) = one_kind {
            callers.time(caller, calls.parse()?).await?;
        } else if arguments.iter().any(|argument| argument == "--bench") {
            let overhead = compare(&callers, 30_000).await?;
            if overhead > 5.0 {
                println!("that is more than 5 %");
                return Ok(ExitCode::FAILURE);
            }
        } else {
            compare(&callers, 10).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}
