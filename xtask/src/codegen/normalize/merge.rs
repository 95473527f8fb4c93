//! Rule: the parts of an `allOf` are merged into one schema.
//!
//! Objects are merged property by property. If two parts declare one property differently, the
//! later part wins and a remark reports it. An object beside a union is merged into each member. `required`
//! is resolved last, so that a part can require a property of another part; names that no part declares
//! are dropped. A property or an item that is composed of its enclosing schema becomes a separate
//! component, so that it can refer to itself.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::{self, Budget};
use super::fingerprint::fingerprint;
use super::names;
use super::schema::{Components, EnumValue, Kind, Member, Object, Schema, TextFormat, Union};
use crate::codegen::model::Remark;
use crate::contract::inner::free;
use crate::contract::pointer::steps;
use crate::problem::Problem;

/// The message on a schema that no value fits.
const NO_VALUE: &str = "the parts of `allOf` contradict each other: no value fits all of them";

/// Merges schemas that may refer to these components.
pub(crate) struct Merger<'a> {
    components: &'a Components,
    merged: BTreeMap<String, Schema>,
    open: Vec<String>,
    /// Members that an object is being merged into.
    spread: Vec<String>,
    remarks: Vec<Remark>,
    /// Whether the last conflict was that a component is composed of itself.
    is_cycle: bool,
    /// Schemas that are composed of their enclosing schema; they are merged together with it.
    deferred: Components,
    budget: Budget,
}

impl<'a> Merger<'a> {
    pub(crate) fn new(components: &'a Components) -> Self {
        Self {
            components,
            merged: BTreeMap::new(),
            open: Vec::new(),
            spread: Vec::new(),
            remarks: Vec::new(),
            is_cycle: false,
            deferred: Components::new(),
            budget: Budget::new(budget::COPIED),
        }
    }

    /// Merges a component.
    ///
    /// # Errors
    /// Returns an error if it is composed of itself, or of schemas that no value can satisfy at once.
    fn component(&mut self, name: &str) -> Result<(), Problem> {
        let known = self.components.get(name);
        let Some(schema) = known.filter(|_| !self.merged.contains_key(name)) else {
            return Ok(());
        };
        if self.open.iter().any(|open| open == name) {
            let chain = self.open.join(" → ");
            let what = format!("the schema `{name}` is composed of itself: {chain} → {name}");
            self.is_cycle = true;
            return Err(Problem::of(&schema.pointer, what));
        }
        budget::chain(self.open.len(), &schema.pointer)?;
        self.open.push(name.to_owned());
        let merged = self.schema(schema.clone());
        self.open.pop();
        self.merged.insert(name.to_owned(), merged?);
        Ok(())
    }

    /// All components, merged, in the order of the contract; and the remarks.
    ///
    /// # Errors
    /// Returns an error if one is composed of itself, or of schemas that no value can satisfy at once.
    pub(crate) fn finish(mut self) -> Result<(Components, Vec<Remark>), Problem> {
        let components = self.components;
        for name in components.keys() {
            self.component(name)?;
        }
        let mut merged = Components::new();
        for name in components.keys() {
            let found = self.merged.get(name).cloned();
            merged.extend(found.map(|schema| (name.clone(), schema)));
        }
        for (name, schema) in self.deferred.clone() {
            let schema = self.schema(schema)?;
            merged.insert(name, schema);
        }
        Ok((merged, self.remarks))
    }

    /// A part of a value, merged. A part that is composed of an enclosing component is deferred until
    /// that component is merged, and a reference replaces it.
    fn part(&mut self, schema: Schema) -> Result<Schema, Problem> {
        let is_apart = |schema: &Schema| !matches!(schema.kind, Kind::AllOf(_) | Kind::Union(_));
        if self.open.is_empty() || is_apart(&schema) {
            return self.schema(schema);
        }
        let remarks = self.remarks.len();
        match self.schema(schema.clone()) {
            Err(_) if std::mem::take(&mut self.is_cycle) => {
                self.remarks.truncate(remarks);
                Ok(self.defer(schema))
            }
            outcome => outcome,
        }
    }

