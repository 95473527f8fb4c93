//! One published revision, or the contract as it is, reduced to its facts.
//!
//! Parameters, bodies and responses are resolved at each use; `assemble` selects the shared ones
//! when the contract is written. A layer contains no prose.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::extensions::FORMER_IDS;
use super::ids;
use super::operation::{Key, METHODS, Operation, each_reference_of};
use super::schema::Schemas;
use super::validity;
use crate::contract::checked;
use crate::contract::choice::ancestors;
use crate::contract::pointer::{escape, steps};
use crate::contract::references::{self, pointer_of, resolve, schema_name};
use crate::contract::responses;
use crate::contract::walk::each_reference;
use crate::contract::{Document, referred};
use crate::problem::Problem;

/// The facts of one document.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) operations: BTreeMap<Key, Operation>,
    /// A note for each operation whose id differs from that in the document, with the reason.
    pub(super) notes: Vec<String>,
    /// The locations of extensions that the generator reads from the overlay alone.
    pub(super) extensions: Vec<String>,
    /// The locations of `servers` of a path or an operation. They have no effect, because a client has one
    /// address.
    pub(super) addresses: Vec<String>,
    pub(super) schemas: Map<String, Value>,
    pub(super) version: Option<Value>,
    pub(super) servers: Value,
    pub(super) security: Option<Value>,
    pub(super) security_schemes: Map<String, Value>,
}

/// The kind of document to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The contract: every schema in it stays.
    Contract,
    /// A published revision: a schema that no operation reaches says nothing about the API.
    Revision,
}

/// Reduces a document to its facts. `before` is the layer that it follows.
///
/// # Errors
/// Returns an error if a reference has no target, two paths are one, or a value has the wrong shape.
pub(super) fn read(
    document: &Document,
    kind: Kind,
    before: Option<&Layer>,
) -> Result<Layer, Problem> {
    referred::check(document)?;
    let mut reader = Reader {
        document,
        schemas: Schemas::new(document),
        addresses: Vec::new(),
    };
    let mut keys = BTreeMap::new();
    let mut operations = Vec::new();
    for (path, item) in document
        .value
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let pointer = format!("/paths/{}", escape(path));
        if path.starts_with("x-") {
            continue;
        }
        if !path.starts_with('/') {
            let what = format!("the path `{path}` does not begin with `/`");
            return Err(Problem::at(document, &pointer, what).with_help("write `/` before it"));
        }
        for operation in reader.item(path, item, &pointer)? {
            let place = format!("{pointer}/{}", operation.method());
            if let Some(other) = keys.insert(operation.key(), operation.name()) {
                let what = format!("{other} is declared twice, with different names in the braces");
                return Err(
                    Problem::at(document, &place, what).with_help("remove one of the two paths")
                );
            }
            operations.push(operation);
        }
    }
    let mut notes = ids::distinct(&mut operations, before.map(|before| &before.operations));
    notes.extend(validity::dropped_parameters(&operations));
    let operations = operations.into_iter();
    let operations = operations.map(|operation| (operation.key(), operation));
    let addresses = reader.addresses;
    let (schemas, extensions) = reader.schemas.named()?;
    let top = |pointer: &str| document.value.pointer(pointer);
    let mut layer = Layer {
        operations: operations.collect(),
        notes,
        extensions,
        addresses,
        schemas,
        version: top("/info/version").cloned(),
        servers: servers(top("/servers")),
        security: top("/security").filter(|value| value.is_array()).cloned(),
        security_schemes: without_prose(top("/components/securitySchemes")),
    };
    validity::restore_null(&mut layer.schemas, layer.operations.values_mut());
    if kind == Kind::Revision {
        layer.drop_unreachable();
    }
    Ok(layer)
}

impl Layer {
    fn drop_unreachable(&mut self) {
        // If the document was written by an earlier import, a schema that only a former revision used is marked as
        // deprecated.
        let old = self.schemas.iter();
        let old = old.filter(|(_, schema)| schema.get("deprecated") == Some(&Value::Bool(true)));
        let mut waiting: VecDeque<String> = old.map(|(name, _)| name.clone()).collect();
        for operation in self.operations.values_mut() {
            each_reference_of(operation, &mut |reference| {
                waiting.extend(schema_name(reference))
            });
        }
        let extended = extended(&self.schemas);
        let mut reached = BTreeSet::new();
        while let Some(name) = waiting.pop_front() {
            if !reached.insert(name.clone()) {
                continue;
            }
            waiting.extend(extended.get(&name).into_iter().flatten().cloned());
            if let Some(schema) = self.schemas.get_mut(&name) {
                each_reference(schema, &mut |reference| {
                    waiting.extend(schema_name(reference))
                });
            }
        }
        self.schemas.retain(|name, _| reached.contains(name));
    }
}

