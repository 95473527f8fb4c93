//! Changes of operations: methods, their arguments, setters, results and requests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::texts::{
    argument_renamed, argument_replaced, arguments_reordered, default_changed, limits_changed,
    moved, of_area,
};
use super::{Argument, Found, arguments, places};
use crate::codegen::model::{Encoding, Location, OperationModel, ParameterModel, Shape, Style};
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
                .normalized
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
        let key = (now.area.as_str(), subject.as_str());
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
            let phrase = Phrase::of(subject.as_str()).words(" is deprecated now");
            found.add(
                rules::OPERATION_DEPRECATED,
                key,
                phrase,
                pointers.0.clone(),
                pointers.1.clone(),
            );
        } else if method.is_deprecated && !now.is_deprecated {
            let phrase = Phrase::of(subject.as_str()).words(" is no longer deprecated");
            found.add(
                rules::OPERATION_REVIVED,
                key,
                phrase,
                pointers.0.clone(),
                pointers.1.clone(),
            );
        }
        if let Some(phrase) = moved(&subject, of_area(&method.area), of_area(&now.area)) {
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
    let placeholder = |operation: &OperationModel, argument: &str| {
        let mut parameters = operation.parameters.iter();
        let index = parameters.position(|one| is_of(one, argument))?;
        let parameter = operation.parameters.get(index)?;
        (parameter.location == Location::Path).then_some(index)
    };
    // A name in a path stands for its position.
    let is_same = |was: &str, is: &str| {
        let index = placeholder(old_operation, was);
        index.is_some() && index == placeholder(new_operation, is)
    };
    for argument in arguments(&was.arguments, &is.arguments, &is_same) {
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
                let phrase = argument_renamed(&subject, was, is);
                let (old, new) = (at(was).0, at(is).1);
                found.add(rules::ARGUMENT_RENAMED, key, phrase, old, new);
                continue;
            }
            Argument::Replaced(was, is, ty) => {
                let phrase = argument_replaced(&subject, was, is, ty);
                let (old, new) = (at(was).0, at(is).1);
                found.add(rules::ARGUMENT_REPLACED, key, phrase, old, new);
                continue;
            }
            Argument::Reordered => {
                let phrase = arguments_reordered(&subject, &is.arguments);
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
                .words(" is deprecated now");
            found.add(rules::SETTER_DEPRECATED, key, phrase, old, new);
        } else if was.is_deprecated && !is.is_deprecated {
            let phrase = Phrase::of(subject)
                .words(": the parameter of the setter ")
                .code(name)
                .words(" is no longer deprecated");
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

/// Compares requests and responses, which a compiler does not check.
fn wire(found: &mut Found<'_>, key: (&str, &str), was: &OperationModel, is: &OperationModel) {
    let (_, subject) = key;
    let both = || places(&was.pointer, &is.pointer);
    if !same_request(was, is) {
        let phrase = Phrase::of(subject)
            .words(" sent ")
            .code(request(was))
            .words(" and sends ")
            .code(request(is));
        let before = found.old.normalized.operations.iter();
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
    // The documentation of a parameter states its default and its limits.
    let mut told = BTreeSet::new();
    for parameter in &is.parameters {
        let mut known = was.parameters.iter();
        if let Some(before) = known.find(|known| known.rust_name == parameter.rust_name)
            && self::parameter(found, key, (was, before), (is, parameter))
        {
            told.insert(parameter.name.clone());
        }
    }
    credentials(found, key, was, is);
    bodies(found, key, was, is);
    let media = |one: &OperationModel| {
        let body = one.body.as_ref().map(|body| body.content_type.clone());
        let success = &one.success;
        let read = match success.accept.as_slice() {
            [] => success.content_type.clone().unwrap_or_default(),
            asked => asked.join(", "),
        };
        (body.unwrap_or_default(), read)
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
    let (before, after) = (statuses(found.old, was), statuses(found.new, is));
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
            !told.contains(name)
                && old_texts
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

/// The statuses that an operation declares. Bodies of errors are not compared: the client has no types for them.
fn statuses(side: &Side, operation: &OperationModel) -> BTreeSet<String> {
    let declared = side.at(&format!("{}/responses", operation.pointer));
    let declared = declared.and_then(Value::as_object).into_iter().flatten();
    let statuses = declared.filter(|(status, _)| !status.starts_with("x-"));
    statuses
        .map(|(status, _)| status.to_ascii_uppercase().replace("DEFAULT", "default"))
        .collect()
}

/// Compares the facts of a parameter beside its type. Returns whether a fact that its text names differs.
fn parameter(
    found: &mut Found<'_>,
    key: (&str, &str),
    (was_of, was): (&OperationModel, &ParameterModel),
    (is_of, is): (&OperationModel, &ParameterModel),
) -> bool {
    let (_, subject) = key;
    let (old, new) = (found.old, found.new);
    let old_place = old.parameter(was_of, was.location.name(), &was.name);
    let new_place = new.parameter(is_of, is.location.name(), &is.name);
    let path = format!("{subject}: {}", is.rust_name.trim_start_matches("r#"));
    let mut add = |rule, phrase| {
        let (old, new) = places(&old_place, &new_place);
        found.add(rule, key, phrase, old, new);
    };
    // Another number of values is another type, which is a change of its own.
    let is_comparable = was.shape == is.shape || [was.shape, is.shape].contains(&Shape::Document);
    let shown = |one: &ParameterModel| {
        let place = format!("{} {}", one.location.name(), one.name);
        match is_comparable {
            true => format!("{place} ({})", written(one)),
            false => place,
        }
    };
    if shown(was) != shown(is) {
        let phrase = Phrase::of(subject)
            .words(" sent ")
            .code(shown(was))
            .words(" and sends ")
            .code(shown(is));
        let place = |one: &ParameterModel| (one.location, one.name.clone());
        let mut others = was_of.parameters.iter();
        let other = others.find(|other| place(other) == place(is) && place(other) != place(was));
        match other {
            Some(other) => {
                let phrase = phrase.words(", as ").code(&other.rust_name).words(" did");
                add(rules::PARAMETER_REPLACED, phrase);
            }
            None => add(rules::PARAMETER_WIRE_CHANGED, phrase),
        }
    }
    let (was_schema, is_schema) = (old.schema_of(&old_place), new.schema_of(&new_place));
    let (before, after) = (old.default(&was_schema), new.default(&is_schema));
    let has_default_changed = before != after;
    if has_default_changed {
        add(
            rules::DEFAULT_CHANGED,
            default_changed(&path, before, after),
        );
    }
    let limits = (was.ty == is.ty)
        .then(|| limits_changed(&path, &old.limits(&was_schema), &new.limits(&is_schema)));
    match limits.flatten() {
        Some(phrase) => {
            add(rules::LIMIT_CHANGED, phrase);
            true
        }
        None => has_default_changed,
    }
}

/// Compares how the bodies of a request are written, beside their types, and the limits on the first one.
fn bodies(found: &mut Found<'_>, key: (&str, &str), was: &OperationModel, is: &OperationModel) {
    let (Some(before), Some(after)) = (&was.body, &is.body) else {
        return;
    };
    let (_, subject) = key;
    let (old, new) = (found.old, found.new);
    let place = |one: &OperationModel| format!("{}/requestBody", one.pointer);
    let (old_place, new_place) = (place(was), place(is));
    let mut add = |rule, phrase| {
        let (old, new) = places(&old_place, &new_place);
        found.add(rule, key, phrase, old, new);
    };
    let mut pairs = vec![(&before.encodings, &after.encodings)];
    for alternative in &after.alternatives {
        let mut known = before.alternatives.iter();
        let Some(known) = known.find(|known| known.rust_name == alternative.rust_name) else {
            continue;
        };
        pairs.push((&known.encodings, &alternative.encodings));
        if known.content_type != alternative.content_type {
            let phrase = Phrase::of(subject)
                .words(": the setter ")
                .code(&alternative.rust_name)
                .words(" sent ")
                .code(&known.content_type)
                .words(" and sends ")
                .code(&alternative.content_type);
            add(rules::CONTENT_TYPE_CHANGED, phrase);
        }
    }
    for (before, after) in pairs {
        let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) = (
            before.iter().cloned().collect(),
            after.iter().cloned().collect(),
        );
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let shown = |one: Option<&Encoding>| match one {
                None => "in the form of its type".to_owned(),
                Some(Encoding::Json) => "as JSON".to_owned(),
                Some(Encoding::Styled(style)) => format!("as {}", style_name(*style, Shape::List)),
            };
            let (was, is) = (before.get(name), after.get(name));
            if was != is {
                let phrase = Phrase::of(subject)
                    .words(" sent the form field ")
                    .code(name)
                    .words(&format!(" {} and sends it {}", shown(was), shown(is)));
                add(rules::PARAMETER_WIRE_CHANGED, phrase);
            }
        }
    }
    if before.ty == after.ty && before.content_type == after.content_type {
        let limits = |side: &Side, place: &str| side.limits_of_body(place, &after.content_type);
        let path = format!("{subject}: body");
        let (was, is) = (limits(old, &old_place), limits(new, &new_place));
        if let Some(phrase) = limits_changed(&path, &was, &is) {
            add(rules::LIMIT_CHANGED, phrase);
        }
    }
}

/// How the value of a parameter is written.
fn written(parameter: &ParameterModel) -> String {
    match parameter.shape {
        Shape::Document => "JSON".to_owned(),
        shape => style_name(parameter.style, shape),
    }
}

/// The name of a style, for a value of this shape.
fn style_name(style: Style, shape: Shape) -> String {
    let (style, explode) = match style {
        Style::Simple { explode } => ("simple", explode),
        Style::Form { explode } => ("form", explode),
        Style::Space => ("spaceDelimited", false),
        Style::Pipe => ("pipeDelimited", false),
        Style::Deep => ("deepObject", false),
        Style::Label { explode } => ("label", explode),
        Style::Matrix { explode } => ("matrix", explode),
    };
    // A single value has nothing to explode.
    match explode && shape != Shape::One {
        true => format!("{style}, exploded"),
        false => style.to_owned(),
    }
}

/// Compares the credentials of an operation, as far as they differ from those of all operations.
fn credentials(
    found: &mut Found<'_>,
    key: (&str, &str),
    was: &OperationModel,
    is: &OperationModel,
) {
    let own = |side: &Side, one: &OperationModel| {
        let pointer = format!("{}/security", one.pointer);
        side.at(&pointer).cloned().map(|value| (pointer, value))
    };
    let (old, new) = (own(found.old, was), own(found.new, is));
    let all = |side: &Side, own: &Option<(String, Value)>| match own {
        Some((_, value)) => value.clone(),
        None => side.at("/security").cloned().unwrap_or_else(|| json!([])),
    };
    let (before, after) = (all(found.old, &old), all(found.new, &new));
    if before != after && (old.is_some() || new.is_some()) {
        let phrase = Phrase::of(key.1)
            .words(" asked for the credentials ")
            .code(before.to_string())
            .words(" and asks for ")
            .code(after.to_string());
        let place = |own: Option<(String, Value)>, one: &OperationModel| {
            Some(own.map_or_else(|| one.pointer.clone(), |(pointer, _)| pointer))
        };
        let (old, new) = (place(old, was), place(new, is));
        found.add(rules::CREDENTIALS_CHANGED, key, phrase, old, new);
    }
}

/// Whether a parameter has this argument or setter.
fn is_of(parameter: &ParameterModel, argument: &str) -> bool {
    let name = parameter.rust_name.trim_start_matches("r#");
    name == argument || name == argument.trim_end_matches('_')
}

/// Returns the pointer of an argument or a setter.
fn place(side: &Side, operation: &OperationModel, argument: &str) -> Option<String> {
    let mut parameters = operation.parameters.iter();
    if let Some(parameter) = parameters.find(|one| is_of(one, argument)) {
        return Some(side.parameter(operation, parameter.location.name(), &parameter.name));
    }
    let is_body = argument.starts_with("body") && operation.body.is_some();
    is_body.then(|| format!("{}/requestBody", operation.pointer))
}
