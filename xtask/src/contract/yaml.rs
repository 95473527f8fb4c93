//! Reads YAML 1.2 into a tree and finds the line of a node.
//!
//! The tree is built from the parser's events: the bounds of a document are checked before a value is
//! stored, an alias counts as much as its target, and the spelling of a value is kept for
//! [`spelling`](super::spelling).

use std::collections::{BTreeMap, HashMap};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

use super::ambiguous;
use super::bounds::{self, Counter, Size};
use super::pointer::escape;
use super::scalar::untagged;
use super::spelling::Spelling;

/// The reason why a text cannot be read, with its line and the surrounding keys and indices.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) line: Option<usize>,
    pub(super) trail: Vec<String>,
}

pub(super) const TWICE: &str = "the key occurs twice";
pub(super) const MERGE: &str = "merge keys (`<<`) are not part of YAML 1.2";
pub(super) const SEVERAL: &str = "there is more than one document in the file";
pub(super) const KEY: &str = "a key has to be a plain text";
pub(super) const TAG: &str = "is not allowed in a contract";
pub(super) const MISFIT: &str = "does not fit its tag";
pub(super) const CYCLE: &str = "the alias refers to a value that contains it";

/// Reads a text that holds one document, with the spelling of its plain values.
pub(super) fn parse(text: &str) -> Result<(Value, Spelling), Fault> {
    let mut loader = Loader::default();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Fault {
            what: error.info().to_owned(),
            line: Some(error.marker().line()),
            trail: loader.trail(),
        })?;
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
        }
        let outcome = if documents > 1 {
            Err(SEVERAL.to_owned())
        } else {
            loader.event(event)
        };
        outcome.map_err(|what| loader.fault(what, span))?;
    }
    Ok(loader.root.unwrap_or((Value::Null, Spelling::None)))
}

/// A value with its parse state.
#[derive(Debug, Clone)]
struct Node {
    value: Value,
    spelling: Spelling,
    /// The depth of the lists and mappings in it.
    depth: usize,
}

/// A list or a mapping that is being read.
#[derive(Debug)]
struct Open {
    anchor: usize,
    /// The size of the document before this value.
    before: Size,
    depth: usize,
    kind: OpenKind,
}

#[derive(Debug)]
enum OpenKind {
    List {
        items: Vec<Value>,
        spelling: Vec<Spelling>,
    },
    Mapping {
        map: Map<String, Value>,
        key: Option<String>,
        spelling: Vec<(String, Spelling)>,
    },
}

#[derive(Debug, Default)]
struct Loader {
    open: Vec<Open>,
    /// The values of the anchors, with their sizes.
    anchors: HashMap<usize, (Node, Size)>,
    counter: Counter,
    root: Option<(Value, Spelling)>,
}

