//! Names for inline schemas of the contract.
//!
//! A name is derived from the owner of the schema and its property. Names in the contract have precedence.

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use super::schema::{Kind, Schema, Union};

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
    /// The name of a component in the contract.
    Component(String),
    /// A name that is already Rust's.
    Named(String),
    /// The inline schema of this number.
    Inline(usize),
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
    let mut candidates: Vec<String> = Vec::new();
    for name in places.iter().map(|place| suggestion(place, known, inline)) {
        if !candidates.contains(&name) {
            candidates.push(name);
        }
    }
    candidates.sort_by_key(String::len);
    let shortest = candidates.first().cloned().unwrap_or_default();
    // If the name is taken, it is usually the name of the schema that contains this one. A word is appended.
    let kind = match places.first().and_then(|place| place.steps.last()) {
        Some(Step::Item) => "Item",
        Some(Step::Member(_)) => "Member",
        _ => "Details",
    };
    // The underscore after a keyword of Rust is removed, because the longer name is no keyword.
    let plain = shortest.trim_end_matches('_').to_owned();
    let numbered = (2..).map(|number| format!("{plain}{number}"));
    let wanted = shared(&candidates)
        .into_iter()
        .chain(candidates.iter().cloned());
    let mut wanted = wanted.chain([format!("{plain}{kind}")]).chain(numbered);
    wanted
        .find(|name| !name.is_empty() && !taken.contains(name))
        .unwrap_or(shortest)
}

/// The common start and end of several names, if they are sufficient.
fn shared(candidates: &[String]) -> Option<String> {
    let split: Vec<Vec<String>> = candidates.iter().map(|name| names::words(name)).collect();
    let start = names::common_start(&split);
    let mut end = names::common_end(&split);
    let room = split
        .iter()
        .map(Vec::len)
        .min()?
        .saturating_sub(start.len());
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
        Owner::Component(name) => known
            .get(name)
            .cloned()
            .unwrap_or_else(|| names::type_name(name)),
        Owner::Named(name) => name.clone(),
        Owner::Inline(number) => {
            let key = temporary(*number);
            let own = || {
                inline
                    .get(&key)
                    .and_then(|(_, places)| places.first())
                    .map(|place| suggestion(place, known, inline))
            };
            known.get(&key).cloned().or_else(own).unwrap_or_default()
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
    let tag_of = |schema: &Schema, source: Option<&String>| {
        let discriminator = union.discriminator.as_ref()?;
        let mapped = source
            .and_then(|source| {
                discriminator
                    .mapping
                    .iter()
                    .find(|(_, target)| *target == source)
            })
            .map(|(tag, _)| tag.clone());
        mapped.or_else(|| single_value(schema, &discriminator.property))
    };
    let mut hints = Vec::new();
    for (index, member) in union.members.iter().enumerate() {
        let source = member.source.as_ref();
        let hint = tag_of(&member.schema, source).or_else(|| source.cloned()).or_else(|| any_single_value(&member.schema)).or_else(|| {
            let Kind::Object(object) = &member.schema.kind else {
                return None;
            };
            let elsewhere = |name: &String| {
                union.members.iter().enumerate().any(|(other, member)| other != index && matches!(&member.schema.kind, Kind::Object(object) if object.properties.contains_key(name)))
            };
            let own = object.properties.iter().filter(|(name, _)| !elsewhere(name));
            own.min_by_key(|(_, property)| !property.required).map(|(name, _)| name.clone())
        });
        hints.push(hint.unwrap_or_else(|| format!("option{}", index + 1)));
    }
    hints
}

fn single_value(schema: &Schema, property: &str) -> Option<String> {
    match &schema.kind {
        Kind::Object(object) => match &object.properties.get(property)?.schema.kind {
            Kind::Enum(values) => match values.as_slice() {
                [only] => Some(only.value.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn any_single_value(schema: &Schema) -> Option<String> {
    match &schema.kind {
        Kind::Object(object) => object
            .properties
            .keys()
            .find_map(|name| single_value(schema, name)),
        _ => None,
    }
}
