//! The public API of a generated client: types, their members, methods and setters.
//!
//! Read from the generated files themselves, so that every name and every type is the one that a program
//! sees. Not for facts of the contract: those are in the normalised models.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, FnArg, ImplItem, Item, ItemImpl, LitStr, Pat, ReturnType, Token, Type, Visibility,
};

use crate::codegen::short;
use crate::problem::Problem;
use crate::write::Tree;

/// The public items of a generated client.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Surface {
    pub(super) types: BTreeMap<String, TypeItem>,
    /// Methods of the client.
    pub(super) methods: BTreeMap<String, Method>,
    /// Calls by the name of their operation as a type.
    pub(super) calls: BTreeMap<String, Call>,
    /// Deprecated names of types, by the current name.
    pub(super) aliases: BTreeMap<String, String>,
    /// Conversions and ways of paging, as the heads of their implementations.
    pub(super) implementations: BTreeSet<String>,
}

/// A type of the module `types`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TypeItem {
    /// The directory that it is generated into: an area, or `shared`.
    pub(super) area: String,
    /// The condition under which it is there, as Rust.
    pub(super) condition: String,
    pub(super) kind: Kind,
}

/// The kind of a type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Struct(Struct),
    Enum(Vec<Value>),
    Union(Union),
}

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Struct(_) => "a struct",
            Self::Enum(_) => "an enum",
            Self::Union(_) => "a union",
        }
    }
}

/// A struct, in the order of its declaration.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Struct {
    pub(super) fields: Vec<(String, String)>,
    /// The arguments of `new`, if requests are built of it.
    pub(super) new: Option<Vec<(String, String)>>,
    pub(super) setters: BTreeMap<String, Setter>,
}

/// A value of an open enum.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) name: String,
    /// As it is sent.
    pub(super) text: String,
    /// Other spellings that are read as this value.
    pub(super) aliases: Vec<String>,
}

/// A union, in the order of trial.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Union {
    /// The strategy that selects the member.
    pub(super) how: String,
    pub(super) members: Vec<Member>,
}

/// A member of a union.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) ty: String,
    /// The key that selects it.
    pub(super) key: String,
}

/// A setter of a model or of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setter {
    pub(super) ty: String,
    pub(super) is_deprecated: bool,
}

/// A method of the client.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Method {
    pub(super) area: String,
    pub(super) arguments: Vec<(String, String)>,
    /// The operation as a type.
    pub(super) marker: String,
    pub(super) is_deprecated: bool,
}

/// The output of a call and its setters.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) output: String,
    pub(super) setters: BTreeMap<String, Setter>,
}

impl Surface {
    /// Reads the files of a client.
    ///
    /// # Errors
    /// Returns an error if a file is not Rust: a defect of the generator.
    pub(super) fn read(client: &Tree) -> Result<Self, Problem> {
        let mut surface = Self::default();
        for (path, text) in client {
            let (area, file) = path.split_once('/').unwrap_or(("", path));
            let is_read = ["models", "operations", "paging"]
                .iter()
                .any(|wanted| file.starts_with(wanted));
            if !is_read {
                continue;
            }
            let tokens: Result<TokenStream, _> = text.parse();
            let parsed = tokens.map_err(syn::Error::from);
            let parsed = parsed.and_then(|tokens| syn::parse2::<syn::File>(short(tokens)));
            let parsed = parsed.map_err(|error| {
                Problem::new(format!("the generated file {path} is not Rust: {error}"))
            })?;
            for item in parsed.items {
                surface.item(area, item)?;
            }
        }
        Ok(surface)
    }

