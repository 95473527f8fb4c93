//! The kinds of things that a contract describes, and the things inside of them.

use serde_json::Value;

use super::operation_id::METHODS;
use super::pointer::escape;

/// A kind of thing in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    Contract,
    Components,
    PathItem,
    Operation,
    Parameter,
    Header,
    Body,
    Response,
    Media,
    Encoding,
    Schema,
    Example,
    Link,
    Callback,
    SecurityScheme,
    /// A mapping or a list of things.
    Several,
}

/// The things that a member of a thing contains.
#[derive(Debug, Clone, Copy)]
enum Member {
    One(Thing),
    List(Thing),
    Named(Thing),
}

impl Thing {
    /// Its name in messages, and the mapping of `components` that has such things. `None` for a thing that no
    /// reference can stand for.
    pub(super) fn names(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::PathItem => ("path item", "pathItems"),
            Self::Parameter => ("parameter", "parameters"),
            Self::Header => ("header", "headers"),
            Self::Body => ("request body", "requestBodies"),
            Self::Response => ("response", "responses"),
            Self::Schema => ("schema", "schemas"),
            Self::Example => ("example", "examples"),
            Self::Link => ("link", "links"),
            Self::Callback => ("callback", "callbacks"),
            Self::SecurityScheme => ("security scheme", "securitySchemes"),
            Self::Contract
            | Self::Components
            | Self::Operation
            | Self::Media
            | Self::Encoding
            | Self::Several => return None,
        })
    }

    fn of_components(key: &str) -> Option<Self> {
        let all = [
            Self::PathItem,
            Self::Parameter,
            Self::Header,
            Self::Body,
            Self::Response,
            Self::Schema,
            Self::Example,
            Self::Link,
            Self::Callback,
            Self::SecurityScheme,
        ];
        let mut all = all.into_iter();
        all.find(|kind| {
            kind.names()
                .is_some_and(|(_, components)| components == key)
        })
    }

    fn member(self, key: &str) -> Option<Member> {
        use Member::{List, Named, One};
        Some(match (self, key) {
            (Self::Contract, "paths" | "webhooks") => Named(Self::PathItem),
            (Self::Contract, "components") => One(Self::Components),
            (Self::Components, key) => Named(Self::of_components(key)?),
            (Self::Callback, _) => One(Self::PathItem),
            (Self::PathItem | Self::Operation, "parameters") => List(Self::Parameter),
            (Self::PathItem, key) if METHODS.contains(&key) => One(Self::Operation),
            (Self::Operation, "requestBody") => One(Self::Body),
            (Self::Operation, "responses") => Named(Self::Response),
            (Self::Operation, "callbacks") => Named(Self::Callback),
            (Self::Parameter | Self::Header | Self::Media, "schema") => One(Self::Schema),
            (Self::Parameter | Self::Header | Self::Media, "examples") => Named(Self::Example),
            (Self::Parameter | Self::Header | Self::Body | Self::Response, "content") => {
                Named(Self::Media)
            }
            (Self::Response | Self::Encoding, "headers") => Named(Self::Header),
            (Self::Response, "links") => Named(Self::Link),
            (Self::Media, "encoding") => Named(Self::Encoding),
            (Self::Schema, key) => match key {
                "properties" | "patternProperties" | "dependentSchemas" | "$defs"
                | "definitions" => Named(Self::Schema),
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => List(Self::Schema),
                "items"
                | "additionalProperties"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties" => One(Self::Schema),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The things directly inside of a thing: the keyword that has them, the kind, the steps, and the value.
    /// A mapping or a list of things comes before them.
    pub(crate) fn inner(self, value: &Value) -> Vec<(&str, Self, String, &Value)> {
        let mut found = Vec::new();
        let members = value.as_object().into_iter().flatten();
        for (key, inner) in members {
            let is_name = matches!(self, Self::Components | Self::Callback);
            let Some(member) = self
                .member(key)
                .filter(|_| is_name || !key.starts_with("x-"))
            else {
                continue;
            };
            let place = format!("/{}", escape(key));
            match (member, inner) {
                (Member::One(thing), _) => found.push((key.as_str(), thing, place, inner)),
                (Member::List(thing), Value::Array(items)) => {
                    found.push((key.as_str(), Self::Several, place.clone(), inner));
                    let items = items.iter().enumerate();
                    found.extend(items.map(|(index, item)| {
                        (key.as_str(), thing, format!("{place}/{index}"), item)
                    }));
                }
                (Member::Named(thing), Value::Object(named)) => {
                    found.push((key.as_str(), Self::Several, place.clone(), inner));
                    // Of these, other names are extensions.
                    let is_strict = matches!(thing, Self::PathItem | Self::Response);
                    let named = named.iter();
                    let named = named.filter(|(name, _)| !is_strict || !name.starts_with("x-"));
                    found.extend(named.map(|(name, one)| {
                        (
                            key.as_str(),
                            thing,
                            format!("{place}/{}", escape(name)),
                            one,
                        )
                    }));
                }
                _ => {}
            }
        }
        found
    }
}
