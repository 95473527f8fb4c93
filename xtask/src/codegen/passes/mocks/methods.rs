//! The names of the methods of matchers and responders.

use quote::format_ident;
use syn::Ident;

use crate::codegen::model::ParameterModel;
use crate::codegen::passes::{names, reserved};

/// The name of a matcher's method for a parameter.
pub(super) fn matcher_name(parameter: &ParameterModel) -> Ident {
    names::apart(parameter.rust_name.trim_start_matches("r#"), reserved::WHEN)
}

/// The name of a responder's method, and the status if it is a number.
pub(in crate::codegen::passes) fn status_name(status: &str) -> (Ident, Option<u16>) {
    let Ok(number) = status.parse::<u16>() else {
        return (format_ident!("success"), None);
    };
    let name = match number {
        200 => "ok".to_owned(),
        201 => "created".to_owned(),
        202 => "accepted".to_owned(),
        203 => "non_authoritative_information".to_owned(),
        204 => "no_content".to_owned(),
        205 => "reset_content".to_owned(),
        206 => "partial_content".to_owned(),
        207 => "multi_status".to_owned(),
        other => format!("status_{other}"),
    };
    (format_ident!("{name}"), Some(number))
}
