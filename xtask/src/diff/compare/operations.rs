//! Changes of operations: methods, their arguments, setters, results and requests.

use std::collections::{BTreeMap, BTreeSet};

use super::{Argument, Found, arguments, places};
use crate::codegen::model::{OperationModel, ParameterModel};
use crate::diff::phrase::Phrase;
use crate::diff::rules;
use crate::diff::side::Side;
use crate::diff::surface::{Call, Setter};

pub(super) fn compare(found: &mut Found<'_>) {
    let (old, new) = (found.old, found.new);
    let mut matched: BTreeSet<String> = BTreeSet::new();
    for (name, method) in &found.before.methods {
        let Some(was) = old.operation(name) else {
            continue;
        };
        let subject = format!("Client::{name}");
        let key = (method.area.as_str(), subject.as_str());
        let Some(now) = new.surface.methods.get(name) else {
            let moved = new
                .normalised
                .operations
                .iter()
                .find(|other| same_request(was, other));
            match moved.filter(|other| !found.before.methods.contains_key(&other.method_name)) {
                Some(other) => {
                    let phrase = Phrase::of(subject.as_str())
                        .words(" is ")
                        .code(format!("Client::{}", other.method_name))
                        .words(" now");
                    found.add(
                        rules::OPERATION_RENAMED,
                        key,
                        phrase,
                        Some(was.pointer.clone()),
                        Some(other.pointer.clone()),
                    );
                    matched.insert(other.method_name.clone());
                    pair(found, name, &other.method_name);
                }
                None => {
                    let phrase = Phrase::of(subject.as_str())
                        .words(" is gone: ")
                        .code(request(was));
                    found.add(
                        rules::OPERATION_REMOVED,
                        key,
                        phrase,
                        Some(was.pointer.clone()),
                        None,
                    );
                }
            }
            continue;
        };
        let Some(is) = new.operation(name) else {
            continue;
        };
        let pointers = (Some(was.pointer.clone()), Some(is.pointer.clone()));
        if was.method_name == *name && is.method_name != *name {
            let phrase = Phrase::of(subject.as_str())
                .words(" is ")
                .code(format!("Client::{}", is.method_name))
                .words(" now");
            found.add(
                rules::OPERATION_ALIASED,
                key,
                phrase,
                pointers.0.clone(),
                pointers.1.clone(),
            );
            matched.insert(is.method_name.clone());
        } else if now.is_deprecated && !method.is_deprecated {
            let phrase = Phrase::of(subject.as_str()).words(" is no longer published");
            found.add(
                rules::OPERATION_DEPRECATED,
                key,
                phrase,
                pointers.0.clone(),
                pointers.1.clone(),
            );
        } else if method.is_deprecated && !now.is_deprecated {
            let phrase = Phrase::of(subject.as_str()).words(" is published again");
            found.add(
                rules::OPERATION_REVIVED,
                key,
                phrase,
                pointers.0.clone(),
                pointers.1.clone(),
            );
        }
        if method.area != now.area {
            let phrase = Phrase::of(subject.as_str())
                .words(" was behind the feature ")
                .code(&method.area)
                .words(" and is behind ")
                .code(&now.area);
            found.add(rules::OPERATION_MOVED, key, phrase, pointers.0, pointers.1);
        }
        pair(found, name, name);
    }
    for (name, method) in &new.surface.methods {
        let is_known = found.before.methods.contains_key(name) || matched.contains(name);
        let Some(operation) = new.operation(name).filter(|_| !is_known) else {
            continue;
        };
        let subject = format!("Client::{name}");
        let phrase = Phrase::of(subject.as_str())
            .words(" is new: ")
            .code(request(operation));
        found.add(
            rules::OPERATION_ADDED,
            (&method.area, &subject),
            phrase,
            None,
            Some(operation.pointer.clone()),
        );
    }
}

/// Whether two operations are one: the same method and path, whatever the path calls its parameters.
fn same_request(one: &OperationModel, other: &OperationModel) -> bool {
    let plain = |path: &str| {
        let mut out = String::new();
        let mut inside = false;
        for c in path.chars() {
            inside = (inside || c == '{') && c != '}';
            if !inside || c == '{' {
                out.push(c);
            }
        }
        out
    };
    one.http_method == other.http_method && plain(&one.path) == plain(&other.path)
}

fn request(operation: &OperationModel) -> String {
    format!("{} {}", operation.http_method, operation.path)
}