    fn defer(&mut self, schema: Schema) -> Schema {
        let pointer = schema.pointer.clone();
        let known = self
            .deferred
            .iter()
            .find(|(_, known)| known.pointer == pointer);
        let name = match known {
            Some((name, _)) => name.clone(),
            None => {
                let name = free(&name_of(self.components, &pointer), |name| {
                    self.components.contains_key(name) || self.deferred.contains_key(name)
                });
                self.deferred.insert(name.clone(), schema);
                name
            }
        };
        Schema::new(Kind::Ref(name), pointer)
    }

    /// A schema, merged with everything in it.
    pub(crate) fn schema(&mut self, mut schema: Schema) -> Result<Schema, Problem> {
        let is_union = matches!(schema.kind, Kind::Union(_));
        if !matches!(schema.kind, Kind::AllOf(_)) {
            schema.try_children_mut(|child| {
                let taken = std::mem::replace(child, Schema::new(Kind::Any, ""));
                // A member of a union is the value itself.
                *child = match is_union {
                    true => self.schema(taken)?,
                    false => self.part(taken)?,
                };
                Ok(())
            })?;
        }
        match &mut schema.kind {
            Kind::AllOf(parts) => {
                let mut merged = self.all(std::mem::take(parts), &schema.pointer)?;
                merged.nullable |= schema.nullable;
                merged.notes = schema.notes.or(&merged.notes);
                if !matches!(merged.kind, Kind::Ref(_)) {
                    merged.pointer = schema.pointer;
                }
                return Ok(merged);
            }
            Kind::Object(object) => {
                let mut object = std::mem::take(object);
                self.undeclared(
                    std::mem::take(&mut object.required_elsewhere),
                    &schema.pointer,
                );
                schema.kind = object_kind(object, &schema.pointer);
            }
            _ => {}
        }
        Ok(schema)
    }

    fn all(&mut self, parts: Vec<Schema>, pointer: &str) -> Result<Schema, Problem> {
        let (neutral, mut distinguishing): (Vec<Schema>, Vec<Schema>) =
            parts.into_iter().partition(Schema::is_neutral);
        let nullable = neutral.iter().any(|part| part.nullable);
        let mut merged = match (distinguishing.len(), distinguishing.pop()) {
            (1, Some(part)) if matches!(part.kind, Kind::Ref(_)) => part,
            (1, Some(part)) => self.schema(part)?,
            (_, Some(last)) => {
                distinguishing.push(last);
                self.several(distinguishing, pointer)?
            }
            (_, None) => {
                let first = neutral.first().cloned();
                first.unwrap_or_else(|| Schema::new(Kind::Any, pointer))
            }
        };
        for part in &neutral {
            merged.notes = merged.notes.or(&part.notes);
        }
        merged.nullable |= nullable;
        Ok(merged)
    }

    fn several(&mut self, parts: Vec<Schema>, pointer: &str) -> Result<Schema, Problem> {
        let mut required = Vec::new();
        let mut whole: Option<Schema> = None;
        for part in parts {
            let part = match part.kind {
                Kind::Ref(name) => Schema {
                    nullable: false,
                    ..self.referred(&name)?
                },
                Kind::Object(object) if object.properties.is_empty() && object.extra.is_none() => {
                    required.extend(object.required_elsewhere);
                    continue;
                }
                Kind::Object(mut object) => {
                    required.append(&mut object.required_elsewhere);
                    self.schema(Schema {
                        kind: Kind::Object(object),
                        ..part
                    })?
                }
                _ => self.schema(part)?,
            };
            if part.is_neutral() {
                continue;
            }
            whole = Some(match whole {
                None => part,
                Some(before) => self.two(before, part, pointer)?,
            });
        }
        let mut whole = whole.unwrap_or_else(|| {
            let any = Schema::new(Kind::Any, pointer);
            Schema::new(Kind::Map(Box::new(any)), pointer)
        });
        whole.nullable = false;
        let undeclared = require(&mut whole, required);
        self.undeclared(undeclared, pointer);
        Ok(whole)
    }

