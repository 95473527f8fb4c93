//! A small repository that is updated.

use std::collections::BTreeMap;

use super::*;
use crate::files::GENERATED;

const CONTRACT_TEXT: &str = r##"openapi: 3.0.3
info: {title: Qovery API, version: '1'}
servers: []
paths:
  /project/{projectId}:
    get:
      operationId: getProject
      tags: [Projects]
      parameters:
        - {name: projectId, in: path, required: true, schema: {type: string, format: uuid}}
      responses:
        '200': {description: Success, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}
components:
  schemas:
    Project: {type: object, required: [name, state], properties: {name: {type: string}, note: {type: string}, state: {$ref: '#/components/schemas/StateEnum'}}}
    StateEnum: {type: string, enum: [READY, DEPLOYED]}
"##;

const COMMIT: &str = "1f35c7966e6aabc072322bfe74ed0b2aed675a33";

/// A repository whose client is generated, and a directory beside it for the revision.
fn repository() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("repository");
    fs::create_dir_all(root.join("xtask")).unwrap();
    fs::create_dir_all(root.join("qovery-api/src")).unwrap();
    fs::create_dir_all(root.join("tests/src")).unwrap();
    let write = |name: &str, text: &str| fs::write(root.join(name), text).unwrap();
    write(
        "Cargo.toml",
        "[workspace]\n\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"qovery-api\"\nversion = \"0.1.0\"\n",
    );
    write(
        "CHANGELOG.md",
        "# Changelog\n\nIntroduction.\n\n## Unreleased\n\nThe first version.\n",
    );
    let first = home.path().join("first.yaml");
    fs::write(&first, CONTRACT_TEXT).unwrap();
    let revisions = [contract::load(&first).unwrap()];
    let imported = import::import(None, &revisions, Loss::Refused).unwrap();
    write(
        "openapi.yaml",
        &canonical::text(&imported.document).unwrap(),
    );
    home
}

fn args(home: &Path, revision: &str) -> Args {
    let file = home.join("revision.yaml");
    fs::write(&file, revision).unwrap();
    Args {
        file,
        upstream_commit: COMMIT.to_owned(),
        upstream_date: Some("2026-11-27".to_owned()),
        dry_run: false,
        allow_older: false,
        allow_loss: false,
    }
}

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(directory).unwrap();
            let name = name.to_string_lossy().into_owned();
            // Directories are compared too, because an empty one would be left behind.
            if path.is_dir() {
                found.insert(format!("{name}/"), Vec::new());
                open.push(path);
            } else {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn changed() -> String {
    CONTRACT_TEXT
        .replace("note: {type: string}, ", "api_key: {type: string}, ")
        .replace("[READY, DEPLOYED]", "[READY, DEPLOYED, FREEZING]")
        .replace("name: {type: string}", "name: {type: integer}")
}

#[test]
fn an_update_writes_all_files_together_and_lists_the_decisions() {
    let home = repository();
    let root = home.path().join("repository");
    let args = args(home.path(), &changed());
    let out = update(&args, &root, &mut |_| Ok(())).unwrap();
    for line in [
        "FREEZING (StateEnum) has no meaning yet; decide in qovery-ext/src/wait/state_table.rs",
        "the name of Project.api_key suggests a secret",
        "Project::name was String and is i64",
        "version: major, 0.1.0 becomes 0.2.0",
        "next: ",
    ] {
        assert!(out.contains(line), "{line} is not in {out}");
    }
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    assert!(read("Cargo.toml").contains("version = \"0.2.0\""));
    assert!(read("Cargo.lock").contains("version = \"0.2.0\""));
    let changelog = read("CHANGELOG.md");
    let (breaking, new) = (
        changelog.find("### Breaking").unwrap(),
        changelog.find("### New").unwrap(),
    );
    assert!(
        breaking < new && new < changelog.find("## Unreleased").unwrap(),
        "{changelog}"
    );
    assert!(
        changelog.contains("## 0.2.0\n\nThe API of 2026-11-27 (commit `1f35c7966e6a`"),
        "{changelog}"
    );
    let lock = Lock::read(&root).unwrap();
    assert_eq!(lock.upstream.commit, COMMIT);
    let constants = read("qovery-api/src/generated/contract.rs");
    assert!(
        constants.contains(&format!("UPSTREAM_COMMIT: &str = \"{COMMIT}\"")),
        "{constants}"
    );
    assert!(
        constants.contains("UPSTREAM_DATE: &str = \"2026-11-27\""),
        "{constants}"
    );
    assert!(read("openapi.yaml").contains("note:"), "kept");
    let generated = files(&root.join(GENERATED));
    let client = generated
        .into_iter()
        .filter(|(name, _)| !name.ends_with('/'))
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()));
    let found = Generated::of(&root.join(CONTRACT), None, &client.collect()).unwrap();
    assert_eq!(found.differences(&lock.generated), Vec::<String>::new());
}

