//! Makes every path of the generated client absolute.
//!
//! The passes write `Option`, `rt::Patch` and `types::Thing`; a file holds `::core::option::Option`,
//! `crate::runtime::Patch` and `crate::types::Thing`, and no import. So no name of a contract can meet
//! one of the language, of the standard library, of another crate or of the runtime. A path that this
//! pass does not know is a defect of the generator and fails the run.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

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

/// Path prefixes that cannot be shadowed, because types and modules of a contract begin with no
/// lower-case letter, and keywords before paths that are absolute already.
const FIXED: &[&str] = &[
    "as", "dyn", "for", "impl", "in", "mut", "return", "where", //
    "Self", "crate", "self", "super", "bool", "f32", "f64", "i32", "i64", "str", "u16", "u32",
    "u64", "u128", "usize",
];

/// Makes the paths in these items absolute.
///
/// # Errors
/// Returns an error if a path begins with an unknown name.
pub(super) fn absolute(items: TokenStream, side: Side) -> Result<TokenStream, Problem> {
    let mut pass = Pass {
        side,
        unknown: None,
    };
    let written = pass.tokens(items, Inside::Code);
    match pass.unknown {
        None => Ok(written),
        Some(path) => Err(Problem::new(format!(
            "the generator wrote the path `{path}`, which is not absolute"
        ))
        .with_help("add what it begins with to xtask/src/codegen/split/absolute.rs")),
    }
}

impl Side {
    /// The path that a name at the beginning of another path stands for.
    fn root(self, name: &str) -> Option<&'static str> {
        let own: &[_] = match self {
            Self::Rest => &[],
            Self::Stream => STREAM_ROOTS,
        };
        let mut roots = own.iter().chain(ROOTS);
        roots
            .find(|(known, _)| *known == name)
            .map(|(_, path)| *path)
    }
}

/// The tokens of a path.
fn path_tokens(path: &str) -> impl Iterator<Item = TokenTree> {
    let colons = || {
        let colon = |spacing| TokenTree::Punct(Punct::new(':', spacing));
        [colon(Spacing::Joint), colon(Spacing::Alone)]
    };
    let segments = path.split("::").enumerate();
    segments.flat_map(move |(index, segment)| {
        let before = (index > 0).then(colons).into_iter().flatten();
        let name =
            (!segment.is_empty()).then(|| TokenTree::Ident(Ident::new(segment, Span::call_site())));
        before.chain(name)
    })
}

/// What tokens are part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    /// The variants of an enum: the first name of each is its own.
    Variants,
    /// The arguments of a macro, in which only `name::` is surely a path.
    Macro,
}

/// The keywords before a name that they define.
const DEFINING: [&str; 7] = ["const", "enum", "fn", "mod", "struct", "trait", "type"];

struct Pass {
    side: Side,
    /// The first path that is not known.
    unknown: Option<String>,
}

impl Pass {
    fn tokens(&mut self, tokens: TokenStream, inside: Inside) -> TokenStream {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        let mut written = Vec::with_capacity(tokens.len());
        let mut before = Before::default();
        let mut is_enum = false;
        while let Some((token, after)) = rest.split_first() {
            match token {
                TokenTree::Ident(name) => {
                    is_enum |= name == "enum";
                    match self.path(&name.to_string(), before, after, inside) {
                        Some(path) => written.extend(path_tokens(path)),
                        None => written.push(token.clone()),
                    }
                }
                TokenTree::Group(group) if !before.is_attribute => {
                    let is_brace = group.delimiter() == Delimiter::Brace;
                    let inner = if before.is_macro || inside == Inside::Macro {
                        Inside::Macro
                    } else if is_enum && is_brace {
                        Inside::Variants
                    } else {
                        Inside::Code
                    };
                    is_enum &= !is_brace;
                    let inner = self.tokens(group.stream(), inner);
                    written.push(TokenTree::Group(Group::new(group.delimiter(), inner)));
                }
                other => written.push(other.clone()),
            }
            before = before.then(token);
            rest = after;
        }
        written.into_iter().collect()
    }