    /// The same API, with types in the names that `new` has for them: an alias is the same type.
    pub(super) fn in_names_of(&self, new: &Self) -> Self {
        let mut surface = self.clone();
        let is_kept = |name: &str| self.types.contains_key(name) || self.calls.contains_key(name);
        let current = |text: &mut String| {
            let mut out = String::with_capacity(text.len());
            for piece in text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_') {
                let end = piece
                    .trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_')
                    .len();
                let (word, rest) = piece.split_at(end);
                let target = new.aliases.get(word).filter(|_| is_kept(word));
                out.push_str(target.map_or(word, String::as_str));
                out.push_str(rest);
            }
            *text = out;
        };
        let arguments = |all: &mut Vec<(String, String)>| {
            all.iter_mut().for_each(|(_, ty)| current(ty));
        };
        let setters = |all: &mut BTreeMap<String, Setter>| {
            all.values_mut().for_each(|setter| current(&mut setter.ty));
        };
        for item in surface.types.values_mut() {
            match &mut item.kind {
                Kind::Struct(item) => {
                    arguments(&mut item.fields);
                    item.new.iter_mut().for_each(arguments);
                    setters(&mut item.setters);
                }
                Kind::Union(union) => {
                    let members = union.members.iter_mut();
                    members.for_each(|member| current(&mut member.ty));
                }
                Kind::Enum(_) => {}
            }
        }
        for method in surface.methods.values_mut() {
            arguments(&mut method.arguments);
        }
        for call in surface.calls.values_mut() {
            current(&mut call.output);
            setters(&mut call.setters);
        }
        let heads = std::mem::take(&mut surface.implementations).into_iter();
        surface.implementations = heads
            .map(|mut head| {
                current(&mut head);
                head
            })
            .collect();
        surface
    }

    fn item(&mut self, area: &str, item: Item) -> Result<(), Problem> {
        match item {
            Item::Struct(item) => {
                let fields = item.fields.iter();
                let fields = fields.filter(|field| matches!(field.vis, Visibility::Public(_)));
                let fields = fields
                    .filter_map(|field| Some((plain(field.ident.as_ref()?), text(&field.ty))));
                let kind = Kind::Struct(Struct {
                    fields: fields.collect(),
                    ..Struct::default()
                });
                self.add(area, &item.attrs, item.ident.to_string(), kind);
            }
            Item::Macro(item) => {
                let name = item.mac.path.to_token_stream().to_string();
                let defect = |error: syn::Error| {
                    Problem::new(format!(
                        "the generated macro `{name}!` cannot be read: {error}"
                    ))
                };
                if name.ends_with("open_enum") {
                    let parsed: EnumItem = syn::parse2(item.mac.tokens.clone()).map_err(defect)?;
                    self.add(area, &item.attrs, parsed.name, Kind::Enum(parsed.values));
                } else if name.ends_with("union") {
                    let parsed: UnionItem = syn::parse2(item.mac.tokens.clone()).map_err(defect)?;
                    self.add(area, &item.attrs, parsed.name, Kind::Union(parsed.union));
                } else if name.ends_with("setters") {
                    let block: ItemImpl = syn::parse2(item.mac.tokens.clone()).map_err(defect)?;
                    self.setters(&block);
                }
            }
            Item::Type(item) if matches!(item.vis, Visibility::Public(_)) => {
                let name = text(&item.ty);
                let name = name.trim_start_matches("operations::").to_owned();
                self.aliases.insert(plain(&item.ident), name);
            }
            Item::Impl(item) => self.implementation(area, &item),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, area: &str, attributes: &[Attribute], name: String, kind: Kind) {
        let conditions = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"));
        let condition: Vec<String> = conditions.map(|one| text(&one.meta)).collect();
        let area = area.to_owned();
        let item = TypeItem {
            area,
            condition: condition.join(", "),
            kind,
        };
        // The constructor may precede the struct.
        match (self.types.get_mut(&name), item) {
            (
                Some(TypeItem {
                    kind: Kind::Struct(known),
                    area,
                    condition,
                }),
                TypeItem {
                    kind: Kind::Struct(new),
                    area: home,
                    condition: cfg,
                },
            ) => {
                known.fields = new.fields;
                (*area, *condition) = (home, cfg);
            }
            (_, item) => drop(self.types.insert(name, item)),
        }
    }

    fn implementation(&mut self, area: &str, item: &ItemImpl) {
        let subject = text(&item.self_ty);
        if let Some((path, _)) = &item.trait_ {
            let path = text(path);
            match path.strip_prefix("rt::") {
                Some("Operation") => {
                    let output = item.items.iter().find_map(|inner| match inner {
                        ImplItem::Type(ty) if ty.ident == "Output" => Some(text(&ty.ty)),
                        _ => None,
                    });
                    let marker = subject.trim_start_matches("operations::").to_owned();
                    self.calls.entry(marker).or_default().output = output.unwrap_or_default();
                }
                _ => drop(
                    self.implementations
                        .insert(format!("{path} for {}", tidy(&subject))),
                ),
            }
            return;
        }
        if subject == "Client" {
            for inner in &item.items {
                self.method(area, inner);
            }
        } else {
            self.members(area, &subject, item);
        }
    }

    /// The setters of an operation's call.
    fn setters(&mut self, item: &ItemImpl) {
        let marker = text(&item.self_ty);
        let marker = marker.trim_start_matches("operations::").to_owned();
        let setters = item.items.iter().filter_map(setter);
        self.calls
            .entry(marker)
            .or_default()
            .setters
            .extend(setters);
    }

    fn method(&mut self, area: &str, inner: &ImplItem) {
        let ImplItem::Fn(method) = inner else {
            return;
        };
        let ReturnType::Type(_, output) = &method.sig.output else {
            return;
        };
        let output = text(output);
        let marker = output
            .strip_prefix("Call<operations::")
            .and_then(|rest| rest.strip_suffix('>'));
        let found = Method {
            area: area.to_owned(),
            arguments: arguments(method.sig.inputs.iter()),
            marker: marker.unwrap_or(&output).to_owned(),
            is_deprecated: is_deprecated(&method.attrs),
        };
        self.methods.insert(plain(&method.sig.ident), found);
    }

    /// The constructor and the setters of a model.
    fn members(&mut self, area: &str, subject: &str, item: &ItemImpl) {
        let name = tidy(subject);
        let of_struct = self.types.entry(name).or_insert_with(|| TypeItem {
            area: area.to_owned(),
            condition: String::new(),
            kind: Kind::Struct(Struct::default()),
        });
        let Kind::Struct(of_struct) = &mut of_struct.kind else {
            return;
        };
        for inner in &item.items {
            match inner {
                ImplItem::Fn(method) if method.sig.ident == "new" => {
                    of_struct.new = Some(arguments(method.sig.inputs.iter()));
                }
                inner => of_struct.setters.extend(setter(inner)),
            }
        }
    }
}

