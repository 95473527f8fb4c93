//! Rule: a union states how to select its member, instead of trying each member.
//!
//! The strategies, in order of preference: the discriminator; a property with other values in each member;
//! the presence of properties, one of them being enough; the JSON type; trial, the members with
//! the most required properties first. The JSON type always decides first between members of different
//! JSON types.

use std::collections::{BTreeMap, BTreeSet};

use super::conflict::Conflict;
use super::discrimination::{decisions, object_of, object_weight, tags};
use super::json_type::json_type;
use super::names;
use super::schema::{Components, Kind, Schema, Union};
use super::type_model::type_model;
use crate::codegen::model::{JsonType, UnionModel, UnionStrategy, VariantModel};

/// Checks that no union is a member of itself, which the other functions rely on.
///
/// # Errors
/// Returns an error if a union is a member of itself.
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
/// Returns an error if a tag names a schema that is not a member.
pub(crate) fn model(
    components: &Components,
    schema: &Schema,
    union: &Union,
) -> Result<UnionModel, Conflict> {
    let tagged = tags(components, schema, union)?;
    let types: Vec<JsonType> = union
        .members
        .iter()
        .map(|member| json_type(components, &member.schema))
        .collect();
    let count = |wanted: JsonType| types.iter().filter(|found| **found == wanted).count();
    let objects = count(JsonType::Object);
    // Members that are not objects are identified by their JSON type if no two have the same.
    let apart = types
        .iter()
        .all(|found| *found == JsonType::Object || *found != JsonType::Any && count(*found) == 1);
    let decided = if objects > 1 && apart {
        decisions(components, union)
    } else {
        None
    };
    let (strategy, tags) = match (tagged, &decided) {
        (Some((property, tags)), _) => (UnionStrategy::Tag { property }, tags),
        (None, Some(_)) => (UnionStrategy::Presence, Vec::new()),
        (None, None) if apart && objects < 2 => (UnionStrategy::JsonType, Vec::new()),
        (None, None) => (UnionStrategy::Trial, Vec::new()),
    };
    let distinguishing: BTreeMap<usize, (usize, Vec<String>)> = decided
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(order, (index, names))| (index, (order, names)))
        .collect();
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
            ty: type_model(&member.schema),
            json_type: types.get(index).copied().unwrap_or(JsonType::Any),
            tags: tags.get(index).cloned().unwrap_or_default(),
            declares_tag,
            distinguishing: distinguishing
                .get(&index)
                .map(|(_, names)| names.clone())
                .unwrap_or_default(),
            description: member.schema.notes.prose(),
        });
    }
    if !matches!(strategy, UnionStrategy::Tag { .. }) {
        let order = |rust_name: &str| {
            let index = rust_names.iter().position(|name| name == rust_name);
            let index = index.unwrap_or(usize::MAX);
            let decided = distinguishing
                .get(&index)
                .map_or(usize::MAX, |(order, _)| *order);
            let member = union.members.get(index);
            let weight = member.map(|member| weight(components, &member.schema));
            (decided, std::cmp::Reverse(weight))
        };
        variants.sort_by_cached_key(|variant| order(&variant.rust_name));
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
    // Words that all model names share are omitted; texts and numbers have no names.
    let is_model = |member: &super::schema::Member| matches!(member.schema.kind, Kind::Ref(_));
    let models: Vec<Vec<String>> = union
        .members
        .iter()
        .zip(&types)
        .filter(|(member, _)| is_model(member))
        .map(|(_, words)| words.clone())
        .collect();
    let (start, end) = match models.len() {
        0 | 1 => (0, 0),
        _ => (
            names::common_start(&models).len(),
            names::common_end(&models).len(),
        ),
    };
    let mut taken = names::Taken::of([names::UNKNOWN.to_owned()]);
    let mut found = Vec::new();
    for (index, words) in types.iter().enumerate() {
        let named = union.members.get(index).is_some_and(is_model);
        let (start, end) = if named { (start, end) } else { (0, 0) };
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
        // The rest of a name may be a keyword.
        found.push(taken.distinct(&names::identifier(&plain, "V")));
    }
    found
}

fn member_name(schema: &Schema) -> String {
    match &schema.kind {
        Kind::Ref(name) => name.clone(),
        Kind::List(items) => format!("{}List", member_name(items)),
        Kind::Map(_) => "Map".to_owned(),
        Kind::Integer | Kind::Unsigned => "Integer".to_owned(),
        Kind::Number => "Number".to_owned(),
        Kind::Boolean => "Boolean".to_owned(),
        Kind::Any => "Other".to_owned(),
        _ => "Text".to_owned(),
    }
}

fn weight(components: &Components, schema: &Schema) -> (u8, usize, usize) {
    match object_of(components, schema) {
        Some(object) => {
            let (required, all) = object_weight(object);
            (2, required, all)
        }
        // An integer is a number too, and a number also decodes values that an integer cannot.
        None => (
            u8::from(!matches!(schema.kind, Kind::Any | Kind::Number)),
            0,
            0,
        ),
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

/// Decoding a value of such a union would not end.
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
