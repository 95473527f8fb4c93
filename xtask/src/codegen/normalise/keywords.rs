//! Rule: every part of a contract is followed, noted or refused.
//!
//! Every keyword of OpenAPI 3.0 and 3.1 has a line here, for each object that may contain it. Other
//! rules read the keywords that the client follows. This rule notes unsupported and unknown keywords.
//! Keywords that are errors are refused by the rules that read them.

use serde_json::{Map, Value};

use super::read::{Reader, chooses, list};
use crate::codegen::model::Remark;
use crate::contract::pointer::escape as step;
use crate::contract::references;

/// The address that a client has by itself.
pub(crate) const BASE_URL: &str = "https://api.qovery.com";

/// The handling of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handling {
    /// The client follows it, or generating fails and says why.
    Followed,
    /// The keyword only describes: it changes neither requests nor the reading of responses.
    Describes,
    /// The client does not follow it, which this note says.
    Noted(&'static str),
}

/// A thing of a contract that has keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    Contract,
    Components,
    PathItem,
    Operation,
    Parameter,
    Body,
    Media,
    Encoding,
    Response,
    Schema,
}

use Handling::{Describes, Followed, Noted};

const SERVERS: Handling = Noted(
    "has no effect: calls go to the base URL of the client; build a client with this base URL instead",
);
const NOT_ENFORCED: Handling = Noted("is not enforced: values that violate it are sent and read");

const CONTRACT: &[(&str, Handling)] = &[
    ("openapi", Followed),
    ("info", Followed),
    ("paths", Followed),
    ("components", Followed),
    // Looked at below.
    ("servers", Followed),
    (
        "jsonSchemaDialect",
        Noted("is not followed: schemas are read as OpenAPI defines them"),
    ),
    (
        "webhooks",
        Noted("are requests that the API sends, so the client has no code for them"),
    ),
    ("security", Describes),
    ("tags", Describes),
    ("externalDocs", Describes),
];

const COMPONENTS: &[(&str, Handling)] = &[
    ("schemas", Followed),
    ("parameters", Followed),
    ("requestBodies", Followed),
    ("responses", Followed),
    ("pathItems", Followed),
    ("callbacks", Describes),
    ("examples", Describes),
    ("headers", Describes),
    ("links", Describes),
    ("securitySchemes", Describes),
];

const PATH_ITEM: &[(&str, Handling)] = &[
    ("$ref", Followed),
    ("get", Followed),
    ("put", Followed),
    ("post", Followed),
    ("delete", Followed),
    ("options", Followed),
    ("head", Followed),
    ("patch", Followed),
    ("trace", Followed),
    ("parameters", Followed),
    ("servers", SERVERS),
    ("summary", Describes),
    ("description", Describes),
];

const OPERATION: &[(&str, Handling)] = &[
    ("tags", Followed),
    ("summary", Followed),
    ("description", Followed),
    ("operationId", Followed),
    ("parameters", Followed),
    ("requestBody", Followed),
    ("responses", Followed),
    ("deprecated", Followed),
    ("servers", SERVERS),
    (
        "callbacks",
        Noted("are requests that the API sends, so the client has no code for them"),
    ),
    // A client sends the token that it has.
    ("security", Describes),
    ("externalDocs", Describes),
];

const PARAMETER: &[(&str, Handling)] = &[
    ("name", Followed),
    ("in", Followed),
    ("description", Followed),
    ("required", Followed),
    ("deprecated", Followed),
    ("style", Followed),
    ("explode", Followed),
    ("schema", Followed),
    ("content", Followed),
    // Noted with its name by the rule that reads parameters.
    ("allowReserved", Followed),
    // An empty text is sent as an empty value anyway.
    ("allowEmptyValue", Describes),
    ("example", Describes),
    ("examples", Describes),
];

const BODY: &[(&str, Handling)] = &[
    ("content", Followed),
    ("description", Followed),
    ("required", Followed),
];

const MEDIA: &[(&str, Handling)] = &[
    ("schema", Followed),
    // Applies to forms only, and is followed there.
    ("encoding", Followed),
    ("example", Describes),
    ("examples", Describes),
];

const ENCODING: &[(&str, Handling)] = &[
    ("contentType", Followed),
    ("style", Followed),
    ("explode", Followed),
    (
        "headers",
        Noted("applies to the parts of a multipart body, which is not supported"),
    ),
    (
        "allowReserved",
        Noted("changes nothing: reserved characters are sent percent-encoded"),
    ),
];

const RESPONSE: &[(&str, Handling)] = &[
    ("content", Followed),
    ("description", Followed),
    // `Call::response` gives all headers of an answer.
    ("headers", Describes),
    (
        "links",
        Noted("are not followed: call the operation that they name"),
    ),
];

