//! Whether a value is always there: changes of `required` and of null are changes of types in Rust.
//!
//! A field that may be absent or null is an `Option`, one of a request that may be both is a `Patch`, and
//! an argument of the constructor is a field that a request has to have.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::form::{Form, form, referred};
use super::json::list;
use crate::contract::references::schema_name;

/// How a field is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Presence {
    is_required: bool,
    is_nullable: bool,
}

impl Presence {
    /// The presence of a property with this schema. A request leaves out read-only properties.
    pub(super) fn of(
        schema: &Value,
        is_required: bool,
        is_sent: bool,
        schemas: &Map<String, Value>,
    ) -> Self {
        let is_only_read = schema.get("readOnly") == Some(&Value::Bool(true));
        Self {
            is_required: is_required && !(is_sent && is_only_read),
            is_nullable: may_be_null(schema, schemas),
        }
    }

    /// The same field, if it could be left out.
    pub(super) fn optional(self) -> Self {
        Self {
            is_required: false,
            ..self
        }
    }

    /// Says how the type of the field changes, if it does.
    pub(super) fn change(self, old: Self, is_sent: bool) -> Vec<&'static str> {
        let mut found = Vec::new();
        if is_sent {
            match (old.is_required, self.is_required) {
                (false, true) => found.push("is required of requests now"),
                (true, false) => found.push("is no longer required of requests"),
                _ => {}
            }
            found.extend(null_change(old.is_nullable, self.is_nullable));
            return found;
        }
        let is_always = |one: Self| one.is_required && !one.is_nullable;
        match (is_always(old), is_always(self)) {
            (true, false) if self.is_nullable => found.push(NULL),
            (true, false) => found.push("may be absent now"),
            (false, true) => found.push("is always there now"),
            _ => {}
        }
        found
    }
}

const NULL: &str = "may be null now";

/// Says whether null became allowed, or is no longer.
pub(super) fn null_change(was: bool, is: bool) -> Option<&'static str> {
    match (was, is) {
        (false, true) => Some(NULL),
        (true, false) => Some("is never null now"),
        _ => None,
    }
}

/// Whether a value of the schema may be null, by itself or by the schema that it refers to. Any value may
/// be null already: for it nothing changes.
pub(super) fn may_be_null(schema: &Value, schemas: &Map<String, Value>) -> bool {
    let mut schema = schema;
    let mut seen = BTreeSet::new();
    loop {
        if schema.get("nullable") == Some(&Value::Bool(true))
            || list(schema, "enum").is_some_and(|values| values.contains(&Value::Null))
        {
            return form(schema) != Form::Any || referred(schema).is_some();
        }
        let target = referred(schema).filter(|name| seen.insert(name.clone()));
        match target.and_then(|name| schemas.get(&name)) {
            Some(target) => schema = target,
            None => return false,
        }
    }
}

/// The names that a schema requires, whichever part says so.
pub(super) fn required(schema: &Value, schemas: &Map<String, Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open = vec![schema];
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        if let Some(name) = next
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(schema_name)
        {
            open.extend(schemas.get(&name).filter(|_| seen.insert(name)));
            continue;
        }
        let listed = list(next, "required").into_iter().flatten();
        names.extend(listed.filter_map(Value::as_str).map(str::to_owned));
        open.extend(list(next, "allOf").into_iter().flatten());
    }
    names
}
