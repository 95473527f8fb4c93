//! Commands in the docs: they can be run as written.

use std::path::PathBuf;
use std::process::Command;

use integration_tests::document::workspace;
use serde_json::Value;

use crate::page;

/// Third-party programs that the pages name. The test does not check that they are installed.
const OF_OTHERS: [&str; 8] = [
    "git",
    "head",
    "mdbook",
    "mkdir",
    "npm",
    "npx",
    "openapi-generator-cli",
    "pip",
];

/// Subcommands of cargo that are separate tools.
const INSTALLED_APART: &[&str] = &["fuzz"];

/// The packages and targets of the workspace, from cargo.
struct Known {
    packages: Vec<Value>,
    /// The packages that a command without `-p` and `--workspace` selects.
    defaults: Vec<Value>,
    aliases: Vec<String>,
}

impl Known {
    fn load() -> Self {
        let cargo = std::env::var_os("CARGO").expect("run by cargo");
        let metadata = Command::new(cargo)
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--offline",
            ])
            .current_dir(workspace())
            .output()
            .expect("cargo runs");
        let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("metadata is JSON");
        let settings = std::fs::read_to_string(workspace().join(".cargo/config.toml"));
        let settings = settings.expect("settings of cargo");
        let aliases = settings
            .split_once("[alias]")
            .map_or("", |(_, aliases)| aliases);
        Self {
            packages: metadata["packages"].as_array().expect("a list").clone(),
            defaults: metadata["workspace_default_members"]
                .as_array()
                .expect("a list")
                .clone(),
            aliases: aliases
                .lines()
                .take_while(|line| !line.starts_with('['))
                .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim().to_owned()))
                .collect(),
        }
    }

    /// The fault of a command line; `None` if it can be run.
    fn problem(&self, line: &str) -> Option<String> {
        let mut words = line.split_whitespace().skip_while(|word| {
            word.chars()
                .take_while(|c| *c != '=')
                .all(|c| c.is_ascii_uppercase() || c == '_')
                && word.contains('=')
        });
        let program = words.next()?;
        if program != "cargo" {
            let exists = workspace().join(program).exists() || OF_OTHERS.contains(&program);
            return (!exists).then(|| format!("there is no `{program}`"));
        }
        let arguments: Vec<_> = words.collect();
        match arguments.split_first() {
            None | Some((&"xtask", [])) => None,
            // The command is only named, without its arguments.
            Some((&"xtask", [name])) => xtask::understands([name, "--help"]).err(),
            Some((&"xtask", rest)) => xtask::understands(rest.iter().copied()).err(),
            Some((
                &("test" | "bench" | "run" | "build" | "check" | "clippy" | "doc" | "fmt"),
                rest,
            )) => self.problem_of_build(rest),
            // These commands come with cargo, and their arguments are names in a registry.
            Some((&("add" | "package" | "publish"), _)) => None,
            // A third-party program.
            Some((&"install", _)) => None,
            Some((name, _)) => {
                let is_known = self.aliases.iter().any(|alias| alias == name)
                    || INSTALLED_APART.contains(name);
                (!is_known).then(|| format!("`cargo {name}` is not a command"))
            }
        }
    }

    fn problem_of_build(&self, arguments: &[&str]) -> Option<String> {
        let is_about_all = arguments.contains(&"--workspace");
        let mut arguments = arguments.iter().take_while(|word| **word != "--");
        let mut named: Vec<&str> = Vec::new();
        while let Some(flag) = arguments.next() {
            let mut value = || arguments.next().copied().unwrap_or_default();
            let is_named = |package: &&Value| {
                is_about_all
                    || named.is_empty() && self.defaults.contains(&package["id"])
                    || named.iter().any(|name| package["name"] == *name)
            };
            let packages: Vec<&Value> = self.packages.iter().filter(is_named).collect();
            match *flag {
                "-p" | "--package" => {
                    let name = value();
                    if !self.packages.iter().any(|package| package["name"] == name) {
                        return Some(format!("there is no package `{name}`"));
                    }
                    named.push(name);
                }
                "--test" | "--bench" | "--example" | "--bin" => {
                    let (kind, name) = (flag.trim_start_matches('-'), value());
                    let targets = packages
                        .iter()
                        .flat_map(|package| package["targets"].as_array());
                    let found = targets.flatten().any(|target| {
                        target["name"] == name
                            && target["kind"]
                                .as_array()
                                .is_some_and(|kinds| kinds.iter().any(|k| k == kind))
                    });
                    if !found {
                        return Some(format!("there is no {kind} `{name}`"));
                    }
                }
                "--features" => {
                    for feature in value().split(',') {
                        if !packages
                            .iter()
                            .any(|package| !package["features"][feature].is_null())
                        {
                            return Some(format!("there is no feature `{feature}`"));
                        }
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// Whether inline code is a command, and not a name or a value.
fn is_command(code: &str) -> bool {
    let mut words = code.split(' ').skip_while(|word| word.contains('='));
    let program = words.next().unwrap_or_default();
    program == "cargo" && words.next().is_some() || program.starts_with(".ci/")
}

/// The commands of all pages, each with its page.
fn commands() -> Vec<(PathBuf, String)> {
    let mut commands = Vec::new();
    for page in page::all() {
        let blocks = page.blocks("sh");
        let joined: Vec<String> = blocks
            .iter()
            .map(|block| block.replace("\\\n", " "))
            .collect();
        let lines = joined.iter().flat_map(|block| block.lines());
        let without_remark =
            lines.map(|line| line.split('#').next().unwrap_or(line).trim().to_owned());
        let inline = page.inline_code();
        let inline = inline.iter().filter(|code| is_command(code));
        let all = without_remark
            .chain(inline.cloned())
            .filter(|line| !line.is_empty());
        commands.extend(all.map(|line| (page.path.clone(), line)));
    }
    commands
}

#[test]
fn every_command_of_the_docs_can_be_run() {
    let known = Known::load();
    let commands = commands();
    let problems: Vec<_> = commands
        .iter()
        .filter_map(|(page, line)| {
            let problem = known.problem(line)?;
            Some(format!("{}: `{line}`: {problem}", page.display()))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(
        commands.len() > 20,
        "only {} commands were looked at",
        commands.len()
    );
}

#[test]
fn a_command_that_cannot_be_run_is_found() {
    let known = Known::load();
    for line in [
        "cargo dance",
        "cargo xtask dance",
        "cargo xtask generate --twice",
        "cargo xtask import --check",
        "A=b cargo test -p nothing",
        "cargo test -p integration-tests --test nothing",
        "cargo bench -p qovery-ext --bench docs",
        "cargo test -p qovery-ext --features variables,dance",
        "cargo test --test docs",
        "./dance",
    ] {
        assert!(known.problem(line).is_some(), "{line}");
    }
    for line in [
        "cargo xtask import a.yaml b.yaml --check",
        "A=b cargo test -p integration-tests --test docs -- --x",
        "cargo test --workspace --test docs",
    ] {
        assert_eq!(known.problem(line), None, "{line}");
    }
}

#[test]
fn a_plain_command_of_cargo_is_about_the_helpers_so_that_the_reference_opens_with_them() {
    let known = Known::load();
    let is_default = |package: &&Value| known.defaults.contains(&package["id"]);
    let names = known.packages.iter().filter(is_default);
    let names: Vec<_> = names.map(|package| package["name"].clone()).collect();
    assert_eq!(names, ["qovery-ext"]);
}
