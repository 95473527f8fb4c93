//! Keeps properties, values of enums, members of unions and parameters that only an older layer has.
//!
//! Compares the same place of the new contract and of the older layer. Everything that it adds is deprecated
//! and optional. Not for whole operations and schemas, which `merge` adds, and
//! not for judging a change: what cannot be kept is only listed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::layer::{Key, Operation};
use super::merge::Merged;
use super::spellings;
use crate::contract::pointer::escape;
use crate::contract::references::{SCHEMAS, schema_name};

/// Values of an enum that the newest revision no longer has.
pub(super) const OLD_VALUES: &str = "x-deprecatedValues";
/// Members of a union that the newest revision no longer has, as references.
pub(super) const OLD_MEMBERS: &str = "x-deprecatedMembers";
/// Other spellings of a value, by the value.
pub(super) const ALIASES: &str = "x-enumAliases";

/// A fact of the older layer that the contract cannot keep.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lost {
    pub(super) place: String,
    pub(super) what: String,
}

/// The facts that were added to the newest layer, and those that could not be.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) kept: BTreeSet<String>,
    pub(super) lost: BTreeSet<Lost>,
}

/// The start of a schema or of parameters in the contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Root {
    Schema(String),
    Operation(Key),
    /// Parameters that the path declares.
    Path(Key),
}

/// A place of the contract, and the schema of the older layer there.
struct Work {
    root: Root,
    pointer: String,
    old: Value,
    /// As reports name the place.
    place: String,
}

