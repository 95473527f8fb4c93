//! Follows the log of a service, like `tail -f`.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --features stream --example tail_logs -- SERVICE_ID [LOGQL_QUERY]
//! ```
//!
//! Lines are written to standard output, events of the connection to standard error.

use anyhow::Context as _;
use qovery_ext::{
    connect,
    qovery_api::uuid::Uuid,
    stream::{Event, LiveExt},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let id = arguments
        .next()
        .context("usage: SERVICE_ID [LOGQL_QUERY]")?;
    let service: Uuid = id
        .parse()
        .with_context(|| format!("{id:?} is not the id of a service, which is a UUID"))?;
    let client = connect::from_env()?;
    let mut events = client.service_logs(service).limit(100);
    if let Some(query) = arguments.next() {
        events = events.query(query);
    }
    while let Some(event) = events.next().await {
        match event? {
            Event::Item(line) => println!("{line}"),
            Event::Gap(gap) => eprintln!("lines may be missing up to {}", gap.to),
            Event::Reconnecting(lost) => eprintln!("{}; again in {:?}", lost.cause, lost.after),
            Event::Unreadable(frame) => eprintln!("a frame cannot be read: {}", frame.cause),
            _ => {}
        }
    }
    Ok(())
}
