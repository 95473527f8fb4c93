//! The operation of the client for each action, and the content of its response.
//!
//! Nothing is sent twice. A future that is dropped abandons its request, which the server may have received.
//! Actions on a single service are in [`service`].

mod bodies;
mod service;

use std::time::Duration;

use qovery_api::{
    Call, Client, Operation, RetryMode,
    chrono::DateTime,
    http::{HeaderMap, header},
    types,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use self::{
    bodies::{deploy_request, ids, restart_request},
    service::send_to_service,
};
use super::{
    fault::{before_acting, not_the_api, of_an_action},
    parents::Parents,
    statuses,
};
use crate::wait::{
    Goal, Phase, ServiceKind, ServiceRef, State, Subject,
    action_request::ActionRequest,
    source::{ActionResponse, Fault, FaultKind},
};

/// The field of a status that names a deployment request.
const REQUEST: &str = "deployment_request_id";

/// The fields of a status that name an execution.
const EXECUTION: [&str; 2] = ["last_deployment_id", "execution_id"];

/// The response to an action.
pub(super) trait Response {
    fn action_response(&self) -> ActionResponse;
}

impl Response for () {
    fn action_response(&self) -> ActionResponse {
        ActionResponse::default()
    }
}

impl Response for Map<String, Value> {
    fn action_response(&self) -> ActionResponse {
        let execution = EXECUTION
            .iter()
            .find_map(|field| self.get(*field)?.as_str());
        ActionResponse {
            request: self.get(REQUEST).and_then(named),
            execution: execution.map(str::to_owned),
            ..ActionResponse::default()
        }
    }
}

impl Response for types::Status {
    fn action_response(&self) -> ActionResponse {
        action_response(
            self.deployment_request_id,
            self.execution_id.clone(),
            self.state.as_str(),
            // A missing count does not prove that the queue is empty.
            self.deployment_requests_count.is_none_or(|count| count > 0),
        )
    }
}

impl Response for types::EnvironmentStatus {
    fn action_response(&self) -> ActionResponse {
        action_response(
            self.deployment_request_id,
            self.last_deployment_id.clone(),
            self.last_deployment_state
                .as_ref()
                .map_or("", |state| state.as_str()),
            false,
        )
    }
}

impl Response for types::ClusterStatus {
    fn action_response(&self) -> ActionResponse {
        // A cluster has no queue, so the state in the response is no evidence about the action.
        ActionResponse::default()
    }
}

impl<T: Response> Response for Option<T> {
    fn action_response(&self) -> ActionResponse {
        self.as_ref()
            .map(Response::action_response)
            .unwrap_or_default()
    }
}

fn named(request: &Value) -> Option<Uuid> {
    request.as_str().and_then(|id| id.parse().ok())
}

fn action_response(
    request: Option<Uuid>,
    execution: Option<String>,
    state: &str,
    waiting: bool,
) -> ActionResponse {
    let phase = State::from(state).phase(Goal::Canceled);
    ActionResponse {
        request,
        execution,
        idle: request.is_none() && phase == Phase::Reached && !waiting,
        server_time: None,
    }
}

/// Sends an action. Any success of the API is an acceptance, also one whose body cannot be read.
///
/// No transport repeats an action that may have been executed: a second `DELETE` would be answered as
/// if the first one had been refused, and a second `POST` would be a second deployment.
async fn accepted<O>(call: Call<O>) -> Result<ActionResponse, Fault>
where
    O: Operation,
    O::Output: Response,
{
    let response = call.retry(RetryMode::UnlessExecuted).response().await;
    match response {
        Ok(response) if !response.is_from_api() => {
            Err(of_an_action(not_the_api(O::INFO, response.status)))
        }
        Ok(response) => Ok(ActionResponse {
            server_time: server_time(&response.headers),
            ..response.body.action_response()
        }),
        // Accepted. The body is another document than the declared one, for example the status of the
        // environment in place of that of a service. Both have the request in the same field.
        Err(error) if error.is_decode() && error.is_from_api() => {
            let body = error.body().map(|body| qovery_api::decode(body));
            let document: Option<Map<String, Value>> = body.and_then(Result::ok);
            Ok(ActionResponse {
                server_time: error.headers().and_then(server_time),
                ..document.map_or_else(ActionResponse::default, |document| {
                    document.action_response()
                })
            })
        }
        Err(error) => Err(of_an_action(Fault::from(error))),
    }
}

/// The `Date` of a response, in seconds since 1970. The history uses the same clock.
fn server_time(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(date.timestamp())
}

/// The time limit for facts that help to attribute deployments, but are not required.
const BEFOREHAND: Duration = Duration::from_secs(5);

/// The client, and what is known about the parents of services.
#[derive(Clone, Copy)]
pub(super) struct Api<'a> {
    pub(super) client: &'a Client,
    pub(super) parents: &'a Parents,
}

/// Sends an action.
pub(super) async fn send(
    api: Api<'_>,
    subject: &Subject,
    action: &ActionRequest,
) -> Result<ActionResponse, Fault> {
    if matches!(action, ActionRequest::Delete | ActionRequest::Uninstall) {
        // When the subject is gone, no endpoint names its parent. Without the parent, the deletion is
        // confirmed by other means. Therefore a failure here does not prevent the action.
        let parent = api.parents.parent_of(subject);
        let _ = tokio::time::timeout(BEFOREHAND, parent).await;
    }
    if let ActionRequest::CancelRequest(request) = action {
        return accepted(api.client.cancel_deployment_request(*request)).await;
    }
    match subject {
        Subject::Environment { id, .. } => send_to_environment(api, *id, action).await,
        Subject::Service { service, .. } => send_to_service(api, *service, subject, action).await,
        Subject::Services {
            environment,
            services,
        } => send_to_services(api, *environment, services, action).await,
        Subject::Cluster { organization, id } => {
            send_to_cluster(api, *organization, *id, action).await
        }
    }
}

