//! Runs the command `generate`: checks its output, the refused inputs, and the messages.

#![allow(clippy::expect_used, reason = "a test fails if its setup fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const CONTRACT: &str = r##"openapi: 3.0.3
info: {title: Small, version: 1.2.3}
paths:
  /environment/{environmentId}/status:
    get:
      operationId: getEnvironmentStatus
      tags: [Environment Main Calls]
      parameters:
        - {name: environmentId, in: path, required: true, schema: {type: string, format: uuid}}
      responses:
        '200':
          description: Fine.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Status'}
components:
  schemas:
    Status:
      type: object
      required: [state]
      properties:
        state: {type: string, enum: [READY, DEPLOYED]}
        count: {type: integer}
"##;

/// A repository with only a contract, and a client without generated files.
fn repository(contract: &str) -> TempDir {
    let home = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(home.path().join("xtask")).expect("a directory");
    fs::create_dir_all(home.path().join("qovery-api/src")).expect("a directory");
    fs::write(home.path().join("openapi.yaml"), contract).expect("written");
    fs::write(home.path().join("qovery-api/src/lib.rs"), "// by hand\n").expect("written");
    home
}

fn xtask(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    // Like cargo, sets the directory below the repository. The command takes its parent for the repository.
    command
        .current_dir(home)
        .env("CARGO_MANIFEST_DIR", home.join("xtask"));
    command
}

fn generate(home: &Path, arguments: &[&str]) -> Output {
    xtask(home)
        .arg("generate")
        .args(arguments)
        .output()
        .expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All files below a directory, by their path in it.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(directory)
                    .expect("below")
                    .to_string_lossy()
                    .into_owned();
                found.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// The only message of a command that ended with exit 1, in the format for people.
#[track_caller]
fn refusal(output: &Output) -> String {
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.starts_with("error: "), "{message}");
    assert_eq!(message.matches("error: ").count(), 1, "{message}");
    assert!(
        !message.contains("panicked") && !message.contains("RUST_BACKTRACE"),
        "{message}"
    );
    message
}

#[test]
fn the_same_contract_gives_the_same_bytes_wherever_it_is_generated() {
    let (one, two) = (repository(CONTRACT), repository(CONTRACT));
    succeeds(&generate(one.path(), &[]));
    let mut elsewhere = xtask(two.path());
    elsewhere
        .arg("generate")
        .current_dir("/")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("TZ", "Asia/Kolkata");
    succeeds(&elsewhere.output().expect("the command runs"));
    let generated = files(one.path());
    assert_eq!(generated, files(two.path()));
    assert!(generated.len() > 5, "{:?}", generated.keys());
}

#[test]
fn generating_again_changes_nothing_and_the_check_agrees() {
    let home = repository(CONTRACT);
    succeeds(&generate(home.path(), &[]));
    let before = files(home.path());
    succeeds(&generate(home.path(), &["--check"]));
    succeeds(&generate(home.path(), &[]));
    assert_eq!(files(home.path()), before);
    assert_eq!(
        before.get("qovery-api/src/lib.rs").map(Vec::as_slice),
        Some(&b"// by hand\n"[..])
    );
}

#[test]
fn the_check_finds_one_changed_byte_and_names_the_fix() {
    let home = repository(CONTRACT);
    succeeds(&generate(home.path(), &[]));
    let clean = files(home.path());
    let generated = clean.keys().filter(|name| name.contains("generated/"));
    for name in generated {
        let path = home.path().join(name);
        let mut bytes = clean[name].clone();
        let last = bytes.len() - 2;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).expect("written");
        let message = refusal(&generate(home.path(), &["--check"]));
        let file = Path::new(name)
            .file_name()
            .expect("a name")
            .to_string_lossy();
        assert!(message.contains(&*file), "{name}: {message}");
        assert!(message.contains("cargo xtask generate"), "{message}");
        assert_eq!(
            fs::read(&path).expect("readable"),
            bytes,
            "a check writes nothing"
        );
        fs::write(&path, &clean[name]).expect("written");
    }
    succeeds(&generate(home.path(), &["--check"]));
}

