//! Bodies of `application/x-www-form-urlencoded`.
//!
//! A property is `name=value`. A list of single values repeats the name, unless `encoding` defines another form. An
//! object, or a list of objects or lists, is sent as JSON text in one value. Null is sent as an empty value, because a
//! form has no null.

use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    parameter::{Style, Texts, fields, in_query, names_in_query, object_of, refuse_shared, scalar},
    percent::RESERVED,
    sendable,
};

/// The style of one property, if it differs from the style of the [module](self).
pub(crate) type Encoding = (&'static str, FormStyle);

/// How a property of a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormStyle {
    /// Like a parameter of a query.
    Styled(Style),
    /// As JSON text, also if it is a single value.
    Json,
}

/// Encodes an object.
///
/// # Errors
/// Returns an error if the value is not an object, if a property does not fit its encoding, if a number or date cannot
/// be sent, or if two properties would be sent under one name.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    encodings: &[Encoding],
) -> Result<String, String> {
    sendable::check(value)?;
    let text = serde_json::to_string(value).map_err(|error| error.to_string())?;
    if !text.starts_with('{') {
        return Err("a form has to be an object".to_owned());
    }
    let fields = fields(&text)?;
    let mut parts = Vec::with_capacity(fields.len());
    let mut names = Vec::with_capacity(fields.len());
    for (name, value) in &fields {
        let style = encodings.iter().find(|(known, _)| known == name);
        let style = style.map(|(_, style)| *style);
        let part = property(name, value, style)
            .map_err(|problem| format!("the property `{name}` {problem}"))?;
        if part.is_some() {
            let sent = names_of(name, value, style)?;
            names.extend(sent.into_iter().map(|sent| (name.as_str(), sent)));
        }
        parts.extend(part);
    }
    refuse_shared(names.iter().map(|(owner, sent)| (*owner, sent.as_str())))
        .map_err(|problem| format!("in the form, {problem}"))?;
    Ok(parts.join("&"))
}

/// The names under which a property is sent.
fn names_of(name: &str, json: &str, style: Option<FormStyle>) -> Result<Vec<String>, String> {
    match style {
        Some(FormStyle::Styled(style)) if json.starts_with('{') => {
            Ok(names_in_query(name, style, &object_of(json)?))
        }
        _ => Ok(vec![name.to_owned()]),
    }
}

/// Encodes one property, whose value is JSON text.
fn property(name: &str, json: &str, style: Option<FormStyle>) -> Result<Option<String>, String> {
    let one = |text: &str| {
        let encode = |text| utf8_percent_encode(text, RESERVED);
        Ok(Some(format!("{}={}", encode(name), encode(text))))
    };
    let style = match style {
        Some(FormStyle::Json) => return one(json),
        Some(FormStyle::Styled(style)) => Some(style),
        None => None,
    };
    if json == "null" {
        return one("");
    }
    if let Some(text) = scalar(json)? {
        return one(&text);
    }
    let texts = match (json.starts_with('['), style) {
        (true, _) => list(json)?,
        (false, Some(_)) => Some(object_of(json)?),
        (false, None) => None,
    };
    match (texts, style) {
        (Some(texts), style) => {
            in_query(name, style.unwrap_or(Style::Form { explode: true }), &texts)
        }
        (None, None) => one(json),
        (None, Some(_)) => {
            Err("contains a list or an object, which its style cannot encode".to_owned())
        }
    }
}

/// The single values of a list; nothing if it has others.
fn list(json: &str) -> Result<Option<Texts>, String> {
    let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let texts: Vec<Option<String>> = items
        .iter()
        .map(|item| scalar(item.get()))
        .collect::<Result<_, _>>()?;
    let texts: Option<Vec<String>> = texts.into_iter().collect();
    Ok(texts.map(Texts::List))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn single_values_lists_and_objects_have_a_stated_form() {
        let body = json!({
            "a b": "x&y=ü",
            "count": 1.0,
            "flag": true,
            "gone": null,
            "list": ["1", 2, "3,4"],
            "none": [],
            "object": {"k": ["v"]},
            "objects": [{"k": 1}],
        });
        assert_eq!(
            encode(&body, &[]).unwrap(),
            "a%20b=x%26y%3D%C3%BC&count=1&flag=true&gone=&list=1&list=2&list=3%2C4\
             &object=%7B%22k%22%3A%5B%22v%22%5D%7D&objects=%5B%7B%22k%22%3A1%7D%5D"
        );
    }

    #[test]
    fn an_encoding_decides_for_its_property() {
        let styled = FormStyle::Styled;
        let encodings = [
            ("commas", styled(Style::Form { explode: false })),
            ("deep", styled(Style::Deep)),
            ("flat", styled(Style::Form { explode: true })),
            ("json", FormStyle::Json),
            ("pipes", styled(Style::Pipe)),
        ];
        let body = json!({
            "commas": ["a", "b"],
            "deep": {"k": "v", "l": 1},
            "flat": {"k": "v"},
            "json": ["a"],
            "pipes": ["a", "b"],
        });
        assert_eq!(
            encode(&body, &encodings).unwrap(),
            "commas=a,b&deep%5Bk%5D=v&deep%5Bl%5D=1&k=v&json=%5B%22a%22%5D&pipes=a|b"
        );
        let nested = json!({"deep": {"k": [1]}});
        assert!(encode(&nested, &encodings).unwrap_err().contains("`deep`"));
        let nested = json!({"pipes": [[1]]});
        assert!(encode(&nested, &encodings).unwrap_err().contains("`pipes`"));
    }

    #[test]
    fn two_properties_with_one_name_and_numbers_without_a_value_are_refused() {
        let flat = FormStyle::Styled(Style::Form { explode: true });
        let encodings = [("flat", flat), ("deep", FormStyle::Styled(Style::Deep))];
        let error = encode(&json!({"flat": {"k": 1}, "k": 2}), &encodings).unwrap_err();
        assert!(error.contains("`k`"), "{error}");
        assert!(encode(&json!({"deep": {"k": 1}, "deep[k]": 2}), &encodings).is_err());
        assert!(encode(&json!({"deep": {"k": 1}, "flat": {"flat": 1}}), &encodings).is_ok());
        assert!(encode(&json!({"other": {"k": 1}, "k": 2}), &encodings).is_ok());
        let body = std::collections::BTreeMap::from([("rate", vec![f64::NAN])]);
        let error = encode(&body, &[]).unwrap_err();
        assert!(error.contains("`rate[0]`"), "{error}");
    }

    #[test]
    fn only_an_object_is_a_form() {
        for value in [json!([1]), json!("a"), json!(null)] {
            assert!(encode(&value, &[]).is_err(), "{value}");
        }
    }
}
