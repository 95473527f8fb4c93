//! Names of methods that are taken, because hand-written code has them beside the generated ones.
//!
//! A method that a contract would call like one of these gets an underscore. The tables are those of
//! the runtime: a test reads its sources and fails if a table lacks a method or has one too many. Types
//! need no table: every path of the generated code is absolute.

/// Names that a generated method cannot have.
pub(crate) struct Reserved {
    /// Methods of the type itself, separated by spaces.
    own: &'static str,
    /// The traits that give it more methods.
    traits: &'static [&'static str],
}

impl Reserved {
    /// Only these names, separated by spaces.
    pub(crate) const fn of(own: &'static str) -> Self {
        Self { own, traits: &[] }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        // Most names are not contained in a list at all.
        let mut lists = self.lists().filter(|list| list.contains(name));
        lists.any(|list| list.split_whitespace().any(|known| known == name))
    }

    fn lists(&self) -> impl Iterator<Item = &'static str> {
        let given = TRAITS.iter().filter(|(name, _)| self.traits.contains(name));
        std::iter::once(self.own).chain(given.map(|(_, methods)| *methods))
    }
}

/// The methods of traits that a type implements or derives. `Any` is for those that every type has.
const TRAITS: [(&str, &str); 9] = [
    (
        "Any",
        "borrow borrow_mut from into try_from try_into type_id",
    ),
    ("Clone", "clone clone_from to_owned clone_into"),
    ("Debug", "fmt"),
    ("Default", "default"),
    ("Deserialize", "deserialize"),
    ("IntoFuture", "into_future"),
    ("ModelExt", "extra without_extra"),
    ("PartialEq", "eq ne"),
    ("Serialize", "serialize"),
];

/// Methods of the client. Each operation adds one.
pub(crate) const CLIENT: Reserved = Reserved {
    own: "assemble base_url builder decoded_limit decoding new on_write report_write \
        set_stream_url shared stream_url strict_decoding transport with_transport",
    traits: &["Any", "Clone", "Debug"],
};

/// Methods of a call. Each optional parameter adds one.
pub(crate) const CALL: Reserved = Reserved {
    own: "bytes declared extension form header json json_as new operation parameter query \
        query_joined query_repeated response retry styled text timeout with without_query",
    traits: &["Any", "Clone", "Debug", "IntoFuture"],
};

/// Methods of a model. Each optional property adds one.
pub(crate) const MODEL: Reserved = Reserved {
    own: "new",
    traits: &[
        "Any",
        "Clone",
        "Debug",
        "Default",
        "Deserialize",
        "ModelExt",
        "PartialEq",
        "Serialize",
    ],
};

/// Methods of the matcher of a mock. Each parameter adds one, and so does the body.
pub(crate) const WHEN: Reserved = Reserved {
    own: "body cookie_text header_value into_inner json_body map parameter path_styled \
        path_value query_joined query_repeated query_text query_value raw_body",
    traits: &["Any", "Debug"],
};