/// The files that `generate` writes, and no others, are up to date after an update.
#[test]
fn an_update_leaves_the_websocket_side_as_it_was_generated() {
    const LIVE: &str = r##"openapi: 3.0.3
info: {title: Websocket API, version: '1'}
servers: []
paths:
  /service/logs:
    get:
      operationId: service_logs
      parameters: [{name: service, in: query, required: true, schema: {type: string, format: uuid}}]
      responses:
        '200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Line'}}}}
components:
  schemas:
    Line: {type: object, required: [text], properties: {text: {type: string}}}
"##;
    let home = repository();
    let root = home.path().join("repository");
    fs::write(root.join("openapi-ws.yaml"), LIVE).unwrap();
    let live = generate::websocket_side(&root).unwrap().unwrap();
    let shown = update(&args(home.path(), &changed()), &root, &mut |_| Ok(())).unwrap();
    let fake = root.join("qovery-fake/src/generated");
    let contract = fs::read_to_string(fake.join("contract-ws.json")).unwrap();
    assert_eq!(contract, live.contract);
    assert!(fake.join("contract.json").exists());
    let place = crate::codegen::stream::GENERATED;
    for (path, text) in &live.tree {
        let found = fs::read_to_string(root.join(place).join(path)).unwrap();
        assert_eq!(&found, text, "{path}");
    }
    assert!(shown.contains(place), "{shown}");
}

#[test]
fn the_same_revision_again_changes_no_version_and_no_changelog() {
    let home = repository();
    let root = home.path().join("repository");
    let args = args(home.path(), &changed());
    update(&args, &root, &mut |_| Ok(())).unwrap();
    let before = files(&root);
    let out = update(&args, &root, &mut |_| Ok(())).unwrap();
    assert!(
        out.contains("no changes") && out.contains("version: stays"),
        "{out}"
    );
    // The message refers to a list only if it is printed.
    assert_eq!(
        out.contains("listed above"),
        out.contains("\ntexts to write:") || out.contains("\nto decide:"),
        "{out}"
    );
    assert_eq!(files(&root), before);
}

#[test]
fn a_dry_run_writes_nothing() {
    let home = repository();
    let root = home.path().join("repository");
    let before = files(&root);
    let args = Args {
        dry_run: true,
        ..args(home.path(), &changed())
    };
    let out = update(&args, &root, &mut |_| Ok(())).unwrap();
    assert!(
        out.contains(
            "would be written: openapi.yaml, contract.lock, Cargo.toml, Cargo.lock, CHANGELOG.md"
        ),
        "{out}"
    );
    assert_eq!(files(&root), before);
}

#[test]
fn a_failure_at_any_step_does_not_change_the_tree() {
    let home = repository();
    let root = home.path().join("repository");
    let args = args(home.path(), &changed());
    let before = files(&root);
    let mut failing = 0;
    loop {
        let mut step = 0;
        let outcome = update(&args, &root, &mut |_| {
            step += 1;
            if step > failing {
                Err(Problem::new("injected"))
            } else {
                Ok(())
            }
        });
        if outcome.is_ok() {
            break;
        }
        assert_eq!(files(&root), before, "after a failure at step {failing}");
        failing += 1;
    }
    assert_eq!(
        failing, 16,
        "each of eight places is staged and put in place"
    );
}

#[test]
fn a_failure_before_the_first_write_does_not_change_the_tree() {
    let home = repository();
    let root = home.path().join("repository");
    for (revision, changelog, commit, expected) in [
        (
            CONTRACT_TEXT.replace("responses:", "answers:"),
            None,
            COMMIT,
            "declares no responses",
        ),
        (
            changed().replace("tags: [Projects]", "tags: [Nonsense]"),
            None,
            COMMIT,
            "the tag `Nonsense` belongs to no area",
        ),
        (
            changed(),
            Some("# Changelog\n"),
            COMMIT,
            "CHANGELOG.md has no section",
        ),
        (
            changed(),
            Some("## 0.2.0\n"),
            COMMIT,
            "has a section for 0.2.0 already",
        ),
        (changed(), None, "1f35c79", "is not the id of a commit"),
        (changed(), None, "$(touch x)", "is not the id of a commit"),
    ] {
        let text = changelog.unwrap_or("# Changelog\n\n## Unreleased\n");
        fs::write(root.join("CHANGELOG.md"), text).unwrap();
        let before = files(&root);
        let args = Args {
            upstream_commit: commit.to_owned(),
            ..args(home.path(), &revision)
        };
        let message = update(&args, &root, &mut |_| Ok(()))
            .unwrap_err()
            .to_string();
        assert!(message.contains(expected), "{message}");
        if revision != changed() {
            let place = format!("{}:", args.file.display());
            assert!(message.starts_with(&place), "{message}");
        }
        assert_eq!(files(&root), before, "{expected}");
    }
}

