//! Stops all environments except production. After an interrupted run or a failure, the next run continues.
use qovery_ext::{connect, exit_with, recipes::Bulk};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    exit_with(async {
        let organization = std::env::args().nth(1).ok_or("usage: ORGANIZATION")?;
        let summary = Bulk::new(&connect::from_env()?)
            .organization(organization)
            .except_mode("PRODUCTION")
            .journal("stop_all.ndjson")
            .run(|environment| environment.stop())
            .await?;
        println!("{summary}");
        Ok(summary.exit_code().into())
    })
    .await
}
