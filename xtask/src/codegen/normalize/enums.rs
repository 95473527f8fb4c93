//! Rule: an enum is a list of known values, each with a name of its own.
//!
//! `x-enum-varnames` gives names, `x-enumDescriptions` meanings and `x-enumAliases` other spellings.
//! Null among the values makes the enum nullable. Values that would get one name are numbered.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::names;
use super::schema::{EnumValue, Kind, Schema};
use super::schema_keys::list;
use crate::codegen::model::EnumValueModel;

/// Reads the values of an enum of texts. `remark` records a remark for the user.
pub(crate) fn read(
    values: &[Value],
    map: &Map<String, Value>,
    pointer: &str,
    remark: impl Fn(&str, String),
) -> Schema {
    let given = list(map, "x-enum-varnames");
    let mut read: Vec<EnumValue> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut named = BTreeSet::new();
    for (index, value) in values
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_null())
    {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if !seen.insert(text.clone()) {
            continue;
        }
        if text.ends_with(',') {
            let what = format!(
                "the value `{text}` ends with a comma: in a YAML list with one value per line, the comma is part of the value"
            );
            remark(&format!("{pointer}/enum/{index}"), what);
        }
        let old = list(map, "x-deprecatedValues");
        let is_old = |text: &str| old.iter().any(|value| value == text);
        let listed = |key: &str| map.get(key).and_then(|map| map.get(&text));
        let given = given.get(index).and_then(Value::as_str);
        let given = given.filter(|name| !name.trim().is_empty());
        let mut rust_name = given.map(|name| match names::is_type_name(name) {
            true => name.to_owned(),
            false => names::variant_name(name),
        });
        let is_taken = |name: &mut String| name == names::UNKNOWN || !named.insert(name.clone());
        if let Some(name) = rust_name.take_if(is_taken) {
            let why = match name.as_str() {
                names::UNKNOWN => "is the variant for unknown values",
                _ => "is the name of another value too",
            };
            let what = format!("`{name}` {why}; the variant of `{text}` is named after its value");
            remark(&format!("{pointer}/x-enum-varnames/{index}"), what);
        }
        let aliases = listed("x-enumAliases")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        read.push(EnumValue {
            rust_name,
            aliases: aliases
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            description: description(listed("x-enumDescriptions"), is_old(&text)),
            value: text,
        });
    }
    let nullable = values.contains(&Value::Null);
    let kind = match read.is_empty() {
        false => Kind::Enum(read),
        true => Kind::Null,
    };
    let mut schema = Schema::new(kind, pointer);
    schema.nullable = nullable;
    schema
}

/// The meaning of a value, with a note if it is no longer published.
fn description(meaning: Option<&Value>, is_old: bool) -> Option<String> {
    let meaning = meaning.and_then(Value::as_str).map(str::to_owned);
    if !is_old {
        return meaning;
    }
    let note = "The current API no longer documents this value.";
    Some(match meaning {
        Some(meaning) if meaning.trim_end().ends_with('.') => {
            format!("{} {note}", meaning.trim_end())
        }
        Some(meaning) if !meaning.trim().is_empty() => format!("{}. {note}", meaning.trim_end()),
        _ => note.to_owned(),
    })
}

