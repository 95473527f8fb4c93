//! Rule: a request has one body, of the first JSON media type of the contract.
//!
//! If there is no JSON, a form is used, then text, and last bytes. Every other declared media type has
//! a separate setter. YAML and other text is sent unchanged, under the media type of the
//! contract.

use std::collections::BTreeSet;

use heck::ToSnakeCase as _;
use serde_json::{Map, Value};

use super::draft::{Draft, DraftBody};
use super::fingerprint::fingerprint;
use super::media;
use super::read::Reader;
use super::schema::{Kind, Schema, TextFormat, target};
use super::schema_keys::text;
use super::styles;
use crate::codegen::model::{AlternativeModel, BodyKind, BodyModel, Encoding, TypeModel};
use crate::contract::pointer::escape as step;
use crate::contract::references;
use crate::problem::Problem;

/// One media type of a body, as the contract declares it.
struct Declared<'v> {
    media: &'v str,
    kind: BodyKind,
    schema: Option<&'v Value>,
    encodings: Vec<(String, Encoding)>,
}

/// Reads the body of one operation.
///
/// # Errors
/// Returns an error if the client can write none of the media types.
pub(crate) fn read(
    reader: &Reader<'_>,
    draft: &mut Draft,
    operation: &Map<String, Value>,
    pointer: &str,
) -> Result<Option<(BodyModel, DraftBody)>, Problem> {
    let Some(body) = operation.get("requestBody") else {
        return Ok(None);
    };
    let (body, place) = reader.follow(body, &format!("{pointer}/requestBody"))?;
    let content = references::content(body);
    if content.is_empty() {
        draft.remark(&place, "the body has no media type: the call sends no body");
        return Ok(None);
    }
    let mut declared = Vec::new();
    let mut refused = Vec::new();
    for (media, description) in content {
        match one(reader, media, description, &place)? {
            Some(one) => declared.push(one),
            None => refused.push(media.as_str()),
        }
    }
    // The sort is stable: among equals, the first in the contract stays first.
    declared.sort_by_key(|declared| declared.kind);
    let mut declared = declared.into_iter();
    let Some(first) = declared.next() else {
        let media = refused.first().copied().unwrap_or_default();
        let what = format!("a body of `{media}` is not supported");
        return Err(reader
            .problem(&format!("{place}/content/{}", step(media)), what)
            .with_help(
                "declare it as `application/octet-stream` instead, in the overlay; a call then \
                 takes the encoded bytes, and `.header(\"content-type\", ..)` their media type \
                 with its boundary",
            ));
    };
    for media in refused {
        draft.remark(
            &place,
            format!("a body of `{media}` cannot be sent and has no setter"),
        );
    }
    let alternatives = alternatives(reader, &first, declared, &place);
    let at = format!("{place}/content/{}", step(first.media));
    let schema = match (first.kind, first.schema) {
        (BodyKind::Text | BodyKind::Bytes, schema) => {
            if let Some(schema) = schema.filter(|_| first.kind == BodyKind::Text) {
                let schema = reader.schema(schema, &format!("{at}/schema"))?;
                media::note_text(reader, first.media, &schema);
            }
            Schema::new(Kind::Text(TextFormat::Plain), at.as_str())
        }
        (_, Some(schema)) => reader.schema(schema, &format!("{at}/schema"))?,
        (_, None) => Schema::new(Kind::Any, at.as_str()),
    };
    let model = BodyModel {
        kind: first.kind,
        content_type: media::sent(first.media, first.kind),
        required: body.get("required").and_then(Value::as_bool),
        description: text(body.get("description")),
        ty: TypeModel::Any,
        encodings: first.encodings,
        alternatives,
    };
    let pointer = at;
    Ok(Some((model, DraftBody { pointer, schema })))
}

/// A media type of a body, or nothing if the client cannot write it.
fn one<'v>(
    reader: &Reader<'_>,
    media: &'v str,
    description: &'v Value,
    place: &str,
) -> Result<Option<Declared<'v>>, Problem> {
    let at = format!("{place}/content/{}", step(media));
    if !media::is_media_type(media) {
        return Err(reader
            .problem(&at, format!("`{media}` is not a media type"))
            .with_help("write it as `type/subtype`, such as `application/json`"));
    }
    let Some(kind) = media::kind(media) else {
        return Ok(None);
    };
    let encodings = match (kind, description.as_object()) {
        (BodyKind::Form, Some(description)) => styles::of_form(reader, description, &at)?,
        _ => Vec::new(),
    };
    Ok(Some(Declared {
        media,
        kind,
        schema: description.get("schema"),
        encodings,
    }))
}

/// The other media types, each with the name of its setter.
fn alternatives<'v>(
    reader: &Reader<'_>,
    first: &Declared<'v>,
    others: impl Iterator<Item = Declared<'v>>,
    place: &str,
) -> Vec<AlternativeModel> {
    // Schemas with the same fingerprint have the same type. A schema that cannot be read equals no other one.
    let read = |one: &Declared<'v>| {
        let pointer = format!("{place}/content/{}/schema", step(one.media));
        one.schema.map(|schema| reader.schema(schema, &pointer))
    };
    let type_of = |one: &Declared<'v>| match read(one) {
        Some(Ok(schema)) => Some(fingerprint(&schema)),
        _ => None,
    };
    let mut taken = BTreeSet::new();
    let mut sent = BTreeSet::from([media::sent(first.media, first.kind)]);
    let mut found = Vec::new();
    for other in others {
        let content_type = media::sent(other.media, other.kind);
        if !sent.insert(content_type.clone()) {
            continue;
        }
        let essence = media::essence(&content_type);
        let (_, subtype) = essence.split_once('/').unwrap_or_default();
        let short = match other.kind {
            BodyKind::Form => "form".to_owned(),
            _ => subtype.to_snake_case(),
        };
        let long = content_type.to_snake_case();
        let numbered = (2..).map(|number| format!("body_{long}_{number}"));
        let names = [format!("body_{short}"), format!("body_{long}")];
        let mut names = names.into_iter().chain(numbered);
        let rust_name = names.find(|name| taken.insert(name.clone()));
        found.push(AlternativeModel {
            kind: other.kind,
            content_type,
            rust_name: rust_name.unwrap_or_default(),
            same_schema: other.schema == first.schema
                || type_of(first).is_some_and(|first| Some(first) == type_of(&other)),
            encodings: other.encodings,
        });
    }
    found
}

/// Checks, once references are resolved, that each form is an object.
///
/// # Errors
/// Returns an error if one is not.
pub(crate) fn check(draft: &Draft) -> Result<(), Problem> {
    for operation in &draft.operations {
        let kind = operation.model.body.as_ref().map(|body| body.kind);
        if let Some(body) = operation
            .body
            .as_ref()
            .filter(|_| kind == Some(BodyKind::Form))
            && !is_object(&target(&draft.components, &body.schema).kind)
        {
            return Err(Problem::of(&body.pointer, "a form has to be an object")
                .with_help("replace its schema by one of `type: object`, in the overlay"));
        }
    }
    Ok(())
}

fn is_object(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Object(_) | Kind::Map(_) | Kind::Union(_) | Kind::Any
    )
}
