//! Applies an OpenAPI Overlay 1.0 document, which fixes the errors of the contract.
//!
//! Stricter than the standard, so that outdated fixes are detected: every action states its reason in
//! `description`, and an action that finds nothing or changes nothing is a problem, because then
//! upstream has changed and the fix must be reviewed. If a target lists several alternatives, this
//! applies to each of them.

mod alternatives;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::pointer::{steps, unescape};
use super::spelling::{self, Spelling};
use super::{Document, source};
use crate::problem::Problem;

use alternatives::alternatives;

const KEYS: [&str; 3] = ["overlay", "info", "actions"];
const ACTION_KEYS: [&str; 4] = ["target", "description", "update", "remove"];

/// Reads an overlay.
///
/// # Errors
/// Returns an error if the file cannot be read or is not an overlay of version 1.0.
pub(crate) fn load(path: &Path) -> Result<Document, Problem> {
    let overlay = source::read(path)?;
    match overlay.value.get("overlay").and_then(Value::as_str) {
        Some(version) if version == "1.0" || version.starts_with("1.0.") => {}
        Some(version) => {
            let what = format!("overlays of version {version} are not supported");
            return Err(Problem::at(&overlay, "/overlay", what).with_help("write `overlay: 1.0.0`"));
        }
        None => {
            let what = "is not an overlay: it has no text `overlay` at the top";
            return Err(Problem::in_file(path, what).with_help("begin it with `overlay: 1.0.0`"));
        }
    }
    if let Some(key) = unknown(&overlay.value, &KEYS) {
        return Err(Problem::at(
            &overlay,
            &format!("/{key}"),
            format!("`{key}` is not a key of an overlay"),
        )
        .with_help(format!("remove it; the keys are {}", KEYS.join(", "))));
    }
    if !overlay.value.get("actions").is_some_and(Value::is_array) {
        return Err(
            Problem::at(&overlay, "/actions", "an overlay needs a list of `actions`")
                .with_help("write `actions:`, and each action below it after `- `"),
        );
    }
    Ok(overlay)
}

/// Applies all actions in their order.
///
/// # Errors
/// Returns an error if an action is malformed, finds nothing or changes nothing. The earlier actions may
/// have changed the document.
pub(crate) fn apply(document: &mut Document, overlay: &Document) -> Result<(), Problem> {
    document.spelling = source::spelling(document);
    let spelling = source::spelling(overlay);
    let spelling = spelling.step("actions");
    let actions = overlay.value.get("actions").and_then(Value::as_array);
    for (index, action) in actions.into_iter().flatten().enumerate() {
        let spelling = spelling.step(&index.to_string()).step("update");
        let action = Action::read(overlay, index, action, spelling)?;
        action.apply(document)?;
    }
    // An action may give a type to values that the contract or an earlier action has.
    let Document {
        value, spelling, ..
    } = document;
    spelling::keep(value, spelling).map_err(|found| {
        let line = document.line_of(&found.pointer);
        found.problem(&document.path).with_line(line)
    })
}

/// The change at each location that the target finds.
enum Change<'a> {
    Update(&'a Value),
    Remove,
}

struct Action<'a> {
    overlay: &'a Document,
    index: usize,
    target: &'a str,
    path: JsonPath,
    /// The alternatives if the target lists several: each selector, and the path with only that selector.
    alternatives: Vec<(String, JsonPath)>,
    change: Change<'a>,
    /// The spelling of the values of an update.
    spelling: &'a Spelling,
}

impl<'a> Action<'a> {
    fn read(
        overlay: &'a Document,
        index: usize,
        action: &'a Value,
        spelling: &'a Spelling,
    ) -> Result<Self, Problem> {
        let pointer = format!("/actions/{index}");
        let problem =
            |what: String| Problem::at(overlay, &pointer, format!("action {}: {what}", index + 1));
        if let Some(key) = unknown(action, &ACTION_KEYS) {
            let help = format!("remove it; the keys are {}", ACTION_KEYS.join(", "));
            return Err(problem(format!("`{key}` is not a key of an action")).with_help(help));
        }
        let Some(target) = action.get("target").and_then(Value::as_str) else {
            return Err(
                problem("it has no target".to_owned()).with_help("write a JSONPath in `target`")
            );
        };
        let reason = action
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if reason.trim().is_empty() {
            return Err(
                problem(format!("it gives no reason for changing `{target}`"))
                    .with_help("write the reason in `description`"),
            );
        }
        let parsed = |path: &str| {
            JsonPath::parse(path).map_err(|error| {
                problem(format!("`{path}` is not a JSONPath: {error}")).with_help(
                    "write it as RFC 9535 defines it, such as `$.info` or `$.paths['/a'].get`",
                )
            })
        };
        let path = parsed(target)?;
        let alternatives = alternatives(target).into_iter();
        let alternatives = alternatives
            .map(|alternative| Ok((alternative.selector, parsed(&alternative.path)?)))
            .collect::<Result<_, _>>()?;
        let change = match (action.get("update"), action.get("remove")) {
            (Some(update), None | Some(Value::Bool(false))) => Change::Update(update),
            (None, Some(Value::Bool(true))) => Change::Remove,
            _ => {
                let what = format!("it must have either `update` or `remove: true` for `{target}`");
                return Err(problem(what).with_help("write one of the two"));
            }
        };
        Ok(Self {
            overlay,
            index,
            target,
            path,
            alternatives,
            change,
            spelling,
        })
    }

