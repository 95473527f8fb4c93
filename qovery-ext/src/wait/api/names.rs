//! The names of what is waited on.

use std::future::IntoFuture as _;

use qovery_api::{Call, Json, Operation, OperationInfo, operations};
use serde::Deserialize;
use uuid::Uuid;

use super::ApiSource;
use crate::wait::Subject;

impl ApiSource {
    /// Reads the names that are not known yet. What cannot be read stays without a name.
    pub(super) async fn read_names(&self, subject: &Subject) {
        if let Subject::Cluster { organization, .. } = subject {
            let call = Call::<ListClusters>::new(&self.client, &[organization]);
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
        let services = Call::<ListServices>::new(&self.client, &[&environment]);
        let own = async {
            if self.names.knows(environment) {
                return;
            }
            if let Ok(environment) = self.client.get_environment(environment).await {
                self.remember_parent(environment.id, environment.project.id);
                self.names.remember(environment.id, environment.name);
            }
        };
        let (services, ()) = futures_util::future::join(services.into_future(), own).await;
        self.remember_all(services);
    }

    fn remember_all(&self, listed: Result<Listed, qovery_api::Error>) {
        for item in listed.map(|listed| listed.results).unwrap_or_default() {
            self.names.remember(item.id, item.name);
        }
    }
}

#[derive(Debug)]
enum ListServices {}

impl Operation for ListServices {
    type Output = Listed;
    type Format = Json;
    const INFO: &'static OperationInfo = operations::ListServicesByEnvironmentId::INFO;
}

#[derive(Debug)]
enum ListClusters {}

impl Operation for ListClusters {
    type Output = Listed;
    type Format = Json;
    const INFO: &'static OperationInfo = operations::ListOrganizationCluster::INFO;
}

/// As much of a list as names need.
#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    results: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: Uuid,
    name: String,
}
