//! The area of an item can be found: in the documentation, by the name of an operation, and in compiler errors.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails if its setup fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use integration_tests::OPERATIONS;
use integration_tests::document::{self, workspace};
use serde_json::Value;

/// The only area that is enabled for the programs below.
const ENABLED: &str = "environments";

fn generated() -> PathBuf {
    workspace().join("qovery-api/src/generated")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace()).env("CI", "true");
    cargo
}

/// The features of a package, and those of a dependency that it always enables.
fn features(package: &str, dependency: &str) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    let metadata = cargo()
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    let package = packages
        .iter()
        .find(|one| one["name"] == package)
        .expect("a member");
    let texts = |value: &Value| -> Vec<String> {
        let values = value.as_array().into_iter().flatten();
        values
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect()
    };
    let features = package["features"].as_object().expect("a table");
    let features = features
        .iter()
        .map(|(name, needs)| (name.clone(), texts(needs)));
    let dependencies = package["dependencies"].as_array().expect("a list");
    let always = dependencies
        .iter()
        .find(|one| one["name"] == dependency && one["kind"].is_null())
        .map(|one| texts(&one["features"]));
    (features.collect(), always.unwrap_or_default())
}

/// Every area: the features that `all` turns on.
fn areas() -> BTreeSet<String> {
    let (features, _) = features("qovery-api", "");
    features["all"].iter().cloned().collect()
}

/// The client with one area, and its directory.
fn client() -> &'static Path {
    static CLIENT: OnceLock<PathBuf> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let output = cargo()
            .args(["check", "--locked", "--package", "qovery-api"])
            .args(["--no-default-features", "--features"])
            .arg(format!("rustls,httpmock,{ENABLED}"))
            .arg("--message-format=json")
            .output()
            .expect("cargo runs");
        let messages = String::from_utf8(output.stdout).expect("text");
        let messages = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let built = messages
            .filter(|message| message["reason"] == "compiler-artifact")
            .find(|message| message["target"]["name"] == "qovery_api")
            .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let files = built["filenames"].as_array().expect("a list");
        let files = files.iter().filter_map(Value::as_str);
        let mut metadata = files.filter(|file| file.ends_with(".rmeta"));
        PathBuf::from(metadata.next().expect("metadata for rustc"))
    })
}

/// The compiler errors of a program that uses the client with one area; empty if it compiles.
fn errors(name: &str, program: &str) -> String {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("areas");
    fs::create_dir_all(&home).expect("a directory");
    let file = home.join(format!("{name}.rs"));
    fs::write(&file, program).expect("written");
    let client = client();
    let dependencies = client.parent().expect("a directory");
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ])
        .args(["--crate-name", name, "-A", "warnings"])
        .arg("--extern")
        .arg(format!("qovery_api={}", client.display()))
        .arg("-L")
        .arg(format!("dependency={}", dependencies.display()))
        .arg("-o")
        .arg(home.join(format!("{name}.rmeta")))
        .arg(&file)
        .output()
        .expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), text.is_empty(), "{text}");
    text
}

/// The methods of a disabled area, each with the number of its arguments.
fn absent(area: &str) -> Vec<(String, usize)> {
    let text = read(generated().join(format!("absent/{area}.rs")));
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_suffix(");"));
    let methods = lines.filter_map(|line| line.split_once('('));
    let count = |arguments: &str| arguments.split(',').filter(|one| !one.is_empty()).count();
    methods
        .map(|(name, arguments)| (name.to_owned(), count(arguments)))
        .collect()
}

#[test]
fn a_call_of_an_enabled_area_compiles_beside_the_areas_that_are_off() {
    let program = "
        use qovery_api::{Client, Error, types, uuid::Uuid};
        pub async fn call(client: &Client, id: Uuid) -> Result<types::Environment, Error> {
            client.delete_environment(id).skip_reconcile(true).await?;
            client.get_environment(id).await
        }";
    assert_eq!(errors("enabled", program), "");
}

