//! Preview environments: a copy of an environment for a pull request, created, updated and deleted by name.
//!
//! A preview is found by its name and its mark. Therefore the next run continues an interrupted one, and
//! [`PreviewEnvironment::delete`] removes the remains of an interrupted run. If a future of this module is
//! dropped, the copy may be in any intermediate state; no other environment is affected.

mod delete;
mod error;
mod mark;
mod run;
mod update;

use std::time::Duration;

use qovery_api::{Client, types::EnvironmentModeEnum as Mode};

use super::{
    DotenvError, EnvironmentService, FoundEnvironment, ServiceUrl, Variable, parse_dotenv,
    source::Change, urls,
};
use crate::{
    Interrupt,
    wait::{Action, WaitExt as _},
};

use error::Reason;
use update::{Update, selection};

pub use delete::delete_expired_previews;
pub use error::PreviewError;
pub use run::RunPreviewError;

/// The desired state of a preview environment.
///
/// Available on crate feature `preview` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client) -> Result<(), qovery_ext::recipes::PreviewError> {
/// use qovery_ext::recipes::{PreviewEnvironment, Variable};
///
/// let preview = PreviewEnvironment::named("pr-17")
///     .from("my-org/shop/staging")
///     .branch("api", "feature/cart")
///     .image("worker", "pr-17")
///     .variable(Variable::new("LOG_LEVEL", "debug"));
/// let deployed = preview.deploy(&client).await?;
/// for url in &deployed.urls {
///     println!("{}: {}", url.service.name, url.url);
/// }
/// // … when the pull request is closed:
/// preview.delete(&client).await?;
/// # Ok(()) }
/// ```
///
/// # Idempotent by name
/// [`deploy`](Self::deploy) creates the environment if its project has none with this name. Otherwise it
/// updates the existing environment, and sends only edits that were not made yet.
///
/// # Other environments are never changed
/// A preview has the requested mode (`PREVIEW` by default; `PRODUCTION` is refused), and the variable `PREVIEW_OF`,
/// which names its original and the preview itself. An environment of the same name with another mode is an error,
/// and one of the same name and mode without this variable is an error with [`PreviewError::unmarked`].
/// [`adopt`](Self::adopt) sets the variable, for a preview that was made by hand or by a version of this crate that
/// set none. A copy that a person makes of a preview does not count as a preview.
///
/// The original is copied once. Services that are added to the original later are not added to the copy. A
/// description that names such a service is an error.
///
/// # An update removes nothing
/// A variable, a branch, a tag or a version that an earlier run has set and that the description no longer has stays
/// as it is. To return to the settings of the original, delete the preview and deploy it again. The time to live is
/// the exception: an update without one removes it.
///
/// # One run at a time
/// Let one job at a time create the preview of a name. If two first runs create it at the same time, each lists the
/// environments after it has copied the original. The run with the newer copy (by its creation date, then by its
/// id) deletes that copy and ends with [`PreviewError::is_concurrent`]; it changes no other environment. Two
/// previews of the name can still remain if the list lags, if the clocks of the servers differ, or if the response
/// to a request that clones the original is lost. The next run is then refused, and its message asks to delete them.
#[derive(Debug, Clone)]
#[must_use = "nothing happens until it is deployed, run or deleted"]
pub struct PreviewEnvironment {
    name: String,
    origin: Option<String>,
    mode: Mode,
    cluster: Option<String>,
    changes: Vec<(String, Change)>,
    commits: Vec<(String, String)>,
    variables: Vec<Variable>,
    service_variables: Vec<(String, Variable)>,
    time_to_live: Option<Duration>,
    within: Option<Duration>,
    invalid: Option<DotenvError>,
}

/// An existing preview environment.
///
/// Available on crate feature `preview` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Preview {
    /// The environment.
    pub environment: FoundEnvironment,
    /// Whether this run created it.
    pub is_new: bool,
    /// Its services.
    pub services: Vec<EnvironmentService>,
    /// Its public URLs, sorted by the names of the services; the main URL of a service comes first.
    /// Empty before the deployment.
    pub urls: Vec<ServiceUrl>,
}

