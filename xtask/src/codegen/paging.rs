//! Derives from the contract which operations page, and how.
//!
//! By shape, not by name of the operation: a new operation with a known shape pages without a
//! change here, and a parameter, or a field of a result, that looks like paging but is of no known
//! shape stops the generator until it is classified. A result that only repeats a page number and a
//! size is the first page of a list that has no second one, and stays a plain list. Not for walking
//! the pages: that is `qovery-ext`.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use crate::codegen::model::{Format, Location, OperationModel, ParameterModel};
use crate::codegen::passes::{
    models::{Field, Model, Presence},
    names, types,
};
use crate::problem::Problem;

/// How an operation pages.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    StartId,
    ContinueToken,
    Window { default_size: u32 },
}

/// How many items a window holds where neither the contract nor the description says it.
const DEFAULT_WINDOW: u32 = 20;

/// The query parameters of the known shapes, as the contract writes them.
const START_ID: &str = "startId";
const FORWARD: &str = "continueToken";
const BACKWARD: &str = "stepBackToken";
const SIZE: &str = "pageSize";

/// Fields of a page that say that the server holds back items.
const HELD_BACK: &[&str] = &["organization_max_limit_reached"];

/// Names of parameters that page elsewhere, in lower case without separators.
const SUSPECTS: &[&str] = &[
    "after",
    "batch",
    "before",
    "count",
    "endcursor",
    "endingbefore",
    "first",
    "from",
    "index",
    "last",
    "limit",
    "marker",
    "maxresults",
    "next",
    "nexttoken",
    "perpage",
    "position",
    "previous",
    "rows",
    "since",
    "size",
    "skip",
    "start",
    "startingafter",
    "to",
    "token",
    "top",
    "until",
];

/// Parts of names that mean paging wherever they occur.
const SUSPICIOUS_PARTS: &[&str] = &[
    "cursor", "offset", "page", "continue", "startid", "stepback",
];

/// Fields of a response that lead on to another page, in lower case without separators.
const LEADS: &[&str] = &[
    "continuationtoken",
    "continuetoken",
    "cursor",
    "hasmore",
    "hasnext",
    "links",
    "next",
    "nextcursor",
    "nextlink",
    "nextpage",
    "nextpagetoken",
    "nexttoken",
    "nexturl",
    "pagetoken",
    "prev",
    "previous",
];

/// Parameters that look like paging and are not: the operation, the parameter, and why.
const NOT_PAGING: &[(&str, &str, &str)] = &[
    ("get-cluster-logs", "start", "a point in time"),
    ("get-cluster-logs", "since", "a span of time"),
    (
        "get-cluster-logs",
        "limit",
        "how many lines to read; where to begin is a time",
    ),
    ("get-cluster-metrics", "start", "a point in time"),
];