/// The variants of an enum. A value with white space around it is also accepted without that white space.
pub(crate) fn models(values: &[EnumValue]) -> Vec<EnumValueModel> {
    let given = values.iter().filter_map(|value| value.rust_name.clone());
    let mut taken = names::Taken::of(given.chain([names::UNKNOWN.to_owned()]));
    let mut models: Vec<EnumValueModel> = Vec::new();
    for value in values {
        let by_value = || taken.distinct(&names::variant_name(&value.value));
        let rust_name = value.rust_name.clone().unwrap_or_else(by_value);
        let trimmed = value.value.trim().to_owned();
        let mut aliases = value.aliases.clone();
        if trimmed != value.value && !values.iter().any(|other| other.value == trimmed) {
            aliases.push(trimmed);
        }
        models.push(EnumValueModel {
            value: value.value.clone(),
            rust_name,
            aliases,
            description: value.description.clone(),
        });
    }
    models
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{normalized, problem, schemas};
    use crate::codegen::model::{EnumValueModel, SchemaKind};

    fn variants(schema: serde_json::Value) -> Vec<EnumValueModel> {
        let normalized = normalized(schemas(
            json!({"Level": schema, "Root": {"properties": {"level": {"$ref": "#/components/schemas/Level"}}}}),
        ));
        match &normalized.schemas["Level"].kind {
            SchemaKind::OpenEnum(values) => values.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_have_names_meanings_and_other_spellings() {
        let found = variants(json!({
            "type": "string",
            "enum": ["LOW", "HIGH"],
            "x-enum-varnames": ["Low", "VeryHigh"],
            "x-enumDescriptions": {"LOW": "Can wait."},
            "x-enumAliases": {"HIGH": [" HIGH"]},
        }));
        assert_eq!(found[0].rust_name, "Low");
        assert_eq!(found[0].description.as_deref(), Some("Can wait."));
        assert_eq!(found[1].rust_name, "VeryHigh");
        assert_eq!(found[1].aliases, [" HIGH"]);
    }

    #[test]
    fn a_value_with_white_space_is_sent_as_it_is_and_read_without_it_too() {
        let found = variants(json!({"enum": [" CLUSTER", "JOB"]}));
        assert_eq!(
            (found[0].value.as_str(), found[0].rust_name.as_str()),
            (" CLUSTER", "Cluster")
        );
        assert_eq!(found[0].aliases, ["CLUSTER"]);
    }

    #[test]
    fn values_that_would_get_one_name_are_numbered_and_said_once() {
        let found = variants(json!({"type": "string", "enum": ["Service", "SERVICE", "Service"]}));
        let names: Vec<&str> = found.iter().map(|value| value.rust_name.as_str()).collect();
        assert_eq!(names, ["Service", "Service2"]);
    }

    #[test]
    fn a_variant_name_that_is_used_twice_or_is_called_unknown_is_replaced_and_noted() {
        let root = json!({"Root": {"properties": {"level": {
            "type": "string",
            "enum": ["LOW", "HIGH", "NONE", "UNKNOWN", "Self"],
            "x-enum-varnames": ["Low", "Low", "Unknown", "High"],
        }}}});
        let normalized = normalized(schemas(root));
        let notes: Vec<String> = normalized.remarks.iter().map(ToString::to_string).collect();
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(
            notes[0].contains("x-enum-varnames/1") && notes[0].contains("`HIGH`"),
            "{notes:?}"
        );
        assert!(
            notes[1].contains("x-enum-varnames/2") && notes[1].contains("`NONE`"),
            "{notes:?}"
        );
        let values = normalized
            .schemas
            .values()
            .find_map(|schema| match &schema.kind {
                SchemaKind::OpenEnum(values) => Some(values),
                _ => None,
            });
        let names: Vec<&str> = values
            .unwrap()
            .iter()
            .map(|value| value.rust_name.as_str())
            .collect();
        assert_eq!(names, ["Low", "High2", "None", "High", "Self_"]);
    }

    #[test]
    fn numbers_and_truth_values_of_a_text_are_texts() {
        let found = variants(json!({"type": "string", "enum": [10, true]}));
        assert_eq!(
            (found[0].value.as_str(), found[1].value.as_str()),
            ("10", "true")
        );
    }

    #[test]
    fn a_value_that_ends_with_a_comma_gets_a_note() {
        let note = |values: serde_json::Value| {
            let schema = json!({"type": "string", "enum": values});
            let root = json!({"Root": {"properties": {"level": schema}}});
            normalized(schemas(root)).remarks
        };
        let notes = note(json!(["STOP", "DEPLOY,"]));
        assert_eq!(
            notes[0].pointer,
            "/components/schemas/Root/properties/level/enum/1"
        );
        assert!(
            notes[0].text.contains("`DEPLOY,` ends with a comma"),
            "{notes:?}"
        );
        assert_eq!(notes.len(), 1);
        assert!(note(json!(["STOP", "A,B"])).is_empty());
    }

    #[test]
    fn an_enum_without_values_is_a_problem() {
        let found = problem(schemas(
            json!({"Root": {"properties": {"level": {"type": "string", "enum": []}}}}),
        ));
        assert!(
            found
                .contains("/components/schemas/Root/properties/level/enum: an enum without values"),
            "{found}"
        );
    }
}
