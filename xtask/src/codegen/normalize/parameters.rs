//! Rule: an operation has its own parameters and those of its path, each once.
//!
//! The operation's declaration wins over the path's, the first of several equal ones over the rest.
//! An undeclared parameter in the path is a text. A declared path parameter that the path
//! does not contain is dropped with a remark. Each parameter is sent in the declared style, or
//! refused: the styles are in [`super::styles`].

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::draft::{Draft, DraftParameter};
use super::media;
use super::names;
use super::read::Reader;
use super::schema::{Components, Kind, Object, Schema, TextFormat};
use super::schema_keys;
use super::styles;
use crate::codegen::model::{Location, Shape, Style};
use crate::contract::pointer::escape as step;
use crate::contract::references;
use crate::problem::Problem;

/// Headers that the client sets by itself, or that a call refuses. OpenAPI says that a parameter with one of the
/// first three names is ignored. The others frame the message, belong to the connection, or lead to another
/// server, path or method.
pub(super) const OWN_HEADERS: [&str; 29] = [
    "accept",
    "content-type",
    "authorization",
    "alt-used",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
];

/// Reads the parameters of one operation: those of the path first, in its order. No argument gets one
/// of the `taken` names.
///
/// # Errors
/// Returns an error if a parameter has a location or a style that the client does not support.
pub(crate) fn read(
    reader: &Reader<'_>,
    draft: &mut Draft,
    (path, taken): (&str, &[String]),
    items: &[(&Value, String)],
    (operation, pointer): (&Map<String, Value>, &str),
) -> Result<Vec<DraftParameter>, Problem> {
    let mut read: Vec<DraftParameter> = Vec::new();
    let own = declared(reader, operation.get("parameters"), pointer)?;
    let shared = items
        .iter()
        .map(|(item, pointer)| declared(reader, item.get("parameters"), pointer));
    let named = in_path(reader, path, pointer)?;
    let lists = std::iter::once(Ok(own))
        .chain(shared)
        .collect::<Result<Vec<_>, _>>()?;
    for list in lists {
        let before = read.len();
        for (value, place) in list {
            let Some(parameter) = one(reader, draft, value, &place, &named)? else {
                continue;
            };
            match read.iter().position(|known| is_same(known, &parameter)) {
                None => read.push(parameter),
                // The operation's declaration replaces that of the path.
                Some(known) if known < before => {}
                Some(_) if read.iter().any(|known| known.pointer == parameter.pointer) => {}
                Some(_) => {
                    let name = &parameter.name;
                    let what = format!(
                        "the parameter `{name}` is declared twice; the first declaration is used"
                    );
                    draft.remark(&parameter.pointer, what);
                }
            }
        }
    }
    for name in &named {
        if !read
            .iter()
            .any(|parameter| parameter.location == Location::Path && &parameter.name == name)
        {
            read.push(undeclared(name, pointer));
        }
    }
    let (mut ordered, rest): (Vec<_>, Vec<_>) = read
        .into_iter()
        .partition(|parameter| parameter.location == Location::Path);
    ordered.retain(|parameter| {
        let stands = named.contains(&parameter.name);
        if !stands {
            draft.remark(
                &parameter.pointer,
                format!(
                    "`{}` is not in the path `{path}` and is dropped",
                    parameter.name
                ),
            );
        }
        stands
    });
    ordered.sort_by_key(|parameter| named.iter().position(|name| name == &parameter.name));
    ordered.extend(rest);
    distinct_names(&mut ordered, taken);
    Ok(ordered)
}

/// Whether two declarations are of one parameter. Names of headers have no case.
fn is_same(one: &DraftParameter, other: &DraftParameter) -> bool {
    let is_header = one.location == Location::Header;
    one.location == other.location
        && (one.name == other.name || is_header && one.name.eq_ignore_ascii_case(&other.name))
}

