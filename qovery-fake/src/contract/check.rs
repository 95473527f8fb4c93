//! Checks whether a value matches a schema.
//!
//! Unknown properties are allowed, because the API ignores them.

use serde_json::Value;
use uuid::Uuid;

use super::{
    pattern,
    schema::{Alternatives, Schemas, Shape},
};

const DEPTH: usize = 48;
/// The problem of a missing required property.
const MISSING: &str = "is required";

/// The direction of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Read-only properties may be absent.
    Request,
    /// Write-only properties may be absent.
    Response,
}

/// One problem of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The path, such as `ports[0].internal_port`; empty for the value itself.
    pub(crate) path: String,
    /// A description of the mismatch.
    pub(crate) what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            write!(f, "the body {}", self.what)
        } else {
            write!(f, "{} {}", self.path, self.what)
        }
    }
}

impl Violation {
    /// Whether a required property is missing.
    pub(crate) fn is_missing(&self) -> bool {
        self.what == MISSING
    }
}

/// Returns all problems of `value`.
pub(super) fn violations(
    schemas: &Schemas,
    schema: &Value,
    value: &Value,
    direction: Direction,
) -> Vec<Violation> {
    let mut check = Check {
        schemas,
        direction,
        found: Vec::new(),
    };
    check.value(schema, value, "", 0);
    check.found
}

struct Check<'a> {
    schemas: &'a Schemas,
    direction: Direction,
    found: Vec<Violation>,
}

impl Check<'_> {
    fn report(&mut self, path: &str, what: impl Into<String>) {
        self.found.push(Violation {
            path: path.to_owned(),
            what: what.into(),
        });
    }

    /// Whether null fits a schema.
    fn takes_null(&self, schema: &Value, depth: usize) -> bool {
        if depth > DEPTH {
            return true;
        }
        let shape = self.schemas.shape(schema);
        let is_listed = shape
            .values
            .is_some_and(|values| values.contains(&Value::Null));
        let is_anything = shape.kind.is_none() && shape.alternatives.is_none();
        let by_member = shape.alternatives.is_some_and(|alternatives| {
            let mut members = alternatives.members.iter();
            members.any(|member| self.takes_null(member, depth + 1))
        });
        shape.nullable || is_listed || is_anything || by_member
    }

    fn value(&mut self, schema: &Value, value: &Value, path: &str, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let shape = self.schemas.shape(schema);
        if value.is_null() {
            if !self.takes_null(schema, depth) {
                self.report(path, "must not be null");
            }
            return;
        }
        if let Some(values) = shape.values
            && !values.contains(value)
        {
            self.report(path, format!("has the unknown value {value}"));
            return;
        }
        if !self.kind(&shape, value, path) {
            return;
        }
        self.format_and_bounds(&shape, value, path);
        match value {
            Value::Array(items) => {
                let Some(schema) = shape.items else { return };
                for (index, item) in items.iter().enumerate() {
                    self.value(schema, item, &format!("{path}[{index}]"), depth + 1);
                }
            }
            Value::Object(_) => self.object(&shape, value, path, depth),
            _ => {}
        }
        if let Some(alternatives) = shape.alternatives {
            self.alternatives(alternatives, value, path, depth);
        }
    }

    fn kind(&mut self, shape: &Shape<'_>, value: &Value, path: &str) -> bool {
        let Some(kind) = shape.kind else { return true };
        let fits = match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "number" => value.is_number(),
            "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            _ => true,
        };
        if !fits {
            self.report(path, format!("must be of type {kind}"));
        }
        fits
    }

    fn format_and_bounds(&mut self, shape: &Shape<'_>, value: &Value, path: &str) {
        if let Some(text) = value.as_str() {
            let readable = match shape.format {
                Some("uuid") => Uuid::parse_str(text).is_ok(),
                Some("date-time") => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
                _ => true,
            };
            if let Some(pattern) = shape
                .pattern
                .filter(|pattern| !pattern::fits(pattern, text))
            {
                self.report(path, format!("must fit the pattern {pattern}"));
            }
            if !readable {
                let format = shape.format.unwrap_or_default();
                self.report(path, format!("must be a {format}"));
            }
        }
        let (size, low, high) = match value {
            Value::Number(number) => (number.as_f64(), "minimum", "maximum"),
            Value::String(text) => (Some(length(text.chars())), "minLength", "maxLength"),
            Value::Array(items) => (Some(length(items.iter())), "minItems", "maxItems"),
            _ => return,
        };
        let Some(size) = size else { return };
        if let Some(bound) = shape.bound(low).filter(|bound| size < *bound) {
            self.report(path, format!("must not be below {bound}"));
        }
        if let Some(bound) = shape.bound(high).filter(|bound| size > *bound) {
            self.report(path, format!("must not be above {bound}"));
        }
    }

    fn object(&mut self, shape: &Shape<'_>, value: &Value, path: &str, depth: usize) {
        for name in &shape.required {
            let exempt = match self.direction {
                Direction::Request => "readOnly",
                Direction::Response => "writeOnly",
            };
            let property = shape.properties.get(name).copied().unwrap_or(&Value::Null);
            let property = self.schemas.follow(property);
            let exempt = property.get(exempt).and_then(Value::as_bool) == Some(true);
            if value.get(name).is_none() && !exempt {
                self.report(&below(path, name), MISSING);
            }
        }
        for (name, content) in value.as_object().into_iter().flatten() {
            let schema = shape.properties.get(name.as_str()).copied();
            if let Some(schema) = schema.or(shape.additional) {
                self.value(schema, content, &below(path, name), depth + 1);
            }
        }
    }

    fn alternatives(
        &mut self,
        alternatives: Alternatives<'_>,
        value: &Value,
        path: &str,
        depth: usize,
    ) {
        if let Some(discriminator) = alternatives.discriminator {
            let name = value.get(discriminator).and_then(Value::as_str);
            let member = name.and_then(|name| {
                let mut members = alternatives.members.iter();
                members.find(|member| alternatives.name_of(member) == Some(name))
            });
            match (name, member) {
                (_, Some(member)) => self.value(member, value, path, depth + 1),
                (Some(name), None) if alternatives.is_mapped() => {
                    let what = format!("has the unknown value {name:?}");
                    self.report(&below(path, discriminator), what);
                }
                (None, None) if alternatives.is_mapped() => {
                    self.report(&below(path, discriminator), MISSING);
                }
                _ => self.any_of(alternatives.members, value, path, depth),
            }
        } else {
            self.any_of(alternatives.members, value, path, depth);
        }
    }

    fn any_of(&mut self, members: &[Value], value: &Value, path: &str, depth: usize) {
        let mut fewest: Option<Vec<Violation>> = None;
        for member in members {
            let mut check = Check {
                schemas: self.schemas,
                direction: self.direction,
                found: Vec::new(),
            };
            check.value(member, value, path, depth + 1);
            if check.found.is_empty() {
                return;
            }
            if fewest.as_ref().is_none_or(|f| check.found.len() < f.len()) {
                fewest = Some(check.found);
            }
        }
        self.found.extend(fewest.into_iter().flatten());
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn length<T>(items: impl Iterator<Item = T>) -> f64 {
    u32::try_from(items.count()).map_or(f64::MAX, f64::from)
}
