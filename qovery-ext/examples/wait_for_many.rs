//! Deploys many environments at once and waits for all of them.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --example wait_for_many -- ENVIRONMENT_ID ENVIRONMENT_ID …
//! ```
//!
//! Environments of one project share their polls, so that the number of status requests does not grow with the
//! number of environments. Exit codes: 0 all deployed; otherwise 1 if any has this code, else 3, else 2.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use qovery_ext::{
    connect, exit_code,
    qovery_api::uuid::Uuid,
    wait::{Group, WaitExt},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run().await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        exit_code(error.as_ref()).into()
    })
}

async fn run() -> anyhow::Result<ExitCode> {
    let mut environments: Vec<Uuid> = Vec::new();
    for id in std::env::args().skip(1) {
        let parsed = id.parse();
        environments.push(
            parsed.with_context(|| {
                format!("{id:?} is not the id of an environment, which is a UUID")
            })?,
        );
    }
    anyhow::ensure!(!environments.is_empty(), "usage: ENVIRONMENT_ID…");
    let client = connect::from_env()?;

    let deployments = environments.iter().map(|id| {
        let action = client.environment(*id).deploy();
        action.within(Duration::from_secs(30 * 60))
    });
    let outcome = Group::start(deployments).await.wait().await;

    // The results are in the order of the environments.
    for (environment, result) in environments.iter().zip(&outcome.results) {
        match result {
            Some(Ok(reached)) => {
                println!(
                    "{environment}: deployed after {} s",
                    reached.elapsed.as_secs()
                );
            }
            Some(Err(error)) => println!("{environment}: {error:#}"),
            None => println!("{environment}: not ended"),
        }
    }
    let reached = outcome
        .results
        .iter()
        .flatten()
        .filter(|result| result.is_ok());
    println!("{} of {} deployed", reached.count(), environments.len());
    Ok(ExitCode::from(outcome.exit_code()))
}
