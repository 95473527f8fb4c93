//! Changes the image tag of a container and deploys it. Everything else stays as it is.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --example update_image -- ENVIRONMENT_ID SERVICE_NAME TAG
//! ```
//!
//! The API replaces the whole configuration with the request of an edit, and resets absent fields.
//! The request is therefore made from the configuration that is there.

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
    let environment: Uuid = arguments.next().context("which environment?")?.parse()?;
    let name = arguments.next().context("which service?")?;
    let tag = arguments.next().context("which tag?")?;
    let client = connect::from_env()?;

    let service = find_service(&client, environment, &name).await?;
    ensure!(
        service.kind == Some(ServiceKind::Container),
        "{service} is no container"
    );

    // Reads, changes the tag, writes everything back, and compares: nothing is lost or reset.
    let container = ServiceRef::new(ServiceKind::Container, service.id);
    let change = set_image(&client, container, &tag).await?;
    println!("{service}: {change}");

    // The service alone, whatever its neighbors do.
    let reached = client
        .container(service.id)
        .deploy(ServiceVersion::image_tag(tag))
        .within(Duration::from_secs(15 * 60))
        .on_progress(|progress| println!("{progress}"))
        .await?;
    println!("deployed after {} s", reached.elapsed.as_secs());
    Ok(())
}
