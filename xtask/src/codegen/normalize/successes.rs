//! Rule: any 2xx is a success, and an operation has one type of success.
//!
//! If several statuses are declared: one schema for all of them is the type; one schema beside
//! statuses without a body is an `Option` of the type; of different schemas, that of the lowest status is
//! used, with a remark. `default` counts if no 2xx is declared. Of several media types JSON is
//! preferred, then text, then bytes; the client accepts all types that it reads the same way. A response
//! to HEAD has no body.

use serde_json::{Map, Value};

use super::draft::Draft;
use super::fingerprint::fingerprint;
use super::media::{self, is_json, is_text};
use super::read::Reader;
use super::schema::{Kind, Schema};
use super::schema_keys::text;
use crate::codegen::model::{Format, SuccessModel};
use crate::contract::pointer::escape as step;
use crate::contract::references;
use crate::contract::responses::{self, Response};
use crate::problem::Problem;

/// A response that the contract declares as a success.
struct Declared {
    pointer: String,
    status: String,
    model: SuccessModel,
    schema: Option<Schema>,
}

/// A success, and the schema of its document.
pub(crate) type Success = (SuccessModel, Option<Schema>);

/// Reads the success of one operation.
///
/// # Errors
/// Returns an error if a response is invalid.
pub(crate) fn read(
    reader: &Reader<'_>,
    draft: &mut Draft,
    operation: &Map<String, Value>,
    pointer: &str,
) -> Result<Success, Problem> {
    let mut chosen = responses::by_status(reader.document, operation, pointer)?;
    let has_success = chosen.iter().any(|one| one.status.starts_with('2'));
    chosen.retain(|one| match has_success {
        true => one.status.starts_with('2'),
        false => one.status == "default",
    });
    // A range applies to the statuses that are not declared individually.
    chosen.sort_by_key(|one| {
        let is_range = !one.status.bytes().all(|byte| byte.is_ascii_digit());
        (is_range, one.status.clone())
    });
    let mut declared = Vec::new();
    for response in chosen {
        let mut read = one(reader, draft, &response)?;
        let status = &response.status;
        if matches!(status.as_str(), "204" | "205") && read.model.format != Format::NoContent {
            let what =
                format!("a response of status {status} has no body: its `content` is ignored");
            draft.remark(format!("{}/content", read.pointer), what);
            read.model = empty(read.model.description);
            read.schema = None;
        }
        declared.push(read);
    }
    Ok(together(draft, declared))
}

/// A success without a body.
fn empty(description: Option<String>) -> SuccessModel {
    SuccessModel {
        description,
        ..SuccessModel::default()
    }
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
    let mut model = empty(text(value.get("description")));
    let mut schema = None;
    let content = references::content(value);
    let first = |fits: fn(&str) -> bool| content.iter().find(|(media, _)| fits(media));
    if let Some((media, description)) = first(is_json) {
        let at = format!("{place}/content/{}", step(media));
        model.format = Format::Json;
        model.content_type = Some((*media).clone());
        schema = Some(match description.get("schema") {
            Some(schema) => reader.schema(schema, &format!("{at}/schema"))?,
            None => Schema::new(Kind::Any, at),
        });
    } else if let Some((media, description)) = first(is_text) {
        if let Some(schema) = description.get("schema") {
            let at = format!("{place}/content/{}/schema", step(media));
            let schema = reader.schema(schema, &at)?;
            media::note_text(reader, media, &schema);
            model.secret = schema.notes.secret;
        }
        model.format = Format::Text;
        model.content_type = Some((*media).clone());
    } else if let Some((media, _)) = content.first() {
        model.format = Format::Binary;
        model.content_type = Some((*media).clone());
    }
    let reads = |media: &str| match model.format {
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
        draft.remark(format!("{place}/content"), what);
    }
    let accepted = content.iter().map(|(media, _)| media.as_str());
    let accepted = accepted.filter(|media| reads(media) && media::is_media_type(media));
    model.accept = accepted.map(|media| media.trim().to_owned()).collect();
    Ok(Declared {
        pointer: place,
        status: response.status.clone(),
        model,
        schema,
    })
}

/// The media types of all successes of a format, each once. A range that includes JSON, such as `*/*`, is left
/// out: without other types, the format determines `Accept`.
fn accepted<'d>(declared: impl Iterator<Item = &'d Declared>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for media in declared.flat_map(|declared| &declared.model.accept) {
        let is_any_json = media::is_range(media) && is_json(media);
        if !is_any_json && !found.contains(media) {
            found.push(media.clone());
        }
    }
    found
}

/// A success without a body, whatever is declared: that of HEAD.
pub(crate) fn without_body(draft: &mut Draft, (success, _): Success, pointer: &str) -> Success {
    if success.format != Format::NoContent {
        let what = "a response to HEAD has no body: the call returns `()`, and `response` returns the headers";
        draft.remark(pointer, what);
    }
    let model = SuccessModel {
        accept: success.accept,
        statuses: success.statuses,
        ..empty(success.description)
    };
    (model, None)
}

fn together(draft: &mut Draft, declared: Vec<Declared>) -> Success {
    let statuses = declared.iter().map(|response| response.status.clone());
    let statuses = statuses.collect();
    let (empty, mut told): (Vec<Declared>, Vec<Declared>) = declared
        .into_iter()
        .partition(|response| response.model.format == Format::NoContent);
    let mut all = told.iter().chain(&empty);
    let description = all.find_map(|response| response.model.description.clone());
    if told.is_empty() {
        let model = SuccessModel {
            statuses,
            ..self::empty(description)
        };
        return (model, None);
    }
    let format = told.first().map(|response| response.model.format);
    let accept = accepted(
        told.iter()
            .filter(|response| Some(response.model.format) == format),
    );
    let first = told.remove(0);
    let key = |one: &Declared| (one.model.format, one.schema.as_ref().map(fingerprint));
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
    let format = match first.model.format {
        Format::Json if !empty.is_empty() => Format::JsonOrEmpty,
        format => format,
    };
    let model = SuccessModel {
        format,
        accept,
        description,
        statuses,
        ..first.model
    };
    (model, first.schema)
}
