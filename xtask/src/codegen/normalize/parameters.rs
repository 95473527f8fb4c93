//! Rule: an operation has its own parameters and those of its path, each once.
//!
//! The operation's declaration wins over the path's, the first of several equal ones over the rest.
//! An undeclared parameter in the path is a text. A declared path parameter that the path
//! does not contain is dropped with a remark. Each parameter is sent in the declared style, or
//! refused: the styles are in [`super::styles`].

use std::collections::BTreeSet;

use serde_json::Value;

use super::draft::{Draft, DraftParameter};
use super::media;
use super::names;
use super::read::Reader;
use super::schema::{Components, Kind, Schema, TextFormat, target};
use super::schema_keys;
use super::styles;
use crate::codegen::doc::Doc;
use crate::codegen::model::{Location, ParameterModel, Shape, Style, TypeModel};
use crate::contract::checked;
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
    (operation, pointer): (&Value, &str),
) -> Result<Vec<DraftParameter>, Problem> {
    let mut read: Vec<DraftParameter> = Vec::new();
    let named = in_path(path, pointer)?;
    let owners = std::iter::once((operation, pointer));
    let owners = owners.chain(
        items
            .iter()
            .map(|(item, pointer)| (*item, pointer.as_str())),
    );
    let lists = owners.map(|(owner, place)| checked::parameters(reader.document, owner, place));
    let lists = lists.collect::<Result<Vec<_>, _>>()?;
    for list in lists {
        let before = read.len();
        for (value, place) in list {
            let Some(parameter) = one(reader, draft, value, &place, &named)? else {
                continue;
            };
            let is_known = |known: &DraftParameter| is_same(&known.model, &parameter.model);
            match read.iter().position(is_known) {
                None => read.push(parameter),
                // The operation's declaration replaces that of the path.
                Some(known) if known < before => {}
                Some(_) if read.iter().any(|known| known.pointer == parameter.pointer) => {}
                Some(_) => {
                    let name = &parameter.model.name;
                    let what = format!(
                        "the parameter `{name}` is declared twice; the first declaration is used"
                    );
                    draft.remark(&parameter.pointer, what);
                }
            }
        }
    }
    for name in &named {
        let is_it =
            |one: &DraftParameter| one.model.location == Location::Path && one.model.name == *name;
        if !read.iter().any(is_it) {
            read.push(undeclared(name, pointer));
        }
    }
    read.retain(|DraftParameter { model, pointer, .. }| {
        let stands = model.location != Location::Path || named.contains(&model.name);
        if !stands {
            let name = &model.name;
            let what = format!("`{name}` is not in the path `{path}` and is dropped");
            draft.remark(pointer, what);
        }
        stands
    });
    // Those of the path first, in its order.
    read.sort_by_key(|parameter| match parameter.model.location {
        Location::Path => named.iter().position(|name| *name == parameter.model.name),
        _ => Some(usize::MAX),
    });
    distinct_names(&mut read, taken);
    Ok(read)
}

