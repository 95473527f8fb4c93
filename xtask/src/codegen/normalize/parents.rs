//! Rule: a schema with a discriminator that other schemas extend by `allOf` is the union of these.
//!
//! Each of them keeps the parent's properties. A parent that is only extended, and has no values itself,
//! remains unchanged. If a parent lists its members by `oneOf` and these extend it, they extend
//! the parent without that list.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use super::budget::{self, Budget};
use super::draft::Draft;
use super::names;
use super::read::Reader;
use super::schema::{Components, Discriminator, Kind, Member, Object, Schema, Union};
use super::schema_keys::chooses;
use crate::contract::choice::extends_parent;
use crate::contract::pointer::escape as step;
use crate::problem::Problem;

/// The discriminators of components that have no list of members.
///
/// # Errors
/// Returns an error if a discriminator is invalid.
pub(crate) fn read(reader: &Reader<'_>) -> Result<IndexMap<String, Discriminator>, Problem> {
    let schemas = schemas(reader);
    let mut found = IndexMap::new();
    for (name, value) in schemas {
        let Some(map) = value.as_object().filter(|map| !chooses(map)) else {
            continue;
        };
        let pointer = format!("/components/schemas/{}/allOf", step(name));
        if let Some(discriminator) = reader.discriminator(map, &pointer)? {
            found.insert(name.clone(), discriminator);
        }
    }
    found.sort_unstable_keys();
    Ok(found)
}

fn schemas<'a>(reader: &Reader<'a>) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let schemas = reader.document.value.pointer("/components/schemas");
    schemas.and_then(Value::as_object).into_iter().flatten()
}

/// Turns a component that extends a parent with a discriminator, and adds nothing, into a separate schema. If
/// the parent has no discriminator, such a component is another name of the parent: a schema that extends it
/// extends the parent.
fn separate(reader: &Reader<'_>, draft: &mut Draft, parents: &IndexMap<String, Discriminator>) {
    if parents.is_empty() {
        return;
    }
    let all = schemas(reader).chain(reader.inner_values());
    let extending = all.filter(|(_, value)| extends_parent(reader.document, value));
    let extending: BTreeSet<&String> = extending.map(|(name, _)| name).collect();
    let mut names = BTreeMap::new();
    for (name, schema) in &mut draft.components {
        let Kind::Ref(parent) = &schema.kind else {
            continue;
        };
        if extending.contains(name) {
            let parts = [Kind::Ref(parent.clone()), Kind::Object(Object::default())];
            let part = |kind| Schema::new(kind, schema.pointer.as_str());
            schema.kind = Kind::AllOf(parts.into_iter().map(part).collect());
        } else {
            names.insert(name.clone(), parent.clone());
        }
    }
    for schema in draft.components.values_mut() {
        each_part_mut(schema, &mut |part| {
            let mut seen = BTreeSet::new();
            while let Kind::Ref(name) = &part.kind
                && let Some((name, target)) = names.get_key_value(name)
                && seen.insert(name)
            {
                part.kind = Kind::Ref(target.clone());
            }
        });
    }
}

