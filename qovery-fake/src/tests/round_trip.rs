//! Resources read back as they were created or edited, for all write/read pairs of the contract.
//!
//! The pairs and the bodies are derived from the contract alone, by code that the fake does not use.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Map, Value, json};

use super::Setup;
use crate::Workload;

const DEPTH: usize = 12;

/// Reads the contract independently of the code of the fake.
struct Oracle {
    document: Value,
}

/// A schema with its references followed and its `allOf` merged.
#[derive(Debug, Default, Clone)]
struct Flat {
    own: Map<String, Value>,
    properties: BTreeMap<String, Value>,
    required: BTreeSet<String>,
    alternatives: Vec<Value>,
    discriminator: Value,
    is_nullable: bool,
}

impl Oracle {
    fn new() -> Self {
        let document = serde_json::from_str(include_str!("../generated/contract.json")).unwrap();
        Self { document }
    }

    fn follow<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            value = self.document.pointer(&reference[1..]).unwrap();
        }
        value
    }

    fn flat(&self, schema: &Value) -> Flat {
        let mut flat = Flat::default();
        self.merge(schema, &mut flat, 0);
        flat
    }

    fn merge(&self, schema: &Value, flat: &mut Flat, depth: usize) {
        let followed = self.follow(schema);
        assert!(depth < 30, "{schema}");
        let parts = followed["allOf"].as_array().cloned().unwrap_or_default();
        for part in &parts {
            self.merge(part, flat, depth + 1);
        }
        let says_null = schema["nullable"] == true || followed["nullable"] == true;
        flat.is_nullable = says_null || (flat.is_nullable && depth > 0 && parts.len() == 1);
        for (key, value) in followed.as_object().unwrap() {
            flat.own.insert(key.clone(), value.clone());
        }
        for (name, property) in followed["properties"].as_object().into_iter().flatten() {
            flat.properties.insert(name.clone(), property.clone());
        }
        for name in followed["required"].as_array().into_iter().flatten() {
            flat.required.insert(name.as_str().unwrap().to_owned());
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(members) = followed[key].as_array() {
                flat.alternatives.clone_from(members);
                flat.discriminator = followed["discriminator"].clone();
            }
        }
    }

    /// The schema of a request's JSON body, and that of its successful JSON response.
    fn body_of<'a>(&'a self, operation: &'a Value) -> Option<&'a Value> {
        let body = self.follow(operation.get("requestBody")?);
        body.pointer("/content/application~1json/schema")
    }

    fn response_of<'a>(&'a self, operation: &'a Value) -> Option<&'a Value> {
        let responses = operation["responses"].as_object()?;
        let mut successes = responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'));
        let (_, response) = successes.next()?;
        self.follow(response)
            .pointer("/content/application~1json/schema")
    }

    fn operation(&self, template: &str, method: &str) -> Option<&Value> {
        self.document["paths"].get(template)?.get(method)
    }

    fn templates(&self) -> Vec<String> {
        let paths = self.document["paths"].as_object().unwrap();
        paths.keys().cloned().collect()
    }
}

/// Generates bodies that a schema allows.
struct Sampler<'a> {
    oracle: &'a Oracle,
    dice: fastrand::Rng,
    /// Ids of existing resources, by the name of the field that refers to one.
    references: &'a BTreeMap<&'static str, String>,
}

