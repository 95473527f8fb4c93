//! Preview environments: a copy of an environment for a pull request, created, updated and deleted by name.
//!
//! A preview is found by its name and its mark. Therefore the next run continues an interrupted one, and
//! [`PreviewEnvironment::delete`] removes what an interrupted run left behind. If a future of this module is
//! dropped, the copy may be in any intermediate state; no other environment is affected.
//! state, and leaves nothing else.

mod error;
mod mark;

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    time::Duration,
};

use futures_util::FutureExt as _;
use qovery_api::{
    Client,
    chrono::{DateTime, TimeDelta, Utc},
    types::{CloneEnvironmentRequest, EnvironmentModeEnum as Mode},
};
use uuid::Uuid;

use super::{
    DotenvError, EnvironmentService, FindExt, FoundEnvironment, Named, ServiceUrl, Variable,
    VariableOwner, naming, parse_dotenv, plan_variables, services,
    source::{Change, change, check},
    urls,
};
use crate::{
    Interrupt,
    wait::{Action, ServiceKind, ServiceSelection, ServiceVersion, WaitExt},
};

pub use error::{PreviewError, RunPreviewError};

use error::{Ended, Reason};
use mark::{EXPIRES_AT, Mark, Namesakes, PREVIEW_OF};

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
/// A preview has the variable `PREVIEW_OF`, which names its original and the preview itself, and the
/// requested mode (`PREVIEW` by default; `PRODUCTION` is refused). An environment of the same name without
/// this variable is an error with [`PreviewError::unmarked`]. [`adopt`](Self::adopt) sets the variable, for a
/// preview that was made by hand or by a version of this crate that set none. A copy that a person makes of a
/// preview does not count as a preview.
///
/// The original is copied once. Services that are added to the original later are not added to the copy.
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
    /// [`FindExt::find`]. The copy is in the same project.
    pub fn from(mut self, environment: impl Into<String>) -> Self {
        self.origin = Some(environment.into());
        self
    }

    /// Sets the mode. Default: `PREVIEW`. `PRODUCTION` is refused.
    pub fn mode(mut self, mode: impl Into<Mode>) -> Self {
        self.mode = mode.into();
        self
    }

    /// Sets the cluster, by name or id. Default: that of the original. Has an effect only when the
    /// environment is created.
    pub fn cluster(mut self, cluster: impl Into<String>) -> Self {
        self.cluster = Some(cluster.into());
        self
    }

    /// Sets the Git branch of an application, of a Terraform module, or of a job or Helm chart from
    /// Git.
    pub fn branch(mut self, service: impl Into<String>, branch: impl Into<String>) -> Self {
        self.changes
            .push((service.into(), Change::Branch(branch.into())));
        self
    }

    /// Sets the Git commit of a service of any kind that is built from Git.
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

    /// Adds variables of the environment, for example from a map of names and values.
    pub fn variables<K: Into<String>, V: Into<qovery_api::SecretText>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        self.variables
            .extend(variables.map(|(key, value)| Variable::new(key, value)));
        self
    }

    /// Adds the variables of this text, as [`parse_dotenv`] reads it. If the text cannot be read,
    /// creating the environment fails.
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

    /// Sets the time to live, counted from the last update. The API does not delete previews by
    /// itself: call [`delete_expired_previews`] from a scheduled job.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = Some(time);
        self
    }

    /// Sets the deadline of the wait for its deployment. Default: one hour.
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

    async fn finish(&self, client: &Client, preview: &mut Preview) -> Result<(), PreviewError> {
        let deployment = self.deployment(client, preview)?;
        deployment.await.map_err(PreviewError::wait)?;
        let read = urls(client, preview.environment.id()).await;
        preview.urls = read.map_err(|error| PreviewError::call("reading the URLs", error))?;
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
        let origin = self.find_origin(client).await?;
        let namesakes = self.namesakes(client, &origin).await?;
        if let Some((_, why)) = namesakes.other {
            return Err(why);
        }
        let (mut previews, mut unfinished) = (namesakes.previews, namesakes.unfinished);
        let count = previews.len() + unfinished.len();
        if count > 1 {
            return Err(PreviewError::refused(format!(
                "{count} previews of {} are named \"{}\", made at the same time: delete them, and run this again",
                origin.project, self.name
            )));
        }
        let (existing, copy) = (previews.pop(), unfinished.pop());
        // A copy has the services of its original: a request that they cannot take is refused before
        // anything is made.
        let model = existing.as_ref().or(copy.as_ref()).unwrap_or(&origin);
        let services = listed(client, model.id()).await?;
        self.check(client, &services).await?;
        let is_new = existing.is_none() && copy.is_none();
        let (environment, services) = match (existing, copy) {
            (Some(environment), _) => (environment, services),
            (None, Some(copy)) => (self.finish_copy(client, &copy, &origin).await?, services),
            (None, None) => {
                let copy = self.copy(client, &origin).await?;
                let environment = self.finish_copy(client, &copy, &origin).await?;
                let services = listed(client, environment.id()).await?;
                (environment, services)
            }
        };
        for (name, wanted) in &self.changes {
            let service = acted_on(&services, name)?;
            change(client, service, wanted)
                .await
                .map_err(|error| PreviewError::new(Reason::Version(error)))?;
        }
        self.set_variables(client, environment.id(), &services)
            .await?;
        Ok(Preview {
            environment,
            is_new,
            services,
            urls: Vec::new(),
        })
    }

    /// Returns the action that deploys the requested commits to an updated preview. Use it to watch
    /// the deployment, or to wait with other options.
    ///
    /// # Errors
    /// Returns an error if a service has no such commit.
    pub fn deployment(&self, client: &Client, preview: &Preview) -> Result<Action, PreviewError> {
        let environment = client
            .environment(preview.environment.id())
            .in_project(preview.environment.project.id);
        let action = match self.selection(&preview.services)? {
            Some(selection) => environment.deploy_services(selection),
            None => environment.deploy(),
        };
        Ok(match self.within {
            Some(limit) => action.within(limit),
            None => action,
        })
    }

    /// Deletes the preview, and waits until it is gone. Returns whether there was one. If two runs
    /// at the same time have created two previews of this name, it deletes both.
    ///
    /// # Errors
    /// Returns an error if the preview cannot be looked up or deleted.
    pub async fn delete(&self, client: &Client) -> Result<bool, PreviewError> {
        let origin = self.find_origin(client).await?;
        let namesakes = self.namesakes(client, &origin).await?;
        let existing = namesakes.previews.iter().chain(&namesakes.unfinished);
        let mut was_there = false;
        for environment in existing {
            environment.delete().await.map_err(PreviewError::wait)?;
            was_there = true;
        }
        client.forget_names();
        match namesakes.other {
            Some((_, why)) => Err(why),
            None => Ok(was_there),
        }
    }

    /// Marks the environment of this name and mode as a preview of the original, and changes
    /// nothing else. From then on it can be updated and [deleted](Self::delete) as a preview.
    ///
    /// Call it once for an environment that was made by hand, or by a version of this crate that
    /// set no mark. Does nothing if the environment is already a preview of the original.
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
        let origin = self.find_origin(client).await?;
        let namesakes = self.namesakes(client, &origin).await?;
        if let Some(preview) = namesakes.previews.into_iter().next() {
            return Ok(preview);
        }
        let Some((other, why)) = namesakes.other else {
            return Err(PreviewError::refused(format!(
                "{} has no environment \"{}\" to adopt",
                origin.project, self.name
            )));
        };
        if other.mode.as_ref() != Some(&self.mode) {
            return Err(why);
        }
        mark::set(client, other.id(), origin.id()).await?;
        Ok(other)
    }

    /// Deploys the preview, runs a closure with it, and deletes it: after the closure, also if the
    /// closure fails or panics, and on Ctrl-C and SIGTERM.
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
    /// While the environment is created, a signal takes effect between two steps, so that no
    /// request is abandoned. During the deployment and the closure it takes effect at once. During
    /// the deletion, a second signal stops the wait for the deletion. If the future is dropped or
    /// the process is killed, the environment remains, and [`PreviewEnvironment::delete`] finds it.
    ///
    /// # Errors
    /// Returns the error of the closure, the error of creating the environment, or the
    /// interruption. If the environment could not be deleted, [`RunPreviewError::not_deleted`]
    /// returns the reason.
    pub async fn run<T, E>(
        &self,
        client: &Client,
        work: impl AsyncFnOnce(Preview) -> Result<T, E>,
    ) -> Result<T, RunPreviewError<E>> {
        self.run_until(client, work, Interrupt::listen()).await
    }

    async fn run_until<T, E>(
        &self,
        client: &Client,
        work: impl AsyncFnOnce(Preview) -> Result<T, E>,
        mut interrupt: Interrupt,
    ) -> Result<T, RunPreviewError<E>> {
        let done = async {
            // To its end: an environment that is being made can only be deleted once it is there.
            let mut preview = match self.ensure(client).await {
                Ok(preview) => preview,
                Err(error) => return Ok(Err(Ended::Preview(error))),
            };
            let worked = async {
                self.finish(client, &mut preview)
                    .await
                    .map_err(Ended::Preview)?;
                work(preview).await.map_err(Ended::Work)
            };
            tokio::select! {
                biased;
                () = interrupt.comes() => Ok(Err(Ended::Interrupted)),
                worked = AssertUnwindSafe(worked).catch_unwind() => worked,
            }
        };
        let done = done.await;
        let mut again = Interrupt::listen();
        let deleted = tokio::select! {
            deleted = self.delete(client) => deleted,
            () = again.comes() => Err(PreviewError::refused(
                "interrupted during the deletion: the server continues".to_owned(),
            )),
        };
        match (done.unwrap_or_else(|panic| resume_unwind(panic)), deleted) {
            (Ok(value), Ok(_)) => Ok(value),
            (Ok(_), Err(error)) => Err(RunPreviewError {
                ended: Ended::NotDeleted,
                not_deleted: Some(error),
            }),
            (Err(ended), deleted) => Err(RunPreviewError {
                ended,
                not_deleted: deleted.err(),
            }),
        }
    }

    async fn find_origin(&self, client: &Client) -> Result<FoundEnvironment, PreviewError> {
        if self.name.trim().is_empty() {
            return Err(PreviewError::refused("a preview needs a name".to_owned()));
        }
        if self.mode == Mode::Production {
            let text = "a preview cannot have the mode PRODUCTION".to_owned();
            return Err(PreviewError::refused(text));
        }
        let Some(origin) = &self.origin else {
            let text = "set the environment to copy: .from(\"my-org/shop/staging\")";
            return Err(PreviewError::refused(text.to_owned()));
        };
        let origin = client.find(origin).environment().await;
        let origin = origin.map_err(|error| PreviewError::new(Reason::Find(error)))?;
        if naming::comparable(origin.name()) == naming::comparable(&self.name) {
            return Err(PreviewError::refused(format!(
                "a preview cannot have the name of its original, {origin}"
            )));
        }
        Ok(origin)
    }

    async fn namesakes(
        &self,
        client: &Client,
        origin: &FoundEnvironment,
    ) -> Result<Namesakes, PreviewError> {
        Namesakes::find(client, origin, &self.name, &self.mode).await
    }

    /// Marks a copy, and names it.
    async fn finish_copy(
        &self,
        client: &Client,
        copy: &FoundEnvironment,
        origin: &FoundEnvironment,
    ) -> Result<FoundEnvironment, PreviewError> {
        mark::finish(client, copy, origin, &self.name).await
    }

    /// Copies the original, under a name that is not the final one.
    async fn copy(
        &self,
        client: &Client,
        origin: &FoundEnvironment,
    ) -> Result<FoundEnvironment, PreviewError> {
        let name = mark::unfinished(&self.name, origin.id());
        let mut request = CloneEnvironmentRequest::new(name).mode(self.mode.clone());
        if let Some(cluster) = &self.cluster {
            let organization = client.organization(origin.organization.id.to_string());
            let cluster = organization.cluster(cluster).await;
            let cluster = cluster.map_err(|error| PreviewError::new(Reason::Find(error)))?;
            request = request.cluster_id(cluster.id());
        }
        let made = client.clone_environment(origin.id(), &request).await;
        client.forget_names();
        match made {
            Ok(made) => Ok(FoundEnvironment::of(client, origin, &made)),
            // The response was lost: whether it is there decides.
            Err(error) if error.may_have_been_executed() => {
                let namesakes = self.namesakes(client, origin).await?;
                let copy = namesakes.unfinished.into_iter().next();
                copy.ok_or_else(|| PreviewError::call(format!("copying {origin}"), error))
            }
            Err(error) => Err(PreviewError::call(format!("copying {origin}"), error)),
        }
    }

    async fn set_variables(
        &self,
        client: &Client,
        environment: Uuid,
        services: &[EnvironmentService],
    ) -> Result<(), PreviewError> {
        let mut variables = self.variables.clone();
        if let Some(time) = self.time_to_live {
            let end = TimeDelta::from_std(time)
                .ok()
                .and_then(|time| Utc::now().checked_add_signed(time));
            let end = end.unwrap_or(DateTime::<Utc>::MAX_UTC);
            variables.push(Variable::new(EXPIRES_AT, end.to_rfc3339()));
        }
        let mut owners = vec![(VariableOwner::Environment(environment), variables)];
        for (name, variable) in &self.service_variables {
            let owner = VariableOwner::Service(acted_on(services, name)?);
            match owners.iter_mut().find(|(other, _)| *other == owner) {
                Some((_, variables)) => variables.push(variable.clone()),
                None => owners.push((owner, vec![variable.clone()])),
            }
        }
        for (owner, variables) in owners.into_iter().filter(|(_, all)| !all.is_empty()) {
            let plan = plan_variables(client, owner, variables).await;
            let plan = plan.map_err(|error| PreviewError::new(Reason::Variable(error)))?;
            let applied = plan.apply().await;
            applied.map_err(|error| PreviewError::new(Reason::Variables(error)))?;
        }
        Ok(())
    }

    /// Checks that each requested change fits a service. Sends nothing but reads.
    async fn check(
        &self,
        client: &Client,
        services: &[EnvironmentService],
    ) -> Result<(), PreviewError> {
        for (name, _) in &self.service_variables {
            acted_on(services, name)?;
        }
        let reserved = self.variables.iter().map(Variable::key);
        let mut reserved = reserved.filter(|key| [PREVIEW_OF, EXPIRES_AT].contains(key));
        if let Some(key) = reserved.next() {
            return Err(PreviewError::refused(format!(
                "the variable {key} of a preview is set by this recipe: leave it out"
            )));
        }
        self.selection(services)?;
        for (name, wanted) in &self.changes {
            let checked = check(client, acted_on(services, name)?, wanted).await;
            checked.map_err(|error| PreviewError::new(Reason::Version(error)))?;
        }
        Ok(())
    }

    /// Returns all services with the requested commits; `None` if no commit was requested.
    fn selection(
        &self,
        services: &[EnvironmentService],
    ) -> Result<Option<ServiceSelection>, PreviewError> {
        if self.commits.is_empty() {
            return Ok(None);
        }
        let all = services.iter().filter_map(EnvironmentService::service_ref);
        // Agentic workflows are deployed with their environment alone.
        let all = all.filter(|service| service.kind != ServiceKind::AgenticWorkflow);
        let mut selection: ServiceSelection = all.collect();
        for (name, commit) in &self.commits {
            let service = acted_on(services, name)?;
            let version = ServiceVersion::commit(commit);
            let check = version.check(service);
            check.map_err(|error| PreviewError::new(Reason::Commit(error)))?;
            selection = selection.with_version(service.kind, service.id, version);
        }
        Ok(Some(selection))
    }
}

