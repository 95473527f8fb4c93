//! Reading the contract: routes, checks, built values.

use http::Method;
use serde_json::{Value, json};

use crate::contract::{Amount, Contract, Direction, Matched};

fn contract(schemas: Value) -> Contract {
    Contract::new(json!({"components": {"schemas": schemas}, "paths": {}}))
}

fn wrong(contract: &Contract, schema: Value, value: Value) -> Vec<String> {
    let found = contract.violations(&schema, &value, Direction::Request);
    found.iter().map(ToString::to_string).collect()
}

fn operation_of(contract: &Contract, method: &Method, path: &str) -> String {
    match contract.route(method, path) {
        Matched::Operation(index, _) => contract.operation(index).unwrap().id.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_fixed_segment_wins_over_a_parameter() {
    let contract = Contract::shared();
    let id = "019b76da-a800-7000-8000-000000000001";
    let path = format!("/environment/{id}/status");
    assert_eq!(
        operation_of(&contract, &Method::GET, &path),
        "getEnvironmentStatus"
    );
    let path = "/environment/deploymentStatus";
    let id_of = operation_of(&contract, &Method::GET, path);
    assert_eq!(id_of, "getDeploymentStatusByDeploymentRequestId");
    let path = format!("/application/{id}/ingressDeploymentStatus");
    assert_eq!(
        operation_of(&contract, &Method::GET, &path),
        "getIngressDeploymentStatus"
    );
    assert_eq!(
        operation_of(&contract, &Method::DELETE, "/ips"),
        "OtherMethod"
    );
    assert_eq!(operation_of(&contract, &Method::GET, "/nowhere"), "Nothing");
}

#[test]
fn path_parameters_are_decoded_and_keep_to_their_segment() {
    let contract = Contract::shared();
    let path = "/organization/a%2Fb/project";
    let Matched::Operation(_, values) = contract.route(&Method::GET, path) else {
        panic!("no route")
    };
    assert_eq!(values, [("organizationId".to_owned(), "a/b".to_owned())]);
}

#[test]
fn all_of_is_merged_and_undeclared_required_names_are_ignored() {
    let contract = contract(json!({
        "Base": {"type": "object", "required": ["id"],
                 "properties": {"id": {"type": "string", "readOnly": true}}},
        "Thing": {"allOf": [
            {"$ref": "#/components/schemas/Base"},
            {"type": "object", "required": ["name", "ghost"],
             "properties": {"name": {"type": "string"}}},
        ]},
    }));
    let thing = json!({"$ref": "#/components/schemas/Thing"});
    assert_eq!(
        wrong(&contract, thing.clone(), json!({})),
        ["name is required"]
    );
    let found = contract.violations(&thing, &json!({"name": "a"}), Direction::Response);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, "id");
}

#[test]
fn null_is_allowed_only_if_the_contract_allows_it() {
    let contract = contract(json!({
        "Maybe": {"type": "string", "nullable": true},
        "Kind": {"type": "string", "enum": ["A", "B"]},
    }));
    let maybe = json!({"$ref": "#/components/schemas/Maybe"});
    assert!(wrong(&contract, maybe, Value::Null).is_empty());
    let outer = json!({"nullable": true, "allOf": [{"$ref": "#/components/schemas/Kind"}]});
    assert!(wrong(&contract, outer.clone(), Value::Null).is_empty());
    assert_eq!(
        wrong(&contract, outer, json!("C")),
        ["the body has the unknown value \"C\""]
    );
    let described = json!({"description": "a", "allOf": [{"$ref": "#/components/schemas/Maybe"}]});
    assert!(wrong(&contract, described, Value::Null).is_empty());
    let kind = json!({"$ref": "#/components/schemas/Kind"});
    let only_null = json!({"type": "string", "nullable": true, "enum": [null]});
    let choice = json!({"oneOf": [kind.clone(), only_null]});
    assert!(wrong(&contract, choice, Value::Null).is_empty());
    for schema in [kind.clone(), json!({"oneOf": [kind]})] {
        assert_eq!(
            wrong(&contract, schema, Value::Null),
            ["the body must not be null"]
        );
    }
}

#[test]
fn types_formats_and_bounds_are_checked() {
    let contract = contract(json!({}));
    for (schema, good, bad) in [
        (json!({"type": "integer"}), json!(1.0), json!(1.5)),
        (json!({"type": "integer", "minimum": 1}), json!(1), json!(0)),
        (
            json!({"type": "number", "maximum": 2}),
            json!(2),
            json!(2.5),
        ),
        (
            json!({"type": "string", "maxLength": 2}),
            json!("äö"),
            json!("abc"),
        ),
        (
            json!({"type": "array", "minItems": 1}),
            json!([1]),
            json!([]),
        ),
        (json!({"type": "boolean"}), json!(true), json!("true")),
        (
            json!({"type": "string", "format": "uuid"}),
            json!("019b76da-a800-7000-8000-000000000001"),
            json!("1"),
        ),
        (
            json!({"type": "string", "format": "date-time"}),
            json!("2026-01-01T00:00:00+02:00"),
            json!("yesterday"),
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            json!({"a": "b"}),
            json!({"a": 1}),
        ),
    ] {
        assert!(
            wrong(&contract, schema.clone(), good).is_empty(),
            "{schema}"
        );
        assert_eq!(wrong(&contract, schema.clone(), bad).len(), 1, "{schema}");
    }
}

#[test]
fn a_discriminator_selects_the_member_that_is_checked() {
    let contract = contract(json!({
        "Cat": {"type": "object", "required": ["kind", "lives"],
                "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}},
        "Dog": {"type": "object", "required": ["kind"],
                "properties": {"kind": {"type": "string"}, "lives": {"type": "string"}}},
        "Pet": {
            "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
            "discriminator": {"propertyName": "kind", "mapping": {
                "CAT": "#/components/schemas/Cat", "DOG": "#/components/schemas/Dog"}},
        },
    }));
    let pet = json!({"$ref": "#/components/schemas/Pet"});
    assert!(wrong(&contract, pet.clone(), json!({"kind": "DOG"})).is_empty());
    assert_eq!(
        wrong(&contract, pet.clone(), json!({"kind": "CAT"})),
        ["lives is required"]
    );
    let unknown = json!({"kind": "EEL"});
    assert_eq!(
        wrong(&contract, pet.clone(), unknown),
        ["kind has the unknown value \"EEL\""]
    );
    assert_eq!(
        wrong(&contract, pet.clone(), json!({})),
        ["kind is required"]
    );
    let built = contract.build(&pet, &json!({"kind": "DOG"}), Amount::Minimal);
    assert_eq!(built, json!({"kind": "DOG"}));
    let built = contract.build(&pet, &Value::Null, Amount::Minimal);
    assert_eq!(built, json!({"kind": "CAT", "lives": 0}));
}

#[test]
fn a_schema_that_contains_itself_is_built_once() {
    let contract = contract(json!({
        "Node": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        }},
    }));
    let node = json!({"$ref": "#/components/schemas/Node"});
    let built = contract.build(&node, &Value::Null, Amount::Full);
    assert_eq!(built, json!({"name": "name"}));
    let facts = json!({"name": "root", "children": [{"name": "leaf"}], "unknown": 1});
    let built = contract.build(&node, &facts, Amount::Full);
    assert_eq!(
        built,
        json!({"name": "root", "children": [{"name": "leaf"}]})
    );
}

#[test]
fn a_built_value_matches_and_one_property_less_does_not() {
    let contract = Contract::shared();
    let mut taken = 0;
    for operation in contract.operations() {
        let Some((media, schema)) = &operation.success.content else {
            continue;
        };
        if media != "application/json" {
            continue;
        }
        let built = contract.build(schema, &Value::Null, Amount::Minimal);
        let again = contract.build(schema, &Value::Null, Amount::Minimal);
        assert_eq!(built, again, "{}", operation.id);
        let found = contract.violations(schema, &built, Direction::Response);
        assert!(found.is_empty(), "{}: {found:?}", operation.id);
        // A minimal value has nothing that could be left out.
        for name in built
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys())
        {
            let mut less = built.clone();
            less.as_object_mut().unwrap().remove(name);
            let found = contract.violations(schema, &less, Direction::Response);
            assert!(!found.is_empty(), "{}: without {name}", operation.id);
            taken += 1;
        }
    }
    assert!(taken > 500, "{taken}");
}

#[test]
fn a_contract_that_cannot_be_read_has_no_operations() {
    let contract = Contract::new(Value::Null);
    assert!(contract.operations().is_empty());
    assert_eq!(
        contract.route(&Method::GET, "/organization"),
        Matched::Nothing
    );
}
