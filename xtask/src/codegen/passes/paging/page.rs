//! Finds the fields of a page that hold the items, their ids, and the links to other pages.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use crate::codegen::passes::{
    models::{Field, Model, Presence},
    names, types,
};

/// Fields of a page that say that the server holds back items.
const HELD_BACK: &[&str] = &["organization_max_limit_reached"];

/// The fields of a page.
pub(super) struct PageShape<'a> {
    pub(super) item: &'a Type,
    pub(super) items: TokenStream,
    pub(super) declared_size: TokenStream,
    pub(super) next: TokenStream,
    pub(super) previous: TokenStream,
    pub(super) held_back: TokenStream,
}

impl<'a> PageShape<'a> {
    pub(super) fn of(page: &'a Type, models: &BTreeMap<&str, &'a Model>) -> Option<Self> {
        let none = quote!(::core::option::Option::None);
        if let Some(item) = types::inside(page, "Vec") {
            return Some(Self {
                item,
                items: quote!(page),
                declared_size: none.clone(),
                next: none.clone(),
                previous: none,
                held_back: quote!(false),
            });
        }
        let page = *models.get(types::model_name(page)?.as_str())?;
        let mut lists = page
            .fields
            .iter()
            .filter(|field| list_item(field).is_some());
        let list = match page
            .fields
            .iter()
            .find(|field| field.wire == "results" && list_item(field).is_some())
        {
            Some(results) => results,
            None => {
                let only = lists.next()?;
                if lists.next().is_some() {
                    return None;
                }
                only
            }
        };
        let ident = &list.ident;
        let items = if list.presence == Presence::Optional || list.presence == Presence::Nullable {
            quote!(page.#ident.unwrap_or_default())
        } else {
            quote!(page.#ident)
        };
        let item = list_item(list)?;
        // An item that is null carries nothing.
        let (item, items) = match types::inside(item, "Option") {
            Some(item) => (item, quote!(#items.into_iter().flatten().collect())),
            None => (item, items),
        };
        let declared_size = page
            .fields
            .iter()
            .find(|field| field.wire == "page_size")
            .and_then(size)
            .unwrap_or_else(|| none.clone());
        let held_back = page
            .fields
            .iter()
            .find(|field| HELD_BACK.contains(&field.wire.as_str()))
            .map_or(quote!(false), |field| {
                let ident = &field.ident;
                if types::inside(&field.ty, "Option").is_some() {
                    quote!(page.#ident.unwrap_or_default())
                } else {
                    quote!(page.#ident)
                }
            });
        let links = page.fields.iter().find(|field| field.wire == "links");
        let link = |name: &str| {
            links
                .and_then(|links| link(links, name, models))
                .unwrap_or_else(|| none.clone())
        };
        Some(Self {
            item,
            items,
            declared_size,
            next: link("next"),
            previous: link("previous"),
            held_back,
        })
    }
}

fn list_item(field: &Field) -> Option<&Type> {
    let ty = types::inside(&field.ty, "Option").unwrap_or(&field.ty);
    types::inside(ty, "Vec")
}

fn size(field: &Field) -> Option<TokenStream> {
    let ident = &field.ident;
    let optional = types::inside(&field.ty, "Option");
    let number = match types::last_name(optional.unwrap_or(&field.ty)).as_deref() {
        Some("f64") => {
            quote!(|size: f64| (size >= 0.0 && size.fract() == 0.0).then_some(size as u64))
        }
        Some("i64" | "i32" | "u64" | "u32" | "usize") => quote!(|size| u64::try_from(size).ok()),
        _ => return None,
    };
    Some(if optional.is_some() {
        quote!(page.#ident.and_then(#number))
    } else {
        quote!(::core::option::Option::Some(page.#ident).and_then(#number))
    })
}

fn link(links: &Field, name: &str, models: &BTreeMap<&str, &Model>) -> Option<TokenStream> {
    let optional = types::inside(&links.ty, "Option");
    let model = models.get(types::model_name(optional.unwrap_or(&links.ty))?.as_str())?;
    let field = model.fields.iter().find(|field| field.wire == name)?;
    let (outer, inner) = (&links.ident, &field.ident);
    let inner_optional = types::inside(&field.ty, "Option");
    if types::last_name(inner_optional.unwrap_or(&field.ty)).as_deref() != Some("String") {
        return None;
    }
    Some(match (optional.is_some(), inner_optional.is_some()) {
        (true, true) => quote!(page.#outer.as_ref().and_then(|links| links.#inner.clone())),
        (true, false) => quote!(page.#outer.as_ref().map(|links| links.#inner.clone())),
        (false, true) => quote!(page.#outer.#inner.clone()),
        (false, false) => quote!(::core::option::Option::Some(page.#outer.#inner.clone())),
    })
}

/// The id that names an item: `id`, the sha of a commit, or the execution of a deployment.
pub(super) fn item_id(item: &Model, models: &BTreeMap<&str, &Model>) -> Option<TokenStream> {
    let start = quote!(item);
    for path in [
        &["id"][..],
        &["git_commit_id"],
        &["identifier", "execution_id"],
    ] {
        if let Some(found) = follow(item, path, &start, models) {
            return Some(found);
        }
    }
    None
}

fn follow(
    model: &Model,
    path: &[&str],
    place: &TokenStream,
    models: &BTreeMap<&str, &Model>,
) -> Option<TokenStream> {
    let (first, rest) = path.split_first()?;
    let field = model.fields.iter().find(|field| field.wire == *first)?;
    let ident = &field.ident;
    let optional = types::inside(&field.ty, "Option");
    let ty = optional.unwrap_or(&field.ty);
    if rest.is_empty() {
        if !matches!(
            types::last_name(ty).as_deref(),
            Some("Uuid" | "String" | "i64" | "u64" | "i32")
        ) {
            return None;
        }
        return Some(if optional.is_some() {
            quote!(#place.#ident.as_ref().map(::std::string::ToString::to_string))
        } else {
            quote!(::core::option::Option::Some(#place.#ident.to_string()))
        });
    }
    let next = *models.get(types::model_name(ty)?.as_str())?;
    if optional.is_some() {
        let inner = format_ident!("{}", names::plain(ident));
        let found = follow(next, rest, &quote!(#inner), models)?;
        return Some(quote!(#place.#ident.as_ref().and_then(|#inner| #found)));
    }
    follow(next, rest, &quote!(#place.#ident), models)
}
