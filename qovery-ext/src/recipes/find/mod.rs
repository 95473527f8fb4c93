//! Finds objects by name, path, URL of the web console, or id.
//!
//! Dropping a future of this module abandons a request that only reads.

mod directory;
mod found;
mod place;

use std::{fmt, future::IntoFuture, time::Duration};

use qovery_api::{BoxFuture, Client, Error, Printable};
use uuid::Uuid;

pub use found::{
    Found, FoundCluster, FoundEnvironment, FoundOrganization, FoundProject, FoundService,
};

use super::{FindError, naming::Nameable as _};
use crate::wait::WaitExt;
use directory::{Directory, Entry, List};
use place::Place;

/// Finds objects of a [`Client`] by name.
///
/// Available on crate feature `find` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::recipes::FindExt;
///
/// let staging = client.find("my-org/shop/staging").environment().await?;
/// println!("{staging}: {}", staging.console_url());
/// staging.deploy().await?;
///
/// // A name with a slash in it, or names from variables:
/// let api = client.organization("my-org").project("shop").environment("staging").service("api");
/// api.await?.redeploy().await?;
/// # Ok(()) }
/// ```
///
/// Names are compared in Unicode normalization form KC. Surrounding white space and case are ignored. If
/// several names match, the only object with the exact spelling is returned. If none or several have the exact
/// spelling, the name is ambiguous. An id can replace any name.
///
/// # Requests
/// Each level of the path takes one list request: organizations, projects, environments, services. An id without a path
/// takes one more request, which looks for an environment with this id. If there is none, it takes up to three requests
/// for each organization (projects, clusters, services), until the id is found. Clones of the client share these lists,
/// and so do lookups that run at the same time. They are cached for 60 s ([`FindExt::keep_names_for`]). If a name is
/// not in a cached list, the list is requested once more, so that new objects are found. If this client or a clone
/// adds, renames or removes an object, the lists of its kind are cleared. This includes direct calls of the generated
/// client. Objects that another program has renamed or deleted are found under their old names for up to 60 s. An
/// object that is being deleted is found as long as the API lists it.
pub trait FindExt {
    /// Finds any object: by a path of names or ids (`my-org/shop/staging/api`), by a URL of the web
    /// console, or by an id.
    fn find(&self, place: impl Into<String>) -> Find;

    /// Finds the organization with this name or id.
    fn organization(&self, name: impl Into<String>) -> OrganizationPath;

    /// Sets how long lists of names are cached, for all clones of this client. Default: 60 s. With
    /// zero, each lookup reads them again.
    fn keep_names_for(&self, time: Duration);

    /// Clears the cached lists of names.
    fn forget_names(&self);
}

impl FindExt for Client {
    fn find(&self, place: impl Into<String>) -> Find {
        Find {
            client: self.clone(),
            text: place.into(),
        }
    }

    fn organization(&self, name: impl Into<String>) -> OrganizationPath {
        OrganizationPath {
            client: self.clone(),
            organization: name.into(),
        }
    }

    fn keep_names_for(&self, time: Duration) {
        Directory::of(self).set_lifetime(time);
    }

    fn forget_names(&self) {
        Directory::of(self).forget();
    }
}

/// A path, a URL or an id of an object. Await it to get a [`Found`] of any kind, or call the method of the
/// expected kind.
///
/// Available on crate feature `find` only.
///
/// # Errors
/// Each of its futures returns an error if no object or several objects have the name, if the text names an
/// object of another kind, or if a list cannot be read.
#[must_use = "nothing is looked up until it is awaited"]
#[derive(Clone)]
pub struct Find {
    client: Client,
    text: String,
}

impl Find {
    /// Finds an organization.
    ///
    /// # Errors
    /// See [`Find`].
    pub async fn organization(self) -> Result<FoundOrganization, FindError> {
        match self.clone().expected("an organization", 1).await? {
            Found::Organization(found) => Ok(found),
            other => Err(self.unexpected("an organization", &other)),
        }
    }

    /// Finds a project.
    ///
    /// # Errors
    /// See [`Find`].
    pub async fn project(self) -> Result<FoundProject, FindError> {
        match self.clone().expected("a project", 2).await? {
            Found::Project(found) => Ok(found),
            other => Err(self.unexpected("a project", &other)),
        }
    }

    /// Finds an environment.
    ///
    /// # Errors
    /// See [`Find`].
    pub async fn environment(self) -> Result<FoundEnvironment, FindError> {
        match self.clone().expected("an environment", 3).await? {
            Found::Environment(found) => Ok(found),
            other => Err(self.unexpected("an environment", &other)),
        }
    }

    /// Finds a service.
    ///
    /// # Errors
    /// See [`Find`].
    pub async fn service(self) -> Result<FoundService, FindError> {
        match self.clone().expected("a service", 4).await? {
            Found::Service(found) => Ok(found),
            other => Err(self.unexpected("a service", &other)),
        }
    }

