//! A CI gate: deploys an environment, shows the progress, and exits with the code of the outcome.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --example ci_gate -- ENVIRONMENT_ID          # a line for each change
//! cargo run --example ci_gate -- ENVIRONMENT_ID --json   # a JSON object for each change
//! ```
//!
//! Exit codes: 0 deployed; 1 failed, canceled or superseded; 2 deadline passed or lost contact;
//! 3 refused, also wrong arguments or a missing token. After 2, the deployment may continue: if the last
//! line has a token, another job can continue the wait with it.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use qovery_ext::{
    connect, exit_code,
    qovery_api::{Printable, uuid::Uuid},
    wait::{Progress, WaitError, WaitExt},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    ExitCode::from(run().await.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        exit_code(error.as_ref())
    }))
}

async fn run() -> anyhow::Result<u8> {
    let mut arguments = std::env::args().skip(1);
    let id = arguments.next().context("usage: ENVIRONMENT_ID")?;
    let environment: Uuid = id
        .parse()
        .with_context(|| format!("{id:?} is not the id of an environment, which is a UUID"))?;
    let json = arguments
        .next()
        .is_some_and(|argument| argument == "--json");

    let client = connect::from_env()?;
    let result = client
        .environment(environment)
        .deploy()
        .within(Duration::from_secs(30 * 60))
        .on_progress(move |progress| show(progress, json))
        .await;

    Ok(match result {
        Ok(reached) => {
            eprintln!("deployed after {} s", reached.elapsed.as_secs());
            reached.exit_code()
        }
        Err(error) => {
            explain(&error);
            error.exit_code()
        }
    })
}

fn show(progress: &Progress, json: bool) {
    match serde_json::to_string(progress) {
        // The same value, without characters that control a terminal or a CI runner.
        Ok(event) if json => println!("{}", Printable::json(&event)),
        _ => println!("{progress}"),
    }
}

/// The error has the service, its stage and its step, the last lines of its log, and the console URL.
fn explain(error: &WaitError) {
    eprintln!("{error:#}");
    if let Some(by) = error.superseded_by() {
        eprintln!("another deployment: {by}");
    }
    let may_continue = error.is_deadline_passed() || error.is_lost_contact();
    if may_continue && error.may_have_been_executed() {
        eprintln!("to continue the wait: {}", error.token());
    }
}