#[test]
fn the_check_finds_missing_files_and_files_that_are_no_longer_generated() {
    let home = repository(CONTRACT);
    succeeds(&generate(home.path(), &[]));
    let name = files(home.path())
        .into_keys()
        .find(|name| name.ends_with("operations.rs"))
        .expect("operations");
    let (path, stale) = (
        home.path().join(&name),
        home.path().join(&name).with_file_name("stale.rs"),
    );
    fs::copy(&path, &stale).expect("copied");
    fs::remove_file(&path).expect("removed");
    let message = refusal(&generate(home.path(), &["--check"]));
    assert!(
        message.contains("operations.rs") && message.contains("stale.rs"),
        "{message}"
    );
    succeeds(&generate(home.path(), &[]));
    assert!(path.exists() && !stale.exists());
}

#[test]
fn a_changed_contract_changes_the_client() {
    let home = repository(CONTRACT);
    succeeds(&generate(home.path(), &[]));
    let changed = CONTRACT.replace("getEnvironmentStatus", "getStatusOfEnvironment");
    fs::write(home.path().join("openapi.yaml"), changed).expect("written");
    refusal(&generate(home.path(), &["--check"]));
    succeeds(&generate(home.path(), &[]));
    let all = files(home.path())
        .into_values()
        .map(|bytes| text(&bytes))
        .collect::<String>();
    assert!(all.contains("fn get_status_of_environment"));
    assert!(!all.contains("fn get_environment_status"));
}

#[test]
fn another_contract_goes_into_a_directory_of_its_own_and_nowhere_else() {
    let home = repository(CONTRACT);
    let before = files(home.path());
    succeeds(&generate(
        home.path(),
        &["--spec", "openapi.yaml", "--out", "out"],
    ));
    let mut after = files(home.path());
    let written = files(&home.path().join("out"));
    after.retain(|name, _| !name.starts_with("out/"));
    assert_eq!(after, before);
    assert!(!written.is_empty());
    let message = refusal(&generate(
        home.path(),
        &["--spec", "openapi.yaml", "--out", "out"],
    ));
    assert!(message.contains("not empty"), "{message}");
    assert_eq!(files(&home.path().join("out")), written);
}

