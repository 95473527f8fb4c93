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
    wait::Subject,
};

impl ApiSource {
    /// Reads the names that are not known yet. If this fails, they stay unknown.
    pub(super) async fn read_names(&self, subject: &Subject) {
        if let Subject::Cluster { organization, .. } = subject {
            let call =
                Call::<ListOf<ListOrganizationCluster, Item>>::new(&self.client, &[organization]);
            self.remember_all(call.await);
            return;
        }
        let Ok(Some(environment)) = self.environment_of_subject(subject).await else {
            return;
        };
        // A request whose environment only the server knows.
        if environment.is_nil() {
            return;
        }
        let services =
            Call::<ListOf<ListServicesByEnvironmentId, Item>>::new(&self.client, &[&environment]);
        let own = async {
            if self.names.knows(environment) {
                return;
            }
            if let Ok(environment) = self.client.get_environment(environment).await {
                self.keep_parent(environment.id, environment.project.id);
                self.names.remember(environment.id, environment.name);
            }
        };
        let (services, ()) = futures_util::future::join(services.into_future(), own).await;
        self.remember_all(services);
    }

    fn remember_all(&self, listed: Result<Listed<Item>, qovery_api::Error>) {
        for item in listed.map(|listed| listed.results).unwrap_or_default() {
            self.names.remember(item.id, item.name);
        }
    }
}

/// The fields of an item that its name needs.
#[derive(Deserialize)]
struct Item {
    id: Uuid,
    name: String,
}
