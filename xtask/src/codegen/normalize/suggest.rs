//! Names for inline schemas of the contract.
//!
//! A name is derived from the owner of the schema and its property. Names in the contract have precedence.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

use super::names;
use super::schema::{Kind, Member, Property, Schema, Union};

/// One step from the nearest named schema or operation to an inline schema.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Property(String),
    Item,
    Member(String),
}

/// The owner that an inline schema is named after.
#[derive(Debug, Clone)]
pub(crate) enum Owner {
    /// A component, by its name in the contract, or an inline schema, by its temporary name.
    Schema(String),
    /// A name that is already Rust's.
    Named(String),
}

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) owner: Owner,
    pub(crate) steps: Vec<Step>,
}

/// Inline schemas and their locations, by the name in the references to them.
pub(crate) type InlineSchemas = BTreeMap<String, (Schema, Vec<Place>)>;

/// Sorts after every other text and in the order of the numbers.
pub(crate) fn temporary(number: usize) -> String {
    format!("\u{10FFFF}{number:08}")
}

/// The name of a type at these locations that has none in the contract.
pub(crate) fn chosen(
    places: &[Place],
    known: &BTreeMap<String, String>,
    taken: &BTreeSet<String>,
    inline: &InlineSchemas,
) -> String {
    let names = places.iter().map(|place| suggestion(place, known, inline));
    let names: IndexSet<String> = names.collect();
    let mut candidates: Vec<String> = names.into_iter().collect();
    candidates.sort_by_key(String::len);
    let shortest = candidates.first().cloned().unwrap_or_default();
    // If the name is taken, it is usually the name of the schema that contains this one. A word is appended.
    let kind = match places.first().and_then(|place| place.steps.last()) {
        Some(Step::Item) => "Item",
        Some(Step::Member(_)) => "Member",
        _ => "Details",
    };
    // The underscore after a keyword of Rust is removed, because the longer name is no keyword.
    let plain = shortest.trim_end_matches('_');
    let numbered = (2..).map(|number| format!("{plain}{number}"));
    let wanted = shared(&candidates).into_iter().chain(candidates);
    let mut wanted = wanted.chain([format!("{plain}{kind}")]).chain(numbered);
    wanted
        .find(|name| !name.is_empty() && !taken.contains(name))
        .unwrap_or_default()
}

/// The common start and end of several names, if they are sufficient.
fn shared(candidates: &[String]) -> Option<String> {
    let split: Vec<Vec<String>> = candidates.iter().map(|name| names::words(name)).collect();
    let start = names::common_start(&split);
    let mut end = names::common_end(&split);
    let shortest = split.iter().map(Vec::len).min()?;
    let room = shortest.saturating_sub(start.len());
    end.drain(..end.len().saturating_sub(room));
    if start.is_empty() {
        let generic =
            |word: &String| ["Request", "Response", "List", "Item"].contains(&word.as_str());
        end.drain(..end.iter().take_while(|word| generic(word)).count());
    }
    let enough = candidates.len() > 1 && !end.is_empty() && start.len() + end.len() > 1;
    enough.then(|| start.iter().chain(&end).map(String::as_str).collect())
}

/// The name that a place suggests. If the owner has no name yet, the name that this function suggests for the
/// owner is used.
fn suggestion(place: &Place, known: &BTreeMap<String, String>, inline: &InlineSchemas) -> String {
    let owner = match &place.owner {
        Owner::Named(name) => name.clone(),
        Owner::Schema(key) => {
            let suggested = || {
                let (_, places) = inline.get(key)?;
                Some(suggestion(places.first()?, known, inline))
            };
            let named = known.get(key).cloned().or_else(suggested);
            named.unwrap_or_else(|| names::type_name(key))
        }
    };
    let mut name = owner.clone();
    let mut last: Option<String> = None;
    for step in &place.steps {
        match step {
            Step::Property(property) => last = Some(property.clone()),
            Step::Member(hint) => last = Some(names::variant_name(hint)),
            Step::Item => {
                let plain = last.take().map(|last| names::value_name(&last));
                let plain = plain.as_deref().map(|plain| plain.trim_end_matches('_'));
                last = Some(match plain {
                    Some(plain) if !names::is_wrapper(plain) => names::singular(plain)
                        .unwrap_or_else(|| match plain.ends_with("item") {
                            true => plain.to_owned(),
                            false => format!("{plain}_item"),
                        }),
                    _ if name.ends_with("Item") => "entry".to_owned(),
                    _ => "item".to_owned(),
                });
            }
        }
    }
    if let Some(last) = last {
        let joined = names::join(&owner, &names::type_name(&last));
        name = if joined == owner {
            format!("{owner}{}", names::type_name(&last))
        } else {
            joined
        };
    }
    names::type_name(&name)
}

/// Words that distinguish the members of a union, for their names.
pub(crate) fn member_hints(union: &Union) -> Vec<String> {
    let discriminator = union.discriminator.as_ref();
    let hint = |(index, member): (usize, &Member)| {
        let object = match &member.schema.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        };
        let source = member.source.as_ref();
        let mapped = discriminator.and_then(|one| {
            let mut mapping = one.mapping.iter();
            mapping.find(|(_, target)| Some(*target) == source)
        });
        let tag = || single_value(object?.properties.get(&discriminator?.property)?);
        let any_value = || object?.properties.values().find_map(single_value);
        let own_property = || {
            let elsewhere = |name: &String| {
                union.members.iter().enumerate().any(|(other, member)| other != index && matches!(&member.schema.kind, Kind::Object(object) if object.properties.contains_key(name)))
            };
            let own = object?
                .properties
                .iter()
                .filter(|(name, _)| !elsewhere(name));
            let first = own.min_by_key(|(_, property)| !property.required);
            first.map(|(name, _)| name.clone())
        };
        let found = mapped.map(|(tag, _)| tag.clone()).or_else(tag);
        let found = found.or_else(|| source.cloned()).or_else(any_value);
        let found = found.or_else(own_property);
        found.unwrap_or_else(|| format!("option{}", index + 1))
    };
    union.members.iter().enumerate().map(hint).collect()
}

/// The only value of a property.
fn single_value(property: &Property) -> Option<String> {
    match &property.schema.kind {
        Kind::Enum(values) if values.len() == 1 => values.first().map(|only| only.value.clone()),
        _ => None,
    }
}
