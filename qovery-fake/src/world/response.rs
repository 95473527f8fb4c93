//! Converts facts of requests to the form of responses: references become the objects that they name, and sources have
//! the form of the API.
//!
//! The conversion works on facts, by the names that the API uses in all schemas. Later, the schema of the response
//! selects the facts that it declares.

use serde_json::{Map, Value, json};

use super::resources::{Resource, Resources};
use crate::json::set;

/// The facts about a resource, as responses show them.
pub(crate) fn shown(resources: &Resources, resource: &Resource) -> Value {
    let references = References(resources);
    let mut facts = resource.facts();
    if let Some(facts) = facts.as_object_mut() {
        if resource.parameter() == "environmentId" {
            references.show_cloud_provider(facts);
        }
        show_sources(facts);
        references.resolve(facts);
    }
    facts
}

/// The resources that the facts of another one refer to.
struct References<'a>(&'a Resources);

impl References<'_> {
    /// The provider of an environment is that of its cluster.
    fn show_cloud_provider(&self, facts: &mut Map<String, Value>) {
        let Some(cluster) = facts.get("cluster_id").cloned() else {
            return;
        };
        let known = cluster.as_str().and_then(|id| self.0.get(id));
        let provider = known.and_then(|known| known.facts().get("cloud_provider").cloned());
        let provider = provider.unwrap_or_else(|| json!("AWS"));
        let shown = json!({ "provider": provider, "cluster": cluster });
        facts.insert("cloud_provider".to_owned(), shown);
    }

    /// Completes references at every depth: `registry_id` names `registry`, and an object with an id
    /// has the facts about its resource.
    fn resolve(&self, facts: &mut Map<String, Value>) {
        let named: Vec<(String, String)> = facts
            .iter()
            .filter_map(|(name, id)| {
                let name = name.strip_suffix("_id").filter(|name| !name.is_empty())?;
                let id = id.as_str().filter(|id| is_id(id))?;
                Some((name.to_owned(), id.to_owned()))
            })
            .collect();
        for (name, id) in named {
            let object = facts.entry(&name).or_insert(Value::Null);
            if object.is_null() {
                *object = json!({});
            }
            if let Some(object) = object.as_object_mut() {
                object.insert("id".to_owned(), json!(id));
            }
            let known = self.0.get(&id);
            if let Some(called) = known.and_then(|known| known.facts().get("name").cloned()) {
                facts.entry(format!("{name}_name")).or_insert(called);
            }
        }
        let mut ids = Vec::new();
        for (name, value) in facts.iter_mut() {
            self.resolve_value(value);
            if let Some(id) = value.get("id").filter(|id| id.is_string()) {
                ids.push((format!("{name}_id"), id.clone()));
            }
        }
        for (name, id) in ids {
            facts.entry(name).or_insert(id);
        }
    }

    fn resolve_value(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values
                .iter_mut()
                .for_each(|value| self.resolve_value(value)),
            Value::Object(facts) => {
                self.resolve(facts);
                let known = facts.get("id").and_then(Value::as_str);
                if let Some(known) = known.and_then(|id| self.0.get(id)) {
                    let known = known.facts();
                    for (name, value) in known.as_object().into_iter().flatten() {
                        let fact = facts.entry(name).or_insert(Value::Null);
                        // An edit may have kept the name from an earlier reference.
                        if fact.is_null() || name == "name" {
                            *fact = value.clone();
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a text can name a resource: the contract also has ids of other systems.
fn is_id(text: &str) -> bool {
    uuid::Uuid::parse_str(text).is_ok()
}

/// Completes the sources of services.
fn show_sources(facts: &mut Map<String, Value>) {
    for name in ["source", "terraform_files_source"] {
        let Some(source) = facts.get_mut(name).and_then(Value::as_object_mut) else {
            continue;
        };
        source.retain(|_, value| !value.is_null());
        if let Some(chart) = source.remove("helm_repository") {
            let mut chart = chart;
            if let Some(id) = chart.get("repository").filter(|id| id.is_string()).cloned() {
                set(&mut chart, "repository", json!({ "id": id }));
            }
            source.entry("repository").or_insert(chart);
        }
        if let Some(repository) = source.remove("git_repository") {
            let git = json!({ "git_repository": repository });
            source.entry("git").or_insert(git);
        }
    }
    for value in facts.values_mut() {
        show_repositories(value);
    }
    if let Some(repository) = facts.get_mut("git_repository") {
        show_repository(repository);
    }
}

/// Shows Git repositories at every depth.
fn show_repositories(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(show_repositories),
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if name == "git_repository" {
                    show_repository(value);
                }
                show_repositories(value);
            }
        }
        _ => {}
    }
}

/// Adds the owner and the name that the URL of a Git repository has.
fn show_repository(repository: &mut Value) {
    let Some(url) = repository.get("url").and_then(Value::as_str) else {
        return;
    };
    let path = url.trim_end_matches('/').trim_end_matches(".git");
    let mut segments = path.rsplit(['/', ':']).map(str::to_owned);
    let (name, owner) = (segments.next(), segments.next());
    for (property, value) in [("name", name), ("owner", owner)] {
        if let (None, Some(value)) = (repository.get(property), value) {
            set(repository, property, json!(value));
        }
    }
    if repository.get("has_access").is_none() {
        set(repository, "has_access", json!(true));
    }
}