/// Meets the older layer with the contract, place by place.
pub(super) struct Keeper<'a> {
    merged: &'a mut Merged,
    /// The schemas of the older layer, by the names that they have in the contract.
    older: &'a Map<String, Value>,
    work: Vec<Work>,
    seen: BTreeSet<(Root, String, String)>,
    outcome: Outcome,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(merged: &'a mut Merged, older: &'a Map<String, Value>) -> Self {
        Self {
            merged,
            older,
            work: Vec::new(),
            seen: BTreeSet::new(),
            outcome: Outcome::default(),
        }
    }

    /// Keeps the parts of a schema of the older layer.
    pub(super) fn schema(&mut self, name: &str) {
        if let Some(old) = self.older.get(name) {
            self.add(
                Root::Schema(name.to_owned()),
                String::new(),
                old,
                name.to_owned(),
            );
        }
    }

    /// Keeps the parameters and the parts of the bodies of an operation that both layers have.
    pub(super) fn operation(&mut self, old: &Operation) {
        let key = old.key();
        let Some(new) = self.merged.operations.get_mut(&key) else {
            return;
        };
        let name = new.name();
        let mut work = Vec::new();
        for parameter in parameters(old) {
            let (location, called) = identity(parameter);
            if location == "path" {
                continue;
            }
            let place = format!("{name}: {location} parameter {called}");
            let found = parameters_of(&new.facts)
                .position(|known| identity(known) == (location, called))
                .map(|index| (Root::Operation(key.clone()), format!("/parameters/{index}")));
            let found = found.or_else(|| {
                let known = new.path_parameters.iter();
                let index = known
                    .into_iter()
                    .position(|known| identity(known) == (location, called))?;
                Some((Root::Path(key.clone()), format!("/{index}")))
            });
            match found {
                Some((root, pointer)) => {
                    let is_new = |root: &Root| match root {
                        Root::Path(_) => new.path_parameters.get(index_of(&pointer)),
                        _ => parameters_of(&new.facts).nth(index_of(&pointer)),
                    };
                    if is_required(is_new(&root)) && !is_required(Some(parameter)) {
                        let what = "is required now".to_owned();
                        self.outcome.lost.insert(Lost {
                            place: place.clone(),
                            what,
                        });
                    }
                    work.extend(inside(parameter, root, pointer, &place));
                }
                None => {
                    let mut kept = parameter.clone();
                    if let Some(kept) = kept.as_object_mut() {
                        kept.shift_remove("required");
                        kept.insert("deprecated".to_owned(), Value::Bool(true));
                    }
                    let all = new.facts.entry("parameters").or_insert_with(|| json!([]));
                    all.as_array_mut()
                        .into_iter()
                        .for_each(|all| all.push(kept.clone()));
                    if parameter.get("deprecated").is_none() {
                        self.outcome.kept.insert(place);
                    }
                }
            }
        }
        let known = |new: &Operation| -> BTreeSet<(String, String)> {
            let all = parameters_of(&new.facts).chain(&new.path_parameters);
            all.map(identity)
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .collect()
        };
        let before: BTreeSet<(String, String)> = parameters(old)
            .map(identity)
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect();
        for (location, called) in known(new)
            .difference(&before)
            .filter(|(location, _)| location != "path")
        {
            let all = parameters_of(&new.facts).chain(&new.path_parameters);
            let mut asked =
                all.filter(|known| identity(known) == (location.as_str(), called.as_str()));
            if is_required(asked.next()) {
                let place = format!("{name}: {location} parameter {called}");
                let what = "is new and required".to_owned();
                self.outcome.lost.insert(Lost { place, what });
            }
        }
        work.extend(self.body(&name, &key, old));
        work.extend(self.responses(&name, &key, old));
        self.work.append(&mut work);
    }

    fn body(&mut self, name: &str, key: &Key, old: &Operation) -> Vec<Work> {
        let place = format!("{name}: body");
        let new = self
            .merged
            .operations
            .get(key)
            .and_then(|new| new.facts.get("requestBody"));
        let mut lose = |what: &str| {
            let (place, what) = (place.clone(), what.to_owned());
            self.outcome.lost.insert(Lost { place, what });
        };
        let is_asked = |body: &Value| body.get("required") != Some(&Value::Bool(false));
        match (old.facts.get("requestBody"), new) {
            (None, Some(new)) if is_asked(new) => lose("is new and required"),
            (Some(_), None) => lose("is no longer sent"),
            (Some(old), Some(new)) => {
                if is_asked(new) && !is_asked(old) {
                    lose("is required now");
                }
                for media in
                    media_types(old).filter(|media| !media_types(new).any(|other| other == *media))
                {
                    lose(&format!("is no longer sent as {media}"));
                }
                return inside(
                    old,
                    Root::Operation(key.clone()),
                    "/requestBody".to_owned(),
                    &place,
                );
            }
            _ => {}
        }
        Vec::new()
    }

    fn responses(&mut self, name: &str, key: &Key, old: &Operation) -> Vec<Work> {
        let mut work = Vec::new();
        let new = self
            .merged
            .operations
            .get(key)
            .and_then(|new| new.facts.get("responses"));
        let new = new.and_then(Value::as_object).cloned().unwrap_or_default();
        let is_success = |code: &&String| code.starts_with('2');
        let first = new.keys().find(is_success);
        for (code, response) in members(old.facts.get("responses")) {
            // A success that came with another status is the same success.
            let status = if new.contains_key(code) {
                Some(code)
            } else {
                first.filter(|_| is_success(&code))
            };
            let place = format!("{name}: response {code}");
            let Some((status, known)) = status.and_then(|status| Some((status, new.get(status)?)))
            else {
                continue;
            };
            for media in media_types(response)
                .filter(|media| !media_types(known).any(|other| other == *media))
            {
                let what = format!("no longer comes as {media}");
                self.outcome.lost.insert(Lost {
                    place: place.clone(),
                    what,
                });
            }
            let pointer = format!("/responses/{}", escape(status));
            work.extend(inside(
                response,
                Root::Operation(key.clone()),
                pointer,
                &place,
            ));
        }
        work
    }

    /// Goes through all places.
    pub(super) fn finish(mut self) -> Outcome {
        while let Some(work) = self.work.pop() {
            self.meet(work);
        }
        self.outcome
    }

    fn add(&mut self, root: Root, pointer: String, old: &Value, place: String) {
        self.work.push(Work {
            root,
            pointer,
            old: old.clone(),
            place,
        });
    }

    fn at(&mut self, root: &Root, pointer: &str) -> Option<&mut Value> {
        match root {
            Root::Schema(name) => self.merged.schemas.get_mut(name)?.pointer_mut(pointer),
            Root::Operation(key) => {
                let (first, rest) = split(pointer);
                let facts = &mut self.merged.operations.get_mut(key)?.facts;
                facts.get_mut(first)?.pointer_mut(rest)
            }
            Root::Path(key) => {
                let (first, rest) = split(pointer);
                let all = &mut self.merged.operations.get_mut(key)?.path_parameters;
                all.get_mut(first.parse::<usize>().ok()?)?.pointer_mut(rest)
            }
        }
    }

    fn lose(&mut self, place: &str, what: String) {
        let place = place.to_owned();
        self.outcome.lost.insert(Lost { place, what });
    }

    /// Compares one place.
    fn meet(&mut self, work: Work) {
        let Work {
            root,
            pointer,
            old,
            place,
        } = work;
        if !self
            .seen
            .insert((root.clone(), pointer.clone(), old.to_string()))
        {
            return;
        }
        let Some(new) = self.at(&root, &pointer).cloned() else {
            return;
        };
        match (referred(&new), referred(&old)) {
            (Some(new), Some(old)) => {
                if new != old && !self.are_alike(&new, &old) {
                    self.lose(&place, format!("was {old} and is {new}"));
                }
            }
            (Some(target), None) => match self.merged.schemas.get(&target) {
                // The inline schema has a name now: its parts belong to the named schema.
                Some(known) if same_form(&form(known), &form(&old)) => {
                    self.add(Root::Schema(target), String::new(), &old, place);
                }
                _ => self.lose(&place, format!("was {} and is {target}", shown(&old))),
            },
            (None, Some(name)) => {
                let known = self.older.get(&name).cloned();
                match known {
                    Some(known) if same_form(&form(&new), &form(&known)) => {
                        self.inline(&root, &pointer, &new, &known, &place);
                    }
                    _ => self.lose(&place, format!("was {name} and is {}", shown(&new))),
                }
            }
            (None, None) => self.inline(&root, &pointer, &new, &old, &place),
        }
    }

    /// Whether two schemas say the same, whatever they are called.
    fn are_alike(&self, new: &str, old: &str) -> bool {
        let old = self.older.get(old).or_else(|| self.merged.schemas.get(old));
        old.is_some() && self.merged.schemas.get(new) == old
    }

    fn inline(&mut self, root: &Root, pointer: &str, new: &Value, old: &Value, place: &str) {
        let (is, was) = (form(new), form(old));
        if !same_form(&is, &was) {
            self.lose(place, format!("was {} and is {}", shown(old), shown(new)));
            return;
        }
        if is != was {
            self.lose(place, format!("was {} and is {}", shown(old), shown(new)));
        }
        self.values(root, pointer, new, old, place);
        for keyword in ["items", "additionalProperties"] {
            if let (Some(Value::Object(_)), Some(inner @ Value::Object(_))) =
                (new.get(keyword), old.get(keyword))
            {
                let step = if keyword == "items" { "[]" } else { "{}" };
                self.add(
                    root.clone(),
                    format!("{pointer}/{keyword}"),
                    inner,
                    format!("{place}{step}"),
                );
            }
        }
        self.unions(root, pointer, new, old, place);
        self.properties(root, pointer, new, old, place);
    }

    /// Values of an enum stay; one that only changed its spelling becomes the other spelling.
    fn values(&mut self, root: &Root, pointer: &str, new: &Value, old: &Value, place: &str) {
        let (Some(values), Some(known)) = (list(old, "enum"), list(new, "enum")) else {
            return;
        };
        let mut respelled: Vec<(String, String)> = aliases(old)
            .filter(|(value, alias)| {
                !known.contains(&json!(alias)) && known.contains(&json!(value))
            })
            .collect();
        let mut left = Vec::new();
        for value in values.iter().filter(|value| !known.contains(value)) {
            let same = value.as_str().and_then(|text| {
                let texts: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
                spellings::respelled(text, &texts, |other| values.contains(&json!(other)))
            });
            match same {
                Some(other) => {
                    let text = value.as_str().unwrap_or_default().to_owned();
                    let moved = aliases(old).filter(|(value, _)| *value == text);
                    respelled.extend(moved.map(|(_, alias)| (other.to_owned(), alias)));
                    respelled.push((other.to_owned(), text));
                }
                None => left.push(value.clone()),
            }
        }
        let kept_aliases: Vec<(String, String)> = aliases(old)
            .filter(|(value, _)| left.contains(&json!(value)))
            .collect();
        respelled.extend(kept_aliases);
        // A spelling that is published again is a value, and no other spelling of one.
        respelled.retain(|(_, alias)| !known.contains(&json!(alias)));
        let was_old = |value: &Value, keyword: &str| {
            list(old, keyword).is_some_and(|known| known.contains(value))
        };
        for value in left.iter().filter(|value| !was_old(value, OLD_VALUES)) {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            self.outcome.kept.insert(format!("{place}: value {value}"));
        }
        let Some(Value::Object(target)) = self.at(root, pointer) else {
            return;
        };
        if !left.is_empty() {
            extend(target, "enum", &left);
            extend(target, OLD_VALUES, &left);
        }
        for (value, alias) in respelled {
            let all = target.entry(ALIASES).or_insert_with(|| json!({}));
            if let Some(all) = all.as_object_mut() {
                let known = all.entry(value).or_insert_with(|| json!([]));
                if let Some(known) = known
                    .as_array_mut()
                    .filter(|known| !known.contains(&json!(alias)))
                {
                    known.push(json!(alias));
                }
            }
        }
    }

    /// Members of a union stay, behind those that the newest revision has.
    fn unions(&mut self, root: &Root, pointer: &str, new: &Value, old: &Value, place: &str) {
        let choice = |schema: &Value| {
            ["oneOf", "anyOf"]
                .into_iter()
                .find(|keyword| list(schema, keyword).is_some())
        };
        let (Some(now), Some(before)) = (choice(new), choice(old)) else {
            return;
        };
        let known = list(new, now).cloned().unwrap_or_default();
        let members = list(old, before).cloned().unwrap_or_default();
        let mut left = Vec::new();
        for (index, member) in members.iter().enumerate() {
            let reference = referred(member);
            let is_known = known.iter().any(|other| {
                other == member || reference.is_some() && referred(other) == reference
            });
            if is_known {
                continue;
            }
            // An inline member has no name: its index identifies it.
            let same = known.get(index).filter(|other| {
                reference.is_none()
                    && referred(other).is_none()
                    && same_form(&form(other), &form(member))
            });
            match same {
                Some(_) => self.add(
                    root.clone(),
                    format!("{pointer}/{now}/{index}"),
                    member,
                    format!("{place}|{index}"),
                ),
                None => left.push(member.clone()),
            }
        }
        let was_old = |member: &Value| {
            let name = referred(member).map(|name| json!(format!("{SCHEMAS}{name}")));
            list(old, OLD_MEMBERS)
                .is_some_and(|known| name.is_some_and(|name| known.contains(&name)))
        };
        for member in left.iter().filter(|member| !was_old(member)) {
            self.outcome
                .kept
                .insert(format!("{place}: member {}", shown(member)));
        }
        let mapping = old
            .pointer("/discriminator/mapping")
            .and_then(Value::as_object)
            .cloned();
        let Some(Value::Object(target)) = self.at(root, pointer) else {
            return;
        };
        if left.is_empty() {
            return;
        }
        extend(target, now, &left);
        let named: Vec<Value> = left
            .iter()
            .filter_map(referred)
            .map(|name| json!(format!("{SCHEMAS}{name}")))
            .collect();
        extend(target, OLD_MEMBERS, &named);
        let discriminator = target
            .get_mut("discriminator")
            .and_then(Value::as_object_mut);
        if let (Some(discriminator), Some(mapping)) = (discriminator, mapping) {
            let known = discriminator.entry("mapping").or_insert_with(|| json!({}));
            for (value, to) in mapping {
                if let Some(known) = known.as_object_mut().filter(|_| named.contains(&to)) {
                    known.entry(value).or_insert(to);
                }
            }
        }
    }

    /// Properties stay, optional, wherever the parts of a schema have them.
    fn properties(&mut self, root: &Root, pointer: &str, new: &Value, old: &Value, place: &str) {
        let mut before = BTreeMap::new();
        let mut order = Vec::new();
        // Of two parts that declare a property, the first counts on both sides.
        effective(
            old,
            self.older,
            &mut BTreeSet::new(),
            &mut |name, value, _| {
                before.entry(name.to_owned()).or_insert_with(|| {
                    order.push(name.to_owned());
                    value.clone()
                });
            },
        );
        if before.is_empty() {
            return;
        }
        let mut now: BTreeMap<String, (Option<String>, String)> = BTreeMap::new();
        effective(
            new,
            &self.merged.schemas,
            &mut BTreeSet::new(),
            &mut |name, _, at| {
                now.entry(name.to_owned()).or_insert(at);
            },
        );
        let mut left = Vec::new();
        for name in order {
            let Some(value) = before.get(&name) else {
                continue;
            };
            let place = format!("{place}.{name}");
            match now.get(&name) {
                Some((None, below)) => {
                    self.add(root.clone(), format!("{pointer}{below}"), value, place)
                }
                Some((Some(schema), below)) => {
                    self.add(Root::Schema(schema.clone()), below.clone(), value, place);
                }
                None => left.push((name.clone(), value.clone(), place)),
            }
        }
        let Some(Value::Object(target)) = self.at(root, pointer) else {
            return;
        };
        let mut kept = Vec::new();
        for (name, value, place) in left {
            // A choice, or a mapping from any name, has no properties of its own.
            let is_open = !target.contains_key("oneOf")
                && !target.contains_key("anyOf")
                && !target
                    .get("additionalProperties")
                    .is_some_and(|more| more.is_object() && !target.contains_key("properties"));
            if !is_open {
                kept.push((place, false));
                continue;
            }
            if let Some(required) = target.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|required| *required != json!(name));
            }
            if target
                .get("required")
                .is_some_and(|required| *required == json!([]))
            {
                target.shift_remove("required");
            }
            let properties = target.entry("properties").or_insert_with(|| json!({}));
            let is_news = value.get("deprecated").is_none();
            if let Some(properties) = properties.as_object_mut() {
                properties.insert(name, deprecated(value));
            }
            if is_news {
                kept.push((place, true));
            }
        }
        for (place, is_kept) in kept {
            if is_kept {
                self.outcome.kept.insert(place);
            } else {
                self.lose(
                    &place,
                    "cannot be expressed in the new form of the schema".to_owned(),
                );
            }
        }
    }
}

