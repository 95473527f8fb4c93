use std::path::Path;

use serde_json::json;

use super::*;
use crate::contract::{canonical, load, source};

fn document(text: &str) -> Document {
    source::parse(Path::new("api.yaml"), text.to_owned()).unwrap()
}

/// The document and the report of an import of these revisions into this contract.
fn imported(contract: Option<&str>, revisions: &[&str]) -> (String, String) {
    let contract = contract.map(document);
    let revisions: Vec<Document> = revisions.iter().map(|text| document(text)).collect();
    let imported = import(contract.as_ref(), &revisions, Loss::Allowed).unwrap();
    (
        canonical::text(&imported.document).unwrap(),
        imported.report.to_string(),
    )
}

fn tree(text: &str) -> Value {
    document(text).value
}

fn at<'a>(tree: &'a Value, pointer: &str) -> &'a Value {
    tree.pointer(pointer)
        .unwrap_or_else(|| panic!("{pointer} is not there"))
}

const OLD: &str = r##"
openapi: 3.0.0
info: {version: 1.0.3, title: Theirs, description: Theirs}
servers: [{url: 'https://api.example.com', description: Theirs}]
paths:
  /pet/{id}:
    get:
      summary: Theirs
      description: Theirs
      operationId: getPet
      tags: [Pets]
      parameters:
        - {name: id, in: path, required: true, style: simple, explode: false, schema: {type: string, format: uuid}, description: Theirs}
      responses:
        '200': {description: Theirs, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
        '404': {description: Theirs}
    delete:
      operationId: removePet
      tags: [Pets]
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, format: uuid}}
      responses:
        '200': {description: Theirs, content: {application/json: {schema: {$ref: '#/components/schemas/Gone'}}}}
  /pets:
    get:
      operationId: listPets
      tags: [Pets]
      responses:
        '200': {description: Theirs, content: {application/json: {schema: {$ref: '#/components/schemas/Kind'}}}}
components:
  schemas:
    Pet: {type: object, properties: {name: {type: string}, age: {type: integer}}}
    Kind: {type: object, properties: {old: {type: string}}}
    Gone: {type: object, properties: {pet: {$ref: '#/components/schemas/Pet'}, kind: {$ref: '#/components/schemas/Kind'}}}
    Unused: {type: string}
"##;

const NEW: &str = r##"
openapi: 3.1.0
info: {version: 1.0.4, title: Theirs}
servers: [{url: 'https://api.example.com'}]
security: [{key: []}]
paths:
  /pet/{petId}:
    parameters:
      - $ref: '#/components/parameters/pet'
    get:
      operationId: getPet
      summary: Theirs
      tags: [Pets]
      responses:
        '200': {description: Theirs, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
        '404': {$ref: '#/components/responses/missing'}
  /animals:
    get:
      operationId: listPets
      parameters:
        - {name: kind, in: query, schema: {$ref: '#/components/schemas/Kind'}, example: theirs}
        - $ref: '#/paths/~1pet~1%7BpetId%7D/parameters/0'
      responses:
        '200': {description: Theirs, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}}
components:
  parameters:
    pet: {name: petId, in: path, required: true, description: Theirs, schema: {type: string, format: uuid}}
  responses:
    missing: {description: Theirs}
  securitySchemes:
    key: {type: apiKey, in: header, name: Authorization, description: Theirs}
  schemas:
    Pet:
      title: Theirs
      x-theirs: 1
      type: object
      example: {name: theirs}
      required: [state, name]
      properties:
        name: {type: [string, 'null'], description: Theirs, examples: [theirs]}
        state: {type: string, enum: [ALIVE, ASLEEP]}
        description: {type: string}
        title: {type: string, title: Theirs}
        example: {type: string}
        default: {type: boolean, default: false}
        nullable: {type: boolean}
        tags: {type: array, items: {type: object, properties: {key: {type: string}}}}
    Kind: {type: string, enum: [CAT, DOG]}
"##;

#[test]
fn importing_the_same_revisions_twice_changes_nothing() {
    let (first, _) = imported(None, &[OLD, NEW]);
    let (second, report) = imported(Some(&first), &[OLD, NEW]);
    assert_eq!(first, second);
    assert!(
        !report.contains("added") && !report.contains("changed") && !report.contains("removed"),
        "{report}"
    );
    let (third, _) = imported(Some(&second), &[NEW]);
    assert_eq!(first, third);
}

