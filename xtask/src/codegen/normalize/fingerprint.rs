//! Fingerprints of schemas: equal for schemas that are the same type.
//!
//! Texts do not matter: descriptions, defaults and the order of an
//! enum's values do not count, but the secrecy of a field and a given name of a value do.

use std::fmt::Write;

use super::schema::{Kind, Schema, TextFormat};

/// A text that is equal for schemas that are one type.
pub(crate) fn fingerprint(schema: &Schema) -> String {
    let mut text = String::new();
    write_schema(&mut text, schema);
    text
}

fn write_schema(text: &mut String, schema: &Schema) {
    if schema.nullable {
        text.push('?');
    }
    match &schema.kind {
        Kind::Any => text.push_str("any"),
        Kind::Null => text.push_str("null"),
        Kind::Ref(name) => push(text, "ref", name),
        // Both are strings of Rust.
        Kind::Text(TextFormat::Binary) => push(text, "text", &format!("{:?}", TextFormat::Plain)),
        Kind::Text(format) => push(text, "text", &format!("{format:?}")),
        Kind::Integer => text.push_str("integer"),
        Kind::Unsigned => text.push_str("unsigned"),
        Kind::Number => text.push_str("number"),
        Kind::Boolean => text.push_str("boolean"),
        Kind::Enum(values) => {
            let values = values.iter();
            let mut sorted: Vec<(&str, Option<&str>)> = values
                .map(|one| (one.value.as_str(), one.rust_name.as_deref()))
                .collect();
            sorted.sort_unstable();
            push(text, "enum", &format!("{sorted:?}"));
        }
        Kind::List(inner) => nested(text, "list", [inner.as_ref()]),
        Kind::Map(inner) => nested(text, "map", [inner.as_ref()]),
        Kind::AllOf(parts) => nested(text, "all", parts),
        Kind::Union(union) => {
            let tag = union.discriminator.as_ref().map(|discriminator| {
                format!("{}{:?}", discriminator.property, discriminator.mapping)
            });
            push(text, "union", &tag.unwrap_or_default());
            nested(text, "", union.members.iter().map(|member| &member.schema));
        }
        Kind::Object(object) => {
            text.push_str("object{");
            let mut properties: Vec<_> = object.properties.iter().collect();
            properties.sort_unstable_by_key(|(name, _)| *name);
            for (name, property) in properties {
                let notes = &property.schema.notes;
                let marks = [
                    (property.required, '!'),
                    (notes.secret, '#'),
                    (notes.may_be_absent, '~'),
                    (notes.read_only, 'r'),
                    (notes.write_only, 'w'),
                ];
                text.extend(marks.iter().filter(|(set, _)| *set).map(|(_, mark)| mark));
                push(text, "", name);
                write_schema(text, &property.schema);
                text.push(',');
            }
            nested(text, "", object.extra.as_deref());
            text.push('}');
        }
    }
}

fn push(text: &mut String, kind: &str, value: &str) {
    // Writing to a text does not fail.
    let _ = write!(text, "{kind}({value:?})");
}

fn nested<'a>(text: &mut String, kind: &str, schemas: impl IntoIterator<Item = &'a Schema>) {
    text.push_str(kind);
    text.push('[');
    for schema in schemas {
        write_schema(text, schema);
        text.push(',');
    }
    text.push(']');
}