impl Sampler<'_> {
    fn sample(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        let flat = self.oracle.flat(schema);
        if flat.is_nullable && self.dice.u8(..5) == 0 {
            return Value::Null;
        }
        if let Some(values) = flat.own.get("enum").and_then(Value::as_array) {
            return values[self.dice.usize(..values.len())].clone();
        }
        let mut object = Map::new();
        if !flat.alternatives.is_empty() {
            let member = &flat.alternatives[self.dice.usize(..flat.alternatives.len())];
            let sampled = self.sample(member, name, depth + 1);
            let Value::Object(sampled) = sampled else {
                return sampled;
            };
            object.extend(sampled);
            let mapping = flat.discriminator["mapping"].as_object();
            let mut mapping = mapping.into_iter().flatten();
            if let Some((value, _)) = mapping.find(|(_, target)| **target == member["$ref"]) {
                let property = flat.discriminator["propertyName"].as_str().unwrap();
                object.insert(property.to_owned(), json!(value));
            }
        }
        let kind = flat.own.get("type").and_then(Value::as_str);
        let kind = match kind {
            Some("object") | None if !flat.properties.is_empty() || !object.is_empty() => "object",
            Some(kind) => kind,
            None => return json!({}),
        };
        match kind {
            "object" => {
                for (name, property) in &flat.properties {
                    let declared = self.oracle.follow(property);
                    if declared["readOnly"] == true || object.contains_key(name) {
                        continue;
                    }
                    let wanted = depth < DEPTH && self.dice.u8(..4) > 0;
                    if flat.required.contains(name) || wanted {
                        object.insert(name.clone(), self.sample(property, name, depth + 1));
                    }
                }
                if let Some(additional) = flat.own.get("additionalProperties")
                    && additional.is_object()
                    && depth < DEPTH
                {
                    object.insert(
                        "a".to_owned(),
                        self.sample(&additional.clone(), "a", depth + 1),
                    );
                }
                Value::Object(object)
            }
            "array" => {
                let least = flat
                    .own
                    .get("minItems")
                    .and_then(Value::as_u64)
                    .unwrap_or(0);
                let count = if depth < DEPTH {
                    self.dice.u64(least..least + 3)
                } else {
                    least
                };
                let items = flat
                    .own
                    .get("items")
                    .cloned()
                    .unwrap_or(json!({"type": "string"}));
                (0..count)
                    .map(|_| self.sample(&items, name, depth + 1))
                    .collect()
            }
            "boolean" => json!(self.dice.bool()),
            "integer" | "number" => {
                let bound = |key| flat.own.get(key).and_then(Value::as_f64);
                let least = bound("minimum").unwrap_or(1.0) as i64;
                let most = bound("maximum").map_or(least + 1_000, |most| most as i64);
                json!(self.dice.i64(least..=most))
            }
            _ => self.text(&flat, name),
        }
    }

    fn text(&mut self, flat: &Flat, name: &str) -> Value {
        if let Some(id) = self.references.get(name) {
            return json!(id);
        }
        let number = self.dice.u32(..);
        let text = match flat.own.get("format").and_then(Value::as_str) {
            Some("uuid") => uuid::Uuid::from_u128(u128::from(number) << 80).to_string(),
            Some("date-time") => format!("2026-03-0{}T10:20:30Z", number % 9 + 1),
            Some("date") => format!("2026-03-0{}", number % 9 + 1),
            Some("uri") => format!("https://{number}.example.com/path"),
            Some("email") => format!("{number}@example.com"),
            Some("duration") => format!("PT{number}S"),
            _ if flat.own.contains_key("pattern") => {
                let schema = Value::Object(flat.own.clone());
                return super::super::contract::Contract::shared().build(
                    &schema,
                    &Value::Null,
                    super::super::contract::Amount::Minimal,
                );
            }
            _ => format!("{name} {number}"),
        };
        let most = flat
            .own
            .get("maxLength")
            .and_then(Value::as_u64)
            .unwrap_or(255);
        json!(text.chars().take(most as usize).collect::<String>())
    }
}

/// Compares the sent body with the read body, as far as the schemas share fields.
struct Comparison<'a> {
    oracle: &'a Oracle,
    differences: Vec<String>,
}

