//! The contract as the fake reads it: operations, parameters, bodies and schemas.
//!
//! Works on the JSON document, not on generated types, so that a new operation needs nothing here.
//! The generator of the client does not use this module.

mod build;
mod check;
mod pattern;
mod property;
mod route;
mod schema;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use http::Method;
use serde_json::Value;

pub(crate) use build::Amount;
pub(crate) use check::{Direction, Violation};
pub(crate) use route::Matched;
use schema::Schemas;

/// The contract as JSON, with the fixes of the overlay. It was generated together with the client.
const CONTRACT: &str = include_str!("../generated/contract.json");

/// The contract, read once for each process.
#[derive(Debug)]
pub(crate) struct Contract {
    schemas: Schemas,
    operations: Vec<Operation>,
    routes: route::Routes,
    /// Templates of single resources, by the name of their last parameter.
    items: BTreeMap<String, Vec<String>>,
}

/// One operation of the contract.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) template: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) success: Success,
}

/// A declared path, query or header parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

/// A declared request body.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) required: bool,
    /// The schema, if the body is JSON.
    pub(crate) schema: Option<Value>,
}

/// The successful response that the contract declares.
#[derive(Debug)]
pub(crate) struct Success {
    pub(crate) status: u16,
    /// Media type and schema, if the response has a body.
    pub(crate) content: Option<(String, Value)>,
}

impl Contract {
    /// The contract that this build of the client was generated from.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Contract>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| {
            let document = serde_json::from_str(CONTRACT).unwrap_or(Value::Null);
            Arc::new(Self::new(document))
        }))
    }

    /// Reads a contract. Leaves out operations that cannot be read: their requests are answered with 404.
    pub(crate) fn new(document: Value) -> Self {
        let schemas = Schemas::new(document);
        let operations = read_operations(&schemas);
        let routes = route::Routes::new(&operations);
        let mut items: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for operation in &operations {
            if operation.method == Method::POST {
                continue;
            }
            if let Some(parameter) = route::item_parameter(&operation.template) {
                let templates = items.entry(parameter.to_owned()).or_default();
                if !templates.contains(&operation.template) {
                    templates.push(operation.template.clone());
                }
            }
        }
        Self {
            schemas,
            operations,
            routes,
            items,
        }
    }

    #[cfg(any(test, feature = "stream"))]
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    pub(crate) fn operation(&self, index: usize) -> Option<&Operation> {
        self.operations.get(index)
    }

    /// Whether this path has a single document, and not a list.
    pub(crate) fn is_document(&self, template: &str) -> bool {
        let mut operations = self.operations.iter();
        let read = operations.find(|o| o.method == Method::GET && o.template == template);
        let content = read.and_then(|read| read.success.content.as_ref());
        content.is_some_and(|(_, schema)| {
            let facts = serde_json::json!({ "results": [] });
            let probe = self.build(schema, &facts, Amount::Minimal);
            probe.is_object() && probe.get("results").is_none()
        })
    }

    /// Finds the operation for a method and an encoded path.
    pub(crate) fn route(&self, method: &Method, path: &str) -> Matched {
        self.routes.find(&self.operations, method, path)
    }

    /// Returns the template that a path matches, for any method, and the values of its parameters.
    pub(crate) fn template_of(&self, path: &str) -> Option<(&str, Vec<(String, String)>)> {
        let methods = [
            Method::GET,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::POST,
        ];
        methods
            .iter()
            .find_map(|method| match self.route(method, path) {
                Matched::Operation(index, values) => {
                    Some((self.operation(index)?.template.as_str(), values))
                }
                Matched::OtherMethod | Matched::Nothing => None,
            })
    }

    /// Whether this path parameter names a resource that can be read, edited or deleted.
    pub(crate) fn names_an_item(&self, parameter: &str) -> bool {
        self.items.contains_key(parameter)
    }

    /// The template of the items of a collection: below the collection, or at the top level under the same name.
    pub(crate) fn item_template(&self, collection: &str) -> Option<&str> {
        let last = collection.rsplit('/').next()?;
        let below = self.items.values().flatten().find(|template| {
            route::parent(template) == Some(collection) && template.as_str() != collection
        });
        let at_the_top = || {
            self.items.values().flatten().find(|template| {
                route::parent(template).and_then(|p| p.strip_prefix('/')) == Some(last)
            })
        };
        below.or_else(at_the_top).map(String::as_str)
    }

    /// Returns a value that matches `schema` and contains `facts`, as far as the schema has properties for them. The
    /// same input gives the same value.
    pub(crate) fn build(&self, schema: &Value, facts: &Value, amount: Amount) -> Value {
        build::build(&self.schemas, schema, facts, amount)
    }

    /// Returns all problems of `value`.
    pub(crate) fn violations(
        &self,
        schema: &Value,
        value: &Value,
        direction: Direction,
    ) -> Vec<Violation> {
        check::violations(&self.schemas, schema, value, direction)
    }

    /// Returns the problem of a property of the resource of a template, whose other properties are `facts`; `None` if
    /// it fits. It may lack properties: responses complete it.
    pub(crate) fn problem_of_property(
        &self,
        template: &str,
        facts: &Value,
        name: &str,
        value: &Value,
    ) -> Option<String> {
        let mut operations = self.operations.iter();
        let read = operations.find(|o| o.method == Method::GET && o.template == template);
        let (_, schema) = read?.success.content.as_ref()?;
        property::problem(&self.schemas, &[(schema, facts)], name, value)
    }

    /// Whether a schema, or a member of it, has a property.
    pub(crate) fn declares(&self, schema: &Value, name: &str) -> bool {
        self.schemas.declares(schema, name)
    }

    /// Whether a schema requires a property.
    pub(crate) fn requires(&self, schema: &Value, name: &str) -> bool {
        self.schemas.requires(schema, name)
    }
}

