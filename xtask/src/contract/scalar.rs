//! Plain values of YAML 1.2.

use serde_json::{Number, Value};

pub(super) const NOT_FINITE: &str = "infinity and NaN are not allowed in a contract";

/// A plain value by the core schema of YAML 1.2.
pub(super) fn untagged(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(text)? {
            Some(number) => Value::Number(number),
            None => Value::from(text),
        },
    })
}

fn number(text: &str) -> Result<Option<Number>, String> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            // A sign after the prefix is no digit.
            let is_number = digits.starts_with(|c: char| c.is_ascii_hexdigit());
            let value = i128::from_str_radix(digits, radix).ok();
            return Ok(value.filter(|_| is_number).and_then(integer));
        }
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(NOT_FINITE.to_owned());
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Ok(None);
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(value) = digits.parse::<i128>()
    {
        return Ok(integer(if negative { -value } else { value }));
    }
    let value = digits.parse::<f64>().ok();
    let value = value.map(|value| if negative { -value } else { value });
    Ok(value.and_then(Number::from_f64))
}

fn integer(value: i128) -> Option<Number> {
    match (u64::try_from(value), i64::try_from(value)) {
        (Ok(value), _) => Some(value.into()),
        (_, Ok(value)) => Some(value.into()),
        _ => Number::from_f64(value as f64),
    }
}
