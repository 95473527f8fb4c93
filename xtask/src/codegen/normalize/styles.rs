//! Rule: a parameter is sent in the style that the contract declares, or the contract is refused.
//!
//! The properties of a form have the styles of the query. The runtime writes the values.

use serde_json::{Map, Value};

use super::media;
use super::read::Reader;
use crate::codegen::model::{Encoding, Location, ParameterModel, Shape, Style};
use crate::contract::pointer::escape as step;
use crate::problem::Problem;

/// Reads `style` and `explode` of a parameter.
///
/// # Errors
/// Returns an error if the place has no such style.
pub(crate) fn of_parameter(
    reader: &Reader<'_>,
    value: &Value,
    location: Location,
    (name, pointer): (&str, &str),
) -> Result<Style, Problem> {
    let default = match location {
        Location::Query | Location::Cookie => "form",
        Location::Path | Location::Header => "simple",
    };
    let named = value.get("style").and_then(Value::as_str);
    style(named.unwrap_or(default), explode(value), location).ok_or_else(|| {
        let what = format!(
            "the style `{}` of the parameter `{name}` is not allowed for a {}",
            named.unwrap_or(default),
            location.name()
        );
        reader
            .problem(&format!("{pointer}/style"), what)
            .with_help(format!("write `style: {default}`, in the overlay"))
    })
}

/// Checks that the style of a parameter can carry the structure of its value.
///
/// # Errors
/// Returns an error if it cannot.
pub(crate) fn check(parameter: &ParameterModel, place: &str) -> Result<(), Problem> {
    let name = &parameter.name;
    let problem = |key: &str, what: String, help: &str| {
        Err(Problem::of(format!("{place}/{key}"), what).with_help(help))
    };
    match (parameter.location, parameter.style, parameter.shape) {
        (_, Style::Deep, Shape::One | Shape::List) => problem(
            "style",
            format!(
                "the style `deepObject` is for objects, but the parameter `{name}` is not an object"
            ),
            "write `style: form`, in the overlay",
        ),
        (Location::Cookie, Style::Form { explode: true }, Shape::List | Shape::Object) => problem(
            "schema",
            format!("a cookie has one value, but the parameter `{name}` would need several"),
            "write `explode: false` beside it, in the overlay",
        ),
        _ => Ok(()),
    }
}

/// Reads the `encoding` of a form: the properties that are not written by the rule of the runtime.
///
/// # Errors
/// Returns an error if a property has a style or a media type that a form cannot have.
pub(crate) fn of_form(
    reader: &Reader<'_>,
    media: &Map<String, Value>,
    pointer: &str,
) -> Result<Vec<(String, Encoding)>, Problem> {
    let mut encodings = Vec::new();
    let declared = media.get("encoding").and_then(Value::as_object);
    for (name, value) in declared.into_iter().flatten() {
        let place = format!("{pointer}/encoding/{}", step(name));
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        if text("style").is_some() || value.get("explode").is_some() {
            let named = text("style").unwrap_or("form");
            let Some(style) = style(named, explode(value), Location::Query) else {
                let what = format!(
                    "the style `{named}` of the property `{name}` is not allowed in a form"
                );
                return Err(reader
                    .problem(&format!("{place}/style"), what)
                    .with_help("write `style: form`, in the overlay"));
            };
            encodings.push((name.clone(), Encoding::Styled(style)));
            continue;
        }
        match text("contentType") {
            None | Some("text/plain") => {}
            Some(content_type) if media::is_json(content_type) => {
                encodings.push((name.clone(), Encoding::Json));
            }
            Some(content_type) => {
                let what = format!(
                    "the property `{name}` of a form is encoded as `{content_type}`, which is not supported"
                );
                return Err(reader
                    .problem(&format!("{place}/contentType"), what)
                    .with_help("remove it, in the overlay, and give the property as a text"));
            }
        }
    }
    Ok(encodings)
}

fn explode(value: &Value) -> Option<bool> {
    value.get("explode").and_then(Value::as_bool)
}

/// The style with this name, or `None` if the location does not support it.
fn style(name: &str, explode: Option<bool>, location: Location) -> Option<Style> {
    let exploded = explode.unwrap_or(name == "form");
    Some(match (location, name) {
        (Location::Query | Location::Cookie, "form") => Style::Form { explode: exploded },
        // Exploded values have no delimiter, so these styles equal an exploded form.
        (Location::Query, "spaceDelimited" | "pipeDelimited") if exploded => {
            Style::Form { explode: true }
        }
        (Location::Query, "spaceDelimited") => Style::Space,
        (Location::Query, "pipeDelimited") => Style::Pipe,
        (Location::Query, "deepObject") => Style::Deep,
        (Location::Path | Location::Header, "simple") => Style::Simple { explode: exploded },
        (Location::Path, "label") => Style::Label { explode: exploded },
        (Location::Path, "matrix") => Style::Matrix { explode: exploded },
        _ => return None,
    })
}
