//! Writes the conversions from what the server has to what replaces it.
//!
//! An edit replaces the whole resource, so it begins with everything that the response says. Derived
//! from the shapes: where the request of a `PUT` and the response have fields of one name, and these
//! can be converted, they are. What cannot be carried over is in the documentation of the
//! conversion. Not for sending anything.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Type, parse_quote};

use crate::codegen::model::{BodyKind, Normalised, OperationModel, SchemaKind, UnionModel};
use crate::codegen::split::Piece;

use super::{
    docs,
    methods::Signature,
    models::{self, Field, Model, Presence},
    types,
    usage::Usage,
};

/// What is known of the models that may be converted.
pub(crate) struct Shapes<'a> {
    pub(crate) structs: &'a BTreeMap<&'a str, &'a Model>,
    pub(crate) unions: &'a BTreeMap<&'a str, (&'a UnionModel, BTreeMap<String, Type>)>,
    pub(crate) normalised: &'a Normalised,
    pub(crate) usage: &'a Usage,
}

/// Writes the conversions for all operations that replace a resource.
pub(crate) fn emit(shapes: &Shapes<'_>, signatures: &BTreeMap<String, Signature>) -> Vec<Piece> {
    let mut conversions = Conversions {
        shapes,
        done: BTreeMap::new(),
        open: Vec::new(),
    };
    let pairs = pairs(&shapes.normalised.operations, signatures);
    for (from, to) in &pairs {
        conversions.between(from, to);
    }
    conversions.pieces(pairs)
}

/// The response and the request of every resource that can be replaced.
fn pairs(
    operations: &[OperationModel],
    signatures: &BTreeMap<String, Signature>,
) -> BTreeSet<(String, String)> {
    let model = |ty: &Type| {
        let ty = types::inside(ty, "Option").unwrap_or(ty);
        types::model_name(ty)
    };
    let output = |operation: &OperationModel| {
        let signature = signatures.get(&operation.method_name)?;
        model(signature.output.as_ref()?)
    };
    let mut pairs = BTreeSet::new();
    for operation in operations {
        let json = operation
            .body
            .as_ref()
            .is_some_and(|body| body.kind == BodyKind::Json);
        if operation.http_method != "PUT" || !json {
            continue;
        }
        let body = signatures
            .get(&operation.method_name)
            .and_then(|signature| signature.parameters.get("body"));
        let Some(to) = body.and_then(|ty| match ty {
            Type::Reference(reference) => model(&reference.elem),
            other => model(other),
        }) else {
            continue;
        };
        let read = operations
            .iter()
            .find(|other| other.http_method == "GET" && other.path == operation.path);
        for from in [Some(operation), read]
            .into_iter()
            .flatten()
            .filter_map(output)
        {
            if from != to {
                pairs.insert((from, to.clone()));
            }
        }
    }
    pairs
}

/// One conversion, worked out.
struct Conversion {
    /// The items.
    tokens: TokenStream,
    /// Whether it can fail: a part may be missing, or a member of a union not known.
    fallible: bool,
    /// How many fields of the request it fills, and how many the request has.
    filled: (usize, usize),
    /// The conversions that it uses.
    parts: BTreeSet<(String, String)>,
}

/// An expression of the wanted type.
struct Value {
    tokens: TokenStream,
    /// Whether it leaves the function with an error where it has none.
    fallible: bool,
}

impl Value {
    fn sure(tokens: TokenStream) -> Self {
        Self {
            tokens,
            fallible: false,
        }
    }

    fn with(self, tokens: TokenStream) -> Self {
        Self { tokens, ..self }
    }
}

struct Conversions<'a> {
    shapes: &'a Shapes<'a>,
    /// What was worked out; `None` where there is no conversion. A pair is entered before its parts
    /// are looked at, so that models which contain themselves come to an end.
    done: BTreeMap<(String, String), Option<Conversion>>,
    /// The conversions that are being worked out, each with the parts that it used so far.
    open: Vec<BTreeSet<(String, String)>>,
}

