//! Many revisions, imported one after the other: nothing that was ever published is missing at the end, unless
//! the report of an import lists it as lost.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::super::keep::effective;
use super::super::layer::{self, Kind};
use super::super::operation::{Key, METHODS};
use super::super::{Loss, import};
use crate::contract::references::{pointer_of, schema_name};
use crate::contract::{Document, canonical, load, source};
use crate::diff::of_sides;
use crate::diff::report::Report;
use crate::diff::side::Side;
use crate::problem::Problem;

/// A fact: its schema or operation, the way to it, and the value of an enum at the end of the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    root: String,
    way: Vec<String>,
    value: Option<String>,
}

impl Fact {
    /// The name of the place in reports.
    fn place(&self) -> String {
        let mut place = self.root.clone();
        for step in &self.way {
            match step.as_str() {
                "[]" | "{}" => place.push_str(step),
                step => {
                    place.push('.');
                    place.push_str(step);
                }
            }
        }
        match &self.value {
            Some(value) => format!("{place}: value {value}"),
            None => place,
        }
    }
}

/// The facts of a revision: parameters, bodies and results of its operations, and its schemas.
fn facts(document: &Document) -> BTreeSet<Fact> {
    let layer = layer::read(document, Kind::Revision, None).unwrap();
    let mut found = BTreeSet::new();
    for operation in layer.operations.values() {
        let key = operation.key();
        let root = format!("{} {}", operation.method().to_uppercase(), key.path);
        found.insert(Fact {
            root: root.clone(),
            way: Vec::new(),
            value: None,
        });
        let own = operation.facts.get("parameters").and_then(Value::as_array);
        for parameter in own.into_iter().flatten().chain(&operation.path_parameters) {
            let text = |key: &str| parameter[key].as_str().unwrap_or_default().to_owned();
            if text("in") != "path" {
                let root = format!("{root}: {} parameter {}", text("in"), text("name"));
                found.insert(Fact {
                    root: root.clone(),
                    way: Vec::new(),
                    value: None,
                });
                walk(&parameter["schema"], &root, &mut Vec::new(), &mut found);
            }
        }
    }
    for (name, schema) in &layer.schemas {
        walk(schema, name, &mut Vec::new(), &mut found);
    }
    found
}

fn walk(schema: &Value, root: &str, way: &mut Vec<String>, into: &mut BTreeSet<Fact>) {
    for value in schema["enum"].as_array().into_iter().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        into.insert(Fact {
            root: root.to_owned(),
            way: way.clone(),
            value: Some(value),
        });
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        way.push(name.clone());
        into.insert(Fact {
            root: root.to_owned(),
            way: way.clone(),
            value: None,
        });
        walk(inner, root, way, into);
        way.pop();
    }
    for (keyword, step) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[keyword].is_object() {
            way.push(step.to_owned());
            walk(&schema[keyword], root, way, into);
            way.pop();
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        walk(part, root, way, into);
    }
}

/// The contract at the end, for looking facts up.
struct Contract {
    schemas: Map<String, Value>,
    operations: BTreeMap<String, Value>,
}

impl Contract {
    fn of(document: &Document) -> Self {
        let layer = layer::read(document, Kind::Contract, None).unwrap();
        let operations = layer.operations.values().map(|operation| {
            let key = operation.key();
            let mut facts = operation.facts.clone();
            let all = facts.entry("parameters").or_insert_with(|| json!([]));
            all.as_array_mut()
                .unwrap()
                .extend(operation.path_parameters.iter().cloned());
            (
                format!("{} {}", operation.method().to_uppercase(), key.path),
                Value::Object(facts),
            )
        });
        Self {
            operations: operations.collect(),
            schemas: layer.schemas,
        }
    }