#[test]
fn nothing_that_explains_comes_from_upstream() {
    let (text, _) = imported(None, &[OLD, NEW]);
    assert!(!text.to_lowercase().contains("theirs"), "{text}");
}

#[test]
fn properties_named_like_keywords_are_facts() {
    let (text, _) = imported(None, &[NEW]);
    let contract = tree(&text);
    let properties = at(&contract, "/components/schemas/Pet/properties")
        .as_object()
        .unwrap();
    let names: Vec<&str> = properties.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "name",
            "state",
            "description",
            "title",
            "example",
            "default",
            "nullable",
            "tags"
        ]
    );
    assert_eq!(
        properties["default"],
        json!({"type": "boolean", "default": false})
    );
}

#[test]
fn the_newest_revision_is_current_and_the_rest_of_the_older_ones_is_deprecated() {
    let (text, _) = imported(None, &[OLD, NEW]);
    let contract = tree(&text);
    assert_eq!(at(&contract, "/info/version"), "1.0.4");
    assert_eq!(at(&contract, "/openapi"), "3.0.3");
    assert!(
        contract
            .pointer("/paths/~1pet~1{petId}/get/deprecated")
            .is_none()
    );
    assert_eq!(at(&contract, "/paths/~1pets/get/deprecated"), &json!(true));
    assert_eq!(
        at(&contract, "/paths/~1pets/get/operationId"),
        "listPetsLegacy"
    );
    assert_eq!(
        at(&contract, "/paths/~1animals/get/operationId"),
        "listPets"
    );
}

#[test]
fn an_old_operation_joins_the_path_that_the_newest_revision_spells_differently() {
    let (text, _) = imported(None, &[OLD, NEW]);
    let contract = tree(&text);
    assert!(contract.pointer("/paths/~1pet~1{id}").is_none());
    assert_eq!(
        at(&contract, "/paths/~1pet~1{petId}/delete/deprecated"),
        &json!(true)
    );
    assert!(
        text.matches("name: petId\n      in: path").count() == 1,
        "one shared parameter: {text}"
    );
}

#[test]
fn of_two_schemas_of_one_name_the_newest_wins_and_another_kind_of_thing_gets_a_name_of_its_own() {
    let (text, _) = imported(None, &[OLD, NEW]);
    let contract = tree(&text);
    let schemas = at(&contract, "/components/schemas").as_object().unwrap();
    assert_eq!(
        schemas.keys().collect::<Vec<_>>(),
        ["Gone", "Kind", "KindLegacy", "Pet"]
    );
    assert_eq!(
        schemas["Pet"]["properties"]["age"],
        json!({"type": "integer", "deprecated": true})
    );
    assert_eq!(schemas["KindLegacy"]["deprecated"], json!(true));
    assert_eq!(
        at(&contract, "/components/schemas/Gone/properties/kind/$ref"),
        "#/components/schemas/KindLegacy"
    );
    assert_eq!(
        at(&contract, "/components/schemas/Gone/properties/pet/$ref"),
        "#/components/schemas/Pet"
    );
}

#[test]
fn new_elements_get_the_texts_that_openapi_requires() {
    let (text, report) = imported(None, &[NEW]);
    let contract = tree(&text);
    assert_eq!(at(&contract, "/paths/~1animals/get/summary"), "List pets");
    assert_eq!(
        at(&contract, "/paths/~1animals/get/responses/200/description"),
        "Success"
    );
    assert_eq!(
        at(&contract, "/components/responses/NotFound/description"),
        "The resource does not exist."
    );
    assert!(
        report.contains("operations whose summary is still the one made from the id: 2"),
        "{report}"
    );
}