/// The same schema, marked as one that the newest revision no longer has.
pub(super) fn deprecated(schema: Value) -> Value {
    let mut map = match schema {
        Value::Object(map) => map,
        other => return other,
    };
    // A reference allows no keywords beside it.
    if let Some(reference) = map.shift_remove("$ref") {
        map.insert("allOf".to_owned(), json!([{"$ref": reference}]));
    }
    map.insert("deprecated".to_owned(), Value::Bool(true));
    Value::Object(map)
}

/// The schema that this one is, with or without something said about it here.
pub(super) fn referred(schema: &Value) -> Option<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return schema_name(reference);
    }
    let lone = schema.get("allOf").and_then(Value::as_array)?;
    let is_plain = schema.get("properties").is_none() && schema.get("enum").is_none();
    match lone.as_slice() {
        [only] if is_plain => schema_name(only.get("$ref")?.as_str()?),
        _ => None,
    }
}

/// The form of the values of a schema, by its own keywords.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Object,
    Map,
    Values(String),
    Union,
    Plain(String),
    Any,
}

fn form(schema: &Value) -> Form {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    if list(schema, "oneOf").is_some() || list(schema, "anyOf").is_some() {
        return Form::Union;
    }
    if list(schema, "enum").is_some() {
        return Form::Values(text("type").to_owned());
    }
    if schema.get("properties").is_some() || list(schema, "allOf").is_some() {
        return Form::Object;
    }
    match text("type") {
        "object"
            if schema
                .get("additionalProperties")
                .is_some_and(Value::is_object) =>
        {
            Form::Map
        }
        "object" => Form::Object,
        "" => Form::Any,
        kind => Form::Plain(format!("{kind} {}", text("format")).trim().to_owned()),
    }
}

