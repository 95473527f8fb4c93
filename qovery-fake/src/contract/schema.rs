//! The schemas of a contract, each as one view with references followed and `allOf` merged.

use std::{borrow::Cow, collections::BTreeMap};

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// References and compositions nested deeper than this are cut: the contract has cycles.
const DEPTH: usize = 24;

/// The document of a contract. Its schemas are read with references followed.
#[derive(Debug)]
pub(super) struct Schemas(Value);

/// A schema with everything that its `allOf` adds.
#[derive(Debug, Default)]
pub(super) struct Shape<'a> {
    pub(super) kind: Option<&'a str>,
    pub(super) format: Option<&'a str>,
    pub(super) pattern: Option<&'a str>,
    pub(super) nullable: bool,
    pub(super) values: Option<&'a Vec<Value>>,
    pub(super) default: Option<&'a Value>,
    pub(super) properties: BTreeMap<&'a str, &'a Value>,
    /// Only names that are in `properties`: the published contract also requires undeclared properties.
    pub(super) required: Vec<&'a str>,
    pub(super) items: Option<&'a Value>,
    pub(super) additional: Option<&'a Value>,
    pub(super) alternatives: Option<Alternatives<'a>>,
    /// Bounds of numbers and lengths.
    pub(super) bounds: BTreeMap<&'a str, &'a Value>,
}

/// The members of a `oneOf` or `anyOf`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alternatives<'a> {
    pub(super) members: &'a [Value],
    pub(super) discriminator: Option<&'a str>,
    mapping: Option<&'a serde_json::Map<String, Value>>,
}

impl<'a> Alternatives<'a> {
    /// Whether the discriminator's values are listed.
    pub(super) fn is_mapped(&self) -> bool {
        self.mapping.is_some()
    }

    /// The member that the discriminator's value names.
    pub(super) fn named(&self, schemas: &'a Schemas, value: &str) -> Option<&'a Value> {
        let target = self.mapping?.get(value)?.as_str()?;
        schemas.at(target)
    }

    /// The discriminator's value for a member.
    pub(super) fn name_of(&self, member: &Value) -> Option<&'a str> {
        let reference = member.get("$ref").and_then(Value::as_str)?;
        let mut entries = self.mapping?.iter();
        entries
            .find(|(_, target)| target.as_str() == Some(reference))
            .map(|(value, _)| value.as_str())
    }
}

impl Shape<'_> {
    /// A bound as a number.
    pub(super) fn bound(&self, name: &str) -> Option<f64> {
        self.bounds.get(name)?.as_f64()
    }
}

impl Schemas {
    pub(super) fn new(document: Value) -> Self {
        Self(document)
    }

    pub(super) fn document(&self) -> &Value {
        &self.0
    }

    /// Follows `$ref` until there is none.
    pub(super) fn follow<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        for _ in 0..DEPTH {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return value;
            };
            let Some(target) = self.at(reference) else {
                return value;
            };
            value = target;
        }
        value
    }

    fn at(&self, reference: &str) -> Option<&Value> {
        let pointer = reference.strip_prefix('#')?;
        let pointer: Cow<'_, str> = percent_decode_str(pointer).decode_utf8().ok()?;
        self.0.pointer(&pointer)
    }

    pub(super) fn shape<'a>(&'a self, schema: &'a Value) -> Shape<'a> {
        let mut shape = Shape::default();
        let mut required = Vec::new();
        self.merge(schema, &mut shape, &mut required, 0);
        required.retain(|name| shape.properties.contains_key(name));
        required.dedup();
        shape.required = required;
        if shape.kind.is_none() && !shape.properties.is_empty() {
            shape.kind = Some("object");
        }
        shape
    }

    fn merge<'a>(
        &'a self,
        schema: &'a Value,
        shape: &mut Shape<'a>,
        required: &mut Vec<&'a str>,
        depth: usize,
    ) {
        if depth > DEPTH {
            return;
        }
        if depth == 0 {
            shape.nullable = self.is_nullable(schema, 0);
        }
        let schema = self.follow(schema);
        for part in array(schema, "allOf") {
            self.merge(part, shape, required, depth + 1);
        }
        let own = |key: &str| schema.get(key).and_then(Value::as_str);
        shape.kind = own("type").or(shape.kind);
        shape.format = own("format").or(shape.format);
        shape.pattern = own("pattern").or(shape.pattern);
        shape.default = schema.get("default").or(shape.default);
        shape.items = schema.get("items").or(shape.items);
        shape.values = schema
            .get("enum")
            .and_then(Value::as_array)
            .or(shape.values);
        if let Some(additional) = schema.get("additionalProperties").filter(|v| v.is_object()) {
            shape.additional = Some(additional);
        }
        for key in [
            "minimum",
            "maximum",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
        ] {
            if let Some(bound) = schema.get(key).filter(|bound| bound.is_number()) {
                shape.bounds.insert(key, bound);
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            shape.properties.insert(name, property);
        }
        required.extend(array(schema, "required").filter_map(Value::as_str));
        for key in ["oneOf", "anyOf"] {
            if let Some(members) = schema.get(key).and_then(Value::as_array) {
                shape.alternatives = Some(Alternatives {
                    members,
                    discriminator: schema
                        .pointer("/discriminator/propertyName")
                        .and_then(Value::as_str),
                    mapping: schema
                        .pointer("/discriminator/mapping")
                        .and_then(Value::as_object),
                });
            }
        }
    }

    /// Whether a schema, or a member of it, has a property.
    pub(super) fn declares(&self, schema: &Value, name: &str) -> bool {
        let shape = self.shape(schema);
        let members = shape.alternatives.map(|alternatives| alternatives.members);
        shape.properties.contains_key(name)
            || members
                .unwrap_or_default()
                .iter()
                .any(|member| self.declares(member, name))
    }

    /// Whether a schema requires a property.
    pub(super) fn requires(&self, schema: &Value, name: &str) -> bool {
        self.shape(schema).required.contains(&name)
    }

    fn is_nullable(&self, schema: &Value, depth: usize) -> bool {
        let says = |schema: &Value| schema.get("nullable") == Some(&Value::Bool(true));
        let followed = self.follow(schema);
        // An `allOf` with one part stands for a reference with a separate description.
        let mut parts = array(followed, "allOf");
        let alone = match (parts.next(), parts.next()) {
            (Some(part), None) if followed.get("type").is_none() => Some(part),
            _ => None,
        };
        says(schema)
            || says(followed)
            || (depth < DEPTH && alone.is_some_and(|part| self.is_nullable(part, depth + 1)))
    }
}

fn array<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    schema
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
