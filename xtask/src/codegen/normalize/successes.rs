//! Rule: any 2xx is a success, and an operation has one type of success.
//!
//! If several statuses are declared: one schema for all of them is the type; one schema beside
//! statuses without a body is an `Option` of the type; of different schemas, that of the lowest status is
//! used, with a remark. `default` counts if no 2xx is declared. Of several media types JSON is
//! preferred, then text, then bytes; the client accepts all types that it reads the same way. A response
//! to HEAD has no body.

use serde_json::{Map, Value};

use super::draft::{Draft, DraftSuccess};
use super::fingerprint::fingerprint;
use super::media::{self, is_json, is_text};
use super::read::Reader;
use super::schema::{Kind, Schema};
use super::schema_keys::text;
use crate::codegen::model::Format;
use crate::contract::pointer::escape as step;
use crate::contract::references;
use crate::contract::responses::{self, Response};
use crate::problem::Problem;

struct Declared {
    status: String,
    pointer: String,
    description: Option<String>,
    format: Format,
    secret: bool,
    content_type: Option<String>,
    /// The media types that are read the same way.
    accept: Vec<String>,
    schema: Option<Schema>,
}

/// Reads the success of one operation.
///
/// # Errors
/// Returns an error if a response is invalid.
pub(crate) fn read(
    reader: &Reader<'_>,
    draft: &mut Draft,
    operation: &Map<String, Value>,
    pointer: &str,
) -> Result<DraftSuccess, Problem> {
    let responses = responses::by_status(reader.document, operation, pointer)?;
    let has_success = responses.iter().any(|one| one.status.starts_with('2'));
    let mut chosen: Vec<Response<'_>> = responses
        .into_iter()
        .filter(|one| match has_success {
            true => one.status.starts_with('2'),
            false => one.status == "default",
        })
        .collect();
    // A range applies to the statuses that are not declared individually.
    chosen.sort_by_key(|one| {
        let is_range = !one.status.bytes().all(|byte| byte.is_ascii_digit());
        (is_range, one.status.clone())
    });
    let mut declared = Vec::new();
    for response in chosen {
        let mut read = one(reader, draft, &response)?;
        let status = &response.status;
        if matches!(status.as_str(), "204" | "205") && read.format != Format::NoContent {
            let what =
                format!("a response of status {status} has no body: its `content` is ignored");
            draft.remark(&format!("{}/content", read.pointer), what);
            read = Declared {
                format: Format::NoContent,
                secret: false,
                content_type: None,
                accept: Vec::new(),
                schema: None,
                ..read
            };
        }
        declared.push(read);
    }
    Ok(together(draft, declared))
}

/// The error statuses that an operation declares.
///
/// # Errors
/// Returns an error if a response is a reference without a target.
pub(crate) fn errors(
    reader: &Reader<'_>,
    operation: &Map<String, Value>,
    pointer: &str,
) -> Result<Vec<(String, Option<String>)>, Problem> {
    let declared = responses::by_status(reader.document, operation, pointer)?
        .into_iter()
        .filter(|one| one.status.starts_with(['4', '5']));
    let described = declared.map(|one| {
        let (value, _) = reader.follow(one.value, &one.pointer)?;
        Ok((one.status, text(value.get("description"))))
    });
    described.collect()
}

