//! The location of an id: the organization, project and cluster that a request must name.
//!
//! The location of an id never changes, so a client and its clones look it up once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use qovery_api::{Call, Client, operations::ListServicesByEnvironmentId, stream::types};
use serde::Deserialize;
use uuid::Uuid;

use super::fault::Fault;
use crate::listing::ListOf;

/// How many locations are stored, over all clones of a client.
const REMEMBERED: usize = 10_000;

/// The location of an environment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) organization: Uuid,
    pub(super) project: Uuid,
    pub(super) cluster: Uuid,
    pub(super) environment: Uuid,
}

#[derive(Default)]
struct Known(Mutex<Maps>);

#[derive(Default)]
struct Maps {
    environments: HashMap<Uuid, Location>,
    /// The environment of a service.
    services: HashMap<Uuid, Uuid>,
    kinds: HashMap<Uuid, types::ServiceType>,
    /// The organization of a cluster.
    clusters: HashMap<Uuid, Uuid>,
}

fn known(client: &Client) -> Arc<Known> {
    client.shared(Known::default)
}

impl Known {
    fn get<T>(&self, find: impl FnOnce(&Maps) -> Option<T>) -> Option<T> {
        find(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put<T>(&self, id: Uuid, value: T, map: impl FnOnce(&mut Maps) -> &mut HashMap<Uuid, T>) {
        let mut maps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let map = map(&mut maps);
        if map.len() >= REMEMBERED {
            map.clear();
        }
        map.insert(id, value);
    }
}

/// Returns the location of an environment.
pub(super) async fn of_environment(client: &Client, id: Uuid) -> Result<Location, Fault> {
    let known = known(client);
    if let Some(location) = known.get(|maps| maps.environments.get(&id).copied()) {
        return Ok(location);
    }
    let environment = client.get_environment(id).await.map_err(Fault::Lookup)?;
    let organization = match environment.organization {
        Some(organization) => organization.id,
        None => of_cluster(client, environment.cluster_id).await?,
    };
    let location = Location {
        organization,
        project: environment.project.id,
        cluster: environment.cluster_id,
        environment: id,
    };
    known.put(id, location, |maps| &mut maps.environments);
    Ok(location)
}

/// Returns the location of a service of any kind.
pub(super) async fn of_service(client: &Client, id: Uuid) -> Result<Location, Fault> {
    let known = known(client);
    let environment = known.get(|maps| maps.services.get(&id).copied());
    let environment = match environment {
        Some(environment) => environment,
        None => {
            let stage = client.get_service_deployment_stage(id).await;
            let environment = stage.map_err(Fault::Lookup)?.environment.id;
            known.put(id, environment, |maps| &mut maps.services);
            environment
        }
    };
    of_environment(client, environment).await
}

/// The fields of a service that its kind needs.
#[derive(Deserialize)]
struct Service {
    id: Uuid,
    #[serde(default)]
    service_type: String,
}

type Services = Call<ListOf<ListServicesByEnvironmentId, Vec<Service>>>;

/// The kind of a service, as the websocket API spells it.
pub(super) async fn kind_of_service(
    client: &Client,
    location: Location,
    id: Uuid,
) -> Result<types::ServiceType, Fault> {
    let known = known(client);
    if let Some(kind) = known.get(|maps| maps.kinds.get(&id).cloned()) {
        return Ok(kind);
    }
    // A separate function, so that the future is `Send`.
    let services = Services::new(client, &[&location.environment]);
    let services = services.await.map_err(Fault::Lookup)?.results;
    let service = services.into_iter().find(|service| service.id == id);
    let service = service.ok_or_else(|| {
        let environment = location.environment;
        Fault::Unknown(format!("environment {environment} has no service {id}"))
    })?;
    let kind = types::ServiceType::from(service.service_type.as_str());
    known.put(id, kind.clone(), |maps| &mut maps.kinds);
    Ok(kind)
}

/// The organization of a cluster. The API finds no cluster by its id alone: those of each organization
/// of the token are listed.
pub(super) async fn of_cluster(client: &Client, id: Uuid) -> Result<Uuid, Fault> {
    let known = known(client);
    if let Some(organization) = known.get(|maps| maps.clusters.get(&id).copied()) {
        return Ok(organization);
    }
    let organizations = client.list_organization().await.map_err(Fault::Lookup)?;
    for organization in organizations.results {
        let clusters = client.list_organization_cluster(organization.id).await;
        for cluster in clusters.map_err(Fault::Lookup)?.results {
            known.put(cluster.id, organization.id, |maps| &mut maps.clusters);
        }
    }
    let found = known.get(|maps| maps.clusters.get(&id).copied());
    found.ok_or_else(|| Fault::Unknown(format!("no organization of the token has a cluster {id}")))
}
