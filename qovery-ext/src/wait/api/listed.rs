//! Checks whether the list of the parent still contains the subject.
//!
//! This is one of the two confirmations of a deletion.

use qovery_api::{Call, Client, Json, Operation, OperationInfo, operations};
use serde::Deserialize;
use uuid::Uuid;

use super::parents::Parents;
use crate::wait::{
    Subject,
    source::{Fault, FaultKind},
};

/// A list with only the fields that this check needs. Unlike in the models of the client, `results` is
/// required: an object without it is not an empty list.
#[derive(Deserialize)]
struct Listed {
    results: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    id: Uuid,
}

macro_rules! lists {
    ($($name:ident)+) => {
        $(
            #[derive(Debug)]
            enum $name {}

            impl Operation for $name {
                type Output = Listed;
                type Format = Json;
                const INFO: &'static OperationInfo = operations::$name::INFO;
            }
        )+
    };
}
lists! { ListEnvironment ListServicesByEnvironmentId ListOrganizationCluster }

/// Whether the parent still lists the subject; `None` if the parent is not known.
pub(super) async fn is_listed(
    client: &Client,
    parents: &Parents,
    subject: &Subject,
) -> Result<Option<bool>, Fault> {
    let response = match subject {
        Subject::Environment { id, .. } => {
            let project = parents.parent_of(subject).await;
            match known(project)?.flatten() {
                Some(project) => lists::<ListEnvironment>(client, project, &[*id]).await,
                None => return Ok(None),
            }
        }
        Subject::Service { service, .. } => {
            let environment = parents.parent_of(subject).await;
            match known(environment)?.flatten() {
                Some(environment) => {
                    lists::<ListServicesByEnvironmentId>(client, environment, &[service.id]).await
                }
                None => return Ok(None),
            }
        }
        Subject::Services {
            environment,
            services,
        } => {
            let ids: Vec<_> = services.iter().map(|service| service.id).collect();
            lists::<ListServicesByEnvironmentId>(client, *environment, &ids).await
        }
        Subject::Cluster { organization, id } => {
            lists::<ListOrganizationCluster>(client, *organization, &[*id]).await
        }
    };
    known(response)
}

async fn lists<O: Operation<Output = Listed, Format = Json>>(
    client: &Client,
    parent: Uuid,
    ids: &[Uuid],
) -> Result<bool, Fault> {
    let call = Call::<O>::new(client, &[&parent]);
    let Some(items) = call.await?.results else {
        let message = format!("{}: the response has no list", O::INFO.id);
        return Err(Fault::new(FaultKind::Unreadable, message));
    };
    Ok(items.iter().any(|item| ids.contains(&item.id)))
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
