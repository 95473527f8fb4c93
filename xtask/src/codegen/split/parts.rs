//! The parts of the generated client, each formatted as it is added.
//!
//! `split` chooses the file of each part.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use syn::{Attribute, parse_quote};

use super::absolute::{Side, short};
use super::code::Code;
use super::render::Formatted;
use crate::codegen::areas::Area;
use crate::codegen::model::Remark;
use crate::problem::Problem;
use crate::record::Record;

/// The items of each area, in the order of their addition.
type ByArea<T> = BTreeMap<&'static Area, Vec<T>>;

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

/// Where code of the client is.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Among the operations of an area, without being one.
    Request(&'static Area),
    /// The methods of the matcher and the responder of an operation.
    Mock(&'static Area),
    /// A model, or an item that belongs to one, which these areas reach.
    Model(&'a BTreeSet<&'static Area>),
    /// How an operation of these areas pages.
    Paging(&'a BTreeSet<&'static Area>),
    /// A file of its own.
    File(&'static str),
}

/// How operations page, derived from the contract.
pub(super) const PAGING: &str = "paging.rs";
/// The trait that has a method for each operation.
pub(crate) const MOCKS: &str = "mock.rs";
/// Which contract the client was generated from.
pub(crate) const CONTRACT: &str = "contract.rs";
/// How the tests of the workspace call each operation, and convert a response to the request that replaces the
/// resource.
pub(crate) const TABLE: &str = "mod.rs";
/// How they mock each operation.
pub(crate) const MOCK_TABLE: &str = "mocks.rs";

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
    /// The methods of matchers and responders.
    pub(super) mocks: ByArea<Vec<Formatted>>,
    /// The other files.
    files: BTreeMap<&'static str, Vec<Formatted>>,
    /// The decisions of the passes on points that the contract leaves open.
    pub(crate) remarks: Vec<Remark>,
}

impl Parts {
    /// Creates an empty set of parts of the websocket side, whose texts are in this record.
    pub(crate) fn of_stream(record: Record) -> Self {
        Self {
            side: Side::Stream,
            record,
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

    /// The items of a file of its own.
    pub(super) fn file(&self, path: &str) -> &[Formatted] {
        self.files.get(path).map(Vec::as_slice).unwrap_or_default()
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
    /// Adds an operation: the code begins with the `impl` that has its method.
    pub(crate) fn add_operation(
        &mut self,
        area: &'static Area,
        listed: Listed,
        code: impl Code,
    ) -> Result<(), Problem> {
        let mut items = self.formatted(area.name, code, None)?.into_iter();
        self.listed.entry(area).or_default().push(listed);
        let methods = self.methods.entry(area).or_default();
        methods.extend(items.next());
        let operations = self.operations.entry(area).or_default();
        operations.push(items.collect());
        Ok(())
    }

    /// The items of the client, formatted. If they are compared, they are kept for that instead.
    fn formatted(
        &mut self,
        home: &'static str,
        code: impl Code,
        condition: Option<Attribute>,
    ) -> Result<Vec<Formatted>, Problem> {
        if let Some(sources) = &mut self.sources {
            sources.push(Source {
                home,
                condition,
                items: short(code.tokens()?),
            });
            return Ok(Vec::new());
        }
        Formatted::recorded(&mut self.record, code, self.side, condition)
    }

    /// Adds code at a place.
    pub(crate) fn add(&mut self, place: Place<'_>, code: impl Code) -> Result<(), Problem> {
        let (home, condition) = match place {
            Place::Request(area) | Place::Mock(area) => (area.name, None),
            Place::Model(areas) => match only(areas) {
                Some(area) => (area.name, None),
                None => ("shared", condition(areas)),
            },
            Place::Paging(areas) => ("", condition(areas)),
            Place::File(_) => ("", None),
        };
        let items = self.formatted(home, code, condition)?;
        match place {
            Place::Request(area) => self.operations.entry(area).or_default().push(items),
            Place::Mock(area) => self.mocks.entry(area).or_default().push(items),
            Place::Model(areas) => self.models.entry(only(areas)).or_default().extend(items),
            Place::Paging(_) => self.files.entry(PAGING).or_default().extend(items),
            Place::File(path) => self.files.entry(path).or_default().extend(items),
        }
        Ok(())
    }
}

/// The only area.
fn only(areas: &BTreeSet<&'static Area>) -> Option<&'static Area> {
    areas.first().copied().filter(|_| areas.len() == 1)
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