/// Bad inputs: a label, the contract, and the texts that the message must contain.
fn bad_inputs() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let other = |from: &str, to: &str| {
        assert!(CONTRACT.contains(from), "{from}");
        CONTRACT.replacen(from, to, 1)
    };
    vec![
        (
            "not YAML",
            "openapi: [3.0.3\n".to_owned(),
            vec!["openapi.yaml:"],
        ),
        (
            "not OpenAPI",
            "name: someone\n".to_owned(),
            vec!["openapi.yaml", "openapi"],
        ),
        (
            "2.0",
            "swagger: '2.0'\npaths: {}\n".to_owned(),
            vec!["openapi.yaml:1", "/swagger", "2.0"],
        ),
        (
            "a future version",
            other("3.0.3", "4.0.0"),
            vec!["openapi.yaml:1", "/openapi", "4.0.0"],
        ),
        (
            "a dangling reference",
            other("schemas/Status'", "schemas/Stat'"),
            vec![
                "openapi.yaml:15",
                "/paths/~1environment~1{environmentId}~1status/get/responses/200",
                "Stat",
            ],
        ),
        (
            "a reference cycle that no type represents",
            other(
                "{type: string, enum: [READY, DEPLOYED]}",
                "{$ref: '#/components/schemas/A'}",
            ) + "    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n",
            vec!["openapi.yaml:2", "/components/schemas/"],
        ),
        (
            "an unsupported construct",
            other("count: {type: integer}", "count: {not: {type: integer}}"),
            vec![
                "openapi.yaml:23",
                "/components/schemas/Status/properties/count",
                "not",
            ],
        ),
        (
            "a body that is a form with files",
            other(
                "      responses:",
                "      requestBody: {content: {multipart/form-data: {schema: {type: object}}}}\n      responses:",
            ),
            vec!["openapi.yaml:", "/requestBody", "multipart/form-data"],
        ),
        ("nothing", String::new(), vec!["openapi.yaml"]),
        (
            "a list in the place of the document",
            "- openapi: 3.0.3\n".to_owned(),
            vec!["openapi.yaml"],
        ),
        (
            "parameters that are no list",
            other(
                "      parameters:\n        - {name: environmentId, in: path, required: true, schema: {type: string, format: uuid}}\n",
                "      parameters: {name: environmentId, in: path}\n",
            ),
            vec!["openapi.yaml:8", "get/parameters", "a list"],
        ),
        (
            "a parameter in an unknown location",
            other("in: path", "in: body"),
            vec![
                "openapi.yaml:9",
                "get/parameters/0/in",
                "is in body",
                "help:",
            ],
        ),
        (
            "a style that the location does not allow",
            other("in: path", "in: path, style: deepObject"),
            vec![
                "openapi.yaml:9",
                "get/parameters/0/style",
                "deepObject",
                "help:",
            ],
        ),
        (
            "a form that is no object",
            other(
                "      responses:",
                "      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: string}}}}\n      responses:",
            ),
            vec![
                "openapi.yaml:10",
                "x-www-form-urlencoded",
                "object",
                "help:",
            ],
        ),
        (
            "a body of HEAD",
            other(
                "    get:\n",
                "    head:\n      operationId: headStatus\n      requestBody: {content: {application/json: {}}}\n    get:\n",
            ),
            vec![
                "openapi.yaml:7",
                "~1status/head/requestBody",
                "HEAD",
                "help:",
            ],
        ),
        (
            "an operation that is not a mapping",
            other("    get:\n", "    put: 7\n    get:\n"),
            vec!["openapi.yaml:5", "~1status/put"],
        ),
        (
            "a reference to another file",
            other("'#/components/schemas/Status'", "'other.yaml#/Status'"),
            vec!["openapi.yaml:15", "other.yaml", "bundle"],
        ),
        (
            "a path parameter that nobody declares and a query in the path",
            other(
                "/environment/{environmentId}/status",
                "/environment/{environmentId/status",
            ),
            vec!["openapi.yaml:", "/paths/"],
        ),
    ]
}

