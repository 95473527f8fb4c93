//! Rule: null belongs to the use of a schema, not to the schema.
//!
//! A component that may be null makes every reference to it nullable, and stays the plain type. A union with null
//! is a nullable union. A union that has one member and no discriminator is that member.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::schema::{Kind, Member, Schema};

/// Applies the rule to the whole contract.
pub(crate) fn apply(draft: &mut Draft) {
    draft.walk_mut(one);
    let mut told: BTreeSet<String> = BTreeSet::new();
    loop {
        let mut found = BTreeSet::new();
        for (name, schema) in &mut draft.components {
            if std::mem::take(&mut schema.nullable) {
                found.insert(name.clone());
            }
        }
        // A component that is only a reference becomes nullable if its target is.
        found.retain(|name| told.insert(name.clone()));
        if found.is_empty() {
            break;
        }
        draft.walk_mut(|schema| {
            if matches!(&schema.kind, Kind::Ref(name) if found.contains(name)) {
                schema.nullable = true;
            }
        });
        draft.walk_mut(one);
    }
    // The last round may have marked components again that were handled before.
    draft
        .components
        .values_mut()
        .for_each(|schema| schema.nullable = false);
}

fn one(schema: &mut Schema) {
    if matches!(schema.kind, Kind::Null) {
        schema.nullable = true;
        return;
    }
    let Kind::Union(union) = &mut schema.kind else {
        return;
    };
    let mut nullable = false;
    for member in &mut union.members {
        nullable |= std::mem::take(&mut member.schema.nullable);
    }
    union
        .members
        .retain(|member| !matches!(member.schema.kind, Kind::Null));
    if union.discriminator.is_none() && union.members.len() <= 1 {
        let only = union.members.pop().map(|Member { schema, .. }| schema);
        let inner = only.unwrap_or_else(|| Schema::new(Kind::Any, schema.pointer.as_str()));
        schema.kind = inner.kind;
        schema.notes = std::mem::take(&mut schema.notes).or(&inner.notes);
    }
    schema.nullable |= nullable;
    if accepts_any(schema) {
        schema.nullable = false;
    }
}

/// Whether a schema accepts every value, so that null is no case of its own.
fn accepts_any(schema: &Schema) -> bool {
    match &schema.kind {
        Kind::Any => true,
        Kind::Union(union) => union
            .members
            .iter()
            .any(|member| accepts_any(&member.schema)),
        _ => false,
    }
}

/// A schema of any value also accepts null, whatever its other keywords are.
pub(crate) fn within_any(draft: &mut Draft) {
    draft.walk_mut(|schema| schema.nullable &= !matches!(schema.kind, Kind::Any));
}

/// Turns a lone null into any value, after the nullable unions are resolved.
pub(crate) fn settle(draft: &mut Draft) {
    draft.walk_mut(|schema| {
        match &mut schema.kind {
            Kind::Null => schema.kind = Kind::Any,
            // Further properties of any type are the default.
            Kind::Object(object) => {
                object.extra = object
                    .extra
                    .take_if(|extra| !matches!(extra.kind, Kind::Any));
            }
            _ => {}
        }
    });
}
