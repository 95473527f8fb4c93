//! Values that match a schema, built around known facts.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Direction,
    check::violations,
    pattern,
    schema::{Alternatives, Schemas, Shape},
};

const DEPTH: usize = 16;

/// How many optional properties a built value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// The required properties and the known properties.
    Minimal,
    /// All properties. A list has one item, and a schema is not nested in itself.
    Full,
}

/// Returns a value that matches `schema` and contains `facts`, as far as the schema has properties for them. The
/// same input gives the same value.
pub(super) fn build(schemas: &Schemas, schema: &Value, facts: &Value, amount: Amount) -> Value {
    let build = Build { schemas, amount };
    build.value(schema, Some(facts), "value", &mut Vec::new())
}

struct Build<'a> {
    schemas: &'a Schemas,
    amount: Amount,
}

impl<'a> Build<'a> {
    fn value(
        &self,
        schema: &'a Value,
        facts: Option<&Value>,
        name: &str,
        within: &mut Vec<&'a str>,
    ) -> Value {
        let shape = self.schemas.shape(schema);
        if facts.is_some_and(Value::is_null) && shape.nullable {
            return Value::Null;
        }
        let facts = facts.filter(|facts| !facts.is_null());
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some(reference) = reference {
            within.push(reference);
        }
        let built = if within.len() > DEPTH {
            Value::Null
        } else {
            self.shaped(&shape, facts, name, within)
        };
        if reference.is_some() {
            within.pop();
        }
        built
    }

    fn shaped(
        &self,
        shape: &Shape<'a>,
        facts: Option<&Value>,
        name: &str,
        within: &mut Vec<&'a str>,
    ) -> Value {
        if let Some(values) = shape.values {
            // A script may use a value that the contract does not declare.
            let known = facts.filter(|facts| facts.is_string() || values.contains(facts));
            let first = values.iter().find(|value| !value.is_null());
            return known.or(first).cloned().unwrap_or(Value::Null);
        }
        if let Some(alternatives) = shape.alternatives {
            return self.alternative(shape, alternatives, facts, name, within);
        }
        match shape.kind {
            Some("object") => self.object(shape, facts, within),
            Some("array") => self.array(shape, facts, name, within),
            Some(kind) => facts
                .filter(|facts| fits(kind, facts))
                .cloned()
                .unwrap_or_else(|| scalar(shape, kind, name)),
            None => facts.cloned().unwrap_or_else(|| json!({})),
        }
    }

    fn object(&self, shape: &Shape<'a>, facts: Option<&Value>, within: &mut Vec<&'a str>) -> Value {
        let mut built = Map::new();
        for (name, schema) in &shape.properties {
            let known = facts.and_then(|facts| facts.get(name));
            let wanted = match self.amount {
                Amount::Minimal => false,
                Amount::Full => !self.returns(schema, within),
            };
            if known.is_some() || shape.required.contains(name) || wanted {
                built.insert((*name).to_owned(), self.value(schema, known, name, within));
            }
        }
        agree_on_ids(&mut built, facts);
        if shape.additional.is_some() || shape.properties.is_empty() {
            for (name, value) in facts.and_then(Value::as_object).into_iter().flatten() {
                built.entry(name).or_insert_with(|| value.clone());
            }
        }
        Value::Object(built)
    }

    /// Whether this property leads back to a schema that is being built.
    fn returns(&self, schema: &Value, within: &[&str]) -> bool {
        let item = schema.get("items").unwrap_or(schema);
        let reference = item.get("$ref").and_then(Value::as_str);
        within.len() >= DEPTH / 2 || reference.is_some_and(|reference| within.contains(&reference))
    }

    fn array(
        &self,
        shape: &Shape<'a>,
        facts: Option<&Value>,
        name: &str,
        within: &mut Vec<&'a str>,
    ) -> Value {
        let Some(items) = shape.items else {
            return facts.cloned().unwrap_or_else(|| json!([]));
        };
        if let Some(known) = facts.and_then(Value::as_array) {
            let built = known
                .iter()
                .map(|fact| self.value(items, Some(fact), name, within));
            return Value::Array(built.collect());
        }
        let least = shape.bound("minItems").is_some_and(|least| least > 0.0);
        if least || self.amount == Amount::Full {
            json!([self.value(items, None, name, within)])
        } else {
            json!([])
        }
    }