#[test]
fn an_older_revision_is_refused_unless_it_is_allowed() {
    let home = repository();
    let root = home.path().join("repository");
    update(&args(home.path(), &changed()), &root, &mut |_| Ok(())).unwrap();
    let older = || Args {
        upstream_date: Some("2026-11-26".to_owned()),
        ..args(home.path(), CONTRACT_TEXT)
    };
    let message = update(&older(), &root, &mut |_| Ok(()))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("is older than the last revision") && message.contains("--allow-older"),
        "{message}"
    );
    update(
        &Args {
            allow_older: true,
            allow_loss: false,
            ..older()
        },
        &root,
        &mut |_| Ok(()),
    )
    .unwrap();
    let lock = Lock::read(&root).unwrap();
    assert_eq!(lock.upstream.date, "2026-11-27");
    assert_eq!(lock.imported.len(), 2);
}

/// Puts a directory in place of an expected file.
fn replace_by(path: &Path, what: &str) {
    if path.exists() {
        fs::remove_file(path).unwrap();
    }
    match what {
        "nothing" => {}
        "a directory" => fs::create_dir(path).unwrap(),
        "a link" => {
            let target = path.with_extension("target");
            fs::write(&target, "# Changelog\n\n## Unreleased\n").unwrap();
            std::os::unix::fs::symlink(&target, path).unwrap();
        }
        text => fs::write(path, text).unwrap(),
    }
}

#[test]
#[cfg(unix)]
fn if_a_file_cannot_be_replaced_the_tree_does_not_change() {
    for (name, what) in [
        ("CHANGELOG.md", "nothing"),
        ("CHANGELOG.md", "a directory"),
        ("CHANGELOG.md", "a link"),
        ("CHANGELOG.md", "\u{feff}no section"),
        ("contract.lock", "a directory"),
        ("contract.lock", "no lock"),
        ("Cargo.lock", "a directory"),
        ("openapi.yaml", "a directory"),
        ("openapi.yaml", "a link"),
        ("Cargo.toml", "[workspace.package]\nversion = '0.1.0'\n"),
        ("xtask/overlay.yaml", "a directory"),
        ("qovery-api/src/generated", "a link"),
        ("qovery-api/src/generated", "a text"),
        ("tests/src/generated", "a text"),
    ] {
        let home = repository();
        let root = home.path().join("repository");
        replace_by(&root.join(name), what);
        let before = files(&root);
        let args = args(home.path(), &changed());
        let outcome = update(&args, &root, &mut |_| Ok(()));
        assert!(outcome.is_err(), "{name} is {what}: {outcome:?}");
        assert_eq!(files(&root), before, "{name} is {what}");
    }
}

#[test]
fn a_file_written_by_hand_among_the_generated_ones_stays() {
    let home = repository();
    let root = home.path().join("repository");
    let args = args(home.path(), &changed());
    update(&args, &root, &mut |_| Ok(())).unwrap();
    let own = root.join(GENERATED).join("own.rs");
    fs::write(&own, "// by hand\n").unwrap();
    let before = files(&root);
    let next = Args {
        upstream_date: Some("2026-11-28".to_owned()),
        ..self::args(home.path(), &changed().replace("FREEZING", "THAWING"))
    };
    let message = update(&next, &root, &mut |_| Ok(()))
        .unwrap_err()
        .to_string();
    assert!(message.contains("was not generated"), "{message}");
    assert_eq!(files(&root), before);
}

#[test]
fn a_dry_run_prints_the_changes_of_the_run() {
    let home = repository();
    let root = home.path().join("repository");
    let dry = Args {
        dry_run: true,
        ..args(home.path(), &changed())
    };
    let before = files(&root);
    let planned = update(&dry, &root, &mut |_| panic!("a step")).unwrap();
    assert_eq!(files(&root), before);
    let done = update(&args(home.path(), &changed()), &root, &mut |_| Ok(())).unwrap();
    let list = |out: &str, mark: &str| {
        let line = out.lines().find_map(|line| line.strip_prefix(mark));
        line.unwrap_or_default().to_owned()
    };
    assert_eq!(
        list(&planned, "would be written: "),
        list(&done, "written: ")
    );
    let report = |out: &str| {
        out.split("\nwould be")
            .next()
            .unwrap()
            .split("\nwritten:")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(report(&planned), report(&done));
}
