//! Parameters that are lists and objects, in the styles of OpenAPI.
//!
//! One expansion serves all locations. Each location has its own encoding, so that no value can be read as a
//! delimiter. [`QueryValue`] writes a single value.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::{
    QueryValue, decode::entries, percent::RESERVED, query_value::text_of, sendable, text::one_line,
};

/// The location of a parameter outside of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Header,
    Cookie,
}

/// The `style` of a parameter. Styles that depend on `explode` contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `a,b`; an object `k,v` or, exploded, `k=v`.
    Simple { explode: bool },
    /// `name=a,b` or, exploded, `name=a&name=b`; an object `name=k,v` or, exploded, `k=v`.
    Form { explode: bool },
    /// `name=a%20b`.
    Space,
    /// `name=a|b`.
    Pipe,
    /// `name[k]=v`, the brackets percent-encoded.
    Deep,
    /// `.a,b` or, exploded, `.a.b`.
    Label { explode: bool },
    /// `;name=a,b` or, exploded, `;name=a;name=b`.
    Matrix { explode: bool },
}

/// The value of a parameter as texts that are not yet encoded.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Texts {
    One(String),
    List(Vec<String>),
    Pairs(Vec<(String, String)>),
}

/// A single value.
pub(crate) fn one(value: impl QueryValue) -> Result<Texts, String> {
    text_of(&value).map(Texts::One)
}

/// A list.
pub(crate) fn list<T: QueryValue>(values: &[T]) -> Result<Texts, String> {
    let texts = values.iter().map(text_of);
    texts.collect::<Result<_, _>>().map(Texts::List)
}

/// An object of single values. Those that are null are left out.
///
/// # Errors
/// Returns an error if the value is not an object, or holds a list or another object.
pub(crate) fn object<T: Serialize + ?Sized>(value: &T) -> Result<Texts, String> {
    let text = document_text(value)?;
    if !text.starts_with('{') {
        return Err("is not an object".to_owned());
    }
    object_of(&text)
}

/// The fields of an object of JSON text.
///
/// # Errors
/// Like [`object`].
pub(crate) fn object_of(json: &str) -> Result<Texts, String> {
    let mut pairs = Vec::new();
    for (name, value) in fields(json)? {
        match scalar(value)? {
            Some(text) => pairs.push((name, text)),
            None if value == "null" => {}
            None => {
                return Err(format!(
                    "contains a list or an object in `{name}`, which a parameter cannot encode"
                ));
            }
        }
    }
    Ok(Texts::Pairs(pairs))
}

/// The fields of an object of JSON text, in order: names, and values as JSON text. Parsed values would lose
/// digits of numbers, and fields whose name occurs twice.
///
/// # Errors
/// Returns an error if a name is not Unicode.
pub(crate) fn fields(json: &str) -> Result<Vec<(String, &str)>, String> {
    let entries = entries(json).map_err(|fault| fault.message().to_owned())?;
    let named = entries.into_iter();
    named
        .map(|(name, value)| Ok((unescaped(name)?, value)))
        .collect()
}

/// A JSON document as one text.
///
/// # Errors
/// Returns an error if the value cannot be written as JSON.
pub(crate) fn document<T: Serialize + ?Sized>(value: &T) -> Result<Texts, String> {
    document_text(value).map(Texts::One)
}

fn document_text<T: Serialize + ?Sized>(value: &T) -> Result<String, String> {
    let refuse = |problem: String| format!("cannot be encoded: {problem}");
    sendable::check(value).map_err(refuse)?;
    serde_json::to_string(value).map_err(|error| refuse(error.to_string()))
}

/// A single value of JSON text, formatted like a parameter; nothing if the value is null, a list or an object.
///
/// # Errors
/// Returns an error if a text is not Unicode.
pub(crate) fn scalar(json: &str) -> Result<Option<String>, String> {
    Ok(match json.as_bytes().first() {
        Some(b'"') => Some(unescaped(json)?),
        Some(b't' | b'f') => Some(json.to_owned()),
        Some(b'-' | b'0'..=b'9') => Some(number(json)),
        _ => None,
    })
}

/// A number. A number in memory is formatted like a parameter, and a number that was kept as text stays unchanged.
fn number(json: &str) -> String {
    match json.parse::<f64>() {
        Ok(float) if serde_json::to_string(&float).is_ok_and(|own| own == json) => float.to_query(),
        _ => json.to_owned(),
    }
}

fn unescaped(json: &str) -> Result<String, String> {
    serde_json::from_str(json).map_err(|_| "contains a text that is not Unicode".to_owned())
}

/// The encoded parameter of a query with its name, or nothing if there is no value.
///
/// # Errors
/// Returns an error if a text holds the delimiter of the style, or if a server would read another key.
pub(crate) fn in_query(name: &str, style: Style, texts: &Texts) -> Result<Option<String>, String> {
    if texts.is_empty() {
        return Ok(None);
    }
    if style == Style::Space && texts.any(|text| text.contains(' ')) {
        return Err("contains a space, which separates the values".to_owned());
    }
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    if let (Style::Deep, Texts::Pairs(pairs)) = (style, texts) {
        let is_another_key = |key: &str| key.is_empty() || key.contains(['[', ']']);
        if pairs.iter().any(|(key, _)| is_another_key(key)) {
            return Err(
                "has a key that is empty or contains a bracket, which servers read as another key"
                    .to_owned(),
            );
        }
        let pairs = pairs
            .iter()
            .map(|(key, value)| format!("{}={}", encode(&format!("{name}[{key}]")), encode(value)));
        return Ok(Some(pairs.collect::<Vec<_>>().join("&")));
    }
    Ok(Some(expand(&encode(name), style, &texts.map(encode))))
}

