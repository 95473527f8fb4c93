//! Hostile texts at every place of a contract: the generated code differs only in its texts, the
//! texts are displayed unchanged, and messages and reports contain no terminal control characters.

#![allow(clippy::expect_used, reason = "a test fails if its setup fails")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{generated, seed};

/// Texts that end, begin or disguise a construct at an unexpected place.
const HOSTILE: &[&str] = &[
    "none\n\n```\nstd::fs::write(\"owned\", \"\").unwrap();\n```\n",
    "none\n\n~~~rust\npanic!();\n~~~",
    "> ```\n> panic!();\n> ```\n\n- ```\n  panic!();\n  ```\n1. a\n\n       panic!();",
    "    panic!();\n\n\tpanic!();",
    "`\n\n    panic!();",
    "a\r\r    panic!();\r\n```\rpanic!();",
    "<script>alert(1)</script> <!-- x --> <https://a.example/> <img src=x>",
    "[a](https://evil.example) ![b](https://evil.example/b.png) [`Vec`](std::vec::Vec) [c]: https://evil.example",
    "# A\n\nB\n===\n\n| a | b |\n|---|---|\n| c | d |\n\n[^1]: x [^1]",
    "*/ \"); } fn owned() { /* r#\" \"# //",
    "\u{202e}gnp.\u{2066}x\u{2069} \u{200b}\u{feff}\u{2028}\u{85}",
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{0}",
    "::error::injected\n::set-output name=a::b\n##[error]x\n##vso[task.complete]",
    "\\",
    "a\\` ``b``` ~~c~~ **d** __e__ &amp; &#60;",
    "#![doc = \"x\"] #[test] fn a() {} \"#",
    "",
    " ",
    "é日本😀\u{301}",
];

/// Keywords whose value the specification restricts, or which locate something: another value gives another
/// contract, or an invalid one.
fn is_grammar(pointer: &str) -> bool {
    ["/openapi", "/type", "/in", "/format", "/$ref"]
        .iter()
        .any(|end| pointer.ends_with(end))
        || pointer.contains("/required/")
        || pointer.contains("/mapping/")
        || pointer.ends_with("/propertyName")
}

/// Generates the contract; returns the result and the faults of the code.
fn generate(contract: &Value) -> (Result<(), String>, Vec<String>) {
    let home = tempfile::tempdir().expect("a directory");
    let spec = home.path().join("spec.json");
    fs::write(&spec, contract.to_string()).expect("written");
    let out = home.path().join("out");
    let generated = xtask::generate(&spec, None, &out);
    let faults = if generated.is_ok() {
        generated::faults(&out)
    } else {
        Vec::new()
    };
    (generated, faults)
}

/// Imports the contract; returns the report or the message, and the written file.
fn import(contract: &Value) -> (Result<String, String>, String) {
    let home = tempfile::tempdir().expect("a directory");
    let spec = home.path().join("spec.json");
    fs::write(&spec, contract.to_string()).expect("written");
    let out = home.path().join("openapi.yaml");
    let report = xtask::import(&[spec], &out);
    (report, fs::read_to_string(out).unwrap_or_default())
}

#[track_caller]
fn is_harmless(contract: &Value, place: &str) -> bool {
    let (generated, faults) = generate(contract);
    assert_eq!(faults, [""; 0], "{place}");
    if let Err(message) = &generated {
        assert!(!generated::acts(message), "{place}: {message:?}");
        assert!(message.contains("spec.json"), "{place}: {message}");
    }
    let (report, written) = import(contract);
    let printed = report.as_ref().unwrap_or_else(|message| message);
    assert!(!generated::acts(printed), "{place}: {printed:?}");
    assert_eq!(generated::hidden(&written), None, "{place}");
    generated.is_ok()
}

#[test]
fn the_contract_without_hostile_texts_is_generated() {
    assert!(is_harmless(&seed::contract(), "the seed"));
}

