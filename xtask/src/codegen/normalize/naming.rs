//! Rule: every component has the name of one Rust type.
//!
//! `x-rust-name` decides; then a name that is a Rust name already keeps it; of the others that would
//! get the same name the first in the contract gets it, the next ones a number.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::fingerprint::fingerprint;
use super::hoist::{self, rename_references};
use super::names;
use super::schema::{Components, Schema};
use super::suggest::InlineSchemas;
use crate::codegen::model::Remark;
use crate::problem::Problem;

/// Renames all components and references, and returns the contract's name for each Rust name.
///
/// # Errors
/// Returns an error if `x-rust-name` gives two different schemas one name.
pub(crate) fn apply(
    draft: &mut Draft,
    inline: InlineSchemas,
) -> Result<BTreeMap<String, String>, Problem> {
    let own: Vec<String> = draft.components.keys().cloned().collect();
    let (mut known, mut remarks) = component_names(&draft.components);
    draft.remarks.append(&mut remarks);
    hoist::name(inline, draft, &mut known);
    let contract_names = own
        .iter()
        .filter_map(|name| Some((known.get(name)?.clone(), name.clone())))
        .collect();
    draft.roots_mut(|_, schema| rename_references(schema, &|name| known.get(name).cloned()));
    let mut renamed: Components = Components::new();
    for (key, schema) in std::mem::take(&mut draft.components) {
        let name = known.get(&key).cloned().unwrap_or(key);
        match renamed.get(&name) {
            Some(first) if fingerprint(first) != fingerprint(&schema) => {
                let what = format!(
                    "`x-rust-name` gives this the name `{name}`, which {} has too",
                    first.pointer
                );
                return Err(Problem::of(schema.pointer, what));
            }
            Some(_) => {}
            None => {
                renamed.insert(name, schema);
            }
        }
    }
    draft.components = renamed;
    Ok(contract_names)
}

/// Rust's name for each component, and a remark for each that got another name than its own.
fn component_names(components: &Components) -> (BTreeMap<String, String>, Vec<Remark>) {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut taken = names::Taken::default();
    let told = |schema: &Schema| schema.notes.rust_name.clone();
    let decided = components
        .iter()
        .filter_map(|(name, schema)| Some((name, told(schema)?)));
    let fitting = components
        .iter()
        .filter(|(name, schema)| told(schema).is_none() && names::type_name(name) == **name);
    for (name, rust) in decided.chain(fitting.map(|(name, _)| (name, name.clone()))) {
        taken.take(&rust);
        known.insert(name.clone(), rust);
    }
    let mut remarks = Vec::new();
    for (name, schema) in components {
        if known.contains_key(name) {
            continue;
        }
        let plain = names::type_name(name);
        let rust = taken.distinct(&plain);
        if rust != plain {
            remarks.push(Remark::new(&schema.pointer, format!(
                    "`{plain}` is the name of another type in Rust; the type of `{name}` is called `{rust}`"
                )));
        }
        known.insert(name.clone(), rust);
    }
    (known, remarks)
}
