//! Stops all environments except production. After an interrupted run or a failure, the next run continues.
use std::{error::Error, process::ExitCode};

use qovery_ext::{connect, exit_code, recipes::Bulk};

#[tokio::main]
async fn main() -> ExitCode {
    run().await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        exit_code(&*error).into()
    })
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let organization = std::env::args().nth(1).ok_or("usage: ORGANIZATION")?;
    let summary = Bulk::new(&connect::from_env()?)
        .organization(organization)
        .except_mode("PRODUCTION")
        .journal("stop_all.ndjson")
        .run(|environment| environment.stop())
        .await?;
    println!("{summary}");
    Ok(summary.exit_code().into())
}
