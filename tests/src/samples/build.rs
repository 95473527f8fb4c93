//! From a schema to its instances.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::flat::{Flat, Member, Union};
use super::{Field, Node, Object};

/// How many times a component may contain itself.
const NESTING: usize = 2;
/// The maximum number of instances of a schema. No schema of the contract needs more.
const MOST: usize = 64;

/// Makes instances of schemas. Earlier instances influence later ones, so that all members of unions and all values of
/// enums occur.
#[derive(Debug)]
pub struct Builder<'d> {
    document: &'d Value,
    /// How many times each union and each enum was used.
    turns: BTreeMap<String, usize>,
    /// Members and values that were found and are not used yet.
    open: BTreeSet<(String, usize)>,
    count: u64,
}

impl<'d> Builder<'d> {
    /// Creates a builder for the schemas of this document.
    pub fn new(document: &'d Value) -> Self {
        Self {
            document,
            turns: BTreeMap::new(),
            open: BTreeSet::new(),
            count: 0,
        }
    }

    /// Instances of a schema, enough for every member of every union in it.
    ///
    /// # Panics
    /// Panics if no finite value satisfies the schema.
    pub fn instances(document: &'d Value, schema: &Value) -> Vec<Node> {
        Self::until(document, schema, "oneOf")
    }

    /// Instances of a schema, enough for every value of every enum in it.
    ///
    /// # Panics
    /// Panics if no finite value satisfies the schema.
    pub fn all_values(document: &'d Value, schema: &Value) -> Vec<Node> {
        Self::until(document, schema, "")
    }

    fn until(document: &'d Value, schema: &Value, what: &str) -> Vec<Node> {
        let mut builder = Self::new(document);
        let mut instances = Vec::new();
        loop {
            let node = builder.build(schema, &mut Vec::new());
            instances.push(node.unwrap_or_else(|| panic!("no finite value satisfies {schema}")));
            let open = builder
                .open
                .iter()
                .any(|(choice, _)| choice.starts_with(what));
            if !open || instances.len() == MOST {
                return instances;
            }
        }
    }

    fn build(&mut self, schema: &Value, within: &mut Vec<String>) -> Option<Node> {
        self.flat(Flat::of(self.document, schema), within)
    }

    fn flat(&mut self, flat: Flat, within: &mut Vec<String>) -> Option<Node> {
        let repeated = |name: &String| within.iter().filter(|other| *other == name).count();
        if flat.components.iter().any(|name| repeated(name) >= NESTING) {
            return None;
        }
        let depth = within.len();
        within.extend(flat.components.iter().cloned());
        let node = self.resolved(flat, within);
        within.truncate(depth);
        node
    }

    fn resolved(&mut self, mut flat: Flat, within: &mut Vec<String>) -> Option<Node> {
        if let Some(union) = flat.unions.pop() {
            return self.member(&flat, &union, within);
        }
        if let Some(values) = &flat.values {
            let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            let turn = self.turn(&format!("enum {texts:?}"), texts.len());
            return Some(match texts.get(turn) {
                Some(text) => Node::Enum((*text).to_owned()),
                None => Node::Any(values.first()?.clone()),
            });
        }
        match flat.kind.as_deref() {
            Some("object") => self.object(flat, within),
            None if !flat.properties.is_empty() || flat.extra.is_some() => {
                self.object(flat, within)
            }
            Some("array") => Some(self.list(&flat, within)),
            None if flat.items.is_some() => Some(self.list(&flat, within)),
            Some("string") => Some(self.text(&flat)),
            Some("integer") => Some(Node::Integer(self.integer(&flat))),
            Some("number") => Some(Node::Number(self.integer(&flat) as f64 + 0.5)),
            Some("boolean") => {
                self.count += 1;
                Some(Node::Boolean(self.count.is_multiple_of(2)))
            }
            _ => Some(Node::Any(json!("anything"))),
        }
    }

    /// The next member of the union that can be made.
    fn member(&mut self, flat: &Flat, union: &Union, within: &mut Vec<String>) -> Option<Node> {
        let members = &union.members;
        let texts: Vec<String> = members.iter().map(describe).collect();
        let choice = format!("oneOf {texts:?}");
        let first = self.turn(&choice, members.len());
        for step in 0..members.len() {
            let index = (first + step) % members.len();
            let member = members.get(index)?;
            let mut whole = flat.clone();
            let common = flat.components.len();
            whole.add(self.document, &member.schema);
            // The component that contains the union contains itself only if a member refers to it again.
            whole.components.drain(..common);
            if let Some(mut node) = self.flat(whole, within) {
                if let Node::Object(object) = &mut node {
                    object.is_member = true;
                }
                if let (Some((tag, text)), Node::Object(object)) = (&member.tag, &mut node) {
                    object.tag(tag, text);
                }
                return Some(node);
            }
            self.open.remove(&(choice.clone(), index));
        }
        None
    }

