//! Derives from the contract how each operation pages.
//!
//! The shape decides, not the name of the operation: a new operation with a known shape pages without a
//! change here. A parameter, or a field of a result, that looks like paging but has no known
//! shape stops the generator until it is classified. A result that only repeats a page number and a
//! size is the first and only page of a list, and stays a plain list. `qovery-ext` walks
//! the pages.

mod next_link;
mod page;
mod shape;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use crate::codegen::model::{Format, OperationModel};
use crate::codegen::passes::{models::Models, types};
use crate::problem::Problem;

use next_link::next_link;
use shape::{BACKWARD, FORWARD, SIZE, START_ID, Shape, shape_of, unknown_shape};

/// Writes the implementation of `PagedOperation` or `WindowOperation`; `None` if the operation does not page.
///
/// # Errors
/// Returns an error if a parameter looks like paging but the operation has no known shape, or if the page or
/// the item lacks a field that the shape needs.
pub(crate) fn emit(
    operation: &OperationModel,
    output: Option<&Type>,
    models: &Models,
) -> Result<Option<TokenStream>, Problem> {
    let Some(shape) = shape_of(operation)? else {
        return match output.and_then(|output| next_link(output, models)) {
            Some(field) => Err(unknown_shape(
                operation,
                &format!("the field `{field}` of the result"),
            )),
            None => Ok(None),
        };
    };
    let problem = |what: String| {
        Problem::of(&operation.pointer, what)
            .with_help("add this shape of page to xtask/src/codegen/passes/paging/page.rs, or list the parameter in shape.rs as one that does not page")
    };
    let id = &operation.id;
    let output = output.ok_or_else(|| problem(format!("`{id}` pages, but returns no value")))?;
    let page = types::unwrapped(output);
    let (item, parts) = page::parts(page, models).ok_or_else(|| {
        problem(format!(
            "`{id}` pages, but its result has not exactly one list that could be the items"
        ))
    })?;
    let marker = format_ident!("{}", operation.type_name);
    let (whole, opened) = if operation.success.format == Format::JsonOrEmpty {
        (
            quote!(::core::option::Option<#page>),
            quote!(let ::core::option::Option::Some(page) = page else { return crate::runtime::PageParts::new(::std::vec::Vec::new()) };),
        )
    } else {
        (quote!(#page), TokenStream::new())
    };
    let split = quote! {
        fn split(page: #whole) -> crate::runtime::PageParts<#item> {
            #opened
            #parts
        }
    };
    let paging = match shape {
        Shape::Window { default_size } => {
            return Ok(Some(quote! {
                impl crate::runtime::WindowOperation for crate::operations::#marker {
                    type Item = #item;
                    const SIZE_PARAMETER: &'static str = #SIZE;
                    const DEFAULT_SIZE: u32 = #default_size;
                    #split
                }
            }));
        }
        // The declared size of a page does not guarantee that only the last page is shorter.
        Shape::StartId => {
            quote!(crate::runtime::Paging::StartId { parameter: #START_ID })
        }
        Shape::ContinueToken => {
            quote!(crate::runtime::Paging::ContinueToken { forward: #FORWARD, backward: ::core::option::Option::Some(#BACKWARD) })
        }
    };
    let item_model = types::model_name(item).and_then(|name| models.get(&name));
    let (name, id_of) = match item_model.and_then(|item| page::item_id(item, models)) {
        Some(id_of) => (format_ident!("item"), id_of),
        None if shape == Shape::StartId => {
            return Err(problem(format!(
                "`{id}` pages by the id of an item, but its items have no field that could be the id"
            )));
        }
        None => (format_ident!("_item"), quote!(::core::option::Option::None)),
    };
    let backward = (shape == Shape::ContinueToken)
        .then(|| quote!(impl crate::runtime::PagedBackward for crate::operations::#marker {}));
    Ok(Some(quote! {
        impl crate::runtime::PagedOperation for crate::operations::#marker {
            type Item = #item;
            const PAGING: crate::runtime::Paging = #paging;
            #split
            fn item_id(#name: &#item) -> ::core::option::Option<::std::string::String> {
                #id_of
            }
        }
        #backward
    }))
}
