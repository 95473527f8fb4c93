//! What the passes give of the client, each part handed on to be formatted at once.
//!
//! Not for where the parts stand: that is decided when all are there.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use super::source::{Place, Source, Sources};
use crate::codegen::areas::{AREAS, Area};
use crate::codegen::model::Remark;
use crate::codegen::passes::{calls, mocks};

/// Places by area, in the order in which they were given.
pub(super) type ByArea = BTreeMap<&'static Area, Vec<Place>>;

/// The parts of the generated client.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    sources: &'a Sources,
    /// Methods of the client, each in an `impl` of its own.
    pub(super) methods: ByArea,
    /// Operations as types, with their setters.
    pub(super) operations: ByArea,
    /// What one area reaches by that area, and what several share under `None`.
    pub(super) models: BTreeMap<Option<&'static Area>, Vec<Place>>,
    pub(super) paging: Vec<Place>,
    /// What matchers and responders can do.
    pub(super) mocks: ByArea,
    /// The trait that has a method for each operation.
    pub(super) mock_trait: Vec<Place>,
    /// How the tests of the workspace call each operation, and convert what the server has to what
    /// replaces it.
    pub(super) table: Vec<Place>,
    /// How they mock each operation.
    pub(super) mock_table: Vec<Place>,
    /// Items of `contract.rs`.
    pub(super) contract: Vec<Place>,
    /// Where the passes had to decide something.
    pub(crate) remarks: Vec<Remark>,
}

impl<'a> Parts<'a> {
    pub(crate) fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            methods: ByArea::new(),
            operations: ByArea::new(),
            models: BTreeMap::new(),
            paging: Vec::new(),
            mocks: ByArea::new(),
            mock_trait: Vec::new(),
            table: Vec::new(),
            mock_table: Vec::new(),
            contract: Vec::new(),
            remarks: Vec::new(),
        }
    }

    pub(crate) fn add_operation(&mut self, area: &'static Area, emitted: &calls::Emitted) {
        let calls::Emitted {
            method,
            marker,
            setters,
        } = emitted;
        let method = Source::new(&quote!(impl Client { #method }));
        let methods = self.methods.entry(area).or_default();
        methods.push(self.sources.add(method));
        let operation = Source::new(&quote!(#marker #setters));
        let operations = self.operations.entry(area).or_default();
        operations.push(self.sources.add(operation));
    }

    pub(crate) fn add_mock(&mut self, area: &'static Area, emitted: &mocks::Emitted) {
        let blocks = self.sources.add(Source::new(&emitted.blocks));
        self.mocks.entry(area).or_default().push(blocks);
    }

    /// Adds how an operation of these areas pages.
    pub(crate) fn add_paging(&mut self, areas: &BTreeSet<&'static Area>, items: &TokenStream) {
        let source = Source::with_condition(items, condition(areas));
        self.paging.push(self.sources.add(source));
    }

    /// Adds a model, or what belongs to one, that these areas reach.
    pub(crate) fn add_model(&mut self, areas: &BTreeSet<&'static Area>, items: &TokenStream) {
        let mut reaching = areas.iter();
        let (home, condition) = match (reaching.next(), reaching.next()) {
            (Some(only), None) => (Some(*only), None),
            _ => (None, condition(areas)),
        };
        let source = Source::with_condition(items, condition);
        let models = self.models.entry(home).or_default();
        models.push(self.sources.add(source));
    }

    /// Adds the methods of the trait of mocks.
    pub(crate) fn add_mock_trait(&mut self, methods: &BTreeMap<&'static Area, Vec<TokenStream>>) {
        let mock_trait = Source::new(&mock_trait(methods));
        self.mock_trait.push(self.sources.add(mock_trait));
    }

    /// Adds how the tests call and how they mock each operation.
    pub(crate) fn add_tables(&mut self, calls: &[TokenStream], mocks: &[TokenStream]) {
        let mocks = Source::new(&quote! {
            use qovery_api::mock::MockServerExt as _;
            use qovery_api::types;

            use crate::mocks::{MockEntry, decoded};

            /// The mock of every operation of the contract.
            pub static MOCKS: &[MockEntry] = &[#(#mocks),*];
        });
        self.mock_table.push(self.sources.add(mocks));
        let calls = Source::new(&quote! {
            pub(crate) mod mocks;

            use qovery_api::types;

            use crate::calls::{Edit, Entry, Model, sent, sent_bytes};

            /// Every operation of the contract.
            pub static OPERATIONS: &[Entry] = &[#(#calls),*];
        });
        self.table.push(self.sources.add(calls));
    }

    /// Adds how the tests convert what the server has to what replaces it.
    pub(crate) fn add_edits(&mut self, edits: &[TokenStream]) {
        let edits = Source::new(&quote! {
            /// Every conversion from what the server has to what replaces it.
            pub static EDITS: &[Edit] = &[#(#edits),*];
        });
        self.table.push(self.sources.add(edits));
    }

    pub(crate) fn add_contract(&mut self, items: &TokenStream) {
        self.contract.push(self.sources.add(Source::new(items)));
    }
}

/// The trait that has a method for each operation.
fn mock_trait(methods: &BTreeMap<&'static Area, Vec<TokenStream>>) -> TokenStream {
    let methods = AREAS.iter().flat_map(|area| {
        let feature = area.name;
        let of_area = methods.get(area).into_iter().flatten();
        of_area.map(move |method| quote!(#[cfg(feature = #feature)] #method))
    });
    quote! {
        /// Mocks operations on an httpmock server, which implements this.
        ///
        /// Each method takes a function that says what the request has to look like and what it is
        /// answered with, and gives the mock, with which a test finds out how often it was asked.
        pub trait MockServerExt {
            /// Mocks an operation that is given as a type; what the other methods call.
            fn mock_operation<O: rt::Operation>(&self, configure: impl FnOnce(When<O>, Then<O>)) -> Mock<'_>;

            #(#methods)*
        }

        impl MockServerExt for httpmock::MockServer {
            fn mock_operation<O: rt::Operation>(&self, configure: impl FnOnce(When<O>, Then<O>)) -> Mock<'_> {
                crate::mock::mock(self, configure)
            }
        }
    }
}

/// The condition under which something of these areas is there; `None` where it always is.
fn condition(areas: &BTreeSet<&'static Area>) -> Option<TokenStream> {
    if areas.is_empty() {
        return None;
    }
    let features: Vec<TokenStream> = areas
        .iter()
        .map(|area| {
            let name = area.name;
            quote!(feature = #name)
        })
        .collect();
    Some(match features.as_slice() {
        [one] => one.clone(),
        several => quote!(any(#(#several),*)),
    })
}