/// Whether two declarations are of one parameter. Names of headers have no case.
fn is_same(one: &ParameterModel, other: &ParameterModel) -> bool {
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
    if name.is_empty() {
        draft.remark(format!("{place}/name"), "a parameter has an empty name");
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
        draft.remark(format!("{place}/schema"), what);
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
    let description = schema_keys::text(value.get("description"));
    let model = ParameterModel {
        required: location == Location::Path || is("required") == Some(true),
        shape,
        style,
        deprecated: is("deprecated") == Some(true),
        description: description.as_deref().map(Doc::prose).unwrap_or_default(),
        ..named(name, location)
    };
    Ok(Some(DraftParameter {
        model,
        pointer: place,
        schema,
    }))
}

/// A required parameter without a description.
fn named(name: &str, location: Location) -> ParameterModel {
    ParameterModel {
        name: name.to_owned(),
        rust_name: names::value_name(name),
        location,
        required: true,
        shape: Shape::One,
        style: Style::Simple { explode: false },
        ty: TypeModel::Any,
        description: Doc::default(),
        deprecated: false,
    }
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

fn undeclared(name: &str, pointer: &str) -> DraftParameter {
    DraftParameter {
        model: named(name, Location::Path),
        pointer: pointer.to_owned(),
        schema: Schema::new(Kind::Text(TextFormat::Plain), pointer),
    }
}

/// The names in the braces of a path, each once, in its order.
fn in_path(path: &str, pointer: &str) -> Result<Vec<String>, Problem> {
    let unmatched = || {
        let what = format!("the braces of the path `{path}` do not match");
        Problem::of(pointer, what).with_help("write each parameter as `{name}`")
    };
    let mut parts = path.split('{');
    let mut found: Vec<String> = Vec::new();
    if parts.next().is_some_and(|before| before.contains('}')) {
        return Err(unmatched());
    }
    for part in parts {
        let named = part.split_once('}');
        let is_name = |name: &str| !name.is_empty() && !name.contains('/');
        let named = named.filter(|(name, rest)| is_name(name) && !rest.contains('}'));
        let (name, _) = named.ok_or_else(unmatched)?;
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    Ok(found)
}

/// Makes the names of the arguments differ, from each other and from the body's.
fn distinct_names(parameters: &mut [DraftParameter], reserved: &[String]) {
    let mut taken = BTreeSet::from(["body".to_owned(), "self_".to_owned()]);
    taken.extend(reserved.iter().cloned());
    for DraftParameter {
        model: parameter, ..
    } in parameters
    {
        let place = parameter.location.name();
        let name = &parameter.rust_name;
        // Progenitor reads the name as words, and would drop one underscore of two.
        let plain = name.trim_end_matches('_');
        let numbered = (2..).map(|count| format!("{plain}_{place}{count}"));
        let names = [name.clone(), format!("{plain}_{place}")];
        let mut names = names.into_iter().chain(numbered);
        let name = names.find(|name| taken.insert(name.clone()));
        parameter.rust_name = name.unwrap_or_default();
    }
}

/// Determines the structure of each parameter's value after references are resolved.
///
/// # Errors
/// Returns an error if the style of a parameter cannot carry its value.
pub(crate) fn check(draft: &mut Draft) -> Result<(), Problem> {
    let components = &draft.components;
    let operations = draft.operations.iter_mut();
    for parameter in operations.flat_map(|operation| &mut operation.parameters) {
        let DraftParameter {
            model,
            pointer,
            schema,
        } = parameter;
        // A URL has no null: an absent value is not sent.
        schema.nullable = false;
        if model.shape == Shape::Document {
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
                model.name
            );
            return Err(Problem::of(format!("{pointer}/schema"), what).with_help(
                "replace its schema, in the overlay: `remove` it, then add \
                 `schema: {type: string}`, or `content` of `application/json` for JSON text",
            ));
        };
        model.shape = shape;
        styles::check(model, pointer)?;
    }
    Ok(())
}

/// The structure of a value of this schema, or `None` if it is nested or of several types.
fn shape(components: &Components, schema: &Schema) -> Option<Shape> {
    let is_simple = |schema: &Schema| {
        matches!(
            target(components, schema).kind,
            Kind::Text(_)
                | Kind::Integer
                | Kind::Unsigned
                | Kind::Number
                | Kind::Boolean
                | Kind::Enum(_)
        )
    };
    match &target(components, schema).kind {
        _ if is_simple(schema) => Some(Shape::One),
        Kind::List(items) => is_simple(items).then_some(Shape::List),
        // If an undeclared value is nested, the call fails at run time.
        Kind::Map(values) if matches!(values.kind, Kind::Any) => Some(Shape::Object),
        whole @ (Kind::Map(_) | Kind::Object(_)) => {
            let mut parts = whole.children().into_iter();
            parts.all(is_simple).then_some(Shape::Object)
        }
        _ => None,
    }
}
