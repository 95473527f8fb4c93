use serde_json::json;

use super::*;

const CONTRACT: &str = "\
openapi: 3.0.3
paths: {}
components:
  schemas:
    Pet:
      required: [name, age, nope]
      properties:
        name: {type: string}
        age: {type: number}
        kind: {enum: [' CAT', DOG]}
    Crate:
      properties:
        weight: {type: number, example: 2.50}
";

/// Applies actions, in the YAML form of an overlay, to the small contract above.
fn applied(actions: &str) -> Result<Value, String> {
    let contract = source::parse(Path::new("api.yaml"), CONTRACT.to_owned());
    let mut contract = contract.map_err(|problem| problem.to_string())?;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("overlay.yaml");
    std::fs::write(
        &path,
        format!("overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\nactions:\n{actions}"),
    )
    .unwrap();
    let outcome = load(&path).and_then(|overlay| apply(&mut contract, &overlay));
    outcome.map_err(|problem| {
        problem
            .to_string()
            .replace(&*directory.path().to_string_lossy(), "")
    })?;
    let mut pet = contract.value["components"]["schemas"]["Pet"].clone();
    pet["weight"] =
        contract.value["components"]["schemas"]["Crate"]["properties"]["weight"].clone();
    Ok(pet)
}

#[test]
fn an_update_merges_into_mappings_and_appends_to_lists() {
    let pet = applied(
        "\
- target: $.components.schemas.Pet
  description: why
  update: {description: A pet, properties: {age: {type: integer}}, required: [kind]}
- target: $.components.schemas.Pet.properties.kind.enum
  description: why
  update: BIRD
",
    )
    .unwrap();
    assert_eq!(pet["properties"]["age"], json!({"type": "integer"}));
    assert_eq!(pet["description"], json!("A pet"));
    assert_eq!(pet["required"], json!(["name", "age", "nope", "kind"]));
    assert_eq!(
        pet["properties"]["kind"]["enum"],
        json!([" CAT", "DOG", "BIRD"])
    );
}

#[test]
fn several_items_of_a_list_are_removed_at_once() {
    let pet = applied("- {target: \"$..required[?@ == 'name' || @ == 'nope']\", description: why, remove: true}\n").unwrap();
    assert_eq!(pet["required"], json!(["age"]));
}

#[test]
fn a_key_is_removed_and_the_order_of_the_others_is_kept() {
    let pet = applied(
        "  - {target: $.components.schemas.Pet.properties.name, description: why, remove: true}\n",
    )
    .unwrap();
    let keys: Vec<_> = pet["properties"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["age", "kind"]);
}

#[test]
fn an_action_may_build_on_the_one_before() {
    let pet = applied(
        "\
- {target: \"$..kind.enum[?@ == ' CAT']\", description: why, remove: true}
- {target: $..kind.enum, description: why, update: CAT}
",
    )
    .unwrap();
    assert_eq!(pet["properties"]["kind"]["enum"], json!(["DOG", "CAT"]));
}

#[test]
fn an_action_whose_target_matches_nothing_names_itself() {
    let message = applied(
        "\
- {target: $..name, description: why, update: {x-secret: true}}
- target: $.components.schemas.Dog
  description: why
  remove: true
",
    )
    .unwrap_err();
    let expected = "/overlay.yaml:5: /actions/1: action 2: `$.components.schemas.Dog` finds nothing in the contract\n  help: upstream may have changed: remove the action, or correct its target";
    assert_eq!(message, expected);
}

#[test]
fn an_action_that_changes_nothing_names_itself() {
    let message =
        applied("- {target: $..age, description: why, update: {type: number}}\n").unwrap_err();
    assert!(
        message.starts_with("/overlay.yaml:4: /actions/0: action 1: `$..age` changes nothing"),
        "{message}"
    );
}

#[test]
fn each_alternative_of_an_action_has_to_match_and_to_change() {
    for (action, expected) in [
        (
            "target: \"$..properties['age','height']\", update: {type: integer}",
            "action 1: `$..properties['age','height']` finds nothing for `'height'`\n  help: upstream may have changed",
        ),
        (
            "target: \"$..properties['name','age']\", update: {type: number}",
            "`$..properties['name','age']` changes nothing for `'age'`\n",
        ),
        (
            "target: \"$..required[?@ == 'nope' || @ == 'total']\", remove: true",
            "finds nothing for `?@ == 'total'`\n",
        ),
    ] {
        let message = applied(&format!("- {{description: why, {action}}}\n")).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }
    let pet = applied(
        "- {description: why, target: \"$..properties['name','age']\", update: {type: integer}}\n",
    )
    .unwrap();
    assert_eq!(pet["properties"]["name"]["type"], json!("integer"));
}

#[test]
fn malformed_actions_are_refused() {
    for (action, expected) in [
        ("{description: why, remove: true}", "it has no target"),
        (
            "{target: $..age, remove: true}",
            "it gives no reason for changing `$..age`",
        ),
        (
            "{target: '$..[', description: why, remove: true}",
            "is not a JSONPath",
        ),
        ("{target: $..age, description: why}", "it must have either"),
        (
            "{target: $..age, description: why, remove: true, update: {}}",
            "it must have either",
        ),
        (
            "{target: $..age, description: why, remove: true, upadte: {}}",
            "`upadte` is not a key of an action",
        ),
        (
            "{target: $..age.type, description: why, update: integer}",
            "finds a plain value at /components/schemas/Pet/properties/age/type",
        ),
        (
            "{target: $..age, description: why, update: integer}",
            "which only a mapping can update",
        ),
    ] {
        let message = applied(&format!("- {action}\n")).unwrap_err();
        assert!(
            message.contains(expected),
            "{message} does not say {expected}"
        );
    }
}