impl Comparison<'_> {
    fn compare(&mut self, sent: &Value, read: &Value, schema: &Value, path: &str) {
        match (sent, read) {
            (Value::Object(sent), Value::Object(found)) => {
                let declared = self.declared(schema, found);
                for (name, value) in sent {
                    let path = format!("{path}.{name}");
                    let Some(property) = declared.get(name) else {
                        continue;
                    };
                    match found.get(name) {
                        Some(read) => self.compare(value, read, property, &path),
                        None if value.is_null() => {}
                        None => self.differences.push(format!("{path} is missing: {value}")),
                    }
                }
            }
            (Value::Array(sent), Value::Array(found)) if sent.len() == found.len() => {
                let items = self.oracle.flat(schema).own.get("items").cloned();
                let items = items.unwrap_or(Value::Null);
                for (index, (sent, read)) in sent.iter().zip(found).enumerate() {
                    self.compare(sent, read, &items, &format!("{path}[{index}]"));
                }
            }
            (Value::Null, _) if !self.oracle.flat(schema).is_nullable => {}
            (sent, read) if sent == read => {}
            // The response has the referenced object in place of a reference.
            (Value::String(id), read) if read.get("id").is_some_and(|read| read == id) => {}
            _ => self
                .differences
                .push(format!("{path}: sent {sent}, read {read}")),
        }
    }

    /// The properties that a schema has for a value. For a union, these are the properties of the members that fit the
    /// value.
    fn declared(&self, schema: &Value, value: &Map<String, Value>) -> BTreeMap<String, Value> {
        if schema.is_null() {
            return BTreeMap::new();
        }
        let flat = self.oracle.flat(schema);
        let mut declared = flat.properties.clone();
        if let Some(additional) = flat
            .own
            .get("additionalProperties")
            .filter(|a| a.is_object())
        {
            for name in value.keys() {
                declared.entry(name.clone()).or_insert(additional.clone());
            }
        }
        let members = flat
            .alternatives
            .iter()
            .map(|member| self.declared(member, value));
        let fits = |member: &BTreeMap<String, Value>| {
            let known = |name: &String| member.contains_key(name) || declared.contains_key(name);
            value.keys().all(known)
        };
        let fitting: Vec<_> = members.filter(fits).collect();
        for member in fitting {
            declared.extend(member);
        }
        declared
    }
}

/// One world with a resource of each kind that a path or a body can refer to.
struct Scene {
    setup: Setup,
    /// Values of path parameters.
    parameters: BTreeMap<String, String>,
    references: BTreeMap<&'static str, String>,
    /// The resource that was created last, by the template of its path.
    created: BTreeMap<String, String>,
}

impl Scene {
    fn new() -> Self {
        let setup = Setup::new();
        let environment = setup.fake.environment("preview");
        let mut parameters = BTreeMap::new();
        let mut know = |name: &str, id: &dyn ToString| {
            parameters.insert(name.to_owned(), id.to_string());
        };
        know("organizationId", &environment.organization_id());
        know("projectId", &environment.project_id());
        know("environmentId", &environment.id());
        know("clusterId", &environment.cluster_id());
        for kind in Workload::ALL {
            let service = environment.service(kind, &format!("{kind:?}"));
            know(&format!("{}Id", kind.segment()), &service.id());
            know("serviceId", &service.id());
        }
        let mut references = BTreeMap::from([
            ("cluster", environment.cluster_id().to_string()),
            ("cluster_id", environment.cluster_id().to_string()),
            ("environment_id", environment.id().to_string()),
            ("project_id", environment.project_id().to_string()),
            ("organization_id", environment.organization_id().to_string()),
            ("variable_parent_id", environment.project_id().to_string()),
            ("alias_parent_id", environment.project_id().to_string()),
            ("override_parent_id", environment.project_id().to_string()),
        ]);
        let organization = format!("/organization/{}", environment.organization_id());
        let create = |path: &str, body: Value| {
            let path = format!("{organization}/{path}");
            let (status, created) = setup.call(Method::POST, &path, &body);
            assert!(status < 300, "{path}: {created}");
            created["id"].as_str().unwrap().to_owned()
        };
        let registry = json!({"name": "my registry", "kind": "ECR", "config": {}, "url": "https://r.example.com"});
        references.insert("registry_id", create("containerRegistry", registry));
        let repository = json!({
            "name": "my charts", "kind": "HTTPS", "skip_tls_verification": false, "config": {},
            "url": "https://charts.example.com",
        });
        references.insert("repository", create("helmRepository", repository));
        let token = json!({"name": "my token", "type": "GITHUB", "token": "t"});
        references.insert("git_token_id", create("gitToken", token));
        Self {
            setup,
            parameters,
            references,
            created: BTreeMap::new(),
        }
    }

    /// Checks that each id belongs to the object beside it, and that this object has the right name.
    fn check_references(&self, read: &Value, path: &str, found: &mut Vec<String>) {
        match read {
            Value::Array(values) => {
                for value in values {
                    self.check_references(value, &format!("{path}[]"), found);
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    let path = format!("{path}.{name}");
                    if let Some(id) = members.get(&format!("{name}_id"))
                        && !id.is_null()
                        && value.get("id").is_some_and(|inner| inner != id)
                    {
                        found.push(format!("{path}: {value} is not {id}"));
                    }
                    for (kind, called) in [
                        ("registry_id", "my registry"),
                        ("repository", "my charts"),
                        ("git_token_id", "my token"),
                    ] {
                        let is_it = value.get("id") == Some(&json!(self.references[kind]));
                        if is_it && value.get("name").is_some_and(|name| name != called) {
                            found.push(format!("{path}: {value} is called {called}"));
                        }
                    }
                    self.check_references(value, &path, found);
                }
            }
            _ => {}
        }
    }

