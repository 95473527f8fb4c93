//! Many revisions, imported one after the other: nothing that was ever published is missing at the end,
//! unless the import that lost it said so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::super::keep::effective;
use super::super::layer::{self, Kind};
use super::super::{Loss, import};
use crate::contract::references::schema_name;
use crate::contract::{Document, canonical, load, source};
use crate::problem::Problem;

/// A fact: its schema or operation, the way to it, and the value of an enum at the end of the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    root: String,
    way: Vec<String>,
    value: Option<String>,
}

impl Fact {
    /// As reports name the place.
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
    let mut contract: Option<Document> = None;
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
        let imported = match import(contract.as_ref(), &revisions, Loss::Allowed) {
            Ok(imported) => imported,
            Err(problem) => {
                outcome.refused.push(problem.to_string());
                continue;
            }
        };
        let [revision] = &revisions;
        all.extend(facts(revision));
        lost.extend(
            imported
                .report
                .breaking()
                .iter()
                .map(|line| line.to_owned()),
        );
        let text = canonical::text(&imported.document).unwrap();
        let next = source::parse(Path::new("openapi.yaml"), text.clone()).unwrap();
        let again = import(Some(&next), &revisions, Loss::Allowed).unwrap();
        if canonical::text(&again.document).unwrap() != text {
            outcome.unstable.push(name.clone());
        }
        each(&name, &text);
        contract = Some(next);
    }
    let contract = contract.unwrap();
    let end = Contract::of(&contract);
    outcome.facts = all.len();
    for fact in all.iter().filter(|fact| !end.has(fact)) {
        let place = fact.place();
        let is_said = lost.iter().any(|line| covers(line, &place));
        if is_said {
            outcome.lost += 1;
        } else {
            outcome.missing.push(place);
        }
    }
    outcome.contract = canonical::text(&contract.value).unwrap();
    outcome
}

/// Whether a line of a report is about a place, or about a place around it.
fn covers(line: &str, place: &str) -> bool {
    let ends = [" was ", " is ", " cannot be expressed", " no longer "];
    let said = ends.iter().filter_map(|end| line.find(end)).min();
    let said = said.and_then(|end| line.get(..end)).unwrap_or(line);
    place
        .strip_prefix(said)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{', ':']))
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

/// A revision of a small API, of which each part is in one of the states that parts of the published one had.
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
    assert!(covers(
        "ThingOut.size was integer and is string",
        "ThingOut.size"
    ));
    assert!(covers(
        "ThingOut.part was Part and is an object",
        "ThingOut.part.x"
    ));
    assert!(!covers(
        "ThingOut.siz was integer and is string",
        "ThingOut.size"
    ));
}

/// `REVISIONS=DIR cargo test -p xtask --profile xtask replay -- --ignored --nocapture`; the files are
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
        "{count} revisions in {:?}: {} facts, {} of them lost and listed, {} missing, {} steps unstable",
        begin.elapsed(),
        outcome.facts,
        outcome.lost,
        outcome.missing.len(),
        outcome.unstable.len(),
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
}

#[test]
fn a_revision_that_cannot_be_read_is_counted_and_the_replay_goes_on() {
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
