//! Modules with the same parent do not depend on each other in a cycle.
//!
//! The test reads the source of every crate, without compiling it. A module depends on another one if a path in it
//! names an item of the other one, also through a re-export. Dependencies between a module and its parents do not
//! count: a parent re-exports its children, and children use the types of their parent. The test does not see calls of
//! methods, which name no module, and code that a declarative macro writes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot continue fails"
)]

mod graph;
mod packages;
mod source;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::graph::Cycle;
use crate::source::Sources;

/// Allowed cycles: the target, the parent module, the modules of the cycle (all if empty), the reason.
const JUSTIFIED: &[(&str, &str, &[&str], &str)] = &[
    (
        "qovery-api/src/lib.rs",
        "crate",
        &["generated", "mock"],
        "`mock` is the public place of the trait that is generated for it",
    ),
    (
        "qovery-api/src/lib.rs",
        "crate::generated",
        &[],
        "the areas of the contract refer to each other; `cargo xtask areas` compiles each of them alone",
    ),
    (
        "qovery-api/src/lib.rs",
        "crate::generated_stream",
        &[],
        "the models of the contract refer to each other",
    ),
    (
        "tests/wire/src/lib.rs",
        "crate::generated",
        &[],
        "the areas of the contract refer to each other",
    ),
];

/// Existing cycles that must be removed: the target, the parent module, the modules of the cycle. An entry may
/// only lose modules or be deleted.
const KNOWN: &[(&str, &str, &[&str])] = &[];

/// The directory of the workspace. All paths are relative to it.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn of(root: &Path) -> Vec<Cycle> {
    graph::cycles(&Sources::read(&workspace(), root))
}

#[test]
fn sibling_modules_do_not_depend_on_each_other_in_a_cycle() {
    let mut report = String::new();
    let mut stale: BTreeSet<_> = KNOWN.iter().collect();
    let roots = packages::roots(&workspace());
    assert!(roots.len() > 40, "only {} targets were found", roots.len());
    for root in roots {
        let target = root.display().to_string();
        for cycle in of(&root) {
            let is_justified = JUSTIFIED.iter().any(|(file, parent, modules, _)| {
                *file == target
                    && *parent == cycle.parent
                    && (modules.is_empty() || *modules == cycle.modules)
            });
            let known = KNOWN.iter().find(|(file, parent, modules)| {
                *file == target && *parent == cycle.parent && *modules == cycle.modules
            });
            match known {
                Some(entry) => {
                    stale.remove(entry);
                }
                None if is_justified => {}
                None => report.push_str(&format!("\n{target}: {cycle}")),
            }
        }
    }
    assert!(report.is_empty(), "modules depend on each other:\n{report}");
    assert!(
        stale.is_empty(),
        "these cycles no longer exist; remove them from the table: {stale:?}"
    );
}

#[test]
fn a_cycle_is_found_through_imports_paths_re_exports_globs_and_macros() {
    for (name, lib, a, b) in [
        (
            "imports",
            "",
            "use super::b::B; pub struct A;",
            "use crate::a::A; pub struct B;",
        ),
        (
            "paths",
            "",
            "pub fn a() { super::b::b() }",
            "pub fn b() { crate::a::a() }",
        ),
        (
            "re-exports",
            "pub use a::A; pub use b::B;",
            "use super::B; pub struct A(B);",
            "use crate::A; pub struct B(A);",
        ),
        (
            "globs",
            "pub use a::*; use b::B;",
            "use super::*; pub struct A(B);",
            "use super::*; pub struct B(A);",
        ),
        (
            "macros",
            "",
            "pub fn a() { println!(\"{}\", super::b::b()) }",
            "use super::a; pub fn b() -> u8 { a::a(); 1 }",
        ),
        (
            "renamed imports",
            "",
            "use super::b as other; pub fn a() { other::b() }",
            "pub fn b() { let _ = |_: crate::a::A| (); } ",
        ),
    ] {
        let files = [
            ("src/lib.rs", format!("mod a; mod b; {lib}")),
            ("src/a.rs", format!("{a} pub struct Unused;")),
            ("src/b/mod.rs", b.to_owned()),
        ];
        let sources = Sources::of(&files);
        let cycles = graph::cycles(&sources);
        let [cycle] = cycles.as_slice() else {
            panic!("{name}: {} cycles", cycles.len());
        };
        assert_eq!(cycle.modules, ["a", "b"], "{name}");
        let text = cycle.to_string();
        assert!(text.contains("src/a.rs:1"), "{name}: {text}");
        assert!(text.contains("src/b/mod.rs:1"), "{name}: {text}");
    }
}

#[test]
fn a_cycle_between_the_children_of_two_modules_is_one_of_their_parents() {
    let sources = Sources::of(&[
        (
            "src/lib.rs",
            "mod a { mod inner; } mod b; mod c;".to_owned(),
        ),
        ("src/a/inner.rs", "use crate::b;".to_owned()),
        ("src/b.rs", "use crate::c::C;".to_owned()),
        (
            "src/c.rs",
            "pub struct C; fn c() { crate::a::inner::x() }".to_owned(),
        ),
    ]);
    let cycles = graph::cycles(&sources);
    let modules: Vec<_> = cycles.iter().map(|cycle| &cycle.modules).collect();
    assert_eq!(modules, [&["a", "b", "c"]]);
}

#[test]
fn parents_tests_and_variables_make_no_cycle() {
    let sources = Sources::of(&[
        (
            "src/lib.rs",
            "mod a; mod b; pub use a::A; pub struct Shared;".to_owned(),
        ),
        (
            "src/a.rs",
            "use super::{Shared, b::B}; pub struct A(Shared, B); fn f(b: u8) -> u8 { b }
             #[cfg(test)] mod tests { use crate::b::*; }"
                .to_owned(),
        ),
        (
            "src/b.rs",
            "use super::Shared; pub struct B(Shared); fn f(a: u8) -> u8 { a }
             #[cfg(test)] mod tests { use crate::a::A; }
             #[cfg(test)] fn only_in_tests() { crate::a::f(1) }"
                .to_owned(),
        ),
    ]);
    let cycles = graph::cycles(&sources);
    assert!(cycles.is_empty(), "{}", cycles.len());
}
