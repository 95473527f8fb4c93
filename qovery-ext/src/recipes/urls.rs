//! The public URLs of an environment, each with its service.
//!
//! Dropping a future of this module abandons requests that only read.

use qovery_api::{Client, Error};
use serde::Serialize;
use uuid::Uuid;

use super::{EnvironmentService, services};

/// A public URL of a service.
///
/// Available on crate feature `services` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServiceUrl {
    /// The service.
    pub service: EnvironmentService,
    /// The URL.
    pub url: String,
    /// Whether it is the main URL of the service.
    pub is_default: bool,
}

/// Returns the public URLs of an environment, sorted by the names of the services. The main URL of a service
/// comes first.
///
/// Available on crate feature `services` only.
///
/// Takes at most two requests. If a service is deleted in between, its URLs are left out.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), qovery_api::Error> {
/// for link in qovery_ext::recipes::urls(&client, environment).await? {
///     println!("{}: {}", link.service.name, link.url);
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if one of the two calls fails.
pub async fn urls(client: &Client, environment: Uuid) -> Result<Vec<ServiceUrl>, Error> {
    let links = client.list_environment_services_links(environment).await?;
    if links.results.is_empty() {
        return Ok(Vec::new());
    }
    let services = services(client, environment).await?;
    let mut urls: Vec<ServiceUrl> = links
        .results
        .into_iter()
        .filter_map(|link| {
            let mut services = services.iter();
            let service = services.find(|service| service.id == link.service_id)?;
            Some(ServiceUrl {
                service: service.clone(),
                url: link.url,
                is_default: link.is_default,
            })
        })
        .collect();
    urls.sort_by(|a, b| {
        let place = |url: &ServiceUrl| (url.service.name.clone(), !url.is_default);
        place(a).cmp(&place(b))
    });
    Ok(urls)
}
