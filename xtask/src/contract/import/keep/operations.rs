//! The parameters of operations that only the older layer has, and the schemas of operations to compare.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::operation::Operation;
use super::json::members;
use super::{Comparison, NullCheck, Outcome, Root};
use crate::contract::pointer::escape;

/// Keeps the parameters of an operation that both layers have. Returns the schemas of its parameters and
/// bodies.
pub(super) fn keep(new: &mut Operation, old: &Operation, outcome: &mut Outcome) -> Vec<Comparison> {
    report_required_parameters(new, old, outcome);
    let mut comparisons = parameters(new, old, outcome);
    comparisons.extend(body(new, old, outcome));
    comparisons.extend(responses(new, old, outcome));
    comparisons
}

/// Reports the parameters that are new and required.
fn report_required_parameters(new: &Operation, old: &Operation, outcome: &mut Outcome) {
    let before: BTreeSet<(&str, &str)> = parameters_of(old).map(identity).collect();
    let mut reported = BTreeSet::new();
    for parameter in parameters_of(new) {
        let (location, name) = identity(parameter);
        let is_new = location != "path" && !before.contains(&(location, name));
        // Of two parameters with one name, the first counts.
        if is_new && reported.insert((location, name)) && is_required(Some(parameter)) {
            outcome.lose(&place_of(new, parameter), "is new and required");
        }
    }
}

fn parameters(new: &mut Operation, old: &Operation, outcome: &mut Outcome) -> Vec<Comparison> {
    let key = old.key();
    let mut comparisons = Vec::new();
    for parameter in parameters_of(old) {
        let place = place_of(new, parameter);
        let is_it = |known: &&Value| identity(known) == identity(parameter);
        let own = own_parameters(&new.facts).position(|known| is_it(&known));
        let of_path = new.path_parameters.iter().position(|known| is_it(&known));
        let found = match (own, of_path) {
            (Some(index), _) => {
                Some((Root::Operation(key.clone()), format!("/parameters/{index}")))
            }
            (None, Some(index)) => Some((Root::Path(key.clone()), format!("/{index}"))),
            (None, None) => None,
        };
        if let Some((root, pointer)) = found {
            let is_required_now = is_required(parameters_of(new).find(is_it));
            match (is_required(Some(parameter)), is_required_now) {
                (false, true) => outcome.lose(&place, "is required now"),
                (true, false) => outcome.lose(&place, "is no longer required"),
                _ => {}
            }
            comparisons.extend(schemas_in(
                parameter,
                (&root, &pointer),
                &place,
                NullCheck::Elsewhere,
            ));
            continue;
        }
        // The path decides which ones it has.
        if identity(parameter).0 == "path" {
            continue;
        }
        if is_required(Some(parameter)) {
            outcome.lose(&place, "is no longer published, and no longer required");
        }
        let mut kept = parameter.clone();
        if let Some(kept) = kept.as_object_mut() {
            kept.shift_remove("required");
            kept.insert("deprecated".to_owned(), Value::Bool(true));
        }
        let all = new.facts.entry("parameters").or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            all.push(kept);
        }
        if parameter.get("deprecated").is_none() {
            outcome.kept.insert(place);
        }
    }
    comparisons
}

fn body(new: &Operation, old: &Operation, outcome: &mut Outcome) -> Vec<Comparison> {
    let place = format!("{}: body", new.name());
    let is_required = |body: &Value| body.get("required") != Some(&Value::Bool(false));
    match (old.facts.get("requestBody"), new.facts.get("requestBody")) {
        (None, Some(new)) if is_required(new) => outcome.lose(&place, "is new and required"),
        (Some(_), None) => outcome.lose(&place, "is no longer sent"),
        (Some(old), Some(new)) => {
            match (is_required(old), is_required(new)) {
                (false, true) => outcome.lose(&place, "is required now"),
                (true, false) => outcome.lose(&place, "is no longer required"),
                _ => {}
            }
            for media in missing_media_types(old, new) {
                outcome.lose(&place, format!("is no longer sent as {media}"));
            }
        }
        (None, _) => {}
    }
    let (Some(body), Some(_)) = (old.facts.get("requestBody"), new.facts.get("requestBody")) else {
        return Vec::new();
    };
    let root = Root::Operation(old.key());
    schemas_in(body, (&root, "/requestBody"), &place, NullCheck::Here)
}

