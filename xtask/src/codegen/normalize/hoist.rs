//! Rule: every object, enum and union has a name, and identical schemas share one.
//!
//! An inline schema is named after its owner and its property: the
//! `ports` of a `Helm` are `HelmPort`. Equal schemas are one type, named by the words that their names
//! end with, or by the shortest name. A schema that equals a component is that component. `x-rust-name`
//! in the contract has precedence over these rules.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Root};
use super::fingerprint::fingerprint;
use super::schema::{Components, Kind, Schema};
use super::suggest::{InlineSchemas, Owner, Place, Step, chosen, member_hints, temporary};

/// An inline schema that will be a component.
#[derive(Debug)]
struct Inline {
    schema: Schema,
    place: Place,
}

/// The result of hoisting.
#[derive(Debug, Default)]
pub(crate) struct Hoisted {
    /// All inline schemas, by the name in the references to them.
    inline: InlineSchemas,
}

/// Replaces inline schemas by references with temporary names that no contract can have.
pub(crate) fn apply(draft: &mut Draft) -> Hoisted {
    let mut found = Vec::new();
    draft.roots_mut(|root, schema| {
        let place = match root {
            Root::Component(name) => {
                let owner = Owner::Component(name.clone());
                return within(schema, &owner, &[], &mut found);
            }
            Root::Parameter(operation, name) => Place {
                owner: Owner::Named(operation.clone()),
                steps: vec![Step::Property(name.clone())],
            },
            Root::Body(operation) => Place {
                owner: Owner::Named(format!("{operation}Request")),
                steps: Vec::new(),
            },
            Root::Success(operation) => Place {
                owner: Owner::Named(format!("{operation}Response")),
                steps: Vec::new(),
            },
        };
        take(schema, place, &mut found);
    });
    let mut inline: InlineSchemas = BTreeMap::new();
    for (number, Inline { schema, place }) in found.into_iter().enumerate() {
        inline.insert(temporary(number), (schema, vec![place]));
    }
    let mut hoisted = Hoisted { inline };
    unite(&mut draft.components, &mut hoisted, |visit| {
        for operation in &mut draft.operations {
            operation.schemas_mut().for_each(&mut *visit);
        }
    });
    hoisted
}

fn within(schema: &mut Schema, owner: &Owner, steps: &[Step], found: &mut Vec<Inline>) {
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
                take(
                    &mut property.schema,
                    then(Step::Property(name.clone())),
                    found,
                );
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

fn take(schema: &mut Schema, place: Place, found: &mut Vec<Inline>) {
    if !matches!(
        schema.kind,
        Kind::Object(_) | Kind::Enum(_) | Kind::Union(_)
    ) {
        return within(schema, &place.owner, &place.steps, found);
    }
    let number = found.len();
    // The number is assigned before those of the nested schemas, so that owners precede their contents.
    found.push(Inline {
        schema: Schema::new(Kind::Any, ""),
        place,
    });
    let kind = std::mem::replace(&mut schema.kind, Kind::Any);
    let mut inner = Schema::new(kind, schema.pointer.as_str());
    inner.notes = schema.notes.clone();
    within(&mut inner, &Owner::Inline(number), &[], found);
    schema.kind = Kind::Ref(temporary(number));
    if let Some(slot) = found.get_mut(number) {
        slot.schema = inner;
    }
}

/// Unites equal schemas until nothing changes: each round may make the enclosing schemas equal.
fn unite(
    components: &mut Components,
    hoisted: &mut Hoisted,
    mut others: impl FnMut(&mut dyn FnMut(&mut Schema)),
) {
    loop {
        let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (name, schema) in components
            .iter()
            .filter(|(_, schema)| is_distinguishing(schema))
        {
            let only = known
                .entry(fingerprint(schema))
                .and_modify(|first| *first = None);
            only.or_insert_with(|| Some(name.clone()));
        }
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        let mut renamed: BTreeMap<String, String> = BTreeMap::new();
        for (name, (schema, _)) in &hoisted.inline {
            let named = schema.notes.rust_name.as_deref();
            let print = fingerprint(schema);
            let key = format!("{print} {}", named.unwrap_or_default());
            let component = known
                .get(&print)
                .and_then(Option::as_ref)
                .filter(|_| named.is_none());
            match component.or_else(|| first.get(&key)) {
                Some(same) => {
                    renamed.insert(name.clone(), same.clone());
                }
                None => {
                    first.insert(key, name.clone());
                }
            }
        }
        if renamed.is_empty() {
            return;
        }
        for (gone, stays) in &renamed {
            let places = hoisted
                .inline
                .remove(gone)
                .map(|(_, places)| places)
                .unwrap_or_default();
            if let Some((_, known)) = hoisted.inline.get_mut(stays) {
                known.extend(places);
            }
        }
        let mut rename =
            |schema: &mut Schema| rename_references(schema, &|name| renamed.get(name).cloned());
        components.values_mut().for_each(&mut rename);
        hoisted
            .inline
            .values_mut()
            .for_each(|(schema, _)| rename(schema));
        others(&mut rename);
        for place in hoisted.inline.values_mut().flat_map(|(_, places)| places) {
            if let Owner::Inline(number) = place.owner
                && let Some(same) = renamed.get(&temporary(number))
            {
                place.owner = match same
                    .strip_prefix('\u{10FFFF}')
                    .and_then(|number| number.parse().ok())
                {
                    Some(number) => Owner::Inline(number),
                    None => Owner::Component(same.clone()),
                };
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
    schema.walk_mut(&mut |schema| match &mut schema.kind {
        Kind::Ref(name) => {
            if let Some(new) = rename(name) {
                *name = new;
            }
        }
        Kind::Union(union) => {
            let sources = union
                .members
                .iter_mut()
                .filter_map(|member| member.source.as_mut());
            let targets = union
                .discriminator
                .iter_mut()
                .flat_map(|discriminator| discriminator.mapping.values_mut());
            for name in sources.chain(targets) {
                if let Some(new) = rename(name) {
                    *name = new;
                }
            }
        }
        _ => {}
    });
}

impl Hoisted {
    /// Gives every inline schema a name and makes it a component. `known` maps components to their Rust
    /// names; the names of the inline schemas are added.
    pub(crate) fn name(self, draft: &mut Draft, known: &mut BTreeMap<String, String>) {
        let mut taken: BTreeSet<String> = known.values().cloned().collect();
        taken.extend(
            self.inline
                .values()
                .filter_map(|(schema, _)| schema.notes.rust_name.clone()),
        );
        for (key, (schema, places)) in &self.inline {
            let name = match &schema.notes.rust_name {
                Some(name) => name.clone(),
                None => chosen(places, known, &taken, &self.inline),
            };
            taken.insert(name.clone());
            known.insert(key.clone(), name);
        }
        draft.components.extend(
            self.inline
                .into_iter()
                .map(|(key, (schema, _))| (key, schema)),
        );
    }
}

#[cfg(test)]
mod tests;