    fn alternative(
        &self,
        shape: &Shape<'a>,
        alternatives: Alternatives<'a>,
        facts: Option<&Value>,
        name: &str,
        within: &mut Vec<&'a str>,
    ) -> Value {
        let Some(member) = self.choose(alternatives, facts) else {
            return self.object(shape, facts, within);
        };
        let mut facts = facts.cloned();
        if let (Some(discriminator), Some(name)) =
            (alternatives.discriminator, alternatives.name_of(member))
        {
            let facts = facts.get_or_insert_with(|| json!({}));
            if let Some(facts) = facts.as_object_mut() {
                facts.insert(discriminator.to_owned(), json!(name));
            }
        }
        let mut built = self.value(member, facts.as_ref(), name, within);
        if shape.properties.is_empty() {
            return built;
        }
        let base = self.object(shape, facts.as_ref(), within);
        if let (Some(built), Value::Object(base)) = (built.as_object_mut(), base) {
            for (name, value) in base {
                built.entry(name).or_insert(value);
            }
        }
        built
    }

    fn choose(&self, alternatives: Alternatives<'a>, facts: Option<&Value>) -> Option<&'a Value> {
        let named = alternatives.discriminator.and_then(|discriminator| {
            let name = facts?.get(discriminator)?.as_str()?;
            let mut members = alternatives.members.iter();
            members
                .find(|member| alternatives.name_of(member) == Some(name))
                .or_else(|| alternatives.named(self.schemas, name))
        });
        if named.is_some() {
            return named;
        }
        let Some(facts) = facts else {
            return alternatives.members.first();
        };
        // Selects the member that contradicts the fewest facts. If there are several, it selects the one that uses most
        // facts, and then the one that lacks the fewest required properties.
        alternatives.members.iter().min_by_key(|member| {
            let wrong = violations(self.schemas, member, facts, Direction::Response);
            let lacking = wrong
                .iter()
                .filter(|violation| violation.is_missing())
                .count();
            let shape = self.schemas.shape(member);
            let used = shape
                .properties
                .keys()
                .filter(|name| facts.get(name).is_some_and(|fact| !fact.is_null()));
            (wrong.len() - lacking, usize::MAX - used.count(), lacking)
        })
    }
}

/// Gives `registry_id` and `registry.id` one value if one of them is invented.
fn agree_on_ids(built: &mut Map<String, Value>, facts: Option<&Value>) {
    let names: Vec<String> = built.keys().cloned().collect();
    for name in names.iter().filter_map(|name| name.strip_suffix("_id")) {
        let by_name = format!("{name}_id");
        let is_known = |fact: Option<&Value>| fact.is_some_and(|fact| !fact.is_null());
        let Some(id) = built.get(&by_name).cloned() else {
            continue;
        };
        let Some(inner) = built.get_mut(name).and_then(|object| object.get_mut("id")) else {
            continue;
        };
        let is_uuid = id.as_str().is_some_and(|id| Uuid::parse_str(id).is_ok());
        if is_known(facts.and_then(|facts| facts.get(&by_name))) {
            if is_uuid {
                *inner = id;
            }
        } else {
            let inner = inner.clone();
            built.insert(by_name, inner);
        }
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" | "number" => value.is_number(),
        _ => true,
    }
}

fn scalar(shape: &Shape<'_>, kind: &str, name: &str) -> Value {
    if let Some(default) = shape
        .default
        .filter(|value| !value.is_null() && fits(kind, value))
    {
        return default.clone();
    }
    let lowest = || {
        shape
            .bounds
            .get("minimum")
            .map_or(json!(0), |bound| (*bound).clone())
    };
    match (kind, shape.format) {
        ("string", Some("uuid")) => json!(id_for(name)),
        ("string", Some("date-time")) => json!("2026-01-01T00:00:00Z"),
        ("string", Some("date")) => json!("2026-01-01"),
        ("string", Some("uri")) => json!("https://example.com"),
        ("string", Some("email")) => json!("someone@example.com"),
        ("string", Some("duration")) => json!("PT0S"),
        ("string", _) => {
            let fitting = shape.pattern.and_then(pattern::simplest);
            json!(fitting.unwrap_or_else(|| name.to_owned()))
        }
        ("boolean", _) => json!(false),
        ("integer" | "number", _) => lowest(),
        _ => Value::Null,
    }
}

/// An id that depends on the property's name only.
fn id_for(name: &str) -> Uuid {
    let folded = name.bytes().fold(0_u128, |sum, byte| {
        sum.wrapping_mul(131).wrapping_add(u128::from(byte))
    });
    let low = folded & 0x0000_ffff_ffff_ffff;
    Uuid::from_u128(0xfa4e_0000_0000_4000_8000_0000_0000_0000 | low)
}