#[test]
fn a_file_that_is_no_overlay_is_refused() {
    for (text, expected) in [
        ("openapi: 3.0.3\n", "is not an overlay"),
        (
            "overlay: 2.0.0\nactions: []\n",
            "overlays of version 2.0.0 are not supported",
        ),
        ("overlay: 1.0.0\n", "needs a list of `actions`"),
        (
            "overlay: 1.0.0\nactions: []\nextra: 1\n",
            "`extra` is not a key of an overlay",
        ),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let message = load(file.path()).unwrap_err().to_string();
        assert!(
            message.contains(expected),
            "{message} does not say {expected}"
        );
    }
}

/// The checked-in contract and the checked-in overlay belong together.
#[test]
fn every_action_of_the_overlay_of_this_repository_fixes_something() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut contract = crate::contract::load(&repository.join("openapi.yaml")).unwrap();
    let overlay = load(&repository.join("xtask/overlay.yaml")).unwrap();
    if let Err(problem) = apply(&mut contract, &overlay) {
        panic!("{problem}");
    }
}

/// The schema `Pet` after an update of it by this text in YAML.
fn updated(update: &str) -> Result<Value, String> {
    applied(&format!(
        "- target: $.components.schemas.Pet\n  description: why\n  update: {update}\n"
    ))
}

#[test]
fn an_update_keeps_the_spelling_of_values_whose_type_the_contract_has() {
    let spelled = ["1.30", "1e3", "0x1F", "010", "1_000", "true", "yes", "+1"];
    for text in spelled {
        let pet = updated(&format!(
            "{{properties: {{name: {{default: {text}, enum: [A, {text}]}}}}}}"
        ));
        let name = &pet.expect("applied")["properties"]["name"];
        assert_eq!(name["default"], json!(text));
        assert_eq!(name["enum"], json!(["A", text]));
        let pet = applied(&format!(
            "\
- target: $.components.schemas.Pet.properties.name
  description: why
  update: {{enum: [A]}}
- target: $.components.schemas.Pet.properties.name.enum
  description: why
  update: {text}
"
        ));
        let name = &pet.expect("applied")["properties"]["name"];
        assert_eq!(name["enum"], json!(["A", text]));
    }
    let age = |value: &str| updated(&format!("{{properties: {{age: {{default: {value}}}}}}}"));
    assert_eq!(
        age("1.30").expect("applied")["properties"]["age"]["default"],
        json!(1.3)
    );
    for text in ["010", "1_000", "yes"] {
        let message = age(text).expect_err(text);
        assert!(
            message.starts_with(
                "/overlay.yaml:6: /components/schemas/Pet/properties/age/default: readers"
            ),
            "{message}"
        );
    }
}

#[test]
fn a_type_from_an_action_holds_for_values_that_the_contract_or_another_action_has() {
    for kind in [
        "type: string",
        "allOf: [{type: string}]",
        "type: [string, 'null']",
    ] {
        let pet = applied(&format!(
            "\
- target: $.components.schemas.Pet
  description: why
  update: {{properties: {{size: {{default: 1.10, minLength: 2}}}}}}
- target: $.components.schemas.Pet.properties.size
  description: why
  update: {{{kind}}}
- target: $.components.schemas.Pet.required[0]
  description: why
  remove: true
- target: $.components.schemas.Crate.properties.weight.type
  description: why
  remove: true
- target: $.components.schemas.Crate.properties.weight
  description: why
  update: {{{kind}}}
"
        ));
        let pet = pet.expect("applied");
        let size = &pet["properties"]["size"];
        assert_eq!(size["default"], json!("1.10"), "{kind}");
        assert_eq!(size["minLength"], json!(2), "{kind}");
        assert_eq!(pet["weight"]["example"], json!("2.50"), "{kind}");
    }
}

#[test]
fn an_update_with_the_spelling_that_the_contract_has_changes_nothing() {
    let message = applied(
        "\
- target: $.components.schemas.Pet
  description: why
  update: {properties: {name: {default: 1.30}}}
- target: $.components.schemas.Pet
  description: why
  update: {properties: {name: {default: 1.30}}}
",
    );
    let message = message.expect_err("the second one is stale");
    assert!(
        message.contains("action 2: `$.components.schemas.Pet` changes nothing"),
        "{message}"
    );
}

#[test]
fn a_value_that_readers_disagree_on_is_judged_after_the_overlay() {
    let home = tempfile::tempdir().unwrap();
    let [contract, overlay] = ["api.yaml", "overlay.yaml"].map(|name| home.path().join(name));
    let age = "{type: integer, default: 010, nullable: yes}";
    let text = format!("openapi: 3.0.3\npaths: {{}}\ncomponents: {{schemas: {{Age: {age}}}}}\n");
    std::fs::write(&contract, text).unwrap();
    let read = |update: &str| {
        let action = format!("- {{target: $.components.schemas.Age, description: why, {update}}}");
        std::fs::write(&overlay, format!("overlay: 1.0.0\nactions:\n{action}\n")).unwrap();
        let read = crate::contract::load_with(&contract, Some(&overlay));
        let read = read.map(|read| read.value["components"]["schemas"]["Age"].clone());
        read.map_err(|problem| problem.to_string())
    };
    assert_eq!(
        read("update: {type: string, nullable: true}"),
        Ok(json!({"type": "string", "default": "010", "nullable": true}))
    );
    assert_eq!(
        read("update: {default: 8, nullable: false}"),
        Ok(json!({"type": "integer", "default": 8, "nullable": false}))
    );
    let message = read("update: {nullable: true}").unwrap_err();
    assert!(
        message.contains("api.yaml:3: /components/schemas/Age/default: readers of YAML"),
        "{message}"
    );
    assert!(crate::contract::load_with(&contract, None).is_err());
}
