//! The public API of a generated client: types, their members, methods and setters.
//!
//! It is read from the generated items themselves, so that every name and every type is the one that a program
//! sees. Facts of the contract are in the normalized models.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::{
    Attribute, BinOp, Expr, ExprBinary, ExprLit, FnArg, ImplItem, Item, ItemEnum, ItemImpl, Lit,
    Meta, MetaNameValue, Pat, ReturnType, Visibility,
};

use crate::codegen::split::Source;
use crate::problem::Problem;

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
    Enum(Enum),
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

/// An open enum.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Enum {
    pub(super) values: Vec<Value>,
    /// Deprecated names of variants as constants, with the variant.
    pub(super) constants: BTreeMap<String, String>,
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
    /// Reads the items of a client.
    ///
    /// # Errors
    /// Returns an error if they are not Rust: a defect of the generator.
    pub(super) fn read(sources: Vec<Source>) -> Result<Self, Problem> {
        let mut surface = Self::default();
        for source in sources {
            let parsed = syn::parse2::<syn::File>(source.items);
            let parsed = parsed.map_err(|error| {
                let home = source.home;
                Problem::defect(format!(
                    "the generator wrote invalid Rust, in {home}: {error}"
                ))
            })?;
            let condition = source.condition.as_ref().map(|one| text(&one.meta));
            for item in parsed.items {
                surface.item(source.home, condition.as_deref().unwrap_or_default(), item);
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

    fn item(&mut self, area: &str, condition: &str, item: Item) {
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
                self.add(area, condition, item.ident.to_string(), kind);
            }
            Item::Enum(item) => {
                // The macro that becomes the enum; an operation is an enum without one.
                let kind = match stated(&item.attrs, "within") {
                    Some(within) if within.ends_with("open_enum") => Kind::Enum(Enum {
                        values: values(&item),
                        constants: BTreeMap::new(),
                    }),
                    Some(_) => Kind::Union(Union {
                        how: stated(&item.attrs, "how").unwrap_or_default(),
                        members: members(&item),
                    }),
                    None => return,
                };
                self.add(area, condition, plain(&item.ident), kind);
            }
            Item::Type(item) if matches!(item.vis, Visibility::Public(_)) => {
                let name = text(&item.ty);
                let name = name.trim_start_matches("operations::").to_owned();
                self.aliases.insert(plain(&item.ident), name);
            }
            Item::Impl(item) if item.attrs.iter().any(|one| one.path().is_ident("setters")) => {
                self.setters(&item);
            }
            Item::Impl(item) => self.implementation(area, &item),
            _ => {}
        }
    }

    fn add(&mut self, area: &str, condition: &str, name: String, kind: Kind) {
        let item = TypeItem {
            area: area.to_owned(),
            condition: condition.to_owned(),
            kind,
        };
        // The constructor may precede the struct, and constants the enum.
        match (self.types.get_mut(&name), item) {
            (
                Some(TypeItem {
                    kind: Kind::Enum(known),
                    area,
                    condition,
                }),
                TypeItem {
                    kind: Kind::Enum(new),
                    area: home,
                    condition: cfg,
                },
            ) => {
                known.values = new.values;
                (*area, *condition) = (home, cfg);
            }
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
            match path.as_str() {
                // How a model is read and written is no part of the API.
                path if path.starts_with("model::") => {}
                "Operation" => {
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

    /// The constructor and the setters of a model, or the former names of variants.
    fn members(&mut self, area: &str, subject: &str, item: &ItemImpl) {
        let name = tidy(subject);
        let constants: BTreeMap<String, String> =
            item.items.iter().filter_map(former_variant).collect();
        let known = self.types.entry(name).or_insert_with(|| TypeItem {
            area: area.to_owned(),
            condition: String::new(),
            kind: match constants.is_empty() {
                true => Kind::Struct(Struct::default()),
                false => Kind::Enum(Enum::default()),
            },
        });
        match &mut known.kind {
            Kind::Struct(of_struct) => {
                for inner in &item.items {
                    match inner {
                        ImplItem::Fn(method) if method.sig.ident == "new" => {
                            of_struct.new = Some(arguments(method.sig.inputs.iter()));
                        }
                        inner => of_struct.setters.extend(setter(inner)),
                    }
                }
            }
            Kind::Enum(of_enum) => of_enum.constants.extend(constants),
            Kind::Union(_) => {}
        }
    }
}

/// A constant that stands for a variant.
fn former_variant(inner: &ImplItem) -> Option<(String, String)> {
    let ImplItem::Const(constant) = inner else {
        return None;
    };
    let variant = text(&constant.expr);
    Some((
        plain(&constant.ident),
        variant.rsplit(':').next()?.to_owned(),
    ))
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
        if piece.starts_with('>') && out.ends_with(',') {
            out.pop();
        }
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

/// A path without the modules that programs leave out.
fn tidy(text: &str) -> String {
    const LEFT_OUT: [(&str, &str); 4] = [
        ("types::", ""),
        ("rt::", ""),
        ("std::collections::", ""),
        ("uuid::Uuid", "Uuid"),
    ];
    let whole = text.replace("::std::", "std::");
    let mut out = String::with_capacity(whole.len());
    let mut rest = whole.as_str();
    while let Some(next) = rest.chars().next() {
        let begins = !out.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let mut found = LEFT_OUT.iter().filter(|_| begins);
        let found = found.find_map(|(path, short)| Some((rest.strip_prefix(path)?, short)));
        match found {
            Some((after, short)) => {
                out.push_str(short);
                rest = after;
            }
            None => {
                out.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

/// The text of `#[name = "text"]`.
fn stated(attributes: &[Attribute], name: &str) -> Option<String> {
    let mut attributes = attributes.iter();
    let found = attributes.find(|attribute| attribute.path().is_ident(name))?;
    match &found.meta {
        Meta::NameValue(MetaNameValue { value, .. }) => literal(value),
        _ => None,
    }
}

fn literal(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// The values of an open enum: each variant is the text on the wire, then other spellings.
fn values(item: &ItemEnum) -> Vec<Value> {
    let values = item.variants.iter().map(|variant| {
        let mut texts = Vec::new();
        let mut next = variant.discriminant.as_ref().map(|(_, value)| value);
        while let Some(value) = next {
            next = match value {
                Expr::Binary(ExprBinary {
                    left,
                    op: BinOp::BitOr(_),
                    right,
                    ..
                }) => {
                    texts.extend(literal(right));
                    Some(&**left)
                }
                value => {
                    texts.extend(literal(value));
                    None
                }
            };
        }
        let text = texts.pop().unwrap_or_default();
        texts.reverse();
        Value {
            name: plain(&variant.ident),
            text,
            aliases: texts,
        }
    });
    values.collect()
}

fn members(item: &ItemEnum) -> Vec<Member> {
    let members = item.variants.iter().map(|variant| {
        let key = stated(&variant.attrs, "key").unwrap_or_default();
        let ty = variant.fields.iter().next().map(|field| text(&field.ty));
        Member {
            name: plain(&variant.ident),
            ty: ty.unwrap_or_default(),
            key: key.trim().trim_end_matches("=>").trim().to_owned(),
        }
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn surface(home: &'static str, items: proc_macro2::TokenStream) -> Surface {
        let condition = Some(syn::parse_quote!(#[cfg(feature = "a")]));
        let source = Source {
            home,
            condition,
            items,
        };
        Surface::read(vec![source]).unwrap()
    }

    #[test]
    fn models_are_read_with_their_members_constructors_and_setters() {
        let surface = surface(
            "projects",
            quote! {
                #[non_exhaustive]
                pub struct Thing { pub id: uuid::Uuid, pub r#type: Option<Vec<types::Kind,>,>, pub(crate) __extra: rt::ExtraFields }
                impl types::Thing {
                    pub fn new(id: uuid::Uuid, name: impl Into<String>) -> Self { todo!() }
                    #[deprecated] pub fn kind(mut self, value: types::Kind) -> Self { self }
                    pub fn note(mut self, value: impl Into<rt::Patch<::std::collections::BTreeMap<String, String>>>) -> Self { self }
                }
                impl model::Model for types::Thing {}
                model::through_fields!(types::Thing);
                #[within = "crate::runtime::open_enum::open_enum"]
                /// Text.
                pub enum Kind { /// A.
                    A = "A" | " A" | "a", B = "b" }
                impl types::Kind { pub const Former: Self = Self::A; }
                #[within = "crate::runtime::union::union"]
                #[how = "by tag \"kind\""]
                pub enum Choice {
                    /// Text.
                    #[key = "\"A\" | \"B\" => "] First(Box<types::Thing>),
                    #[key = "_ => "] Second(types::Kind),
                }
                #[within = "crate::runtime::union::union"]
                #[how = "in order"]
                pub enum Order { #[key = ""] Text(String), #[key = ""] Long(Box<types::Thing>) }
                impl From<types::Thing> for types::Choice { fn from(v: types::Thing) -> Self { todo!() } }
            },
        );
        let Kind::Struct(thing) = &surface.types["Thing"].kind else {
            panic!()
        };
        let fields = [("id", "Uuid"), ("type", "Option<Vec<Kind>>")];
        let fields = fields.map(|(name, ty)| (name.to_owned(), ty.to_owned()));
        assert_eq!(thing.fields, fields);
        let new = thing.new.as_ref().unwrap();
        assert_eq!(new[1], ("name".to_owned(), "impl Into<String>".to_owned()));
        assert!(thing.setters["kind"].is_deprecated);
        assert_eq!(
            thing.setters["note"].ty,
            "impl Into<Patch<BTreeMap<String, String>>>"
        );
        let Kind::Enum(Enum { values, constants }) = &surface.types["Kind"].kind else {
            panic!()
        };
        assert_eq!(constants["Former"], "A");
        let aliases = [" A".to_owned(), "a".to_owned()];
        assert_eq!((&*values[0].text, &*values[0].aliases), ("A", &aliases[..]));
        assert_eq!(surface.types["Kind"].condition, "cfg(feature = \"a\")");
        let Kind::Union(choice) = &surface.types["Choice"].kind else {
            panic!()
        };
        assert_eq!(choice.how, "by tag \"kind\"");
        assert_eq!(choice.members[0].ty, "Box<Thing>");
        assert_eq!(choice.members[0].key, "\"A\" | \"B\"");
        assert_eq!(choice.members[1].key, "_");
        let Kind::Union(order) = &surface.types["Order"].kind else {
            panic!()
        };
        assert_eq!(order.members[0].name, "Text");
        assert_eq!(order.members[1].ty, "Box<Thing>");
        let implementations: Vec<&str> = surface.implementations.iter().map(|one| &**one).collect();
        assert_eq!(implementations, ["From<Thing> for Choice"]);
    }

    #[test]
    fn only_whole_names_of_modules_are_left_out() {
        for (path, expected) in [
            ("rt::Patch<rt::Secret<i64>>", "Patch<Secret<i64>>"),
            ("alert::Thing", "alert::Thing"),
            ("subtypes::Thing", "subtypes::Thing"),
            ("Option<types::Thing>", "Option<Thing>"),
            (
                "chrono::DateTime<chrono::Utc>",
                "chrono::DateTime<chrono::Utc>",
            ),
        ] {
            assert_eq!(tidy(path), expected);
        }
    }

    #[test]
    fn operations_are_read_with_arguments_outputs_and_setters() {
        let surface = surface(
            "projects",
            quote! {
                impl Client {
                    #[deprecated = "x"]
                    pub fn edit(&self, id: uuid::Uuid, names: &[String], body: &types::Thing) -> Call<operations::Edit> { todo!() }
                }
                pub enum Edit {}
                pub type Update = operations::Edit;
                impl rt::Operation for operations::Edit { type Output = Option<types::Thing>; type Format = rt::Json; }
                #[setters]
                impl operations::Edit { pub fn page(self, value: &str) -> Self { self } }
            },
        );
        let edit = &surface.methods["edit"];
        assert_eq!(
            edit.arguments[1],
            ("names".to_owned(), "&[String]".to_owned())
        );
        assert_eq!(edit.arguments[2].1, "&Thing");
        assert!(edit.is_deprecated && edit.marker == "Edit" && edit.area == "projects");
        assert_eq!(surface.aliases["Update"], "Edit");
        assert_eq!(surface.calls.len(), 1);
        assert_eq!(surface.calls["Edit"].output, "Option<Thing>");
        assert_eq!(surface.calls["Edit"].setters["page"].ty, "&str");
        assert!(surface.implementations.is_empty() && surface.types.is_empty());
    }
}
