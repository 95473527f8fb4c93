//! Makes every path of the generated client absolute.
//!
//! The passes write `Option`, `rt::Patch` and `types::Thing`; a file holds `::core::option::Option`,
//! `crate::runtime::Patch` and `crate::types::Thing`, and no import. So no name of a contract can meet
//! one of the language, of the standard library, of another crate or of the runtime. A path that this
//! pass does not know is a defect of the generator and fails the run.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericParam, ImplItem, Item, Pat, Path};

use crate::problem::Problem;

/// The path prefixes that the passes write, with the full path of each.
const ROOTS: &[(&str, &str)] = &[
    // Modules of the client.
    ("model", "crate::runtime::model"),
    ("operations", "crate::operations"),
    ("rt", "crate::runtime"),
    ("types", "crate::types"),
    // Other crates.
    ("chrono", "::chrono"),
    ("httpmock", "::httpmock"),
    ("serde_json", "::serde_json"),
    ("std", "::std"),
    ("uuid", "::uuid"),
    // Types, traits and variants.
    ("AsRef", "::core::convert::AsRef"),
    ("BTreeMap", "::std::collections::BTreeMap"),
    ("Box", "::std::boxed::Box"),
    ("Bytes", "::bytes::Bytes"),
    ("Call", "crate::runtime::Call"),
    ("Client", "crate::runtime::Client"),
    ("Default", "::core::default::Default"),
    ("Err", "::core::result::Result::Err"),
    ("FnOnce", "::core::ops::FnOnce"),
    ("From", "::core::convert::From"),
    ("Into", "::core::convert::Into"),
    ("Method", "::http::Method"),
    ("Mock", "::httpmock::Mock"),
    ("MockServerExt", "crate::mock::MockServerExt"),
    ("None", "::core::option::Option::None"),
    ("Ok", "::core::result::Result::Ok"),
    ("Option", "::core::option::Option"),
    ("Result", "::core::result::Result"),
    ("Sized", "::core::marker::Sized"),
    ("Some", "::core::option::Option::Some"),
    ("String", "::std::string::String"),
    ("Then", "crate::mock::Then"),
    ("ToString", "::std::string::ToString"),
    ("TryFrom", "::core::convert::TryFrom"),
    ("Vec", "::std::vec::Vec"),
    ("When", "crate::mock::When"),
];

/// The names that have a different meaning on the websocket side.
const STREAM_ROOTS: &[(&str, &str)] = &[
    ("requests", "crate::stream::requests"),
    ("types", "crate::stream::types"),
];

/// The side of the client that an item belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Side {
    /// Operations and models.
    #[default]
    Rest,
    /// Requests and frames of websockets.
    Stream,
}

/// Path prefixes that cannot be shadowed: types and modules of a contract begin with no lower-case
/// letter.
const FIXED: &[&str] = &[
    "Self", "crate", "self", "super", "bool", "f32", "f64", "i32", "i64", "str", "u16", "u32",
    "u64", "u128", "usize",
];

/// Makes the paths in an item absolute.
///
/// # Errors
/// Returns an error if a path begins with an unknown name.
pub(super) fn absolute(item: &mut Item, side: Side) -> Result<(), Problem> {
    let mut pass = Pass::new(side);
    pass.visit_item_mut(item);
    pass.finish()
}

/// Makes the paths in a method of the client absolute.
///
/// # Errors
/// Returns an error if a path begins with an unknown name.
pub(super) fn absolute_method(method: &mut ImplItem, side: Side) -> Result<(), Problem> {
    let mut pass = Pass::new(side);
    pass.visit_impl_item_mut(method);
    pass.finish()
}

impl Side {
    /// The path that a name at the beginning of another path stands for.
    fn root(self, name: &str) -> Option<Path> {
        let own: &[_] = match self {
            Self::Rest => &[],
            Self::Stream => STREAM_ROOTS,
        };
        let mut roots = own.iter().chain(ROOTS);
        let (_, path) = roots.find(|(known, _)| *known == name)?;
        syn::parse_str(path).ok()
    }
}

struct Pass {
    side: Side,
    /// The type parameters of the item.
    generics: BTreeSet<String>,
    /// The first path that is not known.
    unknown: Option<String>,
}

