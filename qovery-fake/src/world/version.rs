//! The version of a service that a deployment uses, as the history and the configuration show it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{World, environment::Service, resources::Resource};
use crate::{Trigger, Workload, settings::ConfiguredVersion};

/// The parts of a version that a deployment can name.
const PARTS: [&str; 3] = ["image_tag", "git_commit_id", "chart_version"];

/// The paths at which the configuration of a service has its Git repository.
const REPOSITORIES: [&str; 4] = [
    "/git_repository",
    "/source/docker/git_repository",
    "/source/git/git_repository",
    "/terraform_files_source/git/git_repository",
];

/// The paths of an image tag.
const TAGS: [&str; 2] = ["/tag", "/source/image/tag"];

/// The paths of the version of a chart.
const CHART_VERSIONS: [&str; 2] = [
    "/source/repository/chart_version",
    "/source/helm_repository/chart_version",
];

/// The commit that a repository has deployed.
const DEPLOYED: &str = "deployed_commit_id";

/// The source of a service that a script creates: a repository, an image or a chart of its name.
pub(crate) fn default_source(kind: Workload, name: &str) -> Map<String, Value> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let plain = |c: char| {
        if is_plain(c) {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(plain).collect();
    let git = json!({
        "provider": "GITHUB",
        "owner": "acme",
        "name": name,
        "url": format!("https://github.com/acme/{name}.git"),
        "branch": "main",
        "root_path": "/",
    });
    let image = format!("acme/{name}");
    let source = match kind {
        Workload::Application => json!({"git_repository": git}),
        Workload::Container => json!({"image_name": image, "tag": "1.0"}),
        Workload::CronJob => json!({
            "source": {"docker": {"git_repository": git, "dockerfile_path": "Dockerfile"}},
        }),
        Workload::LifecycleJob => json!({"source": {"image": {"image_name": image, "tag": "1.0"}}}),
        Workload::Helm => json!({
            "source": {"repository": {"chart_name": name, "chart_version": "1.0.0"}},
        }),
        Workload::Terraform => json!({
            "terraform_files_source": {"git": {"git_repository": git}},
        }),
        Workload::Database | Workload::AgenticWorkflow => json!({}),
    };
    source.as_object().cloned().unwrap_or_default()
}

/// The version of a service that a request names.
#[derive(Debug, Clone, Default)]
pub(crate) struct AskedVersion {
    parts: Map<String, Value>,
    /// Whether the run computes a plan and applies nothing.
    is_plan: bool,
}

impl AskedVersion {
    pub(crate) fn of(body: &Value) -> Self {
        let asked = PARTS.into_iter().filter_map(|part| {
            let value = body.get(part).filter(|value| value.is_string())?;
            Some((part.to_owned(), value.clone()))
        });
        Self {
            parts: asked.collect(),
            is_plan: body.get("action").and_then(Value::as_str) == Some("PLAN"),
        }
    }
}

/// Records the versions of a run that begins, before the history shows them.
pub(super) fn begin(
    world: &mut World,
    action: Trigger,
    services: &[Uuid],
    versions: &BTreeMap<Uuid, AskedVersion>,
) {
    if action != Trigger::Deploy {
        return;
    }
    for id in services {
        let Some(service) = world.services.get_mut(id) else {
            continue;
        };
        let asked = versions.get(id).cloned().unwrap_or_default();
        service.is_plan = asked.is_plan && service.kind == Workload::Terraform;
        service.asked = asked.parts;
        if service.is_plan || service.asked.contains_key("git_commit_id") {
            continue;
        }
        let commits = format!("/{}/{id}/commit", service.kind.segment());
        let newest = world.resources.single(&commits);
        let newest = newest.and_then(|commits| commits.pointer("/0/git_commit_id"));
        let newest = newest.cloned();
        if let Some(resource) = world.resources.get_mut(&id.to_string()) {
            Configuration(&mut resource.body).deploy_newest(newest);
        }
    }
}

/// The details in the history of a deployment that begins now, from the facts about the service.
pub(super) fn details(service: &Service, facts: &Value, date: &str) -> Value {
    let first = |paths: &[&str]| {
        let mut found = paths.iter().filter_map(|path| facts.pointer(path));
        found.find(|value| value.is_string()).cloned()
    };
    let asked = |part: &str| service.asked.get(part).cloned();
    let commit = asked("git_commit_id").or_else(|| {
        let mut repositories = REPOSITORIES.iter().filter_map(|path| facts.pointer(path));
        repositories.find_map(commit_of)
    });
    let commit = commit.map(|id| {
        json!({
            "git_commit_id": id, "created_at": date, "tag": "", "message": "",
            "author_name": "someone",
        })
    });
    let image = first(&["/image_name", "/source/image/image_name"]).unwrap_or(json!("image"));
    let tag = asked("image_tag").or_else(|| first(&TAGS));
    let chart = asked("chart_version").or_else(|| first(&CHART_VERSIONS));
    match service.kind {
        Workload::Application => match commit {
            Some(commit) => json!({"commit": commit, "build_pod_name": "builder"}),
            None => json!({}),
        },
        Workload::Container => match tag {
            Some(tag) => json!({"image_name": image, "tag": tag, "arguments": []}),
            None => json!({}),
        },
        Workload::CronJob | Workload::LifecycleJob => json!({
            "image_name": image,
            "tag": tag.unwrap_or(json!("")),
            "commit": commit,
            "job_type": if service.kind == Workload::CronJob { "CRON" } else { "LIFECYCLE" },
        }),
        Workload::Helm => match (chart, commit) {
            (Some(chart), _) => json!({
                "repository": {"chart_name": "chart", "chart_version": chart},
            }),
            (None, Some(commit)) => json!({"commit": commit}),
            (None, None) => json!({}),
        },
        Workload::Terraform => match commit {
            Some(commit) => json!({"commit": commit}),
            None => json!({}),
        },
        Workload::Database | Workload::AgenticWorkflow => json!({}),
    }
}

/// The deployed commit of a repository, or the newest one of its branch.
fn commit_of(repository: &Value) -> Option<Value> {
    let deployed = repository.get(DEPLOYED).filter(|id| id.is_string());
    deployed.cloned().or_else(|| {
        let text = |name: &str| repository.get(name).and_then(Value::as_str);
        let branch = text("branch").unwrap_or_default();
        Some(json!(newest_commit(text("url")?, branch)))
    })
}

/// The only commit of a repository whose commits no script has set.
pub(crate) fn only_commit(resource: &Resource) -> Option<Value> {
    let facts = resource.facts();
    let mut repositories = REPOSITORIES.iter().filter_map(|path| facts.pointer(path));
    let repository = repositories.next()?;
    let text = |name: &str| repository.get(name).and_then(Value::as_str);
    let commit = newest_commit(text("url")?, text("branch").unwrap_or_default());
    Some(json!({
        "git_commit_id": commit,
        "created_at": facts.get("created_at"),
        "author_name": "someone",
        "message": "commit",
        "tag": "",
    }))
}

/// Returns a commit that depends only on the repository and the branch.
fn newest_commit(url: &str, branch: &str) -> String {
    let fold = |seed: u128| {
        let bytes = url.bytes().chain([0]).chain(branch.bytes());
        bytes.fold(seed, |sum, byte| {
            (sum ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        })
    };
    let high = fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
    let low = u32::try_from(fold(high) >> 96).unwrap_or_default();
    format!("{high:032x}{low:08x}")
}

/// Stores the version of a deployment in the settings of the service, so that the service shows it.
pub(super) fn store(service: &mut Resource, version: &AskedVersion, configured: ConfiguredVersion) {
    Configuration(&mut service.body).take(version, configured);
}

/// The settings of a service, which a deployment can change.
struct Configuration<'a>(&'a mut Map<String, Value>);

impl Configuration<'_> {
    fn take(&mut self, version: &AskedVersion, configured: ConfiguredVersion) {
        let asked = |part: &str| version.parts.get(part).cloned();
        if version.is_plan {
            return;
        }
        if let Some(commit) = asked("git_commit_id") {
            self.set_deployed(commit);
        }
        if configured == ConfiguredVersion::Stays {
            return;
        }
        let places = [("image_tag", TAGS), ("chart_version", CHART_VERSIONS)];
        for (part, paths) in places {
            let Some(value) = asked(part) else { continue };
            for path in paths {
                if let Some(place) = at(self.0, path).filter(|place| place.is_string()) {
                    *place = value.clone();
                    break;
                }
            }
        }
    }

    /// Deploys the newest commit, if the repository has none deployed.
    fn deploy_newest(&mut self, newest: Option<Value>) {
        for path in REPOSITORIES {
            let Some(repository) = at(self.0, path) else {
                continue;
            };
            if repository.get(DEPLOYED).is_some_and(Value::is_string) {
                return;
            }
            if let Some(commit) = newest.or_else(|| commit_of(repository)) {
                self.set_deployed(commit);
            }
            return;
        }
    }

    fn set_deployed(&mut self, commit: Value) {
        for path in REPOSITORIES {
            if let Some(repository) = at(self.0, path).and_then(Value::as_object_mut) {
                repository.insert(DEPLOYED.to_owned(), commit);
                return;
            }
        }
    }
}