#[test]
fn a_part_that_cannot_be_read_is_refused_instead_of_left_out() {
    let operation = |path: &str, part: &str| {
        format!(
            "openapi: 3.0.3\ninfo: {{version: '1'}}\npaths:\n  /a: {{get: {{operationId: a, responses: {{'204': {{description: n}}}}}}}}\n  {path}: {{get: {{operationId: b, {part}responses: {{'204': {{description: n}}}}}}}}\n"
        )
    };
    for (text, place) in [
        (operation("b/c", ""), "/paths/b~1c: the path `b/c`"),
        (
            operation("/b", "tags: Environment, "),
            "/paths/~1b/get/tags",
        ),
        (operation("/b", "tags: [[a]], "), "/paths/~1b/get/tags"),
        (
            operation("/b", "parameters: {name: q, in: query}, "),
            "/paths/~1b/get/parameters",
        ),
        (
            operation("/b", "parameters: [{name: q}], "),
            "/paths/~1b/get/parameters/0",
        ),
    ] {
        let document = source::parse(Path::new("revision.yaml"), text).unwrap();
        let refused = import(None, &[document], Loss::Allowed).err();
        let message = refused.expect(place).to_string();
        for needle in ["revision.yaml:5", place, "help: "] {
            assert!(message.contains(needle), "{needle}: {message}");
        }
    }
    // Extensions are no paths.
    let extension = operation("x-b", "");
    let document = source::parse(Path::new("revision.yaml"), extension).unwrap();
    assert!(import(None, &[document], Loss::Allowed).is_ok());
}

#[test]
fn an_operation_without_a_tag_keeps_the_one_that_it_had_and_gets_no_other() {
    let (text, _) = imported(None, &[NEW]);
    let animals = |text: &str| tree(text).pointer("/paths/~1animals/get/tags").cloned();
    assert_eq!(animals(&text), None);
    let ours = text.replace(
        "  /animals:\n    get:\n",
        "  /animals:\n    get:\n      tags: [Zoo]\n",
    );
    let (text, _) = imported(Some(&ours), &[NEW]);
    assert_eq!(animals(&text), Some(json!(["Zoo"])));
}

/// The contract with a text of ours at every kind of place.
fn explained() -> String {
    let (text, _) = imported(None, &[OLD, NEW]);
    let mut contract = tree(&text);
    for (pointer, key, text) in [
        ("/info", "description", json!("our contract")),
        ("/tags/0", "description", json!("our tag")),
        ("/paths/~1animals/get", "summary", json!("our summary")),
        (
            "/paths/~1animals/get",
            "description",
            json!("our\n\ndescription"),
        ),
        (
            "/paths/~1animals/get/parameters/0",
            "description",
            json!("our parameter"),
        ),
        (
            "/paths/~1animals/get/responses/200",
            "description",
            json!("our success"),
        ),
        (
            "/components/parameters/petId",
            "description",
            json!("our shared parameter"),
        ),
        (
            "/components/schemas/Pet",
            "description",
            json!("our schema"),
        ),
        (
            "/components/schemas/Pet/properties/name",
            "description",
            json!("our property"),
        ),
        (
            "/components/schemas/Pet/properties/tags/items/properties/key",
            "description",
            json!("our inner property"),
        ),
        (
            "/components/schemas/Gone/properties/pet",
            "description",
            json!("our text about a reference"),
        ),
        (
            "/components/schemas/Pet/properties/state",
            "x-enumDescriptions",
            json!({"ALIVE": "our living", "ASLEEP": "our sleeping"}),
        ),
        (
            "/components/securitySchemes/key",
            "description",
            json!("our scheme"),
        ),
    ] {
        let place = contract
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("{pointer} is not there"));
        place[key] = text;
        if let Some(reference) = place.as_object_mut().unwrap().shift_remove("$ref") {
            place["allOf"] = json!([{"$ref": reference}]);
        }
    }
    canonical::text(&contract).unwrap()
}

#[test]
fn our_texts_survive_an_import_wherever_they_stand() {
    let (text, _) = imported(Some(&explained()), &[OLD, NEW]);
    assert_eq!(
        text.matches("our ").count() + text.matches("our\n").count(),
        14,
        "{text}"
    );
    let (again, _) = imported(Some(&text), &[NEW]);
    assert_eq!(text, again);
}

