//! Scalars that are texts, as they are spelled.
//!
//! YAML takes `1.30` for the number 1.3 and `0x1F` for 31, whatever the schema says of the value. Where
//! the contract wants a text, the text of the file counts. Null stays null, in any spelling: in an enum
//! of texts it says that there may be no value.

use serde_json::{Map, Value};

/// Keys whose value is a text at every location.
const TEXTS: [&str; 10] = [
    "version",
    "title",
    "summary",
    "description",
    "operationId",
    "name",
    "propertyName",
    "pattern",
    "format",
    "x-rust-name",
];

/// Keys whose value is a list of texts if it is a list.
const LISTS: [&str; 2] = ["required", "tags"];

/// Keys whose value, or each of whose values, has the type of the schema.
const VALUES: [&str; 4] = ["enum", "default", "const", "example"];

/// Keys whose value is data.
const DATA: [&str; 4] = ["default", "const", "enum", "example"];

/// Keys whose members are named by the contract.
const NAMED: [&str; 6] = [
    "properties",
    "patternProperties",
    "schemas",
    "dependentSchemas",
    "$defs",
    "definitions",
];

/// The spelling of the plain values of a tree that are not texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spelling {
    /// The tree contains none.
    None,
    Of(String),
    Items(Vec<Spelling>),
    /// The spellings of the members that have some.
    Members(Vec<(String, Spelling)>),
}

impl Spelling {
    pub(super) fn of_items(items: Vec<Self>) -> Self {
        if items.iter().all(|item| *item == Self::None) {
            Self::None
        } else {
            Self::Items(items)
        }
    }

    pub(super) fn of_members(members: Vec<(String, Self)>) -> Self {
        if members.is_empty() {
            Self::None
        } else {
            Self::Members(members)
        }
    }
}

/// Replaces every number and truth value that must be a text by its spelling in the file.
pub(super) fn keep(value: &mut Value, spelling: Spelling) {
    put(value, spelling, Role::Structure);
}

fn put(value: &mut Value, spelling: Spelling, role: Role) {
    match (value, spelling) {
        _ if role == Role::Opaque => {}
        (Value::Object(map), Spelling::Members(members)) => {
            let is_text = is_of_texts(map);
            for (key, spelling) in members {
                let role = role.of_member(&key, is_text);
                if let Some(value) = map.get_mut(&key) {
                    put(value, spelling, role);
                }
            }
        }
        (Value::Array(items), Spelling::Items(spellings)) => {
            for (item, spelling) in items.iter_mut().zip(spellings) {
                put(item, spelling, role.of_item());
            }
        }
        (value, Spelling::Of(text)) if role == Role::Text => *value = Value::String(text),
        _ => {}
    }
}

/// Whether the document has values to correct. JSON does not keep spellings, and such documents are rare.
pub(super) fn is_wanted(value: &Value) -> bool {
    wants(value, Role::Structure)
}

/// The role of a value in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Any value.
    Structure,
    /// A text.
    Text,
    /// A list of texts, or another value.
    List,
    /// A mapping whose keys are not keywords.
    Names,
    /// Data, which is kept unchanged.
    Opaque,
}

impl Role {
    /// The role of a member of a mapping.
    fn of_member(self, key: &str, is_text: bool) -> Self {
        if self == Self::Names {
            Self::Structure
        } else if is_text && VALUES.contains(&key) || TEXTS.contains(&key) {
            Self::Text
        } else if LISTS.contains(&key) {
            Self::List
        } else if NAMED.contains(&key) {
            Self::Names
        } else if DATA.contains(&key) {
            Self::Opaque
        } else {
            Self::Structure
        }
    }

    /// The role of an item of a list.
    fn of_item(self) -> Self {
        match self {
            Self::Text | Self::List => Self::Text,
            Self::Structure | Self::Names => Self::Structure,
            Self::Opaque => Self::Opaque,
        }
    }
}

/// Whether a mapping is a schema of texts.
fn is_of_texts(map: &Map<String, Value>) -> bool {
    match map.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter(|kind| *kind != "null");
            kinds.next().is_some_and(|kind| kind == "string") && kinds.next().is_none()
        }
        _ => false,
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::Number(_) | Value::Bool(_))
}

