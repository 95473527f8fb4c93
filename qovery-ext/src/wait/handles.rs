//! Handles: one type for each kind of subject, with the actions that the API offers for it.
//!
//! A handle combines an id with a client. Creating one sends nothing. The API lacks some actions: Helm
//! charts, jobs and Terraform services cannot be restarted (deploy them again), and agentic workflows are
//! deployed with their environment.

#[macro_use]
mod handle;
mod environment;
mod service;

use std::sync::Arc;

use qovery_api::Client;
use uuid::Uuid;

pub use environment::EnvironmentHandle;
pub use service::{
    AgenticWorkflowHandle, ApplicationHandle, ContainerHandle, DatabaseHandle, HelmHandle,
    JobHandle, ServiceHandle, TerraformHandle,
};

use super::{
    Action, Condition, Goal, OperationToken, ServiceKind, ServiceRef, ServiceVersion, Subject,
    TokenError, action_request::ActionRequest, api::ApiSource, in_flight::InFlightLimit,
    names::KnownNames,
};

/// Creates handles of a [`Client`], for actions and waits.
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
    /// Returns the handle of an environment.
    fn environment(&self, id: Uuid) -> EnvironmentHandle;
    /// Returns the handle of an application.
    fn application(&self, id: Uuid) -> ApplicationHandle;
    /// Returns the handle of a container.
    fn container(&self, id: Uuid) -> ContainerHandle;
    /// Returns the handle of a database.
    fn database(&self, id: Uuid) -> DatabaseHandle;
    /// Returns the handle of a job.
    fn job(&self, id: Uuid) -> JobHandle;
    /// Returns the handle of a Helm chart.
    fn helm(&self, id: Uuid) -> HelmHandle;
    /// Returns the handle of a Terraform service.
    fn terraform(&self, id: Uuid) -> TerraformHandle;
    /// Returns the handle of an agentic workflow.
    fn agentic_workflow(&self, id: Uuid) -> AgenticWorkflowHandle;
    /// Returns the handle of a service whose kind is known only at run time.
    fn service(&self, kind: ServiceKind, id: Uuid) -> ServiceHandle;
    /// Returns the handle of a cluster.
    fn cluster(&self, organization: Uuid, id: Uuid) -> ClusterHandle;
    /// Returns the handle of a deployment request of any user.
    fn deployment_request(&self, id: Uuid) -> DeploymentRequestHandle;

    /// Sets the name of an id, for all clones of this client. Progress and errors then print the
    /// name with the id. The recipes that find objects by name set these names too.
    ///
    /// ```
    /// # let client = qovery_ext::connect::with_token("qov_0123456789")?;
    /// # let staging = uuid::Uuid::nil();
    /// use qovery_ext::wait::WaitExt;
    ///
    /// client.remember_name(staging, "staging"); // "environment staging (0f2c…): queued"
    /// # Ok::<(), qovery_ext::connect::ConnectError>(())
    /// ```
    fn remember_name(&self, id: Uuid, name: impl Into<String>);

    /// Limits how many requests of waits and actions are in flight at a time, over all clones of
    /// this client. Further requests wait in a queue. Time in this queue does not count as a failed
    /// poll. Default: 32. 0 counts as 1.
    ///
    /// Other calls of the program do not use this queue. To limit all requests of a client, use
    /// [`Connect::concurrency_limit`](crate::connect::Connect::concurrency_limit).
    ///
    /// ```
    /// # let client = qovery_ext::connect::with_token("qov_0123456789")?;
    /// use qovery_ext::wait::WaitExt;
    ///
    /// client.limit_wait_requests(8);
    /// # Ok::<(), qovery_ext::connect::ConnectError>(())
    /// ```
    fn limit_wait_requests(&self, in_flight: usize);

    /// Returns an action that continues the wait of a token, in this process or in another one. It
    /// takes settings like any other action. The action of the token is not sent again.
    ///
    /// # Errors
    /// Returns an error if the token belongs to a wait for a condition. A condition is code and not
    /// part of a token: use [`WaitExt::resume_until`].
    fn resume(&self, token: OperationToken) -> Result<Action, TokenError>;

    /// Returns an action that continues to wait for a condition on the subject of a token.
    fn resume_until(&self, token: OperationToken, condition: impl Condition + 'static) -> Action;
}

/// The handles of services by id, with their kinds.
macro_rules! services {
    ($($method:ident $handle:ident $kind:ident;)+) => {
        $(fn $method(&self, id: Uuid) -> $handle {
            let service = ServiceRef::new(ServiceKind::$kind, id);
            $handle::new(source(self), Subject::service(service))
        })+
    };
}

