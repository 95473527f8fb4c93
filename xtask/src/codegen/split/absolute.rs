//! The absolute paths of generated code in another form.
//!
//! The passes write every path with all its segments, and a file imports nothing. Therefore no name of a contract
//! can collide with a name of the language, of the standard library, of another crate or of the runtime.

use proc_macro2::{Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// The paths of generated code with the names that programs use for them.
const NAMES: &[(&str, &str)] = &[
    // Modules of the client.
    ("crate::runtime::model", "model"),
    ("crate::operations", "operations"),
    ("crate::runtime", "rt"),
    ("crate::types", "types"),
    // Other crates.
    ("::chrono", "chrono"),
    ("::httpmock", "httpmock"),
    ("::serde_json", "serde_json"),
    ("::std", "std"),
    ("::uuid", "uuid"),
    // Types, traits and variants.
    ("::core::convert::AsRef", "AsRef"),
    ("::std::collections::BTreeMap", "BTreeMap"),
    ("::std::boxed::Box", "Box"),
    ("::bytes::Bytes", "Bytes"),
    ("crate::runtime::Call", "Call"),
    ("crate::runtime::Client", "Client"),
    ("::core::default::Default", "Default"),
    ("::core::result::Result::Err", "Err"),
    ("::core::ops::FnOnce", "FnOnce"),
    ("::core::convert::From", "From"),
    ("::core::convert::Into", "Into"),
    ("::http::Method", "Method"),
    ("::httpmock::Mock", "Mock"),
    ("crate::mock::MockServerExt", "MockServerExt"),
    ("::core::option::Option::None", "None"),
    ("::core::result::Result::Ok", "Ok"),
    ("::core::option::Option", "Option"),
    ("::core::result::Result", "Result"),
    ("::core::marker::Sized", "Sized"),
    ("::core::option::Option::Some", "Some"),
    ("::std::string::String", "String"),
    ("crate::mock::Then", "Then"),
    ("::std::string::ToString", "ToString"),
    ("::core::convert::TryFrom", "TryFrom"),
    ("::std::vec::Vec", "Vec"),
    ("crate::mock::When", "When"),
];

/// The paths that are different on the websocket side.
const STREAM: &[(&str, &str)] = &[("crate::types", "crate::stream::types")];

/// The side of the client that an item belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Side {
    /// Operations and models.
    #[default]
    Rest,
    /// Requests and frames of websockets.
    Stream,
}

thread_local! {
    // Tokens cannot be shared between threads. The table is used for every item.
    static SHORTER: Vec<(Path, Path)> = tokens(NAMES);
}

/// Writes the paths of generated code as programs do.
pub(crate) fn short(items: TokenStream) -> TokenStream {
    SHORTER.with(|paths| replaced(items, paths))
}

/// The same items on a side of the client.
pub(super) fn on_side(items: TokenStream, side: Side) -> TokenStream {
    match side {
        Side::Rest => items,
        Side::Stream => replaced(items, &tokens(STREAM)),
    }
}

type Path = Vec<TokenTree>;

fn tokens(paths: &[(&str, &str)]) -> Vec<(Path, Path)> {
    let of = |path: &str| path_tokens(path).collect();
    paths.iter().map(|(from, to)| (of(from), of(to))).collect()
}

/// The tokens of a path.
fn path_tokens(path: &str) -> impl Iterator<Item = TokenTree> {
    let colons = || {
        let colon = |spacing| TokenTree::Punct(Punct::new(':', spacing));
        [colon(Spacing::Joint), colon(Spacing::Alone)]
    };
    path.split("::")
        .enumerate()
        .flat_map(move |(index, segment)| {
            let before = (index > 0).then(colons).into_iter().flatten();
            let name = (!segment.is_empty())
                .then(|| TokenTree::Ident(Ident::new(segment, Span::call_site())));
            before.chain(name)
        })
}

/// Replaces the first path of each pair by the second one.
fn replaced(items: TokenStream, paths: &[(Path, Path)]) -> TokenStream {
    let tokens: Path = items.into_iter().collect();
    let mut rest = tokens.as_slice();
    let mut written = Vec::with_capacity(tokens.len());
    while let Some((first, after)) = rest.split_first() {
        let begins = |path: &[TokenTree]| {
            path.len() <= rest.len() && path.iter().zip(rest).all(|(one, other)| same(one, other))
        };
        // Every path begins with `crate` or `::`, and most tokens do not.
        let paths_here = match first {
            TokenTree::Ident(name) if name == "crate" => paths,
            TokenTree::Punct(mark) if mark.as_char() == ':' => paths,
            _ => &[],
        };
        let found = paths_here.iter().filter(|(path, _)| begins(path));
        // The longest path is replaced, because the path of a type begins with that of its module.
        match found.max_by_key(|(path, _)| path.len()) {
            Some((path, other)) => {
                written.extend(other.iter().cloned());
                rest = rest.get(path.len()..).unwrap_or_default();
            }
            None => {
                written.push(match first {
                    TokenTree::Group(group) => {
                        let inner = replaced(group.stream(), paths);
                        TokenTree::Group(Group::new(group.delimiter(), inner))
                    }
                    other => other.clone(),
                });
                rest = after;
            }
        }
    }
    written.into_iter().collect()
}

/// Whether two tokens of a path are one.
fn same(one: &TokenTree, other: &TokenTree) -> bool {
    match (one, other) {
        (TokenTree::Ident(one), TokenTree::Ident(other)) => one == other,
        (TokenTree::Punct(one), TokenTree::Punct(other)) => one.as_char() == other.as_char(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn an_absolute_path_becomes_the_one_that_programs_write() {
        let written = quote! {
            impl ::core::convert::From<crate::types::Option> for crate::types::Vec {
                type A = ::core::option::Option<crate::runtime::Patch<::std::collections::BTreeMap<::std::string::String, ::uuid::Uuid>>>;
                type B = crate::runtime::Call<crate::operations::Result>;
                type C = ::std::vec::Vec<::serde_json::Value>;
            }
        };
        let expected = quote! {
            impl From<types::Option> for types::Vec {
                type A = Option<rt::Patch<BTreeMap<String, uuid::Uuid>>>;
                type B = Call<operations::Result>;
                type C = Vec<serde_json::Value>;
            }
        };
        assert_eq!(short(written).to_string(), expected.to_string());
    }

    #[test]
    fn the_websocket_side_has_types_of_its_own() {
        let item = quote!(crate::runtime::model::through_fields!(crate::types::A););
        let expected = quote!(crate::runtime::model::through_fields!(crate::stream::types::A););
        assert_eq!(
            on_side(item.clone(), Side::Stream).to_string(),
            expected.to_string()
        );
        assert_eq!(
            on_side(item.clone(), Side::Rest).to_string(),
            item.to_string()
        );
    }
}
