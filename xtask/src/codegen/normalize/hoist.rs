//! Rule: every object, enum and union has a name, and identical schemas share one.
//!
//! An inline schema is named after its owner and its property: the
//! `ports` of a `Helm` are `HelmPort`. Equal schemas are one type, named by the words that their names
//! end with, or by the shortest name. A schema that equals a component is that component. `x-rust-name`
//! in the contract has precedence over these rules.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, DraftOperation, Root};
use super::fingerprint::fingerprint;
use super::schema::{Kind, Schema};
use super::suggest::{InlineSchemas, Owner, Place, Step, chosen, member_hints, temporary};

/// Replaces inline schemas by references with temporary names that no contract can have.
pub(crate) fn apply(draft: &mut Draft) -> InlineSchemas {
    let mut found = InlineSchemas::new();
    draft.roots_mut(|root, schema| {
        let (owner, steps) = match root {
            Root::Component(name) => {
                let owner = Owner::Schema(name.clone());
                return within(schema, &owner, &[], &mut found);
            }
            Root::Parameter(operation, name) => {
                (operation.clone(), vec![Step::Property(name.clone())])
            }
            Root::Body(operation) => (format!("{operation}Request"), Vec::new()),
            Root::Success(operation) => (format!("{operation}Response"), Vec::new()),
        };
        let owner = Owner::Named(owner);
        take(schema, Place { owner, steps }, &mut found);
    });
    unite(draft, &mut found);
    found
}

fn within(schema: &mut Schema, owner: &Owner, steps: &[Step], found: &mut InlineSchemas) {
    let then = |step: Step| {
        let steps = steps.iter().cloned().chain([step]).collect();
        Place {
            owner: owner.clone(),
            steps,
        }
    };
    match &mut schema.kind {
        Kind::List(items) | Kind::Map(items) => take(items, then(Step::Item), found),
        Kind::Object(object) => {
            for (name, property) in &mut object.properties {
                let place = then(Step::Property(name.clone()));
                take(&mut property.schema, place, found);
            }
            if let Some(extra) = &mut object.extra {
                take(extra, then(Step::Property("extra".to_owned())), found);
            }
        }
        Kind::Union(union) => {
            let hints = member_hints(union);
            for (member, hint) in union.members.iter_mut().zip(hints) {
                take(&mut member.schema, then(Step::Member(hint)), found);
            }
        }
        _ => {}
    }
}

fn take(schema: &mut Schema, place: Place, found: &mut InlineSchemas) {
    if !matches!(
        schema.kind,
        Kind::Object(_) | Kind::Enum(_) | Kind::Union(_)
    ) {
        return within(schema, &place.owner, &place.steps, found);
    }
    let name = temporary(found.len());
    // The name is assigned before those of the nested schemas, so that owners precede their contents.
    let blank = Schema::new(Kind::Any, "");
    found.insert(name.clone(), (blank, vec![place]));
    let kind = std::mem::replace(&mut schema.kind, Kind::Ref(name.clone()));
    let mut inner = Schema::new(kind, schema.pointer.as_str());
    inner.notes = schema.notes.clone();
    within(&mut inner, &Owner::Schema(name.clone()), &[], found);
    if let Some((slot, _)) = found.get_mut(&name) {
        *slot = inner;
    }
}

/// Unites equal schemas until nothing changes: each round may make the enclosing schemas equal.
fn unite(draft: &mut Draft, inline: &mut InlineSchemas) {
    loop {
        let mut known: BTreeMap<String, Option<&String>> = BTreeMap::new();
        let components = draft.components.iter();
        for (name, schema) in components.filter(|(_, schema)| is_distinguishing(schema)) {
            let only = known.entry(fingerprint(schema));
            only.and_modify(|first| *first = None).or_insert(Some(name));
        }
        let mut first: BTreeMap<String, &String> = BTreeMap::new();
        let mut renamed: BTreeMap<String, String> = BTreeMap::new();
        for (name, (schema, _)) in &*inline {
            let named = schema.notes.rust_name.as_deref();
            let print = fingerprint(schema);
            let key = format!("{print} {}", named.unwrap_or_default());
            let component = known.get(&print).copied().flatten();
            let component = component.filter(|_| named.is_none());
            match component.or_else(|| first.get(&key).copied()) {
                Some(same) => drop(renamed.insert(name.clone(), same.clone())),
                None => drop(first.insert(key, name)),
            }
        }
        if renamed.is_empty() {
            return;
        }
        for (gone, stays) in &renamed {
            let places = inline.remove(gone).map(|(_, places)| places);
            if let Some((_, known)) = inline.get_mut(stays) {
                known.extend(places.unwrap_or_default());
            }
        }
        let inner = inline.values_mut().map(|(schema, _)| schema);
        let operations = draft.operations.iter_mut();
        let outer = operations.flat_map(DraftOperation::schemas_mut);
        for schema in draft.components.values_mut().chain(inner).chain(outer) {
            rename_references(schema, &|name| renamed.get(name).cloned());
        }
        for place in inline.values_mut().flat_map(|(_, places)| places) {
            if let Owner::Schema(name) = &mut place.owner
                && let Some(same) = renamed.get(name)
            {
                name.clone_from(same);
            }
        }
    }
}

/// Whether an equal inline schema counts as this component. Very simple schemas can be equal by chance.
fn is_distinguishing(schema: &Schema) -> bool {
    match &schema.kind {
        Kind::Enum(values) => values.len() > 1,
        Kind::Object(object) => object.properties.len() > 1,
        Kind::Union(_) => true,
        _ => false,
    }
}

/// Renames the targets of a schema's references and of its unions' mappings.
pub(crate) fn rename_references(schema: &mut Schema, rename: &dyn Fn(&str) -> Option<String>) {
    let rename = |name: &mut String| {
        if let Some(new) = rename(name) {
            *name = new;
        }
    };
    schema.walk_mut(&mut |schema| match &mut schema.kind {
        Kind::Ref(name) => rename(name),
        Kind::Union(union) => {
            let sources = union.members.iter_mut();
            let sources = sources.filter_map(|member| member.source.as_mut());
            let discriminator = union.discriminator.iter_mut();
            let targets = discriminator.flat_map(|one| one.mapping.values_mut());
            sources.chain(targets).for_each(rename);
        }
        _ => {}
    });
}

/// Gives every inline schema a name and makes it a component. `known` maps components to their Rust names; the names
/// of the inline schemas are added.
pub(crate) fn name(inline: InlineSchemas, draft: &mut Draft, known: &mut BTreeMap<String, String>) {
    let mut taken: BTreeSet<String> = known.values().cloned().collect();
    let given = inline.values().map(|(schema, _)| &schema.notes.rust_name);
    taken.extend(given.flatten().cloned());
    for (key, (schema, places)) in &inline {
        let name = match &schema.notes.rust_name {
            Some(name) => name.clone(),
            None => chosen(places, known, &taken, &inline),
        };
        taken.insert(name.clone());
        known.insert(key.clone(), name);
    }
    let inline = inline.into_iter().map(|(key, (schema, _))| (key, schema));
    draft.components.extend(inline);
}

#[cfg(test)]
mod tests;
