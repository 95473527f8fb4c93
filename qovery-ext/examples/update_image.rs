//! Changes the image tag of a container and deploys it. All other settings stay unchanged.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --features versions --example update_image -- ENVIRONMENT_ID SERVICE_NAME TAG
//! ```
//!
//! An edit replaces the whole configuration, and resets absent fields to their defaults. Therefore
//! `set_image` builds the request from the current configuration.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use qovery_ext::{
    connect,
    qovery_api::uuid::Uuid,
    recipes::{find_service, set_image},
    wait::{ServiceKind, ServiceRef, ServiceVersion, WaitExt},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let id = arguments
        .next()
        .context("usage: ENVIRONMENT_ID SERVICE_NAME TAG")?;
    let environment: Uuid = id
        .parse()
        .with_context(|| format!("{id:?} is not the id of an environment, which is a UUID"))?;
    let name = arguments
        .next()
        .context("usage: ENVIRONMENT_ID SERVICE_NAME TAG")?;
    let tag = arguments
        .next()
        .context("usage: ENVIRONMENT_ID SERVICE_NAME TAG")?;
    let client = connect::from_env()?;

    let service = find_service(&client, environment, &name).await?;
    ensure!(
        service.kind == Some(ServiceKind::Container),
        "{service} is not a container"
    );

    // Reads the service, changes the tag, writes all settings back, and compares the response.
    let container = ServiceRef::new(ServiceKind::Container, service.id);
    let change = set_image(&client, container, &tag).await?;
    println!("{service}: {change}");

    // Only this service: the state of other services does not affect the outcome.
    let reached = client
        .container(service.id)
        .deploy(ServiceVersion::image_tag(tag))
        .within(Duration::from_secs(15 * 60))
        .on_progress(|progress| println!("{progress}"))
        .await?;
    println!("deployed after {} s", reached.elapsed.as_secs());
    Ok(())
}