#[test]
fn every_kind_of_bad_input_is_one_message_with_its_location_and_nothing_is_written() {
    let mut problems = Vec::new();
    for (kind, contract, needles) in bad_inputs() {
        let home = repository(&contract);
        let before = files(home.path());
        let output = generate(home.path(), &[]);
        let message = text(&output.stderr);
        if output.status.success() {
            problems.push(format!("{kind}: accepted"));
            continue;
        }
        refusal(&output);
        for needle in needles.iter().filter(|needle| !message.contains(**needle)) {
            problems.push(format!("{kind}: {needle:?} is not in: {message}"));
        }
        assert_eq!(files(home.path()), before, "{kind}");
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn a_reference_without_a_target_is_refused_by_every_command_and_after_a_fix() {
    let home = repository(CONTRACT);
    let overlay = home.path().join("overlay.yaml");
    let fix = |update: &str| {
        let head = "overlay: 1.0.0\ninfo: {title: F, version: '1'}\nactions:\n";
        let action = format!("- {{description: d, target: $.components, update: {update}}}\n");
        fs::write(&overlay, format!("{head}{action}")).expect("written");
    };
    for component in [
        "responses: {r: {$ref: '#/components/responses/Gone'}}",
        "links: {l: {$ref: '#/components/schemas/Status'}}",
        "examples: {e: {$ref: 'examples.yaml#/e'}}",
        "parameters: {p: {$ref: '#/components/parameters/p'}}",
        "callbacks: {c: {'{$url}': {$ref: '#/paths/~1gone'}}}",
    ] {
        let unused = CONTRACT.replace("components:\n", &format!("components:\n  {component}\n"));
        let file = home.path().join("unused.yaml");
        fs::write(&file, unused).expect("written");
        fix("{x-nothing: 1}");
        for arguments in [
            &["generate", "--spec", "unused.yaml", "--out", "out"][..],
            &[
                "generate",
                "--spec",
                "unused.yaml",
                "--overlay",
                "overlay.yaml",
                "--out",
                "out",
            ],
            &[
                "generate",
                "--stream",
                "--spec",
                "unused.yaml",
                "--out",
                "out",
            ],
            &["import", "unused.yaml", "--out", "imported.yaml"],
        ] {
            let output = xtask(home.path())
                .args(arguments)
                .output()
                .expect("it runs");
            let message = refusal(&output);
            assert!(message.contains("unused.yaml:"), "{arguments:?}: {message}");
            assert!(message.contains("/components/"), "{arguments:?}: {message}");
            assert!(
                message.contains("the reference `"),
                "{arguments:?}: {message}"
            );
            assert!(message.contains("help: "), "{arguments:?}: {message}");
        }
        assert!(!home.path().join("imported.yaml").exists());
        fix(&format!("{{{component}}}"));
        let arguments = [
            "--spec",
            "openapi.yaml",
            "--overlay",
            "overlay.yaml",
            "--out",
            "out",
        ];
        let message = refusal(&generate(home.path(), &arguments));
        assert!(message.contains("the reference `"), "{message}");
        assert!(!home.path().join("out").exists());
    }
}

#[test]
fn a_missing_file_is_one_message() {
    let home = repository(CONTRACT);
    let message = refusal(&generate(
        home.path(),
        &["--spec", "nowhere.yaml", "--out", "out"],
    ));
    assert!(message.contains("nowhere.yaml"), "{message}");
    assert!(!home.path().join("out").exists());
}

#[test]
fn bytes_that_are_no_text_and_a_directory_are_one_message() {
    let home = repository(CONTRACT);
    let contract = |text: &[u8]| [b"# One.\n# Two: ", text, b"\n", CONTRACT.as_bytes()].concat();
    for (name, bytes) in [
        ("latin.yaml", contract(b"caf\xe9")),
        ("half.yaml", contract(b"\xe2\x82")),
        ("null.yaml", contract(b"a\0b")),
        ("fine.yaml", contract("café".as_bytes())),
    ] {
        fs::write(home.path().join(name), bytes).expect("written");
    }
    let wide: Vec<u8> = CONTRACT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(
        home.path().join("wide.yaml"),
        [b"\xff\xfe", &wide[..]].concat(),
    )
    .expect("written");
    for (name, place) in [
        ("latin.yaml", "latin.yaml:2: is not text in UTF-8"),
        ("half.yaml", "half.yaml:2: is not text in UTF-8"),
        ("null.yaml", "null.yaml:2: contains the character U+0000"),
        ("wide.yaml", "wide.yaml:1: is not text in UTF-8"),
        ("xtask", "xtask: is not a regular file"),
    ] {
        let arguments = ["--spec", name, "--out", "out"];
        let message = refusal(&generate(home.path(), &arguments));
        assert!(message.contains(place), "{message}");
        assert!(message.contains("\n  help: "), "{message}");
        assert!(!home.path().join("out").exists());
    }
    succeeds(&generate(
        home.path(),
        &["--spec", "fine.yaml", "--out", "out"],
    ));
}

#[test]
fn tags_and_paging_of_another_contract_are_remarks_and_its_client_is_complete() {
    let other = CONTRACT
        .replace("Environment Main Calls", "Something New")
        .replace(
            "      responses:",
            "        - {name: cursor, in: query, schema: {type: string}}\n      responses:",
        );
    let home = repository(CONTRACT);
    fs::write(home.path().join("other.yaml"), &other).expect("written");
    let output = generate(home.path(), &["--spec", "other.yaml", "--out", "out"]);
    succeeds(&output);
    let remarks = text(&output.stderr);
    for needle in ["`Something New`", "`environments`", "`cursor`"] {
        assert!(remarks.contains(needle), "{needle}: {remarks}");
    }
    let operations = home.path().join("out/environments/operations.rs");
    let operations = fs::read_to_string(operations).expect("the operations");
    assert!(operations.contains("pub fn get_environment_status("));
}

#[test]
fn a_second_operation_of_one_id_is_named_by_its_path_with_a_note() {
    let operation = CONTRACT
        .split_once("paths:\n")
        .and_then(|(_, rest)| rest.split_once("components:"));
    let second = operation
        .expect("an operation")
        .0
        .replace("/status", "/state");
    let home = repository(&CONTRACT.replacen("components:", &format!("{second}components:"), 1));
    let output = generate(home.path(), &[]);
    succeeds(&output);
    let notes = text(&output.stderr);
    // By path, `/state` precedes `/status`.
    let place = "/paths/~1environment~1{environmentId}~1status/get/operationId";
    for needle in [
        place,
        "`getEnvironmentStatus`",
        "`getEnvironmentByEnvironmentIdStatus`",
    ] {
        assert!(notes.contains(needle), "{needle}: {notes}");
    }
    let written = files(home.path());
    let operations = &written["qovery-api/src/generated/environments/operations.rs"];
    for method in [
        "fn get_environment_status(",
        "fn get_environment_by_environment_id_status(",
    ] {
        assert!(text(operations).contains(method), "{method}");
    }
}

/// The fix for a refused multipart body, according to the message.
#[test]
fn a_multipart_body_is_sent_as_bytes_after_the_fix_that_the_message_names() {
    let multipart = CONTRACT.replacen(
        "      responses:",
        "      requestBody: {content: {multipart/form-data: {schema: {type: object}}}}\n      responses:",
        1,
    );
    let home = repository(&multipart);
    let message = refusal(&generate(home.path(), &[]));
    assert!(message.contains("`application/octet-stream`"), "{message}");
    let content = "$.paths['/environment/{environmentId}/status'].get.requestBody.content";
    let overlay = format!(
        "overlay: 1.0.0\ninfo: {{title: Fixes, version: 1.0.0}}\nactions:\n  \
         - {{target: \"{content}['multipart/form-data']\", description: Not one that is sent., remove: true}}\n  \
         - {{target: \"{content}\", description: The encoded parts., update: {{application/octet-stream: {{}}}}}}\n"
    );
    fs::write(home.path().join("xtask/overlay.yaml"), overlay).expect("written");
    succeeds(&generate(home.path(), &[]));
    let written = files(home.path());
    let operations = text(&written["qovery-api/src/generated/environments/operations.rs"]);
    assert!(
        operations.contains("body: impl ::core::convert::Into<::bytes::Bytes>"),
        "{operations}"
    );
}

#[test]
fn an_operation_outside_of_all_areas_of_another_contract_is_available_with_every_feature() {
    let other = CONTRACT
        .replace("Environment Main Calls", "Something New")
        .replace("/environment/", "/weather/");
    let home = repository(CONTRACT);
    fs::write(home.path().join("other.yaml"), &other).expect("written");
    let output = generate(home.path(), &["--spec", "other.yaml", "--out", "out"]);
    succeeds(&output);
    let notes = text(&output.stderr);
    for needle in [
        "/paths/~1weather",
        "`Something New`",
        "`getEnvironmentStatus` is available with every feature",
    ] {
        assert!(notes.contains(needle), "{needle}: {notes}");
    }
    let written = files(&home.path().join("out"));
    let root = text(&written["mod.rs"]);
    assert!(
        root.contains("\nmod other;") && !root.contains("cfg(feature = \"other\")"),
        "{root}"
    );
    assert!(
        text(&written["other/models.rs"]).contains("pub struct Status"),
        "{root}"
    );
}

/// Neither the tag nor the path determines the area, in this and in any other contract.
#[test]
fn an_operation_without_a_tag_on_an_unknown_path_is_refused_in_every_contract() {
    let untagged = CONTRACT.replace("      tags: [Environment Main Calls]\n", "");
    let home = repository(CONTRACT);
    for (contract, is_known) in [
        (untagged.clone(), true),
        (untagged.replace("/environment/", "/freezeWindow/"), false),
        (
            untagged.replace("/environment/{environmentId}/status", "/"),
            false,
        ),
        (untagged.replace("/environment/", "/clusters/"), false),
        (
            CONTRACT
                .replace("[Environment Main Calls]", "[]")
                .replace("/environment/", "/Cluster/"),
            false,
        ),
    ] {
        fs::write(home.path().join("other.yaml"), contract).expect("written");
        let output = generate(home.path(), &["--spec", "other.yaml", "--out", "out"]);
        if is_known {
            succeeds(&output);
            fs::remove_dir_all(home.path().join("out")).expect("removed");
            continue;
        }
        let message = refusal(&output);
        for needle in [
            "other.yaml:5",
            "/get",
            "the tags and the path belong to no area",
            "`getEnvironmentStatus`",
            "overlay",
        ] {
            assert!(message.contains(needle), "{needle}: {message}");
        }
        assert!(!home.path().join("out").exists());
    }
    // The advice of the message.
    let unknown = untagged.replace("/environment/", "/freezeWindow/");
    fs::write(home.path().join("other.yaml"), unknown).expect("written");
    let overlay = "overlay: 1.0.0\ninfo: {title: Fixes, version: 1.0.0}\nactions:\n  \
        - {target: \"$.paths['/freezeWindow/{environmentId}/status'].get\", description: It is one of clusters., update: {tags: [Clusters]}}\n";
    fs::write(home.path().join("fixes.yaml"), overlay).expect("written");
    let arguments = [
        "--spec",
        "other.yaml",
        "--overlay",
        "fixes.yaml",
        "--out",
        "out",
    ];
    succeeds(&generate(home.path(), &arguments));
    assert!(files(&home.path().join("out")).contains_key("clusters/operations.rs"));
}

#[test]
fn a_contract_without_operations_is_refused_unless_that_is_allowed() {
    let home = repository(CONTRACT);
    succeeds(&generate(home.path(), &[]));
    let before = files(home.path());
    for paths in [
        "paths: {}",
        "paths: {/a: {summary: Nothing.}}",
        "paths: {x-a: {}}",
    ] {
        let empty = format!("openapi: 3.0.3\ninfo: {{title: Small, version: 1.2.3}}\n{paths}\n");
        fs::write(home.path().join("openapi.yaml"), empty).expect("written");
        let message = refusal(&generate(home.path(), &[]));
        for needle in [
            "openapi.yaml:3",
            "/paths",
            "has no operation",
            "--allow-empty",
        ] {
            assert!(message.contains(needle), "{needle}: {message}");
        }
    }
    let kept = files(&home.path().join("qovery-api"));
    assert!(
        kept.iter()
            .all(|(path, bytes)| before[&format!("qovery-api/{path}")] == *bytes)
    );
    succeeds(&generate(home.path(), &["--allow-empty"]));
}

/// Otherwise an operation would be in an unexpected module, or its further pages could not be read.
#[test]
fn tags_and_paging_of_the_own_contract_have_to_be_classified() {
    let home = repository(CONTRACT);
    succeeds(&generate(home.path(), &[]));
    let before = files(&home.path().join("qovery-api"));
    let new_tag = CONTRACT.replace("Environment Main Calls", "Something New");
    let new_paging = CONTRACT.replace(
        "      responses:",
        "        - {name: cursor, in: query, schema: {type: string}}\n      responses:",
    );
    let new_path = CONTRACT
        .replace("      tags: [Environment Main Calls]\n", "")
        .replace("/environment/", "/weather/");
    for (contract, needles) in [
        (new_tag, ["`Something New`", "codegen/areas.rs"]),
        (
            new_path,
            [
                "the tags and the path belong to no area",
                "codegen/areas.rs",
            ],
        ),
        (new_paging, ["`cursor`", "codegen/passes/paging/shape.rs"]),
    ] {
        fs::write(home.path().join("openapi.yaml"), contract).expect("written");
        let message = refusal(&generate(home.path(), &[]));
        for needle in [
            "openapi.yaml:5",
            "`getEnvironmentStatus`",
            needles[0],
            needles[1],
        ] {
            assert!(message.contains(needle), "{needle}: {message}");
        }
        assert_eq!(files(&home.path().join("qovery-api")), before);
    }
}

#[test]
fn an_overlay_that_finds_nothing_names_its_action() {
    let home = repository(CONTRACT);
    let overlay = "overlay: 1.0.0\ninfo: {title: Fixes, version: 1.0.0}\nactions:\n  \
        - target: $.components.schemas.Gone\n    description: It is wrong.\n    remove: true\n";
    fs::write(home.path().join("xtask/overlay.yaml"), overlay).expect("written");
    let before = files(home.path());
    let message = refusal(&generate(home.path(), &[]));
    assert!(
        message.contains("overlay.yaml:4") && message.contains("/actions/0"),
        "{message}"
    );
    assert!(message.contains("$.components.schemas.Gone"), "{message}");
    assert_eq!(files(home.path()), before);
    succeeds(&generate(home.path(), &["--overlay", "none"]));
}

#[test]
fn a_hand_written_file_among_the_generated_ones_is_not_changed() {
    let home = repository(CONTRACT);
    succeeds(&generate(home.path(), &[]));
    let by_hand = home.path().join("qovery-api/src/generated/mine.rs");
    fs::write(&by_hand, "// mine\n").expect("written");
    fs::write(
        home.path().join("openapi.yaml"),
        CONTRACT.replace("count", "number"),
    )
    .expect("written");
    let before = files(home.path());
    let message = refusal(&generate(home.path(), &[]));
    assert!(message.contains("mine.rs"), "{message}");
    assert_eq!(files(home.path()), before);
}

/// A contract with one operation that lists notes, by this method, with these parameters and these
/// further fields in the result.
fn listing(method: &str, parameters: &[&str], fields: &str) -> String {
    let parameters: String = parameters
        .iter()
        .map(|name| {
            let schema = if *name == "pageSize" {
                "integer, default: 20"
            } else {
                "string"
            };
            format!("        - {{name: {name}, in: query, schema: {{type: {schema}}}}}\n")
        })
        .collect();
    format!(
        r##"openapi: 3.0.3
info: {{title: Small, version: 1.2.3}}
paths:
  /environment/{{environmentId}}/note:
    {method}:
      operationId: listNotes
      tags: [Environment Main Calls]
      parameters:
        - {{name: environmentId, in: path, required: true, schema: {{type: string, format: uuid}}}}
{parameters}      responses:
        '200':
          description: Fine.
          content:
            application/json:
              schema: {{$ref: '#/components/schemas/NoteResponseList'}}
components:
  schemas:
    Note:
      type: object
      required: [id]
      properties:
        id: {{type: string}}
    Links:
      type: object
      properties:
        next: {{type: string}}
        previous: {{type: string}}
    NoteResponseList:
      type: object
      properties:
        results: {{type: array, items: {{$ref: '#/components/schemas/Note'}}}}
{fields}"##
    )
}

#[test]
fn an_operation_of_a_known_shape_pages_without_hand_written_code() {
    const LINKS: &str = "        links: {$ref: '#/components/schemas/Links'}\n";
    const ENVELOPE: &str = "        page: {type: number}\n        page_size: {type: number}\n";
    for (parameters, fields, expected) in [
        (
            &["startId"][..],
            ENVELOPE,
            &[
                "PagedOperation for crate::operations::ListNotes",
                "\"startId\"",
                "item.id",
            ][..],
        ),
        (
            &["continueToken", "stepBackToken", "pageSize"],
            LINKS,
            &[
                "PagedOperation for crate::operations::ListNotes",
                "PagedBackward for crate::operations::ListNotes",
                "forward: \"continueToken\"",
                "links.next",
            ],
        ),
        (
            &["pageSize"],
            ENVELOPE,
            &[
                "WindowOperation for crate::operations::ListNotes",
                "\"pageSize\"",
            ],
        ),
    ] {
        let home = repository(&listing("get", parameters, fields));
        succeeds(&generate(home.path(), &[]));
        let written = files(home.path());
        let paging = text(&written["qovery-api/src/generated/paging.rs"]);
        for part in expected {
            assert!(
                paging.contains(part),
                "{parameters:?}: {part:?} is not in {paging}"
            );
        }
    }
    // An operation with a single page gets no paging implementation.
    let home = repository(&listing("get", &["search"], ENVELOPE));
    succeeds(&generate(home.path(), &[]));
    let written = files(home.path());
    let paging = text(&written["qovery-api/src/generated/paging.rs"]);
    assert!(!paging.contains("ListNotes"), "{paging}");
}

#[test]
fn a_shape_of_paging_that_is_not_classified_is_refused_by_name() {
    let contracts = [
        ("offset", listing("get", &["offset", "limit"], "")),
        ("limit", listing("get", &["limit"], "")),
        ("cursor", listing("get", &["cursor", "pageSize"], "")),
        ("continueToken", listing("get", &["continueToken"], "")),
        ("startId", listing("get", &["startId", "continueToken"], "")),
        ("page", listing("get", &["startId", "page"], "")),
        ("startId", listing("post", &["startId"], "")),
        (
            "next_cursor",
            listing("get", &[], "        next_cursor: {type: string}\n"),
        ),
        (
            "links",
            listing(
                "get",
                &[],
                "        links: {$ref: '#/components/schemas/Links'}\n",
            ),
        ),
        (
            "could be the id",
            listing("get", &["startId"], "").replace("id: {type: string}", "id: {type: boolean}"),
        ),
        (
            "does not say how many items",
            listing("get", &["pageSize"], "").replace(", default: 20", ""),
        ),
        (
            "exactly one list",
            listing(
                "get",
                &["pageSize"],
                "        others: {type: array, items: {type: string}}\n",
            )
            .replace("results:", "notes:"),
        ),
    ];
    for (what, contract) in contracts {
        let home = repository(&contract);
        let before = files(home.path());
        let message = refusal(&generate(home.path(), &[]));
        for part in [what, "listNotes", "codegen/passes/paging/", "openapi.yaml:"] {
            assert!(
                message.contains(part),
                "{what}: {part:?} is not in {message}"
            );
        }
        assert_eq!(files(home.path()), before, "{what}");
    }
}

#[test]
fn a_former_spelling_of_a_value_with_another_name_is_a_deprecated_constant() {
    let respelled = CONTRACT.replace(
        "enum: [READY, DEPLOYED]",
        "enum: [READY, IN_USE], x-enumAliases: {IN_USE: [INUSE, in-use]}",
    );
    let home = repository(&respelled);
    let output = generate(home.path(), &["--spec", "openapi.yaml", "--out", "out"]);
    succeeds(&output);
    let files = files(&home.path().join("out"));
    let models = files.iter().filter(|(path, _)| path.ends_with("models.rs"));
    let models: String = models.map(|(_, bytes)| text(bytes)).collect();
    let (_, block) = models
        .split_once("impl crate::types::StatusState {")
        .expect("the former names");
    let (block, _) = block.split_once("\n}").expect("its end");
    assert!(
        block.contains("pub const Inuse: Self = Self::InUse;"),
        "{block}"
    );
    assert!(block.contains("#[deprecated"), "{block}");
    // The other spelling has the name of the variant.
    assert_eq!(block.matches("pub const").count(), 1, "{block}");
}