#[test]
fn our_texts_follow_a_property_into_another_part_of_its_schema() {
    let moved = NEW
        .replace("      type: object\n      example: {name: theirs}\n      required: [state, name]\n      properties:\n", "      allOf:\n        - type: object\n          properties: {id: {type: string}}\n        - type: object\n          properties:\n")
        .replace("\n        name: {type", "\n            name: {type")
        .replace("\n        state: {type", "\n            state: {type")
        .replace("\n        description: {", "\n            description: {")
        .replace("\n        title: {", "\n            title: {")
        .replace("\n        example: {", "\n            example: {")
        .replace("\n        default: {", "\n            default: {")
        .replace("\n        nullable: {", "\n            nullable: {")
        .replace("\n        tags: {", "\n            tags: {");
    let (text, report) = imported(Some(&explained()), &[&moved]);
    let contract = tree(&text);
    assert_eq!(
        at(
            &contract,
            "/components/schemas/Pet/allOf/1/properties/name/description"
        ),
        "our property"
    );
    assert_eq!(
        at(&contract, "/components/schemas/Pet/description"),
        "our schema"
    );
    assert!(report.contains("schemas changed: 1\n  Pet\n"), "{report}");
}

#[test]
fn meanings_of_values_that_are_no_longer_published_stay_with_them() {
    let (text, _) = imported(
        Some(&explained()),
        &[&NEW.replace("[ALIVE, ASLEEP]", "[ALIVE, AWAKE]")],
    );
    let meanings = at(
        &tree(&text),
        "/components/schemas/Pet/properties/state/x-enumDescriptions",
    )
    .clone();
    assert_eq!(
        meanings,
        json!({"ALIVE": "our living", "ASLEEP": "our sleeping"})
    );
}

#[test]
fn the_report_names_added_changed_and_removed_parts() {
    let (old, _) = imported(None, &[OLD]);
    let (_, report) = imported(Some(&old), &[NEW]);
    for line in [
        "operations added: 1\n  GET /animals\n",
        "schemas added: 1\n  KindLegacy\n",
        "  DELETE /pet/{petId}\n",
    ] {
        assert!(report.contains(line), "{line} is not in {report}");
    }
}

#[test]
fn mistakes_in_a_revision_are_reported_with_their_place() {
    for (from, to, expected) in [
        (
            "'#/components/responses/missing'",
            "'#/components/responses/nope'",
            "the reference `#/components/responses/nope` refers to nothing",
        ),
        (
            "items: {$ref: '#/components/schemas/Pet'}",
            "items: {$ref: '#/components/schemas/Nope'}",
            "refers to nothing",
        ),
        (
            "items: {$ref: '#/components/schemas/Pet'}",
            "items: {$ref: 'other.yaml#/Pet'}",
            "refers to another file",
        ),
        (
            "items: {$ref: '#/components/schemas/Pet'}",
            "items: {$dynamicRef: '#x'}",
            "OpenAPI 3.0 has no `$dynamicRef`",
        ),
        (
            "items: {$ref: '#/components/schemas/Pet'}",
            "items: [1]",
            "a schema has to be a mapping",
        ),
        (
            "  /animals:",
            "  /pet/{other}:",
            "is declared twice, with different names in the braces",
        ),
        ("in: query, ", "", "a parameter needs `name` and `in`"),
        (
            "missing: {description: Theirs}",
            "missing: {$ref: '#/components/responses/missing'}",
            "refers to itself",
        ),
    ] {
        let text = NEW.replace(from, to);
        assert_ne!(text, NEW, "{from} is not in the revision");
        let message = import(None, &[document(&text)], Loss::Refused)
            .err()
            .expect(expected)
            .to_string();
        assert!(
            message.contains(expected),
            "{message} does not say {expected}"
        );
        assert!(
            message.starts_with("api.yaml:") && message.contains(": /"),
            "{message} does not say where"
        );
    }
}

#[test]
fn an_import_of_nothing_is_refused() {
    assert!(
        import(Some(&document(NEW)), &[], Loss::Refused)
            .err()
            .unwrap()
            .to_string()
            .contains("no revision")
    );
}

#[path = "keep/tests.rs"]
mod keep_tests;
#[path = "replay_tests.rs"]
mod replay_tests;

fn contract_of_this_repository() -> Document {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml")).unwrap()
}