fn wants(value: &Value, role: Role) -> bool {
    match value {
        _ if role == Role::Opaque => false,
        Value::Object(map) => {
            let is_text = is_of_texts(map);
            map.iter()
                .any(|(key, value)| wants(value, role.of_member(key, is_text)))
        }
        Value::Array(list) => list.iter().any(|value| wants(value, role.of_item())),
        scalar => role == Role::Text && is_scalar(scalar),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use crate::contract::source::parse;

    fn read(text: &str) -> Value {
        parse(Path::new("a.yaml"), text.to_owned())
            .expect("readable")
            .value
    }

    #[test]
    fn the_values_of_a_text_keep_their_spelling() {
        let scalars = [
            "on",
            "NO",
            "Yes",
            "y",
            "true",
            "True",
            "1.10",
            "1.30",
            "0755",
            "0x1F",
            "0o17",
            "1e3",
            "1_000",
            "12:30",
            "2024-01-01",
            ".5",
            "5.",
            "-0",
            "1.0",
            "1",
            "+1",
            "007",
            "18446744073709551616",
            "-170141183460469231731687303715884105729",
        ];
        let list: String = scalars
            .iter()
            .map(|scalar| format!("- {scalar}\n"))
            .collect();
        let value = read(&format!("type: string\nenum:\n{list}"));
        assert_eq!(value["enum"], json!(scalars));
        for scalar in scalars {
            let value = read(&format!(
                "{{default: {scalar}, const: {scalar}, type: [string, 'null']}}"
            ));
            assert_eq!(value["default"], json!(scalar));
            assert_eq!(value["const"], json!(scalar));
        }
    }

    #[test]
    fn null_is_no_text_in_any_spelling() {
        let value = read("{type: string, enum: [A, null, ~, 1.0], default: ~}");
        assert_eq!(
            value,
            json!({"type": "string", "enum": ["A", null, null, "1.0"], "default": null})
        );
    }

    #[test]
    fn values_of_other_types_are_what_they_are() {
        for kind in ["number", "integer", "boolean", "[string, integer]", "array"] {
            let value = read(&format!(
                "{{type: {kind}, enum: [1.30, true, 0x10], default: 1.50}}"
            ));
            assert_eq!(value["enum"], json!([1.3, true, 16]), "{kind}");
            assert_eq!(value["default"], json!(1.5), "{kind}");
        }
        assert_eq!(read("{enum: [1.30]}"), json!({"enum": [1.3]}));
        // Length bounds of a text are numbers.
        let text = "{type: string, minLength: 1, nullable: true, enum: ['1', 2]}";
        let wanted =
            json!({"type": "string", "minLength": 1, "nullable": true, "enum": ["1", "2"]});
        assert_eq!(read(text), wanted);
    }

    #[test]
    fn data_is_what_it_is_and_names_of_properties_are_no_keywords() {
        let text = "{default: {name: 1, tags: [1]}, example: {version: 1.50}, operationId: 1, \
                     properties: {default: {type: string, default: 1.50}, name: {type: string, enum: [1.0]}}}";
        let properties = json!({"default": {"type": "string", "default": "1.50"}, "name": {"type": "string", "enum": ["1.0"]}});
        assert_eq!(
            read(text),
            json!({"default": {"name": 1, "tags": [1]}, "example": {"version": 1.5}, "operationId": "1", "properties": properties})
        );
    }

    #[test]
    fn names_and_versions_keep_their_spelling() {
        let text = "info: {title: 1.0, version: 1.10}\n\
                    a: &a {operationId: 1e3, tags: [1.0, on], required: true}\n\
                    b: {required: [1.10, true], properties: {1.10: {type: string}, true: {}}}\n\
                    c: *a\n";
        let a = json!({"operationId": "1e3", "tags": ["1.0", "on"], "required": true});
        let b = json!({"required": ["1.10", "true"], "properties": {"1.10": {"type": "string"}, "true": {}}});
        let info = json!({"title": "1.0", "version": "1.10"});
        assert_eq!(read(text), json!({"info": info, "a": a, "b": b, "c": a}));
    }

    #[test]
    fn json_keeps_its_spelling_as_well() {
        let value = read("{\"type\": \"string\", \"enum\": [1.30, 1.0, \"\\u00e9\"]}");
        assert_eq!(value["enum"], json!(["1.30", "1.0", "é"]));
    }
}
