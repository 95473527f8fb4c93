//! Lookups in the JSON of a schema.

use serde_json::{Map, Value, json};

pub(super) fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

pub(super) fn list<'a>(schema: &'a Value, keyword: &str) -> Option<&'a Vec<Value>> {
    schema.get(keyword).and_then(Value::as_array)
}

/// Adds values to the list of a keyword that it does not have yet.
pub(super) fn extend(target: &mut Map<String, Value>, keyword: &str, more: &[Value]) {
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
