//! Creates or updates a preview.

use qovery_api::{
    Client,
    chrono::{DateTime, TimeDelta, Utc},
    types::{CloneEnvironmentRequest, EnvironmentModeEnum as Mode},
};
use uuid::Uuid;

use super::{
    super::{
        EnvironmentService, FindExt as _, FoundEnvironment, Variable, VariableOwner, VariablesPlan,
        known::named,
        lookup, naming, plan_variables, services,
        source::{change, check},
    },
    Preview, PreviewEnvironment, PreviewError,
    error::Reason,
    mark::{self, EXPIRES_AT, Namesakes, PREVIEW_OF},
};
use crate::wait::{ServiceKind, ServiceRef, ServiceSelection, ServiceVersion};

/// A preview that is created or updated.
pub(super) struct Update<'a> {
    wanted: &'a PreviewEnvironment,
    client: &'a Client,
    /// The environment that is copied.
    pub(super) origin: FoundEnvironment,
}

impl<'a> Update<'a> {
    /// Checks the name and the mode, and finds the original.
    pub(super) async fn find(
        wanted: &'a PreviewEnvironment,
        client: &'a Client,
    ) -> Result<Self, PreviewError> {
        if wanted.name.trim().is_empty() {
            return Err(PreviewError::refused(
                "a preview needs a name: pass it to `PreviewEnvironment::named`".to_owned(),
            ));
        }
        if mark::is_unfinished(&wanted.name) {
            return Err(PreviewError::refused(format!(
                "a preview cannot be named \"{}\": such names mark unfinished copies, choose another name",
                wanted.name
            )));
        }
        if wanted.mode == Mode::Production {
            let text = "a preview cannot have the mode PRODUCTION: choose another mode".to_owned();
            return Err(PreviewError::refused(text));
        }
        let Some(origin) = &wanted.origin else {
            let text = "set the environment to copy: .from(\"my-org/shop/staging\")";
            return Err(PreviewError::refused(text.to_owned()));
        };
        let origin = client.find(origin).environment().await;
        let origin = origin.map_err(|error| PreviewError::new(Reason::Find(error)))?;
        if naming::comparable(origin.name()) == naming::comparable(&wanted.name) {
            return Err(PreviewError::refused(format!(
                "a preview cannot have the name of its original, {origin}: choose another name"
            )));
        }
        Ok(Self {
            wanted,
            client,
            origin,
        })
    }

    /// The environments that have the name of the preview.
    pub(super) async fn namesakes(&self) -> Result<Namesakes, PreviewError> {
        let (name, mode) = (&self.wanted.name, &self.wanted.mode);
        Namesakes::find(self.client, &self.origin, name, mode).await
    }

    /// Marks the environment of this name and mode as a preview of the original.
    pub(super) async fn adopt(&self) -> Result<FoundEnvironment, PreviewError> {
        let namesakes = self.namesakes().await?;
        if let Some(preview) = namesakes.previews.into_iter().next() {
            return Ok(preview);
        }
        let Some((other, why)) = namesakes.other else {
            return Err(PreviewError::refused(format!(
                "project {} has no environment \"{}\" to adopt: check the name, or create the preview with `deploy`",
                self.origin.project, self.wanted.name
            )));
        };
        if other.mode.as_ref() != Some(&self.wanted.mode) {
            return Err(why);
        }
        mark::set(self.client, other.id(), self.origin.id()).await?;
        Ok(other)
    }