/// Whether one can be met with the other: of plain values, that the type is the same is enough.
fn same_form(new: &Form, old: &Form) -> bool {
    let base = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
    match (new, old) {
        (Form::Plain(new), Form::Plain(old)) => base(new) == base(old),
        _ => new == old,
    }
}

/// A schema in a word or two.
fn shown(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        return name;
    }
    match form(schema) {
        Form::Object => "an object".to_owned(),
        Form::Map => "a map".to_owned(),
        Form::Values(_) => "an enum".to_owned(),
        Form::Union => "a union".to_owned(),
        Form::Plain(kind) => kind,
        Form::Any => "any value".to_owned(),
    }
}

/// The location of a property: the named schema, if it is not this one, and the pointer in it.
type Spot = (Option<String>, String);

/// Calls `visit` with each property that values of a schema have, whichever part declares it.
pub(super) fn effective(
    schema: &Value,
    schemas: &Map<String, Value>,
    open: &mut BTreeSet<String>,
    visit: &mut dyn FnMut(&str, &Value, Spot),
) {
    parts(schema, &(None, String::new()), schemas, open, visit);
}

fn parts(
    schema: &Value,
    spot: &Spot,
    schemas: &Map<String, Value>,
    open: &mut BTreeSet<String>,
    visit: &mut dyn FnMut(&str, &Value, Spot),
) {
    if let Some(name) = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(schema_name)
    {
        if let Some(target) = schemas.get(&name).filter(|_| open.insert(name.clone())) {
            parts(target, &(Some(name), String::new()), schemas, open, visit);
        }
        return;
    }
    let (home, pointer) = spot;
    for (name, value) in members(schema.get("properties")) {
        visit(
            name,
            value,
            (
                home.clone(),
                format!("{pointer}/properties/{}", escape(name)),
            ),
        );
    }
    for (index, part) in list(schema, "allOf").into_iter().flatten().enumerate() {
        parts(
            part,
            &(home.clone(), format!("{pointer}/allOf/{index}")),
            schemas,
            open,
            visit,
        );
    }
}

