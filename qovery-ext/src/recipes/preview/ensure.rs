//! Making a preview, bringing it up to date, and deploying it.

use qovery_api::{
    Client,
    chrono::{DateTime, TimeDelta, Utc},
    types::CloneEnvironmentRequest,
};
use uuid::Uuid;

use super::{
    super::{
        EnvironmentService, FindExt as _, FoundEnvironment, Variable, VariableOwner, VariablesPlan,
        known::named,
        lookup, plan_variables, services,
        source::{change, check},
        urls,
    },
    Preview, PreviewEnvironment, PreviewError,
    error::Reason,
    mark::{self, EXPIRES_AT, PREVIEW_OF},
};
use crate::wait::{
    Action, ServiceKind, ServiceRef, ServiceSelection, ServiceVersion, WaitExt as _,
};

impl PreviewEnvironment {
    /// Creates or updates the environment, deploys it, waits, and reads its URLs.
    ///
    /// # Errors
    /// Returns an error if a step fails. The environment remains, and the next run continues.
    pub async fn deploy(&self, client: &Client) -> Result<Preview, PreviewError> {
        let mut preview = self.ensure(client).await?;
        self.finish(client, &mut preview).await?;
        Ok(preview)
    }

    pub(super) async fn finish(
        &self,
        client: &Client,
        preview: &mut Preview,
    ) -> Result<(), PreviewError> {
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
        let origin = self.find_origin(client).await?;
        let namesakes = self.namesakes(client, &origin).await?;
        if let Some((_, why)) = namesakes.other {
            return Err(why);
        }
        let (mut previews, mut unfinished) = (namesakes.previews, namesakes.unfinished);
        let count = previews.len() + unfinished.len();
        if count > 1 {
            return Err(PreviewError::new(Reason::Several(format!(
                "{count} previews of {} are named \"{}\", made at the same time: delete them, and run this again",
                origin.project, self.name
            ))));
        }
        let (existing, copy) = (previews.pop(), unfinished.pop());
        // A copy has the services of its original: a request that they cannot take is refused before
        // anything is made.
        let model = existing.as_ref().or(copy.as_ref()).unwrap_or(&origin);
        let services = listed(client, model).await?;
        self.check_services(client, &origin, model, &services)
            .await?;
        let cluster = self.find_cluster(client, &origin).await?;
        let plans = self.check(client, model.id(), &services).await?;
        let is_new = existing.is_none() && copy.is_none();
        let (environment, services, plans) = match (existing, copy) {
            (Some(environment), _) => {
                self.renew(client, environment.id()).await?;
                (environment, services, plans)
            }
            (None, Some(copy)) => {
                let environment = self.finish_copy(client, &copy, &origin).await?;
                (environment, services, plans)
            }
            (None, None) => {
                let copy = self.copy(client, &origin, cluster).await?;
                let environment = self.finish_copy(client, &copy, &origin).await?;
                let services = listed(client, &environment).await?;
                let plans = self.plan(client, environment.id(), &services).await?;
                (environment, services, plans)
            }
        };
        for (name, wanted) in &self.changes {
            let service = acted_on(&services, name)?;
            change(client, service, wanted)
                .await
                .map_err(|error| PreviewError::new(Reason::Version(error)))?;
        }
        for plan in plans {
            plan.apply().await.map_err(PreviewError::variables)?;
        }
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
        let action = match self.selection(client, &preview.services)? {
            Some(selection) => environment.deploy_services(selection),
            None => environment.deploy(),
        };
        Ok(match self.within {
            Some(limit) => action.within(limit),
            None => action,
        })
    }

    /// Marks a copy, notes the end of its life, and names it.
    async fn finish_copy(
        &self,
        client: &Client,
        copy: &FoundEnvironment,
        origin: &FoundEnvironment,
    ) -> Result<FoundEnvironment, PreviewError> {
        if self.time_to_live.is_none() {
            // Before the copy is marked: a time to live deletes only marked environments.
            self.renew(client, copy.id()).await?;
            mark::set(client, copy.id(), origin.id()).await?;
        } else {
            mark::set(client, copy.id(), origin.id()).await?;
            self.renew(client, copy.id()).await?;
        }
        mark::name(client, copy, origin, &self.name, &self.mode).await
    }

