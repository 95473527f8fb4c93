//! The parts of the generated client, each formatted as it is added.
//!
//! `split` chooses the file of each part.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, ImplItem, parse_quote};

use super::absolute::{Side, on_side, short};
use super::render::{Formatted, parsed};
use crate::codegen::areas::{self, Area};
use crate::codegen::model::Remark;
use crate::problem::Problem;

/// The items of each area, in the order of their addition.
type ByArea<T> = BTreeMap<&'static Area, Vec<T>>;

/// An operation in the list of the documentation.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The method of the client.
    pub(crate) method: String,
    /// The method and the path of its request.
    pub(crate) request: String,
}

/// Items as the passes write them.
pub(crate) struct Source {
    /// The directory that they are generated into: an area, `shared`, or none.
    pub(crate) home: &'static str,
    /// The features that they are there with, as an attribute.
    pub(crate) condition: Option<Attribute>,
    pub(crate) items: TokenStream,
}

/// The parts of the generated client.
#[derive(Default)]
pub(crate) struct Parts {
    side: Side,
    /// The parts without mocks, unformatted, for a comparison; `None` if they are formatted.
    sources: Option<Vec<Source>>,
    /// Methods of the client.
    pub(super) methods: ByArea<ImplItem>,
    /// Operations as types, with their setters.
    pub(super) operations: ByArea<Vec<Formatted>>,
    /// Models that one area reaches by that area, and models that several share under `None`.
    pub(super) models: BTreeMap<Option<&'static Area>, Vec<Formatted>>,
    /// All operations, as the documentation lists them.
    pub(super) listed: ByArea<Listed>,
    pub(super) paging: Vec<Formatted>,
    /// The methods of matchers and responders.
    pub(super) mocks: ByArea<Vec<Formatted>>,
    /// The trait that has a method for each operation.
    pub(super) mock_trait: Vec<Formatted>,
    /// How the tests of the workspace call each operation, and convert a response to the request that
    /// replaces the resource.
    pub(super) table: Vec<Formatted>,
    /// How they mock each operation.
    pub(super) mock_table: Vec<Formatted>,
    /// Items of `contract.rs`.
    pub(super) contract: Vec<Formatted>,
    /// The decisions of the passes on points that the contract leaves open.
    pub(crate) remarks: Vec<Remark>,
}

impl Parts {
    /// No parts yet, of the websocket side.
    pub(crate) fn of_stream() -> Self {
        Self {
            side: Side::Stream,
            ..Self::default()
        }
    }

