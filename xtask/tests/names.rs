//! Names of a contract that are names of Rust, of the standard library, of the runtime or of generated code.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails if its setup fails"
)]

#[path = "support/identifiers.rs"]
mod identifiers;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use syn::visit::{self, Visit};

/// Generates the client of the contract of these words, and returns the notes.
fn generated(words: &BTreeSet<String>, out: &Path) -> String {
    let home = out.parent().expect("a directory above");
    let spec = home.join("names.json");
    let text = serde_json::to_string(&identifiers::contract(words, &identifiers::variants()))
        .expect("it is JSON");
    fs::write(&spec, text).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["generate", "--spec"])
        .arg(&spec)
        .arg("--out")
        .arg(out)
        .output()
        .expect("the command runs");
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{notes}");
    notes
}

/// The declarations of generated files by namespace, and the number of imports.
#[derive(Default)]
struct Declared {
    names: BTreeMap<String, Vec<String>>,
    imports: usize,
}

impl Declared {
    fn add(&mut self, space: String, name: &impl ToString) {
        self.names.entry(space).or_default().push(name.to_string());
    }
}

impl<'ast> Visit<'ast> for Declared {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.imports += usize::from(!matches!(item.vis, syn::Visibility::Public(_)));
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add("types".to_owned(), &item.ident);
        for field in &item.fields {
            let name = field.ident.as_ref().expect("a named field");
            self.add(format!("fields of {}", item.ident), name);
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.add("operations".to_owned(), &item.ident);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if item.trait_.is_none() {
            let of = &item.self_ty;
            let of = quote::quote!(#of).to_string();
            for member in &item.items {
                if let syn::ImplItem::Fn(function) = member {
                    self.add(format!("methods of {of}"), &function.sig.ident);
                }
            }
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        let mut seen = BTreeSet::new();
        for input in &signature.inputs {
            if let syn::FnArg::Typed(typed) = input
                && let syn::Pat::Ident(name) = &*typed.pat
            {
                assert!(seen.insert(name.ident.to_string()), "{} twice", name.ident);
            }
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        let path = &item.mac.path;
        let path = quote::quote!(#path).to_string().replace(' ', "");
        if !path.ends_with("::open_enum") && !path.ends_with("::union") {
            return;
        }
        let text = item.mac.tokens.to_string();
        let name = text
            .split("enum ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        self.add("types".to_owned(), &name.expect("a name"));
    }
}

#[test]
fn a_contract_of_every_identifier_gives_distinct_names() {
    let words = identifiers::words(10);
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("generated");
    let notes = generated(&words, &out);
    assert!(
        notes.contains("is the name of another type in Rust"),
        "{notes}"
    );
    let mut declared = Declared::default();
    for path in identifiers::sources(&out) {
        if path.ends_with("contract_json.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let file = syn::parse_file(&text).expect("it is Rust");
        declared.visit_file(&file);
    }
    assert_eq!(declared.imports, 0, "generated files import nothing");
    for (space, names) in &declared.names {
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{space}: {names:?}");
    }
    let count = |space: &str| declared.names.get(space).map_or(0, Vec::len);
    assert!(count("types") > words.len(), "{}", count("types"));
    assert!(count("operations") > words.len(), "{}", count("operations"));
    let methods = declared
        .names
        .keys()
        .filter(|space| space.contains("runtime :: Client"));
    assert_eq!(methods.count(), 1);
}

/// Words of one contract in the test that compiles them.
const PART: usize = 900;

/// Takes minutes: `cargo test -p xtask --test names -- --ignored`.
#[test]
#[ignore = "it compiles a large client"]
fn the_clients_of_all_identifiers_compile_with_all_features_without_a_warning() {
    let root = identifiers::root().canonicalize().unwrap();
    // Next to the crate that it is a copy of, so that cargo finds the same versions of all dependencies.
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let package = home.join("qovery-api");
    copy(&root.join("qovery-api/src"), &package.join("src"));
    fs::remove_dir_all(package.join("src/generated")).unwrap();
    let manifest = fs::read_to_string(root.join("qovery-api/Cargo.toml")).unwrap();
    let (manifest, _) = manifest
        .split_once("[dev-dependencies]")
        .expect("they come last");
    // The websocket side has a contract of its own, and uses models of the one that is replaced.
    let (_, features) = manifest.split_once("[features]\n").expect("features");
    let (features, _) = features.split_once("\n[").unwrap_or((features, ""));
    let features = features
        .lines()
        .filter_map(|line| line.split_once(" = ")?.0.split_whitespace().next());
    let features =
        features.filter(|name| !["default", "stream"].contains(name) && !name.starts_with('#'));
    let features = features.collect::<Vec<_>>().join(",");
    fs::write(
        package.join("Cargo.toml"),
        format!("{manifest}\n[lints]\nworkspace = true\n"),
    )
    .unwrap();
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let start = workspace.find("members = ").expect("members");
    let end = start + workspace[start..].find('\n').expect("a line");
    let workspace = format!(
        "{}members = [\"qovery-api\"]{}",
        &workspace[..start],
        &workspace[end..]
    );
    let start = workspace
        .find("default-members = ")
        .expect("default members");
    let end = start + workspace[start..].find('\n').expect("a line");
    let workspace = format!("{}{}", &workspace[..start], &workspace[end..]);
    fs::write(home.join("Cargo.toml"), without_other_packages(&workspace)).unwrap();
    fs::copy(root.join("Cargo.lock"), home.join("Cargo.lock")).unwrap();
    // The documentation of the crate shows operations of its own contract.
    let library = package.join("src/lib.rs");
    let text = fs::read_to_string(&library).unwrap();
    let code: String = text
        .lines()
        .filter(|line| !line.starts_with("//!"))
        .fold(String::new(), |all, line| all + line + "\n");
    fs::write(&library, format!("//! Names.\n{code}")).unwrap();
    let mocks = package.join("src/mock.rs");
    let text = fs::read_to_string(&mocks).unwrap();
    fs::write(&mocks, text.replace("cfg(test)", "cfg(any())")).unwrap();

    let cargo = |arguments: &[&str]| {
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .args([
                "--package",
                "qovery-api",
                "--features",
                &features,
                "--offline",
            ])
            .current_dir(home)
            .env("CARGO_TARGET_DIR", root.join("target"))
            .env("CARGO_BUILD_WARNINGS", "deny")
            .env("RUSTDOCFLAGS", "-D warnings")
            .env("CI", "true")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&status.stderr).into_owned();
        assert!(status.status.success(), "{text}");
        assert!(!text.contains("warning: "), "{text}");
    };
    // One contract has a limited number of operations. Words that differ in case only stay together.
    let mut words: Vec<String> = identifiers::words(1).into_iter().collect();
    words.sort_by_cached_key(|word| word.to_lowercase());
    assert!(words.len() > PART, "{}", words.len());
    for part in words.chunks(PART) {
        let out = package.join("src/generated");
        let _ = fs::remove_dir_all(&out);
        generated(&part.iter().cloned().collect(), &out);
        cargo(&["check"]);
        cargo(&["doc", "--no-deps"]);
    }
}

/// The manifest of the workspace without the profiles and patches of packages that the copy does not have.
fn without_other_packages(manifest: &str) -> String {
    let tables = manifest.split("\n[").enumerate();
    let others = ["profile.xtask", "profile.dev.package.sha2", "patch."];
    let kept = tables.filter(|(_, table)| !others.iter().any(|other| table.starts_with(other)));
    kept.map(|(index, table)| {
        if index == 0 {
            table.to_owned()
        } else {
            format!("\n[{table}")
        }
    })
    .collect()
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().expect("a directory")).unwrap();
        fs::copy(from, to).unwrap();
        return;
    }
    if !from.is_dir() {
        return;
    }
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}
