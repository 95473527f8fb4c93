//! Changes the image tag of a container and deploys it. Everything else stays as it is.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --example update_image -- ENVIRONMENT_ID SERVICE_NAME TAG
//! ```
//!
//! The API replaces the whole configuration with what an edit sends, and resets what is left out.
//! The request is therefore made from the configuration that is there.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use qovery_ext::{
    connect,
    qovery_api::{Printable, types::ContainerRequest, uuid::Uuid},
    recipes::find_service,
    wait::{ServiceKind, ServiceVersion, WaitExt},
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

    // Read, modify, write.
    let current = client.get_container(service.id).await?;
    let before = current.tag.clone();
    let mut request = ContainerRequest::from(current);
    request.tag.clone_from(&tag);
    let edited = client.edit_container(service.id, &request).await?;
    let (before, now) = (Printable::new(&before), Printable::new(&edited.tag));
    println!("{service}: {before} is now {now}");

    // What the server has now makes the request that was sent: nothing was lost or reset.
    if ContainerRequest::from(edited) != request {
        bail!("somebody else has edited it at the same time: look before deploying");
    }

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