/// The value at a path of properties.
fn at<'a>(body: &'a mut Map<String, Value>, path: &str) -> Option<&'a mut Value> {
    let (name, rest) = match path.trim_start_matches('/').split_once('/') {
        Some((name, rest)) => (name, format!("/{rest}")),
        None => (path.trim_start_matches('/'), String::new()),
    };
    body.get_mut(name)?.pointer_mut(&rest)
}

/// If the settings of a service have one shape in requests and another one in responses,
/// gives them the shape of the response.
pub(crate) fn as_read(body: &mut Map<String, Value>) {
    if let Some(source) = body.get_mut("source").and_then(Value::as_object_mut) {
        if let Some(git) = source.remove("git_repository") {
            source.insert("git".to_owned(), json!({ "git_repository": git }));
        }
        if let Some(mut chart) = source.remove("helm_repository") {
            if let Some(id) = chart.get("repository").filter(|id| id.is_string()).cloned()
                && let Some(chart) = chart.as_object_mut()
            {
                let repository =
                    json!({"id": id, "name": "charts", "url": "https://charts.example.com"});
                chart.insert("repository".to_owned(), repository);
            }
            source.insert("repository".to_owned(), chart);
        }
    }
    if let Some(files) = body
        .get_mut("terraform_files_source")
        .and_then(Value::as_object_mut)
        && let Some(git) = files.remove("git_repository")
    {
        files.insert("git".to_owned(), json!({ "git_repository": git }));
    }
}