    fn path(&self, template: &str) -> Option<String> {
        let mut path = String::new();
        for (index, segment) in template.split('/').enumerate().skip(1) {
            path.push('/');
            let is_last = index == template.matches('/').count();
            if let Some(id) = self.created.get(template).filter(|_| is_last) {
                path.push_str(id);
                continue;
            }
            match segment
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) => path.push_str(self.parameters.get(name)?),
                None => path.push_str(segment),
            }
        }
        Some(path)
    }
}

/// The template of the resources of a collection: below it, or at the top.
fn item_of<'a>(templates: &'a [String], collection: &str) -> Option<&'a String> {
    let last = collection.rsplit('/').next()?;
    let is_item = |template: &&String, parent: &str| {
        let below = template
            .strip_prefix(parent)
            .and_then(|rest| rest.strip_prefix("/{"));
        below.is_some_and(|rest| rest.ends_with('}') && !rest.contains('/'))
    };
    templates
        .iter()
        .find(|template| is_item(template, collection))
        .or_else(|| {
            templates
                .iter()
                .find(|template| is_item(template, &format!("/{last}")))
        })
}

fn parameter(template: &str) -> &str {
    template
        .rsplit('/')
        .next()
        .unwrap()
        .trim_matches(['{', '}'])
}

struct Round<'a> {
    oracle: &'a Oracle,
    scene: Scene,
    seed: u64,
    pairs: BTreeSet<String>,
    failures: Vec<String>,
}