impl Loader {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.wants_key() {
                    let is_merge = text == "<<" && style == ScalarStyle::Plain;
                    return self.key(text.into_owned(), is_merge);
                }
                let before = self.counter.size();
                self.counter.value(text.len())?;
                let node = scalar(&text, style, tag.as_deref())?;
                self.complete(node, anchor, before)
            }
            Event::SequenceStart(anchor, tag) => {
                known(tag.as_deref(), "seq")?;
                self.begin(
                    anchor,
                    OpenKind::List {
                        items: Vec::new(),
                        spelling: Vec::new(),
                    },
                )
            }
            Event::MappingStart(anchor, tag) => {
                known(tag.as_deref(), "map")?;
                self.begin(
                    anchor,
                    OpenKind::Mapping {
                        map: Map::new(),
                        key: None,
                        spelling: Vec::new(),
                    },
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor),
            _ => Ok(()),
        }
    }

    /// Whether a mapping expects its next key.
    fn wants_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                kind: OpenKind::Mapping { key: None, .. },
                ..
            })
        )
    }

    fn key(&mut self, text: String, is_merge: bool) -> Result<(), String> {
        self.counter.value(text.len())?;
        let Some(Open {
            kind: OpenKind::Mapping { map, key, .. },
            ..
        }) = self.open.last_mut()
        else {
            return Ok(());
        };
        let fault = if is_merge {
            Some(MERGE)
        } else {
            map.contains_key(&text).then_some(TWICE)
        };
        // The location of a fault is that of the key.
        *key = Some(text);
        fault.map_or(Ok(()), |fault| Err(fault.to_owned()))
    }

    fn begin(&mut self, anchor: usize, kind: OpenKind) -> Result<(), String> {
        if self.wants_key() {
            return Err(KEY.to_owned());
        }
        bounds::depth(self.open.len() + 1)?;
        let before = self.counter.size();
        self.counter.value(0)?;
        self.open.push(Open {
            anchor,
            before,
            depth: 0,
            kind,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let (value, spelling) = match open.kind {
            OpenKind::List { items, spelling } => {
                (Value::Array(items), Spelling::of_items(spelling))
            }
            OpenKind::Mapping { map, spelling, .. } => {
                (Value::Object(map), Spelling::of_members(spelling))
            }
        };
        let node = Node {
            value,
            spelling,
            depth: open.depth + 1,
        };
        self.complete(node, open.anchor, open.before)
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        let (node, size) = self.anchors.get(&anchor).ok_or(CYCLE)?;
        if self.wants_key() {
            return match &node.value {
                Value::String(text) => {
                    let text = text.clone();
                    self.key(text, false)
                }
                _ => Err(KEY.to_owned()),
            };
        }
        // Before anything is copied.
        self.counter.add(*size)?;
        bounds::depth(self.open.len() + node.depth)?;
        let node = node.clone();
        self.put(node);
        Ok(())
    }

    /// Adds a complete value.
    fn complete(&mut self, node: Node, anchor: usize, before: Size) -> Result<(), String> {
        if anchor > 0 {
            let after = self.counter.size();
            let size = Size {
                nodes: after.nodes - before.nodes,
                text: after.text - before.text,
            };
            // The copy is counted too, because a document with nested anchors stores many copies.
            self.counter.add(size)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        self.put(node);
        Ok(())
    }

    fn put(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some((node.value, node.spelling));
            return;
        };
        open.depth = open.depth.max(node.depth);
        match &mut open.kind {
            OpenKind::List { items, spelling } => {
                items.push(node.value);
                spelling.push(node.spelling);
            }
            OpenKind::Mapping {
                map, key, spelling, ..
            } => {
                let Some(key) = key.take() else { return };
                if node.spelling != Spelling::None {
                    spelling.push((key.clone(), node.spelling));
                }
                map.insert(key, node.value);
            }
        }
    }

    fn fault(&self, what: String, span: Span) -> Fault {
        Fault {
            what,
            line: Some(span.start.line()),
            trail: self.trail(),
        }
    }

    fn trail(&self) -> Vec<String> {
        let steps = self.open.iter().filter_map(|open| match &open.kind {
            OpenKind::List { items, .. } => Some(items.len().to_string()),
            OpenKind::Mapping { key, .. } => key.clone(),
        });
        steps.collect()
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, String> {
    let name = match tag {
        None => None,
        // The tag `!` turns any value into a text.
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => Some("str"),
        Some(tag) if tag.is_yaml_core_schema() => Some(tag.suffix.as_str()),
        Some(tag) => return Err(unknown(tag)),
    };
    let plain = style == ScalarStyle::Plain;
    let value = match name {
        None if plain => untagged(text)?,
        None | Some("str") => Value::from(text),
        Some(name @ ("null" | "bool" | "int" | "float")) => {
            let value = untagged(text)?;
            let fits = match name {
                "null" => value.is_null(),
                "bool" => value.is_boolean(),
                "int" => value.is_i64() || value.is_u64(),
                _ => value.is_number(),
            };
            if !fits {
                return Err(format!("`{text}` {MISFIT} `!!{name}`"));
            }
            value
        }
        Some(_) => return Err(tag.map(unknown).unwrap_or_default()),
    };
    let spelling = match &value {
        Value::Bool(_) | Value::Number(_) => Spelling::Of(text.to_owned()),
        Value::String(_) if plain && name.is_none() && ambiguous::fix(text).is_some() => {
            Spelling::Of(text.to_owned())
        }
        _ => Spelling::None,
    };
    Ok(Node {
        value,
        spelling,
        depth: 0,
    })
}

fn known(tag: Option<&Tag>, name: &str) -> Result<(), String> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == name) => Err(unknown(tag)),
        _ => Ok(()),
    }
}