    /// Notes the end of the life of a preview, or removes the one that an earlier run or the original has noted. Before
    /// anything else: a run that is interrupted later leaves a preview that is deleted in time.
    async fn renew(&self, client: &Client, environment: Uuid) -> Result<(), PreviewError> {
        let Some(time) = self.time_to_live else {
            return mark::remove_end(client, environment).await;
        };
        let end = TimeDelta::from_std(time)
            .ok()
            .and_then(|time| Utc::now().checked_add_signed(time));
        let end = end.unwrap_or(DateTime::<Utc>::MAX_UTC);
        mark::set_end(client, environment, end).await
    }

    /// Refuses a name of a service that the preview lacks, also if its original has it.
    async fn check_services(
        &self,
        client: &Client,
        origin: &FoundEnvironment,
        model: &FoundEnvironment,
        services: &[EnvironmentService],
    ) -> Result<(), PreviewError> {
        let changes = self.changes.iter().map(|(name, _)| name);
        let commits = self.commits.iter().map(|(name, _)| name);
        let variables = self.service_variables.iter().map(|(name, _)| name);
        for name in changes.chain(commits).chain(variables) {
            let Err(missing) = lookup::by_name("service", "", services, name) else {
                continue;
            };
            if missing.is_not_found() && model.id() != origin.id() {
                let of_origin = listed(client, origin).await?;
                if let Ok(service) = lookup::by_name("service", "", &of_origin, name) {
                    return Err(PreviewError::refused(format!(
                        "{model} lacks the service {service}, which was added to its original, {origin}, later: \
                         delete the preview and deploy it again, or add the service to it"
                    )));
                }
            }
            return Err(PreviewError::new(Reason::Find(missing)));
        }
        Ok(())
    }

    /// The cluster that was named. Also looked up for an existing preview, so that a mistake shows.
    async fn find_cluster(
        &self,
        client: &Client,
        origin: &FoundEnvironment,
    ) -> Result<Option<Uuid>, PreviewError> {
        let Some(cluster) = &self.cluster else {
            return Ok(None);
        };
        let organization = client.organization(origin.organization.id.to_string());
        let found = organization.cluster(cluster).await;
        let found = found.map_err(|error| PreviewError::new(Reason::Find(error)))?;
        Ok(Some(found.id()))
    }

    /// Copies the original, under a name that is not the final one. If another run has made a preview of the name at the
    /// same time, at most one of both remains.
    async fn copy(
        &self,
        client: &Client,
        origin: &FoundEnvironment,
        cluster: Option<Uuid>,
    ) -> Result<FoundEnvironment, PreviewError> {
        let name = mark::unfinished(&self.name, origin.id());
        let mut request = CloneEnvironmentRequest::new(name).mode(self.mode.clone());
        if let Some(cluster) = cluster {
            request = request.cluster_id(cluster);
        }
        let made = client.clone_environment(origin.id(), &request).await;
        match made {
            Ok(made) => {
                let copy = FoundEnvironment::of(client, origin, &made);
                match mark::other_first(client, origin, &self.name, &made).await {
                    Ok(None) => Ok(copy),
                    Ok(Some(other)) => {
                        let why = format!(
                            "another run makes the preview \"{}\" at the same time, {other}",
                            self.name
                        );
                        Err(withdraw(&copy, &why).await)
                    }
                    Err(error) => {
                        let why = format!(
                            "it is not known whether another run makes the preview \"{}\" at the same time: {error:#}",
                            self.name
                        );
                        Err(withdraw(&copy, &why).await)
                    }
                }
            }
            // The response was lost: whether it is there decides.
            Err(error) if error.may_have_been_executed() => {
                let mut unfinished = self.namesakes(client, origin).await?.unfinished;
                let copy = unfinished.pop();
                if let (Some(copy), Some(other)) = (&copy, unfinished.first()) {
                    return Err(PreviewError::new(Reason::Concurrent(format!(
                        "another run makes the preview \"{}\" at the same time: one of {copy} and {other} may be the \
                         copy of this run, whose response was lost: delete both, and run this again",
                        self.name
                    ))));
                }
                copy.ok_or_else(|| PreviewError::write(format!("copying {origin}"), error))
            }
            Err(error) => Err(PreviewError::write(format!("copying {origin}"), error)),
        }
    }