/// A public method that takes the value itself and one more.
fn setter(inner: &ImplItem) -> Option<(String, Setter)> {
    let ImplItem::Fn(method) = inner else {
        return None;
    };
    if !matches!(method.vis, Visibility::Public(_)) {
        return None;
    }
    let mut arguments = arguments(method.sig.inputs.iter());
    let (_, ty) = arguments.pop()?;
    let is_deprecated = is_deprecated(&method.attrs);
    Some((plain(&method.sig.ident), Setter { ty, is_deprecated }))
}

fn arguments<'a>(inputs: impl Iterator<Item = &'a FnArg>) -> Vec<(String, String)> {
    let typed = inputs.filter_map(|input| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => Some((plain(&name.ident), text(&typed.ty))),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    typed.collect()
}

fn is_deprecated(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("deprecated"))
}

fn plain(ident: &syn::Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// Tokens as a person writes them, with the names that a program uses.
fn text(tokens: &impl ToTokens) -> String {
    let mut out = String::new();
    for piece in tokens.to_token_stream().to_string().split(' ') {
        let glues = |c: char| {
            matches!(
                c,
                '<' | '>' | '(' | ')' | '[' | ']' | '&' | ':' | ',' | ';' | '.' | '?' | '\'' | '!'
            )
        };
        let before = out.chars().last();
        let next = piece.chars().next();
        let is_glued = before.is_none_or(|c| glues(c) && c != ',' && c != ';' && c != '>')
            || next.is_none_or(|c| glues(c) && c != '&');
        let is_glued = is_glued || before == Some('>') && next == Some('>');
        if !is_glued {
            out.push(' ');
        }
        out.push_str(piece);
    }
    tidy(&out)
}

fn tidy(text: &str) -> String {
    text.replace("crate::types::", "")
        .replace("types::", "")
        .replace("::std::collections::", "")
        .replace("uuid::Uuid", "Uuid")
}

struct EnumItem {
    name: String,
    values: Vec<Value>,
}

impl Parse for EnumItem {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.parse::<Token![enum]>()?;
        let name: syn::Ident = input.parse()?;
        let inside;
        syn::braced!(inside in input);
        let values = Punctuated::<Value, Token![,]>::parse_terminated(&inside)?;
        Ok(Self {
            name: name.to_string(),
            values: values.into_iter().collect(),
        })
    }
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        let name: syn::Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let text: LitStr = input.parse()?;
        let mut aliases = Vec::new();
        while input.parse::<Option<Token![|]>>()?.is_some() {
            aliases.push(input.parse::<LitStr>()?.value());
        }
        Ok(Self {
            name: plain(&name),
            text: text.value(),
            aliases,
        })
    }
}