impl WaitExt for Client {
    fn environment(&self, id: Uuid) -> EnvironmentHandle {
        EnvironmentHandle::new(source(self), Subject::environment(id))
    }

    services! {
        application ApplicationHandle Application;
        container ContainerHandle Container;
        database DatabaseHandle Database;
        job JobHandle Job;
        helm HelmHandle Helm;
        terraform TerraformHandle Terraform;
        agentic_workflow AgenticWorkflowHandle AgenticWorkflow;
    }

    fn service(&self, kind: ServiceKind, id: Uuid) -> ServiceHandle {
        ServiceHandle::new(source(self), Subject::service(ServiceRef::new(kind, id)))
    }

    fn cluster(&self, organization: Uuid, id: Uuid) -> ClusterHandle {
        ClusterHandle::new(source(self), Subject::cluster(organization, id))
    }

    fn deployment_request(&self, id: Uuid) -> DeploymentRequestHandle {
        DeploymentRequestHandle {
            source: source(self),
            id,
            environment: None,
        }
    }

    fn remember_name(&self, id: Uuid, name: impl Into<String>) {
        KnownNames::of(self).remember(id, name.into());
    }

    fn limit_wait_requests(&self, in_flight: usize) {
        InFlightLimit::of(self).limit(in_flight);
    }

    fn resume(&self, token: OperationToken) -> Result<Action, TokenError> {
        let age = token.age();
        let ledger = token.ledger.ok_or_else(|| {
            TokenError("it belongs to a wait for a condition: use `resume_until`".to_owned())
        })?;
        let source = source_of(self, &token.subject, token.parent);
        Ok(Action::resume(source, token.subject, *ledger, age))
    }

    fn resume_until(&self, token: OperationToken, condition: impl Condition + 'static) -> Action {
        let source = source_of(self, &token.subject, token.parent);
        Action::until(source, token.subject, Box::new(condition))
    }
}

fn source(client: &Client) -> Arc<ApiSource> {
    Arc::new(ApiSource::new(client.clone()))
}

/// The source of a wait that continues, with the parent of its subject if the token names it.
fn source_of(client: &Client, subject: &Subject, parent: Option<Uuid>) -> Arc<ApiSource> {
    let source = source(client);
    if let Some(parent) = parent {
        source.parents.keep(subject.id(), parent);
    }
    source
}

handle! {
    /// A cluster to act on.
    ClusterHandle {
        /// Deploys the cluster: creates it, or applies its configuration.
        deploy() => ActionRequest::Deploy(ServiceVersion::default());
        /// Stops the cluster.
        stop() => ActionRequest::Stop;
        /// Deletes the cluster.
        delete() => ActionRequest::Delete;
        /// Updates the platform's components in the cluster. Sends the same request as
        /// [`deploy`](Self::deploy): the API has no operation for updates.
        update() => ActionRequest::Update;
        /// Upgrades Kubernetes to the next version that is available.
        upgrade() => ActionRequest::Upgrade;
    }
}

/// A deployment request of any user.
#[derive(Clone)]
pub struct DeploymentRequestHandle {
    source: Arc<ApiSource>,
    id: Uuid,
    environment: Option<Uuid>,
}

impl DeploymentRequestHandle {
    /// Returns the id of the request.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Sets the environment of the request. Without it, the environment is looked up by the request id during the
    /// settle period. If the API does not find it, the wait ends as
    /// [`WaitErrorKind::Refused`](super::WaitErrorKind::Refused): the server may no longer have the request.
    #[must_use]
    pub fn in_environment(mut self, id: Uuid) -> Self {
        self.environment = Some(id);
        self
    }

    /// Waits for the end of exactly this request.
    pub fn wait_for(&self, goal: Goal) -> Action {
        self.action(goal, false)
    }

    /// Cancels the request while it is queued. Once it runs, the API refuses: then cancel the
    /// deployment of its environment.
    pub fn cancel(&self) -> Action {
        self.action(Goal::Canceled, true)
    }

    fn action(&self, goal: Goal, cancel: bool) -> Action {
        let source = Arc::clone(&self.source);
        Action::request(source, self.id, self.environment, goal, cancel)
    }
}

impl std::fmt::Debug for DeploymentRequestHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DeploymentRequestHandle")
            .field(&self.id)
            .finish()
    }
}
