//! Deploys an environment, prints its log, and waits until its services run.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --features stream --example deploy_with_logs -- ENVIRONMENT_ID [SECONDS]
//! ```
//!
//! The services have to run for SECONDS without interruption, 30 by default.

use std::time::Duration;

use anyhow::Context as _;
use qovery_ext::{connect, qovery_api::uuid::Uuid, wait::WaitExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let id = arguments
        .next()
        .context("usage: ENVIRONMENT_ID [SECONDS]")?;
    let environment: Uuid = id
        .parse()
        .with_context(|| format!("{id:?} is not the id of an environment, which is a UUID"))?;
    let seconds = match arguments.next() {
        Some(text) => text
            .parse()
            .with_context(|| format!("SECONDS is a whole number, not {text:?}"))?,
        None => 30,
    };
    let window = Duration::from_secs(seconds);
    let client = connect::from_env()?;
    let running = client
        .environment(environment)
        .deploy()
        .with_stream()
        .follow_logs(|line| println!("{line}"))
        .until_running(window)
        .await?;
    let seconds = running.reached.elapsed.as_secs();
    println!(
        "deployed in {seconds} s, {} services run",
        running.services.len()
    );
    Ok(())
}