    /// Plans the requested variables of an environment and of its services.
    async fn plan(
        &self,
        client: &Client,
        environment: Uuid,
        services: &[EnvironmentService],
    ) -> Result<Vec<VariablesPlan>, PreviewError> {
        let of_environment = VariableOwner::Environment(environment);
        let mut owners = vec![(of_environment, self.variables.clone())];
        for (name, variable) in &self.service_variables {
            let owner = VariableOwner::Service(acted_on(services, name)?);
            match owners.iter_mut().find(|(other, _)| *other == owner) {
                Some((_, variables)) => variables.push(variable.clone()),
                None => owners.push((owner, vec![variable.clone()])),
            }
        }
        let mut plans = Vec::new();
        for (owner, variables) in owners.into_iter().filter(|(_, all)| !all.is_empty()) {
            let plan = plan_variables(client, owner, variables).await;
            plans.push(plan.map_err(|error| PreviewError::new(Reason::Variable(error)))?);
        }
        Ok(plans)
    }

    /// Checks that each requested change fits a service, and each variable those that are there. Sends nothing
    /// but reads. Returns the plans for the variables.
    async fn check(
        &self,
        client: &Client,
        environment: Uuid,
        services: &[EnvironmentService],
    ) -> Result<Vec<VariablesPlan>, PreviewError> {
        let reserved = self.variables.iter().map(Variable::key);
        let mut reserved = reserved.filter(|key| [PREVIEW_OF, EXPIRES_AT].contains(key));
        if let Some(key) = reserved.next() {
            return Err(PreviewError::refused(format!(
                "the variable {key} of a preview is set by this recipe: leave it out"
            )));
        }
        self.selection(client, services)?;
        for (name, wanted) in &self.changes {
            let checked = check(client, acted_on(services, name)?, wanted).await;
            checked.map_err(|error| PreviewError::new(Reason::Version(error)))?;
        }
        let plans = self.plan(client, environment, services).await?;
        for plan in &plans {
            plan.check().map_err(PreviewError::variables)?;
        }
        Ok(plans)
    }

    /// Returns all services with the requested commits; `None` if no commit was requested.
    fn selection(
        &self,
        client: &Client,
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
            version.check(service).map_err(|error| {
                let shown = named(client, &service.kind.to_string(), service.id);
                PreviewError::refused(error.shown_for(shown).to_string())
            })?;
            selection = selection.with_version(service.kind, service.id, version);
        }
        Ok(Some(selection))
    }
}

async fn listed(
    client: &Client,
    environment: &FoundEnvironment,
) -> Result<Vec<EnvironmentService>, PreviewError> {
    let listed = services(client, environment.id()).await;
    let what = format_args!("listing the services of {environment}");
    listed.map_err(|error| PreviewError::call(what, error))
}

/// The service with a name. No id: those of a preview are others than those of its original.
fn acted_on(services: &[EnvironmentService], name: &str) -> Result<ServiceRef, PreviewError> {
    let found = lookup::by_name("service", "", services, name);
    let service = found.map_err(|error| PreviewError::new(Reason::Find(error)))?;
    service.service_ref().ok_or_else(|| {
        PreviewError::refused(format!(
            "service {service} is of a kind that has no actions"
        ))
    })
}

/// Deletes the copy that this run has made, because another run is first, or may be.
async fn withdraw(copy: &FoundEnvironment, why: &str) -> PreviewError {
    let deleted = match copy.delete().await {
        Ok(_) => "the copy of this run was deleted".to_owned(),
        Err(error) => format!("{copy}, the copy of this run, was not deleted, delete it: {error}"),
    };
    PreviewError::new(Reason::Concurrent(format!(
        "{why}: {deleted}; run this again when no other run makes the preview"
    )))
}
