//! Facts that a newer revision lacks stay in the contract.

use super::*;

/// A revision with one operation that sends and one that gives `schemas`, which holds `In` and `Out`.
fn revision(parameters: &str, schemas: &str) -> String {
    format!(
        r##"openapi: 3.0.0
info: {{version: '1'}}
paths:
  /thing:
    get:
      operationId: getThing
      tags: [Things]
      parameters: [{parameters}]
      responses:
        '200': {{description: x, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Out'}}}}}}}}
    post:
      operationId: createThing
      tags: [Things]
      requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/In'}}}}}}}}
      responses:
        '200': {{description: x}}
components:
  schemas:
{schemas}"##
    )
}

const IN: &str = "    In: {type: object, properties: {a: {type: string}}}\n";

/// The schemas of the contract after both revisions, and the report of the second; checks on the way
/// that importing the second once more changes nothing, and that both at once give the same.
fn after(old: &str, new: &str) -> (Value, String) {
    let (first, _) = imported(None, &[old]);
    let (second, report) = imported(Some(&first), &[new]);
    let (again, repeated) = imported(Some(&second), &[new]);
    assert_eq!(second, again, "not stable: {repeated}");
    for silent in ["no longer published", "renamed", "changed"] {
        assert!(!repeated.contains(silent), "{repeated}");
    }
    let (at_once, _) = imported(None, &[old, new]);
    assert_eq!(tree(&second), tree(&at_once));
    (tree(&second), report)
}

fn schemas(old: &str, new: &str) -> (Value, String) {
    let wrap = |schemas: &str| revision("", &format!("{IN}{schemas}"));
    let (contract, report) = after(&wrap(old), &wrap(new));
    (at(&contract, "/components/schemas").clone(), report)
}

#[test]
fn a_property_stays_deprecated_and_optional_wherever_it_stood() {
    let (found, report) = schemas(
        "    Out: {type: object, required: [a, b], properties: {a: {type: string}, b: {type: integer}, c: {type: object, properties: {d: {type: string}, e: {type: string}}}, f: {type: array, items: {type: object, properties: {g: {type: string}, h: {type: string}}}}}}\n",
        "    Out: {type: object, required: [a], properties: {a: {type: string}, c: {type: object, properties: {d: {type: string}}}, f: {type: array, items: {type: object, properties: {g: {type: string}}}}}}\n",
    );
    let out = &found["Out"];
    assert_eq!(out["required"], json!(["a"]));
    assert_eq!(
        out["properties"]["b"],
        json!({"type": "integer", "deprecated": true})
    );
    assert_eq!(
        out["properties"]["c"]["properties"]["e"]["deprecated"],
        json!(true)
    );
    assert_eq!(
        out["properties"]["f"]["items"]["properties"]["h"]["deprecated"],
        json!(true)
    );
    for line in ["  Out.b\n", "  Out.c.e\n", "  Out.f[].h\n"] {
        assert!(report.contains(line), "{report}");
    }
}

#[test]
fn a_property_of_a_part_stays_wherever_the_parts_moved() {
    let (found, _) = schemas(
        "    Base: {type: object, properties: {id: {type: string}, gone: {type: string}}}\n    Out: {allOf: [{$ref: '#/components/schemas/Base'}, {type: object, properties: {x: {type: string}, y: {type: string}}}]}\n",
        "    Base: {type: object, properties: {id: {type: string}, x: {type: string}}}\n    Out: {allOf: [{$ref: '#/components/schemas/Base'}, {type: object, properties: {z: {type: string}}}]}\n",
    );
    assert_eq!(
        found["Base"]["properties"]["gone"]["deprecated"],
        json!(true)
    );
    assert_eq!(found["Out"]["properties"]["y"]["deprecated"], json!(true));
    assert!(found["Out"]["properties"].get("x").is_none());
}

#[test]
fn a_schema_that_contains_itself_is_compared_once() {
    let (found, _) = schemas(
        "    Out: {type: object, properties: {next: {allOf: [{$ref: '#/components/schemas/Out'}, {type: object, properties: {z: {type: string}}}]}, gone: {type: string}}}\n",
        "    Out: {type: object, properties: {next: {allOf: [{$ref: '#/components/schemas/Out'}, {type: object, properties: {w: {type: string}}}]}}}\n",
    );
    assert_eq!(
        found["Out"]["properties"]["gone"]["deprecated"],
        json!(true)
    );
    assert_eq!(
        found["Out"]["properties"]["next"]["properties"]["z"]["deprecated"],
        json!(true)
    );
}

#[test]
fn a_value_stays_and_is_listed_as_one_that_is_no_longer_published() {
    let (found, report) = schemas(
        "    Out: {type: string, enum: [A, B, C]}\n",
        "    Out: {type: string, enum: [A, D]}\n",
    );
    assert_eq!(found["Out"]["enum"], json!(["A", "D", "B", "C"]));
    assert_eq!(found["Out"]["x-deprecatedValues"], json!(["B", "C"]));
    assert!(report.contains("  Out: value B\n"), "{report}");
}

#[test]
fn a_value_that_comes_back_is_current_again() {
    let wrap = |values: &str| {
        revision(
            "",
            &format!("{IN}    Out: {{type: string, enum: [{values}]}}\n"),
        )
    };
    let (first, _) = imported(None, &[&wrap("A, B"), &wrap("A")]);
    assert!(first.contains("x-deprecatedValues: [B]"), "{first}");
    let (second, _) = imported(Some(&first), &[&wrap("A, B")]);
    assert!(!second.contains("x-deprecatedValues"), "{second}");
}

#[test]
fn a_value_in_another_spelling_is_the_same_value_and_keeps_our_text() {
    let wrap = |values: &str| {
        revision(
            "",
            &format!("{IN}    Out: {{type: string, enum: [{values}]}}\n"),
        )
    };
    let (first, _) = imported(None, &[&wrap("' CLUSTER', IN-PROGRESS, OTHER")]);
    let mut ours = tree(&first);
    ours["components"]["schemas"]["Out"]["x-enumDescriptions"] =
        json!({" CLUSTER": "our cluster", "OTHER": "our other"});
    let ours = canonical::text(&ours).unwrap();
    let (second, _) = imported(Some(&ours), &[&wrap("CLUSTER, IN_PROGRESS, OTHER")]);
    let out = at(&tree(&second), "/components/schemas/Out").clone();
    assert_eq!(out["enum"], json!(["CLUSTER", "IN_PROGRESS", "OTHER"]));
    assert_eq!(
        out["x-enumAliases"],
        json!({"CLUSTER": [" CLUSTER"], "IN_PROGRESS": ["IN-PROGRESS"]})
    );
    assert_eq!(
        out["x-enumDescriptions"],
        json!({"CLUSTER": "our cluster", "OTHER": "our other"})
    );
    let (third, _) = imported(Some(&second), &[&wrap("Cluster, IN_PROGRESS, OTHER")]);
    let aliases = at(
        &tree(&third),
        "/components/schemas/Out/x-enumAliases/Cluster",
    )
    .clone();
    assert_eq!(aliases, json!([" CLUSTER", "CLUSTER"]));
}

#[test]
fn a_parameter_stays_deprecated_and_optional() {
    let schemas = format!("{IN}    Out: {{type: string}}\n");
    let old = revision(
        "{name: q, in: query, required: true, schema: {type: string, enum: [A, B]}}, {name: r, in: query, schema: {type: string}}, {name: X-H, in: header, schema: {type: string}}",
        &schemas,
    );
    let new = revision(
        "{name: q, in: query, required: true, schema: {type: string, enum: [A]}}",
        &schemas,
    );
    let (contract, report) = after(&old, &new);
    let parameters = at(&contract, "/paths/~1thing/get/parameters")
        .as_array()
        .unwrap();
    assert_eq!(parameters.len(), 3);
    assert_eq!(parameters[0]["schema"]["enum"], json!(["A", "B"]));
    for kept in &parameters[1..] {
        assert_eq!(kept["deprecated"], json!(true));
        assert!(kept.get("required").is_none());
    }
    assert!(
        report.contains("GET /thing: query parameter r\n"),
        "{report}"
    );
}

#[test]
fn a_member_of_a_union_stays_with_its_entry_in_the_mapping() {
    let parts = "    A: {type: object, properties: {kind: {type: string}, a: {type: string}}}\n    B: {type: object, properties: {kind: {type: string}, b: {type: string}}}\n";
    let (found, _) = schemas(
        &format!(
            "{parts}    Out: {{oneOf: [{{$ref: '#/components/schemas/A'}}, {{$ref: '#/components/schemas/B'}}], discriminator: {{propertyName: kind, mapping: {{a: A, b: B}}}}}}\n"
        ),
        &format!(
            "{parts}    Out: {{oneOf: [{{$ref: '#/components/schemas/A'}}], discriminator: {{propertyName: kind, mapping: {{a: A}}}}}}\n"
        ),
    );
    let out = &found["Out"];
    assert_eq!(out["oneOf"].as_array().unwrap().len(), 2);
    assert_eq!(
        out["x-deprecatedMembers"],
        json!(["#/components/schemas/B"])
    );
    assert_eq!(
        out["discriminator"]["mapping"]["b"],
        json!("#/components/schemas/B")
    );
    assert_eq!(found["B"]["deprecated"], json!(true));
}

#[test]
fn a_member_of_a_union_stays_beside_null_and_members_without_a_name() {
    let parts = "    A: {type: object, required: [a], properties: {a: {type: string}}}\n    B: {type: object, required: [b], properties: {b: {type: string}}}\n";
    let reference = |name: &str| format!("{{$ref: '#/components/schemas/{name}'}}");
    for (union, rest) in [
        ("nullable: true, oneOf", ""),
        ("nullable: true, anyOf", ", {type: string}, {type: boolean}"),
        ("nullable: true, oneOf", ", {type: string}, {type: boolean}"),
        ("nullable: true, oneOf", ", {type: integer}"),
        ("oneOf", ", {type: boolean}, {enum: [null]}"),
        ("oneOf", ", {type: string}, {type: boolean}"),
    ] {
        let out = |names: &[&str]| {
            let members: Vec<String> = names.iter().map(|name| reference(name)).collect();
            let members = members.join(", ");
            format!(
                "{parts}    Out: {{type: object, properties: {{value: {{{union}: [{members}{rest}]}}}}}}\n"
            )
        };
        let (found, report) = schemas(&out(&["A", "B"]), &out(&["A"]));
        let value = &found["Out"]["properties"]["value"];
        let kept = json!(["#/components/schemas/B"]);
        assert_eq!(
            value["x-deprecatedMembers"], kept,
            "{union} {rest}: {report}"
        );
        assert!(report.contains("Out.value: member B"), "{report}");
        // Back again, the member is a current one.
        let wrap = |schemas: &str| revision("", &format!("{IN}{schemas}"));
        let (first, _) = imported(None, &[&wrap(&out(&["A", "B"])), &wrap(&out(&["A"]))]);
        let (back, report) = imported(Some(&first), &[&wrap(&out(&["A", "B"]))]);
        let schemas = at(&tree(&back), "/components/schemas").clone();
        let value = &schemas["Out"]["properties"]["value"];
        assert!(
            value.get("x-deprecatedMembers").is_none(),
            "{value} {report}"
        );
    }
}

#[test]
fn a_member_without_a_name_stays_and_is_reported_once() {
    let part = "    A: {type: object, properties: {a: {type: string}}}\n";
    let out = |members: &str| {
        format!("{part}    Out: {{type: object, properties: {{value: {{oneOf: [{members}]}}}}}}\n")
    };
    let reference = "{$ref: '#/components/schemas/A'}";
    for inline in [
        "{type: boolean}",
        "{type: string}",
        "{type: array, items: {type: string}}",
        "{type: object, properties: {b: {type: string}}}",
    ] {
        let all = out(&format!("{inline}, {reference}, {{type: integer}}"));
        let less = out(&format!("{reference}, {{type: integer}}"));
        let (found, report) = schemas(&all, &less);
        let members = found["Out"]["properties"]["value"]["oneOf"].as_array();
        let kept = members.unwrap().last().unwrap();
        assert_eq!(kept["deprecated"], json!(true), "{report}");
        assert!(report.contains("Out.value: member"), "{report}");
        // Back again, it is a current member, and the only one of its kind.
        let wrap = |schemas: &str| revision("", &format!("{IN}{schemas}"));
        let (first, _) = imported(None, &[&wrap(&all), &wrap(&less)]);
        let (back, _) = imported(Some(&first), &[&wrap(&all)]);
        let (only, _) = imported(None, &[&wrap(&all)]);
        let place = "/components/schemas/Out/properties/value/oneOf";
        assert_eq!(at(&tree(&back), place), at(&tree(&only), place));
    }
}

#[test]
fn a_schema_that_nothing_uses_any_more_stays() {
    let (found, report) = schemas(
        "    Part: {type: object, properties: {x: {type: string}}}\n    Out: {type: object, properties: {p: {$ref: '#/components/schemas/Part'}}}\n",
        "    Part: {type: object, properties: {x: {type: string}}}\n    Out: {type: object, properties: {p: {type: integer}}}\n",
    );
    assert_eq!(found["Part"]["deprecated"], json!(true));
    assert!(report.contains("  Part\n"), "{report}");
}

#[test]
fn a_schema_with_a_new_name_keeps_our_texts_and_its_old_name() {
    let old = "    Thing: {type: object, properties: {id: {type: string}, kind: {$ref: '#/components/schemas/Kind'}}}\n    Kind: {type: string, enum: [A, B]}\n    Out: {type: object, properties: {thing: {$ref: '#/components/schemas/Thing'}}}\n";
    let new = old
        .replace("Thing:", "ThingResponse:")
        .replace("/Thing'", "/ThingResponse'")
        .replace("Kind", "KindEnum");
    let wrap = |schemas: &str| revision("", &format!("{IN}{schemas}"));
    let (first, _) = imported(None, &[&wrap(old)]);
    let mut ours = tree(&first);
    ours["components"]["schemas"]["Thing"]["description"] = json!("our thing");
    ours["components"]["schemas"]["Thing"]["properties"]["id"]["description"] = json!("our id");
    let ours = canonical::text(&ours).unwrap();
    let (second, report) = imported(Some(&ours), &[&wrap(&new)]);
    let found = at(&tree(&second), "/components/schemas").clone();
    assert!(
        found.get("Thing").is_none() && found.get("Kind").is_none(),
        "{found}"
    );
    assert_eq!(found["ThingResponse"]["x-formerNames"], json!(["Thing"]));
    assert_eq!(found["KindEnum"]["x-formerNames"], json!(["Kind"]));
    assert_eq!(found["ThingResponse"]["description"], json!("our thing"));
    assert_eq!(
        found["ThingResponse"]["properties"]["id"]["description"],
        json!("our id")
    );
    assert!(report.contains("Thing is ThingResponse now"), "{report}");
    let (third, report) = imported(Some(&second), &[&wrap(&new)]);
    assert_eq!(second, third);
    assert!(!report.contains("renamed"), "{report}");
    let newest = new.replace("ThingResponse", "ThingDto");
    let (fourth, _) = imported(Some(&third), &[&wrap(&newest)]);
    let found = at(&tree(&fourth), "/components/schemas/ThingDto/x-formerNames").clone();
    assert_eq!(found, json!(["Thing", "ThingResponse"]));
    // The old name is a schema again: then it is no alias.
    let (back, _) = imported(Some(&fourth), &[&wrap(old)]);
    assert_eq!(
        at(&tree(&back), "/components/schemas/Thing/properties/id/type"),
        &json!("string")
    );
    assert!(
        !at(&tree(&back), "/components/schemas/Thing")
            .to_string()
            .contains("\"Thing\"")
    );
}

#[test]
fn a_schema_that_changed_with_its_name_is_another_schema() {
    let (found, _) = schemas(
        "    Thing: {type: object, properties: {id: {type: string}, x: {type: string}}}\n    Out: {type: object, properties: {thing: {$ref: '#/components/schemas/Thing'}}}\n",
        "    Other: {type: object, properties: {id: {type: string}}}\n    Out: {type: object, properties: {thing: {$ref: '#/components/schemas/Other'}}}\n",
    );
    assert_eq!(found["Thing"]["deprecated"], json!(true));
    assert!(found["Other"].get("x-formerNames").is_none());
}

#[test]
fn an_operation_with_a_new_id_keeps_its_old_one() {
    let schemas = format!("{IN}    Out: {{type: string}}\n");
    let old = revision("", &schemas);
    let new = old.replace("getThing", "readThing");
    let (contract, report) = after(&old, &new);
    let get = at(&contract, "/paths/~1thing/get");
    assert_eq!(get["operationId"], json!("readThing"));
    assert_eq!(get["x-formerIds"], json!(["getThing"]));
    assert!(get.get("deprecated").is_none());
    assert!(report.contains("getThing is readThing now"), "{report}");
}

#[test]
fn two_operations_that_exchange_their_ids_have_no_former_ones() {
    let schemas = format!("{IN}    Out: {{type: string}}\n");
    let old = revision("", &schemas);
    let new = old
        .replace("getThing", "swap")
        .replace("createThing", "getThing")
        .replace("swap", "createThing");
    let (contract, _) = after(&old, &new);
    assert!(
        at(&contract, "/paths/~1thing/get")
            .get("x-formerIds")
            .is_none()
    );
}

#[test]
fn a_new_field_whose_name_suggests_a_secret_is_listed() {
    let (_, report) = schemas(
        "    Out: {type: object, properties: {a: {type: string}, token: {type: string}}}\n",
        "    Out: {type: object, properties: {a: {type: string}, token: {type: string}, api_key: {type: string}, token_id: {type: string}}}\n",
    );
    assert!(
        report.contains("for each secret: 1\n  Out.api_key\n"),
        "{report}"
    );
}

#[test]
fn a_spelling_that_is_published_again_is_no_alias_of_itself() {
    let with = |value: &str| {
        revision(
            "",
            &format!(
                "{IN}    Out: {{type: object, properties: {{k: {{type: string, enum: [{value}, C]}}}}}}\n"
            ),
        )
    };
    for spellings in [
        &["A_B", "a-b", "A_B"][..],
        &["A_B", "a-b", "A B", "a-b"],
        &["A_B", "a-b", "A B", "A_B", "A B"],
    ] {
        let mut contract: Option<String> = None;
        for spelling in spellings {
            let next = with(spelling);
            let (first, _) = imported(contract.as_deref(), &[&next]);
            let (again, report) = imported(Some(&first), &[&next]);
            assert_eq!(first, again, "{report}");
            contract = Some(first);
        }
        let found = tree(&contract.unwrap());
        let kind = at(&found, "/components/schemas/Out/properties/k");
        let last = spellings[spellings.len() - 1];
        let aliases = kind["x-enumAliases"][last].as_array().unwrap();
        let mut expected: Vec<&str> = spellings.to_vec();
        expected.retain(|spelling| *spelling != last);
        expected.sort_unstable();
        expected.dedup();
        let mut aliases: Vec<&str> = aliases.iter().map(|one| one.as_str().unwrap()).collect();
        aliases.sort_unstable();
        assert_eq!(aliases, expected, "{spellings:?}");
    }
}

#[test]
fn a_former_text_that_named_a_member_still_names_it() {
    let union = |mapping: &str| {
        format!(
            "    Cat: {{type: object, required: [kind], properties: {{kind: {{type: string}}, lives: {{type: integer}}}}}}\n    Dog: {{type: object, required: [kind], properties: {{kind: {{type: string}}, tail: {{type: string}}}}}}\n    Out: {{oneOf: [{{$ref: '#/components/schemas/Cat'}}, {{$ref: '#/components/schemas/Dog'}}], discriminator: {{{mapping}}}}}\n"
        )
    };
    let mapping = |cat: &str, dog: &str| {
        union(&format!(
            "propertyName: kind, mapping: {{{cat}: '#/components/schemas/Cat', {dog}: '#/components/schemas/Dog'}}"
        ))
    };
    let of = |found: &Value| found["Out"]["discriminator"]["mapping"].clone();
    let (cat, dog) = ("#/components/schemas/Cat", "#/components/schemas/Dog");
    let (found, _) = schemas(&mapping("CAT", "DOG"), &mapping("CAT", "HOUND"));
    assert_eq!(of(&found), json!({"CAT": cat, "HOUND": dog, "DOG": dog}));
    // A text that names another member now is that member's.
    let (found, _) = schemas(&mapping("CAT", "DOG"), &mapping("DOG", "CAT"));
    assert_eq!(of(&found), json!({"DOG": cat, "CAT": dog}));
    // The texts of another property say nothing about this one.
    let other = union("propertyName: sort, mapping: {C: '#/components/schemas/Cat', D: '#/components/schemas/Dog'}").replace("kind", "sort");
    let (found, _) = schemas(&mapping("CAT", "DOG"), &other);
    assert_eq!(of(&found), json!({"C": cat, "D": dog}));
}
