//! Rule: a request has at most one body, of one media type.
//!
//! Where the contract offers several, JSON is taken, then a form, text, and last bytes, with a
//! remark. YAML and other text goes out as it is given, under the media type of the contract.

use serde_json::{Map, Value};

use super::draft::{Draft, DraftBody};
use super::read::Reader;
use super::schema::{Kind, Schema, TextFormat};
use crate::codegen::model::BodyKind;
use crate::contract::source::escape as step;
use crate::problem::Problem;

/// Reads the body of one operation.
///
/// # Errors
/// Where the body is of a media type that the client cannot write.
pub(crate) fn read(
    reader: &Reader<'_>,
    draft: &mut Draft,
    operation: &Map<String, Value>,
    pointer: &str,
) -> Result<Option<DraftBody>, Problem> {
    let Some(body) = operation.get("requestBody") else {
        return Ok(None);
    };
    let (body, place) = reader.follow(body, &format!("{pointer}/requestBody"))?;
    let Some(content) = body
        .get("content")
        .and_then(Value::as_object)
        .filter(|content| !content.is_empty())
    else {
        return Ok(None);
    };
    let ranked = content
        .iter()
        .enumerate()
        .min_by_key(|(index, (media, _))| (rank(media), *index));
    let Some((_, (media, description))) = ranked else {
        return Ok(None);
    };
    let at = format!("{place}/content/{}", step(media));
    if content.len() > 1 {
        draft.remark(&place, format!("of several media types `{media}` is taken"));
    }
    let Some(kind) = kind_of(media) else {
        let what = format!("a body of `{media}` is not supported");
        return Err(reader
            .problem(&at, what)
            .with_help("JSON, a urlencoded form, text and bytes are"));
    };
    let schema = match (kind, description.get("schema")) {
        (BodyKind::Text | BodyKind::Bytes, _) => {
            Schema::new(Kind::Text(TextFormat::Plain), at.as_str())
        }
        (_, Some(schema)) => reader.schema(schema, &format!("{at}/schema"))?,
        (_, None) => Schema::new(Kind::Any, at.as_str()),
    };
    Ok(Some(DraftBody {
        kind,
        content_type: media.clone(),
        required: body.get("required").and_then(Value::as_bool),
        description: body
            .get("description")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .filter(|text| !text.trim().is_empty()),
        schema,
    }))
}

fn kind_of(media: &str) -> Option<BodyKind> {
    let essence = essence(media);
    match essence.as_str() {
        media if is_json(media) => Some(BodyKind::Json),
        "application/x-www-form-urlencoded" => Some(BodyKind::Form),
        media if is_text(media) => Some(BodyKind::Text),
        media if media.starts_with("multipart/") => None,
        _ => Some(BodyKind::Bytes),
    }
}

fn rank(media: &str) -> u8 {
    match kind_of(media) {
        Some(BodyKind::Json) => 0,
        Some(BodyKind::Form) => 1,
        Some(BodyKind::Text) => 2,
        Some(BodyKind::Bytes) => 3,
        None => 4,
    }
}

/// A media type without its parameters, in lower case.
fn essence(media: &str) -> String {
    media
        .split(';')
        .next()
        .unwrap_or(media)
        .trim()
        .to_ascii_lowercase()
}

/// Whether a media type is JSON, or anything: an API that says `*/*` here speaks JSON.
pub(crate) fn is_json(media: &str) -> bool {
    let media = essence(media);
    matches!(
        media.as_str(),
        "application/json" | "text/json" | "*/*" | "application/*"
    ) || media.ends_with("+json")
}

/// Whether a media type is text that is passed on as it is.
pub(crate) fn is_text(media: &str) -> bool {
    let media = essence(media);
    let known = [
        "application/yaml",
        "application/x-yaml",
        "application/xml",
        "application/toml",
        "application/x-ndjson",
        "application/graphql",
        "application/javascript",
    ];
    media.starts_with("text/")
        || known.contains(&media.as_str())
        || media.ends_with("+yaml")
        || media.ends_with("+xml")
}