impl Round<'_> {
    fn body(&mut self, operation: &Value) -> Option<Value> {
        let schema = self.oracle.body_of(operation)?;
        self.seed += 1;
        let mut sampler = Sampler {
            oracle: self.oracle,
            dice: fastrand::Rng::with_seed(self.seed),
            references: &self.scene.references,
        };
        Some(sampler.sample(schema, "body", 0))
    }

    fn check(&mut self, pair: &str, sent: &Value, read: &Value, schema: &Value) {
        self.pairs.insert(pair.to_owned());
        let mut comparison = Comparison {
            oracle: self.oracle,
            differences: Vec::new(),
        };
        comparison.compare(sent, read, schema, "");
        for difference in comparison.differences {
            // The value of a secret is never read back.
            let is_secret = read["is_secret"] == true && difference.starts_with(".value: ");
            // According to the contract, a null value keeps the old one.
            let is_kept = difference.starts_with(".value: sent null, ");
            if !is_secret && !is_kept {
                self.failures.push(format!("{pair}{difference}"));
            }
        }
        let mut disagreements = Vec::new();
        self.scene.check_references(read, "", &mut disagreements);
        for disagreement in disagreements {
            self.failures.push(format!("{pair}{disagreement}"));
        }
    }

    /// Reads a resource by its path and in its list.
    fn read(&mut self, name: &str, collection: &str, item: Option<&str>, id: &str, sent: &Value) {
        if let Some(item) = item
            && let Some(get) = self.oracle.operation(item, "get")
            && let Some(schema) = self.oracle.response_of(get)
            && let Some(path) = self.scene.path(item)
        {
            let (status, read) = self.scene.setup.call(Method::GET, &path, &Value::Null);
            if status == 200 {
                self.check(&format!("{name} / GET {item} "), sent, &read, schema);
            } else {
                self.failures
                    .push(format!("{name} / GET {path}: {status} {read}"));
            }
        }
        if let Some(list) = self.oracle.operation(collection, "get")
            && let Some(schema) = self.oracle.response_of(list)
            && let Some(path) = self.scene.path(collection)
        {
            // This list is the only one that requires query parameters: its parent and scope.
            let query = match collection {
                "/variable" => {
                    let scope = sent.get("variable_scope").and_then(Value::as_str);
                    let Some(scope) = scope else { return };
                    let parent = &self.scene.parameters["projectId"];
                    format!("?parent_id={parent}&scope={scope}")
                }
                _ => String::new(),
            };
            let path = format!("{path}{query}");
            let (status, read) = self.scene.setup.call(Method::GET, &path, &Value::Null);
            if status != 200 {
                self.failures
                    .push(format!("{name} / GET {path}: {status} {read}"));
                return;
            }
            let results = self.oracle.flat(schema);
            let Some(results) = results.properties.get("results") else {
                self.check(&format!("{name} / GET {collection} "), sent, &read, schema);
                return;
            };
            let schema = self.oracle.flat(results).own.get("items").cloned().unwrap();
            let mut found = read["results"].as_array().into_iter().flatten();
            match found.find(|found| found["id"] == id) {
                Some(found) => {
                    self.check(
                        &format!("{name} / GET {collection} "),
                        sent,
                        &found.clone(),
                        &schema,
                    );
                }
                None if !self.oracle.flat(&schema).properties.contains_key("id") => {}
                None => self
                    .failures
                    .push(format!("{name}: {collection} does not list {id}")),
            }
        }
    }

    fn create(&mut self, templates: &[String], template: &str) {
        let Some(post) = self.oracle.operation(template, "post") else {
            return;
        };
        let schema = self.oracle.response_of(post);
        let item = item_of(templates, template);
        let is_listed = self.oracle.operation(template, "get").is_some();
        let (Some(path), true) = (self.scene.path(template), item.is_some() || is_listed) else {
            return;
        };
        let Some(sent) = self.body(post) else { return };
        let name = post["operationId"].as_str().unwrap().to_owned();
        let (status, created) = self.scene.setup.call(Method::POST, &path, &sent);
        if status >= 300 {
            self.failures
                .push(format!("{name}: {status} {created} for {sent}"));
            return;
        }
        if let Some(schema) = schema {
            self.check(&format!("{name} "), &sent, &created, schema);
        }
        let Some(id) = created["id"].as_str().map(str::to_owned) else {
            // The path has a single document, or the operation stores nothing.
            let get = self.oracle.operation(template, "get");
            let read = get.and_then(|get| self.oracle.response_of(get));
            let is_list = |read| self.oracle.flat(read).properties.contains_key("results");
            if read.is_some_and(|read| !is_list(read)) {
                self.read(&name, template, None, "", &sent);
            }
            return;
        };
        if let Some(item) = item {
            self.scene
                .parameters
                .entry(parameter(item).to_owned())
                .or_insert(id.clone());
            self.scene.created.insert(item.clone(), id.clone());
        }
        self.read(&name, template, item.map(String::as_str), &id, &sent);
    }

    /// Finds the id of a resource that exists from the beginning, once for each owner.
    fn find_single(&mut self, template: &str) {
        let Some((collection, _)) = template
            .rsplit_once("/{")
            .filter(|_| template.ends_with('}'))
        else {
            return;
        };
        let is_read = self.oracle.operation(collection, "get").is_some();
        let is_known = self.scene.created.contains_key(template);
        let Some(path) = self.scene.path(collection).filter(|_| is_read && !is_known) else {
            return;
        };
        let (_, read) = self.scene.setup.call(Method::GET, &path, &Value::Null);
        if let Some(id) = read["id"].as_str() {
            self.scene
                .created
                .insert(template.to_owned(), id.to_owned());
        }
    }

    fn edit(&mut self, template: &str, method: Method) {
        let Some(edit) = self
            .oracle
            .operation(template, &method.as_str().to_lowercase())
        else {
            return;
        };
        self.find_single(template);
        let Some(path) = self.scene.path(template) else {
            return;
        };
        let Some(sent) = self.body(edit) else { return };
        let name = edit["operationId"].as_str().unwrap().to_owned();
        let (status, edited) = self.scene.setup.call(method, &path, &sent);
        if status >= 300 {
            self.failures
                .push(format!("{name}: {status} {edited} for {sent}"));
            return;
        }
        if let Some(schema) = self.oracle.response_of(edit) {
            self.check(&format!("{name} "), &sent, &edited, schema);
        }
        let collection = template
            .rsplit_once("/{")
            .map_or("", |(collection, _)| collection);
        let id = path.rsplit('/').next().unwrap().to_owned();
        let collection = if template.ends_with('}') {
            collection
        } else {
            ""
        };
        self.read(&name, collection, Some(template), &id, &sent);
    }
}

