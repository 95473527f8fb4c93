//! Reads schemas from the document into [`Schema`].
//!
//! Accepts the equivalent forms of OpenAPI 3.0 and 3.1. Refuses, with the location, keywords that
//! restrict the valid values and have no counterpart in the types.

mod own;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::budget::{self, Budget};
use super::keywords::{Handling, Keywords};
use super::limits;
use super::schema::{Discriminator, Kind, Member, Notes, Schema, Union};
use super::schema_keys::{self, chooses, list, types};
use crate::codegen::model::Remark;
use crate::contract::Document;
use crate::contract::checked::{self, CONDITIONS};
use crate::contract::choice::{extends_parent, is_never, only_requires};
use crate::contract::pointer::escape as step;
use crate::contract::references;
use crate::contract::things::Thing;
use crate::problem::Problem;

/// Reads schemas of one document.
pub(crate) struct Reader<'a> {
    pub(crate) document: &'a Document,
    /// The names of schemas that references find inside other parts of the document, by pointer.
    inner: &'a BTreeMap<String, String>,
    /// The schemas of `inner` that references have named so far.
    met: RefCell<BTreeSet<&'a String>>,
    /// The remarks collected while reading, without duplicates.
    remarks: RefCell<Vec<Remark>>,
    budget: Budget,
    depth: Cell<usize>,
}

impl<'a> Reader<'a> {
    /// Reads from a document; `inner` are the names of the schemas inside other parts of it.
    pub(crate) fn new(document: &'a Document, inner: &'a BTreeMap<String, String>) -> Self {
        Self {
            document,
            inner,
            met: RefCell::default(),
            remarks: RefCell::default(),
            budget: Budget::new(budget::READ),
            depth: Cell::default(),
        }
    }

    /// Records a remark for the user.
    pub(crate) fn remark(&self, pointer: &str, text: String) {
        let remark = Remark::new(pointer, text);
        let mut remarks = self.remarks.borrow_mut();
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }

    /// Takes the remarks collected since the last call.
    pub(crate) fn take_remarks(&self) -> Vec<Remark> {
        self.remarks.take()
    }

    /// Reads the schema at a pointer, with everything in it.
    ///
    /// # Errors
    /// Returns an error if it is not a schema, or if the types cannot express it.
    pub(crate) fn schema(&self, value: &Value, pointer: &str) -> Result<Schema, Problem> {
        match (self.inner.get_key_value(pointer), value) {
            (Some((target, name)), Value::Object(map)) => {
                // A schema that references name is one component, also at its own place.
                self.met.borrow_mut().insert(target);
                let mut schema = Schema::new(Kind::Ref(name.clone()), pointer);
                schema.notes = self.notes(map, pointer)?;
                Ok(schema)
            }
            _ => self.definition(value, pointer),
        }
    }

    /// Reads the schema at a pointer, also if references name it.
    fn definition(&self, value: &Value, pointer: &str) -> Result<Schema, Problem> {
        let refused = |what: String| {
            self.problem(pointer, what)
                .with_help("move the repeated schema to `components/schemas`")
        };
        self.budget.take(1).map_err(refused)?;
        let depth = self.depth.get();
        if depth > budget::READ_DEPTH {
            let most = budget::READ_DEPTH;
            return Err(refused(format!(
                "more than {most} schemas are nested in each other"
            )));
        }
        self.depth.set(depth + 1);
        let read = self.one(value, pointer);
        self.depth.set(depth);
        read
    }