fn read_operations(schemas: &Schemas) -> Vec<Operation> {
    let mut operations = Vec::new();
    let Some(paths) = schemas.document().get("paths").and_then(Value::as_object) else {
        return operations;
    };
    for (template, item) in paths {
        for (name, method) in [
            ("get", Method::GET),
            ("post", Method::POST),
            ("put", Method::PUT),
            ("patch", Method::PATCH),
            ("delete", Method::DELETE),
        ] {
            if let Some(operation) = item.get(name) {
                operations.push(read_operation(schemas, template, item, method, operation));
            }
        }
    }
    operations
}

fn read_operation(
    schemas: &Schemas,
    template: &str,
    item: &Value,
    method: Method,
    operation: &Value,
) -> Operation {
    let mut parameters: Vec<Parameter> = Vec::new();
    for source in [item, operation] {
        let declared = source.get("parameters").and_then(Value::as_array);
        for parameter in declared.into_iter().flatten() {
            let Some(parameter) = read_parameter(schemas.follow(parameter)) else {
                continue;
            };
            // The operation's own declaration replaces the one of its path.
            parameters.retain(|p| (p.place, &p.name) != (parameter.place, &parameter.name));
            parameters.push(parameter);
        }
    }
    let body = operation
        .get("requestBody")
        .map(|body| schemas.follow(body))
        .map(|body| Body {
            required: body.get("required").and_then(Value::as_bool) == Some(true),
            schema: body.pointer("/content/application~1json/schema").cloned(),
        });
    Operation {
        id: text(operation, "operationId").unwrap_or_default(),
        method,
        template: template.to_owned(),
        parameters,
        body,
        success: read_success(schemas, operation),
    }
}

fn read_parameter(parameter: &Value) -> Option<Parameter> {
    let place = match parameter.get("in").and_then(Value::as_str)? {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" => Place::Header,
        _ => return None,
    };
    Some(Parameter {
        name: text(parameter, "name")?,
        place,
        required: parameter.get("required").and_then(Value::as_bool) == Some(true),
        schema: parameter.get("schema").cloned().unwrap_or(Value::Null),
    })
}

fn read_success(schemas: &Schemas, operation: &Value) -> Success {
    let declared = operation.get("responses").and_then(Value::as_object);
    let lowest = declared
        .into_iter()
        .flatten()
        .filter_map(|(status, response)| Some((status.parse::<u16>().ok()?, response)))
        .filter(|(status, _)| (200..300).contains(status))
        .min_by_key(|(status, _)| *status);
    let Some((status, response)) = lowest else {
        return Success {
            status: 200,
            content: None,
        };
    };
    let content = schemas
        .follow(response)
        .get("content")
        .and_then(Value::as_object);
    // Prefer JSON if several media types are offered.
    let chosen = content.and_then(|content| {
        content
            .get_key_value("application/json")
            .or_else(|| content.iter().next())
    });
    Success {
        status,
        content: chosen.map(|(media, content)| {
            let schema = content.get("schema").cloned().unwrap_or(Value::Null);
            (media.clone(), schema)
        }),
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}