/// Compares a method with the one that replaced it.
fn pair(found: &mut Found<'_>, old_name: &str, new_name: &str) {
    let (old, new) = (found.old, found.new);
    let (Some(was), Some(is)) = (
        found.before.methods.get(old_name),
        new.surface.methods.get(new_name),
    ) else {
        return;
    };
    let (Some(old_operation), Some(new_operation)) =
        (old.operation(old_name), new.operation(new_name))
    else {
        return;
    };
    let subject = format!("Client::{new_name}");
    let key = (is.area.as_str(), subject.as_str());
    let none = Call::default();
    let before = found.before.calls.get(&was.marker).unwrap_or(&none);
    let after = new.surface.calls.get(&is.marker).unwrap_or(&none);
    let at = |argument: &str| {
        (
            place(old, old_operation, argument),
            place(new, new_operation, argument),
        )
    };
    let both = || places(&old_operation.pointer, &new_operation.pointer);

    let mut passed = BTreeSet::new();
    for argument in arguments(&was.arguments, &is.arguments) {
        let (rule, phrase, name) = match &argument {
            Argument::Added(name, ty) if before.setters.contains_key(name) => {
                passed.insert(name.clone());
                let phrase = Phrase::of(subject.as_str())
                    .words(" takes ")
                    .code(format!("{name}: {ty}"))
                    .words(", which was a setter");
                (rules::PARAMETER_REQUIRED, phrase, name)
            }
            Argument::Added(name, ty) => {
                let phrase = Phrase::of(subject.as_str())
                    .words(" takes a new argument ")
                    .code(format!("{name}: {ty}"));
                (rules::ARGUMENT_ADDED, phrase, name)
            }
            Argument::Removed(name, ty) if after.setters.contains_key(name) => {
                passed.insert(name.clone());
                let phrase = Phrase::of(subject.as_str())
                    .words(" no longer takes ")
                    .code(format!("{name}: {ty}"))
                    .words(", which is a setter now");
                (rules::PARAMETER_OPTIONAL, phrase, name)
            }
            Argument::Removed(name, ty) => {
                let phrase = Phrase::of(subject.as_str())
                    .words(" no longer takes ")
                    .code(format!("{name}: {ty}"));
                (rules::ARGUMENT_REMOVED, phrase, name)
            }
            Argument::Retyped(name, was, is) => {
                let phrase = Phrase::of(subject.as_str())
                    .words(": the argument ")
                    .code(name)
                    .words(" was ")
                    .code(was)
                    .words(" and is ")
                    .code(is);
                (rules::ARGUMENT_TYPE_CHANGED, phrase, name)
            }
            Argument::Renamed(was, is) => {
                let phrase = Phrase::of(subject.as_str())
                    .words(": the argument ")
                    .code(was)
                    .words(" is called ")
                    .code(is);
                (rules::ARGUMENT_RENAMED, phrase, is)
            }
            Argument::Reordered => {
                let phrase =
                    Phrase::of(subject.as_str()).words(": the arguments have another order");
                let (old, new) = both();
                found.add(rules::ARGUMENTS_REORDERED, key, phrase, old, new);
                continue;
            }
        };
        let (old, new) = at(name);
        found.add(rule, key, phrase, old, new);
    }
    setters(found, key, (&before.setters, &after.setters), &passed, &at);
    if before.output != after.output {
        let phrase = Phrase::of(subject.as_str())
            .words(" gave ")
            .code(&before.output)
            .words(" and gives ")
            .code(&after.output);
        let response =
            |operation: &OperationModel| Some(format!("{}/responses", operation.pointer));
        found.add(
            rules::OUTPUT_CHANGED,
            key,
            phrase,
            response(old_operation),
            response(new_operation),
        );
    }
    wire(found, key, old_operation, new_operation);
}

type Pointers = (Option<String>, Option<String>);

fn setters(
    found: &mut Found<'_>,
    key: (&str, &str),
    (before, after): (&BTreeMap<String, Setter>, &BTreeMap<String, Setter>),
    passed: &BTreeSet<String>,
    at: &dyn Fn(&str) -> Pointers,
) {
    let (_, subject) = key;
    for (name, was) in before.iter().filter(|(name, _)| !passed.contains(*name)) {
        let (old, new) = at(name);
        let Some(is) = after.get(name) else {
            let phrase = Phrase::of(subject)
                .words(": the setter ")
                .code(format!("{name}({})", was.ty))
                .words(" is gone");
            found.add(rules::SETTER_REMOVED, key, phrase, old, None);
            continue;
        };
        if was.ty != is.ty {
            let phrase = Phrase::of(subject)
                .words(": the setter ")
                .code(name)
                .words(" took ")
                .code(&was.ty)
                .words(" and takes ")
                .code(&is.ty);
            found.add(rules::SETTER_TYPE_CHANGED, key, phrase, old, new);
        } else if is.is_deprecated && !was.is_deprecated {
            let phrase = Phrase::of(subject)
                .words(": the parameter of the setter ")
                .code(name)
                .words(" is no longer published");
            found.add(rules::SETTER_DEPRECATED, key, phrase, old, new);
        } else if was.is_deprecated && !is.is_deprecated {
            let phrase = Phrase::of(subject)
                .words(": the parameter of the setter ")
                .code(name)
                .words(" is published again");
            found.add(rules::DOCUMENTATION_CHANGED, key, phrase, old, new);
        }
    }
    for (name, is) in after
        .iter()
        .filter(|(name, _)| !before.contains_key(*name) && !passed.contains(*name))
    {
        let phrase = Phrase::of(subject)
            .words(": new setter ")
            .code(format!("{name}({})", is.ty));
        found.add(rules::SETTER_ADDED, key, phrase, None, at(name).1);
    }
}