/// Converts the parents to unions.
///
/// # Errors
/// Returns an error if this exceeds the budget.
pub(crate) fn apply(
    reader: &Reader<'_>,
    draft: &mut Draft,
    discriminators: IndexMap<String, Discriminator>,
) -> Result<(), Problem> {
    separate(reader, draft, &discriminators);
    let extended = extended(&draft.components);
    let budget = Budget::new(budget::COPIED);
    for (name, discriminator) in discriminators {
        let heirs = heirs(&name, &extended);
        if !is_value(draft, &name) {
            continue;
        }
        let Some(parent) = draft.components.get(&name).cloned() else {
            continue;
        };
        let place = format!("{}/discriminator", parent.pointer);
        let mut members: Vec<String> = Vec::new();
        let mut mapping = IndexMap::new();
        let mut base = None;
        for (tag, target) in discriminator.mapping {
            let target = if target == name {
                base.get_or_insert_with(|| unused(&draft.components, &name))
                    .clone()
            } else {
                target
            };
            if !members.contains(&target) {
                members.push(target.clone());
            }
            mapping.insert(tag, target);
        }
        for heir in heirs {
            // An heir that is itself a parent with a discriminator represents its own heirs.
            let kind = draft.components.get(&heir).map(|schema| &schema.kind);
            let is_parent = extended.contains_key(&heir) && matches!(kind, Some(Kind::Union(_)));
            if !members.contains(&heir) && !is_parent {
                members.push(heir);
            }
        }
        if members.is_empty() {
            draft.remark(
                &place,
                format!("no schema extends `{name}`: it is not a union"),
            );
            continue;
        }
        inherit(draft, &name, &parent, &budget)?;
        let listed: Vec<String> = members.iter().map(|member| format!("`{member}`")).collect();
        draft.remark(
            &place,
            format!(
                "`{name}` is the union of {}, which extend it",
                listed.join(", ")
            ),
        );
        if let Some(base) = base {
            draft.components.insert(base, parent.clone());
        }
        let members = members.into_iter().map(|member| Member {
            schema: Schema::new(Kind::Ref(member), parent.pointer.as_str()),
            source: None,
        });
        let union = Union {
            members: members.collect(),
            discriminator: Some(Discriminator {
                property: discriminator.property,
                mapping,
            }),
        };
        if let Some(known) = draft.components.get_mut(&name) {
            known.kind = Kind::Union(union);
        }
    }
    let choosing = extended.keys().filter_map(|name| {
        let parent = draft.components.get(name)?;
        Some((name.clone(), without_choice(parent)?))
    });
    for (name, own) in choosing.collect::<Vec<_>>() {
        let heirs = heirs(&name, &extended);
        let parent = draft.components.get(&name);
        let extends = |parent: &Schema| members(parent).any(|member| heirs.contains(member));
        if parent.is_some_and(extends) {
            inherit(draft, &name, &own, &budget)?;
        }
    }
    Ok(())
}

/// The components that extend each one directly.
fn extended(components: &Components) -> IndexMap<String, Vec<String>> {
    let mut extended: IndexMap<String, Vec<String>> = IndexMap::new();
    for (name, schema) in components {
        each_part(schema, &mut |parent| {
            let heirs = extended.entry(parent.to_owned()).or_default();
            if !heirs.contains(name) {
                heirs.push(name.clone());
            }
        });
    }
    extended
}

/// The components that are parts of a schema by `allOf`.
fn each_part(schema: &Schema, visit: &mut impl FnMut(&str)) {
    if let Kind::AllOf(parts) = &schema.kind {
        for part in parts {
            match &part.kind {
                Kind::Ref(name) => visit(name),
                _ => each_part(part, visit),
            }
        }
    }
}

/// The parts of a schema by `allOf` that are references.
fn each_part_mut(schema: &mut Schema, visit: &mut impl FnMut(&mut Schema)) {
    if let Kind::AllOf(parts) = &mut schema.kind {
        for part in parts {
            match &part.kind {
                Kind::Ref(_) => visit(part),
                _ => each_part_mut(part, visit),
            }
        }
    }
}

/// The schemas that extend a component, directly or indirectly.
fn heirs(name: &str, extended: &IndexMap<String, Vec<String>>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open: Vec<&str> = vec![name];
    let mut seen: BTreeSet<&str> = BTreeSet::from([name]);
    while let Some(next) = open.pop() {
        for heir in extended.get(next).into_iter().flatten() {
            if seen.insert(heir) {
                found.push(heir.clone());
                open.push(heir);
            }
        }
    }
    found
}

/// Whether the component itself is used as a value, not only the schemas that extend it.
fn is_value(draft: &mut Draft, name: &str) -> bool {
    let mut found = false;
    draft.roots_mut(|root, schema| {
        let is_component = matches!(root, super::draft::Root::Component(_));
        found |= match &schema.kind {
            Kind::AllOf(parts) if is_component => parts.iter().any(|part| is_used(part, name)),
            _ => schema.references().contains(&name),
        };
    });
    found
}

/// Whether a part of an `allOf` has a value of this component.
fn is_used(part: &Schema, name: &str) -> bool {
    match &part.kind {
        Kind::Ref(_) => false,
        Kind::AllOf(parts) => parts.iter().any(|part| is_used(part, name)),
        _ => part.references().contains(&name),
    }
}

