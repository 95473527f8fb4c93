//! The actions of one service, by its kind.

use std::sync::Arc;

use uuid::Uuid;

use super::super::{
    Action, Condition, Goal, ServiceKind, ServiceRef, ServiceVersion, Subject,
    action_request::ActionRequest, source::Source,
};

/// The setter of the environment, for handles of a service.
macro_rules! in_environment {
    () => {
        /// Sets the environment of the service, so that services of one environment share a
        /// status request without looking up their environment.
        #[must_use]
        pub fn in_environment(mut self, id: Uuid) -> Self {
            if let Subject::Service { environment, .. } = &mut self.subject {
                *environment = Some(id);
            }
            self
        }
    };
}

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

/// A service of a kind that is known only at run time.
///
/// An action that the API does not have for the kind is refused before anything is sent.
#[derive(Clone)]
pub struct ServiceHandle {
    source: Arc<dyn Source>,
    subject: Subject,
}
watching!(ServiceHandle);

impl ServiceHandle {
    pub(super) fn of(
        source: Arc<dyn Source>,
        service: ServiceRef,
        environment: Option<Uuid>,
    ) -> Self {
        Self {
            source,
            subject: Subject::Service {
                service,
                environment,
            },
        }
    }

    in_environment!();

    /// Deploys it in this version.
    pub fn deploy(&self, version: ServiceVersion) -> Action {
        self.action(ActionRequest::Deploy(version))
    }

    actions!(redeploy, stop, restart, uninstall, delete);
}

macro_rules! service {
    (
        $(#[$doc:meta])*
        $type:ident $kind:ident
        { $($(#[$method_doc:meta])* $method:ident($($arg:ident: $arg_type:ty)?) => $request:expr;)* }
        $($common:ident),+
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            source: Arc<dyn Source>,
            subject: Subject,
        }
        watching!($type);

        impl $type {
            pub(super) fn new(source: Arc<dyn Source>, id: Uuid, environment: Option<Uuid>) -> Self {
                let service = ServiceRef::new(ServiceKind::$kind, id);
                Self { source, subject: Subject::Service { service, environment } }
            }

            in_environment!();

            $($(#[$method_doc])* pub fn $method(&self $(, $arg: $arg_type)?) -> Action { self.action($request) })*

            actions!($($common),+);
        }
    };
}

service! {
    /// An application to act on.
    ApplicationHandle Application {
        /// Deploys it in this version: a commit, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, restart, uninstall, delete
}
service! {
    /// A container to act on.
    ContainerHandle Container {
        /// Deploys it in this version: an image tag, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, restart, uninstall, delete
}
service! {
    /// A database to act on.
    DatabaseHandle Database {
        /// Deploys it.
        deploy() => ActionRequest::Deploy(ServiceVersion::default());
    }
    redeploy, stop, restart, uninstall, delete
}
service! {
    /// A job to act on.
    JobHandle Job {
        /// Deploys it in this version: an image tag, a commit, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, uninstall, delete
}
service! {
    /// A Helm chart to act on.
    HelmHandle Helm {
        /// Deploys it in this version: a chart version, a commit, or the configured version.
        deploy(version: ServiceVersion) => ActionRequest::Deploy(version);
    }
    redeploy, stop, uninstall, delete
}
service! {
    /// A Terraform service to act on.
    TerraformHandle Terraform {
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
    AgenticWorkflowHandle AgenticWorkflow {
        /// Cancels its deployment.
        cancel() => ActionRequest::Cancel { force: false };
        /// Cancels its deployment at once.
        cancel_forced() => ActionRequest::Cancel { force: true };
    }
    delete
}