    /// Selects the next one of several choices.
    fn turn(&mut self, choice: &str, among: usize) -> usize {
        let known = self.turns.contains_key(choice);
        if !known {
            self.open
                .extend((0..among).map(|index| (choice.to_owned(), index)));
        }
        let turn = self.turns.entry(choice.to_owned()).or_default();
        let index = *turn % among.max(1);
        *turn += 1;
        self.open.remove(&(choice.to_owned(), index));
        index
    }

    fn object(&mut self, flat: Flat, within: &mut Vec<String>) -> Option<Node> {
        let mut object = Object::default();
        for (name, schema) in &flat.properties {
            let property = Flat::of(self.document, schema);
            let required = flat.required.contains(name) && !property.may_be_absent;
            let nullable = property.nullable;
            match self.flat(property, within) {
                Some(node) => {
                    let name = name.clone();
                    object.fields.push(Field {
                        name,
                        required,
                        nullable,
                        node,
                    });
                }
                None if required => return None,
                None => {}
            }
        }
        match &flat.extra {
            None if flat.properties.is_empty() => {
                object.open = true;
                object.extra.push(("free_form".to_owned(), anything()));
            }
            None => {}
            Some(Value::Bool(_)) => {
                object.open = true;
                object.extra.push(("free_form".to_owned(), anything()));
            }
            Some(schema) => {
                if let Some(node) = self.build(schema, within) {
                    object.extra.push((format!("key_{}", self.next()), node));
                }
            }
        }
        Some(Node::Object(object))
    }

    /// As many items as the union of the items has members, so that each member occurs.
    fn list(&mut self, flat: &Flat, within: &mut Vec<String>) -> Node {
        let Some(items) = &flat.items else {
            return Node::List(vec![anything()]);
        };
        let shape = Flat::of(self.document, items);
        let members = shape.unions.iter().map(|union| union.members.len()).max();
        let scalar = if shape.properties.is_empty() && shape.kind.as_deref() != Some("object") {
            2
        } else {
            1
        };
        let length = members.unwrap_or(scalar).max(flat.fewest).max(1);
        let items = (0..length).filter_map(|_| self.flat(shape.clone(), within));
        Node::List(items.collect())
    }

    fn text(&mut self, flat: &Flat) -> Node {
        let number = self.next();
        if flat.secret {
            return Node::Secret(format!("s3cret-{number:06}"));
        }
        let text = match flat.format.as_deref() {
            Some("date-time") => return Node::DateTime,
            Some("date") => "2026-05-04".to_owned(),
            Some("uuid" | "UUID" | "uu") => format!("00000000-0000-4000-8000-{number:012}"),
            Some("uri") => format!("https://example.test/{number}"),
            Some("email") => format!("someone-{number}@example.test"),
            Some("duration") => format!("PT{number}.5S"),
            Some("cron") => format!("{} 4 * * 1", number % 60),
            _ => format!("text {number}"),
        };
        Node::Text(fit(text, flat))
    }

    fn integer(&mut self, flat: &Flat) -> i64 {
        let number = i64::try_from(self.next()).unwrap_or(1);
        let least = flat.minimum.unwrap_or(1);
        match flat.maximum {
            Some(most) => (least + number).min(most),
            None => least + number,
        }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

fn describe(member: &Member) -> String {
    format!("{:?} {}", member.tag, member.schema)
}

fn anything() -> Node {
    Node::Any(json!({"deep": [1, 2.5, null, "text"]}))
}

/// The text, or a text of the same length in the format that the contract requires.
fn fit(text: String, flat: &Flat) -> String {
    let matches = |text: &str| {
        let pattern = flat
            .pattern
            .as_deref()
            .and_then(|pattern| regex_lite::Regex::new(pattern).ok());
        pattern.is_none_or(|pattern| pattern.is_match(text))
    };
    let forms = [
        "30s",
        "72h",
        "1.2.3",
        "value",
        "VALUE",
        "12",
        "https://example.test/a",
    ];
    let digest = format!("sha256:{}", "0a".repeat(32));
    let candidates = forms.into_iter().chain([digest.as_str()]);
    let mut text = std::iter::once(text.as_str())
        .chain(candidates)
        .find(|candidate| matches(candidate))
        .unwrap_or_else(|| panic!("no text of the form {:?}", flat.pattern))
        .to_owned();
    while text.len() < flat.shortest {
        text.push('x');
    }
    if let Some(longest) = flat.longest {
        text.truncate(longest);
    }
    text
}
