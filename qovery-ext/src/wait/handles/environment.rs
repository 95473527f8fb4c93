//! The actions of an environment and of some of its services.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    super::{
        Action, Condition, Goal, ServiceKind, ServiceRef, ServiceSelection, ServiceVersion,
        Subject, action_request::ActionRequest, api::ApiSource,
    },
    ServiceHandle,
};

handle! {
    /// An environment, with its actions.
    EnvironmentHandle {
        /// Deploys every service.
        deploy() => ActionRequest::Deploy(ServiceVersion::default());
        /// Deploys every service again, in its running version.
        redeploy() => ActionRequest::Redeploy;
        /// Stops every service.
        stop() => ActionRequest::Stop;
        /// Restarts every application, container and database. The other kinds cannot be restarted.
        restart() => ActionRequest::Restart;
        /// Deletes the environment and all that is in it.
        delete() => ActionRequest::Delete;
        /// Deletes the deployed resources and keeps the configuration.
        uninstall() => ActionRequest::Uninstall;
        /// Cancels the running deployment. The goal is reached as soon as the deployment has ended, even if it
        /// finished before the cancel. [`crate::wait::Reached::snapshot`] has its state.
        cancel() => ActionRequest::Cancel { force: false };
        /// Cancels at once, without waiting for the current step. Resources may be left in an
        /// intermediate state.
        cancel_forced() => ActionRequest::Cancel { force: true };
    }
}

impl EnvironmentHandle {
    /// Sets the project of the environment, so that environments of one project share a status
    /// request without looking up their project.
    #[must_use]
    pub fn in_project(mut self, project: Uuid) -> Self {
        self.subject = Subject::Environment {
            id: self.id(),
            project: Some(project),
        };
        self
    }

    /// Deploys some services, each in its version, in one deployment. A selection with an agentic workflow is refused.
    ///
    /// The outcome depends only on these services, not on the others of the environment.
    pub fn deploy_services(&self, selection: ServiceSelection) -> Action {
        let services = self.selected(&selection);
        services.action(ActionRequest::DeployServices(selection))
    }

    /// Stops some services. A selection with an agentic workflow is refused.
    pub fn stop_services(&self, selection: ServiceSelection) -> Action {
        self.selected(&selection).action(ActionRequest::Stop)
    }

    /// Deletes some services. A selection with an agentic workflow is refused.
    pub fn delete_services(&self, selection: ServiceSelection) -> Action {
        self.selected(&selection).action(ActionRequest::Delete)
    }

    /// Uninstalls some services. A selection with an agentic workflow is refused.
    pub fn uninstall_services(&self, selection: ServiceSelection) -> Action {
        self.selected(&selection).action(ActionRequest::Uninstall)
    }

    /// Restarts some applications, containers and databases. A selection with a service of another kind is refused.
    pub fn restart_services(&self, selection: ServiceSelection) -> Action {
        self.selected(&selection).action(ActionRequest::Restart)
    }

    /// Waits until some of its services reach the goal. Sends no action. If nothing runs or is queued, their last
    /// states decide at once: see [`wait_for`](Self::wait_for).
    pub fn wait_for_services(&self, services: ServiceSelection, goal: Goal) -> Action {
        self.selected(&services).wait_for(goal)
    }

    /// Returns the handle of a service of this environment. Services of one environment share a
    /// status request.
    pub fn service(&self, kind: ServiceKind, id: Uuid) -> ServiceHandle {
        let subject = Subject::service(ServiceRef::new(kind, id));
        ServiceHandle::new(Arc::clone(&self.source), subject).in_environment(self.id())
    }

    /// The handle of selected services.
    fn selected(&self, selection: &ServiceSelection) -> Self {
        let subject = Subject::services(self.id(), selection.services());
        Self::new(Arc::clone(&self.source), subject)
    }
}