#[test]
fn importing_the_contract_of_this_repository_into_itself_changes_nothing() {
    let contract = contract_of_this_repository();
    let imported = import(
        Some(&contract),
        std::slice::from_ref(&contract),
        Loss::Refused,
    )
    .unwrap();
    let text = canonical::text(&imported.document).unwrap();
    assert!(
        contract.is_text(&text),
        "openapi.yaml is not canonical: run `cargo xtask import openapi.yaml`"
    );
}

#[test]
fn the_contract_of_this_repository_has_exactly_the_documented_operations() {
    let contract = contract_of_this_repository();
    let table = include_str!("../../../../tests/fixtures/operations.tsv");
    let mut expected = Vec::new();
    for row in table.lines().skip(1) {
        let [method, path, id, tag, source] =
            row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        expected.push((format!("{method} {path}"), id, tag, source));
    }
    let mut found = Vec::new();
    for (path, item) in contract.value["paths"].as_object().unwrap() {
        for (method, operation) in item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| *key != "parameters")
        {
            found.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    assert_eq!(found.len(), 623);
    assert_eq!(expected.len(), 623);
    for (name, id, tag, source) in expected {
        let (_, operation) = found
            .iter()
            .find(|(found, _)| *found == name)
            .unwrap_or_else(|| panic!("{name} is not there"));
        let old = source == "reference-1.0.3";
        assert!(
            !old || operation["deprecated"] == json!(true),
            "{name} is not deprecated"
        );
        let id = if old && ["deployAllServices", "deleteMember"].contains(&id) {
            format!("{id}Legacy")
        } else {
            id.to_owned()
        };
        assert_eq!(operation["operationId"], json!(id), "{name}");
        assert!(tag == "-" || operation["tags"][0] == json!(tag), "{name}");
        assert!(operation["tags"][0].is_string(), "{name} has no tag");
    }
}

#[test]
fn everything_in_the_contract_of_this_repository_is_explained() {
    let contract = contract_of_this_repository().value;
    for (path, item) in contract["paths"].as_object().unwrap() {
        for (method, operation) in item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| *key != "parameters")
        {
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(
                !summary.is_empty() && summary.len() <= 80 && !summary.ends_with('.'),
                "{method} {path}: `{summary}`"
            );
        }
    }
    for (name, schema) in contract["components"]["schemas"].as_object().unwrap() {
        assert!(
            schema["description"].is_string(),
            "{name} has no description"
        );
    }
    for state in contract
        .pointer("/components/schemas/StateEnum/enum")
        .unwrap()
        .as_array()
        .unwrap()
    {
        let meaning = &contract["components"]["schemas"]["StateEnum"]["x-enumDescriptions"]
            [state.as_str().unwrap()];
        assert!(meaning.is_string(), "{state} has no meaning");
    }
}

#[test]
fn parameters_that_a_path_without_placeholders_declares_are_sent_in_the_query() {
    const SOCKETS: &str = r##"
openapi: 3.1.0
info: {version: '1'}
paths:
  /service/logs:
    parameters:
      - {name: cluster, in: path, required: true, schema: {type: string}}
    get:
      operationId: logs
      parameters:
        - {name: query, in: path, required: true, schema: {type: [string, 'null']}}
        - {name: trace, in: header, schema: {type: string}}
      responses: {'200': {description: x}}
  /service/{id}:
    get:
      operationId: one
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: other, in: path, required: true, schema: {type: string}}
      responses: {'200': {description: x}}
"##;
    let (text, report) = imported(None, &[SOCKETS]);
    let dropped = "GET /service/{id}: the path parameter `other` is not in the path and is dropped";
    assert_eq!(report.matches("is dropped").count(), 1, "{report}");
    assert!(report.contains(dropped), "{report}");
    let tree = tree(&text);
    let places = |pointer: &str| -> Vec<(String, String)> {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let declared = tree.pointer(pointer).and_then(Value::as_array);
        let declared = declared.into_iter().flatten();
        let found = declared.map(|one| (text(one, "name"), text(one, "in")));
        found.collect()
    };
    let mut logs = places("/paths/~1service~1logs/get/parameters");
    logs.extend(places("/paths/~1service~1logs/parameters"));
    logs.sort();
    let expected = [
        ("cluster", "query"),
        ("query", "query"),
        ("trace", "header"),
    ];
    let expected = expected.map(|(name, place)| (name.to_owned(), place.to_owned()));
    assert_eq!(logs, expected);
    let mut one = places("/paths/~1service~1{id}/get/parameters");
    one.extend(places("/paths/~1service~1{id}/parameters"));
    assert_eq!(one, [("id".to_owned(), "path".to_owned())]);
}