    fn has(&self, fact: &Fact) -> bool {
        if let Some((operation, rest)) = fact.root.split_once(": ") {
            let Some(operation) = self.operations.get(operation) else {
                return false;
            };
            let (location, name) = rest.split_once(" parameter ").unwrap();
            let mut parameters = operation["parameters"].as_array().unwrap().iter();
            return parameters.any(|known| {
                known["in"] == location
                    && known["name"] == name
                    && self.leads(&known["schema"], &fact.way, fact.value.as_deref(), 0)
            });
        }
        if self.operations.contains_key(&fact.root) {
            return true;
        }
        let names = self.schemas.iter().filter(|(name, schema)| {
            let legacy = name
                .strip_prefix(&fact.root)
                .and_then(|rest| rest.strip_prefix("Legacy"));
            let is_legacy = legacy.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
            let former = schema["x-formerNames"].as_array().into_iter().flatten();
            **name == fact.root || is_legacy || former.into_iter().any(|name| *name == fact.root)
        });
        names
            .into_iter()
            .any(|(_, schema)| self.leads(schema, &fact.way, fact.value.as_deref(), 0))
    }

    fn leads(&self, schema: &Value, way: &[String], value: Option<&str>, depth: usize) -> bool {
        if depth > 40 {
            return false;
        }
        if let Some(name) = schema["$ref"].as_str().and_then(schema_name) {
            return self
                .schemas
                .get(&name)
                .is_some_and(|target| self.leads(target, way, value, depth + 1));
        }
        let parts = ["allOf", "oneOf", "anyOf"]
            .into_iter()
            .filter_map(|keyword| schema[keyword].as_array());
        if parts
            .flatten()
            .any(|part| self.leads(part, way, value, depth + 1))
        {
            return true;
        }
        let Some((step, rest)) = way.split_first() else {
            return value.is_none_or(|value| {
                let is_value = |known: &Value| {
                    known
                        .as_str()
                        .map_or_else(|| known.to_string(), str::to_owned)
                        == value
                };
                let aliases = schema["x-enumAliases"].as_object().into_iter().flatten();
                let mut aliases = aliases
                    .filter_map(|(_, aliases)| aliases.as_array())
                    .flatten();
                schema["enum"]
                    .as_array()
                    .is_some_and(|values| values.iter().any(is_value))
                    || aliases.any(is_value)
            });
        };
        match step.as_str() {
            "[]" => {
                schema["items"].is_object() && self.leads(&schema["items"], rest, value, depth + 1)
            }
            "{}" => {
                schema["additionalProperties"].is_object()
                    && self.leads(&schema["additionalProperties"], rest, value, depth + 1)
            }
            step => {
                let mut found = false;
                effective(
                    schema,
                    &self.schemas,
                    &mut BTreeSet::new(),
                    &mut |name, inner, _| {
                        found |= name == step && self.leads(inner, rest, value, depth + 1);
                    },
                );
                found
            }
        }
    }
}

/// The result of a replay.
#[derive(Debug, Default)]
struct Outcome {
    facts: usize,
    lost: usize,
    missing: Vec<String>,
    unstable: Vec<String>,
    /// Revisions that are not valid, with the message of the import.
    refused: Vec<String>,
    /// Contracts without a client, with the message of the generator.
    without_client: Vec<String>,
    /// Steps with a report that is not plain Markdown.
    unreadable: Vec<String>,
    /// The steps with a change for programs, and those with a breaking one.
    steps: [usize; 2],
    contract: String,
}

