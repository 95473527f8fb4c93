//! Discriminators of the members of a union: a value, or the presence of properties.
//!
//! [`super::unions`] chooses between the two.

use std::collections::BTreeSet;

use super::json_type::json_type;
use super::schema::{Components, Kind, Member, Object, Schema, Union, target};
use crate::codegen::model::JsonType;
use crate::problem::Problem;

/// A property and, for each member of a union, the values that identify the member.
pub(crate) type Tags = (String, Vec<Vec<String>>);

/// The property whose values identify the members.
///
/// # Errors
/// Returns an error if a tag names a schema that is not a member.
pub(crate) fn tags(
    components: &Components,
    schema: &Schema,
    union: &Union,
) -> Result<Option<Tags>, Problem> {
    let Some(discriminator) = &union.discriminator else {
        return Ok(told_by_values(components, union));
    };
    let mut found: Vec<Vec<String>> = vec![Vec::new(); union.members.len()];
    for (tag, target) in &discriminator.mapping {
        let is_target = |member: &Member| {
            matches!(&member.schema.kind, Kind::Ref(name) if name == target)
                || member.source.as_ref() == Some(target)
        };
        let index = union.members.iter().position(is_target);
        let Some(tags) = index.and_then(|index| found.get_mut(index)) else {
            let what = format!(
                "the discriminator value `{tag}` selects `{target}`, which is not a member of the union"
            );
            return Err(Problem::of(&schema.pointer, what));
        };
        tags.push(tag.clone());
    }
    let mapped: BTreeSet<String> = found.iter().flatten().cloned().collect();
    let untold = found.iter_mut().zip(&union.members);
    for (tags, member) in untold.filter(|(tags, _)| tags.is_empty()) {
        // Without a mapping, the values of the tag decide; without values, the schema's name.
        let values =
            values_of(components, &member.schema, &discriminator.property).unwrap_or_default();
        let own: Vec<String> = values
            .into_iter()
            .filter(|value| !mapped.contains(value))
            .collect();
        *tags = match (own.len(), &member.schema.kind) {
            (1, _) => own,
            (_, Kind::Ref(name)) => vec![member.source.clone().unwrap_or_else(|| name.clone())],
            _ => own,
        };
    }
    Ok(Some((discriminator.property.clone(), found)))
}

/// A property that has one or few values in each member, and no value in two members.
fn told_by_values(components: &Components, union: &Union) -> Option<Tags> {
    let first = object_of(components, &union.members.first()?.schema)?;
    if union.members.len() < 2 {
        return None;
    }
    first.properties.keys().find_map(|name| {
        let values: Vec<Vec<String>> = union
            .members
            .iter()
            .map(|member| values_of(components, &member.schema, name))
            .collect::<Option<_>>()?;
        let mut seen = BTreeSet::new();
        values
            .iter()
            .flatten()
            .all(|value| seen.insert(value.clone()))
            .then(|| (name.clone(), values))
    })
}

/// The values of a property in a member, if they are listed.
pub(crate) fn values_of(
    components: &Components,
    member: &Schema,
    property: &str,
) -> Option<Vec<String>> {
    let object = object_of(components, member)?;
    let schema = target(components, &object.properties.get(property)?.schema);
    match &schema.kind {
        Kind::Enum(values) => Some(values.iter().map(|value| value.value.clone()).collect()),
        Kind::Integer | Kind::Unsigned | Kind::Boolean if !schema.notes.values.is_empty() => {
            Some(schema.notes.values.clone())
        }
        _ => None,
    }
}

/// How to identify the members by the presence of properties, as a list of decisions: the order
/// of the checks, and for each member the properties that identify it (any one of them is enough).
///
/// A member with a required property that no other member has goes first and is then ignored for the others,
/// and so on. The last member is identified by all its declared properties. `None` if two members cannot be
/// distinguished in this way.
pub(crate) fn decisions(
    components: &Components,
    union: &Union,
) -> Option<Vec<(usize, Vec<String>)>> {
    let mut left: Vec<(usize, &Object)> = Vec::new();
    for (index, member) in union.members.iter().enumerate() {
        if json_type(components, &member.schema) == JsonType::Object {
            left.push((index, object_of(components, &member.schema)?));
        }
    }
    left.sort_by_key(|(_, object)| std::cmp::Reverse(object_weight(object)));
    let all = left.clone();
    let mut decided = Vec::new();
    while !left.is_empty() {
        // A property that no other member has is preferred to one that earlier members also have.
        let told = [(true, &all), (true, &left), (false, &all), (false, &left)]
            .into_iter()
            .find_map(|(required, others)| {
                if left.len() == 1 && (!required || others.len() == 1) {
                    return None;
                }
                left.iter().enumerate().find_map(|(at, (index, object))| {
                    let own = own_properties(*index, object, others, required);
                    (!own.is_empty()).then_some((at, own))
                })
            });
        match (told, left.as_slice()) {
            (Some((at, own)), _) => decided.push((left.remove(at).0, own)),
            (None, [(index, object)]) => {
                decided.push((*index, object.properties.keys().cloned().collect()));
                left.clear();
            }
            _ => return None,
        }
    }
    Some(decided)
}

/// The properties of a member, required or not, that none of the others declares.
fn own_properties(
    index: usize,
    object: &Object,
    others: &[(usize, &Object)],
    required: bool,
) -> Vec<String> {
    let elsewhere = |name: &String| {
        others
            .iter()
            .any(|(other, object)| *other != index && object.properties.contains_key(name))
    };
    object
        .properties
        .iter()
        .filter(|(name, property)| property.required == required && !elsewhere(name))
        .map(|(name, _)| name.clone())
        .collect()
}

/// How many properties an object requires, and how many it has.
pub(crate) fn object_weight(object: &Object) -> (usize, usize) {
    let required = object
        .properties
        .values()
        .filter(|property| property.required);
    (required.count(), object.properties.len())
}

/// The object that a member is.
pub(crate) fn object_of<'c>(components: &'c Components, schema: &'c Schema) -> Option<&'c Object> {
    match &target(components, schema).kind {
        Kind::Object(object) => Some(object),
        _ => None,
    }
}
