//! Deploys the versions of one environment in another one.
//!
//! Nothing changes before the plan is deployed. Dropping a future of this module abandons requests that only
//! read.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use qovery_api::{Call, Client, Printable, operations::ListServicesByEnvironmentId};
use serde_json::Value;
use uuid::Uuid;

use super::{
    DeploymentOutcome, ServiceRow, VersionError, history, known::named, naming::comparable,
    services::kind_of,
};
use crate::{
    listing::ListOf,
    wait::{Action, ServiceRef, ServiceSelection, ServiceVersion, WaitExt},
};

/// How far back the history is read.
const ENTRIES: u32 = 100;

/// The plan for one service.
///
/// Available on crate feature `versions` only.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Promotion {
    /// The service gets another version.
    Change {
        /// The running version. `None` if it is not known, or if a deployment failed or the service was stopped
        /// since its last successful deployment.
        before: Option<ServiceVersion>,
        /// The version that it gets.
        after: ServiceVersion,
    },
    /// The service already runs this version.
    Unchanged(ServiceVersion),
    /// The target has no service of this name and kind, or has several.
    Missing,
    /// The two services have different image names, URLs of the Git repository or chart names, so a version of one
    /// does not apply to the other.
    Different(String),
    /// The newest entries of the history have no successful deployment of the service with a known version. 100 entries
    /// are requested.
    Unknown,
}

/// A service, with the plan for it.
///
/// Available on crate feature `versions` only.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PromotedService {
    /// Its name.
    pub name: String,
    /// The service that the version is taken from.
    pub from: ServiceRef,
    /// The service that gets it.
    pub to: Option<ServiceRef>,
    /// The plan for it.
    pub promotion: Promotion,
}

/// The plan of a promotion. [`PromotionPlan::deploy`] deploys it.
///
/// Available on crate feature `versions` only.
#[must_use = "nothing is deployed until the plan is"]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PromotionPlan {
    client: Client,
    /// The environment that the versions come from.
    pub from: Uuid,
    /// The environment that they are deployed to.
    pub to: Uuid,
    /// The services, by name. Databases and agentic workflows have no versions and are left out.
    pub services: Vec<PromotedService>,
}

impl PromotionPlan {
    /// Returns whether no service changes.
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }

    /// Returns whether a service cannot be promoted: it is missing, different, or has no known
    /// version.
    pub fn is_incomplete(&self) -> bool {
        self.services.iter().any(|service| {
            !matches!(
                service.promotion,
                Promotion::Change { .. } | Promotion::Unchanged(_)
            )
        })
    }

    fn changes(&self) -> impl Iterator<Item = (ServiceRef, &ServiceVersion)> {
        self.services
            .iter()
            .filter_map(|service| match &service.promotion {
                Promotion::Change { after, .. } => Some((service.to?, after)),
                _ => None,
            })
    }

    /// Returns an action that deploys all changes in one deployment; `None` if no service changes.
    /// Services that cannot be promoted do not change.
    pub fn deploy(&self) -> Option<Action> {
        let selection = self.changes();
        let selection = selection.fold(ServiceSelection::new(), |all, (service, version)| {
            all.with_version(service.kind, service.id, version.clone())
        });
        let environment = self.client.environment(self.to);
        (!selection.is_empty()).then(|| environment.deploy_services(selection))
    }
}

impl fmt::Display for PromotionPlan {
    /// A line for each service: `~` changes, `=` does not, `!` cannot be promoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, service) in self.services.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            let name = Printable::new(&service.name);
            let kind = service.from.kind;
            match &service.promotion {
                Promotion::Change {
                    before: Some(before),
                    after,
                } => write!(f, "~ {name} ({kind}): {before} -> {after}")?,
                Promotion::Change { after, .. } => write!(f, "~ {name} ({kind}): {after}")?,
                Promotion::Unchanged(version) => write!(f, "= {name} ({kind}): {version}")?,
                Promotion::Missing => write!(
                    f,
                    "! {name} ({kind}): the target has no service of this name and kind, or several"
                )?,
                Promotion::Different(why) => {
                    write!(f, "! {name} ({kind}): {}", Printable::new(why))?;
                }
                Promotion::Unknown => write!(
                    f,
                    "! {name} ({kind}): the newest entries of its history ({ENTRIES} were requested) have no \
                     successful deployment with a known version"
                )?,
            }
        }
        Ok(())
    }
}

