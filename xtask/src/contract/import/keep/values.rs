//! The values of enums that only the older layer has.

use serde_json::{Value, json};

use super::super::extensions::{ALIASES, OLD_VALUES};
use super::super::spellings;
use super::json::{extend, list, members};
use super::{Keeper, Root};

/// Keeps values of an enum. A value whose spelling has changed becomes an alias of the new spelling.
pub(super) fn keep(
    keeper: &mut Keeper<'_>,
    root: &Root,
    pointer: &str,
    new: &Value,
    old: &Value,
    place: &str,
) {
    let (Some(values), Some(known)) = (list(old, "enum"), list(new, "enum")) else {
        return;
    };
    let mut respelled: Vec<(String, String)> = aliases(old)
        .filter(|(value, alias)| !known.contains(&json!(alias)) && known.contains(&json!(value)))
        .collect();
    let mut left = Vec::new();
    for value in values.iter().filter(|value| !known.contains(value)) {
        let same = value.as_str().and_then(|text| {
            let texts: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
            spellings::respelled(text, &texts, |other| values.contains(&json!(other)))
        });
        match same {
            Some(other) => {
                let text = value.as_str().unwrap_or_default().to_owned();
                let moved = aliases(old).filter(|(value, _)| *value == text);
                respelled.extend(moved.map(|(_, alias)| (other.to_owned(), alias)));
                respelled.push((other.to_owned(), text));
            }
            None => left.push(value.clone()),
        }
    }
    let kept_aliases: Vec<(String, String)> = aliases(old)
        .filter(|(value, _)| left.contains(&json!(value)))
        .collect();
    respelled.extend(kept_aliases);
    // A spelling that is published again is a value, and no longer an alias.
    respelled.retain(|(_, alias)| !known.contains(&json!(alias)));
    let was_old = |value: &Value, keyword: &str| {
        list(old, keyword).is_some_and(|known| known.contains(value))
    };
    for value in left.iter().filter(|value| !was_old(value, OLD_VALUES)) {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        keeper.kept.insert(format!("{place}: value {value}"));
    }
    let Some(Value::Object(target)) = keeper.at(root, pointer) else {
        return;
    };
    if !left.is_empty() {
        extend(target, "enum", &left);
        extend(target, OLD_VALUES, &left);
    }
    for (value, alias) in respelled {
        let all = target.entry(ALIASES).or_insert_with(|| json!({}));
        if let Some(all) = all.as_object_mut() {
            let known = all.entry(value).or_insert_with(|| json!([]));
            if let Some(known) = known
                .as_array_mut()
                .filter(|known| !known.contains(&json!(alias)))
            {
                known.push(json!(alias));
            }
        }
    }
}

/// Each value with each of its other spellings.
fn aliases(schema: &Value) -> impl Iterator<Item = (String, String)> + '_ {
    members(schema.get(ALIASES)).flat_map(|(value, aliases)| {
        let aliases = aliases
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        aliases.map(|alias| (value.clone(), alias.to_owned()))
    })
}