#[test]
fn every_created_or_edited_resource_is_read_back_as_it_was_sent() {
    let oracle = Oracle::new();
    let mut templates = oracle.templates();
    templates.sort_by_key(|template| template.matches('/').count());
    let mut pairs = BTreeSet::new();
    let mut failures = BTreeMap::new();
    let rounds = std::env::var("ROUND_TRIPS")
        .ok()
        .and_then(|count| count.parse().ok());
    for seed in 0..rounds.unwrap_or(12_u64) {
        let mut round = Round {
            oracle: &oracle,
            scene: Scene::new(),
            seed: seed * 100_000,
            pairs: BTreeSet::new(),
            failures: Vec::new(),
        };
        for template in &templates {
            round.create(&templates, template);
        }
        for template in &templates {
            round.edit(template, Method::PUT);
            round.edit(template, Method::PATCH);
        }
        pairs.append(&mut round.pairs);
        for failure in round.failures {
            let key: String = failure.split([':', '{']).next().unwrap().to_owned();
            failures.entry(key).or_insert(failure);
        }
    }
    let failures: Vec<_> = failures.into_values().collect();
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        pairs.len(),
        failures.join("\n")
    );
    assert!(pairs.len() > 200, "only {} pairs were tried", pairs.len());
}

/// Creates a resource and reads it back.
fn created(scene: &Scene, template: &str, body: &Value) -> Value {
    let path = scene.path(template).unwrap();
    let (status, created) = scene.setup.call(Method::POST, &path, body);
    assert!(status < 300, "{template}: {created}");
    let kind = template.rsplit('/').next().unwrap();
    let read = scene
        .setup
        .get(&format!("/{kind}/{}", created["id"].as_str().unwrap()));
    assert_eq!(read, created, "{template}");
    read
}

#[test]
fn a_helm_service_keeps_the_source_of_its_creation() {
    let scene = Scene::new();
    let template = "/environment/{environmentId}/helm";
    let mut body = json!({
        "name": "charts", "auto_deploy": false, "arguments": ["--wait"], "values_override": {},
        "source": {"helm_repository": {
            "repository": scene.references["repository"], "chart_name": "redis", "chart_version": "1.2",
        }},
    });
    let read = created(&scene, template, &body);
    let chart = &read["source"]["repository"];
    assert_eq!(chart["chart_name"], "redis");
    assert_eq!(chart["chart_version"], "1.2");
    assert_eq!(chart["repository"]["id"], scene.references["repository"]);
    assert_eq!(chart["repository"]["name"], "my charts");
    assert_eq!(chart["repository"]["url"], "https://charts.example.com");
    assert!(read["source"].get("git").is_none(), "{read}");

    let git = json!({
        "url": "https://gitlab.com/acme/charts.git", "branch": "main", "root_path": "/redis",
        "git_token_id": scene.references["git_token_id"], "provider": "GITLAB",
    });
    body["source"] = json!({"git_repository": git, "helm_repository": null});
    let path = format!("/helm/{}", read["id"].as_str().unwrap());
    let (status, edited) = scene.setup.call(Method::PUT, &path, &body);
    assert_eq!(status, 200, "{edited}");
    let repository = &scene.setup.get(&path)["source"]["git"]["git_repository"];
    assert_eq!(repository["url"], "https://gitlab.com/acme/charts.git");
    assert_eq!(repository["branch"], "main");
    assert_eq!(repository["root_path"], "/redis");
    assert_eq!(repository["provider"], "GITLAB");
    assert_eq!(repository["git_token_id"], scene.references["git_token_id"]);
    assert_eq!(
        (&repository["owner"], &repository["name"]),
        (&json!("acme"), &json!("charts"))
    );
}