    /// Finds a cluster by a URL of the web console or by an id. To find it by name, use
    /// [`OrganizationPath::cluster`].
    ///
    /// # Errors
    /// See [`Find`].
    pub async fn cluster(self) -> Result<FoundCluster, FindError> {
        match self.clone().expected("a cluster", 0).await? {
            Found::Cluster(found) => Ok(found),
            other => Err(self.unexpected("a cluster", &other)),
        }
    }

    /// Refuses a path of another length before anything is sent.
    async fn expected(self, kind: &str, levels: usize) -> Result<Found, FindError> {
        if let Place::Path(steps) = self.place()?
            && steps.len() != levels
        {
            let form = match levels {
                0 => "to find it by name, use .organization(\"…\").cluster(\"…\")".to_owned(),
                levels => {
                    let form = ["ORGANIZATION", "PROJECT", "ENVIRONMENT", "SERVICE"];
                    let form = form.get(..levels).unwrap_or(&form).join("/");
                    format!("its path has the form {form}")
                }
            };
            let why = format!("expected {kind}: {form}");
            return Err(FindError::invalid(&place::shown(&self.text), &why));
        }
        self.await
    }

    fn unexpected(&self, kind: &str, found: &Found) -> FindError {
        let why = format!("expected {kind}, found {found}");
        FindError::invalid(&place::shown(&self.text), &why)
    }

    fn place(&self) -> Result<Place, FindError> {
        Place::parse(&self.text).map_err(|why| FindError::invalid(&place::shown(&self.text), &why))
    }

    async fn look_up(self) -> Result<Found, FindError> {
        let client = &self.client;
        match self.place()? {
            Place::Id(id) => anything(client, id).await,
            Place::Cluster {
                organization,
                cluster,
            } => {
                let organization = client.organization(&organization);
                Ok(Found::Cluster(organization.cluster(&cluster).await?))
            }
            Place::Path(steps) => {
                let mut steps = steps.iter();
                let mut next = || steps.next();
                let organization = client.organization(next().map_or("", |step| step));
                let Some(project) = next() else {
                    return Ok(Found::Organization(organization.await?));
                };
                let project = organization.project(project);
                let Some(environment) = next() else {
                    return Ok(Found::Project(project.await?));
                };
                let environment = project.environment(environment);
                let Some(service) = next() else {
                    return Ok(Found::Environment(environment.await?));
                };
                Ok(Found::Service(environment.service(service).await?))
            }
        }
    }
}

impl IntoFuture for Find {
    type Output = Result<Found, FindError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let text = self.text.clone();
            self.look_up()
                .await
                .map_err(|error| error.with_path_hint(&text))
        })
    }
}

impl fmt::Debug for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Find")
            .field(&Printable::new(&place::shown(&self.text)))
            .finish()
    }
}

/// An organization by name or id. Await it, or continue to one of its projects or clusters.
///
/// Available on crate feature `find` only.
#[must_use = "nothing is looked up until it is awaited"]
#[derive(Debug, Clone)]
pub struct OrganizationPath {
    client: Client,
    organization: String,
}

/// A project by names or ids. Await it, or continue to one of its environments.
///
/// Available on crate feature `find` only.
#[must_use = "nothing is looked up until it is awaited"]
#[derive(Debug, Clone)]
pub struct ProjectPath {
    organization: OrganizationPath,
    project: String,
}

/// An environment by names or ids. Await it, or continue to one of its services.
///
/// Available on crate feature `find` only.
#[must_use = "nothing is looked up until it is awaited"]
#[derive(Debug, Clone)]
pub struct EnvironmentPath {
    project: ProjectPath,
    environment: String,
}

impl OrganizationPath {
    /// Returns the path of one of its projects.
    pub fn project(self, name: impl Into<String>) -> ProjectPath {
        ProjectPath {
            organization: self,
            project: name.into(),
        }
    }

    /// Finds one of its clusters.
    ///
    /// # Errors
    /// Returns an error if no cluster or several clusters have the name, or if a list cannot be
    /// read.
    pub async fn cluster(self, name: impl Into<String>) -> Result<FoundCluster, FindError> {
        let name = name.into();
        let organization = self.await?;
        let client = &organization.client;
        let list = List::Clusters(organization.id());
        let within = format!(" of {organization}");
        let found = Directory::of(client)
            .one(client, list, &name, &within)
            .await?;
        Ok(FoundCluster {
            handle: client.cluster(organization.id(), found.id),
            cluster: found.named(),
            organization: organization.organization,
        })
    }

    async fn look_up(self) -> Result<FoundOrganization, FindError> {
        let Self {
            client,
            organization,
        } = self;
        let directory = Directory::of(&client);
        let found = directory.one(&client, List::Organizations, &organization, "");
        Ok(FoundOrganization {
            organization: found.await?.named(),
            client,
        })
    }
}

impl ProjectPath {
    /// Returns the path of one of its environments.
    pub fn environment(self, name: impl Into<String>) -> EnvironmentPath {
        EnvironmentPath {
            project: self,
            environment: name.into(),
        }
    }

