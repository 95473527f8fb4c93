//! Writes an instance, unchanged or as a later server version may write it.

use serde_json::{Map, Value, json};

use super::{Node, Object};

/// A value that is in no enum of the contract.
const UNKNOWN_VALUE: &str = "NEXT_YEARS_VALUE";
/// A property that is in no schema of the contract.
const UNKNOWN_FIELD: &str = "next_years_field";

/// How an instance is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variation {
    /// Every declared property.
    Full,
    /// The required properties only.
    RequiredOnly,
    /// Every property that is not required is null.
    OptionalNull,
    /// Every property that may be null is null.
    NullableNull,
    /// Every property is null that is a list, a map, or an object that may be empty.
    EmptyNull,
    /// Every property is left out that is a list, a map, or an object that may be empty.
    EmptyAbsent,
    /// Every object has a property that the contract does not name.
    UnknownField,
    /// Every enum has a value that the contract does not list.
    UnknownEnum,
    /// Every union of this level (0 is the outermost) has a member that the contract does not list.
    UnknownTag(usize),
    /// Times have microseconds.
    TimeWithMicroseconds,
    /// Times have nanoseconds.
    TimeWithNanoseconds,
    /// Times have no fraction.
    TimeWithoutFraction,
    /// Times have no offset.
    TimeWithoutOffset,
    /// Times have an offset other than that of UTC.
    TimeWithOffset,
    /// Integers are written as `1.0`.
    IntegerAsFloat,
}

impl Variation {
    /// All variations except those of unions: an instance has one of these for each level.
    pub const ALL: [Self; 14] = [
        Self::Full,
        Self::RequiredOnly,
        Self::OptionalNull,
        Self::NullableNull,
        Self::EmptyNull,
        Self::EmptyAbsent,
        Self::UnknownField,
        Self::UnknownEnum,
        Self::TimeWithMicroseconds,
        Self::TimeWithNanoseconds,
        Self::TimeWithoutFraction,
        Self::TimeWithoutOffset,
        Self::TimeWithOffset,
        Self::IntegerAsFloat,
    ];

    /// Every variation that applies to an instance.
    pub fn of(node: &Node) -> Vec<Self> {
        let tags = (0..node.union_depth()).map(Self::UnknownTag);
        Self::ALL.into_iter().chain(tags).collect()
    }

    fn time(self) -> &'static str {
        match self {
            Self::TimeWithMicroseconds => "2026-05-04T10:20:30.123456Z",
            Self::TimeWithNanoseconds => "2026-05-04T10:20:30.123456789Z",
            Self::TimeWithoutFraction => "2026-05-04T10:20:30Z",
            Self::TimeWithoutOffset => "2026-05-04T10:20:30.123456",
            Self::TimeWithOffset => "2026-05-04T12:20:30.123+02:00",
            _ => "2026-05-04T10:20:30.123Z",
        }
    }
}

impl Node {
    /// Writes the instance.
    pub fn render(&self, variation: Variation) -> Value {
        self.write(variation, 0)
    }

    fn write(&self, variation: Variation, level: usize) -> Value {
        match self {
            Self::Object(object) => object.write(variation, level),
            Self::List(items) => {
                let items = items.iter().map(|item| item.write(variation, level));
                Value::Array(items.collect())
            }
            Self::Text(text) | Self::Secret(text) => Value::from(text.as_str()),
            Self::Enum(_) if variation == Variation::UnknownEnum => Value::from(UNKNOWN_VALUE),
            Self::Enum(text) => Value::from(text.as_str()),
            Self::DateTime => Value::from(variation.time()),
            Self::Integer(number) if variation == Variation::IntegerAsFloat => {
                json!(*number as f64)
            }
            Self::Integer(number) => json!(number),
            Self::Number(number) => json!(number),
            Self::Boolean(flag) => json!(flag),
            Self::Any(value) => value.clone(),
        }
    }
}

impl Object {
    fn write(&self, variation: Variation, level: usize) -> Value {
        let mut written = Map::new();
        let below = level + self.tags.len();
        for field in &self.fields {
            let tag = self.tags.iter().position(|tag| *tag == field.name);
            if let Some(tag) = tag {
                let unknown = variation == Variation::UnknownTag(level + tag);
                let value = if unknown {
                    Value::from(UNKNOWN_VALUE)
                } else {
                    field.node.write(Variation::Full, below)
                };
                written.insert(field.name.clone(), value);
                continue;
            }
            let may_be_empty = match &field.node {
                Node::List(_) => true,
                Node::Object(object) => object.may_be_empty(),
                _ => false,
            };
            let value = match variation {
                Variation::RequiredOnly if !field.required => continue,
                Variation::OptionalNull if !field.required => Value::Null,
                Variation::NullableNull if field.nullable => Value::Null,
                Variation::EmptyNull if may_be_empty => Value::Null,
                Variation::EmptyAbsent if may_be_empty => continue,
                _ => field.node.write(variation, below),
            };
            written.insert(field.name.clone(), value);
        }
        if variation != Variation::RequiredOnly {
            for (name, node) in &self.extra {
                written.insert(name.clone(), node.write(variation, below));
            }
        }
        // If a schema describes further properties, this one would be wrong.
        if variation == Variation::UnknownField && (self.extra.is_empty() || self.open) {
            let value = json!({"deep": [1, 2.5, null, "text"]});
            written.insert(UNKNOWN_FIELD.to_owned(), value);
        }
        Value::Object(written)
    }
}
