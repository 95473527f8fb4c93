//! The program that a new user writes first: deploys an environment and waits for it.

use std::{error::Error, time::Duration};

use qovery_ext::{connect::Connect, wait::WaitExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let id = std::env::args().nth(1).ok_or("the id of an environment")?;
    let client = Connect::new().build()?;
    let reached = client
        .environment(id.parse::<qovery_api::uuid::Uuid>()?)
        .deploy()
        .within(Duration::from_secs(1800))
        .await?;
    println!("deployed after {} polls", reached.polls);
    Ok(())
}
