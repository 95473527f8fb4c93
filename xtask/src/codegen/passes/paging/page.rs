//! Finds the fields of a page that hold the items, their ids, and the links to other pages.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use crate::codegen::passes::{
    models::{Field, Model, Models, Presence},
    names, types,
};

/// Fields of a page that say that the server holds back items.
const HELD_BACK: &[&str] = &["organization_max_limit_reached"];

/// The type of the items of a page, and the `PageParts` of the value `page`. `None` if the page does not have
/// exactly one list that could be the items.
pub(super) fn parts<'a>(page: &'a Type, models: &'a Models) -> Option<(&'a Type, TokenStream)> {
    let none = || quote!(::core::option::Option::None);
    let (mut declared_size, mut next, mut previous) = (none(), none(), none());
    let (mut held_back, mut items) = (quote!(false), quote!(page));
    let item = if let Some(item) = types::inside(page, "Vec") {
        item
    } else {
        let page = models.get(&types::model_name(page)?)?;
        let find = |names: &[&str]| {
            let mut fields = page.fields.iter();
            fields.find(|field| names.contains(&field.wire.as_str()))
        };
        let results = find(&["results"]).filter(|field| list_item(field).is_some());
        let mut lists = page.fields.iter().filter(|one| list_item(one).is_some());
        let list = match (results, lists.next(), lists.next()) {
            (Some(results), ..) => results,
            (None, Some(only), None) => only,
            _ => return None,
        };
        let ident = &list.ident;
        items = match list.presence {
            Presence::Optional | Presence::Nullable => quote!(page.#ident.unwrap_or_default()),
            _ => quote!(page.#ident),
        };
        declared_size = find(&["page_size"]).and_then(size).unwrap_or(declared_size);
        if let Some(Field { ident, ty, .. }) = find(HELD_BACK) {
            let default = types::inside(ty, "Option").map(|_| quote!(.unwrap_or_default()));
            held_back = quote!(page.#ident #default);
        }
        let link = |name| follow(page, &["links", name], &quote!(page), models, &text);
        next = link("next").unwrap_or(next);
        previous = link("previous").unwrap_or(previous);
        let item = list_item(list)?;
        // An item that is null carries nothing.
        if types::inside(item, "Option").is_some() {
            items = quote!(#items.into_iter().flatten().collect());
        }
        types::unwrapped(item)
    };
    let parts = quote! {
        crate::runtime::PageParts {
            declared_size: #declared_size,
            next: #next,
            previous: #previous,
            items_held_back: #held_back,
            items: #items,
        }
    };
    Some((item, parts))
}

fn list_item(field: &Field) -> Option<&Type> {
    types::inside(types::unwrapped(&field.ty), "Vec")
}

fn size(field: &Field) -> Option<TokenStream> {
    let ident = &field.ident;
    let number = match types::last_name(types::unwrapped(&field.ty)).as_deref() {
        Some("f64") => {
            quote!(|size: f64| (size >= 0.0 && size.fract() == 0.0).then_some(size as u64))
        }
        Some("i64" | "i32" | "u64" | "u32" | "usize") => quote!(|size| u64::try_from(size).ok()),
        _ => return None,
    };
    Some(match types::inside(&field.ty, "Option") {
        Some(_) => quote!(page.#ident.and_then(#number)),
        None => quote!(::core::option::Option::Some(page.#ident).and_then(#number)),
    })
}

/// The id that names an item: `id`, the sha of a commit, or the execution of a deployment.
pub(super) fn item_id(item: &Model, models: &Models) -> Option<TokenStream> {
    let paths = [
        &["id"][..],
        &["git_commit_id"],
        &["identifier", "execution_id"],
    ];
    let mut paths = paths.into_iter();
    paths.find_map(|path| follow(item, path, &quote!(item), models, &id))
}

/// The text in a field at this place, as an `Option`.
fn text(field: &Field, place: &TokenStream) -> Option<TokenStream> {
    let name = types::last_name(types::unwrapped(&field.ty))?;
    (name == "String").then(|| match types::inside(&field.ty, "Option") {
        Some(_) => quote!(#place.clone()),
        None => quote!(::core::option::Option::Some(#place.clone())),
    })
}

/// The id in a field at this place, as an optional text.
fn id(field: &Field, place: &TokenStream) -> Option<TokenStream> {
    let name = types::last_name(types::unwrapped(&field.ty))?;
    let is_id = ["Uuid", "String", "i64", "u64", "i32"].contains(&name.as_str());
    is_id.then(|| match types::inside(&field.ty, "Option") {
        Some(_) => quote!(#place.as_ref().map(::std::string::ToString::to_string)),
        None => quote!(::core::option::Option::Some(#place.to_string())),
    })
}

/// The value of `read` for the field of a model that a path of fields leads to.
fn follow(
    model: &Model,
    path: &[&str],
    place: &TokenStream,
    models: &Models,
    read: &dyn Fn(&Field, &TokenStream) -> Option<TokenStream>,
) -> Option<TokenStream> {
    let (first, rest) = path.split_first()?;
    let field = model.fields.iter().find(|field| field.wire == *first)?;
    let ident = &field.ident;
    let place = quote!(#place.#ident);
    if rest.is_empty() {
        return read(field, &place);
    }
    let next = models.get(&types::model_name(types::unwrapped(&field.ty))?)?;
    if types::inside(&field.ty, "Option").is_none() {
        return follow(next, rest, &place, models, read);
    }
    let inner = format_ident!("{}", names::plain(ident));
    let found = follow(next, rest, &quote!(#inner), models, read)?;
    Some(quote!(#place.as_ref().and_then(|#inner| #found)))
}