struct UnionItem {
    name: String,
    union: Union,
}

impl Parse for UnionItem {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.parse::<Token![enum]>()?;
        let name: syn::Ident = input.parse()?;
        let mut how = Vec::new();
        while !input.peek(syn::token::Brace) {
            how.push(input.parse::<proc_macro2::TokenTree>()?.to_string());
        }
        let inside;
        syn::braced!(inside in input);
        let mut members = Vec::new();
        while !inside.is_empty() {
            members.push(inside.parse()?);
        }
        let union = Union {
            how: how.join(" "),
            members,
        };
        Ok(Self {
            name: name.to_string(),
            union,
        })
    }
}

impl Parse for Member {
    /// `key => /// text` before `Name(Type),`, the key only if the union has keys.
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut key = Vec::new();
        loop {
            input.call(Attribute::parse_outer)?;
            if input.peek(syn::Ident) && input.peek2(syn::token::Paren) {
                break;
            }
            let next: proc_macro2::TokenTree = input.parse()?;
            let next = next.to_string();
            if next != "=" && next != ">" {
                key.push(next);
            }
        }
        let name: syn::Ident = input.parse()?;
        let inside;
        syn::parenthesized!(inside in input);
        let ty: Type = inside.parse()?;
        // A member that is too long for one line.
        inside.parse::<Option<Token![,]>>()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Self {
            name: plain(&name),
            ty: text(&ty),
            key: key.join(" "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface(files: &[(&str, &str)]) -> Surface {
        let tree = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Surface::read(&tree.collect()).unwrap()
    }

    #[test]
    fn models_are_read_with_their_members_constructors_and_setters() {
        let surface = surface(&[(
            "projects/models.rs",
            r#"
            #[non_exhaustive]
            pub struct Thing { pub id: uuid::Uuid, pub r#type: Option<Vec<types::Kind>>, pub(crate) __extra: rt::ExtraFields }
            impl Thing {
                pub fn new(id: uuid::Uuid, name: impl Into<String>) -> Self { todo!() }
                #[deprecated] pub fn kind(mut self, value: types::Kind) -> Self { self }
            }
            #[cfg(feature = "a")]
            open_enum! { /// Text.
                pub enum Kind { /// A.
                    A = "A" | " A", B = "b" } }
            union! { pub enum Choice by tag "kind" { "A" | "B" => /// Text.
                First(Box<types::Thing>), _ => Second(types::Kind), } }
            union! { pub enum Order in order { Text(String), Long(
                Box<types::Thing>,
            ), } }
            impl From<types::Thing> for Choice { fn from(v: types::Thing) -> Self { todo!() } }
            "#,
        )]);
        let Kind::Struct(thing) = &surface.types["Thing"].kind else {
            panic!()
        };
        assert_eq!(thing.fields[0], ("id".to_owned(), "Uuid".to_owned()));
        assert_eq!(
            thing.fields[1],
            ("type".to_owned(), "Option<Vec<Kind>>".to_owned())
        );
        assert_eq!(thing.fields.len(), 2);
        let new = thing.new.as_ref().unwrap();
        assert_eq!(new[1], ("name".to_owned(), "impl Into<String>".to_owned()));
        assert!(thing.setters["kind"].is_deprecated);
        let Kind::Enum(values) = &surface.types["Kind"].kind else {
            panic!()
        };
        assert_eq!(
            (values[0].text.as_str(), values[0].aliases.as_slice()),
            ("A", &[" A".to_owned()][..])
        );
        assert_eq!(surface.types["Kind"].condition, "cfg(feature = \"a\")");
        let Kind::Union(choice) = &surface.types["Choice"].kind else {
            panic!()
        };
        assert_eq!(choice.members[0].ty, "Box<Thing>");
        assert_eq!(choice.members[0].key, "\"A\" | \"B\"");
        assert_eq!(choice.members[1].key, "_");
        let Kind::Union(order) = &surface.types["Order"].kind else {
            panic!()
        };
        assert_eq!(order.members[0].name, "Text");
        assert_eq!(order.members[1].ty, "Box<Thing>");
        assert!(
            surface.implementations.contains("From<Thing> for Choice"),
            "{surface:?}"
        );
    }

    #[test]
    fn absolute_paths_are_read_as_a_program_writes_them() {
        let surface = surface(&[(
            "projects/operations.rs",
            r#"
            impl crate::runtime::Client {
                pub fn edit(&self, names: &[::std::string::String], body: &crate::types::Thing) -> crate::runtime::Call<crate::operations::Edit> { todo!() }
            }
            pub enum Edit {}
            pub type Update = crate::operations::Edit;
            impl crate::runtime::Operation for crate::operations::Edit { type Output = ::core::option::Option<crate::types::Thing>; }
            crate::runtime::setters! { impl crate::operations::Edit { pub fn page(self, value: ::uuid::Uuid) -> Self { self } } }
            crate::runtime::union::union! { pub enum Choice in order { First(::std::boxed::Box<crate::types::Thing>), } }
            impl ::core::convert::From<crate::types::Thing> for crate::types::Choice { }
            "#,
        )]);
        let edit = &surface.methods["edit"];
        assert_eq!(edit.arguments[0].1, "&[String]");
        assert_eq!(
            (edit.arguments[1].1.as_str(), edit.marker.as_str()),
            ("&Thing", "Edit")
        );
        assert_eq!(surface.aliases["Update"], "Edit");
        assert_eq!(surface.calls.len(), 1);
        assert_eq!(surface.calls["Edit"].output, "Option<Thing>");
        assert_eq!(surface.calls["Edit"].setters["page"].ty, "Uuid");
        let Kind::Union(choice) = &surface.types["Choice"].kind else {
            panic!()
        };
        assert_eq!(choice.members[0].ty, "Box<Thing>");
        assert!(
            surface.implementations.contains("From<Thing> for Choice"),
            "{surface:?}"
        );
    }

    #[test]
    fn operations_are_read_with_arguments_outputs_and_setters() {
        let surface = surface(&[(
            "projects/operations.rs",
            r#"
            impl Client {
                #[deprecated = "x"]
                pub fn edit(&self, id: uuid::Uuid, names: &[String], body: &types::Thing) -> Call<operations::Edit> { todo!() }
            }
            pub enum Edit {}
            impl rt::Operation for Edit { type Output = Option<types::Thing>; type Format = rt::Json; }
            rt::setters! { impl operations::Edit { pub fn page(self, value: &str) -> Self { self } } }
            "#,
        )]);
        let edit = &surface.methods["edit"];
        assert_eq!(
            edit.arguments[1],
            ("names".to_owned(), "&[String]".to_owned())
        );
        assert_eq!(edit.arguments[2].1, "&Thing");
        assert!(edit.is_deprecated && edit.marker == "Edit" && edit.area == "projects");
        assert_eq!(surface.calls["Edit"].output, "Option<Thing>");
        assert_eq!(surface.calls["Edit"].setters["page"].ty, "&str");
    }
}
