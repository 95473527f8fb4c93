//! Pairs of contracts that differ in one fact: the rules of both directions, and whether the severity is
//! that of the generated code.
//!
//! The public items are read from the formatted files, not from the items that `diff` reads.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use serde::Deserialize;
use syn::{FnArg, ImplItem, Item, ItemImpl, Visibility};

use super::super::rules::Severity;
use super::super::side::Side;
use super::tests::side;
use crate::codegen::{Purpose, generate};

const HEAD: &str = include_str!("pairs/head.yaml");
const PAIRS: &str = include_str!("pairs/pairs.json");

/// Rules for changes that break programs although each item is there as before.
pub(super) const UNSEEN: [&str; 9] = [
    "alias-changed",
    "argument-replaced",
    "arguments-reordered",
    "field-replaced",
    "new-arguments-reordered",
    "operation-replaced",
    "parameter-replaced",
    "value-replaced",
    "variant-alias-removed",
];

#[derive(Deserialize)]
struct Pair {
    about: String,
    /// Replacements in [`HEAD`].
    old: Vec<(String, String)>,
    new: Vec<(String, String)>,
    /// The rules from the old to the new one.
    there: Vec<String>,
    /// The rules in the other direction.
    back: Option<Vec<String>>,
}

fn text(replacements: &[(String, String)]) -> String {
    let mut text = HEAD.to_owned();
    for (from, to) in replacements {
        assert_eq!(text.matches(from.as_str()).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    text
}

/// The public items of the client, each once for each feature that has it.
fn items(contract: &str) -> BTreeSet<String> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("api.yaml");
    std::fs::write(&path, contract).unwrap();
    let files = generate(&path, None, Purpose::default()).unwrap().client;
    let mut found = BTreeSet::new();
    for (path, text) in files {
        let Some((area, "models.rs" | "operations.rs" | "paging.rs")) = path.split_once('/') else {
            continue;
        };
        for item in syn::parse_file(&text).unwrap().items {
            let attributes = item.to_token_stream().to_string();
            let features: Vec<String> = match area {
                "shared" if attributes.starts_with("# [cfg") || attributes.contains("# [cfg (") => {
                    let end = attributes.find(")]").unwrap();
                    let quoted = attributes[..end].split('"').skip(1).step_by(2);
                    quoted.map(str::to_owned).collect()
                }
                "shared" => ["projects", "environments", "clusters"]
                    .map(str::to_owned)
                    .to_vec(),
                area => vec![area.to_owned()],
            };
            let mut named = Vec::new();
            item_names(item, &mut named);
            for feature in &features {
                found.extend(named.iter().map(|name| format!("{name} with {feature}")));
            }
        }
    }
    found
}

fn item_names(item: Item, found: &mut Vec<String>) {
    match item {
        Item::Struct(item) => {
            found.push(format!("struct {}", item.ident));
            for field in item.fields.iter() {
                if matches!(field.vis, Visibility::Public(_)) {
                    let ty = field.ty.to_token_stream();
                    let name = field.ident.as_ref().unwrap();
                    found.push(format!("{}.{name}: {ty}", item.ident));
                }
            }
            let derived = item
                .attrs
                .iter()
                .filter(|one| one.path().is_ident("derive"));
            found.extend(derived.map(|one| format!("{} {}", item.ident, one.to_token_stream())));
        }
        Item::Enum(item) => found.push(format!("operation {}", item.ident)),
        Item::Type(item) => {
            found.push(format!(
                "type {} = {}",
                item.ident,
                item.ty.to_token_stream()
            ));
        }
        Item::Impl(item) => implementation(&item, found),
        Item::Macro(item) => declared(item.mac.tokens, found),
        _ => {}
    }
}

fn implementation(item: &ItemImpl, found: &mut Vec<String>) {
    let owner = item.self_ty.to_token_stream().to_string();
    if let Some((path, _)) = &item.trait_ {
        found.push(format!("impl {} for {owner}", path.to_token_stream()));
    }
    for inner in &item.items {
        match inner {
            ImplItem::Fn(method) => {
                let inputs = method.sig.inputs.iter().map(|input| match input {
                    FnArg::Typed(input) => input.ty.to_token_stream().to_string(),
                    FnArg::Receiver(_) => "self".to_owned(),
                });
                let inputs: Vec<String> = inputs.collect();
                let output = method.sig.output.to_token_stream();
                let name = &method.sig.ident;
                found.push(format!("{owner}::{name}({}) {output}", inputs.join(", ")));
            }
            ImplItem::Const(constant) if item.trait_.is_none() => {
                let value = constant.expr.to_token_stream();
                found.push(format!("{owner}::{} = {value}", constant.ident));
            }
            ImplItem::Type(ty) if ty.ident == "Output" => {
                found.push(format!("{owner}::Output = {}", ty.ty.to_token_stream()));
            }
            _ => {}
        }
    }
}

/// The items that a macro declares: an enum with its variants, or setters.
fn declared(tokens: TokenStream, found: &mut Vec<String>) {
    if let Ok(setters) = syn::parse2::<ItemImpl>(tokens.clone()) {
        return implementation(&setters, found);
    }
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    let name = all.windows(2).find_map(|pair| match pair {
        [TokenTree::Ident(kind), TokenTree::Ident(name)] if kind == "enum" => Some(name),
        _ => None,
    });
    let Some(name) = name else { return };
    found.push(format!("enum {name}"));
    for tree in &all {
        let TokenTree::Group(group) = tree else {
            continue;
        };
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        for pair in inner.windows(2) {
            match pair {
                [TokenTree::Ident(variant), TokenTree::Punct(sign)] if sign.as_char() == '=' => {
                    found.push(format!("{name}::{variant}"));
                }
                [TokenTree::Ident(variant), TokenTree::Group(value)]
                    if value.delimiter() == Delimiter::Parenthesis =>
                {
                    found.push(format!("{name}::{variant}({})", value.stream()));
                }
                _ => {}
            }
        }
    }
}

/// A contract, and the public items of its client.
struct Read {
    side: Side,
    items: BTreeSet<String>,
}

impl Read {
    fn of(label: &str, contract: &str) -> Self {
        Self {
            side: side(label, contract),
            items: items(contract),
        }
    }
}

/// The faults of the report from one contract to another.
fn faults(about: &str, old: &Read, new: &Read, expected: &[String]) -> Vec<String> {
    let report = super::super::of_sides(&old.side, &new.side, None);
    let mut rules: Vec<&str> = report.changes.iter().map(|change| change.rule.id).collect();
    rules.sort_unstable();
    let lost: Vec<&String> = old.items.difference(&new.items).collect();
    let is_unseen = rules.iter().any(|rule| UNSEEN.contains(rule));
    let least = match (lost.is_empty(), new.items.is_subset(&old.items)) {
        (false, _) => Some(Severity::Major),
        (true, false) => Some(Severity::Minor),
        (true, true) => None,
    };
    let found = report.severity();
    let mut faults = Vec::new();
    if rules != expected {
        faults.push(format!("{about}: {rules:?} and not {expected:?}"));
    }
    if found < least {
        faults.push(format!("{about}: {found:?} is too low for {lost:?}"));
    }
    if found == Some(Severity::Major) && lost.is_empty() && !is_unseen {
        faults.push(format!("{about}: major, and no item is lost: {rules:?}"));
    }
    faults
}

/// For each pair: its subject, the old contract and the new one.
pub(crate) fn contracts() -> Vec<(String, String, String)> {
    let pairs: Vec<Pair> = serde_json::from_str(PAIRS).unwrap();
    let pairs = pairs.into_iter();
    pairs
        .map(|pair| (pair.about, text(&pair.old), text(&pair.new)))
        .collect()
}

#[test]
fn the_severity_of_a_change_is_that_of_the_generated_code() {
    let pairs: Vec<Pair> = serde_json::from_str(PAIRS).unwrap();
    assert!(pairs.len() >= 80, "{}", pairs.len());
    let mut found = Vec::new();
    for pair in &pairs {
        let old = Read::of("old.yaml", &text(&pair.old));
        let new = Read::of("new.yaml", &text(&pair.new));
        found.extend(faults(&pair.about, &old, &new, &pair.there));
        if let Some(back) = &pair.back {
            found.extend(faults(&format!("{} back", pair.about), &new, &old, back));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_items_of_a_client_are_all_of_its_kinds() {
    let found = items(HEAD);
    for wanted in [
        "struct Part with projects",
        "Part.x: :: core :: option :: Option < :: std :: string :: String > with projects",
        "enum Kind with projects",
        "Kind::InUse with projects",
        "crate :: types :: Kind::Busy = Self :: InUse with projects",
        "Choice::Cat(crate :: types :: Cat) with projects",
        "crate :: operations :: GetProject::filter(self, & str) -> Self with projects",
        "crate :: operations :: GetProject::Output = crate :: types :: Project with projects",
    ] {
        assert!(found.contains(wanted), "{wanted} is not in {found:#?}");
    }
}