#[test]
fn a_hostile_text_in_one_place_stays_text_or_is_refused_with_its_place() {
    let contract = seed::contract();
    let places: Vec<String> = seed::texts(&contract)
        .into_iter()
        .filter(|pointer| !is_grammar(pointer))
        .collect();
    assert!(places.len() > 50, "{places:?}");
    let mut accepted = 0;
    for (index, pointer) in places.iter().enumerate() {
        // Every location gets a code fence, and each text in turn.
        let texts = [0, 1 + index % (HOSTILE.len() - 1)].map(|index| HOSTILE[index]);
        for text in texts {
            let mut contract = contract.clone();
            *contract.pointer_mut(pointer).expect("it is there") = Value::from(text);
            accepted += usize::from(is_harmless(&contract, &format!("{pointer} = {text:?}")));
        }
    }
    assert!(accepted > places.len(), "{accepted} of {}", places.len());
}

#[test]
fn a_hostile_name_in_one_place_stays_a_name_or_is_refused_with_its_place() {
    let contract = seed::contract();
    let names = [
        "a```\nb",
        "a``` ~~~ `b",
        "x\u{202e}y",
        "<b>[c](d)",
        "\u{1b}[2J",
        "::error::x",
        "a\"); } fn x() {}",
    ];
    for (index, (pointer, key)) in seed::keys(&contract).into_iter().enumerate() {
        let name = names[index % names.len()];
        let name = match key.strip_prefix('/') {
            Some(path) => format!("/{path}/{name}"),
            None => name.to_owned(),
        };
        let mut contract = contract.clone();
        seed::rename(&mut contract, &pointer, &key, &name);
        is_harmless(&contract, &format!("{pointer}: {key} = {name:?}"));
    }
}

/// The contract with the text at every location that accepts any text.
fn everywhere(text: &str) -> Value {
    let mut contract = seed::contract();
    for pointer in seed::texts(&contract) {
        let is_name = ["/name", "/operationId", "/version", "/title"]
            .iter()
            .any(|end| pointer.ends_with(end));
        let is_listed = pointer.contains("/tags/")
            || pointer.contains("/enum/")
            || pointer.contains("/x-enumAliases/");
        if !is_grammar(&pointer) && !is_name && !is_listed && !pointer.starts_with("/servers") {
            *contract.pointer_mut(&pointer).expect("it is there") = Value::from(text);
        }
    }
    contract
}

#[test]
fn hostile_texts_in_all_places_at_once_stay_texts() {
    for text in HOSTILE {
        assert!(is_harmless(&everywhere(text), text), "{text:?}");
    }
}

#[test]
fn hostile_values_of_enums_stay_values() {
    let mut contract = seed::contract();
    let values: Vec<&str> = HOSTILE
        .iter()
        .copied()
        .filter(|text| !text.trim().is_empty())
        .collect();
    contract["components"]["schemas"]["State"]["enum"] = values.into();
    assert!(is_harmless(&contract, "the values"));
}

#[test]
fn the_text_of_a_code_block_is_shown_unchanged_and_is_no_test() {
    let text = "Lists. Example:\n\n```\ncurl -H \"Authorization: Token $T\" https://api.example.com/things\n```\n\nand the answer:\n\n    {\"results\": []}\n";
    let home = tempfile::tempdir().expect("a directory");
    let spec = home.path().join("spec.json");
    fs::write(&spec, everywhere(text).to_string()).expect("written");
    let out = home.path().join("out");
    xtask::generate(&spec, None, &out).expect("generated");
    assert_eq!(generated::faults(&out), [""; 0]);
    let shown = generated::shown(&out);
    for part in [
        "curl -H \"Authorization: Token $T\" https://api.example.com/things",
        "{\"results\": []}",
    ] {
        assert!(shown.contains(part), "{part}");
    }
}

#[test]
fn an_import_lists_texts_that_hold_markup() {
    let mut contract = seed::contract();
    contract["components"]["schemas"]["Thing"]["properties"]["note"]["default"] = HOSTILE[0].into();
    let (report, _) = import(&contract);
    let report = report.expect("imported");
    assert!(
        report.contains(
            "note: /components/schemas/Thing/properties/note/default: the docs show the code fence"
        ),
        "{report}"
    );
}

#[test]
fn the_generated_code_of_this_repository_has_no_test_in_its_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for generated in ["qovery-api/src/generated", "tests/src/generated"] {
        let directory = root.join(generated);
        let own: Vec<String> = generated::faults(&directory)
            .into_iter()
            .filter(|fault| !fault.starts_with("the heading"))
            .collect();
        assert_eq!(own, [""; 0], "{generated}");
    }
}
