//! Rule: a revision of a newer version than 3.0 gives the same client after an import, or it is not imported.
//!
//! The contract is written in OpenAPI 3.0. `import` converts the forms of newer versions; here, the result is compared
//! with the revision.

use std::path::Path;

use serde_json::Value;

use crate::codegen::comparison::{Difference, difference};
use crate::codegen::model::Normalized;
use crate::codegen::normalize;
use crate::contract::import::{self, Loss};
use crate::contract::{Document, canonical, source};
use crate::problem::Problem;

/// Checks one revision. It is not checked if it needs no conversion because it is of OpenAPI 3.0, or if no client
/// can be generated from it directly. One exception: if the reason is a schema that no value fits, the import must
/// not turn it into a schema that some value fits.
///
/// # Errors
/// Returns an error if the client would be another one, or if there would be none.
pub(crate) fn check(revision: &Document) -> Result<(), Problem> {
    let version = revision.value.get("openapi").and_then(Value::as_str);
    if version.is_none_or(|version| version.starts_with("3.0")) {
        return Ok(());
    }
    // `import` reports the extensions that it does not keep.
    let mut plain = revision.clone();
    without_extensions(&mut plain.value);
    let direct = match normalize(&plain) {
        Err(problem) if !problem.is_contradiction() => return Ok(()),
        direct => direct,
    };
    let alone = std::slice::from_ref(&plain);
    let imported = import::import(None, alone, Loss::Allowed)?;
    let text = canonical::text(&imported.document);
    let text = text.map_err(|problem| problem.of_document(revision))?;
    let written = source::parse(Path::new("imported.yaml"), text)?;
    match (direct, normalize(&written)) {
        (Ok(direct), after) => compare(revision, &direct, after),
        (Err(_), Err(_)) => Ok(()),
        (Err(problem), Ok(_)) => {
            let what = format!("{CANNOT_EXPRESS}: {}", problem.what());
            let pointer = problem.pointer().unwrap_or_default();
            let help = "import a copy of the file without the part that contradicts the others";
            Err(Problem::at(revision, pointer, what).with_help(help))
        }
    }
}

const CANNOT_EXPRESS: &str = "the contract, which is of OpenAPI 3.0, cannot express this";

/// Compares the client of a revision with that of the contract that was imported from it.
fn compare(
    revision: &Document,
    direct: &Normalized,
    after: Result<Normalized, Problem>,
) -> Result<(), Problem> {
    let found = match after {
        Ok(after) => difference(direct, &after),
        Err(problem) => {
            let what = format!("the contract would give no client: {}", problem.what());
            return Err(refused(
                revision,
                problem.pointer().unwrap_or_default(),
                what,
            ));
        }
    };
    match found {
        None => Ok(()),
        Some(Difference {
            pointer,
            one,
            other,
        }) => {
            let what = format!("the client would have `{other}` instead of `{one}`");
            Err(refused(revision, &pointer, what))
        }
    }
}

/// Removes the extensions that the generator reads from the overlay.
fn without_extensions(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !import::OF_THE_OVERLAY.contains(&key.as_str()));
            map.values_mut().for_each(without_extensions);
        }
        Value::Array(list) => list.iter_mut().for_each(without_extensions),
        _ => {}
    }
}

fn refused(revision: &Document, pointer: &str, what: String) -> Problem {
    let what = format!("{CANNOT_EXPRESS}: {what}");
    Problem::at(revision, pointer, what).with_help(
        "describe the values with keywords of OpenAPI 3.0, or generate from this file without an \
         import: `cargo xtask generate --spec FILE --out DIR`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(version: &str, schema: &str) -> Document {
        let text = format!(
            "openapi: {version}\ninfo: {{title: T, version: '1'}}\npaths:\n  /a:\n    get:\n      operationId: getA\n      responses: {{'200': {{description: x, content: {{application/json: {{schema: {{$ref: '#/components/schemas/A'}}}}}}}}}}\ncomponents:\n  schemas:\n    A: {{type: object, properties: {{x: {schema}}}}}\n"
        );
        source::parse(Path::new("api.yaml"), text).expect("a document")
    }

    #[test]
    fn a_revision_whose_client_would_change_is_refused_with_place_and_reason() {
        let revision = document("3.1.0", "{type: [string, 'null']}");
        check(&revision).expect("the same client");
        let direct = normalize(&revision).expect("a client");
        let text = document(
            "3.0.3",
            "{type: string, nullable: true, description: A text}",
        );
        compare(&revision, &direct, normalize(&text)).expect("texts do not count");
        for other in [
            "{type: string}",
            "{type: integer, nullable: true}",
            "{type: array, items: {type: string}}",
        ] {
            let after = normalize(&document("3.0.3", other));
            let message = compare(&revision, &direct, after)
                .expect_err(other)
                .to_string();
            let place = "api.yaml:10: /components/schemas/A: ";
            let is_whole = message.starts_with(place) && message.contains("help: ");
            assert!(is_whole && message.contains("instead of"), "{message}");
        }
        let message = compare(
            &revision,
            &direct,
            normalize(&document("3.0.3", "{not: {type: string}}")),
        );
        let message = message.expect_err("no client").to_string();
        assert!(
            message.contains("would give no client: `not` is not supported"),
            "{message}"
        );
    }

    #[test]
    fn a_schema_that_no_value_fits_is_not_made_another_one() {
        for schema in [
            "{oneOf: [{oneOf: [{anyOf: [{type: 'null'}], enum: [true]}]}]}",
            "{anyOf: [{type: 'null'}], enum: [a]}",
        ] {
            let message = check(&document("3.1.0", schema)).expect_err(schema);
            let message = message.to_string();
            let is_whole = message.starts_with("api.yaml:10: /components/schemas/A/");
            assert!(
                is_whole && message.contains("no value fits all of them"),
                "{message}"
            );
            assert!(message.contains("help: import a copy"), "{message}");
        }
        check(&document("3.1.0", "{enum: [true, null]}")).expect("the copy is imported");
    }

    #[test]
    fn extensions_of_the_overlay_do_not_count() {
        check(&document("3.1.0", "{type: string, x-secret: true}")).expect("the same client");
    }
}
