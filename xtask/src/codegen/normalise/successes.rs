//! Rule: any 2xx is a success, and an operation has one type of success.
//!
//! Where several statuses are declared: one schema, everywhere, is the type; one schema beside
//! statuses without a body is the type or nothing; of different schemas that of the lowest status is
//! taken, with a remark. `default` counts where no 2xx is declared. Of several media types JSON is
//! taken, then text, then bytes.

use serde_json::{Map, Value};

use super::bodies::{is_json, is_text};
use super::draft::{Draft, DraftSuccess};
use super::fingerprint::fingerprint;
use super::read::Reader;
use super::schema::{Kind, Schema};
use crate::codegen::model::Format;
use crate::contract::source::escape as step;
use crate::problem::Problem;

struct Declared {
    status: String,
    pointer: String,
    description: Option<String>,
    format: Format,
    secret: bool,
    content_type: Option<String>,
    schema: Option<Schema>,
}

/// Reads the success of one operation.
///
/// # Errors
/// Where a response is not one.
pub(crate) fn read(
    reader: &Reader<'_>,
    draft: &mut Draft,
    operation: &Map<String, Value>,
    pointer: &str,
) -> Result<DraftSuccess, Problem> {
    let responses = responses(operation);
    let mut chosen: Vec<&(String, &Value)> = responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .collect();
    if chosen.is_empty() {
        chosen = responses
            .iter()
            .filter(|(status, _)| status == "default")
            .collect();
    }
    // A range stands for what the single statuses do not say.
    chosen.sort_by_key(|(status, _)| {
        (
            !status.bytes().all(|byte| byte.is_ascii_digit()),
            status.clone(),
        )
    });
    let mut declared = Vec::new();
    for (status, value) in chosen {
        declared.push(one(
            reader,
            status,
            value,
            &format!("{pointer}/responses/{}", step(status)),
        )?);
    }
    Ok(together(draft, declared))
}

/// The error statuses that an operation declares.
///
/// # Errors
/// Where a response is a reference that leads nowhere.
pub(crate) fn errors(
    reader: &Reader<'_>,
    operation: &Map<String, Value>,
    pointer: &str,
) -> Result<Vec<(String, Option<String>)>, Problem> {
    let declared = responses(operation)
        .into_iter()
        .filter(|(status, _)| status.starts_with(['4', '5']));
    let described = declared.map(|(status, value)| {
        let (value, _) = reader.follow(value, &format!("{pointer}/responses/{}", step(&status)))?;
        Ok((status, description(value)))
    });
    described.collect()
}

fn responses(operation: &Map<String, Value>) -> Vec<(String, &Value)> {
    let declared = operation
        .get("responses")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    declared
        .filter(|(status, _)| !status.starts_with("x-"))
        .map(|(status, value)| {
            (
                status.to_ascii_uppercase().replace("DEFAULT", "default"),
                value,
            )
        })
        .collect()
}

fn description(response: &Value) -> Option<String> {
    response
        .get("description")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .filter(|text| !text.trim().is_empty())
}

fn one(
    reader: &Reader<'_>,
    status: &str,
    value: &Value,
    pointer: &str,
) -> Result<Declared, Problem> {
    let (value, place) = reader.follow(value, pointer)?;
    let mut declared = Declared {
        status: status.to_owned(),
        pointer: place.clone(),
        description: description(value),
        format: Format::NoContent,
        secret: false,
        content_type: None,
        schema: None,
    };
    let content: Vec<(&String, &Value)> = value
        .get("content")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .collect();
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
        declared.secret = schema.is_some_and(|schema| schema.notes.secret);
        declared.content_type = Some((*media).clone());
    } else if let Some((media, _)) = content.first() {
        declared.format = Format::Binary;
        declared.content_type = Some((*media).clone());
    }
    Ok(declared)
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
            description,
            statuses,
        };
    }
    let first = told.remove(0);
    let key = |response: &Declared| (response.format, response.schema.as_ref().map(fingerprint));
    if told.iter().any(|other| key(other) != key(&first)) {
        draft.remark(
            &first.pointer,
            format!(
                "several successes of different types are declared; that of {} is taken",
                first.status
            ),
        );
    }
    // A body that is a union with null is nothing, in JSON; one that is not there is the same to us.
    let format = match first.format {
        Format::Json if !empty.is_empty() => Format::JsonOrEmpty,
        format => format,
    };
    DraftSuccess {
        format,
        secret: first.secret,
        schema: first.schema,
        content_type: first.content_type,
        description,
        statuses,
    }
}