/// Imports the revisions one after the other into an empty contract. Reading starts from the text that
/// was written, as the command does.
fn replay(
    revisions: impl Iterator<Item = Result<Document, Problem>>,
    each: &mut dyn FnMut(&str, &str),
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut all: BTreeSet<Fact> = BTreeSet::new();
    let mut lost: BTreeSet<String> = BTreeSet::new();
    let mut contract: Option<Side> = None;
    for revision in revisions {
        let revision = match revision {
            Ok(revision) => revision,
            Err(problem) => {
                outcome.refused.push(problem.to_string());
                continue;
            }
        };
        let name = revision.path.to_string_lossy().into_owned();
        let revisions = [revision];
        let before = contract.as_ref().map(|side| &side.document);
        let imported = match import(before, &revisions, Loss::Allowed) {
            Ok(imported) => imported,
            Err(problem) => {
                outcome.refused.push(problem.to_string());
                continue;
            }
        };
        let [revision] = &revisions;
        all.extend(facts(revision));
        let text = canonical::text(&imported.document).unwrap();
        let next = source::parse(Path::new("openapi.yaml"), text.clone()).unwrap();
        let again = import(Some(&next), &revisions, Loss::Allowed).unwrap();
        if canonical::text(&again.document).unwrap() != text {
            outcome.unstable.push(name.clone());
        }
        each(&name, &text);
        if before.is_some_and(|before| before.is_text(&text)) {
            continue;
        }
        let next = match Side::of(&name, next) {
            Ok(next) => next,
            Err(problem) => {
                outcome.without_client.push(format!("{name}: {problem}"));
                continue;
            }
        };
        if let Some(old) = &contract {
            let report = of_sides(old, &next, None);
            outcome.steps[0] += usize::from(!report.changes.is_empty());
            outcome.steps[1] += usize::from(!report.breaking().is_empty());
            if !is_plain(&report) {
                outcome.unreadable.push(name);
            }
            lost.extend(places(&report, &old.document.value));
        }
        contract = Some(next);
    }
    let contract = contract.unwrap().document;
    let end = Contract::of(&contract);
    outcome.facts = all.len();
    for fact in all.iter().filter(|fact| !end.has(fact)) {
        let place = fact.place();
        if lost.iter().any(|lost| covers(lost, &place)) {
            outcome.lost += 1;
        } else {
            outcome.missing.push(place);
        }
    }
    outcome.contract = canonical::text(&contract.value).unwrap();
    outcome
}

/// The rules for facts that the contract cannot keep.
const LOSSES: [&str; 11] = [
    "argument-removed",
    "argument-type-changed",
    "field-removed",
    "field-type-changed",
    "member-removed",
    "member-type-changed",
    "setter-removed",
    "setter-type-changed",
    "type-kind-changed",
    "type-removed",
    "value-removed",
];

/// The places of facts that a report lists as lost.
fn places(report: &Report, old: &Value) -> BTreeSet<String> {
    let lost = report.changes.iter();
    let lost = lost.filter(|change| LOSSES.contains(&change.rule.id));
    lost.filter_map(|change| change.old.as_ref())
        .flat_map(|place| places_at(old, &place.pointer))
        .collect()
}

/// The places of a pointer of the contract, as facts name them. A parameter of a path is one of each operation.
fn places_at(contract: &Value, pointer: &str) -> Vec<String> {
    let steps = pointer.split('/').skip(1);
    let steps = steps.map(|step| step.replace("~1", "/").replace("~0", "~"));
    let steps: Vec<String> = steps.collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let parameter = |above: &[&str], roots: &[String]| -> Vec<String> {
        let end = pointer.match_indices('/').nth(above.len() + 2);
        let whole = end.map_or(pointer, |(end, _)| &pointer[..end]);
        let mut parameter = &contract.pointer(whole).unwrap()["name"];
        let mut location = &contract.pointer(whole).unwrap()["in"];
        if let Some(reference) = contract.pointer(whole).unwrap()["$ref"].as_str() {
            let target = contract.pointer(&pointer_of(reference).unwrap()).unwrap();
            (parameter, location) = (&target["name"], &target["in"]);
        }
        let (name, location) = (parameter.as_str().unwrap(), location.as_str().unwrap());
        let roots = roots.iter();
        roots
            .map(|root| format!("{root}: {location} parameter {name}"))
            .collect()
    };
    let root = |method: &str, path: &str| -> Option<String> {
        let method = METHODS.iter().position(|known| *known == method)?;
        Some(Key::new(method, path).name())
    };
    let (roots, rest) = match steps.as_slice() {
        ["components", "schemas", name, rest @ ..] => (vec![(*name).to_owned()], rest),
        ["paths", path, "parameters", _, rest @ ..] => {
            let methods = contract["paths"][path].as_object().unwrap().keys();
            let roots: Vec<String> = methods.filter_map(|method| root(method, path)).collect();
            (parameter(&["paths", path], &roots), rest)
        }
        ["paths", path, method, "parameters", _, rest @ ..] => {
            let roots: Vec<String> = root(method, path).into_iter().collect();
            (parameter(&["paths", path, method], &roots), rest)
        }
        _ => return Vec::new(),
    };
    let mut way = String::new();
    let mut rest = rest.iter();
    while let Some(step) = rest.next() {
        match *step {
            "properties" => {
                way.push('.');
                way.push_str(rest.next().unwrap());
            }
            "items" => way.push_str("[]"),
            "additionalProperties" => way.push_str("{}"),
            "allOf" | "oneOf" | "anyOf" => {
                rest.next();
            }
            "schema" => {}
            _ => break,
        }
    }
    roots.iter().map(|root| format!("{root}{way}")).collect()
}