/// The members of a union with their types.
type Members<'a> = (&'a UnionModel, BTreeMap<String, Type>);

impl Conversions<'_> {
    /// Whether there is a conversion, after working it out, and whether it can fail.
    fn between(&mut self, from: &str, to: &str) -> Option<bool> {
        let key = (from.to_owned(), to.to_owned());
        if !self.done.contains_key(&key) {
            let assumed = Conversion {
                tokens: TokenStream::new(),
                fallible: false,
                filled: (0, 0),
                parts: BTreeSet::new(),
            };
            self.done.insert(key.clone(), Some(assumed));
            self.open.push(BTreeSet::new());
            let mut conversion = self.work_out(from, to);
            let parts = self.open.pop().unwrap_or_default();
            if let Some(conversion) = &mut conversion {
                conversion.parts = parts;
            }
            self.done.insert(key.clone(), conversion);
        }
        let fallible = self.done.get(&key)?.as_ref()?.fallible;
        if let Some(parts) = self.open.last_mut() {
            parts.insert(key);
        }
        Some(fallible)
    }

    fn work_out(&mut self, from: &str, to: &str) -> Option<Conversion> {
        let shapes = self.shapes;
        if let (Some(source), Some(target)) = (shapes.structs.get(from), shapes.structs.get(to)) {
            return self.structs(source, target);
        }
        if let (Some(source), Some(target)) = (shapes.unions.get(from), shapes.unions.get(to)) {
            return self.unions(from, source, to, target);
        }
        if let (Some(source), Some(_)) = (shapes.unions.get(from), shapes.structs.get(to)) {
            return self.members(from, source, to);
        }
        let is_enum = |name: &str| {
            let schema = shapes.normalised.schemas.get(name);
            schema.is_some_and(|schema| matches!(schema.kind, SchemaKind::OpenEnum(_)))
        };
        (is_enum(from) && is_enum(to)).then(|| Conversion {
            tokens: conversion(
                from,
                to,
                "A value that is not known stays what it is.",
                false,
                quote!(Self::from(from.as_str())),
            ),
            fallible: false,
            filled: (1, 1),
            parts: BTreeSet::new(),
        })
    }

    fn structs(&mut self, source: &Model, target: &Model) -> Option<Conversion> {
        let mut values = Vec::new();
        let mut carried = BTreeSet::new();
        let mut unset = Vec::new();
        let mut fallible = false;
        for field in &target.fields {
            let ident = &field.ident;
            if let Some((value, from)) = self.field(source, field) {
                carried.insert(from);
                fallible |= value.fallible;
                let value = value.tokens;
                values.push(quote!(#ident: #value));
            } else {
                let nothing = nothing(field)?;
                if field.presence != Presence::Extra {
                    unset.push(field.wire.as_str());
                }
                values.push(quote!(#ident: #nothing));
            }
        }
        carried.remove("");
        if carried.is_empty() {
            return None;
        }
        let lost: Vec<&str> = source
            .fields
            .iter()
            .map(|field| field.wire.as_str())
            .filter(|wire| !carried.contains(*wire) && !wire.is_empty())
            .collect();
        let text = text(source, target, &unset, &lost);
        Some(Conversion {
            tokens: conversion(
                &source.name,
                &target.name,
                &text,
                fallible,
                quote!(Self { #(#values),* }),
            ),
            fallible,
            filled: (target.fields.len() - unset.len(), target.fields.len()),
            parts: BTreeSet::new(),
        })
    }

    /// The value of a field of the request, and the field of the response that it comes from.
    fn field(&mut self, source: &Model, target: &Field) -> Option<(Value, String)> {
        if target.presence == Presence::Extra {
            let extra = source
                .fields
                .iter()
                .find(|field| field.presence == Presence::Extra && field.ty == target.ty)?;
            let ident = &extra.ident;
            return Some((Value::sure(quote!(from.#ident)), String::new()));
        }
        let namesake = source.fields.iter().find(|field| field.wire == target.wire);
        if let Some(field) = namesake {
            let ident = &field.ident;
            if let Some(value) = self.value(&field.ty, &target.ty, quote!(from.#ident)) {
                return Some((value, field.wire.clone()));
            }
        }
        if let Some(found) = self.elsewhere(source, target) {
            return Some(found);
        }
        // What the request must say and the response may leave out: the conversion can fail.
        let field = namesake?;
        let optional = types::inside(&field.ty, "Option")?;
        let (ident, wire) = (&field.ident, &field.wire);
        let value = quote!(from.#ident.ok_or(rt::ConversionError::absent(#wire))?);
        let value = self.value(optional, &target.ty, value)?;
        Some((
            Value {
                fallible: true,
                ..value
            },
            wire.clone(),
        ))
    }

    /// Looks for a field of the request where the response has it under another name.
    fn elsewhere(&mut self, source: &Model, target: &Field) -> Option<(Value, String)> {
        let wire = target.wire.as_str();
        let find = |name: &str| source.fields.iter().find(|field| field.wire == name);
        // `registry_id` is the `id` of the `registry`.
        if let Some(holder) = wire.strip_suffix("_id").and_then(find)
            && let Some(value) = self.within(holder, "id", target)
        {
            return Some((value, holder.wire.clone()));
        }
        let direct = [
            // `value` is the typed `value_object`.
            find(&format!("{wire}_object")),
            // `helm_repository` is the `repository`.
            source.fields.iter().find(|field| {
                wire.ends_with(&format!("_{}", field.wire)) && self.is_model(&field.ty)
            }),
            // The list of a resource that is nothing but a list.
            find("results").filter(|_| types::inside(&target.ty, "Vec").is_some()),
        ];
        for field in direct.into_iter().flatten() {
            let ident = &field.ident;
            if let Some(value) = self.value(&field.ty, &target.ty, quote!(from.#ident)) {
                return Some((value, field.wire.clone()));
            }
        }
        // `git_repository` is in the `git` that wraps it.
        if self.is_model(&target.ty) {
            for holder in &source.fields {
                if let Some(value) = self.within(holder, wire, target) {
                    return Some((value, holder.wire.clone()));
                }
            }
        }
        None
    }

    fn is_model(&self, ty: &Type) -> bool {
        let ty = ["Option", "Patch"]
            .iter()
            .find_map(|wrapper| types::inside(ty, wrapper))
            .unwrap_or(ty);
        types::model_name(ty).is_some_and(|name| self.shapes.structs.contains_key(name.as_str()))
    }

    /// A field of the model that a field of the response holds.
    fn within(&mut self, holder: &Field, wire: &str, target: &Field) -> Option<Value> {
        let optional = types::inside(&holder.ty, "Option");
        let name = types::model_name(optional.unwrap_or(&holder.ty))?;
        let model = *self.shapes.structs.get(name.as_str())?;
        let field = model.fields.iter().find(|field| field.wire == wire)?;
        let (outer, inner) = (&holder.ident, &field.ident);
        if optional.is_none() {
            return self.value(&field.ty, &target.ty, quote!(from.#outer.#inner));
        }
        let (ty, value) = match types::inside(&field.ty, "Option") {
            Some(ty) => (ty, quote!(from.#outer.and_then(|holder| holder.#inner))),
            None => (&field.ty, quote!(from.#outer.map(|holder| holder.#inner))),
        };
        self.value(&parse_quote!(Option<#ty>), &target.ty, value)
    }

    /// Converts an expression from one type to another.
    fn value(&mut self, from: &Type, to: &Type, value: TokenStream) -> Option<Value> {
        if from == to {
            return Some(Value::sure(value));
        }
        if let Some(from) = types::inside(from, "Patch") {
            if let Some(to) = types::inside(to, "Patch") {
                let inner = self.value(from, to, quote!(value))?;
                let tokens = &inner.tokens;
                return (!inner.fallible).then(|| Value::sure(quote!(#value.map(|value| #tokens))));
            }
            return self.value(
                &parse_quote!(Option<#from>),
                to,
                quote!(#value.into_option()),
            );
        }
        // What the server does not have is sent as null, because leaving it out means the default.
        if let Some(to) = types::inside(to, "Patch") {
            let optional = types::inside(from, "Option").is_some();
            let wanted = if optional {
                parse_quote!(Option<#to>)
            } else {
                to.clone()
            };
            let inner = self.value(from, &wanted, value)?;
            let tokens = &inner.tokens;
            let tokens = if optional {
                quote!(rt::Patch::value_or_null(#tokens))
            } else {
                quote!(rt::Patch::Value(#tokens))
            };
            return Some(inner.with(tokens));
        }
        match (types::inside(from, "Option"), types::inside(to, "Option")) {
            (Some(from), Some(to)) => {
                let inner = self.value(from, to, quote!(value))?;
                let tokens = &inner.tokens;
                let tokens = if inner.fallible {
                    quote!(match #value { Some(value) => Some(#tokens), None => None })
                } else {
                    quote!(#value.map(|value| #tokens))
                };
                return Some(inner.with(tokens));
            }
            (None, Some(to)) => {
                let inner = self.value(from, to, value)?;
                let tokens = &inner.tokens;
                let tokens = quote!(Some(#tokens));
                return Some(inner.with(tokens));
            }
            // Without a value there is nothing to send, except where nothing is an empty list.
            (Some(from), None) => {
                models::is_collection(to).then_some(())?;
                return self.value(from, to, quote!(#value.unwrap_or_default()));
            }
            (None, None) => {}
        }
        if let Some(from) = types::inside(from, "Box") {
            return self.value(from, to, quote!((*#value)));
        }
        if let Some(to) = types::inside(to, "Box") {
            let inner = self.value(from, to, value)?;
            let tokens = &inner.tokens;
            let tokens = quote!(Box::new(#tokens));
            return Some(inner.with(tokens));
        }
        if let (Some(from), Some(to)) = (types::inside(from, "Vec"), types::inside(to, "Vec")) {
            if types::inside(from, "Option") == Some(to) {
                return Some(Value::sure(quote!(#value.into_iter().flatten().collect())));
            }
            let inner = self.value(from, to, quote!(value))?;
            let tokens = &inner.tokens;
            let tokens = if inner.fallible {
                quote!({
                    let mut items = Vec::new();
                    for value in #value {
                        items.push(#tokens);
                    }
                    items
                })
            } else {
                quote!(#value.into_iter().map(|value| #tokens).collect())
            };
            return Some(inner.with(tokens));
        }
        if let (Some(from), Some(to)) = (types::map_value(from), types::map_value(to)) {
            let inner = self.value(from, to, quote!(value))?;
            let tokens = &inner.tokens;
            return (!inner.fallible).then(|| {
                Value::sure(
                    quote!(#value.into_iter().map(|(name, value)| (name, #tokens)).collect()),
                )
            });
        }
        if let Some(name) = types::model_name(from) {
            if let Some(to) = types::model_name(to)
                && let Some(fallible) = self.between(&name, &to)
            {
                let target = format_ident!("{to}");
                let tokens = if fallible {
                    quote!(types::#target::try_from(#value)?)
                } else {
                    quote!(types::#target::from(#value))
                };
                return Some(Value { tokens, fallible });
            }
            return self.unwrapped(&name, to, &value);
        }
        let name = |ty: &Type| types::last_name(ty).unwrap_or_default();
        Some(Value::sure(
            match (name(from).as_str(), name(to).as_str()) {
                ("String", "SecretText") | ("i32", "i64") => quote!(#value.into()),
                ("SecretText", "String") => quote!(#value.into_exposed()),
                ("Uuid", "String") => quote!(#value.to_string()),
                _ => return None,
            },
        ))
    }

    /// The part of a model that a request takes in place of the whole: its id, or the value of one
    /// that is nothing but a tag and a value.
    fn unwrapped(&mut self, name: &str, to: &Type, value: &TokenStream) -> Option<Value> {
        let model = *self.shapes.structs.get(name)?;
        let by_id = matches!(types::last_name(to).as_deref(), Some("Uuid" | "String"));
        let field = model.fields.iter().find(|field| {
            by_id && field.wire == "id" || model.fields.len() == 2 && field.wire == "value"
        })?;
        let ident = &field.ident;
        self.value(&field.ty, to, quote!(#value.#ident))
    }

    /// From a union to the union with the same members.
    fn unions(
        &mut self,
        from: &str,
        source: &Members<'_>,
        to: &str,
        target: &Members<'_>,
    ) -> Option<Conversion> {
        let (name, request) = (format_ident!("{from}"), format_ident!("{to}"));
        let mut arms = Vec::new();
        let mut fallible = false;
        let mut taken = BTreeSet::new();
        for (variant, other) in self.matches(source, target)? {
            let value = self.value(
                source.1.get(&variant)?,
                target.1.get(&other)?,
                quote!(member),
            )?;
            fallible |= value.fallible;
            let tokens = value.tokens;
            taken.insert(other.clone());
            let (before, after) = (format_ident!("{variant}"), format_ident!("{other}"));
            arms.push(quote!(types::#name::#before(member) => types::#request::#after(#tokens),));
        }
        let body = quote! {
            match from {
                #(#arms)*
                types::#name::Unknown(value) => types::#request::Unknown(value),
            }
        };
        Some(Conversion {
            tokens: conversion(
                from,
                to,
                "A member that is not known stays what it is.",
                fallible,
                body,
            ),
            fallible,
            filled: (taken.len(), taken.len()),
            parts: BTreeSet::new(),
        })
    }

    /// Which member of the request each member of the response becomes: by tag or name, by a name
    /// within the other, by its type, and at last by being the only one that is left and fits.
    fn matches(
        &mut self,
        source: &Members<'_>,
        target: &Members<'_>,
    ) -> Option<Vec<(String, String)>> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for tier in 0..4 {
            for variant in &source.0.variants {
                if found.contains_key(&variant.rust_name) {
                    continue;
                }
                let mut candidates = Vec::new();
                for other in &target.0.variants {
                    if found.values().any(|taken| *taken == other.rust_name) {
                        continue;
                    }
                    let (before, after) = (
                        source.1.get(&variant.rust_name)?,
                        target.1.get(&other.rust_name)?,
                    );
                    let fits = match tier {
                        0 => {
                            !variant.tags.is_empty() && other.tags == variant.tags
                                || other.rust_name == variant.rust_name
                        }
                        1 => {
                            variant.rust_name.contains(&other.rust_name)
                                || other.rust_name.contains(&variant.rust_name)
                        }
                        2 => before == after || self.content(before).as_ref() == Some(after),
                        _ => true,
                    };
                    if fits && self.value(before, after, quote!(member)).is_some() {
                        candidates.push(other.rust_name.clone());
                    }
                }
                if let [only] = candidates.as_slice() {
                    found.insert(variant.rust_name.clone(), only.clone());
                }
            }
        }
        let variants = source.0.variants.iter();
        variants
            .map(|variant| {
                Some((
                    variant.rust_name.clone(),
                    found.get(&variant.rust_name)?.clone(),
                ))
            })
            .collect()
    }

    /// The type of the value in a model that is nothing but a tag and a value.
    fn content(&self, ty: &Type) -> Option<Type> {
        let model = self.shapes.structs.get(types::model_name(ty)?.as_str())?;
        let value = model.fields.iter().find(|field| field.wire == "value")?;
        (model.fields.len() == 2).then(|| value.ty.clone())
    }

    /// From a union all of whose members can be carried by one request.
    fn members(&mut self, from: &str, source: &Members<'_>, to: &str) -> Option<Conversion> {
        let (name, request) = (format_ident!("{from}"), format_ident!("{to}"));
        let target: Type = parse_quote!(types::#request);
        let mut arms = Vec::new();
        let mut filled = (usize::MAX, 1);
        for variant in &source.0.variants {
            let member = source.1.get(&variant.rust_name)?;
            let value = self.value(member, &target, quote!(member))?.tokens;
            let key = (types::model_name(member)?, to.to_owned());
            let part = self.done.get(&key)?.as_ref()?;
            if part.filled.0 < filled.0 {
                filled = part.filled;
            }
            let member = format_ident!("{}", variant.rust_name);
            arms.push(quote!(types::#name::#member(member) => #value,));
        }
        let body = quote! {
            match from {
                #(#arms)*
                types::#name::Unknown(_) => return Err(rt::ConversionError::unknown_member(#from)),
            }
        };
        Some(Conversion {
            tokens: conversion(from, to, "Fails where the member is not known.", true, body),
            fallible: true,
            filled,
            parts: BTreeSet::new(),
        })
    }

    /// The conversions that these pairs need, each once. What fills less than half of a request is
    /// no edit of the same thing.
    fn pieces(mut self, roots: BTreeSet<(String, String)>) -> Vec<Piece> {
        let usage = self.shapes.usage;
        let mut wanted: Vec<(String, String)> = roots
            .into_iter()
            .filter(|key| {
                let conversion = self.done.get(key).and_then(Option::as_ref);
                conversion.is_some_and(|conversion| conversion.filled.0 * 2 > conversion.filled.1)
            })
            .collect();
        let mut pieces = BTreeMap::new();
        while let Some(key) = wanted.pop() {
            let Some(conversion) = self.done.remove(&key).flatten() else {
                continue;
            };
            wanted.extend(conversion.parts);
            let areas = &usage.areas(&key.0) & &usage.areas(&key.1);
            pieces.insert(
                key,
                Piece {
                    areas,
                    tokens: conversion.tokens,
                },
            );
        }
        pieces.into_values().collect()
    }
}

/// The items of one conversion, from a value and from a reference.
fn conversion(from: &str, to: &str, text: &str, fallible: bool, body: TokenStream) -> TokenStream {
    let (source, target) = (format_ident!("{from}"), format_ident!("{to}"));
    if fallible {
        let text = docs::attributes(&format!(
            "{text}\n\n# Errors\nWhere something is absent that the request must say, or a member of a union is not known."
        ));
        return quote! {
            #text
            impl TryFrom<types::#source> for types::#target {
                type Error = rt::ConversionError;
                fn try_from(from: types::#source) -> Result<Self, rt::ConversionError> {
                    Ok(#body)
                }
            }
            impl TryFrom<&types::#source> for types::#target {
                type Error = rt::ConversionError;
                fn try_from(from: &types::#source) -> Result<Self, rt::ConversionError> {
                    Self::try_from(from.clone())
                }
            }
        };
    }
    let text = docs::attributes(text);
    quote! {
        #text
        impl From<types::#source> for types::#target {
            fn from(from: types::#source) -> Self {
                #body
            }
        }
        impl From<&types::#source> for types::#target {
            fn from(from: &types::#source) -> Self {
                Self::from(from.clone())
            }
        }
    }
}

fn text(source: &Model, target: &Model, unset: &[&str], lost: &[&str]) -> String {
    let all = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let mut text = format!(
        "Carries over everything that a `{}` can hold of a `{}`.",
        target.name, source.name
    );
    if !unset.is_empty() {
        text.push_str(&format!(
            "\n\nNot in the response, and so left out: {}.",
            all(unset)
        ));
    }
    if !lost.is_empty() {
        text.push_str(&format!(
            "\n\nIn the response, and not carried by the request: {}.",
            all(lost)
        ));
    }
    text
}

/// What a field holds where nothing is said; `None` where something must be said.
fn nothing(field: &Field) -> Option<TokenStream> {
    match field.presence {
        Presence::Optional => Some(quote!(None)),
        Presence::Patch => Some(quote!(rt::Patch::Absent)),
        Presence::Collection | Presence::Extra => Some(quote!(Default::default())),
        Presence::Required | Presence::Nullable => None,
    }
}