fn unknown(tag: &Tag) -> String {
    let Tag { handle, suffix } = tag;
    format!("the tag `{handle}{suffix}` {TAG}")
}

/// The line, counted from 1, of each location that a pointer can name. JSON is parsed as YAML.
pub(super) fn lines(text: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    let mut open: Vec<(String, Step)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let line = span.start.line();
        let opened = match &event {
            Event::SequenceStart(..) => Some(Step::Index(0)),
            Event::MappingStart(..) => Some(Step::Key(None)),
            Event::Scalar(..) | Event::Alias(_) => None,
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                continue;
            }
            _ => continue,
        };
        let pointer = match open.last_mut() {
            None => String::new(),
            Some((around, Step::Index(index))) => {
                let pointer = format!("{around}/{index}");
                *index += 1;
                lines.insert(pointer.clone(), line);
                pointer
            }
            Some((around, Step::Key(key))) => match (key.take(), &event) {
                (Some(key), _) => format!("{around}/{}", escape(&key)),
                (None, Event::Scalar(text, ..)) => {
                    lines.insert(format!("{around}/{}", escape(text)), line);
                    *key = Some(text.to_string());
                    continue;
                }
                // A key that is no text has no pointer.
                (None, _) => {
                    *key = Some(String::new());
                    String::new()
                }
            },
        };
        if let Some(step) = opened {
            open.push((pointer, step));
        }
    }
    lines
}

/// How much of a list or a mapping was read.
enum Step {
    Index(usize),
    /// The key of the next value.
    Key(Option<String>),
}

/// The line, counted from 1, of the node at these steps or of its nearest existing parent. `None` if
/// even the first step does not exist.
pub(super) fn line_of(text: &str, steps: &[String]) -> Option<usize> {
    let mut open: Vec<Passed> = Vec::new();
    let mut nearest = None;
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let (is_container, is_list) = match event {
            Event::Scalar(..) | Event::Alias(_) => (false, false),
            Event::SequenceStart(..) => (true, true),
            Event::MappingStart(..) => (true, false),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(ended) = open.pop()
                    && let Some(around) = open.last_mut()
                {
                    around.pass(ended.is_key);
                }
                continue;
            }
            _ => continue,
        };
        let place = open.len();
        let wanted = place.checked_sub(1).and_then(|place| steps.get(place));
        let line = span.start.line();
        let (mut on_way, mut is_key) = (open.is_empty(), false);
        if let Some(around) = open.last_mut() {
            is_key = !around.is_list && around.waits_for_key;
            let hit = match (&event, is_key) {
                (Event::Scalar(key, ..), true) => wanted.is_some_and(|wanted| wanted == key),
                (_, true) => false,
                (_, false) if around.is_list => {
                    wanted.is_some_and(|wanted| *wanted == around.index.to_string())
                }
                (_, false) => around.hit,
            };
            let hit = hit && around.on_way;
            if is_key {
                around.hit = hit;
            }
            on_way = hit && !is_key;
            if hit && (is_key || around.is_list) {
                nearest = Some(line);
                if place == steps.len() {
                    return nearest;
                }
            }
        }
        if is_container {
            open.push(Passed {
                is_list,
                is_key,
                on_way,
                index: 0,
                waits_for_key: true,
                hit: false,
            });
        } else if let Some(around) = open.last_mut() {
            around.pass(is_key);
        }
    }
    nearest
}