fn one(
    reader: &Reader<'_>,
    draft: &mut Draft,
    value: &Value,
    pointer: &str,
    in_path: &[String],
) -> Result<Option<DraftParameter>, Problem> {
    let (value, place) = reader.follow(value, pointer)?;
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let is = |key: &str| value.get(key).and_then(Value::as_bool);
    let Some(name) = text("name") else {
        return Err(reader
            .problem(&place, "a parameter needs a `name`")
            .with_help("name it, in the overlay, or remove it"));
    };
    let location = match text("in") {
        // There is no other place for it; `import` writes the same.
        Some("path") if in_path.is_empty() => {
            let what = format!("`{name}` is sent in the query: the path has no parameters");
            draft.remark(&place, what);
            Location::Query
        }
        Some("path") => Location::Path,
        Some("query") => Location::Query,
        Some("header") if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => {
            let what = format!("`{name}` is a header that the client sets by itself");
            draft.remark(&place, what);
            return Ok(None);
        }
        Some("header") => Location::Header,
        Some("cookie") => Location::Cookie,
        other => {
            let what = format!(
                "the parameter `{name}` is in {}, which is not supported",
                other.unwrap_or("nothing")
            );
            return Err(reader
                .problem(&format!("{place}/in"), what)
                .with_help("one of path, query, header, cookie"));
        }
    };
    if matches!(location, Location::Header | Location::Cookie) && !media::is_token(name) {
        let what = format!("a {} cannot have the name `{name}`", location.name());
        return Err(reader
            .problem(&format!("{place}/name"), what)
            .with_help("use ASCII letters, digits and hyphens, without spaces"));
    }
    let style = styles::of_parameter(reader, value, location, (name, &place))?;
    if is("allowReserved") == Some(true) {
        let what = format!(
            "`allowReserved` of `{name}` changes nothing: reserved characters are sent percent-encoded"
        );
        draft.remark(&place, what);
    }
    if value.get("content").is_some() && value.get("schema").is_some() {
        let what = format!("`schema` of `{name}` is ignored beside `content`");
        draft.remark(&format!("{place}/schema"), what);
    }
    let (schema, shape) = match (value.get("content"), value.get("schema")) {
        (Some(_), _) => (document(reader, value, (name, &place))?, Shape::Document),
        (None, Some(schema)) => (
            reader.schema(schema, &format!("{place}/schema"))?,
            Shape::One,
        ),
        (None, None) => (
            Schema::new(Kind::Text(TextFormat::Plain), place.as_str()),
            Shape::One,
        ),
    };
    Ok(Some(DraftParameter {
        name: name.to_owned(),
        rust_name: names::value_name(name),
        location,
        required: location == Location::Path || is("required") == Some(true),
        shape,
        style,
        deprecated: is("deprecated") == Some(true),
        description: schema_keys::text(value.get("description")),
        schema,
        pointer: place,
    }))
}

/// The schema of a parameter that is a document of a media type.
fn document(
    reader: &Reader<'_>,
    parameter: &Value,
    (name, place): (&str, &str),
) -> Result<Schema, Problem> {
    let at = format!("{place}/content");
    let declared = references::content(parameter);
    let mut json = declared
        .into_iter()
        .filter(|(media, _)| media::is_json(media));
    let Some((media, description)) = json.next() else {
        let what = format!("the parameter `{name}` is encoded by a media type that is not JSON");
        return Err(reader.problem(&at, what).with_help(
            "remove `content` and give the parameter `schema: {type: string}`, in the overlay",
        ));
    };
    let at = format!("{at}/{}", step(media));
    match description.get("schema") {
        Some(schema) => reader.schema(schema, &format!("{at}/schema")),
        None => Ok(Schema::new(Kind::Any, at)),
    }
}

/// The parameters of an operation or of a path, each with its place.
fn declared<'a>(
    reader: &Reader<'_>,
    parameters: Option<&'a Value>,
    pointer: &str,
) -> Result<Vec<(&'a Value, String)>, Problem> {
    let place = format!("{pointer}/parameters");
    match parameters {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            let placed = list.iter().enumerate();
            let placed = placed.map(|(index, value)| (value, format!("{place}/{index}")));
            Ok(placed.collect())
        }
        Some(_) => Err(reader
            .problem(&place, "the parameters have to be a list")
            .with_help("begin each with `-`")),
    }
}

fn undeclared(name: &str, pointer: &str) -> DraftParameter {
    DraftParameter {
        pointer: pointer.to_owned(),
        name: name.to_owned(),
        rust_name: names::value_name(name),
        location: Location::Path,
        required: true,
        shape: Shape::One,
        style: Style::Simple { explode: false },
        deprecated: false,
        description: None,
        schema: Schema::new(Kind::Text(TextFormat::Plain), pointer),
    }
}

