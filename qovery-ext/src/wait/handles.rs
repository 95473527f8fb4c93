//! What can be acted on: one handle for each kind of thing, with what the API can do to it.
//!
//! A handle is an id with a client: making one sends nothing. What a kind lacks here, the API lacks:
//! Helm charts, jobs and Terraform modules cannot be restarted (deploy them again), agentic
//! workflows are deployed with their environment.

use std::sync::Arc;

use qovery_api::Client;
use uuid::Uuid;

use super::{
    Action, Condition, Goal, OperationToken, ServiceKind, ServiceRef, ServiceSelection, ServiceVersion, Subject,
    TokenError,
    act::Act,
    api::ApiSource,
    source::Source,
};

/// Acting and waiting, for a [`Client`].
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), qovery_ext::wait::WaitError> {
/// use std::time::Duration;
/// use qovery_ext::wait::WaitExt;
///
/// let reached = client
///     .environment(environment)
///     .deploy()
///     .within(Duration::from_secs(1800))
///     .on_progress(|progress| println!("{progress}"))
///     .await?;
/// println!("deployed after {} polls", reached.polls);
/// # Ok(()) }
/// ```
pub trait WaitExt {
    /// An environment.
    fn environment(&self, id: Uuid) -> EnvironmentHandle;
    /// An application.
    fn application(&self, id: Uuid) -> ApplicationHandle;
    /// A container.
    fn container(&self, id: Uuid) -> ContainerHandle;
    /// A database.
    fn database(&self, id: Uuid) -> DatabaseHandle;
    /// A job.
    fn job(&self, id: Uuid) -> JobHandle;
    /// A Helm chart.
    fn helm(&self, id: Uuid) -> HelmHandle;
    /// A Terraform module.
    fn terraform(&self, id: Uuid) -> TerraformHandle;
    /// An agentic workflow.
    fn agentic_workflow(&self, id: Uuid) -> AgenticWorkflowHandle;
    /// A cluster.
    fn cluster(&self, organization: Uuid, id: Uuid) -> ClusterHandle;
    /// A deployment request, whoever made it.
    fn deployment_request(&self, id: Uuid) -> DeploymentRequestHandle;

    /// Goes on waiting for an operation, in this process or in another one.
    ///
    /// # Errors
    /// Where the token is of a wait for a condition, which is code: use
    /// [`WaitExt::resume_until`].
    fn resume(&self, token: OperationToken) -> Result<Action, TokenError>;

    /// Goes on waiting on the subject of a token for a condition.
    fn resume_until(&self, token: OperationToken, condition: impl Condition + 'static) -> Action;
}

impl WaitExt for Client {
    fn environment(&self, id: Uuid) -> EnvironmentHandle {
        EnvironmentHandle {
            source: source(self),
            subject: Subject::environment(id),
            id,
        }
    }

    fn application(&self, id: Uuid) -> ApplicationHandle {
        ApplicationHandle::new(source(self), id, None)
    }

    fn container(&self, id: Uuid) -> ContainerHandle {
        ContainerHandle::new(source(self), id, None)
    }

    fn database(&self, id: Uuid) -> DatabaseHandle {
        DatabaseHandle::new(source(self), id, None)
    }

    fn job(&self, id: Uuid) -> JobHandle {
        JobHandle::new(source(self), id, None)
    }

    fn helm(&self, id: Uuid) -> HelmHandle {
        HelmHandle::new(source(self), id, None)
    }

    fn terraform(&self, id: Uuid) -> TerraformHandle {
        TerraformHandle::new(source(self), id, None)
    }

    fn agentic_workflow(&self, id: Uuid) -> AgenticWorkflowHandle {
        AgenticWorkflowHandle::new(source(self), id, None)
    }

    fn cluster(&self, organization: Uuid, id: Uuid) -> ClusterHandle {
        ClusterHandle {
            source: source(self),
            subject: Subject::cluster(organization, id),
        }
    }

    fn deployment_request(&self, id: Uuid) -> DeploymentRequestHandle {
        DeploymentRequestHandle {
            source: source(self),
            id,
        }
    }

    fn resume(&self, token: OperationToken) -> Result<Action, TokenError> {
        let tracker = token
            .tracker
            .ok_or_else(|| TokenError("it waits for a condition, which has to be given again".to_owned()))?;
        Ok(Action::resume(source(self), token.subject, tracker))
    }

    fn resume_until(&self, token: OperationToken, condition: impl Condition + 'static) -> Action {
        Action::until(source(self), token.subject, Box::new(condition))
    }
}

fn source(client: &Client) -> Arc<dyn Source> {
    Arc::new(ApiSource::new(client.clone()))
}

macro_rules! watching {
    ($type:ident) => {
        impl $type {
            /// Waits for what somebody else does, without acting.
            ///
            /// Done at once where the goal is reached already and nothing waits in the queue.
            pub fn wait_for(&self, goal: Goal) -> Action {
                Action::watch(Arc::clone(&self.source), self.subject.clone(), goal)
            }

            /// Waits until a condition holds, without acting.
            pub fn wait_until(&self, condition: impl Condition + 'static) -> Action {
                Action::until(Arc::clone(&self.source), self.subject.clone(), Box::new(condition))
            }

            fn act(&self, act: Act) -> Action {
                Action::act(Arc::clone(&self.source), self.subject.clone(), act)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($type)).field(&self.subject).finish()
            }
        }
    };
}

/// An environment to act on.
#[derive(Clone)]
pub struct EnvironmentHandle {
    source: Arc<dyn Source>,
    subject: Subject,
    id: Uuid,
}
watching!(EnvironmentHandle);

impl EnvironmentHandle {
    /// Says which project the environment belongs to, so that many of them share one request
    /// without looking it up.
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
        self.act(Act::Deploy(ServiceVersion::default()))
    }

    /// Deploys every service again, in the versions that run.
    pub fn redeploy(&self) -> Action {
        self.act(Act::Redeploy)
    }

    /// Stops every service.
    pub fn stop(&self) -> Action {
        self.act(Act::Stop)
    }

    /// Restarts every application, container and database. The other kinds cannot be restarted.
    pub fn restart(&self) -> Action {
        self.act(Act::Restart)
    }

    /// Deletes the environment and all that is in it.
    pub fn delete(&self) -> Action {
        self.act(Act::Delete)
    }

    /// Deletes what runs, and keeps the configuration.
    pub fn uninstall(&self) -> Action {
        self.act(Act::Uninstall)
    }

    /// Cancels the deployment that is under way. Reached as soon as it is over, also where it
    /// finished before the cancel: [`super::Reached::snapshot`] says which.
    pub fn cancel(&self) -> Action {
        self.act(Act::Cancel { force: false })
    }

    /// Cancels at once, without waiting for the current step. May leave things half done.
    pub fn cancel_forced(&self) -> Action {
        self.act(Act::Cancel { force: true })
    }

    /// Deploys some services, of any kinds, each in its version, in one deployment.
    ///
    /// Judged by these services alone, whatever their neighbors do.
    pub fn deploy_services(&self, selection: ServiceSelection) -> Action {
        let services = selection.services();
        self.act_on(services, Act::DeployServices(selection))
    }

    /// Stops some services.
    pub fn stop_services(&self, selection: ServiceSelection) -> Action {
        self.act_on(selection.services(), Act::StopServices)
    }

    /// Deletes some services.
    pub fn delete_services(&self, selection: ServiceSelection) -> Action {
        self.act_on(selection.services(), Act::DeleteServices)
    }

    /// Uninstalls some services.
    pub fn uninstall_services(&self, selection: ServiceSelection) -> Action {
        self.act_on(selection.services(), Act::UninstallServices)
    }

    /// Restarts some applications, containers and databases.
    pub fn restart_services(&self, selection: ServiceSelection) -> Action {
        self.act_on(selection.services(), Act::RestartServices)
    }

    /// Waits for some of its services.
    pub fn wait_for_services(&self, services: ServiceSelection, goal: Goal) -> Action {
        let subject = Subject::services(self.id, services.services());
        Action::watch(Arc::clone(&self.source), subject, goal)
    }

    /// One of its services. Many services of one environment then share one request for each poll.
    pub fn service(&self, kind: ServiceKind, id: Uuid) -> ServiceHandle {
        ServiceHandle::of(Arc::clone(&self.source), ServiceRef::new(kind, id), Some(self.id))
    }

    fn act_on(&self, services: Vec<ServiceRef>, act: Act) -> Action {
        Action::act(Arc::clone(&self.source), Subject::services(self.id, services), act)
    }
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
    fn of(source: Arc<dyn Source>, service: ServiceRef, environment: Option<Uuid>) -> Self {
        Self {
            source,
            subject: Subject::Service { service, environment },
        }
    }

    /// Deploys it in this version.
    pub fn deploy(&self, version: ServiceVersion) -> Action {
        self.act(Act::Deploy(version))
    }

    /// Deploys it again, in the version that runs.
    pub fn redeploy(&self) -> Action {
        self.act(Act::Redeploy)
    }

    /// Stops it.
    pub fn stop(&self) -> Action {
        self.act(Act::Stop)
    }

    /// Restarts it without deploying.
    pub fn restart(&self) -> Action {
        self.act(Act::Restart)
    }

    /// Deletes what runs of it, and keeps the configuration.
    pub fn uninstall(&self) -> Action {
        self.act(Act::Uninstall)
    }

    /// Deletes it.
    pub fn delete(&self) -> Action {
        self.act(Act::Delete)
    }
}