const SCHEMA: &[(&str, Handling)] = &[
    ("$ref", Followed),
    ("type", Followed),
    ("format", Followed),
    ("enum", Followed),
    ("const", Followed),
    ("nullable", Followed),
    ("default", Followed),
    ("description", Followed),
    ("deprecated", Followed),
    ("readOnly", Followed),
    ("writeOnly", Followed),
    ("properties", Followed),
    ("required", Followed),
    ("additionalProperties", Followed),
    ("items", Followed),
    ("allOf", Followed),
    ("anyOf", Followed),
    ("oneOf", Followed),
    ("discriminator", Followed),
    ("maximum", Followed),
    ("exclusiveMaximum", Followed),
    ("minimum", Followed),
    ("exclusiveMinimum", Followed),
    ("multipleOf", Followed),
    ("maxLength", Followed),
    ("minLength", Followed),
    ("pattern", Followed),
    ("maxItems", Followed),
    ("minItems", Followed),
    ("uniqueItems", Followed),
    ("maxProperties", Followed),
    ("minProperties", Followed),
    // Refused by the reader of schemas.
    ("not", Followed),
    ("if", Followed),
    ("then", Followed),
    ("else", Followed),
    ("dependentRequired", Followed),
    ("dependentSchemas", Followed),
    ("$dynamicRef", Followed),
    ("$recursiveRef", Followed),
    // Looked at below.
    ("patternProperties", Followed),
    ("contains", NOT_ENFORCED),
    ("maxContains", NOT_ENFORCED),
    ("minContains", NOT_ENFORCED),
    ("propertyNames", NOT_ENFORCED),
    ("unevaluatedItems", NOT_ENFORCED),
    ("unevaluatedProperties", NOT_ENFORCED),
    ("dependencies", NOT_ENFORCED),
    ("additionalItems", NOT_ENFORCED),
    (
        "prefixItems",
        Noted("is not followed: the items of the list may be any values"),
    ),
    (
        "contentEncoding",
        Noted("is not followed: the text is read and sent as it is"),
    ),
    (
        "contentMediaType",
        Noted("is not followed: the text is read and sent as it is"),
    ),
    (
        "contentSchema",
        Noted("is not followed: the text is read and sent as it is"),
    ),
    ("$anchor", Describes),
    ("$comment", Describes),
    ("$defs", Describes),
    ("$dynamicAnchor", Describes),
    ("$id", Describes),
    ("$recursiveAnchor", Describes),
    ("$schema", Describes),
    ("$vocabulary", Describes),
    ("definitions", Describes),
    ("example", Describes),
    ("examples", Describes),
    ("externalDocs", Describes),
    ("title", Describes),
    // Bodies of XML are not read by a schema.
    ("xml", Describes),
];

impl Thing {
    /// The handling of each of its keywords.
    pub(crate) fn keywords(self) -> &'static [(&'static str, Handling)] {
        match self {
            Self::Contract => CONTRACT,
            Self::Components => COMPONENTS,
            Self::PathItem => PATH_ITEM,
            Self::Operation => OPERATION,
            Self::Parameter => PARAMETER,
            Self::Body => BODY,
            Self::Media => MEDIA,
            Self::Encoding => ENCODING,
            Self::Response => RESPONSE,
            Self::Schema => SCHEMA,
        }
    }
}

/// The notes on the keywords of the contract that the client does not follow.
pub(crate) fn notes(reader: &Reader<'_>) -> Vec<Remark> {
    let contract = &reader.document.value;
    let mut walk = Walk {
        contract,
        remarks: Vec::new(),
    };
    walk.thing(Thing::Contract, contract, "");
    walk.servers(contract);
    if let Some(components) = contract.get("components") {
        walk.thing(Thing::Components, components, "/components");
        for (keyword, thing) in [
            ("schemas", Thing::Schema),
            ("parameters", Thing::Parameter),
            ("requestBodies", Thing::Body),
            ("responses", Thing::Response),
            ("pathItems", Thing::PathItem),
        ] {
            walk.each(thing, components, keyword, "/components");
        }
    }
    walk.each(Thing::PathItem, contract, "paths", "");
    walk.remarks
}

struct Walk<'a> {
    contract: &'a Value,
    remarks: Vec<Remark>,
}