/// The names of a parameter in a query, not yet encoded. Those of an exploded object are its keys.
pub(crate) fn names_in_query(name: &str, style: Style, texts: &Texts) -> Vec<String> {
    match (style, texts) {
        (Style::Form { explode: true }, Texts::Pairs(pairs)) => {
            pairs.iter().map(|(key, _)| key.clone()).collect()
        }
        (Style::Deep, Texts::Pairs(pairs)) => pairs
            .iter()
            .map(|(key, _)| format!("{name}[{key}]"))
            .collect(),
        _ => vec![name.to_owned()],
    }
}

/// Fails if two parameters or properties send the same name: the server would read only one of the values, or both as a
/// list. A single parameter or property may send a name twice: if a response had the name twice, both values are sent
/// back.
///
/// # Errors
/// Returns an error with the name.
pub(crate) fn refuse_shared<'a>(
    names: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), String> {
    let mut owners = HashMap::new();
    match { names }.find(|(owner, name)| *owners.entry(*name).or_insert(*owner) != *owner) {
        Some((_, name)) => Err(format!(
            "the key `{}` of an object is also the name of another value: rename the key, or remove one value",
            one_line(name, 80)
        )),
        None => Ok(()),
    }
}

/// The parameter of a header, whose values are not encoded, or nothing if there is no value.
///
/// # Errors
/// Returns an error if the receiver would read another value: one of several texts holds the delimiter of the style or
/// is empty, or a text begins or ends with white space, which RFC 9110 ignores.
pub(crate) fn in_header(style: Style, texts: &Texts) -> Result<Option<String>, String> {
    if texts.is_empty() {
        return Ok(None);
    }
    let delimiters: &[char] = match (texts, style) {
        (Texts::One(_), _) => &[],
        (Texts::Pairs(_), Style::Simple { explode: true }) => &[',', '='],
        _ => &[','],
    };
    if texts.any(|text| text.contains(delimiters)) {
        return Err("contains a delimiter, which cannot be encoded in a header".to_owned());
    }
    if texts.any(|text| text.trim_matches([' ', '\t']) != text) {
        return Err("begins or ends with white space, which a header does not keep".to_owned());
    }
    let keeps_empty_values = match texts {
        Texts::One(_) => true,
        Texts::List(_) => false,
        Texts::Pairs(_) => style == Style::Simple { explode: true },
    };
    if !keeps_empty_values && texts.any(str::is_empty) {
        return Err("contains an empty value, which a list in a header does not keep".to_owned());
    }
    Ok(Some(expand("", style, texts)))
}

/// The parameter of a cookie with its name, or nothing if there is no value. Characters that a cookie cannot
/// contain are percent-encoded.
pub(crate) fn in_cookie(name: &str, style: Style, texts: &Texts) -> Option<String> {
    const NO_COOKIE: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b',')
        .add(b';')
        .add(b'\\')
        .add(b'%');
    let encode = |text: &str| utf8_percent_encode(text, NO_COOKIE).to_string();
    (!texts.is_empty()).then(|| expand(name, style, &texts.map(encode)))
}

/// Joins encoded texts with the delimiters of the style.
pub(super) fn expand(name: &str, style: Style, texts: &Texts) -> String {
    let (first, between, joined, is_named, explode) = match style {
        Style::Simple { explode } => ("", ",", ",", false, explode),
        Style::Form { explode } => ("", "&", ",", true, explode),
        Style::Deep => ("", "&", ",", true, true),
        Style::Space => ("", "&", "%20", true, false),
        Style::Pipe => ("", "&", "|", true, false),
        Style::Label { explode } => (".", ".", ",", false, explode),
        Style::Matrix { explode } => (";", ";", ",", true, explode),
    };
    let named = |text: &str| {
        if is_named {
            format!("{name}={text}")
        } else {
            text.to_owned()
        }
    };
    let expanded = match (texts, explode) {
        (Texts::One(text), _) => named(text),
        (Texts::List(texts), true) => {
            let texts: Vec<String> = texts.iter().map(|text| named(text)).collect();
            texts.join(between)
        }
        (Texts::List(texts), false) => named(&texts.join(joined)),
        (Texts::Pairs(pairs), true) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{key}={value}"));
            pairs.collect::<Vec<_>>().join(between)
        }
        (Texts::Pairs(pairs), false) => {
            let texts = pairs.iter().flat_map(|(key, value)| [key, value]);
            let texts: Vec<&str> = texts.map(String::as_str).collect();
            named(&texts.join(joined))
        }
    };
    format!("{first}{expanded}")
}

impl Texts {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::List(texts) => texts.is_empty(),
            Self::Pairs(pairs) => pairs.is_empty(),
        }
    }

    pub(super) fn any(&self, fits: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(text) => fits(text),
            Self::List(texts) => texts.iter().any(|text| fits(text)),
            Self::Pairs(pairs) => pairs.iter().any(|(key, value)| fits(key) || fits(value)),
        }
    }

    fn map(&self, encode: impl Fn(&str) -> String) -> Self {
        match self {
            Self::One(text) => Self::One(encode(text)),
            Self::List(texts) => Self::List(texts.iter().map(|text| encode(text)).collect()),
            Self::Pairs(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| (encode(key), encode(value)));
                Self::Pairs(pairs.collect())
            }
        }
    }

    pub(super) fn try_map(
        &self,
        encode: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Self, String> {
        Ok(match self {
            Self::One(text) => Self::One(encode(text)?),
            Self::List(texts) => {
                let texts = texts.iter().map(|text| encode(text));
                Self::List(texts.collect::<Result<_, _>>()?)
            }
            Self::Pairs(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| Ok((encode(key)?, encode(value)?)));
                Self::Pairs(pairs.collect::<Result<_, String>>()?)
            }
        })
    }
}

#[cfg(test)]
mod tests;
