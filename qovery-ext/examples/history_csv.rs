//! Writes the whole deployment history of an environment as CSV, newest first.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --example history_csv -- ENVIRONMENT_ID > history.csv
//! ```
//!
//! A page has 20 deployments. The pager requests the next page while the current one is written, and
//! holds only these two.

use anyhow::Context as _;
use qovery_ext::{
    connect,
    page::PagedCall,
    qovery_api::{Printable, uuid::Uuid},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let id = std::env::args().nth(1).context("usage: ENVIRONMENT_ID")?;
    let environment: Uuid = id
        .parse()
        .with_context(|| format!("{id:?} is not the id of an environment, which is a UUID"))?;
    let client = connect::from_env()?;

    let history = client.list_environment_deployment_history(environment);
    let mut deployments = history.paged().read_ahead().items();
    let mut table = csv::Writer::from_writer(std::io::stdout().lock());
    table.write_record([
        "id",
        "created_at",
        "updated_at",
        "status",
        "origin",
        "triggered_by",
    ])?;
    while let Some(deployment) = deployments.next().await {
        // An error follows all items that were read before it: the table is correct so far.
        let deployment = deployment?;
        let ended = deployment.updated_at.map(|date| date.to_rfc3339());
        let status = deployment.status.map(|status| status.to_string());
        let origin = deployment.origin.map(|origin| origin.to_string());
        let by = deployment.triggered_by.unwrap_or_default();
        table.write_record([
            &deployment.id.to_string(),
            &deployment.created_at.to_rfc3339(),
            &ended.unwrap_or_default(),
            &status.unwrap_or_default(),
            &origin.unwrap_or_default(),
            &as_text(&by),
        ])?;
    }
    table.flush()?;
    eprintln!("{} deployments", deployments.items_delivered());
    Ok(())
}

/// A name from outside: it stays on its line, and no spreadsheet takes it for a formula.
fn as_text(name: &str) -> String {
    let name = Printable::new(name).to_cow();
    match name.trim_start().starts_with(['=', '+', '-', '@']) {
        true => format!("'{name}"),
        false => name.into_owned(),
    }
}