    /// The merged target of a reference in an `allOf`.
    fn referred(&mut self, name: &str) -> Result<Schema, Problem> {
        let mut passed = BTreeSet::new();
        let mut name = name.to_owned();
        loop {
            self.component(&name)?;
            let Some(merged) = self.merged.get(&name) else {
                return Ok(Schema::new(Kind::Any, ""));
            };
            let Kind::Ref(next) = &merged.kind else {
                self.budget.copy(merged)?;
                let notes = super::schema::Notes::default();
                return Ok(Schema {
                    notes,
                    ..merged.clone()
                });
            };
            passed.insert(name);
            if passed.contains(next) {
                let what = format!("the schema `{next}` is only a reference to itself");
                return Err(Problem::of(&merged.pointer, what));
            }
            name = next.clone();
        }
    }

    fn two(&mut self, before: Schema, after: Schema, pointer: &str) -> Result<Schema, Problem> {
        let is_text = |schema: &Schema| matches!(schema.kind, Kind::Text(_) | Kind::Enum(_));
        let (before_is_text, after_is_text) = (is_text(&before), is_text(&after));
        let is_implied = before.is_implied && after.is_implied;
        let kind = match (before.kind, after.kind) {
            (kind, Kind::Text(_)) if after.is_implied && !before_is_text => kind,
            (Kind::Text(_), kind) if before.is_implied && !after_is_text => kind,
            (Kind::Object(first), Kind::Object(second)) => {
                Kind::Object(self.objects(first, second, pointer))
            }
            (Kind::Union(union), Kind::Object(object)) => {
                Kind::Union(self.spread_over_members(union, &object, pointer, true)?)
            }
            (Kind::Object(object), Kind::Union(union)) => {
                Kind::Union(self.spread_over_members(union, &object, pointer, false)?)
            }
            (Kind::Union(first), Kind::Union(second)) => {
                let print =
                    |union: &Union| fingerprint(&Schema::new(Kind::Union(union.clone()), pointer));
                if print(&first) != print(&second) {
                    self.later(pointer, "have different `oneOf` or `anyOf`");
                }
                Kind::Union(second)
            }
            (Kind::Union(union), kind) | (kind, Kind::Union(union)) => {
                Kind::Union(self.narrowed(union, &kind, pointer)?)
            }
            (Kind::Text(first), Kind::Text(second)) => {
                let is_plain = |format| matches!(format, TextFormat::Plain | TextFormat::Binary);
                if !is_plain(first) && !is_plain(second) && first != second {
                    self.later(pointer, "have different formats");
                }
                Kind::Text(if is_plain(second) { first } else { second })
            }
            (Kind::Map(first), Kind::Map(second)) => Kind::Map(self.values(first, second, pointer)),
            (Kind::Map(value), Kind::Object(mut object))
            | (Kind::Object(mut object), Kind::Map(value)) => {
                object.extra.get_or_insert(value);
                Kind::Object(object)
            }
            (Kind::Enum(first), Kind::Enum(second)) => {
                let both = common(&first, &second);
                if both.is_empty() {
                    self.later(pointer, "are enums without a common value");
                }
                Kind::Enum(if both.is_empty() { second } else { both })
            }
            (Kind::Enum(values), Kind::Text(_)) | (Kind::Text(_), Kind::Enum(values)) => {
                Kind::Enum(values)
            }
            (Kind::Number, Kind::Integer) | (Kind::Integer, Kind::Number) => Kind::Integer,
            (Kind::List(first), Kind::List(second)) => {
                Kind::List(self.values(first, second, pointer))
            }
            (Kind::Number | Kind::Integer, Kind::Unsigned)
            | (Kind::Unsigned, Kind::Number | Kind::Integer) => Kind::Unsigned,
            (first, second)
                if std::mem::discriminant(&first) == std::mem::discriminant(&second) =>
            {
                second
            }
            _ => {
                return Err(Problem::contradiction(pointer, NO_VALUE));
            }
        };
        Ok(Schema {
            kind,
            nullable: false,
            is_implied,
            notes: after.notes.or(&before.notes),
            pointer: pointer.to_owned(),
        })
    }