/// Whether a lost place is this one, or a place around it.
fn covers(lost: &str, place: &str) -> bool {
    place
        .strip_prefix(lost)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{', ':']))
}

/// Whether the Markdown of a report has no HTML, and one item for each change.
fn is_plain(report: &Report) -> bool {
    use pulldown_cmark::{Event, Parser, Tag};
    let markdown = report.markdown();
    let mut items = 0;
    for event in Parser::new(&markdown) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => return false,
            Event::Start(Tag::Item) => items += 1,
            _ => {}
        }
    }
    let stated = report.changes.iter();
    items >= report.changes.len()
        && stated
            .map(|change| change.phrase.markdown())
            .all(|sentence| markdown.contains(&sentence))
}

/// Ten steps of a small API, each a change of the one before.
const STEPS: [(&str, &str); 10] = [
    (
        "note: {type: string}",
        "note: {type: string}, color: {type: string, enum: [RED, GREEN]}",
    ),
    ("name: {type: string}, ", ""),
    ("enum: [RED, GREEN]", "enum: [red, BLUE]"),
    ("operationId: listThing", "operationId: listThings"),
    ("ThingOut", "ThingResponse"),
    (
        "{name: q, in: query, schema: {type: string}}",
        "{name: r, in: query, schema: {type: string}}",
    ),
    (
        "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]",
        "oneOf: [{$ref: '#/components/schemas/Dog'}]",
    ),
    (
        "part: {$ref: '#/components/schemas/Part'}",
        "part: {type: object, properties: {other: {type: string}}}",
    ),
    (
        "  /old:\n    get: {operationId: getOld, tags: [Things], responses: {'204': {description: x}}}\n",
        "",
    ),
    ("size: {type: integer}", "size: {type: string}"),
];

