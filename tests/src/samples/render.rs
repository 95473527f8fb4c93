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

/// Writes an instance. `level` is the number of unions around it.
pub(super) fn write(node: &Node, variation: Variation, level: usize) -> Value {
    match node {
        Node::Object(object) => write_object(object, variation, level),
        Node::List(items) => {
            let items = items.iter().map(|item| write(item, variation, level));
            Value::Array(items.collect())
        }
        Node::Text(text) | Node::Secret(text) => Value::from(text.as_str()),
        Node::Enum(_) if variation == Variation::UnknownEnum => Value::from(UNKNOWN_VALUE),
        Node::Enum(text) => Value::from(text.as_str()),
        Node::DateTime => Value::from(variation.time()),
        Node::Integer(number) if variation == Variation::IntegerAsFloat => {
            json!(*number as f64)
        }
        Node::Integer(number) => json!(number),
        Node::Number(number) => json!(number),
        Node::Boolean(flag) => json!(flag),
        Node::Any(value) => value.clone(),
    }
}

fn write_object(object: &Object, variation: Variation, level: usize) -> Value {
    let mut written = Map::new();
    let below = level + object.tags.len();
    for field in &object.fields {
        let tag = object.tags.iter().position(|tag| *tag == field.name);
        if let Some(tag) = tag {
            let unknown = variation == Variation::UnknownTag(level + tag);
            let value = if unknown {
                Value::from(UNKNOWN_VALUE)
            } else {
                write(&field.node, Variation::Full, below)
            };
            written.insert(field.name.clone(), value);
            continue;
        }
        let may_be_empty = match &field.node {
            Node::List(_) => true,
            Node::Object(inner) => inner.may_be_empty(),
            _ => false,
        };
        let value = match variation {
            Variation::RequiredOnly if !field.required => continue,
            Variation::OptionalNull if !field.required => Value::Null,
            Variation::NullableNull if field.nullable => Value::Null,
            Variation::EmptyNull if may_be_empty => Value::Null,
            Variation::EmptyAbsent if may_be_empty => continue,
            _ => write(&field.node, variation, below),
        };
        written.insert(field.name.clone(), value);
    }
    if variation != Variation::RequiredOnly {
        for (name, node) in &object.extra {
            written.insert(name.clone(), write(node, variation, below));
        }
    }
    // If the schema describes its additional properties, the unknown field would not fit.
    if variation == Variation::UnknownField && (object.extra.is_empty() || object.open) {
        let value = json!({"deep": [1, 2.5, null, "text"]});
        written.insert(UNKNOWN_FIELD.to_owned(), value);
    }
    Value::Object(written)
}