impl Pass {
    fn new(side: Side) -> Self {
        Self {
            side,
            generics: BTreeSet::new(),
            unknown: None,
        }
    }

    fn finish(self) -> Result<(), Problem> {
        match self.unknown {
            None => Ok(()),
            Some(path) => Err(Problem::new(format!(
                "the generator wrote the path `{path}`, which is not absolute"
            ))
            .with_help("add what it begins with to xtask/src/codegen/split/absolute.rs")),
        }
    }
}

impl VisitMut for Pass {
    fn visit_generics_mut(&mut self, generics: &mut syn::Generics) {
        let types = generics.params.iter().filter_map(|one| match one {
            GenericParam::Type(parameter) => Some(parameter.ident.to_string()),
            _ => None,
        });
        self.generics.extend(types);
        visit_mut::visit_generics_mut(self, generics);
    }

    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        if path.leading_colon.is_some() {
            return;
        }
        let Some(first) = path.segments.first() else {
            return;
        };
        let name = first.ident.to_string();
        // One small word is a variable, a primitive type or an attribute.
        let is_alone = path.segments.len() == 1;
        if is_alone && !name.starts_with(char::is_uppercase)
            || FIXED.contains(&name.as_str())
            || self.generics.contains(&name)
        {
            return;
        }
        let Some(mut whole) = self.side.root(&name) else {
            let text = quote!(#path).to_string().replace(' ', "");
            self.unknown.get_or_insert(text);
            return;
        };
        let mut segments = std::mem::take(&mut path.segments).into_iter();
        if let (Some(first), Some(last)) = (segments.next(), whole.segments.last_mut()) {
            last.arguments = first.arguments;
        }
        whole.segments.extend(segments);
        *path = whole;
    }

    fn visit_pat_mut(&mut self, pattern: &mut Pat) {
        visit_mut::visit_pat_mut(self, pattern);
        // A variant without fields reads like the name of a variable.
        if let Pat::Ident(name) = pattern
            && name.subpat.is_none()
            && let Some(path) = self.side.root(&name.ident.to_string())
            && name.ident.to_string().starts_with(char::is_uppercase)
        {
            *pattern = Pat::Path(syn::ExprPath {
                attrs: Vec::new(),
                qself: None,
                path,
            });
        }
    }

    fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
        visit_mut::visit_macro_mut(self, call);
        call.tokens = in_tokens(std::mem::take(&mut call.tokens), self.side);
    }
}

/// The reverse: writes the paths of generated files as the passes and programs do.
pub(crate) struct Short;

impl VisitMut for Short {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let begins = |whole: &Path| {
            whole.leading_colon.is_some() == path.leading_colon.is_some()
                && whole.segments.len() <= path.segments.len()
                && whole
                    .segments
                    .iter()
                    .zip(&path.segments)
                    .all(|(root, own)| root.ident == own.ident)
        };
        let roots = ROOTS.iter().filter_map(|(name, _)| {
            let whole = Side::Rest.root(name).filter(begins)?;
            Some((*name, whole.segments.len()))
        });
        // A type of a module is more than its module.
        let Some((name, length)) = roots.max_by_key(|(_, length)| *length) else {
            return;
        };
        let mut segments = std::mem::take(&mut path.segments).into_iter();
        let last = segments.by_ref().take(length).last();
        path.segments.extend(last.map(|mut last| {
            last.ident = syn::Ident::new(name, last.ident.span());
            last
        }));
        path.segments.extend(segments);
        path.leading_colon = None;
    }
}