    fn one(&self, value: &Value, pointer: &str) -> Result<Schema, Problem> {
        let map = match value {
            Value::Object(map) => map,
            Value::Bool(true) => return Ok(Schema::new(Kind::Any, pointer)),
            Value::Bool(false) => {
                return Err(self
                    .problem(pointer, "no value fits the schema `false`")
                    .with_help("remove the schema and all references to it, in the overlay"));
            }
            _ => {
                return Err(self
                    .problem(pointer, "a schema has to be a mapping")
                    .with_help("write `type:` or `$ref:` here"));
            }
        };
        let mut conditions = CONDITIONS.iter().chain(&["not"]);
        if let Some(keyword) = conditions.find(|keyword| map.contains_key(**keyword)) {
            let what = format!("`{keyword}` is not supported in a schema");
            return Err(self
                .problem(&format!("{pointer}/{}", step(keyword)), what)
                .with_help("describe the values without it, in the overlay"));
        }
        let is_component = pointer
            .strip_prefix("/components/schemas/")
            .is_some_and(|name| !name.contains('/'));
        if map.contains_key("discriminator") && !chooses(map) && !is_component {
            let what =
                "the discriminator has no members: no schema can extend a schema without a name";
            self.remark(&format!("{pointer}/discriminator"), what.to_owned());
        }
        let mut schema = match map.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.reference(reference, map, pointer)?,
            None => self.composed(map, pointer)?,
        };
        schema.nullable |= map.get("nullable") == Some(&Value::Bool(true))
            || types(map).contains(&"null")
            || schema_keys::enumerated(map).is_some_and(|all| all.contains(&Value::Null));
        schema.notes = self.notes(map, pointer)?.or(&schema.notes);
        Ok(schema)
    }

    fn reference(
        &self,
        text: &str,
        map: &Map<String, Value>,
        pointer: &str,
    ) -> Result<Schema, Problem> {
        let target = references::target(self.document, text, pointer)?;
        let Some(name) = self.named(text, &target) else {
            return Err(references::no_schema(self.document, text, pointer));
        };
        let referred = Schema::new(Kind::Ref(name), pointer);
        let value = self.document.value.pointer(&target);
        let contradiction = value.and_then(|value| contradiction(map, value));
        if let Some(kind) = contradiction.filter(|_| map.keys().all(|key| describes(key))) {
            let what = format!(
                "`type: {kind}` beside `$ref` is ignored: the schema `{text}` has another type"
            );
            self.remark(pointer, what);
            return Ok(referred);
        }
        let own = self.structure(map, pointer)?;
        let mut parts = vec![referred];
        parts.extend(own.into_iter().filter(|part| !part.is_neutral()));
        Ok(one_or_all(parts, pointer))
    }

    /// The name of the schema that a reference to a known target names.
    fn named(&self, reference: &str, target: &str) -> Option<String> {
        references::schema_name(reference).or_else(|| {
            let (target, name) = self.inner.get_key_value(target)?;
            self.met.borrow_mut().insert(target);
            Some(name.clone())
        })
    }

    /// Reads the schemas inside other parts of the document that references have named so far, and those that extend
    /// a parent, which are its members.
    ///
    /// Each has its name and its pointer, and the problem if it is not a schema or the types cannot
    /// express it.
    pub(crate) fn inner(&self) -> Vec<(String, &'a String, Result<Schema, Problem>)> {
        let extending = self.inner.keys().filter(|target| {
            let value = self.document.value.pointer(target);
            value.is_some_and(|value| extends_parent(self.document, value))
        });
        self.met.borrow_mut().extend(extending);
        let mut read = BTreeMap::new();
        loop {
            let met = self.met.borrow().clone();
            let Some(target) = met.into_iter().find(|target| !read.contains_key(target)) else {
                return read.into_values().collect();
            };
            let value = self.document.value.pointer(target);
            let schema = self.definition(value.unwrap_or(&Value::Null), target);
            let name = self.inner.get(target).cloned().unwrap_or_default();
            read.insert(target, (name, target, schema));
        }
    }

    /// The schemas inside other parts of the document that references name, by their names.
    pub(crate) fn inner_values(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let values = |(target, name): (&String, &'a String)| {
            Some((name, self.document.value.pointer(target)?))
        };
        self.inner.iter().filter_map(values)
    }

    fn composed(&self, map: &Map<String, Value>, pointer: &str) -> Result<Schema, Problem> {
        Ok(one_or_all(self.structure(map, pointer)?, pointer))
    }

    /// The parts that together determine the valid values: the schema's own keywords, then the
    /// parts of its compositions.
    fn structure(&self, map: &Map<String, Value>, pointer: &str) -> Result<Vec<Schema>, Problem> {
        let mut parts = Vec::new();
        let own = own::schema(self, map, pointer)?;
        let all = list(map, "allOf");
        let mut ignored = Notes::default();
        for (index, part) in all.iter().enumerate() {
            if let Some((part, kind, named)) = self.contradicted(part, all) {
                ignored = ignored.or(&self.notes(part, pointer)?);
                let what = format!(
                    "`type: {kind}` is ignored: the schema `{named}` beside it has another type"
                );
                self.remark(&format!("{pointer}/allOf/{index}"), what);
                continue;
            }
            parts.push(self.schema(part, &format!("{pointer}/allOf/{index}"))?);
        }
        for keyword in ["oneOf", "anyOf"] {
            let members = list(map, keyword);
            // A choice between lists of required names only restricts values: it describes no type.
            if members.is_empty() || members.iter().all(only_requires) {
                continue;
            }
            parts.push(self.union(map, members, &format!("{pointer}/{keyword}"))?);
        }
        let says_more = match own.kind {
            Kind::Any => parts.is_empty(),
            // A schema of any object is more specific than a schema of any value.
            _ => parts.iter().all(|part| matches!(part.kind, Kind::Any)),
        };
        if says_more || !own.is_neutral() {
            parts.insert(0, own);
        }
        if let Some(first) = parts.first_mut() {
            first.notes = std::mem::take(&mut first.notes).or(&ignored);
        }
        Ok(parts)
    }

    /// The type of a bare part, and the reference of another part whose target has a different
    /// type: `import` writes a type beside a reference like this.
    fn contradicted<'v>(
        &self,
        part: &'v Value,
        all: &'v [Value],
    ) -> Option<(&'v Map<String, Value>, &'v str, &'v str)> {
        let part = part.as_object()?;
        let is_bare = |key: &str| matches!(key, "type" | "description" | "nullable");
        if !part
            .keys()
            .all(|key| is_bare(key) || LIMITS.contains(&key.as_str()))
        {
            return None;
        }
        let mut references = all.iter().filter_map(|other| other.get("$ref")?.as_str());
        references.find_map(|named| {
            let value = self.document.value.pointer(named.strip_prefix('#')?)?;
            Some((part, contradiction(part, value)?, named))
        })
    }

    fn union(
        &self,
        map: &Map<String, Value>,
        members: &[Value],
        pointer: &str,
    ) -> Result<Schema, Problem> {
        let mut read = Vec::new();
        for (index, member) in members.iter().enumerate() {
            // A member that no value fits.
            if is_never(member) {
                continue;
            }
            let schema = self.schema(member, &format!("{pointer}/{index}"))?;
            read.push(Member {
                schema,
                source: None,
            });
        }
        let is_null = |member: &&Member| matches!(member.schema.kind, Kind::Null);
        let nulls = read.iter().filter(is_null).count();
        let mut others = read.iter().filter(|member| !is_null(member));
        match (others.next(), others.next()) {
            (None, _) if nulls > 0 => return Ok(Schema::new(Kind::Null, pointer)),
            // Any value may be null.
            (Some(only), None) if nulls > 0 && matches!(only.schema.kind, Kind::Any) => {
                return Ok(Schema::new(Kind::Any, pointer));
            }
            _ => {}
        }
        let discriminator = self.discriminator(map, pointer)?;
        Ok(Schema::new(
            Kind::Union(Union {
                members: read,
                discriminator,
            }),
            pointer,
        ))
    }

    /// The discriminator beside the list of members at the pointer.
    ///
    /// # Errors
    /// Returns an error if it names no property, or a schema that does not exist.
    pub(crate) fn discriminator(
        &self,
        map: &Map<String, Value>,
        pointer: &str,
    ) -> Result<Option<Discriminator>, Problem> {
        let around = pointer.rsplit_once('/');
        let around = around.map_or(pointer, |(around, _)| around);
        let Some((value, property)) = checked::discriminator(self.document, map, around)? else {
            return Ok(None);
        };
        let place = format!("{around}/discriminator");
        let mut mapping = indexmap::IndexMap::new();
        let declared = value.get("mapping").and_then(Value::as_object);
        for (tag, target) in declared.into_iter().flatten() {
            let at = format!("{place}/mapping/{}", step(tag));
            let name = target.as_str().map(|text| match text.starts_with('#') {
                true => text.to_owned(),
                false => references::to_schema(text),
            });
            let known = name.and_then(|reference| {
                let pointer = references::pointer_of(&reference)?;
                self.document.value.pointer(&pointer)?;
                self.named(&reference, &pointer)
            });
            let Some(name) = known else {
                return Err(self
                    .problem(
                        &at,
                        format!("the discriminator value `{tag}` is mapped to {target}, which is not a schema"),
                    )
                    .with_help("map it to `#/components/schemas/NAME`"));
            };
            mapping.insert(tag.clone(), name);
        }
        Ok(Some(Discriminator {
            property: property.to_owned(),
            mapping,
        }))
    }

    fn notes(&self, map: &Map<String, Value>, pointer: &str) -> Result<Notes, Problem> {
        let text = |key: &str| schema_keys::text(map.get(key));
        let is = |key: &str| map.get(key) == Some(&Value::Bool(true));
        let rust_name = text("x-rust-name");
        if let Some(name) = rust_name
            .as_deref()
            .filter(|name| !super::names::is_type_name(name))
        {
            let place = format!("{pointer}/x-rust-name");
            return Err(self
                .problem(&place, format!("`{name}` is not the name of a Rust type"))
                .with_help("write it in Pascal case, letters and digits only"));
        }
        Ok(Notes {
            description: text("description"),
            default: map.get("default").filter(|value| !value.is_null()).cloned(),
            deprecated: is("deprecated"),
            secret: is("x-secret") || map.get("format").and_then(Value::as_str) == Some("password"),
            may_be_absent: is("x-may-be-absent"),
            read_only: is("readOnly"),
            write_only: is("writeOnly"),
            rust_name,
            values: schema_keys::spelled_values(map),
            limits: limits::sentences(map),
        })
    }

    /// Follows the references of a part of an operation. Returns the target and its pointer.
    ///
    /// # Errors
    /// Returns an error if a reference has no target.
    pub(crate) fn follow<'v>(
        &self,
        value: &'v Value,
        pointer: &str,
    ) -> Result<(&'v Value, String), Problem>
    where
        'a: 'v,
    {
        references::resolve(self.document, value, pointer)
    }

    pub(crate) fn problem(&self, pointer: &str, what: impl Into<String>) -> Problem {
        Problem::at(self.document, pointer, what)
    }
}