    /// Creates or updates the environment.
    pub(super) async fn ensure(&self) -> Result<Preview, PreviewError> {
        let namesakes = self.namesakes().await?;
        if let Some((_, why)) = namesakes.other {
            return Err(why);
        }
        let (mut previews, mut unfinished) = (namesakes.previews, namesakes.unfinished);
        let count = previews.len() + unfinished.len();
        if count > 1 {
            return Err(PreviewError::new(Reason::Several(format!(
                "project {} has {count} previews named \"{}\", made at the same time: delete them with \
                 `PreviewEnvironment::delete`, and run this again",
                self.origin.project, self.wanted.name
            ))));
        }
        let (existing, copy) = (previews.pop(), unfinished.pop());
        // A copy has the services of its original: a request that they cannot take is refused before
        // anything is made.
        let model = existing.as_ref().or(copy.as_ref()).unwrap_or(&self.origin);
        let services = listed(self.client, model).await?;
        self.check_services(model, &services).await?;
        let cluster = self.find_cluster().await?;
        let plans = self.check(model.id(), &services).await?;
        let is_new = existing.is_none() && copy.is_none();
        let (environment, services, plans) = match (existing, copy) {
            (Some(environment), _) => {
                self.renew(environment.id()).await?;
                (environment, services, plans)
            }
            (None, Some(copy)) => {
                let environment = self.finish_copy(&copy).await?;
                (environment, services, plans)
            }
            (None, None) => {
                let copy = self.copy(cluster).await?;
                let environment = self.finish_copy(&copy).await?;
                let services = listed(self.client, &environment).await?;
                let plans = self.plan(environment.id(), &services).await?;
                (environment, services, plans)
            }
        };
        for (name, wanted) in &self.wanted.changes {
            let service = acted_on(&services, name)?;
            change(self.client, service, wanted)
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

    /// Marks a copy, records the time of its deletion, and gives it its name.
    async fn finish_copy(&self, copy: &FoundEnvironment) -> Result<FoundEnvironment, PreviewError> {
        if self.wanted.time_to_live.is_none() {
            // Before the copy is marked: a time to live deletes only marked environments.
            self.renew(copy.id()).await?;
            mark::set(self.client, copy.id(), self.origin.id()).await?;
        } else {
            mark::set(self.client, copy.id(), self.origin.id()).await?;
            self.renew(copy.id()).await?;
        }
        mark::name(
            self.client,
            copy,
            &self.origin,
            &self.wanted.name,
            &self.wanted.mode,
        )
        .await
    }

    /// Records the time at which the preview is deleted, or removes the time that an earlier run or the original has
    /// recorded. This comes first: if the run is interrupted later, the preview is still deleted in time.
    async fn renew(&self, environment: Uuid) -> Result<(), PreviewError> {
        let Some(time) = self.wanted.time_to_live else {
            return mark::remove_end(self.client, environment).await;
        };
        let end = TimeDelta::from_std(time)
            .ok()
            .and_then(|time| Utc::now().checked_add_signed(time));
        let end = end.unwrap_or(DateTime::<Utc>::MAX_UTC);
        mark::set_end(self.client, environment, end).await
    }

    /// Refuses the name of a service that the preview lacks, even if its original has it.
    async fn check_services(
        &self,
        model: &FoundEnvironment,
        services: &[EnvironmentService],
    ) -> Result<(), PreviewError> {
        let changes = self.wanted.changes.iter().map(|(name, _)| name);
        let commits = self.wanted.commits.iter().map(|(name, _)| name);
        let variables = self.wanted.service_variables.iter().map(|(name, _)| name);
        for name in changes.chain(commits).chain(variables) {
            let Err(missing) = lookup::by_name("service", "", services, name) else {
                continue;
            };
            if missing.is_not_found() && model.id() != self.origin.id() {
                let of_origin = listed(self.client, &self.origin).await?;
                if let Ok(service) = lookup::by_name("service", "", &of_origin, name) {
                    return Err(PreviewError::refused(format!(
                        "{model} lacks the service {service}, which was added later to the original, {}: \
                         delete the preview and deploy it again, or add the service to the preview",
                        self.origin
                    )));
                }
            }
            return Err(PreviewError::new(Reason::Find(missing)));
        }
        Ok(())
    }

    /// The cluster that was named. It is looked up for an existing preview too, so that a wrong name is an error
    /// there as well.
    async fn find_cluster(&self) -> Result<Option<Uuid>, PreviewError> {
        let Some(cluster) = &self.wanted.cluster else {
            return Ok(None);
        };
        let organization = self
            .client
            .organization(self.origin.organization.id.to_string());
        let found = organization.cluster(cluster).await;
        let found = found.map_err(|error| PreviewError::new(Reason::Find(error)))?;
        Ok(Some(found.id()))
    }

    /// Copies the original, under a name that is not the final one. If the preview of another run takes precedence,
    /// deletes the copy again and returns an error.
    async fn copy(&self, cluster: Option<Uuid>) -> Result<FoundEnvironment, PreviewError> {
        let name = mark::unfinished(&self.wanted.name, self.origin.id());
        let mut request = CloneEnvironmentRequest::new(name).mode(self.wanted.mode.clone());
        if let Some(cluster) = cluster {
            request = request.cluster_id(cluster);
        }
        let copying = || format!("copying {}", self.origin);
        let made = self
            .client
            .clone_environment(self.origin.id(), &request)
            .await;
        match made {
            Ok(made) => {
                let copy = FoundEnvironment::of(self.client, &self.origin, &made);
                match mark::other_first(self.client, &self.origin, &self.wanted.name, &made).await {
                    Ok(None) => Ok(copy),
                    Ok(Some(other)) => {
                        let why = format!(
                            "another run creates the preview \"{}\" at the same time, {other}",
                            self.wanted.name
                        );
                        Err(withdraw(&copy, &why).await)
                    }
                    Err(error) => {
                        let why = format!(
                            "it is not known whether another run creates the preview \"{}\" at the same time: {error:#}",
                            self.wanted.name
                        );
                        Err(withdraw(&copy, &why).await)
                    }
                }
            }
            // The response was lost: the list of environments shows whether the copy exists.
            Err(error) if error.may_have_been_executed() => {
                let mut unfinished = self.namesakes().await?.unfinished;
                let copy = unfinished.pop();
                if let (Some(copy), Some(other)) = (&copy, unfinished.first()) {
                    return Err(PreviewError::new(Reason::Concurrent(format!(
                        "another run creates the preview \"{}\" at the same time: one of {copy} and {other} may be the \
                         copy of this run, whose response was lost: delete both, and run this again",
                        self.wanted.name
                    ))));
                }
                copy.ok_or_else(|| PreviewError::write(copying(), error))
            }
            Err(error) => Err(PreviewError::write(copying(), error)),
        }
    }

    /// Plans the requested variables of an environment and of its services.
    async fn plan(
        &self,
        environment: Uuid,
        services: &[EnvironmentService],
    ) -> Result<Vec<VariablesPlan>, PreviewError> {
        let of_environment = VariableOwner::Environment(environment);
        let mut owners = vec![(of_environment, self.wanted.variables.clone())];
        for (name, variable) in &self.wanted.service_variables {
            let owner = VariableOwner::Service(acted_on(services, name)?);
            match owners.iter_mut().find(|(other, _)| *other == owner) {
                Some((_, variables)) => variables.push(variable.clone()),
                None => owners.push((owner, vec![variable.clone()])),
            }
        }
        let mut plans = Vec::new();
        for (owner, variables) in owners.into_iter().filter(|(_, all)| !all.is_empty()) {
            let plan = plan_variables(self.client, owner, variables).await;
            plans.push(plan.map_err(|error| PreviewError::new(Reason::Variable(error)))?);
        }
        Ok(plans)
    }

    /// Checks that each requested change fits its service, and that no variable conflicts with an existing one.
    /// Only reads. Returns the plans for the variables.
    async fn check(
        &self,
        environment: Uuid,
        services: &[EnvironmentService],
    ) -> Result<Vec<VariablesPlan>, PreviewError> {
        let reserved = self.wanted.variables.iter().map(Variable::key);
        let mut reserved = reserved.filter(|key| [PREVIEW_OF, EXPIRES_AT].contains(key));
        if let Some(key) = reserved.next() {
            return Err(PreviewError::refused(format!(
                "the variable {key} of a preview is set by this recipe: leave it out"
            )));
        }
        selection(self.client, services, &self.wanted.commits)?;
        for (name, wanted) in &self.wanted.changes {
            let checked = check(self.client, acted_on(services, name)?, wanted).await;
            checked.map_err(|error| PreviewError::new(Reason::Version(error)))?;
        }
        let plans = self.plan(environment, services).await?;
        for plan in &plans {
            plan.check().map_err(PreviewError::variables)?;
        }
        Ok(plans)
    }
}

/// Returns all services with the requested commits; `None` if no commit was requested.
pub(super) fn selection(
    client: &Client,
    services: &[EnvironmentService],
    commits: &[(String, String)],
) -> Result<Option<ServiceSelection>, PreviewError> {
    if commits.is_empty() {
        return Ok(None);
    }
    let all = services.iter().filter_map(EnvironmentService::service_ref);
    // Agentic workflows are deployed with their environment alone.
    let all = all.filter(|service| service.kind != ServiceKind::AgenticWorkflow);
    let mut selection: ServiceSelection = all.collect();
    for (name, commit) in commits {
        let service = acted_on(services, name)?;
        let version = ServiceVersion::commit(commit);
        version.check(service).map_err(|error| {
            let shown = named(client, &service.kind.to_string(), service.id);
            PreviewError::refused(error.shown_for(shown))
        })?;
        selection = selection.with_version(service.kind, service.id, version);
    }
    Ok(Some(selection))
}

async fn listed(
    client: &Client,
    environment: &FoundEnvironment,
) -> Result<Vec<EnvironmentService>, PreviewError> {
    let listed = services(client, environment.id()).await;
    let what = format_args!("listing the services of {environment}");
    listed.map_err(|error| PreviewError::call(what, error))
}

/// The service with this name. Services are selected by name, because the services of a preview have other ids
/// than those of its original.
fn acted_on(services: &[EnvironmentService], name: &str) -> Result<ServiceRef, PreviewError> {
    let found = lookup::by_name("service", "", services, name);
    let service = found.map_err(|error| PreviewError::new(Reason::Find(error)))?;
    service.service_ref().ok_or_else(|| {
        PreviewError::refused(format!(
            "service {service} is of a kind that has no actions: leave it out"
        ))
    })
}

/// Deletes the copy that this run has made, because another run was first, or may have been.
async fn withdraw(copy: &FoundEnvironment, why: &str) -> PreviewError {
    let deleted = match copy.delete().await {
        Ok(_) => "the copy of this run was deleted".to_owned(),
        Err(error) => format!("{copy}, the copy of this run, was not deleted, delete it: {error}"),
    };
    PreviewError::new(Reason::Concurrent(format!(
        "{why}: {deleted}; run this again when no other run creates the preview"
    )))
}
