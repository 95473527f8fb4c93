//! The version of a service that a deployment uses, as the history shows it.

use serde_json::{Map, Value, json};

use super::{environment::Service, resources::Resource};
use crate::Workload;

/// The parts of a version that a deployment can name.
const PARTS: [&str; 3] = ["image_tag", "git_commit_id", "chart_version"];

impl Service {
    /// Stores the version of a deployment, so that the history shows it.
    pub(crate) fn take_version(&mut self, body: &Value) {
        for part in PARTS {
            if let Some(value) = body.get(part).filter(|value| value.is_string()) {
                self.asked.insert(part.to_owned(), value.clone());
            }
        }
        let action = body.get("action").and_then(Value::as_str);
        self.is_plan = self.kind == Workload::Terraform && action == Some("PLAN");
    }

    /// The details in the history of a deployment that begins now, from the facts about the service.
    pub(super) fn version_details(&self, facts: &Value, date: &str) -> Value {
        let first = |paths: &[&str]| {
            let mut found = paths.iter().filter_map(|path| facts.pointer(path));
            found.find(|value| value.is_string()).cloned()
        };
        let asked = |part: &str| self.asked.get(part).cloned();
        let commit =
            asked("git_commit_id").or_else(|| first(&["/git_repository/deployed_commit_id"]));
        let commit = commit.map(|id| {
            json!({
                "git_commit_id": id, "created_at": date, "tag": "", "message": "",
                "author_name": "someone",
            })
        });
        let image = first(&["/image_name", "/source/image/image_name"]).unwrap_or(json!("image"));
        let tag = first(&["/tag"]).or_else(|| asked("image_tag"));
        let tag = tag.or_else(|| first(&["/source/image/tag"]));
        let chart = asked("chart_version").or_else(|| {
            let paths = [
                "/source/repository/chart_version",
                "/source/helm_repository/chart_version",
            ];
            first(&paths)
        });
        match self.kind {
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
                "job_type": if self.kind == Workload::CronJob { "CRON" } else { "LIFECYCLE" },
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
}

impl Resource {
    /// Stores the version of a deployment, so that the service shows it.
    pub(crate) fn take_version(&mut self, body: &Value) {
        if let Some(tag) = body.get("image_tag").filter(|tag| tag.is_string()) {
            self.body.insert("tag".to_owned(), tag.clone());
        }
        if let Some(commit) = body
            .get("git_commit_id")
            .filter(|commit| commit.is_string())
            && let Some(repository) = self.body.get_mut("git_repository")
            && let Some(repository) = repository.as_object_mut()
        {
            repository.insert("deployed_commit_id".to_owned(), commit.clone());
        }
    }
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