const FIRST: &str = r##"openapi: 3.0.0
info: {version: '1'}
paths:
  /things:
    get:
      operationId: listThing
      tags: [Things]
      parameters: [{name: q, in: query, schema: {type: string}}]
      responses:
        '200': {description: x, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/ThingOut'}}}}}
  /old:
    get: {operationId: getOld, tags: [Things], responses: {'204': {description: x}}}
components:
  schemas:
    ThingOut:
      type: object
      required: [name]
      properties: {name: {type: string}, note: {type: string}, size: {type: integer}, part: {$ref: '#/components/schemas/Part'}, pet: {$ref: '#/components/schemas/Pet'}}
    Part: {type: object, properties: {x: {type: string}, y: {type: array, items: {type: object, properties: {z: {type: string}}}}}}
    Pet:
      oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
    Cat: {type: object, properties: {lives: {type: integer}}}
    Dog: {type: object, properties: {tail: {type: string}}}
"##;

fn steps() -> Vec<Document> {
    let mut text = FIRST.to_owned();
    let mut revisions = vec![text.clone()];
    for (from, to) in STEPS {
        let next = text.replace(from, to);
        assert_ne!(next, text, "{from} is not there");
        text = next;
        revisions.push(text.clone());
    }
    let named = revisions.into_iter().enumerate();
    named
        .map(|(index, text)| source::parse(Path::new(&format!("step-{index}.yaml")), text).unwrap())
        .collect()
}

#[test]
fn ten_steps_lose_only_the_listed_parts() {
    let outcome = replay(steps().into_iter().map(Ok), &mut |_, _| {});
    assert_eq!(outcome.unstable, Vec::<String>::new());
    assert_eq!(outcome.without_client, [""; 0]);
    assert_eq!(outcome.unreadable, [""; 0]);
    assert_eq!(outcome.steps, [10, 4]);
    assert_eq!(
        outcome.missing,
        Vec::<String>::new(),
        "{}",
        outcome.contract
    );
    for kept in [
        "name",
        "GREEN",
        "x-formerIds",
        "getOld",
        "Cat",
        "lives",
        "name: q",
    ] {
        assert!(
            outcome.contract.contains(kept),
            "{kept}: {}",
            outcome.contract
        );
    }
    assert!(outcome.facts > 20 && outcome.lost == 0, "{outcome:?}");
}

/// A revision of a small API. Each part of it is in one of the states that parts of the published API had.
fn drawn(random: &mut fastrand::Rng) -> String {
    let mut one_of = |all: &[&str]| all[random.usize(..all.len())].to_owned();
    let id = one_of(&["getThing", "readThing", "fetchThing", "getOther"]);
    let other = one_of(&["getOther", "readOther", "readThing"]);
    let other = if other == id { "lastOther" } else { &other };
    let part = one_of(&["Part", "Piece", "Bit", "Text"]);
    let values = one_of(&[
        "A_B, C", "a-b, C", "A B, D", "C", "C, D", "D, A_B", "a_b, A_C", "C, c-d",
    ]);
    let required = one_of(&["required: [x], ", "required: [x, y], ", ""]);
    let fields = one_of(&[
        "x: {type: string}, y: {type: integer}",
        "x: {type: string}, 'y': {type: integer, format: int32}, z: {type: string}",
        "x: {type: string, nullable: true}, y: {type: integer}, w: {type: array, items: {type: string, enum: [U, V]}}",
        "x: {type: string}, y: {type: integer}, w: {type: array, items: {type: string, enum: [V]}}",
        "y: {type: string}, x: {type: integer}",
    ]);
    let place = one_of(&[
        &format!("part: {{$ref: '#/components/schemas/{part}'}}"),
        &format!("parts: {{type: array, items: {{$ref: '#/components/schemas/{part}'}}}}"),
        &format!(
            "part: {{allOf: [{{$ref: '#/components/schemas/{part}'}}]}}, extra: {{type: string}}"
        ),
        "part: {type: object, properties: {x: {type: string}}}",
    ]);
    let parameter = one_of(&[
        "",
        "{name: q, in: query, schema: {type: string}}",
        "{name: q, in: query, required: true, schema: {type: string, enum: [K, L]}}",
        "{name: q, in: header, schema: {type: string, enum: [k, M]}}",
    ]);
    let members = one_of(&["Cat, Dog", "Dog", "Dog, Fox", "Cat"]);
    let members: Vec<String> = members
        .split(", ")
        .map(|name| format!("{{$ref: '#/components/schemas/{name}'}}"))
        .collect();
    let members = members.join(", ");
    let second = one_of(&[
        &format!(
            "  /others:\n    get: {{operationId: {other}, tags: [Things], responses: {{'204': {{description: x}}}}}}\n"
        ),
        "",
    ]);
    let schema = match part.as_str() {
        "Text" => "{type: string}".to_owned(),
        _ => format!("{{type: object, {required}properties: {{{fields}}}}}"),
    };
    format!(
        "openapi: 3.0.0\ninfo: {{version: '1'}}\npaths:\n  /things:\n    put:\n      operationId: {id}\n      tags: [Things]\n      parameters: [{parameter}]\n      requestBody: {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/Thing'}}}}}}}}\n      responses: {{'200': {{description: x, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Thing'}}}}}}}}}}\n{second}components:\n  schemas:\n    Thing: {{type: object, {required}properties: {{{fields}, {place}, kind: {{type: string, enum: [{values}]}}, pet: {{oneOf: [{members}]}}}}}}\n    {part}: {schema}\n    Cat: {{type: object, properties: {{lives: {{type: integer}}}}}}\n    Dog: {{type: object, properties: {{tail: {{type: string}}}}}}\n    Fox: {{type: object, properties: {{den: {{type: string}}}}}}\n"
    )
}

#[test]
fn random_histories_are_stable_and_lose_nothing_but_what_they_list() {
    let histories = std::env::var("HISTORIES").map_or(40, |count| count.parse().unwrap());
    for seed in 0..histories {
        let mut random = fastrand::Rng::with_seed(seed);
        let texts: Vec<String> = (0..7).map(|_| drawn(&mut random)).collect();
        let revisions = texts.iter().enumerate().map(|(index, text)| {
            source::parse(Path::new(&format!("step-{index}.yaml")), text.clone())
        });
        let outcome = replay(revisions, &mut |_, _| {});
        let story = || format!("seed {seed}:\n{}\n{}", texts.join("\n"), outcome.contract);
        assert_eq!(outcome.refused, Vec::<String>::new(), "{}", story());
        assert_eq!(outcome.unstable, Vec::<String>::new(), "{}", story());
        assert_eq!(outcome.without_client, [""; 0], "{}", story());
        assert_eq!(outcome.unreadable, [""; 0], "{}", story());
        assert_eq!(outcome.missing, Vec::<String>::new(), "{}", story());
    }
}

#[test]
fn a_fact_that_disappears_is_found() {
    let mut revisions = steps();
    let last = source::parse(Path::new("x"), FIRST.replace("size: {type: integer}, ", "")).unwrap();
    let all = facts(&revisions.swap_remove(0));
    let end = Contract::of(&last);
    let missing: Vec<String> = all
        .iter()
        .filter(|fact| !end.has(fact))
        .map(Fact::place)
        .collect();
    assert_eq!(missing, ["ThingOut.size"]);
    assert!(covers("ThingOut.size", "ThingOut.size"));
    assert!(covers("ThingOut.part", "ThingOut.part.x"));
    assert!(!covers("ThingOut.siz", "ThingOut.size"));
}

/// `REVISIONS=DIR cargo test -p xtask --release --lib all_published -- --ignored --nocapture`; the files are
/// taken in the order of their names.
#[test]
#[ignore = "needs published revisions: set REVISIONS to their directory"]
fn all_published_revisions_lose_only_the_listed_parts() {
    let directory =
        std::env::var_os("REVISIONS").expect("REVISIONS names a directory of revisions");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    paths.sort();
    let begin = Instant::now();
    let mut count = 0;
    let revisions = paths.iter().map(|path| load(path));
    let outcome = replay(revisions, &mut |name, text| {
        count += 1;
        if let Some(directory) = std::env::var_os("CONTRACTS") {
            let name = Path::new(name).file_name().unwrap();
            std::fs::write(Path::new(&directory).join(name), text).unwrap();
        }
    });
    eprintln!(
        "{count} revisions in {:?}: {} facts, {} of them lost and listed, {} missing, {} steps unstable; {} steps with changes for programs, {} with breaking ones",
        begin.elapsed(),
        outcome.facts,
        outcome.lost,
        outcome.missing.len(),
        outcome.unstable.len(),
        outcome.steps[0],
        outcome.steps[1],
    );
    for problem in &outcome.refused {
        eprintln!("refused: {problem}");
    }
    assert!(
        outcome.refused.len() * 100 <= count,
        "more than one in a hundred is refused"
    );
    assert!(outcome.unstable.is_empty(), "{:?}", outcome.unstable);
    assert!(outcome.missing.is_empty(), "{}", outcome.missing.join("\n"));
    assert_eq!(outcome.without_client, [""; 0]);
    assert_eq!(outcome.unreadable, [""; 0]);
}

#[test]
fn a_revision_that_cannot_be_read_is_counted_and_the_replay_continues() {
    let broken = FIRST.replace("openapi: 3.0.0\n", "openapi: 3.0.0\nopenapi: 3.0.0\n");
    let texts = [FIRST.to_owned(), broken, FIRST.replace("note:", "remark:")];
    let revisions = texts
        .iter()
        .map(|text| source::parse(Path::new("x.yaml"), text.clone()));
    let mut names = 0;
    let outcome = replay(revisions, &mut |_, _| names += 1);
    assert_eq!(
        (names, outcome.refused.len()),
        (2, 1),
        "{:?}",
        outcome.refused
    );
    assert!(
        outcome.refused[0].contains("the key occurs twice"),
        "{:?}",
        outcome.refused
    );
    assert_eq!(outcome.missing, [""; 0]);
}
