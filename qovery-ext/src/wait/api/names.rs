//! The names of the subject of a wait and of its services.

use std::future::IntoFuture as _;

use qovery_api::{
    Call,
    operations::{ListOrganizationCluster, ListServicesByEnvironmentId},
};
use serde::Deserialize;
use uuid::Uuid;

use super::ApiSource;
use crate::{
    listing::{ListOf, Listed},
    wait::{Subject, names::KnownNames},
};

impl ApiSource {
    /// Reads the names of the subject and of its services that are not known yet. If this fails, they stay unknown.
    pub(crate) async fn look_up_names(&self, subject: &Subject) {
        let (client, parents, names) = (&self.client, &self.parents, &self.names);
        if let Subject::Cluster { organization, .. } = subject {
            let call =
                Call::<ListOf<ListOrganizationCluster, Vec<Item>>>::new(client, &[organization]);
            remember_all(names, call.await);
            return;
        }
        let Ok(Some(environment)) = parents.environment_of_subject(subject).await else {
            return;
        };
        // A request whose environment only the server knows.
        if environment.is_nil() {
            return;
        }
        let services =
            Call::<ListOf<ListServicesByEnvironmentId, Vec<Item>>>::new(client, &[&environment]);
        let own = async {
            if names.knows(environment) {
                return;
            }
            if let Ok(environment) = client.get_environment(environment).await {
                parents.keep(environment.id, environment.project.id);
                names.remember(environment.id, environment.name);
            }
        };
        let (services, ()) = futures_util::future::join(services.into_future(), own).await;
        remember_all(names, services);
    }
}

fn remember_all(names: &KnownNames, listed: Result<Listed<Vec<Item>>, qovery_api::Error>) {
    for item in listed.map(|listed| listed.results).unwrap_or_default() {
        names.remember(item.id, item.name);
    }
}

/// The fields of an item that its name needs.
#[derive(Deserialize)]
struct Item {
    id: Uuid,
    name: String,
}