#[test]
fn each_call_of_a_disabled_area_gives_one_error_that_names_the_feature() {
    let ways = [
        "let page = client.list_organization_credit_cards(id).await?; println!(\"{}\", page.results.len());",
        "client.list_organization_credit_cards(id).timeout(limit).response().await?.body.results.is_empty();",
        "for one in client.list_organization_credit_cards(\"x\".parse()?).await?.results { drop(one.id); }",
        "let call = client.add_credit_card(id, &Default::default()); call.await?;",
        "let _ = client.add_credit_card(id, &[]);",
        "let events: Vec<u8> = client.get_organization_events(id).page_size(3).await?; drop(events);",
        "tokio(client.get_account_referral().retry(mode)).await;",
    ];
    let lines: Vec<String> = ways
        .iter()
        .enumerate()
        .map(|(index, way)| {
            format!("pub async fn way_{index}<M, F: Fn(()) -> std::future::Ready<()>>(client: &Client, id: Uuid, limit: Duration, mode: M, tokio: F) -> Result<(), Box<dyn std::error::Error>> {{ {way} Ok(()) }}")
        })
        .collect();
    let program = format!(
        "use std::time::Duration;\nuse qovery_api::{{Client, uuid::Uuid}};\n{}",
        lines.join("\n")
    );
    let text = errors("ways", &program);
    let count = text.matches("\nerror").count() + usize::from(text.starts_with("error"));
    // The last error is rustc's summary.
    assert_eq!(count, ways.len() + 1, "{text}");
    assert_eq!(
        text.matches("error[E0277]: the feature `").count(),
        ways.len(),
        "{text}"
    );
    assert!(
        text.contains("^^^ needs the feature `billing` of `qovery-api`"),
        "{text}"
    );
    assert!(
        text.contains("cargo add qovery-api --features organizations"),
        "{text}"
    );
}

#[test]
fn every_method_of_every_disabled_area_names_its_feature() {
    let mut program = String::from("use qovery_api::Client;\n");
    let mut expected = BTreeMap::new();
    for area in areas().into_iter().filter(|area| area != ENABLED) {
        let methods = absent(&area);
        let calls = methods.iter().map(|(name, count)| {
            let arguments = vec!["()"; *count].join(", ");
            format!("client.{name}({arguments});")
        });
        let calls: String = calls.collect();
        program.push_str(&format!("pub fn {area}(client: &Client) {{ {calls} }}\n"));
        expected.insert(area, methods.len());
    }
    let all = expected.values().sum::<usize>() + absent(ENABLED).len();
    assert_eq!(all, OPERATIONS.len());
    let text = errors("every", &program);
    for (area, count) in expected {
        let message = format!("error[E0277]: the feature `{area}` of `qovery-api` is not enabled");
        assert_eq!(text.matches(&message).count(), count, "{area}");
    }
}

