//! Calls progenitor and reads its output as Rust.
//!
//! The passes transform the output.

mod bisection;
mod output;
mod run;

use super::model::Normalised;
use crate::problem::Problem;

pub(crate) use output::{Output, bounds};

/// Generates types, operations and mocks.
///
/// # Errors
/// Returns an error if progenitor fails or panics: the problem names the operation or the schema that
/// makes it.
pub(crate) fn generate(normalised: &Normalised) -> Result<Output, Problem> {
    run::run(normalised, &normalised.document).map_err(|what| bisection::bisect(normalised, &what))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::codegen::normalise::tests::{normalised, schemas};

    fn sample() -> Normalised {
        normalised(schemas(json!({
            "Root": {"properties": {"part": {"$ref": "#/components/schemas/Part"}}},
            "Part": {"properties": {"a": {"type": "string"}}},
        })))
    }

    #[test]
    fn the_output_has_the_methods_the_matchers_and_the_types() {
        let written = generate(&sample()).unwrap();
        let mut methods = written.methods();
        assert!(methods.any(|method| method.ident == "get_root"));
        assert!(written.structs().contains_key("Part"));
        assert!(written.matchers().contains_key("get_root"));
    }

    #[test]
    fn a_panic_of_progenitor_names_the_operation_that_causes_it() {
        let mut normalised = sample();
        let operation = normalised
            .document
            .pointer_mut("/paths/~1get_root/get")
            .unwrap();
        operation["responses"] =
            json!({"200": {"description": ""}, "201": operation["responses"]["2XX"]});
        let problem = generate(&normalised).map(drop).unwrap_err().to_string();
        assert!(
            problem
                .contains("/paths/~1root/get: progenitor cannot generate the operation `getRoot`"),
            "{problem}"
        );
    }

    #[test]
    fn a_schema_that_progenitor_cannot_generate_is_named() {
        let mut normalised = sample();
        *normalised
            .document
            .pointer_mut("/components/schemas/Part/properties/a")
            .unwrap() = json!({"type": "string", "pattern": "["});
        let problem = generate(&normalised).map(drop).unwrap_err().to_string();
        assert!(
            problem
                .contains("/components/schemas/Part: progenitor cannot generate the schema `Part`"),
            "{problem}"
        );
    }
}