async fn send_to_environment(
    api: Api<'_>,
    id: Uuid,
    action: &ActionRequest,
) -> Result<ActionResponse, Fault> {
    let client = api.client;
    match action {
        ActionRequest::Deploy(_) => accepted(client.deploy_environment(id)).await,
        ActionRequest::Redeploy => accepted(client.redeploy_environment(id)).await,
        ActionRequest::Stop => accepted(client.stop_environment(id)).await,
        ActionRequest::Delete => accepted(client.delete_environment(id)).await,
        ActionRequest::Uninstall => accepted(client.uninstall_environment(id)).await,
        ActionRequest::Restart => {
            let seen =
                statuses::of_subject(api.client, api.parents, &Subject::environment(id)).await;
            let seen = seen.map_err(before_acting)?;
            let services: Vec<_> = seen.snapshot.services.iter().map(|s| s.service).collect();
            restart(api, id, &services).await
        }
        ActionRequest::Cancel { force } => {
            let body = types::CancelDeploymentRequest::new().force_cancel(*force);
            accepted(client.cancel_environment_deployment(id, &body)).await
        }
        other => Err(unsupported(other, "an environment")),
    }
}

async fn restart(
    api: Api<'_>,
    environment: Uuid,
    services: &[ServiceRef],
) -> Result<ActionResponse, Fault> {
    if !services.iter().any(|s| can_be_restarted(s.kind)) {
        let message = "there is no application, container or database to restart";
        return Err(Fault::new(FaultKind::Rejected, message));
    }
    let body = restart_request(services);
    accepted(api.client.reboot_services(environment, &body)).await
}

async fn send_to_services(
    api: Api<'_>,
    environment: Uuid,
    services: &[ServiceRef],
    action: &ActionRequest,
) -> Result<ActionResponse, Fault> {
    let client = api.client;
    if let Some(odd) = services.iter().find(|s| !can_be_selected(s.kind, action)) {
        let message = format!(
            "the API does not have this action for a selected {}",
            odd.kind
        );
        return Err(Fault::new(FaultKind::Rejected, message));
    }
    match action {
        ActionRequest::DeployServices(selection) => {
            accepted(client.deploy_all_services(environment, &deploy_request(selection))).await
        }
        ActionRequest::StopServices => {
            accepted(client.stop_selected_services(environment, &ids(services))).await
        }
        ActionRequest::DeleteServices => {
            accepted(client.delete_selected_services(environment, &ids(services))).await
        }
        ActionRequest::UninstallServices => {
            accepted(client.uninstall_selected_services(environment, &ids(services))).await
        }
        ActionRequest::RestartServices => restart(api, environment, services).await,
        // Cancels the deployment of the environment, which runs the services.
        ActionRequest::Cancel { .. } => send_to_environment(api, environment, action).await,
        other => Err(unsupported(other, "selected services")),
    }
}

async fn send_to_cluster(
    api: Api<'_>,
    organization: Uuid,
    id: Uuid,
    action: &ActionRequest,
) -> Result<ActionResponse, Fault> {
    let client = api.client;
    match action {
        // The API no longer has an operation for updates: deploying applies them.
        ActionRequest::Deploy(_) | ActionRequest::Update => {
            accepted(client.deploy_cluster(organization, id)).await
        }
        ActionRequest::Stop => accepted(client.stop_cluster(organization, id)).await,
        ActionRequest::Delete => accepted(client.delete_cluster(organization, id)).await,
        ActionRequest::Upgrade => accepted(client.upgrade_cluster(id)).await,
        other => Err(unsupported(other, "a cluster")),
    }
}

fn unsupported(action: &ActionRequest, subject: &str) -> Fault {
    Fault::new(
        FaultKind::Rejected,
        format!("the API cannot {} {subject}", verb(action)),
    )
}

fn verb(action: &ActionRequest) -> &'static str {
    match action {
        ActionRequest::Deploy(_) | ActionRequest::DeployServices(_) => "deploy",
        ActionRequest::Plan(_) => "plan",
        ActionRequest::Redeploy => "redeploy",
        ActionRequest::Stop | ActionRequest::StopServices => "stop",
        ActionRequest::Restart | ActionRequest::RestartServices => "restart",
        ActionRequest::Delete | ActionRequest::DeleteServices => "delete",
        ActionRequest::Uninstall | ActionRequest::UninstallServices => "uninstall",
        ActionRequest::Cancel { .. } | ActionRequest::CancelRequest(_) => "cancel",
        ActionRequest::Update => "update",
        ActionRequest::Upgrade => "upgrade",
    }
}

fn can_be_restarted(kind: ServiceKind) -> bool {
    matches!(
        kind,
        ServiceKind::Application | ServiceKind::Container | ServiceKind::Database
    )
}

fn can_be_selected(kind: ServiceKind, action: &ActionRequest) -> bool {
    match action {
        ActionRequest::RestartServices => can_be_restarted(kind),
        _ => kind != ServiceKind::AgenticWorkflow,
    }
}