/// Whether the successes of an operation have a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bodies {
    /// No success is declared.
    Unknown,
    Never,
    Sometimes,
    Always,
}

impl Bodies {
    /// Says how the result of a call changes, if the media types of its responses do not say so.
    fn change_to(self, new: Self) -> Option<&'static str> {
        match (self, new) {
            (Self::Never, Self::Always) => Some("a success has a body now"),
            (Self::Never, Self::Sometimes) => Some("a success may have a body now"),
            (Self::Always, Self::Sometimes) => Some("a success may have no body now"),
            (Self::Sometimes, Self::Always) => Some("a success always has a body now"),
            _ => None,
        }
    }
}

fn bodies(operation: &Operation) -> Bodies {
    let successes = members(operation.facts.get("responses"));
    let successes = successes.filter(|(code, _)| code.starts_with('2'));
    let mut found = Bodies::Unknown;
    for (_, response) in successes {
        let content = response.get("content").and_then(Value::as_object);
        let one = match content.is_some_and(|content| !content.is_empty()) {
            true => Bodies::Always,
            false => Bodies::Never,
        };
        found = match found {
            Bodies::Unknown => one,
            known if known == one => one,
            _ => Bodies::Sometimes,
        };
    }
    found
}

fn responses(new: &Operation, old: &Operation, outcome: &mut Outcome) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    let known = new.facts.get("responses").and_then(Value::as_object);
    let is_success = |code: &&String| code.starts_with('2');
    let first_success = known.and_then(|known| known.keys().find(is_success));
    if let Some(what) = bodies(old).change_to(bodies(new)) {
        outcome.lose(&format!("{}:", new.name()), what);
    }
    for (code, response) in members(old.facts.get("responses")) {
        let Some(known) = known else { continue };
        // A success that came with another status is the same success.
        let status = if known.contains_key(code) {
            Some(code)
        } else {
            first_success.filter(|_| is_success(&code))
        };
        let Some((status, now)) = status.and_then(|status| known.get_key_value(status)) else {
            continue;
        };
        let place = format!("{}: response {code}", new.name());
        for media in missing_media_types(response, now) {
            outcome.lose(&place, format!("no longer comes as {media}"));
        }
        let pointer = format!("/responses/{}", escape(status));
        let root = Root::Operation(old.key());
        comparisons.extend(schemas_in(
            response,
            (&root, &pointer),
            &place,
            NullCheck::Here,
        ));
    }
    comparisons
}

/// The schemas of a parameter, a body or a response.
fn schemas_in(
    owner: &Value,
    (root, pointer): (&Root, &str),
    place: &str,
    null_check: NullCheck,
) -> Vec<Comparison> {
    let own = owner
        .get("schema")
        .map(|schema| (format!("{pointer}/schema"), schema));
    let of_media_types = members(owner.get("content")).filter_map(|(media, content)| {
        let pointer = format!("{pointer}/content/{}/schema", escape(media));
        Some((pointer, content.get("schema")?))
    });
    own.into_iter()
        .chain(of_media_types)
        .map(|(pointer, old)| Comparison {
            root: root.clone(),
            pointer,
            old: old.clone(),
            place: place.to_owned(),
            null_check,
        })
        .collect()
}

/// The media types that only the older one of two bodies has.
fn missing_media_types<'a>(old: &'a Value, new: &'a Value) -> impl Iterator<Item = &'a String> {
    let media_types = |owner: &'a Value| members(owner.get("content")).map(|(media, _)| media);
    media_types(old).filter(move |media| !media_types(new).any(|other| other == *media))
}

fn place_of(operation: &Operation, parameter: &Value) -> String {
    let (location, name) = identity(parameter);
    format!("{}: {location} parameter {name}", operation.name())
}

fn parameters_of(operation: &Operation) -> impl Iterator<Item = &Value> {
    own_parameters(&operation.facts).chain(&operation.path_parameters)
}

/// The parameters that an operation declares itself.
fn own_parameters(facts: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let declared = facts.get("parameters").and_then(Value::as_array);
    declared.into_iter().flatten()
}

fn identity(parameter: &Value) -> (&str, &str) {
    let text = |key: &str| {
        let text = parameter.get(key).and_then(Value::as_str);
        text.unwrap_or_default()
    };
    (text("in"), text("name"))
}

fn is_required(parameter: Option<&Value>) -> bool {
    parameter.is_some_and(|parameter| parameter.get("required") == Some(&Value::Bool(true)))
}
