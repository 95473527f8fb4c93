//! Whatever a contract says: it is refused with a place, or accepted by progenitor.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::api;
use crate::codegen::{normalise, progenitor};
use crate::contract::source;

const COMPONENTS: [&str; 4] = ["Alpha", "beta_two", "GAMMA", "Delta3"];

/// Schemas of values that a URL can hold.
fn simple() -> Vec<Value> {
    vec![
        json!({"type": "string"}),
        json!({"type": "string", "format": "uuid", "nullable": true}),
        json!({"type": "integer", "minimum": 1, "default": 3}),
        json!({"type": ["number", "null"]}),
        json!({"type": "boolean", "description": "Whether."}),
        json!({"enum": ["A", "b c", "1.5", "", null]}),
        json!({"type": "string", "enum": ["UNKNOWN", "unknown"]}),
        json!({"const": "TAG"}),
        json!({}),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    let mut fixed = simple();
    fixed.extend([
        json!({"type": ["string", "integer"]}),
        json!({"type": "object"}),
        json!({"type": "null"}),
    ]);
    let reference = prop::sample::select(COMPONENTS.to_vec())
        .prop_map(|name| json!({"$ref": format!("#/components/schemas/{name}")}));
    prop_oneof![prop::sample::select(fixed), reference]
}

fn schema() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let name = prop::sample::select(vec!["type", "id", "items", "results", "camelCase", "self", "x-y"]);
        let object = (prop::collection::btree_map(name, inner.clone(), 0..4), any::<bool>(), any::<bool>()).prop_map(|(properties, nullable, required)| {
            let required: Vec<&str> = if required { properties.keys().copied().collect() } else { vec!["gone"] };
            json!({"type": "object", "properties": properties, "nullable": nullable, "required": required})
        });
        let members = prop::collection::vec(inner.clone(), 0..4);
        let objects = prop::collection::vec(object.clone(), 0..4);
        prop_oneof![
            3 => object.clone(),
            1 => inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            1 => inner.clone().prop_map(|values| json!({"additionalProperties": values})),
            2 => objects.clone().prop_map(|parts| json!({"allOf": parts})),
            1 => (leaf(), objects.clone()).prop_map(|(first, rest)| json!({"allOf": [first, {"allOf": rest}]})),
            1 => members.clone().prop_map(|members| json!({"oneOf": members})),
            1 => members.clone().prop_map(|members| json!({"anyOf": members, "discriminator": {"propertyName": "type"}})),
            1 => (object, objects).prop_map(|(part, members)| json!({"allOf": [part], "oneOf": members, "properties": {"own": {"type": "string"}}})),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    (
        prop::collection::vec(schema(), 4),
        schema(),
        schema(),
        prop::sample::select(simple()),
    )
        .prop_map(|(components, sent, received, parameter)| {
            let components: serde_json::Map<String, Value> = COMPONENTS
                .iter()
                .map(|name| (*name).to_owned())
                .zip(components)
                .collect();
            let json = |schema: Value| json!({"application/json": {"schema": schema}});
            let operation = json!({
                "operationId": "doIt",
                "parameters": [{"name": "p", "in": "query", "schema": parameter}],
                "requestBody": {"content": json(sent)},
                "responses": {"200": {"description": "", "content": json(received)}},
            });
            api(
                json!({"/do/{it}": {"post": operation}}),
                Value::Object(components),
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_contract_is_refused_with_a_place_or_generated(value in document()) {
        let document = source::parse(Path::new("api.json"), value.to_string()).unwrap();
        match normalise(&document) {
            Err(problem) => prop_assert!(problem.to_string().contains('/'), "{}", problem),
            Ok(normalised) => {
                let generated = progenitor(&normalised);
                prop_assert!(generated.is_ok(), "{}\n{:#}", generated.err().map(|problem| problem.to_string()).unwrap_or_default(), normalised.document);
                prop_assert_eq!(format!("{normalised:?}"), format!("{:?}", normalise(&document).unwrap()));
            }
        }
    }
}