/// The schemas that extend each schema with a discriminator: they are its members, although it names
/// none of them.
fn extended(schemas: &Map<String, Value>) -> BTreeMap<String, BTreeSet<String>> {
    let mut extended: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, schema) in schemas {
        let target = |reference: &str| schemas.get(&schema_name(reference)?);
        for (reference, base) in ancestors(schema, target) {
            if let Some(base) =
                schema_name(reference).filter(|_| base.get("discriminator").is_some())
            {
                extended.entry(base).or_default().insert(name.clone());
            }
        }
    }
    extended
}

fn servers(servers: Option<&Value>) -> Value {
    let urls = servers
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|server| server.get("url"));
    Value::Array(urls.map(|url| json!({"url": url})).collect())
}

fn without_prose(schemes: Option<&Value>) -> Map<String, Value> {
    let mut schemes = schemes
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for scheme in schemes.values_mut().filter_map(Value::as_object_mut) {
        scheme.retain(|key, _| key != "description" && !key.starts_with("x-"));
    }
    schemes
}

struct Reader<'a> {
    document: &'a Document,
    schemas: Schemas<'a>,
    addresses: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Records the addresses of a path or an operation that the document's list lacks.
    fn servers(&mut self, value: &Value, pointer: &str) {
        let known = servers(self.document.value.get("servers"));
        let known = known.as_array().map(Vec::as_slice).unwrap_or_default();
        let own = servers(value.get("servers"));
        let mut own = own.as_array().into_iter().flatten();
        if own.any(|server| !known.contains(server)) {
            self.addresses.push(format!("{pointer}/servers"));
        }
    }

    fn item(
        &mut self,
        path: &str,
        item: &'a Value,
        pointer: &str,
    ) -> Result<Vec<Operation>, Problem> {
        let items = references::steps_of(self.document, item, pointer)?;
        let mut path_parameters: Vec<Value> = Vec::new();
        for (item, pointer) in &items {
            let declared = self.parameters(item, pointer)?;
            let is_new = |one: &Value| !path_parameters.iter().any(|known| is_same(known, one));
            let new: Vec<Value> = declared.into_iter().filter(is_new).collect();
            path_parameters.extend(new);
            self.servers(item, pointer);
        }
        let mut operations = Vec::new();
        for (method, name) in METHODS.iter().enumerate() {
            let found = items
                .iter()
                .find_map(|(item, pointer)| Some((item.get(name)?, pointer)));
            let Some((operation, pointer)) = found else {
                continue;
            };
            self.servers(operation, &format!("{pointer}/{name}"));
            let facts = self.operation(operation, &format!("{pointer}/{name}"))?;
            operations.push(Operation {
                path: path.to_owned(),
                method,
                path_parameters: path_parameters.clone(),
                facts,
            });
        }
        Ok(operations)
    }

    fn operation(
        &mut self,
        operation: &'a Value,
        pointer: &str,
    ) -> Result<Map<String, Value>, Problem> {
        let mut facts = Map::new();
        checked::tags(self.document, operation, pointer)?;
        for keyword in ["tags", "operationId", FORMER_IDS, "security"] {
            if let Some(value) = operation.get(keyword) {
                facts.insert(keyword.to_owned(), value.clone());
            }
        }
        if operation.get("deprecated") == Some(&Value::Bool(true)) {
            facts.insert("deprecated".to_owned(), Value::Bool(true));
        }
        let parameters = self.parameters(operation, pointer)?;
        if !parameters.is_empty() {
            facts.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if let Some(body) = operation.get("requestBody") {
            facts.insert(
                "requestBody".to_owned(),
                self.body(body, &format!("{pointer}/requestBody"))?,
            );
        }
        let map = operation.as_object();
        let Some(map) = map.filter(|map| map.get("responses").is_some_and(Value::is_object)) else {
            return Err(Problem::at(
                self.document,
                pointer,
                "the operation declares no responses",
            )
            .with_help("declare at least one"));
        };
        let mut kept: Vec<(String, Value)> = Vec::new();
        for response in responses::by_status(self.document, map, pointer)? {
            let facts = self.response(response.value, &response.pointer)?;
            kept.push((response.status, facts));
        }
        kept.sort_by(|a, b| a.0.cmp(&b.0));
        facts.insert(
            "responses".to_owned(),
            Value::Object(kept.into_iter().collect()),
        );
        Ok(facts)
    }

    /// The parameters of an operation or a path, in the order of the document.
    fn parameters(&mut self, owner: &'a Value, pointer: &str) -> Result<Vec<Value>, Problem> {
        let mut kept = Vec::new();
        for (parameter, place) in checked::parameters(self.document, owner, pointer)? {
            let (parameter, place) = resolve(self.document, parameter, &place)?;
            kept.push(Value::Object(self.parameter(parameter, &place)?));
        }
        Ok(kept)
    }

    fn parameter(
        &mut self,
        parameter: &'a Value,
        pointer: &str,
    ) -> Result<Map<String, Value>, Problem> {
        let mut facts = Map::new();
        let text = |keyword: &str| parameter.get(keyword).and_then(Value::as_str);
        let (Some(name), Some(place)) = (text("name"), text("in")) else {
            return Err(
                Problem::at(self.document, pointer, "a parameter needs `name` and `in`")
                    .with_help("write both, such as `name: id, in: path`"),
            );
        };
        facts.insert("name".to_owned(), Value::from(name));
        facts.insert("in".to_owned(), Value::from(place));
        for flag in ["required", "deprecated", "allowEmptyValue", "allowReserved"] {
            if parameter.get(flag) == Some(&Value::Bool(true)) {
                facts.insert(flag.to_owned(), Value::Bool(true));
            }
        }
        let usual_style = if matches!(place, "path" | "header") {
            "simple"
        } else {
            "form"
        };
        let style = text("style").unwrap_or(usual_style);
        if style != usual_style {
            facts.insert("style".to_owned(), Value::from(style));
        }
        // `explode` has an effect only on lists and mappings.
        if let Some(explode) = parameter
            .get("explode")
            .and_then(Value::as_bool)
            .filter(|explode| *explode != (style == "form"))
        {
            facts.insert("explode".to_owned(), Value::Bool(explode));
        }
        if let Some(schema) = parameter.get("schema") {
            facts.insert(
                "schema".to_owned(),
                self.schemas.facts(schema, &format!("{pointer}/schema"))?,
            );
        }
        self.content(parameter, pointer, &mut facts)?;
        if let Some(none) = parameter
            .get("content")
            .filter(|_| facts.get("content").is_none())
        {
            // `generate` refuses a parameter without an encoding.
            facts.insert("content".to_owned(), none.clone());
        }
        Ok(facts)
    }

    fn body(&mut self, body: &'a Value, pointer: &str) -> Result<Value, Problem> {
        let (body, pointer) = resolve(self.document, body, pointer)?;
        let mut facts = Map::new();
        if let Some(required) = body
            .get("required")
            .filter(|required| required.is_boolean())
        {
            facts.insert("required".to_owned(), required.clone());
        }
        self.content(body, &pointer, &mut facts)?;
        Ok(Value::Object(facts))
    }

    fn response(&mut self, response: &'a Value, pointer: &str) -> Result<Value, Problem> {
        let (response, pointer) = resolve(self.document, response, pointer)?;
        let mut facts = Map::new();
        let mut headers = Map::new();
        for (name, header) in response
            .get("headers")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let place = format!("{pointer}/headers/{}", escape(name));
            let (header, place) = resolve(self.document, header, &place)?;
            let mut kept = Map::new();
            if let Some(schema) = header.get("schema") {
                kept.insert(
                    "schema".to_owned(),
                    self.schemas.facts(schema, &format!("{place}/schema"))?,
                );
            }
            headers.insert(name.clone(), Value::Object(kept));
        }
        if !headers.is_empty() {
            facts.insert("headers".to_owned(), Value::Object(headers));
        }
        self.content(response, &pointer, &mut facts)?;
        Ok(Value::Object(facts))
    }

    fn content(
        &mut self,
        owner: &'a Value,
        pointer: &str,
        facts: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        let mut kept = Map::new();
        for (kind, media) in references::content(owner) {
            let place = format!("{pointer}/content/{}", escape(kind));
            let mut inner = Map::new();
            if let Some(schema) = media.get("schema") {
                inner.insert(
                    "schema".to_owned(),
                    self.schemas.facts(schema, &format!("{place}/schema"))?,
                );
            }
            if let Some(encoding) = media.get("encoding") {
                inner.insert("encoding".to_owned(), encoding.clone());
            }
            kept.insert(kind.clone(), Value::Object(inner));
        }
        if !kept.is_empty() {
            facts.insert("content".to_owned(), Value::Object(kept));
        }
        Ok(())
    }
}

/// Whether two declarations are of one parameter.
fn is_same(one: &Value, other: &Value) -> bool {
    ["in", "name"]
        .iter()
        .all(|key| one.get(key) == other.get(key))
}

/// The last step of a reference, which is the name of its target.
pub(super) fn last_step(reference: &str) -> Option<String> {
    steps(&pointer_of(reference)?).last()
}
