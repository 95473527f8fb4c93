//! Rule: the parameters of an operation are its own and those of its path, each once.
//!
//! The operation's declaration wins over the path's, the first of several equal ones over the rest.
//! What stands in the path and is not declared is a text. What is declared for the path and does
//! not stand in it is dropped with a remark.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::draft::{Draft, DraftParameter};
use super::names;
use super::read::Reader;
use super::schema::{Kind, Schema, TextFormat};
use crate::codegen::model::Location;
use crate::problem::Problem;

/// Headers that the client sets by itself; OpenAPI says that a parameter of this name is ignored.
const OWN_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// Reads the parameters of one operation: those of the path first, in its order.
///
/// # Errors
/// Where a parameter travels in a way that the client cannot do.
pub(crate) fn read(
    reader: &Reader<'_>,
    draft: &mut Draft,
    path: &str,
    (item, item_pointer): (&Value, &str),
    (operation, pointer): (&Map<String, Value>, &str),
) -> Result<Vec<DraftParameter>, Problem> {
    let mut read: Vec<DraftParameter> = Vec::new();
    let own = declared(reader, operation.get("parameters"), pointer)?;
    let shared = declared(reader, item.get("parameters"), item_pointer)?;
    for (value, place) in own.into_iter().chain(shared) {
        let Some(parameter) = one(reader, value, &place)? else {
            continue;
        };
        if !read
            .iter()
            .any(|known| known.name == parameter.name && known.location == parameter.location)
        {
            read.push(parameter);
        }
    }
    let named = in_path(reader, path, pointer)?;
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
                    "`{}` does not stand in the path `{path}` and is dropped",
                    parameter.name
                ),
            );
        }
        stands
    });
    ordered.sort_by_key(|parameter| named.iter().position(|name| name == &parameter.name));
    ordered.extend(rest);
    distinct_names(&mut ordered);
    Ok(ordered)
}

fn one(
    reader: &Reader<'_>,
    value: &Value,
    pointer: &str,
) -> Result<Option<DraftParameter>, Problem> {
    let (value, place) = reader.follow(value, pointer)?;
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let is = |key: &str| value.get(key).and_then(Value::as_bool);
    let Some(name) = text("name") else {
        return Err(reader.problem(&place, "a parameter needs a `name`"));
    };
    let location = match text("in") {
        Some("path") => Location::Path,
        Some("query") => Location::Query,
        Some("header") if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => {
            return Ok(None);
        }
        Some("header") => Location::Header,
        other => {
            let what = format!(
                "the parameter `{name}` travels in {}, which is not supported",
                other.unwrap_or("nothing")
            );
            return Err(reader
                .problem(&format!("{place}/in"), what)
                .with_help("one of path, query, header"));
        }
    };
    let simple = match location {
        Location::Query => "form",
        Location::Path | Location::Header => "simple",
    };
    let style = text("style").unwrap_or(simple);
    if style != simple {
        let what = format!("the style `{style}` of the parameter `{name}` is not supported");
        return Err(reader
            .problem(&format!("{place}/style"), what)
            .with_help(format!("write `{simple}`, in the overlay")));
    }
    if value.get("content").is_some() {
        let what =
            format!("the parameter `{name}` is encoded by a media type, which is not supported");
        return Err(reader
            .problem(&format!("{place}/content"), what)
            .with_help("give it a `schema` instead, in the overlay"));
    }
    let schema = match value.get("schema") {
        Some(schema) => reader.schema(schema, &format!("{place}/schema"))?,
        None => Schema::new(Kind::Text(TextFormat::Plain), place.as_str()),
    };
    Ok(Some(DraftParameter {
        name: name.to_owned(),
        rust_name: names::value_name(name),
        location,
        required: location == Location::Path || is("required") == Some(true),
        comma_separated: location != Location::Query || is("explode") == Some(false),
        deprecated: is("deprecated") == Some(true),
        description: text("description")
            .map(str::to_owned)
            .filter(|text| !text.trim().is_empty()),
        schema,
        pointer: place,
    }))
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
        comma_separated: true,
        deprecated: false,
        description: None,
        schema: Schema::new(Kind::Text(TextFormat::Plain), pointer),
    }
}

/// The names in the braces of a path, each once, in its order.
fn in_path(reader: &Reader<'_>, path: &str, pointer: &str) -> Result<Vec<String>, Problem> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after
            .split_once('}')
            .filter(|(name, _)| !name.is_empty() && !name.contains(['{', '/']))
        else {
            return Err(reader
                .problem(
                    pointer,
                    format!("the braces of the path `{path}` do not match"),
                )
                .with_help("write each parameter as `{name}`"));
        };
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
        rest = after;
    }
    Ok(found)
}

/// Makes the names of the arguments differ, from each other and from the body's.
fn distinct_names(parameters: &mut [DraftParameter]) {
    let mut taken = BTreeSet::from(["body".to_owned(), "self_".to_owned()]);
    for parameter in parameters {
        let place = match parameter.location {
            Location::Path => "path",
            Location::Query => "query",
            Location::Header => "header",
        };
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

/// Checks, once references are resolved, that each parameter can be written into a URL or a header.
///
/// # Errors
/// Where a parameter is an object, a union or a list of such, or a list outside of the query.
pub(crate) fn check(reader: &Reader<'_>, draft: &mut Draft) -> Result<(), Problem> {
    let is_enum = |(name, schema): (&String, &Schema)| {
        matches!(schema.kind, Kind::Enum(_)).then(|| name.clone())
    };
    let enums: BTreeSet<String> = draft.components.iter().filter_map(is_enum).collect();
    for parameter in draft
        .operations
        .iter_mut()
        .flat_map(|operation| &mut operation.parameters)
    {
        let schema = &mut parameter.schema;
        if matches!(schema.kind, Kind::Any) {
            schema.kind = Kind::Text(TextFormat::Plain);
        }
        // A URL has no null: what is not there is not sent.
        schema.nullable = false;
        if let Kind::List(items) = &mut schema.kind {
            items.nullable = false;
        }
        let in_query = parameter.location == Location::Query;
        let element = match &schema.kind {
            Kind::List(items) if in_query => items.as_ref(),
            _ => schema,
        };
        let simple = match &element.kind {
            Kind::Ref(name) => enums.contains(name),
            Kind::Text(_) | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Enum(_) => true,
            _ => false,
        };
        if !simple {
            let what = format!(
                "the parameter `{}` is neither a simple value nor, in a query, a list of them",
                parameter.name
            );
            return Err(reader
                .problem(&format!("{}/schema", parameter.pointer), what)
                .with_help("give it a simple type, in the overlay"));
        }
    }
    Ok(())
}