/// A contract of so many operations.
fn of_operations(count: usize) -> String {
    let operations = (0..count).map(|number| {
        format!("  /a{number}:\n    get: {{operationId: get{number}, responses: {{'204': {{description: x}}}}}}\n")
    });
    let operations: String = operations.collect();
    format!("openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths:\n{operations}")
}

#[test]
fn a_revision_that_lacks_more_than_a_tenth_of_the_current_operations_is_refused() {
    let empty = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {}\n".to_owned();
    let whole = document(&of_operations(20));
    for (revision, lacks) in [
        (of_operations(18), None),
        (of_operations(17), Some("lacks 3 of 20 current operations")),
        (
            of_operations(1),
            Some("`GET /a1`, `GET /a10`, `GET /a11`, `GET /a12`, `GET /a13` and 14 more"),
        ),
        (empty.clone(), Some("has no operation")),
    ] {
        let revision = document(&revision);
        // The operations are those of a contract, or those of an older revision.
        for (contract, revisions) in [
            (Some(&whole), vec![revision.clone()]),
            (None, vec![whole.clone(), revision.clone()]),
        ] {
            let refused = import(contract, &revisions, Loss::Refused).err();
            match lacks {
                None => assert!(refused.is_none()),
                Some(needle) => {
                    let message = refused.expect("refused").to_string();
                    for needle in [needle, "api.yaml:3", "/paths", "--allow-loss"] {
                        assert!(message.contains(needle), "{needle}: {message}");
                    }
                }
            }
            assert!(import(contract, &revisions, Loss::Allowed).is_ok());
        }
    }
    assert!(import(None, &[document(&empty)], Loss::Refused).is_err());
}

#[test]
fn an_element_that_is_already_deprecated_is_not_reported_again() {
    let whole = document(&of_operations(20));
    let half = document(&of_operations(10));
    let contract = import(Some(&whole), std::slice::from_ref(&half), Loss::Allowed).unwrap();
    let text = canonical::text(&contract.document).unwrap();
    let again = import(Some(&document(&text)), &[half], Loss::Refused).unwrap();
    assert_eq!(canonical::text(&again.document).unwrap(), text);
}

#[test]
fn an_address_of_a_path_or_an_operation_is_reported_unless_it_is_one_of_all() {
    let with = |path: &str, operation: &str| {
        format!(
            "openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\nservers: [{{url: https://a.test}}]\npaths:\n  \
             /a:\n    servers: [{{url: '{path}'}}]\n    get: {{servers: [{{url: '{operation}'}}], responses: {{'204': {{description: x}}}}}}\n"
        )
    };
    let (own, other) = ("https://a.test", "https://b.test");
    let title = "addresses that are not imported";
    let (plain, report) = imported(None, &[&with(own, own)]);
    assert!(!report.contains(title), "{report}");
    for (revision, place) in [
        (with(other, own), "  /paths/~1a/servers\n"),
        (with(own, other), "  /paths/~1a/get/servers\n"),
    ] {
        let (text, report) = imported(None, &[&revision]);
        assert_eq!(text, plain);
        assert!(report.contains(title) && report.contains(place), "{report}");
    }
}

#[test]
fn an_extension_that_the_generator_reads_is_reported_wherever_it_stands() {
    let (_, report) = imported(None, &[NEW]);
    let title = "extensions that are not imported: set them in the overlay";
    assert!(!report.contains(title), "{report}");
    let revision = "openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, enum: [a], x-enum-varnames: [First]}}
    get:
      responses:
        '200':
          description: x
          content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}
components:
  schemas:
    A:
      x-rust-name: Better
      x-unknown: 1
      type: object
      properties:
        x-rust-name: {type: string}
        token: {$ref: '#/components/schemas/B/$defs/Inner', x-secret: true}
    B: {$defs: {Inner: {type: string, x-may-be-absent: true}}}