    /// The members of a choice that may have a type, each with that type.
    fn narrowed(&mut self, union: Union, kind: &Kind, pointer: &str) -> Result<Union, Problem> {
        let mut members: Vec<Member> = Vec::new();
        let mut is_possible = false;
        for member in union.members {
            let own = self.kind(&member.schema);
            let is_null = matches!(own, Kind::Null);
            if is_of_type(own, kind) {
                is_possible |= !is_null;
                members.push(member);
                continue;
            }
            let place = member.schema.pointer.clone();
            let own = match &member.schema.kind {
                Kind::Ref(name) => self.referred(&name.clone())?,
                _ => member.schema,
            };
            if matches!(own.kind, Kind::Any) {
                is_possible = true;
                let kind = kind.clone();
                members.push(Member {
                    schema: Schema { kind, ..own },
                    ..member
                });
                continue;
            }
            budget::chain(self.spread.len(), &place)?;
            let is_apart = match (&own.kind, kind) {
                (Kind::Enum(own), Kind::Enum(values)) => common(own, values).is_empty(),
                _ => false,
            };
            self.spread.push(String::new());
            let merged = self.two(own, Schema::new(kind.clone(), pointer), &place);
            self.spread.pop();
            match merged {
                Ok(schema) if !is_apart => {
                    is_possible = true;
                    members.push(Member { schema, ..member });
                }
                Err(conflict) if !conflict.is_contradiction() => return Err(conflict),
                _ => {
                    let what = "no value fits this member and the type beside `oneOf` or `anyOf`";
                    self.remarks.push(Remark::new(place, what));
                }
            }
        }
        if !is_possible {
            return Err(Problem::contradiction(pointer, NO_VALUE));
        }
        Ok(Union { members, ..union })
    }

    /// The kind of a schema, or of the target of a reference.
    fn kind<'s>(&'s self, schema: &'s Schema) -> &'s Kind {
        let mut seen = BTreeSet::new();
        let mut kind = &schema.kind;
        while let Kind::Ref(name) = kind
            && seen.insert(name)
            && let Some(found) = self.merged.get(name).or_else(|| self.components.get(name))
        {
            kind = &found.kind;
        }
        kind
    }

    fn objects(&mut self, mut first: Object, second: Object, pointer: &str) -> Object {
        for (name, property) in second.properties {
            let Some(known) = first.properties.get_mut(&name) else {
                first.properties.insert(name, property);
                continue;
            };
            if fingerprint(&known.schema) != fingerprint(&property.schema) {
                let text = format!(
                    "two parts declare `{name}` differently; the later declaration is used"
                );
                self.remarks.push(Remark::new(pointer, text));
            }
            known.required |= property.required;
            known.schema = Schema {
                notes: property.schema.notes.or(&known.schema.notes),
                ..property.schema
            };
        }
        first.extra = match (first.extra, second.extra) {
            (Some(first), Some(second)) => Some(self.values(first, second, pointer)),
            (first, second) => second.or(first),
        };
        first
    }

    /// The items of two lists, or the values of two maps. A schema of any value adds nothing.
    fn values(&mut self, first: Box<Schema>, second: Box<Schema>, pointer: &str) -> Box<Schema> {
        match (&first.kind, &second.kind) {
            (_, Kind::Any) => first,
            (Kind::Any, _) => second,
            _ => {
                if fingerprint(&first) != fingerprint(&second) {
                    self.later(
                        pointer,
                        "have items or further properties of different types",
                    );
                }
                second
            }
        }
    }

    /// Reports names that are required and that no part declares.
    fn undeclared(&mut self, names: Vec<String>, pointer: &str) {
        if names.is_empty() {
            return;
        }
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        self.remarks.push(Remark::new(
            format!("{pointer}/required"),
            format!(
                "{} is required, but not declared as a property",
                names.join(", ")
            ),
        ));
    }

    /// Reports that the later one of two parts is used.
    fn later(&mut self, pointer: &str, how: &str) {
        self.remarks.push(Remark::new(
            pointer,
            format!("two parts {how}; the later part is used"),
        ));
    }

