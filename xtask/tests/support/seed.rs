//! A contract with a text at every location that the generator reads.

use serde_json::{Value, json};

/// The contract.
pub fn contract() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Seed", "version": "1.2.3", "description": "About."},
        "servers": [{"url": "https://api.example.com", "description": "One."}],
        "tags": [{"name": "Environment", "description": "A tag."}],
        "paths": {
            "/environment/{environmentId}/thing/{thing_name}": {
                "description": "Of a path.",
                "get": {
                    "operationId": "getThing",
                    "tags": ["Environment"],
                    "summary": "Gets a thing",
                    "description": "Gets a thing.\n\n* one\n* two `code`",
                    "parameters": [
                        {"name": "environmentId", "in": "path", "required": true, "description": "Which.", "schema": {"type": "string", "format": "uuid"}},
                        {"name": "thing_name", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[a-z]+$"}},
                        {"name": "filter", "in": "query", "description": "A filter.", "schema": {"type": "string", "default": "none", "minLength": 1}},
                        {"name": "kinds", "in": "query", "required": true, "schema": {"type": "array", "items": {"type": "string", "enum": ["A", "B"]}}},
                        {"name": "X-Trace", "in": "header", "description": "A header.", "schema": {"type": "string"}},
                    ],
                    "responses": {
                        "200": {"description": "Fine.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                        "404": {"description": "Missing."},
                    },
                },
                "put": {
                    "operationId": "editThing",
                    "tags": ["Environment"],
                    "summary": "Edits a thing",
                    "parameters": [
                        {"name": "environmentId", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
                        {"name": "thing_name", "in": "path", "required": true, "schema": {"type": "string"}},
                    ],
                    "requestBody": {"description": "The body.", "required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingRequest"}}}},
                    "responses": {"200": {"description": "Fine.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
                },
            },
            "/environment/log": {
                "post": {
                    "operationId": "postLog",
                    "tags": ["Environment"],
                    "deprecated": true,
                    "requestBody": {"description": "Lines.", "content": {"text/plain": {"schema": {"type": "string"}}}},
                    "responses": {"202": {"description": "Taken.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
                },
            },
        },
        "components": {"schemas": {
            "Thing": {
                "type": "object",
                "description": "A thing.",
                "required": ["id", "state"],
                "properties": {
                    "id": {"type": "string", "description": "Its id.", "pattern": "^x"},
                    "state": {"$ref": "#/components/schemas/State"},
                    "level": {"type": "integer", "enum": [1, 2], "default": 1},
                    "shape": {"$ref": "#/components/schemas/Shape"},
                    "note": {"type": "string", "default": "none"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "ThingRequest": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "description": "Its id."},
                    "note": {"type": "string", "nullable": true, "default": "none"},
                    "state": {"$ref": "#/components/schemas/State"},
                },
            },
            "State": {
                "type": "string",
                "description": "A state.",
                "enum": ["READY", "RUNNING"],
                "x-enumDescriptions": {"READY": "Is ready.", "RUNNING": "Runs."},
                "x-enumAliases": {"READY": ["ready"]},
            },
            "Shape": {
                "description": "A shape.",
                "oneOf": [{"$ref": "#/components/schemas/Circle"}, {"$ref": "#/components/schemas/Square"}],
                "discriminator": {"propertyName": "kind", "mapping": {"CIRCLE": "#/components/schemas/Circle", "SQUARE": "#/components/schemas/Square"}},
            },
            "Circle": {"type": "object", "description": "Round.", "required": ["kind"], "properties": {"kind": {"type": "string"}, "radius": {"type": "number", "minimum": 1}}},
            "Square": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "side": {"type": "number"}}},
        }},
    })
}

/// The JSON pointers of all texts.
pub fn texts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(value, String::new(), &mut |pointer, value| {
        if value.is_string() {
            found.push(pointer.to_owned());
        }
    });
    found
}

/// The JSON pointers of all values.
pub fn places(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(value, String::new(), &mut |pointer, _| {
        found.push(pointer.to_owned());
    });
    found
}

/// The JSON pointers of all mappings, and their keys.
pub fn keys(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(value, String::new(), &mut |pointer, value| {
        for key in value.as_object().into_iter().flat_map(|map| map.keys()) {
            found.push((pointer.to_owned(), key.clone()));
        }
    });
    found
}

/// Gives a key of the mapping at `pointer` another name.
pub fn rename(document: &mut Value, pointer: &str, key: &str, name: &str) {
    if let Some(Value::Object(map)) = document.pointer_mut(pointer) {
        let entries = std::mem::take(map).into_iter();
        map.extend(entries.map(|(known, value)| {
            if known == key {
                (name.to_owned(), value)
            } else {
                (known, value)
            }
        }));
    }
}

fn walk(value: &Value, pointer: String, visit: &mut impl FnMut(&str, &Value)) {
    visit(&pointer, value);
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                walk(inner, format!("{pointer}/{key}"), visit);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                walk(inner, format!("{pointer}/{index}"), visit);
            }
        }
        _ => {}
    }
}
