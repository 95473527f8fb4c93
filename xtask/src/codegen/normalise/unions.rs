//! Rule: how the members of a union are told apart is stated, not tried out.
//!
//! By the discriminator; else by a property that has other values in each member; else by properties
//! that only one member has; else by the JSON type; else by trial, the members with the most required
//! properties first. Members of different JSON types are always told apart by that first.

use std::collections::{BTreeMap, BTreeSet};

use super::facts;
use super::merge::Conflict;
use super::names;
use super::schema::{Components, Kind, Object, Schema, Union};
use crate::codegen::model::{JsonType, UnionModel, UnionStrategy, VariantModel};

/// Checks that no union is a member of itself; what follows relies on it.
///
/// # Errors
/// Where one is.
pub(crate) fn check(components: &Components) -> Result<(), Conflict> {
    for schema in components.values() {
        if let Kind::Union(union) = &schema.kind {
            not_within_itself(components, schema, union)?;
        }
    }
    Ok(())
}

/// The facts of one union.
///
/// # Errors
/// Where a tag means a schema that is no member.
pub(crate) fn model(
    components: &Components,
    schema: &Schema,
    union: &Union,
) -> Result<UnionModel, Conflict> {
    let tagged = tags(components, schema, union)?;
    let telling: Vec<Vec<String>> = telling(components, union);
    let types: Vec<JsonType> = union
        .members
        .iter()
        .map(|member| json_type(components, &member.schema))
        .collect();
    let objects = types
        .iter()
        .filter(|found| **found == JsonType::Object)
        .count();
    let quiet = telling
        .iter()
        .zip(&types)
        .filter(|(names, found)| **found == JsonType::Object && names.is_empty())
        .count();
    let distinct: BTreeSet<&JsonType> = types.iter().collect();
    let (strategy, tags) = match tagged {
        Some((property, tags)) => (UnionStrategy::Tag { property }, tags),
        None if objects > 1 && quiet < 2 => (UnionStrategy::Presence, Vec::new()),
        None if distinct.len() == types.len() && !distinct.contains(&JsonType::Any) => {
            (UnionStrategy::JsonType, Vec::new())
        }
        None => (UnionStrategy::Trial, Vec::new()),
    };
    let rust_names = variant_names(union, &tags);
    let mut variants = Vec::new();
    for (index, member) in union.members.iter().enumerate() {
        let rust_name = rust_names.get(index).cloned().unwrap_or_default();
        let declares_tag = match &strategy {
            UnionStrategy::Tag { property } => {
                declares(components, &member.schema, property, &mut BTreeSet::new())
            }
            _ => false,
        };
        variants.push(VariantModel {
            carrier: carrier(&rust_name),
            rust_name,
            ty: facts::type_model(&member.schema),
            json_type: types.get(index).copied().unwrap_or(JsonType::Any),
            tags: tags.get(index).cloned().unwrap_or_default(),
            declares_tag,
            telling: telling.get(index).cloned().unwrap_or_default(),
            description: member.schema.notes.prose(),
        });
    }
    if !matches!(strategy, UnionStrategy::Tag { .. }) {
        let weights: BTreeMap<String, _> = variants
            .iter()
            .zip(&union.members)
            .map(|(variant, member)| {
                (
                    variant.rust_name.clone(),
                    weight(components, &member.schema),
                )
            })
            .collect();
        variants.sort_by_key(|variant| std::cmp::Reverse(weights.get(&variant.rust_name).copied()));
    }
    Ok(UnionModel { strategy, variants })
}

/// The field of the carrier struct for a variant.
pub(crate) fn carrier(rust_name: &str) -> String {
    names::value_name(rust_name)
}

/// The names of the variants, in the order of the members.
pub(crate) fn variant_names(union: &Union, tags: &[Vec<String>]) -> Vec<String> {
    let types: Vec<Vec<String>> = union
        .members
        .iter()
        .map(|member| names::words(&member_name(&member.schema)))
        .collect();
    let start = names::common_start(&types).len();
    let end = names::common_end(&types).len();
    let mut taken: BTreeSet<String> = BTreeSet::from(["Unknown".to_owned()]);
    let mut found = Vec::new();
    for (index, words) in types.iter().enumerate() {
        let own: String = words
            .iter()
            .take(words.len().saturating_sub(end))
            .skip(start)
            .map(String::as_str)
            .collect();
        let tag = tags.get(index).and_then(|tags| match tags.as_slice() {
            [only] => Some(names::variant_name(only)),
            _ => None,
        });
        let plain = tag.or_else(|| {
            Some(own)
                .filter(|own| !own.is_empty() && !own.starts_with(|c: char| c.is_ascii_digit()))
        });
        let plain = plain.unwrap_or_else(|| words.concat());
        let mut name = plain.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{plain}{number}");
            number += 1;
        }
        found.push(name);
    }
    found
}

fn member_name(schema: &Schema) -> String {
    match &schema.kind {
        Kind::Ref(name) => name.clone(),
        Kind::List(items) => format!("{}List", member_name(items)),
        Kind::Map(_) => "Map".to_owned(),
        Kind::Integer => "Integer".to_owned(),
        Kind::Number => "Number".to_owned(),
        Kind::Boolean => "Boolean".to_owned(),
        Kind::Any => "Other".to_owned(),
        _ => "Text".to_owned(),
    }
}

/// A property and, for each member of a union, the values that mean it.
pub(crate) type Tags = (String, Vec<Vec<String>>);