impl Walk<'_> {
    fn note(&mut self, pointer: String, text: String) {
        self.remarks.push(Remark { pointer, text });
    }

    /// The things that are the values of a mapping, or the items of a list.
    fn each(&mut self, thing: Thing, around: &Value, keyword: &str, pointer: &str) {
        let pointer = format!("{pointer}/{}", step(keyword));
        match around.get(keyword) {
            Some(Value::Object(map)) => {
                for (name, value) in map {
                    let is_extension = thing != Thing::Schema && name.starts_with("x-");
                    if !is_extension {
                        self.thing(thing, value, &format!("{pointer}/{}", step(name)));
                    }
                }
            }
            Some(Value::Array(list)) => {
                for (index, value) in list.iter().enumerate() {
                    self.thing(thing, value, &format!("{pointer}/{index}"));
                }
            }
            _ => {}
        }
    }

    fn one(&mut self, thing: Thing, around: &Value, keyword: &str, pointer: &str) {
        if let Some(value) = around.get(keyword) {
            self.thing(thing, value, &format!("{pointer}/{}", step(keyword)));
        }
    }

    fn thing(&mut self, thing: Thing, value: &Value, pointer: &str) {
        let Some(map) = value.as_object() else { return };
        let is_reference =
            thing != Thing::Schema && thing != Thing::PathItem && map.contains_key("$ref");
        for keyword in map.keys().filter(|keyword| !keyword.starts_with("x-")) {
            let known = thing.keywords().iter().find(|(known, _)| known == keyword);
            let text = match known {
                _ if is_reference => match keyword.as_str() {
                    "$ref" | "summary" | "description" => continue,
                    _ => "is ignored beside `$ref`".to_owned(),
                },
                Some((_, Followed | Describes)) => continue,
                // An empty list is the address of the contract.
                Some((_, Noted(_))) if map.get(keyword) == Some(&Value::Array(Vec::new())) => {
                    continue;
                }
                Some((_, Noted(text))) => (*text).to_owned(),
                None => "is not a keyword here, and is ignored".to_owned(),
            };
            self.note(
                format!("{pointer}/{}", step(keyword)),
                format!("`{keyword}` {text}"),
            );
        }
        if is_reference {
            return;
        }
        match thing {
            Thing::Contract | Thing::Components | Thing::Encoding => {}
            Thing::PathItem => {
                self.each(Thing::Parameter, value, "parameters", pointer);
                for (method, _) in PATH_ITEM.iter().filter(|(key, handling)| {
                    *handling == Followed && !["$ref", "parameters"].contains(key)
                }) {
                    self.one(Thing::Operation, value, method, pointer);
                }
            }
            Thing::Operation => {
                self.each(Thing::Parameter, value, "parameters", pointer);
                self.one(Thing::Body, value, "requestBody", pointer);
                self.each(Thing::Response, value, "responses", pointer);
            }
            Thing::Parameter => {
                self.one(Thing::Schema, value, "schema", pointer);
                self.each(Thing::Media, value, "content", pointer);
            }
            Thing::Body | Thing::Response => self.each(Thing::Media, value, "content", pointer),
            Thing::Media => {
                self.one(Thing::Schema, value, "schema", pointer);
                self.each(Thing::Encoding, value, "encoding", pointer);
            }
            Thing::Schema => self.schema(map, value, pointer),
        }
    }

    fn schema(&mut self, map: &Map<String, Value>, value: &Value, pointer: &str) {
        if map.get("required").is_some_and(|names| !names.is_array()) {
            self.note(
                format!("{pointer}/required"),
                "`required` is ignored: it has to be a list of property names, in the schema that has the properties".to_owned(),
            );
        }
        if chooses(map) && !map.contains_key("allOf") && !self.members_require(map) {
            self.note(
                format!("{pointer}/required"),
                "`required` beside a choice is not followed: the members list which of their properties are required".to_owned(),
            );
        }
        let patterns = map.get("patternProperties").and_then(Value::as_object);
        if patterns.is_some_and(|patterns| patterns.len() > 1) {
            self.note(
                format!("{pointer}/patternProperties"),
                "several patterns are not followed: the properties that they name may be any values".to_owned(),
            );
        }
        for keyword in ["properties", "patternProperties", "allOf", "anyOf", "oneOf"] {
            self.each(Thing::Schema, value, keyword, pointer);
        }
        for keyword in ["items", "additionalProperties"] {
            self.one(Thing::Schema, value, keyword, pointer);
        }
    }

    /// Whether the names in `required` are those of properties beside the choice, of the discriminator, or
    /// required by each member of the choice.
    fn members_require(&self, map: &Map<String, Value>) -> bool {
        let members = list(map, "oneOf").iter().chain(list(map, "anyOf"));
        let members: Vec<&Value> = members
            .filter_map(|member| match member.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.contract.pointer(&references::pointer_of(reference)?),
                None => Some(member),
            })
            .collect();
        let requires = |member: &&Value, name: &Value| {
            member
                .as_object()
                .is_some_and(|member| list(member, "required").contains(name))
        };
        let discriminator = map
            .get("discriminator")
            .and_then(|one| one.get("propertyName"));
        let properties = map.get("properties").and_then(Value::as_object);
        list(map, "required").iter().all(|name| {
            let is_declared =
                |all: &Map<String, Value>| name.as_str().is_some_and(|name| all.contains_key(name));
            discriminator == Some(name)
                || properties.is_some_and(is_declared)
                || members.iter().all(|member| requires(member, name))
        })
    }

    /// The client has an address by itself; another one has to be given to it.
    fn servers(&mut self, contract: &Value) {
        let servers = contract.get("servers").and_then(Value::as_array);
        let urls: Vec<&str> = servers
            .into_iter()
            .flatten()
            .filter_map(|server| server.get("url")?.as_str())
            .collect();
        let is_own = |url: &&str| url.trim_end_matches('/') == BASE_URL;
        if !urls.is_empty() && !urls.iter().any(is_own) {
            let urls: Vec<String> = urls.iter().map(|url| format!("`{url}`")).collect();
            self.note(
                "/servers".to_owned(),
                format!(
                    "a client calls `{BASE_URL}` if it is given no base URL, and not {}",
                    urls.join(", ")
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests;
