//! Rule: a union states how to select its member, instead of trying each member.
//!
//! The strategies, in order of preference: the discriminator; a property with other values in each member;
//! the presence of properties, one of them being enough; the JSON type; trial, the members with
//! the most required properties first. The JSON type always decides first between members of different
//! JSON types.

use std::collections::BTreeSet;

use super::discrimination::{decisions, object_of, object_weight, tags};
use super::json_type::json_type;
use super::names;
use super::schema::{Components, Kind, Schema, Union};
use super::type_model::type_model;
use crate::codegen::model::{JsonType, UnionModel, UnionStrategy, VariantModel};
use crate::problem::Problem;

/// Checks that no union is a member of itself, which the other functions rely on.
///
/// # Errors
/// Returns an error if a union is a member of itself.
pub(crate) fn check(components: &Components) -> Result<(), Problem> {
    for (name, schema) in components {
        let mut seen = BTreeSet::new();
        let mut open = vec![schema];
        while let Some(next) = open.pop() {
            let Kind::Union(union) = &next.kind else {
                continue;
            };
            for member in &union.members {
                if let Kind::Ref(target) = &member.schema.kind
                    && seen.insert(target)
                {
                    open.extend(components.get(target));
                }
            }
        }
        // Decoding a value of such a union would not end.
        if seen.contains(name) {
            let what = format!("the union `{name}` is a member of itself");
            return Err(Problem::of(&schema.pointer, what));
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
) -> Result<UnionModel, Problem> {
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
    let decided = decided.unwrap_or_default();
    let is_tagged = matches!(strategy, UnionStrategy::Tag { .. });
    let names = variant_names(union, &tags);
    let members = union.members.iter().zip(names).zip(types).enumerate();
    let mut variants: Vec<_> = members
        .map(|(index, ((member, rust_name), json_type))| {
            let decision = decided.iter().position(|(at, _)| *at == index);
            let weight = std::cmp::Reverse(weight(components, &member.schema));
            let order = (!is_tagged).then_some((decision.unwrap_or(usize::MAX), weight));
            let distinguishing = decision.and_then(|at| decided.get(at));
            let variant = VariantModel {
                carrier: carrier(&rust_name),
                rust_name,
                ty: type_model(&member.schema),
                json_type,
                tags: tags.get(index).cloned().unwrap_or_default(),
                distinguishing: distinguishing.map_or_else(Vec::new, |(_, names)| names.clone()),
                description: member.schema.notes.prose(),
            };
            (order, variant)
        })
        .collect();
    variants.sort_by_key(|(order, _)| *order);
    let variants = variants.into_iter().map(|(_, variant)| variant).collect();
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
