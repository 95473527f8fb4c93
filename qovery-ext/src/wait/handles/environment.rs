//! The actions of an environment and of some of its services.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    super::{
        Action, Condition, Goal, ServiceKind, ServiceRef, ServiceSelection, ServiceVersion,
        Subject, action_request::ActionRequest, source::Source,
    },
    ServiceHandle,
};

/// An environment, with its actions.
#[derive(Clone)]
pub struct EnvironmentHandle {
    pub(super) source: Arc<dyn Source>,
    pub(super) subject: Subject,
    pub(super) id: Uuid,
}
watching!(EnvironmentHandle);

impl EnvironmentHandle {
    /// Sets the project of the environment, so that environments of one project share a status
    /// request without looking up their project.
    #[must_use]
    pub fn in_project(mut self, project: Uuid) -> Self {
        self.subject = Subject::Environment {
            id: self.id,
            project: Some(project),
        };
        self
    }

    /// Deploys every service.
    pub fn deploy(&self) -> Action {
        self.action(ActionRequest::Deploy(ServiceVersion::default()))
    }

    /// Deploys every service again, in its running version.
    pub fn redeploy(&self) -> Action {
        self.action(ActionRequest::Redeploy)
    }

    /// Stops every service.
    pub fn stop(&self) -> Action {
        self.action(ActionRequest::Stop)
    }

    /// Restarts every application, container and database. The other kinds cannot be restarted.
    pub fn restart(&self) -> Action {
        self.action(ActionRequest::Restart)
    }

    /// Deletes the environment and all that is in it.
    pub fn delete(&self) -> Action {
        self.action(ActionRequest::Delete)
    }

    /// Deletes the deployed resources and keeps the configuration.
    pub fn uninstall(&self) -> Action {
        self.action(ActionRequest::Uninstall)
    }

    /// Cancels the running deployment. The goal is reached as soon as the deployment has ended, even if it
    /// finished before the cancel. [`crate::wait::Reached::snapshot`] has its state.
    pub fn cancel(&self) -> Action {
        self.action(ActionRequest::Cancel { force: false })
    }

    /// Cancels at once, without waiting for the current step. Resources may be left in an
    /// intermediate state.
    pub fn cancel_forced(&self) -> Action {
        self.action(ActionRequest::Cancel { force: true })
    }

    /// Deploys some services of any kind, each in its version, in one deployment.
    ///
    /// The outcome depends only on these services, not on the others of the environment.
    pub fn deploy_services(&self, selection: ServiceSelection) -> Action {
        let services = selection.services();
        self.action_on(services, ActionRequest::DeployServices(selection))
    }

    /// Stops some services.
    pub fn stop_services(&self, selection: ServiceSelection) -> Action {
        self.action_on(selection.services(), ActionRequest::StopServices)
    }

    /// Deletes some services.
    pub fn delete_services(&self, selection: ServiceSelection) -> Action {
        self.action_on(selection.services(), ActionRequest::DeleteServices)
    }

    /// Uninstalls some services.
    pub fn uninstall_services(&self, selection: ServiceSelection) -> Action {
        self.action_on(selection.services(), ActionRequest::UninstallServices)
    }

    /// Restarts some applications, containers and databases.
    pub fn restart_services(&self, selection: ServiceSelection) -> Action {
        self.action_on(selection.services(), ActionRequest::RestartServices)
    }

    /// Waits until some of its services reach the goal. Sends no action.
    pub fn wait_for_services(&self, services: ServiceSelection, goal: Goal) -> Action {
        let subject = Subject::services(self.id, services.services());
        Action::watch(Arc::clone(&self.source), subject, goal)
    }

    /// Returns the handle of a service of this environment. Services of one environment share a
    /// status request.
    pub fn service(&self, kind: ServiceKind, id: Uuid) -> ServiceHandle {
        ServiceHandle::of(
            Arc::clone(&self.source),
            ServiceRef::new(kind, id),
            Some(self.id),
        )
    }

    fn action_on(&self, services: Vec<ServiceRef>, request: ActionRequest) -> Action {
        Action::requesting(
            Arc::clone(&self.source),
            Subject::services(self.id, services),
            request,
        )
    }
}
