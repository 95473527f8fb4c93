//! Rule: a keyword that the client does not follow is noted, and so is an unknown one.

use serde_json::{Map, Value};

use super::{
    keywords::{
        Handling::{Describes, Followed, Noted},
        PATH_ITEM, Thing,
    },
    read::Reader,
    schema_keys::{chooses, list},
};
use crate::codegen::model::Remark;
use crate::contract::pointer::escape as step;
use crate::contract::references;

/// The address that a client has by itself.
pub(crate) const BASE_URL: &str = "https://api.qovery.com";

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
        let may_refer = matches!(thing, Thing::Parameter | Thing::Body | Thing::Response);
        let is_reference = may_refer && map.contains_key("$ref");
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
                    "a client without a base URL of its own calls `{BASE_URL}`, and not {}",
                    urls.join(", ")
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests;
