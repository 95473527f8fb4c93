//! A contract that is mutated from bytes, and the properties that must hold for every contract.

use std::fs;

use serde_json::{Map, Value, json};

use super::{generated, seed};

/// Texts and names for values.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "Thing",
    "Option",
    "self",
    "type",
    "r#fn",
    "Unknown",
    "extra",
    "new",
    "1",
    "A-B",
    "a b",
    "é",
    "😀",
    "```\npanic!();\n```",
    "    panic!();",
    "<b>",
    "[a](b)",
    "`",
    "\\",
    "\"",
    "*/",
    "\u{202e}",
    "\r",
    "\u{1b}[2J",
    "::error::x",
    "##[error]x",
    "/a/{b}",
    "/a/{b}/{b}",
    "{",
    "}",
    "string",
    "object",
    "array",
    "integer",
    "number",
    "boolean",
    "null",
    "date-time",
    "uuid",
    "binary",
    "application/json",
    "text/plain",
    "application/octet-stream",
    "query",
    "path",
    "header",
    "cookie",
    "2XX",
    "default",
    "404",
    "204",
    "#/components/schemas/Thing",
    "#/components/schemas/Thing/properties/id",
    "#/components/schemas/Nothing",
    "#/paths",
    "Environment",
    "Helms",
    "18446744073709551616",
    "1e999",
    "-0",
    "form",
    "deepObject",
];

/// Keywords to insert.
const KEYWORDS: &[&str] = &[
    "type",
    "enum",
    "default",
    "description",
    "pattern",
    "nullable",
    "required",
    "properties",
    "items",
    "allOf",
    "oneOf",
    "anyOf",
    "not",
    "additionalProperties",
    "discriminator",
    "$ref",
    "format",
    "const",
    "minimum",
    "readOnly",
    "x-rust-name",
    "x-enum-varnames",
    "x-secret",
    "style",
    "explode",
    "schema",
    "content",
    "parameters",
    "requestBody",
    "responses",
    "operationId",
    "tags",
    "summary",
    "deprecated",
    "in",
    "name",
    "title",
    "example",
];

/// The seed contract, changed according to the bytes.
pub fn contract(bytes: &[u8]) -> Value {
    let mut document = seed::contract();
    for step in bytes.chunks_exact(5).take(16) {
        let &[kind, high, low, first, second] = step else {
            continue;
        };
        let places = seed::places(&document);
        let pick = |number: usize| {
            places
                .get(number % places.len().max(1))
                .cloned()
                .unwrap_or_default()
        };
        let place = pick(usize::from(high) << 8 | usize::from(low));
        let other = pick(usize::from(first) << 8 | usize::from(second));
        let text = one_of(TEXTS, first);
        let keyword = one_of(KEYWORDS, second);
        let copied = document.pointer(&other).cloned().unwrap_or_default();
        let Some(target) = document.pointer_mut(&place) else {
            continue;
        };
        let own = target.clone();
        match kind % 12 {
            0 => *target = Value::from(text),
            1 => *target = copied,
            2 => {
                *target = json!({"$ref": format!("#/components/schemas/{}", one_of(&["Thing", "State", "Shape", "Circle"], first))})
            }
            3 => *target = json!({"allOf": [own, copied]}),
            4 => *target = json!({"oneOf": [own, copied]}),
            5 => *target = json!({"type": "array", "items": own}),
            6 => {
                *target = one_of(
                    &[
                        json!(null),
                        json!(true),
                        json!(false),
                        json!([]),
                        json!({}),
                        json!(-1),
                        json!(1.5),
                        json!(u64::MAX),
                    ],
                    first,
                )
            }
            7 => insert(target, keyword, Value::from(text)),
            8 => insert(target, keyword, copied),
            9 => insert(target, text, copied),
            10 => {
                if let Some(map) = target.as_object_mut() {
                    let key = map
                        .keys()
                        .nth(usize::from(first) % map.len().max(1))
                        .cloned();
                    key.map(|key| map.shift_remove(&key));
                }
            }
            _ => {
                let keys: Vec<String> = target
                    .as_object()
                    .into_iter()
                    .flat_map(Map::keys)
                    .cloned()
                    .collect();
                if let Some(key) = keys.get(usize::from(second) % keys.len().max(1)) {
                    seed::rename(&mut document, &place, key, text);
                }
            }
        }
    }
    document
}

fn one_of<T: Clone + Default>(all: &[T], number: u8) -> T {
    let chosen = all.get(usize::from(number) % all.len().max(1));
    chosen.cloned().unwrap_or_default()
}

fn insert(target: &mut Value, key: &str, value: Value) {
    match target {
        Value::Object(map) => drop(map.insert(key.to_owned(), value)),
        Value::Array(items) => items.push(value),
        _ => {}
    }
}

/// Panics if the contract, or the one that an import writes from it, gives code that is not Rust or whose
/// documentation contains markup of the contract, or if a message or a report controls a terminal.
pub fn check(contract: &Value) {
    let home = tempfile::tempdir().expect("a directory");
    let spec = home.path().join("spec.json");
    fs::write(&spec, contract.to_string()).expect("written");
    generates(&spec, &home.path().join("out"));
    let imported = home.path().join("openapi.yaml");
    let report = xtask::import(&[spec], &imported);
    let printed = report.as_ref().unwrap_or_else(|message| message);
    assert!(!generated::acts(printed), "{printed:?}");
    if report.is_ok() {
        generates(&imported, &home.path().join("imported"));
        let again = xtask::import(
            std::slice::from_ref(&imported),
            &home.path().join("again.yaml"),
        );
        again.expect("what an import wrote can be imported");
    }
}

fn generates(spec: &std::path::Path, out: &std::path::Path) {
    match xtask::generate(spec, None, out) {
        Ok(()) => assert_eq!(generated::faults(out), [""; 0]),
        Err(message) => assert!(!generated::acts(&message), "{message:?}"),
    }
}
