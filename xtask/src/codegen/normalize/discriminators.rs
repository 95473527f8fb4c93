//! Rule: the tag of every member of a union with a discriminator is determined before any renaming, and
//! a discriminator that no member can have is removed.

use std::collections::BTreeSet;

use super::discrimination::values_of;
use super::draft::Draft;
use super::schema::{Components, Kind, Member, Schema, Union};
use super::unions;
use crate::codegen::model::{Remark, UnionStrategy};
use crate::problem::Problem;

/// Completes the mappings, and removes discriminators that no member has, with a remark.
///
/// # Errors
/// Returns an error if the members cannot be distinguished without the discriminator.
pub(crate) fn apply(draft: &mut Draft) -> Result<(), Problem> {
    let components = draft.components.clone();
    let mut remarks = Vec::new();
    let mut failed = None;
    draft.walk_mut(|schema| {
        let pointer = schema.pointer.clone();
        let Kind::Union(union) = &mut schema.kind else {
            return;
        };
        complete(&components, union);
        let Some(discriminator) = &union.discriminator else {
            return;
        };
        let property = discriminator.property.clone();
        let lacks = |member: &&Member| {
            !may_have(&components, &member.schema, &property, &mut BTreeSet::new())
        };
        let is_value = |member: &&Member| !matches!(member.schema.kind, Kind::Null);
        let members: Vec<&Member> = union.members.iter().filter(is_value).collect();
        let has_no_tag = |member: &&Member| {
            let is_named = member.source.is_some() || matches!(member.schema.kind, Kind::Ref(_));
            !is_named && values_of(&components, &member.schema, &property).is_none()
        };
        let what = if members.iter().all(lacks) {
            format!("no member of the union has the property `{property}` of the discriminator")
        } else if let Some(member) = members.into_iter().find(has_no_tag) {
            let place = &member.schema.pointer;
            format!("no value of `{property}` identifies the member {place}, because the member has no name")
        } else {
            return;
        };
        union.discriminator = None;
        let place = pointer
            .trim_end_matches("/oneOf")
            .trim_end_matches("/anyOf");
        if is_told(&components, &pointer, union) {
            remarks.push(Remark::new(format!("{place}/discriminator"), format!("{what}: the members are distinguished by their properties")));
        } else {
            let what = format!("{what}, and nothing else distinguishes them");
            failed = failed.take().or(Some(Problem::of(pointer, what)));
        }
    });
    draft.remarks.append(&mut remarks);
    failed.map_or(Ok(()), Err)
}

/// Whether the members can be distinguished without the discriminator.
fn is_told(components: &Components, pointer: &str, union: &Union) -> bool {
    let schema = Schema::new(Kind::Union(union.clone()), pointer);
    let model = unions::model(components, &schema, union);
    model.is_ok_and(|model| model.strategy != UnionStrategy::Trial)
}

/// Adds the tags that the mapping lacks: the tag of a member is its name in the contract, unless
/// the property has distinguishing values.
fn complete(components: &Components, union: &mut Union) {
    let Some(discriminator) = &mut union.discriminator else {
        return;
    };
    for member in &union.members {
        let name = match (&member.source, &member.schema.kind) {
            (Some(name), _) | (None, Kind::Ref(name)) => name,
            _ => continue,
        };
        let is_mapped = discriminator.mapping.values().any(|target| target == name);
        let values = values_of(components, &member.schema, &discriminator.property);
        if !is_mapped
            && values.is_none_or(|values| values.len() != 1)
            && !discriminator.mapping.contains_key(name)
        {
            discriminator.mapping.insert(name.clone(), name.clone());
        }
    }
}

/// Whether a value of this schema may have the property.
fn may_have<'c>(
    components: &'c Components,
    schema: &'c Schema,
    property: &str,
    seen: &mut BTreeSet<&'c str>,
) -> bool {
    match &schema.kind {
        Kind::Ref(name) => {
            let known = components.get(name);
            seen.insert(name)
                && known.is_some_and(|schema| may_have(components, schema, property, seen))
        }
        Kind::Object(object) => object.extra.is_some() || object.properties.contains_key(property),
        Kind::Union(union) => {
            let mut members = union.members.iter();
            members.any(|member| may_have(components, &member.schema, property, seen))
        }
        Kind::AllOf(parts) => parts
            .iter()
            .any(|part| may_have(components, part, property, seen)),
        Kind::Any | Kind::Map(_) => true,
        _ => false,
    }
}