    fn spread_over_members(
        &mut self,
        union: Union,
        object: &Object,
        pointer: &str,
        object_is_later: bool,
    ) -> Result<Union, Problem> {
        let mut members = Vec::new();
        let shared = Schema::new(Kind::Object(object.clone()), pointer);
        for member in union.members {
            self.budget.copy(&shared)?;
            let place = member.schema.pointer.clone();
            let source = match &member.schema.kind {
                Kind::Ref(name) => Some(name.clone()),
                _ => member.source.clone(),
            };
            let referred = match &source {
                Some(name) if matches!(member.schema.kind, Kind::Ref(_)) => {
                    Some(self.referred(&name.clone())?)
                }
                _ => None,
            };
            let known = match &referred.as_ref().unwrap_or(&member.schema).kind {
                Kind::Object(own) => object
                    .properties
                    .keys()
                    .all(|name| own.properties.contains_key(name)),
                _ => false,
            };
            if known {
                members.push(member);
                continue;
            }
            let spread = source.clone().unwrap_or_default();
            if !spread.is_empty() && self.spread.contains(&spread) {
                let what = format!("the union `{spread}` is a member of itself");
                return Err(Problem::of(place, what));
            }
            budget::chain(self.spread.len(), &place)?;
            self.spread.push(spread);
            // Moved, not copied: members may be unions in turn, of unions again.
            let own = referred.unwrap_or(member.schema);
            let shared = shared.clone();
            let merged = if object_is_later {
                self.two(own, shared, &place)
            } else {
                self.two(shared, own, &place)
            };
            self.spread.pop();
            members.push(Member {
                schema: merged?,
                source,
            });
        }
        Ok(Union {
            members,
            discriminator: union.discriminator,
        })
    }
}

/// A name for the schema at a pointer: that of the component around it and the properties on the way.
fn name_of(components: &Components, pointer: &str) -> String {
    let around = components.iter().filter_map(|(name, schema)| {
        let rest = pointer.strip_prefix(schema.pointer.as_str())?;
        rest.starts_with('/').then_some((name.as_str(), rest))
    });
    let (component, rest) = around
        .min_by_key(|(_, rest)| rest.len())
        .unwrap_or(("", pointer));
    let steps: Vec<String> = steps(rest).collect();
    let properties = steps.windows(2).filter_map(|pair| match pair {
        [before, name] if before == "properties" => Some(name.as_str()),
        _ => None,
    });
    let words: Vec<&str> = std::iter::once(component).chain(properties).collect();
    names::type_name(&words.join("_"))
}

/// Marks these properties as required, and returns the names that are no property.
fn require(schema: &mut Schema, mut names: Vec<String>) -> Vec<String> {
    // A union has properties in its members.
    let Kind::Object(object) = &mut schema.kind else {
        return Vec::new();
    };
    names.retain(|name| match object.properties.get_mut(name) {
        Some(property) => {
            property.required = true;
            false
        }
        None => true,
    });
    names
}

/// An object that declares nothing is any object.
fn object_kind(object: Object, pointer: &str) -> Kind {
    if object.properties.is_empty() {
        let value = object
            .extra
            .unwrap_or_else(|| Box::new(Schema::new(Kind::Any, pointer)));
        return Kind::Map(value);
    }
    Kind::Object(object)
}

/// The values of the second enum that the first one has too.
fn common(first: &[EnumValue], second: &[EnumValue]) -> Vec<EnumValue> {
    let is_known = |value: &&EnumValue| first.iter().any(|other| other.value == value.value);
    second.iter().filter(is_known).cloned().collect()
}

/// Whether the values of a schema have a type that says nothing more of them.
fn is_of_type(kind: &Kind, bare: &Kind) -> bool {
    matches!(
        (kind, bare),
        (Kind::Text(_) | Kind::Enum(_), Kind::Text(TextFormat::Plain))
            | (Kind::Integer, Kind::Integer | Kind::Number)
            | (Kind::Number, Kind::Number)
            | (Kind::Boolean, Kind::Boolean)
            | (Kind::Null, _)
    ) || matches!((kind, bare), (Kind::List(_), Kind::List(items)) if matches!(items.kind, Kind::Any))
}

#[cfg(test)]
mod tests;
