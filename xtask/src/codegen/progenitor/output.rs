//! The output of progenitor as Rust, and the items that are read from it.
//!
//! The passes interpret the types.

use std::collections::BTreeMap;

use syn::{Fields, File, ImplItem, Item, ItemImpl, ItemStruct, Signature, Type};

/// The output of progenitor for a contract.
pub(crate) struct Output {
    /// Types and operations.
    pub(crate) client: File,
}

impl Output {
    /// The structs of the module of types, by name.
    pub(crate) fn structs(&self) -> BTreeMap<String, &ItemStruct> {
        let items = inside(&self.client, "types").iter();
        let structs = items.filter_map(|item| match item {
            Item::Struct(item) if matches!(item.fields, Fields::Named(_)) => {
                Some((item.ident.to_string(), item))
            }
            _ => None,
        });
        structs.collect()
    }

    /// The methods of the client that call an operation.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Signature> {
        let blocks = self.client.items.iter().filter_map(own_impl);
        blocks
            .filter(|(name, _)| name == "Client")
            .flat_map(|(_, block)| signatures(block))
            .filter(|signature| signature.asyncness.is_some())
    }
}

/// The items of a module.
fn inside<'a>(file: &'a File, name: &str) -> &'a [Item] {
    let module = file.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == name => module.content.as_ref(),
        _ => None,
    });
    module.map_or(&[], |(_, items)| items)
}

/// An `impl` without a trait, and the name of its type.
fn own_impl(item: &Item) -> Option<(String, &ItemImpl)> {
    match item {
        Item::Impl(block) if block.trait_.is_none() => Some((name(&block.self_ty)?, block)),
        _ => None,
    }
}

fn signatures(block: &ItemImpl) -> impl Iterator<Item = &Signature> {
    block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(&method.sig),
        _ => None,
    })
}

/// The last segment of a path.
fn name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    Some(last.ident.to_string())
}