    /// No parts yet, which are compared and not written.
    pub(crate) fn of_comparison() -> Self {
        Self {
            sources: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Whether the parts become files.
    pub(crate) fn is_written(&self) -> bool {
        self.sources.is_none()
    }

    /// The parts of a comparison.
    pub(crate) fn into_sources(self) -> Vec<Source> {
        self.sources.unwrap_or_default()
    }
}

/// # Errors
///
/// Every method returns an error if the added tokens are not Rust: a defect of the generator.
impl Parts {
    /// Adds the method of an operation, and the items beside it.
    pub(crate) fn add_operation(
        &mut self,
        area: &'static Area,
        method: TokenStream,
        items: TokenStream,
        request: String,
    ) -> Result<(), Problem> {
        if let Some(sources) = &mut self.sources {
            sources.push(Source {
                home: area.name,
                condition: None,
                items: short(quote!(impl crate::runtime::Client { #method } #items)),
            });
            return Ok(());
        }
        let method = parsed(on_side(method, self.side))?;
        if let ImplItem::Fn(method) = &method {
            let method = method.sig.ident.to_string();
            let listed = self.listed.entry(area).or_default();
            listed.push(Listed { method, request });
        }
        self.methods.entry(area).or_default().push(method);
        let items = Formatted::all(items, self.side)?;
        self.operations.entry(area).or_default().push(items);
        Ok(())
    }

    /// Adds a type of an area that is no operation of the client.
    pub(crate) fn add_request(
        &mut self,
        area: &'static Area,
        items: TokenStream,
    ) -> Result<(), Problem> {
        let items = Formatted::all(items, self.side)?;
        self.operations.entry(area).or_default().push(items);
        Ok(())
    }

    /// Adds the methods of the matcher and the responder of an operation.
    pub(crate) fn add_mock(
        &mut self,
        area: &'static Area,
        blocks: TokenStream,
    ) -> Result<(), Problem> {
        let blocks = Formatted::all(blocks, self.side)?;
        self.mocks.entry(area).or_default().push(blocks);
        Ok(())
    }

    /// Adds how an operation of these areas pages.
    pub(crate) fn add_paging(
        &mut self,
        areas: &BTreeSet<&'static Area>,
        items: TokenStream,
    ) -> Result<(), Problem> {
        let condition = condition(areas);
        if let Some(sources) = &mut self.sources {
            sources.push(Source {
                home: "",
                condition,
                items: short(items),
            });
            return Ok(());
        }
        let items = Formatted::all_if(items, self.side, condition)?;
        self.paging.extend(items);
        Ok(())
    }

    /// Adds a model, or an item that belongs to one, which these areas reach.
    pub(crate) fn add_model(
        &mut self,
        areas: &BTreeSet<&'static Area>,
        items: TokenStream,
    ) -> Result<(), Problem> {
        let mut reaching = areas.iter();
        let (home, condition) = match (reaching.next(), reaching.next()) {
            (Some(only), None) => (Some(*only), None),
            _ => (None, condition(areas)),
        };
        if let Some(sources) = &mut self.sources {
            sources.push(Source {
                home: home.map_or("shared", |home| home.name),
                condition,
                items: short(items),
            });
            return Ok(());
        }
        let items = Formatted::all_if(items, self.side, condition)?;
        self.models.entry(home).or_default().extend(items);
        Ok(())
    }

    /// Adds the methods of the trait of mocks.
    pub(crate) fn add_mock_trait(
        &mut self,
        methods: &BTreeMap<&'static Area, Vec<(Ident, TokenStream)>>,
    ) -> Result<(), Problem> {
        self.mock_trait = Formatted::all(mock_trait(methods), self.side)?;
        Ok(())
    }

    /// Adds how the tests call and how they mock each operation.
    pub(crate) fn add_tables(
        &mut self,
        calls: &[TokenStream],
        mocks: &[TokenStream],
    ) -> Result<(), Problem> {
        self.mock_table = Formatted::as_they_are(quote! {
            use qovery_api::mock::MockServerExt as _;
            use qovery_api::types;

            use crate::mocks::{MockEntry, decoded};

            /// The mock of every operation of the contract.
            pub static MOCKS: &[MockEntry] = &[#(#mocks),*];
        })?;
        self.table.extend(Formatted::as_they_are(quote! {
            pub(crate) mod mocks;

            use qovery_api::types;

            use crate::calls::{Edit, Entry, Model, sent, sent_bytes};

            /// Every operation of the contract.
            pub static OPERATIONS: &[Entry] = &[#(#calls),*];
        })?);
        Ok(())
    }

    /// Adds how the tests convert a response to the request that replaces the resource.
    pub(crate) fn add_edits(&mut self, edits: &[TokenStream]) -> Result<(), Problem> {
        self.table.extend(Formatted::as_they_are(quote! {
            /// Every conversion from a response to the request that replaces the resource.
            pub static EDITS: &[Edit] = &[#(#edits),*];
        })?);
        Ok(())
    }

    pub(crate) fn add_contract(&mut self, items: TokenStream) -> Result<(), Problem> {
        self.contract.extend(Formatted::all(items, self.side)?);
        Ok(())
    }
}

/// The trait that has a method for each operation. A method of an area that is off cannot be called: the
/// error names the feature.
fn mock_trait(methods: &BTreeMap<&'static Area, Vec<(Ident, TokenStream)>>) -> TokenStream {
    let absent = methods.iter().filter_map(|(area, methods)| {
        let condition = area.condition()?;
        let area = format_ident!("{}", area.name);
        let names = methods.iter().map(|(name, _)| name);
        Some(quote! {
            #[cfg(not(#condition))]
            crate::runtime::absent_mocks! { crate::generated::absent::#area::IsEnabled: #(#names)* }
        })
    });
    let absent: Vec<TokenStream> = absent.collect();
    let methods = areas::all().flat_map(|area| {
        let condition = area.condition().map(|condition| quote!(#[cfg(#condition)]));
        let of_area = methods.get(area).into_iter().flatten();
        of_area.map(move |(_, method)| quote!(#condition #method))
    });
    quote! {
        /// Mocks operations on an httpmock server, which implements this.
        ///
        /// Each method takes a function that describes the request and its answer, and returns the mock, which
        /// counts its requests.
        pub trait MockServerExt {
            /// Mocks an operation that is given as a type. The other methods call this one.
            fn mock_operation<O: crate::runtime::Operation>(&self, configure: impl ::core::ops::FnOnce(crate::mock::When<O>, crate::mock::Then<O>)) -> ::httpmock::Mock<'_>;

            #(#methods)*

            #(#absent)*
        }

        impl crate::mock::MockServerExt for ::httpmock::MockServer {
            fn mock_operation<O: crate::runtime::Operation>(&self, configure: impl ::core::ops::FnOnce(crate::mock::When<O>, crate::mock::Then<O>)) -> ::httpmock::Mock<'_> {
                crate::mock::mock(self, configure)
            }
        }
    }
}

/// The `cfg` attribute of an item of these areas; `None` if it needs no feature.
fn condition(areas: &BTreeSet<&'static Area>) -> Option<Attribute> {
    let features = areas.iter().map(|area| area.condition());
    let features: Vec<TokenStream> = features.collect::<Option<_>>()?;
    match features.as_slice() {
        [] => None,
        [one] => Some(parse_quote!(#[cfg(#one)])),
        several => Some(parse_quote!(#[cfg(any(#(#several),*))])),
    }
}