";
    let (text, report) = imported(None, &[revision]);
    assert!(
        !text.contains("Better") && !text.contains("First"),
        "{text}"
    );
    for place in [
        "/paths/~1a~1{id}/parameters/0/schema/x-enum-varnames",
        "/components/schemas/A/x-rust-name",
        "/components/schemas/A/properties/token/x-secret",
        "/components/schemas/B/$defs/Inner/x-may-be-absent",
    ] {
        assert!(
            report.contains(&format!("  {place}\n")),
            "{place}: {report}"
        );
    }
    assert!(report.contains(&format!("{title}: 4\n")), "{report}");
}

#[test]
fn schemas_that_extend_one_with_a_discriminator_stay() {
    let revision = with_ids(&[("get", "/a", "getA")]);
    let mut revision: Value = serde_json::from_str(&revision).unwrap();
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let extending = |name: &str| json!({"allOf": [reference(name), {"type": "object", "properties": {"x": {"type": "string"}}}]});
    let kind = json!({"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}, "discriminator": {"propertyName": "k"}});
    revision["paths"]["/a"]["get"]["responses"] = json!({
        "200": {"description": "x", "content": {"application/json": {"schema": reference("Root")}}},
    });
    revision["components"]["schemas"] = json!({
        "Root": kind, "Middle": extending("Root"), "Leaf": extending("Middle"),
        "Base": {"type": "object", "properties": {"y": {"type": "string"}}}, "Unused": extending("Base"),
        "OfLeaf": {"allOf": [reference("Leaf"), {"type": "object", "properties": {"o": reference("Far")}}]},
        "Far": {"type": "object", "properties": {"z": {"type": "string"}}},
    });
    let (contract, _) = imported(None, &[&revision.to_string()]);
    let contract = tree(&contract);
    let names: Vec<&String> = at(&contract, "/components/schemas")
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(names, ["Far", "Leaf", "Middle", "OfLeaf", "Root"]);
}

/// A revision with these operations: method, path and id.
fn with_ids(operations: &[(&str, &str, &str)]) -> String {
    let mut paths = serde_json::Map::new();
    for (method, path, id) in operations {
        let item = paths.entry(*path).or_insert_with(|| json!({}));
        item[method] = json!({"operationId": id, "tags": ["Pets"], "responses": {"204": {"description": "x"}}});
    }
    json!({"openapi": "3.0.0", "info": {"version": "1", "title": "T"}, "paths": paths}).to_string()
}

/// The id of each operation of a contract, by path and method.
fn ids(contract: &str) -> Vec<String> {
    let tree = tree(contract);
    let paths = at(&tree, "/paths").as_object().unwrap();
    let operations = paths.values().flat_map(|item| item.as_object().unwrap());
    let ids = operations.map(|(_, operation)| operation["operationId"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

#[test]
fn the_second_of_two_operations_with_one_id_is_named_by_its_path_with_a_note() {
    let revision = with_ids(&[
        ("get", "/a", "getA"),
        ("get", "/b/{id}", "getA"),
        ("delete", "/b/{id}", "getA"),
        ("get", "/c", "getBById"),
    ]);
    let (contract, report) = imported(None, &[&revision]);
    assert_eq!(
        ids(&contract),
        ["getA", "getBById2", "deleteBById", "getBById"]
    );
    assert!(
        report.contains("GET /b/{id} is called `getBById2`, because GET /a has the id `getA` too"),
        "{report}"
    );
    assert!(
        report.contains("DELETE /b/{id} is called `deleteBById`"),
        "{report}"
    );
    let (again, report) = imported(Some(&contract), &[&revision]);
    assert_eq!(again, contract);
    assert!(report.contains("GET /b/{id} is called"), "{report}");
}

#[test]
fn an_operation_keeps_its_id_if_a_new_one_before_it_has_it_too() {
    let old = with_ids(&[("get", "/b", "getIt")]);
    let new = with_ids(&[("get", "/a", "getIt"), ("get", "/b", "getIt")]);
    let (contract, report) = imported(None, &[&old, &new]);
    assert_eq!(ids(&contract), ["getA", "getIt"]);
    assert!(report.contains("because GET /b has the id"), "{report}");
    let (contract, _) = imported(Some(&contract), &[&old]);
    assert_eq!(ids(&contract), ["getA", "getIt"]);
}