/// What tells the members by a value.
///
/// # Errors
/// Where a tag means a schema that is no member.
pub(crate) fn tags(
    components: &Components,
    schema: &Schema,
    union: &Union,
) -> Result<Option<Tags>, Conflict> {
    let Some(discriminator) = &union.discriminator else {
        return Ok(told_by_values(components, union));
    };
    let mut found: Vec<Vec<String>> = vec![Vec::new(); union.members.len()];
    for (tag, target) in &discriminator.mapping {
        let is_target = |member: &super::schema::Member| {
            matches!(&member.schema.kind, Kind::Ref(name) if name == target)
                || member.source.as_ref() == Some(target)
        };
        match union
            .members
            .iter()
            .position(is_target)
            .and_then(|index| found.get_mut(index))
        {
            Some(tags) => tags.push(tag.clone()),
            None => {
                let what =
                    format!("the tag `{tag}` means `{target}`, which is no member of the union");
                return Err(Conflict {
                    pointer: schema.pointer.clone(),
                    what,
                });
            }
        }
    }
    let mapped: BTreeSet<String> = found.iter().flatten().cloned().collect();
    for (tags, member) in found
        .iter_mut()
        .zip(&union.members)
        .filter(|(tags, _)| tags.is_empty())
    {
        // Without a mapping the values of the tag tell; without these, the schema's name does.
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

/// A property that has one or few values in each member, and none of them in two members.
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

fn values_of(components: &Components, member: &Schema, property: &str) -> Option<Vec<String>> {
    let object = object_of(components, member)?;
    let schema = &object.properties.get(property)?.schema;
    let kind = match &schema.kind {
        Kind::Ref(name) => &components.get(name)?.kind,
        kind => kind,
    };
    match kind {
        Kind::Enum(values) => Some(values.iter().map(|value| value.value.clone()).collect()),
        _ => None,
    }
}

/// For each member the properties that no other one has, the required ones where there are such.
fn telling(components: &Components, union: &Union) -> Vec<Vec<String>> {
    let objects: Vec<Option<&Object>> = union
        .members
        .iter()
        .map(|member| object_of(components, &member.schema))
        .collect();
    let mut found = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let Some(object) = object else {
            found.push(Vec::new());
            continue;
        };
        let elsewhere = |name: &String| {
            objects.iter().enumerate().any(|(other, object)| {
                other != index && object.is_some_and(|object| object.properties.contains_key(name))
            })
        };
        let own: Vec<_> = object
            .properties
            .iter()
            .filter(|(name, _)| !elsewhere(name))
            .collect();
        let required = own.iter().any(|(_, property)| property.required);
        found.push(
            own.iter()
                .filter(|(_, property)| property.required || !required)
                .map(|(name, _)| (*name).clone())
                .collect(),
        );
    }
    found
}

fn weight(components: &Components, schema: &Schema) -> (u8, usize, usize) {
    match object_of(components, schema) {
        Some(object) => (
            2,
            object
                .properties
                .values()
                .filter(|property| property.required)
                .count(),
            object.properties.len(),
        ),
        // An integer is a number too, and a number decodes what an integer cannot.
        None => (
            u8::from(!matches!(schema.kind, Kind::Any | Kind::Number)),
            0,
            0,
        ),
    }
}

fn object_of<'c>(components: &'c Components, schema: &'c Schema) -> Option<&'c Object> {
    match &schema.kind {
        Kind::Object(object) => Some(object),
        Kind::Ref(name) => match &components.get(name)?.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        },
        _ => None,
    }
}

fn declares(
    components: &Components,
    schema: &Schema,
    property: &str,
    seen: &mut BTreeSet<String>,
) -> bool {
    if let Some(object) = object_of(components, schema) {
        return object.properties.contains_key(property);
    }
    match &schema.kind {
        Kind::Ref(name) if seen.insert(name.clone()) => {
            match components.get(name).map(|schema| &schema.kind) {
                Some(Kind::Union(union)) => {
                    !union.members.is_empty()
                        && union
                            .members
                            .iter()
                            .all(|member| declares(components, &member.schema, property, seen))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

fn json_type(components: &Components, schema: &Schema) -> JsonType {
    match &schema.kind {
        Kind::Ref(name) => match components.get(name).map(|schema| &schema.kind) {
            Some(Kind::Enum(_)) => JsonType::Text,
            Some(Kind::Object(_)) => JsonType::Object,
            Some(Kind::Union(union)) => {
                let types: BTreeSet<JsonType> = union
                    .members
                    .iter()
                    .map(|member| json_type(components, &member.schema))
                    .collect();
                types
                    .first()
                    .copied()
                    .filter(|_| types.len() == 1)
                    .unwrap_or(JsonType::Any)
            }
            _ => JsonType::Any,
        },
        Kind::Object(_) | Kind::Map(_) => JsonType::Object,
        Kind::List(_) => JsonType::Array,
        Kind::Text(_) | Kind::Enum(_) => JsonType::Text,
        Kind::Integer => JsonType::Integer,
        Kind::Number => JsonType::Number,
        Kind::Boolean => JsonType::Boolean,
        _ => JsonType::Any,
    }
}

/// A value of such a union could be decoded for ever.
fn not_within_itself(
    components: &Components,
    schema: &Schema,
    union: &Union,
) -> Result<(), Conflict> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&Union> = vec![union];
    while let Some(union) = open.pop() {
        for member in &union.members {
            let Kind::Ref(name) = &member.schema.kind else {
                continue;
            };
            let Some((key, found)) = components.get_key_value(name) else {
                continue;
            };
            if std::ptr::eq(found, schema) {
                let what = format!("the union `{key}` is a member of itself");
                return Err(Conflict {
                    pointer: schema.pointer.clone(),
                    what,
                });
            }
            if let Kind::Union(inner) = &found.kind
                && seen.insert(key)
            {
                open.push(inner);
            }
        }
    }
    Ok(())
}