/// Keywords that say more of the values of a type.
const LIMITS: [&str; 16] = [
    "format",
    "contentEncoding",
    "contentMediaType",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "multipleOf",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
];

/// Whether a keyword beside a reference and a type does not describe the structure of a value.
fn describes(keyword: &str) -> bool {
    let of_the_place = [
        "$ref",
        "type",
        "nullable",
        "description",
        "default",
        "deprecated",
        "readOnly",
        "writeOnly",
    ];
    let handling = Keywords::of(Thing::Schema).handling(keyword);
    let is_followed = handling == Some(Handling::Followed);
    of_the_place.contains(&keyword) || LIMITS.contains(&keyword) || !is_followed
}

/// The type beside a reference that contradicts the type of the reference's target.
fn contradiction<'m>(map: &'m Map<String, Value>, named: &Value) -> Option<&'m str> {
    let beside = types(map).into_iter().find(|kind| *kind != "null")?;
    let named = named.as_object()?;
    let mut of_named = types_of(named);
    if of_named.is_empty() {
        let says = |keys: &[&str]| keys.iter().any(|key| named.contains_key(*key));
        // Compositions are not inspected: a list without `items` does not contradict them.
        let is_composed = says(&["allOf", "anyOf", "oneOf"]);
        let is_bare_list = beside == "array" && !map.contains_key("items");
        if says(&["properties", "additionalProperties"]) {
            of_named.push("object");
        } else if !(is_composed && is_bare_list) {
            return None;
        }
    }
    let is_number = |kind: &str| matches!(kind, "integer" | "number");
    let fits = |kind: &&str| *kind == beside || is_number(kind) && is_number(beside);
    (!of_named.iter().any(fits)).then_some(beside)
}