#[test]
fn references_of_containers_jobs_and_terraforms_are_answered_with_their_objects() {
    let scene = Scene::new();
    let registry = &scene.references["registry_id"];
    let body = json!({
        "name": "web", "registry_id": registry, "image_name": "acme/web", "tag": "1", "healthchecks": {},
    });
    let container = created(&scene, "/environment/{environmentId}/container", &body);
    assert_eq!(container["registry"]["id"], *registry);
    assert_eq!(container["registry"]["name"], "my registry");
    assert_eq!(container["registry"]["url"], "https://r.example.com");
    assert_eq!(container["registry_id"], *registry);

    let image = json!({"image_name": "acme/job", "tag": "2", "registry_id": registry});
    let body = json!({
        "name": "nightly", "healthchecks": {}, "source": {"image": image, "docker": null},
        "schedule": {"cronjob": {"scheduled_at": "0 3 * * *", "timezone": "Europe/Paris"}},
    });
    let job = created(&scene, "/environment/{environmentId}/job", &body);
    assert_eq!(job["job_type"], "CRON");
    assert_eq!(job["schedule"]["cronjob"]["timezone"], "Europe/Paris");
    assert_eq!(job["source"]["image"]["registry"]["name"], "my registry");
    assert!(job["source"].get("docker").is_none(), "{job}");

    let git = json!({"url": "git@github.com:acme/infra", "branch": "main", "provider": "GITHUB"});
    let body = json!({
        "name": "infra", "description": "", "auto_deploy_config": {"auto_deploy": false, "terraform_action": "DEFAULT"},
        "terraform_files_source": {"git_repository": git}, "terraform_variables_source": {"tf_vars": [], "tf_var_file_paths": []},
        "backend": {"kubernetes": {}}, "engine": "TERRAFORM",
        "provider_version": {"read_from_terraform_block": false, "explicit_version": "1.9"},
        "job_resources": {"cpu_milli": 500, "ram_mib": 512, "gpu": 0, "storage_gib": 1},
    });
    let terraform = created(&scene, "/environment/{environmentId}/terraform", &body);
    let repository = &terraform["terraform_files_source"]["git"]["git_repository"];
    assert_eq!(repository["url"], "git@github.com:acme/infra");
    assert_eq!(
        (&repository["owner"], &repository["name"]),
        (&json!("acme"), &json!("infra"))
    );
}

#[test]
fn an_environment_has_the_mode_and_the_cluster_that_it_was_given() {
    let scene = Scene::new();
    let clusters = scene
        .path("/organization/{organizationId}/cluster")
        .unwrap();
    let cluster = json!({"name": "second", "region": "fr-par", "cloud_provider": "SCW"});
    let (status, cluster) = scene.setup.call(Method::POST, &clusters, &cluster);
    assert!(status < 300, "{cluster}");
    let body = json!({"name": "live", "mode": "PRODUCTION", "cluster": cluster["id"]});
    let environments = scene.path("/project/{projectId}/environment").unwrap();
    let (status, created) = scene.setup.call(Method::POST, &environments, &body);
    assert!(status < 300, "{created}");
    let path = format!("/environment/{}", created["id"].as_str().unwrap());
    let read = scene.setup.get(&path);
    assert_eq!(read["mode"], "PRODUCTION");
    assert_eq!(read["cluster_id"], cluster["id"]);
    assert_eq!(read["cloud_provider"]["provider"], "SCW");
    let (status, _) = scene
        .setup
        .call(Method::PUT, &path, &json!({"name": "renamed"}));
    assert_eq!(status, 200);
    let read = scene.setup.get(&path);
    assert_eq!(
        (&read["name"], &read["mode"]),
        (&json!("renamed"), &json!("PRODUCTION"))
    );
    let unknown = json!({"name": "x", "cluster": "11111111-2222-4333-8444-555555555555"});
    assert_eq!(
        scene.setup.call(Method::POST, &environments, &unknown).0,
        404
    );

    let staging = scene.setup.fake.environment("staging").in_mode("STAGING");
    let read = scene.setup.get(&format!("/environment/{}", staging.id()));
    assert_eq!(read["mode"], "STAGING");
}

#[test]
fn an_edit_keeps_settings_that_it_cannot_express() {
    let scene = Scene::new();
    let body = json!({
        "name": "db", "type": "POSTGRESQL", "version": "16", "mode": "CONTAINER", "storage": 20,
        "accessibility": "PRIVATE",
    });
    let database = created(&scene, "/environment/{environmentId}/database", &body);
    let path = format!("/database/{}", database["id"].as_str().unwrap());
    let (status, edited) = scene
        .setup
        .call(Method::PUT, &path, &json!({"name": "renamed"}));
    assert_eq!(status, 200, "{edited}");
    let read = scene.setup.get(&path);
    assert_eq!(read["name"], "renamed");
    assert_eq!(
        (&read["type"], &read["mode"]),
        (&json!("POSTGRESQL"), &json!("CONTAINER"))
    );
}