/// The same for what stands in a macro, where only `name::` is surely a path.
fn in_tokens(tokens: TokenStream, side: Side) -> TokenStream {
    let mut written = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut continues = false;
    while let Some(token) = tokens.next() {
        let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        let begins = !continues && is_colon(tokens.peek());
        continues = is_colon(Some(&token));
        match token {
            TokenTree::Ident(name) if begins => match side.root(&name.to_string()) {
                Some(path) => written.extend(quote!(#path)),
                None => written.extend([TokenTree::Ident(name)]),
            },
            TokenTree::Group(group) => {
                let inner = in_tokens(group.stream(), side);
                let group = proc_macro2::Group::new(group.delimiter(), inner);
                written.extend([TokenTree::Group(group)]);
            }
            other => written.extend([other]),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;
    use syn::parse_quote;

    use super::*;

    fn made(item: Item) -> String {
        made_on(Side::Rest, item)
    }

    fn made_on(side: Side, mut item: Item) -> String {
        absolute(&mut item, side).expect("all of it is known");
        item.into_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn whatever_a_contract_can_name_is_written_with_its_whole_path() {
        let written = made(parse_quote! {
            impl From<types::Option> for types::Vec {
                fn from<D: rt::Operation>(from: types::Option, f: impl FnOnce(When<D>)) -> Option<D::Output> {
                    match from.types {
                        Some(value) => Call::new(self, value.rt.query(Method::GET, &Self::Vec)),
                        None => u64::try_from(types).map(ToString::to_string),
                    }
                }
            }
        });
        for expected in [
            "impl::core::convert::From<crate::types::Option>forcrate::types::Vec",
            "D:crate::runtime::Operation",
            "f:impl::core::ops::FnOnce(crate::mock::When<D>)",
            "->::core::option::Option<D::Output>",
            "::core::option::Option::Some(value)=>crate::runtime::Call::new(self,value.rt.query(::http::Method::GET,&Self::Vec))",
            "::core::option::Option::None=>u64::try_from(types).map(::std::string::ToString::to_string)",
        ] {
            assert!(written.contains(expected), "{expected} in {written}");
        }
    }

    #[test]
    fn what_a_macro_takes_is_absolute_too() {
        let written = made(parse_quote!(model::through_fields!(types::Default, Default);));
        assert_eq!(
            written,
            "crate::runtime::model::through_fields!(crate::types::Default,Default);"
        );
    }

    #[test]
    fn the_websocket_side_has_types_of_its_own() {
        let item: Item = parse_quote!(
            impl From<types::A> for requests::B {}
        );
        let written = made_on(Side::Stream, item.clone());
        let expected =
            "impl::core::convert::From<crate::stream::types::A>forcrate::stream::requests::B{}";
        assert_eq!(written, expected);
        assert!(absolute(&mut item.clone(), Side::Rest).is_err());
        let call = parse_quote!(model::through_fields!(types::A););
        let written = made_on(Side::Stream, call);
        assert_eq!(
            written,
            "crate::runtime::model::through_fields!(crate::stream::types::A);"
        );
    }

    #[test]
    fn an_absolute_path_becomes_the_short_one_again() {
        let short: Item = parse_quote! {
            impl From<types::Option> for types::Vec {
                type A = Option<rt::Patch<BTreeMap<String, uuid::Uuid>>>;
                type B = Call<operations::Result>;
                type C = Vec<serde_json::Value>;
            }
        };
        let mut made = short.clone();
        absolute(&mut made, Side::Rest).expect("all of it is known");
        assert_ne!(made, short);
        Short.visit_item_mut(&mut made);
        assert_eq!(made, short);
    }

    #[test]
    fn a_path_that_is_not_known_is_a_defect() {
        for item in [
            parse_quote!(
                type A = Arc<str>;
            ),
            parse_quote!(
                type A = other::Thing;
            ),
            parse_quote!(
                fn a() {
                    let b = HashMap::new();
                }
            ),
        ] {
            let mut item: Item = item;
            let problem = absolute(&mut item, Side::Rest)
                .expect_err("not absolute")
                .to_string();
            assert!(problem.contains("which is not absolute"), "{problem}");
        }
    }

    #[test]
    fn every_root_is_an_absolute_path() {
        let rest = ROOTS.iter().map(|root| (Side::Rest, root));
        let stream = STREAM_ROOTS.iter().map(|root| (Side::Stream, root));
        for (side, (name, path)) in rest.chain(stream) {
            let parsed = side.root(name).expect(path);
            assert_eq!(quote!(#parsed).to_string().replace(' ', ""), *path);
            let is_absolute = parsed.leading_colon.is_some() || path.starts_with("crate::");
            assert!(is_absolute, "{path}");
        }
    }
}