/// Compares requests and responses, which no compiler sees.
fn wire(found: &mut Found<'_>, key: (&str, &str), was: &OperationModel, is: &OperationModel) {
    let (_, subject) = key;
    let both = || places(&was.pointer, &is.pointer);
    if !same_request(was, is) {
        let phrase = Phrase::of(subject)
            .words(" sent ")
            .code(request(was))
            .words(" and sends ")
            .code(request(is));
        let before = found.old.normalised.operations.iter();
        let mut before = before.filter(|other| other.pointer != was.pointer);
        let (rule, phrase) = match before.find(|other| same_request(other, is)) {
            Some(other) => (
                rules::OPERATION_REPLACED,
                phrase
                    .words(", as ")
                    .code(format!("Client::{}", other.method_name))
                    .words(" did"),
            ),
            None => (rules::REQUEST_CHANGED, phrase),
        };
        let (old, new) = both();
        found.add(rule, key, phrase, old, new);
    }
    for parameter in &is.parameters {
        let mut known = was.parameters.iter();
        let Some(before) = known.find(|known| known.rust_name == parameter.rust_name) else {
            continue;
        };
        let facts = |one: &ParameterModel| (one.name.clone(), one.location, one.style, one.shape);
        if facts(before) != facts(parameter) {
            let shown = |one: &ParameterModel| {
                format!("{} {} ({:?})", one.location.name(), one.name, one.style)
            };
            let phrase = Phrase::of(subject)
                .words(" sent ")
                .code(shown(before))
                .words(" and sends ")
                .code(shown(parameter));
            let old = found
                .old
                .parameter(was, before.location.name(), &before.name);
            let new = found
                .new
                .parameter(is, parameter.location.name(), &parameter.name);
            found.add(
                rules::PARAMETER_WIRE_CHANGED,
                key,
                phrase,
                Some(old),
                Some(new),
            );
        }
    }
    let media = |one: &OperationModel| {
        let body = one.body.as_ref().map(|body| body.content_type.clone());
        (
            body.unwrap_or_default(),
            one.success.content_type.clone().unwrap_or_default(),
        )
    };
    let ((sent, read), (sends, reads)) = (media(was), media(is));
    for (what, part, before, after) in [
        ("body", "requestBody", sent, sends),
        ("response", "responses", read, reads),
    ] {
        if before != after && !before.is_empty() && !after.is_empty() {
            let phrase = Phrase::of(subject)
                .words(&format!(": the {what} was "))
                .code(before)
                .words(" and is ")
                .code(after);
            let (old, new) = (
                format!("{}/{part}", was.pointer),
                format!("{}/{part}", is.pointer),
            );
            found.add(
                rules::CONTENT_TYPE_CHANGED,
                key,
                phrase,
                Some(old),
                Some(new),
            );
        }
    }
    let statuses = |one: &OperationModel| {
        let failed = one.errors.iter().map(|(status, _)| status.clone());
        one.success
            .statuses
            .iter()
            .cloned()
            .chain(failed)
            .collect::<BTreeSet<_>>()
    };
    let (before, after) = (statuses(was), statuses(is));
    if before != after {
        let list = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join(", ");
        let phrase = Phrase::of(subject)
            .words(" declared the statuses ")
            .code(list(&before))
            .words(" and declares ")
            .code(list(&after));
        let (old, new) = (
            format!("{}/responses", was.pointer),
            format!("{}/responses", is.pointer),
        );
        found.add(rules::STATUSES_CHANGED, key, phrase, Some(old), Some(new));
    }
    let texts = |one: &OperationModel| {
        let parameters = one
            .parameters
            .iter()
            .map(|one| (one.name.clone(), one.description.clone()));
        let body = one.body.as_ref().and_then(|body| body.description.clone());
        (
            one.summary.clone(),
            one.description.clone(),
            body,
            parameters.collect::<Vec<_>>(),
        )
    };
    let (old_texts, new_texts) = (texts(was), texts(is));
    let differ = old_texts.0 != new_texts.0
        || old_texts.1 != new_texts.1
        || old_texts.2 != new_texts.2
        || new_texts.3.iter().any(|(name, text)| {
            old_texts
                .3
                .iter()
                .any(|(known, old)| known == name && old != text)
        });
    if differ {
        let phrase = Phrase::of(subject).words(": the documentation differs");
        let (old, new) = both();
        found.add(rules::DOCUMENTATION_CHANGED, key, phrase, old, new);
    }
}

/// Returns the pointer of an argument or a setter.
fn place(side: &Side, operation: &OperationModel, argument: &str) -> Option<String> {
    let plain = argument.trim_end_matches('_');
    let named = |one: &&ParameterModel| {
        let name = one.rust_name.trim_start_matches("r#");
        name == argument || name == plain
    };
    if let Some(parameter) = operation.parameters.iter().find(named) {
        return Some(side.parameter(operation, parameter.location.name(), &parameter.name));
    }
    let is_body = argument.starts_with("body") && operation.body.is_some();
    is_body.then(|| format!("{}/requestBody", operation.pointer))
}