/// The mocks of a disabled area.
fn absent_mocks(area: &str) -> Vec<String> {
    let text = read(generated().join("mock.rs"));
    let start = format!("absent::{area}::IsEnabled");
    let (_, rest) = text.split_once(&start).expect("the area is in the trait");
    let (names, _) = rest.split_once('}').expect("the end of its mocks");
    let names = names.trim_start_matches([' ', ':']);
    names.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn each_mock_of_a_disabled_area_gives_one_error_that_names_the_feature() {
    let ways = [
        "let mock = server.list_organization_credit_cards(|when, then| { when.organization_id(id); then.ok(&value); }); mock.assert();",
        "server.add_credit_card(|when, then| { when.into_inner().header_exists(\"a\"); then.into_inner().status(502); }).delete();",
        "server.get_organization_events(|_, then| then.error(502, \"bad gateway\"));",
        "let _ = server.get_account_referral(|_, _| ());",
    ];
    let program = format!(
        "use qovery_api::{{httpmock::MockServer, mock::MockServerExt as _, uuid::Uuid}};
         pub fn mocks<T>(server: &MockServer, id: Uuid, value: T) {{ {} }}",
        ways.join("\n")
    );
    let text = errors("mocks", &program);
    let count = text.matches("\nerror").count() + usize::from(text.starts_with("error"));
    // The last error is rustc's summary.
    assert_eq!(count, ways.len() + 1, "{text}");
    assert_eq!(
        text.matches("error[E0277]: the feature `").count(),
        ways.len(),
        "{text}"
    );
}

#[test]
fn every_mock_of_every_disabled_area_names_its_feature_and_one_of_an_enabled_area_compiles() {
    let mut program = String::from(
        "use qovery_api::{httpmock::MockServer, mock::MockServerExt as _};
         pub fn enabled(server: &MockServer) { server.get_environment(|_, then| { then.into_inner().status(502); }); }\n",
    );
    let mut all = absent_mocks(ENABLED).len();
    let mut expected = BTreeMap::new();
    for area in areas().into_iter().filter(|area| area != ENABLED) {
        let mocks = absent_mocks(&area);
        let calls = mocks
            .iter()
            .map(|name| format!("server.{name}(|when, then| {{ when.id(1); then.ok(&2); }});"));
        let calls: String = calls.collect();
        program.push_str(&format!(
            "pub fn {area}(server: &MockServer) {{ {calls} }}\n"
        ));
        all += mocks.len();
        expected.insert(area, mocks.len());
    }
    assert_eq!(all, OPERATIONS.len());
    let text = errors("every_mock", &program);
    let count = text.matches("\nerror").count() + usize::from(text.starts_with("error"));
    assert_eq!(count, expected.values().sum::<usize>() + 1, "one for each");
    for (area, count) in expected {
        let message = format!("error[E0277]: the feature `{area}` of `qovery-api` is not enabled");
        assert_eq!(text.matches(&message).count(), count, "{area}");
    }
}

#[test]
fn a_model_of_a_disabled_area_names_its_feature_however_it_is_written() {
    let text = errors(
        "models",
        "use qovery_api::types::{self, Invoice};
         pub fn one(_: Invoice, _: types::CreditCardRequest) {}
         pub fn two() { drop(types::OrganizationRequest::new()); }
         pub fn three(_: qovery_api::operations::AddCreditCard) {}",
    );
    for item in [
        "Invoice",
        "CreditCardRequest",
        "OrganizationRequest",
        "AddCreditCard",
    ] {
        let error = text
            .split("\nerror")
            .find(|error| error.contains(&format!("`{item}`")));
        let error = error.unwrap_or_else(|| panic!("nothing on {item}: {text}"));
        let gated = error.contains("the item is gated behind the `billing` feature")
            || error.contains("the item is gated behind the `organizations` feature")
            || error.contains("the item is gated here");
        assert!(gated, "{error}");
    }
}

#[test]
fn the_list_of_operations_has_each_operation_of_the_contract_once_in_its_area() {
    let text = read(generated().join("areas.rs"));
    let mut area = String::new();
    let mut listed = BTreeMap::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("//! # `") {
            area = name.trim_end_matches('`').to_owned();
        } else if let Some(row) = line.strip_prefix("//! | [`") {
            let (method, rest) = row.split_once('`').expect("a method");
            assert!(
                rest.contains(&format!("](crate::Client::{method})")),
                "{line}"
            );
            let request = rest.split('`').nth(1).expect("a request").to_owned();
            let before = listed.insert(request.clone(), (area.clone(), method.to_owned()));
            assert_eq!(before, None, "{request}");
        }
    }
    let contract = document::operations(&document::contract());
    let requests = contract
        .iter()
        .map(|one| format!("{} {}", one.method, one.path));
    let requests: BTreeSet<String> = requests.collect();
    assert_eq!(listed.keys().cloned().collect::<BTreeSet<_>>(), requests);
    let areas = areas();
    for (request, (area, method)) in listed {
        assert!(areas.contains(&area), "{area}");
        let operations = read(generated().join(&area).join("operations.rs"));
        assert!(
            operations.contains(&format!("    pub fn {method}(")),
            "{request} is not in {area}"
        );
    }
}

/// Words of an operation's name that name a resource, with the area of the resource.
const RESOURCES: &[(&str, &str)] = &[
    ("container_registry", "containers"),
    ("container_image", "containers"),
    ("helm_repository", "helms"),
    ("git_token", "git"),
    ("git_webhook", "git"),
    ("git_file", "git"),
    ("managed_database", "databases"),
    ("failed_job", "jobs"),
    ("tf_vars", "terraforms"),
    ("terraform_variables", "terraforms"),
    ("organization_credentials", "clusters"),
    ("environments_by", "environments"),
    ("services_by", "environments"),
    ("argo_cd", "clusters"),
    ("qovery_ips", "organizations"),
    ("invoice", "billing"),
    ("credit_card", "billing"),
    ("mcp_server", "agents"),
    ("agentic_workflow", "agents"),
    ("blueprint", "blueprints"),
    ("terraform", "terraforms"),
    ("helm", "helms"),
    ("job", "jobs"),
    ("cluster", "clusters"),
];

/// Operations whose name also has the word of another resource, and the reason.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "export_environment_configuration_into_terraform",
        "it exports an environment",
    ),
    ("get_cluster_current_cost", "it is a cost"),
    (
        "get_installation_helm_values",
        "the values install a cluster",
    ),
];

