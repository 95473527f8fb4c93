use std::path::Path;

use serde_json::json;

use super::*;

fn loaded(name: &str, text: &str) -> Result<Document, Problem> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    load(&path)
}

/// The error message of the command, without the directory, which differs from run to run.
fn complaint(name: &str, text: &str) -> String {
    let message = loaded(name, text).unwrap_err().to_string();
    let start = message.find(name).unwrap();
    message[start..].to_owned()
}

const SMALL: &str = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n  /a/{id}:\n    get:\n      tags:\n        - One\n        - Two\n";

#[test]
fn yaml_and_json_give_the_same_tree_in_the_order_of_the_file() {
    let yaml = loaded(
        "a.yaml",
        "openapi: 3.0.3\npaths: {}\nb: 1\na: [x, null, 1.5]\n",
    )
    .unwrap();
    let json = loaded(
        "a.json",
        r#"{"openapi":"3.0.3","paths":{},"b":1,"a":["x",null,1.5]}"#,
    )
    .unwrap();
    assert_eq!(yaml.value, json.value);
    assert_eq!(
        yaml.value.to_string(),
        r#"{"openapi":"3.0.3","paths":{},"b":1,"a":["x",null,1.5]}"#
    );
}

#[test]
fn words_and_dates_that_older_yaml_converts_stay_texts_and_numbers_are_decimal() {
    let text = "openapi: 3.0.3\npaths: {}\nx: [on, off, yes, no, 2022-01-01, 2022-01-01T00:00:00Z, 12:30:45, 017, 1_000]\n200: a\nnull: b\n";
    let document = loaded("a.yaml", text).unwrap();
    let expected = json!([
        "on",
        "off",
        "yes",
        "no",
        "2022-01-01",
        "2022-01-01T00:00:00Z",
        "12:30:45",
        17,
        "1_000"
    ]);
    assert_eq!(document.value["x"], expected);
    assert_eq!(document.value["200"], json!("a"));
    assert_eq!(document.value["null"], json!("b"));
}

#[test]
fn integers_keep_their_digits_as_far_as_json_numbers_do() {
    let text = "openapi: 3.0.3\npaths: {}\nx: [9223372036854775807, 18446744073709551615, -9223372036854775808, 123456789012345678901234567890]\n";
    let document = loaded("a.yaml", text).unwrap();
    let expected = json!([
        9223372036854775807_i64,
        18446744073709551615_u64,
        -9223372036854775808_i64,
        123456789012345678901234567890_f64
    ]);
    assert_eq!(document.value["x"], expected);
}

#[test]
fn json_escapes_that_yaml_lacks_are_understood() {
    let document = loaded(
        "a.json",
        "{\"openapi\": \"3.1.0\",\n\t\"paths\": {}, \"x\": \"\\ud83d\\ude00 \\/\"}",
    )
    .unwrap();
    assert_eq!(document.value["x"], json!("😀 /"));
}

#[test]
fn a_pointer_has_the_line_of_its_key_or_item() {
    let document = loaded("a.yaml", SMALL).unwrap();
    assert_eq!(document.line_of("/openapi"), Some(1));
    assert_eq!(document.line_of("/paths/~1a~1{id}"), Some(4));
    assert_eq!(document.line_of("/paths/~1a~1{id}/get"), Some(5));
    assert_eq!(document.line_of("/paths/~1a~1{id}/get/tags/1"), Some(8));
    assert_eq!(document.line_of("/info/version"), Some(2));
}

#[test]
fn a_pointer_into_json_has_a_line_too() {
    let document = loaded("a.json", "{\n \"openapi\": \"3.0.3\",\n \"paths\": {\n  \"/a\": {\n   \"get\": {\"tags\": [\n\"x\",\n\"y\"]}\n}}}").unwrap();
    assert_eq!(document.line_of("/paths/~1a/get"), Some(5));
    assert_eq!(document.line_of("/paths/~1a/get/tags/1"), Some(7));
}

#[test]
fn a_pointer_to_nothing_has_the_line_of_its_nearest_parent() {
    let document = loaded("a.yaml", SMALL).unwrap();
    assert_eq!(
        document.line_of("/paths/~1a~1{id}/get/responses/200"),
        Some(5)
    );
    assert_eq!(document.line_of("/paths/~1a~1{id}/get/tags/7"), Some(6));
    assert_eq!(document.line_of("/nowhere"), None);
}

#[test]
fn a_missing_file_is_named() {
    let message = load(Path::new("no/such/file.yaml"))
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("no/such/file.yaml: cannot be read: "),
        "{message}"
    );
}

