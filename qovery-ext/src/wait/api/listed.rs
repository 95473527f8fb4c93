//! Checks whether the list of the parent still contains the subject.
//!
//! This is one of the two confirmations of a deletion.

use qovery_api::{Call, Json, Operation, OperationInfo, operations};
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

impl ApiSource {
    pub(super) async fn read_listed(&self, subject: &Subject) -> Result<Option<bool>, Fault> {
        let answer = match subject {
            Subject::Environment { id, .. } => {
                let project = self.parent_of(subject).await;
                match known(project)?.flatten() {
                    Some(project) => self.lists::<ListEnvironment>(project, &[*id]).await,
                    None => return Ok(None),
                }
            }
            Subject::Service { service, .. } => {
                let environment = self.parent_of(subject).await;
                match known(environment)?.flatten() {
                    Some(environment) => {
                        self.lists::<ListServicesByEnvironmentId>(environment, &[service.id])
                            .await
                    }
                    None => return Ok(None),
                }
            }
            Subject::Services {
                environment,
                services,
            } => {
                let ids: Vec<_> = services.iter().map(|service| service.id).collect();
                self.lists::<ListServicesByEnvironmentId>(*environment, &ids)
                    .await
            }
            Subject::Cluster { organization, id } => {
                self.lists::<ListOrganizationCluster>(*organization, &[*id])
                    .await
            }
        };
        known(answer)
    }

    /// The parent of a subject, looked up at most once, while the subject exists; `None` for a cluster, which
    /// has its own.
    pub(super) async fn parent_of(&self, subject: &Subject) -> Result<Option<Uuid>, Fault> {
        match subject {
            Subject::Environment {
                project: Some(project),
                ..
            } => Ok(Some(*project)),
            Subject::Environment { id, .. } => self.project_of_environment(*id).await.map(Some),
            Subject::Service { .. } | Subject::Services { .. } => {
                self.environment_of_subject(subject).await
            }
            Subject::Cluster { .. } => Ok(None),
        }
    }

    async fn lists<O: Operation<Output = Listed, Format = Json>>(
        &self,
        parent: Uuid,
        ids: &[Uuid],
    ) -> Result<bool, Fault> {
        let call = Call::<O>::new(&self.client, &[&parent]);
        let Some(items) = call.await?.results else {
            let message = format!("{}: the response has no list", O::INFO.id);
            return Err(Fault::new(FaultKind::Unreadable, message));
        };
        Ok(items.iter().any(|item| ids.contains(&item.id)))
    }
}

/// A missing parent is no evidence about its children. A parent that the token may not read is a fault.
fn known<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
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
