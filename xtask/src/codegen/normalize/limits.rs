//! Limits of values, as sentences.
//!
//! The types do not enforce limits: with constrained types, responses could not be decoded after the API has
//! relaxed a limit. So `minimum`, `maxLength` and the like become documentation.

use serde_json::{Map, Value};

use crate::codegen::doc::Line;

/// The limits that are numbers: the keyword, the sentence around the number, and a number that limits nothing.
const NUMBERS: [(&str, &str, &str, Option<u64>); 7] = [
    ("multipleOf", "A multiple of ", ".", Some(1)),
    ("minLength", "At least ", " characters.", Some(0)),
    ("maxLength", "At most ", " characters.", None),
    ("minItems", "At least ", " items.", Some(0)),
    ("maxItems", "At most ", " items.", None),
    ("minProperties", "At least ", " properties.", Some(0)),
    ("maxProperties", "At most ", " properties.", None),
];

/// One sentence for each limit that the schema states.
pub(crate) fn sentences(map: &Map<String, Value>) -> Vec<Line> {
    let number = |key: &str| map.get(key).filter(|value| value.is_number());
    let stated = |before: &str, value: &Value, after: &str| {
        Line::new(before).text(&value.to_string()).text(after)
    };
    // An exclusive limit is a number since 3.1, and before that a flag beside the other one.
    let bound = |inclusive: &str, exclusive: &str, [at, beyond]: [&str; 2]| {
        let is_excluded = map.get(exclusive) == Some(&Value::Bool(true));
        match (number(exclusive), number(inclusive)) {
            (Some(value), _) => Some(stated(beyond, value, ".")),
            (None, Some(value)) => Some(stated(if is_excluded { beyond } else { at }, value, ".")),
            (None, None) => None,
        }
    };
    let lower = ["At least ", "Greater than "];
    let upper = ["At most ", "Less than "];
    let mut found = Vec::new();
    found.extend(bound("minimum", "exclusiveMinimum", lower));
    found.extend(bound("maximum", "exclusiveMaximum", upper));
    for (key, before, after, nothing) in NUMBERS {
        let value = number(key).filter(|value| nothing.is_none() || value.as_u64() != nothing);
        found.extend(value.map(|value| stated(before, value, after)));
        if key == "maxLength" {
            let pattern = map.get("pattern").and_then(Value::as_str);
            found.extend(pattern.map(|pattern| Line::new("Matches ").code(pattern).text(".")));
        }
        if key == "maxItems" && map.get("uniqueItems") == Some(&Value::Bool(true)) {
            found.push(Line::new("No two items are equal."));
        }
    }
    let values = map.get("enum").and_then(Value::as_array);
    let values = values.into_iter().flatten();
    let mut values = values.filter(|value| !value.is_null()).peekable();
    if values.peek().is_some() && values.clone().all(Value::is_number) {
        let told = values.map(Value::to_string);
        found.push(Line::new("One of ").listed(told).text("."));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::codegen::doc::Doc;

    fn of(schema: Value) -> Vec<String> {
        let limits = schema.as_object().map(sentences).unwrap_or_default();
        limits
            .into_iter()
            .map(|line| Doc::of(line).text())
            .collect()
    }

    #[test]
    fn limits_become_sentences() {
        assert_eq!(
            of(json!({"minimum": 1, "maximum": 10, "exclusiveMaximum": true})),
            ["At least 1.", "Less than 10."]
        );
        assert_eq!(
            of(json!({"minLength": 0, "maxLength": 255, "pattern": "^a$"})),
            ["At most 255 characters.", "Matches `^a$`."]
        );
        assert_eq!(of(json!({"exclusiveMinimum": 0})), ["Greater than 0."]);
    }

    #[test]
    fn the_values_of_a_numeric_enum_are_listed_and_those_of_a_text_enum_are_not() {
        assert_eq!(of(json!({"enum": [1, 2]})), ["One of `1`, `2`."]);
        assert!(of(json!({"enum": ["A"]})).is_empty());
    }
}