async fn listed(
    client: &Client,
    environment: Uuid,
) -> Result<Vec<EnvironmentService>, PreviewError> {
    let listed = services(client, environment).await;
    listed.map_err(|error| PreviewError::call("listing the services", error))
}

/// The service with a name.
fn acted_on(
    services: &[EnvironmentService],
    name: &str,
) -> Result<crate::wait::ServiceRef, PreviewError> {
    let found = services.to_vec();
    let (alike, others) = naming::alike(found, name, |service| &service.name);
    match alike.as_slice() {
        [service] => service.service_ref().ok_or_else(|| {
            PreviewError::refused(format!(
                "service {service} is of a kind that has no actions"
            ))
        }),
        [] => {
            let names: Vec<_> = others.iter().map(|one| one.name.as_str()).collect();
            Err(PreviewError::refused(format!(
                "no service is named \"{name}\": there are {}",
                names.join(", ")
            )))
        }
        several => {
            let ids: Vec<_> = several
                .iter()
                .map(|one| format!("{one} {}", one.id))
                .collect();
            Err(PreviewError::refused(format!(
                "several services are named \"{name}\": {}",
                ids.join(", ")
            )))
        }
    }
}

/// Deletes the previews of a project whose [time to live](PreviewEnvironment::time_to_live) has passed, and
/// waits until they are gone. Returns their names.
///
/// Available on crate feature `preview` only.
///
/// It sends one request for each environment that is not in mode `PRODUCTION`. An environment without a time
/// to live remains.
///
/// # Errors
/// Returns an error if the project is not found, if a call fails, or for the first preview that cannot be
/// deleted; the next call tries the others again. An environment whose time has passed and that is not marked
/// as a preview remains. After the others are deleted, it is an error with [`PreviewError::unmarked`]:
/// [adopt](PreviewEnvironment::adopt) it, or remove its variable `PREVIEW_EXPIRES_AT`.
pub async fn delete_expired_previews(
    client: &Client,
    project: &str,
) -> Result<Vec<String>, PreviewError> {
    let find = |error| PreviewError::new(Reason::Find(error));
    let project = client.find(project).project().await.map_err(find)?;
    let listed = client.list_environment(project.id()).await;
    let what = format!("listing the environments of {project}");
    let listed = listed.map_err(|error| PreviewError::call(what, error))?;
    let mut deleted = Vec::new();
    let mut unmarked = None;
    let environments = listed.results.into_iter();
    for preview in environments.filter(|one| one.mode != Mode::Production) {
        let mark = Mark::read(client, preview.id).await?;
        let end = mark.expires_at();
        let end = end.and_then(|end| DateTime::parse_from_rfc3339(end).ok());
        if end.is_none_or(|end| end > Utc::now()) {
            continue;
        }
        client.remember_name(preview.id, &preview.name);
        if mark.original(preview.id).is_none() {
            let environment = Named {
                id: preview.id,
                name: preview.name,
            };
            let original = "another one, although it has a time to live".to_owned();
            unmarked.get_or_insert(PreviewError::new(Reason::Unmarked {
                environment,
                original,
            }));
            continue;
        }
        let environment = client.environment(preview.id).in_project(project.id());
        environment.delete().await.map_err(PreviewError::wait)?;
        deleted.push(preview.name);
    }
    if !deleted.is_empty() {
        client.forget_names();
    }
    match unmarked {
        Some(error) => Err(error),
        None => Ok(deleted),
    }
}
