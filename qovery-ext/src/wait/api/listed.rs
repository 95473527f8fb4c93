//! Checks whether the list of the parent still contains the subject.
//!
//! This is one of the two confirmations of a deletion.

use std::marker::PhantomData;

use qovery_api::{Call, Client, Json, Operation, OperationInfo, operations};
use serde::Deserialize;
use uuid::Uuid;

use super::ApiSource;
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

/// The operation `O` with this list as its response.
struct ListOf<O>(PhantomData<fn() -> O>);

impl<O: Operation> Operation for ListOf<O> {
    type Output = Listed;
    type Format = Json;
    const INFO: &'static OperationInfo = O::INFO;
}

/// Whether the parent still lists the subject; `None` if the parent is not known.
pub(super) async fn is_listed(api: &ApiSource, subject: &Subject) -> Result<Option<bool>, Fault> {
    let Some(parent) = known(api.parents.parent_of(subject).await)? else {
        return Ok(None);
    };
    let client = &api.client;
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

async fn lists<O: Operation>(
    client: &Client,
    parent: Uuid,
    subject: &Subject,
) -> Result<bool, Fault> {
    let call = Call::<ListOf<O>>::new(client, &[&parent]);
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