/// Writes the implementation of `PagedOperation` or `WindowOperation`, or nothing where the operation does not page.
///
/// # Errors
/// Where a parameter looks like paging but the operation has no known shape, or where page or item
/// lack what the shape needs.
pub(crate) fn emit(
    operation: &OperationModel,
    output: Option<&Type>,
    models: &BTreeMap<&str, &Model>,
) -> Result<Option<TokenStream>, Problem> {
    let Some(shape) = shape_of(operation)? else {
        return match output.and_then(|output| lead(output, models)) {
            Some(field) => Err(unknown_shape(
                operation,
                &format!("the field `{field}` of the result"),
            )),
            None => Ok(None),
        };
    };
    let problem = |what: String| {
        Problem::new(what)
            .with_pointer(operation.pointer.clone())
            .with_help("teach xtask/src/codegen/paging.rs this shape of page, or list the parameter there as one that does not page")
    };
    let id = &operation.id;
    let output = output.ok_or_else(|| problem(format!("`{id}` pages but yields no value")))?;
    let page = types::inside(output, "Option").unwrap_or(output);
    let parts = PageShape::of(page, models).ok_or_else(|| {
        problem(format!(
            "`{id}` pages, but its result has not exactly one list that could be the items"
        ))
    })?;
    let item = parts.item;
    let marker = format_ident!("{}", operation.type_name);
    let (whole, opened) = if operation.success.format == Format::JsonOrEmpty {
        (
            quote!(Option<#page>),
            quote!(let Some(page) = page else { return rt::PageParts::new(Vec::new()) };),
        )
    } else {
        (quote!(#page), TokenStream::new())
    };
    let PageShape {
        items,
        declared_size,
        next,
        previous,
        held_back,
        ..
    } = &parts;
    let split = quote! {
        fn split(page: #whole) -> rt::PageParts<#item> {
            #opened
            rt::PageParts {
                declared_size: #declared_size,
                next: #next,
                previous: #previous,
                items_held_back: #held_back,
                items: #items,
            }
        }
    };
    let paging = match shape {
        Shape::Window { default_size } => {
            return Ok(Some(quote! {
                impl rt::WindowOperation for operations::#marker {
                    type Item = #item;
                    const SIZE_PARAMETER: &'static str = #SIZE;
                    const DEFAULT_SIZE: u32 = #default_size;
                    #split
                }
            }));
        }
        // That a page has a size does not promise that only the last one is shorter.
        Shape::StartId => {
            quote!(rt::Paging::StartId { parameter: #START_ID, short_page_ends: false })
        }
        Shape::ContinueToken => {
            quote!(rt::Paging::ContinueToken { forward: #FORWARD, backward: Some(#BACKWARD) })
        }
    };
    let item_model = types::model_name(item).and_then(|name| models.get(name.as_str()).copied());
    let (name, id_of) = match item_model.and_then(|item| item_id(item, models)) {
        Some(id_of) => (format_ident!("item"), id_of),
        None if shape == Shape::StartId => {
            return Err(problem(format!(
                "`{id}` pages by the id of an item, but its items have no field that could be the id"
            )));
        }
        None => (format_ident!("_item"), quote!(None)),
    };
    let backward = (shape == Shape::ContinueToken)
        .then(|| quote!(impl rt::PagedBackward for operations::#marker {}));
    Ok(Some(quote! {
        impl rt::PagedOperation for operations::#marker {
            type Item = #item;
            const PAGING: rt::Paging = #paging;
            #split
            fn item_id(#name: &#item) -> Option<String> {
                #id_of
            }
        }
        #backward
    }))
}

fn shape_of(operation: &OperationModel) -> Result<Option<Shape>, Problem> {
    let query: Vec<&ParameterModel> = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Query)
        .collect();
    let has = |name: &str| query.iter().any(|parameter| parameter.name == name);
    let known: &[&str] = if operation.http_method != "GET" {
        &[]
    } else if has(START_ID) && !has(FORWARD) && !has(BACKWARD) {
        &[START_ID, SIZE]
    } else if has(FORWARD) && has(BACKWARD) && !has(START_ID) {
        &[FORWARD, BACKWARD, SIZE]
    } else if has(SIZE) && !has(START_ID) && !has(FORWARD) && !has(BACKWARD) {
        &[SIZE]
    } else {
        &[]
    };
    for parameter in &query {
        let name = parameter.name.as_str();
        let is_no_page = NOT_PAGING
            .iter()
            .any(|(id, other, _)| *id == operation.id && *other == name);
        if !known.contains(&name) && !is_no_page && looks_like_paging(name) {
            return Err(unknown_shape(operation, &format!("the parameter `{name}`")));
        }
    }
    Ok(match known.first() {
        Some(&START_ID) => Some(Shape::StartId),
        Some(&FORWARD) => Some(Shape::ContinueToken),
        Some(_) => {
            let size = query.iter().find(|parameter| parameter.name == SIZE);
            Some(Shape::Window {
                default_size: size
                    .and_then(|size| default_size(size))
                    .unwrap_or(DEFAULT_WINDOW),
            })
        }
        None => None,
    })
}

fn unknown_shape(operation: &OperationModel, what: &str) -> Problem {
    Problem::new(format!(
        "{what} of `{}` looks like paging, but the operation has no known shape of it",
        operation.id
    ))
    .with_pointer(operation.pointer.clone())
    .with_help(
        "classify it in xtask/src/codegen/paging.rs: a new shape, or an exception with its reason",
    )
}

/// A field of the result that leads on to another page.
fn lead<'a>(output: &Type, models: &BTreeMap<&str, &'a Model>) -> Option<&'a str> {
    let page = types::inside(output, "Option").unwrap_or(output);
    let page = *models.get(types::model_name(page)?.as_str())?;
    let mut names = page.fields.iter().map(|field| field.wire.as_str());
    names.find(|name| LEADS.contains(&plain(name).as_str()))
}

/// In lower case, without separators.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_ascii_lowercase()
}

fn looks_like_paging(name: &str) -> bool {
    let plain = plain(name);
    SUSPECTS.contains(&plain.as_str()) || SUSPICIOUS_PARTS.iter().any(|part| plain.contains(part))
}

/// The default that the description ends with, as the normaliser writes it.
fn default_size(parameter: &ParameterModel) -> Option<u32> {
    let text = parameter.description.as_deref()?.to_ascii_lowercase();
    let after = text.split("default").nth(1)?;
    let digits: String = after
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

/// How to take a page apart.
struct PageShape<'a> {
    item: &'a Type,
    items: TokenStream,
    declared_size: TokenStream,
    next: TokenStream,
    previous: TokenStream,
    held_back: TokenStream,
}

impl<'a> PageShape<'a> {
    fn of(page: &'a Type, models: &BTreeMap<&str, &'a Model>) -> Option<Self> {
        let none = quote!(None);
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
        quote!(Some(page.#ident).and_then(#number))
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
        (false, false) => quote!(Some(page.#outer.#inner.clone())),
    })
}

/// The id that names an item: `id`, the sha of a commit, or the execution of a deployment.
fn item_id(item: &Model, models: &BTreeMap<&str, &Model>) -> Option<TokenStream> {
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
            quote!(#place.#ident.as_ref().map(ToString::to_string))
        } else {
            quote!(Some(#place.#ident.to_string()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_page_elsewhere_are_noticed() {
        for name in [
            "page",
            "offset",
            "next_page",
            "pageToken",
            "cursor",
            "startingAfter",
            "per_page",
        ] {
            assert!(looks_like_paging(name), "{name}");
        }
    }

    #[test]
    fn other_parameters_are_not() {
        for name in ["skipReconcile", "targetType", "name", "version", "toUpdate"] {
            assert!(!looks_like_paging(name), "{name}");
        }
    }
}
