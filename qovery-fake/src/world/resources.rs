//! Everything that has an id, as JSON facts.
//!
//! The server's properties and the client's properties are stored separately; a response is built from
//! both and the schema of the operation that reads the resource.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

/// One resource.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// The path template of the resource itself, such as `/project/{projectId}`.
    pub(crate) template: String,
    pub(crate) id: String,
    /// The ids of its parents, by path parameter.
    pub(crate) parents: BTreeMap<String, String>,
    /// The properties set by the server.
    pub(crate) server: Map<String, Value>,
    /// The properties set by a client or a script; an edit replaces them as a whole.
    pub(crate) body: Map<String, Value>,
}

impl Resource {
    /// Returns all known properties; the server's properties take precedence.
    pub(crate) fn facts(&self) -> Value {
        let mut facts = self.body.clone();
        facts.extend(self.server.clone());
        Value::Object(facts)
    }

    /// The name of the parameter that names it in a path.
    pub(crate) fn parameter(&self) -> &str {
        let last = self.template.rsplit('/').next().unwrap_or_default();
        last.trim_matches(['{', '}'])
    }

    /// The segment that its paths have before the id.
    pub(crate) fn segment(&self) -> &str {
        self.template.rsplit('/').nth(1).unwrap_or_default()
    }
}

/// All resources, and the documents of paths that have one document each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resources {
    by_id: HashMap<String, Resource>,
    /// Ids by template, in order of creation.
    order: BTreeMap<String, Vec<String>>,
    singles: BTreeMap<String, Value>,
}

impl Resources {
    pub(crate) fn insert(&mut self, resource: Resource) {
        let known = self.by_id.get(&resource.id);
        if known.is_none_or(|known| known.template != resource.template) {
            let ids = self.order.entry(resource.template.clone()).or_default();
            ids.push(resource.id.clone());
        }
        self.by_id.insert(resource.id.clone(), resource);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Resource> {
        self.by_id.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Resource> {
        self.by_id.get_mut(id)
    }

    /// The resources of a template, in order of creation.
    pub(crate) fn of<'a>(
        &'a self,
        template: &str,
    ) -> impl DoubleEndedIterator<Item = &'a Resource> {
        let ids = self
            .order
            .get(template)
            .map(Vec::as_slice)
            .unwrap_or_default();
        ids.iter().filter_map(|id| self.by_id.get(id))
    }

    /// Removes a resource and everything that belongs to it.
    pub(crate) fn remove(&mut self, id: &str) -> Vec<Resource> {
        let doomed: Vec<String> = self
            .by_id
            .values()
            .filter(|resource| resource.id == id || resource.parents.values().any(|p| p == id))
            .map(|resource| resource.id.clone())
            .collect();
        let removed = doomed
            .iter()
            .filter_map(|id| self.by_id.remove(id))
            .collect();
        for ids in self.order.values_mut() {
            ids.retain(|id| !doomed.contains(id));
        }
        removed
    }

    pub(crate) fn single(&self, path: &str) -> Option<&Value> {
        self.singles.get(path)
    }

    pub(crate) fn set_single(&mut self, path: &str, document: Value) {
        self.singles.insert(path.to_owned(), document);
    }
}

/// How parents show in a resource: `{environment: {id}}` and `environment_id`.
pub(crate) fn parent_facts(parents: &BTreeMap<String, String>) -> Map<String, Value> {
    let mut facts = Map::new();
    for (parameter, id) in parents {
        let name = snake_case(parameter.strip_suffix("Id").unwrap_or(parameter));
        facts.insert(format!("{name}_id"), json!(id));
        facts.insert(name, json!({ "id": id }));
    }
    facts
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
