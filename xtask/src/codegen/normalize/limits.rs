//! Limits of values, as sentences.
//!
//! The types do not enforce limits: with constrained types, responses could not be decoded after the API has
//! relaxed a limit. So `minimum`, `maxLength` and the like become documentation.

use serde_json::{Map, Value};

use crate::codegen::doc::Line;

/// One sentence for each limit that the schema states.
pub(crate) fn sentences(map: &Map<String, Value>) -> Vec<Line> {
    let number = |key: &str| {
        map.get(key)
            .filter(|value| value.is_number())
            .map(Value::to_string)
    };
    let excluded = |key: &str| map.get(key) == Some(&Value::Bool(true));
    let mut found = Vec::new();
    let lower = number("exclusiveMinimum")
        .map(|value| stated("Greater than ", &value, "."))
        .or_else(|| {
            let value = number("minimum")?;
            Some(if excluded("exclusiveMinimum") {
                stated("Greater than ", &value, ".")
            } else {
                stated("At least ", &value, ".")
            })
        });
    let upper = number("exclusiveMaximum")
        .map(|value| stated("Less than ", &value, "."))
        .or_else(|| {
            let value = number("maximum")?;
            Some(if excluded("exclusiveMaximum") {
                stated("Less than ", &value, ".")
            } else {
                stated("At most ", &value, ".")
            })
        });
    found.extend(lower);
    found.extend(upper);
    found.extend(
        number("multipleOf")
            .filter(|value| value != "1")
            .map(|value| stated("A multiple of ", &value, ".")),
    );
    found.extend(
        number("minLength")
            .filter(|value| value != "0")
            .map(|value| stated("At least ", &value, " characters.")),
    );
    found.extend(number("maxLength").map(|value| stated("At most ", &value, " characters.")));
    found.extend(
        map.get("pattern")
            .and_then(Value::as_str)
            .map(|pattern| Line::new("Matches ").code(pattern).text(".")),
    );
    found.extend(
        number("minItems")
            .filter(|value| value != "0")
            .map(|value| stated("At least ", &value, " items.")),
    );
    found.extend(number("maxItems").map(|value| stated("At most ", &value, " items.")));
    if map.get("uniqueItems") == Some(&Value::Bool(true)) {
        found.push(Line::new("No two items are equal."));
    }
    found.extend(
        number("minProperties")
            .filter(|value| value != "0")
            .map(|value| stated("At least ", &value, " properties.")),
    );
    found.extend(number("maxProperties").map(|value| stated("At most ", &value, " properties.")));
    if let Some(values) = map.get("enum").and_then(Value::as_array) {
        let told: Vec<String> = values
            .iter()
            .filter(|value| value.is_number())
            .map(Value::to_string)
            .collect();
        if !told.is_empty() && told.len() == values.iter().filter(|value| !value.is_null()).count()
        {
            found.push(Line::new("One of ").listed(told).text("."));
        }
    }
    found
}

fn stated(before: &str, value: &str, after: &str) -> Line {
    Line::new(before).text(value).text(after)
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
