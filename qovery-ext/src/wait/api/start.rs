//! The operation of the client for each action, and the content of its response.
//!
//! Nothing is sent twice. A future that is dropped abandons its request, which the server may have received.
//! Actions on a single service are in [`service`].

mod bodies;
mod service;

use std::time::Duration;

use qovery_api::{Call, Operation, RetryMode, types};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use self::{
    bodies::{deploy_request, ids, restart_request},
    service::send_to_service,
};
use super::{
    ApiSource,
    fault::{before_acting, not_the_api, of_an_action},
    server_time,
};
use crate::wait::{
    ServiceKind, ServiceRef, State, Subject,
    action_request::ActionRequest,
    source::{ActionResponse, Fault, FaultKind},
};

type Sent = Result<ActionResponse, Fault>;

/// The content of the response to an action: the status of an environment or a service, or none of them. The
/// status of a cluster names neither a request nor an execution. A cluster has no queue, so its state is no
/// evidence about the action.
pub(super) fn action_response(body: &impl Serialize) -> ActionResponse {
    let Ok(Value::Object(body)) = serde_json::to_value(body) else {
        return ActionResponse::default();
    };
    let text = |field: &str| body.get(field)?.as_str();
    let is_final = |field: &str| text(field).is_some_and(|state| State::from(state).is_terminal());
    let request = text("deployment_request_id").and_then(|id| id.parse().ok());
    let execution = text("last_deployment_id").or(text("execution_id"));
    // A missing count does not prove that the queue of a service is empty.
    let count = body
        .get("deployment_requests_count")
        .and_then(Value::as_i64);
    let is_queue_empty = count.is_some_and(|count| count <= 0);
    let is_over = is_final("last_deployment_state") || (is_queue_empty && is_final("state"));
    ActionResponse {
        execution: execution.map(str::to_owned),
        idle: request.is_none() && is_over,
        request,
        server_time: None,
    }
}

/// Sends an action. Any success of the API is an acceptance, also one whose body cannot be read.
///
/// No transport repeats an action that may have been executed: a second `DELETE` would be answered as
/// if the first one had been refused, and a second `POST` would be a second deployment.
async fn accepted<O>(call: Call<O>) -> Sent
where
    O: Operation,
    O::Output: Serialize,
{
    match call.retry(RetryMode::UnlessExecuted).response().await {
        Ok(response) if !response.is_from_api() => {
            Err(of_an_action(not_the_api(O::INFO, response.status)))
        }
        Ok(response) => Ok(ActionResponse {
            server_time: server_time(&response.headers),
            ..action_response(&response.body)
        }),
        // Accepted. The body is another document than the declared one, for example the status of the
        // environment in place of that of a service. Both have the request in the same field.
        Err(error) if error.is_decode() && error.is_from_api() => {
            let document = error
                .body()
                .map(|body| qovery_api::decode::<Map<String, Value>>(body));
            Ok(ActionResponse {
                server_time: error.headers().and_then(server_time),
                idle: false,
                ..action_response(&document.and_then(Result::ok))
            })
        }
        Err(error) => Err(of_an_action(error.into())),
    }
}

/// The time limit for facts that help to attribute deployments, but are not required.
const BEFOREHAND: Duration = Duration::from_secs(5);

impl ApiSource {
    /// Sends an action, never twice.
    pub(crate) async fn start(&self, subject: &Subject, action: &ActionRequest) -> Sent {
        if matches!(action, ActionRequest::Delete | ActionRequest::Uninstall) {
            // When the subject is gone, no endpoint names its parent. Without the parent, the deletion is
            // confirmed by other means. Therefore a failure here does not prevent the action.
            let parent = self.parents.parent_of(subject);
            let _ = tokio::time::timeout(BEFOREHAND, parent).await;
        }
        if let ActionRequest::CancelRequest(request) = action {
            return accepted(self.client.cancel_deployment_request(*request)).await;
        }
        match subject {
            Subject::Environment { id, .. } => send_to_environment(self, *id, action).await,
            Subject::Service { service, .. } => {
                send_to_service(self, *service, subject, action).await
            }
            Subject::Services {
                environment,
                services,
            } => send_to_services(self, *environment, services, action).await,
            Subject::Cluster { organization, id } => {
                send_to_cluster(self, *organization, *id, action).await
            }
        }
    }
}

