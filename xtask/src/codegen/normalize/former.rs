//! Rule: a renamed operation or schema keeps its earlier names, as long as nothing else has them.
//!
//! `import` writes the extensions `x-formerIds` of an operation and `x-formerNames` of a schema. The
//! module `enums` reads other spellings of a value.

use std::collections::BTreeSet;

use serde_json::Value;

use super::names;
use crate::codegen::model::Normalized;
use crate::contract::Document;

/// Finds the earlier names of operations and schemas.
pub(crate) fn apply(document: &Document, normalized: &mut Normalized) {
    let listed = |pointer: &str, extension: &str| -> Vec<String> {
        let value = document.value.pointer(pointer);
        let listed = value.and_then(|value| value.get(extension)?.as_array());
        let texts = listed.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let operations = normalized.operations.iter();
    let mut methods: BTreeSet<String> = operations
        .flat_map(|one| [one.method_name.clone(), one.type_name.clone()])
        .collect();
    for operation in &mut normalized.operations {
        for id in listed(&operation.pointer, "x-formerIds") {
            let (method, marker) = (names::value_name(&id), names::type_name(&id));
            if !methods.contains(&method) && !methods.contains(&marker) {
                methods.extend([method.clone(), marker.clone()]);
                operation.former.push((method, marker));
            }
        }
    }
    let mut types: BTreeSet<String> = normalized.schemas.keys().cloned().collect();
    // The pointer of each renamed schema, its type and the types that it was before.
    let mut renamed: Vec<(String, String, Vec<String>)> = Vec::new();
    for (current, schema) in &mut normalized.schemas {
        let whole = whole(&schema.pointer);
        let former = listed(whole, "x-formerNames");
        let former: Vec<String> = former.iter().map(|name| names::type_name(name)).collect();
        if !former.is_empty() {
            renamed.push((format!("{whole}/"), current.clone(), former.clone()));
        }
        for name in former {
            if types.insert(name.clone()) {
                schema.former.push(name);
            }
        }
    }
    // An inline schema is named after the schema that contains it.
    for (current, schema) in &mut normalized.schemas {
        let inside = renamed.iter();
        let inside = inside.filter(|(pointer, owner, _)| {
            schema.pointer.starts_with(pointer.as_str()) && owner != current
        });
        for (_, owner, names) in inside {
            let Some(rest) = current.strip_prefix(owner.as_str()) else {
                continue;
            };
            for name in names {
                let name = format!("{name}{rest}");
                if types.insert(name.clone()) {
                    schema.former.push(name);
                }
            }
        }
    }
}

/// Returns the pointer of a schema, given the one of its list of members.
pub(crate) fn whole(pointer: &str) -> &str {
    let lists = ["/oneOf", "/anyOf"];
    let found = lists.iter().find_map(|list| pointer.strip_suffix(list));
    found.unwrap_or(pointer)
}
