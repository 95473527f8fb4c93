//! Identifiers of generated items. Which names are taken is in [`super::reserved`].

use proc_macro2::Span;
use syn::Ident;

use super::reserved::Reserved;
use crate::codegen::normalize::names::is_keyword;

/// An identifier without the `r#` of a raw one.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// An identifier of this name, with an underscore if it is one of `taken` or a Rust keyword.
pub(crate) fn apart(name: &str, taken: &Reserved) -> Ident {
    match taken.has(name) || is_keyword(name) {
        true => Ident::new(&format!("{name}_"), Span::call_site()),
        false => Ident::new(name, Span::call_site()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_and_a_word_of_the_language_get_an_underscore() {
        let taken = &super::super::reserved::CALL;
        assert_eq!(apart("query", taken).to_string(), "query_");
        assert_eq!(apart("type", taken).to_string(), "type_");
        assert_eq!(apart("start_id", taken).to_string(), "start_id");
    }
}