    fn apply(&self, document: &mut Document) -> Result<(), Problem> {
        let mut places = found(&self.path, &document.value);
        if places.is_empty() {
            return Err(self.stale("finds nothing in the contract"));
        }
        let alternatives = self.alternatives.iter();
        let listed: Vec<_> = alternatives
            .map(|(selector, path)| (selector, found(path, &document.value)))
            .collect();
        let mut changed = BTreeSet::new();
        match self.change {
            Change::Update(update) => {
                for place in &places {
                    if self.update(document, update, place)? {
                        changed.insert(place);
                    }
                }
            }
            Change::Remove => {
                // Later items of a list first, because removing an earlier item would move them.
                places.sort_by_key(|place| std::cmp::Reverse(order(place)));
                for place in &places {
                    if remove(&mut document.value, place) {
                        changed.insert(place);
                    }
                    let (parent, last) = place.rsplit_once('/').unwrap_or_default();
                    if let Some(around) = document.spelling.at_mut(parent, &document.value) {
                        around.remove(&unescape(last));
                    }
                }
            }
        }
        if changed.is_empty() {
            return Err(self.stale("changes nothing: the contract already has this content"));
        }
        for (selector, places) in listed {
            if places.is_empty() {
                return Err(self.stale(&format!("finds nothing for `{selector}`")));
            }
            if !places.iter().any(|place| changed.contains(place)) {
                return Err(self.stale(&format!("changes nothing for `{selector}`")));
            }
        }
        Ok(())
    }

    fn update(
        &self,
        document: &mut Document,
        update: &Value,
        place: &str,
    ) -> Result<bool, Problem> {
        let Some(before) = document.value.pointer(place) else {
            return Ok(false);
        };
        // A value that the contract has as a text is the same number in the update, before its type is known.
        let before = (*self.spelling != Spelling::None).then(|| before.clone());
        let spelling = document.spelling.at_mut(place, &document.value);
        let (Some(target), Some(spelling)) = (document.value.pointer_mut(place), spelling) else {
            return Ok(false);
        };
        let changed = match (&mut *target, update) {
            (Value::Array(list), update) => {
                if let Some(spelling) = spelling.item_mut(list.len()) {
                    *spelling = self.spelling.clone();
                }
                list.push(update.clone());
                true
            }
            (Value::Object(map), Value::Object(update)) => {
                merge(map, update, (spelling, self.spelling))
            }
            (target, _) => {
                let what = if target.is_object() {
                    format!("{place} is a mapping, which only a mapping can update")
                } else {
                    format!(
                        "finds a plain value at {place}, but only mappings and lists can be updated"
                    )
                };
                return Err(self
                    .problem(&what)
                    .with_help("use the mapping around it as the target"));
            }
        };
        let Some(before) = before else {
            return Ok(changed);
        };
        let spelling = spelling.clone();
        if let Err(found) = spelling::keep_at(&mut document.value, place, &spelling) {
            let mut inner = steps(found.pointer.get(place.len()..).unwrap_or_default());
            if before.is_array() {
                inner.next();
            }
            let own = inner.fold(self.spelling, |spelling, step| spelling.step(&step));
            // The other values are checked after all actions.
            if *own != Spelling::None {
                let line = self
                    .overlay
                    .line_of(&format!("/actions/{}/update", self.index));
                return Err(found.problem(&self.overlay.path).with_line(line));
            }
        }
        Ok(document.value.pointer(place) != Some(&before))
    }

    fn stale(&self, what: &str) -> Problem {
        self.problem(what)
            .with_help("upstream may have changed: remove the action, or correct its target")
    }

    fn problem(&self, what: &str) -> Problem {
        let what = format!("action {}: `{}` {what}", self.index + 1, self.target);
        Problem::at(self.overlay, &format!("/actions/{}", self.index), what)
    }
}

/// The JSON pointers of the nodes that a path finds.
fn found(path: &JsonPath, document: &Value) -> Vec<String> {
    let found = path.query_located(document);
    found
        .locations()
        .map(|place| place.to_json_pointer())
        .collect()
}

fn unknown<'a>(value: &'a Value, known: &[&str]) -> Option<&'a str> {
    let keys = value
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str);
    keys.into_iter()
        .find(|key| !known.contains(key) && !key.starts_with("x-"))
}

/// Mappings are merged, lists are appended to, everything else is replaced. The spellings are those of the mapping and
/// of the update.
fn merge(
    map: &mut Map<String, Value>,
    update: &Map<String, Value>,
    (spelling, of_update): (&mut Spelling, &Spelling),
) -> bool {
    let mut changed = false;
    for (key, new) in update {
        let of_new = of_update.step(key);
        let Some(spelling) = spelling.member_mut(key) else {
            continue;
        };
        changed |= match (map.get_mut(key), new) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new, (spelling, of_new)),
            (Some(Value::Array(old)), Value::Array(new)) => {
                for (index, item) in new.iter().enumerate() {
                    if let Some(spelling) = spelling.item_mut(old.len()) {
                        *spelling = of_new.step(&index.to_string()).clone();
                    }
                    old.push(item.clone());
                }
                !new.is_empty()
            }
            (Some(old), new) if old == new && *of_new == Spelling::None => false,
            _ => {
                *spelling = of_new.clone();
                map.insert(key.clone(), new.clone());
                true
            }
        };
    }
    changed
}

pub(crate) fn remove(document: &mut Value, place: &str) -> bool {
    let Some((parent, last)) = place.rsplit_once('/') else {
        return false;
    };
    let last = unescape(last);
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => map.shift_remove(&last).is_some(),
        Some(Value::Array(list)) => match last.parse::<usize>() {
            Ok(index) if index < list.len() => {
                list.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// Orders pointers so that the items of one list are sorted by number.
fn order(place: &str) -> Vec<(usize, String)> {
    place
        .split('/')
        .map(|step| (step.parse().unwrap_or(usize::MAX), step.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests;
