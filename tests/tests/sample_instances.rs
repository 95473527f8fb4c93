//! The instances that the other tests use are valid.

use std::collections::BTreeSet;

use integration_tests::document::{self, operations};
use integration_tests::samples::{Builder, Direction, Node, Variation, compare};
use serde_json::{Value, json};

fn schema(yaml: Value) -> Value {
    json!({"components": {"schemas": yaml}})
}

fn root() -> Value {
    json!({"$ref": "#/components/schemas/Root"})
}

#[test]
fn every_schema_of_the_contract_has_the_same_instances_each_time() {
    let contract = document::contract();
    let mut bodies = 0;
    for operation in operations(&contract) {
        let responses = operation
            .successes
            .iter()
            .filter_map(|(_, body)| body.clone());
        for (_, schema) in operation.body.iter().cloned().chain(responses) {
            let instances = Builder::instances(&contract, &schema);
            assert_eq!(
                instances,
                Builder::instances(&contract, &schema),
                "{}",
                operation.id
            );
            bodies += 1;
        }
    }
    assert!(bodies > 700, "{bodies}");
}

#[test]
fn the_instances_contain_every_member_of_every_union() {
    let document = schema(json!({
        "Root": {"type": "object", "required": ["outer"], "properties": {"outer": {
            "oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}],
            "discriminator": {"propertyName": "kind", "mapping": {
                "A": "#/components/schemas/A", "B": "#/components/schemas/B", "B2": "#/components/schemas/B"
            }}
        }}},
        "A": {"type": "object", "properties": {"kind": {"type": "string"}, "a": {"type": "integer"}}},
        "B": {"type": "object", "properties": {"inner": {"oneOf": [{"type": "string"}, {"type": "boolean"}]}}}
    }));
    let mut seen = BTreeSet::new();
    for node in Builder::instances(&document, &root()) {
        let value = node.render(Variation::Full);
        let inner = &value["outer"]["inner"];
        seen.insert((
            value["outer"]["kind"].to_string(),
            inner.is_string(),
            inner.is_boolean(),
        ));
        let unknown = node.render(Variation::UnknownTag(0));
        assert_eq!(unknown["outer"]["kind"], "NEXT_YEARS_VALUE");
    }
    let kinds: BTreeSet<_> = seen.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds.len(), 3, "{seen:?}");
    assert!(
        seen.iter().any(|(_, text, _)| *text) && seen.iter().any(|(.., flag)| *flag),
        "{seen:?}"
    );
}

#[test]
fn a_schema_that_contains_itself_has_finite_instances() {
    let document = schema(
        json!({"Root": {"type": "object", "required": ["name", "children"], "properties": {
            "name": {"type": "string"},
            "parent": {"$ref": "#/components/schemas/Root"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Root"}}
        }}}),
    );
    let value = Builder::instances(&document, &root())[0].render(Variation::Full);
    assert_eq!(value["children"][0]["children"], json!([]));
    assert!(value["parent"]["parent"].is_null());
}

#[test]
fn each_variation_changes_only_its_own_part() {
    let document = schema(
        json!({"Root": {"type": "object", "required": ["id", "state", "at"], "properties": {
            "id": {"type": "string", "format": "uuid"},
            "state": {"type": "string", "enum": ["ON", "OFF"]},
            "at": {"type": "string", "format": "date-time", "nullable": true},
            "count": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}}
        }}}),
    );
    let node = &Builder::instances(&document, &root())[0];
    let full = node.render(Variation::Full);
    let changed = |variation| {
        let value = node.render(variation);
        let names: BTreeSet<&String> = full.as_object().unwrap().keys().collect();
        let other: BTreeSet<&String> = value.as_object().unwrap().keys().collect();
        let all = names
            .union(&other)
            .filter(|name| full.get(name.as_str()) != value.get(name.as_str()));
        all.map(|name| name.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(changed(Variation::RequiredOnly), "count tags");
    assert_eq!(changed(Variation::OptionalNull), "count tags");
    assert_eq!(changed(Variation::NullableNull), "at");
    assert_eq!(changed(Variation::EmptyNull), "tags");
    assert_eq!(changed(Variation::UnknownField), "next_years_field");
    assert_eq!(changed(Variation::UnknownEnum), "state");
    assert_eq!(changed(Variation::TimeWithoutOffset), "at");
    assert_eq!(changed(Variation::IntegerAsFloat), "count");
}

#[test]
fn a_comparison_finds_lost_changed_and_invented_values() {
    let document = schema(json!({"Root": {"type": "object", "properties": {
        "at": {"type": "string", "format": "date-time"},
        "name": {"type": "string"},
        "count": {"type": "integer"}
    }}}));
    let node = &Builder::instances(&document, &root())[0];
    let differences =
        |sent: Value, got: Value, direction| compare(node, &sent, &got, direction).len();
    use Direction::{Request, Response};
    for direction in [Request, Response] {
        assert_eq!(
            differences(json!({"name": "a"}), json!({"name": "a"}), direction),
            0
        );
        assert_eq!(
            differences(json!({"name": "a"}), json!({"name": "b"}), direction),
            1
        );
        assert_eq!(differences(json!({"name": "a"}), json!({}), direction), 1);
        assert_eq!(differences(json!({}), json!({"name": "a"}), direction), 1);
        assert_eq!(
            differences(json!({"count": 1.0}), json!({"count": 1}), direction),
            0
        );
        let (zulu, offset) = ("2026-05-04T10:20:30.500Z", "2026-05-04T12:20:30.5+02:00");
        assert_eq!(
            differences(json!({"at": offset}), json!({"at": zulu}), direction),
            0
        );
        assert_eq!(
            differences(json!({"name": offset}), json!({"name": zulu}), direction),
            1
        );
    }
    assert_eq!(differences(json!({"name": null}), json!({}), Response), 0);
    assert_eq!(differences(json!({"name": null}), json!({}), Request), 1);
    assert_eq!(
        differences(json!({"next_years_field": 1}), json!({}), Response),
        1
    );
    assert_eq!(differences(json!({}), json!({"name": null}), Response), 0);
    assert_eq!(differences(json!({}), json!({"name": null}), Request), 1);
}

#[test]
fn secrets_are_marked() {
    let document = schema(json!({"Root": {"type": "object", "properties": {
        "password": {"type": "string", "x-secret": true}, "user": {"type": "string"}
    }}}));
    let node: &Node = &Builder::instances(&document, &root())[0];
    assert_eq!(node.secrets().len(), 1);
}
