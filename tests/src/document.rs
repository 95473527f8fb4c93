//! The contract as a document: the tests read their expectations from it, not from the generator.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// The directory of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The contract of this repository with its overlay.
///
/// # Panics
/// Panics if it cannot be read.
pub fn contract() -> Value {
    let root = workspace();
    let overlay = root.join("xtask/overlay.yaml");
    let overlay = overlay.exists().then_some(overlay);
    xtask::contract(&root.join("openapi.yaml"), overlay.as_deref())
        .unwrap_or_else(|problem| panic!("{problem}"))
}

/// One operation, with references to parameters and responses resolved.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `operationId`.
    pub id: String,
    /// In upper case.
    pub method: String,
    /// The path template.
    pub path: String,
    /// Whether it is deprecated in the contract.
    pub deprecated: bool,
    /// All parameters, each once.
    pub parameters: Vec<Parameter>,
    /// Media type and schema of the request's body.
    pub body: Option<(String, Value)>,
    /// The success statuses, each with media type and schema if it has a body.
    pub successes: Vec<(u16, Option<(String, Value)>)>,
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The name on the wire.
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// Whether it is required.
    pub required: bool,
    /// The schema of its value.
    pub schema: Value,
}

impl Operation {
    /// The parameters of a location.
    pub fn parameters_in(&self, place: &str) -> impl Iterator<Item = &Parameter> {
        self.parameters
            .iter()
            .filter(move |parameter| parameter.place == place)
    }

    /// The path parameters in the order of the path.
    pub fn path_parameters(&self) -> Vec<&Parameter> {
        let names = self
            .path
            .split('{')
            .skip(1)
            .filter_map(|part| part.split('}').next());
        let find = |name: &str| {
            self.parameters_in("path")
                .find(|parameter| parameter.name == name)
        };
        names.filter_map(find).collect()
    }
}

/// The target of a reference such as `#/components/schemas/Status`.
///
/// # Panics
/// Panics if it has no target.
pub fn resolve<'d>(document: &'d Value, reference: &str) -> &'d Value {
    let pointer = reference.trim_start_matches('#');
    let pointer = percent_decode_str(pointer).decode_utf8_lossy();
    document
        .pointer(&pointer)
        .unwrap_or_else(|| panic!("{reference} points to nothing"))
}

/// All operations of a document, in its order.
///
/// # Panics
/// Panics if the document is not one of OpenAPI.
pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        for method in ["get", "put", "post", "delete", "patch", "head", "options"] {
            if let Some(operation) = item.get(method) {
                let shared = item.get("parameters");
                operations.push(read(document, path, method, operation, shared));
            }
        }
    }
    operations
}

fn read(
    document: &Value,
    path: &str,
    method: &str,
    operation: &Value,
    shared: Option<&Value>,
) -> Operation {
    let mut parameters: Vec<Parameter> = Vec::new();
    // Declarations of the operation override those of the path.
    let lists = [operation.get("parameters"), shared];
    for parameter in lists
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
    {
        let parameter = followed(document, parameter);
        let text = |key: &str| {
            parameter
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (name, place) = (text("name").to_owned(), text("in").to_owned());
        if parameters
            .iter()
            .any(|known| known.name == name && known.place == place)
        {
            continue;
        }
        let required = parameter.get("required") == Some(&Value::Bool(true));
        let schema = parameter.get("schema").cloned().unwrap_or_default();
        parameters.push(Parameter {
            name,
            place,
            required,
            schema,
        });
    }
    let body = operation
        .get("requestBody")
        .and_then(|body| content(followed(document, body)));
    let responses = operation.get("responses").and_then(Value::as_object);
    let successes = responses
        .into_iter()
        .flatten()
        .filter_map(|(status, response)| {
            let status: u16 = status
                .parse()
                .ok()
                .filter(|status| (200..300).contains(status))?;
            Some((status, content(followed(document, response))))
        });
    let id = operation.get("operationId").and_then(Value::as_str);
    Operation {
        id: id.unwrap_or_default().to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
        parameters,
        body,
        successes: successes.collect(),
    }
}

fn followed<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let reference = value.get("$ref").and_then(Value::as_str);
    reference.map_or(value, |reference| resolve(document, reference))
}

/// Media type and schema of a body; JSON if there are several.
fn content(value: &Value) -> Option<(String, Value)> {
    let content = value.get("content").and_then(Value::as_object)?;
    let json = content.get_key_value("application/json");
    let (media, body) = json.or_else(|| content.iter().next())?;
    Some((
        media.clone(),
        body.get("schema").cloned().unwrap_or_default(),
    ))
}
