//! Calls progenitor and reads its output as Rust.
//!
//! The passes transform the output.

mod bisection;
mod output;
mod run;

use super::model::Normalized;
use crate::problem::Problem;

pub(crate) use output::Output;

/// Generates types and operations.
///
/// # Errors
/// Returns an error if progenitor fails or panics: the problem names the operation or the schema that causes it.
pub(crate) fn generate(normalized: &Normalized) -> Result<Output, Problem> {
    run::run(normalized, &normalized.document).map_err(|what| bisection::bisect(normalized, &what))
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;
    use serde_json::json;

    use super::*;
    use crate::codegen::normalize::tests::{normalized, requests, schemas};
    use crate::codegen::passes::models;

    fn sample() -> Normalized {
        normalized(schemas(json!({
            "Root": {"properties": {"part": {"$ref": "#/components/schemas/Part"}}},
            "Part": {"properties": {"a": {"type": "string"}}},
        })))
    }

    #[test]
    fn the_output_has_the_methods_and_the_types() {
        let written = generate(&sample()).unwrap();
        let mut methods = written.methods.iter();
        assert!(methods.any(|method| method.ident == "get_root"));
        assert!(written.structs.contains_key("Part"));
    }

    #[test]
    fn null_within_a_list_or_map_survives_in_a_field_that_may_be_absent_or_null() {
        let normalized = normalized(requests(json!({"Root": {"properties": {
            "list": {"type": "array", "nullable": true, "items": {"type": "integer", "nullable": true}},
            "map": {"type": "object", "nullable": true, "additionalProperties": {
                "type": "array", "nullable": true, "items": {"type": "string", "nullable": true},
            }},
            "parts": {"type": "array", "nullable": true, "items": {
                "nullable": true, "allOf": [{"$ref": "#/components/schemas/Part"}],
            }},
            "plain": {"type": "array", "nullable": true, "items": {"type": "string"}},
        }}, "Part": {"properties": {"a": {"type": "string"}}}})));
        let written = generate(&normalized).unwrap_or_else(|problem| panic!("{problem}"));
        let models =
            models::read(&written, &normalized).unwrap_or_else(|problem| panic!("{problem}"));
        let fields = models["Root"].fields.iter();
        let types = fields.map(|field| field.ty.to_token_stream().to_string() + "; ");
        let mut fields = types.collect::<String>().replace(' ', "");
        for module in [
            "::core::option::",
            "::std::vec::",
            "::std::string::",
            "crate::runtime::",
            "crate::types::",
        ] {
            fields = fields.replace(module, "").replace(",>", ">");
        }
        for expected in [
            "Patch<Vec<Option<i64>>>",
            "Option<Vec<Option<String>>>",
            "Patch<Vec<Option<Part>>>",
            "Patch<Vec<String>>",
        ] {
            assert!(fields.contains(expected), "{expected} in {fields}");
        }
    }

    #[test]
    fn a_panic_of_progenitor_names_the_operation_that_causes_it() {
        let mut normalized = sample();
        let operation = normalized
            .document
            .pointer_mut("/paths/~1get_root/get")
            .unwrap();
        operation["responses"] =
            json!({"200": {"description": ""}, "201": operation["responses"]["2XX"]});
        let problem = generate(&normalized).err().expect("a problem").to_string();
        assert!(
            problem
                .contains("/paths/~1root/get: progenitor cannot generate the operation `getRoot`"),
            "{problem}"
        );
    }

    #[test]
    fn a_schema_that_progenitor_cannot_generate_is_named() {
        let mut normalized = sample();
        *normalized
            .document
            .pointer_mut("/components/schemas/Part/properties/a")
            .unwrap() = json!({"type": "string", "pattern": "["});
        let problem = generate(&normalized).err().expect("a problem").to_string();
        assert!(
            problem
                .contains("/components/schemas/Part: progenitor cannot generate the schema `Part`"),
            "{problem}"
        );
    }
}