/// The names in the braces of a path, each once, in its order.
fn in_path(reader: &Reader<'_>, path: &str, pointer: &str) -> Result<Vec<String>, Problem> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after
            .split_once('}')
            .filter(|(name, _)| !name.is_empty() && !name.contains(['{', '/']))
            .filter(|_| !before.contains('}'))
        else {
            return Err(unmatched(reader, path, pointer));
        };
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
        rest = after;
    }
    if rest.contains('}') {
        return Err(unmatched(reader, path, pointer));
    }
    Ok(found)
}

fn unmatched(reader: &Reader<'_>, path: &str, pointer: &str) -> Problem {
    let what = format!("the braces of the path `{path}` do not match");
    reader
        .problem(pointer, what)
        .with_help("write each parameter as `{name}`")
}

/// Makes the names of the arguments differ, from each other and from the body's.
fn distinct_names(parameters: &mut [DraftParameter], reserved: &[String]) {
    let mut taken = BTreeSet::from(["body".to_owned(), "self_".to_owned()]);
    taken.extend(reserved.iter().cloned());
    for parameter in parameters {
        let place = parameter.location.name();
        let mut name = parameter.rust_name.clone();
        // Progenitor reads the name as words, and would drop one underscore of two.
        let plain = name.trim_end_matches('_').to_owned();
        let mut count = 1;
        while !taken.insert(name.clone()) {
            name = if count == 1 {
                format!("{plain}_{place}")
            } else {
                format!("{plain}_{place}{count}")
            };
            count += 1;
        }
        parameter.rust_name = name;
    }
}

/// Determines the structure of each parameter's value after references are resolved.
///
/// # Errors
/// Returns an error if the style of a parameter cannot carry its value.
pub(crate) fn check(reader: &Reader<'_>, draft: &mut Draft) -> Result<(), Problem> {
    let components = &draft.components;
    let parameters = draft
        .operations
        .iter_mut()
        .flat_map(|operation| &mut operation.parameters);
    for parameter in parameters {
        let schema = &mut parameter.schema;
        // A URL has no null: an absent value is not sent.
        schema.nullable = false;
        if parameter.shape == Shape::Document {
            continue;
        }
        if matches!(schema.kind, Kind::Any) {
            schema.kind = Kind::Text(TextFormat::Plain);
        }
        if let Kind::List(items) = &mut schema.kind {
            items.nullable = false;
        }
        let Some(shape) = shape(components, schema) else {
            let what = format!(
                "the parameter `{}` is neither a simple value nor a list or an object of simple values",
                parameter.name
            );
            return Err(reader
                .problem(&format!("{}/schema", parameter.pointer), what)
                .with_help(
                    "replace its schema, in the overlay: `remove` it, then add \
                     `schema: {type: string}`, or `content` of `application/json` for JSON text",
                ));
        };
        parameter.shape = shape;
        styles::check(reader, parameter)?;
    }
    Ok(())
}

/// The structure of a value of this schema, or `None` if it is nested or of several types.
fn shape(components: &Components, schema: &Schema) -> Option<Shape> {
    let of_simple = |object: &Object| {
        let own = object.properties.values().map(|property| &property.schema);
        let mut all = own.chain(object.extra.as_deref());
        all.all(|schema| is_simple(components, schema))
    };
    match &schema.kind {
        _ if is_simple(components, schema) => Some(Shape::One),
        Kind::List(items) => is_simple(components, items).then_some(Shape::List),
        // If an undeclared value is nested, the call fails at run time.
        Kind::Map(values) => (matches!(values.kind, Kind::Any) || is_simple(components, values))
            .then_some(Shape::Object),
        Kind::Object(object) => of_simple(object).then_some(Shape::Object),
        Kind::Ref(name) => match components.get(name).map(|schema| &schema.kind) {
            Some(Kind::Object(object)) => of_simple(object).then_some(Shape::Object),
            _ => None,
        },
        _ => None,
    }
}

fn is_simple(components: &Components, schema: &Schema) -> bool {
    match &schema.kind {
        Kind::Ref(name) => matches!(
            components.get(name).map(|schema| &schema.kind),
            Some(Kind::Enum(_))
        ),
        Kind::Text(_)
        | Kind::Integer
        | Kind::Unsigned
        | Kind::Number
        | Kind::Boolean
        | Kind::Enum(_) => true,
        _ => false,
    }
}