    async fn look_up(self) -> Result<FoundProject, FindError> {
        let FoundOrganization {
            client,
            organization,
        } = self.organization.await?;
        let within = format!(" of organization {organization}");
        let list = List::Projects(organization.id);
        let directory = Directory::of(&client);
        let found = directory.one(&client, list, &self.project, &within).await?;
        Ok(FoundProject {
            client,
            organization,
            project: found.named(),
        })
    }
}

impl EnvironmentPath {
    /// Finds one of its services.
    ///
    /// # Errors
    /// Returns an error if no service or several services have the name, if this crate has no
    /// actions for its kind, or if a list cannot be read.
    pub async fn service(self, name: impl Into<String>) -> Result<FoundService, FindError> {
        let name = name.into();
        let environment = self.await?;
        let within = format!(" of {environment}");
        let client = &environment.client;
        let list = List::Services(environment.id());
        let found = Directory::of(client)
            .one(client, list, &name, &within)
            .await?;
        service_of(&environment, &found)
    }

    async fn look_up(self) -> Result<FoundEnvironment, FindError> {
        let project = self.project.await?;
        let within = format!(" of {project}");
        let list = List::Environments(project.id());
        let client = &project.client;
        let directory = Directory::of(client);
        let found = directory
            .one(client, list, &self.environment, &within)
            .await?;
        Ok(project.environment_of(&found))
    }
}

fn service_of(environment: &FoundEnvironment, entry: &Entry) -> Result<FoundService, FindError> {
    environment.service_of(entry).ok_or_else(|| {
        let why = format!(
            "services of the kind {} have no actions: call the operations of its kind",
            entry.service_type
        );
        FindError::invalid(&entry.name, &why)
    })
}

macro_rules! futures {
    ($($path:ident $found:ident)+) => {
        $(
            impl IntoFuture for $path {
                type Output = Result<$found, FindError>;
                type IntoFuture = BoxFuture<'static, Self::Output>;

                /// Looks it up.
                fn into_future(self) -> Self::IntoFuture {
                    Box::pin(self.look_up())
                }
            }
        )+
    };
}
futures! {
    OrganizationPath FoundOrganization
    ProjectPath FoundProject
    EnvironmentPath FoundEnvironment
}

/// Finds anything by its id: an environment, an organization, a service, a project or a cluster.
///
/// An environment is read directly. For anything else, the lists of one organization after the other are read
/// until the id is found.
async fn anything(client: &Client, id: Uuid) -> Result<Found, FindError> {
    match client.get_environment(id).await {
        Ok(environment) => {
            let project = environment.project.id;
            let organization = match environment.organization {
                Some(organization) => organization.id,
                None => {
                    let what = format!("project {project}");
                    let project = client.get_project(project).await;
                    let project = project.map_err(|error| FindError::api(&what, error))?;
                    project.organization.id
                }
            };
            let path = client
                .organization(organization.to_string())
                .project(project.to_string());
            let found = path.environment(id.to_string()).await?;
            return Ok(Found::Environment(found));
        }
        Err(error) if is_unknown(&error) => {}
        Err(error) => return Err(FindError::api(&format!("environment {id}"), error)),
    }
    let directory = Directory::of(client);
    let organizations = directory.all(client, List::Organizations, "").await?;
    for entry in organizations.iter() {
        let organization = FoundOrganization {
            client: client.clone(),
            organization: entry.named(),
        };
        if entry.id == id {
            return Ok(Found::Organization(organization));
        }
        if let Some(found) = in_organization(&organization, id).await? {
            return Ok(found);
        }
    }
    let what = "organization, project, environment, service or cluster";
    Err(FindError::unknown_id(what, "", id))
}

async fn in_organization(
    organization: &FoundOrganization,
    id: Uuid,
) -> Result<Option<Found>, FindError> {
    let client = &organization.client;
    if let Some(project) = organization
        .projects()
        .await?
        .into_iter()
        .find(|one| one.id() == id)
    {
        return Ok(Some(Found::Project(project)));
    }
    if let Some(cluster) = organization
        .clusters()
        .await?
        .into_iter()
        .find(|one| one.id() == id)
    {
        return Ok(Some(Found::Cluster(cluster)));
    }
    let services = client.list_services_by_organization_id(organization.id());
    let services = services.await;
    let what = format!("the list of services of {organization}");
    let services = services.map_err(|error| FindError::api(&what, error))?;
    let Some(service) = services.results.into_iter().find(|one| one.id == id) else {
        return Ok(None);
    };
    let path = client
        .organization(organization.id().to_string())
        .project(service.project_id.to_string())
        .environment(service.environment_id.to_string());
    Ok(Some(Found::Service(path.service(&id.to_string()).await?)))
}

/// Whether an error says that no resource of this kind has this id. The API also answers 403 for
/// resources that do not exist.
fn is_unknown(error: &Error) -> bool {
    error.is_not_found()
        || error.is_forbidden()
        || error.status().is_some_and(|s| s.as_u16() == 400)
}