/// The types of a schema without null: its own ones, or those of the members of its choice if each has one.
fn types_of(map: &Map<String, Value>) -> Vec<&str> {
    let mut all = own_types(map);
    for keyword in ["oneOf", "anyOf"] {
        let members = list(map, keyword).iter();
        let members = members.filter(|member| !is_never(member) && !only_requires(member));
        let of_members: Vec<Vec<&str>> = members
            .map(|member| member.as_object().map(own_types).unwrap_or_default())
            .collect();
        if all.is_empty() && of_members.iter().all(|kinds| !kinds.is_empty()) {
            all.extend(of_members.into_iter().flatten());
        }
    }
    all.retain(|kind| *kind != "null");
    all
}

/// The types in `type`, or the type of the listed values.
fn own_types(map: &Map<String, Value>) -> Vec<&str> {
    let named = types(map);
    if !named.is_empty() {
        return named;
    }
    let values = schema_keys::enumerated(map).unwrap_or_default();
    let mut kinds: Vec<&str> = values.iter().map(own::kind_of).collect();
    kinds.dedup();
    kinds
}

fn one_or_all(mut parts: Vec<Schema>, pointer: &str) -> Schema {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            parts.push(last);
            Schema::new(Kind::AllOf(parts), pointer)
        }
        (_, None) => Schema::new(Kind::Any, pointer),
    }
}

#[cfg(test)]
mod tests;