fn one(
    reader: &Reader<'_>,
    draft: &mut Draft,
    response: &Response<'_>,
) -> Result<Declared, Problem> {
    let (value, place) = reader.follow(response.value, &response.pointer)?;
    let mut declared = Declared {
        status: response.status.clone(),
        pointer: place.clone(),
        description: text(value.get("description")),
        format: Format::NoContent,
        secret: false,
        content_type: None,
        accept: Vec::new(),
        schema: None,
    };
    let content = references::content(value);
    let first = |fits: fn(&str) -> bool| content.iter().find(|(media, _)| fits(media));
    if let Some((media, description)) = first(is_json) {
        let at = format!("{place}/content/{}", step(media));
        declared.format = Format::Json;
        declared.content_type = Some((*media).clone());
        declared.schema = Some(match description.get("schema") {
            Some(schema) => reader.schema(schema, &format!("{at}/schema"))?,
            None => Schema::new(Kind::Any, at),
        });
    } else if let Some((media, description)) = first(is_text) {
        let at = format!("{place}/content/{}/schema", step(media));
        let schema = description.get("schema");
        let schema = schema
            .map(|schema| reader.schema(schema, &at))
            .transpose()?;
        declared.format = Format::Text;
        if let Some(schema) = schema {
            media::note_text(reader, media, &schema);
            declared.secret = schema.notes.secret;
        }
        declared.content_type = Some((*media).clone());
    } else if let Some((media, _)) = content.first() {
        declared.format = Format::Binary;
        declared.content_type = Some((*media).clone());
    }
    let reads = |media: &str| match declared.format {
        Format::Json | Format::JsonOrEmpty => is_json(media),
        Format::Text => is_text(media),
        Format::Binary => true,
        Format::NoContent => false,
    };
    let others = content.iter().filter(|(media, _)| !reads(media));
    let others: Vec<String> = others.map(|(media, _)| format!("`{media}`")).collect();
    if !others.is_empty() {
        let what = format!(
            "a response of {} is not requested and not read",
            others.join(", ")
        );
        draft.remark(&format!("{place}/content"), what);
    }
    let accepted = content.iter().map(|(media, _)| media.as_str());
    let accepted = accepted.filter(|media| reads(media) && media::is_media_type(media));
    declared.accept = accepted.map(|media| media.trim().to_owned()).collect();
    Ok(declared)
}

/// The media types of all successes of a format, each once. A range that includes JSON, such as `*/*`, is left
/// out: without other types, the format determines `Accept`.
fn accepted<'d>(declared: impl Iterator<Item = &'d Declared>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for media in declared.flat_map(|declared| &declared.accept) {
        let is_any_json = media::is_range(media) && is_json(media);
        if !is_any_json && !found.contains(media) {
            found.push(media.clone());
        }
    }
    found
}

/// A success without a body, whatever is declared: that of HEAD.
pub(crate) fn without_body(
    draft: &mut Draft,
    success: DraftSuccess,
    pointer: &str,
) -> DraftSuccess {
    if success.format == Format::NoContent {
        return success;
    }
    let what =
        "a response to HEAD has no body: the call returns `()`, and `response` returns the headers";
    draft.remark(pointer, what);
    DraftSuccess {
        format: Format::NoContent,
        secret: false,
        schema: None,
        content_type: None,
        ..success
    }
}

fn together(draft: &mut Draft, declared: Vec<Declared>) -> DraftSuccess {
    let statuses = declared
        .iter()
        .map(|response| response.status.clone())
        .collect();
    let (empty, mut told): (Vec<Declared>, Vec<Declared>) = declared
        .into_iter()
        .partition(|response| response.format == Format::NoContent);
    let description = told
        .iter()
        .chain(&empty)
        .find_map(|response| response.description.clone());
    if told.is_empty() {
        return DraftSuccess {
            format: Format::NoContent,
            secret: false,
            schema: None,
            content_type: None,
            accept: Vec::new(),
            description,
            statuses,
        };
    }
    let format = told.first().map(|response| response.format);
    let accept = accepted(
        told.iter()
            .filter(|response| Some(response.format) == format),
    );
    let first = told.remove(0);
    let key = |response: &Declared| (response.format, response.schema.as_ref().map(fingerprint));
    if told.iter().any(|other| key(other) != key(&first)) {
        draft.remark(
            &first.pointer,
            format!(
                "several successes of different types are declared; the type of status {} is used",
                first.status
            ),
        );
    }
    // If some statuses have no body, a missing body and null in JSON both give `None`.
    let format = match first.format {
        Format::Json if !empty.is_empty() => Format::JsonOrEmpty,
        format => format,
    };
    DraftSuccess {
        format,
        secret: first.secret,
        schema: first.schema,
        content_type: first.content_type,
        accept,
        description,
        statuses,
    }
}
