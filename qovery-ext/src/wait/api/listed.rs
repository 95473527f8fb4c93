//! Checks whether the list of the parent still contains the subject.
//!
//! This is one of the two confirmations of a deletion.

use qovery_api::{Call, Client, Operation, operations};
use serde::Deserialize;
use uuid::Uuid;

use super::ApiSource;
use crate::{
    listing::ListOf,
    wait::{
        Subject,
        source::{Fault, FaultKind},
    },
};

#[derive(Deserialize)]
struct Item {
    id: Uuid,
}

impl ApiSource {
    /// Whether the list of the subject's parent (the environments of a project, the services of an environment,
    /// the clusters of an organization) still has the subject; for several services, whether it has any of
    /// them. This confirms independently that a subject is gone. `None` if the parent is unknown or the API
    /// does not show it either.
    pub(crate) async fn listed(&self, subject: &Subject) -> Result<Option<bool>, Fault> {
        let Some(parent) = known(self.parents.parent_of(subject).await)? else {
            return Ok(None);
        };
        let client = &self.client;
        known(match subject {
            Subject::Environment { .. } => {
                lists::<operations::ListEnvironment>(client, parent, subject).await
            }
            Subject::Service { .. } | Subject::Services { .. } => {
                lists::<operations::ListServicesByEnvironmentId>(client, parent, subject).await
            }
            Subject::Cluster { .. } => {
                lists::<operations::ListOrganizationCluster>(client, parent, subject).await
            }
        })
    }
}

async fn lists<O: Operation>(
    client: &Client,
    parent: Uuid,
    subject: &Subject,
) -> Result<bool, Fault> {
    let call = Call::<ListOf<O, Option<Vec<Item>>>>::new(client, &[&parent]);
    // Unlike in the models of the client: an object without `results` is not an empty list.
    let Some(items) = call.await?.results else {
        let message = format!("{}: the response has no list", O::INFO.id);
        return Err(Fault::new(FaultKind::Unreadable, message));
    };
    Ok(items.iter().any(|item| match subject {
        Subject::Services { services, .. } => services.iter().any(|s| s.id == item.id),
        _ => subject.id() == item.id,
    }))
}

/// A missing parent is no evidence about its children. A parent that the token may not read is a fault.
fn known<T>(response: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match response {
        Ok(value) => Ok(Some(value)),
        Err(fault)
            if matches!(
                fault.kind,
                FaultKind::NotFound | FaultKind::SaysMissing | FaultKind::BadRequest
            ) =>
        {
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}
