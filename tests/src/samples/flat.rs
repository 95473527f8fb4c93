//! A schema with its references followed and its `allOf` merged: everything that one value has to
//! satisfy, in one place.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Value, json};

/// The constraints on one value.
#[derive(Debug, Clone, Default)]
pub(super) struct Flat {
    pub(super) kind: Option<String>,
    pub(super) format: Option<String>,
    pub(super) values: Option<Vec<Value>>,
    pub(super) properties: IndexMap<String, Value>,
    pub(super) required: BTreeSet<String>,
    /// `true`, or a schema.
    pub(super) extra: Option<Value>,
    pub(super) items: Option<Value>,
    pub(super) unions: Vec<Union>,
    pub(super) nullable: bool,
    pub(super) secret: bool,
    pub(super) may_be_absent: bool,
    pub(super) minimum: Option<i64>,
    pub(super) maximum: Option<i64>,
    pub(super) shortest: usize,
    pub(super) longest: Option<usize>,
    pub(super) pattern: Option<String>,
    pub(super) fewest: usize,
    /// The names of the components that it consists of.
    pub(super) components: Vec<String>,
}

/// The members of a `oneOf` or an `anyOf`.
#[derive(Debug, Clone)]
pub(super) struct Union {
    pub(super) members: Vec<Member>,
}

/// One member, and the value of its discriminator.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) schema: Value,
    pub(super) tag: Option<(String, String)>,
}

impl Flat {
    /// Flattens a schema.
    pub(super) fn of(document: &Value, schema: &Value) -> Self {
        let mut flat = Self::default();
        flat.add(document, schema);
        flat
    }

    /// Adds the constraints of another schema.
    pub(super) fn add(&mut self, document: &Value, schema: &Value) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            self.components.push(name.to_owned());
            let target = crate::document::resolve(document, reference);
            self.add(document, target);
        }
        for part in parts(schema, "allOf") {
            self.add(document, part);
        }
        self.scalars(schema);
        for (name, property) in object(schema, "properties") {
            let merged = match self.properties.get(name) {
                Some(before) if before != property => json!({"allOf": [before, property]}),
                _ => property.clone(),
            };
            self.properties.insert(name.clone(), merged);
        }
        for name in parts(schema, "required").iter().filter_map(Value::as_str) {
            self.required.insert(name.to_owned());
        }
        match schema.get("additionalProperties") {
            None | Some(Value::Bool(false)) => {}
            Some(extra) => self.extra = Some(extra.clone()),
        }
        if let Some(items) = schema.get("items") {
            self.items = Some(match self.items.take() {
                Some(before) if before != *items => json!({"allOf": [before, items]}),
                _ => items.clone(),
            });
        }
        for keyword in ["oneOf", "anyOf"] {
            let members = parts(schema, keyword);
            if !members.is_empty() {
                self.union(members, schema.get("discriminator"));
            }
        }
    }

    fn scalars(&mut self, schema: &Value) {
        let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
        let integer = |key: &str| schema.get(key).and_then(Value::as_f64).map(|n| n as i64);
        let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        self.kind = text("type").or(self.kind.take());
        self.format = text("format").or(self.format.take());
        self.pattern = text("pattern").or(self.pattern.take());
        self.nullable |= flag("nullable");
        self.secret |= flag("x-secret");
        self.may_be_absent |= flag("x-may-be-absent");
        self.minimum = self.minimum.max(integer("minimum"));
        self.maximum = integer("maximum").or(self.maximum);
        let length = |key: &str| integer(key).and_then(|n| usize::try_from(n).ok());
        self.shortest = self.shortest.max(length("minLength").unwrap_or(0));
        self.longest = length("maxLength").or(self.longest);
        self.fewest = self.fewest.max(length("minItems").unwrap_or(0));
        let values = parts(schema, "enum");
        if !values.is_empty() {
            let both = |value: &&Value| self.values.as_ref().is_none_or(|v| v.contains(value));
            let values = values.iter().filter(both).filter(|value| !value.is_null());
            self.values = Some(values.cloned().collect());
        }
    }

    fn union(&mut self, members: &[Value], discriminator: Option<&Value>) {
        let property = discriminator
            .and_then(|d| d.get("propertyName"))
            .and_then(Value::as_str);
        let mapping = discriminator.and_then(|d| d.get("mapping"));
        let mapping = mapping.and_then(Value::as_object);
        let mut result = Vec::new();
        for member in members {
            let reference = member.get("$ref").and_then(Value::as_str);
            let name = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
            let texts: Vec<&String> = mapping
                .into_iter()
                .flatten()
                .filter(|(_, target)| {
                    let target = target.as_str().unwrap_or_default();
                    reference.is_some_and(|reference| name(target) == name(reference))
                })
                .map(|(text, _)| text)
                .collect();
            let tagged = texts.iter().map(|text| Member {
                schema: member.clone(),
                tag: property.map(|property| (property.to_owned(), (*text).clone())),
            });
            result.extend(tagged);
            if texts.is_empty() {
                let schema = member.clone();
                result.push(Member { schema, tag: None });
            }
        }
        self.unions.push(Union { members: result });
    }
}

/// The list under a key.
fn parts<'v>(schema: &'v Value, key: &str) -> &'v [Value] {
    let list = schema.get(key).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// The entries of the object under a key.
fn object<'v>(schema: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    schema
        .get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}