/// Writes `own` into each component that extends the component of this name.
fn inherit(draft: &mut Draft, name: &str, own: &Schema, budget: &Budget) -> Result<(), Problem> {
    let mut outcome = Ok(());
    let heirs = draft
        .components
        .iter_mut()
        .filter(|(heir, _)| *heir != name);
    for (_, schema) in heirs {
        each_part_mut(schema, &mut |part| {
            if matches!(&part.kind, Kind::Ref(known) if known == name) && outcome.is_ok() {
                outcome = budget.copy(own);
                part.kind = own.kind.clone();
            }
        });
    }
    outcome
}

/// The schema without the list of its members.
fn without_choice(schema: &Schema) -> Option<Schema> {
    let any = || Kind::Map(Box::new(Schema::new(Kind::Any, schema.pointer.as_str())));
    let kind = match &schema.kind {
        Kind::Union(_) => any(),
        Kind::AllOf(parts) => {
            let is_choice = |part: &Schema| matches!(part.kind, Kind::Union(_));
            if !parts.iter().any(is_choice) {
                return None;
            }
            let rest = parts.iter().filter(|part| !is_choice(part));
            Kind::AllOf(rest.cloned().collect())
        }
        _ => return None,
    };
    Some(Schema {
        kind,
        ..schema.clone()
    })
}

/// The components that a schema lists as its members.
fn members(schema: &Schema) -> impl Iterator<Item = &String> {
    let parts = match &schema.kind {
        Kind::AllOf(parts) => parts.as_slice(),
        _ => std::slice::from_ref(schema),
    };
    let members = parts.iter().flat_map(|part| match &part.kind {
        Kind::Union(union) => union.members.as_slice(),
        _ => &[],
    });
    members.filter_map(|member| match &member.schema.kind {
        Kind::Ref(name) => Some(name),
        _ => None,
    })
}