impl PreviewEnvironment {
    /// Creates the description of a preview with this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            origin: None,
            mode: Mode::Preview,
            cluster: None,
            changes: Vec::new(),
            commits: Vec::new(),
            variables: Vec::new(),
            service_variables: Vec::new(),
            time_to_live: None,
            within: None,
            invalid: None,
        }
    }

    /// Sets the environment to copy: a path, a URL of the web console or an id, as in
    /// [`FindExt::find`](super::FindExt::find). The copy is in the same project.
    pub fn from(mut self, environment: impl Into<String>) -> Self {
        self.origin = Some(environment.into());
        self
    }

    /// Sets the mode. Default: `PREVIEW`. Case is ignored. `PRODUCTION` is refused. A mode that this version of
    /// the client does not know is refused too, unless an environment of the project has it.
    pub fn mode(mut self, mode: impl Into<Mode>) -> Self {
        // A mode that was made of a text may be in lower case.
        let mode = mode.into();
        self.mode = mode.as_str().trim().to_ascii_uppercase().into();
        self
    }

    /// Sets the cluster, by name or id. Default: that of the original. Has an effect only when the
    /// environment is created; a name that no cluster has is always an error.
    pub fn cluster(mut self, cluster: impl Into<String>) -> Self {
        self.cluster = Some(cluster.into());
        self
    }

    /// Sets the Git branch of an application, of a Terraform service, or of a job or Helm chart from
    /// Git.
    pub fn branch(mut self, service: impl Into<String>, branch: impl Into<String>) -> Self {
        self.changes
            .push((service.into(), Change::Branch(branch.into())));
        self
    }

    /// Sets the Git commit of a service of any kind that is built from Git. With a commit, the deployment is one of
    /// selected services: it leaves out agentic workflows and services of a kind that this crate does not know.
    pub fn commit(mut self, service: impl Into<String>, commit: impl Into<String>) -> Self {
        self.commits.push((service.into(), commit.into()));
        self
    }

    /// Sets the image tag of a container, or of a job that runs an image.
    pub fn image(mut self, service: impl Into<String>, tag: impl Into<String>) -> Self {
        self.changes
            .push((service.into(), Change::ImageTag(tag.into())));
        self
    }

    /// Sets the version of a Helm chart from a chart repository.
    pub fn chart(mut self, service: impl Into<String>, version: impl Into<String>) -> Self {
        self.changes
            .push((service.into(), Change::ChartVersion(version.into())));
        self
    }

    /// Adds a variable of the environment.
    pub fn variable(mut self, variable: Variable) -> Self {
        self.variables.push(variable);
        self
    }

    /// Adds variables of the environment. Takes pairs of names and values, such as a map, or [`Variable`]s,
    /// such as those of [`parse_dotenv`].
    pub fn variables<V: Into<Variable>>(mut self, variables: impl IntoIterator<Item = V>) -> Self {
        self.variables.extend(variables.into_iter().map(Into::into));
        self
    }

    /// Adds the variables of this text, as [`parse_dotenv`] reads it, all of them plain. For secrets, pass the result of
    /// [`parse_dotenv`] to [`variables`](Self::variables). If the text cannot be read, creating the environment fails.
    pub fn dotenv(mut self, text: &str) -> Self {
        match parse_dotenv(text) {
            Ok(variables) => self.variables.extend(variables),
            Err(error) => self.invalid = Some(error),
        }
        self
    }

    /// Adds a variable of one service.
    pub fn service_variable(mut self, service: impl Into<String>, variable: Variable) -> Self {
        self.service_variables.push((service.into(), variable));
        self
    }

    /// Sets the time to live, counted from the last update. An update without it removes the time to live of an earlier
    /// run. The API does not delete previews by itself: call [`delete_expired_previews`] from a scheduled job.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = Some(time);
        self
    }

    /// Sets the deadline of the wait for its deployment. Default: one hour. Deletions always have a deadline of one
    /// hour.
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = Some(limit);
        self
    }

    /// Creates or updates the environment, deploys it, waits, and reads its URLs.
    ///
    /// # Errors
    /// Returns an error if a step fails. The environment remains, and the next run continues.
    pub async fn deploy(&self, client: &Client) -> Result<Preview, PreviewError> {
        let mut preview = self.ensure(client).await?;
        self.finish(client, &mut preview).await?;
        Ok(preview)
    }

    /// Deploys an updated preview, waits, and reads its URLs.
    async fn finish(&self, client: &Client, preview: &mut Preview) -> Result<(), PreviewError> {
        let deployment = self.deployment(client, preview)?;
        deployment.await.map_err(PreviewError::wait)?;
        let environment = &preview.environment;
        let read = urls(client, environment.id()).await;
        let what = format_args!("reading the URLs of {environment}");
        preview.urls = read.map_err(|error| PreviewError::call(what, error))?;
        Ok(())
    }

    /// Creates or updates the environment. Deploys nothing: to deploy and watch it, use
    /// [`PreviewEnvironment::deployment`].
    ///
    /// # Errors
    /// Returns an error before anything is created or edited if a service does not exist or does
    /// not accept its change. If a later step fails, the environment remains, and the next run
    /// continues.
    pub async fn ensure(&self, client: &Client) -> Result<Preview, PreviewError> {
        if let Some(error) = &self.invalid {
            return Err(PreviewError::new(Reason::Dotenv(error.clone())));
        }
        Update::find(self, client).await?.ensure().await
    }

    /// Returns the action that deploys an updated preview, with the requested commits. Use it to watch the deployment,
    /// or to wait with other options. If a commit is set, the deployment leaves out agentic workflows and services of a
    /// kind that this crate does not know.
    ///
    /// # Errors
    /// Returns an error if a service with a requested commit does not exist or does not accept a commit.
    pub fn deployment(&self, client: &Client, preview: &Preview) -> Result<Action, PreviewError> {
        let environment = client
            .environment(preview.environment.id())
            .in_project(preview.environment.project.id);
        let action = match selection(client, &preview.services, &self.commits)? {
            Some(selection) => environment.deploy_services(selection),
            None => environment.deploy(),
        };
        Ok(match self.within {
            Some(limit) => action.within(limit),
            None => action,
        })
    }

    /// Deploys the preview, runs a closure with it, and deletes it. It is also deleted if a check, an update or the
    /// deployment fails, if the closure fails or panics, and on Ctrl-C and SIGTERM, even if an earlier run created it.
    ///
    /// ```no_run
    /// # async fn example(client: qovery_api::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use qovery_ext::recipes::PreviewEnvironment;
    ///
    /// let preview = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
    /// preview
    ///     .run(&client, async |preview| {
    ///         let urls = preview.urls.iter().map(|link| &link.url);
    ///         let status = std::process::Command::new("./end-to-end.sh").args(urls).status()?;
    ///         status.success().then_some(()).ok_or_else(|| std::io::Error::other("the tests failed"))
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// While the environment is created or updated, a signal takes effect afterwards, so that no request is abandoned.
    /// The environment is kept only if another run may have created it ([`PreviewError::is_concurrent`]), or if several
    /// previews have the name. During the deployment and the closure, a signal takes effect at once. During the
    /// deletion, a signal stops the wait for the deletion. If the future is dropped or the process is killed, the
    /// environment remains, and [`PreviewEnvironment::delete`] finds it.
    ///
    /// # Errors
    /// Returns the error of the closure, the error of checking, creating, updating or deploying the environment, or the
    /// interruption. After each of them, the environment is deleted. If the environment could not be deleted,
    /// [`RunPreviewError::not_deleted`] returns the reason.
    ///
    /// # Panics
    /// On Unix, panics in a Tokio runtime whose I/O driver is not enabled, as [`Interrupt::listen`].
    pub async fn run<T, E>(
        &self,
        client: &Client,
        work: impl AsyncFnOnce(Preview) -> Result<T, E>,
    ) -> Result<T, RunPreviewError<E>> {
        run::run_until(self, client, work, Interrupt::listen()).await
    }

    /// Deletes the preview, and waits until it is gone. Returns whether it deleted one: false if there is none, or if
    /// another run deletes it first. If two runs at the same time have created two previews of this name, it deletes
    /// both.
    ///
    /// # Errors
    /// Returns an error if the preview cannot be looked up or deleted. An environment of this name that is not a preview
    /// of the original remains, and is an error; previews of the name are deleted first.
    pub async fn delete(&self, client: &Client) -> Result<bool, PreviewError> {
        let update = Update::find(self, client).await?;
        delete::delete_all(client, &update.origin, update.namesakes().await?).await
    }

    /// Marks the environment of this name and mode as a preview of the original, and changes
    /// nothing else. From then on it can be updated and [deleted](Self::delete) as a preview.
    ///
    /// Call it once for an environment that was made by hand, or by a version of this crate that
    /// did not set the variable `PREVIEW_OF`. Does nothing if the environment is already a preview of the original.
    ///
    /// ```no_run
    /// # async fn example(client: qovery_api::Client) -> Result<(), qovery_ext::recipes::PreviewError> {
    /// use qovery_ext::recipes::PreviewEnvironment;
    ///
    /// let preview = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
    /// match preview.deploy(&client).await {
    ///     Err(error) if error.unmarked().is_some() => {
    ///         eprintln!("{error}");
    ///         preview.adopt(&client).await?; // after a check by a person
    ///     }
    ///     other => drop(other?),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if no environment or several environments have this name, if its mode is
    /// another one, or if a call fails.
    pub async fn adopt(&self, client: &Client) -> Result<FoundEnvironment, PreviewError> {
        Update::find(self, client).await?.adopt().await
    }
}