/// Methods of httpmock's server, including those that depend on a feature of httpmock. Each operation adds one.
pub(crate) const MOCK_SERVER: Reserved = Reserved {
    own: "address base_url connect connect_async connect_from_env connect_from_env_async \
        delete_mocks drop forward_to forward_to_async host mock mock_async mock_operation \
        playback playback_async playback_from_yaml playback_from_yaml_async port proxy \
        proxy_async record record_async reset reset_async start start_async url",
    traits: &["Any"],
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use proc_macro2::{TokenStream, TokenTree};
    use syn::visit::{self, Visit};

    use super::*;

    fn sources() -> Vec<syn::File> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qovery-api/src");
        let mut open: Vec<PathBuf> = vec![root.join("runtime"), root.join("mock.rs")];
        let mut found = Vec::new();
        while let Some(path) = open.pop() {
            if path.is_dir() {
                let entries = fs::read_dir(&path).expect("a directory");
                open.extend(entries.map(|entry| entry.expect("an entry").path()));
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && !path.ends_with("test_support.rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(&path).expect("readable");
                found.push(syn::parse_file(&text).expect("it is Rust"));
            }
        }
        assert!(found.len() > 40, "{}", found.len());
        found
    }

    /// The methods that the sources give a type, and the traits that these implement for it.
    #[derive(Default)]
    struct Methods {
        of: &'static str,
        names: BTreeSet<String>,
        traits: BTreeSet<String>,
    }

    fn last(path: &syn::Path) -> String {
        let last = path.segments.last();
        last.map(|segment| segment.ident.to_string())
            .unwrap_or_default()
    }

    impl<'ast> Visit<'ast> for Methods {
        fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
            // Tests are in separate files or at the end; their additions to a type are not methods of it.
            if module.ident != "tests" {
                visit::visit_item_mod(self, module);
            }
        }

        fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
            if item.ident == self.of {
                for attribute in item
                    .attrs
                    .iter()
                    .filter(|one| one.path().is_ident("derive"))
                {
                    let derived = attribute.parse_args_with(
                        syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated,
                    );
                    self.traits
                        .extend(derived.expect("traits").iter().map(last));
                }
            }
        }

        fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
            let syn::Type::Path(of) = &*block.self_ty else {
                return;
            };
            if last(&of.path) != self.of || of.path.segments.len() > 1 {
                return;
            }
            let functions = block.items.iter().filter_map(|item| match item {
                syn::ImplItem::Fn(function) => Some(function.sig.ident.to_string()),
                _ => None,
            });
            self.names.extend(functions);
            self.traits
                .extend(block.trait_.iter().map(|(path, _)| last(path)));
        }
    }

    fn of_type(of: &'static str) -> Methods {
        let mut methods = Methods {
            of,
            ..Methods::default()
        };
        for file in sources() {
            methods.visit_file(&file);
        }
        assert!(!methods.names.is_empty(), "{of} has methods");
        methods
    }

    impl Methods {
        /// Compares the table with these methods, and more of them.
        fn are(mut self, table: &Reserved, more: &[&str]) {
            self.traits.insert("Any".to_owned());
            let traits: Vec<&str> = self.traits.iter().map(String::as_str).collect();
            assert_eq!(traits, table.traits, "the traits of `{}`", self.of);
            let is_listed = |name: &&str| TRAITS.iter().any(|(known, _)| known == name);
            assert!(traits.iter().all(is_listed), "{traits:?} in {TRAITS:?}");
            let given = Reserved { own: "", ..*table };
            self.names
                .extend(more.iter().map(|name| (*name).to_owned()));
            self.names.retain(|name| !given.has(name));
            let own: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let listed: Vec<&str> = table.own.split_whitespace().collect();
            assert_eq!(own, listed, "the methods of `{}`", self.of);
        }
    }

    /// The functions in a macro, and the traits that it implements.
    fn in_macro(tokens: TokenStream, found: &mut Methods) {
        let mut before = String::new();
        let mut last = String::new();
        for token in tokens {
            match token {
                TokenTree::Group(group) => in_macro(group.stream(), found),
                // A lifetime.
                TokenTree::Ident(_) if before == "'" => before.clear(),
                TokenTree::Punct(punct) if punct.as_char() == '\'' => before = "'".to_owned(),
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    if before == "fn" {
                        found.names.insert(name.clone());
                    } else if name == "for" && !last.is_empty() {
                        found.traits.insert(last.clone());
                    } else {
                        last.clone_from(&name);
                    }
                    before = name;
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_methods_of_client_and_call_and_matcher_are_those_of_the_runtime() {
        of_type("Client").are(&CLIENT, &[]);
        of_type("Call").are(&CALL, &[]);
        of_type("When").are(&WHEN, &["body"]);
    }

    #[test]
    fn the_methods_of_a_model_are_those_that_the_runtime_and_the_generator_write() {
        let mut found = Methods {
            of: "a model",
            ..Methods::default()
        };
        for item in sources().iter().flat_map(|file| &file.items) {
            if let syn::Item::Macro(item) = item
                && item
                    .ident
                    .as_ref()
                    .is_some_and(|name| name == "through_fields")
            {
                in_macro(item.mac.tokens.clone(), &mut found);
            }
        }
        // The macro contains the methods of this trait. Only the runtime uses it, by its path.
        found.traits.remove("Field");
        found
            .names
            .retain(|name| !["drop_extra", "placeholder"].contains(&name.as_str()));
        found
            .traits
            .extend(["Clone", "ModelExt", "PartialEq"].map(str::to_owned));
        found.are(&MODEL, &["new"]);
    }

    #[test]
    fn the_public_methods_of_every_model_are_those_of_its_trait() {
        let found = sources().into_iter().flat_map(|file| file.items);
        let declared = found.filter_map(|item| match item {
            syn::Item::Trait(item) if item.ident == "ModelExt" => Some(item.items),
            _ => None,
        });
        let methods = declared.flatten().filter_map(|item| match item {
            syn::TraitItem::Fn(method) => Some(method.sig.ident.to_string()),
            _ => None,
        });
        let methods: Vec<String> = methods.collect();
        assert!(
            TRAITS.contains(&("ModelExt", &methods.join(" "))),
            "{methods:?}"
        );
    }

    #[test]
    fn the_methods_of_a_responder_are_not_those_that_a_status_gives() {
        let names = of_type("Then").names;
        for status in [
            "200", "201", "202", "203", "204", "205", "206", "207", "226", "2XX",
        ] {
            let (name, _) = super::super::mocks::status_name(status);
            assert!(!names.contains(&name.to_string()), "{name}");
        }
    }
}