/// An unused name for the parent itself if it is a member.
fn unused(components: &Components, name: &str) -> String {
    let mut taken = names::Taken::of(components.keys().cloned());
    taken.distinct(&format!("{}Base", names::type_name(name)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{normalized, problem, requests, schemas};
    use crate::codegen::model::{SchemaKind, TypeModel, UnionModel, UnionStrategy};

    fn pet(discriminator: Value) -> Value {
        json!({
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"type": "string"}, "name": {"type": "string"}},
            "discriminator": discriminator,
        })
    }

    fn heir(of: &str, property: &str) -> Value {
        json!({"allOf": [
            {"$ref": format!("#/components/schemas/{of}")},
            {"type": "object", "properties": {property: {"type": "integer"}}},
        ]})
    }

    fn root() -> Value {
        json!({"type": "array", "items": {"$ref": "#/components/schemas/Pet"}})
    }

    /// The members of the union of this name, with the tags of each.
    fn union(found: &crate::codegen::model::Normalized, name: &str) -> Vec<(String, Vec<String>)> {
        let SchemaKind::Union(UnionModel { strategy, variants }) = &found.schemas[name].kind else {
            panic!("{name} is no union: {:?}", found.schemas[name])
        };
        let property = "kind".to_owned();
        assert_eq!(*strategy, UnionStrategy::Tag { property });
        let members = variants.iter().map(|variant| {
            let TypeModel::Named(name) = &variant.ty else {
                panic!("{variant:?}")
            };
            (name.clone(), variant.tags.clone())
        });
        members.collect()
    }

    fn tagged(name: &str, tag: &str) -> (String, Vec<String>) {
        (name.to_owned(), vec![tag.to_owned()])
    }

    fn fields(found: &crate::codegen::model::Normalized, name: &str) -> Vec<String> {
        match &found.schemas[name].kind {
            SchemaKind::Struct(found) => found
                .fields
                .iter()
                .map(|field| field.name.clone())
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_parent_is_the_union_of_what_extends_it_in_both_directions() {
        let mapping = json!({"cat": "#/components/schemas/Cat", "dog": "Dog"});
        let pets = json!({
            "Root": root(),
            "Pet": pet(json!({"propertyName": "kind", "mapping": mapping})),
            "Cat": heir("Pet", "lives"),
            "Dog": heir("Pet", "bark"),
        });
        for document in [schemas(pets.clone()), requests(pets)] {
            let found = normalized(document);
            assert_eq!(
                union(&found, "Pet"),
                [tagged("Cat", "cat"), tagged("Dog", "dog")]
            );
            assert_eq!(fields(&found, "Cat"), ["kind", "name", "lives"]);
            let note = found
                .remarks
                .iter()
                .map(ToString::to_string)
                .find(|note| note.contains("union of"));
            let note = note.expect("a note");
            for needle in ["/components/schemas/Pet/discriminator", "`Cat`, `Dog`"] {
                assert!(note.contains(needle), "{note}");
            }
        }
    }

    #[test]
    fn without_a_mapping_the_names_of_the_contract_are_the_tags() {
        let found = normalized(schemas(json!({
            "Root": root(),
            "Pet": pet(json!({"propertyName": "kind"})),
            "house-cat": heir("Pet", "lives"),
            "Dog": heir("Pet", "bark"),
        })));
        assert_eq!(
            union(&found, "Pet"),
            [tagged("Dog", "Dog"), tagged("HouseCat", "house-cat")]
        );
    }

    #[test]
    fn a_parent_that_is_a_value_itself_is_a_member() {
        let mapping = json!({"any": "Pet", "cat": "Cat", "feline": "Cat"});
        let found = normalized(schemas(json!({
            "Root": root(),
            "Pet": pet(json!({"propertyName": "kind", "mapping": mapping})),
            "Cat": heir("Pet", "lives"),
        })));
        let members = union(&found, "Pet");
        assert_eq!(members[0], tagged("PetBase", "any"));
        assert_eq!(members[1].1, ["cat", "feline"]);
        assert_eq!(fields(&found, "PetBase"), ["kind", "name"]);
    }

    #[test]
    fn a_schema_that_extends_a_parent_indirectly_is_a_member_too() {
        let found = normalized(schemas(json!({
            "Root": root(),
            "Pet": pet(json!({"propertyName": "kind"})),
            "Cat": heir("Pet", "lives"),
            "Lion": heir("Cat", "mane"),
        })));
        assert_eq!(
            union(&found, "Pet"),
            [tagged("Cat", "Cat"), tagged("Lion", "Lion")]
        );
        assert_eq!(fields(&found, "Lion"), ["kind", "name", "lives", "mane"]);
    }

    #[test]
    fn a_schema_that_extends_a_parent_and_adds_nothing_is_a_member_and_can_be_extended() {
        let bare = |of: &str| json!({"allOf": [{"$ref": format!("#/components/schemas/{of}")}]});
        for mapping in [json!({}), json!({"cat": "Cat"})] {
            let tag = if mapping.get("cat").is_some() {
                "cat"
            } else {
                "Cat"
            };
            let found = normalized(schemas(json!({
                "Root": root(),
                "Pet": pet(json!({"propertyName": "kind", "mapping": mapping})),
                "Cat": bare("Pet"),
                "Feline": bare("Cat"),
                "Lion": heir("Feline", "mane"),
            })));
            let members = union(&found, "Pet");
            assert!(members.contains(&tagged("Cat", tag)), "{members:?}");
            assert!(members.contains(&tagged("Feline", "Feline")), "{members:?}");
            assert!(members.contains(&tagged("Lion", "Lion")), "{members:?}");
            assert_eq!(fields(&found, "Feline"), ["kind", "name"]);
            assert_eq!(fields(&found, "Lion"), ["kind", "name", "mane"]);
        }
    }

    #[test]
    fn a_schema_that_extends_another_name_of_a_parent_or_says_more_beside_a_reference_is_a_member()
    {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut beside = to("Pet");
        beside["readOnly"] = json!(true);
        let mut described = to("Pet");
        described["description"] = json!("Another name.");
        let mut inside = json!({"type": "object", "$defs": {"Dog": heir("Pet", "bark")}});
        inside["properties"] = json!({"dog": to("Box/$defs/Dog")});
        let found = normalized(schemas(json!({
            "Root": root(),
            "Pet": pet(json!({"propertyName": "kind"})),
            "Animal": to("Pet"),
            "Beast": to("Animal"),
            "Creature": described,
            "Cat": heir("Beast", "lives"),
            "Fish": heir("Creature", "fins"),
            "Newt": beside,
            "Box": inside,
        })));
        let members = union(&found, "Pet").into_iter().map(|(name, _)| name);
        assert_eq!(
            members.collect::<Vec<_>>(),
            ["BoxDog", "Cat", "Fish", "Newt"]
        );
        assert_eq!(fields(&found, "Cat"), ["kind", "name", "lives"]);
    }

    #[test]
    fn a_parent_that_is_only_extended_stays_as_it_is() {
        let found = normalized(schemas(json!({
            "Root": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]},
            "Pet": pet(json!({"propertyName": "kind"})),
            "Cat": heir("Pet", "lives"),
            "Dog": heir("Pet", "bark"),
        })));
        assert!(!found.schemas.contains_key("Pet"));
        assert_eq!(found.remarks, []);
    }

    #[test]
    fn members_that_extend_the_parent_that_lists_them_have_what_it_says_beside_the_list() {
        let mut parent =
            pet(json!({"propertyName": "kind", "mapping": {"cat": "Cat", "dog": "Dog"}}));
        parent["oneOf"] =
            json!([{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]);
        let found = normalized(schemas(json!({
            "Root": root(),
            "Pet": parent,
            "Cat": heir("Pet", "lives"),
            "Dog": heir("Pet", "bark"),
        })));
        assert_eq!(
            union(&found, "Pet"),
            [tagged("Cat", "cat"), tagged("Dog", "dog")]
        );
        assert_eq!(fields(&found, "Dog"), ["kind", "name", "bark"]);
    }

    #[test]
    fn a_discriminator_that_chooses_between_nothing_is_noted() {
        for (schema, place) in [
            (
                json!({"Root": pet(json!({"propertyName": "kind"}))}),
                "/components/schemas/Root/discriminator",
            ),
            (
                json!({"Root": {"properties": {"a": pet(json!({"propertyName": "kind"}))}}}),
                "/components/schemas/Root/properties/a/discriminator",
            ),
        ] {
            let found = normalized(schemas(schema));
            assert_eq!(found.remarks.len(), 1, "{:?}", found.remarks);
            assert_eq!(found.remarks[0].pointer, place);
        }
    }

    #[test]
    fn a_discriminator_that_names_no_schema_is_refused() {
        let found = problem(schemas(json!({
            "Root": pet(json!({"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Gone"}})),
        })));
        assert!(found.contains("/Root/discriminator/mapping/cat"), "{found}");
    }

    #[test]
    fn a_property_of_a_discriminator_that_no_member_has_is_noted_or_refused() {
        let member = |name: &str| json!({"type": "object", "required": [name], "properties": {name: {"type": "string"}}});
        let choice = |first: Value, second: Value| {
            schemas(json!({
                "Root": {
                    "oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}],
                    "discriminator": {"propertyName": "kind", "mapping": {"a": "A", "b": "B"}},
                },
                "A": first,
                "B": second,
            }))
        };
        let found = normalized(choice(member("left"), member("right")));
        let SchemaKind::Union(union) = &found.schemas["Root"].kind else {
            panic!("a union")
        };
        assert_eq!(union.strategy, UnionStrategy::Presence);
        assert_eq!(found.remarks.len(), 1, "{:?}", found.remarks);
        assert_eq!(
            found.remarks[0].pointer,
            "/components/schemas/Root/discriminator"
        );
        let message = problem(choice(member("same"), member("same")));
        for needle in ["/components/schemas/Root", "`kind`", "distinguishes them"] {
            assert!(message.contains(needle), "{message}");
        }
        // One that has it is enough, and so is one that may have anything.
        for other in [
            member("kind"),
            json!({"type": "object", "additionalProperties": true}),
        ] {
            let found = normalized(choice(member("same"), other));
            assert_eq!(found.remarks, []);
            let SchemaKind::Union(union) = &found.schemas["Root"].kind else {
                panic!("a union")
            };
            assert_eq!(union.variants[1].tags, ["b"], "{union:?}");
        }
    }
}
