//! Names that generated items must not take.

use proc_macro2::Span;
use syn::Ident;

/// What every call can do already: a parameter of that name gets an underscore.
pub(crate) const CALL_METHODS: &[&str] = &[
    "bytes",
    "clone",
    "clone_from",
    "extension",
    "fmt",
    "form",
    "header",
    "into_future",
    "json",
    "json_as",
    "new",
    "operation",
    "parameter",
    "query",
    "query_joined",
    "query_repeated",
    "response",
    "retry",
    "styled",
    "text",
    "timeout",
    "with",
    "without_query",
];

/// What every model can do already: a setter of that name gets an underscore.
pub(crate) const MODEL_METHODS: &[&str] = &[
    "clone",
    "clone_from",
    "default",
    "deserialize",
    "eq",
    "extra",
    "fmt",
    "from",
    "into",
    "ne",
    "new",
    "serialize",
    "without_extra",
];

/// An identifier without the `r#` of a raw one.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// An identifier of this name, with an underscore where it is one of `taken` or a word of the language.
pub(crate) fn apart(name: &str, taken: &[&str]) -> Ident {
    match syn::parse_str::<Ident>(name) {
        Ok(ident) if !taken.contains(&name) => ident,
        _ => Ident::new(&format!("{name}_"), Span::call_site()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_and_a_word_of_the_language_get_an_underscore() {
        assert_eq!(apart("query", CALL_METHODS).to_string(), "query_");
        assert_eq!(apart("type", CALL_METHODS).to_string(), "type_");
        assert_eq!(apart("start_id", CALL_METHODS).to_string(), "start_id");
    }
}