fn inside(owner: &Value, root: Root, pointer: String, place: &str) -> Vec<Work> {
    let mut work = Vec::new();
    let mut add = |pointer: String, old: &Value| {
        let (root, place) = (root.clone(), place.to_owned());
        work.push(Work {
            root,
            pointer,
            old: old.clone(),
            place,
        });
    };
    if let Some(schema) = owner.get("schema") {
        add(format!("{pointer}/schema"), schema);
    }
    for (media, content) in members(owner.get("content")) {
        if let Some(schema) = content.get("schema") {
            add(
                format!("{pointer}/content/{}/schema", escape(media)),
                schema,
            );
        }
    }
    work
}

fn split(pointer: &str) -> (&str, &str) {
    let rest = pointer.trim_start_matches('/');
    match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    }
}

fn index_of(pointer: &str) -> usize {
    let last = pointer.rsplit('/').next().unwrap_or_default();
    last.parse().unwrap_or(usize::MAX)
}

fn is_required(parameter: Option<&Value>) -> bool {
    parameter.is_some_and(|parameter| parameter.get("required") == Some(&Value::Bool(true)))
}

fn extend(target: &mut Map<String, Value>, keyword: &str, more: &[Value]) {
    if more.is_empty() {
        return;
    }
    let all = target.entry(keyword).or_insert_with(|| json!([]));
    for value in more {
        if let Some(all) = all.as_array_mut().filter(|all| !all.contains(value)) {
            all.push(value.clone());
        }
    }
}

/// Each value with each of its other spellings.
fn aliases(schema: &Value) -> impl Iterator<Item = (String, String)> + '_ {
    members(schema.get(ALIASES)).flat_map(|(value, aliases)| {
        let aliases = aliases
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        aliases.map(|alias| (value.clone(), alias.to_owned()))
    })
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &Value> {
    parameters_of(&operation.facts).chain(&operation.path_parameters)
}

fn parameters_of(facts: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    facts
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn identity(parameter: &Value) -> (&str, &str) {
    let text = |key: &str| {
        parameter
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    (text("in"), text("name"))
}

fn media_types(owner: &Value) -> impl Iterator<Item = &String> {
    members(owner.get("content")).map(|(media, _)| media)
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn list<'a>(schema: &'a Value, keyword: &str) -> Option<&'a Vec<Value>> {
    schema.get(keyword).and_then(Value::as_array)
}
