//! The actions of one service, by its kind.

use std::sync::Arc;

use uuid::Uuid;

use super::super::{
    Action, Condition, Goal, ServiceVersion, Subject, action_request::ActionRequest, api::ApiSource,
};

/// Actions that have the same request and the same documentation for every kind.
macro_rules! actions {
    ($($action:ident),+) => { $(actions!(@$action);)+ };
    (@redeploy) => {
        /// Deploys the service again, in the running version.
        pub fn redeploy(&self) -> Action { self.action(ActionRequest::Redeploy) }
    };
    (@restart) => {
        /// Restarts the service without deploying it.
        pub fn restart(&self) -> Action { self.action(ActionRequest::Restart) }
    };
    (@stop) => {
        /// Stops it.
        pub fn stop(&self) -> Action { self.action(ActionRequest::Stop) }
    };
    (@uninstall) => {
        /// Deletes the deployed resources of the service, and keeps its configuration.
        pub fn uninstall(&self) -> Action { self.action(ActionRequest::Uninstall) }
    };
    (@delete) => {
        /// Deletes it.
        pub fn delete(&self) -> Action { self.action(ActionRequest::Delete) }
    };
}

/// The handle of a service, with the actions that are alike for several kinds.
macro_rules! service {
    ($(#[$doc:meta])* $type:ident $actions:tt $($common:ident),+) => {
        handle! { $(#[$doc])* $type $actions }

        impl $type {
            /// Sets the environment of the service, so that services of one environment share a
            /// status request without looking up their environment.
            #[must_use]
            pub fn in_environment(mut self, id: Uuid) -> Self {
                if let Subject::Service { environment, .. } = &mut self.subject {
                    *environment = Some(id);
                }
                self
            }

            actions!($($common),+);
        }
    };
}

service! {
    /// A service of a kind that is known only at run time.
    ///
    /// An action that the API does not have for the kind is refused before it is sent.
    ServiceHandle {
        /// Deploys it in this version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, restart, uninstall, delete
}
service! {
    /// An application to act on.
    ApplicationHandle {
        /// Deploys it in this version: a commit, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, restart, uninstall, delete
}
service! {
    /// A container to act on.
    ContainerHandle {
        /// Deploys it in this version: an image tag, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, restart, uninstall, delete
}
service! {
    /// A database to act on.
    DatabaseHandle {
        /// Deploys it.
        deploy() => ActionRequest::Deploy(ServiceVersion::default());
    }
    redeploy, stop, restart, uninstall, delete
}
service! {
    /// A job to act on.
    JobHandle {
        /// Deploys it in this version: an image tag, a commit, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, uninstall, delete
}
service! {
    /// A Helm chart to act on.
    HelmHandle {
        /// Deploys it in this version: a chart version, a commit, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, uninstall, delete
}
service! {
    /// A Terraform service to act on.
    TerraformHandle {
        /// Plans and applies it in this version: a commit, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
        /// Computes the plan of this version and applies nothing. The goal is reached when the plan exists. Its text
        /// is in the log of the deployment.
        plan(version: ServiceVersion) => ActionRequest::Plan(version);
        /// Applies it again, in the version that was applied.
        redeploy() => ActionRequest::Redeploy;
        /// Stops it, with the operation for selected services of its environment.
        stop() => ActionRequest::Stop;
        /// Destroys the resources that it created, and keeps the configuration.
        uninstall() => ActionRequest::Uninstall;
    }
    delete
}
service! {
    /// An agentic workflow to act on. It is deployed with its environment.
    AgenticWorkflowHandle {
        /// Cancels its deployment.
        cancel() => ActionRequest::Cancel { force: false };
        /// Cancels its deployment at once.
        cancel_forced() => ActionRequest::Cancel { force: true };
    }
    delete
}