macro_rules! service {
    ($(#[$doc:meta])* $type:ident $kind:ident { $($(#[$method_doc:meta])* $method:ident($($arg:ident: $arg_type:ty)?) => $act:expr;)+ }) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            source: Arc<dyn Source>,
            subject: Subject,
        }
        watching!($type);

        impl $type {
            fn new(source: Arc<dyn Source>, id: Uuid, environment: Option<Uuid>) -> Self {
                let service = ServiceRef::new(ServiceKind::$kind, id);
                Self { source, subject: Subject::Service { service, environment } }
            }

            /// Says which environment the service belongs to, so that many of them share one
            /// request without looking it up.
            #[must_use]
            pub fn in_environment(mut self, id: Uuid) -> Self {
                if let Subject::Service { environment, .. } = &mut self.subject {
                    *environment = Some(id);
                }
                self
            }

            $($(#[$method_doc])* pub fn $method(&self $(, $arg: $arg_type)?) -> Action { self.act($act) })+
        }
    };
}

service! {
    /// An application to act on.
    ApplicationHandle Application {
        /// Deploys it in this version: a commit, or what is configured.
        deploy(version: ServiceVersion) => Act::Deploy(version);
        /// Deploys it again, in the version that runs.
        redeploy() => Act::Redeploy;
        /// Stops it.
        stop() => Act::Stop;
        /// Restarts it without deploying.
        restart() => Act::Restart;
        /// Deletes what runs of it, and keeps the configuration.
        uninstall() => Act::Uninstall;
        /// Deletes it.
        delete() => Act::Delete;
    }
}
service! {
    /// A container to act on.
    ContainerHandle Container {
        /// Deploys it in this version: an image tag, or what is configured.
        deploy(version: ServiceVersion) => Act::Deploy(version);
        /// Deploys it again, in the version that runs.
        redeploy() => Act::Redeploy;
        /// Stops it.
        stop() => Act::Stop;
        /// Restarts it without deploying.
        restart() => Act::Restart;
        /// Deletes what runs of it, and keeps the configuration.
        uninstall() => Act::Uninstall;
        /// Deletes it.
        delete() => Act::Delete;
    }
}
service! {
    /// A database to act on.
    DatabaseHandle Database {
        /// Deploys it.
        deploy() => Act::Deploy(ServiceVersion::default());
        /// Deploys it again.
        redeploy() => Act::Redeploy;
        /// Stops it.
        stop() => Act::Stop;
        /// Restarts it without deploying.
        restart() => Act::Restart;
        /// Deletes what runs of it, and keeps the configuration.
        uninstall() => Act::Uninstall;
        /// Deletes it.
        delete() => Act::Delete;
    }
}
service! {
    /// A job to act on.
    JobHandle Job {
        /// Deploys it in this version: an image tag, a commit, or what is configured.
        deploy(version: ServiceVersion) => Act::Deploy(version);
        /// Deploys it again, in the version that runs.
        redeploy() => Act::Redeploy;
        /// Stops it.
        stop() => Act::Stop;
        /// Deletes what runs of it, and keeps the configuration.
        uninstall() => Act::Uninstall;
        /// Deletes it.
        delete() => Act::Delete;
    }
}
service! {
    /// A Helm chart to act on.
    HelmHandle Helm {
        /// Deploys it in this version: a chart version, a commit, or what is configured.
        deploy(version: ServiceVersion) => Act::Deploy(version);
        /// Deploys it again, in the version that runs.
        redeploy() => Act::Redeploy;
        /// Stops it.
        stop() => Act::Stop;
        /// Deletes what runs of it, and keeps the configuration.
        uninstall() => Act::Uninstall;
        /// Deletes it.
        delete() => Act::Delete;
    }
}
service! {
    /// A Terraform module to act on.
    TerraformHandle Terraform {
        /// Plans and applies it in this version: a commit, or what is configured.
        deploy(version: ServiceVersion) => Act::Deploy(version);
        /// Applies it again, in the version that was applied.
        redeploy() => Act::Redeploy;
        /// Stops it: the request is one for selected services of its environment.
        stop() => Act::Stop;
        /// Destroys what it created, and keeps the configuration.
        uninstall() => Act::Uninstall;
        /// Deletes it.
        delete() => Act::Delete;
    }
}
service! {
    /// An agentic workflow to act on. It is deployed with its environment.
    AgenticWorkflowHandle AgenticWorkflow {
        /// Cancels its deployment.
        cancel() => Act::Cancel { force: false };
        /// Cancels its deployment at once.
        cancel_forced() => Act::Cancel { force: true };
        /// Deletes it.
        delete() => Act::Delete;
    }
}

/// A cluster to act on.
#[derive(Clone)]
pub struct ClusterHandle {
    source: Arc<dyn Source>,
    subject: Subject,
}
watching!(ClusterHandle);

impl ClusterHandle {
    /// Deploys the cluster: creates it, or applies its configuration.
    pub fn deploy(&self) -> Action {
        self.act(Act::Deploy(ServiceVersion::default()))
    }

    /// Stops the cluster.
    pub fn stop(&self) -> Action {
        self.act(Act::Stop)
    }

    /// Deletes the cluster.
    pub fn delete(&self) -> Action {
        self.act(Act::Delete)
    }

    /// Updates what the cluster runs for the platform.
    pub fn update(&self) -> Action {
        self.act(Act::Update)
    }

    /// Upgrades Kubernetes to the next version that is available.
    pub fn upgrade(&self) -> Action {
        self.act(Act::Upgrade)
    }
}

/// A deployment request, whoever made it.
#[derive(Clone)]
pub struct DeploymentRequestHandle {
    source: Arc<dyn Source>,
    id: Uuid,
}

impl DeploymentRequestHandle {
    /// Waits for the end of exactly this request.
    pub fn wait_for(&self, goal: Goal) -> Action {
        Action::request(Arc::clone(&self.source), self.id, goal, false)
    }

    /// Cancels the request while it waits in the queue.
    pub fn cancel(&self) -> Action {
        Action::request(Arc::clone(&self.source), self.id, Goal::Canceled, true)
    }
}

impl std::fmt::Debug for DeploymentRequestHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DeploymentRequestHandle").field(&self.id).finish()
    }
}