/// Compares two environments, and plans to deploy in the second one the versions that were last deployed
/// successfully in the first one.
///
/// Available on crate feature `versions` only.
///
/// Services are matched by kind and by name. Names are compared as in [`find_service`](super::find_service). A
/// service is promoted only if both have the same image name, URL of the Git repository, or chart name. Registries,
/// chart repositories and paths in a repository are not compared: check them before you deploy the plan. Takes four
/// requests, and requests the last 100 entries of each history; the API does not document how many it returns at most.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, staging: uuid::Uuid, production: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::recipes::promote;
///
/// let plan = promote(&client, staging, production).await?;
/// println!("{plan}");
/// if let Some(deploy) = plan.deploy() {
///     deploy.await?;
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the services or the history of one of the two cannot be read.
pub async fn promote(client: &Client, from: Uuid, to: Uuid) -> Result<PromotionPlan, VersionError> {
    let sources = sources(client, from).await?;
    let targets = self::sources(client, to).await?;
    let wanted = versions(client, from).await?.succeeded;
    let running = versions(client, to).await?.running;
    let mut services: Vec<PromotedService> = sources
        .iter()
        .filter(|source| !source.service.kind.versions().is_empty())
        .map(|source| {
            let alike: Vec<_> = targets
                .iter()
                .filter(|target| {
                    target.service.kind == source.service.kind
                        && comparable(&target.name) == comparable(&source.name)
                })
                .collect();
            let target = match alike.as_slice() {
                [target] => Some(*target),
                several => {
                    let mut exact = several.iter().filter(|one| one.name == source.name);
                    exact.next().filter(|_| exact.next().is_none()).copied()
                }
            };
            PromotedService {
                name: source.name.clone(),
                from: source.service,
                to: target.map(|target| target.service),
                promotion: promotion(source, target, &wanted, &running),
            }
        })
        .collect();
    services.sort_by(|a, b| a.name.cmp(&b.name).then(a.from.cmp(&b.from)));
    Ok(PromotionPlan {
        client: client.clone(),
        from,
        to,
        services,
    })
}

fn promotion(
    source: &Source,
    target: Option<&Source>,
    wanted: &HashMap<Uuid, ServiceVersion>,
    running: &HashMap<Uuid, ServiceVersion>,
) -> Promotion {
    let Some(target) = target else {
        return Promotion::Missing;
    };
    if source.origin != target.origin {
        let text = |source: &Source| {
            source
                .origin
                .clone()
                .unwrap_or_else(|| "nothing".to_owned())
        };
        let why = format!("it runs {}, the target runs {}", text(source), text(target));
        return Promotion::Different(why);
    }
    let Some(after) = wanted.get(&source.service.id) else {
        return Promotion::Unknown;
    };
    let before = running.get(&target.service.id);
    if before == Some(after) {
        return Promotion::Unchanged(after.clone());
    }
    Promotion::Change {
        before: before.cloned(),
        after: after.clone(),
    }
}

/// The versions of the services of an environment.
#[derive(Default)]
struct Versions {
    /// The versions that were last deployed successfully.
    succeeded: HashMap<Uuid, ServiceVersion>,
    /// The running versions: no later action has changed them.
    running: HashMap<Uuid, ServiceVersion>,
}

async fn versions(client: &Client, environment: Uuid) -> Result<Versions, VersionError> {
    let rows = history(client, environment, ENTRIES).await;
    let shown = named(client, "environment", environment);
    let what = format!("reading the history of {shown}");
    let rows = rows.map_err(|error| VersionError::call(what, error))?;
    let mut versions = Versions::default();
    let mut seen = HashSet::new();
    // Newest first.
    for service in rows.into_iter().flat_map(|row| row.services) {
        if changes_nothing(&service) {
            continue;
        }
        let is_newest = seen.insert(service.id);
        if !service.is_deployment() || service.outcome != DeploymentOutcome::Succeeded {
            continue;
        }
        let Some(version) = service.version else {
            continue;
        };
        if is_newest {
            versions.running.insert(service.id, version.clone());
        }
        versions.succeeded.entry(service.id).or_insert(version);
    }
    Ok(versions)
}

/// A service with its image, repository or chart, without a version.
struct Source {
    service: ServiceRef,
    name: String,
    /// The image, the repository or the chart; `None` if it is of none of these.
    origin: Option<String>,
}

async fn sources(client: &Client, environment: Uuid) -> Result<Vec<Source>, VersionError> {
    // The whole documents: the image, the repository or the chart has another place for each kind.
    let call =
        Call::<ListOf<ListServicesByEnvironmentId, Vec<Value>>>::new(client, &[&environment]);
    let shown = named(client, "environment", environment);
    let what = format!("listing the services of {shown}");
    let listed = call
        .await
        .map_err(|error| VersionError::call(what, error))?;
    let sources: Vec<_> = listed.results.iter().filter_map(source).collect();
    for source in &sources {
        client.remember_name(source.service.id, &source.name);
    }
    Ok(sources)
}

fn source(document: &Value) -> Option<Source> {
    let text = |path: &str| document.pointer(path).and_then(Value::as_str);
    let id = Uuid::try_parse(text("/id")?).ok()?;
    let kind = kind_of(text("/service_type")?)?;
    let repository = [
        "/git_repository/url",
        "/source/docker/git_repository/url",
        "/source/git/git_repository/url",
        "/terraform_files_source/git/git_repository/url",
    ];
    let image = ["/image_name", "/source/image/image_name"];
    let chart = ["/source/repository/chart_name"];
    let first = |paths: &[&str]| paths.iter().find_map(|path| text(path));
    let origin = first(&repository)
        .map(|url| {
            format!(
                "repository {}",
                url.trim_end_matches('/').trim_end_matches(".git")
            )
        })
        .or_else(|| first(&image).map(|name| format!("image {name}")))
        .or_else(|| first(&chart).map(|name| format!("chart {name}")));
    Some(Source {
        service: ServiceRef::new(kind, id),
        name: text("/name")?.to_owned(),
        origin,
    })
}

/// Whether the same version runs afterwards as before.
fn changes_nothing(service: &ServiceRow) -> bool {
    let is_harmless = ["RESTART", "DEPLOY_DRY_RUN"].contains(&service.action.as_str());
    is_harmless || service.is_plan() || service.outcome == DeploymentOutcome::NotReached
}