#[test]
fn a_file_that_is_no_contract_is_refused_with_the_location() {
    for (name, text, expected) in [
        (
            "a.yaml",
            "",
            "a.yaml: is empty\n  help: give a file with a contract or an overlay",
        ),
        (
            "a.yaml",
            "just words\n",
            "a.yaml: is not a mapping at the top level\n  help: give a YAML or JSON document",
        ),
        (
            "a.yaml",
            "a: b: c\n",
            "a.yaml:1: cannot be read as YAML: mapping values are not allowed in this context\n  help: indent the line like the line that it belongs to, write a space after the colon of a key, and a text that contains `: ` in quotes",
        ),
        (
            "a.yaml",
            "openapi: 3.0.3\npaths:\n  /a: {}\n  /a: {}\n",
            "a.yaml:4: /paths/~1a: cannot be read as YAML: the key occurs twice\n  help: remove one of the two, or give it another name",
        ),
        (
            "a.json",
            "{\"openapi\": \"3.0.3\",\n\"openapi\": 1}",
            "a.json:2: /openapi: cannot be read as JSON: the key occurs twice\n  help: remove one of the two, or give it another name",
        ),
        (
            "a.json",
            "{\"openapi\": ",
            "a.json:1: /openapi: cannot be read as JSON: EOF while parsing a value\n  help: close what is open at the end of the file: quotes, braces and brackets",
        ),
        (
            "a.yaml",
            "x: [.inf]\n",
            "a.yaml:1: /x/0: cannot be read as YAML: infinity and NaN are not allowed in a contract\n  help: write it in quotes if it is a text",
        ),
        (
            "a.yaml",
            "x:\n  <<: {}\n",
            "a.yaml:2: /x/<<: cannot be read as YAML: merge keys (`<<`) are not part of YAML 1.2\n  help: write the keys that it merges into the mapping itself; an alias (`*name`) may stand for a whole value",
        ),
        (
            "a.yaml",
            "name: x\n",
            "a.yaml: is not an OpenAPI document: it has no key `openapi` at the top\n  help: give the file that begins with `openapi: 3…`",
        ),
        (
            "a.yaml",
            "swagger: '2.0'\npaths: {}\n",
            "a.yaml:1: /swagger: this is Swagger 2.0, the format before OpenAPI 3\n  help: convert it to OpenAPI 3.0 first, with swagger2openapi for instance",
        ),
        (
            "a.yaml",
            "info: {}\nopenapi: 3.2.0\n",
            "a.yaml:2: /openapi: OpenAPI 3.2.0 is not supported\n  help: convert it to version 3.0.x or 3.1.x",
        ),
        (
            "a.yaml",
            "openapi: 3.1\n",
            "a.yaml:1: /openapi: the version `3.1` is not a text\n  help: write it in full and in quotes: \"3.0.3\" or \"3.1.0\"",
        ),
        (
            "a.yaml",
            "openapi: 3.1.0\npaths: []\n",
            "a.yaml:2: /paths: the document declares no operations\n  help: `paths` has to be a mapping from path to operations",
        ),
    ] {
        assert_eq!(complaint(name, text), expected, "for {text:?}");
    }
}

#[test]
fn several_documents_in_one_file_are_refused() {
    let message = complaint("a.yaml", "openapi: 3.0.3\npaths: {}\n---\nopenapi: 3.0.3\n");
    assert!(message.contains("more than one document"), "{message}");
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), [0xff, 0xfe, 0x00]).unwrap();
    let message = load(file.path()).unwrap_err().to_string();
    assert!(message.contains("is not text in UTF-8"), "{message}");
}

#[test]
fn an_alias_can_replace_a_whole_value_as_the_help_for_merge_keys_says() {
    let text = "openapi: 3.0.3\npaths: {}\na: &name {k: [1]}\nb: *name\n";
    let document = source::parse(Path::new("a.yaml"), text.to_owned()).expect("readable");
    assert_eq!(document.value["b"], document.value["a"]);
}

#[test]
fn a_file_that_is_too_large_or_no_file_is_refused_before_it_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let large = directory.path().join("large.yaml");
    let file = std::fs::File::create(&large).unwrap();
    file.set_len(100 << 20).unwrap();
    let message = load(&large).unwrap_err().to_string();
    assert!(message.contains("is larger than 16 MiB"), "{message}");
    let message = load(directory.path()).unwrap_err().to_string();
    assert!(message.contains("is not a regular file"), "{message}");
    #[cfg(unix)]
    {
        let socket = directory.path().join("socket");
        let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let message = load(&socket).unwrap_err().to_string();
        assert!(message.contains("is not a regular file"), "{message}");
        let message = load(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(message.contains("is not a regular file"), "{message}");
    }
}

#[test]
fn json_is_bounded_like_yaml() {
    let many = format!("{{\"x\": [{}0]}}", "0,".repeat(600_000));
    let message = complaint("a.json", &many);
    assert!(message.contains("more than 250000 values"), "{message}");
    let deep = format!("{{\"x\": {}{}}}", "[".repeat(200), "]".repeat(200));
    let message = complaint("a.json", &deep);
    assert!(message.starts_with("a.json:1: /x/0/0"), "{message}");
}
