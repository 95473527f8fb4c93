//! The parts of the generated client, each formatted as it is added.
//!
//! `split` chooses the file of each part.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, parse_quote};

use super::absolute::{Side, on_side, short};
use super::render::Formatted;
use crate::codegen::areas::{self, Area};
use crate::codegen::model::Remark;
use crate::problem::Problem;
use crate::record::Record;

/// The items of each area, in the order of their addition.
type ByArea<T> = BTreeMap<&'static Area, Vec<T>>;

/// The code for one operation.
#[derive(Debug)]
pub(crate) struct Call {
    /// The name of the method.
    pub(crate) name: Ident,
    /// How many arguments it takes.
    pub(crate) arguments: usize,
    /// A method of `impl Client`.
    pub(crate) method: TokenStream,
    /// The type that stands for the operation, with its implementation of `Operation`, and the setters of
    /// its call, if there are any: an `impl` of the type with the attribute `setters`.
    pub(crate) items: TokenStream,
}

/// An operation in the list of the documentation.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The method of the client.
    pub(crate) method: String,
    /// How many arguments it takes.
    pub(crate) arguments: usize,
    /// The method and the path of its request.
    pub(crate) request: String,
}

/// Items as the passes write them.
pub(crate) struct Source {
    /// The directory that they are generated into: an area, `shared`, or none.
    pub(crate) home: &'static str,
    /// The features that they need, as an attribute.
    pub(crate) condition: Option<Attribute>,
    pub(crate) items: TokenStream,
}

/// The parts of the generated client.
#[derive(Default)]
pub(crate) struct Parts {
    side: Side,
    pub(crate) record: Record,
    /// The parts without mocks, unformatted, for a comparison; `None` if they are formatted.
    sources: Option<Vec<Source>>,
    /// Methods of the client.
    pub(super) methods: ByArea<Formatted>,
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
    /// Creates an empty set of parts of the websocket side.
    pub(crate) fn of_stream() -> Self {
        Self {
            side: Side::Stream,
            ..Self::default()
        }
    }

    /// Creates an empty set of parts that are compared and not written.
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
        call: Call,
        request: String,
    ) -> Result<(), Problem> {
        let Call { method, items, .. } = call;
        let method = quote!(impl crate::runtime::Client { #method });
        if let Some(sources) = &mut self.sources {
            sources.push(Source {
                home: area.name,
                condition: None,
                items: short(quote!(#method #items)),
            });
            return Ok(());
        }
        self.listed.entry(area).or_default().push(Listed {
            method: call.name.to_string(),
            arguments: call.arguments,
            request,
        });
        let method = self.formatted(method, None)?;
        self.methods.entry(area).or_default().extend(method);
        self.add_request(area, items)
    }

    /// The items of the client, formatted.
    fn formatted(
        &mut self,
        items: TokenStream,
        condition: Option<Attribute>,
    ) -> Result<Vec<Formatted>, Problem> {
        let items = on_side(items, self.side);
        Formatted::recorded(&mut self.record, items, condition)
    }

    /// Adds a type of an area that is no operation of the client.
    pub(crate) fn add_request(
        &mut self,
        area: &'static Area,
        items: TokenStream,
    ) -> Result<(), Problem> {
        let items = self.formatted(items, None)?;
        self.operations.entry(area).or_default().push(items);
        Ok(())
    }

    /// Adds the methods of the matcher and the responder of an operation.
    pub(crate) fn add_mock(
        &mut self,
        area: &'static Area,
        blocks: TokenStream,
    ) -> Result<(), Problem> {
        let blocks = self.formatted(blocks, None)?;
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
        let items = self.formatted(items, condition)?;
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
        let items = self.formatted(items, condition)?;
        self.models.entry(home).or_default().extend(items);
        Ok(())
    }

    /// Adds the methods of the trait of mocks.
    pub(crate) fn add_mock_trait(
        &mut self,
        methods: &BTreeMap<&'static Area, Vec<(Ident, TokenStream)>>,
    ) -> Result<(), Problem> {
        self.mock_trait = self.formatted(mock_trait(methods), None)?;
        Ok(())
    }

    /// Adds how the tests call and how they mock each operation.
    pub(crate) fn add_tables(
        &mut self,
        calls: &[TokenStream],
        mocks: &[TokenStream],
    ) -> Result<(), Problem> {
        let mocks = quote! {
            use qovery_api::mock::MockServerExt as _;
            use qovery_api::types;

            use crate::mocks::{MockEntry, decoded};

            /// The mock of every operation of the contract.
            pub static MOCKS: &[MockEntry] = &[#(#mocks),*];
        };
        self.mock_table = Formatted::recorded(&mut self.record, mocks, None)?;
        let calls = quote! {
            pub(crate) mod mocks;

            use qovery_api::types;

            use crate::calls::{Edit, Entry, Model, sent, sent_bytes};

            /// Every operation of the contract.
            pub static OPERATIONS: &[Entry] = &[#(#calls),*];
        };
        self.table
            .extend(Formatted::recorded(&mut self.record, calls, None)?);
        Ok(())
    }

    /// Adds how the tests convert a response to the request that replaces the resource.
    pub(crate) fn add_edits(&mut self, edits: &[TokenStream]) -> Result<(), Problem> {
        let edits = quote! {
            /// Every conversion from a response to the request that replaces the resource.
            pub static EDITS: &[Edit] = &[#(#edits),*];
        };
        self.table
            .extend(Formatted::recorded(&mut self.record, edits, None)?);
        Ok(())
    }

    pub(crate) fn add_contract(&mut self, items: TokenStream) -> Result<(), Problem> {
        let items = self.formatted(items, None)?;
        self.contract.extend(items);
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
        /// Each method takes a function that describes the request and its response, and returns the mock, which
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