/// A list or a mapping on the path to a line.
struct Passed {
    is_list: bool,
    /// Whether the node is a key of its parent.
    is_key: bool,
    /// Whether the steps so far lead to it.
    on_way: bool,
    index: usize,
    waits_for_key: bool,
    /// Whether the last key is the searched one.
    hit: bool,
}

impl Passed {
    /// A value in it has ended.
    fn pass(&mut self, was_key: bool) {
        self.index += 1;
        self.waits_for_key = !was_key;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::scalar::NOT_FINITE;
    use crate::contract::spelling;

    fn parsed(text: &str) -> Value {
        let (mut value, spelling) = parse(text).unwrap_or_else(|fault| panic!("{fault:?}"));
        spelling::keep(&mut value, &spelling).expect("no reader disagrees");
        value
    }

    fn refused(text: &str) -> String {
        parse(text).expect_err(text).what
    }

    #[test]
    fn a_schema_of_texts_keeps_the_spelling_of_its_values() {
        let value = parsed(
            "a: {type: string, enum: [1.30, 0x1F, 1e3, 0o17, on, true, null, 18446744073709551616, +1, -0, 5.], default: 1.10}\nb: {enum: [1.30], type: number}\nc: {default: 0x10, type: [string, 'null']}\n",
        );
        assert_eq!(
            value,
            json!({
                "a": {"type": "string", "enum": ["1.30", "0x1F", "1e3", "0o17", "on", "true", null, "18446744073709551616", "+1", "-0", "5."], "default": "1.10"},
                "b": {"enum": [1.3], "type": "number"},
                "c": {"default": "0x10", "type": ["string", "null"]},
            })
        );
    }

    #[test]
    fn an_alias_repeats_its_value_and_its_spelling() {
        let value =
            parsed("a: &v 1.30\nb: {type: string, default: *v}\nc: &l [1, {d: *v}]\ne: *l\n");
        assert_eq!(
            value,
            json!({"a": 1.3, "b": {"type": "string", "default": "1.30"}, "c": [1, {"d": 1.3}], "e": [1, {"d": 1.3}]})
        );
    }

    #[test]
    fn aliases_are_counted_like_their_targets() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(refused(&text).contains("more than 250000 values"));
        let long = "y".repeat(1 << 20);
        let text = format!("a: &a {long}\nb: [{}]\n", "*a, ".repeat(200));
        assert!(refused(&text).contains("32 MiB of text"));
    }

    #[test]
    fn depth_is_bounded_in_blocks_in_brackets_and_through_aliases() {
        let blocks: String = (0..150)
            .map(|depth| format!("{}a:\n", " ".repeat(depth)))
            .collect();
        let compact = format!("a: {}x{}", "[".repeat(150), "]".repeat(150));
        let dashes = format!("a:\n {}x", "- ".repeat(150));
        let mut aliases = "a0: &a0 [x]\n".to_owned();
        for level in 1..150 {
            aliases.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
        }
        for text in [blocks, compact, dashes, aliases] {
            assert!(refused(&text).contains("nested in each other"), "{text}");
        }
    }

    #[test]
    fn a_value_without_a_counterpart_in_json_is_refused() {
        for (text, part) in [
            ("a: &a [*a]", "that contains it"),
            ("? [a]\n: b", "plain text"),
            ("a: !!binary aGk=", "`tag:yaml.org,2002:binary`"),
            ("a: !mine x", "`!mine`"),
            ("a: !!int x", "does not fit its tag"),
            ("a: -.inf", NOT_FINITE),
            ("a: {b: 1, b: 2}", TWICE),
            ("a: {<<: {}}", MERGE),
        ] {
            let what = refused(text);
            assert!(what.contains(part), "{what} for {text}");
        }
        // In quotes, it is a name.
        assert_eq!(
            parsed("a: {'<<': 1, \"<\": 2}"),
            json!({"a": {"<<": 1, "<": 2}})
        );
        assert_eq!(
            parsed("a: !!str 1.30\nb: !!int 7"),
            json!({"a": "1.30", "b": 7})
        );
    }
}