#[test]
fn an_operation_is_in_the_area_that_its_name_says() {
    let (mut wrong, mut excused) = (Vec::new(), BTreeSet::new());
    // The variables of all resources have an area of their own.
    for area in areas().into_iter().filter(|area| area != "variables") {
        for (method, _) in absent(&area) {
            let padded = format!("_{method}_");
            let named = RESOURCES.iter().find(|(words, _)| {
                padded.contains(&format!("_{words}_")) || padded.contains(&format!("_{words}s_"))
            });
            let Some((_, expected)) = named.filter(|(_, expected)| *expected != area) else {
                continue;
            };
            match OTHERWISE.iter().find(|(name, _)| *name == method) {
                Some((name, _)) => drop(excused.insert(*name)),
                None => wrong.push(format!("{method} is in {area}, its name says {expected}")),
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(excused.len(), OTHERWISE.len(), "{excused:?}");
}

/// The features that the documentation of an item names.
fn stated(documentation: &[&str]) -> Option<BTreeSet<String>> {
    let line = documentation.iter().find_map(|line| {
        let text = line.trim_start_matches('/').trim();
        text.strip_prefix("Available on crate feature")?
            .strip_suffix(" only.")
    })?;
    Some(
        line.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn every_generated_item_that_needs_a_feature_says_so() {
    let mut items = 0;
    for area in areas().into_iter().chain(["shared".to_owned()]) {
        for file in ["models.rs", "operations.rs"] {
            let path = generated().join(&area).join(file);
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let (mut documentation, mut conditions) = (Vec::new(), BTreeSet::new());
            let mut is_method = false;
            for line in text.lines() {
                let bare = line.trim_start();
                is_method |= line.starts_with("impl crate::runtime::Client");
                is_method &= line != "}";
                if bare.starts_with("///") {
                    documentation.push(bare);
                    continue;
                }
                if bare.contains("feature = \"") {
                    let features = bare.split('"').skip(1).step_by(2);
                    conditions.extend(features.map(str::to_owned));
                    continue;
                }
                let is_item = ["pub struct ", "pub enum ", "pub type "]
                    .iter()
                    .any(|start| bare.starts_with(start))
                    || is_method && bare.starts_with("pub fn ");
                if is_item {
                    let expected = match area.as_str() {
                        "shared" => std::mem::take(&mut conditions),
                        area => BTreeSet::from([area.to_owned()]),
                    };
                    assert_eq!(
                        stated(&documentation),
                        Some(expected),
                        "{area}/{file}: {line}"
                    );
                    items += 1;
                }
                let continues = bare.is_empty()
                    || bare.starts_with('#')
                    || bare.starts_with("crate::")
                    || bare.starts_with(')')
                    || bare.starts_with("any(");
                if !continues {
                    documentation.clear();
                    conditions.clear();
                }
            }
        }
    }
    assert!(items > 2_000, "{items}");
}

/// The directories and files of the helpers that exist only with a feature.
const GATED: &[(&str, &[&str])] = &[
    ("bulk", &["recipes/bulk"]),
    ("display", &["display"]),
    ("find", &["recipes/find"]),
    ("history", &["recipes/duration.rs", "recipes/history.rs"]),
    ("preview", &["recipes/preview"]),
    (
        "services",
        &[
            "recipes/find_error.rs",
            "recipes/naming.rs",
            "recipes/services.rs",
            "recipes/urls.rs",
        ],
    ),
    ("stream", &["stream", "wait/until_running.rs"]),
    ("terraform", &["recipes/terraform.rs"]),
    ("variables", &["recipes/variables"]),
    (
        "versions",
        &[
            "recipes/promote.rs",
            "recipes/source.rs",
            "recipes/versions.rs",
        ],
    ),
];

/// The Rust files below a path, tests excepted.
fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| !path.to_string_lossy().contains("test"));
    paths.flat_map(|path| sources(&path)).collect()
}

#[test]
fn every_helper_that_needs_a_feature_says_so() {
    let mut items = 0;
    let root = workspace().join("qovery-ext/src").canonicalize().unwrap();
    for (feature, places) in GATED {
        let text = format!("/// Available on crate feature `{feature}` only.");
        for file in places.iter().flat_map(|place| sources(&root.join(place))) {
            let content = read(&file);
            let mut documentation = Vec::new();
            for line in content.lines() {
                let kinds = [
                    "pub struct ",
                    "pub enum ",
                    "pub trait ",
                    "pub type ",
                    "pub fn ",
                    "pub async fn ",
                ];
                if kinds.iter().any(|kind| line.starts_with(kind)) {
                    assert!(
                        documentation.contains(&text.as_str()),
                        "{}: {line}",
                        file.display()
                    );
                    items += 1;
                }
                if line.starts_with("///") || line.starts_with("#[") {
                    documentation.push(line);
                } else {
                    documentation.clear();
                }
            }
        }
    }
    assert!(items > 50, "{items}");
}

/// The modules of the helpers that every build has. All others are behind a feature.
const CORE: &[&str] = &[
    "causes",
    "clock",
    "codes",
    "connect",
    "exit",
    "listing",
    "page",
    "recipes",
    "regular_file",
    "span",
    "sync",
    "wait",
];

#[test]
fn the_helpers_without_features_are_the_core() {
    let gated = |file: &str| {
        let content = read(workspace().join(file));
        let lines: Vec<_> = content.lines().map(str::to_owned).collect();
        let modules = lines.iter().enumerate().filter_map(|(at, line)| {
            let name = line.strip_prefix("pub ").unwrap_or(line);
            let name = name.strip_prefix("mod ")?.strip_suffix(';')?;
            let gate = lines.get(at.checked_sub(1)?)?;
            Some((name.to_owned(), gate.starts_with("#[cfg(")))
        });
        modules.collect::<BTreeMap<String, bool>>()
    };
    let modules = gated("qovery-ext/src/lib.rs");
    let always = modules.iter().filter(|(_, is_gated)| !**is_gated);
    assert_eq!(always.map(|(name, _)| name).collect::<Vec<_>>(), CORE);
    let recipes = gated("qovery-ext/src/recipes/mod.rs");
    assert!(recipes.len() > 10, "{recipes:?}");
    assert!(
        recipes.values().all(|is_gated| *is_gated),
        "each recipe is behind a feature: {recipes:?}"
    );
}

#[test]
fn the_guide_lists_each_feature_of_the_helpers_with_those_that_it_enables() {
    let (mut features, _) = features("qovery-ext", "qovery-api");
    features.remove("default");
    let install = read(workspace().join("docs/install.md"));
    let table = install.split_once("<!-- features:").expect("a table").1;
    let table = table.split_once("<!-- end -->").expect("its end").0;
    let words = |cell: &str| -> BTreeSet<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let mut listed = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split(" |").collect();
        let name = words(cells[0]).into_iter().next().expect("a name");
        listed.insert(name, words(cells[2]));
    }
    let own = |needs: &Vec<String>| -> BTreeSet<String> {
        let own = needs.iter().filter(|need| features.contains_key(*need));
        own.cloned().collect()
    };
    let expected: BTreeMap<_, _> = features
        .iter()
        .map(|(name, needs)| (name.clone(), own(needs)))
        .collect();
    assert_eq!(listed, expected);
    let page = read(workspace().join("qovery-ext/src/lib.rs"));
    for feature in features.keys() {
        assert!(page.contains(&format!("//! | `{feature}` |")), "{feature}");
    }
}

#[test]
fn the_documentation_of_the_helpers_names_the_areas_that_they_enable() {
    let (features, always) = features("qovery-ext", "qovery-api");
    let text = read(workspace().join("qovery-ext/src/lib.rs"));
    let lines = text.lines().filter_map(|line| line.strip_prefix("//!"));
    let text: Vec<&str> = lines.map(str::trim).collect();
    let areas = areas();
    let named = |text: &str| -> BTreeSet<String> {
        let words = text.split('`').skip(1).step_by(2);
        let words = words.filter(|word| areas.contains(*word));
        words.map(str::to_owned).collect()
    };
    let start = text
        .iter()
        .position(|line| line.starts_with("The areas of [`qovery_api`]"))
        .expect("a paragraph");
    let paragraph = text.iter().skip(start).take_while(|line| !line.is_empty());
    let paragraph = paragraph.copied().collect::<Vec<_>>().join(" ");
    assert_eq!(named(&paragraph), always.into_iter().collect());
    for (feature, needs) in &features {
        let enabled = needs
            .iter()
            .filter_map(|need| need.strip_prefix("qovery-api/"));
        let enabled = enabled.filter(|area| areas.contains(*area));
        let enabled: BTreeSet<String> = enabled.map(str::to_owned).collect();
        // The table of features is below that of modules.
        let mut rows = text.iter().rev();
        let row = rows.find(|line| line.starts_with(&format!("| `{feature}` |")));
        let Some(row) = row else {
            assert!(
                feature == "default" || enabled.is_empty(),
                "{feature} has no row"
            );
            continue;
        };
        let effect = row.split('|').nth(3).unwrap_or_default();
        let (_, stated) = effect.split_once("; enables the area").unwrap_or_default();
        assert_eq!(named(stated), enabled, "{feature}");
        let (_, stated) = effect
            .split_once("; enables the feature")
            .unwrap_or_default();
        let stated: BTreeSet<&str> = stated.split('`').skip(1).step_by(2).collect();
        let own = needs.iter().map(String::as_str);
        let own: BTreeSet<&str> = own.filter(|need| features.contains_key(*need)).collect();
        assert_eq!(stated, own, "{feature}");
    }
}