async fn send_to_environment(api: &ApiSource, id: Uuid, action: &ActionRequest) -> Sent {
    let client = &api.client;
    match action {
        ActionRequest::Deploy(_) => accepted(client.deploy_environment(id)).await,
        ActionRequest::Redeploy => accepted(client.redeploy_environment(id)).await,
        ActionRequest::Stop => accepted(client.stop_environment(id)).await,
        ActionRequest::Delete => accepted(client.delete_environment(id)).await,
        ActionRequest::Uninstall => accepted(client.uninstall_environment(id)).await,
        ActionRequest::Restart => {
            let seen = api.read(&Subject::environment(id)).await;
            let services = seen.map_err(before_acting)?.snapshot.services;
            let services: Vec<_> = services.iter().map(|s| s.service).collect();
            restart(api, id, &services).await
        }
        ActionRequest::Cancel { force } => {
            let body = types::CancelDeploymentRequest::new().force_cancel(*force);
            accepted(client.cancel_environment_deployment(id, &body)).await
        }
        _ => Err(unsupported(action, "an environment")),
    }
}

async fn restart(api: &ApiSource, environment: Uuid, services: &[ServiceRef]) -> Sent {
    if !services.iter().any(|s| can_be_restarted(s.kind)) {
        let message = "there is no application, container or database to restart";
        return Err(Fault::new(FaultKind::Rejected, message));
    }
    let body = restart_request(services);
    accepted(api.client.reboot_services(environment, &body)).await
}

async fn send_to_services(
    api: &ApiSource,
    id: Uuid,
    services: &[ServiceRef],
    action: &ActionRequest,
) -> Sent {
    let client = &api.client;
    let has_action = |kind| match action {
        ActionRequest::Restart => can_be_restarted(kind),
        _ => kind != ServiceKind::AgenticWorkflow,
    };
    if let Some(service) = services.iter().find(|s| !has_action(s.kind)) {
        let (verb, shown) = (action.verb(), api.names.service(*service));
        let message = format!("the API cannot {verb} {shown} in a selection: leave it out");
        return Err(Fault::new(FaultKind::Rejected, message));
    }
    let ids = ids(services);
    match action {
        ActionRequest::DeployServices(selection) => {
            accepted(client.deploy_all_services(id, &deploy_request(selection))).await
        }
        ActionRequest::Stop => accepted(client.stop_selected_services(id, &ids)).await,
        ActionRequest::Delete => accepted(client.delete_selected_services(id, &ids)).await,
        ActionRequest::Uninstall => accepted(client.uninstall_selected_services(id, &ids)).await,
        ActionRequest::Restart => restart(api, id, services).await,
        // Cancels the deployment of the environment, which runs the services.
        ActionRequest::Cancel { .. } => send_to_environment(api, id, action).await,
        _ => Err(unsupported(action, "selected services")),
    }
}

async fn send_to_cluster(
    api: &ApiSource,
    organization: Uuid,
    id: Uuid,
    action: &ActionRequest,
) -> Sent {
    let client = &api.client;
    match action {
        // The API no longer has an operation for updates: deploying applies them.
        ActionRequest::Deploy(_) | ActionRequest::Update => {
            accepted(client.deploy_cluster(organization, id)).await
        }
        ActionRequest::Stop => accepted(client.stop_cluster(organization, id)).await,
        ActionRequest::Delete => accepted(client.delete_cluster(organization, id)).await,
        ActionRequest::Upgrade => accepted(client.upgrade_cluster(id)).await,
        _ => Err(unsupported(action, "a cluster")),
    }
}

fn unsupported(action: &ActionRequest, subject: &str) -> Fault {
    let message = format!("the API cannot {} {subject}", action.verb());
    Fault::new(FaultKind::Rejected, message)
}

fn can_be_restarted(kind: ServiceKind) -> bool {
    use ServiceKind::{Application, Container, Database};
    matches!(kind, Application | Container | Database)
}