    /// The absolute path of a name, if it is the beginning of a path that has another one.
    fn path(
        &mut self,
        name: &str,
        before: Before,
        after: &[TokenTree],
        inside: Inside,
    ) -> Option<&'static str> {
        let is_type = name.starts_with(char::is_uppercase);
        let (is_label, continues) = match after {
            [TokenTree::Punct(colon), rest @ ..] if colon.as_char() == ':' => {
                let is_path = colon.spacing() == Spacing::Joint;
                // A small word before `::<` is a function.
                let is_function = !is_type && is_punct(rest.get(1), '<');
                (!is_path, is_path && !is_function)
            }
            [TokenTree::Punct(equal), rest @ ..] if equal.as_char() == '=' => (
                !is_punct(rest.first(), '>') && !is_punct(rest.first(), '='),
                false,
            ),
            _ => (false, false),
        };
        let is_other = match inside {
            Inside::Macro => !continues,
            Inside::Variants => before.begins_item,
            Inside::Code => !is_type && !continues,
        };
        if is_other || is_label || !before.begins_path {
            return None;
        }
        let path = self.side.root(name);
        // One capital letter is the name of a type parameter.
        let is_known =
            path.is_some() || inside == Inside::Macro || name.len() == 1 || FIXED.contains(&name);
        if !is_known {
            self.unknown.get_or_insert_with(|| name.to_owned());
        }
        path
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// What the tokens before a place say about it.
#[derive(Debug, Clone, Copy)]
struct Before {
    /// A name here is neither the rest of a path, a field, a method, a lifetime nor a definition.
    begins_path: bool,
    /// The list begins here, or continues after a comma, apart from attributes.
    begins_item: bool,
    is_attribute: bool,
    is_macro: bool,
    last: char,
}

impl Default for Before {
    fn default() -> Self {
        Self {
            begins_path: true,
            begins_item: true,
            is_attribute: false,
            is_macro: false,
            last: ' ',
        }
    }
}

impl Before {
    fn then(self, token: &TokenTree) -> Self {
        let next = Self {
            begins_item: false,
            ..Self::default()
        };
        match token {
            TokenTree::Punct(punct) => {
                let last = punct.as_char();
                let is_joint = punct.spacing() == Spacing::Joint;
                let is_path = last == ':' && self.last == ':';
                // `..` is no field.
                let is_field = last == '.' && self.last != '.';
                Self {
                    begins_path: !is_path && !is_field && last != '\'',
                    begins_item: last == ',' || last == '#' && self.begins_item,
                    is_attribute: last == '#',
                    is_macro: last == '!',
                    last: if is_joint && !is_path { last } else { ' ' },
                }
            }
            TokenTree::Group(_) => Self {
                begins_item: self.is_attribute && self.begins_item,
                ..next
            },
            TokenTree::Ident(name) => Self {
                begins_path: !DEFINING.iter().any(|word| name == word),
                ..next
            },
            TokenTree::Literal(_) => next,
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn made(item: TokenStream) -> String {
        made_on(Side::Rest, item)
    }

    fn made_on(side: Side, item: TokenStream) -> String {
        let made = absolute(item, side).expect("all of it is known");
        made.to_string().replace(' ', "")
    }

    #[test]
    fn whatever_a_contract_can_name_is_written_with_its_whole_path() {
        let written = made(quote! {
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
        let written = made(quote!(model::through_fields!(types::Default, Default);));
        assert_eq!(
            written,
            "crate::runtime::model::through_fields!(crate::types::Default,Default);"
        );
    }

    #[test]
    fn the_websocket_side_has_types_of_its_own() {
        let item = quote!(
            impl From<types::A> for requests::B {}
        );
        let written = made_on(Side::Stream, item.clone());
        let expected =
            "impl::core::convert::From<crate::stream::types::A>forcrate::stream::requests::B{}";
        assert_eq!(written, expected);
        assert!(absolute(item, Side::Rest).is_err());
        let call = quote!(model::through_fields!(types::A););
        let written = made_on(Side::Stream, call);
        assert_eq!(
            written,
            "crate::runtime::model::through_fields!(crate::stream::types::A);"
        );
    }

    #[test]
    fn a_path_that_is_not_known_is_a_defect() {
        for item in [
            quote!(
                type A = Arc<str>;
            ),
            quote!(
                type A = other::Thing;
            ),
            quote!(
                fn a() {
                    let b = HashMap::new();
                }
            ),
        ] {
            let problem = absolute(item, Side::Rest)
                .expect_err("not absolute")
                .to_string();
            assert!(problem.contains("which is not absolute"), "{problem}");
        }
    }

    #[test]
    fn a_name_that_is_no_path_stays() {
        for (item, expected) in [
            (
                quote! { #[derive(Option)] pub enum Vec { #[key(Box)] Some, Box(Box<types::Box>), Ok { None: Option<u8> } } },
                "#[derive(Option)]pubenumVec{#[key(Box)]Some,Box(::std::boxed::Box<crate::types::Box>),Ok{None:::core::option::Option<u8>}}",
            ),
            (
                quote! { impl<K: rt::Key<Value = String>> Iterator for types::A { type Option = Self::Vec; } },
                "",
            ),
            (
                quote! { fn String(rt: u8) { rt.std.Vec(types, model::blank::<String>(), a::<Box<u8>>(), ..Default::default()) } },
                "fnString(rt:u8){rt.std.Vec(types,crate::runtime::model::blank::<::std::string::String>(),a::<::std::boxed::Box<u8>>(),..::core::default::Default::default())}",
            ),
            (
                quote! { impl<'std> From<&'std ::serde::Box> for types::A { const None: ::core::Vec = Vec::<u8>::Vec; } },
                "impl<'std>::core::convert::From<&'std::serde::Box>forcrate::types::A{constNone:::core::Vec=::std::vec::Vec::<u8>::Vec;}",
            ),
        ] {
            if expected.is_empty() {
                let problem = absolute(item, Side::Rest).expect_err("`Iterator` is not known");
                assert!(problem.to_string().contains("`Iterator`"), "{problem}");
            } else {
                assert_eq!(made(item), expected);
            }
        }
    }

    #[test]
    fn every_root_is_an_absolute_path() {
        let rest = ROOTS.iter().map(|root| (Side::Rest, root));
        let stream = STREAM_ROOTS.iter().map(|root| (Side::Stream, root));
        for (side, (name, path)) in rest.chain(stream) {
            assert_eq!(side.root(name), Some(*path));
            syn::parse_str::<syn::Path>(path).expect(path);
            let is_absolute = path.starts_with("::") || path.starts_with("crate::");
            assert!(is_absolute, "{path}");
        }
    }
}
