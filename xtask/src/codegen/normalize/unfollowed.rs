//! Rule: a keyword that the client does not follow is noted, and so is an unknown one.

use serde_json::{Map, Value};

use super::keywords::{Handling, Keywords};
use super::read::Reader;
use super::schema_keys::{chooses, list};
use crate::codegen::model::Remark;
use crate::contract::pointer::escape as step;
use crate::contract::references;
use crate::contract::spelling::{FLAGS, NUMBERS};
use crate::contract::things::Thing;

/// The default base URL of a client.
pub(crate) const BASE_URL: &str = "https://api.qovery.com";

/// The notes on the keywords of the contract that the client does not follow.
pub(crate) fn notes(reader: &Reader<'_>) -> Vec<Remark> {
    let contract = &reader.document.value;
    let mut walk = Walk {
        contract,
        remarks: Vec::new(),
    };
    walk.servers(contract);
    walk.thing(Thing::Contract, contract, "");
    walk.remarks
}

/// The kind of value that a keyword needs, if its value is of another kind.
fn lacks(thing: Thing, keyword: &str, value: &Value) -> Option<&'static str> {
    let is_flag = FLAGS.contains(&keyword) || keyword == "required" && thing != Thing::Schema;
    if NUMBERS.contains(&keyword) && !value.is_number() {
        Some("a number")
    } else if is_flag && !value.is_boolean() {
        Some("true or false")
    } else {
        None
    }
    .filter(|_| !value.is_null())
}

struct Walk<'a> {
    contract: &'a Value,
    remarks: Vec<Remark>,
}

impl Walk<'_> {
    fn note(&mut self, pointer: String, text: String) {
        self.remarks.push(Remark::new(pointer, text));
    }

    fn thing(&mut self, thing: Thing, value: &Value, pointer: &str) {
        let Some(map) = value.as_object() else { return };
        let may_refer = matches!(thing, Thing::Parameter | Thing::Body | Thing::Response);
        let is_reference = may_refer && map.contains_key("$ref");
        let keywords = Keywords::of(thing);
        let members = map.iter();
        for (keyword, value) in members.filter(|(keyword, _)| !keyword.starts_with("x-")) {
            if let Some(kind) = lacks(thing, keyword, value).filter(|_| !is_reference) {
                self.note(
                    format!("{pointer}/{}", step(keyword)),
                    format!("`{keyword}` is ignored: it has to be {kind}"),
                );
                continue;
            }
            let text = match keywords.handling(keyword) {
                _ if is_reference => match keyword.as_str() {
                    "$ref" | "summary" | "description" => continue,
                    _ => "is ignored beside `$ref`",
                },
                Some(Handling::Followed | Handling::Describes) => continue,
                // An empty list is the address of the contract.
                Some(Handling::Noted(_)) if *value == Value::Array(Vec::new()) => {
                    continue;
                }
                Some(Handling::Noted(text)) => text,
                None => "is not a keyword here, and is ignored",
            };
            self.note(
                format!("{pointer}/{}", step(keyword)),
                format!("`{keyword}` {text}"),
            );
        }
        if is_reference {
            return;
        }
        if thing == Thing::Schema {
            self.schema(map, pointer);
        }
        for (keyword, inner, steps, value) in thing.inner(value) {
            let is_followed = keywords.handling(keyword) == Some(Handling::Followed);
            // A reference may name a schema in them.
            if inner != Thing::Several
                && (is_followed || matches!(keyword, "$defs" | "definitions"))
            {
                self.thing(inner, value, &format!("{pointer}{steps}"));
            }
        }
    }

    fn schema(&mut self, map: &Map<String, Value>, pointer: &str) {
        if map.get("required").is_some_and(|names| !names.is_array()) {
            self.note(
                format!("{pointer}/required"),
                "`required` is ignored: it has to be a list of property names, in the schema that has the properties".to_owned(),
            );
        }
        if chooses(map) && !map.contains_key("allOf") && !self.members_require(map) {
            self.note(
                format!("{pointer}/required"),
                "`required` beside `oneOf` or `anyOf` is not followed: the members list which of their properties are required".to_owned(),
            );
        }
        let patterns = map.get("patternProperties").and_then(Value::as_object);
        if patterns.is_some_and(|patterns| patterns.len() > 1) {
            self.note(
                format!("{pointer}/patternProperties"),
                "several patterns are not followed: the properties that they name may be any values".to_owned(),
            );
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

    /// Notes that the contract has another address than the default of the client: a program has to set it.
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
